//! Parts of the tree to specs, by serde.
//!
//! Serde stops at the first error, and users want all of them. So an error is recorded with
//! its place, the entry that caused it is *spoilt*, that is treated as absent from then on,
//! and the whole value is read again, until nothing new is found. A required field that is
//! missing, or absent because it is spoilt, is filled with a value that its type accepts, so
//! that the reader comes past it; what was filled in is never handed out, because the read
//! has failed by then. Each round finds at least one error, and rounds are limited.

mod access;
mod fill;

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

use self::access::{Content, Entries, Items, NameParts, UnitMap, Variant};
use super::diagnostics::{Diagnostic, Diagnostics};
use super::place::Place;
use super::tree::{self, Entry, Node, Plain, Scalar, Value};
use crate::plant::cooling::COUNTS;
use crate::spec::{Mark, NAME_TOKEN, closest, suggest};
use crate::units::HINT_MARK;

/// Rounds of one read, and so about the number of wrong values that it can report. One
/// component has at most some dozen; this bounds the time for a hostile file.
const ROUNDS: usize = 128;
/// Values visited in all rounds of one read, after which no further round is begun.
const VISITS: usize = 1_000_000;

/// The name of the enum that `kinds!` declares, which selects by `kind`.
const KINDS: &str = "Kinds";

/// Reads the value at `place` as a `T`, all errors to `sink`. `None` if there was one.
///
/// Costs one pass over the value for each wrong or missing value in it, plus one.
pub(crate) fn read<T: DeserializeOwned>(place: &Place<'_>, sink: &mut Diagnostics) -> Option<T> {
    let mut session = Session {
        sink,
        path: place.path.clone(),
        errors: 0,
        visits: 0,
        spoilt: HashSet::new(),
        reported: HashSet::new(),
        filled: HashSet::new(),
    };
    for _ in 0..ROUNDS {
        let reader =
            Reader { node: place.node, key: place.key, in_kind: false, session: &mut session };
        match T::deserialize(reader) {
            Ok(value) => return (session.errors == 0).then_some(value),
            Err(Error::Again) if session.visits < VISITS => {}
            Err(Error::Again | Error::Hopeless) => return None,
            Err(error) => {
                session.report_value(place.node, error);
                return None;
            }
        }
    }
    None
}

/// Why a value could not be read.
#[derive(Debug)]
pub(crate) enum Error {
    /// The value at hand is wrong; not yet recorded.
    Wrong { message: String, help: Option<String>, code: &'static str },
    /// A field is missing from the mapping at hand; not yet recorded.
    Missing(&'static str),
    /// Recorded, and the next round will come further.
    Again,
    /// Recorded, and no further round can read the value at hand.
    Hopeless,
}

impl Error {
    fn wrong(message: impl Into<String>) -> Self {
        Self::Wrong { message: message.into(), help: None, code: "bad-value" }
    }

    fn helped(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Wrong { message: message.into(), help: Some(help.into()), code: "bad-value" }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong { message, .. } => f.write_str(message),
            Self::Missing(field) => write!(f, "missing field `{field}`"),
            Self::Again | Self::Hopeless => f.write_str("already reported"),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        match text.split_once(HINT_MARK) {
            Some((message, hint)) => Self::helped(message, hint),
            None => Self::wrong(text),
        }
    }

    fn invalid_type(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::wrong(format!("needs {expected}, got {unexpected}"))
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::wrong(format!("needs {expected}, got {unexpected}"))
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::wrong(format!("needs {expected}, got {length} entries"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Wrong {
            message: format!("unknown value `{variant}`"),
            help: suggest(variant, expected),
            code: "bad-value",
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Wrong {
            message: format!("unknown field `{field}`"),
            help: suggest(field, expected),
            code: "unknown-field",
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::wrong(format!("duplicate field `{field}`"))
    }
}

/// What the rounds of one read share. Nodes and entries are told apart by their address,
/// which is fixed while the tree is borrowed; the sets are never iterated.
struct Session<'k> {
    sink: &'k mut Diagnostics,
    path: String,
    errors: usize,
    visits: usize,
    /// Entries and list items to be treated as absent.
    spoilt: HashSet<usize>,
    /// Entries whose key was already found unknown.
    reported: HashSet<usize>,
    /// Fields of mappings to be filled.
    filled: HashSet<(usize, &'static str)>,
}

fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

impl Session<'_> {
    fn record(&mut self, diagnostic: Diagnostic) {
        self.errors += 1;
        self.sink.push(diagnostic);
    }

    fn message(&self, message: &str) -> String {
        if self.path.is_empty() { message.to_owned() } else { format!("{}: {message}", self.path) }
    }

    fn report_value(&mut self, node: &Node, error: Error) {
        let (message, help, code) = match error {
            Error::Wrong { message, help, code } => (message, help, code),
            Error::Missing(field) => (format!("missing field `{field}`"), None, "missing-field"),
            Error::Again | Error::Hopeless => return,
        };
        let mut diagnostic = Diagnostic::in_value(node, self.message(&message)).code(code);
        diagnostic.help = help;
        self.record(diagnostic);
    }

    /// Reads something below the current path, and undoes the path afterwards.
    fn below<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 && !step.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(step);
        let result = read(self);
        self.path.truncate(length);
        result
    }

    /// Reads `node`, an entry or item that `spoils` names; an error in it spoils it.
    fn child<'t, T>(
        &mut self,
        node: &'t Node,
        key: Mark,
        step: &str,
        spoils: usize,
        read: impl FnOnce(Reader<'t, '_, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.visits += 1;
        self.below(step, |session| {
            match read(Reader { node, key, in_kind: false, session: &mut *session }) {
                Err(Error::Again) => Err(Error::Again),
                Err(error) => {
                    session.report_value(node, error);
                    session.spoilt.insert(spoils);
                    Err(Error::Again)
                }
                Ok(value) => Ok(value),
            }
        })
    }

    /// Reads the value of `entry`, below its key.
    fn entry<'t, T>(
        &mut self,
        entry: &'t Entry,
        read: impl FnOnce(Reader<'t, '_, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.child(&entry.value, entry.key.mark, &entry.key.text, address(entry), read)
    }
}

/// Reads one node.
struct Reader<'t, 'k, 's> {
    node: &'t Node,
    /// Where the key of the node stands: the place of what is missing in it.
    key: Mark,
    /// The node is the content of a kind: its key `kind` has been read.
    in_kind: bool,
    session: &'s mut Session<'k>,
}

impl<'t> Reader<'t, '_, '_> {
    fn needs(&self, what: impl fmt::Display) -> Error {
        Error::wrong(format!("needs {what}, got {}", self.node.describe()))
    }

    fn scalar(&self, what: impl fmt::Display) -> Result<&'t Scalar, Error> {
        match &self.node.value {
            Value::Scalar(scalar) => Ok(scalar),
            _ => Err(self.needs(what)),
        }
    }

    fn integer(&self, least: i128, most: i128) -> Result<i128, Error> {
        const WHAT: &str = "a whole number";
        let scalar = self.scalar(WHAT)?;
        let digits = scalar.text.strip_prefix(['-', '+']).unwrap_or(&scalar.text);
        let is_integer = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits.len() == 1 || !digits.starts_with('0'));
        if scalar.quoted || !is_integer {
            let error = self.needs(WHAT);
            return Err(match (error, scalar.quoted) {
                (Error::Wrong { message, .. }, true) if is_integer => {
                    Error::helped(message, "leave the quotes out")
                }
                (Error::Wrong { message, .. }, false) if tree::float(&scalar.text).is_some() => {
                    Error::helped(message, "write the digits out, without point and exponent")
                }
                (error, _) => error,
            });
        }
        let value: Option<i128> = scalar.text.parse().ok();
        value.filter(|value| (least..=most).contains(value)).ok_or_else(|| {
            Error::helped(
                format!("number out of range: `{}`", scalar.text),
                format!("from {least} to {most}"),
            )
        })
    }

    fn float(&self) -> Result<f64, Error> {
        const WHAT: &str = "a number";
        let scalar = self.scalar(WHAT)?;
        let number = tree::float(&scalar.text);
        match number {
            Some(number) if !scalar.quoted => Ok(number),
            Some(_) => Err(Error::helped(
                format!("needs {WHAT}, got {}", self.node.describe()),
                "leave the quotes out",
            )),
            None if scalar.text.parse::<f64>().is_ok_and(f64::is_infinite)
                && scalar.text.starts_with(|c: char| !c.is_alphabetic()) =>
            {
                Err(Error::wrong(format!("number out of range: `{}`", scalar.text)))
            }
            None => Err(self.needs(WHAT)),
        }
    }

    /// "it is `pumps.count` now" for a number in place of a part that was one once.
    fn once_a_count(&self, fields: &[&str]) -> Option<String> {
        let Value::Scalar(scalar) = &self.node.value else { return None };
        let part = self.session.path.rsplit('.').next()?;
        let (_, field) = COUNTS.iter().find(|(it, field)| *it == part && fields.contains(field))?;
        let is_number = tree::float(&scalar.text).is_some();
        is_number
            .then(|| format!("it is `{part}.{field}` now: `{part}: {{{field}: {}}}`", scalar.text))
    }

    fn fields<'de, V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Map(map) = &self.node.value else {
            let known = || self.once_a_count(fields).or_else(|| suggest("", fields));
            return Err(match (self.needs("a mapping"), known()) {
                (Error::Wrong { message, .. }, Some(known)) => Error::helped(message, known),
                (error, _) => error,
            });
        };
        let (node, key) = (self.node, self.key);
        let spoilt_fields: Vec<&str> = map
            .entries
            .iter()
            .filter(|entry| self.session.spoilt.contains(&address(*entry)))
            .map(|entry| entry.key.text.as_str())
            .collect();
        let session = self.session;
        let access = Entries {
            node,
            entries: map.entries.iter(),
            current: None,
            fields: Some(fields),
            filling: fields.iter(),
            fill: None,
            in_kind: self.in_kind,
            session: &mut *session,
        };
        match visitor.visit_map(access) {
            Err(Error::Missing(field)) => {
                if !spoilt_fields.contains(&field) {
                    let place = node.used_at.unwrap_or(key);
                    let message = session.message(&format!("missing field `{field}`"));
                    let mut diagnostic = Diagnostic::error(place, message).code("missing-field");
                    // A misspelt field was reported already; say that the two belong together.
                    let written = map.keys().filter(|written| !fields.contains(written));
                    if let Some(meant) = closest(field, written) {
                        diagnostic.help = Some(format!("is `{meant}` meant to be `{field}`?"));
                    }
                    session.record(diagnostic);
                }
                let is_new = session.filled.insert((address(node), field));
                Err(if is_new { Error::Again } else { Error::Hopeless })
            }
            other => other,
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let value = self.integer(i128::from(<$type>::MIN), i128::from(<$type>::MAX))?;
            visitor.$visit(<$type>::try_from(value).expect("checked against the range"))
        })+
    };
}

impl<'de> Deserializer<'de> for Reader<'_, '_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Scalar(scalar) => match scalar.plain() {
                Plain::Bool(value) => visitor.visit_bool(value),
                Plain::Unsigned(value) => visitor.visit_u64(value),
                Plain::Signed(value) => visitor.visit_i64(value),
                Plain::Float(value) => visitor.visit_f64(value),
                Plain::Text(text) => visitor.visit_str(text),
            },
            Value::Seq(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Scalar(Scalar { text, quoted: false }) if text == "true" => {
                visitor.visit_bool(true)
            }
            Value::Scalar(Scalar { text, quoted: false }) if text == "false" => {
                visitor.visit_bool(false)
            }
            _ => Err(self.needs("`true` or `false`")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Scalar(scalar) => visitor.visit_str(&scalar.text),
            _ => {
                let expected = (&visitor as &dyn de::Expected).to_string();
                Err(self.needs(if expected == "a string" { "a text" } else { &expected }))
            }
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            _ => Err(self.needs("nothing")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        // `{kind: round-robin}`: the content of a kind without fields.
        self.fields(&[], UnitMap(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != NAME_TOKEN {
            return visitor.visit_newtype_struct(self);
        }
        let scalar = self.scalar(&visitor as &dyn de::Expected)?;
        visitor.visit_seq(NameParts { text: Some(&scalar.text), mark: self.node.mark, next: 0 })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = match &self.node.value {
            Value::Seq(items) => items.as_slice(),
            // `fed_by: ups-1` for `fed_by: [ups-1]`.
            Value::Scalar(_) => std::slice::from_ref(self.node),
            _ => return Err(self.needs("a list")),
        };
        visitor.visit_seq(Items { node: self.node, items, next: 0, session: self.session })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Seq(items) if items.len() == length => {
                let lost = items.iter().any(|item| self.session.spoilt.contains(&address(item)));
                if lost {
                    return Err(Error::Hopeless);
                }
                self.deserialize_seq(visitor)
            }
            Value::Seq(items) => {
                Err(Error::wrong(format!("needs a list of {length} entries, got {}", items.len())))
            }
            _ => Err(self.needs(format_args!("a list of {length} entries"))),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Map(map) = &self.node.value else {
            return Err(self.needs("a mapping"));
        };
        visitor.visit_map(Entries {
            node: self.node,
            entries: map.entries.iter(),
            current: None,
            fields: None,
            filling: [].iter(),
            fill: None,
            in_kind: self.in_kind,
            session: self.session,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.value {
            Value::Scalar(scalar) if variants.contains(&scalar.text.as_str()) => {
                let variant = Variant { text: &scalar.text, content: Content::Nothing(self) };
                visitor.visit_enum(variant)
            }
            Value::Scalar(_) if name == KINDS => Err(self.needs("a mapping with a `kind`")),
            Value::Scalar(scalar) => Err(Error::Wrong {
                message: format!("unknown value `{}`", scalar.text),
                help: suggest(&scalar.text, variants),
                code: "bad-value",
            }),
            Value::Map(map) => {
                // `{epw: file}`: an enum that serde tags by the only key.
                if name != KINDS
                    && let [entry] = map.entries.as_slice()
                    && variants.contains(&entry.key.text.as_str())
                {
                    let content = Content::Entry { entry, session: self.session };
                    return visitor.visit_enum(Variant { text: &entry.key.text, content });
                }
                let kind = self.kind(&map.entries, name, variants)?;
                self.in_kind = true;
                visitor.visit_enum(Variant { text: kind, content: Content::Kind(self) })
            }
            _ if name == KINDS => Err(self.needs("a mapping with a `kind`")),
            _ => Err(self.needs(format_args!("one of {}", listed(variants)))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

impl<'t> Reader<'t, '_, '_> {
    /// The `kind` of this mapping, which must be one of `variants`. Errors are recorded here,
    /// since their place is not that of the mapping.
    fn kind(
        &mut self,
        entries: &'t [Entry],
        name: &str,
        variants: &'static [&'static str],
    ) -> Result<&'t str, Error> {
        let Some(entry) = entries.iter().find(|entry| entry.key.text == "kind") else {
            if name != KINDS {
                return Err(self.needs(format_args!("one of {}", listed(variants))));
            }
            let place = self.node.used_at.unwrap_or(self.key);
            let message = self.session.message("missing field `kind`");
            self.session.record(
                Diagnostic::error(place, message)
                    .code("missing-field")
                    .help(format!("known kinds: {}", listed(variants))),
            );
            return Err(Error::Hopeless);
        };
        match entry.value.as_text() {
            Some(text) if variants.contains(&text) => Ok(text),
            // The catalogue has reported kinds that it does not know either.
            _ if self.session.sink.has_error_at(entry.value.place()) => {
                self.session.errors += 1;
                Err(Error::Hopeless)
            }
            text => {
                let what = match text {
                    Some(text) => format!("unknown kind `{text}`"),
                    None => format!("`kind` needs a name, got {}", entry.value.describe()),
                };
                let mut diagnostic =
                    Diagnostic::in_value(&entry.value, self.session.message(&what))
                        .code("unknown-kind");
                diagnostic.help = suggest(text.unwrap_or_default(), variants);
                self.session.record(diagnostic);
                Err(Error::Hopeless)
            }
        }
    }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
