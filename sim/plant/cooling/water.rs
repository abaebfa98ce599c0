//! What an open tower takes from the water main, and where it goes.

use std::ops::AddAssign;

use crate::fluids::{MoistAir, saturated_air_temperature_from, saturation_humidity_ratio};

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
}

impl AddAssign for WaterFlows {
    fn add_assign(&mut self, other: Self) {
        self.evaporation_kg_s += other.evaporation_kg_s;
        self.drift_kg_s += other.drift_kg_s;
        self.blowdown_kg_s += other.blowdown_kg_s;
        self.makeup_kg_s += other.makeup_kg_s;
    }
}

/// Water that `dry_air_kg_s` of `air` takes up while it takes up `heat_w` and leaves
/// saturated, in kg/s.
///
/// `h_out = h_in + Q / m`, `E = m (Ws(T_out) - W_in)` with the mass of dry air. Never
/// negative: air already fogged gives nothing back. `guess_c` of the leaving air only decides
/// the cost.
pub(super) fn evaporation_kg_s(
    heat_w: f64,
    dry_air_kg_s: f64,
    air: &MoistAir,
    guess_c: f64,
) -> f64 {
    if dry_air_kg_s <= 0.0 {
        return 0.0;
    }
    let leaving_j_kg = air.enthalpy_j_kg() + heat_w / dry_air_kg_s;
    let leaving_c = saturated_air_temperature_from(leaving_j_kg, air.pressure_pa, guess_c);
    let leaving = saturation_humidity_ratio(leaving_c, air.pressure_pa);
    dry_air_kg_s * (leaving - air.humidity_ratio).max(0.0)
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

    #[test]
    fn dry_heat_becomes_vapour_at_its_latent_heat() {
        // A state where the air leaves at its own dry bulb has no sensible share at all:
        // evaporation times the enthalpy of vapour is then the whole heat.
        let air = MoistAir::from_relative_humidity(30.0, 0.4, 101_325.0);
        let saturated = crate::fluids::saturated_enthalpy_j_kg(30.0, 101_325.0);
        let heat_w = 10.0 * (saturated - air.enthalpy_j_kg());
        let evaporation = evaporation_kg_s(heat_w, 10.0, &air, 20.0);
        assert!((evaporation * (2.501e6 + 1860.0 * 30.0) / heat_w - 1.0).abs() < 1e-9);
    }
}
