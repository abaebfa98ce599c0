//! The power chain of a site as units that fail and subjects that lose.
//!
//! Loads that no cut and no switch tells apart (same cords, hall and rank) are one: within a rank all
//! are cut by the same factor, so that the share that is served is the same.

use std::collections::BTreeMap;

use super::chain::{Chain, Told};
use super::machines::Machines;
use super::structure::{Structure, Unit};
use crate::facility::{Design, WorkDesign};
use crate::kernel::{OutagePlan, PlannedWork, Span, Streams, Time};
use crate::plant::power::sequence::{Alarm, MachineDesign};
use crate::plant::power::{
    LoadDesign, Network, NodeDesign, PowerDesign, PowerLoad, PowerNode, Sequences, StartCause,
    Upkeep,
};
use crate::plant::{Demand, Rank};

/// Shares below this are rounding.
const NOTHING: f64 = 1e-9;

/// A component with states beside up and down: sags, a battery, a start or a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequenced {
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
    /// What the units share, by unit.
    plan: OutagePlan,
    midnight: Span,
    starts: Vec<StartCause>,
    /// Batteries, generators and switches, where the chain has any.
    machines: Option<Machines>,
    sequenced: Option<Sequenced>,
    /// Of components that a run lets put out more than their rating, the name of the first.
    held_to_rating: Option<String>,
    /// Of components that a run begins with new, the name of the first.
    begins_new: Option<String>,
    /// Replacements in words, by unit.
    replacements: Vec<String>,
    /// The shares not served now, while the chain is followed.
    now: Vec<f64>,
}

/// Something that is served or not.
#[derive(Debug, Clone)]
struct Subject {
    name: String,
    /// Its loads, and how many of the design each stands for.
    loads: Vec<(PowerLoad, f64)>,
    /// What it asks for, in watts; zero where being energised is all that counts.
    asked_w: f64,
    /// Share not served with everything up.
    short: f64,
}

impl PowerStructure {
    /// The chain of `design`: its halls, all racks of the site where there are several halls, and
    /// its cooling plant by name; without what `without` names.
    pub fn new(design: &Design, without: &[Without]) -> Self {
        let (mut units, mut nodes) = (Vec::new(), Vec::new());
        let upkeep = left(&design.upkeep, without);
        let shared = concerned(&upkeep.plan);
        let mut unit_of = vec![None; design.power.nodes.len()];
        let mut begins_new = None;
        for (index, node) in (0..).zip(&design.power.nodes) {
            let mut law = node.component.outage_law();
            // Of the long run, which has no first day.
            if let Some(wear) = law.wear.as_mut().filter(|wear| wear.new) {
                wear.new = false;
                begins_new.get_or_insert_with(|| node.name.clone());
            }
            if law.rate_per_s > 0.0 || shared.contains(&index) {
                unit_of[index as usize] = Some(units.len() as u32);
                units.push(Unit::of(&node.name, law));
                nodes.push(PowerNode(index));
            }
        }
        let plan = renumbered(upkeep.plan.clone(), &unit_of);
        let (mut power, demands, of) = merged(design);
        let overloads = |node: &&NodeDesign| node.component.most_w() > node.component.rating_w;
        let held_to_rating = power.nodes.iter().find(overloads).map(|node| node.name.clone());
        power.nodes.iter_mut().for_each(|node| node.component.machine.stay_within_rating());
        if without.contains(&Without::OnDemand) {
            power.nodes.iter_mut().for_each(|node| node.component.machine.never_fail_on_demand());
        }
        let mut network = Network::new(&power);
        network.set_ladder(design.control.ladder);
        for (load, &demand) in (0..).zip(&demands) {
            network.set_demand(PowerLoad(load), demand);
        }
        let subjects = subjects(design).into_iter().map(|(name, loads)| {
            let mut merged = BTreeMap::new();
            for load in loads {
                *merged.entry(of[load.0 as usize]).or_insert(0.0) += 1.0;
            }
            let asked_w = merged.keys().map(|load: &PowerLoad| demands[load.0 as usize].total_w());
            let asked_w = asked_w.sum();
            Subject { name, loads: merged.into_iter().collect(), asked_w, short: 0.0 }
        });
        let subjects: Vec<Subject> = subjects.collect();
        network.allocate_and_draw();
        let machine = |node: &&NodeDesign| !matches!(node.component.machine, MachineDesign::None);
        let sequenced = power.nodes.iter().find(machine).map(|node| Sequenced {
            component: node.name.clone(),
            kind: node.component.kind.name(),
        });
        let machines =
            sequenced.is_some().then(|| Machines::new(power, upkeep.clone(), &mut network));
        let now = vec![0.0; subjects.len()];
        let replacements = units.iter().map(|unit| format!("{} is replaced", unit.name)).collect();
        let mut site = Self {
            network,
            units,
            nodes,
            subjects,
            down: Vec::new(),
            plan,
            midnight: upkeep.midnight,
            starts: upkeep.starts,
            machines,
            sequenced,
            held_to_rating,
            begins_new,
            replacements,
            now,
        };
        for index in 0..site.subjects.len() {
            site.subjects[index].short = site.share(index);
        }
        site
    }

    /// The first component with states beside up and down: with one, only
    /// [`simulate_chain`](super::simulate_chain) follows the chain.
    pub fn sequenced(&self) -> Option<&Sequenced> {
        self.sequenced.as_ref()
    }

    /// The name of a common cause, crew, stock or planned work, where the units share anything: only
    /// [`simulate_chain`](super::simulate_chain) follows it.
    pub fn shared(&self) -> Option<&str> {
        let OutagePlan { causes, crews, stocks, works } = &self.plan;
        let starts = self.starts.iter().map(|cause| cause.name.as_str());
        let mut names = causes
            .iter()
            .map(|cause| cause.name.as_str())
            .chain(crews.iter().map(|crew| crew.name.as_str()))
            .chain(stocks.iter().map(|stock| stock.name.as_str()))
            .chain(works.iter().map(|work| work.name.as_str()))
            .chain(starts);
        names.next()
    }

    /// The first component that a run lets put out more than its rating: here it does not.
    pub fn held_to_rating(&self) -> Option<&str> {
        self.held_to_rating.as_deref()
    }

    /// The first component that a run begins with new: here it is of an age met in long service.
    pub fn begins_new(&self) -> Option<&str> {
        self.begins_new.as_deref()
    }

    /// Whether anything ever fails.
    pub fn ever_fails(&self) -> bool {
        self.units.iter().any(|unit| unit.outages_per_h() > 0.0)
            || !self.plan.works.is_empty()
            || self.machines.as_ref().is_some_and(Machines::ever_fail)
    }

    /// How many components fail by the calendar.
    pub fn unit_count(&self) -> usize {
        self.units.len()
    }

    /// A step to a loss in words: the name of a unit, a fault, a common cause, planned work, a
    /// replacement.
    pub fn step(&self, step: u32) -> &str {
        let OutagePlan { causes, works, .. } = &self.plan;
        let units = self.units.iter().map(|unit| unit.name.as_str());
        let mut steps = units
            .chain(Chain::faults(self).iter().map(String::as_str))
            .chain(causes.iter().map(|cause| cause.name.as_str()))
            .chain(works.iter().map(|work| work.name.as_str()))
            .chain(self.replacements.iter().map(String::as_str));
        steps.nth(step as usize).expect("a step has a name")
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
            let granted = loads.iter().map(|&(load, _)| self.network.granted(load).total_w());
            return 1.0 - granted.sum::<f64>() / asked_w;
        }
        let of = |dead: bool| {
            let which =
                loads.iter().filter(move |(load, _)| !dead || !self.network.energised(*load));
            which.map(|(_, stands_for)| stands_for).sum::<f64>()
        };
        of(true) / of(false)
    }

    /// The share of a subject that is not served now beyond what is not with everything up.
    fn lost(&self, index: usize) -> f64 {
        let more = self.share(index) - self.subjects[index].short;
        if more > NOTHING { more } else { 0.0 }
    }
}

impl Structure for PowerStructure {
    fn units(&self) -> &[Unit] {
        &self.units
    }

    fn subjects(&self) -> usize {
        self.subjects.len()
    }

    /// # Panics
    ///
    /// Where the chain has machines: their states are not those of the units alone.
    fn unserved(&mut self, down: &[u32], unserved: &mut [f64]) {
        assert!(self.machines.is_none(), "a chain with machines is followed in time");
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
            *share = self.lost(index);
        }
    }
}

impl Chain for PowerStructure {
    fn units(&self) -> &[Unit] {
        &self.units
    }

    fn subjects(&self) -> usize {
        self.subjects.len()
    }

    fn plan(&self) -> (&OutagePlan, Span) {
        (&self.plan, self.midnight)
    }

    fn faults(&self) -> &[String] {
        self.machines.as_ref().map_or(&[], Machines::faults)
    }

    fn begin(&mut self, streams: &Streams) {
        for &node in &self.nodes {
            self.network.set_up(node, true);
        }
        if let Some(machines) = &mut self.machines {
            machines.begin(&mut self.network, streams);
        }
        self.look();
    }

    fn next_at(&self) -> Time {
        self.machines.as_ref().map_or(Time::MAX, Machines::next_at)
    }

    fn advance(&mut self, now: Time, changed: &[(u32, bool)], told: &mut Told) {
        // In the middle of a walk-in flows depend on when one looks.
        if changed.is_empty() && self.next_at() > now {
            return;
        }
        for &(unit, up) in changed {
            let node = self.nodes[unit as usize];
            self.network.set_up(node, up);
            if let Some(machines) = &mut self.machines {
                machines.set_up(now, node, up);
            }
        }
        self.settle(now, told);
    }

    fn unserved(&self) -> &[f64] {
        &self.now
    }
}

/// What [lints](super::lints) ask for.
impl PowerStructure {
    /// What is due at `now` happens, and flows follow.
    fn settle(&mut self, now: Time, told: &mut Told) {
        match &mut self.machines {
            Some(machines) => {
                machines.advance(now, &mut self.network, told);
                let nodes = &self.nodes;
                // Who is no unit has no crew, and repairs itself.
                let unit = |node: u32| nodes.binary_search(&PowerNode(node)).ok();
                told.broken =
                    told.broken.iter().filter_map(|&node| unit(node)).map(|u| u as u32).collect();
            }
            None => self.network.allocate(),
        }
        self.look();
    }

    /// Takes `nodes` out at once, at `now`.
    pub(super) fn take_out(&mut self, now: Time, nodes: &[PowerNode], told: &mut Told) {
        for &node in nodes {
            self.network.set_up(node, false);
            if let Some(machines) = &mut self.machines {
                machines.set_up(now, node, false);
            }
        }
        self.settle(now, told);
    }

    /// Puts them back for the next [`begin`](Chain::begin).
    pub(super) fn put_back(&mut self, nodes: &[PowerNode]) {
        nodes.iter().for_each(|&node| self.network.set_up(node, true));
    }

    /// The UPSs whose batteries are empty.
    pub(super) fn empty(&self) -> impl Iterator<Item = PowerNode> {
        self.machines.iter().flat_map(Machines::empty)
    }

    /// What a component puts out with everything up, every load drawing what it asks for, in
    /// watts.
    pub(super) fn output_w(&self, node: PowerNode) -> f64 {
        self.network.flow_w(node)
    }

    /// What enters it then, in watts.
    pub(super) fn input_w(&self, node: PowerNode) -> f64 {
        self.network.full_input_w(node)
    }

    /// Batteries, generators and switches, where the chain has any.
    pub(super) fn machines(&self) -> Option<&Machines> {
        self.machines.as_ref()
    }

    /// The same.
    pub(super) fn machines_mut(&mut self) -> Option<&mut Machines> {
        self.machines.as_mut()
    }

    /// At `now` the machines are as `saved`, with these alarms and, first, these answers.
    pub(super) fn resume(
        &mut self,
        now: Time,
        saved: &Sequences,
        alarms: &[(Time, Alarm)],
        answers: &[u64],
    ) {
        if let Some(machines) = &mut self.machines {
            machines.resume(&mut self.network, now, saved, alarms, answers);
        }
    }

    /// What is served now.
    fn look(&mut self) {
        self.network.drain_changed_loads(|_| ());
        for index in 0..self.now.len() {
            self.now[index] = self.lost(index);
        }
    }
}

/// What a comparison leaves out, to say what it contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// Common causes; what they are a part of is then of each alone.
    CommonCauses,
    /// Crews: each is repaired at once.
    Crews,
    /// Spare parts: one is always at hand.
    Spares,
    /// Planned work, and its errors. What is renewed by turns still is, in no time: it does not age for want of
    /// that.
    Maintenance,
    /// Errors of planned work.
    HumanError,
    /// Failures of generators to start and of switches to transfer.
    OnDemand,
}

/// `upkeep` without what `without` names.
fn left(upkeep: &Upkeep, without: &[Without]) -> Upkeep {
    let mut left = upkeep.clone();
    for what in without {
        match what {
            Without::CommonCauses => {
                left.plan.causes.clear();
                left.starts.clear();
            }
            Without::Crews => left.plan.crews.clear(),
            Without::Spares => left.plan.stocks.clear(),
            Without::Maintenance => {
                left.plan.works.retain(|work| work.renews);
                left.plan.works.iter_mut().for_each(PlannedWork::take_nobody_out);
            }
            Without::HumanError => left.plan.works.iter_mut().for_each(|work| work.error = None),
            Without::OnDemand => left.starts.clear(),
        }
    }
    left
}

/// Whom a plan concerns.
fn concerned(plan: &OutagePlan) -> Vec<u32> {
    let struck = plan.works.iter().filter_map(|work| Some(&work.error.as_ref()?.1));
    let lists = plan
        .causes
        .iter()
        .map(|cause| &cause.members)
        .chain(plan.crews.iter().map(|crew| &crew.members))
        .chain(plan.stocks.iter().map(|stock| &stock.members))
        .chain(plan.works.iter().map(|work| &work.members))
        .chain(struck);
    lists.flatten().copied().collect()
}

/// `plan` by unit, which was by node.
fn renumbered(mut plan: OutagePlan, unit_of: &[Option<u32>]) -> OutagePlan {
    let renumber = |members: &mut Vec<u32>| {
        for member in members {
            *member = unit_of[*member as usize].expect("whom a plan concerns is a unit");
        }
    };
    plan.causes.iter_mut().for_each(|cause| renumber(&mut cause.members));
    plan.crews.iter_mut().for_each(|crew| renumber(&mut crew.members));
    plan.stocks.iter_mut().for_each(|stock| renumber(&mut stock.members));
    for work in &mut plan.works {
        renumber(&mut work.members);
        if let Some((_, struck)) = &mut work.error {
            renumber(struck);
        }
    }
    plan
}

/// The power chain of `design` with loads that nothing tells apart made one, what each asks for,
/// and which stands for each load of `design`.
fn merged(design: &Design) -> (PowerDesign, Vec<Demand>, Vec<PowerLoad>) {
    let loads = &design.power.loads;
    let mut asked: Vec<(Demand, Option<usize>)> = vec![(Demand::default(), None); loads.len()];
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
        asked[load.0 as usize] = (Demand::of(rank, rated_w), Some(rack.hall));
    }
    for house in &design.house {
        asked[house.load.0 as usize].0 = Demand::of(Rank::Idle, house.power_w);
    }
    let mut alike = BTreeMap::new();
    let mut power = PowerDesign { nodes: design.power.nodes.clone(), loads: Vec::new() };
    let (mut demands, mut of) = (Vec::<Demand>::new(), Vec::new());
    for (index, (load, (demand, hall))) in loads.iter().zip(asked).enumerate() {
        let LoadDesign { cords, sharing, ride, .. } = load;
        let rank = demand.0.iter().position(|w| *w > 0.0);
        // Only racks are many: all else stays by itself.
        let alone = hall.is_none().then_some(index);
        let key = (cords.clone(), format!("{sharing:?} {ride:?}"), hall, rank, alone);
        let place = *alike.entry(key).or_insert_with(|| {
            power.loads.push(load.clone());
            demands.push(Demand::default());
            demands.len() - 1
        });
        for (sum, w) in demands[place].0.iter_mut().zip(demand.0) {
            *sum += w;
        }
        of.push(PowerLoad(place as u32));
    }
    (power, demands, of)
}

/// The order in which a workload is shed: that of most of its draw.
fn rank(work: &WorkDesign) -> Rank {
    match work {
        WorkDesign::Mining(_) => Rank::Mining,
        WorkDesign::Training { .. } => Rank::TrainingPause,
        WorkDesign::Inference { design, .. } => design.rank(),
        WorkDesign::HeatLoad(_) => Rank::Inference,
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
