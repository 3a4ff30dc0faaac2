//! Which unwind tables belong to the code at an address.

use std::collections::HashMap;

use goblin::elf::program_header::{PF_X, PT_LOAD, ProgramHeader};

use crate::elf::Headers;
use crate::elf::row::{Row, Rows};
use crate::elf::tables::{Tables, code_at};
use crate::memory::files::{Files, WithFiles};
use crate::memory::{Content, Memory};
use crate::units::Addr;

/// Mappings looked at below one with code for the header of its file: a file has one for each of its segments.
const MAX_SEGMENTS: usize = 8;

/// Bytes read of a header that lies in the image; program headers stand right behind it.
const HEADER_BYTES: u64 = 4096;

/// The smallest page size, bytes.
const PAGE: u64 = 4096;

/// Rows kept. Threads of a task stand and wait in few places, so that most rows are met again and again.
const MAX_ROWS: usize = 1 << 14;

/// One file's tables.
#[derive(Debug)]
struct Module<'a> {
    segments: Vec<ProgramHeader>,
    tables: Tables<'a>,
    /// What to take from an address to get the one it was linked at; only of files that lie in the image.
    bias: u64,
}

/// All that were met.
pub(super) struct Modules<'a> {
    memory: &'a dyn Memory,
    files: &'a dyn Files,
    of_file: HashMap<u32, Option<Module<'a>>>,
    /// By the start of the mapping that holds the header.
    in_image: HashMap<Addr, Option<Module<'a>>>,
    rows: HashMap<Addr, Option<Row>>,
    /// By instruction, where its function begins and whether exceptions may go on in it.
    functions: HashMap<Addr, Option<(Addr, bool)>>,
    /// By a function's first instruction, whether its code does what its table says.
    agree: HashMap<Addr, bool>,
    reader: Rows,
}

impl<'a> Modules<'a> {
    pub(super) fn new(memory: &'a dyn Memory, files: &'a dyn Files) -> Self {
        Self {
            memory,
            files,
            of_file: HashMap::new(),
            in_image: HashMap::new(),
            rows: HashMap::new(),
            functions: HashMap::new(),
            agree: HashMap::new(),
            reader: Rows::default(),
        }
    }

    /// Bytes of tables and code gone over so far.
    pub(super) fn spent(&self) -> usize {
        self.reader.spent
    }

    /// The row of the tables for the instruction at `pc`.
    pub(super) fn row(&mut self, pc: Addr) -> Option<Row> {
        if let Some(known) = self.rows.get(&pc) {
            return *known;
        }
        let row = self
            .find(pc)
            .and_then(|(linked, module, reader)| reader.get(&module.tables, linked));
        if self.rows.len() < MAX_ROWS {
            self.rows.insert(pc, row);
        }
        row
    }

    /// Where the function that `pc` is in begins, and whether exceptions may go on in it.
    pub(super) fn function(&mut self, pc: Addr) -> Option<(Addr, bool)> {
        if let Some(known) = self.functions.get(&pc) {
            return *known;
        }
        let function = self.find(pc).and_then(|(linked, module, reader)| {
            let (start, _) = reader.function(&module.tables, linked)?;
            let catches = reader.catches(&module.tables, linked);
            Some((pc.checked_sub(linked.checked_sub(start)?)?, catches))
        });
        if self.functions.len() < MAX_ROWS {
            self.functions.insert(pc, function);
        }
        function
    }

    /// Whether the code of the function at `pc`, as it is in memory, does to the stack what its table says.
    pub(super) fn agree(&mut self, pc: Addr) -> bool {
        let memory = WithFiles::new(self.memory, self.files);
        let bounds = self.find(pc).and_then(|(linked, module, reader)| {
            let (start, end) = reader.function(&module.tables, linked)?;
            let before = linked.checked_sub(start)?;
            Some((pc.checked_sub(before)?, end.checked_sub(start)?))
        });
        let Some((start, len)) = bounds else {
            return false;
        };
        if let Some(known) = self.agree.get(&start) {
            return *known;
        }
        let Ok(len) = usize::try_from(len) else {
            return false;
        };
        let mut code = vec![0; len];
        let agree = memory.read(start, &mut code).is_ok()
            && self.find(start).is_some_and(|(linked, module, reader)| {
                reader.agree(&module.tables, linked, &code)
            });
        if self.agree.len() < MAX_ROWS {
            self.agree.insert(start, agree);
        }
        agree
    }

    /// The address that the instruction at `pc` was linked at, and the tables for it.
    fn find(&mut self, pc: Addr) -> Option<(u64, &Module<'a>, &mut Rows)> {
        let mapping = self
            .memory
            .mapping_at(pc)
            .filter(|mapping| mapping.exec && !mapping.write)?;
        let file = self.memory.file_at(pc);
        let reader = &mut self.reader;
        if let Some((id, offset)) = file
            && let Some((_, bytes)) = self.files.file(id)
        {
            let module = self
                .of_file
                .entry(id)
                .or_insert_with(|| of_file(bytes, &mut reader.spent))
                .as_ref()?;
            // What the tables describe is the file's code, and nothing that was put in its place.
            if !unchanged(self.memory, pc, bytes, offset)? {
                return None;
            }
            return Some((code_at(&module.segments, offset)?, module, reader));
        }
        // Of a file that is not at hand the image may hold what is needed. Other code has it in its own mapping: the vDSO.
        let memory = self.memory;
        let header = match file {
            Some((id, _)) => header(memory, mapping.range.start, id)?,
            None => mapping.range.start,
        };
        let module = self
            .in_image
            .entry(header)
            .or_insert_with(|| in_image(memory, header))
            .as_ref()?;
        let linked = pc.0.wrapping_sub(module.bias);
        let inside = match file {
            Some((_, offset)) => code_at(&module.segments, offset) == Some(linked),
            None => module.segments.iter().any(|segment| {
                segment.p_type == PT_LOAD
                    && segment.p_flags & PF_X != 0
                    && segment.p_vaddr <= linked
                    && linked < segment.p_vaddr.saturating_add(segment.p_filesz)
            }),
        };
        inside.then_some((linked, module, reader))
    }
}

/// Whether the page with `pc` holds what the file has at `offset` and around. Dumping itself makes the task have some
/// pages of code of its own: CRIU makes it run system calls there, and puts back what was there.
fn unchanged(memory: &dyn Memory, pc: Addr, file: &[u8], offset: u64) -> Option<bool> {
    let inside = pc.0 % PAGE;
    let page = Addr(pc.0.checked_sub(inside)?);
    match memory.run_at(page, page.checked_add(PAGE)?).content {
        Content::File { .. } => Some(true),
        Content::Bytes { bytes, .. } => {
            let start = usize::try_from(offset.checked_sub(inside)?).ok()?;
            let same = file.get(start..)?;
            let len = bytes.len().min(same.len());
            Some(bytes.get(..len)? == same.get(..len)? && inside < len as u64)
        }
        Content::Zero | Content::Missing(_) => Some(false),
    }
}

fn of_file<'a>(bytes: &'a [u8], spent: &mut usize) -> Option<Module<'a>> {
    let headers = Headers::parse(bytes).ok()?;
    let tables = Tables::of_file(bytes, &headers, spent)?;
    Some(Module {
        segments: headers.segments,
        tables,
        bias: 0,
    })
}

/// The start of the nearest mapping of the file, from the one at `start` downwards, that begins with an ELF header in
/// the image.
fn header(memory: &dyn Memory, start: Addr, file: u32) -> Option<Addr> {
    let mappings = memory.mappings();
    let above = mappings.partition_point(|mapping| mapping.range.start <= start);
    let from = above.saturating_sub(MAX_SEGMENTS);
    mappings
        .get(from..above)?
        .iter()
        .rev()
        .filter(|mapping| !mapping.write)
        .map(|mapping| mapping.range.start)
        .filter(|start| memory.file_at(*start) == Some((file, 0)))
        .find(|start| {
            bytes(memory, *start, 4).is_some_and(|bytes| bytes == goblin::elf::header::ELFMAG)
        })
}

fn in_image<'a>(memory: &'a dyn Memory, start: Addr) -> Option<Module<'a>> {
    let headers = Headers::parse(bytes(memory, start, HEADER_BYTES)?).ok()?;
    let first = headers
        .segments
        .iter()
        .find(|segment| segment.p_type == PT_LOAD && segment.p_offset == 0)?;
    let bias = start.0.wrapping_sub(first.p_vaddr);
    let at = |addr: u64, len: u64| bytes(memory, Addr(addr.wrapping_add(bias)), len);
    let tables = Tables::sorted(&headers.segments, &at)?;
    Some(Module {
        segments: headers.segments,
        tables,
        bias,
    })
}

/// At most `len` bytes of the image that follow each other at `addr`.
fn bytes(memory: &dyn Memory, addr: Addr, len: u64) -> Option<&[u8]> {
    match memory.run_at(addr, addr.checked_add(len.max(1))?).content {
        Content::Bytes { bytes, .. } => Some(bytes),
        _ => None,
    }
}
