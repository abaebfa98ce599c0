//! Heat exchangers by effectiveness and number of transfer units (e-NTU).

use super::root;
use super::state::BOILING_C;

/// Effectiveness of a counterflow exchanger of `ntu` transfer units at a ratio of capacity
/// rates `c` = smaller / larger.
///
/// `(1 - e^(-NTU (1 - c))) / (1 - c e^(-NTU (1 - c)))`, and `NTU / (1 + NTU)` at `c = 1`.
pub(super) fn counterflow(ntu: f64, c: f64) -> f64 {
    let x = ntu * (1.0 - c);
    if x < 1e-9 {
        return ntu / (1.0 + ntu);
    }
    // expm1 keeps the digits that the subtraction of nearly equal numbers would lose.
    let lost = -libm::expm1(-x);
    lost / (1.0 - c + c * lost)
}

/// Effectiveness of a crossflow exchanger with both streams unmixed, in the usual closed
/// approximation.
///
/// `1 - exp((exp(-NTU c NTU^-0.22) - 1) / (c NTU^-0.22))`, and `1 - e^-NTU` as `c` vanishes.
pub(super) fn crossflow(ntu: f64, c: f64) -> f64 {
    if ntu <= 0.0 {
        return 0.0;
    }
    let x = c * libm::pow(ntu, -0.22);
    if x < 1e-12 {
        return -libm::expm1(-ntu);
    }
    -libm::expm1(libm::expm1(-ntu * x) / x)
}

/// Heat that `effectiveness` moves between two streams `difference_k` apart at their inlets,
/// per kelvin: the conductance seen from the inlets, `eps Cmin`.
pub(super) fn inlet_conductance(
    effectiveness: fn(f64, f64) -> f64,
    ua_w_k: f64,
    hot_w_k: f64,
    cold_w_k: f64,
) -> f64 {
    let (least, most) = if hot_w_k < cold_w_k { (hot_w_k, cold_w_k) } else { (cold_w_k, hot_w_k) };
    effectiveness(ua_w_k / least, least / most) * least
}

/// The exchanger between a facility loop and what enters the racks: a coolant distribution
/// unit or an air handler. Counterflow with equal capacity rates on both sides at design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RackExchanger {
    /// Capacity rate of either side at full flow, W/K.
    capacity_w_k: f64,
    /// UA at full flow, W/K; infinite for racks on the facility loop itself.
    ua_w_k: f64,
}

impl RackExchanger {
    /// Sized so that at `heat_w` and full flow the racks see the supply plus `approach_k`.
    pub(super) fn sized(heat_w: f64, capacity_w_k: f64, approach_k: f64) -> Self {
        // Balanced counterflow has the same difference everywhere: Q = UA * approach.
        let ua_w_k = if approach_k > 0.0 { heat_w / approach_k } else { f64::INFINITY };
        Self { capacity_w_k, ua_w_k }
    }

    /// Whether there is one, rather than racks on the facility loop itself.
    pub(super) fn is_there(&self) -> bool {
        self.ua_w_k != f64::INFINITY
    }

    /// Temperature of what enters racks of `heat_w` behind a supply of `supply_c`, degrees Celsius: no
    /// coolant behind it gets warmer than where it boils.
    pub(super) fn inlet_c(&self, supply_c: f64, heat_w: f64, flow: f64) -> f64 {
        (supply_c + self.approach_k(heat_w, flow)).min(BOILING_C.max(supply_c))
    }

    /// How far above the supply the coolant enters the racks, in kelvin, with the facility
    /// side at `flow` of full flow. Proportional to heat at a given flow.
    pub(super) fn approach_k(&self, heat_w: f64, flow: f64) -> f64 {
        if !self.is_there() {
            return 0.0;
        }
        let facility = flow * self.capacity_w_k;
        // Two equal films in series; the facility side's falls with flow^0.8.
        let ua = if flow < 1.0 {
            self.ua_w_k * 2.0 / (1.0 + libm::pow(flow, -0.8))
        } else {
            self.ua_w_k
        };
        let to_return = heat_w / inlet_conductance(counterflow, ua, self.capacity_w_k, facility);
        to_return - heat_w / self.capacity_w_k
    }
}

/// A plate exchanger between two waters, counterflow, sized at its design flows.
///
/// Two films of equal conductance in series at design, each falling with `flow^0.8`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaterExchanger {
    /// UA at design flows, W/K.
    pub ua_w_k: f64,
    /// Capacity rates at design, W/K.
    pub design_w_k: Sides,
}

/// The two sides of an exchanger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sides {
    /// Of the stream that gives heat.
    pub hot: f64,
    /// Of the stream that takes it.
    pub cold: f64,
}

impl WaterExchanger {
    /// Sized to bring hot water, warmed by `heat_w`, to `approach_k` above the entering cold
    /// water; `None` where no size does.
    pub(super) fn sized(heat_w: f64, design_w_k: Sides, approach_k: f64) -> Option<Self> {
        let Sides { hot: hot_w_k, cold: cold_w_k } = design_w_k;
        let apart_k = approach_k + heat_w / hot_w_k;
        let (least, most) =
            if hot_w_k < cold_w_k { (hot_w_k, cold_w_k) } else { (cold_w_k, hot_w_k) };
        let (eps, c) = (heat_w / (least * apart_k), least / most);
        let ntu = counterflow_ntu(eps, c)?;
        Some(Self { ua_w_k: ntu * least, design_w_k })
    }

    /// Heat moved per kelvin between the inlets at given flows, W/K.
    pub(super) fn conductance_w_k(&self, hot_w_k: f64, cold_w_k: f64) -> f64 {
        let film = |flow: f64| libm::pow(flow, -0.8);
        let resistance =
            film(hot_w_k / self.design_w_k.hot) + film(cold_w_k / self.design_w_k.cold);
        inlet_conductance(counterflow, self.ua_w_k * 2.0 / resistance, hot_w_k, cold_w_k)
    }
}

/// Transfer units that give a counterflow exchanger `effectiveness` at `c`, or `None` where
/// no size does.
pub(super) fn counterflow_ntu(effectiveness: f64, c: f64) -> Option<f64> {
    if !(0.0..1.0).contains(&effectiveness) {
        return None;
    }
    Some(if 1.0 - c < 1e-9 {
        effectiveness / (1.0 - effectiveness)
    } else {
        libm::log((1.0 - c * effectiveness) / (1.0 - effectiveness)) / (1.0 - c)
    })
}

/// Transfer units that give a crossflow exchanger `effectiveness` at `c`, or `None` where no
/// size does.
pub(super) fn crossflow_ntu(effectiveness: f64, c: f64) -> Option<f64> {
    const LARGEST: f64 = 50.0;
    let excess = |ntu: f64| crossflow(ntu, c) - effectiveness;
    let (low, high) = (excess(0.0), excess(LARGEST));
    (low <= 0.0 && high >= 0.0)
        .then(|| root::bracketed(excess, (0.0, low), (LARGEST, high), 1e-12, 1e-13))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effectiveness_meets_its_limits() {
        assert!((counterflow(1.0, 1.0) - 0.5).abs() < 1e-12);
        assert!((counterflow(2.0, 0.0) - (1.0 - (-2f64).exp())).abs() < 1e-12);
        assert!((crossflow(2.0, 0.0) - (1.0 - (-2f64).exp())).abs() < 1e-12);
        // Continuous as the capacity rates become equal.
        assert!((counterflow(1.3, 1.0 - 1e-7) - counterflow(1.3, 1.0)).abs() < 1e-6);
        // The catalogue cooler of the defaults: 1.15 transfer units, equal capacity rates.
        assert!((crossflow(1.15, 1.0) - 0.50).abs() < 0.005);
        for c in [0.0, 0.3, 1.0] {
            assert!(crossflow(1.5, c) <= counterflow(1.5, c) + 1e-12, "counterflow is the best");
        }
    }

    #[test]
    fn transfer_units_invert() {
        let ntu = crossflow_ntu(0.5, 1.0).unwrap();
        assert!((crossflow(ntu, 1.0) - 0.5).abs() < 1e-9);
        assert_eq!(crossflow_ntu(0.999, 1.0), None);
    }

    #[test]
    fn a_rack_exchanger_holds_its_approach_and_balances() {
        let exchanger = RackExchanger::sized(1e6, 1e5, 4.0);
        assert!((exchanger.approach_k(1e6, 1.0) - 4.0).abs() < 1e-9);
        assert!((exchanger.approach_k(5e5, 1.0) - 2.0).abs() < 1e-9);
        assert!(exchanger.approach_k(1e6, 0.5) > 8.0, "half the flow can not carry it as close");
        assert_eq!(exchanger.approach_k(0.0, 0.3), 0.0);
        assert_eq!(RackExchanger::sized(1e6, 1e5, 0.0).approach_k(1e6, 0.5), 0.0);
    }
}
