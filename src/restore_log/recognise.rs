//! Which row of the tables a message belongs to.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::collect::Registers;
use super::kernel::pc_is_signed;
use super::pattern;
use super::row::{Form, Row, When};
use super::rows;

/// What stands before a message in some releases of CRIU and not in others: the name of the part that
/// writes it (`LOG_PREFIX`).
const PART_OF_CRIU: &str = r"(?:[a-z][a-z0-9 -]{0,12}: ){0,2}[\t ]*";

/// Engines and journals wrap what they quote.
const ANYTHING: &str = ".*?";

/// A row in one of its wordings.
struct Wording {
    row: &'static Row,
    names: Vec<&'static str>,
    expression: Regex,
}

/// All wordings of a form.
struct Wordings {
    set: RegexSet,
    list: Vec<Wording>,
}

impl Wordings {
    fn of(form: Form) -> Self {
        let lead = match form {
            Form::Error | Form::Info => PART_OF_CRIU,
            Form::Kernel | Form::Inferred => "",
            Form::Tool | Form::Jvm => ANYTHING,
        };
        let list: Vec<Wording> = rows::all()
            .filter(|row| row.form == form)
            .flat_map(|row| row.patterns.iter().map(move |text| (row, *text)))
            .filter_map(|(row, text)| {
                Some(Wording {
                    row,
                    names: pattern::names(text).collect(),
                    expression: pattern::compile(text, lead)?,
                })
            })
            .collect();
        let set = RegexSet::new(list.iter().map(|wording| wording.expression.as_str()));
        Self {
            set: set.unwrap_or_else(|_| RegexSet::empty()),
            list,
        }
    }

    fn find(&self, text: &str, fits: impl Fn(&Row) -> bool) -> Option<Match> {
        let wording = self
            .set
            .matches(text)
            .into_iter()
            .filter_map(|at| self.list.get(at))
            .find(|wording| fits(wording.row))?;
        let found = wording.expression.captures(text)?;
        let values = wording
            .names
            .iter()
            .filter_map(|name| Some((*name, found.name(name)?.as_str().to_owned())))
            .collect();
        Some(Match {
            row: wording.row,
            values,
        })
    }
}

static ERRORS: LazyLock<Wordings> = LazyLock::new(|| Wordings::of(Form::Error));
static INFOS: LazyLock<Wordings> = LazyLock::new(|| Wordings::of(Form::Info));
static KERNEL: LazyLock<Wordings> = LazyLock::new(|| Wordings::of(Form::Kernel));
static TOOLS: LazyLock<Wordings> = LazyLock::new(|| Wordings::of(Form::Tool));
static JVM: LazyLock<Wordings> = LazyLock::new(|| Wordings::of(Form::Jvm));

/// A row and what its message named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) row: &'static Row,
    pub(super) values: Vec<(&'static str, String)>,
}

/// The row of a CRIU error; `file` is the source file it names, `holds` says what else the log shows.
pub(super) fn error(text: &str, file: Option<&str>, holds: impl Fn(When) -> bool) -> Option<Match> {
    let name = file.and_then(|file| file.rsplit('/').next());
    ERRORS.find(text, |row| {
        (row.files.is_empty() || name.is_some_and(|name| row.files.contains(&name)))
            && holds(row.when)
    })
}

/// The row of a line CRIU writes without a level.
pub(super) fn info(text: &str) -> Option<Match> {
    INFOS.find(text, |_| true)
}

/// The row of any other line: the kernel's, else another program's, else what CRIU prints on its
/// terminal.
pub(super) fn other(text: &str, registers: &Registers) -> Option<Match> {
    KERNEL
        .find(text, |row| match row.when {
            When::Always => true,
            When::PcSigned => pc_is_signed(registers),
            When::Droppable => false,
        })
        .or_else(|| JVM.find(text, |_| true))
        .or_else(|| TOOLS.find(text, |_| true))
        .or_else(|| INFOS.find(text, |_| true))
}

/// A sentence of a row with the values of a message in it.
#[must_use]
pub fn fill(sentence: &str, values: &[(&'static str, String)]) -> String {
    let mut filled = String::with_capacity(sentence.len());
    for part in pattern::parts(sentence) {
        match part {
            pattern::Part::Literal(text) => filled.push_str(text),
            pattern::Part::Value(name, _) => {
                let (name, otherwise) = pattern::named(name);
                let known = values.iter().find(|(known, _)| *known == name);
                filled.push_str(known.map_or(otherwise, |(_, value)| value));
            }
        }
    }
    filled
}

/// A sentence of a row as the tables show it: with the names of values, and not what stands for one that
/// is missing.
#[must_use]
pub fn unfilled(sentence: &str) -> String {
    pattern::parts(sentence)
        .into_iter()
        .map(|part| match part {
            pattern::Part::Literal(text) => text.to_owned(),
            pattern::Part::Value(name, _) => format!("{{{}}}", pattern::named(name).0),
        })
        .collect()
}
