//! Signal frames as report structures.

use crate::facts;
use crate::sigframe::model;

use super::words;
use crate::report::v1::Liveness;
use crate::report::v1::frame::{Frame, FrameAnomaly, Record, RecordBody, WayOut};
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
        body: RecordBody::of(&record.body, verbose),
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

impl From<model::Liveness> for Liveness {
    fn from(liveness: model::Liveness) -> Self {
        match liveness {
            model::Liveness::Live => Self::Live,
            model::Liveness::Unknown => Self::Unknown,
            model::Liveness::Stale => Self::Stale,
        }
    }
}
