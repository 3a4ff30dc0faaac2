//! `inventory.img`: whether the rest can be read at all (CRIU 4.2 `criu/image.c`, `check_img_inventory`).

use std::sync::Arc;

use super::ask::Ask;
use super::envelope::Header;
use super::error::Error;
use super::model::Inventory;
use super::proto;
use super::reader::{Dir, Notes};
use crate::input::Source;
use crate::wire::schema::INVENTORY_ENTRY;

/// Its name.
pub(super) const FILE: &str = "inventory.img";

/// Reads the inventory and with it learns how the other images begin.
pub(super) fn read(source: &Arc<dyn Source>, notes: &mut Notes) -> Result<(Inventory, Dir), Error> {
    let mut dir = Dir {
        source: Arc::clone(source),
        prefix: source.label().to_owned(),
        is_parent: false,
        header: Header::Bare,
    };
    let Some(image) = dir.image(FILE, "INVENTORY")? else {
        return Err(Error::NotACheckpoint {
            dir: source.name().to_owned(),
        });
    };
    let entry = image.single("inventory_entry")?;
    let message: proto::InventoryEntry = notes.decode(INVENTORY_ENTRY, &entry)?;
    let (file, offset) = (Arc::clone(&entry.file), entry.offset);
    dir.header = match message.img_version {
        1 => Header::Bare,
        2 => Header::Common,
        found => {
            return Err(Error::Version {
                file,
                offset,
                found,
            });
        }
    };
    if message.fdinfo_per_id != Some(true) {
        return Err(Error::TooOld { file, offset });
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let plugins = message
        .plugins_entry
        .unwrap_or_default()
        .plugins
        .into_iter()
        .map(text)
        .collect::<Vec<_>>();
    if !plugins.is_empty() {
        notes.asks.see(Ask::Plugins, || entry.field(&[12]));
    }
    if message.dump_criu_run_id.is_some() {
        notes.asks.see(Ask::RunId, || entry.field(&[13]));
    }
    if message.allow_uprobes == Some(true) {
        notes.asks.see(Ask::AllowUprobes, || entry.field(&[14]));
    }
    notes.lsm_module = message.lsmtype.filter(|module| *module != 0);
    let inventory = Inventory {
        img_version: message.img_version,
        dump_criu_run_id: message.dump_criu_run_id.map(text),
        plugins,
        place: entry.place(),
    };
    Ok((inventory, dir))
}
