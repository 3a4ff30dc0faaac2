//! What a Java virtual machine with CRaC says, and its fork of CRIU.

use crate::restore_log::row::{ERROR, Fate, Form, Role, Row};
use crate::rule_id::RuleId;

/// The number of a feature in the masks that CRaC prints. They are HotSpot's, not the kernel's, and other
/// in releases before 2026: so a sentence names the set and its release.
macro_rules! bits {
    () => {
        "From bit 0 on the bits of a mask are, in CRaC of 2026: fp, asimd, evtstrm, aes, pmull, sha1, sha2, crc32, lse, \
         fphp, asimdhp, dcpop, sha3, sha512, sve, sb, paca, svebitperm, sve2, a53mac, ecv, wfxt, notpaca; older releases \
         number them as the kernel's HWCAP."
    };
}

const JVM: Row = Row {
    form: Form::Jvm,
    ..ERROR
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "jvm-cpu-features",
        patterns: &[
            "Restore failed due to incompatible or missing CPU features, try using -XX:CPUFeatures={features:word} on checkpoint.",
        ],
        rules: &[RuleId::Hwc001, RuleId::Hwc002, RuleId::Und003],
        summary: "CRaC's own check refused the image: it uses CPU features that this machine lacks. CRIU did not run.",
        explanation: concat!(
            "The JVM compares the features it had at the checkpoint with those here, before it restores. {features} is what \
             both have. ",
            bits!()
        ),
        help: "Make the checkpoint again with -XX:CPUFeatures={features} on the java command line, or restore on a machine with \
            the features of the first. LSE cannot be taken away this way on arm64: libc uses it on its own.",
        sources: &[
            "openjdk/crac 2026, src/hotspot/share/runtime/crac_engine.cpp check_cpuinfo; \
             src/hotspot/cpu/aarch64/vm_version_aarch64.cpp; test CPUFeaturesAWS.sh",
        ],
        ..JVM
    },
    Row {
        id: "jvm-cpu-features-unnamed",
        patterns: &[
            "Restore failed due to incompatible or missing CPU features.",
            "You have to specify -XX:CPUFeatures={rest}",
        ],
        rules: &[RuleId::Hwc001, RuleId::Hwc002, RuleId::Und003],
        summary: "CRaC's own check refused the image: the CPU features of its checkpoint are not those of this machine. CRIU did not run.",
        explanation: concat!(
            "The JVM compares the features it had at the checkpoint with those here, before it restores. ",
            bits!()
        ),
        help: "Make the checkpoint again with -XX:CPUFeatures=generic, or with the mask that the message or `java \
            -XX:+ShowCPUFeatures -version` on this machine gives.",
        sources: &[
            "openjdk/crac 2026, src/hotspot/share/runtime/crac_engine.cpp check_cpuinfo; CRaC/docs README, CPU Features",
        ],
        ..JVM
    },
    Row {
        id: "jvm-separate-images",
        patterns: &[
            "Restore failed due to incompatible aarch64 CPU feature {feature:word} ({mask:address}); these CPUs each require a separate image.",
        ],
        rules: &[RuleId::Pac001, RuleId::Pac002, RuleId::Pac003],
        summary: "CRaC's own check refused the image: one of the two machines signs pointers ({feature}) and the other does not. CRIU did not run.",
        explanation: "With pointer authentication code signs return addresses and checks them; an image of a machine without it \
            fails on one with it, and the other way about. No option takes that away.",
        help: "Make one image on a machine with pointer authentication and one on a machine without it (Graviton2 and older \
            have none, Graviton3 and later do).",
        sources: &[
            "openjdk/crac 2026, src/hotspot/cpu/aarch64/vm_version_aarch64.cpp restore_failed_check; test CPUFeaturesAWS.sh",
        ],
        ..JVM
    },
    Row {
        id: "jvm-architecture",
        patterns: &[
            "Restore failed due to wrong or missing CPU architecture (current architecture is {arch:word})",
        ],
        rules: &[RuleId::Img001],
        summary: "CRaC's own check refused the image: it is of another architecture than this JVM ({arch}). CRIU did not run.",
        explanation: "The label cpu.arch of the image differs or is missing.",
        help: "Restore with a JVM of the architecture of the checkpoint.",
        sources: &["openjdk/crac 2026, src/hotspot/share/runtime/crac_engine.cpp check_cpuinfo"],
        ..JVM
    },
    Row {
        id: "jvm-feature-kept",
        patterns: &[
            "One cannot disable {feature:word} ({mask:address}) by -XX:CPUFeatures as GLIBC_TUNABLES=glibc.cpu.hwcaps is unsupported on aarch64.",
        ],
        summary: "The JVM does not start the checkpoint: {feature} cannot be taken away from libc on arm64.",
        explanation: concat!(
            "libc chooses its functions by the features the kernel shows, and has no switch for them on arm64. ",
            bits!()
        ),
        help: "Leave {mask} in -XX:CPUFeatures, and restore on machines that have {feature}.",
        sources: &[
            "openjdk/crac 2026, src/hotspot/cpu/aarch64/vm_version_aarch64.cpp; test CPUFeaturesAWS.sh",
        ],
        ..JVM
    },
    Row {
        id: "jvm-engine",
        patterns: &[
            "Image format does not match; saved image with engine {saved:word}, restoring with {engine:rest}",
        ],
        summary: "The image was made by the engine {saved}, and the JVM restores with {engine}.",
        explanation: "CRaC can work with several engines (criuengine, warp, simengine), whose images differ.",
        help: "Restore with -XX:CRaCEngine={saved}.",
        sources: &["openjdk/crac 2026, src/hotspot/share/runtime/crac_engine.cpp check_engine"],
        ..JVM
    },
    Row {
        id: "jvm-crashed",
        patterns: &["#  {name:word} ({number:address}) at pc={pc}, pid={pid}, tid={tid}"],
        role: Role::Symptom(Fate::Dies),
        rules: &[
            RuleId::Hwc001,
            RuleId::Hwc002,
            RuleId::Und003,
            RuleId::Pac002,
            RuleId::Pac003,
            RuleId::Und007,
        ],
        summary: "The JVM died with {name}.",
        explanation: "SIGILL after a restore is an instruction that this machine does not have: compiled code and libc keep what \
            the first machine offered. SIGSEGV alone says little.",
        help: "hs_err_pid{pid}.log names the instruction; make the checkpoint with -XX:CPUFeatures=generic.",
        sources: &[
            "openjdk/jdk, src/hotspot/share/utilities/vmError.cpp; wording unverified in source",
        ],
        ..JVM
    },
    Row {
        id: "jvm-image-user-data",
        patterns: &[
            "Image {place:text} has incompatible CPU features in its user data",
            "Failed to restore checkpoint",
            "Failed to restore from {path:rest}",
            "Error: Could not create the Java Virtual Machine.",
        ],
        role: Role::Consequence,
        summary: "The JVM gave up; another line says why.",
        sources: &["reports of CRaC restores; unverified in source"],
        ..JVM
    },
    Row {
        id: "criu-crac-pages",
        form: Form::Error,
        files: &["pages-compress.c", "cr-restore.c"],
        patterns: &[
            "LZ4 Decompress error: {reason:rest}",
            "Can't create LZ4 decompression context, {reason:rest}",
            "decompression went wrong, compression buffer is out of bounds",
            "writing is not completed, outsize={size:number}",
            "written more bytes in total than needed, expected={need:number}, written={size:number}",
            "couldn't stat comp_fd: {errno}",
            "failed mmap on comp_fd={fd:number} with length={size:number}: {errno}",
            "write error to decompressed file: {errno}",
            "Failed to join decompression thread",
        ],
        rules: &[RuleId::Img004],
        unreadable: true,
        summary: "CRaC's CRIU could not unpack the memory of the image.",
        explanation: "CRaC's fork of CRIU packs pages with LZ4 on request. The file is damaged or cut, or there is no room for \
            the unpacked copy.",
        help: "Copy the image again; make room for all of its memory.",
        sources: &["CRaC/criu 3.17.1, criu/pages-compress.c decompress_image, criu/cr-restore.c"],
        ..ERROR
    },
    Row {
        id: "criu-crac-no-ptrace",
        form: Form::Error,
        files: &["cr-restore.c"],
        patterns: &["Unable to flush breakpoints"],
        role: Role::Consequence,
        summary: "CRaC's CRIU could not trace the restored tasks to their end; the lines before say why.",
        sources: &["CRaC/criu 3.17.1, criu/cr-restore.c restore_root_task"],
        ..ERROR
    },
];
