//! Every quantity that the facility watches, as one list of time-weighted meters.
//!
//! A gauge is a column of the time series and the source of the totals of the outcome at
//! once, so that the two cannot disagree. Gauges are made when the facility is built and
//! named by [`GaugeId`] from then on.

use crate::kernel::Time;
use crate::measure::Meter;

/// Index of a gauge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GaugeId(usize);

/// What the time series tells of a gauge for an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The time-weighted mean.
    Mean,
    /// The mean, and the largest value in a column `<name>_max`.
    MeanAndMax,
    /// Nothing; only totals are of interest.
    Never,
}

/// All gauges of a facility.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    gauges: Vec<Gauge>,
}

#[derive(Debug)]
struct Gauge {
    column: String,
    /// Column units per base unit.
    scale: f64,
    shown: Shown,
    meter: Meter,
}

impl Gauges {
    /// Adds a gauge whose column is `column`, holding `scale` column units per base unit.
    pub(super) fn add(&mut self, column: String, scale: f64, shown: Shown) -> GaugeId {
        self.gauges.push(Gauge { column, scale, shown, meter: Meter::new(Time::ZERO, 0.0) });
        GaugeId(self.gauges.len() - 1)
    }

    /// Sets a gauge to `value` (base units) from `now` on.
    pub(super) fn set(&mut self, now: Time, gauge: GaugeId, value: f64) {
        self.gauges[gauge.0].meter.set(now, value);
    }

    /// The meter behind a gauge.
    pub(super) fn meter(&self, gauge: GaugeId) -> &Meter {
        &self.gauges[gauge.0].meter
    }

    /// Brings every meter to `now`.
    pub(super) fn advance(&mut self, now: Time) {
        for gauge in &mut self.gauges {
            gauge.meter.advance(now);
        }
    }

    /// The columns of the time series, in the order of [`row`](Self::row).
    pub(super) fn columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        for gauge in &self.gauges {
            match gauge.shown {
                Shown::Mean => columns.push(gauge.column.clone()),
                Shown::MeanAndMax => {
                    columns.push(gauge.column.clone());
                    columns.push(format!("{}_max", gauge.column));
                }
                Shown::Never => {}
            }
        }
        columns
    }

    /// Closes the interval that ends at `now` and appends its values to `row`.
    pub(super) fn row(&mut self, now: Time, row: &mut Vec<f64>) {
        for gauge in &mut self.gauges {
            if gauge.shown == Shown::Never {
                continue;
            }
            let interval = gauge.meter.take_interval(now);
            row.push(interval.mean * gauge.scale);
            if gauge.shown == Shown::MeanAndMax {
                row.push(interval.max * gauge.scale);
            }
        }
    }
}
