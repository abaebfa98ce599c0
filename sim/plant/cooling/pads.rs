//! Adiabatic pads: wet cardboard in the air's way on hot days.

use std::cell::Cell;

use super::water::WaterFlows;
use crate::fluids::MoistAir;

/// Pads ahead of a dry cooler or of the intake of a hall.
///
/// Air passes along its wet-bulb line: `T_out = T - eps (T - T_wb)`. The water it takes up
/// and the blowdown that keeps the rest from concentrating are made up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PadDesign {
    /// Share of the wet-bulb depression by which the air is cooled.
    pub effectiveness: f64,
    /// The pads are wetted from this dry bulb on, degrees Celsius.
    pub enable_above_c: f64,
    /// Concentration of the circulating water over that of the make-up, above 1.
    pub cycles: f64,
}

thread_local! {
    /// The air that was found last behind pads of an effectiveness: the weather changes less often than
    /// what is asked of a device behind them.
    static LAST: Cell<Option<((MoistAir, f64), MoistAir)>> = const { Cell::new(None) };
}

impl PadDesign {
    /// The air behind the pads, or `None` while they are dry.
    pub(super) fn behind(&self, air: &MoistAir) -> Option<MoistAir> {
        if air.dry_bulb_c < self.enable_above_c {
            return None;
        }
        let of = (*air, self.effectiveness);
        if let Some((_, behind)) = LAST.get().filter(|(last, _)| *last == of) {
            return Some(behind);
        }
        let behind = self.found_behind(air);
        LAST.set(Some((of, behind)));
        Some(behind)
    }

    fn found_behind(&self, air: &MoistAir) -> MoistAir {
        let wet_bulb_c = air.wet_bulb_c();
        let cooled_c = air.dry_bulb_c - self.effectiveness * (air.dry_bulb_c - wet_bulb_c);
        MoistAir::from_wet_bulb(cooled_c, wet_bulb_c, air.pressure_pa)
    }

    /// Water for `dry_air_kg_s` that goes from `before` to `after`.
    pub(super) fn water(
        &self,
        before: &MoistAir,
        after: &MoistAir,
        dry_air_kg_s: f64,
    ) -> WaterFlows {
        let gained = (after.humidity_ratio - before.humidity_ratio).max(0.0);
        WaterFlows::balanced(dry_air_kg_s * gained, 0.0, self.cycles)
    }
}

/// Effectiveness of a CelDek pad `depth_m` deep with air at `velocity_m_s` through its face:
/// the fit of EnergyPlus' direct evaporative cooler.
pub(super) fn celdek(depth_m: f64, velocity_m_s: f64) -> f64 {
    let (d, v) = (depth_m, velocity_m_s);
    let (d2, v2) = (d * d, v * v);
    let fit =
        0.792714 + 0.958569 * d - 0.25193 * v - 1.03215 * d2 + 0.0262659 * v2 + 0.914869 * d * v
            - 1.48241 * v * d2
            - 0.018992 * v2 * v * d
            + 1.13137 * d2 * d * v
            + 0.0327622 * v2 * v * d2
            - 0.145384 * d2 * d * v2;
    fit.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn celdek_pads_reach_the_effectiveness_of_the_reference() {
        for (depth, velocity, published) in [
            (0.2, 1.0, 0.85),
            (0.2, 1.5, 0.81),
            (0.2, 2.0, 0.785),
            (0.2, 2.5, 0.76),
            (0.3, 2.0, 0.89),
        ] {
            let ours = celdek(depth, velocity);
            assert!((ours - published).abs() < 0.01, "{depth} m, {velocity} m/s: {ours}");
        }
    }

    #[test]
    fn pads_cool_along_the_wet_bulb_and_only_on_hot_days() {
        let pads = PadDesign { effectiveness: 0.8, enable_above_c: 25.0, cycles: 4.0 };
        let air = MoistAir::from_wet_bulb(40.0, 20.0, 97_700.0);
        let after = pads.behind(&air).unwrap();
        assert!((after.dry_bulb_c - 24.0).abs() < 1e-9);
        assert!((after.wet_bulb_c() - 20.0).abs() < 1e-6);
        // Adiabatic: the air's enthalpy grows by no more than that of the water it takes up.
        let water_j_kg = 4186.0 * 20.0 * (after.humidity_ratio - air.humidity_ratio);
        let gained_j_kg = after.enthalpy_j_kg() - air.enthalpy_j_kg();
        assert!((gained_j_kg - water_j_kg).abs() < 0.02 * water_j_kg, "{gained_j_kg} {water_j_kg}");
        let water = pads.water(&air, &after, 10.0);
        assert!((water.makeup_kg_s / water.evaporation_kg_s - 4.0 / 3.0).abs() < 1e-12);
        assert_eq!(pads.behind(&MoistAir::from_wet_bulb(24.9, 10.0, 97_700.0)), None);
    }
}
