//! A language model on its GPUs: how long iterations last and what they draw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::{Fault, kinds};
use crate::units::{Fraction, Power, StepTime};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::inference::step::{PowerDesign, StepDesign};

kinds! {
    /// A language model on a group of GPUs.
    pub enum ModelSpec {
        /// Iterations affine in sequences, context and prompt tokens.
        Affine(AffineSpec) = "affine",
        /// Iterations from measured tables.
        Table(TableSpec) = "table",
    }
}

/// `T = base + per_sequence B + per_context_token K + per_prompt_token n + attention a`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AffineSpec {
    /// GPUs of one replica.
    pub gpus: u32,
    /// Duration of an empty iteration: the weights are read once.
    pub base: StepTime,
    /// More for each decoding sequence.
    pub per_sequence: StepTime,
    /// More for each token of context that decoding sequences hold.
    pub per_context_token: StepTime,
    /// More for each prompt token in the iteration.
    pub per_prompt_token: StepTime,
    /// More for each unit of `n (2 kv + n)` of a prompt of which `n` tokens are prefilled
    /// after `kv`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<StepTime>,
    /// What a GPU draws.
    pub power: GpuPowerSpec,
    /// Share of full compute speed below which decoding slows too. Default: 0.7 (assumption:
    /// a cap that makes prefill 1.30 times as long leaves decoding as it was in
    /// splitwise-sim's capped H100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_knee: Option<Fraction>,
    /// Blocks of KV memory, of 16 tokens. Default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_blocks: Option<u64>,
    /// How far the law lies from what it was fitted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<String>,
    /// Where the figures of a catalogue entry come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Iterations from tables: `T = decode(B) + per_context_token K`, and with prompt tokens
/// `+ linear(B + n) - linear(B) + attention a`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// GPUs of one replica.
    pub gpus: u32,
    /// Duration of a decode iteration by sequences, without context.
    pub decode: Vec<TablePointSpec>,
    /// More for each token of context that decoding sequences hold.
    pub per_context_token: StepTime,
    /// Duration of the linear operators by tokens in the iteration.
    pub linear: Vec<TablePointSpec>,
    /// More for each unit of `n (2 kv + n)` of a prompt of which `n` tokens are prefilled
    /// after `kv`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<StepTime>,
    /// What a GPU draws.
    pub power: GpuPowerSpec,
    /// Share of full compute speed below which decoding slows too. Default: 0.7 (assumption,
    /// as for `affine`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_knee: Option<Fraction>,
    /// Blocks of KV memory, of 16 tokens. Default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_blocks: Option<u64>,
    /// How far the tables lie from what they were fitted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<String>,
    /// Where the figures of a catalogue entry come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// One point of a table; linear in between, and on with the last slope beyond.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TablePointSpec {
    /// Sequences or tokens.
    pub at: u32,
    /// Duration.
    pub time: StepTime,
}

/// Draw of one GPU: `decode + decode_rise B / (B + half_batch)` while decoding, `prefill`
/// while prompt tokens are in the iteration.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuPowerSpec {
    /// Draw while decoding the smallest batch.
    pub decode: Power,
    /// More towards the largest batch. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_rise: Option<Power>,
    /// Sequences at which half of `decode_rise` is reached. Default: 45 (median of H100 runs
    /// in the ML.ENERGY leaderboard, arXiv:2601.22076).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_batch: Option<f64>,
    /// Draw while prompt tokens are in the iteration. Default: the GPU's rating (prompt
    /// phases reach it; POLCA, arXiv:2308.12908).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill: Option<Power>,
}

/// A model resolved.
pub(super) struct Model {
    pub(super) gpus: usize,
    pub(super) steps: StepDesign,
    pub(super) power: PowerDesign,
    pub(super) kv_blocks: Option<u64>,
}

impl ModelSpec {
    /// Text on how far the law lies from what it was fitted to, where the model tells.
    pub fn fit(&self) -> Option<&str> {
        match self {
            ModelSpec::Affine(spec) => spec.fit.as_deref(),
            ModelSpec::Table(spec) => spec.fit.as_deref(),
        }
    }

    pub(super) fn resolve(&self, rack: &GpuRackDesign, faults: &mut Vec<Fault>) -> Model {
        let points = |table: &[TablePointSpec]| {
            table.iter().map(|p| (f64::from(p.at), p.time.0)).collect::<Vec<_>>()
        };
        let (gpus, decode, linear, context, attention, knee, power, kv_blocks) = match self {
            ModelSpec::Affine(s) => (
                s.gpus,
                vec![(0.0, s.base.0), (1.0, s.base.0 + s.per_sequence.0)],
                vec![(0.0, 0.0), (1.0, s.per_prompt_token.0)],
                s.per_context_token,
                s.attention,
                s.decode_knee,
                &s.power,
                s.kv_blocks,
            ),
            ModelSpec::Table(s) => (
                s.gpus,
                points(&s.decode),
                points(&s.linear),
                s.per_context_token,
                s.attention,
                s.decode_knee,
                &s.power,
                s.kv_blocks,
            ),
        };
        let attention = attention.map_or(0.0, |a| a.0);
        let rises = |table: &[(f64, f64)]| table.windows(2).all(|w| w[0].0 < w[1].0);
        let sound = |table: &[(f64, f64)]| {
            // Beyond the last point the law goes on with its slope, which must not fall.
            !table.is_empty()
                && rises(table)
                && table.iter().all(|p| (0.0..=3600.0).contains(&p.1))
                && table.last_chunk().is_none_or(|[a, b]| a.1 <= b.1)
        };
        let mut model = Model {
            gpus: gpus.max(1) as usize,
            steps: StepDesign {
                decode,
                per_context_s: context.0,
                linear,
                attention_s: attention,
                decode_knee: knee.map_or(0.7, |k| k.0),
            },
            power: power.resolve(rack, faults),
            kv_blocks,
        };
        if gpus == 0 {
            faults.push(Fault::error("model", "a replica needs at least one GPU"));
        }
        let steps = &mut model.steps;
        let negative = [context.0, attention].iter().any(|t| !(0.0..=1.0).contains(t));
        let first = steps.decode.first().map_or(0.0, |p| p.1);
        if negative || !sound(&steps.decode) || !sound(&steps.linear) || first <= 0.0 {
            faults.push(
                Fault::error("model", "durations of iterations must be positive and finite").help(
                    "tables need points of rising `at` that do not fall at the end; \
                     a decode iteration lasts above zero and at most an hour",
                ),
            );
            steps.decode = vec![(0.0, 0.01)];
            steps.linear = vec![(0.0, 0.0)];
            (steps.per_context_s, steps.attention_s) = (0.0, 0.0);
        }
        model
    }
}

impl GpuPowerSpec {
    fn resolve(&self, rack: &GpuRackDesign, faults: &mut Vec<Fault>) -> PowerDesign {
        let design = PowerDesign {
            decode_w: self.decode.0,
            decode_rise_w: self.decode_rise.map_or(0.0, |p| p.0),
            half_batch: self.half_batch.unwrap_or(45.0),
            prefill_w: self.prefill.map_or(rack.gpu_tdp_w, |p| p.0),
        };
        if !(design.half_batch > 0.0 && design.half_batch.is_finite()) {
            faults.push(Fault::error("model", "`half_batch` must be above zero"));
        }
        let peak = design.prefill_w.max(design.decode_w);
        if design.decode_w < 0.0 || design.decode_rise_w < 0.0 || peak > rack.gpu_tdp_w {
            faults.push(
                Fault::error("model", "a GPU draws between zero and its rated power")
                    .help(format!("the GPUs of these racks are rated {:.0} W", rack.gpu_tdp_w)),
            );
        }
        design
    }
}
