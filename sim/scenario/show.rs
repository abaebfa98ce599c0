//! The effective scenario: as YAML for people, as canonical JSON for fingerprints.

use std::collections::BTreeMap;

use serde_yaml::Value as Yaml;
use sha2::{Digest, Sha256};

use super::tree::{Entry, Map, Node, Plain, Scalar, Value};
use crate::spec::Mark;

/// The tree as YAML, which reads back to the same tree.
///
/// Bases, edits and catalogue entries are written out; comments are lost and numbers are
/// written in their shortest form.
///
/// # Panics
///
/// Never: every tree can be written as YAML.
pub fn effective_yaml(node: &Node) -> String {
    serde_yaml::to_string(&to_yaml(node)).expect("every tree is YAML")
}

/// The tree as JSON in one line, keys sorted: equal for two trees exactly if they say the
/// same, wherever and in whatever order and quoting they are written.
pub fn canonical_json(node: &Node) -> String {
    to_json(node).to_string()
}

/// SHA-256 of [`canonical_json`], in hexadecimal.
pub fn content_hash(node: &Node) -> String {
    Sha256::digest(canonical_json(node)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The tree with other texts for the scalars that are written at the marks of `texts`.
pub(crate) fn with_texts(node: &Node, texts: &BTreeMap<Mark, String>) -> Node {
    let value = match &node.value {
        Value::Null => Value::Null,
        Value::Scalar(scalar) => Value::Scalar(match texts.get(&node.mark) {
            Some(text) => Scalar { text: text.clone(), quoted: true },
            None => scalar.clone(),
        }),
        Value::Seq(items) => Value::Seq(items.iter().map(|item| with_texts(item, texts)).collect()),
        Value::Map(map) => {
            let entry = |entry: &Entry| Entry {
                key: entry.key.clone(),
                value: with_texts(&entry.value, texts),
            };
            Value::Map(Map { entries: map.entries.iter().map(entry).collect() })
        }
    };
    Node { mark: node.mark, used_at: node.used_at, value }
}

fn to_yaml(node: &Node) -> Yaml {
    match &node.value {
        Value::Null => Yaml::Null,
        Value::Scalar(scalar) => match scalar.plain() {
            Plain::Bool(value) => value.into(),
            Plain::Unsigned(value) => value.into(),
            Plain::Signed(value) => value.into(),
            Plain::Float(value) => value.into(),
            Plain::Text(text) => text.into(),
        },
        Value::Seq(items) => Yaml::Sequence(items.iter().map(to_yaml).collect()),
        Value::Map(map) => Yaml::Mapping(
            map.entries
                .iter()
                .map(|entry| (Yaml::String(entry.key.text.clone()), to_yaml(&entry.value)))
                .collect(),
        ),
    }
}

fn to_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Scalar(scalar) => scalar_json(scalar),
        Value::Seq(items) => items.iter().map(to_json).collect(),
        Value::Map(map) => {
            let sorted: BTreeMap<&str, &Node> =
                map.entries.iter().map(|entry| (entry.key.text.as_str(), &entry.value)).collect();
            sorted.into_iter().map(|(key, value)| (key.to_owned(), to_json(value))).collect()
        }
    }
}

fn scalar_json(scalar: &Scalar) -> serde_json::Value {
    match scalar.plain() {
        Plain::Bool(value) => value.into(),
        Plain::Unsigned(value) => value.into(),
        Plain::Signed(value) => value.into(),
        Plain::Float(value) => value.into(),
        Plain::Text(text) => text.into(),
    }
}
