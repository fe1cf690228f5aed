//! Any bytes are either a trace in order of time or a sentence that says why not.
#![no_main]

use keystorm::workload::TraceRows;
use keystorm::workload::trace;
use libfuzzer_sys::fuzz_target;
use std::collections::{BTreeMap, BTreeSet};

fuzz_target!(|bytes: &[u8]| {
    match trace::read(bytes, &BTreeMap::new()) {
        Ok(TraceRows::Counts(counts)) => assert!((1..=trace::MAX_ROWS).contains(&counts.len())),
        Ok(TraceRows::Jobs(jobs)) => {
            assert!(!jobs.is_empty());
            assert!(jobs.is_sorted_by_key(|job| job.at));
            assert!(jobs.iter().all(|job| job.at < trace::MAX_TIME));
            assert!(is_dense(jobs.iter().filter_map(|job| job.key)));
            assert!(is_dense(jobs.iter().filter_map(|job| job.context)));
            assert!(is_dense(jobs.iter().filter_map(|job| job.message)));
        }
        Ok(TraceRows::Unread) => panic!("a trace that was read is not unread"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

/// Whether the largest of n distinct numbers is n - 1.
fn is_dense(numbers: impl Iterator<Item = u32>) -> bool {
    let distinct = numbers.collect::<BTreeSet<_>>();
    distinct.last().is_none_or(|last| *last as usize == distinct.len() - 1)
}
