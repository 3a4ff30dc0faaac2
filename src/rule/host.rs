//! `SYS`: what the restoring machine needs that neither a version nor a profile shows.

use crate::criu_image::model::Host;
use crate::finding::{Finding, Phase, Proof, Severity};
use crate::rule_id::RuleId;

use super::{Case, Rule, RuleMeta};

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[Rule {
    meta: RuleMeta {
        id: RuleId::Sys013,
        name: "host-setup",
        summary: "The restore needs a security module or a layout of cgroups that the target may lack.",
        explanation: "CRIU writes the saved AppArmor profile or SELinux context back, and mounts the hierarchies of cgroups \
                that the tasks were in. Where the target has another security module it stops with \"mismatched lsm types and \
                lsm profile specified\"; where the profile is not loaded, with \"can't write lsm profile\"; where the \
                controllers belong to the other version of cgroups, with \"Can't mount controller dir\". A profile holds none \
                of this.",
        sources: &[
            "CRIU 4.2, criu/lsm.c validate_lsm, criu/pie/restorer.c lsm_set_label, criu/cgroup.c prepare_cgroup_sfd",
        ],
        seen: &[],
        phase: Phase::Restore,
        since: "0.1.0",
        edits: &[],
    },
    check: host_setup,
}];

fn host_setup(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Host {
        lsm,
        hierarchies,
        cgroups,
    } = &case.facts.checkpoint.host;
    if let Some(lsm) = lsm {
        out.push(
            Finding::new(
                meta,
                Severity::Note,
                Proof::Unknown,
                format!(
                    "tasks run under the {} profile `{}`, which the target must have loaded",
                    lsm.module, lsm.profile
                ),
            )
            .read_at(lsm.place.clone())
            .help("Start the restore with another profile (--lsm-profile) if the target has none of this name."),
        );
    }
    if let Some(place) = cgroups {
        let unified = hierarchies.iter().any(String::is_empty);
        let first: Vec<&str> = hierarchies
            .iter()
            .map(String::as_str)
            .filter(|names| !names.is_empty())
            .collect();
        let layout = match (unified, first.is_empty()) {
            (true, true) => "cgroups of version 2".to_owned(),
            (true, false) => format!(
                "cgroups of version 2, and of version 1: {}",
                first.join(" ")
            ),
            (false, _) => format!("cgroups of version 1: {}", first.join(" ")),
        };
        out.push(
            Finding::new(
                meta,
                Severity::Note,
                Proof::Unknown,
                format!("CRIU will move the tasks into {layout}, which the target must have"),
            )
            .read_at(place.clone())
            .help("With --manage-cgroups=ignore CRIU leaves the tasks in its own cgroups."),
        );
    }
}
