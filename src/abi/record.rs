//! The kinds of records in arm64 signal frames: one row each. The table is all that is the same for every kind;
//! what differs from kind to kind is an exhaustive `match` over [`RecordKind`] elsewhere.

use crate::abi::hwcap::{self, HwcapBit};
use crate::units::Version;

/// What is known about one kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRow {
    /// Name, as the kernel's header spells it without `_MAGIC`, and as profiles and reports do.
    pub name: &'static str,
    /// Magic word (`arch/arm64/include/uapi/asm/sigcontext.h`).
    pub magic: u32,
    /// Legal sizes.
    pub size: SizeRule,
    /// Whether a second one in a frame makes the kernel refuse it.
    pub once: bool,
    /// First mainline kernel whose `parse_user_sigframe` has a case for it.
    pub since: Version,
    /// Features, any of which the record belongs to; empty where it belongs to none.
    pub of: &'static [&'static HwcapBit],
    /// Whether the series that brought the features' bits brought the record too: then a kernel that sets one of the
    /// bits knows the record, whatever its number.
    pub came_with_bit: bool,
    /// What a kernel that knows the record does with a frame that lacks it.
    pub without: Without,
    /// How it is tried on a running kernel.
    pub trial: Trial,
}

/// Which sizes a record may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeRule {
    /// This one.
    Fixed(u32),
    /// This one or larger; the kernel writes this one.
    AtLeast(u32),
    /// Any that the chain allows: the kernel does not look. It writes this one.
    Ignored(u32),
    /// What the fields of the record ask for.
    ByFields,
}

/// What `restore_sigframe` does where a frame has no record of a kind that the kernel knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// What an empty record would make it do: nothing is left of the handler's state.
    LikeEmpty,
    /// The register keeps what the handler left in it.
    Keeps,
}

/// The record in a frame that is tried on a running kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Its first field has this value, the rest is zero; the first word names the form.
    Word(&'static str, u64),
    /// It takes frames of its own.
    Own,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $row:expr;)*) => {
        /// A kind of record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RecordKind { $($(#[doc = $doc])+ $kind,)* }

        impl RecordKind {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Its row.
            #[must_use]
            pub const fn row(self) -> &'static RecordRow {
                match self {
                    $(Self::$kind => {
                        const ROW: &RecordRow = &$row;
                        ROW
                    })*
                }
            }
        }
    };
}

// The records of `arch/arm64/include/uapi/asm/sigcontext.h` (7.3), with the version of mainline that brought each.
// Brackets were checked in kernel headers: 6.2 no and 6.5 yes for TPIDR2 and ZT, 6.8 no and 6.11 yes for FPMR, 6.11 no
// for POE, 6.12 no and 6.14 yes for GCS.
//
// Series that brought a bit together with its record: SVE (4.15, "ARM Scalable Vector Extension"), SME (5.19, ZA and
// the streaming flag), SME2 (6.3, ZT), FPMR (6.9, "2023 dpISA extensions"), POE (6.12, "Permission Overlay Extension"),
// GCS (6.13). TPIDR2 came in 6.3 in a series of its own, after SME and beside SME2: no bit shows it. EXTRA (4.13) was
// made for SVE, before it.
kinds! {
    /// `struct fpsimd_context`: V0 to V31, FPSR and FPCR. Every frame has one.
    Fpsimd = RecordRow {
        name: "FPSIMD",
        magic: 0x4650_8001,
        size: SizeRule::Fixed(528),
        once: true,
        since: Version::new(3, 7, 0),
        of: &[],
        came_with_bit: false,
        without: Without::Keeps,
        trial: Trial::Own,
    };
    /// `struct esr_context`: the syndrome of a fault. The kernel writes it and passes over it.
    Esr = RecordRow {
        name: "ESR",
        magic: 0x4553_5201,
        size: SizeRule::Ignored(16),
        once: false,
        since: Version::new(3, 16, 0),
        of: &[],
        came_with_bit: false,
        without: Without::LikeEmpty,
        trial: Trial::Own,
    };
    /// `struct sve_context`: vectors and predicates, streaming or not.
    Sve = RecordRow {
        name: "SVE",
        magic: 0x5356_4501,
        size: SizeRule::ByFields,
        once: true,
        since: Version::new(4, 15, 0),
        of: &[hwcap::SVE, hwcap::SME],
        came_with_bit: true,
        without: Without::LikeEmpty,
        trial: Trial::Own,
    };
    /// `struct tpidr2_context`: TPIDR2_EL0, which a lazily saved ZA hangs on.
    Tpidr2 = RecordRow {
        name: "TPIDR2",
        magic: 0x5450_4902,
        size: SizeRule::Fixed(16),
        once: true,
        since: Version::new(6, 3, 0),
        of: &[hwcap::SME],
        came_with_bit: false,
        without: Without::Keeps,
        trial: Trial::Word("value 0", 0),
    };
    /// `struct za_context`: the matrix ZA.
    Za = RecordRow {
        name: "ZA",
        magic: 0x5436_6345,
        size: SizeRule::ByFields,
        once: true,
        since: Version::new(5, 19, 0),
        of: &[hwcap::SME],
        came_with_bit: true,
        without: Without::Keeps,
        trial: Trial::Own,
    };
    /// `struct zt_context`: ZT0.
    Zt = RecordRow {
        name: "ZT",
        magic: 0x5a54_4e01,
        size: SizeRule::ByFields,
        once: true,
        since: Version::new(6, 3, 0),
        of: &[hwcap::SME2],
        came_with_bit: true,
        without: Without::Keeps,
        trial: Trial::Own,
    };
    /// `struct fpmr_context`: FPMR.
    Fpmr = RecordRow {
        name: "FPMR",
        magic: 0x4650_4d52,
        size: SizeRule::Fixed(16),
        once: true,
        since: Version::new(6, 9, 0),
        of: &[hwcap::FPMR],
        came_with_bit: true,
        without: Without::Keeps,
        trial: Trial::Word("value 0", 0),
    };
    /// `struct poe_context`: POR_EL0, what protection keys allow.
    Poe = RecordRow {
        name: "POE",
        magic: 0x504f_4530,
        size: SizeRule::Fixed(16),
        once: true,
        since: Version::new(6, 12, 0),
        of: &[hwcap::POE],
        came_with_bit: true,
        without: Without::Keeps,
        trial: Trial::Word("default", POR_INIT),
    };
    /// `struct gcs_context`: the shadow stack.
    Gcs = RecordRow {
        name: "GCS",
        magic: 0x4743_5300,
        size: SizeRule::Fixed(32),
        once: true,
        since: Version::new(6, 13, 0),
        of: &[hwcap::GCS],
        came_with_bit: true,
        without: Without::Keeps,
        trial: Trial::Word("no features", 0),
    };
    /// `struct extra_context`: where the records lie for which `__reserved` has no room.
    Extra = RecordRow {
        name: "EXTRA",
        magic: 0x4558_5401,
        size: SizeRule::AtLeast(32),
        once: true,
        since: Version::new(4, 13, 0),
        of: &[hwcap::SVE],
        came_with_bit: true,
        without: Without::Keeps,
        trial: Trial::Own,
    };
}

/// POR_EL0 as every task starts with it: key 0 may do everything, the others nothing
/// (`POR_EL0_INIT` of `arch/arm64/include/asm/por.h`).
pub const POR_INIT: u64 = 7;

impl RecordKind {
    /// The kind with this magic word.
    #[must_use]
    pub fn of_magic(magic: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.magic() == magic)
    }

    /// All kinds in the order in which kernels brought them.
    #[must_use]
    pub fn by_age() -> Vec<Self> {
        let mut kinds = Self::ALL.to_vec();
        kinds.sort_by_key(|kind| kind.since());
        kinds
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Its magic word.
    #[must_use]
    pub const fn magic(self) -> u32 {
        self.row().magic
    }

    /// First mainline kernel that knows it.
    #[must_use]
    pub const fn since(self) -> Version {
        self.row().since
    }

    /// Bytes of the record as the kernel writes it, header included; 0 where the fields decide.
    #[must_use]
    pub const fn written(self) -> u32 {
        match self.row().size {
            SizeRule::Fixed(size) | SizeRule::AtLeast(size) | SizeRule::Ignored(size) => size,
            SizeRule::ByFields => 0,
        }
    }
}

/// Bytes of all records together whose fields do not decide their size, as the kernel writes them; EXTRA, which
/// holds others, apart.
#[must_use]
pub const fn fixed_bytes() -> u32 {
    let (mut sum, mut at) = (0, 0);
    while at < RecordKind::ALL.len() {
        sum += RecordKind::ALL[at].written();
        at += 1;
    }
    sum - RecordKind::Extra.written()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_name_and_magic_word_alone() {
        // Numbers of the kernel's header, not ours.
        let header = [
            (0x4650_8001, "FPSIMD"),
            (0x4553_5201, "ESR"),
            (0x5356_4501, "SVE"),
            (0x5450_4902, "TPIDR2"),
            (0x5436_6345, "ZA"),
            (0x5a54_4e01, "ZT"),
            (0x4650_4d52, "FPMR"),
            (0x504f_4530, "POE"),
            (0x4743_5300, "GCS"),
            (0x4558_5401, "EXTRA"),
        ];
        let table: Vec<(u32, &str)> = RecordKind::ALL
            .iter()
            .map(|kind| (kind.magic(), kind.name()))
            .collect();
        assert_eq!(table, header);
        for kind in RecordKind::ALL {
            assert_eq!(RecordKind::of_magic(kind.magic()), Some(*kind));
        }
        assert_eq!(RecordKind::of_magic(0), None);
        assert_eq!(RecordKind::of_magic(1), None);
    }

    #[test]
    fn records_of_one_size_take_what_the_kernel_lays_out() {
        // FPSIMD; ESR, TPIDR2, FPMR, POE; GCS.
        assert_eq!(fixed_bytes(), 528 + 4 * 16 + 32);
    }

    #[test]
    fn kinds_by_age_begin_with_what_every_kernel_knows() {
        let names: Vec<&str> = RecordKind::by_age()
            .into_iter()
            .map(RecordKind::name)
            .collect();
        assert_eq!(
            names,
            [
                "FPSIMD", "ESR", "EXTRA", "SVE", "ZA", "TPIDR2", "ZT", "FPMR", "POE", "GCS"
            ]
        );
    }
}
