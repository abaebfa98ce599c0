//! Condenser water and its tower as users write them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::{Check, Circuit, Coolant};
use super::chillers::{ChillerDuty, ChillersSpec};
use super::fans::FansSpec;
use super::pumps::{LEAST_SPEED, LOOP_PUMPS, PumpsSpec};
use super::tower::{RATED_SUPPLY_C, TowerDuty, TowerSpec};
use super::water::MakeUpSpec;
use crate::plant::cooling::chiller_plant::ChillerPlantDesign;
use crate::plant::cooling::circuit::CircuitDesign;
use crate::plant::cooling::curves::ChillerCurves;
use crate::plant::cooling::pumps::{self, LeavingControl};
use crate::plant::cooling::setpoint::Setpoint;
use crate::plant::cooling::tower::TowerPoint;
use crate::spec::Fault;
use crate::units::{Fraction, MassFlow, Power, Pressure, Quantity, Temperature, TemperatureDelta};

/// The water between tower and condensers.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CondenserSpec {
    /// Condenser water wanted from the tower (default 21.1 degC, the 70 degF of ASHRAE 90.1
    /// appendix G).
    pub supply: Option<Temperature>,
    /// Lets the condenser water follow the weather, in place of one `supply`.
    pub reset: Option<CondenserResetSpec>,
    /// Least temperature at which water enters the condensers, held by a bypass (default: the
    /// coldest of the curves, 12.78 degC for `carrier-19xr-1407kw`).
    pub minimum: Option<Temperature>,
    /// Least temperature of the tower's water, against frost (default 5 degC).
    pub minimum_basin: Option<Temperature>,
    /// How much the condensers warm the water at design heat (default 5.5 K).
    pub range: Option<TemperatureDelta>,
    /// Flow of condenser water with all pumps running, in place of a `range`.
    pub water_flow: Option<MassFlow>,
    /// Head of the condenser pumps, as efficient as those of chilled water (default 180 kPa).
    pub pump_head: Option<Pressure>,
    /// Power of all condenser pumps, in place of their head and efficiency.
    pub pump_power: Option<Power>,
    /// Lets the speed of the condenser pumps follow the pressure in the condensers (default: it is
    /// constant). Not with an economiser.
    pub pump_control: Option<HeadPressureSpec>,
}

/// Condenser pumps of variable speed that hold the pressure in the condensers up while their water is
/// cold. The water that leaves them stands for that pressure: speed rises with it in a straight line
/// between two temperatures, flow with the speed and power with its cube.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadPressureSpec {
    /// Water leaving the condensers at and below which the pumps run at their least speed.
    pub slowest_at: Temperature,
    /// Water leaving the condensers from which on they run at full speed.
    pub fastest_at: Temperature,
    /// Least speed (default 30 %: an assumption, as of other pumps).
    pub minimum_speed: Option<Fraction>,
}

/// A setpoint of the condenser water that follows the wet bulb outside.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CondenserResetSpec {
    /// Kelvins above the wet bulb: the approach that is asked of the tower.
    pub above_wet_bulb: TemperatureDelta,
    /// Never colder than this (default: `minimum` of the condenser).
    pub coldest: Option<Temperature>,
    /// Never warmer than this (default: `design_supply` of the tower).
    pub warmest: Option<Temperature>,
}

/// Condenser water wanted from the tower, degrees Celsius: 70 degF.
const WANTED_C: f64 = 21.1;
/// A band of speed narrower than this is a switch.
const LEAST_BAND_K: f64 = 0.5;

/// Chillers, and the tower that cools their condensers.
pub(super) struct CondensedBy<'s> {
    pub(super) chillers: &'s ChillersSpec,
    pub(super) condenser: &'s CondenserSpec,
    pub(super) tower: &'s TowerSpec,
    pub(super) fans: &'s FansSpec,
    pub(super) pumps: &'s PumpsSpec,
    pub(super) water: Option<&'s MakeUpSpec>,
}

/// A plant without an economiser, and the design point of its tower.
pub(super) struct Condensed {
    pub(super) design: ChillerPlantDesign,
    pub(super) point: TowerPoint,
}

impl CondensedBy<'_> {
    /// The plant that takes the second of two heats, W, from the water of `circuit`, which leaves it at
    /// `setpoint_c`; the first is that of the racks in it.
    pub(super) fn resolve(
        &self,
        check: &mut Check<'_>,
        (heat_w, evaporator_w): (f64, f64),
        curves: ChillerCurves,
        (circuit, setpoint_c): (CircuitDesign, f64),
    ) -> Condensed {
        // What the tower says of its supply is checked with the tower.
        let condenser_c = self.tower.design_supply.map_or(RATED_SUPPLY_C, Quantity::base);
        let duty = ChillerDuty { heat_w: evaporator_w, supply_c: setpoint_c, condenser_c };
        let chillers = self.chillers.resolve(check, curves, &duty);
        let units = f64::from(chillers.units);
        let condensed_w = evaporator_w
            + chillers.compressor_heat
                * chillers.power_w(units, evaporator_w, setpoint_c, condenser_c);
        let coldest_c = curves.condenser_c.0;
        let condenser = self.condenser.resolve(
            check,
            self.pumps,
            &CondenserDuty { heat_w: condensed_w, coldest_c, warmest_c: condenser_c },
        );
        let tower = self.tower.resolve(
            check,
            &TowerDuty {
                rejected_w: condensed_w + self.pumps.heat() * condenser.pump_w,
                water_kg_s: condenser.water_kg_s,
                fans: self.fans,
                water: self.water,
            },
        );
        let design = ChillerPlantDesign {
            design_heat_w: heat_w,
            circuit,
            setpoint_c,
            chillers,
            condenser_kg_s: condenser.water_kg_s,
            condenser_pump_w: condenser.pump_w,
            condenser_pump_control: condenser.pump_control,
            tower: tower.design,
            fan_control: self.fans.control(),
            condenser_setpoint: condenser.setpoint,
            minimum_condenser_c: condenser.minimum_c,
            minimum_basin_c: condenser.minimum_basin_c,
            minimum_fan_speed: tower.speeds.minimum,
            economiser: None,
        };
        Condensed { design, point: tower.point }
    }
}

/// What the condenser water has to do at design.
struct CondenserDuty {
    heat_w: f64,
    /// Limits of a reset by default, degrees Celsius.
    coldest_c: f64,
    warmest_c: f64,
}

/// The condenser water in plain numbers.
struct Resolved {
    water_kg_s: f64,
    pump_w: f64,
    pump_control: Option<LeavingControl>,
    setpoint: Setpoint,
    minimum_c: f64,
    minimum_basin_c: f64,
}

impl CondenserSpec {
    /// Nothing is written of it.
    pub(super) const DEFAULT: Self = Self {
        supply: None,
        reset: None,
        minimum: None,
        minimum_basin: None,
        range: None,
        water_flow: None,
        pump_head: None,
        pump_power: None,
        pump_control: None,
    };

    fn resolve(&self, check: &mut Check<'_>, pumps: &PumpsSpec, duty: &CondenserDuty) -> Resolved {
        // Refused where the pumps of chilled water are resolved.
        // Those of the loop refuse what is no efficiency.
        let sound = |share: &Fraction| bounds::EFFICIENCY.refusal(*share).is_none();
        let efficiency =
            pumps.efficiency.filter(sound).map_or(LOOP_PUMPS.efficiency, |share| share.0);
        check.within("condenser", |check| {
            let circuit = Circuit {
                range: self.range,
                water_flow: self.water_flow,
                approach: None,
                coolant: Coolant::Water,
            };
            let water_kg_s = circuit.flow_kg_s(check, duty.heat_w, 5.5);
            let head_pa = check.bounded("pump_head", self.pump_head, 180e3, &bounds::PUMP_HEAD);
            let derived_w =
                pumps::power_w(water_kg_s / Coolant::Water.kg_m3(), head_pa, efficiency);
            let most = bounds::machine_power(duty.heat_w);
            let pump_w = check.bounded("pump_power", self.pump_power, derived_w, &most);
            let minimum_c =
                check.bounded("minimum", self.minimum, duty.coldest_c, &bounds::CONDENSER);
            let minimum_basin_c =
                check.bounded("minimum_basin", self.minimum_basin, 5.0, &bounds::CONDENSER);
            let setpoint = self.setpoint(check, (minimum_c, duty.warmest_c));
            let pump_control = self
                .pump_control
                .map(|control| check.within("pump_control", |check| control.resolve(check)));
            Resolved { water_kg_s, pump_w, pump_control, setpoint, minimum_c, minimum_basin_c }
        })
    }

    /// What the tower is to hold, with the limits that a reset has by default.
    fn setpoint(&self, check: &mut Check<'_>, (coldest_c, warmest_c): (f64, f64)) -> Setpoint {
        let wanted_c = check.bounded("supply", self.supply, WANTED_C, &bounds::CONDENSER);
        let constant = Setpoint::Constant(wanted_c);
        let Some(reset) = self.reset else { return constant };
        if self.supply.is_some() {
            let fault = Fault::error("reset", "`supply` gives one temperature");
            let help = "leave out one of the two; `supply: null` takes away that of a catalogue \
                        entry";
            check.faults.push(fault.help(help));
            return constant;
        }
        check.within("reset", |check| {
            let approach = reset.above_wet_bulb;
            let approach_k = check.required("above_wet_bulb", approach, &bounds::ABOVE_WET_BULB);
            let coldest_c = check.bounded("coldest", reset.coldest, coldest_c, &bounds::CONDENSER);
            let warmest_c = check.bounded("warmest", reset.warmest, warmest_c, &bounds::CONDENSER);
            if coldest_c > warmest_c {
                let field = if reset.coldest.is_some() { "coldest" } else { "warmest" };
                let message = format!(
                    "`coldest` of {coldest_c:.1} degC is above `warmest` of {warmest_c:.1} degC"
                );
                check.error(field, message);
                return constant;
            }
            Setpoint::AboveWetBulb { approach_k, coldest_c, warmest_c }
        })
    }
}

impl HeadPressureSpec {
    fn resolve(&self, check: &mut Check<'_>) -> LeavingControl {
        let slowest_c = check.required("slowest_at", self.slowest_at, &bounds::LEAVING);
        let mut fastest_c = check.required("fastest_at", self.fastest_at, &bounds::LEAVING);
        let is_narrow = fastest_c < slowest_c + LEAST_BAND_K;
        // What was refused is not held against the other.
        if is_narrow
            && [self.slowest_at, self.fastest_at].iter().all(|at| bounds::LEAVING.contain(*at))
        {
            let message = format!(
                "full speed at {fastest_c:.1} degC is less than {LEAST_BAND_K} K above the least at \
                 {slowest_c:.1} degC"
            );
            check.error("fastest_at", message);
        }
        fastest_c = fastest_c.max(slowest_c + LEAST_BAND_K);
        let speed = &bounds::PUMP_SPEED;
        let minimum_speed = check.bounded("minimum_speed", self.minimum_speed, LEAST_SPEED, speed);
        LeavingControl { slowest_c, fastest_c, minimum_speed }
    }
}
