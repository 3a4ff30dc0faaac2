//! The profiles hwcr carries, and finding one by name or path.

use std::io::Read;
use std::path::Path;

use super::model::{Profile, Source};
use super::schema::Error;
use super::schema::load;
use super::schema::mistakes;
use super::schema::near;

macro_rules! table {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("builtin/", $name, ".json")))),*]
    };
}

/// Name and text of every built-in profile, by name. Emulated machines, measured as their `origin`
/// says; `@` and a version stand for another kernel on the same machine.
static BUILTIN: &[(&str, &str)] = table![
    "a64fx",
    "ampere-1a",
    "ampere-altra",
    "ampere-emag",
    "ampereone",
    "apple-m1",
    "apple-m2",
    "armv8.0",
    "cobalt-100",
    "cortex-a57",
    "cortex-a57@6.1",
    "cortex-a57@6.12",
    "cortex-a710",
    "cortex-a72",
    "cortex-a76",
    "fujitsu-a64fx",
    "google-axion",
    "grace",
    "graviton1",
    "graviton2",
    "graviton3",
    "graviton4",
    "jetson-nano",
    "kunpeng-920",
    "max",
    "max-bare",
    "max-nopauth",
    "max-nosme",
    "max-nosve",
    "max-np-nosme",
    "max-np-smeonly",
    "max-np-vq1",
    "max-np-vq2",
    "max-qarma3",
    "max-qarma5",
    "max-sme16",
    "max-smeonly",
    "max-vq1",
    "max-vq2",
    "max-vq4",
    "max@6.1",
    "max@6.12",
    "n1sdp",
    "neoverse-n1",
    "neoverse-n2",
    "neoverse-n2-rhel9",
    "neoverse-n2-ubuntu22.04",
    "neoverse-v1",
    "neoverse-v1-np",
    "neoverse-v1-rhel8",
    "neoverse-v1@6.1",
    "neoverse-v2-ubuntu22.04",
    "neoverse-v3ae-ubuntu24.04",
    "nvidia-gb10",
    "raspberry-pi-3",
    "raspberry-pi-4",
    "raspberry-pi-5",
    "snapdragon-8-elite",
    "snapdragon-x-elite",
    "snapdragon-x2-elite",
    "thunderx",
    "thunderx2",
    "yitian-710",
];

/// Bytes of a profile file read at most; a single machine has about two thousand, a fleet's members
/// as many each.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The names of the built-in profiles, ascending.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}

/// The JSON text of a built-in profile, as a start for one of one's own.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    BUILTIN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// Reads the profile a user means: a file if the text contains `/`, ends in `.json` or names a file
/// that exists, else a built-in profile.
///
/// # Errors
/// The file cannot be read or is no valid profile, or no built-in profile has the name.
pub fn resolve(name_or_path: &str) -> Result<Profile, Error> {
    if is_path(name_or_path) {
        return from_file(name_or_path);
    }
    let text = text(name_or_path).ok_or_else(|| Error::UnknownName {
        name: name_or_path.to_owned(),
        near: near::nearest(name_or_path, names()),
    })?;
    load::parse(
        text.as_bytes(),
        &format!("built-in:{name_or_path}"),
        Source::BuiltIn,
    )
}

/// Reads a profile from a file.
///
/// # Errors
/// The file cannot be read, is longer than [`MAX_BYTES`], or is no valid profile.
pub fn from_file(path: &str) -> Result<Profile, Error> {
    load::parse(&read(path)?, path, Source::File(path.to_owned()))
}

/// Reads the profile a user means, as [`resolve`] does, or finds all its mistakes.
///
/// # Errors
/// The mistakes, at least one.
pub fn examine(name_or_path: &str) -> Result<Profile, Vec<Error>> {
    if !is_path(name_or_path) {
        return resolve(name_or_path).map_err(|error| vec![error]);
    }
    let bytes = read(name_or_path).map_err(|error| vec![error])?;
    let source = Source::File(name_or_path.to_owned());
    mistakes::parse_all(&bytes, name_or_path, source)
}

/// The bytes of a profile's file.
fn read(path: &str) -> Result<Vec<u8>, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if u64::try_from(bytes.len()).map_or(true, |len| len > MAX_BYTES) {
        return Err(Error::TooLarge {
            path: path.to_owned(),
            limit: MAX_BYTES,
        });
    }
    Ok(bytes)
}

/// Whether the user means a file.
fn is_path(name_or_path: &str) -> bool {
    let path = Path::new(name_or_path);
    name_or_path.contains('/')
        || path
            .extension()
            .is_some_and(|extension| extension == "json")
        || path.is_file()
}
