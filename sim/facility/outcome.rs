//! What a run found. Plain figures with their unit in the name; `report/` prints them.

use serde::Serialize;

use super::meters::JOULES_PER_MWH;
use crate::measure::{Latency, Ledger};
use crate::workload::heat_load::HeatLoadSummary;
use crate::workload::inference::{InferenceSummary, Tally};
use crate::workload::mining::MiningSummary;
use crate::workload::training::TrainingSummary;

/// Everything that a run found, but for what it streamed to its observer.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Name of the scenario.
    pub scenario: String,
    /// First instant, UTC.
    pub start: jiff::Timestamp,
    /// Days that were to be simulated.
    pub planned_days: f64,
    /// Days that were simulated; fewer where the run was interrupted.
    pub simulated_days: f64,
    /// Whether the run was cut short.
    pub partial: bool,
    /// Seed of all random streams.
    pub seed: u64,
    /// Which replication under that seed.
    pub replication: u64,
    /// Electricity.
    pub energy: EnergyOutcome,
    /// Ratios of the site to its IT load.
    pub effectiveness: Effectiveness,
    /// Water of the whole site.
    pub water: WaterOutcome,
    /// Cooling, by declared component: loops, then the exchangers whose heat goes through them.
    pub cooling: Vec<CoolingOutcome>,
    /// Halls of racks.
    pub halls: Vec<HallOutcome>,
    /// What was earned, by workload.
    pub workloads: Vec<WorkloadOutcome>,
    /// Money.
    pub money: MoneyOutcome,
    /// Failures of the power chain and of cooling units, by declared component.
    pub components: Vec<ComponentOutcome>,
    /// The books that must balance.
    pub books: Vec<BookOutcome>,
    /// Events of the site, without those inside workloads.
    pub site_events: u64,
    /// Hash of the site's trajectory: equal runs have equal traces.
    pub trace: String,
}

/// Electricity of a run.
#[derive(Debug, Clone, Serialize)]
pub struct EnergyOutcome {
    /// Drawn from the grid.
    pub import_mwh: f64,
    /// Time-weighted mean import.
    pub mean_import_mw: f64,
    /// Largest import that held for any time.
    pub peak_import_mw: f64,
    /// Largest mean import of an interval of the time series, as utilities bill demand.
    pub peak_demand_mw: f64,
    /// Wanted and not granted, because power was short or lost.
    pub shed_mwh: f64,
    /// Where the energy went, losses apart.
    pub uses: Vec<Amount>,
    /// What the power chain lost, by kind of component.
    pub losses: Vec<Amount>,
}

/// An amount of energy under a name.
#[derive(Debug, Clone, Serialize)]
pub struct Amount {
    /// What it is.
    pub name: String,
    /// How much.
    pub mwh: f64,
}

/// Ratios of the site to its IT load (ISO/IEC 30134): null where there was no IT load.
#[derive(Debug, Clone, Serialize)]
pub struct Effectiveness {
    /// IT energy: racks of every workload, and heat loads that are electric.
    pub it_mwh: f64,
    /// Power usage effectiveness: import over IT energy.
    pub pue: Option<f64>,
    /// Water usage effectiveness: withdrawal over IT energy.
    pub wue_l_per_kwh: Option<f64>,
    /// Carbon usage effectiveness: emissions of the import over IT energy.
    pub cue_kg_per_kwh: Option<f64>,
}

/// Water of a run. Withdrawal = consumption (evaporation and drift) + discharge (blowdown) + what
/// the basins gained.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WaterOutcome {
    /// Make-up water taken.
    pub withdrawal_m3: f64,
    /// Lost as vapour.
    pub evaporation_m3: f64,
    /// Lost as droplets.
    pub drift_m3: f64,
    /// Returned to the sewer.
    pub blowdown_m3: f64,
    /// What basins hold at the end beyond what they held at the start; negative where they fell.
    pub basins_m3: f64,
}

/// A cooling component, all its instances together.
#[derive(Debug, Clone, Serialize)]
pub struct CoolingOutcome {
    /// Name in the scenario.
    pub name: String,
    /// Heat carried away.
    pub heat_mwh: f64,
    /// Electricity of fans.
    pub fans_mwh: f64,
    /// Electricity of pumps.
    pub pumps_mwh: f64,
    /// Electricity of chillers.
    pub chillers_mwh: f64,
    /// Heat that an economiser carried past the chillers, or outdoor air past the loop.
    pub economiser_mwh: f64,
    /// Mean over time of the warmest rack inlet among the instances.
    pub mean_inlet_c: f64,
    /// Warmest rack inlet that held for any time.
    pub max_inlet_c: f64,
    /// Its water.
    pub water: WaterOutcome,
    /// Hours in which what evaporates water in it had none; the sum of its instances.
    pub without_water_h: f64,
    /// Hours in the modes of its economiser, waterside or air-side; none without one.
    pub modes: Option<ModeHours>,
}

/// Hours in the modes of an economiser, the mean of its instances.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ModeHours {
    /// The economiser alone.
    pub free_h: f64,
    /// The economiser, and chillers or the coil behind it.
    pub partial_h: f64,
    /// Chillers or the coil alone.
    pub mechanical_h: f64,
}

/// A hall of racks.
#[derive(Debug, Clone, Serialize)]
pub struct HallOutcome {
    /// Name in the scenario.
    pub name: String,
    /// How many racks.
    pub racks: usize,
    /// Share of rack-time with power and cooling.
    pub availability: f64,
    /// Losses of power, counted by rack.
    pub power_losses: u64,
    /// Trips by heat, counted by rack.
    pub heat_trips: u64,
}

/// What a workload did.
#[derive(Debug, Clone, Serialize)]
pub struct WorkloadOutcome {
    /// Name in the scenario.
    pub name: String,
    /// Energy of its racks; of a heat load that is not electric, its heat.
    pub energy_mwh: f64,
    /// What it earned.
    pub revenue_usd: f64,
    /// How far its draw swung.
    pub swing: SwingOutcome,
    /// Its own figures.
    #[serde(flatten)]
    pub summary: Summary,
}

/// The largest rise and fall of a draw between two instants less than a second and less than a
/// minute apart. Exact for what the meters see; a draw that a model reports as a mean over some
/// time (checkpoint writes, iterations, control intervals) swings more than this says.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SwingOutcome {
    /// Within a second, MW.
    pub second_rise_mw: f64,
    /// Within a second, MW.
    pub second_fall_mw: f64,
    /// Within a minute, MW.
    pub minute_rise_mw: f64,
    /// Within a minute, MW.
    pub minute_fall_mw: f64,
}

/// The figures of a workload by its kind.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Summary {
    /// Bitcoin mining.
    Mining(MiningSummary),
    /// GPU training.
    Training(Box<TrainingSummary>),
    /// LLM inference.
    Inference(Box<InferenceOutcome>),
    /// Heat in place of work.
    HeatLoad(HeatLoadSummary),
}

impl Summary {
    /// Whether what the racks drew was electricity of the site.
    pub fn is_electric(&self) -> bool {
        !matches!(self, Self::HeatLoad(HeatLoadSummary { electric: false, .. }))
    }
}

/// A service, weighted by what each simulated request stands for.
#[derive(Debug, Clone, Serialize)]
pub struct InferenceOutcome {
    /// All of its requests.
    #[serde(flatten)]
    pub requests: RequestsOutcome,
    /// Requests under way at the end.
    pub in_flight: u64,
    /// Energy of all racks over generated tokens.
    pub joules_per_output_token: Option<f64>,
    /// How often cells were told apart by events.
    pub splits: u64,
    /// Decode and prefill iterations that the simulated requests took.
    pub iterations: u64,
    /// Requests that were pushed out of a full KV memory and recomputed.
    pub preemptions: u64,
    /// How well the step times fit what they were fitted to.
    pub fit: Option<String>,
    /// Income from tokens of served requests.
    pub revenue_usd: f64,
    /// Requests by class; empty for a service without named classes.
    pub classes: Vec<ClassOutcome>,
}

/// Requests of one class of a service.
#[derive(Debug, Clone, Serialize)]
pub struct ClassOutcome {
    /// Name of the class.
    pub name: String,
    /// Its requests.
    #[serde(flatten)]
    pub requests: RequestsOutcome,
    /// Its part in the energy of all racks; none where no class had any.
    pub energy_mwh: Option<f64>,
    /// The same over its generated tokens, J.
    pub joules_per_output_token: Option<f64>,
}

/// What became of requests. Those that arrived were served, failed, rejected, or are in flight.
#[derive(Debug, Clone, Serialize)]
pub struct RequestsOutcome {
    /// Requests that arrived.
    pub arrived: u64,
    /// Requests that got their last token.
    pub served: u64,
    /// Requests that found no live replica, were lost with theirs, or whose clients gave up.
    pub failed: u64,
    /// Those of them whose clients had given up waiting for the last time.
    pub timed_out: u64,
    /// Requests that no replica has memory for, or that were sent to one with a full queue.
    pub rejected: u64,
    /// Requests that were simulated one by one.
    pub simulated: u64,
    /// Losses after which a request was sent to another replica.
    pub retried: u64,
    /// Prompt tokens of served requests.
    pub prompt_tokens: u64,
    /// Those of them that were found in memory at the last admission of their request.
    pub cached_tokens: u64,
    /// Generated tokens of served requests.
    pub output_tokens: u64,
    /// Share of the requests that have left that met their targets, failed and rejected ones as
    /// misses; none without targets.
    pub slo_attainment: Option<f64>,
    /// Requests served within their targets, a second; none without targets.
    pub goodput_per_s: Option<f64>,
    /// Share of the requests that have left that are in none of the distributions below, because
    /// they were not served.
    pub left_out: f64,
    /// Time to first token, s.
    pub ttft_s: Option<Percentiles>,
    /// Mean time between the tokens of a request, s.
    pub tpot_s: Option<Percentiles>,
    /// Time between two tokens, s.
    pub tbt_s: Option<Percentiles>,
    /// Time from arrival to last token, s.
    pub e2e_s: Option<Percentiles>,
    /// Time from arrival to the first iteration, s.
    pub queue_s: Option<Percentiles>,
}

impl InferenceOutcome {
    pub(super) fn new(summary: &InferenceSummary, fit: Option<String>, elapsed_s: f64) -> Self {
        let records = &summary.records;
        Self {
            requests: RequestsOutcome::new(records, elapsed_s),
            in_flight: summary.in_flight,
            joules_per_output_token: (records.output_tokens > 0)
                .then(|| summary.energy_j / records.output_tokens as f64),
            splits: summary.splits,
            iterations: summary.work.iterations,
            preemptions: summary.work.preemptions,
            fit,
            revenue_usd: summary.revenue,
            classes: summary
                .classes
                .iter()
                .map(|class| ClassOutcome {
                    name: class.name.clone(),
                    requests: RequestsOutcome::new(&class.records, elapsed_s),
                    energy_mwh: class.energy_j.map(|joules| joules / JOULES_PER_MWH),
                    joules_per_output_token: class
                        .energy_j
                        .filter(|_| class.records.output_tokens > 0)
                        .map(|joules| joules / class.records.output_tokens as f64),
                })
                .collect(),
        }
    }

    /// How many requests a simulated one stands for, on average.
    pub fn weight(&self) -> f64 {
        let RequestsOutcome { arrived, simulated, .. } = self.requests;
        if simulated == 0 { 1.0 } else { arrived as f64 / simulated as f64 }
    }
}

impl RequestsOutcome {
    fn new(tally: &Tally, elapsed_s: f64) -> Self {
        let has_targets = tally.slo.decided() > 0 && elapsed_s > 0.0;
        Self {
            arrived: tally.arrived,
            served: tally.served,
            failed: tally.failed,
            timed_out: tally.timed_out,
            rejected: tally.rejected,
            simulated: tally.simulated,
            retried: tally.retried,
            prompt_tokens: tally.prompt_tokens,
            cached_tokens: tally.cached_tokens,
            output_tokens: tally.output_tokens,
            slo_attainment: tally.slo_attainment(),
            goodput_per_s: has_targets.then(|| tally.slo.kept as f64 / elapsed_s),
            left_out: tally.left_out(),
            ttft_s: Percentiles::of(&tally.ttft),
            tpot_s: Percentiles::of(&tally.tpot),
            tbt_s: Percentiles::of(&tally.tbt),
            e2e_s: Percentiles::of(&tally.e2e),
            queue_s: Percentiles::of(&tally.queue),
        }
    }
}

/// A distribution of latencies in seconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Percentiles {
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Largest.
    pub max: f64,
}

impl Percentiles {
    /// Those of `latency`; none where nothing was recorded.
    pub(super) fn of(latency: &Latency) -> Option<Self> {
        Some(Self {
            mean: latency.mean_s()?,
            p50: latency.quantile_s(0.5)?,
            p90: latency.quantile_s(0.9)?,
            p99: latency.quantile_s(0.99)?,
            p999: latency.quantile_s(0.999)?,
            max: latency.max_s()?,
        })
    }
}

/// Money of a run.
#[derive(Debug, Clone, Serialize)]
pub struct MoneyOutcome {
    /// Revenue of all workloads.
    pub revenue_usd: f64,
    /// Import at the price of the moment.
    pub energy_cost_usd: f64,
    /// Cost of energy over import: what a megawatt-hour cost on average.
    pub mean_price_usd_per_mwh: Option<f64>,
    /// Revenue less cost of energy.
    pub margin_usd: f64,
    /// Emissions of the import.
    pub carbon_t: f64,
}

/// A component of the power chain, all its instances together.
#[derive(Debug, Clone, Serialize)]
pub struct ComponentOutcome {
    /// Name in the scenario.
    pub name: String,
    /// Instances.
    pub units: u32,
    /// Failures of all instances.
    pub failures: u64,
    /// Hours under repair, summed over instances.
    pub down_h: f64,
}

/// One of the books that must balance.
#[derive(Debug, Clone, Serialize)]
pub struct BookOutcome {
    /// The entries.
    #[serde(flatten)]
    pub ledger: Ledger,
    /// Inflow less outflow less stored.
    pub residual: f64,
    /// Largest residual that is accepted, as a share of the turnover.
    pub tolerance: f64,
    /// Whether the residual is accepted.
    pub balanced: bool,
}

impl Outcome {
    /// Whether every book balances.
    pub fn balanced(&self) -> bool {
        self.books.iter().all(|book| book.balanced)
    }
}
