//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::table;

/// Simulate power-dense compute sites: mining, AI training and inference behind one fence.
///
/// The result goes to standard output; progress, logs and diagnostics to standard error.
#[derive(Debug, Parser)]
#[command(name = "loadbank", version, propagate_version = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,

    /// Log more: -v informs, -vv debugs, -vvv traces. `RUST_LOG` overrides.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  the command did what was asked
    1  an unexpected error: a bug in loadbank
    2  the command line is wrong
    3  the scenario, or a file it names, cannot be read or is invalid
    4  the simulation failed: a balance of energy, water, jobs or requests did not close
   74  the results could not be written
  130  interrupted; what was simulated until then is written, marked partial";

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Simulate a scenario and write its results.
    Run(Run),
    /// Read a scenario and report everything that is wrong or risky in it.
    Check(Check),
    /// Print the effective scenario: bases, catalogue entries and --set applied.
    Show(Show),
    /// Print the JSON Schema of scenarios, for editors.
    Schema,
}

/// The scenario that a command works on.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The scenario file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Change a value of the scenario: `--set power.main-tx-1.rating="80 MVA"`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,
}

/// `loadbank run`
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) source: Source,

    /// Where to put the run folder.
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub(super) output: PathBuf,

    /// How to print the summary.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,

    /// File format of the tables in the run folder, or several: `--tables csv,parquet`.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [table::Format::best()])]
    pub(super) tables: Vec<table::Format>,

    /// Threads to simulate with; results do not depend on it. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// How to show progress.
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(super) progress: Progress,
}

/// `loadbank check`
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) source: Source,

    /// How to print the findings; `json` is one finding a line.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// `loadbank show`
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    pub(super) source: Source,
}

/// The form of what goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How progress is shown on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Progress {
    /// A bar on a terminal, else nothing.
    Auto,
    /// A bar.
    Bar,
    /// A line now and then.
    Plain,
    /// Nothing.
    Off,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
