//! The client room against what others measured or proved: closed forms, published tables, real clients.

mod analytic;
mod contention;
mod esdk;
mod legacy;
mod overload;
mod retries;
mod waiting;

use keystorm_machines::api::{Job, JobKind, Operation};
use keystorm_machines::client::{Policy, Retry, RetryMode};
use keystorm_machines::time::Time;

/// A Decrypt job of workload 0 and client 0, without a deadline.
fn job(index: u64, intended: Time) -> Job {
    Job {
        workload: 0,
        stage: 0,
        client: 0,
        unit: 0,
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
    Policy { retry: Retry { mode, max_attempts }, limiter: None, timeout: None, cache: None, salt: 0 }
}

/// The rows of a CSV sheet as header → field; lines that begin with `#` say where it is from.
fn rows(sheet: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let text = crate::facts::text(sheet);
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("a row as long as the header")).collect()
}
