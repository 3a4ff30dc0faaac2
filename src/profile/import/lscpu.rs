//! What `lscpu` of util-linux prints, with -J or without.
//!
//! Releases differ in the order of the fields and in whether they nest, not in their names. It says less than
//! /proc/cpuinfo: names of cores instead of `MIDR_EL1`.

use super::error::Error;
use super::features;
use super::statement::{Fact, Found, Spot, Text, shown};
use crate::profile::infer::design::{self, Design};
use crate::profile::schema::json::{self, Node, Value};

/// A field: name without its colon, value, place.
struct Field {
    name: String,
    value: String,
    spot: Spot,
}

/// Makers as `lscpu` names them, and their number in `MIDR_EL1`.
const VENDORS: &[(&str, u64)] = &[
    ("ARM", 0x41),
    ("Cavium", 0x43),
    ("FUJITSU", 0x46),
    ("HiSilicon", 0x48),
    ("APM", 0x50),
    ("Qualcomm", 0x51),
    ("Apple", 0x61),
    ("Ampere", 0xc0),
];

const ADVICE: &str = "write it with `LC_ALL=C lscpu -J`";

/// Reads the output of `lscpu`.
pub(super) fn text(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    text.must_end()?;
    let mut fields = Vec::new();
    for (line, content) in text.filled() {
        let (name, value) = content.split_once(':').ok_or_else(|| Error::Malformed {
            spot: text.line(line),
            problem: format!("{} is no field of lscpu", shown(content)),
            advice: ADVICE,
        })?;
        fields.push(Field {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            spot: text.line(line),
        });
    }
    take(text, &fields, found)
}

/// Reads the output of `lscpu -J`.
pub(super) fn json(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    let breaks: Vec<usize> = memchr::memchr_iter(b'\n', text.text.as_bytes()).collect();
    let spot = |offset: usize| {
        let before = breaks.partition_point(|line_break| *line_break < offset);
        text.line(before.saturating_add(text.first_line))
    };
    let node = json::parse(text.text).map_err(|error| Error::Malformed {
        spot: spot(error.at),
        problem: format!("this is no JSON: {}", error.problem),
        advice: ADVICE,
    })?;
    let list = member(&node, "lscpu").ok_or_else(|| Error::Malformed {
        spot: spot(node.at),
        problem: "there is no `lscpu`".to_owned(),
        advice: ADVICE,
    })?;
    let mut fields = Vec::new();
    collect(list, &spot, &mut fields)?;
    take(text, &fields, found)
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match &node.value {
        Value::Object(members) => members
            .iter()
            .find(|(key, _)| key.text == name)
            .map(|(_, value)| value),
        _ => None,
    }
}

/// The fields of a list and of their children; the depth is bounded by that of the JSON reader.
fn collect(
    list: &Node,
    spot: &impl Fn(usize) -> Spot,
    fields: &mut Vec<Field>,
) -> Result<(), Error> {
    let malformed = |node: &Node, problem: &str| Error::Malformed {
        spot: spot(node.at),
        problem: problem.to_owned(),
        advice: ADVICE,
    };
    let Value::List(items) = &list.value else {
        return Err(malformed(list, "this is no list of fields"));
    };
    for item in items {
        let Some(Value::Text(name)) = member(item, "field").map(|node| &node.value) else {
            return Err(malformed(item, "this is no object with a `field`"));
        };
        let value = member(item, "data");
        if let Some(Value::Text(value)) = value.map(|node| &node.value) {
            fields.push(Field {
                name: name.trim().trim_end_matches(':').to_owned(),
                value: value.trim().to_owned(),
                spot: spot(value_place(item)),
            });
        }
        if let Some(children) = member(item, "children") {
            collect(children, spot, fields)?;
        }
    }
    Ok(())
}

fn value_place(item: &Node) -> usize {
    member(item, "data").map_or(item.at, |node| node.at)
}

fn take(text: &Text<'_>, fields: &[Field], found: &mut Found) -> Result<(), Error> {
    let all = |name: &'static str| fields.iter().filter(move |field| field.name == name);
    if let Some(field) = all("Architecture").find(|field| field.value != "aarch64") {
        return Err(Error::Foreign {
            spot: field.spot.clone(),
            found: format!("Architecture is {}", shown(&field.value)),
        });
    }
    if all("Flags").next().is_none() {
        return Err(Error::Malformed {
            spot: text.line(text.first_line),
            problem: "there is no field `Flags`".to_owned(),
            advice: ADVICE,
        });
    }
    let lists = all("Flags").map(|field| (field.spot.clone(), field.value.as_str()));
    features::common("Flags", lists, found)?;
    if let Some((midr, field)) = midr(fields) {
        found.say(
            "Model name, Stepping",
            field.spot.clone(),
            Fact::Midr(None, midr),
        );
    }
    Ok(())
}

/// `MIDR_EL1`, where there is one kind of cores, of a known name.
fn midr(fields: &[Field]) -> Option<(u64, &Field)> {
    let only = |name: &str| {
        let mut named = fields.iter().filter(|field| field.name == name);
        named.next().filter(|_| named.next().is_none())
    };
    let vendor = &only("Vendor ID")?.value;
    let (_, implementer) = VENDORS.iter().find(|(name, _)| name == vendor)?;
    let model = only("Model name")?;
    let part = Design::part_of(*implementer, &model.value)?;
    let (variant, revision) = only("Stepping")?.value.strip_prefix('r')?.split_once('p')?;
    let small = |digits: &str| digits.parse().ok().filter(|number: &u64| *number <= 0xf);
    let midr = design::midr(*implementer, small(variant)?, part, small(revision)?);
    Some((midr, model))
}
