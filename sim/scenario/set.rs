//! `--set path=value`: edits from the command line.

use std::path::PathBuf;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::files::Files;
use super::names::expand;
use super::read;
use super::tree::{Entry, Map, Node, Value};
use crate::spec::{Mark, Name, suggest};

/// What the files of `--set` arguments are called in messages.
pub(crate) const COMMAND_LINE: &str = "command line";

/// Carries out one `path=value` on `root`.
///
/// The path is keys (or, in lists, numbers from zero) joined by dots; dots within braces
/// belong to a group. The first two steps, a section and what is named in it, must exist; parts
/// below them that nobody has written are made. The value is YAML and replaces what is there;
/// `null` removes it.
pub(crate) fn apply(root: &mut Node, argument: &str, files: &mut Files, sink: &mut Diagnostics) {
    let file = files.add(COMMAND_LINE.to_owned(), PathBuf::new(), argument.to_owned(), false);
    let mark = |start: usize, end: usize| Mark { file, start: start as u32, end: end as u32 };
    let refuse =
        |mark, message: String, help: &str| Diagnostic::error(mark, message).code("set").help(help);
    let Some(equals) = equals_sign(argument) else {
        sink.push(refuse(
            mark(0, argument.len()),
            format!("`--set` needs `path=value`, got `{argument}`"),
            "for example `--set power.ups-1.rating='2 MW'`",
        ));
        return;
    };
    let steps = steps(&argument[..equals]);
    if let Some(empty) = steps.iter().find(|range| argument[(*range).clone()].trim().is_empty()) {
        sink.push(refuse(
            mark(empty.start, equals.max(empty.end)),
            format!("the path `{}` has an empty step", &argument[..equals]),
            "a path is keys joined by single dots, such as `power.ups-1.rating`",
        ));
        return;
    }
    if argument[equals + 1..].trim().is_empty() {
        sink.push(refuse(
            mark(equals, argument.len()),
            format!("`{}` is set to nothing", &argument[..equals]),
            "write a value after `=`, or `null` to take the field out",
        ));
        return;
    }
    let Some(value) = read::parse(argument, file, equals + 1, sink) else { return };
    let names: Vec<(Name, &str)> = steps
        .iter()
        .map(|range| {
            let text = argument[range.clone()].trim().to_owned();
            (
                Name { text, mark: mark(range.start, range.end) },
                argument[..range.start].trim_end_matches('.'),
            )
        })
        .collect();
    if let Err(diagnostic) = edit(root, &names, value) {
        sink.push(*diagnostic);
    }
}

/// Sections that hold fields, not components by name.
const OF_FIELDS: [&str; 10] = [
    "site",
    "weather",
    "price",
    "carbon",
    "frequency",
    "emergency_level",
    "control",
    "output",
    "water",
    "money",
];

/// How many steps of a path name something of the scenario, which cannot be made: a section, and a
/// component of it.
fn named_steps(section: &str) -> usize {
    if OF_FIELDS.contains(&section) { 1 } else { 2 }
}

/// Follows `steps`, each with the path before it, and puts `value` at the end.
fn edit(root: &mut Node, steps: &[(Name, &str)], value: Node) -> Result<(), Box<Diagnostic>> {
    let ((last, last_before), way) = steps.split_last().expect("a path has a step");
    let mut node = root;
    for (depth, (step, before)) in way.iter().enumerate() {
        let made = depth >= named_steps(&steps[0].0.text) && !matches!(value.value, Value::Null);
        if made && let Value::Map(map) = &mut node.value {
            make(map, step);
        }
        node = descend(node, step, before)?;
    }
    match &mut node.value {
        Value::Map(map) if matches!(value.value, Value::Null) => {
            if map.remove(&last.text).is_none() {
                return Err(Box::new(absent(&map.keys().collect::<Vec<_>>(), last, last_before)));
            }
        }
        Value::Map(map) => match map.entry_mut(&last.text) {
            Some(entry) => entry.value = value,
            None => {
                let keys: Vec<&str> = map.keys().collect();
                if let Some(group) = group_of(&keys, &last.text) {
                    return Err(Box::new(within_group(group, last, last_before)));
                }
                map.entries.push(Entry { key: last.clone(), value });
            }
        },
        _ => *descend(node, last, last_before)? = value,
    }
    Ok(())
}

/// A part that is not written is an empty one. A misspelt part is found when what it is a part of is
/// read.
fn make(map: &mut Map, step: &Name) {
    if map.entry(&step.text).is_none() {
        let value = Node { value: Value::Map(Map::default()), mark: step.mark, used_at: None };
        map.entries.push(Entry { key: step.clone(), value });
    }
}

fn descend<'n>(
    node: &'n mut Node,
    step: &Name,
    before: &str,
) -> Result<&'n mut Node, Box<Diagnostic>> {
    let described = node.describe();
    match &mut node.value {
        Value::Map(map) => {
            let Some(at) = map.keys().position(|key| key == step.text) else {
                return Err(Box::new(absent(&map.keys().collect::<Vec<_>>(), step, before)));
            };
            Ok(&mut map.entries[at].value)
        }
        Value::Seq(items) => {
            let length = items.len();
            let index = step.text.parse::<usize>().ok().filter(|&index| index < length);
            index.map(|index| &mut items[index]).ok_or_else(|| {
                let message = format!("`{before}` has no entry `{}`", step.text);
                let help = format!("it is a list of {length}; entries are numbered from 0");
                Box::new(Diagnostic::error(step.mark, message).code("set").help(help))
            })
        }
        Value::Null | Value::Scalar(_) => {
            let message = format!("`{before}` is {described} and has no fields");
            Err(Box::new(Diagnostic::error(step.mark, message).code("set")))
        }
    }
}

fn absent(keys: &[&str], step: &Name, before: &str) -> Diagnostic {
    if let Some(group) = group_of(keys, &step.text) {
        return within_group(group, step, before);
    }
    let message = if before.is_empty() {
        format!("the scenario has no `{}`", step.text)
    } else {
        format!("`{before}` has no `{}`", step.text)
    };
    let mut diagnostic = Diagnostic::error(step.mark, message).code("set");
    diagnostic.help = suggest(&step.text, keys);
    diagnostic
}

/// A group cannot be set in part: what stands beside it may count on its order.
fn within_group(group: &str, step: &Name, before: &str) -> Diagnostic {
    let path = if before.is_empty() { String::new() } else { format!("{before}.") };
    Diagnostic::error(step.mark, format!("`{}` is one of the group `{group}`", step.text))
        .code("set")
        .help(format!(
            "set the whole group as `{path}{group}`, or write `{}` apart in the file",
            step.text
        ))
}

/// The key with a group that `name` is one of.
fn group_of<'k>(keys: &[&'k str], name: &str) -> Option<&'k str> {
    keys.iter().copied().find(|key| {
        key.contains('{') && expand(key).is_ok_and(|names| names.iter().any(|one| one == name))
    })
}

/// The first `=` outside braces.
fn equals_sign(argument: &str) -> Option<usize> {
    outside_braces(argument).find(|&(_, c)| c == '=').map(|(at, _)| at)
}

/// The keys of a path.
pub(crate) fn keys(path: &str) -> Vec<&str> {
    steps(path).into_iter().map(|step| path[step].trim()).collect()
}

/// The byte ranges of the steps of a path.
fn steps(path: &str) -> Vec<std::ops::Range<usize>> {
    let mut start = 0;
    let mut steps = Vec::new();
    for (at, _) in outside_braces(path).filter(|&(_, c)| c == '.') {
        steps.push(start..at);
        start = at + 1;
    }
    steps.push(start..path.len());
    steps
}

fn outside_braces(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut depth = 0_usize;
    text.char_indices().filter(move |&(_, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::schema;

    /// A mapping of the scenario with properties of its own is one of fields, one without is one of names.
    #[test]
    fn sections_of_fields_are_those_of_the_schema() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).expect("JSON");
        let definitions = &schema["definitions"];
        let of_fields = |property: &serde_json::Value| {
            let parts = ["anyOf", "allOf"].iter().find_map(|key| property[*key].as_array());
            let parts = parts.map_or(std::slice::from_ref(property), Vec::as_slice);
            parts.iter().any(|part| {
                let name = part["$ref"].as_str().and_then(|path| path.rsplit('/').next());
                name.is_some_and(|name| definitions[name]["properties"].is_object())
            })
        };
        let properties = schema["properties"].as_object().expect("properties");
        let found = properties.iter().filter(|(_, property)| of_fields(property));
        let mut found: Vec<&str> = found.map(|(name, _)| name.as_str()).collect();
        let mut known = OF_FIELDS;
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known);
    }
}
