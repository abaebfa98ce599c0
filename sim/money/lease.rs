//! Racks that are let: rent, what a tenant pays of the site's costs, and how long that lasts.

use super::account::Account;
use super::books::{Begin, Books, Month};
use super::project::{Change, Line, MONTH_H};
use super::service::Service;

/// Racks let to a tenant, or run for one.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// The hall of racks.
    pub hall: String,
    /// The workloads on them: what these earn is the tenant's.
    pub tenants: Vec<String>,
    /// Critical power that is let, MW; the rated power of the racks where it is not written.
    pub power_mw: Option<f64>,
    /// $ for a MW and month.
    pub rent_mw_month: f64,
    /// $ for a GPU and hour, used or not.
    pub rent_gpu_hour: f64,
    /// $/MWh that the racks draw.
    pub fee_mwh: f64,
    /// Share of what the tenant earns beyond all that it pays here.
    pub profit_share: f64,
    /// What of the rent the owner spends on the hall, as a share.
    pub expenses: f64,
    /// What of the rent of the whole term is paid with its first month, as a share.
    pub prepaid: f64,
    /// Whether the tenant pays its share, by energy, of what all other contracts cost.
    pub passes_costs: bool,
    /// What is promised for the racks, where anything is.
    pub service: Option<Service>,
    /// How long it lasts, and how it changes.
    pub term: Term,
}

/// How long a lease lasts, and how it changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Term {
    /// Months at first in which nothing is paid.
    pub free: usize,
    /// What is paid grows by this share at the end of each year.
    pub escalator: f64,
    /// Months that are paid; all of a project where none are written.
    pub months: Option<usize>,
    /// Months by which it may be extended, and how probable that is if it got so far.
    pub options: Vec<(usize, f64)>,
    /// That the tenant may leave before its end.
    pub termination: Option<Termination>,
}

/// That a tenant may leave before the end of a lease.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Termination {
    /// Months that are paid until then, one at least.
    pub after: usize,
    /// How probable it is.
    pub probability: f64,
    /// What is paid for it, $.
    pub fee_usd: f64,
}

/// What a lease comes to, $; incomes are positive.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Paid {
    pub(super) rent: f64,
    pub(super) fee: f64,
    pub(super) profit: f64,
    pub(super) expenses: f64,
}

impl Paid {
    fn sum(&self) -> f64 {
        self.rent + self.fee + self.profit - self.expenses
    }
}

impl Lease {
    /// The share of the site's costs that the tenants pay, by the energy of their racks.
    pub(super) fn passed_share(&self, account: &Account) -> f64 {
        let share: f64 = self.tenants.iter().map(|name| account.energy_share(name)).sum();
        if self.passes_costs { share } else { 0.0 }
    }

    /// What it comes to in `months` (a month that is whole counts as one) of `hours`, in which the
    /// tenants drew `energy_share` of all that they drew in the run, where `passed_usd` of other costs
    /// were passed on to them in the whole run.
    fn paid(
        &self,
        account: &Account,
        (months, hours): (f64, f64),
        energy_share: f64,
        passed_usd: f64,
    ) -> Paid {
        let rent = self.rent(account, (months, hours));
        let of_tenants = account.works.iter().filter(|work| self.tenants.contains(&work.name));
        let (energy_mwh, revenue_usd) = of_tenants
            .fold((0.0, 0.0), |sum, work| (sum.0 + work.energy_mwh, sum.1 + work.revenue_usd));
        let profit_usd = (revenue_usd - energy_mwh * self.fee_mwh - passed_usd).max(0.0);
        Paid {
            rent,
            fee: energy_mwh * energy_share * self.fee_mwh,
            profit: profit_usd * energy_share * self.profit_share,
            expenses: rent * self.expenses,
        }
    }

    /// The rent of `months` of `hours`, $.
    fn rent(&self, account: &Account, (months, hours): (f64, f64)) -> f64 {
        let hall = account.hall(&self.hall);
        let power_mw = self.power_mw.or(hall.map(|hall| hall.rated_mw)).unwrap_or(0.0);
        let gpus = hall.map_or(0.0, |hall| hall.gpus);
        power_mw * self.rent_mw_month * months + gpus * self.rent_gpu_hour * hours
    }

    /// The rent of a month, $.
    pub fn month_rent(&self, account: &Account) -> f64 {
        self.rent(account, (1.0, MONTH_H))
    }

    /// The rent of each month of `books`, $, as if all of it had been simulated.
    pub(super) fn full_rents(
        &self,
        books: &Books,
        account: &Account,
        (begins, months): (&[Begin], &[Month]),
    ) -> Vec<f64> {
        let mut hours = vec![0.0; months.len()];
        for (interval, begin) in books.intervals.iter().zip(begins) {
            hours[begin.month] += interval.seconds / 3600.0;
        }
        let rent = |(month, hours): (&Month, f64)| self.rent(account, (1.0, hours / month.share));
        months.iter().zip(hours).map(rent).collect()
    }

    /// What it comes to in each month of `books`. The energy of the tenants is spread over the months
    /// as the import is.
    pub(super) fn months(
        &self,
        books: &Books,
        account: &Account,
        (months, of): (&[Month], &dyn Fn(usize) -> usize),
        passed_usd: f64,
    ) -> Vec<Paid> {
        let mut hours = vec![0.0; months.len()];
        let mut mwh = vec![0.0; months.len()];
        for (index, interval) in books.intervals.iter().enumerate() {
            hours[of(index)] += interval.seconds / 3600.0;
            mwh[of(index)] += interval.import_mwh;
        }
        let all_mwh: f64 = mwh.iter().sum();
        let paid = |(index, month): (usize, &Month)| {
            let share =
                if all_mwh > 0.0 { mwh[index] / all_mwh } else { 1.0 / months.len() as f64 };
            self.paid(account, (month.share, hours[index]), share, passed_usd)
        };
        months.iter().enumerate().map(paid).collect()
    }

    /// Its lines in a project in which it begins after `begin` months, with a rent by which what is
    /// prepaid is reckoned (its own where none is told), and is in force, as far as its term goes, in the
    /// months `stage`; `passed` are the lines of which the tenants pay a share, and `credit_usd` what
    /// tenants are credited in the run.
    pub fn lines(
        &self,
        name: &str,
        account: &Account,
        (passed, credit_usd): (&[Line], f64),
        ((begin, agreed_rent), stage): ((usize, Option<f64>), (usize, usize)),
    ) -> Vec<Line> {
        let share = self.passed_share(account);
        let passed_month: f64 = passed.iter().map(|line| -share * line.month_usd).sum();
        let run_months = account.hours / MONTH_H;
        let (one_month, of_run) = ((1.0, MONTH_H), 1.0 / run_months);
        let paid = self.paid(account, one_month, of_run, passed_month * run_months);
        let month_usd = paid.sum() - credit_usd * of_run;
        let agreed_rent = agreed_rent.unwrap_or(paid.rent);
        let once = |month: usize, usd: f64| Line {
            name: name.to_owned(),
            month_usd: usd,
            change: Change::Steps(0.0),
            since: begin,
            months: (month, month + 1),
            once: true,
        };
        let in_stage = |it: &(usize, f64)| (stage.0..stage.1).contains(&it.0) && it.1 != 0.0;
        let at_once = self.paid_once(agreed_rent, begin).into_iter().filter(in_stage);
        let mut lines: Vec<Line> = at_once.map(|(month, usd)| once(month, usd)).collect();
        let term_ends =
            self.term.months.map_or(usize::MAX, |months| begin + self.term.free + months);
        for ((from, until), probability) in self.term.spans(begin) {
            // Of extensions nothing is prepaid.
            let prepaid = if until <= term_ends { self.prepaid * agreed_rent } else { 0.0 };
            let months = (from.max(stage.0), until.min(stage.1));
            if months.0 >= months.1 {
                continue;
            }
            lines.push(Line {
                name: name.to_owned(),
                month_usd: probability * (month_usd - prepaid),
                change: Change::Steps(self.term.escalator),
                since: begin + self.term.free,
                months,
                once: false,
            });
            lines.extend(passed.iter().filter(|_| share > 0.0).map(|line| Line {
                name: name.to_owned(),
                month_usd: -probability * share * line.month_usd,
                months,
                ..line.clone()
            }));
        }
        lines
    }

    /// What is paid once, of a `rent` of a month, $, in a lease that begins after `begin` months: what is
    /// prepaid, with the first month; the fee for leaving, less what was prepaid of the months that
    /// are left, with the last. Each with its month.
    fn paid_once(&self, rent: f64, begin: usize) -> Vec<(usize, f64)> {
        let Term { free, months, escalator, termination, .. } = &self.term;
        // All that is paid of the term from its month `first` on.
        let from = |first: usize| -> f64 {
            let change = Change::Steps(*escalator);
            (first..months.unwrap_or(0)).map(|month| rent * change.factor(month, 0)).sum()
        };
        let mut once = vec![(begin, self.prepaid * from(0))];
        if let Some(Termination { after, probability, fee_usd }) = *termination {
            let usd = fee_usd - self.prepaid * from(after);
            once.push((begin + free + after - 1, probability * usd));
        }
        once
    }
}

impl Term {
    /// The months in which it is paid, if it begins after `begin`, each with its probability.
    fn spans(&self, begin: usize) -> Vec<((usize, usize), f64)> {
        let from = begin + self.free;
        let end = self.months.map_or(usize::MAX, |months| from + months);
        let mut spans = match self.termination {
            None => vec![((from, end), 1.0)],
            Some(Termination { after, probability, .. }) => {
                vec![((from, from + after), 1.0), ((from + after, end), 1.0 - probability)]
            }
        };
        for (months, probability) in &self.options {
            let ((_, end), before) = spans[spans.len() - 1];
            spans.push(((end, end + months), before * probability));
        }
        spans
    }
}
