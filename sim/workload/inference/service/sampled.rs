//! A service in sampled time: its representatives go from stretch to stretch, whatever else is
//! simulated is simulated whole.

use std::collections::VecDeque;

use super::super::cell::Halt;
use super::super::outcome::SampledSummary;
use super::super::racks::{Source, Telling};
use super::super::records::{Records, Tally};
use super::super::sampling::{
    LOOK, RequestErrors, SampledTime, Sampler, Standing, Stretch, capacity_per_s,
};
use super::super::ticks;
use super::{Group, Service, ServiceDesign};
use crate::kernel::{Streams, Time};

/// A sampler and what windows record.
#[derive(Debug)]
pub(super) struct Sampling {
    sampler: Sampler,
    window: Records,
    /// What had been recorded when figures began to count; none where they count from the start.
    before: Option<Records>,
    /// How time had passed at the end of the last interval of the time series.
    told: SampledTime,
    /// When racks last learned what they draw in the mean.
    learned: Time,
}

impl Sampling {
    /// For the service of `design`, where that is sampled.
    pub(super) fn new(design: &ServiceDesign, streams: &Streams) -> Option<Box<Self>> {
        let sampling = design.sampling?;
        let capacity = capacity_per_s(design, streams);
        let sampler = Sampler::new(design, sampling, capacity, streams);
        Some(Box::new(Self {
            sampler,
            window: design.records(),
            before: None,
            told: SampledTime::default(),
            learned: Time::ZERO,
        }))
    }

    /// Ends an interval of the time series; returns the share of it that was simulated.
    pub(super) fn end_interval(&mut self) -> f64 {
        let time = self.sampler.time;
        time.since(&std::mem::replace(&mut self.told, time)).share()
    }

    /// Figures count from here on, where `records` have been recorded.
    pub(super) fn begin(&mut self, records: &Records) {
        self.before = Some(records.clone());
        self.sampler.errors.clear();
    }

    /// What counts of what all classes together have recorded.
    fn counted(&self, total: &Tally) -> Tally {
        match &self.before {
            Some(before) => total.since(&before.total()),
            None => total.clone(),
        }
    }

    /// How time was sampled, and the errors of what `records` tell of all requests and of each class.
    pub(super) fn summary(&self, records: &Records) -> (SampledSummary, Vec<RequestErrors>) {
        let of = |subject, tally: &Tally| self.sampler.errors.of(subject, tally);
        let total = self.counted(&records.total());
        let named = self.sampler.errors.classes();
        let classes = records.classes().enumerate().take(named).map(|(class, tally)| {
            let before = self.before.as_ref().and_then(|before| before.classes().nth(class));
            of(class + 1, &before.map_or_else(|| tally.clone(), |before| tally.since(before)))
        });
        (SampledSummary { time: self.sampler.time, errors: of(0, &total) }, classes.collect())
    }
}

impl Service {
    /// Brings the representatives from `from` to `now`, where time is sampled.
    pub(super) fn simulate_sampled(&mut self, sampling: &mut Sampling, from: Time, now: Time) {
        let mut at = from;
        while at < now {
            let (stretch, until) = sampling.sampler.stretch(at);
            let to = until.min(now);
            at = match stretch {
                Stretch::Whole => self.pass_whole(sampling, at, to),
                Stretch::Window => self.pass_window(sampling, at, to),
                Stretch::Gap => self.pass_gap(sampling, at, to),
            };
        }
    }

    fn pass_whole(&mut self, sampling: &mut Sampling, from: Time, to: Time) -> Time {
        self.advance_groups(0..self.design.represent, from, to);
        sampling.sampler.pass(Stretch::Whole, from, to);
        sampling.sampler.look(to, self.received());
        sampling.sampler.see(self.standing());
        to
    }

    /// Simulates a window, or the part of it up to `to`, and counts what it stands for: itself alone
    /// where it turns out that much arrives.
    fn pass_window(&mut self, sampling: &mut Sampling, from: Time, to: Time) -> Time {
        let Sampling { sampler, window, .. } = sampling;
        let represent = self.design.represent;
        let to = to.min(from + LOOK);
        let limit = ticks::from_time(to) + 1;
        // What was drawn before it is not the window's.
        self.collect_from(0..represent, Source::Sampled { times: 1.0 }, from);
        let before = self.inside();
        for group in self.groups[..represent].iter_mut().flatten() {
            group.cell.advance(limit, window);
            // What is under way is told of as often as what has ended.
            group.cell.walk_to(limit - 1, window);
        }
        let (stretch, ratio) = match sampler.look(to, self.received()) {
            Some(_) => (Stretch::Whole, 1),
            None => (Stretch::Window, sampler.ratio()),
        };
        let more = i64::from(ratio) - 1;
        sampler.time.surplus += more * window.arrived() as i64;
        sampler.time.carried += more * (self.inside() as i64 - before as i64);
        if stretch == Stretch::Window {
            let rate_per_s = self.representatives().map(|group| group.cell.calm_rate_per_s()).sum();
            sampler.errors.add(from, window, ratio, rate_per_s);
        }
        self.records[0].take_window(window, ratio);
        self.collect_from(0..represent, Source::Sampled { times: ratio.into() }, to);
        sampler.pass(stretch, from, to);
        sampler.see(self.standing());
        to
    }

    /// Passes a gap over, minute by minute. Where much arrives it goes back to before that began, and
    /// on from there.
    fn pass_gap(&mut self, sampling: &mut Sampling, from: Time, to: Time) -> Time {
        let sampler = &mut sampling.sampler;
        let represent = self.design.represent;
        let mut halts: VecDeque<(Time, Vec<Halt>)> = VecDeque::new();
        let mut at = from;
        while at < to {
            let cells = self.representatives().map(|group| group.cell.halt()).collect();
            halts.push_back((at, cells));
            at = (at + LOOK).min(to);
            for group in self.groups[..represent].iter_mut().flatten() {
                group.cell.skip(ticks::from_time(at) + 1);
            }
            if let Some(burst) = sampler.look(at, self.received()) {
                while halts.len() > 1 && halts.back().is_some_and(|(halted, _)| *halted > burst) {
                    halts.pop_back();
                }
                let (halted, cells) = halts.pop_back().expect("a gap is halted in at its start");
                for (group, halt) in self.groups[..represent].iter_mut().flatten().zip(cells) {
                    group.cell.rewind(halt);
                }
                sampler.rewind(halted);
                at = halted;
                break;
            }
            while halts.get(1).is_some_and(|(halted, _)| *halted <= Sampler::counted_from(at)) {
                halts.pop_front();
            }
        }
        sampler.pass(Stretch::Gap, from, at);
        for group in self.groups[..represent].iter_mut().flatten() {
            sampler.time.surplus -= group.cell.tell_skipped(&mut self.records[0]) as i64;
        }
        at
    }

    /// Decides what comes after the control boundary `now`. Returns the next boundary, and how racks
    /// are told.
    pub(super) fn turn(&mut self, now: Time) -> (Time, Telling) {
        let interval = self.design.control_interval;
        let seconds = interval.as_secs_f64();
        let Some(mut sampling) = self.sampling.take() else {
            return (now + interval, Telling::Drawn(seconds));
        };
        self.learn(&mut sampling, now);
        if sampling.sampler.chooses_at(now) {
            let mut records = self.closed.clone();
            self.records.iter().for_each(|part| records.merge(part));
            let total = sampling.counted(&records.total());
            sampling.sampler.choose(&total, now);
        }
        let recorded = self.closed.classes().chain(self.records.iter().flat_map(Records::classes));
        let (ended, sum_s) = recorded.fold((0, 0.0), |(ended, sum_s), tally| {
            (ended + tally.e2e.count(), sum_s + tally.e2e.sum_s())
        });
        let e2e_s = if ended > 0 { sum_s / ended as f64 } else { 0.0 };
        let mut next = sampling.sampler.turn(now, self.is_at_full_pace(now), e2e_s);
        if self.groups.len() > self.design.represent {
            // Cells that were told apart are simulated whole, and the plant is to know what they draw.
            next = next.min(sampling.sampler.boundary_after(now));
        }
        let telling = match sampling.sampler.estimates_over() {
            Some(over) => Telling::Estimated { lag_s: seconds, over_s: over.as_secs_f64() },
            None => Telling::Drawn(seconds),
        };
        self.sampling = Some(sampling);
        (next, telling)
    }

    /// Representatives are struck at `now`.
    pub(super) fn disturb(&mut self, now: Time) {
        let Some(mut sampling) = self.sampling.take() else { return };
        if sampling.sampler.disturb() {
            self.learn(&mut sampling, now);
            self.next = self.next.min(sampling.sampler.boundary_after(now));
        }
        self.sampling = Some(sampling);
    }

    /// Lets racks take what they drew in what was simulated up to `now` for their mean draw.
    fn learn(&mut self, sampling: &mut Sampling, now: Time) {
        let whole_s = now.since(std::mem::replace(&mut sampling.learned, now)).as_secs_f64();
        let sampled_s = sampling.sampler.take_seen_s();
        self.racks.iter_mut().for_each(|rack| rack.learn(whole_s, sampled_s));
    }

    /// All replicas of the representatives serve at full speed at `now`.
    fn is_at_full_pace(&self, now: Time) -> bool {
        let at = ticks::from_time(now);
        self.representatives().all(|group| group.cell.is_whole(at))
    }

    fn standing(&self) -> Standing {
        Standing {
            inside: self.representatives().map(|group| group.cell.inside()).sum(),
            rate_per_s: self.representatives().map(|group| group.cell.rate_per_s()).sum(),
        }
    }

    fn representatives(&self) -> impl Iterator<Item = &Group> {
        self.groups[..self.design.represent].iter().flatten()
    }

    /// Requests inside representatives, by what they stand for.
    fn inside(&self) -> u64 {
        self.representatives().map(|group| group.cell.in_flight()).sum()
    }

    fn received(&self) -> Vec<u64> {
        self.representatives().map(|group| group.cell.received()).collect()
    }
}
