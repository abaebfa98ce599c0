//! How a quantity is declared: one line from which its parser, its printer, its serde and its JSON
//! Schema follow.

use super::text::{Range, Unit};

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
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{} such as `{}`", $article, $example)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
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
pub(super) fn quantity_pattern(units: &[Unit], range: Range) -> String {
    let escape = |name: &str| {
        name.chars().fold(String::new(), |mut out, c| {
            if "$/()+*.?[]{}|^\\".contains(c) {
                out.push('\\');
            }
            out.push(c);
            out
        })
    };
    let money = |name: String| name.replace(r"\$", r"(\$|€|£|[A-Z]{3})");
    let names = units.iter().map(|u| money(escape(u.name))).collect::<Vec<_>>().join("|");
    let sign = if range.least < 0.0 { "[+-]" } else { "[+]" };
    format!(r"^\s*{sign}?[0-9.]+([eE][+-]?[0-9]+)?\s*({names})\s*$")
}
