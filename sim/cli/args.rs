//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::fit::{Match, Parameter};
use crate::report::study::Scheduler;
use crate::report::table;
use crate::study::Shard;
use crate::units::{Duration, StepTime};

/// Simulate power-dense compute sites: mining, AI training and inference behind one fence.
///
/// The result goes to standard output; progress, logs and diagnostics to standard error.
///
/// To begin, write an example into a folder and run it: `loadbank example quickstart --output site`, then
/// `loadbank run site/quickstart.yaml`.
#[derive(Debug, Parser)]
#[command(name = "loadbank", version, propagate_version = true, after_help = EXIT_CODES)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,

    /// Increase log verbosity: -v files and phases, -vv every event of the plant, -vvv every instant.
    /// The variable `RUST_LOG` takes precedence.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  the command did what was asked
    1  an unexpected error: a bug in loadbank
    2  the command line is wrong, or names an address that is taken
    3  the scenario, or a file it names, cannot be read or is invalid
    4  the simulation failed: a balance of energy, water, jobs or requests did not close
    5  a requirement of a study fails, or its replications do not decide it
    6  replications are missing at `merge`
   74  the results could not be written
   75  a study has used up its --time-limit; the same command continues it
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
    /// Price a finished run under other contracts and plans, without simulating it again.
    Money(Money),
    /// Compare the cash of a site that is converted in phases with that of one that stays as it is.
    Phases(Phases),
    /// Compare scenarios over many replications: means, paired differences, intervals.
    Compare(Compare),
    /// Simulate failures of the power chain over thousands of years: losses, hours, causes.
    Reliability(Reliability),
    /// Run a study file: designs, varied values, replications, requirements or a search.
    Study(StudyArgs),
    /// Make the tables of a study that was run in shards.
    Merge(Merge),
    /// Print a script that spreads a study over a cluster.
    Plan(Plan),
    /// Fit the step-time law of a serving engine to measured iterations, or values of a scenario to a
    /// meter's readings.
    Fit(Fit),
    /// Print an example scenario or study, write it into a folder, or list all.
    Example(Example),
    /// Write the page `report.html` of finished runs and studies again, from their folders.
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

    /// Change a value of the scenario, `null` removes it: `--set power.main-tx-1.rating="80 MVA"`. May be
    /// given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,
}

/// `loadbank run`
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) source: Source,

    /// Folder in which the folder of the run is made.
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub(super) output: PathBuf,

    /// Format of the summary on standard output.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub(super) format: SummaryFormat,

    /// File format of the tables in the run folder, or several: `--tables csv,parquet`.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [table::Format::best()])]
    pub(super) tables: Vec<table::Format>,

    /// Threads to simulate with; results do not depend on their number. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Time at the start of the run that all figures leave out: `7 days`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) warm_up: Option<Duration>,

    /// Number of the replication to run, as `compare` and `study` count them from 0.
    #[arg(long, value_name = "R", default_value_t = 0)]
    pub(super) replication: u64,

    /// How to show progress.
    #[arg(long, value_enum, default_value_t = Progress::Auto)]
    pub(super) progress: Progress,

    /// Show the page of the report in browsers of this machine while the run goes on. Default
    /// address: 127.0.0.1:7417; port 0 takes one that is free.
    #[cfg(feature = "live")]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:7417",
        value_parser = super::live::loopback)]
    pub(super) live: Option<std::net::SocketAddr>,
}

/// `loadbank money`
#[derive(Debug, Args)]
pub(super) struct Money {
    /// The folder of the run.
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,

    /// Change a contract or a plan: `--set contracts.demand.rate="6 $/kW-month"`,
    /// `--set money.discount="8 %"`. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Print what is left with one parameter at each of two values and all others unchanged:
    /// `--vary money.discount="8 %..16 %"`. Given several times, it ranks parameters.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) vary: Vec<Between>,

    /// Find the value of a parameter, between two, at which nothing is left:
    /// `--breakeven contracts.energy.adder="0 $/MWh..100 $/MWh"`.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) breakeven: Vec<Between>,

    /// Format of the result on standard output.
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
    /// The file of phases, such as `scenarios/phases/retrofit-24.yaml`.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Change a value of this file: `--set replications=10`. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Print what the phases bring with one parameter of `money` at each of two values and all others
    /// unchanged, without simulating again: `--vary money.discount="8 %..16 %"`. Given several times, it
    /// ranks parameters.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) vary: Vec<Between>,

    /// Find the value of a parameter of `money`, between two, at which the phases bring nothing:
    /// `--breakeven money.factors.let=0.5..3`.
    #[arg(long, value_name = "PATH=LOW..HIGH")]
    pub(super) breakeven: Vec<Between>,

    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// Where the results of a study go, and how they are told.
#[derive(Debug, Args)]
pub(super) struct Results {
    /// Folder in which the folder of the study is, or is made.
    #[arg(short, long, value_name = "DIR", default_value = "studies")]
    pub(super) output: PathBuf,

    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    pub(super) format: SummaryFormat,

    /// File format of the tables, or several: `--tables csv,parquet`.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [table::Format::best()])]
    pub(super) tables: Vec<table::Format>,
}

/// What commands take that make replications.
#[derive(Debug, Args)]
pub(super) struct Making {
    /// Replications to run at once; results do not depend on their number. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Continue in a folder that was begun with another number of shards.
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

    /// Replications of each scenario.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) replications: u32,

    /// Time at the start of every run that all figures leave out: `7 days`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) warm_up: Option<Duration>,

    /// Change a value of every scenario: `--set duration="7 days"`. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// A requirement that each design must meet, else the exit code is 5: `--require 'availability(gpu-hall) >= 99.95 %'`.
    #[arg(long, value_name = "REQUIREMENT")]
    pub(super) require: Vec<String>,

    /// Start even where the estimate is more than a day.
    #[arg(long)]
    pub(super) yes: bool,

    #[command(flatten)]
    pub(super) results: Results,

    #[command(flatten)]
    pub(super) making: Making,
}

/// What `reliability --without` leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LeftOut {
    /// Common causes: all failures of a component are then its own.
    CommonCauses,
    /// Crews: the repair of each component begins at once.
    Crews,
    /// Spare parts: one is always at hand.
    Spares,
    /// Planned work, and human error in it. What it renews is renewed still, in no time.
    Maintenance,
    /// Human error in planned work.
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

    /// Seed to use in place of that of the scenario.
    #[arg(long, value_name = "SEED")]
    pub(super) seed: Option<u64>,

    /// Threads to simulate with; results do not depend on their number. Default: all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Leave something out to see its contribution; several with commas.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(super) without: Vec<LeftOut>,

    /// Also enumerate states: exact figures, minimal cut sets, importances.
    #[arg(long)]
    pub(super) exact: bool,

    /// Largest number of states to enumerate, those with the fewest components down first.
    #[arg(long, value_name = "N", default_value_t = 200_000, requires = "exact",
          value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(super) states: u64,

    /// Also simulate with failures made likely, for losses that are too rare for plain years.
    #[arg(long)]
    pub(super) bias: bool,

    /// Cycles, from all up to all up again, to simulate for each subject with `--bias`.
    #[arg(long, value_name = "N", default_value_t = 100_000, requires = "bias",
          value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    pub(super) cycles: u64,

    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// `loadbank study`
#[derive(Debug, Args)]
pub(super) struct StudyArgs {
    /// The study file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Change a value of the study: `--set replications=100`. May be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Run share M of N of the replications, M from 0: `--shard 0/4`. `merge` makes the tables.
    #[arg(long, value_name = "M/N", value_parser = parse_shard)]
    pub(super) shard: Option<Shard>,

    /// Start no replication after this time and exit with 75; the same command continues: `55min`.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) time_limit: Option<std::time::Duration>,

    /// Estimate the time that the study takes, from one replication of each design.
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Start even where the estimate is more than a day.
    #[arg(long)]
    pub(super) yes: bool,

    #[command(flatten)]
    pub(super) results: Results,

    #[command(flatten)]
    pub(super) making: Making,
}

/// `loadbank merge`
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// The study file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// Folders of the study in other places; the one in `--output` is always included.
    #[arg(value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,

    /// The changes that the shards were given.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub(super) sets: Vec<String>,

    /// Make the tables from the replications that exist, even if some are missing.
    #[arg(long)]
    pub(super) partial: bool,

    #[command(flatten)]
    pub(super) results: Results,
}

/// `loadbank plan`
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// The study file.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// The scheduler that runs the shards.
    #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
    pub(super) scheduler: Scheduler,

    /// Number of shards.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) shards: u32,

    /// Time limit of each shard: `2h`.
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = parse_time)]
    pub(super) time: std::time::Duration,

    /// Folder in which the folder of the study is made.
    #[arg(short, long, value_name = "DIR", default_value = "studies")]
    pub(super) output: PathBuf,
}

/// `loadbank fit`
#[derive(Debug, Args)]
pub(super) struct Fit {
    /// A CSV table with a header and a row for each iteration of a serving engine; with `--meter` the
    /// scenario beside it.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,

    /// GPUs of a replica.
    #[arg(
        long, value_name = "N", required_unless_present = "meter",
        value_parser = clap::value_parser!(u32).range(1..=1024)
    )]
    pub(super) gpus: Option<u32>,

    /// Column with the number of decoding sequences in an iteration.
    #[arg(long, value_name = "COLUMN", default_value = "sequences")]
    pub(super) sequences: String,

    /// Column with the tokens of context that these sequences hold in total.
    #[arg(long, value_name = "COLUMN", default_value = "context")]
    pub(super) context: String,

    /// Column with the prompt tokens in an iteration.
    #[arg(long, value_name = "COLUMN", default_value = "prompt")]
    pub(super) prompt: String,

    /// Column with the time that an iteration took or, with `--meter`, with the times of its readings
    /// (default: `ms`; the first of a meter).
    #[arg(long, value_name = "COLUMN")]
    pub(super) time: Option<String>,

    /// Unit of that time: `s`, `ms`, `us`, `ns` or `ps`.
    #[arg(long, value_name = "UNIT", default_value = "ms", value_parser = parse_time_unit)]
    pub(super) unit: f64,

    /// Fix a parameter that the rows do not determine: `--fix "per_prompt_token=90 us"`.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_fixed)]
    pub(super) fix: Vec<(Parameter, f64)>,

    #[command(flatten)]
    pub(super) meter: MeterFit,
}

/// `loadbank fit --meter`
#[derive(Debug, Args)]
#[command(next_help_heading = "Values of a scenario, fitted to a meter")]
pub(super) struct MeterFit {
    /// A CSV table of what a meter read beside the site of the scenario: `.csv` or `.csv.gz`.
    #[arg(
        long, value_name = "METER", requires = "free", requires = "matches",
        conflicts_with_all = ["gpus", "sequences", "context", "prompt", "unit", "fix"]
    )]
    pub(super) meter: Option<PathBuf>,

    /// A value of the scenario to fit, by its path; it begins with what the scenario says:
    /// `--free cooling.plant.chillers.cop`. May be given several times.
    #[arg(long, value_name = "PATH", requires = "meter")]
    pub(super) free: Vec<String>,

    /// Columns of the time series and of the meter whose sums are the same, with the unit of the meter
    /// where that is another: `--match "plant_fans_mw+plant_pumps_mw=fans + pumps kW"`. A last word that
    /// is a unit is that; it is written again where the name of a column ends in it. May be given several
    /// times.
    #[arg(long = "match", value_name = "COLUMNS=COLUMNS", requires = "meter")]
    pub(super) matches: Vec<Match>,

    /// Tell the errors of such columns too, without fitting them.
    #[arg(long, value_name = "COLUMNS=COLUMNS", requires = "meter")]
    pub(super) tell: Vec<Match>,

    /// When to begin to hold out readings, which are looked at once with the values found (default: the
    /// last third).
    #[arg(long, value_name = "TIME", requires = "meter")]
    pub(super) held_out: Option<jiff::Timestamp>,

    /// How the times of the meter are written, as `time_format` of a scenario.
    #[arg(long, value_name = "FORMAT", requires = "meter")]
    pub(super) time_format: Option<String>,

    /// The clock of times without an offset: a name of the tz database.
    #[arg(long, value_name = "ZONE", requires = "meter", value_parser = parse_zone)]
    pub(super) time_zone: Option<jiff::tz::TimeZone>,

    /// Change a value of the scenario beforehand, as `loadbank run` does.
    #[arg(long = "set", value_name = "PATH=VALUE", requires = "meter")]
    pub(super) sets: Vec<String>,
}

/// `loadbank example`
#[derive(Debug, Args)]
pub(super) struct Example {
    /// Name of the example; without it all are listed.
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,

    /// Write it into this folder, with everything that it builds upon; existing files are kept.
    #[arg(short, long, value_name = "DIR", requires = "name")]
    pub(super) output: Option<PathBuf>,
}

/// `loadbank schema`
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// The schema of study files.
    #[arg(long)]
    pub(super) study: bool,
}

/// Reads `America/Chicago`.
fn parse_zone(text: &str) -> Result<jiff::tz::TimeZone, String> {
    jiff::tz::TimeZone::get(text).map_err(|_| format!("unknown time zone `{text}`"))
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

    /// Format of the findings; `json` prints one finding per line, then one file and one single point of
    /// failure per line.
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

    /// Format of the drawing on standard output.
    #[arg(long, value_enum, default_value_t = GraphFormat::Svg)]
    pub(super) format: GraphFormat,
}

/// The form of a diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// A picture that browsers show.
    Svg,
    /// A graph for Graphviz.
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
    /// Tables of Markdown, for an issue or a wiki.
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
