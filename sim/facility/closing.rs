//! What the run has come to: its outcome.

use super::Facility;
use super::design::WorkDesign;
use super::figures::{
    self, Before, ComponentEnd, End, HallEnd, Reserve, SiteEnd, Subject, Summary, WorkEnd,
    tell_settlement,
};
use super::months::tell_worst_month;
use super::outcome::{BookOutcome, Outcome};
use super::windings::ThermalEnd;
use super::work::Work;
use crate::kernel::Time;
use crate::plant::power::PowerNode;

impl Facility<'_> {
    /// What the run has found, after it has ended.
    pub fn outcome(&mut self) -> Outcome {
        let now = self.agenda.now();
        let subjects = self.subjects(now);
        // Books are of the whole run, for what came in before may go out later.
        let books = self.books(&subjects);
        self.found(now, subjects, books)
    }

    /// What the run has come to by `now`, where an interval has just been closed. What is brought to
    /// `now` for it has been, or is in this instant anyway, so that the run goes on as if nothing had
    /// been asked. Calls that hold are not settled yet.
    pub(super) fn so_far(&mut self, now: Time) -> Outcome {
        let subjects = self.subjects(now);
        self.found(now, subjects, Vec::new())
    }

    fn found(&mut self, now: Time, mut subjects: Vec<Subject>, books: Vec<BookOutcome>) -> Outcome {
        let elapsed_s = self.elapsed().as_secs_f64();
        let months = self.months(now, &subjects);
        if self.before.is_some() {
            let end = self.end(now);
            subjects = figures::subjects(&self.meters.groups, end, self.before.as_ref());
        }
        tell_worst_month(&mut subjects[0], &months);
        let hours = match self.design.terms.is_none() {
            true => elapsed_s / 3600.0,
            false => self.billed.hours(),
        };
        let account = figures::account(&subjects, hours);
        let mut bill = None;
        if !self.design.terms.is_none() {
            let settlement = self.design.terms.settle(&self.billed, &account);
            tell_settlement(&mut subjects, &settlement);
            bill = settlement.bill;
        }
        Outcome {
            scenario: self.design.name.clone(),
            start: self.design.clock.timestamp(Time::ZERO),
            planned_days: self.design.duration.as_secs_f64() / 86_400.0,
            simulated_days: elapsed_s / 86_400.0,
            warm_up_days: self.before.as_ref().map_or(0.0, |before| before.end.seconds / 86_400.0),
            partial: self.elapsed() < self.design.duration,
            seed: self.design.seed,
            replication: self.replication,
            currency: self.design.currency,
            notes: self.notes(now, &subjects, &books),
            account,
            bill,
            books,
            months,
            subjects,
            site_events: self.trace.events(),
            trace: self.trace.to_string(),
        }
    }

    /// Everything that has figures, up to `now`, which no later instant has settled yet.
    pub(super) fn subjects(&mut self, now: Time) -> Vec<Subject> {
        let end = self.end(now);
        figures::subjects(&self.meters.groups, end, None)
    }

    /// Counts figures from `now` on, where they are to: at the end of the first interval that ends
    /// no earlier than the warm-up.
    pub(super) fn end_warm_up(&mut self, now: Time) {
        if now - Time::ZERO < self.warm_up || self.before.is_some() {
            return;
        }
        let before = Before { groups: self.meters.groups.clone(), end: self.end(now) };
        self.before = Some(before);
        self.meters.forget_extremes(now);
        self.loading.forget_extremes(now);
        self.rides.forget_extremes();
        self.windings.iter_mut().for_each(|winding| winding.forget_extremes(now));
        for work in &mut self.works {
            work.forget_extremes();
        }
        for running in &mut self.programmes.running {
            running.book.slowest_s = 0.0;
        }
        self.billed.intervals.clear();
        self.billed.lapses.clear();
        self.restart_months(now);
    }

    pub(super) fn end(&mut self, now: Time) -> End {
        self.programmes.book(now);
        let components = self.component_ends(now);
        let works = (0..self.works.len()).map(|index| self.work_end(index, now)).collect();
        let meters = self.design.halls.iter().zip(&self.meters.halls);
        let halls = meters.zip(&self.changed.halls).enumerate();
        let halls = halls.map(|(index, ((hall, meter), events))| HallEnd {
            racks: hall.racks,
            rated_w: hall.racks as f64 * hall.rack_w,
            gpus: hall.racks * hall.gpus,
            seconds: now.as_secs_f64(),
            power_losses: meter.power_losses,
            heat_trips: meter.heat_trips,
            heat_trips_again: events.trips_again,
            heat_waiting_s: self.returns.short_s(index, now),
            heat_slow_s: events.slowed.slowed_s(now),
            heat_slow_spells: events.slowed.spells(),
            heat_hunts: events.slowed.hunts(),
            outages: meter.outages(now),
            one_cord_s: self.loading.one_cord[index].integral_to(now),
        });
        let mut reserve = Reserve::default();
        for (_, component) in &components {
            reserve.add(&component.reserve);
        }
        End {
            now,
            seconds: now.as_secs_f64(),
            site: SiteEnd {
                peak_demand_w: self.meters.peak_demand_w(),
                reserve,
                rides: self.rides.end(),
            },
            halls: halls.collect(),
            works,
            components,
            programmes: self.programmes.running.iter().map(|running| running.book).collect(),
        }
    }

    fn work_end(&mut self, index: usize, now: Time) -> (WorkEnd, Summary) {
        let (summary, revenue_usd) = match &mut self.works[index] {
            Work::Mining(mining) => {
                let summary = mining.summary(now);
                let revenue_usd = summary.income_usd;
                (Summary::Mining(summary), revenue_usd)
            }
            Work::Training(training) => {
                let summary = training.summary(now);
                let revenue_usd = summary.revenue_usd;
                (Summary::Training(Box::new(summary)), revenue_usd)
            }
            Work::Inference(service) => {
                let summary = service.summary(now);
                let revenue_usd = summary.revenue;
                let fit = match &self.design.works[index].design {
                    WorkDesign::Inference { fit, .. } => fit.clone(),
                    _ => None,
                };
                (Summary::Inference { summary: Box::new(summary), fit }, revenue_usd)
            }
            Work::HeatLoad(load) => (Summary::HeatLoad(load.summary(now)), 0.0),
        };
        let [second, minute] = &self.meters.works[index].swings;
        let swings_w = [second.rise(), second.fall(), minute.rise(), minute.fall()];
        (WorkEnd { revenue_usd, swings_w }, summary)
    }

    /// By declared component: its failures and repairs, how loaded it was, what it kept in reserve.
    fn component_ends(&mut self, now: Time) -> Vec<(String, ComponentEnd)> {
        let mut ends: Vec<(String, ComponentEnd)> = Vec::new();
        let mut place = |name: &String| match ends.iter().position(|(known, _)| known == name) {
            Some(index) => index,
            None => {
                ends.push((name.clone(), ComponentEnd::default()));
                ends.len() - 1
            }
        };
        let power: Vec<usize> = self.design.power_groups.iter().map(&mut place).collect();
        let units: Vec<usize> = self.units.iter().map(|unit| place(&unit.group_name)).collect();
        let meters = self.meters.components.iter().chain(&self.meters.units);
        for (&index, meter) in power.iter().chain(&units).zip(meters) {
            let end = &mut ends[index].1;
            end.units += 1;
            end.failures += meter.failures;
            end.down_s += meter.down_s(now);
        }
        for (&index, node) in power.iter().zip((0..).map(PowerNode)) {
            let (name, end) = &mut ends[index];
            end.load = end.load.or_else(|| self.loading.end(now, name));
            if let Some(winding) = self.windings.iter().find(|winding| winding.is_at(node)) {
                end.thermal.get_or_insert(ThermalEnd::NEW).add(&winding.end(now));
            }
            end.reserve.add(&Reserve {
                batteries: self.sequences.battery(node, now),
                sets: self.sequences.genset(node, now),
                switches: self.sequences.switch(node),
            });
        }
        ends
    }
}

impl Reserve {
    /// Adds that of another.
    fn add(&mut self, other: &Self) {
        if let Some(other) = other.batteries {
            let own = self.batteries.get_or_insert_default();
            own.energy_j += other.energy_j;
            own.full_j += other.full_j;
            own.given_j += other.given_j;
            own.taken_j += other.taken_j;
            own.beyond_j += other.beyond_j;
            own.gave_s += other.gave_s;
            own.held_js += other.held_js;
        }
        if let Some(other) = other.sets {
            let own = self.sets.get_or_insert_default();
            own.starts += other.starts;
            own.failures_to_start += other.failures_to_start;
            own.failures += other.failures;
            own.tests += other.tests;
            own.run_s += other.run_s;
            own.fuel_m3 += other.fuel_m3;
            own.given_j += other.given_j;
        }
        if let Some(other) = other.switches {
            let own = self.switches.get_or_insert_default();
            own.transfers += other.transfers;
            own.failures += other.failures;
        }
    }
}
