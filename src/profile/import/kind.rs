//! The kinds of input, and telling them apart.

use std::sync::Arc;

use super::error::Error;
use super::statement::{Found, Position, Spot, Text};
use super::{cpuinfo, features, lscpu, recipe, show_auxv, vector};

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// /proc/cpuinfo.
    Cpuinfo,
    /// What a program prints that is started with LD_SHOW_AUXV=1.
    ShowAuxv,
    /// The bytes of /proc/self/auxv.
    Auxv,
    /// The same as hexadecimal text: `od -An -v -tx1`.
    AuxvHex,
    /// `lscpu -J`.
    LscpuJson,
    /// `lscpu`.
    Lscpu,
    /// Names of features.
    Features,
    /// What the recipe of the README collects.
    Recipe,
}

impl Kind {
    /// Every kind, as a user names it.
    pub const ALL: [(&'static str, Self); 8] = [
        ("cpuinfo", Self::Cpuinfo),
        ("show-auxv", Self::ShowAuxv),
        ("auxv", Self::Auxv),
        ("auxv-hex", Self::AuxvHex),
        ("lscpu-json", Self::LscpuJson),
        ("lscpu", Self::Lscpu),
        ("features", Self::Features),
        ("recipe", Self::Recipe),
    ];

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }
}

/// Keys that only /proc/cpuinfo has, of this architecture or of others.
const CPUINFO_KEYS: [&str; 6] = [
    "processor",
    "Features",
    "CPU implementer",
    "vendor_id",
    "flags",
    "hart",
];

/// Tells by the content what an input is.
pub(super) fn recognise(file: &Arc<str>, bytes: &[u8]) -> Result<Kind, Error> {
    let unrecognised = |found: &str| Error::Unrecognised {
        file: file.to_string(),
        found: found.to_owned(),
    };
    let Some(text) = as_text(bytes) else {
        return if bytes.len().is_multiple_of(vector::PAIR) {
            Ok(Kind::Auxv)
        } else {
            Err(unrecognised(
                "it is neither text nor pairs of 8-byte numbers",
            ))
        };
    };
    let text = Text {
        file: Arc::clone(file),
        first_line: 1,
        text,
    };
    let Some((_, first)) = text.filled().next() else {
        return Err(unrecognised("it is empty"));
    };
    let keys = || text.filled().filter_map(|(_, line)| line.split_once(':'));
    let any = |wanted: &[&str]| keys().any(|(key, _)| wanted.contains(&key.trim()));
    if recipe::section(first).is_some() {
        Ok(Kind::Recipe)
    } else if first.starts_with('{') {
        Ok(Kind::LscpuJson)
    } else if first.starts_with("AT_") {
        Ok(Kind::ShowAuxv)
    } else if any(&["Architecture"]) {
        Ok(Kind::Lscpu)
    } else if any(&CPUINFO_KEYS) {
        Ok(Kind::Cpuinfo)
    } else if vector::is_hex(&text) {
        Ok(Kind::AuxvHex)
    } else if features::is_list(&text) {
        Ok(Kind::Features)
    } else {
        Err(unrecognised("hwcr does not know what this text is"))
    }
}

/// Text has no NUL; an auxiliary vector is full of them.
fn as_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

/// Reads an input as what it is.
pub(super) fn read(
    kind: Kind,
    file: &Arc<str>,
    bytes: &[u8],
    found: &mut Found,
) -> Result<(), Error> {
    let read: fn(&Text<'_>, &mut Found) -> Result<(), Error> = match kind {
        Kind::Auxv => return vector::bytes(file, bytes, found),
        Kind::Cpuinfo => cpuinfo::read,
        Kind::ShowAuxv => show_auxv::read,
        Kind::AuxvHex => vector::hex,
        Kind::LscpuJson => lscpu::json,
        Kind::Lscpu => lscpu::text,
        Kind::Features => features::read,
        Kind::Recipe => recipe::read,
    };
    let Some(text) = as_text(bytes) else {
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => text.find('\0').unwrap_or(0),
            Err(error) => error.valid_up_to(),
        };
        return Err(Error::Malformed {
            spot: Spot {
                file: Arc::clone(file),
                position: Position::Offset(valid),
            },
            problem: "the bytes are no text".to_owned(),
            advice: "for the bytes of /proc/self/auxv say --as auxv",
        });
    };
    let text = Text {
        file: Arc::clone(file),
        first_line: 1,
        text,
    };
    read(&text, found)
}
