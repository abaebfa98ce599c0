//! Recorded requests: which file, how its rows are read, how it is played.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::{Check, Fault, FilePath, kinds};
use crate::tables::stamp::WallClock;
use crate::tables::{TableFields, Texts};
use crate::workload::inference::load::{
    AnswerColumns, BURST_GPT, BlockLines, JsonRows, Record, TableRows, TraceDesign, TraceFormat,
    told_span,
};
use crate::workload::inference::replica::Limits;

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
        /// of. With `prefix_memory` or `prefix_caching`, blocks that a replica has in memory are not prefilled again.
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
        /// The column of generated tokens. This, `max_tokens` or both.
        output: Option<String>,
        /// The column of the most tokens that a request lets be generated: its answer is no longer,
        /// and as long where `output` tells nothing. Default: no limit.
        max_tokens: Option<String>,
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
        /// What stands between the thousands of a number. Default: nothing.
        thousands: Option<String>,
    }
}

trace_spec! {
    /// JSON lines of requests. A field within a field is reached by a dot: `usage.prompt_tokens`.
    JsonTraceSpec {
        /// The field of the time at which a request was sent.
        time: String,
        /// The field of prompt tokens.
        prompt: String,
        /// The field of generated tokens. This, `max_tokens` or both.
        output: Option<String>,
        /// The field of the most tokens that a request lets be generated: its answer is no longer,
        /// and as long where `output` tells nothing. Default: no limit.
        max_tokens: Option<String>,
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

/// Opens what was recorded of requests and reads it once, for replicas under some limits; what it
/// finds wrong goes to the faults. The scenario room does it.
pub trait Recordings {
    /// The trace in `file`.
    fn trace(
        &self,
        format: TraceFormat,
        file: &FilePath,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign>;

    /// The clients of ServeGen in `folder`: those of these `numbers`, which rise, or all.
    fn clients(
        &self,
        folder: &FilePath,
        numbers: Option<&[u32]>,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<Record>;
}

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
    pub(super) fn tells_blocks(&self) -> bool {
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
                let [time, prompt, output] = BURST_GPT;
                let time = Texts(vec![time.to_owned()]);
                let fields = TableFields { time: Some(&time), time_format: Some("unix"), ..fields };
                TraceFormat::Table(Box::new(TableRows {
                    layout: fields.layout(None, faults)?,
                    prompt: prompt.to_owned(),
                    answer: AnswerColumns::of(output),
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
                    thousands: spec.thousands.as_deref(),
                    ..fields
                };
                TraceFormat::Table(Box::new(TableRows {
                    layout: fields.layout(None, faults)?,
                    prompt: spec.prompt.clone(),
                    answer: AnswerColumns::new(&spec.output, &spec.max_tokens, faults),
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
                    answer: AnswerColumns::new(&spec.output, &spec.max_tokens, faults),
                    class: texts(&spec.rows),
                }))
            }
        };
        (faults.len() == before).then_some(format)
    }

    pub(super) fn rate_scale(&self, faults: &mut Vec<Fault>) -> f64 {
        let rate_scale = self.played().rate_scale;
        Check { faults }.between("rate_scale", rate_scale, 1.0, (1e-6, 1e6), "")
    }

    /// Refuses times whose unit nobody has written and that are in doubt: seconds that are read as
    /// milliseconds come a thousand times too fast, the reverse as much too slow. Either is a guess,
    /// so that what is said is the pace at which the trace would play, and how to confirm it.
    fn doubt_unit(&self, trace: &TraceDesign, faults: &mut Vec<Fault>) {
        // Assumptions: far from the published traces, of which those of Mooncake last an hour with 3
        // to 7 requests per second, and those of Bailian have several requests per second.
        const SHORTEST_S: f64 = 10.0;
        const MOST_PER_S: f64 = 200.0;
        const LONGEST_GAP_S: f64 = 600.0;
        let span_s = (trace.last_ns - trace.first_ns) as f64 * 1e-9;
        let requests = trace.of_all as f64;
        let is_fast = span_s < SHORTEST_S || requests > MOST_PER_S * span_s;
        let is_slow = span_s > LONGEST_GAP_S * requests;
        let (read, own, other) = match self {
            Self::Mooncake(spec) if spec.time_unit.is_none() && is_fast => {
                ("milliseconds", "ms", "s")
            }
            Self::Bailian(spec) if spec.time_unit.is_none() && is_slow => ("seconds", "s", "ms"),
            _ => return,
        };
        if trace.of_all < 2 {
            return;
        }
        let file = self.played().file;
        let message = format!(
            "`{}`: {requests} requests within {}, for `timestamp` is read as {read}",
            file.text,
            told_span(span_s)
        );
        let help = format!(
            "if it is in another unit, write `time_unit: {other}`; if it is right, write `time_unit: {own}` to \
             confirm it"
        );
        faults.push(Fault::error("file", message).at(file.mark).help(help));
    }

    pub(super) fn resolve(
        &self,
        limits: &Limits,
        open: &dyn Recordings,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        let known = faults.len();
        let rate_scale = self.rate_scale(faults);
        let format = self.format(faults);
        if faults.len() > known {
            return None;
        }
        let played = self.played();
        let trace = open.trace(format?, played.file, limits, faults)?;
        self.doubt_unit(&trace, faults);
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
