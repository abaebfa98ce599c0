//! What a study computes: cases, each a design at a point, and replications of each.

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::decide::{Requirement, Rule};
use super::points::{Parameter, Point, Sampling};
use super::prepared::Prepared;
use crate::kernel::Span;

/// A design of a study.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its name in the study.
    pub name: String,
    /// Its scenario.
    pub file: PathBuf,
    /// Changes to the scenario, as `--set` takes them, in order.
    pub sets: Vec<String>,
    /// SHA-256 over the effective scenario with these changes and the files that it reads.
    pub hash: String,
    /// Simulated days of a replication.
    pub days: f64,
    /// Time of them before figures count, which ends with an interval of the time series.
    pub warm_up: Span,
    /// Seed of all random streams.
    pub seed: u64,
    /// The longest declared mean repair of a component that can fail, h; zero where none can.
    pub repair_h: f64,
    /// The effective scenario, as YAML.
    pub effective_yaml: String,
    /// The scenario as it was read.
    pub prepared: Arc<Prepared>,
}

impl Arm {
    /// Days of a replication over which its figures count.
    pub fn observed_days(&self) -> f64 {
        self.days - self.warm_up.as_secs_f64() / 86_400.0
    }
}

/// A search for the largest value that still meets its requirements.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What is searched for.
    pub name: String,
    /// The values, from the least to the most demanding.
    pub parameter: Parameter,
    /// What must hold in a share of the replications.
    pub requirement: Requirement,
    /// Probability that the answer is right: 0.95.
    pub confidence: f64,
    /// Replications at the first look at a value.
    pub at_least: u64,
    /// Replications at the last.
    pub at_most: u64,
}

/// A choice of the best case by one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Address of the figure.
    pub figure: String,
    /// Whether the highest mean is the best; else the lowest.
    pub highest: bool,
    /// How the choice is made.
    pub rule: SelectionRule,
    /// Replications of every case before the first look.
    pub at_least: usize,
}

/// How a choice is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SelectionRule {
    /// Cases are screened out until one is left (KN++).
    Difference {
        /// The smallest difference worth finding, in the unit of the figure.
        difference: f64,
        /// Probability that the choice is within that difference of the best: 0.95.
        confidence: f64,
        /// Most replications of a case; beyond it those that are left are not resolved.
        at_most: usize,
    },
    /// So many replications in all are spent where the doubt is (OCBA).
    Budget(usize),
}

/// A study, read and resolved.
#[derive(Debug, Clone)]
pub struct Study {
    /// Short name.
    pub name: String,
    /// The designs.
    pub arms: Vec<Arm>,
    /// The design that the others are compared with, by index.
    pub baseline: usize,
    /// What is varied.
    pub parameters: Vec<Parameter>,
    /// How points are taken.
    pub sampling: Sampling,
    /// The points. A study that varies nothing has one, without settings.
    pub points: Vec<Point>,
    /// How many replications.
    pub rule: Rule,
    /// What the designs must meet.
    pub requirements: Vec<Requirement>,
    /// The figures to show, by label or address; all main ones where empty.
    pub figures: Vec<String>,
    /// What is searched for, in place of points.
    pub search: Option<Search>,
    /// The choice of the best case, in place of equal replications of all.
    pub selection: Option<Selection>,
    /// The study with its bases and edits, as YAML.
    pub effective_yaml: String,
}

/// A design at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its design.
    pub arm: usize,
    /// Its point.
    pub point: usize,
    /// Changes to the scenario of the design.
    pub sets: Vec<String>,
    /// Time before figures count.
    pub warm_up: Span,
    /// Names what is simulated: version, design with its files, settings. Equal for two cases
    /// exactly where they simulate the same.
    pub key: String,
}

impl Study {
    /// All cases, designs within points.
    pub fn cases(&self) -> Vec<Case> {
        let points = self.points.iter().enumerate();
        points
            .flat_map(|(index, point)| {
                (0..self.arms.len()).map(move |arm| {
                    self.case(arm, index, &point.settings_for(arm, &self.parameters))
                })
            })
            .collect()
    }

    /// The case of the search that sets its parameter to value `index` in its first design.
    pub fn probe(&self, search: &Search, index: usize) -> Case {
        let value = &search.parameter.values[index];
        let set = format!("{}={}", search.parameter.path, value.text);
        self.case(0, index, &[set])
    }

    /// Everything that may be run: the values of a search, or all cases.
    pub fn candidates(&self) -> Vec<Case> {
        match &self.search {
            Some(search) => {
                (0..search.parameter.values.len()).map(|index| self.probe(search, index)).collect()
            }
            None => self.cases(),
        }
    }

    /// The most runs that it may take.
    pub fn most_runs(&self) -> usize {
        let cases = self.points.len() * self.arms.len();
        match (&self.search, &self.selection) {
            (Some(search), _) => {
                let values = search.parameter.values.len();
                // Two bisections, which share what they have in common.
                let probes = 2 * ((values + 1) as f64).log2().ceil() as usize;
                probes.min(values) * search.at_most as usize
            }
            (None, Some(selection)) => match selection.rule {
                SelectionRule::Budget(budget) => budget,
                SelectionRule::Difference { at_most, .. } => cases * at_most,
            },
            (None, None) => cases * self.rule.at_most,
        }
    }

    fn case(&self, arm: usize, point: usize, settings: &[String]) -> Case {
        let design = &self.arms[arm];
        let mut hash = Sha256::new();
        for part in [env!("CARGO_PKG_VERSION"), &design.hash] {
            hash.update(part);
            hash.update([0]);
        }
        for setting in settings {
            hash.update(setting);
            hash.update([0]);
        }
        if design.warm_up > Span::ZERO {
            hash.update(format!("warm_up {}", design.warm_up.as_nanos()));
        }
        let sets = design.sets.iter().chain(settings).cloned().collect();
        Case { arm, point, sets, warm_up: design.warm_up, key: hex(&hash.finalize(), 16) }
    }

    /// Twelve digits that name the designs and what is varied, but not how often or at which
    /// values, so that a study that grows keeps its folder and what is in it.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for arm in &self.arms {
            hash.update(&arm.name);
            hash.update(&arm.hash);
            if arm.warm_up > Span::ZERO {
                hash.update(format!("warm_up {}", arm.warm_up.as_nanos()));
            }
        }
        let searched = self.search.iter().map(|search| &search.parameter);
        for parameter in self.parameters.iter().chain(searched) {
            hash.update(&parameter.path);
        }
        hex(&hash.finalize(), 6)
    }

    /// The name of its folder.
    pub fn folder_name(&self) -> String {
        format!("{}-{}", self.name, self.hash())
    }
}

impl Point {
    /// What it sets in design `arm`, as `--set` takes it.
    fn settings_for(&self, arm: usize, parameters: &[Parameter]) -> Vec<String> {
        let pairs = parameters.iter().zip(&self.settings);
        pairs
            .filter(|(parameter, _)| parameter.arms.contains(&arm))
            .filter_map(|(parameter, setting)| {
                Some(format!("{}={}", parameter.path, setting.as_ref()?.text))
            })
            .collect()
    }
}

/// The first `bytes` of a digest in hexadecimal.
fn hex(digest: &[u8], bytes: usize) -> String {
    digest[..bytes].iter().map(|byte| format!("{byte:02x}")).collect()
}
