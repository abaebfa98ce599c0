//! What the machines of a chain leave to chance: questions to the stream of each, and a journal of
//! them.
//!
//! A machine does not hold its stream. It asks, and the [`Dice`] answer from its stream, or with what
//! was answered before, so that what a chain did can be done again. The journal tells what was asked and
//! which timers go by chance: between these a chain is a clockwork.

use std::collections::VecDeque;

use super::design::GensetDesign;
use crate::kernel::{RepairLaw, Span, Stream};

/// What is left to chance. It says all that the answer depends on beside the stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Question {
    /// Whether something of this chance happens: 1 where it does.
    Happens(f64),
    /// Which crank of a generator fires, from 1; 0 where none does.
    Firing {
        /// Chance that it does not answer at all.
        fails: f64,
        /// Chance that a crank fires, of a set that answers.
        crank_fires: f64,
        /// How many cranks it has.
        cranks: u8,
        /// Something else keeps it from starting.
        kept: bool,
    },
    /// How long until something that is as likely at any time, ns.
    Waits {
        /// Mean in seconds.
        mean_s: f64,
    },
    /// How long a repair takes, ns.
    Repair(RepairLaw),
}

/// What happened by chance, in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Deed {
    /// A question to the stream of an owner was answered.
    Asked {
        /// Whose stream.
        whose: u32,
        /// The question.
        question: Question,
        /// Its answer.
        answer: u64,
    },
    /// A timer was set to what the last question was answered.
    Armed(Alarm),
    /// A timer that was set so is cancelled.
    Disarmed(Alarm),
    /// One has run out.
    Rang(Alarm),
    /// A tank has run empty.
    Emptied,
}

/// A timer that goes by chance: of which owner, and which of its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alarm {
    pub(super) owner: u32,
    pub(super) slot: u8,
}

/// The streams of all owners, and what was answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Dice {
    streams: Vec<Option<Stream>>,
    /// Answers that were given before, and are given again first.
    again: VecDeque<u64>,
    journal: Vec<Deed>,
    /// Whether anybody reads the journal.
    pub(super) noted: bool,
}

impl Alarm {
    /// Who draws when it rings.
    pub(crate) fn owner(self) -> u32 {
        self.owner
    }
}

impl Question {
    /// Whether it is answered with how long something takes.
    pub(crate) fn is_how_long(self) -> bool {
        matches!(self, Self::Waits { .. } | Self::Repair(_))
    }

    /// How a set of `design` answers a call; `kept` where something else keeps it from starting.
    pub(super) fn firing(design: &GensetDesign, kept: bool) -> Self {
        let GensetDesign { fails, crank_fires, cranks, .. } = *design;
        Self::Firing { fails, crank_fires, cranks, kept }
    }

    fn draw(self, stream: &mut Stream) -> u64 {
        match self {
            Self::Happens(chance) => u64::from(stream.chance(chance)),
            Self::Firing { fails, crank_fires, cranks, kept } => {
                // Two draws a call, whatever comes of them.
                let answers = !stream.chance(fails);
                let uniform = stream.uniform();
                if answers && !kept {
                    u64::from(first_to_fire(crank_fires, cranks, uniform))
                } else {
                    0
                }
            }
            Self::Waits { mean_s } => Span::from_secs_f64(stream.exponential(mean_s)).as_nanos(),
            Self::Repair(law) => Span::from_secs_f64(law.draw_s(stream)).as_nanos(),
        }
    }
}

/// The first crank that fires: geometric, given that one of them does.
fn first_to_fire(crank_fires: f64, cranks: u8, mut uniform: f64) -> u8 {
    let misses = 1.0 - crank_fires;
    uniform *= 1.0 - libm::pow(misses, f64::from(cranks));
    let (mut fired, mut missed) = (0.0, 1.0);
    for attempt in 1..cranks {
        fired += missed * crank_fires;
        missed *= misses;
        if uniform < fired {
            return attempt;
        }
    }
    cranks
}

impl Dice {
    /// Dice of owners with these streams, by number.
    pub(super) fn new(streams: Vec<Option<Stream>>) -> Self {
        Self { streams, ..Self::default() }
    }

    /// Adds an owner; its number.
    pub(super) fn add(&mut self, stream: Stream) -> u32 {
        self.streams.push(Some(stream));
        self.streams.len() as u32 - 1
    }

    /// Asks the stream of an owner, and notes it.
    pub(super) fn ask(&mut self, whose: u32, question: Question) -> u64 {
        let answer = self.again.pop_front().unwrap_or_else(|| self.draw(whose, question));
        self.note(Deed::Asked { whose, question, answer });
        answer
    }

    /// Asks the stream of an owner; nobody else hears of it.
    pub(super) fn draw(&mut self, whose: u32, question: Question) -> u64 {
        let stream = self.streams[whose as usize].as_mut();
        question.draw(stream.expect("who asks has a stream"))
    }

    pub(super) fn note(&mut self, deed: Deed) {
        if self.noted {
            self.journal.push(deed);
        }
    }

    /// Gives `answers` once more before anything is drawn.
    pub(super) fn say_again(&mut self, answers: &[u64]) {
        self.again.clear();
        self.again.extend(answers);
    }

    /// Hands over the journal since the last call.
    pub(super) fn take_journal(&mut self, into: &mut Vec<Deed>) {
        into.clear();
        into.append(&mut self.journal);
    }
}
