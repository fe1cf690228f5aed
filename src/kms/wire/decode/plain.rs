//! Bodies as nearly every client sends them, read in a fraction of the time: one object of texts without escapes and of
//! whole numbers. Whatever else comes is left to the reader of any JSON, which alone says what is wrong.

use super::STANDARD;
use crate::api::Operation;
use crate::api::shapes::{Kind, Member};
use crate::kms::wire::input::{Given, Input};
use crate::kms::wire::output::are_plain;

/// What a plain body holds; `None` if it is not plain, be it good or bad.
pub(super) fn read(operation: Operation, body: &[u8]) -> Option<Input> {
    let members = operation.request();
    let mut input = Input::empty(operation, members);
    let mut rest = Rest(body);
    rest.take(b'{')?;
    if rest.take(b'}').is_some() {
        return rest.is_over().then_some(input);
    }
    loop {
        let name = rest.quoted()?;
        rest.take(b':')?;
        match members.iter().position(|member| member.name.as_bytes() == name) {
            Some(at) => input.set(at, Some(rest.value(&members[at])?)),
            // What is not known is passed over, if it is plain.
            None => {
                let is_plain = are_plain(name) && are_plain(rest.quoted()?);
                is_plain.then_some(())?;
            }
        }
        if rest.take(b',').is_none() {
            rest.take(b'}')?;
            return rest.is_over().then_some(input);
        }
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// Passes over white space.
    fn space(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// Takes a byte, if it comes next but for white space.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    fn is_over(&mut self) -> bool {
        self.space();
        self.0.is_empty()
    }

    /// What stands between the next two quotes. Whether it is plain is left to be asked.
    fn quoted(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let (text, rest) = self.0.split_at(memchr::memchr(b'"', self.0)?);
        self.0 = &rest[1..];
        Some(text)
    }

    fn value(&mut self, member: &Member) -> Option<Given> {
        match member.kind {
            Kind::Integer(_) => self.integer(),
            // Nothing that is escaped is Base64.
            Kind::Blob(_) => STANDARD.decode_to_vec(self.quoted()?).ok().map(Given::Blob),
            Kind::Text(_) => {
                let text = self.quoted().filter(|text| are_plain(text))?;
                String::from_utf8(text.to_vec()).ok().map(Given::Text)
            }
            _ => None,
        }
    }

    /// A whole number of so few digits that it fits.
    fn integer(&mut self) -> Option<Given> {
        self.space();
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        let is_whole = (1..=18).contains(&digits)
            && (digits == 1 || number[0] != b'0')
            && !matches!(rest.first(), Some(b'.' | b'e' | b'E'));
        self.0 = rest;
        // Of more digits the sum would not fit.
        is_whole
            .then(|| Given::Integer(number.iter().fold(0, |sum, digit| 10 * sum + i64::from(digit - b'0'))))
    }
}
