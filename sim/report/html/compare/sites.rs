//! What each design is: the values in which it differs from the baseline, and its one-line diagram
//! with the boxes that differ framed.

use std::collections::BTreeMap;

use super::super::diagram;
use super::super::figure::{folded_table, table};
use super::super::graph::{Graph, Part};
use super::super::number::escape;
use super::super::parts::Section;
use super::StudyFolder;
use super::study::DesignFile;
use crate::scenario::{Node, Value};

/// Rows of the table of differences; beyond, only their number is told.
const MOST_ROWS: usize = 60;
/// Diagrams at most.
const MOST_DRAWN: usize = 6;

/// The places and values of a scenario, by the names on the way.
type Leaves = BTreeMap<Vec<String>, String>;

/// A design beside the baseline.
struct Compared<'s> {
    design: &'s DesignFile,
    leaves: Leaves,
    /// The places at which it differs.
    changed: Vec<Vec<String>>,
}

/// A section with what differs and the diagrams.
pub(super) fn sites(study: &StudyFolder) -> Option<Section> {
    let (base, others) = split(study)?;
    let base_leaves = leaves(&base.root);
    let compared: Vec<Compared<'_>> = others
        .into_iter()
        .map(|design| {
            let leaves = leaves(&design.root);
            Compared { design, changed: changed(&base_leaves, &leaves), leaves }
        })
        .collect();
    let mut body = changes(base, &base_leaves, &compared);
    body += &diagrams(base, &compared);
    Some(Section {
        id: "designs-are".to_owned(),
        heading: "What the designs are".to_owned(),
        question: format!(
            "In what does each design differ from {}? A framed box is one that differs.",
            study.baseline
        ),
        body,
    })
}

/// In what the design `name` differs from the baseline, in a few words; none where it is unknown.
pub(super) fn changes_of(study: &StudyFolder, name: &str) -> Option<String> {
    /// Names that are told.
    const MOST: usize = 4;
    let (base, others) = split(study)?;
    let design = others.into_iter().find(|design| design.name == name)?;
    let mut all: Vec<String> = changed(&leaves(&base.root), &leaves(&design.root))
        .iter()
        .map(|path| format!("<code>{}</code>", escape(&path.join("."))))
        .collect();
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    Some(match (all.len(), more) {
        (0, _) => "the same scenario".to_owned(),
        (_, 0) => format!("differs in {}", all.join(", ")),
        (_, more) => format!("differs in {} and {more} other values", all.join(", ")),
    })
}

/// The baseline and the other designs, where the folder has their scenarios.
fn split(study: &StudyFolder) -> Option<(&DesignFile, Vec<&DesignFile>)> {
    let base = study.designs.iter().find(|design| design.name == study.baseline)?;
    Some((base, study.designs.iter().filter(|design| design.name != base.name).collect()))
}

fn leaves(root: &Node) -> Leaves {
    fn walk(node: &Node, path: &mut Vec<String>, leaves: &mut Leaves) {
        match &node.value {
            Value::Map(map) => {
                for entry in &map.entries {
                    path.push(entry.key.text.clone());
                    walk(&entry.value, path, leaves);
                    path.pop();
                }
            }
            _ => {
                leaves.insert(path.clone(), node.on_one_line());
            }
        }
    }
    let mut all = Leaves::new();
    walk(root, &mut Vec::new(), &mut all);
    // How a scenario calls itself, and where a value comes from, is no difference of the site.
    all.retain(|path, _| {
        !["name", "title"].contains(&path[0].as_str())
            && path.last().is_none_or(|last| last != "source")
    });
    all
}

/// The places at which two scenarios have different values, or one of them none.
fn changed(one: &Leaves, other: &Leaves) -> Vec<Vec<String>> {
    let differs = |path: &&Vec<String>| one.get(*path) != other.get(*path);
    let mut all: Vec<Vec<String>> = one.keys().filter(differs).cloned().collect();
    let added = other.keys().filter(|path| !one.contains_key(*path));
    all.extend(added.cloned());
    all.sort();
    all
}

fn changes(base: &DesignFile, base_leaves: &Leaves, compared: &[Compared<'_>]) -> String {
    let mut paths: Vec<&Vec<String>> = compared.iter().flat_map(|it| &it.changed).collect();
    paths.sort();
    paths.dedup();
    if paths.is_empty() {
        return "<p>The scenarios of all designs have the same values.</p>\n".to_owned();
    }
    let cell = |leaves: &Leaves, path: &[String]| match leaves.get(path) {
        Some(text) => format!("<bdi>{}</bdi>", escape(text)),
        None => "\u{2013}".to_owned(),
    };
    let rows: Vec<Vec<String>> = paths
        .iter()
        .take(MOST_ROWS)
        .map(|path| {
            let first = [escape(&path.join(".")), cell(base_leaves, path)];
            first.into_iter().chain(compared.iter().map(|it| cell(&it.leaves, path))).collect()
        })
        .collect();
    let names = compared.iter().map(|it| it.design.name.as_str());
    let headings: Vec<&str> = ["value", base.name.as_str()].into_iter().chain(names).collect();
    let label = "Values that differ";
    match paths.len() > MOST_ROWS {
        false => table(label, &headings, &rows),
        true => {
            let count = paths.len();
            let said = format!("The first {MOST_ROWS} of {count} values that differ");
            folded_table(&said, &headings, &rows)
        }
    }
}

fn diagrams(base: &DesignFile, compared: &[Compared<'_>]) -> String {
    let Some(first) = Graph::of(&base.root) else { return String::new() };
    let mut body = diagram::framed_html(&base.name, &first, &vec![false; first.nodes.len()]);
    let mut drawn = 1;
    let mut alike = Vec::new();
    for Compared { design, changed, .. } in compared {
        let Some(graph) = Graph::of(&design.root) else { continue };
        let framed: Vec<bool> = graph
            .nodes
            .iter()
            .map(|node| {
                let section = match node.part {
                    Part::Power => "power",
                    Part::Racks => "racks",
                    Part::Cooling => "cooling",
                };
                let is_mine = |path: &&Vec<String>| {
                    path[0] == section
                        && path.get(1).is_some_and(|key| node.keys.iter().any(|(k, _)| k == key))
                };
                changed.iter().any(|path| is_mine(&path))
            })
            .collect();
        if !framed.contains(&true) && graph.nodes.len() == first.nodes.len() {
            alike.push(design.name.as_str());
        } else if drawn < MOST_DRAWN {
            body += &diagram::framed_html(&design.name, &graph, &framed);
            drawn += 1;
        } else {
            alike.push(design.name.as_str());
        }
    }
    if !alike.is_empty() {
        body += &format!("<p>Not drawn apart: {}.</p>\n", escape(&alike.join(", ")));
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    fn of(text: &str) -> Leaves {
        leaves(&scenario::load_text("test.yaml", text, &[]).unwrap().root)
    }

    #[test]
    fn what_differs_is_named_by_its_place() {
        let one =
            of("name: a\npower:\n  x: {kind: feed, capacity: 1 MW}\nracks: {r: {fed_by: [x]}}\n");
        let other = of(
            "name: b\npower:\n  x: {kind: feed, capacity: 2 MW, source: me}\n  y: {kind: ups}\n\
             racks: {r: {fed_by: [x, y]}}\n",
        );
        let paths: Vec<String> = changed(&one, &other).iter().map(|path| path.join(".")).collect();
        assert_eq!(paths, ["power.x.capacity", "power.y.kind", "racks.r.fed_by"]);
        assert_eq!(other[&["racks", "r", "fed_by"].map(str::to_owned).to_vec()], "[x, y]");
        assert!(changed(&one, &one).is_empty());
    }
}
