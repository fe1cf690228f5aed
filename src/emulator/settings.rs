//! What an emulated KMS is told when it starts.

use super::seed::Format;
use crate::kms::access::Directory;
use crate::kms::{Assumed, Consistency, Fault, Latency, Limits, ServiceTime};
use crate::quota::{Enforcement, Quotas};
use crate::time::Span;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that an emulated KMS needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account of callers that say nothing about theirs.
    pub account: String,
    /// The Region of calls that do not name one.
    pub region: String,
    /// Request quotas.
    pub quotas: Quotas,
    /// How long answers take.
    pub service_time: ServiceTime,
    /// What goes wrong from the start.
    pub faults: Vec<Fault>,
    /// Resource quotas.
    pub limits: Limits,
    /// What others see late.
    pub consistency: Consistency,
    /// What KMS may do and is not known to do for sure.
    pub assumed: Assumed,
    /// How many accounts there can be, each counted in every Region it is used in.
    pub realms: usize,
    /// Whether throttled calls are told when to come back, and which quota is used up.
    pub tells_retry: bool,
    /// Seed of service times, faults and window phases.
    pub seed: u64,
    /// Principals that are known at the start; a server that checks signatures lets nobody else call.
    pub directory: Directory,
    /// Keys that are there from the start.
    pub seeds: Vec<(PathBuf, Format)>,
    /// Keeps everything in this folder instead of in memory.
    pub data_dir: Option<PathBuf>,
    /// The root key's file, if it is not in that folder.
    pub root_key: Option<PathBuf>,
    /// Access log: NDJSON, `-` for stdout.
    pub log: Option<PathBuf>,
    /// CloudTrail records: an `.ndjson` file, or a folder of delivery files.
    pub cloudtrail: Option<PathBuf>,
    /// Whether throttled calls are in the trail; AWS does not say whether they are in its own.
    pub cloudtrail_throttled: bool,
}

impl Default for Settings {
    /// As `keystorm serve` without options.
    fn default() -> Settings {
        let none = Latency { p50: Span::ZERO, p99: Span::ZERO };
        Settings {
            account: "123456789012".into(),
            region: crate::api::partition::DEFAULT_REGION.into(),
            quotas: Quotas {
                overrides: BTreeMap::new(),
                enforcement: Enforcement::Window { phase: None },
                background: BTreeMap::new(),
                re_encrypt_cost: 1,
            },
            service_time: ServiceTime {
                default: none.into(),
                throttled: Span::ZERO,
                operations: BTreeMap::new(),
                measured: None,
                capacity: None,
            },
            faults: Vec::new(),
            limits: Limits::default(),
            consistency: Consistency::default(),
            assumed: Assumed::default(),
            realms: 1_000,
            tells_retry: false,
            seed: 42,
            directory: Directory::default(),
            seeds: Vec::new(),
            data_dir: None,
            root_key: None,
            log: None,
            cloudtrail: None,
            cloudtrail_throttled: false,
        }
    }
}
