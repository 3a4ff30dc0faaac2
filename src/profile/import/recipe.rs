//! What the recipe of the README collects: sections `== name`, each with the output of one program.

use std::sync::Arc;

use super::error::Error;
use super::statement::{Fact, Found, Text, Vectors, shown};
use super::{cpuinfo, show_auxv, vector};
use crate::units::{Version, Vl};

/// Reads one section.
type Reader = fn(&Text<'_>, &mut Found) -> Result<(), Error>;

/// The sections, as the recipe names them.
const SECTIONS: &[(&str, Reader)] = &[
    ("cpuinfo", cpuinfo::read),
    ("auxv", show_auxv::read),
    ("auxv-bytes", vector::hex),
    ("kernel", kernel),
    ("criu", criu),
    ("page-size", page_size),
    ("vectors", vectors),
    ("midr", midr),
];

/// The last section: the text is complete.
const END: &str = "end";

/// The name of the section that a line begins.
pub(super) fn section(line: &str) -> Option<&str> {
    let name = line.strip_prefix("== ")?;
    (name == END || SECTIONS.iter().any(|(known, _)| *known == name)).then_some(name)
}

/// Reads the text.
pub(super) fn read(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    const ADVICE: &str = "run the recipe again and copy all that it writes";
    let malformed = |line, problem: String| Error::Malformed {
        spot: text.line(line),
        problem,
        advice: ADVICE,
    };
    let mut open: Option<(&str, Text<'_>)> = None;
    let mut seen: Vec<&str> = Vec::new();
    let mut rest = text.text;
    let mut line = text.first_line;
    while !rest.is_empty() {
        let (content, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let content = content.trim();
        if content.starts_with("== ") {
            let name = section(content)
                .ok_or_else(|| malformed(line, format!("{} is no section", shown(content))))?;
            if seen.contains(&name) {
                return Err(malformed(line, format!("a second section {name}")));
            }
            if let Some((open, part)) = open.take() {
                read_section(open, &part, rest, found)?;
            }
            if name == END {
                return match after.trim() {
                    "" => Ok(()),
                    _ => Err(malformed(line, "there is text behind `== end`".to_owned())),
                };
            }
            seen.push(name);
            let part = Text {
                file: Arc::clone(&text.file),
                first_line: line.saturating_add(1),
                text: after,
            };
            open = Some((name, part));
        } else if open.is_none() && !content.is_empty() {
            return Err(malformed(
                line,
                format!("{} is before any section", shown(content)),
            ));
        }
        rest = after;
        line = line.saturating_add(1);
    }
    Err(malformed(line, "the text ends before `== end`".to_owned()))
}

/// Reads the section from where it begins up to where `rest` does. What a machine does not have is empty.
fn read_section(name: &str, part: &Text<'_>, rest: &str, found: &mut Found) -> Result<(), Error> {
    let length = part.text.len().saturating_sub(rest.len());
    let part = Text {
        text: part.text.get(..length).unwrap_or(""),
        ..part.clone()
    };
    let reader = SECTIONS.iter().find(|(known, _)| *known == name);
    match reader {
        Some((_, reader)) if part.filled().next().is_some() => reader(&part, found),
        _ => Ok(()),
    }
}

fn malformed(text: &Text<'_>, line: usize, problem: String) -> Error {
    Error::Malformed {
        spot: text.line(line),
        problem,
        advice: "run the recipe of the README as it stands there",
    }
}

/// `uname -rm`: `6.12.0-arm64 aarch64`.
fn kernel(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    for (line, content) in text.filled() {
        let (release, machine) = content.rsplit_once(' ').unwrap_or((content, ""));
        if machine != "aarch64" {
            return Err(Error::Foreign {
                spot: text.line(line),
                found: format!("uname says {}", shown(content)),
            });
        }
        let version = Version::parse(release)
            .ok_or_else(|| malformed(text, line, format!("the kernel is {}", shown(release))))?;
        found.say("uname -r", text.line(line), Fact::Kernel(version));
    }
    Ok(())
}

/// `criu --version`: `Version: 4.2.1`, and lines that say nothing here.
fn criu(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    for (line, content) in text.filled() {
        if let Some(version) = content.strip_prefix("Version:") {
            let version = Version::parse(version.trim())
                .ok_or_else(|| malformed(text, line, format!("CRIU is {}", shown(content))))?;
            found.say("criu --version", text.line(line), Fact::Criu(version));
        }
    }
    Ok(())
}

/// `getconf PAGESIZE`.
fn page_size(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    for (line, content) in text.filled() {
        let bytes = content
            .parse()
            .map_err(|_| malformed(text, line, format!("the page size is {}", shown(content))))?;
        found.say("getconf PAGESIZE", text.line(line), Fact::PageSize(bytes));
    }
    Ok(())
}

/// `/proc/sys/abi/sve_default_vector_length:32`.
fn vectors(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    for (line, content) in text.filled() {
        let bad = || {
            let problem = format!("{} is no default vector length", shown(content));
            malformed(text, line, problem)
        };
        let (file, bytes) = content.rsplit_once(':').ok_or_else(bad)?;
        let vectors = match file.rsplit('/').next() {
            Some("sve_default_vector_length") => Vectors::Sve,
            Some("sme_default_vector_length") => Vectors::Sme,
            _ => return Err(bad()),
        };
        let length = bytes.parse().map(Vl).ok().filter(|vl| vl.vq().is_some());
        let fact = Fact::Default(vectors, length.ok_or_else(bad)?);
        found.say("default_vector_length", text.line(line), fact);
    }
    Ok(())
}

/// `/sys/devices/system/cpu/cpu3/regs/identification/midr_el1:0x00000000410fd034`.
fn midr(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    for (line, content) in text.filled() {
        let bad = || malformed(text, line, format!("{} is no MIDR_EL1", shown(content)));
        let (file, value) = content.rsplit_once(':').ok_or_else(bad)?;
        let number = file
            .split('/')
            .find_map(|part| part.strip_prefix("cpu")?.parse().ok());
        let value = value
            .strip_prefix("0x")
            .and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let (Some(number), Some(value)) = (number, value) else {
            return Err(bad());
        };
        found.say("midr_el1", text.line(line), Fact::Midr(Some(number), value));
    }
    Ok(())
}
