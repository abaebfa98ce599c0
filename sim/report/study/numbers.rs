//! Numbers with as many digits as are known of them.

use std::borrow::Cow;

use crate::study::Declared;
use crate::units::Currency;

/// How to show values of `figure` of about `magnitude`: shares in per cent, much money in
/// thousands.
pub(super) fn unit_of(figure: &Declared, magnitude: f64) -> (Cow<'_, str>, f64) {
    let is_money = Currency::of_symbol(&figure.unit).is_some();
    match figure.unit.as_str() {
        "share" => ("%".into(), 100.0),
        money if is_money && magnitude.abs() >= 1e5 => (format!("k{money}").into(), 1e-3),
        "count" | "number" => ("".into(), 1.0),
        unit => (unit.into(), 1.0),
    }
}

/// The name of `figure` and its unit, as a row below its heading: `availability, %`.
pub(super) fn row_label(figure: &Declared, unit: &str) -> String {
    let words: Vec<String> = figure
        .name
        .split('-')
        .map(|word| match word {
            "pue" | "wue" | "cue" | "ettr" | "ttft" | "tpot" | "tbt" | "e2e" | "slo" => {
                word.to_uppercase()
            }
            word => word.to_owned(),
        })
        .collect();
    let mut name = words.join(" ");
    if is_percentile(figure) {
        name += ", mean of runs";
    }
    if unit.is_empty() { name } else { format!("{name}, {unit}") }
}

/// Whether it is a percentile within a run, of which a study shows the mean over runs.
pub(super) fn is_percentile(figure: &Declared) -> bool {
    let digits = figure.name.rsplit_once("-p").map(|(_, digits)| digits);
    digits.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
    })
}

/// The same where no heading says what it is of: `train-hall: availability, %`.
pub(super) fn label(figure: &Declared, unit: &str) -> String {
    let row = row_label(figure, unit);
    if figure.subject.is_empty() { row } else { format!("{}: {row}", figure.subject) }
}

/// Decimals that show `uncertainty` with two significant digits.
pub(super) fn decimals(uncertainty: f64) -> usize {
    if uncertainty.is_nan() || uncertainty <= 0.0 {
        return 6;
    }
    (1.0 - uncertainty.log10().floor()).clamp(0.0, 12.0) as usize
}

/// `value` with so many decimals and its thousands apart.
pub(super) fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        out.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// `value` alone, exact as it may be: whole numbers whole, others to six significant digits.
pub(super) fn exact(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e15 {
        return grouped(value, 0);
    }
    let before = value.abs().log10().floor().clamp(-9.0, 15.0);
    let text = grouped(value, (5.0 - before).clamp(0.0, 12.0) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// `185,968 ± 584`: both to two significant digits of the half-width.
pub(super) fn with_half(value: f64, half: Option<f64>) -> String {
    match half {
        Some(half) if half > 1e-12 * value.abs() && half > 0.0 => {
            let digits = decimals(half);
            format!("{} ± {}", grouped(value, digits), grouped(half, digits))
        }
        _ => exact(value),
    }
}

/// The same with a plus before what is positive.
pub(super) fn signed_with_half(value: f64, half: Option<f64>) -> String {
    let text = with_half(value, half);
    if value >= 0.0 { format!("+{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_half_width() {
        assert_eq!(with_half(185_967.6, Some(583.7)), "185,968 ± 584");
        assert_eq!(with_half(90.0789, Some(0.0231)), "90.079 ± 0.023");
        assert_eq!(with_half(1.061_640_2, Some(0.000_049_2)), "1.061640 ± 0.000049");
        assert_eq!(with_half(6.21, Some(3.58)), "6.2 ± 3.6");
        assert_eq!(with_half(0.0, Some(0.0)), "0");
        assert_eq!(with_half(99.6229, None), "99.6229");
        assert_eq!(signed_with_half(-107_695.2, Some(2_472.0)), "-107,695 ± 2,472");
        assert_eq!(signed_with_half(0.0398, Some(0.0281)), "+0.040 ± 0.028");
        assert_eq!(grouped(-0.0001, 2), "0.00");
    }
}
