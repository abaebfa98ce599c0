//! Requests whose fate is written down one by one: the first that arrive, or a sample.

use super::request::Request;
use super::ticks::{self, NEVER, Ticks};
use crate::kernel::{Stream, Streams, Time};

/// Which requests are noted. The choice is made as they arrive and changes nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Noting {
    /// None.
    #[default]
    None,
    /// The first that each simulated cell receives.
    First(u64),
    /// Each with this probability, drawn from a stream of its own.
    Share(f64),
}

/// Chooses among the requests of a cell.
#[derive(Debug, Clone)]
pub(super) struct Chooser {
    noting: Noting,
    stream: Stream,
}

impl Chooser {
    pub(super) fn new(noting: Noting, (entity, streams): (&str, &Streams)) -> Self {
        Self { noting, stream: streams.stream("notes", entity) }
    }

    /// The same rule for a cell that is split off, which receives nobody's first requests.
    pub(super) fn split(&self, names: (&str, &Streams)) -> Self {
        let noting = match self.noting {
            Noting::First(_) => Noting::None,
            other => other,
        };
        Self::new(noting, names)
    }

    /// Whether the next request is noted.
    pub(super) fn next(&mut self) -> bool {
        match &mut self.noting {
            Noting::None => false,
            Noting::First(left) => {
                let is_chosen = *left > 0;
                *left = left.saturating_sub(1);
                is_chosen
            }
            Noting::Share(share) => self.stream.chance(*share),
        }
    }
}

/// How a request left its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It got its last token.
    Served,
    /// It found no live replica, was lost with one, or waited too long.
    Failed,
    /// No replica has memory for it, or the one it was sent to has a full queue.
    Rejected,
}

impl Fate {
    /// As tables name it.
    pub const fn name(self) -> &'static str {
        match self {
            Fate::Served => "served",
            Fate::Failed => "failed",
            Fate::Rejected => "rejected",
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The request as it left.
    pub request: Request,
    /// When it left.
    pub end: Ticks,
    /// How.
    pub fate: Fate,
}

impl Note {
    /// When it was sent.
    pub fn arrival(&self) -> Time {
        ticks::to_time(self.request.arrival)
    }

    /// When it left its service.
    pub fn end(&self) -> Time {
        ticks::to_time(self.end)
    }

    /// From arrival to the first iteration that worked on it, s; none where none did.
    pub fn queue_s(&self) -> Option<f64> {
        self.since_arrival(self.request.admitted)
    }

    /// From arrival to its first token, s; none where it got none.
    pub fn ttft_s(&self) -> Option<f64> {
        self.since_arrival(self.request.first)
    }

    /// Mean time between its tokens, s; none for a request that was not served, or had one.
    pub fn tpot_s(&self) -> Option<f64> {
        let Request { first, output, .. } = self.request;
        let is_served = self.fate == Fate::Served && output > 1;
        is_served.then(|| ticks::to_secs(self.end - first) / f64::from(output - 1))
    }

    /// From arrival to its end, s.
    pub fn e2e_s(&self) -> f64 {
        ticks::to_secs(self.end - self.request.arrival)
    }

    /// An order that does not depend on which thread noted first.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let Request { arrival, class, prompt, output, weight, admitted, .. } = self.request;
        (self.end, arrival, class, prompt, output, weight, admitted, self.fate)
    }

    fn since_arrival(&self, at: Ticks) -> Option<f64> {
        (at != NEVER).then(|| ticks::to_secs(at - self.request.arrival))
    }
}
