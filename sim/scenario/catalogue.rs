//! Named equipment: a `kind` that is an entry of a catalogue instead of a model.
//!
//! The built-in catalogue is `scenarios/presets/*.yaml`, compiled in; a scenario adds to it,
//! or shadows it, in its own `catalogue:` section. An entry names its model, or another
//! entry, in its own `kind`; its fields are laid beneath those of the component, less those that
//! they exclude.

use std::path::PathBuf;

use super::base::overlay;
use super::diagnostics::{Diagnostic, Diagnostics};
use super::files::Files;
use super::read;
use super::tree::{Entry, Map, Node, Value};
use crate::spec::{Exclusive, suggest};

/// A section of a scenario whose components are selected by `kind`.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its key in the scenario: `power`.
    pub name: &'static str,
    /// The kinds of model it knows.
    pub kinds: &'static [&'static str],
    /// Lists within its components whose elements are selected in the same way: the field, and
    /// the definition of an element in the schema.
    pub lists: &'static [(&'static str, &'static str)],
    /// What excludes what in its components, by the path of the mapping in which it stands, which is
    /// empty of the component itself.
    pub exclusive: &'static [(&'static str, Exclusive)],
}

const BUILT_IN: [(&str, &str, &str); 6] = [
    ("power", "scenarios/presets/power.yaml", include_str!("../../scenarios/presets/power.yaml")),
    (
        "cooling",
        "scenarios/presets/cooling.yaml",
        include_str!("../../scenarios/presets/cooling.yaml"),
    ),
    ("racks", "scenarios/presets/racks.yaml", include_str!("../../scenarios/presets/racks.yaml")),
    (
        "workloads",
        "scenarios/presets/workloads.yaml",
        include_str!("../../scenarios/presets/workloads.yaml"),
    ),
    (
        "contracts",
        "scenarios/presets/contracts.yaml",
        include_str!("../../scenarios/presets/contracts.yaml"),
    ),
    (
        "programmes",
        "scenarios/presets/programmes.yaml",
        include_str!("../../scenarios/presets/programmes.yaml"),
    ),
];

/// The entries of the built-in catalogue for `section`, in the order of its file.
///
/// # Panics
///
/// If the built-in catalogue is not YAML, which a test rules out.
pub fn built_in(section: &str, files: &mut Files) -> Map {
    let Some((_, name, text)) = BUILT_IN.iter().find(|(of, ..)| *of == section) else {
        return Map::default();
    };
    let file = files.add((*name).to_owned(), PathBuf::new(), (*text).to_owned(), false);
    let mut sink = Diagnostics::default();
    let root = read::parse(text, file, 0, &mut sink);
    assert!(!sink.has_errors(), "the built-in catalogue is sound: {}", sink.short(files));
    match root.map(|root| root.value) {
        Some(Value::Map(map)) => map,
        _ => Map::default(),
    }
}

/// Replaces every catalogue `kind` in the `sections` of `root` by the model it leads to, and
/// takes the scenario's own `catalogue` out. Unknown kinds and cycles go to `sink`.
pub(crate) fn resolve(
    root: &mut Node,
    sections: &[Section],
    files: &mut Files,
    sink: &mut Diagnostics,
) {
    let Value::Map(top) = &mut root.value else { return };
    let own = top.remove("catalogue");
    if let Some(own) = &own {
        check_own(own, sections, sink);
    }
    for section in sections {
        let entries = own.as_ref().and_then(|own| own.value.get(section.name));
        let own = entries.and_then(Node::as_map);
        if own.is_none() && top.entry(section.name).is_none() {
            // Nothing names an entry, and the shelf need not be read.
            continue;
        }
        let shelf = Shelf { section: *section, own, built_in: built_in(section.name, files) };
        for entry in shelf.own.iter().flat_map(|map| &map.entries) {
            shelf.check(entry, sink);
        }
        if let Some(Entry { value: Node { value: Value::Map(map), .. }, .. }) =
            top.entry_mut(section.name)
        {
            for entry in &mut map.entries {
                let path = format!("{}.{}", section.name, entry.key.text);
                shelf.resolve(&mut entry.value, &path, sink);
                for (field, _) in section.lists {
                    let Value::Map(component) = &mut entry.value.value else { continue };
                    let Some(list) = component.entry_mut(field) else { continue };
                    let Value::Seq(items) = &mut list.value.value else { continue };
                    for item in items {
                        shelf.resolve(item, &format!("{path}.{field}"), sink);
                    }
                }
            }
        }
    }
}

/// What a `kind` of one section may name.
struct Shelf<'t> {
    section: Section,
    own: Option<&'t Map>,
    built_in: Map,
}

impl Shelf<'_> {
    /// Checks an entry of the scenario's own catalogue, used or not.
    fn check(&self, entry: &Entry, sink: &mut Diagnostics) {
        let path = format!("catalogue.{}.{}", self.section.name, entry.key.text);
        if self.section.kinds.contains(&entry.key.text.as_str()) {
            let message = format!("{path}: `{}` is the name of a model", entry.key.text);
            sink.push(
                Diagnostic::error(entry.key.mark, message)
                    .code("catalogue")
                    .help("give the entry a name of its own"),
            );
        }
        if entry.value.get("kind").is_none() {
            let message = format!("{path}: missing field `kind`");
            sink.push(
                Diagnostic::error(entry.key.mark, message)
                    .code("missing-field")
                    .help("an entry names its model, or another entry, in `kind`"),
            );
            return;
        }
        let mut trial = entry.value.clone();
        let mut found = Diagnostics::default();
        self.resolve_from(&mut trial, &path, Some(&entry.key.text), &mut found);
        found.sorted().into_iter().for_each(|diagnostic| sink.push(diagnostic.clone()));
    }

    fn resolve(&self, node: &mut Node, path: &str, sink: &mut Diagnostics) {
        self.resolve_from(node, path, None, sink);
    }

    /// Follows the kinds of `node` to a model. `start` is the own entry that `node` is, which
    /// its kind cannot mean again.
    fn resolve_from(
        &self,
        node: &mut Node,
        path: &str,
        start: Option<&str>,
        sink: &mut Diagnostics,
    ) {
        let mut own_used: Vec<String> = start.map(str::to_owned).into_iter().collect();
        let mut built_in_used: Vec<String> = Vec::new();
        // Everything that comes in is marked with the kind that the user wrote.
        let mut place = None;
        // What lies above `lowest`, from the top down, each without its kind.
        let mut levels: Vec<Node> = Vec::new();
        let empty = Node { mark: node.mark, used_at: None, value: Value::Null };
        let mut lowest = std::mem::replace(node, empty);
        while let Some(kind) = lowest.get("kind") {
            let Some(name) = kind.as_text().map(str::to_owned) else { break };
            if self.section.kinds.contains(&name.as_str()) {
                break;
            }
            let place = *place.get_or_insert(kind.place());
            let own =
                self.own.and_then(|map| map.entry(&name)).filter(|_| !own_used.contains(&name));
            let standard = self.built_in.entry(&name).filter(|_| !built_in_used.contains(&name));
            let found = match (own, standard) {
                (Some(own), _) => {
                    own_used.push(name);
                    &own.value
                }
                (None, Some(standard)) => {
                    built_in_used.push(name);
                    &standard.value
                }
                (None, None) => {
                    let is_cycle = own_used.contains(&name) || built_in_used.contains(&name);
                    sink.push(self.unknown(kind, &name, path, is_cycle));
                    break;
                }
            };
            let mut beneath = found.clone();
            beneath.set_used_at(place);
            if let Value::Map(map) = &mut lowest.value {
                map.remove("kind");
            }
            levels.push(std::mem::replace(&mut lowest, beneath));
        }
        // From the bottom up: what a level has replaced does not come back above it.
        *node = levels.into_iter().rev().fold(lowest, |mut beneath, above| {
            for (path, exclusive) in self.section.exclusive {
                give_way(&mut beneath, &above, path, exclusive);
            }
            overlay(beneath, above)
        });
    }

    fn unknown(&self, kind: &Node, name: &str, path: &str, is_cycle: bool) -> Diagnostic {
        if is_cycle {
            return Diagnostic::in_value(
                kind,
                format!("{path}: the kind `{name}` leads back to itself"),
            )
            .code("unknown-kind")
            .help("each entry of a catalogue must lead to a model in the end");
        }
        let mut known: Vec<&str> = self.section.kinds.to_vec();
        known.extend(self.own.iter().flat_map(|map| map.keys()));
        known.extend(self.built_in.keys());
        let mut diagnostic = Diagnostic::in_value(kind, format!("{path}: unknown kind `{name}`"))
            .code("unknown-kind");
        diagnostic.help = suggest(name, &known);
        diagnostic
    }
}

/// Takes out of the mapping at `path` in `beneath` what gives way to that in `above`. What `above` names
/// with `null` stays, so that the two go together.
fn give_way(beneath: &mut Node, above: &Node, path: &str, exclusive: &Exclusive) {
    let keys = path.split('.').filter(|key| !key.is_empty());
    let above = keys.clone().try_fold(above, |node, key| node.get(key));
    let beneath = keys.into_iter().try_fold(beneath, |node, key| node.get_mut(key));
    let (Some(Node { value: Value::Map(beneath), .. }), Some(above)) = (beneath, above) else {
        return;
    };
    let text = |of: Option<&Node>| of.and_then(Node::as_text).map(str::to_owned);
    match exclusive {
        Exclusive::Fields(alternatives) => {
            let is_written =
                |name: &str| above.get(name).is_some_and(|it| !matches!(it.value, Value::Null));
            beneath.entries.retain(|entry| {
                let name = entry.key.text.as_str();
                above.get(name).is_some() || !alternatives.gives_way(name, is_written)
            });
        }
        Exclusive::Kind => {
            let kind = text(beneath.entry("kind").map(|entry| &entry.value));
            if text(above.get("kind")).is_some_and(|above| kind.is_some_and(|it| it != above)) {
                let is_null = |it: &Node| matches!(it.value, Value::Null);
                beneath.entries.retain(|entry| above.get(&entry.key.text).is_some_and(is_null));
            }
        }
    }
}

/// Checks that the scenario's own catalogue is mappings of known sections.
fn check_own(own: &Entry, sections: &[Section], sink: &mut Diagnostics) {
    let Some(map) = own.value.as_map() else {
        let message = format!(
            "catalogue: needs a mapping from sections to entries, got {}",
            own.value.describe()
        );
        sink.push(Diagnostic::in_value(&own.value, message).code("bad-value"));
        return;
    };
    let known: Vec<&str> = sections.iter().map(|section| section.name).collect();
    for entry in &map.entries {
        let name = entry.key.text.as_str();
        if !known.contains(&name) {
            let mut diagnostic =
                Diagnostic::error(entry.key.mark, format!("catalogue: unknown section `{name}`"))
                    .code("unknown-field");
            diagnostic.help = suggest(name, &known);
            sink.push(diagnostic);
        } else if entry.value.as_map().is_none() {
            let message = format!(
                "catalogue.{name}: needs a mapping of entries, got {}",
                entry.value.describe()
            );
            sink.push(Diagnostic::in_value(&entry.value, message).code("bad-value"));
        }
    }
}
/// The model kind that the built-in `entry` of `map` leads to.
pub(crate) fn model_of<'m>(map: &'m Map, entry: &'m Entry, kinds: &[&str]) -> Option<&'m str> {
    let mut kind = entry.value.get("kind")?.as_text()?;
    // As many steps as there are entries: a longer chain is a circle.
    for _ in 0..=map.entries.len() {
        if kinds.contains(&kind) {
            return Some(kind);
        }
        kind = map.entry(kind)?.value.get("kind")?.as_text()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::tests::POWER;
    use crate::scenario::{canonical_json, load_text};
    use crate::spec::Alternatives;

    fn map(text: &str) -> Map {
        let Value::Map(map) = load_text("t.yaml", text, &[]).unwrap().root.value else {
            panic!("not a mapping");
        };
        map
    }

    #[test]
    fn an_own_entry_builds_upon_the_built_in_one_of_its_name() {
        let own = map("big: {kind: big, efficiency: 98 %}\n");
        let built_in = map(
            "big: {kind: basic, rating: 2 MW}\nbasic: {kind: ups, efficiency: 90 %, modules: 4}\n",
        );
        let shelf = Shelf { section: POWER, own: Some(&own), built_in };
        let mut sink = Diagnostics::default();
        let mut node = load_text("t.yaml", "kind: big\nmodules: 5\n", &[]).unwrap().root;
        shelf.resolve(&mut node, "power.a", &mut sink);
        assert!(!sink.has_errors());
        assert_eq!(
            canonical_json(&node),
            r#"{"efficiency":"98 %","kind":"ups","modules":5,"rating":"2 MW"}"#
        );
        own.entries.iter().for_each(|entry| shelf.check(entry, &mut sink));
        assert!(!sink.has_errors());
    }

    /// Beneath, an entry upon an entry: each level gives way to those above it.
    #[test]
    fn fields_of_an_entry_give_way_to_those_that_exclude_them() {
        const CALLS: Alternatives =
            Alternatives { of: &["rate", "at"], with: &[(&["rate"], &["busy"])] };
        const SUPPLY: Alternatives = Alternatives { of: &["own", "bought"], with: &[] };
        let exclusive = &[
            ("calls", Exclusive::Fields(&CALLS)),
            ("", Exclusive::Fields(&SUPPLY)),
            ("calls.length", Exclusive::Kind),
        ];
        let section = Section { exclusive, ..POWER };
        let own = map("mine: {kind: basic, calls: {at: [1], busy: [2]}, own: 1}\n\
             law: {kind: drawn, calls: {length: {kind: constant, value: 2}}}\n");
        let built_in = map("basic: {kind: ups, calls: {rate: 3, busy: [4], gap: 5}, bought: 6}\n\
             drawn: {kind: ups, calls: {length: {kind: mean, mean: 1, max: 9}}}\n");
        let shelf = Shelf { section, own: Some(&own), built_in };
        let resolved = |text: &str| {
            let mut sink = Diagnostics::default();
            let mut node = load_text("t.yaml", text, &[]).unwrap().root;
            shelf.resolve(&mut node, "power.a", &mut sink);
            assert!(!sink.has_errors());
            canonical_json(&node)
        };
        for (text, expected) in [
            ("kind: basic", r#"{"bought":6,"calls":{"busy":[4],"gap":5,"rate":3},"kind":"ups"}"#),
            ("kind: mine", r#"{"calls":{"at":[1],"busy":[2],"gap":5},"kind":"ups","own":1}"#),
            (
                "{kind: mine, calls: {rate: 7}}",
                r#"{"calls":{"busy":[2],"gap":5,"rate":7},"kind":"ups","own":1}"#,
            ),
            (
                "{kind: basic, calls: {at: [9]}, own: 8}",
                r#"{"calls":{"at":[9],"gap":5},"kind":"ups","own":8}"#,
            ),
            (
                "{kind: drawn, calls: {length: {kind: constant, value: 2}}}",
                r#"{"calls":{"length":{"kind":"constant","value":2}},"kind":"ups"}"#,
            ),
            (
                "{kind: drawn, calls: {length: {mean: 2}}}",
                r#"{"calls":{"length":{"kind":"mean","max":9,"mean":2}},"kind":"ups"}"#,
            ),
            // What an entry has replaced of the entry beneath it does not come back.
            (
                "{kind: law, calls: {length: {kind: mean, mean: 3}}}",
                r#"{"calls":{"length":{"kind":"mean","mean":3}},"kind":"ups"}"#,
            ),
            // What would give way may be taken away by name too.
            (
                "{kind: basic, calls: {rate: null, busy: null, at: [9]}}",
                r#"{"bought":6,"calls":{"at":[9],"gap":5},"kind":"ups"}"#,
            ),
            (
                "{kind: drawn, calls: {length: {kind: constant, mean: null, value: 2}}}",
                r#"{"calls":{"length":{"kind":"constant","value":2}},"kind":"ups"}"#,
            ),
            // Who writes both is told of it later; who takes one out puts none in its place.
            (
                "{kind: basic, calls: {at: [9], rate: 1}}",
                r#"{"bought":6,"calls":{"at":[9],"busy":[4],"gap":5,"rate":1},"kind":"ups"}"#,
            ),
            (
                "{kind: basic, calls: {rate: null}}",
                r#"{"bought":6,"calls":{"busy":[4],"gap":5},"kind":"ups"}"#,
            ),
        ] {
            assert_eq!(resolved(text), expected, "{text}");
        }
    }

    #[test]
    fn the_model_behind_an_entry_is_found_and_circles_are_not_followed() {
        let entries = map("a: {kind: b}\nb: {kind: ups}\nc: {kind: d}\nd: {kind: c}\n");
        let model = |name: &str| model_of(&entries, entries.entry(name).unwrap(), POWER.kinds);
        assert_eq!(model("a"), Some("ups"));
        assert_eq!(model("c"), None);
    }
}
