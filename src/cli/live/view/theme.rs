//! Colours, and what stands for them where `NO_COLOR` forbids them.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;

/// How the view is painted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    pub(super) colour: bool,
}

/// What a part of the picture means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Plain,
    /// Frames and labels.
    Quiet,
    /// Figures that one looks for first.
    Strong,
    Good,
    Warning,
    Bad,
    Goodput,
    Attempts,
    Throttled,
    Quota,
}

impl Theme {
    pub(super) fn style(self, meaning: Meaning) -> Style {
        let plain = Style::new();
        let coloured = |colour| if self.colour { plain.fg(colour) } else { plain };
        match meaning {
            Meaning::Plain => plain,
            Meaning::Quiet => coloured(Color::DarkGray),
            Meaning::Strong => plain.add_modifier(Modifier::BOLD),
            Meaning::Good | Meaning::Goodput => coloured(Color::Green),
            Meaning::Warning => coloured(Color::Yellow).add_modifier(Modifier::BOLD),
            Meaning::Bad => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Meaning::Throttled => coloured(Color::Red),
            Meaning::Attempts => coloured(Color::Cyan),
            Meaning::Quota => coloured(Color::Magenta),
        }
    }

    /// How near a share of a limit is to it: from 80 % on, and beyond all of it.
    pub(super) fn nearness(share: f64) -> Meaning {
        match share {
            share if share > 1.0 => Meaning::Bad,
            share if share > 0.8 => Meaning::Warning,
            _ => Meaning::Good,
        }
    }

    /// What a curve is drawn with, and its mark in the legend: without colours each has its own.
    pub(super) const fn marker(self, meaning: Meaning) -> (Marker, &'static str) {
        match (meaning, self.colour) {
            (Meaning::Quota, _) => (Marker::Custom('╌'), "╌╌"),
            (_, true) => (Marker::Braille, "━━"),
            (Meaning::Attempts, false) => (Marker::Custom('·'), "··"),
            (Meaning::Throttled, false) => (Marker::Custom('x'), "xx"),
            (_, false) => (Marker::Braille, "⠒⠒"),
        }
    }
}
