//! The site as a graph of declared components: a node for each key of the scenario, however many
//! units it declares.

use std::collections::BTreeMap;

use crate::scenario::{self, Node, Value};

/// Above this many keys, alike ones with the same feeders share a node.
const MOST_KEYS: usize = 60;

/// What a node is part of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    #[default]
    Power,
    Racks,
    Cooling,
}

impl Component {
    /// As the scenario declares it.
    pub(super) fn key(&self) -> String {
        let keys: Vec<&str> = self.keys.iter().map(|(key, _)| key.as_str()).collect();
        keys.join(", ")
    }
}

/// What flows along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flow {
    Power,
    Heat,
}

/// A declared component.
#[derive(Debug, Clone, Default)]
pub(super) struct Component {
    /// As the scenario declares it, and its units: `ups-a-{1..20}`, 20. Several where many keys
    /// share a node.
    pub(super) keys: Vec<(String, usize)>,
    /// What a box says: `ups-a`.
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) part: Part,
    pub(super) units: usize,
    /// Of a unit, as the scenario has it; empty where nothing limits it.
    pub(super) rating: String,
}

/// A connection of components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) flow: Flow,
    /// Its place in the order of preference, from 0. Of racks: which cord.
    pub(super) preference: usize,
}

/// The graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Component>,
    pub(super) edges: Vec<Edge>,
}

impl Graph {
    /// Of the effective scenario `root`; none where it has nothing to draw.
    pub(super) fn of(root: &Node) -> Option<Self> {
        let mut graph = Self::default();
        let mut places: Vec<&Node> = Vec::new();
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for (section, part) in
            [("power", Part::Power), ("racks", Part::Racks), ("cooling", Part::Cooling)]
        {
            let map = root.get(section).and_then(Node::as_map);
            for entry in map.into_iter().flat_map(|map| &map.entries) {
                let key = &entry.key.text;
                let instances = scenario::expand(key).unwrap_or_else(|_| vec![key.clone()]);
                let index = graph.nodes.len();
                let count = number(entry.value.get("count")).unwrap_or(1);
                let units = instances.len() * if part == Part::Racks { count } else { 1 };
                graph.nodes.push(Component {
                    keys: vec![(key.clone(), units)],
                    name: folded_name(key),
                    kind: text(&entry.value, &["kind"]).unwrap_or_default(),
                    part,
                    units,
                    rating: rating(&entry.value, part),
                });
                places.push(&entry.value);
                names.extend(instances.into_iter().map(|name| (name, index)));
            }
        }
        for (to, place) in places.iter().enumerate() {
            graph.connect(to, place, &names, 0);
        }
        if graph.nodes.is_empty() {
            return None;
        }
        Some(if graph.nodes.len() > MOST_KEYS { graph.folded() } else { graph })
    }

    /// Adds what feeds and cools the component `to`, whose value is `place`: also what its parts
    /// are fed by.
    fn connect(&mut self, to: usize, place: &Node, names: &BTreeMap<String, usize>, depth: usize) {
        /// Parts of a component are not nested deeper.
        const DEEPEST: usize = 3;
        let Some(map) = place.as_map() else { return };
        for entry in &map.entries {
            let (flow, base) = match entry.key.text.as_str() {
                "fed_by" | "sets" => (Flow::Power, 0),
                "emergency" => (Flow::Power, 1),
                "cooled_by" => (Flow::Heat, 0),
                _ => {
                    if depth < DEEPEST {
                        self.connect(to, &entry.value, names, depth + 1);
                    }
                    continue;
                }
            };
            for (order, name) in listed(&entry.value).into_iter().enumerate() {
                // All sets of a bus work together.
                let preference = if entry.key.text == "sets" { 0 } else { base + order };
                for instance in scenario::expand(&name).unwrap_or_default() {
                    let Some(&from) = names.get(&instance) else { continue };
                    self.add(match flow {
                        Flow::Power => Edge { from, to, flow, preference },
                        // Heat goes from what is cooled to what cools.
                        Flow::Heat => Edge { from: to, to: from, flow, preference },
                    });
                }
            }
        }
    }

    /// Adds `edge`, unless it is there with no greater preference.
    fn add(&mut self, edge: Edge) {
        let alike = |known: &&mut Edge| {
            (known.from, known.to, known.flow) == (edge.from, edge.to, edge.flow)
        };
        match self.edges.iter_mut().rev().find(alike) {
            Some(known) => known.preference = known.preference.min(edge.preference),
            None if edge.from != edge.to => self.edges.push(edge),
            None => {}
        }
    }

    /// The node that stands for the declared component `key`, and the units of others before its
    /// own there.
    pub(super) fn find(&self, key: &str) -> Option<(usize, usize)> {
        self.nodes.iter().enumerate().find_map(|(index, node)| {
            let at = node.keys.iter().position(|(known, _)| known == key)?;
            Some((index, node.keys[..at].iter().map(|(_, units)| units).sum()))
        })
    }

    /// Whether power comes along `edge` only when another feeder is lost. Racks draw from all
    /// their cords.
    pub(super) fn is_standby(&self, edge: &Edge) -> bool {
        edge.flow == Flow::Power && edge.preference > 0 && self.nodes[edge.to].part != Part::Racks
    }

    /// The rank of each node: power from the top down by its longest way from a feed, racks on one
    /// rank, what cools them below.
    pub(super) fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.nodes.len()];
        let mut normal: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            let both = [edge.from, edge.to].map(|node| self.nodes[node].part == Part::Power);
            if edge.flow == Flow::Power && both == [true, true] && !self.is_standby(edge) {
                normal[edge.from].push(edge.to);
            }
        }
        longest(&normal, &mut ranks);
        let deepest = |ranks: &[usize], part: Part| {
            let mine = self.nodes.iter().zip(ranks).filter(|(node, _)| node.part == part);
            mine.map(|(_, rank)| rank + 1).max().unwrap_or(0)
        };
        let racks = deepest(&ranks, Part::Power);
        let cooling = racks + usize::from(self.nodes.iter().any(|node| node.part == Part::Racks));
        for (rank, node) in ranks.iter_mut().zip(&self.nodes) {
            match node.part {
                Part::Power => {}
                Part::Racks => *rank = racks,
                Part::Cooling => *rank = cooling,
            }
        }
        let mut heat: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for edge in self.edges.iter().filter(|edge| edge.flow == Flow::Heat) {
            heat[edge.from].push(edge.to);
        }
        longest(&heat, &mut ranks);
        ranks
    }

    /// The same with a node for all components of a kind that have the same feeders and feed on
    /// the same side: A and B stay apart.
    fn folded(self) -> Self {
        let ranks = self.ranks();
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|&node| ranks[node]);
        let mut feeders: Vec<Vec<(usize, Flow, usize)>> = vec![Vec::new(); self.nodes.len()];
        let mut sides: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            feeders[edge.to].push((edge.from, edge.flow, edge.preference));
            sides[edge.from].push(edge.preference);
        }
        let mut groups: BTreeMap<String, usize> = BTreeMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut group_of = vec![0; self.nodes.len()];
        for &node in &order {
            let component = &self.nodes[node];
            let mut fed: Vec<_> = feeders[node]
                .iter()
                .map(|&(from, flow, preference)| (group_of[from], flow, preference))
                .collect();
            fed.sort_unstable();
            fed.dedup();
            sides[node].sort_unstable();
            sides[node].dedup();
            // A source of its own stays alone.
            let apart = if fed.is_empty() { component.keys[0].0.as_str() } else { "" };
            let (part, kind) = (component.part, &component.kind);
            let signature = format!("{part:?} {kind} {apart} {fed:?} {:?}", sides[node]);
            let group = *groups.entry(signature).or_insert_with(|| {
                members.push(Vec::new());
                members.len() - 1
            });
            members[group].push(node);
            group_of[node] = group;
        }
        let mut graph = Self::default();
        for nodes in &members {
            let first = &self.nodes[nodes[0]];
            let mut component = first.clone();
            if nodes.len() > 1 {
                component.units = nodes.iter().map(|&node| self.nodes[node].units).sum();
                component.keys =
                    nodes.iter().flat_map(|&node| self.nodes[node].keys.clone()).collect();
                let under = feeders[nodes[0]].first().map(|(from, ..)| {
                    format!(" under {}", graph.name_of(group_of[*from], &self.nodes[*from].name))
                });
                component.name =
                    format!("{} {}{}", component.units, first.kind, under.unwrap_or_default());
                let alike = nodes.iter().all(|&node| self.nodes[node].rating == first.rating);
                component.rating = if alike { first.rating.clone() } else { String::new() };
            }
            graph.nodes.push(component);
        }
        for edge in &self.edges {
            graph.add(Edge { from: group_of[edge.from], to: group_of[edge.to], ..*edge });
        }
        graph
    }

    fn name_of(&self, node: usize, otherwise: &str) -> String {
        self.nodes.get(node).map_or(otherwise.to_owned(), |node| node.name.clone())
    }
}

/// Raises `ranks` so that each of `next` lies below what leads to it. Circles are cut where they
/// are met again: a scenario has none.
fn longest(next: &[Vec<usize>], ranks: &mut [usize]) {
    let mut incoming = vec![0_usize; next.len()];
    next.iter().flatten().for_each(|&to| incoming[to] += 1);
    let mut ready: Vec<usize> = (0..next.len()).filter(|&node| incoming[node] == 0).collect();
    while let Some(node) = ready.pop() {
        for &to in &next[node] {
            ranks[to] = ranks[to].max(ranks[node] + 1);
            incoming[to] -= 1;
            if incoming[to] == 0 {
                ready.push(to);
            }
        }
    }
}

fn text(node: &Node, path: &[&str]) -> Option<String> {
    let node = path.iter().try_fold(node, |node, key| node.get(key))?;
    node.as_text().map(str::to_owned)
}

fn number(node: Option<&Node>) -> Option<usize> {
    node?.as_text()?.parse().ok()
}

/// The names of a list, or of one name.
fn listed(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Seq(items) => {
            items.iter().filter_map(|item| item.as_text().map(str::to_owned)).collect()
        }
        _ => node.as_text().map(str::to_owned).into_iter().collect(),
    }
}

fn rating(place: &Node, part: Part) -> String {
    let keys: &[&str] = match part {
        Part::Power => &["rating", "capacity", "power"],
        Part::Racks => &["power", "rated_power"],
        Part::Cooling => &["design_heat"],
    };
    keys.iter().find_map(|key| text(place, &[key])).unwrap_or_default()
}

/// `ups-a` of `ups-a-{1..20}`, `rack` of `rack-{a,b}`: groups of few keep what tells them apart in
/// their key.
fn folded_name(key: &str) -> String {
    let Some(at) = key.find('{') else { return key.to_owned() };
    let (head, rest) = key.split_at(at);
    let tail = rest.find('}').map_or("", |end| &rest[end + 1..]);
    let name = format!("{}{tail}", head.trim_end_matches(['-', '_', '.']));
    if name.is_empty() { key.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(yaml: &str) -> Graph {
        Graph::of(&scenario::load_text("test.yaml", yaml, &[]).unwrap().root).unwrap()
    }

    #[test]
    fn groups_are_one_node_and_sides_stay_apart() {
        let graph = graph(
            "power:
  grid: {kind: feed, capacity: 10 MW}
  board-{1..2}: {kind: switchgear, fed_by: grid}
  ups-a-{1..2000}: {kind: ups, rating: 2 MW, fed_by: board-1}
  ups-b-{1..2000}: {kind: ups, rating: 2 MW, fed_by: board-2}
  mech: {kind: switchgear, fed_by: [board-1, board-2]}
racks:
  hall: {kind: gpu, count: 40, fed_by: ['ups-a-{1..2000}', 'ups-b-{1..2000}'], cooled_by: loop}
cooling:
  loop: {kind: tower, design_heat: 5 MW, fans: {fed_by: mech}}
",
        );
        let names: Vec<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["grid", "board", "ups-a", "ups-b", "mech", "hall", "loop"]);
        assert_eq!((graph.nodes[2].units, graph.nodes[5].units), (2000, 40));
        assert_eq!(graph.ranks(), [0, 1, 2, 2, 2, 3, 4]);
        let edge = |from, to, flow, preference| Edge { from, to, flow, preference };
        assert!(graph.edges.contains(&edge(3, 5, Flow::Power, 1)));
        assert!(graph.edges.contains(&edge(5, 6, Flow::Heat, 0)));
        assert!(graph.edges.contains(&edge(4, 6, Flow::Power, 0)));
        // The second board is a unit of the first one's key: preferred as well.
        assert!(!graph.is_standby(&edge(1, 4, Flow::Power, 0)));
        assert!(!graph.is_standby(&edge(3, 5, Flow::Power, 1)), "a rack draws from both cords");
    }

    #[test]
    fn many_keys_are_folded_by_kind_and_feeders() {
        let mut yaml = String::from("power:\n  grid: {kind: feed}\n");
        for side in ["a", "b"] {
            yaml += &format!("  board-{side}: {{kind: switchgear, fed_by: grid}}\n");
            for unit in 0..100 {
                yaml += &format!("  pdu-{side}-{unit}: {{kind: pdu, fed_by: board-{side}}}\n");
            }
        }
        yaml += "racks:\n";
        for unit in 0..100 {
            yaml += &format!(
                "  hall-{unit}: {{kind: gpu, count: 2, fed_by: [pdu-a-{unit}, pdu-b-{unit}]}}\n"
            );
        }
        let graph = graph(&yaml);
        assert!(graph.nodes.len() <= 7, "{:?}", graph.nodes);
        let units = |name: &str| {
            graph
                .nodes
                .iter()
                .filter(|node| node.kind == name)
                .map(|node| node.units)
                .sum::<usize>()
        };
        assert_eq!((units("pdu"), units("gpu")), (200, 200));
        assert_eq!(graph.nodes.iter().filter(|node| node.kind == "pdu").count(), 2);
    }
}
