//! A job under caps of the site, a feeder, its rack and its own: it runs slower and loses nothing.

use super::support::{column, simulate};

/// Four nodes of eight GPUs, which draw 26.4 kW at full speed.
const SITE: &str = "\
name: capped
start: 2026-06-01T00:00:00Z
duration: 2 days
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
power:
  utility: {kind: feed, capacity: 1 MW}
  pdu: {kind: pdu, rating: 300 kVA, fed_by: utility}
racks:
  hall: {kind: dgx-h100, fed_by: pdu}
workloads:
  jobs:
    kind: training
    racks: hall
    spares: 0
    failures: {rate: 0 /day}
    checkpoint: {interval: never}
    jobs:
      kind: stream
      arrivals: 2000 /day
      classes:
        - {nodes: 4, weight: 1, duration: {kind: constant, value: 100 days}}
";

/// The highest mean draw of the rack over an interval, kW, and the throttled part of the time
/// that jobs hold its nodes.
fn runs(sets: &[&str]) -> (f64, f64) {
    let told = simulate(SITE, sets);
    assert!(told.outcome.balanced());
    let jobs = told.outcome.named("jobs").expect("a training workload");
    assert_eq!(jobs.count("jobs.running"), 1);
    for value in jobs.values.iter().filter(|it| it.figure.name.starts_with("interruptions.")) {
        assert_eq!(value.value, Some(0.0), "{}", value.figure.name);
    }
    let gpu_hours = |kind: &str| jobs.real(&format!("gpu_hours.{kind}"));
    assert_eq!((gpu_hours("paused"), gpu_hours("lost")), (0.0, 0.0));
    let most = column(&told, "jobs_mw").into_iter().fold(0.0, f64::max);
    (1000.0 * most, gpu_hours("throttled") / gpu_hours("held"))
}

#[test]
fn a_job_can_be_capped_by_the_site_a_feeder_its_rack_or_itself() {
    let (full_kw, throttled) = runs(&[]);
    // Nodes draw 2 kW and GPUs 574 W in the mean of an iteration.
    assert!((full_kw - 4.0 * (2.0 + 8.0 * 0.574)).abs() < 1e-6, "{full_kw} kW");
    assert_eq!(throttled, 0.0);
    let curtailment = "control={curtailments: [{start: 2026-06-01T00:00:00Z, duration: 2 days, \
                       import: 22 kW}]}";
    for cap in [
        curtailment,
        "power.utility.capacity=22 kW",
        "power.pdu.rating=22 kVA",
        "workloads.jobs.power={rack_cap: 22 kW}",
    ] {
        let (kw, throttled) = runs(&[cap]);
        assert!(kw <= 22.0 + 1e-6 && kw > 18.0, "{cap}: {kw} kW");
        // GPUs are left seven tenths of what they draw, which costs a tenth of their speed.
        assert!(throttled > 0.05 && throttled < 0.25, "{cap}: {throttled}");
    }
    let class = "workloads.jobs.jobs.classes=[{nodes: 4, weight: 1, cap: 400 W, duration: {kind: \
                 constant, value: 100 days}}]";
    let (kw, throttled) = runs(&[class]);
    // The curve at 400 W: 395 of 647 W while it computes, at 0.821 of the speed.
    let gpu_kw = 0.8 * 0.395 * 630.0 / 647.0 + 0.2 * 0.35;
    assert!((kw - 4.0 * (2.0 + 8.0 * gpu_kw)).abs() < 1e-6, "{kw} kW");
    assert!((throttled - 0.179).abs() < 0.002, "{throttled}");
}
