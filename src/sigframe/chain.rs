//! The records of a frame, walked as `parse_user_sigframe` of `arch/arm64/kernel/signal.c` does
//! (Linux 5.10 to 7.3), and the frame around them.
//!
//! Where the kernel would refuse the frame, an anomaly is noted. The walk goes on where the next
//! record's address is still certain, and stops where it is not.

use crate::abi::record::RecordKind;
use crate::memory::{Gap, Memory};
use crate::units::{Addr, Place};

use super::bytes::{u32_at, u64_at};
use super::layout;
use super::model::{
    Body, Frame, FrameAnomaly, FrameAnomalyKind as Kind, Liveness, RAW_KEPT, Record,
};
use super::record::{Head, decode, unreadable};

/// Records read of one frame. The kernel writes at most eleven; `__reserved` holds at most 256 of 16
/// bytes each, and as many again are granted to EXTRA space, so that damaged or hostile memory cannot
/// make a frame arbitrarily large.
pub const MAX_RECORDS: usize = 512;

/// What the walk meets.
pub(super) enum Step {
    /// A record's head; its size is not vouched for.
    Record(Head),
    /// A violation of the rules.
    Anomaly(FrameAnomaly),
}

/// One stretch of records.
struct Area {
    start: Addr,
    limit: u64,
    in_extra: bool,
}

/// What comes after a record.
enum Next {
    /// Another record in the same area.
    Same,
    /// The records of EXTRA space.
    Extra(Area),
    /// Nothing that could be found.
    Stop,
}

/// Walks the records of the frame at `base` and calls `visit` for each and for every violation, until
/// it answers `false`. Answers the frame's size: bytes from the base to the frame record.
pub(super) fn walk(memory: &dyn Memory, base: Addr, visit: &mut dyn FnMut(Step) -> bool) -> u64 {
    let mut size = layout::FRAME_SIZE;
    let Some(start) = base.checked_add(layout::RESERVED as u64) else {
        return size;
    };
    let mut area = Area {
        start,
        limit: layout::RESERVED_SIZE,
        in_extra: false,
    };
    let mut offset: u64 = 0;
    for _ in 0..MAX_RECORDS {
        let Some(head) = head_at(memory, &area, offset, visit) else {
            return size;
        };
        if !visit(Step::Record(head)) {
            return size;
        }
        if head.magic == layout::END_MAGIC {
            if head.size != 0 {
                let detail = format!("terminator with a size of {}", head.size);
                note(visit, Kind::TerminatorSize, head.addr, detail);
            }
            return size;
        }
        let extra_space = head.magic == RecordKind::Extra.magic()
            && fits(&head)
            && head.size >= RecordKind::Extra.written();
        let next = match extra_space {
            true => extra(memory, base, &head, visit),
            false => Next::Same,
        };
        match next {
            Next::Stop => return size,
            Next::Extra(extra) => {
                let end = extra.start.0.saturating_add(extra.limit);
                let used = end.saturating_sub(base.0);
                size = used
                    .checked_next_multiple_of(layout::ALIGN)
                    .unwrap_or(used)
                    .max(layout::FRAME_SIZE);
                area = extra;
                offset = 0;
            }
            Next::Same => {
                if !fits(&head) {
                    let (kind, detail) = misfit(&head);
                    note(visit, kind, head.addr, detail);
                    return size;
                }
                let step = u64::from(head.size);
                if !step.is_multiple_of(layout::ALIGN) {
                    let detail =
                        format!("record of {step} bytes, the next one would not be 16-aligned");
                    note(visit, Kind::SizeUnaligned, head.addr, detail);
                    return size;
                }
                offset = offset.saturating_add(step);
            }
        }
    }
    let at = area.start.checked_add(offset).unwrap_or(area.start);
    note(
        visit,
        Kind::NoTerminator,
        at,
        format!("no terminator among the first {MAX_RECORDS} records"),
    );
    size
}

/// Whether the record's size is legal for the chain.
fn fits(head: &Head) -> bool {
    u64::from(head.size) >= layout::HEAD_SIZE && u64::from(head.size) <= head.room
}

/// Why it is not.
fn misfit(head: &Head) -> (Kind, String) {
    if u64::from(head.size) > head.room {
        (
            Kind::SizeTooLarge,
            format!(
                "record of {} bytes where its area has {} left",
                head.size, head.room
            ),
        )
    } else {
        (
            Kind::SizeTooSmall,
            format!("record of {} bytes, its head alone has 8", head.size),
        )
    }
}

/// Reads the head at `offset` of `area`, or notes why there is none.
fn head_at(
    memory: &dyn Memory,
    area: &Area,
    offset: u64,
    visit: &mut dyn FnMut(Step) -> bool,
) -> Option<Head> {
    let addr = area.start.checked_add(offset)?;
    let room = area.limit.saturating_sub(offset);
    if room < layout::HEAD_SIZE {
        let name = if area.in_extra {
            "EXTRA space"
        } else {
            "__reserved"
        };
        note(
            visit,
            Kind::NoTerminator,
            addr,
            format!("the records leave {name} without a terminator"),
        );
        return None;
    }
    let mut bytes = [0; 8];
    if let Err(gap) = memory.read(addr, &mut bytes) {
        visit(Step::Anomaly(unreadable(gap)));
        return None;
    }
    let (magic, size) = (u32_at(&bytes, 0)?, u32_at(&bytes, 4)?);
    Some(Head {
        addr,
        magic,
        size,
        in_extra: area.in_extra,
        room,
    })
}

/// Checks an EXTRA record whose own size is legal, and the terminator that must follow it.
fn extra(
    memory: &dyn Memory,
    base: Addr,
    head: &Head,
    visit: &mut dyn FnMut(Step) -> bool,
) -> Next {
    if head.in_extra {
        note(
            visit,
            Kind::ExtraNested,
            head.addr,
            "EXTRA record inside EXTRA space".to_owned(),
        );
        return Next::Same;
    }
    let size = u64::from(head.size);
    let room = head.room.saturating_sub(size);
    let mut fields = [0; 32];
    let mut after = [0; 8];
    let Some(end) = head
        .addr
        .checked_add(size)
        .filter(|_| room >= layout::TERMINATOR_SIZE)
    else {
        note(
            visit,
            Kind::ExtraPlacement,
            head.addr,
            "no room for a terminator behind EXTRA".to_owned(),
        );
        return Next::Stop;
    };
    let read = memory
        .read(head.addr, &mut fields)
        .and_then(|()| memory.read(end, &mut after));
    if let Err(gap) = read {
        visit(Step::Anomaly(unreadable(gap)));
        return Next::Stop;
    }
    let (Some(datap), Some(extra_size)) = (u64_at(&fields, 8), u32_at(&fields, 16)) else {
        return Next::Stop;
    };
    if after != [0; 8] {
        note(
            visit,
            Kind::ExtraPlacement,
            end,
            "EXTRA is not followed by a terminator".to_owned(),
        );
        return Next::Same;
    }
    let terminator = Head {
        addr: end,
        magic: 0,
        size: 0,
        in_extra: false,
        room,
    };
    if !visit(Step::Record(terminator)) {
        return Next::Stop;
    }
    let Some(behind) = end.checked_add(layout::TERMINATOR_SIZE) else {
        return Next::Stop;
    };
    let limit = u64::from(extra_size);
    let bound = layout::SIGFRAME_MAXSZ.saturating_sub(behind.0.saturating_sub(base.0));
    let wrong = if datap != behind.0 {
        let detail = format!("datap {datap:#x} is not right behind the terminator, {behind}");
        Some((Kind::ExtraPlacement, detail))
    } else if !datap.is_multiple_of(layout::ALIGN) || !limit.is_multiple_of(layout::ALIGN) {
        let detail = format!("datap {datap:#x} and size {limit} are not both multiples of 16");
        Some((Kind::ExtraSize, detail))
    } else if limit > bound {
        let detail = format!("size {limit} is more than the {bound} bytes a frame may still have");
        Some((Kind::ExtraSize, detail))
    } else {
        None
    };
    if let Some((kind, detail)) = wrong {
        note(visit, kind, head.addr, detail);
        return Next::Stop;
    }
    Next::Extra(Area {
        start: behind,
        limit,
        in_extra: true,
    })
}

/// Reports an anomaly.
fn note(visit: &mut dyn FnMut(Step) -> bool, kind: Kind, addr: Addr, detail: String) {
    visit(Step::Anomaly(FrameAnomaly { kind, addr, detail }));
}

/// The fixed part of a frame: everything before its records.
pub(super) type Header = [u8; layout::RESERVED];

/// Reads the fixed part of the frame at `base`.
pub(super) fn header(memory: &dyn Memory, base: Addr) -> Result<Header, Gap> {
    let mut bytes = [0; layout::RESERVED];
    memory.read(base, &mut bytes)?;
    Ok(bytes)
}

/// Reads the frame at `base` with all its records. Its liveness is left unknown, its signs empty.
///
/// # Errors
/// The first address of the 592 bytes before the records that is not in the image. Anything missing
/// after them is an anomaly of the frame.
pub fn read_frame(memory: &dyn Memory, base: Addr) -> Result<Frame, Gap> {
    let fixed = header(memory, base)?;
    let word = |offset| u64_at(&fixed, offset).unwrap_or_default();
    let half = |offset| u32_at(&fixed, offset).unwrap_or_default();
    let mut regs = [0; 31];
    for (reg, bytes) in regs.iter_mut().zip(
        fixed
            .get(layout::REGS..)
            .unwrap_or_default()
            .chunks_exact(8),
    ) {
        *reg = u64_at(bytes, 0).unwrap_or_default();
    }
    let mut records = Vec::new();
    let mut anomalies = Vec::new();
    let size = walk(memory, base, &mut |step| {
        match step {
            Step::Record(head) => {
                let body = decode(&head, memory, &mut anomalies);
                records.push(Record {
                    addr: head.addr,
                    place: placed(memory, head.addr, u64::from(head.size)),
                    magic: head.magic,
                    size: head.size,
                    in_extra: head.in_extra,
                    body,
                    raw: raw(&head, memory),
                });
            }
            Step::Anomaly(anomaly) => anomalies.push(anomaly),
        }
        true
    });
    let pstate = word(layout::PSTATE);
    whole(base, pstate, &records, &mut anomalies);
    Ok(Frame {
        base,
        size,
        place: memory.place(base),
        tid: None,
        liveness: Liveness::Unknown,
        signs: Vec::new(),
        signo: half(layout::SI_SIGNO).cast_signed(),
        si_code: half(layout::SI_CODE).cast_signed(),
        uc_flags: word(layout::UC_FLAGS),
        uc_link: word(layout::UC_LINK),
        uc_stack: (
            word(layout::SS_SP),
            half(layout::SS_FLAGS),
            word(layout::SS_SIZE),
        ),
        uc_sigmask: word(layout::UC_SIGMASK),
        fault_address: word(layout::FAULT_ADDRESS),
        regs,
        sp: word(layout::SP),
        pc: word(layout::PC),
        pstate,
        records,
        anomalies,
    })
}

/// Notes what shows only over the whole frame: `valid_native_regs`, records that may occur once,
/// FPSIMD that must occur, and ZT, which needs ZA switched on.
fn whole(base: Addr, pstate: u64, records: &[Record], anomalies: &mut Vec<FrameAnomaly>) {
    let mut note = |kind, addr, detail| anomalies.push(FrameAnomaly { kind, addr, detail });
    let at = |offset: usize| base.checked_add(offset as u64).unwrap_or(base);
    if pstate & layout::PSTATE_REFUSED != 0 {
        let detail =
            format!("pstate {pstate:#x} is not that of AArch64 code in EL0 with D, A, I, F clear");
        note(Kind::PstateInvalid, at(layout::PSTATE), detail);
    }
    for row in RecordKind::ALL
        .iter()
        .map(|kind| kind.row())
        .filter(|row| row.once)
    {
        let kind = if row.magic == RecordKind::Extra.magic() {
            Kind::ExtraNested
        } else {
            Kind::Duplicate
        };
        let nested = |record: &Record| record.in_extra && kind == Kind::ExtraNested;
        for record in records
            .iter()
            .filter(|record| record.magic == row.magic)
            .skip(1)
        {
            if !nested(record) {
                note(kind, record.addr, format!("another {} record", row.name));
            }
        }
    }
    if !records
        .iter()
        .any(|record| record.magic == RecordKind::Fpsimd.magic())
    {
        note(
            Kind::NoFpsimd,
            at(layout::RESERVED),
            "no FPSIMD record".to_owned(),
        );
    }
    let za = records
        .iter()
        .any(|record| matches!(record.body, Body::Za { payload: true, .. }));
    for record in records
        .iter()
        .filter(|record| record.magic == RecordKind::Zt.magic() && !za)
    {
        note(
            Kind::ZtWithoutZa,
            record.addr,
            "ZT record without a ZA payload".to_owned(),
        );
    }
}

/// What a frame's head and chain say without decoding a record: enough to tell a frame from other
/// bytes, at a bounded price.
pub(super) struct Skeleton {
    /// Bytes to the frame record.
    pub(super) size: u64,
    /// The kernel would take the chain, unknown magic words aside.
    pub(super) sound: bool,
    /// An FPSIMD record was met.
    pub(super) fpsimd: bool,
    /// Heads read.
    pub(super) steps: usize,
}

/// The place of `len` bytes from `addr` on, by the place of the first.
fn placed(memory: &dyn Memory, addr: Addr, len: u64) -> Option<Place> {
    memory.place(addr).map(|place| Place { len, ..place })
}

/// `struct _aarch64_ctx`: magic and size.
const HEAD_BYTES: usize = 8;

/// The first bytes of a record; none where they are not in the image.
fn raw(head: &Head, memory: &dyn Memory) -> Vec<u8> {
    // A terminator says size 0 and is a header all the same.
    let size = usize::try_from(head.size).unwrap_or(usize::MAX);
    let mut bytes = vec![0; size.clamp(HEAD_BYTES, RAW_KEPT)];
    match memory.read(head.addr, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// Walks the chain of the frame at `base` without decoding, up to the first violation.
pub(super) fn skeleton(memory: &dyn Memory, base: Addr) -> Skeleton {
    let (mut sound, mut fpsimd, mut ended, mut steps) = (true, false, false, 0_usize);
    let size = walk(memory, base, &mut |step| {
        match step {
            Step::Record(head) => {
                steps = steps.saturating_add(1);
                let first = head.magic == RecordKind::Fpsimd.magic();
                sound &= !(first && fpsimd);
                fpsimd |= first;
                ended |= head.magic == layout::END_MAGIC;
            }
            Step::Anomaly(_) => sound = false,
        }
        sound
    });
    Skeleton {
        size,
        sound: sound && ended && fpsimd,
        fpsimd,
        steps,
    }
}
