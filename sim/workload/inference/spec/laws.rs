//! Laws of lengths and of gaps.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::{Check, Fault, Lognormal, LognormalSpec, kinds};
use crate::workload::inference::load::{GapLaw, Histogram, LengthLaw};

/// Tokens of prompts and answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthsSpec {
    /// Prompt tokens.
    pub prompt: LengthSpec,
    /// Generated tokens.
    pub output: LengthSpec,
}

kinds! {
    /// Law of a number of tokens.
    pub enum LengthSpec {
        /// Lognormal, rounded.
        Lognormal(LognormalSpec<f64>) = "lognormal",
        /// Always the same.
        Fixed(FixedLengthSpec) = "fixed",
        /// As counted.
        Histogram(HistogramSpec) = "histogram",
    }
}

/// One number of tokens for all.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedLengthSpec {
    /// How many.
    pub tokens: u32,
}

/// Numbers of tokens with the frequency of each.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistogramSpec {
    /// By rising tokens.
    pub bins: Vec<BinSpec>,
}

/// One bin of a histogram of lengths.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BinSpec {
    /// Tokens.
    pub tokens: u32,
    /// How often, in any unit.
    pub weight: f64,
}

kinds! {
    /// Law of the gaps between the requests of a client.
    pub enum RequestGapsSpec {
        /// A Poisson process.
        Exponential(ExponentialGapsSpec) = "exponential",
        /// Gamma.
        Gamma(VariedGapsSpec) = "gamma",
        /// Weibull.
        Weibull(VariedGapsSpec) = "weibull",
    }
}

/// Exponential gaps have nothing to choose.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialGapsSpec {}

/// A law of gaps by its spread.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariedGapsSpec {
    /// Standard deviation over mean: 1 as for a Poisson process, more for bursts.
    pub variation: f64,
}

/// Mean, standard deviation over mean, and longest of the Azure conversation trace of
/// November 2023 (19,366 requests).
pub(super) const AZURE_CONVERSATION: LengthsSpec = {
    const fn law(mean: f64, variation: f64, max: f64) -> LengthSpec {
        let law = LognormalSpec::of_mean(mean, variation);
        LengthSpec::Lognormal(LognormalSpec { max: Some(max), ..law })
    }
    LengthsSpec { prompt: law(1154.7, 0.960, 14_050.0), output: law(211.1, 0.771, 1000.0) }
};

/// Longest prompt or answer that a law may give.
pub(super) const MOST_TOKENS: u32 = 1 << 20;

/// Tokens of a prompt or an answer.
pub(super) const TOKENS: (u64, u64) = (1, MOST_TOKENS as u64);

impl RequestGapsSpec {
    pub(super) fn resolve(&self, check: &mut Check<'_>) -> GapLaw {
        // Outside, the laws are hardly told apart from a clock or from a single burst.
        let mut sound = |cv: f64| check.between("variation", Some(cv), 1.0, (0.05, 10.0), "");
        match self {
            RequestGapsSpec::Exponential(_) => GapLaw::Exponential,
            RequestGapsSpec::Gamma(spec) => GapLaw::Gamma { variation: sound(spec.variation) },
            RequestGapsSpec::Weibull(spec) => GapLaw::Weibull { variation: sound(spec.variation) },
        }
    }
}

impl LengthsSpec {
    /// The laws of prompts and of answers.
    pub(super) fn resolve(&self, check: &mut Check<'_>) -> (LengthLaw, LengthLaw) {
        (
            check.within("prompt", |check| self.prompt.resolve(check)),
            check.within("output", |check| self.output.resolve(check)),
        )
    }
}

impl LengthSpec {
    pub(super) fn resolve(&self, check: &mut Check<'_>) -> LengthLaw {
        match self {
            LengthSpec::Fixed(FixedLengthSpec { tokens }) => {
                LengthLaw::Fixed(check.whole("tokens", u64::from(*tokens), TOKENS) as u32)
            }
            LengthSpec::Lognormal(spec) => {
                let most = (1.0, f64::from(MOST_TOKENS));
                let max = check.between("max", spec.max, 32_768.0, most, "tokens");
                for (field, centre) in [("median", spec.median), ("mean", spec.mean)] {
                    if centre.is_some_and(|tokens| tokens > 1e6) {
                        check.error(field, "must be at most 1,000,000 tokens".to_owned());
                    }
                }
                match spec.resolve(|tokens| tokens, check.faults) {
                    // A law without spread is a number.
                    Some(Lognormal { sigma: 0.0, mean, .. }) => {
                        LengthLaw::Fixed(mean.round().clamp(1.0, max) as u32)
                    }
                    Some(Lognormal { sigma, mean, .. }) => {
                        LengthLaw::Lognormal { mean, sigma, max: max as u32 }
                    }
                    None => LengthLaw::Fixed(1),
                }
            }
            LengthSpec::Histogram(HistogramSpec { bins }) => {
                let weights: Vec<f64> = bins.iter().map(|bin| bin.weight).collect();
                let mut sound = check.weights(("bins", "weight"), &weights);
                let falls = bins.windows(2).position(|pair| pair[0].tokens >= pair[1].tokens);
                let range = |bin: &BinSpec| !(1..=MOST_TOKENS).contains(&bin.tokens);
                let odd = bins.iter().position(range).map(|at| (at, "must be from 1 to 1,048,576"));
                let odd = odd.or(falls.map(|at| (at + 1, "must rise from bin to bin")));
                if let Some((at, message)) = odd {
                    check.faults.push(Fault::error(format!("bins[{at}].tokens"), message));
                    sound = false;
                }
                if !sound {
                    return LengthLaw::Fixed(1);
                }
                let bins = bins.iter().map(|bin| (bin.tokens, bin.weight)).collect();
                LengthLaw::Histogram(Histogram::new(bins))
            }
        }
    }
}
