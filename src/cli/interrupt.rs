//! Ctrl-C: the first lets a run end by itself, a second leaves at once.

use super::exit;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks a run to end; asked twice, leaves the process with the terminal as it was.
pub fn interrupt(stop: &AtomicBool) {
    if stop.swap(true, Ordering::Relaxed) {
        leave();
    }
}

fn leave() -> ! {
    #[cfg(feature = "tui")]
    super::live::view::restore();
    std::process::exit(i32::from(exit::INTERRUPTED));
}
