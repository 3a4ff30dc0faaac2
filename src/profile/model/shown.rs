//! Registers that programs read without asking the kernel: the frequency of the counter and the cache lines.

use super::Profile;

/// What CTR_EL0 says that a program may keep (Arm ARM, CTR_EL0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheType {
    /// Bytes of the shortest line of the data caches.
    pub data_line: u64,
    /// Bytes of the shortest line of the instruction caches.
    pub instruction_line: u64,
    /// Code is visible to instruction fetches without cleaning data caches (IDC).
    pub no_clean: bool,
    /// And without invalidating instruction caches (DIC).
    pub no_invalidate: bool,
    /// Instruction caches are indexed by physical address (L1Ip 0b11): aliases of code need no care of their own.
    pub physical: bool,
}

impl CacheType {
    /// What a value of CTR_EL0 says.
    #[must_use]
    pub fn of_ctr(ctr: u64) -> Self {
        let field = |shift: u32, mask: u64| ctr.checked_shr(shift).unwrap_or(0) & mask;
        // Lines are given as the logarithm of their words.
        let bytes = |log2: u64| 4_u64 << (log2 & 0xf);
        Self {
            data_line: bytes(field(16, 0xf)),
            instruction_line: bytes(field(0, 0xf)),
            no_clean: field(28, 1) == 1,
            no_invalidate: field(29, 1) == 1,
            physical: field(14, 3) == 3,
        }
    }

    /// What the caches of `target` ask of programs that make code, and these did not, each for people.
    #[must_use]
    pub fn demands(self, target: Self) -> Vec<String> {
        let source = self;
        let mut demands = Vec::new();
        for (what, source, target) in [
            ("data", source.data_line, target.data_line),
            (
                "instruction",
                source.instruction_line,
                target.instruction_line,
            ),
        ] {
            if target < source {
                demands.push(format!(
                    "its {what} cache lines have {target} bytes and not {source}"
                ));
            }
        }
        if source.no_clean && !target.no_clean {
            demands.push("it needs data caches cleaned for new code (IDC 0)".to_owned());
        }
        if source.no_invalidate && !target.no_invalidate {
            demands.push("it needs instruction caches invalidated for new code (DIC 0)".to_owned());
        }
        if source.physical && !target.physical {
            demands.push("its instruction caches are not indexed by physical address".to_owned());
        }
        demands
    }
}

/// A frequency as people write it: `62.5 MHz`.
#[must_use]
pub fn hertz(frequency: u64) -> String {
    const MHZ: u64 = 1_000_000;
    let (whole, rest) = (
        frequency.checked_div(MHZ).unwrap_or(0),
        frequency.checked_rem(MHZ).unwrap_or(0),
    );
    if rest == 0 {
        return format!("{whole} MHz");
    }
    let digits = format!("{rest:06}");
    format!("{whole}.{} MHz", digits.trim_end_matches('0'))
}

impl Profile {
    /// A register that reads the same on all cores; `None` where it is not known, or cores differ in it: a task runs now
    /// on one, now on another.
    #[must_use]
    pub fn register(&self, name: &str) -> Option<u64> {
        let value = self.registers.get(name).copied();
        value.filter(|_| self.cores_agree_in(name))
    }

    /// CNTFRQ_EL0, the frequency of the counter CNTVCT_EL0 in Hz.
    #[must_use]
    pub fn counter_frequency(&self) -> Option<u64> {
        self.register("CNTFRQ_EL0")
    }

    /// What CTR_EL0 says.
    #[must_use]
    pub fn cache_type(&self) -> Option<CacheType> {
        self.register("CTR_EL0").map(CacheType::of_ctr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_types_of_machines_that_were_asked() {
        let [a72, n1, a64fx] = [0x8444_c004, 0x9444_c004, 0x9666_8006].map(CacheType::of_ctr);
        assert_eq!((a72.data_line, a72.instruction_line), (64, 64));
        assert_eq!(
            (a72.no_clean, a72.no_invalidate, a72.physical),
            (false, false, true)
        );
        assert_eq!((n1.no_clean, n1.no_invalidate), (true, false));
        assert_eq!((a64fx.data_line, a64fx.instruction_line), (256, 256));
        assert_eq!((a64fx.no_clean, a64fx.physical), (true, false));
    }

    #[test]
    fn frequencies_are_written_as_people_write_them() {
        for (value, text) in [
            (62_500_000, "62.5 MHz"),
            (121_875_000, "121.875 MHz"),
            (1_000_000_000, "1000 MHz"),
            (1_050_000_000, "1050 MHz"),
            (24_000_001, "24.000001 MHz"),
            (0, "0 MHz"),
        ] {
            assert_eq!(hertz(value), text);
        }
    }

    /// Cortex-A72, Neoverse N1, Neoverse V1 and A64FX as QEMU models them.
    #[test]
    fn demands_grow_in_one_direction_only() {
        let [a72, n1, v1, a64fx] =
            [0x8444_c004, 0x9444_c004, 0xb444_c004, 0x9666_8006].map(CacheType::of_ctr);
        let count = |source, target| CacheType::demands(source, target).len();
        assert_eq!((count(a72, n1), count(n1, a72)), (0, 1));
        assert_eq!((count(a72, v1), count(v1, a72)), (0, 2));
        // Lines of 64 bytes after lines of 256; and caches that are not indexed by physical address.
        assert_eq!((count(a64fx, n1), count(n1, a64fx)), (2, 1));
        assert_eq!(count(v1, v1), 0);
    }
}
