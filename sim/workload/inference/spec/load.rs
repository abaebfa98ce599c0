//! What a service receives: when requests arrive, how long they are, what they are meant to
//! keep to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Fault;
use crate::units::{Duration, Rate};
use crate::workload::inference::load::LengthLaw;

/// Poisson arrivals whose rate follows the hours of the day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalsSpec {
    /// Requests that each replica receives, as the mean of a day.
    pub rate_per_replica: Rate,
    /// Arrivals in each of the 24 hours of the local day, in any unit: only their ratios
    /// count. Default: all alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_profile: Option<Vec<f64>>,
}

/// Tokens of prompts and answers, each lognormal.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthsSpec {
    /// Prompt tokens.
    pub prompt: LengthSpec,
    /// Generated tokens.
    pub output: LengthSpec,
}

/// A lognormal number of tokens.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthSpec {
    /// Mean.
    pub mean: f64,
    /// Standard deviation over the mean; zero for a fixed number.
    pub variation: f64,
    /// Longer ones are this long. Default: 32,768.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// Targets of a request.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SloSpec {
    /// Time to the first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft: Option<Duration>,
    /// Mean time between the tokens of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpot: Option<Duration>,
}

/// Mean, standard deviation over mean, and longest of the Azure conversation trace of
/// November 2023 (19,366 requests).
pub(super) const AZURE_CONVERSATION: LengthsSpec = LengthsSpec {
    prompt: LengthSpec { mean: 1154.7, variation: 0.960, max: Some(14_050) },
    output: LengthSpec { mean: 211.1, variation: 0.771, max: Some(1000) },
};

impl ArrivalsSpec {
    /// Factors of mean one.
    pub(super) fn resolve_profile(&self, faults: &mut Vec<Fault>) -> [f64; 24] {
        let Some(profile) = &self.daily_profile else { return [1.0; 24] };
        let sum: f64 = profile.iter().sum();
        let sound = profile.iter().all(|f| f.is_finite() && *f >= 0.0) && sum > 0.0;
        match <[f64; 24]>::try_from(profile.as_slice()) {
            Ok(hours) if sound && sum.is_finite() => hours.map(|f| f * 24.0 / sum),
            _ => {
                faults.push(Fault::error(
                    "arrivals",
                    format!("`daily_profile` needs 24 shares, got {}", profile.len()),
                ));
                [1.0; 24]
            }
        }
    }
}

impl LengthSpec {
    pub(super) fn resolve(&self, what: &str, faults: &mut Vec<Fault>) -> LengthLaw {
        let max = self.max.unwrap_or(32_768);
        let sound = (1.0..=1e6).contains(&self.mean)
            && (0.0..=20.0).contains(&self.variation)
            && (1..=1 << 20).contains(&max);
        if !sound {
            faults.push(
                Fault::error("lengths", format!("the length of `{what}` is out of range")).help(
                    "`mean` from 1 to 1,000,000 tokens, `variation` from 0 to 20, \
                     `max` from 1 to 1,048,576",
                ),
            );
            return LengthLaw::Fixed(1);
        }
        if self.variation == 0.0 {
            return LengthLaw::Fixed((self.mean.round() as u32).min(max));
        }
        // For a lognormal law, variation^2 = exp(sigma^2) - 1.
        let sigma = libm::sqrt(libm::log1p(self.variation * self.variation));
        LengthLaw::Lognormal { mean: self.mean, sigma, max }
    }
}
