//! `loadbank money`

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use serde_json::Value as Json;

use super::args::{Format, Money};
use super::exit::Exit;
use super::{colour, complain, print};
use crate::money::price;
use crate::report::{json, meter, text};
use crate::scenario::{self, TermsReading};

const NOT_A_RUN: &str = "name the folder of a run, as `loadbank run` leaves it";

pub(super) fn money(args: &Money) -> Exit {
    if let Some(set) = args.sets.iter().find(|set| !is_of_contracts(set)) {
        complain(
            &format!("`--set {set}` cannot change a run that has ended"),
            Some("only `contracts` are priced anew; simulate all else with `run`"),
        );
        return Exit::Usage;
    }
    let books = match meter::read(&args.folder) {
        Ok(books) => books,
        Err(message) => {
            complain(&message, Some(NOT_A_RUN));
            return Exit::Scenario;
        }
    };
    let (name, revenue_usd) = match read_revenue(&args.folder.join("summary.json")) {
        Ok(read) => read,
        Err(message) => {
            complain(&message, Some(NOT_A_RUN));
            return Exit::Scenario;
        }
    };
    let TermsReading { terms, diagnostics, files } =
        scenario::read_terms(&args.folder.join("scenario.yaml"), &args.sets);
    let mut stderr = io::stderr().lock();
    let colour = colour(stderr.is_terminal());
    // Where standard error is closed there is nobody to tell.
    let _ = stderr.write_all(diagnostics.render(&files, colour).as_bytes());
    drop(stderr);
    let Some(terms) = terms else { return Exit::Scenario };
    if terms.contracts.is_empty() {
        complain(
            "the scenario of this run has no contracts",
            Some("give one: `--set 'contracts={energy: {kind: index, adder: 1 $/MWh}}'`"),
        );
        return Exit::Scenario;
    }
    let bill = price(&terms, &books);
    match args.format {
        Format::Text => print(&text::bill(&name, &bill, revenue_usd)),
        Format::Json => print(&json::bill(&bill, revenue_usd)),
    }
}

/// Whether a `--set` argument changes contracts alone.
fn is_of_contracts(set: &str) -> bool {
    let path = set.split('=').next().unwrap_or_default().trim();
    path == "contracts" || path.starts_with("contracts.")
}

/// The name of the scenario and the revenue of the run whose summary is at `path`.
fn read_revenue(path: &Path) -> Result<(String, f64), String> {
    let bad = |message: String| format!("cannot read `{}`: {message}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    let summary: Json = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    let name = summary["scenario"].as_str();
    let revenue = summary["money"]["revenue_usd"].as_f64();
    name.zip(revenue)
        .map(|(name, revenue)| (name.to_owned(), revenue))
        .ok_or_else(|| bad("it is not the summary of a run".to_owned()))
}
