//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::fit::Parameter;
use crate::report::study::Scheduler;
use crate::report::table;
use crate::study::Shard;
use crate::units::{Duration, StepTime};

/// Simulate power-dense compute sites: mining, AI training and inference behind one fence.
///
/// The result goes to standard output; progress, logs and diagnostics to standard error.
#[derive(Debug, Parser)]
#[command(name = "loadbank", version, propagate_version = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,

    /// Log more: -v files and phases, -vv every event of the plant, -vvv every instant. `RUST_LOG`
    /// overrides.
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
    5  a requirement of a study fails, or its replications do not decide it
    6  replications are missing at `merge`
   74  the results could not be written
   75  a study has used up its --time-limit; the same command goes on
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
    /// Price a finished run anew: what its meters billed, under other contracts and plans.
    Money(Money),
    /// Carry a site that changes over the years through its phases, against one that stays as it is.
    Phases(Phases),
    /// Compare designs: replications of each scenario, means, paired differences, intervals.
    Compare(Compare),
    /// Follow the failures of the power chain over thousands of years: losses, hours, causes.
    Reliability(Reliability),
    /// Carry out a study: designs, varied values, replications, requirements or a search.
    Study(StudyArgs),
    /// Make the tables of a study from the folders of its shards.
    Merge(Merge),
    /// Print a script that spreads a study over a cluster.
    Plan(Plan),
    /// Fit the law of a serving engine's iterations to rows that were measured.
    Fit(Fit),
    /// Print an example scenario or study, or list them.
    Example(Example),
    /// Make the page `report.html` of finished runs and studies anew, from their folders.
    Report(Report),
    /// Show the page of a finished run or study in the browser.
    Open(Open),
    /// Draw the site of a scenario as a one-line diagram.
    Graph(Graph),
    /// Print the JSON Schema of scenarios, or of study files, for editors.
    Schema(Schema),
    /// Print a script that completes commands and options in a shell.
    Completions(Completions),
    /// Print the manual page, or write one for each command.
    Man(Man),
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
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub(super) format: SummaryFormat,

    /// File format of the tables in the run folder, or several: `--tables csv,parquet`.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [table::Format::best()])]
    pub(super) tables: Vec<table::Format>,

    /// Threads to simulate with; results do not depend on it. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Time at the start that no figure counts: `7 days`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) warm_up: Option<Duration>,

    /// Which replication of the scenario's seed to run.
    #[arg(long, value_name = "R", default_value_t = 0)]
    pub(super) replication: u64,

    /// How to show progress.
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(super) progress: Progress,
}

/// `loadbank money`
#[derive(Debug, Args)]
pub(super) struct Money {
    /// The folder of the run.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,

    /// Change a contract or a plan: `--set contracts.demand.rate="6 $/kW-month"`,
    /// `--set money.discount="8 %"`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// What is left with a parameter at two values, others as they are; several times, to rank them:
    /// `--vary money.discount="8 %..16 %"`.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) vary: Vec<Between>,

    /// The value of a parameter between two at which nothing is left:
    /// `--breakeven contracts.energy.adder="0 $/MWh..100 $/MWh"`.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) breakeven: Vec<Between>,

    /// How to print what it comes to.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// A parameter between two values: `PATH=LOW..HIGH`.
#[derive(Debug, Clone)]
pub(super) struct Between {
    pub(super) path: String,
    pub(super) low: String,
    pub(super) high: String,
}

impl std::str::FromStr for Between {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(path, values)| {
            let (low, high) = values.split_once("..")?;
            Some([path, low, high].map(|part| part.trim().to_owned()))
        });
        let [path, low, high] = parts
            .filter(|parts| parts.iter().all(|part| !part.is_empty()))
            .ok_or("needs `PATH=LOW..HIGH`, such as `money.discount=8 %..16 %`")?;
        Ok(Self { path, low, high })
    }
}

/// `loadbank phases`
#[derive(Debug, Args)]
pub(super) struct Phases {
    #[command(flatten)]
    pub(super) source: Source,

    /// What the phases bring with a parameter of `money` at two values, others as they are, without
    /// simulating again; several times, to rank them: `--vary money.discount="8 %..16 %"`.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) vary: Vec<Between>,

    /// The value of a parameter of `money` between two at which the phases bring nothing:
    /// `--breakeven money.factors.let=0.5..3`.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) breakeven: Vec<Between>,

    /// How to print what it comes to.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// What all commands about studies take.
#[derive(Debug, Args)]
pub(super) struct StudyRun {
    /// Where the folder of the study is, or is made.
    #[arg(short, long, value_name = "DIR", default_value = "studies")]
    pub(super) output: PathBuf,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub(super) format: SummaryFormat,

    /// File format of the tables, or several: `--tables csv,parquet`.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [table::Format::best()])]
    pub(super) tables: Vec<table::Format>,

    /// Replications at once; results do not depend on it. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Go on in a folder that was made with another number of shards.
    #[arg(long)]
    pub(super) reshard: bool,

    /// How to show progress.
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(super) progress: Progress,
}

/// `loadbank compare`
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// The scenarios; the first is the baseline.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,

    /// Replications of each.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) replications: u32,

    /// Time at the start of every run that no figure counts: `7 days`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) warm_up: Option<Duration>,

    /// Change a value of every scenario: `--set duration="7 days"`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// What each design must meet: `--require 'availability(gpu-hall) >= 99.95 %'`.
    #[arg(long, value_name = "REQUIREMENT")]
    pub(super) require: Vec<String>,

    /// Begin also what takes more than a day.
    #[arg(long)]
    pub(super) yes: bool,

    #[command(flatten)]
    pub(super) run: StudyRun,
}

/// What `reliability --without` leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LeftOut {
    /// Common causes: what is a part of failures is then of each alone.
    CommonCauses,
    /// Crews: each component is repaired at once.
    Crews,
    /// Spare parts: one is always at hand.
    Spares,
    /// Planned work, and its errors.
    Maintenance,
    /// Errors of planned work.
    HumanError,
    /// Failures of generators to start and of switches to transfer.
    OnDemand,
}

/// `loadbank reliability`
#[derive(Debug, Args)]
pub(super) struct Reliability {
    #[command(flatten)]
    pub(super) source: Source,

    /// Years to simulate.
    #[arg(long, value_name = "N", default_value_t = 10_000,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(super) years: u64,

    /// Seed, in place of that of the scenario.
    #[arg(long, value_name = "SEED")]
    pub(super) seed: Option<u64>,

    /// Threads to simulate with; results do not depend on it. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Leave something out, to see what it contributes.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(super) without: Vec<LeftOut>,

    /// Enumerate states as well: exact figures, minimal cut sets, importances.
    #[arg(long)]
    pub(super) exact: bool,

    /// Most states to enumerate; where there are more, those of few units down are.
    #[arg(long, value_name = "N", default_value_t = 200_000, requires = "exact",
          value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(super) states: u64,

    /// Simulate with failures made likely as well, for losses that plain years do not show.
    #[arg(long)]
    pub(super) bias: bool,

    /// Cycles from all up to all up to simulate for each subject with `--bias`.
    #[arg(long, value_name = "N", default_value_t = 100_000, requires = "bias",
          value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    pub(super) cycles: u64,

    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// `loadbank study`
#[derive(Debug, Args)]
pub(super) struct StudyArgs {
    /// The study file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Change a value of the study: `--set replications=100`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Make share M of N of the replications, M from 0: `--shard 0/4`.
    #[arg(long, value_name = "M/N", value_parser = parse_shard)]
    pub(super) shard: Option<Shard>,

    /// Begin no replication after this time and exit with 75; the same command goes on: `55min`.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) time_limit: Option<std::time::Duration>,

    /// Tell what the study would take; makes one replication of each design.
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Begin also what takes more than a day.
    #[arg(long)]
    pub(super) yes: bool,

    #[command(flatten)]
    pub(super) run: StudyRun,
}

/// `loadbank merge`
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// The study file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Folders of the study elsewhere; what is below `--output` counts in any case.
    #[arg(value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,

    /// Change a value of the study, as the shards did.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Make the tables of what is there, whatever is missing.
    #[arg(long)]
    pub(super) partial: bool,

    #[command(flatten)]
    pub(super) run: StudyRun,
}

/// `loadbank plan`
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The study file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// What runs the shards.
    #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
    pub(super) scheduler: Scheduler,

    /// How many shards.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) shards: u32,

    /// The time that each may take: `2h`.
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = parse_time)]
    pub(super) time: std::time::Duration,

    /// Where the folder of the study is made.
    #[arg(short, long, value_name = "DIR", default_value = "studies")]
    pub(super) output: PathBuf,
}

/// `loadbank fit`
#[derive(Debug, Args)]
pub(super) struct Fit {
    /// A CSV table with a header and a row for each iteration.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// GPUs of a replica.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(super) gpus: u32,

    /// Column of the decoding sequences in an iteration.
    #[arg(long, value_name = "COLUMN", default_value = "sequences")]
    pub(super) sequences: String,

    /// Column of the tokens of context that they hold, all together.
    #[arg(long, value_name = "COLUMN", default_value = "context")]
    pub(super) context: String,

    /// Column of the prompt tokens in an iteration.
    #[arg(long, value_name = "COLUMN", default_value = "prompt")]
    pub(super) prompt: String,

    /// Column of the time that an iteration took.
    #[arg(long, value_name = "COLUMN", default_value = "ms")]
    pub(super) time: String,

    /// Unit of that time.
    #[arg(long, value_name = "UNIT", default_value = "ms", value_parser = parse_time_unit)]
    pub(super) unit: f64,

    /// Give a parameter that the rows cannot tell: `--fix "per_prompt_token=90 us"`.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_fixed)]
    pub(super) fix: Vec<(Parameter, f64)>,
}

/// `loadbank example`
#[derive(Debug, Args)]
pub(super) struct Example {
    /// Which one.
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,

    /// Write it into this folder, with everything that it builds upon; files that are there stay.
    #[arg(short, long, value_name = "DIR", requires = "name")]
    pub(super) output: Option<PathBuf>,
}

/// `loadbank schema`
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Of study files.
    #[arg(long)]
    pub(super) study: bool,
}

/// Reads `M/N`.
fn parse_shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(index, of)| {
        Some(Shard { index: index.trim().parse().ok()?, of: of.trim().parse().ok()? })
    });
    match parsed {
        Some(shard) if shard.index < shard.of => Ok(shard),
        _ => Err("needs M/N with M from 0 to N - 1, such as `0/4`".to_owned()),
    }
}

/// Seconds of a unit of time.
fn parse_time_unit(text: &str) -> Result<f64, String> {
    let known = StepTime::UNITS.iter().find(|unit| unit.name == text);
    known.map(|unit| unit.factor).ok_or_else(|| {
        let names: Vec<&str> = StepTime::UNITS.iter().map(|unit| unit.name).collect();
        format!("units: {}", names.join(", "))
    })
}

/// Reads `NAME=VALUE` of a parameter of a law.
fn parse_fixed(text: &str) -> Result<(Parameter, f64), String> {
    let (name, value) = text.split_once('=').ok_or("needs NAME=VALUE")?;
    let known = Parameter::ALL.into_iter().find(|parameter| parameter.name() == name.trim());
    let parameter = known.ok_or_else(|| {
        let names = Parameter::ALL.map(Parameter::name).join(", ");
        format!("no parameter `{}`; parameters: {names}", name.trim())
    })?;
    let value = StepTime::parse(value.trim()).map_err(|error| error.message)?;
    Ok((parameter, value.0))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|error| error.message)
}

/// Reads a time such as `55min`.
fn parse_time(text: &str) -> Result<std::time::Duration, String> {
    let time = Duration::parse(text).map_err(|error| error.to_string())?;
    std::time::Duration::try_from_secs_f64(time.as_secs_f64()).map_err(|error| error.to_string())
}

/// `loadbank check`
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) source: Source,

    /// How to print the findings; `json` prints one finding per line, then one file and one single
    /// point of failure per line.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// `loadbank show`
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    pub(super) source: Source,
}

/// `loadbank report`
#[derive(Debug, Args)]
pub(super) struct Report {
    /// The folders, as `run`, `compare` and `study` leave them.
    #[arg(value_name = "DIR", required = true)]
    pub(super) folders: Vec<PathBuf>,
}

/// `loadbank open`
#[derive(Debug, Args)]
pub(super) struct Open {
    /// The folder of the run or study.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
}

/// `loadbank graph`
#[derive(Debug, Args)]
pub(super) struct Graph {
    #[command(flatten)]
    pub(super) source: Source,

    /// As a picture, or for Graphviz.
    #[arg(long, value_enum, default_value_t = GraphFormat::Svg)]
    pub(super) format: GraphFormat,
}

/// The form of a diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// A picture that browsers show.
    Svg,
    /// The language of Graphviz.
    Dot,
}

/// `loadbank completions`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// `loadbank man`
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write a page for each command into this folder.
    #[arg(long, value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
}

/// The form of what goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The form of a summary on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SummaryFormat {
    /// For people.
    Text,
    /// For people who read it elsewhere: tables of Markdown.
    Markdown,
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
