//! A workload, declared: every key but its name and the overrides of its strategies, which need the scenario around it.

use crate::api::JobKind;
use crate::client::Policy;
use crate::language::{
    FREE_NAMES, Form, Item, MILLION, Map, Names, Others, Reader, Record, SPAN, Shape, TIME, Table, Walk,
    count, key, later, names_to, or_none, plain, record, table_key, words,
};
use crate::time::Span;
use crate::units::Bytes;
use crate::workload::{Executor, ExecutorKind, OnLimit, Payload, Sizes, Workload};

/// Overrides of strategies: `all`, or by the strategy's name.
pub(super) static OVERRIDES: Table = Table {
    name: "overrides",
    keys: &[table_key("all", POLICY, "Merged into every strategy.")],
    others: Some(Others { names: FREE_NAMES, shape: &POLICY }),
};

const POLICY: Shape = Shape::Record(<Policy as Record>::table);

record! {
    /// What a workload takes from the scenario around it.
    #[derive(Clone, Copy, Debug)]
    pub struct Defaults as "defaults" {
        /// Discarded from the window at the start.
        pub warm_up: Span = key("warmUp", "Default of every workload's warmUp ({}).", SPAN).or(Span::ZERO),
        /// How long jobs may finish after the last arrival.
        pub graceful_stop: Span = key("gracefulStop", "Default of every workload's gracefulStop ({}).", SPAN)
            .or(Span::from_secs(30)),
        /// When a job has failed.
        pub deadline: Option<Span> = key("deadline", "Default of every workload's deadline ({}).", or_none(TIME)).or(None),
    }
}

impl Default for Defaults {
    /// What holds where the scenario says nothing.
    fn default() -> Defaults {
        plain()
    }
}

const OPEN: &[&str] = &[
    ExecutorKind::ConstantArrivalRate.name(),
    ExecutorKind::RampingArrivalRate.name(),
    ExecutorKind::Burst.name(),
    ExecutorKind::Trace.name(),
];

/// Walks through the keys of a workload; what is read has no name and no strategies yet.
pub(super) fn walk(walk: &mut Walk<'_, '_>, now: Option<&Workload>, defaults: &Defaults) -> Option<Workload> {
    let kind = walk.word_of("executor", "How jobs arrive.", now.map(|now| &now.executor));
    let executor: Option<Executor> = kind.and_then(|kind| walk.choice(kind, now.map(|now| &now.executor)));
    let times = times(walk, now, defaults);
    let open = now.filter(|now| now.executor.is_open());
    let max_in_flight = walk.part(
        key("maxInFlight", "Jobs at once ({}).", or_none(count(1_000_000_000))).with(OPEN).or(None),
        open.map(|now| &now.max_in_flight),
    );
    let on_limit = walk.part(
        key("onLimit", "What maxInFlight does with a job ({}).", words()).with(OPEN).or(OnLimit::Queue),
        open.filter(|now| now.max_in_flight.is_some()).map(|now| &now.on_limit),
    );
    let jobs = walk.part(
        key("jobs", "Weights of operations and envelope jobs.", JobMix).needed(),
        now.map(|now| &now.jobs),
    );
    let payload = walk.part(
        key("payload", "How large payloads are ({}).", Sizes).or(Payload::Fixed(Bytes(256))),
        now.map(|now| &now.payload),
    );
    let keys = walk.part(key("keys", "The keys jobs use.", record()).or(plain()), now.map(|now| &now.keys));
    let about = "Encryption contexts (one); a cache entry serves one.";
    let contexts = walk.part(key("contexts", about, record()).or(plain()), now.map(|now| &now.contexts));
    let about = "What DecryptMessage reads (one); these or contexts must be given where a strategy caches.";
    let messages = walk.part(key("messages", about, record()).or(plain()), now.map(|now| &now.messages));
    walk.says(table_key(
        "strategies",
        Shape::Map(&OVERRIDES),
        "Overrides of the strategies for this workload: `all` or by name.",
    ));
    later(
        walk,
        &[
            ("account", "The caller's account."),
            ("keyAccount", "The keys' account."),
            ("region", "The Region called."),
            ("via", "The AWS service that calls."),
        ],
    );
    let (start_time, warm_up, graceful_stop, deadline) = times?;
    Some(Workload {
        name: String::new(),
        executor: executor?,
        start_time,
        warm_up,
        graceful_stop,
        deadline,
        max_in_flight: max_in_flight?,
        on_limit: on_limit?,
        jobs: jobs?,
        payload: payload?,
        keys: keys?,
        contexts: contexts?,
        messages: messages?,
        strategies: Vec::new(),
    })
}

/// When a workload begins, counts, ends, and when its jobs have failed.
type Times = (Span, Span, Span, Option<Span>);

/// The part of [`walk`] that is about time.
fn times(walk: &mut Walk<'_, '_>, now: Option<&Workload>, defaults: &Defaults) -> Option<Times> {
    let start_time = walk.part(
        key("startTime", "When the workload begins ({}).", SPAN).or(Span::ZERO),
        now.map(|now| &now.start_time),
    );
    let about = "Discarded from the window at the start (the scenario's, 0s).";
    let warm_up = walk.part(key("warmUp", about, SPAN).or(defaults.warm_up), now.map(|now| &now.warm_up));
    let about = "How long jobs may finish after the last arrival (the scenario's, 30s).";
    let graceful_stop = walk
        .part(key("gracefulStop", about, SPAN).or(defaults.graceful_stop), now.map(|now| &now.graceful_stop));
    let about = "When a job has failed (the scenario's, none).";
    let deadline =
        walk.part(key("deadline", about, or_none(TIME)).or(defaults.deadline), now.map(|now| &now.deadline));
    Some((start_time?, warm_up?, graceful_stop?, deadline?))
}

/// The keys of a workload.
pub(super) fn table() -> &'static Table {
    static TABLE: std::sync::LazyLock<Table> = std::sync::LazyLock::new(|| {
        Table::described("workload", |keys| walk(keys, None, &Defaults::default()))
    });
    &TABLE
}

/// The workload as the resolved scenario has it, but for the overrides of its strategies.
pub(super) fn written(workload: &Workload) -> Map {
    let mut map = Map::default();
    walk(&mut Walk::Write(&mut map), Some(workload), &Defaults::default());
    map
}

/// Weights of jobs.
struct JobMix;

/// The jobs that there are, as keys.
static JOBS: Table = names_to(
    "jobs",
    Names {
        list: Some(|| JobKind::all().map(JobKind::name).collect()),
        said: "KMS operations, EncryptMessage and DecryptMessage",
    },
    &Shape::Whole(0, MILLION),
);

impl Form for JobMix {
    type Value = Vec<(JobKind, u32)>;
    fn shape(&self) -> Shape {
        Shape::Map(&JOBS)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        let fields = r.fields(item, &JOBS)?;
        let mark = r.mark();
        let mut jobs = Vec::new();
        for (entry, item) in fields.named() {
            if let (Some(kind), Some(weight)) = (JobKind::from_name(&entry.key), r.whole(&item, 0, MILLION)) {
                jobs.push((kind, weight as u32));
            }
        }
        if r.is_clean(mark) && fields.is_whole() && jobs.iter().all(|(_, weight)| *weight == 0) {
            r.wrong(item, "the weights sum to zero", "at least one weight above 0, such as { Decrypt: 1 }");
        }
        Some(jobs)
    }
    fn write(&self, value: &Self::Value) -> serde_yaml::Value {
        value.iter().fold(Map::default(), |map, (kind, weight)| map.put(kind.name(), *weight)).into()
    }
}
