//! A request, and who wants to know what becomes of it.

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
    /// Index of its class.
    pub class: u16,
    /// What becomes of it is written down.
    pub noted: bool,
}

impl Request {
    /// A request of the first class that arrives at `arrival`.
    ///
    /// # Panics
    ///
    /// When a length is zero.
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
            class: 0,
            noted: false,
        }
    }

    /// The same request in another class.
    #[must_use]
    pub fn of_class(self, class: u16) -> Self {
        Self { class, ..self }
    }

    /// The same request, to be served from the beginning.
    #[must_use]
    pub fn afresh(self) -> Self {
        let Self { arrival, prompt, output, weight, class, noted, .. } = self;
        Self { class, noted, ..Self::new(arrival, prompt, output, weight) }
    }

    /// Tokens that must be prefilled before its next token: the prompt and what it has
    /// generated before it lost its memory.
    pub(super) fn to_prefill(self) -> u64 {
        u64::from(self.prompt) + u64::from(self.generated)
    }

    /// The most tokens it ever holds in KV memory: the last token is never fed back.
    pub(super) fn peak_tokens(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.output) - 1
    }
}

/// Receives what a replica has to tell while it advances.
pub trait Sink {
    /// Each of `k` iterations gave one token to `weight` requests of class `class`, the first
    /// after `first` ticks and each next after `growth` ticks more than the one before.
    fn gaps(&mut self, first: Ticks, growth: Ticks, k: u64, class: u16, weight: u64);

    /// `request` got its last token at `at`.
    fn finished(&mut self, request: &Request, at: Ticks);
}
