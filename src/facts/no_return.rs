//! Handlers that never return through their frame, as their code shows.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::flow::Text;
use crate::flow::returns::{CanReturn, Returns};
use crate::memory::Memory;
use crate::memory::files::{Files, WithFiles};
use crate::sigframe::cfi::{Active, Handling, Unwound};
use crate::units::Addr;

/// Why a handler never returns through its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoReturn {
    /// Where the function goes on that does not come back to its caller.
    pub pc: Addr,
    /// Its first instruction, as its unwind table says.
    pub function: Option<Addr>,
    /// The file it is in; `None` where only the image holds it.
    pub file: Option<Arc<str>>,
    /// Some of its ways go over to the context that a jump buffer or the like holds. All others end the thread or
    /// loop.
    pub leaves: bool,
}

/// The frames that threads, followed by unwind tables, are in the handlers of and will not return through. `registered`
/// are the handlers that signal actions name.
pub(super) fn find(
    memory: &dyn Memory,
    files: &dyn Files,
    threads: &[Unwound],
    registered: &BTreeSet<Addr>,
) -> impl Iterator<Item = (Addr, NoReturn)> + use<> {
    let with_files = WithFiles::new(memory, files);
    let mut search = Search {
        text: Text::new(&with_files, memory),
        returns: Returns::default(),
        memory,
        files,
        registered,
    };
    let mut found = Vec::new();
    for thread in threads {
        let mut ended: Option<NoReturn> = None;
        for (depth, handling) in thread.handlers.iter().enumerate() {
            // A thread that ends in an inner handler comes to no outer one.
            let why = ended.clone().or_else(|| search.why(handling, depth > 0));
            ended = why.clone().filter(|why| !why.leaves);
            found.extend(why.map(|why| (handling.frame, why)));
        }
    }
    found.into_iter()
}

struct Search<'a> {
    text: Text<'a>,
    returns: Returns,
    memory: &'a dyn Memory,
    files: &'a dyn Files,
    registered: &'a BTreeSet<Addr>,
}

impl Search<'_> {
    /// Why a handler does not return through its frame, if that is so. It may have been `interrupted` by another handler,
    /// which could jump into it.
    fn why(&mut self, handling: &Handling, interrupted: bool) -> Option<NoReturn> {
        let mut outward = handling.functions.as_slice();
        while let [active, outer @ ..] = outward {
            if let CanReturn::Never { leaves } = self.returns.onward(&mut self.text, active.pc) {
                // Exceptions go on in a function that expects them; jumps where a buffer was filled, which may be in
                // any function of the handler: then none of its ways may lead back.
                let caught = outward.iter().any(|active| active.catches);
                let jumped_to = (leaves || interrupted) && self.may_return(handling);
                if !caught && !jumped_to {
                    return Some(self.no_return(active, leaves));
                }
            }
            outward = outer;
        }
        None
    }

    /// Whether the handler may return by any way from its beginning on.
    fn may_return(&mut self, handling: &Handling) -> bool {
        let start = handling.functions.last().and_then(|active| active.start);
        start
            .filter(|start| self.registered.contains(start))
            .is_none_or(|start| self.returns.function(&mut self.text, start) == CanReturn::May)
    }

    fn no_return(&self, active: &Active, leaves: bool) -> NoReturn {
        let file = self.memory.file_at(active.pc);
        NoReturn {
            pc: active.pc,
            function: active.start,
            file: file.and_then(|(id, _)| Some(Arc::clone(self.files.file(id)?.0))),
            leaves,
        }
    }
}
