//! The router of a cell: which replica serves a request.

use std::cmp::Reverse;

use super::engine::Gauge;
use super::replica::Replica;
use super::request::{Request, Sink};
use super::ticks::{NEVER, Ticks};
use super::tournament::Tournament;
use crate::kernel::Stream;

/// How a router chooses among the replicas that take requests.
///
/// A router knows of each replica what has happened before the instant of the arrival, and
/// what it has sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Routing {
    /// One after the other. Costs nothing.
    #[default]
    RoundRobin,
    /// Any, with equal probability. Costs a draw.
    Random,
    /// The one with the fewest requests inside, waiting ones included; of several, the one
    /// whose last turn is longest ago. Costs a few updates of a tournament a request, each
    /// logarithmic in the replicas, and takes replicas in order of time, not one by one.
    LeastRequests,
    /// The one with the fewest prompt and answer tokens still to process; of several, the one
    /// whose last turn is longest ago. Costs a glance at every replica a request, and a look into
    /// those few that may have the fewest.
    LeastTokens,
    /// The one to which the fewest prompt and answer tokens were sent since the run began; of
    /// several, the one whose last turn is longest ago. Costs a look at a number of every replica.
    CumulativeTokens,
    /// Of two drawn at random, the one with fewer requests inside; the first drawn if equal.
    PowerOfTwo,
    /// Requests that share a prefix go to the same replica, the first in an order of their own,
    /// that has less than 1.25 times the mean of requests inside: consistent hashing with
    /// bounded loads (Mirrokni, Thorup and Zadimoghaddam, SODA 2018). Requests of a trace that
    /// tells the blocks of their prompts go, of those replicas, to the one that has most of them in
    /// memory, and of several to the one with the fewest requests. Requests without a prefix go
    /// where the fewest are. Costs a look at every replica a request.
    PrefixAffinity,
}

/// Over the mean, beyond which a replica is too busy for prefixes that it has (assumption).
pub(super) const CROWDED: f64 = 1.25;

/// Bits of a key that order the last turns: a million million of them.
const TURN_BITS: u32 = 40;

/// A router and what it remembers of its replicas.
#[derive(Debug, Clone)]
pub(super) struct Router {
    routing: Routing,
    stream: Stream,
    /// When each replica takes requests: in the past while it serves, never while it is down.
    up: Vec<Ticks>,
    /// Those that take requests, by index, until `next_up`.
    live: Vec<usize>,
    /// When the next replica that starts takes requests.
    next_up: Ticks,
    /// The replica whose turn it is.
    turn: usize,
    /// When each replica was last chosen, in turns.
    chosen: Vec<u64>,
    turns: u64,
    /// For the fewest requests: when each replica may have fewer next, and its order among all.
    leaves: Tournament,
    loads: Tournament,
    /// For the fewest tokens: bounds of what each replica owes.
    gauges: Vec<Gauge>,
    /// Tokens that each replica was sent.
    sums: Vec<u64>,
}

impl Router {
    /// A router of `replicas` replicas that all take requests.
    pub(super) fn new(routing: Routing, replicas: usize, stream: Stream) -> Self {
        let mut loads = Tournament::new(replicas);
        for replica in 0..replicas {
            loads.set(replica, replica as u64);
        }
        Self {
            routing,
            stream,
            up: vec![0; replicas],
            live: (0..replicas).collect(),
            next_up: NEVER,
            turn: 0,
            chosen: (0..replicas as u64).collect(),
            turns: replicas as u64,
            leaves: Tournament::new(replicas),
            loads,
            gauges: vec![Gauge::STALE; replicas],
            sums: vec![0; replicas],
        }
    }

    /// The same router with draws of its own.
    pub(super) fn with_stream(&self, stream: Stream) -> Self {
        Self { stream, ..self.clone() }
    }

    /// Whether its choices do not depend on what happens in the replicas, so that requests can
    /// be dealt out ahead of time.
    pub(super) fn is_blind(&self) -> bool {
        matches!(self.routing, Routing::RoundRobin | Routing::Random | Routing::CumulativeTokens)
    }

    /// Replica `replica` takes requests from `up` on; [`NEVER`] when it is down.
    pub(super) fn set_up(&mut self, replica: usize, up: Ticks) {
        self.up[replica] = up;
    }

    /// All replicas take requests at `at`.
    pub(super) fn all_up(&self, at: Ticks) -> bool {
        self.up.iter().all(|&up| up <= at)
    }

    /// Learns what has changed by other hands at `at`; before the next choice.
    pub(super) fn review(&mut self, at: Ticks, replicas: &mut [Replica], sink: &mut impl Sink) {
        self.gauges.fill(Gauge::STALE);
        self.live.clear();
        self.live.extend((0..self.up.len()).filter(|&replica| self.up[replica] <= at));
        let starting = self.up.iter().copied().filter(|&up| up > at);
        self.next_up = starting.min().unwrap_or(NEVER);
        if self.knows_loads() {
            for replica in 0..replicas.len() {
                if self.up[replica] <= at {
                    self.look_at(replica, at, replicas, sink);
                } else {
                    self.leaves.set(replica, u64::MAX);
                    self.loads.set(replica, u64::MAX);
                }
            }
        }
    }

    /// Chooses a replica for a request that arrives at `at`; none when none takes any. The
    /// request is to be sent at once, and [`sent`](Router::sent) to be called then.
    pub(super) fn choose(
        &mut self,
        at: Ticks,
        request: &Request,
        replicas: &mut [Replica],
        sink: &mut impl Sink,
    ) -> Option<usize> {
        if at >= self.next_up {
            self.review(at, replicas, sink);
        }
        if self.live.is_empty() {
            return None;
        }
        Some(match self.routing {
            Routing::RoundRobin => self.next_in_turn(),
            Routing::Random => self.live[self.stream.below(self.live.len() as u64) as usize],
            Routing::PrefixAffinity => {
                self.catch_up(at, replicas, sink);
                if request.prefix == 0 {
                    self.loads.winner()
                } else {
                    let first = sink.chain(request.prefix).first();
                    let knows_blocks = first.is_some_and(|piece| piece.family > 0);
                    if knows_blocks {
                        // What is in memory changes with every admission.
                        for &i in &self.live {
                            replicas[i].advance(at, sink);
                            replicas[i].catch_up(at, sink);
                        }
                    }
                    let inside: u64 = self.live.iter().map(|&i| replicas[i].requests()).sum();
                    // Room for the request itself is in the mean.
                    let mean = (inside + 1) as f64 / self.live.len() as f64;
                    let most = libm::ceil(CROWDED * mean) as u64;
                    let roomy = self.live.iter().filter(|&&i| replicas[i].requests() < most);
                    let chosen = if knows_blocks {
                        let chain = sink.chain(request.prefix);
                        let rank = |i: usize| (replicas[i].requests(), self.chosen[i]);
                        roomy
                            .max_by_key(|&&i| (replicas[i].found(request, chain), Reverse(rank(i))))
                    } else {
                        roomy.max_by_key(|&&i| affinity(request.prefix, i))
                    };
                    *chosen.expect("not all have more than the mean")
                }
            }
            Routing::LeastRequests => {
                self.catch_up(at, replicas, sink);
                self.loads.winner()
            }
            Routing::LeastTokens => {
                let mut best = (u64::MAX, u64::MAX, 0);
                for &replica in &self.live {
                    let gauge = &mut self.gauges[replica];
                    if gauge.end < at {
                        replicas[replica].advance(at, sink);
                        *gauge = replicas[replica].gauge();
                    }
                    if gauge.at_least(at) <= best.0 {
                        let tokens = replicas[replica].outstanding(at);
                        best = best.min((tokens, self.chosen[replica], replica));
                    }
                }
                best.2
            }
            Routing::CumulativeTokens => {
                let least = self.live.iter().min_by_key(|&&i| (self.sums[i], self.chosen[i]));
                let chosen = *least.expect("some replica takes requests");
                self.sums[chosen] += u64::from(request.prompt) + u64::from(request.output);
                chosen
            }
            Routing::PowerOfTwo => {
                let n = self.live.len() as u64;
                let first = self.stream.below(n);
                if n == 1 {
                    return Some(self.live[0]);
                }
                let other = self.stream.below(n - 1);
                let second = other + u64::from(other >= first);
                let [first, second] = [first, second].map(|i| self.live[i as usize]);
                replicas[first].advance(at, sink);
                replicas[second].advance(at, sink);
                if replicas[second].requests() < replicas[first].requests() {
                    second
                } else {
                    first
                }
            }
        })
    }

    /// A request was sent to `replica` at `at`.
    pub(super) fn sent(
        &mut self,
        replica: usize,
        at: Ticks,
        replicas: &mut [Replica],
        sink: &mut impl Sink,
    ) {
        self.chosen[replica] = self.turns;
        self.turns += 1;
        self.gauges[replica] = Gauge::STALE;
        if self.knows_loads() {
            self.look_at(replica, at, replicas, sink);
        }
    }

    /// Learns that requests have left `replica`, which stands at `at`, by other hands.
    pub(super) fn recheck(
        &mut self,
        replica: usize,
        at: Ticks,
        replicas: &mut [Replica],
        sink: &mut impl Sink,
    ) {
        self.gauges[replica] = Gauge::STALE;
        if self.knows_loads() && self.up[replica] <= at {
            self.look_at(replica, at, replicas, sink);
        }
    }

    fn knows_loads(&self) -> bool {
        matches!(self.routing, Routing::LeastRequests | Routing::PrefixAffinity)
    }

    /// Looks at every replica that a request may have left before `at`.
    #[inline]
    fn catch_up(&mut self, at: Ticks, replicas: &mut [Replica], sink: &mut impl Sink) {
        while self.leaves.least() < at {
            self.look_at(self.leaves.winner(), at, replicas, sink);
        }
    }

    /// Brings `replica` to `at` and notes its load and when it may have less.
    fn look_at(
        &mut self,
        replica: usize,
        at: Ticks,
        replicas: &mut [Replica],
        sink: &mut impl Sink,
    ) {
        let state = &mut replicas[replica];
        state.advance(at, sink);
        self.leaves.set(replica, state.next_leave());
        self.loads.set(replica, state.requests() << TURN_BITS | self.chosen[replica]);
    }

    /// The replica whose turn it is, of those that take requests.
    fn next_in_turn(&mut self) -> usize {
        let at = self.live.partition_point(|&replica| replica < self.turn);
        let replica = *self.live.get(at).unwrap_or(&self.live[0]);
        self.turn = replica + 1;
        replica
    }
}

/// The order of replicas for a prefix: highest first. The finaliser of SplitMix64 over both.
pub(super) fn affinity(prefix: u32, replica: usize) -> (u64, usize) {
    let mut x = u64::from(prefix) << 32 | replica as u64;
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31), replica)
}
