//! Answers as XML, from the same types as JSON: numbers, texts and booleans become attributes, structures and
//! lists become elements, and a field named `value` is the text of its element.
use std::fmt::{self, Display, Write};

use serde::{
    Serialize, Serializer,
    ser::{Impossible, SerializeSeq, SerializeStruct, SerializeTuple},
};

use crate::xml::holds;

/// A text that XML has as an element of its own, not as an attribute.
#[derive(Clone, Debug, Serialize)]
#[serde(rename = "$element")]
pub struct Element<T>(pub T);

const ELEMENT: &str = "$element";
const TEXT: &str = "value";

/// A document of one element, with an attribute that only XML has.
pub fn document<T: Serialize>(name: &str, namespace: &str, content: &T) -> Result<String, Unfit> {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let namespace = format!(" xmlns=\"{namespace}\"");
    content.serialize(Writer {
        name,
        first: &namespace,
        out: &mut out,
    })?;
    Ok(out)
}

/// A type that this cannot write.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

impl serde::ser::Error for Unfit {
    fn custom<T: Display>(why: T) -> Self {
        Self(why.to_string())
    }
}

fn unfit<T>() -> Result<T, Unfit> {
    Err(Unfit("a type that XML has no form for".to_owned()))
}

/// Writes text into attributes and elements. Characters that XML cannot hold are left out.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\n' => self.0.push_str("&#10;"),
                '\r' => self.0.push_str("&#13;"),
                '\t' => self.0.push_str("&#9;"),
                char if holds(char) => self.0.push(char),
                _ => {}
            }
        }
        Ok(())
    }
}

fn escape(out: &mut String, value: impl Display) -> Result<(), Unfit> {
    write!(Escaped(out), "{value}").map_err(|error| Unfit(error.to_string()))
}

/// Writes a value as an element, a list as one element for each of its values.
struct Writer<'a> {
    name: &'a str,
    /// Attributes that the value does not have.
    first: &'a str,
    out: &'a mut String,
}

impl<'a> Writer<'a> {
    fn new(name: &'a str, out: &'a mut String) -> Self {
        Self {
            name,
            first: "",
            out,
        }
    }

    fn text(self, value: impl Display) -> Result<(), Unfit> {
        let Self { name, first, out } = self;
        out.extend(["<", name, first, ">"]);
        escape(out, value)?;
        out.extend(["</", name, ">"]);
        Ok(())
    }
}

/// An element whose attributes are being written; what is inside of it follows.
struct Open<'a> {
    name: &'a str,
    out: &'a mut String,
    inside: String,
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        value.serialize(Field {
            key,
            attributes: self.out,
            inside: &mut self.inside,
        })
    }

    fn end(self) -> Result<(), Unfit> {
        match self.inside.is_empty() {
            true => self.out.push_str("/>"),
            false => self
                .out
                .extend([">", self.inside.as_str(), "</", self.name, ">"]),
        }
        Ok(())
    }
}

/// A field of an element.
struct Field<'a> {
    key: &'static str,
    attributes: &'a mut String,
    inside: &'a mut String,
}

impl Field<'_> {
    fn scalar(self, value: impl Display) -> Result<(), Unfit> {
        if self.key == TEXT {
            return escape(self.inside, value);
        }
        self.attributes.extend([" ", self.key, "=\""]);
        escape(self.attributes, value)?;
        self.attributes.push('"');
        Ok(())
    }
}

/// The methods of a serializer that are the same for elements and fields.
macro_rules! alike {
    ($scalar:ident: $($method:ident($type:ty),)+) => {
        $(fn $method(self, value: $type) -> Result<(), Unfit> {
            self.$scalar(value)
        })+

        fn serialize_bytes(self, _: &[u8]) -> Result<(), Unfit> {
            unfit()
        }

        fn serialize_none(self) -> Result<(), Unfit> {
            Ok(())
        }

        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unfit> {
            value.serialize(self)
        }

        fn serialize_unit(self) -> Result<(), Unfit> {
            Ok(())
        }

        fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unfit> {
            Ok(())
        }

        fn serialize_unit_variant(
            self,
            _: &'static str,
            _: u32,
            variant: &'static str,
        ) -> Result<(), Unfit> {
            self.$scalar(variant)
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), Unfit> {
            unfit()
        }

        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleStruct, Unfit> {
            unfit()
        }

        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, Unfit> {
            unfit()
        }

        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unfit> {
            unfit()
        }

        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, Unfit> {
            unfit()
        }
    };
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Unfit;
    type SerializeSeq = Several<'a>;
    type SerializeTuple = Several<'a>;
    type SerializeTupleStruct = Impossible<(), Unfit>;
    type SerializeTupleVariant = Impossible<(), Unfit>;
    type SerializeMap = Impossible<(), Unfit>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Impossible<(), Unfit>;

    alike!(text: serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_f32(f32),
        serialize_f64(f64), serialize_char(char), serialize_str(&str),);

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Several<'a>, Unfit> {
        Ok(Several {
            name: self.name,
            out: self.out,
        })
    }

    fn serialize_tuple(self, _: usize) -> Result<Several<'a>, Unfit> {
        self.serialize_seq(None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, Unfit> {
        let Self { name, first, out } = self;
        out.extend(["<", name, first]);
        Ok(Open {
            name,
            out,
            inside: String::new(),
        })
    }
}

impl<'a> Serializer for Field<'a> {
    type Ok = ();
    type Error = Unfit;
    type SerializeSeq = Several<'a>;
    type SerializeTuple = Several<'a>;
    type SerializeTupleStruct = Impossible<(), Unfit>;
    type SerializeTupleVariant = Impossible<(), Unfit>;
    type SerializeMap = Impossible<(), Unfit>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Impossible<(), Unfit>;

    alike!(scalar: serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_f32(f32),
        serialize_f64(f64), serialize_char(char), serialize_str(&str),);

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        match name {
            ELEMENT => value.serialize(Writer::new(self.key, self.inside)),
            _ => value.serialize(self),
        }
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Several<'a>, Unfit> {
        Writer::new(self.key, self.inside).serialize_seq(length)
    }

    fn serialize_tuple(self, _: usize) -> Result<Several<'a>, Unfit> {
        self.serialize_seq(None)
    }

    fn serialize_struct(self, name: &'static str, fields: usize) -> Result<Open<'a>, Unfit> {
        Writer::new(self.key, self.inside).serialize_struct(name, fields)
    }
}

/// A list: an element for each of its values.
struct Several<'a> {
    name: &'a str,
    out: &'a mut String,
}

impl SerializeSeq for Several<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        value.serialize(Writer::new(self.name, self.out))
    }

    fn end(self) -> Result<(), Unfit> {
        Ok(())
    }
}

impl SerializeTuple for Several<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Unfit> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Inner {
        start: Option<u32>,
        value: &'static str,
    }

    #[derive(Serialize)]
    struct Outer {
        title: &'static str,
        synced: bool,
        line: Vec<Inner>,
        notes: Element<&'static str>,
        moods: [&'static str; 2],
        none: Option<i64>,
    }

    #[test]
    fn structures_become_elements_and_the_rest_attributes() {
        let outer = Outer {
            title: "a \"b\"\n<c>\u{1}",
            synced: true,
            line: vec![
                Inner {
                    start: Some(5),
                    value: "x & y",
                },
                Inner {
                    start: None,
                    value: "",
                },
            ],
            notes: Element("n"),
            moods: ["calm", "slow"],
            none: None,
        };
        let text = document("root", "urn:x", &outer).expect("it fits");
        let expected = "<root xmlns=\"urn:x\" title=\"a &quot;b&quot;&#10;&lt;c&gt;\" synced=\"true\">\
            <line start=\"5\">x &amp; y</line><line/><notes>n</notes><moods>calm</moods><moods>slow</moods></root>";
        assert_eq!(text.lines().nth(1), Some(expected));
    }
}
