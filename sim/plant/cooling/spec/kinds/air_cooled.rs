//! Air-cooled chillers as users write them.

use crate::fluids::MoistAir;
use crate::plant::cooling::air_cooled::AirCooledChillerDesign;
use crate::plant::cooling::curves::{Condenser, CurveSet};
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::{Check, Coolant};
use crate::plant::cooling::spec::chillers::ChillerDuty;
use crate::plant::cooling::spec::pumps::LOOP_PUMPS;
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::units::Temperature;

cooling_spec! {
    /// Chilled water from chillers whose condensers are cooled by outdoor air.
    ///
    /// The fans of the condensers are part of the chillers' power.
    pub struct AirCooledChillerSpec has [circuit, chillers, recirculation] {
        /// Dry bulb at which the chillers carry the design heat (default 35 degC, the rating of
        /// AHRI 550/590).
        pub design_dry_bulb: Option<Temperature>,
    }
}

impl AirCooledChillerSpec {
    pub(in crate::plant::cooling::spec) fn resolve(&self, check: &mut Check<'_>) -> LoopDesign {
        let heat_w = check.heat(self.design_heat);
        let circuit =
            self.circuit(Coolant::Water).resolve(check, heat_w, 5.56, (&self.pumps, &LOOP_PUMPS));
        self.chillers.refuse_compressor_heat(check);
        let usual = CurveSet::Carrier30rb390;
        let curves = self.chillers.curves(check, Condenser::Air, usual);
        let setpoint_c = check.chilled_supply(self.supply, &curves);
        let dry_bulb_c =
            check.bounded("design_dry_bulb", self.design_dry_bulb, 35.0, &bounds::DRY_BULB);
        let recirculation_k = check.recirculation(self.recirculation);
        let duty = ChillerDuty {
            heat_w: heat_w + circuit.pump_heat_w(),
            supply_c: setpoint_c,
            condenser_c: dry_bulb_c + recirculation_k,
        };
        let design = LoopDesign::AirCooledChiller(AirCooledChillerDesign {
            design_heat_w: heat_w,
            circuit,
            setpoint_c,
            chillers: self.chillers.resolve(check, curves, &duty),
            recirculation_k,
        });
        let air = MoistAir { dry_bulb_c, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
        let weather = format!("dry bulb of {dry_bulb_c:.1} degC");
        check.chilled(&design, (heat_w, setpoint_c), &air, &weather);
        design
    }
}
