//! Reads the text of a profile, schema `hwcr-profile/1`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::agree;
use super::error::Error;
use super::json::{self, Node};
use super::near;
use super::provenance;
use super::section::{Section, Text, shown};
use crate::abi::record::RecordKind;
use crate::auxv::hwcap::{BITS, HwcapWord, Hwcaps};
use crate::profile::model::{Basis, Observed, PacAlgorithm, Pauth, Profile, Source, VectorLengths};
use crate::units::{Version, Vl};

/// The value of `schema`.
pub const SCHEMA: &str = "hwcr-profile/1";

/// The keys of a profile.
const KEYS: &[&str] = &[
    "schema",
    "name",
    "arch",
    "origin",
    "basis",
    "hwcap",
    "features",
    "sve",
    "sme",
    "page_size",
    "va_bits",
    "minsigstksz",
    "pauth",
    "auxv_bytes",
    "kernel",
    "criu",
    "registers",
    "sigreturn",
    "cores",
    "origins",
    "members",
];

/// The keys of `hwcap`.
pub(in crate::profile) const HWCAP_KEYS: [(&str, HwcapWord); 4] = [
    ("hwcap", HwcapWord::Hwcap),
    ("hwcap2", HwcapWord::Hwcap2),
    ("hwcap3", HwcapWord::Hwcap3),
    ("hwcap4", HwcapWord::Hwcap4),
];

/// The key of a word, without the section it lies in.
pub(in crate::profile) fn word_key(word: HwcapWord) -> &'static str {
    HWCAP_KEYS
        .iter()
        .find(|(_, of)| *of == word)
        .map_or("", |(key, _)| key)
}

/// The path of a word's key: `hwcap.hwcap2`.
pub(in crate::profile) fn word_path(word: HwcapWord) -> String {
    format!("hwcap.{}", word_key(word))
}

/// Registers that Linux lets a program read: those it emulates MRS for (`is_emulated` of
/// `arch/arm64/kernel/cpufeature.c`), those EL0 reads directly, and those sysfs shows.
pub const REGISTERS: &[&str] = &[
    "MIDR_EL1",
    "MPIDR_EL1",
    "REVIDR_EL1",
    "AIDR_EL1",
    "SMIDR_EL1",
    "ID_AA64PFR0_EL1",
    "ID_AA64PFR1_EL1",
    "ID_AA64PFR2_EL1",
    "ID_AA64ZFR0_EL1",
    "ID_AA64SMFR0_EL1",
    "ID_AA64FPFR0_EL1",
    "ID_AA64DFR0_EL1",
    "ID_AA64DFR1_EL1",
    "ID_AA64DFR2_EL1",
    "ID_AA64AFR0_EL1",
    "ID_AA64AFR1_EL1",
    "ID_AA64ISAR0_EL1",
    "ID_AA64ISAR1_EL1",
    "ID_AA64ISAR2_EL1",
    "ID_AA64ISAR3_EL1",
    "ID_AA64MMFR0_EL1",
    "ID_AA64MMFR1_EL1",
    "ID_AA64MMFR2_EL1",
    "ID_AA64MMFR3_EL1",
    "ID_AA64MMFR4_EL1",
    "CTR_EL0",
    "DCZID_EL0",
    "CNTFRQ_EL0",
];

/// AT_MINSIGSTKSZ of a machine without any large record: 4688 bytes of frame and 32 the kernel adds.
pub(crate) const LEAST_MINSIGSTKSZ: u64 = 4720;

/// Sizes of a page, bytes.
pub(in crate::profile) const PAGE_SIZES: [u64; 3] = [4096, 16384, 65536];

/// Whether a kernel can write this AT_MINSIGSTKSZ.
pub(in crate::profile) fn is_minsigstksz(bytes: u64) -> bool {
    bytes >= LEAST_MINSIGSTKSZ && bytes.is_multiple_of(16)
}

/// Where the values that can contradict each other stand.
pub(super) struct Nodes<'a> {
    pub(super) profile: &'a Node,
    pub(super) sve: Option<&'a Node>,
    pub(super) sme: Option<&'a Node>,
    pub(super) address: Option<&'a Node>,
    pub(super) generic: Option<&'a Node>,
    pub(super) level: Option<&'a Node>,
    pub(super) registers: Option<&'a Node>,
}

/// Reads a profile. `file` is the name messages give to the text.
///
/// # Errors
/// The text is not JSON, breaks the schema or contradicts itself; the error has file, line and column
/// and says what to write instead.
pub fn parse(bytes: &[u8], file: &str, source: Source) -> Result<Profile, Error> {
    let (text, node) = open(bytes, file, source)?;
    read(&text, &node)
}

/// The text and the JSON tree it holds.
pub(super) fn open<'a>(
    bytes: &'a [u8],
    file: &str,
    source: Source,
) -> Result<(Text<'a>, Node), Error> {
    let file: Arc<str> = Arc::from(file);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Text { file, source, text },
        Err(error) => {
            let valid = bytes
                .get(..error.valid_up_to())
                .and_then(|valid| std::str::from_utf8(valid).ok());
            let text = Text {
                file,
                source,
                text: valid.unwrap_or(""),
            };
            return Err(Error::NotUtf8 {
                at: text.at(error.valid_up_to()),
            });
        }
    };
    let node = json::parse(text.text).map_err(|error| text.syntax(error))?;
    Ok((text, node))
}

/// Reads a profile that is all of the text, or a member of one.
pub(super) fn read(text: &Text<'_>, node: &Node) -> Result<Profile, Error> {
    let top = Section::open(text, node, "", KEYS)?;
    let schema = top.need(text, "schema", &format!("write \"schema\": \"{SCHEMA}\""))?;
    text.choice(schema, "schema", &[(SCHEMA, ())])?;
    let arch = top.need(text, "arch", "write \"arch\": \"aarch64\"")?;
    text.choice(arch, "arch", &[("aarch64", ())])?;
    let name = text.string(top.need(text, "name", "give the machine a name")?, "name")?;

    let mut profile = Profile::unknown(name, text.source.clone());
    profile.origin = top
        .get("origin")
        .map(|node| text.string(node, "origin").map(str::to_owned))
        .transpose()?;
    profile.basis = top
        .get("basis")
        .map(|node| text.choice(node, "basis", &Basis::ALL))
        .transpose()?;
    profile.hwcaps = hwcaps(text, &top)?;
    let (sve, sve_node) = vectors(text, top.get("sve"), "sve")?;
    let (sme, sme_node) = vectors(text, top.get("sme"), "sme")?;
    (profile.sve, profile.sme) = (sve, sme);
    numbers(text, &top, &mut profile)?;
    profile.kernel = top
        .get("kernel")
        .map(|node| version(text, node, "kernel"))
        .transpose()?;
    profile.criu = top
        .get("criu")
        .map(|node| version(text, node, "criu"))
        .transpose()?;
    profile.registers = registers(text, top.get("registers"), "registers")?;
    profile.sigreturn = sigreturn(text, top.get("sigreturn"))?;

    let keys = ["address", "generic", "level"];
    let pauth = top
        .get("pauth")
        .map(|node| Section::open(text, node, "pauth", &keys))
        .transpose()?;
    let [address, generic, level] =
        keys.map(|key| pauth.as_ref().and_then(|section| section.get(key)));
    profile.pauth = Pauth {
        address: address
            .map(|node| text.choice(node, "pauth.address", &PacAlgorithm::ALL))
            .transpose()?,
        generic: generic
            .map(|node| text.choice(node, "pauth.generic", &PacAlgorithm::ALL))
            .transpose()?,
        level: level.map(|node| pauth_level(text, node)).transpose()?,
    };
    let registers = top.get("registers");
    let nodes = Nodes {
        profile: node,
        sve: sve_node,
        sme: sme_node,
        address,
        generic,
        level,
        registers,
    };
    agree::rest(text, &mut profile, &nodes)?;
    profile.cores = provenance::cores(text, top.get("cores"))?;
    profile.origins = provenance::origins(text, top.get("origins"), node)?;
    profile.members = provenance::members(text, top.get("members"))?;
    provenance::kept(text, node, &profile)?;
    Ok(profile)
}

fn hwcaps(text: &Text<'_>, top: &Section<'_>) -> Result<Hwcaps, Error> {
    let mut words = None;
    if let Some(node) = top.get("hwcap") {
        let section = Section::open(text, node, "hwcap", &HWCAP_KEYS.map(|(key, _)| key))?;
        let mut caps = Hwcaps::default();
        for (key, word) in HWCAP_KEYS {
            let value = section
                .get(key)
                .map(|node| text.mask(node, &section.path(key)))
                .transpose()?;
            caps.set_word(word, value);
            words = if value.is_some() { Some(caps) } else { words };
        }
    }
    let features = match top.get("features") {
        None => None,
        Some(node) => Some((node, features(text, node)?)),
    };
    // Of several machines there may be no word that all are known to have.
    if words.is_none() && features.is_none() && top.get("members").is_none() {
        let advice = "give the words of the auxiliary vector (\"hwcap\": {\"hwcap\": \"0x…\", \"hwcap2\": \"0x…\"}), or the \
                      Features line of /proc/cpuinfo as a list (\"features\": [\"fp\", …])";
        let (at, key) = (text.at(top.at), "hwcap".to_owned());
        return Err(Error::MissingKey {
            at,
            key,
            advice: advice.to_owned(),
        });
    }
    agree::hwcaps(text, words, features)
}

fn features(text: &Text<'_>, node: &Node) -> Result<Hwcaps, Error> {
    let items = text.list(node, "features", "names")?;
    let names: Vec<&str> = items
        .iter()
        .map(|item| text.string(item, "features"))
        .collect::<Result<_, _>>()?;
    Hwcaps::from_features(names.iter().copied()).map_err(|(index, name)| {
        let near = near::did_you_mean(&near::nearest(name, BITS.iter().map(|bit| bit.cpuinfo)));
        let advice = format!(
            "{near}write names as /proc/cpuinfo prints them; for one that is newer than hwcr, give `hwcap` words \
             instead of `features`"
        );
        text.bad(items.get(index).unwrap_or(node), "features", shown(name), advice)
    })
}

/// The lengths, and where their list stands.
fn vectors<'n>(
    text: &Text<'_>,
    node: Option<&'n Node>,
    name: &'static str,
) -> Result<(Option<VectorLengths>, Option<&'n Node>), Error> {
    let Some(node) = node else {
        return Ok((None, None));
    };
    let section = Section::open(text, node, name, &["vector_lengths", "default"])?;
    let advice = "list all lengths in bytes, [] for a machine without any";
    let list = section.need(text, "vector_lengths", advice)?;
    let key = section.path("vector_lengths");
    let mut lengths: Vec<Vl> = Vec::new();
    for item in text.list(list, &key, "lengths in bytes")? {
        let number = text.number(item, &key)?;
        let vl = u16::try_from(number)
            .ok()
            .map(Vl)
            .filter(|vl| vl.vq().is_some())
            .ok_or_else(|| {
                text.bad(
                    item,
                    &key,
                    number.to_string(),
                    "write lengths in bytes: multiples of 16 from 16 to 256",
                )
            })?;
        if name == "sme" && !vl.0.is_power_of_two() {
            return Err(text.bad(
                item,
                &key,
                number.to_string(),
                "SME lengths are 16, 32, 64, 128 and 256 bytes",
            ));
        }
        if lengths.last().is_some_and(|last| *last >= vl) {
            return Err(text.bad(
                item,
                &key,
                format!("{number} out of order"),
                "write each length once, ascending",
            ));
        }
        lengths.push(vl);
    }
    if let (true, Some(first)) = (
        name == "sve" && lengths.first() != Some(&Vl(16)),
        lengths.first(),
    ) {
        let advice = "add 16: the kernel offers that length on every SVE machine";
        return Err(text.bad(
            list,
            &key,
            format!("a list that begins with {first}"),
            advice,
        ));
    }
    let default = match section.get("default") {
        None
        | Some(Node {
            value: json::Value::Null,
            ..
        }) => None,
        Some(node) => {
            let key = section.path("default");
            let number = text.number(node, &key)?;
            let known = lengths.iter().find(|vl| u64::from(vl.0) == number);
            Some(*known.ok_or_else(|| {
                let advice = "write one of `vector_lengths`, or null without any";
                text.bad(
                    node,
                    &key,
                    format!("{number}, which is none of the lengths"),
                    advice,
                )
            })?)
        }
    };
    Ok((Some(VectorLengths { lengths, default }), Some(list)))
}

fn numbers(text: &Text<'_>, top: &Section<'_>, profile: &mut Profile) -> Result<(), Error> {
    let number = |key: &str, fits: fn(u64) -> bool, advice: &str| -> Result<Option<u64>, Error> {
        let Some(node) = top.get(key) else {
            return Ok(None);
        };
        let value = text.number(node, key)?;
        if fits(value) {
            Ok(Some(value))
        } else {
            Err(text.bad(node, key, value.to_string(), advice))
        }
    };
    profile.page_size = number(
        "page_size",
        |bytes| PAGE_SIZES.contains(&bytes),
        "arm64 pages have 4096, 16384 or 65536 bytes",
    )?;
    let va_bits = number(
        "va_bits",
        |bits| (36..=52).contains(&bits),
        "user addresses have 36 to 52 bits, mostly 48 or 52",
    )?;
    profile.va_bits = va_bits.and_then(|bits| u8::try_from(bits).ok());
    profile.minsigstksz = number(
        "minsigstksz",
        is_minsigstksz,
        "AT_MINSIGSTKSZ is a multiple of 16 bytes and at least 4720",
    )?;
    profile.auxv_bytes = number(
        "auxv_bytes",
        |bytes| bytes >= 16 && bytes.is_multiple_of(16),
        "the longest saved auxv is a multiple of 16 bytes (400 for kernels 6.3 to 6.19)",
    )?;
    Ok(())
}

fn version(text: &Text<'_>, node: &Node, key: &str) -> Result<Version, Error> {
    let version = text.string(node, key)?;
    Version::parse(version).ok_or_else(|| {
        text.bad(
            node,
            key,
            shown(version),
            "write up to three numbers with dots, such as \"6.12.0\"",
        )
    })
}

fn pauth_level(text: &Text<'_>, node: &Node) -> Result<u8, Error> {
    let level = text.number(node, "pauth.level")?;
    u8::try_from(level)
        .ok()
        .filter(|level| *level <= 15)
        .ok_or_else(|| {
            text.bad(
                node,
                "pauth.level",
                level.to_string(),
                "write the value of the ID field, 0 to 15: 3 PAuth2, 5 FPACCOMBINE",
            )
        })
}

pub(super) fn registers(
    text: &Text<'_>,
    node: Option<&Node>,
    name: &str,
) -> Result<BTreeMap<String, u64>, Error> {
    let Some(node) = node else {
        return Ok(BTreeMap::new());
    };
    let section = Section::open(text, node, name, REGISTERS)?;
    section
        .fields()
        .map(|(name, node)| Ok((name.to_owned(), text.mask(node, &section.path(name))?)))
        .collect()
}

fn sigreturn(text: &Text<'_>, node: Option<&Node>) -> Result<BTreeMap<String, Observed>, Error> {
    let Some(node) = node else {
        return Ok(BTreeMap::new());
    };
    let records: Vec<&str> = RecordKind::ALL.iter().map(|kind| kind.name()).collect();
    let section = Section::open(text, node, "sigreturn", &records)?;
    let outcomes = [
        ("accepted", Observed::Accepted),
        ("rejected", Observed::Rejected),
    ];
    section
        .fields()
        .map(|(name, node)| {
            Ok((
                name.to_owned(),
                text.choice(node, &section.path(name), &outcomes)?,
            ))
        })
        .collect()
}
