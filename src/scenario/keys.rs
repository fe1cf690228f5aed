//! Every key of the scenario language: the one table that the reader and the JSON Schema share.

use super::live::{IN_PROCESS, REGION};
use super::{Allow, Caps, LiveClient, Transport};
use crate::api::Operation;
use crate::client::Policy;
use crate::kms::FaultWord;
use crate::language::{
    FREE_NAMES, Key, MAX_JOBS, MILLION, Names, Others, Record, Shape, Table, fixed_table as table,
    later_key as later, table_key as key,
};
use crate::quota::Quotas;
use crate::quota::catalogue::POOL_NAMES;

const OPERATIONS: Names = Names::of::<Operation>("KMS operations");
const COUNT: Shape = Shape::Whole(1, MILLION);
const NONE: Shape = Shape::Words(&["none"]);
const DURATION_OR_NONE: Shape = Shape::Either(&[Shape::Duration, NONE]);

/// The whole file.
pub(crate) static SCENARIO: Table = table(
    "scenario",
    &[
        key("version", Shape::Whole(1, 1), "Version of the language (1)."),
        key("name", Shape::Text, "Names the run and its folder (the file's name)."),
        key("seed", Shape::Whole(0, u64::MAX), "Key of every random draw (42)."),
        key("target", Shape::Text, "Where attempts go: sim (default), emulator, a URL, or aws."),
        key("region", REGION.shape, "Region whose default quotas apply (us-east-1)."),
        key(
            "quotas",
            Shape::Record(<Quotas as Record>::table),
            "Deviations from the Region's default quotas.",
        ),
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
            Shape::Either(&[Shape::Words(&[IN_PROCESS]), Shape::Record(<Transport as Record>::table)]),
            "Live: how attempts travel.",
        ),
        key(
            "caps",
            Shape::Record(<Caps as Record>::table),
            "Live: what bounds the run; needed against aws, and against what is far away.",
        ),
        key(
            "allow",
            Shape::Record(<Allow as Record>::table),
            "Live: what the run may touch; needed against aws.",
        ),
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
        names: FREE_NAMES,
        shape: &Shape::Either(&[Shape::Text, Shape::Number, Shape::List(&SWEPT)]),
    }),
};
/// What an emulated KMS is told by itself.
pub(crate) static SERVICE: Table = table(
    "service",
    &[
        key(
            "quotas",
            Shape::Record(<Quotas as Record>::table),
            "Deviations from the Region's default quotas.",
        ),
        key("serviceTime", TIMES, "How long KMS takes (no time)."),
        key("faults", Shape::List(&Shape::Map(&FAULT)), "What goes wrong (nothing)."),
    ],
);

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
    others: Some(Others { names: FREE_NAMES, shape: &Shape::Duration }),
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
    others: Some(Others { names: OPERATIONS, shape: &Shape::Map(&LATENCY) }),
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
        key("operation", Shape::Named(OPERATIONS), "Strikes this operation only (all).").with(STRIKING),
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
        key("pool", Shape::Named(POOL_NAMES), "The pool whose limit changes.")
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
    others: Some(Others { names: FREE_NAMES, shape: &Shape::Record(super::workload::table) }),
};

const STRATEGY: Shape = Shape::Record(<Policy as Record>::table);
pub(crate) static STRATEGIES: Table =
    Table { name: "strategies", keys: &[], others: Some(Others { names: FREE_NAMES, shape: &STRATEGY }) };
pub(crate) static THRESHOLDS: Table = Table {
    name: "thresholds",
    keys: &[],
    others: Some(Others {
        names: FREE_NAMES,
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
