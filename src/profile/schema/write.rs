//! Writes a profile as the text that [`super::load`] reads.

use std::collections::BTreeMap;

use super::load::{HWCAP_KEYS, SCHEMA};
use crate::profile::model::{Observed, Profile, VectorLengths};

/// A JSON value that keeps the order of its keys.
enum Json {
    Null,
    Number(u64),
    Text(String),
    /// Numbers on one line.
    Numbers(Vec<u64>),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The text of a profile, keys in the order of `docs/profile.md`; unknown values are left out.
///
/// Read again it gives the same profile.
#[must_use]
pub fn to_json(profile: &Profile) -> String {
    let mut out = String::new();
    profile_object(profile).print(0, &mut out);
    out.push('\n');
    out
}

fn profile_object(profile: &Profile) -> Json {
    let mut fields = Vec::new();
    let mut put = |key: &str, value: Option<Json>| {
        if let Some(value) = value {
            fields.push((key.to_owned(), value));
        }
    };
    put("schema", Some(text(SCHEMA)));
    put("name", Some(text(&profile.name)));
    put("arch", Some(text("aarch64")));
    put("origin", profile.origin.as_deref().map(text));
    put("basis", profile.basis.map(|basis| text(basis.name())));
    let words = HWCAP_KEYS
        .iter()
        .filter_map(|(key, word)| Some(((*key).to_owned(), mask(profile.hwcaps.word(*word)?))));
    put("hwcap", object(words.collect()));
    put("sve", profile.sve.as_ref().map(vectors));
    put("sme", profile.sme.as_ref().map(vectors));
    put("page_size", profile.page_size.map(Json::Number));
    put(
        "va_bits",
        profile.va_bits.map(|bits| Json::Number(bits.into())),
    );
    put("minsigstksz", profile.minsigstksz.map(Json::Number));
    let algorithms = [
        ("address", profile.pauth.address),
        ("generic", profile.pauth.generic),
    ];
    let level = profile.pauth.level.map(|level| Json::Number(level.into()));
    let pauth = algorithms
        .into_iter()
        .filter_map(|(key, algorithm)| Some((key.to_owned(), text(algorithm?.name()))))
        .chain(level.map(|level| ("level".to_owned(), level)));
    put("pauth", object(pauth.collect()));
    put("auxv_bytes", profile.auxv_bytes.map(Json::Number));
    put(
        "kernel",
        profile.kernel.map(|version| text(&version.to_string())),
    );
    put(
        "criu",
        profile.criu.map(|version| text(&version.to_string())),
    );
    put("registers", registers(&profile.registers));
    let observed = profile.sigreturn.iter().map(|(record, observed)| {
        let outcome = match observed {
            Observed::Accepted => "accepted",
            Observed::Rejected => "rejected",
        };
        (record.clone(), text(outcome))
    });
    put("sigreturn", object(observed.collect()));
    let cores = profile.cores.iter().map(|group| {
        let cpus = ("cpus".to_owned(), text(&group.cpus));
        let registers = registers(&group.registers).map(|all| ("registers".to_owned(), all));
        Json::Object(std::iter::once(cpus).chain(registers).collect())
    });
    put("cores", list(cores.collect()));
    let origins = profile.origins.iter();
    put(
        "origins",
        object(
            origins
                .map(|(key, said)| (key.clone(), text(said)))
                .collect(),
        ),
    );
    put(
        "members",
        list(profile.members.iter().map(profile_object).collect()),
    );
    Json::Object(fields)
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn mask(value: u64) -> Json {
    Json::Text(format!("{value:#x}"))
}

/// An object, unless it would be empty.
fn object(fields: Vec<(String, Json)>) -> Option<Json> {
    (!fields.is_empty()).then_some(Json::Object(fields))
}

fn list(items: Vec<Json>) -> Option<Json> {
    (!items.is_empty()).then_some(Json::List(items))
}

fn registers(registers: &BTreeMap<String, u64>) -> Option<Json> {
    let fields = registers.iter();
    object(
        fields
            .map(|(name, value)| (name.clone(), mask(*value)))
            .collect(),
    )
}

fn vectors(offered: &VectorLengths) -> Json {
    let lengths = offered.lengths.iter().map(|vl| u64::from(vl.0)).collect();
    let default = offered
        .default
        .map_or(Json::Null, |vl| Json::Number(vl.0.into()));
    Json::Object(vec![
        ("vector_lengths".to_owned(), Json::Numbers(lengths)),
        ("default".to_owned(), default),
    ])
}

impl Json {
    fn print(&self, depth: usize, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Text(text) => quote(text, out),
            Self::Numbers(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
                out.push('[');
                out.push_str(&numbers.join(", "));
                out.push(']');
            }
            Self::List(items) => block(['[', ']'], items, depth, out, |item, depth, out| {
                item.print(depth, out);
            }),
            Self::Object(fields) => block(['{', '}'], fields, depth, out, |field, depth, out| {
                quote(&field.0, out);
                out.push_str(": ");
                field.1.print(depth, out);
            }),
        }
    }
}

/// Items on lines of their own between brackets.
fn block<T>(
    [open, close]: [char; 2],
    items: &[T],
    depth: usize,
    out: &mut String,
    print: impl Fn(&T, usize, &mut String),
) {
    let inside = depth.saturating_add(1);
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        line(inside, out);
        print(item, inside, out);
    }
    line(depth, out);
    out.push(close);
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
