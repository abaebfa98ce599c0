//! Chains of which what has been seen is read and not followed again tell the same as those that are
//! followed throughout, to the bit.

use std::path::Path;

use loadbank::kernel::{Span, Streams, Time};
use loadbank::reliability::{
    Chain, PowerStructure, Replayed, SimulatedFigures, Told, simulate_chain,
};
use loadbank::scenario::read_scenario;
use proptest::prelude::*;

/// Outages, sags and sets that fail to start, so often that no two sequences need be alike.
const OFTEN: [&str; 4] = [
    "power.utility.failures={rate: 20 /day, repair_mean: 12 min}",
    "power.utility.sags={rate: 10 /day, depth: 60 %, duration: 80 ms}",
    "power.set-{1..3}.fuel={tank: 0.1 m3, at_idle: 0.08 m3/h, at_rating: 0.22 m3/h}",
    "power.set-{1..3}.start={time: 10 s, cranks: 3, fails: 10 %, crank_fires: 60 %}",
];

fn structure(scenario: &str, sets: &[String]) -> PowerStructure {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(scenario);
    let reading = read_scenario(&path, sets);
    let said = reading.diagnostics.render(&reading.files, false);
    PowerStructure::new(&reading.loaded.expect(&said).design, &[])
}

/// The losses of `scenario` with `sets`, followed and read, in so many years.
#[track_caller]
fn assert_alike(scenario: &str, sets: &[String], years: u64, seed: u64) {
    assert_alike_on(scenario, sets, years, seed, &[rayon::current_num_threads()]);
}

/// The same, read on so many threads.
#[track_caller]
fn assert_alike_on(scenario: &str, sets: &[String], years: u64, seed: u64, threads: &[usize]) {
    let structure = structure(scenario, sets);
    let followed = simulate_chain(&structure, years, seed);
    assert!(followed.iter().any(|figures| figures.losses > 0), "{scenario} {sets:?} shows nothing");
    let losses = |all: &[SimulatedFigures]| all.iter().map(|it| it.losses).collect::<Vec<_>>();
    for &threads in threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let chain = Replayed::new(structure.clone());
        let read = pool.install(|| simulate_chain(&chain, years, seed));
        assert_eq!(losses(&read), losses(&followed), "{scenario} {sets:?} on {threads} threads");
        assert!(read == followed, "{scenario} {sets:?} on {threads} threads");
    }
}

/// Outages and sags so often that many strike in the middle of a sequence, whose tanks run dry.
#[test]
fn what_strikes_in_the_middle_of_a_sequence_is_followed() {
    assert_alike("scenarios/power-generators.yaml", &OFTEN.map(str::to_owned), 1, 3);
}

/// A script that has room for nothing, for one rest, for some sequences or for most of them.
#[test]
fn a_full_script_tells_the_same() {
    let structure = structure("scenarios/power-generators.yaml", &OFTEN.map(str::to_owned));
    let followed = simulate_chain(&structure, 1, 3);
    assert!(followed.iter().any(|figures| figures.losses > 0), "it shows nothing");
    for most_bytes in [0, 1, 100_000, 1_000_000] {
        let chain = Replayed::within(most_bytes, structure.clone());
        assert!(simulate_chain(&chain, 1, 3) == followed, "{most_bytes} bytes");
    }
}

/// A script that is full is given up where hardly anything of what comes is in it, and read on where it is.
#[test]
fn a_full_script_is_given_up_where_it_has_too_little() {
    let is_read = |most_bytes: usize, fails: &str| {
        let start = format!("power.set-{{1..3}}.start={{time: 10 s, cranks: 3, fails: {fails}}}");
        let chain = structure("scenarios/power-generators.yaml", &[start]);
        let mut chain = Replayed::within(most_bytes, chain);
        let mut units = Chain::units(&chain).iter();
        let utility = units.position(|unit| unit.name == "utility").unwrap() as u32;
        chain.begin(&Streams::new(1, 0));
        // An outage of five minutes each three hours, in which all is charged again.
        for hours in 1..=1500 {
            let outage = Time::ZERO + Span::from_hours(3 * hours);
            for (until, up) in [(outage, false), (outage + Span::from_secs(300), true)] {
                while chain.next_at() < until {
                    chain.advance(chain.next_at(), &[], &mut Told::default());
                }
                chain.advance(until, &[(utility, up)], &mut Told::default());
            }
        }
        chain.is_read()
    };
    assert!(!is_read(1, "0 %"), "it has nothing");
    assert!(is_read(256 << 20, "50 %"), "it is not full");
    assert!(is_read(200_000, "0 %"), "it has the one sequence that comes");
}

/// Chains of other kinds: crews that mend sets, engines that always run and hold no rest while a tank
/// runs down, static switches, racks without a battery.
#[test]
fn every_kind_of_chain_tells_the_same() {
    let often = ["power.utility.failures={rate: 2 /day, repair_mean: 30 min}".to_owned()];
    let crew = "crews.sets.count=1".to_owned();
    let fails = "power.set-{1..3}.start={time: 10 s, fails: 20 %}".to_owned();
    let beta = "common_causes.starts.beta=30 %".to_owned();
    let standby = [often[0].clone(), crew, fails, beta];
    assert_alike("validation/power/standby.yaml", &standby, 20, 1);
    assert_alike("validation/power/engines.yaml", &[], 5, 2);
    assert_alike("scenarios/power-catcher.yaml", &[], 500, 5);
    let sags = "power.utility.sags={rate: 200 /year, depth: 60 %, duration: 80 ms}".to_owned();
    assert_alike("scenarios/power-sags.yaml", &[sags], 20, 6);
}

/// What one century has learnt serves the next, whoever follows which. Sags come so rarely that they were
/// drawn decades before, and outages strike while batteries charge.
#[test]
fn what_a_block_has_learnt_serves_another() {
    let sets = [
        "power.utility.sags={rate: 0.02 /year, depth: 60 %, duration: 80 ms}",
        "power.utility.outages=null",
        "power.utility.failures={rate: 20 /year, repair_mean: 5 min}",
        "power.main-tx.failures={rate: 0.1 /year, repair_mean: 4000 h}",
        "power.mech.failures={rate: 0.1 /year, repair_mean: 4000 h}",
        "power.ups.failures={rate: 0.1 /year, repair_mean: 4000 h}",
    ];
    assert_alike_on("scenarios/power-sags.yaml", &sets.map(str::to_owned), 400, 4, &[1, 4]);
}

/// Looking at a chain changes nothing, not even what its generators burn while batteries hand over to them,
/// which decides when their tanks are empty.
#[test]
fn instants_at_which_nothing_happens_change_nothing() {
    let sets = [
        "power.utility.sags={rate: 0 /year, depth: 60 %, duration: 80 ms}",
        "power.set-{1..3}.fuel={tank: 0.2 m3, at_idle: 0.08 m3/h, at_rating: 0.22 m3/h}",
        "power.set-{1..3}.start={time: 10 s, fails: 0 %}",
    ];
    let chain = structure("scenarios/power-generators.yaml", &sets.map(str::to_owned));
    let seen = |looks_every: Span| {
        let mut chain = chain.clone();
        chain.begin(&Streams::new(1, 0));
        let mut units = Chain::units(&chain).iter();
        let utility = units.position(|unit| unit.name == "utility").unwrap() as u32;
        let mut told = Told::default();
        let outage = Time::ZERO + Span::from_hours(1);
        chain.advance(outage, &[(utility, false)], &mut told);
        let (mut looks, mut seen) = (outage + looks_every, Vec::new());
        while chain.next_at() < Time::ZERO + Span::from_hours(4) {
            let now = chain.next_at();
            while looks < now {
                chain.advance(looks, &[], &mut told);
                looks += looks_every;
            }
            chain.advance(now, &[], &mut told);
            seen.push((now, Chain::unserved(&chain).to_vec()));
        }
        seen
    };
    let unseen = seen(Span::MAX);
    let late = Time::ZERO + Span::from_hours(2);
    let mut late = unseen.iter().filter(|(at, _)| *at > late);
    assert!(late.any(|(_, unserved)| unserved.contains(&1.0)), "no tank is empty: {unseen:?}");
    assert_eq!(seen(Span::from_secs(1)), unseen);
}

/// Engines that always run and burn nothing without load rest with tanks that are not full.
#[test]
fn a_tank_that_is_not_full_is_not_held() {
    let sets = [
        "power.engine-{1..24}.fuel={tank: 150 m3, at_idle: 0 m3/h, at_rating: 1.1 m3/h}",
        "power.board.failures={rate: 20 /year, repair_mean: 3 h}",
    ];
    assert_alike("validation/power/engines.yaml", &sets.map(str::to_owned), 10, 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the chain is built of, and however often it is struck.
    #[test]
    fn any_chain_tells_the_same(
        (per_day, minutes) in (0.1f64..10.0, 1u32..200),
        (sags, tank, fails) in (0.0f64..5.0, prop_oneof![Just(1e3), 0.05f64..2.0], 0.0f64..30.0),
        (crank_fires, runs, beta) in (30.0f64..100.0, 0.0f64..2.0, 0.0f64..100.0),
        (requalify, walk_in, on_generator) in (0u32..20, 0u32..30, any::<bool>()),
        (runtime, bypass, strikes) in (10u32..600, any::<bool>(), any::<bool>()),
        (stuck, returns, seed) in (0.0f64..20.0, 1u32..1200, 0u64..1000),
    ) {
        let charge = if on_generator { "5 %" } else { "0 %" };
        let strikes = match strikes {
            true => ", strikes: {count: 3, window: 1 min, reset: 30 min}",
            false => "",
        };
        let sets = [
            format!("power.utility.failures={{rate: {per_day} /day, repair_mean: {minutes} min}}"),
            format!("power.utility.sags={{rate: {sags} /day, depth: 60 %, duration: 80 ms}}"),
            format!("power.set-{{1..3}}.fuel={{tank: {tank} m3, at_idle: 0.08 m3/h, at_rating: 0.22 m3/h}}"),
            format!("power.set-{{1..3}}.start={{time: 10 s, cranks: 3, fails: {fails} %, crank_fires: {crank_fires} %}}"),
            format!("power.set-{{1..3}}.runs={{rate: {runs} /day, repair_mean: 5 h}}"),
            format!("common_causes={{starts: {{of: \"set-{{1..3}}\", on: start, beta: {beta} %}}}}"),
            format!("power.ups-{{1..2}}.battery={{runtime: {runtime} s, recharge: 10 %, recharge_on_generator: {charge}}}"),
            format!("power.ups-{{1..2}}.input={{requalify: {requalify} s, walk_in: {walk_in} s{strikes}}}"),
            format!("power.ups-{{1..2}}.bypass={{present: {bypass}}}"),
            format!("power.board.fails={{transfer: {stuck} %}}"),
            format!("power.board.return_delay={returns} s"),
        ];
        assert_alike("scenarios/power-generators.yaml", &sets, 1, seed);
    }
}
