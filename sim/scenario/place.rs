//! A value within a scenario, with the way to it.

use serde::de::DeserializeOwned;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::names::{self, Component};
use super::tree::{Entry, Node, Value};
use crate::spec::{Fault, Mark, Names, Severity, suggest};

/// A value within a scenario, with the way to it: what messages about it start with.
#[derive(Debug, Clone)]
pub struct Place<'t> {
    /// The keys from the root, joined by dots; empty at the root.
    pub path: String,
    /// Where its key stands; the whole value at the root.
    pub key: Mark,
    /// The value.
    pub node: &'t Node,
}

impl<'t> Place<'t> {
    /// The root of a tree.
    pub fn root(node: &'t Node) -> Self {
        Self { path: String::new(), key: node.mark, node }
    }

    /// The value of `key` below this one, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<Place<'t>> {
        Some(self.enter(self.node.as_map()?.entry(key)?))
    }

    /// The value of an entry of this mapping.
    pub(crate) fn enter(&self, entry: &'t Entry) -> Place<'t> {
        Place { path: self.join(&entry.key.text), key: entry.key.mark, node: &entry.value }
    }

    /// Reads this value as a `T`.
    ///
    /// Every error within it goes to `sink`: unknown fields, wrong values, missing fields.
    /// `None` if there was one.
    pub fn read<T: DeserializeOwned>(&self, sink: &mut Diagnostics) -> Option<T> {
        super::de::read(self, sink)
    }

    /// Reports every key of this mapping that is not one of `known`, and a value that is no
    /// mapping.
    pub fn only(&self, known: &[&str], sink: &mut Diagnostics) {
        let Some(map) = self.node.as_map() else {
            let message = self.message(&format!("needs a mapping, got {}", self.node.describe()));
            sink.push(Diagnostic::in_value(self.node, message).code("bad-value"));
            return;
        };
        for entry in &map.entries {
            let key = entry.key.text.as_str();
            if !known.contains(&key) {
                let message = self.message(&format!("unknown field `{key}`"));
                let mut diagnostic =
                    Diagnostic::error(entry.key.mark, message).code("unknown-field");
                diagnostic.help = suggest(key, known);
                sink.push(diagnostic);
            }
        }
    }

    /// The names that `names`, a field of this component, stand for, groups written out, each
    /// with the place of its text. What is no name goes to `sink`.
    pub fn references(
        &self,
        field: &str,
        names: &Names,
        sink: &mut Diagnostics,
    ) -> Vec<(String, Mark)> {
        let mut found = Vec::new();
        for name in &names.0 {
            match names::expand(&name.text) {
                Ok(instances) => found.extend(instances.into_iter().map(|one| (one, name.mark))),
                Err(error) => {
                    let message = format!("{}: {}", self.join(field), error.message);
                    let mut diagnostic = Diagnostic::error(name.mark, message).code("bad-name");
                    diagnostic.help = error.hint;
                    sink.push(diagnostic);
                }
            }
        }
        found
    }

    /// The components of this section with their names, in the order of the file.
    ///
    /// Bad and duplicate names go to `sink`, their components are left out.
    pub fn components(&self, sink: &mut Diagnostics) -> Vec<Component<'t>> {
        names::components(self, sink)
    }

    /// Reports what a room found wrong with the component at this place.
    ///
    /// A fault without a mark is placed at its field: at the value if that is written and no
    /// mapping, at its key if it is one, else at the key of the innermost part that is written.
    pub fn fault(&self, fault: Fault, sink: &mut Diagnostics) {
        let path = self.join(&fault.field);
        let message =
            if path.is_empty() { fault.message } else { format!("{path}: {}", fault.message) };
        let mut diagnostic = match fault.mark.filter(|mark| mark.file != 0) {
            Some(mark) => Diagnostic::error(mark, message),
            None => self.in_field(&fault.field, message),
        };
        diagnostic.severity = fault.severity;
        diagnostic.help = fault.help;
        diagnostic.code = match fault.severity {
            Severity::Error => "inconsistent",
            Severity::Warning => "doubtful",
        };
        sink.push(diagnostic);
    }

    /// An error at `field`, which may lie fields deep.
    fn in_field(&self, field: &str, message: String) -> Diagnostic {
        let (mut node, mut key) = (self.node, self.key);
        for step in field.split(['.', '[']).filter(|step| !step.is_empty()) {
            let inner = match &node.value {
                Value::Map(map) => map.entry(step).map(|entry| (&entry.value, entry.key.mark)),
                Value::Seq(items) => {
                    let index = step.trim_end_matches(']').parse().ok();
                    let item = index.and_then(|index: usize| items.get(index));
                    item.map(|item| (item, item.mark))
                }
                // A lone value stands for a list of one.
                Value::Null | Value::Scalar(_) => step.ends_with(']').then_some((node, key)),
            };
            let Some(inner) = inner else {
                return Diagnostic::error(node.used_at.unwrap_or(key), message);
            };
            (node, key) = inner;
        }
        if node.as_map().is_some() || field.is_empty() {
            return Diagnostic::error(node.used_at.unwrap_or(key), message);
        }
        Diagnostic::in_value(node, message)
    }

    fn message(&self, message: &str) -> String {
        if self.path.is_empty() { message.to_owned() } else { format!("{}: {message}", self.path) }
    }

    fn join(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) if key.starts_with('[') => format!("{path}{key}"),
            (path, key) => format!("{path}.{key}"),
        }
    }
}
