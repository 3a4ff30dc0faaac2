//! The `pac_keys` message of core images (`images/core-aarch64.proto`, CRIU 4.1 and later).

use crate::auxv::hwcap;
use crate::criu_image::model::{PacState, Thread};
use crate::facts::TaskFacts;
use crate::profile::model::Profile;

use super::super::edit::{Change, FieldValue, Operation};

/// `core_entry.ti_aarch64`.
const STATE: (u32, usize) = (8, 0);
/// `thread_info_aarch64.gpregs`, from the entry down.
pub(super) const REGISTERS: [(u32, usize); 2] = [STATE, (3, 0)];
/// `user_aarch64_regs_entry.regs`.
pub(super) const REGISTER: u32 = 1;
/// `thread_info_aarch64.pac_keys`.
const PAC_KEYS: u32 = 5;
/// `pac_keys.pac_address_keys`.
const ADDRESS: u32 = 6;
/// `pac_keys.pac_generic_keys`.
const GENERIC: u32 = 7;
/// `pac_address_keys`: four keys, each a low and a high word, in fields 1 to 8.
const KEY_WORDS: u32 = 8;
/// `pac_address_keys.pac_enabled_key`.
const ENABLED: u32 = 9;

/// What happens to the keys of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyEdit {
    /// The mask of enabled keys becomes 0; where there are no keys, zeros are put in.
    Off,
    /// Those the target cannot take are left out.
    Drop,
    /// All are left out, and an image that says nothing says so: as CRIU 4.1 writes it without PAC.
    None,
}

impl KeyEdit {
    /// For people.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Off => "pointer authentication off for the task (mask of enabled keys 0)",
            Self::Drop => "leave out the pointer-authentication keys the target has no use for",
            Self::None => "say that the task runs without pointer authentication (no keys)",
        }
    }
}

/// The changes to the core images of all threads; none where the images say it already.
pub(super) fn changes(task: &TaskFacts<'_>, edit: KeyEdit, target: &Profile) -> Vec<Change> {
    let lacks = |bit| target.hwcaps.has(bit) == Some(false);
    let (lacks_address, lacks_generic) = (lacks(hwcap::PACA), lacks(hwcap::PACG));
    let mut changes = Vec::new();
    for thread in &task.task.threads {
        let Some(state) = &thread.state else { continue };
        let mut inside = |path: Vec<(u32, usize)>, operation| {
            changes.push(Change::Field {
                file: file(thread),
                entry: 0,
                path,
                operation,
            });
        };
        let message = || vec![STATE, (PAC_KEYS, 0)];
        let delete = |number| Operation::Delete {
            number,
            occurrence: 0,
        };
        match (edit, &state.pac) {
            (
                KeyEdit::Off,
                PacState::Saved {
                    address: Some(keys),
                    ..
                },
            ) => {
                if keys.enabled != 0 {
                    let mut path = message();
                    path.push((ADDRESS, 0));
                    inside(
                        path,
                        Operation::Replace {
                            number: ENABLED,
                            occurrence: 0,
                            old: FieldValue::Varint(keys.enabled),
                            new: FieldValue::Varint(0),
                        },
                    );
                }
            }
            (KeyEdit::Off, PacState::Saved { address: None, .. } | PacState::Absent) => inside(
                message(),
                Operation::Append {
                    number: ADDRESS,
                    value: FieldValue::Bytes(zero_keys()),
                },
            ),
            (KeyEdit::Off, PacState::NotSaved) => inside(
                vec![STATE],
                Operation::Append {
                    number: PAC_KEYS,
                    value: FieldValue::Bytes(nested(ADDRESS, &zero_keys())),
                },
            ),
            (
                KeyEdit::Drop | KeyEdit::None,
                PacState::Saved {
                    address, generic, ..
                },
            ) => {
                let all = edit == KeyEdit::None;
                if address.is_some() && (all || lacks_address) {
                    inside(message(), delete(ADDRESS));
                }
                if generic.is_some() && (all || lacks_generic) {
                    inside(message(), delete(GENERIC));
                }
            }
            (KeyEdit::None, PacState::NotSaved) => inside(
                vec![STATE],
                Operation::Append {
                    number: PAC_KEYS,
                    value: FieldValue::Bytes(Vec::new()),
                },
            ),
            (KeyEdit::None | KeyEdit::Drop, PacState::Absent)
            | (KeyEdit::Drop, PacState::NotSaved) => {}
        }
    }
    changes
}

fn file(thread: &Thread) -> String {
    thread.place.file.to_string()
}

/// Tag of a field whose number is below 16, so that tag and length take a byte each.
fn tag(number: u32, wire_type: u8) -> u8 {
    u8::try_from(number << 3).unwrap_or(0) | wire_type
}

/// `pac_address_keys` with all keys and the mask 0; every field of it is required.
fn zero_keys() -> Vec<u8> {
    (1..=KEY_WORDS)
        .chain([ENABLED])
        .flat_map(|number| [tag(number, 0), 0])
        .collect()
}

/// A message with one field that holds a message, of less than 128 bytes.
fn nested(number: u32, inner: &[u8]) -> Vec<u8> {
    let len = u8::try_from(inner.len()).unwrap_or(0);
    let mut out = vec![tag(number, 2), len];
    out.extend_from_slice(inner);
    out
}
