//! Whether tasks can choose a vector length, shown by the code of the files they map.

use crate::program;

use std::fs::{self, File};
use std::path::Path;

use hwcr::criu_image::model::{Checkpoint, Vma, VmaStatus};
use hwcr::evidence::Reason;
use hwcr::evidence::registers::{ReadAudit, Register};
use hwcr::evidence::vector_length::LengthAudit;
use hwcr::facts::{self, Search};
use hwcr::input::Root;
use hwcr::object::find::Binaries;
use hwcr::progress::Progress;
use tempfile::TempDir;

use program::{run, text};

const LIBC: &str = "usr/lib/aarch64-linux-gnu/libc.so.6";

/// The root directory the tasks ran in, as far as they mapped its code.
fn root() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let packed = File::open("tests/fixtures/setters/root.tar.zst").unwrap();
    tar::Archive::new(zstd::Decoder::new(packed).unwrap())
        .unpack(dir.path())
        .unwrap();
    dir
}

/// Exit code and output of a check on the machine of the dump.
fn check(image: &str, machine: &str, root: Option<&Path>) -> (i32, String) {
    let image = format!("tests/fixtures/images/{image}");
    let mut arguments = vec!["check", &image, "--target", machine, "--source", machine];
    if let Some(root) = root {
        arguments.extend(["--rootfs", root.to_str().unwrap()]);
    }
    let output = run(&arguments);
    // Lines are broken to fit.
    let words: Vec<String> = text(&output.stdout)
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    (output.status.code().unwrap(), words.join(" "))
}

/// glibc's sysconf reads CTR_EL0 for the sizes of cache lines; nothing asks for the counter's frequency.
#[test]
fn code_shows_which_registers_are_read() {
    let root = root();
    let root = Root::open(root.path()).unwrap();
    let path = Path::new("tests/fixtures/images/dyn@neoverse-v1@new");
    let checkpoint = hwcr::criu_image::load(path).unwrap();
    let binaries = Binaries::find(&checkpoint, &root);
    let facts = facts::collect_watched(&checkpoint, Search::Auto, &binaries, &Progress::default());
    let reads = &facts.tasks[0].register_reads;
    let never = ReadAudit::Never { files: 3 };
    assert_eq!(reads[&Register::CounterFrequency], never);
    let ReadAudit::May(suspect) = &reads[&Register::CacheType] else {
        panic!("libc reads it");
    };
    assert_eq!(
        (format!("/{LIBC}"), Reason::Reads("CTR_EL0")),
        (suspect.file.to_string(), suspect.reason.clone())
    );
}

/// A move to a counter of another frequency is shown to be harmless by code that does not ask for it.
#[test]
fn a_counter_that_no_code_asks_for_is_a_note() {
    let root = root();
    let folder = tempfile::tempdir().unwrap();
    let captured = fs::read_to_string("tests/fixtures/captured/neoverse-v1.json").unwrap();
    let other = folder.path().join("other.json");
    assert!(captured.contains("0x3b9aca0\""));
    fs::write(&other, captured.replace("0x3b9aca0\"", "0x3b9aca00\"")).unwrap();
    let check = |root: Option<&Path>| {
        let mut arguments = vec![
            "check",
            "tests/fixtures/images/dyn@neoverse-v1@new",
            "--source",
            "tests/fixtures/captured/neoverse-v1.json",
            "--target",
            other.to_str().unwrap(),
        ];
        if let Some(root) = root {
            arguments.extend(["--rootfs", root.to_str().unwrap()]);
        }
        let output = run(&arguments);
        let said = text(&output.stdout);
        let words: Vec<&str> = said.split_whitespace().collect();
        (output.status.code().unwrap(), words.join(" "))
    };
    let (code, said) = check(None);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("unproven HWCR-HWC-007 pid"), "{said}");
    let (code, said) = check(Some(root.path()));
    assert_eq!(code, 0, "{said}");
    for note in [
        "note HWCR-HWC-007: the counter runs at 1000 MHz on neoverse-v1 and at 62.5 MHz on the source, but no code",
        "note HWCR-GIV-002",
        "note HWCR-GIV-003: the code that the tasks map is taken to be all they ever ran",
        "HWCR-HWC-007 and HWCR-UND-008 rest on that",
        "note HWCR-GIV-005: 3 files below --rootfs are taken for those that ran",
        "note HWCR-GIV-006",
    ] {
        assert!(said.contains(note), "{note}: {said}");
    }
    assert!(!said.contains("HWCR-GIV-001"), "{said}");
}

#[test]
fn a_dynamic_program_that_sets_no_length_is_compatible() {
    let root = root();
    let (image, machine) = ("dyn@neoverse-v1@new", "neoverse-v1");
    let (code, said) = check(image, machine, None);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("unproven HWCR-UND-008"), "{said}");
    assert!(said.contains("With --rootfs"), "{said}");

    let (code, said) = check(image, machine, Some(root.path()));
    assert_eq!(code, 0, "{said}");
    let proof = "note HWCR-UND-008 pid 3281: no call in the code of the 3 files the task maps sets another vl";
    assert!(said.contains(proof), "{said}");

    // One that is not at hand leaves it open.
    fs::remove_file(root.path().join(LIBC)).unwrap();
    let (code, said) = check(image, machine, Some(root.path()));
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("libc.so.6 is not at hand: not found"),
        "{said}"
    );
}

#[test]
fn a_program_with_the_call_stays_unproven_and_the_call_is_named() {
    let root = root();
    let (code, said) = check("idle@a64fx@new", "a64fx", Some(root.path()));
    assert_eq!(code, 3, "{said}");
    let call = "unproven HWCR-UND-008 pid 3021: nothing shows that 1 thread kept the default vl 64: another one, chosen \
        by prctl, is lost: /opt/lab/scen (at 0x3ff8) calls prctl(PR_SVE_SET_VL, …)";
    assert!(said.contains(call), "{said}");
}

/// What is said of the image's task once `edit` has changed it.
fn audited(edit: impl Fn(&mut Checkpoint)) -> LengthAudit {
    let root = root();
    let image = Path::new("tests/fixtures/images/dyn@neoverse-v1@new");
    let mut checkpoint = hwcr::criu_image::load(image).unwrap();
    edit(&mut checkpoint);
    let binaries = Binaries::find(&checkpoint, &Root::open(root.path()).unwrap());
    let progress = Progress::default();
    let facts = facts::collect_watched(&checkpoint, Search::Auto, &binaries, &progress);
    facts.tasks[0].length_audit.clone().unwrap()
}

/// The reason once the mapping that `of` finds was changed by `edit`.
fn refused(of: impl Fn(&Vma) -> bool, edit: impl Fn(&mut Vma)) -> Reason {
    let audit = audited(|checkpoint| {
        let vmas = &mut checkpoint.tasks[0].mm.as_mut().unwrap().vmas;
        edit(vmas.iter_mut().find(|vma| of(vma)).unwrap());
    });
    match audit {
        LengthAudit::May(suspect) => suspect.reason,
        LengthAudit::Never { .. } => unreachable!(),
    }
}

#[test]
fn only_code_as_it_is_in_its_file_counts() {
    assert_eq!(audited(|_| {}), LengthAudit::Never { files: 3 });
    let code = |vma: &Vma| vma.mapping.exec && vma.status.contains(VmaStatus::FILE_PRIVATE);
    assert_eq!(
        refused(code, |vma| vma.mapping.write = true),
        Reason::Writable
    );
    assert_eq!(refused(code, |vma| vma.pgoff += 1 << 30), Reason::Beyond);
    // Code made at run time.
    assert_eq!(
        refused(
            |vma| vma.status.contains(VmaStatus::HEAP),
            |vma| vma.mapping.exec = true
        ),
        Reason::Anonymous
    );
    // The image holds these pages, and they are none of the C library's.
    assert_eq!(
        refused(
            |vma| vma.status.contains(VmaStatus::VDSO),
            |vma| {
                vma.status = VmaStatus::REGULAR | VmaStatus::FILE_PRIVATE;
                vma.shmid = 2;
                vma.pgoff = 0x2_0000;
            }
        ),
        Reason::Changed
    );
}

#[test]
fn a_length_may_come_from_a_parent_in_the_image() {
    let audit = audited(|checkpoint| {
        let pid = checkpoint.tasks[0].pid;
        let mut parent = hwcr::criu_image::load(Path::new("tests/fixtures/images/idle@a64fx@new"))
            .unwrap()
            .tasks
            .remove(0);
        // Its program is not at hand under the number it has here.
        parent
            .mm
            .as_mut()
            .unwrap()
            .vmas
            .iter_mut()
            .for_each(|vma| vma.shmid += 100);
        assert_ne!(parent.pid, pid);
        checkpoint.tasks[0].ppid = parent.pid;
        checkpoint.tasks.push(parent);
    });
    let LengthAudit::May(suspect) = audit else {
        unreachable!()
    };
    assert_eq!(suspect.reason, Reason::Inherited(hwcr::units::Pid(3021)));
    assert_eq!(
        suspect.to_string(),
        "may have inherited a length: of task 3021 it is not shown that it set none"
    );
}
