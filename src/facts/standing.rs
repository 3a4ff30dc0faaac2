//! Where a thread stood when it was dumped.
//!
//! A thread interrupted in a restartable system call stands on its `svc` again with x8 and the arguments
//! restored; one whose call ended stands right behind it (kernel 7.3, `arch/arm64/kernel/signal.c`
//! `do_signal`, which runs before the ptrace stop CRIU dumps in). Text is mapped from files and seldom in
//! the image, so often only the registers speak.

use crate::a64::{self, Instruction};
use crate::abi::syscall;
use crate::criu_image::model::Arm64State;
use crate::memory::Memory;
use crate::units::Addr;

use super::{Ground, Standing};

fn instruction(memory: &dyn Memory, at: Option<Addr>) -> Option<Instruction> {
    let mut word = [0; 4];
    memory.read(at?, &mut word).ok()?;
    Some(Instruction::decode(u32::from_le_bytes(word)))
}

/// Where a thread with these registers stands.
#[must_use]
pub(super) fn standing(memory: &dyn Memory, state: &Arm64State) -> Standing {
    let number = state.x[8];
    let pc = Addr(state.pc);
    let call = syscall::waiting(number);
    let name = call.map(|call| call.name);
    let here = instruction(memory, Some(pc));
    let before = instruction(memory, pc.checked_sub(a64::BYTES));
    if [&here, &before]
        .into_iter()
        .flatten()
        .any(Instruction::is_system_call)
    {
        return Standing::Syscall {
            number,
            name,
            ground: Ground::Instruction,
        };
    }
    if here.is_some() && before.is_some() {
        return Standing::User {
            ground: Ground::Instruction,
        };
    }
    let mapped = |value: u64| memory.mapping_at(Addr(value)).is_some();
    match call {
        Some(call) if call.fits(&state.x, mapped) => Standing::Syscall {
            number,
            name,
            ground: Ground::Registers,
        },
        _ => Standing::User {
            ground: Ground::Registers,
        },
    }
}

/// Registers that hold a mapped address with a tag in its top byte, which loads and stores ignore. Memory tagging
/// uses bits 59:56 of it, HWAddressSanitizer all of it; signatures of pointer authentication lie below bit 55.
#[must_use]
pub(super) fn tagged_registers(memory: &dyn Memory, state: &Arm64State) -> usize {
    const TOP_BYTE: u64 = 0xff << 56;
    state
        .x
        .iter()
        .chain([&state.sp])
        .filter(|value| {
            **value & TOP_BYTE != 0 && memory.mapping_at(Addr(**value & !TOP_BYTE)).is_some()
        })
        .count()
}
