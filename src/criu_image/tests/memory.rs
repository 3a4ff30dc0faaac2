//! What lies where: pagemaps of all eras, parents, shared memory, damaged pages.

use super::build::{
    FILES, MEMFD, Msg, PAGE, V, image, kinds, pagemap, pages, read, run, task, with_parent,
};
use crate::criu_image::ask::Ask;
use crate::criu_image::model::{AnomalyKind, Checkpoint};
use crate::criu_image::space::{TaskMemory, Totals};
use crate::memory::{Content, Memory, Missing};
use crate::units::{Addr, AddrRange};

const PARENT: u64 = 1;
const LAZY: u64 = 2;
const PRESENT: u64 = 4;

/// Every run of the first task, in short: address in pages, length in pages, content.
fn map(checkpoint: &Checkpoint) -> Vec<(u64, u64, String)> {
    let memory = memory(checkpoint);
    let mut out = Vec::new();
    for mapping in memory.mappings() {
        for run in memory.runs(mapping.range) {
            let what = match run.content {
                Content::Bytes { bytes, place } => {
                    assert_eq!(
                        (bytes.len() as u64, place.len),
                        (run.range.len(), run.range.len())
                    );
                    let fill: Vec<u8> = bytes.chunks(PAGE as usize).map(|page| page[0]).collect();
                    format!("{fill:?} {} {}", place.file, place.offset / PAGE)
                }
                Content::Zero => "zero".to_owned(),
                Content::File { id, offset } => format!("file {id} {}", offset / PAGE),
                Content::Missing(why) => format!("{why:?}"),
            };
            out.push((run.range.start.0 / PAGE, run.range.len() / PAGE, what));
        }
    }
    out
}

fn memory(checkpoint: &Checkpoint) -> &TaskMemory {
    &checkpoint.tasks[0].mm.as_ref().unwrap().memory
}

fn at(page: u64) -> u64 {
    page * PAGE
}

fn rows(rows: &[(u64, u64, &str)]) -> Vec<(u64, u64, String)> {
    rows.iter()
        .map(|&(start, len, what)| (start, len, what.to_owned()))
        .collect()
}

#[test]
fn only_present_runs_move_the_offset() {
    let runs = [
        run(at(16), 1, PRESENT),
        run(at(17), 2, LAZY),
        run(at(19), 1, LAZY | PRESENT),
        run(at(20), 1, PRESENT),
    ];
    let checkpoint = read(&task(&[V::anon(at(16), at(24))], &runs, &[1, 2, 3])).unwrap();
    let expected = rows(&[
        (16, 1, "[1] pages-1.img 0"),
        (17, 2, "Lazy"),
        (19, 2, "[2, 3] pages-1.img 1"),
        (21, 3, "zero"),
    ]);
    assert_eq!(map(&checkpoint), expected);
    assert_eq!(kinds(&checkpoint), [AnomalyKind::PagesLazy]);
    let totals = Totals {
        present: at(3),
        lazy: at(2),
        zero: at(3),
        ..Totals::default()
    };
    assert_eq!(memory(&checkpoint).totals(), totals);
    let whole = AddrRange::new(Addr(0), Addr(u64::MAX));
    let present: Vec<_> = memory(&checkpoint)
        .present_runs(whole)
        .map(|(addr, bytes, _)| (addr.0, bytes.len()))
        .collect();
    assert_eq!(present, [(at(16), 4096), (at(19), 8192)]);
    // Reading across the lazy pages stops at the first of them.
    let gap = memory(&checkpoint)
        .read(Addr(at(17) - 4), &mut [0; 8])
        .unwrap_err();
    assert_eq!(gap.addr, Addr(at(17)));
}

#[test]
fn page_counts_and_flags_of_every_era_are_understood() {
    let old = |vaddr, pages| Msg::new().num(1, vaddr).num(2, pages);
    let runs = [
        old(at(16), 2),
        // 3.5 to 4.1: flags decide.
        old(at(18), 1).num(3, 0).num(4, PRESENT),
        // Before 3.5: in_parent.
        old(at(19), 1).num(3, 1),
        run(at(20), 1, PRESENT),
    ];
    let checkpoint = read(&task(&[V::anon(at(16), at(21))], &runs, &[1, 2, 3, 4])).unwrap();
    let expected = rows(&[
        (16, 3, "[1, 2, 3] pages-1.img 0"),
        (19, 1, "Parent"),
        (20, 1, "[4] pages-1.img 3"),
    ]);
    assert_eq!(map(&checkpoint), expected);
    assert_eq!(kinds(&checkpoint), [AnomalyKind::ParentMissing]);
    assert_eq!(&*checkpoint.anomalies[0].place.file, "parent/pagemap-1.img");

    // Two counts that differ: the wide one holds, as in CRIU.
    let both = Msg::new().num(1, at(16)).num(2, 7).num(5, 1);
    let checkpoint = read(&task(&[V::anon(at(16), at(17))], &[both], &[9])).unwrap();
    assert_eq!(map(&checkpoint), rows(&[(16, 1, "[9] pages-1.img 0")]));
    assert_eq!(kinds(&checkpoint), [AnomalyKind::Contradiction]);
}

#[test]
fn pages_are_looked_up_along_the_chain_of_parents() {
    let vmas = || [V::anon(at(16), at(26))];
    let oldest = {
        let mut dir = task(&vmas(), &[], &[]);
        dir.insert(
            "pagemap-1.img",
            pagemap(7, &[run(at(10), 3, PRESENT), run(at(17), 2, PRESENT)]),
        );
        dir.insert("pages-7.img", pages(&[0xa0, 0xa1, 0xa2, 0xa3, 0xa4]));
        dir
    };
    // Page 17 and 18 further up, of which 19 is nowhere; 20 and 21 here; 22 not at all.
    let middle = task(
        &vmas(),
        &[run(at(17), 3, PARENT), run(at(20), 2, PRESENT)],
        &[0xb0, 0xb1],
    );
    let newest = task(
        &vmas(),
        &[
            run(at(16), 1, PRESENT),
            run(at(17), 6, PARENT),
            run(at(24), 1, PRESENT),
        ],
        &[0xc0, 0xc1],
    );
    let checkpoint = read(&with_parent(
        newest,
        Some(with_parent(middle, Some(oldest))),
    ))
    .unwrap();
    let expected = rows(&[
        (16, 1, "[192] pages-1.img 0"),
        (17, 2, "[163, 164] parent/parent/pages-7.img 3"),
        (19, 1, "Parent"),
        (20, 2, "[176, 177] parent/pages-1.img 0"),
        (22, 1, "Parent"),
        (23, 1, "zero"),
        (24, 1, "[193] pages-1.img 1"),
        (25, 1, "zero"),
    ]);
    assert_eq!(map(&checkpoint), expected);
    let totals = memory(&checkpoint).totals();
    assert_eq!(
        (totals.present, totals.parent, totals.missing, totals.zero),
        (at(2), at(4), at(2), at(2))
    );
    let files: Vec<&str> = checkpoint
        .anomalies
        .iter()
        .map(|anomaly| &*anomaly.place.file)
        .collect();
    assert_eq!(kinds(&checkpoint), [AnomalyKind::ParentMissing; 2]);
    assert_eq!(
        files,
        ["parent/pagemap-1.img", "parent/parent/pagemap-1.img"]
    );
    assert!(
        checkpoint.parents.iter().all(|parent| parent.followed) && checkpoint.parents.len() == 2
    );
}

#[test]
fn a_parent_that_leads_nowhere_is_noted() {
    let newest = task(&[V::anon(at(16), at(18))], &[run(at(16), 1, PARENT)], &[]);
    let checkpoint = read(&with_parent(newest, None)).unwrap();
    assert_eq!(kinds(&checkpoint), [AnomalyKind::ParentMissing; 2]);
    assert_eq!(
        map(&checkpoint),
        rows(&[(16, 1, "Parent"), (17, 1, "zero")])
    );
    assert!(!checkpoint.parents[0].followed);
}

#[test]
fn shared_memory_is_read_by_offset_in_the_object() {
    let shared = |start, end, pgoff, status: u64| V {
        start,
        end,
        pgoff,
        shmid: 5,
        flags: 0x21,
        status: 1 | status,
    };
    let vmas = [
        shared(at(16), at(20), 0, 1 << 8),
        shared(at(32), at(34), at(2), 1 << 10),
        // memfd: file 40 is inode 3, whose memory is object 5. Shared, then private with a page of its own.
        V {
            shmid: 40,
            ..shared(at(48), at(50), at(1), 1 << 14 | 1 << 7)
        },
        V {
            shmid: 40,
            flags: 0x2,
            ..shared(at(64), at(66), at(1), 1 << 14 | 1 << 6)
        },
        // No such object, no such file.
        V {
            shmid: 6,
            ..shared(at(80), at(81), 0, 1 << 8)
        },
        V {
            shmid: 41,
            ..shared(at(96), at(97), 0, 1 << 14 | 1 << 7)
        },
    ];
    let mut dir = task(&vmas, &[run(at(65), 1, PRESENT)], &[0xee]);
    dir.insert(
        "pagemap-shmem-5.img",
        pagemap(2, &[run(at(0), 1, PRESENT), run(at(2), 1, PRESENT)]),
    );
    dir.insert("pages-2.img", pages(&[0x50, 0x52]));
    let fown = Msg::new().nums(1..=5, 0);
    let memfd = Msg::new()
        .num(1, 40)
        .num(2, 0)
        .num(3, 0)
        .msg(4, &fown)
        .num(5, 3);
    dir.insert(
        "files.img",
        image(FILES, &[Msg::new().num(1, 18).num(2, 40).msg(20, &memfd)]),
    );
    let inode = Msg::new()
        .raw(1, b"name")
        .nums(2..=3, 0)
        .num(4, at(3))
        .num(5, 5)
        .num(6, 0)
        .num(7, 3);
    dir.insert("memfd.img", image(MEMFD, &[inode]));
    let checkpoint = read(&dir).unwrap();
    let expected = rows(&[
        (16, 1, "[80] pages-2.img 0"),
        (17, 1, "zero"),
        (18, 1, "[82] pages-2.img 1"),
        (19, 1, "zero"),
        (32, 1, "[82] pages-2.img 1"),
        (33, 1, "zero"),
        (48, 1, "zero"),
        (49, 1, "[82] pages-2.img 1"),
        (64, 1, "zero"),
        (65, 1, "[238] pages-1.img 0"),
        (80, 1, "Truncated"),
        (96, 1, "Truncated"),
    ]);
    assert_eq!(map(&checkpoint), expected);
    assert_eq!(
        kinds(&checkpoint),
        [AnomalyKind::PagemapMissing, AnomalyKind::Contradiction]
    );
    assert!(checkpoint.asks.iter().any(|asked| asked.ask == Ask::Memfd));
}

#[test]
fn what_has_no_page_is_what_its_mapping_is() {
    let file = |start, end, status: u64, flags| V {
        start,
        end,
        pgoff: at(3),
        shmid: 9,
        flags,
        status: 1 | status,
    };
    let vmas = [
        file(at(16), at(19), 1 << 6, 0x2),
        file(at(19), at(21), 1 << 7, 0x1),
        V {
            status: 1 | 1 << 12,
            ..V::anon(at(32), at(34))
        },
        V {
            status: 1 | 1 << 3,
            ..V::anon(at(34), at(35))
        },
        V::anon(at(48), at(52)),
        // Guards come last and lie over the mappings.
        V {
            status: 1 << 16,
            ..V::anon(at(49), at(51))
        },
    ];
    let runs = [
        run(at(17), 1, PRESENT),
        run(at(34), 1, PRESENT),
        run(at(50), 2, PRESENT),
    ];
    let checkpoint = read(&task(&vmas, &runs, &[1, 2, 3, 4])).unwrap();
    let expected = rows(&[
        (16, 1, "file 9 3"),
        (17, 1, "[1] pages-1.img 0"),
        (18, 1, "file 9 5"),
        (19, 2, "file 9 3"),
        (32, 2, "Kernel"),
        (34, 1, "[2] pages-1.img 1"),
        (48, 1, "zero"),
        (49, 2, "Unmapped"),
        (51, 1, "[4] pages-1.img 3"),
    ]);
    assert_eq!(map(&checkpoint), expected);
    assert_eq!(kinds(&checkpoint), []);
    let mm = checkpoint.tasks[0].mm.as_ref().unwrap();
    assert_eq!((mm.vmas.len(), mm.guards.len()), (5, 1));
    assert!(mm.vmas[0].mapping.private && !mm.vmas[1].mapping.private && mm.vmas[3].mapping.vdso);
    let totals = memory(&checkpoint).totals();
    assert_eq!(
        (totals.guard, totals.kernel, totals.file),
        (at(2), at(2), at(4))
    );
    // Between mappings there is nothing, up to the next one.
    let run = memory(&checkpoint).run_at(Addr(at(25)), Addr(at(90)));
    assert_eq!(
        (run.range.end, run.content),
        (Addr(at(32)), Content::Missing(Missing::Unmapped))
    );
}

#[test]
fn pages_files_that_do_not_fit_are_noted() {
    let vmas = || [V::anon(at(16), at(20))];
    let runs = [run(at(16), 4, PRESENT)];
    let cut = {
        let mut dir = task(&vmas(), &runs, &[]);
        dir.insert("pages-1.img", pages(&[1, 2])[..6000].to_vec());
        read(&dir).unwrap()
    };
    assert_eq!(kinds(&cut), [AnomalyKind::PagesTruncated]);
    // The bytes that are there are read, and no more.
    assert_eq!(memory(&cut).totals().present, 6000);
    assert_eq!(memory(&cut).totals().missing, at(4) - 6000);
    memory(&cut).read(Addr(at(16) + 5992), &mut [0; 8]).unwrap();
    memory(&cut)
        .read(Addr(at(16) + 5993), &mut [0; 8])
        .unwrap_err();

    let mut absent = task(&vmas(), &runs, &[]);
    absent.remove("pages-1.img");
    let absent = read(&absent).unwrap();
    assert_eq!(kinds(&absent), [AnomalyKind::PagesMissing]);
    assert_eq!(map(&absent), rows(&[(16, 4, "Truncated")]));

    let long = read(&task(&vmas(), &runs, &[1, 2, 3, 4, 5])).unwrap();
    assert_eq!(kinds(&long), [AnomalyKind::PagesOversized]);

    // Four pages of 16 KiB under a vector that says 4 KiB.
    let wide = read(&task(&vmas(), &runs, &[0; 16])).unwrap();
    assert_eq!(
        kinds(&wide),
        [AnomalyKind::PagesOversized, AnomalyKind::PageSizeDoubtful]
    );

    let mut none = task(&vmas(), &runs, &[]);
    none.remove("pagemap-1.img");
    let none = read(&none).unwrap();
    assert_eq!(kinds(&none), [AnomalyKind::PagemapMissing]);
    assert_eq!(map(&none), rows(&[(16, 4, "Truncated")]));
}

#[test]
fn the_page_size_is_the_one_the_vector_states() {
    let mut dir = task(
        &[V::anon(at(16), at(32))],
        &[run(at(16), 2, PRESENT)],
        &[7; 8],
    );
    dir.insert(
        "mm-1.img",
        super::build::mm(&[16, 6, 6, 16384, 0, 0], &[V::anon(at(16), at(32))]),
    );
    let checkpoint = read(&dir).unwrap();
    let page_size = checkpoint.tasks[0].mm.as_ref().unwrap().page_size;
    assert_eq!(
        (page_size.bytes, page_size.stated, kinds(&checkpoint)),
        (16384, true, vec![])
    );
    assert_eq!(memory(&checkpoint).totals().present, at(8));

    for (auxv, odd) in [
        (&[16, 1][..], false),
        (&[0, 0, 6, 65536], false),
        (&[6, 5000, 0, 0], true),
    ] {
        let mut dir = task(&[], &[], &[]);
        dir.insert(
            "mm-1.img",
            super::build::mm(auxv, &[V::anon(at(16), at(17))]),
        );
        let checkpoint = read(&dir).unwrap();
        let page_size = checkpoint.tasks[0].mm.as_ref().unwrap().page_size;
        assert_eq!((page_size.bytes, page_size.stated), (4096, false));
        assert_eq!(
            kinds(&checkpoint).contains(&AnomalyKind::PageSizeDoubtful),
            odd
        );
    }
    let mut dir = task(&[], &[], &[]);
    dir.insert(
        "mm-1.img",
        super::build::mm(&[6, 65536], &[V::anon(at(16), at(33))]),
    );
    assert_eq!(kinds(&read(&dir).unwrap()), [AnomalyKind::PageSizeDoubtful]);
}

#[test]
fn disorder_is_sorted_and_noted() {
    let vmas = [
        V::anon(at(32), at(36)),
        V::anon(at(16), at(20)),
        V::anon(at(18), at(22)),
        V::anon(at(50), at(50)),
        V::anon(at(61), at(60)),
    ];
    let runs = [
        run(at(19), 2, PRESENT),
        run(at(16), 4, PRESENT),
        run(at(40), 1, PRESENT),
    ];
    let checkpoint = read(&task(&vmas, &runs, &[1, 2, 3, 4, 5, 6, 7])).unwrap();
    let expected = rows(&[
        (16, 4, "[3, 4, 5, 6] pages-1.img 2"),
        (20, 1, "[2] pages-1.img 1"),
        (21, 1, "zero"),
        (32, 4, "zero"),
    ]);
    let mut joined: Vec<(u64, u64, String)> = Vec::new();
    for (start, len, what) in map(&checkpoint) {
        joined.push((start, len, what));
    }
    // The two overlapping mappings meet at page 20.
    assert_eq!(joined, expected);
    assert_eq!(
        kinds(&checkpoint),
        [
            AnomalyKind::VmaDisorder,
            AnomalyKind::VmaDisorder,
            AnomalyKind::Contradiction,
            AnomalyKind::PageOutsideVma
        ]
    );
    let mappings = memory(&checkpoint).mappings();
    assert!(mappings.is_sorted_by(|one, next| one.range.end <= next.range.start));
}
