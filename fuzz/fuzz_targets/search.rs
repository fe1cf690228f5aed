//! Texts of a search on a bus read as ours, and are written back the same, or are refused in a sentence that a terminal can show.
#![no_main]

use keystorm::bus::search::{AskedCell, SearchQuestion};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let refused = |why: &str| {
        assert!(!why.is_empty() && !why.chars().any(char::is_control), "{why:?}");
    };
    match SearchQuestion::read(bytes) {
        Ok(Some(question)) => assert_eq!(question.bytes(), bytes),
        // The question of something else.
        Ok(None) => {}
        Err(why) => refused(&why),
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match AskedCell::read(text) {
        Ok(cell) => {
            assert_eq!(cell.text().as_deref(), Ok(text));
            assert!(!cell.label().is_empty());
        }
        Err(why) => refused(&why),
    }
});
