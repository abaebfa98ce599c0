//! What fails, is mended, and is taken out of service as planned: units of the cooling, their
//! controls, and the mains that bring its water.

use crate::facility::design::{Design, ExchangerSite, LoopSite};
use crate::facility::observer::{Observer, Record, What};
use crate::facility::{Event, Facility};
use crate::kernel::{Class, Clock, Time};
use crate::plant::cooling::{
    BreakdownLaw, ControlDesign, ControlFault, CoolingLoop, Machine, MainDesign, Service, UnitState,
};

/// A machine, a control or a main that can fail.
#[derive(Debug)]
pub(in crate::facility) struct Unit {
    pub(in crate::facility) name: String,
    /// The declared component and its machines, for the report.
    pub(in crate::facility) group_name: String,
    place: Place,
    law: BreakdownLaw,
}

/// What can be out of service.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// One of the fans, pumps or chillers of a loop.
    Loop(u32, Machine, u32),
    /// One of the pumps or fans of an exchanger.
    Exchanger(u32, u32),
    /// The main of a loop, or of the site.
    Main(Option<u32>),
    /// The control of a loop's fans, and how it fails.
    FanControl(u32, ControlFault),
    /// The control of a loop's chillers and economiser.
    Staging(u32),
    /// The valve of an exchanger, and how it fails.
    Valve(u32, ControlFault),
}

/// Why a unit is out of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Planned,
    Luck,
    Injected,
}

/// A time at which something is out of service.
#[derive(Debug)]
pub(in crate::facility) struct Planned {
    name: String,
    place: Place,
    from: Time,
    until: Time,
}

impl Unit {
    pub(in crate::facility) fn law(&self) -> (&str, BreakdownLaw) {
        (&self.name, self.law)
    }
}

/// The name of the site's main.
const SITE_MAIN: &str = "site/water-main";

/// All mains with their names, the site's last.
fn mains(design: &Design) -> impl Iterator<Item = (String, Place, &MainDesign)> {
    let of_loops = (0..).zip(&design.loops).map(|(index, site)| {
        (
            format!("{}/water-main", site.name),
            Place::Main(Some(index)),
            &site.operation.make_up.main,
        )
    });
    of_loops.chain([(SITE_MAIN.to_owned(), Place::Main(None), &design.water)])
}

/// Alike machines with a service plan and a law of failure.
struct Group<'d> {
    name: &'d str,
    group_name: &'d str,
    what: &'static str,
    /// Those that stand by included.
    count: u32,
    failures: Option<BreakdownLaw>,
    services: &'d [Service],
    /// The first of them.
    first: Place,
}

/// All machines of the cooling.
fn groups<'d>(loops: &'d [LoopSite], exchangers: &'d [ExchangerSite]) -> Vec<Group<'d>> {
    let mut groups = Vec::new();
    for (index, site) in (0..).zip(loops) {
        let duty = CoolingLoop::new(&site.design).units();
        groups.extend(Machine::ALL.map(|machine| Group {
            name: &site.name,
            group_name: &site.group_name,
            what: machine.name(),
            count: duty[machine] + site.operation.standby[machine],
            failures: site.operation.failures[machine],
            services: &site.operation.services[machine],
            first: Place::Loop(index, machine, 0),
        }));
    }
    for (index, site) in (0..).zip(exchangers) {
        let Some(exchanger) = &site.design else { continue };
        groups.push(Group {
            name: &site.name,
            group_name: &site.group_name,
            what: if exchanger.blows() { "fan" } else { "pump" },
            count: exchanger.movers + site.operation.standby,
            failures: site.operation.failures,
            services: &site.operation.services,
            first: Place::Exchanger(index, 0),
        });
    }
    groups
}

impl Group<'_> {
    fn name_of(&self, unit: u32) -> String {
        format!("{}/{}-{}", self.name, self.what, unit + 1)
    }

    fn place_of(&self, unit: u32) -> Place {
        match self.first {
            Place::Loop(index, machine, first) => Place::Loop(index, machine, first + unit),
            Place::Exchanger(index, first) => Place::Exchanger(index, first + unit),
            other => other,
        }
    }
}

/// A machine of the cooling.
#[derive(Debug, Clone)]
pub struct CoolingMachine {
    /// Its name, as events tell it: `water/pump-1`.
    pub name: String,
    /// The component of the cooling that it belongs to.
    pub component: String,
    /// `fan`, `pump` or `chiller`.
    pub kind: &'static str,
    place: Place,
}

/// All machines of the cooling, those that stand by included.
pub fn cooling_machines(loops: &[LoopSite], exchangers: &[ExchangerSite]) -> Vec<CoolingMachine> {
    let groups = groups(loops, exchangers);
    let machines = groups.iter().flat_map(|group| {
        (0..group.count).map(|unit| CoolingMachine {
            name: group.name_of(unit),
            component: group.name.to_owned(),
            kind: group.what,
            place: group.place_of(unit),
        })
    });
    machines.collect()
}

/// A control, and how it fails.
struct Control<'d> {
    name: String,
    group_name: String,
    design: &'d ControlDesign,
    place: fn(u32, ControlFault) -> Place,
    index: u32,
}

/// All controls of the cooling.
fn controls(design: &Design) -> impl Iterator<Item = Control<'_>> {
    let of_loops = (0..).zip(&design.loops).flat_map(|(index, site)| {
        let control = |what: &str, design, place| Control {
            name: format!("{}/{what}", site.name),
            group_name: format!("{} {what}s", site.group_name),
            design,
            place,
            index,
        };
        [
            control("fan-control", &site.operation.fan_control, Place::FanControl),
            control("staging", &site.operation.staging, |index, _| Place::Staging(index)),
        ]
    });
    let of_exchangers = (0..).zip(&design.exchangers).map(|(index, site)| Control {
        name: format!("{}/valve", site.name),
        group_name: format!("{} valves", site.group_name),
        design: &site.operation.valve,
        place: Place::Valve,
        index,
    });
    of_loops.chain(of_exchangers)
}

/// Everything of the cooling of `design` that can fail.
pub(in crate::facility) fn units(design: &Design) -> Vec<Unit> {
    let mut units = Vec::new();
    for group in groups(&design.loops, &design.exchangers) {
        let Some(law) = group.failures else { continue };
        units.extend((0..group.count).map(|unit| Unit {
            name: group.name_of(unit),
            group_name: format!("{} {}s", group.group_name, group.what),
            place: group.place_of(unit),
            law,
        }));
    }
    units.extend(mains(design).filter_map(|(name, place, main)| {
        let law = main.failures?;
        let group_name = match place {
            Place::Main(Some(index)) => {
                format!("{} water mains", design.loops[index as usize].group_name)
            }
            _ => name.clone(),
        };
        Some(Unit { name, group_name, place, law })
    }));
    units.extend(controls(design).filter_map(|control| {
        let (law, fault) = control.design.failures?;
        let place = (control.place)(control.index, fault);
        Some(Unit { name: control.name, group_name: control.group_name, place, law })
    }));
    units
}

/// Everything of the cooling of `design` that is out of service at some time of the run.
pub(in crate::facility) fn planned(design: &Design) -> Vec<Planned> {
    let mut all = Vec::new();
    for (name, place, main) in mains(design) {
        all.extend(main.outages.iter().filter_map(|outage| {
            let (from, until) = design.clock.times(outage.start, outage.duration)?;
            Some(Planned { name: name.clone(), place, from, until })
        }));
    }
    for control in controls(design) {
        all.extend(control.design.faults.iter().filter_map(|&(outage, fault)| {
            let (from, until) = design.clock.times(outage.start, outage.duration)?;
            let place = (control.place)(control.index, fault);
            Some(Planned { name: control.name.clone(), place, from, until })
        }));
    }
    let horizon = Time::ZERO + design.duration;
    for group in groups(&design.loops, &design.exchangers) {
        for service in group.services {
            let mut turn = 0;
            let mut start = Some(service.first.start);
            // Each takes the next units in turn.
            while let Some(begins) = start.filter(|&start| design.clock.time(start) < horizon) {
                if let Some((from, until)) = design.clock.times(begins, service.first.duration) {
                    all.extend((0..service.units).map(|next| {
                        let unit = ((turn + u64::from(next)) % u64::from(group.count)) as u32;
                        let place = group.place_of(unit);
                        Planned { name: group.name_of(unit), place, from, until }
                    }));
                }
                turn += u64::from(service.units);
                start = service.every.and_then(|every| Clock::later(begins, every));
            }
        }
    }
    all
}

impl Facility<'_> {
    /// Schedules what is planned.
    pub(in crate::facility) fn schedule_planned(&mut self) {
        for (index, planned) in (0..).zip(&self.planned) {
            for (at, begins) in [(planned.from, true), (planned.until, false)] {
                self.agenda.push(at, Class::Plant, Event::Planned { index, begins });
            }
        }
    }

    /// Something is taken out of service as planned, or put back.
    pub(in crate::facility) fn carry_out(
        &mut self,
        now: Time,
        index: u32,
        begins: bool,
        observer: &mut dyn Observer,
    ) {
        let planned = &self.planned[index as usize];
        let (name, place) = (planned.name.clone(), planned.place);
        self.turn_unit(now, (&name, place), Why::Planned, begins, observer);
    }

    /// Units that fail or are mended now.
    pub(in crate::facility) fn break_units(&mut self, now: Time, observer: &mut dyn Observer) {
        let changes: Vec<(usize, bool)> = self.breakdowns.advance(now).collect();
        for (number, up) in changes {
            let unit = &self.units[number];
            let (name, place) = (unit.name.clone(), unit.place);
            self.meters.count_unit(now, number, up);
            self.turn_unit(now, (&name, place), Why::Luck, !up, observer);
        }
        self.agenda.push(self.breakdowns.next_at(), Class::Plant, Event::Unit);
    }

    /// What the scenario makes happen to a machine of the cooling begins, or ends.
    pub(in crate::facility) fn strike_machine(
        &mut self,
        now: Time,
        machine: u32,
        planned: bool,
        begins: bool,
        observer: &mut dyn Observer,
    ) {
        let machine = &self.cooling_machines[machine as usize];
        let (name, place) = (machine.name.clone(), machine.place);
        // One that may fail by luck too counts its failures.
        let counted = self.units.iter().position(|unit| unit.name == name);
        if let Some(number) = counted.filter(|_| !planned) {
            self.meters.count_unit(now, number, !begins);
        }
        let why = if planned { Why::Planned } else { Why::Injected };
        self.turn_unit(now, (&name, place), why, begins, observer);
    }

    /// A unit goes out of service, or comes back.
    fn turn_unit(
        &mut self,
        now: Time,
        (subject, place): (&str, Place),
        why: Why,
        begins: bool,
        observer: &mut dyn Observer,
    ) {
        let (what, state, cause) = match why {
            Why::Planned => ("out-for-maintenance", UnitState::Maintenance, "planned"),
            Why::Luck => ("failed", UnitState::Failed, "random"),
            Why::Injected => ("failed", UnitState::Failed, "injected"),
        };
        self.watch.cause(begins);
        let record = What::out_of_service(why == Why::Planned, begins);
        observer.record(&Record { at: now, what: record, subject, count: 1 });
        self.follow_unit(now, subject, place, (what, cause), begins);
        self.set_out(now, place, begins.then_some(state));
    }

    /// What is named `name` begins or ends to be out, for incidents.
    fn follow_unit(
        &mut self,
        now: Time,
        name: &str,
        place: Place,
        (what, cause): (&'static str, &'static str),
        begins: bool,
    ) {
        if !begins {
            return self.end_incident(now, name, what);
        }
        let units = &self.states.units;
        let strikes = match place {
            Place::Loop(index, ..)
            | Place::FanControl(index, _)
            | Place::Staging(index)
            | Place::Main(Some(index)) => vec![units.cooling(index as usize)],
            Place::Exchanger(index, _) | Place::Valve(index, _) => {
                vec![units.exchanger(index as usize)]
            }
            Place::Main(None) => (0..self.loops.len()).map(|at| units.cooling(at)).collect(),
        };
        self.begin_incident(now, name, what, cause, strikes);
    }

    /// Something goes out of service, as `out` says, or comes back.
    fn set_out(&mut self, now: Time, place: Place, out: Option<UnitState>) {
        let fails = out.is_some();
        let (on_loop, ready) = match place {
            Place::Loop(index, Machine::Chiller, unit) => {
                self.loops[index as usize].operator.set_unit(now, unit, out);
                (index, None)
            }
            Place::Loop(index, machine, unit) => {
                let machines = &mut self.loops[index as usize].machines[machine];
                (index, machines.set_unit(now, unit, out))
            }
            Place::Exchanger(index, unit) => {
                let exchanger = &mut self.exchangers[index as usize];
                (exchanger.cooled_by, exchanger.movers.set_unit(now, unit, out))
            }
            Place::Main(of) => return self.water.set_open(of, !fails),
            Place::FanControl(index, fault) => {
                let plant = &mut self.loops[index as usize];
                let speed = plant.model.failed_fan_speed(fault, plant.state.fan_speed);
                plant.fan_fault.set(fails.then_some(speed));
                (index, None)
            }
            Place::Staging(index) => {
                self.loops[index as usize].operator.freeze(fails);
                (index, None)
            }
            Place::Valve(index, fault) => {
                let exchanger = &mut self.exchangers[index as usize];
                let supply_c = self.loops[exchanger.cooled_by as usize].state.supply_c;
                exchanger.fail_valve(fails.then_some(fault), supply_c);
                (exchanger.cooled_by, None)
            }
        };
        self.changed.cooling(on_loop);
        if let Some(ready) = ready.filter(|&ready| ready > now) {
            self.agenda.push(ready, Class::Plant, Event::Started(on_loop));
        }
    }
}
