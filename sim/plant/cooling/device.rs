//! What a heat-rejection device is asked for, and what it answers.

use super::circuit::Stream;
use super::fans::FanLaw;
use super::staging::{Control, FanControl, Operation, Settled, Staged};
use super::water::{Vapour, WaterFlows};
use crate::fluids::MoistAir;

/// What a pumped loop asks of the device at its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Heat to reject, W.
    pub(super) heat_w: f64,
    /// The coolant that brings it.
    pub(super) coolant: Stream,
    pub(super) air: &'a MoistAir,
    /// Share of the fans that can run.
    pub(super) fans: f64,
    pub(super) control: Control,
    /// Whether water may be spent.
    pub(super) may_evaporate: bool,
}

impl Asked<'_> {
    /// The same of a device that is to carry `heat_w` with its fans at their most.
    pub(super) fn at_most(&self, heat_w: f64) -> Self {
        let mut asked = Self { heat_w, ..*self };
        asked.control.fans = FanControl::AlwaysOn;
        asked
    }

    /// How much warmer the coolant enters than it leaves, K.
    pub(super) fn range_k(&self) -> f64 {
        self.heat_w / self.coolant.w_k
    }
}

/// How a device carries what was asked of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rejected {
    pub(super) staged: Staged,
    /// Power of fans and spray pumps, and of the latter alone, W.
    pub(super) fan_w: f64,
    pub(super) spray_w: f64,
    /// Whether water runs over fill or coil.
    pub(super) wet: bool,
    /// Heat that leaves without water being spent, W.
    pub(super) dry_w: f64,
    /// What the other heat evaporates.
    pub(super) vapour: Vapour,
    /// Air as a share of full.
    pub(super) air_ratio: f64,
    pub(super) water: WaterFlows,
}

/// What is found of a device: all that it does, or no more than where it settles. By these two a
/// device that can run in several ways is run in one of them.
pub(super) trait Found {
    /// Temperature of the water that the loop gets, degrees Celsius.
    fn leaving_c(&self) -> f64;
    /// Whether that is warmer than wanted and nothing more can be done.
    fn is_saturated(&self) -> bool;
}

impl Found for Rejected {
    fn leaving_c(&self) -> f64 {
        self.staged.leaving_c
    }

    fn is_saturated(&self) -> bool {
        self.staged.saturated
    }
}

impl Found for Settled {
    fn leaving_c(&self) -> f64 {
        self.leaving_c
    }

    fn is_saturated(&self) -> bool {
        self.saturated
    }
}

/// Electric power of fans that run as `staged` says, `full_w` at full speed, W.
pub(super) fn fan_power_w(full_w: f64, law: FanLaw, staged: &Staged) -> f64 {
    full_w
        * staged.mean(|operation, _| match operation {
            Operation::Forced { share, speed } => share * law.power(speed),
            Operation::Free => 0.0,
        })
}
