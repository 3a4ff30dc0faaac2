//! The arrows between rooms, the top-level modules of the library: one way only.
//!
//! Read from the sources as text: every path that begins with `crate::`, tests left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every room. One uses those above it in this list, never one below it.
const ROOMS: &[&str] = &[
    "units",
    "progress",
    "rule_id",
    "finding",
    "abi",
    "memory",
    "wire",
    "input",
    "a64",
    "elf",
    "criu_image",
    "export",
    "files",
    "object",
    "flow",
    "auxv",
    "sigframe",
    "evidence",
    "facts",
    "profile",
    "sigreturn",
    "launch",
    "capture",
    "divergence",
    "rule",
    "config",
    "advice",
    "rewrite",
    "restore_log",
    "image",
    "report",
    "cli",
];

/// Rooms of which others than these know nothing, whatever the order would allow.
const KNOWN_TO: &[(&str, &[&str])] = &[
    ("report", &["cli"]),
    ("capture", &["cli"]),
    ("config", &["cli"]),
    ("wire", &["criu_image", "rewrite"]),
];

/// Tables: they use these rooms and nothing else.
const LEAVES: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("progress", &[]),
    ("memory", &["units"]),
    ("rule_id", &[]),
    ("finding", &["rule_id", "units"]),
    ("abi", &["rule_id", "units"]),
    ("wire", &[]),
];

/// Which rooms a room names, each with the first file and line that does.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn every_room_has_its_place_in_the_order() {
    let found: BTreeSet<String> = rooms().into_iter().map(|(room, _)| room).collect();
    let listed: BTreeSet<String> = ROOMS.iter().map(|room| (*room).to_owned()).collect();
    assert_eq!(found, listed);
    assert_eq!(listed.len(), ROOMS.len(), "a room is listed twice");
}

#[test]
fn no_arrow_goes_up() {
    let at = |room: &str| ROOMS.iter().position(|listed| *listed == room);
    let up: Vec<String> = each(&arrows())
        .filter(|(from, to, _)| at(to) >= at(from))
        .map(|(from, to, place)| format!("{from} uses {to}, which is above it: {place}"))
        .collect();
    assert_eq!(up, [""; 0]);
}

#[test]
fn no_rooms_form_a_ring() {
    assert_eq!(ring(&arrows()), None);
}

#[test]
fn some_rooms_are_known_to_few() {
    let arrows = arrows();
    let mut wrong: Vec<String> = Vec::new();
    for (from, to, place) in each(&arrows) {
        let users = KNOWN_TO.iter().find(|(room, _)| *room == to);
        if users.is_some_and(|(_, users)| !users.contains(&from)) {
            wrong.push(format!("{from} uses {to}: {place}"));
        }
        let used = LEAVES.iter().find(|(room, _)| *room == from);
        if used.is_some_and(|(_, used)| !used.contains(&to)) {
            wrong.push(format!("{from} is a leaf and uses {to}: {place}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// The reader of sources must see what it is there to see.
#[test]
fn paths_are_found_wherever_they_stand() {
    let source = r##"
        //! crate::doc
        use crate::{alpha, beta::{self, Inner}, gamma as other};
        pub use crate::delta::Thing; /* crate::comment */
        const TEXT: &str = "crate::text"; const RAW: &str = r#"crate::raw "quoted""#;
        fn f<'a>(x: &'a crate::epsilon::T) -> char { '"' }
        #[cfg(test)]
        use crate::tested;
        fn g() { $crate::zeta!() }
        #[cfg(test)]
        mod tests { use crate::inner; fn h() { let x = "}"; } }
        fn last() { crate::eta::call() }
        #[cfg(test)]
        pub(crate) mod samples;
    "##;
    let (code, modules) = product(&plain(source));
    assert_eq!(modules, ["samples"]);
    let names: Vec<String> = named(&code).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"]
    );
    assert_eq!(supers("use super::super::units; self::super::x"), 2);
    assert_eq!(supers("use super::{a, b}"), 1);
    assert_eq!(supers("use self::a"), 0);
}

#[test]
fn a_ring_is_found() {
    let arrows = |pairs: &[(&str, &str)]| {
        let mut arrows = Arrows::new();
        for (from, to) in pairs {
            let of = arrows.entry((*from).to_owned()).or_default();
            of.insert((*to).to_owned(), "somewhere".to_owned());
        }
        arrows
    };
    assert_eq!(ring(&arrows(&[("a", "b"), ("a", "c"), ("b", "c")])), None);
    assert_eq!(
        ring(&arrows(&[("a", "b"), ("b", "c"), ("c", "b")])).unwrap(),
        ["b", "c", "b"]
    );
}

/// Every arrow: from, to, and the place that shows it.
fn each(arrows: &Arrows) -> impl Iterator<Item = (&str, &str, &str)> {
    arrows.iter().flat_map(|(from, to)| {
        to.iter()
            .map(move |(to, place)| (from.as_str(), to.as_str(), place.as_str()))
    })
}

/// A way along arrows back to where it began, if there is one.
fn ring(arrows: &Arrows) -> Option<Vec<String>> {
    fn follow(arrows: &Arrows, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        let Some(last) = way.last().cloned() else {
            return false;
        };
        for next in arrows.get(&last).into_iter().flat_map(BTreeMap::keys) {
            if let Some(at) = way.iter().position(|room| room == next) {
                way.drain(..at);
                way.push(next.clone());
                return true;
            }
            if !done.contains(next) {
                way.push(next.clone());
                if follow(arrows, way, done) {
                    return true;
                }
            }
        }
        done.insert(last);
        way.pop();
        false
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|room| {
        let mut way = vec![room.clone()];
        (!done.contains(room) && follow(arrows, &mut way, &mut done)).then_some(way)
    })
}

/// Every room with its root file.
fn rooms() -> Vec<(String, PathBuf)> {
    let mut rooms = Vec::new();
    for entry in fs::read_dir("src").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && path.join("mod.rs").exists() {
            rooms.push((name, path.join("mod.rs")));
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !["lib", "main"].contains(&name.as_str())
        {
            rooms.push((name, path));
        }
    }
    rooms
}

fn arrows() -> Arrows {
    let mut arrows = Arrows::new();
    for (room, root) in rooms() {
        let below = Path::new("src").join(&room);
        read(&room, &root, &below, 1, &mut arrows);
    }
    // Not the walk of the modules, but the arrows it found, would be missing if it went astray.
    assert!(arrows["rule"].contains_key("facts") && arrows["cli"].contains_key("report"));
    arrows
}

/// Reads a file and the files of its modules, which lie in `below`. `depth` is how many `super` lead out of the room.
fn read(room: &str, file: &Path, below: &Path, depth: usize, arrows: &mut Arrows) {
    let text = plain(&fs::read_to_string(file).unwrap());
    let (code, tests) = product(&text);
    let of = arrows.entry(room.to_owned()).or_default();
    for (name, line) in named(&code) {
        if name != room {
            of.entry(name)
                .or_insert_with(|| format!("{}:{line}", file.display()));
        }
    }
    for line in code.lines() {
        assert!(
            supers(line) < depth,
            "{} leaves its room by `super`: {line}",
            file.display()
        );
    }
    if !below.is_dir() {
        return;
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(below)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if tests.iter().any(|test| test == name) || name == "mod" {
            continue;
        }
        let own = below.join(format!("{name}.rs"));
        if path == own {
            read(room, &own, &below.join(name), depth + 1, arrows);
        } else if path.join("mod.rs").exists() {
            read(room, &path.join("mod.rs"), &path, depth + 1, arrows);
        }
    }
}

/// The source without comments and texts; lines keep their numbers.
fn plain(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    let keep_lines = |out: &mut String, dropped: &str| {
        out.extend(dropped.chars().filter(|c| *c == '\n'));
        out.push(' ');
    };
    while let Some(first) = rest.chars().next() {
        let raw = rest.strip_prefix('r').and_then(|after| {
            let hashes = after.len() - after.trim_start_matches('#').len();
            let word = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let opens = after.get(hashes..)?.starts_with('"') && !word;
            opens.then(|| format!("\"{}", "#".repeat(hashes)))
        });
        let len = if let Some(close) = raw {
            let inner = 1 + close.len();
            inner + rest[inner..].find(&close).unwrap() + close.len()
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").unwrap() + 2
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_char(rest) {
            quoted(rest, '\'')
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        keep_lines(&mut out, &rest[..len]);
        rest = &rest[len..];
    }
    out
}

/// Bytes of a quoted text with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a quote begins a character and not a lifetime.
fn is_char(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// The source without what is only for tests, and the names of modules that are.
fn product(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let (mut out, mut modules) = (String::new(), Vec::new());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        out.push_str(&rest[..at]);
        let item = &rest[at + MARK.len()..];
        let end = item.find([';', '{']).unwrap();
        let mut len = end + 1;
        if item[end..].starts_with('{') {
            let mut open = 0_i32;
            for (index, c) in item[end..].char_indices() {
                open += i32::from(c == '{') - i32::from(c == '}');
                if open == 0 {
                    len = end + index + 1;
                    break;
                }
            }
        } else if let Some((_, name)) = item[..end].split_once("mod ") {
            modules.push(name.trim().to_owned());
        }
        out.extend(item[..len].chars().filter(|c| *c == '\n'));
        rest = &item[len..];
    }
    out.push_str(rest);
    (out, modules)
}

/// The rooms that paths from the crate's root name, with their lines.
fn named(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let line = code[..at].matches('\n').count() + 1;
        let after = &code[at + path.len()..];
        let Some(group) = after.strip_prefix('{') else {
            found.push((word(after), line));
            continue;
        };
        let (mut depth, mut begins) = (1, true);
        for (index, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                c if begins && !c.is_whitespace() => {
                    found.push((word(&group[index..]), line));
                    begins = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The most `super` that follow each other on a line.
fn supers(line: &str) -> usize {
    let mut most = 0;
    let mut rest = line;
    while let Some(at) = rest.find("super::") {
        rest = &rest[at..];
        let mut count = 0;
        while let Some(after) = rest.strip_prefix("super::") {
            count += 1;
            rest = after;
        }
        most = most.max(count);
    }
    most
}

#[test]
fn the_architecture_shows_the_rooms_in_this_order() {
    let text = fs::read_to_string("docs/architecture.md").unwrap();
    let shown: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(shown, ROOMS);
}
