//! Replicas on racks of several kinds in one service.

use schemars::JsonSchema;
use serde::Deserialize;

use super::InferenceSpec;
use super::model::ModelSpec;
use super::service::{EngineSpec, PoolParts};
use crate::spec::{Names, kinds};
use crate::units::Duration;

kinds! {
    /// More replicas of each cell, on racks of another kind.
    pub enum PoolSpec {
        /// Replicas of a language model. A `kind` from the catalogue of `workloads` gives the
        /// `model`.
        Inference(PoolReplicasSpec) = "inference",
    }
}

/// Replicas of the same language model on racks of another kind: with iterations, KV memory and
/// draw of their own. What is left out is that of the service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolReplicasSpec {
    /// The racks that they run on.
    pub racks: Names,
    /// Replicas in each cell. Default: as many as fit the racks.
    pub replicas: Option<u32>,
    /// The model on its GPUs: how long iterations last and what they draw.
    pub model: ModelSpec,
    /// The engine. Default: as in the service.
    pub engine: Option<EngineSpec>,
    /// Most sequences in a batch of a replica. Default: as in the service.
    pub max_sequences: Option<u32>,
    /// Most tokens in an iteration. Default: as in the service.
    pub chunk: Option<u32>,
    /// Blocks of KV memory of a replica, as in the service. Default: those of the pool's model.
    pub kv_blocks: Option<u64>,
    /// From power at a rack to replicas that take requests. Default: the rack's power-on time
    /// and 2 min.
    pub startup: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

impl InferenceSpec {
    /// The racks of each further pool.
    pub fn pool_racks(&self) -> impl Iterator<Item = &Names> {
        let pools = self.pools.iter().flatten();
        pools.map(|PoolSpec::Inference(pool)| &pool.racks)
    }

    /// How well the step times fit what they were fitted to, where the models tell; of each pool
    /// by its racks, where there are several.
    pub fn fit(&self) -> Option<String> {
        let others = self.pools.iter().flatten();
        let others = others.map(|PoolSpec::Inference(pool)| (&pool.racks, &pool.model));
        let all: Vec<(&Names, &ModelSpec)> =
            std::iter::once((&self.racks, &self.model)).chain(others).collect();
        let known = all.iter().filter_map(|&(racks, model)| Some((racks, model.fit()?)));
        let each: Vec<String> = known
            .map(|(racks, fit)| match racks.0.first() {
                Some(racks) if all.len() > 1 => format!("{racks}: {fit}"),
                _ => fit.to_owned(),
            })
            .collect();
        (!each.is_empty()).then(|| each.join("; "))
    }

    /// The pool of the service itself and the others.
    pub(super) fn pool_parts(&self) -> Vec<PoolParts<'_>> {
        let [sequences, chunk] = self.limits();
        let or = |field, own: Option<u32>, of_service: (&'static str, Option<u32>)| match own {
            Some(_) => (field, own),
            None => of_service,
        };
        let own = PoolParts {
            at: String::new(),
            model: &self.model,
            replicas: self.replicas,
            max_sequences: sequences,
            chunk,
            engine: self.engine.unwrap_or_default(),
            scheduling: self.scheduling.unwrap_or_default(),
            kv_blocks: self.kv_blocks,
            block_tokens: self.block_tokens,
            startup: self.startup,
        };
        let others = self.pools.iter().flatten().enumerate();
        let others = others.map(|(index, PoolSpec::Inference(pool))| PoolParts {
            at: format!("pools[{index}]"),
            model: &pool.model,
            replicas: pool.replicas,
            max_sequences: or("max_sequences", pool.max_sequences, sequences),
            chunk: or("chunk", pool.chunk, chunk),
            engine: pool.engine.or(self.engine).unwrap_or_default(),
            scheduling: self.scheduling.unwrap_or_default(),
            kv_blocks: pool.kv_blocks,
            block_tokens: self.block_tokens,
            startup: pool.startup,
        });
        std::iter::once(own).chain(others).collect()
    }
}
