//! A language model on its GPUs: how long iterations last and what they draw.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::{Fault, kinds};
use crate::units::{Fraction, Power, StepTime};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::inference::step::{
    DecodeDesign, DraftDesign, PowerDesign, StepDesign, interpolate,
};

kinds! {
    /// A language model on a group of GPUs.
    pub enum ModelSpec {
        /// Iterations affine in sequences, context and prompt tokens.
        Affine(AffineSpec) = "affine",
        /// Iterations from measured tables.
        Table(TableSpec) = "table",
        /// Iterations from a table by sequences and mean context.
        Grid(GridSpec) = "grid",
    }
}

/// `T = base + per_sequence B + per_context_token K + per_prompt_token n + attention a`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    pub attention: Option<StepTime>,
    /// What a GPU draws.
    pub power: GpuPowerSpec,
    /// Share of full compute speed below which decoding slows too. Default: 0.7 (assumption:
    /// a cap that makes prefill 1.30 times as long leaves decoding as it was in
    /// splitwise-sim's capped H100).
    pub decode_knee: Option<Fraction>,
    /// Blocks of KV memory, of 16 tokens. Default: unlimited.
    pub kv_blocks: Option<u64>,
    /// How far the law lies from what it was fitted to.
    pub fit: Option<String>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// Iterations from tables: `T = decode(B) + per_context_token K`, and with prompt tokens
/// `+ linear(B + n) - linear(B) + attention a`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
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
    pub attention: Option<StepTime>,
    /// What a GPU draws.
    pub power: GpuPowerSpec,
    /// Share of full compute speed below which decoding slows too. Default: 0.7 (assumption,
    /// as for `affine`).
    pub decode_knee: Option<Fraction>,
    /// Blocks of KV memory, of 16 tokens. Default: unlimited.
    pub kv_blocks: Option<u64>,
    /// How far the tables lie from what they were fitted to.
    pub fit: Option<String>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// Iterations from a table by sequences and by their mean context, `T = decode(B, K / B)`, and
/// with prompt tokens `+ linear(B + n) - linear(B) + attention a`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridSpec {
    /// GPUs of one replica.
    pub gpus: u32,
    /// Tokens of mean context at which durations are known, rising. Linear in between, constant
    /// below, and on with the last slope beyond.
    pub context: Vec<u32>,
    /// Durations of a decode iteration by sequences.
    pub rows: Vec<GridRowSpec>,
    /// Duration of the linear operators by tokens in the iteration.
    pub linear: Vec<TablePointSpec>,
    /// More for each unit of `n (2 kv + n)` of a prompt of which `n` tokens are prefilled
    /// after `kv`. Default: none.
    pub attention: Option<StepTime>,
    /// What a GPU draws.
    pub power: GpuPowerSpec,
    /// Share of full compute speed below which decoding slows too. Default: 0.7 (assumption,
    /// as for `affine`).
    pub decode_knee: Option<Fraction>,
    /// Blocks of KV memory, of 16 tokens. Default: unlimited.
    pub kv_blocks: Option<u64>,
    /// How far the table lies from what it was fitted to.
    pub fit: Option<String>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// One row of a grid.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridRowSpec {
    /// Sequences.
    pub at: u32,
    /// Duration at each mean context; no less with more.
    pub times: Vec<StepTime>,
}

/// One point of a table; linear in between, and on with the last slope beyond.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TablePointSpec {
    /// Sequences or tokens.
    pub at: u32,
    /// Duration.
    pub time: StepTime,
}

/// Draw of one GPU: `decode + decode_rise B / (B + half_batch)` while decoding, `prefill`
/// while prompt tokens are in the iteration.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuPowerSpec {
    /// Draw while decoding the smallest batch.
    pub decode: Power,
    /// More towards the largest batch. Default: none.
    pub decode_rise: Option<Power>,
    /// Sequences at which half of `decode_rise` is reached. Default: 45 (median of H100 runs
    /// in the ML.ENERGY leaderboard, arXiv:2601.22076).
    pub half_batch: Option<f64>,
    /// Draw while prompt tokens are in the iteration. Default: the GPU's rating (prompt
    /// phases reach it; POLCA, arXiv:2308.12908).
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
            ModelSpec::Grid(spec) => spec.fit.as_deref(),
        }
    }

    pub(super) fn resolve(&self, rack: &GpuRackDesign, faults: &mut Vec<Fault>) -> Model {
        let parts = self.parts();
        let mut model = Model {
            gpus: parts.gpus.max(1) as usize,
            steps: StepDesign {
                decode: parts.decode,
                linear: parts.linear,
                attention_s: parts.attention.map_or(0.0, |a| a.0),
                decode_knee: parts.knee.map_or(0.7, |k| k.0),
                draft: DraftDesign::default(),
            },
            power: parts.power.resolve(rack, faults),
            kv_blocks: parts.kv_blocks,
        };
        if parts.gpus == 0 {
            faults.push(Fault::error("model", "a replica needs at least one GPU"));
        }
        let steps = &mut model.steps;
        let attention = (0.0..=1.0).contains(&steps.attention_s);
        if !attention || !is_table(&steps.linear) || !is_sound(&steps.decode) {
            faults.push(
                Fault::error("model", "durations of iterations must be positive and finite").help(
                    "tables need points of rising `at` that do not fall at the end; \
                     a decode iteration lasts above zero and at most an hour, and no less with \
                     more context",
                ),
            );
            let base = vec![(0.0, 0.01)];
            steps.decode = DecodeDesign::Sum { base, per_context_s: 0.0 };
            steps.linear = vec![(0.0, 0.0)];
            steps.attention_s = 0.0;
        }
        model
    }

    fn parts(&self) -> Parts<'_> {
        let points = |table: &[TablePointSpec]| {
            table.iter().map(|p| (f64::from(p.at), p.time.0)).collect::<Vec<_>>()
        };
        match self {
            ModelSpec::Affine(s) => Parts {
                gpus: s.gpus,
                decode: DecodeDesign::Sum {
                    base: vec![(0.0, s.base.0), (1.0, s.base.0 + s.per_sequence.0)],
                    per_context_s: s.per_context_token.0,
                },
                linear: vec![(0.0, 0.0), (1.0, s.per_prompt_token.0)],
                attention: s.attention,
                knee: s.decode_knee,
                power: &s.power,
                kv_blocks: s.kv_blocks,
            },
            ModelSpec::Table(s) => Parts {
                gpus: s.gpus,
                decode: DecodeDesign::Sum {
                    base: points(&s.decode),
                    per_context_s: s.per_context_token.0,
                },
                linear: points(&s.linear),
                attention: s.attention,
                knee: s.decode_knee,
                power: &s.power,
                kv_blocks: s.kv_blocks,
            },
            ModelSpec::Grid(s) => Parts {
                gpus: s.gpus,
                decode: DecodeDesign::Grid {
                    context: s.context.clone(),
                    rows: s
                        .rows
                        .iter()
                        .map(|row| (f64::from(row.at), row.times.iter().map(|t| t.0).collect()))
                        .collect(),
                },
                linear: points(&s.linear),
                attention: s.attention,
                knee: s.decode_knee,
                power: &s.power,
                kv_blocks: s.kv_blocks,
            },
        }
    }
}

/// What all kinds of models have.
struct Parts<'s> {
    gpus: u32,
    decode: DecodeDesign,
    linear: Vec<(f64, f64)>,
    attention: Option<StepTime>,
    knee: Option<Fraction>,
    power: &'s GpuPowerSpec,
    kv_blocks: Option<u64>,
}

/// Rising points of durations. Beyond the last point the law goes on with its slope, which
/// must not fall.
fn is_table(points: &[(f64, f64)]) -> bool {
    !points.is_empty()
        && points.windows(2).all(|w| w[0].0 < w[1].0)
        && points.iter().all(|p| (0.0..=3600.0).contains(&p.1))
        && points.last_chunk().is_none_or(|[a, b]| a.1 <= b.1)
}

/// A table whose every iteration takes time, also that of an empty batch.
fn is_base(points: &[(f64, f64)]) -> bool {
    // A tick is 62.5 ps; anything that rounds to none would stop the clock.
    is_table(points) && points.iter().all(|p| p.1 > 1e-9) && interpolate(points, 0.0) > 1e-9
}

fn is_sound(decode: &DecodeDesign) -> bool {
    match decode {
        DecodeDesign::Sum { base, per_context_s } => {
            is_base(base) && (0.0..=1.0).contains(per_context_s)
        }
        DecodeDesign::Grid { context, rows } => {
            let column =
                |i: usize| -> Vec<_> { rows.iter().map(|(at, row)| (*at, row[i])).collect() };
            !context.is_empty()
                && context.windows(2).all(|w| w[0] < w[1])
                && rows.iter().all(|(_, row)| row.len() == context.len())
                && rows.iter().all(|(_, row)| row.windows(2).all(|w| w[0] <= w[1]))
                && (0..context.len()).all(|i| is_base(&column(i)))
        }
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
