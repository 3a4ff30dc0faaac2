//! Rule ids have one home, `src/rule_id.rs`: nowhere else in the program is one written as a string.
//!
//! Only a string that is an id and nothing else counts. Prose that mentions a rule is text for people.

use std::fs;
use std::path::{Path, PathBuf};

use hwcr::rule_id::RuleId;

/// The table of ids.
const TABLE: &str = "src/rule_id.rs";

/// All Rust files below `dir`.
fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            out.push(path);
        }
    }
}

/// Whether a file is compiled for tests alone.
fn is_test(path: &Path) -> bool {
    const ONLY_TESTS: [&str; 4] = ["tests", "tests.rs", "samples", "samples.rs"];
    path.iter()
        .any(|part| ONLY_TESTS.iter().any(|name| part == *name))
}

/// The string literals of a line that are ids: `"HWCR-FAM-123"`, quotes included.
fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("\"HWCR-").filter_map(|(at, _)| {
        let text = line.get(at + 1..)?;
        let (id, _) = text.split_once('"')?;
        let number = id.strip_prefix("HWCR-")?.split_once('-')?.1;
        (number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
    })
}

#[test]
fn no_rule_id_is_written_as_a_string_outside_of_the_table() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 100, "{} files", files.len());
    let mut wrong = Vec::new();
    for file in files
        .iter()
        .filter(|file| !is_test(file) && *file != Path::new(TABLE))
    {
        let text = fs::read_to_string(file).unwrap();
        let (code, _) = text
            .split_once("#[cfg(test)]\nmod tests {")
            .unwrap_or((&text, ""));
        for (number, line) in code.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            wrong.extend(ids(line).map(|id| format!("{}:{}: {id}", file.display(), number + 1)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_search_finds_ids_and_leaves_prose() {
    let found = |line| ids(line).collect::<Vec<_>>();
    assert_eq!(
        found(r#"&["HWCR-SVE-001", "HWCR-XXX-999"]"#),
        ["HWCR-SVE-001", "HWCR-XXX-999"]
    );
    assert!(found(r#""HWCR-SVE-001 says it", "see HWCR-SVE-001", "HWCR-""#).is_empty());
    let table = fs::read_to_string(TABLE).unwrap();
    let written: Vec<&str> = table.lines().flat_map(ids).collect();
    for id in RuleId::ALL {
        assert!(written.contains(&id.as_str()), "{id}");
    }
}
