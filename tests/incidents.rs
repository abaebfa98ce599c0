//! Incidents and states against the log of events.

use std::collections::BTreeMap;

use super::support::{Bench, SMALL};

/// The rows of a table of the only run in `bench`, as maps from column to cell.
fn table(bench: &Bench, name: &str) -> Vec<BTreeMap<String, String>> {
    let path = bench.the_run().join(format!("{name}.csv"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        header.iter().zip(&row).map(|(key, cell)| (key.to_owned(), cell.to_owned())).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// A week in which the utility, the UPS and the PDUs fail about once a day.
#[test]
fn what_follows_from_a_failure_hangs_on_it() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    bench
        .loadbank("run small.yaml --tables csv")
        .args(["--set", "power.utility.failures={rate: 1 /day, repair_mean: 20 min}"])
        .args(["--set", "power.ups.failures={rate: 1 /day, repair_mean: 1 h}"])
        .args(["--set", "power.pdu-{1..2}.failures={rate: 1 /day, repair_mean: 1 h}"])
        .assert()
        .success();
    let (events, rows) = (table(&bench, "events"), table(&bench, "incidents"));
    let when = |what: &str| -> Vec<&str> {
        let mut all: Vec<&str> = events
            .iter()
            .filter(|row| row["event"] == what)
            .map(|row| row["at_utc"].as_str())
            .collect();
        all.sort_unstable();
        all
    };
    let failed = || rows.iter().filter(|row| row["what"] == "failed");
    let sorted = |column: &str| {
        let mut all: Vec<&str> =
            failed().map(|row| row[column].as_str()).filter(|at| !at.is_empty()).collect();
        all.sort_unstable();
        all
    };
    assert!(failed().count() > 10);
    assert_eq!(sorted("at_utc"), when("failed"), "each failure is a row");
    assert_eq!(sorted("until_utc"), when("repaired"), "which ends with the repair");
    assert!(failed().all(|row| row["cause"] == "random" && row["parent_seq"].is_empty()));

    let row = |incident: &str, seq: &str| {
        rows.iter().find(|row| row["incident"] == incident && row["seq"] == seq).unwrap()
    };
    let mut losses = 0;
    for lost in rows.iter().filter(|row| row["what"] == "no-power" && row["subject"] == "chat-hall")
    {
        losses += 1;
        let mut at = lost;
        while !at["parent_seq"].is_empty() {
            let parent = row(&at["incident"], &at["parent_seq"]);
            assert!(parent["at_utc"] <= at["at_utc"], "{parent:?} {at:?}");
            at = parent;
        }
        let unit = at["unit"].as_str();
        let upstream = ["utility", "main-tx", "ups"].contains(&at["subject"].as_str())
            || at["subject"] == "pdu-{1..2}" && unit == "1";
        assert!(upstream && at["what"] == "failed", "{lost:?} from {at:?}");
        assert_eq!(lost["count"], "2", "both racks");
        let energy: f64 = lost["energy_mwh"].parse().unwrap();
        assert!(energy > 0.0);
    }
    let events_of = |hall: &str, what: &str| {
        events.iter().filter(|row| row["subject"] == hall && row["event"] == what).count()
    };
    assert_eq!(losses, events_of("chat-hall", "power-lost"));
    let requests = rows.iter().map(|row| row["requests"].parse::<u64>().unwrap()).sum::<u64>();
    assert!(requests > 0, "requests under way are lost with their racks");

    let states = table(&bench, "states");
    let units = |row: &BTreeMap<String, String>| {
        let of = |column: &str| row[column].parse::<u64>().unwrap();
        of("unit_hi") - of("unit_lo") + 1
    };
    let begin: u64 = states.iter().filter(|row| row["at_us"] == "0").map(units).sum();
    // Power 5, loops 3, racks 1, 4 and 2.
    assert_eq!(begin, 5 + 3 + 7, "the log begins with all units");
    let fails: u64 = states.iter().filter(|row| row["state"] == "failed").map(units).sum();
    assert_eq!(fails as usize, failed().count());
}
