//! Statements of a profile that cannot both be true, and what one statement tells of another.

use super::error::Error;
use super::json::Node;
use super::load::{self, Nodes};
use super::section::Text;
use crate::auxv::hwcap::{self, HwcapBit, HwcapWord, Hwcaps};
use crate::profile::model::pauth;
use crate::profile::model::{PacAlgorithm, Pauth, Profile, VectorLengths};

/// Joins HWCAP words with those that follow from feature names.
pub(super) fn hwcaps(
    text: &Text<'_>,
    words: Option<Hwcaps>,
    features: Option<(&Node, Hwcaps)>,
) -> Result<Hwcaps, Error> {
    let (words, node, named) = match (words, features) {
        (words, None) => return Ok(words.unwrap_or_default()),
        (None, Some((_, named))) => return Ok(named),
        (Some(words), Some((node, named))) => (words, node, named),
    };
    let mut both = named;
    for word in HwcapWord::ALL {
        let Some(value) = words.word(word) else {
            continue;
        };
        both.set_word(word, Some(value));
        // Bits without a name cannot be in `features`.
        let unnamed = value & word.known() & !named.word(word).unwrap_or(0);
        let clear = named.word(word).unwrap_or(0) & !value;
        let list = |bits: u64| {
            let mut only = Hwcaps::default();
            only.set_word(word, Some(bits));
            only.features_line()
        };
        let key = load::word_key(word);
        let problem = match (unnamed, clear) {
            (0, 0) => continue,
            (0, clear) => format!(
                "it names {}, which `hwcap.{key}` does not have",
                list(clear)
            ),
            (unnamed, _) => format!(
                "it does not name {}, which `hwcap.{key}` has",
                list(unnamed)
            ),
        };
        return Err(contradiction(
            text,
            node,
            "features",
            problem,
            "correct one of the two, or delete one",
        ));
    }
    Ok(both)
}

/// Checks vector lengths and pointer authentication against HWCAPs and registers, and fills in what
/// these tell.
pub(super) fn rest(text: &Text<'_>, profile: &mut Profile, nodes: &Nodes<'_>) -> Result<(), Error> {
    let caps = profile.hwcaps;
    vectors(
        text,
        &mut profile.sve,
        nodes.sve,
        "sve.vector_lengths",
        caps,
        hwcap::SVE,
    )?;
    vectors(
        text,
        &mut profile.sme,
        nodes.sme,
        "sme.vector_lengths",
        caps,
        hwcap::SME,
    )?;
    registers(text, profile, nodes)?;
    pauth_against_hwcaps(text, profile, nodes)
}

fn vectors(
    text: &Text<'_>,
    lengths: &mut Option<VectorLengths>,
    node: Option<&Node>,
    key: &str,
    caps: Hwcaps,
    bit: &HwcapBit,
) -> Result<(), Error> {
    let problem = match (
        caps.has(bit),
        lengths.as_ref().map(|known| known.lengths.is_empty()),
        node,
    ) {
        (Some(false), None, _) => {
            // Without the bit the kernel offers no vectors, whatever the CPU has.
            *lengths = Some(VectorLengths {
                lengths: Vec::new(),
                default: None,
            });
            return Ok(());
        }
        (Some(false), Some(false), Some(_)) => "is not set, but there are vector lengths",
        (Some(true), Some(true), Some(_)) => "is set, but there are no vector lengths",
        _ => return Ok(()),
    };
    let Some(node) = node else { return Ok(()) };
    let advice = "write the lengths the kernel offers, in bytes, and [] only without the feature; or correct the \
                  HWCAPs; or leave the lengths out";
    Err(contradiction(
        text,
        node,
        key,
        format!("{} {problem}", bit.name),
        advice,
    ))
}

/// Registers against `pauth`.
fn registers(text: &Text<'_>, profile: &mut Profile, nodes: &Nodes<'_>) -> Result<(), Error> {
    let told = match pauth::pauth(&profile.registers) {
        Ok(told) => told,
        Err([one, other]) => {
            let problem = format!(
                "{}.{} and {}.{} are both set, but a machine has one algorithm",
                one.register, one.name, other.register, other.name
            );
            let node = nodes.registers.unwrap_or(nodes.profile);
            return Err(contradiction(
                text,
                node,
                "registers",
                problem,
                "read the registers again",
            ));
        }
    };
    let said = &mut profile.pauth;
    let advice = "copy the value from the machine: the registers outrank what is said of them; or leave the key out";
    let differ = |key: &str, node: Option<&Node>, has: String, says: String| {
        let problem = format!("it says {says}, but the ID registers say {has}");
        contradiction(text, node.unwrap_or(nodes.profile), key, problem, advice)
    };
    merge(&mut said.address, told.address).map_err(|(says, has)| {
        differ(
            "pauth.address",
            nodes.address,
            has.to_string(),
            says.to_string(),
        )
    })?;
    merge(&mut said.generic, told.generic).map_err(|(says, has)| {
        differ(
            "pauth.generic",
            nodes.generic,
            has.to_string(),
            says.to_string(),
        )
    })?;
    merge(&mut said.level, told.level).map_err(|(says, has)| {
        differ(
            "pauth.level",
            nodes.level,
            has.to_string(),
            says.to_string(),
        )
    })
}

/// Fills what is not said with what is told; `Err` holds both when they differ.
fn merge<T: Copy + PartialEq>(said: &mut Option<T>, told: Option<T>) -> Result<(), (T, T)> {
    match (*said, told) {
        (Some(says), Some(has)) if says != has => Err((says, has)),
        (None, Some(_)) => {
            *said = told;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// `pauth` in itself and against HWCAP_PACA and HWCAP_PACG.
fn pauth_against_hwcaps(
    text: &Text<'_>,
    profile: &mut Profile,
    nodes: &Nodes<'_>,
) -> Result<(), Error> {
    let Pauth {
        address,
        generic,
        level,
    } = profile.pauth;
    let advice = "write \"none\" (level 0) where the kernel does not offer it, else the algorithm; or correct the HWCAPs";
    let checks = [
        (hwcap::PACA, address, "pauth.address", nodes.address),
        (hwcap::PACG, generic, "pauth.generic", nodes.generic),
    ];
    for (bit, algorithm, key, node) in checks {
        let problem = match (profile.hwcaps.has(bit), algorithm) {
            (Some(true), Some(PacAlgorithm::None)) => {
                format!("{} is set, but the algorithm is none", bit.name)
            }
            (Some(false), Some(algorithm)) if algorithm != PacAlgorithm::None => {
                format!("{} is not set, but the algorithm is {algorithm}", bit.name)
            }
            _ => continue,
        };
        return Err(contradiction(
            text,
            node.or(nodes.registers).unwrap_or(nodes.profile),
            key,
            problem,
            advice,
        ));
    }
    let none = |bit| (profile.hwcaps.has(bit) == Some(false)).then_some(PacAlgorithm::None);
    let address = address.or_else(|| none(hwcap::PACA));
    let level = level.or((address == Some(PacAlgorithm::None)).then_some(0));
    if let (Some(algorithm), Some(level)) = (address, level)
        && (algorithm == PacAlgorithm::None) != (level == 0)
    {
        let node = nodes.level.or(nodes.address).unwrap_or(nodes.profile);
        let problem = format!("level {level} with the algorithm {algorithm}");
        return Err(contradiction(
            text,
            node,
            "pauth.level",
            problem,
            "level 0 belongs to \"none\", 1 to 15 to the others",
        ));
    }
    profile.pauth = Pauth {
        address,
        generic: generic.or_else(|| none(hwcap::PACG)),
        level,
    };
    Ok(())
}

pub(super) fn contradiction(
    text: &Text<'_>,
    node: &Node,
    key: &str,
    problem: String,
    advice: &str,
) -> Error {
    Error::Contradiction {
        at: text.at(node.at),
        key: key.to_owned(),
        problem,
        advice: advice.to_owned(),
    }
}
