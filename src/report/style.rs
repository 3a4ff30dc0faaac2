//! Colours. They only underline what the words already say.

use anstyle::{AnsiColor, Style};

use super::v1::{Liveness, Severity, Verdict};

/// Ordinary text.
pub const PLAIN: Style = Style::new();
/// Headings and names.
pub const STRONG: Style = Style::new().bold();
/// What is there for completeness.
pub const FAINT: Style = Style::new().dimmed();
/// Bad news.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Open questions.
pub const OPEN: Style = AnsiColor::Yellow.on_default().bold();
/// Good news.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Side remarks.
pub const ASIDE: Style = AnsiColor::Cyan.on_default();

/// The colour of a verdict; no verdict counts as bad news.
#[must_use]
pub fn of_verdict(verdict: Option<Verdict>) -> Style {
    match verdict {
        Some(Verdict::Compatible) => GOOD,
        Some(Verdict::Indeterminate) => OPEN,
        Some(Verdict::Incompatible) | None => BAD,
    }
}

/// The colour of a severity.
#[must_use]
pub fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Blocker => BAD,
        Severity::Unproven => OPEN,
        Severity::Note => ASIDE,
    }
}

/// The colour of a frame's liveness.
#[must_use]
pub fn of_liveness(liveness: Liveness) -> Style {
    match liveness {
        Liveness::Live => STRONG,
        Liveness::Unknown => OPEN,
        Liveness::Stale => FAINT,
    }
}
