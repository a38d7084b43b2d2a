//! Decoding values and arguments into types.

mod args;

use crate::{
    framing::{
        DecodeError,
        token::{Left, Reader, Token},
    },
    value::{Float, Integer, octets_of_text, text_of_octets},
};
use alloc::borrow::Cow;
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::CowStrDeserializer,
    },
    forward_to_deserialize_any,
};

pub(in crate::framing) use args::decode_args;

/// Decodes the next value.
#[inline]
pub(in crate::framing) fn decode<'de, R, T>(reader: &mut R) -> Result<T, DecodeError>
where
    R: Reader<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(Value(reader))
}

/// The next value.
struct Value<'r, R>(&'r mut R);

impl<'de, R: Reader<'de>> Value<'_, R> {
    #[inline]
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if let Some(integer) = self.0.quick_unsigned() {
            return visitor.visit_u64(integer);
        }
        match as_number(self.0.value()) {
            Token::Float(float) => match float.as_integer() {
                Some(integer) => visit_integer(integer, visitor),
                None => visitor.visit_f64(float.get()),
            },
            token => self.visit(token, visitor),
        }
    }

    #[inline]
    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let token = as_number(self.0.value());
        self.visit(token, visitor)
    }

    /// Perl has no booleans: what they turn into there is taken back.
    #[inline]
    fn bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let token = match self.0.value() {
            Token::Bool(bool) => Token::Bool(bool),
            Token::Integer(integer) if integer.get() == 0 => Token::Bool(false),
            Token::Integer(integer) if integer.get() == 1 => Token::Bool(true),
            token => match token.octets() {
                Some(b"" | b"0") => Token::Bool(false),
                Some(b"1") => Token::Bool(true),
                _ => token,
            },
        };
        self.visit(token, visitor)
    }

    #[inline]
    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if let Some(text) = self.0.quick_text() {
            return visitor.visit_borrowed_str(text);
        }
        match self.0.value() {
            Token::Text(text) => visit_text(text, visitor),
            Token::Octets(octets) => visit_text(text_of_octets(octets), visitor),
            token => self.visit(token, visitor),
        }
    }

    fn octets<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0.value() {
            Token::Text(Cow::Borrowed(text)) if text.is_ascii() => {
                visitor.visit_borrowed_bytes(text.as_bytes())
            }
            Token::Text(text) => match octets_of_text(&text) {
                Some(octets) => visitor.visit_byte_buf(octets),
                None => Err(DecodeError::new(
                    "octets expected, but the text holds characters above U+00FF",
                )),
            },
            token => self.visit(token, visitor),
        }
    }

    #[inline]
    fn visit<V: Visitor<'de>>(
        self,
        token: Token<'de>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match token {
            Token::Null => visitor.visit_unit(),
            Token::Bool(bool) => visitor.visit_bool(bool),
            Token::Integer(integer) => visit_integer(integer, visitor),
            Token::Float(float) => visitor.visit_f64(Float::get(float)),
            Token::Text(text) => visit_text(text, visitor),
            Token::Octets(Cow::Borrowed(octets)) => visitor.visit_borrowed_bytes(octets),
            Token::Octets(Cow::Owned(octets)) => visitor.visit_byte_buf(octets),
            Token::Array(left) => {
                let mut elements = Elements {
                    reader: self.0,
                    left,
                    count: 0,
                    ended: false,
                };
                let value = visitor.visit_seq(&mut elements)?;
                elements.finish()?;
                Ok(value)
            }
            Token::Map(left) => {
                let mut entries = Entries {
                    reader: self.0,
                    left,
                    ended: false,
                };
                let value = visitor.visit_map(&mut entries)?;
                entries.finish()?;
                Ok(value)
            }
        }
    }
}

/// The number that a text is the decimal form of; Perl may send either for the other.
#[inline]
fn as_number(token: Token<'_>) -> Token<'_> {
    match token.octets() {
        Some(octets) => number(octets).unwrap_or(token),
        None => token,
    }
}

#[cold]
fn number(octets: &[u8]) -> Option<Token<'static>> {
    let text = core::str::from_utf8(octets).ok()?;
    // What else a float may look like in Rust begins with a letter, a point or a plus.
    if !text
        .strip_prefix('-')
        .unwrap_or(text)
        .starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    match text.parse().ok().and_then(Integer::new) {
        Some(integer) => Some(Token::Integer(integer)),
        None => text.parse().ok().and_then(Float::new).map(Token::Float),
    }
}

#[inline]
fn visit_integer<'de, V: Visitor<'de>>(
    integer: Integer,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    match integer.as_u64() {
        Some(integer) => visitor.visit_u64(integer),
        None => visitor.visit_i64(integer.as_i64().unwrap_or(i64::MIN)),
    }
}

#[inline]
fn visit_text<'de, V: Visitor<'de>>(
    text: Cow<'de, str>,
    visitor: V,
) -> Result<V::Value, DecodeError> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(#[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.integer(visitor)
        })*
    };
}

impl<'de, R: Reader<'de>> Deserializer<'de> for Value<'_, R> {
    type Error = DecodeError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let token = self.0.value();
        self.visit(token, visitor)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.bool(visitor)
    }

    #[inline]
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.float(visitor)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.float(visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.text(visitor)
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.text(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.octets(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.octets(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.0.null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.0.value() {
            Token::Text(text) => visitor.visit_enum(CowStrDeserializer::new(text)),
            Token::Octets(octets) => {
                visitor.visit_enum(CowStrDeserializer::new(text_of_octets(octets)))
            }
            Token::Map(left) => visitor.visit_enum(Variant {
                reader: self.0,
                left,
            }),
            token => self.visit(token, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.0.skip();
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The elements of an array.
struct Elements<'r, R> {
    reader: &'r mut R,
    left: Left,
    count: usize,
    /// Whether the reader has left the array.
    ended: bool,
}

impl<'de, R: Reader<'de>> Elements<'_, R> {
    #[inline]
    fn finish(mut self) -> Result<(), DecodeError> {
        if !self.ended && self.reader.element(&mut self.left) {
            let taken = self.count;
            return Err(DecodeError::new(format_args!(
                "the array has more than {taken} elements"
            )));
        }
        Ok(())
    }
}

impl<'de, R: Reader<'de>> SeqAccess<'de> for &mut Elements<'_, R> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.ended || !self.reader.element(&mut self.left) {
            self.ended = true;
            return Ok(None);
        }
        self.count += 1;
        seed.deserialize(Value(self.reader)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

/// The entries of a map.
struct Entries<'r, R> {
    reader: &'r mut R,
    left: Left,
    /// Whether the reader has left the map.
    ended: bool,
}

impl<'de, R: Reader<'de>> Entries<'_, R> {
    #[inline]
    fn finish(mut self) -> Result<(), DecodeError> {
        match self.key() {
            Some(key) => Err(DecodeError::new(format_args!(
                "the map has one more key, {key:?}"
            ))),
            None => Ok(()),
        }
    }

    #[inline]
    fn key(&mut self) -> Option<Cow<'de, str>> {
        if self.ended {
            return None;
        }
        let key = self.reader.key(&mut self.left);
        self.ended = key.is_none();
        key
    }
}

impl<'de, R: Reader<'de>> MapAccess<'de> for &mut Entries<'_, R> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        self.key().map(|key| seed.deserialize(Key(key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let value = seed.deserialize(Value(self.reader))?;
        self.reader.end_entry();
        Ok(value)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

/// The key of an entry: text that also serves types which are written as text there.
struct Key<'de>(Cow<'de, str>);

macro_rules! parsed {
    ($($method:ident $visit:ident;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.0.parse() {
                Ok(key) => visitor.$visit(key),
                Err(_) => visit_text(self.0, visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visit_text(self.0, visitor)
    }

    parsed! {
        deserialize_bool visit_bool;
        deserialize_i8 visit_i8;
        deserialize_i16 visit_i16;
        deserialize_i32 visit_i32;
        deserialize_i64 visit_i64;
        deserialize_i128 visit_i128;
        deserialize_u8 visit_u8;
        deserialize_u16 visit_u16;
        deserialize_u32 visit_u32;
        deserialize_u64 visit_u64;
        deserialize_u128 visit_u128;
        deserialize_f32 visit_f32;
        deserialize_f64 visit_f64;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(CowStrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// An enum as a map of one entry: the variant's name and its content.
struct Variant<'r, R> {
    reader: &'r mut R,
    left: Left,
}

impl<'de, R: Reader<'de>> Variant<'_, R> {
    fn finish(mut self) -> Result<(), DecodeError> {
        self.reader.end_entry();
        match self.reader.key(&mut self.left) {
            Some(_) => Err(DecodeError::new("a map of one entry expected for an enum")),
            None => Ok(()),
        }
    }
}

impl<'de, R: Reader<'de>> EnumAccess<'de> for Variant<'_, R> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        mut self,
        seed: V,
    ) -> Result<(V::Value, Self), DecodeError> {
        let Some(key) = self.reader.key(&mut self.left) else {
            return Err(DecodeError::new("a map of one entry expected for an enum"));
        };
        Ok((seed.deserialize(Key(key))?, self))
    }
}

impl<'de, R: Reader<'de>> VariantAccess<'de> for Variant<'_, R> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        <()>::deserialize(Value(self.reader))?;
        self.finish()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        let value = seed.deserialize(Value(self.reader))?;
        self.finish()?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        let value = Value(self.reader).deserialize_any(visitor)?;
        self.finish()?;
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let value = Value(self.reader).deserialize_any(visitor)?;
        self.finish()?;
        Ok(value)
    }
}
