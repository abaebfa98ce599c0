//! What the specs of all rooms share: names with their place, faults, kinds.
//!
//! A *spec* is what a user wrote about one thing, as serde reads it: every value with its
//! unit, every reference a [`Name`] that remembers where it stands. A room turns its specs
//! into *designs* (plain numbers in base units) and reports what a user got wrong as
//! [`Fault`]s, which `scenario/` shows at their line and column.

mod alternatives;
mod check;
mod durations;
mod lognormal;
mod suggest;

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer};

pub use self::alternatives::{Alternatives, Exclusive};
pub(crate) use self::check::{
    Check, MOST_SIGMA, MOST_UNITS, one_source, only_with, only_with_all, time_zone,
};
pub use self::durations::{ConstantSpec, DurationSpec, ExponentialSpec};
pub use self::lognormal::{Lognormal, LognormalSpec};
pub(crate) use self::suggest::{closest, suggest, unknown};

/// A place in one of the files that make up a scenario: bytes `start..end` of file `file`.
///
/// The default mark is "nowhere": a value that no file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Mark {
    /// Index of the file in the order it was read, plus one; zero for nowhere.
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A reference to another thing of the scenario, with its place.
///
/// May hold groups: `pdu-a-{1..40}`. Equality is of the text alone.
#[derive(Debug, Clone)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Where it was written.
    pub mark: Mark,
}

impl Name {
    /// A name that no file holds (defaults, tests).
    pub fn unplaced(text: impl Into<String>) -> Self {
        Self { text: text.into(), mark: Mark::default() }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Name of the newtype that tells the scenario's deserializer to pass the place along.
pub(crate) const NAME_TOKEN: &str = "$loadbank::Name";

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> de::Visitor<'de> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
                Ok(Name::unplaced(text))
            }

            // The scenario's deserializer answers the token with (text, file, start, end).
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Name, A::Error> {
                let short = || de::Error::custom("a name needs text, file, start and end");
                let text: String = seq.next_element()?.ok_or_else(short)?;
                let file: u32 = seq.next_element()?.ok_or_else(short)?;
                let start: u32 = seq.next_element()?.ok_or_else(short)?;
                let end: u32 = seq.next_element()?.ok_or_else(short)?;
                Ok(Name { text, mark: Mark { file, start, end } })
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<Name, D::Error> {
                d.deserialize_str(self)
            }
        }
        deserializer.deserialize_newtype_struct(NAME_TOKEN, Text)
    }
}

impl schemars::JsonSchema for Name {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "the name of another part of the scenario; `{1..4}` stands for four of them",
        })
    }
}

/// A file that a scenario names, with the place of its name.
///
/// A relative path starts at the folder of the file that holds it, which the scenario's
/// reader finds from the mark.
#[derive(Debug, Clone)]
pub struct FilePath {
    /// As written.
    pub text: String,
    /// Where it was written.
    pub mark: Mark,
}

impl PartialEq for FilePath {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for FilePath {}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Name::deserialize(deserializer).map(|Name { text, mark }| Self { text, mark })
    }
}

impl schemars::JsonSchema for FilePath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FilePath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "a file; a relative path starts at the folder of this file",
        })
    }
}

/// One name or a list of them: `fed_by: ups-1` or `fed_by: [ups-1, ups-2]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(pub Vec<Name>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The scenario's deserializer hands a lone scalar to a sequence as its one element.
        Vec::deserialize(deserializer).map(Names)
    }
}

impl schemars::JsonSchema for Names {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let name = generator.subschema_for::<Name>();
        schemars::json_schema!({
            "description": "one name, or a list of names in order of preference",
            "anyOf": [name, {"type": "array", "items": name}],
        })
    }
}

/// How grave a [`Fault`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario runs, but probably not as its author thinks.
    Warning,
    /// The scenario is refused.
    Error,
}

/// Something a user got wrong, found while a spec became a design.
///
/// A fault names its place either by a [`Mark`] (a [`Name`] knows its own) or by the field
/// of the component at hand; `scenario/` finds the field's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Error or warning.
    pub severity: Severity,
    /// The place, where the room knows it.
    pub mark: Option<Mark>,
    /// The field of the component that the room was given; empty for the whole component. Fields
    /// within fields as messages write them: `failures.repair_mean`, `classes[2].weight`.
    pub field: Cow<'static, str>,
    /// What is wrong: lower case, no full stop, backticks round names and values.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Fault {
    /// An error at `field` of the component at hand.
    pub fn error(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        Self { severity: Severity::Error, mark: None, field, message, help: None }
    }

    /// A warning at `field` of the component at hand.
    pub fn warning(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(field, message) }
    }

    /// Places the fault in the field `outer` of what holds the component at hand.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        if !outer.is_empty() {
            self.field = match &*self.field {
                "" => Cow::Owned(outer.to_owned()),
                inner if inner.starts_with('[') => Cow::Owned(format!("{outer}{inner}")),
                inner => Cow::Owned(format!("{outer}.{inner}")),
            };
        }
        self
    }

    /// Places the fault at `mark`.
    #[must_use]
    pub fn at(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Hands `resolve` the faults and places what it adds in the field `outer`: a nested spec names
/// its own fields, and whoever holds it says where it stands.
///
/// ```ignore
/// within("checkpoint", faults, |faults| self.checkpoint.resolve(faults))
/// ```
pub fn within<T>(
    outer: &str,
    faults: &mut Vec<Fault>,
    resolve: impl FnOnce(&mut Vec<Fault>) -> T,
) -> T {
    let known = faults.len();
    let result = resolve(faults);
    for fault in faults.split_off(known) {
        faults.push(fault.within(outer));
    }
    result
}

/// Whether one of `faults` is an error.
pub fn has_errors(faults: &[Fault]) -> bool {
    faults.iter().any(|fault| fault.severity == Severity::Error)
}

/// Declares an enum of specs that a user selects by `kind:`.
///
/// Written `{kind: ups, rating: 2 MW}` in YAML. Serde's own internally tagged enums buffer
/// their content and lose every place in it; the scenario's deserializer therefore reads
/// `kind` itself when asked for an enum, and the derive here is the plain external form.
/// Serialisation and JSON Schema use the tagged form, which is what users write.
///
/// `enum PowerSpec: Kind` also gives it `common()`, the spec of whichever kind it is as
/// `&dyn Kind`.
macro_rules! kinds {
    (
        $(#[$doc:meta])* $vis:vis enum $name:ident: $common:ident {
            $($(#[$vdoc:meta])* $variant:ident($spec:ty) = $kind:literal),+ $(,)?
        }
    ) => {
        $crate::spec::kinds! {
            $(#[$doc])* $vis enum $name { $($(#[$vdoc])* $variant($spec) = $kind),+ }
        }

        impl $name {
            /// What every kind has in common.
            fn common(&self) -> &dyn $common {
                match self {
                    $(Self::$variant(spec) => spec),+
                }
            }
        }
    };
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident($spec:ty) = $kind:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, schemars::JsonSchema)]
        #[serde(tag = "kind")]
        #[allow(clippy::large_enum_variant)] // read once, a handful of them
        $vis enum $name {
            $($(#[$vdoc])* #[serde(rename = $kind)] $variant($spec)),+
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[allow(clippy::large_enum_variant)] // becomes the other at once
                enum Kinds {
                    $(#[serde(rename = $kind)] $variant($spec)),+
                }
                Ok(match Kinds::deserialize(deserializer)? {
                    $(Kinds::$variant(spec) => Self::$variant(spec)),+
                })
            }
        }

        impl $name {
            /// Every `kind` of this section, in the order of the documentation.
            $vis const KINDS: &'static [&'static str] = &[$($kind),+];

            /// Its `kind`, as users write it.
            #[allow(dead_code)] // not every section needs it
            $vis fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $kind),+
                }
            }
        }
    };
}
pub(crate) use kinds;
