//! What a service does with requests besides batching them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::InferenceSpec;
use crate::kernel::Span;
use crate::spec::{Check, Fault};
use crate::units::{Bandwidth, DataSize, Duration, Fraction, StepTime};
use crate::workload::inference::design::{
    DisaggregationDesign, Patience, PrefixCachingDesign, ServingDesign,
};
use crate::workload::inference::scaling::ScalingDesign;
use crate::workload::inference::step::DraftDesign;

/// Speculative decoding: a drafter proposes tokens that the model verifies in one iteration.
/// Each is accepted with the probability of its position, if all before it were (arXiv:2211.17192).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeculationSpec {
    /// Tokens drafted for each sequence in each iteration. They pass through the linear
    /// operators like prompt tokens.
    pub tokens: u32,
    /// Probability that a drafted token is accepted, if all before it were: one for all, or a list by
    /// position, whose last holds for those beyond it. Drafters get worse with the distance, so that
    /// one number overstates long drafts.
    pub acceptance: AcceptanceSpec,
    /// More for each iteration: the drafter's own time.
    pub time: StepTime,
}

/// Acceptance of drafted tokens, by position.
#[derive(Debug, Clone)]
pub struct AcceptanceSpec(pub Vec<Fraction>);

impl<'de> Deserialize<'de> for AcceptanceSpec {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The scenario's deserializer hands a lone scalar to a sequence as its one element.
        Vec::deserialize(deserializer).map(AcceptanceSpec)
    }
}

impl JsonSchema for AcceptanceSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AcceptanceSpec".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = generator.subschema_for::<Fraction>();
        schemars::json_schema!({
            "description": "one share for all positions, or a list by position",
            "anyOf": [one, {"type": "array", "items": one}],
        })
    }
}

/// KV blocks that keep what sequences leave in them. Sequences that run share the blocks of their common
/// beginnings; those of others stay where they are until their place is needed, and go in the order
/// in which they were last used.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrefixCachingSpec {
    /// Memory of the servers, where blocks go that have to leave the GPUs (vLLM: KV offloading, SGLang:
    /// HiCache, TensorRT-LLM: `host_cache_size`). Default: none, so that they are lost.
    pub host: Option<HostMemorySpec>,
}

/// Memory of the servers behind that of the GPUs.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostMemorySpec {
    /// How much there is for each replica.
    pub memory: DataSize,
    /// What the link from there to the GPUs of a replica carries. The iteration that admits a request
    /// lasts at least as long as its blocks are on the way.
    pub bandwidth: Bandwidth,
    /// KV memory of one token: 2 x layers x KV heads x head size x bytes of a value. Default: that of
    /// `disaggregation`.
    pub kv_per_token: Option<DataSize>,
}

/// How long clients wait.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatienceSpec {
    /// From sending a request to giving up, while it waits to be admitted to a batch.
    pub wait: Duration,
    /// How often a client tries again. Default: never.
    pub retries: Option<u8>,
    /// From giving up to trying again. Default: at once.
    pub backoff: Option<Duration>,
}

/// Prompts are prefilled by some replicas of each cell; a link brings their KV memory to the
/// others, which decode.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisaggregationSpec {
    /// Replicas of each cell that prefill; the others decode.
    pub prefill: u32,
    /// KV memory of one token: 2 x layers x KV heads x head size x bytes of a value.
    pub kv_per_token: DataSize,
    /// What a link of a cell carries; transfers take it one after the other.
    pub bandwidth: Bandwidth,
    /// Links of a cell, so many transfers overlap, each at the whole `bandwidth`. 1 to 1,024.
    /// Default: 1.
    pub links: Option<u32>,
    /// Layers of the model, the memory of each of which is sent as soon as the prompt is through it. 1 to
    /// 1,024. Default: 1, so that nothing is sent before the first token.
    pub layers: Option<u32>,
    /// From the last byte of a transfer to a request that can be admitted. Default: none.
    pub latency: Option<Duration>,
}

/// How many replicas of a cell are awake, from what it has to do.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoscalingSpec {
    /// Replicas of each cell that never sleep.
    pub min: u32,
    /// Requests inside, waiting ones included, that each replica is meant to have.
    pub target: f64,
    /// From waking a replica to its taking requests. Default: 2 min (assumption: 140 GB of
    /// weights from local disks at about 2 GB/s, and warm-up).
    pub start: Option<Duration>,
    /// How long fewer replicas must be wanted before some go to sleep. Default: 5 min, as in
    /// Kubernetes' autoscaler.
    pub calm: Option<Duration>,
}

/// Most tokens in host memory.
const MOST_HOST_TOKENS: f64 = 1e15;

impl InferenceSpec {
    /// What drafting costs; nothing by default.
    pub(super) fn resolve_draft(&self, faults: &mut Vec<Fault>) -> DraftDesign {
        let Some(spec) = &self.speculation else { return DraftDesign::default() };
        Check { faults }.within("speculation", |check| DraftDesign {
            tokens: check.whole("tokens", spec.tokens.into(), (1, 64)) as u32,
            time_s: check.between("time", Some(spec.time.0), 0.0, (0.0, 1.0), "s"),
        })
    }

    /// How KV blocks of `block_tokens` keep what sequences leave in them, where their number
    /// `is_bounded` or not.
    fn resolve_prefix_caching(
        &self,
        (is_bounded, block_tokens): (bool, u32),
        faults: &mut Vec<Fault>,
    ) -> Option<PrefixCachingDesign> {
        let spec = self.prefix_caching?;
        if self.prefix_memory.is_some() {
            let message = "KV blocks that keep prefixes are not beside a memory for them";
            let fault = Fault::error("prefix_caching", message);
            faults.push(fault.help("leave out `prefix_memory` or `prefix_caching`"));
        }
        if !is_bounded {
            let message = "memory without a bound keeps everything for ever";
            let help = "write `kv_blocks` of the service, or of the model of every pool";
            faults.push(Fault::error("prefix_caching", message).help(help));
        }
        let Some(host) = spec.host else {
            return Some(PrefixCachingDesign { host_tokens: 0, per_token_s: 0.0 });
        };
        let of_disaggregation = self.disaggregation.map(|spec| spec.kv_per_token);
        let Some(DataSize(per_token)) = host.kv_per_token.or(of_disaggregation) else {
            let message = "how much KV memory does a token take?";
            let help = "write `kv_per_token`: 2 x layers x KV heads x head size x bytes of a value";
            faults.push(Fault::error("prefix_caching.host", message).help(help));
            return None;
        };
        if host.kv_per_token.is_some_and(|own| of_disaggregation.is_some_and(|d| own.0 != d.0)) {
            let message = "is another than in `disaggregation`";
            let fault = Fault::error("prefix_caching.host.kv_per_token", message);
            faults.push(fault.help("keep one of the two"));
        }
        if host.kv_per_token.is_some_and(|own| own.0 < 1.0) {
            let message = "a token takes a byte at least";
            faults.push(Fault::error("prefix_caching.host.kv_per_token", message));
            return None;
        }
        let (tokens, per_token_s) = (host.memory.0 / per_token, per_token / host.bandwidth.0);
        if tokens < f64::from(block_tokens) {
            let message = format!("holds no block of {block_tokens} tokens");
            let fault = Fault::error("prefix_caching.host.memory", message);
            faults.push(fault.help("leave out `host` where blocks that have to go are lost"));
            return None;
        }
        let (field, message) = if tokens > MOST_HOST_TOKENS {
            ("memory", format!("holds {tokens:.0e} tokens, and at most 1e15 can be counted"))
        } else if per_token_s > 1.0 {
            ("bandwidth", "the link takes more than 1 s for the memory of a token".to_owned())
        } else {
            return Some(PrefixCachingDesign { host_tokens: tokens as u64, per_token_s });
        };
        faults.push(Fault::error(format!("prefix_caching.host.{field}"), message));
        None
    }

    /// What the cells of `replicas` replicas that draft as in `draft` do beyond batching. Their KV
    /// `blocks` are bounded in number or not, and hold so many tokens each.
    pub(super) fn resolve_serving(
        &self,
        (replicas, blocks): (usize, (bool, u32)),
        draft: DraftDesign,
        faults: &mut Vec<Fault>,
    ) -> ServingDesign {
        let mut serving = ServingDesign {
            prefix_memory: Check { faults }.whole(
                "prefix_memory",
                self.prefix_memory.unwrap_or(0),
                (0, 1 << 50),
            ),
            prefix_caching: self.resolve_prefix_caching(blocks, faults),
            max_waiting: self.max_waiting,
            ..ServingDesign::default()
        };
        if let Some(spec) = self.speculation.as_ref().filter(|_| draft.tokens > 0) {
            let AcceptanceSpec(by_position) = &spec.acceptance;
            serving.acceptance = by_position.iter().map(|share| share.0.min(1.0)).collect();
            if by_position.is_empty() {
                let fault = Fault::error("speculation.acceptance", "needs one position at least");
                faults.push(fault);
            }
        }
        if let Some(spec) = self.patience {
            let (wait, backoff) = (Span::from(spec.wait), spec.backoff.map(Span::from));
            if wait == Span::ZERO {
                faults.push(Fault::error("patience.wait", "must be longer than zero"));
            } else {
                let retries = spec.retries.unwrap_or(0);
                let backoff = backoff.unwrap_or(Span::ZERO);
                serving.patience = Some(Patience { wait, retries, backoff });
            }
        }
        if let Some(spec) = self.disaggregation {
            let prefill = spec.prefill as usize;
            let per_token_s = spec.kv_per_token.0 / spec.bandwidth.0;
            if !(1..replicas).contains(&prefill) {
                let message = "needs replicas that prefill and others that decode";
                faults.push(
                    Fault::error("disaggregation.prefill", message)
                        .help(format!("each cell has {replicas} replicas")),
                );
            } else if !(0.0..=1.0).contains(&per_token_s) {
                let message = "the link takes more than 1 s for the memory of a token";
                faults.push(Fault::error("disaggregation.bandwidth", message));
            } else {
                serving.disaggregation = Some(DisaggregationDesign {
                    prefill,
                    per_token_s,
                    latency: spec.latency.map_or(Span::ZERO, Span::from),
                    links: Check { faults }.within("disaggregation", |check| {
                        check.whole("links", spec.links.unwrap_or(1).into(), (1, 1024)) as usize
                    }),
                    layers: Check { faults }.within("disaggregation", |check| {
                        check.whole("layers", spec.layers.unwrap_or(1).into(), (1, 1024)) as u32
                    }),
                });
            }
        }
        if let Some(spec) = self.autoscaling {
            let min = spec.min as usize;
            let known = faults.len();
            Check { faults }.within("autoscaling", |check| {
                check.whole("min", min as u64, (1, replicas.max(1) as u64));
                check.between("target", Some(spec.target), 1.0, (1e-3, 1e9), "");
            });
            if serving.disaggregation.is_some() {
                let message = "replicas that only prefill or only decode are not scaled";
                let help = "leave out `autoscaling` or `disaggregation`";
                faults.push(Fault::error("autoscaling", message).help(help));
            } else if faults.len() == known {
                serving.scaling = Some(ScalingDesign {
                    min,
                    target: spec.target,
                    start: spec.start.map_or(Span::from_secs(120), Span::from),
                    calm: spec.calm.map_or(Span::from_secs(300), Span::from),
                });
            }
        }
        serving
    }
}
