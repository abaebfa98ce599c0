//! Limits in which a service is a queue with a formula.

use loadbank::kernel::{Streams, Time};
use loadbank::workload::inference::load::{Histogram, LengthLaw, LoadDesign};
use loadbank::workload::inference::replica::Limits;
use loadbank::workload::inference::step::DecodeDesign;
use loadbank::workload::inference::{Service, ServiceDesign, Tally};

use super::{head, verdict};
use crate::data::{deviation, mean, print};

const REPLICATIONS: u64 = 10;

/// Prints the table; returns how many targets are missed.
pub(super) fn run() -> Result<u32, String> {
    let mut missed = 0;
    let base = validation::azure_conversation()?;
    let single = |rate: f64, output: LengthLaw, step_s: f64| single(&base, rate, output, step_s);
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
            let design = single(rate, LengthLaw::Histogram(Histogram::new(law.clone())), step_s);
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
        let mut design = single(rate, LengthLaw::Histogram(Histogram::new(law)), step_s);
        design.pools[0].limits.sequences = 65_535;
        design.pools[0].limits.chunk = 65_535;
        row(&format!("M/G/infinity, {name}: mean in service"), 20.0, &mut missed, |seed| {
            let tally = simulate(&design, 20_000.0, seed);
            let waits = tally.queue.mean_s().unwrap_or(0.0);
            // A request waits for the boundary of an iteration at most.
            assert!(tally.queue.max_s().unwrap_or(0.0) <= step_s + 1e-9);
            let stay = tally.e2e.mean_s().unwrap_or(0.0) - waits;
            tally.served as f64 / 20_000.0 * stay
        });
    }
    Ok(missed)
}

/// Geometric weights with mean ten.
fn geometric(n: u32) -> (u32, f64) {
    (n, 0.9_f64.powi(n as i32 - 1))
}

/// One replica that serves one request at a time; all iterations last `step_s`.
fn single(base: &ServiceDesign, rate_per_s: f64, output: LengthLaw, step_s: f64) -> ServiceDesign {
    let mut design = base.clone();
    design.load = LoadDesign::poisson(rate_per_s, LengthLaw::Fixed(1), output);
    let pool = &mut design.pools[0];
    pool.layout.replicas = 1;
    pool.limits = Limits { sequences: 1, chunk: 64, blocks: None, block_tokens: 16 };
    pool.steps.decode = DecodeDesign::Sum { base: vec![(0.0, step_s)], per_context_s: 0.0 };
    pool.steps.linear = vec![(0.0, 0.0)];
    pool.steps.attention_s = 0.0;
    design
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
