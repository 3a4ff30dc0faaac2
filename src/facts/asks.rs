//! Everything an image asks for: what the readers of its messages noted, and what lies in its memory.

use crate::criu_image::ask::{Ask, Asked};
use crate::criu_image::model::Checkpoint;

use super::{TaskFacts, VdsoFacts};

/// `ELFOSABI_LINUX`, which GNU calls `ELFOSABI_GNU`.
const OS_ABI_LINUX: u8 = 3;

/// Whether a vDSO asks for something.
type Has = fn(&VdsoFacts) -> bool;

/// What a vDSO may ask for, and when it does.
const OF_VDSO: &[(Ask, Has)] = &[
    (Ask::VdsoGnuHash, |vdso| vdso.gnu_hash_only),
    (Ask::VdsoOsAbi, |vdso| vdso.os_abi == OS_ABI_LINUX),
];

/// All of it, in the order of [`Ask`].
pub(super) fn all(checkpoint: &Checkpoint, tasks: &[TaskFacts<'_>]) -> Vec<Asked> {
    let mut asks = checkpoint.asks.clone();
    for (ask, has) in OF_VDSO {
        let mut with = tasks.iter().filter_map(|task| {
            let vdso = task.vdso.as_ref().filter(|vdso| has(vdso))?;
            // Without a place of its own it is still there, and asks.
            let place = vdso.place.as_ref().unwrap_or(&task.task.place);
            Some((task.task.pid, place.clone()))
        });
        if let Some((pid, place)) = with.next() {
            asks.push(Asked {
                ask: *ask,
                pid: Some(pid),
                tid: None,
                place,
                times: 1 + with.count() as u64,
            });
        }
    }
    asks.sort_by_key(|asked| asked.ask);
    asks
}
