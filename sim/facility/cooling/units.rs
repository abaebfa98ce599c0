//! What fails, is mended, and is taken out of service as planned: units of the cooling, and the
//! mains that bring its water.

use crate::facility::design::Design;
use crate::facility::observer::{Observer, Record, What};
use crate::facility::{Event, Facility};
use crate::kernel::{Class, Time};
use crate::plant::cooling::{BreakdownLaw, CoolingLoop, MainDesign};

/// A fan, a pump, a chiller or a main that can fail.
#[derive(Debug)]
pub(in crate::facility) struct Unit {
    pub(in crate::facility) name: String,
    /// The declared component and its machines, for the report.
    pub(in crate::facility) group_name: String,
    place: Place,
    law: BreakdownLaw,
}

/// Where a unit stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Among the fans, pumps or chillers of a loop.
    Loop(u32, u8),
    /// Among the pumps or fans of an exchanger.
    Exchanger(u32),
    /// The main of a loop, or of the site.
    Main(Option<u32>),
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
        (format!("{}/water-main", site.name), Place::Main(Some(index)), &site.make_up.main)
    });
    of_loops.chain([(SITE_MAIN.to_owned(), Place::Main(None), &design.water)])
}

/// Every unit of the cooling of `design` that can fail.
pub(in crate::facility) fn units(design: &Design) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut add = |(name, group_name): (&str, &str), what: &str, count, law, place| {
        units.extend((1..=count).map(|number| Unit {
            name: format!("{name}/{what}-{number}"),
            group_name: format!("{group_name} {what}s"),
            place,
            law,
        }));
    };
    for (index, site) in design.loops.iter().enumerate() {
        let count = CoolingLoop::new(&site.design).units();
        let counts = [("fan", count.0), ("pump", count.1), ("chiller", count.2)];
        for (kind, ((what, count), law)) in counts.into_iter().zip(site.failures).enumerate() {
            let Some(law) = law else { continue };
            let place = Place::Loop(index as u32, kind as u8);
            add((&site.name, &site.group_name), what, count, law, place);
        }
    }
    for (index, site) in design.exchangers.iter().enumerate() {
        let (Some(exchanger), Some(law)) = (&site.design, site.failures) else { continue };
        let what = if exchanger.blows() { "fan" } else { "pump" };
        let place = Place::Exchanger(index as u32);
        add((&site.name, &site.group_name), what, exchanger.movers, law, place);
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
        let what = if begins { What::TakenOut } else { What::PutBack };
        observer.record(&Record { at: now, what, subject: &planned.name, count: 1 });
        self.set_up(planned.place, !begins);
    }

    /// Units that fail or are mended now.
    pub(in crate::facility) fn break_units(&mut self, now: Time, observer: &mut dyn Observer) {
        let changes: Vec<(usize, bool)> = self.breakdowns.advance(now).collect();
        for (number, up) in changes {
            let unit = &self.units[number];
            self.meters.count_unit(now, number, up);
            let what = if up { What::Repaired } else { What::Failed };
            observer.record(&Record { at: now, what, subject: &unit.name, count: 1 });
            self.set_up(unit.place, up);
        }
        self.agenda.push(self.breakdowns.next_at(), Class::Plant, Event::Unit);
    }

    /// Something goes out of service, or comes back.
    fn set_up(&mut self, place: Place, up: bool) {
        match place {
            Place::Loop(index, kind) => {
                self.loops[index as usize].machines[usize::from(kind)].set_unit(up);
                self.changed.cooling(index);
            }
            Place::Exchanger(index) => {
                let exchanger = &mut self.exchangers[index as usize];
                exchanger.movers.set_unit(up);
                self.changed.cooling(exchanger.cooled_by);
            }
            Place::Main(of) => self.water.set_open(of, up),
        }
    }
}
