//! What an owner promises the tenants of a hall, and what lapses of it cost: credits on the rent.

use super::books::{Begin, Books, Month};
use super::lapse::{Cause, Lacks, Lapse};

/// What an owner promises the tenants of a hall.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Credits for lapses of power.
    pub power: Vec<Step>,
    /// Credits for lapses of cooling.
    pub cooling: Vec<Step>,
    /// Most that is credited in a month, as a share of its rent.
    pub cap: f64,
    /// Whether planned maintenance counts.
    pub counts_maintenance: bool,
    /// How long in a year curtailment of a rack does not count, h.
    pub curtailment_h: f64,
}

/// A credit for lapses that are long enough; those of several steps add up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Above which length, s.
    pub over_s: f64,
    /// The credit, as a share of the rent of a month.
    pub credit: f64,
    /// The length for which it is given, each that is begun beyond `over_s`, s; once where none is.
    pub each_s: Option<f64>,
}

impl Step {
    /// The credit for a lapse of `seconds`, as a share of the rent of a month.
    fn credit(&self, seconds: f64) -> f64 {
        let beyond_s = seconds - self.over_s;
        match self.each_s {
            _ if beyond_s <= 0.0 => 0.0,
            Some(each_s) => self.credit * (beyond_s / each_s).ceil(),
            None => self.credit,
        }
    }
}

impl Service {
    /// The credits of each month of `books`, $, for `hall` of so many racks, whose `rents` are those of
    /// whole months. A lapse counts in the month in which it begins; as much of it as lies within the
    /// books.
    pub(super) fn credits(
        &self,
        (hall, racks): (&str, f64),
        rents: &[f64],
        books: &Books,
        (begins, months): (&[Begin], &[Month]),
    ) -> Vec<f64> {
        let mut credits = vec![0.0; months.len()];
        let (Some(first), true) = (books.intervals.first(), racks > 0.0) else { return credits };
        let mut lapses: Vec<&Lapse> = books
            .lapses
            .iter()
            .filter(|lapse| lapse.hall == hall && lapse.end > first.start)
            .collect();
        lapses.sort_by_key(|lapse| lapse.begin);
        // What curtailment may still take of the racks, in rack-seconds.
        let mut allowed_s = self.curtailment_h / 8760.0 * books.hours() * 3600.0 * racks;
        for lapse in lapses {
            let begin = lapse.begin.max(first.start);
            let mut seconds = lapse.end.duration_since(begin).as_secs_f64();
            let counted = f64::from(lapse.racks);
            match lapse.cause {
                Cause::Fault => {}
                Cause::Maintenance if self.counts_maintenance => {}
                Cause::Maintenance => continue,
                Cause::Curtailment => {
                    let free_s = seconds.min(allowed_s / counted);
                    allowed_s -= free_s * counted;
                    seconds -= free_s;
                }
            }
            let steps = match lapse.lacks {
                Lacks::Power => &self.power,
                Lacks::Cooling => &self.cooling,
            };
            let share: f64 = steps.iter().map(|step| step.credit(seconds)).sum();
            let next = books.intervals.partition_point(|interval| interval.start <= begin);
            let month = begins[next - 1].month;
            credits[month] += share * rents[month] * counted / racks;
        }
        for ((credit, rent), month) in credits.iter_mut().zip(rents).zip(months) {
            *credit = credit.min(self.cap * rent * month.share);
        }
        credits
    }
}
