//! How long one iteration of a serving engine lasts, and what it draws.
//!
//! An iteration runs `B` decoding sequences over `K` tokens of context in all, and `n` prompt
//! tokens of sequences that are being prefilled. Its duration is
//!
//! ```text
//! T = D(B, K)                             without prompt tokens
//! T = D(B, K) + f (L(B + n) - L(B) + e a) + p   with them, a = sum n_j (2 kv_j + n_j)
//! ```
//!
//! where `p` is spent once and `f` is one unless the tokens are of several prompts. A replica of
//! several ranks ([`RanksDesign`]) waits for the slowest.
//!
//! `D` is what the decodes cost: the weights read once, a little for each sequence, the KV
//! cache read for each token of context. `L` are the linear operators over the tokens of the
//! batch and `e` the attention of prompt tokens to what lies before them. [`StepTable`] holds
//! all of it in whole [`Ticks`], so that the sum over many iterations is exact.

use std::sync::Arc;

use super::ticks::{self, Ticks};
use crate::workload::gpu::GpuRackDesign;

/// Durations of iterations, in seconds. Laws between listed points are linear; beyond the
/// last point they go on with its slope.
#[derive(Debug, Clone, PartialEq)]
pub struct StepDesign {
    /// `D`: decodes.
    pub decode: DecodeDesign,
    /// `L(tokens)`: points of (tokens, seconds), by rising tokens.
    pub linear: Vec<(f64, f64)>,
    /// `e`: seconds a unit of `n (2 kv + n)`.
    pub attention_s: f64,
    /// What prompts cost beside their tokens.
    pub overheads: Overheads,
    /// Compute speed below which decoding slows too, as a share of full speed. Decoding waits
    /// for memory, whose clock a power cap does not touch, until compute becomes the slower.
    pub decode_knee: f64,
    /// Tokens that a drafter proposes to each sequence in each iteration, none by default, and
    /// how long it takes for all of them. They pass through the linear operators like prompt
    /// tokens.
    pub draft: DraftDesign,
    /// The groups of GPUs that share out attention by sequences and batch apart; none where the
    /// replica has one batch.
    pub ranks: Option<RanksDesign>,
}

/// Groups of GPUs, each of which has the attention of its own sequences and a batch, a queue and KV
/// memory of its own. All of them go through an iteration together: beside what the decodes of all
/// cost, which `decode` says without its context, it lasts as long as the slowest rank needs for
/// the context of its decodes, `per_sequence_s` for each of them, and `e` for its prompts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RanksDesign {
    /// How many there are.
    pub count: u32,
    /// Which of them serves a request.
    pub routing: RankRouting,
    /// Seconds a decoding sequence of a rank.
    pub per_sequence_s: f64,
}

/// Which rank of a replica serves a request; it is chosen at the boundary at which it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankRouting {
    /// One after the other.
    RoundRobin,
    /// The one with the least sum of requests in its batch and four times those that wait for it; of
    /// several, the first.
    LeastBusy,
}

impl StepDesign {
    /// How many batches a replica has: one for each rank.
    pub(super) fn batches(&self) -> u32 {
        self.ranks.map_or(1, |ranks| ranks.count)
    }
}

/// What prompts cost beside their tokens; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overheads {
    /// Seconds from a request's arrival at a replica to its queue: its first token is as much later.
    pub request_s: f64,
    /// `p`: seconds of each iteration with prompt tokens.
    pub iteration_s: f64,
    /// `f`: how many times as long the tokens of several prompts in an iteration take.
    pub several: f64,
}

impl Default for Overheads {
    fn default() -> Self {
        Self { request_s: 0.0, iteration_s: 0.0, several: 1.0 }
    }
}

/// Duration of the decodes of an iteration, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub enum DecodeDesign {
    /// `D = A(B) + c K`.
    Sum {
        /// `A(B)`: points of (sequences, seconds), by rising sequences.
        base: Vec<(f64, f64)>,
        /// `c`: seconds a token of context.
        per_context_s: f64,
    },
    /// `D = A(B) + c K` up to a mean context `K / B` of `above`, and another `c` for each token of
    /// context beyond.
    Bent {
        /// As of a sum.
        base: Vec<(f64, f64)>,
        /// Tokens.
        above: u32,
        /// `c` up to there and beyond, seconds a token of context.
        per_context_s: [f64; 2],
    },
    /// `D` by sequences and mean context `K / B`, rounded down to whole tokens.
    Grid {
        /// Tokens of mean context, rising. Below the first, durations are those of the first.
        context: Vec<u32>,
        /// By rising sequences: durations at each mean context, which do not fall along it.
        rows: Vec<(f64, Vec<f64>)>,
    },
}

/// What drafting costs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DraftDesign {
    /// Tokens a sequence and iteration.
    pub tokens: u32,
    /// Seconds an iteration.
    pub time_s: f64,
}

/// Draw of one GPU of a replica, in watts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerDesign {
    /// `P0` of the decoding draw `P0 + Pd B / (B + h)`.
    pub decode_w: f64,
    /// `Pd`.
    pub decode_rise_w: f64,
    /// `h`, sequences.
    pub half_batch: f64,
    /// Draw while prompt tokens are in the batch.
    pub prefill_w: f64,
}

/// The state of the GPUs of a replica, as far as the plant decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pace {
    /// Not serving: no power, tripped, or capped below what a GPU can be capped to.
    Down,
    /// Serving at this many [`Pace::STEPS`]ths of full compute speed; at least one.
    At(u8),
}

impl Pace {
    /// Full speed.
    pub const FULL: Pace = Pace::At(Self::STEPS);

    /// Steps between standstill and full speed. GPU clocks move in steps of this order, and a
    /// wavering cap would otherwise make every rack a case of its own (assumption).
    pub const STEPS: u8 = 128;

    /// The pace of a rack under a cap on the whole rack and a thermal speed factor.
    ///
    /// The cap less the nodes' overhead is shared by the GPUs alike, and their speed under it
    /// is read from the rack's measured curve.
    pub fn of(rack: &GpuRackDesign, cap_w: f64, thermal: f64) -> Pace {
        let capped = if cap_w.is_finite() {
            let overhead = rack.nodes as f64 * rack.node_overhead_w;
            match rack.curve.at_cap((cap_w - overhead) / rack.gpus() as f64) {
                Some(point) => point.speed,
                None => return Pace::Down,
            }
        } else {
            1.0
        };
        match (capped.min(thermal) * f64::from(Self::STEPS)).floor() as u8 {
            0 => Pace::Down,
            step => Pace::At(step.min(Self::STEPS)),
        }
    }

    /// Share of full compute speed.
    pub fn speed(self) -> f64 {
        match self {
            Pace::Down => 0.0,
            Pace::At(step) => f64::from(step) / f64::from(Self::STEPS),
        }
    }

    /// The slower of two.
    #[must_use]
    pub fn min(self, other: Pace) -> Pace {
        Ord::min(self, other)
    }
}

/// Durations and draws of all batches at one pace, in ticks and watts of a whole replica.
///
/// Shared by all replicas at that pace; a few bytes for each admissible batch size and token.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTable {
    decode: Decodes,
    shortest: Ticks,
    linear: Vec<i64>,
    /// The law of `linear` beyond its table, and by how much the pace stretches it.
    beyond: (Vec<(f64, f64)>, f64),
    attention: Ticks,
    /// What a decoding sequence costs its rank.
    per_sequence: Ticks,
    /// `p`, and `f` in parts of `SEVERAL`.
    iteration: Ticks,
    several: u64,
    /// Draw by decoding sequences, above that of idle GPUs, W.
    pub(super) decode_w: Vec<f64>,
    /// Draw while prompt tokens are in the batch, above that of idle GPUs, W.
    pub(super) prefill_w: f64,
    /// Draw of a loaded replica without requests, above that of idle GPUs, W.
    pub(super) resident_w: f64,
}

/// Most tokens of an iteration whose `L` is kept in a table.
const LONGEST: u32 = 1 << 20;

/// Parts of a whole in which the factor of several prompts is kept.
const SEVERAL: u64 = 1 << 16;

#[derive(Debug, Clone, PartialEq)]
enum Decodes {
    Sum {
        base: Vec<Ticks>,
        context: Ticks,
    },
    Bent {
        base: Vec<Ticks>,
        above: u64,
        context: [Ticks; 2],
    },
    Grid {
        /// Where each stretch of mean context begins; the first at zero.
        knots: Vec<u64>,
        /// For each number of sequences, by stretch: duration at its knot, and by how much it
        /// rises with each token of mean context.
        stretches: Vec<(Ticks, Ticks)>,
    },
}

/// What the iterations of a batch have to compute: alike but for the context and for what prompts
/// find before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Load {
    /// Decoding sequences, the context that the first iteration reads, and the tokens that each adds.
    pub(super) batch: u64,
    pub(super) context: u64,
    pub(super) gain: u64,
    /// Prompt tokens in each iteration, and of how many prompts they are.
    pub(super) tokens: u64,
    pub(super) prompts: u64,
    /// Their attention work in the first iteration, and by how much more it is in each next one.
    pub(super) attention: u64,
    pub(super) attention_growth: u64,
    /// No iteration is shorter.
    pub(super) at_least: Ticks,
}

/// Iterations in arithmetic progression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progression {
    /// Duration of the first.
    pub(super) first: Ticks,
    /// By how much each next one is longer.
    pub(super) growth: Ticks,
    /// How many there are at most, whatever the batch does.
    pub(super) most: u64,
}

impl StepTable {
    /// Compiles `steps` and `power` for replicas of `gpus` GPUs of `rack` at `pace`, whose batches, one
    /// for each rank, have such bounds of sequences and tokens.
    ///
    /// A slower pace stretches what computes (prompt tokens) in proportion and what waits for
    /// memory (decodes) only below the knee; no GPU draws more than the curve's draw at that
    /// speed.
    ///
    /// # Panics
    ///
    /// When a decode iteration would last no time, or `pace` is [`Pace::Down`].
    pub fn compile(
        steps: &StepDesign,
        power: &PowerDesign,
        rack: &GpuRackDesign,
        gpus: usize,
        (sequences, chunk): (u32, u32),
        pace: Pace,
    ) -> Arc<StepTable> {
        let speed = pace.speed();
        assert!(speed > 0.0, "a replica that is down has no steps");
        let ranks = steps.batches();
        let (sequences, chunk) = (ranks * sequences, ranks.saturating_mul(chunk).min(LONGEST));
        let prefill = 1.0 / speed;
        let decode = (steps.decode_knee / speed).max(1.0);
        let limit_w = draw_at_speed(rack, speed);
        let above_idle = |w: f64| {
            let full = limit_w.max(rack.gpu_resident_w);
            (w.clamp(rack.gpu_resident_w, full) - rack.gpu_idle_w) * gpus as f64
        };
        let decode_w = (0..=sequences)
            .map(f64::from)
            .map(|b| power.decode_w + power.decode_rise_w * b / (b + power.half_batch))
            .map(above_idle)
            .collect();
        let linear = |n: f64| prefill * interpolate(&steps.linear, n);
        // What each iteration spends on tokens that are only proposed.
        let drafted = |batch: u32| {
            let b = f64::from(batch);
            let verified = linear(b * f64::from(1 + steps.draft.tokens)) - linear(b);
            decode * steps.draft.time_s + verified.max(0.0)
        };
        let decodes = Decodes::compile(&steps.decode, decode, sequences, drafted);
        let per_sequence_s = steps.ranks.map_or(0.0, |ranks| ranks.per_sequence_s);
        let table = StepTable {
            per_sequence: ticks::coefficient(decode * per_sequence_s) as Ticks,
            shortest: decodes.shortest(),
            decode: decodes,
            linear: (0..=sequences.max(chunk))
                .map(|n| ticks::coefficient(linear(f64::from(n))))
                .collect(),
            beyond: (steps.linear.clone(), prefill),
            attention: ticks::coefficient(prefill * steps.attention_s) as Ticks,
            iteration: ticks::coefficient(prefill * steps.overheads.iteration_s) as Ticks,
            several: (steps.overheads.several * SEVERAL as f64).round() as u64,
            decode_w,
            prefill_w: above_idle(power.prefill_w),
            resident_w: above_idle(rack.gpu_resident_w),
        };
        assert!(table.shortest > 0, "a decode iteration lasts some time");
        Arc::new(table)
    }

    /// No iteration lasts less.
    pub(super) fn shortest(&self) -> Ticks {
        self.shortest
    }

    /// The iterations of a replica of one batch.
    #[inline(always)]
    pub(super) fn run(&self, load: &Load) -> Progression {
        let mut run = self.decode.run(load.batch, load.context, load.gain);
        if load.tokens > 0 {
            run.first += self.prefill(load.batch, (load.tokens, load.prompts), load.attention);
            run.growth += self.attention * load.attention_growth;
        }
        run.first = run.first.max(load.at_least);
        run
    }

    /// The iterations of a replica whose ranks have these `loads`, as long as the same rank stays the
    /// slowest.
    pub(super) fn run_of_ranks<'l>(
        &self,
        loads: impl Iterator<Item = &'l Load> + Clone,
    ) -> Progression {
        let sum = |of: fn(&Load) -> u64| loads.clone().map(of).sum::<u64>();
        let largest = |of: fn(&Load) -> u64| loads.clone().map(of).max().unwrap_or(0);
        let (batch, tokens) = (sum(|load| load.batch), sum(|load| load.tokens));
        let mut common = self.decode.base(batch);
        if tokens > 0 {
            common += self.prefill(batch, (tokens, largest(|load| load.prompts)), 0);
        }
        let of_rank = |load: &Load| {
            let mut run = self.decode.of_context(load.batch, load.context, load.gain);
            run.first += self.per_sequence * load.batch;
            run.first += self.scaled(self.attention * load.attention, load.prompts);
            run.growth += self.attention * load.attention_growth;
            run
        };
        let mut run = slowest(loads.clone().map(of_rank));
        run.first = (run.first + common).max(largest(|load| load.at_least));
        run
    }

    /// Draw in iterations with `batch` decoding sequences and `tokens` prompt tokens, above that of idle
    /// GPUs, W.
    #[inline]
    pub(super) fn watts(&self, batch: u64, tokens: u64) -> f64 {
        if tokens > 0 { self.prefill_w } else { self.decode_w[batch as usize] }
    }

    /// What `tokens` prompt tokens of `prompts` prompts with attention work `attention` add to an
    /// iteration of `batch` decodes. At least one tick, so that time moves on whatever the law.
    #[inline]
    fn prefill(&self, batch: u64, (tokens, prompts): (u64, u64), attention: u64) -> Ticks {
        let linear = self.linear_at(batch + tokens) - self.linear_at(batch);
        let work = linear.max(1) as Ticks + self.attention * attention;
        self.scaled(work, prompts) + self.iteration
    }

    /// How long `work` takes in an iteration with tokens of `prompts` prompts.
    #[inline]
    fn scaled(&self, work: Ticks, prompts: u64) -> Ticks {
        if prompts > 1 && self.several != SEVERAL {
            return ((u128::from(work) * u128::from(self.several)) / u128::from(SEVERAL)) as Ticks;
        }
        work
    }

    #[inline]
    fn linear_at(&self, tokens: u64) -> i64 {
        let (law, stretch) = &self.beyond;
        // Only a prompt that is not cut is longer than an iteration may be.
        let longer = || ticks::coefficient(stretch * interpolate(law, tokens as f64));
        self.linear.get(tokens as usize).copied().unwrap_or_else(longer)
    }
}

/// Why a grid does not stand here: what ranks wait for is told apart in the law of experts alone.
const NO_RANKS: &str = "a grid does not tell what context costs, which each rank has of its own";

impl Decodes {
    /// `factor` times the durations of `design` for up to `sequences`, and what `more` says
    /// for each number of them.
    fn compile(
        design: &DecodeDesign,
        factor: f64,
        sequences: u32,
        more: impl Fn(u32) -> f64,
    ) -> Decodes {
        let ticks = |seconds: f64| {
            Ticks::try_from(ticks::coefficient(seconds))
                .expect("a decode iteration lasts some time")
        };
        let without_context = |base: &[(f64, f64)]| {
            (0..=sequences)
                .map(|b| ticks(factor * interpolate(base, f64::from(b)) + more(b)))
                .collect()
        };
        match design {
            DecodeDesign::Sum { base, per_context_s } => {
                Decodes::Sum { base: without_context(base), context: ticks(factor * per_context_s) }
            }
            DecodeDesign::Bent { base, above, per_context_s } => Decodes::Bent {
                base: without_context(base),
                above: u64::from(*above),
                context: per_context_s.map(|each_s| ticks(factor * each_s)),
            },
            DecodeDesign::Grid { context, rows } => {
                let mut knots: Vec<u64> = context.iter().copied().map(u64::from).collect();
                // Constant below the first knot.
                let flat = usize::from(knots.first() != Some(&0));
                if flat > 0 {
                    knots.insert(0, 0);
                }
                let mut stretches = Vec::new();
                for b in 0..=sequences {
                    let at = |knot: usize| {
                        let column = knot.saturating_sub(flat);
                        let points: Vec<(f64, f64)> =
                            rows.iter().map(|(at, row)| (*at, row[column])).collect();
                        ticks(factor * interpolate(&points, f64::from(b)) + more(b))
                    };
                    let values: Vec<Ticks> = (0..knots.len()).map(at).collect();
                    let slope = |knot: usize| {
                        let width = knots[knot + 1] - knots[knot];
                        let rise = values[knot + 1].saturating_sub(values[knot]);
                        (rise + width / 2) / width
                    };
                    for (knot, &value) in values.iter().enumerate() {
                        let slopes = knots.len() - 1;
                        let slope = if slopes == 0 { 0 } else { slope(knot.min(slopes - 1)) };
                        stretches.push((value, slope));
                    }
                }
                Decodes::Grid { knots, stretches }
            }
        }
    }

    /// Iterations of `batch` decodes over `context` tokens without prompts, each of which adds
    /// `gain` tokens to the context.
    #[inline]
    fn run(&self, batch: u64, context: u64, gain: u64) -> Progression {
        match self {
            Decodes::Grid { knots, stretches } => in_grid(knots, stretches, (batch, context, gain)),
            Decodes::Sum { base, .. } | Decodes::Bent { base, .. } => {
                let of_context = self.of_context(batch, context, gain);
                Progression { first: base[batch as usize] + of_context.first, ..of_context }
            }
        }
    }

    /// What is not of the context.
    fn base(&self, batch: u64) -> Ticks {
        match self {
            Decodes::Sum { base, .. } | Decodes::Bent { base, .. } => base[batch as usize],
            Decodes::Grid { .. } => panic!("{NO_RANKS}"),
        }
    }

    /// What the context costs of such iterations.
    #[inline]
    fn of_context(&self, batch: u64, context: u64, gain: u64) -> Progression {
        match self {
            Decodes::Sum { context: each, .. } => {
                Progression { first: each * context, growth: each * gain, most: u64::MAX }
            }
            Decodes::Bent { above, context: each, .. } => {
                let bend = above * batch;
                let [low, high] = *each;
                let beyond = context.saturating_sub(bend);
                let first = low * (context - beyond) + high * beyond;
                match context < bend {
                    true => {
                        let most = (bend - context) / gain.max(1) + 1;
                        Progression { first, growth: low * gain, most }
                    }
                    false => Progression { first, growth: high * gain, most: u64::MAX },
                }
            }
            Decodes::Grid { .. } => panic!("{NO_RANKS}"),
        }
    }

    fn shortest(&self) -> Ticks {
        match self {
            Decodes::Sum { base, .. } | Decodes::Bent { base, .. } => base.iter().copied().min(),
            Decodes::Grid { stretches, .. } => stretches.iter().map(|s| s.0).min(),
        }
        .unwrap_or(0)
    }
}

/// The longest of several series of iterations that run side by side, for as long as the same one stays
/// the longest.
fn slowest(runs: impl Iterator<Item = Progression> + Clone) -> Progression {
    let mut slowest = Progression { first: 0, growth: 0, most: u64::MAX };
    for run in runs.clone() {
        if (run.first, run.growth) > (slowest.first, slowest.growth) {
            (slowest.first, slowest.growth) = (run.first, run.growth);
        }
    }
    for run in runs {
        let most = match run.growth.checked_sub(slowest.growth) {
            // It catches up by so much in each iteration.
            Some(closer @ 1..) => (slowest.first - run.first) / closer + 1,
            _ => u64::MAX,
        };
        slowest.most = slowest.most.min(run.most).min(most);
    }
    slowest
}

/// Iterations from a grid.
fn in_grid(
    knots: &[u64],
    stretches: &[(Ticks, Ticks)],
    (batch, context, gain): (u64, u64, u64),
) -> Progression {
    let mean = context.checked_div(batch).unwrap_or(0);
    let stretch = knots.partition_point(|&knot| knot <= mean) - 1;
    let (base, slope) = stretches[batch as usize * knots.len() + stretch];
    let first = base + slope * (mean - knots[stretch]);
    // The mean rises by one token an iteration, up to the next knot, where each sequence gets
    // one; it does not move without sequences.
    let next = knots.get(stretch + 1).copied().unwrap_or(u64::MAX);
    match batch {
        0 => Progression { first, growth: 0, most: u64::MAX },
        _ if gain == batch => Progression { first, growth: slope, most: next - mean },
        _ => Progression { first, growth: 0, most: 1 },
    }
}

/// Draw of a computing GPU at a share of full speed, from the rack's curve; towards the
/// resident draw below its first point.
fn draw_at_speed(rack: &GpuRackDesign, speed: f64) -> f64 {
    let mut points = vec![(0.0, rack.gpu_resident_w)];
    points.extend(rack.curve.points().iter().map(|p| (p.speed, p.draw_w)));
    if speed >= 1.0 {
        // The curve's last draw is that of one measured job; prefill may draw the full rating.
        return rack.gpu_tdp_w;
    }
    interpolate(&points, speed)
}

/// Piecewise-linear law through `points`, with the slope of the outermost pair beyond them.
pub(super) fn interpolate(points: &[(f64, f64)], x: f64) -> f64 {
    match points {
        [] => 0.0,
        [(_, y)] => *y,
        _ => {
            let upper = points.partition_point(|p| p.0 < x).clamp(1, points.len() - 1);
            let ((x0, y0), (x1, y1)) = (points[upper - 1], points[upper]);
            y0 + (x - x0) / (x1 - x0) * (y1 - y0)
        }
    }
}
