//! Jobs, attempts, replies, outcomes.

use super::Operation;
use crate::time::Time;
use std::fmt;

/// What a job asks for: one KMS operation, or an envelope job that a data-key cache may serve without any call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// One call of this operation.
    Call(Operation),
    /// Encrypt a message under a data key: GenerateDataKey, or a cached data key.
    EncryptMessage,
    /// Decrypt an encrypted message: Decrypt of its data key, or a cached data key.
    DecryptMessage,
}

impl JobKind {
    /// The name in YAML, results and reports.
    pub const fn name(self) -> &'static str {
        match self {
            JobKind::Call(operation) => operation.name(),
            JobKind::EncryptMessage => "EncryptMessage",
            JobKind::DecryptMessage => "DecryptMessage",
        }
    }

    /// The kind called `name`, exactly.
    pub fn from_name(name: &str) -> Option<JobKind> {
        match name {
            "EncryptMessage" => Some(JobKind::EncryptMessage),
            "DecryptMessage" => Some(JobKind::DecryptMessage),
            _ => Operation::from_name(name).map(JobKind::Call),
        }
    }

    /// Every kind: the operations in their order, then the envelope jobs.
    pub fn all() -> impl Iterator<Item = JobKind> {
        let calls = Operation::ALL.iter().map(|operation| JobKind::Call(*operation));
        calls.chain([JobKind::EncryptMessage, JobKind::DecryptMessage])
    }

    /// The operation that reaches KMS when no cache serves the job.
    #[inline]
    pub const fn operation(self) -> Operation {
        match self {
            JobKind::Call(operation) => operation,
            JobKind::EncryptMessage => Operation::GenerateDataKey,
            JobKind::DecryptMessage => Operation::Decrypt,
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One piece of application work that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which workload of the scenario.
    pub workload: u16,
    /// Which stage of that workload, by intended start.
    pub stage: u16,
    /// Which client of the fleet runs it.
    pub client: u32,
    /// Who of its workload does it: the VU in closed load, the client in open load.
    pub unit: u32,
    /// The job's number within its workload: the key of all its random draws. A VU's i-th job is `vu << 32 | i`.
    pub index: u64,
    /// What it asks for.
    pub kind: JobKind,
    /// When it should start.
    pub intended: Time,
    /// After this it has failed; [`Time::NEVER`] if it has no deadline.
    pub deadline: Time,
    /// Which key of the workload.
    pub key: u32,
    /// Which encryption context of the workload.
    pub context: u32,
    /// Which encrypted message: the one a DecryptMessage job reads, or the one an EncryptMessage row of a trace
    /// names so that a later row can read it. `u32::MAX` if none.
    pub message: u32,
    /// Payload in bytes.
    pub bytes: u32,
    /// Whether the payload's size is known beforehand (an unknown size bypasses a data-key cache).
    pub known_size: bool,
}

/// Names a call in flight to the client machine that began it; stale tokens are recognised and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// One try on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Comes back with the reply.
    pub token: Token,
    /// Which workload the job belongs to.
    pub workload: u16,
    /// Which stage of the workload.
    pub stage: u16,
    /// Which client sends it.
    pub client: u32,
    /// The job's number within its workload.
    pub job: u64,
    /// 1 for the first attempt of the call, 2 for its first retry.
    pub number: u32,
    /// What is asked of KMS.
    pub operation: Operation,
    /// Which key of the workload.
    pub key: u32,
    /// Which encryption context of the workload.
    pub context: u32,
    /// Payload in bytes.
    pub bytes: u32,
    /// The job's intended start, which decides the stage and window the attempt counts in.
    pub intended: Time,
}

/// What came back for one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was done.
    Ok,
    /// Refused because a quota is exhausted: ThrottlingException.
    Throttled,
    /// A service error, or the connection broke.
    Failed(ErrorCode),
}

/// Why a service failed an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// KMSInternalException, HTTP 500; retryable.
    Internal,
    /// The connection was reset before an answer came; retryable.
    ConnectionReset,
    /// AccessDeniedException, HTTP 400; not retryable.
    AccessDenied,
    /// Any other error of the API that a retry does not cure.
    Rejected,
}

impl ErrorCode {
    /// Whether SDKs try again after it.
    pub const fn is_retryable(self) -> bool {
        matches!(self, ErrorCode::Internal | ErrorCode::ConnectionReset)
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done within its deadline.
    Completed,
    /// Not done.
    Failed(Failure),
}

/// Why a job failed: what its last attempt met, or what cut it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The last attempt was throttled and no retry was left or allowed.
    Throttled,
    /// The last attempt met a service error.
    Fault(ErrorCode),
    /// The last attempt had no answer in time.
    Timeout,
    /// The deadline passed: too late a success, or no time left for a retry.
    Deadline,
    /// Its client was restarted.
    Restart,
}
