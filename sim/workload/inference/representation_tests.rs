//! A site of represented cells against the same site simulated cell by cell.
//!
//! Not equal, for the draws differ, but equal in distribution: over replications, every figure
//! of every phase of an event that strikes one cell has the same mean within its error.

use super::design::{DisaggregationDesign, Patience};
use super::load::SharedPrefixes;
use super::racks::Layout;
use super::step::DraftDesign;
use super::tests::{Plant, client, design, secs};
use super::*;
use crate::kernel::{Span, Streams};
use crate::workload::RackOffer;

const CELLS: usize = 8;
const RATE_PER_S: f64 = 3.0;
const REPLICATIONS: u64 = 16;

/// Standard errors beyond which a difference of means is no chance. Over the comparisons of
/// this test, chance alone exceeds it about once in fifty choices of seeds.
const ERRORS: f64 = 4.0;

/// Phases of ten minutes: before, while one cell is slow, after it recovered, and when it is
/// represented again.
const PHASES: [(&str, u64); 4] =
    [("before", 300), ("during", 900), ("after", 1500), ("represented again", 2700)];
const PHASE_S: u64 = 600;

/// What is compared of a phase.
const FIGURES: [&str; 8] = [
    "arrivals",
    "mean TTFT",
    "mean E2E",
    "mean gap",
    "energy",
    "TTFT to 50 ms",
    "TTFT to 100 ms",
    "TTFT to 300 ms",
];

/// The figures of each phase of one replication.
fn replicate(
    change: impl Fn(&mut ServiceDesign),
    represent: usize,
    seed: u64,
) -> [[f64; FIGURES.len()]; PHASES.len()] {
    let mut design = design();
    change(&mut design);
    // One cell a rack, two replicas each.
    design.pools[0].layout =
        Layout { racks: 8, gpus_per_rack: 32, cells: CELLS, replicas: 2, gpus: 16 };
    design.represent = represent;
    client(&mut design).rate_per_s = RATE_PER_S;
    let mut plant = Plant::new(&design, &Streams::new(seed, represent as u64));
    let mut figures = [[0.0; FIGURES.len()]; PHASES.len()];
    for (phase, &(name, start)) in PHASES.iter().enumerate() {
        plant.run_until(secs(start));
        let hot = |speed: f64| RackOffer { speed, ..RackOffer::FULL };
        match name {
            "during" => plant.offer(&[(3, hot(0.25))]),
            "after" => plant.offer(&[(3, RackOffer::FULL)]),
            _ => {}
        }
        let split = usize::from(matches!(name, "during" | "after") && represent < CELLS);
        assert_eq!(plant.service.multiplicities().len(), represent + split, "{name}");
        let first = totals(&plant.summary());
        plant.run_until(secs(start + PHASE_S));
        let last = totals(&plant.summary());
        let of_phase: Vec<f64> = first.iter().zip(last).map(|(a, b)| b - a).collect();
        let [arrived, energy, ttft, n_ttft, e2e, n_e2e, tbt, n_tbt, a, b, c] = of_phase[..] else {
            unreachable!("as many as totals has")
        };
        figures[phase] = [
            arrived,
            ttft / n_ttft,
            e2e / n_e2e,
            tbt / n_tbt,
            energy,
            a / n_ttft,
            b / n_ttft,
            c / n_ttft,
        ];
    }
    figures
}

/// Sums and counts since the start.
fn totals(summary: &InferenceSummary) -> [f64; 11] {
    let r = &summary.records;
    let n = |latency: &crate::measure::Latency| latency.count() as f64;
    let sum = |latency: &crate::measure::Latency| latency.mean_s().unwrap_or(0.0) * n(latency);
    let ttft = r.ttft.histogram();
    let within = |ms: u64| ttft.count_between(0, ms * 1000) as f64;
    [
        r.arrived as f64,
        summary.energy_j,
        sum(&r.ttft),
        n(&r.ttft),
        sum(&r.e2e),
        n(&r.e2e),
        sum(&r.tbt),
        n(&r.tbt),
        within(50),
        within(100),
        within(300),
    ]
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0))
}

#[test]
fn represented_cells_agree_with_cells_simulated_one_by_one() {
    assert_agreement(|_| {});
}

/// What a cell that is split off takes along: requests on the link, clients that will come
/// back, prefixes in memory, iterations drawn.
#[test]
fn represented_cells_agree_with_everything_that_they_carry() {
    assert_agreement(|design| {
        design.load.classes[0].prefixes =
            Some(SharedPrefixes { count: 20, tokens: 200, skew: 1.0 });
        design.serving = ServingDesign {
            acceptance: vec![0.6],
            prefix_memory: 2000,
            patience: Some(Patience {
                wait: Span::from_secs(1),
                retries: 2,
                backoff: Span::from_secs(2),
            }),
            disaggregation: Some(DisaggregationDesign {
                prefill: 1,
                per_token_s: 20e-6,
                latency: Span::from_nanos(2_000_000),
                links: 1,
                layers: 4,
            }),
            ..ServingDesign::default()
        };
        design.pools[0].steps.draft = DraftDesign { tokens: 2, time_s: 0.001 };
    });
}

fn assert_agreement(change: impl Fn(&mut ServiceDesign)) {
    let few: Vec<_> = (0..REPLICATIONS).map(|seed| replicate(&change, 2, seed)).collect();
    let all: Vec<_> = (0..REPLICATIONS).map(|seed| replicate(&change, CELLS, seed)).collect();
    let n = REPLICATIONS as f64;
    let expected = CELLS as f64 * RATE_PER_S * PHASE_S as f64;
    for (phase, (name, _)) in PHASES.iter().enumerate() {
        for (figure, what) in FIGURES.iter().enumerate() {
            let of = |runs: &[[[f64; FIGURES.len()]; PHASES.len()]]| {
                let values: Vec<f64> = runs.iter().map(|run| run[phase][figure]).collect();
                mean_and_variance(&values)
            };
            let ((few_mean, mut few_var), (all_mean, mut all_var)) = (of(&few), of(&all));
            if *what == "arrivals" {
                // Poisson, and known: an arrival stands for at most four.
                (few_var, all_var) = (4.0 * expected, expected);
                let error = (all_var / n).sqrt();
                assert!((all_mean - expected).abs() < ERRORS * error, "{name}: {all_mean}");
            }
            let error = ((few_var + all_var) / n).sqrt();
            assert!(
                (few_mean - all_mean).abs() < ERRORS * error,
                "{name}, {what}: {few_mean} represented, {all_mean} one by one, error {error}"
            );
            // An agreement within large errors would say nothing.
            assert!(error < 0.05 * all_mean, "{name}, {what}: {all_mean}, error {error}");
        }
    }
    // The event is seen, and weighs one cell in eight and not four: an excess four times as
    // large would have been told apart above.
    let ttft = |phase: usize| {
        let values: Vec<f64> = few.iter().map(|run| run[phase][1]).collect();
        mean_and_variance(&values)
    };
    let ((before, _), (during, variance)) = (ttft(0), ttft(1));
    let error = (variance / n).sqrt();
    assert!(during - before > 2.0 * ERRORS * error, "{before} s, then {during} s, error {error} s");
}
