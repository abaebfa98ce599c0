//! Machines of the reference that timelines are held against; other tests say in what theirs differ.

use crate::kernel::{RepairLaw, Span};
use crate::plant::power::sequence::*;

pub(in crate::plant::power) const KWH: f64 = 3.6e6;

pub(in crate::plant::power) fn s(seconds: f64) -> Span {
    Span::from_secs_f64(seconds)
}

/// A set that starts at its first crank.
pub(in crate::plant::power) fn genset() -> GensetDesign {
    GensetDesign {
        prime: false,
        start: s(10.0),
        fires: s(3.0),
        crank: s(15.0),
        rest: s(15.0),
        cranks: 3,
        fails: 0.0,
        crank_fires: 1.0,
        cooldown: s(300.0),
        run_rate_per_s: 0.0,
        latent_rate_per_s: 0.0,
        test_every: Span::MAX,
        repair: RepairLaw::Exponential { mean_s: 65_808.0 },
        fuel: None,
    }
}

/// A switch whose emergency side must be good for so many seconds.
pub(in crate::plant::power) fn transfer(emergency_stable: f64) -> TransferDesign {
    TransferDesign {
        loss_confirm: s(1.0),
        emergency_stable: s(emergency_stable),
        transfer: s(0.1),
        return_delay: s(900.0),
        closed_return: None,
        window: (0.85, 1.10),
        pickup: 0.90,
        fails: 0.0,
        by_hand: s(1800.0),
    }
}

/// A bus that takes a block every 5 s, of sets at their rating.
pub(in crate::plant::power) fn bus() -> BusDesign {
    BusDesign {
        sync: s(4.0),
        step: s(5.0),
        close: s(0.1),
        shed_after: s(0.2),
        allowance: 1.0,
        step_load: 1.0,
    }
}

/// A UPS of 1 MW whose battery holds so much, and recharges at so many watts.
pub(in crate::plant::power) fn ups(battery_kwh: f64, recharge_w: f64) -> UpsDesign {
    UpsDesign {
        battery_j: battery_kwh * KWH,
        end_of_life_j: battery_kwh * KWH,
        battery_rated_w: 1e6 / 0.95,
        peukert: 1.0,
        battery_efficiency: 0.95,
        recharge_w,
        recharge_on_generator_w: 0.0,
        charge_efficiency: 0.95,
        window: (0.85, 1.10),
        requalify: s(10.0),
        walk_in: s(15.0),
        walk_in_steps: 0,
        strikes: None,
        bypass: false,
        overload: None,
        passing: None,
    }
}
