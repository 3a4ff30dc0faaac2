//! What unwind tables say of frames that no thread was unwound through: whose part of which stack they lie on.
//!
//! A function that a thread is in, or will return to, has its part of the stack for itself, and a frame in it is no
//! frame of that thread. But a program may keep other stacks in its local variables, on which a context is suspended.
//! So the code the frame interrupted is unwound as well: where that had callers outside of the function's part, it ran
//! on the thread's own stack, and what lies there now has taken its place.

use super::Judge;
use crate::sigframe::cfi::Unwound;
use crate::sigframe::model::Frame;
use crate::units::{Addr, AddrRange};

/// A function that a thread will return to or is in, and its part of the stack.
#[derive(Clone, Copy)]
struct Function {
    thread: usize,
    stack: AddrRange,
}

/// The functions of all threads that were unwound to an outermost one.
pub(super) struct Functions {
    /// Ascending by the start of their stack.
    all: Vec<Function>,
}

impl Functions {
    pub(super) fn new(unwound: &[Unwound]) -> Self {
        let complete = unwound
            .iter()
            .enumerate()
            .filter(|(_, unwound)| unwound.complete());
        let mut all: Vec<Function> = complete
            .flat_map(|(thread, unwound)| {
                let stacks = unwound.stacks.iter();
                stacks.map(move |&stack| Function { thread, stack })
            })
            .collect();
        all.sort_by_key(|function| function.stack.start);
        Self { all }
    }

    /// The function that has all of a frame on its part of the stack.
    fn around(&self, frame: &Frame) -> Option<Function> {
        /// Bytes of the frame record behind it.
        const RECORD: u64 = 16;
        let end = frame.base.checked_add(frame.size)?.checked_add(RECORD)?;
        let after = self
            .all
            .partition_point(|function| function.stack.start <= frame.base);
        let nearest = self.all.get(after.checked_sub(1)?)?;
        (end <= nearest.stack.end).then_some(*nearest)
    }
}

impl Judge<'_, '_, '_> {
    /// The thread of which a function has the frame on its part of the stack, where no suspended context can be there.
    pub(super) fn in_a_function(&mut self, frame: &Frame) -> Option<usize> {
        let function = self.functions.around(frame)?;
        let Function { thread, stack } = function;
        let other_stack = self.on.threads.iter().any(|thread| {
            thread.altstack.is_some_and(|other| {
                other.contains(frame.base) && other.intersect(&stack) != Some(stack)
            })
        });
        let from = self.points.partition_point(|point| point.sp < stack.start);
        let to = self.points.partition_point(|point| point.sp <= frame.base);
        let used_by_others = self
            .points
            .get(from..to)?
            .iter()
            .any(|point| point.thread != thread || point.sp != stack.start);
        if other_stack || used_by_others {
            return None;
        }
        self.unwinds_to(frame, stack, stack.end).then_some(thread)
    }

    /// Whether the code a frame interrupted ran on the part `stack` of memory, and its callers lead to `limit`.
    pub(super) fn unwinds_to(&mut self, frame: &Frame, stack: AddrRange, limit: Addr) -> bool {
        let sp = Addr(frame.sp);
        stack.start <= sp && sp <= stack.end && self.walker.leads_to(frame, limit)
    }

    /// Whether the code a frame interrupted ran on the very stack that its thread has been unwound on to where it
    /// was started. Then the thread is no longer in the handler: it runs what it ran before.
    pub(super) fn interrupted_own_stack(&mut self, frame: &Frame, thread: usize) -> bool {
        let unwound = self.on.unwound.get(thread);
        let Some(unwound) = unwound.filter(|unwound| unwound.to_its_start()) else {
            return false;
        };
        let Some(outermost) = unwound.outermost else {
            return false;
        };
        let memory = self.on.memory;
        let Some(mapping) = outermost
            .checked_sub(1)
            .and_then(|inside| memory.mapping_at(inside))
        else {
            return false;
        };
        let sp = Addr(frame.sp);
        let (mut lowest, mut function) = (outermost, None);
        let stacks = unwound.stacks.iter();
        for stack in stacks.filter(|stack| mapping.range.contains(stack.start)) {
            lowest = lowest.min(stack.start);
            if stack.contains(sp) {
                function = Some(*stack);
            }
        }
        match function {
            Some(stack) => sp == stack.start || self.unwinds_to(frame, stack, stack.end),
            None if sp < lowest && mapping.range.contains(sp) => {
                mapping.stack || self.unwinds_to(frame, mapping.range, lowest)
            }
            None => false,
        }
    }
}
