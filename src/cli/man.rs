//! `hwcr man`.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::{Cli, Exit, Failure, Output, suggest};

/// Print the manual page of a verb, or write those of all
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr man check | man -l -
  hwcr man profile capture > hwcr-profile-capture.1
  hwcr man --out share/man/man1")]
pub(super) struct ManVerb {
    /// Verb, with what it does where it has several things; none for the page of hwcr itself
    #[arg(value_name = "VERB", conflicts_with = "out")]
    verb: Vec<String>,

    /// Write all pages to DIR, which is made where it does not exist; pages of that name are replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl ManVerb {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        if let Some(dir) = &self.out {
            write_all(&command, dir).map_err(|error| {
                Failure::new(format!("cannot write pages to {}: {error}", dir.display()))
            })?;
            return Ok(Exit::Success);
        }
        let mut of = &command;
        for verb in &self.verb {
            of = of.find_subcommand(verb).ok_or_else(|| {
                let known: Vec<&str> = of.get_subcommands().map(Command::get_name).collect();
                let failure = Failure::new(format!("{} has no verb {verb}", called(of)));
                match suggest::question(&suggest::nearest(verb, known.iter().copied())) {
                    Some(question) => failure.help(question),
                    None if known.is_empty() => failure.help("leave it out"),
                    None => failure.help(format!("it has {}", known.join(", "))),
                }
            })?;
        }
        output.raw(|out| out.write_all(&page(of)?))?;
        Ok(Exit::Success)
    }
}

/// The page of a command and those of its verbs, each in a file of its own.
fn write_all(command: &Command, dir: &PathBuf) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join(format!("{}.1", dashed(command))), page(command)?)?;
    command
        .get_subcommands()
        .try_for_each(|verb| write_all(verb, dir))
}

/// `hwcr profile show`
fn called(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

/// `hwcr-profile-show`
fn dashed(command: &Command) -> String {
    called(command).replace(' ', "-")
}

/// The page of a command. What its help says in the end, in paragraphs with a heading, are sections here.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let name = dashed(command);
    let man = Man::new(
        command
            .clone()
            .name(name.clone())
            .display_name(name.clone()),
    )
    .title(name.to_uppercase())
    .source(concat!("hwcr ", env!("CARGO_PKG_VERSION")))
    .manual("hwcr");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    let help = command.get_after_help().map(ToString::to_string);
    let parts = parts(help.as_deref().unwrap_or_default());
    for lines in parts.iter().filter(|(title, _)| title.is_none()) {
        let mut roff = Roff::default();
        roff.control("PP", []);
        roff.text([roman(lines.1.join(" "))]);
        roff.to_writer(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        let mut roff = Roff::default();
        roff.control("SH", ["VERBS"]);
        for verb in command.get_subcommands() {
            roff.control("TP", []);
            roff.text([clap_mangen::roff::bold(format!("{}(1)", dashed(verb)))]);
            let about = verb.get_about().map(ToString::to_string);
            roff.text([roman(about.unwrap_or_default())]);
        }
        roff.to_writer(&mut text)?;
    }
    for (title, lines) in &parts {
        let Some(title) = title else { continue };
        let mut roff = Roff::default();
        roff.control("SH", [section(title).as_str()]);
        roff.control("nf", []);
        for line in lines {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        roff.control("fi", []);
        roff.to_writer(&mut text)?;
    }
    see_also(command, &mut text)?;
    Ok(text)
}

/// The paragraphs of a help text with their headings: a line that ends with a colon, before indented ones.
fn parts(help: &str) -> Vec<(Option<&str>, Vec<&str>)> {
    help.split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let mut lines: Vec<&str> = part.lines().collect();
            let titled = lines.get(1).is_some_and(|line| line.starts_with(' '));
            let title = lines
                .first()
                .and_then(|line| line.strip_suffix(':'))
                .filter(|_| titled);
            if title.is_some() {
                lines.remove(0);
            }
            (title, lines)
        })
        .collect()
}

/// The name of a section, as manual pages have them.
fn section(title: &str) -> String {
    match title {
        "Example" | "Examples" => "EXAMPLES".to_owned(),
        "Exit codes" => "EXIT STATUS".to_owned(),
        // What a heading adds in brackets is for help.
        other => other.split(" (").next().unwrap_or(other).to_uppercase(),
    }
}

/// The pages around this one.
fn see_also(command: &Command, text: &mut Vec<u8>) -> io::Result<()> {
    let name = dashed(command);
    let Some((above, _)) = name.rsplit_once('-') else {
        return Ok(());
    };
    // Of `explain-log` the page above is that of hwcr.
    let above = called(command)
        .rsplit_once(' ')
        .map_or_else(|| above.to_owned(), |(above, _)| above.replace(' ', "-"));
    let mut roff = Roff::default();
    roff.control("SH", ["SEE ALSO"]);
    roff.text([clap_mangen::roff::bold(format!("{above}(1)"))]);
    roff.to_writer(text)
}
