//! What is known to keep programs from using CPU features, as data. Nothing stands here that was not seen on
//! a real binary; `docs/advice.md` says how each was.

use crate::facts::runtime::Runtime;

/// A kernel parameter and the features it hides from every program.
pub(super) struct Parameter {
    /// The parameter of the machine on which the workload starts.
    pub(super) name: &'static str,
    /// What the names of the features begin with.
    pub(super) hides: &'static [&'static str],
    /// Whether a process that starts without the feature is lost on a machine that has it.
    pub(super) one_way: bool,
}

/// `Documentation/admin-guide/kernel-parameters.txt`, `arch/arm64/kernel/pi/idreg-override.c`.
pub(super) static PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "arm64.nosve",
        hides: &["sve"],
        one_way: false,
    },
    Parameter {
        name: "arm64.nosme",
        hides: &["sme"],
        one_way: false,
    },
    Parameter {
        name: "arm64.nopauth",
        hides: &["paca", "pacg"],
        one_way: true,
    },
    Parameter {
        name: "arm64.nobti",
        hides: &["bti"],
        one_way: false,
    },
    Parameter {
        name: "arm64.nomops",
        hides: &["mops"],
        one_way: false,
    },
    Parameter {
        name: "arm64.nogcs",
        hides: &["gcs"],
        one_way: false,
    },
];

/// How the parameters were checked.
pub(super) const PARAMETERS_VERIFIED: &str =
    "kernel 7.3.4: the bits are gone from the HWCAP words of programs";

/// How the vector length was.
pub(super) const LENGTH_VERIFIED: &str = "kernel 7.3.4, CRIU 4.2.1: a frame of vl 16, chosen by prctl where 64 is the default, \
     returns where 16 is the only length";

/// How a runtime is told of the features it must not use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// An option of the environment variable GODEBUG.
    GoDebug(&'static str),
    /// Options of `java`.
    Java(&'static [&'static str]),
    /// A bit that OPENSSL_armcap must not have.
    Armcap(u32),
    /// There is none; why, for people.
    None(&'static str),
}

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// Programs that used the feature were dumped at work and restored by CRIU on a machine without it: started with
    /// the setting they worked on, without it they died.
    Restored,
    /// Programs ran where the feature is: with the setting, none of its instructions were left in what they executed;
    /// without it, some were.
    Instructions,
}

/// A feature a runtime uses, and how it is kept from it.
pub(super) struct Row {
    /// The runtime.
    pub(super) runtime: Runtime,
    /// Names of features, as /proc/cpuinfo spells them.
    pub(super) feature: &'static str,
    /// Whether all features whose names begin so are meant.
    pub(super) all_of_it: bool,
    /// What to say.
    pub(super) setting: Setting,
    /// What it rests on.
    pub(super) evidence: Evidence,
}

const fn row(runtime: Runtime, feature: &'static str, setting: Setting, evidence: Evidence) -> Row {
    Row {
        runtime,
        feature,
        all_of_it: false,
        setting,
        evidence,
    }
}

const fn rows_of(
    runtime: Runtime,
    prefix: &'static str,
    setting: Setting,
    evidence: Evidence,
) -> Row {
    Row {
        all_of_it: true,
        ..row(runtime, prefix, setting, evidence)
    }
}

const GLIBC_STRING: Setting = Setting::None(
    "it chooses memcpy and its like by these itself, and no tunable is known that keeps it from it: \
     GLIBC_TUNABLES=glibc.cpu.name=generic and glibc.cpu.hwcap_mask=1 did not keep it from them",
);

const OUTLINE_ATOMICS: &str = "its functions with outline atomics ask for LSE themselves; no setting is known that keeps them from it";

use Evidence::{Instructions, Restored};
use Runtime::{Glibc, Go, OpenJdk, OpenSsl};
use Setting::{Armcap, GoDebug, Java};

/// Without it, `java` does not start with some of the options.
const DIAGNOSTIC: &str = "-XX:+UnlockDiagnosticVMOptions";

/// Every row, by runtime.
#[rustfmt::skip] // one row, one line
pub(super) static ROWS: &[Row] = &[
    row(OpenSsl, "aes", Armcap(2), Instructions),
    row(OpenSsl, "sha1", Armcap(3), Instructions),
    row(OpenSsl, "sha2", Armcap(4), Instructions),
    row(OpenSsl, "pmull", Armcap(5), Instructions),
    row(OpenSsl, "sha512", Armcap(6), Restored),
    row(OpenSsl, "sm3", Armcap(9), Restored),
    row(OpenSsl, "sm4", Armcap(10), Restored),
    row(OpenSsl, "sha3", Armcap(11), Restored),
    rows_of(OpenSsl, "sve", Armcap(13), Instructions),
    row(OpenSsl, "atomics", Setting::None(OUTLINE_ATOMICS), Restored),
    row(Go, "aes", GoDebug("cpu.aes=off"), Instructions),
    row(Go, "sha1", GoDebug("cpu.sha1=off"), Instructions),
    row(Go, "sha2", GoDebug("cpu.sha2=off"), Instructions),
    row(Go, "sha512", GoDebug("cpu.sha512=off"), Restored),
    row(Go, "crc32", GoDebug("cpu.crc32=off"), Instructions),
    row(Go, "atomics", GoDebug("cpu.atomics=off"), Restored),
    row(Go, "dit", Setting::None("GODEBUG=cpu.all=off did not keep it from instructions on DIT"), Instructions),
    rows_of(OpenJdk, "sve", Java(&["-XX:UseSVE=0"]), Restored),
    row(OpenJdk, "atomics", Java(&["-XX:-UseLSE"]), Instructions),
    row(OpenJdk, "sha1", Java(&["-XX:-UseSHA"]), Instructions),
    row(OpenJdk, "sha2", Java(&["-XX:-UseSHA"]), Instructions),
    row(OpenJdk, "sha512", Java(&["-XX:-UseSHA"]), Restored),
    // Any vectorised loop of exclusive-ors may use EOR3, and the checksum does.
    row(OpenJdk, "sha3", Java(&["-XX:-UseSHA", "-XX:-UseSuperWord", "-XX:-UseCryptoPmullForCRC32"]), Restored),
    row(OpenJdk, "aes", Java(&["-XX:-UseAES"]), Instructions),
    row(OpenJdk, "pmull", Java(&["-XX:-UseAES", DIAGNOSTIC, "-XX:-UseGHASHIntrinsics", "-XX:-UseCryptoPmullForCRC32"]), Instructions),
    row(OpenJdk, "crc32", Java(&[DIAGNOSTIC, "-XX:-UseCRC32Intrinsics", "-XX:-UseCRC32CIntrinsics"]), Instructions),
    row(Glibc, "sve", GLIBC_STRING, Instructions),
    row(Glibc, "mops", GLIBC_STRING, Instructions),
    row(Glibc, "atomics", Setting::None(OUTLINE_ATOMICS), Restored),
];

/// What each runtime was checked on.
pub(super) fn program(runtime: Runtime) -> &'static str {
    match runtime {
        OpenSsl => "OpenSSL 3.6.5 (Debian)",
        Go => "programs of Go 1.25 and 1.27 (Debian)",
        OpenJdk => "OpenJDK 21.0.13 (Debian)",
        Glibc => "glibc 2.43 (Debian)",
    }
}

/// Bits of OPENSSL_armcap besides those of [`ROWS`] that a program may keep: ASIMD, ID registers, random
/// numbers and SVE2 (`include/arch/arm_arch.h` of OpenSSL 3.6).
pub(super) const OTHER_ARMCAP_BITS: [(&str, u32); 4] =
    [("asimd", 0), ("cpuid", 7), ("rng", 8), ("sve2", 14)];
