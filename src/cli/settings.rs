//! What the command line leaves open, from the environment and from `hwcr.toml`.
//!
//! Both become defaults of the command line's own options: so its rules hold for them, and whatever the user types
//! outranks them.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Failure, suggest};
use crate::config::keys::{CONFIG_VARIABLE, Holds, KEYS, Key, Kind};
use crate::config::{self, Config, MAX_BYTES, Mistake, Search};
use crate::profile::{self, builtin};

/// Verbs that make or print what does not depend on settings: these work whatever a file says.
const WITHOUT: [&str; 3] = ["completions", "init", "man"];

/// Arguments that name images.
const IMAGES: [&str; 3] = ["images", "image", "paths"];

/// The command line with its defaults, and what else was found.
pub(super) struct Settled {
    pub(super) command: Command,
    pub(super) config: Config,
    pub(super) warnings: Vec<Failure>,
}

/// A word for a setting, and where it stands.
struct Setting {
    key: &'static Key,
    words: Vec<String>,
    place: String,
}

/// Reads environment and file for the verb in `args`.
pub(super) fn settle(command: Command, args: &[OsString]) -> Result<Settled, Failure> {
    let command = with_negations(command);
    let mut settled = Settled {
        command: command.clone(),
        config: Config::default(),
        warnings: Vec::new(),
    };
    // Mistakes are told of when everything is known.
    let first = command.clone().ignore_errors(true);
    let Ok(matches) = first.try_get_matches_from(args) else {
        return Ok(settled);
    };
    let mut path = Vec::new();
    let mut leaf = &matches;
    while let Some((name, below)) = leaf.subcommand() {
        path.push(name.to_owned());
        leaf = below;
    }
    let Some(verb) = path
        .first()
        .filter(|verb| !WITHOUT.contains(&verb.as_str()))
    else {
        return Ok(settled);
    };

    let mut from_file = Vec::new();
    if let Some(file) = named(leaf, &mut settled.warnings)? {
        let read = read(&file)?;
        from_file = read
            .values
            .iter()
            .map(|value| relative_to(&file, value))
            .collect();
        settled.config = read;
    }
    let mut of = &command;
    for name in &path {
        of = of.find_subcommand(name).unwrap_or(of);
    }
    let is_typed = |key: &Key| {
        let option = argument(&command, of, key).map(Arg::get_id);
        option.is_some_and(|id| typed(leaf, id.as_str())) || typed(leaf, &negation(key))
    };
    let layers = [environment()?, from_file];
    let chosen = choose(verb, is_typed, &layers);
    for setting in &chosen {
        if let Some(arg) = argument(&command, of, setting.key) {
            check(arg, setting)?;
        }
    }
    settled.command = at(command, &path, &chosen);
    Ok(settled)
}

/// Hidden opposites of the switches, so that a flag can outrank what is on by default.
fn with_negations(command: Command) -> Command {
    let switches = KEYS.iter().filter(|key| key.kind == Kind::Switch);
    let mut command = command;
    for key in switches {
        let has = command.get_arguments().find(|arg| is(arg, key));
        if let Some(global) = has.map(Arg::is_global_set) {
            let name = negation(key);
            let arg = Arg::new(name.clone())
                .long(name)
                .hide(true)
                .global(global)
                .action(ArgAction::SetTrue)
                .overrides_with(key.name);
            command = command.arg(arg);
        }
    }
    command.mut_subcommands(with_negations)
}

fn negation(key: &Key) -> String {
    format!("no-{}", key.name)
}

fn is(arg: &Arg, key: &Key) -> bool {
    arg.get_long() == Some(key.name)
}

/// The option of a setting: of the verb itself, or of all verbs.
fn argument<'a>(root: &'a Command, leaf: &'a Command, key: &Key) -> Option<&'a Arg> {
    let mut both = leaf.get_arguments().chain(root.get_arguments());
    both.find(|arg| is(arg, key))
}

/// The file to read: the one that is named, else the one that is found.
fn named(leaf: &ArgMatches, warnings: &mut Vec<Failure>) -> Result<Option<PathBuf>, Failure> {
    if leaf.get_flag("no_config") {
        return Ok(None);
    }
    let variable = || env::var_os(CONFIG_VARIABLE).filter(|file| !file.is_empty());
    let given = leaf.get_one::<PathBuf>("config").cloned();
    if let Some(file) = given.or_else(|| variable().map(PathBuf::from)) {
        return Ok(Some(file));
    }
    let Ok(here) = env::current_dir() else {
        return Ok(None);
    };
    let user = rustix::process::geteuid().as_raw();
    Ok(match config::search(&here, &images(leaf), user) {
        Search::None => None,
        Search::File(file) => Some(
            file.strip_prefix(&here)
                .map_or(file.clone(), Path::to_owned),
        ),
        Search::Foreign(file) => {
            warnings.push(
                Failure::new(format!(
                    "{}: not read, for it belongs to another user",
                    file.display()
                ))
                .help("name it with --config where you trust it, or say --no-config"),
            );
            None
        }
    })
}

/// The directories among what the user named as images.
fn images(leaf: &ArgMatches) -> Vec<PathBuf> {
    IMAGES
        .iter()
        .filter_map(|id| leaf.try_get_many::<PathBuf>(id).ok().flatten())
        .flatten()
        .filter(|path| path.is_dir())
        .filter_map(|path| path.canonicalize().ok())
        .collect()
}

fn read(file: &Path) -> Result<Config, Failure> {
    let shown = file.display().to_string();
    let unread = |why: String| Failure::new(format!("{shown}: cannot be read: {why}"));
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| {
            file.take(MAX_BYTES.saturating_add(1))
                .read_to_end(&mut bytes)
        })
        .map_err(|error| {
            unread(error.to_string()).help("`hwcr init` writes one, --no-config goes without")
        })?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_BYTES) {
        return Err(unread(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unread(format!("it is not UTF-8 from byte {at} on"))
    })?;
    config::parse(&text, &shown).map_err(|mistake| complaint(&mistake))
}

fn complaint(mistake: &Mistake) -> Failure {
    let mut failure = Failure::new(mistake.to_string());
    if let Some(unknown) = &mistake.unknown {
        let near = suggest::nearest(&unknown.word, unknown.known.iter().copied());
        // Of rules there are too many to list.
        let some = unknown.known.len() <= KEYS.len().saturating_add(1);
        failure = match suggest::question(&near) {
            Some(question) => failure.help(question),
            None if some => failure.help(format!("there are {}", unknown.known.join(", "))),
            None => failure,
        };
    }
    match &mistake.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Paths of a file are relative to it, not to where hwcr runs.
fn relative_to(file: &Path, value: &config::Value) -> Setting {
    let beside = |word: &String| match (value.key.holds, file.parent()) {
        (Holds::Profile, _) if builtin::text(word).is_some() => word.clone(),
        (Holds::Profile | Holds::Path, Some(folder)) if !folder.as_os_str().is_empty() => {
            folder.join(word).to_string_lossy().into_owned()
        }
        _ => word.clone(),
    };
    let is_name = |word: &String| {
        value.key.holds == Holds::Profile
            && !word.contains('/')
            && Path::new(word).extension().is_none()
    };
    Setting {
        key: value.key,
        words: value
            .words
            .iter()
            .map(|word| {
                if is_name(word) {
                    word.clone()
                } else {
                    beside(word)
                }
            })
            .collect(),
        place: value.at.to_string(),
    }
}

/// What the environment says; an empty variable says nothing.
fn environment() -> Result<Vec<Setting>, Failure> {
    let mut settings = Vec::new();
    for key in KEYS {
        let variable = key.variable();
        let Some(text) = env::var_os(&variable).filter(|text| !text.is_empty()) else {
            continue;
        };
        let text = text
            .into_string()
            .map_err(|text| Failure::new(format!("{variable}: {} is not UTF-8", text.display())))?;
        let words = match key.kind {
            Kind::List => text.split(',').map(str::trim).map(str::to_owned).collect(),
            Kind::Word => vec![text],
            Kind::Switch => vec![switch(&text).ok_or_else(|| {
                Failure::new(format!("{variable}: `{text}` is neither true nor false"))
                    .help("say true or false, 1 or 0, yes or no, on or off")
            })?],
        };
        settings.push(Setting {
            key,
            words,
            place: variable,
        });
    }
    Ok(settings)
}

fn switch(text: &str) -> Option<String> {
    let on = match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => true,
        "false" | "0" | "no" | "off" => false,
        _ => return None,
    };
    Some(on.to_string())
}

/// The settings that count for a verb: of each group those of the first layer that has any, where the command line
/// has none.
fn choose<'a>(
    verb: &str,
    is_typed: impl Fn(&Key) -> bool,
    layers: &'a [Vec<Setting>],
) -> Vec<&'a Setting> {
    let mut chosen: Vec<&Setting> = Vec::new();
    let mut done: Vec<&str> = KEYS
        .iter()
        .filter(|key| is_typed(key))
        .map(|key| key.group)
        .collect();
    for layer in layers {
        let of_verb = layer.iter().filter(|setting| setting.key.is_for(verb));
        let open: Vec<&Setting> = of_verb
            .filter(|setting| !done.contains(&setting.key.group))
            .collect();
        done.extend(open.iter().map(|setting| setting.key.group));
        chosen.extend(open);
    }
    chosen
}

/// Whether the user typed an option.
fn typed(leaf: &ArgMatches, id: &str) -> bool {
    // Asking for what a verb does not have is no question to the parser.
    leaf.ids().any(|known| known.as_str() == id)
        && leaf.value_source(id) == Some(ValueSource::CommandLine)
}

/// Whether the option takes the words; what it says where not, with their place.
fn check(arg: &Arg, setting: &Setting) -> Result<(), Failure> {
    let Setting { key, words, place } = setting;
    if key.kind == Kind::Switch {
        return Ok(());
    }
    let probe = Command::new("hwcr").no_binary_name(true).arg(
        Arg::new("value")
            .long(key.name)
            .action(ArgAction::Append)
            .value_parser(arg.get_value_parser().clone()),
    );
    for word in words {
        if let Err(error) = probe
            .clone()
            .try_get_matches_from([format!("--{}={word}", key.name)])
        {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let why = line.strip_prefix("error: ").unwrap_or(line);
            let failure = Failure::new(format!("{place}: {why}"));
            return Err(match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(known)) => {
                    let near = suggest::nearest(word, known.iter().map(String::as_str));
                    failure.help(
                        suggest::question(&near)
                            .unwrap_or_else(|| format!("it takes {}", known.join(", "))),
                    )
                }
                _ => failure,
            });
        }
        if key.holds == Holds::Profile && !is_path(word) {
            profile::resolve(word).map_err(|error| Failure::new(format!("{place}: {error}")))?;
        }
    }
    Ok(())
}

/// A path says by itself what is wrong with it.
fn is_path(word: &str) -> bool {
    word.contains('/') || word.contains('.') || Path::new(word).exists()
}

/// The command line with settings as defaults of the verb at `path`.
fn at(command: Command, path: &[String], chosen: &[&Setting]) -> Command {
    let mut command = command;
    for setting in chosen {
        command = with_default(command, setting);
    }
    match path.split_first() {
        Some((name, below)) => command.mut_subcommand(name, |command| at(command, below, chosen)),
        None => command,
    }
}

fn with_default(command: Command, setting: &Setting) -> Command {
    let Setting { key, words, .. } = setting;
    let Some(arg) = command.get_arguments().find(|arg| is(arg, key)) else {
        return command;
    };
    // Of several machines none is the one.
    if words.len() > 1 && !matches!(arg.get_action(), ArgAction::Append) {
        return command;
    }
    let id = arg.get_id().to_string();
    let group = command
        .get_groups()
        .find(|group| group.is_required_set() && group.get_args().any(|member| *member == *id))
        .map(|group| group.get_id().to_string());
    let command = command.mut_arg(id, |arg| arg.default_values(words.clone()));
    match group {
        Some(group) => command.mut_group(group, |group| group.required(false)),
        None => command,
    }
}
