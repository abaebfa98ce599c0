//! Replicas of several ranks against closed forms and against a loop that knows only a law, batches and
//! queues.

use std::collections::VecDeque;
use std::sync::Arc;

use super::prefix::Piece;
use super::replica::{Limits, Replica, Scheduling, Stride};
use super::request::{Request, Sink};
use super::step::{
    DecodeDesign, DraftDesign, Load, Overheads, Pace, PowerDesign, RankRouting, RanksDesign,
    StepDesign, StepTable,
};
use super::tests_support::rack;
use super::ticks::{PER_SECOND, Ticks};
use crate::kernel::{Stream, Streams};

/// Coefficients in ticks: of an iteration, a decoding sequence, a token of context, a prompt token, and a
/// unit of attention work.
const BASE: u64 = 160_000_000;
const SEQUENCE: u64 = 800_000;
const CONTEXT: u64 = 640;
const TOKEN: u64 = 480_000;
const ATTENTION: u64 = 16;

fn design(count: u32, routing: RankRouting) -> StepDesign {
    let s = |ticks: u64| ticks as f64 / PER_SECOND;
    StepDesign {
        decode: DecodeDesign::Sum { base: vec![(0.0, s(BASE))], per_context_s: s(CONTEXT) },
        linear: vec![(0.0, 0.0), (1.0, s(TOKEN))],
        attention_s: s(ATTENTION),
        overheads: Overheads::default(),
        decode_knee: 0.7,
        draft: DraftDesign::default(),
        ranks: Some(RanksDesign { count, routing, per_sequence_s: s(SEQUENCE) }),
    }
}

fn limits(sequences: u32, chunk: u32) -> Limits {
    Limits { sequences, chunk, blocks: None, block_tokens: 16 }
}

fn replica(stride: Stride, limits: &Limits, steps: &StepDesign) -> Replica {
    let power =
        PowerDesign { decode_w: 394.0, decode_rise_w: 274.0, half_batch: 45.0, prefill_w: 700.0 };
    let bounds = (limits.sequences, limits.chunk);
    let table = StepTable::compile(steps, &power, &rack(), 8, bounds, Pace::FULL);
    let ranks = steps.ranks.expect("of ranks");
    Replica::new(stride, limits, Arc::clone(&table), 0)
        .scheduled(Scheduling::default())
        .in_ranks(&ranks, table, 0)
}

#[derive(Default)]
struct Ended(Vec<(Ticks, Request)>);

impl Sink for Ended {
    fn chain(&self, _: u32) -> &[Piece] {
        &[]
    }

    fn gaps(&mut self, _: Ticks, _: Ticks, _: u64, _: u16, _: u64) {}

    fn finished(&mut self, request: &Request, at: Ticks) {
        self.0.push((at, *request));
    }

    fn handed_over(&mut self, _: &Request, _: Ticks) {}
}

/// First and last tokens of `sent`, in its order.
fn served(mut replica: Replica, sent: &[Request]) -> Vec<(Ticks, Ticks)> {
    for request in sent {
        replica.send(request.arrival, request);
    }
    let mut ended = Ended::default();
    replica.advance(1 << 60, &mut ended);
    let mut times = vec![(0, 0); sent.len()];
    for (at, request) in ended.0 {
        // Weights number the requests here.
        times[request.weight as usize - 1] = (request.first, at);
    }
    times
}

/// Two prompts at once on two ranks: tokens of both go through all experts, the attention of the longer
/// one is waited for, and so is its context by the decodes of the other.
#[test]
fn an_iteration_waits_for_the_slowest_rank() {
    let steps = design(2, RankRouting::RoundRobin);
    let sent = [Request::new(0, 1000, 3, 1), Request::new(0, 10, 4, 2)];
    for stride in [Stride::Leap, Stride::Plain] {
        let times = served(replica(stride, &limits(8, 2048), &steps), &sent);
        let first = BASE + 1010 * TOKEN + 1000 * 1000 * ATTENTION;
        let second = BASE + SEQUENCE + 1001 * CONTEXT;
        let third = second + CONTEXT;
        // The first has left, and its rank waits with nothing to do.
        let alone = BASE + SEQUENCE + 13 * CONTEXT;
        assert_eq!(times[0], (first, first + second + third));
        assert_eq!(times[1], (first, first + second + third + alone));
    }
}

/// Equal ranks are as fast as a replica of one of them, however many there are.
#[test]
fn equal_ranks_do_not_wait() {
    let one = [Request::new(0, 100, 500, 1)];
    for count in [2, 3, 8] {
        let steps = design(count, RankRouting::LeastBusy);
        let alike: Vec<Request> = (1..=count).map(|i| Request::new(0, 100, 500, i)).collect();
        let times = served(replica(Stride::Leap, &limits(8, 2048), &steps), &alike);
        let alone = served(replica(Stride::Leap, &limits(8, 2048), &steps), &one)[0];
        let more_tokens = u64::from(count - 1) * 100 * TOKEN;
        assert!(times.iter().all(|&(first, last)| {
            (first, last) == (alone.0 + more_tokens, alone.1 + more_tokens)
        }));
    }
}

/// The memory of a request that is on its way to a replica is lost with it: elsewhere its prompt, and the
/// token that it has, are prefilled anew.
#[test]
fn memory_that_was_brought_is_lost_with_the_replica() {
    let steps = design(2, RankRouting::RoundRobin);
    let handed_over = Request {
        generated: 1,
        loaded: true,
        admitted: 0,
        first: 0,
        stalled: 0,
        ..Request::new(0, 99, 3, 1)
    };
    for stride in [Stride::Leap, Stride::Plain] {
        let replica = || replica(stride, &limits(8, 2048), &steps);
        let brought = served(replica(), &[handed_over])[0].1;
        assert_eq!(brought, 2 * (BASE + SEQUENCE) + (100 + 101) * CONTEXT);
        let mut lost = replica();
        lost.send(PER_SECOND as Ticks, &handed_over);
        let moved = lost.evict(0, &mut Ended::default());
        let anew = BASE + 100 * TOKEN + 100 * 100 * ATTENTION;
        let last = BASE + SEQUENCE + 101 * CONTEXT;
        assert_eq!(served(replica(), &moved)[0].1, anew + last);
    }
}

/// The rank with the least of its batch and four times its queue: with one place a rank, the third
/// request waits behind the first, the fourth behind the second.
#[test]
fn requests_go_to_the_least_busy_rank() {
    let steps = design(2, RankRouting::LeastBusy);
    let sent: Vec<Request> =
        [(100, 1), (10, 2), (10, 3), (10, 4)].map(|(out, n)| Request::new(0, 10, out, n)).to_vec();
    let times = served(replica(Stride::Leap, &limits(1, 64), &steps), &sent);
    assert!(times[0].1 < times[2].0, "the third is on the first rank: {times:?}");
    assert!(times[1].1 < times[3].0 && times[3].1 < times[0].1, "{times:?}");
}

/// The longest of random series, iteration by iteration.
#[test]
fn series_end_where_another_rank_becomes_the_slowest() {
    let mut s = Streams::new(1, 0).stream("oracle", "loads");
    let mut overtaken = 0;
    for _ in 0..500 {
        let limits = limits(64, 512);
        let steps = StepDesign {
            decode: DecodeDesign::Bent {
                base: vec![(0.0, 0.01)],
                above: 500,
                per_context_s: [1e-8, 3e-8],
            },
            ..design(4, RankRouting::RoundRobin)
        };
        let power =
            PowerDesign { decode_w: 394.0, decode_rise_w: 0.0, half_batch: 45.0, prefill_w: 700.0 };
        let bounds = (limits.sequences, limits.chunk);
        let table = StepTable::compile(&steps, &power, &rack(), 8, bounds, Pace::FULL);
        let loads: Vec<Load> = (0..4)
            .map(|_| {
                let batch = s.below(9);
                let context = batch * (1 + s.below(1500)) + s.below(50);
                Load { batch, context, gain: batch, ..Load::default() }
            })
            .collect();
        let run = table.run_of_ranks(loads.iter());
        let shown = run.most.min(2000);
        overtaken += u64::from(run.most < 2000);
        // An iteration of its own each time: the first of a series from there on.
        let later = |k: u64| {
            let later: Vec<Load> = loads
                .iter()
                .map(|load| Load { context: load.context + k * load.gain, ..*load })
                .collect();
            table.run_of_ranks(later.iter()).first
        };
        for k in [0, 1, shown / 2, shown - 1].map(|k| k.min(shown - 1)) {
            assert_eq!(run.first + k * run.growth, later(k), "{k} of {run:?}, {loads:?}");
        }
    }
    assert!(overtaken > 100, "{overtaken}");
}

/// A sequence of the loop below.
#[derive(Debug, Clone, Copy)]
struct Sequence {
    number: usize,
    prompt: u64,
    output: u64,
    kv: u64,
    got: u64,
}

/// First and last tokens of requests on ranks, iteration by iteration.
fn looped(
    sent: &[Request],
    routing: RankRouting,
    (ranks, sequences, chunk): (usize, usize, u64),
) -> Vec<(Ticks, Ticks)> {
    let mut batches: Vec<Vec<Sequence>> = vec![Vec::new(); ranks];
    let mut queues: Vec<VecDeque<Sequence>> = vec![VecDeque::new(); ranks];
    let mut times = vec![(0, 0); sent.len()];
    let (mut now, mut seen) = (0, 0);
    loop {
        while seen < sent.len() && sent[seen].arrival <= now {
            let (prompt, output) = (sent[seen].prompt.into(), sent[seen].output.into());
            let sequence = Sequence { number: seen, prompt, output, kv: 0, got: 0 };
            let mut rank = seen % ranks;
            if routing == RankRouting::LeastBusy {
                rank = 0;
                for other in 1..ranks {
                    let busy = |rank: usize| batches[rank].len() + 4 * queues[rank].len();
                    if busy(other) < busy(rank) {
                        rank = other;
                    }
                }
            }
            queues[rank].push_back(sequence);
            seen += 1;
        }
        if batches.iter().all(Vec::is_empty) && queues.iter().all(VecDeque::is_empty) {
            match sent.get(seen) {
                Some(next) => now = next.arrival,
                None => return times,
            }
            continue;
        }
        let (mut slowest, mut tokens) = (0, 0);
        for (batch, queue) in batches.iter_mut().zip(&mut queues) {
            let (mut budget, mut lasts) = (chunk, 0);
            for sequence in batch.iter().filter(|s| s.kv >= s.prompt) {
                budget -= 1;
                lasts += SEQUENCE + CONTEXT * (sequence.kv + 1);
            }
            while batch.len() < sequences && !queue.is_empty() {
                batch.extend(queue.pop_front());
            }
            // In order of admission; those that get nothing have not been admitted yet.
            let mut kept = Vec::new();
            for mut sequence in batch.drain(..) {
                if sequence.kv >= sequence.prompt {
                    sequence.kv += 1;
                    sequence.got += 1;
                    kept.push(sequence);
                } else if budget > 0 {
                    let n = budget.min(sequence.prompt - sequence.kv);
                    lasts += ATTENTION * n * (2 * sequence.kv + n);
                    (budget, tokens) = (budget - n, tokens + n);
                    sequence.kv += n;
                    sequence.got = u64::from(sequence.kv == sequence.prompt);
                    kept.push(sequence);
                } else if sequence.kv > 0 {
                    kept.push(sequence);
                } else {
                    queue.push_front(sequence);
                }
            }
            // Those at the end went back in reverse.
            let back = queue.make_contiguous();
            back.sort_by_key(|s| s.number);
            *batch = kept;
            slowest = slowest.max(lasts);
        }
        now += BASE + slowest + TOKEN * tokens;
        for batch in &mut batches {
            for sequence in batch.iter().filter(|s| s.got > 0) {
                let (first, last) = &mut times[sequence.number];
                if sequence.got == 1 {
                    *first = now;
                }
                *last = now;
            }
            batch.retain(|s| s.got < s.output);
        }
    }
}

fn random_requests(s: &mut Stream) -> Vec<Request> {
    let mut at = 0;
    (1..=60)
        .map(|number| {
            at += (s.exponential(0.05) * PER_SECOND) as Ticks;
            let prompt = (s.lognormal(5.0, 1.2) as u32).clamp(1, 3000);
            let output = (s.lognormal(4.0, 1.2) as u32).clamp(1, 600);
            Request::new(at, prompt, output, number)
        })
        .collect()
}

#[test]
fn ranks_serve_as_a_loop_over_batches_and_queues_says() {
    let mut differ = 0;
    for seed in 0..40 {
        let mut s = Streams::new(seed, 0).stream("oracle", "ranks");
        let (ranks, sequences) = (2 + s.below(5) as u32, 1 + s.below(12) as u32);
        let chunk = sequences + [16, 100, 1000][s.below(3) as usize];
        let sent = random_requests(&mut s);
        let told = [RankRouting::RoundRobin, RankRouting::LeastBusy].map(|routing| {
            let steps = design(ranks, routing);
            let bounds = (ranks as usize, sequences as usize, chunk.into());
            let expected = looped(&sent, routing, bounds);
            for stride in [Stride::Leap, Stride::Plain] {
                let got = served(replica(stride, &limits(sequences, chunk), &steps), &sent);
                assert_eq!(got, expected, "seed {seed}, {routing:?}, {bounds:?}");
            }
            expected
        });
        differ += u32::from(told[0] != told[1]);
    }
    assert!(differ > 20, "{differ} of 40 lives tell the ways of routing apart");
}
