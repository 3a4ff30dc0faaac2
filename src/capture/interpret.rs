//! A profile of what a machine answered.

use std::collections::BTreeMap;

use super::probe::weigh;
use super::raw::{Core, Probe, Raw};
use super::{Captured, Note, cores, criu, registers, vectors};
use crate::auxv::at::{AT_MINSIGSTKSZ, AT_PAGESZ};
use crate::auxv::hwcap::{self, HwcapWord, Hwcaps};
use crate::auxv::vector::Auxv;
use crate::profile::model::{Basis, Profile, Source};
use crate::profile::schema::load;
use crate::units::Version;

/// The name of a machine without one.
const NAMELESS: &str = "captured";
/// The file of a profile that is in none yet.
const NOWHERE: &str = "standard output";
/// Where capability words come from.
const AUXV: &str = "/proc/self/auxv";
/// Keys of the capability words, with the words.
const WORDS: [(&str, HwcapWord); 4] = [
    ("hwcap.hwcap", HwcapWord::Hwcap),
    ("hwcap.hwcap2", HwcapWord::Hwcap2),
    ("hwcap.hwcap3", HwcapWord::Hwcap3),
    ("hwcap.hwcap4", HwcapWord::Hwcap4),
];

/// The capability words; one that the kernel does not write has no bits.
#[must_use]
pub fn hwcaps(auxv: &Auxv) -> Hwcaps {
    let said = auxv.hwcaps();
    let mut caps = Hwcaps::default();
    for word in HwcapWord::ALL {
        caps.set_word(word, Some(said.word(word).unwrap_or(0)));
    }
    caps
}

/// Makes a profile called `name`, or after the machine.
#[must_use]
pub fn profile(raw: &Raw, name: Option<&str>) -> Captured {
    let mut notes = Vec::new();
    let node = Some(raw.node.as_str()).filter(|node| !node.is_empty() && *node != "(none)");
    let name = name.or(node).unwrap_or(NAMELESS);
    let mut profile = Profile::unknown(name, Source::File(NOWHERE.to_owned()));
    profile.origin = Some(format!(
        "captured by hwcr {} on Linux {}",
        env!("CARGO_PKG_VERSION"),
        raw.release
    ));
    profile.basis = Some(Basis::Captured);
    let mut origins = BTreeMap::new();
    told(raw, &mut profile, &mut origins, &mut notes);
    offered(raw, &mut profile, &mut origins, &mut notes);
    software(raw, &mut profile, &mut origins, &mut notes);
    own_registers(raw, &mut profile, &mut origins, &mut notes);
    // What the registers tell of pointer authentication is found by reading the profile; where they
    // contradict the rest it stays as it is, and reading it again says so.
    if let Ok(read) = reread(&profile, NOWHERE) {
        profile = read;
    }
    if profile.pauth.address.is_some() {
        let from = match profile.registers.contains_key("ID_AA64ISAR1_EL1") {
            true => "ID_AA64ISAR1_EL1 and ID_AA64ISAR2_EL1",
            false => AUXV,
        };
        origins.insert("pauth".to_owned(), from.to_owned());
    }
    probed(raw, &mut profile, &mut origins, &mut notes);
    profile.origins = origins;
    Captured { profile, notes }
}

/// Reads a profile as whoever is given its text will; `file` is what errors call that.
///
/// # Errors
/// What the machine said contradicts itself.
pub fn reread(profile: &Profile, file: &str) -> Result<Profile, crate::profile::Error> {
    let text = crate::profile::to_json(profile);
    load::parse(text.as_bytes(), file, profile.source.clone())
}

/// What the kernel tells every program.
fn told(
    raw: &Raw,
    profile: &mut Profile,
    origins: &mut BTreeMap<String, String>,
    notes: &mut Vec<Note>,
) {
    let auxv = Auxv::from_words(&raw.auxv);
    profile.hwcaps = hwcaps(&auxv);
    for (key, word) in WORDS {
        let from = match auxv.get(word.tag()) {
            Some(_) => format!("{} in {AUXV}", word.name()),
            None => format!("this kernel writes no {}", word.name()),
        };
        origins.insert(key.to_owned(), from);
    }
    profile.page_size = auxv
        .page_size()
        .filter(|bytes| matches!(bytes, 4096 | 16384 | 65536));
    profile.minsigstksz = auxv
        .minsigstksz()
        .filter(|bytes| *bytes >= load::LEAST_MINSIGSTKSZ && bytes.is_multiple_of(16));
    for (key, tag, known, value) in [
        (
            "page_size",
            "AT_PAGESZ",
            profile.page_size,
            auxv.get(AT_PAGESZ),
        ),
        (
            "minsigstksz",
            "AT_MINSIGSTKSZ",
            profile.minsigstksz,
            auxv.get(AT_MINSIGSTKSZ),
        ),
    ] {
        match (known, value) {
            (Some(_), _) => {
                origins.insert(key.to_owned(), format!("{tag} in {AUXV}"));
            }
            (None, Some(value)) => notes.push(Note::new(format!(
                "{tag} is {value}, which no arm64 kernel writes: `{key}` is left unknown"
            ))),
            (None, None) => notes.push(Note::new(format!(
                "this kernel writes no {tag}: `{key}` is left unknown"
            ))),
        }
    }
}

/// Vectors and addresses.
fn offered(
    raw: &Raw,
    profile: &mut Profile,
    origins: &mut BTreeMap<String, String>,
    notes: &mut Vec<Note>,
) {
    let has = |bit| profile.hwcaps.has(bit) == Some(true);
    profile.sve = vectors::offered(&raw.sve, "sve", has(hwcap::SVE), notes);
    profile.sme = vectors::offered(&raw.sme, "sme", has(hwcap::SME), notes);
    for (key, bit, operation, offered) in [
        ("sve", "HWCAP_SVE", "PR_SVE_SET_VL", &profile.sve),
        ("sme", "HWCAP2_SME", "PR_SME_SET_VL", &profile.sme),
    ] {
        let Some(offered) = offered else { continue };
        let from = match offered.lengths.is_empty() {
            true => format!("{bit} is not set"),
            false => format!("prctl({operation}) with every length"),
        };
        origins.insert(format!("{key}.vector_lengths"), from);
        if offered.default.is_some() {
            let file = format!("/proc/sys/abi/{key}_default_vector_length");
            origins.insert(format!("{key}.default"), file);
        }
    }
    profile.va_bits = va_bits(&raw.va);
    if profile.va_bits.is_some() {
        let how = "mmap(MAP_FIXED_NOREPLACE) below each power of two";
        origins.insert("va_bits".to_owned(), how.to_owned());
    } else {
        notes.push(Note::new(
            "pages cannot be mapped at chosen addresses here: `va_bits` is left unknown",
        ));
    }
}

/// The most bits below which a page can be mapped, where every number of bits got an answer: up to the
/// kernel's all can, beyond none.
fn va_bits(answers: &[(u8, Option<bool>)]) -> Option<u8> {
    let reach = answers
        .iter()
        .take_while(|(_, mapped)| *mapped == Some(true));
    let beyond = answers.iter().skip(reach.clone().count());
    beyond
        .clone()
        .all(|(_, mapped)| *mapped == Some(false))
        .then(|| reach.last().map(|(bits, _)| *bits))
        .flatten()
}

/// Versions.
fn software(
    raw: &Raw,
    profile: &mut Profile,
    origins: &mut BTreeMap<String, String>,
    notes: &mut Vec<Note>,
) {
    profile.kernel = Version::parse(&raw.release);
    if profile.kernel.is_some() {
        origins.insert("kernel".to_owned(), format!("uname: {}", raw.release));
    } else {
        notes.push(Note::new(format!(
            "the kernel calls itself {:?}, which is no version: `kernel` is left unknown",
            raw.release
        )));
    }
    let version = match &raw.criu {
        criu::Answer::Said { path, text } => criu::version(text)
            .map(|version| (path, version))
            .ok_or_else(|| format!("{} --version prints no version", path.display())),
        criu::Answer::Absent => Err("there is no criu in PATH or in /usr/sbin".to_owned()),
        criu::Answer::Failed { path, why } => {
            Err(format!("{} --version failed: {why}", path.display()))
        }
    };
    match version {
        Ok((path, version)) => {
            profile.criu = Some(version);
            origins.insert("criu".to_owned(), format!("{} --version", path.display()));
        }
        Err(why) => notes.push(
            Note::new(format!("{why}: `criu` is left unknown"))
                .help("add the version of the CRIU that will restore: \"criu\": \"4.2.1\""),
        ),
    }
}

/// Registers, and cores that are not alike.
fn own_registers(
    raw: &Raw,
    profile: &mut Profile,
    origins: &mut BTreeMap<String, String>,
    notes: &mut Vec<Note>,
) {
    if profile.hwcaps.has(hwcap::CPUID) != Some(true) {
        notes.push(Note::new(
            "HWCAP_CPUID is not set: this kernel lets no program read the ID registers",
        ));
    }
    if !raw.refused.is_empty() {
        notes.push(Note::new(format!(
            "MRS of {} gives no answer here: left unknown",
            raw.refused.join(", ")
        )));
    }
    let sorted = cores::sort(&raw.cores, &raw.registers, notes);
    profile.cores = sorted.kinds;
    profile.registers = sorted.shared;
    for register in registers::TABLE.iter().filter(|register| !register.by_core) {
        if let Some(value) = raw.registers.get(register.name) {
            profile.registers.insert(register.name.to_owned(), *value);
        }
    }
    if !profile.registers.is_empty() {
        origins.insert("registers".to_owned(), "MRS".to_owned());
    }
    for register in registers::TABLE {
        let shown = |core: &Core| core.sysfs.contains_key(register.name);
        if let Some(file) = register.sysfs
            && profile.registers.contains_key(register.name)
            && raw.cores.iter().any(shown)
        {
            origins.insert(
                format!("registers.{}", register.name),
                format!("/sys/devices/system/cpu/cpu*/regs/identification/{file}"),
            );
        }
    }
}

/// What was tried.
fn probed(
    raw: &Raw,
    profile: &mut Profile,
    origins: &mut BTreeMap<String, String>,
    notes: &mut Vec<Note>,
) {
    let Some(Probe { frames, auxv }) = &raw.probe else {
        return;
    };
    match frames {
        Ok(frames) => {
            let seen = weigh::weigh(frames, profile);
            profile.sigreturn = seen.sigreturn;
            notes.extend(seen.notes);
            for (kind, forms) in seen.forms {
                origins.insert(
                    format!("sigreturn.{kind}"),
                    format!("rt_sigreturn of frames with it: {forms}"),
                );
            }
        }
        Err(why) => notes.push(Note::new(format!(
            "no signal frame could be tried: {why}: `sigreturn` is left unknown"
        ))),
    }
    match auxv.limit() {
        Ok(bytes) => {
            profile.auxv_bytes = Some(bytes);
            let how = "prctl(PR_SET_MM, PR_SET_MM_MAP) with growing lengths";
            origins.insert("auxv_bytes".to_owned(), how.to_owned());
        }
        Err(why) => notes.push(Note::new(format!("{why}: `auxv_bytes` is left unknown"))),
    }
}
