//! The power chain as the engine runs it: plain watts, dense ids, no names left to look up.

use super::component::ComponentDesign;
use super::sequence::Ride;

/// A supply component of a [`PowerDesign`]: index into its `nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PowerNode(pub u32);

/// A consumer of a [`PowerDesign`]: index into its `loads`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PowerLoad(pub u32);

/// Everything between the grid and the loads.
#[derive(Debug, Clone, Default)]
pub struct PowerDesign {
    /// Feeds, transformers, UPSs and so on, in any order.
    pub nodes: Vec<NodeDesign>,
    /// Racks, pumps, fans, house loads.
    pub loads: Vec<LoadDesign>,
}

/// One supply component in its place.
#[derive(Debug, Clone)]
pub struct NodeDesign {
    /// Its name; also the name of its random stream.
    pub name: String,
    /// What it is.
    pub component: ComponentDesign,
    /// What may feed it, preferred first. Empty for a root, and only for a root.
    pub fed_by: Vec<PowerNode>,
    /// What it feeds block by block while it is on generators, in this order; empty where it feeds
    /// all at once.
    pub blocks: Vec<Vec<PowerNode>>,
}

/// One consumer in its place.
#[derive(Debug, Clone)]
pub struct LoadDesign {
    /// Its name.
    pub name: String,
    /// What its cords plug into; at least one.
    pub cords: Vec<PowerNode>,
    /// How it draws from several live cords.
    pub sharing: Sharing,
    /// What it stands of a bad voltage.
    pub ride: Ride,
}

/// How a load with several live cords divides its draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// In equal parts over all live cords, as servers with redundant supplies do: 50/50 on two,
    /// everything on the survivor.
    Even,
    /// Everything on the first live cord, as behind an automatic transfer switch.
    Preferred,
}
