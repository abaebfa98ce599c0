//! The summary of a run as a text that an architect can read, at most 80 columns wide.

mod bill;
mod check;
mod energy;
mod inference;
mod phases;
mod power;
mod programmes;
mod reliability;
mod training;
mod works;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

pub use bill::{Sensitivity, Swing, sensitivity, settlement};
pub use check::check;
pub use phases::{PhasesSensitivity, PhasesSwing, phases, phases_json};
pub use reliability::{Reliability, reliability_json, reliability_text};

use super::processors::Processors;
use super::sheet::{Magnitude, Sheet, WIDTH, amount, markdown, time, wrapped};
use crate::facility::{BookOutcome, Outcome, SubjectKind};
use crate::measure::Side;

/// A share that a distribution leaves out is told from here on.
const WORTH_SAYING: f64 = 0.001;

/// The outcome of a run whose files are in `folder` and which took `wall`, for a terminal.
pub fn summary(outcome: &Outcome, folder: &Path, wall: Duration) -> String {
    told(outcome, Style::Plain, folder, wall)
}

/// The same in Markdown, as issues and wikis show it.
pub fn summary_markdown(outcome: &Outcome, folder: &Path, wall: Duration) -> String {
    told(outcome, Style::Markdown, folder, wall)
}

/// How a summary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// For a terminal of 80 columns.
    Plain,
    /// Markdown with tables.
    Markdown,
}

fn told(outcome: &Outcome, style: Style, folder: &Path, wall: Duration) -> String {
    let mut text = Text::new(outcome, style);
    text.title(
        &outcome.scenario,
        &format!(
            "{} from {}, seed {}{}{}",
            time(86_400.0 * outcome.simulated_days),
            outcome.start,
            outcome.seed,
            match outcome.warm_up_days {
                0.0 => String::new(),
                days => format!(", figures from day {} on", amount(days)),
            },
            if outcome.partial { " (interrupted: partial)" } else { "" },
        ),
    );
    text.what_to_know(outcome);
    text.energy(outcome);
    text.loading(outcome);
    text.cooling(outcome);
    text.halls(outcome);
    for work in outcome.workloads() {
        match work.kind {
            SubjectKind::Mining => text.mining(work),
            SubjectKind::Training => text.training(work, Processors::GPUS, outcome),
            SubjectKind::Cores => text.training(work, Processors::CORES, outcome),
            SubjectKind::Inference => text.inference(work, outcome),
            _ => text.heat_load(work),
        }
    }
    text.failures(outcome);
    text.programmes(outcome);
    text.money(outcome);
    text.books(outcome);
    text.end(&format!("simulated in {:.1} s; files in {}", wall.as_secs_f64(), folder.display()));
    outcome.currency.tell(&text.out).into_owned()
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
    style: Style,
    /// What the last line of Markdown is part of: blocks of two sorts need an empty line between.
    block: Block,
    /// In which energy and power are told: those of a site of kilowatts are not told in megawatts.
    energy: Magnitude,
    power: Magnitude,
}

/// A block of Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Paragraph,
    List,
    Table,
}

impl Text {
    fn new(outcome: &Outcome, style: Style) -> Self {
        let heat = outcome.subjects.iter().filter_map(|subject| subject.get("heat_mwh"));
        let most_mwh = heat.fold(outcome.site().real("energy.import_mwh"), f64::max);
        let mean_mw = most_mwh / (24.0 * outcome.simulated_days);
        Self {
            out: String::new(),
            style,
            block: Block::Paragraph,
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

    /// The first line.
    fn title(&mut self, name: &str, words: &str) {
        match self.style {
            Style::Plain => {
                let _ = writeln!(self.out, "{name}: {words}");
            }
            Style::Markdown => {
                let _ = writeln!(self.out, "# {}\n\n{}", markdown(name), markdown(words));
            }
        }
    }

    /// Begins a block of Markdown, or goes on with it.
    fn within(&mut self, block: Block) {
        if self.block != block {
            self.out.push('\n');
            self.block = block;
        }
    }

    /// A line of a name and what is told of it.
    fn line(&mut self, name: &str, value: &str) {
        const NAME: usize = 26;
        if self.style == Style::Markdown {
            self.within(Block::List);
            let _ = writeln!(self.out, "- {}: {}", markdown(name.trim()), markdown(value));
            return;
        }
        let lines = wrapped(value, WIDTH - NAME - 3);
        for (index, part) in lines.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let _ = writeln!(self.out, "  {name:<NAME$} {part}");
        }
    }

    /// A remark on the table before it.
    fn remark(&mut self, indent: &str, words: &str) {
        match self.style {
            Style::Plain => {
                let _ = writeln!(self.out, "{indent}{words}");
            }
            Style::Markdown => {
                self.within(Block::Paragraph);
                let _ = writeln!(self.out, "{}", markdown(words));
            }
        }
    }

    fn heading(&mut self, heading: &str) {
        match self.style {
            Style::Plain => {
                let _ = writeln!(self.out, "\n{heading}");
            }
            Style::Markdown => {
                let hashes = if heading.starts_with(' ') { "###" } else { "##" };
                let _ = writeln!(self.out, "\n{hashes} {}", markdown(heading.trim()));
                self.block = Block::Paragraph;
            }
        }
    }

    fn sheet(&mut self, sheet: &Sheet<'_>) {
        if self.style == Style::Plain {
            sheet.write(&mut self.out);
            return;
        }
        // The table of a section has its heading; one within a section has its title in its corner.
        let title = sheet.title();
        let is_own = !title.starts_with(' ');
        let Some(table) = sheet.to_markdown(if is_own { "" } else { title.trim() }) else { return };
        if is_own {
            self.heading(title);
        }
        // Tables never touch.
        self.block = Block::Paragraph;
        self.within(Block::Table);
        self.out.push_str(&table);
    }

    /// The last line.
    fn end(&mut self, words: &str) {
        let words = if self.style == Style::Markdown { markdown(words) } else { words.to_owned() };
        let _ = writeln!(self.out, "\n{words}");
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
        for programme in outcome.of(SubjectKind::Programme) {
            if let Some(income) = programme.get("income_usd") {
                sheet.row(&format!("programme: {}", programme.name), [amount(income)]);
            }
        }
        // What tenants earn is not the owner's, and energy costs what contracts charge.
        let own = site.get("money.net_usd").zip(site.get("money.contracts_usd"));
        match own {
            Some((net, contracts)) => sheet.row("own revenue", [amount(net + contracts)]),
            None => {
                sheet.row("energy cost", [amount(-cost)]);
                sheet.row("revenue less energy", [amount(site.real("money.margin_usd"))]);
            }
        }
        for contract in outcome.of(SubjectKind::Contract) {
            sheet
                .row(&format!("contract: {}", contract.name), [amount(-contract.real("cost_usd"))]);
        }
        if let Some(net) = site.get("money.net_usd") {
            sheet.row("own revenue less contracts", [amount(net)]);
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
            let none = match count {
                0.0 => "none".to_owned(),
                _ => format!("not one but {count}"),
            };
            let rate = irr.map_or(none, |rate| format!("{:.2} % per year", 100.0 * rate));
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
        if self.style == Style::Markdown {
            return self.end(&format!("balanced: {}", closed.join(", ")));
        }
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
