//! Keys that engines write, and what they are about.
//!
//! Podman: `libpod/container_config.go`, `libpod/define/annotations.go`; CRI-O: `internal/lib/checkpoint.go`,
//! `internal/annotations/`; containerd: `internal/cri/server/container_checkpoint_linux.go`,
//! `internal/cri/annotations/`, `client/container.go`; checkpointctl: `lib/metadata.go`, `lib/annotations.go`; the
//! kubelet's labels: `k8s.io/kubelet/pkg/types/labels.go`.

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The container engine.
    Engine,
    /// Its version.
    EngineVersion,
    /// Id of the container.
    ContainerId,
    /// Its name.
    Container,
    /// The pod it belongs to.
    Pod,
    /// The pod's namespace.
    Namespace,
    /// The image it was made from.
    Image,
    /// The same, by id or digest.
    ImageId,
    /// The same, as the user asked for it.
    ImageAsked,
    /// The OCI runtime.
    Runtime,
    /// Its version.
    RuntimeVersion,
    /// CRIU's version.
    Criu,
    /// The host's architecture.
    Arch,
    /// The host's kernel.
    Kernel,
    /// The host's distribution.
    Distribution,
    /// Its version.
    DistributionVersion,
    /// When the container was created.
    Created,
    /// When it was dumped.
    Checkpointed,
}

impl What {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::EngineVersion => "engine version",
            Self::ContainerId => "container id",
            Self::Container => "container",
            Self::Pod => "pod",
            Self::Namespace => "namespace",
            Self::Image => "image",
            Self::ImageId => "image id",
            Self::ImageAsked => "image asked for",
            Self::Runtime => "runtime",
            Self::RuntimeVersion => "runtime version",
            Self::Criu => "criu",
            Self::Arch => "host arch",
            Self::Kernel => "host kernel",
            Self::Distribution => "host distribution",
            Self::DistributionVersion => "distribution version",
            Self::Created => "created",
            Self::Checkpointed => "checkpointed",
        }
    }
}

/// A key that is known.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) what: What,
    /// What the mere presence of the key says; `None` where its value says it.
    pub(super) value: Option<&'static str>,
}

const fn says(name: &'static str, what: What) -> Key {
    Key {
        name,
        what,
        value: None,
    }
}

const fn shows(name: &'static str, what: What, value: &'static str) -> Key {
    Key {
        name,
        what,
        value: Some(value),
    }
}

/// Of `config.dump`.
pub(super) const CONFIG: &[Key] = &[
    says("id", What::ContainerId),
    says("name", What::Container),
    says("rootfsImageName", What::Image),
    says("rootfsImageID", What::ImageId),
    says("rootfsImageRef", What::ImageId),
    says("rootfsImage", What::ImageAsked),
    says("rawImageName", What::ImageAsked),
    says("runtime", What::Runtime),
    says("createdTime", What::Created),
    says("checkpointedTime", What::Checkpointed),
];

/// Of `spec.dump`, and of the documents of a layout.
pub(super) const ANNOTATIONS: &[Key] = &[
    says("io.container.manager", What::Engine),
    says("io.kubernetes.container.name", What::Container),
    says("io.kubernetes.pod.name", What::Pod),
    says("io.kubernetes.pod.namespace", What::Namespace),
    // Only containerd's CRI plugin writes these.
    shows(
        "io.kubernetes.cri.container-name",
        What::Engine,
        "containerd",
    ),
    says("io.kubernetes.cri.container-name", What::Container),
    says("io.kubernetes.cri.sandbox-name", What::Pod),
    says("io.kubernetes.cri.sandbox-namespace", What::Namespace),
    says("io.kubernetes.cri.image-name", What::Image),
    shows(
        "io.containerd.checkpoint.runtime",
        What::Engine,
        "containerd",
    ),
    says("io.containerd.checkpoint.runtime", What::Runtime),
    says("io.podman.annotations.checkpoint.name", What::Container),
    says(
        "io.podman.annotations.checkpoint.rawImageName",
        What::ImageAsked,
    ),
    says(
        "io.podman.annotations.checkpoint.rootfsImageID",
        What::ImageId,
    ),
    says(
        "io.podman.annotations.checkpoint.rootfsImageName",
        What::Image,
    ),
    shows(
        "io.podman.annotations.checkpoint.podman.version",
        What::Engine,
        "podman",
    ),
    says(
        "io.podman.annotations.checkpoint.podman.version",
        What::EngineVersion,
    ),
    says("io.podman.annotations.checkpoint.criu.version", What::Criu),
    says(
        "io.podman.annotations.checkpoint.runtime.name",
        What::Runtime,
    ),
    says(
        "io.podman.annotations.checkpoint.runtime.version",
        What::RuntimeVersion,
    ),
    says("io.podman.annotations.checkpoint.host.arch", What::Arch),
    says("io.podman.annotations.checkpoint.host.kernel", What::Kernel),
    says(
        "io.podman.annotations.checkpoint.distribution.name",
        What::Distribution,
    ),
    says(
        "io.podman.annotations.checkpoint.distribution.version",
        What::DistributionVersion,
    ),
    says(
        "io.kubernetes.cri-o.annotations.checkpoint.name",
        What::Container,
    ),
    says(
        "io.kubernetes.cri-o.annotations.checkpoint.rawImageName",
        What::ImageAsked,
    ),
    says(
        "io.kubernetes.cri-o.annotations.checkpoint.rootfsImageID",
        What::ImageId,
    ),
    says(
        "io.kubernetes.cri-o.annotations.checkpoint.rootfsImageName",
        What::Image,
    ),
    shows(
        "io.kubernetes.cri-o.annotations.checkpoint.cri-o.version",
        What::Engine,
        "cri-o",
    ),
    says(
        "io.kubernetes.cri-o.annotations.checkpoint.cri-o.version",
        What::EngineVersion,
    ),
    says(
        "io.kubernetes.cri-o.annotations.checkpoint.criu.version",
        What::Criu,
    ),
    says("org.criu.checkpoint.engine.name", What::Engine),
    says("org.criu.checkpoint.engine.version", What::EngineVersion),
    says("org.criu.checkpoint.container.name", What::Container),
    says("org.criu.checkpoint.pod.name", What::Pod),
    says("org.criu.checkpoint.pod.namespace", What::Namespace),
    says("org.criu.checkpoint.rootfsImageName", What::Image),
    says("org.criu.checkpoint.rootfsImageID", What::ImageId),
    says(
        "org.criu.checkpoint.rootfsImageUserRequested",
        What::ImageAsked,
    ),
    says("org.criu.checkpoint.rawImageName", What::ImageAsked),
    says("org.criu.checkpoint.runtime.name", What::Runtime),
    says("org.criu.checkpoint.runtime.version", What::RuntimeVersion),
    says("org.criu.checkpoint.criu.version", What::Criu),
    says("org.criu.checkpoint.host.arch", What::Arch),
    says("org.criu.checkpoint.host.kernel", What::Kernel),
    says("org.criu.checkpoint.distribution.name", What::Distribution),
    says(
        "org.criu.checkpoint.distribution.version",
        What::DistributionVersion,
    ),
];
