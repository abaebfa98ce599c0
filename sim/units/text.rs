//! A number and its unit, as text.

use std::fmt;

use super::currency::{Currency, split};
use super::hint::HINT_MARK;

/// One unit of a quantity: its name and `base = value * factor + offset`.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// As written after the number.
    pub name: &'static str,
    /// Base units per unit.
    pub factor: f64,
    /// Base value at zero of this unit (temperatures only).
    pub offset: f64,
}

pub(super) const fn unit(name: &'static str, factor: f64) -> Unit {
    Unit { name, factor, offset: 0.0 }
}

/// The values that a kind of quantity can have at all, in its base unit: zero, and magnitudes from
/// `tiny` on between `least` and `most`. Wide: what lies outside is a slip of the pen, and would
/// cost the models their digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) tiny: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Range {
    pub(super) const fn magnitudes(tiny: f64, most: f64) -> Self {
        Self { tiny, least: -most, most }
    }

    /// What cannot be negative at any site.
    pub(super) const fn up_to(tiny: f64, most: f64) -> Self {
        Self { tiny, least: 0.0, most }
    }

    fn contains(&self, value: f64) -> bool {
        (self.least..=self.most).contains(&value) && (value == 0.0 || value.abs() >= self.tiny)
    }

    fn describe(&self, units: &[Unit]) -> String {
        let most = format_quantity(self.most, units);
        if self.tiny > 0.0 {
            format!("zero or between {} and {most}", format_quantity(self.tiny, units))
        } else {
            format!("between {} and {most}", format_quantity(self.least, units))
        }
    }
}

/// Why a text is not a quantity. Shown to users behind the place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseQuantityError {
    /// What is wrong, lower case and without a full stop.
    pub message: String,
    /// How to mend it, where we know.
    pub hint: Option<String>,
}

impl fmt::Display for ParseQuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "{HINT_MARK}{hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseQuantityError {}

/// Splits `text` into its number and what follows, both trimmed.
pub(crate) fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let mut end = 0;
    let bytes = text.as_bytes();
    while end < bytes.len() {
        let is_exponent = matches!(bytes[end], b'e' | b'E')
            && end > 0
            && bytes.get(end + 1).is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'));
        let is_sign = matches!(bytes[end], b'+' | b'-')
            && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        if bytes[end].is_ascii_digit() || bytes[end] == b'.' || is_exponent || is_sign {
            end += 1;
        } else {
            break;
        }
    }
    let number: f64 = text[..end].parse().ok()?;
    Some((number, text[end..].trim()))
}

/// The unit `name` of `units`, where units of money may be of any currency.
pub(crate) fn find_unit<'u>(units: &'u [Unit], name: &str) -> Option<&'u Unit> {
    let named = |name: &str| units.iter().find(|unit| unit.name == name);
    named(name).or_else(|| {
        let (scale, _, of) = split(name)?;
        named(&format!("{scale}${of}"))
    })
}

/// The currency of `text`, where it is a number and a unit of money.
pub(crate) fn currency_of(text: &str) -> Option<Currency> {
    Currency::of_unit(split_number(text)?.1)
}

/// Parses `text` as a number and one of `units`; `article_name` reads like "a power".
pub(super) fn parse_quantity(
    text: &str,
    article_name: &str,
    units: &[Unit],
    range: Range,
    example: &str,
) -> Result<f64, ParseQuantityError> {
    let list = || units.iter().map(|u| u.name).collect::<Vec<_>>().join(", ");
    let wrong = |message: String, hint: Option<String>| ParseQuantityError { message, hint };
    let Some((number, name)) = split_number(text) else {
        return Err(wrong(
            format!("needs {article_name} such as `{example}`, got `{}`", text.trim()),
            None,
        ));
    };
    if !number.is_finite() {
        return Err(wrong(format!("number out of range: `{}`", text.trim()), None));
    }
    if name.is_empty() {
        return Err(wrong(
            format!("needs {article_name} with a unit, got the bare number `{}`", text.trim()),
            Some(format!("write for example `{example}`; units: {}", list())),
        ));
    }
    if let Some(unit) = find_unit(units, name) {
        let value = number * unit.factor + unit.offset;
        if value < 0.0 && range.least == 0.0 {
            return Err(wrong(format!("must not be negative, got `{}`", text.trim()), None));
        }
        if !range.contains(value) {
            return Err(wrong(
                format!("must be {}, got `{}`", range.describe(units), text.trim()),
                None,
            ));
        }
        // A negative zero is a zero.
        return Ok(value + 0.0);
    }
    let hint = if name == "mW" && units.iter().any(|u| u.name == "MW") {
        "`mW` is a milliwatt; did you mean `MW`?".to_owned()
    } else {
        match units.iter().find(|u| u.name.eq_ignore_ascii_case(name)) {
            Some(unit) => format!("did you mean `{}`?", unit.name),
            None => format!("units: {}", list()),
        }
    };
    Err(wrong(
        format!("needs {article_name}, got `{}`: `{name}` is not a unit of it", text.trim()),
        Some(hint),
    ))
}

/// Prints `value` in the largest listed unit that leaves a number of at least one.
pub(super) fn format_quantity(value: f64, units: &[Unit]) -> String {
    let scaled = |u: &Unit| (value - u.offset) / u.factor;
    let best = units
        .iter()
        .filter(|u| u.offset == 0.0 && scaled(u).abs() >= 1.0)
        .min_by(|a, b| {
            let size = |u: &Unit| (digits(scaled(u)), scaled(u).abs());
            let (a, b) = (size(a), size(b));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        })
        .unwrap_or(&units[0]);
    format!("{} {}", rounded(scaled(best)), best.name)
}

/// A number without the noise of a conversion: fifteen digits lose nothing a user wrote.
fn rounded(number: f64) -> f64 {
    format!("{number:.14e}").parse().expect("a formatted float parses")
}

/// How many digits it takes to write `number`: an inch of mercury is no unit of a round pressure.
fn digits(number: f64) -> usize {
    rounded(number).to_string().chars().filter(char::is_ascii_digit).count()
}
