//! Loops with a dry cooler as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::fluids::MoistAir;
use crate::plant::cooling::devices::DeviceDesign;
use crate::plant::cooling::dry_cooler::{CATALOGUE, DryCoolerDesign};
use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::hydronic::HydronicDesign;
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::{Check, Coolant};
use crate::plant::cooling::spec::fans::UsualPower;
use crate::plant::cooling::spec::pumps::LOOP_PUMPS;
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::plant::cooling::spec::trim::Trimmed;
use crate::spec::Fault;
use crate::units::{Conductance, Temperature};

cooling_spec! {
    /// A pumped loop with a dry cooler at its end.
    pub struct DryCoolerSpec has [
        circuit, coolant, minimum_supply, fans, recirculation, pads, trim, water
    ] {
        /// The cooler.
        #[serde(default)]
        pub cooler: CoolerSpec,
    }
}

/// A dry cooler, sized by a design point (`design_supply` at `design_dry_bulb`) in units of the
/// catalogue's BAC Trillium TDFS1238N (2.931 MW from 46.1 to 40.6 degC at 35 degC, fans
/// 117.7 kW), or by its `ua` and `fans.air_flow`.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoolerSpec {
    /// Dry bulb of the design point, at the fins (default 35 degC).
    pub design_dry_bulb: Option<Temperature>,
    /// Supply temperature that it reaches at design heat and `design_dry_bulb`, at sea level
    /// (default 40.55 degC).
    pub design_supply: Option<Temperature>,
    /// Conductance of the whole cooler at design flows, in place of a `design_supply`; needs
    /// `fans.air_flow`.
    pub ua: Option<Conductance>,
}

/// Pads of coolers are wetted from this dry bulb on, degrees Celsius.
const WETTED_FROM_C: f64 = 25.0;

impl DryCoolerSpec {
    pub(in crate::plant::cooling::spec) fn resolve(&self, check: &mut Check<'_>) -> LoopDesign {
        let heat_w = check.heat(self.design_heat);
        let range_k = CATALOGUE.entering_c - CATALOGUE.leaving_c;
        let coolant = self.coolant.unwrap_or(Coolant::Water);
        let circuit =
            self.circuit(coolant).resolve(check, heat_w, range_k, (&self.pumps, &LOOP_PUMPS));
        let rejected_w = heat_w + circuit.pump_heat_w();
        let speeds = self.fans.speeds(check);
        let water_w_k = circuit.flow_kg_s * circuit.specific_heat_j_kgk;
        let (has_ua, has_air) = (self.cooler.ua.is_some(), self.fans.air_flow.is_some());
        if has_ua != has_air {
            let field = if has_ua { "cooler.ua" } else { "fans.air_flow" };
            let message = "`cooler.ua` and `fans.air_flow` size a dry cooler only together";
            check.error(field, message.to_owned());
        }
        let sized = self.cooler.resolve(check, rejected_w, water_w_k);
        let air_flow_m3_s = self.fans.air_m3_s(check, sized.air_m3_s);
        let usual_w = CATALOGUE.fan_w * air_flow_m3_s / CATALOGUE.air_flow_m3_s();
        let power = self.fans.power(check, air_flow_m3_s, UsualPower::Watts(usual_w), heat_w);
        let device = DryCoolerDesign {
            ua_w_k: sized.ua_w_k,
            air_flow_m3_s,
            water_kg_s: circuit.flow_kg_s,
            fan_w: power.full_w,
            fan_at_sea_level: power.at_sea_level,
            fan_law: self.fans.law(check, FanLaw::Cube),
            free_convection: speeds.free,
            recirculation_k: check.recirculation(self.recirculation),
            pads: None,
            units: self.fans.count(check, 1),
        };
        let design = HydronicDesign {
            design_heat_w: heat_w,
            circuit,
            device: DeviceDesign::DryCooler(device),
            fan_control: self.fans.control(),
            setpoint_c: check.bounded("supply", self.supply, sized.supply_c, &bounds::SUPPLY),
            minimum_supply_c: check.minimum_supply(self.minimum_supply, 2.0),
            minimum_fan_speed: speeds.minimum,
            basin: None,
            trim: None,
        };
        if let (Some(_), Some(trim)) = (&self.pads, &self.trim)
            && trim.tower.is_some()
        {
            let fault =
                Fault::error("trim.tower", "a trim with a tower is not modelled beside `pads`");
            check
                .faults
                .push(fault.help("let outdoor air cool its condensers, or leave out the pads"));
        }
        let trim = self.trim.as_ref().map(|spec| {
            let of = Trimmed { design: &design, pumps: &self.pumps, water: self.water.as_ref() };
            spec.resolve(check, &of)
        });
        let design = HydronicDesign { trim, ..design };
        // The catalogue rates dry air at sea level.
        let air =
            MoistAir { dry_bulb_c: sized.dry_bulb_c, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
        let weather = format!("dry bulb of {:.1} degC", sized.dry_bulb_c);
        check.setpoint(&design, &air, self.supply.is_some(), &weather);
        let pads = check.pads(self.pads.as_ref(), WETTED_FROM_C, self.water.as_ref());
        let device = DryCoolerDesign { pads, ..device };
        LoopDesign::Hydronic(HydronicDesign { device: DeviceDesign::DryCooler(device), ..design })
    }
}

/// A cooler with its size.
struct SizedCooler {
    ua_w_k: f64,
    /// Air through it by default, m3/s.
    air_m3_s: f64,
    dry_bulb_c: f64,
    supply_c: f64,
}

impl CoolerSpec {
    /// The cooler that rejects `heat_w` from coolant of `water_w_k`.
    fn resolve(&self, check: &mut Check<'_>, heat_w: f64, water_w_k: f64) -> SizedCooler {
        check.within("cooler", |check| {
            let dry_bulb_c = check.bounded(
                "design_dry_bulb",
                self.design_dry_bulb,
                CATALOGUE.dry_bulb_c,
                &bounds::DRY_BULB,
            );
            let supply_c = check.bounded(
                "design_supply",
                self.design_supply,
                CATALOGUE.leaving_c,
                &bounds::SUPPLY,
            );
            if self.ua.is_some() && self.design_supply.is_some() {
                check.error("ua", "`ua` and `design_supply` both size the cooler".to_owned());
            }
            let count = match self.ua {
                Some(_) => heat_w / CATALOGUE.heat_w,
                None => check.catalogue_count((heat_w, water_w_k), (dry_bulb_c, supply_c)),
            };
            let ua_w_k =
                check.bounded("ua", self.ua, count * CATALOGUE.ua_w_k(), &bounds::ua(heat_w));
            let air_m3_s = count * CATALOGUE.air_flow_m3_s();
            SizedCooler { ua_w_k, air_m3_s, dry_bulb_c, supply_c }
        })
    }
}
