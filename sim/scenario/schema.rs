//! JSON Schema of the scenario language, for completion and hover in editors.
//!
//! Comes from the specs themselves, in draft 7, which the YAML language server reads. It
//! cannot say everything: names are not looked up, groups are not expanded, and a kind from
//! a scenario's own `catalogue:` is unknown to it. `check` is the judge.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map as Object, Value as Json, json};

use super::catalogue::{Section, built_in, model_of};
use super::files::Files;
use super::tree::Map;

/// The schema of a scenario whose root is `T`.
///
/// Each section is a mapping from names to an enum of kinds. For every model, an alternative
/// admits the entries of the built-in catalogue that lead to it; since an entry fills in
/// fields, only `kind` is required there. `base` and `catalogue`, which are gone before `T`
/// is read, are added; a scenario with a `base` may leave required sections out.
pub fn scenario_schema<T: JsonSchema>(sections: &[Section]) -> Json {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    let mut files = Files::default();
    for section in sections {
        admit_entries(&mut schema, section, &built_in(section.name, &mut files));
    }
    admit_reading(&mut schema, sections);
    schema
}

/// The schema of a file that is read as a `T` and knows no catalogue.
pub(crate) fn schema_of<T: JsonSchema>() -> Json {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}

/// Adds the alternatives for catalogue entries to the definition that `section` refers to, and
/// to those of the lists within its components.
fn admit_entries(schema: &mut Json, section: &Section, entries: &Map) {
    let name = definition_of(&schema["properties"][section.name]).map(str::to_owned);
    let lists = section.lists.iter().map(|(_, definition)| (*definition).to_owned());
    for name in name.into_iter().chain(lists) {
        admit_entries_to(&mut schema["definitions"][&name], section, entries);
    }
}

fn admit_entries_to(definition: &mut Json, section: &Section, entries: &Map) {
    let Some(kinds) = definition["oneOf"].as_array_mut() else { return };
    let mut added = Vec::new();
    for alternative in kinds.iter() {
        let Some(model) = alternative["properties"]["kind"]["const"].as_str() else { continue };
        let leads_here =
            |entry: &&super::tree::Entry| model_of(entries, entry, section.kinds) == Some(model);
        let names: Vec<&str> = entries
            .entries
            .iter()
            .filter(leads_here)
            .map(|entry| entry.key.text.as_str())
            .collect();
        if names.is_empty() {
            continue;
        }
        let mut catalogued = alternative.clone();
        catalogued["description"] = json!(format!("from the catalogue; its model is `{model}`"));
        catalogued["properties"]["kind"] = json!({"type": "string", "enum": names});
        catalogued["required"] = json!(["kind"]);
        added.push(catalogued);
    }
    kinds.extend(added);
}

/// The name of the definition that the values of a section's mapping refer to.
fn definition_of(property: &Json) -> Option<&str> {
    match property {
        Json::Object(object) => {
            let direct = object.get("additionalProperties").and_then(|values| values.get("$ref"));
            match direct.and_then(Json::as_str) {
                Some(reference) => reference.strip_prefix("#/definitions/"),
                // An optional section may be wrapped in `anyOf`.
                None => object.values().find_map(definition_of),
            }
        }
        Json::Array(items) => items.iter().find_map(definition_of),
        _ => None,
    }
}

/// Adds what the reader takes out before a scenario becomes a `T`.
fn admit_reading(schema: &mut Json, sections: &[Section]) {
    let entry = json!({
        "type": "object",
        "properties": {"kind": {"type": "string"}},
        "required": ["kind"],
    });
    let shelves: Object<String, Json> = sections
        .iter()
        .map(|section| {
            let shelf = json!({"type": "object", "additionalProperties": entry});
            (section.name.to_owned(), shelf)
        })
        .collect();
    let file = json!({"type": "string"});
    schema["properties"]["base"] = json!({
        "description": "the scenario, or scenarios, that this one builds upon",
        "anyOf": [file, {"type": "array", "items": file}],
    });
    schema["properties"]["catalogue"] = json!({
        "description": "equipment of your own, by section, to be named in `kind`",
        "type": "object",
        "properties": shelves,
        "additionalProperties": false,
    });
    let root = schema.as_object_mut().expect("the schema of a struct is an object");
    if let Some(required) = root.remove("required") {
        root.insert("if".to_owned(), json!({"not": {"required": ["base"]}}));
        root.insert("then".to_owned(), json!({"required": required}));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::scenario::load_text;
    use crate::scenario::tests::{POWER, PowerSpec};

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[allow(dead_code)] // only its schema is used
    struct Root {
        name: String,
        power: Option<BTreeMap<String, PowerSpec>>,
    }

    fn kinds(schema: &Json) -> Vec<(Json, Json)> {
        let alternatives = schema["definitions"]["PowerSpec"]["oneOf"].as_array().unwrap();
        let kind = |it: &Json| (it["properties"]["kind"].clone(), it["required"].clone());
        alternatives.iter().map(kind).collect()
    }

    #[test]
    fn catalogue_entries_are_kinds_whose_fields_are_optional() {
        let generator = SchemaSettings::draft07().into_generator();
        let mut schema = generator.into_root_schema_for::<Root>().to_value();
        let entries = load_text(
            "c.yaml",
            "big: {kind: ups, rating: 2 MW}\nbigger: {kind: big, rating: 3 MW}\nlost: {kind: gone}\n",
            &[],
        );
        admit_entries(&mut schema, &POWER, entries.unwrap().root.as_map().unwrap());
        let kinds = kinds(&schema);
        assert_eq!(kinds.len(), 3);
        assert_eq!(kinds[1].0, json!({"type": "string", "const": "ups"}));
        assert_eq!(kinds[1].1, json!(["kind", "rating", "fed_by"]));
        assert_eq!(kinds[2].0, json!({"type": "string", "enum": ["big", "bigger"]}));
        assert_eq!(kinds[2].1, json!(["kind"]));
    }

    #[test]
    fn a_scenario_with_a_base_may_leave_sections_out() {
        let schema = scenario_schema::<Root>(&[POWER]);
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["then"], json!({"required": ["name"]}));
        assert!(schema.get("required").is_none());
        assert!(schema["properties"]["base"].is_object());
        assert!(schema["properties"]["catalogue"]["properties"]["power"].is_object());
    }
}
