//! What ends the reading, and what the message says.

use super::build::{
    CORE, INVENTORY, Msg, PAGE, PSTREE, V, bare, image, inventory, leader, mm, pagemap,
    pstree_entry, read, registers, run, task, tc, thread_core,
};
use crate::criu_image::Error;
use crate::input::MemorySource;

fn good() -> MemorySource {
    task(&[V::anon(PAGE, 3 * PAGE)], &[run(PAGE, 1, 4)], &[1])
}

/// The message of the error that putting `bytes` in place of `file` leads to.
fn refused(file: &str, bytes: Vec<u8>) -> String {
    let mut dir = good();
    dir.insert(file, bytes);
    let text = read(&dir).unwrap_err().to_string();
    assert!(text.contains(file), "{text}");
    assert!(text.contains("offset 0x"), "{text}");
    text
}

#[test]
fn the_good_one_is_good() {
    assert_eq!(read(&good()).unwrap().anomalies, []);
}

#[test]
fn a_directory_without_an_inventory_is_no_checkpoint() {
    let mut dir = good();
    dir.remove("inventory.img");
    assert!(matches!(read(&dir), Err(Error::NotACheckpoint { .. })));
}

#[test]
fn versions_and_forms_that_cannot_be_read_are_named() {
    assert!(refused("inventory.img", inventory(3)).contains("compressed"));
    assert!(refused("inventory.img", inventory(9)).contains("image version 9"));
    let without = bare(INVENTORY, &[Msg::new().num(1, 2)]);
    assert!(refused("inventory.img", without).contains("fdinfo_per_id"));
    let denied = bare(INVENTORY, &[Msg::new().num(1, 2).num(2, 0)]);
    assert!(refused("inventory.img", denied).contains("fdinfo_per_id"));
    assert!(refused("pages-1.comp.img", vec![0; 9]).contains("compressed"));
    let text = refused("pagemap-1.img", pagemap(1, &[run(PAGE, 1, 4).num(7, 100)]));
    assert!(text.contains("field 7 of pagemap_entry"), "{text}");
    assert!(refused("pagemap-1.img", pagemap(1, &[run(PAGE, 1, 12)])).contains("0xc"));
}

#[test]
fn damaged_entries_are_named_with_their_offset() {
    let text = refused("pstree.img", image(CORE, &[pstree_entry(1, 0, &[1])]));
    assert!(
        text.contains("offset 0x4") && text.contains("0x50273030") && text.contains("PSTREE"),
        "{text}"
    );
    assert!(refused("core-1.img", bare(CORE, &[leader(1, 4)])).contains("0x54564319"));
    assert!(refused("pstree.img", image(PSTREE, &[])).contains("pstree_entry"));
    assert!(refused("core-1.img", image(CORE, &[])).contains("core_entry"));
    let mut cut = image(CORE, &[leader(1, 4)]);
    let have = cut.len() - 12 - 5;
    cut.truncate(cut.len() - 5);
    assert!(refused("core-1.img", cut).contains(&format!("and {have} do")));
    let missing = Msg::new().num(1, 1).num(2, 0).num(4, 1);
    assert!(refused("pstree.img", image(PSTREE, &[missing])).contains("pgid (field 3)"));
    let wrong = pstree_entry(1, 0, &[]).raw(1, b"x");
    assert!(refused("pstree.img", image(PSTREE, &[wrong])).contains("pstree_entry.pid"));
    assert!(refused("pstree.img", image(PSTREE, &[Msg(vec![0x0b])])).contains("wire type 3"));
}

#[test]
fn counts_that_cannot_be_are_refused() {
    let core = |registers: &Msg| {
        let message = Msg::new()
            .num(1, 3)
            .msg(3, &tc(1))
            .msg(5, &thread_core())
            .msg(8, registers);
        image(CORE, &[message])
    };
    assert!(refused("core-1.img", core(&registers(30, 64))).contains("30 general registers"));
    assert!(
        refused("core-1.img", core(&registers(31, 65))).contains("65 words of vector registers")
    );
    let action = Msg::new().nums(1..=4, 0);
    let many = (0..63).fold(tc(1), |msg, _| msg.msg(15, &action));
    let message = Msg::new()
        .num(1, 3)
        .msg(3, &many)
        .msg(5, &thread_core())
        .msg(8, &registers(31, 64));
    assert!(refused("core-1.img", image(CORE, &[message])).contains("63 signal actions"));
    assert!(refused("mm-1.img", mm(&[6; 5000], &[])).contains("5000 words"));
    for (vaddr, pages) in [(PAGE, u64::MAX), (u64::MAX - PAGE, 2), (0, 1 << 52)] {
        assert!(refused("pagemap-1.img", pagemap(1, &[run(vaddr, pages, 4)])).contains("pages at"));
    }
}

#[test]
fn a_flood_of_mappings_or_oddities_ends() {
    let empty = (0..(1 << 20) + 1).fold(Msg::new().nums(1..=12, 5), |msg, _| msg.raw(14, &[]));
    assert!(refused("mm-1.img", image(super::build::MM, &[empty])).contains("1048577 mappings"));

    // Every one of these mappings is of a memfd that no image describes.
    let memfd = |at: u64| V {
        status: 1 << 14,
        flags: 1,
        ..V::anon(at * PAGE, (at + 1) * PAGE)
    };
    let mut dir = good();
    dir.insert(
        "mm-1.img",
        mm(&[6, PAGE], &(1..=5000).map(memfd).collect::<Vec<_>>()),
    );
    let anomalies = read(&dir).unwrap().anomalies;
    assert_eq!(anomalies.len(), 4097);
    assert!(
        anomalies[4096].detail.starts_with("904 more"),
        "{}",
        anomalies[4096].detail
    );
}

#[test]
fn what_the_tree_names_must_be_there_once() {
    let twice = image(
        PSTREE,
        &[pstree_entry(1, 0, &[1]), pstree_entry(1, 0, &[1])],
    );
    assert!(refused("pstree.img", twice).contains("id 1 is there twice"));
    for threads in [&[1, 2, 2][..], &[1, 1]] {
        refused("pstree.img", image(PSTREE, &[pstree_entry(1, 0, threads)]));
    }
    let mut dir = good();
    dir.insert("pstree.img", image(PSTREE, &[pstree_entry(1, 0, &[1, 2])]));
    let text = read(&dir).unwrap_err().to_string();
    assert!(
        text.contains("core-2.img") && text.contains("pstree.img names thread 2"),
        "{text}"
    );
    for file in ["pstree.img", "core-1.img", "mm-1.img"] {
        let mut dir = good();
        dir.remove(file);
        let text = read(&dir).unwrap_err().to_string();
        assert!(text.contains(file) && text.contains("again"), "{text}");
    }
    let thread = Msg::new()
        .num(1, 3)
        .msg(5, &thread_core())
        .msg(8, &registers(31, 64));
    assert!(refused("core-1.img", image(CORE, &[thread])).contains("tc (field 3)"));
}
