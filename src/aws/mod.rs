//! Everything that links the AWS SDK: the client that live attempts go through, and what a run against AWS asks first.
//!
//! ```text
//! Access (credentials, Region, endpoint) ─┬─▶ SdkFactory ─▶ Sdk: a Backend, one SDK client per simulated client
//!                                         └─▶ look: who, keys, quotas, use ─▶ planner::Permit ─▶ QuotaGuard
//! ```
//!
//! What is found out here is judged in [`crate::planner`]. Credentials stay inside the SDK: nothing here holds, prints
//! or writes them.

mod access;
mod alarm;
mod ask;
mod errors;
mod guard;
mod identity;
mod increase;
mod keys;
mod leftovers;
#[cfg(feature = "s3")]
mod objects;
mod quota;
mod quota_guard;
mod retries;
mod sdk;
mod signer;
mod transport;
mod tries;
mod usage;

pub use crate::quota::Metric;
pub use access::{Access, Wanted};
pub use guard::{Checks, Looked, look};
pub use identity::{Identity, whoami};
pub use increase::{Change, changes, request_increase};
pub use keys::describe;
pub use leftovers::{Leftover, Search, find_leftovers, give_up};
#[cfg(feature = "s3")]
pub use objects::{Objects, ObjectsError};
pub use quota::{Applied, applied};
pub use quota_guard::QuotaGuard;
pub use sdk::{Sdk, SdkFactory};
pub use signer::{Signer, SignerError};
pub use usage::{Minutes, between, busiest, recent};

use crate::planner::Objection;
use std::path::PathBuf;

/// Why AWS, or what stands for it, cannot be used; each with its remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody said who calls.
    #[error(
        "no AWS credentials were found ({0}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile"
    )]
    NoCredentials(String),
    /// Credentials cannot be had.
    #[error("cannot get AWS credentials: {0}")]
    Credentials(String),
    /// An endpoint is no URL.
    #[error("`{url}` is no endpoint: {why}; look at AWS_ENDPOINT_URL and the profile's endpoint_url")]
    Endpoint {
        /// As it is configured.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// An endpoint may not be connected to.
    #[error(transparent)]
    Guard(#[from] crate::guard::Objection),
    /// The CA file cannot be used.
    #[error("transport.ca: {path}: {why}")]
    Ca {
        /// File that cannot be read.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A service said no.
    #[error("{asked}: {code}: {message}{remedy}")]
    Refused {
        /// What was asked, such as `STS GetCallerIdentity`.
        asked: &'static str,
        /// The error's code.
        code: String,
        /// What the service says about it.
        message: String,
        /// What helps; begins with `; `, or is empty.
        remedy: &'static str,
    },
    /// A service did not answer.
    #[error(
        "{asked}: no answer: {why}; is the network up, and the endpoint right (--endpoint-url, AWS_ENDPOINT_URL_*)?"
    )]
    NoAnswer {
        /// What was asked.
        asked: &'static str,
        /// What happened instead.
        why: String,
    },
    /// A service answered without what it is asked for.
    #[error("{asked}: the answer has no {lacks}")]
    Strange {
        /// What was asked.
        asked: &'static str,
        /// What is missing.
        lacks: &'static str,
    },
    /// A key that the scenario names cannot be looked at.
    #[error("workload `{workload}`: key {key}: {source}")]
    Key {
        /// The workload that names it.
        workload: String,
        /// As named.
        key: String,
        /// What looking at it came to.
        #[source]
        source: Box<Error>,
    },
    /// The run may not be made.
    #[error("this run may not be made against AWS:\n{}", list(.0))]
    Refusal(Vec<Objection>),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
}

/// A line for each objection.
fn list(objections: &[Objection]) -> String {
    objections.iter().map(|each| format!("  - {each}")).collect::<Vec<_>>().join("\n")
}
