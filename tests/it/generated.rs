//! `proto/generated` is what `tools/proto` makes of `proto/`, without running it: its first lines say of what it was made.

use std::fmt::Write as _;
use std::fs;

use sha2::{Digest as _, Sha256};

const MAKE: &str = "run `cargo run --locked --manifest-path tools/proto/Cargo.toml`";

fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// As `tools/proto` does: of every file in the order of their paths the path, its length and its bytes.
fn sources() -> Vec<u8> {
    let mut files = vec![
        "tools/proto/Cargo.lock".to_owned(),
        "tools/proto/src/main.rs".to_owned(),
    ];
    for entry in fs::read_dir("proto").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".proto") {
            files.push(format!("proto/{name}"));
        }
    }
    assert!(files.len() > 10, "{files:?}");
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let bytes = fs::read(&file).unwrap();
        all.extend(format!("{file}\0{}\0", bytes.len()).into_bytes());
        all.extend(bytes);
    }
    all
}

#[test]
fn generated_files_are_of_these_sources_and_unedited() {
    let sources = sha256(&sources());
    for file in ["proto/generated/criu.rs", "proto/generated/schema.rs"] {
        let text = fs::read_to_string(file).unwrap();
        let mut parts = text.splitn(4, '\n').skip(1);
        let mut said = |what: &str| {
            let line = parts.next().unwrap();
            line.strip_prefix(&format!("// {what}: sha256 "))
                .unwrap_or_else(|| panic!("{file}: no digest of its {what}"))
        };
        assert_eq!(said("sources"), sources, "{file} is stale: {MAKE}");
        let own = said("text");
        let body = parts.next().unwrap();
        assert_eq!(own, sha256(body.as_bytes()), "{file} was edited: {MAKE}");
    }
}
