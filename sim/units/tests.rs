//! What is parsed, printed and refused.

use super::*;

#[test]
fn quantities_parse_in_every_unit_and_print_back() {
    assert_eq!(Power::parse("40 kW").unwrap().0, 40e3);
    assert_eq!(Power::parse("120MW").unwrap().0, 120e6);
    assert_eq!(Power::parse("1.5e3 kW").unwrap().to_string(), "1.5 MW");
    assert_eq!(Temperature::parse("-5 degC").unwrap().0, -5.0);
    assert!((Temperature::parse("77 degF").unwrap().0 - 25.0).abs() < 1e-12);
    assert!((Temperature::parse("300 K").unwrap().0 - 26.85).abs() < 1e-12);
    assert_eq!(Energy::parse("2 MWh").unwrap().0, 7.2e9);
    assert_eq!(Fraction::parse("85 %").unwrap().0, 0.85);
    assert_eq!(Multiple::parse("130 %").unwrap().0, 1.3);
    assert!(Fraction::parse("130 %").is_err() && Multiple::parse("-1 %").is_err());
    assert_eq!(Duration::parse("90 days").unwrap().to_string(), "90 days");
    assert_eq!(Duration::parse("2h 30m").unwrap().0, 9_000_000_000_000);
    assert_eq!(Duration::parse("15 min").unwrap().as_secs_f64(), 900.0);
}

#[test]
fn days_combine_with_shorter_times() {
    let hours = |text: &str| Duration::parse(text).unwrap().0 as f64 / 3.6e12;
    for (text, expected) in [
        ("1 day 6 h", 30.0),
        ("3 days 4h 30m", 76.5),
        ("1d 6h", 30.0),
        ("1d6h", 30.0),
        ("2 weeks 1 day", 360.0),
        ("1 week 12 h", 180.0),
        ("1.5 days", 36.0),
        ("0 days 1 h", 1.0),
    ] {
        assert_eq!(hours(text), expected, "{text}");
    }
    for text in ["1 day 6", "1 day h", "6 h 1 day", "1 day 1 week", "1 day -6 h", "2 days 1 M"] {
        assert!(Duration::parse(text).is_err(), "{text} was accepted");
    }
    assert!(Duration::parse("53000 days 1000000 h").is_err(), "beyond the longest");
}

#[test]
fn what_is_not_a_quantity_is_refused_with_a_hint() {
    let hint = |text: &str| Power::parse(text).unwrap_err().hint.unwrap();
    assert!(hint("120 mW").contains("did you mean `MW`"));
    assert!(hint("120 mw").contains("did you mean"));
    assert!(hint("5").contains("40 kW"));
    for text in
        ["", "kW", "nan kW", "inf kW", "1e400 kW", "1e300 GW GW", "40 kWh", ".nan", "1e308 GW"]
    {
        assert!(Power::parse(text).is_err(), "{text} was accepted");
    }
    assert_eq!(Power::parse("-1 kW").unwrap_err().message, "must not be negative, got `-1 kW`");
    assert!(Power::parse("-0 W").unwrap().0.is_sign_positive());
    assert!(EnergyPrice::parse("-30 $/MWh").is_ok());
    for text in ["1e-300 kW", "1e300 kW"] {
        let said = Power::parse(text).unwrap_err().message;
        assert!(said.starts_with("must be zero or between"), "{text}: {said}");
    }
    assert_eq!(
        Temperature::parse("-300 degC").unwrap_err().message,
        "must be between -273.15 degC and 10000 degC, got `-300 degC`"
    );
    for text in ["5", "1M", "3 months", "-5 s", "1e30 days", ""] {
        assert!(Duration::parse(text).is_err(), "{text} was accepted");
    }
    for text in ["1.5", "-1 %", "nan", "120 %"] {
        assert!(Fraction::parse(text).is_err(), "{text} was accepted");
    }
}

#[test]
fn printing_loses_nothing() {
    for value in [0.1, 1234.5678, 1e9, 2.0 / 3.0, 0.0, -7.25] {
        let price = EnergyPrice(value);
        let again = EnergyPrice::parse(&price.to_string()).unwrap();
        assert!((again.0 - value).abs() <= 1e-13 * value.abs(), "{price}");
    }
}

#[test]
fn units_of_money_may_be_of_any_currency() {
    for (text, base) in [("40 EUR/MWh", 40.0), ("0.04 €/kWh", 40.0), ("40 NOK/MWh", 40.0)] {
        assert_eq!(EnergyPrice::parse(text).unwrap().0, base, "{text}");
    }
    assert_eq!(Money::parse("60 kGBP").unwrap().0, 60e3);
    assert_eq!(PowerCost::parse("11 MEUR/MW").unwrap().0, 11.0);
    for text in ["40 EURO/MWh", "40 eur/MWh", "40 XYZ/MWh", "40 EUR", "40 kEUR/MWh", "4 EUR/GWh"] {
        assert!(EnergyPrice::parse(text).is_err(), "{text}");
    }
}

#[test]
fn amounts_tell_their_currency() {
    for (text, code) in [
        ("40 $/MWh", Some("USD")),
        ("40 k$", Some("USD")),
        ("1e3 EUR/MWh", Some("EUR")),
        ("2 MSEK/MW", Some("SEK")),
        ("5 £", Some("GBP")),
        ("5 kW", None),
        ("4 c/kWh", None),
        ("3.125 BTC", None),
        ("EUR", None),
        ("100 MVA", None),
        ("5 MADE", None),
    ] {
        let found = currency_of(text);
        assert_eq!(found.as_ref().map(Currency::code), code, "{text}");
    }
}
