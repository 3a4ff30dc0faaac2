//! From the text of a file to settings and entries. What is not known is a mistake, with its place.

use std::ops::Range;

use glob::Pattern;
use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, Kind, find};
use super::{At, Config, Entry, Value};
use crate::rule::{self, Accept};

/// Longest file that is read, bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// The table of entries.
const ALLOW: &str = "allow";

/// What an entry may say.
const ENTRY_KEYS: [&str; 7] = [
    "rule", "feature", "image", "target", "task", "reason", "expires",
];

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Mistake {
    /// Where.
    pub at: At,
    /// What.
    pub what: String,
    /// The word that is not known, where that is the mistake.
    pub unknown: Option<Box<Unknown>>,
    /// What to do.
    pub help: Option<String>,
}

/// A word that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The word.
    pub word: String,
    /// What may stand there instead.
    pub known: Vec<&'static str>,
}

/// Reads a file's text; `file` is what messages call it.
///
/// # Errors
/// The first mistake.
pub fn parse(text: &str, file: &str) -> Result<Config, Mistake> {
    let reader = Reader { text, file };
    let table = DeTable::parse(text).map_err(|error| {
        reader.mistake(&error.span().unwrap_or_default(), one_line(error.message()))
    })?;
    // A table has no order of its own.
    let mut items: Vec<_> = table.get_ref().iter().collect();
    items.sort_by_key(|(name, _)| name.span().start);
    let mut config = Config::default();
    for (name, value) in items {
        if name.get_ref() == ALLOW {
            config.allow = reader.entries(value)?;
        } else {
            let key = reader.key(name.get_ref(), &name.span())?;
            config.values.push(Value {
                key,
                words: reader.words(key, value)?,
                at: reader.at(value.span().start),
            });
        }
    }
    Ok(config)
}

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
}

impl Reader<'_> {
    fn at(&self, offset: usize) -> At {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        At {
            file: self.file.to_owned(),
            line: before.matches('\n').count().saturating_add(1),
            column: line.chars().count().saturating_add(1),
        }
    }

    fn mistake(&self, span: &Range<usize>, what: impl Into<String>) -> Mistake {
        Mistake {
            at: self.at(span.start),
            what: what.into(),
            unknown: None,
            help: None,
        }
    }

    fn unknown(&self, name: &str, span: &Range<usize>, known: Vec<&'static str>) -> Mistake {
        Mistake {
            unknown: Some(Box::new(Unknown {
                word: name.to_owned(),
                known,
            })),
            ..self.mistake(span, format!("there is no key `{name}` here"))
        }
    }

    fn key(&self, name: &str, span: &Range<usize>) -> Result<&'static Key, Mistake> {
        match find(name) {
            Some(key) if key.in_file => Ok(key),
            Some(_) => Err(Mistake {
                help: Some(
                    "write an [[allow]] entry, which says why: rule = \"…\", reason = \"…\""
                        .to_owned(),
                ),
                ..self.mistake(span, format!("`{name}` has no place in a file"))
            }),
            None => {
                let keys = KEYS.iter().filter(|key| key.in_file).map(|key| key.name);
                Err(self.unknown(name, span, keys.chain([ALLOW]).collect()))
            }
        }
    }

    fn words(&self, key: &Key, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Mistake> {
        let wanted = match key.kind {
            Kind::List => "a string, or an array of strings",
            Kind::Word => "a string",
            Kind::Switch => "true or false",
        };
        let wrong = |value: &Spanned<DeValue<'_>>| {
            let is = value.get_ref().type_str();
            self.mistake(
                &value.span(),
                format!("`{}` is {wanted}, not {}", key.name, article(is)),
            )
        };
        let word = |value: &Spanned<DeValue<'_>>| {
            let word = value.get_ref().as_str().ok_or_else(|| wrong(value))?;
            self.filled(key.name, word, &value.span())
        };
        match (key.kind, value.get_ref()) {
            (Kind::Switch, DeValue::Boolean(on)) => Ok(vec![on.to_string()]),
            (Kind::Switch, _) => Err(wrong(value)),
            (Kind::List, DeValue::Array(values)) => values.iter().map(word).collect(),
            (Kind::List | Kind::Word, _) => Ok(vec![word(value)?]),
        }
    }

    fn filled(&self, name: &str, word: &str, span: &Range<usize>) -> Result<String, Mistake> {
        if word.trim().is_empty() {
            return Err(self.mistake(span, format!("`{name}` is empty")));
        }
        Ok(word.to_owned())
    }

    fn entries(&self, value: &Spanned<DeValue<'_>>) -> Result<Vec<Entry>, Mistake> {
        let wrong = |value: &Spanned<DeValue<'_>>| Mistake {
            help: Some("begin each entry with a line [[allow]]".to_owned()),
            ..self.mistake(&value.span(), "`allow` is a list of tables")
        };
        let entries = value.get_ref().as_array().ok_or_else(|| wrong(value))?;
        entries
            .iter()
            .map(|entry| {
                let table = entry.get_ref().as_table().ok_or_else(|| wrong(entry))?;
                self.entry(table, &entry.span())
            })
            .collect()
    }

    fn entry(&self, table: &DeTable<'_>, span: &Range<usize>) -> Result<Entry, Mistake> {
        for name in table.keys() {
            if !ENTRY_KEYS.contains(&name.get_ref().as_ref()) {
                return Err(self.unknown(name.get_ref(), &name.span(), ENTRY_KEYS.to_vec()));
            }
        }
        let text = |name: &str| -> Result<Option<(String, Range<usize>)>, Mistake> {
            let Some(value) = table.get(name) else {
                return Ok(None);
            };
            let span = value.span();
            let word = value.get_ref().as_str().ok_or_else(|| {
                let is = article(value.get_ref().type_str());
                self.mistake(&span, format!("`{name}` is a string, not {is}"))
            })?;
            Ok(Some((self.filled(name, word, &span)?, span)))
        };
        let needed = |name: &str, why: &str| {
            text(name)?.ok_or_else(|| {
                self.mistake(span, format!("this [[allow]] entry has no `{name}`: {why}"))
            })
        };
        let pattern = |name: &str| -> Result<Option<Pattern>, Mistake> {
            let Some((word, span)) = text(name)? else {
                return Ok(None);
            };
            Pattern::new(&word).map(Some).map_err(|error| {
                self.mistake(&span, format!("`{name}` is no pattern: {}", error.msg))
            })
        };
        let (rule, rule_span) = needed("rule", "say which findings it allows")?;
        let (reason, _) = needed("reason", "say why the findings may be allowed")?;
        let known = rule::find(&rule).ok_or_else(|| Mistake {
            unknown: Some(Box::new(Unknown {
                word: rule.clone(),
                known: rule::all()
                    .flat_map(|rule| [rule.meta.id.as_str(), rule.meta.name])
                    .collect(),
            })),
            ..self.mistake(&rule_span, format!("there is no rule {rule}"))
        })?;
        Ok(Entry {
            accept: Accept {
                rule: known.meta.id,
                feature: text("feature")?.map(|(word, _)| word),
                task: pattern("task")?,
                reason: Some(reason),
            },
            image: pattern("image")?,
            target: pattern("target")?,
            expires: table
                .get("expires")
                .map(|value| self.date(value))
                .transpose()?,
            at: self.at(span.start),
        })
    }

    /// A day: a date of TOML, or a string that looks like one.
    fn date(&self, value: &Spanned<DeValue<'_>>) -> Result<Date, Mistake> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => String::new(),
        };
        let plain = text.len() == "YYYY-MM-DD".len();
        plain
            .then(|| text.parse::<Date>().ok())
            .flatten()
            .ok_or_else(|| {
                self.mistake(
                    &value.span(),
                    "`expires` is a day that exists, written YYYY-MM-DD",
                )
            })
    }
}

/// `an array`, `a string`
fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'i']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(", ")
}
