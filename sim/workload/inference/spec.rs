//! An inference service as written under `workloads:`.

mod arrivals;
mod laws;
mod load;
mod model;
mod pools;
mod sampling;
mod servegen;
mod service;
mod serving;
mod shapes;
mod trace;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Deserialize;

pub use arrivals::{ArrivalsSpec, NoiseSpec};
pub use laws::{
    BinSpec, ExponentialGapsSpec, FixedLengthSpec, HistogramSpec, LengthSpec, LengthsSpec,
    RequestGapsSpec, VariedGapsSpec,
};
pub use load::{ClassSpec, ClientSpec, SloSpec};
pub use model::{
    AffineSpec, AttentionRanksSpec, ExpertsSpec, GpuPowerSpec, GridRowSpec, GridSpec,
    LongContextSpec, ModelSpec, OverheadsSpec, RankRoutingSpec, TablePointSpec, TableSpec,
};
pub use pools::{PoolReplicasSpec, PoolSpec};
pub use sampling::SamplingSpec;
pub use servegen::ServeGenSpec;
pub use service::{
    EngineSpec, LeapSpec, LostRequestsSpec, PromptsSpec, RoutingSpec, SchedulingSpec,
};
pub use serving::{
    AcceptanceSpec, AutoscalingSpec, DisaggregationSpec, HostMemorySpec, PatienceSpec,
    PrefixCachingSpec, SpeculationSpec,
};
pub use trace::{Recordings, TraceFileSpec, TraceSpec};

pub use shapes::ShapeSpec;

use super::design::{LostRequests, PoolDesign, ServiceDesign};
use super::replica::{Limits, Stride};
use super::router::Routing;
use crate::kernel::{LocalWeek, Span};
use crate::spec::{Check, Fault, Names, within};
use crate::units::{Duration, TokenPrice};
use crate::workload::gpu::GpuRackDesign;

/// A service that answers requests with a language model: alike cells of replicas, each cell
/// behind its own router. Its racks are of one kind; racks of others are added as `pools`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InferenceSpec {
    /// The racks that it runs on.
    pub racks: Names,
    /// How many alike cells the service has. Default: 1.
    pub cells: Option<u32>,
    /// Replicas of the model in each cell. Default: as many as fit the racks.
    pub replicas: Option<u32>,
    /// How many simulated cells represent all those that no event has told apart. Their
    /// requests each stand for cells / represent alike ones. Default: 2.
    pub represent: Option<u32>,
    /// How much of its time is simulated, where that is not all of it. Default: every request.
    pub requests: Option<SamplingSpec>,
    /// The model on its GPUs: how long iterations last and what they draw.
    pub model: ModelSpec,
    /// More replicas of each cell on racks of other kinds, behind the same router. Default: none.
    pub pools: Option<Vec<PoolSpec>>,
    /// When requests arrive. Needed unless there is a `trace` or there are `classes`.
    pub arrivals: Option<ArrivalsSpec>,
    /// Recorded requests, in place of arrivals, lengths and clients. Default: none.
    pub trace: Option<TraceSpec>,
    /// What `lengths` and gaps look like where they are not written. Default: chat, with the gaps of a
    /// Poisson process.
    pub shape: Option<ShapeSpec>,
    /// How long they are. Default: those of the `shape`.
    pub lengths: Option<LengthsSpec>,
    /// Who sends them, each client with a share of the arrivals. Default: one client.
    pub clients: Option<Vec<ClientSpec>>,
    /// Classes of requests that are counted apart, each with arrivals, lengths and targets of
    /// its own; in place of those above. Default: one class for all.
    pub classes: Option<Vec<ClassSpec>>,
    /// The engine of the replicas. Default: custom.
    pub engine: Option<EngineSpec>,
    /// In which order the engine works on prompts and answers. Default: as the engine does.
    pub scheduling: Option<SchedulingSpec>,
    /// Most sequences in a batch of a replica; attention ranks with `routing` have equal parts of it.
    /// Default: that of the engine; 128 with `custom`.
    pub max_sequences: Option<u32>,
    /// Most tokens in an iteration, decodes included where prompts share it; longer prompts are
    /// prefilled in chunks. Attention ranks with `routing` have equal parts of it. Default: that of the
    /// engine; 512 with `custom`.
    pub chunk: Option<u32>,
    /// `max_sequences` as vLLM calls it. With data-parallel attention, vLLM's own is that of a rank, and
    /// this is the sum over them.
    pub max_num_seqs: Option<u32>,
    /// `chunk` as vLLM calls it. With data-parallel attention, vLLM's own is that of a rank, and this is
    /// the sum over them.
    pub max_num_batched_tokens: Option<u32>,
    /// `max_sequences` as SGLang calls it.
    pub max_running_requests: Option<u32>,
    /// `chunk` as SGLang calls it.
    pub chunked_prefill_size: Option<u32>,
    /// `max_sequences` as TensorRT-LLM calls it.
    pub max_batch_size: Option<u32>,
    /// `chunk` as TensorRT-LLM calls it.
    pub max_num_tokens: Option<u32>,
    /// Blocks of KV memory of a replica; attention ranks with `routing` have equal parts of them. Default:
    /// those of the model.
    pub kv_blocks: Option<u64>,
    /// Tokens in a block: a power of two up to 1,024. Default: 16.
    pub block_tokens: Option<u32>,
    /// How each cell's router chooses a replica for a request. Default: round_robin.
    pub routing: Option<RoutingSpec>,
    /// Whether replicas leap over all iterations between two changes of their batch, or walk
    /// every one. Results are equal to the last bit; walking takes far longer and is there
    /// to check. Default: on.
    pub leap: Option<LeapSpec>,
    /// What becomes of requests in a replica that is lost. Default: retry.
    pub lost_requests: Option<LostRequestsSpec>,
    /// Whether somebody waits for the answers. Where power is short, services that nobody waits for give
    /// way before the others (`control.ladder`). Default: true.
    pub interactive: Option<bool>,
    /// Most requests that wait in a replica; one that is sent to a full one is rejected.
    /// Default: any number.
    pub max_waiting: Option<u32>,
    /// When clients give up waiting. Default: never.
    pub patience: Option<PatienceSpec>,
    /// Tokens of shared prefixes that each replica keeps in memory of their own; the prefix, or
    /// the block of a trace, that was used longest ago makes room. Default: none.
    pub prefix_memory: Option<u64>,
    /// KV blocks keep prompts and answers for later requests that begin with them, until their place
    /// is needed: automatic prefix caching as vLLM V1, SGLang and TensorRT-LLM have it. In place of
    /// `prefix_memory`; needs `kv_blocks`. Default: none.
    pub prefix_caching: Option<PrefixCachingSpec>,
    /// Drafts tokens ahead of the model. Default: one token an iteration.
    pub speculation: Option<SpeculationSpec>,
    /// Separates prefilling from decoding. Default: every replica does both.
    pub disaggregation: Option<DisaggregationSpec>,
    /// Lets replicas sleep while there is little to do. Default: all are always awake.
    pub autoscaling: Option<AutoscalingSpec>,
    /// From power at a rack to replicas that take requests: servers boot, weights load.
    /// Default: the rack's power-on time and 2 min (assumption: 140 GB of weights from local
    /// disks at about 2 GB/s, and warm-up).
    pub startup: Option<Duration>,
    /// How long a cell that was struck must have been whole before it is represented again.
    /// Default: 1 h (assumption: far longer than any request or backlog lasts).
    pub rejoin_after: Option<Duration>,
    /// How often the plant learns the mean draw. Default: 60 s.
    pub control_interval: Option<Duration>,
    /// What requests are meant to keep to; only measured. Default: none.
    pub slo: Option<SloSpec>,
    /// Income from prompt tokens of served requests. Default: none.
    pub prompt_price: Option<TokenPrice>,
    /// Income from generated tokens of served requests. Default: none.
    pub output_price: Option<TokenPrice>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

impl InferenceSpec {
    /// Each limit by the names that it has.
    fn named_limits(&self) -> [[(&'static str, Option<u32>); 4]; 2] {
        [
            [
                ("max_sequences", self.max_sequences),
                ("max_num_seqs", self.max_num_seqs),
                ("max_running_requests", self.max_running_requests),
                ("max_batch_size", self.max_batch_size),
            ],
            [
                ("chunk", self.chunk),
                ("max_num_batched_tokens", self.max_num_batched_tokens),
                ("chunked_prefill_size", self.chunked_prefill_size),
                ("max_num_tokens", self.max_num_tokens),
            ],
        ]
    }

    /// Most sequences in a batch and most tokens in an iteration, each by the name under which it is
    /// written.
    fn limits(&self) -> [(&'static str, Option<u32>); 2] {
        self.named_limits().map(|names| {
            let written = names.iter().find(|(_, limit)| limit.is_some());
            *written.unwrap_or(&names[0])
        })
    }

    /// Reports limits that are written twice, under several names.
    fn check_names(&self, faults: &mut Vec<Fault>) {
        for names in self.named_limits() {
            let mut written = names.iter().filter(|(_, limit)| limit.is_some());
            if let (Some((first, _)), Some((second, _))) = (written.next(), written.next()) {
                let message = format!("`{second}` and `{first}` are names of the same limit");
                faults.push(Fault::error(*second, message).help("keep one of the two"));
            }
        }
    }

    /// Fills defaults and checks ranges. `name` names the random streams, `racks` are the kind
    /// and the number of the racks that were found for the service itself and for each of its
    /// pools, and `week` is the week of the site over the run.
    pub fn resolve(
        &self,
        name: &str,
        racks: &[(&GpuRackDesign, usize)],
        week: &LocalWeek,
        open: &dyn Recordings,
        faults: &mut Vec<Fault>,
    ) -> ServiceDesign {
        self.check_names(faults);
        let cells = Check { faults }.count("cells", self.cells) as usize;
        let draft = self.resolve_draft(faults);
        let parts = self.pool_parts();
        let pools: Vec<PoolDesign> = parts
            .iter()
            .zip(racks)
            .map(|(parts, &racks)| {
                within(&parts.at, faults, |faults| parts.resolve(racks, cells, draft, faults))
            })
            .collect();
        let replicas = pools.iter().map(|pool| pool.layout.replicas).sum();
        let least = pools.iter().map(|pool| pool.limits).min_by_key(Limits::tokens);
        let limits = least.expect("a service has a pool of its own");
        let load = self.resolve_load((replicas, &limits), week, open, faults);
        let is_bounded = pools.iter().all(|pool| pool.limits.blocks.is_some());
        let blocks = (is_bounded, limits.block_tokens);
        let serving = self.resolve_serving((replicas, blocks), draft, faults);
        let interval = self.control_interval.map_or(Span::from_secs(60), Span::from);
        if interval < Span::from_secs(1) {
            faults.push(Fault::error("control_interval", "needs at least one second"));
        }
        let represent = Check { faults }.count("represent", Some(self.represent.unwrap_or(2)));
        let price = |price: Option<TokenPrice>| price.map_or(0.0, |p| p.0);
        let mut design = ServiceDesign {
            name: name.to_owned(),
            pools,
            represent: (represent as usize).min(cells),
            load,
            routing: self.routing.map_or(Routing::RoundRobin, Routing::from),
            stride: self.leap.map_or(Stride::Leap, Stride::from),
            lost_requests: self.lost_requests.map_or(LostRequests::Retry, LostRequests::from),
            interactive: self.interactive.unwrap_or(true),
            serving,
            rejoin_after: self.rejoin_after.map_or(Span::from_hours(1), Span::from),
            control_interval: interval.max(Span::from_secs(1)),
            sampling: None,
            prompt_price: price(self.prompt_price),
            output_price: price(self.output_price),
        };
        if let Some(requests) = &self.requests {
            design.sampling = requests.resolve(&design, week, faults);
        }
        design
    }
}
