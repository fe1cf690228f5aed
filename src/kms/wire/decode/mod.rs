//! A body to an [`Input`], in one pass: the JSON is read straight into the members of the operation's table.
//!
//! A wrong type does not end the reading. Quotas are charged before validation, so whatever is readable, the key id
//! above all, must be read even from a request that will be refused.

mod plain;

use super::ApiError;
use super::check::violations;
use super::input::{Given, Input};
use crate::api::Operation;
use crate::api::shapes::{Kind, Member};
use base64_simd::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// A request as it could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Whatever was readable.
    pub input: Input,
    /// Why the request must be refused, if it must.
    pub problem: Option<ApiError>,
}

impl Decoded {
    /// What a caller in the same process gives, checked as what comes over the wire.
    pub fn of(input: Input) -> Decoded {
        let problem = violations(&input);
        Decoded { input, problem }
    }
}

/// Reads the body of a call of `operation`; an empty body gives no members.
pub fn decode(operation: Operation, body: &[u8]) -> Decoded {
    let input = plain::read(operation, body);
    let (input, problem) = input.map_or_else(|| read_any(operation, body), |input| (input, None));
    let problem = problem.or_else(|| violations(&input));
    Decoded { input, problem }
}

/// Reads any body.
fn read_any(operation: Operation, body: &[u8]) -> (Input, Option<ApiError>) {
    let mut input = Input::empty(operation, operation.request());
    let mut problem = None;
    if !body.is_empty() {
        let mut json = serde_json::Deserializer::from_slice(body);
        let whole = Whole { input: &mut input, problem: &mut problem };
        if whole.deserialize(&mut json).and_then(|()| json.end()).is_err() {
            problem = Some(ApiError::malformed_body());
        }
    }
    (input, problem)
}

/// The bytes that a Base64 text stands for, if it is one in the standard alphabet with its padding.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode_to_vec(text).ok()
}

/// Reads a structure into `input`.
struct Whole<'a> {
    input: &'a mut Input,
    problem: &'a mut Option<ApiError>,
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let kind = Kind::Structure(self.input.members());
        let operation = self.input.operation();
        let reader = Reader { kind: &kind, operation, into: Some(self.input), problem: self.problem };
        reader.deserialize(from).map(drop)
    }
}

/// Reads one value of a kind. A value of another type is skipped, and the first such is the problem.
struct Reader<'a> {
    kind: &'a Kind,
    operation: Operation,
    /// Where a structure's members go; so they are kept when the JSON breaks off. A new [`Input`] if absent.
    into: Option<&'a mut Input>,
    problem: &'a mut Option<ApiError>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Option<Given>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Given>, D::Error> {
        from.deserialize_any(self)
    }
}

impl Reader<'_> {
    /// Refuses a value, in the words AWS's parser has for it.
    fn refuse(self, message: impl Into<String>) -> Option<Given> {
        self.problem.get_or_insert_with(|| ApiError::serialization(message));
        None
    }

    /// Refuses a scalar that AWS calls `found`.
    fn refuse_scalar(self, found: &str) -> Option<Given> {
        match self.kind {
            Kind::Text(_) => self.refuse(format!("{found} can not be converted to a String")),
            Kind::Blob(_) => self.refuse(format!("{found} can not be converted to a Blob")),
            Kind::Integer(_) => self.refuse(format!("{found} can not be converted to an Integer")),
            Kind::Flag => self.refuse(format!("{found} can not be converted to a Boolean")),
            Kind::Time => self.refuse(format!("{found} can not be converted to milliseconds since epoch")),
            Kind::List(..) => self.refuse("Expected list or null"),
            Kind::Context => self.refuse("Expected map or null"),
            Kind::Structure(_) => self.refuse("Expected structure or null"),
        }
    }

    fn inner<'b>(&'b mut self, kind: &'b Kind) -> Reader<'b> {
        Reader { kind, operation: self.operation, into: None, problem: self.problem }
    }

    fn structure<'de, A: MapAccess<'de>>(
        &mut self,
        members: &'static [Member],
        mut map: A,
    ) -> Result<Option<Given>, A::Error> {
        let mut own = None;
        let input = match self.into.take() {
            Some(input) => input,
            None => own.insert(Input::empty(self.operation, members)),
        };
        while let Some(name) = map.next_key_seed(Name(members))? {
            match name {
                Some(index) => {
                    let value = map.next_value_seed(self.inner(&members[index].kind))?;
                    input.set(index, value);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(own.map(Given::Structure))
    }

    fn context<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<Option<Given>, A::Error> {
        let mut context = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            match map.next_value_seed(self.inner(&crate::api::shapes::ANY_TEXT))? {
                Some(Given::Text(text)) => drop(context.insert(key, text)),
                _ => drop(context.remove(&key)),
            }
        }
        Ok(Some(Given::Context(context)))
    }

    fn list<'de, A: SeqAccess<'de>>(&mut self, of: &Kind, mut items: A) -> Result<Option<Given>, A::Error> {
        let mut texts = Vec::new();
        let mut structures = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner(of))? {
            match item {
                Some(Given::Text(text)) => texts.push(text),
                Some(Given::Structure(structure)) => structures.push(structure),
                _ => {}
            }
        }
        Ok(Some(match of {
            Kind::Structure(_) => Given::Structures(structures),
            _ => Given::Texts(texts),
        }))
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Option<Given>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Given>, E> {
        // Null is absent for a member, and no request.
        Ok(if self.into.is_some() { self.refuse("Expected structure") } else { None })
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Option<Given>, E> {
        Ok(match self.kind {
            Kind::Flag => Some(Given::Flag(flag)),
            _ => self.refuse_scalar(if flag { "TRUE_VALUE" } else { "FALSE_VALUE" }),
        })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<Given>, E> {
        Ok(match self.kind {
            Kind::Integer(_) => Some(Given::Integer(number)),
            Kind::Time => Some(Given::Time(number as f64)),
            _ => self.refuse_scalar("NUMBER_VALUE"),
        })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<Given>, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<Given>, E> {
        Ok(match self.kind {
            // AWS's parser cuts the fraction off; the cast does, and saturates.
            Kind::Integer(_) => Some(Given::Integer(number as i64)),
            Kind::Time => Some(Given::Time(number)),
            _ => self.refuse_scalar("NUMBER_VALUE"),
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Given>, E> {
        Ok(match self.kind {
            Kind::Text(_) => Some(Given::Text(text.to_string())),
            Kind::Blob(_) => match bytes_of(text) {
                Some(bytes) => Some(Given::Blob(bytes)),
                None => self.refuse("Invalid Base64 in a binary value"),
            },
            Kind::Time => match text.parse::<jiff::Timestamp>() {
                Ok(at) => Some(Given::Time(at.as_millisecond() as f64 / 1e3)),
                Err(_) => self.refuse_scalar("STRING_VALUE"),
            },
            _ => self.refuse_scalar("STRING_VALUE"),
        })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Option<Given>, A::Error> {
        match *self.kind {
            Kind::Structure(members) => self.structure(members, map),
            Kind::Context => self.context(map),
            _ => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(self.refuse("Start of structure or map found where not expected."))
            }
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Option<Given>, A::Error> {
        match self.kind {
            Kind::List(_, of) => self.list(of, items),
            _ => {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(self.refuse("Start of list found where not expected"))
            }
        }
    }
}

/// Reads a member's name to its place in the table, without keeping it.
struct Name(&'static [Member]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<usize>, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|member| member.name == name))
    }
}

#[cfg(test)]
mod tests;
