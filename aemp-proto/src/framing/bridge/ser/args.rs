//! Encoding a type as the arguments of a message.

use super::{Elements, Entries, Outcome};
use crate::framing::{
    EncodeError,
    error::Refused,
    token::{Sink, Writer},
};
use serde::{
    Serialize, Serializer,
    ser::{Impossible, SerializeStructVariant},
};

/// Encodes the message for `port` whose arguments are `args`.
pub(in crate::framing) fn encode_args<W: Writer, T: Serialize + ?Sized>(
    sink: &mut Sink<W>,
    port: &str,
    args: &T,
) -> Outcome {
    args.serialize(Arguments { sink, port })
}

/// The arguments of a message: whatever is a sequence.
struct Arguments<'s, 'p, W> {
    sink: &'s mut Sink<W>,
    port: &'p str,
}

impl<'s, W: Writer> Arguments<'s, '_, W> {
    #[inline]
    fn begin(self, len: Option<usize>) -> Result<Elements<'s, W>, Refused> {
        let mut elements = Elements::begin(self.sink, len.map(|len| len + 1), None)?;
        elements.element(self.port)?;
        Ok(elements)
    }

    fn tagged(self, tag: &'static str, len: usize) -> Result<Elements<'s, W>, Refused> {
        let mut elements = self.begin(Some(1 + len))?;
        elements.element(tag)?;
        Ok(elements)
    }
}

macro_rules! no_arguments {
    ($($kind:literal: $method:ident($($arg:ty),*);)*) => {
        $(fn $method(self, $(_: $arg),*) -> Outcome {
            Err(EncodeError::Arguments($kind).into())
        })*
    };
}

impl<'s, W: Writer> Serializer for Arguments<'s, '_, W> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Elements<'s, W>;
    type SerializeTuple = Elements<'s, W>;
    type SerializeTupleStruct = Elements<'s, W>;
    type SerializeTupleVariant = Elements<'s, W>;
    type SerializeMap = Impossible<(), Refused>;
    type SerializeStruct = Impossible<(), Refused>;
    type SerializeStructVariant = TagAndMap<'s, W>;

    no_arguments! {
        "a boolean": serialize_bool(bool);
        "a number": serialize_i8(i8);
        "a number": serialize_i16(i16);
        "a number": serialize_i32(i32);
        "a number": serialize_i64(i64);
        "a number": serialize_i128(i128);
        "a number": serialize_u8(u8);
        "a number": serialize_u16(u16);
        "a number": serialize_u32(u32);
        "a number": serialize_u64(u64);
        "a number": serialize_u128(u128);
        "a number": serialize_f32(f32);
        "a number": serialize_f64(f64);
        "a text": serialize_char(char);
        "a text": serialize_str(&str);
        "octets": serialize_bytes(&[u8]);
        "an option without value": serialize_none();
    }

    fn serialize_some<T: Serialize + ?Sized>(self, it: &T) -> Outcome {
        it.serialize(self)
    }

    fn serialize_unit(self) -> Outcome {
        self.begin(Some(0))?.finish()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, tag: &'static str) -> Outcome {
        self.tagged(tag, 0)?.finish()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, it: &T) -> Outcome {
        it.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        tag: &'static str,
        it: &T,
    ) -> Outcome {
        let mut elements = self.tagged(tag, 1)?;
        elements.element(it)?;
        elements.finish()
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Elements<'s, W>, Refused> {
        self.begin(len)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Elements<'s, W>, Refused> {
        self.begin(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Elements<'s, W>, Refused> {
        self.begin(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        tag: &'static str,
        len: usize,
    ) -> Result<Elements<'s, W>, Refused> {
        self.tagged(tag, len)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Refused> {
        Err(EncodeError::Arguments("a map").into())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Refused> {
        Err(EncodeError::Arguments("a struct").into())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        tag: &'static str,
        len: usize,
    ) -> Result<TagAndMap<'s, W>, Refused> {
        TagAndMap::begin(self.tagged(tag, 1)?, len)
    }
}

/// A tag and a map as the arguments of a message.
struct TagAndMap<'s, W: Writer> {
    array: W::Mark,
    entries: Entries<'s, W>,
}

impl<'s, W: Writer> TagAndMap<'s, W> {
    fn begin(elements: Elements<'s, W>, len: usize) -> Result<Self, Refused> {
        let Elements { sink, mark, .. } = elements;
        Ok(Self {
            array: mark,
            entries: Entries::begin(sink, Some(len), None)?,
        })
    }
}

impl<W: Writer> SerializeStructVariant for TagAndMap<'_, W> {
    type Ok = ();
    type Error = Refused;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, it: &T) -> Outcome {
        self.entries.entry(key, it)
    }

    fn end(self) -> Outcome {
        let entries = self.entries;
        entries.sink.end_map(entries.mark, entries.count)?;
        entries.sink.end_array(self.array, 3)
    }
}
