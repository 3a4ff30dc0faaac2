//! Gates a directory of checkpoints: exits with the worst verdict, as `hwcr check` does.
//!
//! ```sh
//! cargo run --example gate -- CHECKPOINTS PROFILE
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]
use std::{env, error::Error, fs, process::ExitCode};

use hwcr::{Image, Options, Question, Verdict, profile};

/// The worst verdict on the checkpoints in `folder`. Where one cannot be read, or there is none, there is no verdict.
fn gate(folder: &str, target: &str) -> Result<Verdict, Box<dyn Error>> {
    let target = profile::resolve(target)?;
    let mut worst = None;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let image = Image::open(&path, &Options::default())?;
        let judgement = image.facts().check(&Question::about(&target));
        println!("{}: {}", path.display(), judgement.verdict);
        worst = worst.max(Some(judgement.verdict));
    }
    worst.ok_or_else(|| format!("{folder}: no checkpoint").into())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let verdict = match arguments.as_slice() {
        [folder, target] => gate(folder, target),
        _ => Err("usage: gate CHECKPOINTS PROFILE".into()),
    };
    ExitCode::from(match verdict {
        Ok(Verdict::Compatible) => 0,
        Ok(Verdict::Incompatible) => 1,
        Ok(Verdict::Indeterminate) => 3,
        Err(error) => {
            eprintln!("gate: {error}");
            2
        }
    })
}
