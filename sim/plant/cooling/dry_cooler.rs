//! The dry cooler: fans, finned tubes, and no water lost.

use super::circuit::Stream;
use super::device::{Asked, Rejected, fan_power_w};
use super::exchange::{crossflow, crossflow_ntu, inlet_conductance};
use super::fans::{FanLaw, thinness};
use super::pads::PadDesign;
use super::root;
use super::staging::{self, Device, Operation, Settled};
use super::water::{Vapour, WaterFlows};
use crate::fluids::MoistAir;

/// A dry cooler of identical units, crossflow with both streams unmixed.
///
/// `1 / UA = 1 / hA_water + 1 / hA_air`, `hA_air ~ r_air^0.8`, `hA_water ~ r_water^0.85`, with
/// the air side half as conductive as the water side at design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DryCoolerDesign {
    /// UA of all units at design air and water flow, W/K.
    pub ua_w_k: f64,
    /// Air through all units at full speed, m3/s.
    pub air_flow_m3_s: f64,
    /// Design coolant flow of all units, kg/s.
    pub water_kg_s: f64,
    /// Electric power of all fans at full speed, W.
    pub fan_w: f64,
    /// Whether that is a rating of sea level, of which thin air takes less, rather than what the
    /// fans draw where they stand.
    pub fan_at_sea_level: bool,
    /// How fan power falls with speed.
    pub fan_law: FanLaw,
    /// Air with the fans at rest, as a share of full.
    pub free_convection: f64,
    /// How much warmer than the weather the air enters, having mixed with what was blown
    /// out, K.
    pub recirculation_k: f64,
    /// Pads in the way of the air, if any.
    pub pads: Option<PadDesign>,
    /// Number of units, which fail one at a time.
    pub units: u32,
}

/// hA of the air side over that of the water side at design.
const FILM_RATIO: f64 = 0.5;

/// The catalogue unit that sizes dry coolers: BAC Trillium TDFS1238N.
#[derive(Debug, Clone, Copy)]
pub(super) struct Catalogue {
    pub(super) heat_w: f64,
    pub(super) entering_c: f64,
    pub(super) leaving_c: f64,
    pub(super) dry_bulb_c: f64,
    pub(super) fan_w: f64,
}

pub(super) const CATALOGUE: Catalogue = Catalogue {
    heat_w: 2.931e6,
    entering_c: 46.11,
    leaving_c: 40.55,
    dry_bulb_c: 35.0,
    fan_w: 117.68e3,
};

impl Catalogue {
    /// Capacity rate of the unit's water, and of its air, which is chosen equal: W/K.
    pub(super) fn capacity_w_k(&self) -> f64 {
        self.heat_w / (self.entering_c - self.leaving_c)
    }

    /// Air through the unit, m3/s: dry, at sea level and its dry bulb.
    pub(super) fn air_flow_m3_s(&self) -> f64 {
        let air =
            MoistAir { dry_bulb_c: self.dry_bulb_c, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
        self.capacity_w_k() / (air.dry_air_density_kg_m3() * air.specific_heat_j_kgk())
    }

    /// UA of the unit, W/K.
    pub(super) fn ua_w_k(&self) -> f64 {
        let c = self.capacity_w_k();
        let eps = self.heat_w / (c * (self.entering_c - self.dry_bulb_c));
        crossflow_ntu(eps, 1.0).expect("the catalogue unit exists") * c
    }

    /// How many of these, fans and surface, bring a coolant of `water_w_k` that carries
    /// `heat_w` to leave `difference_k` above the air; `None` where no number does.
    pub(super) fn count(&self, heat_w: f64, water_w_k: f64, difference_k: f64) -> Option<f64> {
        self.count_in(self.dry_bulb_c, heat_w, water_w_k, difference_k)
    }

    /// The same in dry air of `dry_bulb_c`, which is denser the colder it is.
    pub(super) fn count_in(
        &self,
        dry_bulb_c: f64,
        heat_w: f64,
        water_w_k: f64,
        difference_k: f64,
    ) -> Option<f64> {
        let denser = (self.dry_bulb_c + 273.15) / (dry_bulb_c + 273.15);
        let (ua, air) = (self.ua_w_k(), denser * self.capacity_w_k());
        let excess = |ln_n: f64| {
            let n = libm::exp(ln_n);
            let conductance = inlet_conductance(crossflow, n * ua, water_w_k, n * air);
            heat_w / conductance - heat_w / water_w_k - difference_k
        };
        let unit = libm::log(heat_w / self.heat_w);
        let (few, many) = (unit - 7.0, unit + 7.0);
        let ends = (excess(few), excess(many));
        (ends.0 > 0.0 && ends.1 < 0.0).then(|| {
            libm::exp(root::bracketed(excess, (few, ends.0), (many, ends.1), 1e-12, 1e-10))
        })
    }
}

impl DryCoolerDesign {
    /// How the cooler carries what is asked of it.
    pub(super) fn run(&self, asked: &Asked<'_>) -> Rejected {
        let air = asked.air;
        let (sink, padded) = self.sink(asked);
        let staged = staging::run(&self.device(&sink, asked), &asked.control);
        let air_ratio = staged.mean(|operation, _| self.air_share(operation));
        Rejected {
            staged,
            fan_w: fan_power_w(self.fan_w_in(air), self.fan_law, &staged),
            spray_w: 0.0,
            wet: false,
            dry_w: if padded.is_some() { 0.0 } else { asked.heat_w },
            vapour: Vapour::NONE,
            air_ratio,
            water: padded.map_or_else(WaterFlows::default, |(pads, behind)| {
                let air_m3_s = air_ratio * self.air_flow_m3_s;
                pads.water(air, &behind, air_m3_s * behind.dry_air_density_kg_m3())
            }),
        }
    }

    /// Where its water settles with what is asked of it.
    pub(super) fn settle(&self, asked: &Asked<'_>) -> Settled {
        let (sink, _) = self.sink(asked);
        staging::settle(&self.device(&sink, asked), &asked.control)
    }

    /// The air that enters it, and its pads with the air behind them where they are wet.
    fn sink(&self, asked: &Asked<'_>) -> (DrySink, Option<(PadDesign, MoistAir)>) {
        let pads = self.pads.filter(|_| asked.may_evaporate);
        let padded = pads.and_then(|pads| Some((pads, pads.behind(asked.air)?)));
        let entering = padded.map_or(*asked.air, |(_, behind)| behind);
        (DrySink::new(&entering, self.recirculation_k), padded)
    }

    fn device<'a>(
        &'a self,
        sink: &'a DrySink,
        asked: &'a Asked<'_>,
    ) -> Device<impl Fn(Operation, f64) -> f64 + 'a> {
        let leaving = |operation, multiple: f64| {
            self.leaving_c(sink, multiple * asked.heat_w, asked.coolant, operation)
        };
        Device { leaving, sink_c: sink.entering_c, range_k: asked.range_k(), fans: asked.fans }
    }

    /// Power of all fans at full speed in `air`, W.
    pub(super) fn fan_w_in(&self, air: &MoistAir) -> f64 {
        self.fan_w * thinness(self.fan_at_sea_level, air)
    }

    /// Temperature of the `coolant` leaving the cooler that rejects `heat_w` from it, degrees
    /// Celsius. About 150 ns.
    pub(super) fn leaving_c(
        &self,
        sink: &DrySink,
        heat_w: f64,
        coolant: Stream,
        operation: Operation,
    ) -> f64 {
        let conductance = self.conductance_w_k(sink, coolant, operation);
        sink.entering_c + heat_w / conductance - heat_w / coolant.w_k
    }

    /// Heat that the cooler carries a kelvin between the entering `coolant` and the
    /// entering air, W/K.
    pub(super) fn conductance_w_k(
        &self,
        sink: &DrySink,
        coolant: Stream,
        operation: Operation,
    ) -> f64 {
        let (share, speed) = self.air(operation);
        // More water than design through the units left is not credited: tubes are not fed
        // beyond their rating.
        let flow = (coolant.kg_s / (self.water_kg_s * share)).min(1.0);
        let ua = self.ua_w_k * share * ua_factor(speed, flow);
        let air_w_k = self.air_flow_m3_s * share * speed * sink.heat_capacity_j_m3k;
        inlet_conductance(crossflow, ua, coolant.w_k, air_w_k)
    }

    /// Share of the units with air through them, and that air as a share of full.
    fn air(&self, operation: Operation) -> (f64, f64) {
        match operation {
            Operation::Forced { share, speed } => (share, speed),
            Operation::Free => (1.0, self.free_convection),
        }
    }

    /// Air through the cooler as a share of full.
    pub(super) fn air_share(&self, operation: Operation) -> f64 {
        let (share, speed) = self.air(operation);
        share * speed
    }
}

/// The weather as a dry cooler sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrySink {
    pub(super) entering_c: f64,
    pub(super) heat_capacity_j_m3k: f64,
}

impl DrySink {
    pub(super) fn new(air: &MoistAir, recirculation_k: f64) -> Self {
        Self {
            entering_c: air.dry_bulb_c + recirculation_k,
            heat_capacity_j_m3k: air.dry_air_density_kg_m3() * air.specific_heat_j_kgk(),
        }
    }
}

/// UA at shares of the design air and coolant flow, over UA at design.
pub(super) fn ua_factor(air: f64, coolant: f64) -> f64 {
    let film_air = FILM_RATIO * libm::pow(air, 0.8);
    let film_water = if coolant == 1.0 { 1.0 } else { libm::pow(coolant, 0.85) };
    (1.0 + 1.0 / FILM_RATIO) / (1.0 / film_water + 1.0 / film_air)
}
