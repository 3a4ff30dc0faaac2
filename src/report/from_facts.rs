//! Facts of one image as the structure that `inspect` shows.
//!
//! Only presence and mask of pointer-authentication keys pass through here, never the keys.

use std::collections::HashSet;

use crate::abi::restore::{self, Below};
use crate::auxv::hwcap::{HwcapBit, HwcapWord};
use crate::criu_image::model::{Checkpoint, PacState, TaskState};
use crate::facts::{self, AuxvFacts, Facts, Standing, TaskFacts, ThreadFacts};
use crate::sigframe::cfi;
use crate::units::{Place, Version};

use super::v1::Tool;
use super::v1::inspect::{
    Anomaly, At, Export, File, FileUse, FormatFeature, Image, Images, Inference, Inspect, Origin,
    Rewritten, RewrittenEdit, Statement, TargetFile, UnknownField,
};
use super::v1::task::{
    AltStack, Auxv, AuxvDifference, AuxvEntry, AuxvMap, Gcs, Hwcaps, Memory, Pac, PacSaved,
    PageSize, StackAuxv, Task, Thread, UnwindEnd, Unwinding, Vdso, Where,
};
use super::words;

mod frame;
mod section;

pub use frame::frame;
pub use section::Section;

/// What to show.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Sections; empty for all.
    pub sections: Vec<Section>,
    /// Process ids; empty for all.
    pub pids: Vec<u32>,
    /// Also registers and other raw values (`-v`).
    pub verbose: bool,
}

/// Everything that was read from an image and is selected. `bits` names capability bits.
#[must_use]
pub fn inspect(facts: &Facts<'_>, bits: &[HwcapBit], selection: &Selection, deep: bool) -> Inspect {
    let checkpoint = facts.checkpoint;
    let wanted = |section| selection.wants(section);
    let tasks = facts
        .tasks
        .iter()
        .filter(|task| selection.pids.is_empty() || selection.pids.contains(&task.task.pid.0))
        .map(|task| task_of(checkpoint, task, bits, selection))
        .collect();
    Inspect {
        schema: Inspect::SCHEMA,
        tool: Tool::this(),
        image: checkpoint.name.clone(),
        arch: words::arch(checkpoint.arch),
        deep,
        origin: wanted(Section::Origin).then(|| origin(facts)),
        export: facts
            .export
            .as_ref()
            .filter(|_| wanted(Section::Export))
            .map(export),
        tasks,
        files: wanted(Section::Files).then(|| files(facts)),
        images: wanted(Section::Images).then(|| images(checkpoint)),
    }
}

fn export(export: &crate::export::Export) -> Export {
    let packing = &export.packing;
    let statement = |said: &crate::export::Statement| Statement {
        what: said.what.word().to_owned(),
        value: said.value.clone(),
        file: said.file.clone(),
        key: said.key.clone(),
    };
    Export {
        form: words::form(packing.form).to_owned(),
        compression: packing.compression.map(|kind| kind.word().to_owned()),
        blob: packing.blob.clone(),
        directory: Some(packing.directory.clone()).filter(|path| !path.is_empty()),
        statements: export.statements.iter().map(statement).collect(),
        unread: export.unread.clone(),
    }
}

fn origin(facts: &Facts<'_>) -> Origin {
    let origin = &facts.origin;
    let version = |version: Option<Version>| version.map(|version| version.to_string());
    Origin {
        kernel: version(origin.kernel),
        criu_at_least: version(origin.criu_at_least),
        criu_below: version(origin.criu_below),
        inferences: origin
            .inferences
            .iter()
            .map(|inference| Inference {
                what: inference.what.to_owned(),
                value: inference.value.clone(),
                ground: inference.ground.clone(),
            })
            .collect(),
        rewritten: facts.rewritten.as_ref().map(|journal| Rewritten {
            tool: journal.tool.clone(),
            target: journal.target.clone(),
            edits: journal
                .edits
                .iter()
                .map(|edit| RewrittenEdit {
                    rule: edit.rule.clone(),
                    what: edit.what.clone(),
                })
                .collect(),
        }),
    }
}

fn task_of(
    checkpoint: &Checkpoint,
    facts: &TaskFacts<'_>,
    bits: &[HwcapBit],
    selection: &Selection,
) -> Task {
    let task = facts.task;
    let wanted = |section| selection.wants(section);
    let mut shown = Task {
        pid: task.pid.0,
        ppid: task.ppid.0,
        comm: task.comm.clone(),
        ..Task::default()
    };
    shown.state = words::task_state(task.state);
    shown.exit_code = (task.state == TaskState::Dead).then_some(task.exit_code);
    shown.shares_mm_with = task.shares_mm_with.map(|pid| pid.0);
    if wanted(Section::Tasks) {
        let mm = task.mm.as_ref();
        shown.exe = mm
            .and_then(|mm| checkpoint.file(mm.exe_file_id))
            .map(|file| file.name.clone());
        shown.page_size = mm.map(|mm| PageSize {
            bytes: mm.page_size.bytes,
            stated: mm.page_size.stated,
        });
        shown.vdso = facts.vdso.as_ref().map(vdso);
        shown.trampolines = facts.trampolines.iter().map(|&addr| addr.into()).collect();
        shown.threads = Some(
            facts
                .threads
                .iter()
                .map(|facts| thread(facts, selection.verbose))
                .collect(),
        );
    }
    if wanted(Section::Auxv) {
        shown.auxv = facts.auxv.as_ref().map(auxv_map);
        shown.auxv_detail = facts.auxv.as_ref().map(auxv);
        shown.hwcaps = Some(hwcaps(facts, bits)).filter(|hwcaps| !hwcaps.words.0.is_empty());
    }
    if wanted(Section::Frames) {
        shown.frames = Some(
            facts
                .frames
                .iter()
                .map(|found| frame(found, facts.ways_out.get(&found.base), selection.verbose))
                .collect(),
        );
        shown.dangling = facts
            .dangling
            .iter()
            .map(|dangling| dangling.addr.into())
            .collect();
        shown.unsearched = Some(facts.unsearched);
    }
    shown.pac = wanted(Section::Pac).then(|| facts.threads.iter().map(pac).collect());
    shown.memory = wanted(Section::Memory).then(|| memory(facts));
    shown
}

fn vdso(vdso: &facts::VdsoFacts) -> Vdso {
    Vdso {
        start: vdso.range.start.into(),
        end: vdso.range.end.into(),
        sigreturn: vdso.sigreturn.map(Into::into),
        how: vdso.how.to_owned(),
        kernel: vdso.kernel.map(|version| version.to_string()),
        build_id: (!vdso.build_id.is_empty()).then(|| words::digits(&vdso.build_id)),
    }
}

/// `AT_*`, or `AT_N` for a type without a name.
fn auxv_name(tag: u64, name: Option<&str>) -> String {
    name.map_or_else(|| format!("AT_{tag}"), str::to_owned)
}

fn auxv_map(auxv: &AuxvFacts) -> AuxvMap {
    let mut map: Vec<(String, _)> = Vec::new();
    for entry in &auxv.saved {
        let name = auxv_name(entry.tag, entry.name);
        // Keys of a JSON object must differ, and readers take the first entry of a type.
        if map.iter().all(|(known, _)| *known != name) {
            map.push((name, entry.value.into()));
        }
    }
    AuxvMap(map)
}

fn auxv(auxv: &AuxvFacts) -> Auxv {
    let entries = |entries: &[facts::AuxvEntry]| {
        entries
            .iter()
            .map(|entry| AuxvEntry {
                tag: entry.tag,
                name: entry.name.map(str::to_owned),
                value: entry.value.into(),
            })
            .collect()
    };
    Auxv {
        words: auxv.saved_words,
        entries: entries(&auxv.saved),
        stack: auxv.stack.as_ref().ok().map(|copy| StackAuxv {
            address: copy.address.into(),
            entries: entries(&copy.entries),
        }),
        stack_missing: auxv.stack.as_ref().err().map(ToString::to_string),
        differences: auxv
            .differences
            .iter()
            .map(|difference| AuxvDifference {
                tag: difference.tag,
                name: difference.name.map(str::to_owned),
                saved: difference.saved.map(Into::into),
                stack: difference.stack.map(Into::into),
            })
            .collect(),
        oddities: auxv.oddities.iter().map(ToString::to_string).collect(),
        minsigstksz: auxv.minsigstksz,
    }
}

/// The words that carry capability bits, in the order of [`crate::auxv::hwcap::Hwcaps::words`].
const HWCAP_WORDS: [(HwcapWord, &str); 4] = [
    (HwcapWord::Hwcap, "AT_HWCAP"),
    (HwcapWord::Hwcap2, "AT_HWCAP2"),
    (HwcapWord::Hwcap3, "AT_HWCAP3"),
    (HwcapWord::Hwcap4, "AT_HWCAP4"),
];

fn hwcaps(facts: &TaskFacts<'_>, bits: &[HwcapBit]) -> Hwcaps {
    let mut shown = Hwcaps::default();
    for ((word, name), value) in HWCAP_WORDS.into_iter().zip(facts.told.words) {
        let Some(value) = value else { continue };
        shown.words.0.push((name.to_owned(), value.into()));
        for number in (0..64_u8).filter(|number| value >> number & 1 != 0) {
            match bits
                .iter()
                .find(|row| row.word == word && row.bit == number)
            {
                Some(row) => shown.features.push(row.cpuinfo.to_owned()),
                None => shown.unknown_bits.push(format!("{name}:{number}")),
            }
        }
    }
    shown
}

fn thread(facts: &ThreadFacts<'_>, verbose: bool) -> Thread {
    let thread = facts.thread;
    let state = thread.state.as_ref();
    Thread {
        tid: thread.tid.0,
        comm: thread.comm.clone(),
        sp: state.map(|state| state.sp.into()),
        pc: state.map(|state| state.pc.into()),
        pstate: state.map(|state| state.pstate.into()),
        tls: state.map(|state| state.tls.into()),
        regs: state
            .filter(|_| verbose)
            .map(|state| state.x.iter().map(|&x| x.into()).collect()),
        standing: standing(&facts.standing),
        handler_depth: facts.handler_depth,
        chain_complete: facts.chain_complete,
        unwinding: facts.unwinding.map(|unwinding| Unwinding {
            end: unwind_end(unwinding.end),
            at: unwinding.at.into(),
            functions: unwinding.functions,
        }),
        tagged_registers: facts.tagged_registers,
        altstack: thread.altstack.map(|stack| AltStack {
            sp: stack.sp.into(),
            size: stack.size,
            flags: stack.flags.into(),
        }),
        blocked: thread.blocked.into(),
        pending: thread.pending,
        gcs: state.and_then(|state| state.gcs).map(|gcs| Gcs {
            gcspr: gcs.gcspr_el0.into(),
            features_enabled: gcs.features_enabled.into(),
        }),
    }
}

fn unwind_end(end: cfi::UnwindEnd) -> UnwindEnd {
    use cfi::{Start, UnwindEnd as End};
    match end {
        End::Start(Start::Process) => UnwindEnd::ProcessStart,
        End::Start(Start::Thread) => UnwindEnd::ThreadStart,
        End::Start(Start::Other) => UnwindEnd::OtherStart,
        End::NoTable => UnwindEnd::NoTable,
        End::Disagrees => UnwindEnd::Disagrees,
        End::Unusable => UnwindEnd::Unusable,
        End::NotAscending => UnwindEnd::NotAscending,
        End::NotCalled => UnwindEnd::NotCalled,
        End::Unreadable => UnwindEnd::Unreadable,
        End::NoFrame => UnwindEnd::NoFrame,
        End::Loop => UnwindEnd::Loop,
        End::TooLong => UnwindEnd::TooLong,
    }
}

fn standing(standing: &Standing) -> super::v1::task::Standing {
    let (state, number, name, ground) = match *standing {
        Standing::Syscall {
            number,
            name,
            ground,
        } => (Where::Syscall, Some(number), name, Some(ground)),
        Standing::User { ground } => (Where::User, None, None, Some(ground)),
        Standing::NoRegisters => (Where::NoRegisters, None, None, None),
    };
    super::v1::task::Standing {
        state,
        number,
        name: name.map(str::to_owned),
        ground: ground.map(|ground| words::ground(ground).to_owned()),
    }
}

fn pac(facts: &ThreadFacts<'_>) -> Pac {
    let state = facts.thread.state.as_ref().map(|state| &state.pac);
    let (saved, address, generic, enabled) = match state {
        None => (None, false, false, None),
        Some(PacState::NotSaved) => (Some(PacSaved::NotSaved), false, false, None),
        Some(PacState::Absent) => (Some(PacSaved::Absent), false, false, None),
        Some(PacState::Saved {
            address, generic, ..
        }) => (
            Some(PacSaved::Saved),
            address.is_some(),
            generic.is_some(),
            address.as_ref().map(|keys| keys.enabled),
        ),
    };
    Pac {
        tid: facts.thread.tid.0,
        state: saved,
        address_keys: address,
        generic_key: generic,
        enabled: enabled.map(Into::into),
        returns: facts.returns.len(),
        signed_returns: facts
            .returns
            .iter()
            .filter(|address| address.is_signed())
            .count(),
    }
}

fn memory(facts: &TaskFacts<'_>) -> Memory {
    let totals = facts.memory;
    Memory {
        present: totals.present,
        zero: totals.zero,
        file: totals.file,
        lazy: totals.lazy,
        parent: totals.parent,
        missing: totals.missing,
        top: facts.top.map(Into::into),
    }
}

/// The files that the restore opens, executables and libraries first, then what it does not open by itself.
fn files(facts: &Facts<'_>) -> Vec<File> {
    let rootfs = |id| {
        let binary = facts.binaries.iter().find(|binary| binary.id == id)?;
        let used = || "used".to_owned();
        Some(binary.unused.clone().unwrap_or_else(used))
    };
    let needed = facts.files.needed.iter().map(|file| File {
        id: file.id,
        name: file.name.clone(),
        size: file.saved.size,
        build_id: (!file.saved.build_id.is_empty()).then(|| words::digits(&file.saved.build_id)),
        rootfs: rootfs(file.id),
        uses: file
            .uses
            .iter()
            .map(|(what, pids)| FileUse {
                what: what.word().to_owned(),
                pids: pids.iter().map(|pid| pid.0).collect(),
            })
            .collect(),
        lies: Some(file.lies.word().to_owned()),
        mode: file.saved.mode.map(|mode| format!("{mode:06o}")),
        target: file.found.is_some().then(|| {
            let differences = file.differences();
            TargetFile {
                same: differences.is_empty(),
                differences: differences.iter().map(ToString::to_string).collect(),
                content_is_given: file.content_is_given(),
            }
        }),
    });
    let listed: HashSet<u32> = facts.files.needed.iter().map(|file| file.id).collect();
    let others = facts.checkpoint.files.iter();
    let others = others
        .filter(|file| !listed.contains(&file.id))
        .map(|file| File {
            id: file.id,
            name: file.name.clone(),
            size: file.size,
            build_id: (!file.build_id.is_empty()).then(|| words::digits(&file.build_id)),
            rootfs: rootfs(file.id),
            uses: Vec::new(),
            lies: None,
            mode: file.mode.map(|mode| format!("{mode:06o}")),
            target: None,
        });
    needed.chain(others).collect()
}

fn images(checkpoint: &Checkpoint) -> Images {
    Images {
        img_version: checkpoint.inventory.img_version,
        criu_run_id: checkpoint.inventory.dump_criu_run_id.clone(),
        plugins: checkpoint.inventory.plugins.clone(),
        entries: checkpoint
            .images
            .iter()
            .map(|image| {
                let (kind, what) = words::image_kind(&image.kind);
                Image {
                    name: image.name.clone(),
                    size: image.size,
                    kind: kind.to_owned(),
                    what,
                }
            })
            .collect(),
        format_features: checkpoint
            .asks
            .iter()
            .filter_map(|asked| {
                let row = restore::row(asked.ask)?;
                let since = row.written_by?;
                let older = row
                    .criu
                    .as_ref()
                    .map_or(Below::Ignores, |floor| floor.older);
                Some(FormatFeature {
                    name: asked.ask.name().to_owned(),
                    what: row.what.to_owned(),
                    since: since.to_string(),
                    older: words::older_criu(older).to_owned(),
                    at: at(&asked.place),
                })
            })
            .collect(),
        unknown_fields: checkpoint
            .unknown_fields
            .iter()
            .map(|field| UnknownField {
                message: field.message.to_owned(),
                number: field.number,
                count: field.count,
                at: at(&field.place),
            })
            .collect(),
        anomalies: checkpoint
            .anomalies
            .iter()
            .map(|anomaly| Anomaly {
                kind: words::anomaly(anomaly.kind).to_owned(),
                pid: anomaly.pid.map(|pid| pid.0),
                at: at(&anomaly.place),
                detail: anomaly.detail.clone(),
            })
            .collect(),
    }
}

fn at(place: &Place) -> At {
    At {
        file: place.file.to_string(),
        offset: place.offset,
    }
}
