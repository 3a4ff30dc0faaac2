//! What the code of tasks shows, file by file, each file looked at once.

use std::collections::BTreeMap;

use crate::criu_image::model::Mm;
use crate::object::Objects;

use super::mapped;
use super::registers::{ReadAudit, Readers, Register};
use super::vector_length::{LengthAudit, Lengths};

/// Looks at the code of tasks.
#[derive(Debug)]
pub struct Auditor<'a> {
    objects: &'a Objects<'a>,
    lengths: Lengths<'a>,
    readers: Readers<'a>,
}

impl<'a> Auditor<'a> {
    /// For tasks that map these files.
    #[must_use]
    pub fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            lengths: Lengths::new(objects),
            readers: Readers::new(objects),
        }
    }

    /// Whether the code in this memory can set a vector length.
    pub fn lengths(&mut self, mm: &Mm) -> LengthAudit {
        match mapped::files(self.objects, mm) {
            Ok(files) => self.lengths.together(&files),
            Err(suspect) => LengthAudit::May(suspect),
        }
    }

    /// Whether the code in this memory reads registers that machines differ in.
    pub fn reads(&mut self, mm: &Mm) -> BTreeMap<Register, ReadAudit> {
        let files = mapped::files(self.objects, mm);
        let mut audit = |register| match &files {
            Ok(files) => self.readers.together(files, register),
            Err(suspect) => ReadAudit::May(suspect.clone()),
        };
        Register::ALL
            .into_iter()
            .map(|register| (register, audit(register)))
            .collect()
    }
}
