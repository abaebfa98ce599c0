//! `failures`: nodes that fail and are repaired, and what befalls their site, held against what operators
//! recorded.
//!
//! Laws are fitted by moments to one part of a record. A figure of the rest is met where it lies among the
//! middle 95 % of runs of the model; the band about it is as wide, and wider by a root of two, as what was
//! fitted to scatters as much as what is held.

mod fleet;
mod law;
mod record;
mod site;

use std::path::Path;

use loadbank::workload::training::{FailureDesign, NodeFailureSpec};

use crate::cooling::table::{Band, Table};
use crate::data::{mean, print, quantile};
use law::Fitted;
use record::{Figure, Record};

/// Runs of each record.
const RUNS: u64 = 100;

/// In LANL's clusters every so manyeth node has work of its own, and fails five times as often as the others.
const LEADS: usize = 32;

/// Prints the table.
pub(crate) fn run(data: &Path) -> Result<(), String> {
    let data = data.join("measured");
    if !data.is_dir() {
        print("skipped: no data");
        return Ok(());
    }
    let mut table = Table::default();
    table.head();
    let servers = Record::infinitehbd(&data)?;
    held_out(&mut table, "I", &servers);
    entry(&mut table, "I", &servers, "infinitehbd-training")?;
    defaults(&mut table, &servers);
    for system in ["18", "19", "20"] {
        let (id, record) = (format!("L{system}"), Record::lanl(&data, system)?);
        held_out(&mut table, &id, &record);
        let alike = record.of_nodes(|node| node % LEADS != 0);
        let [fitted, held] = [0, 1].map(|part| alike.of_nodes(|node| node % 2 == part));
        let figures = [Figure::SpreadOfNodes, Figure::WorstTenth, Figure::WorstOfBefore];
        rows(&mut table, &id, "without each 32nd", (&fitted, &held), &figures);
        if system != "20" {
            entry(&mut table, &id, &record, "lanl-cluster")?;
        }
    }
    site::events(&mut table, &data)?;
    site::gpus(&mut table, &data)?;
    table.foot();
    print("\nnot reproduced, and why");
    for what in site::left_out(&data)? {
        print(&format!("  {what}"));
    }
    Ok(())
}

/// Fits the laws to every other node of `record`, and holds runs against the rest; then the same with its
/// halves in time, between which a fleet changes.
fn held_out(table: &mut Table, id: &str, record: &Record) {
    // Of each run of so many the numbers change sides, so that the first of them are on both.
    let part = |node: usize| (node + node / LEADS) % 2;
    let [fitted, held] = [0, 1].map(|of| record.of_nodes(|node| part(node) == of));
    rows(table, id, "other nodes", (&fitted, &held), &Figure::ALL);
    let halves = record.halves();
    let figures = [Figure::PerNodeYear, Figure::HoursMedian, Figure::HoursMean, Figure::BackInADay];
    rows(table, id, "second half", (&halves[0], &halves[1]), &figures);
}

/// An entry of the catalogue, whose values come from `record` itself: no prediction.
fn entry(table: &mut Table, id: &str, record: &Record, name: &str) -> Result<(), String> {
    print(&format!(
        "    all, {} over {:.0} days: {}",
        record.nodes,
        record.days,
        Fitted::to(record)
    ));
    judge(table, id, name, record, &fleet::entry(name)?, &Figure::ALL);
    Ok(())
}

/// What a scenario gets that says nothing of failures.
fn defaults(table: &mut Table, servers: &Record) {
    let failures = fleet::written(NodeFailureSpec::default());
    let figures = [Figure::PerNodeYear, Figure::HoursMean, Figure::ShareOut, Figure::SpreadOfNodes];
    judge(table, "I", "defaults", servers, &failures, &figures);
}

/// Rows of figures of the record `held` by the laws of another.
fn rows(
    table: &mut Table,
    id: &str,
    of: &str,
    (fitted, held): (&Record, &Record),
    figures: &[Figure],
) {
    let law = Fitted::to(fitted);
    print(&format!("    {of}, {} over {:.0} days: {law}", held.nodes, held.days));
    judge(table, id, of, held, &fleet::written(law.spec()), figures);
}

/// Rows of figures of a record beside runs of as many nodes and days.
fn judge(
    table: &mut Table,
    id: &str,
    of: &str,
    record: &Record,
    failures: &FailureDesign,
    figures: &[Figure],
) {
    let run = |run| fleet::run(record.nodes, record.days, failures, run);
    let runs: Vec<Record> = (0..RUNS).map(run).collect();
    for &figure in figures {
        let measured = figure.of(record);
        let mut ours: Vec<f64> = runs.iter().map(|run| figure.of(run)).collect();
        ours.sort_by(f64::total_cmp);
        let middle = mean(ours.iter().copied());
        let wide = std::f64::consts::SQRT_2;
        let (below, above) = (middle - quantile(&ours, 0.025), quantile(&ours, 0.975) - middle);
        let band = Band::Range(measured - wide * above, measured + wide * below);
        let what = format!("{of}: {}", figure.name());
        table.row_or(id, &what, (measured, middle), band, reason(of, figure));
    }
}

/// Why a figure would be missed.
fn reason(of: &str, figure: Figure) -> &'static str {
    match figure {
        _ if of == "defaults" => {
            "the defaults of repair are assumptions, and the record counts until a node is given back, \
             staff and parts waited for; `infinitehbd-training` has its laws"
        }
        Figure::SpreadOfWeeks => {
            "faults come in campaigns of tests, batches and seasons; the model's know nothing of each other"
        }
        Figure::BackInADay | Figure::PerNodeYear if of == "second half" => {
            "a fleet changes within years, and the model's does not"
        }
        _ if of == "second half" => "repairs became faster, and the model's do not",
        Figure::HoursMedian | Figure::HoursMean | Figure::HoursP90 | Figure::HoursP99 => {
            "one lognormal law, of the mean and median of the fitted nodes, for all kinds of repair"
        }
        Figure::ShareOut | Figure::OutP90 => "as of hours out of service and counts of weeks",
        Figure::BackInADay => {
            "the deviation of times to a relapse is chosen, and lemons come back by their rate"
        }
        Figure::PerNodeYear | Figure::SpreadOfNodes | Figure::WorstOfBefore => {
            "a few nodes have much of the faults, and which part of the record they are in is luck"
        }
        Figure::WorstPercent | Figure::WorstTwentieth | Figure::WorstTenth => {
            "two kinds of nodes, lemons and others, stand for more"
        }
    }
}
