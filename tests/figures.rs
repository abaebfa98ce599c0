//! Figures and columns as they are declared: each has one place, and they agree with each other.

use std::collections::BTreeSet;

use loadbank::facility::{NoFigure, SubjectKind, described};
use loadbank::report::json;

use super::support::{SMALL, column, simulate};

/// Failures of the feed and of both PDUs, often enough to be seen in a week.
const RESTLESS: [&str; 3] = [
    "power.utility.failures={rate: 1 /day, repair_mean: 20 min}",
    "power.pdu-{1..2}.failures={rate: 2 /day, repair_mean: 1 h, repair_sigma: 1}",
    "racks.train-hall.fed_by=pdu-{1..2}",
];

#[test]
fn every_declared_figure_says_what_it_is() {
    for table in described() {
        let mut keys = BTreeSet::new();
        for figure in &table.figures {
            let key = figure.key();
            assert!(keys.insert(key.clone()), "{:?} has two figures `{key}`", table.kind);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c);
            assert!(key.chars().all(plain), "{key}");
            assert!(figure.doc.ends_with('.') && figure.doc.len() > 10, "{key}: {}", figure.doc);
        }
        let mut names = BTreeSet::new();
        for (name, _, _, doc) in &table.columns {
            assert!(names.insert(name), "{:?} has two columns `{name}`", table.kind);
            assert!(doc.ends_with('.'), "{name}: {doc}");
        }
    }
}

#[test]
fn every_figure_has_one_address_and_stands_there_in_the_summary() {
    let told = simulate(SMALL, &RESTLESS);
    let outcome = &told.outcome;
    let summary: serde_json::Value = serde_json::from_str(&json::summary(outcome)).unwrap();
    let mut addresses = BTreeSet::new();
    for entry in outcome.figures() {
        let address = entry.address();
        assert!(addresses.insert(address.clone()), "two figures at {address}");
        let mut found = &summary;
        for part in entry.subject.path.iter().map(String::as_str) {
            found = &found[part];
        }
        for part in entry.figure.key().split('.') {
            found = &found[part];
        }
        let (found, value) = (found.as_f64(), entry.value);
        assert_eq!(found.is_some(), value.is_some(), "{address}");
        // The reader of JSON may be off by a unit in the last place.
        let same = found.zip(value).is_none_or(|(a, b)| (a - b).abs() <= 1e-15 * b.abs());
        assert!(same, "{address}: {found:?}, {value:?}");
        // The address and the label both lead to the figure.
        assert_eq!(outcome.figure(&address).unwrap().address(), address);
        if entry.figure.name.contains('.') {
            continue;
        }
        assert_eq!(outcome.figure(&entry.label()).unwrap().address(), address);
    }
    assert!(addresses.len() > 200);
    // Every run of a design has the same figures in the same order.
    let again = simulate(SMALL, &[]).outcome;
    let order: Vec<String> = again.figures().map(|entry| entry.address()).collect();
    assert!(outcome.figures().map(|entry| entry.address()).eq(order));
}

#[test]
fn figures_are_found_as_people_write_them() {
    let outcome = simulate(SMALL, &["duration=1 day"]).outcome;
    for (asked, address) in [
        ("import", "energy.import_mwh"),
        ("pue", "effectiveness.pue"),
        ("cost-of-energy", "money.cost_of_energy_usd_per_mwh"),
        ("margin", "money.margin_usd"),
        ("availability(train-hall)", "halls.train-hall.availability"),
        ("halls.train-hall.availability", "halls.train-hall.availability"),
        ("goodput(train)", "workloads.train.goodput"),
        ("gpu-hours.idle(train)", "workloads.train.gpu_hours.idle"),
        ("ttft-p99(chat)", "workloads.chat.ttft_p99_s"),
        ("withdrawal", "water.withdrawal_m3"),
        ("withdrawal(tower)", "cooling.tower.water.withdrawal_m3"),
        ("uptime", "workloads.mine.uptime"),
    ] {
        assert_eq!(outcome.figure(asked).map(|entry| entry.address()), Ok(address.to_owned()));
    }
    for asked in ["availibility(train-hall)", "availability(hall)", "pue(train)", "", "()"] {
        assert_eq!(outcome.figure(asked).map(|it| it.value), Err(NoFigure::Unknown), "{asked}");
    }
    let Err(NoFigure::Several(halls)) = outcome.figure("availability") else {
        panic!("there are three halls");
    };
    assert_eq!(halls.len(), 3);
}

/// Outages of a hall are events of the hall: their sizes sum to the rack-hours that it lacks, and
/// an outage of the feed is one outage of each hall however many racks it strikes.
#[test]
fn outages_are_events_of_a_hall() {
    let feed = &RESTLESS[..1];
    let told = simulate(SMALL, feed);
    let failures = told.outcome.count("failures(utility)");
    assert!(failures > 2, "{failures}");
    for hall in told.outcome.of(SubjectKind::Hall) {
        assert_eq!(hall.count("outages"), failures, "{}", hall.name);
        assert_eq!(hall.count("power_losses"), failures * hall.count("racks"), "{}", hall.name);
        let longest = hall.real("outage_longest_h");
        assert!((longest - hall.real("outage_largest_h")).abs() < 1e-9, "all of its racks");
    }
    let told = simulate(SMALL, &RESTLESS);
    let mut partial = false;
    for hall in told.outcome.of(SubjectKind::Hall) {
        let racks = hall.real("racks");
        let lacking = (hall.real("installed_rack_h") - hall.real("live_rack_h")) / racks;
        let [sum, squares, largest, longest] =
            ["outage_sum_h", "outage_sum_of_squares_h2", "outage_largest_h", "outage_longest_h"]
                .map(|key| hall.real(key));
        assert!((sum - lacking).abs() < 1e-9, "{}: {sum} h, {lacking} h", hall.name);
        let availability = hall.real("availability");
        assert!((1.0 - availability - sum / 168.0).abs() < 1e-12, "{}", hall.name);
        let count = hall.real("outages");
        // Cauchy and Schwarz: no more than the largest times the sum, no less than alike ones.
        assert!(squares <= largest * sum * (1.0 + 1e-12) && squares >= sum * sum / count);
        assert!(largest <= longest && count > 3.0, "{count} outages");
        partial |= largest < 0.9 * longest;
        let series = column(&told, &format!("{}_live_racks", hall.name));
        let dark: f64 = series.iter().map(|live| racks - live).sum();
        assert!((dark / racks - sum).abs() < 1e-9, "{dark} rack-hours in the series");
    }
    assert!(partial, "a PDU takes half of the racks of the train hall");
}
