//! What a rewrite costs beside `cp -a --reflink=auto` of the same image.
//!
//! `cargo bench --bench rewrite -- [DIR] [GIB]` makes a checkpoint of GIB gibibytes (4) in DIR (the system's place
//! for temporary files), whose file system decides whether copies share their blocks. It prints, each as the
//! median of five runs: the copy alone, the copy and `sync`, and `hwcr rewrite`, which syncs too.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for people"
)]

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[path = "../tests/it/support/large.rs"]
mod large;

const RUNS: usize = 5;
const MIB: u64 = 1 << 20;

/// A frame whose records a machine without SVE and SME rejects, all of them empty of state.
const FIXTURE: (&str, &str) = (
    "tests/fixtures/images/sig-plain@max-nopauth@new",
    "max-bare",
);

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let within = args.next().map_or_else(std::env::temp_dir, Into::into);
    let gib: u64 = args.next().map_or(4, |text| text.parse().unwrap());
    let dir = tempfile::Builder::new()
        .prefix("hwcr-bench-")
        .tempdir_in(within)
        .unwrap();
    let image = dir.path().join("image");
    fs::create_dir(&image).unwrap();
    let (from, target) = FIXTURE;
    let pid = pid_of(from);
    let heap = large::with_large_heap(from, pid, &image, gib << 30);
    fill(&image.join("pages-1.img"), heap, gib << 30);
    run(&mut Command::new("sync"));

    println!("{gib} GiB in {}", dir.path().display());
    let copy = dir.path().join("copy");
    let cp = || {
        let mut cp = Command::new("cp");
        cp.args(["-a", "--reflink=auto"]).arg(&image).arg(&copy);
        cp
    };
    median("cp -a --reflink=auto", &copy, || run(&mut cp()));
    median("cp -a --reflink=auto, and sync", &copy, || {
        run(&mut cp());
        run(&mut Command::new("sync"));
    });
    median("hwcr rewrite", &copy, || {
        let mut hwcr = Command::new(env!("CARGO_BIN_EXE_hwcr"));
        hwcr.args(["rewrite", "--target", target, "-o"])
            .arg(&copy)
            .arg(&image)
            .stdout(std::process::Stdio::null());
        run(&mut hwcr);
    });
}

fn pid_of(image: &str) -> u32 {
    let names = fs::read_dir(image).unwrap();
    names
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_prefix("mm-")?.strip_suffix(".img")?.parse().ok()
        })
        .next()
        .unwrap()
}

/// Bytes that no file system folds into holes.
fn fill(path: &Path, offset: u64, len: u64) {
    let file = File::options().write(true).open(path).unwrap();
    let mut block = vec![0u8; usize::try_from(MIB).unwrap()];
    let mut seed = 1u64;
    for at in (0..len).step_by(block.len()) {
        for word in block.chunks_exact_mut(8) {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            word.copy_from_slice(&seed.to_le_bytes());
        }
        file.write_all_at(&block, offset + at).unwrap();
    }
}

/// Runs a command that must not fail; `rewrite` may also say that its result is indeterminate.
fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(
        matches!(status.code(), Some(0 | 3)),
        "{command:?}: {status}"
    );
}

fn median(what: &str, made: &Path, work: impl Fn()) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            if made.exists() {
                fs::remove_dir_all(made).unwrap();
                run(&mut Command::new("sync"));
            }
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    fs::remove_dir_all(made).unwrap();
    times.sort_unstable();
    println!(
        "{what:32} {:8.3} s  ({:.3} to {:.3})",
        times[RUNS / 2].as_secs_f64(),
        times[0].as_secs_f64(),
        times[RUNS - 1].as_secs_f64()
    );
}
