//! The plain loop over every iteration: the oracle of the replica's tests.
//!
//! Written apart from the replica and for clarity alone: it keeps every sequence as an object,
//! counts blocks from scratch, and walks one iteration at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::replica::Limits;
use super::request::{Request, Sink};
use super::step::StepTable;
use super::ticks::{NEVER, PER_SECOND, Ticks};

/// What happens to the replica from outside.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Iterations that begin later use this table.
    Table(Arc<StepTable>),
    /// All is lost and comes back at once, to be resumed or served afresh.
    Restart { resume: bool },
}

impl Change {
    fn is_table(&self) -> bool {
        matches!(self, Change::Table(_))
    }
}

/// A sequence in the batch.
struct Running {
    request: Request,
    /// Tokens in memory.
    kv: u64,
    /// Tokens to prefill before the next token; zero while decoding.
    target: u64,
    /// Tokens of the iteration under way.
    now: u64,
}

pub(super) struct Naive {
    pub(super) iterations: u64,
    pub(super) preemptions: u64,
    pub(super) energy_j: f64,
}

/// Runs until everything sent is through; `sent` and `changes` are in order of time.
pub(super) fn run(
    limits: &Limits,
    table: &Arc<StepTable>,
    sent: &[(Ticks, Request)],
    changes: &[(Ticks, Change)],
    until: Ticks,
    sink: &mut impl Sink,
) -> Naive {
    let size = u64::from(limits.block_tokens);
    let total = limits.blocks.unwrap_or(u64::MAX / 2);
    let used = |batch: &[Running]| batch.iter().map(|r| r.kv.div_ceil(size)).sum::<u64>();
    let mut out = Naive { iterations: 0, preemptions: 0, energy_j: 0.0 };
    let mut table = Arc::clone(table);
    let mut inbox: VecDeque<(Ticks, Request)> = sent.iter().copied().collect();
    let mut changes: VecDeque<(Ticks, Change)> = changes.iter().cloned().collect();
    let mut queue: VecDeque<Request> = VecDeque::new();
    let mut batch: Vec<Running> = Vec::new();
    let mut now = 0;
    loop {
        while let Some((at, Change::Table(next))) = changes.front()
            && *at < now
        {
            table = Arc::clone(next);
            changes.pop_front();
        }
        while let Some(&(ready, request)) = inbox.front()
            && ready <= now
        {
            inbox.pop_front();
            if (u64::from(request.prompt + request.output) - 1).div_ceil(size) > total {
                sink.rejected(&request);
            } else {
                queue.push_back(request);
            }
        }
        if batch.is_empty() && queue.is_empty() {
            // Idle until the next arrival or change.
            let next = inbox.front().map_or(NEVER, |i| i.0);
            let change = changes.front().map_or(NEVER, |c| c.0);
            let next = next.min(change.saturating_add(1)).min(until);
            let from_change = change < next;
            if from_change {
                // A change while idle acts at its own instant.
                out.energy_j += table.resident_w * (change - now) as f64 / PER_SECOND;
                now = change;
                if let Some((_, Change::Table(new))) = changes.pop_front() {
                    table = new;
                }
                continue;
            }
            out.energy_j += table.resident_w * (next - now) as f64 / PER_SECOND;
            now = next;
            if now >= until {
                return out;
            }
            continue;
        }

        // Decodes first: one token and perhaps one block each; the last to come makes room.
        let mut preempted = false;
        for r in &mut batch {
            r.now = u64::from(r.target == 0);
        }
        let demand =
            |batch: &[Running]| batch.iter().map(|r| (r.kv + r.now).div_ceil(size)).sum::<u64>();
        let mut evict_tail = |batch: &mut Vec<Running>, queue: &mut VecDeque<Request>| {
            let mut tail = batch.pop().expect("somebody holds the memory");
            if tail.target == 0 {
                tail.request.stalled = now;
            }
            out.preemptions += 1;
            queue.push_front(tail.request);
        };
        while demand(&batch) > total {
            evict_tail(&mut batch, &mut queue);
            preempted = true;
        }
        let mut budget =
            u64::from(limits.chunk) - batch.iter().filter(|r| r.target == 0).count() as u64;
        // Then the prompt that is partly in memory.
        if let Some(part) = batch.last_mut()
            && part.target > 0
        {
            part.now = budget.min(part.target - part.kv);
            let n = part.now;
            if demand(&batch) > total {
                evict_tail(&mut batch, &mut queue);
                preempted = true;
            } else {
                budget -= n;
            }
        }
        // Then the queue.
        while !preempted && budget > 0 && batch.len() < limits.sequences as usize {
            let Some(&request) = queue.front() else { break };
            let target = u64::from(request.prompt + request.generated);
            let candidate = Running { request, kv: 0, target, now: budget.min(target) };
            let n = candidate.now;
            batch.push(candidate);
            if demand(&batch) > total {
                batch.pop();
                break;
            }
            queue.pop_front();
            budget -= n;
            let newest = batch.last_mut().expect("just pushed");
            newest.request.admitted = newest.request.admitted.min(now);
        }

        let decodes = batch.iter().filter(|r| r.target == 0).count() as u64;
        let context = batch.iter().filter(|r| r.target == 0).map(|r| r.kv + 1).sum();
        let tokens: u64 = batch.iter().filter(|r| r.target > 0).map(|r| r.now).sum();
        let attention =
            batch.iter().filter(|r| r.target > 0).map(|r| r.now * (2 * r.kv + r.now)).sum();
        let (mut lasts, _) = table.decode(decodes, context);
        let mut watts = table.decode_w[decodes as usize];
        if tokens > 0 {
            lasts += table.prefill(decodes, tokens, attention);
            watts = table.prefill_w;
        }
        let end = now + lasts;
        // A loss during the iteration takes everything.
        let loss = changes.iter().take_while(|c| c.0 < end).position(|c| !c.1.is_table());
        if let Some(loss) = loss {
            for (_, earlier) in changes.drain(..loss) {
                if let Change::Table(next) = earlier {
                    table = next;
                }
            }
            let (at, change) = changes.pop_front().expect("the loss is at the front");
            let resume = matches!(change, Change::Restart { resume: true });
            out.energy_j += watts * (at - now) as f64 / PER_SECOND;
            let mut lost: Vec<Request> = Vec::new();
            for r in &batch {
                let mut request = r.request;
                if r.target == 0 {
                    request.stalled = now;
                }
                lost.push(request);
            }
            lost.extend(queue.drain(..));
            batch.clear();
            for (i, request) in lost.into_iter().enumerate() {
                inbox.insert(i, (at, if resume { request } else { request.afresh() }));
            }
            now = at;
            continue;
        }
        if end >= until {
            out.energy_j += watts * (until - now) as f64 / PER_SECOND;
            return out;
        }
        out.energy_j += watts * lasts as f64 / PER_SECOND;
        out.iterations += 1;
        now = end;
        for r in &mut batch {
            r.kv += r.now;
            if r.target == 0 {
                r.request.generated += 1;
                sink.gaps(lasts, 0, 1, u64::from(r.request.weight));
            } else if r.kv == r.target {
                r.target = 0;
                r.request.generated += 1;
                r.request.first = r.request.first.min(now);
                if r.request.stalled != NEVER {
                    sink.gaps(now - r.request.stalled, 0, 1, u64::from(r.request.weight));
                    r.request.stalled = NEVER;
                }
            }
        }
        batch.retain(|r| {
            let done = r.request.generated == r.request.output;
            if done {
                sink.finished(&r.request, now);
            }
            !done
        });
        debug_assert!(used(&batch) <= total);
    }
}

mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::kernel::{Stream, Streams};
    use crate::workload::gpu::GpuRackDesign;
    use crate::workload::inference::replica::Replica;
    use crate::workload::inference::step::{Pace, PowerDesign, StepDesign};

    /// Keeps everything a replica tells, in an order that both engines share.
    #[derive(Debug, Default, PartialEq)]
    struct Log {
        gaps: BTreeMap<Ticks, u64>,
        finished: Vec<(Ticks, Ticks, Ticks, Ticks, u32, u32)>,
        rejected: Vec<Ticks>,
    }

    impl Sink for Log {
        fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, weight: u64) {
            for j in 0..k {
                *self.gaps.entry(first + j * growth).or_default() += weight;
            }
        }

        fn finished(&mut self, r: &Request, at: Ticks) {
            self.finished.push((at, r.arrival, r.admitted, r.first, r.prompt, r.output));
        }

        fn rejected(&mut self, r: &Request) {
            self.rejected.push(r.arrival);
        }
    }

    impl Log {
        fn sorted(mut self) -> Self {
            self.gaps.retain(|_, n| *n > 0);
            self.finished.sort_unstable();
            self.rejected.sort_unstable();
            self
        }
    }

    fn random_steps(stream: &mut Stream) -> StepDesign {
        let ms = 1e-3;
        let decode = if stream.chance(0.5) {
            let (a, b) = (5.0 + 30.0 * stream.uniform(), 0.2 * stream.uniform());
            vec![(0.0, a * ms), (1.0, (a + b) * ms)]
        } else {
            // Any table, rising or not.
            (0..12).map(|i| (f64::from(i) * 3.0, (2.0 + 20.0 * stream.uniform()) * ms)).collect()
        };
        let last = decode.len() - 1;
        let mut decode = decode;
        decode.push((decode[last].0 + 200.0, decode[last].1 + 5.0 * ms));
        let slope = 0.1 * stream.uniform() * ms;
        StepDesign {
            decode,
            per_context_s: if stream.chance(0.2) { 0.0 } else { 6e-5 * ms * stream.uniform() },
            linear: vec![(0.0, 0.0), (64.0, 0.0), (65.0, slope), (300.0, 236.0 * slope)],
            attention_s: if stream.chance(0.3) { 0.0 } else { 1e-8 * stream.uniform() },
            decode_knee: 0.7,
        }
    }

    fn rack() -> GpuRackDesign {
        super::super::tests_support::rack()
    }

    fn table(steps: &StepDesign, limits: &Limits, pace: u8) -> Arc<StepTable> {
        let power = PowerDesign {
            decode_w: 394.0,
            decode_rise_w: 274.0,
            half_batch: 45.0,
            prefill_w: 700.0,
        };
        let bounds = (limits.sequences, limits.chunk);
        StepTable::compile(steps, &power, &rack(), 4, bounds, Pace::At(pace))
    }

    fn compare(seed: u64) -> (u64, u64, u64) {
        let mut s = Streams::new(seed, 0).stream("oracle", "replica");
        let limits = Limits {
            sequences: [1, 2, 8, 128][s.below(4) as usize],
            chunk: [128, 256, 512, 2048][s.below(4) as usize],
            blocks: [None, Some(40), Some(120), Some(900)][s.below(4) as usize],
            block_tokens: [1, 4, 16][s.below(3) as usize],
        };
        let steps = random_steps(&mut s);
        let full = table(&steps, &limits, Pace::STEPS);
        // Sparse to overloaded.
        let mean_gap = 0.02 * 100.0_f64.powf(s.uniform());
        let mut at = 0;
        let sent: Vec<(Ticks, Request)> = (0..120)
            .map(|_| {
                if !s.chance(0.1) {
                    at += ticks(s.exponential(mean_gap));
                }
                let prompt = (s.lognormal(5.5, 1.2) as u32).clamp(1, 6000);
                let output = (s.lognormal(4.0, 1.2) as u32).clamp(1, 1000);
                (at, Request::new(at, prompt, output, 1 + s.below(3) as u32))
            })
            .collect();
        let mut when = 0;
        let changes: Vec<(Ticks, Change)> = (0..s.below(12))
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
        let until = at + ticks(36_000.0);

        let mut expected = Log::default();
        let naive = run(&limits, &full, &sent, &changes, until, &mut expected);

        let mut got = Log::default();
        let mut replica = Replica::new(&limits, Arc::clone(&full), 0);
        let mut current = full;
        let mut rest = sent.as_slice();
        let mut send = |replica: &mut Replica, to: Ticks| {
            while let [(ready, request), tail @ ..] = rest
                && *ready <= to
            {
                replica.send(*ready, *request);
                rest = tail;
            }
        };
        let mut walked = 0;
        for (at, change) in &changes {
            // The clock may stop anywhere on the way without consequence.
            while s.chance(0.7) && walked < *at {
                walked += s.below(at - walked + 1);
                send(&mut replica, walked);
                replica.advance(walked + 1, &mut got);
            }
            walked = *at;
            send(&mut replica, *at);
            replica.advance(*at + 1, &mut got);
            match change {
                Change::Table(table) => {
                    current = Arc::clone(table);
                    replica.change(*at, table);
                }
                Change::Restart { resume } => {
                    let lost = replica.evict(*at, &mut got);
                    replica.revive(*at, &current);
                    for request in lost {
                        replica.send(*at, if *resume { request } else { request.afresh() });
                    }
                }
            }
        }
        send(&mut replica, until);
        replica.advance(until, &mut got);
        let work = replica.work();
        let (got, expected) = (got.sorted(), expected.sorted());
        // Whole logs are too long to print: the first difference tells most.
        for (i, pair) in got.finished.iter().zip(&expected.finished).enumerate() {
            assert_eq!(pair.0, pair.1, "seed {seed}: {limits:?}, finish {i}");
        }
        assert_eq!(got.finished.len(), expected.finished.len(), "seed {seed}: {limits:?}");
        assert!(got == expected, "seed {seed}: {limits:?}, gaps or rejections differ");
        assert_eq!(work.iterations, naive.iterations, "seed {seed}");
        assert_eq!(work.preemptions, naive.preemptions, "seed {seed}");
        let energy = replica.take_energy_j(until);
        assert!(
            (energy - naive.energy_j).abs() <= 1e-9 * naive.energy_j,
            "seed {seed}: {energy} J against {} J",
            naive.energy_j
        );
        (work.iterations, work.steps, work.preemptions)
    }

    fn ticks(seconds: f64) -> Ticks {
        (seconds * PER_SECOND) as Ticks
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Leaps equal the plain loop: every first token, finish, gap and preemption, bit for
        /// bit, under any model, limits, load, cap changes and losses.
        #[test]
        fn leaps_equal_the_plain_loop(seed in any::<u64>()) {
            compare(seed);
        }
    }

    #[test]
    fn the_comparison_sees_leaps_and_preemptions() {
        let (mut iterations, mut steps, mut preemptions) = (0, 0, 0);
        for seed in 0..60 {
            let (i, s, p) = compare(seed);
            iterations += i;
            steps += s;
            preemptions += p;
        }
        assert!(iterations > 5 * steps, "{iterations} iterations in {steps} steps");
        assert!(preemptions > 1000, "{preemptions} preemptions");
    }
}
