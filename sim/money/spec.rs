//! Contracts as a user writes them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::basis::{Basis, BasisSeriesSpec};
use super::contract::{Block, Demand, Law, Market, Ratchet, Tariff};
use super::lease_spec::{HostingSpec, LeaseSpec};
use super::outside::Outside;
use super::peaks::CoincidentPeakSpec;
use super::supply::{ExportSpec, PpaSpec};
use crate::measure::JOULES_PER_MWH;
use crate::spec::{Check, Fault, has_errors, kinds, within};
use crate::tables::{Run, Window, WindowSpec};
use crate::units::{
    CarbonPrice, DemandPrice, Duration, Energy, EnergyPrice, Fraction, Power, WaterPrice,
};

kinds! {
    /// A contract that the site buys under. Contracts add up: one for energy, one for its delivery.
    /// They charge for what the run draws and never steer it.
    pub enum ContractSpec {
        /// Energy at the price in the books, `price:` of the scenario, interval by interval.
        Index(IndexSpec) = "index",
        /// Fixed blocks of power, and the rest at the price in the books.
        Blocks(BlocksSpec) = "blocks",
        /// Energy by a schedule of prices: time of use, and steps by the energy of a month.
        Tariff(TariffSpec) = "tariff",
        /// A charge for the highest demand of each month.
        Demand(DemandSpec) = "demand",
        /// A charge for the demand at peaks of the system, accrued when they occur. The charge
        /// is of the year after, so that a run that sees some of the peaks has accrued their part.
        CoincidentPeak(CoincidentPeakSpec) = "coincident-peak",
        /// Energy of a plant that belongs to somebody else: a power purchase agreement.
        Ppa(PpaSpec) = "ppa",
        /// Energy that the site gives to the grid: an income.
        Export(ExportSpec) = "export",
        /// Water and its disposal.
        Water(WaterSpec) = "water",
        /// A price of emissions of the import, counted by `carbon:` of the scenario.
        Carbon(CarbonSpec) = "carbon",
        /// Racks that are let to a tenant: an income. What the workloads on them earn is the tenant's.
        Lease(LeaseSpec) = "lease",
        /// Racks that are run for their owner: an income. What the workloads on them earn is that
        /// owner's.
        Hosting(HostingSpec) = "hosting",
    }
}

/// Energy at the price of the market.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexSpec {
    /// Bounds of the price, after `basis`.
    pub collar: Option<CollarSpec>,
    /// Price of the node of the site less that in the books. Default: 0 $/MWh.
    pub basis: Option<EnergyPrice>,
    /// The same over time, in place of `basis`.
    pub basis_series: Option<BasisSeriesSpec>,
    /// Retail adder on every megawatt-hour of load. Default: 0 $/MWh.
    pub adder: Option<EnergyPrice>,
    /// Losses between the market and the meter, billed as energy, as a share of what is metered.
    /// Default: 0 %.
    pub losses: Option<Fraction>,
}

/// Bounds of a price.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollarSpec {
    /// Least price that is paid.
    pub floor: EnergyPrice,
    /// Highest price that is paid.
    pub cap: EnergyPrice,
}

/// Fixed blocks of power, used in the order in which they are written, and the rest at the price
/// of the market.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlocksSpec {
    /// The blocks.
    pub blocks: Vec<BlockSpec>,
    /// Price of the node of the site less that in the books. Default: 0 $/MWh.
    pub basis: Option<EnergyPrice>,
    /// The same over time, in place of `basis`.
    pub basis_series: Option<BasisSeriesSpec>,
    /// Retail adder on every megawatt-hour of load. Default: 0 $/MWh.
    pub adder: Option<EnergyPrice>,
    /// Losses between the market and the meter, billed as energy, as a share of what is metered.
    /// Default: 0 %.
    pub losses: Option<Fraction>,
}

/// A fixed block of power: paid for whether it is used or not.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockSpec {
    /// How much.
    pub power: Power,
    /// Its price.
    pub price: EnergyPrice,
    /// First instant, with its offset. Default: it holds from the start.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// First instant after it, with its offset: `2030-05-01T00:00:00-05:00`. Default: it holds to
    /// the end.
    #[schemars(with = "Option<String>")]
    pub until: Option<Timestamp>,
    /// What is not used is sold at the price of the market. Default: it is lost.
    pub resale: Option<ResaleSpec>,
}

/// How unused energy is sold.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResaleSpec {
    /// What is kept back of the price. Default: 0 $/MWh.
    pub fee: Option<EnergyPrice>,
}

/// Energy by a schedule of prices.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TariffSpec {
    /// Prices with their windows: the first whose window holds counts; the last has none and
    /// counts at all other times.
    pub periods: Vec<PeriodSpec>,
    /// What is added to the price of the energy of a month above an amount, one step upon the other.
    /// In a month that is simulated in part the amount is that part of it.
    #[serde(default)]
    pub steps: Vec<StepSpec>,
    /// Losses between the market and the meter, billed as energy, as a share of what is metered.
    /// Default: 0 %.
    pub losses: Option<Fraction>,
}

/// A price and when it counts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodSpec {
    /// The price.
    pub price: EnergyPrice,
    /// When it counts. Default: always.
    pub window: Option<WindowSpec>,
}

/// A step of a price by the energy of a month.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// Energy of a month.
    pub above: Energy,
    /// Added to the price of what lies above.
    pub add: EnergyPrice,
}

/// A charge for the highest demand of each month.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandSpec {
    /// The charge.
    pub rate: DemandPrice,
    /// Length of metering intervals on the clock of the site. Default: 15 min.
    pub interval: Option<Duration>,
    /// When demand counts for its month. Default: always.
    pub window: Option<WindowSpec>,
    /// What earlier months leave.
    pub ratchet: Option<RatchetSpec>,
    /// Least demand that is billed. Default: 0 MW.
    pub minimum: Option<Power>,
    /// Highest demand of the first month before the run begins. Default: 0 MW.
    pub already_set: Option<Power>,
}

/// The part of earlier demand that is billed at least.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatchetSpec {
    /// Share of the highest demand of these months.
    pub share: Fraction,
    /// How many months before count.
    pub months: u32,
    /// When demand counts for months to come. Default: always, whatever the window of the charge.
    pub window: Option<WindowSpec>,
    /// Highest demand of the months before the run, the latest last. Default: none.
    #[serde(default)]
    pub before: Vec<Power>,
}

/// Water and its disposal.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaterSpec {
    /// Of water taken from the main.
    pub price: WaterPrice,
    /// Of water returned to the sewer. Default: 0 $/m3.
    pub sewer: Option<WaterPrice>,
}

/// A price of emissions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarbonSpec {
    /// The price.
    pub price: CarbonPrice,
}

impl ContractSpec {
    /// How it charges, or `None` after reporting why that cannot be said. Tables are opened where there
    /// is a `run` to lay them over: a finished run has them in its books.
    pub fn resolve(
        &self,
        outside: &Outside,
        run: Option<&mut Run<'_>>,
        faults: &mut Vec<Fault>,
    ) -> Option<Law> {
        let before = faults.len();
        let law = match self {
            Self::Index(spec) => spec.resolve(run, faults)?,
            Self::Blocks(spec) => spec.resolve(outside, run, faults)?,
            Self::Tariff(spec) => spec.resolve(faults),
            Self::Demand(spec) => spec.resolve(outside, faults),
            Self::CoincidentPeak(spec) => Law::CoincidentPeak(spec.resolve(outside, faults)),
            Self::Ppa(spec) => Law::Ppa(spec.resolve(outside, run, faults)?),
            Self::Export(spec) => Law::Export(spec.resolve(outside, faults)),
            Self::Water(spec) => {
                Law::Water { price: spec.price.0, sewer: spec.sewer.map_or(0.0, |sewer| sewer.0) }
            }
            Self::Carbon(spec) => {
                if !outside.counts_carbon {
                    let fault = Fault::error("price", "there are no emissions to pay for");
                    faults.push(fault.help("add `carbon:` to the scenario, which counts them"));
                }
                Law::Carbon(spec.price.0)
            }
            Self::Lease(spec) => Law::Lease(Box::new(spec.resolve(outside, faults))),
            Self::Hosting(spec) => Law::Lease(Box::new(spec.resolve(outside, faults))),
        };
        (!has_errors(&faults[before..])).then_some(law)
    }
}

fn usd_mwh(price: Option<EnergyPrice>) -> f64 {
    price.map_or(0.0, |price| price.0)
}

fn mw(power: Power) -> f64 {
    power.0 * 1e-6
}

impl IndexSpec {
    fn resolve(&self, run: Option<&mut Run<'_>>, faults: &mut Vec<Fault>) -> Option<Law> {
        let basis = Basis::resolve((self.basis, self.basis_series.as_ref()), run, faults);
        let collar = self.collar.map_or((f64::NEG_INFINITY, f64::INFINITY), |collar| {
            if collar.floor.0 > collar.cap.0 {
                let message = format!(
                    "the floor of {} is above the cap of {}, so that no price fits",
                    collar.floor, collar.cap
                );
                faults.push(Fault::error("collar.floor", message));
            }
            (collar.floor.0, collar.cap.0.max(collar.floor.0))
        });
        Some(Law::Market(Market {
            blocks: Vec::new(),
            basis: basis?,
            collar,
            adder: usd_mwh(self.adder),
            losses: self.losses.map_or(0.0, |losses| losses.0),
        }))
    }
}

impl BlocksSpec {
    fn resolve(
        &self,
        outside: &Outside,
        run: Option<&mut Run<'_>>,
        faults: &mut Vec<Fault>,
    ) -> Option<Law> {
        let basis = Basis::resolve((self.basis, self.basis_series.as_ref()), run, faults);
        if self.blocks.is_empty() {
            let fault = Fault::error("blocks", "there is no block");
            faults.push(fault.help("energy at the price of the market alone is `kind: index`"));
        }
        let blocks = self.blocks.iter().map(|block| Block {
            power_mw: mw(block.power),
            price: block.price.0,
            from: block.from.unwrap_or(Timestamp::MIN),
            until: block.until.unwrap_or(Timestamp::MAX),
            resale_fee: block.resale.map(|resale| usd_mwh(resale.fee)),
        });
        let blocks: Vec<Block> = blocks.collect();
        for (index, block) in blocks.iter().enumerate() {
            if block.from >= block.until {
                let field = format!("blocks[{index}].until");
                faults.push(Fault::error(field, "the block ends before it begins"));
            } else if block.until < outside.end {
                let from = block.until.max(outside.start);
                let holds = |other: &Block| other.from <= from && from < other.until;
                if !blocks.iter().any(holds) {
                    let when = if block.until > outside.start { "within" } else { "before" };
                    let message = format!("the block ends {when} the run and no block follows it");
                    let field = format!("blocks[{index}].until");
                    faults.push(Fault::error(field, message).help(
                        "add a block that begins then; one of `power: 0 MW` says that the market follows",
                    ));
                }
            } else if block.from >= outside.end {
                let message = "the block begins after the run, so that it never counts";
                faults.push(Fault::warning(format!("blocks[{index}].from"), message));
            }
        }
        Some(Law::Market(Market {
            blocks,
            basis: basis?,
            collar: (f64::NEG_INFINITY, f64::INFINITY),
            adder: usd_mwh(self.adder),
            losses: self.losses.map_or(0.0, |losses| losses.0),
        }))
    }
}

impl TariffSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> Law {
        match self.periods.last() {
            None => faults.push(Fault::error("periods", "there is no price")),
            Some(PeriodSpec { window: Some(_), .. }) => {
                let field = format!("periods[{}].window", self.periods.len() - 1);
                let fault = Fault::error(field, "the last price needs no window");
                faults.push(fault.help("add a price without one for all other times"));
            }
            Some(_) => {}
        }
        let mut periods = Vec::new();
        for (index, period) in self.periods.iter().enumerate() {
            let field = format!("periods[{index}].window");
            periods.push((window(&field, period.window.as_ref(), faults), period.price.0));
            if period.window.is_none() && index + 1 < self.periods.len() {
                let field = format!("periods[{}]", index + 1);
                let message = "never counts: the price before it has no window";
                faults.push(Fault::error(field, message));
            }
        }
        Law::Tariff(Tariff {
            periods,
            steps: self
                .steps
                .iter()
                .map(|step| (step.above.0 / JOULES_PER_MWH, step.add.0))
                .collect(),
            losses: self.losses.map_or(0.0, |losses| losses.0),
        })
    }
}

fn window(field: &str, spec: Option<&WindowSpec>, faults: &mut Vec<Fault>) -> Window {
    spec.map_or_else(Window::default, |spec| within(field, faults, |faults| spec.resolve(faults)))
}

impl DemandSpec {
    fn resolve(&self, outside: &Outside, faults: &mut Vec<Fault>) -> Law {
        let ratchet = self.ratchet.as_ref().map(|ratchet| {
            within("ratchet", faults, |faults| {
                let months = u64::from(ratchet.months);
                let months = Check { faults }.whole("months", months, (1, 120)) as usize;
                Ratchet {
                    share: ratchet.share.0,
                    months,
                    window: window("window", ratchet.window.as_ref(), faults),
                    before_mw: ratchet.before.iter().copied().map(mw).collect(),
                }
            })
        });
        Law::Demand(Demand {
            rate: self.rate.0,
            interval_s: outside.metering_s(self.interval, faults),
            window: window("window", self.window.as_ref(), faults),
            ratchet,
            minimum_mw: self.minimum.map_or(0.0, mw),
            set_mw: self.already_set.map_or(0.0, mw),
        })
    }
}
