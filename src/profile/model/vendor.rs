//! Whether a kernel is the mainline kernel of its version number.
//!
//! Vendors backport: a kernel that calls itself 6.6 may have code of 6.12. What such a kernel knows does not follow from
//! its number, neither that it lacks something nor that it lacks a later bug. The profile shows it where it states what
//! mainline of that number does not do.

use super::{Observed, Profile};
use crate::abi::kernel;
use crate::abi::record::RecordKind;
use crate::auxv::hwcap::{HwcapBit, HwcapWord, LIBC_BITS};

/// Names listed in a sentence.
const MOST_NAMED: usize = 3;

impl Profile {
    /// Features this kernel tells programs of and mainline of its number does not; empty where the kernel is unknown.
    #[must_use]
    pub fn backports(&self) -> Vec<&'static HwcapBit> {
        let newer = |bit: &&HwcapBit| self.kernel.is_some_and(|kernel| kernel < bit.since);
        self.hwcaps.set_bits().filter(newer).collect()
    }

    /// What shows that the kernel is not the mainline kernel of its number, for people: the end of a sentence that
    /// begins with "it". `None` where nothing does, which proves nothing.
    #[must_use]
    pub fn vendor_sign(&self) -> Option<String> {
        let kernel = self.kernel?;
        let backports = self.backports();
        if !backports.is_empty() {
            let mut names: Vec<&str> = backports.iter().map(|bit| bit.cpuinfo).collect();
            names.truncate(MOST_NAMED);
            let more = if backports.len() > MOST_NAMED {
                " and more"
            } else {
                ""
            };
            return Some(format!(
                "tells programs of {}{more}, which mainline {kernel} does not",
                names.join(", ")
            ));
        }
        let nameless = |(word, bit): &(HwcapWord, u8)| {
            *word != HwcapWord::Hwcap
                || LIBC_BITS.checked_shr(u32::from(*bit)).unwrap_or(0) & 1 == 0
        };
        if kernel <= kernel::NEWEST_KNOWN && self.hwcaps.unknown_bits().iter().any(nameless) {
            return Some(format!(
                "tells programs of features that mainline {kernel} has no name for"
            ));
        }
        let accepted = RecordKind::by_age().into_iter().find(|record| {
            kernel < record.since()
                && self.sigreturn.get(record.name()) == Some(&Observed::Accepted)
        });
        if let Some(record) = accepted {
            return Some(format!(
                "was seen to accept {} records, which mainline {kernel} does not",
                record.name()
            ));
        }
        let longer = self
            .auxv_bytes
            .filter(|bytes| *bytes > kernel::auxv_limit(kernel));
        longer.map(|bytes| {
            format!("accepts an auxv of {bytes} bytes, which mainline {kernel} does not")
        })
    }

    /// Whether the profile shows that the kernel is not the mainline kernel of its number: then no answer rests on
    /// the number alone.
    #[must_use]
    pub fn is_vendor_kernel(&self) -> bool {
        self.vendor_sign().is_some()
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::model::Observed;
    use crate::profile::{builtin, resolve};
    use crate::units::Version;

    #[test]
    fn no_machine_that_was_measured_is_taken_for_a_vendors() {
        for name in builtin::names() {
            let profile = resolve(name).unwrap();
            assert_eq!(profile.vendor_sign(), None, "{name}");
        }
    }

    #[test]
    fn each_kind_of_statement_shows_it() {
        let max = || resolve("max@6.1").unwrap();
        assert!(!max().is_vendor_kernel());
        let mut profile = resolve("max").unwrap();
        profile.kernel = Some(Version::new(6, 6, 151));
        let names: Vec<&str> = profile.backports().iter().map(|bit| bit.cpuinfo).collect();
        assert!(
            names.contains(&"fpmr") && names.contains(&"gcs"),
            "{names:?}"
        );
        assert!(profile.is_vendor_kernel());
        let mut profile = max();
        profile
            .sigreturn
            .insert("FPMR".to_owned(), Observed::Accepted);
        assert_eq!(
            profile.vendor_sign().unwrap(),
            "was seen to accept FPMR records, which mainline 6.1 does not"
        );
        let mut profile = max();
        profile.auxv_bytes = Some(400);
        assert!(profile.is_vendor_kernel());
        let mut profile = max();
        profile.hwcaps.words[2] = Some(1 << 40);
        assert!(profile.is_vendor_kernel());
    }
}
