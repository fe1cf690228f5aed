//! The client room against what others measured or proved: closed forms, published tables, real clients.

mod analytic;
mod contention;
mod esdk;
mod overload;
mod retries;

use keystorm::api::{Job, JobKind, Operation};
use keystorm::client::{Policy, Retry, RetryMode};
use keystorm::time::Time;
use std::path::PathBuf;

/// A Decrypt job of workload 0 and client 0, without a deadline.
fn job(index: u64, intended: Time) -> Job {
    Job {
        workload: 0,
        stage: 0,
        client: 0,
        index,
        kind: JobKind::Call(Operation::Decrypt),
        intended,
        deadline: Time::NEVER,
        key: 0,
        context: 0,
        message: u32::MAX,
        bytes: 100,
        known_size: true,
    }
}

/// A policy that only retries.
fn retrying(mode: RetryMode, max_attempts: Option<u32>) -> Policy {
    Policy { retry: Retry { mode, max_attempts }, limiter: None, timeout: None, cache: None }
}

/// The text of a reference file beside the repository; `None`, with a message, where it is not at hand.
fn reference(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/facts").join(name);
    let above = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/facts").join(name);
    let text = std::fs::read_to_string(beside).or_else(|_| std::fs::read_to_string(above)).ok();
    if text.is_none() {
        eprintln!("skipped: the reference file {name} is not beside the repository");
    }
    text
}

/// A CSV file's rows as header → field.
fn rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("a row as long as the header")).collect()
}
