//! Vidur's operator profiles of CodeLlama-34B on two A100s, as durations of whole iterations.

use std::collections::BTreeMap;
use std::path::Path;

use crate::data::{self, Csv, Row};

/// Layers of CodeLlama-34B.
const LAYERS: f64 = 48.0;

/// Vidur's factor on the attention of more than one sequence under grouped queries.
const BATCHING: f64 = 1.1;

/// Operators of a layer that work on all tokens of an iteration alike.
const LINEAR: [&str; 9] = [
    "input_layernorm",
    "attn_pre_proj",
    "attn_rope",
    "attn_post_proj",
    "post_attention_layernorm",
    "mlp_up_proj",
    "mlp_act",
    "mlp_down_proj",
    "add",
];

/// An all-reduce over two A100s on one NVLink bridge, by tokens of 8,192 half-precision values,
/// in ms: Vidur's network profile `a100_pairwise_nvlink`, read off as means over neighbouring
/// sizes, for single measurements scatter by a factor of five. Linear beyond the last point
/// (assumption).
const ALL_REDUCE_MS: [(f64, f64); 8] = [
    (1.0, 0.046),
    (16.0, 0.047),
    (32.0, 0.053),
    (64.0, 0.058),
    (128.0, 0.062),
    (384.0, 0.063),
    (512.0, 0.0737),
    (736.0, 0.0923),
];

/// Vidur's launch overhead of an all-reduce, ms.
const LAUNCH_MS: f64 = 0.02;

/// All-reduces of a layer.
const REDUCES: f64 = 2.0;

/// A measured iteration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decode {
    pub(super) batch: f64,
    /// Tokens of context of all sequences, the new ones included.
    pub(super) context: f64,
    pub(super) ms: f64,
}

/// A measured chunk of one prompt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    pub(super) tokens: f64,
    /// Tokens in memory before it.
    pub(super) kv: f64,
    /// Its attention alone.
    pub(super) attention_ms: f64,
}

/// The profile.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) decodes: Vec<Decode>,
    pub(super) chunks: Vec<Chunk>,
    /// The linear operators by tokens, without communication.
    linear: Vec<(f64, f64)>,
}

impl Profile {
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let operators = Csv::read(&folder.join("inference/vidur_a100_codellama34b_mlp.csv.gz"))?;
        let attention = Csv::read(&folder.join("inference/vidur_a100_attention.csv.gz"))?;
        let mut by_tokens: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for row in operators.rows() {
            if row.number("num_tensor_parallel_workers")? != 2.0 {
                continue;
            }
            let mut ms = 0.0;
            for operator in LINEAR {
                ms += median(&row, operator)?;
            }
            by_tokens.entry(row.number("num_tokens")? as u64).or_default().push(LAYERS * ms);
        }
        let linear =
            by_tokens.into_iter().map(|(tokens, runs)| (tokens as f64, data::mean(runs))).collect();
        let mut profile = Self { decodes: Vec::new(), chunks: Vec::new(), linear };
        for row in attention.rows() {
            let (batch, kv) = (row.number("batch_size")?, row.number("kv_cache_size")?);
            let reshape =
                median(&row, "attn_input_reshape")? + median(&row, "attn_output_reshape")?;
            if row.text("is_prefill")? == "True" {
                profile.chunks.push(Chunk {
                    tokens: row.number("prefill_chunk_size")?,
                    kv,
                    attention_ms: LAYERS * (median(&row, "attn_prefill")? + reshape),
                });
                continue;
            }
            let batching = if batch > 1.0 { BATCHING } else { 1.0 };
            let attention = LAYERS * (batching * median(&row, "attn_decode")? + reshape);
            profile.decodes.push(Decode {
                batch,
                context: batch * (kv + 1.0),
                ms: profile.all_tokens(batch) + attention,
            });
        }
        Ok(profile)
    }

    /// What works on all tokens of an iteration alike, ms: the linear operators, whose tokens
    /// Vidur rounds up to whole eights, and communication.
    pub(super) fn all_tokens(&self, tokens: f64) -> f64 {
        let rounded = if tokens > 8.0 { 8.0 * (tokens / 8.0).ceil() } else { tokens };
        self.linear(rounded) + communication(tokens)
    }

    /// The linear operators over `tokens`, ms, without communication.
    pub(super) fn linear(&self, tokens: f64) -> f64 {
        between(&self.linear, tokens)
    }
}

/// The all-reduces of an iteration over `tokens`, ms.
fn communication(tokens: f64) -> f64 {
    LAYERS * REDUCES * (between(&ALL_REDUCE_MS, tokens) + LAUNCH_MS)
}

/// The piecewise-linear law through `points`, beyond them with its last slope.
pub(super) fn between(points: &[(f64, f64)], x: f64) -> f64 {
    let upper = points.partition_point(|p| p.0 < x).clamp(1, points.len() - 1);
    let ((x0, y0), (x1, y1)) = (points[upper - 1], points[upper]);
    y0 + (x - x0) / (x1 - x0) * (y1 - y0)
}

/// The median of an operator, ms; zero where it did not run.
fn median(row: &Row<'_>, operator: &str) -> Result<f64, String> {
    let column = format!("time_stats.{operator}.median");
    if row.text(&column)?.is_empty() { Ok(0.0) } else { row.number(&column) }
}
