//! The `loadbank` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    loadbank::cli::main(std::env::args_os()).into()
}
