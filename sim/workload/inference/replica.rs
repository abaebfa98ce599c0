//! One replica of a serving engine, behind one of two engines that give equal results.

use std::sync::Arc;

use super::engine::Gauge;
pub use super::engine::{Limits, Scheduling, Work};
use super::kv_pool::HostTier;
use super::leap::Leap;
use super::plain::Plain;
use super::prefix::Piece;
use super::ranks::{Rank, Ranks};
use super::request::{Request, Sink};
use super::step::{RanksDesign, StepTable};
use super::ticks::Ticks;

/// How a replica gets from one change of its batch to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stride {
    /// All iterations between two changes at once: some 50 ns a step, 4 to 5 steps a request.
    #[default]
    Leap,
    /// Every iteration on its own, looking at every sequence: slow and simple.
    Plain,
}

/// One replica. What it tells and draws is the same, to the last bit, under either [`Stride`].
#[derive(Debug, Clone)]
pub struct Replica(Engine);

#[derive(Debug, Clone)]
enum Engine {
    Leap(Leap),
    Plain(Plain),
    Ranks(Box<Ranks>),
}

/// Calls the method of the same name of whichever engine it is.
macro_rules! each {
    ($self:expr, $engine:ident => $call:expr) => {
        match $self {
            Engine::Leap($engine) => $call,
            Engine::Plain($engine) => $call,
            Engine::Ranks($engine) => $call,
        }
    };
}

/// The same of a replica that has one batch yet.
macro_rules! ready {
    ($self:expr, $engine:ident => $call:expr) => {
        match $self {
            Engine::Leap($engine) => $call,
            Engine::Plain($engine) => $call,
            Engine::Ranks(_) => panic!("ranks are like a replica that is ready"),
        }
    };
}

impl Replica {
    /// An empty replica that serves from `now` on.
    ///
    /// # Panics
    ///
    /// When the limits contradict each other.
    pub fn new(stride: Stride, limits: &Limits, table: Arc<StepTable>, now: Ticks) -> Self {
        assert!(
            limits.block_tokens.is_power_of_two()
                && (1..=65_535).contains(&limits.sequences)
                && limits.sequences <= limits.chunk,
            "limits of a replica are checked when its spec is resolved: {limits:?}"
        );
        Self(match stride {
            Stride::Leap => Engine::Leap(Leap::new(limits, table, now)),
            Stride::Plain => Engine::Plain(Plain::new(limits, table, now)),
        })
    }

    /// The same empty replica under another scheduling.
    #[must_use]
    pub fn scheduled(mut self, scheduling: Scheduling) -> Self {
        ready!(&mut self.0, engine => engine.schedule(scheduling));
        self
    }

    /// The same empty replica with room for `tokens` tokens of prefixes.
    #[must_use]
    pub fn with_prefixes(mut self, tokens: u64) -> Self {
        ready!(&mut self.0, engine => engine.set_prefixes(tokens));
        self
    }

    /// The same empty replica, whose KV memory keeps what sequences leave in it, before `host`.
    #[must_use]
    pub fn with_shared_memory(mut self, host: HostTier) -> Self {
        ready!(&mut self.0, engine => engine.share_memory(host));
        self
    }

    /// The same empty replica, which tells energy of `classes` classes apart.
    #[must_use]
    pub fn for_classes(mut self, classes: usize) -> Self {
        ready!(&mut self.0, engine => engine.draw().share(classes));
        self
    }

    /// The same empty replica, which hands requests over once their prompts are in memory.
    #[must_use]
    pub fn handing_over(mut self) -> Self {
        ready!(&mut self.0, engine => engine.hand_over());
        self
    }

    /// A replica that serves from `now` on with ranks like this empty one.
    #[must_use]
    pub fn in_ranks(self, design: &RanksDesign, table: Arc<StepTable>, now: Ticks) -> Self {
        let rank = match self.0 {
            Engine::Leap(engine) => Rank::Leap(engine),
            Engine::Plain(engine) => Rank::Plain(engine),
            Engine::Ranks(_) => panic!("ranks have no ranks"),
        };
        Self(Engine::Ranks(Box::new(Ranks::new(design, rank, table, now))))
    }

    /// Sends `request`, which must [fit](Limits::fits), to the replica at `ready`. Requests are
    /// sent in order of time, and never before an instant that [`advance`](Replica::advance)
    /// has passed.
    pub fn send(&mut self, ready: Ticks, request: &Request) {
        each!(&mut self.0, engine => engine.send(ready, request));
    }

    /// Completes every iteration that ends before `limit`. All requests that are ready before
    /// `limit` must have been sent.
    pub fn advance(&mut self, limit: Ticks, sink: &mut impl Sink) {
        each!(&mut self.0, engine => engine.advance(limit, sink));
    }

    /// Lets iterations that begin after `at` take their durations and draws from `table`.
    /// Iterations under way end as they began. The replica must stand at `at`.
    pub fn change(&mut self, at: Ticks, table: &Arc<StepTable>) {
        each!(&mut self.0, engine => engine.change(at, table));
    }

    /// Tells of all iterations that ended by `at`, at which the replica stands, also of those in
    /// the middle of a leap.
    pub fn walk_to(&mut self, at: Ticks, sink: &mut impl Sink) {
        each!(&mut self.0, engine => engine.walk_to(at, sink));
    }

    /// Takes everything away at `at`: returns the requests in order of admission, then of
    /// priority and arrival, with the tokens that they had got. The replica stays as if new; what it draws
    /// from then on is zero until [`revive`](Replica::revive).
    pub fn evict(&mut self, at: Ticks, sink: &mut impl Sink) -> Vec<Request> {
        each!(&mut self.0, engine => engine.evict(at, sink))
    }

    /// Requests that have waited for `patience` at `at`, to which the replica was advanced, and
    /// were never in a batch leave. They are returned in the order in which they were sent.
    pub fn give_up(&mut self, at: Ticks, patience: Ticks) -> Vec<Request> {
        each!(&mut self.0, engine => engine.give_up(at, patience))
    }

    /// Lets [`found`](Replica::found) know of all that has happened before `at`, to which the replica was
    /// advanced: iterations take memory from what is kept.
    pub(super) fn catch_up(&mut self, at: Ticks, sink: &mut impl Sink) {
        each!(&mut self.0, engine => engine.catch_up(at, sink));
    }

    /// Tokens of `request`, which begins with `chain`, that are in memory.
    pub(super) fn found(&self, request: &Request, chain: &[Piece]) -> u64 {
        each!(&self.0, engine => engine.found(request, chain).tokens)
    }

    /// Requests that wait to be admitted, those that lost their memory included.
    pub fn waiting(&self) -> usize {
        each!(&self.0, engine => engine.waiting())
    }

    /// Serves again from `at` on, after [`evict`](Replica::evict).
    pub fn revive(&mut self, at: Ticks, table: &Arc<StepTable>) {
        each!(&mut self.0, engine => engine.revive(at, table));
    }

    /// Splits off a copy: of every request inside, `share` of its weight goes to the copy and
    /// the rest stays.
    #[must_use]
    pub fn split(&mut self, share: impl Fn(u32) -> u32) -> Replica {
        Replica(match &mut self.0 {
            Engine::Leap(engine) => Engine::Leap(engine.split(share)),
            Engine::Plain(engine) => Engine::Plain(engine.split(share)),
            Engine::Ranks(engine) => Engine::Ranks(Box::new(engine.split(share))),
        })
    }

    /// Takes the energy drawn up to `at` since it was last taken, in joules above what idle
    /// GPUs draw. The replica must stand at `at`.
    pub fn take_energy_j(&mut self, at: Ticks) -> f64 {
        each!(&mut self.0, engine => engine.draw().take_j(at))
    }

    /// Adds the part of each class in the energy that was taken last to `out`, in joules: what was
    /// drawn above idle GPUs in iterations with tokens of the class, in proportion to its prompt
    /// tokens and decoding sequences' tokens among those of all.
    pub fn take_shares_j(&mut self, out: &mut [f64]) {
        each!(&mut self.0, engine => engine.draw().take_shares_j(out));
    }

    /// Requests inside, each counted once.
    pub fn requests(&self) -> u64 {
        each!(&self.0, engine => engine.requests())
    }

    /// Prompt and answer tokens that the requests inside still need just before `at`, up to
    /// which the replica was advanced. A leap is looked into without being cut.
    pub fn outstanding(&self, at: Ticks) -> u64 {
        each!(&self.0, engine => engine.outstanding(at))
    }

    /// What is known of [`outstanding`](Replica::outstanding) without looking in, after the
    /// replica was advanced.
    pub(super) fn gauge(&self) -> Gauge {
        each!(&self.0, engine => engine.gauge())
    }

    /// An instant before which no request leaves; never while empty. The replica was advanced
    /// to when it was last sent something.
    pub(super) fn next_leave(&self) -> Ticks {
        each!(&self.0, engine => engine.next_leave())
    }

    /// Requests inside, by what they stand for.
    pub fn in_flight(&self) -> u64 {
        each!(&self.0, engine => engine.in_flight())
    }

    /// Nothing is inside, not even requests that stand for none.
    pub fn is_empty(&self) -> bool {
        each!(&self.0, engine => engine.is_empty())
    }

    /// What it did since it was made or split off.
    pub fn work(&self) -> Work {
        each!(&self.0, engine => engine.work())
    }
}
