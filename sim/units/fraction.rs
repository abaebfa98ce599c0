//! Shares.

use std::fmt;

use super::text::{ParseQuantityError, Unit, format_quantity, split_number, unit};

/// A share, stored as a fraction: written `0.85` or `85 %`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Fraction(pub f64);

/// A share that may exceed the whole, stored as a fraction: written `1.3` or `130 %`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Multiple(pub f64);

impl Fraction {
    /// The units of a column of shares in a table.
    pub const UNITS: &'static [Unit] = &[unit("%", 0.01), unit("1", 1.0)];

    /// Parses `85 %` or `0.85`. Values outside 0..=1 are refused.
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        parse(text, 1.0, "`0.85` or `85 %`").map(Self)
    }
}

impl Multiple {
    /// Parses `130 %` or `1.3`. Values outside 0..=100 are refused.
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        parse(text, 100.0, "`1.3` or `130 %`").map(Self)
    }
}

/// Parses a share from 0 to `most`, which is written as in `example`.
fn parse(text: &str, most: f64, example: &str) -> Result<f64, ParseQuantityError> {
    let value = match split_number(text) {
        Some((number, "")) => number,
        Some((number, "%")) => number / 100.0,
        _ => {
            let message = format!("needs a fraction such as {example}, got `{}`", text.trim());
            return Err(ParseQuantityError { message, hint: None });
        }
    };
    if !(0.0..=most).contains(&value) {
        return Err(ParseQuantityError {
            message: format!("fraction outside 0 to {most}: `{}`", text.trim()),
            hint: Some(format!("write for example {example}")),
        });
    }
    Ok(value)
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format_quantity(self.0 * 100.0, &[unit("%", 1.0)]))
    }
}

impl std::str::FromStr for Fraction {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

text_serde!(
    Fraction,
    ["string", "number"],
    "a fraction",
    "85 %",
    r"^\s*[0-9.]+([eE][+-]?[0-9]+)?\s*%?\s*$".to_owned(),
    ("0 %", "100 %")
);

impl fmt::Display for Multiple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Fraction(self.0).fmt(f)
    }
}

impl std::str::FromStr for Multiple {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

text_serde!(
    Multiple,
    ["string", "number"],
    "a share that may exceed the whole",
    "130 %",
    r"^\s*[0-9.]+([eE][+-]?[0-9]+)?\s*%?\s*$".to_owned(),
    ("0 %", "10000 %")
);
