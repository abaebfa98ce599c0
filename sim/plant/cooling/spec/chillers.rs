//! Chillers as users write them: the bank, how it is switched, curves of one's own.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bounds;
use super::check::Check;
use super::upkeep::{ControlUpkeepSpec, UpkeepSpec};
use crate::fluids::MoistAir;
use crate::kernel::Span;
use crate::plant::cooling::chiller::{Beyond, ChillerDesign, StagingDesign};
use crate::plant::cooling::curves::{ChillerCurves, Condenser, CurveSet};
use crate::plant::cooling::head::HeadLimit;
use crate::plant::cooling::loops::{CoolingLoop, LoopDesign};
use crate::plant::cooling::state::Drive;
use crate::spec::{Fault, Names};
use crate::units::{Duration, Fraction, Power, Temperature};

/// Alike chillers side by side.
///
/// Without `capacity` they together carry the design heat at the `supply` of the plant and the
/// design point of their condensers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChillersSpec {
    /// What feeds them, in order of preference, where that differs from `fed_by` of the whole.
    pub fed_by: Option<Names>,
    /// Number of chillers, which fail one at a time (default 1).
    pub count: Option<u32>,
    /// Which maker's chiller (default `carrier-19xr-1407kw`, cooled by air `carrier-30rb390`).
    pub curves: Option<CurveSet>,
    /// Curves of one's own, in place of a named set.
    pub own_curves: Option<ChillerCurvesSpec>,
    /// Capacity of one chiller at the reference point of its curves (default: as much as the
    /// design heat needs).
    pub capacity: Option<Power>,
    /// Heat removed over power drawn at the reference point (default: that of the curves).
    pub cop: Option<f64>,
    /// Outside the temperatures of the curves: `carnot` lets power go with the lift, `hold`
    /// keeps the value of their end as EnergyPlus does (default `carnot`).
    pub beyond_curves: Option<Beyond>,
    /// Share of the compressors' power that reaches water-cooled condensers (default 100 %; less
    /// for open motors).
    pub compressor_heat: Option<Fraction>,
    /// When they are switched on and off.
    #[serde(default)]
    pub staging: StagingSpec,
    /// Those that stand by, and how they fail, are serviced and start (default start 10 min, of 10
    /// to 15 min usual; quick-restart options do it in less).
    #[serde(default)]
    pub upkeep: UpkeepSpec,
    /// How the control fails that starts and stops them and changes the economiser's mode, which
    /// can only be `stuck`: nothing is started, stopped or changed (default: it does not).
    #[serde(default)]
    pub control_upkeep: ControlUpkeepSpec,
}

/// When chillers are switched on and off.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StagingSpec {
    /// One more starts when those running have been loaded above this share of their capacity
    /// for `up_after` (default 90 %); at once when they cannot carry the heat.
    pub up_at: Option<Fraction>,
    /// How long they have been (default 5 min).
    pub up_after: Option<Duration>,
    /// One fewer runs when the others would be loaded below this share of their reference
    /// capacity (default 85 %).
    pub down_at: Option<Fraction>,
    /// Least time that a chiller runs before it is stopped, rests before it starts again, and
    /// that the plant stays with or without its economiser (default 20 min).
    pub least_run_time: Option<Duration>,
}

/// Curves of a chiller in the form of DOE-2 and EnergyPlus' `Chiller:Electric:EIR`.
///
/// Two of them have six coefficients: `c1 + c2 x + c3 x^2 + c4 y + c5 y^2 + c6 x y`, with `x`
/// the chilled water leaving and `y` the water or air that enters the condenser, in degrees
/// Celsius.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChillerCurvesSpec {
    /// Heat removed over power drawn at the reference point.
    pub cop: f64,
    /// Chilled water leaving at the reference point (default 6.67 degC).
    pub supply: Option<Temperature>,
    /// Coldest chilled water for which the curves hold.
    pub supply_min: Temperature,
    /// Warmest chilled water for which the curves hold.
    pub supply_max: Temperature,
    /// Coldest condenser water or air for which the curves hold.
    pub condenser_min: Temperature,
    /// Warmest condenser water or air for which the curves hold.
    pub condenser_max: Temperature,
    /// Capacity over reference capacity: six coefficients.
    pub capacity: [f64; 6],
    /// Power over heat at full load, over that of the reference point: six coefficients.
    pub power: [f64; 6],
    /// Power over full-load power by part-load ratio: `c1 + c2 p + c3 p^2`.
    pub part_load: [f64; 3],
    /// Part-load ratio below which the chiller cycles (default 0.1).
    pub least_part_load: Option<Fraction>,
    /// Part-load ratio below which its power no longer falls (default: `least_part_load`).
    pub least_unloading: Option<Fraction>,
    /// Greatest part-load ratio (default 1).
    pub most_part_load: Option<f64>,
}

/// What chillers have to do at design.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChillerDuty {
    /// Heat of racks and chilled-water pumps, W.
    pub(super) heat_w: f64,
    /// Chilled water leaving, degrees Celsius.
    pub(super) supply_c: f64,
    /// Water or air that enters the condensers, degrees Celsius.
    pub(super) condenser_c: f64,
}

/// Where a spec holds its chillers.
const FIELD: &str = "chillers";
/// Chillers start within this.
const START: Span = Span::from_secs(10 * 60);

impl ChillersSpec {
    /// Their curves, which must be of chillers with such a `condenser`.
    pub(super) fn curves(
        &self,
        check: &mut Check<'_>,
        condenser: Condenser,
        usual: CurveSet,
    ) -> ChillerCurves {
        check.within(FIELD, |check| {
            let mut curves = match &self.own_curves {
                Some(own) => {
                    if self.curves.is_some() {
                        check.error("own_curves", "`curves` names a set already".to_owned());
                    }
                    check.within("own_curves", |check| own.resolve(check, condenser))
                }
                None => *self.curves.unwrap_or(usual).curves(),
            };
            if curves.condenser != condenser {
                let (theirs, ours) = match condenser {
                    Condenser::Water => ("air", "water"),
                    Condenser::Air => ("water", "air"),
                };
                check.error(
                    "curves",
                    format!("this is a chiller cooled by {theirs}, in a plant cooled by {ours}"),
                );
                curves = *usual.curves();
            }
            curves.cop = check.bounded("cop", self.cop, curves.cop, &bounds::COP);
            curves
        })
    }

    /// The chillers with `curves` that meet `duty`.
    pub(super) fn resolve(
        &self,
        check: &mut Check<'_>,
        curves: ChillerCurves,
        duty: &ChillerDuty,
    ) -> ChillerDesign {
        check.within(FIELD, |check| {
            let standby = check.within("upkeep", |check| self.upkeep.standby(check));
            let start_delay = self.upkeep.restart.map_or(START, Span::from);
            let staging = check
                .within("staging", |check| self.staging.resolve(check, (start_delay, standby)));
            let units = check.count("count", self.count);
            let mut design = ChillerDesign {
                curves,
                capacity_w: 1.0,
                units,
                stage_at: staging.down_at,
                staging,
                beyond: self.beyond_curves.unwrap_or(Beyond::Carnot),
                compressor_heat: self.compressor_heat.map_or(1.0, |share| share.0),
                setpoint_c: duty.supply_c,
                head: HeadLimit::usual(curves.condenser, curves.condenser_c.1),
                max_power_w: f64::INFINITY,
            };
            let (x, y) = (duty.supply_c, duty.condenser_c);
            let needed_w = duty.heat_w / (f64::from(units) * design.capacity_factor(x, y));
            design.capacity_w = check.bounded("capacity", self.capacity, needed_w, &bounds::HEAT);
            design.max_power_w = design.hottest_power_w();
            design
        })
    }
}

impl ChillersSpec {
    /// Whether anything is written of them.
    pub(super) fn is_written(&self) -> bool {
        let Self {
            fed_by,
            count,
            curves,
            own_curves,
            capacity,
            cop,
            beyond_curves,
            compressor_heat,
            staging,
            upkeep,
            control_upkeep,
        } = self;
        let StagingSpec { up_at, up_after, down_at, least_run_time } = staging;
        fed_by.is_some()
            || count.is_some()
            || curves.is_some()
            || own_curves.is_some()
            || capacity.is_some()
            || cop.is_some()
            || beyond_curves.is_some()
            || compressor_heat.is_some()
            || up_at.is_some()
            || up_after.is_some()
            || down_at.is_some()
            || least_run_time.is_some()
            || *upkeep != UpkeepSpec::default()
            || *control_upkeep != ControlUpkeepSpec::default()
    }

    /// Refuses a share of their heat that reaches condensers that stand with them in outdoor air.
    pub(super) fn refuse_compressor_heat(&self, check: &mut Check<'_>) {
        if self.compressor_heat.is_some() {
            let message =
                "compressors with air-cooled condensers stand outdoors, with all of their heat";
            check.error("chillers.compressor_heat", message.to_owned());
        }
    }
}

impl StagingSpec {
    fn resolve(&self, check: &mut Check<'_>, (start_delay, standby): (Span, u32)) -> StagingDesign {
        let down_at = check.bounded("down_at", self.down_at, 0.85, &bounds::STAGE);
        let up_at = check.bounded("up_at", self.up_at, down_at.max(0.9), &bounds::STAGE);
        if up_at < down_at {
            check.error(
                "up_at",
                format!(
                    "chillers would start at {:.0} % of load and stop again below {:.0} %",
                    100.0 * up_at,
                    100.0 * down_at
                ),
            );
        }
        let span = |duration: Option<Duration>, minutes: u64| {
            duration.map_or(Span::from_secs(60 * minutes), Span::from)
        };
        StagingDesign {
            up_at,
            up_after: span(self.up_after, 5),
            down_at,
            least_time: span(self.least_run_time, 20),
            start_delay,
            standby,
        }
    }
}

impl ChillerCurvesSpec {
    fn resolve(&self, check: &mut Check<'_>, condenser: Condenser) -> ChillerCurves {
        let least = check.bounded("least_part_load", self.least_part_load, 0.1, &bounds::PART_LOAD);
        let mut end = |field, value| check.bounded(field, Some(value), 20.0, &bounds::CURVE_END);
        let evaporator_c = (end("supply_min", self.supply_min), end("supply_max", self.supply_max));
        let condenser_c =
            (end("condenser_min", self.condenser_min), end("condenser_max", self.condenser_max));
        for (field, (coldest, warmest)) in
            [("supply_max", evaporator_c), ("condenser_max", condenser_c)]
        {
            if coldest > warmest {
                let message = "the warmest temperature of a range lies below its coldest";
                check.error(field, message.to_owned());
            }
        }
        let coefficients: [(_, &[f64]); 3] =
            [("capacity", &self.capacity), ("power", &self.power), ("part_load", &self.part_load)];
        for (field, coefficients) in coefficients {
            if coefficients.iter().any(|c| !c.is_finite()) {
                check.error(field, "a coefficient is not a number".to_owned());
            }
        }
        let supply = self.supply;
        let unloading = self.least_unloading;
        let most = self.most_part_load;
        ChillerCurves {
            cop: check.required("cop", self.cop, &bounds::COP),
            reference_supply_c: check.bounded("supply", supply, 6.67, &bounds::CHILLED_SUPPLY),
            evaporator_c,
            condenser_c,
            capacity: self.capacity,
            eir: self.power,
            part_load: self.part_load,
            least_part_load: least,
            least_unloading: check.bounded("least_unloading", unloading, least, &bounds::PART_LOAD),
            most_part_load: check.bounded("most_part_load", most, 1.0, &bounds::MOST_PART_LOAD),
            condenser,
        }
    }
}

impl Check<'_> {
    /// Wanted temperature of chilled water from chillers with `curves`, degrees Celsius.
    pub(super) fn chilled_supply(
        &mut self,
        supply: Option<Temperature>,
        curves: &ChillerCurves,
    ) -> f64 {
        let usual_c = curves.reference_supply_c;
        let supply_c = self.bounded("supply", supply, usual_c, &bounds::CHILLED_SUPPLY);
        let (cold, warm) = curves.evaporator_c;
        if !(cold - 1e-9..=warm + 5.0).contains(&supply_c) {
            self.warning(
                "supply",
                format!(
                    "the curves of this chiller were fitted between {cold:.1} and {warm:.1} degC; \
                     at {supply_c:.1} degC they are extended"
                ),
            );
        }
        supply_c
    }

    /// Warns where a chilled-water plant does not hold its setpoint at its own design point.
    pub(super) fn chilled(
        &mut self,
        design: &LoopDesign,
        (heat_w, setpoint_c): (f64, f64),
        air: &MoistAir,
        weather: &str,
    ) {
        let state = CoolingLoop::new(design).solve(heat_w, air, Drive::FULL);
        if state.saturated && state.supply_c > setpoint_c + 0.05 {
            self.faults.push(
                Fault::warning(
                    "design_heat",
                    format!(
                        "{setpoint_c:.1} degC is not held at design heat and a {weather}: the \
                         chillers reach {:.1} degC",
                        state.supply_c
                    ),
                )
                .help("raise `chillers.capacity`, or leave it out to have it sized"),
            );
        }
    }
}
