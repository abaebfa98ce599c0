//! Sampled time against the same service simulated whole.

use proptest::prelude::*;

use super::load::{LengthLaw, RateDesign};
use super::notes::Noting;
use super::racks::Layout;
use super::sampling::capacity_per_s;
use super::tests::{DARK, Plant, assert_equal, client, design, random_offer, secs};
use super::tests_support::rack;
use super::*;
use crate::kernel::{Span, Streams, Time};
use crate::workload::RackOffer;

const HOUR_S: u64 = 3600;

/// The service of these tests over `hours`, with quarter-hour strata where `ask` is given.
fn service(ask: Option<Ask>, hours: u64, rate_per_s: f64) -> ServiceDesign {
    let mut design = design();
    client(&mut design).rate_per_s = rate_per_s;
    design.sampling = ask.map(|ask| SamplingDesign {
        ask,
        stratum: Span::from_secs(900),
        end: secs(hours * HOUR_S),
    });
    design
}

fn time(summary: &InferenceSummary) -> SampledTime {
    summary.sampled.expect("it was sampled").time
}

/// Arrivals of gaps are drawn too, so that all arrivals are those of a whole run, one by one.
#[test]
fn arrivals_are_those_of_a_whole_run() {
    let run = |ask| {
        let mut plant = Plant::new(&service(ask, 6, 1.0), &Streams::new(3, 0));
        plant.run_until(secs(6 * HOUR_S));
        plant.summary()
    };
    let (whole, sampled) = (run(None), run(Some(Ask::Ratio(20))));
    assert_eq!(sampled.records.arrived, whole.records.arrived);
    let (simulated, of) = (sampled.records.simulated as f64, whole.records.simulated as f64);
    let share = time(&sampled).share();
    assert!(share < 0.12, "{share} simulated");
    assert!((simulated / of - share).abs() < 0.01, "{simulated} of {of} requests");
}

/// Means, percentiles, counts and energy of a sampled run are those of the whole run within four of
/// the errors that it states, and these are small.
#[test]
fn a_sampled_run_agrees_with_the_whole_run() {
    let daily = [
        6.0, 5.0, 4.0, 4.0, 4.0, 4.0, 5.0, 6.0, 8.0, 10.0, 11.0, 12.0, 12.0, 12.0, 12.0, 12.0,
        12.0, 12.0, 12.0, 13.0, 13.0, 12.0, 10.0, 8.0,
    ]
    .map(|weight| weight * 24.0 / 219.0);
    let run = |ask| {
        let mut design = service(ask, 5 * 24, 0.5);
        let load::SourceDesign::Drawn { rate, .. } = &mut design.load.classes[0].source else {
            unreachable!("requests are drawn")
        };
        *rate = RateDesign::daily(&daily);
        let mut plant = Plant::new(&design, &Streams::new(11, 0));
        plant.run_until(secs(5 * 24 * HOUR_S));
        plant.summary()
    };
    let (whole, sampled) = (run(None), run(Some(Ask::Ratio(10))));
    let errors = sampled.sampled.expect("it was sampled").errors;
    let latencies = whole.records.latencies().into_iter().zip(sampled.records.latencies());
    for (((name, exact), (_, estimate)), errors) in latencies.zip(errors.latencies) {
        let check = |what: &str, exact: f64, estimate: f64, error: Option<f64>| {
            let error = error.unwrap_or_else(|| panic!("{name} {what} has an error"));
            let off = (estimate - exact).abs();
            assert!(off <= 4.0 * error, "{name} {what}: {estimate} for {exact}, error {error}");
            // The median wait is nothing, to a microsecond.
            assert!(error < 0.05 * exact + 1e-6, "{name} {what}: {exact}, error {error}");
        };
        check("mean", exact.mean_s().unwrap(), estimate.mean_s().unwrap(), errors.mean_s);
        for (place, q) in [0.5, 0.9, 0.95, 0.99].into_iter().enumerate() {
            let of = |delays: &crate::measure::Latency| delays.quantile_s(q).unwrap();
            check(&format!("{q}"), of(exact), of(estimate), errors.percentiles_s[place]);
        }
    }
    let served = whole.records.served as f64;
    let off = (sampled.records.served as f64 - served).abs();
    let error = errors.served.expect("served has an error");
    assert!(off <= 4.0 * error && error < 0.02 * served, "{off} of {served}, error {error}");
    let energy = sampled.energy_j / whole.energy_j;
    assert!((energy - 1.0).abs() < 2e-3, "{energy} of the energy");
}

/// Weekends of which half as much arrives do not widen what is said of the whole.
#[test]
fn a_weekly_profile_does_not_widen_errors() {
    let run = |weekend: f64| {
        let mut design = service(Some(Ask::Ratio(10)), 14 * 24, 0.1);
        let load::SourceDesign::Drawn { rate, .. } = &mut design.load.classes[0].source else {
            unreachable!("requests are drawn")
        };
        let mean = (5.0 + 2.0 * weekend) / 7.0;
        let days = [1.0, 1.0, 1.0, 1.0, 1.0, weekend, weekend];
        rate.weekly = days.iter().flat_map(|day| [day / mean; 24]).collect();
        let mut plant = Plant::new(&design, &Streams::new(8, 0));
        plant.run_until(secs(14 * 24 * HOUR_S));
        plant.summary().sampled.expect("it was sampled").errors.served.expect("served has one")
    };
    let (flat, weekly) = (run(1.0), run(0.5));
    assert!((0.7..1.4).contains(&(weekly / flat)), "{weekly} against {flat}");
}

/// What is known of a saturated replica in closed form: its batch over the time of an answer. Answers
/// of `n` tokens after prompts of one take `n` iterations of a full batch.
#[test]
fn capacity_is_that_of_full_batches() {
    let mut design = design();
    let pool = &mut design.pools[0];
    pool.limits.blocks = None;
    pool.limits.sequences = 64;
    pool.steps.decode =
        step::DecodeDesign::Sum { base: vec![(0.0, 0.02), (1.0, 0.02)], per_context_s: 0.0 };
    pool.steps.linear = vec![(0.0, 0.0), (1.0, 0.0)];
    let client = client(&mut design);
    (client.prompt, client.output) = (LengthLaw::Fixed(1), LengthLaw::Fixed(200));
    let capacity = capacity_per_s(&design, &Streams::new(1, 0));
    let expected = 4.0 * 64.0 / (200.0 * 0.02);
    assert!((capacity / expected - 1.0).abs() < 0.03, "{capacity} /s, {expected} in closed form");
}

/// A backlog of hours is simulated whole, whatever else is skipped, and so are its delays.
#[test]
fn a_backlog_comes_out_as_in_the_whole_run() {
    let capacity = capacity_per_s(&service(None, 1, 1.0), &Streams::new(1, 0));
    // A fifth of what can be served, and a quarter more than that from six to eight.
    let mut hours = [0.2; 24];
    (hours[6], hours[7]) = (1.25, 1.25);
    let mean = hours.iter().sum::<f64>() / 24.0;
    let run = |ask| {
        // One cell of two replicas, so that little is to be simulated.
        let mut design = service(ask, 12, capacity * mean / 4.0);
        design.pools[0].layout =
            Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 4 };
        design.represent = 1;
        let load::SourceDesign::Drawn { rate, .. } = &mut design.load.classes[0].source else {
            unreachable!("requests are drawn")
        };
        *rate = RateDesign::daily(&hours.map(|hour| hour / mean));
        let mut plant = Plant::new(&design, &Streams::new(5, 0));
        plant.run_until(secs(12 * HOUR_S));
        plant.summary()
    };
    let (whole, sampled) = (run(None), run(Some(Ask::Ratio(10))));
    assert_eq!(sampled.records.arrived, whole.records.arrived);
    let time = time(&sampled);
    assert!((2.0..4.0).contains(&(time.busy_s / 3600.0)), "{time:?}");
    assert!(time.share() < 0.6, "{time:?}");
    for q in [0.9, 0.99, 0.999] {
        let of = |summary: &InferenceSummary| summary.records.ttft.quantile_s(q).unwrap();
        let (exact, estimate) = (of(&whole), of(&sampled));
        assert!((estimate / exact - 1.0).abs() < 0.03, "p{q}: {estimate} s for {exact} s");
    }
}

/// Nothing that arrives while an event may still be felt stands for more than its cells.
#[test]
fn requests_within_reach_of_an_event_stand_for_their_cells() {
    let mut plant = Plant::new(&service(Some(Ask::Ratio(20)), 12, 0.5), &Streams::new(9, 0));
    plant.service.note(Noting::Share(1.0));
    plant.run_until(secs(6 * HOUR_S + 400));
    // All racks go dark for two minutes and start for five.
    let offer = |offer| [0, 1, 2, 3].map(|rack| (rack, offer));
    plant.offer(&offer(DARK));
    plant.run_until(secs(6 * HOUR_S + 520));
    plant.offer(&offer(RackOffer::FULL));
    plant.run_until(secs(12 * HOUR_S));
    let summary = plant.summary();
    assert_eq!(time(&summary).events, 1);
    let (mut near, mut far) = (0, 0);
    let reach = secs(6 * HOUR_S + 400)..secs(6 * HOUR_S + 520 + 300 + 120);
    plant.service.drain_notes(|_, note| {
        if reach.contains(&note.arrival()) {
            near += 1;
            assert_eq!(note.request.weight, 4, "{note:?}");
        } else {
            far += u64::from(note.request.weight == 80);
        }
    });
    // Two cells over nine minutes at half a request a second.
    assert!((400..700).contains(&near), "{near} noted near the event");
    assert!(far > 400, "{far} noted in windows");
}

/// A representative whose cells are struck in several states at one instant is struck.
#[test]
fn cells_that_are_struck_in_different_states_end_sampling() {
    let mut plant = Plant::new(&service(Some(Ask::Ratio(10)), 12, 0.5), &Streams::new(4, 0));
    plant.run_until(secs(2 * HOUR_S + 100));
    let windows = time(&plant.summary()).windows;
    let slow = RackOffer { speed: 0.5, ..RackOffer::FULL };
    plant.offer(&[(0, DARK), (1, slow), (2, DARK), (3, slow)]);
    plant.run_until(secs(4 * HOUR_S));
    let struck = time(&plant.summary());
    assert_eq!((struck.events, struck.windows), (1, windows));
    plant.offer(&[0, 1, 2, 3].map(|rack| (rack, RackOffer::FULL)));
    plant.run_until(secs(8 * HOUR_S));
    assert!(time(&plant.summary()).windows > windows);
}

/// A service that always receives more than may be sampled is simulated as if it were not to be.
#[test]
fn what_is_busy_throughout_is_the_whole_run() {
    let capacity = capacity_per_s(&service(None, 1, 1.0), &Streams::new(1, 0));
    let run = |ask| {
        let mut design = service(ask, 2, 0.95 * capacity / 4.0);
        design.pools[0].layout =
            Layout { racks: 1, gpus_per_rack: 32, cells: 1, replicas: 1, gpus: 4 };
        design.represent = 1;
        let mut plant = Plant::new(&design, &Streams::new(6, 0));
        plant.run_until(secs(2 * HOUR_S));
        plant.summary()
    };
    let (whole, sampled) = (run(None), run(Some(Ask::Ratio(10))));
    assert_eq!(time(&sampled).windows, 0);
    assert_equal(&whole, &sampled);
}

/// As little is simulated as the precision takes: more for a finer one, and it is kept to.
#[test]
fn a_precision_chooses_its_share() {
    let run = |precision: f64| {
        let mut plant =
            Plant::new(&service(Some(Ask::Precision(precision)), 72, 0.5), &Streams::new(2, 0));
        plant.run_until(secs(72 * HOUR_S));
        let summary = plant.summary();
        let errors = summary.sampled.expect("it was sampled").errors.latencies;
        let widest = [0, 1, 3].into_iter().flat_map(|latency| {
            let delays = summary.records.latencies()[latency].1.clone();
            let errors: super::LatencyErrors = errors[latency];
            [0.5, 0.9, 0.95, 0.99].into_iter().zip(errors.percentiles_s).map(move |(q, error)| {
                1.96 * error.expect("it was seen often") / delays.quantile_s(q).unwrap()
            })
        });
        (time(&summary).share(), widest.fold(0.0, f64::max))
    };
    let (coarse, coarse_half) = run(0.2);
    let (fine, fine_half) = run(0.04);
    assert!(coarse < fine, "{coarse} and {fine} simulated");
    // The share is chosen by what was seen so far: the end may lie a little beyond.
    assert!(coarse_half < 0.24 && fine_half < 0.048, "{coarse_half} and {fine_half}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever the plant does while time is sampled: no request is lost count of, and the books of
    /// energy close (both in `Plant::summary`).
    #[test]
    fn books_close_while_time_is_sampled(seed in any::<u64>(), ratio in 2_u32..60) {
        let streams = Streams::new(seed, 0);
        let mut luck = streams.stream("events", "test");
        let mut plant = Plant::new(&service(Some(Ask::Ratio(ratio)), 40, 0.2), &streams);
        let mut at = Time::ZERO;
        for _ in 0..8 {
            at += Span::from_secs_f64(luck.exponential(8000.0));
            plant.run_until(at);
            let rack = luck.below(4) as usize;
            // Often all racks at once, alike or not, which is what strikes representatives.
            let (racks, alike) = if luck.chance(0.5) { (0..4, luck.chance(0.5)) } else { (rack..rack + 1, true) };
            let offer = random_offer(&mut luck);
            let offers = racks.map(|rack| (rack, if alike { offer } else { random_offer(&mut luck) }));
            plant.offer(&offers.collect::<Vec<_>>());
            prop_assert_eq!(plant.service.multiplicities().iter().sum::<u32>(), 8);
            plant.summary();
        }
        plant.offer(&(0..4).map(|rack| (rack, RackOffer::FULL)).collect::<Vec<_>>());
        plant.run_until(at + Span::from_hours(4));
        let summary = plant.summary();
        prop_assert!(time(&summary).windows > 0);
        // Once sampled again, what is owed is a control interval's lag, and what the window of a
        // stratum is off: of a draw above idle that is less than a tenth of the whole at this rate.
        let lag = 5.0 * rack().full_w() * (60.0 + 0.1 * 900.0);
        prop_assert!(summary.owed_j.abs() <= lag, "{} J owed", summary.owed_j);
    }
}
