//! What the machines of a power chain are built for: spans, shares and watts, as resolved.

use super::state::State;
use crate::kernel::{RepairLaw, Span};
use crate::plant::power::duty::RideThrough;
use crate::plant::power::solar::ArrayDesign;
use crate::plant::power::thermal::ThermalDesign;

/// The machine behind a component; most have none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum MachineDesign {
    /// Passes on what feeds it, and has no states of its own.
    #[default]
    None,
    /// A feed whose voltage sags, or that demands to ride through.
    Feed(FeedDesign),
    /// A UPS with a battery.
    Ups(UpsDesign),
    /// A transfer switch between two sources.
    Transfer(TransferDesign),
    /// A static switch between two sources.
    StaticSwitch(StaticSwitchDesign),
    /// A generator.
    Genset(GensetDesign),
    /// The bus of several generators: its feeders are the sets.
    GeneratorBus(BusDesign),
    /// A battery system on a bus: its feeders.
    Battery(StorageDesign),
    /// An array on a bus: the sun says what it does.
    Array(ArrayDesign),
    /// A transformer whose hot spot is followed.
    Transformer(ThermalDesign),
}

impl MachineDesign {
    /// It starts whenever it is called, and moves whenever it should.
    pub fn never_fail_on_demand(&mut self) {
        match self {
            Self::Genset(set) => {
                (set.fails, set.crank_fires, set.latent_rate_per_s) = (0.0, 1.0, 0.0);
            }
            Self::Transfer(switch) => switch.fails = 0.0,
            Self::StaticSwitch(switch) => switch.fails = 0.0,
            Self::None
            | Self::Feed(_)
            | Self::Ups(_)
            | Self::GeneratorBus(_)
            | Self::Battery(_)
            | Self::Array(_)
            | Self::Transformer(_) => {}
        }
    }

    /// The states in which it does not do what it should, on demand or while it runs, in words.
    pub fn faults(&self) -> &'static [(State, &'static str)] {
        match self {
            Self::Feed(FeedDesign { sags: Some(_), .. }) => &[(State::Sag, "sags")],
            Self::Transfer(_) | Self::StaticSwitch(_) => {
                &[(State::Stuck, "does not transfer"), (State::Refused, "finds its reserve taken")]
            }
            Self::Genset(_) => &[
                (State::FailedToStart, "does not start"),
                (State::Failed, "breaks while it runs"),
                (State::OutOfFuel, "runs out of fuel"),
                (State::FoundFailed, "is found broken by a test"),
            ],
            Self::None
            | Self::Feed(_)
            | Self::Ups(_)
            | Self::GeneratorBus(_)
            | Self::Battery(_)
            | Self::Array(_)
            | Self::Transformer(_) => &[],
        }
    }

    /// Whether it has states beside being up or down.
    pub fn has_states(&self) -> bool {
        !matches!(self, Self::None | Self::Array(_) | Self::Transformer(_))
    }

    /// A transformer carries no more than its rating, as if nobody followed its hot spot.
    pub fn stay_within_rating(&mut self) {
        if let Self::Transformer(_) = self {
            *self = Self::None;
        }
    }

    /// What the cells of a battery system hold when full, J.
    pub fn full_j(&self) -> f64 {
        match self {
            Self::Battery(battery) => battery.energy_j,
            _ => 0.0,
        }
    }

    /// The part of what is given to it that it keeps, and of what it keeps that it gives.
    pub fn one_way(&self) -> f64 {
        match self {
            Self::Battery(battery) => battery.one_way,
            _ => 1.0,
        }
    }
}

/// A battery system that hangs on a bus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StorageDesign {
    /// Most that it takes or gives at its terminals, W.
    pub power_w: f64,
    /// What its cells hold when full, J.
    pub energy_j: f64,
    /// Least and most that they are to hold, J, and what they hold at the start.
    pub least_j: f64,
    /// See `least_j`.
    pub most_j: f64,
    /// See `least_j`.
    pub start_j: f64,
    /// Stored over taken, and given over what the cells give: the root of the round trip.
    pub one_way: f64,
    /// What controls and air conditioning take whenever its bus is live, W.
    pub standby_w: f64,
    /// Whether it holds its bus up when nothing else does.
    pub forms_grid: bool,
    /// How long a supply must be good before it lets the bus go back to it.
    pub reconnect: Span,
}

/// A feed whose voltage matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeedDesign {
    /// Its sags at random.
    pub sags: Option<SagLaw>,
    /// What its operator demands of the site while its voltage is bad.
    pub duty: Option<RideThrough>,
    /// Time constant of the filter by which that measures the voltage; zero for none.
    pub filter: Span,
}

/// Sags of a feed: Poisson, all alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SagLaw {
    /// How many a second.
    pub rate_per_s: f64,
    /// The voltage that remains, pu.
    pub residual: f64,
    /// How long each lasts.
    pub lasts: Span,
}

/// A UPS with a battery.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpsDesign {
    /// Energy of the full battery, J.
    pub battery_j: f64,
    /// The same at the end of its life, J; as much where nothing says how it ages.
    pub end_of_life_j: f64,
    /// What it gives at the rated output, W, at which its energy is rated.
    pub battery_rated_w: f64,
    /// How much sooner it is empty at more power: the time goes with this power of 1/P; 1 where it holds
    /// the same energy at any power.
    pub peukert: f64,
    /// Output over what the battery gives.
    pub battery_efficiency: f64,
    /// What recharging draws at the input, W.
    pub recharge_w: f64,
    /// The same while generators feed it, W.
    pub recharge_on_generator_w: f64,
    /// Energy stored over energy drawn for it.
    pub charge_efficiency: f64,
    /// Voltages that its input takes, pu.
    pub window: (f64, f64),
    /// How long its input must be good before it is taken again.
    pub requalify: Span,
    /// How long it takes over from its battery.
    pub walk_in: Span,
    /// In how many equal steps flows are looked at meanwhile; zero where nobody looks but when something
    /// happens.
    pub walk_in_steps: u32,
    /// When it stays on its battery for good.
    pub strikes: Option<Strikes>,
    /// Whether a bypass carries the load while it is broken, or when its battery is empty.
    pub bypass: bool,
    /// How long it stands more than its rating; none where it never puts out more.
    pub overload: Option<OverloadDesign>,
    /// How it passes a good input on past its inverter; none where it converts twice.
    pub passing: Option<PassingDesign>,
}

/// A UPS that passes its input on while that is good: in eco mode, or line-interactive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassingDesign {
    /// What it loses meanwhile, as a share of its output.
    pub loss: f64,
    /// From a bad input until its inverter carries the load; what is behind it sees the input till
    /// then.
    pub transfer: Span,
    /// How long it converts twice after an event before it passes on again; none where it is
    /// line-interactive, and passes on as soon as its input has requalified.
    pub back: Option<Span>,
}

/// Most levels of an overload.
pub const LEVELS: usize = 4;

/// How long a component stands more than its rating: a dose, of which each level takes its part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverloadDesign {
    /// Its rating, W.
    pub rating_w: f64,
    /// Output over rating, and how long it stands up to that; rising, the last repeated.
    pub levels: [(f64, Span); LEVELS],
    /// The dose is forgotten after so long at its rating or less; a UPS on its bypass, or off,
    /// returns then.
    pub reset: Span,
}

impl OverloadDesign {
    /// How long it stands an output of `w`; none where it stands it for good.
    pub fn stands(&self, w: f64) -> Option<Span> {
        let share = w / self.rating_w;
        if share <= 1.0 + 1e-9 {
            return None;
        }
        let level = self.levels.iter().find(|(level, _)| share <= level * (1.0 + 1e-9));
        Some(level.unwrap_or(&self.levels[LEVELS - 1]).1)
    }

    /// The most that it puts out at all, W.
    pub fn most_w(&self) -> f64 {
        self.rating_w * self.levels[LEVELS - 1].0
    }
}

/// A counter of disturbances that takes a UPS off its input until someone returns it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strikes {
    /// How many are too many.
    pub count: u32,
    /// Within how long.
    pub window: Span,
    /// A disturbance this soon after the last one ended belongs to it.
    pub merge: Span,
    /// How long it stays on its battery before someone returns it.
    pub reset: Option<Span>,
}

/// A transfer switch: an ATS, or a pair of interlocked breakers. Its feeders are the normal and
/// the emergency source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferDesign {
    /// How long the normal source must be bad.
    pub loss_confirm: Span,
    /// How long the emergency source must be good.
    pub emergency_stable: Span,
    /// How long the output is dead between two sources.
    pub transfer: Span,
    /// How long the normal source must be good before the return.
    pub return_delay: Span,
    /// Whether it returns without a gap, and after how long in synchronism.
    pub closed_return: Option<Span>,
    /// Voltages that are good: to stay, and to come back above.
    pub window: (f64, f64),
    /// Least voltage that counts as good after it was bad, pu.
    pub pickup: f64,
    /// Chance that it does not move when it should.
    pub fails: f64,
    /// How long until someone moves it by hand.
    pub by_hand: Span,
}

/// A static switch. Its feeders are the preferred and the alternate source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StaticSwitchDesign {
    /// How long until it sees that a source is bad.
    pub sense: Span,
    /// How long the transfer takes from then on.
    pub transfer: Span,
    /// How long the preferred source must be good before the return, which has no gap.
    pub retransfer: Span,
    /// Voltages that are good, pu.
    pub window: (f64, f64),
    /// Chance that it does not transfer when it should.
    pub fails: f64,
    /// How long until someone moves it by hand.
    pub by_hand: Span,
    /// Whether the alternate source takes one switch only.
    pub first_come: bool,
}

/// A generator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GensetDesign {
    /// Whether it always runs.
    pub prime: bool,
    /// From the beginning of the crank that fires to rated speed.
    pub start: Span,
    /// When the crank fires.
    pub fires: Span,
    /// How long a crank in vain lasts, and the rest after it.
    pub crank: Span,
    /// The rest between two cranks.
    pub rest: Span,
    /// How many cranks it has.
    pub cranks: u8,
    /// Chance that it does not answer a call at all.
    pub fails: f64,
    /// Chance that a crank fires, of a set that answers.
    pub crank_fires: f64,
    /// How long it runs on without load.
    pub cooldown: Span,
    /// Failures in a second of running.
    pub run_rate_per_s: f64,
    /// Latent failures in a second of standing.
    pub latent_rate_per_s: f64,
    /// How often it is tested; never where [`Span::MAX`].
    pub test_every: Span,
    /// How long a repair takes.
    pub repair: RepairLaw,
    /// Its tank, where it can run dry.
    pub fuel: Option<FuelDesign>,
}

/// The tank of a generator and what it burns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FuelDesign {
    /// Full tank, m3.
    pub tank_m3: f64,
    /// Burnt whenever it runs, m3/s.
    pub idle_m3_per_s: f64,
    /// Burnt for energy beside that, m3/J.
    pub slope_m3_per_j: f64,
}

impl FuelDesign {
    /// What it burns at an output of `w` watts, m3/s.
    pub fn burn_m3_per_s(&self, w: f64) -> f64 {
        self.idle_m3_per_s + self.slope_m3_per_j * w
    }
}

/// The bus of several generators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BusDesign {
    /// How long a set synchronises before it closes on the live bus.
    pub sync: Span,
    /// Least time between two blocks.
    pub step: Span,
    /// From the permission of a block to its closing.
    pub close: Span,
    /// How long it stands an overload before it sheds blocks.
    pub shed_after: Span,
    /// Overload that it stands, as a share of the ratings on the bus.
    pub allowance: f64,
    /// The largest block, as a share of the ratings on the bus.
    pub step_load: f64,
}

/// How long a load stands a bad voltage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ride {
    /// The power supplies of a rack: the ITI curve, with its own time without voltage.
    Rack {
        /// How long it holds without voltage.
        hold_up: Span,
    },
    /// Drives and contactors: stop when below 85 % for longer than this.
    Drive {
        /// How long.
        ride: Span,
    },
    /// Notices nothing but the loss of power.
    House,
}

impl Ride {
    /// Without voltage power supplies of servers hold 20 ms (ITI curve, 2000).
    pub const HOLD_UP_S: f64 = 0.020;
    /// A rack that holds as long as that.
    pub const RACK: Self = Self::Rack { hold_up: Span::from_nanos((1e9 * Self::HOLD_UP_S) as u64) };
    /// Drives ride through half a second on their inertia and DC link (assumption).
    pub const DRIVE: Self = Self::Drive { ride: Span::from_nanos(500_000_000) };

    /// How long it stands `voltage`, pu; none where it stands it for good.
    ///
    /// Racks: ITI (CBEMA) curve of 2000, as an envelope of what compliant supplies survive.
    pub fn stands(self, voltage: f64) -> Option<Span> {
        const MS: u64 = 1_000_000;
        match self {
            Self::House => (voltage <= 0.0).then_some(Span::ZERO),
            Self::Drive { ride } => (!(0.85..=1.10).contains(&voltage)).then_some(ride),
            Self::Rack { hold_up } => match voltage {
                v if v < 0.7 => Some(hold_up),
                // Who holds longer without voltage holds as long with some of it.
                v if v < 0.8 => Some(hold_up.max(Span::from_nanos(500 * MS))),
                v if v < 0.9 => Some(Span::from_secs(10)),
                v if v <= 1.1 => None,
                v if v <= 1.2 => Some(Span::from_nanos(500 * MS)),
                v if v <= 1.4 => Some(Span::from_nanos(3 * MS)),
                _ => Some(Span::from_nanos(MS)),
            },
        }
    }
}
