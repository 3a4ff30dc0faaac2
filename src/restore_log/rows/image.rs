//! What CRIU says of image files that are missing, damaged or of another version.

use crate::restore_log::row::{ERROR, Fate, Form, Role, Row};
use crate::rule_id::RuleId;

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-image-missing",
        files: &["protobuf.c"],
        patterns: &["Unexpected EOF on (empty-image)"],
        after: &["image"],
        rules: &[RuleId::Img008],
        unreadable: true,
        summary: "An image file is not there: {image}.",
        explanation: "CRIU takes a file it does not find for an empty one and says so only where it needs an entry \
            of it. The line before, \"No … image\", names the file.",
        help: "Copy the image directory again, all of it, and name it with -D. An engine's archive holds it under \
            `checkpoint`.",
        sources: &[
            "CRIU 3.14 to 4.2, criu/protobuf.c do_pb_read_one, criu/image.c do_open_image",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-image-cut",
        files: &["protobuf.c"],
        patterns: &[
            "Unexpected EOF on {image}",
            "Read {have:number} bytes while {need:number} expected from {image}: {errno}",
            "Read {have:number} bytes while {need:number} expected on {image}: {errno}",
            "Can't read {need:number} bytes from file {image}: {errno}",
        ],
        rules: &[RuleId::Img008],
        unreadable: true,
        summary: "An image file is cut short: {image}.",
        explanation: "An entry is longer than what is left of the file. The dump ran out of space, or the copy \
            was not finished.",
        help: "Copy the image again, or dump again. `hwcr inspect` names the file and the offset.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/protobuf.c do_pb_read_one",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-image-cut-buffer",
        files: &["image.c"],
        patterns: &[
            "Img trimmed {have:number}/{need:number}",
            "Unexpected EOF",
            "Can't read img file: {errno}",
        ],
        rules: &[RuleId::Img008],
        unreadable: true,
        summary: "An image file is cut short or cannot be read.",
        explanation: "CRIU does not say which; the lines before tell what it was reading.",
        help: "Copy the image again, or dump again.",
        sources: &["CRIU 3.0 to 4.2, criu/image.c read_img_buf_eof, read_img_buf"],
        ..ERROR
    },
    Row {
        id: "criu-image-undecodable",
        files: &["protobuf.c"],
        patterns: &["Failed unpacking object {object:address} from {image}"],
        rules: &[RuleId::Img007, RuleId::Img008],
        unreadable: true,
        summary: "An entry of {image} is not what CRIU expects there.",
        explanation: "The bytes are damaged, or a field that this CRIU requires is missing: images of other \
            versions or of a fork, or an image that a tool wrote again.",
        help: "Copy the image again; restore with the CRIU that made it. `hwcr inspect` names file and offset.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/protobuf.c do_pb_read_one",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-image-magic",
        files: &["image.c"],
        patterns: &[
            "Head magic doesn't match for {image}",
            "Magic doesn't match for {image}",
        ],
        unreadable: true,
        summary: "{image} does not begin as such an image must.",
        explanation: "It is another file, damaged, or one that a forked CRIU wrote.",
        help: "Copy the image again. `hwcr inspect` says which magic word it found.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/image.c img_check_magic",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-image-newer",
        files: &["image.c"],
        patterns: &["Not supported images version {version:number}"],
        rules: &[RuleId::Sys003],
        unreadable: true,
        summary: "The image has format version {version}, which this CRIU does not know.",
        explanation: "CRIU up to 4.2 knows 1 and 2. 3 is written for compressed pages.",
        help: "Restore with a CRIU at least as new as the one that dumped, or dump without --compress.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/image.c check_img_inventory",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-image-older",
        files: &["image.c", "pstree.c"],
        patterns: &[
            "Too old image, no longer supported",
            "No IDS for root task.",
        ],
        unreadable: true,
        summary: "The image lacks what every CRIU of today writes.",
        explanation: "It was made by a CRIU before 1.0, or a file (`ids-PID.img`, a field of the inventory) got lost.",
        help: "Copy the image again, all of it; restore it with the CRIU that made it.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/image.c check_img_inventory, criu/pstree.c prepare_pstree_kobj_ids",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-tree-inconsistent",
        files: &["pstree.c"],
        patterns: &[
            "Can't find a parent for {pid}",
            "No kIDs provided, image corruption",
            "Image corruption on kIDs data",
            "Parent missed on non-root task with pid {pid}, image corruption!",
            "Unexpected task {tid} in a tree {at:number}",
        ],
        rules: &[RuleId::Img008],
        unreadable: true,
        summary: "The tree of tasks in the image contradicts itself.",
        explanation: "pstree.img and the tasks' files are not of one dump, or were edited.",
        help: "Copy the image again from where the dump wrote it.",
        sources: &["CRIU 3.0 to 4.2, criu/pstree.c read_one_pstree_item, prepare_pstree_kobj_ids"],
        ..ERROR
    },
    Row {
        id: "criu-mappings-unsorted",
        files: &["mem.c"],
        patterns: &[
            "VMA-s are not sorted in the image file",
            "Trying to restore page for non-private VMA",
        ],
        rules: &[RuleId::Img008, RuleId::Img002],
        summary: "Mappings and pages of a task do not belong together.",
        explanation: "mm-PID.img and pagemap-PID.img are not of one dump, were edited, or are read with another page size.",
        help: "Copy the image again; look with `hwcr inspect --only memory`.",
        sources: &["CRIU 3.0 to 4.2, criu/mem.c premap_priv_vmas, restore_priv_vma_content"],
        ..ERROR
    },
    Row {
        id: "criu-pages-unreadable",
        files: &["restorer.c"],
        patterns: &["Can't read pages data ({code})"],
        after: &["image"],
        rules: &[RuleId::Img004],
        summary: "The pages of a task could not be read.",
        explanation: "Where there is no pages file at all, the kernel answers -9; it answered {code}.",
        help: "Copy the image again, `pages-*.img` included; some tools leave large files out.",
        sources: &[
            "CRIU 3.6 to 4.2, criu/pie/restorer.c __export_restore_task",
            "observed: CRIU 4.2.1 without pages-1.img",
        ],
        ..ERROR
    },
    Row {
        id: "criu-pages-read-nothing",
        form: Form::Info,
        patterns: &["`- returned 0"],
        role: Role::Hint,
        many: Some((3, "criu-pages-end")),
        rules: &[RuleId::Img004],
        summary: "The restorer read the end of a pages file.",
        explanation: "Written again and again it means that the file is too short. This log has it once or twice, \
            which may be where it was cut.",
        help: "Look at the rest of the log, and at the image with `hwcr inspect`.",
        sources: &["CRIU 3.6 to 4.2, criu/pie/restorer.c __export_restore_task"],
        ..ERROR
    },
    // Matched through the row above, by how often the line was written.
    Row {
        id: "criu-pages-end",
        form: Form::Info,
        patterns: &["`- returned 0"],
        role: Role::Cause(Fate::Hangs),
        rules: &[RuleId::Img004],
        summary: "The pages file is too short, and CRIU reads its end again and again.",
        explanation: "CRIU's restorer takes reading nothing for reading less than it asked for and tries again, \
            forever; its log grows until the disk is full.",
        help: "End CRIU by hand and copy the image again. `hwcr inspect` says how many bytes are missing.",
        sources: &[
            "CRIU 3.6 to 4.2, criu/pie/restorer.c __export_restore_task",
            "observed: CRIU 4.2.1, pages-1.img cut",
        ],
        ..ERROR
    },
    Row {
        id: "criu-pages-end-early",
        files: &["pagemap.c"],
        patterns: &[
            "Can't read mapping page {code}: {errno}",
            "Reached EOF unexpectedly while reading page from image",
            "Can't read async pr bytes ({code} / {need:number} read, {offset:number} off, {count:number} iovs)",
            "Failed getting raw image fd",
            "Getting raw FD failed",
        ],
        after: &["image"],
        rules: &[RuleId::Img004],
        summary: "A pages file ends too early or cannot be read.",
        explanation: "Page maps name more pages than `pages-*.img` holds: the file is cut, missing or another one, \
            or the pages were dumped in another size.",
        help: "Copy the image again. `hwcr inspect` says how many bytes are missing.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pagemap.c read_local_page, maybe_read_page_img_streamer, process_async_reads",
        ],
        ..ERROR
    },
    Row {
        id: "criu-parent-missing",
        files: &["pagemap.c"],
        patterns: &[
            "No parent for snapshot pagemap",
            "Missing {address} in parent pagemap",
        ],
        rules: &[RuleId::Img005],
        summary: "Pages lie in an earlier dump that is not there.",
        explanation: "The image is incremental: `parent` leads to the dump before it. Without that one its memory \
            is not complete.",
        help: "Copy the earlier dumps beside it, so that every `parent` link leads somewhere.",
        sources: &["CRIU 3.0 to 4.2, criu/pagemap.c read_parent_page"],
        ..ERROR
    },
    Row {
        id: "criu-parent-unopenable",
        files: &["image.c"],
        patterns: &["Can't open parent path: {errno}"],
        rules: &[RuleId::Img005],
        summary: "The `parent` link of the image cannot be followed.",
        explanation: "The system answered: {errno}. Absolute links seldom survive a move to another machine.",
        help: "Make `parent` a relative link to the earlier dump.",
        sources: &["CRIU 3.16 to 4.2, criu/image.c open_parent"],
        ..ERROR
    },
    Row {
        id: "criu-plugin-missing",
        files: &["image.c"],
        patterns: &["Missing required plugin: {plugin:text}"],
        summary: "The dump used the CRIU plugin {plugin}, which is not loaded here.",
        explanation: "Device state (GPUs) lies in files that only the plugin can read.",
        help: "Install the plugin and name its directory with --libdir.",
        sources: &["CRIU 4.1 to 4.2, criu/image.c check_inventory_plugins"],
        ..ERROR
    },
    Row {
        id: "criu-option-missing",
        files: &["image.c"],
        patterns: &[
            "Need to set the --tcp-close options.",
            "Dumped with --{option:word} Need to set it on restore as well.",
        ],
        summary: "The image was dumped with an option that the restore needs too.",
        explanation: "What was dumped cannot be restored without it.",
        help: "Give the option that the message names to `criu restore` as well.",
        sources: &["CRIU 3.15 to 4.2, criu/image.c check_img_inventory"],
        ..ERROR
    },
    Row {
        id: "criu-directory-unopenable",
        files: &["image.c", "crtools.c"],
        patterns: &[
            "Can't open dir {path:text}: {errno}",
            "Can't change directory to {path:text}: {errno}",
        ],
        summary: "The image directory {path} cannot be opened.",
        explanation: "The system answered: {errno}.",
        help: "Name the directory that `criu dump -D` wrote with -D.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/image.c open_image_dir, criu/crtools.c main",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-image-unopenable",
        files: &["image.c"],
        patterns: &["Unable to open {image}: {errno}"],
        unreadable: true,
        summary: "{image} cannot be opened.",
        explanation: "The system answered: {errno}. Dumps belong to root with no access for others.",
        help: "Run the restore as the owner of the image, or change the owner.",
        sources: &["CRIU 3.0 to 4.2, criu/image.c do_open_image"],
        ..ERROR
    },
    Row {
        id: "criu-lazy-socket",
        files: &["uffd.c"],
        patterns: &[
            "connect to {path:text} failed: {errno}",
            "No lazy-pages socket",
        ],
        rules: &[RuleId::Img006],
        summary: "The lazy-pages daemon is not there.",
        explanation: "With --lazy-pages, `criu lazy-pages` must run in the same work directory before the restore.",
        help: "Start `criu lazy-pages` first, with the page server of the dumping machine, or restore without --lazy-pages.",
        sources: &[
            "CRIU 3.6 to 4.2, criu/uffd.c prepare_lazy_pages_socket",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-lazy-unavailable",
        files: &["uffd.c", "kerndat.c"],
        patterns: &[
            "Lazy pages are not available",
            "Unable to open an userfaultfd descriptor: {errno}",
            "Failed to get uffd API: {errno}",
        ],
        rules: &[RuleId::Img006],
        summary: "This kernel does not let CRIU use userfaultfd.",
        explanation: "Lazy restore needs CONFIG_USERFAULTFD, and vm.unprivileged_userfaultfd or root.",
        help: "Restore without --lazy-pages from an image that holds all pages.",
        sources: &[
            "CRIU 3.6 to 4.2, criu/uffd.c uffd_open, setup_uffd, criu/kerndat.c kerndat_uffd",
        ],
        ..ERROR
    },
    Row {
        id: "criu-page-server-gone",
        files: &["page-xfer.c"],
        patterns: &[
            "Remote side closed connection",
            "The page server doesn't answer: {errno}",
            "Error reading data from page server: {errno}",
        ],
        rules: &[RuleId::Img006],
        summary: "The page server that still held memory went away.",
        explanation: "A lazy or diskless restore fetches pages from the machine of the dump while tasks already run.",
        help: "Look at the dumping machine's log. The tasks cannot go on; restore from an image that holds all pages.",
        sources: &["CRIU 3.0 to 4.2, criu/page-xfer.c page_server_hangup_event, page_server_read"],
        ..ERROR
    },
    Row {
        id: "criu-image-needed",
        form: Form::Info,
        patterns: &["No {image:needed} image"],
        role: Role::Hint,
        rules: &[RuleId::Img004, RuleId::Img008],
        unreadable: true,
        summary: "{image} is not there, and no restore of a living task goes without it.",
        explanation: "CRIU takes a missing file for an empty one. Where it uses what should be in it without \
            looking, it gives up without an error or dies of SIGSEGV itself.",
        help: "Copy the image directory again, all of it.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/image.c do_open_image",
            "observed: CRIU 4.2.1 without files.img, mm, fs, pagemap",
        ],
        ..ERROR
    },
    Row {
        id: "criu-image-absent",
        form: Form::Info,
        patterns: &["No {image} image"],
        role: Role::Context,
        summary: "There is no such image file. Most of them are optional.",
        sources: &["CRIU 3.0 to 4.2, criu/image.c do_open_image"],
        ..ERROR
    },
];
