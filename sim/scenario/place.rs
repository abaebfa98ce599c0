//! A value within a scenario, with the way to it.

use serde::de::DeserializeOwned;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::names::{self, Component};
use super::tree::{Entry, Node};
use crate::spec::{Fault, Mark, Severity};

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

    fn join(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
