//! Dry coolers ahead of towers as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::plant::cooling::devices::DeviceDesign;
use crate::plant::cooling::dry_cooler::{CATALOGUE, DryCoolerDesign};
use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::hybrid::HybridDesign;
use crate::plant::cooling::hydronic::HydronicDesign;
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::{Check, Coolant};
use crate::plant::cooling::spec::fans::doubt_power;
use crate::plant::cooling::spec::pumps::LOOP_PUMPS;
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::plant::cooling::spec::tower::TowerDuty;
use crate::spec::Fault;
use crate::units::{Power, Temperature, TemperatureDelta};

cooling_spec! {
    /// A pumped water loop with a dry cooler and, behind it, an open cooling tower. The dry cooler
    /// works alone while it holds the supply; else it takes what it can and the tower the rest.
    ///
    /// The tower is sized for all of the heat by its design point, as in a loop of its own; each
    /// of its cells has its part of the dry cooler and fails with it.
    pub struct HybridCoolerSpec has [
        circuit, minimum_supply, tower, fans, basin_heater, water
    ] {
        /// The dry cooler.
        #[serde(default)]
        pub dry: DryPartSpec,
    }
}

/// The dry cooler ahead of a tower, in units of the catalogue's BAC Trillium TDFS1238N.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DryPartSpec {
    /// Dry bulb at which it alone, fans at full speed, holds `supply` at design heat (default
    /// 5 degC: an assumption).
    pub switchover: Option<Temperature>,
    /// How much warmer than the air the returning water must be for it to run ahead of the tower
    /// (default 3 K: an assumption).
    pub difference: Option<TemperatureDelta>,
    /// Power of its fans at full speed (default: the catalogue's for its size).
    pub fan_power: Option<Power>,
}

impl HybridCoolerSpec {
    pub(in crate::plant::cooling::spec) fn resolve(&self, check: &mut Check<'_>) -> LoopDesign {
        let heat_w = check.heat(self.design_heat);
        let circuit =
            self.circuit(Coolant::Water).resolve(check, heat_w, 5.5, (&self.pumps, &LOOP_PUMPS));
        let rejected_w = heat_w + circuit.pump_heat_w();
        let tower = self.tower.resolve(
            check,
            &TowerDuty {
                rejected_w,
                water_kg_s: circuit.flow_kg_s,
                fans: &self.fans,
                water: self.water.as_ref(),
            },
        );
        let point = tower.point;
        let setpoint_c = check.bounded("supply", self.supply, point.leaving_c, &bounds::SUPPLY);
        let water_w_k = circuit.flow_kg_s * circuit.specific_heat_j_kgk;
        let sized = self.dry.resolve(check, rejected_w, water_w_k, setpoint_c);
        let dry = DryCoolerDesign {
            ua_w_k: sized.count * CATALOGUE.ua_w_k(),
            air_flow_m3_s: sized.count * CATALOGUE.air_flow_m3_s(),
            water_kg_s: circuit.flow_kg_s,
            fan_w: sized.fan_w,
            fan_at_sea_level: self.dry.fan_power.is_none(),
            fan_law: FanLaw::Cube,
            free_convection: tower.speeds.free,
            recirculation_k: 0.0,
            pads: None,
            units: tower.design.cells,
        };
        let hybrid = HybridDesign { dry, tower: tower.design, worthwhile_k: sized.worthwhile_k };
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::Hybrid(hybrid),
            fan_control: self.fans.control(),
            setpoint_c,
            minimum_supply_c: check.minimum_supply(self.minimum_supply, 7.0),
            minimum_fan_speed: tower.speeds.minimum,
            basin: check.basin_heater(self.basin_heater),
            trim: None,
        };
        let weather = format!("wet bulb of {:.1} degC", point.air.wet_bulb_c());
        check.setpoint(&design, &point.air, self.supply.is_some(), &weather);
        LoopDesign::Hydronic(design)
    }
}

/// The dry cooler as a number of the catalogue's.
struct SizedPart {
    count: f64,
    fan_w: f64,
    worthwhile_k: f64,
}

impl DryPartSpec {
    fn resolve(
        &self,
        check: &mut Check<'_>,
        rejected_w: f64,
        water_w_k: f64,
        setpoint_c: f64,
    ) -> SizedPart {
        check.within("dry", |check| {
            let switchover_c =
                check.bounded("switchover", self.switchover, 5.0, &bounds::SWITCHOVER);
            let count = CATALOGUE
                .count_in(switchover_c, rejected_w, water_w_k, setpoint_c - switchover_c)
                .unwrap_or_else(|| {
                    check.faults.push(
                        Fault::error(
                            "switchover",
                            format!(
                                "no dry cooler of a sensible size cools {} to the `supply` of \
                                 {setpoint_c:.1} degC with air of {switchover_c:.1} degC",
                                Power(rejected_w)
                            ),
                        )
                        .help("5 K or more below `supply` is usual"),
                    );
                    rejected_w / CATALOGUE.heat_w
                });
            let usual_w = count * CATALOGUE.fan_w;
            let most = bounds::machine_power(rejected_w);
            let fan_w = check.bounded("fan_power", self.fan_power, usual_w, &most);
            doubt_power(check, "fan_power", fan_w, rejected_w);
            let worthwhile_k =
                check.bounded("difference", self.difference, 3.0, &bounds::DRY_DIFFERENCE);
            SizedPart { count, fan_w, worthwhile_k }
        })
    }
}
