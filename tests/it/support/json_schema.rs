//! A document held against a JSON Schema, as far as hwcr's own schemas and that of SARIF go. What a schema has beyond
//! that is a failure of the test, not passed over.

use std::collections::{HashMap, HashSet};

use regex::Regex;
use serde_json::{Map, Value};

/// Keywords that say nothing of a document.
const ANNOTATIONS: [&str; 5] = ["$schema", "$id", "title", "description", "default"];
/// Keywords with a schema for each name.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
/// Keywords with one schema.
const SINGLE: [&str; 3] = ["additionalProperties", "propertyNames", "items"];
/// Keywords with a list of schemas.
const LISTS: [&str; 2] = ["anyOf", "oneOf"];
/// The other keywords that are known.
const PLAIN: [&str; 13] = [
    "$ref",
    "type",
    "required",
    "enum",
    "const",
    "minItems",
    "uniqueItems",
    "minLength",
    "pattern",
    "minimum",
    "maximum",
    "multipleOf",
    "format",
];

/// A schema that was understood as a whole.
pub(super) struct Schema {
    root: Value,
    patterns: HashMap<String, Regex>,
}

impl Schema {
    /// Panics where the schema has a keyword, a type or a format that is not known, or a reference that leads nowhere.
    pub(super) fn new(root: &Value) -> Self {
        let mut schema = Self {
            root: root.clone(),
            patterns: HashMap::new(),
        };
        schema.understand(root);
        schema
    }

    pub(super) fn is_valid(&self, document: &Value) -> bool {
        self.complaints(document).is_empty()
    }

    /// What is wrong, each with its place in the document.
    pub(super) fn complaints(&self, document: &Value) -> Vec<String> {
        let mut out = Vec::new();
        self.check(&self.root, document, "", &mut out);
        out
    }

    fn understand(&mut self, schema: &Value) {
        let Value::Object(schema) = schema else {
            assert!(schema.is_boolean(), "no schema: {schema}");
            return;
        };
        for (key, value) in schema {
            let key = key.as_str();
            if NAMED.contains(&key) {
                let named = value.as_object().unwrap();
                named.values().for_each(|inner| self.understand(inner));
            } else if SINGLE.contains(&key) {
                self.understand(value);
            } else if LISTS.contains(&key) {
                let list = value.as_array().unwrap();
                list.iter().for_each(|inner| self.understand(inner));
            } else if PLAIN.contains(&key) {
                self.understand_plain(key, value);
            } else {
                assert!(ANNOTATIONS.contains(&key), "keyword {key} is not known");
            }
        }
    }

    fn understand_plain(&mut self, key: &str, value: &Value) {
        match key {
            "$ref" => {
                self.target(value);
            }
            "type" => types(value).for_each(|name| {
                is_type(name, &Value::Null);
            }),
            "required" => assert!(value.as_array().unwrap().iter().all(Value::is_string)),
            "enum" => assert!(value.is_array()),
            "uniqueItems" => assert!(value.is_boolean()),
            "minItems" | "minLength" => assert!(value.is_u64()),
            "minimum" | "maximum" | "multipleOf" => assert!(value.is_number()),
            "format" => {
                is_format(value.as_str().unwrap(), &Value::Null);
            }
            "pattern" => {
                let text = value.as_str().unwrap();
                self.patterns
                    .insert(text.to_owned(), Regex::new(text).unwrap());
            }
            _ => assert_eq!(key, "const"),
        }
    }

    fn target(&self, reference: &Value) -> &Value {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let target = pointer.and_then(|pointer| self.root.pointer(pointer));
        target.unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(true) => return,
            _ => return out.push(format!("{at}: may not be there")),
        };
        if let Some(reference) = schema.get("$ref") {
            self.check(self.target(reference), value, at, out);
        }
        for (key, wanted) in schema {
            if PLAIN.contains(&key.as_str()) && !self.holds(key, wanted, value) {
                out.push(format!("{at}: {key} {wanted} is not met by {value}"));
            }
        }
        for (list, fits) in [("anyOf", 1..usize::MAX), ("oneOf", 1..2)] {
            let Some(Value::Array(branches)) = schema.get(list) else {
                continue;
            };
            let valid = |branch: &&Value| {
                let mut inner = Vec::new();
                self.check(branch, value, at, &mut inner);
                inner.is_empty()
            };
            let met = branches.iter().filter(valid).count();
            if !fits.contains(&met) {
                out.push(format!("{at}: {met} branches of {list} are met by {value}"));
            }
        }
        if let (Some(items), Value::Array(values)) = (schema.get("items"), value) {
            for (index, value) in values.iter().enumerate() {
                self.check(items, value, &format!("{at}/{index}"), out);
            }
        }
        if let Value::Object(members) = value {
            self.check_members(schema, members, at, out);
        }
    }

    fn check_members(
        &self,
        schema: &Map<String, Value>,
        members: &Map<String, Value>,
        at: &str,
        out: &mut Vec<String>,
    ) {
        for (name, value) in members {
            let at = format!("{at}/{name}");
            if let Some(names) = schema.get("propertyNames") {
                self.check(names, &Value::from(name.as_str()), &at, out);
            }
            let declared = schema.get("properties").and_then(|all| all.get(name));
            if let Some(schema) = declared.or_else(|| schema.get("additionalProperties")) {
                self.check(schema, value, &at, out);
            }
        }
    }

    /// Whether a value is as a keyword of its own wants it; what is of another type than the keyword is about, is.
    fn holds(&self, key: &str, wanted: &Value, value: &Value) -> bool {
        let length = |length: usize| length as u64 >= wanted.as_u64().unwrap();
        match (key, value) {
            ("type", _) => types(wanted).any(|name| is_type(name, value)),
            ("const", _) => wanted == value,
            ("enum", _) => wanted.as_array().unwrap().contains(value),
            ("required", Value::Object(members)) => {
                let names = wanted.as_array().unwrap().iter();
                names
                    .filter_map(Value::as_str)
                    .all(|name| members.contains_key(name))
            }
            ("minItems", Value::Array(items)) => length(items.len()),
            ("minLength", Value::String(text)) => length(text.chars().count()),
            ("uniqueItems", Value::Array(items)) if wanted == &Value::Bool(true) => {
                let mut seen = HashSet::new();
                items.iter().all(|item| seen.insert(item.to_string()))
            }
            ("pattern", Value::String(text)) => {
                self.patterns[wanted.as_str().unwrap()].is_match(text)
            }
            ("minimum", Value::Number(_)) => value.as_f64() >= wanted.as_f64(),
            ("maximum", Value::Number(_)) => value.as_f64() <= wanted.as_f64(),
            ("multipleOf", Value::Number(_)) => match (value.as_u64(), wanted.as_u64()) {
                (Some(value), Some(step)) => value.is_multiple_of(step),
                _ => panic!("{value}: only whole numbers are divided"),
            },
            ("format", _) => is_format(wanted.as_str().unwrap(), value),
            _ => true,
        }
    }
}

/// The types of the keyword `type`: one, or a list.
fn types(value: &Value) -> impl Iterator<Item = &str> {
    let list = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    list.iter().map(|name| name.as_str().unwrap())
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => {
            value.is_u64() || value.is_i64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        _ => panic!("type {name} is not known"),
    }
}

fn is_format(name: &str, value: &Value) -> bool {
    let unsigned = |most: u64| !value.is_number() || value.as_u64().is_some_and(|n| n <= most);
    let text = |fits: fn(&str) -> bool| value.as_str().is_none_or(fits);
    match name {
        "uint8" => unsigned(u8::MAX.into()),
        "uint16" => unsigned(u16::MAX.into()),
        "uint32" => unsigned(u32::MAX.into()),
        "uint" | "uint64" => unsigned(u64::MAX),
        "int32" => {
            let fits = |n| i32::try_from(n).is_ok();
            !value.is_number() || value.as_i64().is_some_and(fits)
        }
        "uri" => text(|text| is_uri_reference(text) && scheme(text).is_some()),
        "uri-reference" => text(is_uri_reference),
        "date-time" => text(|text| text.parse::<jiff::Timestamp>().is_ok()),
        _ => panic!("format {name} is not known"),
    }
}

/// What stands in front of a first colon that no `/`, `?` or `#` precedes.
fn scheme(text: &str) -> Option<&str> {
    let end = text.find([':', '/', '?', '#'])?;
    text[end..].starts_with(':').then(|| &text[..end])
}

/// RFC 3986, section 4.1, without addresses in brackets.
fn is_uri_reference(text: &str) -> bool {
    let hex = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let legal = |(at, byte): (usize, u8)| match byte {
        b'%' => hex(at + 1) && hex(at + 2),
        _ => byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=".contains(&byte),
    };
    let legal_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    text.bytes().enumerate().all(legal)
        && text.bytes().filter(|byte| *byte == b'#').count() <= 1
        && scheme(text).is_none_or(legal_scheme)
}
