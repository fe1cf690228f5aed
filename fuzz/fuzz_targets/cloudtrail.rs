//! Any bytes are either a log whose sums agree or no log; the trace made of it reads back.
#![no_main]

use keystorm::intake::cloudtrail::{Collector, Replay, read};
use keystorm::workload::{TraceRows, trace};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = read(bytes) else { return };
    let mut collector = Collector::default();
    collector.record("first", file.clone());
    collector.record("copy", file);
    let all = collector.log(None);
    assert_eq!(all.kms_events, all.calls.len() as u64 + all.not_calls.values().sum::<u64>());
    assert_eq!(all.by_region.values().sum::<u64>(), all.kms_events);
    assert!(all.kms_events + all.duplicates + all.skipped <= all.records);
    let log = collector.log(collector.busiest_region());
    assert_eq!(log.per_second.values().flat_map(|each| each.values()).sum::<u64>(), log.calls_counted());
    let Some(replay) = Replay::of(&log) else { return };
    assert!(!replay.scenario().contains('\u{1b}'));
    let mut rows = 0;
    for spec in replay.specs() {
        let mut written = Vec::new();
        replay.write_trace(spec, &mut written).expect("memory takes every byte");
        match trace::read(&written, &BTreeMap::new()) {
            Ok(TraceRows::Jobs(jobs)) => rows += jobs.len(),
            Ok(other) => panic!("{other:?}"),
            // A log that spans more than a trace can hold is refused by name of the field.
            Err(error) => return assert!(error.to_string().contains("time_s"), "{error}"),
        }
    }
    assert_eq!(rows, log.calls.len());
});
