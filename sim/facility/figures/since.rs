//! Figures of the time after an instant: what is left at the end less what was there then.

use super::subjects::{ComponentEnd, End, HallEnd, Summary};
use super::works::WorkEnd;
use crate::workload::heat_load::HeatLoadSummary;

impl End {
    /// What came after `before`.
    pub(in crate::facility) fn since(self, before: &Self) -> Self {
        let hours = |end: &Self| end.now.as_secs_f64() / 3600.0;
        let (before_h, hours) = (hours(before), hours(&self));
        let halls = self.halls.iter().zip(&before.halls);
        let works = self.works.iter().zip(&before.works);
        let components = self.components.into_iter().zip(&before.components);
        Self {
            now: self.now,
            seconds: self.seconds - before.seconds,
            site: self.site,
            halls: halls.map(|(now, before)| now.since(before)).collect(),
            works: works
                .map(|((work, summary), (work_before, summary_before))| {
                    (work.since(work_before), summary.since(summary_before, before_h, hours))
                })
                .collect(),
            components: components
                .map(|((name, now), (_, before))| (name, now.since(before)))
                .collect(),
        }
    }
}

impl HallEnd {
    fn since(&self, before: &Self) -> Self {
        Self {
            racks: self.racks,
            seconds: self.seconds - before.seconds,
            power_losses: self.power_losses - before.power_losses,
            heat_trips: self.heat_trips - before.heat_trips,
            heat_trips_again: self.heat_trips_again - before.heat_trips_again,
            heat_waiting_s: self.heat_waiting_s - before.heat_waiting_s,
            heat_slow_s: self.heat_slow_s - before.heat_slow_s,
            heat_slow_spells: self.heat_slow_spells - before.heat_slow_spells,
            heat_hunts: self.heat_hunts - before.heat_hunts,
            outages: self.outages,
        }
    }
}

impl WorkEnd {
    fn since(&self, before: &Self) -> Self {
        Self { revenue_usd: self.revenue_usd - before.revenue_usd, swings_w: self.swings_w }
    }
}

impl ComponentEnd {
    fn since(self, before: &Self) -> Self {
        Self {
            units: self.units,
            failures: self.failures - before.failures,
            down_s: self.down_s - before.down_s,
        }
    }
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
