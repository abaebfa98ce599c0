//! How the rate of arrivals varies: by the hour of the week, and at random.

use super::super::ticks::{NEVER, PER_SECOND, Ticks, from_time, to_time};
use crate::kernel::{LocalWeek, Span, Stream, Time};

const WEEK: usize = LocalWeek::HOURS;

/// The shape of a rate around its mean.
#[derive(Debug, Clone, PartialEq)]
pub struct RateDesign {
    /// Arrivals in each hour of the week, from Monday midnight, over the mean; means one.
    pub weekly: Vec<f64>,
    /// The week of the site over the run.
    pub week: LocalWeek,
    /// Swings that no calendar explains.
    pub noise: Option<NoiseDesign>,
}

/// A factor on the rate that is constant within each interval and lognormal with mean one.
/// Its logarithm is an autoregression of first order from one interval to the next.
///
/// All cells of a service share it: demand that swings swings for all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseDesign {
    /// Standard deviation of the factor.
    pub variation: f64,
    /// How long it stays the same.
    pub interval: Span,
    /// Time in which the correlation of its logarithm falls to 1/e; zero for none.
    pub correlation: Span,
}

impl RateDesign {
    /// A rate that does not vary.
    pub fn constant() -> Self {
        Self { weekly: vec![1.0; WEEK], week: LocalWeek::fixed(Span::ZERO), noise: None }
    }

    /// A rate that follows 24 hourly factors of mean one and nothing else, in a run that starts
    /// at midnight.
    pub fn daily(hours: &[f64; 24]) -> Self {
        let weekly = hours.iter().copied().cycle().take(WEEK).collect();
        Self { weekly, ..Self::constant() }
    }
}

/// Where a walk ends in a run without an end, a year before the ticks do.
const LONGEST: Ticks = NEVER - 366 * 86_400 * PER_SECOND as Ticks;

/// The rate of one client, ready to walk.
#[derive(Debug)]
pub(super) struct RateTable {
    /// Arrivals a tick in each hour of the week.
    rates: Vec<f64>,
    week: LocalWeek,
    /// The end of the run: what would come later never does.
    last: Ticks,
    noise: Option<Noise>,
}

#[derive(Debug, Clone, Copy)]
struct Noise {
    /// Standard deviation of the logarithm.
    sigma: f64,
    interval: Ticks,
    /// Correlation of the logarithm with that of the interval before.
    correlation: f64,
}

impl RateTable {
    pub(super) fn new(design: &RateDesign, rate_per_s: f64) -> Self {
        assert_eq!(design.weekly.len(), WEEK, "a factor for each hour of the week");
        Self {
            rates: design.weekly.iter().map(|factor| factor * rate_per_s / PER_SECOND).collect(),
            week: design.week.clone(),
            last: from_time(design.week.horizon()).min(LONGEST),
            noise: design.noise.map(|noise| Noise {
                sigma: libm::sqrt(libm::log1p(noise.variation * noise.variation)),
                interval: from_time(Time::ZERO + noise.interval),
                correlation: if noise.correlation == Span::ZERO {
                    0.0
                } else {
                    let steps = noise.interval.as_secs_f64() / noise.correlation.as_secs_f64();
                    libm::exp(-steps)
                },
            }),
        }
    }

    fn is_zero(&self) -> bool {
        self.rates.iter().all(|&rate| rate <= 0.0)
    }
}

/// A walk along a rate: where it stands among its pieces.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// Arrivals a tick until `until`.
    rate: f64,
    until: Ticks,
    factor: f64,
    /// The noise holds until here; never without noise.
    noise_until: Ticks,
    /// The logarithm of the noise in standard deviations.
    state: f64,
    stream: Stream,
}

impl Walk {
    /// A walk from `now` on. `stream` is that of the noise, whose path from the start of the
    /// run is the same whenever a walk begins.
    pub(super) fn new(table: &RateTable, mut stream: Stream, now: Ticks) -> Self {
        let mut walk = match table.noise {
            None => {
                Self { rate: 0.0, until: 0, factor: 1.0, noise_until: NEVER, state: 0.0, stream }
            }
            Some(noise) => {
                let state = stream.normal();
                let (factor, noise_until) = (noise.factor(state), noise.interval);
                Self { rate: 0.0, until: 0, factor, noise_until, state, stream }
            }
        };
        walk.enter(table, now);
        walk
    }

    /// The instant at which `due` more arrivals are expected than at `at`; [`NEVER`] when the
    /// rate is zero at all times, or that instant lies beyond the run.
    ///
    /// Walks through the pieces of constant rate: exact for such rates. Costs a look at each
    /// piece, of which a run has as many as hours and intervals of the noise.
    pub(super) fn after(&mut self, table: &RateTable, mut at: Ticks, mut due: f64) -> Ticks {
        if table.is_zero() || at == NEVER {
            return NEVER;
        }
        loop {
            if at < self.until {
                let left = self.rate * (self.until - at) as f64;
                if due < left {
                    return at + (due / self.rate) as Ticks;
                }
                due -= left;
                at = self.until;
            }
            if at.max(self.until) > table.last {
                return NEVER;
            }
            self.enter(table, at.max(self.until));
        }
    }

    /// Expected arrivals a second where it stands.
    pub(super) fn rate_per_s(&self) -> f64 {
        self.rate * PER_SECOND
    }

    /// The same without its swings.
    pub(super) fn calm_rate_per_s(&self) -> f64 {
        self.rate_per_s() / self.factor
    }

    /// Enters the piece that begins at or holds `at`, which lies no earlier than where the walk
    /// stands.
    fn enter(&mut self, table: &RateTable, at: Ticks) {
        if let Some(noise) = table.noise {
            while self.noise_until <= at {
                let fresh = libm::sqrt(1.0 - noise.correlation * noise.correlation);
                self.state = noise.correlation * self.state + fresh * self.stream.normal();
                self.factor = noise.factor(self.state);
                self.noise_until += noise.interval;
            }
        }
        let (hour, until) = table.week.hour_at(to_time(at));
        self.rate = table.rates[hour] * self.factor;
        self.until = from_time(until).min(self.noise_until);
    }
}

impl Noise {
    fn factor(&self, state: f64) -> f64 {
        libm::exp(self.sigma * state - 0.5 * self.sigma * self.sigma)
    }
}
