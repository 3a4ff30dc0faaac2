//! Every checkpoint of `tests/fixtures/images`, read by a small reader of its own, against the truth
//! the programs printed from inside their handlers.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::fake::Fake;
use crate::memory::Memory;
use crate::sigframe::cfi::Code;
use crate::sigframe::model::{Body, Frame, Liveness, Sign};
use crate::sigframe::search::{Found, Scope, find};
use crate::sigframe::unwind::{ChainWalk, ThreadView};
use crate::units::{Addr, AddrRange, Tid};

/// A protobuf field: number, and a number or bytes.
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

fn varint(bytes: &[u8], at: &mut usize) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            break;
        }
    }
    value
}

fn fields(bytes: &[u8]) -> Vec<(u64, Field)> {
    let (mut at, mut fields) = (0, Vec::new());
    while at < bytes.len() {
        let tag = varint(bytes, &mut at);
        let field = match tag & 7 {
            0 => Field::Number(varint(bytes, &mut at)),
            kind => {
                let len = match kind {
                    1 => 8,
                    2 => varint(bytes, &mut at) as usize,
                    5 => 4,
                    _ => panic!("wire type {kind}"),
                };
                at += len;
                Field::Bytes(bytes[at - len..at].to_vec())
            }
        };
        fields.push((tag >> 3, field));
    }
    fields
}

fn number(message: &[(u64, Field)], wanted: u64) -> Option<u64> {
    message.iter().find_map(|(number, field)| match field {
        Field::Number(value) if *number == wanted => Some(*value),
        _ => None,
    })
}

fn inner(message: &[(u64, Field)], wanted: u64) -> Vec<Vec<(u64, Field)>> {
    message
        .iter()
        .filter_map(|(number, field)| match field {
            Field::Bytes(bytes) if *number == wanted => Some(fields(bytes)),
            _ => None,
        })
        .collect()
}

fn entries(path: &Path) -> Vec<Vec<(u64, Field)>> {
    let bytes = fs::read(path).unwrap();
    let (mut at, mut entries) = (8, Vec::new());
    while at < bytes.len() {
        let size = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        entries.push(fields(&bytes[at + 4..at + 4 + size]));
        at += 4 + size;
    }
    entries
}

struct Task {
    memory: Fake,
    threads: Vec<ThreadView>,
    trampoline: Addr,
}

fn files(dir: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| {
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(prefix)
    });
    files.sort();
    files
}

fn load(dir: &Path) -> Task {
    let mut memory = Fake::default();
    let mut vdso = None;
    for vma in inner(&entries(&files(dir, "mm-")[0])[0], 14) {
        let [start, end, prot, status] = [1, 2, 5, 7].map(|field| number(&vma, field).unwrap());
        let mut rights = String::new();
        for (bit, letter) in [(1, 'r'), (2, 'w'), (4, 'x')] {
            rights.extend((prot & bit != 0).then_some(letter));
        }
        rights.extend((status & 2 != 0).then_some('s'));
        memory.map(start, end, &rights);
        if status & 8 != 0 {
            vdso = Some((start, end));
        }
    }
    let pagemap = entries(&files(dir, "pagemap-")[0]);
    let pages =
        fs::read(dir.join(format!("pages-{}.img", number(&pagemap[0], 1).unwrap()))).unwrap();
    let mut at = 0;
    for entry in &pagemap[1..] {
        let pages_here = number(entry, 5)
            .filter(|count| *count != 0)
            .or(number(entry, 2))
            .unwrap();
        let (addr, len) = (number(entry, 1).unwrap(), pages_here as usize * 4096);
        if number(entry, 4).unwrap() & 4 != 0 {
            memory.pages(addr, pages[at..at + len].to_vec());
            at += len;
        } else {
            (0..pages_here).for_each(|page| memory.lose(addr + page * 4096));
        }
    }
    let (start, end) = vdso.unwrap();
    let code = |addr: &u64| {
        memory
            .read_u64(Addr(*addr))
            .is_ok_and(|word| word == 0xd400_0001_d280_1168)
    };
    let trampoline = Addr((start..end).step_by(4).find(code).unwrap());
    let mut threads = Vec::new();
    for path in files(dir, "core-") {
        let tid = path.file_stem().unwrap().to_str().unwrap()[5..]
            .parse()
            .unwrap();
        let core = &entries(&path)[0];
        let regs = &inner(&inner(core, 8)[0], 3)[0];
        let words: Vec<u64> = regs
            .iter()
            .filter_map(|(number, field)| match field {
                Field::Number(value) if *number == 1 => Some(*value),
                _ => None,
            })
            .collect();
        let thread = &inner(core, 5)[0];
        let altstack = inner(thread, 7).first().and_then(|sas| {
            let [sp, size, flags] = [1, 2, 3].map(|field| number(sas, field).unwrap());
            (flags & 2 == 0 && size != 0).then(|| AddrRange::new(Addr(sp), Addr(sp + size)))
        });
        let leader = inner(core, 3);
        let blocked = leader
            .first()
            .map_or_else(|| number(thread, 6), |leader| number(leader, 5));
        threads.push(ThreadView {
            tid: Tid(tid),
            x: words.try_into().unwrap(),
            sp: Addr(number(regs, 2).unwrap()),
            pc: Addr(number(regs, 3).unwrap()),
            tls: Addr(0),
            blocked: blocked.unwrap(),
            altstack,
        });
    }
    Task {
        memory,
        threads,
        trampoline,
    }
}

impl Task {
    fn find(&self, scope: Scope) -> Found {
        find(
            &self.memory,
            &self.threads,
            &[self.trampoline],
            scope,
            Code::NONE,
        )
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn image(name: &str) -> Task {
    load(&root().join("images").join(name))
}

fn truth(name: &str) -> Vec<Value> {
    let text =
        fs::read_to_string(root().join("frames").join(format!("{name}.jsonl"))).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn hex(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().strip_prefix("0x").unwrap(), 16).unwrap()
}

fn compare(name: &str, frame: &Frame, truth: &Value) {
    assert_eq!(
        frame.tid.map(|tid| u64::from(tid.0)),
        truth["tid"].as_u64(),
        "{name}"
    );
    assert_eq!(frame.pc, hex(&truth["pc"]), "{name}");
    assert_eq!(frame.sp, hex(&truth["sp"]), "{name}");
    assert_eq!(frame.anomalies, [], "{name}");
    let records = truth["records"].as_array().unwrap();
    assert_eq!(frame.records.len(), records.len(), "{name}");
    for (record, truth) in frame.records.iter().zip(records) {
        assert_eq!(record.addr.0, hex(&truth["at"]), "{name}");
        assert_eq!(u64::from(record.magic), hex(&truth["magic"]), "{name}");
        assert_eq!(
            Some(u64::from(record.size)),
            truth["size"].as_u64(),
            "{name}"
        );
        let vl = match &record.body {
            Body::Sve { vl, .. } | Body::Za { vl, .. } => Some(u64::from(vl.0)),
            _ => None,
        };
        assert_eq!(vl, truth["vl"].as_u64(), "{name}");
        let value = match &record.body {
            Body::Tpidr2 { tpidr2: value }
            | Body::Fpmr { fpmr: value }
            | Body::Poe { por_el0: value } => Some(*value),
            _ => None,
        };
        assert_eq!(value, truth.get("value").map(hex), "{name}");
        if let Body::Sve { flags, payload, .. } = &record.body {
            assert_eq!(Some(u64::from(*flags)), truth["flags"].as_u64(), "{name}");
            assert_eq!(payload.is_some(), record.size != 16, "{name}");
        }
        if let Body::Extra { datap, size } = &record.body {
            assert_eq!(*datap, hex(&truth["datap"]), "{name}");
            assert_eq!(
                Some(u64::from(*size)),
                truth["extra_size"].as_u64(),
                "{name}"
            );
        }
        if let Body::Zt { nregs, payload } = &record.body {
            assert_eq!(
                (Some(u64::from(*nregs)), *payload),
                (truth["nregs"].as_u64(), true),
                "{name}"
            );
        }
    }
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("images"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "handler@x86_64")
        .collect();
    names.sort();
    assert!(names.len() > 30);
    names
}

#[test]
fn real_frames_are_found_whole_and_none_is_invented() {
    for name in names() {
        let task = image(&name);
        let found = task.find(Scope::Deep);
        let truth = truth(&name);
        // The freestanding programs sign their return addresses and print nothing.
        let signed = usize::from(name.starts_with("pac-sig"));
        assert_eq!(
            found.frames.len(),
            truth.len() + signed,
            "{name}: {:#x?}",
            found.frames
        );
        assert_eq!(found.dangling, [], "{name}");
        assert!(!found.truncated, "{name}");
        for truth in &truth {
            let base = hex(&truth["frame"]);
            let frame = found.frames.iter().find(|frame| frame.base.0 == base);
            compare(
                &name,
                frame.unwrap_or_else(|| panic!("{name}: no frame at {base:#x}")),
                truth,
            );
        }
        let dead = name.starts_with("stale-") || name.starts_with("ucontext");
        for frame in &found.frames {
            let wanted = if dead {
                Liveness::Stale
            } else {
                Liveness::Live
            };
            assert_eq!(frame.liveness, wanted, "{name}: {:?}", frame.signs);
            assert!(!frame.signs.contains(&Sign::RecordMismatch), "{name}");
            assert!(dead || frame.signs.contains(&Sign::MaskFits), "{name}");
        }
        for chain in &found.chains {
            assert!(chain.complete, "{name}: {chain:#x?}");
        }
    }
}

#[test]
fn the_stacks_alone_hold_every_live_frame() {
    for name in names() {
        let task = image(&name);
        let live = |found: &Found| {
            let live = found
                .frames
                .iter()
                .filter(|frame| frame.liveness == Liveness::Live);
            live.map(|frame| frame.base).collect::<Vec<_>>()
        };
        assert_eq!(
            live(&task.find(Scope::Stacks)),
            live(&task.find(Scope::Deep)),
            "{name}"
        );
    }
}

#[test]
fn live_frames_come_back_nested_and_by_thread() {
    let nested = image("nested@max@new").find(Scope::Stacks);
    assert_eq!(nested.chains[0].depth(), 2);
    assert!(nested.chains[0].frames[0] < nested.chains[0].frames[1]);
    let threads = image("threads@max@new").find(Scope::Stacks);
    assert_eq!(
        threads
            .chains
            .iter()
            .map(ChainWalk::depth)
            .collect::<Vec<_>>(),
        [0, 1, 1, 1]
    );
}

#[test]
fn signed_return_addresses_are_stripped_and_kept_raw() {
    let found = image("pac-sig@max@new").find(Scope::Stacks);
    let nodes = &found.chains[0].nodes;
    let signed = nodes.iter().filter(|node| node.lr_raw != node.lr.0).count();
    assert!(signed >= 5, "{nodes:#x?}");
    assert!(nodes.iter().all(|node| node.lr.0 >> 48 == 0));
    assert_eq!(
        found.frames[0].signs,
        [
            Sign::OnChain,
            Sign::ReturnsToTrampoline,
            Sign::AboveSp,
            Sign::MaskFits
        ]
    );
}

#[test]
fn a_budget_decides_how_far_the_search_goes() {
    let task = image("stale-copy@max@new");
    let all = task.find(Scope::Deep);
    assert_eq!(all.unsearched_bytes, 0);
    assert_eq!(
        task.find(Scope::Auto {
            budget_bytes: 1 << 30
        }),
        all
    );
    let stacks = task.find(Scope::Auto { budget_bytes: 0 });
    assert_eq!(stacks, task.find(Scope::Stacks));
    assert!(stacks.unsearched_bytes > 0 && stacks.searched.len() < all.searched.len());
}
