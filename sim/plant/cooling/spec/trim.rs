//! What cools the coolant of a loop on behind its device, as users write it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::Check;
use super::chillers::{ChillerDuty, ChillersSpec};
use super::condenser::{CondensedBy, CondenserSpec};
use super::fans::FansSpec;
use super::pumps::PumpsSpec;
use super::tower::TowerSpec;
use super::water::MakeUpSpec;
use crate::plant::cooling::circuit::CircuitDesign;
use crate::plant::cooling::curves::{ChillerCurves, Condenser, CurveSet};
use crate::plant::cooling::hydronic::HydronicDesign;
use crate::plant::cooling::staging::FanControl;
use crate::plant::cooling::state::CHILLERS_ON_K;
use crate::plant::cooling::trim::{TrimDesign, TrimSource};
use crate::spec::Fault;
use crate::units::{Power, Temperature, TemperatureDelta, VolumeFlow};

/// What cools the coolant of a loop on behind its tower or cooler, in series, when the weather keeps
/// these from reaching `supply`: chillers whose condensers outdoor air cools, or with a `tower` of the
/// trim's own its water; or a bought `main` of chilled water. The tower or cooler does what it can, and
/// the trim the rest.
///
/// The fans of such a tower run and fail with those of the loop, and its make-up is the loop's. Pumps of
/// its condenser water are fed with those of the loop, and each chiller that runs has its part of the
/// flow and of their power.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrimSpec {
    /// Heat that the chillers take from the coolant at the design point of their condensers (default:
    /// all that the loop is built for, with its pumps' heat: `supply` is then held when the tower or
    /// cooler is of no use).
    pub design_heat: Option<Power>,
    /// Chilled water that the chillers make, where an exchanger stands between it and the coolant
    /// (default: they cool the coolant itself, to the `supply` of the loop).
    pub supply: Option<Temperature>,
    /// The chillers; not with a `main`.
    #[serde(default)]
    pub chillers: ChillersSpec,
    /// How much warmer than `supply` the coolant of the loop is when chillers are called; they rest again
    /// where the tower or cooler alone comes within five elevenths of that (default 1.1 K, as beside an
    /// economiser).
    pub dead_band: Option<TemperatureDelta>,
    /// Dry bulb at which chillers with condensers in outdoor air carry `design_heat` (default 35 degC,
    /// the rating of AHRI 550/590).
    pub design_dry_bulb: Option<Temperature>,
    /// How much warmer than the weather the air enters such condensers (default 0 K; 0 to 3 K is usual).
    pub recirculation: Option<TemperatureDelta>,
    /// A tower for the condensers alone (default: none, and outdoor air cools them).
    pub tower: Option<TowerSpec>,
    /// The fans of that tower.
    pub fans: Option<TrimFansSpec>,
    /// The water between that tower and the condensers.
    pub condenser: Option<CondenserSpec>,
    /// A main of chilled water that is bought, in place of chillers.
    pub main: Option<ChilledMainSpec>,
}

/// The fans of a tower that cools the condensers of a trim.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrimFansSpec {
    /// Air through all of them at full speed (default 25 m3/s per megawatt rejected).
    pub air_flow: Option<VolumeFlow>,
    /// Power of all of them at full speed (default 10.5 W per kilowatt rejected, as EnergyPlus).
    pub power: Option<Power>,
    /// `variable-speed` and `cycling` hold the condenser water that is wanted (default
    /// `variable-speed`).
    pub control: Option<FanControl>,
}

/// A main of chilled water that is bought: it takes heat of the loop through an exchanger, and the site
/// spends no power for it.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChilledMainSpec {
    /// The most heat that it takes.
    pub capacity: Power,
}

/// How the cold of a trim is made.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Made {
    /// By chillers with condensers in outdoor air.
    InAir,
    /// By chillers with condenser water of a tower of their own.
    ByTower,
    /// Elsewhere: a main brings it.
    Bought,
}

/// The loop that a trim is part of.
pub(super) struct Trimmed<'s> {
    pub(super) design: &'s HydronicDesign,
    pub(super) pumps: &'s PumpsSpec,
    pub(super) water: Option<&'s MakeUpSpec>,
}

impl TrimSpec {
    /// The trim of a loop.
    pub(super) fn resolve(&self, check: &mut Check<'_>, of: &Trimmed<'_>) -> TrimDesign {
        if of.design.fan_control == FanControl::AlwaysOn {
            let fault =
                Fault::error("fans.control", "fans that always run hold no `supply` for the trim");
            check.faults.push(fault.help("let them be of `variable-speed` or `cycling`"));
        }
        check.within("trim", |check| match &self.main {
            Some(main) => self.bought(check, main),
            None => self.chilled(check, of),
        })
    }

    fn bought(&self, check: &mut Check<'_>, main: &ChilledMainSpec) -> TrimDesign {
        self.refuse(check, Made::Bought);
        let capacity_w = check.within("main", |check| {
            check.bounded("capacity", Some(main.capacity), 1e6, &bounds::HEAT)
        });
        TrimDesign { source: TrimSource::Main { capacity_w }, chilled_c: None, dead_band_k: 0.0 }
    }

    fn chilled(&self, check: &mut Check<'_>, of: &Trimmed<'_>) -> TrimDesign {
        let loop_c = of.design.setpoint_c.max(of.design.minimum_supply_c);
        let whole_w = of.design.design_heat_w + of.design.circuit.pump_heat_w();
        let heat_w = check.bounded("design_heat", self.design_heat, whole_w, &bounds::HEAT);
        let (condenser, usual) = match self.tower {
            Some(_) => (Condenser::Water, CurveSet::Carrier19xr),
            None => (Condenser::Air, CurveSet::Carrier30rb390),
        };
        let curves = self.chillers.curves(check, condenser, usual);
        let makes = self.supply.unwrap_or(Temperature(loop_c));
        if self.supply.is_none() && !bounds::CHILLED_SUPPLY.contain(makes) {
            let message = format!("no chiller makes water of the loop's {loop_c:.1} degC");
            let help = "write which chilled water the chillers make; an exchanger stands between";
            check.faults.push(Fault::error("supply", message).help(help));
        } else if makes.0 > loop_c {
            let message = format!(
                "water of {:.1} degC does not bring the coolant to {loop_c:.1} degC",
                makes.0
            );
            check
                .faults
                .push(Fault::error("supply", message).help("a few kelvins below it are usual"));
        }
        let supply_c = check
            .chilled_supply(Some(makes).filter(|c| bounds::CHILLED_SUPPLY.contain(*c)), &curves);
        let chilled_c = self.supply.map(|_| supply_c);
        let source = match &self.tower {
            Some(tower) => {
                self.refuse(check, Made::ByTower);
                let TrimFansSpec { air_flow, power, control } = self.fans.unwrap_or_default();
                let fans = FansSpec { air_flow, power, control, ..FansSpec::default() };
                let sound = |water: &&MakeUpSpec| {
                    water
                        .cycles_of_concentration
                        .is_none_or(|cycles| bounds::CYCLES.contain(cycles))
                };
                let condensed = CondensedBy {
                    chillers: &self.chillers,
                    condenser: self.condenser.as_ref().unwrap_or(&CondenserSpec::DEFAULT),
                    tower,
                    fans: &fans,
                    pumps: of.pumps,
                    // What is wrong with it is told by the loop.
                    water: of.water.filter(sound),
                };
                let circuit = CircuitDesign { pump_w: 0.0, ..of.design.circuit };
                let plant = condensed.resolve(check, (heat_w, heat_w), curves, (circuit, supply_c));
                TrimSource::Tower(plant.design)
            }
            None => self.in_air(check, heat_w, curves, supply_c),
        };
        let dead_band_k =
            check.bounded("dead_band", self.dead_band, CHILLERS_ON_K, &bounds::DEAD_BAND);
        TrimDesign { source, chilled_c, dead_band_k }
    }

    fn in_air(
        &self,
        check: &mut Check<'_>,
        heat_w: f64,
        curves: ChillerCurves,
        supply_c: f64,
    ) -> TrimSource {
        self.refuse(check, Made::InAir);
        self.chillers.refuse_compressor_heat(check);
        let dry_bulb_c =
            check.bounded("design_dry_bulb", self.design_dry_bulb, 35.0, &bounds::DRY_BULB);
        let recirculation_k = check.recirculation(self.recirculation);
        let condenser_c = dry_bulb_c + recirculation_k;
        let duty = ChillerDuty { heat_w, supply_c, condenser_c };
        TrimSource::Air { chillers: self.chillers.resolve(check, curves, &duty), recirculation_k }
    }

    /// Tells of each field that is written and does not go with how its cold is `made`.
    fn refuse(&self, check: &mut Check<'_>, made: Made) {
        // Whole, so that a new field must be placed here too.
        let Self {
            design_heat,
            supply,
            chillers,
            dead_band,
            design_dry_bulb,
            recirculation,
            tower,
            fans,
            condenser,
            main: _,
        } = self;
        let (any, in_air, by_tower) =
            (&[Made::InAir, Made::ByTower][..], &[Made::InAir][..], &[Made::ByTower][..]);
        let fields = [
            ("design_heat", design_heat.is_some(), any),
            ("supply", supply.is_some(), any),
            ("chillers", chillers.is_written(), any),
            ("dead_band", dead_band.is_some(), any),
            ("design_dry_bulb", design_dry_bulb.is_some(), in_air),
            ("recirculation", recirculation.is_some(), in_air),
            ("tower", tower.is_some(), by_tower),
            ("fans", fans.is_some(), by_tower),
            ("condenser", condenser.is_some(), by_tower),
        ];
        let (message, help) = match made {
            Made::Bought => {
                ("a bought `main` stands in place of chillers", "leave out one of the two")
            }
            Made::InAir => {
                ("condensers in outdoor air have none of their own", "give the trim a `tower`")
            }
            Made::ByTower => {
                ("the condensers are cooled by the water of a `tower`", "leave out one of the two")
            }
        };
        for (field, ..) in
            fields.into_iter().filter(|(_, written, of)| *written && !of.contains(&made))
        {
            check.faults.push(Fault::error(field, message).help(help));
        }
    }
}
