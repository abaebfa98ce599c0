//! Lengths of time.

use std::fmt;

use super::text::{ParseQuantityError, split_number};

/// A length of time in nanoseconds: written `15 min`, `2h 30m`, `90 days`, `3 days 4 h`.
///
/// Parsed by jiff's friendly format, so that months and years, which have no fixed length,
/// are refused. Negative durations are refused too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Duration(pub u64);

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

impl Duration {
    /// Parses a non-negative duration of at most 146 years.
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        const HINT: &str = "write for example `15 min`, `2h 30m` or `90 days`";
        let wrong = |message: String, hint: &str| ParseQuantityError {
            message,
            hint: Some(hint.to_owned()),
        };
        let text = text.trim();
        if let Some((_, "")) = split_number(text) {
            return Err(wrong(
                format!("needs a duration with a unit, got the bare number `{text}`"),
                HINT,
            ));
        }
        let (days, rest) = Self::days(text);
        if rest.is_empty() && rest.len() < text.len() {
            return Self::from_secs(days * DAY_S, text);
        }
        let span: jiff::SignedDuration = rest
            .parse()
            .map_err(|_| wrong(format!("needs a duration such as `15 min`, got `{text}`"), HINT))?;
        let nanos = u64::try_from(span.as_nanos())
            .map_err(|_| wrong(format!("duration out of range: `{text}`"), HINT))?;
        let days = Self::from_secs(days * DAY_S, text)?;
        Self::checked(days.0.saturating_add(nanos), text)
    }

    /// The weeks and days that `text` begins with, in days, and the rest. jiff reads them as
    /// calendar spans; here a day is always 24 hours.
    fn days(text: &str) -> (f64, &str) {
        let mut days = 0.0;
        let mut rest = text;
        for (names, of) in [(["weeks", "week", "w"], 7.0), (["days", "day", "d"], 1.0)] {
            let Some((number, after)) = split_number(rest) else { break };
            let unit_ends = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            if number >= 0.0 && names.contains(&&after[..unit_ends]) {
                days += number * of;
                rest = after[unit_ends..].trim_start();
            }
        }
        (days, rest)
    }

    /// The duration in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    fn from_secs(seconds: f64, text: &str) -> Result<Self, ParseQuantityError> {
        let nanos = (seconds * 1e9).round();
        if !(0.0..=Self::LONGEST as f64).contains(&nanos) {
            return Self::checked(u64::MAX, text);
        }
        Self::checked(nanos as u64, text)
    }

    /// The kernel keeps two bits of its 64 for the order within an instant.
    const LONGEST: u64 = u64::MAX >> 2;

    fn checked(nanos: u64, text: &str) -> Result<Self, ParseQuantityError> {
        if nanos > Self::LONGEST {
            return Err(ParseQuantityError {
                message: format!("duration out of range: `{text}`"),
                hint: Some("durations are between zero and 146 years".to_owned()),
            });
        }
        Ok(Self(nanos))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_NS: u64 = 86_400_000_000_000;
        if self.0 >= DAY_NS && self.0.is_multiple_of(DAY_NS) {
            return f.pad(&format!("{} days", self.0 / DAY_NS));
        }
        let span = jiff::SignedDuration::from_nanos_i128(i128::from(self.0));
        f.pad(&format!("{span:#}"))
    }
}

impl std::str::FromStr for Duration {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

text_serde!(
    Duration,
    "string",
    "a duration",
    "15 min",
    r"^\s*[0-9].*[a-zA-Zµ]\s*$".to_owned(),
    ("0 s", "146 years")
);
