//! The Azure conversation trace of November 2023 on four replicas, for other simulators to be
//! held against; and what a separately written loop over every iteration counted on it.

use std::path::Path;
use std::sync::Arc;

use loadbank::kernel::{Span, Streams, Time};
use loadbank::measure::Latency;
use loadbank::workload::inference::load::{
    ClassDesign, LoadDesign, TraceDesign, TraceFormat, TraceReader, TraceReport, TraceRow,
};
use loadbank::workload::inference::replica::Stride;
use loadbank::workload::inference::step::{DecodeDesign, DraftDesign, Overheads, StepDesign};
use loadbank::workload::inference::{InferenceSummary, Service, ServiceDesign};

use super::fits::TOKENS;
use super::profile::Profile;
use super::{head, twin, verdict};
use crate::data::{self, print};

/// Prints percentiles and counts; returns how many targets are missed.
pub(super) fn run(folder: &Path) -> Result<u32, String> {
    let mut missed = 0;
    let conversation = read(&folder.join("inference/AzureLLMInferenceTrace_conv.csv.gz"))?;
    let code = read(&folder.join("inference/AzureLLMInferenceTrace_code.csv.gz"))?;
    let catalogue = validation::azure_conversation()?;
    let mut affine = catalogue.clone();
    affine.pools[0].steps = affine_law(&Profile::read(folder)?);
    let limits = &catalogue.pools[0].limits;
    head(&format!(
        "Azure conversation trace, {} requests: 4 replicas of CodeLlama-34B on 2 A100s, round \
         robin,\nchunk {}, at most {} sequences; milliseconds",
        conversation.len(),
        limits.chunk,
        limits.sequences,
    ));
    for (name, design) in [
        ("the catalogue's table of the profile, communication included", &catalogue),
        ("29.41 + 0.0697 B + 6.61e-5 K ms, linear operators as profiled", &affine),
    ] {
        let summary = play(design, &conversation);
        print(&format!("\n  step law: {name}"));
        percentiles(&summary);
    }
    let first_ns = conversation[0].at_ns;
    let seconds = |ns: u64| (ns - first_ns) as f64 * 1e-9;
    let sent: Vec<twin::Sent> =
        conversation.iter().map(|row| (seconds(row.at_ns), row.prompt, row.output)).collect();
    let ours = play(&catalogue, &conversation);
    twin::compare(&catalogue.pools[0], &sent, &ours, &mut missed);
    leaps(&catalogue, &conversation, &mut missed);
    iterations(&affine, &conversation, &code, &mut missed);
    Ok(missed)
}

/// The affine law of decode iterations that was published with the profile, and its linear
/// operators point by point.
fn affine_law(profile: &Profile) -> StepDesign {
    let ms = 1e-3;
    let mut tokens: Vec<f64> = (1..=64).map(|n| 8.0 * f64::from(n)).collect();
    tokens.extend([1.0, 2.0, 4.0, 129.0, 257.0, 385.0, 513.0].into_iter().chain(TOKENS));
    tokens.sort_by(f64::total_cmp);
    tokens.dedup();
    StepDesign {
        decode: DecodeDesign::Sum {
            base: vec![(0.0, 29.41 * ms), (1.0, (29.41 + 0.0697) * ms)],
            per_context_s: 6.61e-5 * ms,
        },
        linear: tokens.into_iter().map(|n| (n, profile.linear(n) * ms)).collect(),
        attention_s: 4.44e-6 * ms,
        overheads: Overheads::default(),
        decode_knee: 0.7,
        draft: DraftDesign::default(),
        ranks: None,
    }
}

fn read(path: &Path) -> Result<Vec<TraceRow>, String> {
    let text = data::read(path)?;
    let mut reader = TraceReader::new(&TraceFormat::Azure);
    let rows = text.split(|&byte| byte == b'\n').filter_map(|line| reader.read(line)).collect();
    if reader.report().has_odd_rows() {
        return Err(format!("{}: {}", path.display(), reader.report()));
    }
    Ok(rows)
}

/// Plays `rows` on `design` until all are served.
fn play(design: &ServiceDesign, rows: &[TraceRow]) -> InferenceSummary {
    let [first_ns, last_ns] = [rows[0].at_ns, rows[rows.len() - 1].at_ns];
    let report =
        TraceReport { rows: rows.len() as u64, first_ns, last_ns, ..TraceReport::default() };
    let trace = TraceDesign::new(Arc::new(rows.to_vec()), &report);
    let load = LoadDesign { classes: vec![ClassDesign::played(trace)] };
    let mut service = Service::new(&ServiceDesign { load, ..design.clone() }, &Streams::new(1, 0));
    let end = Time::ZERO + Span::from_nanos(last_ns - first_ns) + Span::from_hours(1);
    service.advance(end);
    let summary = service.summary(end);
    assert!(summary.is_conserved() && summary.in_flight == 0, "an hour serves what is left");
    summary
}

fn percentiles(summary: &InferenceSummary) {
    const SHOWN: [(&str, f64); 6] =
        [("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];
    let heads: String = SHOWN.iter().map(|(name, _)| format!("{name:>10}")).collect();
    print(&format!("  {:<10}{:>10}{heads}{:>10}", "", "mean", "max"));
    let tally = &summary.records;
    for (name, latency) in [
        ("TTFT", &tally.ttft),
        ("TPOT", &tally.tpot),
        ("TBT", &tally.tbt),
        ("E2E", &tally.e2e),
        ("queue", &tally.queue),
    ] {
        let ms = |seconds: Option<f64>| format!("{:>10.2}", 1e3 * seconds.unwrap_or(f64::NAN));
        let shown: String = SHOWN.iter().map(|&(_, q)| ms(latency.quantile_s(q))).collect();
        print(&format!("  {name:<10}{}{shown}{}", ms(latency.mean_s()), ms(latency.max_s())));
    }
    print(&format!(
        "  {:.2} iterations and {:.2} steps a request, {} preemptions",
        summary.work.iterations as f64 / tally.served as f64,
        summary.work.steps as f64 / tally.served as f64,
        summary.work.preemptions
    ));
}

/// Leaps against the loop over every iteration, on the trace.
fn leaps(design: &ServiceDesign, rows: &[TraceRow], missed: &mut u32) {
    let leap = play(design, rows);
    let plain = play(&ServiceDesign { stride: Stride::Plain, ..design.clone() }, rows);
    let figures = |latency: &Latency| {
        let exact = [latency.mean_s(), latency.min_s(), latency.max_s()];
        (latency.histogram(), exact.map(|s| s.map(f64::to_bits)))
    };
    let latencies =
        |s: &InferenceSummary| s.records.latencies().map(|(_, latency)| figures(latency));
    let equal = latencies(&leap) == latencies(&plain)
        && leap.work.iterations == plain.work.iterations
        && leap.energy_j.to_bits() == plain.energy_j.to_bits();
    print(&format!(
        "\nleaps and the plain loop: every latency, {} iterations and the energy equal to the bit  {}",
        plain.work.iterations,
        verdict(equal, missed)
    ));
}

/// Iterations a request, which a prototype of the same engine with the affine law counted.
fn iterations(
    design: &ServiceDesign,
    conversation: &[TraceRow],
    code: &[TraceRow],
    missed: &mut u32,
) {
    head("iterations a request with the affine law, beside a separately written loop");
    print(&format!("{:<50} {:>10} {:>10}", "", "published", "ours"));
    let row = |what: &str, published: f64, design: &ServiceDesign, rows: &[TraceRow]| {
        let summary = play(design, rows);
        let ours = summary.work.iterations as f64 / summary.records.served as f64;
        // Published to three digits.
        let is_met = (ours / published - 1.0).abs() <= 0.02;
        print(&format!(
            "{what:<50} {published:>10.1} {ours:>10.1}  {}",
            if is_met { "met" } else { "MISSED" }
        ));
        is_met
    };
    // The loop over every iteration was too slow for more.
    let share = |rows: &[TraceRow], n: usize| {
        rows.iter().step_by(n).take(1500).cloned().collect::<Vec<_>>()
    };
    let mut one = design.clone();
    one.pools[0].layout.replicas = 1;
    let mut met = vec![row("4 replicas, all", 18.4, design, conversation)];
    for (n, published) in [(16, 89.4), (8, 39.8), (4, 21.2), (3, 14.5)] {
        let what = format!("1 replica, a request in {n}, the first 1,500");
        met.push(row(&what, published, &one, &share(conversation, n)));
    }
    let quarter = share(conversation, 4);
    let mut wide = one.clone();
    wide.pools[0].limits.chunk = 2048;
    met.push(row("1 replica, a request in 4, chunk 2048", 20.2, &wide, &quarter));
    let mut narrow = one.clone();
    narrow.pools[0].limits.sequences = 8;
    met.push(row("1 replica, a request in 4, 8 sequences", 32.2, &narrow, &quarter));
    met.push(row("1 replica, a code request in 4", 8.8, &one, &share(code, 4)));
    *missed += met.iter().filter(|is_met| !**is_met).count() as u32;
}
