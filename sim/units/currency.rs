//! The one unit of all the money of a scenario, and how what is printed names it.
//!
//! Models count money in a base unit that their names call `usd` and `$`. Nothing in them depends on
//! which currency that is, so that a scenario of another one differs only where it is read (each
//! amount must be of it) and where it is printed (names end in `_eur`, units begin with `EUR`). There
//! are no exchange rates.

use std::borrow::Cow;
use std::fmt;

use super::hint::HINT_MARK;

/// A currency by its code of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

/// The codes of ISO 4217 for the money of countries, as of 2026.
const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD \
    BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP \
    GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR \
    KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
    MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR \
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD \
    UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Signs that stand for one currency, the first of them in the names of units.
const SIGNS: [(char, Currency); 3] =
    [('$', Currency::USD), ('€', Currency(*b"EUR")), ('£', Currency(*b"GBP"))];

impl Currency {
    /// The dollar of the United States: what `$` stands for, and the default.
    pub const USD: Self = Self(*b"USD");

    /// The currency of the code `text`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.as_bytes().try_into().ok()?;
        CODES.split_ascii_whitespace().any(|code| code == text).then_some(Self(bytes))
    }

    /// Its code: `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("codes are ASCII")
    }

    /// How units begin: `$`, or the code of every other currency.
    pub fn symbol(&self) -> &str {
        if *self == Self::USD { "$" } else { self.code() }
    }

    /// `text` with this currency in place of `$`. Columns that are aligned by spaces stay so.
    pub fn tell<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if *self == Self::USD || !text.contains('$') {
            return Cow::Borrowed(text);
        }
        let mut parts = text.split('$');
        let mut told = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let mut rest = part;
            for _ in self.symbol().chars().skip(1) {
                if told.ends_with("   ") {
                    told.pop();
                } else if rest.starts_with("   ") {
                    rest = &rest[1..];
                }
            }
            told += self.symbol();
            told += rest;
        }
        Cow::Owned(told)
    }

    /// The same, but for what stands in backticks: that is quoted.
    pub fn tell_unquoted(&self, text: &str) -> String {
        let parts = text.split('`').enumerate();
        let told = parts.map(|(index, part)| match index % 2 {
            0 => self.tell(part),
            _ => Cow::Borrowed(part),
        });
        told.collect::<Vec<_>>().join("`")
    }

    /// The name of a figure or column, `key` with this currency in place of `usd`:
    /// `price_eur_per_mwh`.
    pub fn key<'k>(&self, key: &'k str) -> Cow<'k, str> {
        self.swap(key, Self::USD)
    }

    /// What [`key`](Self::key) was made of.
    pub fn plain<'k>(&self, key: &'k str) -> Cow<'k, str> {
        Self::USD.swap(key, *self)
    }

    /// The currency in the name of a figure or column.
    pub fn in_key(key: &str) -> Option<Self> {
        let place = place(key)?;
        Self::parse(&key[place..place + 3].to_ascii_uppercase())
    }

    /// `key` with this currency in place of `of`.
    fn swap<'k>(&self, key: &'k str, of: Self) -> Cow<'k, str> {
        match place(key) {
            Some(place) if *self != of && Self::in_key(key) == Some(of) => {
                let (before, after) = (&key[..place], &key[place + 3..]);
                Cow::Owned(format!("{before}{}{after}", self.code().to_ascii_lowercase()))
            }
            _ => Cow::Borrowed(key),
        }
    }

    /// The currency whose [`symbol`](Self::symbol) is `text`.
    pub fn of_symbol(text: &str) -> Option<Self> {
        Self::of_unit(text).filter(|currency| currency.symbol() == text)
    }

    /// The currency of a unit of money such as `EUR/MWh` or `k$`.
    pub fn of_unit(unit: &str) -> Option<Self> {
        split(unit).map(|(_, currency, _)| currency)
    }
}

/// Where a currency stands in the name of a figure or column: at its end, or before `_per_`.
fn place(key: &str) -> Option<usize> {
    let ends = key.match_indices("_per_").map(|(at, _)| at).chain([key.len()]);
    let mut starts = ends.filter_map(|end| end.checked_sub(3));
    starts.find(|&start| {
        let is_word = start == 0 || key.as_bytes()[start - 1] == b'_';
        key.is_char_boundary(start)
            && is_word
            && Currency::parse(&key[start..start + 3].to_ascii_uppercase()).is_some()
    })
}

/// The parts of a unit of money: `k` or `M`, its currency, and what it is for, such as `/MWh`.
pub(super) fn split(unit: &str) -> Option<(&str, Currency, &str)> {
    let scaled = ["k", "M", ""].into_iter().find_map(|scale| {
        let rest = unit.strip_prefix(scale)?;
        let sign = SIGNS.iter().find_map(|(sign, of)| Some((*of, rest.strip_prefix(*sign)?)));
        let code = || Some((Currency::parse(rest.get(..3)?)?, &rest[3..]));
        let (currency, of) = sign.or_else(code)?;
        Some((scale, currency, of))
    });
    scaled.filter(|(_, _, of)| of.is_empty() || of.starts_with('/'))
}

impl Default for Currency {
    fn default() -> Self {
        Self::USD
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let upper = Self::parse(&text.to_ascii_uppercase());
            let sign = SIGNS.iter().find(|(sign, _)| text.chars().eq([*sign]));
            let hint = match upper.or(sign.map(|(_, currency)| *currency)) {
                Some(currency) => format!("did you mean `{currency}`?"),
                None => "write a code of ISO 4217 such as `EUR`".to_owned(),
            };
            serde::de::Error::custom(format!("`{text}` is no currency{HINT_MARK}{hint}"))
        })
    }
}

impl schemars::JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "a currency by its code of ISO 4217",
            "pattern": "^[A-Z]{3}$",
            "examples": ["EUR"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EUR: Currency = Currency(*b"EUR");

    #[test]
    fn names_and_texts_are_told_in_the_currency() {
        for (key, told) in [
            ("price_usd_per_mwh", "price_eur_per_mwh"),
            ("money.revenue_usd", "money.revenue_eur"),
            ("usd", "eur"),
            ("usd_mine_mw", "usd_mine_mw"),
            ("usd-mine_revenue_usd", "usd-mine_revenue_eur"),
            ("import_mwh", "import_mwh"),
        ] {
            assert_eq!(EUR.key(key), told);
            assert_eq!(EUR.plain(told), key);
            assert_eq!(Currency::USD.key(key), key);
        }
        assert_eq!(EUR.plain("all_mw"), "all_mw");
        assert_eq!(EUR.tell("3 k$ at 5 $/MWh"), "3 kEUR at 5 EUR/MWh");
        assert_eq!(EUR.tell("Money       $\n  a         5"), "Money     EUR\n  a         5");
        assert_eq!(EUR.tell("trough, $        5"), "trough, EUR      5");
        assert_eq!(EUR.tell_unquoted("needs $, got `5 $/m`"), "needs EUR, got `5 $/m`");
        assert!(matches!(Currency::USD.tell("5 $"), Cow::Borrowed("5 $")));
    }

    #[test]
    fn what_is_no_currency_is_refused_with_a_hint() {
        let refused = |text: &str| serde_yaml::from_str::<Currency>(text).unwrap_err().to_string();
        assert!(refused("eur").contains("did you mean `EUR`"));
        assert!(refused("€").contains("did you mean `EUR`"));
        assert!(refused("BTC").contains("ISO 4217"));
        assert_eq!(serde_yaml::from_str::<Currency>("EUR").unwrap(), EUR);
    }
}
