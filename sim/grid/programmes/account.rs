//! One call: its baseline, what was delivered, its score.

use super::{Ask, Call};
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
    /// How much less a whole award of it is, W.
    whole_w: f64,
    /// What of that is asked now, and due.
    ask: Ask,
    /// The most that has been asked.
    most_share: f64,
    /// What the site cannot do without, W: it is not asked to import less than that.
    least_w: f64,
    /// When the import was first as low as it asks.
    pub responded: Option<Time>,
    delivered_j: f64,
    /// Time in which something was due, by how much of the whole it was, ns, and what of that was
    /// delivered, s.
    owed_ns: f64,
    met_s: f64,
}

impl CallAccount {
    /// The account of `call`, which asks for `whole_w` below `baseline_w`, or a share of it, within
    /// `response` of a site that cannot do without `least_w`. It asks for nothing yet.
    pub fn new(
        call: Call,
        response: Span,
        (baseline_w, whole_w, least_w): (f64, f64, f64),
    ) -> Self {
        Self {
            from: call.from,
            due: call.from + response,
            until: call.until,
            baseline_w,
            whole_w,
            ask: Ask::default(),
            most_share: 0.0,
            least_w,
            responded: None,
            delivered_j: 0.0,
            owed_ns: 0.0,
            met_s: 0.0,
        }
    }

    /// It asks for this from now on.
    pub fn ask(&mut self, ask: Ask) {
        self.ask = ask;
        self.most_share = self.most_share.max(ask.share);
    }

    /// How much less it asks for, W.
    pub fn asked_w(&self) -> f64 {
        self.ask.share * self.whole_w
    }

    /// The most that it has asked for, W.
    pub fn most_asked_w(&self) -> f64 {
        self.most_share * self.whole_w
    }

    /// The import that it asks for, W.
    pub fn asked_import_w(&self) -> f64 {
        (self.baseline_w - self.asked_w()).max(0.0)
    }

    /// The import to which the site is told to come for it, W.
    pub fn cap_w(&self) -> f64 {
        self.asked_import_w().max(self.least_w)
    }

    /// The import to which it is held by now, W; none where nothing is due yet.
    pub fn owed_cap_w(&self) -> Option<f64> {
        let owed_w = self.ask.owed * self.whole_w;
        (self.ask.owed > 0.0).then(|| (self.baseline_w - owed_w).max(0.0).max(self.least_w))
    }

    /// Books that the import was `import_w` from `from` to `to`. What lies outside the call does not
    /// count.
    pub fn over(&mut self, from: Time, to: Time, import_w: f64) {
        let (from, to) = (from.max(self.from), to.min(self.until));
        if to <= from {
            return;
        }
        let (length, owed) = (to - from, self.ask.owed);
        let (delivered_w, owed_w) = (self.delivered_w(import_w), owed * self.whole_w);
        self.delivered_j += delivered_w * length.as_secs_f64();
        let met = if owed_w > 0.0 { (delivered_w / owed_w).min(1.0) } else { 1.0 };
        self.owed_ns += owed * length.as_nanos() as f64;
        self.met_s += owed * met * length.as_secs_f64();
    }

    /// How far `import_w` is below the baseline, W.
    pub fn delivered_w(&self, import_w: f64) -> f64 {
        (self.baseline_w - import_w).max(0.0)
    }

    /// Energy below the baseline so far, J.
    pub fn delivered_j(&self) -> f64 {
        self.delivered_j
    }

    /// Of the time in which something was due, by how much of the whole it was: how long it is, and how
    /// much of it counts as delivered, s.
    pub fn scored(&self) -> (f64, f64) {
        // Whole nanoseconds add up exactly.
        (self.owed_ns * 1e-9, self.met_s)
    }

    /// Share of what was due that was delivered; none where nothing ever was.
    pub fn score(&self) -> Option<f64> {
        let (seconds, met_s) = self.scored();
        (seconds > 0.0).then(|| met_s / seconds)
    }
}
