//! `profile validate` for people.

use std::io;

use super::layout::{Page, counted, plain, styled};
use super::style::{BAD, GOOD, OPEN, STRONG};
use crate::divergence::doubt::Doubt;

/// A profile and what was found wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The file as the user named it.
    pub file: String,
    /// Its mistakes, each with its place; none where it is valid.
    pub errors: Vec<String>,
    /// What is doubtful about a valid one.
    pub doubts: Vec<Doubt>,
}

/// For each profile whether it is valid, then its mistakes or doubts.
///
/// # Errors
/// What the writer says.
pub fn examined(page: &mut Page<'_>, profiles: &[Examined]) -> io::Result<()> {
    for profile in profiles {
        let (style, verdict) = match (profile.errors.len(), profile.doubts.len()) {
            (0, 0) => (GOOD, "valid".to_owned()),
            (0, doubts) => (
                GOOD,
                format!("valid, with {}", counted(doubts, "warning", "warnings")),
            ),
            (errors, _) => (
                BAD,
                format!("not valid, with {}", counted(errors, "mistake", "mistakes")),
            ),
        };
        page.line(
            0,
            2,
            &[
                styled(STRONG, &profile.file),
                plain(": "),
                styled(style, verdict),
            ],
        )?;
        for error in &profile.errors {
            page.line(2, 4, &[styled(BAD, "error"), plain(format!(": {error}"))])?;
        }
        for doubt in &profile.doubts {
            page.line(
                2,
                4,
                &[
                    styled(OPEN, "warning"),
                    plain(format!(": `{}`: {}", doubt.key, doubt.what)),
                ],
            )?;
        }
    }
    Ok(())
}
