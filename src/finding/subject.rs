//! What a finding is about.

use crate::units::{Addr, Pid, Tid};

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The image and the target as a whole.
    Whole,
    /// A key of a profile.
    Key(&'static str),
    /// A file that the restore opens.
    File {
        /// Its path as the image has it.
        name: String,
        /// The task it is for, where that is one.
        pid: Option<Pid>,
    },
    /// A task, or a part of one.
    Task(Spot),
}

/// A task, or a part of one. Edits are about such a spot too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The task.
    pub pid: Pid,
    /// The part of it.
    pub part: Part,
}

/// A part of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// All of it.
    Whole,
    /// A thread.
    Thread(Tid),
    /// What lies at an address: a mapping, a stack, a word.
    Memory {
        /// The thread, where one is concerned.
        tid: Option<Tid>,
        /// The address.
        address: Addr,
    },
    /// A signal frame.
    Frame {
        /// The thread that returns through it, where that is known.
        tid: Option<Tid>,
        /// Where the frame begins.
        base: Addr,
    },
    /// A record of a signal frame.
    Record {
        /// The thread that returns through the frame, where that is known.
        tid: Option<Tid>,
        /// Where the frame begins.
        base: Addr,
        /// Where the record begins.
        address: Addr,
    },
}

impl Spot {
    /// All of a task.
    #[must_use]
    pub fn task(pid: Pid) -> Self {
        let part = Part::Whole;
        Self { pid, part }
    }

    /// A thread of a task.
    #[must_use]
    pub fn thread(pid: Pid, tid: Tid) -> Self {
        let part = Part::Thread(tid);
        Self { pid, part }
    }

    /// An address in a task.
    #[must_use]
    pub fn memory(pid: Pid, tid: Option<Tid>, address: Addr) -> Self {
        let part = Part::Memory { tid, address };
        Self { pid, part }
    }

    /// A signal frame.
    #[must_use]
    pub fn frame(pid: Pid, tid: Option<Tid>, base: Addr) -> Self {
        let part = Part::Frame { tid, base };
        Self { pid, part }
    }

    /// A record of a signal frame.
    #[must_use]
    pub fn record(pid: Pid, tid: Option<Tid>, base: Addr, address: Addr) -> Self {
        let part = Part::Record { tid, base, address };
        Self { pid, part }
    }

    /// The thread, where one is concerned.
    #[must_use]
    pub fn tid(&self) -> Option<Tid> {
        match self.part {
            Part::Whole => None,
            Part::Thread(tid) => Some(tid),
            Part::Memory { tid, .. } | Part::Frame { tid, .. } | Part::Record { tid, .. } => tid,
        }
    }

    /// The address, where one is concerned.
    #[must_use]
    pub fn address(&self) -> Option<Addr> {
        match self.part {
            Part::Whole | Part::Thread(_) => None,
            Part::Memory { address, .. } | Part::Record { address, .. } => Some(address),
            Part::Frame { base, .. } => Some(base),
        }
    }

    /// Where the signal frame begins that it is, or is in.
    #[must_use]
    pub fn frame_base(&self) -> Option<Addr> {
        match self.part {
            Part::Frame { base, .. } | Part::Record { base, .. } => Some(base),
            Part::Whole | Part::Thread(_) | Part::Memory { .. } => None,
        }
    }

    /// The frame in place of a record: records move within their frame when one in front of them is dropped.
    #[must_use]
    pub fn in_its_frame(self) -> Self {
        match self.part {
            Part::Record { tid, base, .. } => Self::frame(self.pid, tid, base),
            Part::Whole | Part::Thread(_) | Part::Memory { .. } | Part::Frame { .. } => self,
        }
    }
}

impl Subject {
    /// A thread, a task, or neither, as far as it is known.
    #[must_use]
    pub fn of(pid: Option<Pid>, tid: Option<Tid>) -> Self {
        match (pid, tid) {
            (Some(pid), Some(tid)) => Spot::thread(pid, tid).into(),
            (Some(pid), None) => Spot::task(pid).into(),
            (None, _) => Self::Whole,
        }
    }

    /// The spot in a task, where it is one.
    #[must_use]
    pub fn spot(&self) -> Option<Spot> {
        match self {
            Self::Task(spot) => Some(*spot),
            Self::Whole | Self::Key(_) | Self::File { .. } => None,
        }
    }

    /// The task, where one is concerned.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        match self {
            Self::Whole | Self::Key(_) => None,
            Self::File { pid, .. } => *pid,
            Self::Task(spot) => Some(spot.pid),
        }
    }

    /// The thread, where one is concerned.
    #[must_use]
    pub fn tid(&self) -> Option<Tid> {
        self.spot()?.tid()
    }

    /// The address in the task, where one is concerned.
    #[must_use]
    pub fn address(&self) -> Option<Addr> {
        self.spot()?.address()
    }

    /// As [`Spot::in_its_frame`].
    #[must_use]
    pub fn in_its_frame(self) -> Self {
        match self {
            Self::Task(spot) => Self::Task(spot.in_its_frame()),
            Self::Whole | Self::Key(_) | Self::File { .. } => self,
        }
    }
}

impl From<Spot> for Subject {
    fn from(spot: Spot) -> Self {
        Self::Task(spot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PID: Pid = Pid(12);
    const TID: Tid = Tid(14);

    #[test]
    fn a_subject_says_where_it_is() {
        let file = Subject::File {
            name: "/bin/x".to_owned(),
            pid: Some(PID),
        };
        let at = Addr(0x1000);
        let (record, thread) = (Addr(0x1250), Some(TID));
        let table = [
            (Subject::Whole, None, None, None),
            (Subject::Key("sve"), None, None, None),
            (file, Some(PID), None, None),
            (Spot::task(PID).into(), Some(PID), None, None),
            (Spot::thread(PID, TID).into(), Some(PID), thread, None),
            (
                Spot::memory(PID, None, at).into(),
                Some(PID),
                None,
                Some(at),
            ),
            (
                Spot::frame(PID, thread, at).into(),
                Some(PID),
                thread,
                Some(at),
            ),
            (
                Spot::record(PID, thread, at, record).into(),
                Some(PID),
                thread,
                Some(record),
            ),
        ];
        for (subject, pid, tid, address) in table {
            let said = (subject.pid(), subject.tid(), subject.address());
            assert_eq!(said, (pid, tid, address), "{subject:?}");
        }
        assert_eq!(Subject::of(None, Some(TID)), Subject::Whole);
    }

    #[test]
    fn a_record_stands_for_its_frame() {
        let frame = Spot::frame(PID, Some(TID), Addr(0x1000));
        let record = Spot::record(PID, Some(TID), Addr(0x1000), Addr(0x1250));
        assert_eq!(record.in_its_frame(), frame);
        assert_eq!(frame.in_its_frame(), frame);
        assert_eq!(record.frame_base(), frame.frame_base());
        let memory = Spot::memory(PID, None, Addr(0x1000));
        assert_eq!((memory.in_its_frame(), memory.frame_base()), (memory, None));
    }
}
