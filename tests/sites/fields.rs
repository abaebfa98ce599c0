//! Fields of a part of a scenario, as YAML.

use std::fmt::{Display, Write as _};

/// A number with few digits, which reads back as the same.
pub(crate) fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().expect("a number");
    rounded.to_string()
}

/// A mapping in the order of its fields, which holds text and mappings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    entries: Vec<(String, Value)>,
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Below(Fields),
}

impl Fields {
    /// Sets the field at `path`, such as `pumps.control`.
    pub(crate) fn set(&mut self, path: &str, value: impl Display) {
        let (key, rest) =
            path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let place = self.entries.iter().position(|(known, _)| known == key);
        let place = place.unwrap_or_else(|| {
            self.entries.push((key.to_owned(), Value::Below(Fields::default())));
            self.entries.len() - 1
        });
        let slot = &mut self.entries[place].1;
        match (rest, slot) {
            (None, slot) => *slot = Value::Text(value.to_string()),
            (Some(rest), Value::Below(fields)) => fields.set(rest, value),
            (Some(_), Value::Text(text)) => panic!("`{key}` is `{text}` and no mapping"),
        }
    }

    /// Whether anything is set at `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        let (key, rest) =
            path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        self.entries.iter().any(|(known, value)| match (rest, value) {
            _ if known != key => false,
            (None, _) => true,
            (Some(rest), Value::Below(fields)) => fields.has(rest),
            (Some(_), Value::Text(_)) => false,
        })
    }

    /// What is written for `key`, where that is a text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.entries.iter().find_map(|(known, value)| match value {
            Value::Text(text) if known == key => Some(text.as_str()),
            _ => None,
        })
    }

    /// On one line: `{kind: feed, capacity: 1 MW}`.
    pub(crate) fn flow(&self) -> String {
        let entries = self.entries.iter().map(|(key, value)| match value {
            Value::Text(text) => format!("{key}: {text}"),
            Value::Below(fields) => format!("{key}: {}", fields.flow()),
        });
        format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
    }

    /// An entry a line.
    pub(crate) fn block(&self) -> String {
        let mut text = String::new();
        for (key, value) in &self.entries {
            match value {
                Value::Text(value) => writeln!(text, "{key}: {value}"),
                Value::Below(fields) => writeln!(text, "{key}: {}", fields.flow()),
            }
            .expect("text takes all");
        }
        text
    }
}
