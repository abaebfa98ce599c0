//! The pressure in a chiller's condenser: what it allows, and when the machine trips on it.

use super::curves::Condenser;

/// What a machine does as the pressure in its condenser rises, stated as the temperatures at which
/// its refrigerant condenses.
///
/// What enters the condenser at `y` condenses refrigerant at `y + rise`, where the rise goes with
/// the heat that the machine removes, over its capacity at the reference point:
///
/// ```text
/// rise = load (range / flow + approach)
/// ```
///
/// A machine that would condense above [`unloads_c`](Self::unloads_c) carries less, down to its
/// least load; where that condenses above [`trips_c`](Self::trips_c), it trips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadLimit {
    /// It unloads so as to condense no warmer than this, degrees Celsius.
    pub unloads_c: f64,
    /// It trips where it condenses warmer than this at its least load, degrees Celsius.
    pub trips_c: f64,
    /// It starts again once what enters its condenser is no warmer than this, degrees Celsius.
    pub restarts_c: f64,
    /// How much a stream of water through the condenser warms at reference capacity and design
    /// flow, K; zero for air, whose flow does not change.
    pub range_k: f64,
    /// How much warmer than the stream leaves, or than air enters, refrigerant then condenses, K.
    pub approach_k: f64,
}

/// What the pressure does to a machine at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Head {
    /// Nothing.
    #[default]
    Free,
    /// It carries less than it could.
    Unloads,
    /// It stands, for it has tripped.
    Trips,
}

/// Of R-134a: 200 psi gauge, the highest at which Carrier's 17/19EX may be set to unload (and 93 %
/// of its trip, where Trane's CVGF unloads), its trip at 215 psi, and the 120 psi at which its
/// pressure switch may be reset.
const WATER: (f64, f64, f64) = (54.7, 57.5, 36.7);
/// Of R-410A: the 630 psi gauge at which Trane's CyberAir trips, and 93 % of that.
const AIR: (f64, f64) = (63.8, 67.3);
/// Between entering and condensing: 5.5 K of water and 1.5 K of approach, or 15 K of air. With these
/// the curves end at 40 to 47 degC condensing for water and 64 to 67 degC for air: assumptions, as in
/// the lift beyond the curves.
const WATER_RISE: (f64, f64) = (5.5, 1.5);
const AIR_RISE_K: f64 = 15.0;

impl HeadLimit {
    /// The limits of a usual machine. One whose curves reach further, to `warmest_c` of what enters
    /// the condenser, is built for that.
    pub(super) fn usual(condenser: Condenser, warmest_c: f64) -> Self {
        match condenser {
            Condenser::Water => {
                let ((unloads_c, trips_c, restarts_c), (range_k, approach_k)) = (WATER, WATER_RISE);
                let further_k = (warmest_c + range_k + approach_k - unloads_c).max(0.0);
                Self {
                    unloads_c: unloads_c + further_k,
                    trips_c: trips_c + further_k,
                    restarts_c: restarts_c + further_k,
                    range_k,
                    approach_k,
                }
            }
            Condenser::Air => {
                let (unloads_c, trips_c) = AIR;
                let further_k = (warmest_c + AIR_RISE_K - unloads_c).max(0.0);
                Self {
                    unloads_c: unloads_c + further_k,
                    trips_c: trips_c + further_k,
                    // In air that a machine at full load may condense in.
                    restarts_c: unloads_c + further_k - AIR_RISE_K,
                    range_k: 0.0,
                    approach_k: AIR_RISE_K,
                }
            }
        }
    }

    /// How much warmer than what enters refrigerant condenses at reference capacity and a share
    /// `flow` of the design flow, K.
    fn rise_k(&self, flow: f64) -> f64 {
        // With next to no water it warms without end: the quotient is bounded to stay a number.
        self.range_k / flow.max(1e-6) + self.approach_k
    }

    /// Load, over reference capacity, at which a machine condenses at its limit.
    pub(super) fn load_at(&self, y: f64, flow: f64) -> f64 {
        (self.unloads_c - y) / self.rise_k(flow)
    }

    /// By how much that falls with a kelvin of what enters, 1/K.
    pub(super) fn load_per_k(&self, flow: f64) -> f64 {
        1.0 / self.rise_k(flow)
    }

    /// Temperature of what enters above which a machine trips at `load`, degrees Celsius.
    pub(super) fn trips_at_c(&self, load: f64, flow: f64) -> f64 {
        self.trips_c - load * self.rise_k(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R-134a condenses at 54.7 degC under 1,379 kPa gauge and at 57.5 degC under 1,482 kPa gauge.
    #[test]
    fn a_machine_unloads_before_it_trips() {
        let head = HeadLimit::usual(Condenser::Water, 32.22);
        // 5.5 K of range and 1.5 K of approach: full load up to 47.7 degC.
        assert!((head.load_at(47.7, 1.0) - 1.0).abs() < 1e-12);
        assert!((head.load_at(51.2, 1.0) - 0.5).abs() < 1e-12);
        // At half of the flow the water warms by twice as much: 12.5 K.
        assert!((head.load_at(48.45, 0.5) - 0.5).abs() < 1e-12);
        assert!((head.trips_at_c(0.2, 1.0) - 56.1).abs() < 1e-12);
        let further = HeadLimit::usual(Condenser::Water, 60.0);
        assert!((further.load_at(60.0, 1.0) - 1.0).abs() < 1e-12);
        assert!((further.trips_c - further.unloads_c - 2.8).abs() < 1e-12);
        // No weather trips an air-cooled machine that may unload.
        let air = HeadLimit::usual(Condenser::Air, 48.89);
        assert!(air.load_at(48.89, 1.0) >= 1.0 - 1e-12 && air.trips_at_c(0.1, 1.0) > 60.0);
    }
}
