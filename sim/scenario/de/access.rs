//! The sides of serde that ask for one part after another: entries, items, variants, keys.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::fill::Fill;
use super::{Error, Reader, Session, address};
use crate::plant::cooling;
use crate::scenario::diagnostics::Diagnostic;
use crate::scenario::tree::{Entry, Node};
use crate::spec::{Mark, NAME_TOKEN, suggest};
use crate::workload::mining;

/// The entries of a mapping, for serde.
pub(super) struct Entries<'t, 'k, 's> {
    pub(super) node: &'t Node,
    pub(super) entries: std::slice::Iter<'t, Entry>,
    pub(super) current: Option<&'t Entry>,
    /// The known fields; `None` for a mapping with free keys.
    pub(super) fields: Option<&'static [&'static str]>,
    /// Fields not yet looked at for being filled.
    pub(super) filling: std::slice::Iter<'static, &'static str>,
    pub(super) fill: Option<&'static str>,
    pub(super) in_kind: bool,
    pub(super) session: &'s mut Session<'k>,
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        for entry in self.entries.by_ref() {
            let key = entry.key.text.as_str();
            if self.session.spoilt.contains(&address(entry)) || (self.in_kind && key == "kind") {
                continue;
            }
            if let Some(fields) = self.fields
                && !fields.contains(&key)
            {
                if self.session.reported.insert(address(entry)) {
                    let message = self.session.message(&format!("unknown field `{key}`"));
                    let mut diagnostic =
                        Diagnostic::error(entry.key.mark, message).code("unknown-field");
                    diagnostic.help = moved(key, fields).or_else(|| suggest(key, fields));
                    if fields.is_empty() {
                        diagnostic.help = Some("this kind has no fields".to_owned());
                    }
                    self.session.record(diagnostic);
                }
                continue;
            }
            self.current = Some(entry);
            return match seed.deserialize(KeyReader { text: key, mark: entry.key.mark }) {
                Ok(key) => Ok(Some(key)),
                Err(Error::Wrong { message, help, code }) => {
                    let mut diagnostic =
                        Diagnostic::error(entry.key.mark, self.session.message(&message))
                            .code(code);
                    diagnostic.help = help;
                    self.session.record(diagnostic);
                    self.session.spoilt.insert(address(entry));
                    Err(Error::Again)
                }
                Err(error) => Err(error),
            };
        }
        self.current = None;
        for &field in self.filling.by_ref() {
            if self.session.filled.contains(&(address(self.node), field)) {
                self.fill = Some(field);
                return seed.deserialize(field.into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match (self.current, self.fill) {
            (Some(entry), _) => self.session.entry(entry, |reader| seed.deserialize(reader)),
            (None, Some(_)) => seed.deserialize(Fill::default()),
            (None, None) => unreachable!("serde asks for a value only after a key"),
        }
    }
}

/// "it is `pumps.head` now" for a field that once stood beside `fields`.
fn moved(key: &str, fields: &[&str]) -> Option<String> {
    let is_here = |place: &str| place.split('.').next().is_some_and(|part| fields.contains(&part));
    let mut all = cooling::MOVED.iter().chain(mining::MOVED);
    let (_, place) = all.find(|(old, place)| *old == key && is_here(place))?;
    Some(format!("it is `{place}` now"))
}

/// The items of a list, for serde. Spoilt ones are left out.
pub(super) struct Items<'t, 'k, 's> {
    pub(super) node: &'t Node,
    pub(super) items: &'t [Node],
    pub(super) next: usize,
    pub(super) session: &'s mut Session<'k>,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        while let Some(item) = self.items.get(self.next) {
            let index = self.next;
            self.next += 1;
            if self.session.spoilt.contains(&address(item)) {
                continue;
            }
            if std::ptr::eq(item, self.node) {
                // A lone scalar: the error is that of the field itself.
                let key = item.mark;
                let reader =
                    Reader { node: item, key, in_kind: false, session: &mut *self.session };
                return seed.deserialize(reader).map(Some);
            }
            let (step, spoils) = (format!("[{index}]"), address(item));
            let read = |reader: Reader<'_, '_, '_>| seed.deserialize(reader);
            return self.session.child(item, item.mark, &step, spoils, read).map(Some);
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

/// A chosen variant of an enum and where its content is.
pub(super) struct Variant<'t, C> {
    pub(super) text: &'t str,
    pub(super) content: C,
}

pub(super) enum Content<'t, 'k, 's> {
    /// `fcfs`: only a name.
    Nothing(Reader<'t, 'k, 's>),
    /// `{kind: fcfs, ...}`: the rest of the mapping.
    Kind(Reader<'t, 'k, 's>),
    /// `{fcfs: ...}`: the value of the only key.
    Entry { entry: &'t Entry, session: &'s mut Session<'k> },
}

impl<'de, 't, 'k, 's> de::EnumAccess<'de> for Variant<'t, Content<'t, 'k, 's>> {
    type Error = Error;
    type Variant = Content<'t, 'k, 's>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Error> {
        let text: de::value::StrDeserializer<'_, Error> = self.text.into_deserializer();
        Ok((seed.deserialize(text)?, self.content))
    }
}

impl Content<'_, '_, '_> {
    fn needs_fields(reader: &Reader<'_, '_, '_>) -> Error {
        let name = reader.node.as_text().unwrap_or_default();
        Error::helped(
            format!("`{name}` needs fields of its own"),
            format!("write a mapping: `{{kind: {name}, ...}}`"),
        )
    }
}

impl<'de> de::VariantAccess<'de> for Content<'_, '_, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self {
            Self::Nothing(_) => Ok(()),
            Self::Kind(reader) => reader.fields(&[], UnitMap(Unit)),
            Self::Entry { entry, session } => {
                unspoilt(session, entry)?.entry(entry, |reader| reader.deserialize_unit(Unit))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        match self {
            Self::Nothing(reader) => Err(Self::needs_fields(&reader)),
            Self::Kind(reader) => seed.deserialize(reader),
            Self::Entry { entry, session } => {
                unspoilt(session, entry)?.entry(entry, |reader| seed.deserialize(reader))
            }
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Nothing(reader) | Self::Kind(reader) => Err(Self::needs_fields(&reader)),
            Self::Entry { entry, session } => unspoilt(session, entry)?
                .entry(entry, |reader| reader.deserialize_tuple(length, visitor)),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Nothing(reader) => Err(Self::needs_fields(&reader)),
            Self::Kind(reader) => reader.fields(fields, visitor),
            Self::Entry { entry, session } => {
                unspoilt(session, entry)?.entry(entry, |reader| reader.fields(fields, visitor))
            }
        }
    }
}

/// Gives up on an enum whose only content was found wrong in an earlier round.
fn unspoilt<'s, 'k>(
    session: &'s mut Session<'k>,
    entry: &Entry,
) -> Result<&'s mut Session<'k>, Error> {
    if session.spoilt.contains(&address(entry)) { Err(Error::Hopeless) } else { Ok(session) }
}

/// Accepts a mapping without entries in place of nothing.
pub(super) struct UnitMap<V>(pub(super) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for UnitMap<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        self.0.visit_unit()
    }
}

struct Unit;

impl Visitor<'_> for Unit {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The answer to the token of [`crate::spec::Name`]: text, file, start, end.
pub(super) struct NameParts<'t> {
    pub(super) text: Option<&'t str>,
    pub(super) mark: Mark,
    pub(super) next: usize,
}

impl<'de> de::SeqAccess<'de> for NameParts<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if let Some(text) = self.text.take() {
            return seed.deserialize(text.into_deserializer()).map(Some);
        }
        let part = [self.mark.file, self.mark.start, self.mark.end].get(self.next).copied();
        self.next += 1;
        part.map(|part| seed.deserialize(part.into_deserializer())).transpose()
    }
}

/// Reads a key.
struct KeyReader<'t> {
    text: &'t str,
    mark: Mark,
}

macro_rules! parsed_keys {
    ($($method:ident $visit:ident),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.text.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Error::wrong(format!("the key needs a whole number, got `{}`", self.text))),
            }
        })+
    };
}

impl<'de> Deserializer<'de> for KeyReader<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    parsed_keys! {
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32,
        deserialize_i64 visit_i64, deserialize_u8 visit_u8, deserialize_u16 visit_u16,
        deserialize_u32 visit_u32, deserialize_u64 visit_u64,
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == NAME_TOKEN {
            visitor.visit_seq(NameParts { text: Some(self.text), mark: self.mark, next: 0 })
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let text: de::value::StrDeserializer<'_, Error> = self.text.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}
