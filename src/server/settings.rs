//! What a server is told when it starts.

use super::seed::Format;
use super::{Tls, Upstream};
use crate::kms::access::Directory;
use crate::kms::{Assumed, Consistency, Fault, Latency, Limits, ServiceTime};
use crate::quota::{Enforcement, Quotas};
use crate::time::Span;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Whether signatures are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Who calls is taken from the access key; nothing is checked.
    Off,
    /// Every call must be signed by an access key that is known.
    Verify,
}

/// Everything a run of the server needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the admin paths are served instead, if not beside the others.
    pub admin_listen: Option<SocketAddr>,
    /// What opens the admin paths to others than loopback.
    pub admin_token: Option<String>,
    /// Names by which clients call it, beside its addresses, `localhost` and those of its certificate.
    pub host_names: Vec<String>,
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
    /// The service that answers what passes faults and quotas, instead of this one.
    pub upstream: Option<Upstream>,
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
    /// Whether signatures are checked.
    pub auth: Auth,
    /// Principals that are known at the start; with [`Auth::Verify`] nobody else can call.
    pub directory: Directory,
    /// TLS, if it is served.
    pub tls: Option<Tls>,
    /// HTTP/2 beside HTTP/1.1.
    pub http2: bool,
    /// Threads; 0 for one per core.
    pub threads: usize,
    /// Connections at a time.
    pub max_connections: usize,
    /// A connection that asks nothing for so long, and up to a quarter more, is closed; also the time for a whole body.
    pub idle_timeout: Span,
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
    /// As `keystorm serve` without options, but on a free port.
    fn default() -> Settings {
        let none = Latency { p50: Span::ZERO, p99: Span::ZERO };
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_listen: None,
            admin_token: None,
            host_names: Vec::new(),
            account: "123456789012".into(),
            region: "us-east-1".into(),
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
            upstream: None,
            limits: Limits::default(),
            consistency: Consistency::default(),
            assumed: Assumed::default(),
            realms: 1_000,
            tells_retry: false,
            seed: 42,
            auth: Auth::Off,
            directory: Directory::default(),
            tls: None,
            http2: false,
            threads: 0,
            max_connections: 16_384,
            idle_timeout: Span::from_secs(75),
            seeds: Vec::new(),
            data_dir: None,
            root_key: None,
            log: None,
            cloudtrail: None,
            cloudtrail_throttled: false,
        }
    }
}
