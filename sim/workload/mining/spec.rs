//! A mining workload as a user writes it, and the same resolved.

use schemars::JsonSchema;
use serde::Deserialize;

use super::asic::AsicRackDesign;
use super::income::IncomeDesign;
use super::network::GrowthDesign;
use crate::kernel::Span;
use crate::spec::{Check, Fault, Names, kinds, within};
use crate::tables::{ColumnSpec, Run, TableFields, from_table};
use crate::units::{Bitcoin, Duration, EnergyPrice, Fraction, HashPrice, Money, Rate};

/// Bitcoin mining on racks of ASICs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MiningSpec {
    /// The ASIC racks that mine; they may be of several kinds.
    pub racks: Names,
    /// What a hash earns.
    pub income: IncomeSpec,
    /// How the pool pays. Default: `fpps`.
    pub pool: Option<PayoutSpec>,
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
    /// How the difficulty grows from the start of the run on, beside `difficulty`. Default: not.
    pub growth: Option<GrowthSpec>,
    /// New bitcoin per block, beside `difficulty` or `csv`. Default: that of the date (3.125 BTC
    /// since block 840,000 of 2024-04-20), which halves every 210,000 blocks; beyond the blocks
    /// known, one comes every 600 s.
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

/// How the difficulty of the network grows: hash rate at a constant rate, and a jump that is drawn
/// for each epoch of 2,016 blocks. All fleets of a scenario see one network.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrowthSpec {
    /// Growth of the hash rate, of the natural logarithm: 0.345 /year is 41.2 % from year to year, the
    /// mean of December 2019 to June 2026.
    pub rate: Rate,
    /// Standard deviation of the logarithm of the jump of each epoch. Default: 0.061, that of the
    /// ratios of the 173 epochs to June 2026, which draws them as independent (they are, but for a
    /// correlation of -0.14 from one to the next).
    pub epoch_sd: Option<f64>,
}

kinds! {
    /// How a pool pays.
    pub enum PayoutSpec {
        /// Each hash its expected value: the pool bears the luck.
        Fpps(FppsSpec) = "fpps",
        /// Each block that the pool finds, by the shares of its last window: its members bear the
        /// luck together.
        Pplns(PplnsSpec) = "pplns",
        /// No pool: only blocks that the fleet finds itself.
        Solo(SoloSpec) = "solo",
    }
}

/// A pool that pays each hash its expected value, fees of transactions included.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FppsSpec {
    /// Share of the income that the pool keeps. Default: 1 % (such pools take 0.3 to 2.5 %).
    pub fee: Option<Fraction>,
}

/// A pool that pays each block it finds by the shares of its last window.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PplnsSpec {
    /// Share of the network's hash rate that the pool has, this fleet included. It finds a block every
    /// 600 s over this share.
    pub network_share: Fraction,
    /// Share of what it pays that the pool keeps. Default: 1 % (assumption).
    pub fee: Option<Fraction>,
    /// Length of the window in shares of the network's difficulty. Default: 2 (assumption). The fleet
    /// hashed at its first rate before the run.
    pub window: Option<f64>,
}

/// No pool.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoloSpec {}

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
    /// Shortest time in one of the `modes` of the machines, but for going to sleep. Default: 30 min
    /// (assumption: firmware tunes its chips for minutes after a change, which is left out).
    pub min_mode: Option<Duration>,
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

/// Where fields of former versions stand now.
pub const MOVED: &[(&str, &str)] = &[("pool_fee", "pool.fee")];

/// One rack of a mining workload, by its name on site.
#[derive(Debug, Clone, PartialEq)]
pub struct AsicRack {
    /// The name that its random streams are drawn under.
    pub name: String,
    /// Its machines.
    pub asic: AsicRackDesign,
}

/// A mining workload, resolved.
#[derive(Debug, Clone)]
pub struct MiningDesign {
    /// The racks, in the order in which the workload numbers them.
    pub racks: Vec<AsicRack>,
    /// What a hash earns, from the start of the run on.
    pub income: IncomeDesign,
    /// How the pool pays.
    pub pool: PoolDesign,
    /// The price policy; none hashes at any price.
    pub policy: Option<BreakevenDesign>,
    /// How machines go to sleep and come back.
    pub restart: RestartDesign,
    /// Failures a second of one hashing machine.
    pub failure_rate_per_s: f64,
    /// Mean time until a failed machine is back, s.
    pub repair_mean_s: f64,
}

/// How a pool pays, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoolDesign {
    /// Share of what is paid that the pool keeps.
    pub fee: f64,
    /// Who bears the luck.
    pub luck: Luck,
}

/// Who bears the luck of finding blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Luck {
    /// The pool: every hash is paid its expected value (FPPS).
    Pool,
    /// The members of a pool: a block that it finds is paid by the shares of its last window
    /// (PPLNS).
    Members {
        /// Share of the network's hash rate that the pool has.
        network_share: f64,
        /// Length of the window, in shares of the network's difficulty.
        window: f64,
    },
    /// The miner: a block of its own is paid, and nothing else.
    Miner,
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
    /// Shortest time in a mode of the firmware before the price may choose another.
    pub min_mode: Span,
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
            pool: within("pool", faults, |faults| self.pool(faults)),
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

impl MiningSpec {
    fn pool(&self, faults: &mut Vec<Fault>) -> PoolDesign {
        let fee = |fee: Option<Fraction>| fee.map_or(0.01, |f| f.0);
        let design = match &self.pool {
            None => PoolDesign { fee: fee(None), luck: Luck::Pool },
            Some(PayoutSpec::Fpps(spec)) => PoolDesign { fee: fee(spec.fee), luck: Luck::Pool },
            Some(PayoutSpec::Solo(_)) => PoolDesign { fee: 0.0, luck: Luck::Miner },
            Some(PayoutSpec::Pplns(spec)) => {
                let mut check = Check { faults: &mut *faults };
                let share = Some(spec.network_share.0);
                let network_share = check.between("network_share", share, 0.1, (1e-6, 1.0), "");
                let window = check.between("window", spec.window, 2.0, (1e-3, 1e3), "");
                let luck = Luck::Members { network_share, window };
                PoolDesign { fee: fee(spec.fee), luck }
            }
        };
        if design.luck != Luck::Pool && self.income.hash_price.is_some() {
            let message = "blocks found by luck need the network that they are found in";
            let help = "give `income` a `difficulty` with `price`, or a `csv`";
            faults.push(Fault::error("", message).help(help));
        }
        design
    }
}

impl GrowthSpec {
    pub(super) fn resolve(&self, faults: &mut Vec<Fault>) -> GrowthDesign {
        const YEAR_S: f64 = 365.0 * 86_400.0;
        let mut check = Check { faults };
        // Tenfold a year is more than the network has grown since 2014.
        let rate = check.between("rate", Some(self.rate.0 * YEAR_S), 0.0, (0.0, 2.3), "/year");
        let epoch_sd = check.between("epoch_sd", self.epoch_sd, 0.061, (0.0, 0.5), "");
        GrowthDesign { rate_per_s: rate / YEAR_S, epoch_sd }
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
            min_mode: self.min_mode.map_or(Span::from_secs(1800), Span::from),
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
    use crate::kernel::{Clock, Streams, Time};
    use crate::spec::Name;
    use crate::workload::mining::Income;

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

    fn at_start(design: &MiningDesign) -> Income {
        design.income.series(&Streams::new(1, 0)).at(Time::ZERO)
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
        assert_eq!(at_start(&design).usd_ph_day, 50.0);
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
        let income = at_start(&design);
        assert!((income.usd_ph_day - 53.909).abs() < 5e-4);
        // Bitcoin at its price is the income.
        let usd = income.btc_per_hash().unwrap() * 86_400e15 * 111_222.06;
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
        at_start(&design).usd_ph_day
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

    /// A constant that contradicts the date is told; the default is that of the date.
    #[test]
    fn the_subsidy_is_that_of_the_date() {
        let network = "difficulty: 1e14, price: 100000 $, fees: 0 BTC";
        let warned = |more: &str| {
            let mut faults = Vec::new();
            let yaml = format!("{{racks: [yard], income: {{{network}{more}}}}}");
            let income = at_start(&resolve(&yaml, &mut faults));
            (
                income.network.unwrap().subsidy_btc,
                faults.into_iter().map(|f| f.message).collect::<Vec<_>>(),
            )
        };
        assert_eq!(warned(""), (3.125, vec![]));
        assert_eq!(warned(", subsidy: 3.125 BTC"), (3.125, vec![]));
        let (btc, told) = warned(", subsidy: 6.25 BTC");
        assert_eq!(btc, 6.25);
        assert_eq!(told, ["a block of 2026-06-01 pays 3.125 BTC, not 6.25"]);
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
