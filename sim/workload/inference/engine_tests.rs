//! Leaps against the plain loop: equal results, to the last bit, whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::kv_pool::HostTier;
use super::prefix::Piece;
use super::replica::{Limits, Replica, Scheduling, Stride, Work};
use super::request::{Request, Sink};
use super::step::{
    DecodeDesign, DraftDesign, Overheads, Pace, PowerDesign, RankRouting, RanksDesign, StepDesign,
    StepTable,
};
use super::tests_support::rack;
use super::ticks::{PER_SECOND, Ticks};
use crate::kernel::{Stream, Streams};

/// What happens to the replica from outside.
#[derive(Debug, Clone)]
enum Change {
    /// Iterations that begin later use this table.
    Table(Arc<StepTable>),
    /// Who has waited for so long gives up.
    GiveUp(Ticks),
    /// All is lost and comes back at once, to be resumed or served afresh.
    Restart { resume: bool },
}

/// A life of a replica.
#[derive(Debug)]
struct Plan {
    limits: Limits,
    ranks: Option<RanksDesign>,
    scheduling: Scheduling,
    /// What prompts share, by the number of the chain.
    chains: Vec<Vec<Piece>>,
    prefix_memory: u64,
    /// Whether the KV memory keeps what sequences leave in it, and what is behind it.
    shared_memory: Option<HostTier>,
    /// Whether energy is told apart by class.
    shares: bool,
    hands_over: bool,
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
    handed_over: Vec<(Ticks, Request)>,
    lost: Vec<Vec<Request>>,
    /// At each change: energy since the one before, requests inside.
    seen: Vec<(u64, u64)>,
    /// And the parts of the classes in that energy.
    shares: Vec<[u64; 3]>,
}

/// What a replica tells, and what it asks for.
struct Ear<'a> {
    log: Log,
    chains: &'a [Vec<Piece>],
}

impl Sink for Ear<'_> {
    fn chain(&self, number: u32) -> &[Piece] {
        &self.chains[number as usize]
    }

    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64) {
        for j in 0..k {
            *self.log.gaps.entry((class, first + j * growth)).or_default() += weight;
        }
    }

    fn finished(&mut self, request: &Request, at: Ticks) {
        // An engine need not count tokens one by one.
        let request = Request { generated: request.output, ..*request };
        self.log.finished.push((at, request));
    }

    fn handed_over(&mut self, request: &Request, at: Ticks) {
        self.log.handed_over.push((at, *request));
    }
}

impl Ear<'_> {
    /// Notes the state of the replica, which stands at `at`.
    fn look(&mut self, replica: &mut Replica, at: Ticks) {
        let energy = replica.take_energy_j(at);
        let mut shares = [0.0; 3];
        replica.take_shares_j(&mut shares);
        // What GPUs draw without requests is nobody's.
        assert!(shares.iter().sum::<f64>() <= energy * (1.0 + 1e-12));
        self.log.seen.push((energy.to_bits(), replica.in_flight()));
        self.log.shares.push(shares.map(f64::to_bits));
    }
}

fn ticks(seconds: f64) -> Ticks {
    (seconds * PER_SECOND) as Ticks
}

fn random_steps(stream: &mut Stream) -> StepDesign {
    let ms = 1e-3;
    let slope = 0.1 * stream.uniform() * ms;
    StepDesign {
        decode: if stream.chance(0.3) { random_grid(stream) } else { random_sum(stream) },
        linear: vec![(0.0, 0.0), (64.0, 0.0), (65.0, slope), (300.0, 236.0 * slope)],
        attention_s: if stream.chance(0.3) { 0.0 } else { 1e-8 * stream.uniform() },
        overheads: Overheads {
            request_s: 0.0,
            iteration_s: if stream.chance(0.5) { 0.0 } else { 5.0 * ms * stream.uniform() },
            several: if stream.chance(0.5) { 1.0 } else { 1.0 + stream.uniform() },
        },
        decode_knee: 0.7,
        ranks: None,
        draft: DraftDesign { tokens: stream.below(4) as u32, time_s: 2.0 * ms * stream.uniform() },
    }
}

fn random_sum(stream: &mut Stream) -> DecodeDesign {
    let ms = 1e-3;
    let mut base = if stream.chance(0.5) {
        let (a, b) = (5.0 + 30.0 * stream.uniform(), 0.2 * stream.uniform());
        vec![(0.0, a * ms), (1.0, (a + b) * ms)]
    } else {
        // Any table, rising or not.
        (0..12).map(|i| (f64::from(i) * 3.0, (2.0 + 20.0 * stream.uniform()) * ms)).collect()
    };
    let last = base[base.len() - 1];
    base.push((last.0 + 200.0, last.1 + 5.0 * ms));
    let per_context_s = if stream.chance(0.2) { 0.0 } else { 6e-5 * ms * stream.uniform() };
    if stream.chance(0.3) {
        let above = 1 + stream.below(800) as u32;
        let per_context_s = [per_context_s, per_context_s + 2e-4 * ms * stream.uniform()];
        return DecodeDesign::Bent { base, above, per_context_s };
    }
    DecodeDesign::Sum { base, per_context_s }
}

/// Durations that rise along the mean context, by knots that may lie close to each other.
fn random_grid(stream: &mut Stream) -> DecodeDesign {
    let mut context = vec![stream.below(3) as u32 * 10];
    for _ in 0..1 + stream.below(8) {
        let last = context[context.len() - 1];
        let width = [5, 100, 1000][stream.below(3) as usize];
        context.push(last + 1 + stream.below(width) as u32);
    }
    let mut rows: Vec<(f64, Vec<f64>)> = Vec::new();
    for sequences in [0.0_f64, 1.0, 7.0, 64.0] {
        let mut time = 0.002 + 0.001 * sequences.min(8.0) + 0.02 * stream.uniform();
        let row = context.iter().map(|_| {
            if stream.chance(0.5) {
                time += 0.001 * stream.uniform();
            }
            time
        });
        rows.push((sequences, row.collect()));
    }
    let last: Vec<f64> = rows[rows.len() - 1].1.iter().map(|t| t + 0.01).collect();
    rows.push((200.0, last));
    DecodeDesign::Grid { context, rows }
}

fn table(steps: &StepDesign, limits: &Limits, pace: u8) -> Arc<StepTable> {
    let power =
        PowerDesign { decode_w: 394.0, decode_rise_w: 274.0, half_batch: 45.0, prefill_w: 700.0 };
    let bounds = (limits.sequences, limits.chunk);
    StepTable::compile(steps, &power, &rack(), 4, bounds, Pace::At(pace))
}

fn random_plan(seed: u64) -> Plan {
    plan_of(seed, None)
}

/// A life of a replica of some ranks.
fn ranked_plan(seed: u64) -> Plan {
    let mut s = Streams::new(seed, 0).stream("oracle", "ranks");
    let routing = if s.chance(0.5) { RankRouting::RoundRobin } else { RankRouting::LeastBusy };
    let per_sequence_s = if s.chance(0.2) { 0.0 } else { 1e-3 * s.uniform() };
    let ranks = RanksDesign { count: 2 + s.below(4) as u32, routing, per_sequence_s };
    plan_of(seed, Some(ranks))
}

fn plan_of(seed: u64, ranks: Option<RanksDesign>) -> Plan {
    let mut s = Streams::new(seed, 0).stream("oracle", "replica");
    let limits = Limits {
        sequences: [1, 2, 8, 128][s.below(4) as usize],
        chunk: [128, 256, 512, 2048][s.below(4) as usize],
        blocks: [None, Some(40), Some(120), Some(900)][s.below(4) as usize],
        block_tokens: [1, 4, 16][s.below(3) as usize],
    };
    let mut steps = StepDesign { ranks, ..random_steps(&mut s) };
    if ranks.is_some() {
        // Ranks have no grids.
        steps.decode = random_sum(&mut s);
    }
    // Sparse to overloaded.
    let mean_gap = 0.02 * 100.0_f64.powf(s.uniform());
    let hands_over = s.chance(0.15);
    let [urgent, drafted, shared, loaded] = [(); 4].map(|()| s.chance(0.4));
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
        if urgent {
            request = request.at_priority(s.below(3) as u8);
        }
        if drafted {
            request = request.in_rounds(1 + s.below(u64::from(output)) as u32);
        }
        if loaded && !hands_over && s.chance(0.5) && request.output > 1 {
            request.generated = 1 + s.below(u64::from(request.output) - 1) as u32;
            (request.loaded, request.stalled, request.first) = (true, at, at);
        }
        if shared && s.chance(0.7) {
            request = request.with_prefix(1 + (s.uniform() * s.uniform() * 9.0) as u32);
        }
        if !limits.fits(&request) {
            request = Request { prompt: 20, output: 20, rounds: 19, ..request.afresh() };
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
            } else if s.chance(0.3) {
                Change::GiveUp(ticks(s.exponential(mean_gap * 20.0)))
            } else {
                Change::Table(table(&steps, &limits, 1 + s.below(128) as u8))
            };
            (when, change)
        })
        .collect();
    // Nothing, then chains that part from each other one by one.
    let chains = (0..10_u64).map(|chain| {
        let piece = |i: u64| {
            let parted = if i + s.below(2) < chain { 0 } else { chain };
            Piece { family: 1, id: 100 * parted + i, tokens: 10 + 30 * (i as u32 % 4) }
        };
        (0..chain).map(piece).collect()
    });
    let chains: Vec<Vec<Piece>> = chains.collect();
    let scheduling = Scheduling { apart: s.chance(0.4), whole: s.chance(0.3) };
    let prefix_memory = if shared { [100, 400, 5000][s.below(3) as usize] } else { 0 };
    let table = table(&steps, &limits, Pace::STEPS);
    let shares = s.chance(0.5);
    let per_block = ticks(1e-3 * s.uniform());
    let host = HostTier { blocks: [0, 0, 20, 300, 1 << 40][s.below(5) as usize], per_block };
    let shared_memory = (limits.blocks.is_some() && s.chance(0.6)).then_some(host);
    Plan {
        chains,
        prefix_memory,
        shared_memory,
        shares,
        hands_over,
        limits,
        ranks,
        scheduling,
        table,
        sent,
        changes,
        until: at + ticks(36_000.0),
    }
}

/// Lives through `plan`. The clock stops at instants drawn from `stops` on the way, which
/// must be without consequence.
fn live(plan: &Plan, stride: Stride, mut stops: Stream) -> (Log, Work) {
    let mut ear = Ear { log: Log::default(), chains: &plan.chains };
    let mut replica = Replica::new(stride, &plan.limits, Arc::clone(&plan.table), 0)
        .scheduled(plan.scheduling)
        .with_prefixes(plan.prefix_memory)
        .for_classes(if plan.shares { 3 } else { 1 });
    if plan.hands_over {
        replica = replica.handing_over();
    }
    if let Some(host) = plan.shared_memory {
        replica = replica.with_shared_memory(host);
    }
    if let Some(ranks) = &plan.ranks {
        replica = replica.in_ranks(ranks, Arc::clone(&plan.table), 0);
    }
    let mut current = &plan.table;
    let mut rest = plan.sent.as_slice();
    let mut send = |replica: &mut Replica, to: Ticks| {
        while let [(ready, request), tail @ ..] = rest
            && *ready <= to
        {
            replica.send(*ready, request);
            rest = tail;
        }
    };
    let mut walked = 0;
    for (at, change) in &plan.changes {
        while stops.chance(0.7) && walked < *at {
            walked += stops.below(at - walked + 1);
            send(&mut replica, walked);
            replica.advance(walked + 1, &mut ear);
        }
        walked = *at;
        send(&mut replica, *at);
        replica.advance(*at + 1, &mut ear);
        ear.look(&mut replica, *at);
        match change {
            Change::Table(table) => {
                current = table;
                replica.change(*at, table);
            }
            Change::GiveUp(patience) => {
                ear.log.lost.push(replica.give_up(*at, *patience));
                ear.log.seen.push((0, replica.waiting() as u64));
            }
            Change::Restart { resume } => {
                let lost = replica.evict(*at, &mut ear);
                assert!(replica.is_empty());
                replica.revive(*at, current);
                for request in &lost {
                    replica.send(*at, &if *resume { *request } else { request.afresh() });
                }
                ear.log.lost.push(lost);
            }
        }
    }
    send(&mut replica, plan.until);
    replica.advance(plan.until, &mut ear);
    // Slow steps may leave a leap under way at the end.
    replica.walk_to(plan.until - 1, &mut ear);
    ear.look(&mut replica, plan.until);
    let mut log = ear.log;
    log.gaps.retain(|_, n| *n > 0);
    for ended in [&mut log.finished, &mut log.handed_over] {
        ended.sort_unstable_by_key(|(at, r)| {
            let traits = (r.prompt, r.output, r.weight, r.class, r.priority, r.prefix, r.rounds);
            let traits = (traits, r.cached, r.fetched);
            (*at, r.arrival, r.admitted, r.first, traits)
        });
    }
    (log, replica.work())
}

fn compare(seed: u64) -> Work {
    compare_lives(&random_plan(seed), seed).1
}

fn compare_ranked(seed: u64) -> Work {
    compare_lives(&ranked_plan(seed), seed).1
}

/// What the leaping engine told and did in `plan`, equal to what the plain loop does.
fn compare_lives(plan: &Plan, seed: u64) -> (Log, Work) {
    let stops = |who| Streams::new(seed, 0).stream("stops", who);
    let (expected, walked) = live(plan, Stride::Plain, stops("plain"));
    let (got, leapt) = live(plan, Stride::Leap, stops("leap"));
    // Whole logs are too long to print: the first difference tells most.
    for (i, pair) in got.finished.iter().zip(&expected.finished).enumerate() {
        assert_eq!(pair.0, pair.1, "seed {seed}: {:?}, finish {i}", plan.limits);
    }
    assert_eq!(got.finished.len(), expected.finished.len(), "seed {seed}: {:?}", plan.limits);
    for (_, request) in &got.finished {
        assert!(
            request.fetched <= request.cached && request.cached < request.prompt,
            "seed {seed}"
        );
    }
    assert_eq!(got.seen, expected.seen, "seed {seed}: energy or requests inside differ");
    for (got, expected) in got.lost.iter().flatten().zip(expected.lost.iter().flatten()) {
        assert_eq!(got, expected, "seed {seed}: what was lost differs");
    }
    assert!(got.lost == expected.lost, "seed {seed}: what was lost differs");
    assert!(got == expected, "seed {seed}: {:?}, gaps differ", plan.limits);
    assert_eq!(leapt.iterations, walked.iterations, "seed {seed}");
    assert_eq!(leapt.preemptions, walked.preemptions, "seed {seed}");
    assert_eq!(leapt.evictions, walked.evictions, "seed {seed}");
    assert_eq!(walked.steps, walked.iterations, "seed {seed}");
    (got, leapt)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Leaps equal the plain loop: every first token, finish, gap, preemption and joule, bit
    /// for bit, under any model, limits, load, cap changes and losses.
    #[test]
    fn leaps_equal_the_plain_loop(seed in any::<u64>()) {
        compare(seed);
    }

    /// The same of replicas of some ranks.
    #[test]
    fn ranks_leap_as_they_walk(seed in any::<u64>()) {
        compare_ranked(seed);
    }
}

#[test]
fn the_comparison_sees_leaps_and_preemptions() {
    let work = (0..60).map(compare).fold(Work::default(), Work::plus);
    assert!(work.iterations > 5 * work.steps, "{work:?}");
    assert!(work.preemptions > 1000 && work.evictions > 1000, "{work:?}");
    let work = (0..60).map(compare_ranked).fold(Work::default(), Work::plus);
    assert!(work.iterations > 3 * work.steps, "{work:?}");
    assert!(work.preemptions > 300 && work.evictions > 300, "{work:?}");
}

/// Where no two prompts share anything, what requests lose and find again is not counted as found.
#[test]
fn unique_prompts_find_nothing_however_often_they_are_preempted() {
    let mut all = Work::default();
    for seed in 0..40 {
        let mut plan = random_plan(seed);
        if plan.limits.blocks.is_none() {
            continue;
        }
        plan.shared_memory = Some(HostTier { blocks: 20, per_block: 0 });
        plan.prefix_memory = 0;
        for (index, (_, request)) in plan.sent.iter_mut().enumerate() {
            // All of the request belongs to its chain, its answer too.
            let tokens = request.prompt + request.output;
            plan.chains.push(vec![Piece { family: 2, id: index as u64, tokens }]);
            request.prefix = plan.chains.len() as u32 - 1;
        }
        let (log, work) = compare_lives(&plan, seed);
        let ended = log.finished.iter().chain(&log.handed_over);
        assert!(ended.into_iter().all(|(_, r)| (r.cached, r.fetched) == (0, 0)), "seed {seed}");
        all = all.plus(work);
    }
    assert!(all.preemptions > 100, "{all:?}");
}

/// A life whose last leap is still under way when it ends.
#[test]
fn a_leap_under_way_at_the_end_is_told_as_far_as_it_went() {
    compare(16_915_164_205_815_916_199);
}

/// A head whose first chunk is not cut waits for memory; what decodes evict of the 96 tokens that it
/// would find makes its chunk a cut one, for which there is room an iteration later.
#[test]
fn a_leap_ends_where_evictions_cut_the_chunk_of_a_waiting_head() {
    let limits = Limits { sequences: 8, chunk: 64, blocks: Some(16), block_tokens: 16 };
    let piece = Piece { family: 1, id: 1, tokens: 96 };
    let steps = StepDesign {
        decode: DecodeDesign::Sum { base: vec![(0.0, 0.010)], per_context_s: 0.0 },
        ..random_steps(&mut Streams::new(1, 0).stream("oracle", "replica"))
    };
    // The first leaves six blocks of the chain behind ten blank ones, of which the second takes six and
    // leaves them behind those of the chain. The next four take the four that are left in front.
    let request = |at, prompt, output| (ticks(at), Request::new(ticks(at), prompt, output, 1));
    let mut sent = vec![request(0.0, 97, 1), request(10.0, 96, 1)];
    sent.extend([request(20.0, 16, 20); 4]);
    sent.push(request(20.0, 150, 5));
    for index in [0, 6] {
        sent[index].1.prefix = 1;
    }
    let plan = Plan {
        chains: vec![Vec::new(), vec![piece]],
        prefix_memory: 0,
        shared_memory: Some(HostTier::default()),
        shares: false,
        hands_over: false,
        ranks: None,
        scheduling: Scheduling::default(),
        table: table(&steps, &limits, Pace::STEPS),
        limits,
        sent,
        changes: Vec::new(),
        until: ticks(3600.0),
    };
    let (log, _) = compare_lives(&plan, 0);
    // The four open a block each: 4 and the head's 10 are more than the 12 that are free. Of what it
    // finds 2 blocks are left then, and it needs 6 of 8.
    let admitted =
        |prompt| log.finished.iter().find(|(_, r)| r.prompt == prompt).unwrap().1.admitted;
    let first_end = log.finished.iter().find(|(_, r)| r.prompt == 16).unwrap().0;
    assert!(admitted(16) < admitted(150) && admitted(150) < first_end);
}
