//! Make-up water: the main that brings it, what may be taken from it, and the basin that bridges
//! its loss.
//!
//! Pure: all flows are constant from one look to the next, so that levels are straight lines and
//! the instants at which a basin is dry or full, or an allowance is used up, are quotients.

use jiff::Timestamp;

use super::breakdowns::BreakdownLaw;
use super::water::WaterFlows;
use crate::kernel::Span;
use crate::measure::Sum;

/// Less water than this is none, kg: a milligram, more than flows in the nanosecond to which
/// instants are rounded.
const NONE_KG: f64 = 1e-6;

/// A main that brings water to a loop, or to the whole site.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MainDesign {
    /// The most that may be taken in a day of the site's calendar, kg; none without a limit.
    pub daily_kg: Option<f64>,
    /// The most that it brings at any time, kg/s; none without a limit.
    pub peak_kg_s: Option<f64>,
    /// How it fails; none where it does not.
    pub failures: Option<BreakdownLaw>,
    /// When it is shut, as planned.
    pub outages: Vec<Outage>,
}

impl MainDesign {
    /// Whether it always brings whatever is wanted.
    pub fn is_unlimited(&self) -> bool {
        let Self { daily_kg, peak_kg_s, failures, outages } = self;
        daily_kg.is_none() && peak_kg_s.is_none() && failures.is_none() && outages.is_empty()
    }
}

/// A time at which something is out of service, as planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When it begins.
    pub start: Timestamp,
    /// How long it lasts.
    pub duration: Span,
}

/// The water that stands below an evaporating device: what it can lose before it runs dry.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BasinDesign {
    /// Water between the level that the float valve keeps and the least that the pumps can draw
    /// from, kg; zero without a basin.
    pub volume_kg: f64,
    /// What the float valve lets in beyond what is lost while the basin is not full, kg/s.
    pub refill_kg_s: f64,
    /// Share of the volume from which the device works again after it has run dry, above zero.
    pub restart: f64,
}

/// The make-up of a loop.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MakeUpDesign {
    /// Its basin.
    pub basin: BasinDesign,
    /// Its own branch of the site's main.
    pub main: MainDesign,
}

impl MainDesign {
    /// Whether it may ever bring less than is asked.
    pub fn is_limited(&self) -> bool {
        let Self { daily_kg, peak_kg_s, failures, outages } = self;
        daily_kg.is_some() || peak_kg_s.is_some() || failures.is_some() || !outages.is_empty()
    }
}

/// A main while the site runs.
#[derive(Debug, Clone)]
pub struct Main {
    daily_kg: f64,
    peak_kg_s: f64,
    /// Reasons why it is shut: failures and planned outages under way.
    shut: u32,
    /// Taken since midnight, kg.
    taken_kg: Sum,
}

impl Main {
    /// An open main of which nothing has been taken today.
    pub fn new(design: &MainDesign) -> Self {
        Self {
            daily_kg: design.daily_kg.unwrap_or(f64::INFINITY),
            peak_kg_s: design.peak_kg_s.unwrap_or(f64::INFINITY),
            shut: 0,
            taken_kg: Sum::ZERO,
        }
    }

    /// One more reason why it brings nothing, or one fewer.
    pub fn set_open(&mut self, open: bool) {
        if open {
            self.shut -= 1;
        } else {
            self.shut += 1;
        }
    }

    /// Begins a day: the whole allowance is left.
    pub fn begin_day(&mut self) {
        self.taken_kg = Sum::ZERO;
    }

    /// Books what has flowed, kg.
    pub fn take(&mut self, kg: f64) {
        self.taken_kg.add(kg);
    }

    /// Whether today's allowance is used up.
    pub fn is_spent(&self) -> bool {
        self.left_kg() <= NONE_KG
    }

    /// The most that it brings now, kg/s: infinite where nothing limits it.
    pub fn most_kg_s(&self) -> f64 {
        if self.shut > 0 || self.is_spent() { 0.0 } else { self.peak_kg_s }
    }

    /// When today's allowance is used up at `flow_kg_s`, in seconds.
    pub fn spent_in_s(&self, flow_kg_s: f64) -> Option<f64> {
        let seconds = self.left_kg() / flow_kg_s;
        (flow_kg_s > 0.0 && !self.is_spent() && seconds.is_finite()).then_some(seconds)
    }

    /// What is left of today's allowance, kg: infinite where there is none.
    pub fn left_kg(&self) -> f64 {
        self.daily_kg - self.taken_kg.value()
    }
}

/// A basin while the site runs, full at the start.
#[derive(Debug, Clone)]
pub struct Basin {
    design: BasinDesign,
    level_kg: Sum,
}

/// Water of a device and its basin at a moment. `makeup = evaporation + drift + blowdown +
/// filling`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Balance {
    /// What the device loses and what the main brings.
    pub flows: WaterFlows,
    /// What the basin gains, kg/s; negative while it gives.
    pub filling_kg_s: f64,
}

impl Basin {
    /// A full basin.
    pub fn new(design: BasinDesign) -> Self {
        let mut level_kg = Sum::ZERO;
        level_kg.add(design.volume_kg);
        Self { design, level_kg }
    }

    /// Water in it that the pumps can draw, kg.
    pub fn level_kg(&self) -> f64 {
        self.level_kg.value()
    }

    /// What it holds beyond what it held at the start, kg.
    pub fn stored_kg(&self) -> f64 {
        self.level_kg() - self.design.volume_kg
    }

    /// Whether it holds nothing that a device could draw.
    pub fn is_empty(&self) -> bool {
        self.level_kg() <= NONE_KG
    }

    /// Whether a device that has run dry may work again.
    pub fn is_ready(&self) -> bool {
        self.level_kg() >= self.ready_kg() - NONE_KG && !self.is_empty()
    }

    /// Flow that its float valve would take beyond what the device loses, kg/s.
    pub fn wants_kg_s(&self) -> f64 {
        let full = self.level_kg() >= self.design.volume_kg - NONE_KG;
        if full { 0.0 } else { self.design.refill_kg_s }
    }

    /// The water of a device that would lose `lost` in balance, where the main grants
    /// `granted_kg_s` at most. Where it grants nothing the blowdown is shut: what the basin holds
    /// is for the evaporation.
    pub fn balance(&self, lost: WaterFlows, granted_kg_s: f64) -> Balance {
        let WaterFlows { evaporation_kg_s, drift_kg_s, .. } = lost;
        let shut = granted_kg_s <= 0.0;
        let blowdown_kg_s = if shut { 0.0 } else { lost.blowdown_kg_s };
        let gone_kg_s = evaporation_kg_s + drift_kg_s + blowdown_kg_s;
        let makeup_kg_s = (gone_kg_s + self.wants_kg_s()).min(granted_kg_s.max(0.0));
        Balance {
            flows: WaterFlows { evaporation_kg_s, drift_kg_s, blowdown_kg_s, makeup_kg_s },
            filling_kg_s: makeup_kg_s - gone_kg_s,
        }
    }

    /// Books what the basin has gained, kg.
    pub fn fill(&mut self, kg: f64) {
        self.level_kg.add(kg);
    }

    /// When the basin is dry, full, or high enough for a `dry` device to work again, if `balance`
    /// lasts, in seconds.
    pub fn next_s(&self, balance: &Balance, dry: bool) -> Option<f64> {
        let (level_kg, rate) = (self.level_kg(), balance.filling_kg_s);
        let to_kg = if rate > 0.0 {
            let ready_kg = self.ready_kg();
            let first = dry && level_kg < ready_kg - NONE_KG;
            let to_kg = if first { ready_kg } else { self.design.volume_kg };
            (to_kg - level_kg > NONE_KG).then_some(to_kg)
        } else {
            (rate < 0.0 && !self.is_empty()).then_some(0.0)
        };
        to_kg.map(|to_kg| (to_kg - level_kg) / rate).filter(|seconds| seconds.is_finite())
    }

    fn ready_kg(&self) -> f64 {
        self.design.restart * self.design.volume_kg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> WaterFlows {
        WaterFlows { evaporation_kg_s: 3.0, drift_kg_s: 0.1, blowdown_kg_s: 0.9, makeup_kg_s: 4.0 }
    }

    fn basin(volume_kg: f64) -> Basin {
        Basin::new(BasinDesign { volume_kg, refill_kg_s: 2.0, restart: 0.25 })
    }

    #[test]
    fn a_full_basin_passes_on_what_is_lost() {
        let balance = basin(1000.0).balance(lost(), f64::INFINITY);
        assert_eq!((balance.flows, balance.filling_kg_s), (lost(), 0.0));
        assert_eq!(basin(1000.0).next_s(&balance, false), None);
    }

    /// Volume over evaporation and drift, the blowdown shut.
    #[test]
    fn without_make_up_a_basin_lasts_for_its_volume_over_what_is_lost() {
        let mut basin = basin(1000.0);
        let balance = basin.balance(lost(), 0.0);
        assert_eq!(balance.flows.blowdown_kg_s, 0.0);
        let dry_s = basin.next_s(&balance, false).unwrap();
        assert!((dry_s - 1000.0 / 3.1).abs() < 1e-9, "{dry_s}");
        basin.fill(balance.filling_kg_s * dry_s);
        assert!(basin.is_empty() && !basin.is_ready());
        assert!((basin.stored_kg() + 1000.0).abs() < 1e-9);
        // Dry, with the main back: a quarter is in after 125 s, all of it after 500 s.
        let filling = basin.balance(WaterFlows::default(), f64::INFINITY);
        assert_eq!((filling.flows.makeup_kg_s, filling.filling_kg_s), (2.0, 2.0));
        let ready_s = basin.next_s(&filling, true).unwrap();
        assert!((ready_s - 125.0).abs() < 1e-9, "{ready_s}");
        basin.fill(filling.filling_kg_s * ready_s);
        assert!(basin.is_ready());
        assert!((basin.next_s(&filling, true).unwrap() - 375.0).abs() < 1e-9);
    }

    #[test]
    fn a_main_that_brings_too_little_leaves_the_rest_to_the_basin() {
        let basin = basin(1000.0);
        let balance = basin.balance(lost(), 1.5);
        assert_eq!(balance.flows.makeup_kg_s, 1.5);
        assert_eq!(balance.filling_kg_s, -2.5);
        assert_eq!(basin.next_s(&balance, false), Some(400.0));
    }

    #[test]
    fn an_allowance_is_used_up_and_comes_back_with_the_day() {
        let mut main = Main::new(&MainDesign {
            daily_kg: Some(10.0),
            peak_kg_s: Some(4.0),
            ..Default::default()
        });
        assert_eq!(main.most_kg_s(), 4.0);
        assert_eq!(main.spent_in_s(2.0), Some(5.0));
        main.take(10.0);
        assert_eq!((main.most_kg_s(), main.spent_in_s(2.0)), (0.0, None));
        main.begin_day();
        main.set_open(false);
        main.set_open(false);
        main.set_open(true);
        assert_eq!(main.most_kg_s(), 0.0, "one reason is left");
        main.set_open(true);
        assert_eq!(main.most_kg_s(), 4.0);
    }
}
