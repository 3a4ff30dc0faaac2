//! Holds the decoder against what a CPU does with the same words: `lab/execute` runs `lab/src/execute.c` there.
//!
//! `plan` reads words as hexadecimal numbers, one a line, and writes the program's input: those that go on at the next
//! instruction, with the registers that they are said to read. `judge` reads its output, and prints a line for each difference
//! and the counts. With `streaming`, the words were executed in streaming mode with ZA.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, BufWriter, Read as _, Write as _};
use std::process::ExitCode;

use hwcr::a64::{Flow, Instruction, Need, One, Register, Registers, STREAMING, Stored, Write};
use hwcr::auxv::hwcap::{BITS, HwcapWord};

const DONE: u32 = 0;
const ILLEGAL: u32 = 4;
const ELSEWHERE: u32 = 100;
/// A record of the program's output, bytes.
const RECORD: usize = 560;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["plan"] => plan(),
        ["judge"] => judge(false),
        ["judge", "streaming"] => judge(true),
        _ => Ok(ExitCode::from(2)),
    }
}

fn plan() -> io::Result<ExitCode> {
    let mut words = Vec::new();
    for line in io::stdin().lock().lines() {
        let word = u32::from_str_radix(line?.trim(), 16).map_err(io::Error::other)?;
        let it = Instruction::decode(word);
        // MSR of TPIDR_EL0 and of SVCR would change what the program itself stands on.
        let own = word & !0x1f == 0xd51b_d040 || word & !0x1f == 0xd51b_4240;
        let modes = word & 0xffff_f0ff == 0xd503_407f;
        if it.flow() == Flow::On && !it.is_system_call() && !own && !modes {
            words.push((word, bits(it.reads())));
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let count = u32::try_from(words.len()).map_err(io::Error::other)?;
    out.write_all(&count.to_le_bytes())?;
    for (word, reads) in words {
        out.write_all(&word.to_le_bytes())?;
        out.write_all(&reads.to_le_bytes())?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn bits(registers: Registers) -> u32 {
    registers.iter().map(|register| 1 << register).sum()
}

/// What an instruction did in one trial.
struct Record {
    word: u32,
    trial: u32,
    status: u32,
    pc: u64,
    before: [u64; 32],
    after: [u64; 32],
    flags: u64,
    /// Memory that it changed: from the first byte to behind the last.
    changed: std::ops::Range<u64>,
}

impl Record {
    fn read(bytes: &[u8; RECORD]) -> Self {
        let half = |at: usize| {
            bytes[at..at + 4]
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
        };
        let whole = |at: usize| u64::from(half(at)) | u64::from(half(at + 4)) << 32;
        Self {
            word: half(0),
            trial: half(4),
            status: half(8),
            pc: whole(16),
            before: std::array::from_fn(|i| whole(24 + 8 * i)),
            after: std::array::from_fn(|i| whole(280 + 8 * i)),
            flags: whole(536),
            changed: whole(544)..whole(552),
        }
    }

    fn value(&self, register: Register) -> u64 {
        self.before[usize::from(register)]
    }

    /// Addresses have no tag: the top byte is ignored.
    fn address(&self, base: Register, offset: i64) -> u64 {
        self.value(base).wrapping_add_signed(offset) << 8 >> 8
    }

    fn one(&self, one: One) -> Option<u64> {
        match one {
            One::Value(value) => Some(value),
            One::Sum { from, by, keep } => Some(self.value(from).wrapping_add(by) & keep),
            One::Lost => None,
        }
    }

    /// The values that a register may have got; none where that is not told.
    fn expected(&self, write: Write) -> Option<Vec<u64>> {
        let one = match write {
            Write::Value(value) => value,
            Write::Sum { from, by, keep } => self.value(from).wrapping_add(by) & keep,
            Write::Plus {
                from,
                register,
                less: false,
            } => self.value(from).wrapping_add(self.value(register)),
            Write::Plus {
                from,
                register,
                less: true,
            } => self.value(from).wrapping_sub(self.value(register)),
            Write::Bits { from, keep, or } => self.value(from) & keep | or,
            Write::Mixed(one, other) => self.value(one) ^ self.value(other),
            Write::Extended(from) => i64::from(self.value(from) as i32).cast_unsigned(),
            Write::Either(one, other) => return Some(vec![self.one(one)?, self.one(other)?]),
            Write::Load { base, offset, len } => {
                let address = self.address(base, offset);
                let loaded = (0..8).rev().fold(0, |sum, at| {
                    sum << 8 | u64::from(content(address.wrapping_add(at)))
                });
                // Of four bytes, what the upper half gets is not told.
                let sign = i64::from(loaded as i32).cast_unsigned();
                return Some(if len == 8 {
                    vec![loaded]
                } else {
                    vec![sign, sign & 0xffff_ffff]
                });
            }
            Write::Kept | Write::Loaded | Write::Lost => return None,
        };
        Some(vec![one])
    }
}

/// The byte of memory at an address, before the instruction.
fn content(address: u64) -> u8 {
    let address = address << 8 >> 8;
    let whole = (address & !7).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5bd1_e995;
    whole.to_le_bytes()[(address & 7) as usize]
}

fn judge(streaming: bool) -> io::Result<ExitCode> {
    let mut input = io::BufReader::new(io::stdin().lock());
    let mut words = [0; 24];
    input.read_exact(&mut words)?;
    let mut has: BTreeSet<&str> = BITS
        .iter()
        .filter(|bit| {
            let at = match bit.word {
                HwcapWord::Hwcap => 0,
                HwcapWord::Hwcap2 => 8,
                HwcapWord::Hwcap3 => 16,
                HwcapWord::Hwcap4 => return false,
            };
            words[at + usize::from(bit.bit / 8)] >> (bit.bit % 8) & 1 == 1
        })
        .map(|bit| bit.cpuinfo)
        .collect();
    if streaming {
        has.insert(STREAMING);
    }
    let mut judge = Judge {
        has,
        streaming,
        ..Judge::default()
    };
    let mut bytes = [0; RECORD];
    while input.read_exact(&mut bytes).is_ok() {
        judge.look(Record::read(&bytes));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    for (kind, words) in &judge.differ {
        writeln!(
            out,
            "{kind}\t{}\t{:08x}",
            words.len(),
            words.first().copied().unwrap_or_default()
        )?;
    }
    for (what, count) in &judge.counts {
        writeln!(out, "count\t{count}\t{what}")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Judge {
    has: BTreeSet<&'static str>,
    streaming: bool,
    differ: BTreeMap<String, BTreeSet<u32>>,
    counts: BTreeMap<&'static str, u64>,
    /// The trial before: an odd one differs from it in registers that are not read.
    last: Option<Record>,
}

impl Judge {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn differs(&mut self, kind: &str, record: &Record) {
        let name = Instruction::decode(record.word).mnemonic().unwrap_or("?");
        let words = self.differ.entry(format!("{kind}\t{name}")).or_default();
        words.insert(record.word);
    }

    fn look(&mut self, record: Record) {
        let it = Instruction::decode(record.word);
        if record.trial == 0 {
            self.count("instructions");
            self.needs(it.need(), &record);
        }
        match record.status {
            ELSEWHERE => self.differs("goes elsewhere", &record),
            ILLEGAL => self.count("not executed"),
            status => {
                self.registers(it, &record);
                if status == DONE {
                    self.memory(it, &record);
                    self.reads(&record);
                    self.count("trials");
                } else {
                    self.count("trials that a fault ended");
                }
            }
        }
        self.last = (record.status == DONE).then_some(record);
    }

    fn needs(&mut self, need: Need, record: &Record) {
        let all = need.met_by(|name| self.has.contains(name));
        // Outside of streaming mode and without ZA, what SME brings may be refused.
        let sure = need
            .met_by(|name| self.has.contains(name) && (self.streaming || !name.starts_with("sme")));
        let text = match need {
            Need::Any(sets) => sets
                .iter()
                .map(|set| set.join("+"))
                .collect::<Vec<_>>()
                .join("|"),
            need => format!("{need:?}").to_lowercase(),
        };
        if sure == Some(true) && record.status == ILLEGAL {
            self.differs(&format!("not executed with {text}"), record);
        }
        if all == Some(false) && record.status != ILLEGAL {
            self.differs(&format!("executed without {text}"), record);
        }
    }

    fn registers(&mut self, it: Instruction, record: &Record) {
        for register in 0..32 {
            let got = record.after[usize::from(register)];
            if got != record.value(register) {
                self.count("registers changed");
                if !it.writes().contains(register) {
                    self.differs("writes more", record);
                }
            }
            let expected = record.expected(it.write(record.pc, register));
            if let (Some(expected), DONE) = (expected, record.status) {
                self.count("values told");
                if !expected.contains(&got) {
                    self.differs("writes another value", record);
                }
            }
        }
    }

    fn memory(&mut self, it: Instruction, record: &Record) {
        if record.changed.is_empty() {
            return;
        }
        self.count("stores");
        let told = match it.stored() {
            Stored::Nothing => 0..0,
            Stored::At(store) => {
                let from = record.address(store.base, store.offset);
                from..from.wrapping_add_signed(store.len * store.count)
            }
            Stored::Somewhere => return,
        };
        self.count("places of stores told");
        if record.changed.start < told.start || record.changed.end > told.end {
            self.differs("stores elsewhere", record);
        }
    }

    fn reads(&mut self, record: &Record) {
        let Some(last) = self
            .last
            .take()
            .filter(|last| record.trial % 2 == 1 && last.word == record.word)
        else {
            return;
        };
        self.count("pairs of trials");
        let changed = |register: usize| {
            last.before[register] != last.after[register]
                || record.before[register] != record.after[register]
        };
        let other = (0..32)
            .any(|register| changed(register) && last.after[register] != record.after[register]);
        if other || last.flags != record.flags {
            self.differs("reads more", record);
        }
    }
}
