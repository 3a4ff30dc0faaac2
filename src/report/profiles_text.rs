//! Profiles for people.

use std::io;

use super::layout::{Page, plain, styled};
use super::style::{ASIDE, STRONG};
use crate::profile::cost;
use crate::profile::model::{Profile, VectorLengths};

/// Column at which the facts begin.
const NAME_COLUMNS: usize = 20;

/// One entry a profile: name, kernel, vector lengths, pointer authentication.
///
/// # Errors
/// What the writer says.
pub fn list(page: &mut Page<'_>, profiles: &[Profile]) -> io::Result<()> {
    for profile in profiles {
        let kernel = profile
            .kernel
            .map_or_else(|| "?".to_owned(), |kernel| kernel.to_string());
        let pauth = profile
            .pauth
            .address
            .map_or("?", |algorithm| algorithm.name());
        let facts = format!(
            "kernel {kernel}, SVE {}, SME {}, PAC {pauth}, {}-bit addresses",
            lengths(profile.sve.as_ref()),
            lengths(profile.sme.as_ref()),
            profile
                .va_bits
                .map_or_else(|| "?".to_owned(), |bits| bits.to_string()),
        );
        page.labelled(
            0,
            NAME_COLUMNS,
            styled(STRONG, &profile.name),
            &[plain(facts)],
        )?;
    }
    Ok(())
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

/// The default length and how many there are.
fn lengths(offered: Option<&VectorLengths>) -> String {
    match offered {
        None => "?".to_owned(),
        Some(offered) => match (offered.default, offered.lengths.as_slice()) {
            (_, []) => "none".to_owned(),
            (Some(default), _) => format!("vl {default}"),
            (None, _) => "default unknown".to_owned(),
        },
    }
}
