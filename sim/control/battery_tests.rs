//! Uses of batteries: floors, order, and thresholds.

use super::*;
use crate::spec::Fault;
use crate::units::{Duration, EnergyPrice, Power};

const MWH: f64 = 3.6e9;

fn resolve(spec: &BatteryUseSpec) -> (BatteryUses, Vec<Fault>) {
    let mut faults = Vec::new();
    let uses = spec.resolve(&mut faults);
    (uses, faults)
}

fn spec(uses: &[BatteryUse]) -> BatteryUseSpec {
    BatteryUseSpec {
        uses: uses.to_vec(),
        peak_shave: None,
        arbitrage: None,
        reserve: None,
        awards: None,
    }
}

/// A battery of 20 MW and 80 MWh that keeps 85 % of what it is given.
fn battery() -> BatteryState {
    BatteryState {
        power_w: 20e6,
        energy_j: 40.0 * MWH,
        refill_j: None,
        least_j: 0.0,
        most_j: 80.0 * MWH,
        full_j: 80.0 * MWH,
        one_way: f64::sqrt(0.85),
        part: 1.0,
    }
}

const VIEW: BatteryView = BatteryView {
    price: 30.0,
    room_w: (f64::NEG_INFINITY, f64::INFINITY),
    at_peak_w: f64::INFINITY,
    at_zero_w: 0.0,
};

/// 10 MW of half an hour, 5 MW of an hour and 5 MW of four hours at 85 % of a round trip.
#[test]
fn awards_stack_to_a_floor_of_energy() {
    let award = |mw: f64, minutes: u64| AwardSpec {
        power: Power(mw * 1e6),
        sustain: Duration(minutes * 60_000_000_000),
    };
    let awards = Some(vec![award(10.0, 30), award(5.0, 60), award(5.0, 240)]);
    let (uses, faults) = resolve(&BatteryUseSpec { awards, ..spec(&[BatteryUse::SelfConsume]) });
    assert_eq!(faults, []);
    let floor_mwh = uses.floor_j(&battery()) / MWH;
    assert!((floor_mwh - 32.539_569).abs() < 1e-6, "{floor_mwh}");
    // All of its power is awarded: nothing is left to give, whatever the site asks.
    let view = BatteryView { at_zero_w: -5e6, ..VIEW };
    assert_eq!(uses.decide(&battery(), &view).terminal_w, 0.0);
}

#[test]
fn the_first_use_that_asks_decides() {
    let prices =
        Some(ArbitrageSpec { charge_below: EnergyPrice(15.0), discharge_above: EnergyPrice(60.0) });
    let peak =
        Some(PeakShaveSpec { import: Power(90e6), keep: Some(crate::units::Fraction(0.25)) });
    let order = [BatteryUse::Relief, BatteryUse::PeakShave, BatteryUse::Arbitrage];
    let (uses, faults) =
        resolve(&BatteryUseSpec { arbitrage: prices, peak_shave: peak, ..spec(&order) });
    assert_eq!(faults, []);
    let told = |view: BatteryView, energy_mwh: f64| {
        let order = uses.decide(&BatteryState { energy_j: energy_mwh * MWH, ..battery() }, &view);
        (order.terminal_w / 1e6, order.bounds_j.0 / MWH)
    };
    // Above a limit by 7 MW and above the peak by 9: the limit comes first.
    let above = BatteryView { room_w: (-50e6, -7e6), at_peak_w: -9e6, ..VIEW };
    assert_eq!(told(above, 40.0), (-7.0, 0.0));
    assert_eq!(told(BatteryView { at_peak_w: -9e6, ..VIEW }, 40.0), (-9.0, 0.0));
    // A high price draws down to what peak shaving keeps, and no further.
    let dear = BatteryView { price: 60.0, at_peak_w: 30e6, ..VIEW };
    assert_eq!(told(dear, 40.0), (-20.0, 20.0));
    assert_eq!(told(dear, 20.0), (0.0, 0.0));
    // Below that it charges for the peak whatever the price, as far as the peak allows.
    assert_eq!(told(BatteryView { at_peak_w: 3e6, ..dear }, 19.0), (3.0, 0.0));
    assert_eq!(told(BatteryView { price: 15.0, at_peak_w: 3e6, ..VIEW }, 40.0), (3.0, 20.0));
    assert_eq!(told(BatteryView { price: 15.0, room_w: (-1e6, 2e6), ..VIEW }, 40.0), (2.0, 20.0));
    // No more is given than may flow back.
    assert_eq!(told(BatteryView { price: 80.0, room_w: (-1e6, 9e9), ..VIEW }, 40.0), (-1.0, 20.0));
}

/// Emptied to 20 MWh it gives for uses of that floor from 22.4 MWh on, and for others at once.
#[test]
fn an_emptied_battery_gives_again_when_it_is_refilled() {
    let prices =
        Some(ArbitrageSpec { charge_below: EnergyPrice(15.0), discharge_above: EnergyPrice(60.0) });
    let peak =
        Some(PeakShaveSpec { import: Power(90e6), keep: Some(crate::units::Fraction(0.25)) });
    let order = [BatteryUse::PeakShave, BatteryUse::Arbitrage];
    let (uses, _) =
        resolve(&BatteryUseSpec { arbitrage: prices, peak_shave: peak, ..spec(&order) });
    let gives = |energy_mwh: f64, at_peak_w: f64| {
        let (energy_j, refill_j) = (energy_mwh * MWH, Some((20.0 * MWH, 22.4 * MWH)));
        let view = BatteryView { price: 60.0, at_peak_w, ..VIEW };
        uses.decide(&BatteryState { energy_j, refill_j, ..battery() }, &view).terminal_w < 0.0
    };
    assert!(!gives(22.3, 0.0) && gives(22.4, 0.0));
    assert!(gives(20.1, -1e6) && gives(1.0, -1e6));
}

#[test]
fn uses_that_do_not_fit_are_refused() {
    let fields = |spec: &BatteryUseSpec| -> Vec<String> {
        resolve(spec).1.iter().map(|fault| fault.field.to_string()).collect()
    };
    assert_eq!(fields(&spec(&[BatteryUse::PeakShave])), ["uses"]);
    assert_eq!(fields(&spec(&[BatteryUse::Relief, BatteryUse::Relief])), ["uses[1]"]);
    let arbitrage =
        Some(ArbitrageSpec { charge_below: EnergyPrice(60.0), discharge_above: EnergyPrice(60.0) });
    let unused = BatteryUseSpec { arbitrage, ..spec(&[BatteryUse::Relief]) };
    assert_eq!(fields(&unused), ["arbitrage", "arbitrage.discharge_above"]);
}
