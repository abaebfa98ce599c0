//! What services do beyond batching: closed forms of a lone request, and books that close.

use std::sync::Arc;

use proptest::prelude::*;

use super::design::{DisaggregationDesign, Patience};
use super::load::SharedPrefixes;
use super::load::{
    ClassDesign, LengthLaw, LoadDesign, SourceDesign, TraceDesign, TraceReport, TraceRow,
};
use super::records::Tally;
use super::replica::{Limits, Stride};
use super::scaling::ScalingDesign;
use super::step::{DecodeDesign, DraftDesign};
use super::tests::{DARK, Plant, assert_equal, design, random_offer, secs};
use super::tests_support::rack;
use super::*;
use crate::kernel::{Span, Streams};
use crate::workload::RackOffer;

const DECODE_S: f64 = 0.010;
const PROMPT_TOKEN_S: f64 = 50e-6;

/// One cell with requests of 400 and 61 tokens so seldom that they hardly ever meet.
fn lone(change: impl Fn(&mut ServiceDesign)) -> Tally {
    let mut design = design();
    design.pools[0].layout.cells = 1;
    design.represent = 1;
    design.pools[0].limits =
        Limits { sequences: 8, chunk: 512, blocks: Some(4000), block_tokens: 16 };
    design.load = LoadDesign::poisson(0.05, LengthLaw::Fixed(400), LengthLaw::Fixed(61));
    let base = vec![(0.0, DECODE_S)];
    design.pools[0].steps.decode = DecodeDesign::Sum { base, per_context_s: 0.0 };
    design.pools[0].steps.linear = vec![(0.0, 0.0), (1.0, PROMPT_TOKEN_S)];
    change(&mut design);
    let mut plant = Plant::new(&design, &Streams::new(3, 0));
    plant.run_until(secs(40_000));
    plant.summary().records
}

/// Most requests meet nobody: the median is theirs, within the bins of a histogram.
fn assert_median(latency: &crate::measure::Latency, expected: f64) {
    let got = latency.quantile_s(0.5).unwrap();
    assert!((got / expected - 1.0).abs() < 2e-3, "{got} s, {expected} s expected");
}

const TTFT_S: f64 = DECODE_S + 400.0 * PROMPT_TOKEN_S;

#[test]
fn a_lone_request_takes_its_iterations() {
    let alone = lone(|_| {});
    assert_median(&alone.ttft, TTFT_S);
    assert_median(&alone.e2e, TTFT_S + 60.0 * DECODE_S);
}

#[test]
fn drafts_that_are_all_accepted_save_iterations() {
    let drafted = lone(|design| {
        design.pools[0].steps.draft = DraftDesign { tokens: 3, time_s: 0.002 };
        design.serving.acceptance = vec![1.0];
    });
    // Four tokens an iteration, three of which pass through the linear operators too.
    let iteration = DECODE_S + 0.002 + 3.0 * PROMPT_TOKEN_S;
    assert_median(&drafted.e2e, TTFT_S + 0.002 + 15.0 * iteration);
    assert_median(&drafted.tpot, 15.0 * iteration / 60.0);
    assert_median(&drafted.tbt, iteration);
}

#[test]
fn a_prefix_in_memory_is_not_prefilled_again() {
    let shared = |capacity| {
        lone(|design| {
            let prefixes = SharedPrefixes { count: 1, tokens: 100, skew: 1.0 };
            design.load.classes[0].prefixes = Some(prefixes);
            design.serving.prefix_memory = capacity;
        })
    };
    let without = shared(0);
    assert_median(&without.ttft, TTFT_S + 100.0 * PROMPT_TOKEN_S);
    assert_eq!(without.cached_tokens, 0);
    // Six whole blocks of the prefix are found, from the second request of each replica on.
    let with = shared(100);
    assert_median(&with.ttft, TTFT_S + 4.0 * PROMPT_TOKEN_S);
    let found = with.cached_tokens / 96;
    assert!(found * 96 == with.cached_tokens && found + 4 >= with.served, "{found}");
}

#[test]
fn what_is_handed_over_takes_the_link() {
    let (per_token_s, latency) = (20e-6, Span::from_nanos(3_000_000));
    let split = lone(|design| {
        let prefill = 1;
        design.serving.disaggregation =
            Some(DisaggregationDesign { prefill, per_token_s, latency, links: 1, layers: 1 });
    });
    let transfer = 400.0 * per_token_s + 0.003;
    assert_median(&split.ttft, TTFT_S);
    assert_median(&split.e2e, TTFT_S + transfer + 60.0 * DECODE_S);
    assert!((split.tbt.max_s().unwrap() - transfer - DECODE_S) > -1e-9);
    assert_eq!(split.failed, 0);
}

/// Of ten layers, nine tenths are sent by the first token over a link that is fast enough. Over one that
/// takes twice as long as the prompt, all of it follows the first layer without a pause.
#[test]
fn memory_is_sent_layer_by_layer_while_the_prompt_is_computed() {
    for (link_s, after_first_s) in
        [(0.2 * TTFT_S, 0.02 * TTFT_S), (2.0 * TTFT_S, (0.1 + 2.0 - 1.0) * TTFT_S)]
    {
        let split = lone(|design| {
            design.serving.disaggregation = Some(DisaggregationDesign {
                prefill: 1,
                per_token_s: link_s / 400.0,
                latency: Span::from_nanos(3_000_000),
                links: 1,
                layers: 10,
            });
        });
        assert_median(&split.ttft, TTFT_S);
        assert_median(&split.e2e, TTFT_S + after_first_s + 0.003 + 60.0 * DECODE_S);
    }
}

#[test]
fn nobody_waits_beyond_patience() {
    let run = |retries| {
        lone(|design| {
            // One at a time, offered twice what can be served.
            design.pools[0].limits =
                Limits { sequences: 1, chunk: 512, blocks: None, block_tokens: 16 };
            let rate = 4.0 * 2.0 / (TTFT_S + 60.0 * DECODE_S);
            design.load = LoadDesign::poisson(rate, LengthLaw::Fixed(400), LengthLaw::Fixed(61));
            let (wait, backoff) = (Span::from_secs(2), Span::from_secs(1));
            design.serving.patience = Some(Patience { wait, retries, backoff });
        })
    };
    let never = run(0);
    assert!(never.timed_out > never.served / 2 && never.failed == never.timed_out);
    assert!(never.queue.max_s().unwrap() <= 2.0);
    assert_eq!(never.retried, 0);
    let twice = run(2);
    assert!(twice.retried > twice.timed_out);
    let longest = 3.0 * 2.0 + 2.0 * 1.0;
    assert!(twice.queue.max_s().unwrap() <= longest);
    // Replicas are busy all the time either way: the same number is served.
    assert!((twice.served as f64 / never.served as f64 - 1.0).abs() < 0.01);
}

#[test]
fn a_full_queue_rejects() {
    let full = lone(|design| {
        design.pools[0].limits =
            Limits { sequences: 1, chunk: 512, blocks: None, block_tokens: 16 };
        design.load = LoadDesign::poisson(12.0, LengthLaw::Fixed(400), LengthLaw::Fixed(61));
        design.routing = Routing::LeastRequests;
        design.serving.max_waiting = Some(2);
    });
    assert!(full.rejected > full.served / 3, "{} rejected", full.rejected);
    // One in service and two before it, each as long as a request alone.
    assert!(full.queue.max_s().unwrap() <= 3.0 * (TTFT_S + 60.0 * DECODE_S));
}

#[test]
fn an_hour_without_a_live_replica_fails_what_arrives_and_passes() {
    let mut plant = Plant::new(&design(), &Streams::new(7, 0));
    plant.run_until(secs(600));
    plant.offer(&(0..4).map(|rack| (rack, DARK)).collect::<Vec<_>>());
    let before = plant.summary();
    // Nobody is left to retry with: what was inside has failed at once.
    assert_eq!(before.in_flight, 0);
    plant.run_until(secs(600 + 3600));
    let dark = plant.summary();
    let arrived = dark.records.arrived - before.records.arrived;
    assert_eq!(dark.records.failed - before.records.failed, arrived);
    assert!(arrived > 90_000 && dark.records.served == before.records.served);
    plant.offer(&(0..4).map(|rack| (rack, RackOffer::FULL)).collect::<Vec<_>>());
    // Five minutes to start, then all is as before.
    plant.run_until(secs(600 + 3600 + 301));
    let up = plant.summary();
    plant.run_until(secs(600 + 3600 + 3600));
    let after = plant.summary();
    assert_eq!(after.records.failed, up.records.failed);
    assert!(after.records.served > up.records.served + 80_000);
}

/// Three quarters of the replicas sleep through an hour without requests, and no request fails
/// when they come back.
#[test]
fn idle_replicas_sleep_and_draw_nothing_above_idle() {
    let run = |scaled: bool| {
        let mut design = design();
        design.represent = 8;
        let rate = |hour: usize| if hour == 1 { 0.0 } else { 24.0 / 23.0 };
        let SourceDesign::Drawn { rate: law, .. } = &mut design.load.classes[0].source else {
            unreachable!("the test's load is drawn")
        };
        law.weekly = (0..168).map(|hour| rate(hour % 24)).collect();
        if scaled {
            let (start, calm) = (Span::from_secs(120), Span::from_secs(300));
            design.serving.scaling = Some(ScalingDesign { min: 1, target: 2.0, start, calm });
        }
        let mut plant = Plant::new(&design, &Streams::new(7, 0));
        plant.run_until(secs(3600 + 1200));
        let night = plant.summary();
        plant.run_until(secs(7200));
        let morning = plant.summary();
        plant.run_until(secs(3 * 3600));
        (morning.energy_j - night.energy_j, plant.summary().records)
    };
    let (awake, _) = run(false);
    let (asleep, records) = run(true);
    // 8 cells x 3 replicas x 4 GPUs between resident and idle draw, for 2,400 s.
    let saved = 8.0 * 3.0 * 4.0 * 2400.0 * (rack().gpu_resident_w - rack().gpu_idle_w);
    assert!(((awake - asleep) / saved - 1.0).abs() < 1e-9, "{awake} J, {asleep} J, {saved} J");
    assert_eq!(records.failed, 0);
}

/// Half of the replicas of each cell on racks of another kind, which are slower and draw less.
fn two_kinds(design: &mut ServiceDesign) {
    let own = &mut design.pools[0];
    (own.layout.racks, own.layout.replicas) = (2, 2);
    let mut other = own.clone();
    let base = vec![(0.0, 0.029), (1.0, 0.0291)];
    other.steps.decode = DecodeDesign::Sum { base, per_context_s: 6.6e-8 };
    other.rack.gpu_tdp_w = 500.0;
    (other.rack.gpu_idle_w, other.rack.gpu_resident_w) = (40.0, 60.0);
    other.power.prefill_w = 500.0;
    (other.power.decode_w, other.power.decode_rise_w) = (200.0, 100.0);
    other.startup = Span::from_secs(100);
    design.pools.push(other);
}

/// Requests take turns between two kinds of replicas: half of them meet the iterations of each.
#[test]
fn each_kind_of_rack_walks_by_its_own_steps() {
    let (slow_decode, slow_prompt) = (0.025, 120e-6);
    let mixed = lone(|design| {
        two_kinds(design);
        for pool in &mut design.pools {
            pool.layout.cells = 1;
            pool.layout.replicas = 1;
        }
        design.pools[0].limits =
            Limits { sequences: 8, chunk: 512, blocks: Some(4000), block_tokens: 16 };
        let slow = &mut design.pools[1].steps;
        slow.decode = DecodeDesign::Sum { base: vec![(0.0, slow_decode)], per_context_s: 0.0 };
        slow.linear = vec![(0.0, 0.0), (1.0, slow_prompt)];
    });
    let slow_ttft = slow_decode + 400.0 * slow_prompt;
    for (q, ttft, decode) in [(0.25, TTFT_S, DECODE_S), (0.75, slow_ttft, slow_decode)] {
        let got = [mixed.ttft.quantile_s(q).unwrap(), mixed.e2e.quantile_s(q).unwrap()];
        for (got, expected) in got.into_iter().zip([ttft, ttft + 60.0 * decode]) {
            assert!((got / expected - 1.0).abs() < 2e-3, "{got} s, {expected} s expected");
        }
    }
}

/// Without requests, every rack draws its own idle power and its own loaded GPUs.
#[test]
fn each_kind_of_rack_draws_its_own_power() {
    let mut design = design();
    two_kinds(&mut design);
    super::tests::client(&mut design).rate_per_s = 0.0;
    let mut plant = Plant::new(&design, &Streams::new(3, 0));
    plant.run_until(secs(1000));
    let watts: f64 = design
        .pools
        .iter()
        .map(|PoolDesign { rack, layout, .. }| {
            let gpus = (layout.cells * layout.replicas * layout.gpus) as f64;
            2.0 * rack.idle_w() + gpus * (rack.gpu_resident_w - rack.gpu_idle_w)
        })
        .sum();
    let energy = plant.summary().energy_j;
    assert!((energy / (1000.0 * watts) - 1.0).abs() < 1e-12, "{energy} J at {watts} W");
}

/// The router may send a request to any replica, so it must fit the smallest.
#[test]
fn what_does_not_fit_every_kind_is_rejected() {
    let of_blocks = |blocks| {
        lone(|design| {
            two_kinds(design);
            for pool in &mut design.pools {
                pool.layout.cells = 1;
            }
            // 460 tokens at most: the last of the answer is never fed back.
            design.pools[1].limits.blocks = Some(blocks);
        })
    };
    let (small, enough) = (of_blocks(28), of_blocks(29));
    assert!(small.served == 0 && small.rejected == small.arrived && small.arrived > 1000);
    assert!(enough.rejected == 0 && enough.served > 1000);
}

/// The racks of both kinds lose power and are slowed; leaps give what the plain loop gives.
#[test]
fn leaps_over_two_kinds_are_equal_to_the_plain_loop() {
    for (seed, routing) in [
        (7, Routing::RoundRobin),
        (8, Routing::LeastRequests),
        (9, Routing::LeastTokens),
        (10, Routing::PowerOfTwo),
    ] {
        let run = |stride: Stride| {
            let mut design = design();
            two_kinds(&mut design);
            (design.stride, design.routing) = (stride, routing);
            let mut plant = Plant::new(&design, &Streams::new(seed, 0));
            plant.run_until(secs(400));
            plant.offer(&[(1, DARK), (2, RackOffer { speed: 0.6, ..RackOffer::FULL })]);
            plant.run_until(secs(500));
            plant.offer(&[(1, RackOffer::FULL), (3, DARK)]);
            plant.run_until(secs(1000));
            plant.offer(&(0..4).map(|rack| (rack, RackOffer::FULL)).collect::<Vec<_>>());
            plant.run_until(secs(3000));
            assert_eq!(plant.service.multiplicities(), vec![4, 4]);
            plant.summary()
        };
        let (leap, plain) = (run(Stride::Leap), run(Stride::Plain));
        assert_equal(&leap, &plain);
        assert!(leap.splits > 0 && 2 * leap.work.steps < plain.work.steps);
    }
}

/// Requests of two classes that never meet: each class has the iterations of its own requests,
/// and of what is drawn without requests the same proportion.
#[test]
fn energy_belongs_to_the_class_whose_tokens_it_made() {
    let class = |name: &str, prompt: u32, output: u32, first_s: u64| {
        let rows: Vec<TraceRow> = (0..100)
            .map(|i| TraceRow {
                at_ns: (first_s + 20 * i) * 1_000_000_000,
                prompt,
                output,
                blocks: Vec::new(),
                block_tokens: 0,
            })
            .collect();
        let (first_ns, last_ns) = (0, rows[99].at_ns);
        let report = TraceReport { rows: 100, first_ns, last_ns, ..TraceReport::default() };
        let trace = TraceDesign::new(Arc::new(rows), &report);
        ClassDesign { name: name.to_owned(), ..ClassDesign::played(trace) }
    };
    let mut design = design();
    design.represent = 8;
    design.load = LoadDesign { classes: vec![class("a", 400, 61, 0), class("b", 1000, 5, 10)] };
    let pool = &mut design.pools[0];
    pool.steps.decode = DecodeDesign::Sum { base: vec![(0.0, DECODE_S)], per_context_s: 0.0 };
    pool.steps.linear = vec![(0.0, 0.0), (1.0, PROMPT_TOKEN_S)];
    let decode_w = 394.0 + 274.0 / 46.0 - rack().gpu_idle_w;
    let prefill_w = 700.0 - rack().gpu_idle_w;
    // Chunks of 512: one iteration of prompt, then two.
    let a = prefill_w * TTFT_S + 60.0 * decode_w * DECODE_S;
    let b = prefill_w * (2.0 * DECODE_S + 1000.0 * PROMPT_TOKEN_S) + 4.0 * decode_w * DECODE_S;
    let mut plant = Plant::new(&design, &Streams::new(3, 0));
    plant.run_until(secs(3000));
    let summary = plant.summary();
    assert_eq!(summary.records.served, 8 * 200);
    let [of_a, of_b] = [0, 1].map(|class| summary.classes[class].energy_j.unwrap());
    let (got, expected) = (of_a / of_b, a / b);
    assert!((got / expected - 1.0).abs() < 1e-6, "{got} times as much, {expected} expected");
    assert!(((of_a + of_b) / summary.energy_j - 1.0).abs() < 1e-12);
}

/// Two decoding sequences share their iterations half and half, whatever else tells them apart.
#[test]
fn classes_that_decode_together_share_by_their_tokens() {
    let class = |name: &str, count: u64| {
        // All at once, of one prompt token each: one iteration, then they decode together.
        let row = TraceRow { at_ns: 0, prompt: 1, output: 1000, ..TraceRow::default() };
        let rows = vec![row; count as usize];
        let report = TraceReport { rows: count, ..TraceReport::default() };
        let trace = TraceDesign::new(Arc::new(rows), &report);
        ClassDesign { name: name.to_owned(), ..ClassDesign::played(trace) }
    };
    let mut design = design();
    design.pools[0].layout.replicas = 1;
    design.load = LoadDesign { classes: vec![class("one", 1), class("three", 3)] };
    let mut plant = Plant::new(&design, &Streams::new(3, 0));
    plant.run_until(secs(600));
    let summary = plant.summary();
    let [one, three] = [0, 1].map(|class| summary.classes[class].energy_j.unwrap());
    assert!((three / one - 3.0).abs() < 1e-9, "{one} J and {three} J");
}

/// A random service with everything on.
fn everything(luck: &mut crate::kernel::Stream) -> ServiceDesign {
    let mut design = design();
    if luck.chance(0.5) {
        two_kinds(&mut design);
    }
    design.lost_requests =
        [LostRequests::Retry, LostRequests::Resume, LostRequests::Fail][luck.below(3) as usize];
    let blocks = [None, Some(700)][luck.below(2) as usize];
    design.pools.iter_mut().for_each(|pool| pool.limits.blocks = blocks);
    design.routing = [
        Routing::RoundRobin,
        Routing::LeastRequests,
        Routing::LeastTokens,
        Routing::PrefixAffinity,
    ][luck.below(4) as usize];
    let class = &mut design.load.classes[0];
    let mut urgent = class.clone();
    (class.name, urgent.name) = ("patient".to_owned(), "urgent".to_owned());
    class.priority = 1;
    class.prefixes = Some(SharedPrefixes { count: 30, tokens: 200, skew: 1.0 });
    design.load.classes.push(urgent);
    // Conversations that come back, recorded.
    let rows: Vec<TraceRow> = (0..300)
        .map(|i| {
            let (conversation, turn) = (luck.below(5), luck.below(3));
            let blocks = (0..=turn).map(|block| 10 * conversation + block);
            let prompt = 512 * turn as u32 + 1 + luck.below(512) as u32;
            TraceRow {
                at_ns: 2_000_000_000 * i,
                prompt,
                output: 50,
                blocks: blocks.collect(),
                block_tokens: 512,
            }
        })
        .collect();
    let (rows_count, last_ns) = (rows.len() as u64, rows[rows.len() - 1].at_ns);
    let report = TraceReport { rows: rows_count, last_ns, ..TraceReport::default() };
    let trace = TraceDesign::new(Arc::new(rows), &report);
    let played = ClassDesign { name: "played".to_owned(), ..ClassDesign::played(trace) };
    design.load.classes.push(played);
    if blocks.is_some() && luck.chance(0.7) {
        let host_tokens = [0, 5000, 1 << 40][luck.below(3) as usize];
        let caching = PrefixCachingDesign { host_tokens, per_token_s: 2e-6 };
        design.serving.prefix_caching = Some(caching);
    } else {
        design.serving.prefix_memory = 4000;
    }
    if luck.chance(0.5) {
        let draft = DraftDesign { tokens: 2, time_s: 0.001 };
        design.pools.iter_mut().for_each(|pool| pool.steps.draft = draft);
        design.serving.acceptance = vec![0.6];
    }
    if luck.chance(0.5) {
        let (wait, backoff) = (Span::from_secs(1), Span::from_secs(2));
        design.serving.patience = Some(Patience { wait, retries: 1, backoff });
    }
    design.serving.max_waiting = [None, Some(10)][luck.below(2) as usize];
    if luck.chance(0.4) {
        design.serving.scaling = Some(ScalingDesign {
            min: 1,
            target: 4.0,
            start: Span::from_secs(30),
            calm: Span::from_secs(120),
        });
    } else if luck.chance(0.5) {
        design.serving.disaggregation = Some(DisaggregationDesign {
            prefill: 1 + luck.below(3) as usize,
            per_token_s: 5e-6,
            latency: Span::from_nanos(1_000_000),
            links: 1,
            layers: [1, 3, 80][luck.below(3) as usize],
        });
    }
    design
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// With everything on and random events: no request is lost count of, cells that were
    /// struck are represented again, and walking gives what leaping gives.
    #[test]
    fn books_close_with_everything_on(seed in any::<u64>()) {
        let run = |stride: Stride| {
            let streams = Streams::new(seed, 0);
            let mut luck = streams.stream("events", "test");
            let mut design = everything(&mut luck);
            design.stride = stride;
            let mut plant = Plant::new(&design, &streams);
            let mut at = secs(0);
            for _ in 0..6 {
                at += Span::from_secs_f64(luck.exponential(60.0));
                plant.run_until(at);
                plant.offer(&[(luck.below(4) as usize, random_offer(&mut luck))]);
                plant.summary();
            }
            plant.offer(&(0..4).map(|rack| (rack, RackOffer::FULL)).collect::<Vec<_>>());
            plant.run_until(at + Span::from_secs(3000));
            assert_eq!(plant.service.multiplicities(), vec![4, 4]);
            plant.summary()
        };
        assert_equal(&run(Stride::Leap), &run(Stride::Plain));
    }
}
