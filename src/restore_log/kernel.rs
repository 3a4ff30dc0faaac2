//! Registers that the arm64 kernel prints behind a message about a task (`__show_regs`, kernel 3.7 to
//! 7.3 `arch/arm64/kernel/process.c`).

use std::sync::LazyLock;

use regex::Regex;

use super::collect::Registers;

/// Lines behind a message in which its registers are looked for: the kernel prints some 16, twice with
/// `print-fatal-signals`.
pub(super) const NEAR: u64 = 40;

/// `pc : 0000000000404a60`; up to 4.16 `pc : [<0000000000404a60>] lr : [<…>] pstate: …`.
static REGISTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^| )(pc|lr|sp) : (?:\[<)?([0-9a-f]{8,16})(?:[^0-9a-f]|$)").ok()
});

/// Takes over the registers of a line, those that are not known yet.
pub(super) fn read(text: &str, registers: &mut Registers) {
    let Some(register) = REGISTER.as_ref() else {
        return;
    };
    for found in register.captures_iter(text) {
        let value = found
            .get(2)
            .and_then(|value| u64::from_str_radix(value.as_str(), 16).ok());
        let place = match found.get(1).map(|name| name.as_str()) {
            Some("pc") => &mut registers.pc,
            Some("sp") => &mut registers.sp,
            _ => &mut registers.lr,
        };
        *place = place.or(value);
    }
}

/// Whether PC has bits set above the 48 of a user address without being a kernel's: a signed pointer,
/// or one that failed to authenticate, was jumped to. User addresses of 52 bits are handed out on
/// request only, and no program lies there.
pub(super) fn pc_is_signed(registers: &Registers) -> bool {
    registers
        .pc
        .is_some_and(|pc| !matches!(pc >> 48, 0 | 0xffff))
}
