//! Every key of the scenario language: the one table that the reader and the JSON Schema share.

use super::LiveClient;
use crate::api::{JobKind, KeySpec, Operation};
use crate::client::{Accounting, AwsSdk, Eviction, Generation, Jitter, LegacySdk, SdkMode};
use crate::kms::FaultWord;
use crate::quota::{EnforcementKind, KeyStore, catalogue};
use crate::workload::{ExecutorKind, OnLimit};

/// The keys a mapping may have.
#[derive(Debug)]
pub(crate) struct Table {
    /// Names it in the schema.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// What other keys may stand in it, by free name.
    pub others: Option<Others>,
}

/// Keys that are not fixed words.
#[derive(Debug)]
pub(crate) struct Others {
    /// Which names.
    pub names: Names,
    /// What stands under each.
    pub shape: &'static Shape,
}

/// A set of names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names {
    /// Chosen by the author of the file.
    Free,
    /// Quota pools.
    Pools,
    /// KMS operations.
    Operations,
    /// KMS operations and the envelope jobs.
    Jobs,
    /// Key specs.
    KeySpecs,
    /// AWS Regions.
    Regions,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// As written.
    pub name: &'static str,
    /// What may stand under it.
    pub shape: Shape,
    /// What it says, with its default.
    pub about: &'static str,
    /// The executors, modes or kinds it goes with; empty for all.
    pub with: &'static [&'static str],
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is in the language but not built yet.
    pub later: bool,
}

/// What may stand under a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Text.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of a set of names.
    Named(Names),
    /// A whole number, from and to.
    Whole(u64, u64),
    /// A number.
    Number,
    /// true or false.
    Bool,
    /// `500/s`.
    Rate,
    /// `250ms`.
    Duration,
    /// `5%` or `0.05`.
    Ratio,
    /// `256B`.
    Size,
    /// `uniform` or `zipf(s)`.
    Popularity,
    /// `poisson`, `uniform` or `bursty(d)`.
    Spacing,
    /// A mapping.
    Map(&'static Table),
    /// A list.
    List(&'static Shape),
    /// Any of these.
    Either(&'static [Shape]),
    /// Anything: a part of the language that is not built yet.
    Anything,
}

impl Names {
    /// The names, where they are fixed.
    pub fn list(self) -> Option<Vec<&'static str>> {
        match self {
            Names::Free => None,
            Names::Pools => Some(catalogue::pool_names().collect()),
            Names::Operations => Some(Operation::ALL.iter().map(|each| each.name()).collect()),
            Names::Jobs => Some(JobKind::all().map(JobKind::name).collect()),
            Names::KeySpecs => Some(KeySpec::ALL.iter().map(|each| each.name()).collect()),
            Names::Regions => Some(catalogue::regions().collect()),
        }
    }
}

impl Key {
    const fn required(mut self) -> Key {
        self.required = true;
        self
    }
    const fn with(mut self, with: &'static [&'static str]) -> Key {
        self.with = with;
        self
    }
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about, with: &[], required: false, later: false }
}

const fn later(name: &'static str, about: &'static str) -> Key {
    Key { later: true, ..key(name, Shape::Anything, about) }
}

const fn table(name: &'static str, keys: &'static [Key]) -> Table {
    Table { name, keys, others: None }
}

/// The largest number of VUs, clients and the like.
pub(crate) const MILLION: u64 = 1_000_000;
/// The most attempts of a call, where they are limited at all.
pub(crate) const MAX_ATTEMPTS: u64 = 10_000;
/// The most iterations or jobs named by one number.
pub(crate) const MAX_JOBS: u64 = 10_000_000_000;
/// The largest `maxBytes` of a cache: what the AWS Encryption SDK takes.
pub(crate) const MAX_CACHE_BYTES: u64 = i64::MAX as u64;
/// The largest `maxMessages` of a cache: what the AWS Encryption SDK takes.
pub(crate) const MAX_CACHE_MESSAGES: u64 = 1 << 32;

const COUNT: Shape = Shape::Whole(1, MILLION);
const NONE: Shape = Shape::Words(&["none"]);
const DURATION_OR_NONE: Shape = Shape::Either(&[Shape::Duration, NONE]);

use ExecutorKind as On;

const OPEN: &[&str] =
    &[On::ConstantArrivalRate.name(), On::RampingArrivalRate.name(), On::Burst.name(), On::Trace.name()];
const SPREAD: &[&str] = &[On::ConstantArrivalRate.name(), On::RampingArrivalRate.name(), On::Trace.name()];
const CLOSED: &[&str] =
    &[On::ConstantVus.name(), On::RampingVus.name(), On::SharedIterations.name(), On::PerVuIterations.name()];
const ITERATIONS: &[&str] = &[On::SharedIterations.name(), On::PerVuIterations.name()];
const RAMPING: &[&str] = &[On::RampingArrivalRate.name(), On::RampingVus.name()];
const LASTING: &[&str] =
    &[On::ConstantArrivalRate.name(), On::Burst.name(), On::Trace.name(), On::ConstantVus.name()];
const FLAT_VUS: &[&str] = &[On::ConstantVus.name(), On::SharedIterations.name(), On::PerVuIterations.name()];
const TRACE: &[&str] = &[On::Trace.name()];

/// The whole file.
pub(crate) static SCENARIO: Table = table(
    "scenario",
    &[
        key("version", Shape::Whole(1, 1), "Version of the language (1)."),
        key("name", Shape::Text, "Names the run and its folder (the file's name)."),
        key("seed", Shape::Whole(0, u64::MAX), "Key of every random draw (42)."),
        key("target", Shape::Text, "Where attempts go: sim (default), emulator, a URL, or aws."),
        key("region", Shape::Named(Names::Regions), "Region whose default quotas apply (us-east-1)."),
        key("quotas", Shape::Map(&QUOTAS), "Deviations from the Region's default quotas."),
        key("serviceTime", TIMES, "How long KMS takes; assumed until calibrated; 0 for no time at all."),
        key("faults", Shape::List(&Shape::Map(&FAULT)), "What goes wrong (nothing)."),
        key("fleet", Shape::Map(&FLEET), "The processes that make the calls (one)."),
        key("warmUp", Shape::Duration, "Default of every workload's warmUp (0s)."),
        key("gracefulStop", Shape::Duration, "Default of every workload's gracefulStop (30s)."),
        key("deadline", DURATION_OR_NONE, "Default of every workload's deadline (none)."),
        key("workloads", Shape::Map(&WORKLOADS), "Who works; at least one.").required(),
        key("strategies", Shape::Map(&STRATEGIES), "Ways to call KMS that are compared; at least one.")
            .required(),
        key(
            "trials",
            Shape::Either(&[Shape::Whole(1, MAX_TRIALS), Shape::Map(&TRIALS)]),
            "Seeded repetitions (5 in the simulator, 1 live); or, in the simulator, until intervals are narrow enough.",
        ),
        key(
            "thresholds",
            Shape::Map(&THRESHOLDS),
            "What must hold, in k6's grammar plus units. In response_time every offered job counts, and one that was not \
             completed is slower than any bound; in service_time refusals are left out, and an attempt without an answer is \
             slower than any bound; the tag outcome (completed, failed, all) chooses other populations. units_failed is \
             the share of VUs (closed load) or clients (open load) with at least one job that was not completed. goodput counts \
             what happens inside the window; cost is USD for a million completed jobs.",
        ),
        key(
            "gate",
            Shape::Either(&[Shape::Words(&["all"]), Shape::List(&Shape::Text)]),
            "Strategies whose missed thresholds make the exit code 99 (all).",
        ),
        key(
            "sweep",
            Shape::Map(&SWEEP),
            "Runs the scenario over a grid of values (one point: as it stands).",
        ),
        later("accounts", "Several accounts."),
        later("regions", "Several Regions."),
        later("failover", "Moving to another Region."),
        later("consistency", "How changes spread."),
        key("client", Shape::Words(LiveClient::WORDS), "Live: what sends attempts (aws-sdk)."),
        key(
            "transport",
            Shape::Either(&[Shape::Words(&["in-process"]), Shape::Map(&TRANSPORT)]),
            "Live: how attempts travel.",
        ),
        key(
            "caps",
            Shape::Map(&CAPS),
            "Live: what bounds the run; needed against aws, and against what is far away.",
        ),
        key("allow", Shape::Map(&ALLOW), "Live: what the run may touch; needed against aws."),
    ],
);

/// The most trials.
pub(crate) const MAX_TRIALS: u64 = 10_000;
/// Trials until intervals are narrow.
pub(crate) static TRIALS: Table = table(
    "trials",
    &[
        key(
            "until",
            Shape::Ratio,
            "Sim: ten trials of every strategy are added at a time until half the 95 % interval of every figure that a threshold \
             rests on (without thresholds: goodput and p99) is at most this share of the figure. Whether strategies differ is \
             not looked at.",
        )
        .required(),
        key("max", Shape::Whole(2, MAX_TRIALS), "No more trials than this (200)."),
    ],
);
/// A grid of values.
pub(crate) static SWEEP: Table = table(
    "sweep",
    &[key(
        "over",
        Shape::Map(&OVER),
        "Values to try by the field that they are laid over: a list, FROM..TO:log, FROM..TO:log:N or FROM..TO:lin:N.",
    )
    .required()],
);
const SWEPT: Shape = Shape::Either(&[Shape::Text, Shape::Number, Shape::Bool]);
/// Fields that a sweep varies, as `--set` names them.
pub(crate) static OVER: Table = Table {
    name: "over",
    keys: &[],
    others: Some(Others {
        names: Names::Free,
        shape: &Shape::Either(&[Shape::Text, Shape::Number, Shape::List(&SWEPT)]),
    }),
};
/// How live attempts travel.
pub(crate) static TRANSPORT: Table = table(
    "transport",
    &[
        key("connections", Shape::Either(&[COUNT, NONE]), "Most connections of a client (none: no limit)."),
        key("connectTimeout", Shape::Duration, "How long a connection may take to come up (3.1s)."),
        key("idleTimeout", Shape::Duration, "How long an unused connection is kept (90s)."),
        key("ca", Shape::Text, "PEM file of the CA certificates to trust instead of the system's."),
    ],
);
/// What bounds a live run.
pub(crate) static CAPS: Table = table(
    "caps",
    &[
        key(
            "attempts",
            Shape::Whole(1, MAX_JOBS),
            "Most attempts of the whole run, set-up included (no cap).",
        ),
        key("rate", Shape::Rate, "Most attempts in one second (no cap)."),
        key("duration", Shape::Duration, "The longest the run may take (no cap)."),
        key("cost", Shape::Text, "The most it may cost, such as 1 USD (no cap)."),
        key("maxQuotaShare", Shape::Ratio, "Largest share of what is free of a quota, on aws (20%)."),
        key("stopOn", Shape::Text, "Alarm of CloudWatch, by name or ARN, that ends the run, on aws (none)."),
    ],
);
const ACCOUNT: Shape = Shape::Either(&[Shape::Text, Shape::Whole(0, 999_999_999_999)]);
/// What a live run may touch.
pub(crate) static ALLOW: Table = table(
    "allow",
    &[
        key("accounts", Shape::List(&ACCOUNT), "Account ids."),
        key("regions", Shape::List(&Shape::Named(Names::Regions)), "Regions."),
        key("keys", Shape::List(&Shape::Text), "AWS managed or foreign keys that may be used all the same."),
    ],
);

/// What an emulated KMS is told by itself.
pub(crate) static SERVICE: Table = table(
    "service",
    &[
        key("quotas", Shape::Map(&QUOTAS), "Deviations from the Region's default quotas."),
        key("serviceTime", TIMES, "How long KMS takes (no time)."),
        key("faults", Shape::List(&Shape::Map(&FAULT)), "What goes wrong (nothing)."),
    ],
);

pub(crate) static QUOTAS: Table = Table {
    name: "quotas",
    keys: &[
        key(
            "enforcement",
            Shape::Either(&[Shape::Words(EnforcementKind::WORDS), Shape::Map(&ENFORCEMENT)]),
            "How limits are enforced (window). AWS publishes limits a second and no algorithm. window: each second by \
             itself, as the Developer Guide's wording reads. sliding: any trailing second. bucket: a token bucket, which \
             other AWS APIs document. lagging: on counts that are a while old. bucket with a lag: it books what it grants \
             late. None of KMS's own throttling is recorded in public; against the one recorded episode of AWS, of Systems \
             Manager (267 calls, 102 refused), it makes 25 to 38 mistakes, bucket 43 to 48, lagging 44 to 54, window 83 to 87. \
             Try a result under several.",
        ),
        key(
            "background",
            Shape::Map(&BACKGROUND),
            "What the rest of the account takes from each pool (nothing).",
        ),
        key("reEncryptCost", Shape::Whole(1, 2), "What one ReEncrypt takes from each pool (1, assumed)."),
    ],
    others: Some(Others { names: Names::Pools, shape: &Shape::Rate }),
};

pub(crate) static BACKGROUND: Table = Table {
    name: "background",
    keys: &[],
    others: Some(Others { names: Names::Pools, shape: &Shape::Rate }),
};

/// The kinds of enforcement that take a parameter.
pub(crate) static ENFORCEMENT: Table = table(
    "enforcement",
    &[
        key(EnforcementKind::Window.name(), Shape::Map(&WINDOW), "Fixed one-second windows."),
        key(
            EnforcementKind::Bucket.name(),
            Shape::Map(&BUCKET),
            "A token bucket; with a lag it may go into debt.",
        ),
        key(EnforcementKind::Lagging.name(), Shape::Map(&LAGGING), "Refuses on what it saw a while ago."),
    ],
);
/// Parameters of `window`.
pub(crate) static WINDOW: Table = table(
    "window",
    &[key("phase", Shape::Duration, "Where windows begin, under 1s (drawn once per trial).")],
);
/// Parameters of `bucket`.
pub(crate) static BUCKET: Table = table(
    "bucket",
    &[
        key("burst", Shape::Duration, "How much of the limit the full bucket holds (1s)."),
        key("lag", Shape::Duration, "How much later what was granted is booked (0s: at once)."),
    ],
);
/// Parameters of `lagging`.
pub(crate) static LAGGING: Table = table("lagging", &[key("lag", Shape::Duration, "How long ago (1s).")]);

const TIMES: Shape = Shape::Either(&[Shape::Map(&SERVICE_TIME), Shape::Whole(0, 0)]);
const FIXED: Key = key("fixed", Shape::Duration, "Every answer takes this, instead of p50 and p99.");
const EXPONENTIAL: Key =
    key("exponential", Shape::Duration, "Exponential with this mean, instead of p50 and p99.");
const BY_QUANTILES: Key = key(
    "quantiles",
    Shape::Map(&QUANTILES),
    "Percentiles such as p0, p50, p99.9 and p100, joined by straight lines, instead of p50 and p99.",
);
const PARTS: Shape = Shape::Map(&PART);
const MIXTURE: Key =
    key("mixture", Shape::List(&PARTS), "Each answer takes one of these, instead of p50 and p99.");
/// Percentiles of a service time.
pub(crate) static QUANTILES: Table = Table {
    name: "quantiles",
    keys: &[],
    others: Some(Others { names: Names::Free, shape: &Shape::Duration }),
};
/// A part of a mixture.
pub(crate) static PART: Table = table(
    "part",
    &[
        key("share", Shape::Ratio, "Which share of answers; all shares add up to 100%.").required(),
        key("p50", Shape::Duration, "Half of the answers take at most this; lognormal."),
        key("p99", Shape::Duration, "99 % of the answers take at most this (five times p50)."),
        FIXED,
        EXPONENTIAL,
        BY_QUANTILES,
    ],
);
pub(crate) static SERVICE_TIME: Table = table(
    "serviceTime",
    &[
        key(
            "p50",
            Shape::Duration,
            "Half of the answers take at most this (6ms; a fifth of p99 if only that is given).",
        ),
        key(
            "p99",
            Shape::Duration,
            "99 % of the answers take at most this (30ms; five times p50 if only that is given).",
        ),
        FIXED,
        EXPONENTIAL,
        BY_QUANTILES,
        MIXTURE,
        key("throttled", Shape::Duration, "How long a refusal takes (3ms)."),
        key("operations", Shape::Map(&BY_OPERATION), "Operations that differ."),
        key(
            "servers",
            COUNT,
            "Sim, for an endpoint that is not KMS: attempts at work at once; others wait in order of arrival, and a \
             client's timeout frees nothing (no limit).",
        ),
        key(
            "queue",
            Shape::Whole(0, MILLION),
            "Sim, beside servers: attempts that may wait; one more is answered with a service error at once (no limit).",
        ),
        key(
            "measured",
            Shape::Text,
            "When, where and on how many answers; `keystorm calibrate` writes it (assumed).",
        ),
    ],
);
pub(crate) static BY_OPERATION: Table = Table {
    name: "operationTimes",
    keys: &[],
    others: Some(Others { names: Names::Operations, shape: &Shape::Map(&LATENCY) }),
};
/// The service time of an operation.
pub(crate) static LATENCY: Table = table(
    "operationTime",
    &[
        key("p50", Shape::Duration, "Half of the answers take at most this; lognormal."),
        key("p99", Shape::Duration, "99 % of the answers take at most this (five times p50)."),
        FIXED,
        EXPONENTIAL,
        BY_QUANTILES,
        MIXTURE,
    ],
);

const STRIKING: &[&str] = &[
    FaultWord::Throttle.name(),
    FaultWord::Error.name(),
    FaultWord::Slow.name(),
    FaultWord::Reset.name(),
    FaultWord::Freeze.name(),
    FaultWord::Trickle.name(),
    FaultWord::Truncate.name(),
];
const COUNTED: &[&str] = &[
    FaultWord::Throttle.name(),
    FaultWord::Error.name(),
    FaultWord::Slow.name(),
    FaultWord::Reset.name(),
    FaultWord::Trickle.name(),
    FaultWord::Truncate.name(),
];
/// One fault.
pub(crate) static FAULT: Table = table(
    "fault",
    &[
        key("at", Shape::Duration, "When it begins (0s)."),
        key("for", Shape::Duration, "How long it lasts; may be left out with `next`."),
        key("kind", Shape::Words(FaultWord::WORDS), "What it does.").required(),
        key("probability", Shape::Ratio, "Which share of attempts it strikes (100%).").with(STRIKING),
        key("next", Shape::Whole(1, MAX_JOBS), "Strikes the next so many attempts instead.").with(COUNTED),
        key(
            "after",
            Shape::Whole(0, MAX_JOBS),
            "So many of the attempts that it could strike pass first (0).",
        )
        .with(COUNTED),
        key("ramp", Shape::Duration, "Its probability rises from 0 over so long (it is there at once).")
            .with(COUNTED),
        key("seed", Shape::Whole(0, u64::MAX), "Key of its draws (the scenario's seed and its place).")
            .with(STRIKING),
        key("operation", Shape::Named(Names::Operations), "Strikes this operation only (all).")
            .with(STRIKING),
        key(
            "principal",
            Shape::Text,
            "In a server: strikes calls of this ARN or account only; `*` for any letters.",
        )
        .with(STRIKING),
        key("key", Shape::Text, "In a server: strikes calls that name this key only, by id, ARN or alias.")
            .with(STRIKING),
        key("region", Shape::Text, "In a server: strikes calls to this Region only.").with(STRIKING),
        key("by", Shape::Duration, "Added to the service time; the answer's last piece comes so much later.")
            .with(&[FaultWord::Slow.name(), FaultWord::Trickle.name()]),
        key("errorCode", Shape::Text, "What it answers (KMSInternalException).")
            .with(&[FaultWord::Error.name()]),
        key("status", Shape::Whole(400, 599), "The HTTP status of that (the code's usual one).")
            .with(&[FaultWord::Error.name()]),
        key("pool", Shape::Named(Names::Pools), "The pool whose limit changes.")
            .with(&[FaultWord::Quota.name()]),
        key("to", Shape::Rate, "The pool's limit meanwhile.").with(&[FaultWord::Quota.name()]),
    ],
);

pub(crate) static FLEET: Table = table(
    "fleet",
    &[
        key("clients", COUNT, "How many processes (1)."),
        key(
            "start",
            Shape::Either(&[Shape::Words(&["together"]), Shape::Map(&START)]),
            "How they come up (together).",
        ),
        key(
            "restart",
            Shape::Map(&RESTART),
            "A restart: clients lose cache, retry budget and limiter (never).",
        ),
        later("connections", "Connections of a client: max, connect, idle."),
        later("autoscaling", "A fleet that grows and shrinks."),
        later("onDemand", "A client per job, as in Lambda."),
        later("lifetime", "How long a client lives."),
        later("credentials", "Credentials that are refreshed."),
    ],
);
/// How a fleet comes up.
pub(crate) static START: Table = table(
    "start",
    &[
        key("over", Shape::Duration, "Evenly over this time."),
        key("rolling", Shape::Map(&ROLLING), "In batches."),
    ],
);
/// A start in batches.
pub(crate) static ROLLING: Table = table(
    "rolling",
    &[
        key("batch", COUNT, "How many at a time.").required(),
        key("every", Shape::Duration, "Time between batches.").required(),
    ],
);
/// A restart.
pub(crate) static RESTART: Table = table(
    "restart",
    &[
        key("at", Shape::Duration, "When it begins.").required(),
        key("batch", COUNT, "How many at a time (all)."),
        key("every", Shape::Duration, "Time between batches (0s)."),
    ],
);

pub(crate) static WORKLOADS: Table = Table {
    name: "workloads",
    keys: &[],
    others: Some(Others { names: Names::Free, shape: &Shape::Map(&WORKLOAD) }),
};
/// One workload.
pub(crate) static WORKLOAD: Table = table(
    "workload",
    &[
        key("executor", Shape::Words(ExecutorKind::WORDS), "How jobs arrive.").required(),
        key("rate", Shape::Rate, "Arrivals.").with(&[On::ConstantArrivalRate.name()]),
        key("duration", Shape::Duration, "How long jobs arrive (trace: all of it).").with(LASTING),
        key("startRate", Shape::Rate, "Where the first ramp begins (0/s).").with(&[On::RampingArrivalRate.name()]),
        key("startVus", Shape::Whole(0, MILLION), "Where the first ramp begins (1).").with(&[On::RampingVus.name()]),
        key("stages", Shape::List(&Shape::Map(&STAGE)), "Linear ramps, one after another.").with(RAMPING),
        key("count", Shape::Whole(1, MAX_JOBS), "Jobs of a burst.").with(&[On::Burst.name()]),
        key("every", Shape::Duration, "Time between bursts.").with(&[On::Burst.name()]),
        key("file", Shape::Text, "The trace, relative to the scenario: CSV, optionally gzipped.").with(TRACE),
        key("columns", Shape::Map(&COLUMNS), "What the trace calls its columns.").with(TRACE),
        key("scale", Shape::Number, "Multiplies the trace's arrivals (1).").with(TRACE),
        key("offset", Shape::Duration, "Start this far into the trace (0s).").with(TRACE),
        key("vus", COUNT, "Workers.").with(FLAT_VUS),
        key("iterations", Shape::Whole(1, MAX_JOBS), "Jobs: shared, or of each VU.").with(ITERATIONS),
        key("maxDuration", Shape::Duration, "Stop after this even if iterations are left (10m).")
            .with(ITERATIONS),
        key("thinkTime", Shape::Duration, "Pause of a VU between jobs (0s).").with(CLOSED),
        key("pace", Shape::Rate, "Jobs of a VU on a schedule, instead of thinkTime.").with(CLOSED),
        key(
            "arrivals",
            Shape::Spacing,
            "How arrivals are spaced (poisson): at random, evenly (uniform), or in bursts of a second: bursty(d), where d is the \
             variance ÷ mean of a second's arrivals, as `import cloudtrail` measures it; not for a trace, which has its own.",
        )
        .with(SPREAD),
        key("startTime", Shape::Duration, "When the workload begins (0s)."),
        key("warmUp", Shape::Duration, "Discarded from the window at the start (the scenario's, 0s)."),
        key(
            "gracefulStop",
            Shape::Duration,
            "How long jobs may finish after the last arrival (the scenario's, 30s).",
        ),
        key("deadline", DURATION_OR_NONE, "When a job has failed (the scenario's, none)."),
        key("maxInFlight", Shape::Either(&[Shape::Whole(1, 1_000_000_000), NONE]), "Jobs at once (none).")
            .with(OPEN),
        key("onLimit", Shape::Words(OnLimit::WORDS), "What maxInFlight does with a job (queue).")
            .with(OPEN),
        key("jobs", Shape::Map(&JOBS), "Weights of operations and envelope jobs.").required(),
        key("payload", Shape::Either(&[Shape::Size, Shape::Map(&PAYLOAD)]), "How large payloads are (256B)."),
        key("keys", Shape::Map(&KEYS), "The keys jobs use."),
        key("contexts", Shape::Map(&PICK), "Encryption contexts (one); a cache entry serves one."),
        key(
            "messages",
            Shape::Map(&PICK),
            "What DecryptMessage reads (one); these or contexts must be given where a strategy caches.",
        ),
        key(
            "strategies",
            Shape::Map(&OVERRIDES),
            "Overrides of the strategies for this workload: `all` or by name.",
        ),
        later("account", "The caller's account."),
        later("keyAccount", "The keys' account."),
        later("region", "The Region called."),
        later("via", "The AWS service that calls."),
    ],
);
/// A stage of either ramping executor.
pub(crate) static STAGE: Table = table(
    "stage",
    &[
        key("duration", Shape::Duration, "How long the ramp takes.").required(),
        key("target", Shape::Either(&[Shape::Rate, Shape::Whole(0, MILLION)]), "Rate, or VUs, at its end.")
            .required(),
    ],
);
/// Names of a trace's columns.
pub(crate) static COLUMNS: Table = table(
    "columns",
    &[
        key("time_s", Shape::Text, "Seconds since the trace began."),
        key("count", Shape::Text, "Arrivals in that second."),
        key("job", Shape::Text, "What arrives, in a row per job."),
        key("key", Shape::Text, "Which key."),
        key("context", Shape::Text, "Which encryption context."),
        key("bytes", Shape::Text, "Payload in bytes."),
        key("known_size", Shape::Text, "Whether the size is known beforehand."),
        key("message", Shape::Text, "Names an encrypted message."),
    ],
);
/// Weights of jobs.
pub(crate) static JOBS: Table = Table {
    name: "jobs",
    keys: &[],
    others: Some(Others { names: Names::Jobs, shape: &Shape::Whole(0, MILLION) }),
};
/// Sizes that vary.
pub(crate) static PAYLOAD: Table = table(
    "payload",
    &[
        key("min", Shape::Size, "The smallest; with `max`, uniform."),
        key("max", Shape::Size, "The largest."),
        key("p50", Shape::Size, "The median; with `p99`, lognormal."),
        key("p99", Shape::Size, "The 99th percentile."),
    ],
);
/// Keys of a workload.
pub(crate) static KEYS: Table = table(
    "keys",
    &[
        key("count", COUNT, "How many (1)."),
        key("popularity", Shape::Popularity, "How often each is used (uniform)."),
        key("spec", Shape::Named(Names::KeySpecs), "Their type (SYMMETRIC_DEFAULT)."),
        key(
            "pairSpec",
            Shape::Named(Names::KeySpecs),
            "KeyPairSpec of the jobs GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext: it decides their quota pool \
             (key-pair-rsa-2048, …) and their price; other jobs do not look at it (ECC_NIST_P256).",
        ),
        key("store", Shape::Words(KeyStore::WORDS), "The custom key store they live in (none)."),
        key(
            "ids",
            Shape::List(&Shape::Text),
            "Live: the keys to use, by id, ARN or alias (made for the run).",
        ),
    ],
);
/// How many of something.
pub(crate) static PICK: Table = table(
    "pick",
    &[
        key("count", Shape::Whole(1, 10 * MILLION), "How many (1)."),
        key("popularity", Shape::Popularity, "How often each is chosen (uniform)."),
    ],
);
pub(crate) static OVERRIDES: Table = Table {
    name: "overrides",
    keys: &[key("all", Shape::Map(&STRATEGY), "Merged into every strategy.")],
    others: Some(Others { names: Names::Free, shape: &Shape::Map(&STRATEGY) }),
};

pub(crate) static STRATEGIES: Table = Table {
    name: "strategies",
    keys: &[],
    others: Some(Others { names: Names::Free, shape: &Shape::Map(&STRATEGY) }),
};
/// One strategy.
pub(crate) static STRATEGY: Table = table(
    "strategy",
    &[
        key("retry", Shape::Map(&RETRY), "What follows a refusal or an error ({mode: aws-standard})."),
        key("limiter", Shape::Either(&[Shape::Map(&LIMITER), NONE]), "The client's own restraint (none)."),
        key("timeout", DURATION_OR_NONE, "Of each attempt (none)."),
        key(
            "cache",
            Shape::Either(&[Shape::Map(&CACHE), NONE]),
            "A data-key cache for EncryptMessage and DecryptMessage jobs (none); needs such a job. In a workload's override \
             `cache: none` takes the strategy's cache away there.",
        ),
        later("breaker", "A circuit breaker."),
        later("concurrency", "A limit of calls in flight."),
        later("hedge", "A second attempt before the first has answered."),
        later("layers", "Retries around retries."),
    ],
);
/// The retry modes.
pub(crate) const MODES: [&str; 10] = [
    "none",
    "immediate",
    "fixed",
    "exponential",
    "budget",
    "tokens",
    "aws-standard",
    "aws-adaptive",
    "aws-sdk",
    "aws-legacy",
];
const AWS: &[&str] = &["aws-standard", "aws-adaptive"];
/// How a strategy retries.
pub(crate) static RETRY: Table = table(
    "retry",
    &[
        key(
            "mode",
            Shape::Words(&MODES),
            "The rule; aws-legacy is what an SDK did before its standard mode; aws-sdk is the real SDK, in live runs.",
        )
        .required(),
        key(
            "maxAttempts",
            Shape::Either(&[Shape::Whole(1, MAX_ATTEMPTS), Shape::Words(&["unlimited"])]),
            "Attempts of a call, the first included (3; none: 1; aws-legacy: 5 for botocore and dotnet, else 4); \
             unlimited except for none and aws-*.",
        ),
        key("delay", Shape::Duration, "Before each retry (100ms).").with(&["fixed"]),
        key("base", Shape::Duration, "Before the first retry (50ms).").with(&["exponential"]),
        key("cap", Shape::Duration, "The longest delay (20s).").with(&["exponential"]),
        key("factor", Shape::Number, "Growth from retry to retry (2).").with(&["exponential"]),
        key(
            "jitter",
            Shape::Words(Jitter::WORDS),
            "How delays are spread (full).",
        )
        .with(&["exponential"]),
        key("ratio", Shape::Ratio, "Retries per call (20%).").with(&["budget"]),
        key("minPerSecond", Shape::Rate, "Retries always allowed (10/s).").with(&["budget"]),
        key("ttl", Shape::Duration, "How long a call counts (10s).").with(&["budget"]),
        key("capacity", Shape::Number, "Tokens of a client, at the start and at most (10).").with(&["tokens"]),
        key("cost", Shape::Number, "Tokens a retry takes; without them there is none (1).").with(&["tokens"]),
        key("refund", Shape::Number, "Tokens a success brings (0.1).").with(&["tokens"]),
        key("sdkMode", Shape::Words(SdkMode::WORDS), "The SDK's own retry mode (standard).")
            .with(&["aws-sdk"]),
        key("generation", Shape::Words(&[Generation::V2_1.name(), Generation::V2_0.name()]), "Of the AWS retry specification (2.1).").with(AWS),
        key(
            "accounting",
            Shape::Words(Accounting::WORDS),
            "Who owns the quota a retry took (per-call).",
        )
        .with(AWS),
        key(
            "preset",
            Shape::Either(&[Shape::Words(AwsSdk::WORDS), Shape::Words(LegacySdk::WORDS)]),
            "An SDK, instead of generation and accounting. rust is 2.0 shared-slot; botocore, js, go, dotnet and cpp are \
             2.1 per-call; java and kotlin are their own 2.0 per-call (java: 100 ms before a transient retry, which costs \
             5; kotlin: 10 ms growing by 1.5, every retry costs 10). In aws-adaptive callers wait for the rate as that SDK's do: \
             in turn (java, cpp, kotlin), each by itself (js, rust, go, dotnet, and without a preset), or woken by answers too \
             (botocore). For aws-legacy: botocore (default), java1, java2, js2, \
             go1, dotnet.",
        )
        .with(&["aws-standard", "aws-adaptive", "aws-legacy"]),
    ],
);
/// A client's own restraint.
pub(crate) static LIMITER: Table = table(
    "limiter",
    &[
        key("rate", Shape::Rate, "Attempts of one client.").required(),
        key("burst", COUNT, "Attempts that may go at once (1)."),
    ],
);
/// A data-key cache.
pub(crate) static CACHE: Table = table(
    "cache",
    &[
        key(
            "maxAge",
            Shape::Duration,
            "How long a data key is used; 0s: not beyond the call that fetched it.",
        )
        .required(),
        key("maxMessages", Shape::Whole(1, MAX_CACHE_MESSAGES), "Messages under one data key (4294967296)."),
        key(
            "maxBytes",
            Shape::Either(&[Shape::Size, Shape::Whole(0, MAX_CACHE_BYTES)]),
            "Bytes under one data key (9223372036854775807). 0 keeps data keys of empty messages only, as the guide of the \
             AWS Encryption SDK says; its Python keeps none then, and its JavaScript takes 0 for no limit.",
        ),
        key("capacity", Shape::Whole(1, 10 * MILLION), "Entries (100)."),
        key("eviction", Shape::Words(Eviction::WORDS), "Which entry leaves a full cache (lru)."),
        later("expiry", "When entries leave."),
        later("oversize", "What a message above maxBytes does."),
        later("inFlight", "Whether callers wait for one another."),
        later("scope", "Who shares a cache."),
        later("kind", "hierarchical or bucket-key."),
        later("wrappingKeys", "Keys of a hierarchical cache."),
        later("preset", "A published cache."),
    ],
);
pub(crate) static THRESHOLDS: Table = Table {
    name: "thresholds",
    keys: &[],
    others: Some(Others {
        names: Names::Free,
        shape: &Shape::Either(&[
            Shape::List(&Shape::Either(&[Shape::Text, Shape::Map(&THRESHOLD)])),
            Shape::Text,
            Shape::Map(&THRESHOLD),
        ]),
    }),
};
/// A threshold that can end a trial.
pub(crate) static THRESHOLD: Table = table(
    "threshold",
    &[
        key("threshold", Shape::Text, "What must hold, such as rate<2%.").required(),
        key("abortOnFail", Shape::Bool, "Whether a miss ends the strategy's trial (false)."),
        key("delayAbortEval", Shape::Duration, "How long to wait before it may (0s)."),
    ],
);
