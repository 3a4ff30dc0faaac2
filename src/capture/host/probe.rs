//! Tries signal frames and lengths of auxiliary vectors, each in a child.

use super::{DONE, cpu, tell, told};
use crate::auxv::hwcap::Hwcaps;
use crate::capture::child;
use crate::capture::probe::auxv::{self, Answer, PAIR};
use crate::capture::probe::frame::{self, Goal};
use crate::capture::probe::{Outcome, Tried, trials};
use crate::capture::raw::{Probe, Raw, Vectors};
use crate::capture::vectors;
use crate::launch::Vectors as Kind;
use crate::units::{Addr, Vl};

/// Exit status of a child that came through a frame, which put it into X0.
const ARRIVED: i32 = 42;
/// Exit status of a child that does not have the vector lengths it should.
const WRONG_LENGTH: i32 = 43;
/// Bytes of the largest frame: `SIGFRAME_MAXSZ`.
const LARGEST: u64 = crate::sigframe::layout::SIGFRAME_MAXSZ;

/// A frame's memory: 16-aligned.
type Line = u128;

/// Tries everything.
pub(super) fn try_all(caps: &Hwcaps, raw: &Raw) -> Probe {
    Probe {
        frames: frames(caps, raw),
        auxv: auxv_lengths(),
    }
}

/// The vector length that children are given: the machine's default, else what they inherit.
fn length_of(kind: &Vectors) -> Option<Vl> {
    let default = kind.default.as_deref().and_then(vectors::default);
    default.or_else(|| kind.own.map(vectors::own).filter(|vl| vl.vq().is_some()))
}

/// Tries every frame.
fn frames(caps: &Hwcaps, raw: &Raw) -> Result<Vec<Tried>, String> {
    let own = own_frame()?;
    let (sve, sme) = (length_of(&raw.sve), length_of(&raw.sme));
    let lines = usize::try_from(LARGEST)
        .unwrap_or(0)
        .div_ceil(size_of::<Line>());
    let mut memory: Vec<Line> = vec![0; lines];
    // Children have the same memory at the same address.
    let base = u64::try_from(memory.as_ptr().addr()).unwrap_or(0);
    let goal = Goal {
        pc: cpu::arrival(),
        x0: u64::try_from(ARRIVED).unwrap_or(0),
    };
    let mut tried = Vec::new();
    for trial in trials::trials(caps, sve, sme) {
        let bytes =
            frame::build(&own, &trial, Addr(base), goal).map_err(|error| error.to_string())?;
        memory.fill(0);
        let (whole, rest) = bytes.as_chunks();
        if whole.len() > memory.len() || !rest.is_empty() {
            return Err(format!("a frame of {} bytes does not fit", bytes.len()));
        }
        for (line, bytes) in memory.iter_mut().zip(whole) {
            *line = Line::from_ne_bytes(*bytes);
        }
        let left = child::run(|_| {
            // At another length than the frame's, its refusal would say nothing.
            let set = |kind, vl: Vl| cpu::set_length(kind, vl.0).is_ok_and(|got| got == vl.0);
            match sve.is_none_or(|vl| set(Kind::Sve, vl)) && sme.is_none_or(|vl| set(Kind::Sme, vl))
            {
                true => cpu::sigreturn(memory.as_ptr().cast()),
                false => WRONG_LENGTH,
            }
        });
        let outcome = match left.map_err(|error| error.to_string())?.end {
            child::End::Exit(ARRIVED) => Outcome::Taken,
            child::End::Signal(libc::SIGSEGV) => Outcome::Refused,
            child::End::Exit(WRONG_LENGTH) => {
                Outcome::Other("could not be tried at its vector length".to_owned())
            }
            child::End::Exit(status) => Outcome::Other(format!("ended with exit status {status}")),
            child::End::Signal(signal) => Outcome::Other(format!("was killed by signal {signal}")),
            child::End::TimedOut => Outcome::Other("did not end".to_owned()),
        };
        tried.push(Tried { trial, outcome });
    }
    Ok(tried)
}

/// A frame that this kernel wrote, in a child that also returned through it.
fn own_frame() -> Result<Vec<u8>, String> {
    let left = child::run(|out| match cpu::write_own_frame(out) {
        Ok(()) => DONE,
        Err(_) => 1,
    });
    let left = left.map_err(|error| format!("no child could be started: {error}"))?;
    match left.end {
        child::End::Exit(DONE) if !left.bytes.is_empty() => Ok(left.bytes),
        end => Err(format!(
            "a child that raised a signal ended unexpectedly: {end:?}"
        )),
    }
}

/// Tries every length of an auxiliary vector, in one child.
fn auxv_lengths() -> Answer {
    let stat = match std::fs::read_to_string("/proc/self/stat") {
        Ok(stat) => stat,
        Err(error) => return Answer::Failed(format!("cannot read /proc/self/stat: {error}")),
    };
    let Some(fields) = auxv::fields(&stat) else {
        return Answer::Failed("/proc/self/stat does not tell where this program lies".to_owned());
    };
    let sizes = || auxv::LENGTHS.step_by(usize::try_from(PAIR).unwrap_or(1));
    // A vector of nothing but AT_NULL.
    let words = usize::try_from(*auxv::LENGTHS.end())
        .unwrap_or(0)
        .div_ceil(size_of::<u64>());
    let vector: Vec<u64> = vec![0; words];
    let left = child::run(|out| {
        for size in sizes() {
            tell(
                out,
                u64::from(cpu::set_auxv(fields, &vector, size).unsigned_abs()),
            );
        }
        DONE
    });
    let left = match left {
        Ok(left) => left,
        Err(error) => return Answer::Failed(format!("no child could be started: {error}")),
    };
    let errors = told(&left.bytes);
    let errors = errors
        .iter()
        .map(|error| i32::try_from(*error).unwrap_or(-1));
    Answer::Tried(sizes().zip(errors).collect())
}
