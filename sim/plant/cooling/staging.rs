//! How a heat-rejection device is run so that its water leaves at the setpoint.

use super::loops::FanControl;
use super::root;

/// One way to run the cells (or units) of a device.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operation {
    /// Fans of a `share` of the cells at `speed`; the other cells are shut off from the water.
    Forced {
        /// Share of the cells, above 0 and up to 1.
        share: f64,
        /// Share of full speed, up to 1.
        speed: f64,
    },
    /// No fan runs; the air moves through all cells by its own buoyancy.
    Free,
}

/// What the operator of the loop wants and may do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Control {
    pub(super) fans: FanControl,
    /// Wanted temperature of the leaving water.
    pub(super) setpoint_c: f64,
    /// The least that the leaving water may have, against frost.
    pub(super) minimum_c: f64,
    /// Least speed of a running fan as a share of full speed.
    pub(super) minimum_speed: f64,
}

/// How the device ended up running.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Staged {
    /// Temperature of the water that the loop gets, bypass mixed in.
    pub(super) leaving_c: f64,
    /// How the fans run when they run.
    pub(super) forced: Operation,
    /// Share of the time that they do; the rest is [`Operation::Free`].
    pub(super) duty: f64,
    /// Share of the device's capacity that the water not bypassed makes use of.
    pub(super) wetted: f64,
    /// The water leaves warmer than wanted and nothing more can be done.
    pub(super) saturated: bool,
}

impl Staged {
    fn forced(leaving_c: f64, forced: Operation) -> Self {
        let duty = if forced == Operation::Free { 0.0 } else { 1.0 };
        Self { leaving_c, forced, duty, wetted: 1.0, saturated: false }
    }

    /// Mean over time of `of` the two ways in which the device runs.
    pub(super) fn mean(&self, of: impl Fn(Operation) -> f64) -> f64 {
        let forced = if self.duty > 0.0 { self.duty * of(self.forced) } else { 0.0 };
        let free = if self.duty < 1.0 { (1.0 - self.duty) * of(Operation::Free) } else { 0.0 };
        forced + free
    }

    /// Mean speed of the fans that have power.
    pub(super) fn speed(&self) -> f64 {
        match self.forced {
            Operation::Forced { speed, .. } => self.duty * speed,
            Operation::Free => 0.0,
        }
    }
}

/// Runs a device whose water would leave at `leaving(operation)` when it carries the whole
/// heat, with the fans of a share `fans` of its cells able to run.
///
/// In order of preference: no fan and part of the water bypassed; fans cycling between
/// standstill and their least speed; all available fans at one speed (a cube law makes many
/// slow fans cheaper than few fast ones), which is the one bracketed root; all at full speed.
/// `sink_c` is the temperature that the water could reach at best, `range_k` how much the
/// device cools it. One to three calls of `leaving`, three to five more for the root.
pub(super) fn run(
    leaving: impl Fn(Operation) -> f64,
    (sink_c, range_k): (f64, f64),
    fans: f64,
    control: &Control,
) -> Staged {
    let target_c = control.setpoint_c.max(control.minimum_c);
    let at = |speed| Operation::Forced { share: fans, speed };
    let bypassed = |staged: Staged, target_c: f64| {
        // At a steady effectiveness the heat goes with the entering water's distance from the
        // sink, so this share of the water carries the heat from the warmer return.
        let (now, then) = (staged.leaving_c + range_k - sink_c, target_c + range_k - sink_c);
        let wetted = if then > 0.0 { (now / then).clamp(0.0, 1.0) } else { 1.0 };
        Staged { leaving_c: target_c, wetted, ..staged }
    };

    // All fans at full speed always beat all cells at rest; water squeezed through a few
    // forced cells can leave warmer than that.
    let rest_c = if fans < 1.0 { leaving(Operation::Free) } else { f64::INFINITY };
    let full_c = if fans > 0.0 { leaving(at(1.0)) } else { f64::INFINITY };
    let strongest = if full_c < rest_c {
        Staged::forced(full_c, at(1.0))
    } else {
        Staged::forced(rest_c, Operation::Free)
    };

    match control.fans {
        FanControl::AlwaysOn => {
            let saturated = strongest.leaving_c > target_c;
            if strongest.leaving_c < control.minimum_c {
                bypassed(strongest, control.minimum_c)
            } else {
                Staged { saturated, ..strongest }
            }
        }
        FanControl::VariableSpeed => {
            if rest_c <= target_c {
                return bypassed(Staged::forced(rest_c, Operation::Free), target_c);
            }
            if strongest.leaving_c >= target_c {
                return Staged { saturated: strongest.leaving_c > target_c, ..strongest };
            }
            let slowest = control.minimum_speed;
            let slow_c = leaving(at(slowest));
            if slow_c <= target_c {
                let free_c = if fans < 1.0 { rest_c } else { leaving(Operation::Free) };
                if free_c <= target_c {
                    return bypassed(Staged::forced(free_c, Operation::Free), target_c);
                }
                let duty = (free_c - target_c) / (free_c - slow_c);
                return Staged { duty, ..Staged::forced(target_c, at(slowest)) };
            }
            // The water leaves nearly linearly warmer with the time the air takes, 1 / speed.
            let excess = |slowness: f64| leaving(at(1.0 / slowness)) - target_c;
            let slowness = root::bracketed(
                excess,
                (1.0 / slowest, slow_c - target_c),
                (1.0, full_c - target_c),
                1e-9,
                1e-6,
            );
            Staged::forced(target_c, at(1.0 / slowness))
        }
    }
}
