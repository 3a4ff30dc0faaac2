//! Signal frames as report structures.

use crate::facts;
use crate::sigframe::model::{self, Body, SvePayload};

use super::words;
use crate::report::v1::Liveness;
use crate::report::v1::frame::{Frame, FrameAnomaly, Record, RecordBody, SveLayout, WayOut};
use crate::report::v1::task::AltStack;

/// A frame with all its records; vector and general registers only when `verbose`.
#[must_use]
pub fn frame(frame: &model::Frame, way_out: Option<&facts::WayOut>, verbose: bool) -> Frame {
    let (stack, flags, size) = frame.uc_stack;
    Frame {
        tid: frame.tid.map(|tid| tid.0),
        address: frame.base.into(),
        size: frame.size,
        liveness: frame.liveness.into(),
        signs: frame
            .signs
            .iter()
            .map(|&sign| words::sign(sign).to_owned())
            .collect(),
        way_out: way_out.map(way),
        signo: frame.signo,
        si_code: frame.si_code,
        file: frame.place.as_ref().map(|place| place.file.to_string()),
        offset: frame.place.as_ref().map(|place| place.offset),
        pc: frame.pc.into(),
        sp: frame.sp.into(),
        pstate: frame.pstate.into(),
        regs: verbose.then(|| frame.regs.iter().map(|&x| x.into()).collect()),
        fault_address: frame.fault_address.into(),
        uc_flags: frame.uc_flags.into(),
        uc_link: frame.uc_link.into(),
        uc_stack: AltStack {
            sp: stack.into(),
            size,
            flags: flags.into(),
        },
        uc_sigmask: frame.uc_sigmask.into(),
        records: frame
            .records
            .iter()
            .map(|found| record(found, verbose))
            .collect(),
        anomalies: frame
            .anomalies
            .iter()
            .map(|anomaly| FrameAnomaly {
                kind: words::frame_anomaly(anomaly.kind).to_owned(),
                address: anomaly.addr.into(),
                detail: anomaly.detail.clone(),
            })
            .collect(),
    }
}

fn way(way: &facts::WayOut) -> WayOut {
    match way {
        facts::WayOut::Jump(buffer) => WayOut::JumpBuffer {
            address: buffer.at.into(),
            pc: buffer.pc.into(),
            sp: buffer.sp.into(),
        },
        facts::WayOut::NoReturn(why) => WayOut::NoReturn {
            pc: why.pc.into(),
            function: why.function.map(Into::into),
            file: why.file.as_ref().map(ToString::to_string),
            jumps: why.leaves,
        },
    }
}

fn record(record: &model::Record, verbose: bool) -> Record {
    Record {
        body: body(&record.body, verbose),
        address: record.addr.into(),
        size: record.size,
        magic: record.magic.into(),
        in_extra: record.in_extra,
        file: record.place.as_ref().map(|place| place.file.to_string()),
        offset: record.place.as_ref().map(|place| place.offset),
        bytes: verbose.then(|| {
            record
                .raw
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        }),
    }
}

fn body(body: &Body, verbose: bool) -> RecordBody {
    match *body {
        Body::Fpsimd {
            fpsr,
            fpcr,
            ref vregs,
            ..
        } => RecordBody::Fpsimd {
            fpsr: fpsr.into(),
            fpcr: fpcr.into(),
            vregs: verbose.then(|| vregs.iter().map(|&v| crate::report::v1::Hex(v)).collect()),
        },
        Body::Esr { esr, .. } => RecordBody::Esr { esr: esr.into() },
        Body::Sve {
            vl, flags, payload, ..
        } => RecordBody::Sve {
            vl: vl.0,
            flags,
            payload: payload.is_some(),
            layout: payload.map(sve_layout),
        },
        Body::Tpidr2 { tpidr2, .. } => RecordBody::Tpidr2 {
            tpidr2: tpidr2.into(),
        },
        Body::Za {
            vl, payload, zero, ..
        } => RecordBody::Za {
            vl: vl.0,
            payload,
            zero,
        },
        Body::Zt { nregs, payload, .. } => RecordBody::Zt { nregs, payload },
        Body::Fpmr { fpmr, .. } => RecordBody::Fpmr { fpmr: fpmr.into() },
        Body::Poe { por_el0, .. } => RecordBody::Poe {
            por_el0: por_el0.into(),
        },
        Body::Gcs {
            gcspr,
            features_enabled,
            reserved,
            ..
        } => RecordBody::Gcs {
            gcspr: gcspr.into(),
            features_enabled: features_enabled.into(),
            reserved: reserved.into(),
        },
        Body::Extra { datap, size, .. } => RecordBody::Extra {
            datap: datap.into(),
            extra_size: size,
        },
        Body::End => RecordBody::End,
        Body::Unknown => RecordBody::Unknown,
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

impl From<model::Liveness> for Liveness {
    fn from(liveness: model::Liveness) -> Self {
        match liveness {
            model::Liveness::Live => Self::Live,
            model::Liveness::Unknown => Self::Unknown,
            model::Liveness::Stale => Self::Stale,
        }
    }
}
