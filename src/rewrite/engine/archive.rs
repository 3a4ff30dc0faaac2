//! A rewrite of an image in a tar archive: another archive, the same but for what was planned.
//!
//! Both are read as streams of unpacked bytes, so that headers, order, padding and every other member stay as they are
//! to the byte. The journal is one more member at the end.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::CWD;

use super::Recheck;
use super::apply::{Applied, Out};
use super::error::Error;
use super::files::Files;
use super::journal::{self, JOURNAL, Journal, JournalHead};
use super::lower::{self, What, Work, lower_from};
use super::name::{FileName, gone, io_error};
use super::splice::{New, Old, Patch, Splice};
use crate::input::{Blob, Change, Compression, RawArchive, Source, Spot};
use crate::rewrite::edit::Plan;

/// Contents of members are rounded up to this many bytes.
const BLOCK: u64 = 512;

/// Bytes compared at a time.
const CHUNK: usize = 256 << 10;

/// Does `plan` to a copy of `archive` at `out`, which must not exist. `images` is the image in it. The copy is made under
/// another name beside `out` and gets its own when all of it was compared with the archive and `recheck` had nothing
/// against it.
///
/// # Errors
/// When `out` exists or cannot be made, the plan does not fit the archive, or the result does not stand. Nothing is
/// left of the output then.
pub fn apply_to_archive(
    archive: &RawArchive,
    images: &Arc<dyn Source>,
    out: &std::path::Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<Applied, Error> {
    let files = &Files::default();
    let out = Out::open(files, out)?;
    let work = lower_from(plan, images.label(), |name| open(images, name))?;
    let before = journal::read_from(&**images)?;
    if before.as_ref().is_some_and(|(_, before)| !before.complete) {
        return Err(Error::Unfinished {
            dir: archive.path().display().to_string(),
        });
    }
    let journal = Journal::new(journal, plan, &work, before, true)?;
    let patches = patches(archive, &work, &journal.to_bytes()?)?;

    let temp = out.temp_name();
    let made = fill(files, &out, &temp, archive, &patches)
        .and_then(|()| {
            let path = out.dir_path.join(&temp);
            recheck(&path).map_err(|why| Error::Recheck { why })
        })
        .and_then(|()| out.name_it(files, &temp));
    made.map_err(|error| match files.unlink(&out.dir, &temp) {
        Ok(_) => error,
        Err(why) => Error::LeftBehind {
            error: Box::new(error),
            left: out.dir_path.join(&temp).display().to_string(),
            why,
        },
    })?;
    Ok(Applied {
        image: out.path.to_path_buf(),
        changed: work.iter().map(|work| work.file.to_string()).collect(),
        copied: 1,
        shared: 0,
    })
}

/// A file of the image.
struct Member {
    blob: Arc<Blob>,
    label: String,
}

impl lower::Old for Member {
    fn size(&self) -> Result<u64, Error> {
        Ok(u64::try_from(self.blob.len()).unwrap_or(u64::MAX))
    }

    fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = self.blob.get(start..start.saturating_add(len));
        let ends = || io_error("read", &self.label)(io::ErrorKind::UnexpectedEof.into());
        Ok(bytes.ok_or_else(ends)?.to_vec())
    }
}

fn open(images: &Arc<dyn Source>, name: &FileName) -> Result<Box<dyn lower::Old>, Error> {
    let label = name.to_string();
    let failed = |error: crate::input::SourceError| Error::Archive {
        file: label.clone(),
        why: error.to_string(),
    };
    let mut source = Arc::clone(images);
    for _ in 0..name.parents {
        let parent = source.parent().map_err(failed)?;
        source = parent
            .and_then(|parent| parent.source)
            .ok_or_else(|| gone(name))?;
    }
    let blob = source.map(&name.name).map_err(failed)?;
    let blob = blob.ok_or_else(|| gone(name))?;
    Ok(Box::new(Member { blob, label }))
}

/// What becomes of the archive's bytes, in the order of their offsets.
fn patches(archive: &RawArchive, work: &[Work], journal: &[u8]) -> Result<Vec<Patch>, Error> {
    let mut patches = Vec::new();
    for work in work {
        let label = work.file.to_string();
        let spot = archive
            .spot(work.file.parents, &work.file.name)
            .ok_or_else(|| gone(&work.file))?;
        match &work.what {
            What::Spans { spans, .. } => {
                allow(&spot, &label, &[Change::Bytes, Change::Anew])?;
                patches.extend(spans.iter().map(|span| Patch {
                    offset: spot.content.saturating_add(span.offset),
                    old: Old::These(span.old.clone()),
                    new: New::These(span.new.clone()),
                }));
            }
            What::Whole { old, new } if old.len() == new.len() => {
                allow(&spot, &label, &[Change::Bytes, Change::Anew])?;
                patches.push(Patch {
                    offset: spot.content,
                    old: Old::These(old.clone()),
                    new: New::These(new.clone()),
                });
            }
            What::Whole { old, new } => {
                allow(&spot, &label, &[Change::Anew])?;
                anew(&mut patches, &spot, Old::These(old.clone()), new);
            }
        }
    }
    match archive.spot(0, JOURNAL) {
        Some(spot) => {
            allow(&spot, JOURNAL, &[Change::Anew])?;
            let old = Old::Any(usize::try_from(spot.size).unwrap_or(usize::MAX));
            anew(&mut patches, &spot, old, journal);
        }
        None => patches.push(Patch {
            offset: archive.end(),
            old: Old::Any(0),
            new: New::These(member(&archive.member(JOURNAL), journal)?),
        }),
    }
    patches.sort_by_key(|patch| patch.offset);
    Ok(patches)
}

fn allow(spot: &Spot, label: &str, changes: &[Change]) -> Result<(), Error> {
    if changes.contains(&spot.change) {
        return Ok(());
    }
    let why = match spot.change {
        Change::None => "it has holes or several names in the archive",
        Change::Bytes | Change::Anew => "an extended header says its size",
    };
    Err(Error::Archive {
        file: label.to_owned(),
        why: format!(
            "cannot be changed in the archive: {why}; unpack it and rewrite the image directory"
        ),
    })
}

/// A member gets other content.
fn anew(patches: &mut Vec<Patch>, spot: &Spot, old: Old, new: &[u8]) {
    let size = u64::try_from(new.len()).unwrap_or(u64::MAX);
    let padding = padding(spot.size);
    let behind = spot.content.saturating_add(spot.size);
    patches.push(Patch {
        offset: spot.header,
        old: Old::Any(usize::try_from(BLOCK).unwrap_or(0)),
        new: New::Resized(size),
    });
    patches.push(Patch {
        offset: spot.content,
        old,
        new: New::These(new.to_vec()),
    });
    patches.push(Patch {
        offset: behind,
        old: Old::Any(padding),
        new: New::These(vec![0; self::padding(size)]),
    });
}

/// Bytes that fill the last block of a content.
fn padding(size: u64) -> usize {
    usize::try_from(size.wrapping_neg() & BLOCK.wrapping_sub(1)).unwrap_or(0)
}

/// A new member.
fn member(path: &str, content: &[u8]) -> Result<Vec<u8>, Error> {
    let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let mut header = tar::Header::new_ustar();
    header
        .set_path(path)
        .map_err(io_error("name in the archive", path))?;
    // It holds memory of the tasks. Nothing in it depends on when it was made.
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().saturating_add(padding(size)), 0);
    Ok(bytes)
}

/// Writes the copy, and holds it against what it should be.
fn fill(
    files: &Files,
    out: &Out<'_>,
    temp: &OsStr,
    archive: &RawArchive,
    patches: &[Patch],
) -> Result<(), Error> {
    let shown = out.path.display().to_string();
    let failed = |doing| io_error(doing, &shown);
    let file = files.create(&out.dir, temp).map_err(failed("create"))?;
    let to = To {
        files,
        file: &file,
        at: 0,
    };
    let mut from = Splice::new(archive.unpacked().map_err(failed("read"))?, patches);
    pack(&mut from, to, archive.compression()).map_err(failed("write"))?;

    // Read back as whoever restores it will.
    let again = reopen(files, &out.dir, temp).map_err(failed("open"))?;
    let mut found = archive.unpack(again).map_err(failed("open"))?;
    let mut wanted = Splice::new(archive.unpacked().map_err(failed("read"))?, patches);
    compare(&mut wanted, &mut found, &shown)?;

    let like = rustix::fs::statat(CWD, archive.path(), rustix::fs::AtFlags::empty())
        .map_err(|error| failed("stat")(error.into()))?;
    files
        .dress(&file, &like, false)
        .map_err(failed("set the mode of"))?;
    files.sync(&file).map_err(failed("write"))
}

fn reopen(files: &Files, dir: &OwnedFd, name: &OsStr) -> io::Result<File> {
    files
        .open(dir, name)?
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Copies all of `from`, compressed.
fn pack(from: &mut dyn Read, mut to: To<'_>, compression: Option<Compression>) -> io::Result<()> {
    match compression {
        None => io::copy(from, &mut io::BufWriter::with_capacity(CHUNK, to)).map(drop),
        Some(Compression::Gzip) => {
            let mut encoder = flate2::write::GzEncoder::new(to, flate2::Compression::default());
            io::copy(from, &mut encoder)?;
            encoder.finish().map(drop)
        }
        Some(Compression::Zstd) => {
            let mut encoder = zstd::Encoder::new(&mut to, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            encoder.include_checksum(true)?;
            io::copy(from, &mut encoder)?;
            encoder.finish().map(drop)
        }
    }
}

/// A file that is written from its beginning.
struct To<'a> {
    files: &'a Files,
    file: &'a File,
    at: u64,
}

impl Write for To<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.files.write_at(self.file, bytes, self.at)?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.at = self.at.saturating_add(len);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn compare(wanted: &mut dyn Read, found: &mut dyn Read, shown: &str) -> Result<(), Error> {
    let failed = || io_error("read", shown);
    let (mut one, mut other) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut at = 0u64;
    loop {
        let want = fill_from(wanted, &mut one).map_err(failed())?;
        let have = fill_from(found, &mut other).map_err(failed())?;
        let (want, have) = (
            one.get(..want).unwrap_or_default(),
            other.get(..have).unwrap_or_default(),
        );
        if want != have {
            let same = want.iter().zip(have).take_while(|(a, b)| a == b).count();
            return Err(Error::Verify {
                file: shown.to_owned(),
                offset: at.saturating_add(u64::try_from(same).unwrap_or(0)),
                why: "another byte than planned".to_owned(),
            });
        }
        if want.is_empty() {
            return Ok(());
        }
        at = at.saturating_add(u64::try_from(want.len()).unwrap_or(0));
    }
}

/// Fills `buf`; less only at the end.
fn fill_from(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0usize;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(got) => done = done.saturating_add(got),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
