//! Colour in a terminal, only when the caller says that it is wanted.

use crate::results::Verdict;

/// Whether something is good news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither.
    #[default]
    Plain,
    /// Of less weight than what stands around it.
    Quiet,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Not known, or worth a second look.
    Unsure,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Tone {
        match verdict {
            Verdict::Met => Tone::Good,
            Verdict::Missed => Tone::Bad,
            Verdict::CannotTell | Verdict::NoData => Tone::Unsure,
        }
    }
}

/// Paints text for a terminal, or leaves it alone.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether to paint.
    pub colour: bool,
}

impl Paint {
    /// Leaves text alone.
    pub const PLAIN: Paint = Paint { colour: false };

    /// `text` in bold.
    pub fn bold(self, text: &str) -> String {
        self.wrap(text, "1")
    }

    /// `text` in the colour of a tone.
    pub fn tone(self, text: &str, tone: Tone) -> String {
        match tone {
            Tone::Plain => text.to_owned(),
            Tone::Quiet => self.wrap(text, "2"),
            Tone::Good => self.wrap(text, "32"),
            Tone::Bad => self.wrap(text, "31"),
            Tone::Unsure => self.wrap(text, "33"),
        }
    }

    fn wrap(self, text: &str, code: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
