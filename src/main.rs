//! The thin binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    hwcr::cli::start(std::env::args_os())
}
