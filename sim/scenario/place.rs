//! A value within a scenario, with the way to it.

use serde::de::DeserializeOwned;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::names::{self, Component};
use super::tree::{Entry, Node};
use crate::spec::{Fault, Mark, Names, Severity};

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
                diagnostic.help = names::suggest(key, known);
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
    /// A fault without a mark is placed at its field: the value if it is written, else the
    /// key of the component. Fields within fields are separated by dots.
    pub fn fault(&self, fault: Fault, sink: &mut Diagnostics) {
        let path = if fault.field.is_empty() { self.path.clone() } else { self.join(fault.field) };
        let message =
            if path.is_empty() { fault.message } else { format!("{path}: {}", fault.message) };
        let value = (!fault.field.is_empty())
            .then(|| fault.field.split('.').try_fold(self.node, |node, key| node.get(key)))
            .flatten();
        let mut diagnostic = match (fault.mark.filter(|mark| mark.file != 0), value) {
            (Some(mark), _) => Diagnostic::error(mark, message),
            (None, Some(value)) => Diagnostic::in_value(value, message),
            (None, None) => Diagnostic::error(self.key, message),
        };
        diagnostic.severity = fault.severity;
        diagnostic.help = fault.help;
        diagnostic.code = match fault.severity {
            Severity::Error => "inconsistent",
            Severity::Warning => "doubtful",
        };
        sink.push(diagnostic);
    }

    fn message(&self, message: &str) -> String {
        if self.path.is_empty() { message.to_owned() } else { format!("{}: {message}", self.path) }
    }

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
