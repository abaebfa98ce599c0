//! Scenarios that are wrong, each with every message it must give.

use serde::{Deserialize, Serialize};

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

#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedSpec {
    pub(super) capacity: Power,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) outages: Option<FilePath>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpsSpec {
    pub(super) rating: Power,
    pub(super) fed_by: Names,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) efficiency: Option<Fraction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) modules: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bypass: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) battery: Option<Battery>,
}

#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Battery {
    pub(super) ambient: Temperature,
    pub(super) strings: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ageing: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chemistry: Option<Chemistry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Chemistry {
    Vrla,
    LithiumIron,
}

pub(super) const POWER: Section = Section { name: "power", kinds: PowerSpec::KINDS };

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
    assert_eq!(spec.kind(), "feed");
}
