//! The parts of a profile that say of which machines and cores, and from where, its facts are.

use std::collections::{BTreeMap, HashSet};

use super::agree;
use super::error::Error;
use super::json::{Node, Value};
use super::load;
use super::promise;
use super::section::{Section, Text, shown};
use crate::profile::model::{Basis, Cores, Profile};

/// Groups of cores that are not alike.
pub(super) fn cores(text: &Text<'_>, node: Option<&Node>) -> Result<Vec<Cores>, Error> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let mut groups: Vec<Cores> = Vec::new();
    for item in text.list(node, "cores", "objects")? {
        let section = Section::open(text, item, "cores", &["cpus", "registers"])?;
        let advice = "write the numbers of the cores as Linux lists them, such as \"0-3,8\"";
        let cpus = section.need(text, "cpus", advice)?;
        let list = text.string(cpus, "cores.cpus")?;
        if !is_cpu_list(list) {
            return Err(text.bad(cpus, "cores.cpus", shown(list), advice));
        }
        groups.push(Cores {
            cpus: list.to_owned(),
            registers: load::registers(text, section.get("registers"), "cores.registers")?,
        });
    }
    Ok(groups)
}

/// Numbers and ranges, ascending and apart.
fn is_cpu_list(list: &str) -> bool {
    let mut least: u32 = 0;
    list.split(',').all(|item| {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (Ok(first), Ok(last), true) = (
            first.parse::<u32>(),
            last.parse::<u32>(),
            digits(first) && digits(last),
        ) else {
            return false;
        };
        let ascends = first >= least && last >= first;
        least = last.saturating_add(1);
        ascends
    })
}

/// Where single values come from; each entry must name a value that is there.
pub(super) fn origins(
    text: &Text<'_>,
    node: Option<&Node>,
    profile: &Node,
) -> Result<BTreeMap<String, String>, Error> {
    let Some(node) = node else {
        return Ok(BTreeMap::new());
    };
    let Value::Object(fields) = &node.value else {
        return Err(text.wrong(node, "origins", "an object in braces"));
    };
    let mut origins = BTreeMap::new();
    for (key, value) in fields {
        let path = format!("origins.{}", key.text);
        if at_path(profile, &key.text).is_none() {
            let advice = "name a key of this profile, with dots: \"sve.default\", \"kernel\"";
            return Err(text.bad(node, "origins", shown(&key.text), advice));
        }
        let said = text.string(value, &path)?.to_owned();
        if origins.insert(key.text.clone(), said).is_some() {
            return Err(text.bad(
                node,
                "origins",
                format!("{} twice", shown(&key.text)),
                "keep one of the two",
            ));
        }
    }
    Ok(origins)
}

/// The value at a path of keys.
fn at_path<'n>(profile: &'n Node, path: &str) -> Option<&'n Node> {
    path.split('.').try_fold(profile, |node, part| {
        let Value::Object(fields) = &node.value else {
            return None;
        };
        let (_, inner) = fields.iter().find(|(key, _)| key.text == part)?;
        Some(inner)
    })
}

/// The machines a profile stands for.
pub(super) fn members(text: &Text<'_>, node: Option<&Node>) -> Result<Vec<Profile>, Error> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let mut members: Vec<Profile> = Vec::new();
    let mut names = HashSet::new();
    for item in text.list(node, "members", "profiles")? {
        if let Value::Object(fields) = &item.value
            && fields.iter().any(|(key, _)| key.text == "members")
        {
            let advice = "list single machines only";
            return Err(text.bad(item, "members", "a profile with members of its own", advice));
        }
        let member = load::read(text, item)?;
        if !names.insert(member.name.clone()) {
            let found = format!("a second {}", shown(&member.name));
            let advice = "findings name members: give each a name of its own";
            return Err(text.bad(item, "members", found, advice));
        }
        members.push(member);
    }
    Ok(members)
}

/// Whether every member keeps what the profile says of all.
pub(super) fn kept(text: &Text<'_>, node: &Node, profile: &Profile) -> Result<(), Error> {
    if profile.basis == Some(Basis::Baseline) && profile.members.is_empty() {
        let advice = "list the machines under `members`, as `hwcr profile baseline` does; what they have in common \
                      is no promise without them";
        return Err(Error::MissingKey {
            at: text.at(node.at),
            key: "members".to_owned(),
            advice: advice.to_owned(),
        });
    }
    for member in &profile.members {
        let Some(excess) = promise::excesses(profile, member).into_iter().next() else {
            continue;
        };
        let problem = format!(
            "it says {}, but the member {} says {}",
            excess.promised,
            shown(&member.name),
            excess.kept
        );
        let at = at_path(node, &excess.key).unwrap_or(node);
        let advice = "promise no more than every member has, or leave the key out; `hwcr profile baseline` makes such \
                      a profile";
        return Err(agree::contradiction(text, at, &excess.key, problem, advice));
    }
    Ok(())
}
