//! The site as a drawing needs it: what each component of the scenario declares, and who serves
//! whom, unit by unit.

use super::design::{Design, ExchangerSite};
use crate::plant::power::{ComponentKind, PowerNode, Sharing};

/// What a component of the scenario declares.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphNode {
    /// Its name, groups unexpanded.
    pub key: String,
    /// Its kind, as users write it.
    pub kind: &'static str,
    /// How many units it declares.
    pub units: usize,
    /// Rating of one unit, W; none where nothing limits it.
    pub rating_w: Option<f64>,
    /// Its place on the way of power or heat: sources 0, everything else one more than the last of
    /// what serves it; what carries heat away, one more than the last of what gives it heat.
    pub stage: u32,
    /// `power`, `racks`, `cooling`, `house` or `water`.
    pub domain: &'static str,
}

/// A connection from one unit to a run of units that follow each other.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphEdge {
    /// What power, heat or water comes from: component and unit, counted from 0.
    pub from: String,
    /// Its unit.
    pub from_unit: u32,
    /// What it goes to.
    pub to: String,
    /// The first and the last unit of it.
    pub to_units: (u32, u32),
    /// `power`, `heat` or `water`.
    pub kind: &'static str,
    /// `normal` or `standby`; `cord-a`, `cord-b` and so on of a rack with several cords.
    pub role: String,
}

/// The site as a drawing needs it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// In the order of the scenario: power, cooling, racks, house, water.
    pub nodes: Vec<GraphNode>,
    /// By what they lead to.
    pub edges: Vec<GraphEdge>,
}

/// What a unit is: its index in the lists of the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Node(PowerNode),
    Rack(usize),
    Loop(usize),
    Exchanger(usize),
}

/// Units of the site, numbered through: those of a component side by side.
#[derive(Debug)]
pub(super) struct Units {
    /// Component of each unit, and its number there.
    of: Vec<(u32, u32)>,
    pub(super) names: Vec<String>,
    /// The first unit of the racks, the loops and the exchangers.
    racks: usize,
    loops: usize,
    exchangers: usize,
    /// The unit of each exchanger: of what stands for a loop, the loop; and the other way round.
    of_exchangers: Vec<usize>,
    exchangers_at: Vec<usize>,
}

impl Units {
    pub(super) fn new(design: &Design) -> Self {
        let mut units = Self {
            of: Vec::new(),
            names: Vec::new(),
            racks: 0,
            loops: 0,
            exchangers: 0,
            of_exchangers: Vec::new(),
            exchangers_at: Vec::new(),
        };
        design.power_groups.iter().for_each(|name| units.add(name));
        units.racks = units.of.len();
        design.racks.iter().for_each(|rack| units.add(&design.halls[rack.hall].name));
        units.loops = units.of.len();
        design.loops.iter().for_each(|site| units.add(&site.group_name));
        units.exchangers = units.of.len();
        for (index, site) in design.exchangers.iter().enumerate() {
            let unit = match site.design {
                Some(_) => {
                    units.add(&site.group_name);
                    units.exchangers_at.push(index);
                    units.of.len() - 1
                }
                None => units.loops + site.cooled_by,
            };
            units.of_exchangers.push(unit);
        }
        units
    }

    /// Adds a unit behind all others; one of a component that is known is counted on there.
    fn add(&mut self, name: &str) {
        let known = self.names.iter().rposition(|known| known == name);
        let group = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u32;
        let number = match self.of.last() {
            Some(&(last, number)) if last == group => number + 1,
            _ => self.of.iter().filter(|(other, _)| *other == group).count() as u32,
        };
        self.of.push((group, number));
    }

    pub(super) fn count(&self) -> usize {
        self.of.len()
    }

    pub(super) fn place(&self, unit: usize) -> Place {
        match unit {
            unit if unit < self.racks => Place::Node(PowerNode(unit as u32)),
            unit if unit < self.loops => Place::Rack(unit - self.racks),
            unit if unit < self.exchangers => Place::Loop(unit - self.loops),
            unit => Place::Exchanger(self.exchangers_at[unit - self.exchangers]),
        }
    }

    /// The component of a unit, and its number there.
    pub(super) fn of(&self, unit: usize) -> (usize, u32) {
        let (group, number) = self.of[unit];
        (group as usize, number)
    }

    pub(super) fn node(&self, node: PowerNode) -> usize {
        node.0 as usize
    }

    pub(super) fn rack(&self, rack: usize) -> usize {
        self.racks + rack
    }

    pub(super) fn cooling(&self, index: usize) -> usize {
        self.loops + index
    }

    /// What takes the heat of an exchanger.
    pub(super) fn taker(&self, site: &ExchangerSite) -> usize {
        site.behind.map_or_else(|| self.cooling(site.cooled_by), |other| self.exchanger(other))
    }

    /// What stands for a loop is the loop.
    pub(super) fn exchanger(&self, index: usize) -> usize {
        self.of_exchangers[index]
    }
}

impl Design {
    /// The site as a drawing needs it.
    pub fn graph(&self) -> Graph {
        let units = Units::new(self);
        let mut all = Drawing { units: &units, stages: vec![0; units.names.len()], edges: vec![] };
        self.draw_power(&mut all);
        self.draw_heat(&mut all);
        let mut graph = Graph { nodes: Vec::new(), edges: all.edges };
        let mut node = |name: &str, kind, units: usize, rating_w: Option<f64>, domain| {
            let known = graph.nodes.iter().position(|node| node.key == name);
            match known {
                Some(at) => graph.nodes[at].units += units,
                None => {
                    let stage = all.units.names.iter().position(|known| known == name);
                    let stage = stage.map_or(0, |at| all.stages[at]);
                    let key = name.to_owned();
                    graph.nodes.push(GraphNode { key, kind, units, rating_w, stage, domain });
                }
            }
        };
        for (design, name) in self.power.nodes.iter().zip(&self.power_groups) {
            let component = &design.component;
            let rated = Some(component.rating_w).filter(|w| w.is_finite());
            node(name, component.kind.name(), 1, rated, "power");
        }
        for site in &self.loops {
            node(&site.group_name, site.kind, 1, Some(site.design.design_heat_w()), "cooling");
        }
        for site in self.exchangers.iter().filter(|site| site.design.is_some()) {
            let rated = site.design.map(|design| design.design_heat_w);
            node(&site.group_name, site.kind, 1, rated, "cooling");
        }
        for hall in &self.halls {
            let rated = Some(hall.rack_w).filter(|w| *w > 0.0);
            node(&hall.name, hall.kind, hall.racks, rated, "racks");
        }
        for house in &self.house {
            node(&house.name, "house-load", 1, Some(house.power_w), "house");
        }
        let wet: Vec<usize> =
            (0..self.loops.len()).filter(|&index| self.loops[index].design.evaporates()).collect();
        if !wet.is_empty() {
            node(WATER_MAIN, "water-main", 1, None, "water");
        }
        for index in wet {
            let to = units.of(units.cooling(index));
            let edge = GraphEdge {
                from: WATER_MAIN.to_owned(),
                from_unit: 0,
                to: units.names[to.0].clone(),
                to_units: (to.1, to.1),
                kind: "water",
                role: "normal".to_owned(),
            };
            push(&mut graph.edges, edge);
        }
        graph
    }

    fn draw_power(&self, all: &mut Drawing<'_>) {
        let units = all.units;
        // Feeders may be declared after what they feed: as many rounds as the chain is long.
        for _ in 0..units.names.len() {
            let mut any = false;
            for (n, node) in (0..).zip(&self.power.nodes) {
                for &feeder in &node.fed_by {
                    any |= all.raise(units.node(feeder), units.node(PowerNode(n)));
                }
            }
            if !any {
                break;
            }
        }
        for (n, node) in (0..).zip(&self.power.nodes) {
            let together = node.component.kind == ComponentKind::GeneratorBus;
            for (k, &feeder) in node.fed_by.iter().enumerate() {
                let role = if k == 0 || together { "normal" } else { "standby" };
                all.edge(units.node(feeder), units.node(PowerNode(n)), "power", role.to_owned());
            }
        }
        for (index, rack) in self.racks.iter().enumerate() {
            let Some(load) = rack.load else { continue };
            let load = &self.power.loads[load.0 as usize];
            for (k, &cord) in load.cords.iter().enumerate() {
                let role = match (load.sharing, k) {
                    (Sharing::Even, k) if load.cords.len() > 1 => {
                        format!("cord-{}", char::from(b'a' + (k % 26) as u8))
                    }
                    (_, 0) => "normal".to_owned(),
                    _ => "standby".to_owned(),
                };
                all.raise(units.node(cord), units.rack(index));
                all.edge(units.node(cord), units.rack(index), "power", role);
            }
        }
        let machines = |index: usize, loads: &[Option<crate::plant::power::PowerLoad>]| {
            let cords = loads.iter().flatten().flat_map(|load| {
                let cords = &self.power.loads[load.0 as usize].cords;
                cords.iter().enumerate().map(|(k, &cord)| (cord, k))
            });
            let mut cords: Vec<(PowerNode, usize)> = cords.collect();
            cords.sort_unstable();
            cords.dedup_by_key(|(cord, _)| *cord);
            (index, cords)
        };
        let loops = self.loops.iter().enumerate().map(|(index, site)| {
            machines(units.cooling(index), &[site.fans, site.pumps, site.chillers])
        });
        let exchangers = self
            .exchangers
            .iter()
            .enumerate()
            .map(|(index, site)| machines(units.exchanger(index), &[site.movers]));
        for (unit, cords) in loops.chain(exchangers) {
            for (cord, k) in cords {
                let role = if k == 0 { "normal" } else { "standby" };
                all.edge(units.node(cord), unit, "power", role.to_owned());
            }
        }
        for house in &self.house {
            for (k, &cord) in self.power.loads[house.load.0 as usize].cords.iter().enumerate() {
                let role = if k == 0 { "normal" } else { "standby" };
                let from = units.of(units.node(cord));
                let edge = GraphEdge {
                    from: units.names[from.0].clone(),
                    from_unit: from.1,
                    to: house.name.clone(),
                    to_units: (0, 0),
                    kind: "power",
                    role: role.to_owned(),
                };
                push(&mut all.edges, edge);
            }
        }
    }

    fn draw_heat(&self, all: &mut Drawing<'_>) {
        let units = all.units;
        let mut edges: Vec<(usize, usize)> = Vec::new();
        for (index, rack) in self.racks.iter().enumerate() {
            let coolers = rack.cooled_by.into_iter().chain(rack.air_cooled_by.map(|(at, _)| at));
            edges.extend(coolers.map(|at| (units.rack(index), units.exchanger(at))));
        }
        for (index, site) in self.exchangers.iter().enumerate() {
            if site.design.is_some() {
                edges.push((units.exchanger(index), units.taker(site)));
            }
        }
        for &(from, to) in &edges {
            all.raise(from, to);
        }
        for (from, to) in edges {
            all.edge(from, to, "heat", "normal".to_owned());
        }
    }
}

/// The key of what brings water.
const WATER_MAIN: &str = "water";

struct Drawing<'u> {
    units: &'u Units,
    stages: Vec<u32>,
    edges: Vec<GraphEdge>,
}

impl Drawing<'_> {
    /// Puts what `to` belongs to behind what `from` does; whether that moved it.
    fn raise(&mut self, from: usize, to: usize) -> bool {
        let ((from, _), (to, _)) = (self.units.of(from), self.units.of(to));
        let behind = self.stages[from] + 1;
        // A group that feeds another of its own units would climb for ever.
        let moves = from != to && self.stages[to] < behind;
        if moves {
            self.stages[to] = behind;
        }
        moves
    }

    fn edge(&mut self, from: usize, to: usize, kind: &'static str, role: String) {
        let ((from, from_unit), (to, unit)) = (self.units.of(from), self.units.of(to));
        let name = |group: usize| self.units.names[group].clone();
        let (from, to) = (name(from), name(to));
        push(
            &mut self.edges,
            GraphEdge { from, from_unit, to, to_units: (unit, unit), kind, role },
        );
    }
}

/// How many of the last edges are looked at for one that goes on: as many as a unit has feeders.
const RECENT: usize = 8;

/// Adds an edge: to the end of the run of units that it goes on, where there is one.
fn push(edges: &mut Vec<GraphEdge>, edge: GraphEdge) {
    let goes_on = |other: &&mut GraphEdge| {
        (&other.from, other.from_unit, &other.to, other.kind, &other.role)
            == (&edge.from, edge.from_unit, &edge.to, edge.kind, &edge.role)
            && other.to_units.1 + 1 == edge.to_units.0
    };
    match edges.iter_mut().rev().take(RECENT).find(goes_on) {
        Some(other) => other.to_units.1 = edge.to_units.1,
        None => edges.push(edge),
    }
}
