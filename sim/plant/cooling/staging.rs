//! How a heat-rejection device is run so that its water leaves at the setpoint.

use schemars::JsonSchema;
use serde::Deserialize;

use super::root;

/// How the fans of a heat-rejection device are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FanControl {
    /// All fans together at the speed that holds the supply setpoint.
    VariableSpeed,
    /// Fans of one speed, switched on and off to hold the supply setpoint.
    Cycling,
    /// All fans at full speed always; the supply floats with the weather.
    AlwaysOn,
}

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
    /// The speed at which fans turn whose control has failed.
    pub(super) fixed_speed: Option<f64>,
    /// Whether fans of variable speed are stopped by the water that returns rather than by the
    /// water that leaves, as those of EnergyPlus' towers are.
    pub(super) by_return: bool,
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
    /// Multiple of the heat that the device carries while they do, and while they rest.
    pub(super) carried: (f64, f64),
    /// Share of the device's capacity that the water not bypassed makes use of.
    pub(super) wetted: f64,
    /// The water leaves warmer than wanted and nothing more can be done.
    pub(super) saturated: bool,
}

impl Staged {
    /// Water that leaves at `leaving_c` while nothing is staged.
    pub(super) fn steady(leaving_c: f64, forced: Operation) -> Self {
        let duty = if forced == Operation::Free { 0.0 } else { 1.0 };
        Self { leaving_c, forced, duty, carried: (1.0, 1.0), wetted: 1.0, saturated: false }
    }

    /// Mean over time of `of` the two ways in which the device runs and the multiple of the
    /// heat that it carries in each.
    pub(super) fn mean(&self, of: impl Fn(Operation, f64) -> f64) -> f64 {
        let (on, off) = (self.duty, 1.0 - self.duty);
        let forced = if on > 0.0 { on * of(self.forced, self.carried.0) } else { 0.0 };
        let free = if off > 0.0 { off * of(Operation::Free, self.carried.1) } else { 0.0 };
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

/// Where a device settles, before it is found how its fans hold that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    /// As in [`Staged`].
    pub(super) leaving_c: f64,
    pub(super) saturated: bool,
    wetted: f64,
    fans: Fans,
}

/// How the fans of a device hold where it settles.
#[derive(Debug, Clone, Copy)]
enum Fans {
    /// As they run, without more.
    Steady(Operation),
    /// At a speed between the least, with which the water leaves at `slow_c`, and full, with which
    /// it leaves at `full_c`.
    Turn { slowest: f64, slow_c: f64, full_c: f64 },
    /// By turns at this speed and at rest, about this temperature.
    Cycle { speed: f64, leaving_c: f64 },
}

impl Settled {
    fn steady(leaving_c: f64, operation: Operation) -> Self {
        Self { leaving_c, saturated: false, wetted: 1.0, fans: Fans::Steady(operation) }
    }

    /// How the fans of `device` hold that: one or two bracketed roots where they have a speed or a
    /// share of time to find.
    pub(super) fn staged(
        &self,
        device: &Device<impl Fn(Operation, f64) -> f64>,
        control: &Control,
    ) -> Staged {
        let at = |speed| Operation::Forced { share: device.fans, speed };
        let staged = match self.fans {
            Fans::Steady(operation) => Staged::steady(self.leaving_c, operation),
            Fans::Turn { slowest, slow_c, full_c } => {
                // The water leaves nearly linearly warmer with the time the air takes, 1 / speed.
                let target_c = control.target_c();
                let excess = |slowness: f64| (device.leaving)(at(1.0 / slowness), 1.0) - target_c;
                let ends = ((1.0 / slowest, slow_c - target_c), (1.0, full_c - target_c));
                let slowness = root::bracketed(excess, ends.0, ends.1, 1e-9, 1e-6);
                Staged::steady(self.leaving_c, at(1.0 / slowness))
            }
            Fans::Cycle { speed, leaving_c } => {
                // The water goes round many times in a cycle, so that it enters at one temperature.
                let free = device.carried(Operation::Free, leaving_c);
                let forced = device.carried(at(speed), leaving_c);
                let duty = ((1.0 - free) / (forced - free)).clamp(0.0, 1.0);
                let carried = (forced, free);
                Staged { duty, carried, ..Staged::steady(self.leaving_c, at(speed)) }
            }
        };
        Staged { wetted: self.wetted, saturated: self.saturated, ..staged }
    }
}

/// What [`run`] is told of a device and its weather.
pub(super) struct Device<L> {
    /// Temperature of the water leaving when the device, run in some way, carries a multiple
    /// of the heat: `leaving(operation, multiple)`. It rises with the multiple.
    pub(super) leaving: L,
    /// The temperature that the water could reach at best.
    pub(super) sink_c: f64,
    /// How much the device cools the water that carries the whole heat.
    pub(super) range_k: f64,
    /// Share of the cells whose fans can run.
    pub(super) fans: f64,
}

/// Runs a device so that its water leaves at the setpoint, or as near as it can.
///
/// Variable speed, in order of preference:
///
/// 1. no fan turns, and the supply is what it is, at or below the setpoint;
/// 2. all available fans turn at one speed (a cube law makes many slow fans cheaper than few
///    fast ones) that holds the setpoint: the one bracketed root;
/// 3. all turn at full speed and the setpoint is not held;
/// 4. between the first and the second: least speed cools too well and rest too little. The fans
///    cycle between the two, and hold the setpoint by the share of time that they turn.
///
/// In the fourth case the fans of a tower are stopped `by_return`, as EnergyPlus has it: they stay
/// at least speed as long as the water, at the temperature at which it returns *then*, would leave
/// too warm without them; where it would not, they cycle about that. The water is then somewhat
/// colder than the setpoint.
///
/// Cycling fans know only full speed and rest, and hold the setpoint by the share of time. Fans
/// of a fixed speed hold nothing. In all of this a bypass keeps the supply at its minimum.
pub(super) fn run(device: &Device<impl Fn(Operation, f64) -> f64>, control: &Control) -> Staged {
    settle(device, control).staged(device, control)
}

/// Where a device settles that is run so: a part of what [`run`] costs, and the same temperature.
pub(super) fn settle(
    device: &Device<impl Fn(Operation, f64) -> f64>,
    control: &Control,
) -> Settled {
    let settled = unbypassed(device, control);
    if settled.leaving_c >= control.minimum_c {
        return settled;
    }
    // At a steady effectiveness the heat goes with the entering water's distance from the
    // sink, so this share of the water carries the heat from the warmer return.
    let entering_k = |leaving_c: f64| leaving_c + device.range_k - device.sink_c;
    let (now, then) = (entering_k(settled.leaving_c), entering_k(control.minimum_c));
    let wetted = if then > 0.0 { (now / then).clamp(0.0, 1.0) } else { 1.0 };
    Settled { leaving_c: control.minimum_c, wetted, ..settled }
}

fn unbypassed(device: &Device<impl Fn(Operation, f64) -> f64>, control: &Control) -> Settled {
    let Device { leaving, range_k, fans, .. } = device;
    let target_c = control.target_c();
    let at = |speed| Operation::Forced { share: *fans, speed };
    let whole = |operation| leaving(operation, 1.0);
    if let Some(speed) = control.fixed_speed {
        let turns = speed > 0.0 && *fans > 0.0;
        let operation = if turns { at(speed.min(1.0)) } else { Operation::Free };
        let leaving_c = whole(operation);
        return Settled {
            saturated: leaving_c > target_c,
            ..Settled::steady(leaving_c, operation)
        };
    }

    // All fans at full speed always beat all cells at rest; water squeezed through a few
    // forced cells can leave warmer than that.
    let rest_c = if *fans < 1.0 { whole(Operation::Free) } else { f64::INFINITY };
    let full_c = if *fans > 0.0 { whole(at(1.0)) } else { f64::INFINITY };
    let strongest = if full_c < rest_c {
        Settled::steady(full_c, at(1.0))
    } else {
        Settled::steady(rest_c, Operation::Free)
    };
    let saturated = strongest.leaving_c > target_c;
    if control.fans == FanControl::AlwaysOn || strongest.leaving_c >= target_c {
        return Settled { saturated, ..strongest };
    }
    if rest_c <= target_c {
        return Settled::steady(rest_c, Operation::Free);
    }
    let slowest = match control.fans {
        FanControl::Cycling => 1.0,
        _ => control.minimum_speed,
    };
    let slow_c = if slowest < 1.0 { whole(at(slowest)) } else { full_c };
    if slow_c > target_c {
        let fans = Fans::Turn { slowest, slow_c, full_c };
        return Settled { leaving_c: target_c, saturated: false, wetted: 1.0, fans };
    }
    let rest_c = if *fans < 1.0 { rest_c } else { whole(Operation::Free) };
    if rest_c <= target_c {
        return Settled::steady(rest_c, Operation::Free);
    }
    let leaving_c = match control.fans {
        FanControl::VariableSpeed if control.by_return => {
            // Multiple of the heat that the device at rest carries with the setpoint held. The
            // water returns warmer than the setpoint by that share of its range.
            let excess = |heat: f64| leaving(Operation::Free, heat) - target_c;
            let ends = ((0.0, device.sink_c - target_c), (1.0, rest_c - target_c));
            let held = root::bracketed(excess, ends.0, ends.1, 1e-9, 1e-6);
            let leaving_c = target_c - (1.0 - held) * range_k;
            if slow_c >= leaving_c {
                return Settled::steady(slow_c, at(slowest));
            }
            leaving_c
        }
        _ => target_c,
    };
    let fans = Fans::Cycle { speed: slowest, leaving_c };
    Settled { leaving_c, saturated: false, wetted: 1.0, fans }
}

impl Control {
    /// What the leaving water is wanted at, degrees Celsius.
    fn target_c(&self) -> f64 {
        self.setpoint_c.max(self.minimum_c)
    }
}

impl<L: Fn(Operation, f64) -> f64> Device<L> {
    /// Multiple of the heat that the device carries off, run in some way, from water that
    /// returns as it does when the whole heat leaves at `leaving_c`.
    fn carried(&self, operation: Operation, leaving_c: f64) -> f64 {
        let entering_c = leaving_c + self.range_k;
        let most = (entering_c - self.sink_c) / self.range_k;
        let excess = |heat: f64| (self.leaving)(operation, heat) + heat * self.range_k - entering_c;
        // With no less than all of what could be carried the water would leave at the sink.
        let ends = ((0.0, self.sink_c - entering_c), (most, excess(most).max(0.0)));
        root::bracketed(excess, ends.0, ends.1, 1e-9 * most, 1e-6)
    }
}
