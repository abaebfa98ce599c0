//! The finished graph and what can be asked of it.

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::spec::Severity;

/// A thing on the site: index in the order in which the builder was told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A group of alike racks, such as a hall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// What a thing does for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Brings power to the site; nothing feeds it.
    Feed,
    /// Stands for a power chain that is left out: it cannot be lost.
    IdealFeed,
    /// Passes power on: transformer, switchgear, UPS, PDU.
    Supply,
    /// Gives heat to the surroundings, and needs power for it: tower, dry cooler. Cooling starts
    /// here.
    HeatRejection,
    /// Passes cooling on: loop, CDU. Needs power only where something is said to feed it.
    Loop,
    /// Does the work; needs power.
    Rack {
        /// The group it belongs to.
        group: GroupId,
        /// Whether it needs cooling as well.
        cooled: bool,
    },
    /// Gives off heat that has no power behind it; needs cooling.
    Heat,
    /// Any other load: lighting, offices.
    House,
}

/// What flows along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// Electricity, from feeder to fed.
    Power,
    /// Cooling, from loop to cooled.
    Cooling,
}

impl Medium {
    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Medium::Power => "power",
            Medium::Cooling => "cooling",
        }
    }
}

/// A thing on the site.
#[derive(Debug, Clone)]
pub struct Node {
    /// As the user calls it.
    pub name: String,
    /// What it does.
    pub role: Role,
}

/// A connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// What flows along it.
    pub medium: Medium,
    /// Its place in the order of preference of the node that it leads to, from 0.
    pub preference: u32,
}

/// Something wrong with a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFault {
    /// What is wrong.
    pub concern: Concern,
    /// Where: of a cycle all its nodes, each serving the next and the last the first; otherwise
    /// the node at fault, then, for a connection, the one that it comes from.
    pub nodes: Vec<NodeId>,
    /// The same in words: lower case, no full stop, names in backticks.
    pub message: String,
}

/// What can be wrong with a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// Things that serve each other in a circle.
    Cycle(Medium),
    /// A connection from something that has nothing of this to give, or to a feed.
    WrongConnection(Medium),
    /// Needs a medium and has nobody to get it from.
    Unserved(Medium),
    /// The same connection twice; a warning.
    Repeated(Medium),
    /// Serves nothing; a warning.
    Unused(Medium),
}

impl Concern {
    /// Whether the site is refused for it.
    pub fn severity(self) -> Severity {
        match self {
            Self::Cycle(_) | Self::WrongConnection(_) | Self::Unserved(_) => Severity::Error,
            Self::Repeated(_) | Self::Unused(_) => Severity::Warning,
        }
    }
}

/// A site whose power and cooling are each free of cycles and lead from a source to everything
/// that needs them.
#[derive(Debug, Clone)]
pub struct Site {
    pub(super) graph: DiGraph<Node, Edge>,
    pub(super) groups: Vec<String>,
    pub(super) warnings: Vec<SiteFault>,
}

impl Site {
    /// All nodes in index order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.graph.node_indices().map(|index| (id(index), &self.graph[index]))
    }

    /// A node.
    pub fn node(&self, node: NodeId) -> &Node {
        &self.graph[index(node)]
    }

    /// The name of a group of racks.
    pub fn group_name(&self, group: GroupId) -> &str {
        &self.groups[group.0 as usize]
    }

    /// What works, but probably not as its author thinks.
    pub fn warnings(&self) -> &[SiteFault] {
        &self.warnings
    }

    /// All connections `(from, to, edge)`, in the order in which the builder was told of them.
    pub fn connections(&self) -> impl Iterator<Item = (NodeId, NodeId, Edge)> {
        self.graph.edge_references().map(|e| (id(e.source()), id(e.target()), *e.weight()))
    }

    /// Who serves a node, in its order of preference.
    pub fn suppliers(&self, node: NodeId, medium: Medium) -> Vec<NodeId> {
        suppliers(&self.graph, node, medium)
    }

    /// Whom a node serves, in index order.
    pub fn consumers(&self, node: NodeId, medium: Medium) -> Vec<NodeId> {
        let mut served: Vec<NodeId> = self
            .graph
            .edges_directed(index(node), Direction::Outgoing)
            .filter(|edge| edge.weight().medium == medium)
            .map(|edge| id(edge.target()))
            .collect();
        served.sort_unstable();
        served.dedup();
        served
    }

    /// Everything that a medium can come through to a node, nearest first, without itself.
    pub fn upstream(&self, node: NodeId, medium: Medium) -> Vec<NodeId> {
        self.reach(node, |n| self.suppliers(n, medium))
    }

    /// Everything that a medium can go to from a node, nearest first, without itself.
    pub fn downstream(&self, node: NodeId, medium: Medium) -> Vec<NodeId> {
        self.reach(node, |n| self.consumers(n, medium))
    }

    /// The ways by which a medium comes to a node, each from its source to the node, preferred
    /// suppliers first; at most `limit` of them, since their number grows with every redundancy.
    pub fn paths(&self, node: NodeId, medium: Medium, limit: usize) -> Vec<Vec<NodeId>> {
        let mut found = Vec::new();
        // Depth first: what is on the stack is a way from `node` upwards.
        let mut stack = vec![vec![node]];
        while let Some(way) = stack.pop() {
            if found.len() == limit {
                break;
            }
            let last = *way.last().expect("a way starts at its node");
            let suppliers = self.suppliers(last, medium);
            if suppliers.is_empty() {
                found.push(way.into_iter().rev().collect());
                continue;
            }
            for supplier in suppliers.into_iter().rev() {
                let mut longer = way.clone();
                longer.push(supplier);
                stack.push(longer);
            }
        }
        found
    }

    /// Breadth first along `next`, without the start.
    fn reach(&self, from: NodeId, next: impl Fn(NodeId) -> Vec<NodeId>) -> Vec<NodeId> {
        let mut seen = vec![false; self.graph.node_count()];
        seen[from.0 as usize] = true;
        let mut found = vec![from];
        let mut done = 0;
        while done < found.len() {
            for node in next(found[done]) {
                if !std::mem::replace(&mut seen[node.0 as usize], true) {
                    found.push(node);
                }
            }
            done += 1;
        }
        found.remove(0);
        found
    }
}

/// Who serves `node`, in its order of preference.
pub(super) fn suppliers(graph: &DiGraph<Node, Edge>, node: NodeId, medium: Medium) -> Vec<NodeId> {
    let mut found: Vec<(u32, NodeId)> = graph
        .edges_directed(index(node), Direction::Incoming)
        .filter(|edge| edge.weight().medium == medium)
        .map(|edge| (edge.weight().preference, id(edge.source())))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, node)| node).collect()
}

pub(super) fn id(index: NodeIndex) -> NodeId {
    NodeId(index.index() as u32)
}

pub(super) fn index(node: NodeId) -> NodeIndex {
    NodeIndex::new(node.0 as usize)
}
