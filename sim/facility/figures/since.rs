//! Figures of the time after an instant: what is left at the end less what was there then.

use super::components::ComponentEnd;
use super::end::{End, Summary};
use super::halls::HallEnd;
use super::reserve::{LoadEnd, Reserve};
use super::rides::RideEnd;
use super::site::SiteEnd;
use super::works::WorkEnd;
use crate::facility::windings::ThermalEnd;
use crate::plant::power::sequence::{BatteryTally, GensetTally, SwitchTally};
use crate::workload::heat_load::HeatLoadSummary;

impl End {
    /// What came after `before`.
    pub(in crate::facility) fn since(self, before: &Self) -> Self {
        let hours = |end: &Self| end.now.as_secs_f64() / 3600.0;
        let (before_h, hours) = (hours(before), hours(&self));
        let halls = self.halls.iter().zip(&before.halls);
        let works = self.works.iter().zip(&before.works);
        let components = self.components.into_iter().zip(&before.components);
        let programmes = self.programmes.iter().zip(&before.programmes);
        Self {
            now: self.now,
            seconds: self.seconds - before.seconds,
            site: SiteEnd {
                peak_demand_w: self.site.peak_demand_w,
                reserve: self.site.reserve.since(&before.site.reserve),
                rides: after(self.site.rides, before.site.rides, RideEnd::since),
            },
            halls: halls.map(|(now, before)| now.since(before)).collect(),
            works: works
                .map(|((work, summary), (work_before, summary_before))| {
                    (work.since(work_before), summary.since(summary_before, before_h, hours))
                })
                .collect(),
            components: components
                .map(|((name, now), (_, before))| (name, now.since(before, before_h, hours)))
                .collect(),
            programmes: programmes.map(|(now, before)| now.since(before)).collect(),
        }
    }
}

impl HallEnd {
    fn since(&self, before: &Self) -> Self {
        Self {
            racks: self.racks,
            rated_w: self.rated_w,
            gpus: self.gpus,
            seconds: self.seconds - before.seconds,
            power_losses: self.power_losses - before.power_losses,
            heat_trips: self.heat_trips - before.heat_trips,
            heat_trips_again: self.heat_trips_again - before.heat_trips_again,
            heat_waiting_s: self.heat_waiting_s - before.heat_waiting_s,
            heat_slow_s: self.heat_slow_s - before.heat_slow_s,
            heat_slow_spells: self.heat_slow_spells - before.heat_slow_spells,
            heat_hunts: self.heat_hunts - before.heat_hunts,
            outages: self.outages,
            one_cord_s: self.one_cord_s - before.one_cord_s,
        }
    }
}

impl WorkEnd {
    fn since(&self, before: &Self) -> Self {
        Self { revenue_usd: self.revenue_usd - before.revenue_usd, swings_w: self.swings_w }
    }
}

impl ComponentEnd {
    fn since(self, before: &Self, before_h: f64, hours: f64) -> Self {
        let load = self.load.zip(before.load);
        Self {
            units: self.units,
            failures: self.failures - before.failures,
            down_s: self.down_s - before.down_s,
            load: load.map(|(now, before)| now.since(before, before_h, hours)),
            reserve: self.reserve.since(&before.reserve),
            thermal: after(self.thermal, before.thermal, ThermalEnd::since),
        }
    }
}

impl LoadEnd {
    /// What came after `before`, whose extremes have been forgotten.
    fn since(self, before: Self, before_h: f64, hours: f64) -> Self {
        let mean_w = (self.mean_w * hours - before.mean_w * before_h) / (hours - before_h);
        Self {
            mean_w: if hours > before_h { mean_w } else { 0.0 },
            high_s: self.high_s - before.high_s,
            full_s: self.full_s - before.full_s,
            ..self
        }
    }
}

impl Reserve {
    /// What came after `before`.
    fn since(&self, before: &Self) -> Self {
        let batteries = after(self.batteries, before.batteries, |now, before| BatteryTally {
            energy_j: now.energy_j,
            full_j: before.energy_j,
            given_j: now.given_j - before.given_j,
            taken_j: now.taken_j - before.taken_j,
            beyond_j: now.beyond_j - before.beyond_j,
            gave_s: now.gave_s - before.gave_s,
            held_js: now.held_js - before.held_js,
        });
        let sets = after(self.sets, before.sets, |now, before| GensetTally {
            starts: now.starts - before.starts,
            failures_to_start: now.failures_to_start - before.failures_to_start,
            failures: now.failures - before.failures,
            tests: now.tests - before.tests,
            run_s: now.run_s - before.run_s,
            fuel_m3: now.fuel_m3 - before.fuel_m3,
            given_j: now.given_j - before.given_j,
        });
        let switches = after(self.switches, before.switches, |now, before| SwitchTally {
            transfers: now.transfers - before.transfers,
            failures: now.failures - before.failures,
        });
        Self { batteries, sets, switches }
    }
}

/// A tally of what came after `before`, where there was one.
fn after<T: Copy>(now: Option<T>, before: Option<T>, since: impl FnOnce(T, T) -> T) -> Option<T> {
    now.map(|now| before.map_or(now, |before| since(now, before)))
}

impl Summary {
    fn since(&self, before: &Self, before_h: f64, hours: f64) -> Self {
        match (self, before) {
            (Self::Mining(now), Self::Mining(before)) => {
                Self::Mining(now.since(before, before_h, hours))
            }
            (Self::Training(now), Self::Training(before)) => {
                Self::Training(Box::new(now.since(before)))
            }
            (Self::Inference { summary: now, fit }, Self::Inference { summary: before, .. }) => {
                Self::Inference { summary: Box::new(now.since(before)), fit: fit.clone() }
            }
            (Self::HeatLoad(now), Self::HeatLoad(before)) => {
                let wanted_mwh = now.wanted_mwh - before.wanted_mwh;
                Self::HeatLoad(HeatLoadSummary { electric: now.electric, wanted_mwh })
            }
            _ => unreachable!("a workload keeps its kind"),
        }
    }
}
