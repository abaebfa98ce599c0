//! Physical quantities as users write them: a number and its unit.
//!
//! A scenario never holds a bare number where a unit is possible: `40 kW`, `32.4 deg`,
//! `15 min`. Each quantity here is an `f64` newtype in one base unit (named in its
//! documentation), which parses from and prints to text with units. Specs (what the user
//! wrote) hold these newtypes; designs (what the engine runs on) hold plain `f64` in the
//! same base units.
//!
//! Numbers without a unit are refused, as are `NaN`, infinities and magnitudes that nothing in
//! this field has; [`Bounds`] of a single field are narrower. `mW` for a power is refused with a
//! hint, because in this field it is always a misspelt `MW`.

mod bounds;

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

pub use bounds::{Bounds, Quantity};

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

/// Separates message and hint inside the text of a serde error, the only channel that serde
/// offers. Readers split at it; it never reaches the user.
pub(crate) const HINT_MARK: &str = "\u{1f}";

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

const fn unit(name: &'static str, factor: f64) -> Unit {
    Unit { name, factor, offset: 0.0 }
}

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

/// The values that a kind of quantity can have at all, in its base unit: zero, and magnitudes from
/// `tiny` on between `least` and `most`. Wide: what lies outside is a slip of the pen, and would
/// cost the models their digits.
#[derive(Debug, Clone, Copy)]
struct Range {
    tiny: f64,
    least: f64,
    most: f64,
}

impl Range {
    const fn magnitudes(tiny: f64, most: f64) -> Self {
        Self { tiny, least: -most, most }
    }

    /// What cannot be negative at any site.
    const fn up_to(tiny: f64, most: f64) -> Self {
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

/// Parses `text` as a number and one of `units`; `article_name` reads like "a power".
fn parse_quantity(
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
    if let Some(unit) = units.iter().find(|u| u.name == name) {
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
/// A number without the noise of a conversion: fifteen digits lose nothing a user wrote.
fn rounded(number: f64) -> f64 {
    format!("{number:.14e}").parse().expect("a formatted float parses")
}

/// How many digits it takes to write `number`: an inch of mercury is no unit of a round pressure.
fn digits(number: f64) -> usize {
    rounded(number).to_string().chars().filter(char::is_ascii_digit).count()
}

fn format_quantity(value: f64, units: &[Unit]) -> String {
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

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $article:literal, $example:literal, [$($unit:expr),+ $(,)?], $range:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
        pub struct $name(pub f64);

        impl $name {
            /// The units that this quantity may be written in, base unit first.
            pub const UNITS: &'static [Unit] = &[$($unit),+];

            /// Parses a number and a unit.
            pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
                parse_quantity(text, $article, Self::UNITS, $range, $example).map(Self)
            }
        }

        impl Quantity for $name {
            fn base(self) -> f64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format_quantity(self.0, Self::UNITS))
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseQuantityError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        text_serde!($name, "string", $article, $example, quantity_pattern(Self::UNITS, $range), {
            let show = |value: f64| Self(value).to_string();
            (show($range.least), show($range.most))
        });
    };
}

/// Serde and JSON-Schema of a type that is read and written as one text.
macro_rules! text_serde {
    ($name:ident, $type:tt, $article:literal, $example:literal, $pattern:expr, $ends:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{} such as `{}`", $article, $example)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": $type,
                    "description": Self::schema_description(),
                    "pattern": Self::schema_pattern(),
                    "examples": [$example],
                })
            }
        }

        impl $name {
            fn schema_pattern() -> String {
                $pattern
            }

            fn schema_description() -> String {
                let (least, most) = $ends;
                format!("{} such as `{}`, from {least} to {most}", $article, $example)
            }
        }
    };
}

/// The regular expression that the JSON Schema gives editors for a quantity.
fn quantity_pattern(units: &[Unit], range: Range) -> String {
    let escape = |name: &str| {
        name.chars().fold(String::new(), |mut out, c| {
            if "$/()+*.?[]{}|^\\".contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        })
    };
    let names = units.iter().map(|u| escape(u.name)).collect::<Vec<_>>().join("|");
    let sign = if range.least < 0.0 { "[+-]" } else { "[+]" };
    format!(r"^\s*{sign}?[0-9.]+([eE][+-]?[0-9]+)?\s*({names})\s*$")
}

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const YEAR: f64 = 8760.0 * HOUR;

quantity!(
    /// Electrical or thermal power in watts.
    Power, "a power", "40 kW",
    [unit("W", 1.0), unit("kW", 1e3), unit("MW", 1e6), unit("GW", 1e9)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Change of power with time in watts a second.
    PowerRamp, "a power ramp", "5 MW/min",
    [unit("W/s", 1.0), unit("kW/min", 1e3 / 60.0), unit("MW/min", 1e6 / 60.0), unit("MW/s", 1e6)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Apparent power in volt-amperes.
    ApparentPower, "an apparent power", "75 MVA",
    [unit("VA", 1.0), unit("kVA", 1e3), unit("MVA", 1e6)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Energy in joules.
    Energy, "an energy", "2 MWh",
    [unit("J", 1.0), unit("kJ", 1e3), unit("MJ", 1e6), unit("GJ", 1e9),
     unit("Wh", 3.6e3), unit("kWh", 3.6e6), unit("MWh", 3.6e9), unit("GWh", 3.6e12)],
    Range::up_to(1e-9, 1e21)
);
quantity!(
    /// Temperature in degrees Celsius.
    Temperature, "a temperature", "32 degC",
    [unit("degC", 1.0), unit("C", 1.0), unit("°C", 1.0),
     Unit { name: "K", factor: 1.0, offset: -273.15 },
     Unit { name: "degF", factor: 5.0 / 9.0, offset: -160.0 / 9.0 },
     Unit { name: "°F", factor: 5.0 / 9.0, offset: -160.0 / 9.0 }],
    Range { tiny: 0.0, least: -273.15, most: 1e4 }
);
quantity!(
    /// Difference of two temperatures in kelvin.
    TemperatureDelta, "a temperature difference", "5 K",
    [unit("K", 1.0)],
    Range::magnitudes(1e-9, 1e4)
);
quantity!(
    /// Mass in kilograms.
    Mass, "a mass", "200 kg", [unit("kg", 1.0), unit("t", 1e3)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Mass flow in kilograms a second.
    MassFlow, "a mass flow", "45 kg/s", [unit("kg/s", 1.0), unit("kg/h", 1.0 / HOUR), unit("t/h", 1e3 / HOUR)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Volume in cubic metres.
    Volume, "a volume", "10 m3",
    [unit("m3", 1.0), unit("L", 1e-3), unit("ML", 1e3), unit("gal", 3.785_411_784e-3)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Volume flow in cubic metres a second.
    VolumeFlow, "a volume flow", "25 m3/s",
    [unit("m3/s", 1.0), unit("m3/h", 1.0 / HOUR), unit("L/s", 1e-3), unit("L/min", 1e-3 / 60.0),
     unit("gpm", 3.785_411_784e-3 / 60.0), unit("cfm", 0.028_316_846_592 / 60.0)],
    Range::up_to(1e-15, 1e12)
);
quantity!(
    /// Pressure in pascals.
    Pressure, "a pressure", "200 kPa",
    [unit("Pa", 1.0), unit("hPa", 100.0), unit("kPa", 1e3), unit("bar", 1e5), unit("mbar", 100.0),
     unit("inHg", 3_386.388_640_341), unit("mmHg", 133.322_387_415), unit("psi", 6_894.757_293_168),
     unit("atm", 101_325.0)],
    Range::up_to(1e-6, 1e12)
);
quantity!(
    /// Length in metres.
    Length, "a length", "545 m", [unit("m", 1.0), unit("km", 1e3), unit("ft", 0.3048), unit("mile", 1609.344)],
    Range::magnitudes(1e-9, 1e9)
);
quantity!(
    /// Speed in metres a second.
    Speed, "a speed", "4 m/s",
    [unit("m/s", 1.0), unit("km/h", 1.0 / 3.6), unit("mph", 1609.344 / HOUR), unit("kn", 1852.0 / HOUR)],
    Range::up_to(1e-9, 3e8)
);
quantity!(
    /// Angle in degrees.
    Angle, "an angle", "32.4 deg", [unit("deg", 1.0), unit("°", 1.0)],
    Range::magnitudes(1e-12, 1e4)
);
quantity!(
    /// Thermal conductance (UA) in watts a kelvin.
    Conductance, "a conductance", "60 kW/K", [unit("W/K", 1.0), unit("kW/K", 1e3), unit("MW/K", 1e6)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Price of energy in dollars a megawatt-hour.
    EnergyPrice, "an energy price", "35 $/MWh", [unit("$/MWh", 1.0), unit("$/kWh", 1e3), unit("c/kWh", 10.0)],
    Range::magnitudes(1e-12, 1e12)
);
quantity!(
    /// Money in dollars.
    Money, "an amount of money", "60000 $", [unit("$", 1.0), unit("k$", 1e3), unit("M$", 1e6)],
    Range::up_to(1e-9, 1e18)
);
quantity!(
    /// Rent of one thing for an hour, in dollars an hour.
    HourlyPrice, "an hourly price", "2.5 $/h", [unit("$/h", 1.0)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Price of generated text in dollars a million tokens.
    TokenPrice, "a token price", "0.8 $/Mtoken", [unit("$/Mtoken", 1.0)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Cost of what has a power, in dollars a watt.
    PowerCost, "a cost of power", "11 M$/MW",
    [unit("$/W", 1.0), unit("$/kW", 1e-3), unit("k$/MW", 1e-3), unit("M$/MW", 1.0)],
    Range::up_to(1e-12, 1e9)
);
quantity!(
    /// Money in dollars a year.
    YearlyCost, "a yearly cost", "2 M$/year",
    [unit("$/year", 1.0), unit("k$/year", 1e3), unit("M$/year", 1e6)],
    Range::up_to(1e-9, 1e18)
);
quantity!(
    /// Change of a price as a share of it a year.
    Growth, "a yearly change", "3 %/year", [unit("%/year", 0.01)],
    Range { tiny: 1e-9, least: -0.999, most: 10.0 }
);
quantity!(
    /// Calendar time in months.
    CalendarSpan, "a calendar span", "12 years",
    [unit("months", 1.0), unit("month", 1.0), unit("years", 12.0), unit("year", 12.0)],
    Range::up_to(1e-3, 12_000.0)
);
quantity!(
    /// Price of water in dollars a cubic metre.
    WaterPrice, "a water price", "1.5 $/m3", [unit("$/m3", 1.0)],
    Range::up_to(1e-12, 1e9)
);
quantity!(
    /// Charge for the highest demand of a month in dollars per kilowatt and month.
    DemandPrice, "a demand charge", "5 $/kW-month",
    [unit("$/kW-month", 1.0), unit("$/MW-month", 1e-3)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Charge for a capacity in dollars per kilowatt and year.
    CapacityPrice, "a capacity charge", "62 $/kW-year",
    [unit("$/kW-year", 1.0), unit("$/MW-year", 1e-3)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Price of a megawatt that is kept ready for an hour, in dollars.
    ReservePrice, "a price of reserve", "9.62 $/MW-h",
    [unit("$/MW-h", 1.0), unit("$/MW-day", 1.0 / 24.0), unit("$/MW-year", 1.0 / 8760.0),
     unit("$/kW-year", 1000.0 / 8760.0)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Price of emissions in dollars per tonne.
    CarbonPrice, "a carbon price", "60 $/t", [unit("$/t", 1.0)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Rate of SHA-256d hashes a second.
    HashRate, "a hash rate", "200 TH/s",
    [unit("H/s", 1.0), unit("GH/s", 1e9), unit("TH/s", 1e12), unit("PH/s", 1e15), unit("EH/s", 1e18)],
    Range::up_to(1e-6, 1e30)
);
quantity!(
    /// Expected mining income in dollars a petahash a second and day.
    HashPrice, "a hash price", "50 $/PH/day", [unit("$/PH/day", 1.0), unit("$/TH/day", 1e3)],
    Range::up_to(1e-15, 1e12)
);
quantity!(
    /// Bitcoin amount in BTC.
    Bitcoin, "an amount of bitcoin", "3.125 BTC", [unit("BTC", 1.0)],
    Range::up_to(1e-15, 1e9)
);
quantity!(
    /// Events a second: failures, arrivals.
    Rate, "a rate", "3.8e-3 /day",
    [unit("/s", 1.0), unit("/min", 1.0 / 60.0), unit("/h", 1.0 / HOUR), unit("/day", 1.0 / DAY), unit("/year", 1.0 / YEAR)],
    Range::up_to(1e-30, 1e15)
);
quantity!(
    /// Duration of a step of a computation, or a coefficient of it, in seconds. Unlike a
    /// [`Duration`] it may be a fraction of a nanosecond.
    StepTime, "a step time", "27.9 ns",
    [unit("s", 1.0), unit("ms", 1e-3), unit("us", 1e-6), unit("ns", 1e-9), unit("ps", 1e-12)],
    Range::up_to(1e-21, 1e12)
);
quantity!(
    /// Amount of data in bytes.
    DataSize, "an amount of data", "2.3 TB",
    [unit("B", 1.0), unit("kB", 1e3), unit("MB", 1e6), unit("GB", 1e9), unit("TB", 1e12),
     unit("KiB", 1024.0), unit("MiB", 1_048_576.0), unit("GiB", 1_073_741_824.0)],
    Range::up_to(1e-6, 1e24)
);
quantity!(
    /// Data rate in bytes a second.
    Bandwidth, "a data rate", "100 GB/s", [unit("B/s", 1.0), unit("MB/s", 1e6), unit("GB/s", 1e9), unit("TB/s", 1e12)],
    Range::up_to(1e-6, 1e24)
);
quantity!(
    /// Carbon intensity of electricity in grams of CO2-equivalent a kilowatt-hour.
    CarbonIntensity, "a carbon intensity", "380 g/kWh", [unit("g/kWh", 1.0), unit("kg/MWh", 1.0), unit("t/MWh", 1e3), unit("kg/kWh", 1e3),
     unit("lb/MWh", 0.453_592_37), unit("lb/kWh", 453.592_37)],
    Range::up_to(1e-9, 1e9)
);

/// A share, stored as a fraction: written `0.85` or `85 %`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Fraction(pub f64);

impl Fraction {
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

/// A length of time in nanoseconds: written `15 min`, `2h 30m`, `90 days`, `3 days 4 h`.
///
/// Parsed by jiff's friendly format, so that months and years, which have no fixed length,
/// are refused. Negative durations are refused too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Duration(pub u64);

impl Duration {
    /// Parses a non-negative duration of at most 146 years.
    pub fn parse(text: &str) -> Result<Self, ParseQuantityError> {
        const HINT: &str = "write for example `15 min`, `2h 30m` or `90 days`";
        let wrong = |message: String, hint: &str| ParseQuantityError {
            message,
            hint: Some(hint.to_owned()),
        };
        let text = text.trim();
        if let Some((_, "")) = split_number(text) {
            return Err(wrong(
                format!("needs a duration with a unit, got the bare number `{text}`"),
                HINT,
            ));
        }
        let (days, rest) = Self::days(text);
        if rest.is_empty() && rest.len() < text.len() {
            return Self::from_secs(days * DAY, text);
        }
        let span: jiff::SignedDuration = rest
            .parse()
            .map_err(|_| wrong(format!("needs a duration such as `15 min`, got `{text}`"), HINT))?;
        let nanos = u64::try_from(span.as_nanos())
            .map_err(|_| wrong(format!("duration out of range: `{text}`"), HINT))?;
        let days = Self::from_secs(days * DAY, text)?;
        Self::checked(days.0.saturating_add(nanos), text)
    }

    /// The weeks and days that `text` begins with, in days, and the rest. jiff reads them as
    /// calendar spans; here a day is always 24 hours.
    fn days(text: &str) -> (f64, &str) {
        let mut days = 0.0;
        let mut rest = text;
        for (names, of) in [(["weeks", "week", "w"], 7.0), (["days", "day", "d"], 1.0)] {
            let Some((number, after)) = split_number(rest) else { break };
            let unit_ends = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            if number >= 0.0 && names.contains(&&after[..unit_ends]) {
                days += number * of;
                rest = after[unit_ends..].trim_start();
            }
        }
        (days, rest)
    }

    /// The duration in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    fn from_secs(seconds: f64, text: &str) -> Result<Self, ParseQuantityError> {
        let nanos = (seconds * 1e9).round();
        if !(0.0..=Self::LONGEST as f64).contains(&nanos) {
            return Self::checked(u64::MAX, text);
        }
        Self::checked(nanos as u64, text)
    }

    /// The kernel keeps two bits of its 64 for the order within an instant.
    const LONGEST: u64 = u64::MAX >> 2;

    fn checked(nanos: u64, text: &str) -> Result<Self, ParseQuantityError> {
        if nanos > Self::LONGEST {
            return Err(ParseQuantityError {
                message: format!("duration out of range: `{text}`"),
                hint: Some("durations are between zero and 146 years".to_owned()),
            });
        }
        Ok(Self(nanos))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY_NS: u64 = 86_400_000_000_000;
        if self.0 >= DAY_NS && self.0.is_multiple_of(DAY_NS) {
            return f.pad(&format!("{} days", self.0 / DAY_NS));
        }
        let span = jiff::SignedDuration::from_nanos_i128(i128::from(self.0));
        f.pad(&format!("{span:#}"))
    }
}

impl std::str::FromStr for Duration {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

text_serde!(
    Duration,
    "string",
    "a duration",
    "15 min",
    r"^\s*[0-9].*[a-zA-Zµ]\s*$".to_owned(),
    ("0 s", "146 years")
);

#[cfg(test)]
mod tests {
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
        for text in ["1 day 6", "1 day h", "6 h 1 day", "1 day 1 week", "1 day -6 h", "2 days 1 M"]
        {
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
}
