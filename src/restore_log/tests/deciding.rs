//! Which line is the cause.

use crate::restore_log::{Certainty, Evidence, Explanation, Log, Outcome, Part, explain};

use super::log;

const VERSION: &str = "(00.1) Version: 4.2 (gitid 0)\n";
const MISMATCH: &str = "(00.2) Error (criu/cr-restore.c:861): Core march mismatch 1\n";
const UNKNOWN: &str = "(00.2) Error (criu/new.c:1): Something nobody has seen\n";
const KILLED: &str = "(00.4) Error (criu/cr-restore.c:1269): 7 killed by signal 9: Killed\n";
const FAILED: &str = "(00.5) Error (criu/cr-restore.c:2331): Restoring FAILED.\n";
const RESTORED: &str = "(00.5) Restore finished successfully. Tasks resumed.\n";
const REFUSED: &str =
    "[   19.888888] app[7]: unhandled exception: illegal memory access in app[400000+2000]\n";
const FAULT: &str = "[   19.888888] app[7]: unhandled exception: DABT (lower EL), ESR 0x92000007, level 3 translation fault\n";

fn of<'a>(logs: &'a [Log]) -> Explanation<'a> {
    explain(logs, None)
}

/// Outcome, certainty, and the causes' rows (`?` for an error that none knows).
fn came_to(texts: &[&str]) -> (Outcome, Certainty, Vec<&'static str>) {
    let logs: Vec<Log> = texts.iter().map(|text| log(text)).collect();
    let explanation = of(&logs);
    let causes = explanation
        .causes
        .iter()
        .map(|cause| cause.said.unwrap().entry.row.map_or("?", |row| row.id))
        .collect();
    (explanation.outcome, explanation.certainty, causes)
}

#[test]
fn the_first_known_error_is_the_cause() {
    let text = [VERSION, MISMATCH, UNKNOWN, KILLED, FAILED].concat();
    assert_eq!(
        came_to(&[&text]),
        (
            Outcome::Failed,
            Certainty::Certain,
            vec!["criu-other-architecture"]
        )
    );
    let logs = [log(&text)];
    let parts: Vec<Part> = of(&logs).said.iter().map(|said| said.part).collect();
    assert_eq!(
        parts,
        [Part::Cause, Part::Unknown, Part::Consequence, Part::End]
    );
}

#[test]
fn behind_an_unknown_error_nothing_is_certain() {
    assert_eq!(
        came_to(&[&[VERSION, UNKNOWN, MISMATCH, FAILED].concat()]),
        (
            Outcome::Failed,
            Certainty::Uncertain,
            vec!["?", "criu-other-architecture"]
        )
    );
    assert_eq!(
        came_to(&[&[VERSION, UNKNOWN, FAILED].concat()]),
        (Outcome::Failed, Certainty::Uncertain, vec!["?"])
    );
}

#[test]
fn consequences_alone_have_no_cause() {
    assert_eq!(
        came_to(&[&[VERSION, KILLED, FAILED].concat()]),
        (Outcome::Failed, Certainty::None, vec![])
    );
    let hint = "(00.2)      7: No mm-7.img image\n";
    assert_eq!(
        came_to(&[&[VERSION, hint, KILLED, FAILED].concat()]),
        (
            Outcome::Failed,
            Certainty::Uncertain,
            vec!["criu-image-needed"]
        )
    );
}

#[test]
fn what_criu_often_survives_is_a_cause_only_where_nothing_else_is() {
    let property =
        "(00.2) Error (criu/cgroup.c:1490): cg: Failed writing 1 to memory/x: Invalid argument\n";
    assert_eq!(
        came_to(&[&[VERSION, property, FAILED].concat()]),
        (
            Outcome::Failed,
            Certainty::Uncertain,
            vec!["criu-cgroup-property"]
        )
    );
    let text = [VERSION, property, MISMATCH, FAILED].concat();
    assert_eq!(
        came_to(&[&text]),
        (
            Outcome::Failed,
            Certainty::Certain,
            vec!["criu-other-architecture"]
        )
    );
    let logs = [log(&text)];
    assert_eq!(of(&logs).said[0].part, Part::Perhaps);
}

#[test]
fn errors_of_a_restore_that_succeeded_are_no_causes() {
    let text = [VERSION, UNKNOWN, MISMATCH, RESTORED].concat();
    assert_eq!(
        came_to(&[&text]),
        (Outcome::Restored, Certainty::None, vec![])
    );
    let logs = [log(&text)];
    assert!(
        of(&logs)
            .said
            .iter()
            .take(2)
            .all(|said| said.part == Part::Survived)
    );
}

#[test]
fn the_kernel_says_how_a_task_died_after_the_restore() {
    let restored = [VERSION, "(00.2) PID: real 7 virt 7\n", RESTORED].concat();
    assert_eq!(
        came_to(&[&restored, REFUSED]),
        (
            Outcome::Died,
            Certainty::Certain,
            vec!["kernel-frame-refused"]
        )
    );
    // Nothing ties another process to the restore where there is no image.
    let stranger = REFUSED.replace("app[7]", "app[8]");
    assert_eq!(came_to(&[&restored, &stranger]).1, Certainty::Uncertain);
    // A plain fault does not say why.
    assert_eq!(
        came_to(&[&restored, FAULT]),
        (
            Outcome::Died,
            Certainty::Uncertain,
            vec!["kernel-memory-fault"]
        )
    );
    assert_eq!(
        came_to(&[REFUSED]),
        (
            Outcome::Died,
            Certainty::Certain,
            vec!["kernel-frame-refused"]
        )
    );
}

#[test]
fn a_hang_is_no_failure() {
    let pac = "(00.6) Error (criu/arch/aarch64/crtools.c:285): PACG support is required from the source system.\n";
    assert_eq!(
        came_to(&[&[VERSION, pac].concat()]),
        (Outcome::Hangs, Certainty::Certain, vec!["criu-pac-missing"])
    );
    // Should a later CRIU give up instead, its own word counts.
    assert_eq!(
        came_to(&[&[VERSION, pac, FAILED].concat()]).0,
        Outcome::Failed
    );
}

#[test]
fn a_log_that_breaks_off_is_called_so() {
    assert_eq!(
        came_to(&[VERSION]),
        (Outcome::Unfinished, Certainty::None, vec![])
    );
    assert_eq!(
        came_to(&["hello\n"]),
        (Outcome::Unknown, Certainty::None, vec![])
    );
    assert_eq!(came_to(&[""]), (Outcome::Unknown, Certainty::None, vec![]));
}

#[test]
fn an_engine_that_says_criu_failed_names_no_cause() {
    let engine = "ERRO[0000] criu failed: type NOTIFY errno 0\n";
    assert_eq!(
        came_to(&[engine]),
        (
            Outcome::Failed,
            Certainty::Uncertain,
            vec!["tool-criu-failed"]
        )
    );
    // Beside CRIU's own log it adds nothing.
    assert_eq!(
        came_to(&[&[VERSION, MISMATCH, FAILED].concat(), engine]).2,
        ["criu-other-architecture"]
    );
}

#[test]
fn a_dump_is_not_explained() {
    let dump = [
        VERSION,
        UNKNOWN,
        "(00.5) Error (criu/cr-dump.c:1975): Dumping FAILED.\n",
    ]
    .concat();
    assert_eq!(came_to(&[&dump]), (Outcome::Dump, Certainty::None, vec![]));
}

#[test]
fn memory_that_ran_out_is_told_by_the_kernel() {
    let oom =
        "[   67.444444] Memory cgroup out of memory: Killed process 7 (criu) total-vm:66512kB\n";
    assert_eq!(
        came_to(&[&[VERSION, KILLED, FAILED].concat(), oom]),
        (Outcome::Failed, Certainty::Certain, vec!["kernel-oom"])
    );
}

#[test]
fn a_death_of_before_is_no_cause_of_what_criu_has_an_error_for() {
    assert_eq!(
        came_to(&[&[VERSION, MISMATCH, KILLED, FAILED].concat(), REFUSED]),
        (
            Outcome::Failed,
            Certainty::Certain,
            vec!["criu-other-architecture"]
        )
    );
}

#[test]
fn a_log_that_was_not_read_whole_is_not_certain() {
    let mut cut = log(&[VERSION, MISMATCH, FAILED].concat());
    cut.cut = true;
    assert_eq!(explain(&[cut], None).certainty, Certainty::Uncertain);
}

#[test]
fn an_image_that_cannot_be_read_confirms_a_hint() {
    let logs = [log(&[
        VERSION,
        "(00.2)      7: No mm-7.img image\n",
        KILLED,
        FAILED,
    ]
    .concat())];
    let evidence = Evidence {
        error: Some("mm-7.img: not there"),
        ..Evidence::default()
    };
    let explanation = explain(&logs, Some(&evidence));
    assert_eq!(explanation.certainty, Certainty::Certain);
    assert_eq!(
        explanation.causes[0].image_error,
        Some("mm-7.img: not there")
    );
    // The reader of the image is not told twice.
    assert!(
        explanation
            .remarks
            .iter()
            .all(|remark| !remark.contains("mm-7.img"))
    );
}

#[test]
fn processes_of_others_are_told_apart() {
    let checkpoint = crate::criu_image::load(std::path::Path::new(
        "tests/fixtures/images/sig-plain@max-nopauth@new",
    ))
    .unwrap();
    let facts = crate::facts::collect(&checkpoint, crate::facts::Search::Auto);
    let evidence = Evidence {
        facts: Some(&facts),
        ..Evidence::default()
    };
    let restored = [VERSION, RESTORED].concat();
    let of = |kernel: &str| {
        let logs = [log(&restored), log(kernel)];
        let explanation = explain(&logs, Some(&evidence));
        (explanation.outcome, explanation.said.last().unwrap().part)
    };
    // Another program that died in the meantime.
    assert_eq!(of(REFUSED), (Outcome::Restored, Part::Unrelated));
    // The image's own, by its id, or by its name in a pid namespace.
    for own in [
        "scen[3041]: unhandled exception: illegal memory access\n",
        "scen[99]: unhandled exception: illegal memory access\n",
    ] {
        assert_eq!(of(own), (Outcome::Died, Part::Cause), "{own}");
    }
}
