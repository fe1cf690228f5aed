//! Answers in XML: elements of text or of other elements.

use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::BytesText;
use std::io;

/// An element; not to be printed for debugging, since credentials stand in some.
pub(super) struct Element {
    name: String,
    namespace: Option<&'static str>,
    content: Content,
}

/// What stands in an element.
enum Content {
    Text(String),
    Elements(Vec<Element>),
}

impl Element {
    /// An element of text, which is escaped when it is written.
    pub(super) fn text(name: &str, text: impl Into<String>) -> Element {
        Element { name: name.into(), namespace: None, content: Content::Text(text.into()) }
    }

    /// An element of other elements.
    pub(super) fn of(name: impl Into<String>, elements: impl Into<Vec<Element>>) -> Element {
        Element { name: name.into(), namespace: None, content: Content::Elements(elements.into()) }
    }

    /// The same in a namespace.
    pub(super) fn in_namespace(self, namespace: &'static str) -> Element {
        Element { namespace: Some(namespace), ..self }
    }

    /// The element as text.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        self.write(&mut writer).expect("a Vec takes every text");
        writer.into_inner()
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let named = writer.create_element(self.name.as_str());
        let named = named.with_attributes(self.namespace.map(|namespace| ("xmlns", namespace)));
        match &self.content {
            // Quotes need no escape outside attributes.
            Content::Text(text) => {
                named.write_text_content(BytesText::from_escaped(partial_escape(text.as_str())))?
            }
            Content::Elements(elements) => {
                named.write_inner_content(|writer| elements.iter().try_for_each(|each| each.write(writer)))?
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_a_namespace_stands_where_it_is_given() {
        let error = Element::of("Error", [Element::text("Message", "a <b> & \"c\"")]);
        let answer = Element::of("Answer", [error, Element::of("None", [])]).in_namespace("urn:x");
        assert_eq!(
            String::from_utf8(answer.into_bytes()).expect("text"),
            "<Answer xmlns=\"urn:x\"><Error><Message>a &lt;b&gt; &amp; \"c\"</Message></Error>\
             <None></None></Answer>"
        );
    }
}
