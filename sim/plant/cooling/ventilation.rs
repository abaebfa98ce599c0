//! Air-cooled halls and containers: outdoor air straight through the machines.

use super::fans::{FanLaw, thinness};
use super::pads::PadDesign;
use super::state::{Drive, LoopState, still};
use super::water::WaterFlows;
use crate::fluids::MoistAir;

/// A hall that outdoor air is drawn through by exhaust fans, past machines with fans of
/// their own.
///
/// The machines take air in proportion to their heat, so that it warms by the same number of
/// kelvins in each. In the cold, dampers mix exhaust into the intake and the exhaust fans
/// move only what carries the heat off. Where the fans move less than the machines take,
/// exhaust finds its way back into the intake and the inlet warms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VentilationDesign {
    /// Heat that the air flow is meant for, W.
    pub design_heat_w: f64,
    /// Air through the hall at full speed, m3/s.
    pub air_flow_m3_s: f64,
    /// Electric power of all exhaust fans at full speed, W; zero for a hall where the machines' own fans do the work.
    pub fan_w: f64,
    /// Whether that is a rating of sea level, of which thin air takes less, rather than what the
    /// fans draw where they stand.
    pub fan_at_sea_level: bool,
    /// Least speed of a running fan as a share of full speed.
    pub minimum_speed: f64,
    /// Air that the machines' own fans push through resting exhaust fans, as a share of full.
    pub free_share: f64,
    /// How fan power falls with speed.
    pub fan_law: FanLaw,
    /// How much warmer than the weather the intake is with everything running, K.
    pub recirculation_k: f64,
    /// Intake temperature that the dampers hold in the cold, degrees Celsius.
    pub minimum_inlet_c: f64,
    /// Pads in the way of the intake, if any.
    pub pads: Option<PadDesign>,
    /// Number of exhaust fans, which fail one at a time.
    pub fans: u32,
}

impl VentilationDesign {
    /// The steady state at `heat_w`. Closed form; wet pads add a wet bulb.
    pub(super) fn solve(&self, heat_w: f64, air: &MoistAir, drive: &Drive) -> LoopState {
        let wetted = self.pads.filter(|_| drive.may_evaporate);
        let padded = wetted.and_then(|pads| Some((pads, pads.behind(air)?)));
        let entering = padded.map_or(*air, |(_, behind)| behind);
        let outdoor_c = entering.dry_bulb_c + self.recirculation_k;
        let idle = LoopState {
            supply_c: outdoor_c,
            return_c: outdoor_c,
            rack_inlet_c: outdoor_c,
            device_c: outdoor_c,
            flow: 1.0,
            heat_rejected_w: heat_w,
            dry_w: if padded.is_some() { 0.0 } else { heat_w },
            flowing: true,
            ..still(air)
        };
        if heat_w == 0.0 && drive.fan_speed.is_none() {
            return idle;
        }
        let capacity_w_k =
            self.air_flow_m3_s * entering.dry_air_density_kg_m3() * entering.specific_heat_j_kgk();
        let machine_rise_k = self.design_heat_w / capacity_w_k;
        let wanted_c = outdoor_c.max(self.minimum_inlet_c);
        // Outdoor air that carries the heat off when the machines breathe what is wanted.
        let load = heat_w / self.design_heat_w;
        let wanted = load * (machine_rise_k / (machine_rise_k + (wanted_c - outdoor_c)));

        let (fans, free) = if self.fan_w > 0.0 {
            (drive.fans.clamp(0.0, 1.0), self.free_share)
        } else {
            (1.0, 1.0)
        };
        // Shares of full air with the powered fans at some speed; the others leak as at rest.
        let moved = |speed: f64| fans * speed + (1.0 - fans) * free;
        // What fans that nobody controls move; what is not wanted of it goes past the machines.
        let fixed =
            drive.fan_speed.filter(|_| fans > 0.0).map(|speed| (speed, moved(speed).max(free)));
        let (flow, speed, duty) = if let Some((speed, most)) = fixed {
            (wanted.min(most), speed, 1.0)
        } else if wanted <= free || fans == 0.0 {
            (wanted.min(free), 0.0, 0.0)
        } else if wanted <= moved(self.minimum_speed) {
            let slow = moved(self.minimum_speed);
            (wanted, self.minimum_speed, (wanted - free) / (slow - free))
        } else if wanted < moved(1.0) {
            (wanted, (wanted - (1.0 - fans) * free) / fans, 1.0)
        } else {
            (moved(1.0), 1.0, 1.0)
        };
        let through = fixed.map_or(flow, |(_, most)| most);
        let saturated = flow < wanted;
        let inlet_c = if saturated {
            outdoor_c + heat_w / (capacity_w_k * flow) - machine_rise_k
        } else {
            wanted_c
        };
        LoopState {
            supply_c: inlet_c,
            return_c: inlet_c + machine_rise_k,
            rack_inlet_c: inlet_c,
            device_c: inlet_c + machine_rise_k,
            fan_w: self.fan_w
                * thinness(self.fan_at_sea_level, &entering)
                * fans
                * self.fan_law.power(speed)
                * duty,
            fan_speed: speed * duty,
            air_ratio: through,
            water: padded.map_or_else(WaterFlows::default, |(pads, behind)| {
                let air_m3_s = through * self.air_flow_m3_s;
                pads.water(air, &behind, air_m3_s * behind.dry_air_density_kg_m3())
            }),
            saturated,
            ..idle
        }
    }
}
