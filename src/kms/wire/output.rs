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
    /// Where in `json` a value stands that must not be shown.
    hidden: Vec<Range<usize>>,
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
        Output { json, hidden: Vec::new() }
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
        let object = context.iter().fold(Output::new(), |object, (key, value)| object.text(key, value));
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

    fn name(&mut self, name: &str) {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
        self.string(name);
        self.json.push(b':');
    }

    fn string(&mut self, text: &str) {
        // Nearly every text is plain, which a glance at all its bytes together tells sooner than the writer that
        // looks at each of them.
        if text.bytes().fold(true, |plain, b| plain & (b >= b' ') & (b != b'"') & (b != b'\\')) {
            self.json.push(b'"');
            self.json.extend_from_slice(text.as_bytes());
            self.json.push(b'"');
            return;
        }
        serde_json::to_writer(&mut self.json, text).expect("writing text to memory does not fail");
    }

    fn embed(&mut self, object: Output) {
        let start = self.json.len();
        self.hidden.extend(object.hidden.iter().map(|span| span.start + start..span.end + start));
        self.json.extend_from_slice(&object.json);
        self.json.push(b'}');
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
        let mut from = 0;
        for span in &self.hidden {
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
        fn what_is_written_reads_back(text in any::<String>(), bytes in any::<Vec<u8>>(), number in any::<i64>()) {
            let output = Output::new().text("T", &text).blob("B", &bytes).integer("N", number);
            let back: serde_json::Value = serde_json::from_slice(&output.into_bytes()).unwrap();
            prop_assert_eq!(back["T"].as_str(), Some(text.as_str()));
            prop_assert_eq!(STANDARD.decode_to_vec(back["B"].as_str().unwrap()).unwrap(), bytes);
            prop_assert_eq!(back["N"].as_i64(), Some(number));
        }
    }
}
