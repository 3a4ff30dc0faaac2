//! The files whose code a task maps.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::criu_image::model::{Mm, Vma, VmaStatus};
use crate::flow::NoGraph;
use crate::object::changed::{self, Kept, Shown};
use crate::object::{Absent, Objects};

use super::{Reason, Suspect};

/// The files whose code this memory shows, all of it; else what there is that is not such code.
pub(super) fn files(objects: &Objects<'_>, mm: &Mm) -> Result<BTreeSet<u32>, Suspect> {
    let mut files = BTreeSet::new();
    for vma in mm.vmas.iter().filter(|vma| vma.mapping.exec) {
        files.extend(file(objects, mm, vma)?);
    }
    Ok(files)
}

/// The file whose code a mapping shows, none for what the kernel provides.
fn file(objects: &Objects<'_>, mm: &Mm, vma: &Vma) -> Result<Option<u32>, Suspect> {
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
    let Some(entry) = objects.look_up(id) else {
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
    let object = entry.object.as_ref();
    let object = object.map_err(|absent| of(None, absent.into()))?;
    let readable = |why: NoGraph| of(None, why.into());
    object.dynamic().map_err(|why| readable(why.into()))?;
    let code = object.executable().map_err(|why| readable(why.into()))?;
    if !code.holds(vma.pgoff, range.len(), mm.page_size.bytes) {
        return Err(of(Some(vma.pgoff), Reason::Beyond));
    }
    let shown = Shown {
        range,
        offset: vma.pgoff,
        file: object.bytes(),
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
