//! Figures of an outcome: by subject, by address, by the name that people use.

use std::fmt;

use crate::measure::{Figure, Row};

use super::Derived;

/// What a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// The site as a whole.
    Site,
    /// Losses in all components of the power chain of one kind.
    Losses,
    /// A declared cooling loop, all its instances together.
    Loop,
    /// A declared exchanger between racks and a loop, all its instances together.
    Exchanger,
    /// A declared battery system, all its instances together.
    Storage,
    /// A declared photovoltaic array, all its instances together.
    Array,
    /// A declared transformer whose hot spot is followed, all its instances together.
    Transformer,
    /// A hall of racks.
    Hall,
    /// A mining workload.
    Mining,
    /// A training workload.
    Training,
    /// A workload of jobs on CPU racks.
    Cores,
    /// An inference workload.
    Inference,
    /// A heat load in place of a workload.
    HeatLoad,
    /// A class of requests of an inference workload.
    Class,
    /// A cause of failures of a training workload.
    Cause,
    /// A declared component of the power chain, or the units of a cooling component, that can
    /// fail.
    Component,
    /// A contract that the site buys under.
    Contract,
    /// A grid programme.
    Programme,
}

impl SubjectKind {
    /// Every kind, in the order of `summary.json`.
    pub const ALL: [Self; 18] = [
        Self::Site,
        Self::Losses,
        Self::Loop,
        Self::Exchanger,
        Self::Storage,
        Self::Array,
        Self::Transformer,
        Self::Hall,
        Self::Mining,
        Self::Training,
        Self::Cores,
        Self::Inference,
        Self::HeatLoad,
        Self::Class,
        Self::Cause,
        Self::Component,
        Self::Contract,
        Self::Programme,
    ];

    /// Whether it is a workload, of whatever kind.
    pub fn is_workload(self) -> bool {
        self.has_jobs() || matches!(self, Self::Mining | Self::Inference | Self::HeatLoad)
    }

    /// Whether it is a workload of jobs.
    pub fn has_jobs(self) -> bool {
        matches!(self, Self::Training | Self::Cores)
    }

    /// Whether it carries heat away.
    pub fn is_cooling(self) -> bool {
        matches!(self, Self::Loop | Self::Exchanger)
    }

    /// Whether whatever makes it read otherwise marks it. Requests come and go unseen.
    pub(in crate::facility) fn is_marked(self) -> bool {
        let is_seen = self.is_workload() && self != Self::Inference;
        self.is_cooling() || is_seen || matches!(self, Self::Losses | Self::Hall)
    }
}

/// Something that figures are of, and its figures.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its name: that in the scenario, `SERVICE/CLASS` and `WORKLOAD/CAUSE` for what belongs to a
    /// workload, empty for the site.
    pub name: String,
    /// Where `summary.json` has it: `halls`, `gpu-hall`; empty for the site.
    pub path: Vec<String>,
    /// What is no number: its key and what it says.
    pub facts: Vec<(&'static str, Fact)>,
    /// Its figures in the order of their tables.
    pub values: Vec<Value>,
}

/// What `summary.json` says of a subject that is no number.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Fact {
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// A figure of a subject.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    /// Its declaration.
    pub figure: &'static Figure,
    /// Its value in its unit; none where it is not defined, such as a latency of no request.
    pub value: Option<f64>,
}

/// A figure of an outcome.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// What it is of.
    pub subject: &'a Subject,
    /// Its declaration.
    pub figure: &'static Figure,
    /// Its value in its unit; none where it is not defined.
    pub value: Option<f64>,
}

impl Entry<'_> {
    /// Where `summary.json` has it: `halls.gpu-hall.availability`. Stable: no index is part of it.
    pub fn address(&self) -> String {
        let mut address = self.subject.path.join(".");
        if !address.is_empty() {
            address.push('.');
        }
        address + &self.figure.key()
    }

    /// As people write it: `availability(gpu-hall)`, `import`.
    pub fn label(&self) -> String {
        let (name, subject) = (self.figure.short(), &self.subject.name);
        if subject.is_empty() { name } else { format!("{name}({subject})") }
    }
}

impl Subject {
    /// A subject without figures.
    pub(super) fn new(kind: SubjectKind, path: Vec<String>, name: String) -> Self {
        Self { kind, name, path, facts: Vec::new(), values: Vec::new() }
    }

    /// The figure whose place under this subject is `key`: `heat_mwh`, `water.withdrawal_m3`; none
    /// where the subject has none of that key, or it is not defined.
    pub fn get(&self, key: &str) -> Option<f64> {
        self.values.iter().find(|value| value.figure.has_key(key))?.value
    }

    /// The same where there is no doubt that it has one.
    ///
    /// # Panics
    ///
    /// With the keys that there are, where it has none.
    pub fn real(&self, key: &str) -> f64 {
        self.get(key).unwrap_or_else(|| {
            let keys: Vec<String> = self.values.iter().map(|value| value.figure.key()).collect();
            panic!("`{}` has no figure `{key}`, but {}", self.name, keys.join(", "))
        })
    }

    /// The same for a count.
    ///
    /// # Panics
    ///
    /// As [`real`](Self::real).
    pub fn count(&self, key: &str) -> u64 {
        self.real(key) as u64
    }

    pub(super) fn read<S: 'static>(&mut self, table: &'static [Row<S>], from: &S) {
        for row in table {
            self.push(&row.figure, (row.read)(from));
        }
    }

    pub(super) fn derive(&mut self, table: &'static [Derived]) {
        for derived in table {
            let value = (derived.of)(&|key| self.get(key));
            self.push(&derived.figure, value);
        }
    }

    /// Adds to the figure whose place is `key`, where it is defined.
    ///
    /// # Panics
    ///
    /// Where it has none of that key.
    pub(in crate::facility) fn move_by(&mut self, key: &str, by: f64) {
        let value = self.values.iter_mut().find(|value| value.figure.key() == key);
        let value = &mut value.unwrap_or_else(|| panic!("there is no figure `{key}`")).value;
        *value = value.map(|value| value + by);
    }

    pub(in crate::facility) fn push(&mut self, figure: &'static Figure, value: Option<f64>) {
        // What is not a number is not defined; a sum of nothing is `-0.0`.
        let value = value.filter(|value| value.is_finite()).map(|value| value + 0.0);
        self.values.push(Value { figure, value });
    }

    /// Its figures.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.values.iter().map(move |value| Entry {
            subject: self,
            figure: value.figure,
            value: value.value,
        })
    }
}

/// The figure that `asked` names among those of `subjects`: by its address, or as
/// `FIGURE(SUBJECT)`, or as `FIGURE` where it is one of the site or only one subject has it.
pub(in crate::facility) fn find<'a>(
    subjects: &'a [Subject],
    asked: &str,
) -> Result<Entry<'a>, NoFigure> {
    let all = || subjects.iter().flat_map(Subject::entries);
    if let Some(entry) = all().find(|entry| entry.address() == asked) {
        return Ok(entry);
    }
    let (name, of) = match asked.strip_suffix(')').and_then(|inner| inner.split_once('(')) {
        Some((name, of)) => (name.trim(), Some(of.trim())),
        None => (asked, None),
    };
    let mine = |entry: &Entry<'_>| of.is_none_or(|of| entry.subject.name == of);
    let mut named: Vec<Entry<'a>> = all().filter(mine).filter(|it| it.figure.is(name)).collect();
    if named.is_empty() {
        named = all().filter(mine).filter(|it| it.figure.ends_with(name)).collect();
    }
    if of.is_none() && named.iter().any(|entry| entry.subject.kind == SubjectKind::Site) {
        named.retain(|entry| entry.subject.kind == SubjectKind::Site);
    }
    match named.as_slice() {
        [] => Err(NoFigure::Unknown),
        [entry] => Ok(*entry),
        several => Err(NoFigure::Several(several.iter().map(Entry::address).collect())),
    }
}

/// Why a text names no figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFigure {
    /// No subject has a figure of this name, or not the one that is named.
    Unknown,
    /// Several have: their addresses.
    Several(Vec<String>),
}

impl fmt::Display for NoFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "there is no such figure"),
            Self::Several(addresses) => write!(f, "it may be {}", addresses.join(", ")),
        }
    }
}

impl std::error::Error for NoFigure {}
