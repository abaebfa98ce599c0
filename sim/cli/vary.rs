//! Parameters that are changed to see what becomes of an amount of money.

use super::args::Between;
use crate::units::split_number;

/// The value of a parameter at which `left`, the amount at a value as written, is nothing: with its unit,
/// or that there is none between the two. None where `left` has no answer, having said why.
///
/// # Errors
///
/// Where the two values are no numbers of one unit.
pub(super) fn breakeven(
    of: &Between,
    left: &dyn Fn(&str) -> Option<f64>,
) -> Result<Option<Option<String>>, String> {
    let number = |text: &str| {
        let read = split_number(text).map(|(number, unit)| (number, unit.to_owned()));
        read.ok_or_else(|| format!("`{text}` is no number with a unit"))
    };
    let ((mut low, unit), (mut high, other)) = (number(&of.low)?, number(&of.high)?);
    if unit != other {
        return Err(format!("`{unit}` and `{other}` are not one unit"));
    }
    let written = |number: f64| format!("{number} {unit}").trim_end().to_owned();
    // What is found is told to seven digits.
    let told = |number: f64| {
        let decimals = (7.0 - number.abs().log10().ceil()).clamp(0.0, 12.0) as usize;
        let digits = format!("{number:.decimals$}");
        let digits = match digits.contains('.') {
            true => digits.trim_end_matches('0').trim_end_matches('.'),
            false => &digits,
        };
        format!("{digits} {unit}").trim_end().to_owned()
    };
    let left = |number: f64| left(&written(number));
    let (Some(at_low), Some(at_high)) = (left(low), left(high)) else { return Ok(None) };
    if (at_low > 0.0) == (at_high > 0.0) {
        return Ok(Some(None));
    }
    // To a billionth of the range.
    for _ in 0..30 {
        let middle = low + 0.5 * (high - low);
        let Some(at_middle) = left(middle) else { return Ok(None) };
        match (at_middle > 0.0) == (at_low > 0.0) {
            true => low = middle,
            false => high = middle,
        }
    }
    Ok(Some(Some(told(low + 0.5 * (high - low)))))
}

/// Whether a `--set` argument, or the path of one, changes one of `sections`.
pub(super) fn is_of(set: &str, sections: &[&str]) -> bool {
    let path = set.split('=').next().unwrap_or_default().trim();
    sections.contains(&path.split('.').next().unwrap_or_default())
}
