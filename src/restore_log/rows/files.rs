//! What CRIU says of the files that tasks map or hold open.

use crate::restore_log::row::{ERROR, Role, Row};
use crate::rule_id::RuleId;

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-file-missing",
        files: &["files-reg.c"],
        patterns: &["Can't open file {path:text} on restore: {errno}"],
        rules: &[RuleId::Fil002, RuleId::Fil008],
        summary: "A task's file /{path} cannot be opened.",
        explanation: "The system answered: {errno}. Programs, libraries and open files are not in the image; they \
            must be there under the same names.",
        help: "Bring the file here, the same version of it; for a container, restore on the same image. \
            `hwcr inspect --only files` lists all that are needed.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files-reg.c do_open_reg_noseek_flags",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-file-unopenable",
        files: &["files-reg.c"],
        patterns: &["Can't open file {path:text}: {errno}"],
        rules: &[RuleId::Fil002, RuleId::Fil008],
        summary: "A task's file /{path} cannot be opened.",
        explanation: "The system answered: {errno}.",
        help: "Bring the file here, the same version of it, with the rights it had.",
        sources: &["CRIU 3.0 to 4.2, criu/files-reg.c open_path"],
        ..ERROR
    },
    Row {
        id: "criu-file-size",
        files: &["files-reg.c"],
        patterns: &["File {path:text} has bad size {have:number} (expect {need:number})"],
        rules: &[RuleId::Fil003],
        summary: "/{path} has {have} bytes here and had {need} at the dump.",
        explanation: "CRIU takes a file of another size for another file: tasks have mapped or read the old one.",
        help: "Bring the version of the dump here. A program or library of another version would make the tasks \
            crash.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files-reg.c validate_file",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-file-build-id",
        files: &["files-reg.c"],
        patterns: &[
            "File {path:text} has bad build-ID",
            "File {path:text} has bad build-ID length {have:number} (expect {need:number})",
        ],
        rules: &[RuleId::Fil004],
        summary: "/{path} is another build than at the dump.",
        explanation: "The build ID in the file differs from the one in the image. Code of another build lies \
            elsewhere, and the tasks return into it.",
        help: "Bring the very build of the dump here (the same package version, the same container image). \
            --file-validation=filesize would hide it and let the tasks crash.",
        sources: &[
            "CRIU 3.15 to 4.2, criu/files-reg.c validate_with_build_id",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-file-mode",
        files: &["files-reg.c"],
        patterns: &["File {path:text} has bad mode 0{have:octal} (expect 0{need:octal})"],
        rules: &[RuleId::Fil005],
        summary: "/{path} has other permission bits here ({have}, at the dump {need}).",
        explanation: "CRIU takes a file with other type or permission bits for another file.",
        help: "Give it the old bits with chmod, or restore with --skip-file-rwx-check.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files-reg.c open_path",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-ghost-file",
        files: &["files-reg.c"],
        patterns: &[
            "Can't create ghost {kind:text}: {errno}",
            "The {mount:number} mount is not found for ghost",
            "Corrupted ghost image -> no size",
            "Can't create even fake link!: {errno}",
        ],
        summary: "A file that had been deleted while in use could not be made again.",
        explanation: "CRIU makes such files under a new name for the time of the restore. Left-overs of an earlier \
            attempt, a read-only file system or a missing directory are the usual reasons.",
        help: "Remove files named `*.cr.*.ghost` and `link_remap.*` beside it, and look whether the place can be written to.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files-reg.c create_ghost, mkreg_ghost, open_path",
            "checkpoint-restore/criu 1896",
        ],
        ..ERROR
    },
    Row {
        id: "criu-ghost-link",
        files: &["files-reg.c"],
        patterns: &["Can't link {path:text} -> {new:text}: {errno}"],
        role: Role::Hint,
        rules: &[RuleId::Fil002],
        summary: "The name {new} of a file that had been deleted while in use could not be made.",
        explanation: "The system answered: {errno}. Where a file of that name exists CRIU tries another one.",
        help: "Remove files named `*.cr.*.ghost` and `link_remap.*` beside it, and look whether the place can be written to.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files-reg.c linkat_hard, open_path",
            "checkpoint-restore/criu 201",
        ],
        ..ERROR
    },
    Row {
        id: "criu-file-unknown",
        files: &["files-reg.c", "files.c"],
        patterns: &[
            "Can't find regfile for {id:address}",
            "No entry for reg-file-ID {id:address}",
            "No file for fd {fd:number} id {id:address}",
            "Can't find task cwd file",
            "Can't find task root file",
        ],
        rules: &[RuleId::Img008],
        unreadable: true,
        summary: "The image names a file that it does not describe.",
        explanation: "files.img and the tasks' files are not of one dump, or files.img is missing.",
        help: "Copy the image again, all of it.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files-reg.c open_reg_by_id, try_collect_special_file, criu/files.c collect_fd, prepare_fs_pid",
        ],
        ..ERROR
    },
    Row {
        id: "criu-fd-number",
        files: &["files.c"],
        patterns: &["Too big FD number to restore {fd:number}"],
        summary: "A task holds a file descriptor number that this system does not allow.",
        explanation: "{fd} is above fs.nr_open.",
        help: "Raise the sysctl fs.nr_open to what it was where the tasks ran.",
        sources: &["CRIU 3.0 to 4.2, criu/files.c prepare_fd_pid"],
        ..ERROR
    },
    Row {
        id: "criu-exe-link",
        files: &["restorer.c"],
        patterns: &["Can't restore EXE link ({code})"],
        summary: "The executable of a task could not be set.",
        explanation: "The kernel answered {code}: -1 without CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN, -16 while the \
            old one is still mapped.",
        help: "Run the restore as root, outside of a user namespace.",
        sources: &["CRIU 3.0 to 4.2, criu/pie/restorer.c restore_self_exe_late"],
        ..ERROR
    },
    Row {
        id: "criu-memfd",
        files: &["memfd.c"],
        patterns: &["Can't create memfd:{name:text}: {errno}"],
        rules: &[RuleId::Sys005],
        summary: "A memory file could not be made again.",
        explanation: "The system answered: {errno}. memfd_create came with kernel 3.17, its huge pages with 4.14.",
        help: "Restore on a kernel at least as new as the one the tasks ran on, with the same huge page sizes.",
        sources: &["CRIU 3.14 to 4.2, criu/memfd.c memfd_open_inode_nocache"],
        ..ERROR
    },
    Row {
        id: "criu-pidfd",
        files: &["pidfd.c"],
        patterns: &["Could not open pidfd for {pid}: {errno}"],
        rules: &[RuleId::Sys005],
        summary: "A process file descriptor could not be made again.",
        explanation: "The system answered: {errno}. pidfd_open came with kernel 5.3.",
        help: "Restore on kernel 5.3 or later.",
        sources: &["CRIU 4.1 to 4.2, criu/pidfd.c open_one_pidfd"],
        ..ERROR
    },
    Row {
        id: "criu-pidfile",
        files: &["log.c"],
        patterns: &[
            "Can't open {path:text}: {errno}",
            "Can't write pid {pid} to {path:text}: {errno}",
        ],
        summary: "The pid file {path} could not be written.",
        explanation: "The system answered: {errno}. CRIU refuses to overwrite one that is there.",
        help: "Remove the old file, or name another with --pidfile.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/log.c write_pidfile",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-log-unopenable",
        files: &["log.c"],
        patterns: &["Can't create log file {path:text}: {errno}"],
        summary: "CRIU's log {path} could not be written.",
        explanation: "The system answered: {errno}.",
        help: "Name a place that can be written to with -o, or with --work-dir.",
        sources: &["CRIU 3.0 to 4.2, criu/log.c log_init"],
        ..ERROR
    },
];
