//! Prefixes, bounds, and inputs that mean no good.

use proptest::prelude::*;

use crate::restore_log::collect::collect_up_to;
use crate::restore_log::{Level, Line, MAX_ENTRIES, MAX_LINE, Writer};

use super::{ids, log, messages};

fn criu(line: &str) -> (Level, Option<u64>, Option<u32>, &str) {
    let line = Line::parse(line);
    match line.writer {
        Writer::Criu { level, .. } => (level, line.time, line.pid, line.text),
        Writer::Other => panic!("not CRIU's: {line:?}"),
    }
}

#[test]
fn prefixes_of_criu() {
    use Level::{Error, Info, Warn};
    for (line, expected) in [
        (
            "(00.659668) Error (criu/a.c:285): text",
            (Error, Some(659_668), None, "text"),
        ),
        (
            "(12.138720)   3021: Error (a.c:1): text",
            (Error, Some(12_138_720), Some(3021), "text"),
        ),
        (
            "(00.1) pie: 7: Error (criu/pie/r.c:1): text",
            (Error, Some(100_000), Some(7), "text"),
        ),
        (
            "pie: 3021: Error (criu/pie/r.c:1907): text",
            (Error, None, Some(3021), "text"),
        ),
        ("Error (criu/util.c:810): text", (Error, None, None, "text")),
        (
            "     1: Warn  (criu/sk-unix.c:1333): sk unix: text",
            (Warn, None, Some(1), "sk unix: text"),
        ),
        (
            "no newline here.(00.000166) Warn  (criu/log.c:203): text",
            (Warn, Some(166), None, "text"),
        ),
        ("(100.12345) text", (Info, Some(100_123_450), None, "text")),
        (
            "(00.000000) CRIU run id = 3d85",
            (Info, Some(0), None, "CRIU run id = 3d85"),
        ),
        ("pie: 3021: text", (Info, None, Some(3021), "text")),
        (
            "(00.071217)   3021:  `- ... done",
            (Info, Some(71_217), Some(3021), "`- ... done"),
        ),
    ] {
        assert_eq!(criu(line), expected, "{line}");
    }
}

#[test]
fn prefixes_of_the_kernel() {
    for line in [
        "a[1]: text",
        "[   19.856927] a[1]: text",
        "<6>[   19.856927] a[1]: text",
        "[Mon Nov 23 18:06:12 2026] a[1]: text",
        "Nov 23 18:06:12 host kernel: a[1]: text",
        "Nov  3 18:06:12 host kernel: [   19.856927] a[1]: text",
        "2026-11-23T18:06:12.123456+00:00 host kernel: a[1]: text",
        "2026-11-23T18:06:12,123456+0000 host kernel: a[1]: text",
        "[   19.856927] host kernel: a[1]: text",
    ] {
        let parsed = Line::parse(line);
        assert_eq!(parsed.text, "a[1]: text", "{line}");
        assert_eq!(parsed.writer, Writer::Other);
    }
    assert_eq!(Line::parse("[   19.856927] x").time, Some(19_856_927));
}

#[test]
fn the_last_run_of_a_log_counts() {
    let log = log("\
(00.1) Version: 3.19 (gitid 0)
(00.2) Error (criu/cr-restore.c:861): Core march mismatch 1
(00.3) Error (criu/cr-restore.c:2331): Restoring FAILED.
(00.1) Version: 4.2 (gitid 0)
(00.2) Running on (none) Linux 6.1.0-50-cloud-arm64 #1 SMP Debian aarch64
(00.2) PID: real 600 virt 1
(00.9) Restore finished successfully. Tasks resumed.
");
    assert_eq!(log.earlier_runs, 1);
    assert_eq!(ids(&log), ["criu-restored"]);
    let run = log.run.unwrap();
    assert_eq!(run.criu.as_deref(), Some("4.2"));
    assert_eq!(run.kernel.as_deref(), Some("6.1.0-50-cloud-arm64"));
    assert_eq!(run.arch.as_deref(), Some("aarch64"));
    assert_eq!(run.pids.get(&600), Some(&1));
}

#[test]
fn equal_messages_are_one() {
    let log = log(&"(00.1) pie: 7: `- returned 0\n".repeat(1000));
    let message = messages(&log).next().unwrap();
    assert_eq!((message.line, message.count), (1, 1000));
    assert_eq!(messages(&log).count(), 1);
}

#[test]
fn a_message_borrows_what_the_line_before_named() {
    let log = log("\
(00.1) No tty-info.img image
(00.2) No core-7.img image
(00.3) Error (criu/protobuf.c:72): Unexpected EOF on (empty-image)
");
    let message = messages(&log).last().unwrap();
    assert_eq!(message.value("image"), Some("core-7.img"));
}

/// Of several tasks each has its own; what CRIU's first process named counts for all.
#[test]
fn a_message_borrows_from_its_own_task() {
    let log = log("\
(00.1) pie: 7: mmap(0x1000 -> 0x2000, 0x3 0x38 -1)
(00.1) pie: 8: mmap(0x1000 -> 0x2000, 0x3 0x32 -1)
(00.2) pie: 7: Error (criu/pie/restorer.c:1883): Can't restore 1000 mapping with ffffffffffffffea
(00.2) pie: 8: Error (criu/pie/restorer.c:1883): Can't restore 1000 mapping with ffffffffffffffea
");
    assert_eq!(
        ids(&log),
        ["criu-mapping-droppable", "criu-mapping-refused"]
    );
    let message = messages(&log).next().unwrap();
    assert_eq!(message.value("flags"), Some("0x38"));
}

#[test]
fn messages_written_often_have_a_row_of_their_own() {
    let nothing = "(00.1) pie: 7: `- returned 0\n";
    assert_eq!(ids(&log(&nothing.repeat(2))), ["criu-pages-read-nothing"]);
    assert_eq!(ids(&log(&nothing.repeat(3))), ["criu-pages-end"]);
    // By the task, whatever the line says besides.
    let prctl = |pid: u32, at: u32| {
        format!(
            "(00.1) pie: {pid}: Error (criu/pie/restorer.c:{at}): prctl failed @{at} with -22\n"
        )
    };
    let once = [prctl(7, 2069), prctl(8, 2069)].concat();
    assert_eq!(ids(&log(&once)), ["criu-auxv-refused"; 2]);
    let many = [prctl(7, 2058), prctl(7, 2069)].concat();
    assert_eq!(ids(&log(&many)), ["criu-layout-refused"; 2]);
}

#[test]
fn registers_belong_to_the_message_before_them() {
    let log = log("\
[   9.111111] a[1]: unhandled exception: illegal memory access
[   9.222222] pc : 0000000000404a60
[   9.333333] lr : 0000000000400ca0
[   9.444444] sp : 0000fffffffff950
[   9.555555] pc : 0000000000000001
");
    let registers = messages(&log).next().unwrap().registers;
    assert_eq!(registers.pc, Some(0x40_4a60));
    assert_eq!(registers.lr, Some(0x40_0ca0));
    assert_eq!(registers.sp, Some(0xffff_ffff_f950));
    let far = format!(
        "a[1]: unhandled exception: illegal memory access\n{}pc : 0000000000404a60\n",
        "x\n".repeat(50)
    );
    assert_eq!(
        messages(&super::log(&far)).next().unwrap().registers.pc,
        None
    );
}

#[test]
fn lines_end_as_they_like() {
    let text = "(00.1) Error (criu/cr-restore.c:2331): Restoring FAILED.";
    for end in ["", "\n", "\r\n", "\0\n"] {
        assert_eq!(
            ids(&log(&format!("{text}{end}"))),
            ["criu-restore-failed"],
            "{end:?}"
        );
    }
    let coloured =
        "\u{1b}[32m[   19.856927] \u{1b}[0ma[1]: unhandled exception: illegal memory access";
    assert_eq!(ids(&log(coloured)), ["kernel-frame-refused"]);
}

#[test]
fn long_lines_are_cut_and_read_past() {
    let long = format!("(00.1) Error (criu/x.c:1): {}\n", "x".repeat(1 << 20));
    let log = log(&format!(
        "{long}(00.2) Error (criu/cr-restore.c:2331): Restoring FAILED.\n"
    ));
    assert_eq!((log.lines, log.cut_lines), (2, 1));
    let mut messages = messages(&log);
    assert!(messages.next().unwrap().text.len() <= MAX_LINE);
    let last = messages.next().unwrap();
    assert_eq!((last.line, last.offset), (2, long.len() as u64));
}

#[test]
fn a_log_is_read_up_to_a_limit() {
    let text = "(00.1) Error (criu/cr-restore.c:2331): Restoring FAILED.\n".repeat(3);
    let limit = text.len() as u64 / 3;
    let log = collect_up_to("x", text.as_bytes(), limit).unwrap();
    assert!(log.cut);
    assert_eq!((log.bytes, log.lines), (limit, 1));
    assert!(
        !collect_up_to("x", text.as_bytes(), text.len() as u64)
            .unwrap()
            .cut
    );
}

#[test]
fn more_messages_than_are_kept_are_counted() {
    let text: String = (0..MAX_ENTRIES + 10)
        .map(|at| format!("(00.1) Error (criu/x.c:{at}): number {at}\n"))
        .collect();
    let log = log(&text);
    assert_eq!(messages(&log).count(), MAX_ENTRIES);
    assert_eq!(log.dropped, 10);
}

#[test]
fn bytes_that_are_no_text_are_kept_apart() {
    let mut bytes =
        b"(00.1) Error (criu/files-reg.c:2153): File a\xff\xfe\x1b]0;x\x07b has bad build-ID\n"
            .to_vec();
    bytes.extend([0_u8; 64]);
    let log = crate::restore_log::collect("x", bytes.as_slice()).unwrap();
    assert_eq!(ids(&log), ["criu-file-build-id"]);
}

proptest! {
    #[test]
    fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        let log = crate::restore_log::collect("x", bytes.as_slice()).unwrap();
        prop_assert_eq!(log.bytes, bytes.len() as u64);
        let _ = crate::restore_log::explain(&[log], None);
    }

    /// Pieces of real lines in any order.
    #[test]
    fn no_mixture_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("(00.1)"), Just("(99999999999999999999.1)"), Just(" pie: "), Just("3021: "), Just("99999999999: "),
                Just("Error (criu/cr-restore.c:861): "), Just("Warn  (a.c:99999999999): "), Just("Core march mismatch "),
                Just("Restoring FAILED."), Just("Restore finished successfully. Tasks resumed."), Just("\n"), Just("\r\n"),
                Just("a[1]: unhandled exception: "), Just("illegal memory access"), Just("pc : ffffffffffffffff"),
                Just("Version: 4.2 (gitid 0)"), Just("PID: real 99999999999 virt 1"), Just("No core-1.img image"),
                Just("\u{1b}[31m"), Just("\u{0}"), Just("-1"), Just("{pid}"),
            ],
            0..64,
        )
    ) {
        let log = log(&pieces.concat());
        let _ = crate::restore_log::explain(&[log], None);
    }
}
