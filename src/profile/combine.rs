//! What several machines have in common.
//!
//! A baseline is two things. Its flat values are the largest profile that every machine offers: of features
//! and vector lengths those that all have, of limits the lowest. And it lists the machines themselves,
//! because a subset of features is no promise: signed pointers, another default vector length or a newer
//! kernel kill what a machine with less would have run. Rules therefore judge the members, each as it is.
//!
//! An unknown value makes the common one unknown, unless another machine is known to have nothing there.

use std::collections::BTreeMap;

use super::model::{Basis, Observed, PacAlgorithm, Pauth, Profile, Source, VectorLengths};
use super::schema::to_json;
use crate::abi::kernel;
use crate::auxv::hwcap::{self, HwcapBit, HwcapWord, Hwcaps};
use crate::units::Vl;

/// Why there is no baseline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBaseline {
    /// There is nothing to have in common.
    #[error("a baseline needs at least one profile")]
    Empty,
    /// Findings name members, so that a name must mean one machine.
    #[error("two different machines are called `{0}`; give them names of their own")]
    SameName(String),
}

/// What all machines of `profiles` offer, and the machines.
///
/// Members of a baseline count as machines themselves; equal ones count once. Neither the order nor the
/// grouping of the profiles matters: the flat values of a baseline are not looked at.
///
/// # Errors
/// There is no machine, or two that differ have one name.
pub fn baseline(name: &str, profiles: &[Profile], source: &Source) -> Result<Profile, NoBaseline> {
    let mut machines: BTreeMap<(String, String), Profile> = BTreeMap::new();
    for machine in profiles.iter().flat_map(Profile::machines) {
        let mut machine = machine.clone();
        machine.source = source.clone();
        machines.insert((machine.name.clone(), to_json(&machine)), machine);
    }
    let machines: Vec<Profile> = machines.into_values().collect();
    if machines.is_empty() {
        return Err(NoBaseline::Empty);
    }
    // They are sorted by name.
    let twice = machines.windows(2).find_map(|pair| match pair {
        [one, other] if one.name == other.name => Some(one.name.clone()),
        _ => None,
    });
    if let Some(name) = twice {
        return Err(NoBaseline::SameName(name));
    }
    let mut common = common(name, &machines, source);
    common.members = machines;
    Ok(common)
}

/// The flat values.
fn common(name: &str, machines: &[Profile], source: &Source) -> Profile {
    let mut flat = Profile::unknown(name, source.clone());
    flat.basis = Some(Basis::Baseline);
    for word in HwcapWord::ALL {
        flat.hwcaps.set_word(word, common_word(machines, word));
    }
    let caps = flat.hwcaps;
    flat.sve = vectors(machines, caps, hwcap::SVE, |machine| machine.sve.as_ref());
    flat.sme = vectors(machines, caps, hwcap::SME, |machine| machine.sme.as_ref());
    flat.page_size = same(machines, |machine| machine.page_size);
    flat.va_bits = least(machines, |machine| machine.va_bits);
    flat.minsigstksz =
        known(machines, |machine| machine.minsigstksz).and_then(|sizes| sizes.into_iter().max());
    flat.pauth = pauth(machines, caps);
    flat.kernel = least(machines, |machine| machine.kernel);
    flat.criu = least(machines, |machine| machine.criu);
    // Where the oldest kernel tells the limit, it need not be written.
    flat.auxv_bytes = least(machines, Profile::auxv_limit)
        .filter(|limit| flat.kernel.map(kernel::auxv_limit) != Some(*limit));
    flat.registers = registers(machines);
    flat.sigreturn = sigreturn(machines);
    flat
}

/// The value on every machine, where all are known.
fn known<'a, T>(machines: &'a [Profile], get: impl Fn(&'a Profile) -> Option<T>) -> Option<Vec<T>> {
    machines.iter().map(get).collect()
}

fn least<T: Ord>(machines: &[Profile], get: impl Fn(&Profile) -> Option<T>) -> Option<T> {
    known(machines, get)?.into_iter().min()
}

/// The value that all machines are known to have.
fn same<T: PartialEq>(machines: &[Profile], get: impl Fn(&Profile) -> Option<T>) -> Option<T> {
    let mut values = known(machines, get)?.into_iter();
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// The bits every machine has. With an unknown word among them the common bits are known only where the
/// others leave none.
fn common_word(machines: &[Profile], word: HwcapWord) -> Option<u64> {
    let values = || machines.iter().map(|machine| machine.hwcaps.word(word));
    let bits = values().flatten().fold(u64::MAX, |all, value| all & value);
    (bits == 0 || values().all(|value| value.is_some())).then_some(bits)
}

fn vectors(
    machines: &[Profile],
    caps: Hwcaps,
    bit: &HwcapBit,
    get: impl Fn(&Profile) -> Option<&VectorLengths>,
) -> Option<VectorLengths> {
    let none = VectorLengths {
        lengths: Vec::new(),
        default: None,
    };
    let has_none =
        |machine: &Profile| get(machine).is_some_and(|offered| offered.lengths.is_empty());
    if caps.has(bit) == Some(false) || machines.iter().any(has_none) {
        return Some(none);
    }
    let offered = known(machines, &get)?;
    let mut lengths: Vec<Vl> = offered.first()?.lengths.clone();
    lengths.retain(|vl| offered.iter().all(|other| other.lengths.contains(vl)));
    // SME lengths may have nothing in common. Then nothing can be promised, though all machines have SME.
    (!lengths.is_empty()).then(|| VectorLengths {
        lengths,
        default: same(machines, |machine| {
            get(machine).and_then(|offered| offered.default)
        }),
    })
}

fn pauth(machines: &[Profile], caps: Hwcaps) -> Pauth {
    let algorithm = |bit, get: fn(&Pauth) -> Option<PacAlgorithm>| {
        let none = Some(PacAlgorithm::None);
        if caps.has(bit) == Some(false)
            || machines.iter().any(|machine| get(&machine.pauth) == none)
        {
            return none;
        }
        same(machines, |machine| get(&machine.pauth))
    };
    let address = algorithm(hwcap::PACA, |pauth| pauth.address);
    let level = match address {
        Some(PacAlgorithm::None) => Some(0),
        _ => same(machines, |machine| machine.pauth.level),
    };
    Pauth {
        address,
        generic: algorithm(hwcap::PACG, |pauth| pauth.generic),
        level,
    }
}

/// The registers that read the same on every core of every machine.
fn registers(machines: &[Profile]) -> BTreeMap<String, u64> {
    let Some((first, others)) = machines.split_first() else {
        return BTreeMap::new();
    };
    let mut common = first.registers.clone();
    common.retain(|name, value| {
        others
            .iter()
            .all(|other| other.registers.get(name) == Some(value))
            && machines.iter().all(|machine| machine.cores_agree_in(name))
    });
    common
}

/// What all machines were seen to accept, and what one was seen to reject.
fn sigreturn(machines: &[Profile]) -> BTreeMap<String, Observed> {
    let mut common = BTreeMap::new();
    for record in machines.iter().flat_map(|machine| machine.sigreturn.keys()) {
        let seen = || machines.iter().map(|machine| machine.sigreturn.get(record));
        if seen().any(|seen| seen == Some(&Observed::Rejected)) {
            common.insert(record.clone(), Observed::Rejected);
        } else if seen().all(|seen| seen == Some(&Observed::Accepted)) {
            common.insert(record.clone(), Observed::Accepted);
        }
    }
    common
}
