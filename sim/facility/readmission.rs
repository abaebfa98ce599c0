//! How what an emergency has cut comes back: rung by rung of the ladder, the last that went first.

use super::Facility;
use super::events::Event;
use crate::grid::programmes::Standing;
use crate::kernel::{Alarm, Class, Span, Time};
use crate::plant::Rank;

/// What comes back in turn.
#[derive(Debug, Default)]
pub(super) struct Readmission {
    /// The import that emergencies leave, W.
    limit_w: Option<f64>,
    /// The ranks that are held, in the order of the ladder: the last comes back next.
    held: Vec<Rank>,
    next: Alarm,
}

impl Facility<'_> {
    /// Holds what emergencies have cut where they leave more than they did. To be called before the limits
    /// of the import change.
    pub(super) fn hold_what_comes_back(&mut self, now: Time) {
        let limit_w = self.emergency_limit_w();
        let before_w = std::mem::replace(&mut self.readmission.limit_w, limit_w);
        let after = self.design.control.readmit_after;
        let rises = |from: Option<f64>, to: Option<f64>| {
            from.is_some_and(|from_w| to.is_none_or(|to_w| to_w > from_w))
        };
        if after == Span::ZERO || !rises(before_w, limit_w) {
            return;
        }
        let rungs = self.design.control.ladder.0.into_iter().filter(|rank| comes_in_turn(*rank));
        let rungs: Vec<Rank> = rungs.collect();
        let cut = self.power.hold(&rungs);
        let held = &mut self.readmission.held;
        let more = cut.iter().any(|rank| !held.contains(rank));
        *held = rungs.into_iter().filter(|it| held.contains(it) || cut.contains(it)).collect();
        // A limit that wiggles, as that of a network does, holds nothing back for longer. What comes back
        // where there is no room is cut anew.
        if more {
            self.await_readmission(now);
        }
    }

    /// Lets the next rank come back.
    pub(super) fn readmit(&mut self, now: Time) {
        self.readmission.next.ring();
        if let Some(rank) = self.readmission.held.pop() {
            self.power.release(rank);
        }
        self.await_readmission(now);
    }

    fn await_readmission(&mut self, now: Time) {
        let Self { readmission, agenda, design, .. } = self;
        if !readmission.held.is_empty() {
            let at = now + design.control.readmit_after;
            readmission.next.set(agenda, at, Class::Control, Event::Readmit);
        }
    }

    /// The import that curtailments and calls of emergencies leave, W; none where there are none.
    fn emergency_limit_w(&self) -> Option<f64> {
        let programmes = self.programmes.running.iter().zip(&self.design.programmes);
        let calls = programmes.filter_map(|(running, design)| {
            let called = running.called.filter(|_| design.standing == Standing::Emergency);
            called.map(|call| call.cap_w())
        });
        calls.chain(self.curtailed_w).reduce(f64::min)
    }
}

/// Whether what is cut of a rank comes back in turn: miners have rules of their own, and what is idle or
/// cools comes back at once.
fn comes_in_turn(rank: Rank) -> bool {
    match rank {
        Rank::TrainingCap | Rank::TrainingPause | Rank::BatchInference | Rank::Inference => true,
        Rank::Mining | Rank::Recharge | Rank::Idle | Rank::Cooling => false,
    }
}
