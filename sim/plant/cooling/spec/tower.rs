//! Open towers as users write them, whatever loop they stand in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::bounds;
use super::check::{Check, design_air};
use super::fans::{FanSpeeds, FansSpec, UsualPower, at_rest};
use super::water::{MakeUpSpec, cycles};
use crate::fluids::water::{CP_WATER, DENSITY_WATER};
use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::tower::{TowerDesign, TowerPoint};
use crate::spec::Fault;
use crate::units::{Conductance, Fraction, Power, Temperature, VolumeFlow};

/// An open cooling tower, sized by a design point (`design_supply` at `design_wet_bulb`) or by
/// its `ua`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TowerSpec {
    /// Wet bulb of the design point (default 25.6 degC).
    pub design_wet_bulb: Option<Temperature>,
    /// Temperature to which the tower alone cools its water at design heat and
    /// `design_wet_bulb`, at sea level (default 29.5 degC).
    pub design_supply: Option<Temperature>,
    /// Conductance of the whole tower at design flows, in place of a `design_supply`.
    pub ua: Option<Conductance>,
    /// Conductance with the fans at rest (default: as much as `fans.free_convection`).
    pub free_convection_ua: Option<Fraction>,
    /// Whether the conductance rises as the wet bulb falls, after Scheier (default true).
    pub wet_bulb_correction: Option<bool>,
    /// Whether the conductance falls with the flows of air and water, after Scheier (default
    /// true; EnergyPlus' single-speed towers have none).
    pub flow_corrections: Option<bool>,
    /// Share of the water flow that evaporates for each kelvin that the tower cools it, in
    /// place of a balance of the air (0.15 to 0.27 % is usual; EnergyPlus' loss factor is
    /// 0.2 %).
    pub evaporation_loss: Option<Fraction>,
    /// Droplets lost at full air flow: a share of the circulating water, or a flow (default
    /// 0.002 %).
    pub drift: Option<DriftSpec>,
}

/// Droplets that are carried off at full air flow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DriftSpec {
    /// A share of the circulating water.
    Share(Fraction),
    /// A flow.
    Flow(VolumeFlow),
}

impl<'de> Deserialize<'de> for DriftSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = DriftSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a share or a volume flow such as `0.002 %`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DriftSpec, E> {
                let is_flow = VolumeFlow::UNITS.iter().any(|unit| text.ends_with(unit.name));
                if is_flow {
                    VolumeFlow::parse(text).map(DriftSpec::Flow).map_err(E::custom)
                } else {
                    Fraction::parse(text).map(DriftSpec::Share).map_err(E::custom)
                }
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for DriftSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Drift".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let share = generator.subschema_for::<Fraction>();
        let flow = generator.subschema_for::<VolumeFlow>();
        schemars::json_schema!({
            "description": "a share of the circulating water, or a flow",
            "anyOf": [share, flow],
        })
    }
}

/// What a tower has to do at design.
#[derive(Debug, Clone, Copy)]
pub(super) struct TowerDuty<'s> {
    /// Heat of racks, pumps and compressors, W.
    pub(super) rejected_w: f64,
    pub(super) water_kg_s: f64,
    /// The fans of the tower, and the water that it evaporates.
    pub(super) fans: &'s FansSpec,
    pub(super) water: Option<&'s MakeUpSpec>,
}

/// A tower, the design point that stands behind it, and how its fans may run.
#[derive(Debug, Clone, Copy)]
pub(super) struct SizedTower {
    pub(super) design: TowerDesign,
    pub(super) point: TowerPoint,
    pub(super) speeds: FanSpeeds,
}

/// The usual rating point, degrees Celsius.
pub(super) const RATED_WET_BULB_C: f64 = 25.6;
pub(super) const RATED_SUPPLY_C: f64 = 29.5;
/// Air of a tower, m3/s per watt rejected, and power of its fans, W per watt rejected.
const AIR_M3_S_W: f64 = 25e-6;
const FAN_W_W: f64 = 10.5e-3;
/// Droplets of modern eliminators, a share of the circulating water.
const DRIFT: f64 = 2e-5;
/// Old towers lose no more than this; what is above is doubted.
const DOUBTED_DRIFT: f64 = 0.005;
/// Where a spec holds its tower.
const FIELD: &str = "tower";

impl TowerSpec {
    /// The tower that meets `duty`.
    pub(super) fn resolve(&self, check: &mut Check<'_>, duty: &TowerDuty<'_>) -> SizedTower {
        let TowerDuty { rejected_w, water_kg_s, fans, water } = *duty;
        let speeds = fans.speeds(check);
        let air_flow_m3_s = fans.air_m3_s(check, AIR_M3_S_W * rejected_w);
        let usual = UsualPower::Watts(FAN_W_W * rejected_w);
        let power = fans.power(check, air_flow_m3_s, usual, rejected_w);
        let law = fans.law(check, FanLaw::Tower);
        let cells = fans.count(check, 1);
        let cycles = cycles(check, water);
        check.within(FIELD, |check| {
            let wet_bulb_c = wet_bulb_c(check, self.design_wet_bulb);
            let point = TowerPoint {
                heat_w: rejected_w,
                leaving_c: wet_supply_c(check, self.design_supply),
                range_k: rejected_w / (water_kg_s * CP_WATER),
                air: design_air(wet_bulb_c),
                air_flow_m3_s,
            };
            let free_ua = match self.free_convection_ua {
                Some(Fraction(ua)) => at_rest(check, "free_convection_ua", ua, speeds.minimum),
                None => speeds.free,
            };
            let corrected = self.wet_bulb_correction.unwrap_or(true);
            let design = TowerDesign {
                ua_w_k: evaporative_ua(check, "tower", (self.ua, self.design_supply), &point),
                air_flow_m3_s,
                water_kg_s,
                fan_w: power.full_w,
                fan_at_sea_level: power.at_sea_level,
                fan_law: law,
                free_convection: speeds.free,
                free_ua,
                flow_corrections: self.flow_corrections.unwrap_or(true),
                correction_wet_bulb_c: corrected.then_some(wet_bulb_c),
                evaporation_per_k: evaporation_loss(check, self.evaporation_loss),
                drift: drift(check, self.drift, water_kg_s),
                cycles,
                cells,
            };
            SizedTower { design, point, speeds }
        })
    }
}

/// Wet bulb of a design point.
pub(super) fn wet_bulb_c(check: &mut Check<'_>, written: Option<Temperature>) -> f64 {
    check.bounded("design_wet_bulb", written, RATED_WET_BULB_C, &bounds::WET_BULB)
}

/// Supply that a wetted device reaches at its design point.
pub(super) fn wet_supply_c(check: &mut Check<'_>, written: Option<Temperature>) -> f64 {
    check.bounded("design_supply", written, RATED_SUPPLY_C, &bounds::SUPPLY)
}

/// UA of a tower or of a sprayed coil, `what` it is: as given, or as `point` needs.
pub(super) fn evaporative_ua(
    check: &mut Check<'_>,
    what: &str,
    (ua, design_supply): (Option<Conductance>, Option<Temperature>),
    point: &TowerPoint,
) -> f64 {
    // About what the usual rating point needs; stands in where an error is reported.
    let usual = 0.06 * point.heat_w;
    if ua.is_some() {
        if design_supply.is_some() {
            check.error("ua", format!("`ua` and `design_supply` both size the {what}"));
        }
        return check.bounded("ua", ua, usual, &bounds::ua(point.heat_w));
    }
    point.ua_w_k().unwrap_or_else(|| {
        check.faults.push(
            Fault::error(
                "design_supply",
                format!(
                    "no {what} with {} of air cools {} to {:.1} degC at a wet bulb of {:.1} degC",
                    VolumeFlow(point.air_flow_m3_s),
                    Power(point.heat_w),
                    point.leaving_c,
                    point.air.wet_bulb_c()
                ),
            )
            .help("raise `fans.air_flow` or `design_supply`"),
        );
        usual
    })
}

/// Share of the water that evaporates for each kelvin of its range, where it is given.
pub(super) fn evaporation_loss(check: &mut Check<'_>, written: Option<Fraction>) -> Option<f64> {
    written?;
    Some(check.bounded("evaporation_loss", written, 0.0, &bounds::EVAPORATION_LOSS))
}

/// Droplets, a share of `water_kg_s`.
pub(super) fn drift(check: &mut Check<'_>, written: Option<DriftSpec>, water_kg_s: f64) -> f64 {
    let drift = match written {
        None => return DRIFT,
        Some(DriftSpec::Share(share)) => check.bounded("drift", Some(share), DRIFT, &bounds::DRIFT),
        Some(DriftSpec::Flow(flow)) => {
            let usual_m3_s = DRIFT * water_kg_s / DENSITY_WATER;
            let flow = check.bounded("drift", Some(flow), usual_m3_s, &bounds::DRIFT_FLOW);
            flow * DENSITY_WATER / water_kg_s
        }
    };
    if drift > DOUBTED_DRIFT {
        let message = format!(
            "drift of {:.2} % of the circulating water is above the 0.5 % of the worst old towers",
            100.0 * drift
        );
        check.warning("drift", message);
    }
    drift
}
