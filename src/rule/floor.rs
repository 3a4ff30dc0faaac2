//! Reads the table of what a restore asks for ([`crate::abi::restore`]): every row that the image asks for
//! against the target's kernel and CRIU.

use crate::abi::restore::{self, Below, CriuFloor, Evidence, KERNEL_RULE, KernelFloor, PAIRS, Row};
use crate::criu_image::ask::Asked;
use crate::finding::{Finding, Proof, Severity, Subject};
use crate::profile::model::{Observed, Profile};
use crate::rule_id::RuleId;
use crate::units::Version;

use super::{Case, RuleMeta};

/// The rows that the image asks for.
fn asked<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a Asked, &'static Row)> + use<'a> {
    let asks = &case.facts.asks;
    asks.iter()
        .filter_map(|asked| Some((asked, restore::row(asked.ask)?)))
}

/// How much a floor that is not met weighs; `None` where nothing is lost.
fn severity(below: Below, proven: bool) -> Option<Severity> {
    match below {
        Below::Breaks if proven => Some(Severity::Blocker),
        Below::Breaks | Below::Loses => Some(Severity::Unproven),
        Below::Differs => Some(Severity::Note),
        Below::Ignores => None,
    }
}

/// Whether the profile holds something that proves the kernel to have it.
fn shown(evidence: Evidence, target: &Profile) -> bool {
    match evidence {
        Evidence::Hwcap(bit) => target.hwcaps.has(bit) == Some(true),
        Evidence::Record(name) => target.sigreturn.get(name) == Some(&Observed::Accepted),
        Evidence::None | Evidence::AuxvBytes => false,
    }
}

/// Whether the target's CRIU makes the call of a row: `None` where it passes it over, because it is too old
/// to know what asks for it, and false where an unknown release may.
fn makes_the_call(row: &Row, criu: Option<Version>) -> Option<bool> {
    let Some(floor) = row
        .criu
        .as_ref()
        .filter(|floor| floor.older != Below::Breaks)
    else {
        return Some(true);
    };
    match criu {
        Some(version) if version < floor.since => None,
        version => Some(version.is_some()),
    }
}

/// The finding at what asks for it.
fn at(finding: Finding, asked: &Asked) -> Finding {
    finding
        .about(Subject::of(asked.pid, asked.tid))
        .read_at(asked.place.clone())
}

/// What the target's kernel must have.
pub(super) fn kernel(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case.target.kernel else {
        return; // HWCR-PRF-001
    };
    for (asked, row) in asked(case) {
        let Some(floor) = judged_here(row.kernel.as_ref(), meta.id, |floor| floor.rule) else {
            continue;
        };
        if floor.met_by(version) || shown(floor.evidence, case.target) {
            continue;
        }
        let Some(calls) = makes_the_call(row, case.target.criu) else {
            continue;
        };
        let vendor = case.target.vendor_sign();
        let proven = floor.verified && floor.vendors.is_empty() && calls && vendor.is_none();
        let Some(severity) = severity(floor.below, proven) else {
            continue;
        };
        let mut help = format!("Use kernel {} or later on the target.", floor.since);
        if !floor.vendors.is_empty() {
            help.push_str(&format!(" {} have it in older versions.", floor.vendors));
        }
        let message = match vendor {
            Some(sign) => format!(
                "the image has {}; mainline {version} has no {} (needs {}), and this kernel is not mainline's: it {sign}",
                row.what, row.call, floor.since
            ),
            None => format!(
                "the image has {}; kernel {version} has no {} (needs {}): {}",
                row.what, row.call, floor.since, floor.says
            ),
        };
        let finding = Finding::new(meta, severity, Proof::Version, message)
            .need_have(
                format!("kernel {}", floor.since),
                format!("kernel {version}"),
            )
            .help(help);
        out.push(at(finding, asked));
    }
}

/// What the target's CRIU must know.
pub(super) fn criu(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case.target.criu else {
        return; // HWCR-PRF-001
    };
    for (asked, row) in asked(case) {
        let Some(floor) = judged_here(row.criu.as_ref(), meta.id, |floor| floor.rule) else {
            continue;
        };
        if version >= floor.since {
            continue;
        }
        let Some(severity) = severity(floor.older, floor.verified) else {
            continue;
        };
        let finding = Finding::new(
            meta,
            severity,
            Proof::Version,
            format!(
                "the image has {} (CRIU {} and later), and the target has CRIU {version}: {}",
                row.what, floor.since, floor.says
            ),
        )
        .need_have(format!("CRIU {}", floor.since), format!("CRIU {version}"))
        .help(format!("Use CRIU {} or later on the target.", floor.since));
        out.push(at(finding, asked));
    }
}

/// Kernels that the target's CRIU is too old for.
pub(super) fn pairs(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (Some(criu), Some(kernel)) = (case.target.criu, case.target.kernel) else {
        return;
    };
    let vendor = case.target.is_vendor_kernel();
    for pair in PAIRS.iter().filter(|pair| criu < pair.criu) {
        // A vendor's kernel may have what changed at a lower number.
        let concerned = pair.concerns(kernel, criu);
        let Some(severity) = severity(pair.older, pair.verified && concerned)
            .filter(|severity| concerned || vendor && *severity != Severity::Note)
        else {
            continue;
        };
        let may = if severity == Severity::Blocker {
            "is"
        } else {
            "may be"
        };
        out.push(
            Finding::new(
                meta,
                severity,
                Proof::Version,
                format!(
                    "CRIU {criu} {may} too old for kernel {kernel}: from {} on {}, and {}",
                    pair.kernel, pair.what, pair.says
                ),
            )
            .need_have(format!("CRIU {}", pair.criu), format!("CRIU {criu}"))
            .help(format!("Use CRIU {} or later on the target.", pair.criu)),
        );
    }
}

/// A floor, where the rule `id` is the one that judges it.
fn judged_here<T>(
    floor: Option<&'static T>,
    id: RuleId,
    rule: fn(&T) -> RuleId,
) -> Option<&'static T> {
    floor.filter(|floor| rule(floor) == id)
}

/// The row with the newest kernel that matters to this image, for a target whose kernel is not known.
pub(super) fn newest_kernel(case: &Case<'_>) -> Option<(&'static Row, &'static KernelFloor)> {
    asked(case)
        .filter_map(|(_, row)| Some((row, row.kernel.as_ref()?)))
        .filter(|(_, floor)| {
            floor.rule == KERNEL_RULE
                && !matches!(floor.below, Below::Differs | Below::Ignores)
                && floor.since > restore::OLDEST_ASKED
                && !shown(floor.evidence, case.target)
        })
        .max_by_key(|(_, floor)| floor.since)
}

/// The row with the newest CRIU that matters to this image, for a target whose CRIU is not known.
pub(super) fn newest_criu(case: &Case<'_>) -> Option<(&'static Row, &'static CriuFloor)> {
    asked(case)
        .filter_map(|(_, row)| Some((row, row.criu.as_ref()?)))
        .filter(|(_, floor)| !matches!(floor.older, Below::Differs | Below::Ignores))
        .max_by_key(|(_, floor)| floor.since)
}
