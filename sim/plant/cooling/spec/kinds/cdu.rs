//! Coolant distribution units as users write them.

use crate::plant::cooling::exchanger::ExchangerKind;
use crate::plant::cooling::spec::bounds;
use crate::plant::cooling::spec::check::{Check, Coolant};
use crate::plant::cooling::spec::exchanger::{Sent, Size, UnsizedExchanger};
use crate::plant::cooling::spec::pumps::{PumpDefaults, PumpsSpec};
use crate::plant::cooling::spec::shared::cooling_spec;
use crate::units::{Temperature, Volume, VolumeFlow};

cooling_spec! {
    /// A coolant distribution unit: a plate exchanger between a loop and the treated coolant of
    /// cold plates, with pumps of its own.
    pub struct CduSpec has [exchanger, coolant, volume, pumps, valve] {
        /// Coolant to the racks (default 1.5 L/min per kilowatt, as the Open Compute Project asks
        /// for; 1.0 to 1.5 is usual).
        pub flow: Option<VolumeFlow>,
        /// Dew point of the hall's air, above which the supply is held by 2 K (default 15 degC,
        /// the most that ASHRAE recommends for a hall).
        pub dew_point: Option<Temperature>,
    }
}

static PUMPS: PumpDefaults = PumpDefaults { head_pa: 150e3, efficiency: 0.7, count: 2 };
/// A supply of coolant is held this far above the dew point of the hall, K.
const DEW_POINT_MARGIN_K: f64 = 2.0;
/// Coolant on the racks' side, m3 per watt of design heat: 0.5 L per kilowatt.
const COOLANT_M3_W: f64 = 0.5e-6;

/// The treated coolant that `pumps` send through cold plates which give `heat_w`, `flow` of it, as written.
pub(super) fn treated<'s>(
    check: &mut Check<'_>,
    (flow, coolant, volume): (Option<VolumeFlow>, Option<Coolant>, Option<Volume>),
    pumps: &'s PumpsSpec,
    heat_w: f64,
) -> Sent<'s> {
    let usual_m3_s = 1.5e-3 / 60.0 * heat_w / 1e3;
    let flow_m3_s = check.bounded("flow", flow, usual_m3_s, &bounds::volume_flow(usual_m3_s));
    let per_kw = flow_m3_s * 60e3 / (heat_w / 1e3);
    if !(0.5..=3.0).contains(&per_kw) {
        let message = format!("{per_kw:.2} L/min per kilowatt; 1.0 to 1.5 is usual");
        check.warning("flow", message);
    }
    Sent {
        pumps,
        usual_pumps: &PUMPS,
        flow_m3_s,
        j_m3k: coolant.unwrap_or(Coolant::Pg25).j_m3k(),
        volume,
        usual_m3: COOLANT_M3_W * heat_w,
    }
}

impl CduSpec {
    pub(in crate::plant::cooling::spec) fn resolve(
        &self,
        check: &mut Check<'_>,
    ) -> UnsizedExchanger {
        let design_heat_w = check.heat(self.design_heat);
        let written = (self.flow, self.coolant, self.volume);
        let sent = treated(check, written, &self.pumps, design_heat_w);
        let dew_point_c = check.bounded("dew_point", self.dew_point, 15.0, &bounds::HALL_DEW_POINT);
        let guard_c = dew_point_c + DEW_POINT_MARGIN_K;
        let supply_c = check.bounded("supply", self.supply, guard_c, &bounds::COLD_PLATE_SUPPLY);
        if supply_c < guard_c {
            let message = format!(
                "the supply is held at {guard_c:.1} degC, {DEW_POINT_MARGIN_K} K above the dew \
                 point, not at {supply_c:.1} degC"
            );
            check.warning("supply", message);
        }
        let size = Size::resolve(check, (self.ua, self.approach), 4.0, design_heat_w);
        let kind = ExchangerKind::Cdu;
        UnsizedExchanger {
            least_supply_c: supply_c.max(guard_c),
            wanted: self.supply.is_some() && supply_c >= guard_c,
            ..UnsizedExchanger::pumped(check, kind, (design_heat_w, size), &sent)
        }
    }
}
