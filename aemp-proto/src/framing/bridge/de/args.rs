//! Decoding all arguments of a message into one type.

use super::Value;
use crate::{
    framing::{
        DecodeError,
        token::{Reader, Token},
    },
    value::text_of_octets,
};
use alloc::borrow::Cow;
use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, SeqAccess, VariantAccess, Visitor,
        value::{BorrowedStrDeserializer, CowStrDeserializer},
    },
    forward_to_deserialize_any,
};

/// Decodes the next `count` values as the arguments of a message.
#[inline]
pub(in crate::framing) fn decode_args<'de, R, T>(
    reader: &mut R,
    count: usize,
) -> Result<T, DecodeError>
where
    R: Reader<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(Arguments(Rest {
        reader,
        index: 0,
        count,
    }))
}

/// The arguments that are still to come.
struct Rest<'r, R> {
    reader: &'r mut R,
    index: usize,
    count: usize,
}

impl<'de, R: Reader<'de>> Rest<'_, R> {
    #[inline]
    fn next<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        if self.index == self.count {
            return Ok(None);
        }
        self.index += 1;
        let value = seed.deserialize(Value(self.reader));
        value.map(Some).map_err(|error| error.at(self.index))
    }

    fn finish(&self) -> Result<(), DecodeError> {
        if self.index < self.count {
            return Err(wrong_count(self.count, &self.index));
        }
        Ok(())
    }

    fn only<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        if self.index + 1 != self.count {
            return Err(wrong_count(self.count, &(self.index + 1)));
        }
        self.next(seed)?
            .ok_or_else(|| wrong_count(self.count, &self.index))
    }
}

fn wrong_count(count: usize, expected: &dyn fmt::Display) -> DecodeError {
    let s = if count == 1 { "" } else { "s" };
    DecodeError::new(format_args!(
        "there are {count} argument{s}, expected {expected}"
    ))
}

impl<'de, R: Reader<'de>> SeqAccess<'de> for &mut Rest<'_, R> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count - self.index)
    }
}

/// All arguments as one sequence, or as an enum whose variant the first one names.
struct Arguments<'r, R>(Rest<'r, R>);

impl<'de, R: Reader<'de>> Deserializer<'de> for Arguments<'_, R> {
    type Error = DecodeError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let value = visitor.visit_seq(&mut self.0)?;
        self.0.finish()?;
        Ok(value)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.0.finish()?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
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
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        seq tuple tuple_struct map struct identifier
    }
}

impl<'de, R: Reader<'de>> EnumAccess<'de> for Arguments<'_, R> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        mut self,
        seed: V,
    ) -> Result<(V::Value, Self), DecodeError> {
        if self.0.count == 0 {
            return Err(wrong_count(0, &"at least one, a tag"));
        }
        self.0.index = 1;
        let tag = match self.0.reader.value() {
            Token::Text(Cow::Borrowed(tag)) => seed.deserialize(BorrowedStrDeserializer::new(tag)),
            Token::Text(tag) => seed.deserialize(CowStrDeserializer::new(tag)),
            Token::Octets(tag) => seed.deserialize(CowStrDeserializer::new(text_of_octets(tag))),
            _ => Err(DecodeError::custom("a text expected, the tag")),
        };
        Ok((tag.map_err(|error| error.at(1))?, self))
    }
}

impl<'de, R: Reader<'de>> VariantAccess<'de> for Arguments<'_, R> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        self.0.finish()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        mut self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        self.0.only(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if self.0.count != 2 {
            return Err(wrong_count(self.0.count, &"2, a tag and a map"));
        }
        self.0.index = 2;
        Value(self.0.reader)
            .deserialize_any(visitor)
            .map_err(|error| error.at(2))
    }
}
