//! The books of a run: all that a price may depend on.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::lapse::Lapse;
use crate::tables::Window;

/// Demand is charged per kilowatt and held in megawatts.
pub(super) const KW_PER_MW: f64 = 1000.0;

/// What the meters billed in an interval of the time series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interval {
    /// Its first instant, UTC.
    pub start: Timestamp,
    /// How long it is, s; that in which a run begins or ends may be shorter than the others.
    pub seconds: f64,
    /// Energy drawn from the grid, MWh.
    pub import_mwh: f64,
    /// Energy given to the grid, MWh.
    pub export_mwh: f64,
    /// Time-weighted mean price of energy, $/MWh: the settlement price of the interval.
    pub price_usd_mwh: f64,
    /// Emissions of the import, t.
    pub emissions_t: f64,
    /// Water taken from the main, m3.
    pub withdrawal_m3: f64,
    /// Water returned to the sewer, m3.
    pub sewage_m3: f64,
    /// The number of each of [`Books::extras`].
    pub extras: Vec<f64>,
}

/// The intervals of a run, in order, and what its racks lacked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Books {
    /// Each follows the one before.
    pub intervals: Vec<Interval>,
    /// What is kept of an interval beside that.
    pub extras: Vec<Extra>,
    /// In order of their ends.
    pub lapses: Vec<Lapse>,
}

/// What the books of some sites keep of each interval, because a contract may be priced by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extra {
    /// What an array of the site gave, a component of `power`: MWh.
    Array(String),
    /// What a plant elsewhere gave, by the contract under which the site has its energy: MWh.
    Elsewhere(String),
    /// Mean over time of the price of a node less that of the market, by the contract that has it as
    /// a series: $/MWh.
    Basis(String),
    /// Whether a peak of the system that a programme follows begins in the interval: 1, else 0.
    Peak(String),
}

impl Books {
    /// The place of `extra` in [`Interval::extras`].
    pub(super) fn place(&self, extra: &Extra) -> Option<usize> {
        self.extras.iter().position(|known| known == extra)
    }

    /// How long they are, h.
    pub fn hours(&self) -> f64 {
        self.intervals.iter().map(|interval| interval.seconds).sum::<f64>() / 3600.0
    }
}

/// When an interval begins, on the clock of a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Begin {
    /// Index of its month among those of the books.
    pub(super) month: usize,
    /// 1 to 12.
    pub(super) of_year: i8,
    /// Days since Monday.
    pub(super) weekday: i8,
    /// Seconds since local midnight.
    pub(super) second: i32,
    /// Seconds of local time since 1970, for metering intervals on the clock.
    pub(super) local_s: i64,
}

impl Begin {
    /// Whether it lies in `window`.
    pub(super) fn is_in(&self, window: &Window) -> bool {
        window.holds(self.of_year as u8, self.weekday as u8, self.second)
    }
}

/// A calendar month of the books.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Month {
    /// `2026-06`.
    pub(super) name: String,
    /// Simulated seconds of it, of all that it has.
    pub(super) share: f64,
}

/// Lays `books` over the calendar of `zone`.
pub(super) fn calendar(books: &Books, zone: &TimeZone) -> (Vec<Begin>, Vec<Month>) {
    let mut months: Vec<Month> = Vec::new();
    let mut seconds = Vec::new();
    let mut present = None;
    let begins = books.intervals.iter().map(|interval| {
        let local = zone.to_datetime(interval.start);
        if present != Some((local.year(), local.month())) {
            present = Some((local.year(), local.month()));
            let name = format!("{:04}-{:02}", local.year(), local.month());
            months.push(Month { name, share: 0.0 });
            let first = local.date().first_of_month();
            let next = first.checked_add(jiff::Span::new().months(1));
            let at = |date: jiff::civil::Date| {
                date.to_zoned(zone.clone()).map(|zoned| zoned.timestamp())
            };
            let length = next.and_then(|next| Ok(at(next)?.duration_since(at(first)?)));
            // The last month of the year 9999 has no next one.
            seconds.push(length.map_or(31.0 * 86_400.0, |length| length.as_secs_f64()));
        }
        let month = months.len() - 1;
        months[month].share += interval.seconds;
        let offset_s = i64::from(zone.to_offset(interval.start).seconds());
        Begin {
            month,
            of_year: local.month(),
            weekday: local.weekday().to_monday_zero_offset(),
            second: i32::from(local.hour()) * 3600
                + i32::from(local.minute()) * 60
                + i32::from(local.second()),
            local_s: interval.start.as_second() + offset_s,
        }
    });
    let begins: Vec<Begin> = begins.collect();
    for (month, seconds) in months.iter_mut().zip(seconds) {
        month.share = (month.share / seconds).min(1.0);
    }
    (begins, months)
}
