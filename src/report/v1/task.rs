//! Structures of `hwcr-inspect/1`: tasks, threads, auxiliary vectors.

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::frame::Frame;
use super::{Hex, words};

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Task {
    /// Process id in the task's own namespace.
    pub pid: u32,
    /// The parent's; 0 for the root task.
    pub ppid: u32,
    /// Command name.
    pub comm: String,
    /// `alive`, `stopped`, `dead`, or `state-N`.
    pub state: String,
    /// Exit code of a dead task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u32>,
    /// The task whose memory this one shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares_mm_with: Option<u32>,
    /// Path of its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// Its page size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<PageSize>,
    /// The vDSO, where its pages are in the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vdso: Option<Vdso>,
    /// Addresses a signal handler may return to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trampolines: Vec<Hex>,
    /// The saved auxiliary vector by name (`AT_HWCAP`; `AT_N` for a type without a name); of a type
    /// that occurs twice the first. `auxv_detail` has every entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxv: Option<AuxvMap>,
    /// The saved vector and the copy on the stack, entry by entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxv_detail: Option<Auxv>,
    /// The capabilities the task was told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hwcaps: Option<Hwcaps>,
    /// Its threads, the leader first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<Vec<Thread>>,
    /// Pointer-authentication state of its threads. Keys themselves are secrets and never shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pac: Option<Vec<Pac>>,
    /// Every signal frame found, by address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<Vec<Frame>>,
    /// Frame records that return to a trampoline though no frame could be read there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dangling: Vec<Hex>,
    /// Writable private memory in the image that was not searched for frames, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsearched: Option<u64>,
    /// Its memory by what the image holds of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

/// A page size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct PageSize {
    /// Bytes.
    pub bytes: u64,
    /// Whether the image states it (AT_PAGESZ); otherwise it is assumed.
    pub stated: bool,
}

/// The vDSO of the source machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Vdso {
    /// First address.
    pub start: Hex,
    /// First address behind it.
    pub end: Hex,
    /// `__kernel_rt_sigreturn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigreturn: Option<Hex>,
    /// How that was found.
    pub how: String,
    /// Version of the kernel that provided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// GNU build id, hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
}

/// Auxiliary vector entries by name, in the vector's order.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AuxvMap(pub Vec<(String, Hex)>);

impl Serialize for AuxvMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
impl JsonSchema for AuxvMap {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AuxvMap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let hex = generator.subschema_for::<Hex>();
        json_schema!({
            "description": "Auxiliary vector entries by name.",
            "type": "object",
            "additionalProperties": hex
        })
    }
}

/// The saved auxiliary vector and the copy on the stack.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Auxv {
    /// Words of the saved vector, two an entry.
    pub words: usize,
    /// Entries of the saved vector in order.
    pub entries: Vec<AuxvEntry>,
    /// The copy on the initial stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackAuxv>,
    /// Why that was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_missing: Option<String>,
    /// Entries in which the two differ.
    pub differences: Vec<AuxvDifference>,
    /// Oddities of the vector itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<String>,
    /// AT_MINSIGSTKSZ, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minsigstksz: Option<u64>,
}

/// One pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct AuxvEntry {
    /// The type word.
    pub tag: u64,
    /// Its `AT_*` name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The value.
    pub value: Hex,
}

/// The copy on the initial stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct StackAuxv {
    /// Address of its first pair.
    pub address: Hex,
    /// Its entries in order.
    pub entries: Vec<AuxvEntry>,
}

/// An entry in which the two copies differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct AuxvDifference {
    /// The type word.
    pub tag: u64,
    /// Its `AT_*` name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Value in the saved vector, if the entry is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<Hex>,
    /// Value on the stack, if the entry is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<Hex>,
}

/// Capabilities from the saved vector and the stack copy together.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Hwcaps {
    /// The words that are there, by name.
    pub words: AuxvMap,
    /// Names of the bits that are set, as /proc/cpuinfo spells them.
    pub features: Vec<String>,
    /// Bits that are set and have no name here: `AT_HWCAP2:61`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_bits: Vec<String>,
}

/// One thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Thread {
    /// Thread id.
    pub tid: u32,
    /// Thread name, where the image has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// Stack pointer; absent where the image has no registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp: Option<Hex>,
    /// Program counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pc: Option<Hex>,
    /// PSTATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pstate: Option<Hex>,
    /// TPIDR_EL0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Hex>,
    /// x0 to x30 (`-v`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regs: Option<Vec<Hex>>,
    /// Where it stands.
    pub standing: Standing,
    /// Live signal frames below it: 0 outside of handlers.
    pub handler_depth: usize,
    /// Whether its x29 chain was followed to its end.
    pub chain_complete: bool,
    /// How far the unwind tables of its code led.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unwinding: Option<Unwinding>,
    /// Registers that hold a tagged address.
    pub tagged_registers: usize,
    /// Its alternate signal stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altstack: Option<AltStack>,
    /// Blocked signals, bit 0 = signal 1.
    pub blocked: Hex,
    /// Signals waiting in the thread's own queue.
    pub pending: usize,
    /// Guarded control stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gcs: Option<Gcs>,
}

words! {
    /// Why unwinding ends.
    UnwindEnd {
        /// At the function without a caller that the process began with.
        ProcessStart = "process-start",
        /// At the function without a caller that the thread began with.
        ThreadStart = "thread-start",
        /// At a function without a caller on another stack: a coroutine's.
        OtherStart = "other-start",
        /// At code without a table.
        NoTable = "no-table",
        /// Between calls, in a function whose code and table are not seen to agree.
        Disagrees = "disagrees",
        /// At a table that asks for what is not known, or makes no sense here.
        Unusable = "unusable",
        /// The stack does not grow up from a function to its caller.
        NotAscending = "not-ascending",
        /// A return address is not behind a call.
        NotCalled = "not-called",
        /// What a table points to is not in the image.
        Unreadable = "unreadable",
        /// A return to the trampoline without a signal frame.
        NoFrame = "no-frame",
        /// A signal frame was met a second time.
        Loop = "loop",
        /// More than is followed.
        TooLong = "too-long",
    }
}

/// How far a thread was unwound by the tables of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Unwinding {
    /// Why it ends.
    pub end: UnwindEnd,
    /// The instruction, or return address, it ends at.
    pub at: Hex,
    /// Functions it passed.
    pub functions: usize,
}

words! {
    /// Where a thread stood.
    Where {
        /// In, or at the restart of, a system call.
        Syscall = "syscall",
        /// In user code.
        User = "user",
        /// The image has no registers of it.
        NoRegisters = "no-registers",
    }
}

/// Where a thread stood when it was dumped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Standing {
    /// In a system call or in user code.
    pub state: Where,
    /// Number of the system call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Its name, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What shows it: `instruction` (it is in the image) or `registers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
}

/// An alternate signal stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct AltStack {
    /// `ss_sp`.
    pub sp: Hex,
    /// `ss_size`, bytes.
    pub size: u64,
    /// `ss_flags`.
    pub flags: Hex,
}

/// Guarded control stack of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Gcs {
    /// Shadow stack pointer.
    pub gcspr: Hex,
    /// Enabled features.
    pub features_enabled: Hex,
}

words! {
    /// What an image says about pointer authentication.
    PacSaved {
        /// The dumping CRIU does not save keys (4.0 or older).
        NotSaved = "not-saved",
        /// Dumped on a machine without pointer authentication.
        Absent = "absent",
        /// Keys are in the image.
        Saved = "saved",
    }
}

/// Pointer-authentication state of a thread, without the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Pac {
    /// Thread id.
    pub tid: u32,
    /// What the image says; absent where it has no registers of the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<PacSaved>,
    /// Whether the address keys (APIA, APIB, APDA, APDB) are in the image.
    pub address_keys: bool,
    /// Whether the generic key (APGA) is.
    pub generic_key: bool,
    /// Mask of the enabled address keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Hex>,
    /// Return addresses found on its stack.
    pub returns: usize,
    /// How many of them are signed.
    pub signed_returns: usize,
}

/// Bytes of a task's memory by what the image holds of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Memory {
    /// In a pages file of this image.
    pub present: u64,
    /// Private anonymous memory without a page.
    pub zero: u64,
    /// From mapped files, at the restore.
    pub file: u64,
    /// Left to a lazy-pages server.
    pub lazy: u64,
    /// In a parent image.
    pub parent: u64,
    /// Not to be had.
    pub missing: u64,
    /// Highest address any mapping reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<Hex>,
}
