//! Single points of failure: whose loss alone takes power or cooling from which racks.
//!
//! For power these are the dominators of a rack in the graph that starts at a virtual grid
//! behind all feeds: what every way from the grid to the rack goes through. They are exact and
//! include what the articulation points of the undirected drawing miss, because on paper a way
//! may run backwards through the second cord of a neighbour, and current does not.
//!
//! Cooling needs two things at once, a way from a heat rejection and power on each step of it.
//! The set of nodes whose single loss stops a node's cooling follows from those of its
//! suppliers: itself, what stops its power, and what stops all of its suppliers. A rack with
//! several coolers needs each of them: they share its heat, and do not stand in for one another.

use petgraph::algo::dominators::simple_fast;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, EdgeReference, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef};

use super::graph::{Edge, GroupId, Medium, Node, NodeId, Role, Site, id, index};

/// Things whose loss alone, of any one of them, takes a medium from racks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinglePoint {
    /// Alike things with consecutive numbers, each of which strikes equally many racks.
    pub nodes: Vec<NodeId>,
    /// What is lost. Racks that lose their power are not counted again for their cooling.
    pub medium: Medium,
    /// Whose racks.
    pub group: GroupId,
    /// How many racks lose the medium with each of the nodes.
    pub racks: u32,
    /// How many racks the group has.
    pub of: u32,
}

impl Site {
    /// Every single point of failure but the racks themselves, power before cooling, the gravest
    /// first. Costs a walk up from every rack.
    pub fn single_points_of_failure(&self) -> Vec<SinglePoint> {
        let power = self.power_stoppers();
        let cooling = self.cooling_stoppers(&power);
        let nodes = self.graph.node_count();
        let mut size = vec![0u32; self.groups.len()];
        let mut struck = vec![[0u32; 2]; nodes * self.groups.len()];
        for (rack, node) in self.nodes() {
            let Role::Rack { group, .. } = node.role else { continue };
            size[group.0 as usize] += 1;
            let lost_power = &power[rack.0 as usize];
            let lost_cooling = &cooling[rack.0 as usize];
            let mut strike = |by: NodeId, medium: usize| {
                if by != rack {
                    struck[group.0 as usize * nodes + by.0 as usize][medium] += 1;
                }
            };
            lost_power.iter().for_each(|&by| strike(by, 0));
            lost_cooling
                .iter()
                .filter(|by| lost_power.binary_search(by).is_err())
                .for_each(|&by| strike(by, 1));
        }
        let mut points = Vec::new();
        for (medium, slot) in [(Medium::Power, 0), (Medium::Cooling, 1)] {
            for (place, racks) in struck.iter().map(|counts| counts[slot]).enumerate() {
                if racks > 0 {
                    let group = place / nodes;
                    points.push(SinglePoint {
                        nodes: vec![NodeId((place % nodes) as u32)],
                        medium,
                        group: GroupId(group as u32),
                        racks,
                        of: size[group],
                    });
                }
            }
        }
        points.sort_by_key(|p| (p.medium, std::cmp::Reverse(p.racks), p.group, p.nodes[0]));
        self.merge_alike(points)
    }

    /// The names of the nodes of a single point of failure.
    pub fn names_of(&self, point: &SinglePoint) -> Vec<&str> {
        point.nodes.iter().map(|&node| self.node(node).name.as_str()).collect()
    }

    /// A single point of failure in words: `main-tx-1: 200 racks of gpu-hall (power)`.
    pub fn describe(&self, point: &SinglePoint) -> String {
        let name = |node: NodeId| self.node(node).name.as_str();
        let (first, last) = (name(point.nodes[0]), name(point.nodes[point.nodes.len() - 1]));
        let (who, each) = match (numbered(first), numbered(last)) {
            (Some((stem, from)), Some((_, to))) if point.nodes.len() > 1 => {
                (format!("{stem}{{{from}..{to}}}"), "each ")
            }
            _ => (first.to_owned(), ""),
        };
        let count = match (point.racks, point.of) {
            (racks, of) if racks == of => format!("all {of} racks"),
            (racks, of) => format!("{racks} of {of} racks"),
        };
        format!(
            "{who}: {each}{count} of {} ({})",
            self.group_name(point.group),
            point.medium.name()
        )
    }

    /// For each node, in index order, the nodes whose single loss takes its power: its dominators,
    /// itself among them. Empty for what no power leads to.
    fn power_stoppers(&self) -> Vec<Vec<NodeId>> {
        let mut ways: DiGraph<(), ()> = DiGraph::new();
        for _ in self.graph.node_indices() {
            ways.add_node(());
        }
        let grid = ways.add_node(());
        for (node, Node { role, .. }) in self.nodes().map(|(n, node)| (index(n), node)) {
            if matches!(role, Role::Feed | Role::IdealFeed) {
                ways.add_edge(grid, node, ());
            }
        }
        for edge in self.graph.edge_references() {
            if edge.weight().medium == Medium::Power {
                ways.add_edge(edge.source(), edge.target(), ());
            }
        }
        let dominators = simple_fast(&ways, grid);
        let of = |node: NodeIndex| {
            let mut found: Vec<NodeId> = dominators
                .dominators(node)
                .into_iter()
                .flatten()
                .filter(|&dominator| dominator != grid)
                .map(id)
                .filter(|&dominator| self.node(dominator).role != Role::IdealFeed)
                .collect();
            found.sort_unstable();
            found
        };
        self.graph.node_indices().map(of).collect()
    }

    /// For each node, in index order, the nodes whose single loss stops the cooling that it gives
    /// or, of a rack, gets. Empty for what nothing cools.
    fn cooling_stoppers(&self, power: &[Vec<NodeId>]) -> Vec<Vec<NodeId>> {
        let is_cooling = |edge: EdgeReference<'_, Edge>| edge.weight().medium == Medium::Cooling;
        let cooling = EdgeFiltered::from_fn(&self.graph, is_cooling);
        let order =
            toposort(&cooling, None).expect("a site has no cycle, or it would have been refused");
        let mut stoppers: Vec<Vec<NodeId>> = vec![Vec::new(); self.graph.node_count()];
        for node in order.into_iter().map(id) {
            let role = self.node(node).role;
            let suppliers = self.suppliers(node, Medium::Cooling);
            let mut stop = match suppliers.split_first() {
                None => Vec::new(),
                Some((first, others)) => {
                    let mut common = stoppers[first.0 as usize].clone();
                    for other in others {
                        let theirs = &stoppers[other.0 as usize];
                        if matches!(role, Role::Rack { .. }) {
                            common.extend(theirs);
                        } else {
                            common.retain(|node| theirs.binary_search(node).is_ok());
                        }
                    }
                    common.sort_unstable();
                    common.dedup();
                    common
                }
            };
            if matches!(role, Role::HeatRejection | Role::Loop) {
                stop.extend(&power[node.0 as usize]);
                stop.push(node);
                stop.sort_unstable();
                stop.dedup();
            }
            stoppers[node.0 as usize] = stop;
        }
        stoppers
    }

    /// Joins neighbours that strike alike and are numbered in a row.
    fn merge_alike(&self, points: Vec<SinglePoint>) -> Vec<SinglePoint> {
        let follows = |a: NodeId, b: NodeId| {
            let (a, b) = (numbered(&self.node(a).name), numbered(&self.node(b).name));
            matches!((a, b), (Some((s, m)), Some((t, n))) if s == t && m.checked_add(1) == Some(n))
        };
        let mut merged: Vec<SinglePoint> = Vec::new();
        for point in points {
            if let Some(last) = merged.last_mut()
                && (last.medium, last.group, last.racks) == (point.medium, point.group, point.racks)
                && follows(last.nodes[last.nodes.len() - 1], point.nodes[0])
            {
                last.nodes.extend(point.nodes);
            } else {
                merged.push(point);
            }
        }
        merged
    }
}

/// `pdu-a-7` is `pdu-a-` and 7.
fn numbered(name: &str) -> Option<(&str, u32)> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[stem.len()..];
    // A number written with leading zeros is no number of a `{1..n}` group.
    let number: u32 = digits.parse().ok().filter(|n: &u32| n.to_string() == digits)?;
    Some((stem, number))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use petgraph::algo::articulation_points::articulation_points;
    use petgraph::graph::UnGraph;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::site::SiteBuilder;

    /// Two chains to four PDUs, racks on both sides but one, one tower on the first side.
    fn hall() -> Site {
        let mut site = SiteBuilder::new();
        let hall = site.group("gpu-hall");
        let utility = site.node("utility", Role::Feed);
        let [left, right] = ["tx-1", "tx-2"].map(|name| site.node(name, Role::Supply));
        site.power(utility, left);
        site.power(utility, right);
        let pdus = [1, 2, 3, 4].map(|i| site.node(format!("pdu-{i}"), Role::Supply));
        for (i, &pdu) in pdus.iter().enumerate() {
            site.power(if i < 2 { left } else { right }, pdu);
        }
        let tower = site.node("tower", Role::HeatRejection);
        let cdu = site.node("cdu", Role::Loop);
        site.power(pdus[0], tower);
        site.power(pdus[2], cdu);
        site.power(pdus[0], cdu);
        site.cooling(tower, cdu);
        for i in 0..4 {
            let rack = site.node(format!("rack-{i}"), Role::Rack { group: hall, cooled: true });
            site.power(pdus[i % 2], rack);
            if i > 0 {
                site.power(pdus[2 + i % 2], rack);
            }
            site.cooling(cdu, rack);
        }
        site.build().expect("a hall that works")
    }

    #[test]
    fn a_hall_in_words() {
        let site = hall();
        let words: Vec<String> =
            site.single_points_of_failure().iter().map(|p| site.describe(p)).collect();
        assert_eq!(
            words,
            [
                "utility: all 4 racks of gpu-hall (power)",
                "tx-1: 1 of 4 racks of gpu-hall (power)",
                "pdu-1: 1 of 4 racks of gpu-hall (power)",
                "tower: all 4 racks of gpu-hall (cooling)",
                "cdu: all 4 racks of gpu-hall (cooling)",
                "tx-1: 3 of 4 racks of gpu-hall (cooling)",
                "pdu-1: 3 of 4 racks of gpu-hall (cooling)",
            ]
        );
    }

    #[test]
    fn alike_points_are_one_line() {
        let mut site = SiteBuilder::new();
        let hall = site.group("hall");
        let utility = site.node("utility", Role::Feed);
        for i in 1..=12 {
            let pdu = site.node(format!("pdu-{i}"), Role::Supply);
            site.power(utility, pdu);
            for j in 1..=3 {
                let role = Role::Rack { group: hall, cooled: false };
                let rack = site.node(format!("rack-{i}-{j}"), role);
                site.power(pdu, rack);
            }
        }
        let site = site.build().expect("a site that works");
        let words: Vec<String> =
            site.single_points_of_failure().iter().map(|p| site.describe(p)).collect();
        assert_eq!(
            words,
            [
                "utility: all 36 racks of hall (power)",
                "pdu-{1..12}: each 3 of 36 racks of hall (power)"
            ]
        );
    }

    #[test]
    fn reach_and_paths_keep_their_order() {
        let site = hall();
        let find = |name: &str| site.nodes().find(|(_, n)| n.name == name).expect("a name").0;
        let names = |nodes: Vec<NodeId>| -> String {
            nodes.iter().map(|&n| site.node(n).name.as_str()).collect::<Vec<_>>().join(" ")
        };
        let rack = find("rack-1");
        assert_eq!(names(site.upstream(rack, Medium::Power)), "pdu-2 pdu-4 tx-1 tx-2 utility");
        assert_eq!(
            names(site.downstream(find("tower"), Medium::Cooling)),
            "cdu rack-0 rack-1 rack-2 rack-3"
        );
        let paths: Vec<String> =
            site.paths(rack, Medium::Power, 9).into_iter().map(names).collect();
        assert_eq!(paths, ["utility tx-1 pdu-2 rack-1", "utility tx-2 pdu-4 rack-1"]);
        assert_eq!(site.paths(rack, Medium::Power, 1).len(), 1);
        assert_eq!(names(site.suppliers(find("cdu"), Medium::Power)), "pdu-3 pdu-1");
    }

    /// Who has power, and whose cooling works, with `lost` taken out: by walking, node by node.
    fn walk(site: &Site, lost: NodeId) -> (Vec<bool>, Vec<bool>) {
        fn powered(site: &Site, lost: NodeId, node: NodeId) -> bool {
            lost != node
                && (site.node(node).role == Role::Feed
                    || site
                        .suppliers(node, Medium::Power)
                        .into_iter()
                        .any(|feeder| powered(site, lost, feeder)))
        }
        fn cooled(site: &Site, lost: NodeId, node: NodeId) -> bool {
            let mut suppliers = site.suppliers(node, Medium::Cooling).into_iter();
            let mut from_others = || suppliers.any(|n| cooled(site, lost, n));
            let runs = || {
                lost != node
                    && (site.suppliers(node, Medium::Power).is_empty() || powered(site, lost, node))
            };
            match site.node(node).role {
                Role::HeatRejection => runs(),
                Role::Loop => runs() && from_others(),
                Role::Rack { .. } => {
                    let suppliers = site.suppliers(node, Medium::Cooling);
                    suppliers.into_iter().all(|n| cooled(site, lost, n))
                }
                _ => from_others(),
            }
        }
        let nodes = || site.nodes().map(|(node, _)| node);
        (
            nodes().map(|n| powered(site, lost, n)).collect(),
            nodes().map(|n| cooled(site, lost, n)).collect(),
        )
    }

    fn random_site() -> impl Strategy<Value = Site> {
        let picks = || prop::collection::vec(any::<Index>(), 1..4);
        (
            1usize..4,
            prop::collection::vec(picks(), 1..9),
            prop::collection::vec(picks(), 1..3),
            prop::collection::vec((picks(), prop::option::of(picks())), 1..5),
            prop::collection::vec((picks(), picks(), any::<bool>(), any::<bool>()), 1..8),
        )
            .prop_map(|(feeds, supplies, towers, loops, racks)| {
                let mut site = SiteBuilder::new();
                let groups = [site.group("a"), site.group("b")];
                let mut supply: Vec<NodeId> =
                    (0..feeds).map(|i| site.node(format!("feed{i}"), Role::Feed)).collect();
                let pick = |from: &[NodeId], picks: &[Index]| {
                    let mut found: Vec<NodeId> = picks.iter().map(|p| *p.get(from)).collect();
                    found.sort_unstable();
                    found.dedup();
                    found
                };
                for (i, feeders) in supplies.iter().enumerate() {
                    let node = site.node(format!("supply{i}"), Role::Supply);
                    pick(&supply, feeders).into_iter().for_each(|f| site.power(f, node));
                    supply.push(node);
                }
                let mut coolers = Vec::new();
                for (i, feeders) in towers.iter().enumerate() {
                    let node = site.node(format!("tower{i}"), Role::HeatRejection);
                    pick(&supply, feeders).into_iter().for_each(|f| site.power(f, node));
                    coolers.push(node);
                }
                for (i, (suppliers, feeders)) in loops.iter().enumerate() {
                    let node = site.node(format!("loop{i}"), Role::Loop);
                    pick(&coolers, suppliers).into_iter().for_each(|c| site.cooling(c, node));
                    let feeders = feeders.iter().flat_map(|feeders| pick(&supply, feeders));
                    feeders.for_each(|f| site.power(f, node));
                    coolers.push(node);
                }
                for (i, (feeders, suppliers, cooled, second)) in racks.iter().enumerate() {
                    let group = groups[usize::from(*second)];
                    let node = site.node(format!("rack{i}"), Role::Rack { group, cooled: *cooled });
                    pick(&supply, feeders).into_iter().for_each(|f| site.power(f, node));
                    if *cooled {
                        pick(&coolers, suppliers).into_iter().for_each(|c| site.cooling(c, node));
                    }
                }
                site.build().expect("built upwards, so it works")
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Exactly what taking out each node in turn finds.
        #[test]
        fn equals_removing_each_node(site in random_site()) {
            let mut expected: BTreeMap<(Medium, NodeId, GroupId), u32> = BTreeMap::new();
            for (lost, _) in site.nodes() {
                let (powered, cooled) = walk(&site, lost);
                for (rack, node) in site.nodes().filter(|&(rack, _)| rack != lost) {
                    let Role::Rack { group, cooled: needs } = node.role else { continue };
                    let medium = match (powered[rack.0 as usize], cooled[rack.0 as usize]) {
                        (false, _) => Medium::Power,
                        (true, false) if needs => Medium::Cooling,
                        _ => continue,
                    };
                    *expected.entry((medium, lost, group)).or_default() += 1;
                }
            }
            let mut found = BTreeMap::new();
            for point in site.single_points_of_failure() {
                for &node in &point.nodes {
                    found.insert((point.medium, node, point.group), point.racks);
                }
            }
            prop_assert_eq!(found, expected);
        }

        /// What cuts a rack off even in the undirected drawing is a dominator too.
        #[test]
        fn articulation_points_are_among_them(site in random_site()) {
            let mut drawing: UnGraph<(), ()> = UnGraph::new_undirected();
            site.nodes().for_each(|_| { drawing.add_node(()); });
            let grid = drawing.add_node(());
            for (node, _) in site.nodes().filter(|(_, node)| node.role == Role::Feed) {
                drawing.add_edge(grid, index(node), ());
            }
            for (from, to, edge) in site.connections() {
                if edge.medium == Medium::Power {
                    drawing.add_edge(index(from), index(to), ());
                }
            }
            let stoppers = site.power_stoppers();
            for point in articulation_points(&drawing).into_iter().filter(|&p| p != grid) {
                let mut without = drawing.clone();
                without.retain_edges(|graph, edge| {
                    let (a, b) = graph.edge_endpoints(edge).expect("an edge has ends");
                    a != point && b != point
                });
                for (rack, node) in site.nodes() {
                    if matches!(node.role, Role::Rack { .. })
                        && !petgraph::algo::has_path_connecting(&without, grid, index(rack), None)
                    {
                        prop_assert!(stoppers[rack.0 as usize].contains(&id(point)));
                    }
                }
            }
        }
    }
}
