//! One call: its baseline, what was delivered, its score.

use super::Call;
use crate::kernel::{Span, Time};

/// A call while it lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallAccount {
    /// When it came.
    pub from: Time,
    /// When the whole of it must be delivered.
    pub due: Time,
    /// When it is recalled.
    pub until: Time,
    /// What the import would be without it, W.
    pub baseline_w: f64,
    /// How much less it asks for, W.
    pub asked_w: f64,
    /// What the site cannot do without, W: it is not asked to import less than that.
    least_w: f64,
    /// When the import was first as low as it asks.
    pub responded: Option<Time>,
    delivered_j: f64,
    met_s: f64,
}

impl CallAccount {
    /// The account of `call`, which asks for `asked_w` below `baseline_w` within `response` of a site
    /// that cannot do without `least_w`.
    pub fn new(
        call: Call,
        response: Span,
        (baseline_w, asked_w, least_w): (f64, f64, f64),
    ) -> Self {
        Self {
            from: call.from,
            due: call.from + response,
            until: call.until,
            baseline_w,
            asked_w,
            least_w,
            responded: None,
            delivered_j: 0.0,
            met_s: 0.0,
        }
    }

    /// The import that it asks for, W.
    pub fn asked_import_w(&self) -> f64 {
        (self.baseline_w - self.asked_w).max(0.0)
    }

    /// The import to which the site is held for it, W.
    pub fn cap_w(&self) -> f64 {
        self.asked_import_w().max(self.least_w)
    }

    /// Books that the import was `import_w` from `from` to `to`. What lies outside the call does not
    /// count.
    pub fn over(&mut self, from: Time, to: Time, import_w: f64) {
        let seconds = |from: Time| {
            let (from, to) = (from.max(self.from), to.min(self.until));
            if to > from { (to - from).as_secs_f64() } else { 0.0 }
        };
        let delivered_w = self.delivered_w(import_w);
        self.delivered_j += delivered_w * seconds(from);
        let met = if self.asked_w > 0.0 { (delivered_w / self.asked_w).min(1.0) } else { 1.0 };
        self.met_s += met * seconds(from.max(self.due));
    }

    /// How far `import_w` is below the baseline, W.
    pub fn delivered_w(&self, import_w: f64) -> f64 {
        (self.baseline_w - import_w).max(0.0)
    }

    /// Energy below the baseline so far, J.
    pub fn delivered_j(&self) -> f64 {
        self.delivered_j
    }

    /// Of the time from full response to recall: how long it is, and how much of it counts as
    /// delivered, s.
    pub fn scored(&self) -> (f64, f64) {
        let seconds =
            if self.until > self.due { (self.until - self.due).as_secs_f64() } else { 0.0 };
        (seconds, self.met_s)
    }

    /// Share of what was asked that was delivered, over the time from full response to recall; none
    /// where the recall came before that.
    pub fn score(&self) -> Option<f64> {
        let (seconds, met_s) = self.scored();
        (seconds > 0.0).then(|| met_s / seconds)
    }
}
