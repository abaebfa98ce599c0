//! How a service deals with its requests: routing, the bounds of a batch, losses, racks.

use schemars::JsonSchema;
use serde::Deserialize;

use super::model::{Model, ModelSpec};
use crate::kernel::Span;
use crate::spec::{Check, Fault};
use crate::units::Duration;
use crate::workload::gpu::GpuRackDesign;
use crate::workload::inference::cell::LostRequests;
use crate::workload::inference::racks::Layout;
use crate::workload::inference::replica::{Limits, Stride};
use crate::workload::inference::router::Routing;
use crate::workload::inference::service::PoolDesign;
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
    /// Of two drawn at random, the one with fewer requests inside.
    PowerOfTwo,
    /// Requests that share a prefix go to the same replica, as long as that has no more than
    /// 1.25 times the mean of requests inside, and to others in an order of the prefix beyond.
    /// Requests of a Mooncake trace go, of the replicas with no more than that, to the one that
    /// has most of the prompt in memory.
    /// Requests without a prefix go where the fewest are.
    PrefixAffinity,
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
    pub(super) max_sequences: Option<u32>,
    pub(super) chunk: Option<u32>,
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
            limits: self.resolve_limits(&model, faults),
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

    fn resolve_limits(&self, model: &Model, faults: &mut Vec<Fault>) -> Limits {
        let sequences = self.max_sequences.unwrap_or(128);
        let chunk = self.chunk.unwrap_or(512);
        let block_tokens = self.block_tokens.unwrap_or(16);
        let mut check = Check { faults };
        let sequences = check.whole("max_sequences", sequences.into(), (1, 65_535)) as u32;
        let chunk = check.whole("chunk", chunk.into(), (1, 1 << 20)) as u32;
        if chunk < sequences {
            let (field, message) = if self.chunk.is_some() || self.max_sequences.is_none() {
                ("chunk", format!("{chunk} tokens are fewer than `max_sequences` of {sequences}"))
            } else {
                let message =
                    format!("{sequences} sequences are more than `chunk` of {chunk} tokens");
                ("max_sequences", message)
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
        let blocks = own.or(model.kv_blocks.map(of_model));
        Limits {
            sequences,
            chunk: chunk.clamp(sequences, 1 << 20),
            blocks: blocks.map(|b| b.max(1)),
            block_tokens: block_tokens.clamp(1, 1024).next_power_of_two(),
        }
    }
}
