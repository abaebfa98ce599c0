//! Cells that run ahead of the plant.
//!
//! Between two strikes a cell advances alone, and all that its service wants of it is what it drew in
//! each control interval and what it recorded. So other threads take copies of the representatives
//! through time that the plant has not come to yet, while the service hands on what they did, boundary by
//! boundary.
//!
//! A *leg* is what a cell does in one control interval. Legs come in *stages*, at whose ends the rows of the
//! time series may end. The service keeps each cell as it was when the stage at hand began: when something
//! strikes before that is over, it takes the cell once more through the legs that it has handed on,
//! and what was done beyond is forgotten.
//!
//! What a cell does depends on nothing but the cell, so results depend neither on who takes it along nor on
//! how far. Nobody waits for what nobody does: whoever needs a stage that is not there runs it.

mod runners;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use super::cell::Cell;
use super::notes::Note;
use super::records::Records;
use super::ticks;
use crate::kernel::{Span, Time};

pub use runners::Runners;

/// Stages that a cell runs ahead at most. Each keeps a copy of the cell and its records, some hundred KiB.
const STAGES: usize = 3;

/// No stage is longer, unless a control interval is: this much is done again after a strike.
const LONGEST: Span = Span::from_secs(3600);

/// What a cell did in a control interval.
#[derive(Debug)]
pub(super) struct Leg {
    /// Energy of each replica above that of idle GPUs, J.
    pub(super) energy_j: Vec<f64>,
    /// The part of each class in it, J.
    pub(super) shares_j: Vec<f64>,
    /// Requests inside at its end, by what they stand for.
    in_flight: u64,
    /// Requests that have failed since the stage began.
    failed: u64,
    notes: Vec<Note>,
}

/// Consecutive legs of a cell.
#[derive(Debug)]
pub(super) struct Stage {
    legs: Vec<Leg>,
    /// What was recorded in it, but for the notes.
    pub(super) records: Records,
    /// The cell as it left it.
    pub(super) cell: Cell,
}

/// How long legs and stages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timetable {
    control: Span,
    legs: usize,
}

impl Timetable {
    /// Legs as long as the `control` interval, and the longest stages of which a `row` is a whole number;
    /// none where rows do not end with control intervals.
    pub(super) fn new(control: Span, row: Span) -> Option<Self> {
        let (control_ns, row_ns) = (control.as_nanos(), row.as_nanos());
        let in_row = row_ns / control_ns;
        let most = (LONGEST.as_nanos() / control_ns).clamp(1, in_row.max(1));
        let legs = (1..=most).rev().find(|legs| in_row.is_multiple_of(*legs))?;
        let fits = row_ns > 0 && row_ns.is_multiple_of(control_ns);
        fits.then_some(Self { control, legs: legs as usize })
    }

    /// The length of a stage.
    pub(super) fn stage(&self) -> Span {
        Span::from_nanos(self.control.as_nanos() * self.legs as u64)
    }

    /// The end of the first `legs` legs of a stage that begins at `from`.
    fn after(&self, from: Time, legs: usize) -> Time {
        from + Span::from_nanos(self.control.as_nanos() * legs as u64)
    }
}

impl Cell {
    /// Passes the control interval from `from`, where it stands, to `to`.
    fn leg(&mut self, from: Time, to: Time, records: &mut Records) -> Leg {
        let end = ticks::from_time(to);
        self.rescale(ticks::from_time(from), records);
        self.advance(end + 1, records);
        let (mut energy_j, mut shares_j) = (Vec::new(), vec![0.0; records.classes().count()]);
        self.take_energy_j(end, &mut energy_j);
        self.take_shares_j(&mut shares_j);
        Leg {
            energy_j,
            shares_j,
            in_flight: self.in_flight(),
            failed: records.failed(),
            notes: records.take_notes(),
        }
    }
}

/// Representatives of a service on their way ahead; the service's end of it.
#[derive(Debug)]
pub(super) struct Ahead {
    track: Arc<Track>,
    runners: Arc<Runners>,
    /// The stage at hand of each cell; nothing before its first leg is asked for.
    stages: Vec<Stage>,
    /// When it began, and how many of its legs have been handed on.
    began: Time,
    taken: usize,
    /// Requests inside, and those that have failed since the stage at hand began.
    in_flight: u64,
    failed: u64,
}

impl Ahead {
    /// Lets `runners` take copies of `cells`, which stand at `from` and record as `blank` does, ahead.
    pub(super) fn start<'a>(
        runners: &Arc<Runners>,
        cells: impl Iterator<Item = &'a Cell> + Clone,
        from: Time,
        timetable: Timetable,
        blank: Records,
    ) -> Self {
        let in_flight = cells.clone().map(Cell::in_flight).sum();
        let lanes = cells.map(|cell| Lane::new(cell.clone(), from)).collect();
        let track = Arc::new(Track { lanes, timetable, end: runners.end(), blank });
        runners.begin(&track);
        let runners = Arc::clone(runners);
        Self { track, runners, stages: Vec::new(), began: from, taken: 0, in_flight, failed: 0 }
    }

    /// When the next leg ends.
    pub(super) fn next_at(&self) -> Time {
        self.track.timetable.after(self.began, self.taken + 1)
    }

    /// Whether the cells of the service stand where it does, at the start of a stage.
    pub(super) fn is_between_stages(&self) -> bool {
        self.taken == 0
    }

    /// Requests inside, by what they stand for, after the leg that was handed on last.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Requests that have failed up to there in the stage at hand.
    pub(super) fn failed(&self) -> u64 {
        self.failed
    }

    /// Hands on the next leg of every cell to `each`, by index, and its notes to `notes`.
    pub(super) fn take_legs(&mut self, notes: &mut Records, mut each: impl FnMut(usize, &Leg)) {
        if self.stages.is_empty() {
            self.stages = self.track.take_stages();
            self.runners.call();
        }
        (self.in_flight, self.failed) = (0, 0);
        for (index, stage) in self.stages.iter_mut().enumerate() {
            let leg = &mut stage.legs[self.taken];
            self.in_flight += leg.in_flight;
            self.failed += leg.failed;
            notes.add_notes(std::mem::take(&mut leg.notes));
            each(index, leg);
        }
        self.taken += 1;
    }

    /// Hands on what is left of the stage at hand to `each` once all of its legs are handed on.
    pub(super) fn end_stage(&mut self, mut each: impl FnMut(usize, &mut Stage)) {
        if self.taken < self.track.timetable.legs {
            return;
        }
        self.began = self.track.timetable.after(self.began, self.taken);
        (self.taken, self.failed) = (0, 0);
        for (index, mut stage) in self.stages.drain(..).enumerate() {
            each(index, &mut stage);
            stage.records.clear();
            self.track.lanes[index].shelf().spare.push(stage.records);
        }
    }

    /// Brings `cell`, which stands at the start of the stage at hand, to where the service stands, and
    /// records what it did.
    pub(super) fn catch_up(&self, cell: &mut Cell, records: &mut Records) {
        for leg in 0..self.taken {
            let [from, to] =
                [leg, leg + 1].map(|legs| self.track.timetable.after(self.began, legs));
            cell.leg(from, to, records);
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.runners.forget(&self.track);
    }
}

/// What the service and its runners share.
#[derive(Debug)]
struct Track {
    lanes: Vec<Lane>,
    timetable: Timetable,
    /// When the run ends: nobody runs ahead of that.
    end: Time,
    /// Empty records.
    blank: Records,
}

/// The way ahead of one cell.
#[derive(Debug)]
struct Lane {
    /// The cell as far as it has come, and when that is. Held by whoever takes it along.
    front: Mutex<(Cell, Time)>,
    /// Held for moments only.
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    /// Stages that are run, in order.
    stages: VecDeque<Stage>,
    /// Memory of records.
    spare: Vec<Records>,
}

impl Track {
    /// Runs a stage of a cell that nobody else takes along, the least advanced one first.
    fn run_one(&self) -> bool {
        (0..STAGES).any(|ahead| self.lanes.iter().any(|lane| self.try_run(lane, ahead)))
    }

    /// Runs the next stage of `lane` if it is at most `ahead` stages ahead, begins before the run ends, and
    /// nobody else does.
    fn try_run(&self, lane: &Lane, ahead: usize) -> bool {
        if lane.ahead() > ahead {
            return false;
        }
        let Ok(mut front) = lane.front.try_lock() else { return false };
        // It may have come on since.
        let runs = lane.ahead() <= ahead && front.1 < self.end;
        if runs {
            self.run_stage(lane, &mut front);
        }
        runs
    }

    fn run_stage(&self, lane: &Lane, front: &mut MutexGuard<'_, (Cell, Time)>) {
        let spare = lane.shelf().spare.pop();
        let mut records = spare.unwrap_or_else(|| self.blank.clone());
        let (cell, at) = &mut **front;
        let mut legs = Vec::with_capacity(self.timetable.legs);
        for _ in 0..self.timetable.legs {
            let end = self.timetable.after(*at, 1);
            legs.push(cell.leg(*at, end, &mut records));
            *at = end;
        }
        // As the end of a row does.
        cell.walk_to(ticks::from_time(*at), &mut records);
        let stage = Stage { legs, records, cell: cell.clone() };
        lane.shelf().stages.push_back(stage);
    }

    /// Takes the next stage of every cell.
    fn take_stages(&self) -> Vec<Stage> {
        // First those that nobody is at, while others go on with theirs.
        self.lanes.iter().for_each(|lane| {
            self.try_run(lane, 0);
        });
        self.lanes.iter().map(|lane| self.take_stage(lane)).collect()
    }

    fn take_stage(&self, lane: &Lane) -> Stage {
        let take = || lane.shelf().stages.pop_front();
        take().unwrap_or_else(|| {
            let mut front = lane.front.lock().expect("a cell that runs ahead does not fail");
            take().unwrap_or_else(|| {
                self.run_stage(lane, &mut front);
                take().expect("a stage was run")
            })
        })
    }
}

impl Lane {
    fn new(cell: Cell, at: Time) -> Self {
        Self { front: Mutex::new((cell, at)), shelf: Mutex::default() }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("nothing fails at a shelf")
    }

    /// Stages that are run and not taken.
    fn ahead(&self) -> usize {
        self.shelf().stages.len()
    }
}
