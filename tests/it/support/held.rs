//! Verdicts against a table of restores that really happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use hwcr::criu_image::{self, model::Checkpoint};
use hwcr::facts;
use hwcr::finding::{Finding, Severity, Verdict};
use hwcr::input::{self, Options, Root};
use hwcr::object::find::Binaries;
use hwcr::profile::{self, model::Profile};
use hwcr::progress::Progress;
use hwcr::rule::{self, Case};

/// Rules that may honestly leave a restore that succeeded unproven: the image does not hold what decides.
const HONEST: &[&str] = &[
    "HWCR-HWC-001", // told of a feature; whether it is used lies in the code
    "HWCR-HWC-005", // DC ZVA block size; likewise
    "HWCR-HWC-007", // whether the counter's frequency was read and kept; likewise
    "HWCR-HWC-008", // cache lines; likewise
    "HWCR-PAC-002", // keys that no CRIU saved; whether anything was signed lies in the code
    "HWCR-PAC-003", // whether a function on the stack was built with branch protection lies in the code
    "HWCR-PAC-004", // an image does not say how its source signs
    "HWCR-UND-001", // whether vector state was live in user code
    "HWCR-UND-003", // whether SME state was live in a system call
    "HWCR-UND-004", // whether FPMR was set
    "HWCR-UND-007", // which vector length the tasks ran with
    "HWCR-UND-008", // whether a thread chose one of its own
    "HWCR-UND-009", // where in the vDSO a thread may be without harm depends on the target's own
];

/// And of a frame that no rule would leave unproven: its handler may be left, or is, without a return through it.
const LEFT_BEHIND: [&str; 2] = ["leave it behind", "has no way back to it"];

/// A restore: of which image, on which machine (the name of a profile), and what became of it.
pub(crate) struct Row {
    pub(crate) image: String,
    pub(crate) target: String,
    pub(crate) outcome: String,
    pub(crate) seen: String,
}

impl Row {
    pub(crate) fn passed(&self) -> bool {
        self.outcome == "PASS"
    }
}

/// The rows of a table as `lab/matrix` fills it.
pub(crate) fn rows(table: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(table).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let target = match cells[2] {
                "new" => cells[1].to_owned(),
                kernel => format!("{}@{kernel}", cells[1]),
            };
            Row {
                image: cells[0].to_owned(),
                target,
                outcome: cells[4].to_owned(),
                seen: (*cells.get(5).unwrap_or(&"")).to_owned(),
            }
        })
        .collect()
}

/// What came of comparing a table.
#[derive(Default)]
pub(crate) struct Held {
    counts: BTreeMap<(String, Verdict), usize>,
    /// Whether it passed, and the rule that left it unproven.
    reasons: BTreeMap<(bool, &'static str), usize>,
    /// Contradictions: image, target, what is wrong.
    pub(crate) wrong: Vec<(String, String, String)>,
}

impl Held {
    pub(crate) fn rows(&self) -> usize {
        self.counts.values().sum()
    }

    pub(crate) fn count(&self, outcome: &str, verdict: Verdict) -> usize {
        self.counts
            .get(&(outcome.to_owned(), verdict))
            .copied()
            .unwrap_or(0)
    }

    /// Rows called incompatible, whatever happened.
    pub(crate) fn incompatible(&self) -> usize {
        let counts = self.counts.iter();
        counts
            .filter(|((_, verdict), _)| *verdict == Verdict::Incompatible)
            .map(|(_, count)| count)
            .sum()
    }

    fn judged(&mut self, row: &Row, verdict: Verdict, findings: &[Finding]) {
        let of = |severity| -> BTreeSet<&'static str> {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .map(|finding| finding.rule.id)
                .collect()
        };
        let unproven = of(Severity::Unproven);
        let left_behind: BTreeSet<&'static str> = findings
            .iter()
            .filter(|finding| {
                LEFT_BEHIND
                    .iter()
                    .any(|words| finding.message.contains(words))
            })
            .map(|finding| finding.rule.id)
            .collect();
        *self
            .counts
            .entry((row.outcome.clone(), verdict))
            .or_default() += 1;
        if verdict == Verdict::Indeterminate {
            for id in &unproven {
                *self.reasons.entry((row.passed(), id)).or_default() += 1;
            }
        }
        let complaint = match (row.passed(), verdict) {
            (false, Verdict::Compatible) => Some("called compatible, but it failed".to_owned()),
            (true, Verdict::Incompatible) => Some(format!(
                "called incompatible for {:?}, but it passed",
                of(Severity::Blocker)
            )),
            (true, Verdict::Indeterminate) => {
                let honest = |id| HONEST.contains(id) || left_behind.contains(id);
                let dishonest: Vec<_> = unproven.iter().filter(|id| !honest(id)).collect();
                (!dishonest.is_empty())
                    .then(|| format!("passed, but left unproven for {dishonest:?}"))
            }
            _ => None,
        };
        if let Some(complaint) = complaint {
            let complaint = format!("{complaint} ({}: {})", row.outcome, row.seen);
            self.wrong
                .push((row.image.clone(), row.target.clone(), complaint));
        }
    }

    /// The counts, for people.
    pub(crate) fn summary(&self) -> String {
        let mut text = "outcome            verdict        rows\n".to_owned();
        for ((outcome, verdict), count) in &self.counts {
            text += &format!("{outcome:18} {:14} {count:4}\n", verdict.word());
        }
        text += "left unproven by:\n";
        for ((passed, rule), count) in &self.reasons {
            let ended = if *passed { "passed" } else { "failed" };
            text += &format!("  {ended} {rule} {count}\n");
        }
        text
    }

    /// Fails where there is a contradiction.
    pub(crate) fn assert_nothing_wrong(&self) {
        let lines: Vec<String> = self
            .wrong
            .iter()
            .map(|(image, target, complaint)| format!("{image} on {target}: {complaint}"))
            .collect();
        assert!(
            lines.is_empty(),
            "{} verdicts contradict what happened:\n{}",
            lines.len(),
            lines.join("\n")
        );
    }
}

/// The profile that was captured on the machine of a name and lies in `folder`, else the built-in one.
pub(crate) fn machines(folder: &str) -> impl Fn(&str) -> Profile {
    move |name| {
        let captured = format!("{folder}/machines/{name}.json");
        let known = if Path::new(&captured).exists() {
            captured.as_str()
        } else {
            name
        };
        profile::resolve(known).unwrap()
    }
}

/// Likewise, with the registers that programs read there, where the machine was captured: the built-in profiles lack
/// them. Another kernel changes none of them.
pub(crate) fn machines_with_registers(folder: &str) -> impl Fn(&str) -> Profile {
    let machines = machines(folder);
    move |name| {
        let mut profile = machines(name);
        let model = name.split('@').next().unwrap();
        let captured = [name, model]
            .map(|name| format!("tests/fixtures/captured/{name}.json"))
            .into_iter()
            .find(|path| Path::new(path).exists());
        if let Some(captured) = captured {
            let captured = profile::resolve(&captured).unwrap();
            for (register, value) in captured.registers {
                profile.registers.entry(register).or_insert(value);
            }
        }
        profile
    }
}

/// A root directory with one program of `folder` in it, which lies there packed.
pub(crate) fn root_with(folder: &str, program: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let packed = std::fs::File::open(format!("{folder}/rootfs/{program}.gz")).unwrap();
    let place = root.path().join(program);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let mut file = std::fs::File::create(place).unwrap();
    std::io::copy(&mut GzDecoder::new(packed), &mut file).unwrap();
    root
}

/// The name of the profile of the machine an image was dumped on.
pub(crate) fn source_of(image: &str) -> String {
    let mut parts = image.split('@').skip(1);
    let model = parts.next().unwrap();
    match parts.next().unwrap().trim_end_matches("-criu3") {
        "new" => model.to_owned(),
        kernel => format!("{model}@{kernel}"),
    }
}

/// Compares each row with the verdict, given where an image lies and the profile of a name.
pub(crate) fn hold(
    rows: Vec<Row>,
    image: impl Fn(&str) -> PathBuf,
    profile: impl Fn(&str) -> Profile,
) -> Held {
    hold_with_source(rows, image, profile, |_| None)
}

/// The same, with the profile of the machine that an image was dumped on.
pub(crate) fn hold_with_source(
    rows: Vec<Row>,
    image: impl Fn(&str) -> PathBuf,
    profile: impl Fn(&str) -> Profile,
    source_of: impl Fn(&str) -> Option<Profile>,
) -> Held {
    hold_all(rows, image, profile, source_of, |_| Binaries::default())
}

/// The same as [`hold`], with the programs below a root directory.
pub(crate) fn hold_with_root(
    rows: Vec<Row>,
    image: impl Fn(&str) -> PathBuf,
    profile: impl Fn(&str) -> Profile,
    root: &Path,
) -> Held {
    let root = Root::open(root).unwrap();
    let binaries = |checkpoint: &Checkpoint| Binaries::find(checkpoint, &root);
    hold_all(rows, image, profile, |_| None, binaries)
}

fn hold_all(
    rows: Vec<Row>,
    image: impl Fn(&str) -> PathBuf,
    profile: impl Fn(&str) -> Profile,
    source_of: impl Fn(&str) -> Option<Profile>,
    binaries: impl Fn(&Checkpoint) -> Binaries,
) -> Held {
    let mut by_image: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut targets: BTreeMap<String, Profile> = BTreeMap::new();
    for row in rows {
        targets
            .entry(row.target.clone())
            .or_insert_with(|| profile(&row.target));
        by_image.entry(row.image.clone()).or_default().push(row);
    }
    let reading = Options {
        wanted: criu_image::is_read,
        ..Options::default()
    };
    let mut held = Held::default();
    for (name, rows) in &by_image {
        let path = image(name);
        let opened = input::open(&path, &reading).unwrap();
        let checkpoint = criu_image::load_from(&opened.images).unwrap();
        let binaries = binaries(&checkpoint);
        let search = facts::Search::Auto;
        let facts = facts::collect_watched(&checkpoint, search, &binaries, &Progress::default());
        let source = source_of(name);
        for row in rows {
            let case = Case {
                facts: &facts,
                target: &targets[&row.target],
                source: source.as_ref(),
            };
            let judged = rule::judge(&case, &[]);
            held.judged(row, judged.verdict, &judged.findings);
        }
    }
    held
}
