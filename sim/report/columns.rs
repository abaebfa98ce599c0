//! The page of columns and figures, made from the tables that the program measures by.

use std::fmt::Write as _;

use crate::facility::{Described, RULES, Rule, SubjectKind, described};
use crate::measure::Figure;

const HEAD: &str = "\
# Columns and figures

What the time series and the summary of a run hold. This page is made from the tables by which the
program measures (`sim/facility/figures/`); `UPDATE_REFERENCE=1 cargo test --test main reference`
refreshes it.

A **column** of the time series is the mean over an interval, weighted by time; `_max` before the
unit marks the largest value that held in it. Its name is that of the subject, then the name given
here: `train-hall_live_racks`. Where a component declares several instances (`tower-{1..4}`), they
share a column: their *sum*, their *mean*, or the *warmest* of them, as `join` says.

A **figure** is of the whole run. Its address is its place in `summary.json` with names for indices:
`halls.train-hall.availability`, `workloads.chat.classes.batch.ttft_p99_s`. People write
`availability(train-hall)`: the last part of the name without its unit, `-` or `_` between words,
and the subject in parentheses; without parentheses it is a figure of the site, or of the only
subject that has it. `better` says which of two values is the better one; nothing where that
depends on the question. A figure that *adds* is the sum of its values in any two parts of the
run. A figure that is not defined, such as a latency of no request, is `null`.
";

const KNOW: &str = "
## What to know

The summary begins with what a reader should know before believing its figures; nothing stands there
where there is nothing to be known. `summary.json` has it as `what_to_know.CODE.SUBJECT`, with a
value, its unit and a text.

| code | when | threshold |
|---|---|---|
";

/// `docs/columns.md`.
pub fn columns_page() -> String {
    let mut page = HEAD.to_owned();
    for table in described() {
        let (title, column_prefix, address) = place(table.kind);
        let _ = write!(page, "\n## {title}\n");
        columns(&mut page, &table, column_prefix);
        figures(&mut page, &table, address);
    }
    page.push_str(KNOW);
    for Rule { code, when, threshold } in RULES {
        let _ = writeln!(page, "| `{code}` | {when} | {threshold} |");
    }
    page
}

/// Its heading, what precedes the names of its columns, and where its figures are.
fn place(kind: SubjectKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        SubjectKind::Site => ("The site", "", ""),
        SubjectKind::Losses => ("Losses of the power chain", "loss_KIND_", "losses.KIND."),
        SubjectKind::Loop => ("A cooling loop", "LOOP_", "cooling.LOOP."),
        SubjectKind::Exchanger => {
            ("An exchanger between racks and a loop", "EXCHANGER_", "cooling.EXCHANGER.")
        }
        SubjectKind::Array => ("A photovoltaic array", "ARRAY_", "solar.ARRAY."),
        SubjectKind::Transformer => (
            "A transformer whose hot spot is followed",
            "TRANSFORMER_",
            "transformers.TRANSFORMER.",
        ),
        SubjectKind::Storage => ("A battery system", "BATTERY_", "storage.BATTERY."),
        SubjectKind::Hall => ("A hall of racks", "HALL_", "halls.HALL."),
        SubjectKind::Mining => ("A mining workload", "WORKLOAD_", "workloads.WORKLOAD."),
        SubjectKind::Training => ("A training workload", "WORKLOAD_", "workloads.WORKLOAD."),
        SubjectKind::Cores => {
            ("A workload of jobs on CPU racks", "WORKLOAD_", "workloads.WORKLOAD.")
        }
        SubjectKind::Inference => ("An inference workload", "WORKLOAD_", "workloads.WORKLOAD."),
        SubjectKind::HeatLoad => ("A heat load", "WORKLOAD_", "workloads.WORKLOAD."),
        SubjectKind::Class => {
            ("A class of requests", "WORKLOAD_CLASS_", "workloads.WORKLOAD.classes.CLASS.")
        }
        SubjectKind::Cause => {
            ("A cause of failures", "", "workloads.WORKLOAD.failure_causes.CAUSE.")
        }
        SubjectKind::Component => ("What can fail", "", "components.COMPONENT."),
        SubjectKind::Contract => ("A contract", "", "contracts.CONTRACT."),
        SubjectKind::Programme => ("A grid programme", "PROGRAMME_", "programmes.PROGRAMME."),
    }
}

fn columns(page: &mut String, table: &Described, prefix: &str) {
    if table.columns.is_empty() {
        return;
    }
    page.push_str("\n| column | unit | join | what |\n|---|---|---|---|\n");
    for (name, unit, join, doc) in &table.columns {
        let _ = writeln!(page, "| `{prefix}{name}` | {unit} | {join} | {doc} |");
    }
}

fn figures(page: &mut String, table: &Described, address: &str) {
    page.push_str("\n| figure | unit | better | adds | what |\n|---|---|---|---|---|\n");
    for figure in &table.figures {
        let Figure { scale, better, adds, doc, .. } = figure;
        let (key, unit, better) = (figure.key(), scale.symbol, better.name());
        let adds = if *adds { "yes" } else { "" };
        let _ = writeln!(page, "| `{address}{key}` | {unit} | {better} | {adds} | {doc} |");
    }
}
