//! Calls by the frequency of the grid.

use std::sync::Arc;

use super::call::{Asked, Call, LONGEST_S};
use crate::kernel::{DurationLaw, Span, Stream, Time};
use crate::tables::Series;

/// A relay that trips load where the frequency is low. It is armed while an award is held; what it has
/// tripped stays off for its time, whether or not the award is held until then.
#[derive(Debug, Clone, PartialEq)]
pub struct RelayLaw {
    /// Hz.
    pub(super) frequency: Arc<Series<f64>>,
    /// At which frequency it trips, or below, Hz.
    pub(super) at_hz: f64,
    /// How long the frequency must have stayed there.
    pub(super) after: Span,
    /// How long it is until the operator lets the load back.
    pub(super) length: DurationLaw,
    /// Time from a recall until it is armed again.
    pub(super) gap: Span,
}

/// No operator lets load back sooner, s.
const SHORTEST_S: f64 = 1.0;

impl RelayLaw {
    /// Whether it trips at all until `horizon`, were it always armed.
    pub(super) fn trips(&self, horizon: Time) -> bool {
        self.low(horizon).any(|spell| spell.from + self.after < spell.until)
    }

    /// The spells until `horizon` in which the frequency is low enough.
    fn low(&self, horizon: Time) -> impl Iterator<Item = Call> {
        let is_low = |hz| f64::from(hz <= self.at_hz);
        Asked::following(&self.frequency, horizon, is_low).into_iter().map(|asked| asked.call)
    }

    /// Its trips until `horizon`, in those parts of spells of low frequency in which `armed` says that it
    /// is.
    pub(super) fn calls(
        &self,
        horizon: Time,
        armed: impl Fn(Call) -> Vec<Call>,
        stream: &mut Stream,
    ) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        let mut ready = Time::ZERO;
        for spell in self.low(horizon).flat_map(armed) {
            loop {
                let trip = spell.from.max(ready) + self.after;
                if trip >= spell.until {
                    break;
                }
                let length_s = self.length.draw_s(stream).clamp(SHORTEST_S, LONGEST_S);
                let call = Call { from: trip, until: trip + Span::from_secs_f64(length_s) };
                ready = call.until + self.gap;
                calls.push(call);
            }
        }
        calls
    }
}

/// The share of an award that is asked at `hz`: all of it at `full_hz` and below, none at `from_hz` and
/// above, in proportion between them.
pub(super) fn droop(hz: f64, (full_hz, from_hz): (f64, f64)) -> f64 {
    ((from_hz - hz) / (from_hz - full_hz)).clamp(0.0, 1.0)
}
