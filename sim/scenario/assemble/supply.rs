//! What hangs together wrongly in a power chain: sources of switches, sets of generator buses, blocks of
//! loads, replacements.

use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::super::names::Component;
use super::super::place::Place;
use super::plant::Plant;
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::{ComponentKind, PowerNode, PowerSpec};
use crate::spec::{Fault, Names};

impl Plant {
    /// Doubts what is new at the start beside another of the same age: unless one fails before, both are
    /// out for their replacement at one instant.
    pub(super) fn doubt_replacements(
        &self,
        supplies: &[(Component<'_>, PowerSpec, Vec<PowerNode>)],
        sink: &mut Diagnostics,
    ) {
        let mut replaced: Vec<(f64, &str)> = Vec::new();
        for (component, _, nodes) in supplies {
            let mut pair = None;
            for node in nodes.iter().map(|node| &self.power.nodes[node.0 as usize]) {
                let wear = node.component.failures.wear.filter(|wear| wear.new);
                let Some((at_s, _)) = wear.map(|wear| wear.replaced) else { continue };
                if at_s.is_infinite() {
                    continue;
                }
                let name = node.name.as_str();
                match replaced.iter().find(|(other_s, _)| *other_s == at_s) {
                    Some((_, other)) => pair = pair.or(Some((*other, name))),
                    None => replaced.push((at_s, name)),
                }
            }
            if let Some((first, second)) = pair {
                let message = format!(
                    "`{first}` and `{second}` are new together, and replaced at the same instant \
                     unless one fails before"
                );
                let fault = Fault::warning("failures.wear.new", message).help(
                    "leave out `new`, for ages that differ, write another `replace_at`, or let \
                         `maintenance` with `renews: true` replace them by turns",
                );
                component.place.fault(fault, sink);
            }
        }
    }

    /// Refuses switches with another number of sources than two, and buses of what is no
    /// generator.
    pub(super) fn check_sources(
        &mut self,
        spec: &PowerSpec,
        feeders: &[Vec<PowerNode>],
        place: &Place<'_>,
        sink: &mut Diagnostics,
    ) {
        let field = spec.feeders_field();
        if let Some(count) = spec.sources() {
            if let Some(other) = feeders.iter().find(|feeders| feeders.len() != count) {
                let message = format!("a switch has {count} sources, got {}", other.len());
                let fault = Fault::error(field, message)
                    .help("name one source here and another as `emergency`, or two here");
                place.fault(fault, sink);
                self.broken = true;
            } else if feeders.iter().any(|feeders| feeders[0] == feeders[1]) {
                let fault = Fault::error(field, "both sources are the same component")
                    .help("name another one as the second source");
                place.fault(fault, sink);
                self.broken = true;
            }
        }
        let kind = |node: &PowerNode| self.power.nodes[node.0 as usize].component.kind;
        if let PowerSpec::GeneratorBus(_) = spec {
            if feeders.iter().flatten().any(|set| kind(set) != ComponentKind::Genset) {
                let fault = Fault::error(field, "only generators work on a generator bus")
                    .help("name components of `kind: genset`");
                place.fault(fault, sink);
                self.broken = true;
            }
        } else if feeders.iter().any(|feeders| {
            let sets = feeders.iter().filter(|set| kind(set) == ComponentKind::Genset);
            sets.count() > 1
        }) {
            let fault = Fault::error(field, "several generators need a bus to work together")
                .help("declare `kind: generator-bus` with these as `sets`, and name it here");
            place.fault(fault, sink);
            self.broken = true;
        }
    }

    /// Refuses generators that are on a bus twice, or on two, and doubts those that stand by where
    /// nothing ever calls them.
    pub(super) fn check_sets(
        &self,
        supplies: &[(Component<'_>, PowerSpec, Vec<PowerNode>)],
        sink: &mut Diagnostics,
    ) {
        let name = |node: PowerNode| &self.power.nodes[node.0 as usize].name;
        let mut buses: Vec<(PowerNode, PowerNode)> = Vec::new();
        for (component, spec, nodes) in supplies {
            let PowerSpec::GeneratorBus(_) = spec else { continue };
            for &bus in nodes {
                for &set in &self.power.nodes[bus.0 as usize].fed_by {
                    if let Some((_, other)) = buses.iter().find(|(known, _)| *known == set) {
                        let (set, other) = (name(set), name(*other));
                        let message = format!("`{set}` is on `{other}` already");
                        let fault = Fault::error(spec.feeders_field(), message);
                        component.place.fault(fault.help("a generator is on one bus, once"), sink);
                        return;
                    }
                    buses.push((set, bus));
                }
            }
        }
        let switches =
            supplies.iter().filter(|(_, spec, _)| matches!(spec, PowerSpec::Transfer(_)));
        let mut called = Vec::new();
        for &switch in switches.flat_map(|(_, _, nodes)| nodes) {
            self.go_up(self.emergency_of(switch), &mut called);
        }
        for (component, _, nodes) in supplies {
            let stands_by = |node: &&PowerNode| {
                let machine = &self.power.nodes[node.0 as usize].component.machine;
                matches!(machine, MachineDesign::Genset(set) if !set.prime)
            };
            let Some(&idle) = nodes.iter().filter(stands_by).find(|set| !called.contains(*set))
            else {
                continue;
            };
            let message = format!("nothing calls `{}`: it never starts", name(idle));
            let help = "name it, or its bus, as the `emergency` source of a `kind: transfer`; what always \
                        runs is of `duty: prime`";
            let warning = Diagnostic::warning(component.place.key, message);
            sink.push(warning.code("doubtful").help(help));
        }
    }

    /// Says which of what each of the switches `nodes` feeds is taken in which order.
    pub(super) fn add_blocks(
        &mut self,
        names: &Names,
        nodes: &[PowerNode],
        place: &Place<'_>,
        sink: &mut Diagnostics,
    ) {
        if names.0.is_empty() {
            let fault = Fault::error("blocks", "names no block");
            place.fault(fault.help("leave `blocks` out: all is taken at once"), sink);
            return;
        }
        let mut taken = Vec::new();
        for (at, name) in names.0.iter().enumerate() {
            let one = Names(vec![name.clone()]);
            let members = self.feeders(&one, "blocks", 1, place, sink);
            let Some(members) = members.into_iter().next().filter(|m| !m.is_empty()) else {
                continue;
            };
            for &node in nodes {
                let own = |member: &&PowerNode| {
                    self.power.nodes[member.0 as usize].fed_by.contains(&node)
                };
                let block: Vec<PowerNode> = members.iter().filter(own).copied().collect();
                if block.is_empty() {
                    let switch = &self.power.nodes[node.0 as usize].name;
                    let message = format!("`{}` is not fed by `{switch}`", name.text);
                    let fault = Fault::error(format!("blocks[{at}]"), message)
                        .help("name what has this switch in its `fed_by`, or leave it out");
                    place.fault(fault, sink);
                }
                if block.iter().any(|member| taken.contains(&(node, *member))) {
                    let message = format!("`{}` is in a block before", name.text);
                    let fault = Fault::error(format!("blocks[{at}]"), message);
                    place.fault(fault.help("leave it out of one of the two"), sink);
                }
                taken.extend(block.iter().map(|member| (node, *member)));
                self.power.nodes[node.0 as usize].blocks.push(block);
            }
        }
        for &node in nodes {
            if !self.reaches_bus(node) {
                let fault = Fault::error("blocks", "blocks are taken by a generator bus only")
                    .help("name a `kind: generator-bus` as `emergency`, or leave `blocks` out");
                place.fault(fault, sink);
                return;
            }
        }
    }

    /// Whether the emergency source of a switch is a generator bus, or fed by one.
    fn reaches_bus(&self, switch: PowerNode) -> bool {
        let mut above = Vec::new();
        self.go_up(self.emergency_of(switch), &mut above);
        let kind = |node: &PowerNode| self.power.nodes[node.0 as usize].component.kind;
        above.iter().any(|node| kind(node) == ComponentKind::GeneratorBus)
    }

    /// The second source of a switch.
    fn emergency_of(&self, switch: PowerNode) -> Option<PowerNode> {
        self.power.nodes[switch.0 as usize].fed_by.get(1).copied()
    }

    /// Adds `from` and all that may feed it to `seen`, where it is not there yet.
    fn go_up(&self, from: Option<PowerNode>, seen: &mut Vec<PowerNode>) {
        let mut open: Vec<PowerNode> = from.into_iter().collect();
        while let Some(node) = open.pop() {
            if !seen.contains(&node) {
                seen.push(node);
                open.extend(&self.power.nodes[node.0 as usize].fed_by);
            }
        }
    }
}
