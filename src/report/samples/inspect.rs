//! An inspection made by hand.

use super::{hex, tool};
use crate::report::v1::frame::{Frame, FrameAnomaly, Record, RecordBody, SveLayout, WayOut};
use crate::report::v1::inspect::{
    Anomaly, At, Export, File, FileUse, FormatFeature, Image, Images, Inference, Inspect, Origin,
    Rewritten, RewrittenEdit, Statement, TargetFile, UnknownField,
};
use crate::report::v1::task::{
    AltStack, Auxv, AuxvDifference, AuxvEntry, AuxvMap, Gcs, Hwcaps, Memory, Pac, PacSaved,
    PageSize, StackAuxv, Standing, Task, Thread, UnwindEnd, Unwinding, Vdso, Where,
};
use crate::report::v1::{Hex, Liveness};

fn record(address: u64, size: u32, magic: u32, body: RecordBody) -> Record {
    Record {
        body,
        address: hex(address),
        size,
        magic: magic.into(),
        in_extra: false,
        file: Some("pages-1.img".to_owned()),
        offset: Some(address & 0xffff),
        bytes: Some("00ff".repeat(20)),
    }
}

/// A record of every kind.
fn records() -> Vec<Record> {
    let layout = SveLayout {
        vq: 2,
        z_offset: 16,
        p_offset: 1040,
        ffr_offset: 1104,
        upper_zero: false,
        predicates_zero: true,
        ffr_zero: true,
    };
    let at = |offset: u64| 0xffff_e1c0_2250 + offset;
    let mut records = vec![
        record(
            at(0),
            528,
            0x4650_8001,
            RecordBody::Fpsimd {
                fpsr: hex(0x10),
                fpcr: hex(0),
                vregs: Some((0..32).map(|n| Hex(n << 100 | n)).collect()),
            },
        ),
        record(
            at(528),
            16,
            0x4553_5201,
            RecordBody::Esr {
                esr: hex(0x9200_0047),
            },
        ),
        record(
            at(544),
            16,
            0x5356_4501,
            RecordBody::Sve {
                vl: 32,
                flags: 1,
                payload: false,
                layout: None,
            },
        ),
        record(
            at(560),
            1136,
            0x5356_4501,
            RecordBody::Sve {
                vl: 32,
                flags: 0,
                payload: true,
                layout: Some(layout),
            },
        ),
        record(
            at(1696),
            16,
            0x5450_4902,
            RecordBody::Tpidr2 { tpidr2: hex(0) },
        ),
        record(
            at(1712),
            16,
            0x5436_5a01,
            RecordBody::Za {
                vl: 64,
                payload: false,
                zero: true,
            },
        ),
        record(
            at(1728),
            80,
            0x5a54_4e01,
            RecordBody::Zt {
                nregs: 1,
                payload: true,
            },
        ),
        record(at(1808), 16, 0x4650_4d52, RecordBody::Fpmr { fpmr: hex(3) }),
        record(
            at(1824),
            16,
            0x504f_4530,
            RecordBody::Poe { por_el0: hex(0x11) },
        ),
        record(
            at(1840),
            32,
            0x4743_5300,
            RecordBody::Gcs {
                gcspr: hex(0xffff_9000_0ff8),
                features_enabled: hex(1),
                reserved: hex(0),
            },
        ),
        record(
            at(1872),
            32,
            0x4558_5401,
            RecordBody::Extra {
                datap: hex(0xffff_e1c0_3260),
                extra_size: 4128,
            },
        ),
        record(at(1904), 0, 0, RecordBody::End),
    ];
    records.push(Record {
        in_extra: true,
        file: None,
        offset: None,
        ..record(0xffff_e1c0_3260, 4112, 0x1234_5678, RecordBody::Unknown)
    });
    records
}

fn frame() -> Frame {
    Frame {
        tid: Some(14),
        address: hex(0xffff_e1c0_2000),
        size: 8832,
        liveness: Liveness::Live,
        signs: vec![
            "on-chain".to_owned(),
            "returns-to-trampoline".to_owned(),
            "above-sp".to_owned(),
        ],
        way_out: Some(WayOut::JumpBuffer {
            address: hex(0xaaaa_d3a1_0040),
            pc: hex(0xaaaa_d3a0_1a2c),
            sp: hex(0xffff_e1c0_6f30),
        }),
        signo: 10,
        si_code: 0,
        file: Some("pages-1.img".to_owned()),
        offset: Some(0x2000),
        pc: hex(0xaaaa_c0de_1234),
        sp: hex(0xffff_e1c0_4300),
        pstate: hex(0x6000_1000),
        regs: Some((0..31).map(|n| hex(0x1_0000_0000 * n)).collect()),
        fault_address: hex(0),
        uc_flags: hex(0),
        uc_link: hex(0),
        uc_stack: AltStack {
            sp: hex(0),
            size: 0,
            flags: hex(2),
        },
        uc_sigmask: hex(0x200),
        records: records(),
        anomalies: vec![FrameAnomaly {
            kind: "size-unaligned".to_owned(),
            address: hex(0xffff_e1c0_2250),
            detail: "a size of 530 bytes is no multiple of 16".to_owned(),
        }],
    }
}

fn stale() -> Frame {
    Frame {
        tid: None,
        liveness: Liveness::Stale,
        signs: vec!["below-sp".to_owned()],
        way_out: Some(WayOut::NoReturn {
            pc: hex(0xaaaa_d3a0_1b04),
            function: Some(hex(0xaaaa_d3a0_1ad0)),
            file: Some("/usr/bin/wo\u{1b}rker".to_owned()),
            jumps: false,
        }),
        regs: None,
        records: Vec::new(),
        anomalies: Vec::new(),
        address: hex(0xffff_e1c0_0010),
        ..frame()
    }
}

fn entry(tag: u64, name: Option<&str>, value: u64) -> AuxvEntry {
    AuxvEntry {
        tag,
        name: name.map(str::to_owned),
        value: hex(value),
    }
}

fn auxv() -> Auxv {
    let entries = vec![
        entry(16, Some("AT_HWCAP"), 0xefff_ffff),
        entry(6, Some("AT_PAGESZ"), 4096),
        entry(99, None, 7),
        entry(0, Some("AT_NULL"), 0),
    ];
    Auxv {
        words: 8,
        stack: Some(StackAuxv {
            address: hex(0xffff_e1c0_5f00),
            entries: entries.clone(),
        }),
        entries,
        stack_missing: None,
        differences: vec![AuxvDifference {
            tag: 26,
            name: Some("AT_HWCAP2".to_owned()),
            saved: None,
            stack: Some(hex(0x3f)),
        }],
        oddities: vec!["entries follow the terminator".to_owned()],
        minsigstksz: Some(4720),
    }
}

fn thread(tid: u32, state: Where) -> Thread {
    let registers = (state != Where::NoRegisters).then_some(());
    Thread {
        tid,
        comm: Some("worker/1".to_owned()),
        sp: registers.map(|()| hex(0xffff_e1c0_1f00)),
        pc: registers.map(|()| hex(0xffff_8a0e_4a3c)),
        pstate: registers.map(|()| hex(0x6000_1000)),
        tls: registers.map(|()| hex(0xffff_8a2f_d740)),
        regs: registers.map(|()| (0..31).map(hex).collect()),
        standing: Standing {
            state,
            number: (state == Where::Syscall).then_some(63),
            name: (state == Where::Syscall).then(|| "read".to_owned()),
            ground: registers.map(|()| "registers".to_owned()),
        },
        handler_depth: usize::from(state == Where::User),
        chain_complete: state == Where::Syscall,
        unwinding: Some(Unwinding {
            end: if state == Where::Syscall {
                UnwindEnd::ProcessStart
            } else {
                UnwindEnd::NoTable
            },
            at: hex(0xffff_f7e2_1c40),
            functions: 3,
        }),
        tagged_registers: 2 * usize::from(state == Where::User),
        altstack: Some(AltStack {
            sp: hex(0xffff_9000_0000),
            size: 8192,
            flags: hex(0),
        }),
        blocked: hex(0x200),
        pending: 1,
        gcs: (state == Where::User).then(|| Gcs {
            gcspr: hex(0xffff_9000_0ff8),
            features_enabled: hex(1),
        }),
    }
}

fn task() -> Task {
    Task {
        pid: 12,
        ppid: 1,
        // A name that would clear a terminal's screen.
        comm: "wo\u{1b}[2Jrker".to_owned(),
        state: "alive".to_owned(),
        exe: Some("/usr/bin/worker".to_owned()),
        page_size: Some(PageSize {
            bytes: 4096,
            stated: true,
        }),
        vdso: Some(Vdso {
            start: hex(0xffff_8a2f_e000),
            end: hex(0xffff_8a30_0000),
            sigreturn: Some(hex(0xffff_8a2f_e8f0)),
            how: "dynamic symbol".to_owned(),
            kernel: Some("7.3.4".to_owned()),
            build_id: Some("00ff".repeat(10)),
        }),
        trampolines: vec![hex(0xffff_8a2f_e8f0)],
        auxv: Some(AuxvMap(vec![
            ("AT_HWCAP".to_owned(), hex(0xefff_ffff)),
            ("AT_PAGESZ".to_owned(), hex(4096)),
            ("AT_99".to_owned(), hex(7)),
        ])),
        auxv_detail: Some(auxv()),
        hwcaps: Some(Hwcaps {
            words: AuxvMap(vec![("AT_HWCAP".to_owned(), hex(0xefff_ffff))]),
            features: [
                "fp", "asimd", "evtstrm", "aes", "pmull", "sha1", "sha2", "crc32", "atomics",
                "fphp", "asimdhp", "cpuid", "asimdrdm", "jscvt", "fcma", "lrcpc", "dcpop",
            ]
            .map(str::to_owned)
            .to_vec(),
            unknown_bits: vec!["AT_HWCAP2:61".to_owned()],
        }),
        threads: Some(vec![
            thread(12, Where::Syscall),
            thread(14, Where::User),
            thread(15, Where::NoRegisters),
        ]),
        pac: Some(vec![
            Pac {
                tid: 12,
                state: Some(PacSaved::Saved),
                address_keys: true,
                generic_key: true,
                enabled: Some(hex(0xf)),
                returns: 9,
                signed_returns: 4,
            },
            Pac {
                tid: 15,
                state: None,
                address_keys: false,
                generic_key: false,
                enabled: None,
                returns: 0,
                signed_returns: 0,
            },
        ]),
        frames: Some(vec![stale(), frame()]),
        dangling: vec![hex(0xffff_e1c0_4440)],
        unsearched: Some(200 << 20),
        memory: Some(Memory {
            present: 1_500_000,
            zero: 8 << 20,
            file: 3 << 30,
            lazy: 0,
            parent: 4096,
            missing: 0,
            top: Some(hex(0x1_0000_0000_0000)),
        }),
        ..Task::default()
    }
}

fn zombie() -> Task {
    Task {
        pid: 13,
        ppid: 12,
        comm: "gone".to_owned(),
        state: "dead".to_owned(),
        exit_code: Some(0x100),
        threads: Some(Vec::new()),
        pac: Some(Vec::new()),
        frames: Some(Vec::new()),
        unsearched: Some(0),
        memory: Some(Memory::default()),
        ..Task::default()
    }
}

fn at(file: &str, offset: u64) -> At {
    At {
        file: file.to_owned(),
        offset,
    }
}

fn images() -> Images {
    let image = |name: &str, size, kind: &str, what: Option<&str>| Image {
        name: name.to_owned(),
        size,
        kind: kind.to_owned(),
        what: what.map(str::to_owned),
    };
    Images {
        img_version: 2,
        criu_run_id: Some("7a1e".to_owned()),
        plugins: vec!["amdgpu".to_owned()],
        entries: vec![
            image("core-12.img", 1734, "image", Some("CORE")),
            image("pages-1.img", 1_499_136, "raw", Some("pages")),
            image("stats.log", 12, "other", None),
            image("surprise.img", 99, "unknown", Some("0x12345678")),
        ],
        format_features: vec![FormatFeature {
            name: "pac-keys".to_owned(),
            what: "pointer-authentication keys in core images".to_owned(),
            since: "4.1".to_owned(),
            older: "loses".to_owned(),
            at: at("core-12.img", 80),
        }],
        unknown_fields: vec![UnknownField {
            message: "mm_entry".to_owned(),
            number: 77,
            count: 2,
            at: at("mm-12.img", 64),
        }],
        anomalies: vec![Anomaly {
            kind: "pages-truncated".to_owned(),
            pid: Some(12),
            at: at("pages-1.img", 1_499_136),
            detail: "the last page ends 2688 bytes past the end of the file".to_owned(),
        }],
    }
}

fn export() -> Export {
    Export {
        form: "layout-tar".to_owned(),
        compression: Some("zstd".to_owned()),
        blob: Some(
            "blobs/sha256/5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
                .to_owned(),
        ),
        directory: Some("checkpoint".to_owned()),
        statements: vec![
            Statement {
                what: "engine".to_owned(),
                value: "podman".to_owned(),
                file: "index.json".to_owned(),
                key: "annotations.io.podman.annotations.checkpoint.podman.version".to_owned(),
            },
            Statement {
                what: "criu".to_owned(),
                value: "4.2".to_owned(),
                file: "index.json".to_owned(),
                key: "annotations.io.podman.annotations.checkpoint.criu.version".to_owned(),
            },
        ],
        unread: vec!["config.dump: not what it should be (EOF while parsing an object)".to_owned()],
    }
}

/// An image with at least one of everything.
pub(in crate::report) fn inspect() -> Inspect {
    Inspect {
        schema: Inspect::SCHEMA,
        tool: tool(),
        image: "dumps/worker".to_owned(),
        arch: "aarch64".to_owned(),
        deep: false,
        export: Some(export()),
        origin: Some(Origin {
            kernel: Some("7.3.4".to_owned()),
            criu_at_least: Some("4.1".to_owned()),
            criu_below: Some("4.3".to_owned()),
            inferences: vec![
                Inference {
                    what: "pauth".to_owned(),
                    value: "address and generic".to_owned(),
                    ground: "keys of both kinds are saved with every thread of the image"
                        .to_owned(),
                },
                Inference {
                    what: "sve vl".to_owned(),
                    value: "32".to_owned(),
                    ground: "SVE record at 0xffffe1c02470".to_owned(),
                },
            ],
            rewritten: Some(Rewritten {
                tool: "hwcr 0.1.0".to_owned(),
                target: "neoverse-n1".to_owned(),
                edits: vec![RewrittenEdit {
                    rule: "HWCR-SVE-001".to_owned(),
                    what: "drop SVE record (header only)".to_owned(),
                }],
            }),
        }),
        tasks: vec![task(), zombie()],
        files: Some(vec![
            File {
                id: 1,
                name: "/usr/bin/worker".to_owned(),
                size: Some(70_336),
                build_id: Some("ab".repeat(20)),
                rootfs: Some("used".to_owned()),
                uses: vec![
                    FileUse {
                        what: "executable".to_owned(),
                        pids: vec![7],
                    },
                    FileUse {
                        what: "mapped code".to_owned(),
                        pids: vec![7, 8, 9, 10, 11],
                    },
                ],
                lies: Some("root".to_owned()),
                mode: Some("100755".to_owned()),
                target: Some(TargetFile {
                    same: false,
                    differences: vec!["71000 bytes, was 70336".to_owned()],
                    content_is_given: false,
                }),
            },
            File {
                id: 2,
                name: "/dev/null".to_owned(),
                size: None,
                build_id: None,
                rootfs: Some("not found".to_owned()),
                uses: Vec::new(),
                lies: Some("kernel".to_owned()),
                mode: None,
                target: None,
            },
        ]),
        images: Some(images()),
    }
}

/// The same without what only `-v` adds.
pub(in crate::report) fn inspect_brief() -> Inspect {
    let mut report = inspect();
    for task in &mut report.tasks {
        for thread in task.threads.iter_mut().flatten() {
            thread.regs = None;
        }
        for frame in task.frames.iter_mut().flatten() {
            frame.regs = None;
            for record in &mut frame.records {
                if let RecordBody::Fpsimd { vregs, .. } = &mut record.body {
                    *vregs = None;
                }
            }
        }
    }
    report
}
