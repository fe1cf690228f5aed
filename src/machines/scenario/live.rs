//! What a scenario says about live runs: how attempts are sent, what bounds them, what they may touch.
//!
//! The simulator does not look at any of it.

use super::target::{Target, TargetWord};
use crate::language::{
    ACCOUNT, Form, Item, MAX_JOBS, MILLION, POSITIVE_RATE, RATIO, Reader, Record, Shape, Shown, TEXT, TIME,
    count, key, list, or_none, part, plain, record, record_value, unsaid, whole, words,
};
use crate::quota::catalogue::{self, REGION_NAMES};
use crate::time::Span;
use crate::units::{Money, Rate, Ratio};

part! {
    /// What only live runs look at.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Live {
        /// What sends attempts.
        pub client: LiveClient = key("client", "Live: what sends attempts (aws-sdk).", words().checked(is_built))
            .or(LiveClient::DEFAULT),
        /// How they travel.
        pub transport: Transport =
            key("transport", "Live: how attempts travel.", Transports).or(Transport::default()),
        /// What bounds them.
        pub caps: Caps = key(
            "caps",
            "Live: what bounds the run; needed against aws, and against what is far away.",
            record(),
        )
        .or(Caps::default()),
        /// What they may touch.
        pub allow: Allow =
            key("allow", "Live: what the run may touch; needed against aws.", record()).or(Allow::default()),
    }
}

/// Refuses a client that this build does not have.
fn is_built(r: &mut Reader, item: &Item, client: LiveClient) -> Option<LiveClient> {
    if client == LiveClient::AwsSdk && !cfg!(feature = "aws") {
        r.wrong(item, "this keystorm is built without the AWS SDK (feature `aws`)", LiveClient::Raw.name());
        return None;
    }
    Some(client)
}

/// How attempts travel: over sockets, or without any.
struct Transports;

impl Form for Transports {
    type Value = Transport;
    fn shape(&self) -> Shape {
        Shape::Either(&[Shape::Words(&[IN_PROCESS]), Shape::Record(<Transport as Record>::table)])
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Transport> {
        if item.is_map() {
            return r.record(item);
        }
        r.word(item, &[IN_PROCESS])?;
        Some(Transport { in_process: true, ..Transport::default() })
    }
    fn write(&self, value: &Transport) -> serde_yaml::Value {
        if value.in_process { IN_PROCESS.into() } else { record_value(value) }
    }
}

crate::api::words! {
    /// What sends live attempts.
    LiveClient {
        /// The AWS SDK for Rust, its own retries off unless a strategy asks for them.
        AwsSdk = "aws-sdk",
        /// Our own HTTP/1.1 client, several times cheaper per attempt.
        Raw = "raw",
    }
}

record! {
    /// How live attempts travel.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Transport as "transport" {
        /// Without a socket: the emulated KMS is called in the process.
        pub in_process: bool = unsaid(false),
        /// Most connections of one client; `None` is as many as attempts are in flight.
        pub connections: Option<u32> =
            key("connections", "Most connections of a client ({}: no limit).", or_none(count(MILLION))).or(None),
        /// How long a connection may take to come up.
        pub connect_timeout: Span =
            key("connectTimeout", "How long a connection may take to come up (3.1s).", TIME).or(CONNECT_TIMEOUT),
        /// How long a connection is kept that nobody uses.
        pub idle_timeout: Span =
            key("idleTimeout", "How long an unused connection is kept (90s).", TIME).or(IDLE_TIMEOUT),
        /// PEM file with the CA certificates to trust instead of the system's.
        pub ca: Option<String> =
            key("ca", "PEM file of the CA certificates to trust instead of the system's.", TEXT).optional(),
    }
}

record! {
    /// What bounds a live run. Against AWS, and against what is neither this machine nor a private network, `attempts`,
    /// `rate` and `duration` must be given.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Caps as "caps" {
        /// Most attempts of the whole run, set-up included; `None` is no cap.
        pub attempts: Option<u64> =
            key("attempts", "Most attempts of the whole run, set-up included (no cap).", whole(1, MAX_JOBS)).optional(),
        /// Most attempts in one second.
        pub rate: Option<Rate> = key("rate", "Most attempts in one second (no cap).", POSITIVE_RATE).optional(),
        /// The longest the whole run may take.
        pub duration: Option<Span> = key("duration", "The longest the run may take (no cap).", TIME).optional(),
        /// The most its attempts may cost.
        pub cost: Option<Money> = key("cost", "The most it may cost, such as 1 USD (no cap).", MONEY).optional(),
        /// The largest share of what is free of a quota that the run's peak may take.
        pub max_quota_share: Ratio =
            key("maxQuotaShare", "Largest share of what is free of a quota, on aws ({}).", RATIO)
                .or(Ratio::from_f64(0.2).unwrap_or(Ratio::ZERO)),
        /// The alarm of CloudWatch, by name or ARN, that ends a run on AWS when it is in ALARM.
        pub stop_on: Option<String> = key(
            "stopOn",
            "Alarm of CloudWatch, by name or ARN, that ends the run, on aws (none).",
            TEXT.checked(alarm),
        )
        .optional(),
    }
}

record! {
    /// What a live run may touch. Against AWS an account and a Region must be named.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Allow as "allow" {
        /// Account ids.
        pub accounts: Vec<String> = key("accounts", "Account ids.", list(ACCOUNT)).or(Vec::new()),
        /// Regions.
        pub regions: Vec<String> = key("regions", "Regions.", list(REGION)).or(Vec::new()),
        /// AWS managed keys, and keys of other accounts, that may be used all the same: ids, ARNs or aliases.
        pub keys: Vec<String> =
            key("keys", "AWS managed or foreign keys that may be used all the same.", list(TEXT)).or(Vec::new()),
    }
}

/// The word for calls without a socket.
const IN_PROCESS: &str = "in-process";

/// An amount of money.
const MONEY: Shown<Money> = Shown {
    shape: Shape::Text,
    read: |r, item| {
        let text = r.string(item)?;
        Money::parse(&text).map_err(|message| r.wrong(item, message, "such as 1.20 USD")).ok()
    },
};

/// A Region with known quotas.
pub(super) const REGION: Shown<String> = Shown {
    shape: Shape::Named(REGION_NAMES),
    read: |r, item| {
        let name = r.string(item)?;
        if !catalogue::is_region(&name) {
            let known = catalogue::regions().collect::<Vec<_>>();
            let message = "this is no Region with known quotas";
            r.unknown(item.node.shown, &item.path, message, &name, known.into_iter());
        }
        Some(name)
    },
};

/// Where attempts go.
pub(super) const TARGET: Shown<Target> = Shown {
    shape: Shape::Text,
    read: |r, item| {
        let text = r.string(item)?;
        let target = Target::parse(&text);
        if target.is_none() {
            let known = TargetWord::WORDS.iter().copied();
            r.unknown(item.node.shown, &item.path, "this is no target", &text, known);
        }
        target
    },
};

/// The name or ARN of an alarm; names have 1 to 255 characters (CloudWatch API, AlarmName, read 2026-11-29).
fn alarm(r: &mut Reader, item: &Item, text: String) -> Option<String> {
    // An ARN has some sixty characters before the name.
    if !(1..=320).contains(&text.chars().count()) {
        r.wrong(item, "this is no alarm", "the name of an alarm, or its ARN");
    }
    Some(text)
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
        plain()
    }
}

impl Default for Caps {
    /// No cap, and a fifth of what is free of a quota.
    fn default() -> Caps {
        plain()
    }
}
