//! The command line: the only place that prints.

mod args;
mod example;
mod exit;
mod fit;
mod folder;
mod interrupt;
#[cfg(feature = "live")]
mod live;
mod manual;
mod money;
mod phases;
mod progress;
mod reliability;
mod run;
mod study;
mod vary;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use clap::Parser as _;

pub use exit::Exit;

use crate::report;
use crate::report::html::{diagram_dot, diagram_svg};
use crate::scenario::{self, Loaded, Reading, printable};
use args::{Cli, Command, Format, Source};

/// Runs the command line `args` and says how the process should end.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version are no errors; clap knows, and where to print what.
            let _ = message.print();
            return if message.use_stderr() { Exit::Usage } else { Exit::Success };
        }
    };
    start_logging(cli.verbose);
    std::panic::catch_unwind(|| obey(&cli.command)).unwrap_or_else(|_| {
        // The panic has said what and where.
        complain("this is a bug in loadbank", Some("please report it with the scenario"));
        Exit::Unexpected
    })
}

fn obey(command: &Command) -> Exit {
    match command {
        Command::Run(run) => run::run(run),
        Command::Check(check) => self::check(check),
        Command::Reliability(args) => reliability::reliability(args),
        Command::Show(show) => match load(&show.source) {
            Ok(loaded) => print(&loaded.effective_yaml),
            Err(exit) => exit,
        },
        Command::Money(args) => money::money(args),
        Command::Phases(args) => phases::phases(args),
        Command::Compare(compare) => study::compare(compare),
        Command::Study(args) => study::study(args),
        Command::Merge(merge) => study::merge(merge),
        Command::Fit(args) => fit::fit(args),
        Command::Example(args) => example::example(args),
        Command::Plan(plan) => study::plan(plan),
        Command::Report(args) => folder::report(args),
        Command::Open(args) => folder::open(args),
        Command::Graph(args) => graph(args),
        Command::Completions(args) => manual::completions(args),
        Command::Man(args) => manual::man(args),
        Command::Schema(schema) if schema.study => print(&crate::study::study_schema()),
        Command::Schema(_) => print(&scenario::schema()),
    }
}

/// `loadbank graph`
fn graph(args: &args::Graph) -> Exit {
    let loaded = match load(&args.source) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let drawn = match args.format {
        args::GraphFormat::Svg => diagram_svg(&loaded.effective_yaml),
        args::GraphFormat::Dot => diagram_dot(&loaded.effective_yaml),
    };
    match drawn {
        Some(text) => print(&text),
        None => {
            complain("the scenario declares nothing to draw", Some("write `power:` or `cooling:`"));
            Exit::Scenario
        }
    }
}

/// Logs go to standard error, `RUST_LOG` before `-v`.
fn start_logging(verbose: u8) {
    let level = ["warn", "info", "debug", "trace"][usize::from(verbose.min(3))];
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    // Only fails where a subscriber is installed already, as in tests of this function.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colour(io::stderr().is_terminal()))
        .try_init();
}

/// Whether to colour what goes to a stream that is, or is not, a terminal.
fn colour(terminal: bool) -> bool {
    terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Reads and resolves a scenario; shows what is wrong with it on standard error.
fn load(source: &Source) -> Result<Loaded, Exit> {
    refuse_study(&source.file)?;
    let reading = scenario::read_scenario(&source.file, &source.sets);
    let mut stderr = io::stderr().lock();
    let colour = colour(stderr.is_terminal());
    // Where standard error is closed there is nobody to tell.
    let _ = stderr.write_all(reading.diagnostics.render(&reading.files, colour).as_bytes());
    reading.loaded.ok_or(Exit::Scenario)
}

/// A study is no scenario, and each of its fields would be unknown.
fn refuse_study(file: &Path) -> Result<(), Exit> {
    if !study::is_study(file) {
        return Ok(());
    }
    let file = file.display();
    complain(
        &format!("`{file}` is a study, and a scenario is asked for"),
        Some(&format!("`loadbank study {file}` carries it out")),
    );
    Err(Exit::Usage)
}

/// `loadbank check`: findings on standard output, for they are its result.
fn check(check: &args::Check) -> Exit {
    if study::is_study(&check.source.file) {
        return study::check(check);
    }
    let Reading { loaded, diagnostics, files } =
        scenario::read_scenario(&check.source.file, &check.source.sets);
    let mut text = match check.format {
        Format::Text => diagnostics.render(&files, colour(io::stdout().is_terminal())),
        Format::Json => diagnostics.json_lines(&files),
    };
    if let Some(loaded) = &loaded {
        text.push_str(&printable(&match check.format {
            Format::Text => {
                report::text::check(&loaded.design, diagnostics.warnings(), &loaded.found)
            }
            Format::Json => {
                report::json::files(&loaded.found) + &report::json::single_points(&loaded.design)
            }
        }));
    }
    match print_styled(&text) {
        Exit::Success if loaded.is_none() => Exit::Scenario,
        exit => exit,
    }
}

/// Prints a result. A reader that has gone away is no error.
fn print(text: &str) -> Exit {
    print_styled(&printable(text))
}

/// Prints a result that may hold colours of ours.
fn print_styled(text: &str) -> Exit {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Exit::Success,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(error) => {
            complain(&format!("cannot write to standard output: {error}"), None);
            Exit::Output
        }
    }
}

/// Prints what is good to know and no fault.
fn note(message: &str) {
    let _ = writeln!(io::stderr().lock(), "note: {}", printable(message));
}

/// Prints an error that has no place in a file.
fn complain(message: &str, help: Option<&str>) {
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "error: {}", printable(message));
    if let Some(help) = help {
        let _ = writeln!(stderr, "  = help: {}", printable(help));
    }
}
