//! Outdoor air through the air handlers of a hall: the air-side economiser.

use super::pads::PadDesign;
use super::state::{CoolingMode, ECONOMISER_ON_K};
use super::water::WaterFlows;
use crate::fluids::{CP_DRY_AIR, MoistAir, saturation_humidity_ratio};
use crate::kernel::{Span, Time};

/// Dampers, filters and exhaust of an air handler that can take outdoor air in place of the
/// hall's own.
///
/// *Free*: outdoor air alone cools the hall, warmed to `supply_c` by exhaust where it is colder.
/// *Partial*: outdoor air, which is warmer than the racks may get but colder than their exhaust,
/// and the coil behind it. *Mechanical*: the hall's own air and the coil.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutsideAirDesign {
    /// Supply that the dampers hold in the cold, degrees Celsius.
    pub supply_c: f64,
    /// The warmest supply that the racks may get; the coil holds it where outdoor air is warmer,
    /// degrees Celsius.
    pub warmest_c: f64,
    /// Least dew point of air that is let in, degrees Celsius.
    pub least_dew_point_c: f64,
    /// Greatest dew point of air that is let in, degrees Celsius.
    pub greatest_dew_point_c: f64,
    /// Pads in the way of the outdoor air, if any.
    pub pads: Option<PadDesign>,
    /// Water is evaporated into air that is too dry, in place of shutting it out.
    pub humidifier: bool,
    /// Concentration of the humidifier's water over that of the make-up, above 1.
    pub cycles: f64,
    /// Electric power that the way of the outdoor air adds to the fans at full flow, W; it goes
    /// with the cube of that flow.
    pub fan_w: f64,
    /// Least time in a mode.
    pub least_time: Span,
}

/// The air handler that outdoor air is let into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Handler {
    /// Capacity rate of its air at design, W/K.
    pub air_w_k: f64,
    /// How much the racks warm it at design heat, K.
    pub rise_k: f64,
    /// The most that its fans draw, W, with what outdoor air adds.
    pub max_fan_w: f64,
}

/// What an air handler sees of the weather.
#[derive(Debug, Clone, Copy)]
pub struct Outdoors<'a> {
    /// The air outside.
    pub air: &'a MoistAir,
    /// The mode of the economiser.
    pub mode: CoolingMode,
    /// Whether water may be spent.
    pub may_evaporate: bool,
}

/// What outdoor air does for a hall at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutsideAir {
    /// Outdoor air, as a share of the air that the fans move.
    pub share: f64,
    /// Heat that leaves the hall with it, W.
    pub heat_w: f64,
    /// What it gives the racks or, where the coil helps, what the coil holds, behind the fans,
    /// degrees Celsius.
    pub supply_c: f64,
    /// How much exhaust that comes round again warms that, K.
    pub round_again_k: f64,
    /// The hall's air gives heat to the outdoors by this conductance, W/K...
    pub conductance_w_k: f64,
    /// ...to this temperature, degrees Celsius.
    pub sink_c: f64,
    /// The same with the dampers wide open, which they are while the hall is warmer than they are
    /// to hold it.
    pub wide_open: (f64, f64),
    /// Electric power that its way adds to the fans, W.
    pub fan_w: f64,
    /// Water of pads and humidifier.
    pub water: WaterFlows,
}

/// Outdoor air must be this much colder than the exhaust for the coil to be spared anything, K:
/// an assumption, as for a waterside economiser.
const WORTHWHILE_K: f64 = 1.0;

impl OutsideAirDesign {
    /// Outdoor air behind the pads, where these are wet: on hot days, while the air behind them
    /// is not too moist for the racks.
    fn entering(&self, outdoors: &Outdoors<'_>) -> (MoistAir, Option<PadDesign>) {
        let pads = self.pads.filter(|_| outdoors.may_evaporate);
        let wetted = pads.and_then(|pads| Some((pads.behind(outdoors.air)?, pads)));
        match wetted {
            Some((behind, pads)) if behind.dew_point_c() <= self.greatest_dew_point_c => {
                (behind, Some(pads))
            }
            _ => (*outdoors.air, None),
        }
    }

    /// The mode that the weather asks for. More outdoor air than now is only let in where it is
    /// within the limits by [`ECONOMISER_ON_K`]; at the limits it is shut out.
    fn wanted(
        &self,
        now: Option<CoolingMode>,
        handler: Handler,
        outdoors: &Outdoors<'_>,
    ) -> CoolingMode {
        // What the racks get is behind the fans.
        let fans_k = handler.max_fan_w / handler.air_w_k;
        let (entering, _) = self.entering(outdoors);
        let dew_point_c = entering.dew_point_c();
        let humidifies = self.humidifier && outdoors.may_evaporate;
        let fits = |warmest_c: f64, margin_k: f64| {
            entering.dry_bulb_c <= warmest_c - margin_k
                && dew_point_c <= self.greatest_dew_point_c - margin_k
                && (humidifies || dew_point_c >= self.least_dew_point_c + margin_k)
        };
        let opens = |is_open: bool| if is_open || now.is_none() { 0.0 } else { ECONOMISER_ON_K };
        let free_k = opens(now == Some(CoolingMode::Free));
        let partial_k = opens(now != Some(CoolingMode::Mechanical));
        if fits(self.warmest_c - fans_k, free_k) {
            CoolingMode::Free
        } else if fits(self.warmest_c + handler.rise_k - WORTHWHILE_K, partial_k) {
            CoolingMode::Partial
        } else {
            CoolingMode::Mechanical
        }
    }

    /// What outdoor air does where the fans of `handler` move a share `flow` of its design air
    /// past racks that give it `heat_w`, and draw `mover_w` for it.
    pub(super) fn work(
        &self,
        handler: Handler,
        (heat_w, mover_w, flow): (f64, f64, f64),
        outdoors: &Outdoors<'_>,
    ) -> Option<OutsideAir> {
        if outdoors.mode == CoolingMode::Mechanical || flow <= 0.0 {
            return None;
        }
        let (entering, pads) = self.entering(outdoors);
        let air_w_k = flow * handler.air_w_k;
        let air_kg_s = air_w_k / CP_DRY_AIR;
        let total_w = heat_w + mover_w;
        let behind_fans_c = entering.dry_bulb_c + mover_w / air_w_k;
        let least = saturation_humidity_ratio(self.least_dew_point_c, entering.pressure_pa);
        let humidified = self.humidifier && outdoors.may_evaporate;
        let supplied = entering.humidity_ratio.max(if humidified { least } else { 0.0 });
        let supply_c = match outdoors.mode {
            CoolingMode::Partial => self.warmest_c.min(behind_fans_c),
            _ => behind_fans_c,
        };
        let supply_c = supply_c.max(self.supply_c);
        let exhaust = MoistAir {
            dry_bulb_c: supply_c + heat_w / air_w_k,
            humidity_ratio: supplied,
            ..entering
        };
        // What a kilogram of outdoor air carries away. The mode goes by the exhaust at design heat:
        // racks that give less may leave it colder than the outdoor air, which the dampers shut out.
        let carried_j_kg = exhaust.enthalpy_j_kg() - entering.enthalpy_j_kg();
        let warms = outdoors.mode == CoolingMode::Partial && carried_j_kg <= 0.0;
        let outdoor_kg_s =
            if carried_j_kg * air_kg_s > total_w { total_w / carried_j_kg } else { air_kg_s };
        let conductance_w_k = outdoor_kg_s * exhaust.specific_heat_j_kgk();
        let outdoor_kg_s = if warms { 0.0 } else { outdoor_kg_s };
        let share = (outdoor_kg_s / air_kg_s).clamp(0.0, 1.0);
        let taken_w = (outdoor_kg_s * carried_j_kg).clamp(0.0, total_w);
        let mut water = pads.map_or_else(WaterFlows::default, |pads| {
            pads.water(outdoors.air, &entering, outdoor_kg_s)
        });
        let gained = outdoor_kg_s * (supplied - entering.humidity_ratio);
        water += WaterFlows::balanced(gained, 0.0, self.cycles);
        let driven = share * flow;
        Some(OutsideAir {
            share,
            heat_w: taken_w,
            supply_c,
            round_again_k: 0.0,
            conductance_w_k,
            sink_c: match () {
                // Once the hall is warmer than this they let it in.
                () if warms => entering.dry_bulb_c - heat_w / air_w_k,
                () if conductance_w_k > 0.0 => supply_c - taken_w / conductance_w_k,
                () => supply_c,
            },
            wide_open: (air_kg_s * entering.specific_heat_j_kgk(), entering.dry_bulb_c),
            fan_w: self.fan_w * driven * driven * driven,
            water,
        })
    }
}

/// The memory of an air-side economiser: its mode, and since when.
///
/// It decides by the weather alone, with dead bands and a least time in each mode, and says when
/// it wants to be asked again if the weather does not change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutsideAirControl {
    mode: CoolingMode,
    since: Time,
}

impl OutsideAirControl {
    /// An economiser that has long been in the mode that the weather asks for.
    pub fn new(
        design: &OutsideAirDesign,
        handler: Handler,
        air: &MoistAir,
        may_evaporate: bool,
    ) -> Self {
        let outdoors = Outdoors { air, mode: CoolingMode::Mechanical, may_evaporate };
        let mode = design.wanted(None, handler, &outdoors);
        Self { mode, since: Time::ZERO }
    }

    /// The mode that it is in.
    pub fn mode(&self) -> CoolingMode {
        self.mode
    }

    /// Looks at the weather at `now`; the [`mode`](Self::mode) may then be another. When to ask
    /// again if nothing changes before, [`Time::MAX`] for never.
    pub fn advance(
        &mut self,
        now: Time,
        (design, handler): (&OutsideAirDesign, Handler),
        air: &MoistAir,
        may_evaporate: bool,
    ) -> Time {
        let outdoors = Outdoors { air, mode: self.mode, may_evaporate };
        let wanted = design.wanted(Some(self.mode), handler, &outdoors);
        if wanted == self.mode {
            return Time::MAX;
        }
        let due = self.since + design.least_time;
        if self.since > Time::ZERO && due > now {
            return due;
        }
        self.mode = wanted;
        self.since = now;
        Time::MAX
    }
}
