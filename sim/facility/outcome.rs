//! What a run found.

use super::figures::{Entry, NoFigure, Subject, SubjectKind, find};
use crate::measure::Ledger;
use crate::money::{Account, Bill};
use crate::units::Currency;

/// Everything that a run found, but for what it streamed to its observer.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Name of the scenario.
    pub scenario: String,
    /// First instant, UTC.
    pub start: jiff::Timestamp,
    /// Days that were to be simulated.
    pub planned_days: f64,
    /// Days that were simulated; fewer where the run was interrupted.
    pub simulated_days: f64,
    /// Days at the start whose figures do not count; zero where all do. Books, notes and the trace
    /// are those of the whole run.
    pub warm_up_days: f64,
    /// Whether the run was cut short.
    pub partial: bool,
    /// Seed of all random streams.
    pub seed: u64,
    /// Which replication under that seed.
    pub replication: u64,
    /// What its money is in.
    pub currency: Currency,
    /// What to know before believing the figures; nothing where there is nothing to be known.
    pub notes: Vec<Note>,
    /// Everything that has figures: the site first. Every run of a design has the same figures in
    /// the same order.
    pub subjects: Vec<Subject>,
    /// The same by month.
    pub months: Vec<Month>,
    /// What money reads of it.
    pub account: Account,
    /// What its contracts come to, where it has any.
    pub bill: Option<Bill>,
    /// The books that must balance.
    pub books: Vec<BookOutcome>,
    /// Events of the site, without those inside workloads.
    pub site_events: u64,
    /// Hash of the site's trajectory: equal runs have equal traces.
    pub trace: String,
}

/// A month of a run.
#[derive(Debug, Clone)]
pub struct Month {
    /// `2026-06`.
    pub name: String,
    /// First instant of it that was simulated, UTC.
    pub start: jiff::Timestamp,
    /// Days of it that were simulated.
    pub days: f64,
    /// What of the figures adds over time, or is made of what adds, in this month.
    pub subjects: Vec<Subject>,
}

/// One of the books that must balance.
#[derive(Debug, Clone)]
pub struct BookOutcome {
    /// The entries.
    pub ledger: Ledger,
    /// Inflow less outflow less stored.
    pub residual: f64,
    /// Largest residual that is accepted, as a share of the turnover.
    pub tolerance: f64,
    /// Whether the residual is accepted.
    pub balanced: bool,
}

/// Something to know before believing the figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The rule that says so: one of [`RULES`](super::RULES).
    pub code: &'static str,
    /// Of what: the name of a hall, a workload, a component; empty for the site.
    pub subject: String,
    /// How much, in `unit`.
    pub value: f64,
    /// The unit of `value`.
    pub unit: &'static str,
    /// In words.
    pub text: String,
}

impl Outcome {
    /// Whether every book balances.
    pub fn balanced(&self) -> bool {
        self.books.iter().all(|book| book.balanced)
    }

    /// All figures, in the order of `summary.json`.
    pub fn figures(&self) -> impl Iterator<Item = Entry<'_>> {
        self.subjects.iter().flat_map(Subject::entries)
    }

    /// The figure that `asked` names: by its address, `halls.gpu-hall.availability`; as people
    /// write it, `availability(gpu-hall)`; or without a subject where the site has it or only one
    /// subject has, `pue`.
    ///
    /// # Errors
    ///
    /// Where there is none, or more than one.
    pub fn figure(&self, asked: &str) -> Result<Entry<'_>, NoFigure> {
        // A figure in euros has no name that ends in dollars.
        if self.currency.key(asked) != asked {
            return Err(NoFigure::Unknown);
        }
        find(&self.subjects, &self.currency.plain(asked))
    }

    /// The value of a figure that is there and defined.
    ///
    /// # Panics
    ///
    /// Where it is not.
    pub fn real(&self, asked: &str) -> f64 {
        let entry = self.figure(asked).unwrap_or_else(|no| panic!("`{asked}`: {no}"));
        entry.value.unwrap_or_else(|| panic!("`{asked}` is not defined in this run"))
    }

    /// The value of a count that is there and defined.
    ///
    /// # Panics
    ///
    /// Where it is not.
    pub fn count(&self, asked: &str) -> u64 {
        self.real(asked) as u64
    }

    /// The site as a whole.
    ///
    /// # Panics
    ///
    /// Never: every outcome has it.
    pub fn site(&self) -> &Subject {
        &self.subjects[0]
    }

    /// The subjects of `kind`.
    pub fn of(&self, kind: SubjectKind) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(move |subject| subject.kind == kind)
    }

    /// Workloads of all kinds.
    pub fn workloads(&self) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(|subject| subject.kind.is_workload())
    }

    /// What is named `name`, whatever it is.
    pub fn named(&self, name: &str) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.name == name)
    }
}
