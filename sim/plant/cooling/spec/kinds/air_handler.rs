//! Air handlers as users write them.

use crate::plant::cooling::exchanger::ExchangerKind;
use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::pumps::PumpLaw;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::Check;
use crate::plant::cooling::spec::exchanger::{Size, UnsizedExchanger};
use crate::plant::cooling::spec::fans::{EFFICIENCY, UsualPower};
use crate::plant::cooling::spec::outside_air::OutsideAirSpec;
use crate::plant::cooling::spec::shared::cooling_spec;

cooling_spec! {
    /// An air handler of a hall (CRAH or fan wall): fans that blow the hall's air past a water
    /// coil.
    pub struct AirHandlerSpec has [exchanger, fans] {
        /// Outdoor air in place of the hall's own while the weather allows: an air-side
        /// economiser (default: none).
        pub outside_air: Option<OutsideAirSpec>,
    }
}

/// Air of a hall at 20 degC and sea level.
pub(super) const AIR_J_M3K: f64 = 1.2 * 1006.0;
/// Air, m3/s per watt of design heat.
const AIR_M3_S_W: f64 = 75e-6;
/// What its fans raise, Pa, and how many there are.
const PRESSURE_PA: f64 = 400.0;
const FANS: u32 = 4;

impl AirHandlerSpec {
    pub(in crate::plant::cooling::spec) fn resolve(
        &self,
        check: &mut Check<'_>,
    ) -> UnsizedExchanger {
        let design_heat_w = check.heat(self.design_heat);
        self.fans.refuse_of_handler(check);
        let air_m3_s = self.fans.air_m3_s(check, AIR_M3_S_W * design_heat_w);
        let usual = UsualPower::Pressure(PRESSURE_PA);
        let mover_w = self.fans.power(check, air_m3_s, usual, design_heat_w).full_w;
        let least_supply_c = check.bounded("supply", self.supply, 18.0, &bounds::AIR_SUPPLY);
        let efficiency = self.fans.efficiency.map_or(EFFICIENCY, |share| share.0);
        let outside_air = self
            .outside_air
            .as_ref()
            .map(|spec| spec.resolve(check, least_supply_c, air_m3_s / efficiency));
        UnsizedExchanger {
            kind: ExchangerKind::AirHandler,
            design_heat_w,
            hot_w_k: air_m3_s * AIR_J_M3K,
            size: Size::resolve(check, (self.ua, self.approach), 5.0, design_heat_w),
            mover_w,
            coil_fans: None,
            movers: self.fans.count(check, FANS),
            minimum_speed: self.fans.minimum_speed(check),
            fan_law: self.fans.law(check, FanLaw::Cube),
            pump_law: PumpLaw::CONSTANT,
            least_supply_c,
            wanted: self.supply.is_some(),
            // The air that is held back in the hall belongs to the racks.
            mass_j_k: 0.0,
            outside_air,
        }
    }
}
