//! Records of signal frames in reports: the structure, how it comes from the facts, and its words.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::inspect_text::pairs;
use super::layout::counted;
use super::v1::Hex;
use crate::sigframe::model::{Body, SvePayload};

/// Fields of a record, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(tag = "kind")]
pub enum RecordBody {
    /// `fpsimd_context`.
    #[serde(rename = "FPSIMD")]
    Fpsimd {
        /// FPSR.
        fpsr: Hex,
        /// FPCR.
        fpcr: Hex,
        /// V0 to V31 (`-v`).
        #[serde(skip_serializing_if = "Option::is_none")]
        vregs: Option<Vec<Hex>>,
    },
    /// `esr_context`.
    #[serde(rename = "ESR")]
    Esr {
        /// Syndrome.
        esr: Hex,
    },
    /// `sve_context`.
    #[serde(rename = "SVE")]
    Sve {
        /// Vector length, bytes.
        vl: u16,
        /// Flags; bit 0 is streaming mode.
        flags: u16,
        /// Whether the registers follow the header.
        payload: bool,
        /// Where they lie and what they hold.
        #[serde(skip_serializing_if = "Option::is_none")]
        layout: Option<SveLayout>,
    },
    /// `tpidr2_context`.
    #[serde(rename = "TPIDR2")]
    Tpidr2 {
        /// TPIDR2_EL0.
        tpidr2: Hex,
    },
    /// `za_context`.
    #[serde(rename = "ZA")]
    Za {
        /// Streaming vector length, bytes.
        vl: u16,
        /// Whether the matrix follows the header.
        payload: bool,
        /// Whether every byte of it is zero (true without a payload).
        zero: bool,
    },
    /// `zt_context`.
    #[serde(rename = "ZT")]
    Zt {
        /// Number of ZT registers.
        nregs: u16,
        /// Whether their bytes follow.
        payload: bool,
    },
    /// `fpmr_context`.
    #[serde(rename = "FPMR")]
    Fpmr {
        /// FPMR.
        fpmr: Hex,
    },
    /// `poe_context`.
    #[serde(rename = "POE")]
    Poe {
        /// POR_EL0.
        por_el0: Hex,
    },
    /// `gcs_context`.
    #[serde(rename = "GCS")]
    Gcs {
        /// Shadow stack pointer.
        gcspr: Hex,
        /// Enabled features.
        features_enabled: Hex,
        /// Reserved word.
        reserved: Hex,
    },
    /// `extra_context`.
    #[serde(rename = "EXTRA")]
    Extra {
        /// Address of the extra space.
        datap: Hex,
        /// Its size, bytes.
        extra_size: u32,
    },
    /// The terminator.
    #[serde(rename = "END")]
    End,
    /// A magic without a name, or a known one too short for its fields.
    #[serde(rename = "UNKNOWN")]
    Unknown,
}

/// Where the registers of an SVE record lie (offsets from the record) and what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct SveLayout {
    /// Quadwords a vector.
    pub vq: u16,
    /// Offset of Z0.
    pub z_offset: u32,
    /// Offset of P0.
    pub p_offset: u32,
    /// Offset of FFR.
    pub ffr_offset: u32,
    /// Bits above 127 of every Z register are zero.
    pub upper_zero: bool,
    /// Every predicate is zero.
    pub predicates_zero: bool,
    /// FFR is zero.
    pub ffr_zero: bool,
}

impl RecordBody {
    /// The fields of a record; vector registers only when `verbose`.
    #[must_use]
    pub fn of(body: &Body, verbose: bool) -> Self {
        match *body {
            Body::Fpsimd {
                fpsr,
                fpcr,
                ref vregs,
                ..
            } => Self::Fpsimd {
                fpsr: fpsr.into(),
                fpcr: fpcr.into(),
                vregs: verbose.then(|| vregs.iter().map(|&v| Hex(v)).collect()),
            },
            Body::Esr { esr, .. } => Self::Esr { esr: esr.into() },
            Body::Sve {
                vl, flags, payload, ..
            } => Self::Sve {
                vl: vl.0,
                flags,
                payload: payload.is_some(),
                layout: payload.map(sve_layout),
            },
            Body::Tpidr2 { tpidr2, .. } => Self::Tpidr2 {
                tpidr2: tpidr2.into(),
            },
            Body::Za {
                vl, payload, zero, ..
            } => Self::Za {
                vl: vl.0,
                payload,
                zero,
            },
            Body::Zt { nregs, payload, .. } => Self::Zt { nregs, payload },
            Body::Fpmr { fpmr, .. } => Self::Fpmr { fpmr: fpmr.into() },
            Body::Poe { por_el0, .. } => Self::Poe {
                por_el0: por_el0.into(),
            },
            Body::Gcs {
                gcspr,
                features_enabled,
                reserved,
                ..
            } => Self::Gcs {
                gcspr: gcspr.into(),
                features_enabled: features_enabled.into(),
                reserved: reserved.into(),
            },
            Body::Extra { datap, size, .. } => Self::Extra {
                datap: datap.into(),
                extra_size: size,
            },
            Body::End => Self::End,
            Body::Unknown => Self::Unknown,
        }
    }

    /// Its kind's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fpsimd { .. } => "FPSIMD",
            Self::Esr { .. } => "ESR",
            Self::Sve { .. } => "SVE",
            Self::Tpidr2 { .. } => "TPIDR2",
            Self::Za { .. } => "ZA",
            Self::Zt { .. } => "ZT",
            Self::Fpmr { .. } => "FPMR",
            Self::Poe { .. } => "POE",
            Self::Gcs { .. } => "GCS",
            Self::Extra { .. } => "EXTRA",
            Self::End => "END",
            Self::Unknown => "unknown",
        }
    }

    /// Its fields on one line.
    #[must_use]
    pub fn fields(&self) -> String {
        match self {
            Self::Fpsimd { fpsr, fpcr, .. } => {
                pairs(&[("fpsr", Some(*fpsr)), ("fpcr", Some(*fpcr))])
            }
            Self::Esr { esr } => format!("esr {esr}"),
            Self::Sve {
                vl,
                flags,
                payload,
                layout,
            } => {
                let streaming = if flags & 1 != 0 { " (streaming)" } else { "" };
                format!(
                    "vl {vl}  flags {flags}{streaming}  {}",
                    sve(*payload, *layout)
                )
            }
            Self::Tpidr2 { tpidr2 } => format!("tpidr2 {tpidr2}"),
            Self::Za { vl, payload, zero } => match (payload, zero) {
                (false, _) => format!("vl {vl}  header only"),
                (true, true) => format!("vl {vl}  matrix, all zero"),
                (true, false) => format!("vl {vl}  matrix, not zero"),
            },
            Self::Zt { nregs, payload } => {
                format!(
                    "{}  {}",
                    counted((*nregs).into(), "register", "registers"),
                    payload_word(*payload)
                )
            }
            Self::Fpmr { fpmr } => format!("fpmr {fpmr}"),
            Self::Poe { por_el0 } => format!("por_el0 {por_el0}"),
            Self::Gcs {
                gcspr,
                features_enabled,
                reserved,
            } => pairs(&[
                ("gcspr", Some(*gcspr)),
                ("features", Some(*features_enabled)),
                ("reserved", Some(*reserved)),
            ]),
            Self::Extra { datap, extra_size } => {
                format!("{extra_size} bytes of space at {datap}")
            }
            Self::End | Self::Unknown => String::new(),
        }
    }
}

fn sve_layout(payload: SvePayload) -> SveLayout {
    SveLayout {
        vq: payload.vq,
        z_offset: payload.z_offset,
        p_offset: payload.p_offset,
        ffr_offset: payload.ffr_offset,
        upper_zero: payload.upper_zero,
        predicates_zero: payload.predicates_zero,
        ffr_zero: payload.ffr_zero,
    }
}

fn payload_word(payload: bool) -> &'static str {
    if payload { "payload" } else { "header only" }
}

/// What the payload of an SVE record holds.
fn sve(payload: bool, layout: Option<SveLayout>) -> String {
    let Some(layout) = layout else {
        return payload_word(payload).to_owned();
    };
    let word = |zero: bool| if zero { "zero" } else { "not zero" };
    format!(
        "payload at vq {}: Z at {}, upper bits {}; P at {}, {}; FFR at {}, {}",
        layout.vq,
        layout.z_offset,
        word(layout.upper_zero),
        layout.p_offset,
        word(layout.predicates_zero),
        layout.ffr_offset,
        word(layout.ffr_zero),
    )
}
