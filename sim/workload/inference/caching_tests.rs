//! KV blocks that keep what sequences leave in them: closed forms, and the two limits of host memory.

use std::sync::Arc;

use super::PrefixCachingDesign;
use super::ServiceDesign;
use super::load::{
    ClassDesign, ClosedDesign, LengthLaw, SessionDesign, SharedPrefixes, SourceDesign, ThinkLaw,
    TraceDesign, TraceReport, TraceRow,
};
use super::outcome::InferenceSummary;
use super::racks::Layout;
use super::replica::Limits;
use super::step::DecodeDesign;
use super::tests::{Plant, client, design, secs};
use crate::kernel::Streams;

const DECODE_S: f64 = 0.010;
const PROMPT_TOKEN_S: f64 = 50e-6;
const BLOCK: u64 = 16;

/// One replica of `blocks` blocks whose iterations last 10 ms, and 50 us more for each prompt token.
fn one_replica(blocks: u64, host_tokens: u64, per_token_s: f64) -> ServiceDesign {
    let mut design = design();
    let pool = &mut design.pools[0];
    pool.layout = Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 4 };
    pool.limits =
        Limits { sequences: 64, chunk: 1 << 16, blocks: Some(blocks), block_tokens: BLOCK as u32 };
    pool.steps.decode = DecodeDesign::Sum { base: vec![(0.0, DECODE_S)], per_context_s: 0.0 };
    pool.steps.linear = vec![(0.0, 0.0), (1.0, PROMPT_TOKEN_S)];
    design.represent = 1;
    design.serving.prefix_caching = Some(PrefixCachingDesign { host_tokens, per_token_s });
    design
}

fn summary(design: &ServiceDesign, seconds: u64) -> InferenceSummary {
    let mut plant = Plant::new(design, &Streams::new(1, 0));
    plant.run_until(secs(seconds));
    plant.summary()
}

/// Clients whose sessions go on for ever: each turn adds 640 tokens and an answer of 161.
fn sessions(design: &mut ServiceDesign, clients: u32, think_s: f64, turns: u32) {
    design.load.classes[0].source = SourceDesign::Closed(ClosedDesign {
        clients,
        think: ThinkLaw::Fixed(think_s),
        prompt: LengthLaw::Fixed(640),
        output: LengthLaw::Fixed(161),
        session: Some(SessionDesign { turns: LengthLaw::Fixed(turns), most_tokens: 1 << 20 }),
    });
}

/// Prompt tokens of all turns of a session, and those that are found of them: all whole blocks that
/// the turn before has left, whose last token was never fed back.
fn of_session(turns: u64) -> (u64, u64) {
    let prompt = |turn: u64| 801 * turn + 640;
    let left = |turn: u64| (prompt(turn) + 160) / BLOCK * BLOCK;
    ((0..turns).map(prompt).sum(), (1..turns).map(|turn| left(turn - 1)).sum())
}

/// Turns of one session find the prompts and the answers before them.
#[test]
fn a_turn_finds_all_whole_blocks_before_it() {
    let mut design = one_replica(1000, 0, 0.0);
    sessions(&mut design, 1, 5.0, 6);
    let records = summary(&design, 1000).records;
    let (prompt, found) = of_session(6);
    // A turn lasts 5 s and 1.6 s for its answer, and its prompt.
    assert!(records.served > 140, "{}", records.served);
    let sessions = records.served / 6;
    let [least, most] = [sessions, sessions + 1];
    assert!((least * prompt..=most * prompt).contains(&records.prompt_tokens));
    assert!((least * found..=most * found).contains(&records.cached_tokens));
    assert_eq!(records.host_tokens, 0);
}

/// Two sessions take turns in a memory that holds one of them. What has to go is lost without host
/// memory, and never with enough of it.
#[test]
fn host_memory_lies_between_losing_all_and_losing_nothing() {
    // The sixth turn ends with 4,806 tokens in 301 blocks; two such sessions have 602.
    let blocks = 310;
    let run = |host_tokens, per_token_s| {
        let mut design = one_replica(blocks, host_tokens, per_token_s);
        sessions(&mut design, 2, 3.0, 6);
        summary(&design, 6000)
    };
    let (lost, all) = (run(0, 0.0), run(u64::MAX, 0.0));
    let share =
        |s: &InferenceSummary| s.records.cached_tokens as f64 / s.records.prompt_tokens as f64;
    let (prompt, found) = of_session(6);
    let most = found as f64 / prompt as f64;
    assert!((share(&all) / most - 1.0).abs() < 0.01, "{} of {most}", share(&all));
    assert!(share(&lost) < 0.6 * most, "{} of {most}", share(&lost));
    assert!(lost.records.host_tokens == 0 && lost.work.evictions > 10_000);
    assert!(all.records.host_tokens > 0 && all.work.preemptions == 0);
    // A little of it keeps a part.
    let some = run(1600, 0.0);
    assert!(share(&some) > share(&lost) && share(&some) < 0.99 * share(&all));
}

/// Two documents of 320 tokens that are asked about in turn, in a memory that holds one of them and a
/// question: each time all of its 20 blocks come over the link, while the ten tokens of the
/// question are computed.
#[test]
fn a_request_waits_for_the_link_or_for_its_own_tokens() {
    for (per_token_s, expected) in [(0.0, DECODE_S + 10.0 * PROMPT_TOKEN_S), (1e-3, 320.0 * 1e-3)] {
        let mut design = one_replica(21, 100_000, per_token_s);
        // Two classes that are asked about by turns: a client of each, half a round apart.
        let class = |name: &str, think_s: f64| {
            let mut class = design.load.classes[0].clone();
            class.name = name.to_owned();
            class.prefixes = Some(SharedPrefixes { count: 1, tokens: 320, skew: 1.0 });
            class.source = SourceDesign::Closed(ClosedDesign {
                clients: 1,
                think: ThinkLaw::Fixed(think_s),
                prompt: LengthLaw::Fixed(10),
                output: LengthLaw::Fixed(2),
                session: None,
            });
            class
        };
        design.load.classes = vec![class("a", 4.0), class("b", 4.3)];
        let records = summary(&design, 4000).records;
        let got = records.ttft.quantile_s(0.5).unwrap();
        assert!((got / expected - 1.0).abs() < 5e-3, "{got} s, {expected} s expected");
        assert!(records.host_tokens as f64 > 0.8 * 320.0 * records.served as f64);
    }
}

/// Requests that run share the blocks of a common beginning: a hundred blocks hold ninety of it and
/// ten sequences that add a block each, where without sharing they hold one at a time.
#[test]
fn what_runs_together_holds_a_common_beginning_once() {
    let run = |is_shared: bool| {
        let mut design = one_replica(100, 0, 0.0);
        if !is_shared {
            design.serving.prefix_caching = None;
        }
        // Ten at once, every ten seconds.
        let rows: Vec<TraceRow> = (0..1000)
            .map(|i| TraceRow {
                at_ns: 1_000_000_000 + i / 10 * 10_000_000_000,
                prompt: 4,
                output: 13,
                ..TraceRow::default()
            })
            .collect();
        let (first_ns, last_ns) = (rows[0].at_ns, rows[999].at_ns);
        let report = TraceReport { rows: 1000, first_ns, last_ns, ..TraceReport::default() };
        let mut class = ClassDesign::played(TraceDesign::new(Arc::new(rows), &report));
        let tokens = 90 * BLOCK as u32;
        class.prefixes = Some(SharedPrefixes { count: 1, tokens, skew: 1.0 });
        design.load.classes = vec![class];
        summary(&design, 1100).records
    };
    let (shared, apart) = (run(true), run(false));
    assert_eq!((shared.served, apart.served), (1000, 1000));
    // All ten are admitted as they come, to an iteration with their ten prompts of four tokens; the
    // first time with the beginning too.
    assert_eq!(shared.queue.max_s(), Some(0.0));
    let ttft = DECODE_S + 10.0 * 4.0 * PROMPT_TOKEN_S;
    for (latency, expected) in [(&shared.ttft, ttft), (&shared.e2e, ttft + 12.0 * DECODE_S)] {
        let got = latency.quantile_s(0.5).unwrap();
        assert!((got / expected - 1.0).abs() < 2e-3, "{got} s, {expected} s expected");
    }
    // One after the other, each with all of its prompt.
    let alone = 13.0 * DECODE_S + (90.0 * BLOCK as f64 + 4.0) * PROMPT_TOKEN_S;
    let got = apart.e2e.max_s().unwrap();
    assert!((got / (10.0 * alone) - 1.0).abs() < 2e-3, "{got} s, {alone} s each");
}

/// The mean of what is found under a law of popularity, in a memory that holds so many of its
/// documents, is that of an LRU cache: Che's approximation (Che, Tung and Wang, JSAC 2002).
#[test]
fn documents_are_found_as_in_an_lru_cache() {
    let (count, tokens, skew) = (200_u32, 160_u32, 0.8);
    let mut design = one_replica(1000, 0, 0.0);
    design.load.classes[0].prefixes = Some(SharedPrefixes { count, tokens, skew });
    let law = client(&mut design);
    (law.prompt, law.output, law.rate_per_s) = (LengthLaw::Fixed(1), LengthLaw::Fixed(1), 2.0);
    let records = summary(&design, 20_000).records;
    // A request leaves the ten blocks of its document, and one of its own with a token that is no
    // whole block. A document stays until the blocks that were used after it are a thousand.
    let weights: Vec<f64> = (1..=count).map(|i| libm::pow(f64::from(i), -skew)).collect();
    let total: f64 = weights.iter().sum();
    let missed = |t: f64| -> f64 {
        weights.iter().map(|w| w / total * libm::exp(-w / total * t)).sum::<f64>()
    };
    // Blocks used in `t` requests: of each document that was asked for, and one of every request.
    let between = |t: f64| -> f64 {
        let documents: f64 = weights.iter().map(|w| 1.0 - libm::exp(-w / total * t)).sum();
        10.0 * documents + t
    };
    let (mut low, mut high) = (0.0, 1000.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if between(middle) < 1000.0 { low = middle } else { high = middle }
    }
    let expected = 1.0 - missed(low);
    let got = records.cached_tokens as f64 / (f64::from(tokens) * records.served as f64);
    assert!((got / expected - 1.0).abs() < 0.02, "{got}, {expected} expected");
}
