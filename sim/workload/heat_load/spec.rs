//! A heat load as a user writes it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::HeatLoadDesign;
use crate::kernel::{Clock, Time};
use crate::spec::{Check, Fault, Name, Names, only_with, only_with_all};
use crate::tables::{Run, Series, from_table};
use crate::units::{Fraction, Power, Temperature};

from_table! {
/// Heat in place of racks, as written under `racks:`. It needs no workload.
///
/// `power` says how much it is, or `csv`; both together are machines of a known power and what they
/// were used. It is electricity that is drawn and becomes heat, and so counts as IT load, unless
/// `electric` says otherwise.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatLoadSpec {
    /// How many alike parts it has, each of this power; where there are several loops, they are
    /// spread over these. Default: 1.
    pub count: Option<u32>,
    /// What feeds it; not needed in a scenario without `power:` or where `electric` is false.
    pub fed_by: Option<Names>,
    /// The cooling that takes the heat.
    pub cooled_by: Names,
    /// What it draws and gives off; beside `csv`, at full utilisation.
    pub power: Option<Power>,
    /// What it draws without any utilisation, beside `power` and `csv` (default 0 W).
    pub idle_power: Option<Power>,
    /// Share of `power` in each of the 24 hours of the local day. Default: all of it, always.
    pub daily_profile: Option<Vec<Fraction>>,
    ..table {
        /// The column of powers in `csv`; beside `power`, of utilisation.
        column,
        /// The unit of the column, such as `kW`; of utilisation, `%` or `1` (the default).
        unit,
    }
    /// What the column of utilisation holds where all of it is used, in its unit: 277 in a column
    /// that counts busy nodes of 277 (default: 1, or 100 %).
    pub full_at: Option<f64>,
    /// The part of `power` above `idle_power` that is drawn is the utilisation to this power
    /// (default 1: a straight line, as Fan et al., ISCA 2007, found for servers; 0.5 is what
    /// followed the nodes of a general-purpose cluster best, `validation measured`). It holds for
    /// what a row tells: of the mean of many unequal machines it is an approximation.
    pub exponent: Option<f64>,
    /// Whether the heat is electricity of the site (default true). If not, it is neither
    /// import nor IT load, and a site with nothing else has no PUE.
    pub electric: Option<bool>,
    /// Inlet temperature above which it gives off less (default: none).
    pub throttle_inlet: Option<Temperature>,
    /// Inlet temperature at which it stops (default: none; it goes on at any temperature, up to the
    /// 100 degC at which its coolant boils).
    pub trip_inlet: Option<Temperature>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}
}

impl HeatLoadSpec {
    /// Whether it draws its heat from the power chain.
    pub fn is_electric(&self) -> bool {
        self.electric.unwrap_or(true)
    }

    /// Inlet temperatures above which it gives off less and at which it stops, in degrees
    /// Celsius; infinite where it does neither.
    pub fn limits_c(&self, faults: &mut Vec<Fault>) -> (f64, f64) {
        let trip_c = self.trip_inlet.map_or(f64::INFINITY, |t| t.0);
        let throttle_c = self.throttle_inlet.map_or(trip_c, |t| t.0);
        if self.trip_inlet.is_none() {
            let message = "nothing stops this load, however warm its coolant gets: it goes on until \
                           that boils";
            faults.push(Fault::warning("", message).help(
                "where it stands for machines, say at which inlet temperature they stop with \
                 `trip_inlet`",
            ));
        }
        if throttle_c > trip_c {
            let message = format!(
                "stops at {trip_c:.1} degC, before it gives off less at {throttle_c:.1} degC"
            );
            faults.push(Fault::error("trip_inlet", message));
        }
        let mut check = Check { faults };
        for (field, written) in
            [("throttle_inlet", self.throttle_inlet), ("trip_inlet", self.trip_inlet)]
        {
            check.between(field, written.map(|t| t.0), 0.0, (0.0, 150.0), "degC");
        }
        (throttle_c, trip_c)
    }

    /// The load over `run`, or `None` after reporting why there is none.
    pub fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<HeatLoadDesign> {
        if self.power.is_none() && self.csv.is_none() {
            faults.push(Fault::error("", "needs one of `power`, `csv`"));
            return None;
        }
        only_with("csv", self.csv.is_some(), &self.table().written(), faults);
        let of_use = [
            ("idle_power", self.idle_power.is_some()),
            ("full_at", self.full_at.is_some()),
            ("exponent", self.exponent.is_some()),
        ];
        let is_use = self.power.is_some() && self.csv.is_some();
        only_with_all(&["power", "csv"], is_use, &of_use, faults);
        let only_power = [("daily_profile", self.daily_profile.is_some())];
        only_with("power", self.power.is_some(), &only_power, faults);
        if is_use && self.daily_profile.is_some() {
            let message = "`csv` says what is drawn when: there is no `daily_profile` beside it";
            faults.push(Fault::error("daily_profile", message));
        }
        if !self.is_electric() && self.fed_by.is_some() {
            let message = "nothing feeds heat that is not electric";
            faults.push(Fault::error("fed_by", message).help("leave out one of the two"));
        }
        let power_w = match (self.power, &self.csv) {
            (Some(power), Some(name)) => self.used(power.0, name, run, faults)?,
            (Some(power), None) => match self.shares(faults)? {
                Some(shares) => daily(power.0, &shares, run.clock, run.horizon),
                None => Series::constant(power.0),
            },
            (None, name) => {
                let name = name.as_ref()?;
                let series = self.table().series(Power::UNITS, run, faults)?;
                if let Some((_, negative)) = series.steps().find(|(_, power_w)| *power_w < 0.0) {
                    let message = format!("`{name}`: a power of {negative} W is negative");
                    faults.push(Fault::error("csv", message).at(name.mark));
                    return None;
                }
                series
            }
        };
        let parts = Check { faults }.count("count", self.count) as usize;
        Some(HeatLoadDesign { power_w: Arc::new(power_w), electric: self.is_electric(), parts })
    }

    /// What machines that draw `full_w` at most drew as they were used, or none after a report.
    fn used(
        &self,
        full_w: f64,
        name: &Name,
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Series<f64>> {
        let before = faults.len();
        let idle_w = self.idle_power.map_or(0.0, |idle| idle.0);
        if idle_w > full_w {
            let message = format!("{} without utilisation is more than `power`", Power(idle_w));
            faults.push(Fault::error("idle_power", message));
        }
        let mut check = Check { faults };
        check.between("exponent", self.exponent, 1.0, (0.1, 10.0), "");
        check.between("full_at", self.full_at, 1.0, (1e-9, 1e12), "");
        let mut table = self.table();
        if table.one.0.is_some() && table.format.is_none() {
            table.one.1 = table.one.1.or(Some("1"));
        }
        let series = table.series(Fraction::UNITS, run, faults)?;
        if faults.len() > before {
            return None;
        }
        // What is written is in the unit of the column; of a percentage the base unit is one.
        let of_unit = |name: &str| Fraction::UNITS.iter().find(|unit| unit.name == name);
        let factor = table.one.1.and_then(of_unit).map_or(1.0, |unit| unit.factor);
        let full = self.full_at.map_or(1.0, |full| full * factor);
        let exponent = self.exponent.unwrap_or(1.0);
        let mut steps = Vec::new();
        for (at, written) in series.steps() {
            let share = written / full;
            if !(0.0..=1.0 + ROUNDED).contains(&share) {
                let message = format!(
                    "`{name}`: {} of `full_at` {} is {} used",
                    written / factor,
                    full / factor,
                    if share < 0.0 { "less than nothing" } else { "more than all" }
                );
                let help = "`full_at` is what the column holds where all of it is used";
                faults.push(Fault::error("csv", message).at(name.mark).help(help));
                return None;
            }
            let part = if exponent == 1.0 { share } else { libm::pow(share, exponent) };
            steps.push((at, idle_w + (full_w - idle_w) * part.min(1.0)));
        }
        Some(Series::new(steps))
    }

    /// The shares of the day, where the user wrote any.
    #[allow(clippy::option_option)] // outer: sound; inner: written
    fn shares(&self, faults: &mut Vec<Fault>) -> Option<Option<[f64; 24]>> {
        let Some(profile) = &self.daily_profile else { return Some(None) };
        let shares: Vec<f64> = profile.iter().map(|share| share.0).collect();
        if let Ok(shares) = <[f64; 24]>::try_from(shares.as_slice()) {
            return Some(Some(shares));
        }
        let message = format!("needs a share for each of 24 hours, got {}", profile.len());
        faults.push(Fault::error("daily_profile", message));
        None
    }
}

/// By how much of all the use in a row may be more than that, for sums of rounded shares: an
/// assumption, half of the last digit of a whole percentage.
const ROUNDED: f64 = 0.005;

/// `power_w` times the share of each local hour, over a run until `horizon`.
fn daily(power_w: f64, shares: &[f64; 24], clock: &Clock, horizon: Time) -> Series<f64> {
    let week = clock.week(horizon);
    let mut steps: Vec<(Time, f64)> = Vec::new();
    let mut start = Time::ZERO;
    while steps.is_empty() || start < horizon {
        let (hour, until) = week.hour_at(start);
        let power_w = power_w * shares[hour % 24];
        if steps.last().is_none_or(|&(_, before)| before != power_w) {
            steps.push((start, power_w));
        }
        start = until;
    }
    Series::new(steps)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::kernel::Span;

    fn steps(start: &str, zone: &str, hours: u64) -> Vec<(f64, f64)> {
        let clock = Clock::new(start.parse().unwrap(), TimeZone::get(zone).unwrap());
        let shares: [f64; 24] = std::array::from_fn(|hour| if hour == 8 { 1.0 } else { 0.5 });
        let series = daily(1000.0, &shares, &clock, Time::ZERO + Span::from_hours(hours));
        let hour = |at: Time| (at.as_secs_f64() / 360.0).round() / 10.0;
        series.steps().map(|(at, w)| (hour(at), w)).collect()
    }

    #[test]
    fn a_daily_profile_follows_the_clock_on_the_wall() {
        // Half past four on a site five hours behind: eight begins in three hours and a half.
        let usual = steps("2026-01-10T09:30:00Z", "America/New_York", 48);
        assert_eq!(
            usual,
            [(0.0, 500.0), (3.5, 1000.0), (4.5, 500.0), (27.5, 1000.0), (28.5, 500.0)]
        );
        // An hour is skipped on 8 March 2026: the next eight comes after 23 hours.
        let spring = steps("2026-03-07T12:00:00Z", "America/New_York", 48);
        assert_eq!(
            spring,
            [(0.0, 500.0), (1.0, 1000.0), (2.0, 500.0), (24.0, 1000.0), (25.0, 500.0)]
        );
        // Where the clock is set by half an hour, at two on 5 April 2026, from then on too.
        let howe = steps("2026-04-04T13:00:00Z", "Australia/Lord_Howe", 48);
        assert_eq!(
            howe,
            [(0.0, 500.0), (8.5, 1000.0), (9.5, 500.0), (32.5, 1000.0), (33.5, 500.0)]
        );
        // A zone that is half an hour off keeps its hours.
        let india = steps("2026-01-10T00:00:00Z", "Asia/Kolkata", 10);
        assert_eq!(india, [(0.0, 500.0), (2.5, 1000.0), (3.5, 500.0)]);
    }
}
