//! A table of iterations of a serving engine.

use std::io::Read;

/// Which column of a table holds what.
#[derive(Debug, Clone)]
pub struct Columns {
    /// Decoding sequences in the iteration.
    pub sequences: String,
    /// Tokens of context that they hold, all together.
    pub context: String,
    /// Prompt tokens in the iteration.
    pub prompt: String,
    /// How long it took.
    pub time: String,
    /// Seconds of a unit of `time`.
    pub unit_s: f64,
}

/// An iteration that was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
    /// Decoding sequences.
    pub sequences: f64,
    /// Tokens of context that they hold, all together.
    pub context: f64,
    /// Prompt tokens.
    pub prompt: f64,
    /// How long it took, s.
    pub seconds: f64,
}

/// Why there is no law.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct FitError {
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl FitError {
    pub(super) fn new(message: impl Into<String>, help: impl Into<Option<String>>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// The iterations of a CSV table with a header.
///
/// # Errors
///
/// Where a column is absent, or a cell is no number that an iteration can have.
pub fn read_rows(text: impl Read, columns: &Columns) -> Result<Vec<Iteration>, FitError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let wrong = |error: csv::Error| FitError::new(format!("no CSV table: {error}"), None);
    let header = reader.headers().map_err(wrong)?.clone();
    let find = |name: &str| {
        header.iter().position(|known| known.trim_start_matches('\u{feff}') == name).ok_or_else(
            || {
                let known: Vec<String> = header.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("no column `{name}`; columns: {}", known.join(", "));
                let help = "say which column is which with `--sequences`, `--context`, `--prompt` \
                            and `--time`";
                FitError::new(message, help.to_owned())
            },
        )
    };
    let places = [
        find(&columns.sequences)?,
        find(&columns.context)?,
        find(&columns.prompt)?,
        find(&columns.time)?,
    ];
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        let number = |place: usize| {
            let cell = record.get(place).unwrap_or_default();
            let value = cell.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
            value.ok_or_else(|| {
                let name = &header[place];
                let message =
                    format!("line {line}: `{name}` needs a number from 0 on, got `{cell}`");
                FitError::new(message, None)
            })
        };
        let [sequences, context, prompt, time] = places.map(number);
        let row = Iteration {
            sequences: sequences?,
            context: context?,
            prompt: prompt?,
            seconds: time? * columns.unit_s,
        };
        if row.seconds <= 0.0 {
            let message = format!("line {line}: an iteration takes time");
            return Err(FitError::new(message, None));
        }
        if row.sequences + row.prompt == 0.0 {
            let message = format!("line {line}: an iteration without sequences and prompt tokens");
            return Err(FitError::new(message, "leave such rows out".to_owned()));
        }
        rows.push(row);
    }
    Ok(rows)
}
