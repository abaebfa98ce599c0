//! Published results reproduced by loadbank, and the fits of its built-in laws.

mod data;
mod fit_price;
mod fit_weather;

use std::process::ExitCode;

#[allow(clippy::print_stderr)] // a command reports its failure
fn main() -> ExitCode {
    let folder = data::folder();
    let done = match std::env::args().nth(1).as_deref() {
        Some("fit-weather") => fit_weather::run(&folder),
        Some("fit-price") => fit_price::run(&folder),
        _ => Err("usage: validation fit-weather|fit-price".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
