//! The power chain of a site as units that fail and subjects that lose.

use super::structure::{Structure, Unit};
use crate::facility::{Design, WorkDesign};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::{Network, PowerLoad, PowerNode};
use crate::plant::{Demand, Rank};

/// Shares below this are rounding.
const NOTHING: f64 = 1e-9;

/// A site whose chain this room cannot follow: a component has states beside up and down, such as
/// sags, a battery, a start or a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The component.
    pub component: String,
    /// Its kind, as users write it.
    pub kind: &'static str,
}

/// The power chain of a site.
#[derive(Debug, Clone)]
pub struct PowerStructure {
    network: Network,
    units: Vec<Unit>,
    /// Where each unit stands in the chain.
    nodes: Vec<PowerNode>,
    subjects: Vec<Subject>,
    down: Vec<u32>,
}

/// Something that is served or not.
#[derive(Debug, Clone)]
struct Subject {
    name: String,
    loads: Vec<PowerLoad>,
    /// What it asks for, in watts; zero where being energised is all that counts.
    asked_w: f64,
    /// Share not served with everything up.
    short: f64,
}

impl PowerStructure {
    /// The chain of `design`: its halls, all racks of the site where there are several halls, and
    /// its cooling plant by name.
    ///
    /// Refused where a component stands by or stores: nothing here waits for generators, and
    /// without that their figures would mislead.
    pub fn new(design: &Design) -> Result<Self, Unsupported> {
        let machine = |node: &&crate::plant::power::NodeDesign| {
            !matches!(node.component.machine, MachineDesign::None)
        };
        if let Some(node) = design.power.nodes.iter().find(machine) {
            let kind = node.component.kind.name();
            return Err(Unsupported { component: node.name.clone(), kind });
        }
        let (mut units, mut nodes) = (Vec::new(), Vec::new());
        for (index, node) in (0..).zip(&design.power.nodes) {
            if let Some(unit) = Unit::new(&node.name, node.component.failures) {
                units.push(unit);
                nodes.push(PowerNode(index));
            }
        }
        let mut network = Network::new(&design.power);
        let mut asked_w = vec![0.0; design.power.loads.len()];
        for rack in &design.racks {
            let Some(load) = rack.load else { continue };
            let work = rack.work.map(|(work, _)| &design.works[work].design);
            let rank = work.map_or(Rank::Idle, rank);
            let rated_w = match work {
                Some(WorkDesign::HeatLoad(heat)) => {
                    heat.power_w.steps().fold(0.0, |most, (_, power_w)| f64::max(most, power_w))
                }
                _ => design.halls[rack.hall].rack_w,
            };
            network.set_demand(load, Demand::of(rank, rated_w));
            asked_w[load.0 as usize] = rated_w;
        }
        for house in &design.house {
            network.set_demand(house.load, Demand::of(Rank::Idle, house.power_w));
        }
        let subjects = subjects(design).into_iter().map(|(name, loads)| {
            let asked_w = loads.iter().map(|load| asked_w[load.0 as usize]).sum();
            Subject { name, loads, asked_w, short: 0.0 }
        });
        let subjects = subjects.collect();
        let mut site = Self { network, units, nodes, subjects, down: Vec::new() };
        site.network.allocate();
        for index in 0..site.subjects.len() {
            site.subjects[index].short = site.share(index);
        }
        Ok(site)
    }

    /// The names of the subjects.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.subjects.iter().map(|subject| subject.name.as_str())
    }

    /// What each subject asks for, in watts, and the share of it that is not served with
    /// everything up.
    pub fn asked(&self) -> impl Iterator<Item = (f64, f64)> {
        self.subjects.iter().map(|subject| (subject.asked_w, subject.short))
    }

    /// The share of a subject that is not served now.
    fn share(&self, index: usize) -> f64 {
        let Subject { loads, asked_w, .. } = &self.subjects[index];
        if *asked_w > 0.0 {
            let granted: f64 = loads.iter().map(|&load| self.network.granted(load).total_w()).sum();
            return 1.0 - granted / asked_w;
        }
        let dead = loads.iter().filter(|&&load| !self.network.energised(load)).count();
        dead as f64 / loads.len() as f64
    }
}

impl Structure for PowerStructure {
    fn units(&self) -> &[Unit] {
        &self.units
    }

    fn subjects(&self) -> usize {
        self.subjects.len()
    }

    fn unserved(&mut self, down: &[u32], unserved: &mut [f64]) {
        for unit in std::mem::take(&mut self.down) {
            self.network.set_up(self.nodes[unit as usize], true);
        }
        for &unit in down {
            self.network.set_up(self.nodes[unit as usize], false);
        }
        self.down = down.to_vec();
        self.network.allocate();
        self.network.drain_changed_loads(|_| ());
        for (index, share) in unserved.iter_mut().enumerate() {
            let more = self.share(index) - self.subjects[index].short;
            *share = if more > NOTHING { more } else { 0.0 };
        }
    }
}

/// The order in which a workload is shed: that of most of its draw.
fn rank(work: &WorkDesign) -> Rank {
    match work {
        WorkDesign::Mining(_) => Rank::Mining,
        WorkDesign::Training { .. } => Rank::TrainingPause,
        WorkDesign::Inference { .. } | WorkDesign::HeatLoad(_) => Rank::Inference,
    }
}

/// The subjects of a site: name and loads.
fn subjects(design: &Design) -> Vec<(String, Vec<PowerLoad>)> {
    let mut subjects = Vec::new();
    let mut add = |name: &str, loads: Vec<PowerLoad>| {
        if !loads.is_empty() {
            subjects.push((name.to_owned(), loads));
        }
    };
    let racks = |hall: Option<usize>| {
        let of = design.racks.iter().filter(|rack| hall.is_none_or(|hall| rack.hall == hall));
        of.filter_map(|rack| rack.load).collect::<Vec<_>>()
    };
    if design.halls.len() > 1 {
        add("all racks", racks(None));
    }
    for (index, hall) in design.halls.iter().enumerate() {
        add(&hall.name, racks(Some(index)));
    }
    for site in &design.loops {
        let machines = [site.fans, site.pumps, site.chillers];
        add(&site.name, machines.into_iter().flatten().collect());
    }
    for site in &design.exchangers {
        add(&site.name, site.movers.into_iter().collect());
    }
    subjects
}
