//! Limits in which a service is a queue with a formula.

use loadbank::kernel::{Span, Streams, Time};
use loadbank::workload::inference::load::{LengthLaw, LoadDesign};
use loadbank::workload::inference::racks::Layout;
use loadbank::workload::inference::replica::{Limits, Stride};
use loadbank::workload::inference::step::{DecodeDesign, DraftDesign, PowerDesign, StepDesign};
use loadbank::workload::inference::{
    LostRequests, Routing, Service, ServiceDesign, ServingDesign, Tally,
};

use super::{head, rack, verdict};
use crate::data::{deviation, mean, print};

const REPLICATIONS: u64 = 10;

/// Prints the table; returns how many targets are missed.
pub(super) fn run() -> u32 {
    let mut missed = 0;
    head("queueing limits: mean over replications, +- three standard errors");
    print(&format!("{:<58} {:>10} {:>10} {:>10}", "", "formula", "ours", "+-"));
    let step_s = 0.05;
    // One iteration a token: a service time is a number of tokens.
    for rho in [0.3, 0.6, 0.8, 0.9] {
        let expected = rho * step_s / (2.0 * (1.0 - rho));
        let design = single(rho / step_s, LengthLaw::Fixed(1), step_s);
        row(&format!("M/D/1 at {rho}: mean wait, s"), expected, &mut missed, |seed| {
            simulate(&design, 40_000.0, seed).queue.mean_s().unwrap_or(0.0)
        });
    }
    for (name, law) in [
        ("two lengths", vec![(1, 0.5), (19, 0.5)]),
        ("geometric lengths, mean 10", (1..400).map(geometric).collect()),
    ] {
        let weight: f64 = law.iter().map(|bin| bin.1).sum();
        let moment = |k: i32| {
            law.iter().map(|&(n, w)| w * f64::from(n).powi(k)).sum::<f64>() / weight
                * step_s.powi(k)
        };
        let (first, second) = (moment(1), moment(2));
        for rho in [0.5, 0.8] {
            let rate = rho / first;
            // Pollaczek and Khinchine.
            let expected = rate * second / (2.0 * (1.0 - rho));
            let design = single(rate, LengthLaw::Histogram(law.clone()), step_s);
            let what = format!("M/G/1 at {rho}, {name}: mean wait, s");
            row(&what, expected, &mut missed, |seed| {
                simulate(&design, 400_000.0, seed).queue.mean_s().unwrap_or(0.0)
            });
        }
    }
    // Everybody is served at once: the mean in service is the rate times the mean service.
    let (rate, step_s) = (20.0, 0.001);
    for (name, law) in
        [("constant", vec![(1000, 1.0)]), ("two lengths", vec![(100, 0.5), (1900, 0.5)])]
    {
        let mut design = single(rate, LengthLaw::Histogram(law), step_s);
        design.limits.sequences = 65_535;
        design.limits.chunk = 65_535;
        row(&format!("M/G/infinity, {name}: mean in service"), 20.0, &mut missed, |seed| {
            let tally = simulate(&design, 20_000.0, seed);
            let waits = tally.queue.mean_s().unwrap_or(0.0);
            // A request waits for the boundary of an iteration at most.
            assert!(tally.queue.max_s().unwrap_or(0.0) <= step_s + 1e-9);
            let stay = tally.e2e.mean_s().unwrap_or(0.0) - waits;
            tally.served as f64 / 20_000.0 * stay
        });
    }
    missed
}

/// Geometric weights with mean ten.
fn geometric(n: u32) -> (u32, f64) {
    (n, 0.9_f64.powi(n as i32 - 1))
}

/// One replica that serves one request at a time; all iterations last `step_s`.
fn single(rate_per_s: f64, output: LengthLaw, step_s: f64) -> ServiceDesign {
    ServiceDesign {
        layout: Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 2 },
        load: LoadDesign::poisson(rate_per_s, LengthLaw::Fixed(1), output),
        limits: Limits { sequences: 1, chunk: 64, blocks: None, block_tokens: 16 },
        steps: StepDesign {
            decode: DecodeDesign::Sum { base: vec![(0.0, step_s)], per_context_s: 0.0 },
            linear: vec![(0.0, 0.0)],
            attention_s: 0.0,
            decode_knee: 0.7,
            draft: DraftDesign::default(),
        },
        ..base()
    }
}

/// A service of one cell, whatever it serves.
pub(super) fn base() -> ServiceDesign {
    ServiceDesign {
        name: "service".to_owned(),
        rack: rack(),
        layout: Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 2 },
        represent: 1,
        load: LoadDesign::poisson(0.0, LengthLaw::Fixed(1), LengthLaw::Fixed(1)),
        routing: Routing::RoundRobin,
        stride: Stride::Leap,
        limits: Limits { sequences: 1, chunk: 64, blocks: None, block_tokens: 16 },
        steps: StepDesign {
            decode: DecodeDesign::Sum { base: vec![(0.0, 1.0)], per_context_s: 0.0 },
            linear: vec![(0.0, 0.0)],
            attention_s: 0.0,
            decode_knee: 0.7,
            draft: DraftDesign::default(),
        },
        power: PowerDesign {
            decode_w: 250.0,
            decode_rise_w: 0.0,
            half_batch: 45.0,
            prefill_w: 400.0,
        },
        lost_requests: LostRequests::Retry,
        serving: ServingDesign::default(),
        startup: Span::from_secs(300),
        rejoin_after: Span::from_hours(1),
        control_interval: Span::from_secs(60),
        prompt_price: 0.0,
        output_price: 0.0,
    }
}

fn simulate(design: &ServiceDesign, seconds: f64, replication: u64) -> Tally {
    let mut service = Service::new(design, &Streams::new(1, replication));
    let end = Time::from_secs_f64(seconds);
    service.advance(end);
    service.summary(end).records
}

fn row(what: &str, expected: f64, missed: &mut u32, mut f: impl FnMut(u64) -> f64) {
    let runs: Vec<f64> = (0..REPLICATIONS).map(&mut f).collect();
    let interval = 3.0 * deviation(&runs) / (REPLICATIONS as f64 - 1.0).sqrt();
    let ours = mean(runs);
    // Ticks are a sixteenth of a nanosecond, and latencies are kept in nanoseconds.
    let said = verdict((ours - expected).abs() <= interval.max(1e-8), missed);
    print(&format!("{what:<58} {expected:>10.5} {ours:>10.5} {interval:>10.5}  {said}"));
}
