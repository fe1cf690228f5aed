//! What a scenario says about live runs: how attempts are sent, what bounds them, what they may touch.
//!
//! The simulator does not look at any of it.

use crate::api::words;
use crate::time::Span;
use crate::units::{Money, Rate, Ratio};

/// What only live runs look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// What sends attempts.
    pub client: LiveClient,
    /// How they travel.
    pub transport: Transport,
    /// What bounds them.
    pub caps: Caps,
    /// What they may touch.
    pub allow: Allow,
}

words! {
    /// What sends live attempts.
    LiveClient {
        /// The AWS SDK for Rust, its own retries off unless a strategy asks for them.
        AwsSdk = "aws-sdk",
        /// Our own HTTP/1.1 client, several times cheaper per attempt.
        Raw = "raw",
    }
}

/// How live attempts travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// Without a socket: the emulated KMS is called in the process.
    pub in_process: bool,
    /// Most connections of one client; `None` is as many as attempts are in flight.
    pub connections: Option<u32>,
    /// How long a connection may take to come up.
    pub connect_timeout: Span,
    /// How long a connection is kept that nobody uses.
    pub idle_timeout: Span,
    /// PEM file with the CA certificates to trust instead of the system's.
    pub ca: Option<String>,
}

/// What bounds a live run. Against AWS, and against what is neither this machine nor a private network, `attempts`, `rate`
/// and `duration` must be given.
#[derive(Clone, Debug, PartialEq)]
pub struct Caps {
    /// Most attempts of the whole run, set-up included; `None` is no cap.
    pub attempts: Option<u64>,
    /// Most attempts in one second.
    pub rate: Option<Rate>,
    /// The longest the whole run may take.
    pub duration: Option<Span>,
    /// The most its attempts may cost.
    pub cost: Option<Money>,
    /// The largest share of what is free of a quota that the run's peak may take.
    pub max_quota_share: Ratio,
    /// The alarm of CloudWatch, by name or ARN, that ends a run on AWS when it is in ALARM.
    pub stop_on: Option<String>,
}

/// What a live run may touch. Against AWS an account and a Region must be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// Account ids.
    pub accounts: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// AWS managed keys, and keys of other accounts, that may be used all the same: ids, ARNs or aliases.
    pub keys: Vec<String>,
}

/// How long the AWS SDK waits for a connection, from BehaviorVersion v2026_01_12 on (aws-smithy-runtime 1.16.2).
const CONNECT_TIMEOUT: Span = Span::from_millis(3_100);
/// How long the AWS SDK keeps an unused connection (hyper-util's default pool, 1.16.2).
const IDLE_TIMEOUT: Span = Span::from_secs(90);

impl Default for Live {
    fn default() -> Live {
        Live {
            client: LiveClient::DEFAULT,
            transport: Transport::default(),
            caps: Caps::default(),
            allow: Allow::default(),
        }
    }
}

impl LiveClient {
    /// The AWS SDK where it is built in.
    pub const DEFAULT: LiveClient = if cfg!(feature = "aws") { LiveClient::AwsSdk } else { LiveClient::Raw };
}

impl Default for Transport {
    fn default() -> Transport {
        Transport {
            in_process: false,
            connections: None,
            connect_timeout: CONNECT_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            ca: None,
        }
    }
}

impl Default for Caps {
    /// No cap, and a fifth of what is free of a quota.
    fn default() -> Caps {
        Caps {
            attempts: None,
            rate: None,
            duration: None,
            cost: None,
            max_quota_share: Ratio::from_f64(0.2).unwrap_or(Ratio::ZERO),
            stop_on: None,
        }
    }
}
