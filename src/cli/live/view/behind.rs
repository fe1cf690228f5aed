//! The terminal behind stderr, for `ratatui`: as its own backend, but never asked where its cursor is.
//!
//! That question goes out on stdout, whoever asks it, and waits for an answer: on a stdout that is a file or a pipe it
//! would be written into the results, and nobody would answer. The view hides the cursor, so that the answer is free.

use nix::unistd::{getpgrp, tcgetpgrp};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use std::io::{self, BufWriter, Stderr, stderr};

/// The terminal behind stderr.
pub(super) struct BehindStderr(CrosstermBackend<BufWriter<Stderr>>);

impl BehindStderr {
    pub(super) fn new() -> BehindStderr {
        BehindStderr(CrosstermBackend::new(BufWriter::new(stderr())))
    }
}

/// Whether the terminal is ours to take: a job in the background that takes it is stopped by the system.
pub(super) fn is_ours() -> bool {
    tcgetpgrp(stderr()).is_ok_and(|foreground| foreground == getpgrp())
}

impl Backend for BehindStderr {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        self.0.draw(content)
    }
    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }
    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }
    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }
    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }
    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.0.clear_region(region)
    }
    fn size(&self) -> io::Result<Size> {
        self.0.size()
    }
    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }
    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}
