//! Looking for `hwcr.toml`, from a directory upwards.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The name that is looked for.
pub const FILE_NAME: &str = "hwcr.toml";

/// What ends a search: the top of a working tree. It is a file in a linked one.
const REPOSITORY: &str = ".git";

/// Files that only an image, or an export of one, has. What lies beside them came with it.
const OF_IMAGES: [&str; 3] = ["inventory.img", "checkpoint/inventory.img", "spec.dump"];

/// How a search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// There is no file.
    None,
    /// The nearest one.
    File(PathBuf),
    /// The nearest one belongs to another user, who must not decide what passes here.
    Foreign(PathBuf),
}

/// Looks in `from` and the directories above it, up to the one that holds `.git`, or to the root.
///
/// `user` is who runs the search, and root's files are taken from everybody. Directories with an image are passed
/// over, and so are those in or below one of `images`: an image does not say how it is judged.
#[must_use]
pub fn search(from: &Path, images: &[PathBuf], user: u32) -> Search {
    for directory in from.ancestors() {
        let file = directory.join(FILE_NAME);
        let of_image = OF_IMAGES.iter().any(|name| directory.join(name).exists())
            || images.iter().any(|image| directory.starts_with(image));
        if !of_image
            && let Ok(meta) = fs::metadata(&file)
            && meta.is_file()
        {
            return if meta.uid() == user || meta.uid() == 0 {
                Search::File(file)
            } else {
                Search::Foreign(file)
            };
        }
        if directory.join(REPOSITORY).exists() {
            break;
        }
    }
    Search::None
}
