//! The machine of the restore, as its log describes it.

use super::collect::{Log, Run};
use crate::profile::model::{Profile, Source};
use crate::units::Version;

/// The machine to hold the image against: the one the user named, with the versions of kernel and CRIU
/// from the logs where its profile has none; without one, these versions alone. And what contradicts it.
#[must_use]
pub fn machine(logs: &[Log], named: Option<&Profile>) -> (Profile, Vec<String>) {
    let runs = || {
        logs.iter()
            .filter_map(|log| Some((log.name.as_str(), log.run.as_ref()?)))
    };
    let first = |version: fn(&Run) -> Option<Version>| {
        runs().find_map(|(name, run)| Some((name, version(run)?)))
    };
    let kernel = first(Run::kernel_version);
    let criu = first(Run::criu_version);
    let name = runs().next().map_or("", |(name, _)| name);
    let mut machine = named.cloned().unwrap_or_else(|| {
        Profile::unknown("the machine of the log", Source::File(name.to_owned()))
    });
    let mut remarks = Vec::new();
    for (what, logged, stated) in [
        ("kernel", kernel, &mut machine.kernel),
        ("CRIU", criu, &mut machine.criu),
    ] {
        let Some((log, logged)) = logged else {
            continue;
        };
        let stated = *stated.get_or_insert(logged);
        if (stated.major, stated.minor) != (logged.major, logged.minor) {
            remarks.push(format!(
                "{log} is from {what} {logged}, and the target profile {} says {stated}: findings are those of the profile",
                machine.name
            ));
        }
    }
    (machine, remarks)
}
