//! Routing against a twin that looks at every replica and counts from scratch.

use std::sync::Arc;

use proptest::prelude::*;

use super::cell::{Cell, LostRequests, Order};
use super::load::{Arrivals, LengthLaw, Load, LoadDesign, Sent};
use super::records::{Records, Tally};
use super::replica::{Limits, Replica, Stride};
use super::request::Request;
use super::router::Routing;
use super::step::{Pace, PowerDesign, StepDesign, StepTable};
use super::tests_support::rack;
use super::ticks::{NEVER, PER_SECOND, Ticks};
use crate::kernel::{Stream, Streams};

const ALL: [Routing; 5] = [
    Routing::RoundRobin,
    Routing::Random,
    Routing::LeastRequests,
    Routing::LeastTokens,
    Routing::PowerOfTwo,
];

/// A cell that walks: plain engines, all of them brought to every arrival, and the choice made
/// by looking at all.
struct Twin {
    routing: Routing,
    replicas: Vec<Replica>,
    up: Vec<Ticks>,
    /// Replicas in the order of their last turns.
    order: Vec<usize>,
    /// The replica served last in turn.
    last: usize,
    luck: Stream,
    records: Records,
}

impl Twin {
    /// Everything before `at`.
    fn before(&mut self, at: Ticks) {
        for (replica, &up) in self.replicas.iter_mut().zip(&self.up) {
            if up != NEVER {
                replica.advance(at, &mut self.records);
            }
        }
    }

    fn send(&mut self, at: Ticks, request: Request) -> bool {
        self.before(at);
        let live: Vec<usize> = (0..self.up.len()).filter(|&i| self.up[i] <= at).collect();
        if live.is_empty() {
            return false;
        }
        let requests = |i: usize| self.replicas[i].in_flight();
        let rank = |i: usize| self.order.iter().position(|&other| other == i);
        let chosen = match self.routing {
            Routing::RoundRobin => {
                let n = self.up.len();
                let turns = (1..=n).map(|step| (self.last + step) % n);
                turns.into_iter().find(|i| live.contains(i)).unwrap()
            }
            Routing::Random => live[self.luck.below(live.len() as u64) as usize],
            Routing::LeastRequests => {
                live.iter().copied().min_by_key(|&i| (requests(i), rank(i))).unwrap()
            }
            Routing::LeastTokens => {
                let tokens = |i: usize| self.replicas[i].outstanding(at);
                live.iter().copied().min_by_key(|&i| (tokens(i), rank(i))).unwrap()
            }
            Routing::PowerOfTwo => {
                let first = self.luck.below(live.len() as u64) as usize;
                let others: Vec<usize> =
                    live.iter().copied().filter(|&i| i != live[first]).collect();
                match others.as_slice() {
                    [] => live[first],
                    _ => {
                        let second = others[self.luck.below(others.len() as u64) as usize];
                        if requests(second) < requests(live[first]) { second } else { live[first] }
                    }
                }
            }
        };
        self.last = chosen;
        self.order.retain(|&i| i != chosen);
        self.order.push(chosen);
        self.replicas[chosen].send(at, request);
        true
    }
}

fn table(limits: &Limits, pace: Pace) -> Arc<StepTable> {
    let steps = StepDesign {
        decode: vec![(0.0, 11e-3), (1.0, 11.055e-3)],
        per_context_s: 2.79e-8,
        linear: vec![(0.0, 0.0), (1.0, 0.0446e-3)],
        attention_s: 0.0,
        decode_knee: 0.7,
    };
    let power =
        PowerDesign { decode_w: 394.0, decode_rise_w: 274.0, half_batch: 45.0, prefill_w: 700.0 };
    StepTable::compile(&steps, &power, &rack(), 4, (limits.sequences, limits.chunk), pace)
}

/// Runs a cell and its twin through arrivals, losses and restarts; both must serve alike.
fn compare(seed: u64, routing: Routing) -> u64 {
    let streams = Streams::new(seed, 0);
    let mut luck = streams.stream("plan", "test");
    let n = 1 + luck.below(9) as usize;
    let limits = Limits {
        sequences: [2, 8, 128][luck.below(3) as usize],
        chunk: 512,
        blocks: [None, Some(200)][luck.below(2) as usize],
        block_tokens: 16,
    };
    let load = Load::new(
        &LoadDesign::poisson(
            n as f64 * 6.0 * luck.uniform(),
            LengthLaw::Lognormal { mean: 600.0, sigma: 0.8, max: 2000 },
            LengthLaw::Lognormal { mean: 100.0, sigma: 0.7, max: 500 },
        ),
        "t",
    );
    let full = table(&limits, Pace::FULL);
    let slow = table(&limits, Pace::At(40));
    let mut cell =
        Cell::new(("t", &streams), 1, (n, routing), (Stride::Leap, &limits), &load, &full, 0);
    let mut records = Records::of_one_class();

    let mut twin = Twin {
        routing,
        replicas: vec![Replica::new(Stride::Plain, &limits, Arc::clone(&full), 0); n],
        up: vec![0; n],
        order: (0..n).collect(),
        last: n - 1,
        luck: streams.stream("routing", "t"),
        records: Records::of_one_class(),
    };
    let mut arrivals = Arrivals::new(&load, ("t", &streams), 0);

    let mut at = 0;
    let (mut failed, mut retried) = (0, 0);
    let mut paces = vec![Pace::FULL; n];
    for _ in 0..8 {
        at += (luck.exponential(10.0) * PER_SECOND) as Ticks + 1;
        cell.advance(at + 1, &mut records);
        while arrivals.next() <= at {
            let Sent { at: when, prompt, output, .. } = arrivals.take();
            let request = Request::new(when, prompt, output, 1);
            if limits.fits(&request) && !twin.send(when, request) {
                failed += 1;
            }
        }
        twin.before(at + 1);
        // One replica is lost, capped, or comes back after a while.
        let struck = luck.below(n as u64) as usize;
        let wait = (20.0 * luck.uniform() * PER_SECOND) as Ticks;
        let pace = [Pace::Down, Pace::At(40), Pace::FULL][luck.below(3) as usize];
        let before = std::mem::replace(&mut paces[struck], pace);
        let up = if before == Pace::Down { at + wait } else { 0 };
        let orders: Vec<Order> = paces
            .iter()
            .enumerate()
            .map(|(i, &pace)| Order {
                pace,
                table: match pace {
                    Pace::Down => None,
                    Pace::FULL => Some(Arc::clone(&full)),
                    Pace::At(_) => Some(Arc::clone(&slow)),
                },
                up: if i == struck { up } else { 0 },
            })
            .collect();
        cell.obey(at, &orders, LostRequests::Resume, &mut records);
        let table = orders[struck].table.as_ref();
        let replica = &mut twin.replicas[struck];
        match (table, before == Pace::Down) {
            (None, true) => {}
            (None, false) => {
                let mut lost = replica.evict(at, &mut twin.records);
                twin.up[struck] = NEVER;
                lost.sort_by_key(|request| request.arrival);
                for request in lost {
                    if twin.send(at, request) {
                        retried += 1;
                    } else {
                        failed += 1;
                    }
                }
            }
            (Some(table), true) => {
                replica.revive(at, table);
                twin.up[struck] = up;
            }
            (Some(table), false) if before != pace => replica.change(at, table),
            _ => {}
        }
    }
    let until = at + (60.0 * PER_SECOND) as Ticks;
    cell.drain();
    cell.advance(until + 1, &mut records);
    cell.walk_to(until, &mut records);
    twin.before(until + 1);

    let (records, twins) = (records.total(), twin.records.total());
    assert_eq!((records.failed, records.retried), (failed, retried), "{routing:?}, seed {seed}");
    assert_eq!(records.served, twins.served, "{routing:?}, seed {seed}");
    assert_eq!(cell.in_flight(), twin.replicas.iter().map(Replica::in_flight).sum::<u64>());
    let mut energies = Vec::new();
    cell.take_energy_j(until, &mut energies);
    for (i, replica) in twin.replicas.iter_mut().enumerate() {
        let energy = replica.take_energy_j(until);
        assert_eq!(
            energies[i].to_bits(),
            energy.to_bits(),
            "{routing:?}, seed {seed}, replica {i}"
        );
    }
    let figures = |r: &Tally| {
        [&r.ttft, &r.tpot, &r.tbt, &r.e2e, &r.queue].map(|l| (l.mean_s(), l.min_s(), l.max_s()))
    };
    assert_eq!(figures(&records), figures(&twins), "{routing:?}, seed {seed}");
    records.served
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Every router chooses as the twin does, through losses and restarts: the draw of each
    /// replica and all latencies are equal to the last bit.
    #[test]
    fn routers_choose_as_a_search_does(seed in any::<u64>()) {
        for routing in ALL {
            compare(seed, routing);
        }
    }
}

#[test]
fn the_comparison_serves_requests() {
    for routing in ALL {
        let served: u64 = (0..10).map(|seed| compare(seed, routing)).sum();
        assert!(served > 2000, "{routing:?}: {served} served");
    }
}

/// Under load, knowing more of the replicas makes requests wait less.
#[test]
fn better_informed_routers_wait_less() {
    let wait = |routing: Routing| {
        let streams = Streams::new(5, 0);
        let limits = Limits { sequences: 4, chunk: 512, blocks: None, block_tokens: 16 };
        let load = Load::new(
            &LoadDesign::poisson(
                16.0,
                LengthLaw::Lognormal { mean: 600.0, sigma: 0.8, max: 2000 },
                LengthLaw::Lognormal { mean: 100.0, sigma: 0.7, max: 500 },
            ),
            "t",
        );
        let mut records = Records::of_one_class();
        let full = table(&limits, Pace::FULL);
        let mut cell =
            Cell::new(("t", &streams), 1, (8, routing), (Stride::Leap, &limits), &load, &full, 0);
        cell.advance((2000.0 * PER_SECOND) as Ticks, &mut records);
        records.total().queue.mean_s().unwrap()
    };
    let random = wait(Routing::Random);
    let two = wait(Routing::PowerOfTwo);
    let least = wait(Routing::LeastRequests);
    assert!(least < two && two < 0.7 * random, "{least} s, {two} s, {random} s");
    assert!(wait(Routing::LeastTokens) < 0.7 * random);
}
