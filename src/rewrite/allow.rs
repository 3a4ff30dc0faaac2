//! The names under which a user permits edits that the program can notice.
//!
//! `--help`, the documentation and every refusal speak from this table.

/// A permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// What stands behind `--allow` and in [`crate::finding::EditClass::Lossy`].
    pub name: &'static str,
    /// What is done under it.
    pub does: &'static str,
    /// What the program can notice.
    pub noticed: &'static str,
}

/// All names there are.
pub const NAMES: &[Name] = &[
    Name {
        name: "drop-sve-state",
        does: "drops or shrinks SVE records that hold register state",
        noticed: "after its signal handler the interrupted code finds the upper bits of the Z registers, the predicates \
            and FFR zeroed; it computes wrongly where it was using them",
    },
    Name {
        name: "drop-tpidr2",
        does: "drops TPIDR2 records with a value",
        noticed: "TPIDR2_EL0 is 0 after the handler; a lazily saved ZA is never saved",
    },
    Name {
        name: "drop-fpmr",
        does: "drops FPMR records with a value",
        noticed: "the 8-bit floating-point modes are back at their defaults after the handler; FP8 arithmetic that \
            relies on others computes wrongly",
    },
    Name {
        name: "strip-pac",
        does: "takes the signatures off return addresses and leaves the keys out or switches them off",
        noticed: "code that compares, authenticates or signs again a pointer that was not found on the stacks meets it \
            still signed, and pointers have no protection until the program is started again",
    },
    Name {
        name: "mask-hwcap",
        does: "clears the capability bits the target does not have, in the saved auxv and in the copy on the stack",
        noticed: "getauxval and /proc/PID/auxv say less from now on; what the program decided at its start it does not \
            decide again, so that no finding goes away",
    },
];

/// The row of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Name> {
    NAMES.iter().find(|row| row.name == name)
}
