//! What an archive holds, by path.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::fault::Fault;
use super::sparse::Sparse;
use super::spool::Spooled;
use super::unpack::Compression;
use super::walk::{Entry, Found};
use crate::input::Blob;

/// Links that are followed on the way to one member: as many as Linux does (`MAXSYMLINKS`, `include/linux/namei.h`).
const MAX_LINKS: usize = 40;

/// Parts of a path on the way there. Names in archives have at most 4096 bytes, real ones a dozen parts.
const MAX_PARTS: usize = 512;

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// With the link's text.
    Symlink(String),
    /// With the path of the member it stands for.
    HardLink(String),
    /// A device or a pipe.
    Other(&'static str),
}

impl Kind {
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Directory => "a directory",
            Self::Symlink(_) => "a symbolic link",
            Self::HardLink(_) => "a hard link",
            Self::Other(what) => what,
        }
    }
}

/// How a file can differ in another archive that is the same in all else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not at all: it has holes, or several names.
    None,
    /// In its bytes, but not in their number, which an extended header says too.
    Bytes,
    /// It can be written anew, of any length.
    Anew,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// All of them.
    Here(Blob),
    /// Without the holes.
    Holes(Blob, Arc<Sparse>),
    /// In the spool file.
    Spooled(Arc<Spooled>, u64),
    /// Passed over; these are the first ones. Also of what is no file.
    Passed(Arc<[u8]>),
}

impl Content {
    pub(super) fn none() -> Self {
        Self::Passed(Arc::default())
    }
}

/// A member.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) kind: Kind,
    /// Size as a file.
    pub(super) size: u64,
    /// Where its header lies.
    pub(super) header: u64,
    pub(super) content: Content,
    /// Where its content lies in the archive.
    pub(super) offset: u64,
    pub(super) change: Change,
    /// Where an earlier header of the same path lies.
    pub(super) twice: Option<u64>,
}

/// The members of an archive.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// By path; see [`normal`].
    members: BTreeMap<String, Member>,
    /// Archives inside of it that have been read with it, by path.
    pub(super) nested: BTreeMap<String, Archive>,
    pub(super) compression: Option<Compression>,
    /// Where the end mark lies.
    pub(super) end: u64,
}

impl Archive {
    /// Adds a member. A directory may be there again; of anything else it is kept that it is.
    pub(super) fn add(&mut self, entry: Entry, content: Content) -> Result<(), Found> {
        let mut member = Member {
            kind: entry.kind,
            size: entry.size,
            header: entry.header,
            content,
            offset: entry.content,
            change: entry.change,
            twice: None,
        };
        if let Kind::HardLink(target) = &member.kind {
            // What it stands for is before it, as whoever unpacks needs it.
            let Some(file) = self
                .members
                .get_mut(target)
                .filter(|file| file.kind == Kind::File)
            else {
                return Err(Found {
                    offset: member.header,
                    fault: Fault::Link {
                        member: entry.path,
                        target: target.clone(),
                    },
                });
            };
            file.change = Change::None;
            member = Member {
                header: member.header,
                ..file.clone()
            };
        }
        if let Some(earlier) = self.members.get(&entry.path)
            && (earlier.kind != Kind::Directory || member.kind != Kind::Directory)
        {
            member.twice = Some(earlier.header);
        }
        self.members.insert(entry.path, member);
        Ok(())
    }

    pub(super) fn get(&self, path: &str) -> Option<&Member> {
        self.members.get(path)
    }

    /// All paths with their members, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.members
            .iter()
            .map(|(path, member)| (path.as_str(), member))
    }

    /// Whether something lies in this directory, or it is there by itself.
    pub(super) fn is_directory(&self, path: &str) -> bool {
        path.is_empty()
            || match self.members.get(path) {
                Some(member) => member.kind == Kind::Directory,
                None => self.inside(path).next().is_some(),
            }
    }

    /// Where a link in `directory` leads within the archive, by way of other links in it; `None` where it leads out of
    /// the archive or in a circle.
    pub(super) fn follow(&self, directory: &str, link: &str) -> Option<String> {
        let parts = |path: &str| -> Vec<String> { path.split('/').map(str::to_owned).collect() };
        if link.starts_with('/') {
            return None;
        }
        let mut at: Vec<String> = parts(directory);
        at.retain(|part| !part.is_empty());
        // What is still to be walked, last part first.
        let mut rest = parts(link);
        rest.reverse();
        let mut links = 0usize;
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    at.pop()?;
                    continue;
                }
                _ => at.push(part),
            }
            if at.len().saturating_add(rest.len()) > MAX_PARTS {
                return None;
            }
            let member = self.members.get(&at.join("/"));
            let Some(Kind::Symlink(target)) = member.map(|member| &member.kind) else {
                continue;
            };
            links = links.saturating_add(1);
            if links > MAX_LINKS || target.starts_with('/') {
                return None;
            }
            at.pop();
            rest.extend(target.split('/').rev().map(str::to_owned));
        }
        Some(at.join("/"))
    }

    /// Everything that lies below a directory, with its path from there on.
    pub(super) fn inside(&self, directory: &str) -> impl Iterator<Item = (&str, &Member)> {
        let prefix = slashed(directory);
        let from = Bound::Included(prefix.clone());
        self.members
            .range((from, Bound::Unbounded))
            .map_while(move |(path, member)| Some((path.strip_prefix(&prefix)?, member)))
            .filter(|(path, _)| !path.is_empty())
    }

    /// Says what is wrong where a directory, or one it lies in, is something else or is there twice: whoever unpacks
    /// could put the files elsewhere.
    pub(super) fn check_directory(&self, path: &str) -> Result<(), Found> {
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        for end in ends {
            let above = path.get(..end).unwrap_or_default();
            let Some(member) = self.members.get(above).filter(|_| !above.is_empty()) else {
                continue;
            };
            let fault = match member.twice {
                Some(first) => Fault::Twice {
                    member: above.to_owned(),
                    first,
                },
                None if member.kind != Kind::Directory => Fault::NoDirectory {
                    member: above.to_owned(),
                    what: member.kind.what(),
                },
                None => continue,
            };
            return Err(Found {
                offset: member.header,
                fault,
            });
        }
        Ok(())
    }
}

/// A directory's path as the front of what lies in it.
pub(super) fn slashed(directory: &str) -> String {
    if directory.is_empty() {
        String::new()
    } else {
        format!("{directory}/")
    }
}

/// A member's path without `.`, doubled and trailing slashes; `None` where it leads out of the directory that
/// is unpacked into.
pub(super) fn normal(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_or_are_none() {
        assert_eq!(normal("./checkpoint//a.img").unwrap(), "checkpoint/a.img");
        assert_eq!(normal("checkpoint/").unwrap(), "checkpoint");
        assert_eq!(normal("./").unwrap(), "");
        for path in ["/etc/passwd", "../a", "a/../../b", "a/..", "//a"] {
            assert_eq!(normal(path), None, "{path}");
        }
    }

    #[test]
    fn links_are_followed_inside_of_the_archive() {
        let mut archive = Archive::default();
        for (path, target) in [
            ("alias", "old/000"),
            ("old/000", "../pre"),
            ("out", "../x"),
            ("root", "/x"),
            ("one", "other"),
            ("other", "one"),
        ] {
            let member = Member {
                kind: Kind::Symlink(target.to_owned()),
                header: 0,
                offset: 0,
                size: 0,
                change: Change::None,
                content: Content::Passed(Arc::from([])),
                twice: None,
            };
            archive.members.insert(path.to_owned(), member);
        }
        for (directory, link, want) in [
            ("a/b", "../c", Some("a/c")),
            ("a", "../pre/", Some("pre")),
            ("a", "..", Some("")),
            ("a", "../../c", None),
            ("a", "/c", None),
            ("a", "../alias", Some("pre")),
            ("a", "../alias/x", Some("pre/x")),
            ("a", "../out", None),
            ("a", "../root/x", None),
            ("a", "../one", None),
        ] {
            assert_eq!(archive.follow(directory, link).as_deref(), want, "{link}");
        }
    }
}
