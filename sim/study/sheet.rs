//! The figures of a design, as a study keeps them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::facility::{Outcome, SubjectKind};
use crate::measure::Better;

/// A figure of a design.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Where `summary.json` has it: `halls.gpu-hall.availability`.
    pub address: String,
    /// Its name without subject and unit: `availability`.
    pub name: String,
    /// What it is of: `gpu-hall`; empty for the site.
    pub subject: String,
    /// What sort of thing that is: `site`, `hall`, `mining`, `training`, `inference`, `cooling` or
    /// `other`.
    pub kind: String,
    /// Its unit; empty for ratios, `share` for shares from 0 to 1.
    pub unit: String,
    /// Which of two values is better: `higher`, `lower` or empty.
    pub better: String,
}

impl Declared {
    /// As people write it: `availability(gpu-hall)`.
    pub fn label(&self) -> String {
        if self.subject.is_empty() {
            self.name.clone()
        } else {
            format!("{}({})", self.name, self.subject)
        }
    }

    /// Whether it is a share from 0 to 1, which people write in per cent.
    pub fn is_share(&self) -> bool {
        self.unit == "share"
    }

    /// Which of two values is better.
    pub fn better(&self) -> Better {
        [Better::Higher, Better::Lower]
            .into_iter()
            .find(|better| better.name() == self.better)
            .unwrap_or(Better::Neither)
    }
}

/// All figures of a design, in the order of `summary.json`. Every replication has them all.
pub type Sheet = Arc<[Arc<Declared>]>;

/// The figures that `outcome` has, and their values in the same order; none where a figure is
/// not defined, such as a latency of no request.
pub(super) fn of(outcome: &Outcome) -> (Vec<Declared>, Vec<Option<f64>>) {
    let currency = outcome.currency;
    let declared = outcome.figures().map(|entry| Declared {
        address: currency.key(&entry.address()).into_owned(),
        name: entry.figure.short(),
        subject: entry.subject.name.clone(),
        kind: kind_of(entry.subject.kind).to_owned(),
        unit: currency.tell(entry.figure.scale.symbol).into_owned(),
        better: entry.figure.better.name().to_owned(),
    });
    (declared.collect(), values(outcome))
}

/// The values of the figures of `outcome`.
pub(super) fn values(outcome: &Outcome) -> Vec<Option<f64>> {
    outcome.figures().map(|entry| entry.value.filter(|value| value.is_finite())).collect()
}

fn kind_of(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Site => "site",
        SubjectKind::Hall => "hall",
        SubjectKind::Mining => "mining",
        SubjectKind::Training | SubjectKind::Cores => "training",
        SubjectKind::Inference => "inference",
        kind if kind.is_cooling() => "cooling",
        _ => "other",
    }
}
