//! Same seed, same bits; and nobody's luck depends on who else is there.

use std::fs;

use super::support::{Bench, SMALL, names, simulate};

/// Everything of a run but its manifest, which tells the time of day.
pub(super) fn files(bench: &Bench, output: &str) -> Vec<(String, Vec<u8>)> {
    let run = &bench.names(output)[0];
    let folder = bench.path().join(output).join(run);
    let of_interest = names(&folder).into_iter().filter(|name| name != "manifest.json");
    of_interest.map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// Failures every few hours, so that there is something to be different.
pub(super) const RESTLESS: [&str; 4] = [
    "power.utility.failures={rate: 1 /day, repair_mean: 20 min}",
    "power.ups.failures={rate: 1 /day, repair_mean: 1 h}",
    "power.pdu-{1..2}.failures={rate: 1 /day, repair_mean: 1 h, repair_sigma: 1}",
    "duration=3 days",
];

#[test]
fn runs_repeat_to_the_byte_on_any_number_of_threads() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let run = |output: &str, threads: &str, sets: &[&str]| {
        let mut command = bench.loadbank("run small.yaml --tables csv");
        for set in RESTLESS.iter().chain(sets) {
            command = command.args(["--set", set]);
        }
        command.args(["--threads", threads, "--output", output]).assert().success();
        files(&bench, output)
    };
    let one = run("one", "1", &[]);
    assert!(one == run("again", "1", &[]), "a second run differs");
    assert!(one == run("two", "2", &[]), "a run on two threads differs");

    // So many requests that cells of the service run ahead of the plant, and are called back.
    let busy = ["workloads.chat.arrivals.rate_per_replica=0.25 /s", "output.requests={share: 1 %}"];
    let alone = run("busy", "1", &busy);
    for threads in ["2", "3", "8"] {
        assert!(alone == run(threads, threads, &busy), "a busy run on {threads} threads differs");
    }

    // Undisturbed, until it ends in the middle of a row.
    let broken_off = [&busy[..], &["duration=90 min"]].concat();
    let alone = run("short", "1", &broken_off);
    assert!(alone == run("short-2", "2", &broken_off), "a short run on two threads differs");

    let other = run("other", "1", &["seed=2"]);
    for ((name, ours), (_, theirs)) in one.iter().zip(&other) {
        // Who serves whom is no matter of luck.
        assert!((ours != theirs) == (name != "graph.csv"), "another seed, `{name}`");
    }
}

/// A second site behind a fence of its own: feed, transformer, cooling, racks and workloads of
/// every kind.
const NEIGHBOUR: &str = "
base: small.yaml
power:
  utility-b: {kind: feed, capacity: 1.5 MW, failures: {rate: 2 /day, repair_mean: 20 min}}
  main-tx-b: {kind: transformer, rating: 2 MVA, fed_by: utility-b}
cooling:
  air-b: {kind: asic-hall, design_heat: 720 kW, fed_by: main-tx-b}
  tower-b: {kind: open-tower, design_heat: 180 kW, fed_by: main-tx-b}
racks:
  # Sorts before what is there already, and is read after it.
  a-mine-hall: {kind: s21-container, fed_by: main-tx-b, cooled_by: air-b}
  a-train-hall: {kind: dgx-h100, count: 2, fed_by: main-tx-b, cooled_by: tower-b}
  a-chat-hall: {kind: dgx-h100, count: 1, fed_by: main-tx-b, cooled_by: tower-b}
workloads:
  a-mine: {kind: mining, racks: a-mine-hall, income: {hash_price: 53 $/PH/day}}
  a-train:
    kind: training
    racks: a-train-hall
    jobs:
      kind: stream
      arrivals: 10 /day
      classes: [{nodes: 2, weight: 1, duration: {kind: exponential, mean: 2 h}}]
  a-chat:
    kind: llama-3.1-70b-h100
    racks: a-chat-hall
    represent: 1
    arrivals: {rate_per_replica: 0.05 /s}
";

#[test]
fn a_neighbour_changes_nobodys_luck() {
    let bench = Bench::new();
    let alone = bench.file("small.yaml", SMALL);
    let beside = bench.file("beside.yaml", NEIGHBOUR);
    let alone = super::support::simulate_file(&alone, &RESTLESS);
    let beside = super::support::simulate_file(&beside, &RESTLESS);

    let own = |event: &&String| {
        let subject = event.split(' ').nth(2).unwrap();
        !subject.ends_with("-b") && !subject.starts_with("a-")
    };
    let ours: Vec<&String> = beside.events.iter().filter(own).collect();
    assert!(ours.len() > 20 && ours.len() < beside.events.len(), "{} events", ours.len());
    assert_eq!(ours, alone.events.iter().collect::<Vec<_>>());

    for work in alone.outcome.workloads() {
        let same = beside.outcome.named(&work.name).unwrap();
        for (ours, theirs) in work.entries().zip(same.entries()) {
            let address = ours.address();
            if ours.figure.key() != "energy_mwh" {
                assert_eq!((&address, ours.value), (&theirs.address(), theirs.value));
                continue;
            }
            // The meters of the site are read at more instants, so their sums round differently.
            let (ours, theirs) = (ours.value.unwrap(), theirs.value.unwrap());
            assert!((ours - theirs).abs() <= 1e-9 * ours, "{address}: {ours} and {theirs}");
        }
    }
}

/// The trajectory of a small site, frozen: every event of the plant and the instant of each.
///
/// Where this moves, results of all scenarios move. A change to a model may do that, and says
/// so in its commit; anything else that does it is a mistake.
#[test]
fn the_trajectory_is_as_it_was() {
    let outcome = simulate(SMALL, &RESTLESS).outcome;
    assert_eq!(
        (outcome.site_events, outcome.trace.as_str()),
        (5060, "3d011cd5d71df3987e76416c798ae227")
    );
}
