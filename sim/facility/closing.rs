//! What the run has come to: its outcome.

use super::Facility;
use super::design::WorkDesign;
use super::figures::{
    self, Before, ComponentEnd, End, HallEnd, SiteEnd, Subject, Summary, WorkEnd, tell_bill,
    tell_worst_month,
};
use super::outcome::Outcome;
use super::work::Work;
use crate::kernel::Time;
use crate::money::price;

impl Facility<'_> {
    /// What the run has found, after it has ended.
    pub fn outcome(&mut self) -> Outcome {
        let elapsed_s = self.elapsed().as_secs_f64();
        let now = self.agenda.now();
        let mut subjects = self.subjects(now);
        let months = self.months(now, &subjects);
        // Books are of the whole run, for what came in before may go out later.
        let books = self.books(&subjects);
        if self.before.is_some() {
            let end = self.end(now);
            subjects = figures::subjects(&self.meters.groups, end, self.before.as_ref());
        }
        tell_worst_month(&mut subjects[0], &months);
        if !self.design.terms.contracts.is_empty() {
            tell_bill(&mut subjects, &price(&self.design.terms, &self.billed));
        }
        Outcome {
            scenario: self.design.name.clone(),
            start: self.design.clock.timestamp(Time::ZERO),
            planned_days: self.design.duration.as_secs_f64() / 86_400.0,
            simulated_days: elapsed_s / 86_400.0,
            partial: self.elapsed() < self.design.duration,
            seed: self.design.seed,
            replication: self.replication,
            notes: self.notes(now, &subjects, &books),
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
        for work in &mut self.works {
            work.forget_extremes();
        }
        self.billed.intervals.clear();
        self.restart_months(now);
    }

    pub(super) fn end(&mut self, now: Time) -> End {
        let works = (0..self.works.len()).map(|index| self.work_end(index, now)).collect();
        let meters = self.design.halls.iter().zip(&self.meters.halls);
        let halls = meters.zip(&self.changed.halls).enumerate();
        let halls = halls.map(|(index, ((hall, meter), events))| HallEnd {
            racks: hall.racks,
            seconds: now.as_secs_f64(),
            power_losses: meter.power_losses,
            heat_trips: meter.heat_trips,
            heat_trips_again: events.trips_again,
            heat_waiting_s: self.returns.short_s(index, now),
            heat_slow_s: events.slowed.slowed_s(now),
            heat_slow_spells: events.slowed.spells(),
            heat_hunts: events.slowed.hunts(),
            outages: meter.outages(now),
        });
        End {
            now,
            seconds: now.as_secs_f64(),
            site: SiteEnd { peak_demand_w: self.meters.peak_demand_w() },
            halls: halls.collect(),
            works,
            components: self.component_ends(now),
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

    /// By declared component: its failures and repairs.
    fn component_ends(&self, now: Time) -> Vec<(String, ComponentEnd)> {
        let mut ends: Vec<(String, ComponentEnd)> = Vec::new();
        let power = self.design.power_groups.iter().zip(&self.meters.components);
        let units = self.units.iter().map(|unit| &unit.group_name).zip(&self.meters.units);
        for (name, meter) in power.chain(units) {
            let index = match ends.iter().position(|(known, _)| known == name) {
                Some(index) => index,
                None => {
                    ends.push((name.clone(), ComponentEnd::default()));
                    ends.len() - 1
                }
            };
            let end = &mut ends[index].1;
            end.units += 1;
            end.failures += meter.failures;
            end.down_s += meter.down_s(now);
        }
        ends
    }
}
