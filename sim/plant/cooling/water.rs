//! What an open tower takes from the water main, and where it goes.

use std::cell::Cell;
use std::ops::AddAssign;

use super::staging::{Operation, Staged};
use crate::fluids::{
    CP_VAPOUR, HEAT_OF_VAPORISATION, MoistAir, SaturatedAir, saturated_air_temperature_from,
    saturation_humidity_ratio,
};

/// Heat that vapour and air may leave over as found, as a share of it.
const NEAR: f64 = 3e-10;

/// Flows of water in kg/s; `makeup = evaporation + drift + blowdown` by construction.
///
/// Make-up is withdrawn, evaporation and drift are consumed, blowdown is discharged.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WaterFlows {
    /// Carried off as vapour.
    pub evaporation_kg_s: f64,
    /// Carried off as droplets.
    pub drift_kg_s: f64,
    /// Drained so that what the water carries does not concentrate.
    pub blowdown_kg_s: f64,
    /// Taken from the main.
    pub makeup_kg_s: f64,
}

impl WaterFlows {
    /// Closes the balance for a tower that lets its water concentrate to `cycles` times the
    /// make-up: drift leaves at the same concentration, so it spares blowdown.
    pub(super) fn balanced(evaporation_kg_s: f64, drift_kg_s: f64, cycles: f64) -> Self {
        let blowdown_kg_s = (evaporation_kg_s / (cycles - 1.0) - drift_kg_s).max(0.0);
        let makeup_kg_s = evaporation_kg_s + drift_kg_s + blowdown_kg_s;
        Self { evaporation_kg_s, drift_kg_s, blowdown_kg_s, makeup_kg_s }
    }

    /// The water of two devices on one basin, whose make-up is again what goes, to the last digit.
    pub(super) fn beside(self, other: Self) -> Self {
        let evaporation_kg_s = self.evaporation_kg_s + other.evaporation_kg_s;
        let drift_kg_s = self.drift_kg_s + other.drift_kg_s;
        let blowdown_kg_s = self.blowdown_kg_s + other.blowdown_kg_s;
        let makeup_kg_s = evaporation_kg_s + drift_kg_s + blowdown_kg_s;
        Self { evaporation_kg_s, drift_kg_s, blowdown_kg_s, makeup_kg_s }
    }
}

impl AddAssign for WaterFlows {
    fn add_assign(&mut self, other: Self) {
        self.evaporation_kg_s += other.evaporation_kg_s;
        self.drift_kg_s += other.drift_kg_s;
        self.blowdown_kg_s += other.blowdown_kg_s;
        self.makeup_kg_s += other.makeup_kg_s;
    }
}

/// What heat becomes that leaves a wet surface: vapour, and warmer air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Vapour {
    /// Water that evaporates, kg/s.
    pub(super) kg_s: f64,
    /// Heat beside what evaporates that water at 0 degC, W: it warms air and vapour. Below zero
    /// where they leave colder than the air came.
    pub(super) air_w: f64,
}

impl Vapour {
    /// Nothing evaporates for the heat of a device.
    pub(super) const NONE: Self = Self { kg_s: 0.0, air_w: 0.0 };

    /// `heat_w` of which a law says that it evaporates `kg_s`.
    pub(super) fn given(heat_w: f64, kg_s: f64) -> Self {
        Self { kg_s, air_w: heat_w - HEAT_OF_VAPORISATION * kg_s }
    }

    /// What `dry_air_kg_s` of `air` takes up that leaves saturated with `heat_w`.
    ///
    /// `h_out = h_in + Q / m`, `E = m (Ws(T_out) - W_in)` with the mass of dry air. Never
    /// negative: air already fogged gives nothing back. `guess_c` of the leaving air only decides
    /// the cost.
    pub(super) fn of(heat_w: f64, dry_air_kg_s: f64, air: &MoistAir, guess_c: f64) -> Self {
        if dry_air_kg_s <= 0.0 {
            return Self::given(heat_w, 0.0);
        }
        let leaving_j_kg = air.enthalpy_j_kg() + heat_w / dry_air_kg_s;
        let leaving_c = saturated_air_temperature_from(leaving_j_kg, air.pressure_pa, guess_c);
        let leaving = |leaving_c: f64| {
            let gained = saturation_humidity_ratio(leaving_c, air.pressure_pa) - air.humidity_ratio;
            let warmed_j_kg = air.specific_heat_j_kgk() * (leaving_c - air.dry_bulb_c);
            let air_j_kg = warmed_j_kg + gained * CP_VAPOUR * leaving_c;
            Self { kg_s: dry_air_kg_s * gained, air_w: dry_air_kg_s * air_j_kg }
        };
        let found = leaving(leaving_c);
        let left_w = heat_w - HEAT_OF_VAPORISATION * found.kg_s - found.air_w;
        let found = if left_w.abs() > NEAR * heat_w.abs() {
            // Much air with little heat: that is the small difference of two large enthalpies.
            let slope = SaturatedAir::at(leaving_c, air.pressure_pa).enthalpy_slope;
            leaving(leaving_c + left_w / (dry_air_kg_s * slope))
        } else {
            found
        };
        if found.kg_s <= 0.0 { Self::given(heat_w, 0.0) } else { found }
    }

    /// The mean over the two ways in which a device runs, where each is `of` one.
    pub(super) fn mean(staged: &Staged, of: impl Fn(Operation, f64) -> Self) -> Self {
        let air_w = Cell::new(0.0);
        let kg_s = staged.mean(|operation, multiple| {
            let one = of(operation, multiple);
            let share = if operation == Operation::Free { 1.0 - staged.duty } else { staged.duty };
            air_w.set(air_w.get() + share * one.air_w);
            one.kg_s
        });
        Self { kg_s, air_w: air_w.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_balance_closes_and_cycles_decide_the_make_up() {
        let water = WaterFlows::balanced(3.0, 0.01, 4.0);
        assert!((water.makeup_kg_s - 4.0).abs() < 1e-12, "E CoC / (CoC - 1)");
        assert!((water.blowdown_kg_s - 0.99).abs() < 1e-12);
        // More drift than blowdown is needed: nothing to drain.
        let windy = WaterFlows::balanced(3.0, 2.0, 4.0);
        assert_eq!((windy.blowdown_kg_s, windy.makeup_kg_s), (0.0, 5.0));
    }

    /// First law over the air of a tower, by its enthalpy and by what makes it up.
    #[test]
    fn vapour_and_air_carry_the_heat() {
        for (dry_bulb_c, humidity, heat_w) in [
            (35.0, 0.2, 1e5),
            (-10.0, 0.9, 3e4),
            (20.0, 1.0, 5e5),
            (45.0, 0.05, 1.0),
            (1.0, 0.8, 1.0),
        ] {
            let air = MoistAir::from_relative_humidity(dry_bulb_c, humidity, 95_000.0);
            let Vapour { kg_s, air_w } = Vapour::of(heat_w, 4.0, &air, 15.0);
            let carried_w = 2.501e6 * kg_s + air_w;
            // What rounding leaves of the enthalpies whose difference it is.
            let rounding_w = 1e-14 * 4.0 * 1e5;
            let left_w = (carried_w - heat_w).abs();
            assert!(left_w < 1e-9 * heat_w + rounding_w, "{carried_w} {heat_w}");
        }
        let fogged = MoistAir { dry_bulb_c: 10.0, humidity_ratio: 0.02, pressure_pa: 101_325.0 };
        assert_eq!(Vapour::of(10.0, 4.0, &fogged, 10.0), Vapour { kg_s: 0.0, air_w: 10.0 });
    }

    #[test]
    fn dry_heat_becomes_vapour_at_its_latent_heat() {
        // A state where the air leaves at its own dry bulb has no sensible share at all:
        // evaporation times the enthalpy of vapour is then the whole heat.
        let air = MoistAir::from_relative_humidity(30.0, 0.4, 101_325.0);
        let saturated = crate::fluids::saturated_enthalpy_j_kg(30.0, 101_325.0);
        let heat_w = 10.0 * (saturated - air.enthalpy_j_kg());
        let vapour = Vapour::of(heat_w, 10.0, &air, 20.0);
        assert!((vapour.kg_s * (2.501e6 + 1860.0 * 30.0) / heat_w - 1.0).abs() < 1e-9);
    }
}
