//! Values at the ends of their ranges: refused with a message, or simulated; never a panic.

use super::support::{Bench, SMALL};

/// What becomes of SMALL with `sets`: the exit code of `run` and what was said.
fn run(sets: &[&str]) -> (i32, String) {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let mut command = bench.loadbank("run small.yaml --tables csv");
    for set in sets {
        command = command.args(["--set", set]);
    }
    let output = command.output().unwrap();
    let code = output.status.code().expect("no signal ended it");
    (code, String::from_utf8(output.stderr).unwrap())
}

#[track_caller]
fn refused(set: &str, wanted: &str) {
    let (code, said) = run(&[set]);
    assert_eq!(code, 3, "{set}:\n{said}");
    assert!(said.contains(wanted), "{set} says\n{said}");
}

#[track_caller]
fn runs(sets: &[&str]) {
    let (code, said) = run(sets);
    assert_eq!(code, 0, "{sets:?}:\n{said}");
}

#[test]
fn nothing_and_too_much_are_refused() {
    refused("racks.train-hall.count=0", "count: must be between 1 and 1000000");
    refused("racks.mine-hall.count=0", "count: must be between 1 and 1000000");
    refused("racks.train-hall.count=1000000000", "count: must be between 1 and 1000000");
    refused("racks.train-hall.count=4294967296", "racks.train-hall.count");
    refused("racks.mine-hall.machines=0", "needs 1 to 100000");
    refused("cooling.air.design_heat=0 W", "cooling.air.design_heat");
    refused("cooling.air.design_heat=-1 MW", "cooling.air.design_heat");
    refused("power.utility.capacity=0 W", "power.utility.capacity");
    refused("power.utility.capacity=1e300 W", "must be zero or between");
    refused("power.ups.rating=-1 kW", "power.ups.rating");
    refused("power.ups.rating=1e-300 MW", "power.ups.rating");
    refused("duration=0 s", "duration");
    refused("duration=-3 days", "duration");
    refused("duration=200 years", "duration");
    refused("duration=60000 days", "duration");
    refused("start=9999-12-30T00:00:00Z", "year 9999");
    refused("control={restart_after_heat: 0 s}", "at least a second");
    refused("output.interval=0 s", "interval");
    refused("output.interval=10 ms", "interval");
    refused("seed=-1", "seed");
    refused("seed=18446744073709551616", "seed");
    refused("workloads.chat.represent=0", "represent");
    refused("workloads.chat.cells=0", "cells");
    refused("workloads.chat.cells=1000", "workloads.chat");
    refused("workloads.train.jobs.classes=[]", "workloads.train.jobs");
    refused("workloads.train.jobs.arrivals=0 /day", "arrivals");
    refused("workloads.train.jobs.classes.0.nodes=0", "at least one node");
    refused("workloads.train.jobs.classes.1.nodes=1000", "nodes");
    refused("workloads.mine.income.hash_price=-1 $/PH/day", "hash_price");
}

#[test]
fn the_ends_of_the_ranges_are_simulated() {
    runs(&["duration=1 ms"]);
    runs(&["duration=1 s", "output.interval=1 s"]);
    runs(&["duration=1 h", "output.interval=90 days"]);
    runs(&["duration=1 h", "seed=18446744073709551615"]);
    runs(&["duration=1 h", "start=1970-01-01T00:00:00Z"]);
    runs(&["duration=1 h", "start=1066-10-14T09:00:00Z"]);
    runs(&["duration=1 day", "workloads.chat.arrivals.rate_per_replica=0 /s"]);
    runs(&["duration=1 h", "power.house.power=0 W"]);
    runs(&["duration=1 h", "power.utility.capacity=1e15 W"]);
    runs(&["duration=1 h", "price={fixed: -500 $/MWh}"]);
    runs(&["duration=1 h", "price={fixed: 1e12 $/MWh}"]);
    runs(&["duration=1 h", "carbon=null"]);
    // A site of feeds alone, of racks without work, of work without cooling.
    runs(&["duration=1 h", "cooling={}", "racks={}", "workloads={}"]);
    runs(&["duration=1 h", "workloads={}"]);
    runs(&["duration=1 h", "racks.mine-hall.cooled_by=null", "cooling.air=null"]);
}
