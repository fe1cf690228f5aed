//! The check `sts` of the project's mutation tests, on whatever the fuzzer finds.
#![no_main]

#[allow(dead_code)]
#[path = "../../tests/emulator/mutations/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::sts(bytes));
