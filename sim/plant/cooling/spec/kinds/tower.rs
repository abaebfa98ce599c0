//! Loops with an open tower as users write them.

use crate::plant::cooling::devices::DeviceDesign;
use crate::plant::cooling::hydronic::HydronicDesign;
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::{Check, Coolant};
use crate::plant::cooling::spec::pumps::{LOOP_PUMPS, PumpDefaults};
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::plant::cooling::spec::tower::TowerDuty;
use crate::plant::cooling::spec::trim::Trimmed;

cooling_spec! {
    /// A pumped water loop with an open cooling tower at its end.
    ///
    /// Defaults of the tower are the usual rating point of 35 to 29.5 degC at a wet bulb of
    /// 25.6 degC.
    pub struct TowerLoopSpec has [
        circuit, minimum_supply, tower, fans, basin_heater, trim, water
    ] {}
}

/// Its pumps have less to lift than those of closed loops.
const PUMPS: PumpDefaults = PumpDefaults { head_pa: 180e3, ..LOOP_PUMPS };

impl TowerLoopSpec {
    pub(in crate::plant::cooling::spec) fn resolve(&self, check: &mut Check<'_>) -> LoopDesign {
        let heat_w = check.heat(self.design_heat);
        let circuit =
            self.circuit(Coolant::Water).resolve(check, heat_w, 5.5, (&self.pumps, &PUMPS));
        let tower = self.tower.resolve(
            check,
            &TowerDuty {
                rejected_w: heat_w + circuit.pump_heat_w(),
                water_kg_s: circuit.flow_kg_s,
                fans: &self.fans,
                water: self.water.as_ref(),
            },
        );
        let point = tower.point;
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::Tower(tower.design),
            fan_control: self.fans.control(),
            setpoint_c: check.bounded("supply", self.supply, point.leaving_c, &bounds::SUPPLY),
            minimum_supply_c: check.minimum_supply(self.minimum_supply, 7.0),
            minimum_fan_speed: tower.speeds.minimum,
            basin: check.basin_heater(self.basin_heater),
            trim: None,
        };
        let trim = self.trim.as_ref().map(|spec| {
            let of = Trimmed { design: &design, pumps: &self.pumps, water: self.water.as_ref() };
            spec.resolve(check, &of)
        });
        let design = HydronicDesign { trim, ..design };
        let weather = format!("wet bulb of {:.1} degC", point.air.wet_bulb_c());
        check.setpoint(&design, &point.air, self.supply.is_some(), &weather);
        LoopDesign::Hydronic(design)
    }
}
