//! What the machines of a chain say to its flows.

/// How a component is supplied just now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Supply {
    /// From where.
    pub drive: Drive,
    /// The part of its output that comes from its feeder; the rest comes from its battery.
    pub share: f64,
    /// Output over what its battery gives.
    pub battery_efficiency: f64,
    /// What recharging would draw at its input, W.
    pub charge_w: f64,
    /// The most that it may put out, W, where that changes.
    pub limit_w: Option<f64>,
    /// It is passed by, and loses this share of its output in place of its own loss.
    pub passes: Option<f64>,
}

/// From where a component takes what it puts out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// From its first live feeder.
    Follow,
    /// From this one of its feeders, if it is live.
    From(u32),
    /// From itself: a battery, a generator.
    Own,
    /// From nowhere.
    Dead,
}

impl Supply {
    /// As a component without states is supplied.
    pub const PLAIN: Self = Self {
        drive: Drive::Follow,
        share: 1.0,
        battery_efficiency: 1.0,
        charge_w: 0.0,
        limit_w: None,
        passes: None,
    };
}

/// A battery, and what it has done since the start of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatteryTally {
    /// What it holds, J.
    pub energy_j: f64,
    /// What it held at the start, J.
    pub full_j: f64,
    /// What it has given, J.
    pub given_j: f64,
    /// What it has taken, J.
    pub taken_j: f64,
    /// What it has given beyond what it held, by giving it slower than its energy is rated at, J; below
    /// zero where it gave faster. With it stands what a charge that ends to the nanosecond leaves to be full.
    pub beyond_j: f64,
    /// How long it gave all or a part of the output, s.
    pub gave_s: f64,
    /// What it held, integrated over time, J s: of battery systems.
    pub held_js: f64,
}
