//! Exchangers between racks and loops: what their kinds resolve to before their loop is known.

use super::bounds;
use super::check::Check;
use super::pumps::{PumpDefaults, PumpsSpec};
use crate::plant::cooling::exchange::{Sides, WaterExchanger};
use crate::plant::cooling::exchanger::{ExchangerDesign, ExchangerKind};
use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::loops::LoopDesign;
use crate::plant::cooling::outside_air::OutsideAirDesign;
use crate::plant::cooling::pumps::PumpLaw;
use crate::spec::Fault;
use crate::units::{Conductance, TemperatureDelta, Volume};

/// An exchanger with its defaults filled in, but for the loop's side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnsizedExchanger {
    pub(super) kind: ExchangerKind,
    pub(super) design_heat_w: f64,
    /// Capacity rate of the secondary stream, W/K.
    pub(super) hot_w_k: f64,
    pub(super) size: Size,
    pub(super) mover_w: f64,
    /// Fans beside pumps, W, and the capacity rate of the air that they move, W/K; only of what gives its
    /// heat to the air of a hall.
    pub(super) coil_fans: Option<(f64, f64)>,
    pub(super) movers: u32,
    pub(super) minimum_speed: f64,
    pub(super) fan_law: FanLaw,
    pub(super) pump_law: PumpLaw,
    pub(super) least_supply_c: f64,
    /// Whether the user wants that supply, rather than the hall's dew point.
    pub(super) wanted: bool,
    pub(super) mass_j_k: f64,
    pub(super) outside_air: Option<OutsideAirDesign>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    Approach(f64),
    Ua(f64),
}

/// A liquid that pumps of its own send past the racks of an exchanger.
pub(super) struct Sent<'s> {
    pub(super) pumps: &'s PumpsSpec,
    pub(super) usual_pumps: &'static PumpDefaults,
    pub(super) flow_m3_s: f64,
    /// Heat that it holds by volume and kelvin, J/(m3 K).
    pub(super) j_m3k: f64,
    pub(super) volume: Option<Volume>,
    pub(super) usual_m3: f64,
}

impl UnsizedExchanger {
    /// One of `kind`, which holds no supply: whoever has a valve or fans says so.
    pub(super) fn pumped(
        check: &mut Check<'_>,
        kind: ExchangerKind,
        (design_heat_w, size): (f64, Size),
        sent: &Sent<'_>,
    ) -> Self {
        let &Sent { pumps, usual_pumps, flow_m3_s, j_m3k, volume, usual_m3 } = sent;
        pumps.refuse_heat(check);
        Self {
            kind,
            design_heat_w,
            hot_w_k: flow_m3_s * j_m3k,
            size,
            mover_w: pumps.power_w(check, flow_m3_s, design_heat_w, usual_pumps),
            coil_fans: None,
            movers: pumps.count(check, usual_pumps),
            minimum_speed: 1.0,
            fan_law: FanLaw::Cube,
            pump_law: pumps.law(check),
            least_supply_c: f64::NEG_INFINITY,
            wanted: false,
            mass_j_k: j_m3k * check.bounded("volume", volume, usual_m3, &bounds::VOLUME),
            outside_air: None,
        }
    }

    /// Whether it gives its heat to the air of a hall, and not to a loop.
    pub fn heats_air(&self) -> bool {
        self.coil_fans.is_some()
    }

    /// The exchanger behind the air handler of a hall, or what is wrong with it.
    ///
    /// # Panics
    ///
    /// When it gives its heat to a loop.
    pub fn in_hall(&self, faults: &mut Vec<Fault>) -> ExchangerDesign {
        let (_, air_w_k) = self.coil_fans.expect("it gives its heat to air");
        self.sized(air_w_k, &mut Check { faults })
    }

    /// The exchanger on `cooled_by`, or what is wrong with the two together.
    pub fn on(&self, cooled_by: &LoopDesign, faults: &mut Vec<Fault>) -> ExchangerDesign {
        let mut check = Check { faults };
        let circuit = match cooled_by {
            LoopDesign::Hydronic(h) => Some((h.design_heat_w, h.circuit, h.setpoint_c)),
            LoopDesign::ChillerPlant(c) => Some((c.design_heat_w, c.circuit, c.setpoint_c)),
            LoopDesign::AirCooledChiller(c) => Some((c.design_heat_w, c.circuit, c.setpoint_c)),
            LoopDesign::Ventilation(_) => None,
        };
        let (cold_w_k, setpoint_c) = match circuit {
            Some((heat_w, circuit, setpoint_c)) => {
                let loop_w_k = circuit.flow_kg_s * circuit.specific_heat_j_kgk;
                (loop_w_k * self.design_heat_w / heat_w, setpoint_c)
            }
            None => {
                let message = "outdoor air through a hall cools no exchanger".to_owned();
                check.error("cooled_by", message);
                (self.hot_w_k, 0.0)
            }
        };
        let design = self.sized(cold_w_k, &mut check);
        let at_best_c = setpoint_c + design.solve(self.design_heat_w, 1.0, 1.0).approach_k;
        if self.wanted && circuit.is_some() && at_best_c > self.least_supply_c + 0.05 {
            check.warning(
                "supply",
                format!(
                    "{:.1} degC is not reached at design heat: the loop's {setpoint_c:.1} degC \
                     gives {at_best_c:.1} degC",
                    self.least_supply_c
                ),
            );
        }
        design
    }

    /// The exchanger with such a capacity rate on the side that takes its heat, W/K.
    fn sized(&self, cold_w_k: f64, check: &mut Check<'_>) -> ExchangerDesign {
        let rates = Sides { hot: self.hot_w_k, cold: cold_w_k };
        let surface = match self.size {
            Size::Ua(ua_w_k) => WaterExchanger { ua_w_k, design_w_k: rates },
            Size::Approach(approach_k) => {
                WaterExchanger::sized(self.design_heat_w, rates, approach_k).unwrap_or_else(|| {
                    let (hot_k, cold_k) =
                        (self.design_heat_w / self.hot_w_k, self.design_heat_w / cold_w_k);
                    check.error(
                        "approach",
                        format!(
                            "no exchanger brings streams that change by {hot_k:.1} K and \
                             {cold_k:.1} K to {approach_k:.1} K"
                        ),
                    );
                    WaterExchanger { ua_w_k: self.design_heat_w / 4.0, design_w_k: rates }
                })
            }
        };
        ExchangerDesign {
            kind: self.kind,
            design_heat_w: self.design_heat_w,
            surface,
            mover_w: self.mover_w,
            fan_w: self.coil_fans.map_or(0.0, |(fan_w, _)| fan_w),
            movers: self.movers,
            minimum_speed: self.minimum_speed,
            fan_law: self.fan_law,
            pump_law: self.pump_law,
            least_supply_c: self.least_supply_c,
            mass_j_k: self.mass_j_k,
            outside_air: self.outside_air,
        }
    }
}

impl Size {
    /// The size that `ua` or `approach` gives.
    pub(super) fn resolve(
        check: &mut Check<'_>,
        (ua, approach): (Option<Conductance>, Option<TemperatureDelta>),
        usual_k: f64,
        heat_w: f64,
    ) -> Self {
        if ua.is_none() {
            return Self::Approach(check.bounded("approach", approach, usual_k, &bounds::APPROACH));
        }
        if approach.is_some() {
            check.error("ua", "`ua` and `approach` both size the exchanger".to_owned());
        }
        Self::Ua(check.bounded("ua", ua, heat_w / usual_k, &bounds::ua(heat_w)))
    }
}
