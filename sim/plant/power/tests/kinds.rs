//! What each kind becomes: published efficiencies, lengths, faults, and the catalogue.

use crate::kernel::{FailureLaw, RepairLaw};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::{ComponentDesign, PowerPart, PowerSpec};
use crate::spec::Fault;

/// Reads one component the way the scenario does: `kind` selects, the rest is its content.
fn read(value: serde_yaml::Value) -> PowerSpec {
    let serde_yaml::Value::Mapping(mut fields) = value else { panic!("needs a mapping") };
    let kind = fields.remove("kind").expect("a component has a kind");
    let mut outer = serde_yaml::Mapping::new();
    outer.insert(kind, serde_yaml::Value::Mapping(fields));
    // An externally tagged enum is a map of one entry in JSON, but a tag in YAML.
    let json = serde_json::to_value(&outer).expect("a mapping is JSON");
    serde_json::from_value(json).unwrap_or_else(|error| panic!("{error}"))
}

fn supply(text: &str) -> (ComponentDesign, Vec<Fault>) {
    let spec = read(serde_yaml::from_str(text).expect("well-formed YAML"));
    let mut faults = Vec::new();
    match spec.resolve(&mut faults) {
        PowerPart::Supply(component) => (component, faults),
        PowerPart::House { .. } => panic!("a house load is no supply"),
    }
}

fn efficiency(component: &ComponentDesign, load: f64) -> f64 {
    let out = load * component.rating_w;
    out / (out + component.loss.loss_w(out))
}

/// T28: 90.1, 94.8, 96.1, 96.2 and 96.1 % at 10, 25, 50, 75 and 100 % load.
#[test]
fn efficiency_of_a_ups() {
    let (ups, faults) = supply("{kind: ups, rating: 2 MW, fed_by: [bus]}");
    assert!(faults.is_empty());
    for (load, percent) in [(0.1, 90.1), (0.25, 94.8), (0.5, 96.1), (0.75, 96.2), (1.0, 96.1)] {
        let ours = 100.0 * efficiency(&ups, load);
        assert!((ours - percent).abs() <= 0.05, "{ours} % at {load}, published {percent} %");
    }
}

/// Shares above the whole are written as such: levels of overload, an input that takes 110 %.
#[test]
fn an_overload_is_written_in_percent() {
    let (ups, faults) = supply(
        "{kind: ups, rating: 1 MW, fed_by: [bus], battery: {}, input: {high: 115 %},
          overload: {levels: [{load: 110 %, lasts: 60 min}, {load: 125 %, lasts: 10 min}]}}",
    );
    assert_eq!(faults, []);
    let MachineDesign::Ups(ups) = ups.machine else { panic!("it has a battery") };
    assert_eq!(ups.window.1, 1.15);
    let overload = ups.overload.expect("it is written");
    assert_eq!(overload.levels[..2].iter().map(|level| level.0).collect::<Vec<_>>(), [1.1, 1.25]);
}

/// A battery of 5 min at its rating: half its life on it has 90 % left, 80 % at its end; 10 K more halve its
/// life.
#[test]
fn batteries_age() {
    let minutes = |battery: &str| {
        let text = format!("{{kind: ups, rating: 1 MW, fed_by: [bus], battery: {{{battery}}}}}");
        let (ups, faults) = supply(&text);
        assert_eq!(faults, [], "{battery}");
        let MachineDesign::Ups(ups) = ups.machine else { panic!("it has a battery") };
        let minutes = |joules: f64| joules / ups.battery_rated_w / 60.0;
        (minutes(ups.battery_j), minutes(ups.end_of_life_j))
    };
    for (battery, now, end) in [
        ("", 5.0, 5.0),
        ("life: 10 years", 5.0, 4.0),
        ("age: 5 years", 4.5, 4.0),
        ("chemistry: vrla, age: 5 years", 4.0, 4.0),
        ("chemistry: vrla, age: 5 years, temperature: 35 degC", 3.0, 3.0),
        ("chemistry: vrla, age: 30 months, runtime: 10 min", 9.0, 8.0),
    ] {
        let (is_now, is_at_end) = minutes(battery);
        assert!((is_now - now).abs() < 1e-12 && (is_at_end - end).abs() < 1e-12, "{battery}");
    }
    let (_, faults) = supply("{kind: ups, rating: 1 MW, fed_by: [bus], battery: {peukert: 1.2}}");
    assert_eq!(faults.len(), 1, "only lead acid has an exponent");
}

/// T28: 99.5 % at half load, best where both losses are equal, at 41 %.
#[test]
fn efficiency_of_a_transformer() {
    let (transformer, _) =
        supply("{kind: transformer, rating: 75 MVA, fed_by: [u], power_factor: 100 %}");
    assert_eq!(transformer.rating_w, 75e6);
    assert!((efficiency(&transformer, 0.5) - 1.0 / 1.005).abs() < 1e-12);
    let best = (1..=100)
        .max_by(|&a, &b| {
            let at = |percent: i32| efficiency(&transformer, f64::from(percent) / 100.0);
            at(a).total_cmp(&at(b))
        })
        .expect("a hundred loads");
    assert_eq!(best, 41);
}

#[test]
fn losses_at_a_power_factor_below_one_are_those_of_the_current() {
    let (unity, _) = supply("{kind: transformer, rating: 1 MVA, fed_by: [u], power_factor: 100 %}");
    let (half, _) = supply("{kind: transformer, rating: 1 MVA, fed_by: [u], power_factor: 50 %}");
    assert_eq!(half.rating_w, 0.5e6);
    // Half the real power at half the power factor is the same current.
    assert!((half.loss.loss_w(0.25e6) - unity.loss.loss_w(0.5e6)).abs() < 1e-9);
}

#[test]
fn cables_fail_by_length() {
    let (mile, _) =
        supply("{kind: cable, rating: 10 MVA, length: 1 mile, laid: aerial, fed_by: [u]}");
    assert!((mile.failures.rate_per_s * 8760.0 * 3600.0 - 0.04717).abs() < 1e-12);
    let (feet, _) = supply("{kind: cable, rating: 1 MVA, length: 2000 ft, fed_by: [u]}");
    assert!((feet.failures.rate_per_s * 8760.0 * 3600.0 - 0.00402).abs() < 1e-12);
}

#[test]
fn own_failures_lie_over_the_defaults() {
    let (ups, faults) =
        supply("{kind: ups, rating: 1 MW, fed_by: [u], failures: {repair_sigma: 0.5}}");
    assert!(faults.is_empty());
    assert_eq!(ups.failures.repair, RepairLaw::Lognormal { mean_s: 28_800.0, sigma: 0.5 });
    assert!((ups.failures.rate_per_s * 3600.0 * 250_000.0 - 1.0).abs() < 1e-12);
    let (feed, faults) = supply("{kind: feed, capacity: 1 MW, outages: none}");
    assert!(faults.is_empty());
    assert_eq!(feed.failures, FailureLaw::NEVER);
}

#[test]
fn what_makes_no_sense_is_refused_at_its_field() {
    let fields = |text: &str| -> Vec<String> {
        supply(text).1.iter().map(|fault| fault.field.to_string()).collect()
    };
    assert_eq!(fields("{kind: feed, capacity: 0 MW}"), ["capacity"]);
    let both = "{kind: feed, capacity: 1 MW, outages: none, failures: {rate: 1 /year}}";
    assert!(fields(both).contains(&"outages".to_owned()));
    assert_eq!(fields("{kind: ups, rating: 0 MW, fed_by: []}"), ["fed_by", "rating"]);
    let wrong = "{kind: pdu, rating: 1 MVA, fed_by: [u], efficiency: 0 %, power_factor: 0 %,
        failures: {rate: 2 /s, repair_mean: 0 s, repair_sigma: 9}}";
    let failures = ["failures.rate", "failures.repair_mean", "failures.repair_sigma"];
    assert_eq!(fields(wrong)[..2], ["efficiency", "power_factor"]);
    assert_eq!(fields(wrong)[2..], failures);
}

/// Every entry of the catalogue is complete but for its place, sourced, and without fault.
#[test]
fn catalogue_entries_resolve() {
    let text = include_str!("../../../../scenarios/presets/power.yaml");
    let catalogue: serde_yaml::Mapping = serde_yaml::from_str(text).expect("YAML");
    assert!(catalogue.len() >= 10, "{} entries", catalogue.len());
    for (name, entry) in catalogue {
        let serde_yaml::Value::Mapping(mut entry) = entry else { panic!("{name:?}") };
        assert!(entry.contains_key("source"), "{name:?} has no source");
        let kind = entry.get("kind").and_then(|kind| kind.as_str()).expect("a kind").to_owned();
        let mut place = |field: &str, value: &str| {
            entry.entry(field.into()).or_insert(value.into());
        };
        match kind.as_str() {
            "feed" => place("capacity", "1 MW"),
            "cable" => place("length", "1 km"),
            _ => {}
        }
        if !["feed", "genset"].contains(&kind.as_str()) {
            entry.insert("fed_by".into(), serde_yaml::Value::Sequence(vec!["u".into()]));
        }
        let spec = read(serde_yaml::Value::Mapping(entry));
        let mut faults = Vec::new();
        spec.resolve(&mut faults);
        assert!(faults.is_empty(), "{name:?}: {faults:?}");
    }
}
