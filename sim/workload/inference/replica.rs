//! One replica of a serving engine, behind one of two engines that give equal results.

use std::sync::Arc;

use super::kv_pool::HostTier;
use super::leap::Leap;
use super::plain::Plain;
use super::prefix::Piece;
use super::ranks::{Rank, Ranks};
use super::request::{Request, Sink};
use super::step::{RanksDesign, StepTable};
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

/// In which order an engine works on prompts and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scheduling {
    /// Prompts run in iterations of their own, before the decodes, which wait for them. Otherwise
    /// an iteration decodes first and spends what is left of its tokens on prompts.
    pub apart: bool,
    /// A prompt is never cut: one that is longer than what is left waits for the next iteration,
    /// and there is alone if it is longer than an iteration may be.
    pub whole: bool,
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
    /// Blocks of a shared KV memory that lost what was kept in them.
    pub evictions: u64,
}

impl Work {
    /// What was done after `before` was read.
    #[must_use]
    pub fn since(self, before: Work) -> Work {
        Work {
            iterations: self.iterations - before.iterations,
            steps: self.steps - before.steps,
            preemptions: self.preemptions - before.preemptions,
            evictions: self.evictions - before.evictions,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Work) -> Work {
        Work {
            iterations: self.iterations + other.iterations,
            steps: self.steps + other.steps,
            preemptions: self.preemptions + other.preemptions,
            evictions: self.evictions + other.evictions,
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

/// A bound of the tokens that a replica owes, in a few words: a router compares many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gauge {
    /// The replica must be advanced before it is asked of an instant after this one.
    pub(super) end: Ticks,
    /// Tokens that it owed at `since`.
    pub(super) since: Ticks,
    pub(super) owed: u64,
    /// Tokens that each iteration gives, and the most iterations in a tick.
    pub(super) each: u64,
    pub(super) per_tick: f64,
}

impl Gauge {
    /// Of a replica that must be advanced first.
    pub(super) const STALE: Gauge = Gauge { end: 0, since: 0, owed: 0, each: 0, per_tick: 0.0 };

    /// It owes at least this many tokens at `at`, up to `end`.
    #[inline]
    pub(super) fn at_least(&self, at: Ticks) -> u64 {
        // One more than the product says makes up for its rounding.
        let iterations = (at.saturating_sub(self.since) as f64 * self.per_tick) as u64 + 1;
        self.owed.saturating_sub(self.each * iterations)
    }
}

/// A draw that is constant for a while, and its energy; where requests are of several classes,
/// also for whom it is.
///
/// Energy is added up only where the draw or the tokens of the iterations change, so that it does
/// not depend on how many iterations were walked at once in between.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    watts: f64,
    since: Ticks,
    watt_ticks: f64,
    shares: Option<Box<Shares>>,
}

/// Energy by class, in proportion to the tokens in each iteration.
#[derive(Debug, Clone)]
struct Shares {
    /// Tokens of each class in the iterations under way, and in those that are being composed.
    tokens: Vec<u64>,
    next: Vec<u64>,
    watt_ticks: Vec<f64>,
}

impl Draw {
    pub(super) fn new(now: Ticks, watts: f64) -> Self {
        Self { watts, since: now, watt_ticks: 0.0, shares: None }
    }

    /// Tells apart for which of `classes` energy is.
    pub(super) fn share(&mut self, classes: usize) {
        let (tokens, watt_ticks) = (vec![0; classes], vec![0.0; classes]);
        let next = tokens.clone();
        self.shares = (classes > 1).then(|| Box::new(Shares { tokens, next, watt_ticks }));
    }

    /// Whether it tells apart for which class energy is.
    #[inline]
    pub(super) fn is_shared(&self) -> bool {
        self.shares.is_some()
    }

    /// The iterations that are being composed have `tokens` tokens of class `class` each.
    #[inline]
    pub(super) fn count(&mut self, class: u16, tokens: u64) {
        if let Some(shares) = &mut self.shares {
            shares.next[usize::from(class)] += tokens;
        }
    }

    /// Counts what was counted here for `all` instead.
    pub(super) fn pass_counts_to(&mut self, all: &mut Draw) {
        if let (Some(shares), Some(all)) = (&mut self.shares, &mut all.shares) {
            for (mine, all) in shares.next.iter_mut().zip(&mut all.next) {
                *all += std::mem::take(mine);
            }
        }
    }

    /// Draws `watts` from `at` on, for the tokens that were counted since it was last set.
    #[inline]
    pub(super) fn set(&mut self, at: Ticks, watts: f64) {
        if self.shares.is_some() {
            self.set_shared(at, watts);
        } else if watts != self.watts {
            self.charge(at);
            self.watts = watts;
        }
    }

    #[cold]
    fn set_shared(&mut self, at: Ticks, watts: f64) {
        let news = self.shares.as_ref().is_some_and(|shares| shares.next != shares.tokens);
        if watts != self.watts || news {
            self.charge(at);
            self.watts = watts;
        }
        if let Some(Shares { tokens, next, .. }) = self.shares.as_deref_mut() {
            std::mem::swap(tokens, next);
            next.fill(0);
        }
    }

    /// The energy up to `at` since it was last taken, J.
    pub(super) fn take_j(&mut self, at: Ticks) -> f64 {
        self.charge(at);
        std::mem::take(&mut self.watt_ticks) / PER_SECOND
    }

    /// Adds the part of each class in the energy that was taken last to `out`, J; nothing where
    /// classes are not told apart.
    pub(super) fn take_shares_j(&mut self, out: &mut [f64]) {
        let shares = self.shares.iter_mut().flat_map(|shares| &mut shares.watt_ticks);
        for (out, watt_ticks) in out.iter_mut().zip(shares) {
            *out += std::mem::take(watt_ticks) / PER_SECOND;
        }
    }

    /// The same draw for a replica that has drawn nothing yet.
    pub(super) fn renewed(&self) -> Self {
        let mut renewed = Self { watt_ticks: 0.0, ..self.clone() };
        if let Some(shares) = &mut renewed.shares {
            shares.watt_ticks.fill(0.0);
        }
        renewed
    }

    fn charge(&mut self, at: Ticks) {
        let energy = self.watts * (at - self.since) as f64;
        self.watt_ticks += energy;
        self.since = at;
        if let Some(Shares { tokens, watt_ticks, .. }) = self.shares.as_deref_mut() {
            let all = tokens.iter().sum::<u64>();
            if all > 0 {
                for (watt_ticks, &tokens) in watt_ticks.iter_mut().zip(&*tokens) {
                    *watt_ticks += energy * (tokens as f64 / all as f64);
                }
            }
        }
    }
}
