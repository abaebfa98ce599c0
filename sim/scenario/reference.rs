//! The scenario reference: every section, kind and field as a page for people.
//!
//! Comes from the JSON Schema, and so from the doc comments of the specs, and from the
//! built-in catalogue. What a field means is said beside it in its room and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::assemble::{SECTIONS, SHARED};
use super::catalogue::{Section, built_in};
use super::files::Files;
use super::schema::scenario_schema;
use super::spec::ScenarioSpec;
use super::tree::Node;

const INTRODUCTION: &str = "\
# Scenario reference

Every section, kind and field of a scenario, and the built-in catalogue. How a file is read
(groups, bases, quantities, errors) is in `docs/scenario-language.md`; how to write a first one
in `docs/guide.md`.

This page is made from the program's own types by `cargo test`; it is not edited by hand.

- *Required* fields must be written, unless a base or an entry of the catalogue gives them.
- `kind` selects a model, or an entry of the catalogue, which leads to a model.
- A *name* is that of another part of the scenario and may hold groups, `ups-{1..4}`. *Names* are
  one or a list.
- `source` says where values come from. It is printed by `loadbank show` and read by no model.
";

/// The scenario reference as Markdown: a table for each section and kind, with the type or
/// unit, whether it is required and the meaning of each field, and the built-in catalogue
/// with its sources.
pub fn reference() -> String {
    let schema = scenario_schema::<ScenarioSpec>(&SECTIONS);
    let mut page = Page {
        definitions: &schema["definitions"],
        places: BTreeMap::new(),
        written: BTreeSet::new(),
        text: INTRODUCTION.to_owned(),
    };
    page.quantities();
    page.text.push_str("\n## The whole scenario\n");
    page.place_parts(&schema, "");
    page.table(&schema);
    page.write_parts(&schema, "", 3);
    for section in &SECTIONS {
        page.section(section, &schema["properties"][section.name]);
    }
    for section in SHARED {
        page.plain_section(section, &schema["properties"][section]);
    }
    page.text
}

/// The page while it is written.
struct Page<'s> {
    definitions: &'s Json,
    /// The way to each definition that has a table of its own, from the section or kind that
    /// it is written under: `training.jobs`.
    places: BTreeMap<&'s str, String>,
    /// Definitions that are written.
    written: BTreeSet<&'s str>,
    text: String,
}

impl<'s> Page<'s> {
    /// The table of quantities and their units.
    fn quantities(&mut self) {
        self.text
            .push_str("\n## Quantities\n\nA field may have a narrower range of its own; `loadbank check` gives it.\n\n\
                | quantity | for example | units | least | most |\n|---|---|---|---|---|\n");
        let definitions = self.definitions.as_object().expect("definitions are an object");
        for definition in definitions.values() {
            let Some((name, example)) = quantity(definition) else { continue };
            let (least, most) = range(definition).unwrap_or_default();
            let units = match definition["pattern"].as_str().and_then(units) {
                Some(units) => units.join(", "),
                None => "see `docs/scenario-language.md`".to_owned(),
            };
            let _ = writeln!(self.text, "| {name} | `{example}` | {units} | {least} | {most} |");
        }
    }

    /// A section of named components: its kinds, what they share, its catalogue.
    fn section(&mut self, section: &Section, schema: &'s Json) {
        let name = section.name;
        let _ = writeln!(self.text, "\n## `{name}`\n\n{}", one_line(&schema["description"]));
        let kinds = first_reference(schema).expect("components refer to their kinds");
        let models: Vec<&'s Json> = models_of(&self.definitions[kinds]).collect();
        let shared = self.place_shared(&models, name);
        for model in &models {
            self.place_parts(model, kind_of(model));
        }
        for model in &models {
            let (kind, meaning) = (kind_of(model), one_line(&model["description"]));
            let _ = writeln!(self.text, "\n### `{name}`: `{kind}`\n\n{meaning}");
            self.table(model);
            self.write_parts(model, kind, 4);
        }
        for (part, way) in shared {
            self.write_part(part, &way, 4);
        }
        self.catalogue(name);
    }

    /// A section of named parts of one kind.
    fn plain_section(&mut self, name: &str, schema: &'s Json) {
        let of = &self.definitions[first_reference(schema).expect("a part refers to its fields")];
        let (meaning, each) = (one_line(&schema["description"]), one_line(&of["description"]));
        let _ = writeln!(self.text, "\n## `{name}`\n\n{meaning}\n\n{each}");
        self.place_parts(of, name);
        self.table(of);
        self.write_parts(of, name, 3);
    }

    /// Places what several of `models` refer to under the section, and returns it.
    fn place_shared(&mut self, models: &[&'s Json], section: &str) -> Vec<(&'s str, String)> {
        let mut first_user: BTreeMap<&'s str, usize> = BTreeMap::new();
        let mut shared = Vec::new();
        for (index, model) in models.iter().enumerate() {
            for (field, schema) in properties(model) {
                let Some(part) = self.part(schema, section) else { continue };
                if *first_user.entry(part).or_insert(index) != index
                    && !self.places.contains_key(part)
                {
                    let way = format!("{section}.{field}");
                    self.places.insert(part, way.clone());
                    self.place_within(part, &way);
                    shared.push((part, way));
                }
            }
        }
        shared
    }

    /// Places what the fields of `object`, at `path`, refer to, and what that refers to.
    fn place_parts(&mut self, object: &'s Json, path: &str) {
        for (field, schema) in properties(object) {
            let Some(part) = self.part(schema, path) else { continue };
            if !self.places.contains_key(part) {
                let way = way(path, field);
                self.places.insert(part, way.clone());
                self.place_within(part, &way);
            }
        }
    }

    fn place_within(&mut self, part: &'s str, path: &str) {
        let definition = &self.definitions[part];
        self.place_parts(definition, path);
        for model in models_of(definition) {
            self.place_parts(model, path);
        }
    }

    /// The table of the fields of `object`.
    fn table(&mut self, object: &'s Json) {
        let mut fields = properties(object).filter(|(field, _)| *field != "kind").peekable();
        if fields.peek().is_none() {
            self.text.push_str("\nNo fields.\n");
            return;
        }
        // The scenario itself requires its sections only where it has no base.
        let required = [&object["required"], &object["then"]["required"]];
        let required: Vec<&Json> =
            required.iter().filter_map(|it| it.as_array()).flatten().collect();
        self.text.push_str("\n| field | what | required | meaning |\n|---|---|---|---|\n");
        for (field, schema) in fields {
            let what = self.what(schema, field);
            let is_required = if required.iter().any(|it| *it == field) { "yes" } else { "" };
            let mut meaning = one_line(&schema["description"]);
            for (choice, says) in self.choices(schema) {
                if !says.is_empty() {
                    let _ = write!(meaning, " `{choice}`: {says}");
                }
            }
            let meaning = cell(&meaning);
            let _ = writeln!(self.text, "| `{field}` | {what} | {is_required} | {meaning} |");
        }
    }

    /// Writes what the fields of `object`, at `path`, refer to, where this is its place.
    fn write_parts(&mut self, object: &'s Json, path: &str, level: usize) {
        for (field, schema) in properties(object) {
            let Some(part) = self.part(schema, path) else { continue };
            let way = way(path, field);
            if self.places[part] == way && self.written.insert(part) {
                self.write_part(part, &way, level);
            }
        }
    }

    fn write_part(&mut self, part: &'s str, path: &str, level: usize) {
        let definition = &self.definitions[part];
        let (hashes, meaning) = ("#".repeat(level), one_line(&definition["description"]));
        let _ = writeln!(self.text, "\n{hashes} `{path}`\n\n{meaning}");
        if definition["properties"].is_object() {
            self.table(definition);
        }
        for model in models_of(definition) {
            let (kind, meaning) = (kind_of(model), one_line(&model["description"]));
            let _ = writeln!(self.text, "\n`kind: {kind}`. {meaning}");
            self.table(model);
        }
        self.write_parts(definition, path, level);
        for model in models_of(definition) {
            self.write_parts(model, path, level);
        }
    }

    /// What a field holds, as the second column says it.
    fn what(&self, schema: &'s Json, field: &str) -> String {
        let schema = without_null(schema);
        if schema["type"] == "array" || schema["type"][0] == "array" {
            let of = self.what(&schema["items"], field);
            return format!("list of {}", if of.starts_with('[') { of } else { of + "s" });
        }
        if schema["additionalProperties"].is_object() {
            let each = without_null(&schema["additionalProperties"]);
            let definition = reference_of(each).map_or(each, |name| &self.definitions[name]);
            let is_section =
                definition["type"] == "object" || models_of(definition).next().is_some();
            if !is_section {
                return format!("{} by name", self.what(each, field));
            }
            let place = reference_of(each).and_then(|name| self.places.get(name));
            return match place {
                Some(place) => format!("[`{place}`](#{}) by name", slug(place)),
                None => format!("[components](#{}) by name", slug(field)),
            };
        }
        if let Some(alternatives) = schema["anyOf"].as_array() {
            let each = alternatives.iter().map(|it| self.what(it, field));
            return each.collect::<Vec<_>>().join(" or ");
        }
        if let Some(part) = self.part(schema, "") {
            let place = &self.places[part];
            return format!("[`{place}`](#{})", slug(place));
        }
        let choices = self.choices(schema);
        if !choices.is_empty() {
            let each = choices.iter().map(|(choice, _)| format!("`{choice}`"));
            return each.collect::<Vec<_>>().join(" or ");
        }
        if let Some(name) = reference_of(schema) {
            let definition = &self.definitions[name];
            return match (name, quantity(definition)) {
                ("Name", _) => "name".to_owned(),
                ("Names", _) => "names".to_owned(),
                (_, Some((quantity, example))) => format!("[{quantity}](#quantities), `{example}`"),
                (_, None) => cell(&one_line(&definition["description"])),
            };
        }
        match plain_type(schema) {
            "integer" => "whole number",
            "number" => "number",
            "boolean" => "`true` or `false`",
            "object" => "mapping",
            _ => "text",
        }
        .to_owned()
    }

    /// The definition with fields of its own that `schema`, at `path`, refers to, itself, as a list or
    /// by name.
    fn part(&self, schema: &'s Json, path: &str) -> Option<&'s str> {
        let schema = without_null(schema);
        let is_list = schema["type"] == "array" || schema["type"][0] == "array";
        let by_name = &schema["additionalProperties"];
        let name = reference_of(match is_list {
            true => &schema["items"],
            // Sections of components have chapters of their own.
            false if by_name.is_object() && !path.is_empty() => without_null(by_name),
            false => schema,
        })?;
        let definition = &self.definitions[name];
        let has_fields = definition["properties"].is_object();
        (has_fields || models_of(definition).next().is_some()).then_some(name)
    }

    /// The texts that may be written where only certain ones may, with what each means.
    fn choices(&self, schema: &'s Json) -> Vec<(&'s str, String)> {
        let Some(name) = reference_of(without_null(schema)) else { return Vec::new() };
        let choice = |it: &'s Json| Some((it["const"].as_str()?, one_line(&it["description"])));
        let all = self.definitions[name]["oneOf"].as_array();
        all.into_iter().flatten().filter_map(choice).collect()
    }

    /// The entries of the built-in catalogue of `section`.
    fn catalogue(&mut self, section: &str) {
        let entries = built_in(section, &mut Files::default()).entries;
        // A section need not have one.
        if entries.is_empty() {
            return;
        }
        let _ = writeln!(self.text, "\n### Catalogue of `{section}`\n");
        let _ = writeln!(self.text, "From `scenarios/presets/{section}.yaml`.\n");
        for entry in entries {
            let text = |key| entry.value.get(key).and_then(Node::as_text).unwrap_or_default();
            let fields = entry.value.as_map().into_iter().flat_map(|map| &map.entries);
            let values: Vec<String> = fields
                .filter(|it| !["kind", "source"].contains(&it.key.text.as_str()))
                .map(|it| format!("`{}: {}`", it.key.text, it.value.on_one_line()))
                .collect();
            let (name, values, source) = (&entry.key.text, values.join(", "), text("source"));
            let _ = writeln!(self.text, "- **`{name}`**, a `{}`: {values}.", text("kind"));
            let _ = writeln!(self.text, "  *Source*: {}", source.trim_end());
        }
    }
}

/// The way to `field` of what stands at `path`.
fn way(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// The kind of a model.
fn kind_of(model: &Json) -> &str {
    model["properties"]["kind"]["const"].as_str().expect("a model has a kind")
}

/// The fields of an object; what may stand under any other name is the field `NAME`.
fn properties(object: &Json) -> impl Iterator<Item = (&str, &Json)> {
    let named = object["properties"].as_object();
    let other =
        Some(&object["additionalProperties"]).filter(|it| named.is_some() && it.is_object());
    let named = named.into_iter().flatten().map(|(name, it)| (name.as_str(), it));
    named.chain(other.map(|it| ("NAME", it)))
}

/// The alternatives of an enum of kinds that are models.
fn models_of(definition: &Json) -> impl Iterator<Item = &Json> {
    let alternatives = definition["oneOf"].as_array().into_iter().flatten();
    alternatives.filter(|it| it["properties"]["kind"]["const"].is_string())
}

/// The schema behind an optional or described one.
fn without_null(schema: &Json) -> &Json {
    let only = |list: &Json| list.as_array().is_some_and(|list| list.len() == 1);
    if only(&schema["allOf"]) {
        return &schema["allOf"][0];
    }
    match schema["anyOf"].as_array().map(Vec::as_slice) {
        Some([one, null]) if null["type"] == "null" => one,
        _ => schema,
    }
}

/// The definition that a schema refers to.
fn reference_of(schema: &Json) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/definitions/")
}

/// The first definition that a schema refers to, at any depth.
fn first_reference(schema: &Json) -> Option<&str> {
    match schema {
        Json::Object(object) => {
            reference_of(schema).or_else(|| object.values().find_map(first_reference))
        }
        Json::Array(items) => items.iter().find_map(first_reference),
        _ => None,
    }
}

/// The type of a schema, null aside.
fn plain_type(schema: &Json) -> &str {
    match &schema["type"] {
        Json::Array(types) => types.iter().filter_map(Json::as_str).find(|it| *it != "null"),
        other => other.as_str(),
    }
    .unwrap_or_default()
}

/// Name and example of a quantity: from "a power such as `40 kW`".
fn quantity(definition: &Json) -> Option<(&str, &str)> {
    let example = definition["examples"][0].as_str()?;
    let (name, _) = definition["description"].as_str()?.split_once(" such as ")?;
    let name = name.strip_prefix("a ").or_else(|| name.strip_prefix("an ")).unwrap_or(name);
    Some((name, example))
}

/// Least and most of a quantity: from "a power such as `40 kW`, from 0 W to 1000 GW".
fn range(definition: &Json) -> Option<(&str, &str)> {
    definition["description"].as_str()?.rsplit_once(", from ")?.1.split_once(" to ")
}

/// The units that a quantity's pattern lists in its last group.
fn units(pattern: &str) -> Option<Vec<String>> {
    let list = pattern.split_once(r"\s*(")?.1.rsplit_once(')')?.0;
    Some(list.split('|').map(|unit| format!("`{}`", unit.replace('\\', ""))).collect())
}

/// A description as one line.
fn one_line(description: &Json) -> String {
    let words = description.as_str().unwrap_or_default().split_whitespace();
    words.collect::<Vec<_>>().join(" ")
}

/// A text within a table.
fn cell(text: &str) -> String {
    text.replace('|', r"\|")
}

/// The anchor of a heading, as the usual renderers make it.
fn slug(heading: &str) -> String {
    let lower = heading.to_lowercase();
    lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}
