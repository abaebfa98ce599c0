//! All machines of a power chain on one clock.

use super::battery::Battery;
use super::bus::{Bus, Joins};
use super::design::MachineDesign;
use super::feed::Feed;
use super::genset::{Genset, GensetTally};
use super::ride::Load;
use super::state::{Change, State};
use super::supply::{BatteryTally, Drive, Supply};
use super::switch::{Side, StaticSwitch, SwitchTally, Transfer};
use super::timers::{Cx, Timers, Turn};
use super::ups::Ups;
use crate::kernel::{Span, Stream, Streams, Time};
use crate::plant::power::design::{PowerDesign, PowerLoad, PowerNode};
use crate::plant::power::upkeep::Upkeep;
use crate::plant::power::wiring::Wiring;

/// What a machine needs to act, as a borrow of some fields of [`Sequences`].
macro_rules! cx {
    ($all:expr, $owner:expr) => {{
        let owner: usize = $owner;
        let turn = match $all.machines.get(owner) {
            None => Turn::Load,
            Some(machine) => machine.turn(),
        };
        Cx {
            now: $all.now,
            owner: owner as u32,
            turn,
            timers: &mut $all.timers,
            log: &mut $all.log,
        }
    }};
}

/// The timer by which a set synchronises; the others are the set's own.
const SYNC: u8 = 4;
/// No instant takes more rounds than this: a signal goes up the chain once for each switch.
const ROUNDS: usize = 64;

/// The machines of a power chain, the voltages between them, and their timers.
#[derive(Debug, Clone)]
pub struct Sequences {
    wiring: Wiring,
    machines: Vec<Machine>,
    up: Vec<bool>,
    rating_w: Vec<f64>,
    /// Voltage at the output of each node, pu, and whether generators stand behind it.
    volts: Vec<f64>,
    on_generator: Vec<bool>,
    loads: Vec<Load>,
    /// The block of each edge, flat as the feeders of the wiring.
    edge_blocks: Vec<u8>,
    cord_blocks: Vec<u8>,
    /// By transfer switch: what it calls, and the bus that takes its blocks.
    callers: Vec<Caller>,
    /// Sets, and buses, in index order.
    sets: Vec<u32>,
    buses: Vec<u32>,
    /// By node: the battery system that holds it up when nothing else does; [`NOBODY`] for most.
    holder: Vec<u32>,
    /// What keeps several sets from starting at one call.
    starts: Vec<Start>,
    timers: Timers,
    log: Vec<Change>,
    now: Time,
    /// Whether anything is there that has states.
    active: bool,
}

/// No battery system.
const NOBODY: u32 = u32::MAX;
/// In no block: closed when all blocks are.
const NO_BLOCK: u8 = u8::MAX;

#[derive(Debug, Clone)]
enum Machine {
    None,
    Feed(Feed),
    Ups(Box<Ups>),
    Transfer(Box<Transfer>),
    StaticSwitch(Box<StaticSwitch>),
    Genset(Box<Genset>),
    Bus(Box<Bus>),
    Battery(Box<Battery>),
}

/// A switch, or a UPS that latches, that calls generators.
#[derive(Debug, Clone)]
struct Caller {
    node: u32,
    sets: Vec<u32>,
    bus: Option<u32>,
    /// Whether its blocks are enabled.
    enabled: bool,
    members: Vec<Vec<u32>>,
}

/// Something that keeps several sets from starting at one call.
#[derive(Debug, Clone)]
struct Start {
    members: Vec<u32>,
    /// Chance of it at a call.
    chance: f64,
    stream: Stream,
    /// The call that it was last drawn for, and what came of it.
    drawn: Option<(Time, bool)>,
}

/// Whom a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A component.
    Node(PowerNode),
    /// A load.
    Load(PowerLoad),
}

impl Sequences {
    /// The machines of `design` at the start: every source good, every battery full. Draws are
    /// from streams (`power-demand`, name) and (`power-sag`, name).
    pub fn new(design: &PowerDesign, streams: &Streams) -> Self {
        let wiring = Wiring::new(design);
        let nodes = design.nodes.len();
        let machines: Vec<Machine> =
            design.nodes.iter().map(|node| Machine::new(node, streams)).collect();
        let active = machines.iter().any(|machine| match machine {
            Machine::None => false,
            Machine::Feed(feed) => feed.sags(),
            _ => true,
        });
        let of = |wanted: fn(&Machine) -> bool| {
            let all = (0..).zip(&machines);
            all.filter(|(_, machine)| wanted(machine)).map(|(n, _)| n).collect::<Vec<u32>>()
        };
        let mut all = Self {
            up: vec![true; nodes],
            rating_w: design.nodes.iter().map(|node| node.component.rating_w).collect(),
            volts: vec![0.0; nodes],
            on_generator: vec![false; nodes],
            loads: design.loads.iter().map(|load| Load::new(load.ride)).collect(),
            edge_blocks: vec![NO_BLOCK; wiring.edges()],
            cord_blocks: vec![NO_BLOCK; wiring.cord_node.len()],
            callers: Vec::new(),
            sets: of(|machine| matches!(machine, Machine::Genset(_))),
            buses: of(|machine| matches!(machine, Machine::Bus(_))),
            holder: vec![NOBODY; nodes],
            starts: Vec::new(),
            timers: Timers::new(nodes + design.loads.len()),
            log: Vec::new(),
            now: Time::ZERO,
            active,
            machines,
            wiring,
        };
        all.find_callers(design);
        for n in 0..nodes {
            if matches!(&all.machines[n], Machine::Battery(battery) if battery.design.forms_grid) {
                let bus = all.wiring.feeders(n)[0] as usize;
                all.holder[bus] = n as u32;
            }
        }
        for n in 0..nodes {
            let (mut cx, machine) = (cx!(all, n), &mut all.machines[n]);
            match machine {
                Machine::Genset(set) => set.start(&mut cx),
                Machine::Feed(feed) => feed.arm(&mut cx),
                _ => {}
            }
        }
        all.propagate();
        all.log.clear();
        all
    }

    /// The same, with what the components of the chain share. What keeps several generators from
    /// starting is drawn once for all that are called at one instant, from the stream
    /// (`common-cause`, its name).
    pub fn with(design: &PowerDesign, upkeep: &Upkeep, streams: &Streams) -> Self {
        let mut all = Self::new(design, streams);
        for cause in &upkeep.starts {
            let mut sum = 0.0;
            for member in &cause.members {
                if let Machine::Genset(set) = &mut all.machines[member.0 as usize] {
                    sum += set.starts_alone(1.0 - cause.beta);
                }
            }
            all.starts.push(Start {
                members: cause.members.iter().map(|member| member.0).collect(),
                chance: cause.beta * sum / cause.members.len() as f64,
                stream: streams.stream("common-cause", &cause.name),
                drawn: None,
            });
        }
        let plan = &upkeep.plan;
        let crews = plan.crews.iter().map(|crew| &crew.members);
        for &member in crews.chain(plan.stocks.iter().map(|stock| &stock.members)).flatten() {
            if let Machine::Genset(set) = &mut all.machines[member as usize] {
                set.has_crew = true;
            }
        }
        all
    }

    /// Whether the chain has anything with states beside up and down: without, nothing here
    /// changes anything.
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// From now on loads hold and drives ride although nothing else has states: what is injected
    /// is followed like a sequence.
    pub fn activate(&mut self) {
        self.active = true;
    }

    /// Which sets each switch calls, and the blocks that it hands to their bus.
    fn find_callers(&mut self, design: &PowerDesign) {
        for (n, node) in design.nodes.iter().enumerate() {
            let source = match &self.machines[n] {
                Machine::Transfer(_) => self.wiring.feeders(n)[1],
                _ => continue,
            };
            let (mut sets, mut bus) = (Vec::new(), None);
            self.find_sets(source, &mut sets, &mut bus);
            let mut members = Vec::new();
            for (number, block) in (0u8..).zip(&node.blocks) {
                for child in block {
                    let c = child.0 as usize;
                    let edges = self.wiring.edges_of(c);
                    for edge in edges {
                        if self.wiring.feeder(edge) == n as u32 {
                            self.edge_blocks[edge] = number;
                        }
                    }
                }
                members.push(block.iter().map(|child| child.0).collect());
                if let Some(Machine::Bus(bus)) =
                    bus.map(|bus: u32| &mut self.machines[bus as usize])
                {
                    bus.add_block(n as u32, number);
                }
            }
            let caller = Caller { node: n as u32, sets, bus, enabled: false, members };
            self.callers.push(caller);
        }
    }

    /// The sets that stand behind `node`, and the first bus of them.
    fn find_sets(&self, node: u32, sets: &mut Vec<u32>, bus: &mut Option<u32>) {
        match &self.machines[node as usize] {
            Machine::Genset(_) => {
                if !sets.contains(&node) {
                    sets.push(node);
                }
            }
            machine => {
                if matches!(machine, Machine::Bus(_)) {
                    bus.get_or_insert(node);
                }
                for &feeder in self.wiring.feeders(node as usize) {
                    self.find_sets(feeder, sets, bus);
                }
            }
        }
    }

    /// The instant of the next timer; [`Time::MAX`] where none runs.
    pub fn next_at(&self) -> Time {
        self.timers.next_at()
    }

    /// Lets all timers up to and including `now` run out, each followed through the chain before
    /// the next. Returns whether any did.
    pub fn advance(&mut self, now: Time) -> bool {
        let mut any = false;
        while let Some((at, owner, slot)) = self.timers.pop(now) {
            any = true;
            self.now = at;
            self.expire(owner as usize, slot);
            self.propagate();
        }
        self.now = now;
        any
    }

    /// Takes a component out of service or puts it back.
    pub fn set_up(&mut self, now: Time, node: PowerNode, up: bool) {
        self.now = now;
        let n = node.0 as usize;
        if self.up[n] == up {
            return;
        }
        self.up[n] = up;
        let (mut cx, machine) = (cx!(self, n), &mut self.machines[n]);
        match machine {
            Machine::Ups(ups) => ups.set_up(&mut cx, up),
            Machine::Genset(set) if up => set.mend(&mut cx),
            Machine::Genset(set) => set.break_down(&mut cx),
            Machine::Battery(battery) => battery.set_up(&mut cx, up),
            _ => {}
        }
        self.propagate();
    }

    /// The cells of a battery system give and take so much from now on, W, between these energies,
    /// J; one that holds up its bus gives all that it has.
    pub fn set_cells(
        &mut self,
        now: Time,
        node: PowerNode,
        cells_w: (f64, f64),
        bounds_j: (f64, f64),
    ) {
        self.now = now;
        let n = node.0 as usize;
        let (mut cx, machine) = (cx!(self, n), &mut self.machines[n]);
        if let Machine::Battery(battery) = machine {
            let design = &battery.design;
            let own = (design.least_j, design.most_j);
            battery.set(&mut cx, cells_w, if battery.is_holding() { own } else { bounds_j });
        }
    }

    /// Battery systems that can hold up their bus, their bus, and the most that they give to it while
    /// they do, W.
    pub fn holders(&self) -> impl Iterator<Item = (PowerNode, PowerNode, Option<f64>)> {
        let holders = (0u32..).zip(&self.holder).filter(|(_, holder)| **holder != NOBODY);
        holders.filter_map(|(bus, &holder)| match &self.machines[holder as usize] {
            Machine::Battery(battery) => {
                let most_w = battery.is_holding().then_some(battery.design.power_w);
                Some((PowerNode(holder), PowerNode(bus), most_w))
            }
            _ => None,
        })
    }

    /// The voltage of a feed falls to `residual`, pu, for `lasts`; a sag within a sag counts as
    /// the deeper one until the later end.
    pub fn sag(&mut self, now: Time, feed: PowerNode, residual: f64, lasts: Span) {
        self.now = now;
        let n = feed.0 as usize;
        let (mut cx, machine) = (cx!(self, n), &mut self.machines[n]);
        if let Machine::Feed(feed) = machine {
            feed.sag(&mut cx, residual, lasts);
        }
        self.propagate();
    }

    /// The next call of a generator is answered by its crank number `fires_at`, or by none.
    pub fn inject_firing(&mut self, set: PowerNode, fires_at: Option<u8>) {
        if let Machine::Genset(set) = &mut self.machines[set.0 as usize] {
            set.injected = Some(fires_at);
        }
    }

    /// A component puts out `w` watts from now on: batteries and tanks follow.
    pub fn set_load(&mut self, now: Time, node: PowerNode, w: f64) {
        self.now = now;
        let n = node.0 as usize;
        let (mut cx, machine) = (cx!(self, n), &mut self.machines[n]);
        match machine {
            Machine::Ups(ups) => ups.set_load(&mut cx, w),
            Machine::Genset(set) => set.set_load(&mut cx, w),
            Machine::Bus(bus) => {
                let rating_w = bus.rating_w;
                for at in 0..self.wiring.feeders(n).len() {
                    let set = self.wiring.feeders(n)[at];
                    let on = matches!(&self.machines[n], Machine::Bus(bus) if bus.is_on(at as u32));
                    let part = self.rating_w[set as usize] / rating_w;
                    let set_w = if on { w * part } else { 0.0 };
                    let (mut cx, machine) =
                        (cx!(self, set as usize), &mut self.machines[set as usize]);
                    if let Machine::Genset(set) = machine {
                        set.set_load(&mut cx, set_w);
                    }
                }
            }
            _ => {}
        }
    }

    /// Output of a generator, W; zero for anything else.
    pub fn output_w(&self, set: PowerNode) -> f64 {
        match &self.machines[set.0 as usize] {
            Machine::Genset(set) => set.load_w,
            _ => 0.0,
        }
    }

    /// Calls `f` with each block of a switch that generators take step by step: the switch, the
    /// number of the block and its members.
    pub fn blocks(&self) -> impl Iterator<Item = (PowerNode, u8, &[u32])> {
        self.callers.iter().flat_map(|caller| {
            let numbered = (0u8..).zip(&caller.members);
            numbered.map(|(number, members)| (PowerNode(caller.node), number, &members[..]))
        })
    }

    /// Block `number` of `switch` takes `w` watts where it is closed.
    pub fn set_block(&mut self, now: Time, switch: PowerNode, number: u8, w: f64) {
        self.now = now;
        let Some(bus) = self.callers.iter().find(|caller| caller.node == switch.0) else { return };
        let Some(n) = bus.bus.map(|bus| bus as usize) else { return };
        let (mut cx, machine) = (cx!(self, n), &mut self.machines[n]);
        if let Machine::Bus(bus) = machine {
            let mut blocks = bus.blocks.iter_mut();
            let block = blocks.find(|block| block.switch == switch.0 && block.number == number);
            let block = block.expect("a block of a switch is on its bus");
            if block.w != w {
                block.w = w;
                bus.look(&mut cx);
            }
        }
    }

    /// Hands over what has changed since the last call, in order.
    pub fn drain(&mut self, mut f: impl FnMut(Time, Subject, State)) {
        let nodes = self.machines.len() as u32;
        for change in self.log.drain(..) {
            let subject = if change.owner < nodes {
                Subject::Node(PowerNode(change.owner))
            } else {
                Subject::Load(PowerLoad(change.owner - nodes))
            };
            f(change.at, subject, change.state);
        }
    }

    /// How a component is supplied now.
    pub fn supply(&self, node: PowerNode) -> Supply {
        let n = node.0 as usize;
        let plain = Supply::PLAIN;
        let from = |side: Side, moving: bool| {
            let drive = if self.up[n] && !moving { Drive::From(side as u32) } else { Drive::Dead };
            Supply { drive, ..plain }
        };
        let own =
            |live: bool| Supply { drive: if live { Drive::Own } else { Drive::Dead }, ..plain };
        match &self.machines[n] {
            Machine::None | Machine::Battery(_) => plain,
            Machine::Feed(_) => own(self.up[n]),
            Machine::Ups(ups) => ups.supply(self.now),
            Machine::Transfer(switch) => from(switch.side, switch.moving),
            Machine::StaticSwitch(switch) => from(switch.side, switch.moving),
            // A set on a bus gives through it.
            Machine::Genset(set) => own(set.is_turning() && !self.is_on_a_bus(node)),
            Machine::Bus(bus) => Supply { limit_w: Some(bus.rating_w), ..own(self.volts[n] > 0.0) },
        }
    }

    /// Whether a component has a machine that says how it is supplied.
    pub fn has_machine(&self, node: PowerNode) -> bool {
        let machine = &self.machines[node.0 as usize];
        !matches!(machine, Machine::None | Machine::Feed(_) | Machine::Battery(_))
    }

    fn is_on_a_bus(&self, set: PowerNode) -> bool {
        self.buses.iter().any(|&bus| self.wiring.feeders(bus as usize).contains(&set.0))
    }

    /// Whether the edge `at`, flat among all feeders, is open: a block that is not closed.
    pub(in crate::plant::power) fn is_edge_open(&self, at: usize) -> bool {
        self.is_open(self.wiring.feeder(at), self.edge_blocks[at])
    }

    /// The same for a cord.
    pub(in crate::plant::power) fn is_cord_open(&self, at: usize) -> bool {
        self.is_open(self.wiring.cord_node[at], self.cord_blocks[at])
    }

    fn is_open(&self, feeder: u32, block: u8) -> bool {
        let Machine::Transfer(switch) = &self.machines[feeder as usize] else { return false };
        if !switch.blocked || switch.side == Side::Normal {
            return false;
        }
        let caller = self.callers.iter().find(|caller| caller.node == feeder);
        let caller = caller.expect("a switch with blocks has a bus");
        let Some(Machine::Bus(bus)) = caller.bus.map(|bus| &self.machines[bus as usize]) else {
            return false;
        };
        let blocks = 0..caller.members.len() as u8;
        match block {
            NO_BLOCK => !blocks.into_iter().all(|number| bus.is_closed(feeder, number)),
            number => !bus.is_closed(feeder, number),
        }
    }

    /// The state of a machine, for tests and tables; none for a component without.
    pub fn state(&self, node: PowerNode) -> Option<State> {
        let n = node.0 as usize;
        let switch = |side: Side, moving: bool| match (moving, side) {
            (true, _) => State::Open,
            (false, Side::Normal) => State::OnNormal,
            (false, Side::Emergency) => State::OnEmergency,
        };
        Some(match &self.machines[n] {
            Machine::None => return None,
            Machine::Feed(_) if !self.up[n] => State::Failed,
            Machine::Feed(feed) if feed.residual < 1.0 => State::Sag,
            Machine::Feed(_) => State::Normal,
            Machine::Ups(ups) => ups.state,
            Machine::Battery(battery) => battery.state,
            Machine::Transfer(it) => switch(it.side, it.moving),
            Machine::StaticSwitch(it) => switch(it.side, it.moving),
            Machine::Genset(set) => set.state,
            Machine::Bus(_) if self.volts[n] > 0.0 => State::OnBus,
            Machine::Bus(_) => State::Off,
        })
    }

    /// What a load is doing.
    pub fn load_state(&self, load: PowerLoad) -> State {
        self.loads[load.0 as usize].state
    }

    /// The voltage at the output of a component, pu.
    pub fn voltage(&self, node: PowerNode) -> f64 {
        self.volts[node.0 as usize]
    }

    /// Whether generators stand behind a component just now.
    pub fn is_on_generator(&self, node: PowerNode) -> bool {
        self.on_generator[node.0 as usize]
    }

    /// The battery of a UPS, or a battery system, at `now`.
    pub fn battery(&self, node: PowerNode, now: Time) -> Option<BatteryTally> {
        match &self.machines[node.0 as usize] {
            Machine::Ups(ups) => Some(ups.tally(now)),
            Machine::Battery(battery) => Some(battery.tally(now)),
            _ => None,
        }
    }

    /// What a generator has done up to `now`.
    pub fn genset(&self, node: PowerNode, now: Time) -> Option<GensetTally> {
        match &self.machines[node.0 as usize] {
            Machine::Genset(set) => {
                let mut set = set.clone();
                set.settle(now);
                Some(set.tally)
            }
            _ => None,
        }
    }

    /// What a switch has done.
    pub fn switch(&self, node: PowerNode) -> Option<SwitchTally> {
        match &self.machines[node.0 as usize] {
            Machine::Transfer(switch) => Some(switch.tally),
            Machine::StaticSwitch(switch) => Some(switch.tally),
            _ => None,
        }
    }

    /// What a UPS would draw at its input at a load of `load_w` just now, as a part of what it
    /// would draw online: the walk-in.
    pub fn share(&self, node: PowerNode) -> f64 {
        match &self.machines[node.0 as usize] {
            Machine::Ups(ups) => ups.share(self.now),
            _ => 1.0,
        }
    }

    fn expire(&mut self, owner: usize, slot: u8) {
        let nodes = self.machines.len();
        let mut cx = cx!(self, owner);
        if owner >= nodes {
            return self.loads[owner - nodes].expire(&mut cx);
        }
        match &mut self.machines[owner] {
            Machine::None => unreachable!("what has no machine has no timer"),
            Machine::Feed(feed) => feed.expire(&mut cx, slot),
            Machine::Ups(ups) => ups.expire(&mut cx, slot),
            Machine::Transfer(switch) => switch.expire(&mut cx),
            Machine::StaticSwitch(_) => {
                let free = self.is_reserve_free(owner);
                let mut cx = cx!(self, owner);
                if let Machine::StaticSwitch(switch) = &mut self.machines[owner] {
                    switch.expire(&mut cx, free);
                }
            }
            Machine::Genset(_) if slot == SYNC => self.close_on_bus(owner as u32),
            Machine::Genset(set) => set.expire(&mut cx, slot),
            Machine::Bus(bus) => bus.expire(&mut cx, slot),
            Machine::Battery(battery) => battery.expire(&mut cx, slot),
        }
    }

    /// A set has synchronised with its bus.
    fn close_on_bus(&mut self, set: u32) {
        for at in 0..self.buses.len() {
            let bus = self.buses[at] as usize;
            let place = self.wiring.feeders(bus).iter().position(|&feeder| feeder == set);
            let Some(place) = place else { continue };
            if let Machine::Bus(bus) = &mut self.machines[bus]
                && bus.synchronised(place as u32)
            {
                cx!(self, set as usize).note(State::OnBus);
            }
        }
    }

    /// Whether nobody else is on the alternate source of a static switch, or may be.
    fn is_reserve_free(&self, switch: usize) -> bool {
        let Machine::StaticSwitch(own) = &self.machines[switch] else { return true };
        let reserve = self.wiring.feeders(switch)[1];
        !own.first_come()
            || !self.machines.iter().enumerate().any(|(n, machine)| {
                n != switch
                    && matches!(machine, Machine::StaticSwitch(other)
                        if other.side == Side::Emergency || other.moving)
                    && self.wiring.feeders(n)[1] == reserve
            })
    }

    /// Follows what has changed through the chain, from the sources down, until nothing more is
    /// called for.
    fn propagate(&mut self) {
        for _ in 0..ROUNDS {
            for at in 0..self.wiring.topological.len() {
                let n = self.wiring.topological[at] as usize;
                self.energise(n);
            }
            if !self.call_sets() {
                self.tell_loads();
                return;
            }
        }
        panic!("the machines of a power chain come to rest within an instant");
    }

    /// The voltage on the edge from feeder number `k` of node `n`, and whether generators stand
    /// behind it.
    fn edge(&self, n: usize, k: usize) -> (f64, bool) {
        let at = self.wiring.edges_of(n).start + k;
        let feeder = self.wiring.feeder(at) as usize;
        if self.is_edge_open(at) {
            (0.0, false)
        } else {
            (self.volts[feeder], self.on_generator[feeder])
        }
    }

    /// The first live feeder of a node.
    fn input(&self, n: usize) -> (f64, bool) {
        let edges = (0..self.wiring.feeders(n).len()).map(|k| self.edge(n, k));
        edges.into_iter().find(|(v, _)| *v > 0.0).unwrap_or((0.0, false))
    }

    fn energise(&mut self, n: usize) {
        let up = self.up[n];
        let (v, generated) = match &self.machines[n] {
            Machine::None if self.holder[n] != NOBODY => {
                let (v, generated) = self.input(n);
                let holder = self.holder[n] as usize;
                let mut cx = cx!(self, holder);
                let Machine::Battery(battery) = &mut self.machines[holder] else { return };
                battery.look(&mut cx, v);
                match (up, battery.is_holding()) {
                    (false, _) => (0.0, false),
                    (true, true) => (1.0, false),
                    (true, false) => (v, generated),
                }
            }
            Machine::None => {
                if up {
                    self.input(n)
                } else {
                    (0.0, false)
                }
            }
            // Nothing hangs on it.
            Machine::Battery(_) => (0.0, false),
            Machine::Feed(feed) => (if up { feed.residual } else { 0.0 }, false),
            Machine::Ups(_) => {
                let (v, generated) = self.input(n);
                let mut cx = cx!(self, n);
                let Machine::Ups(ups) = &mut self.machines[n] else { return };
                ups.look(&mut cx, v, generated);
                (ups.output_v(), generated)
            }
            Machine::Transfer(_) | Machine::StaticSwitch(_) => self.switch_over(n),
            Machine::Genset(set) => {
                let turning = set.is_turning();
                (if turning { 1.0 } else { 0.0 }, turning)
            }
            Machine::Bus(_) => self.join(n),
        };
        self.volts[n] = v;
        self.on_generator[n] = generated;
    }

    fn switch_over(&mut self, n: usize) -> (f64, bool) {
        let sources = [self.edge(n, 0), self.edge(n, 1)];
        let mut cx = cx!(self, n);
        let (side, moving) = match &mut self.machines[n] {
            Machine::Transfer(switch) => {
                switch.look(&mut cx, sources.map(|(v, _)| v));
                (switch.side, switch.moving)
            }
            Machine::StaticSwitch(switch) => {
                switch.look(&mut cx, sources.map(|(v, _)| v));
                (switch.side, switch.moving)
            }
            _ => return (0.0, false),
        };
        self.hand_blocks(n, side == Side::Emergency && !moving);
        if self.up[n] && !moving { sources[side as usize] } else { (0.0, false) }
    }

    /// Lets the bus take the blocks of switch `n`, or let them go.
    fn hand_blocks(&mut self, n: usize, enabled: bool) {
        let Some(caller) = self.callers.iter_mut().find(|caller| caller.node == n as u32) else {
            return;
        };
        if caller.enabled == enabled || caller.members.is_empty() {
            return;
        }
        caller.enabled = enabled;
        let Some(bus) = caller.bus.map(|bus| bus as usize) else { return };
        let mut cx = cx!(self, bus);
        if let Machine::Bus(bus) = &mut self.machines[bus] {
            bus.enable(&mut cx, n as u32, enabled);
        }
    }

    /// Sets join or leave the bus `n`.
    fn join(&mut self, n: usize) -> (f64, bool) {
        let mut rating_w = 0.0;
        for k in 0..self.wiring.feeders(n).len() {
            let set = self.wiring.feeders(n)[k] as usize;
            let available =
                matches!(&self.machines[set], Machine::Genset(set) if set.is_available());
            let Machine::Bus(bus) = &mut self.machines[n] else { return (0.0, false) };
            let sync = bus.design().sync;
            match bus.set_available(k as u32, available) {
                Some(Joins::Now) => cx!(self, set).note(State::OnBus),
                // What runs at the start of the run is on its bus.
                Some(Joins::AfterSync) if self.now == Time::ZERO => {
                    bus.synchronised(k as u32);
                }
                Some(Joins::AfterSync) => cx!(self, set).after(SYNC, sync),
                None if !available => cx!(self, set).cancel(SYNC),
                None => {}
            }
            if matches!(&self.machines[n], Machine::Bus(bus) if bus.is_on(k as u32)) {
                rating_w += self.rating_w[set];
            }
        }
        let up = self.up[n];
        let mut cx = cx!(self, n);
        let Machine::Bus(bus) = &mut self.machines[n] else { return (0.0, false) };
        bus.rating_w = rating_w;
        bus.look(&mut cx);
        let live = up && bus.is_live();
        (if live { 1.0 } else { 0.0 }, live)
    }

    /// Signals to the sets; whether one of them has changed what it does.
    fn call_sets(&mut self) -> bool {
        let mut any = false;
        for at in 0..self.sets.len() {
            let set = self.sets[at];
            let mut callers = self.callers.iter().filter(|caller| caller.sets.contains(&set));
            if callers.clone().next().is_none() {
                continue;
            }
            let called = callers.any(|caller| self.calls(caller));
            let n = set as usize;
            if called {
                self.draw_start(set);
            }
            let mut cx = cx!(self, n);
            if let Machine::Genset(set) = &mut self.machines[n] {
                let before = set.state;
                set.call(&mut cx, called);
                any |= set.state != before;
            }
        }
        any | self.free_reserves()
    }

    /// Whether a set that is about to crank is kept from it, with others.
    fn draw_start(&mut self, n: u32) {
        let now = self.now;
        let Machine::Genset(set) = &mut self.machines[n as usize] else { return };
        if !set.would_crank() {
            return;
        }
        for cause in self.starts.iter_mut().filter(|cause| cause.members.contains(&n)) {
            if cause.drawn.is_none_or(|(at, _)| at != now) {
                cause.drawn = Some((now, cause.stream.chance(cause.chance)));
            }
            set.struck = cause.drawn.is_some_and(|(_, struck)| struck);
        }
    }

    /// Whether a switch asks for its generators: by itself, or for a UPS behind it that has
    /// latched.
    fn calls(&self, caller: &Caller) -> bool {
        let own = matches!(&self.machines[caller.node as usize],
            Machine::Transfer(switch) if switch.called);
        own || self.machines.iter().enumerate().any(|(n, machine)| {
            matches!(machine, Machine::Ups(ups) if ups.latched) && self.is_behind(n, caller.node)
        })
    }

    fn is_behind(&self, n: usize, of: u32) -> bool {
        self.wiring.feeders(n).iter().any(|&f| f == of || self.is_behind(f as usize, of))
    }

    /// Lets static switches that were refused try again; whether one moved.
    fn free_reserves(&mut self) -> bool {
        for n in 0..self.machines.len() {
            if matches!(self.machines[n], Machine::StaticSwitch(_)) && self.is_reserve_free(n) {
                let mut cx = cx!(self, n);
                if let Machine::StaticSwitch(switch) = &mut self.machines[n] {
                    switch.freed(&mut cx);
                }
            }
        }
        false
    }

    fn tell_loads(&mut self) {
        if !self.active {
            return;
        }
        let nodes = self.machines.len();
        for load in 0..self.loads.len() {
            let cords = self.wiring.cords(load);
            let best = cords
                .filter(|&cord| !self.is_cord_open(cord))
                .map(|cord| self.volts[self.wiring.cord_node[cord] as usize]);
            let best = best.fold(0.0, f64::max);
            let mut cx = cx!(self, nodes + load);
            self.loads[load].look(&mut cx, best);
        }
    }
}

impl Machine {
    fn new(node: &crate::plant::power::NodeDesign, streams: &Streams) -> Self {
        let name = node.name.as_str();
        let demand = || streams.stream("power-demand", name);
        match node.component.machine {
            MachineDesign::None if node.component.kind.part().is_root() => {
                Self::Feed(Feed::new(None))
            }
            MachineDesign::None | MachineDesign::Array(_) => Self::None,
            MachineDesign::Feed(law) => {
                Self::Feed(Feed::new(Some((law, streams.stream("power-sag", name)))))
            }
            MachineDesign::Ups(design) => Self::Ups(Box::new(Ups::new(design))),
            MachineDesign::Transfer(design) => {
                let blocked = !node.blocks.is_empty();
                Self::Transfer(Box::new(Transfer::new(design, blocked, demand())))
            }
            MachineDesign::StaticSwitch(design) => {
                Self::StaticSwitch(Box::new(StaticSwitch::new(design, demand())))
            }
            MachineDesign::Genset(design) => Self::Genset(Box::new(Genset::new(design, demand()))),
            MachineDesign::GeneratorBus(design) => Self::Bus(Box::new(Bus::new(design))),
            MachineDesign::Battery(design) => Self::Battery(Box::new(Battery::new(design))),
        }
    }

    fn turn(&self) -> Turn {
        match self {
            Self::None | Self::Feed(_) => Turn::Source,
            Self::Genset(_) => Turn::Generator,
            // Its timers are those of its blocks.
            Self::Bus(_) | Self::Transfer(_) | Self::StaticSwitch(_) => Turn::Switch,
            Self::Ups(_) | Self::Battery(_) => Turn::Ups,
        }
    }
}
