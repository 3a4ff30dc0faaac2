//! Rows of the image format itself: nothing is asked of the kernel.

use super::{Below, Row, criu, written};
use crate::criu_image::ask::Ask;

/// The rows.
pub(super) static ROWS: &[Row] = &[
    Row {
        ask: Ask::PageFlags,
        what: "flags of page runs",
        call: "nothing",
        site: "criu/pagemap.c init_pagemaps",
        kernel: None,
        criu: None,
        written_by: written(3, 5),
        sources: &["CRIU 3.5, images/pagemap.proto"],
    },
    Row {
        ask: Ask::BuildId,
        what: "build ids of mapped files",
        call: "nothing",
        site: "criu/files-reg.c validate_file",
        kernel: None,
        criu: Some(criu(
            3,
            15,
            Below::Ignores,
            "older releases compare only the size of the file",
        )),
        written_by: written(3, 15),
        sources: &["CRIU 3.15, criu/files-reg.c, images/regfile.proto"],
    },
    Row {
        ask: Ask::HugePagesField,
        what: "the field for disabled huge pages",
        call: "nothing",
        site: "criu/cr-restore.c",
        kernel: None,
        criu: Some(criu(3, 19, Below::Ignores, "older releases pass it over")),
        written_by: written(3, 19),
        sources: &["CRIU 3.18 and 3.19, images/mm.proto"],
    },
    Row {
        ask: Ask::RunId,
        what: "the run id of the dump",
        call: "nothing",
        site: "criu/image.c check_img_inventory",
        kernel: None,
        criu: Some(criu(
            4,
            1,
            Below::Ignores,
            "older releases have no use for it",
        )),
        written_by: written(4, 1),
        sources: &["CRIU 4.1, images/inventory.proto"],
    },
    Row {
        ask: Ask::Plugins,
        what: "the names of the plugins used",
        call: "nothing",
        site: "criu/image.c check_img_inventory",
        kernel: None,
        criu: Some(criu(
            4,
            1,
            Below::Ignores,
            "older releases load the plugins they find",
        )),
        written_by: written(4, 1),
        sources: &["CRIU 4.1, images/inventory.proto"],
    },
    Row {
        ask: Ask::WidePages,
        what: "page counts in a 64-bit field",
        call: "nothing",
        site: "criu/pagemap.c init_pagemaps",
        kernel: None,
        criu: Some(criu(
            4,
            2,
            Below::Breaks,
            "older releases read 0 pages everywhere, and the memory is lost",
        )),
        written_by: written(4, 2),
        sources: &["CRIU 4.1 and 4.2, images/pagemap.proto, criu/pagemap.c"],
    },
    Row {
        ask: Ask::AllowUprobes,
        what: "leave to restore tasks under uprobes",
        call: "nothing",
        site: "criu/image.c check_img_inventory",
        kernel: None,
        criu: Some(criu(
            4,
            2,
            Below::Ignores,
            "older releases do not ask for it",
        )),
        written_by: written(4, 2),
        sources: &["CRIU 4.2, images/inventory.proto"],
    },
];
