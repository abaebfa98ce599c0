//! How warm a transformer is at its hottest place, and what that costs of its insulation: the
//! exponential form of IEC 60076-7 (2018), exact while load and outdoor air hold.

use std::array;

/// The loss of life is integrated in panels that are as wide as this, s, or as this part of the time since
/// the last change: errors stay below some millionths.
const PANEL_S: f64 = 20.0;
/// See `PANEL_S`.
const PANEL_PART: f64 = 1.0 / 16.0;
/// After so many of the slowest time constants nothing moves any more.
const SETTLED: f64 = 60.0;

/// The insulation of a winding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// Ages at its normal rate at 98 degC, twice as fast for each 6 K more.
    Normal,
    /// Thermally upgraded: ages at its normal rate at 110 degC.
    Upgraded,
}

impl Paper {
    /// How many times as fast as normal it ages at `hot_spot_c`.
    pub fn ageing(self, hot_spot_c: f64) -> f64 {
        match self {
            Self::Normal => libm::exp2((hot_spot_c - 98.0) / 6.0),
            Self::Upgraded => libm::exp(15_000.0 / 383.0 - 15_000.0 / (hot_spot_c + 273.0)),
        }
    }
}

/// What a transformer is, thermally.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThermalDesign {
    /// Top oil above the air at rated load, K.
    pub top_oil_k: f64,
    /// The hottest place of the windings above that, K.
    pub hot_spot_k: f64,
    /// Loss at no load and with the square of load at rated load, in one unit.
    pub losses: (f64, f64),
    /// Time constants of oil and winding, s.
    pub oil_s: f64,
    /// See `oil_s`.
    pub winding_s: f64,
    /// Its insulation.
    pub paper: Paper,
    /// A hot spot that is told of, degC.
    pub alarm_c: f64,
    /// How it carries more than its rating; none where its rating cuts at once.
    pub overload: Option<ThermalOverload>,
}

/// How a transformer carries more than its rating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThermalOverload {
    /// The most that it puts out, as a share of its rating.
    pub most: f64,
    /// From this hot spot on no more than its rating, degC.
    pub shed_at_c: f64,
    /// Until the hot spot is down here, degC.
    pub back_at_c: f64,
}

/// How warm a transformer is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Warmth {
    /// Top oil, degC.
    oil_c: f64,
    /// The two parts of the winding above it, K: the second is taken off.
    winding_k: [f64; 2],
}

/// How the hot spot goes on while load and air hold: `end_c` and three parts that die away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    end_c: f64,
    /// What each part is now, K, and its rate, 1/s.
    parts: [(f64, f64); 3],
    paper: Paper,
}

impl ThermalDesign {
    // Medium and large power transformers (IEC 60076-7, table 4).
    const OIL_EXPONENT: f64 = 0.8;
    const WINDING_EXPONENT: f64 = 1.3;
    const K11: f64 = 0.5;
    const K21: f64 = 2.0;
    const K22: f64 = 2.0;

    /// Where it comes to with `load` in air of `air_c`.
    pub fn steady(&self, load: Option<f64>, air_c: f64) -> Warmth {
        // Without voltage there is no loss at all.
        let Some(load) = load else { return Warmth { oil_c: air_c, winding_k: [0.0; 2] } };
        let (no_load, with_load) = self.losses;
        let all = no_load + with_load;
        let share = if all > 0.0 { (no_load + with_load * load * load) / all } else { 0.0 };
        let winding_k = self.hot_spot_k * libm::pow(load, Self::WINDING_EXPONENT);
        Warmth {
            oil_c: air_c + self.top_oil_k * libm::pow(share, Self::OIL_EXPONENT),
            winding_k: [Self::K21 * winding_k, (Self::K21 - 1.0) * winding_k],
        }
    }

    /// How its hot spot goes on from `now` with `load`, a share of its rating, in air of `air_c`;
    /// without a load it is not energised.
    pub fn course(&self, now: &Warmth, load: Option<f64>, air_c: f64) -> Course {
        let end = self.steady(load, air_c);
        let [oil, fast, slow] = self.rates();
        Course {
            end_c: end.hot_spot_c(),
            parts: [
                (now.oil_c - end.oil_c, oil),
                (now.winding_k[0] - end.winding_k[0], fast),
                (end.winding_k[1] - now.winding_k[1], slow),
            ],
            paper: self.paper,
        }
    }

    /// How warm it is after `seconds` with `load` in air of `air_c`.
    pub fn after(&self, now: &Warmth, load: Option<f64>, air_c: f64, seconds: f64) -> Warmth {
        let end = self.steady(load, air_c);
        let [oil, fast, slow] = self.rates().map(|rate| libm::exp(-rate * seconds));
        Warmth {
            oil_c: end.oil_c + (now.oil_c - end.oil_c) * oil,
            winding_k: [
                end.winding_k[0] + (now.winding_k[0] - end.winding_k[0]) * fast,
                end.winding_k[1] + (now.winding_k[1] - end.winding_k[1]) * slow,
            ],
        }
    }

    fn rates(&self) -> [f64; 3] {
        let oil = 1.0 / (Self::K11 * self.oil_s);
        [oil, 1.0 / (Self::K22 * self.winding_s), Self::K22 / self.oil_s]
    }
}

impl Warmth {
    /// Its hottest place, degC.
    pub fn hot_spot_c(&self) -> f64 {
        self.oil_c + self.winding_k[0] - self.winding_k[1]
    }
}

impl Course {
    /// The hot spot after `seconds`, degC.
    pub fn at(&self, seconds: f64) -> f64 {
        let part = |&(k, rate): &(f64, f64)| k * libm::exp(-rate * seconds);
        self.end_c + self.parts.iter().map(part).sum::<f64>()
    }

    /// Its integral over `seconds`, K s above 0 degC.
    pub fn integral(&self, seconds: f64) -> f64 {
        let part = |&(k, rate): &(f64, f64)| -k / rate * libm::expm1(-rate * seconds);
        self.end_c * seconds + self.parts.iter().map(part).sum::<f64>()
    }

    /// No higher than this it ever comes, degC.
    pub fn most_c(&self) -> f64 {
        self.end_c + self.parts.iter().map(|(k, _)| k.max(0.0)).sum::<f64>()
    }

    /// The highest within `seconds`, degC.
    pub fn highest(&self, seconds: f64) -> f64 {
        let turns = self.turns().into_iter().flatten().filter(|&at| at < seconds);
        turns.chain([0.0, seconds]).map(|at| self.at(at)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The time of normal ageing that `seconds` use up, s: by Simpson's rule on the closed form.
    pub fn life_s(&self, seconds: f64) -> f64 {
        let ageing = |at: f64| self.paper.ageing(self.at(at));
        let (mut from, mut before, mut life_s) = (0.0, ageing(0.0), 0.0);
        while from < seconds {
            let to = (from + PANEL_S.max(PANEL_PART * from)).min(seconds);
            let after = ageing(to);
            life_s += (to - from) / 6.0 * (before + 4.0 * ageing(0.5 * (from + to)) + after);
            (from, before) = (to, after);
        }
        life_s
    }

    /// After how many seconds it first is at `level_c` or above it; none where it never is.
    pub fn rises_to(&self, level_c: f64) -> Option<f64> {
        self.first(level_c, 1.0)
    }

    /// After how many seconds it first is at `level_c` or below it; none where it never is.
    pub fn falls_to(&self, level_c: f64) -> Option<f64> {
        self.first(level_c, -1.0)
    }

    fn first(&self, level_c: f64, sign: f64) -> Option<f64> {
        let beyond = |c: f64| sign * (c - level_c) >= 0.0;
        // Most never come near.
        let reach: f64 = self.parts.iter().map(|(k, _)| (sign * k).max(0.0)).sum();
        if !beyond(self.end_c + sign * reach) {
            return None;
        }
        let mut from = 0.0;
        if beyond(self.at(from)) {
            return Some(from);
        }
        for to in self.turns().into_iter().flatten().chain([self.settled_s()]) {
            if beyond(self.at(to)) {
                return Some(bisect(from, to, |at| beyond(self.at(at))));
            }
            from = to;
        }
        None
    }

    fn settled_s(&self) -> f64 {
        SETTLED / self.parts.iter().map(|(_, rate)| *rate).fold(f64::INFINITY, f64::min)
    }

    /// When it turns, rising: a sum of three exponentials does so twice at most. Divided by the slowest
    /// of them its slope is a constant and two exponentials, which turn once; before and after that
    /// there is one zero each at most.
    fn turns(&self) -> [Option<f64>; 2] {
        let mut slopes = self.parts.map(|(k, rate)| (-k * rate, rate));
        slopes.sort_by(|a, b| a.1.total_cmp(&b.1));
        let slowest = slopes[0].1;
        let slopes = slopes.map(|(slope, rate)| (slope, rate - slowest));
        let slope = |at: f64| slopes.iter().map(|(k, rate)| k * libm::exp(-rate * at)).sum::<f64>();
        let (a, b) = (slopes[1].0 * slopes[1].1, slopes[2].0 * slopes[2].1);
        let apart = slopes[2].1 - slopes[1].1;
        let turn = libm::log(-b / a) / apart;
        let end = self.settled_s();
        let middle = if turn > 0.0 && turn < end { turn } else { 0.0 };
        let pieces = [(0.0, middle), (middle, end)];
        array::from_fn(|piece| {
            let (from, to) = pieces[piece];
            let rises = slope(from) > 0.0;
            (from < to && rises != (slope(to) > 0.0))
                .then(|| bisect(from, to, |at| rises != (slope(at) > 0.0)))
        })
    }
}

/// The first place between `from` and `to` at which `is` holds, which holds at `to` and not at `from`, to
/// the last digit.
fn bisect(mut from: f64, mut to: f64, is: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = 0.5 * (from + to);
        if middle <= from || middle >= to {
            return to;
        }
        if is(middle) {
            to = middle;
        } else {
            from = middle;
        }
    }
}
