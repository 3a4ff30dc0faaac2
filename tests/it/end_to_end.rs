//! Real checkpoints through the whole program: what it prints, and what it says to damaged input.
//!
//! `cargo insta review` (or `INSTA_UPDATE=always cargo test`) takes over a changed snapshot.

use crate::json_schema::Schema;
use crate::program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const IMAGES: &str = "tests/fixtures/images";

fn run(args: &[&str]) -> Output {
    run_in(Path::new("."), args)
}

fn run_in(directory: &Path, args: &[&str]) -> Output {
    program::hwcr(args).current_dir(directory).output().unwrap()
}

/// Standard output, standard error and exit code as one text.
fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!(
        "exit code: {}\n-- stdout\n{}-- stderr\n{}",
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr)
    )
}

fn image(name: &str) -> String {
    format!("{IMAGES}/{name}")
}

/// The version of the program, which a snapshot must not pin.
fn without_version(text: &str) -> String {
    text.replace(
        concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\""),
        "\"version\": \"VERSION\"",
    )
}

#[test]
fn checks_of_real_checkpoints() {
    let cases: [(&str, &str, &[&str]); 9] = [
        (
            "compatible",
            "idle@cortex-a57@new",
            &["--target", "cortex-a72"],
        ),
        (
            "compatible_in_a_handler",
            "sig-plain@max-nopauth@new",
            &["--target", "max-nopauth"],
        ),
        (
            "indeterminate",
            "idle@max@new",
            &["--target", "neoverse-v1"],
        ),
        (
            "said_by_source",
            "pac-idle@max@new",
            &["--target", "max", "--source", "max"],
        ),
        (
            "incompatible_pac",
            "pac-sig@max@new",
            &["--target", "neoverse-n1"],
        ),
        (
            "incompatible_frames",
            "threads-sve@max-nopauth@new",
            &["--target", "a64fx"],
        ),
        (
            "incompatible_auxv",
            "idle@cortex-a57@new",
            &["--target", "cortex-a57@6.1"],
        ),
        (
            "another_architecture",
            "handler@x86_64",
            &["--target", "neoverse-n1"],
        ),
        (
            "accepted",
            "idle@cortex-a57@new",
            &[
                "--target",
                "max-nosve",
                "--accept",
                "HWCR-PAC-003",
                "--accept",
                "HWCR-SVE-002",
            ],
        ),
    ];
    for (name, from, arguments) in cases {
        let from = image(from);
        let arguments: Vec<&str> = ["check", &from].iter().chain(arguments).copied().collect();
        insta::assert_snapshot!(format!("check_{name}"), told(&run(&arguments)));
        let json: Vec<&str> = arguments
            .iter()
            .chain(&["--format", "json"])
            .copied()
            .collect();
        insta::assert_snapshot!(
            format!("check_{name}_json"),
            without_version(&told(&run(&json)))
        );
    }
}

#[test]
fn several_images_and_targets_end_in_a_table() {
    let (one, other) = (image("idle@cortex-a57@new"), image("sig-sve@a64fx@new"));
    let arguments = [
        "check",
        &one,
        &other,
        "--target",
        "cortex-a72",
        "--target",
        "neoverse-n2",
        "--target",
        "a64fx",
        "--brief",
    ];
    insta::assert_snapshot!("check_matrix_brief", told(&run(&arguments)));
    insta::assert_snapshot!("check_matrix", told(&run(&arguments[..9])));
}

#[test]
fn inspections_of_real_checkpoints() {
    let cases: [(&str, &str, &[&str]); 8] = [
        ("handler_on_altstack", "altstack@max@new", &[]),
        (
            "extra_space",
            "sig-sve-vl256@max@new",
            &["--only", "frames"],
        ),
        (
            "nested",
            "nested@neoverse-v1@new",
            &["--only", "frames", "--only", "tasks"],
        ),
        ("left_over", "stale-jmp@max@new", &["--only", "frames"]),
        (
            "coroutine",
            "ucontext@max@new",
            &["--only", "frames", "--deep"],
        ),
        (
            "signed",
            "pac-sig@neoverse-v1@new",
            &["--only", "pac", "--only", "origin"],
        ),
        ("raw", "sig-tpidr2@max@new", &["--only", "frames", "-v"]),
        (
            "another_architecture",
            "handler@x86_64",
            &["--only", "tasks", "--only", "origin"],
        ),
    ];
    for (name, from, arguments) in cases {
        let from = image(from);
        let arguments: Vec<&str> = ["inspect", &from]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        insta::assert_snapshot!(format!("inspect_{name}"), told(&run(&arguments)));
    }
    let json = run(&["inspect", &image("sig-fpsimd@max@6.1"), "--format", "json"]);
    insta::assert_snapshot!("inspect_json", without_version(&told(&json)));
}

/// Real output is valid against the schemas that `hwcr schema` prints.
#[test]
fn real_reports_are_valid() {
    let schema = |name| serde_json::from_slice(&run(&["schema", name]).stdout).unwrap();
    let (report, inspect): (serde_json::Value, serde_json::Value) =
        (schema("report"), schema("inspect"));
    let report = Schema::new(&report);
    let inspect = Schema::new(&inspect);
    for entry in fs::read_dir(IMAGES).unwrap() {
        let path = entry.unwrap().path();
        let path = path.to_str().unwrap();
        let checked = run(&[
            "check",
            path,
            "--target",
            "neoverse-v1",
            "--target",
            "max",
            "--format",
            "json",
        ]);
        let checked: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(report.complaints(&checked), [""; 0], "{path}");
        let inspected = run(&["inspect", path, "-v", "--format", "json"]);
        let inspected: serde_json::Value = serde_json::from_slice(&inspected.stdout).unwrap();
        assert_eq!(inspect.complaints(&inspected), [""; 0], "{path}");
    }
}

#[test]
fn nothing_is_wider_than_80_columns_when_piped() {
    for name in ["threads@max@new", "sig-sve-vl256@max@new", "dyn@max@new"] {
        let from = image(name);
        for arguments in [
            ["inspect", &from, "-v"].as_slice(),
            &["check", &from, "--target", "a64fx", "--target", "max-nosme"],
        ] {
            let output = run(arguments);
            for line in String::from_utf8(output.stdout).unwrap().lines() {
                // A word that is longer than the line cannot be broken.
                let unbreakable = line.split(' ').any(|word| word.chars().count() > 60);
                assert!(
                    line.chars().count() <= 80 || unbreakable,
                    "{arguments:?}: {line}"
                );
            }
        }
    }
}

/// What is done to a copy.
type Damage = fn(&Damaged);

/// A copy of an image directory to damage.
struct Damaged {
    dir: tempfile::TempDir,
}

impl Damaged {
    fn new(name: &str) -> Self {
        let damaged = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(damaged.file("")).unwrap();
        for entry in fs::read_dir(Path::new(IMAGES).join(name)).unwrap() {
            let entry = entry.unwrap();
            let copy = damaged.file(entry.file_name().to_str().unwrap());
            fs::copy(entry.path(), copy).unwrap();
        }
        damaged
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("IMAGE").join(name)
    }

    /// What `check` says, called beside the image: the length of a path moves the line breaks.
    fn check(&self, target: &str) -> String {
        let args = ["check", "IMAGE", "--target", target];
        told(&run_in(self.dir.path(), &args))
    }
}

/// Every kind of damage gives an error with exit code 2 or a finding, and names the file and the next step.
#[test]
fn damaged_images_are_told_as_such() {
    let damage: [(&str, Damage); 8] = [
        ("no_inventory", |image| {
            fs::remove_file(image.file("inventory.img")).unwrap();
        }),
        ("truncated_core", |image| {
            let core = fs::read(image.file("core-3041.img")).unwrap();
            fs::write(image.file("core-3041.img"), &core[..core.len() / 2]).unwrap();
        }),
        ("wrong_magic", |image| {
            let mut mm = fs::read(image.file("mm-3041.img")).unwrap();
            mm[4] ^= 0xff;
            fs::write(image.file("mm-3041.img"), mm).unwrap();
        }),
        ("no_core", |image| {
            fs::remove_file(image.file("core-3041.img")).unwrap();
        }),
        ("no_pages", |image| {
            fs::remove_file(image.file("pages-1.img")).unwrap();
        }),
        ("short_pages", |image| {
            let pages = fs::read(image.file("pages-1.img")).unwrap();
            fs::write(image.file("pages-1.img"), &pages[..pages.len() - 100]).unwrap();
        }),
        ("newer_format", |image| {
            // img_version is the first field of the entry: tag 8, value 2.
            let mut inventory = fs::read(image.file("inventory.img")).unwrap();
            assert_eq!(inventory[8..10], [8, 2]);
            inventory[9] = 3;
            fs::write(image.file("inventory.img"), inventory).unwrap();
        }),
        ("empty_pstree", |image| {
            let pstree = fs::read(image.file("pstree.img")).unwrap();
            fs::write(image.file("pstree.img"), &pstree[..8]).unwrap();
        }),
    ];
    for (name, damage) in damage {
        let image = Damaged::new("sig-plain@cortex-a57@new");
        damage(&image);
        let text = image.check("cortex-a57");
        assert!(!text.starts_with("exit code: 0"), "{name}: {text}");
        insta::assert_snapshot!(format!("damaged_{name}"), text);
    }
}

#[test]
fn a_profile_with_a_typo_is_told_where() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cpu.json");
    let text = fs::read_to_string("src/profile/builtin/neoverse-n1.json").unwrap();
    fs::write(&path, text.replace("\"page_size\"", "\"pagesize\"")).unwrap();
    let path = path.to_str().unwrap();
    let output = run(&["check", &image("idle@cortex-a57@new"), "--target", path]);
    insta::assert_snapshot!("profile_typo", told(&output).replace(path, "cpu.json"));
}

/// Other images are still judged when one cannot be read, but there is no answer for all.
#[test]
fn one_unreadable_image_does_not_hide_the_others() {
    let output = run(&[
        "check",
        "tests/fixtures",
        &image("idle@cortex-a57@new"),
        "--target",
        "cortex-a57",
        "--brief",
    ]);
    insta::assert_snapshot!("unreadable_among_others", told(&output));
}
