//! Duties to ride through, against the rules as they are told in public.

use crate::kernel::Span;
use crate::plant::power::{Level, RideThrough};

fn must_stay(duty: RideThrough, voltage: f64, seconds: f64) -> bool {
    let beyond = |level: Level| if level.is_passed_by(voltage) { seconds } else { 0.0 };
    duty.must_stay(|level| Span::from_secs_f64(beyond(level)))
}

#[test]
fn ercot_covers_what_its_rule_says() {
    for (voltage, seconds, must) in [
        (0.85, 5.0, false),
        (0.85, 11.0, false),
        (0.75, 0.4, true),
        (0.75, 0.6, false),
        (0.69, 0.021, true),
        (0.30, 0.042, true),
        (0.30, 0.019, true),
        (0.0, 0.020, true),
        (0.0, 0.0201, true),
        (1.15, 0.4, true),
        (1.25, 0.002, false),
        (1.25, 0.004, false),
        (0.95, 1e6, true),
    ] {
        let says = must_stay(RideThrough::ErcotNogrr282, voltage, seconds);
        assert_eq!(says, must, "{voltage} for {seconds} s");
    }
}

/// Rules that state how soon a load must be back, and nothing of voltages.
#[test]
fn some_rules_ask_for_a_return_alone() {
    for (duty, seconds) in [
        (RideThrough::IesoDraft2026, 1.0),
        (RideThrough::EirgridMpid345, 0.5),
        (RideThrough::AemcDraft, 1.0),
    ] {
        assert!(duty.asks_for_return_alone(), "{}", duty.name());
        assert_eq!(duty.back_within(), Span::from_secs_f64(seconds));
    }
    assert!(!RideThrough::ErcotNogrr282.asks_for_return_alone());
}

/// The corners of CAISO's proposal, from either side.
#[test]
fn caiso_covers_what_its_proposal_says() {
    for (below, seconds) in [(0.9, 6.0), (0.7, 3.0), (0.5, 1.2), (0.25, 0.15)] {
        let duty = RideThrough::CaisoStraw2026;
        assert!(must_stay(duty, below - 0.01, seconds), "{below}");
        assert!(!must_stay(duty, below - 0.01, seconds + 0.001), "{below}");
    }
    assert_eq!(RideThrough::CaisoStraw2026.back_within(), Span::from_secs(3));
    assert_eq!(RideThrough::ErcotNogrr282.back_within(), Span::from_secs(2));
}
