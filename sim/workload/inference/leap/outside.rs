//! What is known of a replica from outside: what is inside it, and when somebody may leave.

use super::super::engine::Gauge;
use super::super::request::Request;
use super::super::ticks::{NEVER, Ticks};
use super::{Leap, Step};

impl Leap {
    pub(in super::super) fn waiting(&self) -> usize {
        self.line.len()
    }

    pub(in super::super) fn requests(&self) -> u64 {
        let prefilled = usize::from(self.part.is_some()) + self.fresh.len();
        self.batch + (prefilled + self.line.len()) as u64
    }

    pub(in super::super) fn in_flight(&self) -> u64 {
        let waiting = self.line.requests();
        let prefilled = self.part().into_iter().chain(self.fresh());
        let decoding: u64 = self.classes.iter().map(|class| class.weight).sum();
        decoding + waiting.chain(prefilled).map(|r| u64::from(r.weight)).sum::<u64>()
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.step.k == 0 && self.line.is_empty()
    }

    pub(in super::super) fn outstanding(&self, at: Ticks) -> u64 {
        if self.step.k == 0 {
            return self.owed;
        }
        let done = self.step.fewest(at.saturating_sub(self.now)) - 1;
        self.owed - done * self.each()
    }

    pub(in super::super) fn gauge(&self) -> Gauge {
        let Step { k, first, end, .. } = self.step;
        let (since, owed) = (self.now, self.owed);
        if k > 0 {
            let (each, per_tick) = (self.each(), 1.0 / first as f64);
            Gauge { end, since, owed, each, per_tick }
        } else {
            // What was sent at this very instant has not been looked at.
            let end = if self.line.next_ready().is_none() { NEVER } else { 0 };
            Gauge { end, since, owed, each: 0, per_tick: 0.0 }
        }
    }

    /// The iterations under way are known, every request takes some number of further ones, and
    /// none of them is shorter than the shortest.
    pub(in super::super) fn next_leave(&self) -> Ticks {
        let shortest = self.next_table.as_ref().unwrap_or(&self.table).shortest();
        if self.step.k == 0 {
            return self.line.next_ready().map_or(NEVER, |ready| ready + shortest);
        }
        self.step.end.saturating_add(self.iterations_to_leave().saturating_mul(shortest))
    }

    /// Iterations after those under way before which nobody leaves who is inside.
    pub(in super::super) fn iterations_to_leave(&self) -> u64 {
        let decodes = if self.step.decodes { self.step.k } else { 0 };
        let mut iterations = self.iterations_to_completion() - decodes;
        for request in self.fresh() {
            iterations = iterations.min(self.stays(request) - 1);
        }
        if let Some(request) = self.part() {
            iterations = iterations.min(self.stays(request) - 1);
        }
        if self.line.len() > FEW {
            iterations = iterations.min(1);
        } else {
            for request in self.line.requests() {
                iterations = iterations.min(self.stays(request));
            }
        }
        iterations
    }

    /// Those whose prompt the step under way completes.
    fn fresh(&self) -> impl Iterator<Item = &Request> {
        self.fresh.iter().map(|&slot| self.request_in(slot))
    }

    /// The one whose prompt is partly in memory.
    fn part(&self) -> Option<&Request> {
        self.part.map(|part| self.request_in(part.slot))
    }

    /// Iterations up to and with the next one that completes a decoding sequence.
    #[inline]
    pub(super) fn iterations_to_completion(&self) -> u64 {
        self.finish.last().map_or(u64::MAX, |&key| (key >> 16) - self.iteration + 1)
    }

    /// The fewest iterations that a waiting request stays here.
    pub(in super::super) fn stays(&self, request: &Request) -> u64 {
        if self.hands_over { 1 } else { request.fewest_iterations() }
    }

    /// Tokens that a request needs which is sent here.
    pub(in super::super) fn needs(&self, request: &Request) -> u64 {
        match (self.hands_over, request.loaded) {
            (true, _) => request.to_prefill() + 1,
            (_, true) => u64::from(request.output - request.generated),
            _ => u64::from(request.prompt) + u64::from(request.output),
        }
    }
}

/// Requests that are cheap to look at one by one.
const FEW: usize = 4;
