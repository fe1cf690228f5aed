//! How a text is to look: how wide, in which characters, painted or not, with details or without.

use super::format::clip;
use super::paint::Paint;
use std::borrow::Cow;

/// The narrowest text.
pub const NARROWEST: usize = 60;
/// Wider lines nobody reads.
pub const WIDEST: usize = 160;

/// How a text is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns that no line exceeds: at least [`NARROWEST`].
    pub width: usize,
    /// Whether it is painted.
    pub paint: Paint,
    /// Whether it holds ASCII only.
    pub ascii: bool,
    /// Whether it has the details too.
    pub verbose: bool,
}

impl Look {
    /// A hundred columns, without paint or details.
    pub const PLAIN: Look = Look { width: 100, paint: Paint::PLAIN, ascii: false, verbose: false };

    /// `text` in the characters there are.
    pub fn words<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.ascii && !text.is_ascii() { Cow::Owned(to_ascii(text)) } else { Cow::Borrowed(text) }
    }

    /// `text` in the characters there are, in at most `width` columns.
    pub fn clip(&self, text: &str, width: usize) -> String {
        let text = self.words(text);
        match self.ascii && text.len() > width {
            true => text.chars().take(width.saturating_sub(1)).chain((width > 0).then_some('~')).collect(),
            false => clip(&text, width),
        }
    }
}

/// `text` in ASCII: what has a likeness there, and `?` for what has none.
pub fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            '–' | '—' | '−' | '·' => out.push('-'),
            '…' => out.push_str("..."),
            '×' | '✗' => out.push('x'),
            '→' => out.push_str("->"),
            '∞' => out.push_str("inf"),
            '✓' => out.push('+'),
            '●' => out.push('*'),
            '÷' => out.push('/'),
            '≤' => out.push_str("<="),
            '≥' => out.push_str(">="),
            'µ' | 'μ' => out.push('u'),
            '\u{a0}' => out.push(' '),
            '“' | '”' => out.push('"'),
            '‘' | '’' => out.push('\''),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_likeness_in_ascii_gets_it() {
        assert_eq!(to_ascii("3.11× – ∞ (22 % failed) → ✓ é…"), "3.11x - inf (22 % failed) -> + ?...");
        let ascii = Look { ascii: true, ..Look::PLAIN };
        assert_eq!(ascii.clip("abcdef", 4), "abc~");
        assert_eq!(Look::PLAIN.clip("abcdef", 4), "abc…");
    }
}
