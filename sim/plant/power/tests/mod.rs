//! What these tests build their power chains from.

mod charger;
mod duty;
mod energised;
mod fair;
mod kinds;
mod network;
mod properties;
mod reliability;
mod rising;
mod solar;
mod storage;
mod thermal;

use super::sequence::{MachineDesign, Ride};
use super::*;
use crate::kernel::FailureLaw;
use crate::plant::Demand;

/// A component without loss that never fails.
pub(super) fn component(kind: ComponentKind, rating_w: f64) -> ComponentDesign {
    ComponentDesign {
        kind,
        rating_w,
        loss: LossCurve::NONE,
        reverse_w: f64::INFINITY,
        failures: FailureLaw::NEVER,
        machine: MachineDesign::None,
    }
}

pub(super) fn node(component: ComponentDesign, fed_by: &[u32]) -> NodeDesign {
    let fed_by = fed_by.iter().map(|&n| PowerNode(n)).collect();
    NodeDesign { name: String::new(), component, fed_by, blocks: Vec::new() }
}

pub(super) fn load(cords: &[u32]) -> LoadDesign {
    LoadDesign {
        name: String::new(),
        cords: cords.iter().map(|&n| PowerNode(n)).collect(),
        sharing: Sharing::Even,
        ride: Ride::RACK,
    }
}

pub(super) fn served_w(network: &Network, demand: &[Demand], l: usize) -> f64 {
    network.cap_w(PowerLoad(l as u32)).min(demand[l].total_w())
}

pub(super) const FEED: ComponentKind = ComponentKind::Feed;
pub(super) const BUS: ComponentKind = ComponentKind::Switchgear;
pub(super) const A: PowerLoad = PowerLoad(0);
pub(super) const B: PowerLoad = PowerLoad(1);
