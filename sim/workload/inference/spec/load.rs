//! What a service receives: when requests arrive, how long they are, what they are meant to
//! keep to.

use schemars::JsonSchema;
use serde::Deserialize;

use super::InferenceSpec;
use crate::kernel::{LocalWeek, Span};
use crate::spec::{Check, Fault, FilePath, Lognormal, LognormalSpec, kinds, within};
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
    pub gaps: Option<RequestGapsSpec>,
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
    pub gaps: Option<RequestGapsSpec>,
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
    pub enum RequestGapsSpec {
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
        Lognormal(LognormalSpec<f64>) = "lognormal",
        /// Always the same.
        Fixed(FixedLengthSpec) = "fixed",
        /// As counted.
        Histogram(HistogramSpec) = "histogram",
    }
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
    const fn law(mean: f64, variation: f64, max: f64) -> LengthSpec {
        let law = LognormalSpec::of_mean(mean, variation);
        LengthSpec::Lognormal(LognormalSpec { max: Some(max), ..law })
    }
    LengthsSpec { prompt: law(1154.7, 0.960, 14_050.0), output: law(211.1, 0.771, 1000.0) }
};

/// Longest prompt or answer that a law may give.
const MOST_TOKENS: u32 = 1 << 20;

/// Tokens of a prompt or an answer.
const TOKENS: (u64, u64) = (1, MOST_TOKENS as u64);

/// Requests per second that a replica may be sent: a thousand times what any serves.
const MOST_ARRIVALS: f64 = 1e6;

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
        let resolve = |(index, parts): (usize, &Parts<'_>)| {
            let at = match &self.classes {
                None => String::new(),
                Some(_) => format!("classes[{index}]"),
            };
            within(&at, faults, |faults| parts.resolve(&cell, open, faults))
        };
        let classes: Vec<ClassDesign> = all.iter().enumerate().map(resolve).collect();
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
            faults.push(Fault::error(format!("classes[{index}].name"), message).help(help));
        }
        let is_taken = classes[..index].iter().any(|other| other.name == *name);
        if is_taken {
            let message = format!("two classes are called `{name}`");
            faults.push(Fault::error(format!("classes[{index}].name"), message));
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
    fn resolve(self, check: &mut Check<'_>) -> SharedPrefixes {
        SharedPrefixes {
            count: check.whole("count", self.count.into(), (1, MOST_PREFIXES.into())) as u32,
            tokens: check.whole("tokens", self.tokens.into(), TOKENS) as u32,
            skew: check.between("skew", self.skew, 1.0, (0.0, 10.0), ""),
        }
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
                    let message = "a Mooncake trace tells which prefixes its requests share";
                    faults.push(Fault::error("prefixes", message).help("leave `prefixes` out"));
                }
                for (field, _) in of_drawn.into_iter().filter(|(_, is_given)| *is_given) {
                    let message = format!("a trace has its own `{field}`");
                    faults.push(Fault::error(field, message).help("leave one of the two out"));
                }
                within("trace", faults, |faults| trace.resolve(cell.limits, open, faults))
                    .map(SourceDesign::Trace)
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
            (Some(arrivals), Some(trace)) => {
                let fault = Fault::error("trace", "requests are either drawn or recorded");
                faults.push(fault.help("leave out `arrivals` or the `trace`"));
                within("trace", faults, |faults| trace.rate_scale(faults));
                Some(self.drawn(arrivals, cell, faults))
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
            prefixes: self
                .prefixes
                .map(|spec| Check { faults }.within("prefixes", |check| spec.resolve(check))),
            source: source.unwrap_or_else(nothing),
        }
    }

    fn drawn(
        &self,
        arrivals: &ArrivalsSpec,
        cell: &Cell<'_>,
        faults: &mut Vec<Fault>,
    ) -> SourceDesign {
        let mut check = Check { faults };
        let rate_per_s = check.within("arrivals", |check| {
            let each = arrivals.rate_per_replica.0;
            check.between("rate_per_replica", Some(each), 0.0, (0.0, MOST_ARRIVALS), "/s")
        }) * cell.replicas;
        let gaps = arrivals.gaps.as_ref().map_or(GapLaw::Exponential, |gaps| {
            check.within("arrivals.gaps", |check| gaps.resolve(check))
        });
        let azure = AZURE_CONVERSATION;
        let lengths = self.lengths.unwrap_or(&azure);
        let (prompt, output) = check.within("lengths", |check| lengths.resolve(check));
        let clients = match self.clients {
            None => vec![ClientDesign { rate_per_s, gaps, prompt, output }],
            Some(clients) => {
                let shares: Vec<f64> = clients.iter().map(|client| client.share).collect();
                let sound = check.weights(("clients", "share"), &shares);
                if clients.len() > MOST_CLIENTS {
                    let message = format!("needs 1 to {MOST_CLIENTS} clients");
                    check.error("clients", message);
                }
                let total: f64 = shares.iter().sum();
                let clients = clients.iter().take(MOST_CLIENTS).enumerate();
                let client =
                    |(index, spec): (usize, &ClientSpec)| {
                        let share = if sound { spec.share / total } else { 0.0 };
                        check.within(&format!("clients[{index}]"), |check| {
                            let own = spec.lengths.as_ref().map(|lengths| {
                                check.within("lengths", |check| lengths.resolve(check))
                            });
                            let (prompt, output) =
                                own.unwrap_or_else(|| (prompt.clone(), output.clone()));
                            let gaps = spec.gaps.as_ref().map_or(gaps, |gaps| {
                                check.within("gaps", |check| gaps.resolve(check))
                            });
                            ClientDesign { rate_per_s: rate_per_s * share, gaps, prompt, output }
                        })
                    };
                clients.map(client).collect()
            }
        };
        let rate =
            Check { faults }.within("arrivals", |check| arrivals.resolve_rate(cell.week, check));
        SourceDesign::Drawn { rate, clients }
    }
}

impl TraceSpec {
    fn parts(&self) -> (TraceFormat, &TraceFileSpec) {
        match self {
            TraceSpec::Azure(spec) => (TraceFormat::Azure, spec),
            TraceSpec::Mooncake(spec) => (TraceFormat::Mooncake, spec),
        }
    }

    fn rate_scale(&self, faults: &mut Vec<Fault>) -> f64 {
        let rate_scale = self.parts().1.rate_scale;
        Check { faults }.between("rate_scale", rate_scale, 1.0, (1e-6, 1e6), "")
    }

    fn resolve(
        &self,
        limits: &Limits,
        open: &mut OpenTrace<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        let (format, spec) = self.parts();
        let known = faults.len();
        let rate_scale = self.rate_scale(faults);
        if faults.len() > known {
            return None;
        }
        let trace = open(format, &spec.file, limits, faults)?;
        Some(TraceDesign { rate_scale, repeat: spec.repeat.unwrap_or(false), ..trace })
    }
}

impl ArrivalsSpec {
    fn resolve_rate(&self, week: &LocalWeek, check: &mut Check<'_>) -> RateDesign {
        let hours: [f64; 24] = check.shape("daily_profile", self.daily_profile.as_deref());
        let days: [f64; 7] = check.shape("weekly_profile", self.weekly_profile.as_deref());
        let weekly = days.iter().flat_map(|day| hours.map(|hour| day * hour)).collect();
        let noise = self.noise.map(|noise| check.within("noise", |check| noise.resolve(check)));
        RateDesign { weekly, week: week.clone(), noise }
    }
}

impl RequestGapsSpec {
    fn resolve(&self, check: &mut Check<'_>) -> GapLaw {
        // Outside, the laws are hardly told apart from a clock or from a single burst.
        let mut sound = |cv: f64| check.between("variation", Some(cv), 1.0, (0.05, 10.0), "");
        match self {
            RequestGapsSpec::Exponential(_) => GapLaw::Exponential,
            RequestGapsSpec::Gamma(spec) => GapLaw::Gamma { variation: sound(spec.variation) },
            RequestGapsSpec::Weibull(spec) => GapLaw::Weibull { variation: sound(spec.variation) },
        }
    }
}

impl NoiseSpec {
    fn resolve(&self, check: &mut Check<'_>) -> NoiseDesign {
        let mut interval = self.interval.map_or(Span::from_secs(600), Span::from);
        if interval < Span::from_secs(1) {
            check.error("interval", "must be at least a second".to_owned());
            interval = Span::from_secs(1);
        }
        NoiseDesign {
            variation: check.between("variation", Some(self.variation), 0.0, (0.0, 10.0), ""),
            interval,
            correlation: self.correlation.map_or(Span::ZERO, Span::from),
        }
    }
}

impl LengthsSpec {
    /// The laws of prompts and of answers.
    fn resolve(&self, check: &mut Check<'_>) -> (LengthLaw, LengthLaw) {
        (
            check.within("prompt", |check| self.prompt.resolve(check)),
            check.within("output", |check| self.output.resolve(check)),
        )
    }
}

impl LengthSpec {
    fn resolve(&self, check: &mut Check<'_>) -> LengthLaw {
        match self {
            LengthSpec::Fixed(FixedLengthSpec { tokens }) => {
                LengthLaw::Fixed(check.whole("tokens", u64::from(*tokens), TOKENS) as u32)
            }
            LengthSpec::Lognormal(spec) => {
                let most = (1.0, f64::from(MOST_TOKENS));
                let max = check.between("max", spec.max, 32_768.0, most, "tokens");
                for (field, centre) in [("median", spec.median), ("mean", spec.mean)] {
                    if centre.is_some_and(|tokens| tokens > 1e6) {
                        check.error(field, "must be at most 1,000,000 tokens".to_owned());
                    }
                }
                match spec.resolve(|tokens| tokens, check.faults) {
                    // A law without spread is a number.
                    Some(Lognormal { sigma: 0.0, mean, .. }) => {
                        LengthLaw::Fixed(mean.round().clamp(1.0, max) as u32)
                    }
                    Some(Lognormal { sigma, mean, .. }) => {
                        LengthLaw::Lognormal { mean, sigma, max: max as u32 }
                    }
                    None => LengthLaw::Fixed(1),
                }
            }
            LengthSpec::Histogram(HistogramSpec { bins }) => {
                let weights: Vec<f64> = bins.iter().map(|bin| bin.weight).collect();
                let mut sound = check.weights(("bins", "weight"), &weights);
                let falls = bins.windows(2).position(|pair| pair[0].tokens >= pair[1].tokens);
                let range = |bin: &BinSpec| !(1..=MOST_TOKENS).contains(&bin.tokens);
                let odd = bins.iter().position(range).map(|at| (at, "must be from 1 to 1,048,576"));
                let odd = odd.or(falls.map(|at| (at + 1, "must rise from bin to bin")));
                if let Some((at, message)) = odd {
                    check.faults.push(Fault::error(format!("bins[{at}].tokens"), message));
                    sound = false;
                }
                if !sound {
                    return LengthLaw::Fixed(1);
                }
                LengthLaw::Histogram(bins.iter().map(|bin| (bin.tokens, bin.weight)).collect())
            }
        }
    }
}
