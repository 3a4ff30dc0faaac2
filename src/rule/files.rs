//! `FIL`: the files that a restore opens by their path.

use std::collections::BTreeSet;

use crate::abi::criu;
use crate::files::{Difference, Lies, NeededFile, Use, type_name};
use crate::finding::{Finding, Phase, Proof, Severity, Subject};
use crate::rule_id::RuleId;
use crate::units::Pid;

use super::{Case, Rule, RuleMeta, counted};

/// Findings of one rule about one file each; the rest are counted in one more. Who names the wrong directory has every
/// file missing.
const MAX_NAMED: usize = 16;

/// Files named in a note about several.
const MAX_LISTED: usize = 3;

/// Tasks named in a finding.
const MAX_TASKS: usize = 2;

/// What lists every file.
const LIST: &str = "`hwcr inspect IMAGE --only files --target-rootfs DIR` lists every file.";

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil001,
            name: "files-not-checked",
            summary: "The restore needs files that were not looked for.",
            explanation: "An image holds memory, not programs, libraries, or open files: CRIU opens them by their path, and \
                the restore fails where one is missing or has another size, type, permission bits or build id. \
                `check --target-rootfs DIR` looks for them below DIR: `/` for a restore on this machine, or the \
                container's root directory.",
            sources: &["CRIU 3.12 to 4.2, criu/files-reg.c open_path"],
            seen: &["idle@cortex-a57@new on cortex-a57: PASS"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: not_checked,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil002,
            name: "file-missing",
            summary: "A file that the restore opens is not there.",
            explanation: "CRIU opens each mapped and open file, each program, and the working and root directories by the \
                path that the image has. Where one is missing, the restore fails with \"Can't open file … on restore: No \
                such file or directory\". CRIU never creates such a file; deleted files are in the image, but a file that \
                has another hard link is not: the dump leaves a link named link_remap.N beside it, which must be copied \
                with the file system.",
            sources: &[
                "CRIU 3.12 to 4.2, criu/files-reg.c open_path, do_open_reg_noseek_flags, rfi_remap",
                "CRIU 4.2, criu/mem.c prepare_mm_pid; criu/files.c prepare_fs_pid; criu/cr-restore.c (exe_file_id)",
                "checkpoint-restore/criu 1247, 1618",
                "observed: CRIU 4.2.1 and 3.17.1",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: missing,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil003,
            name: "file-size",
            summary: "A file that the restore opens has another size than at the dump.",
            explanation: "CRIU saves the size of every regular file, except of those that are only appended to, and refuses \
                a file of another size with \"File … has bad size\". A log or a database that was written to after the dump \
                is refused as a library of another version is.",
            sources: &[
                "CRIU 3.12 to 4.2, criu/files-reg.c validate_file, should_check_size",
                "observed: CRIU 4.2.1 and 3.17.1",
                "checkpoint-restore/criu 414, 515, 1258",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: size,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil004,
            name: "file-build-id",
            summary: "A program or library is another build than at the dump.",
            explanation: "CRIU 3.15 and later save the GNU build id of ELF files and refuse a file with another one (\"File … \
                has bad build-ID\"). CRIU before 3.15 does not compare them, and no CRIU refuses a file that has no build \
                id: the task then continues with the code of another build under its own data, and most likely crashes. \
                That is unproven, as nothing in the image shows which functions moved.",
            sources: &[
                "CRIU 3.15 to 4.2, criu/files-reg.c validate_with_build_id, get_build_id",
                "CRIU 3.14, criu/files-reg.c (no build id)",
                "checkpoint-restore/criu 1756, 2367",
                "observed: CRIU 4.2.1 and 3.17.1",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: build_id,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil005,
            name: "file-mode",
            summary: "A file that the restore opens has another type or other permission bits than at the dump.",
            explanation: "CRIU compares all of st_mode: type, permission, set-id and sticky bits. The restore fails with \
                \"File … has bad mode\". From 3.18 on --skip-file-rwx-check leaves the nine permission bits out of the \
                comparison. Owners are not compared.",
            sources: &[
                "CRIU 3.12 to 4.2, criu/files-reg.c open_path",
                "CRIU 3.18, --skip-file-rwx-check",
                "observed: CRIU 4.2.1 and 3.17.1",
                "checkpoint-restore/criu 650",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: mode,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil006,
            name: "file-not-seen",
            summary: "hwcr could not look at a file that the restore opens.",
            explanation: "hwcr may lack the permission, the path may not be UTF-8, or there may be too many files. CRIU runs \
                as root and may open what hwcr could not, so that nothing follows for the restore.",
            sources: &["CRIU 4.2, criu/files-reg.c open_path"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: not_seen,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil007,
            name: "files-elsewhere",
            summary: "The restore needs files that lie outside of the root file system.",
            explanation: "Files on external mounts (a container's volumes, /etc/resolv.conf, /etc/hosts) come from where the \
                engine says at the restore, and CRIU mounts other file systems itself. They are compared as all others \
                are, but not below --target-rootfs. Device nodes in /dev exist there only where the directory is in use.",
            sources: &[
                "CRIU 4.2, criu/mount.c collect_mnt_from_image, restore_ext_mount; images/mnt.proto",
                "CRIU 4.2, criu/files-reg.c open_path (ext)",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: elsewhere,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil008,
            name: "file-read-only",
            summary: "A file that a task writes to lies on a read-only file system.",
            explanation: "CRIU opens files with the flags they had. open answers EROFS for a file that is open, or mapped \
                shared, for writing, and the restore fails. Where DIR is not `/` it may be mounted read-only only while it \
                is looked at; then this is a note.",
            sources: &[
                "CRIU 3.12 to 4.2, criu/files-reg.c do_open_reg_noseek_flags",
                "kernel 6.1, fs/namei.c may_open",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: read_only,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil009,
            name: "socket-directory-missing",
            summary: "The directory of a bound unix socket is not there.",
            explanation: "CRIU binds a unix socket at its path again, which needs the directory. It does not bind every \
                socket of the image (one that was accepted has the name of the listening one), so this is unproven.",
            sources: &["CRIU 4.2, criu/sk-unix.c bind_unix_sk"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: socket_directory,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fil010,
            name: "content-taken-as-given",
            summary: "Files have the right size, and their content was not compared.",
            explanation: "The image has no build id of scripts, data files, archives of bytecode, and programs without one. \
                CRIU compares their size alone, and hwcr can do no more. A file of the same size with another content is \
                mapped and read in place of the old one, and its task may crash or compute wrongly.",
            sources: &[
                "CRIU 3.12 to 4.2, criu/files-reg.c validate_file",
                "observed: CRIU 4.2.1 and 3.17.1",
            ],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: given,
    },
];

fn not_checked(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let files = &case.facts.files;
    if files.looked_in.is_some() {
        return;
    }
    let needed = files.needed.iter();
    let names = distinct(needed.filter(|file| file.is_in_root() && file.is_used()));
    let (Some(first), count) = (names.first(), names.len()) else {
        return;
    };
    let message = format!(
        "the restore opens {} by path, among them {first}; hwcr did not look for {}",
        counted(count, "file"),
        if count == 1 { "it" } else { "them" }
    );
    out.push(
        Finding::new(meta, Severity::Note, Proof::Unknown, message).help(
            "Add --target-rootfs DIR with the root directory of the restore (`/` on this machine) to check them; \
             `hwcr inspect IMAGE --only files` lists them.",
        ),
    );
}

/// A difference in a file, and what the rule says of it.
struct Said {
    severity: Severity,
    proof: Proof,
    message: String,
    help: String,
    need_have: Option<(String, String)>,
}

/// Says something of every file that differs, at most [`MAX_NAMED`] times one by one.
fn each(
    meta: &'static RuleMeta,
    case: &Case<'_>,
    out: &mut Vec<Finding>,
    say: impl Fn(&NeededFile, &Difference) -> Option<Said>,
) {
    let mut more = 0usize;
    let mut worst = Severity::Note;
    let mut said_of = 0usize;
    for file in &case.facts.files.needed {
        for said in file.differences().iter().filter_map(|one| say(file, one)) {
            said_of += 1;
            if said_of > MAX_NAMED {
                more += 1;
                worst = worst.min(said.severity);
                continue;
            }
            let mut finding = Finding::new(meta, said.severity, said.proof, said.message)
                .about(Subject::File {
                    name: file.name.clone(),
                    pid: only_task(file),
                })
                .read_at(file.place.clone())
                .help(said.help);
            if let Some((need, have)) = said.need_have {
                finding = finding.need_have(need, have);
            }
            out.push(finding);
        }
    }
    if more > 0 {
        let message = format!("the same holds for {} more", counted(more, "file"));
        let proof = Proof::State;
        out.push(Finding::new(meta, worst, proof, message).help(LIST));
    }
}

/// The task a file is for, where that is one.
fn only_task(file: &NeededFile) -> Option<Pid> {
    let mut pids = file.uses.values().flatten();
    let first = pids.next().copied()?;
    pids.all(|pid| *pid == first).then_some(first)
}

/// What a file is for: `the executable of redis-server (12)`.
fn purpose(case: &Case<'_>, file: &NeededFile) -> String {
    let Some((what, pids)) = file.uses.iter().next() else {
        return "used by no task that the image shows".to_owned();
    };
    let tasks = &case.facts.checkpoint.tasks;
    let mut named: Vec<String> = pids
        .iter()
        .take(MAX_TASKS)
        .map(|pid| {
            let task = tasks.iter().find(|task| task.pid == *pid);
            task.map_or_else(
                || format!("task {pid}"),
                |task| format!("{} ({pid})", task.comm),
            )
        })
        .collect();
    if let Some(more) = pids.len().checked_sub(MAX_TASKS).filter(|more| *more > 0) {
        named.push(format!("{more} more"));
    }
    let tasks = named.join(" and ");
    match what {
        Use::Executable => format!("the executable of {tasks}"),
        Use::Code => format!("{tasks} runs code of it"),
        Use::MappedToWrite => format!("{tasks} has mapped it to write to"),
        Use::Mapped => format!("{tasks} has mapped it"),
        Use::Open => format!("{tasks} has it open"),
        Use::OpenToWrite => format!("{tasks} has it open to write to"),
        Use::WorkingDirectory => format!("the working directory of {tasks}"),
        Use::RootDirectory => format!("the root directory of {tasks}"),
        Use::SocketDirectory => format!("{tasks} has a socket bound in it"),
    }
}

/// The directory that was looked in.
fn looked_in<'a>(case: &Case<'a>) -> (&'a str, bool) {
    let looked_in = case.facts.files.looked_in.as_ref();
    looked_in.map_or(("", false), |dir| (dir.name.as_str(), dir.is_system))
}

/// What CRIU refuses, or would refuse if it opened the file.
fn refused(file: &NeededFile) -> (Severity, Proof) {
    if file.is_used() {
        (Severity::Blocker, Proof::State)
    } else {
        (Severity::Unproven, Proof::Unknown)
    }
}

fn is_socket_directory(file: &NeededFile) -> bool {
    file.uses.contains_key(&Use::SocketDirectory)
}

fn missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (dir, is_system) = looked_in(case);
    each(meta, case, out, |file, difference| {
        let absent_device = matches!(file.lies, Lies::Device(_)) && !is_system;
        if *difference != Difference::Missing || absent_device || is_socket_directory(file) {
            return None;
        }
        let (severity, proof) = refused(file);
        let for_what = purpose(case, file);
        let (message, help) = if let Lies::Linked(link) = &file.lies {
            (
                format!(
                    "the restore will fail: {link} is not in {dir}, a link that the dump made for the removed {} ({for_what})",
                    file.name
                ),
                "Copy the file system as the dump left it, link_remap.* files included, or dump again.",
            )
        } else {
            (
                format!(
                    "the restore will fail: {} is not in {dir} ({for_what})",
                    file.name
                ),
                "Bring the same file there, or restore on the same container image or package versions.",
            )
        };
        Some(Said {
            severity,
            proof,
            message,
            help: help.to_owned(),
            need_have: Some((file.name.clone(), "no such file".to_owned())),
        })
    });
}

fn size(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (dir, _) = looked_in(case);
    each(meta, case, out, |file, difference| {
        let Difference::Size { saved, found } = difference else {
            return None;
        };
        let (severity, proof) = refused(file);
        Some(Said {
            severity,
            proof,
            message: format!(
                "the restore will fail: {} in {dir} has {found} bytes and had {saved} at the dump ({})",
                file.name,
                purpose(case, file)
            ),
            help: "Bring the file of the dump there: the same package version or container image, or the data as it was."
                .to_owned(),
            need_have: Some((format!("{saved} bytes"), format!("{found} bytes"))),
        })
    });
}

fn build_id(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (dir, _) = looked_in(case);
    let old = case
        .target
        .criu
        .is_some_and(|version| version < criu::COMPARES_BUILD_IDS);
    each(meta, case, out, |file, difference| {
        let Difference::BuildId { saved, found } = difference else {
            return None;
        };
        let (name, for_what) = (&file.name, purpose(case, file));
        let need = hex(saved);
        let (severity, proof, message, have) = match found {
            Some(found) if !old => {
                let (severity, proof) = refused(file);
                let message = format!(
                    "the restore will fail: {name} in {dir} is another build than at the dump ({for_what})"
                );
                (severity, proof, message, hex(found))
            }
            Some(found) => (
                Severity::Unproven,
                Proof::Unknown,
                format!(
                    "{name} in {dir} is another build than at the dump ({for_what}), and this CRIU does not compare build ids: \
                     the task may crash"
                ),
                hex(found),
            ),
            None => (
                Severity::Unproven,
                Proof::Unknown,
                format!(
                    "{name} in {dir} has no build id and had one at the dump ({for_what}): CRIU accepts it, and the task may crash"
                ),
                "no build id".to_owned(),
            ),
        };
        Some(Said {
            severity,
            proof,
            message,
            help: "Install the same build there: the same package version, or the same container image by digest."
                .to_owned(),
            need_have: Some((need, have)),
        })
    });
}

fn mode(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (dir, _) = looked_in(case);
    each(meta, case, out, |file, difference| {
        let (severity, proof) = refused(file);
        let (name, for_what) = (&file.name, purpose(case, file));
        match difference {
            Difference::Type { saved, found } => Some(Said {
                severity,
                proof,
                message: format!(
                    "the restore will fail: {name} in {dir} is {} and was {} at the dump ({for_what})",
                    type_name(*found),
                    type_name(*saved)
                ),
                help: "Bring what was there at the dump.".to_owned(),
                need_have: Some((type_name(*saved).to_owned(), type_name(*found).to_owned())),
            }),
            Difference::Permissions { saved, found } => Some(Said {
                severity,
                proof,
                message: format!(
                    "the restore will fail: {name} in {dir} has mode {:04o} and had {:04o} at the dump ({for_what})",
                    found & 0o7777,
                    saved & 0o7777
                ),
                help: format!(
                    "Run `chmod {:04o}` on it. criu restore --skip-file-rwx-check (3.18 and later) does not compare these bits.",
                    saved & 0o7777
                ),
                need_have: Some((
                    format!("{:04o}", saved & 0o7777),
                    format!("{:04o}", found & 0o7777),
                )),
            }),
            _ => None,
        }
    });
}

fn not_seen(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (dir, _) = looked_in(case);
    each(meta, case, out, |file, difference| {
        let Difference::NotSeen(why) = difference else {
            return None;
        };
        Some(Said {
            severity: Severity::Unproven,
            proof: Proof::Unknown,
            message: format!("hwcr could not look at {} in {dir}: {why}", file.name),
            help: "Run hwcr with the rights that the restore has.".to_owned(),
            need_have: None,
        })
    });
}

fn read_only(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (dir, is_system) = looked_in(case);
    each(meta, case, out, |file, difference| {
        if *difference != Difference::ReadOnly {
            return None;
        }
        let (name, for_what) = (&file.name, purpose(case, file));
        let (severity, proof, message) = if is_system {
            let (severity, proof) = refused(file);
            let message = format!(
                "the restore will fail: {name} lies on a read-only file system ({for_what})"
            );
            (severity, proof, message)
        } else {
            let message = format!(
                "{name} in {dir} lies on a read-only file system, which the restore must be able to write to ({for_what})"
            );
            (Severity::Note, Proof::Unknown, message)
        };
        Some(Said {
            severity,
            proof,
            message,
            help: "Mount the file system writable for the restore.".to_owned(),
            need_have: None,
        })
    });
}

fn socket_directory(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (dir, _) = looked_in(case);
    each(meta, case, out, |file, difference| {
        if *difference != Difference::Missing || !is_socket_directory(file) {
            return None;
        }
        Some(Said {
            severity: Severity::Unproven,
            proof: Proof::Unknown,
            message: format!(
                "the restore may fail: the directory {} is not in {dir} ({})",
                file.name,
                purpose(case, file)
            ),
            help: format!("Create the directory {} there.", file.name),
            need_have: None,
        })
    });
}

fn elsewhere(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let files = &case.facts.files;
    let is_system = match &files.looked_in {
        Some(looked_in) => looked_in.is_system,
        None => return,
    };
    let is_elsewhere = |file: &&NeededFile| match &file.lies {
        Lies::Engine | Lies::Mount(_) => file.is_used(),
        Lies::Device(_) => !is_system && file.differences() == [Difference::Missing],
        _ => false,
    };
    note(
        meta,
        out,
        files.needed.iter().filter(is_elsewhere),
        |count| {
            let lie = if count == 1 { "lies" } else { "lie" };
            format!(
                "{} {lie} outside of the directory that was looked in",
                counted(count, "file")
            )
        },
        "Check at the restore that the same mounts and devices are given.",
    );
}

fn given(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let files = case.facts.files.needed.iter();
    note(
        meta,
        out,
        files.filter(|file| file.content_is_given()),
        |count| {
            format!(
                "the content of {} was not compared: the image has no build id of {}",
                counted(count, "file"),
                if count == 1 { "it" } else { "them" }
            )
        },
        "Another content of the same size would pass CRIU's check too: restore on the same versions of these files.",
    );
}

/// A note about several files, the first of which are named.
fn note<'f>(
    meta: &'static RuleMeta,
    out: &mut Vec<Finding>,
    files: impl Iterator<Item = &'f NeededFile>,
    message: impl Fn(usize) -> String,
    help: &str,
) {
    let names = distinct(files);
    if names.is_empty() {
        return;
    }
    let mut named: Vec<&str> = names.iter().take(MAX_LISTED).copied().collect();
    if names.len() > MAX_LISTED {
        named.push("…");
    }
    let message = format!("{} ({})", message(names.len()), named.join(", "));
    out.push(
        Finding::new(meta, Severity::Note, Proof::Unknown, message).help(format!("{help} {LIST}")),
    );
}

/// The paths of files, each once: a path may be open several times.
fn distinct<'f>(files: impl Iterator<Item = &'f NeededFile>) -> Vec<&'f str> {
    let mut seen = BTreeSet::new();
    files
        .map(|file| file.name.as_str())
        .filter(|name| seen.insert(*name))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
