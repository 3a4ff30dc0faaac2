//! What a machine answered, before anything is made of it.

use std::collections::BTreeMap;

use super::criu;
use super::probe::{AuxvAnswer, Tried};

/// Everything a machine was asked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Raw {
    /// The words of /proc/self/auxv.
    pub auxv: Vec<u64>,
    /// `uname -r`.
    pub release: String,
    /// `uname -n`.
    pub node: String,
    /// Registers read by `MRS` on whichever core that was, by name.
    pub registers: BTreeMap<String, u64>,
    /// Registers that `MRS` should give and did not.
    pub refused: Vec<String>,
    /// The online cores, ascending.
    pub cores: Vec<Core>,
    /// Vector lengths of SVE.
    pub sve: Vectors,
    /// Vector lengths of SME.
    pub sme: Vectors,
    /// Numbers of address bits, and whether the last pages below that power of two can be mapped; `None` where
    /// something else than the address was in the way.
    pub va: Vec<(u8, Option<bool>)>,
    /// What `criu --version` said.
    pub criu: criu::Answer,
    /// What was tried, if that was wanted.
    pub probe: Option<Probe>,
}

/// A core.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Core {
    /// Its number.
    pub number: u32,
    /// Registers read by `MRS` while pinned to it, by name; empty where a process may not be pinned to it.
    pub mrs: BTreeMap<String, u64>,
    /// Registers that /sys/devices/system/cpu shows of it, by name.
    pub sysfs: BTreeMap<String, u64>,
}

/// What the kernel answered about one kind of vectors.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Vectors {
    /// Lengths asked for with `PR_SVE_SET_VL` (`PR_SME_SET_VL`) and those that were set, bytes.
    pub set: Vec<(u16, u16)>,
    /// What `PR_SVE_GET_VL` (`PR_SME_GET_VL`) gave: the length of the process that asks, with flags.
    pub own: Option<u32>,
    /// The text of /proc/sys/abi/sve_default_vector_length (`sme_`…).
    pub default: Option<String>,
}

/// What was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Signal frames given to `rt_sigreturn`, or why none was.
    pub frames: Result<Vec<Tried>, String>,
    /// Lengths of auxv given to `PR_SET_MM_MAP`.
    pub auxv: AuxvAnswer,
}
