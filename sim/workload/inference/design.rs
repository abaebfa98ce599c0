//! A service with everything resolved, as the scenario hands it over.

use std::sync::Arc;

use super::load::{LoadDesign, SourceDesign};
use super::racks::Layout;
use super::replica::{Limits, Scheduling, Stride};
use super::router::Routing;
use super::scaling::ScalingDesign;
use super::step::{Pace, PowerDesign, StepDesign, StepTable};
use crate::kernel::{Span, Time};
use crate::plant::Rank;
use crate::workload::gpu::GpuRackDesign;

/// A service with everything resolved.
#[derive(Debug, Clone)]
pub struct ServiceDesign {
    /// Names its random streams.
    pub name: String,
    /// Its replicas by kind of rack; at least one pool, and all have as many cells.
    pub pools: Vec<PoolDesign>,
    /// How many cells represent all that nothing has told apart; at most the cells.
    pub represent: usize,
    /// What one cell receives.
    pub load: LoadDesign,
    /// How a cell's router chooses a replica.
    pub routing: Routing,
    /// Whether replicas leap over iterations or walk them all.
    pub stride: Stride,
    /// What becomes of requests in a replica that is lost.
    pub lost_requests: LostRequests,
    /// Whether somebody waits for the answers.
    pub interactive: bool,
    /// What it does beyond batching.
    pub serving: ServingDesign,
    /// How long a struck cell must have been whole before it is represented again.
    pub rejoin_after: Span,
    /// How often the plant learns what the service draws.
    pub control_interval: Span,
    /// How much of its time is simulated; all of it where there is none.
    pub sampling: Option<SamplingDesign>,
    /// Income from prompt tokens, $ a million.
    pub prompt_price: f64,
    /// Income from generated tokens, $ a million.
    pub output_price: f64,
}

impl ServiceDesign {
    /// When it is shed.
    pub fn rank(&self) -> Rank {
        if self.interactive { Rank::Inference } else { Rank::BatchInference }
    }

    /// How many alike cells the service has.
    pub fn cells(&self) -> usize {
        self.pools.first().map_or(0, |pool| pool.layout.cells)
    }

    /// Why it cannot be sampled in time; none where it can.
    pub fn unsampled(&self) -> Option<&'static str> {
        let serving = &self.serving;
        let sources = || self.load.classes.iter().map(|class| &class.source);
        if sources().any(|source| matches!(source, SourceDesign::Trace(_))) {
            Some("it plays a trace, whose rows cannot stand for each other")
        } else if sources().any(|source| matches!(source, SourceDesign::Recorded(_))) {
            Some("the laws of its clients change from window to window of their record")
        } else if sources().any(|source| matches!(source, SourceDesign::Closed(_))) {
            Some("its clients wait for their answers")
        } else if serving.scaling.is_some() {
            Some("its replicas sleep and wake with the load")
        } else if serving.prefix_memory > 0 || serving.prefix_caching.is_some() {
            Some("its replicas remember prefixes")
        } else if serving.patience.is_some() {
            Some("its clients give up and try again")
        } else if self.load.classes.iter().any(|class| class.in_flight.is_some()) {
            Some("requests wait at a gate")
        } else if self.load.rate_per_s() <= 0.0 {
            Some("nothing arrives")
        } else {
            None
        }
    }
}

/// How much of its time a service is simulated in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplingDesign {
    /// What is asked for.
    pub ask: Ask,
    /// How long a piece of time is that has a window of its own; a multiple of the service's control
    /// interval.
    pub stratum: Span,
    /// The end of the run.
    pub end: Time,
}

impl SamplingDesign {
    /// The stratum of a service that tells the plant of its draw each `control` interval, where rows
    /// of the time series are `interval` long: a row, and an hour at most.
    pub fn stratum(interval: Span, control: Span) -> Span {
        let longest = interval.min(Span::from_hours(1)).as_nanos();
        let controls = longest.div_ceil(control.as_nanos());
        Span::from_nanos(controls * control.as_nanos())
    }
}

impl SamplingDesign {
    /// What errors compare: whole strata of an hour at most; and how many of these lie between the same
    /// ones of two days, one where a day is no number of them.
    pub(super) fn unit(&self) -> (Span, usize) {
        let (hour, stratum) = (Span::from_hours(1).as_nanos(), self.stratum.as_nanos());
        let unit = stratum * (hour / stratum).max(1);
        let day = 24 * hour;
        let in_day = if day.is_multiple_of(unit) { day / unit } else { 1 };
        (Span::from_nanos(unit), in_day as usize)
    }
}

/// What is asked of sampled time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ask {
    /// Windows that stand for so many times their length.
    Ratio(u32),
    /// As little as keeps half the 95 % interval of the percentiles up to the 99th of TTFT, TPOT and E2E
    /// at or below this share of them.
    Precision(f64),
}

/// The replicas of each cell that stand on racks of one kind.
#[derive(Debug, Clone)]
pub struct PoolDesign {
    /// The kind of its racks.
    pub rack: GpuRackDesign,
    /// Racks, cells, replicas.
    pub layout: Layout,
    /// Bounds of a batch: of the replica's, or of that of each of its ranks.
    pub limits: Limits,
    /// In which order it works on prompts and answers.
    pub scheduling: Scheduling,
    /// Durations of iterations.
    pub steps: StepDesign,
    /// Draw of a replica's GPUs.
    pub power: PowerDesign,
    /// From power at a rack to replicas that take requests.
    pub startup: Span,
}

impl PoolDesign {
    /// The steps of its replicas at `pace`.
    pub(super) fn table(&self, pace: Pace) -> Arc<StepTable> {
        let Self { rack, layout, limits, steps, power, .. } = self;
        let bounds = (limits.sequences, limits.chunk);
        StepTable::compile(steps, power, rack, layout.gpus, bounds, pace)
    }
}

/// What becomes of the requests inside a replica that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostRequests {
    /// Sent to another replica of the cell from the beginning, as a client would.
    Retry,
    /// Sent to another replica with the tokens they have got, as a gateway that keeps them.
    Resume,
    /// Failed.
    Fail,
}

/// How a service serves, where it does more than batch: all of it off by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServingDesign {
    /// Probability that the drafted token of each position is accepted, given that those before it
    /// were; the last one holds beyond.
    pub acceptance: Vec<f64>,
    /// Tokens of shared prefixes that each replica keeps in memory beside its KV blocks.
    pub prefix_memory: u64,
    /// How KV blocks keep what sequences leave in them; not with memory for prefixes beside.
    pub prefix_caching: Option<PrefixCachingDesign>,
    /// Most requests that wait in a replica; one that is sent to a full one is rejected.
    pub max_waiting: Option<u32>,
    /// How long a client waits for its request to be admitted before it gives up.
    pub patience: Option<Patience>,
    /// Replicas that only prefill, and others that only decode.
    pub disaggregation: Option<DisaggregationDesign>,
    /// How the number of replicas that are awake follows the load; not with disaggregation.
    pub scaling: Option<ScalingDesign>,
}

/// KV blocks that keep what sequences leave in them, until others need them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrefixCachingDesign {
    /// Tokens that host memory of a replica keeps of what has to go; none where it is lost.
    pub host_tokens: u64,
    /// Time in which the link brings a token of KV memory back, in seconds.
    pub per_token_s: f64,
}

/// A client that does not wait for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long it waits to be admitted to a batch.
    pub wait: Span,
    /// How often it tries again.
    pub retries: u8,
    /// From giving up to trying again.
    pub backoff: Span,
}

/// Prompts are prefilled by some replicas of a cell and answered by the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DisaggregationDesign {
    /// Replicas of each cell that prefill: the first ones.
    pub prefill: usize,
    /// Time that the KV memory of one token takes over the link of a cell, in seconds.
    pub per_token_s: f64,
    /// Time from the last byte to a request that can be admitted.
    pub latency: Span,
    /// Links of a cell, each of which carries one transfer at a time.
    pub links: usize,
    /// Parts in which the memory of a prompt is sent while later ones are computed; one where nothing
    /// is sent before the first token.
    pub layers: u32,
}
