//! Which files are needed and where they lie.

use std::collections::BTreeSet;

use super::super::{Lies, NeededFile, Use, needed};
use super::build::{checkpoint, file, mount, stands_in};
use crate::criu_image::model::{BoundSocket, Checkpoint, Fd, Remap, Remapped, VmaStatus};
use crate::units::Place;

const OVERLAY: u32 = 17;
const TMPFS: u32 = 5;
const PROC: u32 = 1;

fn fds(checkpoint: &mut Checkpoint, files: &[(u32, i32)]) {
    let fds = files.iter().zip(3..).map(|((file, kind), number)| Fd {
        number,
        file: *file,
        kind: *kind,
    });
    checkpoint.tasks[0].fds = fds.collect();
}

/// Id, what for, and where.
fn listed(checkpoint: &Checkpoint) -> Vec<(u32, Vec<Use>, Lies)> {
    let one = |file: NeededFile| (file.id, file.uses.into_keys().collect(), file.lies);
    needed(checkpoint).into_iter().map(one).collect()
}

fn below(path: &str) -> Lies {
    Lies::Below(path.to_owned())
}

#[test]
fn what_runs_comes_first_and_each_use_is_told() {
    let mut image = checkpoint();
    image.files = vec![
        file(1, "/bin/prog"),
        file(2, "/lib/libc.so"),
        file(3, "/data"),
        file(4, "/log"),
        file(5, "/work"),
        file(6, "/"),
        file(7, "/unused"),
        file(8, "/shared"),
    ];
    image.files[3].flags = 0o2001;
    let real = hwcr_vma();
    let mut vmas = Vec::new();
    for (id, exec, write, status) in [
        (1, true, false, VmaStatus::FILE_PRIVATE),
        (2, true, false, VmaStatus::FILE_PRIVATE),
        (2, false, true, VmaStatus::FILE_PRIVATE),
        (8, false, true, VmaStatus::FILE_SHARED),
        // The number of a memfd is no file's.
        (7, false, false, VmaStatus::FILE_SHARED | VmaStatus::MEMFD),
    ] {
        let mut vma = real.clone();
        vma.shmid = id;
        vma.mapping.exec = exec;
        vma.mapping.write = write;
        vma.status = status;
        vmas.push(vma);
    }
    image.tasks[0].mm.as_mut().unwrap().vmas = vmas;
    image.tasks[0].stands_in = stands_in(5, 6);
    fds(&mut image, &[(3, 1), (4, 1)]);
    let want = vec![
        (1, vec![Use::Executable, Use::Code], below("/bin/prog")),
        (2, vec![Use::Code, Use::Mapped], below("/lib/libc.so")),
        (8, vec![Use::MappedToWrite], below("/shared")),
        (3, vec![Use::Open], below("/data")),
        (4, vec![Use::OpenToWrite], below("/log")),
        (5, vec![Use::WorkingDirectory], below("/work")),
        (6, vec![Use::RootDirectory], below("/")),
        (7, vec![], below("/unused")),
    ];
    assert_eq!(listed(&image), want);
    let pids: BTreeSet<_> = [image.tasks[0].pid].into();
    assert_eq!(needed(&image)[0].uses[&Use::Code], pids);
}

fn hwcr_vma() -> crate::criu_image::model::Vma {
    let images = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
    let image = crate::criu_image::load(&images.join("dyn@max@new")).unwrap();
    image.tasks[0].mm.as_ref().unwrap().vmas[0].clone()
}

#[test]
fn without_a_mount_namespace_directories_of_the_kernel_are_known_by_name() {
    let mut image = checkpoint();
    let names = [
        ("/proc/self/maps", Lies::Kernel),
        ("/procedure", below("/procedure")),
        ("/sys/kernel", Lies::Kernel),
        ("/dev/pts/3", Lies::Kernel),
        ("/dev/null", Lies::Device("/dev/null".to_owned())),
        ("/device", below("/device")),
    ];
    image.files = names
        .iter()
        .zip(1..)
        .map(|((name, _), id)| file(id, name))
        .collect();
    for (at, (_, lies)) in names.into_iter().enumerate() {
        let id = u32::try_from(at + 1).unwrap();
        let found = needed(&image)
            .into_iter()
            .find(|file| file.id == id)
            .unwrap();
        assert_eq!(found.lies, lies, "{}", found.name);
    }
}

#[test]
fn a_mount_says_where_its_files_lie() {
    let mut image = checkpoint();
    let mut volume = mount(3, OVERLAY, 9, "/volume", "/data");
    volume.external = true;
    let mut plugged = mount(4, OVERLAY, 8, "/", "/plug");
    plugged.plugin = true;
    let mut root = mount(1, OVERLAY, 8, "/", "/");
    // runc hands the root over as well; it is what the directory given stands for.
    root.external = true;
    image.places.mounts = vec![
        root,
        mount(2, TMPFS, 5, "/", "/run"),
        volume,
        plugged,
        mount(5, PROC, 6, "/", "/proc"),
        mount(6, OVERLAY, 8, "/srv/inner", "/mnt/bound"),
        mount(7, 16, 77, "/", "/disk"),
    ];
    let cases = [
        ("/bin/prog", Some(1), below("/bin/prog")),
        ("/run/lock", Some(2), Lies::Image),
        ("/data/base", Some(3), Lies::Engine),
        ("/plug/x", Some(4), Lies::Mount("/plug".to_owned())),
        ("/proc/1/maps", Some(5), Lies::Kernel),
        // A bind mount of the same file system shows another path of it.
        ("/mnt/bound/x", Some(6), below("/srv/inner/x")),
        ("/mnt/bound", Some(6), below("/srv/inner")),
        ("/disk/x", Some(7), Lies::Mount("/disk".to_owned())),
        (
            "/where",
            Some(99),
            Lies::Mount("mount 99, which the image does not describe".to_owned()),
        ),
        // The name alone decides nothing where mounts do.
        ("/dev/null", Some(1), below("/dev/null")),
    ];
    image.files = cases
        .iter()
        .zip(1..)
        .map(|((name, mount, _), id)| {
            let mut file = file(id, name);
            file.mount = *mount;
            file
        })
        .collect();
    let found = needed(&image);
    for (name, _, lies) in cases {
        let file = found.iter().find(|file| file.name == name).unwrap();
        assert_eq!(file.lies, lies, "{name}");
    }
    let described = std::mem::take(&mut image.places.mounts);
    assert_eq!(needed(&image)[0].lies, below("/bin/prog"));
    image.places.mounts = described;
    // Another namespace's root is another directory, unless it shows the same one.
    let other = image.places.mounts.len();
    for (device, lies) in [(8, below("/x")), (4, Lies::Mount("/".to_owned()))] {
        image.places.mounts.truncate(other);
        let mut root = mount(50, OVERLAY, device, "/", "/");
        root.namespace = 8;
        image.places.mounts.push(root);
        let mut one = file(1, "/x");
        one.mount = Some(50);
        image.files = vec![one];
        assert_eq!(needed(&image)[0].lies, lies);
    }
}

#[test]
fn removed_files_are_in_the_image_or_have_a_link() {
    let mut image = checkpoint();
    image.files = vec![
        file(1, "/gone"),
        file(2, "/dir/linked"),
        file(3, "/dir/link_remap.3"),
        file(4, "/proc/77/status"),
        file(5, "/given"),
        file(6, "/fifo"),
        file(7, "/dev/ttyS0"),
    ];
    image.files[1].size = Some(7);
    image.files[4].external = true;
    let remaps = [
        (1, Remapped::Ghost),
        (2, Remapped::Linked(3)),
        (4, Remapped::Process),
    ];
    image.places.remaps = remaps.map(|(file, to)| Remap { file, to }).into();
    image.places.fifos = vec![(20, 6)];
    image.places.terminals = vec![(21, 7)];
    fds(&mut image, &[(2, 1), (4, 1), (5, 1), (20, 3), (21, 11)]);
    let want = vec![
        (1, vec![Use::Executable], Lies::Image),
        (
            2,
            vec![Use::Open],
            Lies::Linked("/dir/link_remap.3".to_owned()),
        ),
        (4, vec![Use::Open], Lies::Kernel),
        (5, vec![Use::Open], Lies::Engine),
        (6, vec![Use::Open], below("/fifo")),
        (7, vec![Use::Open], Lies::Kernel),
    ];
    assert_eq!(listed(&image), want);
    // CRIU compares the link with what the file was.
    assert_eq!(needed(&image)[1].saved.size, Some(7));
}

#[test]
fn a_socket_needs_its_directory() {
    let mut image = checkpoint();
    let socket = |id, name: &str, directory: Option<&str>, deleted| BoundSocket {
        id,
        name: name.to_owned(),
        directory: directory.map(str::to_owned),
        deleted,
        mount: None,
        place: Place::new("files.img", 0, 0),
    };
    image.places.sockets = vec![
        socket(10, "/run/app/app.sock", None, false),
        socket(11, "app.sock", Some("/srv"), false),
        socket(12, "/top.sock", None, false),
        socket(13, "/old/gone.sock", None, true),
        socket(14, "app.sock", None, false),
        // Nobody has it open.
        socket(15, "/run/x", None, false),
    ];
    fds(&mut image, &[(10, 5), (11, 5), (12, 5), (13, 5), (14, 5)]);
    let found: Vec<_> = needed(&image)
        .into_iter()
        .map(|file| (file.id, file.name))
        .collect();
    let want = [(10, "/run/app"), (11, "/srv"), (12, "/")];
    assert_eq!(found, want.map(|(id, name)| (id, name.to_owned())));
}
