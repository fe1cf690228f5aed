//! Who calls, as an import found it: what a plan names beside the workloads of its scenario.

use serde::{Deserialize, Serialize};

/// Version of the document's names.
pub const SCHEMA: &str = "keystorm.callers/1";
/// The file that an import writes and a plan reads.
pub const FILE: &str = "callers.json";
/// Callers that are named.
pub const NAMED: usize = 20;

/// The callers of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Callers {
    /// [`SCHEMA`].
    pub schema: String,
    /// Calls of the log in its Region and account.
    pub calls: u64,
    /// Calls of its busiest second.
    pub peak_1s: u64,
    /// When that was, in ISO 8601.
    pub peak_at: String,
    /// Those with the most calls, most first.
    pub callers: Vec<Caller>,
    /// How many more there are.
    pub others: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// `role app`, `user ann`, `s3.amazonaws.com`.
    pub name: String,
    /// Its calls.
    pub calls: u64,
    /// Its share of all calls.
    pub share: f64,
    /// Its share of the log's busiest second.
    pub peak_share: f64,
    /// What lowers them, where it is an AWS service on the account's behalf: no cache, retry or limiter of the account does.
    pub lever: Option<String>,
}
