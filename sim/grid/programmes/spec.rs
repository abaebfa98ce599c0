//! Programmes as a user writes them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::base_point::BasePointSpec;
use super::call::add_hours;
use super::calls_spec::{CallsSpec, window};
use super::congestion::CongestionSpec;
use super::peaks::PeakLaw;
use super::system::SystemPowerSpec;
use super::{
    Baseline, CallsDesign, Pay, PeaksDesign, ProgrammeDesign, Signal, Signs, Standing, Target,
};
use crate::kernel::{Span, Time};
use crate::spec::{Alternatives, Exclusive, Fault, has_errors, kinds, within};
use crate::tables::{Run, Series, TABLE_FIELDS, WindowSpec, from_table};
use crate::units::{Duration, EnergyPrice, Fraction, Power, ReservePrice};

kinds! {
    /// A grid programme that calls the site for less power, and pays for it.
    pub enum ProgrammeSpec {
        /// Calls under an award, of an operator or by the frequency of the grid: a reserve, demand
        /// response, a capacity market.
        Dispatch(DispatchSpec) = "dispatch",
        /// Calls that pay nothing and come before all others: load shed in an emergency of the grid,
        /// or the terms of an interruptible connection.
        Emergency(EmergencySpec) = "emergency",
        /// Peaks of the system that charges depend on: the site sees them coming in a forecast and
        /// stays away from them.
        PeakForecast(PeakForecastSpec) = "peak-forecast",
        /// Base points of a market's dispatch: every few minutes the operator says what the site is to
        /// import, by its bid and the price of energy.
        BasePoint(BasePointSpec) = "base-point",
        /// Calls while the network is congested that the site stands behind: the terms of a connection
        /// that is not firm.
        Congestion(CongestionSpec) = "congestion",
        /// Hours in which a tariff is dear: the site stays away from them.
        TariffWindow(TariffWindowSpec) = "tariff-window",
    }
}

/// Calls under an award, of an operator or by the frequency of the grid.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchSpec {
    /// How much less the site stands ready to draw.
    pub award: Power,
    /// When the award is held, by whole quarters of an hour. Calls at other times are not for this
    /// site. Default: always.
    pub window: Option<WindowSpec>,
    /// When it is called.
    pub calls: CallsSpec,
    /// Time from a call until the whole award must be off; by a droop, what is asked. Default: 10 min (ERCOT's reserves by
    /// dispatch).
    pub response: Option<Duration>,
    /// Against what a call is measured. Default: `telemetered`.
    pub baseline: Option<BaselineSpec>,
    /// A baseline that is agreed in advance, in place of a measured one: a peak load contribution,
    /// a winter peak load, a reference level.
    pub reference: Option<Power>,
    /// What keeping the award ready pays. Default: nothing.
    pub price: Option<ReservePriceSpec>,
    /// Share of the award that is paid for, such as the class average of a capacity market.
    /// Default: 100 %.
    pub accreditation: Option<Fraction>,
    /// What each megawatt-hour below the baseline pays during calls. Default: 0 $/MWh.
    pub energy_price: Option<EnergyPrice>,
    /// What a site that holds this award may not do beside it, by its terms. Default: nothing is excluded.
    #[serde(default)]
    pub excludes: Vec<Excluded>,
    /// How many times the pay of the time of a call is taken back where nothing was delivered in it;
    /// less in proportion where some was. Default: 1 (assumption: the pay of that time is lost).
    pub clawback: Option<f64>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// What a site may not do beside an award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Excluded {
    /// Keep away from peaks of the system, by a programme of kind `peak-forecast`.
    Peaks,
    /// Answer the price of energy: by the policy of miners, cuts of training, base points or hours of a tariff.
    Price,
}

/// A baseline that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineSpec {
    /// The mean import over the last five minutes before the call.
    Telemetered,
    /// The mean import over the last whole quarter of an hour before the call.
    MeterBefore,
    /// The mean import of each hour of the call over the last ten weekdays on which nobody called, or the last four
    /// days of a weekend; times the import of the fourth to second hour before the call over that on these days,
    /// 0.8 to 1.2. A price that stops the load lowers it.
    TenInTen,
}

/// Calls that pay nothing and come before all others.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencySpec {
    /// What the site may go on importing. Default: what idle servers, sleeping miners, the house and
    /// cooling draw when the call comes.
    pub leave: Option<Power>,
    /// When the operator calls.
    pub calls: CallsSpec,
    /// Time from a call until the load must be off. Default: 30 min (assumption).
    pub response: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// Peaks of the system that the site stays away from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeakForecastSpec {
    /// The forecast of the load of the system.
    pub forecast: SystemPowerSpec,
    /// The load as it came, of which the highest interval of a month is its peak. Default: as
    /// forecast.
    pub load: Option<SystemPowerSpec>,
    /// Its months have a peak each, and its hours are those in which alerts are given. Default:
    /// always.
    pub window: Option<WindowSpec>,
    /// How long demand is metered at a peak: 15 min for ERCOT's four peaks, 30 min as proposed for
    /// its twelve. Default: 15 min.
    pub interval: Option<Duration>,
    /// An alert is given where the highest forecast of a day is this share, or more, of the highest of
    /// the earlier days of its month. Default: 98 %.
    pub alert_at: Option<Fraction>,
    /// The most that the site imports during an alert.
    pub leave: Power,
    /// Time from the beginning of an alert until the load must be off. Default: 0 s (an alert is
    /// known hours before).
    pub response: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// Hours in which a tariff is dear.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TariffWindowSpec {
    /// The hours, by whole quarters of an hour. What energy costs in them is said by `price`, or by a
    /// contract of kind `tariff`.
    pub window: WindowSpec,
    /// The most that the site imports in them.
    pub leave: Power,
    /// Time from their beginning until the load must be off. Default: 0 s (a tariff is known long
    /// before).
    pub response: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

from_table! {
/// What a megawatt that is kept ready pays: `fixed` or `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservePriceSpec {
    /// One price for the whole run.
    pub fixed: Option<ReservePrice>,
    ..table {
        /// The column of prices in `csv`.
        column,
        /// The unit of the column: `$/MW-h`, `$/MW-day`, `$/MW-year` or `$/kW-year`.
        unit,
    }
}
}

impl ProgrammeSpec {
    /// What excludes what in a programme, by the mapping in which it stands; the programme's own is "".
    pub const EXCLUSIVE: [(&str, Exclusive); 5] = [
        ("", Exclusive::Fields(&DispatchSpec::ALTERNATIVES)),
        ("", Exclusive::Fields(&CongestionSpec::ALTERNATIVES)),
        ("calls", Exclusive::Fields(&CallsSpec::ALTERNATIVES)),
        ("calls.length", Exclusive::Kind),
        ("price", Exclusive::Fields(&ReservePriceSpec::ALTERNATIVES)),
    ];

    /// The section of the scenario that its calls follow.
    pub fn follows(&self) -> Option<&'static str> {
        match self {
            Self::Dispatch(spec) => spec.calls.follow(),
            Self::Emergency(spec) => spec.calls.follow(),
            Self::PeakForecast(_)
            | Self::BasePoint(_)
            | Self::Congestion(_)
            | Self::TariffWindow(_) => None,
        }
    }

    /// What a site may not do beside it.
    pub fn excludes(&self) -> &[Excluded] {
        match self {
            Self::Dispatch(spec) => &spec.excludes,
            _ => &[],
        }
    }

    /// The programme `name` of `run`, of a grid that shows `signs`, or `None` after reporting why there is
    /// none.
    pub fn resolve(
        &self,
        name: &str,
        (run, signs): (&mut Run<'_>, &Signs),
        faults: &mut Vec<Fault>,
    ) -> Option<ProgrammeDesign> {
        let before = faults.len();
        let name = name.to_owned();
        let span = |given: Option<Duration>, default_s| {
            given.map_or(Span::from_secs(default_s), Span::from)
        };
        let design = match self {
            Self::Dispatch(spec) => {
                let response = span(spec.response, 600);
                spec.resolve(name, response, (run, signs), faults)?
            }
            Self::Emergency(spec) => {
                let signal = Signal::Calls(spec.calls.within((run, signs), faults)?);
                let (leave, response) = (spec.leave, span(spec.response, 1800));
                leaving(name, leave, Standing::Emergency, (signal, response))
            }
            Self::PeakForecast(spec) => {
                let signal = Signal::Peaks(spec.resolve(run, faults)?);
                let (leave, response) = (Some(spec.leave), span(spec.response, 0));
                leaving(name, leave, Standing::Peaks, (signal, response))
            }
            Self::BasePoint(spec) => {
                let resolved = spec.resolve(faults);
                if !signs.has_price {
                    let fault = Fault::error("bids", "there is no price of energy to meet them");
                    faults.push(fault.help("add `price:` to the scenario"));
                }
                let (most_w, law) = resolved?;
                let signal = Signal::Calls(CallsDesign::Bids(law));
                let (leave, response) = (Some(spec.leave), span(spec.response, 300));
                let design = leaving(name, leave, Standing::Price, (signal, response));
                ProgrammeDesign { baseline: Baseline::Reference(most_w), ..design }
            }
            Self::Congestion(spec) => {
                let signal = Signal::Calls(CallsDesign::Followed(spec.resolve(run, faults)?));
                let (leave, response) = (Some(spec.leave), span(spec.response, 300));
                let design = leaving(name, leave, Standing::Emergency, (signal, response));
                ProgrammeDesign { baseline: Baseline::Reference(spec.maximum.0), ..design }
            }
            Self::TariffWindow(spec) => {
                let window = window(Some(&spec.window), faults);
                let mut calls = Vec::new();
                add_hours(&window, run.clock, (Time::ZERO, run.horizon), &mut calls);
                let signal = Signal::Calls(CallsDesign::Listed(calls));
                let (leave, response) = (Some(spec.leave), span(spec.response, 0));
                leaving(name, leave, Standing::Price, (signal, response))
            }
        };
        (!has_errors(&faults[before..])).then_some(design)
    }
}

/// A programme that leaves the site an import, and pays nothing.
fn leaving(
    name: String,
    leave: Option<Power>,
    standing: Standing,
    (signal, response): (Signal, Span),
) -> ProgrammeDesign {
    ProgrammeDesign {
        name,
        signal,
        target: Target::Leave(leave.map(|power| power.0)),
        standing,
        baseline: Baseline::Telemetered,
        response,
        pay: Pay {
            capacity: Arc::new(Series::constant(0.0)),
            accreditation: 1.0,
            energy_usd_mwh: 0.0,
            clawback: 0.0,
        },
    }
}

impl DispatchSpec {
    /// A baseline is measured, or agreed in advance.
    const ALTERNATIVES: Alternatives = Alternatives { of: &["baseline", "reference"], with: &[] };

    fn resolve(
        &self,
        name: String,
        response: Span,
        (run, signs): (&mut Run<'_>, &Signs),
        faults: &mut Vec<Fault>,
    ) -> Option<ProgrammeDesign> {
        if self.award.0 <= 0.0 {
            faults.push(Fault::error("award", "must be above zero"));
        }
        if !(0.0..=100.0).contains(&self.clawback.unwrap_or(1.0)) {
            faults.push(Fault::error("clawback", "must be between 0 and 100"));
        }
        let written =
            [("baseline", self.baseline.is_some()), ("reference", self.reference.is_some())];
        let _ = Self::ALTERNATIVES.one_at_most(&written, faults);
        let baseline = match (self.reference, self.baseline) {
            (Some(reference), _) => Baseline::Reference(reference.0),
            (None, Some(BaselineSpec::MeterBefore)) => Baseline::MeterBefore,
            (None, Some(BaselineSpec::TenInTen)) => Baseline::LikeDays,
            (None, Some(BaselineSpec::Telemetered) | None) => Baseline::Telemetered,
        };
        if let Baseline::Reference(w) = baseline
            && w < self.award.0
        {
            faults.push(Fault::error("reference", "is less than the award"));
        }
        let window = window(self.window.as_ref(), faults);
        let calls = self.calls.within((run, signs), faults);
        let capacity = match &self.price {
            Some(price) => within("price", faults, |faults| price.resolve(run, faults)),
            None => Some(Arc::new(Series::constant(0.0))),
        };
        Some(ProgrammeDesign {
            name,
            signal: Signal::Calls(calls?),
            target: Target::Award(self.award.0, window),
            standing: Standing::Award,
            baseline,
            response,
            pay: Pay {
                capacity: capacity?,
                accreditation: self.accreditation.map_or(1.0, |share| share.0),
                energy_usd_mwh: self.energy_price.map_or(0.0, |price| price.0),
                clawback: self.clawback.unwrap_or(1.0),
            },
        })
    }
}

impl PeakForecastSpec {
    /// How long demand is metered at a peak where nothing is said.
    pub const INTERVAL: Duration = Duration(900_000_000_000);

    fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<PeaksDesign> {
        let forecast = within("forecast", faults, |faults| self.forecast.resolve(run, faults));
        let load = self.load.as_ref();
        let load = load.map(|load| within("load", faults, |faults| load.resolve(run, faults)));
        let window = window(self.window.as_ref(), faults);
        let interval = Span::from(self.interval.unwrap_or(Self::INTERVAL));
        if interval == Span::ZERO {
            faults.push(Fault::error("interval", "must be longer than zero"));
        }
        let (forecast, load) = (forecast?, load.map_or(Some(None), |load| load.map(Some))?);
        let step = load.as_ref().unwrap_or(&forecast).step();
        if let Some(step) = step.filter(|step| *step > interval) {
            let hours = step.as_secs_f64() / 3600.0;
            let message = format!("the load of the system has steps of {hours} h");
            let help = "the peak is metered at the beginning of the highest step; give the load by \
                        the intervals that are metered";
            faults.push(Fault::warning("interval", message).help(help));
        }
        let alert_at = self.alert_at.map_or(0.98, |share| share.0);
        let law = PeakLaw { forecast, load, window, interval, alert_at };
        Some(law.of_run(run.clock, run.horizon))
    }
}

impl ReservePriceSpec {
    /// Where prices come from.
    const ALTERNATIVES: Alternatives =
        Alternatives { of: &["fixed", "csv"], with: &[(&["csv"], &TABLE_FIELDS)] };

    fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Arc<Series<f64>>> {
        let sources = [("fixed", self.fixed.is_some()), ("csv", self.csv.is_some())];
        Self::ALTERNATIVES.one(&[&sources[..], &self.table().written()].concat(), faults)?;
        if let Some(fixed) = self.fixed {
            return Some(Arc::new(Series::constant(fixed.0)));
        }
        Some(Arc::new(self.table().series(ReservePrice::UNITS, run, faults)?))
    }
}
