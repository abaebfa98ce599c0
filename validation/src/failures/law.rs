//! The failure laws of the model, fitted to a part of a record by moments.

use std::fmt;

use loadbank::units::{Duration, Fraction, Rate};
use loadbank::workload::training::{LemonSpec, NodeFailureSpec, RelapseSpec};

use super::record::Record;
use crate::data::{correlation, mean, quantile};

/// Faults that are over sooner are taken for reboots, h.
const REBOOT_H: f64 = 1.0 / 3.0;
/// Days after a return in which two shares of relapses are counted.
const RELAPSES: [f64; 2] = [1.0, 30.0];
/// Deviation of the logarithm of the time to a relapse: an assumption, as two shares tell no third value.
const RELAPSE_SIGMA: f64 = 3.0;

/// Values of `failures` of a workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fitted {
    /// Of a node that is on.
    rate_per_day: f64,
    soft_share: f64,
    soft_h: f64,
    repair_h: f64,
    repair_sigma: f64,
    /// Share and factor.
    lemons: Option<(f64, f64)>,
    /// Share, and median in days.
    relapse: Option<(f64, f64)>,
}

impl Fitted {
    /// By moments: the mean and the median of repairs, the nodes' counts where those of two quarters agree,
    /// and the shares of returns that a fault follows within a day and a month.
    ///
    /// No lognormal law has the median and both the 90th and the 99th percentile of LANL's repairs. The mean is
    /// what the nodes out of service go by, and so it is held rather than a percentile.
    pub(super) fn to(record: &Record) -> Self {
        let hours = record.hours();
        let node_days = record.nodes as f64 * record.days - hours.iter().sum::<f64>() / 24.0;
        let rate_per_day = record.faults.len() as f64 / node_days;
        let (soft, hard) = hours.split_at(hours.partition_point(|&hours| hours < REBOOT_H));
        let repair_h = mean(hard.iter().copied());
        let lemons = lasting(record).then(|| two_kinds(&record.counts())).flatten();
        Self {
            rate_per_day,
            soft_share: soft.len() as f64 / hours.len() as f64,
            soft_h: if soft.is_empty() { 0.0 } else { mean(soft.iter().copied()) },
            repair_h,
            // A lognormal law has its mean exp(sigma^2 / 2) above its median.
            repair_sigma: (2.0 * (repair_h / quantile(hard, 0.5)).ln()).sqrt(),
            lemons,
            relapse: relapse(record, rate_per_day * returning(lemons)),
        }
    }

    pub(super) fn spec(&self) -> NodeFailureSpec {
        let hours = |h: f64| Some(Duration((h * 3600e9) as u64));
        NodeFailureSpec {
            rate: Some(Rate(self.rate_per_day / 86_400.0)),
            soft_share: Some(Fraction(self.soft_share)),
            soft_repair: hours(self.soft_h),
            repair: hours(self.repair_h),
            repair_sigma: Some(self.repair_sigma),
            lemons: self.lemons.map(|(share, factor)| LemonSpec { share: Fraction(share), factor }),
            relapse: self.relapse.map(|(share, median_days)| RelapseSpec {
                share: Fraction(share),
                median: Duration((median_days * 86_400e9) as u64),
                sigma: RELAPSE_SIGMA,
            }),
            ..NodeFailureSpec::default()
        }
    }
}

impl fmt::Display for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rate: {:.3e} /day, soft_share: {:.1} %, soft_repair: {:.0} min, repair: {:.1} h, repair_sigma: {:.2}",
            self.rate_per_day,
            100.0 * self.soft_share,
            60.0 * self.soft_h,
            self.repair_h,
            self.repair_sigma,
        )?;
        if let Some((share, factor)) = self.lemons {
            write!(f, ", lemons: {{share: {:.1} %, factor: {factor:.1}}}", 100.0 * share)?;
        }
        if let Some((share, days)) = self.relapse {
            let (share, hours) = (100.0 * share, 24.0 * days);
            write!(
                f,
                ", relapse: {{share: {share:.0} %, median: {hours:.1} h, sigma: {RELAPSE_SIGMA}}}"
            )?;
        }
        Ok(())
    }
}

/// Whether nodes that fail more often go on to: the counts of two parts of the record are correlated by more
/// than three standard errors.
fn lasting(record: &Record) -> bool {
    let [first, second] = record.halves().map(|half| half.counts());
    correlation(&first, &second, 0) * (record.nodes as f64).sqrt() > 3.0
}

/// The share of nodes of a second kind and how many times as often they fail: Poisson counts of two rates,
/// by expectation and maximisation. None where the two come out alike.
fn two_kinds(counts: &[f64]) -> Option<(f64, f64)> {
    let all = mean(counts.iter().copied());
    let (mut share, mut low, mut high) = (0.1, 0.7 * all, 4.0 * all);
    for _ in 0..500 {
        let odds =
            |count: f64| share / (1.0 - share) * (count * (high / low).ln() - high + low).exp();
        let of_high: Vec<f64> =
            counts.iter().map(|&count| 1.0 - 1.0 / (1.0 + odds(count))).collect();
        let sum: f64 = of_high.iter().sum();
        let faults: f64 = of_high.iter().zip(counts).map(|(part, count)| part * count).sum();
        let (nodes, total) = (counts.len() as f64, all * counts.len() as f64);
        (share, high, low) = (sum / nodes, faults / sum, (total - faults) / (nodes - sum));
    }
    (share > 0.0 && high > 1.5 * low).then_some((share, high / low))
}

/// How many times as often a node fails that has failed than one in the mean: with lemons those come back
/// more often.
fn returning(lemons: Option<(f64, f64)>) -> f64 {
    lemons.map_or(1.0, |(share, factor)| {
        let (mean, square) = (1.0 - share + share * factor, 1.0 - share + share * factor * factor);
        square / (mean * mean)
    })
}

/// The share of repairs in vain and the median time to the fault that follows, days, from the shares of returns
/// that a fault follows within a day and within thirty, of which faults by chance at `rate_per_day` are
/// taken out.
fn relapse(record: &Record, rate_per_day: f64) -> Option<(f64, f64)> {
    let follow = RELAPSES[1];
    let [day, month] = RELAPSES.map(|days| record.back_within(days, follow));
    let share = |median: f64, days: f64, within: f64| {
        // The rate is that of all faults, and those by chance are what relapses leave of it; that chance
        // overtakes some of these is left out, a tenth of a share by chance of a hundredth.
        let by_chance = |share: f64| 1.0 - (-rate_per_day * (1.0 - share) * days).exp();
        let reached = normal((days / median).ln() / RELAPSE_SIGMA);
        let mut share = within;
        for _ in 0..50 {
            share =
                ((within - by_chance(share)) / (1.0 - by_chance(share)) / reached).clamp(0.0, 0.95);
        }
        share
    };
    // The later the median, the more a given share within a day means for the month.
    let excess = |median: f64| {
        let [day, month] = [share(median, 1.0, day), share(median, follow, month)];
        day - month
    };
    let (mut low, mut high) = (1e-4_f64, 30.0_f64);
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if excess(middle) < 0.0 { low = middle } else { high = middle }
    }
    let found = share(high, follow, month);
    (found > 0.01).then_some((found, high))
}

/// The distribution function of the standard normal law.
fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}
