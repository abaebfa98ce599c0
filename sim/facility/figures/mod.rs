//! Everything that is measured, as tables: a column of the time series or a figure of the outcome
//! is one row.
//!
//! - A [`Column`] is read from the site after each settled instant, joined over the instances of
//!   a declared component and integrated over time. Its interval means are a column of the time
//!   series, and its [`Total`]s are figures of the outcome, so that the two cannot disagree.
//! - A [`Row`] is read once from what a model leaves at the end: counts, percentiles.
//! - An [`InSeries`] says that a row about requests is a column of the time series too.
//! - A [`Derived`] is made of other figures: a ratio, a difference, a sum over other subjects.
//!
//! `subjects` puts them together for a design; everything that prints loops over what it gives.

mod columns;
mod group;

mod components;
mod contracts;
mod halls;
mod programmes;
mod project;
mod requests;
mod reserve;
mod rides;
mod site;
mod thermal;
mod works;

mod described;
mod end;
mod outcome;
mod since;
mod subjects;

pub use described::{Described, described};
pub use outcome::{Entry, Fact, NoFigure, Subject, SubjectKind, Value};

pub(super) use components::ComponentEnd;
pub(super) use end::{Before, End, Summary};
pub(super) use group::{Group, groups};
pub(super) use halls::HallEnd;
pub(crate) use project::levelised_cost;

pub(super) use outcome::find;
pub(super) use project::{account, tell_settlement};
pub(super) use requests::{series_columns, series_row};
pub(super) use reserve::{LoadEnd, Reserve};
pub(super) use rides::RideEnd;
pub(super) use site::{ROW_DERIVED, SiteEnd, WORST_MONTH};
pub(super) use subjects::{difference, subjects};
pub(super) use works::WorkEnd;

use super::cooling::{Amounts, ExchangerPlant, LoopPlant, WaterAmounts, Waterworks};
use super::design::Design;
use super::programmes::Programmes;
use super::storage::Array;
use super::windings::Winding;
use super::work::Work;
use crate::fluids::MoistAir;
use crate::kernel::Time;
use crate::measure::{Figure, Join, Meter, Scale, share};
use crate::plant::cooling::PerMachine;
use crate::plant::power::{Network, Sequences};

/// The site after an instant has settled, as columns read it.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) design: &'a Design,
    pub(super) power: &'a Network,
    pub(super) sequences: &'a Sequences,
    pub(super) arrays: &'a [Array],
    pub(super) windings: &'a [Winding],
    pub(super) loops: &'a [LoopPlant],
    pub(super) exchangers: &'a [ExchangerPlant],
    pub(super) water: &'a Waterworks,
    pub(super) works: &'a [Work],
    /// What has flowed in each loop from the start up to now: only where amounts are read.
    pub(super) flowed: &'a [(Amounts, WaterAmounts)],
    /// What the machines of all cooling draw, W: those of loops and the movers of exchangers.
    pub(super) cooling_w: PerMachine<f64>,
    /// What the racks of each workload draw, W.
    pub(super) works_w: &'a [f64],
    /// Racks of each hall that have power and are not tripped.
    pub(super) live_racks: &'a [u32],
    pub(super) programmes: &'a Programmes,
    /// $/MWh.
    pub(super) price: f64,
    pub(super) carbon_g_per_kwh: f64,
    pub(super) air: &'a MoistAir,
    pub(super) wet_bulb_c: f64,
    /// The settled instant.
    pub(super) now: Time,
}

impl View<'_> {
    /// Whether what an instance of `kind` reads moves between instants, or may: nothing but cooling says.
    fn moves(&self, kind: SubjectKind, index: usize) -> bool {
        match kind {
            SubjectKind::Loop => self.loops[index].moves(),
            SubjectKind::Exchanger => self.loops[self.exchangers[index].cooled_by as usize].moves(),
            _ => true,
        }
    }
}

/// What is read after each instant, of one instance: `read` gets the index of the instance in its
/// list of the design and answers in base units.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name behind that of the declared component; empty where the unit says all.
    pub(super) name: &'static str,
    pub(super) scale: Scale,
    pub(super) join: Join,
    pub(super) shown: Shown,
    pub(super) read: fn(&View<'_>, usize) -> f64,
    /// Its integral from the start to an instant, where it moves between the instants at which it
    /// is read.
    pub(super) amount: Option<fn(&View<'_>, usize, Time) -> f64>,
    /// Whether that may fall.
    pub(super) falls: bool,
    /// Whether the instance has it.
    pub(super) only: fn(&Design, usize) -> bool,
    /// The figures of the outcome that come of it.
    pub(super) totals: &'static [Total],
    pub(super) doc: &'static str,
}

/// What the time series tells of a column for an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The time-weighted mean.
    Mean,
    /// The mean, and the largest value in a column `<name>_max`.
    MeanAndMax,
    /// Nothing; only totals are of interest.
    Never,
}

impl Column {
    pub(super) const fn new(
        name: &'static str,
        scale: Scale,
        join: Join,
        read: fn(&View<'_>, usize) -> f64,
        doc: &'static str,
    ) -> Self {
        let (shown, only): (_, fn(&Design, usize) -> bool) = (Shown::Mean, |_, _| true);
        Self { name, scale, join, shown, read, amount: None, falls: false, only, totals: &[], doc }
    }

    /// The same, with its integral up to an instant, which never falls.
    pub(super) const fn amount(self, amount: fn(&View<'_>, usize, Time) -> f64) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// The same where that may fall: of what goes both ways, of a temperature.
    pub(super) const fn amount_either_way(self, amount: fn(&View<'_>, usize, Time) -> f64) -> Self {
        Self { falls: true, ..self.amount(amount) }
    }

    /// The same for the instances that `only` says.
    pub(super) const fn only(self, only: fn(&Design, usize) -> bool) -> Self {
        Self { only, ..self }
    }

    pub(super) const fn shown(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    /// The same, with figures of the outcome.
    pub(super) const fn totals(self, totals: &'static [Total]) -> Self {
        Self { totals, ..self }
    }

    /// The names of its columns in the time series behind `prefix`: of the mean, of the maximum.
    pub(super) fn names(&self, prefix: &str) -> Vec<String> {
        let name = |end: &str| {
            let parts = [prefix, self.name, end].into_iter().filter(|part| !part.is_empty());
            self.scale.key(&parts.collect::<Vec<&str>>().join("_"))
        };
        match self.shown {
            Shown::Mean => vec![name("")],
            Shown::MeanAndMax => vec![name(""), name("max")],
            Shown::Never => Vec::new(),
        }
    }
}

/// A figure of the outcome that comes of a column.
#[derive(Debug)]
pub(super) struct Total {
    pub(super) figure: Figure,
    of: Of,
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Integral,
    Mean,
    Max,
}

impl Total {
    /// The integral over time, in a unit of base unit times second.
    pub(super) const fn integral(figure: Figure) -> Self {
        Self { figure: figure.adding(), of: Of::Integral }
    }

    /// The mean over time.
    pub(super) const fn mean(figure: Figure) -> Self {
        Self { figure, of: Of::Mean }
    }

    /// The largest value that held for any time.
    pub(super) const fn max(figure: Figure) -> Self {
        Self { figure, of: Of::Max }
    }

    /// Its value by `meter` at `now`, or since the instant at which the meter read `before` and its
    /// extremes were forgotten.
    pub(super) fn value(&self, meter: &Meter, before: Option<(&Meter, Time)>, now: Time) -> f64 {
        let base = match (self.of, before) {
            (Of::Integral, None) => meter.integral_to(now),
            (Of::Mean, None) => meter.mean(now),
            (Of::Max, _) => meter.max(),
            (Of::Integral, Some((before, at))) => meter.integral_to(now) - before.integral_to(at),
            (Of::Mean, Some((before, at))) => {
                let gained = meter.integral_to(now) - before.integral_to(at);
                share(gained, (now - at).as_secs_f64()).unwrap_or(meter.value())
            }
        };
        base * self.figure.scale.per_base
    }
}

/// Makes a figure of others, which it is given by their keys.
pub(super) type Make = fn(&dyn Fn(&str) -> Option<f64>) -> Option<f64>;

/// A figure that is made of other figures of its subject.
#[derive(Debug)]
pub(super) struct Derived {
    pub(super) figure: Figure,
    pub(super) of: Make,
}

impl Derived {
    pub(super) const fn new(figure: Figure, of: Make) -> Self {
        Self { figure, of }
    }
}

/// `top / bottom`; none where there is nothing below the line.
pub(super) fn ratio(top: Option<f64>, bottom: Option<f64>) -> Option<f64> {
    let (top, bottom) = (top?, bottom?);
    (bottom > 0.0).then_some(top / bottom)
}

const fn count(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::COUNT, doc)
}

const fn mwh(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::MWH, doc)
}

const fn m3(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::M3, doc)
}

const fn usd(name: &'static str, doc: &'static str) -> Figure {
    Figure::new(name, Scale::USD, doc)
}
