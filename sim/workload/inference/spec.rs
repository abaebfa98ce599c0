//! An inference service as written under `workloads:`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cell::LostRequests;
use super::load::{LengthLaw, LoadDesign};
use super::racks::Layout;
use super::replica::{Limits, Stride};
use super::router::Routing;
use super::service::ServiceDesign;
use super::step::{PowerDesign, StepDesign};
use crate::kernel::Span;
use crate::spec::{Fault, Names, kinds};
use crate::units::{Duration, Fraction, Power, Rate, StepTime, TokenPrice};
use crate::workload::gpu::GpuRackDesign;

/// A service that answers requests with a language model: alike cells of replicas, each cell
/// behind its own router, on racks of one kind.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InferenceSpec {
    /// The racks that it runs on.
    pub racks: Names,
    /// How many alike cells the service has. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<u32>,
    /// Replicas of the model in each cell. Default: as many as fit the racks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// How many simulated cells represent all those that no event has told apart. Their
    /// requests each stand for cells / represent alike ones. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represent: Option<u32>,
    /// The model on its GPUs: how long iterations last and what they draw.
    pub model: ModelSpec,
    /// When requests arrive.
    pub arrivals: ArrivalsSpec,
    /// How long they are. Default: the law fitted to the Azure conversation trace of 2023.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lengths: Option<LengthsSpec>,
    /// Most sequences in a batch of a replica. Default: 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_sequences: Option<u32>,
    /// Most tokens in an iteration, decodes included; longer prompts are prefilled in chunks.
    /// Default: 512.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<u32>,
    /// Blocks of KV memory of a replica. Default: those of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_blocks: Option<u64>,
    /// Tokens in a block: a power of two up to 1,024. Default: 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_tokens: Option<u32>,
    /// How each cell's router chooses a replica for a request. Default: round_robin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<RoutingSpec>,
    /// Whether replicas leap over all iterations between two changes of their batch, or walk
    /// every one. Results are equal to the last bit; walking takes far longer and is there
    /// to check. Default: on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leap: Option<LeapSpec>,
    /// What becomes of requests in a replica that is lost. Default: retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_requests: Option<LostRequestsSpec>,
    /// From power at a rack to replicas that take requests: servers boot, weights load.
    /// Default: the rack's power-on time and 2 min (assumption: 140 GB of weights from local
    /// disks at about 2 GB/s, and warm-up).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Duration>,
    /// How long a cell that was struck must have been whole before it is represented again.
    /// Default: 1 h (assumption: far longer than any request or backlog lasts).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejoin_after: Option<Duration>,
    /// How often the plant learns the mean draw. Default: 60 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_interval: Option<Duration>,
    /// What requests are meant to keep to; only measured. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo: Option<SloSpec>,
    /// Income from prompt tokens of served requests. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_price: Option<TokenPrice>,
    /// Income from generated tokens of served requests. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_price: Option<TokenPrice>,
    /// Where the figures of a catalogue entry come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

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

/// Poisson arrivals whose rate follows the hours of the day.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalsSpec {
    /// Requests that each replica receives, as the mean of a day.
    pub rate_per_replica: Rate,
    /// Arrivals in each of the 24 hours of the local day, in any unit: only their ratios
    /// count. Default: all alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_profile: Option<Vec<f64>>,
}

/// Tokens of prompts and answers, each lognormal.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthsSpec {
    /// Prompt tokens.
    pub prompt: LengthSpec,
    /// Generated tokens.
    pub output: LengthSpec,
}

/// A lognormal number of tokens.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthSpec {
    /// Mean.
    pub mean: f64,
    /// Standard deviation over the mean; zero for a fixed number.
    pub variation: f64,
    /// Longer ones are this long. Default: 32,768.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// How a router chooses among the replicas that take requests. It knows of each what has
/// happened up to the instant of the arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
}

/// How replicas get from one change of their batch to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeapSpec {
    /// All iterations in between at once.
    On,
    /// One by one.
    Off,
}

/// What becomes of the requests in a replica that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LostRequestsSpec {
    /// Another replica of the cell serves them from the beginning.
    Retry,
    /// Another replica prefills what they have got and goes on.
    Resume,
    /// They fail.
    Fail,
}

/// Targets of a request.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SloSpec {
    /// Time to the first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft: Option<Duration>,
    /// Mean time between the tokens of a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpot: Option<Duration>,
}

/// Mean, standard deviation over mean, and longest of the Azure conversation trace of
/// November 2023 (19,366 requests).
const AZURE_CONVERSATION: LengthsSpec = LengthsSpec {
    prompt: LengthSpec { mean: 1154.7, variation: 0.960, max: Some(14_050) },
    output: LengthSpec { mean: 211.1, variation: 0.771, max: Some(1000) },
};

impl InferenceSpec {
    /// Fills defaults and checks ranges. `name` names the random streams, `racks` racks of
    /// kind `rack` were found for it, and `start_hour` is the local hour of the day at the
    /// start of the run.
    pub fn resolve(
        &self,
        name: &str,
        (rack, racks): (&GpuRackDesign, usize),
        start_hour: f64,
        faults: &mut Vec<Fault>,
    ) -> ServiceDesign {
        let model = self.model.resolve(rack, faults);
        let layout = self.resolve_layout((rack, racks), model.gpus, faults);
        let limits = self.resolve_limits(&model, faults);
        let lengths = self.lengths.unwrap_or(AZURE_CONVERSATION);
        let rate_per_s = self.arrivals.rate_per_replica.0 * layout.replicas as f64;
        if rate_per_s < 0.0 {
            faults.push(Fault::error("arrivals", "a rate of arrivals is not negative"));
        }
        let load = LoadDesign {
            rate_per_s: rate_per_s.max(0.0),
            profile: self.arrivals.resolve_profile(faults),
            start_hour,
            prompt: lengths.prompt.resolve("prompt", faults),
            output: lengths.output.resolve("output", faults),
        };
        let interval = self.control_interval.map_or(Span::from_secs(60), Span::from);
        if interval < Span::from_secs(1) {
            faults.push(Fault::error("control_interval", "needs at least one second"));
        }
        let represent = self.represent.unwrap_or(2);
        if represent == 0 {
            faults.push(Fault::error("represent", "at least one cell must be simulated"));
        }
        let price = |price: Option<TokenPrice>| price.map_or(0.0, |p| p.0);
        ServiceDesign {
            name: name.to_owned(),
            rack: rack.clone(),
            layout,
            represent: (represent.max(1) as usize).min(layout.cells),
            load,
            routing: match self.routing {
                None | Some(RoutingSpec::RoundRobin) => Routing::RoundRobin,
                Some(RoutingSpec::Random) => Routing::Random,
                Some(RoutingSpec::LeastRequests) => Routing::LeastRequests,
                Some(RoutingSpec::LeastTokens) => Routing::LeastTokens,
                Some(RoutingSpec::PowerOfTwo) => Routing::PowerOfTwo,
            },
            stride: match self.leap {
                None | Some(LeapSpec::On) => Stride::Leap,
                Some(LeapSpec::Off) => Stride::Plain,
            },
            limits,
            steps: model.steps,
            power: model.power,
            lost_requests: match self.lost_requests {
                None | Some(LostRequestsSpec::Retry) => LostRequests::Retry,
                Some(LostRequestsSpec::Resume) => LostRequests::Resume,
                Some(LostRequestsSpec::Fail) => LostRequests::Fail,
            },
            startup: self.startup.map_or(rack.power_on + Span::from_secs(120), Span::from),
            rejoin_after: self.rejoin_after.map_or(Span::from_hours(1), Span::from),
            control_interval: interval.max(Span::from_secs(1)),
            slo_ttft: self.slo.and_then(|slo| slo.ttft).map(Span::from),
            slo_tpot: self.slo.and_then(|slo| slo.tpot).map(Span::from),
            prompt_price: price(self.prompt_price),
            output_price: price(self.output_price),
        }
    }

    fn resolve_layout(
        &self,
        (rack, racks): (&GpuRackDesign, usize),
        gpus: usize,
        faults: &mut Vec<Fault>,
    ) -> Layout {
        let cells = self.cells.unwrap_or(1) as usize;
        if cells == 0 {
            faults.push(Fault::error("cells", "a service has at least one cell"));
        }
        let cells = cells.max(1);
        let one = Layout { racks, gpus_per_rack: rack.gpus().max(1), cells, replicas: 1, gpus };
        let room = match one.gpus_per_rack / gpus {
            0 => racks / gpus.div_ceil(one.gpus_per_rack),
            in_rack => racks * in_rack,
        };
        let replicas = self.replicas.map_or(room / cells, |n| n as usize);
        let layout = Layout { replicas, ..one };
        if replicas == 0 || layout.needed() > racks {
            faults.push(
                Fault::error(
                    if self.replicas.is_some() { "replicas" } else { "racks" },
                    format!(
                        "{cells} cells of {} replicas on {gpus} GPUs each do not fit {racks} racks",
                        replicas.max(1)
                    ),
                )
                .help(format!("there is room for {room} replicas")),
            );
            // A design that can be built, so that other faults are found too.
            return Layout { cells: 1, replicas: 1, racks: racks.max(one.needed()), ..one };
        }
        layout
    }

    fn resolve_limits(&self, model: &Model, faults: &mut Vec<Fault>) -> Limits {
        let sequences = self.max_sequences.unwrap_or(128);
        let chunk = self.chunk.unwrap_or(512);
        let block_tokens = self.block_tokens.unwrap_or(16);
        if !(1..=65_535).contains(&sequences) {
            faults.push(Fault::error(
                "max_sequences",
                format!("needs 1 to 65,535 sequences, got {sequences}"),
            ));
        }
        if chunk < sequences || chunk > 1 << 20 {
            faults.push(
                Fault::error("chunk", format!("needs 1 to 1,048,576 tokens, got {chunk}"))
                    .help(format!("and at least one for each of {sequences} sequences")),
            );
        }
        if !block_tokens.is_power_of_two() || block_tokens > 1024 {
            faults.push(Fault::error(
                "block_tokens",
                format!("needs a power of two up to 1,024, got {block_tokens}"),
            ));
        }
        // The model counts blocks of 16 tokens; the memory is the same in blocks of any size.
        let of_model = |blocks: u64| blocks * 16 / u64::from(block_tokens.max(1));
        let blocks = self.kv_blocks.or(model.kv_blocks.map(of_model));
        if blocks == Some(0) {
            faults.push(Fault::error("kv_blocks", "a replica needs memory"));
        }
        let sequences = sequences.clamp(1, 65_535);
        Limits {
            sequences,
            chunk: chunk.clamp(sequences, 1 << 20),
            blocks: blocks.map(|b| b.max(1)),
            block_tokens: block_tokens.next_power_of_two().min(1024),
        }
    }
}

/// A model resolved.
struct Model {
    gpus: usize,
    steps: StepDesign,
    power: PowerDesign,
    kv_blocks: Option<u64>,
}

impl ModelSpec {
    /// Text on how far the law lies from what it was fitted to, where the model tells.
    pub fn fit(&self) -> Option<&str> {
        match self {
            ModelSpec::Affine(spec) => spec.fit.as_deref(),
            ModelSpec::Table(spec) => spec.fit.as_deref(),
        }
    }

    fn resolve(&self, rack: &GpuRackDesign, faults: &mut Vec<Fault>) -> Model {
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

impl ArrivalsSpec {
    /// Factors of mean one.
    fn resolve_profile(&self, faults: &mut Vec<Fault>) -> [f64; 24] {
        let Some(profile) = &self.daily_profile else { return [1.0; 24] };
        let sum: f64 = profile.iter().sum();
        let sound = profile.iter().all(|f| f.is_finite() && *f >= 0.0) && sum > 0.0;
        match <[f64; 24]>::try_from(profile.as_slice()) {
            Ok(hours) if sound && sum.is_finite() => hours.map(|f| f * 24.0 / sum),
            _ => {
                faults.push(Fault::error(
                    "arrivals",
                    format!("`daily_profile` needs 24 shares, got {}", profile.len()),
                ));
                [1.0; 24]
            }
        }
    }
}

impl LengthSpec {
    fn resolve(&self, what: &str, faults: &mut Vec<Fault>) -> LengthLaw {
        let max = self.max.unwrap_or(32_768);
        let sound = (1.0..=1e6).contains(&self.mean)
            && (0.0..=20.0).contains(&self.variation)
            && (1..=1 << 20).contains(&max);
        if !sound {
            faults.push(
                Fault::error("lengths", format!("the length of `{what}` is out of range")).help(
                    "`mean` from 1 to 1,000,000 tokens, `variation` from 0 to 20, \
                     `max` from 1 to 1,048,576",
                ),
            );
            return LengthLaw::Fixed(1);
        }
        if self.variation == 0.0 {
            return LengthLaw::Fixed((self.mean.round() as u32).min(max));
        }
        // For a lognormal law, variation^2 = exp(sigma^2) - 1.
        let sigma = libm::sqrt(libm::log1p(self.variation * self.variation));
        LengthLaw::Lognormal { mean: self.mean, sigma, max }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::rack;
    use super::*;

    /// The model of every built-in entry, with the rating of the GPU that it stands on.
    fn presets() -> Vec<(String, ModelSpec)> {
        let text = include_str!("../../../scenarios/presets/workloads.yaml");
        let all: serde_json::Map<String, serde_json::Value> = serde_yaml::from_str(text).unwrap();
        let of_this_room = all.into_iter().filter(|(_, entry)| entry["kind"] == "inference");
        of_this_room
            .map(|(name, entry)| {
                // Outside a scenario, an enum is read in its external form.
                let mut model = entry["model"].clone();
                let kind = model.as_object_mut().unwrap().remove("kind").unwrap();
                let external = serde_json::json!({ kind.as_str().unwrap(): model });
                (name, serde_json::from_value(external).unwrap())
            })
            .collect()
    }

    fn spec(model: ModelSpec) -> InferenceSpec {
        InferenceSpec {
            racks: Names::default(),
            cells: Some(2),
            replicas: None,
            represent: None,
            model,
            arrivals: ArrivalsSpec { rate_per_replica: Rate(1.0), daily_profile: None },
            lengths: None,
            max_sequences: None,
            chunk: None,
            kv_blocks: None,
            block_tokens: None,
            routing: None,
            leap: None,
            lost_requests: None,
            startup: None,
            rejoin_after: None,
            control_interval: None,
            slo: None,
            prompt_price: None,
            output_price: None,
            source: None,
        }
    }

    fn affine() -> ModelSpec {
        presets().into_iter().find(|(name, _)| name == "llama-3.1-70b-h100").unwrap().1
    }

    fn faults(spec: &InferenceSpec, racks: usize) -> Vec<Fault> {
        let mut faults = Vec::new();
        let design = spec.resolve("chat", (&rack(), racks), 0.0, &mut faults);
        // Whatever is wrong, the design can be built.
        super::super::Service::new(&design, &crate::kernel::Streams::new(1, 0));
        faults
    }

    #[test]
    fn every_built_in_model_resolves_and_states_its_fit() {
        let all = presets();
        assert!(all.len() >= 5);
        for (name, model) in all {
            assert!(model.fit().is_some_and(|fit| fit.contains('%')), "{name}");
            let mut rack = rack();
            if name.ends_with("b200") {
                rack.gpu_tdp_w = 1000.0;
            }
            let mut faults = Vec::new();
            let design = spec(model).resolve("chat", (&rack, 2), 0.0, &mut faults);
            assert_eq!(faults, [], "{name}");
            // A long chat must fit the memory that the entry states.
            assert!(design.limits.blocks.unwrap() * 16 > 100_000, "{name}");
        }
    }

    #[test]
    fn what_is_left_out_is_filled() {
        let mut faults = Vec::new();
        let design = spec(affine()).resolve("chat", (&rack(), 3), 0.0, &mut faults);
        assert_eq!(faults, []);
        // Three racks of eight replicas make two cells of twelve.
        assert_eq!((design.layout.replicas, design.represent), (12, 2));
        assert_eq!(design.load.rate_per_s, 12.0);
        assert_eq!((design.limits.sequences, design.limits.chunk), (128, 512));
    }

    #[test]
    fn faults_name_their_field() {
        let mut wrong: Vec<(&str, InferenceSpec)> = Vec::new();
        let mut case = |field, change: fn(&mut InferenceSpec)| {
            let mut spec = spec(affine());
            change(&mut spec);
            wrong.push((field, spec));
        };
        case("cells", |s| s.cells = Some(0));
        case("replicas", |s| s.replicas = Some(9));
        case("represent", |s| s.represent = Some(0));
        case("chunk", |s| s.chunk = Some(100));
        case("max_sequences", |s| s.max_sequences = Some(0));
        case("block_tokens", |s| s.block_tokens = Some(24));
        case("kv_blocks", |s| s.kv_blocks = Some(0));
        case("control_interval", |s| s.control_interval = Some(Duration(5)));
        case("arrivals", |s| s.arrivals.daily_profile = Some(vec![1.0; 23]));
        case("arrivals", |s| s.arrivals.daily_profile = Some(vec![0.0; 24]));
        case("lengths", |s| {
            s.lengths = Some(LengthsSpec {
                prompt: LengthSpec { mean: 0.0, variation: 1.0, max: None },
                ..AZURE_CONVERSATION
            });
        });
        case("model", |s| {
            let ModelSpec::Affine(model) = &mut s.model else { unreachable!() };
            model.base = StepTime(0.0);
        });
        case("model", |s| {
            let ModelSpec::Affine(model) = &mut s.model else { unreachable!() };
            model.power.prefill = Some(Power(900.0));
        });
        for (field, spec) in &wrong {
            let faults = faults(spec, 2);
            assert_eq!(faults.iter().map(|f| f.field).collect::<Vec<_>>(), [*field], "{faults:?}");
        }
        assert_eq!(faults(&spec(affine()), 0)[0].field, "racks");
    }
}
