//! Whether the code that tasks map can call `prctl(PR_SVE_SET_VL, …)`.
//!
//! Every supervisor call of every file is followed against the flow of the code to its number (x8) and its first
//! argument (x0): within its function, and from there to the function's callers, in the same file or in others that
//! take it by name. What cannot be followed to a number is taken for the call.
//!
//! Three things are taken as given: that calls keep the registers they must keep, that nothing jumps by a computed
//! address to where no function begins and that could not be reached otherwise, and that nobody looks a function up by
//! a name that no file holds.

mod fields;
mod origin;
mod program;
mod store;
mod uses;
mod walk;
mod write;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::criu_image::model::{Mm, Vma, VmaStatus};
use crate::object::changed::{self, Kept, Shown};
use crate::object::executable::Unloadable;
use crate::object::{Absent, FileObject, Object, Objects};
use crate::units::Pid;

use super::registers::{self, ReadAudit, Reads, Register};

use fields::is_svc;
use origin::Origin;
use program::Program;
use uses::Use;
use walk::{Call, Stop, Walker, Wrapper};

/// Functions with a name of their own that end in a system call that is not settled. C libraries have two.
const MAX_WRAPPERS: usize = 64;

/// Names by which one file asks the dynamic linker for functions of others.
const LOOKUPS: [&[u8]; 2] = [b"dlsym", b"dlvsym"];

/// Calls a function it is handed, with any arguments: libffi.
const ANY_CALL: &[u8] = b"ffi_call";

/// Why code may be the call.
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

/// A place that may set a vector length.
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

/// What one file does with one thing that others name: what it makes of it for others in turn, or where it ends.
type Answer<'a> = Rc<Result<Vec<Wrapper<'a>>, Stop>>;

/// Audits of files, each made once.
#[derive(Debug)]
pub struct Auditor<'a> {
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

/// A file and, once it was asked, what its own system calls come to and which registers it reads.
#[derive(Debug)]
struct File<'a> {
    object: &'a Object<'a>,
    program: Program<'a>,
    calls: OnceCell<Result<Vec<Wrapper<'a>>, Stop>>,
    reads: OnceCell<Result<Reads, Reason>>,
}

impl<'a> Auditor<'a> {
    /// For tasks that map these files.
    #[must_use]
    pub fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            files: BTreeMap::new(),
            uses: BTreeMap::new(),
            wrappers: Vec::new(),
        }
    }

    /// Whether the code in this memory can set a vector length.
    pub fn audit(&mut self, mm: &Mm) -> LengthAudit {
        match self.mapped(mm) {
            Ok(files) => self.together(&files),
            Err(suspect) => LengthAudit::May(suspect),
        }
    }

    /// Whether the code in this memory reads registers that machines differ in.
    pub fn reads(&mut self, mm: &Mm) -> BTreeMap<Register, ReadAudit> {
        let files = self.mapped(mm);
        let audit = |register| match &files {
            Ok(files) => self.read_by(files, register),
            Err(suspect) => ReadAudit::May(suspect.clone()),
        };
        Register::ALL
            .into_iter()
            .map(|register| (register, audit(register)))
            .collect()
    }

    /// Whether any of these files reads a register.
    fn read_by(&self, ids: &BTreeSet<u32>, register: Register) -> ReadAudit {
        for named in ids.iter().filter_map(|id| self.files.get(id)) {
            let suspect = match named.reads() {
                Ok(reads) => reads
                    .get(&register)
                    .map(|at| (Some(*at), Reason::Reads(register.name()))),
                Err(reason) => Some((None, reason.clone())),
            };
            if let Some((at, reason)) = suspect {
                return ReadAudit::May(Suspect {
                    file: Arc::clone(&named.name),
                    at,
                    reason,
                });
            }
        }
        ReadAudit::Never { files: ids.len() }
    }

    /// The files whose code this memory shows, all of it; else what there is that is not such code.
    fn mapped(&mut self, mm: &Mm) -> Result<BTreeSet<u32>, Suspect> {
        let mut files = BTreeSet::new();
        for vma in mm.vmas.iter().filter(|vma| vma.mapping.exec) {
            files.extend(self.mapping(mm, vma)?);
        }
        Ok(files)
    }

    /// The file whose code a mapping shows, none for what the kernel provides.
    fn mapping(&mut self, mm: &Mm, vma: &Vma) -> Result<Option<u32>, Suspect> {
        let range = vma.mapping.range;
        let kernels = VmaStatus::VDSO | VmaStatus::VSYSCALL | VmaStatus::VVAR;
        if vma.status.intersects(kernels) && !vma.mapping.write {
            return Ok(None);
        }
        let nowhere = |reason| Suspect {
            file: Arc::from(""),
            at: Some(range.start.0),
            reason,
        };
        let of_file = VmaStatus::FILE_PRIVATE | VmaStatus::FILE_SHARED;
        let id = u32::try_from(vma.shmid).ok();
        let Some(id) = id.filter(|_| vma.status.intersects(of_file)) else {
            return Err(nowhere(Reason::Anonymous));
        };
        let Some(entry) = self.objects.look_up(id) else {
            let unnamed = "the image does not name it".to_owned();
            return Err(nowhere(Reason::Unused(unnamed)));
        };
        let of = |at, reason| Suspect {
            file: Arc::clone(&entry.name),
            at,
            reason,
        };
        if let Err(Absent::Unused(unused)) = &entry.object {
            return Err(of(None, Reason::Unused(unused.to_string())));
        }
        if vma.mapping.write {
            return Err(of(Some(vma.pgoff), Reason::Writable));
        }
        let named = self.add(id, entry);
        let file = named.file.as_ref();
        let file = file.map_err(|reason| of(None, reason.clone()))?;
        let page = mm.page_size.bytes;
        if !file.program.code.holds(vma.pgoff, range.len(), page) {
            return Err(of(Some(vma.pgoff), Reason::Beyond));
        }
        let shown = Shown {
            range,
            offset: vma.pgoff,
            file: file.object.bytes(),
        };
        for part in changed::parts(&mm.memory, shown) {
            match part.kept {
                Kept::File => {}
                Kept::Changed => return Err(of(Some(part.offset), Reason::Changed)),
                Kept::Missing(_) => return Err(of(Some(part.offset), Reason::Missing)),
            }
        }
        Ok(Some(id))
    }

    /// Reads a file, once, under its number.
    pub(super) fn add(&mut self, id: u32, entry: &'a FileObject<'a>) -> Rc<Named<'a>> {
        let named = self.files.entry(id).or_insert_with(|| {
            let object = entry.object.as_ref().map_err(|absent| match absent {
                Absent::Unused(unused) => Reason::Unused(unused.to_string()),
                Absent::Foreign(error) => Reason::Unreadable(error.to_string()),
            });
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
            .filter_map(|id| Some((*id, Rc::clone(self.files.get(id)?))))
            .collect();
        let mut open: Vec<usize> = Vec::new();
        for (_, named) in &files {
            let file = named.file.as_ref();
            let file = file.map_err(|reason| named.suspect(&Stop::whole(reason.clone())))?;
            let calls = file.calls().as_ref().map_err(|stop| named.suspect(stop))?;
            open.extend(calls.iter().map(|wrapper| self.number(*wrapper)));
            if file.program.dynamic.imports(ANY_CALL) && looks_up(&file.program) {
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
    /// What of the file reads registers.
    fn reads(&self) -> Result<&Reads, &Reason> {
        let file = self.file.as_ref()?;
        let reads = file.reads.get_or_init(|| registers::reads(file.object));
        reads.as_ref()
    }

    fn suspect(&self, stop: &Stop) -> Suspect {
        let offset = |at| match &self.file {
            Ok(file) => file.program.offset(at),
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
            object,
            program: Program::new(object)?,
            calls: OnceCell::new(),
            reads: OnceCell::new(),
        })
    }

    /// What its own system calls come to.
    fn calls(&self) -> &Result<Vec<Wrapper<'a>>, Stop> {
        self.calls.get_or_init(|| own_calls(&self.program))
    }

    /// What it does with a function that another file (or this one) names.
    fn uses(&self, wrapper: &Wrapper<'a>) -> Result<Vec<Wrapper<'a>>, Stop> {
        if looks_up(&self.program) && self.program.has_string(wrapper.name) {
            let name = String::from_utf8_lossy(wrapper.name).into_owned();
            return Err(Stop::whole(Reason::Lookup(name)));
        }
        let mut walker = Walker::new(&self.program);
        let mut wrappers = Vec::new();
        for Use { pc, stub } in walker.uses(wrapper.name)? {
            wrappers.extend(walker.follow(pc, wrapper.call, stub)?);
        }
        Ok(wrappers)
    }
}

/// Follows every supervisor call of a file.
fn own_calls<'a>(program: &Program<'a>) -> Result<Vec<Wrapper<'a>>, Stop> {
    let mut walker = Walker::new(program);
    let mut wrappers = Vec::new();
    let call = Call {
        number: Origin::low(8),
        argument: Origin::low(0),
    };
    for (pc, _) in program.words().filter(|(_, word)| is_svc(*word)) {
        wrappers.extend(walker.follow(pc, call, None)?);
    }
    match program.hidden_call() {
        Some(pc) => Err(Stop {
            at: Some(pc),
            reason: Reason::Number,
        }),
        None => Ok(wrappers),
    }
}

/// Whether a file asks for functions by name: it imports what does that, or has it linked in.
fn looks_up(program: &Program<'_>) -> bool {
    !program.dynamic.has_symbols() || LOOKUPS.iter().any(|name| program.dynamic.imports(name))
}
