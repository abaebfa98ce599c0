//! Faults, defaults and presets.

use super::*;

#[test]
fn contradictions_are_reported_with_figures() {
    let check = |json: &str, severity, field: &str, words: &str| {
        let faults = faults_of(json);
        assert!(has(&faults, severity, field, words), "{faults:?}");
    };
    use Severity::{Error, Warning};
    check(
        r#"{"tower": {"design_heat": "10 MW", "fed_by": ["a"], "supply": "20 degC"}}"#,
        Warning,
        "supply",
        "20.0 degC is not held at design heat and a wet bulb of 25.6 degC: the loop reaches 29.5 degC",
    );
    check(
        r#"{"tower": {"design_heat": "10 MW", "fed_by": ["a"],
            "tower": {"design_supply": "25 degC"}}}"#,
        Error,
        "tower.design_supply",
        "no tower with",
    );
    check(
        r#"{"tower": {"design_heat": "10 MW", "fed_by": ["a"], "tower": {"ua": "600 kW/K",
            "design_supply": "29 degC"}}}"#,
        Error,
        "tower.ua",
        "both size the tower",
    );
    check(
        r#"{"tower": {"design_heat": "0 MW", "fed_by": ["a"]}}"#,
        Error,
        "design_heat",
        "must be between 100 W and 10 GW, got 0 W",
    );
    check(r#"{"tower": {"design_heat": "1 MW"}}"#, Error, "", "nothing feeds its fans");
    check(
        r#"{"tower": {"design_heat": "1 MW", "fed_by": ["a"],
            "water": {"cycles_of_concentration": 1.0}}}"#,
        Error,
        "water.cycles_of_concentration",
        "must be between 1.01 and 1000, got 1",
    );
    check(
        r#"{"dry-cooler": {"design_heat": "1 MW", "fed_by": ["a"],
            "cooler": {"design_supply": "34 degC"}}}"#,
        Error,
        "cooler.design_supply",
        "no dry cooler",
    );
    check(
        r#"{"dry-cooler": {"design_heat": "1 MW", "fed_by": ["a"], "cooler": {"ua": "200 kW/K"}}}"#,
        Error,
        "cooler.ua",
        "only together",
    );
    check(
        r#"{"ventilation": {"design_heat": "1 MW", "fed_by": ["a"],
            "fans": {"free_convection": "30 %"}}}"#,
        Error,
        "fans.free_convection",
        "below the `minimum_speed` of 20 %",
    );
    check(
        r#"{"tower": {"design_heat": "1 MW", "fed_by": ["a"],
            "tower": {"free_convection_ua": "30 %"}}}"#,
        Error,
        "tower.free_convection_ua",
        "below the `minimum_speed` of 20 %",
    );
    assert_eq!(faults_of(r#"{"tower": {"design_heat": "10 MW", "fed_by": ["a"]}}"#), []);
    assert_eq!(faults_of(r#"{"dry-cooler": {"design_heat": "10 MW", "fed_by": ["a"]}}"#), []);
}

#[test]
fn defaults_are_those_of_the_reference() {
    let fans_and_pumps = |json: &str| {
        let plant = loop_of(json);
        (plant.max_fan_w() / 1e6, plant.max_pump_w() / 1e6)
    };
    let (fans, pumps) = fans_and_pumps(r#"{"tower": {"design_heat": "1 MW", "fed_by": ["a"]}}"#);
    assert!((fans / 0.0105 - 1.0).abs() < 0.02 && (pumps - 0.011).abs() < 0.0005, "{fans} {pumps}");
    let (fans, _) = fans_and_pumps(r#"{"dry-cooler": {"design_heat": "1 MW", "fed_by": ["a"]}}"#);
    assert!((fans / 0.040 - 1.0).abs() < 0.02, "{fans}");
    // The share of the fans falls with the initial temperature difference: 2 % at 20 K.
    let (fans, pumps) = fans_and_pumps(
        r#"{"dry-cooler": {"design_heat": "1 MW", "fed_by": ["a"], "range": "10 K",
            "cooler": {"design_supply": "45 degC"}}}"#,
    );
    assert!((0.015..=0.025).contains(&fans) && (pumps - 0.0068).abs() < 0.0001, "{fans} {pumps}");
}

#[test]
fn every_preset_resolves_without_a_fault() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/presets/cooling.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let presets: serde_json::Map<String, serde_json::Value> = serde_yaml::from_str(&text).unwrap();
    assert!(presets.len() >= 5);
    for (name, mut preset) in presets.clone() {
        let fields = preset.as_object_mut().unwrap();
        let kind_of = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        let mut kind = kind_of(fields.remove("kind").unwrap());
        // A preset may go on from another.
        while let Some(base) = presets.get(&kind) {
            for (field, value) in base.as_object().unwrap().iter().filter(|it| it.0 != "kind") {
                fields.entry(field).or_insert_with(|| value.clone());
            }
            kind = kind_of(base["kind"].clone());
        }
        assert!(CoolingSpec::KINDS.contains(&kind.as_str()), "{name}: {kind}");
        assert!(fields.contains_key("source"), "{name} has no source");
        fields.insert("design_heat".into(), "10 MW".into());
        fields.insert("fed_by".into(), serde_json::json!(["a"]));
        if ["cdu", "air-cdu", "air-handler", "immersion-tank"].contains(&kind.as_str()) {
            fields.insert("cooled_by".into(), serde_json::json!(["b"]));
        }
        let faults = faults_of(&serde_json::json!({ kind: preset }).to_string());
        assert_eq!(faults, [], "{name}");
    }
}
