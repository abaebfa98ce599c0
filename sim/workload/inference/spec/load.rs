//! What a service receives: when requests arrive, how long they are, what they are meant to
//! keep to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::InferenceSpec;
use super::laws::{LengthSpec, LengthsSpec, MOST_TOKENS, RequestGapsSpec, TOKENS};
use super::shapes::ShapeSpec;
use crate::kernel::{LocalWeek, Span};
use crate::spec::{
    Check, DurationSpec, Fault, FilePath, Lognormal, kinds, one_source, only_with, within,
};
use crate::tables::stamp::WallClock;
use crate::tables::{TableFields, Texts};
use crate::units::{Duration, Rate};
use crate::workload::inference::load::{
    BlockLines, ClassDesign, ClientDesign, ClosedDesign, GapLaw, JsonRows, LengthLaw, LoadDesign,
    NoiseDesign, RateDesign, SessionDesign, SourceDesign, TableRows, Targets, ThinkLaw,
    TraceDesign, TraceFormat,
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
    /// What `lengths` and gaps look like where they are not written. Default: that of the service.
    pub shape: Option<ShapeSpec>,
    /// How long they are. Default: those of the `shape`.
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
    /// Requests that each replica receives, as the mean of a week. This or `clients`.
    pub rate_per_replica: Option<Rate>,
    /// How many clients of each cell wait for an answer before they send again: a closed loop, whose
    /// rate the run finds. 1 to 1,000,000. This or `rate_per_replica`.
    pub clients: Option<u32>,
    /// How long a client waits from the last token of an answer to its next request, and from the
    /// start to its first; after a request that was not answered at least 1 s (assumption). Default:
    /// not at all.
    pub think: Option<DurationSpec>,
    /// How many turns a session of a client has, in each of which the prompt is the conversation so
    /// far and what `lengths` adds. With `prefix_memory` a replica keeps what it has of a session,
    /// answers included. Default: every request is for itself.
    pub turns: Option<LengthSpec>,
    /// A turn that would have more tokens than this in prompt and answer begins a new session.
    /// Default: 1,048,576.
    pub session_tokens: Option<u32>,
    /// Most requests of the class that are under way in a cell; those beyond wait before the router,
    /// in order of arrival, and their times count from their arrival. Default: any number.
    pub max_in_flight: Option<u32>,
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
    /// Recorded requests, of which each cell receives all. The first row of the file comes at the
    /// start of the run.
    pub enum TraceSpec {
        /// An Azure LLM inference trace: CSV with `TIMESTAMP`, `ContextTokens` and
        /// `GeneratedTokens`.
        Azure(TraceFileSpec) = "azure",
        /// A BurstGPT trace: CSV with `Timestamp` in seconds, `Request tokens` and `Response
        /// tokens`, which are 0 for a request that failed.
        BurstGpt(TraceFileSpec) = "burstgpt",
        /// A Mooncake trace: JSON lines with `timestamp` in ms, `input_length`,
        /// `output_length` and the `hash_ids` of the blocks of 512 tokens that a prompt consists
        /// of. With `prefix_memory`, blocks that a replica has in memory are not prefilled again.
        Mooncake(BlockTraceSpec) = "mooncake",
        /// A trace of Alibaba Bailian: as of Mooncake, but in seconds and with blocks of 16 tokens.
        Bailian(BlockTraceSpec) = "bailian",
        /// A table with a header and a row for each request, such as the log of a gateway.
        Table(TableTraceSpec) = "table",
        /// JSON lines with an object for each request, such as the log of a gateway.
        JsonLines(JsonTraceSpec) = "json-lines",
    }
}

/// Declares the spec of a trace: what every trace has, and fields of its own.
macro_rules! trace_spec {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The file; decompressed if its name ends in `.gz`. It is read row by row while the run
            /// goes on.
            pub file: FilePath,
            $($(#[$doc])* pub $field: $type,)*
            /// How many times as fast as recorded. Default: 1.
            pub rate_scale: Option<f64>,
            /// Whether it starts again, a mean gap after its last request. Default: no.
            pub repeat: Option<bool>,
        }

        impl $name {
            fn played(&self) -> PlayedTrace<'_> {
                PlayedTrace { file: &self.file, rate_scale: self.rate_scale, repeat: self.repeat }
            }
        }
    };
}

/// The file of a trace, and how it is played.
#[derive(Debug, Clone, Copy)]
struct PlayedTrace<'s> {
    file: &'s FilePath,
    rate_scale: Option<f64>,
    repeat: Option<bool>,
}

trace_spec! {
    /// A trace whose format says all.
    TraceFileSpec {}
}

trace_spec! {
    /// A trace that tells the blocks of its prompts.
    BlockTraceSpec {
        /// The unit of `timestamp`. Default: that of the published traces.
        time_unit: Option<TimeUnit>,
        /// Prompt tokens of a block. Default: that of the published traces.
        block_tokens: Option<u32>,
    }
}

trace_spec! {
    /// A table of requests.
    TableTraceSpec {
        /// The column of prompt tokens.
        prompt: String,
        /// The column of generated tokens.
        output: String,
        /// The column of the time at which a request was sent, or several columns whose texts are
        /// joined by a blank. Default: the first.
        time: Option<Texts>,
        /// How times are written: `iso`, `unix`, `unix-ms`, or a pattern of `strptime`. Default:
        /// `iso`.
        time_format: Option<String>,
        /// The clock of times without an offset: a name of the tz database or an offset such as
        /// `-05:00`. Default: `UTC`.
        time_zone: Option<String>,
        /// The rows that count: for each of these columns the text, or the texts, that it has in
        /// them; so that each class of a service plays its own rows of one file. Default: all.
        #[serde(rename = "where")]
        rows: Option<BTreeMap<String, Texts>>,
        /// Lines before the header. Default: 0.
        skip: Option<u32>,
        /// What separates cells: a character, or `tab`. Default: `,`.
        separator: Option<String>,
    }
}

trace_spec! {
    /// JSON lines of requests. A field within a field is reached by a dot: `usage.prompt_tokens`.
    JsonTraceSpec {
        /// The field of the time at which a request was sent.
        time: String,
        /// The field of prompt tokens.
        prompt: String,
        /// The field of generated tokens.
        output: String,
        /// How times are written: `iso`, `unix`, `unix-ms`, or a pattern of `strptime`. Default:
        /// `iso`.
        time_format: Option<String>,
        /// The clock of times without an offset: a name of the tz database or an offset such as
        /// `-05:00`. Default: `UTC`.
        time_zone: Option<String>,
        /// The lines that count: for each of these fields the text, or the texts, that it has in
        /// them. Default: all.
        #[serde(rename = "where")]
        rows: Option<BTreeMap<String, Texts>>,
    }
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
}

impl TimeUnit {
    fn nanoseconds(self) -> f64 {
        match self {
            Self::S => 1e9,
            Self::Ms => 1e6,
            Self::Us => 1e3,
        }
    }
}

/// Opens a trace and reads it once; what it finds wrong goes to the faults. The scenario room
/// does it.
pub type OpenTrace<'a> =
    dyn FnMut(TraceFormat, &FilePath, &Limits, &mut Vec<Fault>) -> Option<TraceDesign> + 'a;

/// Targets of a request.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SloSpec {
    /// Time to the first token.
    pub ttft: Option<Duration>,
    /// Mean time between the tokens of a request.
    pub tpot: Option<Duration>,
}

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
                shape: self.shape,
                lengths: self.lengths.as_ref(),
                clients: self.clients.as_deref(),
                slo: self.slo,
                priority: 0,
                prefixes: None,
            }],
            Some(classes) => classes.iter().map(|class| Parts::of(class, self.shape)).collect(),
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
    shape: Option<ShapeSpec>,
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
    fn of(spec: &'s ClassSpec, shape: Option<ShapeSpec>) -> Self {
        Self {
            name: &spec.name,
            arrivals: spec.arrivals.as_ref(),
            trace: spec.trace.as_ref(),
            shape: spec.shape.or(shape),
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
                if trace.tells_blocks() && self.prefixes.is_some() {
                    let message = "such a trace tells which prefixes its requests share";
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
        let in_flight = self.arrivals.and_then(|arrivals| arrivals.max_in_flight).map(|most| {
            Check { faults }.within("arrivals", |check| {
                check.whole("max_in_flight", most.into(), (1, MOST_WAITING)) as u32
            })
        });
        let nothing = || SourceDesign::Drawn { rate: RateDesign::constant(), clients: Vec::new() };
        ClassDesign {
            name: self.name.to_owned(),
            targets: Targets {
                ttft: self.slo.and_then(|slo| slo.ttft).map(Span::from),
                tpot: self.slo.and_then(|slo| slo.tpot).map(Span::from),
            },
            priority: self.priority,
            in_flight,
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
        let sources = [
            ("rate_per_replica", arrivals.rate_per_replica.is_some()),
            ("clients", arrivals.clients.is_some()),
        ];
        within("arrivals", faults, |faults| {
            one_source(&sources, faults);
            let closed = [
                ("think", arrivals.think.is_some()),
                ("turns", arrivals.turns.is_some()),
                ("session_tokens", arrivals.session_tokens.is_some()),
            ];
            only_with("clients", arrivals.clients.is_some(), &closed, faults);
            let open = [
                ("gaps", arrivals.gaps.is_some()),
                ("daily_profile", arrivals.daily_profile.is_some()),
                ("weekly_profile", arrivals.weekly_profile.is_some()),
                ("noise", arrivals.noise.is_some()),
            ];
            only_with("rate_per_replica", arrivals.rate_per_replica.is_some(), &open, faults);
        });
        if let Some(clients) = arrivals.clients {
            return self.closed(arrivals, clients, faults);
        }
        if self.lengths.is_none() && self.shape.and_then(ShapeSpec::turns).is_some() {
            let message = "its requests are turns of sessions";
            let help = "give `arrivals.clients`, or the `lengths` of whole prompts";
            faults.push(Fault::error("shape", message).help(help));
        }
        let mut check = Check { faults };
        let rate_per_s = check.within("arrivals", |check| {
            let each = arrivals.rate_per_replica.map_or(0.0, |rate| rate.0);
            check.between("rate_per_replica", Some(each), 0.0, (0.0, MOST_ARRIVALS), "/s")
        }) * cell.replicas;
        let of_shape = self.shape.and_then(ShapeSpec::gaps);
        let gaps = arrivals.gaps.as_ref().or(of_shape.as_ref());
        let gaps = gaps.map_or(GapLaw::Exponential, |gaps| {
            check.within("arrivals.gaps", |check| gaps.resolve(check))
        });
        let (prompt, output) = check.within("lengths", |check| self.lengths().resolve(check));
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

impl Parts<'_> {
    /// As written, or as the shape has them.
    fn lengths(&self) -> &LengthsSpec {
        self.lengths.unwrap_or_else(|| self.shape.unwrap_or(ShapeSpec::Chat).lengths())
    }

    /// Clients that wait for their answers.
    fn closed(
        &self,
        arrivals: &ArrivalsSpec,
        clients: u32,
        faults: &mut Vec<Fault>,
    ) -> SourceDesign {
        if self.clients.is_some() {
            let message = "clients that wait for their answers are alike";
            let help = "write a class for each kind of them, with `arrivals.clients` of its own";
            faults.push(Fault::error("clients", message).help(help));
        }
        if self.prefixes.is_some() && arrivals.turns.is_some() {
            let message = "the turns of a session share what came before";
            faults.push(Fault::error("prefixes", message).help("leave `prefixes` or `turns` out"));
        }
        let mut check = Check { faults };
        let (prompt, output) = check.within("lengths", |check| self.lengths().resolve(check));
        let source = check.within("arrivals", |check| {
            let clients = check.whole("clients", clients.into(), (1, MOST_WAITING)) as u32;
            let think = arrivals.think.as_ref().map_or(ThinkLaw::Fixed(0.0), |think| {
                check.within("think", |check| think_law(think, check))
            });
            let most = arrivals.session_tokens.unwrap_or(MOST_TOKENS);
            let most_tokens = check.whole("session_tokens", most.into(), TOKENS) as u32;
            let written = arrivals.turns.as_ref();
            let turns = written.map(|turns| check.within("turns", |check| turns.resolve(check)));
            let of_shape = self.shape.and_then(ShapeSpec::turns).map(LengthLaw::Fixed);
            let session = turns.or(of_shape).map(|turns| SessionDesign { turns, most_tokens });
            ClosedDesign { clients, think, prompt, output, session }
        });
        SourceDesign::Closed(source)
    }
}

/// How long a client thinks.
fn think_law(spec: &DurationSpec, check: &mut Check<'_>) -> ThinkLaw {
    let mut seconds = |field, written: Duration| {
        let seconds = check.lasting(field, Some(written)).map_or(1.0, Duration::as_secs_f64);
        check.between(field, Some(seconds), 1.0, (0.0, LONGEST_S), "s")
    };
    match spec {
        DurationSpec::Constant(law) => ThinkLaw::Fixed(seconds("value", law.value)),
        DurationSpec::Exponential(law) => ThinkLaw::Exponential(seconds("mean", law.mean)),
        DurationSpec::Lognormal(law) => {
            let most_s = law.max.map_or(f64::INFINITY, |max| seconds("max", max));
            match law.resolve(Duration::as_secs_f64, check.faults) {
                Some(Lognormal { mean, sigma, .. }) => ThinkLaw::Lognormal(mean, sigma, most_s),
                None => ThinkLaw::Fixed(1.0),
            }
        }
    }
}

/// The longest time to think, s.
const LONGEST_S: f64 = 86_400.0;

/// Most clients that wait for their answers, and most requests under way at a gate.
const MOST_WAITING: u64 = 1_000_000;

impl TraceSpec {
    fn played(&self) -> PlayedTrace<'_> {
        match self {
            Self::Azure(spec) | Self::BurstGpt(spec) => spec.played(),
            Self::Mooncake(spec) | Self::Bailian(spec) => spec.played(),
            Self::Table(spec) => spec.played(),
            Self::JsonLines(spec) => spec.played(),
        }
    }

    /// Whether its rows tell the blocks of their prompts.
    fn tells_blocks(&self) -> bool {
        matches!(self, Self::Mooncake(_) | Self::Bailian(_))
    }

    /// How its rows are read, or none after a report.
    fn format(&self, faults: &mut Vec<Fault>) -> Option<TraceFormat> {
        let before = faults.len();
        let fields = TableFields::default();
        let texts = |rows: &Option<BTreeMap<String, Texts>>| -> Vec<(String, Vec<String>)> {
            let rows = rows.iter().flatten();
            rows.map(|(column, texts)| (column.clone(), texts.0.clone())).collect()
        };
        let format = match self {
            Self::Azure(_) => TraceFormat::Azure,
            Self::BurstGpt(_) => {
                let time = Texts(vec!["Timestamp".to_owned()]);
                let fields = TableFields { time: Some(&time), time_format: Some("unix"), ..fields };
                TraceFormat::Table(Box::new(TableRows {
                    layout: fields.layout(None, faults)?,
                    prompt: "Request tokens".to_owned(),
                    output: "Response tokens".to_owned(),
                    class: Vec::new(),
                }))
            }
            Self::Mooncake(spec) => spec.format((TimeUnit::Ms, 512), faults),
            Self::Bailian(spec) => spec.format((TimeUnit::S, 16), faults),
            Self::Table(spec) => {
                let fields = TableFields {
                    time: spec.time.as_ref(),
                    time_format: spec.time_format.as_deref(),
                    time_zone: spec.time_zone.as_deref(),
                    skip: spec.skip,
                    separator: spec.separator.as_deref(),
                    ..fields
                };
                TraceFormat::Table(Box::new(TableRows {
                    layout: fields.layout(None, faults)?,
                    prompt: spec.prompt.clone(),
                    output: spec.output.clone(),
                    class: texts(&spec.rows),
                }))
            }
            Self::JsonLines(spec) => {
                let fields = TableFields {
                    time_format: spec.time_format.as_deref(),
                    time_zone: spec.time_zone.as_deref(),
                    ..fields
                };
                let layout = fields.layout(None, faults)?;
                TraceFormat::Lines(Box::new(JsonRows {
                    time: spec.time.clone(),
                    form: layout.text.form,
                    clock: WallClock::new(layout.zone),
                    prompt: spec.prompt.clone(),
                    output: spec.output.clone(),
                    class: texts(&spec.rows),
                }))
            }
        };
        (faults.len() == before).then_some(format)
    }

    fn rate_scale(&self, faults: &mut Vec<Fault>) -> f64 {
        let rate_scale = self.played().rate_scale;
        Check { faults }.between("rate_scale", rate_scale, 1.0, (1e-6, 1e6), "")
    }

    fn resolve(
        &self,
        limits: &Limits,
        open: &mut OpenTrace<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        let known = faults.len();
        let rate_scale = self.rate_scale(faults);
        let format = self.format(faults);
        if faults.len() > known {
            return None;
        }
        let played = self.played();
        let trace = open(format?, played.file, limits, faults)?;
        Some(TraceDesign { rate_scale, repeat: played.repeat.unwrap_or(false), ..trace })
    }
}

impl BlockTraceSpec {
    fn format(&self, (unit, tokens): (TimeUnit, u32), faults: &mut Vec<Fault>) -> TraceFormat {
        let tokens = u64::from(self.block_tokens.unwrap_or(tokens));
        let tokens = Check { faults }.whole("block_tokens", tokens, (1, 65_536));
        TraceFormat::Blocks(BlockLines {
            unit_ns: self.time_unit.unwrap_or(unit).nanoseconds(),
            block_tokens: tokens as u32,
        })
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
