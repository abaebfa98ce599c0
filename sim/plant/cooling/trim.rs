//! Chillers, or a bought chilled-water main, in series behind the device of a pumped loop.

use super::chiller::{ChillerDesign, Entering, overloaded_c};
use super::chiller_plant::ChillerPlantDesign;
use super::device::{Asked, Rejected};
use super::devices::DeviceDesign;
use super::head::Head;
use super::root;
use super::state::{BOILING_C, CoolingMode, Drive, LoopState, still};
use crate::fluids::MoistAir;

/// What cools the coolant of a pumped loop on behind its device, down to the loop's setpoint.
///
/// The device takes what the weather lets it, and the trim what is left of the heat `Q`. With coolant
/// that returns at `Tr = Ts + Q / C` the device carries the `Qd` for which
///
/// ```text
/// leaving(Qd) + Qd / C = Tr        Qt = Q - Qd
/// ```
///
/// where `leaving` is the temperature at which the coolant leaves the device at its most. Where the
/// trim carries no more than `Qmax(Ts)`, the supply `Ts` rises until `Qt = Qmax(Ts)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrimDesign {
    /// What makes the cold.
    pub source: TrimSource,
    /// Chilled water that chillers make, where an exchanger stands between it and the loop, degrees
    /// Celsius; none where they cool the coolant of the loop itself.
    pub chilled_c: Option<f64>,
    /// How much too warm the supply is when chillers are called, K.
    pub dead_band_k: f64,
}

/// What makes the cold of a trim.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(clippy::large_enum_variant)] // a site has a handful
pub enum TrimSource {
    /// Chillers whose condensers are cooled by outdoor air.
    Air {
        /// The chillers, the fans of their condensers included.
        chillers: ChillerDesign,
        /// How much warmer than the weather the air enters the condensers, K.
        recirculation_k: f64,
    },
    /// Chillers with condenser water and a tower of their own, whose fans and condenser pumps run and
    /// fail with those of the loop. Of its chilled water nothing is used but the share of flow that
    /// pumps give.
    Tower(ChillerPlantDesign),
    /// A main of chilled water that is bought, behind an exchanger.
    Main {
        /// The most heat that it takes, W.
        capacity_w: f64,
    },
}

/// The device must bring the coolant this much closer to the setpoint than it returns, for its fans to
/// run beside the trim, K: an assumption, as for the economiser of a chiller plant.
const WORTHWHILE_K: f64 = 1.0;
/// Coolant this much too warm still counts as the setpoint held, K: the root finder's own error.
const HELD_K: f64 = 1e-5;

impl TrimDesign {
    /// Its chillers; none of a bought main.
    pub(super) fn chillers(&self) -> Option<&ChillerDesign> {
        match &self.source {
            TrimSource::Air { chillers, .. } => Some(chillers),
            TrimSource::Tower(plant) => Some(&plant.chillers),
            TrimSource::Main { .. } => None,
        }
    }

    /// The tower of its condensers with the pumps of their water, where it has one.
    pub(super) fn tower(&self) -> Option<&ChillerPlantDesign> {
        match &self.source {
            TrimSource::Tower(plant) => Some(plant),
            TrimSource::Air { .. } | TrimSource::Main { .. } => None,
        }
    }

    /// What enters the condensers of chillers that have long stood, degrees Celsius.
    pub(super) fn entering_c(&self, air: &MoistAir) -> Option<f64> {
        match &self.source {
            TrimSource::Air { recirculation_k, .. } => Some(air.dry_bulb_c + recirculation_k),
            TrimSource::Tower(plant) => Some(plant.at_rest_c(air)),
            TrimSource::Main { .. } => None,
        }
    }

    /// How it carries `load` from coolant that is to leave at `supply_c`, with `running` chillers.
    fn carry(&self, load: Load, supply_c: f64, running: f64, with: &With<'_>) -> LoopState {
        let x = self.chilled_c.unwrap_or(supply_c);
        match &self.source {
            TrimSource::Main { capacity_w } => {
                let heat_w = load.within(*capacity_w);
                LoopState { lifted_w: heat_w, bought_w: heat_w, ..still(with.air) }
            }
            TrimSource::Air { chillers, recirculation_k } => {
                let entering = Entering { c: with.air.dry_bulb_c + recirculation_k, flow: 1.0 };
                let most = chillers.most(running, x, entering);
                let lifted_w = load.within(most.heat_w);
                let chiller_w = chillers.power_w(running, lifted_w, x, entering.c);
                let rejected_w = lifted_w + chillers.compressor_heat * chiller_w;
                LoopState {
                    lifted_w,
                    chiller_w,
                    heat_rejected_w: rejected_w,
                    dry_w: rejected_w,
                    head: most.head,
                    ..still(with.air)
                }
            }
            TrimSource::Tower(plant) => {
                let heat_w = match load {
                    Load::Heat(w) => Some(w),
                    Load::Most => None,
                };
                plant.carries(heat_w, x, running, (with.air, with.drive))
            }
        }
    }

    /// The most heat that it takes from coolant that leaves at `supply_c`, W.
    fn most_w(&self, supply_c: f64, available: f64, with: &With<'_>) -> f64 {
        self.carry(Load::Most, supply_c, available, with).lifted_w
    }

    /// What it does where coolant leaves at `supply_c`, no colder than the setpoint.
    pub(super) fn at_most(&self, supply_c: f64, air: &MoistAir, drive: &Drive) -> AtMost {
        let available = self.running(drive);
        if available <= 0.0 {
            return AtMost::Rests;
        }
        let most = self.carry(Load::Most, supply_c, available, &With { air, drive });
        if most.head == Head::Trips { AtMost::Trips } else { AtMost::Takes(most.lifted_w) }
    }

    /// Units of it that may run now: none where its operator leaves all to the device.
    fn running(&self, drive: &Drive) -> f64 {
        let free = drive.regime.is_some_and(|regime| regime.mode == CoolingMode::Free);
        if free { 0.0 } else { self.available(drive) }
    }

    /// Units of it that can run: chillers, or the whole of a main.
    fn available(&self, drive: &Drive) -> f64 {
        match (self.chillers(), self.tower()) {
            // Condensers without water trip.
            (_, Some(_)) if !drive.may_evaporate || drive.pumps <= 0.0 => 0.0,
            (Some(chillers), _) => chillers.available(drive),
            (None, _) => f64::from(u8::from(drive.chillers > 0.0)),
        }
    }

    /// How the trim and the `device` before it, if that can run, carry the heat that is `asked`: an
    /// error with what the pressure in its condensers has to do with it where nothing of the trim runs,
    /// or nothing has to. The answer is of these two alone: pumps and racks are the asker's.
    pub(super) fn behind(
        &self,
        device: Option<&DeviceDesign>,
        asked: &Asked<'_>,
        drive: &Drive,
    ) -> Result<Worked, Head> {
        let available = self.running(drive);
        // Without heat there is nothing to do where a device holds what it is asked for.
        if available <= 0.0 || (asked.heat_w <= 0.0 && device.is_some()) {
            return Err(Head::Free);
        }
        let with = With { air: asked.air, drive };
        Pair { trim: self, asked, device, available, with }.settle()
    }
}

/// What a trim does at some temperature of the supply, whatever the heat is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum AtMost {
    /// Nothing of it runs.
    Rests,
    /// The pressure in its condensers trips it, which may depend on the heat.
    Trips,
    /// It takes so much at most, W.
    Takes(f64),
}

/// What a trim is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Load {
    /// Some heat, W.
    Heat(f64),
    /// As much as it can.
    Most,
}

impl Load {
    /// What is carried of it by what carries no more than `most_w`, W.
    fn within(self, most_w: f64) -> f64 {
        match self {
            Self::Heat(w) => w.min(most_w),
            Self::Most => most_w,
        }
    }
}

/// What a trim runs with.
#[derive(Debug, Clone, Copy)]
struct With<'a> {
    air: &'a MoistAir,
    drive: &'a Drive,
}

/// How much warmer than `c` the supply settles, K, where a trim takes `most_w` at most from coolant that
/// leaves at `c`, no colder than the setpoint, with the `device` before it, if that can run, at its most:
/// below zero where the two carry all that is `asked` without coming to it. Nothing is searched for.
pub(super) fn excess_k(
    device: Option<&DeviceDesign>,
    asked: &Asked<'_>,
    c: f64,
    most_w: f64,
) -> f64 {
    // All of it is the trim's, which leads the coolant past a device that does not help.
    let alone_k = (asked.heat_w - most_w) / asked.coolant.w_k;
    let beside_k =
        device.map(|device| supply_beside_c(device, asked, most_w.min(asked.heat_w)) - c);
    match beside_k {
        Some(beside_k) if alone_k > 0.0 => beside_k,
        Some(beside_k) => alone_k.min(beside_k),
        None => alone_k,
    }
}

/// The supply where a trim takes `trim_w` of the heat that is `asked`, and the `device` before it the rest
/// at its most, degrees Celsius.
fn supply_beside_c(device: &DeviceDesign, asked: &Asked<'_>, trim_w: f64) -> f64 {
    let leaving_c = device.settle(&asked.at_most(asked.heat_w - trim_w)).leaving_c;
    leaving_c - trim_w / asked.coolant.w_k
}

/// How a device and the trim behind it work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worked {
    /// Coolant towards the racks, and what leaves the device, degrees Celsius.
    pub(super) supply_c: f64,
    pub(super) device_c: f64,
    /// Heat of the device, W, and how it runs; none where the coolant is led past it.
    pub(super) device_w: f64,
    pub(super) device: Option<Rejected>,
    /// The trim: its machines, its heat and its water.
    pub(super) trim: LoopState,
    /// Heat that neither carries, W.
    pub(super) left_w: f64,
    /// The supply is warmer than wanted.
    pub(super) saturated: bool,
}

/// A device and the trim behind it, as they are asked.
struct Pair<'a, 'b> {
    trim: &'a TrimDesign,
    asked: &'a Asked<'b>,
    device: Option<&'a DeviceDesign>,
    available: f64,
    with: With<'a>,
}

/// Heat that is left to the trim with the setpoint held, W, and whether the device takes the rest.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    trim_w: f64,
    by_device: bool,
}

impl Pair<'_, '_> {
    fn set_c(&self) -> f64 {
        self.asked.control.setpoint_c.max(self.asked.control.minimum_c)
    }

    /// Temperature at which the coolant leaves the device with `heat_w` at its most, degrees Celsius.
    fn leaving_c(&self, device: &DeviceDesign, heat_w: f64) -> f64 {
        device.settle(&self.asked.at_most(heat_w)).leaving_c
    }

    /// The supply where the trim takes `trim_w` of the heat, and the device the rest at its most.
    fn supply_c(&self, device: &DeviceDesign, trim_w: f64) -> f64 {
        supply_beside_c(device, self.asked, trim_w)
    }

    fn settle(&self) -> Result<Worked, Head> {
        let holds = |device| self.leaving_c(device, self.asked.heat_w) <= self.set_c() + HELD_K;
        if self.device.is_some_and(holds) {
            return Err(Head::Free);
        }
        let wanted = self.wanted();
        let found = self.held(wanted).unwrap_or_else(|| self.short(wanted));
        if found.trim.head == Head::Trips { Err(Head::Trips) } else { Ok(found) }
    }

    /// What is left to the trim with the supply at the setpoint: one bracketed root.
    fn wanted(&self) -> Wanted {
        let total_w = self.asked.heat_w;
        let set_c = self.set_c();
        let worthwhile_c = set_c + self.asked.range_k() - WORTHWHILE_K;
        let helps = |device: &&DeviceDesign| self.leaving_c(device, 0.0) <= worthwhile_c;
        let Some(device) = self.device.filter(helps) else {
            return Wanted { trim_w: total_w, by_device: false };
        };
        let excess_k = |trim_w: f64| self.supply_c(device, trim_w) - set_c;
        let (none, all) = (excess_k(0.0), excess_k(total_w));
        let trim_w = root::bracketed(excess_k, (0.0, none), (total_w, all), 1e-12 * total_w, 1e-9);
        Wanted { trim_w, by_device: true }
    }

    /// How both work with the setpoint held, if the trim can: with all that run under an operator, else
    /// with as few as it takes.
    fn held(&self, Wanted { trim_w, by_device }: Wanted) -> Option<Worked> {
        let set_c = self.set_c();
        let carry = |running: f64| self.trim.carry(Load::Heat(trim_w), set_c, running, &self.with);
        let falls_short = |state: &LoopState| state.lifted_w < trim_w * (1.0 - 1e-12);
        let mut running = match self.trim.chillers() {
            Some(chillers) if self.with.drive.regime.is_none() => {
                chillers.running(trim_w, self.available)
            }
            _ => self.available,
        };
        let mut trim = carry(running);
        while falls_short(&trim) && running < self.available {
            running = (running + 1.0).min(self.available);
            trim = carry(running);
        }
        if falls_short(&trim) {
            return None;
        }
        // A pressure that would let them carry less than more holds nothing back.
        let head = if trim.head == Head::Trips { Head::Trips } else { Head::Free };
        Some(self.worked(set_c, LoopState { head, ..trim }, by_device))
    }

    /// How both work where the trim at its most leaves the supply above the setpoint: with the setpoint
    /// held it would have to take what is `wanted`.
    fn short(&self, wanted: Wanted) -> Worked {
        let (set_c, total_w) = (self.set_c(), self.asked.heat_w);
        let most_w = |c: f64| self.trim.most_w(c, self.available, &self.with);
        let beside = self.device.and_then(|device| {
            let held_c = |trim_w: f64| self.supply_c(device, trim_w).max(set_c);
            let excess_w = |trim_w: f64| trim_w - most_w(held_c(trim_w));
            let most = excess_w(wanted.trim_w);
            let found = || {
                let ends = ((0.0, excess_w(0.0)), (wanted.trim_w, most));
                let near_w = 1e-9 * total_w;
                held_c(root::bracketed(excess_w, ends.0, ends.1, near_w, near_w))
            };
            (most >= 0.0).then(found)
        });
        let (supply_c, by_device) = match beside {
            Some(supply_c) => (supply_c, true),
            // There is no device, or the trim alone carries all of it before the device could help.
            None => {
                let gains_to_c = self.trim.chillers().map_or(set_c, ChillerDesign::most_supply_c);
                (overloaded_c(set_c, gains_to_c, false, |c| total_w - most_w(c)), false)
            }
        };
        let supply_c = supply_c.min(BOILING_C);
        let trim = self.trim.carry(Load::Most, supply_c, self.available, &self.with);
        self.worked(supply_c, trim, by_device)
    }

    /// Both, with the trim as found at `supply_c`; the coolant may be led past the device.
    fn worked(&self, supply_c: f64, trim: LoopState, by_device: bool) -> Worked {
        let Asked { heat_w: total_w, coolant, .. } = *self.asked;
        let rest_w = total_w - trim.lifted_w;
        let device_w = if by_device { rest_w.max(0.0) } else { 0.0 };
        // Below boiling all is carried, but for what a search leaves over.
        let left_w = if by_device || supply_c < BOILING_C { 0.0 } else { rest_w.max(0.0) };
        let over_w = rest_w - device_w - left_w;
        let lifted_w = trim.lifted_w + over_w;
        let is_dry = trim.dry_w > 0.0;
        let is_bought = trim.bought_w > 0.0;
        let trim = LoopState {
            lifted_w,
            bought_w: if is_bought { lifted_w } else { 0.0 },
            heat_rejected_w: if is_bought { 0.0 } else { trim.heat_rejected_w + over_w },
            dry_w: if is_dry { trim.dry_w + over_w } else { 0.0 },
            // What the search left over evaporates nothing.
            air_w: if is_bought || is_dry { 0.0 } else { trim.air_w + over_w },
            ..trim
        };
        Worked {
            supply_c,
            // As what comes back, what the device leaves is no warmer than boiling.
            device_c: (supply_c + lifted_w / coolant.w_k).min(BOILING_C.max(supply_c)),
            device_w,
            device: match by_device {
                true => self.device.map(|device| device.run(&self.asked.at_most(device_w))),
                false => None,
            },
            trim,
            left_w,
            saturated: supply_c > self.set_c() + HELD_K,
        }
    }
}
