//! The keys of a scenario itself, and of a service alone; what stands under them is declared with its type.

use super::live::{IN_PROCESS, REGION};
use super::{Allow, Caps, LiveClient, Transport};
use crate::client::Policy;
use crate::kms::ServiceTime;
use crate::language::{
    FREE_NAMES, Others, Record, Shape, Table, fixed_table as table, later_key as later, table_key as key,
};
use crate::quota::Quotas;
use crate::workload::FleetConfig;

/// What goes wrong, in a scenario and in a server.
const FAULTS: Shape = Shape::List(&Shape::Record(crate::kms::fault_table));
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
        key("faults", FAULTS, "What goes wrong (nothing)."),
        key(
            "fleet",
            Shape::Record(<FleetConfig as Record>::table),
            "The processes that make the calls (one).",
        ),
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
            Shape::Map(&super::build::THRESHOLDS),
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
        key("faults", FAULTS, "What goes wrong (nothing)."),
    ],
);

const TIMES: Shape = Shape::Either(&[Shape::Record(<ServiceTime as Record>::table), Shape::Whole(0, 0)]);

pub(crate) static WORKLOADS: Table = Table {
    name: "workloads",
    keys: &[],
    others: Some(Others { names: FREE_NAMES, shape: &Shape::Record(super::workload::table) }),
};

const STRATEGY: Shape = Shape::Record(<Policy as Record>::table);
pub(crate) static STRATEGIES: Table =
    Table { name: "strategies", keys: &[], others: Some(Others { names: FREE_NAMES, shape: &STRATEGY }) };
