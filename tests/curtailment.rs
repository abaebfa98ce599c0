//! Training that gives power back, as a user writes it, on a whole site.

use loadbank::facility::Subject;

use super::support::{SMALL, Told, column, simulate};

fn training(told: &Told) -> &Subject {
    told.outcome.named("train").expect("the site trains")
}

/// Mean draw of the training racks hour by hour, MW.
fn draw(told: &Told) -> Vec<f64> {
    column(told, "train_mw")
}

const RESIDENT: &str = "workloads.train.jobs={kind: resident}";
const STEADY: [&str; 2] =
    ["workloads.train.failures={rate: 0 /day}", "power.utility.capacity=3 MW"];

#[test]
fn a_scheduled_cut_is_seen_at_the_meter() {
    let cut = "workloads.train.curtailment={when: {kind: scheduled, first: 10 h, every: 1 day, \
               duration: 2 h}, reduce: 30 %}";
    let told = simulate(SMALL, &[RESIDENT, STEADY[0], STEADY[1], cut]);
    let draw = draw(&told);
    for day in 0..7 {
        let hour = |h: usize| draw[24 * day + h];
        for h in [10, 11] {
            assert!((hour(h) / hour(9) - 0.7).abs() < 0.01, "day {day}: {} at {h}", hour(h));
        }
        assert!((hour(13) / hour(9) - 1.0).abs() < 0.02);
    }
    let train = training(&told);
    assert_eq!((train.count("curtailment.cuts"), train.count("curtailment.missed")), (7, 0));
    assert!((train.real("curtailment.under_cut_h") - 14.0).abs() < 1e-9);
    assert!(train.real("gpu_hours.curtailed") > 0.0);
    // The draw fell and rose by the cut at once.
    let part = 0.95 * 0.3 * draw[9];
    assert!(train.real("swing.second_fall_mw") > part && train.real("swing.minute_rise_mw") > part);
}

/// The price stops the job where it is dear, for as long as it is.
#[test]
fn dear_energy_stops_a_job() {
    let cut = "workloads.train.curtailment={when: {kind: price, above: 50 $/MWh}, notice: 5 min}";
    let told = simulate(SMALL, &[RESIDENT, STEADY[0], STEADY[1], cut]);
    let price = column(&told, "price_usd_per_mwh");
    let dear = price.iter().filter(|price| **price > 50.0).count();
    let train = training(&told);
    let cuts = train.count("curtailment.cuts");
    assert!(dear > 0 && cuts > 0, "the price never rose: {dear} hours");
    assert!(train.count("interruptions.curtailments") <= cuts);
    assert!(train.real("gpu_hours.curtailed") > 0.0 && train.real("gpu_hours.lost") == 0.0);
}

#[test]
fn contradictions_are_refused() {
    for (field, said) in [
        (
            "{when: {kind: scheduled, first: 1 h, every: 1 h, duration: 2 h}}",
            "curtailment.when.every: must be longer",
        ),
        (
            "{when: {kind: scheduled, first: 1 min, duration: 2 h}, notice: 5 min}",
            "before its `notice`",
        ),
        (
            "{when: {kind: random, rate: 0 /day, duration: 2 h}}",
            "curtailment.when.rate: must be above zero",
        ),
        (
            "{when: {kind: price, above: 1 $/MWh}, tiers: [{tier: no, response: hold}]}",
            "`no` is no tier",
        ),
    ] {
        let bench = super::support::Bench::new();
        let path = bench.file("test.yaml", SMALL);
        let sets = [format!("workloads.train.curtailment={field}")];
        let reading = loadbank::scenario::read_scenario(&path, &sets);
        let text = reading.diagnostics.render(&reading.files, false);
        assert!(reading.loaded.is_none() && text.contains(said), "{text}");
    }
}
