//! What no line says and a symptom with the versions in the log comes to. No message is matched with
//! these rows: the module `explain::infer` chooses them.

use crate::restore_log::row::{ERROR, Fate, Form, Role, Row};
use crate::rule_id::RuleId;

/// The row for CRIU's own restartable sequences.
pub(in crate::restore_log) const LIBC_RSEQ: &str = "criu-libc-rseq";
/// The same for a CRIU that knows of them and was built without them.
pub(in crate::restore_log) const LIBC_RSEQ_BUILT: &str = "criu-libc-rseq-built";
/// The row for a log that stops in the restorer.
pub(in crate::restore_log) const STOPS_IN_RESTORER: &str = "criu-stops-in-restorer";

const SYMPTOM: Row = Row {
    form: Form::Inferred,
    role: Role::Symptom(Fate::Fails),
    ..ERROR
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: LIBC_RSEQ,
        rules: &[RuleId::Sys007],
        summary: "CRIU before 3.17 under glibc 2.35 or later: every task it restores is killed by SIGSEGV.",
        explanation: "glibc 2.35 and later registers an area for restartable sequences in every process, CRIU too. CRIU before \
            3.17 unmaps that memory in the restorer and leaves it registered, so the kernel kills the task when it \
            next writes there. The log has a task killed in the restorer and no other error.",
        help: "Use CRIU 3.17 or later, for the dump as well: older ones do not save restartable sequences. `criu --version` \
            and `ldd --version` show the two versions; Ubuntu 22.04 ships CRIU 3.16.1 with glibc 2.35.",
        sources: &[
            "CRIU commit f70ddab24 (3.17), criu/pie/restorer.c unregister_libc_rseq",
            "checkpoint-restore/criu 1696, 1935, 1977, 2096, 2552",
        ],
        ..SYMPTOM
    },
    Row {
        id: LIBC_RSEQ_BUILT,
        rules: &[RuleId::Sys007],
        summary: "CRIU 3.17 that was built against a glibc without rseq.h: every task it restores is killed by SIGSEGV.",
        explanation: "CRIU 3.17 takes its own area for restartable sequences away only where the headers it was built with have \
            one; under a newer glibc the kernel kills the restored tasks. The log has a task killed in the restorer and \
            no other error. From 3.18 on CRIU asks the kernel.",
        help: "Restore with CRIU 3.18 or later, or rebuild CRIU 3.17 where it runs.",
        sources: &[
            "CRIU commit cacddf19d (3.18), criu/cr-restore.c prep_libc_rseq_info",
            "checkpoint-restore/criu 1935, 1937",
        ],
        ..SYMPTOM
    },
    Row {
        id: STOPS_IN_RESTORER,
        role: Role::Symptom(Fate::Hangs),
        rules: &[RuleId::Pac001, RuleId::Img004],
        summary: "The log stops while CRIU's restorer runs in the tasks: CRIU waits forever, or was killed.",
        explanation: "A restore that ends says so, as success or as failure. CRIU waits for its tasks without a limit, and a \
            task that died after CRIU attached to it does not wake it up.",
        help: "Look at the kernel's log, and at what CRIU waits for: `cat /proc/$(pgrep -x criu)/stack`.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c restore_root_task, attach_to_tasks"],
        ..SYMPTOM
    },
];
