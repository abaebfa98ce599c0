//! `failures`: nodes that fail and are repaired, and what befalls their site, held against what operators
//! recorded.
//!
//! Laws are fitted by moments to one part of a record. A figure of the rest is met where it lies among the
//! middle 95 % of runs of the model; the band about it is as wide, and wider by a root of two, as what was
//! fitted to scatters as much as what is held. Laws of the whole record, which are no prediction, and those
//! that owe it nothing have tables of their own, without that root.

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

/// The first node of each has more than twice the faults of the next, and stands on neither side.
const APART: usize = 0;

/// A record and what it is called here.
struct Named {
    id: String,
    record: Record,
    /// Its entry of the catalogue.
    entry: Option<&'static str>,
}

impl Named {
    fn is_lanl(&self) -> bool {
        self.id.starts_with('L')
    }
}

/// Prints the tables.
pub(crate) fn run(data: &Path) -> Result<(), String> {
    let data = data.join("measured");
    if !data.is_dir() {
        print("skipped: no data");
        return Ok(());
    }
    let servers = Record::infinitehbd(&data)?;
    let mut records =
        vec![Named { id: "I".to_owned(), record: servers, entry: Some("infinitehbd-training") }];
    for (system, entry) in
        [("18", Some("lanl-cluster")), ("19", Some("lanl-cluster")), ("20", None)]
    {
        let record = Record::lanl(&data, system)?;
        records.push(Named { id: format!("L{system}"), record, entry });
    }
    titled("held out: fitted to a part of a record, held against another", |table| {
        records.iter().for_each(|named| held_out(table, named));
        Ok(())
    })?;
    titled("own data: fitted to what they are held against, no prediction", |table| {
        for Named { id, record, entry } in &records {
            if let Some(entry) = entry {
                of_entry(table, id, record, entry)?;
            }
        }
        site::own(table, &data)
    })?;
    titled("defaults: of other sites", |table| {
        defaults(table, &records[0].record);
        site::events(table, &data)?;
        site::gpus(table, &data)
    })?;
    print("\nnot reproduced, and why");
    for what in site::left_out(&data)? {
        print(&format!("  {what}"));
    }
    Ok(())
}

/// A table and what is the same of all its rows.
fn titled(title: &str, rows: impl FnOnce(&mut Table) -> Result<(), String>) -> Result<(), String> {
    let mut table = Table::default();
    print(&format!("\n{title}"));
    table.head();
    rows(&mut table)?;
    table.foot();
    Ok(())
}

/// Fits the laws to every other node of a record, and holds runs against the rest, either way; then the same
/// with its halves in time, between which a fleet changes.
fn held_out(table: &mut Table, named: &Named) {
    let Named { id, record, .. } = named;
    let is_lanl = named.is_lanl();
    let is_kept = move |node: usize| !is_lanl || node != APART;
    if is_lanl {
        apart(record);
    }
    // Of each run of so many the numbers change sides, so that the first of them are on both.
    let sides =
        [0, 1].map(|of| record.of_nodes(|node| is_kept(node) && (node + node / LEADS) % 2 == of));
    both_ways(table, id, "nodes", &sides, &Figure::ALL);
    let halves = record.of_nodes(is_kept).halves();
    let figures = [Figure::PerNodeYear, Figure::HoursMedian, Figure::HoursMean, Figure::BackInADay];
    rows(table, id, "second half", (&halves[0], &halves[1]), &figures);
    if is_lanl {
        let sides = [0, 1].map(|of| record.of_nodes(|node| node % LEADS != 0 && node % 2 == of));
        let figures = [Figure::SpreadOfNodes, Figure::WorstTenth, Figure::WorstOfBefore];
        both_ways(table, id, "alike", &sides, &figures);
    }
}

/// Says what stands on neither side.
fn apart(record: &Record) {
    let counts = record.counts();
    let next = counts.iter().skip(APART + 1).copied().fold(0.0, f64::max);
    print(&format!(
        "    node {APART} stands apart, with {} faults where the next has {next}",
        counts[APART]
    ));
}

/// Rows of each of two sides of a record by the laws of the other.
fn both_ways(table: &mut Table, id: &str, of: &str, [a, b]: &[Record; 2], figures: &[Figure]) {
    rows(table, id, &format!("{of} B by A"), (a, b), figures);
    rows(table, id, &format!("{of} A by B"), (b, a), figures);
}

/// An entry of the catalogue, whose values come from `record` itself.
fn of_entry(table: &mut Table, id: &str, record: &Record, name: &str) -> Result<(), String> {
    print(&format!(
        "    all, {} over {:.0} days: {}",
        record.nodes,
        record.days,
        Fitted::to(record)
    ));
    judge(table, (id, name), record, (&fleet::entry(name)?, 1.0), &Figure::ALL);
    Ok(())
}

/// What a scenario gets that says nothing of failures.
fn defaults(table: &mut Table, servers: &Record) {
    let failures = fleet::written(NodeFailureSpec::default());
    let figures = [Figure::PerNodeYear, Figure::HoursMean, Figure::ShareOut, Figure::SpreadOfNodes];
    judge(table, ("I", "defaults"), servers, (&failures, 1.0), &figures);
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
    let failures = fleet::written(law.spec());
    judge(table, (id, of), held, (&failures, std::f64::consts::SQRT_2), figures);
}

/// Rows of figures of a record beside runs of as many nodes and days, in a band that is so much wider than
/// what those scatter.
fn judge(
    table: &mut Table,
    (id, of): (&str, &str),
    record: &Record,
    (failures, wider): (&FailureDesign, f64),
    figures: &[Figure],
) {
    let run = |run| fleet::run(record.nodes, record.days, failures, run);
    let runs: Vec<Record> = (0..RUNS).map(run).collect();
    for &figure in figures {
        let measured = figure.of(record);
        let mut ours: Vec<f64> = runs.iter().map(|run| figure.of(run)).collect();
        ours.sort_by(f64::total_cmp);
        let middle = mean(ours.iter().copied());
        let (below, above) = (middle - quantile(&ours, 0.025), quantile(&ours, 0.975) - middle);
        // Runs that are all the same leave a band as narrow as a mean is rounded.
        let rounding = 1e-9 * measured.abs();
        let band =
            Band::Range(measured - wider * above - rounding, measured + wider * below + rounding);
        let what = format!("{of}: {}", figure.name());
        table.row_or(id, &what, (measured, middle), band, reason(id, of, figure));
    }
}

/// Why a figure is missed that is known to be; none of others, so that a new one is told as not understood.
fn reason(id: &str, of: &str, figure: Figure) -> &'static str {
    match (id, of, figure) {
        ("I", "defaults", Figure::HoursMean | Figure::ShareOut) => {
            "the defaults of repair are assumptions, and the record counts until a node is given back, \
             staff and parts waited for; `infinitehbd-training` has its laws"
        }
        ("I", "defaults", Figure::SpreadOfNodes) => "the defaults have neither lemons nor relapses",
        (_, "defaults", _) => "",
        (_, _, Figure::SpreadOfWeeks) => {
            "faults come in campaigns of tests, batches and seasons; the model's know nothing of each other"
        }
        ("L20", "second half", Figure::PerNodeYear) | (_, "second half", Figure::BackInADay) => {
            "a fleet changes within years, and the model's does not"
        }
        ("I" | "L18" | "L20", "second half", Figure::HoursMedian)
        | ("L18" | "L20", "second half", Figure::HoursMean) => {
            "repairs became faster, and the model's do not"
        }
        ("L18" | "L19" | "L20", _, Figure::HoursP90) => {
            "no lognormal law has the median, p90 and p99 of these repairs; this one has their mean and median"
        }
        ("I", "nodes B by A" | "nodes A by B" | "infinitehbd-training", Figure::OutP90) => {
            "campaigns take many nodes out at once, as counts of weeks tell"
        }
        ("L18" | "L19", "lanl-cluster", Figure::SpreadOfNodes | Figure::WorstPercent) => {
            "node 0 alone has 116 and 119 faults, some three times those of the next; no kind of node stands for it"
        }
        (
            "L18" | "L19",
            "alike B by A" | "alike A by B",
            Figure::SpreadOfNodes | Figure::WorstTenth,
        ) => {
            "the rates of nodes that are alike differ by some 0.5, for which two kinds were not found"
        }
        _ => "",
    }
}
