//! Stand-ins for missing fields, so that a reader finds the errors behind them.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

use super::Error;

/// Gives any type a value that it accepts, as far as that can be guessed: `false`, 1, an
/// empty list, the first variant, and for texts the example that the type itself names in
/// its expectation (``a power such as `40 kW` ``).
#[derive(Default, Clone, Copy)]
pub(super) struct Fill {
    depth: u8,
}

impl Fill {
    /// A type that holds itself has no smallest value.
    const DEEPEST: u8 = 16;

    fn deeper(self) -> Result<Self, Error> {
        if self.depth < Self::DEEPEST {
            Ok(Self { depth: self.depth + 1 })
        } else {
            Err(Error::Hopeless)
        }
    }
}

/// Whatever a type says about a guessed value is no error of the user.
fn guess<T>(result: Result<T, Error>) -> Result<T, Error> {
    result.map_err(|_| Error::Hopeless)
}

macro_rules! ones {
    ($($method:ident $visit:ident $value:expr),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            guess(visitor.$visit($value))
        })+
    };
}

impl<'de> Deserializer<'de> for Fill {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::Hopeless)
    }

    ones! {
        deserialize_bool visit_bool false, deserialize_i8 visit_i8 1, deserialize_i16 visit_i16 1,
        deserialize_i32 visit_i32 1, deserialize_i64 visit_i64 1, deserialize_u8 visit_u8 1,
        deserialize_u16 visit_u16 1, deserialize_u32 visit_u32 1, deserialize_u64 visit_u64 1,
        deserialize_f32 visit_f32 1.0, deserialize_f64 visit_f64 1.0,
        deserialize_char visit_char 'x',
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let expected = (&visitor as &dyn de::Expected).to_string();
        let example = expected.split('`').nth(1).unwrap_or("x");
        guess(visitor.visit_str(example))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        guess(visitor.visit_none())
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        guess(visitor.visit_unit())
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        guess(visitor.visit_unit())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        guess(visitor.visit_newtype_struct(self.deeper()?))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        guess(visitor.visit_seq(Repeat { left: 0, fill: self }))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        guess(visitor.visit_seq(Repeat { left: length, fill: self.deeper()? }))
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
        guess(visitor.visit_map(Fields { names: [].iter(), fill: self }))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        guess(visitor.visit_map(Fields { names: fields.iter(), fill: self.deeper()? }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let first = variants.first().copied().ok_or(Error::Hopeless)?;
        guess(visitor.visit_enum(FirstVariant { first, fill: self.deeper()? }))
    }

    serde::forward_to_deserialize_any! { i128 u128 bytes byte_buf identifier ignored_any }
}

impl fmt::Debug for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fill")
    }
}

struct Repeat {
    left: usize,
    fill: Fill,
}

impl<'de> de::SeqAccess<'de> for Repeat {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.fill).map(Some)
    }
}

struct Fields {
    names: std::slice::Iter<'static, &'static str>,
    fill: Fill,
}

impl<'de> de::MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.names.next().map(|&name| seed.deserialize(name.into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.fill)
    }
}

struct FirstVariant {
    first: &'static str,
    fill: Fill,
}

impl<'de> de::EnumAccess<'de> for FirstVariant {
    type Error = Error;
    type Variant = Fill;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Fill), Error> {
        let name: de::value::StrDeserializer<'_, Error> = self.first.into_deserializer();
        Ok((seed.deserialize(name)?, self.fill))
    }
}

impl<'de> de::VariantAccess<'de> for Fill {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}
