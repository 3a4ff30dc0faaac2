//! Which unwind tables belong to the code at an address.

use std::collections::{HashMap, HashSet};

use crate::elf::row::{Row, Rows};
use crate::elf::tables::Tables;
use crate::memory::Memory;
use crate::memory::files::WithFiles;
use crate::object::Objects;
use crate::object::changed::{self, Kept};
use crate::object::image::Images;
use crate::units::Addr;

/// The smallest page size, bytes.
const PAGE: u64 = 4096;

/// Rows kept. Threads of a task stand and wait in few places, so that most rows are met again and again.
const MAX_ROWS: usize = 1 << 14;

/// All that were met.
pub(super) struct Modules<'a, 'o> {
    memory: &'a dyn Memory,
    objects: &'o Objects<'o>,
    /// Files whose tables were asked for.
    met: HashSet<u32>,
    images: Images<'a>,
    rows: HashMap<Addr, Option<Row>>,
    /// By instruction, where its function begins and whether exceptions may go on in it.
    functions: HashMap<Addr, Option<(Addr, bool)>>,
    /// By a function's first instruction, whether its code does what its table says.
    agree: HashMap<Addr, bool>,
    reader: Rows,
}

impl<'a, 'o> Modules<'a, 'o> {
    pub(super) fn new(memory: &'a dyn Memory, objects: &'o Objects<'o>) -> Self {
        Self {
            memory,
            objects,
            met: HashSet::new(),
            images: Images::new(memory),
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
            .and_then(|(linked, tables, reader)| reader.get(tables, linked));
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
        let function = self.find(pc).and_then(|(linked, tables, reader)| {
            let (start, _) = reader.function(tables, linked)?;
            let catches = reader.catches(tables, linked);
            Some((pc.checked_sub(linked.checked_sub(start)?)?, catches))
        });
        if self.functions.len() < MAX_ROWS {
            self.functions.insert(pc, function);
        }
        function
    }

    /// Whether the code of the function at `pc`, as it is in memory, does to the stack what its table says.
    pub(super) fn agree(&mut self, pc: Addr) -> bool {
        let memory = WithFiles::new(self.memory, self.objects);
        let bounds = self.find(pc).and_then(|(linked, tables, reader)| {
            let (start, end) = reader.function(tables, linked)?;
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
            && self
                .find(start)
                .is_some_and(|(linked, tables, reader)| reader.agree(tables, linked, &code));
        if self.agree.len() < MAX_ROWS {
            self.agree.insert(start, agree);
        }
        agree
    }

    /// The address that the instruction at `pc` was linked at, and the tables for it.
    fn find(&mut self, pc: Addr) -> Option<(u64, &Tables<'_>, &mut Rows)> {
        let mapping = self
            .memory
            .mapping_at(pc)
            .filter(|mapping| mapping.exec && !mapping.write)?;
        let file = self.memory.file_at(pc);
        let reader = &mut self.reader;
        if let Some((id, offset)) = file
            && let Some(object) = self.objects.get(id)
        {
            let tables = object.tables();
            if self.met.insert(id) {
                reader.spent = reader.spent.saturating_add(object.tables_cost());
            }
            // What the tables describe is the file's code, and nothing that was put in its place.
            if !unchanged(self.memory, pc, object.bytes(), offset)? {
                return None;
            }
            return Some((object.code_at(offset)?, tables?, reader));
        }
        // Of a file that is not at hand the image may hold what is needed. Other code has it in its own mapping: the vDSO.
        let object = self.images.of(mapping, file.map(|(id, _)| id))?;
        let linked = object.linked(pc, file.map(|(_, offset)| offset))?;
        Some((linked, object.tables(), reader))
    }
}

/// Whether the page with `pc` holds what the file has at `offset` and around.
fn unchanged(memory: &dyn Memory, pc: Addr, file: &[u8], offset: u64) -> Option<bool> {
    let inside = pc.0 % PAGE;
    let page = Addr(pc.0.checked_sub(inside)?);
    let run = memory.run_at(page, page.checked_add(PAGE)?);
    let there = usize::try_from(offset).is_ok_and(|offset| offset < file.len());
    let whole = run.range.contains(pc);
    let kept = changed::kept(&run.content, file, offset.checked_sub(inside)?);
    Some(kept == Kept::File && whole && there)
}
