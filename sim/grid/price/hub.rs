//! Real-time prices of a market hub, drawn from a fitted law.
//!
//! A latent Gaussian process gives every interval its rank among all prices: it has a mean for
//! each season and local hour, one more for the month and the weekend, a deviation for each
//! season and hour, and a memory of hours, a day and weeks (a sum of Ornstein-Uhlenbeck
//! processes). The fitted quantiles of the market turn rank into price, so that the share of
//! negative, ordinary and scarcity prices is the market's; a Pareto tail up to the offer cap
//! takes over above the last quantile. Scarcity thus comes in clusters, more often in the
//! hours and seasons that had it, as long as the memory makes it. Fit and errors:
//! `docs/models/price.md`.

use jiff::tz::TimeZone;

use crate::kernel::random::inverse_normal;
use crate::kernel::{Clock, Stream, Streams, Time};

/// The fitted law of a hub.
#[derive(Debug, Clone, PartialEq)]
pub struct HubLaw {
    /// As a scenario names it.
    pub name: &'static str,
    /// What it was fitted to.
    pub source: &'static str,
    /// The clock that load and offers follow.
    pub zone: &'static str,
    /// Latent mean by season (December to February first) and local hour.
    pub level: [[f64; 24]; 4],
    /// Latent deviation by season and local hour.
    pub deviation: [[f64; 24]; 4],
    /// Added to the level in each month.
    pub month: [f64; 12],
    /// Added to the level on Saturdays and Sundays.
    pub weekend: f64,
    /// Memories of the latent process, hours, with their shares of the variance.
    pub memories: [(f64, f64); 3],
    /// Quantiles: share of time below, and the price there in $/MWh. Rising in both.
    pub quantiles: &'static [(f64, f64)],
    /// Latent values of the quantiles, and of the threshold of scarcity in its place among them, while
    /// scarcity takes its own share of time: those of [`latent_values`](Self::latent_values), which
    /// take long to find. Empty where nobody has found them.
    pub latent: &'static [f64],
    /// Index of the Pareto tail above the last quantile: price grows as the share of time
    /// above to the power of minus this.
    pub tail: f64,
    /// Highest price that the market allows, $/MWh.
    pub cap: f64,
    /// Prices above this are scarcity, $/MWh: what `spikes` makes rarer or more frequent.
    pub scarcity: f64,
}

/// A hub as a run uses it.
#[derive(Debug, Clone)]
pub struct HubDesign {
    law: &'static HubLaw,
    zone: TimeZone,
    clock: Clock,
    /// Knots of price over the latent value.
    knots: Vec<(f64, f64)>,
    /// Share of time above the last knot.
    top_share: f64,
    scale: f64,
    /// Nanoseconds from the start of the market interval in which the run starts.
    into_step_ns: u64,
}

const STEP_NS: u64 = 900_000_000_000;

impl HubDesign {
    /// The hub of `law` for a run on `clock`. Scarcity takes `spikes` times its share of time;
    /// then all prices are scaled so that their long-run mean is `mean` (by default they are
    /// not scaled).
    ///
    /// # Panics
    ///
    /// When `spikes` is not positive or leaves no time for ordinary prices.
    pub fn new(law: &'static HubLaw, mean: Option<f64>, spikes: f64, clock: &Clock) -> Self {
        let quantiles = law.moved_quantiles(spikes);
        let latent = match law.latent {
            known if spikes == 1.0 && known.len() == quantiles.len() => known.to_vec(),
            _ => law.latent_values(spikes),
        };
        let knots: Vec<(f64, f64)> = latent
            .into_iter()
            .zip(&quantiles)
            .map(|(latent, (_, price))| (latent, *price))
            .collect();
        let top_share = quantiles.last().expect("a law has quantiles").0;
        let start_ns = clock.timestamp(Time::ZERO).as_nanosecond();
        let mut design = Self {
            law,
            zone: TimeZone::get(law.zone).expect("the zone of a law is in the bundled database"),
            clock: clock.clone(),
            knots,
            top_share,
            scale: 1.0,
            into_step_ns: u64::try_from(start_ns.rem_euclid(i128::from(STEP_NS)))
                .expect("within a step"),
        };
        if let Some(mean) = mean {
            design.scale = mean / design.mean(&Mixture::new(law));
        }
        design
    }

    /// The law drawn from.
    pub fn law(&self) -> &'static HubLaw {
        self.law
    }

    /// Mean price over many years, $/MWh. Costs about 20 ms.
    pub fn long_run_mean(&self) -> f64 {
        self.mean(&Mixture::new(self.law))
    }

    /// Long-run mean price, $/MWh, by the trapezoidal rule over the latent value.
    fn mean(&self, mixture: &Mixture) -> f64 {
        const STEP: f64 = 0.01;
        let grid = (-800..=800).map(|i| f64::from(i) * STEP);
        grid.map(|z| mixture.density(z) * self.price(z, mixture) * STEP).sum()
    }

    /// The price at latent value `z`, $/MWh.
    fn price(&self, z: f64, mixture: &Mixture) -> f64 {
        let (knots, last) = (&self.knots, self.knots.len() - 1);
        let price = if z <= knots[0].0 {
            knots[0].1
        } else if z < knots[last].0 {
            let i = knots.partition_point(|(latent, _)| *latent <= z) - 1;
            let ((z0, p0), (z1, p1)) = (knots[i], knots[i + 1]);
            p0 + (p1 - p0) * (z - z0) / (z1 - z0)
        } else {
            let ratio = self.top_share / mixture.above(z).max(1e-300);
            (knots[last].1 * libm::pow(ratio, self.law.tail)).min(self.law.cap)
        };
        price * self.scale
    }

    /// Latent level and deviation at `time`.
    fn expected(&self, time: Time) -> (f64, f64) {
        let local = self.zone.to_datetime(self.clock.timestamp(time));
        let month = local.month() as usize - 1;
        let weekend = local.weekday().to_monday_zero_offset() >= 5;
        self.law.expected(month, local.hour() as usize, weekend)
    }
}

impl HubLaw {
    /// The latent value of each quantile, and of the threshold of scarcity, in the order of their
    /// prices, where scarcity takes `spikes` times its share of time. Costs about 10 ms.
    pub fn latent_values(&self, spikes: f64) -> Vec<f64> {
        let mixture = Mixture::new(self);
        let quantiles = self.moved_quantiles(spikes);
        quantiles.iter().map(|&(above, _)| mixture.latent_of(above)).collect()
    }

    /// Share of time above each quantile and the price there, where scarcity takes `spikes` times its
    /// share of time. A knot at the threshold itself keeps scarcity and the rest apart.
    ///
    /// # Panics
    ///
    /// When `spikes` is not positive or leaves no time for ordinary prices.
    fn moved_quantiles(&self, spikes: f64) -> Vec<(f64, f64)> {
        let scarce = 1.0 - share_below(self.quantiles, self.scarcity);
        assert!(spikes > 0.0 && spikes * scarce < 1.0, "scarcity fits into the year");
        let moved = |above: f64| {
            if above <= scarce {
                spikes * above
            } else {
                spikes * scarce + (above - scarce) * (1.0 - spikes * scarce) / (1.0 - scarce)
            }
        };
        let mut quantiles = self.quantiles.to_vec();
        let place = quantiles.partition_point(|(_, price)| *price < self.scarcity);
        if quantiles.get(place).is_none_or(|(_, price)| *price > self.scarcity) {
            quantiles.insert(place, (1.0 - scarce, self.scarcity));
        }
        quantiles.iter().map(|&(below, price)| (moved(1.0 - below), price)).collect()
    }

    /// Latent level and deviation in `month` (from 0), at local `hour`.
    pub fn expected(&self, month: usize, hour: usize, weekend: bool) -> (f64, f64) {
        let season = (month + 1) / 3 % 4;
        let extra = if weekend { self.weekend } else { 0.0 };
        (self.level[season][hour] + self.month[month] + extra, self.deviation[season][hour])
    }
}

/// The prices of one run of a hub.
#[derive(Debug, Clone)]
pub struct Hub {
    design: HubDesign,
    mixture: Mixture,
    stream: Stream,
    states: [f64; 3],
    steps_done: u64,
    current: f64,
}

impl Hub {
    /// At the start of the run, from the stream (`price`, `grid`).
    pub fn new(design: &HubDesign, streams: &Streams) -> Self {
        let mut stream = streams.stream("price", "grid");
        let mut states = [0.0; 3];
        states.fill_with(|| stream.normal());
        let mixture = Mixture::new(design.law);
        let mut hub =
            Self { design: design.clone(), mixture, stream, states, steps_done: 0, current: 0.0 };
        hub.current = hub.price_at(Time::ZERO);
        hub
    }

    /// The price now, $/MWh.
    pub fn current(&self) -> f64 {
        self.current
    }

    /// The next quarter of an hour.
    pub fn next_at(&self) -> Time {
        Time::from_nanos((self.steps_done + 1) * STEP_NS - self.design.into_step_ns)
    }

    /// Draws every interval up to the one that holds at `now`. Costs less than a
    /// microsecond an interval.
    pub fn advance(&mut self, now: Time) {
        while self.next_at() <= now {
            let start = self.next_at();
            self.steps_done += 1;
            for (state, (hours, _)) in self.states.iter_mut().zip(self.design.law.memories) {
                let kept = libm::exp(-0.25 / hours);
                *state = kept * *state + libm::sqrt(1.0 - kept * kept) * self.stream.normal();
            }
            self.current = self.price_at(start);
        }
    }

    fn price_at(&self, time: Time) -> f64 {
        let (level, deviation) = self.design.expected(time);
        let memories = self.design.law.memories;
        let normal: f64 =
            self.states.iter().zip(memories).map(|(x, (_, share))| libm::sqrt(share) * x).sum();
        self.design.price(level + deviation * normal, &self.mixture)
    }
}

/// Share of time below `price`, by lines between the quantiles.
fn share_below(quantiles: &[(f64, f64)], price: f64) -> f64 {
    let i = quantiles.partition_point(|(_, p)| *p <= price).clamp(1, quantiles.len() - 1);
    let ((u0, p0), (u1, p1)) = (quantiles[i - 1], quantiles[i]);
    // On the latent scale, where prices are interpolated too.
    let (z0, z1) = (inverse_normal(u0), inverse_normal(u1));
    let z = z0 + (z1 - z0) * (price - p0) / (p1 - p0);
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The law of the latent value at an instant picked at random: a mixture of normals, one for
/// each month, local hour and kind of day, weighted by how often it comes.
#[derive(Debug, Clone)]
pub(crate) struct Mixture {
    /// Level, deviation, weight.
    parts: Vec<(f64, f64, f64)>,
}

impl Mixture {
    pub(crate) fn new(law: &HubLaw) -> Self {
        let mut parts = Vec::with_capacity(12 * 24 * 2);
        for month in 0..12 {
            for hour in 0..24 {
                for (weekend, share) in [(false, 5.0 / 7.0), (true, 2.0 / 7.0)] {
                    let (level, deviation) = law.expected(month, hour, weekend);
                    parts.push((level, deviation, share / 288.0));
                }
            }
        }
        Self { parts }
    }

    /// Share of time above `z`.
    fn above(&self, z: f64) -> f64 {
        let scale = std::f64::consts::FRAC_1_SQRT_2;
        self.parts.iter().map(|(m, s, w)| w * 0.5 * libm::erfc((z - m) / s * scale)).sum()
    }

    fn density(&self, z: f64) -> f64 {
        const INVERSE_ROOT_TAU: f64 = 0.398_942_280_401_432_7;
        let part = |(m, s, w): &(f64, f64, f64)| {
            let x = (z - m) / s;
            w * INVERSE_ROOT_TAU / s * libm::exp(-0.5 * x * x)
        };
        self.parts.iter().map(part).sum()
    }

    /// The value that the share `above` of time is above: by bisection to 1e-12.
    fn latent_of(&self, above: f64) -> f64 {
        let (mut low, mut high) = (-20.0, 20.0);
        while high - low > 1e-12 {
            let middle = 0.5 * (low + high);
            if self.above(middle) > above { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}
