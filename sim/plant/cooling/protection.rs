//! What heat does to racks: they slow down, then they trip.

/// Temperatures at which a rack protects itself, in degrees Celsius of whatever the limits
/// are stated for: the coolant or air that enters it, or its chips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThermalLimits {
    /// Above this the clocks fall.
    pub throttle_c: f64,
    /// At this the rack switches off.
    pub trip_c: f64,
    /// A tripped rack may start again at or below this.
    pub restart_c: f64,
    /// Speed factor just below the trip, from 0 to 1; the derate is linear up to it.
    pub floor: f64,
}

impl ThermalLimits {
    /// The same limits stated for what enters the rack, where the limited part is `rise_k`
    /// warmer than that: a chip limit seen from the coolant.
    #[must_use]
    pub fn behind(self, rise_k: f64) -> Self {
        Self {
            throttle_c: self.throttle_c - rise_k,
            trip_c: self.trip_c - rise_k,
            restart_c: self.restart_c - rise_k,
            floor: self.floor,
        }
    }

    /// Speed factor of a running rack: 1 up to the throttle temperature, falling linearly to
    /// the floor at the trip.
    pub fn speed(&self, temperature_c: f64) -> f64 {
        if temperature_c <= self.throttle_c {
            return 1.0;
        }
        if temperature_c >= self.trip_c {
            return self.floor;
        }
        let derate = (temperature_c - self.throttle_c) / (self.trip_c - self.throttle_c);
        1.0 - derate * (1.0 - self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHIP: ThermalLimits =
        ThermalLimits { throttle_c: 87.0, trip_c: 95.0, restart_c: 70.0, floor: 0.4 };

    #[test]
    fn clocks_fall_linearly_between_throttle_and_trip() {
        assert_eq!(CHIP.speed(20.0), 1.0);
        assert_eq!(CHIP.speed(87.0), 1.0);
        assert!((CHIP.speed(91.0) - 0.7).abs() < 1e-12);
        assert_eq!(CHIP.speed(95.0), 0.4);
        // Behind 25 K of coolant rise and thermal resistance the same chip derates from 62.
        assert!((CHIP.behind(25.0).speed(66.0) - 0.7).abs() < 1e-12);
    }
}
