//! Formats of traces of requests, row by row.

use serde_json::Value;

use super::row::TraceRow;
use crate::spec::Fault;
use crate::tables::rows::TextLayout;
use crate::tables::stamp::{Moment, TimeColumns, TimeForm, WallClock};
use crate::tables::{Column, LineError, RowReader, TableLayout, Wanted};

/// The format of a trace.
#[derive(Debug, Clone)]
pub enum TraceFormat {
    /// The Azure LLM inference traces: CSV with the columns `TIMESTAMP`, `ContextTokens` and
    /// `GeneratedTokens`.
    Azure,
    /// JSON lines with identities of the blocks of a prompt.
    Blocks(BlockLines),
    /// A table with a column for each quantity.
    Table(Box<TableRows>),
    /// JSON lines with a field for each quantity.
    Lines(Box<JsonRows>),
}

/// The Mooncake and Bailian traces: one JSON object a line with `timestamp`, `input_length`,
/// `output_length` and, where it tells them, the `hash_ids` of the blocks of the prompt, each of
/// which stands for all before it too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockLines {
    /// Nanoseconds of a unit of `timestamp`.
    pub unit_ns: f64,
    /// Prompt tokens of a block.
    pub block_tokens: u32,
}

/// Where it stands how long the answer of a request is; at least one of the two does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumns {
    /// Tokens that were generated.
    pub output: Option<String>,
    /// The most that the request let be generated.
    pub max_tokens: Option<String>,
}

impl AnswerColumns {
    /// Those of generated tokens alone.
    pub fn of(output: &str) -> Self {
        Self { output: Some(output.to_owned()), max_tokens: None }
    }

    /// What a user names, with a report where that is nothing.
    pub fn new(
        output: &Option<String>,
        max_tokens: &Option<String>,
        faults: &mut Vec<Fault>,
    ) -> Self {
        if output.is_none() && max_tokens.is_none() {
            let fault = Fault::error("", "needs `output`, what was generated, or `max_tokens`");
            faults.push(fault.help("name one of them, or both"));
        }
        Self { output: output.clone(), max_tokens: max_tokens.clone() }
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.output.iter().chain(&self.max_tokens)
    }
}

/// An answer that was generated, with the limit of its request, as far as they are told.
#[derive(Debug, Clone, Copy)]
struct Answer {
    output: Option<u32>,
    limit: Option<u32>,
}

impl Answer {
    /// How long it is, and whether its row tells of more than its limit lets be.
    fn tokens(self) -> Result<(u32, bool), LineError> {
        match (self.output, self.limit) {
            (Some(output), Some(limit)) => Ok((output.min(limit), output > limit)),
            (Some(tokens), None) | (None, Some(tokens)) => Ok((tokens, false)),
            (None, None) => Err(LineError::new(0, "neither tokens generated nor their limit")),
        }
    }
}

/// What a line tells.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) row: TraceRow,
    /// Whether it is of the class that is asked for.
    pub(super) is_mine: bool,
    /// Whether its answer was cut at the limit of its request.
    pub(super) is_cut: bool,
}

/// What a table of requests is read for.
#[derive(Debug, Clone)]
pub struct TableRows {
    /// How the table is read.
    pub layout: TableLayout,
    /// The column of prompt tokens.
    pub prompt: String,
    /// The columns of its answer.
    pub answer: AnswerColumns,
    /// Columns, each with the texts that the rows of interest have in it.
    pub class: Vec<(String, Vec<String>)>,
}

/// What JSON lines of requests are read for. Fields within fields are reached by a dot:
/// `usage.prompt_tokens`.
#[derive(Debug, Clone)]
pub struct JsonRows {
    /// The field of the time.
    pub time: String,
    /// How a time is written.
    pub form: TimeForm,
    /// The clock of times without an offset.
    pub clock: WallClock,
    /// The field of prompt tokens.
    pub prompt: String,
    /// The fields of its answer.
    pub answer: AnswerColumns,
    /// Fields, each with the texts that the rows of interest have in it.
    pub class: Vec<(String, Vec<String>)>,
}

impl TraceFormat {
    /// Mooncake's own: milliseconds, and blocks of 512 tokens.
    pub const MOONCAKE: Self = Self::Blocks(BlockLines { unit_ns: 1e6, block_tokens: 512 });

    /// What to do with a file of which no row could be read, for what is `wrong` with it.
    pub fn way_out(&self, wrong: Option<&LineError>) -> String {
        let says = |name: &str| wrong.is_some_and(|wrong| wrong.message.contains(name));
        match self {
            Self::Azure if BURST_GPT.iter().all(|name| says(name)) => {
                "these are the columns of `kind: burstgpt`".to_owned()
            }
            // Its kind has no fields that a hint could name.
            Self::Azure => self.example(),
            _ => wrong.and_then(|wrong| wrong.help.clone()).unwrap_or_else(|| self.example()),
        }
    }

    /// A row of the format, to show to whoever has none.
    pub fn example(&self) -> String {
        match self {
            Self::Azure => {
                "a header `TIMESTAMP,ContextTokens,GeneratedTokens`, then rows such as `2023-11-16 \
                 18:15:46.68,374,44`; other columns and separators are named by `kind: table`"
                    .to_owned()
            }
            Self::Blocks(_) => "rows are `{\"timestamp\": 0, \"input_length\": 374, \
                                \"output_length\": 44}`; other fields are named by `kind: json-lines`"
                .to_owned(),
            Self::Table(rows) => {
                let names = [&rows.prompt].into_iter().chain(rows.answer.names());
                format!("a header with {}, then a row a request", quoted(names))
            }
            Self::Lines(rows) => {
                let names = [&rows.time, &rows.prompt].into_iter().chain(rows.answer.names());
                format!("an object a line with {}", quoted(names))
            }
        }
    }
}

fn quoted<'n>(names: impl Iterator<Item = &'n String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Reads rows of a format.
#[derive(Debug, Clone)]
pub(super) enum FormatReader {
    Table {
        rows: Box<RowReader>,
        clock: WallClock,
        class: Vec<Vec<String>>,
        /// Which of the numbers of a row are generated tokens and their limit.
        answer: [Option<usize>; 2],
        headless: bool,
    },
    Blocks(BlockLines),
    Lines(Box<JsonRows>),
}

/// Longest time after 1970 that a row may tell, s: a thousand years.
const MOST_SECONDS: i64 = 31_556_952_000;

/// Columns of the BurstGPT traces: the time, prompt tokens and generated tokens.
pub const BURST_GPT: [&str; 3] = ["Timestamp", "Request tokens", "Response tokens"];

const AZURE: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

impl FormatReader {
    pub(super) fn new(format: &TraceFormat) -> Self {
        let table = |rows: &TableRows, headless| {
            let texts = rows.class.iter().map(|(column, _)| column.clone()).collect();
            let class = rows.class.iter().map(|(_, texts)| texts.clone()).collect();
            let names = [&rows.prompt].into_iter().chain(rows.answer.names());
            let wanted = names.map(|name| Wanted::from(Column::plain(name))).collect();
            let output = rows.answer.output.as_ref().map(|_| 1);
            let limit = rows.answer.max_tokens.as_ref().map(|_| output.map_or(1, |at| at + 1));
            let answer = [output, limit];
            let clock = WallClock::new(rows.layout.zone.clone());
            let rows = Box::new(RowReader::new(rows.layout.text.clone(), wanted, texts));
            Self::Table { rows, clock, class, answer, headless }
        };
        match format {
            TraceFormat::Azure => {
                let text = TextLayout {
                    time: vec![TimeColumns::Joined(vec![AZURE[0].to_owned()])],
                    ..TextLayout::default()
                };
                let layout = TableLayout { text, ..TableLayout::default() };
                let [_, prompt, output] = AZURE;
                let (prompt, answer) = (prompt.to_owned(), AnswerColumns::of(output));
                table(&TableRows { layout, prompt, answer, class: Vec::new() }, true)
            }
            TraceFormat::Table(rows) => table(rows, false),
            TraceFormat::Blocks(lines) => Self::Blocks(*lines),
            TraceFormat::Lines(rows) => Self::Lines(rows.clone()),
        }
    }

    /// What line `number` tells, if it completes a request.
    pub(super) fn read(&mut self, number: u64, line: &[u8]) -> Result<Option<Told>, LineError> {
        match self {
            Self::Table { rows, clock, class, answer, headless } => {
                // A trace that begins with a row has the columns of the published ones.
                if std::mem::take(headless) && !line.is_empty() && line[0].is_ascii_digit() {
                    rows.read(number, AZURE.join(",").as_bytes())?;
                }
                if line.trim_ascii().is_empty() {
                    *headless = number == 1;
                }
                if !rows.read(number, line)? {
                    return Ok(None);
                }
                let at_ns = nanoseconds(rows.moment(), clock)?;
                let values = rows.values();
                let prompt = tokens(values[0]);
                let told = |at: Option<usize>| {
                    at.map(|at| values[at]).filter(|value| !value.is_nan()).map(tokens).transpose()
                };
                let [output, limit] = answer.map(told);
                let mut texts = class.iter().enumerate();
                let is_mine =
                    texts.all(|(at, texts)| texts.iter().any(|text| text == rows.text(at)));
                let (prompt, answer) = (prompt?, Answer { output: output?, limit: limit? });
                let (output, is_cut) = answer.tokens()?;
                let row = TraceRow { at_ns, prompt, output, ..TraceRow::default() };
                Ok(Some(Told { row, is_mine, is_cut }))
            }
            Self::Blocks(lines) => {
                let text = line.trim_ascii();
                if text.is_empty() {
                    Ok(None)
                } else {
                    let told = |row| Told { row, is_mine: true, is_cut: false };
                    lines.read(text).map(|row| Some(told(row)))
                }
            }
            Self::Lines(rows) => {
                let text = line.trim_ascii();
                if text.is_empty() { Ok(None) } else { rows.read(text).map(Some) }
            }
        }
    }

    /// What is wrong with a trace that ends here.
    pub(super) fn finish(&self) -> Result<(), LineError> {
        match self {
            Self::Table { rows, .. } => rows.finish(),
            _ => Ok(()),
        }
    }
}

fn nanoseconds(moment: Moment, clock: &WallClock) -> Result<u64, LineError> {
    let at = clock.instant(moment, None)?;
    if !(0..MOST_SECONDS).contains(&at.as_second()) {
        return Err(LineError::new(0, format!("{at} is no time of a trace")));
    }
    Ok(u64::try_from(at.as_nanosecond()).expect("from 1970 on"))
}

/// A number of tokens.
fn tokens(value: f64) -> Result<u32, LineError> {
    if value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value) {
        return Ok(value as u32);
    }
    Err(LineError::new(0, format!("needs a whole number of tokens, got `{value}`")))
}

impl BlockLines {
    fn read(&self, text: &[u8]) -> Result<TraceRow, LineError> {
        #[derive(serde::Deserialize)]
        struct Row {
            timestamp: f64,
            input_length: u32,
            output_length: u32,
            #[serde(default)]
            hash_ids: Vec<u64>,
        }
        if text[0] == b'[' {
            return Err(a_list());
        }
        let Row { timestamp, input_length: prompt, output_length: output, hash_ids: blocks } =
            serde_json::from_slice(text).map_err(|error| of_json(&error))?;
        // Up to a thousand years, which an f64 of milliseconds tells apart to the microsecond.
        let at_ns = timestamp * self.unit_ns;
        if !(0.0..MOST_SECONDS as f64 * 1e9).contains(&at_ns) {
            return Err(LineError::new(0, format!("{timestamp} is no time of a trace")));
        }
        let expected = u64::from(prompt.div_ceil(self.block_tokens));
        let count = blocks.len() as u64;
        if count > expected {
            let message = format!(
                "{count} `hash_ids` for a prompt of {prompt} tokens, which has {expected} blocks of {}",
                self.block_tokens
            );
            let fits = [16, 32, 64, 128, 256, 512]
                .into_iter()
                .find(|tokens| u64::from(prompt.div_ceil(*tokens)) == count);
            let help = fits.map(|tokens| {
                format!(
                    "write `block_tokens: {tokens}`; the traces that have such blocks count time in \
                     seconds: `time_unit: s`"
                )
            });
            return Err(LineError::new(0, message).help_from(help));
        }
        let at_ns = at_ns.round() as u64;
        Ok(TraceRow { at_ns, prompt, output, blocks, block_tokens: self.block_tokens })
    }
}

/// A line that holds a list: the whole of a file in one piece.
fn a_list() -> LineError {
    let help = "a trace has an object in each line: write each of the list in a line of its own";
    LineError::new(0, "a list in place of an object").help_from(Some(help.to_owned()))
}

fn of_json(error: &serde_json::Error) -> LineError {
    if error.is_data() {
        return LineError::new(0, error.to_string().split(" at line").next().unwrap_or_default());
    }
    LineError::new(0, "not readable as JSON")
}

impl JsonRows {
    /// What a line tells.
    fn read(&self, text: &[u8]) -> Result<Told, LineError> {
        let row: Value = serde_json::from_slice(text).map_err(|error| of_json(&error))?;
        if row.is_array() {
            return Err(a_list());
        }
        let field = |path: &str| {
            let found = path.split('.').try_fold(&row, |value, name| value.get(name));
            found.filter(|value| !value.is_null()).ok_or_else(|| {
                let names = row.as_object().map(|row| row.keys().cloned().collect::<Vec<_>>());
                let names = names.unwrap_or_default().join("`, `");
                LineError::new(0, format!("no field `{path}`; fields: `{names}`"))
            })
        };
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let at_ns = nanoseconds(self.form.read(&plain(field(&self.time)?))?, &self.clock)?;
        let number = |path: &str| {
            let value = field(path)?;
            tokens(value.as_f64().unwrap_or(f64::NAN))
        };
        let prompt = number(&self.prompt)?;
        let AnswerColumns { output, max_tokens } = &self.answer;
        // Of two that may tell it a line need have one.
        let told = |path: &Option<String>| match path {
            Some(path) if output.is_some() && max_tokens.is_some() => {
                field(path).ok().map(|_| number(path)).transpose()
            }
            path => path.as_deref().map(number).transpose(),
        };
        let (output, is_cut) =
            Answer { output: told(output)?, limit: told(max_tokens)? }.tokens()?;
        let mut classes = self.class.iter();
        let is_mine = classes.all(|(path, texts)| {
            field(path).is_ok_and(|value| texts.iter().any(|text| *text == plain(value)))
        });
        let row = TraceRow { at_ns, prompt, output, ..TraceRow::default() };
        Ok(Told { row, is_mine, is_cut })
    }
}
