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

/// The thermal protection of one rack, or of racks that share an inlet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThermalGuard {
    limits: ThermalLimits,
    tripped: bool,
}

impl ThermalGuard {
    /// A guard that has not tripped.
    ///
    /// # Panics
    ///
    /// If the limits are not in the order restart, throttle, trip (restart may lie between
    /// throttle and trip, but not at the trip), or the floor is not a fraction.
    pub fn new(limits: ThermalLimits) -> Self {
        assert!(
            limits.throttle_c < limits.trip_c
                && limits.restart_c < limits.trip_c
                && (0.0..=1.0).contains(&limits.floor),
            "thermal limits out of order: {limits:?}"
        );
        Self { limits, tripped: false }
    }

    /// Takes note of the temperature; a loop that does not flow trips at once. Returns the
    /// speed factor, zero while tripped.
    pub fn update(&mut self, temperature_c: f64, flowing: bool) -> f64 {
        if !flowing || temperature_c >= self.limits.trip_c {
            self.tripped = true;
        } else if temperature_c <= self.limits.restart_c {
            self.tripped = false;
        }
        if self.tripped { 0.0 } else { self.limits.speed(temperature_c) }
    }

    /// Whether heat has switched the rack off.
    pub fn tripped(&self) -> bool {
        self.tripped
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

    #[test]
    fn a_trip_holds_until_it_is_cool() {
        let mut guard = ThermalGuard::new(CHIP);
        assert_eq!(guard.update(80.0, true), 1.0);
        assert_eq!(guard.update(95.0, true), 0.0);
        assert_eq!(guard.update(80.0, true), 0.0, "between restart and trip it stays off");
        assert!(guard.tripped());
        assert_eq!(guard.update(70.0, true), 1.0);
        assert_eq!(guard.update(20.0, false), 0.0, "no flow");
        assert_eq!(guard.update(20.0, true), 1.0);
    }

    #[test]
    #[should_panic(expected = "out of order")]
    fn limits_out_of_order_are_a_bug() {
        ThermalGuard::new(ThermalLimits { restart_c: 99.0, ..CHIP });
    }
}
