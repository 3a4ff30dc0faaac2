//! The program itself, run alike whatever the environment of the tests.

use std::process::{Command, Output};

/// hwcr with these arguments, without colours, and without what variables would set: a width, options, a runner of
/// workflows.
pub(crate) fn hwcr(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hwcr"));
    command.args(args).env_clear().env("NO_COLOR", "1");
    command
}

/// What became of it.
pub(crate) fn run(args: &[&str]) -> Output {
    hwcr(args).output().unwrap()
}

/// What it printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
