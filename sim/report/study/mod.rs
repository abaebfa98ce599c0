//! What a study prints and the tables that it leaves.

mod compare;
mod markdown;
mod numbers;
mod plan;
mod questions;
mod sensitivity;
mod sweep;
mod tables;

pub use compare::{Heading, compare, requirements, varied};
pub use markdown::{markdown_answer, markdown_summary};
pub use plan::{Scheduler, script};
pub use questions::{
    search, search_json, selection, selection_json, write_selection, write_trials,
};
pub use sensitivity::{shares, tornado};
pub use tables::{Summary, write_tables};

use crate::study::{Contrast, Declared, Study};

/// A figure that a study shows.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    /// The heading above it: `Energy`, `Hall train-hall`.
    section: String,
    figure: Declared,
}

/// Main figures: the kind of subject that they are of, their heading, their name.
const MAIN: [(&str, &str, &str); 20] = [
    ("site", "Energy", "import"),
    ("site", "Energy", "peak-demand"),
    ("site", "Energy", "shed"),
    ("site", "Energy", "pue"),
    ("site", "Energy", "wue"),
    ("hall", "Hall", "availability"),
    ("hall", "Hall", "outages"),
    ("mining", "Mining", "uptime"),
    ("mining", "Mining", "curtailed-energy"),
    ("training", "Training", "goodput"),
    ("training", "Training", "ettr"),
    ("training", "Training", "wait-mean"),
    ("inference", "Inference", "slo-attainment"),
    ("inference", "Inference", "ttft-p99"),
    ("inference", "Inference", "tpot-p99"),
    ("inference", "Inference", "e2e-p99"),
    ("site", "Money", "revenue"),
    ("site", "Money", "energy-cost"),
    ("site", "Money", "cost-of-energy"),
    ("site", "Money", "margin"),
];

/// The figures to show of `study`, by heading: those that it names, else the main ones of its
/// designs.
fn shown(study: &Study, contrasts: &[Contrast]) -> Vec<Shown> {
    let mut all: Vec<&Declared> = Vec::new();
    for of in contrasts.iter().flat_map(|contrast| &contrast.figures) {
        if !all.iter().any(|known| known.address == of.figure.address) {
            all.push(&of.figure);
        }
    }
    let mut shown: Vec<Shown> = Vec::new();
    if study.figures.is_empty() {
        for (kind, heading, name) in MAIN {
            for figure in all.iter().filter(|figure| figure.kind == kind && figure.name == name) {
                let section = format!("{heading} {}", figure.subject).trim_end().to_owned();
                shown.push(Shown { section, figure: (*figure).clone() });
            }
        }
        // Figures of one subject stand together, in the order in which headings come first.
        let mut headings: Vec<String> = Vec::new();
        for one in &shown {
            if !headings.contains(&one.section) {
                headings.push(one.section.clone());
            }
        }
        shown.sort_by_key(|one| headings.iter().position(|heading| *heading == one.section));
    } else {
        for asked in &study.figures {
            let is_asked =
                |figure: &&&Declared| figure.address == *asked || figure.label() == *asked;
            for figure in all.iter().filter(is_asked) {
                let section = format!("Figures {}", figure.subject).trim_end().to_owned();
                shown.push(Shown { section, figure: (*figure).clone() });
            }
        }
    }
    shown
}
