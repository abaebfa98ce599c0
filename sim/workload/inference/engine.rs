//! What all engines of a replica have in common: bounds of a batch, the order of work, what they count,
//! draw and owe.

use super::request::Request;
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
        // A signed number is turned into a floating one at a third of the price.
        let energy = self.watts * (at - self.since) as i64 as f64;
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
