//! Shares.

use std::fmt;

use super::text::{ParseQuantityError, Unit, format_quantity, split_number, unit};

/// A share, stored as a fraction: written `0.85` or `85 %`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Fraction(pub f64);

impl Fraction {
    /// The units of a column of shares in a table.
    pub const UNITS: &'static [Unit] = &[unit("%", 0.01), unit("1", 1.0)];

    /// Parses `85 %` or `0.85`. Values outside 0..=1 are refused.
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        let wrong = |message: String| ParseQuantityError { message, hint: None };
        let value = match split_number(text) {
            Some((number, "")) => number,
            Some((number, "%")) => number / 100.0,
            _ => {
                return Err(wrong(format!(
                    "needs a fraction such as `0.85` or `85 %`, got `{}`",
                    text.trim()
                )));
            }
        };
        if !(0.0..=1.0).contains(&value) {
            return Err(ParseQuantityError {
                message: format!("fraction outside 0 to 1: `{}`", text.trim()),
                hint: Some("write `85 %` or `0.85`".to_owned()),
            });
        }
        Ok(Self(value))
    }
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
