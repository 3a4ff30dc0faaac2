//! Structures of `hwcr-inspect/1`: signal frames and their records.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::task::AltStack;
use super::{Hex, Liveness};
pub use crate::report::record::{RecordBody, SveLayout};

/// One signal frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Frame {
    /// The thread that returns or returned through it; null where no thread owns it.
    pub tid: Option<u32>,
    /// Its lowest byte.
    pub address: Hex,
    /// Bytes up to the kernel's frame record.
    pub size: u64,
    /// Whether a thread will still return through it.
    pub liveness: Liveness,
    /// What showed that, strongest first.
    pub signs: Vec<String>,
    /// A way by which its handler may be left without a return through it; only looked for where it is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_out: Option<WayOut>,
    /// Signal number, as the siginfo has it.
    pub signo: i32,
    /// `si_code`.
    pub si_code: i32,
    /// Image file that holds its first byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Offset in that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Interrupted PC.
    pub pc: Hex,
    /// Interrupted SP.
    pub sp: Hex,
    /// Interrupted PSTATE.
    pub pstate: Hex,
    /// Interrupted x0 to x30 (`-v`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regs: Option<Vec<Hex>>,
    /// `fault_address`.
    pub fault_address: Hex,
    /// `uc_flags`.
    pub uc_flags: Hex,
    /// `uc_link`.
    pub uc_link: Hex,
    /// `uc_stack`.
    pub uc_stack: AltStack,
    /// `uc_sigmask`.
    pub uc_sigmask: Hex,
    /// Its records in the order the kernel parses them.
    pub records: Vec<Record>,
    /// What does not fit the ABI.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<FrameAnomaly>,
}

/// A way by which a handler may be left without a return through its frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum WayOut {
    /// `siglongjmp` to what this buffer holds.
    JumpBuffer {
        /// The buffer's address.
        address: Hex,
        /// PC behind the jump.
        pc: Hex,
        /// SP behind the jump.
        sp: Hex,
    },
    /// The code of the handler has no way back to the frame.
    NoReturn {
        /// Where the function goes on that does not come back to its caller.
        pc: Hex,
        /// Its first instruction, as its unwind table says.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<Hex>,
        /// The file it is in.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// Whether some of its ways jump to an older context; all others end the thread or loop.
        jumps: bool,
    },
}

/// One record of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Record {
    /// Its kind and fields.
    #[serde(flatten)]
    pub body: RecordBody,
    /// Address of its magic word.
    pub address: Hex,
    /// The size word: bytes including the header.
    pub size: u32,
    /// The magic word.
    pub magic: Hex,
    /// Set where it lies in EXTRA space.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    pub in_extra: bool,
    /// Image file that holds its first byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Offset in that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Its first bytes in hex, at most 256 of them; only with `--verbose`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

/// A way in which a frame's bytes do not fit the ABI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct FrameAnomaly {
    /// What kind; more may come.
    pub kind: String,
    /// Where.
    pub address: Hex,
    /// What was found, for people.
    pub detail: String,
}
