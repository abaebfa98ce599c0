//! What clients send: when, and how long.

use std::sync::Arc;

use super::ticks::{NEVER, PER_SECOND, Ticks};
use crate::kernel::Stream;

/// The requests that one cell receives.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadDesign {
    /// Mean arrivals a second over a day.
    pub rate_per_s: f64,
    /// Arrivals in each hour of the day over the daily mean; means one.
    pub profile: [f64; 24],
    /// Hour of the day at the start of the run.
    pub start_hour: f64,
    /// Prompt tokens.
    pub prompt: LengthLaw,
    /// Generated tokens.
    pub output: LengthLaw,
}

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
}

const HOUR: Ticks = 3600 * PER_SECOND as Ticks;

/// Draws arrivals: a Poisson process whose rate is constant within each hour of the day.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    stream: Stream,
    load: Arc<Load>,
    /// The next arrival.
    next: Ticks,
    /// The rate in ticks until this instant.
    rate: f64,
    until: Ticks,
}

/// A load made ready to draw from.
#[derive(Debug)]
pub(super) struct Load {
    /// Arrivals a tick in each hour of the day.
    rates: [f64; 24],
    offset: Ticks,
    pub(super) prompt: Lengths,
    pub(super) output: Lengths,
}

impl Load {
    pub(super) fn new(design: &LoadDesign) -> Arc<Load> {
        Arc::new(Load {
            rates: design.profile.map(|factor| factor * design.rate_per_s / PER_SECOND),
            offset: (design.start_hour * HOUR as f64) as Ticks,
            prompt: Lengths::new(&design.prompt),
            output: Lengths::new(&design.output),
        })
    }

    /// The rate at `at`, and until when.
    fn rate(&self, at: Ticks) -> (f64, Ticks) {
        let hour = (at + self.offset) / HOUR;
        (self.rates[(hour % 24) as usize], (hour + 1) * HOUR - self.offset)
    }
}

impl Arrivals {
    /// Arrivals after `now`.
    pub(super) fn new(stream: Stream, load: &Arc<Load>, now: Ticks) -> Self {
        let (rate, until) = load.rate(now);
        let mut arrivals = Self { stream, load: Arc::clone(load), next: now, rate, until };
        arrivals.step();
        arrivals
    }

    /// The next arrival; [`NEVER`] when none will come.
    pub(super) fn next(&self) -> Ticks {
        self.next
    }

    /// Takes the next arrival away.
    ///
    /// Walks a unit of exponential "expected arrivals" through the hours: exact for a rate
    /// that is constant within each.
    pub(super) fn step(&mut self) {
        if self.load.rates.iter().all(|&rate| rate <= 0.0) {
            self.next = NEVER;
            return;
        }
        let mut due = self.stream.exponential(1.0);
        loop {
            let left = self.rate * (self.until - self.next) as f64;
            if due < left {
                self.next += (due / self.rate) as Ticks;
                return;
            }
            due -= left;
            self.next = self.until;
            (self.rate, self.until) = self.load.rate(self.next);
        }
    }
}

/// A law of lengths as a table of its distribution function.
///
/// One uniform a draw and no transcendental function; longer prompts of one design stay
/// longer in another that shares the stream.
#[derive(Debug)]
pub(super) struct Lengths {
    /// Probability of at most `i + 1` tokens.
    cdf: Vec<f64>,
    /// For each of the equal parts of (0, 1): where its lower edge lies in `cdf`.
    guide: Vec<u32>,
}

const GUIDE: usize = 1024;

impl Lengths {
    fn new(law: &LengthLaw) -> Self {
        let mut cdf = Vec::new();
        match *law {
            LengthLaw::Fixed(tokens) => {
                cdf.resize(tokens as usize - 1, 0.0);
                cdf.push(1.0);
            }
            LengthLaw::Lognormal { mean, sigma, max } => {
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
            }
        }
        let guide = (0..=GUIDE)
            .map(|i| {
                let edge = i as f64 / GUIDE as f64;
                (cdf.partition_point(|&p| p <= edge)).min(cdf.len() - 1) as u32
            })
            .collect();
        Self { cdf, guide }
    }

    /// One length.
    pub(super) fn draw(&self, stream: &mut Stream) -> u32 {
        let u = stream.uniform();
        let part = (u * GUIDE as f64) as usize;
        let (low, high) = (self.guide[part] as usize, self.guide[part + 1] as usize);
        let within = self.cdf[low..high].partition_point(|&p| p <= u);
        (low + within) as u32 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Streams;

    fn design(rate_per_s: f64, profile: [f64; 24]) -> LoadDesign {
        LoadDesign {
            rate_per_s,
            profile,
            start_hour: 5.25,
            prompt: LengthLaw::Fixed(7),
            output: LengthLaw::Fixed(1),
        }
    }

    #[test]
    fn arrivals_follow_the_hours_of_the_day() {
        let mut profile = [0.0; 24];
        for (hour, factor) in profile.iter_mut().enumerate() {
            *factor = if hour == 3 { 0.0 } else { 24.0 / 276.0 * hour as f64 };
        }
        let load = Load::new(&design(2.0, profile));
        let mut arrivals = Arrivals::new(Streams::new(1, 0).stream("arrivals", "a"), &load, 0);
        let days = 40;
        let mut counts = [0_u32; 24];
        while arrivals.next() < days * 24 * HOUR {
            let hour = arrivals.next() as f64 / HOUR as f64 + 5.25;
            counts[hour as usize % 24] += 1;
            arrivals.step();
        }
        for (hour, &count) in counts.iter().enumerate() {
            let mean = 2.0 * 3600.0 * days as f64 * profile[hour];
            // Poisson: five standard deviations.
            assert!(
                (f64::from(count) - mean).abs() <= 5.0 * mean.sqrt(),
                "hour {hour}: {count} arrivals, {mean} expected"
            );
        }
    }

    #[test]
    fn nothing_arrives_at_rate_zero() {
        let load = Load::new(&design(0.0, [1.0; 24]));
        let arrivals = Arrivals::new(Streams::new(1, 0).stream("arrivals", "a"), &load, 9);
        assert_eq!(arrivals.next(), NEVER);
    }

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
}
