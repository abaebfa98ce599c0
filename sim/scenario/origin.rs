//! Where each value of a scenario comes from.

use serde_json::Value as Json;

use super::files::Files;
use super::tree::{Node, Value};

/// A value of the effective scenario, or a default that stands for one that is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its place: `power.ups-a.rating`.
    pub path: String,
    /// As written; of a default, what the reference says.
    pub value: String,
    /// Who has said it.
    pub by: OriginKind,
    /// The file, and the line in it from one; empty and none of a default.
    pub file: String,
    /// See [`file`](Self::file).
    pub line: Option<u64>,
    /// The `source` that stands beside it in the same file; empty where there is none.
    pub source: String,
}

/// Who has said a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginKind {
    /// `--set`.
    Set,
    /// The file of the scenario.
    Scenario,
    /// A file that it builds upon.
    Base,
    /// The built-in catalogue.
    Catalogue,
    /// Nobody: the model's default holds.
    Default,
}

impl OriginKind {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            OriginKind::Set => "set",
            OriginKind::Scenario => "scenario",
            OriginKind::Base => "base",
            OriginKind::Catalogue => "catalogue",
            OriginKind::Default => "default",
        }
    }
}

/// The origin of every value below `root`, in its order, then of the defaults that the JSON Schema
/// `schema` describes for what is not written.
pub(super) fn origins(root: &Node, files: &Files, schema: &Json) -> Vec<Origin> {
    let mut all = Vec::new();
    written(root, files, &mut String::new(), None, &mut all);
    let definitions = &schema["definitions"];
    defaults(root, schema, definitions, &mut String::new(), &mut all);
    all
}

/// Goes on with `key` behind `path`.
fn within(path: &mut String, key: &str, go: impl FnOnce(&mut String)) {
    let length = path.len();
    if length > 0 {
        path.push('.');
    }
    path.push_str(key);
    go(path);
    path.truncate(length);
}

fn written(
    node: &Node,
    files: &Files,
    path: &mut String,
    source: Option<(&str, u32)>,
    all: &mut Vec<Origin>,
) {
    let Value::Map(map) = &node.value else {
        let file = files.of(node.mark);
        let by = match file {
            Some(file) if file.on_disk && node.mark.file == 1 => OriginKind::Scenario,
            Some(file) if file.on_disk => OriginKind::Base,
            Some(file) if file.name == super::set::COMMAND_LINE => OriginKind::Set,
            Some(_) => OriginKind::Catalogue,
            None => return,
        };
        all.push(Origin {
            path: path.clone(),
            value: text(node),
            by,
            file: file.map(|file| file.name.clone()).unwrap_or_default(),
            line: file.map(|file| file.position(node.mark.start).line as u64),
            source: match source {
                Some((words, file)) if file == node.mark.file => words.to_owned(),
                _ => String::new(),
            },
        });
        return;
    };
    let own = map.entry("source").and_then(|e| Some((e.value.as_text()?, e.value.mark.file)));
    for entry in map.entries.iter().filter(|entry| entry.key.text != "source") {
        within(path, &entry.key.text, |path| {
            written(&entry.value, files, path, own.or(source), all);
        });
    }
}

/// A value on one line.
fn text(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Scalar(scalar) => scalar.text.clone(),
        Value::Seq(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let entries: Vec<String> = map
                .entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key.text, text(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// The defaults of the fields that `object` knows and `node` does not have, and of the mappings
/// within.
fn defaults(
    node: &Node,
    object: &Json,
    definitions: &Json,
    path: &mut String,
    all: &mut Vec<Origin>,
) {
    let Some(map) = node.as_map() else { return };
    let object = alternative(resolved(object, definitions), node, definitions);
    if let Some(properties) = object["properties"].as_object() {
        for (field, schema) in properties {
            match map.entry(field) {
                Some(entry) => within(path, field, |path| {
                    defaults(&entry.value, schema, definitions, path, all);
                }),
                None => {
                    let Some(value) = said_default(schema) else { continue };
                    within(path, field, |path| {
                        all.push(Origin {
                            path: path.clone(),
                            value: value.to_owned(),
                            by: OriginKind::Default,
                            file: String::new(),
                            line: None,
                            source: String::new(),
                        });
                    });
                }
            }
        }
    }
    let values = &object["additionalProperties"];
    if values.is_object() {
        for entry in &map.entries {
            within(path, &entry.key.text, |path| {
                defaults(&entry.value, values, definitions, path, all);
            });
        }
    }
}

/// What a reference or an optional value leads to.
fn resolved<'s>(mut schema: &'s Json, definitions: &'s Json) -> &'s Json {
    /// References are not longer chains.
    const MOST: usize = 8;
    for _ in 0..MOST {
        let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str());
        if let Some(name) = reference.and_then(|text| text.strip_prefix("#/definitions/")) {
            schema = &definitions[name];
            continue;
        }
        let choices = schema["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        match choices {
            [of, null] if null["type"] == "null" => schema = of,
            _ => return schema,
        }
    }
    schema
}

/// Of the kinds that `schema` knows, that of `node`; the schema itself where it knows none.
fn alternative<'s>(schema: &'s Json, node: &Node, definitions: &'s Json) -> &'s Json {
    let Some(kinds) = schema["oneOf"].as_array() else { return schema };
    let kind = node.get("kind").and_then(Node::as_text);
    let mine = kinds.iter().map(|it| resolved(it, definitions)).find(|it| {
        kind.is_some_and(|kind| it["properties"]["kind"]["const"].as_str() == Some(kind))
    });
    mine.unwrap_or(schema)
}

/// What a description says after `Default:`, to the end of that sentence.
fn said_default(schema: &Json) -> Option<&str> {
    let (_, rest) = schema["description"].as_str()?.split_once("Default: ")?;
    let end = rest
        .match_indices(". ")
        .map(|(at, _)| at)
        .find(|at| rest[at + 2..].starts_with(char::is_uppercase));
    Some(rest[..end.unwrap_or(rest.len())].trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::load_text;

    #[test]
    fn every_value_has_an_author() {
        let text =
            "name: a\npower:\n  ups-a: {kind: ups, rating: 2 MW, source: me}\n  b: {kind: pdu}\n";
        let sets = ["power.ups-a.rating=3 MW".to_owned()];
        let document = load_text("a.yaml", text, &sets).unwrap();
        let kind = |kind: &str, fields: Json| {
            let mut properties = fields;
            properties["kind"] = json!({"const": kind});
            json!({"properties": properties})
        };
        let schema = json!({
            "properties": {
                "seed": {"description": "Seed. Default: 1. Any other will do."},
                "title": {"description": "Words."},
                "power": {"additionalProperties": {"$ref": "#/definitions/P"}},
            },
            "definitions": {"P": {"oneOf": [
                kind("ups", json!({"rating": {}, "share": {"description": "Default: 1.5 of it."}})),
                kind("pdu", json!({"rating": {"description": "A rating."}})),
            ]}},
        });
        let all = origins(&document.root, &document.files, &schema);
        let told: Vec<(&str, &str, &str, Option<u64>, &str)> = all
            .iter()
            .map(|o| (o.path.as_str(), o.value.as_str(), o.by.name(), o.line, o.source.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("name", "a", "scenario", Some(1), ""),
                ("power.ups-a.kind", "ups", "scenario", Some(3), "me"),
                ("power.ups-a.rating", "3 MW", "set", Some(1), ""),
                ("power.b.kind", "pdu", "scenario", Some(4), ""),
                ("seed", "1", "default", None, ""),
                ("power.ups-a.share", "1.5 of it", "default", None, ""),
            ]
        );
    }
}
