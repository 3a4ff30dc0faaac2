//! From a system call, or a call that ends in one, back to what is known of its number and its first argument.

use std::collections::HashSet;

use crate::a64::{BYTES as INSTRUCTION, Flow, Instruction, SP, Write};
use crate::flow::origin::{Memory, Origin, before, keeps};
use crate::flow::{Graph, Unfollowed};

use crate::evidence::Reason;

/// Number of `prctl` (kernel 7.3, `include/uapi/asm-generic/unistd.h`).
const PRCTL: u64 = 167;
/// `PR_SVE_SET_VL` (kernel 7.3, `include/uapi/linux/prctl.h`).
const PR_SVE_SET_VL: u64 = 50;

/// Names under which other files find the functions that lead to one system call.
const MAX_NAMES: usize = 256;
/// Places that are looked at for one system call. Wrappers in libraries have some hundred callers in their own file.
const MAX_STEPS: usize = 1 << 16;

/// What must be known of a system call: where its number and its first argument come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Call {
    /// Of its number.
    pub(super) number: Origin,
    /// Of its first argument.
    pub(super) argument: Origin,
}

/// A function that other files can call to make such a call: its name, and which of its arguments count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wrapper<'a> {
    /// Its name.
    pub(super) name: &'a [u8],
    /// Where number and argument are when it is called.
    pub(super) call: Call,
}

/// A place in code, and why it cannot be passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// Address, as linked, where it is one place.
    pub(super) at: Option<u64>,
    /// Why.
    pub(super) reason: Reason,
}

impl From<Unfollowed> for Stop {
    fn from(why: Unfollowed) -> Self {
        match why {
            Unfollowed::Taken(at) => Self {
                at: Some(at),
                reason: Reason::AddressTaken,
            },
            Unfollowed::TooMany => Self::whole(Reason::TooMany),
        }
    }
}

impl Stop {
    /// Of a file as a whole.
    pub(super) fn whole(reason: Reason) -> Self {
        Self { at: None, reason }
    }
}

/// Walks of one file; what is found of functions' addresses is kept from one to the next.
#[derive(Debug)]
pub(super) struct Walker<'p, 'a> {
    graph: &'p Graph<'a>,
    /// The C library that the file is, or has linked in.
    libc: Option<Libc>,
}

/// C libraries whose set*id functions hand a command to all threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Libc {
    /// A number, and from 8 bytes on three arguments of 8 bytes (glibc 2.43, nptl/descr.h `struct xid_command`,
    /// nptl/nptl_setxid.c). Its threads find the command through a pointer in memory.
    Glibc,
    /// Three arguments of 4 bytes, and the number (musl 1.2.5, src/unistd/setxid.c `struct ctx`). It is handed over as the
    /// second argument of a function whose first one is the one that makes the call (`__synccall`).
    Musl,
}

impl Libc {
    /// How far behind the number the first argument lies, bytes.
    fn argument(self) -> i64 {
        match self {
            Self::Glibc => 8,
            Self::Musl => -12,
        }
    }
}

/// A point of a walk: before the instruction at `pc`, on the way to the call at `at`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Point {
    pc: u64,
    at: u64,
    call: Call,
    /// The function that makes the system call does not have its number in a register from its caller.
    own: bool,
}

impl<'p, 'a> Walker<'p, 'a> {
    pub(super) fn new(graph: &'p Graph<'a>) -> Self {
        // What only one of them defines, or a name that is linked into static programs: environment variables.
        let libc = if graph.dynamic().defines(b"gnu_get_libc_version")
            || graph.has_string(b"GLIBC_TUNABLES")
        {
            Some(Libc::Glibc)
        } else if graph.has_string(b"MUSL_LOCPATH") {
            Some(Libc::Musl)
        } else {
            None
        };
        Self { graph, libc }
    }

    /// Follows the call that the instruction at `pc` makes, against the flow of the code, on every way that leads
    /// there. `stub` is where a stub begins that is no harm where nothing calls it.
    ///
    /// # Errors
    /// The first place where the call may be the one that sets a vector length.
    pub(super) fn follow(
        &mut self,
        pc: u64,
        call: Call,
        stub: Option<u64>,
    ) -> Result<Vec<Wrapper<'a>>, Stop> {
        let mut seen = HashSet::new();
        let mut wrappers = Vec::new();
        let own = call.number == Origin::low(8);
        let mut open = vec![Point {
            pc,
            at: pc,
            call,
            own,
        }];
        while let Some(point) = open.pop() {
            if self.harmless(point.call) || !seen.insert(point) {
                continue;
            }
            let stop = |reason| Stop {
                at: Some(point.at),
                reason,
            };
            if let Some(reason) = point.call.settled() {
                return Err(stop(reason));
            }
            if seen.len() > MAX_STEPS || wrappers.len() > MAX_NAMES {
                return Err(stop(Reason::TooMany));
            }
            let stepped = self.step(point, stub, &mut open, &mut wrappers);
            // What the step found may not be all there is.
            if !self.graph.budget().spend(1) {
                return Err(stop(Reason::TooMany));
            }
            stepped.map_err(stop)?;
        }
        Ok(wrappers)
    }

    /// Adds the points in front of `point`.
    fn step(
        &mut self,
        point: Point,
        stub: Option<u64>,
        open: &mut Vec<Point>,
        wrappers: &mut Vec<Wrapper<'a>>,
    ) -> Result<(), Reason> {
        let Point { pc, at, call, own } = point;
        let graph = self.graph;
        let before = graph.before(pc);
        let front = before
            .front
            .and_then(|front| Some((front, graph.at(front)?)));
        if let Some((front, it)) = front {
            let calls = call.before(&it, front, self.memory(point));
            open.extend(calls.map(|call| Point {
                pc: front,
                at,
                call,
                own,
            }));
        }
        for source in &before.sources {
            let (at, call) = if source.is_call {
                (source.at, self.on_stack(source.at, call))
            } else {
                (at, call)
            };
            open.push(Point {
                pc: source.at,
                at,
                call,
                own: own
                    && (call.number == Origin::low(8)
                        || !matches!(call.number, Origin::Register(_))),
            });
        }
        if !before.begins {
            return Ok(());
        }
        if own && self.is_command(call) {
            open.extend(self.commanded(pc)?);
            return Ok(());
        }
        if graph.begins(pc) || graph.is_taken(pc) {
            return Err(Reason::AddressTaken);
        }
        let mut exported = false;
        for name in graph.dynamic().names_of(pc) {
            exported = true;
            wrappers.push(Wrapper {
                name,
                call: call.at_entry(),
            });
        }
        if before.front.is_some() || !before.sources.is_empty() || exported || stub == Some(pc) {
            Ok(())
        } else {
            Err(Reason::NotReached)
        }
    }

    /// The same where the pointer that the call at `pc` hands over is one to its caller's stack, made right before: there
    /// stores are seen.
    fn on_stack(&self, pc: u64, call: Call) -> Call {
        /// Instructions between the two.
        const NEAR: usize = 32;
        let Origin::Word { base, .. } = call.number else {
            return call;
        };
        let mut at = pc;
        for _ in 0..NEAR {
            let Some(front) = self.graph.in_front(at) else {
                break;
            };
            let Some(it) = self.graph.at(front) else {
                break;
            };
            // SP and a number.
            if let Write::Sum {
                from: SP,
                by,
                keep: u64::MAX,
            } = it.write(front, base)
            {
                let by = by.cast_signed();
                return Call {
                    number: call.number.based(base, by),
                    argument: call.argument.based(base, by),
                };
            }
            let straight = it.flow() == Flow::On && self.graph.sources(at).next().is_none();
            if !straight || !keeps(&it, base) || !keeps(&it, SP) {
                break;
            }
            at = front;
        }
        call
    }

    /// Whether the call is what musl's function makes of the command it is handed.
    fn is_command(&self, call: Call) -> bool {
        let word = |offset| Origin::Word { base: 0, offset };
        self.libc == Some(Libc::Musl) && (call.number, call.argument) == (word(12), word(0))
    }

    /// Where musl hands the function at `pc` over, with its command.
    fn commanded(&self, pc: u64) -> Result<Vec<Point>, Reason> {
        /// Instructions between the address and the call: the command is filled in there.
        const NEAR: u64 = 16;
        if self.graph.points_to(pc) || self.graph.makes(pc) {
            return Err(Reason::AddressTaken);
        }
        let mut found = Vec::new();
        for add in self.graph.makers(pc) {
            let handed = (0..NEAR)
                .map(|index| add.wrapping_add(index.wrapping_mul(INSTRUCTION)))
                .map_while(|at| Some((at, self.graph.at(at)?)))
                .find(|(at, it)| it.flow() != Flow::On || *at != add && !keeps(it, 0))
                .filter(|(_, it)| it.flow().is_call());
            let first = self.graph.at(add).and_then(|it| it.writes().only());
            let (Some((at, _)), Some(0)) = (handed, first) else {
                return Err(Reason::AddressTaken);
            };
            let word = |offset| Origin::Word { base: 1, offset };
            let call = Call {
                number: word(12),
                argument: word(0),
            };
            let call = self.on_stack(at, call);
            found.push(Point {
                pc: at,
                at,
                call,
                own: true,
            });
        }
        if found.is_empty() {
            return Err(Reason::NotReached);
        }
        Ok(found)
    }

    fn harmless(&self, call: Call) -> bool {
        // A signal handler repeats what the function did whose callers were followed.
        let repeated = self.libc == Some(Libc::Glibc)
            && (call.number, call.argument) == (Origin::Far, Origin::Far);
        repeated || !call.number.could_be(PRCTL) || !call.argument.could_be(PR_SVE_SET_VL)
    }

    /// Nothing changes a command on its way to the threads. What a caller hands to `syscall` is none.
    fn memory(&self, Point { call, own, .. }: Point) -> Memory {
        let Some(libc) = self.libc.filter(|_| own) else {
            return Memory::Any;
        };
        match (call.number, call.argument) {
            (
                Origin::Word { base, offset },
                Origin::Word {
                    base: same,
                    offset: next,
                },
            ) if base == same && next == offset.wrapping_add(libc.argument()) => Memory::Behind,
            // The number is not loaded yet.
            (Origin::Register(_), Origin::Word { .. }) => Memory::Behind,
            _ => Memory::Any,
        }
    }
}

impl Call {
    /// Why a call of which no more can be known may be the one.
    fn settled(self) -> Option<Reason> {
        if !self.number.settled() || !self.argument.settled() {
            return None;
        }
        Some(match (self.number, self.argument) {
            (Origin::Known(_), Origin::Known(_)) => Reason::Sets,
            (Origin::Known(_), _) => Reason::Argument,
            _ => Reason::Number,
        })
    }

    /// The same before an instruction, on every way it may have gone.
    fn before(self, it: &Instruction, pc: u64, memory: Memory) -> impl Iterator<Item = Self> {
        let numbers = before(it, pc, self.number, memory);
        let arguments = before(it, pc, self.argument, memory);
        numbers.into_iter().flatten().flat_map(move |number| {
            arguments
                .into_iter()
                .flatten()
                .map(move |argument| Self { number, argument })
        })
    }

    /// What of it another file can know: what is in the registers of arguments.
    fn at_entry(self) -> Self {
        let seen = |origin| match origin {
            Origin::Register(part) if part.register > 7 => Origin::Unknown,
            Origin::Word { .. } | Origin::Far => Origin::Unknown,
            other => other,
        };
        Self {
            number: seen(self.number),
            argument: seen(self.argument),
        }
    }
}
