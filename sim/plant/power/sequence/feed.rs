//! A feed: its voltage, and the sags of it.

use super::design::SagLaw;
use super::dice::Question;
use super::state::State;
use super::timers::Cx;
use crate::kernel::{Span, Time};

/// Timers of a feed.
const SAG: u8 = 0;
const SAG_ENDS: u8 = 1;

/// A feed while it runs.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    law: Option<SagLaw>,
    /// Sags under way: how low, pu, and when the last of them ends.
    pub(super) residual: f64,
    ends: Time,
}

impl Feed {
    /// A feed that sags by `law`, at random.
    pub(super) fn new(law: Option<SagLaw>) -> Self {
        Self { law, residual: 1.0, ends: Time::ZERO }
    }

    /// Waits for its next sag.
    pub(super) fn arm(&mut self, cx: &mut Cx<'_>) {
        if let Some(law) = self.law.filter(|law| law.rate_per_s > 0.0) {
            cx.after_chance(SAG, Question::Waits { mean_s: 1.0 / law.rate_per_s });
        }
    }

    /// Its voltage falls to `residual` for `lasts`.
    pub(super) fn sag(&mut self, cx: &mut Cx<'_>, residual: f64, lasts: Span) {
        self.residual = self.residual.min(residual);
        self.ends = self.ends.max(cx.now + lasts);
        cx.note(State::Sag);
        cx.at(SAG_ENDS, self.ends);
    }

    /// Forgets at rest when its last sag ended.
    pub(super) fn forget_past(&mut self) {
        self.ends = Time::ZERO;
    }

    /// A timer of it has run out.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>, slot: u8) {
        match (slot, self.law) {
            (SAG, Some(law)) => {
                self.sag(cx, law.residual, law.lasts);
                self.arm(cx);
            }
            _ => {
                self.residual = 1.0;
                cx.note(State::Normal);
            }
        }
    }
}
