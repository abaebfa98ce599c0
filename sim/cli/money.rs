//! `loadbank money`

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use super::args::{Between, Format, Money};
use super::exit::Exit;
use super::{colour, complain, print, vary};
use crate::money::{Account, Books, Terms};
use crate::report::text::{Sensitivity, Swing};
use crate::report::{account, json, meter, text};
use crate::scenario::{self, TermsReading};

const NOT_A_RUN: &str = "name the folder of a run, as `loadbank run` leaves it";

pub(super) fn money(args: &Money) -> Exit {
    let between = args.vary.iter().chain(&args.breakeven).map(|of| &of.path);
    if let Some(set) =
        args.sets.iter().chain(between).find(|set| !vary::is_of(set, &["contracts", "money"]))
    {
        complain(
            &format!("`{set}` cannot change in a run that has ended"),
            Some("only `contracts` and `money` are priced anew; simulate all else with `run`"),
        );
        return Exit::Usage;
    }
    let read = meter::read(&args.folder).and_then(|books| {
        let (name, account, currency) = account::read(&args.folder, books.hours())?;
        Ok((name, books, account, currency))
    });
    let (name, books, account, currency) = match read {
        Ok(read) => read,
        Err(message) => {
            complain(&message, Some(NOT_A_RUN));
            return Exit::Scenario;
        }
    };
    let run = Run { folder: &args.folder, sets: &args.sets, books, account };
    let Some(terms) = run.terms(None, true) else { return Exit::Scenario };
    if terms.is_none() {
        complain(
            "the scenario of this run has no contracts and no `money`",
            Some("give one: `--set 'contracts={energy: {kind: index, adder: 1 $/MWh}}'`"),
        );
        return Exit::Scenario;
    }
    let Some(swings) = args.vary.iter().map(|of| run.swing(of)).collect() else {
        return Exit::Scenario;
    };
    let mut zeros = Vec::new();
    for of in &args.breakeven {
        match vary::breakeven(of, &|value| run.worth_usd(&of.path, value)) {
            Ok(Some(value)) => zeros.push((of.path.clone(), value)),
            Ok(None) => return Exit::Scenario,
            Err(message) => {
                complain(&format!("--breakeven {}: {message}", of.path), None);
                return Exit::Usage;
            }
        }
    }
    let settlement = terms.settle(&run.books, &run.account);
    let sensitivity = Sensitivity { swings, zeros };
    match args.format {
        Format::Text => {
            let text = text::settlement(&name, &terms, &settlement);
            print(&currency.tell(&(text + &text::sensitivity(&settlement, &sensitivity))))
        }
        Format::Json => print(&json::settlement(&settlement, &sensitivity, currency)),
    }
}

/// A finished run whose money is looked at.
struct Run<'a> {
    folder: &'a Path,
    sets: &'a [String],
    books: Books,
    account: Account,
}

impl Run<'_> {
    /// What it is priced by, with one more change; none after saying what is wrong. What is doubtful is
    /// said where `warns` asks for it: once, and not with each value that is tried.
    fn terms(&self, set: Option<String>, warns: bool) -> Option<Terms> {
        let sets: Vec<String> = self.sets.iter().cloned().chain(set).collect();
        let TermsReading { terms, diagnostics, files } =
            scenario::read_terms(&self.folder.join("scenario.yaml"), &sets);
        if let Some(name) = terms.as_ref().and_then(|terms| terms.unmetered(&self.books)) {
            let message = format!("the meters of this run have not what `{name}` bills");
            let help = "simulate it with `run`, which reads tables of contracts, and meters when the system of a programme peaked";
            complain(&message, Some(help));
            return None;
        }
        if terms.is_some() && !warns {
            return terms;
        }
        let mut stderr = io::stderr().lock();
        let colour = colour(stderr.is_terminal());
        // Where standard error is closed there is nobody to tell.
        let _ = stderr.write_all(diagnostics.render(&files, colour).as_bytes());
        terms
    }

    /// What is left with the parameter at `path` at `value`.
    fn worth_usd(&self, path: &str, value: &str) -> Option<f64> {
        let terms = self.terms(Some(format!("{path}={value}")), false)?;
        Some(terms.settle(&self.books, &self.account).worth_usd())
    }

    fn swing(&self, of: &Between) -> Option<Swing> {
        let at = |value: &String| Some((value.clone(), self.worth_usd(&of.path, value)?));
        Some(Swing { path: of.path.clone(), low: at(&of.low)?, high: at(&of.high)? })
    }
}
