//! Vapour-compression chillers: capacity and power by curves.

use super::curves::{ChillerCurves, Condenser};
use super::head::{Head, HeadLimit};
use super::root;
use super::state::{BOILING_C, Drive};
use crate::kernel::Span;

/// Alike chillers side by side.
///
/// The electric-input-ratio model of DOE-2, with `x` the chilled water leaving and `y` what
/// enters the condenser:
///
/// ```text
/// Cap = Cref CAPFT(x, y)          PLR = Q / Cap
/// P   = Cap / COPref EIRFT(x, y) EIRFPLR(max(PLR, PLRunl)) min(1, PLR / PLRmin)
/// ```
///
/// The heat of the condenser is `Q + P`, or less of `P` for open motors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChillerDesign {
    /// How capacity and power change with temperatures and load.
    pub curves: ChillerCurves,
    /// Capacity of one chiller at the reference point of its curves, W.
    pub capacity_w: f64,
    /// Number of chillers, which fail one at a time.
    pub units: u32,
    /// As few run at an instant as stay below this share of their capacity.
    pub stage_at: f64,
    /// When they are switched on and off in the course of time.
    pub staging: StagingDesign,
    /// What happens where the curves end.
    pub beyond: Beyond,
    /// Share of the compressors' power that reaches the condenser; the rest warms the room.
    pub compressor_heat: f64,
    /// Chilled water that they are to hold, degrees Celsius.
    pub setpoint_c: f64,
    /// What the pressure in their condensers allows.
    pub head: HeadLimit,
    /// The most that one chiller draws, W.
    pub max_power_w: f64,
}

/// What enters the condensers of chillers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Entering {
    /// Its temperature, degrees Celsius.
    pub(super) c: f64,
    /// Its flow, as a share of design.
    pub(super) flow: f64,
}

/// The most heat that chillers can remove at some temperatures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Most {
    /// Heat, W.
    pub(super) heat_w: f64,
    /// What holds them to that.
    pub(super) head: Head,
}

/// When chillers are switched on and off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StagingDesign {
    /// One more starts when those running have been loaded above this share of their
    /// capacity...
    pub up_at: f64,
    /// ...for this long.
    pub up_after: Span,
    /// One fewer runs when the others would be loaded below this share.
    pub down_at: f64,
    /// Least time that a chiller runs before it is stopped, and rests before it starts again.
    pub least_time: Span,
    /// From the order to start, or from the return of power, to cooling.
    pub start_delay: Span,
    /// Chillers beyond those that the plant is designed for: as many as these stand by.
    pub standby: u32,
}

/// What holds outside the temperatures that curves were fitted to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Beyond {
    /// Power goes with the Carnot ratio of the lift; capacity with 2.5 % per kelvin of the
    /// chilled water.
    Carnot,
    /// The curves keep the value of their end, as in EnergyPlus.
    Hold,
}

/// Capacity gained by a kelvin of warmer chilled water beyond the curves (2.5 to 3 % usual).
const GAIN_PER_K: f64 = 0.025;
/// No more than this is gained: a plant asked for more has no steady state.
const MOST_GAIN: f64 = 1.3;
/// Least share of the capacity that chilled water colder than the curves leaves.
const LEAST_GAIN: f64 = 0.5;
/// Least share of the reference capacity that curves may come to.
const LEAST_CAPACITY: f64 = 0.1;
impl ChillerDesign {
    /// Capacity of one chiller over its reference capacity.
    pub(super) fn capacity_factor(&self, x: f64, y: f64) -> f64 {
        let c = &self.curves;
        let held = hold(x, c.evaporator_c);
        let inside = biquadratic(&c.capacity, held, hold(y, c.condenser_c)).max(LEAST_CAPACITY);
        let beyond_k = x - held;
        let most_k = (MOST_GAIN - 1.0) / GAIN_PER_K;
        let gain = match self.beyond {
            Beyond::Carnot => (1.0 + GAIN_PER_K * beyond_k.min(most_k)).max(LEAST_GAIN),
            Beyond::Hold => 1.0,
        };
        inside * gain
    }

    /// Temperature of the chilled water from which on capacity gains nothing more, degrees Celsius.
    pub(super) fn most_supply_c(&self) -> f64 {
        let gained_k = match self.beyond {
            Beyond::Carnot => (MOST_GAIN - 1.0) / GAIN_PER_K,
            Beyond::Hold => 0.0,
        };
        self.curves.evaporator_c.1 + gained_k
    }

    /// Power over heat at full load, over that of the reference point.
    pub(super) fn eir_factor(&self, x: f64, y: f64) -> f64 {
        let c = &self.curves;
        let (held_x, held_y) = (hold(x, c.evaporator_c), hold(y, c.condenser_c));
        let inside = biquadratic(&c.eir, held_x, held_y).max(0.0);
        if self.beyond == Beyond::Hold || (held_x == x && held_y == y) {
            return inside;
        }
        inside * carnot(x, y, c.condenser) / carnot(held_x, held_y, c.condenser)
    }

    /// Power of `running` chillers that together remove `heat_w`, W; never above
    /// `max_power_w` of those running.
    ///
    /// At its most a machine draws what its motor may, which is what it draws at its most at the
    /// setpoint: warmer water gives it more heat for that power, not less power. (EnergyPlus, too,
    /// evaluates its curves at the setpoint while a machine falls short of it.)
    pub(super) fn power_w(&self, running: f64, heat_w: f64, x: f64, y: f64) -> f64 {
        if running <= 0.0 || heat_w <= 0.0 {
            return 0.0;
        }
        let c = &self.curves;
        let capacity_w = running * self.capacity_w * self.capacity_factor(x, y);
        let load = (heat_w / capacity_w).min(c.most_part_load);
        let p = load.max(c.least_unloading);
        let part = (c.part_load[0] + p * (c.part_load[1] + p * c.part_load[2])).max(0.0);
        let cycling = (load / c.least_part_load).min(1.0);
        let x = x.min(self.setpoint_c);
        let full_w = running * self.capacity_w * self.capacity_factor(x, y) / c.cop;
        let power_w = full_w * self.eir_factor(x, y) * part * cycling;
        power_w.min(running * self.max_power_w)
    }

    /// How many can run: those that have power and, where an operator has decided, are on.
    pub(super) fn available(&self, drive: &Drive) -> f64 {
        let powered = drive.chillers.clamp(0.0, 1.0) * f64::from(self.units);
        drive.regime.map_or(powered, |regime| powered.min(f64::from(regime.running)))
    }

    /// How many of `available` chillers run to remove `heat_w`: as few as stay below
    /// `stage_at` of their reference capacity.
    pub(super) fn running(&self, heat_w: f64, available: f64) -> f64 {
        (heat_w / (self.stage_at * self.capacity_w)).ceil().max(1.0).min(available)
    }

    /// The most that `running` chillers can remove by their curves with water leaving at `x`, W.
    fn curve_heat_w(&self, running: f64, x: f64, y: f64) -> f64 {
        running * self.capacity_w * self.capacity_factor(x, y) * self.curves.most_part_load
    }

    /// The most that `running` chillers can remove with water leaving at `x`. What trips still
    /// carries its least load: whoever asks has to stop it.
    pub(super) fn most(&self, running: f64, x: f64, entering: Entering) -> Most {
        let Entering { c: y, flow } = entering;
        let by_curves_w = self.curve_heat_w(running, x, y);
        let by_head_w = running * self.capacity_w * self.head.load_at(y, flow);
        if by_head_w >= by_curves_w {
            return Most { heat_w: by_curves_w, head: Head::Free };
        }
        let least = self.curves.least_unloading.min(self.curves.most_part_load);
        let trips = y > self.head.trips_at_c(least, flow);
        let heat_w = by_head_w.max(least * by_curves_w / self.curves.most_part_load);
        Most { heat_w, head: if trips { Head::Trips } else { Head::Unloads } }
    }

    /// By how much that falls with a kelvin of what enters, W/K, where the pressure holds them.
    pub(super) fn unloading_w_k(&self, running: f64, entering: Entering) -> f64 {
        running * self.capacity_w * self.head.load_per_k(entering.flow)
    }

    /// Power of one chiller at its greatest load with water leaving at the setpoint and the warmest
    /// condenser that it runs with, W: what its supply must be built for.
    pub(super) fn hottest_power_w(&self) -> f64 {
        let (cold, hot) = (self.curves.condenser_c.0, self.head.trips_c);
        let free = Self { max_power_w: f64::INFINITY, ..*self };
        let (steps, x) = (64, self.setpoint_c);
        let at = |step: i32| {
            let y = cold + (hot - cold).max(0.0) * f64::from(step) / f64::from(steps);
            let most = free.most(1.0, x, Entering { c: y, flow: 1.0 });
            free.power_w(1.0, most.heat_w, x, y)
        };
        (0..=steps).map(at).fold(0.0, f64::max)
    }
}

/// Least temperature above `setpoint_c` of the chilled water at which `excess`, the heat left
/// over by all chillers there, is gone; else [`BOILING_C`]. From `most_c` on chillers gain nothing
/// more: only an economiser beside them does, where there is one.
pub(super) fn overloaded_c(
    setpoint_c: f64,
    most_c: f64,
    economiser: bool,
    excess: impl Fn(f64) -> f64,
) -> f64 {
    let mut low = (setpoint_c, excess(setpoint_c).max(0.0));
    let ends = [Some(most_c.clamp(setpoint_c, BOILING_C)), economiser.then_some(BOILING_C)];
    for high_c in ends.into_iter().flatten() {
        let high = (high_c, excess(high_c));
        if high.1 <= 0.0 {
            return root::bracketed(excess, low, high, 1e-7, 1e-3);
        }
        low = high;
    }
    BOILING_C
}

fn hold(value: f64, (low, high): (f64, f64)) -> f64 {
    value.clamp(low, high)
}

fn biquadratic(c: &[f64; 6], x: f64, y: f64) -> f64 {
    c[0] + x * (c[1] + c[2] * x) + y * (c[3] + c[4] * y) + c[5] * x * y
}

/// Power over heat of a Carnot cycle between the refrigerant's temperatures, 2 K below the
/// chilled water and 7 K above the condenser water (15 K above the air).
///
/// The lift is held above what condenser-pressure control keeps for the valves and the oil:
/// 10 K behind water, 20 K behind air (assumptions).
fn carnot(x: f64, y: f64, condenser: Condenser) -> f64 {
    let (above_k, least_k) = match condenser {
        Condenser::Water => (7.0, 10.0),
        Condenser::Air => (15.0, 20.0),
    };
    let (evaporating, condensing) = (x - 2.0, y + above_k);
    (condensing - evaporating).max(least_k) / (evaporating + 273.15)
}
