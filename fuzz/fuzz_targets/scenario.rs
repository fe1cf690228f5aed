//! Any text is either a scenario or a list of problems; never a panic.
#![no_main]

use keystorm::scenario::{Options, Scenario};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let options = Options { file: "fuzz.yaml", env: &|_| None, sets: &[] };
    let _ = Scenario::parse(text, &options);
});
