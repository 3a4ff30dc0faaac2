//! A place in a task's code of which the worst must be taken, and why.

use std::fmt;
use std::sync::Arc;

use crate::flow::NoGraph;
use crate::object::Absent;
use crate::object::executable::Unloadable;
use crate::units::Pid;

/// Why something cannot be ruled out of code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Number and first argument are those.
    #[error("calls prctl(PR_SVE_SET_VL, …)")]
    Sets,
    /// The number is that of prctl.
    #[error("calls prctl with a first argument that its code does not show")]
    Argument,
    /// Neither is known.
    #[error("makes a system call whose number its code does not show")]
    Number,
    /// A function that ends in such a call is called through a pointer.
    #[error("takes the address of a function that makes any system call, or prctl, for its caller")]
    AddressTaken,
    /// Nothing shows how such a call is reached.
    #[error("makes such a system call in code that nothing is seen to lead to")]
    NotReached,
    /// There are more ways to it than are followed.
    #[error("has more ways to a system call than are followed")]
    TooMany,
    /// It asks for such a function by name.
    #[error("may look {0} up by its name")]
    Lookup(String),
    /// It calls functions whose names are made at run time.
    #[error("calls functions by names that are made at run time (libffi)")]
    AnyFunction,
    /// It reads a register.
    #[error("reads {0}")]
    Reads(&'static str),
    /// It has too much code.
    #[error("has more code than is looked at")]
    TooLarge,
    /// Its code can be written to.
    #[error("has code that is writable")]
    Writable,
    /// Its headers or tables are not those of a file that can be loaded.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// It is not at hand.
    #[error("is not at hand: {0}")]
    Unused(String),
    /// More of it is mapped than its code.
    #[error("is mapped executable where it holds no code")]
    Beyond,
    /// The task has other bytes there.
    #[error("was changed in memory")]
    Changed,
    /// Pages of it are not in the image.
    #[error("has pages of the task's own that the image does not hold")]
    Missing,
    /// The task descends from one that may have set a length to be inherited (`PR_SVE_VL_INHERIT`).
    #[error("may have inherited a length: of task {0} it is not shown that it set none")]
    Inherited(Pid),
    /// No file is behind it.
    #[error("executable memory that is no file: code made at run time")]
    Anonymous,
}

impl From<Unloadable> for Reason {
    fn from(why: Unloadable) -> Self {
        match why {
            Unloadable::TooLarge => Self::TooLarge,
            Unloadable::Writable => Self::Writable,
            Unloadable::Outside => Self::Unreadable(why.to_string()),
        }
    }
}

impl From<&Absent<'_>> for Reason {
    fn from(why: &Absent) -> Self {
        match why {
            Absent::Unused(unused) => Self::Unused(unused.to_string()),
            Absent::Foreign(error) => Self::Unreadable(error.to_string()),
        }
    }
}

impl From<NoGraph> for Reason {
    fn from(why: NoGraph) -> Self {
        match why {
            NoGraph::Code(why) => why.into(),
            NoGraph::Dynamic(error) => Self::Unreadable(error.to_string()),
        }
    }
}

/// A place that may do what is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// The file's path; empty for memory without one.
    pub file: Arc<str>,
    /// Offset in the file, or the address in memory, where it is one place.
    pub at: Option<u64>,
    /// What is there.
    pub reason: Reason,
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.is_empty(), self.at) {
            (true, None) => {}
            (true, Some(at)) => write!(f, "{at:#x}: ")?,
            (false, None) => write!(f, "{} ", self.file)?,
            (false, Some(at)) => write!(f, "{} (at {at:#x}) ", self.file)?,
        }
        self.reason.fmt(f)
    }
}
