//! Range checks of specs, which fill in defaults and report with figures.

use jiff::tz::TimeZone;

use super::Fault;
use crate::units::{Bounds, Duration, Quantity, Temperature};

/// Range checks that fill in a default and report at the field itself.
///
/// A value out of its range is reported and replaced by its default, so that what is wrong
/// elsewhere is found in the same run. NaN lies in no range.
pub(crate) struct Check<'a> {
    pub(crate) faults: &'a mut Vec<Fault>,
}

/// The most units of a kind that one field may count. A scenario with more is a mistake, and
/// memory goes with the count.
pub(crate) const MOST_UNITS: u32 = 1_000_000;

/// The most failures of one thing in a second: one per minute, far above any real one.
const MOST_FAILURES_PER_S: f64 = 1.0 / 60.0;

/// The widest lognormal: at a sigma of 5 the mean is 268,000 times the median.
pub(crate) const MOST_SIGMA: f64 = 5.0;

impl Check<'_> {
    pub(crate) fn error(&mut self, field: &'static str, message: String) {
        self.faults.push(Fault::error(field, message));
    }

    pub(crate) fn warning(&mut self, field: &'static str, message: String) {
        self.faults.push(Fault::warning(field, message));
    }

    /// Checks a nested spec: its faults are placed in the field `outer`.
    pub(crate) fn within<T>(
        &mut self,
        outer: &str,
        resolve: impl FnOnce(&mut Check<'_>) -> T,
    ) -> T {
        super::within(outer, self.faults, |faults| resolve(&mut Check { faults }))
    }

    /// A value from `low` to `high`, both in `unit`, which may be empty.
    pub(crate) fn between(
        &mut self,
        field: &'static str,
        value: Option<f64>,
        default: f64,
        (low, high): (f64, f64),
        unit: &str,
    ) -> f64 {
        match value {
            Some(value) if (low..=high).contains(&value) => value,
            Some(value) => {
                let [low, high, got] = [low, high, value].map(|value| figure(value, unit));
                self.error(field, format!("must be between {low} and {high}, got {got}"));
                default
            }
            None => default,
        }
    }

    /// A value within the bounds of its field, in its base unit.
    pub(crate) fn bounded<Q: Quantity>(
        &mut self,
        field: &'static str,
        value: Option<Q>,
        default: f64,
        bounds: &Bounds<Q>,
    ) -> f64 {
        let Some(value) = value else { return default };
        match bounds.refusal(value) {
            Some(message) => {
                self.error(field, message);
                default
            }
            None => value.base(),
        }
    }

    /// A value that is always written, within the bounds of its field, in its base unit; the nearest
    /// within after a report.
    pub(crate) fn required<Q: Quantity>(
        &mut self,
        field: &'static str,
        value: Q,
        bounds: &Bounds<Q>,
    ) -> f64 {
        self.bounded(field, Some(value), bounds.nearest(value), bounds)
    }

    /// A number of units: from 1 to [`MOST_UNITS`], and 1 where nothing is written.
    pub(crate) fn count(&mut self, field: &'static str, value: Option<u32>) -> u32 {
        self.whole(field, u64::from(value.unwrap_or(1)), (1, u64::from(MOST_UNITS))) as u32
    }

    /// A whole number from `low` to `high`; the nearest of the two after a report.
    pub(crate) fn whole(
        &mut self,
        field: &'static str,
        value: u64,
        (low, high): (u64, u64),
    ) -> u64 {
        if !(low..=high).contains(&value) {
            self.error(field, format!("must be between {low} and {high}, got {value}"));
        }
        value.clamp(low, high)
    }

    /// A duration longer than zero; none where none is written or after a report.
    pub(crate) fn lasting(
        &mut self,
        field: &'static str,
        value: Option<Duration>,
    ) -> Option<Duration> {
        if value == Some(Duration(0)) {
            self.error(field, "must be longer than zero".to_owned());
        }
        value.filter(|value| value.0 > 0)
    }

    /// Inlet temperatures above which racks slow down and at which they shut down, degC, each as
    /// written or by default.
    pub(crate) fn inlet_limits_c(
        &mut self,
        (throttle, default_throttle_c): (Option<Temperature>, f64),
        (trip, default_trip_c): (Option<Temperature>, f64),
    ) -> (f64, f64) {
        let mut limit = |field, written: Option<Temperature>, default_c| {
            self.between(field, written.map(|t| t.0), default_c, (0.0, 150.0), "degC")
        };
        let throttle_c = limit("throttle_inlet", throttle, default_throttle_c);
        let trip_c = limit("trip_inlet", trip, default_trip_c);
        if trip_c > throttle_c {
            return (throttle_c, trip_c);
        }
        if trip.is_some() {
            let message = format!("must lie above the throttle temperature of {throttle_c} degC");
            self.error("trip_inlet", message);
        } else {
            let message = format!("must lie below the shutdown temperature of {trip_c} degC");
            self.error("throttle_inlet", message);
        }
        (default_throttle_c, default_trip_c)
    }

    /// The weights `field` of the entries of `list`: zero or more, and one above. Whether they are.
    pub(crate) fn weights(
        &mut self,
        (list, field): (&'static str, &'static str),
        weights: &[f64],
    ) -> bool {
        let odd = weights.iter().position(|weight| !(0.0..=1e12).contains(weight));
        let fault = match odd {
            Some(at) => {
                let message =
                    format!("must be between 0 and 1e12, got {}", figure(weights[at], ""));
                let entry = Fault::error(field, message).within(&format!("[{at}]"));
                entry.within(list)
            }
            None if weights.iter().sum::<f64>() > 0.0 => return true,
            None if weights.len() == 1 => {
                Fault::error(field, "must be above zero").within("[0]").within(list)
            }
            None => Fault::error(list, "needs an entry above zero"),
        };
        self.faults.push(fault);
        false
    }

    /// `N` relative values of `field`, each over their mean: zero or more, and one above.
    pub(crate) fn shape<const N: usize>(
        &mut self,
        field: &'static str,
        values: Option<&[f64]>,
    ) -> [f64; N] {
        let Some(values) = values else { return [1.0; N] };
        let Ok(shares) = <[f64; N]>::try_from(values) else {
            self.error(field, format!("needs {N} numbers, got {}", values.len()));
            return [1.0; N];
        };
        if !self.weights((field, ""), &shares) {
            return [1.0; N];
        }
        let sum: f64 = shares.iter().sum();
        shares.map(|share| share * N as f64 / sum)
    }

    /// Failures of one thing per second.
    pub(crate) fn failure_rate(&mut self, field: &'static str, per_s: f64) -> f64 {
        if (0.0..=MOST_FAILURES_PER_S).contains(&per_s) {
            return per_s;
        }
        self.error(field, "must be between 0 and 1 /min".to_owned());
        0.0
    }

    /// The deviation of the logarithm of a time to repair.
    pub(crate) fn repair_sigma(&mut self, field: &'static str, sigma: Option<f64>) -> Option<f64> {
        let sigma = sigma?;
        Some(self.between(field, Some(sigma), 1.0, (0.0, 3.0), ""))
    }
}

/// `value` with `unit`, in digits that can be read.
fn figure(value: f64, unit: &str) -> String {
    let number = match value.abs() {
        0.0 => "0".to_owned(),
        small if small < 1e-4 => format!("{value:e}"),
        large if large >= 1e7 => format!("{value:e}"),
        _ => value.to_string(),
    };
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// Whether exactly one of `sources` was written; reports it otherwise.
pub(crate) fn one_source(sources: &[(&'static str, bool)], faults: &mut Vec<Fault>) -> Option<()> {
    if sources.iter().any(|(_, written)| *written) {
        return one_source_at_most(sources, faults);
    }
    faults.push(Fault::error("", format!("needs one of {}", listed(names(sources), ", "))));
    None
}

/// The same where there may be none.
pub(super) fn one_source_at_most(
    sources: &[(&'static str, bool)],
    faults: &mut Vec<Fault>,
) -> Option<()> {
    let mut written = sources.iter().filter(|(_, is)| *is);
    let (Some((first, _)), Some((second, _))) = (written.next(), written.next()) else {
        return Some(());
    };
    let message = format!("`{first}` and `{second}` exclude each other");
    let help = format!("keep one of {}", listed(names(sources), ", "));
    faults.push(Fault::error(*second, message).help(help));
    None
}

/// Reports each of `fields` that was written although its source `owner` was not.
pub(crate) fn only_with(
    owner: &str,
    is_owner: bool,
    fields: &[(&'static str, bool)],
    faults: &mut Vec<Fault>,
) {
    only_with_all(&[owner], is_owner, fields, faults);
}

/// Reports each of `fields` that was written although not all of `owners` were.
pub(crate) fn only_with_all(
    owners: &[&str],
    are_all: bool,
    fields: &[(&'static str, bool)],
    faults: &mut Vec<Fault>,
) {
    if !are_all {
        stray(fields, &listed(owners.iter().copied(), " and "), faults);
    }
}

/// Reports each of `fields` that was written: it goes with `owners`, which were not.
pub(super) fn stray(fields: &[(&'static str, bool)], owners: &str, faults: &mut Vec<Fault>) {
    for (field, _) in fields.iter().filter(|(_, written)| *written) {
        faults.push(Fault::error(*field, format!("`{field}` goes with {owners}")));
    }
}

fn names<'a>(fields: &'a [(&'static str, bool)]) -> impl Iterator<Item = &'static str> + 'a {
    fields.iter().map(|(name, _)| *name)
}

/// `names` in backticks, joined by `between`.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>, between: &str) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

/// The time zone `name`, UTC by default or after a report.
pub(crate) fn time_zone(
    field: &'static str,
    name: Option<&str>,
    faults: &mut Vec<Fault>,
) -> TimeZone {
    let Some(name) = name else { return TimeZone::UTC };
    fixed_offset(name).or_else(|| TimeZone::get(name).ok()).unwrap_or_else(|| {
        let message = format!("unknown time zone `{name}`");
        let help = "write for example `America/Chicago`, or an offset such as `\"-05:00\"`";
        faults.push(Fault::error(field, message).help(help));
        TimeZone::UTC
    })
}

/// The clock of an offset from UTC, `-05:00` or `+0530`.
fn fixed_offset(text: &str) -> Option<TimeZone> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = jiff::tz::Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?;
    Some(offset.to_time_zone())
}
