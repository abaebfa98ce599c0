//! What the time series tells of inference services: requests, tokens and latencies of each
//! interval, for a service and for each of its named classes.

use super::design::{Design, WorkDesign};
use crate::measure::Latency;
use crate::workload::inference::{InferenceInterval, Tally};

/// Columns of a service or a class, behind its name.
const COLUMNS: [&str; 21] = [
    "arrived_per_s",
    "served_per_s",
    "failed_per_s",
    "rejected_per_s",
    "goodput_per_s",
    "slo_attainment",
    "left_out",
    "prompt_tokens_per_s",
    "output_tokens_per_s",
    "ttft_p50_s",
    "ttft_p99_s",
    "ttft_p999_s",
    "tpot_p50_s",
    "tpot_p99_s",
    "tpot_p999_s",
    "tbt_p99_s",
    "tbt_p999_s",
    "e2e_p50_s",
    "e2e_p99_s",
    "e2e_p999_s",
    "queue_p99_s",
];

/// The columns of all services of `design`, in the order of [`row`].
pub(super) fn columns(design: &Design) -> Vec<String> {
    let mut columns = Vec::new();
    for site in &design.works {
        let WorkDesign::Inference { design, .. } = &site.design else { continue };
        columns.extend(COLUMNS.map(|column| format!("{}_{column}", site.name)));
        columns.push(format!("{}_j_per_output_token", site.name));
        for class in design.load.classes.iter().filter(|class| !class.name.is_empty()) {
            columns.extend(COLUMNS.map(|column| format!("{}_{}_{column}", site.name, class.name)));
            columns.push(format!("{}_{}_j_per_output_token", site.name, class.name));
        }
    }
    columns
}

/// Appends the values of a service for an interval of `seconds`. What has no value, such as a
/// latency where nothing was served, is not a number.
pub(super) fn row(interval: &InferenceInterval, seconds: f64, row: &mut Vec<f64>) {
    let mut add = |records: &Tally, energy_j: Option<f64>| {
        row.extend(values(records, seconds));
        let joules = energy_j.filter(|_| records.output_tokens > 0);
        row.push(joules.map_or(f64::NAN, |joules| joules / records.output_tokens as f64));
    };
    add(&interval.records, Some(interval.energy_j));
    for class in &interval.classes {
        add(&class.records, class.energy_j);
    }
}

fn values(tally: &Tally, seconds: f64) -> [f64; COLUMNS.len()] {
    let rate = |count: u64| count as f64 / seconds;
    let quantile = |latency: &Latency, q: f64| latency.quantile_s(q).unwrap_or(f64::NAN);
    [
        rate(tally.arrived),
        rate(tally.served),
        rate(tally.failed),
        rate(tally.rejected),
        if tally.slo.decided() > 0 { rate(tally.slo.kept) } else { f64::NAN },
        tally.slo_attainment().unwrap_or(f64::NAN),
        tally.left_out(),
        rate(tally.prompt_tokens),
        rate(tally.output_tokens),
        quantile(&tally.ttft, 0.5),
        quantile(&tally.ttft, 0.99),
        quantile(&tally.ttft, 0.999),
        quantile(&tally.tpot, 0.5),
        quantile(&tally.tpot, 0.99),
        quantile(&tally.tpot, 0.999),
        quantile(&tally.tbt, 0.99),
        quantile(&tally.tbt, 0.999),
        quantile(&tally.e2e, 0.5),
        quantile(&tally.e2e, 0.99),
        quantile(&tally.e2e, 0.999),
        quantile(&tally.queue, 0.99),
    ]
}
