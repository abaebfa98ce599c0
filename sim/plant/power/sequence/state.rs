//! The states in which machines can be, as the log names them.

use std::fmt;

use crate::kernel::Time;

/// A machine came to another state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// When.
    pub at: Time,
    /// The power node; beyond the nodes, the load.
    pub(super) owner: u32,
    /// Where to.
    pub state: State,
}

/// What a machine of a power chain, or a load behind it, is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A feed delivers within its window.
    Normal,
    /// The voltage of a feed is low.
    Sag,
    /// A UPS takes all from its input.
    Online,
    /// A UPS in eco mode passes its input on.
    Eco,
    /// A line-interactive UPS passes its input on.
    Line,
    /// A UPS takes all from its battery.
    Battery,
    /// A UPS takes over from its battery step by step.
    WalkIn,
    /// A UPS stays on its battery until someone returns it.
    Latched,
    /// The load of a UPS is on its bypass.
    Bypass,
    /// A UPS has stood its overload for as long as it can.
    Overloaded,
    /// A UPS gives nothing.
    Off,
    /// A battery is charged.
    Recharge,
    /// What feeds it cannot carry its recharging beside idle losses.
    RechargeWaits,
    /// A battery is full.
    Full,
    /// A battery system has given all that it may for its use.
    Empty,
    /// A battery system holds up its bus by itself.
    Islanded,
    /// A transfer switch has found its normal source lost and calls the generators.
    LossConfirmed,
    /// A transfer switch is between its sources.
    Open,
    /// A transfer switch is on its normal or preferred source.
    OnNormal,
    /// A transfer switch is on its emergency or alternate source.
    OnEmergency,
    /// A switch was asked to transfer and did not move.
    Stuck,
    /// The reserve of a static switch is taken by another.
    Refused,
    /// A block of loads, by number, is closed on the generators.
    BlockClosed(u8),
    /// A block of loads, by number, is shed.
    BlockShed(u8),
    /// A generator stands ready.
    Standby,
    /// It cranks, for the time told.
    Crank(u8),
    /// It rests between two cranks.
    Rest,
    /// It has fired and comes up to speed.
    RunUp,
    /// It runs at rated speed and voltage.
    Available,
    /// It has closed on its bus.
    OnBus,
    /// It runs without load before it stops.
    Cooldown,
    /// It has not fired in as many cranks as it has.
    FailedToStart,
    /// It is broken.
    Failed,
    /// It has burnt its tank.
    OutOfFuel,
    /// A test has found that it would not have started.
    FoundFailed,
    /// Racks, drives: served.
    Served,
    /// Served by what a power supply or a drive holds.
    Holding,
    /// Without power for longer than it holds.
    Lost,
}

impl State {
    /// Whether a generator is broken, and repaired before it can run again.
    pub const fn is_breakdown(self) -> bool {
        matches!(self, Self::FailedToStart | Self::Failed | Self::OutOfFuel | Self::FoundFailed)
    }

    /// Whether racks may be dark because of it.
    pub const fn ails(self) -> bool {
        matches!(
            self,
            Self::Sag
                | Self::Latched
                | Self::Off
                | Self::Stuck
                | Self::Refused
                | Self::Open
                | Self::FailedToStart
                | Self::Failed
                | Self::OutOfFuel
                | Self::FoundFailed
                | Self::BlockShed(_)
        )
    }

    /// Its name, without a number.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Sag => "sag",
            Self::Online => "online",
            Self::Eco => "eco",
            Self::Line => "line",
            Self::Battery => "battery",
            Self::WalkIn => "walk-in",
            Self::Latched => "latched",
            Self::Bypass => "bypass",
            Self::Overloaded => "overloaded",
            Self::Off => "off",
            Self::Recharge => "recharge",
            Self::RechargeWaits => "recharge-waits",
            Self::Full => "full",
            Self::Empty => "empty",
            Self::Islanded => "islanded",
            Self::LossConfirmed => "loss-confirmed",
            Self::Open => "open",
            Self::OnNormal => "on-normal",
            Self::OnEmergency => "on-emergency",
            Self::Stuck => "stuck",
            Self::Refused => "refused",
            Self::BlockClosed(_) => "block-closed",
            Self::BlockShed(_) => "block-shed",
            Self::Standby => "standby",
            Self::Crank(_) => "crank",
            Self::Rest => "rest",
            Self::RunUp => "run-up",
            Self::Available => "available",
            Self::OnBus => "on-bus",
            Self::Cooldown => "cooldown",
            Self::FailedToStart => "failed-to-start",
            Self::Failed => "failed",
            Self::OutOfFuel => "out-of-fuel",
            Self::FoundFailed => "found-failed",
            Self::Served => "served",
            Self::Holding => "holding",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crank(n) | Self::BlockClosed(n) | Self::BlockShed(n) => {
                write!(f, "{}-{n}", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}
