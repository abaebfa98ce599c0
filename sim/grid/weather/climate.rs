//! Weather drawn from the normals of a climate: a stochastic year, hour by hour.
//!
//! Dry bulb and dew point are a mean curve over the year and the day plus an anomaly. The
//! anomaly of each is the sum of two stationary autoregressions: a slow one of second order
//! (fronts and air masses, days) and a fast one of first order (clouds, showers, hours). Their sum
//! is standard normal and is stretched by one deviation below the median and another above it,
//! because winters are skewed to the cold and deserts to the dry, and bent in its tails,
//! because air is never as hot or as moist as a normal tail has it. The processes of dew point
//! share innovations with those of dry bulb. Wind is Weibull with a memory of its own.
//! Equations, fit and errors: `docs/models/weather.md`.
//!
//! The sun sets the hour of the day: the curve runs on mean solar time, from the longitude of
//! the site, so that no time zone or summer time enters.

use super::normals::Normals;
use super::row::{Humidity, WeatherRow};
use crate::fluids::standard_pressure_pa;
use crate::grid::place::Place;
use crate::kernel::{Clock, Stream, Streams, Time};

const HOUR_NS: i64 = 3_600_000_000_000;

/// The climate of a site, ready to draw from.
#[derive(Debug, Clone)]
pub struct ClimateDesign {
    normals: &'static Normals,
    curve: Curve,
    pressure_pa: f64,
    longitude_deg: f64,
    /// Hours from 1970-01-01T00:00Z to the full hour at or before the start of the run.
    first_hour: i64,
    /// Nanoseconds from that full hour to the start of the run.
    into_hour_ns: i64,
}

impl ClimateDesign {
    /// The climate `normals` at `place`, for a run on `clock`. Pressure is that of the standard
    /// atmosphere at the altitude of the place; temperatures are not moved with altitude.
    pub fn new(normals: &'static Normals, place: &Place, clock: &Clock) -> Self {
        let start_ns = clock.timestamp(Time::ZERO).as_nanosecond();
        let hour_ns = i128::from(HOUR_NS);
        Self {
            normals,
            curve: Curve::new(normals),
            pressure_pa: standard_pressure_pa(place.altitude_m.unwrap_or(normals.altitude_m)),
            longitude_deg: place.longitude_deg.unwrap_or(normals.longitude_deg),
            first_hour: i64::try_from(start_ns.div_euclid(hour_ns)).expect("a year before 9999"),
            into_hour_ns: i64::try_from(start_ns.rem_euclid(hour_ns)).expect("within an hour"),
        }
    }

    /// The normals drawn from.
    pub fn normals(&self) -> &'static Normals {
        self.normals
    }
}

/// The weather of one run in a climate.
#[derive(Debug, Clone)]
pub struct Climate {
    design: ClimateDesign,
    stream: Stream,
    /// Slow anomalies of dry bulb and dew point, in this hour and the one before.
    slow: [[f64; 2]; 2],
    /// Fast anomalies of dry bulb and dew point, and wind.
    fast: [f64; 3],
    hours_done: i64,
    current: WeatherRow,
}

impl Climate {
    /// At the start of the run, from the stream (`weather`, `site`).
    pub fn new(design: &ClimateDesign, streams: &Streams) -> Self {
        let mut climate = Self {
            design: design.clone(),
            stream: streams.stream("weather", "site"),
            slow: [[0.0; 2]; 2],
            fast: [0.0; 3],
            hours_done: 0,
            current: WeatherRow {
                dry_bulb_c: 0.0,
                humidity: Humidity::Relative(0.0),
                pressure_pa: design.pressure_pa,
                wind_m_s: 0.0,
                light: None,
            },
        };
        let mean = climate.expected();
        let [before, now] = [climate.innovations(&mean), climate.innovations(&mean)];
        let tie = critical_correlation(design.normals.slow_h, 1);
        climate.slow =
            [0, 1].map(|i| [tie * before[i] + libm::sqrt(1.0 - tie * tie) * now[i], before[i]]);
        climate.fast = [now[2], now[3], now[4]];
        climate.current = climate.row(&mean);
        climate
    }

    /// The air outside now.
    pub fn current(&self) -> &WeatherRow {
        &self.current
    }

    /// The next full hour.
    pub fn next_at(&self) -> Time {
        let nanos = (self.hours_done + 1) * HOUR_NS - self.design.into_hour_ns;
        Time::from_nanos(u64::try_from(nanos).expect("hours run forward"))
    }

    /// Draws every hour up to the one that holds at `now`. Costs less than a microsecond
    /// an hour.
    pub fn advance(&mut self, now: Time) {
        while self.next_at() <= now {
            self.hours_done += 1;
            let mean = self.expected();
            let drawn = self.innovations(&mean);
            let normals = self.design.normals;
            for (state, new) in self.slow.iter_mut().zip(drawn) {
                *state = [critical_step(normals.slow_h, *state, new), state[0]];
            }
            let memories_h = [normals.fast_h, normals.fast_h, normals.wind_h];
            for ((state, new), hours) in self.fast.iter_mut().zip(&drawn[2..]).zip(memories_h) {
                let kept = libm::exp(-1.0 / hours);
                *state = kept * *state + libm::sqrt(1.0 - kept * kept) * new;
            }
            self.current = self.row(&mean);
        }
    }

    /// What the normals expect in the middle of the current hour.
    fn expected(&self) -> Expected {
        let hour = (self.design.first_hour + self.hours_done) as f64 + 0.5;
        self.design.curve.at(hour, self.design.longitude_deg)
    }

    /// Five standard normals: slow dry bulb and dew point, fast dry bulb and dew point, wind.
    /// Those of dew point are correlated with those of dry bulb.
    fn innovations(&mut self, mean: &Expected) -> [f64; 5] {
        let mut drawn = [0.0; 5];
        drawn.fill_with(|| self.stream.normal());
        let r = mean.coupling;
        for (dry, dew) in [(0, 1), (2, 3)] {
            drawn[dew] = r * drawn[dry] + libm::sqrt(1.0 - r * r) * drawn[dew];
        }
        drawn
    }

    fn row(&self, mean: &Expected) -> WeatherRow {
        let normals = self.design.normals;
        let [dry_fast, dew_fast, wind] = self.fast;
        let dry = blend(normals.dry_bulb_slow, self.slow[0][0], dry_fast);
        let dew = blend(normals.dew_point_slow, self.slow[1][0], dew_fast);
        let dry_bulb_c = mean.dry_bulb_c + mean.dry.stretch(dry);
        let dew_point_c = mean.dew_point_c + mean.dew.stretch(dew);
        WeatherRow {
            dry_bulb_c,
            humidity: Humidity::DewPoint(dew_point_c.min(dry_bulb_c)),
            pressure_pa: self.design.pressure_pa,
            wind_m_s: mean.wind_m_s * weibull_of_unit_mean(wind, normals.wind_shape),
            light: None,
        }
    }
}

/// One hour of the critically damped second-order autoregression of memory `hours`: both its
/// roots are `r = exp(-1/hours)`. `state` is now and an hour before, `new` standard normal;
/// the result is standard normal too.
fn critical_step(hours: f64, state: [f64; 2], new: f64) -> f64 {
    let r = libm::exp(-1.0 / hours);
    let rest = 1.0 - r * r;
    let scale = libm::sqrt(rest * rest * rest / (1.0 + r * r));
    2.0 * r * state[0] - r * r * state[1] + scale * new
}

/// Correlation of that process with itself `lag` hours later. It starts flat, as the weather
/// of fronts does, where that of a first-order process starts with a corner.
pub fn critical_correlation(hours: f64, lag: u32) -> f64 {
    let r = libm::exp(-1.0 / hours);
    let lag = f64::from(lag);
    (1.0 + lag * (1.0 - r * r) / (1.0 + r * r)) * libm::exp(-lag / hours)
}

/// A standard normal of which `slow` is the slow process's share of the variance.
fn blend(slow_share: f64, slow: f64, fast: f64) -> f64 {
    libm::sqrt(slow_share) * slow + libm::sqrt(1.0 - slow_share) * fast
}

/// A standard normal mapped to the Weibull law of mean one.
fn weibull_of_unit_mean(normal: f64, shape: f64) -> f64 {
    // Upper tail of the normal law; floored so that a calm is calm, not -0 under a root.
    let above = (0.5 * libm::erfc(normal * std::f64::consts::FRAC_1_SQRT_2)).max(1e-300);
    libm::pow(-libm::log(above), 1.0 / shape) / libm::tgamma(1.0 + 1.0 / shape)
}

/// What the normals expect at one instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Mean dry bulb, degC.
    pub dry_bulb_c: f64,
    /// Law of dry bulb around it.
    pub dry: Anomaly,
    /// Mean dew point, degC.
    pub dew_point_c: f64,
    /// Law of dew point around it.
    pub dew: Anomaly,
    /// Correlation of the two.
    pub coupling: f64,
    /// Mean wind, m/s.
    pub wind_m_s: f64,
}

/// How an anomaly is spread around its mean: a standard normal stretched by one deviation
/// below the median and another above it, with tails that bend towards a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anomaly {
    /// Deviation below the median, K.
    pub low_k: f64,
    /// Deviation above the median, K.
    pub high_k: f64,
    /// Bend of the lower and of the upper tail.
    pub bend: [f64; 2],
    /// Mean of the bent half-normals of each side.
    half_means: [f64; 2],
}

impl Anomaly {
    /// The anomaly whose score is `normal`, K. Its mean over all scores is zero.
    pub fn stretch(&self, normal: f64) -> f64 {
        let value = if normal < 0.0 {
            self.low_k * bent(normal, self.bend[0])
        } else {
            self.high_k * bent(normal, self.bend[1])
        };
        value - self.mean()
    }

    /// The score of an anomaly of `kelvin`: the inverse of [`stretch`](Self::stretch), held
    /// within four deviations.
    pub fn score(&self, kelvin: f64) -> f64 {
        let value = kelvin + self.mean();
        let (value, bend) = if value < 0.0 {
            (value / self.low_k, self.bend[0])
        } else {
            (value / self.high_k, self.bend[1])
        };
        let limit = bent(4.0, bend);
        unbent(value.clamp(-limit, limit), bend)
    }

    fn mean(&self) -> f64 {
        self.high_k * self.half_means[1] - self.low_k * self.half_means[0]
    }
}

/// `z` for a bend of zero, else bounded by the bend's inverse.
fn bent(z: f64, bend: f64) -> f64 {
    if bend == 0.0 { z } else { libm::tanh(bend * z) / bend }
}

fn unbent(value: f64, bend: f64) -> f64 {
    if bend == 0.0 { value } else { libm::atanh(bend * value) / bend }
}

/// Mean of max(0, bent normal), by the trapezoidal rule (error below 1e-6).
fn half_mean(bend: f64) -> f64 {
    const INVERSE_ROOT_TAU: f64 = 0.398_942_280_401_432_7;
    const STEP: f64 = 0.01;
    let at = |i: i32| {
        let z = f64::from(i) * STEP;
        bent(z, bend) * libm::exp(-0.5 * z * z) * STEP * INVERSE_ROOT_TAU
    };
    (1..1000).map(at).sum()
}

/// The expected weather over year and day: monthly normals joined by lines through knots in
/// the middle of each month, and two harmonics of the day.
#[derive(Debug, Clone)]
pub struct Curve {
    dry_bulb_c: [f64; 12],
    dew_point_c: [f64; 12],
    /// Of dry bulb below and above its median, then of dew point.
    half_means: [[f64; 2]; 2],
    normals: Normals,
}

impl Curve {
    /// The curve of `normals`. Knots of the means are set so that each month's mean over the
    /// line is the month's normal: a line through the normals themselves would cut summers
    /// and winters short.
    pub fn new(normals: &Normals) -> Self {
        Self {
            dry_bulb_c: mean_preserving(&normals.dry_bulb_c),
            dew_point_c: mean_preserving(&normals.dew_point_c),
            half_means: [normals.dry_bend.map(half_mean), normals.dew_bend.map(half_mean)],
            normals: normals.clone(),
        }
    }

    /// The expectation `hours` after 1970-01-01T00:00Z at `longitude_deg`.
    pub fn at(&self, hours: f64, longitude_deg: f64) -> Expected {
        let solar = hours + longitude_deg / 15.0;
        let month = month_of((solar / (24.0 * 365.2425)).rem_euclid(1.0));
        let angle = (solar / 24.0).rem_euclid(1.0) * std::f64::consts::TAU;
        let n = &self.normals;
        let (sin, cos) = libm::sincos(angle);
        let (sin2, cos2) = (2.0 * sin * cos, cos * cos - sin * sin);
        let of = |knots: &[f64; 12]| on_line(knots, month);
        let day = of(&n.swing_k[0]) * cos
            + of(&n.swing_k[1]) * sin
            + of(&n.swing_k[2]) * cos2
            + of(&n.swing_k[3]) * sin2;
        Expected {
            dry_bulb_c: of(&self.dry_bulb_c) + day,
            dry: Anomaly {
                low_k: of(&n.dry_low_k),
                high_k: of(&n.dry_high_k),
                bend: n.dry_bend,
                half_means: self.half_means[0],
            },
            dew_point_c: of(&self.dew_point_c)
                + of(&n.dew_swing_k[0]) * cos
                + of(&n.dew_swing_k[1]) * sin,
            dew: Anomaly {
                low_k: of(&n.dew_low_k),
                high_k: of(&n.dew_high_k),
                bend: n.dew_bend,
                half_means: self.half_means[1],
            },
            coupling: of(&n.coupling),
            wind_m_s: of(&n.wind_m_s) * (1.0 + n.wind_swing[0] * cos + n.wind_swing[1] * sin),
        }
    }
}

/// Months since the start of the year, 0 to 12, at `part` of a mean year of 365.2425 days. Mean
/// years stay within a day of the calendar for centuries, finer than a monthly normal can tell.
fn month_of(part: f64) -> f64 {
    const STARTS: [f64; 13] =
        [0.0, 31.0, 59.0, 90.0, 120.0, 151.0, 181.0, 212.0, 243.0, 273.0, 304.0, 334.0, 365.0];
    let day = part * 365.0;
    let month = STARTS.partition_point(|start| *start <= day).clamp(1, 12);
    let (start, end) = (STARTS[month - 1], STARTS[month]);
    (month - 1) as f64 + (day - start) / (end - start)
}

/// Value at `month` (0 to 12 over the year) of the line through knots at mid-month.
fn on_line(knots: &[f64; 12], month: f64) -> f64 {
    let position = (month - 0.5).rem_euclid(12.0);
    let index = (position as usize).min(11);
    let part = position - index as f64;
    knots[index] + part * (knots[(index + 1) % 12] - knots[index])
}

/// Knots whose line has `means` as its monthly means. A month's mean over the line is 3/4 of
/// its knot and 1/8 of each neighbour; the fixed point below converges by half each round.
fn mean_preserving(means: &[f64; 12]) -> [f64; 12] {
    let mut knots = *means;
    for _ in 0..60 {
        let line = knots;
        for i in 0..12 {
            let mean = 0.75 * line[i] + 0.125 * (line[(i + 1) % 12] + line[(i + 11) % 12]);
            knots[i] = line[i] + means[i] - mean;
        }
    }
    knots
}
