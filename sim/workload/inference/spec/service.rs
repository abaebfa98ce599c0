//! How a service deals with its requests: routing, the bounds of a batch, losses, racks.

use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{Model, ModelSpec};
use crate::kernel::Span;
use crate::spec::{Check, Fault};
use crate::units::Duration;
use crate::workload::gpu::{GpuModel, GpuRackDesign};
use crate::workload::inference::design::{LostRequests, PoolDesign};
use crate::workload::inference::racks::Layout;
use crate::workload::inference::replica::{Limits, Scheduling, Stride};
use crate::workload::inference::router::Routing;
use crate::workload::inference::step::{DraftDesign, StepDesign};

/// How a router chooses among the replicas that take requests. It knows of each what has
/// happened up to the instant of the arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutingSpec {
    /// One after the other.
    RoundRobin,
    /// Any, with equal probability.
    Random,
    /// The one with the fewest requests inside, waiting ones included; of several, the one
    /// whose last turn is longest ago.
    LeastRequests,
    /// The one with the fewest prompt and answer tokens still to process; of several, the one
    /// whose last turn is longest ago.
    LeastTokens,
    /// The one that was sent the fewest prompt and answer tokens since the run began; of several,
    /// the one whose last turn is longest ago.
    CumulativeTokens,
    /// Of two drawn at random, the one with fewer requests inside.
    PowerOfTwo,
    /// Requests that share a prefix go to the same replica, as long as that has no more than
    /// 1.25 times the mean of requests inside, and to others in an order of the prefix beyond.
    /// Requests of a Mooncake trace go, of the replicas with no more than that, to the one that
    /// has most of the prompt in memory.
    /// Requests without a prefix go where the fewest are.
    PrefixAffinity,
}

/// The engine of a replica: in which order it works on prompts and answers, and its own defaults for
/// `chunk` and `max_sequences`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineSpec {
    /// vLLM V1: decodes first, and prompts in the rest of the iteration. 8,192 tokens an iteration and
    /// 1,024 sequences; 2,048 and 256 on A100s (`vllm/engine/arg_utils.py`, 2026).
    VllmV1,
    /// SGLang without mixed chunks: prompts in iterations of their own, before the decodes. 8,192
    /// tokens a chunk, 16,384 on B200 and MI300 (server_args, 2026; on the GPUs after these an
    /// assumption); 2,048 sequences (from memory: SGLang takes them from its memory).
    Sglang,
    /// TensorRT-LLM with in-flight batching: decodes first, and prompts in the rest of the iteration.
    /// 8,192 tokens and 2,048 sequences (from memory).
    TrtLlm,
    /// As `scheduling` says: 512 tokens and 128 sequences, the defaults of vLLM 0.6.
    #[default]
    Custom,
}

impl EngineSpec {
    /// Tokens of an iteration and sequences of a batch, by default.
    fn limits(self, gpu: Option<GpuModel>) -> (u32, u32) {
        use GpuModel as Gpu;
        match self {
            Self::VllmV1 if gpu == Some(Gpu::A100) => (2048, 256),
            Self::VllmV1 => (8192, 1024),
            Self::Sglang => match gpu {
                None | Some(Gpu::A100 | Gpu::H100 | Gpu::H200) => (8192, 2048),
                Some(_) => (16_384, 2048),
            },
            Self::TrtLlm => (8192, 2048),
            Self::Custom => (512, 128),
        }
    }
}

/// In which order an engine works on prompts and answers.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulingSpec {
    /// Whether prompts share iterations with decodes. Default: as the engine does, shared with
    /// `custom`.
    pub prompts: Option<PromptsSpec>,
    /// Whether a prompt is prefilled in one iteration, however long it is: it waits for the next
    /// iteration where less than it needs is left, and is alone there if it is longer than `chunk`.
    /// Default: no, prompts are cut.
    pub whole_prompts: Option<bool>,
}

/// Where prompts are prefilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptsSpec {
    /// In what the decodes leave of an iteration.
    Mixed,
    /// In iterations of their own, before the decodes, which wait.
    First,
}

/// How replicas get from one change of their batch to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeapSpec {
    /// All iterations in between at once.
    On,
    /// One by one.
    Off,
}

/// What becomes of the requests in a replica that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LostRequestsSpec {
    /// Another replica of the cell serves them from the beginning.
    Retry,
    /// Another replica prefills what they have got and goes on.
    Resume,
    /// They fail.
    Fail,
}

impl From<RoutingSpec> for Routing {
    fn from(spec: RoutingSpec) -> Routing {
        match spec {
            RoutingSpec::RoundRobin => Routing::RoundRobin,
            RoutingSpec::Random => Routing::Random,
            RoutingSpec::LeastRequests => Routing::LeastRequests,
            RoutingSpec::LeastTokens => Routing::LeastTokens,
            RoutingSpec::CumulativeTokens => Routing::CumulativeTokens,
            RoutingSpec::PowerOfTwo => Routing::PowerOfTwo,
            RoutingSpec::PrefixAffinity => Routing::PrefixAffinity,
        }
    }
}

impl From<LeapSpec> for Stride {
    fn from(spec: LeapSpec) -> Stride {
        match spec {
            LeapSpec::On => Stride::Leap,
            LeapSpec::Off => Stride::Plain,
        }
    }
}

impl From<LostRequestsSpec> for LostRequests {
    fn from(spec: LostRequestsSpec) -> LostRequests {
        match spec {
            LostRequestsSpec::Retry => LostRequests::Retry,
            LostRequestsSpec::Resume => LostRequests::Resume,
            LostRequestsSpec::Fail => LostRequests::Fail,
        }
    }
}

/// What is said of the replicas of one pool.
#[derive(Debug, Clone)]
pub(super) struct PoolParts<'s> {
    /// Where it stands in the service: empty for the service's own, else the entry of `pools`.
    pub(super) at: String,
    pub(super) model: &'s ModelSpec,
    pub(super) replicas: Option<u32>,
    /// The limits, with the names under which they are written.
    pub(super) max_sequences: (&'static str, Option<u32>),
    pub(super) chunk: (&'static str, Option<u32>),
    pub(super) engine: EngineSpec,
    pub(super) scheduling: SchedulingSpec,
    pub(super) kv_blocks: Option<u64>,
    pub(super) block_tokens: Option<u32>,
    pub(super) startup: Option<Duration>,
}

/// Blocks of KV memory of a replica.
pub(super) const KV_BLOCKS: (u64, u64) = (1, 1 << 40);

impl PoolParts<'_> {
    /// The pool, in `cells` cells, on `racks` racks of kind `rack`.
    pub(super) fn resolve(
        &self,
        (rack, racks): (&GpuRackDesign, usize),
        cells: usize,
        draft: DraftDesign,
        faults: &mut Vec<Fault>,
    ) -> PoolDesign {
        let model = Check { faults }.within("model", |check| self.model.resolve(rack, check));
        PoolDesign {
            rack: rack.clone(),
            layout: self.resolve_layout((rack, racks), (cells, model.gpus), faults),
            limits: self.resolve_limits(&model, rack.gpu, faults),
            scheduling: self.resolve_scheduling(faults),
            steps: StepDesign { draft, ..model.steps },
            power: model.power,
            startup: self.startup.map_or(rack.power_on + Span::from_secs(120), Span::from),
        }
    }

    fn resolve_layout(
        &self,
        (rack, racks): (&GpuRackDesign, usize),
        (cells, gpus): (usize, usize),
        faults: &mut Vec<Fault>,
    ) -> Layout {
        let one = Layout { racks, gpus_per_rack: rack.gpus().max(1), cells, replicas: 1, gpus };
        let room = match one.gpus_per_rack / gpus {
            0 => racks / gpus.div_ceil(one.gpus_per_rack),
            in_rack => racks * in_rack,
        };
        let replicas = self.replicas.map_or(room / cells, |n| n as usize);
        let layout = Layout { replicas, ..one };
        if replicas == 0 || layout.needed() > racks {
            let field = match self.replicas {
                Some(_) => "replicas",
                None if cells > room && room > 0 && self.at.is_empty() => "cells",
                None => "racks",
            };
            faults.push(
                Fault::error(
                    field,
                    format!(
                        "{cells} cells of {} replicas on {gpus} GPUs each do not fit {racks} racks",
                        replicas.max(1)
                    ),
                )
                .help(format!("there is room for {room} replicas")),
            );
            // A design that can be built, so that other faults are found too.
            return Layout { replicas: 1, racks: racks.max(one.needed()), ..one };
        }
        layout
    }

    fn resolve_scheduling(&self, faults: &mut Vec<Fault>) -> Scheduling {
        let SchedulingSpec { prompts, whole_prompts } = self.scheduling;
        let of_engine = match self.engine {
            EngineSpec::Sglang => PromptsSpec::First,
            _ => PromptsSpec::Mixed,
        };
        if prompts.is_some_and(|prompts| prompts != of_engine) && self.engine != EngineSpec::Custom
        {
            let message = "the engine that is named works otherwise";
            let help =
                "leave it out, or write `engine: custom` and its `chunk` and `max_sequences`";
            faults.push(Fault::error("scheduling.prompts", message).help(help));
        }
        Scheduling {
            apart: prompts.unwrap_or(of_engine) == PromptsSpec::First,
            whole: whole_prompts.unwrap_or(false),
        }
    }

    fn resolve_limits(
        &self,
        model: &Model,
        gpu: Option<GpuModel>,
        faults: &mut Vec<Fault>,
    ) -> Limits {
        let (of_iteration, of_batch) = self.engine.limits(gpu);
        let (of_sequences, max_sequences) = self.max_sequences;
        let (of_chunk, max_chunk) = self.chunk;
        let sequences = max_sequences.unwrap_or(of_batch);
        let chunk = max_chunk.unwrap_or(of_iteration);
        let block_tokens = self.block_tokens.unwrap_or(16);
        let mut check = Check { faults };
        let sequences = check.whole(of_sequences, sequences.into(), (1, 65_535)) as u32;
        let chunk = check.whole(of_chunk, chunk.into(), (1, 1 << 20)) as u32;
        if chunk < sequences {
            let (field, message) = if max_chunk.is_some() || max_sequences.is_none() {
                (of_chunk, format!("{chunk} tokens are fewer than `{of_sequences}` of {sequences}"))
            } else {
                let message =
                    format!("{sequences} sequences are more than `{of_chunk}` of {chunk} tokens");
                (of_sequences, message)
            };
            let help = "each sequence of a batch needs a token of an iteration";
            check.faults.push(Fault::error(field, message).help(help));
        }
        if !block_tokens.is_power_of_two() || block_tokens > 1024 {
            let message = format!("needs a power of two up to 1,024, got {block_tokens}");
            check.error("block_tokens", message);
        }
        // The model counts blocks of 16 tokens; the memory is the same in blocks of any size.
        let of_model = |blocks: u64| blocks * 16 / u64::from(block_tokens.max(1));
        let own = self.kv_blocks.map(|blocks| check.whole("kv_blocks", blocks, KV_BLOCKS));
        let blocks = own.or(model.kv_blocks.map(of_model)).map(|blocks| blocks.max(1));
        // Each rank that is told apart has an equal part of what is the replica's.
        let ranks = model.steps.batches();
        let of_blocks = if own.is_some() { "kv_blocks" } else { "model.kv_blocks" };
        let shared = [
            (of_sequences, "sequences", u64::from(sequences)),
            (of_blocks, "blocks", blocks.unwrap_or(u64::MAX)),
        ];
        for (field, what, amount) in shared {
            if amount < u64::from(ranks) {
                let message = format!("{amount} {what} are fewer than {ranks} attention ranks");
                let help = "this is what the replica has, and each rank an equal part of it";
                check.faults.push(Fault::error(field, message).help(help));
            }
        }
        Limits {
            sequences: (sequences.min(65_535) / ranks).max(1),
            chunk: (chunk.clamp(sequences, 1 << 20) / ranks).max(1),
            blocks: blocks.map(|blocks| (blocks / u64::from(ranks)).max(1)),
            block_tokens: block_tokens.clamp(1, 1024).next_power_of_two(),
        }
    }
}
