//! Leaps against the plain loop: equal results, to the last bit, whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::replica::{Limits, Replica, Stride, Work};
use super::request::{Request, Sink};
use super::step::{Pace, PowerDesign, StepDesign, StepTable};
use super::tests_support::rack;
use super::ticks::{PER_SECOND, Ticks};
use crate::kernel::{Stream, Streams};

/// What happens to the replica from outside.
#[derive(Debug, Clone)]
enum Change {
    /// Iterations that begin later use this table.
    Table(Arc<StepTable>),
    /// All is lost and comes back at once, to be resumed or served afresh.
    Restart { resume: bool },
}

/// A life of a replica.
#[derive(Debug)]
struct Plan {
    limits: Limits,
    table: Arc<StepTable>,
    sent: Vec<(Ticks, Request)>,
    changes: Vec<(Ticks, Change)>,
    until: Ticks,
}

/// All that a replica told, in an order that both engines share.
#[derive(Debug, Default, PartialEq)]
struct Log {
    gaps: BTreeMap<(u16, Ticks), u64>,
    finished: Vec<(Ticks, Request)>,
    lost: Vec<Vec<Request>>,
    /// At each change: energy since the one before, requests inside.
    seen: Vec<(u64, u64)>,
}

impl Sink for Log {
    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64) {
        for j in 0..k {
            *self.gaps.entry((class, first + j * growth)).or_default() += weight;
        }
    }

    fn finished(&mut self, request: &Request, at: Ticks) {
        // An engine need not count tokens one by one.
        let request = Request { generated: request.output, ..*request };
        self.finished.push((at, request));
    }
}

fn ticks(seconds: f64) -> Ticks {
    (seconds * PER_SECOND) as Ticks
}

fn random_steps(stream: &mut Stream) -> StepDesign {
    let ms = 1e-3;
    let mut decode = if stream.chance(0.5) {
        let (a, b) = (5.0 + 30.0 * stream.uniform(), 0.2 * stream.uniform());
        vec![(0.0, a * ms), (1.0, (a + b) * ms)]
    } else {
        // Any table, rising or not.
        (0..12).map(|i| (f64::from(i) * 3.0, (2.0 + 20.0 * stream.uniform()) * ms)).collect()
    };
    let last = decode[decode.len() - 1];
    decode.push((last.0 + 200.0, last.1 + 5.0 * ms));
    let slope = 0.1 * stream.uniform() * ms;
    StepDesign {
        decode,
        per_context_s: if stream.chance(0.2) { 0.0 } else { 6e-5 * ms * stream.uniform() },
        linear: vec![(0.0, 0.0), (64.0, 0.0), (65.0, slope), (300.0, 236.0 * slope)],
        attention_s: if stream.chance(0.3) { 0.0 } else { 1e-8 * stream.uniform() },
        decode_knee: 0.7,
    }
}

fn table(steps: &StepDesign, limits: &Limits, pace: u8) -> Arc<StepTable> {
    let power =
        PowerDesign { decode_w: 394.0, decode_rise_w: 274.0, half_batch: 45.0, prefill_w: 700.0 };
    let bounds = (limits.sequences, limits.chunk);
    StepTable::compile(steps, &power, &rack(), 4, bounds, Pace::At(pace))
}

fn random_plan(seed: u64) -> Plan {
    let mut s = Streams::new(seed, 0).stream("oracle", "replica");
    let limits = Limits {
        sequences: [1, 2, 8, 128][s.below(4) as usize],
        chunk: [128, 256, 512, 2048][s.below(4) as usize],
        blocks: [None, Some(40), Some(120), Some(900)][s.below(4) as usize],
        block_tokens: [1, 4, 16][s.below(3) as usize],
    };
    let steps = random_steps(&mut s);
    // Sparse to overloaded.
    let mean_gap = 0.02 * 100.0_f64.powf(s.uniform());
    let mut at = 0;
    let mut sent: Vec<(Ticks, Request)> = Vec::new();
    while sent.len() < 120 {
        if !s.chance(0.1) {
            at += ticks(s.exponential(mean_gap));
        }
        let prompt = (s.lognormal(5.5, 1.2) as u32).clamp(1, 6000);
        let output = (s.lognormal(4.0, 1.2) as u32).clamp(1, 1000);
        let mut request =
            Request::new(at, prompt, output, 1 + s.below(3) as u32).of_class(s.below(3) as u16);
        if !limits.fits(&request) {
            (request.prompt, request.output) = (20, 20);
        }
        sent.push((at, request));
    }
    let mut when = 0;
    let changes = (0..s.below(12))
        .map(|_| {
            // Sometimes at the very instant of an arrival.
            when = if s.chance(0.2) {
                sent[s.below(120) as usize].0.max(when + 1)
            } else {
                when + 1 + ticks(s.exponential(mean_gap * 20.0))
            };
            let change = if s.chance(0.3) {
                Change::Restart { resume: s.chance(0.5) }
            } else {
                Change::Table(table(&steps, &limits, 1 + s.below(128) as u8))
            };
            (when, change)
        })
        .collect();
    let table = table(&steps, &limits, Pace::STEPS);
    Plan { limits, table, sent, changes, until: at + ticks(36_000.0) }
}

/// Lives through `plan`. The clock stops at instants drawn from `stops` on the way, which
/// must be without consequence.
fn live(plan: &Plan, stride: Stride, mut stops: Stream) -> (Log, Work) {
    let mut log = Log::default();
    let mut replica = Replica::new(stride, &plan.limits, Arc::clone(&plan.table), 0);
    let mut current = &plan.table;
    let mut rest = plan.sent.as_slice();
    let mut send = |replica: &mut Replica, to: Ticks| {
        while let [(ready, request), tail @ ..] = rest
            && *ready <= to
        {
            replica.send(*ready, *request);
            rest = tail;
        }
    };
    let mut walked = 0;
    for (at, change) in &plan.changes {
        while stops.chance(0.7) && walked < *at {
            walked += stops.below(at - walked + 1);
            send(&mut replica, walked);
            replica.advance(walked + 1, &mut log);
        }
        walked = *at;
        send(&mut replica, *at);
        replica.advance(*at + 1, &mut log);
        log.seen.push((replica.take_energy_j(*at).to_bits(), replica.in_flight()));
        match change {
            Change::Table(table) => {
                current = table;
                replica.change(*at, table);
            }
            Change::Restart { resume } => {
                let lost = replica.evict(*at, &mut log);
                assert!(replica.is_empty());
                replica.revive(*at, current);
                for request in &lost {
                    replica.send(*at, if *resume { *request } else { request.afresh() });
                }
                log.lost.push(lost);
            }
        }
    }
    send(&mut replica, plan.until);
    replica.advance(plan.until, &mut log);
    log.seen.push((replica.take_energy_j(plan.until).to_bits(), replica.in_flight()));
    log.gaps.retain(|_, n| *n > 0);
    log.finished.sort_unstable_by_key(|(at, r)| {
        (*at, r.arrival, r.admitted, r.first, r.prompt, r.output, r.weight, r.class)
    });
    (log, replica.work())
}

fn compare(seed: u64) -> Work {
    let plan = random_plan(seed);
    let stops = |who| Streams::new(seed, 0).stream("stops", who);
    let (expected, walked) = live(&plan, Stride::Plain, stops("plain"));
    let (got, leapt) = live(&plan, Stride::Leap, stops("leap"));
    // Whole logs are too long to print: the first difference tells most.
    for (i, pair) in got.finished.iter().zip(&expected.finished).enumerate() {
        assert_eq!(pair.0, pair.1, "seed {seed}: {:?}, finish {i}", plan.limits);
    }
    assert_eq!(got.finished.len(), expected.finished.len(), "seed {seed}: {:?}", plan.limits);
    assert_eq!(got.seen, expected.seen, "seed {seed}: energy or requests inside differ");
    assert!(got.lost == expected.lost, "seed {seed}: what was lost differs");
    assert!(got == expected, "seed {seed}: {:?}, gaps differ", plan.limits);
    assert_eq!(leapt.iterations, walked.iterations, "seed {seed}");
    assert_eq!(leapt.preemptions, walked.preemptions, "seed {seed}");
    assert_eq!(walked.steps, walked.iterations, "seed {seed}");
    leapt
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Leaps equal the plain loop: every first token, finish, gap, preemption and joule, bit
    /// for bit, under any model, limits, load, cap changes and losses.
    #[test]
    fn leaps_equal_the_plain_loop(seed in any::<u64>()) {
        compare(seed);
    }
}

#[test]
fn the_comparison_sees_leaps_and_preemptions() {
    let work = (0..60).map(compare).fold(Work::default(), Work::plus);
    assert!(work.iterations > 5 * work.steps, "{work:?}");
    assert!(work.preemptions > 1000, "{work:?}");
}
