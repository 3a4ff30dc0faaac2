//! `nftables-N.img`: the rules of a network namespace as text.

use super::ask::Ask;
use super::error::Error;
use super::model::ImageFile;
use super::reader::{Dir, Notes};
use crate::input::MAX_IMAGE;
use crate::units::Place;

/// Beginning of the names.
pub(super) const RULES: &str = "nftables-";

/// The table with which CRIU keeps packets away during the dump. Behind it stands the process id of the root
/// task, or, from 4.1 on, a UUID (`criu/netfilter.c`, `nftables_get_table`).
const LOCK: &[u8] = b"table inet CRIU-";

/// Reads the rules of every namespace. Where there are none the file is empty.
pub(super) fn read(dir: &Dir, images: &[ImageFile], notes: &mut Notes) -> Result<(), Error> {
    let ours = |file: &&ImageFile| {
        file.size != 0 && file.name.starts_with(RULES) && file.name.ends_with(".img")
    };
    for file in images.iter().filter(ours) {
        let Some(text) = dir.source.read(&file.name, MAX_IMAGE)? else {
            continue;
        };
        let place = || Place::new(dir.label(&file.name), 0, file.size);
        for line in text.split(|byte| *byte == b'\n') {
            match line.strip_prefix(LOCK) {
                Some(id) if id.contains(&b'-') => notes.asks.see(Ask::NetworkLock, place),
                Some(_) => {}
                None if line.starts_with(b"table ") => notes.asks.see(Ask::Nftables, place),
                None => {}
            }
        }
    }
    Ok(())
}
