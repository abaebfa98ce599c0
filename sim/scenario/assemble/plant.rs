//! Power and cooling: components to nodes, loads and loops, names to indices.

use super::super::connect::{Index, connect};
use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::super::names::Component;
use super::super::place::Place;
use crate::facility::{ExchangerSite, HouseLoad, LoopSite};
use crate::kernel::FailureLaw;
use crate::plant::cooling::{
    CoolingPart, CoolingSpec, ExchangerOperation, LoopDesign, LoopOperation, Machine,
    UnsizedExchanger,
};
use crate::plant::power::sequence::{MachineDesign, Ride};
use crate::plant::power::{
    ComponentDesign, ComponentKind, LoadDesign, LossCurve, NetworkPart, NodeDesign, PowerDesign,
    PowerLoad, PowerNode, PowerPart, PowerSpec, Sharing,
};
use crate::site::{Concern, Medium, NodeId, Role, Site, SiteBuilder, SiteFault};
use crate::spec::{Fault, Mark, Name, Names, Severity};
use crate::units::Power;

/// Stands for a component of the power chain that cannot be read.
const UNREADABLE: ComponentDesign = ComponentDesign {
    kind: ComponentKind::Switchgear,
    rating_w: f64::INFINITY,
    reverse_w: f64::INFINITY,
    loss: LossCurve::NONE,
    failures: FailureLaw::NEVER,
    machine: MachineDesign::None,
};

/// What feeds a site without a power chain: never short, never down, without loss.
const IDEAL_BUS: ComponentDesign =
    ComponentDesign { kind: ComponentKind::Feed, reverse_w: 0.0, ..UNREADABLE };

/// The name of [`IDEAL_BUS`] in reports.
const IDEAL_BUS_NAME: &str = "ideal-bus";

/// The plant under construction.
#[derive(Debug, Default)]
pub(super) struct Plant {
    pub(super) power: PowerDesign,
    /// Declaring component of each power node.
    pub(super) power_groups: Vec<String>,
    pub(super) house: Vec<HouseLoad>,
    pub(super) loops: Vec<LoopSite>,
    pub(super) exchangers: Vec<ExchangerSite>,
    pub(super) site: SiteBuilder,
    /// What feeds whatever says nothing of it, where there is no power chain.
    ideal_bus: Option<Names>,
    pub(super) power_index: Index<PowerNode>,
    loop_index: Index<usize>,
    /// Air handlers, as indices into `exchangers`.
    handler_index: Index<usize>,
    /// What racks can be cooled by, as indices into `exchangers`: these and the loops.
    pub(super) cooler_index: Index<usize>,
    /// Node of the site graph of each power node and loop, and of what is behind each exchanger.
    power_sites: Vec<NodeId>,
    loop_sites: Vec<NodeId>,
    cooler_sites: Vec<NodeId>,
    /// Where each exchanger was declared; nowhere for what stands for a loop.
    exchanger_marks: Vec<Mark>,
    /// Where each node of the site graph was declared.
    declared: Vec<Mark>,
    /// A component could not be read, so that indices and graph have holes.
    pub(super) broken: bool,
}

impl Plant {
    /// Adds the section `power`.
    ///
    /// All names are taken in before any is looked up: components may refer forward.
    pub(super) fn add_power(&mut self, section: &Place<'_>, sink: &mut Diagnostics) {
        let mut supplies: Vec<(Component<'_>, PowerSpec, Vec<PowerNode>)> = Vec::new();
        let mut houses: Vec<(Component<'_>, Names, f64)> = Vec::new();
        for component in section.components(sink) {
            let Some(spec) = component.place.read::<PowerSpec>(sink) else {
                // Its names are known all the same: what refers to them is not wrong. A design
                // with an error is never run, so anything of its kind may stand in its place.
                let kind = component.kind().and_then(ComponentKind::named);
                let kind = kind.unwrap_or(UNREADABLE.kind);
                for name in &component.instances {
                    self.add_node(name, &component, ComponentDesign { kind, ..UNREADABLE });
                }
                self.broken = true;
                continue;
            };
            let mut faults = Vec::new();
            let part = spec.resolve(&mut faults);
            report(&component.place, faults, sink);
            match part {
                PowerPart::Supply(design) => {
                    let nodes = component
                        .instances
                        .iter()
                        .map(|name| self.add_node(name, &component, design))
                        .collect();
                    supplies.push((component, spec, nodes));
                }
                PowerPart::House { power_w } => {
                    let names = spec.fed_by().cloned().unwrap_or_default();
                    houses.push((component, names, power_w));
                }
            }
        }
        for (component, spec, nodes) in &supplies {
            let Some(names) = spec.fed_by() else { continue };
            let place = &component.place;
            let before = sink.errors();
            let mut feeders = self.feeders(names, spec.feeders_field(), nodes.len(), place, sink);
            if let Some(names) = spec.emergency() {
                let emergency = self.feeders(names, "emergency", nodes.len(), place, sink);
                for (feeders, emergency) in feeders.iter_mut().zip(emergency) {
                    feeders.extend(emergency);
                }
            }
            if sink.errors() == before {
                self.check_sources(spec, &feeders, place, sink);
            }
            for (node, feeders) in nodes.iter().zip(feeders) {
                self.feed(&feeders, self.power_sites[node.0 as usize]);
                self.power.nodes[node.0 as usize].fed_by = feeders;
            }
        }
        for (component, spec, nodes) in &supplies {
            if let Some(names) = spec.blocks() {
                self.add_blocks(names, nodes, &component.place, sink);
            }
        }
        self.check_sets(&supplies, sink);
        self.doubt_replacements(&supplies, sink);
        for (component, names, power_w) in houses {
            let count = component.instances.len();
            let feeders = self.feeders(&names, "fed_by", count, &component.place, sink);
            for (name, cords) in component.instances.iter().zip(feeders) {
                let site = self.site_node(name, Role::House, &component);
                let load = self.add_load(name, cords, Sharing::Preferred, Ride::House, site);
                self.house.push(HouseLoad { name: name.clone(), load, power_w });
            }
        }
    }

    /// Puts an ideal bus in place of a power chain, for the section `racks` or `cooling`.
    pub(super) fn add_ideal_bus(&mut self, root: &Place<'_>) {
        let bus = Component {
            name: Name::unplaced(IDEAL_BUS_NAME),
            instances: Vec::new(),
            place: root.clone(),
        };
        self.add_node_as(Role::IdealFeed, IDEAL_BUS_NAME, &bus, IDEAL_BUS);
        self.ideal_bus = Some(Names(vec![Name::unplaced(IDEAL_BUS_NAME)]));
    }

    /// What feeds a component that wrote `names`: an ideal bus where it wrote nothing and
    /// there is one.
    pub(super) fn fed_by<'n>(&'n self, names: Option<&'n Names>) -> Option<&'n Names> {
        names.or(self.ideal_bus.as_ref())
    }

    /// Adds the section `cooling`: all loops, then the exchangers on them.
    pub(super) fn add_cooling(&mut self, section: &Place<'_>, sink: &mut Diagnostics) {
        let mut exchangers = Vec::new();
        for component in section.components(sink) {
            let Some(mut spec) = component.place.read::<CoolingSpec>(sink) else {
                for name in &component.instances {
                    self.loop_index.insert(name.clone(), 0);
                    self.handler_index.insert(name.clone(), 0);
                    self.cooler_index.insert(name.clone(), 0);
                }
                self.broken = true;
                continue;
            };
            if let Some(bus) = &self.ideal_bus {
                spec.feed_by(bus);
            }
            let mut faults = Vec::new();
            let part = spec.resolve(&mut faults);
            report(&component.place, faults, sink);
            match part {
                CoolingPart::Loop(design) => {
                    let mut faults = Vec::new();
                    let operation = spec.operation(&design, &mut faults);
                    report(&component.place, faults, sink);
                    self.add_loop(&component, &spec, (design, operation), sink);
                }
                CoolingPart::Exchanger(design) => exchangers.push((component, spec, design)),
            }
        }
        // Those in a hall name its air handler.
        exchangers.sort_by_key(|(_, _, design)| design.heats_air());
        for (component, spec, design) in exchangers {
            self.add_exchanger(&component, &spec, &design, sink);
        }
    }

    fn add_loop(
        &mut self,
        component: &Component<'_>,
        spec: &CoolingSpec,
        (design, operation): (LoopDesign, LoopOperation),
        sink: &mut Diagnostics,
    ) {
        let count = component.instances.len();
        let mut of_machines = |machine| match spec.fed_by(machine) {
            Some((names, field)) => self.feeders(names, field, count, &component.place, sink),
            None => vec![Vec::new(); count],
        };
        let fans = of_machines(Machine::Fan);
        let pumps = of_machines(Machine::Pump);
        let chillers = of_machines(Machine::Chiller);
        let machines = fans.into_iter().zip(pumps).zip(chillers);
        for (name, ((fans, pumps), chillers)) in component.instances.iter().zip(machines) {
            // A loop stands still without its pumps and gets warm without its fans: what
            // stops it outright is where its pumps plug in, or its fans if it has no pumps.
            let has_pumps = !pumps.is_empty();
            let site = self.site_node(name, Role::HeatRejection, component);
            let other = if has_pumps && !fans.is_empty() {
                self.site_node(&format!("{name}/fans"), Role::House, component)
            } else {
                site
            };
            // Several feeders of a node stand in for one another, which those of pumps and of
            // chillers do not: the chillers have a node of their own.
            let compressors = if chillers.is_empty() {
                site
            } else {
                self.site_node(&format!("{name}/chillers"), Role::House, component)
            };
            let mut machine = |what, cords: Vec<PowerNode>, at| {
                let is_fed = !cords.is_empty();
                let name = format!("{name}/{what}");
                is_fed.then(|| self.add_load(&name, cords, Sharing::Preferred, Ride::DRIVE, at))
            };
            let fans = machine("fans", fans, other);
            let pumps = machine("pumps", pumps, site);
            let chillers = machine("chillers", chillers, compressors);
            let group_name = component.name.text.clone();
            let cooled_by = self.loops.len();
            self.loop_sites.push(site);
            self.loop_index.insert(name.clone(), cooled_by);
            self.loops.push(LoopSite {
                name: name.clone(),
                group_name: group_name.clone(),
                kind: spec.kind(),
                design,
                fans,
                pumps,
                chillers,
                operation: operation.clone(),
            });
            // Racks on the loop itself.
            let name = name.clone();
            self.add_cooler(
                ExchangerSite {
                    name,
                    group_name,
                    kind: spec.kind(),
                    cooled_by,
                    behind: None,
                    design: None,
                    movers: None,
                    operation: ExchangerOperation::default(),
                },
                site,
                Mark::default(),
            );
        }
    }

    fn add_exchanger(
        &mut self,
        component: &Component<'_>,
        spec: &CoolingSpec,
        design: &UnsizedExchanger,
        sink: &mut Diagnostics,
    ) {
        let (place, count) = (&component.place, component.instances.len());
        let before = sink.errors();
        let names = spec.cooled_by().cloned().unwrap_or_default();
        if names.0.is_empty() {
            let fault = Fault::error("cooled_by", "nothing takes the heat of this exchanger");
            let taker = if design.heats_air() { "an air handler" } else { "a loop" };
            place.fault(fault.help(format!("name {taker} of `cooling`")), sink);
        }
        let (what, index, alone) = match design.heats_air() {
            true => (
                "an air handler of `cooling`",
                &self.handler_index,
                "its heat goes to the air of one hall",
            ),
            false => ("a loop of `cooling`", &self.loop_index, "an exchanger is on one loop"),
        };
        let cooled_by = connect(&names, ("cooled_by", what), count, index, place, sink);
        if cooled_by.iter().any(|takers| takers.len() > 1) {
            let fault = Fault::error("cooled_by", alone)
                .help("name one, or a group with at most as many of them as exchangers");
            place.fault(fault, sink);
        }
        let movers = if spec.has(Machine::Pump) { Machine::Pump } else { Machine::Fan };
        let mut cords = match spec.fed_by(movers) {
            Some((names, field)) => self.feeders(names, field, count, place, sink),
            None => vec![Vec::new(); count],
        };
        if sink.errors() > before || self.loops.is_empty() {
            for name in &component.instances {
                self.handler_index.insert(name.clone(), 0);
                self.cooler_index.insert(name.clone(), 0);
            }
            self.broken = true;
            return;
        }
        // Alike instances are wrong alike: say it once for all of them.
        let mut faults = Vec::new();
        for (index, name) in component.instances.iter().enumerate() {
            let taker = cooled_by[index][0];
            let mut own = Vec::new();
            let (cooled_by, behind, design) = match design.heats_air() {
                true => (self.exchangers[taker].cooled_by, Some(taker), design.in_hall(&mut own)),
                false => (taker, None, design.on(&self.loops[taker].design, &mut own)),
            };
            let operation = spec.exchanger_operation(design.movers, &mut own);
            let hall = behind.and_then(|hall| self.exchangers[hall].design.as_ref());
            if hall.is_some_and(|hall| hall.outside_air.is_some()) {
                let message = "lets outdoor air in (`outside_air`), which is not followed where \
                               another source than racks warms the hall";
                let fault = Fault::error("cooled_by", message);
                own.push(fault.help("name an air handler without `outside_air`"));
            }
            own.retain(|fault| !faults.contains(fault));
            faults.extend(own);
            let site = self.site_node(name, Role::Loop, component);
            if !self.broken {
                let from = behind.map_or(self.loop_sites[cooled_by], |x| self.cooler_sites[x]);
                self.site.cooling(from, site);
            }
            let cords = std::mem::take(&mut cords[index]);
            let load = format!("{name}/{}s", movers.name());
            let movers = self.add_load(&load, cords, Sharing::Preferred, Ride::DRIVE, site);
            let exchanger = ExchangerSite {
                name: name.clone(),
                group_name: component.name.text.clone(),
                kind: spec.kind(),
                cooled_by,
                behind,
                design: Some(design),
                movers: Some(movers),
                operation,
            };
            if design.blows() {
                self.handler_index.insert(name.clone(), self.exchangers.len());
            }
            self.add_cooler(exchanger, site, place.key);
        }
        report(place, faults, sink);
    }

    fn add_cooler(&mut self, exchanger: ExchangerSite, site: NodeId, mark: Mark) {
        self.cooler_index.insert(exchanger.name.clone(), self.exchangers.len());
        self.exchangers.push(exchanger);
        self.cooler_sites.push(site);
        self.exchanger_marks.push(mark);
    }

    /// Warns of exchangers that are built for less than the racks behind them give at full
    /// power: `rated_w` by exchanger.
    pub(super) fn check_capacities(&self, rated_w: &[f64], sink: &mut Diagnostics) {
        let mut said: Vec<Mark> = Vec::new();
        let rated_w_of = rated_w;
        let exchangers = self.exchangers.iter().zip(&self.exchanger_marks).zip(rated_w);
        for (index, ((site, &mark), &rated_w)) in exchangers.enumerate() {
            let Some(design) = &site.design else { continue };
            let others = self.exchangers.iter().zip(rated_w_of);
            let in_hall = others.filter(|(other, _)| other.behind == Some(index));
            let rated_w = rated_w + in_hall.map(|(_, w)| w).sum::<f64>();
            if rated_w <= design.design_heat_w * 1.001 || said.contains(&mark) {
                continue;
            }
            said.push(mark);
            let message = format!(
                "`{}` is built for {} of heat, the racks behind it give up to {}",
                site.name,
                Power(design.design_heat_w),
                Power(rated_w),
            );
            sink.push(
                Diagnostic::warning(mark, message)
                    .code("doubtful")
                    .help("raise `design_heat`, or spread the racks over more exchangers"),
            );
        }
        for (index, site) in self.loops.iter().enumerate() {
            let on_it = self.exchangers.iter().zip(rated_w).filter(|(x, _)| x.cooled_by == index);
            let racks_w: f64 = on_it.map(|(_, w)| w).sum();
            let loop_w = site.design.design_heat_w();
            let mark = self.loop_mark(index);
            if racks_w > loop_w * 1.001 && !said.contains(&mark) {
                said.push(mark);
                let message = format!(
                    "`{}` is built for {} of heat, the racks on it give up to {}",
                    site.name,
                    Power(loop_w),
                    Power(racks_w),
                );
                sink.push(
                    Diagnostic::warning(mark, message)
                        .code("doubtful")
                        .help("raise `design_heat`, or spread the racks over more loops"),
                );
            }
            let on_it = |x: &&ExchangerSite| x.cooled_by == index && x.behind.is_none();
            let behind = self.exchangers.iter().filter(on_it);
            let built_w: f64 = behind.filter_map(|x| x.design).map(|x| x.design_heat_w).sum();
            // Units in reserve are usual: what counts is twice as much.
            if built_w > 2.0 * loop_w {
                if said.contains(&mark) {
                    continue;
                }
                said.push(mark);
                let message = format!(
                    "`{}` is built for {} of heat, the exchangers on it for {}",
                    site.name,
                    Power(loop_w),
                    Power(built_w),
                );
                sink.push(Diagnostic::warning(mark, message).code("doubtful"));
            }
        }
    }

    /// Where a loop was declared.
    pub(super) fn loop_mark(&self, index: usize) -> Mark {
        self.declared[self.loop_sites[index].0 as usize]
    }

    /// Where exchanger `index` was declared.
    pub(super) fn exchanger_mark(&self, index: usize) -> Mark {
        self.exchanger_marks[index]
    }

    /// What feeds each of `count` instances.
    pub(super) fn feeders(
        &mut self,
        names: &Names,
        field: &str,
        count: usize,
        place: &Place<'_>,
        sink: &mut Diagnostics,
    ) -> Vec<Vec<PowerNode>> {
        let before = sink.errors();
        let what = (field, "a part of `power` that feeds others");
        let feeders = connect(names, what, count, &self.power_index, place, sink);
        // What is fed by an unknown name is not fed by nothing.
        self.broken |= sink.errors() > before;
        feeders
    }

    /// Adds an electrical load behind `cords`, at the node `site` of the graph.
    pub(super) fn add_load(
        &mut self,
        name: &str,
        cords: Vec<PowerNode>,
        sharing: Sharing,
        ride: Ride,
        site: NodeId,
    ) -> PowerLoad {
        self.feed(&cords, site);
        self.power.loads.push(LoadDesign { name: name.to_owned(), cords, sharing, ride });
        PowerLoad(self.power.loads.len() as u32 - 1)
    }

    /// Connects a rack to the exchanger, or the loop, that cools it.
    pub(super) fn cool(&mut self, cooled_by: usize, rack: NodeId) {
        if !self.broken {
            self.site.cooling(self.cooler_sites[cooled_by], rack);
        }
    }

    /// Adds a node to the graph of the site, and remembers where it was declared.
    pub(super) fn site_node(&mut self, name: &str, role: Role, by: &Component<'_>) -> NodeId {
        self.declared.push(by.place.key);
        self.site.node(name, role)
    }

    /// Makes the graph and reports what is wrong with it. Of one that has holes, only circles:
    /// these are there whatever is missing.
    pub(super) fn close(self, sink: &mut Diagnostics) -> Option<Site> {
        let (declared, broken) = (self.declared, self.broken);
        let mut complain = |faults: &[SiteFault]| {
            // Alike instances of a component are wrong alike: say it once for all of them.
            let mut said: Vec<(Mark, Concern)> = Vec::new();
            for fault in faults {
                if broken && !matches!(fault.concern, Concern::Cycle(_)) {
                    continue;
                }
                let mark = declared[fault.nodes[0].0 as usize];
                if said.contains(&(mark, fault.concern)) {
                    continue;
                }
                said.push((mark, fault.concern));
                let mut diagnostic = match fault.concern.severity() {
                    Severity::Error => Diagnostic::error(mark, &fault.message).code("site"),
                    Severity::Warning => Diagnostic::warning(mark, &fault.message).code("site"),
                };
                for node in &fault.nodes[1..] {
                    let also = declared[node.0 as usize];
                    if also != mark {
                        diagnostic = diagnostic.note(also, "with this");
                    }
                }
                sink.push(diagnostic.help(match fault.concern {
                    Concern::Cycle(_) => "power and cooling lead one way, from a source to a rack",
                    Concern::WrongConnection(_) => "connect it to what can serve it",
                    Concern::Unserved(Medium::Power) => "add `fed_by`",
                    Concern::Unserved(Medium::Cooling) => "add `cooled_by`",
                    Concern::Repeated(_) => "leave one of the two out",
                    Concern::Unused(_) => "connect something to it, or leave it out",
                }));
            }
        };
        match self.site.build() {
            Ok(site) => {
                complain(site.warnings());
                Some(site)
            }
            Err(faults) => {
                complain(&faults);
                None
            }
        }
    }

    fn add_node(
        &mut self,
        name: &str,
        by: &Component<'_>,
        component: ComponentDesign,
    ) -> PowerNode {
        let role = match component.kind.part() {
            NetworkPart::Attached => Role::House,
            part if part.is_root() => Role::Feed,
            _ => Role::Supply,
        };
        self.add_node_as(role, name, by, component)
    }

    fn add_node_as(
        &mut self,
        role: Role,
        name: &str,
        by: &Component<'_>,
        component: ComponentDesign,
    ) -> PowerNode {
        let node = PowerNode(self.power.nodes.len() as u32);
        let site = self.site_node(name, role, by);
        self.power_sites.push(site);
        self.power_index.insert(name.to_owned(), node);
        self.power_groups.push(by.name.text.clone());
        self.power.nodes.push(NodeDesign {
            name: name.to_owned(),
            component,
            fed_by: Vec::new(),
            blocks: Vec::new(),
        });
        node
    }

    /// Says in the graph that any of `feeders` can feed `site`.
    fn feed(&mut self, feeders: &[PowerNode], site: NodeId) {
        for feeder in feeders {
            self.site.power(self.power_sites[feeder.0 as usize], site);
        }
    }
}

/// Shows what a room finds wrong with the component at `place`.
pub(super) fn report(place: &Place<'_>, faults: Vec<Fault>, sink: &mut Diagnostics) {
    for fault in faults {
        place.fault(fault, sink);
    }
}
