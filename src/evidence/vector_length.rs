//! Whether the code that tasks map can call `prctl(PR_SVE_SET_VL, …)`.
//!
//! Every supervisor call of every file is followed against the flow of the code to its number (x8) and its first
//! argument (x0): within its function, and from there to the function's callers, in the same file or in others that
//! take it by name. What cannot be followed to a number is taken for the call.
//!
//! Three things are taken as given: that calls keep the registers they must keep, that nothing jumps by a computed
//! address to where no function begins and that could not be reached otherwise, and that nobody looks a function up by
//! a name that no file holds.

mod walk;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::flow::origin::Origin;
use crate::flow::{Graph, Use};
use crate::object::{FileObject, Object, Objects};

use super::{Reason, Suspect};

use walk::{Call, Stop, Walker, Wrapper};

/// Functions with a name of their own that end in a system call that is not settled. C libraries have two.
const MAX_WRAPPERS: usize = 64;

/// Names by which one file asks the dynamic linker for functions of others.
const LOOKUPS: [&[u8]; 2] = [b"dlsym", b"dlvsym"];

/// Calls a function it is handed, with any arguments: libffi.
const ANY_CALL: &[u8] = b"ffi_call";

/// Whether the code a task maps can set a vector length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LengthAudit {
    /// None of it can.
    Never {
        /// Files it maps code of.
        files: usize,
    },
    /// Some of it may.
    May(Suspect),
}

/// What one file does with one thing that others name: what it makes of it for others in turn, or where it ends.
type Answer<'a> = Rc<Result<Vec<Wrapper<'a>>, Stop>>;

/// What was found of files, each looked at once.
#[derive(Debug)]
pub(super) struct Lengths<'a> {
    objects: &'a Objects<'a>,
    files: BTreeMap<u32, Rc<Named<'a>>>,
    uses: BTreeMap<(u32, usize), Answer<'a>>,
    wrappers: Vec<Wrapper<'a>>,
}

/// A file by its name.
#[derive(Debug)]
pub(super) struct Named<'a> {
    name: Arc<str>,
    file: Result<File<'a>, Reason>,
}

/// A file and, once it was asked, what its own system calls come to.
#[derive(Debug)]
struct File<'a> {
    graph: Graph<'a>,
    calls: OnceCell<Result<Vec<Wrapper<'a>>, Stop>>,
}

impl<'a> Lengths<'a> {
    /// For tasks that map these files.
    pub(super) fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            files: BTreeMap::new(),
            uses: BTreeMap::new(),
            wrappers: Vec::new(),
        }
    }

    /// Reads a file, once, under its number.
    fn add(&mut self, id: u32, entry: &'a FileObject<'a>) -> Rc<Named<'a>> {
        let named = self.files.entry(id).or_insert_with(|| {
            let object = entry.object.as_ref().map_err(Reason::from);
            Rc::new(Named {
                name: Arc::clone(&entry.name),
                file: object.and_then(File::new),
            })
        });
        Rc::clone(named)
    }

    /// Whether any of these files can set a vector length in a process that maps all of them.
    pub(super) fn together(&mut self, ids: &BTreeSet<u32>) -> LengthAudit {
        match self.follow(ids) {
            Ok(()) => LengthAudit::Never { files: ids.len() },
            Err(suspect) => LengthAudit::May(suspect),
        }
    }

    /// Follows what the files name for each other until nothing new comes up.
    fn follow(&mut self, ids: &BTreeSet<u32>) -> Result<(), Suspect> {
        let files: Vec<(u32, Rc<Named<'a>>)> = ids
            .iter()
            .filter_map(|id| Some((*id, self.add(*id, self.objects.look_up(*id)?))))
            .collect();
        let mut open: Vec<usize> = Vec::new();
        for (_, named) in &files {
            let file = named.file.as_ref();
            let file = file.map_err(|reason| named.suspect(&Stop::whole(reason.clone())))?;
            let calls = file.calls().as_ref().map_err(|stop| named.suspect(stop))?;
            open.extend(calls.iter().map(|wrapper| self.number(*wrapper)));
            if file.graph.dynamic().imports(ANY_CALL) && looks_up(&file.graph) {
                return Err(named.suspect(&Stop::whole(Reason::AnyFunction)));
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(index) = open.pop() {
            if !seen.insert(index) {
                continue;
            }
            for (id, named) in &files {
                let Ok(file) = &named.file else { continue };
                let answer = self.used(*id, file, index, seen.len());
                let more = answer.as_ref().as_ref();
                let more = more.map_err(|stop| named.suspect(stop))?;
                open.extend(more.iter().map(|wrapper| self.number(*wrapper)));
            }
        }
        Ok(())
    }

    /// What a file does with a wrapper.
    fn used(&mut self, id: u32, file: &File<'a>, index: usize, seen: usize) -> Answer<'a> {
        if let Some(known) = self.uses.get(&(id, index)) {
            return Rc::clone(known);
        }
        let answer = match self.wrappers.get(index) {
            Some(wrapper) if seen <= MAX_WRAPPERS => file.uses(wrapper),
            _ => Err(Stop::whole(Reason::TooMany)),
        };
        let answer = Rc::new(answer);
        self.uses.insert((id, index), Rc::clone(&answer));
        answer
    }

    /// The number of a wrapper; the same one always has the same.
    fn number(&mut self, wrapper: Wrapper<'a>) -> usize {
        let known = self.wrappers.iter().position(|known| *known == wrapper);
        known.unwrap_or_else(|| {
            self.wrappers.push(wrapper);
            self.wrappers.len().saturating_sub(1)
        })
    }
}

impl Named<'_> {
    fn suspect(&self, stop: &Stop) -> Suspect {
        let offset = |at| match &self.file {
            Ok(file) => file.graph.code().offset(at).unwrap_or(at),
            Err(_) => at,
        };
        Suspect {
            file: Arc::clone(&self.name),
            at: stop.at.map(offset),
            reason: stop.reason.clone(),
        }
    }
}

impl<'a> File<'a> {
    fn new(object: &'a Object<'a>) -> Result<Self, Reason> {
        Ok(Self {
            graph: Graph::new(object)?,
            calls: OnceCell::new(),
        })
    }

    /// What its own system calls come to.
    fn calls(&self) -> &Result<Vec<Wrapper<'a>>, Stop> {
        self.calls.get_or_init(|| own_calls(&self.graph))
    }

    /// What it does with a function that another file (or this one) names.
    fn uses(&self, wrapper: &Wrapper<'a>) -> Result<Vec<Wrapper<'a>>, Stop> {
        if looks_up(&self.graph) && self.graph.has_string(wrapper.name) {
            let name = String::from_utf8_lossy(wrapper.name).into_owned();
            return Err(Stop::whole(Reason::Lookup(name)));
        }
        let mut walker = Walker::new(&self.graph);
        let mut wrappers = Vec::new();
        for Use { pc, stub } in self.graph.uses(wrapper.name)? {
            wrappers.extend(walker.follow(pc, wrapper.call, stub)?);
        }
        Ok(wrappers)
    }
}

/// Follows every supervisor call of a file.
fn own_calls<'a>(graph: &Graph<'a>) -> Result<Vec<Wrapper<'a>>, Stop> {
    let mut walker = Walker::new(graph);
    let mut wrappers = Vec::new();
    let call = Call {
        number: Origin::low(8),
        argument: Origin::low(0),
    };
    for pc in graph.system_calls() {
        wrappers.extend(walker.follow(pc, call, None)?);
    }
    match graph.hidden_call() {
        Some(pc) => Err(Stop {
            at: Some(pc),
            reason: Reason::Number,
        }),
        None => Ok(wrappers),
    }
}

/// Whether a file asks for functions by name: it imports what does that, or has it linked in.
fn looks_up(graph: &Graph<'_>) -> bool {
    let dynamic = graph.dynamic();
    !dynamic.has_symbols() || LOOKUPS.iter().any(|name| dynamic.imports(name))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;
