//! Names of features: the `Features` line of /proc/cpuinfo by itself, or a list.

use std::collections::BTreeSet;

use super::error::Error;
use super::merge::contradiction;
use super::statement::{Fact, Found, Names, Spot, Text, few, shown};
use crate::auxv::hwcap::{self, HwcapBit};

/// Names that say of which architecture a list is: those of 32-bit Arm (`compat_hwcap_str` of
/// `arch/arm64/kernel/cpuinfo.c`), and some of x86's.
const FOREIGN: &[(&str, &str)] = &[
    ("swp", "32-bit Arm"),
    ("half", "32-bit Arm"),
    ("thumb", "32-bit Arm"),
    ("fastmult", "32-bit Arm"),
    ("vfp", "32-bit Arm"),
    ("edsp", "32-bit Arm"),
    ("neon", "32-bit Arm"),
    ("vfpv3", "32-bit Arm"),
    ("tls", "32-bit Arm"),
    ("vfpv4", "32-bit Arm"),
    ("idiva", "32-bit Arm"),
    ("fpu", "x86"),
    ("vme", "x86"),
    ("sse2", "x86"),
    ("lm", "x86"),
];

/// Whether a text is nothing but names, the first of them known.
pub(super) fn is_list(text: &Text<'_>) -> bool {
    let all = || text.filled().flat_map(|(_, line)| names(line));
    let known = |name: &str| {
        HwcapBit::by_cpuinfo_name(name).is_some() || FOREIGN.iter().any(|(other, _)| *other == name)
    };
    all().next().is_some_and(known) && all().all(is_name)
}

fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The names on a line, between blanks or commas.
fn names(line: &str) -> impl Iterator<Item = &str> {
    line.split([' ', '\t', ',']).filter(|name| !name.is_empty())
}

/// Reads a list.
pub(super) fn read(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    let Some((first, _)) = text.filled().next() else {
        return Err(Error::Unrecognised {
            file: text.file.to_string(),
            found: "it is empty".to_owned(),
        });
    };
    let mut all = Vec::new();
    for (line, content) in text.filled() {
        // As it stands in /proc/cpuinfo, or in what lscpu prints.
        let list = match content.split_once(':') {
            Some((key, list)) if matches!(key.trim(), "Features" | "Flags") => list,
            Some((key, _)) => {
                return Err(Error::Malformed {
                    spot: text.line(line),
                    problem: format!("{} is no list of features", shown(key)),
                    advice: "give it the names alone, between blanks or commas",
                });
            }
            None => content,
        };
        all.extend(names(list));
    }
    let names = of(&all, || text.line(first))?;
    found.say("list of features", text.line(first), Fact::Features(names));
    Ok(())
}

/// States what several lists of one machine have in common.
pub(super) fn common<'a>(
    what: &'static str,
    lists: impl IntoIterator<Item = (Spot, &'a str)>,
    found: &mut Found,
) -> Result<(), Error> {
    let mut common: Option<(Spot, Names)> = None;
    let mut apart: BTreeSet<String> = BTreeSet::new();
    for (spot, list) in lists {
        let list: Vec<&str> = names(list).collect();
        let names = of(&list, || spot.clone())?;
        match &mut common {
            None => common = Some((spot, names)),
            Some((first, common)) => {
                let differ = common.difference(&names);
                no_harm(common, first, &names, &spot, &differ)?;
                common.intersect(&names);
                apart.extend(differ);
            }
        }
    }
    let Some((spot, names)) = common else {
        return Ok(());
    };
    if !apart.is_empty() {
        found.remarks.push(format!(
            "{spot}: not every processor has {}; the profile has what all of them have",
            few(&apart)
        ));
    }
    found.say(what, spot, Fact::Features(names));
    Ok(())
}

/// To have these can be what kills a task, and no kernel offers them to some processors only: they cannot
/// be left out as if nobody had them.
fn no_harm(
    one: &Names,
    one_at: &Spot,
    other: &Names,
    other_at: &Spot,
    differ: &BTreeSet<String>,
) -> Result<(), Error> {
    let harmful = [hwcap::PACA, hwcap::POE]
        .into_iter()
        .find(|bit| differ.contains(bit.cpuinfo));
    let Some(bit) = harmful else { return Ok(()) };
    let list = |names: &Names| {
        let has = names.words.has(bit) == Some(true);
        format!(
            "a list {} {}",
            if has { "with" } else { "without" },
            bit.cpuinfo
        )
    };
    Err(contradiction(
        "features",
        (list(one), one_at),
        (list(other), other_at),
    ))
}

/// Looks up the features of an arm64 machine.
fn of(names: &[&str], spot: impl Fn() -> Spot) -> Result<Names, Error> {
    if let Some((name, whose)) = FOREIGN.iter().find(|(name, _)| names.contains(name)) {
        return Err(Error::Foreign {
            spot: spot(),
            found: format!("{name} is a feature of {whose}"),
        });
    }
    Ok(Names::of(names.iter().copied()))
}
