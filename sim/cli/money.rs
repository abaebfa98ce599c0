//! `loadbank money`

use std::io::{self, IsTerminal as _, Write as _};

use super::args::{Format, Money};
use super::exit::Exit;
use super::{colour, complain, print};
use crate::report::{account, json, meter, text};
use crate::scenario::{self, TermsReading};

const NOT_A_RUN: &str = "name the folder of a run, as `loadbank run` leaves it";

pub(super) fn money(args: &Money) -> Exit {
    if let Some(set) = args.sets.iter().find(|set| !is_of_money(set)) {
        complain(
            &format!("`--set {set}` cannot change a run that has ended"),
            Some("only `contracts` and `money` are priced anew; simulate all else with `run`"),
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
    let (name, account) = match account::read(&args.folder, books.hours()) {
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
    if terms.is_none() {
        complain(
            "the scenario of this run has no contracts and no `money`",
            Some("give one: `--set 'contracts={energy: {kind: index, adder: 1 $/MWh}}'`"),
        );
        return Exit::Scenario;
    }
    let settlement = terms.settle(&books, &account);
    match args.format {
        Format::Text => print(&text::settlement(&name, &terms, &settlement, &account)),
        Format::Json => print(&json::settlement(&settlement, &account)),
    }
}

/// Whether a `--set` argument changes what is priced alone.
fn is_of_money(set: &str) -> bool {
    let path = set.split('=').next().unwrap_or_default().trim();
    let section = path.split('.').next().unwrap_or_default();
    ["contracts", "money"].contains(&section)
}
