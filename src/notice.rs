//! What is said beside results: a line on stderr. Nobody may be listening, which is no failure of what is told.
//!
//! `eprintln!` panics when stderr is closed, and a panic changes the exit code. So everything goes through here
//! (`tests/sim/house.rs`).

use std::fmt::Display;
use std::io::Write as _;

/// Says `line` on stderr, if anybody can still hear it.
pub fn tell(line: impl Display) {
    tell_raw(format_args!("{line}\n"));
}

/// The same without an end of line.
pub fn tell_raw(text: impl Display) {
    // In one piece, so that lines of two threads do not mix.
    let text = text.to_string();
    let mut err = std::io::stderr().lock();
    // Whoever closed stderr wants to hear nothing; there is nobody left to complain to.
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
