//! A language model on its GPUs: how long iterations last and what they draw.

use schemars::JsonSchema;
use serde::Deserialize;

use super::laws::MOST_TOKENS;
use super::service::KV_BLOCKS;
use crate::spec::{Check, Fault, kinds};
use crate::units::{Fraction, Power, StepTime};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::inference::step::{
    DecodeDesign, DraftDesign, Overheads, PowerDesign, RankRouting, RanksDesign, StepDesign,
    interpolate,
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
        /// Iterations of a mixture of experts: affine, and a share of the experts' weights.
        Experts(ExpertsSpec) = "experts",
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
    /// Another `per_context_token` beyond some mean context. Default: none.
    pub long_context: Option<LongContextSpec>,
    /// More for each prompt token in the iteration.
    pub per_prompt_token: StepTime,
    /// More for each unit of `n (2 kv + n)` of a prompt of which `n` tokens are prefilled
    /// after `kv`. Default: none.
    pub attention: Option<StepTime>,
    /// What prompts cost beside their tokens. Default: nothing.
    pub overheads: Option<OverheadsSpec>,
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
    /// Another `per_context_token` beyond some mean context. Default: none.
    pub long_context: Option<LongContextSpec>,
    /// Duration of the linear operators by tokens in the iteration.
    pub linear: Vec<TablePointSpec>,
    /// More for each unit of `n (2 kv + n)` of a prompt of which `n` tokens are prefilled
    /// after `kv`. Default: none.
    pub attention: Option<StepTime>,
    /// What prompts cost beside their tokens. Default: nothing.
    pub overheads: Option<OverheadsSpec>,
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
    /// What prompts cost beside their tokens. Default: nothing.
    pub overheads: Option<OverheadsSpec>,
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

/// Iterations of a mixture of experts, of which each token takes `active_experts` of `experts`:
/// `T = base + all_experts (1 - (1 - active_experts / experts)^B) + per_sequence B +
/// per_context_token K` without prompt tokens. The weights of an expert are read when any token of
/// the batch takes it, which, taken at random, is the share in brackets; prompt tokens take experts
/// too, so that with `n` of them `B + n` stands in the exponent, `+ per_prompt_token n + attention a`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpertsSpec {
    /// GPUs of one replica.
    pub gpus: u32,
    /// Duration of an empty iteration: the weights that every token takes are read once.
    pub base: StepTime,
    /// More where every expert is taken.
    pub all_experts: StepTime,
    /// Experts of a layer. 1 to 65,536.
    pub experts: u32,
    /// Experts that a token takes. 1 to `experts`.
    pub active_experts: u32,
    /// More for each decoding sequence.
    pub per_sequence: StepTime,
    /// More for each token of context that decoding sequences hold.
    pub per_context_token: StepTime,
    /// Another `per_context_token` beyond some mean context. Default: none.
    pub long_context: Option<LongContextSpec>,
    /// More for each prompt token in the iteration.
    pub per_prompt_token: StepTime,
    /// Groups of GPUs among which attention is split by sequences (data-parallel attention). The
    /// coefficients of sequences and context are then those of a group, and an iteration waits for
    /// the slowest: by how much is told (`imbalance`), or simulated (`routing`). Default: none.
    pub attention_ranks: Option<AttentionRanksSpec>,
    /// More for each unit of `n (2 kv + n)` of a prompt of which `n` tokens are prefilled
    /// after `kv`. Default: none.
    pub attention: Option<StepTime>,
    /// What prompts cost beside their tokens. Default: nothing.
    pub overheads: Option<OverheadsSpec>,
    /// What a GPU draws.
    pub power: GpuPowerSpec,
    /// Share of full compute speed below which decoding slows too. Default: 0.7 (assumption,
    /// as for `affine`).
    pub decode_knee: Option<Fraction>,
    /// Blocks of KV memory of a replica, of 16 tokens; attention ranks with `routing` have equal parts
    /// of them. Default: unlimited.
    pub kv_blocks: Option<u64>,
    /// How far the law lies from what it was fitted to.
    pub fit: Option<String>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// What contexts cost that are longer than those to which a law was fitted.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LongContextSpec {
    /// Tokens of mean context of a sequence up to which `per_context_token` of the law holds. 1 to
    /// 1,048,576.
    pub above: u32,
    /// More for each token of context beyond; no less than that of the law.
    pub per_context_token: StepTime,
}

/// Groups of GPUs that share out the attention of a replica.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttentionRanksSpec {
    /// How many there are. 1 to 1,024.
    pub count: u32,
    /// Sequences and context of the fullest over the mean, where the replica has one batch. 1 to `count`.
    /// Default: 1, shared out evenly.
    pub imbalance: Option<f64>,
    /// Ranks one by one, each with a batch, a queue and KV memory of its own: how a request gets
    /// its rank. Each has an equal part, rounded down, of the `max_sequences`, `chunk` and `kv_blocks` of
    /// the replica, as SGLang divides its own among ranks (`server_args.py`); what vLLM calls so is a
    /// rank's, so that `count` times as much is the replica's. A request has to fit the memory of a rank.
    /// Default: one batch for all of them.
    pub routing: Option<RankRoutingSpec>,
}

/// How a request that comes to a replica gets its rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RankRoutingSpec {
    /// One after the other: the default of SGLang.
    RoundRobin,
    /// The rank with the least of running requests and four times the waiting ones: vLLM (0.10.2,
    /// `vllm/v1/engine/core_client.py`). Its counts are up to 100 ms old there, and exact here.
    LeastBusy,
}

/// What prompts cost beside their tokens.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverheadsSpec {
    /// From a request's arrival at a replica to its queue: a fixed delay before its first token, such
    /// as tokenising. Default: none.
    pub request: Option<StepTime>,
    /// More for each iteration with prompt tokens. Default: none.
    pub prompt_iteration: Option<StepTime>,
    /// How many times as long the tokens of several prompts take in one iteration, 0.1 to 10.
    /// Default: 1.
    pub several_prompts: Option<f64>,
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
            ModelSpec::Experts(spec) => spec.fit.as_deref(),
        }
    }

    pub(super) fn resolve(&self, rack: &GpuRackDesign, check: &mut Check<'_>) -> Model {
        if let ModelSpec::Experts(spec) = self {
            spec.check(check);
        }
        let parts = self.parts();
        let mut model = Model {
            gpus: check.whole("gpus", parts.gpus.into(), (1, 1 << 16)) as usize,
            steps: StepDesign {
                decode: parts.decode,
                linear: parts.linear,
                attention_s: parts.attention.map_or(0.0, |a| a.0),
                overheads: parts.overheads.map_or(Overheads::default(), |spec| {
                    check.within("overheads", |check| spec.resolve(check))
                }),
                decode_knee: parts.knee.map_or(0.7, |k| k.0),
                draft: DraftDesign::default(),
                ranks: parts.ranks,
            },
            power: check.within("power", |check| parts.power.resolve(rack, check)),
            kv_blocks: parts.kv_blocks.map(|blocks| check.whole("kv_blocks", blocks, KV_BLOCKS)),
        };
        let steps = &mut model.steps;
        let [of_linear, of_decode] = parts.fields;
        let odd = if !(0.0..=1.0).contains(&steps.attention_s) {
            Some(("attention".to_owned(), "must be at most 1 s"))
        } else {
            odd_points(&steps.linear, of_linear, 0.0)
                .or_else(|| odd_decode(&steps.decode, of_decode))
        };
        if let Some((field, message)) = odd {
            check.faults.push(Fault::error(field, message));
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
                decode: by_context(
                    vec![(0.0, s.base.0), (1.0, s.base.0 + s.per_sequence.0)],
                    (s.per_context_token, s.long_context, 1.0),
                ),
                linear: vec![(0.0, 0.0), (1.0, s.per_prompt_token.0)],
                fields: ["per_prompt_token", if s.base.0 > 1e-9 { "per_sequence" } else { "base" }],
                attention: s.attention,
                overheads: s.overheads,
                knee: s.decode_knee,
                power: &s.power,
                kv_blocks: s.kv_blocks,
                ranks: None,
            },
            ModelSpec::Table(s) => Parts {
                gpus: s.gpus,
                decode: by_context(points(&s.decode), (s.per_context_token, s.long_context, 1.0)),
                linear: points(&s.linear),
                fields: ["linear", "decode"],
                attention: s.attention,
                overheads: s.overheads,
                knee: s.decode_knee,
                power: &s.power,
                kv_blocks: s.kv_blocks,
                ranks: None,
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
                fields: ["linear", "rows"],
                attention: s.attention,
                overheads: s.overheads,
                knee: s.decode_knee,
                power: &s.power,
                kv_blocks: s.kv_blocks,
                ranks: None,
            },
            ModelSpec::Experts(s) => {
                let (ranks, base) = (s.ranks(), s.base.0);
                let linear = s.law(|tokens| tokens * s.per_prompt_token.0);
                // Ranks that are told apart have their sequences and context to themselves.
                let (of_rank, of_sequences) = match ranks {
                    None => (s.of_rank(), s.of_rank() * s.per_sequence.0),
                    Some(_) => (1.0, 0.0),
                };
                Parts {
                    gpus: s.gpus,
                    decode: by_context(
                        s.law(|sequences| base + of_sequences * sequences),
                        (s.per_context_token, s.long_context, of_rank),
                    ),
                    linear,
                    fields: ["all_experts", if base > SHORTEST_S { "all_experts" } else { "base" }],
                    attention: s.attention,
                    overheads: s.overheads,
                    knee: s.decode_knee,
                    power: &s.power,
                    kv_blocks: s.kv_blocks,
                    ranks,
                }
            }
        }
    }
}

impl ExpertsSpec {
    fn check(&self, check: &mut Check<'_>) {
        let experts = check.whole("experts", self.experts.into(), (1, MOST_EXPERTS));
        check.whole("active_experts", self.active_experts.into(), (1, experts));
        for (field, time) in [
            ("all_experts", self.all_experts),
            ("per_sequence", self.per_sequence),
            ("per_prompt_token", self.per_prompt_token),
        ] {
            check.between(field, Some(time.0), 0.0, (0.0, 60.0), "s");
        }
        if let Some(ranks) = self.attention_ranks {
            check.within("attention_ranks", |check| {
                let count = check.whole("count", ranks.count.into(), (1, MOST_RANKS.into()));
                check.between("imbalance", ranks.imbalance, 1.0, (1.0, count as f64), "");
                if ranks.imbalance.is_some() && ranks.routing.is_some() {
                    let message = "is what `routing` simulates";
                    let help = "leave out one of the two";
                    check.faults.push(Fault::error("imbalance", message).help(help));
                }
            });
        }
    }

    /// The part of the sequences and the context that the fullest rank has.
    fn of_rank(&self) -> f64 {
        self.attention_ranks.map_or(1.0, |ranks| {
            let count = f64::from(ranks.count.max(1));
            (ranks.imbalance.unwrap_or(1.0) / count).clamp(1.0 / count, 1.0)
        })
    }

    /// The ranks, where they are told apart.
    fn ranks(&self) -> Option<RanksDesign> {
        let ranks = self.attention_ranks.filter(|ranks| (2..=MOST_RANKS).contains(&ranks.count))?;
        let routing = match ranks.routing? {
            RankRoutingSpec::RoundRobin => RankRouting::RoundRobin,
            RankRoutingSpec::LeastBusy => RankRouting::LeastBusy,
        };
        Some(RanksDesign { count: ranks.count, routing, per_sequence_s: self.per_sequence.0 })
    }

    /// What `tokens` tokens of an iteration cost: the experts that they take, and `more`. Points for
    /// each number of them until every expert is taken, but for a part that no tick shows.
    fn law(&self, more: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let most = self.experts.clamp(1, MOST_EXPERTS as u32);
        let active = self.active_experts.clamp(1, most);
        let spared = 1.0 - f64::from(active) / f64::from(most);
        let all_s = self.all_experts.0.clamp(0.0, 60.0);
        let (mut points, mut left) = (Vec::new(), 1.0);
        for tokens in 0..=MOST_POINTS {
            let x = f64::from(tokens);
            points.push((x, all_s * (1.0 - left) + more(x)));
            // The last two points give the slope beyond.
            if left < NO_EXPERT_LEFT && points.len() > 1 {
                break;
            }
            left *= spared;
        }
        points
    }
}

/// Most groups of GPUs that share out attention.
const MOST_RANKS: u32 = 1024;
/// Most experts of a layer.
const MOST_EXPERTS: u64 = 1 << 16;
/// Most numbers of tokens for which the share of the experts is told apart.
const MOST_POINTS: u32 = 1 << 16;
/// A share of the experts of which an iteration shows nothing.
const NO_EXPERT_LEFT: f64 = 1e-13;

impl OverheadsSpec {
    fn resolve(self, check: &mut Check<'_>) -> Overheads {
        let mut time = |field, time: Option<StepTime>| {
            check.between(field, time.map(|time| time.0), 0.0, (0.0, 60.0), "s")
        };
        let request_s = time("request", self.request);
        let iteration_s = time("prompt_iteration", self.prompt_iteration);
        let several = check.between("several_prompts", self.several_prompts, 1.0, (0.1, 10.0), "");
        Overheads { request_s, iteration_s, several }
    }
}

/// `base` and what a part `of_rank` of the context costs.
fn by_context(
    base: Vec<(f64, f64)>,
    (each, long, of_rank): (StepTime, Option<LongContextSpec>, f64),
) -> DecodeDesign {
    let per_context_s = of_rank * each.0;
    match long {
        None => DecodeDesign::Sum { base, per_context_s },
        Some(LongContextSpec { above, per_context_token }) => DecodeDesign::Bent {
            base,
            above,
            per_context_s: [per_context_s, of_rank * per_context_token.0],
        },
    }
}

/// What all kinds of models have.
struct Parts<'s> {
    gpus: u32,
    decode: DecodeDesign,
    linear: Vec<(f64, f64)>,
    /// The fields that `linear` and `decode` are written in.
    fields: [&'static str; 2],
    attention: Option<StepTime>,
    overheads: Option<OverheadsSpec>,
    knee: Option<Fraction>,
    power: &'s GpuPowerSpec,
    kv_blocks: Option<u64>,
    /// The ranks of a replica, where they are told apart.
    ranks: Option<RanksDesign>,
}

/// What is wrong with rising points of durations, each longer than `above_s`, and in which field:
/// they are written in `of`, where its name does not say that they are one number. Beyond the last
/// point the law goes on with its slope, which must not fall.
fn odd_points(points: &[(f64, f64)], of: &str, above_s: f64) -> Option<(String, &'static str)> {
    let is_list = of == "linear" || of == "decode";
    let at = |index: usize, field: &str| match is_list {
        true => format!("{of}[{index}].{field}"),
        false => of.to_owned(),
    };
    let lasts = |time: f64| (0.0..=3600.0).contains(&time) && (above_s == 0.0 || time > above_s);
    if points.is_empty() {
        return Some((of.to_owned(), "needs at least one point"));
    }
    if let Some(odd) = points.iter().position(|&(_, time)| !lasts(time)) {
        let message = match above_s {
            0.0 => "lasts at most an hour",
            _ => "an iteration lasts above a nanosecond and at most an hour",
        };
        return Some((at(odd, "time"), message));
    }
    if let Some(odd) = points.windows(2).position(|w| w[0].0 >= w[1].0) {
        return Some((at(odd + 1, "at"), "must rise from point to point"));
    }
    let last = points.len() - 1;
    (last > 0 && points[last].1 < points[last - 1].1)
        .then(|| (at(last, "time"), "must not fall at the end"))
}

/// The shortest iteration, s. A tick is 62.5 ps; anything that rounds to none would stop the clock.
const SHORTEST_S: f64 = 1e-9;

/// What is wrong with a table whose every iteration takes time, also that of an empty batch.
fn odd_base(points: &[(f64, f64)], of: &str) -> Option<(String, &'static str)> {
    odd_points(points, of, SHORTEST_S).or_else(|| {
        (interpolate(points, 0.0) <= SHORTEST_S).then(|| {
            (of.to_owned(), "an empty batch takes no time: the first points rise too fast")
        })
    })
}

/// The field in which the law of decoding, written in `of`, is wrong, and what is.
fn odd_decode(decode: &DecodeDesign, of: &str) -> Option<(String, &'static str)> {
    match decode {
        DecodeDesign::Sum { per_context_s, .. } if !(0.0..=1.0).contains(per_context_s) => {
            Some(("per_context_token".to_owned(), "must be at most 1 s"))
        }
        DecodeDesign::Bent { per_context_s: [low, _], .. } if !(0.0..=1.0).contains(low) => {
            Some(("per_context_token".to_owned(), "must be at most 1 s"))
        }
        DecodeDesign::Bent { per_context_s: [low, high], .. } if !(*low..=1.0).contains(high) => {
            let field = "long_context.per_context_token".to_owned();
            Some((field, "must be no less than that of the law, and at most 1 s"))
        }
        DecodeDesign::Bent { above, .. } if !(1..=MOST_TOKENS).contains(above) => {
            Some(("long_context.above".to_owned(), "must be from 1 to 1,048,576 tokens"))
        }
        DecodeDesign::Sum { base, .. } | DecodeDesign::Bent { base, .. } => odd_base(base, of),
        DecodeDesign::Grid { context, .. }
            if context.is_empty() || !context.windows(2).all(|w| w[0] < w[1]) =>
        {
            Some(("context".to_owned(), "needs numbers of tokens that rise"))
        }
        DecodeDesign::Grid { context, rows } => {
            let row_is = |odd: &dyn Fn(&[f64]) -> bool| rows.iter().position(|(_, row)| odd(row));
            if let Some(row) = row_is(&|row| row.len() != context.len()) {
                return Some((format!("{of}[{row}].times"), "needs a time for each `context`"));
            }
            if let Some(row) = row_is(&|row| row.windows(2).any(|w| w[0] > w[1])) {
                return Some((format!("{of}[{row}].times"), "must not fall with more context"));
            }
            (0..context.len()).find_map(|column| {
                let points: Vec<_> = rows.iter().map(|(at, row)| (*at, row[column])).collect();
                let (field, message) = odd_base(&points, "decode")?;
                // A row is a point of each column.
                let field = field.replacen("decode", of, 1);
                Some((field.replace("].time", &format!("].times[{column}]")), message))
            })
        }
    }
}

impl GpuPowerSpec {
    fn resolve(&self, rack: &GpuRackDesign, check: &mut Check<'_>) -> PowerDesign {
        let rated_w = rack.gpu_tdp_w;
        let mut draw = |field, power: Option<Power>| {
            let drawn = power?;
            if drawn.0 > rated_w {
                let message = format!(
                    "is above the {} that the GPUs of these racks are rated",
                    Power(rated_w)
                );
                check.error(field, message);
            }
            Some(drawn.0.min(rated_w))
        };
        let decode_w = draw("decode", Some(self.decode)).unwrap_or(0.0);
        let prefill_w = draw("prefill", self.prefill).unwrap_or(rated_w);
        // What rises beyond the rating stays at it.
        let decode_rise_w = self.decode_rise.map_or(0.0, |p| p.0);
        let half_batch = check.between("half_batch", self.half_batch, 45.0, (1e-3, 1e6), "");
        PowerDesign { decode_w, decode_rise_w, half_batch, prefill_w }
    }
}
