//! Clients that wait for their answers: queues in closed form, sessions, gates, and leaps against
//! the plain loop.

use super::load::{ClosedDesign, Histogram, LengthLaw, SessionDesign, SourceDesign, ThinkLaw};
use super::racks::Layout;
use super::replica::{Limits, Scheduling, Stride};
use super::step::{DecodeDesign, Overheads};
use super::tests::{Plant, assert_equal, client, design, secs};
use super::{PrefixCachingDesign, Routing, ServiceDesign};
use crate::kernel::Streams;
use crate::workload::RackOffer;

/// One replica of `servers` sequences that get a token every 10 ms, however many they are, for
/// `clients` that think for a while; answers are geometric, 500 tokens on average, so that a request
/// takes an exponential time but for 10 ms.
fn finite_source(servers: u32, clients: u32, think_s: f64) -> ServiceDesign {
    let mut design = design();
    let pool = &mut design.pools[0];
    pool.layout = Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 4 };
    pool.limits = Limits { sequences: servers, chunk: 64, blocks: None, block_tokens: 16 };
    pool.steps.decode = DecodeDesign::Sum { base: vec![(0.0, STEP_S)], per_context_s: 0.0 };
    pool.steps.linear = vec![(0.0, 0.0)];
    design.represent = 1;
    let mut weight = 1.0;
    let bins = (1..=8000).map(|tokens| {
        weight *= 1.0 - 1.0 / TOKENS;
        (tokens, weight)
    });
    design.load.classes[0].source = SourceDesign::Closed(ClosedDesign {
        clients,
        think: ThinkLaw::Exponential(think_s),
        prompt: LengthLaw::Fixed(1),
        output: LengthLaw::Histogram(Histogram::new(bins.collect())),
        session: None,
    });
    design
}

const STEP_S: f64 = 0.01;
const TOKENS: f64 = 500.0;

/// Throughput and mean time in the system of M/M/c//N: `clients` of which each comes after an
/// exponential time of mean `think_s`, and `servers` that need `service_s` (Kleinrock 1975, 3.8).
fn closed_form(servers: u32, clients: u32, think_s: f64, service_s: f64) -> (f64, f64) {
    let mut weights = vec![1.0];
    for n in 1..=clients {
        let (come, go) = (f64::from(clients - n + 1), f64::from(n.min(servers)));
        weights.push(weights[n as usize - 1] * come / think_s * service_s / go);
    }
    let total: f64 = weights.iter().sum();
    let busy = |n: usize| (n as f64).min(f64::from(servers));
    let per_s = |(n, weight): (usize, &f64)| weight / total * busy(n) / service_s;
    let throughput: f64 = weights.iter().enumerate().map(per_s).sum();
    (throughput, f64::from(clients) / throughput - think_s)
}

#[test]
fn waiting_clients_queue_as_the_closed_form_says() {
    const REPLICATIONS: u64 = 12;
    for (servers, clients, think_s) in [(1, 5, 20.0), (1, 12, 40.0), (3, 8, 12.0), (4, 4, 5.0)] {
        let design = finite_source(servers, clients, think_s);
        let (throughput, stay_s) = closed_form(servers, clients, think_s, TOKENS * STEP_S);
        let runs: Vec<(f64, f64)> = (0..REPLICATIONS)
            .map(|replication| {
                let mut plant = Plant::new(&design, &Streams::new(3, replication));
                plant.run_until(secs(500));
                let before = plant.summary().records;
                plant.run_until(secs(8500));
                let records = plant.summary().records;
                let served = (records.served - before.served) as f64;
                let stays = |r: &super::Tally| r.e2e.mean_s().unwrap_or(0.0) * r.served as f64;
                (served / 8000.0, (stays(&records) - stays(&before)) / served)
            })
            .collect();
        let figures: [(&str, Vec<f64>, f64); 2] = [
            ("throughput", runs.iter().map(|run| run.0).collect(), throughput),
            ("time in the system", runs.iter().map(|run| run.1).collect(), stay_s),
        ];
        for (what, values, expected) in figures {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            let error = (square / (n - 1.0) / n).sqrt();
            assert!(error < 0.02 * expected, "{what}: {error} is too wide to tell");
            // Beside three errors, what an iteration of 10 ms is worth.
            let bound = 3.0 * error + 0.5 * STEP_S / (TOKENS * STEP_S) * expected;
            assert!(
                (mean - expected).abs() < bound,
                "M/M/{servers}//{clients}: {what} {mean} +- {error}, not {expected}"
            );
        }
    }
}

/// A lone client that does not think is always served: answers follow each other without a gap.
#[test]
fn a_client_without_thought_is_always_under_way() {
    let mut design = finite_source(1, 1, 1.0);
    let SourceDesign::Closed(closed) = &mut design.load.classes[0].source else { unreachable!() };
    (closed.think, closed.output) = (ThinkLaw::Fixed(0.0), LengthLaw::Fixed(100));
    let mut plant = Plant::new(&design, &Streams::new(1, 0));
    plant.run_until(secs(1000));
    let records = plant.summary().records;
    // A second each, and a tick before the next.
    assert_eq!((records.served, plant.summary().in_flight), (999, 1));
    assert!(records.queue.max_s().unwrap() < 1e-9);
}

/// The prompt of each turn is all that came before, and with memory for it only what is new, and the
/// part of a block that is not whole, is prefilled.
#[test]
fn sessions_grow_turn_by_turn_and_are_found_in_memory() {
    let mut design = finite_source(4, 1, 1.0);
    design.pools[0].limits = Limits { sequences: 4, chunk: 512, blocks: None, block_tokens: 16 };
    let SourceDesign::Closed(closed) = &mut design.load.classes[0].source else { unreachable!() };
    *closed = ClosedDesign {
        clients: 1,
        think: ThinkLaw::Fixed(1.0),
        prompt: LengthLaw::Fixed(40),
        output: LengthLaw::Fixed(60),
        session: Some(SessionDesign { turns: LengthLaw::Fixed(5), most_tokens: 350 }),
    };
    let run = |memory: u64, seconds: u64| {
        let mut design = design.clone();
        design.serving.prefix_memory = memory;
        let mut plant = Plant::new(&design, &Streams::new(1, 0));
        plant.run_until(secs(seconds));
        plant.summary().records
    };
    // A turn takes 0.6 s, and one of thinking: three turns, because a fourth would have 400 tokens.
    let records = run(10_000, 49);
    assert_eq!(records.served, 30);
    assert_eq!(records.prompt_tokens, 10 * (40 + 140 + 240));
    assert_eq!(records.cached_tokens, 10 * (96 + 192), "whole blocks of 100 and of 200 tokens");
    assert_eq!(run(0, 49).cached_tokens, 0);
    // No turn is so short.
    assert_eq!(run(99, 49).cached_tokens, 0);
}

/// With a gate, no more are under way than it lets through, and whoever waits counts its time.
#[test]
fn a_gate_bounds_what_is_under_way() {
    let mut design = design();
    design.pools[0].layout = Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 4 };
    design.pools[0].limits = Limits { sequences: 64, chunk: 64, blocks: None, block_tokens: 16 };
    design.pools[0].steps.decode =
        DecodeDesign::Sum { base: vec![(0.0, STEP_S)], per_context_s: 0.0 };
    design.pools[0].steps.linear = vec![(0.0, 0.0)];
    design.represent = 1;
    let law = client(&mut design);
    (law.prompt, law.output, law.rate_per_s) = (LengthLaw::Fixed(1), LengthLaw::Fixed(100), 10.0);
    design.load.classes[0].in_flight = Some(4);
    let mut plant = Plant::new(&design, &Streams::new(1, 0));
    plant.run_until(secs(500));
    let summary = plant.summary();
    // Four at a time, each for a second and perhaps an iteration that it waits for.
    assert!((1960..=2000).contains(&summary.records.served), "{}", summary.records.served);
    assert!(summary.in_flight > 2500, "{} wait", summary.in_flight);
    assert!(summary.records.queue.max_s().unwrap() > 200.0);
}

/// Everything at once, through losses and restarts, with prompts apart and mixed.
#[test]
fn leaps_equal_the_plain_loop_where_clients_wait() {
    for (seed, apart, whole, routing) in [
        (7, false, false, Routing::LeastRequests),
        (8, true, false, Routing::PrefixAffinity),
        (9, true, true, Routing::RoundRobin),
        (11, false, true, Routing::PrefixAffinity),
        (10, false, true, Routing::CumulativeTokens),
    ] {
        let run = |stride: Stride| {
            let mut design = design();
            (design.stride, design.routing) = (stride, routing);
            if whole {
                let (host_tokens, per_token_s) = (9000, 3e-6);
                design.serving.prefix_caching =
                    Some(PrefixCachingDesign { host_tokens, per_token_s });
            } else {
                design.serving.prefix_memory = 20_000;
            }
            let pool = &mut design.pools[0];
            pool.limits.blocks = Some(1500);
            pool.scheduling = Scheduling { apart, whole };
            pool.steps.overheads = Overheads { request_s: 0.02, iteration_s: 0.003, several: 1.1 };
            let open = design.load.classes[0].clone();
            let closed = |clients, turns: Option<u32>| {
                let mut class = open.clone();
                class.name = format!("closed-{clients}");
                class.source = SourceDesign::Closed(ClosedDesign {
                    clients,
                    think: ThinkLaw::Lognormal(3.0, 1.0, 60.0),
                    prompt: LengthLaw::Lognormal { mean: 300.0, sigma: 0.8, max: 4000 },
                    output: LengthLaw::Lognormal { mean: 100.0, sigma: 0.7, max: 1000 },
                    session: turns.map(|turns| SessionDesign {
                        turns: LengthLaw::Fixed(turns),
                        most_tokens: 6000,
                    }),
                });
                class
            };
            design.load.classes[0].name = "open".to_owned();
            design.load.classes[0].in_flight = Some(12);
            design.load.classes.extend([closed(20, None), closed(10, Some(6))]);
            let mut plant = Plant::new(&design, &Streams::new(seed, 0));
            let dark = RackOffer { live: false, ..RackOffer::FULL };
            plant.run_until(secs(100));
            plant.offer(&[(1, dark), (2, RackOffer { speed: 0.6, ..RackOffer::FULL })]);
            plant.run_until(secs(150));
            plant.offer(&[(1, RackOffer::FULL), (2, RackOffer::FULL)]);
            plant.run_until(secs(400));
            plant.summary()
        };
        let (leap, plain) = (run(Stride::Leap), run(Stride::Plain));
        assert_equal(&leap, &plain);
        assert!(leap.records.served > 1000 && leap.records.cached_tokens > 0, "{:?}", leap.work);
        assert!(leap.splits > 0 && leap.work.steps < plain.work.steps);
    }
}
