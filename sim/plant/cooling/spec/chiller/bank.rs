//! What the chilled-water plants resolve alike: banks of chillers, curves, what the tower holds.

use super::super::StandbySpec;
use super::super::check::Check;
use super::{ChillerCurvesSpec, CondenserResetSpec, EconomiserSpec};
use crate::fluids::MoistAir;
use crate::kernel::Span;
use crate::plant::cooling::chiller::{Beyond, ChillerDesign, StagingDesign};
use crate::plant::cooling::curves::{ChillerCurves, Condenser, CurveSet};
use crate::plant::cooling::exchange::{Sides, WaterExchanger};
use crate::plant::cooling::loops::{CoolingLoop, LoopDesign};
use crate::plant::cooling::setpoint::Setpoint;
use crate::plant::cooling::state::Drive;
use crate::spec::Fault;
use crate::units::{Duration, Fraction, Power, Temperature, TemperatureDelta};

/// What a bank of chillers is resolved from.
pub(super) struct ChillersInput {
    pub(super) curves: ChillerCurves,
    /// Design heat of the chillers, W.
    pub(super) heat_w: f64,
    /// Chilled water leaving and what enters the condensers at the design point.
    pub(super) at_c: (f64, f64),
    pub(super) units: Option<u32>,
    pub(super) capacity: Option<Power>,
    pub(super) cop: Option<f64>,
    pub(super) staging: StagingInput,
    pub(super) beyond: Option<Beyond>,
    pub(super) compressor_heat: Option<Fraction>,
}

/// What the switching of chillers is resolved from.
pub(super) struct StagingInput {
    pub(super) at: Option<Fraction>,
    pub(super) up_at: Option<Fraction>,
    pub(super) up_after: Option<Duration>,
    pub(super) least_time: Option<Duration>,
    pub(super) start_delay: Option<Duration>,
    pub(super) standby: Option<StandbySpec>,
}

impl Check<'_> {
    pub(super) fn chilled_range(&mut self, range: Option<TemperatureDelta>) -> f64 {
        self.between("range", range.map(|r| r.0), 5.56, (1.0, 40.0), "K")
    }

    pub(super) fn curves(
        &mut self,
        (named, own): (Option<CurveSet>, &Option<ChillerCurvesSpec>),
        condenser: Condenser,
        default: CurveSet,
    ) -> ChillerCurves {
        if let Some(own) = own {
            if named.is_some() {
                self.error("own_curves", "`curves` names a set already".to_owned());
            }
            return self.own_curves(own, condenser);
        }
        let curves = *named.unwrap_or(default).curves();
        if curves.condenser == condenser {
            return curves;
        }
        let (theirs, ours) = match condenser {
            Condenser::Water => ("air", "water"),
            Condenser::Air => ("water", "air"),
        };
        self.error(
            "curves",
            format!("this is a chiller cooled by {theirs}, in a plant cooled by {ours}"),
        );
        *default.curves()
    }

    fn own_curves(&mut self, own: &ChillerCurvesSpec, condenser: Condenser) -> ChillerCurves {
        let least = own.least_part_load.map_or(0.1, |f| f.0);
        let curves = ChillerCurves {
            cop: own.cop,
            reference_supply_c: own.supply.map_or(6.67, |t| t.0),
            evaporator_c: (own.supply_min.0, own.supply_max.0),
            condenser_c: (own.condenser_min.0, own.condenser_max.0),
            capacity: own.capacity,
            eir: own.power,
            part_load: own.part_load,
            least_part_load: least,
            least_unloading: own.least_unloading.map_or(least, |f| f.0),
            most_part_load: own.most_part_load.unwrap_or(1.0),
            condenser,
        };
        let fault = if !(curves.cop.is_finite() && curves.cop > 0.0) {
            Some("`cop` must be above zero")
        } else if curves.evaporator_c.0 > curves.evaporator_c.1
            || curves.condenser_c.0 > curves.condenser_c.1
        {
            Some("the warmest temperature of a range lies below its coldest")
        } else if !(least > 0.0 && (0.5..=2.0).contains(&curves.most_part_load)) {
            Some("`least_part_load` must be above zero, `most_part_load` between 0.5 and 2")
        } else if curves
            .capacity
            .iter()
            .chain(&curves.eir)
            .chain(&curves.part_load)
            .any(|c| !c.is_finite())
        {
            Some("a coefficient is not a number")
        } else {
            None
        };
        match fault {
            Some(message) => {
                self.error("own_curves", message.to_owned());
                *CurveSet::Carrier19xr.curves()
            }
            None => curves,
        }
    }

    pub(super) fn chilled_supply(
        &mut self,
        supply: Option<Temperature>,
        curves: &ChillerCurves,
    ) -> f64 {
        let supply_c = self.between(
            "supply",
            supply.map(|t| t.0),
            curves.reference_supply_c,
            (1.0, 40.0),
            "degC",
        );
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

    pub(super) fn chillers(&mut self, input: &ChillersInput) -> ChillerDesign {
        let mut curves = input.curves;
        match input.cop {
            Some(cop) if cop > 0.5 && cop < 30.0 => curves.cop = cop,
            Some(cop) => self.error("cop", format!("must be between 0.5 and 30, got {cop}")),
            None => {}
        }
        let stage_at = input.staging.at.map_or(0.85, |f| f.0);
        if stage_at < 0.1 {
            self.error("stage_at", "must be at least 10 %".to_owned());
        }
        let up_at = input.staging.up_at.map_or(stage_at.max(0.9), |f| f.0);
        if up_at < stage_at {
            self.error(
                "stage_up_at",
                format!(
                    "chillers would start at {:.0} % of load and stop again below {:.0} %",
                    100.0 * up_at,
                    100.0 * stage_at
                ),
            );
        }
        let span = |duration: Option<Duration>, minutes: u64| {
            duration.map_or(Span::from_secs(60 * minutes), Span::from)
        };
        let staging = StagingDesign {
            up_at,
            up_after: span(input.staging.up_after, 5),
            down_at: stage_at.max(0.1),
            least_time: span(input.staging.least_time, 20),
            start_delay: span(input.staging.start_delay, 10),
            standby: input.staging.standby.and_then(|spec| spec.chillers).unwrap_or(0),
        };
        let units = self.count("chillers", input.units);
        let mut design = ChillerDesign {
            curves,
            capacity_w: 1.0,
            units,
            stage_at: stage_at.max(0.1),
            staging,
            beyond: input.beyond.unwrap_or(Beyond::Carnot),
            compressor_heat: input.compressor_heat.map_or(1.0, |f| f.0),
            max_power_w: f64::INFINITY,
        };
        let (x, y) = input.at_c;
        let needed_w = input.heat_w / (f64::from(units) * design.capacity_factor(x, y));
        design.capacity_w =
            self.positive("capacity", input.capacity.map(|c| c.0), needed_w, "a capacity");
        design.max_power_w = design.hottest_power_w(x);
        design
    }

    /// What the tower is to hold, with the limits that a reset has by default.
    pub(super) fn condenser_setpoint(
        &mut self,
        supply: Option<Temperature>,
        reset: Option<&CondenserResetSpec>,
        (coldest_c, warmest_c): (f64, f64),
    ) -> Setpoint {
        let constant = Setpoint::Constant(supply.map_or(21.1, |t| t.0));
        let Some(reset) = reset else { return constant };
        let approach_k = reset.above_wet_bulb.0;
        let coldest_c = reset.coldest.map_or(coldest_c, |t| t.0);
        let warmest_c = reset.warmest.map_or(warmest_c, |t| t.0);
        if supply.is_some() {
            let fault = Fault::error("condenser_reset", "`condenser_supply` gives one temperature");
            let help = "leave out one of the two; `condenser_supply: null` takes away that of a \
                        catalogue entry";
            self.faults.push(fault.help(help));
        } else if !(0.0..=30.0).contains(&approach_k) {
            let message = format!("`above_wet_bulb` must be 0 to 30 K, got {approach_k} K");
            self.error("condenser_reset", message);
        } else if coldest_c > warmest_c {
            let message = format!(
                "`coldest` of {coldest_c:.1} degC is above `warmest` of {warmest_c:.1} degC"
            );
            self.error("condenser_reset", message);
        } else {
            return Setpoint::AboveWetBulb { approach_k, coldest_c, warmest_c };
        }
        constant
    }

    pub(super) fn economiser(
        &mut self,
        spec: &EconomiserSpec,
        heat_w: f64,
        rates_w_k: Sides,
    ) -> Option<WaterExchanger> {
        if let Some(ua) = spec.ua {
            if spec.approach.is_some() {
                self.error("economiser", "`ua` and `approach` both size the exchanger".to_owned());
            }
            let ua_w_k = self.positive("economiser", Some(ua.0), 1.0, "a conductance");
            return Some(WaterExchanger { ua_w_k, design_w_k: rates_w_k });
        }
        let approach_k = spec.approach.map_or(2.0, |a| a.0);
        let sized = WaterExchanger::sized(heat_w, rates_w_k, approach_k);
        if sized.is_none() {
            self.error(
                "economiser",
                format!(
                    "no exchanger brings the chilled water to {approach_k:.1} K above the tower's"
                ),
            );
        }
        sized
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
                .help("raise `capacity`, or leave it out to have it sized"),
            );
        }
    }
}
