//! A mining workload as a user writes it, and the same resolved.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::asic::AsicRackDesign;
use super::income::Income;
use crate::kernel::Span;
use crate::spec::{Check, Fault, Names, kinds, within};
use crate::tables::{ColumnSpec, Run, Series, TableFields, from_table};
use crate::units::{Bitcoin, Duration, EnergyPrice, Fraction, HashPrice, Money, Rate};

/// Bitcoin mining on racks of ASICs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MiningSpec {
    /// The ASIC racks that mine; they may be of several kinds.
    pub racks: Names,
    /// What a hash earns.
    pub income: IncomeSpec,
    /// Share of the income that the pool keeps. Default: 1 % (pools that pay every share take
    /// 0.3 to 2 %).
    pub pool_fee: Option<Fraction>,
    /// When machines sleep because power is dear. Default: `breakeven`.
    pub policy: Option<PolicySpec>,
    /// How machines go to sleep and come back.
    pub restart: Option<RestartSpec>,
    /// Failures of machines and their repair.
    pub failures: Option<MachineFailureSpec>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

from_table! {
/// What a hash earns: a hash price, the network it follows from, or a record. Exactly
/// one of `hash_price`, `difficulty` and `csv`; but a record of the price of a bitcoin alone needs
/// `difficulty` beside it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncomeSpec {
    /// A constant hash price, with fees.
    pub hash_price: Option<HashPrice>,
    /// A constant network difficulty; needs `price`, or a record of it.
    pub difficulty: Option<f64>,
    /// A constant price of a bitcoin, beside `difficulty`.
    pub price: Option<Money>,
    ..table {
    /// The columns of `csv`: `hash_price`, or `price` and, where it is no constant, `difficulty`.
    /// What its `format` knows need not be written. By default `price` in $ and `difficulty`, with
    /// the day in `date`.
    pub columns: Option<IncomeColumns>,
    }
    /// New bitcoin a block, beside `difficulty` or `csv`. Default: 3.125 BTC (since block
    /// 840,000, 2024-04-20).
    pub subsidy: Option<Bitcoin>,
    /// Transaction fees a block, beside `difficulty` or `csv`. Default: 0.04 BTC (fitted to
    /// miners' reports of 2025, 0.03 to 0.05; assumption).
    pub fees: Option<Bitcoin>,
}
}

/// The columns of a record of income.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncomeColumns {
    /// The hash price.
    pub hash_price: Option<ColumnSpec>,
    /// The price of a bitcoin.
    pub price: Option<ColumnSpec>,
    /// The difficulty of the network; its unit is `"1"`.
    pub difficulty: Option<ColumnSpec>,
}

impl IncomeSpec {
    /// What it says of its record.
    pub(super) fn record(&self) -> TableFields<'_> {
        self.table()
    }
}

kinds! {
    /// When machines sleep because power is dear.
    pub enum PolicySpec {
        /// Never: machines hash whatever power costs.
        Always(AlwaysSpec) = "always",
        /// While power costs more than a hash earns.
        Breakeven(BreakevenSpec) = "breakeven",
    }
}

/// Machines hash whatever power costs.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlwaysSpec {}

/// Machines sleep while the energy price is above a threshold, each kind of machine by its
/// own.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakevenSpec {
    /// Energy price above which machines sleep. Default: what their hashes earn for the
    /// energy that sleeping would save, from the hash price of the day, less the pool's fee.
    pub sleep_above: Option<EnergyPrice>,
    /// Energy price at or below which they wake. Default: the sleeping threshold less
    /// `hysteresis`.
    pub wake_below: Option<EnergyPrice>,
    /// How far the price must fall below the sleeping threshold before machines wake, as a
    /// share of it. Default: 10 % (assumption). Not beside `wake_below`.
    pub hysteresis: Option<Fraction>,
    /// Shortest time from going to sleep to waking. Default: 15 min, one settlement interval.
    pub min_off: Option<Duration>,
    /// Shortest time from waking to going to sleep for the price. Default: none.
    pub min_on: Option<Duration>,
}

/// How machines go to sleep and come back.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartSpec {
    /// Time in which firmware stops hashing; the machine draws its full power meanwhile.
    /// Default: 5 s.
    pub sleep_time: Option<Duration>,
    /// Time from a wake command to full hashing out of sleep. Default: 10 s.
    pub wake_time: Option<Duration>,
    /// Median time from power to full hashing. Default: 300 s.
    pub boot_time: Option<Duration>,
    /// Standard deviation of the logarithm of the time to boot. Default: 0.4.
    pub boot_sigma: Option<f64>,
    /// Share of a block's machines that may start within a time. Default: 0.02 /s (the
    /// stagger in use is 1 to 2 % per second).
    pub ramp: Option<Rate>,
    /// Probability that a machine does not come back when it is started. Default: 0.05 %
    /// (0.01 to 0.1 % are normal; aged S19 XP reach 2 to 10 %).
    pub failure: Option<Fraction>,
    /// Mean time until a machine that did not come back is reset by hand, exponential.
    /// Default: 1 day (a daily round; assumption).
    pub reset_time: Option<Duration>,
}

/// Failures of machines and their repair.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MachineFailureSpec {
    /// Failures of one hashing machine, exponential. Default: 0.05 /year (the maker's norm;
    /// S17 and T17 had 0.2 to 0.3, S19 XP 0.1 at some sites).
    pub rate: Option<Rate>,
    /// Mean time until a failed machine is back, with shipping and waiting, exponential.
    /// Default: 146 days, which leaves 2 % of a fleet dead at 0.05 failures per year, the middle
    /// of the 1 to 3 % that operators report. Runs start in that steady state.
    pub repair_time: Option<Duration>,
}

/// One rack of a mining workload, by its name on site.
#[derive(Debug, Clone, PartialEq)]
pub struct AsicRack {
    /// The name that its random streams are drawn under.
    pub name: String,
    /// Its machines.
    pub asic: AsicRackDesign,
}

/// A mining workload, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct MiningDesign {
    /// The racks, in the order in which the workload numbers them.
    pub racks: Vec<AsicRack>,
    /// What a hash earns, from the start of the run on.
    pub income: Arc<Series<Income>>,
    /// Share of the income that the pool keeps.
    pub pool_fee: f64,
    /// The price policy; none hashes at any price.
    pub policy: Option<BreakevenDesign>,
    /// How machines go to sleep and come back.
    pub restart: RestartDesign,
    /// Failures a second of one hashing machine.
    pub failure_rate_per_s: f64,
    /// Mean time until a failed machine is back, s.
    pub repair_mean_s: f64,
}

/// A price policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreakevenDesign {
    /// Price above which machines sleep, $/MWh; none follows the hash price.
    pub sleep_above: Option<f64>,
    /// When they wake.
    pub wake: WakePrice,
    /// Shortest time asleep.
    pub min_off: Span,
    /// Shortest time awake before the price may send them to sleep.
    pub min_on: Span,
}

/// The price at or below which machines wake.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WakePrice {
    /// A fixed one, $/MWh; never above the sleeping threshold.
    At(f64),
    /// The sleeping threshold less this share of it.
    Below(f64),
}

/// How machines go to sleep and come back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestartDesign {
    /// From the command to sleep to sleep.
    pub sleep_time: Span,
    /// From the command to wake to hashing.
    pub wake_time: Span,
    /// Median from power to hashing, s.
    pub boot_median_s: f64,
    /// Standard deviation of its logarithm.
    pub boot_sigma: f64,
    /// Share of a block's machines that may start in a second.
    pub ramp_per_s: f64,
    /// Probability that a started machine does not come back.
    pub failure: f64,
    /// Mean time until it is reset by hand, s.
    pub reset_mean_s: f64,
}

impl MiningSpec {
    /// Fills defaults, checks ranges and reads the record of income, if there is one. `racks` are
    /// those that the spec names, in order.
    pub fn resolve(
        &self,
        racks: Vec<AsicRack>,
        run: &mut Run<'_>,
        faults: &mut Vec<Fault>,
    ) -> MiningDesign {
        let failures = self.failures.clone().unwrap_or_default();
        let (failure_rate_per_s, repair_mean_s) = Check { faults }.within("failures", |check| {
            let rate = failures.rate.map_or(0.05 / (8760.0 * 3600.0), |r| r.0);
            let repair = check.lasting("repair_time", failures.repair_time);
            let repair_mean_s = repair.map_or(146.0 * 86_400.0, Duration::as_secs_f64);
            (check.failure_rate("rate", rate), repair_mean_s)
        });
        MiningDesign {
            racks,
            income: within("income", faults, |faults| self.income.resolve(run, faults)),
            pool_fee: self.pool_fee.map_or(0.01, |f| f.0),
            policy: match &self.policy {
                Some(PolicySpec::Always(_)) => None,
                Some(PolicySpec::Breakeven(spec)) => {
                    Some(within("policy", faults, |faults| spec.resolve(faults)))
                }
                None => Some(BreakevenSpec::default().resolve(faults)),
            },
            restart: Check { faults }
                .within("restart", |check| self.restart.clone().unwrap_or_default().resolve(check)),
            failure_rate_per_s,
            repair_mean_s,
        }
    }
}

impl BreakevenSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> BreakevenDesign {
        if self.wake_below.is_some() && self.hysteresis.is_some() {
            let message = "`wake_below` already says when machines wake";
            faults.push(Fault::error("hysteresis", message).help("remove one of the two"));
        }
        if let (Some(sleep), Some(wake)) = (self.sleep_above, self.wake_below)
            && wake.0 > sleep.0
        {
            let message = format!("must not lie above `sleep_above` of {sleep}");
            faults.push(Fault::error("wake_below", message));
        }
        BreakevenDesign {
            sleep_above: self.sleep_above.map(|p| p.0),
            wake: match self.wake_below {
                Some(price) => WakePrice::At(price.0),
                None => WakePrice::Below(self.hysteresis.map_or(0.10, |f| f.0)),
            },
            min_off: self.min_off.map_or(Span::from_secs(900), Span::from),
            min_on: self.min_on.map_or(Span::ZERO, Span::from),
        }
    }
}

impl RestartSpec {
    fn resolve(&self, check: &mut Check<'_>) -> RestartDesign {
        let boot_sigma = check.between("boot_sigma", self.boot_sigma, 0.4, (0.0, 2.0), "");
        let boot = check.lasting("boot_time", self.boot_time);
        let boot_median_s = boot.map_or(300.0, Duration::as_secs_f64);
        let ramp = self.ramp.map(|ramp| ramp.0);
        let ramp_per_s = check.between("ramp", ramp, 0.02, (1e-6, 1e3), "/s");
        let reset = check.lasting("reset_time", self.reset_time);
        let reset_mean_s = reset.map_or(86_400.0, Duration::as_secs_f64);
        RestartDesign {
            sleep_time: self.sleep_time.map_or(Span::from_secs(5), Span::from),
            wake_time: self.wake_time.map_or(Span::from_secs(10), Span::from),
            boot_median_s,
            boot_sigma,
            ramp_per_s,
            failure: self.failure.map_or(5e-4, |f| f.0),
            reset_mean_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::kernel::{Clock, Time};
    use crate::spec::Name;

    /// The design of `yaml` in a run of an hour, with the income file `a.csv` of one day.
    fn resolve(yaml: &str, faults: &mut Vec<Fault>) -> MiningDesign {
        let spec: MiningSpec = serde_yaml::from_str(yaml).expect("the test's spec reads");
        let clock = Clock::new("2026-06-01T00:00:00Z".parse().unwrap(), TimeZone::UTC);
        let horizon = Time::ZERO + Span::from_hours(1);
        let mut read = |_: &Name, take: &mut dyn FnMut(&[u8])| {
            take(b"date,price,difficulty\n2026-06-01,100000,1e14\n");
            Ok(())
        };
        let mut run = Run::new(&clock, horizon, &mut read);
        spec.resolve(Vec::new(), &mut run, faults)
    }

    fn faults_of(yaml: &str) -> Vec<String> {
        let mut faults = Vec::new();
        resolve(yaml, &mut faults);
        faults.iter().map(|fault| fault.field.to_string()).collect()
    }

    #[test]
    fn a_short_spec_fills_with_the_sourced_defaults() {
        let yaml = "{racks: [yard], income: {hash_price: 50 $/PH/day}}";
        let mut faults = Vec::new();
        let design = resolve(yaml, &mut faults);
        assert_eq!(faults, []);
        assert_eq!(*design.income, Series::constant(Income::of(50.0)));
        let policy = design.policy.unwrap();
        assert_eq!(policy.min_off, Span::from_secs(900));
        assert_eq!((policy.sleep_above, policy.wake), (None, WakePrice::Below(0.10)));
        // Little's law: failures a year times years away is the dead share, 2 %.
        let dead = design.failure_rate_per_s * design.repair_mean_s;
        assert!((dead - 0.02).abs() < 1e-12);
    }

    #[test]
    fn a_network_gives_its_hash_price() {
        let yaml = "{racks: [yard], income: {difficulty: 129699156960681, price: 111222.06 $, \
                     fees: 0 BTC}, policy: !always {}}";
        let design = resolve(yaml, &mut Vec::new());
        let income = design.income.at(Time::ZERO);
        assert!((income.usd_ph_day - 53.909).abs() < 5e-4);
        // Bitcoin at its price is the income.
        let usd = income.btc_per_hash.unwrap() * 86_400e15 * 111_222.06;
        assert!((usd / income.usd_ph_day - 1.0).abs() < 1e-12);
        assert_eq!(design.policy, None);
    }

    /// The income at the start of a run with the record `text`, $/PH/day.
    fn of_record(income: &str, text: &str) -> f64 {
        let yaml = format!("{{racks: [yard], income: {{csv: a.csv, {income}}}}}");
        let spec: MiningSpec = serde_yaml::from_str(&yaml).expect("the test's spec reads");
        let clock = Clock::new("2026-06-01T00:00:00Z".parse().unwrap(), TimeZone::UTC);
        let mut read = |_: &Name, take: &mut dyn FnMut(&[u8])| {
            take(text.as_bytes());
            Ok(())
        };
        let mut run = Run::new(&clock, Time::ZERO + Span::from_hours(1), &mut read);
        let mut faults = Vec::new();
        let design = spec.resolve(Vec::new(), &mut run, &mut faults);
        assert_eq!(faults, [], "{income}");
        design.income.at(Time::ZERO).usd_ph_day
    }

    #[test]
    fn a_record_names_its_columns() {
        let text = "Time,USD Hashprice\n2026-06-01T00:00:00.000Z,49.31\n";
        assert_eq!(of_record("format: hashrate-index", text), 49.31);
        let columns = "columns: {hash_price: {column: p, unit: $/TH/day}}";
        assert!((of_record(columns, "t,p\n2026-06-01,0.05\n") - 50.0).abs() < 1e-9);
        // A price alone, at a difficulty: as if both were constants.
        let text = "\"Timestamp\",\"market-price\"\n\"2026-06-01 00:00:00\",111222.06\n";
        let more = "format: blockchain-com, difficulty: 129699156960681, fees: 0 BTC";
        assert!((of_record(more, text) - 53.909).abs() < 5e-4);
    }

    #[test]
    fn contradictions_are_refused_by_field() {
        assert_eq!(faults_of("{racks: [yard], income: {}}"), ["income"]);
        assert_eq!(
            faults_of("{racks: [y], income: {hash_price: 50 $/PH/day, csv: a.csv, price: 1 $}}"),
            ["income", "income.price"]
        );
        assert_eq!(
            faults_of("{racks: [y], income: {hash_price: 50 $/PH/day, fees: 0.1 BTC}}"),
            ["income.fees"]
        );
        assert_eq!(
            faults_of(
                "{racks: [y], income: {csv: a.csv}, policy: !breakeven {sleep_above: 60 $/MWh, \
                  wake_below: 70 $/MWh, hysteresis: 5 %}, restart: {boot_sigma: 9, ramp: 0 /s}}"
            ),
            ["policy.hysteresis", "policy.wake_below", "restart.boot_sigma", "restart.ramp"]
        );
    }
}
