//! How two machines differ, and what each difference means to a process that moves from one to the other.

use crate::abi::restore::{self, Below, KERNEL_RULE};
use crate::abi::{criu, kernel};
use crate::auxv::hwcap::{HwcapBit, HwcapWord};
use crate::profile::model::cost;
use crate::profile::model::{PacAlgorithm, Profile, VectorLengths};
use crate::profile::{CacheType, Zva, hertz};
use crate::sigreturn::{Answer, Reason};
use crate::units::{Version, Vl};

use super::{effect, frames};

/// All that differs, in the order of `docs/profile.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Features that one has and the other has not.
    pub features: Vec<Feature>,
    /// Other values.
    pub values: Vec<Value>,
    /// Signal-frame records that one takes and the other does not, or not surely.
    pub frames: Vec<Frame>,
}

/// A feature that one machine has and the other has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// The bit.
    pub bit: &'static HwcapBit,
    /// Whether the first machine has it; else the second.
    pub in_first: bool,
}

impl Feature {
    /// What it means to a process that moves from the first machine to the second.
    #[must_use]
    pub fn there(&self) -> &'static str {
        Self::moved(self.bit, self.in_first)
    }

    /// What it means to a process that moves from the second machine to the first.
    #[must_use]
    pub fn back(&self) -> &'static str {
        Self::moved(self.bit, !self.in_first)
    }

    fn moved(bit: &HwcapBit, had: bool) -> &'static str {
        if had {
            effect::lost(bit)
        } else {
            effect::gained(bit)
        }
    }
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The path of its key, or what it is where no key says it.
    pub key: String,
    /// On the first machine.
    pub first: String,
    /// On the second.
    pub second: String,
    /// What it means to a process that moves from the first machine to the second; empty where nothing.
    pub there: String,
    /// What it means on the way back.
    pub back: String,
}

/// A record that gets another answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The record, with what distinguishes it.
    pub record: String,
    /// The answers, first and second.
    pub answers: [Answer; 2],
    /// Why, first and second.
    pub why: [String; 2],
}

/// How `second` differs from `first`. Of profiles with members the flat values are compared.
#[must_use]
pub fn between(first: &Profile, second: &Profile) -> Difference {
    let mut values = Vec::new();
    words(first, second, &mut values);
    vectors(first, second, &mut values);
    numbers(first, second, &mut values);
    pauth(first, second, &mut values);
    versions(first, second, &mut values);
    others(first, second, &mut values);
    Difference {
        features: features(first, second),
        values,
        frames: frames_that_differ(first, second),
    }
}

fn features(first: &Profile, second: &Profile) -> Vec<Feature> {
    crate::auxv::hwcap::BITS
        .iter()
        .filter_map(|bit| {
            let both = (first.hwcaps.has(bit)?, second.hwcaps.has(bit)?);
            (both.0 != both.1).then_some(Feature {
                bit,
                in_first: both.0,
            })
        })
        .collect()
}

const UNKNOWN: &str = "unknown";

/// What it means where one side does not say a value.
fn open(key: &str) -> String {
    let costs = cost::of(key).map_or("what depends on it", |cost| cost.costs);
    format!("open: {costs}")
}

/// Adds a value that differs; `means` says what it means to a process that comes from a machine with the
/// first and finds the second.
fn compare<T: PartialEq>(
    key: &str,
    values: &[Option<T>; 2],
    shown: impl Fn(&T) -> String,
    means: impl Fn(&T, &T) -> String,
    out: &mut Vec<Value>,
) {
    let [first, second] = values;
    if first == second {
        return;
    }
    let show = |value: &Option<T>| value.as_ref().map_or_else(|| UNKNOWN.to_owned(), &shown);
    let moved = |from: &Option<T>, to: &Option<T>| match (from, to) {
        (Some(from), Some(to)) => means(from, to),
        _ => open(key),
    };
    out.push(Value {
        key: key.to_owned(),
        first: show(first),
        second: show(second),
        there: moved(first, second),
        back: moved(second, first),
    });
}

/// Words that one side does not know, and bits without a name.
fn words(first: &Profile, second: &Profile, out: &mut Vec<Value>) {
    for (word, key) in HwcapWord::ALL.into_iter().zip([
        "hwcap.hwcap",
        "hwcap.hwcap2",
        "hwcap.hwcap3",
        "hwcap.hwcap4",
    ]) {
        let values = [first, second].map(|machine| machine.hwcaps.word(word));
        let nameless = values.map(|value| value.unwrap_or(0) & !word.known());
        let one_unknown = values.iter().any(Option::is_none);
        if one_unknown || nameless.first() != nameless.last() {
            compare(
                key,
                &values,
                |value| format!("{value:#x}"),
                |from, to| match from & !to & !word.known() {
                    0 => String::new(),
                    lost => format!("bits without a name are missing: {lost:#x}"),
                },
                out,
            );
        }
    }
}

fn vectors(first: &Profile, second: &Profile, out: &mut Vec<Value>) {
    let pairs = [
        ("sve", [first.sve.as_ref(), second.sve.as_ref()]),
        ("sme", [first.sme.as_ref(), second.sme.as_ref()]),
    ];
    for (name, offered) in pairs {
        // That a machine has none at all is said of the feature.
        let none = |offered: &Option<&VectorLengths>| {
            offered.is_some_and(|offered| offered.lengths.is_empty())
        };
        if offered.iter().any(none) {
            continue;
        }
        compare(
            &format!("{name}.vector_lengths"),
            &offered.map(|offered| offered.map(|offered| &offered.lengths)),
            |lengths| list(lengths),
            |from, to| {
                let lost: Vec<Vl> = from.iter().filter(|vl| !to.contains(vl)).copied().collect();
                if lost.is_empty() {
                    String::new()
                } else {
                    format!("no task can run with {} there", list(&lost))
                }
            },
            out,
        );
        compare(
            &format!("{name}.default"),
            &offered.map(|offered| offered.and_then(|offered| offered.default)),
            ToString::to_string,
            |from, to| {
                format!(
                    "frames that show vl {from} are refused, for a restored task has {to}, unless `hwcr launch` starts \
                     the restore with {from}"
                )
            },
            out,
        );
    }
}

fn list(lengths: &[Vl]) -> String {
    let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
    lengths.join(", ")
}

fn numbers(first: &Profile, second: &Profile, out: &mut Vec<Value>) {
    compare(
        "page_size",
        &[first.page_size, second.page_size],
        ToString::to_string,
        |_, _| "no mapping can be restored".to_owned(),
        out,
    );
    compare(
        "va_bits",
        &[first.va_bits, second.va_bits],
        ToString::to_string,
        |from, to| {
            let mut parts = Vec::new();
            if to < from {
                parts.push(format!("addresses above 2^{to} do not fit"));
            }
            if signs(first) && signs(second) {
                parts.push("signed pointers do not authenticate".to_owned());
            }
            parts.join("; ")
        },
        out,
    );
    compare(
        "minsigstksz",
        &[first.minsigstksz, second.minsigstksz],
        ToString::to_string,
        |from, to| {
            if to > from {
                "signal frames may outgrow stacks that were sized by what the process was told"
                    .to_owned()
            } else {
                String::new()
            }
        },
        out,
    );
}

/// Whether a machine has, or may have, pointer authentication.
fn signs(machine: &Profile) -> bool {
    machine.pauth.address != Some(PacAlgorithm::None)
}

fn pauth(first: &Profile, second: &Profile, out: &mut Vec<Value>) {
    // That a machine has none at all is said of the feature.
    if signs(first) && signs(second) {
        compare(
            "pauth.address",
            &[first.pauth.address, second.pauth.address],
            ToString::to_string,
            |_, _| "signed return addresses do not authenticate".to_owned(),
            out,
        );
        compare(
            "pauth.level",
            &[first.pauth.level, second.pauth.level],
            ToString::to_string,
            |_, _| "signed return addresses do not authenticate".to_owned(),
            out,
        );
        let makers_own = |machine: &Profile| machine.pauth.address == Some(PacAlgorithm::Impdef);
        if makers_own(first) && makers_own(second) {
            compare(
                "registers.MIDR_EL1",
                &[first.cpu_design(), second.cpu_design()],
                |(maker, part)| format!("implementer {maker:#04x}, part {part:#05x}"),
                |_, _| {
                    "signed return addresses may not authenticate: two designs need not share their maker's own algorithm"
                        .to_owned()
                },
                out,
            );
        }
    }
}

fn versions(first: &Profile, second: &Profile, out: &mut Vec<Value>) {
    compare(
        "auxv_bytes",
        &[first.auxv_limit(), second.auxv_limit()],
        ToString::to_string,
        |from, to| {
            if to < from {
                format!("a saved auxv longer than {to} bytes is refused")
            } else {
                String::new()
            }
        },
        out,
    );
    compare(
        "kernel",
        &[first.kernel, second.kernel],
        ToString::to_string,
        |from, to| kernel_move(*from, *to),
        out,
    );
    compare(
        "criu",
        &[first.criu, second.criu],
        ToString::to_string,
        |from, to| criu_move(*from, *to),
        out,
    );
}

/// Calls that are named of those an older kernel lacks.
const MOST_CALLS: usize = 5;

/// What another kernel means besides the records and the auxv, which have their own lines.
fn kernel_move(from: Version, to: Version) -> String {
    let mut parts = Vec::new();
    // What another rule judges has a line of its own.
    let gone = restore::rows().filter(|row| {
        row.kernel.as_ref().is_some_and(|floor| {
            floor.rule == KERNEL_RULE
                && floor.below == Below::Breaks
                && !floor.met_by(to)
                && floor.met_by(from)
        })
    });
    let mut gone: Vec<&str> = gone.map(|row| row.call).collect();
    let more = format!(
        "{} more (docs/floors.md)",
        gone.len().saturating_sub(MOST_CALLS)
    );
    if gone.len() > MOST_CALLS {
        gone.truncate(MOST_CALLS);
        gone.push(&more);
    }
    if !gone.is_empty() {
        parts.push(format!("images that need {} fail", gone.join(", ")));
    }
    if kernel::rseq_size_fixed(to) && !kernel::rseq_size_fixed(from) {
        parts.push(format!(
            "rseq areas of more than {} bytes fail",
            kernel::ORIGINAL_RSEQ_SIZE
        ));
    }
    let newly = |refuses: fn(Version) -> Option<bool>| {
        refuses(to) != Some(false) && refuses(from) == Some(false)
    };
    if newly(kernel::refuses_large_fpsimd) {
        parts.push(
            "FPSIMD records of more than 528 bytes beside an SVE record are refused".to_owned(),
        );
    }
    if kernel::por_uninitialised(to) && !kernel::por_uninitialised(from) {
        parts.push("with permission overlays POR_EL0 may be wrong after a restore".to_owned());
    }
    parts.join("; ")
}

fn criu_move(from: Version, to: Version) -> String {
    let mut parts = Vec::new();
    if to < from {
        parts.push(format!(
            "what images of CRIU {from} hold that is newer than {to} is lost or fails"
        ));
    }
    if to < criu::SAVES_PAC_KEYS && criu::SAVES_PAC_KEYS <= from {
        parts.push("pointer-authentication keys are not restored".to_owned());
    }
    parts.join("; ")
}

fn others(first: &Profile, second: &Profile, out: &mut Vec<Value>) {
    let zva = |machine: &Profile| match machine.zva() {
        Zva::Bytes(bytes) => Some(format!("{bytes} bytes")),
        Zva::Prohibited => Some("prohibited".to_owned()),
        Zva::Unknown => None,
    };
    compare(
        "registers.DCZID_EL0",
        &[zva(first), zva(second)],
        |block| format!("DC ZVA: {block}"),
        |_, _| "code that keeps the block size zeroes too much or too little".to_owned(),
        out,
    );
    compare(
        "registers.CTR_EL0",
        &[first.register("CTR_EL0"), second.register("CTR_EL0")],
        |value| format!("{value:#x}"),
        |from, to| {
            let (from, to) = (CacheType::of_ctr(*from), CacheType::of_ctr(*to));
            match from.demands(to).as_slice() {
                [] => String::new(),
                more => format!(
                    "code that programs make at run time may be stale: {}",
                    more.join("; ")
                ),
            }
        },
        out,
    );
    compare(
        "registers.CNTFRQ_EL0",
        &[first.counter_frequency(), second.counter_frequency()],
        |frequency| hertz(*frequency),
        |_, _| "programs that keep the counter's frequency compute wrong times".to_owned(),
        out,
    );
    let members = |machine: &Profile| {
        let names: Vec<&str> = machine
            .members
            .iter()
            .map(|member| member.name.as_str())
            .collect();
        Some(if names.is_empty() {
            "a single machine".to_owned()
        } else {
            names.join(", ")
        })
    };
    compare(
        "members",
        &[members(first), members(second)],
        Clone::clone,
        |_, _| String::new(),
        out,
    );
}

/// Whether a missing feature is why: then the feature says it.
fn lacks_feature(answer: &Answer) -> bool {
    matches!(answer, Answer::Rejected(Reason::NoFeature(_)))
}

/// What differs for another reason than a missing feature.
fn frames_that_differ(first: &Profile, second: &Profile) -> Vec<Frame> {
    let kind = |told: &frames::Told| format!("{} {}", told.record, told.detail);
    let (first, second) = (frames::answers(first), frames::answers(second));
    let word = |answer: &Answer| std::mem::discriminant(answer);
    first
        .into_iter()
        .filter_map(|one| {
            let other = second.iter().find(|other| kind(other) == kind(&one))?;
            let missing = [&one.answer, &other.answer].into_iter().any(lacks_feature);
            (word(&one.answer) != word(&other.answer) && !missing).then(|| Frame {
                record: kind(&one).trim_end().to_owned(),
                answers: [one.answer, other.answer.clone()],
                why: [one.why, other.why.clone()],
            })
        })
        .collect()
}
