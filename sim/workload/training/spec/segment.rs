//! Segments: nodes of one rack that a job takes together, as a user writes it, and the same resolved.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::Fault;

/// Nodes of one rack that a job takes together, as Slurm's `--segment` does where NVLink connects the nodes
/// of a rack. The nodes of each job come in such segments. A node that a segment loses is replaced within its
/// rack; where that has none left, the whole segment moves to a rack that has enough.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentSpec {
    /// Nodes of a segment that work; those of a job are a multiple of them.
    pub nodes: u32,
    /// Nodes of the same rack that a segment holds besides and at idle: one of them replaces a node that it
    /// loses as soon as that is noticed. It starts without them where they are under repair. Default: what
    /// as many segments as a rack has room for leave of it, divided among them and rounded down.
    pub spares: Option<u32>,
}

/// Segments, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workload::training) struct Segment {
    /// Nodes that work.
    pub(in crate::workload::training) used: usize,
    /// Nodes that it holds besides.
    pub(in crate::workload::training) spares: usize,
    /// Segments that a rack has room for, and its nodes.
    pub(in crate::workload::training) per_rack: usize,
    pub(in crate::workload::training) rack_nodes: usize,
}

impl Segment {
    /// All nodes that it is to hold.
    pub(in crate::workload::training) fn held(&self) -> usize {
        self.used + self.spares
    }

    /// Segments that `nodes` nodes of whole racks have room for.
    pub(in crate::workload::training) fn on(&self, nodes: usize) -> usize {
        nodes / self.rack_nodes * self.per_rack
    }

    /// Domains of `size` neighbours in which the `nodes` nodes lie that a job works with, where each rack
    /// holds as many of its segments as it has room for.
    pub(in crate::workload::training) fn reach(&self, nodes: usize, size: usize) -> usize {
        let on_rack = self.per_rack * self.used;
        nodes / on_rack * on_rack.div_ceil(size) + (nodes % on_rack).div_ceil(size)
    }
}

impl SegmentSpec {
    /// Fills defaults and checks ranges, for racks of `rack_nodes` nodes; none after a report.
    pub(super) fn resolve(&self, rack_nodes: usize, faults: &mut Vec<Fault>) -> Option<Segment> {
        let used = self.nodes as usize;
        if used == 0 || used > rack_nodes {
            let message = format!("must lie between 1 and the {rack_nodes} nodes of a rack");
            faults.push(Fault::error("nodes", message));
            return None;
        }
        let held = used + self.spares.unwrap_or(0) as usize;
        if held > rack_nodes {
            let message = format!("{held} nodes do not fit on a rack of {rack_nodes}");
            faults.push(Fault::error("spares", message));
            return None;
        }
        let per_rack = rack_nodes / held;
        let left = rack_nodes - per_rack * used;
        let spares = self.spares.map_or(left / per_rack, |spares| spares as usize);
        Some(Segment { used, spares, per_rack, rack_nodes })
    }
}
