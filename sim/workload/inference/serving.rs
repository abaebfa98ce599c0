//! What a service does with requests besides batching them: terms of classes, drafted tokens,
//! shared prefixes, patience, and replicas that only prefill.

use std::sync::Arc;

use super::design::{LostRequests, PoolDesign, PrefixCachingDesign, ServiceDesign};
use super::kv_pool::HostTier;
use super::load::{Load, LoadDesign, Sent, SharedPrefixes, Shares, SourceDesign};
use super::prefix::{Chains, Piece};
use super::replica::{Limits, Replica, Scheduling, Stride};
use super::request::Request;
use super::router::Routing;
use super::scaling::ScalingDesign;
use super::step::{RanksDesign, StepTable};
use super::ticks::{self, Ticks};
use crate::kernel::{Span, Stream, Streams, Time};

/// What all cells of a service share, made ready to run.
#[derive(Debug)]
pub(super) struct CellDesign {
    pub(super) replicas: usize,
    pub(super) routing: Routing,
    pub(super) lost_requests: LostRequests,
    /// The pool of each replica.
    pub(super) pools: Vec<usize>,
    limits: Vec<Limits>,
    scheduling: Vec<Scheduling>,
    ranks: Vec<Option<RanksDesign>>,
    /// From a request's arrival at a replica of each pool to its queue.
    pub(super) overhead: Vec<Ticks>,
    /// Most requests of each class under way in a cell; those beyond wait at its gate.
    pub(super) in_flight: Vec<Option<u32>>,
    /// Whether somebody waits for requests to leave: clients for their answers, or others at a gate.
    pub(super) is_watched: bool,
    /// Tokens that an empty replica of any pool holds.
    room: u64,
    pub(super) load: Arc<Load>,
    pub(super) max_waiting: Option<usize>,
    pub(super) patience: Option<Ticks>,
    pub(super) retries: u8,
    pub(super) backoff: Ticks,
    pub(super) link: Option<Link>,
    pub(super) scaling: Option<ScalingDesign>,
    stride: Stride,
    /// Prefixes of classes, in the order of their numbers.
    pub(super) prefixes: Arc<[Piece]>,
    /// Tokens of prefixes that each replica keeps.
    prefix_memory: u64,
    prefix_caching: Option<PrefixCachingDesign>,
    drafts: Option<Drafts>,
    terms: Vec<Terms>,
}

/// What leads from the replicas that prefill to those that decode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// Replicas before it.
    pub(super) prefill: usize,
    pub(super) per_token: Ticks,
    pub(super) latency: Ticks,
    pub(super) links: usize,
    pub(super) layers: u64,
}

impl Link {
    /// When a transfer ends of `request`, whose first token came at `at`, over a link that is free
    /// from `free` on. Layer by layer it begins when the first layer of the prompt is through, and the
    /// memory of the last one is sent after the first token.
    pub(super) fn carries(&self, request: &Request, at: Ticks, free: Ticks) -> Ticks {
        let whole = self.per_token * (request.to_prefill() - 1);
        let begun = request.admitted.min(at);
        let first_layer = begun + (at - begun).div_ceil(self.layers);
        (first_layer.max(free) + whole).max(at + whole.div_ceil(self.layers))
    }
}

/// What the requests of a class have in common.
#[derive(Debug)]
struct Terms {
    priority: u8,
    prefixes: Option<Popularity>,
}

impl CellDesign {
    pub(super) fn new(design: &ServiceDesign) -> Arc<CellDesign> {
        let serving = &design.serving;
        let length = |span: Span| ticks::from_time(Time::ZERO + span);
        let (terms, prefixes) = terms(&design.load);
        let of_pool =
            |(index, pool): (usize, &PoolDesign)| std::iter::repeat_n(index, pool.layout.replicas);
        let pools: Vec<usize> = design.pools.iter().enumerate().flat_map(of_pool).collect();
        let limits: Vec<Limits> = design.pools.iter().map(|pool| pool.limits).collect();
        let draft = design.pools.first().map_or(0, |pool| pool.steps.draft.tokens);
        Arc::new(CellDesign {
            replicas: pools.len(),
            pools,
            room: limits.iter().map(Limits::tokens).min().unwrap_or(0),
            limits,
            scheduling: design.pools.iter().map(|pool| pool.scheduling).collect(),
            ranks: design.pools.iter().map(|pool| pool.steps.ranks).collect(),
            overhead: design
                .pools
                .iter()
                .map(|pool| ticks::coefficient(pool.steps.overheads.request_s) as Ticks)
                .collect(),
            is_watched: design.load.classes.iter().any(|class| {
                class.in_flight.is_some() || matches!(class.source, SourceDesign::Closed(_))
            }),
            in_flight: design.load.classes.iter().map(|class| class.in_flight).collect(),
            routing: design.routing,
            lost_requests: design.lost_requests,
            load: Load::new(&design.load, &design.name),
            max_waiting: serving.max_waiting.map(|n| n as usize),
            patience: serving.patience.map(|p| length(p.wait)),
            retries: serving.patience.map_or(0, |p| p.retries),
            backoff: serving.patience.map_or(0, |p| length(p.backoff)),
            link: serving.disaggregation.map(|d| Link {
                prefill: d.prefill,
                per_token: ticks::coefficient(d.per_token_s) as Ticks,
                latency: length(d.latency),
                links: d.links,
                layers: u64::from(d.layers.max(1)),
            }),
            scaling: serving.scaling,
            stride: design.stride,
            prefixes: prefixes.into(),
            prefix_memory: serving.prefix_memory,
            prefix_caching: serving.prefix_caching,
            drafts: (draft > 0).then(|| Drafts::new(draft, &serving.acceptance)),
            terms,
        })
    }

    /// Replicas that requests are sent to as they arrive.
    #[inline]
    pub(super) fn first_stage(&self) -> usize {
        self.link.map_or(self.replicas, |link| link.prefill)
    }

    /// Whether `request` fits the KV memory of an empty replica of any pool: the router may
    /// choose any. One that does not would wait for ever; it is rejected at the door.
    pub(super) fn fits(&self, request: &Request) -> bool {
        request.peak_tokens() <= self.room
    }

    /// Whether replicas keep anything of requests for others.
    fn keeps_prefixes(&self) -> bool {
        self.prefix_memory > 0 || self.prefix_caching.is_some()
    }

    /// The chain of a request of `class` with `prompt` tokens that has `shares` in common with others;
    /// none where nobody keeps it.
    #[cold]
    fn chain_of(&self, shares: Shares, class: u16, prompt: u32) -> Option<Box<[Piece]>> {
        if !self.keeps_prefixes() {
            return None;
        }
        match shares {
            Shares::Nothing => None,
            Shares::Session(pieces) => Some(pieces),
            Shares::Blocks(ids, tokens) => {
                // Each class plays a trace of its own.
                let family = u32::from(class) + 1;
                let mut chain: Box<[Piece]> =
                    ids.iter().map(|&id| Piece { family, id, tokens }).collect();
                if self.prefix_caching.is_some() {
                    // The last block is whole only if the prompt fills it: what follows is the answer.
                    let last = chain.len() - 1;
                    let before = tokens.saturating_mul(last as u32);
                    chain[last].tokens = tokens.min(prompt.saturating_sub(before));
                }
                Some(chain)
            }
        }
    }

    /// An empty replica of number `index` in its cell, whose pool walks by `tables`.
    pub(super) fn replica(&self, index: usize, tables: &[Arc<StepTable>], now: Ticks) -> Replica {
        let pool = self.pools[index];
        let table = &tables[pool];
        // Ranks have equal parts of what is the replica's.
        let ranks = self.ranks[pool].as_ref();
        let parts = ranks.map_or(1, |ranks| u64::from(ranks.count));
        let replica = Replica::new(self.stride, &self.limits[pool], Arc::clone(table), now)
            .scheduled(self.scheduling[pool])
            .with_prefixes(self.prefix_memory / parts)
            .for_classes(self.terms.len());
        let replica = match self.prefix_caching {
            None => replica,
            Some(PrefixCachingDesign { host_tokens, per_token_s }) => {
                let tokens = u64::from(self.limits[pool].block_tokens);
                let per_block = ticks::coefficient(per_token_s * (parts * tokens) as f64) as Ticks;
                let blocks = host_tokens / parts / tokens;
                replica.with_shared_memory(HostTier { blocks, per_block })
            }
        };
        let replica = match self.link {
            Some(link) if index < link.prefill => replica.handing_over(),
            _ => replica,
        };
        match ranks {
            None => replica,
            Some(ranks) => replica.in_ranks(ranks, Arc::clone(table), now),
        }
    }
}

/// Draws what a cell's requests bring besides their lengths.
#[derive(Debug, Clone)]
pub(super) struct Luck {
    prefixes: Stream,
    drafts: Stream,
}

impl Luck {
    pub(super) fn new((entity, streams): (&str, &Streams)) -> Self {
        Self {
            prefixes: streams.stream("prefixes", entity),
            drafts: streams.stream("drafts", entity),
        }
    }

    /// The request that is sent as `sent`, and its chain among `chains`.
    #[inline]
    pub(super) fn request(
        &mut self,
        design: &CellDesign,
        sent: Sent,
        weight: u32,
        chains: &mut Chains,
    ) -> Request {
        let Sent { at, class, mut prompt, output, client, shares } = sent;
        let Terms { priority, prefixes } = &design.terms[usize::from(class)];
        let mut prefix = 0;
        if let Some(prefixes) = prefixes {
            prefix = prefixes.draw(&mut self.prefixes);
            prompt += prefixes.tokens;
        } else if !matches!(shares, Shares::Nothing)
            && let Some(chain) = design.chain_of(shares, class, prompt)
        {
            prefix = chains.keep(chain);
        }
        let mut request = Request::new(at, prompt, output, weight);
        (request.class, request.client) = (class, client);
        (request.priority, request.prefix) = (*priority, prefix);
        match &design.drafts {
            Some(drafts) if output > 1 => {
                request.in_rounds(drafts.rounds(output - 1, &mut self.drafts))
            }
            _ => request,
        }
    }
}

/// The terms of each class, and all prefixes, numbered through all classes.
fn terms(load: &LoadDesign) -> (Vec<Terms>, Vec<Piece>) {
    let mut pieces = Vec::new();
    let terms = load
        .classes
        .iter()
        .map(|class| Terms {
            priority: class.priority,
            prefixes: class.prefixes.map(|law| {
                let first = pieces.len() as u32;
                let piece = |id: u32| Piece { family: 0, id: id.into(), tokens: law.tokens };
                pieces.extend((first..first + law.count).map(piece));
                Popularity::new(&law, first)
            }),
        })
        .collect();
    (terms, pieces)
}

/// Which prefix a request begins with: Zipf's law.
#[derive(Debug)]
struct Popularity {
    /// Number of the first prefix, less one.
    first: u32,
    tokens: u32,
    /// Probability of the prefixes up to each.
    cdf: Vec<f64>,
}

impl Popularity {
    fn new(law: &SharedPrefixes, first: u32) -> Self {
        let mut sum = 0.0;
        let mut cdf: Vec<f64> = (1..=law.count)
            .map(|i| {
                sum += libm::pow(f64::from(i), -law.skew);
                sum
            })
            .collect();
        cdf.iter_mut().for_each(|p| *p /= sum);
        Self { first, tokens: law.tokens, cdf }
    }

    fn draw(&self, stream: &mut Stream) -> u32 {
        let u = stream.uniform();
        let index = self.cdf.partition_point(|&p| p <= u).min(self.cdf.len() - 1);
        self.first + index as u32 + 1
    }
}

/// Speculative decoding: in each iteration some tokens are drafted, and those before the first
/// that is not accepted count, with one more from the model itself (Leviathan, Kalman and
/// Matias, arXiv:2211.17192). Each is accepted with the probability of its position, independently.
#[derive(Debug)]
struct Drafts {
    /// Probability that at least the first `i + 1` are accepted.
    reach: Vec<f64>,
}

impl Drafts {
    fn new(tokens: u32, acceptance: &[f64]) -> Self {
        let mut all = 1.0;
        let last = acceptance.len().saturating_sub(1);
        let reach = (0..tokens as usize).map(|position| {
            all *= acceptance.get(position.min(last)).copied().unwrap_or(0.0);
            all
        });
        Self { reach: reach.collect() }
    }

    /// Iterations in which `tokens` tokens come. Costs a draw for each.
    fn rounds(&self, tokens: u32, stream: &mut Stream) -> u32 {
        let (mut left, mut rounds) = (tokens, 0);
        while left > 0 {
            let u = stream.uniform();
            let accepted = self.reach.partition_point(|&p| u < p) as u32;
            left = left.saturating_sub(1 + accepted);
            rounds += 1;
        }
        rounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected tokens an iteration: `(1 - a^(n + 1)) / (1 - a)` (equation 1 of the paper).
    #[test]
    fn drafts_give_the_published_tokens_an_iteration() {
        let mut stream = Streams::new(1, 0).stream("drafts", "t");
        for (tokens, acceptance) in [(1, 0.5), (3, 0.7), (5, 0.9), (4, 0.0), (2, 1.0)] {
            let drafts = Drafts::new(tokens, &[acceptance]);
            let n = 200_000;
            let got = f64::from(n) / f64::from(drafts.rounds(n, &mut stream));
            let expected: f64 = (0..=tokens).map(|i| acceptance.powi(i as i32)).sum();
            // Tokens an iteration vary by less than themselves: five standard errors.
            let bound = 5.0 * expected * (expected / f64::from(n)).sqrt();
            assert!((got - expected).abs() <= bound, "{tokens}, {acceptance}: {got}, {expected}");
        }
    }

    /// Accepted lengths of GLM-5.2's drafter over its acceptance by position, as published with two
    /// digits (InferenceX golden_al_distribution): 1.84, 2.50, 2.99, 3.33.
    #[test]
    fn acceptance_by_position_gives_the_measured_lengths() {
        let mut stream = Streams::new(2, 0).stream("drafts", "t");
        let acceptance = [0.84, 0.79, 0.74, 0.69];
        for (tokens, length) in [(1, 1.84), (2, 2.50), (3, 2.99), (4, 3.33)] {
            let drafts = Drafts::new(tokens, &acceptance);
            let n = 200_000;
            let got = f64::from(n) / f64::from(drafts.rounds(n, &mut stream));
            assert!((got / length - 1.0).abs() < 0.01, "{tokens}: {got} for {length}");
        }
    }

    #[test]
    fn prefixes_are_as_popular_as_the_law_says() {
        let mut stream = Streams::new(1, 0).stream("prefixes", "t");
        let law = SharedPrefixes { count: 4, tokens: 10, skew: 1.0 };
        let popularity = Popularity::new(&law, 7);
        let mut counts = [0_u32; 4];
        let n = 100_000;
        for _ in 0..n {
            counts[popularity.draw(&mut stream) as usize - 8] += 1;
        }
        let total: f64 = (1..=4).map(|i| 1.0 / f64::from(i)).sum();
        for (i, &count) in counts.iter().enumerate() {
            let p = 1.0 / (i as f64 + 1.0) / total;
            let error = (f64::from(n) * p * (1.0 - p)).sqrt();
            assert!((f64::from(count) - f64::from(n) * p).abs() < 5.0 * error, "{counts:?}");
        }
    }
}
