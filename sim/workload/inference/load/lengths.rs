//! Laws of lengths: how many tokens a prompt or an answer has.

use super::histogram::Histogram;
use crate::kernel::Stream;

/// How many tokens something has; at least one.
#[derive(Debug, Clone, PartialEq)]
pub enum LengthLaw {
    /// Always the same.
    Fixed(u32),
    /// Lognormal, rounded to whole tokens from 1 to `max`.
    Lognormal {
        /// Arithmetic mean of the law before rounding and the bound.
        mean: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// Longer ones are this long.
        max: u32,
    },
    /// As counted.
    Histogram(Histogram),
}

/// A law of lengths as a table of its distribution function.
///
/// One uniform a draw and no transcendental function; longer prompts of one design stay
/// longer in another that shares the stream.
#[derive(Debug)]
pub(super) struct Lengths {
    /// Probability of at most the `i`th length, and behind the last one [`NEAR`] that no draw reaches.
    cdf: Vec<f64>,
    /// The `i`th length where it is not `i + 1`; otherwise empty.
    tokens: Vec<u32>,
    /// The places in `cdf` between which equal parts of (0, 1) begin and end.
    edges: Vec<u32>,
    /// How many parts there are.
    parts: f64,
}

/// Most parts: so many that most hold one length or none. Few lengths have no more parts than that takes.
const MOST_PARTS: usize = 4096;

/// Lengths of a part that are all looked at: a processor cannot foresee how many a draw passes.
const NEAR: usize = 4;

impl Lengths {
    pub(super) fn new(law: &LengthLaw) -> Self {
        match law {
            LengthLaw::Fixed(tokens) => Self::of(vec![1.0], vec![*tokens]),
            LengthLaw::Histogram(histogram) => Self::counted(histogram),
            &LengthLaw::Lognormal { mean, sigma, max } => {
                let mut cdf = Vec::new();
                let mu = libm::log(mean) - 0.5 * sigma * sigma;
                for tokens in 1..max {
                    let z = (libm::log(f64::from(tokens) + 0.5) - mu) / sigma;
                    let p = 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
                    cdf.push(p);
                    if p >= 1.0 {
                        break;
                    }
                }
                if cdf.last().is_none_or(|&p| p < 1.0) {
                    cdf.push(1.0);
                }
                Self::of(cdf, Vec::new())
            }
        }
    }

    /// As lengths were counted.
    pub(super) fn counted(histogram: &Histogram) -> Self {
        let (total, mut sum) = (histogram.weight(), 0.0);
        let up_to = |&(_, weight): &(u32, f64)| {
            sum += weight;
            sum / total
        };
        let mut cdf: Vec<f64> = histogram.bins().iter().map(up_to).collect();
        *cdf.last_mut().expect("a histogram has bins") = 1.0;
        Self::of(cdf, histogram.bins().iter().map(|bin| bin.0).collect())
    }

    fn of(mut cdf: Vec<f64>, tokens: Vec<u32>) -> Self {
        // A power of two: a draw falls into its part exactly.
        let count = cdf.len().next_power_of_two().min(MOST_PARTS);
        let place = |edge: usize| {
            let edge = edge as f64 / count as f64;
            cdf.partition_point(|&p| p <= edge).min(cdf.len() - 1) as u32
        };
        let edges = (0..=count).map(place).collect();
        cdf.extend([f64::INFINITY; NEAR]);
        Self { cdf, tokens, edges, parts: count as f64 }
    }

    /// Passes `count` lengths over, of whatever laws: each takes one draw.
    pub(super) fn pass(stream: &mut Stream, count: u64) {
        (0..count).for_each(|_| {
            stream.bits();
        });
    }

    /// One length.
    #[inline]
    pub(super) fn draw(&self, stream: &mut Stream) -> u32 {
        let u = stream.uniform();
        // A conversion by way of 32 bits costs a fifth of one to all 64.
        let part = (u * self.parts) as u32 as usize;
        let (low, high) = (self.edges[part] as usize, self.edges[part + 1] as usize);
        // What lies behind the part is above the draw.
        let passed = self.cdf[low..low + NEAR].iter().map(|&p| u32::from(p <= u)).sum::<u32>();
        let mut index = low as u32 + passed;
        if high - low > NEAR {
            index = (low + self.cdf[low..high].partition_point(|&p| p <= u)) as u32;
        }
        match self.tokens.as_slice() {
            [] => index + 1,
            lengths => lengths[index as usize],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Streams;

    #[test]
    fn lengths_have_the_moments_of_their_law() {
        let mut stream = Streams::new(3, 0).stream("lengths", "a");
        let n = 200_000;
        let (mean, sigma) = (200.0, 0.7);
        let law = Lengths::new(&LengthLaw::Lognormal { mean, sigma, max: 100_000 });
        let draws: Vec<f64> = (0..n).map(|_| f64::from(law.draw(&mut stream))).collect();
        let sample = draws.iter().sum::<f64>() / f64::from(n);
        let variance = mean * mean * (libm::exp(sigma * sigma) - 1.0);
        let five = 5.0 * (variance / f64::from(n)).sqrt();
        assert!((sample - mean).abs() < five, "{sample} against {mean} +- {five}");
        let logs = draws.iter().map(|d| libm::log(*d)).sum::<f64>() / f64::from(n);
        let five = 5.0 * sigma / f64::from(n).sqrt() + 1e-3;
        assert!((logs - (libm::log(mean) - 0.5 * sigma * sigma)).abs() < five);
    }

    #[test]
    fn lengths_respect_their_bounds() {
        let mut stream = Streams::new(3, 0).stream("lengths", "a");
        let short = Lengths::new(&LengthLaw::Lognormal { mean: 2.0, sigma: 2.0, max: 5 });
        let draws: Vec<u32> = (0..1000).map(|_| short.draw(&mut stream)).collect();
        assert_eq!(draws.iter().min(), Some(&1));
        assert_eq!(draws.iter().max(), Some(&5));
        for tokens in [1, 7, 3000] {
            let fixed = Lengths::new(&LengthLaw::Fixed(tokens));
            assert!((0..100).all(|_| fixed.draw(&mut stream) == tokens));
        }
        let one = Lengths::new(&LengthLaw::Lognormal { mean: 50.0, sigma: 1.0, max: 1 });
        assert_eq!(one.draw(&mut stream), 1);
    }

    #[test]
    fn a_histogram_is_drawn_as_it_was_counted() {
        let bins = [(3, 1.0), (50, 0.0), (1000, 2.0), (70_000, 5.0)];
        let law = Lengths::new(&LengthLaw::Histogram(Histogram::new(bins.to_vec())));
        let mut stream = Streams::new(3, 0).stream("lengths", "a");
        let n = 80_000;
        let draws: Vec<u32> = (0..n).map(|_| law.draw(&mut stream)).collect();
        for (tokens, weight) in bins {
            let count = draws.iter().filter(|&&draw| draw == tokens).count() as f64;
            let mean = f64::from(n) * weight / 8.0;
            assert!((count - mean).abs() <= 5.0 * mean.sqrt(), "{tokens}: {count} of {mean}");
        }
    }
}
