//! The checkpoints in `tests/fixtures/images`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::criu_image::ask::Ask;
use crate::criu_image::load;
use crate::criu_image::model::{AnomalyKind, Arch, Checkpoint, ImageKind, PacState, TaskState};
use crate::memory::Memory;
use crate::units::Pid;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images")
}

fn all() -> Vec<(String, Checkpoint)> {
    let mut names: Vec<String> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let checkpoint =
                load(&directory().join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, checkpoint)
        })
        .collect()
}

#[test]
fn every_fixture_is_read_without_anything_odd() {
    let all = all();
    assert!(all.len() >= 40);
    for (name, checkpoint) in &all {
        assert_eq!(checkpoint.anomalies, [], "{name}");
        assert_eq!(checkpoint.unknown_fields, [], "{name}");
        assert_eq!(checkpoint.inventory.img_version, 2);
        assert!(
            checkpoint
                .images
                .iter()
                .all(|image| !matches!(image.kind, ImageKind::UnknownMagic(_))),
            "{name}"
        );
        for task in &checkpoint.tasks {
            let mm = task.mm.as_ref().unwrap();
            assert_eq!(
                (mm.page_size.bytes, mm.page_size.stated),
                (4096, true),
                "{name}"
            );
            assert!(
                mm.saved_auxv.len() >= 30 && mm.saved_auxv.len() % 2 == 0,
                "{name}"
            );
        }
    }
}

#[test]
fn the_pages_of_the_address_spaces_are_the_pages_files() {
    for (name, checkpoint) in all() {
        let bytes: u64 = checkpoint
            .images
            .iter()
            .filter(|image| image.kind == ImageKind::Raw("PAGES"))
            .map(|image| image.size)
            .sum();
        let mut present = 0;
        for mm in checkpoint.tasks.iter().filter_map(|task| task.mm.as_ref()) {
            let totals = mm.memory.totals();
            present += totals.present;
            let sum: u64 = mm
                .memory
                .mappings()
                .iter()
                .map(|mapping| mapping.range.len())
                .sum();
            let parts = [totals.present, totals.zero, totals.file, totals.kernel];
            assert_eq!(parts.iter().sum::<u64>(), sum, "{name}: {totals:?}");
            let whole =
                crate::units::AddrRange::new(crate::units::Addr(0), crate::units::Addr(u64::MAX));
            let runs: u64 = mm
                .memory
                .present_runs(whole)
                .map(|(_, bytes, _)| bytes.len() as u64)
                .sum();
            assert_eq!(runs, totals.present, "{name}");
        }
        assert_eq!(present, bytes, "{name}");
    }
}

#[test]
fn the_stack_holds_what_the_entry_says() {
    for (name, checkpoint) in all() {
        let task = &checkpoint.tasks[0];
        let mm = task.mm.as_ref().unwrap();
        // argc, argv and the environment are pointers into the argument block.
        let argc = mm.memory.read_u64(mm.start_stack).unwrap();
        assert!((1..100).contains(&argc), "{name}");
        let argv = mm
            .memory
            .read_u64(mm.start_stack.checked_add(8).unwrap())
            .unwrap();
        assert_eq!(argv, mm.args.start.0, "{name}");
        let place = mm.memory.place(mm.start_stack).unwrap();
        let bytes = fs::read(directory().join(&name).join(&*place.file)).unwrap();
        let at = place.offset as usize;
        assert_eq!(bytes[at..at + 8], argc.to_le_bytes(), "{name}");
        // The vector's place begins with the tag of field 13.
        let image = fs::read(directory().join(&name).join(&*mm.auxv_place.file)).unwrap();
        assert_eq!(image[mm.auxv_place.offset as usize], 13 << 3, "{name}");
        assert_eq!(image[mm.place.offset as usize] >> 3, 1, "{name}");
    }
}

#[test]
fn threads_registers_and_keys_are_those_of_the_machine() {
    let checkpoint = load(&directory().join("threads@max@new")).unwrap();
    assert_eq!(checkpoint.arch, Arch::Aarch64);
    let [task] = checkpoint.tasks.as_slice() else {
        panic!("one task")
    };
    assert_eq!(
        (task.pid, task.ppid, task.state),
        (Pid(3481), Pid(0), TaskState::Alive)
    );
    let tids: Vec<u32> = task.threads.iter().map(|thread| thread.tid.0).collect();
    assert_eq!(tids, [3481, 3483, 3484, 3485]);
    let mm = task.mm.as_ref().unwrap();
    for thread in &task.threads {
        let state = thread.state.as_ref().unwrap();
        assert!(
            mm.memory
                .mapping_at(crate::units::Addr(state.sp))
                .unwrap()
                .write
        );
        assert!(
            mm.memory
                .mapping_at(crate::units::Addr(state.pc))
                .unwrap()
                .exec
        );
        assert!(matches!(
            &state.pac,
            PacState::Saved {
                address: Some(_),
                generic: Some(_),
                ..
            }
        ));
        assert_eq!(state.vregs.len(), 64);
    }
    assert_eq!(task.sigactions.len(), 62);
    assert!(
        task.sigactions
            .iter()
            .all(|action| ![9, 19].contains(&action.signo))
    );
    assert_eq!(task.sigactions.last().unwrap().signo, 64);

    let plain = load(&directory().join("idle@cortex-a57@new")).unwrap();
    let state = plain.tasks[0].threads[0].state.as_ref().unwrap();
    assert_eq!(state.pac, PacState::Absent);
    let asks: Vec<Ask> = checkpoint.asks.iter().map(|asked| asked.ask).collect();
    assert!(asks.contains(&Ask::PacKeys), "{asks:?}");
    assert!(asks.contains(&Ask::WidePages), "{asks:?}");
}

#[test]
fn another_architecture_is_read_as_far_as_it_goes() {
    let checkpoint = load(&directory().join("handler@x86_64")).unwrap();
    assert_eq!(checkpoint.arch, Arch::Other(1, "X86_64"));
    assert!(checkpoint.tasks[0].threads[0].state.is_none());
    assert!(
        !checkpoint
            .anomalies
            .iter()
            .any(|anomaly| anomaly.kind == AnomalyKind::RegistersMissing)
    );
    assert!(checkpoint.tasks[0].mm.is_some());
}
