//! Range checks of specs, which fill in defaults and report with figures.

use jiff::tz::TimeZone;

use super::Fault;

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

    pub(crate) fn positive(
        &mut self,
        field: &'static str,
        value: Option<f64>,
        default: f64,
        what: &str,
    ) -> f64 {
        match value {
            Some(value) if value > 0.0 => value,
            Some(_) => {
                self.error(field, format!("{what} must be above zero"));
                default
            }
            None => default,
        }
    }

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
                self.error(
                    field,
                    format!("must be between {low} and {high} {unit}, got {value} {unit}"),
                );
                default
            }
            None => default,
        }
    }

    /// A number of units: from 1 to [`MOST_UNITS`], and 1 where nothing is written.
    pub(crate) fn count(&mut self, field: &'static str, value: Option<u32>) -> u32 {
        let value = value.unwrap_or(1);
        if !(1..=MOST_UNITS).contains(&value) {
            self.error(field, format!("must be between 1 and {MOST_UNITS}, got {value}"));
            return 1;
        }
        value
    }
}

/// Whether exactly one of `sources` was written; reports it otherwise.
pub(crate) fn one_source(sources: &[(&'static str, bool)], faults: &mut Vec<Fault>) -> Option<()> {
    let list = sources.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut written = sources.iter().filter(|(_, is)| *is);
    match (written.next(), written.next()) {
        (Some(_), None) => Some(()),
        (None, _) => {
            faults.push(Fault::error("", format!("needs one of {list}")));
            None
        }
        (Some((first, _)), Some((second, _))) => {
            let message = format!("`{first}` and `{second}` exclude each other");
            faults.push(Fault::error(*second, message).help(format!("keep one of {list}")));
            None
        }
    }
}

/// Reports each of `fields` that was written although its source `owner` was not.
pub(crate) fn only_with(
    owner: &str,
    is_owner: bool,
    fields: &[(&'static str, bool)],
    faults: &mut Vec<Fault>,
) {
    for (field, _) in fields.iter().filter(|(_, written)| *written && !is_owner) {
        faults.push(Fault::error(*field, format!("`{field}` goes with `{owner}`")));
    }
}

/// The time zone `name`, UTC by default or after a report.
pub(crate) fn time_zone(
    field: &'static str,
    name: Option<&str>,
    faults: &mut Vec<Fault>,
) -> TimeZone {
    let Some(name) = name else { return TimeZone::UTC };
    TimeZone::get(name).unwrap_or_else(|_| {
        let message = format!("unknown time zone `{name}`");
        faults.push(Fault::error(field, message).help("write for example `America/Chicago`"));
        TimeZone::UTC
    })
}
