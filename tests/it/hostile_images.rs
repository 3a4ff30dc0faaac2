//! Damaged and malicious image directories: an answer or an error that names the file, and never a panic.
#![allow(clippy::unwrap_used)] // a test may fail by panicking, and so may what tests share

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hwcr::advice::advise;
use hwcr::criu_image::model::{AnomalyKind, Checkpoint};
use hwcr::criu_image::{Error, load, load_from};
use hwcr::facts::runtime::runtimes;
use hwcr::facts::{self, Search};
use hwcr::finding::Verdict;
use hwcr::input::{DirSource, MemorySource, Source};
use hwcr::memory::{Content, Memory};
use hwcr::profile;
use hwcr::rule::{self, Case};
use hwcr::units::{Addr, AddrRange};
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::sample::Index;

/// One thread, several threads, one dynamically linked program, another architecture.
const FIXTURES: &[&str] = &[
    "sig-sve@max@new",
    "threads@max@new",
    "dyn@neoverse-v1@new",
    "handler@x86_64",
];

/// Images up to this size are cut at every length. All of the fixtures' are but pages.
const SMALL: usize = 4096;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/images")
        .join(name)
}

fn held(name: &str) -> MemorySource {
    MemorySource::copy_of(&DirSource::open(&fixture(name)).unwrap()).unwrap()
}

fn read(dir: &MemorySource) -> Result<Checkpoint, Error> {
    let source: Arc<dyn Source> = Arc::new(dir.clone());
    load_from(&source)
}

fn files(dir: &MemorySource) -> Vec<String> {
    dir.list()
        .unwrap()
        .into_iter()
        .map(|file| file.name)
        .collect()
}

/// Walks over all memory of a checkpoint and holds it to what `Memory` promises.
fn walk(checkpoint: &Checkpoint) {
    judge(checkpoint);
    for mm in checkpoint.tasks.iter().filter_map(|task| task.mm.as_ref()) {
        let memory = &mm.memory;
        assert!(
            memory
                .mappings()
                .is_sorted_by(|one, next| one.range.end <= next.range.start)
        );
        let mut present = 0u128;
        for mapping in memory.mappings() {
            let mut at = mapping.range.start;
            for run in memory.runs(mapping.range) {
                assert!(
                    run.range.start == at
                        && run.range.end > at
                        && run.range.end <= mapping.range.end
                );
                if let Content::Bytes { bytes, place } = &run.content {
                    assert_eq!(
                        (bytes.len() as u64, place.len),
                        (run.range.len(), run.range.len())
                    );
                    present += u128::from(place.len);
                }
                at = run.range.end;
            }
            assert_eq!(at, mapping.range.end);
        }
        let totals = memory.totals();
        assert!(
            u128::from(totals.present.saturating_add(totals.parent)) == present
                || present > u64::MAX.into()
        );
        for addr in [0, mm.start_stack.0, mm.args.start.0, u64::MAX - 1, u64::MAX] {
            let _ = memory.read_u64(Addr(addr));
            let _ = memory.place(Addr(addr));
        }
        let everywhere = AddrRange::new(Addr(0), Addr(u64::MAX));
        assert_eq!(
            memory
                .present_runs(everywhere)
                .map(|(_, bytes, _)| bytes.len() as u128)
                .sum::<u128>(),
            present
        );
    }
}

#[test]
fn an_image_cut_at_any_length_is_read_or_named() {
    for fixture in FIXTURES {
        let whole = held(fixture);
        for file in files(&whole) {
            let bytes = whole.get(&file).unwrap();
            let lengths = if bytes.len() <= SMALL {
                0..bytes.len()
            } else {
                bytes.len() - 3..bytes.len()
            };
            for len in lengths {
                let mut cut = whole.clone();
                cut.insert(file.as_str(), &bytes[..len]);
                match read(&cut) {
                    Ok(checkpoint) => walk(&checkpoint),
                    Err(error) => {
                        let text = error.to_string();
                        assert!(
                            text.contains(&file),
                            "{fixture}/{file} cut to {len}: {text}"
                        );
                    }
                }
            }
        }
    }
}

/// Runs the readers of memory, the rules and the advice over whatever could be read.
fn judge(checkpoint: &Checkpoint) -> Verdict {
    let target = profile::resolve("cortex-a57").unwrap();
    let facts = facts::collect(checkpoint, Search::Deep);
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let judgement = rule::judge(&case, &[]);
    let _ = advise(&case, &judgement.findings, &runtimes(checkpoint));
    judgement.verdict
}

/// What an answer needs and is cut short never makes a compatible image.
#[test]
fn an_image_cut_short_is_never_compatible() {
    let whole = held("idle@cortex-a57@new");
    assert_eq!(judge(&read(&whole).unwrap()), Verdict::Compatible);
    for file in files(&whole) {
        let needed = ["core-", "mm-", "pagemap-", "pages-", "pstree", "inventory"];
        if !needed.iter().any(|start| file.starts_with(start)) {
            continue;
        }
        let bytes = whole.get(&file).unwrap();
        let step = if bytes.len() <= SMALL { 1 } else { 509 };
        for len in (0..bytes.len()).step_by(step) {
            let mut cut = whole.clone();
            cut.insert(file.as_str(), &bytes[..len]);
            if let Ok(checkpoint) = read(&cut) {
                assert_ne!(
                    judge(&checkpoint),
                    Verdict::Compatible,
                    "{file} cut to {len}"
                );
            }
        }
    }
}

#[test]
fn a_directory_that_lacks_any_file_is_read_or_the_file_is_named() {
    for fixture in FIXTURES {
        let whole = held(fixture);
        for file in files(&whole) {
            let mut without = whole.clone();
            without.remove(&file);
            match read(&without) {
                Ok(checkpoint) => walk(&checkpoint),
                Err(error) => assert!(
                    error.to_string().contains(&file),
                    "{fixture} without {file}: {error}"
                ),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_never_panic(
        fixture in any::<Index>(),
        flips in prop::collection::vec((any::<Index>(), any::<Index>(), any::<u8>()), 1..6),
    ) {
        let mut dir = held(FIXTURES[fixture.index(FIXTURES.len())]);
        let images: Vec<String> = files(&dir).into_iter().filter(|file| !file.starts_with("pages-")).collect();
        for (file, at, value) in flips {
            let file = &images[file.index(images.len())];
            let mut bytes = dir.get(file).unwrap().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = value;
            dir.insert(file.as_str(), bytes);
        }
        match read(&dir) {
            Ok(checkpoint) => walk(&checkpoint),
            Err(error) => assert!(images.iter().any(|file| error.to_string().contains(file)), "{error}"),
        }
    }

    /// Memory can hold anything: words of frames, links and vectors, moved and changed.
    #[test]
    fn changed_memory_never_panics(
        fixture in any::<Index>(),
        words in prop::collection::vec((any::<Index>(), any::<Index>(), any::<u64>(), 0u8..4), 1..40),
    ) {
        let mut dir = held(FIXTURES[fixture.index(FIXTURES.len())]);
        let mut pages = dir.get("pages-1.img").unwrap().to_vec();
        for (to, from, noise, kind) in words {
            let (to, from) = (to.index(pages.len() / 8) * 8, from.index(pages.len() / 8) * 8);
            let old = u64::from_le_bytes(pages[from..from + 8].try_into().unwrap());
            let word = match kind {
                0 => noise,
                1 => old,
                2 => old ^ (1 << (noise % 64)),
                // A record of a random size behind a magic word that is known.
                _ => (noise << 32) | 0x5356_4501,
            };
            pages[to..to + 8].copy_from_slice(&word.to_le_bytes());
        }
        dir.insert("pages-1.img", pages);
        judge(&read(&dir).unwrap());
    }

    #[test]
    fn any_bytes_in_place_of_an_image_never_panic(
        file in any::<Index>(),
        kept in 0usize..16,
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut dir = held("sig-sve@max@new");
        let files = files(&dir);
        let file = &files[file.index(files.len())];
        let mut bytes = dir.get(file).unwrap().to_vec();
        bytes.truncate(kept);
        bytes.extend(noise);
        dir.insert(file.as_str(), bytes);
        match read(&dir) {
            Ok(checkpoint) => walk(&checkpoint),
            Err(error) => assert!(error.to_string().contains(file.as_str()), "{file}: {error}"),
        }
    }
}

/// A copy of a fixture on disk.
fn on_disk(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture(name)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    dir
}

#[test]
fn links_and_pipes_in_place_of_images_are_refused_without_waiting() {
    for file in [
        "inventory.img",
        "pstree.img",
        "core-3441.img",
        "mm-3441.img",
        "pages-1.img",
        "files.img",
    ] {
        let dir = on_disk("altstack@max@new");
        let path = dir.path().join(file);
        let aside = dir.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        symlink("aside", &path).unwrap();
        let text = load(dir.path()).unwrap_err().to_string();
        assert!(
            text.contains(file) && text.contains("symbolic link"),
            "{text}"
        );

        fs::remove_file(&path).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let text = load(dir.path()).unwrap_err().to_string();
        assert!(
            text.contains(file) && text.contains("not a regular file"),
            "{text}"
        );
    }
    // One that nobody needs is listed and left alone.
    let dir = on_disk("altstack@max@new");
    symlink("/dev/zero", dir.path().join("extra.img")).unwrap();
    let checkpoint = load(dir.path()).unwrap();
    assert!(
        checkpoint
            .images
            .iter()
            .any(|image| image.name == "extra.img" && image.size == 0)
    );
    assert_eq!(checkpoint.anomalies, []);
}

#[test]
fn a_chain_of_parents_that_bites_its_tail_ends() {
    let dir = on_disk("altstack@max@new");
    symlink(".", dir.path().join("parent")).unwrap();
    let checkpoint = load(dir.path()).unwrap();
    let found: Vec<_> = checkpoint
        .anomalies
        .iter()
        .map(|anomaly| (anomaly.kind, &*anomaly.place.file))
        .collect();
    assert_eq!(found, [(AnomalyKind::ParentMissing, "parent")]);
    assert!(checkpoint.anomalies[0].detail.contains("leads back"));

    // Two directories that are each other's parent.
    let both = tempfile::tempdir().unwrap();
    for (name, other) in [("one", "../two"), ("two", "../one")] {
        fs::create_dir(both.path().join(name)).unwrap();
        for entry in fs::read_dir(fixture("altstack@max@new")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), both.path().join(name).join(entry.file_name())).unwrap();
        }
        symlink(other, both.path().join(name).join("parent")).unwrap();
    }
    let checkpoint = load(&both.path().join("one")).unwrap();
    assert_eq!(&*checkpoint.anomalies[0].place.file, "parent/parent");
    assert_eq!(
        checkpoint
            .parents
            .iter()
            .map(|parent| parent.followed)
            .collect::<Vec<_>>(),
        [true, false]
    );
    walk(&checkpoint);
}

#[test]
fn what_is_no_image_directory_is_told_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let text = load(empty.path()).unwrap_err().to_string();
    assert!(
        text.contains("inventory.img") && text.contains("criu dump -D"),
        "{text}"
    );
    let text = load(&empty.path().join("nowhere")).unwrap_err().to_string();
    assert!(
        text.contains("nowhere") && text.contains("criu dump -D"),
        "{text}"
    );
    let text = load(&fixture("altstack@max@new").join("pages-1.img"))
        .unwrap_err()
        .to_string();
    assert!(text.contains("pages-1.img"), "{text}");
}

/// A tiny image must not cost much, whatever it claims.
#[test]
fn claims_of_a_small_image_are_not_believed() {
    let mut dir = held("altstack@max@new");
    // One entry whose length says 4 GiB.
    let mut bytes = dir.get("pstree.img").unwrap()[..8].to_vec();
    bytes.extend(u32::MAX.to_le_bytes());
    dir.insert("pstree.img", bytes);
    let text = read(&dir).unwrap_err().to_string();
    assert!(
        text.contains("pstree.img offset 0xc") && text.contains("4294967295"),
        "{text}"
    );

    // A run of 2^40 pages without bytes: the address space is walked by runs, not by pages.
    let mut dir = held("altstack@max@new");
    let mut bytes = dir.get("pagemap-3441.img").unwrap()[..8].to_vec();
    bytes.extend([2, 0, 0, 0, 0x08, 1]);
    // vaddr 0, compat 0, flags PRESENT, nr_pages 2^40
    let entry = [
        0x08, 0, 0x10, 0, 0x20, 4, 0x28, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20,
    ];
    bytes.extend((entry.len() as u32).to_le_bytes());
    bytes.extend(entry);
    dir.insert("pagemap-3441.img", bytes);
    let checkpoint = read(&dir).unwrap();
    let kinds: Vec<_> = checkpoint
        .anomalies
        .iter()
        .map(|anomaly| anomaly.kind)
        .collect();
    assert!(
        kinds.contains(&AnomalyKind::PagesTruncated)
            && kinds.contains(&AnomalyKind::PageOutsideVma)
    );
    walk(&checkpoint);
}
