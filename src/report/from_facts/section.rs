//! The sections of `inspect`.

use super::Selection;

/// A section of what `inspect` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Section {
    /// Tasks and threads, and where each thread stands.
    Tasks,
    /// Auxiliary vectors and the capabilities in them.
    Auxv,
    /// Signal frames, record by record.
    Frames,
    /// Memory by what the image holds of it.
    Memory,
    /// Pointer authentication (never the keys).
    Pac,
    /// Regular files that tasks map or hold open.
    Files,
    /// How the image was packed, and what its engine says of it.
    Export,
    /// Files, format features and oddities of the image directory.
    Images,
    /// The machine and software the image comes from.
    Origin,
}

impl Selection {
    /// Whether a section is to be shown.
    #[must_use]
    pub fn wants(&self, section: Section) -> bool {
        self.sections.is_empty() || self.sections.contains(&section)
    }
}
