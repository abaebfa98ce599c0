//! Figures of grid programmes.

use super::{Column, Derived, ratio};
use crate::facility::programmes::ProgrammeEnd;
use crate::measure::Join::Sum;
use crate::measure::{Figure, Row, Scale};

const fn hours(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::HOURS, doc).adding()
}

const fn mwh(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::MWH, doc).adding()
}

const fn ready(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::MW_H, doc).adding()
}

const fn usd(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::USD, doc).adding()
}

const fn count(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::COUNT, doc).adding()
}

/// Columns of a programme.
pub(super) static COLUMNS: &[Column] = &[
    Column::new(
        "award",
        Scale::MW,
        Sum,
        |v, i| v.programmes.running[i].award_w,
        "Held ready for it, or asked for by its call.",
    )
    .only(|design, index| design.programmes[index].has_award()),
    Column::new(
        "asked",
        Scale::MW,
        Sum,
        |v, i| v.programmes.running[i].called.map_or(0.0, |call| call.asked_w()),
        "Asked for by its call, below the baseline.",
    ),
    Column::new(
        "delivered",
        Scale::MW,
        Sum,
        |v, i| {
            let import_w = v.power.total_import_w();
            v.programmes.running[i].called.map_or(0.0, |call| call.delivered_w(import_w))
        },
        "Import below the baseline during its call.",
    ),
];

/// Of what a programme leaves at the end.
pub(super) static PROGRAMME: &[Row<ProgrammeEnd>] = &[
    Row::new(count("calls", "Calls, or alerts, that have come to the site."), |p| {
        Some(p.calls as f64)
    }),
    Row::new(
        count(
            "missed",
            "Those in which something was due and the import was never as low as when most was.",
        )
            .lower(),
        |p| Some(p.missed as f64),
    ),
    Row::new(
        count(
            "short_baselines",
            "Calls at which a baseline of like days (`ten-in-ten`) knew fewer than 5 weekdays, or 4 days of weekends.",
        )
        .lower(),
        |p| p.has_days.then_some(p.short_baselines as f64),
    ),
    Row::new(hours("called", "Time under calls."), |p| Some(p.called_s * Scale::HOURS.per_base)),
    Row::new(mwh("asked", "Energy that calls asked for, below their baselines."), |p| {
        Some(p.asked_j * Scale::MWH.per_base)
    }),
    Row::new(mwh("delivered", "Import below their baselines during calls."), |p| {
        Some(p.delivered_j * Scale::MWH.per_base)
    }),
    Row::new(
        mwh("restoring", "Import below their baselines after calls, until the load was back.")
            .lower(),
        |p| Some(p.restoring_j * Scale::MWH.per_base),
    ),
    Row::new(
        Figure::new(
            "slowest_response",
            Scale::SECONDS,
            "Longest time from a call, or from a rise of what it asked, until the import was as low as it asked then, of calls that were not missed.",
        )
        .lower(),
        |p| (p.responded > 0).then_some(p.slowest_s),
    ),
    Row::new(hours("scored", "Time of calls from full response to recall, by the share of the award that was due."), |p| {
        Some(p.scored_s * Scale::HOURS.per_base)
    }),
    Row::new(
        hours(
            "met",
            "The part of it that counts as delivered: at each instant the share of what was asked.",
        )
        .higher(),
        |p| Some(p.met_s * Scale::HOURS.per_base),
    ),
    Row::new(ready("award", "Awards over the time in which they are held."), |p| {
        p.has_award.then_some(p.award_j * Scale::MW_H.per_base)
    }),
    Row::new(
        ready(
            "shortfall",
            "The part of them that the load could not have given: all of them while nobody called, in calls what they did not ask for.",
        )
        .lower(),
        |p| p.has_award.then_some(p.shortfall_j * Scale::MW_H.per_base),
    ),
    Row::new(
        usd("capacity", "What awards pay, where the load for them was there.").higher(),
        |p| p.has_award.then_some(p.capacity_usd),
    ),
    Row::new(
        usd("clawback", "What is taken back of it for calls that were not met.").lower(),
        |p| p.has_award.then_some(p.clawback_usd),
    ),
    Row::new(
        usd("energy", "What energy below the baseline pays, once its call is over.").higher(),
        |p| p.has_award.then_some(p.energy_usd),
    ),
    Row::new(usd("income", "All that it pays, less what is taken back.").higher(), |p| {
        p.has_award.then_some(p.capacity_usd - p.clawback_usd + p.energy_usd)
    }),
    Row::new(
        mwh(
            "curtailed",
            "What limits of power kept from miners during its calls, beyond what they kept from them \
             when the call came; where calls overlap, of the one that asks for the lowest import.",
        )
        .lower(),
        |p| Some(p.curtailed_j * Scale::MWH.per_base),
    ),
    Row::new(
        usd("lost_income", "What that would have earned them, after the pool's fee.").lower(),
        |p| Some(p.lost_usd),
    ),
    Row::new(count("peaks.count", "Peaks of the system that are over."), |p| {
        p.has_peaks.then_some(p.peaks as f64)
    }),
    Row::new(count("peaks.in_alert", "Those that came during an alert.").higher(), |p| {
        p.has_peaks.then_some(p.peaks_in_alert as f64)
    }),
    Row::new(
        Figure::new("peaks.demand_sum", Scale::MW, "Sum of the mean imports in their intervals.")
            .lower()
            .adding(),
        |p| p.has_peaks.then_some(p.peaks_w * Scale::MW.per_base),
    ),
];

/// Made of the others.
pub(super) static DERIVED: &[Derived] = &[
    Derived::new(
        Figure::new(
            "score",
            Scale::SHARE,
            "Share of what was due that was delivered in that time.",
        )
        .higher(),
        |of| ratio(of("met_h"), of("scored_h")),
    ),
    Derived::new(
        Figure::new(
            "peaks.mean_demand",
            Scale::MW,
            "Mean import at the peaks: what charges by coincident peaks bill.",
        )
        .lower(),
        |of| ratio(of("peaks.demand_sum_mw"), of("peaks.count")),
    ),
];

/// Of a site with programmes.
pub(super) static SITE_INCOME: Figure =
    Figure::new("money.programmes", Scale::USD, "Income of all grid programmes.").higher().adding();
