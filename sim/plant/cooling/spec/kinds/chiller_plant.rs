//! Chiller plants with a tower as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::fluids::water;
use crate::plant::cooling::chiller_plant::ChillerPlantDesign;
use crate::plant::cooling::curves::{Condenser, CurveSet};
use crate::plant::cooling::exchange::{Sides, WaterExchanger};
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::{Check, Coolant};
use crate::plant::cooling::spec::condenser::{CondensedBy, CondenserSpec};
use crate::plant::cooling::spec::pumps::LOOP_PUMPS;
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::units::{Conductance, TemperatureDelta};

cooling_spec! {
    /// Chilled water from chillers whose condensers are cooled by an open tower, with an
    /// economiser where one is built.
    ///
    /// The tower takes the design heat with the power of pumps and compressors at its own design
    /// point, which is that of the condensers too.
    pub struct ChillerPlantSpec has [circuit, chillers, tower, fans, water] {
        /// The water between tower and condensers.
        #[serde(default)]
        pub condenser: CondenserSpec,
        /// A plate exchanger that cools the returning chilled water with the tower's, ahead of
        /// the chillers (default: none).
        pub economiser: Option<EconomiserSpec>,
    }
}

/// A waterside economiser: a plate exchanger between chilled and condenser water.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EconomiserSpec {
    /// How close the chilled water comes to the tower's at design heat and flows (default 2 K:
    /// an assumption).
    pub approach: Option<TemperatureDelta>,
    /// Conductance at design flows, in place of an `approach`.
    pub ua: Option<Conductance>,
}

impl ChillerPlantSpec {
    pub(in crate::plant::cooling::spec) fn resolve(&self, check: &mut Check<'_>) -> LoopDesign {
        let heat_w = check.heat(self.design_heat);
        let circuit =
            self.circuit(Coolant::Water).resolve(check, heat_w, 5.56, (&self.pumps, &LOOP_PUMPS));
        let curves = self.chillers.curves(check, Condenser::Water, CurveSet::Carrier19xr);
        let setpoint_c = check.chilled_supply(self.supply, &curves);
        let evaporator_w = heat_w + circuit.pump_heat_w();
        let condensed = CondensedBy {
            chillers: &self.chillers,
            condenser: &self.condenser,
            tower: &self.tower,
            fans: &self.fans,
            pumps: &self.pumps,
            water: self.water.as_ref(),
        };
        let heats_w = (heat_w, evaporator_w);
        let plant = condensed.resolve(check, heats_w, curves, (circuit, setpoint_c));
        if self.economiser.is_some() && self.condenser.pump_control.is_some() {
            let message = "pumps that follow the condensers are not modelled beside an economiser, whose \
                           exchanger needs their flow";
            check.error("condenser.pump_control", message.to_owned());
        }
        let economiser = self.economiser.as_ref().and_then(|spec| {
            let rates = Sides {
                hot: circuit.flow_kg_s * circuit.specific_heat_j_kgk,
                cold: plant.design.condenser_kg_s * water::CP_WATER,
            };
            spec.resolve(check, evaporator_w, rates)
        });
        let design = LoopDesign::ChillerPlant(ChillerPlantDesign { economiser, ..plant.design });
        let weather = format!("wet bulb of {:.1} degC", plant.point.air.wet_bulb_c());
        check.chilled(&design, (heat_w, setpoint_c), &plant.point.air, &weather);
        design
    }
}

impl EconomiserSpec {
    /// The exchanger that cools `heat_w` with these capacity rates, W/K.
    fn resolve(
        &self,
        check: &mut Check<'_>,
        heat_w: f64,
        rates_w_k: Sides,
    ) -> Option<WaterExchanger> {
        check.within("economiser", |check| {
            if self.ua.is_some() {
                if self.approach.is_some() {
                    let message = "`ua` and `approach` both size the exchanger".to_owned();
                    check.error("ua", message);
                }
                let ua_w_k = check.bounded("ua", self.ua, heat_w, &bounds::ua(heat_w));
                return Some(WaterExchanger { ua_w_k, design_w_k: rates_w_k });
            }
            let approach_k = check.bounded("approach", self.approach, 2.0, &bounds::APPROACH);
            let sized = WaterExchanger::sized(heat_w, rates_w_k, approach_k);
            if sized.is_none() {
                let message = format!(
                    "no exchanger brings the chilled water to {approach_k:.1} K above the tower's"
                );
                check.error("approach", message);
            }
            sized
        })
    }
}
