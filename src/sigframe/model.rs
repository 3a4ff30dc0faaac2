//! An `rt_sigframe` as found in dumped memory. Nothing here judges.

use crate::units::{Addr, Place, Tid, Vl};

pub use super::record::{Body, Length};

/// One signal frame with everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Address of its `siginfo`, the frame's lowest byte; SP when the handler was entered.
    pub base: Addr,
    /// Bytes from the base to the kernel's frame record `{fp, lr}` (4688 unless there is EXTRA space).
    pub size: u64,
    /// Where the base lies in the image; `None` where its page is a zero page.
    pub place: Option<Place>,
    /// The thread that returns or returned through it; `None` where no thread owns it.
    pub tid: Option<Tid>,
    /// Whether a thread will still return through it.
    pub liveness: Liveness,
    /// What showed the liveness, strongest first.
    pub signs: Vec<Sign>,
    /// `si_signo`; only meaningful for handlers installed with `SA_SIGINFO`, else old stack bytes.
    pub signo: i32,
    /// `si_code`, likewise.
    pub si_code: i32,
    /// `uc_flags`.
    pub uc_flags: u64,
    /// `uc_link`.
    pub uc_link: u64,
    /// `uc_stack`: sp, flags, size.
    pub uc_stack: (u64, u32, u64),
    /// `uc_sigmask`.
    pub uc_sigmask: u64,
    /// `fault_address`.
    pub fault_address: u64,
    /// Interrupted x0 to x30.
    pub regs: [u64; 31],
    /// Interrupted SP.
    pub sp: u64,
    /// Interrupted PC.
    pub pc: u64,
    /// Interrupted PSTATE.
    pub pstate: u64,
    /// The records in the order the kernel would parse them; those in EXTRA space after the
    /// terminator of `__reserved`.
    pub records: Vec<Record>,
    /// What does not fit the ABI.
    pub anomalies: Vec<FrameAnomaly>,
}

impl Frame {
    /// The non-streaming vector lengths in its SVE records.
    pub fn vector_lengths(&self) -> impl Iterator<Item = Vl> + '_ {
        self.records
            .iter()
            .filter_map(|record| match record.body.length()? {
                Length::Vectors(vl) => Some(vl),
                Length::Streaming(_) => None,
            })
    }
}

/// Whether a thread will still return through a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// Some thread will.
    Live,
    /// Neither could be shown.
    Unknown,
    /// No thread will: the bytes are left over.
    Stale,
}

/// One piece of evidence for a frame's liveness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// The thread's x29 chain reaches the kernel's frame record behind the frame.
    OnChain,
    /// The return address stored beside that link is the sigreturn trampoline.
    ReturnsToTrampoline,
    /// SP equals the frame's base: the handler has just been entered or is about to return.
    SpAtBase,
    /// PC stands on the sigreturn trampoline.
    PcAtTrampoline,
    /// Unwinding the thread by the tables of its code leads to the trampoline with SP at the frame's base.
    Unwound,
    /// The frame lies at or above the SP of a thread (or of an interrupted context) on that stack.
    AboveSp,
    /// The frame lies below the SP of the thread whose stack it is on.
    BelowSp,
    /// The frame lies on a thread's alternate stack, which the thread is not using.
    AltStackLeft,
    /// The x29 chain was followed to its end and does not pass through the frame.
    ChainSkips,
    /// The x29 chain breaks off before the frame, so it says nothing about it.
    ChainBroken,
    /// The thread was unwound to its outermost function by the tables of its code, past the frame.
    UnwindingSkips,
    /// The frame lies on no thread's stack.
    NoStack,
    /// The words below the frame hold the link and trampoline that a handler's prologue stores.
    HandlerRecordBelow,
    /// The frame record behind the frame does not match the interrupted x29 and x30.
    RecordMismatch,
    /// The signals the frame's handler blocks are blocked.
    MaskFits,
}

/// One record: `struct _aarch64_ctx` and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Address of its magic word.
    pub addr: Addr,
    /// Where that lies in the image; `None` in a zero page.
    pub place: Option<Place>,
    /// The magic word as read.
    pub magic: u32,
    /// The size word as read: bytes including the 8-byte header.
    pub size: u32,
    /// Lies in EXTRA space rather than in `__reserved`.
    pub in_extra: bool,
    /// Its fields.
    pub body: Body,
    /// Its first bytes as read, header included, at most [`RAW_KEPT`]; fewer where the image ends.
    pub raw: Vec<u8>,
}

/// Bytes of each record kept for people to look at: all of the small records, the start of the large.
pub const RAW_KEPT: usize = 256;

/// Where the parts of an SVE payload lie and what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SvePayload {
    /// Quadwords per vector.
    pub vq: u16,
    /// Offset of Z0 from the record; Z0 to Z31 follow each other, `16 * vq` bytes each.
    pub z_offset: u32,
    /// Offset of P0; P0 to P15, `2 * vq` bytes each.
    pub p_offset: u32,
    /// Offset of FFR, `2 * vq` bytes.
    pub ffr_offset: u32,
    /// Bits above 127 of every Z register are zero.
    pub upper_zero: bool,
    /// Every predicate is zero.
    pub predicates_zero: bool,
    /// FFR is zero.
    pub ffr_zero: bool,
}

/// `SVE_SIG_FLAG_SM` of `arch/arm64/include/uapi/asm/sigcontext.h`.
pub const SVE_SIG_FLAG_SM: u16 = 1;

/// A way in which a frame's bytes do not fit the ABI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameAnomaly {
    /// What kind.
    pub kind: FrameAnomalyKind,
    /// Where.
    pub addr: Addr,
    /// What was found, for people.
    pub detail: String,
}

/// Kinds of [`FrameAnomaly`]; the parse rules of `arch/arm64/kernel/signal.c` `parse_user_sigframe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FrameAnomalyKind {
    /// The chain of records leaves its area without a terminator.
    NoTerminator,
    /// A terminator (magic 0) with a size other than 0.
    TerminatorSize,
    /// A record's size is below 8.
    SizeTooSmall,
    /// A record's size is not a multiple of 16, so that the next one is not aligned.
    SizeUnaligned,
    /// A record ends past its area.
    SizeTooLarge,
    /// A second record of a kind that may occur once.
    Duplicate,
    /// A known record with a size its kind does not have.
    WrongSize,
    /// There is no FPSIMD record.
    NoFpsimd,
    /// EXTRA: not followed by a terminator, or `datap` not right behind that.
    ExtraPlacement,
    /// EXTRA: `datap` or its size not a multiple of 16, or the size out of bounds.
    ExtraSize,
    /// A second EXTRA record, or one inside EXTRA space.
    ExtraNested,
    /// Bytes of the frame are not in the image.
    Unreadable,
    /// The saved PSTATE is one `valid_native_regs` refuses.
    PstateInvalid,
    /// ZT without a ZA payload before it.
    ZtWithoutZa,
    /// Reserved fields that the kernel writes as 0 hold something else.
    ReservedNotZero,
}
