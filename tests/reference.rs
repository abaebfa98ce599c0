//! Pages of the book that the program writes about itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use loadbank::report::columns::columns_page;
use loadbank::scenario::{reference, schema};
use loadbank::study::study_schema;
use serde_json::Value as Json;

/// Set to write the page instead of comparing it.
const UPDATE: &str = "UPDATE_REFERENCE";

/// Checks the page `name` against `current`, or writes it.
fn check_page(name: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let first = committed.lines().zip(current.lines()).position(|(old, new)| old != new);
    let line = first.unwrap_or(committed.lines().count().min(current.lines().count()));
    assert!(
        committed == current,
        "docs/{name} differs from line {}; refresh it with \
         `{UPDATE}=1 cargo test --test main reference`\ncommitted: {:?}\ncurrent:   {:?}",
        line + 1,
        committed.lines().nth(line),
        current.lines().nth(line),
    );
}

/// The fields that the kinds of cooling declare. One that kinds share is declared once and counts
/// once: it has one name and one meaning.
fn cooling_fields(schema: &Json) -> BTreeSet<(String, String)> {
    let mut fields = BTreeSet::new();
    let mut parts = BTreeSet::new();
    let mut open: Vec<(&Json, String)> = Vec::new();
    for kind in schema["definitions"]["CoolingSpec"]["oneOf"].as_array().unwrap() {
        let is_model = kind["properties"]["kind"]["const"].is_string();
        if is_model {
            open.push((kind, String::new()));
        }
    }
    assert_eq!(open.len(), 11);
    while let Some((object, part)) = open.pop() {
        for (name, field) in object["properties"].as_object().into_iter().flatten() {
            if name == "kind" && part.is_empty() {
                continue;
            }
            // Fields of a part are told apart by the part, those of kinds by their meaning.
            let meaning = field["description"].as_str().unwrap();
            let of = if part.is_empty() { meaning } else { &part };
            fields.insert((name.clone(), of.to_owned()));
            let text = field.to_string();
            for definition in text.split("#/definitions/").skip(1) {
                let definition = definition.split('"').next().unwrap();
                if parts.insert(definition.to_owned()) {
                    open.push((&schema["definitions"][definition], definition.to_owned()));
                }
            }
        }
    }
    fields
}

#[test]
fn what_kinds_of_cooling_share_is_declared_once() {
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let fields = cooling_fields(&schema);
    assert!((100..=200).contains(&fields.len()), "{} fields: {fields:#?}", fields.len());
    // A name that kinds give to fields of their own has one meaning.
    let shared = ["design_heat", "fed_by", "source", "pumps", "fans", "tower", "chillers", "water"];
    for name in shared {
        let meanings = fields.iter().filter(|(field, of)| field == name && of.contains(' '));
        assert_eq!(meanings.count(), 1, "{name}");
    }
}

#[test]
fn the_committed_reference_is_current() {
    check_page("scenario-reference.md", &reference());
}

#[test]
fn the_committed_page_of_columns_is_current() {
    check_page("columns.md", &columns_page());
}

#[test]
fn the_committed_schemas_are_current() {
    check_page("scenario.schema.json", &schema());
    check_page("study.schema.json", &study_schema());
}

#[test]
fn links_lead_to_headings() {
    let text = reference();
    let plain = |heading: &str| {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect::<String>()
    };
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let mut anchors = BTreeSet::new();
    for heading in headings {
        let anchor = plain(heading.trim_start_matches('#').trim());
        assert!(anchors.insert(anchor), "two headings share an anchor: {heading}");
    }
    for link in text.split("](#").skip(1) {
        let (target, _) = link.split_once(')').unwrap();
        assert!(anchors.contains(target), "nothing is at #{target}");
    }
}

#[test]
fn every_part_of_a_scenario_has_its_place() {
    let text = reference();
    for heading in [
        "### `weather`",
        "### `power`: `transformer`",
        "#### `power.failures`",
        "### `cooling`: `dry-cooler`",
        "### `racks`: `asic`",
        "#### `training.jobs.classes.duration`",
        "#### `inference.model`",
        "### Catalogue of `workloads`",
    ] {
        assert!(text.lines().any(|line| line == heading), "no {heading}");
    }
    let row = "| `rating` | [apparent power](#quantities), `75 MVA` | yes | Nameplate rating. |";
    assert!(text.contains(row), "the rating of a transformer is not as written in its spec");
    let unit = "| power | `40 kW` | `W`, `kW`, `MW`, `GW` | 0 W | 1000000 GW |";
    assert!(text.contains(unit), "the units of a power are not as it is parsed");
}

/// A number at the end of a definition tells two specs of one name apart, and moves when a third
/// comes: what editors show and links point at has a name of its own.
#[test]
fn no_definition_of_a_schema_is_told_apart_by_a_number() {
    for text in [schema(), study_schema()] {
        let schema: Json = serde_json::from_str(&text).unwrap();
        for name in schema["definitions"].as_object().unwrap().keys() {
            assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}");
        }
    }
}
