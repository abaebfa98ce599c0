//! One replica of a serving engine, behind one of two engines that give equal results.

use std::sync::Arc;

use super::leap::Leap;
use super::plain::Plain;
use super::prefix::Piece;
use super::request::{Request, Sink};
use super::step::StepTable;
use super::ticks::{PER_SECOND, Ticks};

/// What bounds a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most sequences in a batch; at most `chunk` and 65,535.
    pub sequences: u32,
    /// Most tokens in an iteration, decodes included.
    pub chunk: u32,
    /// Blocks of KV memory; none for unlimited memory.
    pub blocks: Option<u64>,
    /// Tokens in a block: a power of two.
    pub block_tokens: u32,
}

impl Limits {
    /// Whether `request` fits the KV memory of an empty replica. One that does not would wait
    /// for ever: it is rejected at the door.
    pub fn fits(&self, request: &Request) -> bool {
        request.peak_tokens() <= self.tokens()
    }

    /// Tokens of KV memory of an empty replica.
    pub(super) fn tokens(&self) -> u64 {
        self.total_blocks().saturating_mul(u64::from(self.block_tokens))
    }

    /// Blocks of memory, where half the range of integers stands for any number: that leaves
    /// room for what is given back.
    pub(super) fn total_blocks(&self) -> u64 {
        self.blocks.unwrap_or(u64::MAX / 2)
    }
}

/// What a replica did, counted in simulated things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Iterations that a loop over all of them would have run.
    pub iterations: u64,
    /// Events that stood for them.
    pub steps: u64,
    /// Sequences that gave up their memory.
    pub preemptions: u64,
}

impl Work {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Work) -> Work {
        Work {
            iterations: self.iterations + other.iterations,
            steps: self.steps + other.steps,
            preemptions: self.preemptions + other.preemptions,
        }
    }
}

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
#[expect(clippy::large_enum_variant, reason = "nearly all replicas leap, and those lie in place")]
enum Engine {
    Leap(Leap),
    Plain(Plain),
}

/// Calls the method of the same name of whichever engine it is.
macro_rules! each {
    ($self:expr, $engine:ident => $call:expr) => {
        match $self {
            Engine::Leap($engine) => $call,
            Engine::Plain($engine) => $call,
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

    /// The same empty replica with room for `tokens` tokens of prefixes.
    #[must_use]
    pub fn with_prefixes(mut self, tokens: u64) -> Self {
        each!(&mut self.0, engine => engine.set_prefixes(tokens));
        self
    }

    /// The same empty replica, which hands requests over once their prompts are in memory.
    #[must_use]
    pub fn handing_over(mut self) -> Self {
        each!(&mut self.0, engine => engine.hand_over());
        self
    }

    /// Sends `request`, which must [fit](Limits::fits), to the replica at `ready`. Requests are
    /// sent in order of time, and never before an instant that [`advance`](Replica::advance)
    /// has passed.
    pub fn send(&mut self, ready: Ticks, request: Request) {
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

    /// Tokens of `request`, which begins with `chain`, that are in memory.
    pub(super) fn found(&self, request: &Request, chain: &[Piece]) -> u64 {
        each!(&self.0, engine => engine.found(request, chain))
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
        })
    }

    /// Takes the energy drawn up to `at` since it was last taken, in joules above what idle
    /// GPUs draw. The replica must stand at `at`.
    pub fn take_energy_j(&mut self, at: Ticks) -> f64 {
        each!(&mut self.0, engine => engine.draw().take_j(at))
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

/// A draw that is constant for a while, and its energy.
///
/// Energy is added up only where the draw changes, so that it does not depend on how many
/// iterations were walked at once in between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    watts: f64,
    since: Ticks,
    watt_ticks: f64,
}

impl Draw {
    pub(super) fn new(now: Ticks, watts: f64) -> Self {
        Self { watts, since: now, watt_ticks: 0.0 }
    }

    /// Draws `watts` from `at` on.
    pub(super) fn set(&mut self, at: Ticks, watts: f64) {
        if watts != self.watts {
            self.charge(at);
            self.watts = watts;
        }
    }

    /// The energy up to `at` since it was last taken, J.
    pub(super) fn take_j(&mut self, at: Ticks) -> f64 {
        self.charge(at);
        std::mem::take(&mut self.watt_ticks) / PER_SECOND
    }

    /// The same draw for a replica that has drawn nothing yet.
    pub(super) fn renewed(&self) -> Self {
        Self { watt_ticks: 0.0, ..*self }
    }

    fn charge(&mut self, at: Ticks) {
        self.watt_ticks += self.watts * (at - self.since) as f64;
        self.since = at;
    }
}
