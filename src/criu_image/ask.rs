//! What an image was seen to ask of whoever restores it.
//!
//! A reader notes what it sees with `Asks::see`. What there is to ask for is a list of [`crate::abi::ask`].

use std::collections::BTreeMap;

pub use crate::abi::ask::Ask;
use crate::units::{Pid, Place, Tid};

/// Something an image asks for, and where it does so first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub ask: Ask,
    /// The task that asks first, where a task does.
    pub pid: Option<Pid>,
    /// The thread that asks first, where a thread does.
    pub tid: Option<Tid>,
    /// Where it was met first.
    pub place: Place,
    /// How often it was met.
    pub times: u64,
}

/// What has been asked for so far.
#[derive(Debug, Default)]
pub(super) struct Asks {
    met: BTreeMap<Ask, Asked>,
    pid: Option<Pid>,
    tid: Option<Tid>,
}

impl Asks {
    /// From here on `pid` asks, or nobody in particular.
    pub(super) fn of_task(&mut self, pid: Option<Pid>) {
        (self.pid, self.tid) = (pid, None);
    }

    /// From here on this thread of the task asks, or none in particular.
    pub(super) fn of_thread(&mut self, tid: Option<Tid>) {
        self.tid = tid;
    }

    /// Notes something asked for; the first place counts.
    pub(super) fn see(&mut self, ask: Ask, place: impl FnOnce() -> Place) {
        let (pid, tid) = (self.pid, self.tid);
        let asked = self.met.entry(ask).or_insert_with(|| Asked {
            ask,
            pid,
            tid,
            place: place(),
            times: 0,
        });
        asked.times = asked.times.saturating_add(1);
    }

    /// Notes what the bits of a word ask for.
    pub(super) fn see_bits(&mut self, word: u32, bits: &[(u32, Ask)], place: impl Fn() -> Place) {
        for (_, ask) in bits.iter().filter(|(mask, _)| word & mask != 0) {
            self.see(*ask, &place);
        }
    }

    /// Everything that was asked for, in the order of [`Ask`].
    pub(super) fn into_list(self) -> Vec<Asked> {
        self.met.into_values().collect()
    }
}
