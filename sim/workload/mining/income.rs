//! What a hash earns: the Bitcoin protocol's rules in closed form, over a run.

use std::sync::Arc;

use super::network::{self, GrowthDesign, HASHES_PER_DIFFICULTY};
use super::spec::IncomeSpec;
use crate::kernel::{Clock, Streams, Time};
use crate::measure::JOULES_PER_MWH;
use crate::spec::{Check, Fault, Name, only_with, within};
use crate::tables::format::Role;
use crate::tables::{
    Column, ColumnSpec, LineError, Run, Series, TableRead, Texts, Wanted, bad_file, unit,
};
use crate::units::{Currency, HashPrice, Money, Unit};

/// What a hash earns at an instant, before the pool's fee.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Income {
    /// The hash price, $/PH/day.
    pub usd_ph_day: f64,
    /// The network that it follows from; none where only the hash price is known.
    pub network: Option<Network>,
}

impl Income {
    /// A hash price of which nothing more is known, $/PH/day.
    pub fn of(usd_ph_day: f64) -> Self {
        Self { usd_ph_day, network: None }
    }

    /// Expected bitcoin per hash; none where only the hash price is known.
    pub fn btc_per_hash(&self) -> Option<f64> {
        self.network.map(|network| network.btc_per_hash())
    }
}

/// What a hash earns over a run.
#[derive(Debug, Clone)]
pub enum IncomeDesign {
    /// The same in every replication: constant, or as recorded.
    Known(Arc<Series<Income>>),
    /// Under a difficulty that grows and whose jumps are drawn.
    Grown(Box<Growing>),
}

/// A network whose difficulty grows from the start of a run.
#[derive(Debug, Clone)]
pub struct Growing {
    /// How it grows.
    pub growth: GrowthDesign,
    /// Difficulty at the start, fees and price; its subsidy stands in `subsidies`.
    start: Network,
    subsidies: Vec<(Time, f64)>,
    clock: Clock,
    horizon: Time,
}

impl IncomeDesign {
    /// The same all the time.
    pub fn constant(income: Income) -> Self {
        Self::Known(Arc::new(Series::constant(income)))
    }

    /// What a hash earns in the replication of `streams`. All fleets, and all designs that are
    /// compared, see one network.
    pub(super) fn series(&self, streams: &Streams) -> Arc<Series<Income>> {
        match self {
            Self::Known(series) => series.clone(),
            Self::Grown(growing) => {
                let Growing { growth, start, subsidies, clock, horizon } = &**growing;
                let mut luck = streams.stream("network difficulty", "bitcoin");
                let difficulties =
                    network::grow(start.difficulty, growth, clock, *horizon, &mut luck);
                let steps = join(&difficulties, subsidies);
                Arc::new(Series::new(steps.into_iter().map(|(at, difficulty, subsidy_btc)| {
                    (at, Network { difficulty, subsidy_btc, ..*start }.income())
                })))
            }
        }
    }
}

/// The steps of two series in one: whenever either changes.
fn join<T: Copy>(left: &[(Time, T)], right: &[(Time, f64)]) -> Vec<(Time, T, f64)> {
    let mut starts: Vec<Time> =
        left.iter().map(|step| step.0).chain(right.iter().map(|step| step.0)).collect();
    starts.sort_unstable();
    starts.dedup();
    let held = |at: Time| {
        let value = right.partition_point(|step| step.0 <= at) - 1;
        let of = left.partition_point(|step| step.0 <= at) - 1;
        (at, left[of].1, right[value].1)
    };
    starts.into_iter().map(held).collect()
}

/// The state of the Bitcoin network and of its market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Difficulty: a block takes `difficulty * 2^32` hashes in the mean.
    pub difficulty: f64,
    /// New bitcoin a block.
    pub subsidy_btc: f64,
    /// Transaction fees a block, BTC.
    pub fees_btc: f64,
    /// Price of a bitcoin, $.
    pub price_usd: f64,
}

impl Network {
    /// Expected bitcoin a hash.
    pub fn btc_per_hash(&self) -> f64 {
        // In f64, because the product exceeds 64 bits.
        (self.subsidy_btc + self.fees_btc) / (self.difficulty * HASHES_PER_DIFFICULTY)
    }

    /// What a hash earns in this network.
    pub fn income(&self) -> Income {
        Income { usd_ph_day: self.hash_price_usd_ph_day(), network: Some(*self) }
    }

    /// Expected income of a petahash a second over a day, $: the hash price as it is quoted.
    pub fn hash_price_usd_ph_day(&self) -> f64 {
        self.btc_per_hash() * self.price_usd * HASHES_PER_PH_DAY
    }
}

/// Hashes of a petahash a second in a day.
pub(super) const HASHES_PER_PH_DAY: f64 = 86_400e15;

/// Income of a machine per energy, $/MWh, at a hash price in $/PH/day: what power may cost
/// before hashing loses money.
///
/// `joules_per_hash` is the energy that hashing adds. Over the nameplate draw this is the
/// figure that the industry quotes; the price policy takes the draw above sleep, because a
/// curtailed machine still draws that.
pub fn breakeven_usd_mwh(hash_price_usd_ph_day: f64, joules_per_hash: f64) -> f64 {
    hash_price_usd_ph_day / HASHES_PER_PH_DAY / joules_per_hash * JOULES_PER_MWH
}

impl IncomeSpec {
    /// What a hash earns over `run`. A record that cannot be read leaves a price of zero, and a
    /// fault.
    pub(super) fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> IncomeDesign {
        self.check(faults);
        let subsidies = self.subsidies(run, faults);
        let fees_btc = self.fees.map_or(0.04, |b| b.0);
        if let Some(file) = &self.csv {
            let recorded = self.recorded(file, fees_btc, &subsidies, run, faults);
            return recorded.map_or(IncomeDesign::constant(Income::of(0.0)), |series| {
                IncomeDesign::Known(Arc::new(series))
            });
        }
        let Some(difficulty) = self.difficulty else {
            return IncomeDesign::constant(Income::of(self.hash_price.map_or(0.0, |p| p.0)));
        };
        let price_usd = self.price.map_or(0.0, |p| p.0);
        let start = Network { difficulty, subsidy_btc: subsidies[0].1, fees_btc, price_usd };
        if let Some(growth) = &self.growth {
            let growth = within("growth", faults, |faults| growth.resolve(faults));
            let (clock, horizon) = (run.clock.clone(), run.horizon);
            return IncomeDesign::Grown(Box::new(Growing {
                growth,
                start,
                subsidies,
                clock,
                horizon,
            }));
        }
        let steps = subsidies
            .into_iter()
            .map(|(at, subsidy_btc)| (at, Network { subsidy_btc, ..start }.income()));
        IncomeDesign::Known(Arc::new(Series::new(steps)))
    }

    /// The subsidy over `run`: that of the calendar, or the constant that is written, with a
    /// warning where the two differ.
    fn subsidies(&self, run: &Run<'_>, faults: &mut Vec<Fault>) -> Vec<(Time, f64)> {
        let calendar = network::subsidies(run.clock, run.horizon);
        let Some(written) = self.subsidy else { return calendar };
        if let Some((at, true_btc)) = calendar.iter().find(|step| step.1 != written.0) {
            let date = run.clock.timestamp(*at).to_string();
            let date = date.split('T').next().unwrap_or_default();
            let message = format!("a block of {date} pays {true_btc} BTC, not {}", written.0);
            let help = "leave it out: the subsidy follows the calendar";
            faults.push(Fault::warning("subsidy", message).help(help));
        }
        vec![(Time::ZERO, written.0)]
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        const HELP: &str = "write one of `{hash_price: 50 $/PH/day}`, \
            `{difficulty: 1.2e14, price: 100000 $}` and `{csv: btc.csv}`";
        only_with("csv", self.csv.is_some(), &self.record().written(), faults);
        let only_csv = [("columns", self.columns.is_some())];
        only_with("csv", self.csv.is_some(), &only_csv, faults);
        // A record of the price alone goes with a difficulty.
        let named = self.columns.is_some() || self.format.is_some();
        let of_difficulty = self.difficulty.is_some() && !(self.csv.is_some() && named);
        let ways = [self.hash_price.is_some(), of_difficulty, self.csv.is_some()];
        if ways.iter().filter(|given| **given).count() != 1 {
            let message = "needs exactly one of `hash_price`, `difficulty` and `csv`";
            faults.push(Fault::error("", message).help(HELP));
        }
        if self.growth.is_some() && (self.difficulty.is_none() || self.csv.is_some()) {
            let message =
                "only a `difficulty` of the start grows: a record says itself how it went";
            faults.push(Fault::error("growth", message));
        }
        let network = self.difficulty.is_some() || self.csv.is_some();
        for (field, given) in [("subsidy", self.subsidy), ("fees", self.fees)] {
            if given.is_some() && !network {
                let message = "has no effect beside a constant hash price";
                faults.push(Fault::error(field, message));
            }
            Check { faults }.between(field, given.map(|btc| btc.0), 0.0, (0.0, MOST_BTC), "BTC");
        }
        if self.price.is_some() != of_difficulty {
            let field = if self.price.is_some() { "price" } else { "difficulty" };
            let message = "`difficulty` and `price` belong together";
            faults.push(Fault::error(field, message).help(HELP));
        }
        Check { faults }.between("difficulty", self.difficulty, 1.0, (1.0, 1e30), "");
    }
}

/// The subsidy of the first blocks, the most that there will ever be, and far above the fees of
/// any block but a mistaken one.
const MOST_BTC: f64 = 50.0;

impl IncomeSpec {
    /// What a hash earns over the run, by the record `file` of the hash price, or of the network.
    fn recorded(
        &self,
        file: &Name,
        fees_btc: f64,
        subsidies: &[(Time, f64)],
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Series<Income>> {
        let mut table = self.record();
        let date = Texts(vec!["date".to_owned()]);
        let plain = self.columns.is_none() && self.format.is_none();
        if plain && table.time.is_none() && table.time_parts.is_none() {
            table.time = Some(&date);
        }
        let columns = self.columns.clone().unwrap_or_default();
        let before = faults.len();
        let currency = run.currency;
        table.named(faults);
        if self.columns.is_none() {
            faults.extend(table.foreign(currency));
        }
        if plain && currency != Currency::USD {
            let message = format!("`price` is in USD, the money of this scenario is {currency}");
            let help = format!(
                "write in which unit it is: `columns: {{price: {{column: price, unit: {currency}}}, \
                 difficulty: {{column: difficulty, unit: \"1\"}}}}`"
            );
            faults.push(Fault::error("csv", message).at(file.mark).help(help));
        }
        let mut of = |role, column: Option<&ColumnSpec>, units: &[Unit]| match column {
            Some(ColumnSpec { column, unit: name }) => unit("columns", name, units, faults)
                .map_or_else(Vec::new, |unit| vec![Column::new(column, unit)]),
            None => table.columns(role, units, (None, None), currency, faults).unwrap_or_default(),
        };
        let hash_price = of(Role::Value, columns.hash_price.as_ref(), HashPrice::UNITS);
        let mut price = of(Role::Value, columns.price.as_ref(), Money::UNITS);
        let mut difficulty = match &columns.difficulty {
            Some(written) => of(Role::Value, Some(written), PURE),
            None => Vec::new(),
        };
        if faults.len() > before {
            return None;
        }
        if plain {
            (price, difficulty) = (vec![Column::plain("price")], vec![Column::plain("difficulty")]);
        }
        let wanted: Vec<Wanted> = if hash_price.is_empty() {
            if price.is_empty() || (difficulty.is_empty() == self.difficulty.is_none()) {
                let message = "a record holds a hash price, or the price of a bitcoin with its \
                               difficulty or beside a constant one";
                faults.push(Fault::error("columns", message).help(COLUMNS));
                return None;
            }
            [price, difficulty]
                .into_iter()
                .filter(|any_of| !any_of.is_empty())
                .map(needed)
                .collect()
        } else {
            vec![needed(hash_price)]
        };
        let is_hash_price = wanted.len() == 1 && wanted[0].any_of[0].unit.contains("/day");
        let known = faults.len();
        let read = table.read(wanted, run, faults);
        if plain {
            for fault in faults[known..].iter_mut().filter(|fault| fault.help.is_none()) {
                fault.help = Some(COLUMNS.to_owned());
            }
        }
        let TableRead { recording, rows, .. } = read?;
        let is_odd = |row: usize| recording.columns.iter().any(|column| column[row] <= 0.0);
        if let Some(&(_, row)) = rows.iter().find(|(_, row)| is_odd(*row)) {
            let error =
                LineError::new(recording.lines[row], "prices and difficulty must be above zero");
            faults.push(bad_file("csv", file, &error));
            return None;
        }
        let income = |row: usize, subsidy_btc: f64| {
            let first = recording.columns[0][row];
            if is_hash_price {
                return Income::of(first);
            }
            let of_record = recording.columns.get(1).map(|column| column[row]);
            let difficulty = of_record.or(self.difficulty).unwrap_or(1.0);
            Network { difficulty, subsidy_btc, fees_btc, price_usd: first }.income()
        };
        let steps = join(&rows, subsidies);
        Some(Series::new(steps.into_iter().map(|(at, row, btc)| (at, income(row, btc)))))
    }
}

const PURE: &[Unit] = &[Unit { name: "1", factor: 1.0, offset: 0.0 }];

/// How a record of other columns is read.
const COLUMNS: &str = "by default the columns are `date`, `price` in dollars and `difficulty`; name \
    others in `columns`, such as `columns: {hash_price: {column: USD Hashprice, unit: $/PH/day}}`";

fn needed(any_of: Vec<Column>) -> Wanted {
    Wanted { any_of, optional: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The breakeven table of the reference, to its printed precision.
    #[test]
    fn breakeven_prices_by_efficiency_and_hash_price() {
        let table = [
            (12.0, [130, 171, 191, 219]),
            (15.0, [104, 137, 153, 175]),
            (17.5, [89, 117, 131, 150]),
            (21.5, [73, 96, 107, 122]),
            (29.5, [53, 70, 78, 89]),
        ];
        for (j_per_th, row) in table {
            for (hash_price, printed) in [37.4, 49.3, 55.0, 63.0].into_iter().zip(row) {
                let ours = breakeven_usd_mwh(hash_price, j_per_th * 1e-12);
                // Hash prices are printed to 0.1: half a digit of them may move the last one.
                let slack = 0.5 + ours * 0.05 / hash_price;
                assert!((ours - f64::from(printed)).abs() <= slack, "{j_per_th}: {ours}");
            }
        }
    }

    /// Closed form of a day at difficulty 2^32: a block takes 2^64 hashes.
    #[test]
    fn the_hash_price_of_a_round_difficulty() {
        let network = Network {
            difficulty: 4_294_967_296.0,
            subsidy_btc: 3.0,
            fees_btc: 1.0,
            price_usd: 50_000.0,
        };
        let exact = 86_400e15 / 18_446_744_073_709_551_616.0 * 4.0 * 50_000.0;
        assert!((network.hash_price_usd_ph_day() / exact - 1.0).abs() < 1e-15);
    }

    /// Target 49 of the reference: 3.155 BTC a block at 80,000 $, at a difficulty of November 2025 and of the
    /// last epoch of the record.
    #[test]
    fn the_hash_price_of_two_difficulties() {
        for (difficulty, usd) in
            [(138_955_357_012_247.0, 36.5399), (124_932_866_006_548.0, 40.6412)]
        {
            let network =
                Network { difficulty, subsidy_btc: 3.125, fees_btc: 0.03, price_usd: 80_000.0 };
            assert!((network.hash_price_usd_ph_day() - usd).abs() < 1e-4, "{usd}");
        }
    }

    /// Target 38 of the reference: what a megawatt-hour is worth to an S21 that would sleep at 25 W otherwise, at
    /// 45 $/PH/day after a fee of 1 %.
    #[test]
    fn an_s21_breaks_even_over_its_sleep() {
        let usd_mwh = breakeven_usd_mwh(45.0 * 0.99, (3500.0 - 25.0) / 200e12);
        assert!((usd_mwh - 106.8345).abs() < 1e-4, "{usd_mwh}");
    }

    /// 2025-08-27 in the daily record of the reference: 53.909 $/PH/day on the subsidy alone.
    #[test]
    fn the_hash_price_of_a_recorded_day() {
        let network = Network {
            difficulty: 129_699_156_960_681.0,
            subsidy_btc: 3.125,
            fees_btc: 0.0,
            price_usd: 111_222.06,
        };
        assert!((network.hash_price_usd_ph_day() - 53.909).abs() <= 5e-4);
    }
}
