use std::path::Path;

use super::*;
use crate::criu_image;
use crate::facts::{self, Search};
use crate::sigframe::model::Body;

fn planned(
    image: &str,
    edit: impl FnOnce(&mut Facts<'_>),
) -> Result<Vec<(Vectors, u16, usize)>, Error> {
    let checkpoint = criu_image::load(&Path::new("tests/fixtures/images").join(image)).unwrap();
    let mut facts = facts::collect(&checkpoint, Search::Auto);
    edit(&mut facts);
    let choices = plan(&facts)?;
    Ok(choices
        .iter()
        .map(|choice| (choice.vectors, choice.vl.0, choice.frames))
        .collect())
}

#[test]
fn frames_show_the_lengths_to_choose() {
    let of = |image| planned(image, |_| {}).unwrap();
    assert_eq!(of("idle@max@new"), []);
    assert_eq!(of("sig-plain@cortex-a57@new"), []);
    assert_eq!(of("sig-sve@neoverse-v1@new"), [(Vectors::Sve, 32, 1)]);
    // A ZA record shows the streaming length, also without ZA.
    assert_eq!(
        of("sig-sve-vl16@max@new"),
        [(Vectors::Sve, 16, 1), (Vectors::Sme, 32, 1)]
    );
    assert_eq!(of("sig-sve-vl256@max@new")[0], (Vectors::Sve, 256, 1));
    assert_eq!(of("threads@max@new")[0].2, 3, "one frame a thread");
}

#[test]
fn a_streaming_frame_shows_the_streaming_length_once() {
    let found = planned("sig-sm@max@new", |_| {}).unwrap();
    assert_eq!(found, [(Vectors::Sme, 32, 1)]);
}

/// Gives the SVE record of a frame another length.
fn set(frame: &mut Frame, length: u16) {
    for record in &mut frame.records {
        if let Body::Sve { vl, .. } = &mut record.body {
            *vl = Vl(length);
        }
    }
}

#[test]
fn frames_that_disagree_are_named() {
    let error = planned("threads@max@new", |facts| {
        set(&mut facts.tasks[0].frames[0], 48);
    })
    .unwrap_err();
    let Error::Disagree { vectors, frames } = &error else {
        panic!("{error}");
    };
    assert_eq!(*vectors, Vectors::Sve);
    assert_eq!(frames.len(), 2);
    let text = error.to_string();
    assert!(text.contains("48 bytes in the frame at 0x"), "{text}");
    assert!(text.contains(&format!("{} bytes", frames[1].vl)), "{text}");
}

#[test]
fn only_frames_that_are_returned_through_count() {
    let left_over = planned("threads@max@new", |facts| {
        let frame = &mut facts.tasks[0].frames[0];
        set(frame, 48);
        frame.liveness = Liveness::Stale;
    });
    assert_eq!(left_over.unwrap()[0].2, 2);
    // What may be live counts where nothing better is known.
    let doubtful = planned("sig-sve@neoverse-v1@new", |facts| {
        facts.tasks[0].frames[0].liveness = Liveness::Unknown;
    });
    assert_eq!(doubtful.unwrap(), [(Vectors::Sve, 32, 1)]);
    let beside_live = planned("threads@max@new", |facts| {
        let frame = &mut facts.tasks[0].frames[0];
        set(frame, 48);
        frame.liveness = Liveness::Unknown;
    });
    assert_eq!(beside_live.unwrap()[0].2, 2);
}

#[test]
fn the_length_of_a_machine_without_sve_is_not_chosen() {
    let found = planned("sig-sve@neoverse-v1@new", |facts| {
        set(&mut facts.tasks[0].frames[0], 0);
    });
    assert_eq!(found.unwrap(), []);
}

#[test]
fn an_empty_command_is_not_run() {
    assert!(matches!(run(&[], &[]), Error::NoCommand));
}

#[cfg(not(target_arch = "aarch64"))]
#[test]
fn another_machine_is_named_before_anything_runs() {
    let error = run(&[], &[OsString::from("true")]);
    assert!(
        matches!(error, Error::OtherMachine { .. }),
        "the test would not come back otherwise"
    );
    assert!(error.to_string().contains(std::env::consts::ARCH));
}

/// Where the kernel has no vectors to choose a length for, it says so.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_kernel_without_the_operation_refuses() {
    for vectors in Vectors::ALL {
        assert!(prctl::choose(vectors, Vl(16)).is_err());
    }
}
