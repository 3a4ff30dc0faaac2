//! The table of settings.

/// A setting: an option that a file or the environment may give as well.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in a file; with two dashes before it, the option.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What its words mean.
    pub holds: Holds,
    /// The verbs it is for.
    pub verbs: Verbs,
    /// Settings of one group are one: where the command line gives one of them, files and environment give none.
    pub group: &'static str,
    /// Whether a file may have it.
    pub in_file: bool,
    /// An example, as a file has it.
    pub example: &'static str,
    /// What it says, in one line.
    pub about: &'static str,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string, or several in an array; separated by commas in the environment.
    List,
    /// A string.
    Word,
    /// `true` or `false`.
    Switch,
}

/// What the words of a setting mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A built-in profile's name, or a path.
    Profile,
    /// A path.
    Path,
    /// Anything else.
    Text,
}

/// Verbs that a setting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbs {
    /// All that have the option.
    All,
    /// These.
    Only(&'static [&'static str]),
}

impl Key {
    /// The variable of the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("HWCR_{}", self.name.to_uppercase().replace('-', "_"))
    }

    /// Whether it is for a verb, as far as that has the option.
    #[must_use]
    pub fn is_for(&self, verb: &str) -> bool {
        match self.verbs {
            Verbs::All => true,
            Verbs::Only(verbs) => verbs.contains(&verb),
        }
    }
}

/// The variable that names a file, as `--config` does.
pub const CONFIG_VARIABLE: &str = "HWCR_CONFIG";

/// All settings.
pub static KEYS: &[Key] = &[
    Key {
        name: "target",
        kind: Kind::List,
        holds: Holds::Profile,
        verbs: Verbs::Only(&["check", "rewrite"]),
        group: "machines",
        in_file: true,
        example: "[\"neoverse-n1\", \"machines/rack-7.json\"]",
        about: "machines to restore on; `rewrite` takes it where it is one",
    },
    Key {
        name: "targets",
        kind: Kind::List,
        holds: Holds::Path,
        verbs: Verbs::Only(&["check"]),
        group: "machines",
        in_file: true,
        example: "\"fleet\"",
        about: "folders of profiles, each a machine to restore on",
    },
    Key {
        name: "source",
        kind: Kind::Word,
        holds: Holds::Profile,
        verbs: Verbs::Only(&["check", "rewrite"]),
        group: "source",
        in_file: true,
        example: "\"neoverse-v1\"",
        about: "machine the images were dumped on",
    },
    Key {
        name: "target-rootfs",
        kind: Kind::Word,
        holds: Holds::Path,
        verbs: Verbs::Only(&["check", "inspect", "explain-log"]),
        group: "target-rootfs",
        in_file: true,
        example: "\"/srv/worker/rootfs\"",
        about: "root directory of the restore, in which every file that it opens is looked for",
    },
    Key {
        name: "accept",
        kind: Kind::List,
        holds: Holds::Text,
        verbs: Verbs::Only(&["check"]),
        group: "accept",
        in_file: false,
        example: "",
        about: "rules whose unproven findings are notes; a file says `[[allow]]`, with the reason",
    },
    Key {
        name: "deep",
        kind: Kind::Switch,
        holds: Holds::Text,
        verbs: Verbs::All,
        group: "deep",
        in_file: true,
        example: "true",
        about: "search all private writable memory for signal frames",
    },
    Key {
        name: "advise",
        kind: Kind::Switch,
        holds: Holds::Text,
        verbs: Verbs::Only(&["check"]),
        group: "advise",
        in_file: true,
        example: "true",
        about: "say how to start the workload so that it fits",
    },
    Key {
        name: "spool-limit",
        kind: Kind::Word,
        holds: Holds::Text,
        verbs: Verbs::All,
        group: "spool-limit",
        in_file: true,
        example: "\"40G\"",
        about: "most bytes of an archive to keep in a temporary file",
    },
    Key {
        name: "format",
        kind: Kind::Word,
        holds: Holds::Text,
        verbs: Verbs::Only(&["check"]),
        group: "format",
        in_file: true,
        example: "\"json\"",
        about: "how to write the report",
    },
    Key {
        name: "brief",
        kind: Kind::Switch,
        holds: Holds::Text,
        verbs: Verbs::All,
        group: "brief",
        in_file: true,
        example: "true",
        about: "short text",
    },
    Key {
        name: "quiet",
        kind: Kind::Switch,
        holds: Holds::Text,
        verbs: Verbs::All,
        group: "quiet",
        in_file: true,
        example: "true",
        about: "no report and no progress, only the exit code and complaints",
    },
    Key {
        name: "color",
        kind: Kind::Word,
        holds: Holds::Text,
        verbs: Verbs::All,
        group: "color",
        in_file: true,
        example: "\"never\"",
        about: "when to use colour",
    },
];

/// The setting of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
