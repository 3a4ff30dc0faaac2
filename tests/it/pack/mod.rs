//! Packs an image directory the ways engines do.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

pub const IMAGES: &str = "tests/fixtures/images";

/// Files by path. What ends in a slash is a directory, what begins with `->` a link.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files of a fixture, below `prefix`.
pub fn fixture(name: &str, prefix: &str) -> Files {
    let entries = fs::read_dir(Path::new(IMAGES).join(name)).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            (format!("{prefix}{name}"), fs::read(&path).unwrap())
        })
        .collect()
}

fn with(mut files: Files, more: &[(&str, &[u8])]) -> Files {
    for (name, bytes) in more {
        files.insert((*name).to_owned(), bytes.to_vec());
    }
    files
}

/// Bytes that look like nothing.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

/// As `podman container checkpoint --export` packs it, without compression: names sorted, a directory before what
/// lies in it.
pub fn podman(name: &str) -> Files {
    let config =
        br#"{"id":"7a5c1f0e","name":"worker","rootfsImageName":"docker.io/library/debian:trixie",
        "runtime":"crun","createdTime":"2026-03-01T08:00:00Z"}"#;
    let spec = br#"{"ociVersion":"1.2.0","annotations":{"io.container.manager":"libpod"}}"#;
    with(
        fixture(name, "checkpoint/"),
        &[
            ("checkpoint/", b""),
            ("config.dump", config),
            ("spec.dump", spec),
            ("network.status", br#"{"podman":{"interfaces":{}}}"#),
            ("stats-dump", b"\x55\x93\x05\x57"),
            ("devshm-checkpoint.tar", &tar(&Files::new())),
            ("rootfs-diff.tar", &noise(70_000)),
            ("volumes/data.tar", &noise(9000)),
            ("deleted.files", br#"["/tmp/a"]"#),
        ],
    )
}

/// As CRI-O packs it for the kubelet.
pub fn crio(name: &str) -> Files {
    let config = br#"{"id":"91ab","name":"k8s_web_web-0_shop","rootfsImageName":"registry.example/web:1",
        "runtime":"runc","createdTime":"2026-03-01T08:00:00Z","checkpointedTime":"2026-03-02T09:10:11Z","restored":false}"#;
    let spec =
        br#"{"annotations":{"io.container.manager":"cri-o","io.kubernetes.container.name":"web",
        "io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop"}}"#;
    with(
        fixture(name, "checkpoint/"),
        &[
            ("bind.mounts", b"[]"),
            ("checkpoint/", b""),
            ("config.dump", config),
            ("dump.log", b"(00.000001) Version: 4.2\n"),
            ("io.kubernetes.cri-o.LogPath", b"2026 stdout F hello\n"),
            ("rootfs-diff.tar", &noise(1000)),
            ("spec.dump", spec),
            ("stats-dump", b""),
        ],
    )
}

/// As containerd's CRI plugin packs it.
pub fn containerd_cri(name: &str) -> Files {
    let config = br#"{"id":"55","name":"web","rootfsImageName":"registry.example/web:1","runtime":"io.containerd.runc.v2",
        "checkpointedTime":"2026-03-02T09:10:11.5Z"}"#;
    let spec = br#"{"annotations":{"io.kubernetes.cri.container-name":"web","io.kubernetes.cri.sandbox-name":"web-0",
        "io.kubernetes.cri.sandbox-namespace":"shop"}}"#;
    with(
        fixture(name, "checkpoint/"),
        &[
            ("checkpoint/", b""),
            ("config.dump", config),
            ("container.log", b"hello\n"),
            ("rootfs-diff.tar", &gzip(&noise(1000))),
            ("spec.dump", spec),
            ("status", b"{}"),
            ("status.dump", b"{}"),
        ],
    )
}

/// A tar archive in the format Go writes (ustar), without compression.
pub fn tar(files: &Files) -> Vec<u8> {
    tar_of(files, "")
}

/// The same with something before every name.
pub fn tar_of(files: &Files, prefix: &str) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_mode(0o600);
        let path = format!("{prefix}{name}");
        if let Some(target) = bytes.strip_prefix(b"->") {
            header.set_entry_type(EntryType::Symlink);
            header.set_size(0);
            let target = std::str::from_utf8(target).unwrap();
            builder.append_link(&mut header, path, target).unwrap();
            continue;
        }
        if name.ends_with('/') {
            header.set_entry_type(EntryType::Directory);
        }
        header.set_size(bytes.len() as u64);
        builder
            .append_data(&mut header, path, bytes.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Two frames with a skippable one between them, as zstd:chunked layers and parallel compressors write.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    let (one, other) = bytes.split_at(bytes.len() / 2);
    let frame = |bytes: &[u8]| {
        let mut writer = zstd::Encoder::new(Vec::new(), 1).unwrap();
        writer.include_checksum(true).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    [frame(one), skippable.to_vec(), frame(other)].concat()
}

pub fn digest(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An OCI image layout under construction.
#[derive(Default)]
pub struct Layout {
    pub files: Files,
}

impl Layout {
    /// A blob; its descriptor.
    pub fn blob(&mut self, media_type: &str, bytes: &[u8], annotations: &str) -> String {
        let digest = digest(bytes);
        self.files
            .insert(format!("blobs/sha256/{digest}"), bytes.to_vec());
        format!(
            r#"{{"mediaType":"{media_type}","digest":"sha256:{digest}","size":{},"annotations":{{{annotations}}}}}"#,
            bytes.len()
        )
    }

    /// The index that leads to these descriptors.
    pub fn index(mut self, manifests: &[String]) -> Files {
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
            manifests.join(",")
        );
        self.files
            .insert("index.json".to_owned(), index.into_bytes());
        self.files.insert(
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        );
        self.files
    }
}

/// An image with one layer, as `podman container checkpoint --create-image` and `checkpointctl build` make them.
pub fn image(layer: &[u8], layer_type: &str) -> Files {
    let mut layout = Layout::default();
    let layer = layout.blob(layer_type, layer, "");
    let config = layout.blob(
        "application/vnd.oci.image.config.v1+json",
        br#"{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#,
        "",
    );
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{config},
        "layers":[{layer}],"annotations":{{"io.podman.annotations.checkpoint.name":"worker",
        "io.podman.annotations.checkpoint.criu.version":"40200",
        "io.podman.annotations.checkpoint.podman.version":"5.6.0",
        "io.podman.annotations.checkpoint.host.kernel":"6.12.0-arm64"}}}}"#
    );
    let manifest = layout.blob(
        "application/vnd.oci.image.manifest.v1+json",
        manifest.as_bytes(),
        r#""org.opencontainers.image.ref.name":"localhost/cp:latest""#,
    );
    layout.index(&[manifest])
}

/// The index that `ctr container checkpoint` makes: the image directory at the top of its archive.
pub fn containerd(name: &str) -> Files {
    let mut layout = Layout::default();
    let images = layout.blob(
        "application/vnd.containerd.container.criu.checkpoint.criu.tar",
        &tar(&fixture(name, "")),
        "",
    );
    let config = layout.blob(
        "application/vnd.containerd.container.checkpoint.config.v1+proto",
        b"\x0a\x04spec",
        "",
    );
    let rw = layout.blob(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        &gzip(&tar(&[("etc/motd".to_owned(), noise(500))].into())),
        "",
    );
    let checkpoint = format!(
        r#"{{"schemaVersion":2,"manifests":[{images},{config},{rw}],
        "annotations":{{"io.containerd.checkpoint.runtime":"io.containerd.runc.v2"}}}}"#
    );
    let checkpoint = layout.blob(
        "application/vnd.oci.image.index.v1+json",
        checkpoint.as_bytes(),
        "",
    );
    layout.index(&[checkpoint])
}

/// What `docker save` wrote before it wrote layouts, and Podman's `docker-archive` still is.
pub fn docker_save(layer: &[u8]) -> Files {
    let name = format!("{}.tar", digest(layer));
    let manifest =
        format!(r#"[{{"Config":"c.json","RepoTags":["cp:latest"],"Layers":["{name}"]}}]"#);
    [
        ("manifest.json".to_owned(), manifest.into_bytes()),
        ("c.json".to_owned(), b"{}".to_vec()),
        (name, layer.to_vec()),
    ]
    .into()
}

/// Writes files below `dir`.
pub fn lay(files: &Files, dir: &Path) -> PathBuf {
    fs::create_dir_all(dir).unwrap();
    for (name, bytes) in files {
        let path = dir.join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match bytes.strip_prefix(b"->") {
            Some(target) => symlink(std::str::from_utf8(target).unwrap(), path).unwrap(),
            None => fs::write(path, bytes).unwrap(),
        }
    }
    dir.to_owned()
}

/// Writes a file.
pub fn file(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path
}
