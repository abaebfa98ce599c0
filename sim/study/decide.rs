//! Whether there are replications enough, whether requirements are met, and which value is the
//! largest that holds.

use std::fmt;

use super::sheet::Declared;
use super::statistics::{
    Answer, Interval, LEVEL, Mean, Precision, Probe, checkpoint_after, is_precise, proportion,
};

/// How many replications a study makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// At least so many; the first checkpoint.
    pub at_least: usize,
    /// At most so many.
    pub at_most: usize,
    /// What must be known, and how well, to stop before `at_most`. Empty: `at_least` are made.
    pub until: Vec<Until>,
}

/// A figure whose mean must be known.
#[derive(Debug, Clone, PartialEq)]
pub struct Until {
    /// Its label or address.
    pub figure: String,
    /// How well.
    pub precision: Precision,
    /// As written: `1 %`.
    pub text: String,
}

impl Rule {
    /// Exactly `n` replications.
    pub fn fixed(n: usize) -> Self {
        Self { at_least: n, at_most: n, until: Vec::new() }
    }

    /// The first checkpoint after `n` replications; none where no more are made.
    pub fn next(&self, n: usize) -> Option<usize> {
        if n >= self.at_most || (self.until.is_empty() && n >= self.at_least) {
            return None;
        }
        Some(checkpoint_after(n + 1, self.at_least).min(self.at_most))
    }
}

impl Until {
    /// Whether `values`, one of each replication of a complete prefix, are precise enough.
    pub fn is_reached(&self, values: &[Option<f64>]) -> bool {
        let defined: Vec<f64> = values.iter().copied().flatten().collect();
        is_precise(&defined, self.precision, LEVEL)
    }

    /// Why `values` are not precise enough, and what would help.
    pub fn shortfall(&self, values: &[Option<f64>]) -> String {
        let defined: Vec<f64> = values.iter().copied().flatten().collect();
        let known = Mean::of(&defined).and_then(|mean| Some((mean, mean.half_width(LEVEL)?)));
        let Some((mean, half)) = known else { return "no interval yet".to_owned() };
        let (width, wanted, unit) = match self.precision {
            Precision::Relative(_) if mean.mean.abs() <= half => {
                return format!(
                    "`{}` is relative and the mean is near zero ({:.3} ± {half:.3}): it would \
                     hardly ever be reached; give an absolute width",
                    self.text, mean.mean
                );
            }
            Precision::Relative(share) => (100.0 * half / mean.mean.abs(), 100.0 * share, " %"),
            Precision::Absolute(width) => (half, width, ""),
        };
        if width <= wanted {
            return "fewer than ten replications differ from the commonest value".to_owned();
        }
        let more = (defined.len() as f64 * ((width / wanted).powi(2) - 1.0)).ceil();
        format!("±{width:.3}{unit} of {wanted:.3}{unit}, about {more:.0} more")
    }
}

/// Which side of a limit a figure must be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At or above.
    AtLeast,
    /// At or below.
    AtMost,
}

/// What a figure must meet.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// Its label or address.
    pub figure: String,
    /// The side.
    pub side: Side,
    /// The limit, in the unit of the figure.
    pub limit: f64,
    /// As written: `at least 99.95 %`.
    pub text: String,
    /// The share of replications in which it must be met; none where its mean must meet it.
    pub share: Option<f64>,
    /// Confidence with which it is proven: 0.95.
    pub confidence: f64,
}

/// What the replications say of a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequirementResult {
    /// Met, proven.
    Met,
    /// Failed, proven.
    Failed,
    /// The replications do not resolve it.
    Undecided,
}

impl fmt::Display for RequirementResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RequirementResult::Met => "met",
            RequirementResult::Failed => "fails",
            RequirementResult::Undecided => "undecided",
        })
    }
}

impl Requirement {
    /// Whether a replication with `value` meets it. A value that is not defined does not.
    pub fn holds(&self, value: Option<f64>) -> bool {
        value.is_some_and(|value| match self.side {
            Side::AtLeast => value >= self.limit,
            Side::AtMost => value <= self.limit,
        })
    }

    /// What `values`, one per replication, say, with one-sided bounds at its confidence.
    ///
    /// `few_outages` has the interval of an availability whose outages are few, each tail as given:
    /// the spread of replications covers half of what it promises there.
    pub fn judge(
        &self,
        values: &[Option<f64>],
        few_outages: impl FnOnce(f64) -> Option<Interval>,
    ) -> RequirementResult {
        let tail = 1.0 - self.confidence;
        match self.share {
            Some(share) => {
                let held = values.iter().filter(|value| self.holds(**value)).count() as u64;
                if values.is_empty() {
                    return RequirementResult::Undecided;
                }
                let bounds = proportion(held, values.len() as u64, tail);
                if bounds.lower >= share {
                    RequirementResult::Met
                } else if bounds.upper < share {
                    RequirementResult::Failed
                } else {
                    RequirementResult::Undecided
                }
            }
            None => {
                let defined: Vec<f64> = values.iter().copied().flatten().collect();
                let Some(mean) = Mean::of(&defined) else { return RequirementResult::Undecided };
                // A one-sided bound is the two-sided one with twice the tail.
                let spread = || mean.half_width(1.0 - 2.0 * tail);
                let bounds =
                    few_outages(tail).or_else(|| Some(Interval::around(mean.mean, spread()?)));
                let Some(Interval { lower: least, upper: most }) = bounds else {
                    return RequirementResult::Undecided;
                };
                match self.side {
                    Side::AtLeast if least >= self.limit => RequirementResult::Met,
                    Side::AtLeast if most < self.limit => RequirementResult::Failed,
                    Side::AtMost if most <= self.limit => RequirementResult::Met,
                    Side::AtMost if least > self.limit => RequirementResult::Failed,
                    _ => RequirementResult::Undecided,
                }
            }
        }
    }
}

/// What a search found, by index of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The largest value proven to hold.
    pub holds: Option<usize>,
    /// The smallest value proven to fail.
    pub fails: Option<usize>,
    /// Every probe: value, answer, replications, successes.
    pub trials: Vec<(usize, Answer, u64, u64)>,
}

/// Looks at `values`, replications from the first on, as often as `probe` allows; returns the
/// answer with replications and successes, or how many replications the next look needs.
pub(super) fn look(
    probe: &Probe,
    requirement: &Requirement,
    values: &[Option<f64>],
) -> Result<(Answer, u64, u64), u64> {
    let mut trials = probe.at_least;
    loop {
        if values.len() < trials as usize {
            return Err(trials);
        }
        let held = values[..trials as usize].iter().filter(|value| requirement.holds(**value));
        let successes = held.count() as u64;
        if let Some(answer) = probe.judge(successes, trials) {
            return Ok((answer, trials, successes));
        }
        trials *= 2;
    }
}

/// Reads `text` as a value of `figure`: `99.95 %` or `0.2 points` of a share, `92 MW` of a power.
///
/// # Errors
///
/// With what is expected, where it is none.
pub(super) fn value_of(figure: &Declared, text: &str) -> Result<f64, String> {
    let (number, unit) = crate::units::split_number(text)
        .filter(|(number, _)| number.is_finite())
        .ok_or_else(|| format!("needs a number{}, got `{text}`", in_unit(figure)))?;
    match (figure.unit.as_str(), unit) {
        ("share", "%" | "points") => Ok(number / 100.0),
        ("share", "") => Err(format!("needs a share such as `99.95 %`, got `{text}`")),
        ("count" | "number", "") => Ok(number),
        (own, unit) if own == unit => Ok(number),
        _ => Err(format!("needs a number{}, got `{text}`", in_unit(figure))),
    }
}

fn in_unit(figure: &Declared) -> String {
    match figure.unit.as_str() {
        "" | "count" | "number" => String::new(),
        "share" => " in % or points".to_owned(),
        unit => format!(" in {unit}"),
    }
}
