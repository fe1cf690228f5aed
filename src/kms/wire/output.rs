//! What an operation answers: members with their values. Whoever sends it over a wire writes it as JSON; in the same process
//! it is read as it is.

use crate::api::shapes::{Field, Part};
use crate::kms::crypto::Secret;
use base64_simd::STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// What most answers need as JSON: a data key in clear and encrypted, or a ciphertext of some hundred bytes, among names.
const ROOM: usize = 1_024;
/// How many members and bytes of text most answers have.
const MEMBERS: usize = 4;
const TEXT: usize = 192;

/// An answer that grows member by member, in the order of the calls.
///
/// Bytes and secrets are never shown in `Debug`.
#[derive(Clone, PartialEq)]
pub struct Output {
    members: Vec<(&'static str, Value)>,
    /// The texts of all members, one behind the other: memory of its own for each would cost as much as writing it.
    texts: String,
}

/// What one member holds.
#[derive(Clone, PartialEq)]
enum Value {
    /// Where it stands among the texts.
    Text(Range<usize>),
    Secret(Range<usize>),
    Blob(Secret),
    Integer(i64),
    Flag(bool),
    /// Seconds since 1970.
    Time(f64),
    List(Vec<Element>),
    Object(Output),
    Context(BTreeMap<String, String>),
}

/// One element of a list that is kept.
#[derive(Clone, PartialEq)]
enum Element {
    Text(String),
    Object(Output),
}

/// One element of a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// Text.
    Text(&'a str),
    /// An object.
    Object(Output),
}

impl<'a> From<&'a str> for Item<'a> {
    fn from(text: &'a str) -> Item<'a> {
        Item::Text(text)
    }
}

impl<'a> From<&'a String> for Item<'a> {
    fn from(text: &'a String) -> Item<'a> {
        Item::Text(text)
    }
}

impl From<Output> for Item<'_> {
    fn from(output: Output) -> Self {
        Item::Object(output)
    }
}

impl Output {
    /// An answer without members.
    pub const fn new() -> Output {
        Output { members: Vec::new(), texts: String::new() }
    }

    fn with(mut self, name: &'static str, value: Value) -> Output {
        debug_assert!(is_plain(name), "{name:?} is no name of a member");
        if self.members.is_empty() {
            self.members.reserve(MEMBERS);
        }
        self.members.push((name, value));
        self
    }

    fn keep(&mut self, text: &str) -> Range<usize> {
        if self.texts.is_empty() {
            self.texts.reserve(TEXT);
        }
        let start = self.texts.len();
        self.texts.push_str(text);
        start..self.texts.len()
    }

    /// Adds a text.
    pub fn text(mut self, name: &'static str, text: &str) -> Output {
        let place = self.keep(text);
        self.with(name, Value::Text(place))
    }

    /// Adds a text that `Debug` does not show.
    pub fn secret(mut self, name: &'static str, text: &str) -> Output {
        let place = self.keep(text);
        self.with(name, Value::Secret(place))
    }

    /// Adds bytes, which are overwritten when they are no longer needed.
    pub fn blob(self, name: &'static str, bytes: impl Into<Secret>) -> Output {
        self.with(name, Value::Blob(bytes.into()))
    }

    /// Adds a whole number.
    pub fn integer(self, name: &'static str, number: i64) -> Output {
        self.with(name, Value::Integer(number))
    }

    /// Adds true or false.
    pub fn flag(self, name: &'static str, flag: bool) -> Output {
        self.with(name, Value::Flag(flag))
    }

    /// Adds a point in time: seconds since 1970, rounded to milliseconds.
    pub fn time(self, name: &'static str, seconds: f64) -> Output {
        debug_assert!(seconds.is_finite(), "{name} is no point in time");
        let rounded = libm::round(seconds * 1e3) / 1e3;
        self.with(name, Value::Time(if rounded.is_finite() { rounded } else { 0.0 }))
    }

    /// Adds a map from text to text.
    pub fn context(self, name: &'static str, context: &BTreeMap<String, String>) -> Output {
        self.with(name, Value::Context(context.clone()))
    }

    /// Adds an object.
    pub fn object(self, name: &'static str, object: Output) -> Output {
        self.with(name, Value::Object(object))
    }

    /// Adds a list of texts or of objects.
    pub fn list<'a, I: Into<Item<'a>>>(
        self,
        name: &'static str,
        items: impl IntoIterator<Item = I>,
    ) -> Output {
        let kept = |item: I| match item.into() {
            Item::Text(text) => Element::Text(text.into()),
            Item::Object(object) => Element::Object(object),
        };
        self.with(name, Value::List(items.into_iter().map(kept).collect()))
    }

    /// Adds what `add` makes of a value, if there is one.
    pub fn given<T>(self, value: Option<T>, add: impl FnOnce(Output, T) -> Output) -> Output {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    /// Whether it holds nothing but `members`, each as what it is.
    pub fn fits(&self, members: &[Field]) -> bool {
        let fits = |(name, value): &(&'static str, Value)| {
            members.iter().any(|member| member.name == *name && value.is(&member.part))
        };
        self.members.iter().all(fits)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.members.iter().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// The text of a member, if it has one.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(place) | Value::Secret(place) => self.texts.get(place.clone()),
            _ => None,
        }
    }

    /// The bytes of a member, if it has some.
    pub fn blob_of(&self, name: &str) -> Option<&[u8]> {
        match self.value(name)? {
            Value::Blob(bytes) => Some(bytes.as_bytes()),
            _ => None,
        }
    }

    /// The object that a member is, if it is one.
    pub fn object_of(&self, name: &str) -> Option<&Output> {
        match self.value(name)? {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The answer as JSON.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut json = Vec::with_capacity(ROOM);
        Writer { json: &mut json, shows_all: true }.object(&self);
        json
    }
}

/// Writes JSON.
struct Writer<'a> {
    json: &'a mut Vec<u8>,
    /// Whether bytes and secrets are written; `[redacted]` stands for them otherwise.
    shows_all: bool,
}

impl Writer<'_> {
    fn object(&mut self, output: &Output) {
        let mut before = b'{';
        for (name, value) in &output.members {
            // Names are the model's, and plain.
            self.json.extend_from_slice(&[before, b'"']);
            self.json.extend_from_slice(name.as_bytes());
            self.json.extend_from_slice(b"\":");
            self.value(value, &output.texts);
            before = b',';
        }
        if before == b'{' {
            self.json.push(b'{');
        }
        self.json.push(b'}');
    }

    fn value(&mut self, value: &Value, texts: &str) {
        match value {
            Value::Secret(_) | Value::Blob(_) if !self.shows_all => {
                self.json.extend_from_slice(b"[redacted]");
            }
            Value::Text(place) | Value::Secret(place) => self.text(&texts[place.clone()]),
            Value::Blob(bytes) => {
                self.json.push(b'"');
                STANDARD.encode_append(bytes.as_bytes(), self.json);
                self.json.push(b'"');
            }
            Value::Integer(number) => self.json.extend_from_slice(number.to_string().as_bytes()),
            Value::Flag(flag) => self.json.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Value::Time(seconds) => self.json.extend_from_slice(seconds.to_string().as_bytes()),
            Value::List(elements) => {
                self.json.push(b'[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        self.json.push(b',');
                    }
                    match element {
                        Element::Text(text) => self.text(text),
                        Element::Object(object) => self.object(object),
                    }
                }
                self.json.push(b']');
            }
            Value::Object(object) => self.object(object),
            Value::Context(pairs) => self.pairs(pairs),
        }
    }

    fn pairs(&mut self, pairs: &BTreeMap<String, String>) {
        self.json.push(b'{');
        for (at, (key, value)) in pairs.iter().enumerate() {
            if at > 0 {
                self.json.push(b',');
            }
            self.text(key);
            self.json.push(b':');
            self.text(value);
        }
        self.json.push(b'}');
    }

    fn text(&mut self, text: &str) {
        // Nearly every text is plain.
        if is_plain(text) {
            self.json.push(b'"');
            self.json.extend_from_slice(text.as_bytes());
            self.json.push(b'"');
            return;
        }
        serde_json::to_writer(&mut *self.json, text).expect("writing text to memory does not fail");
    }
}

/// Whether a text stands in JSON as it is.
fn is_plain(text: &str) -> bool {
    are_plain(text.as_bytes()) || (!text.is_ascii() && text.bytes().all(is_plain_byte))
}

const fn is_plain_byte(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

/// Whether these are ASCII and stand in JSON as they are: eight are looked at together, sooner than the writer looks at
/// each.
pub(super) fn are_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES << 7;
    // The top bit of a byte below `least` is set; so may be others', but only beside such a one.
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word;
    let has = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let marks = |word: u64| (below(word, b' ') | has(word, b'"') | has(word, b'\\') | word) & TOPS;
    let (words, rest) = bytes.as_chunks::<8>();
    let marked = words.iter().fold(0, |all, word| all | marks(u64::from_ne_bytes(*word)));
    marked == 0 && rest.iter().all(|byte| byte.is_ascii() && is_plain_byte(*byte))
}

impl Value {
    fn is(&self, part: &Part) -> bool {
        match (self, part) {
            (Value::Text(_) | Value::Secret(_), Part::Text)
            | (Value::Blob(_), Part::Blob)
            | (Value::Integer(_), Part::Integer)
            | (Value::Flag(_), Part::Flag)
            | (Value::Time(_), Part::Time)
            | (Value::Context(_), Part::Context) => true,
            (Value::Object(object), Part::Structure(members)) => object.fits(members),
            (Value::List(elements), Part::List(of)) => elements.iter().all(|element| match (element, of) {
                (Element::Text(_), Part::Text) => true,
                (Element::Object(object), Part::Structure(members)) => object.fits(members),
                _ => false,
            }),
            _ => false,
        }
    }
}

impl Default for Output {
    fn default() -> Output {
        Output::new()
    }
}

/// The JSON, with `[redacted]` for bytes and secrets.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut json = Vec::new();
        Writer { json: &mut json, shows_all: false }.object(self);
        f.write_str(&String::from_utf8_lossy(&json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Operation;
    use proptest::prelude::*;

    fn json(output: Output) -> String {
        String::from_utf8(output.into_bytes()).unwrap()
    }

    #[test]
    fn members_stand_in_the_order_they_were_added() {
        let inner = Output::new().text("A", "b").blob("B", &b"\xff\xfe"[..]);
        let output = Output::new()
            .text("KeyId", "a\"\\\n\u{1}ä")
            .integer("N", -7)
            .flag("T", true)
            .flag("F", false)
            .time("At", 1_699_999_999.123_4)
            .time("Whole", 1.7e9)
            .given(Some("x"), |output, text| output.text("Some", text))
            .given(None::<&str>, |output, text| output.text("None", text))
            .list("L", ["a", "b"])
            .list("O", [inner.clone(), Output::new()])
            .list("E", Vec::<&str>::new())
            .object("I", inner)
            .context("C", &BTreeMap::from([("k".into(), "v".into())]));
        let shown = format!("{output:?}");
        let expected = concat!(
            r#"{"KeyId":"a\"\\\n\u0001ä","N":-7,"T":true,"F":false,"At":1699999999.123,"Whole":1700000000,"#,
            r#""Some":"x","L":["a","b"],"O":[{"A":"b","B":"//4="},{}],"E":[],"I":{"A":"b","B":"//4="},"#,
            r#""C":{"k":"v"}}"#
        );
        assert_eq!(json(output), expected);
        assert_eq!(shown, expected.replace("\"//4=\"", "[redacted]"));
        assert_eq!(json(Output::default()), "{}");
        assert_eq!(format!("{:?}", Output::new().secret("Id", "hush")), r#"{"Id":[redacted]}"#);
    }

    #[test]
    fn an_answer_fits_its_operation_only_if_each_member_does_in_whatever_it_stands() {
        let fits = |output: Output, operation: Operation| output.fits(operation.answer());
        let tags = |name| Output::new().list("Tags", [Output::new().text(name, "a")]);
        assert!(fits(Output::new(), Operation::EnableKey));
        assert!(fits(tags("TagKey").flag("Truncated", false), Operation::ListResourceTags));
        assert!(!fits(tags("Key"), Operation::ListResourceTags), "in an element of a list");
        assert!(!fits(tags("TagKey").text("Truncated", "no"), Operation::ListResourceTags), "another kind");
        assert!(!fits(tags("TagKey"), Operation::DescribeKey), "of another operation");
        let described = Output::new().object("KeyMetadata", Output::new().time("CreationDate", 1.0));
        assert!(fits(described.clone(), Operation::DescribeKey) && !fits(described, Operation::ReplicateKey));
    }

    #[test]
    fn members_are_read_as_what_they_are_without_json() {
        let inner = Output::new().text("Arn", "a");
        let output = Output::new()
            .text("KeyId", "k")
            .secret("Token", "t")
            .blob("Mac", &[1, 2][..])
            .object("KeyMetadata", inner);
        assert_eq!((output.text_of("KeyId"), output.text_of("Token")), (Some("k"), Some("t")));
        assert_eq!((output.blob_of("Mac"), output.blob_of("KeyId")), (Some(&[1, 2][..]), None));
        assert_eq!(output.object_of("KeyMetadata").and_then(|inner| inner.text_of("Arn")), Some("a"));
        assert_eq!((output.text_of("Mac"), output.text_of("Arn")), (None, None));
    }

    proptest! {
        #[test]
        fn a_text_is_plain_if_each_of_its_bytes_is(text in "[ -~\u{0}-\u{1f}äß\u{7f}\u{2028}]{0,40}") {
            let each = text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\');
            prop_assert_eq!(is_plain(&text), each, "{:?}", text);
            prop_assert_eq!(are_plain(text.as_bytes()), each && text.is_ascii(), "{:?}", text);
        }

        #[test]
        fn what_is_written_reads_back(text in any::<String>(), bytes in any::<Vec<u8>>(), number in any::<i64>()) {
            let output = Output::new().text("T", &text).blob("B", bytes.as_slice()).integer("N", number);
            let back: serde_json::Value = serde_json::from_slice(&output.into_bytes()).unwrap();
            prop_assert_eq!(back["T"].as_str(), Some(text.as_str()));
            prop_assert_eq!(STANDARD.decode_to_vec(back["B"].as_str().unwrap()).unwrap(), bytes);
            prop_assert_eq!(back["N"].as_i64(), Some(number));
        }
    }
}
