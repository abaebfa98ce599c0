//! Vapour-compression chillers: capacity and power by curves.

use super::curves::{ChillerCurves, Condenser};
use super::root;
use super::state::Drive;
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
    /// The most that one chiller draws, W.
    pub max_power_w: f64,
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
    /// Power goes with the Carnot ratio of the lift; capacity with 2.5 % a kelvin of the
    /// chilled water.
    Carnot,
    /// The curves keep the value of their end, as in EnergyPlus.
    Hold,
}

/// Capacity gained by a kelvin of warmer chilled water beyond the curves (2.5 to 3 % usual).
const GAIN_PER_K: f64 = 0.025;
/// No more than this is gained in earnest.
const MOST_GAIN: f64 = 1.3;
/// Least share of the capacity that chilled water colder than the curves leaves.
const LEAST_GAIN: f64 = 0.5;
/// A plant asked for more than [`MOST_GAIN`] has no steady state: its water warms until the
/// racks let go. Capacity then rises by this share a kelvin, so that the answer stays finite
/// and the racks see a temperature that says so. An assumption.
const RUNAWAY_PER_K: f64 = 0.01;
/// Least share of the reference capacity that curves may come to.
const LEAST_CAPACITY: f64 = 0.1;
/// How far the extension goes above the warmest condenser that the curves know, K: an
/// assumption for where the high-pressure limit holds the machine.
const HIGH_PRESSURE_K: f64 = 15.0;

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
        inside * (gain + RUNAWAY_PER_K * (beyond_k - most_k).max(0.0))
    }

    /// Power over heat at full load, over that of the reference point.
    pub(super) fn eir_factor(&self, x: f64, y: f64) -> f64 {
        let c = &self.curves;
        let (held_x, held_y) = (hold(x, c.evaporator_c), hold(y, c.condenser_c));
        let inside = biquadratic(&c.eir, held_x, held_y).max(0.0);
        if self.beyond == Beyond::Hold || (held_x == x && held_y == y) {
            return inside;
        }
        let y = y.min(c.condenser_c.1 + HIGH_PRESSURE_K);
        inside * carnot(x, y, c.condenser) / carnot(held_x, held_y, c.condenser)
    }

    /// Power of `running` chillers that together remove `heat_w`, W; never above
    /// `max_power_w` of those running.
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
        let power_w = capacity_w / c.cop * self.eir_factor(x, y) * part * cycling;
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

    /// The most that `available` chillers can remove with water leaving at `x`, W.
    pub(super) fn most_heat_w(&self, available: f64, x: f64, y: f64) -> f64 {
        available * self.capacity_w * self.capacity_factor(x, y) * self.curves.most_part_load
    }

    /// Power of one chiller at its greatest load with water leaving at `x` and the warmest
    /// condenser of its range and beyond, W: what its supply must be built for.
    pub(super) fn hottest_power_w(&self, x: f64) -> f64 {
        let (cold, hot) = (self.curves.condenser_c.0, self.curves.condenser_c.1 + HIGH_PRESSURE_K);
        let free = Self { max_power_w: f64::INFINITY, ..*self };
        let steps = 64;
        let at = |step: i32| {
            let y = cold + (hot - cold) * f64::from(step) / f64::from(steps);
            free.power_w(1.0, free.most_heat_w(1.0, x, y), x, y)
        };
        (0..=steps).map(at).fold(0.0, f64::max)
    }
}

/// Least temperature above `setpoint_c` of the chilled water at which `excess`, the heat left
/// over by all chillers there, is gone. `excess` must fall without end as it warms.
pub(super) fn overloaded_c(setpoint_c: f64, excess: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut low_w) = (setpoint_c, excess(setpoint_c));
    let mut step_k = 2.0;
    loop {
        let high = setpoint_c + step_k;
        let high_w = excess(high);
        if high_w <= 0.0 {
            return root::bracketed(excess, (low, low_w.max(0.0)), (high, high_w), 1e-7, 1e-3);
        }
        assert!(step_k < 1e15, "no temperature carries the heat: {high_w} W are left at {high}");
        (low, low_w) = (high, high_w);
        step_k *= 2.0;
    }
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
