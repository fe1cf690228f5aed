//! Any bytes are either a trace in order of time or a sentence that says why not.
#![no_main]

use keystorm::workload::TraceRows;
use keystorm::workload::trace;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|bytes: &[u8]| {
    match trace::read(bytes, &BTreeMap::new()) {
        Ok(TraceRows::Counts(counts)) => assert!((1..=trace::MAX_ROWS).contains(&counts.len())),
        Ok(TraceRows::Jobs(jobs)) => {
            assert!(!jobs.is_empty());
            assert!(jobs.is_sorted_by_key(|job| job.at));
            assert!(jobs.iter().all(|job| job.at < trace::MAX_TIME));
            // Numbers are dense: the largest of n distinct ones is n - 1.
            for number in [|job: &keystorm::workload::TraceJob| job.key, |job| job.context, |job| job.message] {
                let distinct = jobs.iter().filter_map(number).collect::<std::collections::BTreeSet<_>>();
                assert!(distinct.last().is_none_or(|last| *last as usize == distinct.len() - 1));
            }
        }
        Ok(TraceRows::Unread) => panic!("a trace that was read is not unread"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
