//! Joins what the inputs say to a profile.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::error::{Contradiction, Error};
use super::statement::{Fact, Found, Spot, Statement, Vectors};
use super::{Imported, words};
use crate::auxv::hwcap;
use crate::profile::model::{Basis, Cores, Profile, Source, VectorLengths};
use crate::profile::{infer::conclude, schema::load};
use crate::units::Vl;

/// Joins the statements to a profile called `name`; `files` are the inputs, for messages.
pub(super) fn merge(found: Found, name: &str, files: &[&str]) -> Result<Imported, Error> {
    let Found {
        statements,
        mut remarks,
    } = found;
    let files = files.join(", ");
    let source = Source::File(files.clone());
    let mut profile = Profile::unknown(name, source);
    profile.basis = Some(Basis::Imported);
    profile.origin = Some(format!("texts of the machine: {files}"));
    profile.hwcaps = words::join(&statements, &mut profile.origins, &files)?;
    numbers(&statements, &mut profile)?;
    cores(&statements, &mut profile, &mut remarks)?;
    vectors(&statements, &mut profile, &mut remarks)?;
    Ok(Imported {
        profile: conclude::conclude(&profile)?,
        remarks,
    })
}

/// Where a statement stands and what it is, for `origins`.
pub(super) fn origin(statement: &Statement) -> String {
    format!("{}: {}", statement.spot, statement.what)
}

pub(super) fn contradiction(
    key: &str,
    (one, one_at): (String, &Spot),
    (other, other_at): (String, &Spot),
) -> Error {
    Error::from(Box::new(Contradiction {
        key: key.to_owned(),
        one,
        one_at: one_at.clone(),
        other,
        other_at: other_at.clone(),
    }))
}

/// The one value that all statements of a kind agree on, with the first of them.
pub(super) fn agreed<'a, T: PartialEq + Copy>(
    statements: &'a [Statement],
    key: &str,
    of: impl Fn(&Fact) -> Option<T>,
    show: impl Fn(T) -> String,
) -> Result<Option<(T, &'a Statement)>, Error> {
    let mut first: Option<(T, &Statement)> = None;
    for statement in statements {
        match (of(&statement.fact), first) {
            (Some(value), Some((known, at))) if known != value => {
                let (one, other) = (show(known), show(value));
                return Err(contradiction(
                    key,
                    (one, &at.spot),
                    (other, &statement.spot),
                ));
            }
            (Some(value), None) => first = Some((value, statement)),
            _ => {}
        }
    }
    Ok(first)
}

/// The values that stand for themselves.
fn numbers(statements: &[Statement], profile: &mut Profile) -> Result<(), Error> {
    let origins = &mut profile.origins;
    profile.page_size = plain(
        statements,
        origins,
        "page_size",
        |fact| match fact {
            Fact::PageSize(bytes) => Some(*bytes),
            _ => None,
        },
        |bytes| load::PAGE_SIZES.contains(&bytes),
    )?;
    profile.minsigstksz = plain(
        statements,
        origins,
        "minsigstksz",
        |fact| match fact {
            Fact::MinSigStkSz(bytes) => Some(*bytes),
            _ => None,
        },
        load::is_minsigstksz,
    )?;
    profile.kernel = plain(
        statements,
        origins,
        "kernel",
        |fact| match fact {
            Fact::Kernel(version) => Some(*version),
            _ => None,
        },
        |_| true,
    )?;
    profile.criu = plain(
        statements,
        origins,
        "criu",
        |fact| match fact {
            Fact::Criu(version) => Some(*version),
            _ => None,
        },
        |_| true,
    )?;
    Ok(())
}

/// A value that all statements agree on, and that an arm64 machine can have.
fn plain<T: PartialEq + Copy + Display>(
    statements: &[Statement],
    origins: &mut BTreeMap<String, String>,
    key: &'static str,
    of: impl Fn(&Fact) -> Option<T>,
    can_be: impl Fn(T) -> bool,
) -> Result<Option<T>, Error> {
    match agreed(statements, key, of, |value| value.to_string())? {
        Some((value, said)) if !can_be(value) => Err(Error::Foreign {
            spot: said.spot.clone(),
            found: format!("no arm64 machine has {value} for {}", said.what),
        }),
        Some((value, said)) => {
            origins.insert(key.to_owned(), origin(said));
            Ok(Some(value))
        }
        None => Ok(None),
    }
}

/// `MIDR_EL1`, of all cores or of each kind of them.
fn cores(
    statements: &[Statement],
    profile: &mut Profile,
    remarks: &mut Vec<String>,
) -> Result<(), Error> {
    const KEY: &str = "registers.MIDR_EL1";
    let mut by_cpu: BTreeMap<u32, (u64, &Statement)> = BTreeMap::new();
    let mut of_all: Option<(u64, &Statement)> = None;
    let differ = |one: (u64, &Statement), other: (u64, &Statement)| {
        let shown = |midr: u64| format!("{midr:#x}");
        contradiction(
            KEY,
            (shown(one.0), &one.1.spot),
            (shown(other.0), &other.1.spot),
        )
    };
    for statement in statements {
        let Fact::Midr(cpu, midr) = statement.fact else {
            continue;
        };
        let known = match cpu {
            Some(cpu) => *by_cpu.entry(cpu).or_insert((midr, statement)),
            None => *of_all.get_or_insert((midr, statement)),
        };
        if known.0 != midr {
            return Err(differ(known, (midr, statement)));
        }
    }
    if let Some(all) = of_all
        && let Some(one) = by_cpu.values().find(|(midr, _)| *midr != all.0)
    {
        return Err(differ(all, *one));
    }
    let Some((midr, first)) = by_cpu.values().next().copied().or(of_all) else {
        return Ok(());
    };
    let mut kinds: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (cpu, (midr, _)) in &by_cpu {
        kinds.entry(*midr).or_default().push(*cpu);
    }
    if kinds.len() <= 1 {
        profile.registers.insert("MIDR_EL1".to_owned(), midr);
        profile.origins.insert(KEY.to_owned(), origin(first));
        return Ok(());
    }
    let mut kinds: Vec<(u64, Vec<u32>)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, cpus)| cpus.first().copied());
    let list: Vec<String> = kinds
        .iter()
        .map(|(midr, cpus)| format!("{} with MIDR_EL1 {midr:#x}", cpu_list(cpus)))
        .collect();
    remarks.push(format!(
        "the cores are not alike: {}; the features are those that all of them have",
        list.join(", ")
    ));
    let group = |(midr, cpus): (u64, Vec<u32>)| Cores {
        cpus: cpu_list(&cpus),
        registers: [("MIDR_EL1".to_owned(), midr)].into(),
    };
    profile.cores = kinds.into_iter().map(group).collect();
    profile.origins.insert("cores".to_owned(), origin(first));
    Ok(())
}

/// Numbers as Linux lists them: `0-3,8`.
fn cpu_list(cpus: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for cpu in cpus {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*cpu) => *last = *cpu,
            _ => ranges.push((*cpu, *cpu)),
        }
    }
    let range = |(first, last): (u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.into_iter().map(range).collect::<Vec<_>>().join(",")
}

/// The default vector lengths. A profile takes one only beside every length the kernel offers.
fn vectors(
    statements: &[Statement],
    profile: &mut Profile,
    remarks: &mut Vec<String>,
) -> Result<(), Error> {
    for (vectors, bit, name, key) in [
        (Vectors::Sve, hwcap::SVE, "sve", "sve.default"),
        (Vectors::Sme, hwcap::SME, "sme", "sme.default"),
    ] {
        let of = |fact: &Fact| match fact {
            Fact::Default(of, length) if *of == vectors => Some(*length),
            _ => None,
        };
        let Some((default, said)) = agreed(statements, key, of, |vl: Vl| vl.to_string())? else {
            continue;
        };
        if profile.hwcaps.has(bit) == Some(false) {
            return Err(Error::Malformed {
                spot: said.spot.clone(),
                problem: format!(
                    "there is a default vector length, and {} is not among the features",
                    bit.cpuinfo
                ),
                advice: "give it the texts of one machine under one kernel",
            });
        }
        let complete = lengths_up_to(profile, default).filter(|_| vectors == Vectors::Sve);
        let Some(lengths) = complete else {
            remarks.push(format!(
                "{}: the default vector length is {default} bytes, but nothing shows every length the kernel offers, \
                 and `{name}` needs them all: it stays unknown; docs/profile.md says how to ask",
                said.spot
            ));
            continue;
        };
        let how = "all lengths of these cores, whose longest is the default";
        profile
            .origins
            .insert("sve.vector_lengths".to_owned(), how.to_owned());
        profile.origins.insert(key.to_owned(), origin(said));
        profile.sve = Some(VectorLengths {
            lengths,
            default: Some(default),
        });
    }
    Ok(())
}

/// Every SVE length, where all cores are of a design whose longest is `default`. A hypervisor can take the
/// longer ones away (KVM_REG_ARM64_SVE_VLS takes no others), but then the default would be shorter too.
fn lengths_up_to(profile: &Profile, default: Vl) -> Option<Vec<Vl>> {
    let designs = profile.designs()?;
    let mut lengths = designs.iter().map(|design| design.sve);
    let first = lengths.next()??;
    let alike = lengths.all(|other| other == Some(first));
    (alike && first.last() == Some(&default)).then(|| first.to_vec())
}
