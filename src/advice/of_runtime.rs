//! What a runtime is told: the rows that bear on an image, as one setting.

use crate::auxv::hwcap::HwcapBit;
use crate::facts::runtime::{Runtime, Seen};
use crate::profile::model::Profile;
use crate::rule::Case;

use super::rows::{Evidence, OTHER_ARMCAP_BITS, ROWS, Row, Setting, program};
use super::{Advice, Lost, names};

fn word(runtime: Runtime) -> &'static str {
    match runtime {
        Runtime::OpenSsl => "openssl",
        Runtime::Go => "go",
        Runtime::OpenJdk => "openjdk",
        Runtime::Glibc => "glibc",
    }
}

impl Row {
    fn concerns(&self, name: &str) -> bool {
        name == self.feature || self.all_of_it && name.starts_with(self.feature)
    }
}

/// What a runtime is told, and what nothing keeps it from.
pub(super) fn add(
    case: &Case<'_>,
    runtime: Runtime,
    seen: &[Seen],
    lost: &Lost,
    all: &mut Vec<Advice>,
) {
    let seen: Vec<&Seen> = seen.iter().filter(|seen| seen.runtime == runtime).collect();
    let Some(first) = seen.first() else { return };
    let mut settings: Vec<Setting> = Vec::new();
    let mut kept = Concerned::default();
    let mut refused: Vec<(&'static str, Concerned)> = Vec::new();
    for row in ROWS.iter().filter(|row| row.runtime == runtime) {
        let concerned = names(lost, |name| row.concerns(name));
        if concerned.is_empty() {
            continue;
        }
        let Setting::None(why) = row.setting else {
            settings.push(row.setting);
            kept.add(row, concerned);
            continue;
        };
        match refused.iter_mut().find(|(known, _)| *known == why) {
            Some((_, known)) => known.add(row, concerned),
            None => {
                let mut known = Concerned::default();
                known.add(row, concerned);
                refused.push((why, known));
            }
        }
    }
    let mut say = |setting: Option<String>, what: &str, concerned: Concerned| {
        all.push(Advice {
            subject: word(runtime),
            pids: seen.iter().map(|seen| seen.pid).collect(),
            sign: Some(first.sign.clone()),
            verified: Some(concerned.verified(runtime, setting.is_some())),
            setting,
            features: concerned.features,
            what: what.to_owned(),
        });
    };
    if let Some(setting) = spelled(case, &settings) {
        let what = match runtime {
            Runtime::OpenJdk => "start java with these options",
            _ => "start the program with this environment variable",
        };
        say(Some(setting), what, kept);
    }
    for (why, concerned) in refused {
        say(None, why, concerned);
    }
}

/// Features that rows speak of, with what the rows rest on.
#[derive(Default)]
struct Concerned {
    features: Vec<&'static str>,
    restored: Vec<&'static str>,
    instructions: Vec<&'static str>,
}

impl Concerned {
    fn add(&mut self, row: &Row, features: Vec<&'static str>) {
        match row.evidence {
            Evidence::Restored => self.restored.extend(&features),
            Evidence::Instructions => self.instructions.extend(&features),
        }
        self.features.extend(features);
    }

    fn verified(&self, runtime: Runtime, kept: bool) -> String {
        let [restored, instructions] = if kept {
            [
                "went on after a restore on a CPU without",
                "ran no instruction of",
            ]
        } else {
            [
                "died after a restore on a CPU without",
                "still ran instructions of",
            ]
        };
        let parts: Vec<String> = [
            (restored, &self.restored),
            (instructions, &self.instructions),
        ]
        .into_iter()
        .filter(|(_, features)| !features.is_empty())
        .map(|(seen, features)| format!("{seen} {}", features.join(", ")))
        .collect();
        format!("{}: {}", program(runtime), parts.join("; "))
    }
}

/// The settings as one.
fn spelled(case: &Case<'_>, settings: &[Setting]) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    for setting in settings {
        let more: &[&str] = match setting {
            Setting::GoDebug(option) => &[option],
            Setting::Java(options) => options,
            Setting::Armcap(_) => return Some(armcap(case)),
            Setting::None(_) => &[],
        };
        for word in more {
            if !words.contains(word) {
                words.push(word);
            }
        }
    }
    match settings.first()? {
        Setting::GoDebug(_) => Some(format!("GODEBUG={}", words.join(","))),
        _ => Some(words.join(" ")),
    }
}

/// The word that leaves OpenSSL with what every machine of the target has. OpenSSL takes it as it is, so it
/// must hold nothing that the machine of the start may lack.
fn armcap(case: &Case<'_>) -> String {
    let bits = ROWS
        .iter()
        .filter_map(|row| match row.setting {
            Setting::Armcap(bit) => Some((row.feature, bit)),
            _ => None,
        })
        .chain(OTHER_ARMCAP_BITS);
    let word = bits
        .filter(|(feature, _)| {
            HwcapBit::by_cpuinfo_name(feature)
                .is_some_and(|bit| offered(case.target, bit) && told_to_all(case, bit))
        })
        .fold(0_u32, |word, (_, bit)| {
            word | 1_u32.checked_shl(bit).unwrap_or(0)
        });
    format!("OPENSSL_armcap={word:#x}")
}

fn offered(target: &Profile, bit: &HwcapBit) -> bool {
    let mut machines = target.machines().iter();
    machines.all(|machine| machine.hwcaps.has(bit) == Some(true))
}

fn told_to_all(case: &Case<'_>, bit: &HwcapBit) -> bool {
    let mut tasks = case.facts.tasks.iter();
    tasks.all(|task| task.told.has(bit) == Some(true))
}
