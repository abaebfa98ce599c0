//! The summary of a run as a text that an architect can read, at most 80 columns wide.

mod bill;
mod check;
mod energy;
mod inference;
mod power;
mod reliability;
mod training;
mod works;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

pub use bill::settlement;
pub use check::check;
pub use reliability::{Reliability, reliability_json, reliability_text};

use super::sheet::{Magnitude, Sheet, WIDTH, amount, time, wrapped};
use crate::facility::{BookOutcome, Outcome, SubjectKind};
use crate::measure::Side;

/// A share that a distribution leaves out is told from here on.
const WORTH_SAYING: f64 = 0.001;

/// The outcome of a run whose files are in `folder` and which took `wall`.
pub fn summary(outcome: &Outcome, folder: &Path, wall: Duration) -> String {
    let mut text = Text::new(outcome);
    let _ = writeln!(
        text.out,
        "{}: {} from {}, seed {}{}",
        outcome.scenario,
        time(86_400.0 * outcome.simulated_days),
        outcome.start,
        outcome.seed,
        if outcome.partial { " (interrupted: partial)" } else { "" },
    );
    text.what_to_know(outcome);
    text.energy(outcome);
    text.loading(outcome);
    text.cooling(outcome);
    text.halls(outcome);
    for work in outcome.workloads() {
        match work.kind {
            SubjectKind::Mining => text.mining(work),
            SubjectKind::Training => text.training(work),
            SubjectKind::Inference => text.inference(work, outcome),
            _ => text.heat_load(work),
        }
    }
    text.failures(outcome);
    text.money(outcome);
    text.books(outcome);
    let _ = writeln!(
        text.out,
        "\nsimulated in {:.1} s; files in {}",
        wall.as_secs_f64(),
        folder.display()
    );
    text.out
}

/// One of the books in a line, with its residual.
pub fn book(book: &BookOutcome) -> String {
    let total = |side| book.ledger.total(side);
    format!(
        "{}: in {:e}, out {:e}, stored {:e}, residual {:e} (allowed: {:e} of the turnover)",
        book.ledger.amount(),
        total(Side::Inflow),
        total(Side::Outflow),
        total(Side::Stored),
        book.residual,
        book.tolerance,
    )
}

/// A summary that is being written.
struct Text {
    out: String,
    /// In which energy and power are told: those of a site of kilowatts are not told in megawatts.
    energy: Magnitude,
    power: Magnitude,
}

impl Text {
    fn new(outcome: &Outcome) -> Self {
        let heat = outcome.subjects.iter().filter_map(|subject| subject.get("heat_mwh"));
        let most_mwh = heat.fold(outcome.site().real("energy.import_mwh"), f64::max);
        let mean_mw = most_mwh / (24.0 * outcome.simulated_days);
        Self {
            out: String::new(),
            energy: match most_mwh {
                mwh if mwh < 0.01 => Magnitude::WH,
                mwh if mwh < 10.0 => Magnitude::KWH,
                _ => Magnitude::MWH,
            },
            power: match mean_mw {
                mw if mw < 0.001 => Magnitude::W,
                mw if mw < 1.0 => Magnitude::KW,
                _ => Magnitude::MW,
            },
        }
    }

    /// A line of a name and what is told of it.
    fn line(&mut self, name: &str, value: &str) {
        const NAME: usize = 26;
        let lines = wrapped(value, WIDTH - NAME - 3);
        for (index, part) in lines.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let _ = writeln!(self.out, "  {name:<NAME$} {part}");
        }
    }

    fn heading(&mut self, heading: &str) {
        let _ = writeln!(self.out, "\n{heading}");
    }

    fn sheet(&mut self, sheet: &Sheet<'_>) {
        sheet.write(&mut self.out);
    }

    /// What to know before the figures; nothing where there is nothing to be known.
    fn what_to_know(&mut self, outcome: &Outcome) {
        if !outcome.notes.is_empty() {
            self.heading("What to know");
        }
        for note in &outcome.notes {
            let subject = if note.subject.is_empty() { "site" } else { &note.subject };
            self.line(subject, &format!("{} ({})", note.text, note.code));
        }
    }

    fn failures(&mut self, outcome: &Outcome) {
        let mut sheet = Sheet::new("Failures", &["units", "failures", "down h"]);
        for component in outcome.of(SubjectKind::Component) {
            if component.count("failures") > 0 {
                sheet.row(
                    &component.name,
                    [
                        component.count("units").to_string(),
                        component.count("failures").to_string(),
                        format!("{:.1}", component.real("down_h")),
                    ],
                );
            }
        }
        self.sheet(&sheet);
    }

    fn money(&mut self, outcome: &Outcome) {
        let site = outcome.site();
        let (revenue, cost) = (site.real("money.revenue_usd"), site.real("money.energy_cost_usd"));
        let contracts = outcome.of(SubjectKind::Contract).next();
        if revenue == 0.0 && cost == 0.0 && contracts.is_none() {
            return;
        }
        let mut sheet = Sheet::new("Money", &["$"]);
        for work in outcome.workloads() {
            sheet.row(&format!("revenue: {}", work.name), [amount(work.real("revenue_usd"))]);
        }
        sheet.row("energy cost", [amount(-cost)]);
        sheet.row("revenue less energy", [amount(site.real("money.margin_usd"))]);
        for contract in outcome.of(SubjectKind::Contract) {
            sheet
                .row(&format!("contract: {}", contract.name), [amount(-contract.real("cost_usd"))]);
        }
        if let Some(net) = site.get("money.net_usd") {
            sheet.row("revenue less contracts", [amount(net)]);
        }
        for (key, name) in [
            ("money.capital_usd", "parts before the operation"),
            ("money.npv_usd", "net present value of the project"),
        ] {
            if let Some(usd) = site.get(key) {
                sheet.row(name, [amount(usd)]);
            }
        }
        self.sheet(&sheet);
        if let Some(price) = site.get("money.cost_of_energy_usd_per_mwh") {
            self.line("mean cost of energy", &format!("{price:.2} $/MWh of import"));
        }
        if let Some(count) = site.get("money.rates_of_return") {
            let irr = site.get("money.irr");
            let rate = irr.map_or(format!("not one but {count}"), |rate| {
                format!("{:.2} % a year", 100.0 * rate)
            });
            self.line("internal rate of return", &rate);
            let payback = site.get("money.payback_years");
            self.line(
                "payback",
                &payback.map_or("never".to_owned(), |it| format!("{it:.2} years")),
            );
        }
    }

    fn books(&mut self, outcome: &Outcome) {
        let balanced = outcome.books.iter().filter(|book| book.balanced);
        let closed: Vec<&str> = balanced.map(|book| book.ledger.amount()).collect();
        let mut line = String::from("balanced:");
        self.out.push('\n');
        for (index, name) in closed.iter().enumerate() {
            let comma = if index + 1 < closed.len() { "," } else { "" };
            if line.len() + name.len() + 2 > WIDTH {
                let _ = writeln!(self.out, "{line}");
                line = String::from("         ");
            }
            let _ = write!(line, " {name}{comma}");
        }
        let _ = writeln!(self.out, "{line}");
    }
}
