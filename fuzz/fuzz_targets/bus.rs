//! What strangers say on a bus reads as one of ours, or is refused in a sentence that a terminal can show.
#![no_main]

use keystorm::bus::{Hello, Note, Offer};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let refused = [Offer::read(bytes).err(), Note::read(bytes).err(), Hello::read(bytes).err()];
    for sentence in refused.iter().flatten() {
        assert!(!sentence.is_empty() && !sentence.chars().any(char::is_control), "{sentence:?}");
    }
    if let Ok(offer) = Offer::read(bytes) {
        // It becomes a part of subjects, and of names of objects.
        assert!(offer.id().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{}", offer.id());
    }
});
