//! Formats of traces of requests, row by row.

use serde_json::Value;

use super::row::TraceRow;
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

/// What a table of requests is read for.
#[derive(Debug, Clone)]
pub struct TableRows {
    /// How the table is read.
    pub layout: TableLayout,
    /// The column of prompt tokens.
    pub prompt: String,
    /// The column of generated tokens.
    pub output: String,
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
    /// The field of generated tokens.
    pub output: String,
    /// Fields, each with the texts that the rows of interest have in it.
    pub class: Vec<(String, Vec<String>)>,
}

impl TraceFormat {
    /// Mooncake's own: milliseconds, and blocks of 512 tokens.
    pub const MOONCAKE: Self = Self::Blocks(BlockLines { unit_ns: 1e6, block_tokens: 512 });

    /// A row of the format, to show to whoever has none.
    pub fn example(&self) -> String {
        match self {
            Self::Azure => {
                "a header `TIMESTAMP,ContextTokens,GeneratedTokens`, then rows such as `2023-11-16 \
                 18:15:46.68,374,44`; other columns are named by `kind: table`"
                    .to_owned()
            }
            Self::Blocks(_) => "rows are `{\"timestamp\": 0, \"input_length\": 374, \
                                \"output_length\": 44}`; other fields are named by `kind: json-lines`"
                .to_owned(),
            Self::Table(rows) => {
                format!("a header with `{}` and `{}`, then a row a request", rows.prompt, rows.output)
            }
            Self::Lines(rows) => format!(
                "an object a line with `{}`, `{}` and `{}`",
                rows.time, rows.prompt, rows.output
            ),
        }
    }
}

/// Reads rows of a format.
#[derive(Debug, Clone)]
pub(super) enum FormatReader {
    Table { rows: Box<RowReader>, clock: WallClock, class: Vec<Vec<String>>, headless: bool },
    Blocks(BlockLines),
    Lines(Box<JsonRows>),
}

/// Longest time after 1970 that a row may tell, s: a thousand years.
const MOST_SECONDS: i64 = 31_556_952_000;

const AZURE: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

impl FormatReader {
    pub(super) fn new(format: &TraceFormat) -> Self {
        let table = |rows: &TableRows, headless| {
            let texts = rows.class.iter().map(|(column, _)| column.clone()).collect();
            let class = rows.class.iter().map(|(_, texts)| texts.clone()).collect();
            let wanted =
                [&rows.prompt, &rows.output].map(|name| Wanted::from(Column::plain(name))).into();
            let clock = WallClock::new(rows.layout.zone.clone());
            let rows = Box::new(RowReader::new(rows.layout.text.clone(), wanted, texts));
            Self::Table { rows, clock, class, headless }
        };
        match format {
            TraceFormat::Azure => {
                let text = TextLayout {
                    time: vec![TimeColumns::Joined(vec![AZURE[0].to_owned()])],
                    ..TextLayout::default()
                };
                let layout = TableLayout { text, ..TableLayout::default() };
                let [_, prompt, output] = AZURE.map(str::to_owned);
                table(&TableRows { layout, prompt, output, class: Vec::new() }, true)
            }
            TraceFormat::Table(rows) => table(rows, false),
            TraceFormat::Blocks(lines) => Self::Blocks(*lines),
            TraceFormat::Lines(rows) => Self::Lines(rows.clone()),
        }
    }

    /// The request of line `number`, and whether it is of the class that is asked for.
    pub(super) fn read(
        &mut self,
        number: u64,
        line: &[u8],
    ) -> Result<Option<(TraceRow, bool)>, LineError> {
        match self {
            Self::Table { rows, clock, class, headless } => {
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
                let [prompt, output] = [rows.values()[0], rows.values()[1]].map(tokens);
                let mut texts = class.iter().enumerate();
                let is_mine =
                    texts.all(|(at, texts)| texts.iter().any(|text| text == rows.text(at)));
                let (prompt, output) = (prompt?, output?);
                Ok(Some((TraceRow { at_ns, prompt, output, ..TraceRow::default() }, is_mine)))
            }
            Self::Blocks(lines) => {
                let text = line.trim_ascii();
                if text.is_empty() {
                    Ok(None)
                } else {
                    lines.read(text).map(|row| Some((row, true)))
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

fn of_json(error: &serde_json::Error) -> LineError {
    if error.is_data() {
        return LineError::new(0, error.to_string().split(" at line").next().unwrap_or_default());
    }
    LineError::new(0, "not readable as JSON")
}

impl JsonRows {
    /// The request of a line, and whether it is of the class that is asked for.
    fn read(&self, text: &[u8]) -> Result<(TraceRow, bool), LineError> {
        let row: Value = serde_json::from_slice(text).map_err(|error| of_json(&error))?;
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
        let (prompt, output) = (number(&self.prompt)?, number(&self.output)?);
        let mut classes = self.class.iter();
        let is_mine = classes.all(|(path, texts)| {
            field(path).is_ok_and(|value| texts.iter().any(|text| *text == plain(value)))
        });
        Ok((TraceRow { at_ns, prompt, output, ..TraceRow::default() }, is_mine))
    }
}
