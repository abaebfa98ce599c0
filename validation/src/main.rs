//! Published results reproduced by loadbank, and the fits of its built-in laws.

mod catalogue;
mod children;
mod claims;
mod cooling;
mod data;
mod failures;
mod fit_price;
mod fit_weather;
mod inference;
mod log;
mod measured;
mod mutated_gallery;
mod power;
mod random_sites;
mod replay;
mod report;
mod sampled;
mod study;
mod training;
mod verdicts;

use std::process::ExitCode;

const USAGE: &str = "usage: validation catalogue|claims|cooling|energyplus|failures|fit-weather|fit-price|inference|log|measured|\
     mutated-gallery|power|random-sites|replay|report|sampled|study|training|verdicts";

#[allow(clippy::print_stderr)] // a command reports its failure
fn main() -> ExitCode {
    let folder = data::folder();
    let mut arguments = std::env::args().skip(1);
    let subject = arguments.next();
    if subject.as_deref() == Some("verdicts") {
        return verdicts::run(arguments).unwrap_or_else(|message| {
            eprintln!("{message}");
            ExitCode::FAILURE
        });
    }
    let done = match subject.as_deref() {
        Some("fit-weather") => fit_weather::run(&folder),
        Some("fit-price") => fit_price::run(&folder),
        Some("log") => log::run(arguments),
        Some("mutated-gallery") => mutated_gallery::run(arguments),
        // The command itself, for those that run it many times.
        Some("loadbank") => {
            let arguments = std::iter::once("loadbank".to_owned()).chain(arguments);
            return loadbank::cli::main(arguments.map(Into::into)).into();
        }
        Some("random-sites") => random_sites::run(arguments),
        Some("replay") => replay::run(arguments),
        Some("report") => report::run(arguments),
        Some("power") => power::run(&folder),
        Some("sampled") => sampled::run(),
        Some("study") => study::run(),
        Some("training") => training::run(),
        Some("inference") => inference::run(&folder),
        Some("catalogue") => catalogue::run(&folder, arguments),
        Some("claims") => claims::run(),
        Some("cooling") => cooling::run(&folder),
        Some("failures") => failures::run(&folder),
        Some("measured") => measured::run(&folder, arguments),
        Some("energyplus") => cooling::energyplus(),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
