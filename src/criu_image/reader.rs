//! What the readers of the single images share: where they read, and what they have noted.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::Message;

use super::ask::Asks;
use super::envelope::{Entry, Header, Image};
use super::error::Error;
use super::model::{Anomaly, AnomalyKind, Host, LsmProfile, UnknownField};
use crate::input::{Blob, MAX_IMAGE, Source};
use crate::units::{Pid, Place};
use crate::wire::WireErrorKind;
use crate::wire::schema::{MAX_UNKNOWN, MessageId, check};

/// One directory of the chain of dumps.
#[derive(Clone, Debug)]
pub(super) struct Dir {
    /// Its files.
    pub(super) source: Arc<dyn Source>,
    /// In front of names in places and messages: where the dump lies, and `parent/` for each step up from it.
    pub(super) prefix: String,
    /// Whether it is a parent of the dump rather than the dump itself.
    pub(super) is_parent: bool,
    /// How images begin. Decided by the dump's own inventory for the whole chain, as CRIU does.
    pub(super) header: Header,
}

impl Dir {
    /// The name of a file in places and messages.
    pub(super) fn label(&self, name: &str) -> Arc<str> {
        format!("{}{name}", self.prefix).into()
    }

    /// A pages file; `None` when there is no such file.
    pub(super) fn map(&self, name: &str) -> Result<Option<Arc<Blob>>, Error> {
        Ok(self
            .source
            .map(name)
            .map_err(|error| error.under(&self.prefix))?)
    }

    /// An image by its name and kind; `None` when there is no such file.
    pub(super) fn image(&self, name: &str, kind: &'static str) -> Result<Option<Image>, Error> {
        self.image_with(name, kind, self.header)
    }

    pub(super) fn image_with(
        &self,
        name: &str,
        kind: &'static str,
        header: Header,
    ) -> Result<Option<Image>, Error> {
        match self
            .source
            .read(name, MAX_IMAGE)
            .map_err(|error| error.under(&self.prefix))?
        {
            Some(bytes) => Image::open(self.label(name), bytes, kind, header).map(Some),
            None => Ok(None),
        }
    }

    /// An image that has to be there because of `why`.
    pub(super) fn needed(
        &self,
        name: &str,
        kind: &'static str,
        why: impl FnOnce() -> String,
    ) -> Result<Image, Error> {
        self.image(name, kind)?.ok_or_else(|| Error::MissingImage {
            file: self.label(name),
            why: why(),
        })
    }
}

/// Anomalies that are listed one by one. They are noted once a file or mapping, not once a page, so
/// that more than this is not damage but an image made to fill memory.
const MAX_ANOMALIES: usize = 4096;

/// What has been noted on the way.
#[derive(Debug, Default)]
pub(super) struct Notes {
    unknown: BTreeMap<(MessageId, u32), (u64, Place)>,
    anomalies: Vec<Anomaly>,
    /// Anomalies beyond [`MAX_ANOMALIES`], and the place of the first of them.
    more: Option<(u64, Place)>,
    /// What the image asks for.
    pub(super) asks: Asks,
    /// How the restoring machine has to be set up, except the security module.
    pub(super) host: Host,
    /// The security module that was in force at the dump: 1 is SELinux, 2 AppArmor.
    pub(super) lsm_module: Option<i32>,
    /// The first profile of a security module that was met.
    pub(super) lsm_profile: Option<(String, Place)>,
}

impl Notes {
    /// Reads an entry as `message`: checks it against the definition, notes unknown fields, decodes it.
    pub(super) fn decode<M: Message + Default>(
        &mut self,
        message: MessageId,
        entry: &Entry<'_>,
    ) -> Result<M, Error> {
        let at = |offset: usize| entry.offset.saturating_add(offset as u64);
        let file = || Arc::clone(&entry.file);
        let name = message.name();
        let found = check(message, entry.bytes).map_err(|error| Error::Wire {
            file: file(),
            offset: at(error.offset),
            message: name,
            kind: error.kind,
        })?;
        if let Some(field) = found.wrong.first() {
            return Err(Error::FieldType {
                file: file(),
                offset: at(field.offset),
                message: field.message.name(),
                field: field.name,
                number: field.number,
            });
        }
        if let Some(field) = found.missing.first() {
            return Err(Error::MissingField {
                file: file(),
                offset: at(field.offset),
                message: field.message.name(),
                field: field.name,
                number: field.number,
            });
        }
        for (key, met) in found.unknown {
            let full = self.unknown.len() >= MAX_UNKNOWN;
            let place = entry.part(met.offset, met.offset.saturating_add(met.len));
            if full && !self.unknown.contains_key(&key) {
                let kind = WireErrorKind::Unknowns;
                return Err(Error::Wire {
                    file: file(),
                    offset: place.offset,
                    message: name,
                    kind,
                });
            }
            let (count, _) = self.unknown.entry(key).or_insert((0, place));
            *count = count.saturating_add(met.count);
        }
        M::decode(entry.bytes).map_err(|error| Error::Decode {
            file: file(),
            offset: entry.offset,
            message: name,
            error,
        })
    }

    /// How the restoring machine has to be set up.
    pub(super) fn host(&mut self) -> Host {
        let mut host = std::mem::take(&mut self.host);
        let named = self.lsm_module.zip(self.lsm_profile.take());
        host.lsm = named.map(|(module, (profile, place))| LsmProfile {
            module: match module {
                1 => "SELinux".to_owned(),
                2 => "AppArmor".to_owned(),
                other => format!("security module {other}"),
            },
            profile,
            place,
        });
        host
    }

    /// Notes something damaged or odd.
    pub(super) fn anomaly(
        &mut self,
        kind: AnomalyKind,
        pid: Option<Pid>,
        place: Place,
        detail: impl Into<String>,
    ) {
        if self.anomalies.len() < MAX_ANOMALIES {
            let detail = detail.into();
            self.anomalies.push(Anomaly {
                kind,
                pid,
                place,
                detail,
            });
        } else {
            let (count, _) = self.more.get_or_insert((0, place));
            *count = count.saturating_add(1);
        }
    }

    /// The anomalies, with a last one that counts those not listed.
    pub(super) fn anomalies(&mut self) -> Vec<Anomaly> {
        let mut list = std::mem::take(&mut self.anomalies);
        if let Some((count, place)) = self.more.take() {
            let detail = format!("{count} more oddities, of which this is the first");
            list.push(Anomaly {
                kind: AnomalyKind::Contradiction,
                pid: None,
                place,
                detail,
            });
        }
        list
    }

    /// The lowest unknown field of a message that has been met, and where.
    pub(super) fn first_unknown(&self, message: MessageId) -> Option<(u32, &Place)> {
        let mut of_message = self.unknown.range((message, 0)..=(message, u32::MAX));
        of_message
            .next()
            .map(|((_, number), (_, place))| (*number, place))
    }

    /// The unknown fields, by message and number.
    pub(super) fn unknown_fields(&mut self) -> Vec<UnknownField> {
        let field =
            |((message, number), (count, place)): ((MessageId, u32), (u64, Place))| UnknownField {
                message: message.name(),
                number,
                count,
                place,
            };
        std::mem::take(&mut self.unknown)
            .into_iter()
            .map(field)
            .collect()
    }
}
