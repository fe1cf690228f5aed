//! What strangers say on a bus reads as one of ours, or is refused in a sentence that a terminal can show.
#![no_main]

use keystorm::bus::live::{Invitation, Order, WorkerMessage};
use keystorm::bus::{Hello, Note, Offer};
use keystorm::record::{Layout, Mirror};
use keystorm::scenario::{Options, Scenario};
use keystorm::time::Time;
use std::sync::{Arc, OnceLock};

fn layout() -> &'static Arc<Layout> {
    static LAYOUT: OnceLock<Arc<Layout>> = OnceLock::new();
    LAYOUT.get_or_init(|| {
        let text = "workloads: { w: { executor: constant-arrival-rate, rate: 1/s, duration: 9s, jobs: { Decrypt: 1 } } }\n\
                    strategies: { s: {} }\n";
        let scenario = Scenario::parse(text, &Options::default()).expect("valid").scenario;
        Arc::new(Layout::new(&scenario.workloads))
    })
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let refused = [
        Offer::read(bytes).err(),
        Note::read(bytes).err(),
        Hello::read(bytes).err(),
        Invitation::read(bytes).err(),
        Order::read(bytes).err(),
        WorkerMessage::read(bytes).err(),
    ];
    for sentence in refused.iter().flatten() {
        assert!(!sentence.is_empty() && !sentence.chars().any(char::is_control), "{sentence:?}");
    }
    if let Ok(offer) = Offer::read(bytes) {
        // It becomes a part of subjects, and of names of objects.
        assert!(offer.id().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{}", offer.id());
    }
    if let Ok(WorkerMessage::Piece { piece, .. }) = WorkerMessage::read(bytes) {
        // Twice, so that what adds up without end would.
        let mut mirror = Mirror::new(layout(), Time::ZERO);
        for _ in 0..2 {
            if mirror.add(&piece).is_ok() {
                let jobs = mirror.clone().into_trial().recorder.job_totals();
                assert!(jobs.offered <= jobs.ended());
            }
        }
    }
});
