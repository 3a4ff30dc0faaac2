//! Profiles for people.

use std::io;

use super::layout::{Page, plain, styled};
use super::style::{ASIDE, STRONG};
use crate::profile::model::cost;
use crate::profile::model::{Basis, PacAlgorithm, Profile, VectorLengths};

/// Groups of the list: basis, heading, and the column at which the facts begin.
const GROUPS: [(Basis, &str, usize); 2] = [
    (Basis::Emulated, "Emulated machines, measured:", 19),
    (
        Basis::Published,
        "Real machines, as published; what yours offers may differ:",
        29,
    ),
];

/// One entry a profile, in groups: what it says of kernel, vector lengths, pointer authentication and
/// addresses.
///
/// # Errors
/// What the writer says.
pub fn list(page: &mut Page<'_>, profiles: &[Profile]) -> io::Result<()> {
    for (index, (basis, heading, columns)) in GROUPS.into_iter().enumerate() {
        if index > 0 {
            page.blank()?;
        }
        page.line(0, 2, &[plain(heading)])?;
        for profile in profiles.iter().filter(|one| one.basis == Some(basis)) {
            let name = styled(STRONG, &profile.name);
            page.labelled(2, columns - 2, name, &[plain(facts(profile))])?;
        }
    }
    Ok(())
}

/// What a profile says of a machine, on a line; `?` is unknown.
fn facts(profile: &Profile) -> String {
    let unknown = || "?".to_owned();
    let kernel = profile.kernel.map(|kernel| format!("kernel {kernel}"));
    let sve = profile.sve.as_ref().map_or_else(unknown, lengths);
    let sme = profile.sme.as_ref().map_or_else(unknown, lengths);
    let pauth = profile.pauth.address.map_or("?", PacAlgorithm::name);
    let vectors = format!("SVE {sve}, SME {sme}, PAC {pauth}");
    let bits = profile.va_bits.map(|bits| format!("{bits}-bit VA"));
    let parts = [kernel, Some(vectors), bits];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What a profile does not say, and what that costs.
///
/// # Errors
/// What the writer says.
pub fn unknown(page: &mut Page<'_>, profile: &Profile) -> io::Result<()> {
    for cost in cost::unknown(profile) {
        let label = styled(ASIDE, "unknown");
        let text = format!(" {}: {}", cost.key, cost.costs);
        page.line(0, 2, &[label, plain(text)])?;
    }
    Ok(())
}

/// The default length, or those it can be.
fn lengths(offered: &VectorLengths) -> String {
    match (offered.default, offered.lengths.as_slice()) {
        (_, []) => "none".to_owned(),
        (Some(default), _) => format!("vl {default}"),
        (None, lengths) => {
            let lengths: Vec<String> = lengths.iter().map(ToString::to_string).collect();
            format!("vl {}", lengths.join(" or "))
        }
    }
}
