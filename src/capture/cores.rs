//! Which registers the cores share, and in which they differ.

use std::collections::{BTreeMap, BTreeSet};

use super::Note;
use super::raw::Core;
use super::registers::{Register, TABLE};
use crate::profile::model::Cores;

/// Cores read from a list at most: more than Linux supports on arm64 (`CONFIG_NR_CPUS` up to 4096).
const MOST: usize = 8192;

/// Reads a list of cores as Linux writes it (`0-3,8`); `None` where it is none.
#[must_use]
pub fn parse_list(text: &str) -> Option<Vec<u32>> {
    let mut cores = BTreeSet::new();
    for item in text.trim().split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        for core in first..=last {
            if cores.len() >= MOST {
                return None;
            }
            cores.insert(core);
        }
    }
    (!cores.is_empty()).then(|| cores.into_iter().collect())
}

/// Writes ascending numbers as Linux lists cores.
#[must_use]
pub fn list(cores: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for core in cores {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*core) => *last = *core,
            _ => runs.push((*core, *core)),
        }
    }
    let run = |(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

/// The registers in which cores can differ.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sorted {
    /// What all cores have.
    pub shared: BTreeMap<String, u64>,
    /// The kinds of cores, by their lowest number; empty where all are alike.
    pub kinds: Vec<Cores>,
}

/// Sorts cores by the registers in which they differ. `somewhere` are values read on an unknown core.
///
/// A core that could not be asked is taken to be like those with the same MIDR_EL1. What is still
/// unknown of one core is left out for all: a task may run there.
pub(super) fn sort(
    cores: &[Core],
    somewhere: &BTreeMap<String, u64>,
    notes: &mut Vec<Note>,
) -> Sorted {
    let midr = |core: &Core| value(core, "MIDR_EL1", true);
    let one_kind = cores.first().is_some_and(|first| {
        midr(first).is_some() && cores.iter().all(|core| midr(core) == midr(first))
    });
    let known = |core: &Core, register: &Register| {
        let twin = || {
            let midr = midr(core)?;
            cores
                .iter()
                .filter(|other| midr_is(other, midr))
                .find_map(|other| value(other, register.name, register.sysfs.is_some()))
        };
        let anywhere = || {
            (one_kind || cores.len() == 1)
                .then(|| somewhere.get(register.name).copied())
                .flatten()
        };
        value(core, register.name, register.sysfs.is_some())
            .or_else(twin)
            .or_else(anywhere)
    };

    let mut sorted = Sorted::default();
    let mut kinds: BTreeMap<u32, BTreeMap<String, u64>> = BTreeMap::new();
    let mut gaps: Vec<&str> = Vec::new();
    for register in TABLE.iter().filter(|register| register.by_core) {
        let values: Vec<(u32, Option<u64>)> = cores
            .iter()
            .map(|core| (core.number, known(core, register)))
            .collect();
        let mut distinct: Vec<Option<u64>> = values.iter().map(|(_, value)| *value).collect();
        distinct.sort_unstable();
        distinct.dedup();
        match distinct.as_slice() {
            [Some(value)] => {
                sorted.shared.insert(register.name.to_owned(), *value);
            }
            [None, Some(_)] => gaps.push(register.name),
            [] | [None] => {}
            _ => {
                for (core, value) in values {
                    if let Some(value) = value {
                        kinds
                            .entry(core)
                            .or_default()
                            .insert(register.name.to_owned(), value);
                    }
                }
            }
        }
    }
    if !gaps.is_empty() {
        notes.push(
            Note::new(format!(
                "{} could be read on some cores only and {} left unknown",
                gaps.join(", "),
                if gaps.len() == 1 { "is" } else { "are" }
            ))
            .help("capture where all cores may be used: without a cpuset or an affinity mask"),
        );
    }
    if !kinds.is_empty() {
        sorted.kinds = group(cores, &kinds);
        let kinds: Vec<String> = sorted
            .kinds
            .iter()
            .map(|kind| match kind.registers.get("MIDR_EL1") {
                Some(midr) => format!("{} (MIDR_EL1 {midr:#x})", kind.cpus),
                None => kind.cpus.clone(),
            })
            .collect();
        notes.push(
            Note::new(format!(
                "the cores of this machine are not alike: {}",
                kinds.join("; ")
            ))
            .help("what holds for some of them only is left unknown above `cores`; keep restored tasks on one kind"),
        );
    }
    sorted
}

fn midr_is(core: &Core, midr: u64) -> bool {
    value(core, "MIDR_EL1", true) == Some(midr)
}

/// A register of a core: from sysfs where that shows it.
fn value(core: &Core, name: &str, sysfs: bool) -> Option<u64> {
    let shown = core.sysfs.get(name).filter(|_| sysfs);
    shown.or_else(|| core.mrs.get(name)).copied()
}

/// Cores with the same values, by their lowest number.
fn group(cores: &[Core], values: &BTreeMap<u32, BTreeMap<String, u64>>) -> Vec<Cores> {
    let mut groups: Vec<(Vec<u32>, BTreeMap<String, u64>)> = Vec::new();
    for core in cores {
        let own = values.get(&core.number).cloned().unwrap_or_default();
        match groups.iter_mut().find(|(_, registers)| *registers == own) {
            Some((numbers, _)) => numbers.push(core.number),
            None => groups.push((vec![core.number], own)),
        }
    }
    let kind = |(numbers, registers): (Vec<u32>, _)| Cores {
        cpus: list(&numbers),
        registers,
    };
    groups.into_iter().map(kind).collect()
}
