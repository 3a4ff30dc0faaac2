//! The journal of a rewrite: what was done, why, and the old bytes.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::Stat;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::bytes::read_whole;
use super::error::Error;
use super::files::Files;
use super::lower::{Span, What, Work, check_spans};
use super::name::{FileName, JOURNAL_TEMP, io_error};
use crate::input::Source;
use crate::rewrite::edit::Plan;

/// The journal's name in a rewritten image.
pub const JOURNAL: &str = "hwcr-journal.json";

/// The journal's format.
pub const SCHEMA: &str = "hwcr-journal/1";

/// Largest journal that is written or read. It holds the old bytes in hexadecimal: this is enough for
/// a million stripped return addresses, or the mappings of a thousand tasks.
pub const MAX_JOURNAL: u64 = 64 << 20;

/// Rewrites on top of each other that a journal remembers. Each doubles the bytes kept of the first.
const MAX_BEFORE: usize = 8;

/// What the journal shall say about a rewrite beyond its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalHead {
    /// The target's name.
    pub target: String,
    /// [`digest`] of the target's profile.
    pub sha256: String,
    /// What the tasks were told before, where an edit changes that.
    pub told: Vec<Told>,
    /// What their signal frames showed before.
    pub shown: Vec<Shown>,
}

/// What a journal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program and its version.
    pub tool: String,
    /// The target's name.
    pub target: String,
    /// SHA-256 of the target's profile, in hexadecimal.
    pub target_sha256: String,
    /// Whether the rewrite was finished. If not, the files hold old or new bytes until
    /// [`recover`](super::recover) is called.
    pub complete: bool,
    /// What the tasks were told before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
    /// What their signal frames showed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<Shown>,
    /// What was done.
    pub edits: Vec<JournalEdit>,
    /// The old bytes.
    pub(super) files: Vec<JournalFile>,
    /// The journal of the rewrite before this one, as it lay there.
    #[serde(default, rename = "before", skip_serializing_if = "Option::is_none")]
    pub(super) before_bytes: Option<Hex>,
    /// The same, read.
    #[serde(skip)]
    pub before: Option<Box<Journal>>,
}

/// An element of a task's auxiliary vector as it was at the dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The task.
    pub pid: u32,
    /// `AT_*` number.
    pub at: u64,
    /// The value; `None` where the rewrite added the element.
    pub value: Option<u64>,
}

/// The vector lengths a task's signal frames showed at the dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The task.
    pub pid: u32,
    /// Non-streaming lengths, bytes.
    pub vector_lengths: Vec<u16>,
}

/// An edit, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEdit {
    /// Id of the rule whose finding it mends.
    pub rule: String,
    /// `lossless`, or `lossy:` and a name.
    pub class: String,
    /// What it did.
    pub what: String,
    /// The task.
    pub pid: u32,
    /// The thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Address in the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
}

/// The old bytes of a file: either `spans` or `whole`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalFile {
    pub(super) file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) raw: Option<Raw>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) whole: Option<Whole>,
}

/// Changed bytes of a file of `size` bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) size: u64,
    pub(super) spans: Vec<JournalSpan>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalSpan {
    offset: u64,
    old: Hex,
    new: Hex,
}

/// A file that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    pub(super) old: Hex,
    /// [`digest`] of the new content.
    pub(super) new_sha256: String,
}

/// Bytes, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes = pairs
            .iter()
            .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
            .collect::<Option<Vec<u8>>>()
            .filter(|_| rest.is_empty());
        let wrong = || serde::de::Error::custom("not an even number of hexadecimal digits");
        bytes.map(Self).ok_or_else(wrong)
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Journal {
    /// The journal of `plan`, which became `work`, on top of the rewrite that `before` tells of.
    pub(super) fn new(
        head: JournalHead,
        plan: &Plan,
        work: &[Work],
        before: Option<(Vec<u8>, Self)>,
        complete: bool,
    ) -> Result<Self, Error> {
        if before
            .as_ref()
            .is_some_and(|(_, before)| before.depth() >= MAX_BEFORE)
        {
            let why = format!("rewritten {MAX_BEFORE} times already; undo some of it before");
            return Err(broken(JOURNAL, 0, why));
        }
        let (bytes, before) = before.unzip();
        Ok(Self {
            schema: SCHEMA.to_owned(),
            tool: concat!("hwcr ", env!("CARGO_PKG_VERSION")).to_owned(),
            target: head.target,
            target_sha256: head.sha256,
            complete,
            told: head.told,
            shown: head.shown,
            edits: plan
                .edits
                .iter()
                .map(|edit| JournalEdit {
                    rule: edit.rule.to_string(),
                    class: edit.class.to_string(),
                    what: edit.what.clone(),
                    pid: edit.spot.pid.0,
                    tid: edit.spot.tid().map(|tid| tid.0),
                    address: edit.spot.address().map(|address| address.0),
                })
                .collect(),
            files: work.iter().map(JournalFile::new).collect(),
            before_bytes: bytes.map(Hex),
            before: before.map(Box::new),
        })
    }

    /// This journal and those before it, the newest first.
    pub fn history(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |journal| journal.before.as_deref())
    }

    /// As it is written.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| broken(JOURNAL, 0, format!("cannot be written ({error})")))?;
        bytes.push(b'\n');
        check_size(&bytes)?;
        Ok(bytes)
    }

    fn depth(&self) -> usize {
        self.history().count()
    }

    /// What brings the old bytes back, with names and spans checked. In [`What::Spans`] old and new are as
    /// in the rewrite; whole files come with the digest of their new content.
    pub(super) fn undo_work(&self) -> Result<Vec<(FileName, Undo)>, Error> {
        let mut found: Vec<(FileName, Undo)> = Vec::new();
        for entry in &self.files {
            let name = FileName::parse(&entry.file).ok_or_else(|| {
                broken(
                    JOURNAL,
                    0,
                    format!("{:?} is not the name of a file of the image", entry.file),
                )
            })?;
            if found.iter().any(|(other, _)| *other == name) {
                return Err(broken(JOURNAL, 0, format!("{name} occurs twice")));
            }
            let undo = match (&entry.raw, &entry.whole) {
                (Some(raw), None) => Undo::Spans(raw.size, raw.spans()?),
                (None, Some(whole)) => Undo::Whole(whole.old.0.clone(), whole.new_sha256.clone()),
                _ => {
                    return Err(broken(
                        JOURNAL,
                        0,
                        format!("{name} has not one kind of old bytes"),
                    ));
                }
            };
            found.push((name, undo));
        }
        Ok(found)
    }

    fn parse(bytes: &[u8], depth: usize) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Schema {
            schema: String,
        }
        let wrong = |error: serde_json::Error| {
            let offset = offset_of(bytes, error.line(), error.column());
            broken(JOURNAL, offset, format!("not a journal ({error})"))
        };
        let schema: Schema = serde_json::from_slice(bytes).map_err(wrong)?;
        if schema.schema != SCHEMA {
            let why = format!(
                "the journal has the format {:?}, this hwcr knows {SCHEMA}",
                schema.schema
            );
            return Err(broken(JOURNAL, 0, why));
        }
        let mut journal: Self = serde_json::from_slice(bytes).map_err(wrong)?;
        if depth > MAX_BEFORE {
            return Err(broken(
                JOURNAL,
                0,
                "more rewrites on top of each other than hwcr does",
            ));
        }
        if let Some(before) = &journal.before_bytes {
            journal.before = Some(Box::new(Self::parse(&before.0, depth.saturating_add(1))?));
        }
        journal.undo_work()?;
        Ok(journal)
    }
}

/// How a file gets its old bytes back.
#[derive(Debug)]
pub(super) enum Undo {
    /// In a file of this size.
    Spans(u64, Vec<Span>),
    /// The old content, and the digest of the new.
    Whole(Vec<u8>, String),
}

impl Raw {
    fn spans(&self) -> Result<Vec<Span>, Error> {
        let spans = self.spans.iter().map(|span| {
            if span.old.0.len() != span.new.0.len() || span.old.0.is_empty() {
                return Err(broken(JOURNAL, 0, "old and new bytes differ in number"));
            }
            Ok(Span {
                offset: span.offset,
                old: span.old.0.clone(),
                new: span.new.0.clone(),
            })
        });
        check_spans(JOURNAL, self.size, spans.collect::<Result<_, _>>()?)
            .map_err(|_| broken(JOURNAL, 0, "spans that overlap or leave their file"))
    }
}

impl JournalFile {
    fn new(work: &Work) -> Self {
        let (raw, whole) = match &work.what {
            What::Spans { size, spans } => {
                let spans = spans.iter().map(|span| JournalSpan {
                    offset: span.offset,
                    old: Hex(span.old.clone()),
                    new: Hex(span.new.clone()),
                });
                let spans = spans.collect();
                (Some(Raw { size: *size, spans }), None)
            }
            What::Whole { old, new } => {
                let old = Hex(old.clone());
                let new_sha256 = digest(new);
                (None, Some(Whole { old, new_sha256 }))
            }
        };
        let file = work.file.to_string();
        Self { file, raw, whole }
    }
}

fn broken(file: &str, offset: u64, why: impl Into<String>) -> Error {
    Error::Journal {
        file: file.to_owned(),
        offset,
        why: why.into(),
    }
}

/// The offset of a line (from 1) and a column (from 1; 0 in front of the line).
fn offset_of(bytes: &[u8], line: usize, column: usize) -> u64 {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    u64::try_from(before.saturating_add(column.saturating_sub(1))).unwrap_or(u64::MAX)
}

/// The journal of the image directory `dir`; `None` where it was not rewritten. Anyone may have written it:
/// names and spans are checked, and what it claims was done is a claim.
///
/// # Errors
/// When it cannot be read, is larger than [`MAX_JOURNAL`], or is no journal.
pub fn read_journal(dir: &Path) -> Result<Option<Journal>, Error> {
    let files = Files::default();
    let fd = files
        .open_dir(dir)
        .map_err(io_error("open", &dir.display().to_string()))?;
    Ok(read_in(&files, &fd)?.map(|(_, journal)| journal))
}

/// Reads the journal of an image wherever it lies; `None` when it has none.
///
/// # Errors
/// As [`read_journal`].
pub fn journal_of(source: &dyn Source) -> Result<Option<Journal>, Error> {
    Ok(read_from(source)?.map(|(_, journal)| journal))
}

/// The same with its bytes.
pub(super) fn read_from(source: &dyn Source) -> Result<Option<(Vec<u8>, Journal)>, Error> {
    match source.read(JOURNAL, MAX_JOURNAL) {
        Ok(Some(bytes)) => {
            let journal = Journal::parse(&bytes, 0)?;
            Ok(Some((bytes, journal)))
        }
        Ok(None) => Ok(None),
        Err(error) => Err(broken(JOURNAL, 0, error.to_string())),
    }
}

/// The journal in an open directory, and its bytes.
pub(super) fn read_in(files: &Files, dir: &OwnedFd) -> Result<Option<(Vec<u8>, Journal)>, Error> {
    let file = files
        .open(dir, OsStr::new(JOURNAL))
        .map_err(io_error("open", JOURNAL))?;
    let Some(file) = file else { return Ok(None) };
    let bytes = match read_whole(files, &file, JOURNAL, MAX_JOURNAL) {
        Err(Error::TooLarge { size, .. }) => {
            let why = format!("{size} bytes, and no journal has more than {MAX_JOURNAL}");
            return Err(broken(JOURNAL, 0, why));
        }
        other => other?,
    };
    let journal = Journal::parse(&bytes, 0)?;
    Ok(Some((bytes, journal)))
}

/// Writes the journal, so that its name stands for all of it or for what was there before. `like` is
/// whose mode and owner it gets: it holds memory of the tasks, as the image does.
pub(super) fn write_in(
    files: &Files,
    dir: &OwnedFd,
    journal: &Journal,
    like: Option<&Stat>,
) -> Result<(), Error> {
    write_bytes(files, dir, &journal.to_bytes()?, like)
}

fn check_size(bytes: &[u8]) -> Result<(), Error> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size <= MAX_JOURNAL {
        return Ok(());
    }
    Err(Error::Plan {
        file: JOURNAL.to_owned(),
        offset: 0,
        why: format!("the old bytes make a journal of {size} bytes, more than {MAX_JOURNAL}"),
    })
}

/// The same for bytes that are a journal.
pub(super) fn write_bytes(
    files: &Files,
    dir: &OwnedFd,
    bytes: &[u8],
    like: Option<&Stat>,
) -> Result<(), Error> {
    check_size(bytes)?;
    let temp = OsStr::new(JOURNAL_TEMP);
    let failed = || io_error("write", JOURNAL);
    files.unlink(dir, temp).map_err(failed())?;
    let file = files.create(dir, temp).map_err(failed())?;
    files.write_at(&file, bytes, 0).map_err(failed())?;
    if let Some(like) = like {
        files.dress(&file, like, false).map_err(failed())?;
    }
    files.sync(&file).map_err(failed())?;
    if read_whole(files, &file, JOURNAL, MAX_JOURNAL)? != bytes {
        return Err(Error::Verify {
            file: JOURNAL.to_owned(),
            offset: 0,
            why: "another byte than written".to_owned(),
        });
    }
    files
        .rename(dir, temp, OsStr::new(JOURNAL))
        .map_err(failed())?;
    files.sync(dir).map_err(failed())
}
