//! Charges for the demand when the system of the grid peaks.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::books::{Books, Extra, KW_PER_MW, Month};
use super::outside::{Outside, SystemPeaks};
use crate::spec::{Fault, Name, one_source, suggest};
use crate::units::{CapacityPrice, Duration, Fraction, Power};

const NO_PEAK: &str = "no peak lies within the run, so that nothing is accrued";

/// A charge for the demand at peaks of the system: those of a list, or of a programme.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoincidentPeakSpec {
    /// The charge for the mean of the demand at all peaks of a year.
    pub rate: CapacityPrice,
    /// Length of metering intervals on the clock of the site. Default: that of the programme, or 15 min.
    pub interval: Option<Duration>,
    /// An instant within each peak interval of the year, with its offset: as many as the year has,
    /// four for ERCOT's 4CP. Those outside the run accrue nothing in it.
    #[schemars(with = "Option<Vec<String>>")]
    pub peaks: Option<Vec<Timestamp>>,
    /// In place of `peaks`: a `peak-forecast` programme. The highest load in each month of its window is a
    /// peak, and a year has as many as the window has months. A month that is simulated in part accrues
    /// that part.
    pub programme: Option<Name>,
    /// The least mean demand that is billed, as a share of `contracted`. Default: 0 %.
    pub minimum: Option<Fraction>,
    /// The demand that `minimum` is a share of.
    pub contracted: Option<Power>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// A charge for the demand at peaks of the system, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct CoincidentPeak {
    /// $/kW-year, for the mean over all peaks of a year.
    pub rate: f64,
    /// Length of metering intervals, s.
    pub interval_s: i64,
    /// Which peaks count.
    pub peaks: Peaks,
    /// The least mean demand that is billed, MW.
    pub minimum_mw: f64,
}

/// Which peaks count.
#[derive(Debug, Clone, PartialEq)]
pub enum Peaks {
    /// An instant within each peak interval of a year.
    Listed(Vec<Timestamp>),
    /// Those of a programme, of which a year has so many.
    Of(String, usize),
}

/// What has accrued for peaks so far.
#[derive(Debug)]
pub(super) struct Accrual<'c> {
    charge: &'c CoincidentPeak,
    /// The first instant of the metering interval of each peak, s since 1970.
    peaks_s: Vec<i64>,
    /// The year of the peaks of a programme: each begins anew.
    year: Option<String>,
    /// Peaks of it so far, or parts of them, and their demand, MW.
    count: f64,
    sum_mw: f64,
    /// What the demand so far lacks of the least that is billed, MW.
    lacks_mw: f64,
}

impl CoincidentPeakSpec {
    pub(super) fn resolve(&self, outside: &Outside, faults: &mut Vec<Fault>) -> CoincidentPeak {
        let sources = [("peaks", self.peaks.is_some()), ("programme", self.programme.is_some())];
        let mut missing = Vec::new();
        if one_source(&sources, &mut missing).is_none() {
            let help = "list the peaks of the year, or name a `peak-forecast`";
            missing.iter_mut().for_each(|fault| {
                fault.help.get_or_insert_with(|| help.to_owned());
            });
        }
        faults.extend(missing);
        let mut interval = self.interval;
        let peaks = match (&self.programme, &self.peaks) {
            (Some(programme), _) => {
                let known = self.of(programme, outside, faults);
                interval = interval.or(known.map(|system| system.interval));
                Peaks::Of(programme.text.clone(), known.map_or(1, |system| system.per_year))
            }
            (None, listed) => {
                let listed = listed.clone().unwrap_or_default();
                let within = |peak| (outside.start..outside.end).contains(peak);
                if self.peaks.is_some() && listed.is_empty() {
                    faults.push(Fault::error("peaks", "there is no peak to charge for"));
                } else if self.peaks.is_some() && !listed.iter().any(within) {
                    faults.push(Fault::warning("peaks", NO_PEAK));
                }
                Peaks::Listed(listed)
            }
        };
        for (field, is, other) in [
            ("minimum", self.minimum.is_some() && self.contracted.is_none(), "contracted"),
            ("contracted", self.contracted.is_some() && self.minimum.is_none(), "minimum"),
        ] {
            if is {
                let fault = Fault::error(field, format!("goes with `{other}`"));
                faults
                    .push(fault.help("write both: a share, and the demand that it is a share of"));
            }
        }
        let contracted_mw = self.contracted.map_or(0.0, |power| power.0 * 1e-6);
        CoincidentPeak {
            rate: self.rate.0,
            interval_s: outside.metering_s(interval, faults),
            peaks,
            minimum_mw: self.minimum.map_or(0.0, |share| share.0) * contracted_mw,
        }
    }

    /// The programme that it names; what does not go together with it is reported.
    fn of<'o>(
        &self,
        programme: &Name,
        outside: &'o Outside,
        faults: &mut Vec<Fault>,
    ) -> Option<&'o SystemPeaks> {
        let Some(known) = outside.peaks.iter().find(|system| system.name == programme.text) else {
            let message = format!("no `peak-forecast` programme is named `{programme}`");
            let names: Vec<&str> = outside.peaks.iter().map(|it| it.name.as_str()).collect();
            let fault = Fault::error("programme", message).at(programme.mark);
            faults.push(Fault { help: suggest(&programme.text, &names), ..fault });
            return None;
        };
        if !known.in_run {
            faults.push(Fault::warning("programme", NO_PEAK).at(programme.mark));
        }
        if let Some(own) = self.interval.filter(|own| *own != known.interval) {
            let message = format!(
                "bills the demand over {own} at peaks that `{programme}` meters over {}",
                known.interval
            );
            let help = "take the contract that belongs to the programme";
            faults.push(Fault::warning("interval", message).help(help));
        }
        Some(known)
    }
}

impl CoincidentPeak {
    /// The place of the peaks of its programme in the intervals of `books`; none where it lists its own.
    pub(super) fn place(&self, books: &Books) -> Option<usize> {
        let Peaks::Of(programme, _) = &self.peaks else { return None };
        books.place(&Extra::Peak(programme.clone()))
    }

    /// Whether `books` have the peaks that it charges for.
    pub(super) fn is_metered(&self, books: &Books) -> bool {
        matches!(self.peaks, Peaks::Listed(_)) || self.place(books).is_some()
    }

    /// Nothing has accrued yet for `books` on the clock of `zone`.
    pub(super) fn accrual(&self, books: &Books, zone: &TimeZone) -> Accrual<'_> {
        let peaks: Vec<Timestamp> = match (&self.peaks, self.place(books)) {
            (Peaks::Listed(peaks), _) => peaks.clone(),
            (Peaks::Of(..), place) => {
                let place = place.expect("the books have the peaks of every programme");
                let peak = books.intervals.iter().filter(|interval| interval.extras[place] == 1.0);
                peak.map(|interval| interval.start).collect()
            }
        };
        let begins_s = |peak: &Timestamp| {
            let offset_s = i64::from(zone.to_offset(*peak).seconds());
            peak.as_second() - (peak.as_second() + offset_s).rem_euclid(self.interval_s)
        };
        let peaks_s = peaks.iter().map(begins_s).collect();
        Accrual { charge: self, peaks_s, year: None, count: 0.0, sum_mw: 0.0, lacks_mw: 0.0 }
    }
}

impl Accrual<'_> {
    /// What is added by a metering interval of `demand_mw` in `month`, whose first metered instant is
    /// `start`, $; none where the system does not peak in it. At the end of a year all that was added is the
    /// rate times its mean demand at peaks, or the least that is billed.
    pub(super) fn add(&mut self, start: Timestamp, demand_mw: f64, month: &Month) -> Option<f64> {
        let CoincidentPeak { rate, interval_s, peaks, minimum_mw } = self.charge;
        let within = |peak_s: &&i64| (0..*interval_s).contains(&(start.as_second() - **peak_s));
        let hits = self.peaks_s.iter().filter(within).count() as f64;
        if hits == 0.0 {
            return None;
        }
        let (hits, of_year) = match peaks {
            Peaks::Listed(peaks) => (hits, peaks.len()),
            Peaks::Of(_, count) => {
                let year = month.name.split('-').next().map(str::to_owned);
                if self.year != year {
                    (self.year, self.count, self.sum_mw, self.lacks_mw) = (year, 0.0, 0.0, 0.0);
                }
                (hits * month.share, *count)
            }
        };
        self.count += hits;
        self.sum_mw += hits * demand_mw;
        let lacks_mw = (self.count * minimum_mw - self.sum_mw).max(0.0);
        let more_mw = lacks_mw - std::mem::replace(&mut self.lacks_mw, lacks_mw);
        let share = hits / of_year as f64;
        Some(rate * demand_mw * KW_PER_MW * share + rate * more_mw * KW_PER_MW / of_year as f64)
    }
}
