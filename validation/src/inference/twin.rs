//! The Azure conversation trace in a second simulator: one loop over every iteration, in seconds
//! of floating point, written from the description of the engine and nothing of its code.
//!
//! Requests are dealt out in turn. In each iteration of a replica every decoding sequence gets a
//! token; what is left of the chunk goes to the prompt that is partly in memory, then to waiting
//! ones in order, while sequences are fewer than the cap and blocks are free. The step law is
//! that of the catalogue; its tables are interpolated anew.

use std::collections::VecDeque;

use loadbank::measure::Latency;
use loadbank::workload::inference::step::{DecodeDesign, StepDesign};
use loadbank::workload::inference::{InferenceSummary, PoolDesign};

use super::{head, verdict};
use crate::data::print;

/// How far percentiles may lie apart.
const TOLERANCE: f64 = 0.03;

const PERCENTILES: [(&str, f64); 6] =
    [("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// A request: when it comes in seconds, its prompt and its answer in tokens.
pub(super) type Sent = (f64, u32, u32);

/// Prints the percentiles of both and how far they lie apart.
pub(super) fn compare(
    pool: &PoolDesign,
    requests: &[Sent],
    ours: &InferenceSummary,
    missed: &mut u32,
) {
    head("the same trace in a separately written loop in floating point; milliseconds");
    let n = pool.layout.replicas;
    let mut all: [Vec<f64>; 3] = Default::default();
    for replica in 0..n {
        let mine: Vec<Sent> = requests.iter().skip(replica).step_by(n).copied().collect();
        let mut loop_of = Loop::new(pool);
        loop_of.run(&mine);
        for (all, figures) in all.iter_mut().zip(loop_of.figures) {
            all.extend(figures);
        }
    }
    print(&format!("  {:6} {:6} {:>12} {:>12} {:>10}", "", "", "loadbank", "loop", "apart"));
    let latencies: [(&str, &Latency); 3] =
        [("TTFT", &ours.records.ttft), ("TPOT", &ours.records.tpot), ("E2E", &ours.records.e2e)];
    for ((name, latency), mut theirs) in latencies.into_iter().zip(all) {
        theirs.sort_by(f64::total_cmp);
        let counted = theirs.len() as u64 == latency.count();
        for (percentile, q) in PERCENTILES {
            // The value that a share `q` does not exceed.
            let rank = (q * theirs.len() as f64).ceil() as usize - 1;
            let (ours, theirs) = (latency.quantile_s(q).unwrap_or(f64::NAN), theirs[rank]);
            let apart = ours / theirs - 1.0;
            print(&format!(
                "  {name:6} {percentile:6} {:>12.2} {:>12.2} {:>9.3}%  {}",
                1e3 * ours,
                1e3 * theirs,
                100.0 * apart,
                verdict(counted && apart.abs() <= TOLERANCE, missed)
            ));
        }
    }
}

/// A sequence in the batch.
struct Sequence {
    arrival: f64,
    prompt: u32,
    output: u32,
    /// Tokens in memory, and tokens generated.
    held: u32,
    generated: u32,
    first: f64,
}

impl Sequence {
    fn decodes(&self) -> bool {
        self.held >= self.prompt
    }
}

/// One replica.
struct Loop<'p> {
    pool: &'p PoolDesign,
    /// TTFT, TPOT and E2E of those that were served.
    figures: [Vec<f64>; 3],
}

impl<'p> Loop<'p> {
    fn new(pool: &'p PoolDesign) -> Self {
        Self { pool, figures: Default::default() }
    }

    fn run(&mut self, requests: &[Sent]) {
        let limits = &self.pool.limits;
        let (mut now, mut next) = (0.0_f64, 0);
        let mut waiting: VecDeque<Sent> = VecDeque::new();
        let mut batch: Vec<Sequence> = Vec::new();
        loop {
            if batch.is_empty() && waiting.is_empty() {
                let Some(&(at, ..)) = requests.get(next) else { return };
                now = now.max(at);
            }
            while let Some(&request) = requests.get(next)
                && request.0 <= now
            {
                waiting.push_back(request);
                next += 1;
            }
            // Decodes first, each with its new token.
            let decoding = || batch.iter().filter(|s| s.decodes());
            let b = decoding().count() as u32;
            let k: f64 = decoding().map(|s| f64::from(s.held) + 1.0).sum();
            let mut work: Vec<u32> = batch.iter().map(|s| u32::from(s.decodes())).collect();
            let mut budget = limits.chunk - b;
            // Then prompts: the one that is partly in memory, and those that wait.
            let (mut tokens, mut attention) = (0, 0.0);
            let mut prefill = |held: u32, n: u32| {
                tokens += n;
                attention += f64::from(n) * (2.0 * f64::from(held) + f64::from(n));
            };
            for (sequence, work) in batch.iter().zip(&mut work).filter(|(s, _)| !s.decodes()) {
                *work = budget.min(sequence.prompt - sequence.held);
                budget -= *work;
                prefill(sequence.held, *work);
            }
            while budget > 0
                && batch.len() < limits.sequences as usize
                && let Some(&(arrival, prompt, output)) = waiting.front()
            {
                let n = budget.min(prompt);
                let of = |tokens: u32| u64::from(tokens.div_ceil(limits.block_tokens));
                let held: u64 = batch.iter().zip(&work).map(|(s, w)| of(s.held + w)).sum();
                if held + of(n) > limits.blocks.unwrap_or(u64::MAX) {
                    break;
                }
                waiting.pop_front();
                let (held, generated, first) = (0, 0, f64::NAN);
                batch.push(Sequence { arrival, prompt, output, held, generated, first });
                work.push(n);
                budget -= n;
                prefill(0, n);
            }
            now += step_s(&self.pool.steps, b, k, tokens, attention);
            for (sequence, work) in batch.iter_mut().zip(work) {
                sequence.held += work;
                if work > 0 && sequence.decodes() {
                    sequence.generated += 1;
                    if sequence.generated == 1 {
                        sequence.first = now;
                    }
                }
            }
            batch.retain(|sequence| {
                let is_done = sequence.generated == sequence.output;
                if is_done {
                    let Sequence { arrival, first, output, .. } = *sequence;
                    self.figures[0].push(first - arrival);
                    if output > 1 {
                        self.figures[1].push((now - first) / f64::from(output - 1));
                    }
                    self.figures[2].push(now - arrival);
                }
                !is_done
            });
        }
    }
}

/// Seconds of an iteration of `b` decodes over `k` tokens of context, with `n` prompt tokens.
fn step_s(steps: &StepDesign, b: u32, k: f64, n: u32, attention: f64) -> f64 {
    let DecodeDesign::Sum { base, per_context_s } = &steps.decode else {
        unreachable!("the catalogue's law is a table")
    };
    let decode = through(base, f64::from(b)) + per_context_s * k;
    if n == 0 {
        return decode;
    }
    let linear = |tokens: u32| through(&steps.linear, f64::from(tokens));
    decode + linear(b + n) - linear(b) + steps.attention_s * attention
}

/// The line through the two neighbours of `x` among `points`.
fn through(points: &[(f64, f64)], x: f64) -> f64 {
    let right = points.iter().position(|point| point.0 >= x).unwrap_or(points.len());
    let right = right.clamp(1, points.len() - 1);
    let ((x0, y0), (x1, y1)) = (points[right - 1], points[right]);
    y0 + (y1 - y0) * (x - x0) / (x1 - x0)
}
