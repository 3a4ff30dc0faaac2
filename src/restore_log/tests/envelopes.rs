//! What others wrap around lines makes no difference to what is read from them.

use std::fmt::Write as _;

use crate::restore_log::envelope::of_line;
use crate::restore_log::{Entry, Log, MAX_LINE, collect};

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
        format!("{{ \"msg\": {text}, \"level\": \"error\", \"time\": \"2026-11-14T12:00:00.000000Z\" }}")
    }),
    ("logrus on a terminal", |line, number| {
        format!("\u{1b}[33mWARN\u{1b}[0m[0003] {number}:{line:44}  \u{1b}[33merror\u{1b}[0m=\"exit status 1\" \u{1b}[33mid\u{1b}[0m=ab12")
    }),
    ("Docker's json-file", |line, _| {
        let text = quoted(&format!("{line}\n"));
        format!("{{\"log\":{text},\"stream\":\"stderr\",\"time\":\"2026-11-14T12:00:00.123456789Z\"}}")
    }),
    ("CRI", |line, _| {
        format!("2026-11-14T12:00:00.123456789+01:00 stderr F {line}")
    }),
    ("CRI, in parts", |line, _| {
        let at = line.len() / 2;
        let at = (at..=line.len()).find(|at| line.is_char_boundary(*at)).unwrap();
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
        let text = go_quoted(&format!("rpc error: code = Unknown desc = restore: \n{line}\n"));
        format!("E1114 12:00:00.000000    1234 remote_runtime.go:343] \"StartContainer from runtime service failed\" err={text} containerID=\"ab12\"")
    }),
    ("containerd", |line, _| {
        let text = go_quoted(line);
        format!("time=\"2026-11-14T12:00:00.1Z\" level=error msg=\"restore failed\" error={text}")
    }),
    ("an error in JSON", |line, _| {
        let text = quoted(line);
        format!("{{\"level\":\"error\",\"ts\":1.5,\"msg\":\"restore failed\",\"error\":{text},\"n\":[1,2]}}")
    }),
    ("nested JSON", |line, _| {
        let text = quoted(line);
        format!("{{\"@timestamp\":\"x\",\"kubernetes\":{{\"pod\":\"web\"}},\"event\":{{\"original\":{text}}},\"message\":{text}}}")
    }),
    ("copied out of a string", |line, _| {
        let text = quoted(&format!("{{\"msg\":{},\"level\":\"error\"}}", quoted(line)));
        text.trim_matches('"').to_owned()
    }),
    ("JSON on several lines", |line, _| {
        format!("{{\n    \"PRIORITY\" : \"3\",\n    \"MESSAGE\" : {},\n    \"_PID\" : \"12\"\n}}", quoted(line))
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
        let Entry { time, pid, level, at, text, values, registers, .. } = entry;
        writeln!(out, "{row} {time:?} {pid:?} {level:?} {at:?} {text:?} {values:?} {registers:?}").unwrap();
    };
    messages(log).for_each(&mut say);
    if let Some(run) = &log.run {
        run.last.iter().for_each(&mut say);
        run.before_failure.iter().for_each(&mut say);
        writeln!(out, "{:?} {:?} {:?} {:?}", run.criu, run.kernel, run.arch, run.pids).unwrap();
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
/// a run would make the rest forgotten.
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
                .filter(|(id, _)| *id != "criu-version")
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
        lines.extend(text.lines().filter(|line| !wrapped_already(line)).map(str::to_owned));
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
    for line in lines {
        if !line.trim().is_empty() && !line.starts_with(['#', '\u{1b}', ' ', '<']) {
            assert_eq!(of_line(&line), [line.as_str()]);
        }
    }
}

/// Lines of the fixtures that have an envelope, or a stamp that is one.
fn wrapped_already(line: &str) -> bool {
    line.starts_with("time=") || line.starts_with('{') || line.contains('\t')
}
