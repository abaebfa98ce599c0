//! Numbers, times and texts as the pages write them.

/// Separates thousands: narrow and never broken.
const THIN: char = '\u{202f}';

/// How a figure is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) enum Form {
    /// Power in MW.
    Power,
    /// Energy in MWh.
    Energy,
    /// A share from 0 to 1, as per cent.
    Share,
    /// A share of which the distance to one matters.
    Availability,
    /// A pure ratio.
    Ratio,
    /// A count of things.
    Count,
    /// Seconds, of something quick.
    Quick,
    /// An amount in the unit of this symbol.
    Amount(&'static str),
    /// Money, $.
    Usd,
}

/// `value` in the form `form`: the number and its unit.
pub(in crate::report) fn told(value: f64, form: Form) -> (String, &'static str) {
    match form {
        Form::Power => match value.abs() {
            v if v >= 1.0 || v == 0.0 => (significant(value, 4), "MW"),
            v if v >= 1e-3 => (significant(1e3 * value, 4), "kW"),
            _ => (significant(1e6 * value, 4), "W"),
        },
        Form::Energy => match value.abs() {
            v if v >= 1.0 || v == 0.0 => (significant(value, 3), "MWh"),
            _ => (significant(1e3 * value, 3), "kWh"),
        },
        Form::Share => (percent(value, 2), "%"),
        Form::Availability => (percent(value, 3), "%"),
        Form::Ratio => (grouped(value, 3), ""),
        Form::Count => (grouped(value, 0), ""),
        Form::Quick if value.abs() < 100.0 => (significant(1e3 * value, 3), "ms"),
        Form::Quick => (significant(value, 3), "s"),
        Form::Amount(unit) => (significant(value, 3), unit),
        Form::Usd => (grouped(value, 0), "$"),
    }
}

/// A rating in MW as people write it: `92 MW`, `2.5 MW`.
pub(in crate::report) fn rating(mw: f64) -> String {
    let (number, unit) = told(mw, Form::Power);
    let short = match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.'),
        false => &number,
    };
    format!("{short} {unit}")
}

/// `value` with `digits` significant digits; from a thousand on, whole.
pub(in crate::report) fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "\u{2013}".to_owned() };
    }
    let exponent = value.abs().log10().floor() as i32;
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    if decimals > 9 {
        return format!("{value:.*e}", digits - 1).replace('-', "\u{2212}");
    }
    // Rounding may have brought a digit more: 9.996 with three digits is 10.0.
    let rounded: f64 = format!("{:.decimals$}", value.abs()).parse().unwrap_or(0.0);
    let grown = rounded >= 10_f64.powi(exponent + 1);
    grouped(value, if grown { decimals.saturating_sub(1) } else { decimals })
}

/// `value` with `decimals` decimals, thousands apart and a true minus.
pub(in crate::report) fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_owned();
    }
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut text = String::new();
    if value < 0.0 && plain.bytes().any(|byte| byte.is_ascii_digit() && byte != b'0') {
        text.push('\u{2212}');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text + rest
}

/// A share as per cent without its sign: never rounded up to 100, nor down to 0.
pub(in crate::report) fn percent(share: f64, decimals: usize) -> String {
    let step = 10_f64.powi(-(decimals as i32));
    let value = 100.0 * share;
    let text = grouped(value, decimals);
    if value < 100.0 && value + step / 2.0 >= 100.0 {
        grouped(100.0 - step, decimals)
    } else if value > 0.0 && value < step / 2.0 {
        format!("<{THIN}{}", grouped(step, decimals))
    } else {
        text
    }
}

/// A duration in its two largest units: `51 min 38 s`.
pub(in crate::report) fn duration(seconds: f64) -> String {
    if seconds < 1.0 && seconds > 0.0 {
        return format!("{} ms", significant(1e3 * seconds, 2));
    }
    let whole = seconds.round() as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{minutes} min {} s", whole % 60),
        3600..86_400 => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// `text` for HTML and XML, in elements and quoted attributes. Controls and marks that turn the
/// direction of writing are shown as U+FFFD.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_the_digits_that_they_need() {
        let plain = |text: String| text.replace(THIN, "_");
        let cases = [
            (0.0, "0"),
            (91.8959, "91.9"),
            (9.996, "10.0"),
            (999.6, "1_000"),
            (1308.0, "1_308"),
            (-4_861_680.2, "\u{2212}4_861_680"),
            (0.012_345, "0.0123"),
            (1e-12, "1.00e\u{2212}12"),
        ];
        for (value, text) in cases {
            assert_eq!(plain(significant(value, 3)), text);
        }
        assert_eq!(grouped(-0.0001, 2), "0.00", "nothing is not negative");
        assert_eq!(told(0.8876, Form::Power), ("887.6".to_owned(), "kW"));
        assert_eq!([rating(92.0), rating(2.5), rating(0.4)], ["92 MW", "2.5 MW", "400 kW"]);
        assert_eq!(told(0.376_319, Form::Quick), ("376".to_owned(), "ms"));
    }

    #[test]
    fn a_share_is_never_rounded_up_to_all() {
        assert_eq!(percent(0.999_999, 2), "99.99");
        assert_eq!(percent(1.0, 2), "100.00");
        assert_eq!(percent(0.999_6, 3), "99.960");
        assert!(percent(1e-9, 2).starts_with('<'));
        assert_eq!(percent(0.0, 2), "0.00");
    }

    #[test]
    fn durations_have_two_units() {
        let cases = [(30.0, "30 s"), (3098.0, "51 min 38 s"), (4000.0, "1 h 6 min")];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(duration(11.5 * 86_400.0), "11 d 12 h");
    }

    #[test]
    fn hostile_texts_are_shown_as_text() {
        assert_eq!(escape("</script><!--"), "&lt;/script&gt;&lt;!--");
        assert_eq!(escape("a\u{1b}b\u{202e}c\"'&"), "a\u{fffd}b\u{fffd}c&quot;&#39;&amp;");
        assert_eq!(escape("\u{5e9}"), "\u{5e9}");
    }
}
