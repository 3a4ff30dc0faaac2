//! The ids of the rules: one table, from which the type, its words and its reader come.
//!
//! A leaf: whatever names a rule names it by [`RuleId`], so that an id which no rule has cannot be written.

use std::fmt;
use std::str::FromStr;

/// Makes the types and their words from the table.
macro_rules! rule_ids {
    ($($(#[$about:meta])* $family:ident $word:literal { $($rule:ident $id:literal),+ $(,)? })+) => {
        /// A family of rules: the middle part of their ids.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Family {
            $($(#[$about])* $family,)+
        }

        impl Family {
            /// As ids spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$family => $word,)+
                }
            }
        }

        /// The id of a rule, `HWCR-FAMILY-NNN`. A number is never used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RuleId {
            $($(#[doc = concat!("`", $id, "`")] $rule,)+)+
        }

        impl RuleId {
            /// Every id, in the order of the table.
            pub const ALL: &'static [Self] = &[$($(Self::$rule,)+)+];

            /// As every output spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$rule => $id,)+)+
                }
            }

            /// The family it belongs to.
            #[must_use]
            pub const fn family(self) -> Family {
                match self {
                    $($(Self::$rule)|+ => Family::$family,)+
                }
            }
        }
    };
}

rule_ids! {
    /// What the image is and whether it can be read.
    Img "IMG" {
        Img001 "HWCR-IMG-001",
        Img002 "HWCR-IMG-002",
        Img003 "HWCR-IMG-003",
        Img004 "HWCR-IMG-004",
        Img005 "HWCR-IMG-005",
        Img006 "HWCR-IMG-006",
        Img007 "HWCR-IMG-007",
        Img008 "HWCR-IMG-008",
        Img009 "HWCR-IMG-009",
        Img010 "HWCR-IMG-010",
    }
    /// Capability words and registers.
    Hwc "HWC" {
        Hwc001 "HWCR-HWC-001",
        Hwc002 "HWCR-HWC-002",
        Hwc003 "HWCR-HWC-003",
        Hwc004 "HWCR-HWC-004",
        Hwc005 "HWCR-HWC-005",
        Hwc006 "HWCR-HWC-006",
        Hwc007 "HWCR-HWC-007",
        Hwc008 "HWCR-HWC-008",
    }
    /// Signal frames as such.
    Frm "FRM" {
        Frm001 "HWCR-FRM-001",
        Frm002 "HWCR-FRM-002",
        Frm003 "HWCR-FRM-003",
        Frm004 "HWCR-FRM-004",
        Frm005 "HWCR-FRM-005",
        Frm006 "HWCR-FRM-006",
    }
    /// SVE records.
    Sve "SVE" {
        Sve001 "HWCR-SVE-001",
        Sve002 "HWCR-SVE-002",
        Sve003 "HWCR-SVE-003",
    }
    /// TPIDR2, ZA and ZT records.
    Sme "SME" {
        Sme001 "HWCR-SME-001",
        Sme002 "HWCR-SME-002",
        Sme003 "HWCR-SME-003",
        Sme004 "HWCR-SME-004",
    }
    /// FPMR records.
    Fpm "FPM" {
        Fpm001 "HWCR-FPM-001",
    }
    /// POE records.
    Poe "POE" {
        Poe001 "HWCR-POE-001",
        Poe002 "HWCR-POE-002",
    }
    /// GCS records.
    Gcs "GCS" {
        Gcs001 "HWCR-GCS-001",
    }
    /// Pointer authentication.
    Pac "PAC" {
        Pac001 "HWCR-PAC-001",
        Pac002 "HWCR-PAC-002",
        Pac003 "HWCR-PAC-003",
        Pac004 "HWCR-PAC-004",
    }
    /// Signal stacks.
    Stk "STK" {
        Stk001 "HWCR-STK-001",
        Stk002 "HWCR-STK-002",
    }
    /// State that CRIU does not dump.
    Und "UND" {
        Und001 "HWCR-UND-001",
        Und002 "HWCR-UND-002",
        Und003 "HWCR-UND-003",
        Und004 "HWCR-UND-004",
        Und005 "HWCR-UND-005",
        Und006 "HWCR-UND-006",
        Und007 "HWCR-UND-007",
        Und008 "HWCR-UND-008",
        Und009 "HWCR-UND-009",
    }
    /// Kernel and CRIU of the target.
    Sys "SYS" {
        Sys001 "HWCR-SYS-001",
        Sys002 "HWCR-SYS-002",
        Sys003 "HWCR-SYS-003",
        Sys004 "HWCR-SYS-004",
        Sys005 "HWCR-SYS-005",
        Sys006 "HWCR-SYS-006",
        Sys007 "HWCR-SYS-007",
        Sys008 "HWCR-SYS-008",
        Sys009 "HWCR-SYS-009",
        Sys010 "HWCR-SYS-010",
        Sys011 "HWCR-SYS-011",
        Sys012 "HWCR-SYS-012",
        Sys013 "HWCR-SYS-013",
    }
    /// Files the restore opens.
    Fil "FIL" {
        Fil001 "HWCR-FIL-001",
        Fil002 "HWCR-FIL-002",
        Fil003 "HWCR-FIL-003",
        Fil004 "HWCR-FIL-004",
        Fil005 "HWCR-FIL-005",
        Fil006 "HWCR-FIL-006",
        Fil007 "HWCR-FIL-007",
        Fil008 "HWCR-FIL-008",
        Fil009 "HWCR-FIL-009",
        Fil010 "HWCR-FIL-010",
    }
    /// Profiles.
    Prf "PRF" {
        Prf001 "HWCR-PRF-001",
        Prf002 "HWCR-PRF-002",
        Prf003 "HWCR-PRF-003",
    }
    /// What an answer takes as given.
    Giv "GIV" {
        Giv001 "HWCR-GIV-001",
        Giv002 "HWCR-GIV-002",
        Giv003 "HWCR-GIV-003",
        Giv004 "HWCR-GIV-004",
        Giv005 "HWCR-GIV-005",
        Giv006 "HWCR-GIV-006",
        Giv007 "HWCR-GIV-007",
        Giv008 "HWCR-GIV-008",
        Giv009 "HWCR-GIV-009",
        Giv010 "HWCR-GIV-010",
        Giv011 "HWCR-GIV-011",
    }
}

/// No rule has this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchRule;

impl FromStr for RuleId {
    type Err = NoSuchRule;

    /// Reads an id in any letter case.
    fn from_str(text: &str) -> Result<Self, NoSuchRule> {
        Self::ALL
            .iter()
            .copied()
            .find(|id| id.as_str().eq_ignore_ascii_case(text))
            .ok_or(NoSuchRule)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_reads_back_as_itself() {
        for id in RuleId::ALL {
            assert_eq!(id.as_str().parse(), Ok(*id));
            assert_eq!(id.as_str().to_lowercase().parse(), Ok(*id));
            assert_eq!(
                id.as_str().split('-').nth(1),
                Some(id.family().as_str()),
                "{id}"
            );
        }
        assert_eq!("HWCR-XXX-001".parse::<RuleId>(), Err(NoSuchRule));
        assert_eq!("".parse::<RuleId>(), Err(NoSuchRule));
    }

    #[test]
    fn an_id_stands_in_columns_as_text_does() {
        assert_eq!(format!("{:<14}|", RuleId::Sve001), "HWCR-SVE-001  |");
    }
}
