//! The years after a run: its cash carried over the horizon of a project, what is spent on parts and
//! upkeep, tax, and what all of it is worth.

use super::Terms;
use super::account::{Account, Product};
use super::bill::{Bill, Item};
use super::capital::{Amount, Part};
use super::finance::{
    annuity, drifted_to, internal_rates, levelised, net_present_value, payback, rate_of_period,
    trough,
};

/// A month of finance: a twelfth of a year of 8,760 hours, so that no month is dearer for being long.
pub const MONTH_H: f64 = 730.0;

const MONTHS_PER_YEAR: usize = 12;

/// What is planned around a run, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its length from the start of the run.
    pub months: usize,
    /// The rate by which money of a year later is worth less.
    pub discount: f64,
    /// Tax on what is left after depreciation, as a share.
    pub tax: f64,
    /// What it is built of.
    pub parts: Vec<Part>,
    /// What keeps it going.
    pub upkeep: Vec<Upkeep>,
    /// How what workloads earn and contracts cost changes, by name.
    pub changes: Vec<(String, Change)>,
    /// By which factor it differs from the run, by name.
    pub factors: Vec<(String, f64)>,
}

/// How an amount of each month changes over the years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// By this share at once at the end of each year, as contracts say.
    Steps(f64),
    /// By this share a year without steps, as prices of a market do.
    Drift {
        /// The share.
        growth: f64,
        /// It falls no lower than to this share of what it is in the run.
        floor: f64,
    },
}

/// What is paid each year.
#[derive(Debug, Clone, PartialEq)]
pub struct Upkeep {
    /// Its name in the scenario.
    pub name: String,
    /// What a year costs.
    pub amount: Amount,
    /// How that changes.
    pub change: Change,
    /// The workload that alone needs it.
    pub serves: Option<String>,
}

/// An amount of each month of the operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What for.
    pub name: String,
    /// $ in a month before any change; costs are negative.
    pub month_usd: f64,
    /// How it changes.
    pub change: Change,
    /// Months before it first began, from which steps are counted.
    pub since: usize,
    /// Months before it begins, and the month after the last.
    pub months: (usize, usize),
    /// It is paid once, and says nothing of an ordinary month.
    pub once: bool,
}

/// When what a line is for began, and on which terms.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "it holds functions only")]
pub struct Begun<'a> {
    /// The month from which steps of a name are counted.
    pub since: &'a dyn Fn(&str) -> usize,
    /// The rent of a month by which what was prepaid of a lease was reckoned, $; none where that is the
    /// rent of the stage itself.
    pub rent: &'a dyn Fn(&str) -> Option<f64>,
}

impl<'a> Begun<'a> {
    /// All in one stage, which began as `since` says.
    pub fn at(since: &'a dyn Fn(&str) -> usize) -> Self {
        Self { since, rent: &|_| None }
    }
}

/// What a project comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Cash at the start and at the end of each month, $.
    pub flows: Vec<f64>,
    /// What is spent on parts before the operation begins, $.
    pub capital_usd: f64,
    /// Cash of the first month of the operation, before tax and without what is paid once, $.
    pub first_month_usd: f64,
    /// Capital and upkeep by name, and the lines of the operation: what each is worth at the start, $.
    pub worth: Vec<(String, f64)>,
    /// What is made of the flows.
    pub merit: Merit,
    /// By workload: what one of its products costs, $.
    pub unit_costs: Vec<(String, Product, Option<f64>)>,
}

/// What cash flows of months are worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Merit {
    /// At the start, $.
    pub npv_usd: f64,
    /// Whether money is spent before any comes in: without that there is nothing to return.
    pub invests: bool,
    /// The yearly rates at which they are worth nothing; none where nothing is invested.
    pub rates: Vec<f64>,
    /// Years until their sum is above zero and stays there.
    pub payback_years: Option<f64>,
    /// The least of their sum, $.
    pub trough_usd: f64,
}

impl Merit {
    /// What `flows` of months are worth at `discount` a year.
    pub fn of(flows: &[f64], discount: f64) -> Self {
        let year = MONTHS_PER_YEAR as f64;
        let invests = flows.iter().find(|flow| **flow != 0.0).is_some_and(|first| *first < 0.0);
        Self {
            npv_usd: net_present_value(rate_of_period(discount, year), flows),
            invests,
            rates: if invests { internal_rates(flows, year) } else { Vec::new() },
            payback_years: payback(flows).map(|months| months / year),
            trough_usd: trough(flows),
        }
    }

    /// The internal rate of return, where there is one and no other.
    pub fn irr(&self) -> Option<f64> {
        match self.rates[..] {
            [rate] => Some(rate),
            _ => None,
        }
    }
}

impl Change {
    /// What an amount of 1 has become in the month that begins `month` months after the start, where
    /// the contract for it began after `from` of them.
    pub fn factor(self, month: usize, from: usize) -> f64 {
        match self {
            Self::Steps(share) => {
                let years = month.saturating_sub(from) / MONTHS_PER_YEAR;
                libm::pow(1.0 + share, years as f64)
            }
            Self::Drift { growth, floor } => {
                let year = MONTHS_PER_YEAR as f64;
                let (from, to) = (month as f64 / year, (month + 1) as f64 / year);
                drifted_to(growth, floor, from, to) * year
            }
        }
    }
}

/// What `lines` come to in the month after `month` months, without what is paid once, $.
pub fn month_of(lines: &[Line], month: usize) -> f64 {
    let mut flows = vec![0.0; month + 2];
    lines.iter().filter(|line| !line.once).for_each(|line| line.add_to(&mut flows));
    flows[month + 1]
}

impl Line {
    /// Adds it to `flows`, of which the first is of the start.
    pub fn add_to(&self, flows: &mut [f64]) {
        let (from, until) = self.months;
        for month in from..until.min(flows.len() - 1) {
            flows[month + 1] += self.month_usd * self.change.factor(month, self.since);
        }
    }
}

impl Amount {
    /// What it is for the site of `account`, $.
    pub(super) fn usd(&self, account: &Account) -> f64 {
        match self {
            Self::Whole(usd) => *usd,
            Self::OfPower(usd, mw) => usd * mw,
            Self::OfHall(usd, hall) => usd * account.hall(hall).map_or(0.0, |hall| hall.rated_mw),
            Self::OfRacks(usd, hall) => usd * account.hall(hall).map_or(0.0, |hall| hall.racks),
        }
    }
}

impl Part {
    /// Adds what is paid and got for it to `flows`, and what is written off, less what is got for
    /// what was sold, to `written_off`, by year.
    pub(super) fn add_to(&self, usd: f64, flows: &mut [f64], written_off: &mut [f64]) {
        let last = flows.len() - 1;
        let year_of = |month: usize| month.saturating_sub(1) / MONTHS_PER_YEAR;
        let mut write_off = |month: usize, usd: f64, sold: f64| {
            let (law, bonus) = self.depreciation;
            let years = self.life.div_ceil(MONTHS_PER_YEAR);
            for (year, share) in law.shares(bonus, years).into_iter().enumerate() {
                // What is left at the end of the project is written off there.
                let year = (year_of(month) + year).min(written_off.len() - 1);
                written_off[year] += share * usd;
            }
            written_off[year_of(month)] -= sold;
        };
        for (month, paid_usd) in self.payments(usd).filter(|(month, _)| *month <= last) {
            flows[month] -= paid_usd;
        }
        let mut bought = self.spend.end();
        let mut cost = usd * self.price_after(bought);
        write_off(bought, cost, 0.0);
        let mut generation = usd;
        loop {
            for month in self.augmented().map(|month| bought + month).filter(|it| *it < last) {
                let added = self.augmentation * generation * self.price_after(month);
                flows[month] -= added;
                write_off(month, added, 0.0);
            }
            if bought + self.life >= last {
                break;
            }
            bought += self.life;
            let sold = self.residual * cost;
            generation = self.replacement * usd;
            cost = generation * self.price_after(bought);
            flows[bought] += sold - cost;
            write_off(bought, cost, sold);
        }
        let sold = self.residual * cost;
        flows[last] += sold;
        write_off(last, 0.0, sold);
    }

    /// What it costs in each year of its life at `rate`, $.
    pub(super) fn yearly(&self, usd: f64, rate: f64) -> f64 {
        let years = self.life as f64 / MONTHS_PER_YEAR as f64;
        let cost = usd * self.price_after(self.spend.end());
        let worth = |months: f64| libm::pow(1.0 + rate, -months / MONTHS_PER_YEAR as f64);
        let added = self.augmented().map(|month| self.augmentation * worth(month as f64));
        let spent = 1.0 + added.sum::<f64>();
        annuity(cost * (spent - self.residual * libm::pow(1.0 + rate, -years)), rate, years)
    }
}

impl Project {
    /// Months before the operation begins: until the last part is paid.
    pub fn works(&self) -> usize {
        self.parts.iter().map(|part| part.spend.end()).max().unwrap_or(0)
    }

    /// What the site earns and pays in each of the months `stage`, by a run under `terms` that left
    /// `account` and costs `bill`, or the price of its energy where there is none.
    pub fn lines(
        &self,
        (terms, account, bill): (&Terms, &Account, Option<&Bill>),
        stage: (usize, usize),
        Begun { since, rent }: Begun<'_>,
    ) -> Vec<Line> {
        let line = |name: &str, usd: f64| {
            let change = self.changes.iter().find(|(of, _)| of == name);
            let factor = self.factors.iter().find(|(of, _)| of == name);
            Line {
                name: name.to_owned(),
                month_usd: usd * factor.map_or(1.0, |it| it.1) * MONTH_H / account.hours,
                change: change.map_or(Change::Steps(0.0), |it| it.1),
                since: since(name),
                months: stage,
                once: false,
            }
        };
        let own = terms.own_works(account);
        let mut lines: Vec<Line> = own.map(|work| line(&work.name, work.revenue_usd)).collect();
        let others = terms.other_incomes(account).filter(|it| it.1 != 0.0);
        lines.extend(others.map(|(name, usd)| line(name, usd)));
        let mut costs = Vec::new();
        match bill {
            Some(bill) => {
                lines.extend(terms.sold(bill).map(|it| line(&it.name, -it.cost().usd())));
                costs.extend(terms.bought(bill).map(|it| line(&it.name, -it.cost().usd())));
            }
            None => costs.push(line("energy", -account.energy_usd)),
        }
        for (name, lease) in terms.leases() {
            let its = bill.and_then(|bill| bill.contracts.iter().find(|it| it.name == name));
            let credit_usd = its.map_or(0.0, |its| its.cost_of(Item::Credit).usd());
            let begin = (since(name), rent(name));
            let mut own = lease.lines(name, account, (&costs, credit_usd), (begin, stage));
            if let Some((_, factor)) = self.factors.iter().find(|(of, _)| of == name) {
                own.iter_mut().for_each(|line| line.month_usd *= factor);
            }
            lines.extend(own);
        }
        lines.extend(costs);
        lines.extend(self.upkeep.iter().map(|upkeep| Line {
            name: upkeep.name.clone(),
            month_usd: -upkeep.amount.usd(account) / MONTHS_PER_YEAR as f64,
            change: upkeep.change,
            since: since(&upkeep.name),
            months: stage,
            once: false,
        }));
        lines
    }

    /// What the project comes to by a run under `terms` that left `account` and costs `bill`.
    pub fn forecast(&self, terms: &Terms, account: &Account, bill: Option<&Bill>) -> Forecast {
        let works = self.works();
        let lines = self.lines((terms, account, bill), (works, self.months), Begun::at(&|_| works));
        let unit_costs = self.unit_costs(terms, account, bill);
        Forecast { unit_costs, ..self.fold(&lines, works, account) }
    }

    /// What `lines` and the parts of the project, sized by `account`, come to, where the operation
    /// begins after `works` months.
    pub fn fold(&self, lines: &[Line], works: usize, account: &Account) -> Forecast {
        let none = || vec![0.0; self.months + 1];
        let monthly = rate_of_period(self.discount, MONTHS_PER_YEAR as f64);
        let mut worth: Vec<(String, f64)> = Vec::new();
        let mut operation = none();
        for line in lines {
            let mut own = none();
            line.add_to(&mut own);
            let usd = net_present_value(monthly, &own);
            match worth.iter_mut().find(|(name, _)| *name == line.name) {
                Some((_, sum)) => *sum += usd,
                None => worth.push((line.name.clone(), usd)),
            }
            add(&mut operation, &own);
        }
        let first_month_usd = month_of(lines, works);
        let mut flows = operation.clone();
        let mut written_off = vec![0.0; self.months.div_ceil(MONTHS_PER_YEAR)];
        for part in &self.parts {
            let mut own = none();
            part.add_to(part.amount.usd(account), &mut own, &mut written_off);
            worth.push((part.name.clone(), net_present_value(monthly, &own)));
            add(&mut flows, &own);
        }
        let paid =
            |part: &Part| part.payments(part.amount.usd(account)).map(|it| it.1).sum::<f64>();
        let capital_usd = self.parts.iter().map(paid).sum();
        if self.tax > 0.0 {
            let mut own = none();
            for (year, written_off) in written_off.iter().enumerate() {
                let (first, last) = (year * MONTHS_PER_YEAR + 1, (year + 1) * MONTHS_PER_YEAR);
                let last = last.min(self.months);
                let earned: f64 = operation[first..=last].iter().sum();
                own[last] -= self.tax * (earned - written_off);
            }
            worth.push(("tax".to_owned(), net_present_value(monthly, &own)));
            add(&mut flows, &own);
        }
        let merit = Merit::of(&flows, self.discount);
        Forecast { flows, capital_usd, first_month_usd, worth, merit, unit_costs: Vec::new() }
    }

    /// What a product of each workload costs: capital as yearly payments over the life of each part,
    /// and energy, contracts and upkeep of a year like the run. What serves one workload is its own, the
    /// rest is shared by energy.
    fn unit_costs(
        &self,
        terms: &Terms,
        account: &Account,
        bill: Option<&Bill>,
    ) -> Vec<(String, Product, Option<f64>)> {
        let years = account.hours / (MONTH_H * MONTHS_PER_YEAR as f64);
        let bought = bill.map_or(account.energy_usd, |bill| {
            terms.bought(bill).map(|contract| contract.cost().usd()).sum()
        }) / years;
        let of = |work: &super::account::WorkAccount| {
            let (product, made) = work.made?;
            let share = account.energy_share(&work.name);
            let share_of = |serves: &Option<String>| match serves {
                Some(name) => f64::from(u8::from(*name == work.name)),
                None => share,
            };
            let capital = self.parts.iter().map(|part| {
                share_of(&part.serves) * part.yearly(part.amount.usd(account), self.discount)
            });
            let upkeep = self.upkeep.iter().map(|it| share_of(&it.serves) * it.amount.usd(account));
            let running = share * bought + upkeep.sum::<f64>();
            Some((work.name.clone(), product, levelised(capital.sum(), running, made / years)))
        };
        account.works.iter().filter_map(of).collect()
    }
}

fn add(flows: &mut [f64], own: &[f64]) {
    flows.iter_mut().zip(own).for_each(|(flow, own)| *flow += own);
}
