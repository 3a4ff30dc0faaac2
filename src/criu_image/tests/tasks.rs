//! Tasks, threads and what the image says of the CRIU that wrote it.

use super::build::{
    CORE, Msg, PAGE, PSTREE, V, bare, image, inventory, kinds, leader, mm, pagemap, pages,
    pstree_entry, read, registers, run, task, tc, thread_core,
};
use crate::criu_image::ask::Ask;
use crate::criu_image::magic;
use crate::criu_image::model::{AnomalyKind, Arch, ImageKind, PacState, TaskState};
use crate::input::MemorySource;
use crate::units::{Addr, Pid, Tid};

#[test]
fn a_zombie_has_neither_threads_nor_memory() {
    let mut dir = task(&[V::anon(PAGE, 2 * PAGE)], &[], &[]);
    dir.insert(
        "pstree.img",
        image(
            PSTREE,
            &[pstree_entry(1, 0, &[1]), pstree_entry(2, 1, &[2])],
        ),
    );
    for dead in [2, 6] {
        dir.insert(
            "core-2.img",
            image(CORE, &[Msg::new().num(1, 3).msg(3, &tc(dead))]),
        );
        let checkpoint = read(&dir).unwrap();
        let zombie = checkpoint.task(Pid(2)).unwrap();
        assert_eq!(
            (zombie.state, zombie.ppid, zombie.threads.len()),
            (TaskState::Dead, Pid(1), 0)
        );
        assert!(zombie.mm.is_none() && zombie.shares_mm_with.is_none());
        assert_eq!(kinds(&checkpoint), []);
    }
}

#[test]
fn a_stopped_task_has_all_that_a_running_one_has() {
    let mut dir = task(&[V::anon(PAGE, 2 * PAGE)], &[], &[]);
    dir.insert("core-1.img", image(CORE, &[leader(3, 4)]));
    let checkpoint = read(&dir).unwrap();
    let stopped = checkpoint.task(Pid(1)).unwrap();
    assert_eq!(
        (stopped.state, stopped.threads.len()),
        (TaskState::Stopped, 1)
    );
    assert!(stopped.mm.is_some() && stopped.threads[0].state.is_some());
}

#[test]
fn tasks_of_one_address_space_share_the_image_of_it() {
    let mut dir = task(&[V::anon(PAGE, 2 * PAGE)], &[], &[]);
    dir.insert(
        "pstree.img",
        image(
            PSTREE,
            &[pstree_entry(1, 0, &[1]), pstree_entry(2, 1, &[2])],
        ),
    );
    dir.insert("core-2.img", image(CORE, &[leader(1, 4)]));
    let checkpoint = read(&dir).unwrap();
    assert!(checkpoint.tasks[0].mm.is_some() && checkpoint.tasks[0].shares_mm_with.is_none());
    assert!(checkpoint.tasks[1].mm.is_none());
    assert_eq!(checkpoint.tasks[1].shares_mm_with, Some(Pid(1)));

    dir.insert("core-2.img", image(CORE, &[leader(1, 5)]));
    assert!(read(&dir).unwrap_err().to_string().contains("mm-2.img"));
}

#[test]
fn threads_have_masks_stacks_and_names_of_their_own() {
    let mut dir = task(&[V::anon(PAGE, 2 * PAGE)], &[], &[]);
    dir.insert("pstree.img", image(PSTREE, &[pstree_entry(1, 0, &[3, 1])]));
    let sas = Msg::new().num(1, 0x9000).num(2, 0x4000).num(3, 1 << 31);
    let queue = Msg::new()
        .msg(1, &Msg::new().raw(1, &[0; 128]))
        .msg(1, &Msg::new().raw(1, &[0; 128]));
    let own = thread_core()
        .msg(7, &sas)
        .msg(9, &queue)
        .raw(13, b"worker\xff");
    let keys = Msg::new()
        .msg(7, &Msg::new().num(1, 11).num(2, 12))
        .msg(6, &Msg::new().nums(1..=8, 3).num(9, 15));
    let gcs = Msg::new().num(1, 0x55).num(2, 1);
    let state = registers(31, 64).msg(5, &keys).msg(6, &gcs);
    dir.insert(
        "core-3.img",
        image(CORE, &[Msg::new().num(1, 3).msg(5, &own).msg(8, &state)]),
    );
    let checkpoint = read(&dir).unwrap();
    let [leader, thread] = checkpoint.tasks[0].threads.as_slice() else {
        panic!("two threads")
    };
    // The leader comes first, with the mask of the task's part (bits 2 and 9).
    assert_eq!(
        (leader.tid, leader.blocked, leader.altstack),
        (Tid(1), 0x204, None)
    );
    assert_eq!(leader.state.as_ref().unwrap().pac, PacState::NotSaved);
    assert_eq!(
        (thread.tid, thread.blocked, thread.pending),
        (Tid(3), 0x30, 2)
    );
    assert_eq!(thread.comm.as_deref(), Some("worker\u{fffd}"));
    let range = thread.altstack.unwrap().range().unwrap();
    assert_eq!((range.start, range.len()), (Addr(0x9000), 0x4000));
    let state = thread.state.as_ref().unwrap();
    assert_eq!(
        (state.x[0], state.x[30], state.sp, state.pc, state.tls),
        (0x1000, 0x101e, 0x7000, 0x8000, 0x77)
    );
    assert_eq!((state.vregs[63], state.fpsr, state.fpcr), (63, 1, 2));
    assert_eq!(state.gcs.unwrap().gcspr_el0, 0x55);
    let PacState::Saved {
        address: Some(address),
        generic,
        place,
    } = &state.pac
    else {
        panic!("keys")
    };
    assert_eq!(
        (address.keys[3], address.enabled, *generic),
        ([3, 3], 15, Some([11, 12]))
    );
    // The place is that of the bytes put in.
    let bytes = dir.get("core-3.img").unwrap();
    let (start, end) = (place.offset as usize, (place.offset + place.len) as usize);
    assert_eq!(bytes[start..end], keys.0);
    let asks: Vec<Ask> = checkpoint.asks.iter().map(|asked| asked.ask).collect();
    assert!(
        asks.contains(&Ask::Gcs) && asks.contains(&Ask::PacKeys),
        "{asks:?}"
    );
}

#[test]
fn oldest_images_have_no_common_word_and_no_ids() {
    const MM: u32 = 0x5749_2820;
    const PAGEMAP: u32 = 0x5608_4025;
    const REG_FILES: u32 = 0x5036_3636;
    let body = |image: Vec<u8>| image[4..].to_vec();
    let mut dir = MemorySource::new("old");
    dir.insert("inventory.img", inventory(1));
    dir.insert("pstree.img", bare(PSTREE, &[pstree_entry(1, 0, &[])]));
    let core = Msg::new()
        .num(1, 3)
        .msg(3, &tc(3))
        .msg(5, &thread_core())
        .msg(8, &registers(31, 64));
    dir.insert("core-1.img", bare(CORE, &[core]));
    dir.insert("mm-1.img", body(mm(&[], &[V::anon(PAGE, 3 * PAGE)])));
    dir.insert(
        "pagemap-1.img",
        body(pagemap(1, &[Msg::new().num(1, PAGE).num(2, 1)])),
    );
    dir.insert("pages-1.img", pages(&[1]));
    let file = Msg::new()
        .nums(1..=3, 8)
        .msg(5, &Msg::new().nums(1..=5, 0))
        .raw(6, b"lib.so")
        .num(11, 0x0403_0201);
    dir.insert("reg-files.img", bare(REG_FILES, &[file]));
    let checkpoint = read(&dir).unwrap();
    assert_eq!(kinds(&checkpoint), []);
    assert_eq!(checkpoint.tasks[0].state, TaskState::Stopped);
    let file = checkpoint.file(8).unwrap();
    assert_eq!(
        (file.name.as_str(), file.build_id.as_slice()),
        ("lib.so", &[1, 2, 3, 4][..])
    );
    let kind = |name: &str| {
        checkpoint
            .images
            .iter()
            .find(|image| image.name == name)
            .unwrap()
            .kind
            .clone()
    };
    assert_eq!(kind("mm-1.img"), ImageKind::Known("MM"));
    assert_eq!(magic::word("MM"), MM);
    assert_eq!(magic::word("PAGEMAP"), PAGEMAP);
}

#[test]
fn unknown_fields_are_counted_over_all_images() {
    let mut dir = task(&[V::anon(PAGE, 2 * PAGE)], &[run(PAGE, 1, 4)], &[1]);
    let entry = |pid, ppid| pstree_entry(pid, ppid, &[]).num(77, 5);
    dir.insert("pstree.img", image(PSTREE, &[entry(1, 0), entry(2, 1)]));
    dir.insert("core-2.img", image(CORE, &[leader(1, 4)]));
    let checkpoint = read(&dir).unwrap();
    let [field] = checkpoint.unknown_fields.as_slice() else {
        panic!("one field")
    };
    assert_eq!(
        (field.message, field.number, field.count),
        ("pstree_entry", 77, 2)
    );
    assert_eq!((field.place.offset, field.place.len), (8 + 4 + 8, 3));
}

#[test]
fn missing_registers_and_mixed_architectures_are_noted() {
    let mut dir = task(&[V::anon(PAGE, 2 * PAGE)], &[], &[]);
    dir.insert("pstree.img", image(PSTREE, &[pstree_entry(1, 0, &[1, 2])]));
    dir.insert(
        "core-2.img",
        image(CORE, &[Msg::new().num(1, 4).msg(5, &thread_core())]),
    );
    let checkpoint = read(&dir).unwrap();
    assert_eq!(checkpoint.arch, Arch::Aarch64);
    assert_eq!(
        kinds(&checkpoint),
        [AnomalyKind::Contradiction, AnomalyKind::RegistersMissing]
    );

    dir.insert(
        "core-1.img",
        image(CORE, &[Msg::new().num(1, 99).msg(3, &tc(1))]),
    );
    dir.insert(
        "core-2.img",
        image(CORE, &[Msg::new().num(1, 99).msg(5, &thread_core())]),
    );
    let checkpoint = read(&dir).unwrap();
    assert_eq!(
        (checkpoint.arch, kinds(&checkpoint)),
        (Arch::Other(99, "without a name"), vec![])
    );
}

#[test]
fn files_are_told_by_their_magic_words() {
    let with = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let common = 0x5456_4319;
    assert_eq!(
        magic::classify("stats-dump", &with(&[0x5510_5940, 0x5709_3306])),
        ImageKind::Known("STATS")
    );
    assert_eq!(
        magic::classify("inventory.img", &with(&[0x5831_3116, 4])),
        ImageKind::Known("INVENTORY")
    );
    assert_eq!(
        magic::classify("pidfd.img", &with(&[common, 0x5443_5556])),
        ImageKind::Known("PIDFD")
    );
    assert_eq!(
        magic::classify("new.img", &with(&[common, 0x1234])),
        ImageKind::UnknownMagic(0x1234)
    );
    assert_eq!(
        magic::classify("pages-1.img", &with(&[common, 0x1234])),
        ImageKind::Raw("PAGES")
    );
    assert_eq!(
        magic::classify("tmpfs-dev-7.tar.gz.img", &[]),
        ImageKind::Raw("TMPFS_DEV")
    );
    assert_eq!(magic::classify("dump.log", b"(00.0000"), ImageKind::Other);
    assert_eq!(
        magic::classify("x.img", &with(&[common])[..3]),
        ImageKind::Other
    );
    // No word twice: a file would be called by the wrong name.
    let mut words: Vec<u32> = magic::KINDS.iter().map(|kind| kind.word).collect();
    words.sort_unstable();
    assert!(words.windows(2).all(|pair| pair[0] != pair[1]));
}
