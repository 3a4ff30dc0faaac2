//! The file `hwcr init` writes, and the table in the documentation.

use super::keys::{CONFIG_VARIABLE, KEYS, Verbs};

const HEAD: &str = "\
# Settings of hwcr for everything below this directory. A flag of the command line outranks a variable of the
# environment, and that outranks this file. Paths are relative to this file.
";

const ALLOW: &str = "\
# Unproven findings that you looked at and take as notes. Reports show them with the reason; what blocks a restore
# cannot be allowed. `rule` and `reason` are needed, everything else narrows the entry.
#
# [[allow]]
# rule = \"HWCR-HWC-001\"
# feature = \"paca\"             # only where no other feature is responsible
# image = \"dumps/batch-*\"      # images, as named on the command line
# target = \"neoverse-*\"        # targets, as named on the command line or in their profile
# task = \"java\"                # tasks by name, or by pid
# reason = \"Built with -mbranch-protection=none; PAC instructions never run.\"
# expires = \"2030-12-31\"       # the last day (UTC) on which it applies
";

/// A file with every key, commented out.
#[must_use]
pub fn template() -> String {
    let mut text = HEAD.to_owned();
    for key in KEYS.iter().filter(|key| key.in_file) {
        text.push_str(&format!(
            "\n# {}: --{}, {}\n# {} = {}\n",
            sentence(key.about),
            key.name,
            key.variable(),
            key.name,
            key.example
        ));
    }
    text.push('\n');
    text.push_str(ALLOW);
    text
}

/// The table of all settings.
#[must_use]
pub fn markdown() -> String {
    let mut text =
        "| `hwcr.toml` | flag | environment | verbs | says |\n|---|---|---|---|---|\n".to_owned();
    for key in KEYS {
        let in_file = if key.in_file {
            format!("`{} = {}`", key.name, key.example)
        } else {
            "`[[allow]]`".to_owned()
        };
        let verbs = match key.verbs {
            Verbs::All => "all that have the flag".to_owned(),
            Verbs::Only(verbs) => verbs
                .iter()
                .map(|verb| format!("`{verb}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        text.push_str(&format!(
            "| {in_file} | `--{}` | `{}` | {verbs} | {} |\n",
            key.name,
            key.variable(),
            key.about
        ));
    }
    text.push_str(&format!(
        "| | `--config FILE` | `{CONFIG_VARIABLE}` | all | the file to read instead of looking for one |\n"
    ));
    text.push_str("| | `--no-config` | | all | no file is read |\n");
    text
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
