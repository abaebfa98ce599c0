//! The laws by which contracts charge.

use jiff::Timestamp;

use super::basis::Basis;
use super::bill::{Bill, ContractBill, Entry, Item};
use super::books::{Begin, Books, Interval, KW_PER_MW, Month, calendar};
use super::peaks::CoincidentPeak;
use super::supply::{Export, Ppa};
use super::{Account, Cents, Lease, Terms};
use crate::tables::Window;

const SECONDS_PER_HOUR: f64 = 3600.0;

/// A contract of the site.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// Its name in the scenario.
    pub name: String,
    /// How it charges.
    pub law: Law,
}

/// How a contract charges, resolved.
#[derive(Debug, Clone, PartialEq)]
pub enum Law {
    /// Energy at the market's price, with blocks at fixed prices before it.
    Market(Market),
    /// Energy by a schedule of prices.
    Tariff(Tariff),
    /// The highest demand of a month.
    Demand(Demand),
    /// Demand when the system of the grid peaks.
    CoincidentPeak(CoincidentPeak),
    /// Energy of somebody else's plant.
    Ppa(Ppa),
    /// Energy that is given to the grid: an income.
    Export(Export),
    /// Water.
    Water {
        /// $ per m3 taken from the main.
        price: f64,
        /// $ per m3 returned to the sewer.
        sewer: f64,
    },
    /// Emissions of the import, $/t.
    Carbon(f64),
    /// Racks that are let: an income.
    Lease(Box<Lease>),
}

impl Law {
    /// Whether the site buys under it: tenants are passed its cost, and what the site makes bears it.
    pub fn is_bought(&self) -> bool {
        !matches!(self, Self::Lease(_) | Self::Export(_))
    }
}

/// Energy at the price of the market.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// Fixed blocks, used in this order.
    pub blocks: Vec<Block>,
    /// Price of the node less that of the market in the books, $/MWh.
    pub basis: Basis,
    /// Bounds of the price, $/MWh.
    pub collar: (f64, f64),
    /// Added to the price of every megawatt-hour of load, $/MWh.
    pub adder: f64,
    /// What is billed beyond the meter's energy, as a share of it.
    pub losses: f64,
}

/// An amount of power at a fixed price, to be paid whether it is used or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// MW.
    pub power_mw: f64,
    /// $/MWh.
    pub price: f64,
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub until: Timestamp,
    /// What is kept back of the price of resold energy, $/MWh; none where unused energy is lost.
    pub resale_fee: Option<f64>,
}

/// Energy by a schedule of prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Tariff {
    /// Windows with their prices, $/MWh; the first that holds counts, the last one always does.
    pub periods: Vec<(Window, f64)>,
    /// Energy of a month, MWh, above which $/MWh are added.
    pub steps: Vec<(f64, f64)>,
    /// What is billed beyond the meter's energy, as a share of it.
    pub losses: f64,
}

/// The highest demand of a month.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// $/kW-month.
    pub rate: f64,
    /// Length of metering intervals, s.
    pub interval_s: i64,
    /// When demand counts for the month.
    pub window: Window,
    /// The part of the highest demand of how many months before that is billed at least.
    pub ratchet: Option<Ratchet>,
    /// Least demand that is billed, MW.
    pub minimum_mw: f64,
    /// Highest demand of the first month before the run began, MW.
    pub set_mw: f64,
}

/// What earlier months leave of a demand charge.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratchet {
    /// Share of the highest demand.
    pub share: f64,
    /// How many months before count.
    pub months: usize,
    /// When demand counts for months to come.
    pub window: Window,
    /// Highest demand of the months before the run, MW, the latest last.
    pub before_mw: Vec<f64>,
}

/// What `terms` charge for `books` and `account`. Linear in the intervals times the contracts.
pub fn price(terms: &Terms, books: &Books, account: &Account) -> Bill {
    let (begins, months) = calendar(books, &terms.zone);
    let run = Laid { books, begins: &begins, months: &months };
    let contracts = terms.contracts.iter().map(|contract| {
        let mut sums = Sums::new(months.len());
        match &contract.law {
            Law::Market(market) => market.charge(&run, &contract.name, &mut sums),
            Law::Tariff(tariff) => tariff.charge(&run, &mut sums),
            Law::Demand(demand) => demand.charge(&run, &mut sums),
            Law::CoincidentPeak(peaks) => {
                let mut accrual = peaks.accrual(books, &terms.zone);
                for (demand_mw, index) in run.demands(peaks.interval_s) {
                    let month = run.begins[index].month;
                    let start = books.intervals[index].start;
                    if let Some(usd) = accrual.add(start, demand_mw, &run.months[month]) {
                        sums.add(month, Item::Peaks, usd);
                    }
                }
            }
            Law::Ppa(ppa) => {
                let place = ppa.place(&contract.name, books);
                let place = place.expect("the books have the energy of every plant");
                let market = ppa.basis.prices(&contract.name, books);
                for (interval, begin) in run.intervals() {
                    let gave = (interval.extras[place], market(interval));
                    for (item, usd) in ppa.costs(interval, gave) {
                        sums.add(begin.month, item, usd);
                    }
                }
            }
            Law::Export(export) => {
                for (interval, begin) in run.intervals() {
                    sums.add(begin.month, Item::Export, -export.earns(interval));
                }
            }
            Law::Water { price, sewer } => {
                for (interval, begin) in run.intervals() {
                    sums.add(begin.month, Item::Water, interval.withdrawal_m3 * price);
                    sums.add(begin.month, Item::Sewage, interval.sewage_m3 * sewer);
                }
            }
            Law::Carbon(price) => {
                for (interval, begin) in run.intervals() {
                    sums.add(begin.month, Item::Carbon, interval.emissions_t * price);
                }
            }
            // Told below, when it is known what all others cost.
            Law::Lease(_) => {}
        }
        ContractBill { name: contract.name.clone(), entries: sums.entries() }
    });
    let mut contracts: Vec<ContractBill> = contracts.collect();
    let bought = |it: &(&Contract, &ContractBill)| it.0.law.is_bought();
    let costs: Vec<f64> = (0..months.len())
        .map(|month| {
            let bought = terms.contracts.iter().zip(&contracts).filter(bought);
            bought.map(|(_, contract)| contract.cost_in(month).usd()).sum()
        })
        .collect();
    for (contract, bill) in terms.contracts.iter().zip(&mut contracts) {
        if let Law::Lease(lease) = &contract.law {
            bill.entries = run.let_out(lease, account, &costs).entries();
        }
    }
    Bill { contracts, months: months.into_iter().map(|month| month.name).collect() }
}

/// Books laid over the calendar.
struct Laid<'a> {
    books: &'a Books,
    begins: &'a [Begin],
    months: &'a [Month],
}

impl Laid<'_> {
    /// What `lease` comes to where all else costs `costs`, $, in the months.
    fn let_out(&self, lease: &Lease, account: &Account, costs: &[f64]) -> Sums {
        let mut sums = Sums::new(self.months.len());
        let share = lease.passed_share(account);
        let passed_usd = share * costs.iter().sum::<f64>();
        let of = |index: usize| self.begins[index].month;
        let paid = lease.months(self.books, account, (self.months, &of), passed_usd);
        let credits = lease.service.as_ref().map(|service| {
            let calendar = (self.begins, self.months);
            let rents = lease.full_rents(self.books, account, calendar);
            let racks = account.hall(&lease.hall).map_or(0.0, |hall| hall.racks);
            service.credits((&lease.hall, racks), &rents, self.books, calendar)
        });
        for (month, (paid, cost)) in paid.into_iter().zip(costs).enumerate() {
            for (item, usd) in [
                (Item::Rent, -paid.rent),
                (Item::Fee, -paid.fee),
                (Item::Profit, -paid.profit),
                (Item::PassedOn, -share * cost),
                (Item::Expenses, paid.expenses),
            ] {
                if usd != 0.0 {
                    sums.add(month, item, usd);
                }
            }
            if let Some(credits) = &credits {
                sums.add(month, Item::Credit, credits[month]);
            }
        }
        sums
    }

    fn intervals(&self) -> impl Iterator<Item = (&Interval, &Begin)> {
        self.books.intervals.iter().zip(self.begins)
    }

    /// Demand of each metering interval of `interval_s` on the clock, MW: the energy metered in it
    /// over its whole length. With it goes the index of the first interval in it.
    fn demands(&self, interval_s: i64) -> impl Iterator<Item = (f64, usize)> {
        let slot = move |begin: &Begin| begin.local_s.div_euclid(interval_s);
        let hours = interval_s as f64 / SECONDS_PER_HOUR;
        let mut index = 0;
        std::iter::from_fn(move || {
            let (first, first_index) = (self.begins.get(index)?, index);
            let mut mwh = 0.0;
            // Where the clock is set back, two intervals have the same place on it, but not side by side.
            while self.begins.get(index).is_some_and(|begin| slot(begin) == slot(first)) {
                mwh += self.books.intervals[index].import_mwh;
                index += 1;
            }
            Some((mwh / hours, first_index))
        })
    }

    /// The highest demand of each month in `window`, MW; zero where none lies in it.
    fn peaks_mw(&self, interval_s: i64, window: &Window) -> Vec<f64> {
        let mut peaks = vec![0.0_f64; self.months.len()];
        for (demand_mw, index) in self.demands(interval_s) {
            let begin = &self.begins[index];
            if begin.is_in(window) {
                peaks[begin.month] = peaks[begin.month].max(demand_mw);
            }
        }
        peaks
    }
}

/// Sums of a contract by month and item, in dollars until all is in.
struct Sums(Vec<Vec<(Item, f64)>>);

impl Sums {
    fn new(months: usize) -> Self {
        Self(vec![Vec::new(); months])
    }

    fn add(&mut self, month: usize, item: Item, usd: f64) {
        let items = &mut self.0[month];
        match items.iter_mut().find(|(known, _)| *known == item) {
            Some((_, sum)) => *sum += usd,
            None => items.push((item, usd)),
        }
    }

    fn entries(self) -> Vec<Entry> {
        let entry = |(month, items): (usize, Vec<(Item, f64)>)| {
            items.into_iter().map(move |(item, usd)| Entry { month, item, cost: Cents::of(usd) })
        };
        self.0.into_iter().enumerate().flat_map(entry).collect()
    }
}

impl Market {
    fn charge(&self, run: &Laid<'_>, name: &str, sums: &mut Sums) {
        let (floor, cap) = self.collar;
        let market = self.basis.prices(name, run.books);
        for (interval, begin) in run.intervals() {
            let hours = interval.seconds / SECONDS_PER_HOUR;
            let load_mwh = interval.import_mwh * (1.0 + self.losses);
            let spot = market(interval).clamp(floor, cap);
            let mut open_mwh = load_mwh;
            for block in &self.blocks {
                if interval.start < block.from || interval.start >= block.until {
                    continue;
                }
                let block_mwh = block.power_mw * hours;
                let used_mwh = block_mwh.min(open_mwh);
                open_mwh -= used_mwh;
                sums.add(begin.month, Item::Blocks, block_mwh * block.price);
                if let Some(fee) = block.resale_fee {
                    let resold_usd = (block_mwh - used_mwh) * (spot - fee);
                    sums.add(begin.month, Item::Resale, -resold_usd);
                }
            }
            sums.add(begin.month, Item::Energy, open_mwh * spot + load_mwh * self.adder);
        }
    }
}

impl Tariff {
    fn charge(&self, run: &Laid<'_>, sums: &mut Sums) {
        let mut month_mwh = vec![0.0; run.months.len()];
        for (interval, begin) in run.intervals() {
            let mwh = interval.import_mwh * (1.0 + self.losses);
            let price = self.periods.iter().find(|(window, _)| begin.is_in(window));
            let price = price.expect("the last period always holds").1;
            sums.add(begin.month, Item::Energy, mwh * price);
            month_mwh[begin.month] += mwh;
        }
        for (month, mwh) in month_mwh.into_iter().enumerate() {
            for (above_mwh, add) in &self.steps {
                let over_mwh = (mwh - above_mwh * run.months[month].share).max(0.0);
                sums.add(month, Item::Energy, over_mwh * add);
            }
        }
    }
}

impl Demand {
    fn charge(&self, run: &Laid<'_>, sums: &mut Sums) {
        let mut peaks = run.peaks_mw(self.interval_s, &self.window);
        if let Some(first) = peaks.first_mut() {
            *first = first.max(self.set_mw);
        }
        let earlier = self.ratchet.as_ref().map(|ratchet| {
            let mut earlier = ratchet.before_mw.clone();
            earlier.extend(run.peaks_mw(self.interval_s, &ratchet.window));
            (ratchet, earlier)
        });
        for (month, peak_mw) in peaks.into_iter().enumerate() {
            let mut billed_mw = peak_mw.max(self.minimum_mw);
            if let Some((ratchet, earlier)) = &earlier {
                let now = ratchet.before_mw.len() + month;
                let past = &earlier[now.saturating_sub(ratchet.months)..now];
                let most_mw = past.iter().copied().fold(0.0, f64::max);
                billed_mw = billed_mw.max(ratchet.share * most_mw);
            }
            let usd = billed_mw * KW_PER_MW * self.rate * run.months[month].share;
            sums.add(month, Item::Demand, usd);
        }
    }
}
