//! All machines of a power chain on one clock, and what each kind of them does there.

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
            dice: &mut $all.dice,
            log: &mut $all.log,
        }
    }};
}

mod answers;
mod calls;
mod rest;
mod volts;

use std::sync::Arc;

use super::battery::Battery;
use super::bus::Bus;
use super::design::MachineDesign;
use super::dice::{Alarm, Deed, Dice};
use super::feed::Feed;
use super::genset::Genset;
use super::ride::Load;
use super::state::{Change, State};
use super::supply::{Drive, Supply};
use super::switch::{Side, StaticSwitch, Transfer};
use super::timers::{Cx, Goes, Timers, Turn};
use super::ups::Ups;
use crate::kernel::{Span, Stream, Streams, Time};
use crate::plant::power::NodeDesign;
use crate::plant::power::design::{PowerDesign, PowerLoad, PowerNode};
use crate::plant::power::upkeep::Upkeep;
use crate::plant::power::wiring::Wiring;

/// The timer by which a set synchronises; the others are the set's own.
const SYNC: u8 = 4;
/// The machines of a power chain, the voltages between them, and their timers.
#[derive(Debug, Clone)]
pub struct Sequences {
    /// Who feeds whom: one for all copies of a chain.
    wiring: Arc<Wiring>,
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
    /// Sets, buses, and UPSs with batteries, in index order.
    sets: Vec<u32>,
    buses: Vec<u32>,
    upss: Vec<u32>,
    /// By node: the battery system that holds it up when nothing else does; [`NOBODY`] for most.
    holder: Vec<u32>,
    /// What keeps several sets from starting at one call.
    starts: Vec<Start>,
    timers: Timers,
    dice: Dice,
    log: Vec<Change>,
    now: Time,
    /// Whether anything is there that has states.
    active: bool,
}

/// No battery system.
const NOBODY: u32 = u32::MAX;
/// In no block: closed when all blocks are.
const NO_BLOCK: u8 = u8::MAX;

/// The machine of a component, by kind.
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
    /// Chance of it at a call, and whom to ask.
    chance: f64,
    whose: u32,
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
        let wiring = Arc::new(Wiring::new(design));
        let nodes = design.nodes.len();
        let machines: Vec<Machine> = design.nodes.iter().map(Machine::new).collect();
        let dice = Dice::new(design.nodes.iter().map(|node| stream(node, streams)).collect());
        let active = design.nodes.iter().any(|node| node.component.machine.has_states());
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
            upss: of(|machine| matches!(machine, Machine::Ups(_))),
            holder: vec![NOBODY; nodes],
            starts: Vec::new(),
            timers: Timers::new(nodes + design.loads.len()),
            dice,
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
                whose: all.dice.add(streams.stream("common-cause", &cause.name)),
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

    /// From now on loads hold and drives ride although nothing else has states: what is injected
    /// is followed like a sequence.
    pub fn activate(&mut self) {
        self.active = true;
    }

    /// The instant of the next timer; [`Time::MAX`] where none runs.
    pub fn next_at(&self) -> Time {
        self.timers.next_at()
    }

    /// Lets all timers up to and including `now` run out, each followed through the chain before
    /// the next. Returns whether any did.
    pub fn advance(&mut self, now: Time) -> bool {
        let mut any = false;
        while let Some((at, owner, slot, goes)) = self.timers.pop(now) {
            any = true;
            self.now = at;
            match goes {
                Goes::Clockwork => {}
                Goes::Chance => self.dice.note(Deed::Rang(Alarm { owner, slot })),
                Goes::Tank => self.dice.note(Deed::Emptied),
            }
            self.expire(owner as usize, slot);
            self.propagate();
        }
        self.now = now;
        any
    }

    /// The UPSs that walk in, and by how much the share of their input rises in a second.
    pub fn walk_ins(&self) -> impl Iterator<Item = (PowerNode, f64)> {
        self.upss.iter().filter_map(|&n| match &self.machines[n as usize] {
            Machine::Ups(ups) => Some((PowerNode(n), ups.rises_per_s()?)),
            _ => None,
        })
    }

    /// Nobody looks between `now` and `next`: UPSs that walk in have the mean share of that time until
    /// then, so that what flows is that of the straight line up to any instant at which anybody looks; that
    /// of `now` where `next` is the same. Whether any has another share by that.
    pub fn look_until(&mut self, now: Time, next: Time) -> bool {
        self.now = now;
        let mut any = false;
        for at in 0..self.upss.len() {
            let n = self.upss[at] as usize;
            let (mut cx, machine) = (cx!(self, n), &mut self.machines[n]);
            if let Machine::Ups(ups) = machine {
                any |= ups.look_until(&mut cx, next);
            }
        }
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

    /// Recharging the battery of a component draws `w` watts from now on.
    pub fn set_charger(&mut self, now: Time, node: PowerNode, w: f64) {
        self.now = now;
        let n = node.0 as usize;
        let (mut cx, machine) = (cx!(self, n), &mut self.machines[n]);
        if let Machine::Ups(ups) = machine {
            ups.set_charger(&mut cx, w);
        }
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

    /// Finds the voltage at the output of node `n`, and whether generators stand behind it.
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
}

impl Machine {
    fn new(node: &NodeDesign) -> Self {
        match node.component.machine {
            MachineDesign::None if node.component.kind.part().is_root() => {
                Self::Feed(Feed::new(None))
            }
            MachineDesign::None | MachineDesign::Array(_) | MachineDesign::Transformer(_) => {
                Self::None
            }
            MachineDesign::Feed(feed) => Self::Feed(Feed::new(feed.sags)),
            MachineDesign::Ups(design) => Self::Ups(Box::new(Ups::new(design))),
            MachineDesign::Transfer(design) => {
                Self::Transfer(Box::new(Transfer::new(design, !node.blocks.is_empty())))
            }
            MachineDesign::StaticSwitch(design) => {
                Self::StaticSwitch(Box::new(StaticSwitch::new(design)))
            }
            MachineDesign::Genset(design) => Self::Genset(Box::new(Genset::new(design))),
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

/// From where the machine of a component draws what it leaves to chance.
fn stream(node: &NodeDesign, streams: &Streams) -> Option<Stream> {
    let purpose = match node.component.machine {
        MachineDesign::Feed(_) => "power-sag",
        MachineDesign::Transfer(_) | MachineDesign::StaticSwitch(_) | MachineDesign::Genset(_) => {
            "power-demand"
        }
        _ => return None,
    };
    Some(streams.stream(purpose, &node.name))
}
