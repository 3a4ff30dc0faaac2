//! What others wrap around lines makes no difference to what is read from them.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::restore_log::envelope::of_line;
use crate::restore_log::{Entry, Log, MAX_LINE, collect, explain};

use super::{ids, log, messages};

/// Lines with the row that knows them, or must not.
const MESSAGES: &str = include_str!("../../../tests/fixtures/logs/messages.tsv");

/// Wraps a line; its number is the second argument.
type Envelope = fn(&str, usize) -> String;

/// As Go's `%q` and JSON quote: the escapes that both have.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// As Go quotes what is not ASCII or not printable.
fn go_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            '\0'..='\u{7f}' => write!(out, "\\x{:02x}", u32::from(character)).unwrap(),
            _ => write!(out, "\\u{:04x}", u32::from(character)).unwrap(),
        }
    }
    out.push('"');
    out
}

const ENVELOPES: &[(&str, Envelope)] = &[
    ("runc, logfmt", |line, number| {
        let text = go_quoted(&format!("{number}:{line}"));
        format!("time=\"2026-11-14T12:00:00Z\" level=warning msg={text}")
    }),
    ("runc, JSON", |line, number| {
        let text = quoted(&format!("{number}:{line}"));
        format!("{{\"level\":\"warning\",\"msg\":{text},\"time\":\"2026-11-14T12:00:00Z\"}}")
    }),
    ("crun, JSON", |line, _| {
        let text = quoted(line);
        format!(
            "{{ \"msg\": {text}, \"level\": \"error\", \"time\": \"2026-11-14T12:00:00.000000Z\" }}"
        )
    }),
    ("logrus on a terminal", |line, number| {
        format!(
            "\u{1b}[33mWARN\u{1b}[0m[0003] {number}:{line:44}  \u{1b}[33merror\u{1b}[0m=\"exit status 1\" \u{1b}[33mid\u{1b}[0m=ab12"
        )
    }),
    ("Docker's json-file", |line, _| {
        let text = quoted(&format!("{line}\n"));
        format!(
            "{{\"log\":{text},\"stream\":\"stderr\",\"time\":\"2026-11-14T12:00:00.123456789Z\"}}"
        )
    }),
    ("CRI", |line, _| {
        format!("2026-11-14T12:00:00.123456789+01:00 stderr F {line}")
    }),
    ("CRI, in parts", |line, _| {
        let at = line.len() / 2;
        let at = (at..=line.len())
            .find(|at| line.is_char_boundary(*at))
            .unwrap();
        let (first, second) = line.split_at(at);
        format!("2026-11-14T12:00:00Z stdout P {first}\n2026-11-14T12:00:00Z stdout F {second}")
    }),
    ("the journal, JSON", |line, _| {
        let text = quoted(line);
        format!("{{\"__CURSOR\":\"s=1\",\"PRIORITY\":\"3\",\"MESSAGE\":{text},\"_PID\":\"12\"}}")
    }),
    ("the journal, JSON, bytes", |line, _| {
        let bytes = serde_json::to_string(line.as_bytes()).unwrap();
        format!("{{\"__CURSOR\":\"s=1\",\"MESSAGE\":{bytes},\"_PID\":\"12\"}}")
    }),
    ("the journal, exported", |line, _| {
        format!("__CURSOR=s=1\n_TRANSPORT=stdout\nMESSAGE={line}\n_PID=12\n")
    }),
    ("the journal", |line, _| {
        format!("Nov 14 12:00:00 node7 conmon[812]: {line}")
    }),
    ("the journal, ISO", |line, _| {
        format!("2026-11-14T12:00:00+0100 node7 dockerd[812]: {line}")
    }),
    ("RFC 5424", |line, _| {
        format!("<27>1 2026-11-14T12:00:00.1Z node7 runc 812 - [a@1 b=\"c\"] {line}")
    }),
    ("klog", |line, _| {
        let text = go_quoted(&format!(
            "rpc error: code = Unknown desc = restore: \n{line}\n"
        ));
        format!(
            "E1114 12:00:00.000000    1234 remote_runtime.go:343] \"StartContainer from runtime service failed\" err={text} containerID=\"ab12\""
        )
    }),
    ("containerd", |line, _| {
        let text = go_quoted(line);
        format!("time=\"2026-11-14T12:00:00.1Z\" level=error msg=\"restore failed\" error={text}")
    }),
    ("an error in JSON", |line, _| {
        let text = quoted(line);
        format!(
            "{{\"level\":\"error\",\"ts\":1.5,\"msg\":\"restore failed\",\"error\":{text},\"n\":[1,2]}}"
        )
    }),
    ("nested JSON", |line, _| {
        let text = quoted(line);
        format!(
            "{{\"@timestamp\":\"x\",\"kubernetes\":{{\"pod\":\"web\"}},\"event\":{{\"original\":{text}}},\"message\":{text}}}"
        )
    }),
    ("copied out of a string", |line, _| {
        let text = quoted(&format!("{{\"msg\":{},\"level\":\"error\"}}", quoted(line)));
        text.trim_matches('"').to_owned()
    }),
    ("JSON on several lines", |line, _| {
        format!(
            "{{\n    \"PRIORITY\" : \"3\",\n    \"MESSAGE\" : {},\n    \"_PID\" : \"12\"\n}}",
            quoted(line)
        )
    }),
    ("docker compose", |line, _| format!("web-1  | {line}")),
    ("docker logs -t", |line, _| {
        format!("2026-11-14T12:00:00.123456789Z {line}")
    }),
    ("grep -n", |line, number| format!("{number}:{line}")),
    ("grep -rn", |line, number| {
        format!("/run/web/restore.log:{number}:{line}")
    }),
    ("a quotation", |line, _| format!("> > {line}")),
    ("a block of code", |line, _| format!("```\n{line}\n```")),
    ("HTML", |line, _| {
        let text = line.replace('&', "&amp;").replace('"', "&quot;");
        let text = text.replace('\'', "&#39;").replace('<', "&lt;");
        format!("<pre>{}</pre>", text.replace('>', "&gt;"))
    }),
    ("DOS", |line, _| format!("{line}\r")),
    ("colours", |line, _| format!("\u{1b}[1;31m{line}\u{1b}[0m")),
    ("indented", |line, _| format!("    {line}")),
];

/// What cannot be told apart: which blanks are of a part of a line, and which fill it up to a width.
const NEVER: &[(&str, &str)] = &[("CRI, in parts", "logrus on a terminal")];

/// The texts of the table, one or more lines each.
fn texts() -> Vec<(&'static str, Vec<&'static str>)> {
    MESSAGES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut cells = line.splitn(3, '\t');
            let (id, _, text) = (cells.next().unwrap(), cells.next(), cells.next().unwrap());
            (id, text.split("\\n").collect())
        })
        .collect()
}

/// All that was read, without the places.
fn read(log: &Log) -> String {
    let mut out = String::new();
    let mut say = |entry: &Entry| {
        let row = entry.row.map_or("?", |row| row.id);
        let Entry {
            time,
            pid,
            level,
            at,
            text,
            values,
            registers,
            ..
        } = entry;
        writeln!(
            out,
            "{row} {time:?} {pid:?} {level:?} {at:?} {text:?} {values:?} {registers:?}"
        )
        .unwrap();
    };
    messages(log).for_each(&mut say);
    if let Some(run) = &log.run {
        run.last.iter().for_each(&mut say);
        run.before_failure.iter().for_each(&mut say);
        writeln!(
            out,
            "{:?} {:?} {:?} {:?}",
            run.criu, run.kernel, run.arch, run.pids
        )
        .unwrap();
    }
    out
}

fn wrapped(lines: &[&str], envelopes: &[Envelope]) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let line = envelopes.iter().fold((*line).to_owned(), |line, envelope| {
            line.split('\n')
                .map(|line| envelope(line, at + 252))
                .collect::<Vec<_>>()
                .join("\n")
        });
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn assert_same(id: &str, lines: &[&str], wrapped: &str, name: &str) {
    let plain = read(&log(&(lines.join("\n") + "\n")));
    let found = read(&log(wrapped));
    assert_eq!(found, plain, "{id} in {name}:\n{wrapped}");
}

#[test]
fn every_line_is_read_the_same_in_every_envelope() {
    for (id, lines) in texts() {
        for (name, envelope) in ENVELOPES {
            assert_same(id, &lines, &wrapped(&lines, &[*envelope]), name);
        }
    }
}

/// Every pair wraps a part of the lines, and all of them are wrapped by as many pairs. A line that begins
/// a run would make the rest forgotten; one that names a log's file is about those before it.
#[test]
fn every_line_is_read_the_same_in_two_envelopes() {
    const PARTS: usize = 8;
    let texts = texts();
    let parts: Vec<Vec<&str>> = (0..PARTS)
        .map(|part| {
            texts
                .iter()
                .skip(part)
                .step_by(PARTS)
                .filter(|(id, _)| *id != "criu-version" && *id != "tool-criu-log")
                .filter(|(id, lines)| !id.starts_with("tool-") || lines.len() == 1)
                .flat_map(|(_, lines)| lines)
                .copied()
                .collect()
        })
        .collect();
    let plain: Vec<String> = parts
        .iter()
        .map(|lines| read(&log(&(lines.join("\n") + "\n"))))
        .collect();
    let mut failed = Vec::new();
    for (number, (outside, outer)) in ENVELOPES.iter().enumerate() {
        for (at, (inside, inner)) in ENVELOPES.iter().enumerate() {
            if NEVER.contains(&(*inside, *outside)) {
                continue;
            }
            let part = (number + at) % PARTS;
            let found = read(&log(&wrapped(&parts[part], &[*inner, *outer])));
            if found != plain[part] {
                let differ = found.lines().zip(plain[part].lines()).find(|(a, b)| a != b);
                failed.push(format!("{inside} in {outside}: {differ:#?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}: {}", failed.len(), failed.join("\n"));
}

/// A line that nothing is wrapped around comes out as it went in.
#[test]
fn a_plain_line_is_left_alone() {
    let names = std::fs::read_dir("tests/fixtures/logs").unwrap();
    let mut lines: Vec<String> = texts()
        .iter()
        .flat_map(|(_, lines)| lines)
        .map(|line| (*line).to_owned())
        .collect();
    for path in names.map(|entry| entry.unwrap().path()) {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        lines.extend(text.lines().map(str::to_owned));
    }
    for line in [
        r#"(00.1) Error (criu/mount.c:1): mnt: options "a=\"b\"" {"msg":"x"} msg="Error" C:\new\table"#,
        r#"(00.1)      7: mnt: 	The mountpoint {"log":"x\n"} of 5 > 4"#,
        r#"(00.1) Error (criu/x.c:1): he said "Restoring FAILED." at 12:30:01 `- and 'so'"#,
        r#"[   19.856927] audit: type=1326 pid=4321 comm="java" exe="/usr/bin/java" sig=31"#,
        r#"pie: 3021: `- returned 0"#,
    ] {
        lines.push(line.to_owned());
    }
    assert!(lines.len() > 300);
    for line in lines.into_iter().filter(|line| !wrapped_already(line)) {
        if !line.trim().is_empty() && !line.starts_with(['#', '\u{1b}', ' ', '<']) {
            assert_eq!(of_line(&line), [line.as_str()]);
        }
    }
}

/// The crate `regex` is built without its tables of Unicode, and with them for tests: `\\s` and the like would
/// be refused in the program alone.
#[test]
fn expressions_need_no_tables_of_unicode() {
    let mut places = vec![std::path::PathBuf::from("src/restore_log")];
    let mut read = 0;
    while let Some(place) = places.pop() {
        if place.is_dir() && place.file_name().unwrap() != "tests" {
            places.extend(
                std::fs::read_dir(&place)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if place.is_file() {
            read += 1;
            let text = std::fs::read_to_string(&place).unwrap();
            for line in text
                .lines()
                .filter(|line| line.contains("r\"") || line.contains("r#\""))
            {
                for class in ["\\s", "\\d", "\\w", "\\b", "\\S", "\\D", "\\W", "(?i)"] {
                    assert!(!line.contains(class), "{}: {line}", place.display());
                }
            }
        }
    }
    assert!(read > 20, "{read}");
}

/// Lines of the fixtures that have an envelope, or a stamp that is one.
fn wrapped_already(line: &str) -> bool {
    ["time=", "{", "Nov ", "ERRO["]
        .iter()
        .any(|begun| line.starts_with(begun))
        || line.contains('\t')
}

/// Lines that a reader can find among others on the same line: with CRIU's mark of a level.
fn marked() -> Vec<&'static str> {
    texts()
        .into_iter()
        .filter(|(id, lines)| id.starts_with("criu-") && lines.len() == 1)
        .map(|(_, lines)| lines[0])
        .filter(|line| line.contains("Error (") && !line.ends_with(' '))
        .collect()
}

/// How lines get onto one.
const JOINTS: &[&str] = &[
    " ", "\\n", "\\r\\n", "\\\\n", " \\n ", "; ", ", ", " | ", "<br>", "\r",
];

#[test]
fn lines_that_were_joined_are_told_apart() {
    let lines = marked();
    assert!(lines.len() > 130, "{}", lines.len());
    for (first, joint) in JOINTS.iter().enumerate() {
        for (at, pair) in lines.windows(3).enumerate().skip(first % 4).step_by(4) {
            let joined = pair.join(joint);
            assert_same("", pair, &joined, joint);
            let (name, envelope) = ENVELOPES[at % ENVELOPES.len()];
            // What is in parts, or has its fields at the end, is one line.
            let broken =
                name == "CRI, in parts" || (name == "logrus on a terminal" && *joint == "\r");
            if !broken {
                assert_same("", pair, &envelope(&joined, 7), name);
            }
        }
    }
}

#[test]
fn the_numbers_and_stamps_of_joined_lines_belong_to_none() {
    let lines = [
        "(00.1)      1: Error (criu/mount.c:3141): mnt: No mapping for 338:/etc/hosts mountpoint",
        "(00.2) Error (criu/cr-restore.c:1269): 7 killed by signal 9: Killed",
        "(00.3) Error (criu/cr-restore.c:2331): Restoring FAILED.",
    ];
    for stamp in [
        "252:",
        "252-",
        "WARN[0000] 252:",
        "Nov 14 12:00:00 node7 runc[81]: ",
        "2026-11-14T12:00:00Z stderr F ",
        "2026-11-14T12:00:00.5+01:00 ",
    ] {
        let joined: Vec<String> = lines.iter().map(|line| format!("{stamp}{line}")).collect();
        assert_same("", &lines, &joined.join(" "), stamp);
        assert_same("", &lines, &joined.join("\\n"), stamp);
    }
    let quoted: Vec<String> = lines
        .iter()
        .map(|line| format!("time=\"x\" level=warning msg={}", go_quoted(line)))
        .collect();
    assert_same("", &lines, &quoted.join(" "), "logfmt");
    let array = serde_json::to_string(&lines.map(|line| serde_json::json!({"msg": line}))).unwrap();
    assert_same("", &lines, &array, "an array");
    let all = serde_json::json!({ "output": lines.join("\n") }).to_string();
    assert_same("", &lines, &all, "one string");
}

#[test]
fn a_message_ends_where_its_quote_does() {
    let plain = "(00.3) Error (criu/cr-restore.c:1237): Can't fork for 3021: File exists";
    for text in [
        "failed to restore: \"{}\": exit status 1",
        "failed: \"252:{}\", see the log",
        "it says `{}`.",
        "- `{}`",
        "'{}'",
        "message: '{}'",
        "he wrote \u{201c}{}\u{201d}.",
        "a 5\" disk says \"{}\": why?",
        "{}\t{\"logger\":\"x\",\"n\":3}",
        "2026-11-14T12:00:00Z\tERROR\tapp/x.go:12\t{}\t{\"error\":\"exit status 1\"}",
        "err=\"{}",
        "{\"msg\":\"{}",
        "  log: \"{}\\n\"",
    ] {
        assert_same("", &[plain], &text.replace("{}", plain), text);
    }
    let text = format!("restore: operation failed (msg:{plain}\n err:17)");
    assert_eq!(
        ids(&log(&text)),
        ["criu-pid-taken", "tool-criu-request-failed"]
    );
}

#[test]
fn files_of_two_bytes_a_character() {
    for (_, lines) in texts() {
        let text = lines.join("\r\n") + "\r\n";
        let plain = read(&log(&text));
        for mark in ["\u{feff}", ""] {
            let units: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            for bytes in [little, big] {
                // In chunks that break characters.
                let input = std::io::BufReader::with_capacity(7, bytes.as_slice());
                let log = collect("x", input).unwrap();
                assert_eq!(read(&log), plain, "{text}");
                assert_eq!(log.bytes, bytes.len() as u64);
                assert_eq!(log.lines, lines.len() as u64);
            }
        }
        assert_eq!(read(&log(&format!("\u{feff}{text}"))), plain);
    }
}

/// A field that is no text is its name, a length of eight bytes, and the text: the length may hold an end
/// of line.
#[test]
fn a_journal_is_exported_with_lengths() {
    let line = "(00.1) Error (criu/cr-restore.c:861): Core march mismatch 1";
    for padding in 0..300 {
        let text = format!("{}\n{line}", "x".repeat(padding));
        let mut bytes = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\nMESSAGE\n".to_vec();
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(b"\n_PID=1\n\n");
        let log = collect("x", bytes.as_slice()).unwrap();
        assert_eq!(ids(&log), ["criu-other-architecture"], "{padding}");
        assert_eq!(log.bytes, bytes.len() as u64);
        let at = messages(&log).next().unwrap();
        assert_eq!(at.line, 5);
        assert!(bytes[usize::try_from(at.offset).unwrap()..].starts_with(line.as_bytes()));
    }
}

/// CRIU's restorer breaks its lines at 79 bytes, since 3.9 at 256, and begins the rest like the first part.
#[test]
fn lines_that_the_restorer_broke_are_put_together() {
    for (chunk, stamp) in [
        (79, "(00.730980)pie: 3861: "),
        (256, "(00.730980) pie: 3861: "),
    ] {
        let path = "x".repeat(400);
        let message =
            format!("Error (criu/pie/restorer.c:1700): Can't restore {path} mapping with fff4");
        let mut text = String::new();
        let mut line = stamp.to_owned();
        for character in message.chars() {
            line.push(character);
            if line.len() == chunk - 2 {
                writeln!(text, "{line}>").unwrap();
                // Another thread writes in between.
                text.push_str("(00.730981) pie: 3862: Preadv 0x49f000:16384... (5 iovs)\n");
                stamp.clone_into(&mut line);
            }
        }
        text.push_str(&line);
        let log = log(&text);
        let found = messages(&log).next().unwrap();
        assert_eq!(
            format!("Error (criu/pie/restorer.c:1700): {}", found.text),
            message
        );
        assert_eq!((found.line, found.pid), (1, Some(3861)));
    }
    // Without the rest it is what it was.
    let broken = format!("{:x<254}>", "pie: 7: Error (criu/pie/restorer.c:1): ");
    let logs = [log(&broken), log(&format!("{broken}\nother\n"))];
    assert!(logs.iter().all(|log| messages(log).count() == 1));
}

#[test]
fn a_message_is_where_its_line_is() {
    let text = "first\n{\"log\":\"(00.1) Error (criu/cr-restore.c:861): Core march mismatch 1\\n(00.2) Error (criu/cr-restore.c:2331): Restoring FAILED.\"}\n";
    let log = log(text);
    let places: Vec<(u64, u64)> = messages(&log)
        .map(|entry| (entry.line, entry.offset))
        .collect();
    assert_eq!(places, [(2, 6), (2, 6)]);
    assert_eq!(log.lines, 2);
}

#[test]
fn what_is_not_one_line_is_not_joined() {
    // A part whose rest never came, and parts of two streams.
    let log = log(
        "2026-11-14T12:00:00Z stdout P (00.1) Error (criu/cr-restore.c:861): Core\n\
        2026-11-14T12:00:00Z stderr F (00.2) Error (criu/cr-restore.c:2331): Restoring FAILED.\n",
    );
    assert_eq!(ids(&log), ["criu-restore-failed"]);
    assert_eq!(messages(&log).count(), 2);
}

#[test]
fn layers_have_an_end() {
    let line = "(00.1) Error (criu/cr-restore.c:861): Core march mismatch 1";
    let nested = |depth: usize| {
        (0..depth).fold(line.to_owned(), |text, _| {
            format!("> {{\"log\":{}}}", quoted(&text))
        })
    };
    assert_eq!(ids(&log(&nested(4))), ["criu-other-architecture"]);
    for text in [
        nested(12),
        "[".repeat(100_000),
        "{\"a\":".repeat(30_000),
        "\\\"".repeat(100_000),
        "> ".repeat(100_000),
        format!("{{\"log\":\"{}\"}}", "\\n".repeat(100_000)),
        format!("msg=\"{}\"", "a=\\\"".repeat(40_000)),
        "(00.000001) ".repeat(20_000),
        "1:".repeat(100_000),
    ] {
        let log = log(&text);
        let _ = explain(&[log], None);
    }
}

/// A line is read as far as a quarter of a megabyte, and a message in it as far as one of CRIU's can be.
#[test]
fn a_whole_log_in_one_string_is_read() {
    let line = "(00.1) Error (criu/x.c:1): number ";
    let text: String = (0..2000)
        .map(|number| format!("{line}{number}\n"))
        .collect();
    let log = log(&serde_json::json!({ "msg": text }).to_string());
    assert_eq!((messages(&log).count(), log.cut_lines), (2000, 0));
    let long = format!("{{\"msg\":\"{line}{}\"}}", "x".repeat(20_000));
    let log = super::log(&long);
    assert_eq!(log.cut_lines, 1);
    assert!(messages(&log).all(|message| message.text.len() <= MAX_LINE));
}

proptest! {
    /// Pieces of envelopes in any order.
    #[test]
    fn no_envelope_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("{\"msg\":\""), Just("\"}"), Just("time=\""), Just("msg=\""), Just("\\\""), Just("\\\\\""),
                Just("\\n"), Just("\n"), Just("\r\n"), Just("\\u00"), Just("\\ud83d\\ude00"), Just("\\x1b[0m"), Just("\\377"),
                Just("(00.000001) "), Just("Error (criu/mem.c:1): "), Just("pie: 7: "), Just("252:"), Just("> "),
                Just("&quot;"), Just("&"), Just("<br>"), Just("2026-11-14T12:00:00Z stdout P "), Just("[1,2,300,"), Just("]"),
                Just("Nov 14 12:00:00 a b: "), Just("MESSAGE\n"), Just("__CURSOR=x\n"), Just("#012"), Just("`"), Just("\u{201c}"),
                Just("ERRO[0000] "), Just("  a=b"), Just("E1114 12:00:00.0 1 a.go:1] "), Just("\u{feff}"), Just("\u{1b}[31m"),
                Just("[   19.856927] a[1]: unhandled exception: "), Just("log file: /x"), Just("\u{e4}"), Just("\0"),
            ],
            0..48,
        )
    ) {
        let log = log(&pieces.concat());
        let _ = explain(&[log], None);
    }

    /// A plain line is never a different row for what stands around it.
    #[test]
    fn any_lines_in_any_envelopes(
        which in proptest::collection::vec(any::<prop::sample::Index>(), 1..6),
        around in proptest::collection::vec(0..ENVELOPES.len(), 0..4),
    ) {
        let lines = marked();
        let lines: Vec<&str> = which.iter().map(|index| *index.get(&lines)).collect();
        let known = |at: &usize| ENVELOPES[*at].0 != "CRI, in parts";
        let around: Vec<Envelope> = around.iter().filter(|at| known(at)).map(|at| ENVELOPES[*at].1).collect();
        let found = read(&log(&wrapped(&lines, &around)));
        prop_assert_eq!(found, read(&log(&(lines.join("\n") + "\n"))));
    }
}
