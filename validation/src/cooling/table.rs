//! The printed table: what, published, ours, the band, and whether it lies within.

use crate::data::print;

/// Counts what was met and missed while it prints.
#[derive(Debug, Default)]
pub(crate) struct Table {
    met: usize,
    missed: usize,
    reasons: Vec<String>,
}

/// What a figure may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Band {
    /// Within this of the published value.
    Absolute(f64),
    /// Within this share of the published value.
    Relative(f64),
    /// Between these.
    Range(f64, f64),
    /// At most this.
    Most(f64),
}

impl Table {
    pub(crate) fn head(&self) {
        print(&format!(
            "{:<3} {:<66} {:>10} {:>10} {:>17}  verdict",
            "", "target", "published", "ours", "band"
        ));
    }

    /// A figure against what was published.
    pub(crate) fn row(&mut self, id: &str, what: &str, published: f64, ours: f64, band: Band) {
        self.judge(id, what, (published, ours), band, "");
    }

    /// A figure that may miss, with the reason for which it would.
    pub(crate) fn row_or(
        &mut self,
        id: &str,
        what: &str,
        (published, ours): (f64, f64),
        band: Band,
        reason: &str,
    ) {
        self.judge(id, what, (published, ours), band, reason);
    }

    fn judge(
        &mut self,
        id: &str,
        what: &str,
        (published, ours): (f64, f64),
        band: Band,
        reason: &str,
    ) {
        let (low, high) = match band {
            Band::Absolute(by) => (published - by, published + by),
            Band::Relative(by) => (published * (1.0 - by), published * (1.0 + by)),
            Band::Range(low, high) => (low, high),
            Band::Most(high) => (f64::NEG_INFINITY, high),
        };
        let is_met = (low..=high).contains(&ours);
        let verdict = if is_met { "met" } else { "MISSED" };
        let figure = |value: f64| match value.abs() {
            _ if !value.is_finite() => "-".to_owned(),
            0.0 => "0".to_owned(),
            size if size >= 1e4 => format!("{value:.1}"),
            size if size >= 100.0 => format!("{value:.2}"),
            size if size >= 0.01 => format!("{value:.4}"),
            _ => format!("{value:.2e}"),
        };
        let band = match band {
            Band::Most(high) => format!("<= {}", figure(high)),
            _ => format!("{}..{}", figure(low), figure(high)),
        };
        let (published, ours) = (figure(published), figure(ours));
        print(&format!("{id:<3} {what:<66} {published:>10} {ours:>10} {band:>17}  {verdict}"));
        if is_met {
            self.met += 1;
        } else {
            self.missed += 1;
            let reason = if reason.is_empty() { "not understood" } else { reason };
            self.reasons.push(format!("{id} {what}: {reason}"));
        }
    }

    pub(crate) fn foot(&self) {
        print(&format!("\n{} met, {} missed", self.met, self.missed));
        if !self.reasons.is_empty() {
            print("missed, and why");
            for reason in &self.reasons {
                print(&format!("  {reason}"));
            }
        }
    }
}
