//! A real program: `lab/src/midst.c`, statically linked with glibc, as an image and its file have it.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::criu_image;
use crate::elf::row::Rows;
use crate::flow::Text;
use crate::flow::returns::{CanReturn, Returns};
use crate::input::{self, Options, Root};
use crate::memory::files::WithFiles;
use crate::object::find::Binaries;
use crate::object::{Object, Objects};
use crate::units::Addr;

const CROSS: &str = "tests/fixtures/cross";
const PROGRAM: &str = "opt/lab/midst";

/// Functions in its unwind tables.
const FUNCTIONS: usize = 1049;

/// The first instructions of those that end the thread or loop. Disassembled, none has a way to a `ret`, or to a branch to a
/// register, but over calls of others in these lists. Among them: abort 0x400340, _start 0x400580, finish 0x4012e8,
/// hold_and_exit 0x40135c, exit 0x408030, __libc_fatal 0x410eb0, _exit 0x424e20, and what ends in a call of finish.
const END: &[u64] = &[
    0x40_0340, 0x40_0518, 0x40_0580, 0x40_0830, 0x40_12e8, 0x40_135c, 0x40_1380, 0x40_152c,
    0x40_157c, 0x40_15ec, 0x40_1848, 0x40_18d8, 0x40_1af8, 0x40_1b5c, 0x40_1ba0, 0x40_1c38,
    0x40_1ca8, 0x40_1e9c, 0x40_2c00, 0x40_2c94, 0x40_33b0, 0x40_3500, 0x40_7e00, 0x40_8030,
    0x40_9660, 0x41_0eb0, 0x41_6350, 0x42_4e20, 0x42_8a40, 0x42_8c70, 0x42_8c90, 0x42_d6c0,
    0x42_f400, 0x44_0da0, 0x44_8d40, 0x44_8d54, 0x44_8d90, 0x44_8da0, 0x44_ab50, 0x44_bc00,
    0x44_d150, 0x45_3470, 0x46_23a4,
];

/// Of those that may jump instead: hold_and_jump, siglongjmp, __longjmp, and what unwinds a thread to its end.
const JUMP: &[u64] = &[
    0x40_0f70, 0x40_7870, 0x40_78c0, 0x42_f190, 0x42_f4c4, 0x42_f514, 0x44_fad4, 0x45_6d20,
];

#[test]
fn functions_that_do_not_return_are_told_from_those_that_do() {
    let mut bytes = Vec::new();
    let packed = fs::File::open(format!("{CROSS}/rootfs/{PROGRAM}.gz")).unwrap();
    GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join(PROGRAM);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, &bytes).unwrap();

    let path = Path::new(CROSS).join("images/mid-exit-out@neoverse-n1@new.tar.gz");
    let reading = Options {
        wanted: criu_image::is_read,
        ..Options::default()
    };
    let opened = input::open(&path, &reading).unwrap();
    let checkpoint = criu_image::load_from(&opened.images).unwrap();
    let binaries = Binaries::find(&checkpoint, &Root::open(root.path()).unwrap());
    let objects = Objects::new(&binaries);
    let image = &checkpoint.tasks[0].mm.as_ref().unwrap().memory;
    let memory = WithFiles::new(image, &objects);

    let object = Object::parse(&bytes).unwrap();
    let tables = object.tables().unwrap();
    let mut rows = Rows::default();
    let mut text = Text::new(&memory, image);
    let mut returns = Returns::default();
    let (mut functions, mut end, mut jump) = (0, Vec::new(), Vec::new());
    let mut at = 0x40_0000;
    while at < 0x46_4000 {
        let Some((start, after)) = rows.function(tables, at) else {
            at += 4;
            continue;
        };
        functions += 1;
        match returns.function(&mut text, Addr(start)) {
            CanReturn::May => {}
            CanReturn::Never { leaves: false } => end.push(start),
            CanReturn::Never { leaves: true } => jump.push(start),
        }
        at = after;
    }
    assert_eq!(functions, FUNCTIONS);
    assert_eq!(end, END);
    assert_eq!(jump, JUMP);
}
