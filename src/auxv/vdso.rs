//! The vDSO in a task's memory: where its signal trampoline is and which kernel it came from.

use goblin::elf::dynamic::{DT_GNU_HASH, DT_HASH};
use goblin::elf::program_header::PT_LOAD;
use goblin::elf::sym::{STT_FUNC, STT_NOTYPE};

use super::error::{Error, MaybeAddr, Site};
use crate::elf::note::Note;
use crate::memory::Memory;
use crate::object::{Object, image};
use crate::units::{Addr, Place, Version};

/// What a vDSO says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VdsoFacts {
    /// Where it begins.
    pub base: Addr,
    /// Address of `__kernel_rt_sigreturn`, the return address of handlers without `SA_RESTORER`.
    pub sigreturn: Option<Addr>,
    /// How that was found; `None` when it was not.
    pub how: Option<Found>,
    /// The kernel's version from `LINUX_VERSION_CODE` (the third number is capped at 255).
    pub kernel: Option<Version>,
    /// The build salt (`CONFIG_BUILD_SALT`), where the kernel has one; Debian puts its release there.
    pub build_salt: Option<String>,
    /// GNU build id.
    pub build_id: Option<Vec<u8>>,
    /// Whether its symbols can only be found by a GNU hash table (kernel 6.11 and later).
    pub gnu_hash_only: bool,
    /// Addresses of the functions that CRIU overwrites where it keeps this vDSO ([`REDIRECTED`]).
    pub redirected: Vec<Addr>,
    /// `EI_OSABI` of its ELF header: 0, or 3 for Linux, as some toolchains write.
    pub os_abi: u8,
    /// Where its first byte lies; `None` in a page that no image file holds.
    pub place: Option<Place>,
}

/// How the trampoline was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The dynamic symbol `__kernel_rt_sigreturn`.
    Symbol,
    /// The only place with the instructions of `arch/arm64/kernel/vdso/sigreturn.S`.
    Instructions,
}

/// Bytes read at most. vDSOs are one or two 4 KiB pages; with 64 KiB pages one page.
pub const MAX_BYTES: u64 = 64 * 1024;

/// `mov x8, #139` and `svc #0`, little-endian: `rt_sigreturn` is system call 139.
const TRAMPOLINE: [u8; 8] = [0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];

/// The trampoline's symbol.
const SYMBOL: &[u8] = b"__kernel_rt_sigreturn";

/// The functions that CRIU knows on arm64 (CRIU 4.2 `criu/arch/aarch64/include/asm/vdso.h`).
pub const REDIRECTED: [&[u8]; 4] = [
    b"__kernel_clock_getres",
    b"__kernel_clock_gettime",
    b"__kernel_gettimeofday",
    SYMBOL,
];

/// Index of the byte in an ELF header.
const EI_OSABI: usize = 7;

/// Type of the note of owner `Linux` that holds `LINUX_VERSION_CODE` (`arch/arm64/kernel/vdso/note.S`).
const NOTE_LINUX_VERSION: u32 = 0;
/// `LINUX_ELFNOTE_BUILD_SALT` of `include/linux/build-salt.h`, owner `Linux`.
const NOTE_LINUX_SALT: u32 = 0x100;

/// Finds the vDSO by AT_SYSINFO_EHDR if a mapping covers that, else by the mapping marked as one, and
/// reads it. A missing symbol or note is `None`, not an error.
///
/// # Errors
/// There is none, its bytes are not in the image, or they are no ELF file.
pub fn find(memory: &dyn Memory, sysinfo_ehdr: Option<Addr>) -> Result<VdsoFacts, Error> {
    let told = sysinfo_ehdr.filter(|addr| memory.mapping_at(*addr).is_some());
    let marked = || {
        memory
            .mappings()
            .iter()
            .find(|mapping| mapping.vdso)
            .map(|mapping| mapping.range.start)
    };
    let base = told.or_else(marked).ok_or(Error::NoVdso {
        ehdr: MaybeAddr(sysinfo_ehdr),
    })?;
    let bytes =
        image::copy(memory, base, MAX_BYTES).map_err(|gap| Error::VdsoUnreadable { base, gap })?;
    let place = memory.place(base);
    parse(&bytes, base, place)
}

/// Reads the facts out of the bytes of a vDSO that is mapped at `base`.
///
/// # Errors
/// [`Error::VdsoNotElf`].
pub fn parse(bytes: &[u8], base: Addr, place: Option<Place>) -> Result<VdsoFacts, Error> {
    // Where the headers' count does not fit the bytes there are none; then only the instructions are left.
    let vdso = Object::parse(bytes).map_err(|why| Error::VdsoNotElf {
        at: Site {
            addr: base,
            place: place.clone(),
        },
        why: why.to_string(),
    })?;
    let said = read_notes(&vdso);
    let by_symbol = symbol_offset(&vdso, SYMBOL).map(|offset| (offset, Found::Symbol));
    let found =
        by_symbol.or_else(|| only_trampoline(bytes).map(|offset| (offset, Found::Instructions)));
    let sigreturn = found.and_then(|(offset, _)| base.checked_add(offset));
    Ok(VdsoFacts {
        base,
        sigreturn,
        how: sigreturn.and(found.map(|(_, how)| how)),
        kernel: said.kernel,
        build_salt: said.build_salt,
        build_id: said.build_id,
        gnu_hash_only: gnu_hash_only(&vdso),
        redirected: REDIRECTED
            .iter()
            .filter_map(|name| base.checked_add(symbol_offset(&vdso, name)?))
            .collect(),
        os_abi: bytes.get(EI_OSABI).copied().unwrap_or(0),
        place,
    })
}

/// Offset from the base of the dynamic symbol, if its value lies within the bytes.
///
/// Kernels have had DT_HASH only, both, and (from 6.11) DT_GNU_HASH only, so neither is walked.
fn symbol_offset(vdso: &Object<'_>, name: &[u8]) -> Option<u64> {
    let loaded_at = vdso
        .segments()
        .iter()
        .find(|segment| segment.p_type == PT_LOAD)?
        .p_vaddr;
    let symbols = vdso.dynamic().ok()?.symbols().iter();
    symbols
        .filter(|symbol| symbol.defined && [STT_NOTYPE, STT_FUNC].contains(&symbol.kind))
        .filter(|symbol| symbol.name == name)
        .find_map(|symbol| symbol.value.checked_sub(loaded_at))
        .filter(|offset| {
            let len = vdso.bytes().len();
            offset % 4 == 0 && usize::try_from(*offset).is_ok_and(|offset| offset < len)
        })
}

/// Whether there is a DT_GNU_HASH and no DT_HASH.
fn gnu_hash_only(vdso: &Object<'_>) -> bool {
    let Ok(dynamic) = vdso.dynamic() else {
        return false;
    };
    dynamic.entry(DT_GNU_HASH).is_some() && dynamic.entry(DT_HASH).is_none()
}

/// Offset of the trampoline's instructions, if they occur exactly once at a multiple of 4.
fn only_trampoline(bytes: &[u8]) -> Option<u64> {
    let mut hits = memchr::memmem::find_iter(bytes, &TRAMPOLINE).filter(|offset| offset % 4 == 0);
    let only = hits.next()?;
    hits.next().is_none().then_some(())?;
    u64::try_from(only).ok()
}

#[derive(Default)]
struct Said {
    kernel: Option<Version>,
    build_salt: Option<String>,
    build_id: Option<Vec<u8>>,
}

/// What the notes say.
fn read_notes(vdso: &Object<'_>) -> Said {
    let mut said = Said::default();
    for Note { owner, kind, value } in vdso.notes() {
        match (owner, kind) {
            (b"Linux\0", NOTE_LINUX_VERSION) => said.kernel = version(value).or(said.kernel),
            (b"Linux\0", NOTE_LINUX_SALT) => said.build_salt = text(value).or(said.build_salt),
            _ => {}
        }
    }
    said.build_id = vdso.build_id().map(<[u8]>::to_vec);
    said
}

fn version(value: &[u8]) -> Option<Version> {
    let [patch, minor, major_low, major_high] = *value.first_chunk::<4>()?;
    let major = u16::from_le_bytes([major_low, major_high]);
    Some(Version::new(major, u16::from(minor), u16::from(patch)))
}

/// Printable text up to the first NUL.
fn text(value: &[u8]) -> Option<String> {
    let end = memchr::memchr(0, value).unwrap_or(value.len());
    let text = std::str::from_utf8(value.get(..end)?).ok()?;
    (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then(|| text.to_owned())
}
