//! hwcr as a plugin of checkpointctl: the same program under the name `checkpointctl-hwcr`.
//!
//! checkpointctl takes every `checkpointctl-NAME` on the PATH for a verb of its own, asks it once for a line that
//! describes it, and else becomes it (`cmd/plugin.go`: `DiscoverPlugins`, `getPluginDescription`, `ExecutePlugin`).

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Command;

/// The name by which checkpointctl finds it.
const NAME: &str = "checkpointctl-hwcr";

/// What checkpointctl says to ask for the description (`pluginDescriptionFlag`).
const ASK: &str = "--plugin-description";

/// The exit code that says that the question was understood (`pluginDescriptionExitCode`).
pub(super) const UNDERSTOOD: u8 = 42;

/// The line in the list of checkpointctl's verbs.
pub(super) const DESCRIPTION: &str =
    "Say whether a checkpoint will really run on a given arm64 machine";

/// How the program was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// By its own name, or any other.
    Plainly,
    /// As a plugin.
    Plugin,
    /// As a plugin that shall describe itself.
    Describe,
}

/// Tells from the words of the command line, the program's name first.
pub(super) fn called(args: &[OsString]) -> Called {
    let name = args.first().and_then(|path| Path::new(path).file_name());
    if name != Some(OsStr::new(NAME)) {
        return Called::Plainly;
    }
    match args.get(1) {
        Some(word) if word == ASK => Called::Describe,
        _ => Called::Plugin,
    }
}

/// The command line as checkpointctl's user types it, in usage and examples.
pub(super) fn renamed(command: Command) -> Command {
    let command = command.bin_name("checkpointctl hwcr");
    examples(command)
}

fn examples(command: Command) -> Command {
    let help = command.get_after_help().map(ToString::to_string);
    let command = match help {
        Some(help) => command.after_help(help.replace("  hwcr ", "  checkpointctl hwcr ")),
        None => command,
    };
    command.mut_subcommands(examples)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Called {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        called(&args)
    }

    #[test]
    fn the_name_decides() {
        assert_eq!(
            of(&["/usr/bin/checkpointctl-hwcr", "check"]),
            Called::Plugin
        );
        assert_eq!(of(&["checkpointctl-hwcr"]), Called::Plugin);
        assert_eq!(of(&["checkpointctl-hwcr", ASK]), Called::Describe);
        assert_eq!(of(&["checkpointctl-hwcr", "check", ASK]), Called::Plugin);
        assert_eq!(of(&["hwcr", ASK]), Called::Plainly);
        assert_eq!(of(&[]), Called::Plainly);
    }

    #[test]
    fn the_description_is_a_line() {
        assert!(DESCRIPTION.lines().count() == 1 && !DESCRIPTION.ends_with('.'));
    }
}
