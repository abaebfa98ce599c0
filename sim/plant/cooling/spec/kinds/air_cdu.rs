//! Liquid-to-air distribution units as users write them.

use super::air_handler::AIR_J_M3K;
use super::cdu::treated;
use crate::plant::cooling::exchanger::ExchangerKind;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::Check;
use crate::plant::cooling::spec::exchanger::{Size, UnsizedExchanger};
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::units::{Fraction, Power, VolumeFlow};

cooling_spec! {
    /// A liquid-to-air distribution unit: a coil that gives the heat of cold plates to the air of a
    /// hall, with pumps and fans of its own. The air handler of that hall has the heat next.
    pub struct AirCduSpec has [in_hall, coolant, volume, pumps] {
        /// Coolant to the racks (default 1.5 L/min per kilowatt, as the Open Compute Project asks
        /// for).
        pub flow: Option<VolumeFlow>,
        /// Air past its coil with the fans at full speed (default 55.6 L/s per kilowatt: 17,658 cfm
        /// for 150 kW of Delta's GoCool-150). They follow the heat.
        pub air_flow: Option<VolumeFlow>,
        /// Power of all of its fans at full speed (default 72 W per kilowatt: 32 of at most 336 W
        /// for 150 kW of Delta's GoCool-150). It goes with the cube of their speed; they plug in
        /// and fail with the pumps, and are counted with them.
        pub fan_power: Option<Power>,
        /// Least speed of its fans (default 20 %).
        pub minimum_fan_speed: Option<Fraction>,
    }
}

/// Cubic feet a minute, m3/s.
const CFM_M3_S: f64 = 0.304_8 * 0.304_8 * 0.304_8 / 60.0;
/// Of Delta's GoCool-150 (ServeTheHome, 2026-08-08): heat, air, and the most that its fans draw.
const RATED: (f64, f64, f64) = (150e3, 17_658.0 * CFM_M3_S, 32.0 * 336.0);
/// Coolant of 40 degC, as the Open Compute Project asks for behind air, from air of 27 degC, the
/// warmest that ASHRAE recommends for a hall.
const APPROACH_K: f64 = 13.0;

impl AirCduSpec {
    pub(in crate::plant::cooling::spec) fn resolve(
        &self,
        check: &mut Check<'_>,
    ) -> UnsizedExchanger {
        let design_heat_w = check.heat(self.design_heat);
        let written = (self.flow, self.coolant, self.volume);
        let sent = treated(check, written, &self.pumps, design_heat_w);
        let (rated_w, rated_m3_s, rated_fan_w) = RATED;
        let size = design_heat_w / rated_w;
        let usual_air_m3_s = size * rated_m3_s;
        let air_m3_s = check.bounded(
            "air_flow",
            self.air_flow,
            usual_air_m3_s,
            &bounds::volume_flow(usual_air_m3_s),
        );
        let fan_w = check.bounded(
            "fan_power",
            self.fan_power,
            size * rated_fan_w,
            &bounds::machine_power(design_heat_w),
        );
        let size = Size::resolve(check, (self.ua, self.approach), APPROACH_K, design_heat_w);
        let kind = ExchangerKind::AirCdu;
        let pumped = UnsizedExchanger::pumped(check, kind, (design_heat_w, size), &sent);
        // No valve: its coolant follows the air of the hall.
        UnsizedExchanger {
            coil_fans: Some((fan_w, air_m3_s * AIR_J_M3K)),
            minimum_speed: check.bounded(
                "minimum_fan_speed",
                self.minimum_fan_speed,
                0.2,
                &bounds::FAN_SPEED,
            ),
            ..pumped
        }
    }
}
