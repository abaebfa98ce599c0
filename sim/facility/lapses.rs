//! Spells in which racks lack power or cooling, and why: what credits of leases are made of.

use super::Facility;
use super::incidents::Key;
use super::observer::Observer;
use super::racks::Rack;
use crate::kernel::Time;
use crate::money::{Cause, Lacks, Lapse};

/// What the racks of the site lack.
#[derive(Debug)]
pub(super) struct Lapses {
    /// By rack.
    racks: Vec<RackLapses>,
    /// Racks that lack something else since the instant began.
    turned: Vec<u32>,
    /// Lapses that end in this instant: racks of one hall, of one beginning.
    ended: Vec<Ended>,
}

/// What a rack lacks: power and cooling.
#[derive(Debug, Clone, Copy, Default)]
struct RackLapses {
    lack: [Lack; 2],
    open: [Option<Open>; 2],
    turned: bool,
}

/// How much of something a rack lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Lack {
    #[default]
    Nothing,
    Part,
    All,
}

/// A lapse that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    at: Time,
    cause: Cause,
}

#[derive(Debug)]
struct Ended {
    hall: u32,
    lacks: Lacks,
    open: Open,
    racks: u32,
}

impl Lapses {
    pub(super) fn new(racks: usize) -> Self {
        Self { racks: vec![RackLapses::default(); racks], turned: Vec::new(), ended: Vec::new() }
    }

    /// What `rack`, the rack `index` of the site, is offered has changed.
    pub(super) fn look(&mut self, index: u32, rack: &Rack) {
        let offer = &rack.offer;
        let power = if rack.tripped || offer.cap_w.is_infinite() {
            Lack::Nothing
        } else if offer.cap_w > 0.0 {
            Lack::Part
        } else {
            Lack::All
        };
        let cooling = if rack.tripped {
            Lack::All
        } else if offer.speed < 1.0 {
            Lack::Part
        } else {
            Lack::Nothing
        };
        let own = &mut self.racks[index as usize];
        if own.lack != [power, cooling] {
            own.lack = [power, cooling];
            if !std::mem::replace(&mut own.turned, true) {
                self.turned.push(index);
            }
        }
    }

    /// Why racks lack something may have changed, though what they lack has not.
    pub(super) fn look_again(&mut self) {
        for (index, own) in (0..).zip(&mut self.racks) {
            if own.open.iter().any(Option::is_some) && !std::mem::replace(&mut own.turned, true) {
                self.turned.push(index);
            }
        }
    }

    fn end(&mut self, hall: u32, lacks: Lacks, open: Open) {
        let is_it = |it: &&mut Ended| it.hall == hall && it.lacks == lacks && it.open == open;
        match self.ended.iter_mut().find(is_it) {
            Some(ended) => ended.racks += 1,
            None => self.ended.push(Ended { hall, lacks, open, racks: 1 }),
        }
    }
}

impl Facility<'_> {
    /// Begins and ends the lapses of the instant `now`, whose incidents are known.
    pub(super) fn follow_lapses(&mut self, now: Time, observer: &mut dyn Observer) {
        let mut turned = std::mem::take(&mut self.lapses.turned);
        turned.sort_unstable();
        for &index in &turned {
            let own = &mut self.lapses.racks[index as usize];
            own.turned = false;
            let (lack, open) = (own.lack, own.open);
            for (place, lacks) in Lacks::ALL.into_iter().enumerate() {
                let new = (lack[place] != Lack::Nothing)
                    .then(|| Open { at: now, cause: self.cause_of_lapse(index as usize, lacks) });
                let hall = self.racks[index as usize].hall;
                match (open[place], new) {
                    // It goes on for the same reason.
                    (Some(old), Some(new)) if old.cause == new.cause => continue,
                    (Some(old), _) => self.lapses.end(hall, lacks, old),
                    (None, _) => {}
                }
                self.lapses.racks[index as usize].open[place] = new;
            }
        }
        turned.clear();
        self.lapses.turned = turned;
        self.tell_lapses(now, observer);
    }

    /// The run ends: so do the lapses that are open.
    pub(super) fn cut_lapses(&mut self, now: Time, observer: &mut dyn Observer) {
        for index in 0..self.racks.len() {
            let hall = self.racks[index].hall;
            let open = std::mem::take(&mut self.lapses.racks[index].open);
            for (open, lacks) in open.into_iter().zip(Lacks::ALL) {
                open.into_iter().for_each(|open| self.lapses.end(hall, lacks, open));
            }
        }
        self.tell_lapses(now, observer);
    }

    fn tell_lapses(&mut self, now: Time, observer: &mut dyn Observer) {
        for Ended { hall, lacks, open, racks } in self.lapses.ended.drain(..) {
            // What held for no time is no lapse.
            if open.at == now {
                continue;
            }
            let lapse = Lapse {
                hall: self.design.halls[hall as usize].name.clone(),
                lacks,
                cause: open.cause,
                begin: self.design.clock.timestamp(open.at),
                end: self.design.clock.timestamp(now),
                racks,
            };
            observer.lapse(&lapse);
            if !self.design.terms.is_none() {
                self.billed.lapses.push(lapse);
            }
        }
    }

    /// Why the rack `index` lacks something, by the incidents on the way to it: whatever failed, a
    /// fault; else what stands at the beginning.
    fn cause_of_lapse(&self, index: usize, lacks: Lacks) -> Cause {
        let key = self.incident_of_rack(index, lacks == Lacks::Cooling);
        let Some(way) = key.map(|key: Key| self.incidents.way(key)) else { return Cause::Fault };
        let Some((what, cause)) = way.last().copied() else { return Cause::Fault };
        match (what, cause) {
            _ if way.iter().any(|(what, _)| *what == "failed") => Cause::Fault,
            ("curtailed" | "called", _) => Cause::Curtailment,
            (_, "planned") => Cause::Maintenance,
            _ => Cause::Fault,
        }
    }
}
