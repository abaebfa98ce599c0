//! A request, and who wants to know what becomes of it.

use super::prefix::Piece;
use super::ticks::{NEVER, Ticks};

/// One simulated request; it stands for `weight` alike ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// When its client sent it.
    pub arrival: Ticks,
    /// When a replica first took it into a batch; [`NEVER`] before.
    pub admitted: Ticks,
    /// When its first token came; [`NEVER`] before.
    pub first: Ticks,
    /// When its last token came, while it waits to be prefilled anew; otherwise [`NEVER`].
    pub stalled: Ticks,
    /// Prompt tokens; at least one.
    pub prompt: u32,
    /// Tokens to generate; at least one.
    pub output: u32,
    /// Tokens generated so far, as of its last admission or eviction.
    pub generated: u32,
    /// How many alike requests it stands for; a share of zero is possible after a split.
    pub weight: u32,
    /// Iterations from its first to its last token: one for each token, fewer where some are
    /// drafted.
    pub rounds: u32,
    /// The chain of what its prompt shares with others, counted from 1; 0 for nothing.
    pub prefix: u32,
    /// Tokens of its prompt that were found in memory: in shared memory at its first admission, in a
    /// memory for prefixes at its last.
    pub cached: u32,
    /// Those of them that were brought from host memory.
    pub fetched: u32,
    /// Under which number a replica keeps what it held when it lost its memory; 0 for nothing.
    pub kept: u32,
    /// When it was sent to a replica last.
    pub sent: Ticks,
    /// The client that waits for it, counted from 1; 0 where nobody sends another for it.
    pub client: u32,
    /// Index of its class.
    pub class: u16,
    /// What becomes of it is written down.
    pub noted: bool,
    /// Requests of a lower number are admitted first.
    pub priority: u8,
    /// How often its client has given up waiting.
    pub attempts: u8,
    /// Its tokens but the last are in memory already, brought from where it was prefilled.
    pub loaded: bool,
}

impl Request {
    /// A request of the first class and the first priority that arrives at `arrival`.
    ///
    /// # Panics
    ///
    /// When a length is zero.
    #[inline]
    pub fn new(arrival: Ticks, prompt: u32, output: u32, weight: u32) -> Self {
        assert!(prompt > 0 && output > 0, "a request has a prompt and an answer");
        Self {
            arrival,
            admitted: NEVER,
            first: NEVER,
            stalled: NEVER,
            prompt,
            output,
            generated: 0,
            weight,
            rounds: output - 1,
            prefix: 0,
            cached: 0,
            fetched: 0,
            kept: 0,
            client: 0,
            class: 0,
            noted: false,
            priority: 0,
            attempts: 0,
            loaded: false,
            sent: arrival,
        }
    }

    /// The same request in another class.
    #[must_use]
    pub fn of_class(self, class: u16) -> Self {
        Self { class, ..self }
    }

    /// The same request at another priority.
    #[must_use]
    pub fn at_priority(self, priority: u8) -> Self {
        Self { priority, ..self }
    }

    /// The same request, whose prompt begins with chain `prefix`, counted from 1.
    #[must_use]
    pub fn with_prefix(self, prefix: u32) -> Self {
        Self { prefix, ..self }
    }

    /// The same request, whose tokens after the first come in `rounds` iterations; at least
    /// one where there are such tokens, and at most one for each.
    #[must_use]
    pub fn in_rounds(self, rounds: u32) -> Self {
        Self { rounds: rounds.clamp(u32::from(self.output > 1), self.output - 1), ..self }
    }

    /// The same request, to be served from the beginning.
    #[must_use]
    pub fn afresh(self) -> Self {
        Self {
            admitted: NEVER,
            first: NEVER,
            stalled: NEVER,
            generated: 0,
            cached: 0,
            fetched: 0,
            kept: 0,
            loaded: false,
            ..self
        }
    }

    /// Takes from it the KV memory that it had in a replica, or that was brought there for it.
    pub(super) fn lose_memory(&mut self) {
        (self.loaded, self.kept) = (false, 0);
    }

    /// Gives `share` of its weight to a request that is otherwise the same.
    pub(super) fn split(&mut self, share: impl Fn(u32) -> u32) -> Self {
        let weight = share(self.weight);
        self.weight -= weight;
        Self { weight, ..*self }
    }

    /// The same request on a clock that is `lag` ahead.
    pub(super) fn later(self, lag: Ticks) -> Self {
        let later = |at: Ticks| if at == NEVER { NEVER } else { at + lag };
        Self {
            arrival: later(self.arrival),
            admitted: later(self.admitted),
            first: later(self.first),
            stalled: later(self.stalled),
            sent: later(self.sent),
            ..self
        }
    }

    /// Whether its client, who waits for `patience` and no longer, gives up at `at`.
    pub(super) fn gives_up(&self, at: Ticks, patience: Ticks) -> bool {
        self.admitted == NEVER && self.sent + patience <= at
    }

    /// Tokens that must be in memory before its next token: the prompt and what it has
    /// generated before it lost its memory.
    #[inline]
    pub(super) fn to_prefill(self) -> u64 {
        u64::from(self.prompt) + u64::from(self.generated)
    }

    /// The most tokens it ever holds in KV memory: the last token is never fed back.
    #[inline]
    pub(super) fn peak_tokens(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.output) - 1
    }

    /// How the tokens that it still needs come while it decodes.
    #[inline]
    pub(super) fn pace(&self) -> TokenPace {
        self.pace_of(self.output - self.generated)
    }

    /// The fewest iterations in which it can be served from the queue: one for its next token,
    /// and those after it.
    pub(super) fn fewest_iterations(&self) -> u64 {
        1 + u64::from(self.pace_of(self.output - self.generated - 1).rounds)
    }

    #[inline]
    fn pace_of(&self, left: u32) -> TokenPace {
        // Nearly all requests get one token an iteration, and divisions cost more.
        if self.rounds == self.output - 1 || left == 0 {
            return TokenPace { gain: 1, rounds: left };
        }
        // After a loss, its part of the iterations.
        let rounds =
            (u64::from(left) * u64::from(self.rounds)).div_ceil(u64::from(self.output - 1)) as u32;
        TokenPace { gain: left / rounds, rounds }
    }
}

/// How the tokens of a decoding request come: `rounds` iterations with `gain` tokens each, the
/// last of which brings whatever else is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenPace {
    pub(super) gain: u32,
    pub(super) rounds: u32,
}

/// Receives what a replica has to tell while it advances, and tells it what prompts share.
pub trait Sink {
    /// The pieces of chain `number`; none of chain 0.
    fn chain(&self, number: u32) -> &[Piece];

    /// Each of `k` iterations gave a token, or some drafted together, to `weight` requests of class `class`, the first
    /// after `first` ticks and each next after `growth` ticks more than the one before.
    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64);

    /// `request` got its last token at `at`.
    fn finished(&mut self, request: &Request, at: Ticks);

    /// `request` got its first token, or its next after a loss, at `at` from a replica that
    /// only prefills, and goes on elsewhere.
    fn handed_over(&mut self, request: &Request, at: Ticks);
}
