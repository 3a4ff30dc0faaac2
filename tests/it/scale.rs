//! A checkpoint's size does not matter to `check`: what it reads grows with tasks, threads and stacks.

use crate::large;

use std::time::{Duration, Instant};

use hwcr::facts::{self, Search};
use hwcr::finding::Verdict;
use hwcr::rule::{self, Case};
use hwcr::rule_id::RuleId;

/// 64 GiB of private memory, all of it in the pages file.
const HEAP_BYTES: u64 = 64 << 30;

#[test]
fn a_check_does_not_read_the_heap() {
    let dir = tempfile::tempdir().unwrap();
    large::with_large_heap(
        "tests/fixtures/images/sig-plain@cortex-a57@new",
        3041,
        dir.path(),
        HEAP_BYTES,
    );
    let start = Instant::now();
    let checkpoint = hwcr::criu_image::load(dir.path()).unwrap();
    let facts = facts::collect(&checkpoint, Search::Auto);
    let target = hwcr::profile::resolve("cortex-a57").unwrap();
    let judged = rule::judge(
        &Case {
            facts: &facts,
            target: &target,
            source: None,
        },
        &[],
    );
    let took = start.elapsed();
    assert_eq!(
        judged.verdict,
        Verdict::Compatible,
        "{:#?}",
        judged.findings
    );
    assert_eq!(facts.tasks[0].frames.len(), 1);
    assert!(
        facts.tasks[0].unsearched >= HEAP_BYTES,
        "{}",
        facts.tasks[0].unsearched
    );
    assert!(
        judged
            .findings
            .iter()
            .any(|finding| finding.rule.id == RuleId::Frm005)
    );
    // Reading 64 GiB takes many seconds on any machine; the check takes milliseconds.
    assert!(took < Duration::from_secs(1), "{took:?}");
}
