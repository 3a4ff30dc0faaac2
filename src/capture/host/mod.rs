//! Asks the machine this runs on. Only here, and only on arm64 Linux.
//!
//! Nothing is asked in this process that could end or change it: registers that a kernel may not
//! emulate, vector lengths, the maps of memory and signal frames are tried in children ([`super::child`]), which
//! do no more than system calls and end. [`cpu`] holds the instructions and calls that no safe interface has.

mod cpu;
mod probe;

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;

use rustix::thread::CpuSet;

use super::raw::{Core, Raw, Vectors};
use super::registers::{Mrs, TABLE};
use super::{Error, child, cores, criu, interpret, vectors};
use crate::auxv::hwcap;
use crate::auxv::vector::Auxv;
use crate::launch::Vectors as Kind;

/// Bits that a user address can have (`CONFIG_ARM64_VA_BITS`).
const VA_BITS: std::ops::RangeInclusive<u8> = 36..=52;
/// Exit status of a child that did what it was started for.
const DONE: i32 = 0;
/// Where Linux shows its cores.
const CPU_FOLDER: &str = "/sys/devices/system/cpu";

/// Asks everything; `probe`: also tries what `rt_sigreturn` and `PR_SET_MM_MAP` take.
pub(super) fn gather(probe: bool) -> Result<Raw, Error> {
    // Everything else would fail in the same way, one question after the other.
    child::run(|_| DONE).map_err(|source| Error::Children { source })?;
    let auxv = words("/proc/self/auxv")?;
    let caps = interpret::hwcaps(&Auxv::from_words(&auxv));
    let has = |bit| caps.has(bit) == Some(true);
    let uname = rustix::system::uname();
    let (registers, refused) = registers(has(hwcap::CPUID));
    let mut raw = Raw {
        auxv,
        release: uname.release().to_string_lossy().into_owned(),
        node: uname.nodename().to_string_lossy().into_owned(),
        cores: cores_of(&registers),
        registers,
        refused,
        sve: if has(hwcap::SVE) {
            lengths(Kind::Sve)
        } else {
            Vectors::default()
        },
        sme: if has(hwcap::SME) {
            lengths(Kind::Sme)
        } else {
            Vectors::default()
        },
        va: addresses(),
        criu: criu::installed(),
        probe: None,
    };
    if probe {
        raw.probe = Some(probe::try_all(&caps, &raw));
    }
    Ok(raw)
}

/// The 64-bit words of a file.
fn words(path: &'static str) -> Result<Vec<u64>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path, source })?;
    let (words, _) = bytes.as_chunks();
    Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

/// Writes a word for the parent. A parent that has gone needs none.
fn tell(out: BorrowedFd<'_>, word: u64) {
    let _ = rustix::io::write(out, &word.to_le_bytes());
}

/// The words a child wrote.
fn told(bytes: &[u8]) -> Vec<u64> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

/// Reads every register that a program can read, each in a child of its own: a kernel that does not emulate
/// one ends the child with SIGILL. The second list names those.
fn registers(emulated: bool) -> (BTreeMap<String, u64>, Vec<String>) {
    let (mut values, mut refused) = (BTreeMap::new(), Vec::new());
    for register in TABLE {
        match register.mrs {
            Some(Mrs::Direct) => {}
            Some(Mrs::Emulated) if emulated => {}
            _ => continue,
        }
        let answer = child::run(|out| {
            if let Some(value) = cpu::read(register.name) {
                tell(out, value);
            }
            DONE
        });
        match answer.map(|answer| told(&answer.bytes)).as_deref() {
            Ok([value]) => {
                values.insert(register.name.to_owned(), *value);
            }
            _ => refused.push(register.name.to_owned()),
        }
    }
    (values, refused)
}

/// The online cores with the registers in which they can differ; `readable` are those that `MRS` gives.
fn cores_of(readable: &BTreeMap<String, u64>) -> Vec<Core> {
    let online = std::fs::read_to_string(format!("{CPU_FOLDER}/online"))
        .ok()
        .and_then(|list| cores::parse_list(&list))
        .unwrap_or_else(allowed);
    let own: Vec<&str> = TABLE
        .iter()
        .filter(|register| register.by_core && readable.contains_key(register.name))
        .map(|register| register.name)
        .collect();
    // Each core's number, then its registers; a core this process may not run on is left out.
    let answer = child::run(|out| {
        for core in &online {
            if !pin(*core) {
                continue;
            }
            tell(out, u64::from(*core));
            for name in &own {
                tell(out, cpu::read(name).unwrap_or(0));
            }
        }
        DONE
    });
    let words = answer.map(|answer| told(&answer.bytes)).unwrap_or_default();
    let mut pinned: BTreeMap<u32, BTreeMap<String, u64>> = BTreeMap::new();
    for of_core in words.chunks_exact(own.len().saturating_add(1)) {
        if let Some((number, values)) = of_core.split_first()
            && let Ok(number) = u32::try_from(*number)
        {
            let names = own.iter().map(|name| (*name).to_owned());
            pinned.insert(number, names.zip(values.iter().copied()).collect());
        }
    }
    online
        .into_iter()
        .map(|number| Core {
            number,
            mrs: pinned.remove(&number).unwrap_or_default(),
            sysfs: identification(number),
        })
        .collect()
}

/// The cores this process may run on.
fn allowed() -> Vec<u32> {
    let Ok(set) = rustix::thread::sched_getaffinity(None) else {
        return Vec::new();
    };
    (0..CpuSet::MAX_CPU)
        .filter(|core| set.is_set(*core))
        .filter_map(|core| u32::try_from(core).ok())
        .collect()
}

/// Moves this thread to a core; whether that was done.
fn pin(core: u32) -> bool {
    let Some(core) = usize::try_from(core)
        .ok()
        .filter(|core| *core < CpuSet::MAX_CPU)
    else {
        return false;
    };
    let mut set = CpuSet::new();
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set).is_ok()
}

/// What sysfs shows of a core.
fn identification(number: u32) -> BTreeMap<String, u64> {
    let value = |file: &str| {
        let path = format!("{CPU_FOLDER}/cpu{number}/regs/identification/{file}");
        let text = std::fs::read_to_string(path).ok()?;
        u64::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
    };
    TABLE
        .iter()
        .filter_map(|register| Some((register.name.to_owned(), value(register.sysfs?)?)))
        .collect()
}

/// Asks for every vector length, in a child that is thrown away with the lengths it was given.
fn lengths(kind: Kind) -> Vectors {
    let answer = child::run(|out| {
        let mut asked = Some(vectors::LONGEST);
        while let Some(length) = asked {
            let Ok(got) = cpu::set_length(kind, length) else {
                break;
            };
            tell(out, u64::from(length) << 16 | u64::from(got));
            asked = vectors::next(length, got);
        }
        DONE
    });
    let pair = |word: u64| {
        let low = |word: u64| u16::try_from(word & 0xffff).unwrap_or(0);
        (low(word >> 16), low(word))
    };
    Vectors {
        set: answer
            .map(|answer| told(&answer.bytes).into_iter().map(pair).collect())
            .unwrap_or_default(),
        own: cpu::length(kind).ok(),
        default: std::fs::read_to_string(format!(
            "/proc/sys/abi/{}_default_vector_length",
            kind.feature()
        ))
        .ok(),
    }
}

/// Tries to map a page just below each power of two.
fn addresses() -> Vec<(u8, Option<bool>)> {
    const NEITHER: u64 = 2;
    let answer = child::run(|out| {
        for bits in VA_BITS {
            tell(out, cpu::can_map_below(bits).map_or(NEITHER, u64::from));
        }
        DONE
    });
    let words = answer.map(|answer| told(&answer.bytes)).unwrap_or_default();
    let mapped = |word: u64| (word != NEITHER).then_some(word != 0);
    VA_BITS.zip(words.into_iter().map(mapped)).collect()
}
