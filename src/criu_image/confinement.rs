//! What confines tasks: `seccomp.img`, `cgroup.img`, and credentials in core images.

use super::ask::Ask;
use super::core::text;
use super::envelope::Entry;
use super::error::Error;
use super::proto;
use super::reader::{Dir, Notes};
use crate::wire::schema::{CGROUP_ENTRY, SECCOMP_ENTRY};

/// The filters.
pub(super) const SECCOMP: &str = "seccomp.img";
/// The cgroups.
pub(super) const CGROUP: &str = "cgroup.img";

/// Flags of filters (`uapi/linux/seccomp.h`) that CRIU saves and not every kernel has: `SECCOMP_FILTER_FLAG_LOG`.
const FILTER_FLAGS: &[(u32, Ask)] = &[(2, Ask::SeccompLog)];

/// `BPF_RET | BPF_K` of `uapi/linux/bpf_common.h`.
const RETURN: u16 = 6;

/// Actions (`uapi/linux/seccomp.h`, the upper half of what a filter returns) that not every kernel has:
/// `SECCOMP_RET_LOG`, `SECCOMP_RET_USER_NOTIF`.
const ACTIONS: &[(u32, Ask)] = &[(0x7ffc, Ask::SeccompRetLog), (0x7fc0, Ask::SeccompNotify)];

/// `SECBIT_EXEC_RESTRICT_FILE`, `SECBIT_EXEC_DENY_INTERACTIVE` and their locks (`uapi/linux/securebits.h`).
const SECBITS: &[(u32, Ask)] = &[(0xf00, Ask::SecbitsExec)];

/// Reads the filters of all tasks.
pub(super) fn read_seccomp(dir: &Dir, notes: &mut Notes) -> Result<(), Error> {
    let Some(image) = dir.image(SECCOMP, "SECCOMP")? else {
        return Ok(());
    };
    for entry in image.entries() {
        let entry = entry?;
        let seccomp: proto::SeccompEntry = notes.decode(SECCOMP_ENTRY, &entry)?;
        for filter in &seccomp.seccomp_filters {
            let place = || entry.field(&[1]);
            notes
                .asks
                .see_bits(filter.flags.unwrap_or(0), FILTER_FLAGS, place);
            for (_, ask) in ACTIONS
                .iter()
                .filter(|(action, _)| returns(&filter.filter, *action))
            {
                notes.asks.see(*ask, place);
            }
        }
    }
    Ok(())
}

/// Whether one of a filter's instructions (`struct sock_filter`: code, two jumps, operand) returns this action.
fn returns(filter: &[u8], action: u32) -> bool {
    filter.chunks_exact(8).any(|instruction| {
        let &[code_low, code_high, _, _, k0, k1, k2, k3] = instruction else {
            return false;
        };
        u16::from_le_bytes([code_low, code_high]) == RETURN
            && u32::from_le_bytes([k0, k1, k2, k3]) >> 16 == action
    })
}

/// Reads the cgroups. Without sets CRIU moves nobody and mounts nothing.
pub(super) fn read_cgroups(dir: &Dir, notes: &mut Notes) -> Result<(), Error> {
    let Some(image) = dir.image(CGROUP, "CGROUP")? else {
        return Ok(());
    };
    for entry in image.entries() {
        let entry = entry?;
        let cgroups: proto::CgroupEntry = notes.decode(CGROUP_ENTRY, &entry)?;
        if cgroups.sets.is_empty() {
            continue;
        }
        let names = |of: &proto::CgControllerEntry| {
            let names: Vec<String> = of.cnames.iter().map(|name| text(name)).collect();
            names.join(",")
        };
        notes.host.hierarchies = cgroups.controllers.iter().map(names).collect();
        notes.host.cgroups = Some(entry.field(&[2]));
        let mut names = cgroups.controllers.iter().flat_map(|of| &of.cnames);
        if names.any(Vec::is_empty) {
            notes.asks.see(Ask::Cgroup2, || entry.field(&[2]));
        }
        let mut members = cgroups.sets.iter().flat_map(|set| &set.ctls);
        if members.any(|member| member.cgns_prefix.is_some_and(|prefix| prefix != 0)) {
            notes.asks.see(Ask::CgroupNamespace, || entry.field(&[1]));
        }
    }
    Ok(())
}

/// Notes what a thread's credentials ask for.
pub(super) fn see_creds(creds: &proto::CredsEntry, entry: &Entry<'_>, notes: &mut Notes) {
    notes
        .asks
        .see_bits(creds.secbits, SECBITS, || entry.field(&[5, 10, 13]));
    if let Some(profile) = &creds.lsm_profile {
        notes
            .lsm_profile
            .get_or_insert_with(|| (text(profile), entry.field(&[5, 10, 15])));
    }
    if creds.no_new_privs.is_some_and(|set| set != 0) {
        notes
            .asks
            .see(Ask::NoNewPrivs, || entry.field(&[5, 10, 18]));
    }
    if creds.cap_amb.iter().any(|word| *word != 0) {
        notes
            .asks
            .see(Ask::AmbientCaps, || entry.field(&[5, 10, 19]));
    }
}
