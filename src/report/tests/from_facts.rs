//! Facts as report structures.

use std::sync::Arc;

use crate::auxv;
use crate::auxv::hwcap::{BitUse, HwcapBit, HwcapWord, Hwcaps, ShownBy};
use crate::criu_image::model::{
    AddressKeys, Arch, Arm64State, Checkpoint, FilePlaces, Inventory, PacState, Task, TaskState,
    Thread,
};
use crate::facts::{
    AuxvEntry, AuxvFacts, Facts, Ground, MemoryTotals, Origin, ReturnAddress, Standing, TaskFacts,
    ThreadFacts,
};
use crate::files::{self, FileFacts};
use crate::report::from_facts::{Section, Selection, inspect};
use crate::report::inspect_text;
use crate::report::v1::task::PacSaved;
use crate::sigframe::model::{Body, Frame, Liveness, Record};
use crate::units::{Addr, Pid, Place, Tid, Version};

/// Halves of keys: their digits occur nowhere else.
const KEYS: [[u64; 2]; 4] = [
    [0xfeed_face_dead_beef, 0x0bad_cafe_1234_abcd],
    [0x1f2e_3d4c_5b6a_7988, 0x8877_6655_4433_2211],
    [0xa1b2_c3d4_e5f6_0718, 0x2938_4756_6574_8392],
    [0xdead_10cc_c001_d00d, 0xbaad_f00d_8bad_f00d],
];
const GENERIC: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9];

fn place() -> Place {
    Place::new("core-7.img", 24, 8)
}

fn checkpoint() -> Checkpoint {
    let thread = Thread {
        tid: Tid(7),
        comm: None,
        state: Some(Arm64State {
            x: [1; 31],
            sp: 0x7000,
            pc: 0x8000,
            pstate: 0,
            tls: 0,
            vregs: vec![0; 64],
            fpsr: 0,
            fpcr: 0,
            pac: PacState::Saved {
                address: Some(AddressKeys {
                    keys: KEYS,
                    enabled: 0xd,
                }),
                generic: Some(GENERIC),
                place: place(),
            },
            gcs: None,
            place: place(),
        }),
        altstack: None,
        blocked: 0,
        pending: 0,
        rseq_size: None,
        place: place(),
    };
    let task = Task {
        pid: Pid(7),
        ppid: Pid(0),
        comm: "seven".to_owned(),
        state: TaskState::Alive,
        exit_code: 0,
        threads: vec![thread],
        sigactions: Vec::new(),
        mm: None,
        shares_mm_with: None,
        fds: Arc::default(),
        stands_in: None,
        place: place(),
    };
    Checkpoint {
        name: "dump".to_owned(),
        inventory: Inventory {
            img_version: 2,
            dump_criu_run_id: None,
            plugins: Vec::new(),
            place: place(),
        },
        arch: Arch::Aarch64,
        tasks: vec![task],
        files: Vec::new(),
        places: FilePlaces::default(),
        images: Vec::new(),
        unknown_fields: Vec::new(),
        anomalies: Vec::new(),
        asks: Vec::new(),
        parents: Vec::new(),
        host: Default::default(),
    }
}

fn frame() -> Frame {
    Frame {
        base: Addr(0x6000),
        size: 4688,
        place: Some(place()),
        tid: None,
        liveness: Liveness::Unknown,
        signs: Vec::new(),
        signo: 10,
        si_code: 0,
        uc_flags: 0,
        uc_link: 0,
        uc_stack: (0, 2, 0),
        uc_sigmask: 0,
        fault_address: 0,
        regs: [2; 31],
        sp: 0x7100,
        pc: 0x8100,
        pstate: 0,
        records: vec![Record {
            addr: Addr(0x6250),
            place: None,
            magic: 0x4650_8001,
            size: 528,
            in_extra: false,
            body: Body::Fpsimd {
                fpsr: 1,
                fpcr: 2,
                vregs: Box::new([u128::MAX; 32]),
            },
            raw: vec![1, 0x80, 0x50, 0x46],
        }],
        anomalies: Vec::new(),
    }
}

fn facts(checkpoint: &Checkpoint) -> Facts<'_> {
    let task = &checkpoint.tasks[0];
    let saved = vec![
        AuxvEntry {
            tag: 16,
            name: Some("AT_HWCAP"),
            value: 0b101,
        },
        AuxvEntry {
            tag: 16,
            name: Some("AT_HWCAP"),
            value: 0,
        },
        AuxvEntry {
            tag: 77,
            name: None,
            value: 1,
        },
    ];
    let facts = TaskFacts {
        task,
        auxv: Some(AuxvFacts {
            saved,
            saved_words: 6,
            stack: Err(auxv::Error::StackUnaligned { addr: Addr(8) }),
            differences: Vec::new(),
            oddities: Vec::new(),
            page_size: None,
            minsigstksz: None,
            length_bound: None,
        }),
        told: Hwcaps {
            words: [Some(0b101), None, None, Some(1 << 63)],
        },
        remembered_vector_lengths: Vec::new(),
        length_audit: None,
        libc: None,
        register_reads: std::collections::BTreeMap::new(),
        vdso: None,
        trampolines: Vec::new(),
        frames: vec![frame()],
        ways_out: Default::default(),
        dangling: Vec::new(),
        unsearched: 0,
        search_cut: false,
        threads: vec![ThreadFacts {
            thread: &task.threads[0],
            standing: Standing::Syscall {
                number: 63,
                name: Some("read"),
                ground: Ground::Instruction,
            },
            handler_depth: 0,
            chain_complete: true,
            unwinding: None,
            returns: vec![
                ReturnAddress {
                    at: Addr(0x7018),
                    raw: 0x12_0000_0000_8000,
                    stripped: 0x8000,
                },
                ReturnAddress {
                    at: Addr(0x7028),
                    raw: 0x9000,
                    stripped: 0x9000,
                },
            ],
            tagged_registers: 0,
        }],
        memory: MemoryTotals::default(),
        top: None,
    };
    Facts {
        asks: Vec::new(),
        checkpoint,
        tasks: vec![facts],
        origin: Origin::default(),
        binaries: Vec::new(),
        files: FileFacts {
            needed: files::needed(checkpoint),
            looked_in: None,
        },
        rewritten: None,
        export: None,
    }
}

fn bits() -> [HwcapBit; 1] {
    [HwcapBit {
        word: HwcapWord::Hwcap,
        bit: 2,
        name: "HWCAP_EVTSTRM",
        cpuinfo: "evtstrm",
        shown_by: ShownBy::Kernel("-"),
        feature: "-",
        since: Version::new(3, 15, 0),
        use_: BitUse::Kernel,
    }]
}

#[test]
fn keys_never_leave() {
    let checkpoint = checkpoint();
    let facts = facts(&checkpoint);
    let report = inspect(
        &facts,
        &bits(),
        &Selection {
            verbose: true,
            ..Selection::default()
        },
        true,
    );
    let pac = report.tasks[0].pac.as_ref().unwrap()[0];
    assert_eq!(pac.state, Some(PacSaved::Saved));
    assert!(pac.address_keys && pac.generic_key);
    assert_eq!(pac.enabled, Some(0xd_u64.into()));
    assert_eq!((pac.returns, pac.signed_returns), (2, 1));

    let text = super::rendered(200, |page| inspect_text::inspect(page, &report, true));
    let json = serde_json::to_string(&report).unwrap();
    for half in KEYS.into_iter().chain([GENERIC]).flatten() {
        for shown in [
            format!("{half:x}"),
            format!("{half:X}"),
            half.to_string(),
            format!("{:x}", half.swap_bytes()),
        ] {
            assert!(!text.contains(&shown) && !json.contains(&shown), "{shown}");
        }
    }
}

#[test]
fn bits_without_a_name_are_kept() {
    let checkpoint = checkpoint();
    let report = inspect(&facts(&checkpoint), &bits(), &Selection::default(), false);
    let hwcaps = report.tasks[0].hwcaps.as_ref().unwrap();
    assert_eq!(hwcaps.features, ["evtstrm"]);
    assert_eq!(hwcaps.unknown_bits, ["AT_HWCAP:0", "AT_HWCAP4:63"]);
}

#[test]
fn the_first_entry_of_a_type_wins_and_none_is_lost() {
    let checkpoint = checkpoint();
    let report = inspect(&facts(&checkpoint), &bits(), &Selection::default(), false);
    let task = serde_json::to_value(&report.tasks[0]).unwrap();
    assert_eq!(
        task["auxv"],
        serde_json::json!({"AT_HWCAP": "0x5", "AT_77": "0x1"})
    );
    assert_eq!(task["auxv_detail"]["entries"].as_array().unwrap().len(), 3);
    assert_eq!(
        task["auxv_detail"]["stack_missing"],
        "mm_start_stack 0x8 is not a multiple of 16; the mm entry of the image is damaged"
    );
}

#[test]
fn a_frame_of_no_thread_says_null() {
    let checkpoint = checkpoint();
    let report = inspect(&facts(&checkpoint), &bits(), &Selection::default(), false);
    let frame = &serde_json::to_value(&report).unwrap()["tasks"][0]["frames"][0];
    assert!(frame["tid"].is_null() && frame.as_object().unwrap().contains_key("tid"));
    assert_eq!(frame["records"][0]["kind"], "FPSIMD");
    assert_eq!(frame["records"][0]["address"], "0x6250");
    assert_eq!(frame["records"][0]["size"], 528);
    assert_eq!(frame["liveness"], "unknown");
    assert!(frame["records"][0].get("vregs").is_none() && frame.get("regs").is_none());
}

#[test]
fn only_what_was_asked_for_is_there() {
    let checkpoint = checkpoint();
    let facts = facts(&checkpoint);
    let only = |section| {
        let selection = Selection {
            sections: vec![section],
            ..Selection::default()
        };
        serde_json::to_value(inspect(&facts, &bits(), &selection, false)).unwrap()
    };
    let keys = |value: &serde_json::Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let frame = ["schema", "tool", "image", "arch", "deep", "tasks"];
    let bare = ["pid", "ppid", "comm", "state"];
    let cases: [(Section, &[&str], &[&str]); 8] = [
        (Section::Tasks, &[], &["threads"]),
        (Section::Auxv, &[], &["auxv", "auxv_detail", "hwcaps"]),
        (Section::Frames, &[], &["frames", "unsearched"]),
        (Section::Memory, &[], &["memory"]),
        (Section::Pac, &[], &["pac"]),
        (Section::Files, &["files"], &[]),
        (Section::Images, &["images"], &[]),
        (Section::Origin, &["origin"], &[]),
    ];
    for (section, top, of_task) in cases {
        let report = only(section);
        let mut expected: Vec<&str> = frame.into_iter().chain(top.iter().copied()).collect();
        let mut found = keys(&report);
        expected.sort_unstable();
        found.sort();
        assert_eq!(found, expected, "{section:?}");
        let mut expected: Vec<&str> = bare.into_iter().chain(of_task.iter().copied()).collect();
        let mut found = keys(&report["tasks"][0]);
        expected.sort_unstable();
        found.sort();
        assert_eq!(found, expected, "{section:?}");
    }
    let other = Selection {
        pids: vec![8],
        ..Selection::default()
    };
    assert!(inspect(&facts, &bits(), &other, false).tasks.is_empty());
}
