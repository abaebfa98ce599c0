//! What a power chain stands, component by component: `check` says it before anything is run.
//!
//! Components are taken out one by one, and two by two where there are few, suddenly and for two
//! hours. Batteries, generators and switches do what they are built for: every set starts with its
//! first crank and runs on, every switch moves. So what is found is the design, not luck.

use petgraph::algo::ford_fulkerson;
use petgraph::graph::DiGraph;

use super::chain::{Chain, Told};
use super::power::{PowerStructure, Without};
use crate::facility::Design;
use crate::kernel::{Span, Streams, Time};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::{ComponentKind, NodeDesign, PowerDesign, PowerNode};

/// When components are taken out, and for how long they stay out.
const AT: Time = Time::from_nanos(3_600_000_000_000);
const FOR: Span = Span::from_hours(2);
/// Pairs to try at most.
const PAIRS: usize = 1000;
/// Components of one name whose shares of the load differ by more than this are told.
const UNEVEN: f64 = 0.05;

/// Two components by name, and the load that their loss takes, W.
pub(super) type PairLoss = (String, String, f64);

/// What `check` says of a power chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Lints {
    /// By hall: the least number of components whose loss together takes the power of one of its
    /// racks, whatever it carries: the unit min-cut.
    pub redundancy: Vec<(String, usize)>,
    /// What each component takes with it.
    pub losses: Vec<Loss>,
    /// How many pairs of components were tried, and those that take load although neither does
    /// alone.
    pub pairs: Option<(usize, Vec<PairLoss>)>,
    /// What its author may not have meant.
    pub doubts: Vec<String>,
}

/// What the loss of one component takes from a hall.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// Which component.
    pub component: String,
    /// Which hall.
    pub hall: String,
    /// Share of its rated power that is not served while the component stays out.
    pub lasting: f64,
    /// The most that is not served at any instant: above `lasting` where something is lost until
    /// a transfer is done.
    pub most: f64,
}

/// The least share of a hall that is told, half of the last digit that is printed. A site at its limit has
/// that much less for its last rank when load moves to a part with higher losses.
const LEAST: f64 = 0.0005;

/// What the power chain of `design` stands.
pub fn lints(design: &Design) -> Lints {
    let mut ideal = design.clone();
    for node in &mut ideal.power.nodes {
        match &mut node.component.machine {
            MachineDesign::Genset(set) => set.run_rate_per_s = 0.0,
            MachineDesign::Feed(feed) => feed.sags = None,
            // What is bought has to do until it is replaced.
            MachineDesign::Ups(ups) => ups.battery_j = ups.end_of_life_j,
            _ => {}
        }
    }
    let all = [
        Without::CommonCauses,
        Without::Crews,
        Without::Spares,
        Without::Maintenance,
        Without::OnDemand,
    ];
    let mut chain = PowerStructure::new(&ideal, &all);
    let halls: Vec<usize> = design
        .halls
        .iter()
        .filter_map(|hall| chain.names().position(|name| name == hall.name))
        .collect();
    let names: Vec<String> = chain.names().map(str::to_owned).collect();
    let nodes: Vec<PowerNode> = (0..design.power.nodes.len() as u32).map(PowerNode).collect();
    let name = |node: PowerNode| design.power.nodes[node.0 as usize].name.clone();
    let mut doubts = doubts(design);
    let mut told = Vec::new();
    let mut losses = Vec::new();
    let mut bears = Vec::new();
    for &node in &nodes {
        let found = take_out(&mut chain, &[node]);
        // Where no other source stands behind a battery its end is no surprise.
        let is_feed = design.power.nodes[node.0 as usize].component.kind == ComponentKind::Feed;
        for ups in found.empty {
            if is_feed && !told.contains(&ups) && roots(&design.power, ups).len() > 1 {
                told.push(ups);
                doubts.push(format!(
                    "the battery of `{}` is empty before another source carries its load, when `{}` \
                     is lost",
                    name(ups),
                    name(node)
                ));
            }
        }
        let of_halls = halls.iter().map(|&hall| (found.lasting[hall], found.most[hall]));
        let struck: Vec<(f64, f64)> = of_halls.collect();
        if struck.iter().all(|&(_, most)| most < LEAST) {
            bears.push(node);
        }
        for (&hall, (lasting, most)) in halls.iter().zip(struck) {
            if most >= LEAST {
                let hall = names[hall].clone();
                losses.push(Loss { component: name(node), hall, lasting, most });
            }
        }
    }
    let count = bears.len() * bears.len().saturating_sub(1) / 2;
    let pairs = (count > 0 && count <= PAIRS).then(|| {
        let mut found = Vec::new();
        for (place, &first) in bears.iter().enumerate() {
            for &second in &bears[place + 1..] {
                let lost = take_out(&mut chain, &[first, second]);
                let most = halls.iter().map(|&hall| lost.lasting[hall]).fold(0.0, f64::max);
                if most >= LEAST {
                    found.push((name(first), name(second), most));
                }
            }
        }
        found.sort_by(|a, b| b.2.total_cmp(&a.2));
        (count, found)
    });
    Lints { redundancy: redundancy(design), losses, pairs, doubts }
}

/// The roots that power may come from to a component.
fn roots(power: &PowerDesign, of: PowerNode) -> Vec<PowerNode> {
    let (mut open, mut seen, mut roots) = (vec![of], Vec::new(), Vec::new());
    while let Some(node) = open.pop() {
        if seen.contains(&node) {
            continue;
        }
        seen.push(node);
        let at = &power.nodes[node.0 as usize];
        if at.component.kind.part().is_root() {
            roots.push(node);
        }
        open.extend(&at.fed_by);
    }
    roots
}

/// What comes of a loss, by subject.
struct Found {
    lasting: Vec<f64>,
    most: Vec<f64>,
    /// Whose battery has run out.
    empty: Vec<PowerNode>,
}

/// Takes `nodes` out at [`AT`], all at once.
fn take_out(chain: &mut PowerStructure, nodes: &[PowerNode]) -> Found {
    chain.begin(&Streams::new(0, 0));
    let (mut now, mut told) = (Time::ZERO, Told::default());
    while chain.next_at() < AT && now < AT {
        now = chain.next_at();
        chain.advance(now, &[], &mut told);
    }
    let mut most = vec![0.0; chain.unserved().len()];
    let mut empty = Vec::new();
    let mut look = |chain: &PowerStructure| {
        for (most, &now) in most.iter_mut().zip(chain.unserved()) {
            *most = f64::max(*most, now);
        }
    };
    chain.take_out(AT, nodes, &mut told);
    look(chain);
    let end = AT + FOR;
    loop {
        let now = chain.next_at();
        if now > end {
            break;
        }
        chain.advance(now, &[], &mut told);
        look(chain);
        for ups in chain.empty() {
            if !empty.contains(&ups) && !nodes.contains(&ups) {
                empty.push(ups);
            }
        }
    }
    let lasting = chain.unserved().to_vec();
    chain.put_back(nodes);
    Found { lasting, most, empty }
}

/// By hall, the unit min-cut of power to the rack that has the fewest ways.
fn redundancy(design: &Design) -> Vec<(String, usize)> {
    let of = |hall: usize| {
        let racks = design.racks.iter().filter(|rack| rack.hall == hall);
        let loads = racks.filter_map(|rack| rack.load);
        let mut cords: Vec<&[PowerNode]> =
            loads.map(|load| &design.power.loads[load.0 as usize].cords[..]).collect();
        cords.sort_unstable();
        cords.dedup();
        cords.into_iter().map(|cords| ways(&design.power, cords)).min()
    };
    let halls = design.halls.iter().enumerate();
    halls.filter_map(|(index, hall)| Some((hall.name.clone(), of(index)?))).collect()
}

/// How many ways lead from roots to `cords` that share no component: the most that flows through
/// components that pass one each.
fn ways(power: &PowerDesign, cords: &[PowerNode]) -> usize {
    let mut graph: DiGraph<(), u32> = DiGraph::new();
    let (source, load) = (graph.add_node(()), graph.add_node(()));
    let ends: Vec<_> =
        power.nodes.iter().map(|_| (graph.add_node(()), graph.add_node(()))).collect();
    for (node, &(input, output)) in power.nodes.iter().zip(&ends) {
        graph.add_edge(input, output, 1);
        if node.component.kind.part().is_root() {
            graph.add_edge(source, input, 1);
        }
        for feeder in &node.fed_by {
            graph.add_edge(ends[feeder.0 as usize].1, input, 1);
        }
    }
    for cord in cords {
        graph.add_edge(ends[cord.0 as usize].1, load, 1);
    }
    ford_fulkerson(&graph, source, load).0 as usize
}

/// What the author of a chain may not have meant.
fn doubts(design: &Design) -> Vec<String> {
    let power = &design.power;
    let mut doubts = Vec::new();
    let instances = |of: &dyn Fn(&NodeDesign) -> bool| {
        let mut found: Vec<(&str, usize)> = Vec::new();
        for (node, group) in power.nodes.iter().zip(&design.power_groups) {
            if of(node) {
                match found.iter_mut().find(|(name, _)| name == group) {
                    Some((_, count)) => *count += 1,
                    None => found.push((group, 1)),
                }
            }
        }
        found
    };
    let bare = instances(&|node| {
        node.component.kind == ComponentKind::Ups && node.component.machine == MachineDesign::None
    });
    for (name, count) in bare {
        let what = match count {
            1 => "has no battery: it adds losses and failures, and carries nothing in an outage",
            _ => "have no battery: they add losses and failures, and carry nothing in an outage",
        };
        doubts.push(format!("`{name}` {what}"));
    }
    doubts.extend(blocks(design));
    doubts.extend(uneven(design));
    doubts
}

/// Blocks that no bus ever takes: all of its sets together are too small.
fn blocks(design: &Design) -> Vec<String> {
    let power = &design.power;
    let chain = PowerStructure::new(design, &[]);
    let mut doubts = Vec::new();
    for switch in power.nodes.iter().filter(|node| !node.blocks.is_empty()) {
        let Some(bus) = switch.fed_by.get(1).and_then(|&source| bus_of(power, source)) else {
            continue;
        };
        let MachineDesign::GeneratorBus(of) = bus.component.machine else { continue };
        let rated = |set: &PowerNode| power.nodes[set.0 as usize].component.rating_w;
        let rating_w: f64 = bus.fed_by.iter().map(rated).sum();
        let mut sum_w = 0.0;
        for (number, block) in (1..).zip(&switch.blocks) {
            let w: f64 = block.iter().map(|&member| chain.input_w(member)).sum();
            sum_w += w;
            let step_w = of.step_load * rating_w;
            let why = if w > step_w {
                format!(
                    "{:.0} kW at once, where {} takes {:.0} kW",
                    w / 1e3,
                    bus.name,
                    step_w / 1e3
                )
            } else if sum_w > rating_w {
                let (sum_kw, rating_kw) = (sum_w / 1e3, rating_w / 1e3);
                format!(
                    "with all before it {sum_kw:.0} kW, where the sets are rated {rating_kw:.0} kW"
                )
            } else {
                continue;
            };
            doubts.push(format!("block {number} of `{}` is never taken: {why}", switch.name));
        }
    }
    doubts
}

/// The generator bus at `node` or above it.
fn bus_of(power: &PowerDesign, node: PowerNode) -> Option<&NodeDesign> {
    let of = &power.nodes[node.0 as usize];
    if of.component.kind == ComponentKind::GeneratorBus {
        return Some(of);
    }
    of.fed_by.iter().find_map(|&feeder| bus_of(power, feeder))
}

/// Alike components that carry unlike parts of the load with everything up.
fn uneven(design: &Design) -> Vec<String> {
    let chain = PowerStructure::new(design, &[]);
    let mut groups: Vec<(&str, Vec<PowerNode>)> = Vec::new();
    let nodes = (0..).zip(design.power.nodes.iter().zip(&design.power_groups));
    for (n, (node, group)) in nodes {
        let kind = node.component.kind;
        if !matches!(kind, ComponentKind::Ups | ComponentKind::Pdu | ComponentKind::Transformer) {
            continue;
        }
        match groups.iter_mut().find(|(name, _)| name == group) {
            Some((_, members)) => members.push(PowerNode(n)),
            None => groups.push((group, vec![PowerNode(n)])),
        }
    }
    let mut doubts = Vec::new();
    for (_, members) in groups.iter().filter(|(_, members)| members.len() > 1) {
        let carried = members.iter().map(|&node| (chain.output_w(node), node));
        let least = carried.clone().min_by(|a, b| a.0.total_cmp(&b.0));
        let most = carried.max_by(|a, b| a.0.total_cmp(&b.0));
        let (Some((least_w, least)), Some((most_w, most))) = (least, most) else { continue };
        // A reserve that stands by carries nothing, which is meant.
        if least_w > 0.0 && least_w < (1.0 - UNEVEN) * most_w {
            let name = |node: PowerNode| &design.power.nodes[node.0 as usize].name;
            doubts.push(format!(
                "alike components share the load unevenly: {:.0} kW on `{}`, {:.0} kW on `{}`",
                least_w / 1e3,
                name(least),
                most_w / 1e3,
                name(most)
            ));
        }
    }
    doubts
}
