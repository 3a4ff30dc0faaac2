//! What is said when there is no answer.

/// An error and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Failure {
    /// What happened, without `error:`.
    pub(super) message: String,
    /// What to do next, one line each.
    pub(super) help: Vec<String>,
    /// There was no room for a temporary file; there may be when nothing else is read.
    pub(super) for_want_of_room: bool,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}
