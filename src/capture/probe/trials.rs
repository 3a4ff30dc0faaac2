//! The frames to try.

use crate::abi::record::{RecordKind, Trial as Try};
use crate::auxv::hwcap::{self, HwcapBit, Hwcaps};
use crate::sigframe::layout;
use crate::sigframe::model::SVE_SIG_FLAG_SM;
use crate::units::Vl;

/// What a trial is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A frame that every kernel takes; otherwise nothing can be concluded.
    Control,
    /// A frame that every kernel refuses, likewise.
    Counter,
    /// A record of this kind, in a form that a kernel with the feature takes.
    Record(RecordKind),
    /// A frame that lacks the record of this kind, which the kernel itself would write.
    Without(RecordKind),
}

/// One frame to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What it is about.
    pub subject: Subject,
    /// What the frame holds, in words.
    pub form: String,
    /// The records behind FPSIMD, each with its header.
    pub records: Vec<Vec<u8>>,
    /// The first of them that goes into EXTRA space, where that is not left to their size.
    pub extra_from: Option<usize>,
    /// Records without which this one cannot be taken: its refusal says nothing where they are refused.
    pub needs: Vec<RecordKind>,
}

/// A magic word that no kernel knows: "hwcr".
const UNKNOWN_MAGIC: u32 = 0x7263_7768;
/// Size of records with one word.
const WORD_SIZE: u32 = RecordKind::Esr.written();
/// A vector length for records on machines that have no vectors: any will do.
const ANY_VL: Vl = Vl(16);
/// Sizes of records that a rewrite could turn into ESR records: with a word, GCS and EXTRA, ZT.
const FILLERS: [u32; 3] = [WORD_SIZE, RecordKind::Gcs.written(), 80];

impl Trial {
    fn new(subject: Subject, form: impl Into<String>, records: Vec<Vec<u8>>) -> Self {
        Self {
            subject,
            form: form.into(),
            records,
            extra_from: None,
            needs: Vec::new(),
        }
    }

    fn needing(mut self, needs: &[RecordKind]) -> Self {
        self.needs.extend(needs);
        self
    }
}

/// A record: header, then `body`, then zeros up to `size`.
fn record(magic: u32, size: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = [magic.to_le_bytes(), size.to_le_bytes()].concat();
    bytes.extend_from_slice(body);
    bytes.resize(usize::try_from(size).unwrap_or(0).max(bytes.len()), 0);
    bytes
}

fn sve(vl: Vl, flags: u16, size: u32) -> Vec<u8> {
    let body = [vl.0.to_le_bytes(), flags.to_le_bytes()].concat();
    record(RecordKind::Sve.magic(), size, &body)
}

fn za(vl: Vl, size: u32) -> Vec<u8> {
    record(RecordKind::Za.magic(), size, &vl.0.to_le_bytes())
}

/// The frames to try on a machine with these HWCAPs, whose processes have these vector lengths; without
/// the length that a record needs, the record is not tried.
#[must_use]
pub fn trials(caps: &Hwcaps, sve_vl: Option<Vl>, sme_vl: Option<Vl>) -> Vec<Trial> {
    let has = |bit: &HwcapBit| caps.has(bit) == Some(true);
    let mut trials = vec![
        Trial::new(Subject::Control, "FPSIMD alone", vec![]),
        Trial::new(
            Subject::Counter,
            "a record of no known kind",
            vec![record(UNKNOWN_MAGIC, WORD_SIZE, &[])],
        ),
    ];
    esr(&mut trials, sve_vl);
    scalable(
        &mut trials,
        has(hwcap::SVE),
        has(hwcap::SME),
        sve_vl,
        sme_vl,
    );
    matrix(&mut trials, has(hwcap::SME), sme_vl);
    trials.extend(
        RecordKind::ALL
            .iter()
            .filter(|kind| **kind != RecordKind::Poe)
            .filter_map(|kind| one_word(*kind)),
    );
    let Some(por) = one_word(RecordKind::Poe) else {
        return trials;
    };
    if has(hwcap::POE) {
        // Some kernels give a task that returns without this record a POR_EL0 of chance, so that every
        // frame here has it.
        let bytes = por.records.clone();
        for trial in &mut trials {
            trial.records.splice(0..0, bytes.iter().cloned());
        }
        trials.push(Trial::new(
            Subject::Without(RecordKind::Poe),
            "FPSIMD alone",
            vec![],
        ));
    }
    trials.push(por);
    extra(&mut trials);
    trials
}

/// The record of a kind that is tried with one word in it.
fn one_word(kind: RecordKind) -> Option<Trial> {
    match kind.row().trial {
        Try::Word(form, value) => {
            let bytes = record(kind.magic(), kind.written(), &value.to_le_bytes());
            Some(Trial::new(Subject::Record(kind), form, vec![bytes]))
        }
        Try::Own => None,
    }
}

/// ESR records of the sizes that records have which a rewrite could turn into one.
fn esr(trials: &mut Vec<Trial>, sve_vl: Option<Vl>) {
    let payload = sve_vl.and_then(Vl::vq).map(layout::sve_size);
    for size in FILLERS.into_iter().chain(payload) {
        trials.push(Trial::new(
            Subject::Record(RecordKind::Esr),
            format!("{size} bytes"),
            vec![record(RecordKind::Esr.magic(), size, &[])],
        ));
    }
}

/// SVE records: those that a kernel with these features writes, or any where it has neither.
fn scalable(
    trials: &mut Vec<Trial>,
    has_sve: bool,
    has_sme: bool,
    sve_vl: Option<Vl>,
    sme_vl: Option<Vl>,
) {
    let mut put = |form: String, record: Vec<u8>| {
        trials.push(Trial::new(
            Subject::Record(RecordKind::Sve),
            form,
            vec![record],
        ));
    };
    let header = |vl: Vl| {
        (
            format!("header only, vl {vl}"),
            sve(vl, 0, layout::HEADER_ONLY),
        )
    };
    let payload = |vl: Vl, flags: u16, what: &str| {
        let vq = vl.vq()?;
        Some((
            format!("{what}, vl {vl}"),
            sve(vl, flags, layout::sve_size(vq)),
        ))
    };
    let forms = match (has_sve, has_sme) {
        (true, _) => [
            sve_vl.map(header),
            sve_vl.and_then(|vl| payload(vl, 0, "with registers")),
        ],
        // SME without SVE: the length outside of streaming mode is 0.
        (false, true) => [Some(header(Vl(0))), None],
        (false, false) => [Some(header(ANY_VL)), payload(ANY_VL, 0, "with registers")],
    };
    let streaming = sme_vl
        .filter(|_| has_sme)
        .and_then(|vl| payload(vl, SVE_SIG_FLAG_SM, "streaming, with registers"));
    for (form, record) in forms.into_iter().flatten().chain(streaming) {
        put(form, record);
    }
}

/// ZA and ZT. ZT needs ZA switched on, which a ZA record with payload does.
fn matrix(trials: &mut Vec<Trial>, has_sme: bool, sme_vl: Option<Vl>) {
    let zt_body = 1_u16.to_le_bytes();
    let zt = record(RecordKind::Zt.magic(), layout::zt_size(1), &zt_body);
    if !has_sme {
        let header = za(ANY_VL, layout::HEADER_ONLY);
        let form = format!("header only, vl {ANY_VL}");
        trials.push(Trial::new(
            Subject::Record(RecordKind::Za),
            form,
            vec![header],
        ));
        trials.push(Trial::new(
            Subject::Record(RecordKind::Zt),
            "without ZA",
            vec![zt],
        ));
        return;
    }
    let Some((vl, vq)) = sme_vl.and_then(|vl| Some((vl, vl.vq()?))) else {
        return;
    };
    let payload = za(vl, layout::za_size(vq));
    trials.push(Trial::new(
        Subject::Record(RecordKind::Za),
        format!("header only, vl {vl}"),
        vec![za(vl, layout::HEADER_ONLY)],
    ));
    trials.push(Trial::new(
        Subject::Record(RecordKind::Za),
        format!("with the matrix, vl {vl}"),
        vec![payload.clone()],
    ));
    trials.push(
        Trial::new(
            Subject::Record(RecordKind::Zt),
            format!("behind ZA with the matrix, vl {vl}"),
            vec![payload, zt],
        )
        .needing(&[RecordKind::Za]),
    );
}

/// EXTRA records: with empty space, and with a record in it that every kernel passes over.
fn extra(trials: &mut Vec<Trial>) {
    let esr = record(RecordKind::Esr.magic(), WORD_SIZE, &[]);
    // Whatever goes into every frame (POE) stays before the EXTRA record.
    let before: Vec<Vec<u8>> = trials
        .first()
        .map(|control| control.records.clone())
        .unwrap_or_default();
    for (form, inside) in [
        ("empty space", None),
        ("an ESR record in its space", Some(esr)),
    ] {
        let extra_from = Some(before.len());
        let records = before.iter().cloned().chain(inside).collect();
        trials.push(Trial {
            extra_from,
            ..Trial::new(Subject::Record(RecordKind::Extra), form, records)
        });
    }
}
