//! Immersion tanks as users write them.

use crate::plant::cooling::exchanger::ExchangerKind;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::Check;
use crate::plant::cooling::spec::exchanger::{Sent, Size, UnsizedExchanger};
use crate::plant::cooling::spec::pumps::PumpDefaults;
use crate::plant::cooling::spec::shared::cooling_spec;

cooling_spec! {
    /// An immersion tank (or a row of them): machines in a bath of dielectric, which is pumped
    /// past a plate exchanger. The machines feel the bath, whose temperature `supply` limits; the
    /// dielectric returns to it colder by `range`.
    pub struct ImmersionTankSpec has [exchanger, range, volume, pumps] {}
}

static PUMPS: PumpDefaults = PumpDefaults { head_pa: 60e3, efficiency: 0.6, count: 2 };
/// A single-phase dielectric: 0.8 kg/L and 2.1 kJ/(kg K), a synthetic hydrocarbon.
const DIELECTRIC_J_M3K: f64 = 800.0 * 2100.0;
/// Dielectric, m3 per watt of design heat: 5 L per kilowatt.
const BATH_M3_W: f64 = 5e-6;

impl ImmersionTankSpec {
    pub(in crate::plant::cooling::spec) fn resolve(
        &self,
        check: &mut Check<'_>,
    ) -> UnsizedExchanger {
        let design_heat_w = check.heat(self.design_heat);
        let range_k = check.bounded("range", self.range, 6.0, &bounds::RANGE);
        let hot_w_k = design_heat_w / range_k;
        let size = Size::resolve(check, (self.ua, self.approach), 4.0, design_heat_w);
        let sent = Sent {
            pumps: &self.pumps,
            usual_pumps: &PUMPS,
            flow_m3_s: hot_w_k / DIELECTRIC_J_M3K,
            j_m3k: DIELECTRIC_J_M3K,
            volume: self.volume,
            usual_m3: BATH_M3_W * design_heat_w,
        };
        let kind = ExchangerKind::Tank;
        let pumped = UnsizedExchanger::pumped(check, kind, (design_heat_w, size), &sent);
        UnsizedExchanger {
            hot_w_k,
            least_supply_c: check.bounded("supply", self.supply, 20.0, &bounds::BATH),
            wanted: self.supply.is_some(),
            ..pumped
        }
    }
}
