//! Nodes that share a part and go out of service with it, as a user writes it, and the same
//! resolved.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::{FailureLaw, RepairLaw};
use crate::spec::{Check, Fault, within};
use crate::units::{Duration, Rate};

/// Neighbours in a rack that share a part: when it fails, all of them are out of service until it is
/// repaired. They stay on and idle, but for those that have failed themselves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainSpec {
    /// The part, as reports name it beside the causes of failures of single nodes.
    pub name: String,
    /// How many neighbours share it: a divisor of the nodes of a rack. Default: all of a rack.
    pub nodes: Option<u32>,
    /// Failures of it, whether a job runs or not: where a domain has several such parts, of all
    /// together, as of the nine switch trays of an NVL72. There is no default: no
    /// published rate of NVLink switches is known to us.
    pub rate: Rate,
    /// Mean time to repair it, lognormal as that of nodes; it waits for no crew. Default: 2.5 h, the middle
    /// of the 1 to 4 h that the swap of a switch tray takes, for which the rack is drained (SemiAnalysis);
    /// a backplane takes 8 to 24 h.
    pub repair: Option<Duration>,
}

/// A domain, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainDesign {
    /// As reports name it.
    pub name: String,
    /// How many neighbours share it.
    pub nodes: usize,
    /// How it fails and is repaired.
    pub law: FailureLaw,
}

/// The domains that a node is out of service with, a bit for each.
pub(in crate::workload::training) type DomainBits = u32;

/// Most domains that a node may be in.
const MOST: usize = DomainBits::BITS as usize;

/// Resolves `domains` of racks of `rack_nodes` nodes. Repairs have the deviation `sigma` of the
/// logarithm. `causes` are those of failures of nodes.
pub(super) fn resolve(
    domains: &[DomainSpec],
    (rack_nodes, sigma): (usize, f64),
    causes: &[&str],
    faults: &mut Vec<Fault>,
) -> Vec<DomainDesign> {
    if domains.len() > MOST {
        faults.push(Fault::error("domains", format!("needs at most {MOST} domains")));
    }
    let mut designs: Vec<DomainDesign> = Vec::new();
    for (index, domain) in domains.iter().take(MOST).enumerate() {
        let known = |name: &str| name == domain.name;
        let is_taken = causes.iter().any(|name| known(name))
            || designs.iter().any(|design| known(&design.name));
        let design = within(&format!("domains[{index}]"), faults, |faults| {
            if is_taken {
                faults.push(taken(&domain.name));
            }
            domain.resolve(rack_nodes, sigma, faults)
        });
        designs.push(design);
    }
    designs
}

/// `name` is that of another cause of failures, of nodes or of domains.
pub(super) fn taken(name: &str) -> Fault {
    Fault::error("name", format!("`{name}` names another cause of failures"))
}

impl DomainSpec {
    fn resolve(&self, rack_nodes: usize, sigma: f64, faults: &mut Vec<Fault>) -> DomainDesign {
        let nodes = self.nodes.map_or(rack_nodes, |nodes| nodes as usize);
        let divides = nodes > 0 && rack_nodes.is_multiple_of(nodes);
        if !divides {
            let message = format!("{nodes} nodes do not divide the {rack_nodes} of a rack");
            let help = "leave it out for a part that all nodes of a rack share";
            faults.push(Fault::error("nodes", message).help(help));
        }
        let mut check = Check { faults };
        let rate_per_s = check.failure_rate("rate", self.rate.0);
        let repair = check.lasting("repair", self.repair);
        let mean_s = repair.map_or(2.5 * 3600.0, Duration::as_secs_f64);
        DomainDesign {
            name: self.name.clone(),
            nodes: if divides { nodes } else { rack_nodes },
            law: FailureLaw {
                rate_per_s,
                wear: None,
                repair: RepairLaw::Lognormal { mean_s, sigma },
            },
        }
    }
}
