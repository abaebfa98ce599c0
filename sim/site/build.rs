//! Collecting a site, and refusing what cannot work.

use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeFiltered;

use super::graph::{
    Concern, Edge, GroupId, Medium, Node, NodeId, Role, Site, SiteFault, id, index, suppliers,
};
use crate::spec::Severity;

/// Collects the parts of a [`Site`].
#[derive(Debug, Clone, Default)]
pub struct SiteBuilder {
    graph: DiGraph<Node, Edge>,
    groups: Vec<String>,
}

impl SiteBuilder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a group of racks.
    pub fn group(&mut self, name: impl Into<String>) -> GroupId {
        self.groups.push(name.into());
        GroupId(self.groups.len() as u32 - 1)
    }

    /// Adds a node. Ids count up from zero.
    pub fn node(&mut self, name: impl Into<String>, role: Role) -> NodeId {
        id(self.graph.add_node(Node { name: name.into(), role }))
    }

    /// Says that `feeder` can feed `fed`; earlier feeders of `fed` are preferred to later ones.
    pub fn power(&mut self, feeder: NodeId, fed: NodeId) {
        self.connect(feeder, fed, Medium::Power);
    }

    /// Says that `cooler` can cool `cooled`.
    pub fn cooling(&mut self, cooler: NodeId, cooled: NodeId) {
        self.connect(cooler, cooled, Medium::Cooling);
    }

    /// Checks everything and makes the site. Where it is refused, the faults are all of them, with
    /// the warnings among them; otherwise the site has the warnings.
    pub fn build(self) -> Result<Site, Vec<SiteFault>> {
        let mut faults = Vec::new();
        for medium in [Medium::Power, Medium::Cooling] {
            self.check_connections(medium, &mut faults);
            self.check_cycles(medium, &mut faults);
            self.check_needs(medium, &mut faults);
        }
        if faults.iter().any(|fault| fault.concern.severity() == Severity::Error) {
            return Err(faults);
        }
        Ok(Site { graph: self.graph, groups: self.groups, warnings: faults })
    }

    fn connect(&mut self, from: NodeId, to: NodeId, medium: Medium) {
        let preference = self
            .graph
            .edges_directed(index(to), Direction::Incoming)
            .filter(|edge| edge.weight().medium == medium)
            .count() as u32;
        self.graph.add_edge(index(from), index(to), Edge { medium, preference });
    }

    fn name(&self, node: NodeId) -> &str {
        &self.graph[index(node)].name
    }

    fn check_connections(&self, medium: Medium, faults: &mut Vec<SiteFault>) {
        for to in self.graph.node_indices().map(id) {
            let role = self.graph[index(to)].role;
            let mut earlier: Vec<NodeId> = Vec::new();
            for from in suppliers(&self.graph, to, medium) {
                let (giver, taker) = (self.name(from), self.name(to));
                let fault = if !gives(self.graph[index(from)].role, medium) {
                    Some((
                        Concern::WrongConnection(medium),
                        match medium {
                            Medium::Power => format!("`{giver}` cannot feed `{taker}`"),
                            Medium::Cooling => format!("`{giver}` cannot cool `{taker}`"),
                        },
                    ))
                } else if !takes(role, medium) {
                    Some((
                        Concern::WrongConnection(medium),
                        match medium {
                            Medium::Power => format!("nothing can feed the feed `{taker}`"),
                            Medium::Cooling => format!("`{taker}` cannot be cooled"),
                        },
                    ))
                } else if earlier.contains(&from) {
                    let does = if medium == Medium::Power { "feeds" } else { "cools" };
                    Some((Concern::Repeated(medium), format!("`{giver}` {does} `{taker}` twice")))
                } else {
                    None
                };
                if let Some((concern, message)) = fault {
                    faults.push(SiteFault { concern, nodes: vec![to, from], message });
                }
                earlier.push(from);
            }
        }
    }

    /// One cycle of each knot of nodes that can all reach each other.
    fn check_cycles(&self, medium: Medium, faults: &mut Vec<SiteFault>) {
        let of_service = EdgeFiltered::from_fn(&self.graph, |edge| edge.weight().medium == medium);
        let mut knots: Vec<Vec<NodeId>> = tarjan_scc(&of_service)
            .into_iter()
            .map(|knot| {
                let mut knot: Vec<NodeId> = knot.into_iter().map(id).collect();
                knot.sort_unstable();
                knot
            })
            .collect();
        knots.sort_unstable();
        for knot in knots {
            let Some(nodes) = self.shortest_cycle(&knot, medium) else { continue };
            let verb = if medium == Medium::Power { "feeds" } else { "cools" };
            let mut message = format!("`{}`", self.name(nodes[0]));
            for &node in nodes[1..].iter().chain(&nodes[..1]) {
                message += &format!(" {verb} `{}`", self.name(node));
            }
            faults.push(SiteFault { concern: Concern::Cycle(medium), nodes, message });
        }
    }

    /// A shortest cycle through the first node of `knot`, from supplier to supplied.
    fn shortest_cycle(&self, knot: &[NodeId], medium: Medium) -> Option<Vec<NodeId>> {
        let start = knot[0];
        // Breadth first upwards, remembering whom each was found to serve.
        let mut serves: Vec<(NodeId, usize)> = vec![(start, 0)];
        let mut done = 0;
        while done < serves.len() {
            for supplier in suppliers(&self.graph, serves[done].0, medium) {
                if supplier == start {
                    let mut cycle = vec![start];
                    let mut at = done;
                    while at != 0 {
                        cycle.push(serves[at].0);
                        at = serves[at].1;
                    }
                    return Some(cycle);
                }
                let known = serves.iter().any(|&(node, _)| node == supplier);
                if !known && knot.binary_search(&supplier).is_ok() {
                    serves.push((supplier, done));
                }
            }
            done += 1;
        }
        None
    }

    /// Reports who needs a medium and has no supplier, and who could serve and has no consumer.
    ///
    /// Without cycles, that everybody has a supplier is enough for all to be reached: going up from
    /// anywhere one ends at somebody who needs none, a source.
    fn check_needs(&self, medium: Medium, faults: &mut Vec<SiteFault>) {
        for (node, Node { name, role }) in
            self.graph.node_indices().map(|i| (id(i), &self.graph[i]))
        {
            let connected = |direction| {
                self.graph
                    .edges_directed(index(node), direction)
                    .any(|edge| edge.weight().medium == medium)
            };
            if needs(*role, medium) && !connected(Direction::Incoming) {
                let message = match medium {
                    Medium::Power => format!("nothing feeds `{name}`"),
                    Medium::Cooling => format!("nothing cools `{name}`"),
                };
                let concern = Concern::Unserved(medium);
                faults.push(SiteFault { concern, nodes: vec![node], message });
            }
            if gives(*role, medium) && !connected(Direction::Outgoing) {
                let message = match medium {
                    Medium::Power => format!("`{name}` feeds nothing"),
                    Medium::Cooling => format!("`{name}` cools nothing"),
                };
                let concern = Concern::Unused(medium);
                faults.push(SiteFault { concern, nodes: vec![node], message });
            }
        }
    }
}

/// Whether a node of this role can serve others.
fn gives(role: Role, medium: Medium) -> bool {
    match medium {
        Medium::Power => matches!(role, Role::Feed | Role::IdealFeed | Role::Supply),
        Medium::Cooling => matches!(role, Role::HeatRejection | Role::Loop),
    }
}

/// Whether a node of this role can be served. Supply may be cooled: a UPS room has its loop.
fn takes(role: Role, medium: Medium) -> bool {
    match medium {
        Medium::Power => !matches!(role, Role::Feed | Role::IdealFeed | Role::Heat),
        Medium::Cooling => !matches!(role, Role::Feed | Role::IdealFeed | Role::HeatRejection),
    }
}

/// Whether a node of this role must be served.
fn needs(role: Role, medium: Medium) -> bool {
    match (medium, role) {
        (Medium::Power, Role::Feed | Role::IdealFeed | Role::Loop | Role::Heat) => false,
        (Medium::Power, _) => true,
        (Medium::Cooling, Role::Rack { cooled, .. }) => cooled,
        (Medium::Cooling, role) => matches!(role, Role::Loop | Role::Heat),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(builder: SiteBuilder) -> Vec<(Concern, Vec<u32>, String)> {
        let faults = match builder.build() {
            Err(faults) => faults,
            Ok(site) => site.warnings,
        };
        let plain = |f: SiteFault| (f.concern, f.nodes.iter().map(|n| n.0).collect(), f.message);
        faults.into_iter().map(plain).collect()
    }

    #[test]
    fn a_cycle_is_reported_in_order() {
        let mut site = SiteBuilder::new();
        let utility = site.node("utility", Role::Feed);
        let [a, b, c] = ["a", "b", "c"].map(|name| site.node(name, Role::Supply));
        let lamp = site.node("lamp", Role::House);
        site.power(utility, c);
        for (from, to) in [(a, b), (b, c), (c, a), (a, lamp)] {
            site.power(from, to);
        }
        let message = "`a` feeds `b` feeds `c` feeds `a`".to_owned();
        assert_eq!(faults(site), [(Concern::Cycle(Medium::Power), vec![1, 2, 3], message)]);
    }

    #[test]
    fn each_knot_is_one_cycle_and_a_loop_of_one_counts() {
        let mut site = SiteBuilder::new();
        let [a, b, c] = ["a", "b", "c"].map(|name| site.node(name, Role::Loop));
        for (from, to) in [(a, b), (b, a), (c, c), (a, c)] {
            site.cooling(from, to);
        }
        let found = faults(site);
        let cycles: Vec<_> = found
            .iter()
            .filter(|f| f.0 == Concern::Cycle(Medium::Cooling))
            .map(|f| (f.1.as_slice(), f.2.as_str()))
            .collect();
        assert_eq!(cycles, [(&[0, 1][..], "`a` cools `b` cools `a`"), (&[2][..], "`c` cools `c`")]);
    }

    #[test]
    fn orphans_are_refused_and_the_unused_warned_of() {
        let mut site = SiteBuilder::new();
        let hall = site.group("hall");
        let utility = site.node("utility", Role::Feed);
        let spare = site.node("spare", Role::Supply);
        let rack = site.node("rack", Role::Rack { group: hall, cooled: true });
        site.node("tower", Role::HeatRejection);
        site.power(utility, spare);
        let _ = rack;
        let found: Vec<_> = faults(site).into_iter().map(|f| (f.0, f.2)).collect();
        let expected = [
            (Concern::Unused(Medium::Power), "`spare` feeds nothing"),
            (Concern::Unserved(Medium::Power), "nothing feeds `rack`"),
            (Concern::Unserved(Medium::Power), "nothing feeds `tower`"),
            (Concern::Unserved(Medium::Cooling), "nothing cools `rack`"),
            (Concern::Unused(Medium::Cooling), "`tower` cools nothing"),
        ];
        assert_eq!(found, expected.map(|(concern, text)| (concern, text.to_owned())));
    }

    #[test]
    fn connections_that_make_no_sense_are_refused() {
        let mut site = SiteBuilder::new();
        let hall = site.group("hall");
        let utility = site.node("utility", Role::Feed);
        let rack = site.node("rack", Role::Rack { group: hall, cooled: false });
        let lamp = site.node("lamp", Role::House);
        site.power(utility, rack);
        site.power(utility, rack);
        site.power(rack, lamp);
        site.cooling(utility, rack);
        let found = faults(site);
        let texts: Vec<_> = found.iter().map(|f| f.2.as_str()).collect();
        assert_eq!(
            texts,
            [
                "`utility` feeds `rack` twice",
                "`rack` cannot feed `lamp`",
                "`utility` cannot cool `rack`"
            ]
        );
    }
}
