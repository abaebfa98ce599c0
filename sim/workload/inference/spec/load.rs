//! What a service receives: when requests arrive, how long they are, what they are meant to
//! keep to.

use schemars::JsonSchema;
use serde::Deserialize;

use super::InferenceSpec;
use crate::kernel::{LocalWeek, Span};
use crate::spec::{Fault, FilePath, kinds};
use crate::units::{Duration, Rate};
use crate::workload::inference::load::{
    ClassDesign, ClientDesign, GapLaw, LengthLaw, LoadDesign, NoiseDesign, RateDesign,
    SourceDesign, Targets, TraceDesign, TraceFormat,
};
use crate::workload::inference::replica::Limits;
use crate::workload::inference::serving::SharedPrefixes;

/// Requests that are counted together and share their targets.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassSpec {
    /// Its name in results: letters, digits, `-` and `_`.
    pub name: String,
    /// When its requests arrive. Needed unless there is a `trace`.
    pub arrivals: Option<ArrivalsSpec>,
    /// Recorded requests, in place of arrivals, lengths and clients. Default: none.
    pub trace: Option<TraceSpec>,
    /// How long they are. Default: the law fitted to the Azure conversation trace of 2023.
    pub lengths: Option<LengthsSpec>,
    /// Who sends them, each client with a share of the arrivals. Default: one client.
    pub clients: Option<Vec<ClientSpec>>,
    /// What they are meant to keep to; only measured. Default: none.
    pub slo: Option<SloSpec>,
    /// Requests of classes with a lower number are admitted to batches first. Default: 0.
    pub priority: Option<u8>,
    /// Prefixes that its prompts begin with. Default: none.
    pub prefixes: Option<PrefixesSpec>,
}

/// Prefixes (system prompts, templates, documents) that the prompts of a class share, beside
/// the tokens of their lengths.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrefixesSpec {
    /// How many there are.
    pub count: u32,
    /// Tokens of each.
    pub tokens: u32,
    /// The i-th most popular is chosen with a probability proportional to i^-skew. Default: 1
    /// (Zipf's law, assumption).
    pub skew: Option<f64>,
}

/// One client of a class, in the manner of ServeGen (arXiv:2505.09999): a renewal process of
/// its own with lengths of its own. What is left out is that of the class.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientSpec {
    /// Its part of the class's arrivals, in any unit: only the ratios of shares count.
    pub share: f64,
    /// Law of the gaps between its requests. Default: that of the class.
    pub gaps: Option<GapsSpec>,
    /// How long its requests are. Default: as long as those of the class.
    pub lengths: Option<LengthsSpec>,
}

/// Arrivals: a renewal process under a rate that follows the hours of the week and swings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalsSpec {
    /// Requests that each replica receives, as the mean of a week.
    pub rate_per_replica: Rate,
    /// Law of the gaps between requests, each over the mean gap of its moment. Default:
    /// exponential, which makes a Poisson process.
    pub gaps: Option<GapsSpec>,
    /// Arrivals in each of the 24 hours of the local day, in any unit: only their ratios
    /// count. Default: all alike.
    pub daily_profile: Option<Vec<f64>>,
    /// Arrivals on each of the seven local days from Monday on, in any unit. Default: all alike.
    pub weekly_profile: Option<Vec<f64>>,
    /// Swings of the rate that no calendar explains. Default: none.
    pub noise: Option<NoiseSpec>,
}

kinds! {
    /// Law of the gaps between the requests of a client.
    pub enum GapsSpec {
        /// A Poisson process.
        Exponential(ExponentialGapsSpec) = "exponential",
        /// Gamma.
        Gamma(VariedGapsSpec) = "gamma",
        /// Weibull.
        Weibull(VariedGapsSpec) = "weibull",
    }
}

/// Exponential gaps have nothing to choose.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialGapsSpec {}

/// A law of gaps by its spread.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariedGapsSpec {
    /// Standard deviation over mean: 1 as for a Poisson process, more for bursts.
    pub variation: f64,
}

/// A lognormal factor of mean one on the rate, constant within each interval and shared by all
/// cells.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseSpec {
    /// Standard deviation of the factor.
    pub variation: f64,
    /// How long a factor holds. Default: 10 min, the windows of ServeGen (arXiv:2505.09999).
    pub interval: Option<Duration>,
    /// Time in which the correlation of the factor's logarithm falls to 1/e. Default: none,
    /// each interval for itself.
    pub correlation: Option<Duration>,
}

kinds! {
    /// Recorded requests, of which each cell receives all. The first comes at the start of the
    /// run.
    pub enum TraceSpec {
        /// An Azure LLM inference trace: CSV with `TIMESTAMP`, `ContextTokens` and
        /// `GeneratedTokens`.
        Azure(TraceFileSpec) = "azure",
        /// A Mooncake trace: JSON lines with `timestamp` in ms, `input_length`,
        /// `output_length` and the `hash_ids` of the blocks of 512 tokens that a prompt consists
        /// of. With `prefix_memory`, blocks that a replica has in memory are not prefilled again.
        Mooncake(TraceFileSpec) = "mooncake",
    }
}

/// The file of a trace, and how it is played. It is read row by row while the run goes on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceFileSpec {
    /// The file; decompressed if its name ends in `.gz`.
    pub file: FilePath,
    /// How many times as fast as recorded. Default: 1.
    pub rate_scale: Option<f64>,
    /// Whether it starts again, a mean gap after its last request. Default: no.
    pub repeat: Option<bool>,
}

/// Opens a trace and reads it once; what it finds wrong goes to the faults. The scenario room
/// does it.
pub type OpenTrace<'a> =
    dyn FnMut(TraceFormat, &FilePath, &Limits, &mut Vec<Fault>) -> Option<TraceDesign> + 'a;

/// Tokens of prompts and answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LengthsSpec {
    /// Prompt tokens.
    pub prompt: LengthSpec,
    /// Generated tokens.
    pub output: LengthSpec,
}

kinds! {
    /// Law of a number of tokens.
    pub enum LengthSpec {
        /// Lognormal, rounded.
        Lognormal(LognormalLengthSpec) = "lognormal",
        /// Always the same.
        Fixed(FixedLengthSpec) = "fixed",
        /// As counted.
        Histogram(HistogramSpec) = "histogram",
    }
}

/// A lognormal number of tokens.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalLengthSpec {
    /// Mean.
    pub mean: f64,
    /// Standard deviation over the mean.
    pub variation: f64,
    /// Longer ones are this long. Default: 32,768.
    pub max: Option<u32>,
}

/// One number of tokens for all.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedLengthSpec {
    /// How many.
    pub tokens: u32,
}

/// Numbers of tokens with the frequency of each.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistogramSpec {
    /// By rising tokens.
    pub bins: Vec<BinSpec>,
}

/// One bin of a histogram of lengths.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BinSpec {
    /// Tokens.
    pub tokens: u32,
    /// How often, in any unit.
    pub weight: f64,
}

/// Targets of a request.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SloSpec {
    /// Time to the first token.
    pub ttft: Option<Duration>,
    /// Mean time between the tokens of a request.
    pub tpot: Option<Duration>,
}

/// Mean, standard deviation over mean, and longest of the Azure conversation trace of
/// November 2023 (19,366 requests).
pub(super) const AZURE_CONVERSATION: LengthsSpec = {
    const fn law(mean: f64, variation: f64, max: u32) -> LengthSpec {
        LengthSpec::Lognormal(LognormalLengthSpec { mean, variation, max: Some(max) })
    }
    LengthsSpec { prompt: law(1154.7, 0.960, 14_050), output: law(211.1, 0.771, 1000) }
};

/// Longest prompt or answer that a law may give.
const MOST_TOKENS: u32 = 1 << 20;

/// Most classes of a service: each keeps histograms of its own.
const MOST_CLASSES: usize = 64;

/// Most prefixes of a class.
const MOST_PREFIXES: u32 = 1 << 16;

/// Most clients of a class.
const MOST_CLIENTS: usize = 4096;

impl InferenceSpec {
    /// What one cell of `replicas` replicas under `limits` receives, in a run over `week`.
    pub(super) fn resolve_load(
        &self,
        (replicas, limits): (usize, &Limits),
        week: &LocalWeek,
        open: &mut OpenTrace<'_>,
        faults: &mut Vec<Fault>,
    ) -> LoadDesign {
        let all = match &self.classes {
            None => vec![Parts {
                name: "",
                arrivals: self.arrivals.as_ref(),
                trace: self.trace.as_ref(),
                lengths: self.lengths.as_ref(),
                clients: self.clients.as_deref(),
                slo: self.slo,
                priority: 0,
                prefixes: None,
            }],
            Some(classes) => classes.iter().map(Parts::of).collect(),
        };
        if let Some(classes) = &self.classes {
            let alone = [
                ("arrivals", self.arrivals.is_some()),
                ("trace", self.trace.is_some()),
                ("lengths", self.lengths.is_some()),
                ("clients", self.clients.is_some()),
                ("slo", self.slo.is_some()),
            ];
            for (field, _) in alone.into_iter().filter(|(_, is_given)| *is_given) {
                let message = format!("`{field}` belongs to each of the `classes`");
                faults.push(Fault::error(field, message).help("move it into the classes"));
            }
            check_names(classes, faults);
        }
        let cell = Cell { replicas: replicas as f64, limits, week };
        let classes: Vec<ClassDesign> =
            all.iter().map(|parts| parts.resolve(&cell, open, faults)).collect();
        if classes.is_empty() {
            // A design that can be built, so that other faults are found too.
            return LoadDesign::poisson(0.0, LengthLaw::Fixed(1), LengthLaw::Fixed(1));
        }
        LoadDesign { classes }
    }
}

/// Who receives the requests.
struct Cell<'l> {
    replicas: f64,
    limits: &'l Limits,
    week: &'l LocalWeek,
}

fn check_names(classes: &[ClassSpec], faults: &mut Vec<Fault>) {
    if classes.is_empty() || classes.len() > MOST_CLASSES {
        let message = format!("needs 1 to {MOST_CLASSES} classes, got {}", classes.len());
        faults.push(Fault::error("classes", message));
    }
    for (index, ClassSpec { name, .. }) in classes.iter().enumerate() {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 40 || !name.chars().all(is_plain) {
            let help = "use letters, digits, `-` and `_`";
            let message = format!("`{name}` cannot name a class");
            faults.push(Fault::error("classes", message).help(help));
        }
        let is_taken = classes[..index].iter().any(|other| other.name == *name);
        if is_taken {
            faults.push(Fault::error("classes", format!("two classes are called `{name}`")));
        }
    }
}

/// A class, be it of a list or the only one of a service.
struct Parts<'s> {
    name: &'s str,
    arrivals: Option<&'s ArrivalsSpec>,
    trace: Option<&'s TraceSpec>,
    lengths: Option<&'s LengthsSpec>,
    clients: Option<&'s [ClientSpec]>,
    slo: Option<SloSpec>,
    priority: u8,
    prefixes: Option<PrefixesSpec>,
}

impl PrefixesSpec {
    fn resolve(self, faults: &mut Vec<Fault>) -> Option<SharedPrefixes> {
        let skew = self.skew.unwrap_or(1.0);
        let sound = (1..=MOST_PREFIXES).contains(&self.count)
            && (1..=MOST_TOKENS).contains(&self.tokens)
            && (0.0..=10.0).contains(&skew);
        if !sound {
            faults.push(
                Fault::error("classes", "the `prefixes` of a class are out of range").help(
                    "`count` from 1 to 65,536, `tokens` from 1 to 1,048,576, `skew` from 0 to 10",
                ),
            );
        }
        sound.then_some(SharedPrefixes { count: self.count, tokens: self.tokens, skew })
    }
}

impl<'s> Parts<'s> {
    fn of(spec: &'s ClassSpec) -> Self {
        Self {
            name: &spec.name,
            arrivals: spec.arrivals.as_ref(),
            trace: spec.trace.as_ref(),
            lengths: spec.lengths.as_ref(),
            clients: spec.clients.as_deref(),
            slo: spec.slo,
            priority: spec.priority.unwrap_or(0),
            prefixes: spec.prefixes,
        }
    }

    fn resolve(
        &self,
        cell: &Cell<'_>,
        open: &mut OpenTrace<'_>,
        faults: &mut Vec<Fault>,
    ) -> ClassDesign {
        let source = match (self.arrivals, self.trace) {
            (Some(arrivals), None) => Some(self.drawn(arrivals, cell, faults)),
            (None, Some(trace)) => {
                let of_drawn =
                    [("lengths", self.lengths.is_some()), ("clients", self.clients.is_some())];
                if let (TraceSpec::Mooncake(_), Some(_)) = (trace, self.prefixes) {
                    let message = "a Mooncake trace tells which `prefixes` its requests share";
                    faults.push(Fault::error("classes", message).help("leave `prefixes` out"));
                }
                for (field, _) in of_drawn.into_iter().filter(|(_, is_given)| *is_given) {
                    let message = format!("a trace has its own `{field}`");
                    faults.push(Fault::error(field, message).help("leave one of the two out"));
                }
                trace.resolve(cell.limits, open, faults).map(SourceDesign::Trace)
            }
            (None, None) => {
                let message = match self.name {
                    "" => "nothing says when requests arrive".to_owned(),
                    name => format!("nothing says when requests of class `{name}` arrive"),
                };
                let help = "give `arrivals` or a `trace`";
                faults.push(Fault::error("", message).help(help));
                None
            }
            (Some(_), Some(_)) => {
                let fault = Fault::error("trace", "requests are either drawn or recorded");
                faults.push(fault.help("leave out `arrivals` or the `trace`"));
                None
            }
        };
        let nothing = || SourceDesign::Drawn { rate: RateDesign::constant(), clients: Vec::new() };
        ClassDesign {
            name: self.name.to_owned(),
            targets: Targets {
                ttft: self.slo.and_then(|slo| slo.ttft).map(Span::from),
                tpot: self.slo.and_then(|slo| slo.tpot).map(Span::from),
            },
            priority: self.priority,
            prefixes: self.prefixes.and_then(|spec| spec.resolve(faults)),
            source: source.unwrap_or_else(nothing),
        }
    }

    fn drawn(
        &self,
        arrivals: &ArrivalsSpec,
        cell: &Cell<'_>,
        faults: &mut Vec<Fault>,
    ) -> SourceDesign {
        let rate_per_s = arrivals.rate_per_replica.0 * cell.replicas;
        if !(0.0..1e9).contains(&rate_per_s) {
            faults.push(Fault::error("arrivals", "a rate of arrivals is not negative"));
        }
        let rate_per_s = rate_per_s.clamp(0.0, 1e9);
        let gaps = arrivals.gaps.as_ref();
        let azure = AZURE_CONVERSATION;
        let lengths = self.lengths.unwrap_or(&azure);
        let mut client =
            |rate_per_s, gaps: Option<&GapsSpec>, lengths: &LengthsSpec| ClientDesign {
                rate_per_s,
                gaps: gaps.map_or(GapLaw::Exponential, |gaps| gaps.resolve(faults)),
                prompt: lengths.prompt.resolve("prompt", faults),
                output: lengths.output.resolve("output", faults),
            };
        let clients = match self.clients {
            None => vec![client(rate_per_s, gaps, lengths)],
            Some(clients) => {
                let total: f64 = clients.iter().map(|client| client.share).sum();
                let is_share = |share: f64| (0.0..=1e12).contains(&share);
                let sound = clients.iter().all(|client| is_share(client.share)) && total > 0.0;
                let made = clients
                    .iter()
                    .map(|spec| {
                        let share = if sound { spec.share / total } else { 0.0 };
                        let lengths = spec.lengths.as_ref().unwrap_or(lengths);
                        client(rate_per_s * share, spec.gaps.as_ref().or(gaps), lengths)
                    })
                    .collect();
                if !sound || clients.len() > MOST_CLIENTS {
                    let message = format!("needs 1 to {MOST_CLIENTS} clients with shares above 0");
                    faults.push(Fault::error("clients", message));
                }
                made
            }
        };
        SourceDesign::Drawn { rate: arrivals.resolve_rate(cell.week, faults), clients }
    }
}

impl TraceSpec {
    fn resolve(
        &self,
        limits: &Limits,
        open: &mut OpenTrace<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        let (format, spec) = match self {
            TraceSpec::Azure(spec) => (TraceFormat::Azure, spec),
            TraceSpec::Mooncake(spec) => (TraceFormat::Mooncake, spec),
        };
        let rate_scale = spec.rate_scale.unwrap_or(1.0);
        if !(1e-6..=1e6).contains(&rate_scale) {
            let message =
                format!("needs a `rate_scale` from 0.000001 to 1,000,000, got {rate_scale}");
            faults.push(Fault::error("trace", message));
            return None;
        }
        let trace = open(format, &spec.file, limits, faults)?;
        Some(TraceDesign { rate_scale, repeat: spec.repeat.unwrap_or(false), ..trace })
    }
}

impl ArrivalsSpec {
    fn resolve_rate(&self, week: &LocalWeek, faults: &mut Vec<Fault>) -> RateDesign {
        let hours: [f64; 24] = shares("daily_profile", self.daily_profile.as_deref(), faults);
        let days: [f64; 7] = shares("weekly_profile", self.weekly_profile.as_deref(), faults);
        let weekly = days.iter().flat_map(|day| hours.map(|hour| day * hour)).collect();
        let noise = self.noise.and_then(|noise| noise.resolve(faults));
        RateDesign { weekly, week: week.clone(), noise }
    }
}

/// Factors of mean one.
fn shares<const N: usize>(what: &str, shares: Option<&[f64]>, faults: &mut Vec<Fault>) -> [f64; N] {
    let Some(shares) = shares else { return [1.0; N] };
    let sum: f64 = shares.iter().sum();
    let sound = shares.iter().all(|f| f.is_finite() && *f >= 0.0) && sum > 0.0;
    match <[f64; N]>::try_from(shares) {
        Ok(factors) if sound && sum.is_finite() => factors.map(|f| f * N as f64 / sum),
        _ => {
            let message = format!("`{what}` needs {N} shares, got {}", shares.len());
            faults.push(
                Fault::error("arrivals", message).help("none below zero, and one above zero"),
            );
            [1.0; N]
        }
    }
}

impl GapsSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> GapLaw {
        let mut sound = |variation: f64| {
            // Outside, the laws are hardly told apart from a clock or from a single burst.
            if !(0.05..=10.0).contains(&variation) {
                let message = format!("needs a variation of gaps from 0.05 to 10, got {variation}");
                faults.push(Fault::error("arrivals", message));
            }
            if variation.is_finite() { variation.clamp(0.05, 10.0) } else { 1.0 }
        };
        match self {
            GapsSpec::Exponential(_) => GapLaw::Exponential,
            GapsSpec::Gamma(spec) => GapLaw::Gamma { variation: sound(spec.variation) },
            GapsSpec::Weibull(spec) => GapLaw::Weibull { variation: sound(spec.variation) },
        }
    }
}

impl NoiseSpec {
    fn resolve(&self, faults: &mut Vec<Fault>) -> Option<NoiseDesign> {
        let interval = self.interval.map_or(Span::from_secs(600), Span::from);
        if !(0.0..=10.0).contains(&self.variation) || interval < Span::from_secs(1) {
            let message =
                "noise needs a variation from 0 to 10 and an interval of a second or more";
            faults.push(Fault::error("arrivals", message));
            return None;
        }
        Some(NoiseDesign {
            variation: self.variation,
            interval,
            correlation: self.correlation.map_or(Span::ZERO, Span::from),
        })
    }
}

impl LengthSpec {
    fn resolve(&self, what: &str, faults: &mut Vec<Fault>) -> LengthLaw {
        let mut fault = |help: &str| {
            let message = format!("the length of `{what}` is out of range");
            faults.push(Fault::error("lengths", message).help(help));
            LengthLaw::Fixed(1)
        };
        match self {
            LengthSpec::Fixed(FixedLengthSpec { tokens }) => match *tokens {
                tokens @ 1..=MOST_TOKENS => LengthLaw::Fixed(tokens),
                _ => fault("from 1 to 1,048,576 tokens"),
            },
            LengthSpec::Lognormal(LognormalLengthSpec { mean, variation, max }) => {
                let max = max.unwrap_or(32_768);
                let sound = (1.0..=1e6).contains(mean)
                    && (1e-6..=20.0).contains(variation)
                    && (1..=MOST_TOKENS).contains(&max);
                if !sound {
                    return fault(
                        "`mean` from 1 to 1,000,000 tokens, `variation` above 0 to 20, \
                         `max` from 1 to 1,048,576",
                    );
                }
                // For a lognormal law, variation^2 = exp(sigma^2) - 1.
                let sigma = libm::sqrt(libm::log1p(variation * variation));
                LengthLaw::Lognormal { mean: *mean, sigma, max }
            }
            LengthSpec::Histogram(HistogramSpec { bins }) => {
                let total: f64 = bins.iter().map(|bin| bin.weight).sum();
                let sound = bins.windows(2).all(|pair| pair[0].tokens < pair[1].tokens)
                    && bins.iter().all(|bin| (1..=MOST_TOKENS).contains(&bin.tokens))
                    && bins.iter().all(|bin| bin.weight >= 0.0)
                    && (total > 0.0 && total.is_finite());
                if !sound {
                    return fault(
                        "`bins` with rising `tokens` from 1 to 1,048,576 and weights of which \
                         none is below zero and one above",
                    );
                }
                LengthLaw::Histogram(bins.iter().map(|bin| (bin.tokens, bin.weight)).collect())
            }
        }
    }
}
