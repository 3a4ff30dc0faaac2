//! The thin binary: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use hwcr::cli::{Cli, run};

fn main() -> ExitCode {
    run(&Cli::parse()).into()
}
