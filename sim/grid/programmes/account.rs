//! One call: its baseline, what was delivered, its score.

use super::{Ask, Call};
use crate::kernel::{Span, Time};

/// The import is as low as it has to be where it is above that by this part at most: rounding.
const ROUNDING: f64 = 1e-6;

/// The most that a call has let be due, by share of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Most {
    share: f64,
    /// Whether that was delivered at some time at which it was due.
    is_met: bool,
}

/// A call while it lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallAccount {
    /// When it came.
    pub from: Time,
    /// When it is recalled.
    pub until: Time,
    /// What the import would be without it now, W.
    pub baseline_w: f64,
    /// How much less a whole award of it is, W.
    whole_w: f64,
    /// What of that is asked now, and due.
    ask: Ask,
    /// The most that has been asked.
    most_share: f64,
    /// What the site cannot do without, W: it is not asked to import less than that.
    least_w: f64,
    /// When it asked for more, where the import has not been as low as asked since.
    waits_since: Option<Time>,
    /// The longest time that this took.
    slowest: Option<Span>,
    most_owed: Most,
    delivered_j: f64,
    /// Time in which something was due, by how much of the whole it was, ns, and what of that was
    /// delivered, s.
    owed_ns: f64,
    met_s: f64,
}

impl CallAccount {
    /// The account of `call`, which asks for `whole_w` below `baseline_w`, or a share of it, of a site
    /// that cannot do without `least_w`. It asks for nothing yet.
    pub fn new(call: Call, (baseline_w, whole_w, least_w): (f64, f64, f64)) -> Self {
        Self {
            from: call.from,
            until: call.until,
            baseline_w,
            whole_w,
            ask: Ask::default(),
            most_share: 0.0,
            least_w,
            waits_since: None,
            slowest: None,
            most_owed: Most::default(),
            delivered_j: 0.0,
            owed_ns: 0.0,
            met_s: 0.0,
        }
    }

    /// It asks for this from `now` on, when the import is `import_w`. Once it is over it asks for nothing
    /// anew: the load that comes back then has answered nothing.
    pub fn ask(&mut self, now: Time, ask: Ask, import_w: f64) {
        if now >= self.until {
            return;
        }
        if ask.share > self.ask.share {
            self.waits_since.get_or_insert(now);
        }
        self.ask = ask;
        self.most_share = self.most_share.max(ask.share);
        self.read(now, import_w);
    }

    /// Without it the import would be `baseline_w` from now on; all before is booked.
    pub fn follow(&mut self, baseline_w: f64) {
        self.baseline_w = baseline_w;
    }

    /// Reads off the meter that the import is `import_w` from `now` on.
    pub fn read(&mut self, now: Time, import_w: f64) {
        if let Some(since) = self.waits_since
            && is_as_low(import_w, self.asked_import_w())
        {
            self.slowest = self.slowest.max(Some(now - since));
            self.waits_since = None;
        }
    }

    /// The longest time from a rise of what it asked until the import was as low as it asked then; none
    /// where it never was.
    pub fn slowest(&self) -> Option<Span> {
        self.slowest
    }

    /// Whether something was due, and the import was never as low as when most was.
    pub fn is_missed(&self) -> bool {
        self.most_owed.share > 0.0 && !self.most_owed.is_met
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
        (self.ask.owed > 0.0).then(|| self.owed_import_w().max(self.least_w))
    }

    /// The import at which all that is due is delivered, W.
    fn owed_import_w(&self) -> f64 {
        (self.baseline_w - self.ask.owed * self.whole_w).max(0.0)
    }

    /// Books that the import was `import_w` from `from` to `to`. What lies outside the call does not
    /// count.
    pub fn over(&mut self, from: Time, to: Time, import_w: f64) {
        let (from, to) = (from.max(self.from), to.min(self.until));
        if to <= from {
            return;
        }
        let (length, owed) = (to - from, self.ask.owed);
        if owed > self.most_owed.share {
            self.most_owed = Most { share: owed, is_met: false };
        }
        self.most_owed.is_met |=
            owed >= self.most_owed.share && is_as_low(import_w, self.owed_import_w());
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
        // Of a call that asks for the whole these are whole nanoseconds, which add up exactly.
        (self.owed_ns * 1e-9, self.met_s)
    }

    /// Share of what was due that was delivered; none where nothing ever was.
    pub fn score(&self) -> Option<f64> {
        let (seconds, met_s) = self.scored();
        (seconds > 0.0).then(|| met_s / seconds)
    }
}

fn is_as_low(import_w: f64, as_w: f64) -> bool {
    import_w <= as_w * (1.0 + ROUNDING)
}
