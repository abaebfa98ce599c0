//! A heat load as a user writes it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::HeatLoadDesign;
use crate::kernel::{Clock, Time};
use crate::spec::{Check, Fault, Names, one_source, only_with};
use crate::tables::{Run, Series, from_table};
use crate::units::{Fraction, Power, Temperature};

from_table! {
/// Heat in place of racks, as written under `racks:`. It needs no workload.
///
/// Exactly one of `power` and `csv` says how much it is. It is electricity that is drawn and
/// becomes heat, and so counts as IT load, unless `electric` says otherwise.
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
    /// What it draws and gives off.
    pub power: Option<Power>,
    /// Share of `power` in each of the 24 hours of the local day. Default: all of it, always.
    pub daily_profile: Option<Vec<Fraction>>,
    ..table {
        /// The column of powers in `csv`.
        column,
        /// The unit of the column, such as `kW`.
        unit,
    }
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
        let sources = [("power", self.power.is_some()), ("csv", self.csv.is_some())];
        one_source(&sources, faults)?;
        only_with("csv", self.csv.is_some(), &self.table().written(), faults);
        let only_power = [("daily_profile", self.daily_profile.is_some())];
        only_with("power", self.power.is_some(), &only_power, faults);
        if !self.is_electric() && self.fed_by.is_some() {
            let message = "nothing feeds heat that is not electric";
            faults.push(Fault::error("fed_by", message).help("leave out one of the two"));
        }
        let power_w = match (self.power, &self.csv) {
            (Some(power), _) => match self.shares(faults)? {
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
