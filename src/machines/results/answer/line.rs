//! Lines in the making: text and the figures it rests on go together.

use super::{Cited, Line};

impl Line {
    /// A text that rests on no figure, or on none yet.
    pub(super) fn of(text: impl Into<String>) -> Line {
        Line { text: text.into(), ..Line::default() }
    }

    /// The same, resting on the figure at `at`, which is `value`.
    pub(super) fn citing(mut self, at: String, value: f64) -> Line {
        if value.is_finite() {
            self.figures.push(Cited { at, value });
        }
        self
    }

    /// The same, with `other` behind it.
    pub(super) fn then(mut self, glue: &str, other: Line) -> Line {
        self.text = self.text + glue + &other.text;
        self.figures.extend(other.figures);
        self.command = self.command.or(other.command);
        self
    }

    /// Texts in a row.
    pub(super) fn joined(lines: impl IntoIterator<Item = Line>, glue: &str) -> Line {
        lines.into_iter().reduce(|all, next| all.then(glue, next)).unwrap_or_default()
    }

    /// Sentences in a row; each figure is cited once.
    pub(super) fn sentences(lines: impl IntoIterator<Item = Line>) -> Line {
        let mut line = Line::joined(lines, " ");
        let mut seen: Vec<String> = Vec::new();
        line.figures.retain(|cited| {
            let is_new = !seen.contains(&cited.at);
            seen.extend(is_new.then(|| cited.at.clone()));
            is_new
        });
        line
    }
}

/// Where a figure of strategy number `strategy` stands.
pub(super) fn at(strategy: usize, field: &str) -> String {
    format!("/strategies/{strategy}/{field}")
}

/// Where a figure of one of a strategy's pools stands.
pub(super) fn at_pool(strategy: usize, pool: &str, field: &str) -> String {
    at(strategy, &format!("pools/{}/{field}", pool.replace('~', "~0").replace('/', "~1")))
}
