//! Scenarios that are wrong, each with every message it must give.

use serde::Deserialize;

use super::*;
use crate::spec::{FilePath, Name, Names, kinds};
use crate::units::{Fraction, Power, Temperature};

kinds! {
    /// Power components, as a room would declare them.
    pub(super) enum PowerSpec {
        /// A feed.
        Feed(FeedSpec) = "feed",
        /// A UPS.
        Ups(UpsSpec) = "ups",
    }
}

#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to see that they are read")]
pub(super) struct FeedSpec {
    pub(super) capacity: Power,
    pub(super) outages: Option<FilePath>,
    pub(super) source: Option<String>,
}

#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to see that they are read")]
pub(super) struct UpsSpec {
    pub(super) rating: Power,
    pub(super) fed_by: Names,
    pub(super) efficiency: Option<Fraction>,
    pub(super) modules: Option<u32>,
    pub(super) bypass: Option<bool>,
    pub(super) battery: Option<Battery>,
}

#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to see that they are read")]
pub(super) struct Battery {
    pub(super) ambient: Temperature,
    pub(super) strings: u8,
    pub(super) ageing: Option<f64>,
    pub(super) chemistry: Option<Chemistry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Chemistry {
    Vrla,
    LithiumIron,
}

pub(super) const POWER: Section =
    Section { name: "power", kinds: PowerSpec::KINDS, lists: &[], exclusive: &[] };

/// Reads everything in the section `power` of `text`; the messages as `line:column: message`.
fn check(text: &str) -> Vec<String> {
    check_with(text, &[])
}

/// The same after the `--set` arguments `sets`.
fn check_with(text: &str, sets: &[&str]) -> Vec<String> {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let (files, diagnostics) = match load_text("t.yaml", text, &sets) {
        Ok(mut document) => {
            document.resolve_kinds(&[POWER]);
            let mut sink = document.diagnostics.clone();
            if let Some(power) = document.section("power") {
                for component in power.components(&mut sink) {
                    component.place.read::<PowerSpec>(&mut sink);
                }
            }
            (document.files, sink)
        }
        Err(error) => (error.files, error.diagnostics),
    };
    assert!(diagnostics.render(&files, false).len() < 20_000, "messages stay readable");
    let lines = diagnostics.short(&files);
    lines.lines().map(|line| line.trim_start_matches("t.yaml:").replace(" error:", "")).collect()
}

#[track_caller]
fn expect(text: &str, messages: &[&str]) {
    assert_eq!(check(text), messages, "for\n{text}");
}

#[test]
fn a_sound_scenario_gives_its_specs() {
    let text = "
power:
  grid: {kind: feed, capacity: 120 MW, outages: data/outages.csv}
  ups-{1..2}:
    kind: ups
    rating: 2 MW
    fed_by: grid
    efficiency: 96 %
    battery: {ambient: 25 degC, strings: 4, ageing: 1e-3, chemistry: lithium-iron}
";
    let document = load_text("site/t.yaml", text, &[]).unwrap();
    let mut sink = Diagnostics::default();
    let components = document.section("power").unwrap().components(&mut sink);
    assert_eq!(components[1].instances, ["ups-1", "ups-2"]);
    let Some(PowerSpec::Feed(feed)) = components[0].place.read(&mut sink) else { panic!() };
    assert_eq!(feed.capacity.0, 120e6);
    let Some(PowerSpec::Ups(ups)) = components[1].place.read(&mut sink) else { panic!() };
    assert_eq!(ups.fed_by.0, [Name::unplaced("grid")]);
    assert_eq!(&text[ups.fed_by.0[0].mark.start as usize..][..4], "grid");
    assert_eq!(ups.battery.unwrap().chemistry, Some(Chemistry::LithiumIron));
    assert!(!sink.has_errors());
}

#[test]
fn all_errors_of_a_file_come_at_once_each_at_its_place() {
    expect(
        "\
power:
  grid:
    kind: feed
    capacity: 35 degC
    capcity: 3
  ups-1:
    kind: ups
    fed_by: grid
    modules: 4.5
    bypass: yes
    efficiency: 1.5
    battery:
      strings: 300
      ageing: .nan
      chemistry: vrl
    fed_by: [grid]
  ups-2: {kind: upss}
  ups-3: {rating: 5}
  ups-4: {kind: ups, rating: 120 mW, fed_by: {a: 1}}
",
        &[
            "4:15: power.grid.capacity: needs a power, got `35 degC`: `degC` is not a unit of it",
            "5:5: power.grid: unknown field `capcity`",
            "6:3: power.ups-1: missing field `rating`",
            "9:14: power.ups-1.modules: needs a whole number, got `4.5`",
            "10:13: power.ups-1.bypass: needs `true` or `false`, got `yes`",
            "11:17: power.ups-1.efficiency: fraction outside 0 to 1: `1.5`",
            "12:5: power.ups-1.battery: missing field `ambient`",
            "13:16: power.ups-1.battery.strings: number out of range: `300`",
            "14:15: power.ups-1.battery.ageing: needs a number, got `.nan`",
            "15:18: power.ups-1.battery.chemistry: unknown value `vrl`",
            "16:5: duplicate key `fed_by`",
            "17:17: power.ups-2: unknown kind `upss`",
            "18:3: power.ups-3: missing field `kind`",
            "19:30: power.ups-4.rating: needs a power, got `120 mW`: `mW` is not a unit of it",
            "19:46: power.ups-4.fed_by: needs a list, got a mapping",
        ],
    );
}

#[test]
fn a_kind_is_told_by_its_spec() {
    let document = load_text("t.yaml", "grid: {kind: feed, capacity: 1 MW}", &[]).unwrap();
    let mut sink = Diagnostics::default();
    let spec: PowerSpec = document.get("grid").unwrap().read(&mut sink).unwrap();
    assert!(matches!(spec, PowerSpec::Feed(_)), "{spec:?}");
}

#[test]
fn every_missing_field_is_named_and_a_misspelt_one_is_connected() {
    expect(
        "power:\n  a: {kind: ups}\n  b: {kind: ups, raitng: 1 MW, battery: {}}\n",
        &[
            "2:3: power.a: missing field `rating`",
            "2:3: power.a: missing field `fed_by`",
            "3:3: power.b: missing field `rating`",
            "3:3: power.b: missing field `fed_by`",
            "3:18: power.b: unknown field `raitng`",
            "3:32: power.b.battery: missing field `ambient`",
            "3:32: power.b.battery: missing field `strings`",
        ],
    );
}

#[test]
fn values_are_read_strictly() {
    let ups = |field: &str| {
        check(&format!("power:\n  a: {{kind: ups, rating: 1 MW, fed_by: x, {field}}}\n"))
    };
    assert_eq!(ups("modules: 12, bypass: false, efficiency: 0.85"), [""; 0]);
    for (field, message) in [
        ("modules: '4'", "needs a whole number, got the text `\"4\"`"),
        ("modules: 1e3", "needs a whole number, got `1e3`"),
        ("modules: 07", "needs a whole number, got `07`"),
        ("modules: -1", "number out of range: `-1`"),
        ("modules: 99999999999999999999999", "number out of range: `99999999999999999999999`"),
        ("modules: null, rating: null", "duplicate key `rating`"),
        ("bypass: on", "needs `true` or `false`, got `on`"),
        ("bypass: 'true'", "needs `true` or `false`, got the text `\"true\"`"),
        ("efficiency: .inf", "needs a fraction such as `0.85` or `85 %`, got `.inf`"),
        ("battery: 5", "needs a mapping, got `5`"),
        (
            "battery: {ambient: 5, strings: 1}",
            "needs a temperature with a unit, got the bare number `5`",
        ),
        ("battery: {ambient: 5 K, strings: 1, ageing: 1e400}", "number out of range: `1e400`"),
        ("battery: {ambient: 5 K, strings: 1, ageing: inf}", "needs a number, got `inf`"),
        (
            "battery: {ambient: 5 K, strings: 1, ageing: '1'}",
            "needs a number, got the text `\"1\"`",
        ),
        ("battery: {ambient: 5 K, strings: null}", "needs a whole number, got nothing"),
        (
            "battery: {ambient: [1], strings: 1}",
            "needs a temperature such as `32 degC`, got a list",
        ),
    ] {
        let messages = ups(field);
        assert!(messages.len() == 1 && messages[0].contains(message), "{field}: {messages:?}");
    }
}

#[test]
fn a_repeated_value_is_shown_where_it_is_used_and_where_it_is_written() {
    let text = "power:\n  a: &a {kind: ups, rating: 40 kWh, fed_by: grüße}\n  b:\n    <<: *a\n    rating: 2 MW\n  c: {<<: *a, modules: x}\n";
    expect(
        text,
        &[
            "2:29: power.a.rating: needs a power, got `40 kWh`: `kWh` is not a unit of it",
            "6:11: power.c.rating: needs a power, got `40 kWh`: `kWh` is not a unit of it",
            "6:24: power.c.modules: needs a whole number, got `x`",
        ],
    );
}

#[test]
fn names_are_checked_and_must_differ() {
    expect(
        "power:\n  a-{1..3}: {kind: feed, capacity: 1 W}\n  a-2: {kind: feed, capacity: 1 W}\n  b c: {}\n  'd{2..1}': {}\n",
        &[
            "3:3: power: two components are called `a-2`",
            "4:3: power: the name `b c` holds a space",
            "5:3: power: `{2..1}` is not a group, in the name `d{2..1}`",
        ],
    );
    expect("power: [a]\n", &["1:8: power: needs a mapping from names to components, got a list"]);
    let many = "power:\n  a-{1..999999}: {kind: feed, capacity: 1 W}\n  b-{1..2}: {kind: feed, capacity: 1 W}\n";
    expect(many, &["3:3: power holds more than 1000000 components"]);
}

#[test]
fn a_fault_is_placed_at_its_field_or_its_component() {
    use crate::spec::{Fault, Mark};
    let text = "power:\n  a: {kind: ups, battery: {strings: 4}}\n";
    let document = load_text("t.yaml", text, &[]).unwrap();
    let place = document.get("power.a").unwrap();
    let mut sink = Diagnostics::default();
    place.fault(Fault::error("battery.strings", "too many"), &mut sink);
    place.fault(Fault::warning("rating", "is assumed").help("write it"), &mut sink);
    place.fault(Fault::error("", "is alone"), &mut sink);
    place
        .fault(Fault::error("fed_by", "unknown").at(Mark { file: 1, start: 0, end: 5 }), &mut sink);
    assert_eq!(
        sink.short(&document.files),
        "t.yaml:1:1: error: power.a.fed_by: unknown\n\
         t.yaml:2:3: warning: power.a.rating: is assumed\n\
         t.yaml:2:3: error: power.a: is alone\n\
         t.yaml:2:37: error: power.a.battery.strings: too many\n"
    );
    assert_eq!((sink.errors(), sink.warnings()), (3, 1));
}

#[test]
fn a_fault_of_a_nested_spec_is_placed_at_its_own_field() {
    use crate::spec::{Fault, within};
    let text = "\
power:
  a:
    kind: ups
    battery:
      strings: 4
      packs:
        - {cells: 3}
        - cells: 4
      lone: 7
";
    let document = load_text("t.yaml", text, &[]).unwrap();
    let place = document.get("power.a").unwrap();
    let mut faults = vec![Fault::error("rating", "is missing")];
    within("battery", &mut faults, |faults| {
        faults.push(Fault::error("strings", "too many"));
        faults.push(Fault::error("", "is alone"));
        faults.push(Fault::error("ageing", "is not written"));
        within("packs[1]", faults, |faults| faults.push(Fault::error("cells", "too few")));
        within("packs", faults, |faults| faults.push(Fault::error("[0]", "is the first")));
        faults.push(Fault::error("packs[2].cells", "no such"));
        faults.push(Fault::error("lone[0]", "one stands for a list"));
    });
    let mut sink = Diagnostics::default();
    faults.into_iter().for_each(|fault| place.fault(fault, &mut sink));
    assert_eq!(
        sink.short(&document.files),
        "t.yaml:2:3: error: power.a.rating: is missing\n\
         t.yaml:4:5: error: power.a.battery: is alone\n\
         t.yaml:4:5: error: power.a.battery.ageing: is not written\n\
         t.yaml:5:16: error: power.a.battery.strings: too many\n\
         t.yaml:6:7: error: power.a.battery.packs[2].cells: no such\n\
         t.yaml:7:11: error: power.a.battery.packs[0]: is the first\n\
         t.yaml:8:18: error: power.a.battery.packs[1].cells: too few\n\
         t.yaml:9:13: error: power.a.battery.lone[0]: one stands for a list\n"
    );
}

#[test]
fn sections_and_references_are_looked_through() {
    let text =
        "powr: {}\nname: x\npower:\n  a: {kind: ups, rating: 1 W, fed_by: [u-{1..2}, 'b c', v]}\n";
    let document = load_text("t.yaml", text, &[]).unwrap();
    let mut sink = Diagnostics::default();
    document.place().only(&["name", "power"], &mut sink);
    document.get("name").unwrap().only(&[], &mut sink);
    let place = document.get("power.a").unwrap();
    let Some(PowerSpec::Ups(ups)) = place.read(&mut sink) else { panic!("not a ups") };
    let names = place.references("fed_by", &ups.fed_by, &mut sink);
    let texts: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(texts, ["u-1", "u-2", "v"]);
    assert_eq!(names[0].1, names[1].1);
    assert_eq!(
        sink.short(&document.files),
        "t.yaml:1:1: error: unknown field `powr`\n\
         t.yaml:2:7: error: name: needs a mapping, got `x`\n\
         t.yaml:4:50: error: power.a.fed_by: the name `b c` holds a space\n"
    );
}

#[test]
fn enums_are_read_in_all_forms_that_serde_knows() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Weather {
        Still,
        Climate(String),
        Csv { file: FilePath, column: Option<u8> },
    }
    let read = |text: &str| {
        let document = load_text("t.yaml", text, &[]).unwrap();
        let mut sink = Diagnostics::default();
        let weather: Option<Weather> = document.get("weather").unwrap().read(&mut sink);
        assert_eq!(weather.is_none(), sink.has_errors());
        weather.ok_or_else(|| sink.short(&document.files))
    };
    assert_eq!(read("weather: still"), Ok(Weather::Still));
    assert_eq!(
        read("weather: {climate: west-texas}"),
        Ok(Weather::Climate("west-texas".to_owned()))
    );
    let Ok(Weather::Csv { file, column: None }) = read("weather: {csv: {file: a.csv}}") else {
        panic!("not read as a file");
    };
    assert_eq!((file.text.as_str(), file.mark.start), ("a.csv", 22));
    for (text, message) in [
        ("weather: stil", "1:10: error: weather: unknown value `stil`"),
        (
            "weather: {climat: x}",
            "1:10: error: weather: needs one of `still`, `climate`, `csv`, got a mapping",
        ),
        ("weather: climate", "1:10: error: weather: `climate` needs fields of its own"),
        ("weather: {csv: {column: 3}}", "1:11: error: weather.csv: missing field `file`"),
        (
            "weather: {csv: {file: a, column: x}}",
            "1:34: error: weather.csv.column: needs a whole number, got `x`",
        ),
        ("weather: {climate: [1]}", "1:20: error: weather.climate: needs a text, got a list"),
    ] {
        assert_eq!(read(text), Err(format!("t.yaml:{message}\n")));
    }
}

mod books;
mod edits;
mod hostile;
mod properties;
mod rendering;
