//! Any text is either a scenario or a list of problems; never a panic.
#![no_main]

use keystorm::scenario::{Options, Scenario};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Scenario::parse(text, &Options::default());
});
