//! Figures in Prometheus's text format 0.0.4.

use std::fmt::{Display, Write as _};

/// The text as far as it is written.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// What the format is called in HTTP.
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a metric of this kind: `counter`, `gauge`, `histogram` or `summary`.
    pub fn head(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a String takes every text");
    }

    /// One figure under its labels.
    pub fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(self.0, "{name}{labels} {value}").expect("a String takes every text");
    }

    /// All of it.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_whole_numbers_stay_whole() {
        let mut page = Exposition::default();
        page.head("calls_total", "counter", "Calls.");
        page.value("calls_total", &[("key", "a\"b\\c\n")], 12u64);
        page.value("calls_total", &[], 0.5);
        let expected = "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{key=\"a\\\"b\\\\c\\n\"} 12\ncalls_total 0.5\n";
        assert_eq!(page.into_text(), expected);
    }
}
