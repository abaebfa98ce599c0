//! Routing against a twin that looks at every replica and counts from scratch.

use std::sync::Arc;

use proptest::prelude::*;

use super::cell::{Cell, Order};
use super::design::{LostRequests, Patience};
use super::load::SharedPrefixes;
use super::load::{
    Arrivals, ClassDesign, LengthLaw, Load, LoadDesign, TraceDesign, TraceReport, TraceRow,
};
use super::prefix::{Chains, Piece};
use super::records::{Records, Tally};
use super::replica::{Limits, Replica, Stride};
use super::request::{Request, Sink};
use super::router::{CROWDED, Routing, affinity};
use super::serving::{CellDesign, Luck};
use super::step::{DecodeDesign, Pace, StepTable};
use super::ticks::{NEVER, PER_SECOND, Ticks};
use super::{PrefixCachingDesign, ServiceDesign};
use crate::kernel::{Span, Stream, Streams};

const ALL: [Routing; 7] = [
    Routing::RoundRobin,
    Routing::Random,
    Routing::LeastRequests,
    Routing::LeastTokens,
    Routing::CumulativeTokens,
    Routing::PowerOfTwo,
    Routing::PrefixAffinity,
];

/// A cell that walks: plain engines, all of them brought to every event, and the choice made
/// by looking at all.
struct Twin {
    design: Arc<CellDesign>,
    arrivals: Arrivals,
    terms: Luck,
    replicas: Vec<Replica>,
    up: Vec<Ticks>,
    /// Replicas in the order of their last turns.
    order: Vec<usize>,
    /// The replica served last in turn.
    last: usize,
    luck: Stream,
    /// Tokens that each replica was chosen for.
    sums: Vec<u64>,
    /// When requests may give up, and where, in the order in which they were sent.
    deadlines: Vec<(Ticks, usize)>,
    /// Requests that come back, in the order in which they gave up.
    returns: Vec<(Ticks, Request)>,
    told: Told,
}

/// What the twin's replicas tell, and every chain that there ever was.
struct Told {
    records: Records,
    chains: Chains,
}

impl Sink for Told {
    fn chain(&self, number: u32) -> &[Piece] {
        self.chains.of(number)
    }

    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64) {
        self.records.gaps(first, growth, k, class, weight);
    }

    fn finished(&mut self, request: &Request, at: Ticks) {
        self.records.finished(request, at);
    }

    fn handed_over(&mut self, _: &Request, _: Ticks) {
        unreachable!("the twin has one stage");
    }
}

impl Twin {
    /// Everything before `at`.
    fn before(&mut self, at: Ticks) {
        for (replica, &up) in self.replicas.iter_mut().zip(&self.up) {
            if up != NEVER {
                replica.advance(at, &mut self.told);
            }
        }
    }

    /// Everything that the outside does up to `at`.
    fn run_until(&mut self, at: Ticks) {
        loop {
            let first = |list: Vec<Ticks>| list.into_iter().min().unwrap_or(NEVER);
            let deadline = first(self.deadlines.iter().map(|d| d.0).collect());
            let back = first(self.returns.iter().map(|r| r.0).collect());
            let next = deadline.min(back).min(self.arrivals.next());
            if next > at {
                break;
            }
            self.before(next);
            if deadline == next {
                let (_, index) = self.deadlines.remove(0);
                let patience = self.design.patience.unwrap();
                for mut request in self.replicas[index].give_up(next, patience) {
                    if request.attempts == self.design.retries {
                        self.told.records.of(0).failed += 1;
                        self.told.records.of(0).timed_out += 1;
                        continue;
                    }
                    request.attempts += 1;
                    self.told.records.of(0).retried += 1;
                    self.returns.push((next + self.design.backoff, request));
                }
            } else if back == next {
                let (_, request) = self.returns.remove(0);
                self.send(next, request);
            } else {
                let sent = self.arrivals.take();
                let chains = &mut self.told.chains;
                let request = self.terms.request(&self.design, sent, 1, chains);
                if self.design.fits(&request) {
                    self.send(next, request);
                }
            }
        }
    }

    fn send(&mut self, at: Ticks, mut request: Request) -> bool {
        self.before(at);
        let live: Vec<usize> = (0..self.up.len()).filter(|&i| self.up[i] <= at).collect();
        if live.is_empty() {
            self.told.records.of(0).failed += 1;
            return false;
        }
        let requests = |i: usize| self.replicas[i].in_flight();
        let rank = |i: usize| self.order.iter().position(|&other| other == i);
        let fewest = || live.iter().copied().min_by_key(|&i| (requests(i), rank(i))).unwrap();
        let chosen = match self.design.routing {
            Routing::RoundRobin => {
                let n = self.up.len();
                let turns = (1..=n).map(|step| (self.last + step) % n);
                turns.into_iter().find(|i| live.contains(i)).unwrap()
            }
            Routing::Random => live[self.luck.below(live.len() as u64) as usize],
            Routing::LeastRequests => fewest(),
            Routing::PrefixAffinity if request.prefix == 0 => fewest(),
            Routing::PrefixAffinity => {
                let inside = live.iter().map(|&i| requests(i)).sum::<u64>() + 1;
                let most = (CROWDED * inside as f64 / live.len() as f64).ceil() as u64;
                let mut wished = live.clone();
                let chain = self.told.chains.of(request.prefix);
                if chain[0].family > 0 {
                    let missed = |i: usize| u64::MAX - self.replicas[i].found(&request, chain);
                    wished.sort_by_key(|&i| (missed(i), requests(i), rank(i)));
                } else {
                    wished.sort_by_key(|&i| std::cmp::Reverse(affinity(request.prefix, i)));
                }
                wished.into_iter().find(|&i| requests(i) < most).unwrap()
            }
            Routing::LeastTokens => {
                let tokens = |i: usize| self.replicas[i].outstanding(at);
                live.iter().copied().min_by_key(|&i| (tokens(i), rank(i))).unwrap()
            }
            Routing::CumulativeTokens => {
                let sums = &self.sums;
                let chosen = live.iter().copied().min_by_key(|&i| (sums[i], rank(i))).unwrap();
                self.sums[chosen] += u64::from(request.prompt) + u64::from(request.output);
                chosen
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
        let order = self.order.clone();
        self.last = chosen;
        self.order.retain(|&i| i != chosen);
        self.order.push(chosen);
        let full = |most| self.replicas[chosen].waiting() >= most;
        if self.design.max_waiting.is_some_and(full) {
            // It had its turn, as far as turns go round; it was not sent anything.
            self.order = order;
            self.told.records.of(0).rejected += 1;
            return false;
        }
        request.sent = at;
        self.replicas[chosen].send(at, &request);
        if let Some(patience) = self.design.patience {
            self.deadlines.push((at + patience, chosen));
        }
        true
    }
}

/// Steps of one pool after the other at `pace`.
fn tables(design: &ServiceDesign, pace: Pace) -> Vec<Arc<StepTable>> {
    design.pools.iter().map(|pool| pool.table(pace)).collect()
}

/// Nothing arrives.
fn no_load() -> Arc<Load> {
    Load::new(&LoadDesign::poisson(0.0, LengthLaw::Fixed(1), LengthLaw::Fixed(1)), "t")
}

/// A trace of turns of some conversations, each of which begins as one before it.
fn conversations(luck: &mut Stream, replicas: usize) -> TraceDesign {
    let rate = replicas as f64 * 6.0 * luck.uniform() + 0.1;
    let mut at_ns = 0;
    let rows: Vec<TraceRow> = (0..400)
        .map(|row| {
            at_ns += (luck.exponential(1.0 / rate) * 1e9) as u64;
            let prompt = 1 + luck.below(2000) as u32;
            let (conversation, shared) = (luck.below(12), luck.below(5));
            let blocks = (0..u64::from(prompt.div_ceil(512)))
                .map(|i| if i < shared { 100 * conversation + i } else { 10_000 + 10 * row + i });
            TraceRow {
                at_ns,
                prompt,
                output: 1 + luck.below(200) as u32,
                blocks: blocks.collect(),
                block_tokens: 512,
            }
        })
        .collect();
    let (first_ns, last_ns) = (rows[0].at_ns, at_ns);
    let report = TraceReport { rows: 400, first_ns, last_ns, ..TraceReport::default() };
    TraceDesign { repeat: true, ..TraceDesign::new(Arc::new(rows), &report) }
}

/// Runs a cell and its twin through arrivals, losses and restarts; both must serve alike.
fn compare(seed: u64, routing: Routing) -> u64 {
    let streams = Streams::new(seed, 0);
    let mut luck = streams.stream("plan", "test");
    let n = 1 + luck.below(9) as usize;
    let mut design = super::tests::design();
    design.name = "t".to_owned();
    (design.pools[0].layout.replicas, design.routing) = (n, routing);
    design.lost_requests = LostRequests::Resume;
    design.pools[0].limits = Limits {
        sequences: [2, 8, 128][luck.below(3) as usize],
        chunk: 512,
        blocks: [None, Some(200)][luck.below(2) as usize],
        block_tokens: 16,
    };
    design.load = LoadDesign::poisson(
        n as f64 * 6.0 * luck.uniform(),
        LengthLaw::Lognormal { mean: 600.0, sigma: 0.8, max: 2000 },
        LengthLaw::Lognormal { mean: 100.0, sigma: 0.7, max: 500 },
    );
    if luck.chance(0.3) {
        design.load =
            LoadDesign { classes: vec![ClassDesign::played(conversations(&mut luck, n))] };
        design.serving.prefix_memory = [0, 4000, 40_000][luck.below(3) as usize];
        if design.pools[0].limits.blocks.is_some() && luck.chance(0.5) {
            let caching = PrefixCachingDesign { host_tokens: 2000, per_token_s: 1e-6 };
            (design.serving.prefix_memory, design.serving.prefix_caching) = (0, Some(caching));
        }
    } else if luck.chance(0.5) {
        let law = SharedPrefixes { count: 20, tokens: 300, skew: 0.8 };
        design.load.classes[0].prefixes = Some(law);
        design.serving.prefix_memory = 2000;
    }
    if luck.chance(0.5) {
        let wait = Span::from_secs_f64(0.1 + luck.exponential(2.0));
        let backoff = Span::from_secs_f64(luck.exponential(1.0));
        design.serving.patience = Some(Patience { wait, retries: luck.below(3) as u8, backoff });
    }
    design.serving.max_waiting = [None, Some(3)][luck.below(2) as usize];
    if n > 1 && luck.chance(0.5) {
        // Some of the replicas are of another kind: slower, with less memory.
        let mut other = design.pools[0].clone();
        other.layout.replicas = 1 + luck.below(n as u64 - 1) as usize;
        other.limits.blocks = other.limits.blocks.map(|blocks| blocks - 10);
        let base = vec![(0.0, 30e-3), (1.0, 30.2e-3)];
        other.steps.decode = DecodeDesign::Sum { base, per_context_s: 6e-8 };
        design.pools[0].layout.replicas -= other.layout.replicas;
        design.pools.push(other);
    }
    let full = tables(&design, Pace::FULL);
    let slow = tables(&design, Pace::At(40));
    let mut cell = Cell::new(("t", &streams), 1, &CellDesign::new(&design), &full, 0);
    let mut records = Records::of_one_class();

    design.stride = Stride::Plain;
    let design = CellDesign::new(&design);
    let pools = design.pools.clone();
    let mut twin = Twin {
        arrivals: Arrivals::new(&design.load, ("t", &streams), 0),
        terms: Luck::new(("t", &streams)),
        replicas: (0..n).map(|i| design.replica(i, &full, 0)).collect(),
        up: vec![0; n],
        order: (0..n).collect(),
        last: n - 1,
        luck: streams.stream("routing", "t"),
        sums: vec![0; n],
        deadlines: Vec::new(),
        returns: Vec::new(),
        told: Told { records: Records::of_one_class(), chains: Chains::new(&design.prefixes) },
        design,
    };

    let mut at = 0;
    let mut paces = vec![Pace::FULL; n];
    for _ in 0..8 {
        at += (luck.exponential(10.0) * PER_SECOND) as Ticks + 1;
        cell.advance(at + 1, &mut records);
        twin.run_until(at);
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
                    Pace::FULL => Some(Arc::clone(&full[pools[i]])),
                    Pace::At(_) => Some(Arc::clone(&slow[pools[i]])),
                },
                up: if i == struck { up } else { 0 },
            })
            .collect();
        cell.obey(at, &orders, &mut records);
        let table = orders[struck].table.as_ref();
        let replica = &mut twin.replicas[struck];
        match (table, before == Pace::Down) {
            (None, true) => {}
            (None, false) => {
                let mut lost = replica.evict(at, &mut twin.told);
                twin.up[struck] = NEVER;
                lost.sort_by_key(|request| request.arrival);
                for request in lost {
                    if twin.send(at, request) {
                        twin.told.records.of(0).retried += 1;
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
    twin.arrivals = Arrivals::new(&no_load(), ("t", &streams), 0);
    twin.run_until(until);
    cell.drain();
    cell.advance(until + 1, &mut records);
    cell.walk_to(until, &mut records);
    twin.before(until + 1);

    let (records, twins) = (records.total(), twin.told.records.total());
    let counts = |r: &Tally| [r.served, r.failed, r.timed_out, r.retried, r.cached_tokens];
    assert_eq!(counts(&records), counts(&twins), "{routing:?}, seed {seed}");
    let outside = twin.returns.len() as u64;
    let inside = twin.replicas.iter().map(Replica::in_flight).sum::<u64>();
    assert_eq!(cell.in_flight(), inside + outside, "{routing:?}, seed {seed}");
    let ended = records.served + records.failed + records.rejected;
    assert_eq!(records.arrived, ended + cell.in_flight(), "{routing:?}, seed {seed}");
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
    #![proptest_config(ProptestConfig::with_cases(16))]

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
        let mut design = super::tests::design();
        (design.pools[0].layout.replicas, design.routing) = (8, routing);
        design.pools[0].limits =
            Limits { sequences: 4, chunk: 512, blocks: None, block_tokens: 16 };
        design.load = LoadDesign::poisson(
            16.0,
            LengthLaw::Lognormal { mean: 600.0, sigma: 0.8, max: 2000 },
            LengthLaw::Lognormal { mean: 100.0, sigma: 0.7, max: 500 },
        );
        let mut records = Records::of_one_class();
        let full = tables(&design, Pace::FULL);
        let names = ("t", &Streams::new(5, 0));
        let mut cell = Cell::new(names, 1, &CellDesign::new(&design), &full, 0);
        cell.advance((2000.0 * PER_SECOND) as Ticks, &mut records);
        records.total().queue.mean_s().unwrap()
    };
    let random = wait(Routing::Random);
    let two = wait(Routing::PowerOfTwo);
    let least = wait(Routing::LeastRequests);
    assert!(least < two && two < 0.7 * random, "{least} s, {two} s, {random} s");
    assert!(wait(Routing::LeastTokens) < 0.7 * random);
}
