//! The JSON of an answer, written as it is built.

use base64_simd::STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// What most answers need: a data key in clear and encrypted, or a ciphertext of some hundred bytes, among names.
const ROOM: usize = 1_024;

/// A JSON object that grows member by member, in the order of the calls.
///
/// Bytes are written as Base64 in place and never shown in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    /// The object so far, without its closing brace.
    json: Vec<u8>,
    /// Where in `json` values stand that must not be shown.
    hidden: Hidden,
}

/// Spans in the order of the text. Most answers have one or two, and memory of its own for them would cost as much as
/// writing a name.
#[derive(Clone, Default, PartialEq, Eq)]
struct Hidden {
    first: [Option<Range<usize>>; 2],
    more: Vec<Range<usize>>,
}

impl Hidden {
    fn push(&mut self, span: Range<usize>) {
        match self.first.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(span),
            None => self.more.push(span),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Range<usize>> {
        self.first.iter().flatten().chain(&self.more)
    }
}

/// One element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// An object without members.
    pub fn new() -> Output {
        let mut json = Vec::with_capacity(ROOM);
        json.push(b'{');
        Output { json, hidden: Hidden::default() }
    }

    /// Adds a text.
    pub fn text(mut self, name: &str, text: &str) -> Output {
        self.name(name);
        self.string(text);
        self
    }

    /// Adds a text that `Debug` does not show.
    pub fn secret(mut self, name: &str, text: &str) -> Output {
        self.name(name);
        let start = self.json.len();
        self.string(text);
        self.hidden.push(start..self.json.len());
        self
    }

    /// Adds bytes.
    pub fn blob(mut self, name: &str, bytes: &[u8]) -> Output {
        self.name(name);
        let start = self.json.len();
        self.json.push(b'"');
        STANDARD.encode_append(bytes, &mut self.json);
        self.json.push(b'"');
        self.hidden.push(start..self.json.len());
        self
    }

    /// Adds a whole number.
    pub fn integer(mut self, name: &str, number: i64) -> Output {
        self.name(name);
        self.json.extend_from_slice(number.to_string().as_bytes());
        self
    }

    /// Adds true or false.
    pub fn flag(mut self, name: &str, flag: bool) -> Output {
        self.name(name);
        self.json.extend_from_slice(if flag { b"true" } else { b"false" });
        self
    }

    /// Adds a point in time: seconds since 1970, rounded to milliseconds.
    pub fn time(mut self, name: &str, seconds: f64) -> Output {
        debug_assert!(seconds.is_finite(), "{name} is no point in time");
        self.name(name);
        let rounded = libm::round(seconds * 1e3) / 1e3;
        let rounded = if rounded.is_finite() { rounded } else { 0.0 };
        self.json.extend_from_slice(rounded.to_string().as_bytes());
        self
    }

    /// Adds a map from text to text.
    pub fn context(self, name: &str, context: &BTreeMap<String, String>) -> Output {
        let object = context.iter().fold(Output::new(), |object, (key, value)| object.pair(key, value));
        self.object(name, object)
    }

    /// Adds an object.
    pub fn object(mut self, name: &str, object: Output) -> Output {
        self.name(name);
        self.embed(object);
        self
    }

    /// Adds a list of texts or of objects.
    pub fn list<'a, I: Into<Item<'a>>>(mut self, name: &str, items: impl IntoIterator<Item = I>) -> Output {
        self.name(name);
        self.json.push(b'[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.json.push(b',');
            }
            match item.into() {
                Item::Text(text) => self.string(text),
                Item::Object(object) => self.embed(object),
            }
        }
        self.json.push(b']');
        self
    }

    /// Adds what `add` makes of a value, if there is one.
    pub fn given<T>(self, value: Option<T>, add: impl FnOnce(Output, T) -> Output) -> Output {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    /// The finished object.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.json.push(b'}');
        self.json
    }

    /// Begins a member. Names are the model's, and plain; those of an encryption context are written by
    /// [`Output::pair`].
    fn name(&mut self, name: &str) {
        debug_assert!(is_plain(name), "{name:?} is no name of a member");
        self.json.extend_from_slice(if self.json.len() > 1 { b",\"" } else { b"\"" });
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
    }

    /// Adds a pair of any texts.
    fn pair(mut self, key: &str, value: &str) -> Output {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
        self.string(key);
        self.json.push(b':');
        self.string(value);
        self
    }

    fn string(&mut self, text: &str) {
        // Nearly every text is plain.
        if is_plain(text) {
            self.json.push(b'"');
            self.json.extend_from_slice(text.as_bytes());
            self.json.push(b'"');
            return;
        }
        serde_json::to_writer(&mut self.json, text).expect("writing text to memory does not fail");
    }

    fn embed(&mut self, object: Output) {
        let start = self.json.len();
        object.hidden.iter().for_each(|span| self.hidden.push(span.start + start..span.end + start));
        self.json.extend_from_slice(&object.json);
        self.json.push(b'}');
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

impl Default for Output {
    fn default() -> Output {
        Output::new()
    }
}

/// The JSON, with `[redacted]` for bytes and secrets.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        for span in self.hidden.iter() {
            f.write_str(&String::from_utf8_lossy(&self.json[from..span.start]))?;
            f.write_str("[redacted]")?;
            from = span.end;
        }
        f.write_str(&String::from_utf8_lossy(&self.json[from..]))?;
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(output: Output) -> String {
        String::from_utf8(output.into_bytes()).unwrap()
    }

    #[test]
    fn members_stand_in_the_order_they_were_added() {
        let inner = Output::new().text("A", "b").blob("B", b"\xff\xfe");
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

    proptest! {
        #[test]
        fn a_text_is_plain_if_each_of_its_bytes_is(text in "[ -~\u{0}-\u{1f}äß\u{7f}\u{2028}]{0,40}") {
            let each = text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\');
            prop_assert_eq!(is_plain(&text), each, "{:?}", text);
            prop_assert_eq!(are_plain(text.as_bytes()), each && text.is_ascii(), "{:?}", text);
        }

        #[test]
        fn what_is_written_reads_back(text in any::<String>(), bytes in any::<Vec<u8>>(), number in any::<i64>()) {
            let output = Output::new().text("T", &text).blob("B", &bytes).integer("N", number);
            let back: serde_json::Value = serde_json::from_slice(&output.into_bytes()).unwrap();
            prop_assert_eq!(back["T"].as_str(), Some(text.as_str()));
            prop_assert_eq!(STANDARD.decode_to_vec(back["B"].as_str().unwrap()).unwrap(), bytes);
            prop_assert_eq!(back["N"].as_i64(), Some(number));
        }
    }
}
