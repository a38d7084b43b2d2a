//! Encoding types as values and arguments.

mod args;

use crate::{
    framing::{
        EncodeError,
        error::Refused,
        token::{Sink, Writer},
    },
    value::Integer,
};
use alloc::string::{String, ToString};
use serde::{
    Serialize, Serializer,
    ser::{
        Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};

pub(in crate::framing) use args::encode_args;

type Outcome = Result<(), Refused>;

/// One value.
struct Value<'s, W>(&'s mut Sink<W>);

impl<'s, W: Writer> Value<'s, W> {
    /// Begins the map of one entry that an enum's variant with content is.
    fn variant(self, name: &'static str) -> Result<(&'s mut Sink<W>, Outer<W>), Refused> {
        let mark = self.0.begin_map(Some(1))?;
        self.0.key(name)?;
        Ok((self.0, Some((mark, name))))
    }
}

/// The map of one entry around an enum's content.
type Outer<W> = Option<(<W as Writer>::Mark, &'static str)>;

fn close<W: Writer>(sink: &mut Sink<W>, outer: Outer<W>) -> Outcome {
    if let Some((mark, name)) = outer {
        sink.writer.end_entry(name);
        sink.end_map(mark, 1)?;
    }
    Ok(())
}

fn integer(integer: Option<Integer>, shown: &dyn ToString) -> Result<Integer, Refused> {
    integer.ok_or_else(|| EncodeError::Number(shown.to_string()).into())
}

impl<'s, W: Writer> Serializer for Value<'s, W> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Elements<'s, W>;
    type SerializeTuple = Elements<'s, W>;
    type SerializeTupleStruct = Elements<'s, W>;
    type SerializeTupleVariant = Elements<'s, W>;
    type SerializeMap = Entries<'s, W>;
    type SerializeStruct = Entries<'s, W>;
    type SerializeStructVariant = Entries<'s, W>;

    fn serialize_bool(self, it: bool) -> Outcome {
        self.0.writer.bool(it);
        self.0.check()
    }

    fn serialize_i8(self, it: i8) -> Outcome {
        self.serialize_i64(it.into())
    }

    fn serialize_i16(self, it: i16) -> Outcome {
        self.serialize_i64(it.into())
    }

    fn serialize_i32(self, it: i32) -> Outcome {
        self.serialize_i64(it.into())
    }

    #[inline]
    fn serialize_i64(self, it: i64) -> Outcome {
        self.0.writer.signed(it);
        self.0.check()
    }

    fn serialize_i128(self, it: i128) -> Outcome {
        self.0.integer(integer(Integer::new(it), &it)?)
    }

    fn serialize_u8(self, it: u8) -> Outcome {
        self.serialize_u64(it.into())
    }

    fn serialize_u16(self, it: u16) -> Outcome {
        self.serialize_u64(it.into())
    }

    fn serialize_u32(self, it: u32) -> Outcome {
        self.serialize_u64(it.into())
    }

    #[inline]
    fn serialize_u64(self, it: u64) -> Outcome {
        self.0.writer.unsigned(it);
        self.0.check()
    }

    fn serialize_u128(self, it: u128) -> Outcome {
        self.0
            .integer(integer(it.try_into().ok().and_then(Integer::new), &it)?)
    }

    fn serialize_f32(self, it: f32) -> Outcome {
        self.serialize_f64(it.into())
    }

    fn serialize_f64(self, it: f64) -> Outcome {
        self.0.float(it)
    }

    fn serialize_char(self, it: char) -> Outcome {
        self.serialize_str(it.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, it: &str) -> Outcome {
        self.0.text(it)
    }

    fn serialize_bytes(self, it: &[u8]) -> Outcome {
        self.0.octets(it)
    }

    fn serialize_none(self) -> Outcome {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, it: &T) -> Outcome {
        it.serialize(self)
    }

    fn serialize_unit(self) -> Outcome {
        self.0.writer.null();
        self.0.check()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Outcome {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, it: &T) -> Outcome {
        it.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        it: &T,
    ) -> Outcome {
        let (sink, outer) = self.variant(name)?;
        it.serialize(Value(sink))?;
        close(sink, outer)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Elements<'s, W>, Refused> {
        Elements::begin(self.0, len, None)
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements<'s, W>, Refused> {
        Elements::begin(self.0, Some(len), None)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Elements<'s, W>, Refused> {
        Elements::begin(self.0, Some(len), None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Elements<'s, W>, Refused> {
        let (sink, outer) = self.variant(name)?;
        Elements::begin(sink, Some(len), outer)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries<'s, W>, Refused> {
        Entries::begin(self.0, len, None)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Entries<'s, W>, Refused> {
        Entries::begin(self.0, Some(len), None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Entries<'s, W>, Refused> {
        let (sink, outer) = self.variant(name)?;
        Entries::begin(sink, Some(len), outer)
    }
}

/// The elements of an array, or the arguments of a message.
struct Elements<'s, W: Writer> {
    sink: &'s mut Sink<W>,
    mark: W::Mark,
    count: usize,
    outer: Outer<W>,
}

impl<'s, W: Writer> Elements<'s, W> {
    #[inline]
    fn begin(sink: &'s mut Sink<W>, len: Option<usize>, outer: Outer<W>) -> Result<Self, Refused> {
        let mark = sink.begin_array(len)?;
        Ok(Self {
            sink,
            mark,
            count: 0,
            outer,
        })
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, it: &T) -> Outcome {
        self.count += 1;
        it.serialize(Value(self.sink))
    }

    #[inline]
    fn finish(self) -> Outcome {
        self.sink.end_array(self.mark, self.count)?;
        close(self.sink, self.outer)
    }
}

macro_rules! elements {
    ($($access:ident $method:ident;)*) => {
        $(impl<W: Writer> $access for Elements<'_, W> {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, it: &T) -> Outcome {
                self.element(it)
            }

            #[inline]
            fn end(self) -> Outcome {
                self.finish()
            }
        })*
    };
}

elements! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

/// The entries of a map.
struct Entries<'s, W: Writer> {
    sink: &'s mut Sink<W>,
    mark: W::Mark,
    count: usize,
    outer: Outer<W>,
    /// The key whose value comes next; only maps need it, structs know their keys.
    key: String,
}

impl<'s, W: Writer> Entries<'s, W> {
    fn begin(sink: &'s mut Sink<W>, len: Option<usize>, outer: Outer<W>) -> Result<Self, Refused> {
        let mark = sink.begin_map(len)?;
        Ok(Self {
            sink,
            mark,
            count: 0,
            outer,
            key: String::new(),
        })
    }

    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, it: &T) -> Outcome {
        self.count += 1;
        self.sink.key(key)?;
        it.serialize(Value(self.sink))?;
        self.sink.writer.end_entry(key);
        Ok(())
    }

    fn finish(self) -> Outcome {
        self.sink.end_map(self.mark, self.count)?;
        close(self.sink, self.outer)
    }
}

impl<W: Writer> SerializeMap for Entries<'_, W> {
    type Ok = ();
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Outcome {
        self.key = key.serialize(Key)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, it: &T) -> Outcome {
        let key = core::mem::take(&mut self.key);
        self.entry(&key, it)
    }

    fn end(self) -> Outcome {
        self.finish()
    }
}

macro_rules! entries {
    ($($access:ident)*) => {
        $(impl<W: Writer> $access for Entries<'_, W> {
            type Ok = ();
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                it: &T,
            ) -> Outcome {
                self.entry(key, it)
            }

            fn end(self) -> Outcome {
                self.finish()
            }
        })*
    };
}

entries! { SerializeStruct SerializeStructVariant }

/// A map key: whatever has an obvious text.
struct Key;

macro_rules! shown {
    ($($method:ident $type:ty;)*) => {
        $(fn $method(self, it: $type) -> Result<String, Refused> {
            Ok(it.to_string())
        })*
    };
}

macro_rules! refused {
    ($($kind:literal: $method:ident($($arg:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $arg),*) -> Result<$ok, Refused> {
            Err(EncodeError::Key($kind).into())
        })*
    };
}

type No = Impossible<String, Refused>;

impl Serializer for Key {
    type Ok = String;
    type Error = Refused;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    shown! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_i128 i128;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_char char;
        serialize_str &str;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, it: &T) -> Result<String, Refused> {
        it.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        it: &T,
    ) -> Result<String, Refused> {
        it.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<String, Refused> {
        Ok(name.into())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, Refused> {
        Err(EncodeError::Key("an enum with content").into())
    }

    refused! {
        "octets": serialize_bytes(&[u8]) -> String;
        "null": serialize_none() -> String;
        "null": serialize_unit() -> String;
        "null": serialize_unit_struct(&'static str) -> String;
        "a sequence": serialize_seq(Option<usize>) -> No;
        "a sequence": serialize_tuple(usize) -> No;
        "a sequence": serialize_tuple_struct(&'static str, usize) -> No;
        "an enum with content":
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> No;
        "a map": serialize_map(Option<usize>) -> No;
        "a map": serialize_struct(&'static str, usize) -> No;
        "an enum with content":
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> No;
    }
}
