//! Operators held to their rules under any course of loads, and to the plant at its best.

use proptest::prelude::*;

use super::super::chiller::StagingDesign;
use super::super::tests::loop_of;
use super::*;

const MINUTE: u64 = 60;

const STAGING: StagingDesign = StagingDesign {
    up_at: 0.9,
    up_after: Span::from_secs(5 * MINUTE),
    down_at: 0.85,
    least_time: Span::from_secs(20 * MINUTE),
    start_delay: Span::from_secs(10 * MINUTE),
    standby: 0,
};

fn minutes(m: u64) -> Time {
    Time::ZERO + Span::from_secs(MINUTE * m)
}

fn asked(load: f64) -> Load {
    Load { units: load, short: false, warm: false, powered: true }
}

#[test]
fn one_more_starts_after_five_minutes_and_cools_after_its_delay() {
    let mut bank = Bank::new(STAGING, 4, 2, minutes(0));
    assert_eq!(bank.advance(minutes(30), &asked(1.7)), Time::MAX);
    // Above 90 % of two: in five minutes, if it stays so.
    assert_eq!(bank.advance(minutes(31), &asked(1.85)), minutes(36));
    assert_eq!(bank.advance(minutes(33), &asked(1.75)), Time::MAX, "it did not");
    assert_eq!(bank.advance(minutes(40), &asked(1.85)), minutes(45));
    assert_eq!(bank.advance(minutes(45), &asked(1.85)), minutes(55));
    assert_eq!(bank.running(), 2);
    assert_eq!(bank.advance(minutes(55), &asked(1.85)), Time::MAX);
    assert_eq!(bank.running(), 3);
    // Below 85 % of two: the one that has run longest may stop, one at a time.
    assert_eq!(bank.advance(minutes(60), &asked(1.6)), minutes(60));
    assert_eq!(bank.running(), 2);
    assert_eq!(bank.units()[0], UnitState::Standby { from: minutes(80) });
    // The other two: one has run since the start of the run, the last since minute 55.
    assert_eq!(bank.advance(minutes(60), &asked(0.2)), minutes(60));
    assert_eq!(bank.running(), 1);
    assert_eq!(bank.advance(minutes(60), &asked(0.2)), Time::MAX, "the last of all stays");
    assert_eq!(bank.advance(minutes(60), &asked(0.0)), minutes(75), "until there is no heat");
}

#[test]
fn an_overload_starts_all_that_it_needs_at_once() {
    let mut bank = Bank::new(STAGING, 5, 2, minutes(0));
    bank.set(1, UnitState::Failed);
    assert_eq!(bank.advance(minutes(1), &asked(2.5)), minutes(11));
    let starting = UnitState::Starting { ready: minutes(11) };
    assert_eq!(bank.units().iter().filter(|&&unit| unit == starting).count(), 2);
    // A machine in maintenance is not started, however great the need.
    bank.set(4, UnitState::Maintenance);
    bank.advance(minutes(11), &asked(9.0));
    assert_eq!((bank.running(), bank.units()[4]), (3, UnitState::Maintenance));
}

#[test]
fn warm_water_without_heat_runs_one() {
    let mut bank = Bank::new(STAGING, 3, 0, minutes(0));
    let warm = Load { warm: true, ..asked(0.0) };
    assert_eq!(bank.advance(minutes(1), &warm), minutes(11));
    assert_eq!(bank.advance(minutes(11), &warm), Time::MAX);
    assert_eq!(bank.running(), 1);
    assert_eq!(bank.advance(minutes(15), &asked(0.0)), minutes(31), "until it is cold");
    bank.advance(minutes(31), &asked(0.0));
    assert_eq!(bank.running(), 0);
}

#[test]
fn without_power_nothing_runs_and_with_it_all_start_anew() {
    let mut bank = Bank::new(STAGING, 3, 2, minutes(0));
    let dark = Load { powered: false, ..asked(1.6) };
    assert_eq!(bank.advance(minutes(100), &dark), Time::MAX);
    assert_eq!(bank.running(), 0);
    assert_eq!(bank.advance(minutes(101), &asked(1.6)), minutes(111));
    assert_eq!(bank.advance(minutes(111), &asked(1.6)), Time::MAX);
    assert_eq!(bank.running(), 2);
}

proptest! {
    /// Whatever the load, the loss of power and the looks in between: no machine runs or rests
    /// for less than its time but for power, none is lost, and where looks come when they are
    /// asked for, a steady load ends with as few as carry it.
    #[test]
    fn no_course_of_loads_makes_a_machine_cycle_short(
        steps in proptest::collection::vec((1u64..900, 0.0f64..4.5, proptest::bool::weighted(0.95)), 1..80),
        last in 0.1f64..4.0,
    ) {
        let mut bank = Bank::new(STAGING, 4, 1, Time::ZERO);
        let mut now = Time::ZERO;
        let mut wanted = Time::MAX;
        let mut stopped = [None; 4];
        let settle: Vec<_> = (0..200).map(|_| (600, last, true)).collect();
        for (wait, load, powered) in steps.into_iter().chain(settle) {
            let mut left = Span::from_secs(wait);
            loop {
                // The next look that the bank asked for, if it comes before the load changes.
                let early = wanted.since(now);
                let (step, done) = if early < left { (early, false) } else { (left, true) };
                now += step;
                left = Span::from_nanos(left.as_nanos() - step.as_nanos());
                let before = bank.units().to_vec();
                let load = Load { units: load, short: false, warm: false, powered };
                wanted = bank.advance(now, &load);
                prop_assert!(wanted >= now);
                for (i, (was, is)) in before.iter().zip(bank.units()).enumerate() {
                    match (was, is) {
                        (UnitState::Running { since }, UnitState::Standby { .. }) => {
                            prop_assert!(!powered || now.since(*since) >= STAGING.least_time
                                || *since == Time::ZERO);
                            stopped[i] = powered.then_some(now);
                        }
                        (UnitState::Standby { .. }, UnitState::Starting { ready }) => {
                            prop_assert_eq!(*ready, now + STAGING.start_delay);
                            if let Some(at) = stopped[i] {
                                prop_assert!(now.since(at) >= STAGING.least_time);
                            }
                        }
                        (UnitState::Starting { ready }, UnitState::Running { since }) => {
                            prop_assert!(*ready <= now && since == ready);
                        }
                        _ => {}
                    }
                }
                if done {
                    break;
                }
            }
        }
        let running = f64::from(bank.running());
        prop_assert!(last <= 0.9 * running || running == 4.0, "{} for {}", running, last);
        prop_assert!(running == 1.0 || last >= 0.85 * (running - 1.0), "{} for {}", running, last);
    }
}

/// A plant run by its operator through a course of weather, settling at each look.
struct Run {
    plant: CoolingLoop,
    control: PlantControl,
    now: Time,
    modes: Vec<(Time, CoolingMode)>,
}

impl Run {
    fn new(plant: CoolingLoop, heat_w: f64, air: &MoistAir) -> Self {
        let control = PlantControl::new(&plant, heat_w, air, Time::ZERO).unwrap();
        let modes = vec![(Time::ZERO, control.regime().mode)];
        Self { plant, control, now: Time::ZERO, modes }
    }

    fn solve(&self, heat_w: f64, air: &MoistAir) -> LoopState {
        let regime = Some(self.control.regime());
        self.plant.solve(heat_w, air, Drive { regime, ..Drive::FULL })
    }

    /// Keeps heat and weather until `end`; the state at the end.
    fn keep(&mut self, heat_w: f64, air: &MoistAir, end: Time) -> LoopState {
        for _ in 0..10_000 {
            let state = self.solve(heat_w, air);
            let next = self.control.advance(self.now, &self.plant, (heat_w, air), &state, true);
            let mode = self.control.regime().mode;
            if self.modes.last().unwrap().1 != mode {
                self.modes.push((self.now, mode));
            }
            if next >= end {
                self.now = end;
                return self.solve(heat_w, air);
            }
            self.now = next;
        }
        panic!("the operator never comes to rest")
    }
}

fn with_economiser() -> CoolingLoop {
    loop_of(
        r#"{"chiller-plant": {"design_heat": "10 MW", "chillers": {"count": 4},
            "supply": "15 degC", "range": "9 K", "economiser": {"approach": "2 K"},
            "fed_by": ["a"]}}"#,
    )
}

fn air(t: f64) -> MoistAir {
    MoistAir::from_relative_humidity(t, 0.6, 101_325.0)
}

#[test]
fn a_year_of_days_goes_through_the_modes_without_haste() {
    let mut run = Run::new(with_economiser(), 8e6, &air(-5.0));
    assert_eq!(run.control.regime(), Regime { running: 0, mode: CoolingMode::Free });
    for hour in 0u32..24 * 60 {
        let season = libm::sin(std::f64::consts::PI * f64::from(hour) / (24.0 * 60.0));
        let day = libm::sin(std::f64::consts::TAU * f64::from(hour) / 24.0);
        let outdoor = air(-5.0 + 30.0 * season + 6.0 * day);
        let state = run.keep(8e6, &outdoor, minutes(60 * u64::from(hour + 1)));
        // An hour is long enough for what the weather has changed in it.
        assert!(state.supply_c < 15.0 + CHILLERS_ON_K + 0.6, "hour {hour}: {state:?}");
    }
    for (one, other) in run.modes.iter().zip(&run.modes[1..]) {
        assert!(other.0.since(one.0) >= STAGING.least_time, "{one:?} {other:?}");
    }
    for mode in [CoolingMode::Free, CoolingMode::Partial, CoolingMode::Mechanical] {
        assert!(run.modes.iter().any(|(_, m)| *m == mode), "{mode:?} is never reached");
    }
    // Modes follow one another; nothing jumps from free cooling to mechanical.
    let jumps = run
        .modes
        .windows(2)
        .filter(|w| w[0].1 != CoolingMode::Partial && w[1].1 != CoolingMode::Partial);
    assert_eq!(jumps.count(), 0);
}

#[test]
fn an_operator_who_takes_over_leaves_a_good_plant_as_it_is() {
    for t in [-5.0, 8.0, 13.0, 30.0] {
        let plant = with_economiser();
        let best = plant.solve(8e6, &air(t), Drive::FULL);
        let mut run = Run::new(plant, 8e6, &air(t));
        let state = run.solve(8e6, &air(t));
        assert!((state.chiller_w - best.chiller_w).abs() <= 1e-6 * best.chiller_w, "{t}");
        assert!((state.fan_w - best.fan_w).abs() <= 1e-6 * best.fan_w);
        let later = run.keep(8e6, &air(t), minutes(600));
        assert!((later.supply_c - best.supply_c).abs() < CHILLERS_ON_K);
    }
}

#[test]
fn loops_without_chillers_have_no_operator() {
    let tower = loop_of(r#"{"tower": {"design_heat": "1 MW", "fed_by": ["a"]}}"#);
    assert!(PlantControl::new(&tower, 1e6, &air(20.0), Time::ZERO).is_none());
}
