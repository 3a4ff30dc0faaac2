//! A thread's x29 chain: the frame records `{fp, lr}` of its callers, through signal frames into the
//! code they interrupted.
//!
//! The kernel enters a handler with x29 on the frame record behind the frame and x30 on the
//! trampoline (`setup_return` of `arch/arm64/kernel/signal.c`), so a handler that keeps frame records
//! stores exactly that pair, and one that does not leaves x29 where it was.

use std::collections::HashSet;

use crate::memory::Memory;
use crate::units::{Addr, AddrRange, Tid};

use super::candidates::{Frames, pair};
use super::model::Sign;
use super::scan::{PAC_BITS, Trampolines};

/// Records followed per thread; a stack of 8 MiB holds at most half a million of 16 bytes, real ones
/// some thousands.
pub const MAX_NODES: usize = 100_000;
/// Records followed in all threads of a task together.
pub(super) const MAX_TASK_NODES: usize = 1 << 22;
/// Records kept per thread for those who look at return addresses.
pub const KEPT_NODES: usize = 4096;

/// What is known of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadView {
    /// Its id.
    pub tid: Tid,
    /// x0 to x30.
    pub x: [u64; 31],
    /// Stack pointer.
    pub sp: Addr,
    /// Program counter.
    pub pc: Addr,
    /// TPIDR_EL0: where its own data is.
    pub tls: Addr,
    /// Blocked signals, bit 0 = signal 1.
    pub blocked: u64,
    /// The alternate signal stack it registered, if one.
    pub altstack: Option<AddrRange>,
}

/// One frame record of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainNode {
    /// Where the record lies.
    pub addr: Addr,
    /// Its link: x29 of the caller, or the interrupted x29.
    pub fp: Addr,
    /// Its return address as stored, perhaps signed; in a signal frame's record the interrupted x30.
    pub lr_raw: u64,
    /// The return address without PAC bits, where that makes it an address of code.
    pub lr: Addr,
    /// Base of the signal frame whose record this is.
    pub frame: Option<Addr>,
}

/// Why a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChainEnd {
    /// A record with link 0: the outermost one.
    Outermost,
    /// x29 is 0, in the thread or in interrupted code: no frame records are kept there.
    NotKept,
    /// x29 does not point into the stack of its SP, at or above it.
    NotOnStack,
    /// A record's link does not lead up the same mapping.
    NotAscending,
    /// A record is not in the image.
    Unreadable,
    /// A signal frame was met a second time.
    Loop,
    /// More records than are followed.
    TooLong,
}

/// A thread's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainWalk {
    /// The thread.
    pub tid: Tid,
    /// Its records, innermost first; at most [`KEPT_NODES`].
    pub nodes: Vec<ChainNode>,
    /// Whether it was followed, without a doubt on the way, to the outermost record.
    pub complete: bool,
    /// Why it ends.
    pub end: ChainEnd,
    /// The link that could not be followed; `None` when complete.
    pub stopped_at: Option<Addr>,
    /// Signal frames the thread will return through, innermost first.
    pub frames: Vec<Addr>,
}

impl ChainWalk {
    /// Takes back that the chain is complete where unwinding the thread has shown other callers: then x29 held
    /// something else.
    pub(super) fn doubt(&mut self, returns: impl Fn(Addr) -> bool) {
        let strange = self
            .nodes
            .iter()
            .filter(|node| node.frame.is_none())
            .find(|node| !node.addr.checked_add(8).is_some_and(&returns));
        if let Some(node) = strange.filter(|_| self.complete) {
            self.complete = false;
            self.stopped_at = Some(node.addr);
        }
    }

    /// How many handlers the thread is in.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.frames.len()
    }
}

/// A return through the trampoline behind which no frame could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dangling {
    /// The thread that will return there.
    pub tid: Tid,
    /// Where the frame record or, with PC on the trampoline, the frame's base should be.
    pub addr: Addr,
}

/// A frame a thread will return through and what showed it.
pub(super) struct Proof {
    pub(super) base: Addr,
    pub(super) signs: Vec<Sign>,
}

/// The result of following one thread.
pub(super) struct Followed {
    pub(super) walk: ChainWalk,
    pub(super) proofs: Vec<Proof>,
    pub(super) dangling: Vec<Dangling>,
}

/// Registers at which a stretch of the chain begins: the thread's own, or interrupted ones.
#[derive(Clone, Copy)]
struct Context {
    fp: u64,
    lr: u64,
    sp: Addr,
    pc: Addr,
}

/// Where a stretch leads.
enum Stretch {
    /// The chain ends.
    End(ChainEnd, Addr),
    /// To a signal frame.
    Frame(Addr, Vec<Sign>),
    /// To the record of a signal frame that could not be read.
    Lost(Addr),
}

/// Follows threads of one task.
pub(super) struct Unwinder<'a> {
    memory: &'a dyn Memory,
    trampolines: &'a Trampolines,
    left: usize,
}

impl<'a> Unwinder<'a> {
    pub(super) fn new(memory: &'a dyn Memory, trampolines: &'a Trampolines) -> Self {
        Self {
            memory,
            trampolines,
            left: MAX_TASK_NODES,
        }
    }

    /// Follows one thread.
    pub(super) fn follow(&mut self, thread: &ThreadView, frames: &mut Frames<'_>) -> Followed {
        let [fp, lr] = [29, 30].map(|reg: usize| thread.x.get(reg).copied().unwrap_or_default());
        let mut context = Context {
            fp,
            lr,
            sp: thread.sp,
            pc: thread.pc,
        };
        let mut out = Output {
            tid: thread.tid,
            nodes: Vec::new(),
            followed: 0,
            proofs: Vec::new(),
            dangling: Vec::new(),
        };
        let mut visited = HashSet::new();
        let mut sound = true;
        let (end, at) = loop {
            let stretch = match self.at_once(&context, frames) {
                Some(stretch) => stretch,
                None => self.stretch(&context, frames, &mut sound, &mut out),
            };
            match stretch {
                Stretch::End(end, at) => break (end, at),
                Stretch::Frame(base, signs) => {
                    if !visited.insert(base) {
                        break (ChainEnd::Loop, base);
                    }
                    out.proofs.push(Proof { base, signs });
                    let Some(frame) = frames.get(base) else {
                        break (ChainEnd::Unreadable, base);
                    };
                    let [fp, lr] =
                        [29, 30].map(|reg: usize| frame.regs.get(reg).copied().unwrap_or_default());
                    if let Some(record) = base.checked_add(frame.size) {
                        self.keep(
                            record,
                            pair(self.memory, record).unwrap_or((fp, lr)),
                            Some(base),
                            &mut out,
                        );
                    }
                    context = Context {
                        fp,
                        lr,
                        sp: Addr(frame.sp),
                        pc: Addr(frame.pc),
                    };
                }
                Stretch::Lost(record) => {
                    out.dangling.push(Dangling {
                        tid: out.tid,
                        addr: record,
                    });
                    sound = false;
                    let Some((fp, lr)) =
                        pair(self.memory, record).filter(|_| visited.insert(record))
                    else {
                        break (ChainEnd::Unreadable, record);
                    };
                    self.keep(record, (fp, lr), None, &mut out);
                    context = Context {
                        fp,
                        lr,
                        sp: record,
                        pc: Addr(0),
                    };
                }
            }
        };
        let complete = sound && end == ChainEnd::Outermost;
        let walk = ChainWalk {
            tid: out.tid,
            nodes: out.nodes,
            complete,
            end,
            stopped_at: (!complete).then_some(at),
            frames: out.proofs.iter().map(|proof| proof.base).collect(),
        };
        Followed {
            walk,
            proofs: out.proofs,
            dangling: out.dangling,
        }
    }

    /// The signal frame that the registers alone lead to: a handler just entered, one that keeps no
    /// frame record, or the trampoline itself.
    fn at_once(&self, context: &Context, frames: &mut Frames<'_>) -> Option<Stretch> {
        let on_trampoline = self.trampolines.stands_on(context.pc);
        let returns = self.trampolines.returns(context.lr);
        let fp = Addr(context.fp);
        if on_trampoline || returns {
            let at_base = if on_trampoline {
                frames.adopt_at(context.sp)
            } else {
                frames.get(context.sp).is_some()
            };
            if at_base {
                let mut signs = Vec::new();
                let linked = frames.known(fp) == Some(context.sp);
                signs.extend(on_trampoline.then_some(Sign::PcAtTrampoline));
                signs.push(Sign::SpAtBase);
                signs.extend(linked.then_some(Sign::OnChain));
                signs.extend((linked && returns).then_some(Sign::ReturnsToTrampoline));
                return Some(Stretch::Frame(context.sp, signs));
            }
        }
        if on_trampoline {
            return Some(Stretch::Lost(context.sp));
        }
        if returns {
            return Some(match frames.resolve(fp) {
                Some(base) => Stretch::Frame(base, vec![Sign::OnChain, Sign::ReturnsToTrampoline]),
                None => Stretch::Lost(fp),
            });
        }
        let base = frames.known(fp)?;
        Some(Stretch::Frame(base, vec![Sign::OnChain]))
    }

    /// Follows frame records up one stack.
    fn stretch(
        &mut self,
        context: &Context,
        frames: &mut Frames<'_>,
        sound: &mut bool,
        out: &mut Output,
    ) -> Stretch {
        let mut at = Addr(context.fp);
        if context.fp == 0 {
            *sound = false;
            return Stretch::End(ChainEnd::NotKept, at);
        }
        let Some(stack) = self.memory.mapping_at(at).map(|mapping| mapping.range) else {
            return Stretch::End(ChainEnd::NotOnStack, at);
        };
        // Go keeps its record one word below SP; nobody keeps one further down.
        let lowest = Addr(context.sp.0.saturating_sub(16));
        let anchored = stack.contains(context.sp) && at >= lowest && at.is_aligned(8);
        *sound &= anchored;
        loop {
            if self.left == 0 || out.followed >= MAX_NODES {
                return Stretch::End(ChainEnd::TooLong, at);
            }
            let Some((fp, lr)) = pair(self.memory, at) else {
                return Stretch::End(ChainEnd::Unreadable, at);
            };
            self.keep(at, (fp, lr), None, out);
            let next = Addr(fp);
            // Code that keeps no frame records has anything in x29, and stacks are full of zeros.
            *sound &= is_code(self.memory, lr);
            if self.trampolines.returns(lr) {
                return match frames.resolve(next) {
                    Some(base) => {
                        Stretch::Frame(base, vec![Sign::OnChain, Sign::ReturnsToTrampoline])
                    }
                    None => Stretch::Lost(next),
                };
            }
            if let Some(base) = frames.known(next) {
                return Stretch::Frame(base, vec![Sign::OnChain]);
            }
            if fp == 0 {
                let end = if anchored {
                    ChainEnd::Outermost
                } else {
                    ChainEnd::NotOnStack
                };
                return Stretch::End(end, at);
            }
            if next <= at || !stack.contains(next) || !next.is_aligned(8) {
                return Stretch::End(ChainEnd::NotAscending, next);
            }
            at = next;
        }
    }

    /// Counts a record, and keeps it while there is room.
    fn keep(&mut self, addr: Addr, (fp, lr): (u64, u64), frame: Option<Addr>, out: &mut Output) {
        self.left = self.left.saturating_sub(1);
        out.followed = out.followed.saturating_add(1);
        if out.nodes.len() < KEPT_NODES {
            out.nodes.push(ChainNode {
                addr,
                fp: Addr(fp),
                lr_raw: lr,
                lr: strip(self.memory, lr),
                frame,
            });
        }
    }
}

/// What is gathered while a thread is followed.
struct Output {
    tid: Tid,
    nodes: Vec<ChainNode>,
    followed: usize,
    proofs: Vec<Proof>,
    dangling: Vec<Dangling>,
}

/// Whether `word` is an address of code, plain or signed.
fn is_code(memory: &dyn Memory, word: u64) -> bool {
    let mapping = memory.mapping_at(strip(memory, word));
    mapping.is_some_and(|mapping| mapping.exec)
}

/// The address of code in `word`: as it is, without PAC bits of 48-bit addresses, or without those of
/// 52-bit addresses, whichever first lies in an executable mapping; else as it is.
#[must_use]
pub fn strip(memory: &dyn Memory, word: u64) -> Addr {
    let code = |addr: Addr| memory.mapping_at(addr).is_some_and(|mapping| mapping.exec);
    [word, word & !PAC_BITS, word & !(PAC_BITS & !(0xf << 48))]
        .map(Addr)
        .into_iter()
        .find(|addr| code(*addr))
        .unwrap_or(Addr(word))
}

/// The mappings a thread's chain leads through, found without knowing any frame: links may lead
/// anywhere a bounded number of times. `left` is what may still be followed in the whole task.
pub(super) fn lead(memory: &dyn Memory, thread: &ThreadView, left: &mut usize) -> Vec<AddrRange> {
    /// Changes of direction or mapping: nested handlers on several stacks need a handful.
    const MAX_TURNS: usize = 64;
    let mut seen: Vec<AddrRange> = Vec::new();
    let mut at = Addr(thread.x.get(29).copied().unwrap_or_default());
    let mut turns: usize = 0;
    for _ in 0..MAX_NODES.min(*left) {
        *left = left.saturating_sub(1);
        let Some(mapping) = memory.mapping_at(at).filter(|mapping| mapping.write) else {
            break;
        };
        if !seen.contains(&mapping.range) {
            seen.push(mapping.range);
        }
        let Some((fp, _)) = pair(memory, at) else {
            break;
        };
        if fp <= at.0 || !mapping.range.contains(Addr(fp)) {
            turns = turns.saturating_add(1);
            if turns > MAX_TURNS {
                break;
            }
        }
        at = Addr(fp);
    }
    seen
}
