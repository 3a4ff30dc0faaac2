//! Which line is the cause.

use crate::restore_log::{
    CauseKind, Certainty, Evidence, Explanation, Likelihood, Log, Outcome, Part, explain,
};
use crate::rule_id::RuleId;

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
        .map(|cause| match cause.kind {
            CauseKind::UnknownError => "?",
            CauseKind::Image => "image",
            CauseKind::Message => cause.row.unwrap().id,
        })
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

const DUMPING: &str = "(00.1) Dumping processes (pid: 7 comm: app)\n";
const DUMP_FAILED: &str = "(00.5) Error (criu/cr-dump.c:1975): Dumping FAILED.\n";
const LACKS_RSEQ: &str =
    "(00.2) Error (criu/cr-dump.c:203): 7 has rseq but kernel lacks get_rseq_conf feature\n";

#[test]
fn a_dump_is_explained_as_a_restore_is() {
    let failed = Outcome::DumpFailed;
    let step = "(00.3) Error (criu/cr-dump.c:1691): Dump files (pid: 7) failed with -1\n";
    for (lines, expected) in [
        (
            vec![VERSION, LACKS_RSEQ, step, DUMP_FAILED],
            (failed, Certainty::Certain, vec!["criu-dump-rseq"]),
        ),
        // Without its end, too.
        (
            vec![LACKS_RSEQ],
            (failed, Certainty::Certain, vec!["criu-dump-rseq"]),
        ),
        (
            vec![VERSION, UNKNOWN, LACKS_RSEQ, DUMP_FAILED],
            (failed, Certainty::Uncertain, vec!["?", "criu-dump-rseq"]),
        ),
        // What came before the tasks were looked for did not stop the dump.
        (
            vec![VERSION, UNKNOWN, DUMPING, LACKS_RSEQ, DUMP_FAILED],
            (failed, Certainty::Certain, vec!["criu-dump-rseq"]),
        ),
        (
            vec![VERSION, DUMPING, step, DUMP_FAILED],
            (failed, Certainty::None, vec![]),
        ),
        // The parasite's lines are no progress beyond an error.
        (
            vec![
                VERSION,
                DUMPING,
                LACKS_RSEQ,
                "(00.3) pie: 7: Daemon waits for command\n",
                DUMP_FAILED,
            ],
            (failed, Certainty::Certain, vec!["criu-dump-rseq"]),
        ),
        (
            vec![VERSION, DUMPING],
            (Outcome::Unfinished, Certainty::None, vec![]),
        ),
        (
            vec![VERSION, UNKNOWN, "(00.5) Dumping finished successfully\n"],
            (Outcome::Dump, Certainty::None, vec![]),
        ),
    ] {
        assert_eq!(came_to(&[&lines.concat()]), expected, "{lines:?}");
    }
}

#[test]
fn a_dump_beside_its_restore_adds_nothing() {
    let dump = [VERSION, UNKNOWN, "(00.5) Dumping finished successfully\n"].concat();
    let restore = [VERSION, MISMATCH, FAILED].concat();
    assert_eq!(
        came_to(&[&dump, &restore]),
        (
            Outcome::Failed,
            Certainty::Certain,
            vec!["criu-other-architecture"]
        )
    );
}

/// Texts that CRIU's trials of the kernel print as errors, with their source file.
fn probes() -> Vec<(&'static str, &'static str, &'static str)> {
    include_str!("../../../tests/fixtures/probes.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.splitn(3, '\t');
            let mut cell = || cells.next().unwrap();
            (cell(), cell(), cell())
        })
        .collect()
}

/// No error of a trial that CRIU survived is the cause: with the log's structure, and in a log of
/// errors only; before the error of a task, and before one of CRIU's first process.
#[test]
fn no_trial_at_the_start_hides_the_cause() {
    let missing = "Error (criu/files-reg.c:2353): Can't open file opt/x on restore: No such file or directory\n";
    let reading = "(00.2) Reading image tree\n";
    let mut kept = [0, 0, 0];
    let all = probes();
    for (release, at, text) in &all {
        let error = format!("(00.1) Error ({at}): {text}\n");
        let quiet = format!("Error ({at}): {text}\n");
        let certain = |came: &(Outcome, Certainty, Vec<&str>), id: &str| {
            *came == (Outcome::Failed, Certainty::Certain, vec![id])
        };
        let structured = [VERSION, &error, reading, "(00.3)   3021: ", missing, FAILED].concat();
        assert!(
            certain(&came_to(&[&structured]), "criu-file-missing"),
            "{release} {at}: {text}: {:?}",
            came_to(&[&structured])
        );
        kept[0] += 1;
        let errors_only = [&quiet, "  3021: ", missing].concat();
        assert!(
            certain(&came_to(&[&errors_only]), "criu-file-missing"),
            "{release} {at}: {text}: {:?}",
            came_to(&[&errors_only])
        );
        kept[1] += 1;
        // Files whose errors can come from later too are left in doubt without structure.
        let first_process = [&quiet, MISMATCH, FAILED].concat();
        let came = came_to(&[&first_process]);
        if certain(&came, "criu-other-architecture") {
            kept[2] += 1;
        } else {
            assert!(
                at.starts_with("criu/net.c"),
                "{release} {at}: {text}: {came:?}"
            );
        }
    }
    assert_eq!(kept, [all.len(), all.len(), all.len() - 6]);
}

/// A trial that did end CRIU stays the cause; what it survived before does not become one.
#[test]
fn a_fatal_trial_is_the_cause() {
    let tun =
        "(00.1) Error (criu/tun.c:85): tun: Unable to create tun: No such file or directory\n";
    let earlier = "(00.1) Error (criu/kerndat.c:391): proc isn't mount on the host\n";
    let ends = "(00.2) Error (criu/kerndat.c:1962): check_pagemap failed when initializing kerndat.\n\
        (00.2) Error (criu/crtools.c:280): Could not initialize kernel features detection.\n";
    let known = "(00.2) Error (criu/kerndat.c:112): Can't read pagemap: Operation not permitted\n";
    let unknown = "(00.2) Error (criu/kerndat.c:459): Read pmap err!: Operation not permitted\n";
    assert_eq!(
        came_to(&[&[VERSION, tun, earlier, known, ends].concat()]),
        (
            Outcome::Failed,
            Certainty::Certain,
            vec!["criu-probe-pagemap"]
        )
    );
    let text = [VERSION, tun, earlier, unknown, ends].concat();
    assert_eq!(
        came_to(&[&text]),
        (Outcome::Failed, Certainty::Uncertain, vec!["?"])
    );
    let logs = [log(&text)];
    let parts: Vec<Part> = of(&logs).said.iter().map(|said| said.part).collect();
    assert_eq!(
        parts,
        [
            Part::Survived,
            Part::Survived,
            Part::Cause,
            Part::Consequence,
            Part::Consequence
        ]
    );
    // Up to 3.14 CRIU says nothing further.
    assert_eq!(
        came_to(&[&[VERSION, tun, known].concat()]),
        (
            Outcome::Failed,
            Certainty::Certain,
            vec!["criu-probe-pagemap"]
        )
    );
}

#[test]
fn progress_refutes_only_what_comes_before_it() {
    let reading = "(00.3) Reading image tree\n";
    let forked = "(00.3)      7: Running\n";
    let pie = "(00.4) pie: 7: Switched to the restorer 7\n";
    let of_task = "(00.2)      7: Error (criu/new.c:1): Something nobody has seen\n";
    let mount = "(00.45)      7: Error (criu/mount.c:2753): The --root option is required to restore a mount namespace\n";
    let root = "criu-mount-root";
    for (lines, causes) in [
        // CRIU's first process: a later stage refutes.
        (vec![UNKNOWN, reading, mount, FAILED], vec![root]),
        (vec![UNKNOWN, forked, mount, FAILED], vec![root]),
        // Where nothing else is left, an error that only a task's line speaks against.
        (vec![UNKNOWN, forked, KILLED, FAILED], vec!["?"]),
        (vec![UNKNOWN, reading, forked, KILLED, FAILED], vec![]),
        // After the first task several processes write at once.
        (vec![forked, UNKNOWN, pie, mount, FAILED], vec!["?", root]),
        // The same text again, later: it counts.
        (
            vec![UNKNOWN, forked, UNKNOWN, mount, FAILED],
            vec!["?", root],
        ),
        // A task's own restorer refutes what the task wrote before, no other's.
        (vec![of_task, pie, mount, FAILED], vec![root]),
        (
            vec![
                of_task,
                "(00.4) pie: 8: Switched to the restorer 8\n",
                mount,
                FAILED,
            ],
            vec!["?", root],
        ),
        // In a log of errors only, the first line of a task is no proof against a known reason.
        (
            vec![MISMATCH, mount, FAILED],
            vec!["criu-other-architecture"],
        ),
        (vec![MISMATCH, reading, mount, FAILED], vec![root]),
    ] {
        let text = [VERSION, &lines.concat()].concat();
        assert_eq!(came_to(&[&text]).2, causes, "{lines:?}");
    }
}

#[test]
fn a_log_that_stops_in_the_restorer_is_a_hang() {
    let pie =
        "(00.4) pie: 7: Switched to the restorer 7\n(00.4) pie: 8: Switched to the restorer 8\n";
    let text = [VERSION, pie].concat();
    assert_eq!(
        came_to(&[&text]),
        (
            Outcome::Hangs,
            Certainty::Uncertain,
            vec!["criu-stops-in-restorer"]
        )
    );
    let ends = |text: &str| {
        let logs = [log(text)];
        of(&logs)
            .remarks
            .iter()
            .find(|remark| remark.contains("kill -9"))
            .unwrap()
            .clone()
    };
    assert!(ends(&text).contains("`kill -9 7 8` (as the log numbers them"));
    // The host's ids where the log has them.
    let text = [VERSION, "(00.2) PID: real 600 virt 7\n", pie].concat();
    assert!(ends(&text).contains("`kill -9 600` (by the host's ids)"));
    // A dump's parasite is no restorer.
    assert_eq!(
        came_to(&[&[VERSION, DUMPING, pie].concat()]).0,
        Outcome::Unfinished
    );
}

#[test]
fn a_bug_in_the_restorer_is_a_hang_and_the_error_before_it_the_cause() {
    let bug = "(00.4) pie: 7: Error (criu/pie/restorer.c:2292): BUG at criu/pie/restorer.c:2292\n";
    let creds =
        "(00.4) pie: 7: Error (criu/pie/restorer.c:347): Unable to restore capabilities: -1\n";
    assert_eq!(
        came_to(&[&[VERSION, bug].concat()]),
        (
            Outcome::Hangs,
            Certainty::Uncertain,
            vec!["criu-bug-in-task"]
        )
    );
    assert_eq!(
        came_to(&[&[VERSION, creds, bug].concat()]),
        (Outcome::Hangs, Certainty::Certain, vec!["criu-credentials"])
    );
    assert_eq!(
        came_to(&[&[VERSION, creds, bug, FAILED].concat()]).0,
        Outcome::Failed
    );
}

#[test]
fn a_signal_in_the_restorer_is_explained_by_versions() {
    let pie = "(00.4) pie: 7: `- skip pagemap\n";
    let kernel = |release: &str| format!("(00.1) Running on h Linux {release} #1 SMP aarch64\n");
    let killed = |signal: &str| {
        format!("(00.4) Error (criu/cr-restore.c:1480): 7 killed by signal {signal}\n")
    };
    let criu = |version: &str| format!("(00.1) Version: {version} (gitid 0)\n");
    let (new, old) = (kernel("6.8.0-41-generic"), kernel("4.14.180"));
    let (rseq, built) = ("criu-libc-rseq", "criu-libc-rseq-built");
    let cases = [
        (
            [&criu("3.16.1"), &new, pie, "11: Segmentation fault"],
            Some((rseq, Likelihood::Probable)),
        ),
        (
            [&criu("3.15"), &new, pie, "127: Unknown signal 127"],
            Some((rseq, Likelihood::Probable)),
        ),
        (
            [&criu("3.16.1"), &new, "", "11: Segmentation fault"],
            Some((rseq, Likelihood::Possible)),
        ),
        (
            ["", "", pie, "11: Segmentation fault"],
            Some((rseq, Likelihood::Possible)),
        ),
        (
            [&criu("3.17.1"), &new, pie, "11: Segmentation fault"],
            Some((built, Likelihood::Possible)),
        ),
        // Another CRIU, a kernel without restartable sequences, another signal.
        ([&criu("3.18"), &new, pie, "11: Segmentation fault"], None),
        ([&criu("3.16.1"), &old, pie, "11: Segmentation fault"], None),
        ([&criu("3.16.1"), &new, pie, "9: Killed"], None),
    ];
    for ([criu, kernel, pie, signal], expected) in cases {
        let text = [criu, kernel, pie, &killed(signal), FAILED].concat();
        let logs = [log(&text)];
        let explanation = of(&logs);
        let found = explanation
            .causes
            .first()
            .map(|cause| (cause.row.unwrap().id, cause.likelihood));
        assert_eq!(found, expected, "{text}");
        assert_eq!(explanation.outcome, Outcome::Failed);
        assert_ne!(explanation.certainty, Certainty::Certain);
    }
    // An error that says why comes first.
    let text = [
        &criu("3.16.1"),
        MISMATCH,
        &killed("11: Segmentation fault"),
        FAILED,
    ]
    .concat();
    assert_eq!(came_to(&[&text]).2, ["criu-other-architecture"]);
}

#[test]
fn what_the_machine_cannot_restore_is_a_cause_where_no_line_says_why() {
    let checkpoint =
        crate::criu_image::load(std::path::Path::new("tests/fixtures/images/idle@max@new"))
            .unwrap();
    let facts = crate::facts::collect(&checkpoint, crate::facts::Search::Auto);
    let text = [
        "(00.1) Version: 4.2 (gitid 0)\n(00.1) Running on h Linux 6.1.0 #1 SMP aarch64\n",
        KILLED,
        FAILED,
    ]
    .concat();
    let logs = [log(&text)];
    let (machine, remarks) = crate::restore_log::machine(&logs, None);
    let judgement = crate::rule::judge(
        &crate::rule::Case {
            facts: &facts,
            target: &machine,
            source: None,
        },
        &[],
    );
    let evidence = Evidence {
        facts: Some(&facts),
        findings: &judgement.findings,
        remarks: &remarks,
        ..Evidence::default()
    };
    let explanation = explain(&logs, Some(&evidence));
    assert_eq!(explanation.certainty, Certainty::Certain);
    assert_eq!(explanation.causes[0].kind, CauseKind::Image);
    assert_eq!(explanation.causes[0].likelihood, Likelihood::Certain);
    assert!(
        explanation.causes[0]
            .findings
            .iter()
            .any(|finding| finding.rule.id == RuleId::Sys001)
    );
}

#[test]
fn the_jvm_is_believed_without_criu() {
    let refused = "[0.066s][error][crac] Restore failed due to incompatible or missing CPU features, try using -XX:CPUFeatures=0x4000ff on checkpoint.\n";
    let gave_up = "Error: Could not create the Java Virtual Machine.\n";
    assert_eq!(
        came_to(&[&[refused, gave_up].concat()]),
        (
            Outcome::Failed,
            Certainty::Certain,
            vec!["jvm-cpu-features"]
        )
    );
    assert_eq!(
        came_to(&[gave_up]),
        (Outcome::Failed, Certainty::None, vec![])
    );
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
