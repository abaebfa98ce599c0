//! Faults in files of data.

use std::fmt;

use super::cells::TooLong;

/// A fault in a file of data, at one of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Line in the file, from 1; zero for the file as a whole.
    pub line: u64,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// How to mend it, where that is known.
    pub help: Option<String>,
}

impl LineError {
    /// A fault at `line`.
    pub fn new(line: u64, message: impl Into<String>) -> Self {
        Self { line, message: message.into(), help: None }
    }

    /// With how to mend it.
    #[must_use]
    pub fn help_from(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }

    /// With how to mend it, where it does not say so yet.
    #[must_use]
    pub fn or_help(self, help: Option<String>) -> Self {
        Self { help: help.or(self.help), ..self }
    }

    /// At `line`, where it has none.
    #[must_use]
    pub fn at_line(self, line: u64) -> Self {
        Self { line: if self.line == 0 { line } else { self.line }, ..self }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

impl std::error::Error for LineError {}

impl From<TooLong> for LineError {
    fn from(too_long: TooLong) -> Self {
        Self::new(too_long.line, "a line longer than a mebibyte")
    }
}
