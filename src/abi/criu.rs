//! What a CRIU version takes and does on arm64.

use crate::units::Version;

/// First release that saves and restores pointer-authentication keys (commit 8ae5db37b).
pub const SAVES_PAC_KEYS: Version = Version::new(4, 1, 0);

/// First release that saves build ids of files and compares them at a restore (`criu/files-reg.c`,
/// `validate_with_build_id`).
pub const COMPARES_BUILD_IDS: Version = Version::new(3, 15, 0);

/// First release that takes the rseq area of its own libc away before it unmaps libc's memory (commit
/// f70ddab24, `criu/pie/restorer.c` `unregister_libc_rseq`).
pub const UNREGISTERS_LIBC_RSEQ: Version = Version::new(3, 17, 0);

/// First release that asks the kernel for that area instead of libc's symbols (commits cacddf19d, f7972a3f0).
pub const ASKS_KERNEL_FOR_LIBC_RSEQ: Version = Version::new(3, 18, 0);

/// First release that knows what `__rseq_size` means since glibc 2.40 (commit 089345f77).
pub const KNOWS_RSEQ_SIZE: Version = Version::new(4, 0, 0);

/// First release that saves MADV_WIPEONFORK and MAP_DROPPABLE, so that an image shows them (commits af5412a43
/// and b90cfc1a8, `criu/proc_parse.c`).
pub const SAVES_WIPE_AND_DROP: Version = Version::new(4, 2, 0);

/// First release that saves guarded control stacks.
pub const SAVES_GCS: Version = Version::new(4, 3, 0);

/// Words of saved auxv this CRIU takes at a restore: 40 up to 4.0, 50 from 4.1
/// (`criu/arch/aarch64/include/asm/types.h`; commit aad66a4f7). A longer vector ends with
/// "Image corrupted on pid N" (`criu/cr-restore.c`).
#[must_use]
pub fn auxv_words_limit(criu: Version) -> u64 {
    if criu >= Version::new(4, 1, 0) {
        50
    } else {
        40
    }
}
