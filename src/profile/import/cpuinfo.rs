//! /proc/cpuinfo of an arm64 kernel (`c_show` of `arch/arm64/kernel/cpuinfo.c`).
//!
//! A kernel prints the same features for every processor: what all of them have. Processors differ in the
//! fields of `MIDR_EL1` behind them, where cores are not alike.

use std::collections::BTreeMap;

use super::error::Error;
use super::features;
use super::statement::{Fact, Found, Text, shown};
use crate::profile::infer::design;

/// Keys of other architectures' files, and whose.
const FOREIGN_KEYS: &[(&str, &str)] = &[
    ("flags", "x86"),
    ("vendor_id", "x86 or s390"),
    ("hart", "RISC-V"),
    ("isa", "RISC-V"),
    ("cpu", "POWER"),
    ("CPU Family", "LoongArch"),
];

/// One processor's lines, or those that stand for all.
#[derive(Debug, Default)]
struct Processor<'a> {
    number: Option<u32>,
    line: usize,
    features: Option<(usize, &'a str)>,
    /// Implementer, variant, part and revision, in the order of [`FIELDS`].
    fields: [Option<u64>; 4],
}

/// The fields of `MIDR_EL1`.
const FIELDS: [&str; 4] = ["CPU implementer", "CPU variant", "CPU part", "CPU revision"];

/// Reads the text.
pub(super) fn read(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    let (processors, rest) = processors(text)?;
    // Behind the features come lines that must be there, but for a list by itself.
    if processors.is_empty() {
        text.must_end()?;
    }
    if processors.is_empty() && rest.features.is_none() {
        return Err(Error::Malformed {
            spot: text.line(text.first_line),
            problem: "it names neither a processor nor features".to_owned(),
            advice: "give it all of /proc/cpuinfo",
        });
    }
    midrs(text, &processors, &rest, found)?;
    let mut lines: Vec<(usize, &str)> = processors
        .iter()
        .filter_map(|processor| processor.features)
        .chain(rest.features)
        .collect();
    // Processors mostly print the same; each list is looked up once.
    lines.sort_by_key(|(_, list)| *list);
    lines.dedup_by_key(|(_, list)| *list);
    lines.sort_by_key(|(line, _)| *line);
    let lists = lines
        .into_iter()
        .map(|(line, list)| (text.line(line), list));
    features::common("Features", lists, found)
}

fn processors<'a>(text: &Text<'a>) -> Result<(Vec<Processor<'a>>, Processor<'a>), Error> {
    let malformed = |line, problem: String, advice| Error::Malformed {
        spot: text.line(line),
        problem,
        advice,
    };
    let mut all: Vec<Processor<'_>> = Vec::new();
    let mut rest = Processor::default();
    let mut inside = false;
    let mut numbers: BTreeMap<u32, usize> = BTreeMap::new();
    let mut foreign = None;
    for (line, content) in text.lines() {
        if content.is_empty() {
            inside = false;
            continue;
        }
        let (key, value) = content.split_once(':').ok_or_else(|| {
            let problem = format!("{} is no line `key : value`", shown(content));
            malformed(
                line,
                problem,
                "copy /proc/cpuinfo as it is, without broken lines",
            )
        })?;
        let (key, value) = (key.trim(), value.trim());
        if key == "processor" {
            let number: u32 = value.parse().map_err(|_| {
                let problem = format!("the number of a processor is {}", shown(value));
                malformed(line, problem, "copy /proc/cpuinfo as it is")
            })?;
            if let Some(first) = numbers.insert(number, line) {
                let problem = format!("processor {number} stands in line {first} already");
                return Err(malformed(
                    line,
                    problem,
                    "give it one machine's /proc/cpuinfo",
                ));
            }
            all.push(Processor {
                number: Some(number),
                line,
                ..Processor::default()
            });
            inside = true;
            continue;
        }
        let one = match all.last_mut() {
            Some(last) if inside => last,
            _ => &mut rest,
        };
        if key == "Features" {
            one.features = Some((line, value));
        } else if key == "CPU architecture" && !matches!(value, "8" | "AArch64") {
            return Err(Error::Foreign {
                spot: text.line(line),
                found: format!("CPU architecture is {}", shown(value)),
            });
        } else if let Some((slot, name)) = one
            .fields
            .iter_mut()
            .zip(FIELDS)
            .find(|(_, name)| *name == key)
        {
            let number = number(value).ok_or_else(|| {
                let problem = format!("{name} is {}", shown(value));
                malformed(line, problem, "copy /proc/cpuinfo as it is")
            })?;
            *slot = Some(number);
        }
        if let Some((_, whose)) = FOREIGN_KEYS.iter().find(|(known, _)| *known == key) {
            foreign = foreign.or(Some((line, key, *whose)));
        }
    }
    let any_field = all.iter().chain([&rest]).any(|one| one.fields != [None; 4]);
    match foreign {
        Some((line, key, whose)) if !any_field => Err(Error::Foreign {
            spot: text.line(line),
            found: format!("`{key}` is a line of {whose}"),
        }),
        _ => Ok((all, rest)),
    }
}

/// Decimal, or hexadecimal after `0x`.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// States `MIDR_EL1` of every processor that shows it.
fn midrs(
    text: &Text<'_>,
    processors: &[Processor<'_>],
    rest: &Processor<'_>,
    found: &mut Found,
) -> Result<(), Error> {
    let Some(all) = stands_for_all(processors, rest) else {
        for processor in processors {
            let midr = complete(text, processor)?;
            let spot = text.line(processor.line);
            found.say("/proc/cpuinfo", spot, Fact::Midr(processor.number, midr));
        }
        return Ok(());
    };
    let midr = complete(text, all)?;
    let spot = text.line(all.features.map_or(all.line, |(line, _)| line));
    if let [processor] = processors {
        found.say("/proc/cpuinfo", spot, Fact::Midr(processor.number, midr));
    } else {
        found.remarks.push(format!(
            "{spot}: this kernel prints MIDR_EL1 of one core only, so those of the others are unknown"
        ));
    }
    Ok(())
}

/// Old kernels (3.x) list the processors, and behind them print once what they have in common and the
/// `MIDR_EL1` of the core that happened to print.
fn stands_for_all<'p, 'a>(
    processors: &'p [Processor<'a>],
    rest: &'p Processor<'a>,
) -> Option<&'p Processor<'a>> {
    let bare = |one: &Processor<'_>| one.features.is_none() && one.fields == [None; 4];
    let (last, others) = processors.split_last()?;
    if !others.iter().all(bare) {
        None
    } else if bare(last) {
        (!bare(rest)).then_some(rest)
    } else {
        (!others.is_empty()).then_some(last)
    }
}

/// `MIDR_EL1` of a processor that printed all its lines.
fn complete(text: &Text<'_>, processor: &Processor<'_>) -> Result<u64, Error> {
    let cut = |name| Error::Malformed {
        spot: text.line(processor.line.max(text.first_line)),
        problem: match processor.number {
            Some(number) => format!("processor {number} has no `{name}`"),
            None => format!("there is no `{name}`"),
        },
        advice: "the text is cut: copy all of /proc/cpuinfo",
    };
    if processor.features.is_none() {
        return Err(cut("Features"));
    }
    let missing = processor.fields.iter().zip(FIELDS);
    match processor.fields {
        [Some(implementer), Some(variant), Some(part), Some(revision)] => {
            Ok(design::midr(implementer, variant, part, revision))
        }
        _ => Err(cut(missing
            .filter(|(field, _)| field.is_none())
            .map(|(_, name)| name)
            .next()
            .unwrap_or_default())),
    }
}
