//! `core-TID.img`: registers, keys, masks and signal actions.

use std::sync::Arc;

use super::ask::Ask;
use super::confinement;
use super::envelope::{Entry, Image};
use super::error::Error;
use super::model::{
    AddressKeys, AltStack, Arch, Arm64State, Gcs, PacState, SigAction, TaskState, Thread,
};
use super::proto::{self, core_entry::March};
use super::reader::{Dir, Notes};
use crate::units::{Addr, Tid};
use crate::wire::schema::CORE_ENTRY;

/// Signals 1 to 64; the list of actions has no entry for these two (CRIU 4.2 `criu/sigact.c`).
const SIGKILL: u8 = 9;
const SIGSTOP: u8 = 19;
const SIGNALS: u8 = 64;

/// Bytes of the area for restartable sequences that every kernel with `rseq` takes.
const ORIGINAL_RSEQ: u32 = 32;

/// Registrations by their command (`uapi/linux/membarrier.h`): `MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED`,
/// `…_PRIVATE_EXPEDITED`, `…_PRIVATE_EXPEDITED_SYNC_CORE`, `…_PRIVATE_EXPEDITED_RSEQ`.
const MEMBARRIER: &[(u32, Ask)] = &[
    (1 << 2, Ask::MembarrierGlobal),
    (1 << 4, Ask::MembarrierPrivate),
    (1 << 6, Ask::MembarrierSyncCore),
    (1 << 8, Ask::MembarrierRseq),
];

/// One core image.
pub(super) struct Core {
    /// The image, for places in it.
    pub(super) image: Image,
    message: proto::CoreEntry,
}

impl Core {
    /// Reads the core image of `tid`, which `owner` names.
    pub(super) fn read(dir: &Dir, tid: Tid, owner: &str, notes: &mut Notes) -> Result<Self, Error> {
        let name = format!("core-{tid}.img");
        let image = dir.needed(&name, "CORE", || format!("{owner} names thread {tid}"))?;
        let message = notes.decode(CORE_ENTRY, &image.single(CORE_ENTRY.name())?)?;
        Ok(Self { image, message })
    }

    /// The entry, for places in it.
    pub(super) fn entry(&self) -> Result<Entry<'_>, Error> {
        self.image.single(CORE_ENTRY.name())
    }

    /// The architecture.
    pub(super) fn arch(&self) -> Arch {
        match March::try_from(self.message.mtype) {
            Ok(March::Aarch64) => Arch::Aarch64,
            Ok(other) => Arch::Other(self.message.mtype, other.as_str_name()),
            Err(_) => Arch::Other(self.message.mtype, "without a name"),
        }
    }

    /// The task's own part, which the leader's image must have.
    pub(super) fn task(&self) -> Result<&proto::TaskCoreEntry, Error> {
        let entry = self.entry()?;
        self.message.tc.as_ref().ok_or_else(|| Error::MissingField {
            file: entry.file,
            offset: entry.offset,
            message: CORE_ENTRY.name(),
            field: "tc",
            number: 3,
        })
    }

    /// The number of the address space, where this image says it.
    pub(super) fn vm_id(&self) -> Option<u32> {
        self.message.ids.as_ref().map(|ids| ids.vm_id)
    }

    /// The number of the table of file descriptors, where this image says it.
    pub(super) fn files_id(&self) -> Option<u32> {
        self.message.ids.as_ref().map(|ids| ids.files_id)
    }

    /// The thread.
    pub(super) fn thread(&self, tid: Tid, notes: &mut Notes) -> Result<Thread, Error> {
        let entry = self.entry()?;
        let thread = self.message.thread_core.clone().unwrap_or_default();
        notes.asks.of_thread(Some(tid));
        // CRIU writes the field for every thread; without a registration the pointer is 0.
        let registered = thread
            .rseq_entry
            .as_ref()
            .filter(|rseq| rseq.rseq_abi_pointer != 0);
        let place = || entry.field(&[5, 15]);
        if thread.rseq_entry.is_some() {
            notes.asks.see(Ask::RseqField, place);
        }
        if let Some(rseq) = registered {
            notes.asks.see(Ask::Rseq, place);
            if rseq.rseq_abi_size != ORIGINAL_RSEQ {
                notes.asks.see(Ask::RseqSize, place);
            }
        }
        if thread.cg_set.is_some() {
            notes.asks.see(Ask::ThreadCgroups, || entry.field(&[5, 16]));
        }
        if let Some(creds) = &thread.creds {
            confinement::see_creds(creds, &entry, notes);
        }
        if thread.timerslack_ns.is_some() {
            notes.asks.see(Ask::TimerSlack, || entry.field(&[5, 17]));
        }
        let task = self.message.tc.as_ref();
        let read = Thread {
            tid,
            comm: thread.comm.as_deref().map(text),
            state: self
                .message
                .ti_aarch64
                .as_ref()
                .map(|info| state(info, &entry, notes))
                .transpose()?,
            altstack: thread.sas.as_ref().map(|sas| AltStack {
                sp: Addr(sas.ss_sp),
                size: sas.ss_size,
                flags: sas.ss_flags,
            }),
            blocked: task
                .map(|task| task.blk_sigset)
                .or(thread.blk_sigset)
                .unwrap_or(0),
            rseq_size: registered.map(|rseq| rseq.rseq_abi_size),
            pending: thread.signals_p.map_or(0, |queue| queue.signals.len()),
            place: entry.place(),
        };
        notes.asks.of_thread(None);
        Ok(read)
    }
}

/// Bytes as text; Linux does not promise UTF-8.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `task_core_entry.task_state` (CRIU 3.0 to 4.2, `compel/include/uapi/task-state.h`: alive 1, dead 2, stopped 3, zombie 6).
pub(super) fn task_state(value: u32) -> TaskState {
    match value {
        1 => TaskState::Alive,
        // CRIU writes 2 for zombies as well (`criu/cr-dump.c` dump_zombies).
        2 | 6 => TaskState::Dead,
        3 => TaskState::Stopped,
        other => TaskState::Other(other),
    }
}

/// The signal actions with the numbers the list leaves out.
pub(super) fn sigactions(
    task: &proto::TaskCoreEntry,
    entry: &Entry<'_>,
) -> Result<Vec<SigAction>, Error> {
    let numbers = || (1..=SIGNALS).filter(|&signo| signo != SIGKILL && signo != SIGSTOP);
    if task.sigactions.len() > numbers().count() {
        return Err(Error::Count {
            file: Arc::clone(&entry.file),
            offset: entry.offset,
            what: "signal actions",
            found: task.sigactions.len() as u64,
            want: "at most 62",
        });
    }
    let action = |(signo, action): (u8, &proto::SaEntry)| SigAction {
        signo,
        handler: action.sigaction,
        flags: action.flags,
        restorer: action.restorer,
        mask: action.mask,
    };
    Ok(numbers().zip(&task.sigactions).map(action).collect())
}

/// Notes what the task's part shows of the CRIU that wrote it.
pub(super) fn see_task(task: &proto::TaskCoreEntry, entry: &Entry<'_>, notes: &mut Notes) {
    if task.stop_signo.is_some() {
        notes.asks.see(Ask::StopSignal, || entry.field(&[3, 21]));
    }
    if let Some(mask) = task.membarrier_registration_mask {
        notes.asks.see(Ask::Membarrier, || entry.field(&[3, 22]));
        notes
            .asks
            .see_bits(mask, MEMBARRIER, || entry.field(&[3, 22]));
    }
    if task.child_subreaper == Some(true) {
        notes
            .asks
            .see(Ask::ChildSubreaper, || entry.field(&[3, 18]));
    }
    let timers = task.timers.iter().flat_map(|timers| &timers.posix);
    // CRIU writes the thread only where a timer has one.
    for _ in timers.filter(|timer| timer.notify_thread_id.is_some()) {
        notes.asks.see(Ask::TimerThread, || entry.field(&[3, 7]));
    }
}

fn state(
    info: &proto::ThreadInfoAarch64,
    entry: &Entry<'_>,
    notes: &mut Notes,
) -> Result<Arm64State, Error> {
    let regs = &info.gpregs;
    let vregs = &info.fpsimd.vregs;
    let count = |path: &[u32], what, found: usize, want| Error::Count {
        file: Arc::clone(&entry.file),
        offset: entry.field(path).offset,
        what,
        found: found as u64,
        want,
    };
    let x = <[u64; 31]>::try_from(regs.regs.as_slice())
        .map_err(|_| count(&[8, 3], "general registers", regs.regs.len(), "only 31"))?;
    if vregs.len() != 64 {
        return Err(count(
            &[8, 4],
            "words of vector registers",
            vregs.len(),
            "only 64",
        ));
    }
    if info.gcs.is_some() {
        notes.asks.see(Ask::Gcs, || entry.field(&[8, 6]));
    }
    Ok(Arm64State {
        x,
        sp: regs.sp,
        pc: regs.pc,
        pstate: regs.pstate,
        tls: info.tls,
        vregs: vregs.clone(),
        fpsr: info.fpsimd.fpsr,
        fpcr: info.fpsimd.fpcr,
        pac: pac(info.pac_keys.as_ref(), entry, notes),
        gcs: info.gcs.as_ref().map(|gcs| Gcs {
            gcspr_el0: gcs.gcspr_el0,
            features_enabled: gcs.features_enabled,
        }),
        place: entry.field(&[8]),
    })
}

/// CRIU 4.1 and later always write the block, and leave it empty without PAC
/// (`criu/arch/aarch64/crtools.c`, `save_pac_keys`).
fn pac(keys: Option<&proto::PacKeys>, entry: &Entry<'_>, notes: &mut Notes) -> PacState {
    let Some(keys) = keys else {
        return PacState::NotSaved;
    };
    let place = entry.field(&[8, 5]);
    if keys.pac_address_keys.is_none() && keys.pac_generic_keys.is_none() {
        notes.asks.see(Ask::PacBlock, || place);
        return PacState::Absent;
    }
    notes.asks.see(Ask::PacKeys, || place.clone());
    let address = keys.pac_address_keys.as_ref().map(|keys| AddressKeys {
        keys: [
            [keys.apiakey_lo, keys.apiakey_hi],
            [keys.apibkey_lo, keys.apibkey_hi],
            [keys.apdakey_lo, keys.apdakey_hi],
            [keys.apdbkey_lo, keys.apdbkey_hi],
        ],
        enabled: keys.pac_enabled_key,
    });
    let generic = keys
        .pac_generic_keys
        .as_ref()
        .map(|keys| [keys.apgakey_lo, keys.apgakey_hi]);
    PacState::Saved {
        address,
        generic,
        place,
    }
}
