//! What a restore asks of the target that no version shows: what CRIU is linked with, options of the kernel,
//! the state of the machine.

use crate::abi::restore::{self, CONDITIONS, Condition, OPTION_RULE};
use crate::abi::{criu, kernel};
use crate::criu_image::ask::{Ask, Asked};
use crate::criu_image::model::VmaStatus;
use crate::finding::{Finding, Proof, Severity, Spot, Subject};
use crate::rule_id::RuleId;
use crate::units::Version;

use super::{Case, RuleMeta, counted};

/// Whether the libc that CRIU itself runs with may have registered restartable sequences.
pub(super) fn criu_meets_rseq(kernel: Option<Version>) -> bool {
    kernel.is_none_or(|kernel| kernel >= kernel::HAS_RSEQ)
}

/// What libc registers has to be taken away by CRIU before it unmaps itself.
pub(super) fn criu_libc(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(criu) = case.target.criu else {
        return; // HWCR-PRF-001
    };
    let kernel = case.target.kernel;
    if !criu_meets_rseq(kernel) {
        return;
    }
    let old_kernel = kernel.is_none_or(|kernel| kernel < kernel::TELLS_RSEQ);
    let (severity, message) = if criu < criu::UNREGISTERS_LIBC_RSEQ {
        (
            Severity::Unproven,
            format!(
                "every restore by CRIU {criu} dies with SIGSEGV if CRIU itself runs with glibc 2.35 or later: it does not \
                 unregister the area for restartable sequences of its own libc before it unmaps it"
            ),
        )
    } else if criu < criu::ASKS_KERNEL_FOR_LIBC_RSEQ || criu < criu::KNOWS_RSEQ_SIZE && old_kernel {
        (
            Severity::Note,
            format!(
                "CRIU {criu} finds the area for restartable sequences of its own libc by libc's symbols; taken as given \
                 that it runs with the glibc it was built with, and that this is older than 2.40"
            ),
        )
    } else {
        return;
    };
    let finding = Finding::new(meta, severity, Proof::Unknown, message)
        .need_have("CRIU 3.17", format!("CRIU {criu}"))
        .help(
            "Use CRIU 3.18 or later on the target, or start `criu restore` with GLIBC_TUNABLES=glibc.pthread.rseq=0 in its \
             environment.",
        );
    out.push(finding);
}

/// Registrations that a CRIU before 3.17 did not save.
pub(super) fn rseq_not_saved(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let facts = case.facts;
    let saves = |version: Version| version >= criu::UNREGISTERS_LIBC_RSEQ;
    let without = |version: Version| version < kernel::HAS_RSEQ;
    if facts.origin.criu_at_least.is_some_and(saves) || facts.origin.kernel.is_some_and(without) {
        return;
    }
    for task in facts.tasks.iter().filter(|task| task.auxv.is_some()) {
        let libc = task.libc.as_ref();
        let what = match libc.map(|libc| (libc, libc.registers_rseq())) {
            Some((_, Some(false))) => continue,
            Some((libc, Some(true))) => format!("{} registers", libc.name),
            Some((libc, None)) => format!("{} registers from glibc 2.35 on", libc.name),
            None => "a libc in the program may have registered".to_owned(),
        };
        let severity = if libc.is_some() {
            Severity::Unproven
        } else {
            Severity::Note
        };
        let message = format!(
            "the image has no area for restartable sequences, which {what}, and may be of a CRIU before 3.17, which does \
             not save it: then the task runs on with a CPU number that never changes"
        );
        let finding = Finding::new(meta, severity, Proof::Unknown, message)
            .in_task(task.task.pid)
            .read_at(libc.map(|libc| libc.place.clone()))
            .help(
                "Dump with CRIU 3.17 or later. `--rootfs DIR` shows the version of a mapped libc.",
            );
        out.push(finding);
    }
}

/// What the image asks for, with the condition on it.
fn asked<'a>(case: &Case<'a>, rule: RuleId) -> Vec<(&'a Asked, &'static Condition)> {
    let of = |asked: &'a Asked| {
        CONDITIONS
            .iter()
            .find(|condition| condition.ask == asked.ask && condition.rule == rule)
            .map(|condition| (asked, condition))
    };
    case.facts.asks.iter().filter_map(of).collect()
}

/// Options that the target's kernel must be built with.
pub(super) fn options(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (asked, condition) in asked(case, OPTION_RULE) {
        let until = condition.until.zip(case.target.kernel);
        if until.is_some_and(|(until, kernel)| kernel >= until) {
            continue;
        }
        let message = format!(
            "taken as given that the target has {}, which {} needs: {}",
            condition.needs,
            counted(
                usize::try_from(asked.times).unwrap_or(usize::MAX),
                "mapping"
            ),
            condition.says
        );
        let finding = Finding::new(meta, Severity::Note, Proof::Unknown, message)
            .about(Subject::of(asked.pid, asked.tid))
            .read_at(asked.place.clone());
        out.push(finding);
    }
}

const MAP_HUGETLB: u32 = 0x40000;
/// Where `MAP_HUGE_*` has the logarithm of the size, and its bits.
const MAP_HUGE_SHIFT: u32 = 26;
const MAP_HUGE_MASK: u32 = 0x3f;

/// Mappings from the pool of huge pages.
pub(super) fn huge_pages(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.checkpoint.tasks {
        let Some(mm) = &task.mm else { continue };
        let huge = || mm.vmas.iter().filter(|vma| vma.flags & MAP_HUGETLB != 0);
        let Some(first) = huge().next() else { continue };
        let bytes: u64 = huge().fold(0, |sum, vma| sum.saturating_add(vma.mapping.range.len()));
        let size = match first.flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK {
            0 => "the default size".to_owned(),
            log => format!("{} KiB", (1_u64 << log) >> 10),
        };
        let message = format!(
            "{} of huge pages ({size}) take {bytes} bytes of the target's pool, which no profile shows: without them \
             the restore fails with ENOMEM",
            counted(huge().count(), "mapping")
        );
        out.push(
            Finding::new(meta, Severity::Unproven, Proof::Unknown, message)
                .about(Spot::memory(task.pid, None, first.mapping.range.start))
                .read_at(first.place.clone())
                .need_have(format!("{bytes} bytes of huge pages"), "unknown")
                .help("Look at /sys/kernel/mm/hugepages on the target, and set vm.nr_hugepages."),
        );
    }
}

/// No arm64 kernel is built for more CPUs (`arch/arm64/Kconfig`, NR_CPUS).
const MOST_CPUS: u32 = 4096;
/// A ring has room for at least so many requests per possible CPU (`fs/aio.c`, `ioctx_alloc`).
const REQUESTS_PER_CPU: u32 = 4;

/// AIO rings, whose size depends on the number of possible CPUs.
pub(super) fn aio(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.checkpoint.tasks {
        let Some(mm) = &task.mm else { continue };
        let Some(requests) = mm.aio_requests.iter().min() else {
            continue;
        };
        let most = requests / REQUESTS_PER_CPU;
        if most >= MOST_CPUS {
            continue;
        }
        let ring = mm
            .vmas
            .iter()
            .find(|vma| vma.status.contains(VmaStatus::AIORING));
        let message = format!(
            "an AIO ring for {requests} requests gets another size on a machine with more than {}, and the restore fails",
            counted(most as usize, "possible CPU")
        );
        out.push(
            Finding::new(meta, Severity::Unproven, Proof::Unknown, message)
                .in_task(task.pid)
                .read_at(ring.map_or_else(|| mm.place.clone(), |ring| ring.place.clone()))
                .need_have(format!("at most {most} possible CPUs"), "unknown")
                .help("Compare with /sys/devices/system/cpu/possible on the target."),
        );
    }
}

/// CRIU looks for the end of the address space between these (`compel_task_size`).
const LEAST_BITS: u8 = 39;

/// And finds nothing that ends above this.
const HIGHEST: u64 = 1 << 48;

/// Address spaces that CRIU does not see whole, or takes for larger than they are.
pub(super) fn address_space(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let target = case.target;
    if let Some(bits) = target.va_bits.filter(|bits| *bits < LEAST_BITS) {
        let message = format!(
            "CRIU takes the address space of {} for 2^39 bytes, and it has 2^{bits}: the restore fails with \"Unable to \
             unmap\"",
            target.name
        );
        out.push(
            Finding::new(meta, Severity::Blocker, Proof::Version, message)
                .need_have("39 bits", format!("{bits} bits"))
                .help("Use a kernel with at least 39 bits of user address on the target."),
        );
    }
    let mut gone = false;
    for task in &case.facts.checkpoint.tasks {
        let vmas = task.mm.as_ref().map(|mm| mm.vmas.as_slice());
        let lost = vmas.unwrap_or_default().iter().find(|vma| {
            let mapping = &vma.mapping;
            mapping.range.end.0 > HIGHEST
                && mapping.write
                && vma.status.contains(VmaStatus::ANON_PRIVATE)
        });
        gone |= lost.is_some();
        if let Some(vma) = lost {
            let message = format!(
                "the content of {} is not in the image: CRIU saves no private memory above 2^48, and the task goes on \
                 with zeros",
                vma.mapping.range
            );
            out.push(
                Finding::new(meta, Severity::Blocker, Proof::State, message)
                    .about(Spot::memory(task.pid, None, vma.mapping.range.start))
                    .read_at(vma.place.clone())
                    .help(
                        "Start the workload without address hints above 2^48, and dump it again.",
                    ),
            );
        }
    }
    for (asked, condition) in asked(case, meta.id) {
        if gone && asked.ask == Ask::High {
            continue;
        }
        let what = restore::row(asked.ask).map_or("", |row| row.what);
        let message = format!(
            "the image has {what}, and the target needs {}: {}",
            condition.needs, condition.says
        );
        let finding = Finding::new(meta, Severity::Unproven, Proof::Unknown, message)
            .about(Subject::of(asked.pid, None))
            .read_at(asked.place.clone());
        out.push(finding);
    }
}
