//! The one way to write a lognormal law.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Fault, MOST_SIGMA};

/// A lognormal law, by its centre and its spread: one of `median` and `mean`, and one of `sigma`
/// and `variation`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lognormal_{T}")]
pub struct LognormalSpec<T> {
    /// Half of all values are smaller. This or `mean`.
    pub median: Option<T>,
    /// The arithmetic mean, before a bound by `max`. This or `median`.
    pub mean: Option<T>,
    /// Standard deviation of the logarithm, 0 to 5. This or `variation`.
    pub sigma: Option<f64>,
    /// Standard deviation over the mean: `sqrt(exp(sigma^2) - 1)`. This or `sigma`.
    pub variation: Option<f64>,
    /// Larger values are this large. Default: none for durations, 32,768 tokens for lengths.
    pub max: Option<T>,
}

/// A lognormal law, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lognormal {
    /// Mean of the logarithm.
    pub mu: f64,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
    /// Arithmetic mean.
    pub mean: f64,
}

impl Lognormal {
    /// The law with arithmetic mean `mean` and the deviation `sigma` of the logarithm.
    pub fn of_mean(mean: f64, sigma: f64) -> Self {
        Self { mu: libm::log(mean) - 0.5 * sigma * sigma, sigma, mean }
    }

    /// The law with median `median` and the deviation `sigma` of the logarithm.
    pub fn of_median(median: f64, sigma: f64) -> Self {
        Self { mu: libm::log(median), sigma, mean: median * libm::exp(0.5 * sigma * sigma) }
    }
}

impl<T: Copy> LognormalSpec<T> {
    /// The law with this mean and this standard deviation over it.
    pub const fn of_mean(mean: T, variation: f64) -> Self {
        let variation = Some(variation);
        Self { median: None, mean: Some(mean), sigma: None, variation, max: None }
    }

    /// The law with this median and this standard deviation of the logarithm.
    pub const fn of_median(median: T, sigma: f64) -> Self {
        Self { median: Some(median), mean: None, sigma: Some(sigma), variation: None, max: None }
    }

    /// The law, of values in the unit into which `value` turns them, or `None` after reporting why
    /// there is none.
    pub fn resolve(&self, value: impl Fn(T) -> f64, faults: &mut Vec<Fault>) -> Option<Lognormal> {
        const FORMS: &str = "for example `{kind: lognormal, median: ..., sigma: 1}` or \
            `{kind: lognormal, mean: ..., variation: 0.8}`";
        let before = faults.len();
        let mut refuse = |field: &'static str, message: &str, help: &str| {
            faults.push(Fault::error(field, message).help(help));
        };
        match (self.median, self.mean) {
            (Some(_), Some(_)) => {
                refuse("mean", "`median` and `mean` exclude each other", "keep one of the two");
            }
            (None, None) => refuse("", "needs `median` or `mean`", FORMS),
            _ => {}
        }
        for (field, centre) in [("median", self.median), ("mean", self.mean)] {
            if centre.is_some_and(|centre| !(value(centre) > 0.0 && value(centre).is_finite())) {
                refuse(field, "must be above zero", "a lognormal law has only positive values");
            }
        }
        let sigma = match (self.sigma, self.variation) {
            (Some(sigma), None) => sigma,
            // variation^2 = exp(sigma^2) - 1
            (None, Some(variation)) if variation >= 0.0 => {
                libm::sqrt(libm::log1p(variation * variation))
            }
            (None, Some(_)) => f64::NAN,
            (Some(_), Some(_)) => {
                let message = "`sigma` and `variation` exclude each other";
                refuse("variation", message, "keep one of the two");
                0.0
            }
            (None, None) => {
                refuse("", "needs `sigma` or `variation`", FORMS);
                0.0
            }
        };
        if !(0.0..=MOST_SIGMA).contains(&sigma) {
            let field = if self.sigma.is_some() { "sigma" } else { "variation" };
            refuse(field, "the spread is out of range", "`sigma` lies between 0 and 5");
        }
        if faults.len() > before {
            return None;
        }
        match (self.median, self.mean) {
            (Some(median), _) => Some(Lognormal::of_median(value(median), sigma)),
            (None, mean) => mean.map(|mean| Lognormal::of_mean(value(mean), sigma)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> (Option<Lognormal>, Vec<String>) {
        let spec: LognormalSpec<f64> = serde_yaml::from_str(yaml).expect("the test's spec reads");
        let mut faults = Vec::new();
        let law = spec.resolve(|value| value, &mut faults);
        (law, faults.iter().map(|fault| fault.field.to_string()).collect())
    }

    /// Four ways to write one law.
    #[test]
    fn all_forms_write_the_same_law() {
        let sigma = 0.8_f64;
        let (mean, variation) = ((0.5 * sigma * sigma).exp(), (sigma * sigma).exp_m1().sqrt());
        for yaml in [
            format!("{{median: 1, sigma: {sigma}}}"),
            format!("{{median: 1, variation: {variation}}}"),
            format!("{{mean: {mean}, sigma: {sigma}}}"),
            format!("{{mean: {mean}, variation: {variation}}}"),
        ] {
            let law = read(&yaml).0.unwrap();
            assert!(law.mu.abs() < 1e-15 && (law.sigma - sigma).abs() < 1e-15, "{yaml}: {law:?}");
            assert!((law.mean / mean - 1.0).abs() < 1e-15, "{yaml}: {law:?}");
        }
    }

    #[test]
    fn a_law_has_one_centre_and_one_spread() {
        for (yaml, fields) in [
            ("{}", &["", ""][..]),
            ("{median: 1, mean: 2, sigma: 1}", &["mean"]),
            ("{median: 1, sigma: 1, variation: 1}", &["variation"]),
            ("{median: 0, sigma: 11}", &["median", "sigma"]),
            ("{mean: -1, variation: -1}", &["mean", "variation"]),
            ("{mean: 1, variation: .nan}", &["variation"]),
        ] {
            let (law, found) = read(yaml);
            assert_eq!(
                (law, found.as_slice()),
                (None, &fields.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>()[..]),
                "{yaml}"
            );
        }
        // A law without spread is a constant.
        assert_eq!(read("{mean: 7, variation: 0}").0.unwrap().sigma, 0.0);
    }
}
