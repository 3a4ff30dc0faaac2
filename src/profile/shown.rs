//! Registers that programs read without asking the kernel: the frequency of the counter and the cache lines.

use super::model::Profile;

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
}
