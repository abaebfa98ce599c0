//! What the plant offers a rack.

/// What the plant offers one rack at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RackOffer {
    /// The rack has power and has not been tripped by heat.
    pub live: bool,
    /// The most that the rack may draw, in watts; infinite where nothing limits it.
    pub cap_w: f64,
    /// Thermal speed factor from 0 to 1: 1 at or below the throttle temperature.
    pub speed: f64,
    /// Temperature of the air or water that enters the rack, in degrees Celsius.
    pub inlet_c: f64,
}

impl RackOffer {
    /// Full power, cool inlet: what a rack sees before anything has happened.
    pub const FULL: RackOffer =
        RackOffer { live: true, cap_w: f64::INFINITY, speed: 1.0, inlet_c: 20.0 };
}
