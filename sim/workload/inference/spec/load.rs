//! What a service receives: when requests arrive, how long they are, what they are meant to
//! keep to.

use schemars::JsonSchema;
use serde::Deserialize;

use super::InferenceSpec;
use super::arrivals::{ArrivalsSpec, MOST_WAITING, think_law};
use super::laws::{LengthsSpec, MOST_TOKENS, RequestGapsSpec, TOKENS};
use super::shapes::ShapeSpec;
use super::trace::{Recordings, TraceSpec};
use crate::kernel::{LocalWeek, Span};
use crate::spec::{Check, Fault, one_source, only_with, within};
use crate::units::Duration;
use crate::workload::inference::load::{
    ClassDesign, ClientDesign, ClosedDesign, GapLaw, LengthLaw, LoadDesign, MOST_CLIENTS,
    RateDesign, SessionDesign, SharedPrefixes, SourceDesign, Targets, ThinkLaw,
};
use crate::workload::inference::replica::Limits;

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

/// Targets of a request.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SloSpec {
    /// Time to the first token.
    pub ttft: Option<Duration>,
    /// Mean time between the tokens of a request.
    pub tpot: Option<Duration>,
}

/// Most classes of a service: each keeps histograms of its own.
const MOST_CLASSES: usize = 64;

/// Most prefixes of a class.
const MOST_PREFIXES: u32 = 1 << 16;

impl InferenceSpec {
    /// What one cell of `replicas` replicas under `limits` receives, in a run over `week`.
    pub(super) fn resolve_load(
        &self,
        (replicas, limits): (usize, &Limits),
        week: &LocalWeek,
        open: &dyn Recordings,
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

/// How messages name what `servegen` plays.
const CLIENTS_RECORD: &str = "a record of clients";

/// Reports each of `fields` that is written beside a `record`, which tells the same.
fn has_its_own(record: &str, fields: &[(&'static str, bool)], faults: &mut Vec<Fault>) {
    for (field, _) in fields.iter().filter(|(_, is_written)| *is_written) {
        let message = format!("{record} has its own `{field}`");
        faults.push(Fault::error(*field, message).help("leave one of the two out"));
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
        open: &dyn Recordings,
        faults: &mut Vec<Fault>,
    ) -> ClassDesign {
        let source = match (self.arrivals, self.trace) {
            (Some(arrivals), None) => self.arriving(arrivals, cell, open, faults),
            (None, Some(trace)) => {
                if trace.tells_blocks() && self.prefixes.is_some() {
                    let message = "such a trace tells which prefixes its requests share";
                    faults.push(Fault::error("prefixes", message).help("leave `prefixes` out"));
                }
                has_its_own("a trace", &self.drawn_fields(), faults);
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
                self.arriving(arrivals, cell, open, faults)
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

    /// What only drawn requests have, and whether it is written.
    fn drawn_fields(&self) -> [(&'static str, bool); 2] {
        [("lengths", self.lengths.is_some()), ("clients", self.clients.is_some())]
    }

    /// What `arrivals` draws, from clients that are written, recorded or waiting.
    fn arriving(
        &self,
        arrivals: &ArrivalsSpec,
        cell: &Cell<'_>,
        open: &dyn Recordings,
        faults: &mut Vec<Fault>,
    ) -> Option<SourceDesign> {
        within("arrivals", faults, |faults| {
            let is_recorded = arrivals.servegen.is_some();
            let sources = [
                ("rate_per_replica", arrivals.rate_per_replica.is_some() && !is_recorded),
                ("clients", arrivals.clients.is_some()),
                ("servegen", is_recorded),
            ];
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
            match is_recorded {
                true => has_its_own(CLIENTS_RECORD, &open, faults),
                false => {
                    let is_drawn = arrivals.rate_per_replica.is_some();
                    only_with("rate_per_replica", is_drawn, &open, faults);
                }
            }
        });
        match (&arrivals.servegen, arrivals.clients) {
            (Some(servegen), _) => {
                has_its_own(CLIENTS_RECORD, &self.drawn_fields(), faults);
                let share = (cell.replicas, arrivals.rate(faults));
                let run = (cell.limits, cell.week.horizon());
                let recorded = within("arrivals.servegen", faults, |faults| {
                    servegen.resolve(share, run, open, faults)
                });
                recorded.map(SourceDesign::Recorded)
            }
            (None, Some(clients)) => Some(self.closed(arrivals, clients, faults)),
            (None, None) => Some(self.drawn(arrivals, cell, faults)),
        }
    }

    fn drawn(
        &self,
        arrivals: &ArrivalsSpec,
        cell: &Cell<'_>,
        faults: &mut Vec<Fault>,
    ) -> SourceDesign {
        if self.lengths.is_none() && self.shape.and_then(ShapeSpec::turns).is_some() {
            let message = "its requests are turns of sessions";
            let help = "give `arrivals.clients`, or the `lengths` of whole prompts";
            faults.push(Fault::error("shape", message).help(help));
        }
        let rate_per_s = arrivals.rate(faults).map_or(0.0, |rate| rate.0) * cell.replicas;
        let mut check = Check { faults };
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
