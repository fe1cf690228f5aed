//! How jobs arrive; and how a file says it.

use crate::api::JobKind;
use crate::language::{
    Form, Item, LONGEST, MAX_JOBS, MILLION, POSITIVE_RATE, Part, RATE, Reader, Record, SPAN, Shape, Shown,
    TEXT, TIME, Table, Walk, beside, by_name, choice, count, fixed_table, key, number, part, record_value,
    table_key, unsaid, whole,
};
use crate::time::{Span, decimal};
use crate::units::Rate;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// The most stages of a workload.
const MAX_STAGES: usize = 1000;
/// How long iterations may take unless the file says otherwise; as in k6.
const MAX_DURATION: Span = Span::from_secs(600);

choice! {
    /// How jobs arrive.
    #[derive(Clone, Debug, PartialEq)]
    pub enum Executor as ExecutorKind {
        /// Open: a constant rate.
        ConstantArrivalRate = "constant-arrival-rate" {
            /// Arrivals.
            rate: Rate = key("rate", "Arrivals.", POSITIVE_RATE).needed(),
            /// How long jobs arrive.
            duration: Span = key("duration", "How long jobs arrive (trace: all of it).", TIME).needed(),
            /// How they are spaced.
            arrivals: Arrivals = key(
                "arrivals",
                "How arrivals are spaced ({}): at random, evenly (uniform), or in bursts of a second: bursty(d), where d is the \
                 variance ÷ mean of a second's arrivals, as `import cloudtrail` measures it; not for a trace, which has its own.",
                ARRIVALS,
            )
            .or(Arrivals::Poisson),
        },
        /// Open: linear ramps between targets.
        RampingArrivalRate = "ramping-arrival-rate" {
            /// Where the first ramp begins.
            start_rate: Rate = key("startRate", "Where the first ramp begins ({}).", RATE).or(Rate::ZERO),
            /// The ramps, one after another.
            stages: Vec<RateStage> = key("stages", "Linear ramps, one after another.", stages(|stage: &RateStage| stage.duration)).needed(),
            /// How they are spaced.
            arrivals: Arrivals = key("arrivals", "", ARRIVALS).or(Arrivals::Poisson),
        },
        /// Open: `count` jobs at the same instant, every `every`, for `duration`.
        Burst = "burst" {
            /// Jobs of a burst.
            count: u64 = key("count", "Jobs of a burst.", whole(1, MAX_JOBS)).needed(),
            /// Time between bursts.
            every: Span = key("every", "Time between bursts.", TIME).needed(),
            /// How long jobs arrive.
            duration: Span = key("duration", "", TIME).needed(),
        },
        /// Open: a recorded trace.
        Trace = "trace" (Trace = beside()),
        /// Closed: a constant number of VUs.
        ConstantVus = "constant-vus" {
            /// Workers.
            vus: u32 = key("vus", "Workers: a closed model.", count(MILLION)).needed(),
            /// How long jobs arrive.
            duration: Span = key("duration", "", TIME).needed(),
            /// When a VU starts its next job.
            pacing: Pacing = beside(),
        },
        /// Closed: linear ramps of the number of VUs.
        RampingVus = "ramping-vus" {
            /// Where the first ramp begins.
            start_vus: u32 = key("startVus", "Where the first ramp begins ({}).", whole(0, MILLION)).or(1),
            /// The ramps, one after another.
            stages: Vec<VuStage> = key("stages", "", stages(|stage: &VuStage| stage.duration)).needed(),
            /// When a VU starts its next job.
            pacing: Pacing = beside(),
        },
        /// Closed: VUs share a number of jobs.
        SharedIterations = "shared-iterations" {
            /// Workers.
            vus: u32 = key("vus", "", count(MILLION)).needed(),
            /// Jobs: of all VUs together, or of each.
            iterations: u64 = key("iterations", "Jobs: shared, or of each VU.", whole(1, MAX_JOBS)).needed(),
            /// Stop after this even if iterations are left.
            max_duration: Span =
                key("maxDuration", "Stop after this even if iterations are left ({}).", TIME).or(MAX_DURATION),
            /// When a VU starts its next job.
            pacing: Pacing = beside(),
        },
        /// Closed: each VU does a number of jobs.
        PerVuIterations = "per-vu-iterations" {
            /// Workers.
            vus: u32 = key("vus", "", count(MILLION)).needed(),
            /// Jobs: of all VUs together, or of each.
            iterations: u64 = key("iterations", "", whole(1, MAX_JOBS)).needed(),
            /// Stop after this even if iterations are left.
            max_duration: Span = key("maxDuration", "", TIME).or(MAX_DURATION),
            /// When a VU starts its next job.
            pacing: Pacing = beside(),
        },
    }
}

/// How open arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// At random, independent of each other.
    Poisson,
    /// Evenly.
    Uniform,
    /// In bursts of a second: at random under a rate that each second multiplies by a gamma draw of mean 1, so that the counts
    /// of seconds have this variance ÷ mean (a negative binomial distribution); above 1, which is Poisson.
    Bursty(f64),
}

part! {
    /// A ramp to `target` that takes `duration`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct RateStage {
        /// How long the ramp takes.
        pub duration: Span = key("duration", "How long the ramp takes.", SPAN).needed(),
        /// The rate at its end.
        pub target: Rate = key("target", "Rate, or VUs, at its end.", RATE).needed(),
    }
}

part! {
    /// A ramp to `target` VUs that takes `duration`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VuStage {
        /// How long the ramp takes.
        pub duration: Span = key("duration", "How long the ramp takes.", SPAN).needed(),
        /// How many VUs at its end.
        pub target: u32 = key("target", "Rate, or VUs, at its end.", whole(0, MILLION)).needed(),
    }
}

impl Record for RateStage {
    fn table() -> &'static Table {
        stage_table()
    }
}

impl Record for VuStage {
    fn table() -> &'static Table {
        stage_table()
    }
}

/// One table for the stages of both ramping executors: which a target is follows from the executor.
fn stage_table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        Table::described("stage", |walk| {
            RateStage::walk(walk, None);
            VuStage::walk(walk, None);
        })
    });
    &TABLE
}

/// A list of stages.
struct Stages<T> {
    lasts: fn(&T) -> Span,
}

/// A list of stages, each of which lasts as long as `lasts` says.
const fn stages<T>(lasts: fn(&T) -> Span) -> Stages<T> {
    Stages { lasts }
}

impl<T: Record> Form for Stages<T> {
    type Value = Vec<T>;
    fn shape(&self) -> Shape {
        Shape::List(&Shape::Record(stage_table))
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Vec<T>> {
        let items = r.list(item)?;
        if items.is_empty() || items.len() > MAX_STAGES {
            r.wrong(item, "this is no number of stages", format!("1 to {MAX_STAGES} stages"));
            return None;
        }
        let mark = r.mark();
        let stages: Vec<T> = items.iter().filter_map(|item| r.record(item)).collect();
        let total = stages.iter().fold(Span::ZERO, |sum, stage| sum + (self.lasts)(stage));
        if r.is_clean(mark) && (total.is_zero() || total > LONGEST) {
            r.wrong(item, format!("the stages last {total} together"), "more than 0s, at most 30d");
        }
        Some(stages)
    }
    fn write(&self, value: &Vec<T>) -> serde_yaml::Value {
        value.iter().map(record_value).collect::<Vec<_>>().into()
    }
}

/// When a VU starts its next job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// So long after the last one ended.
    ThinkTime(Span),
    /// On a schedule, so many a second per VU.
    Pace(Rate),
}

impl Part for Pacing {
    /// Either of two keys.
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&Pacing>) -> Option<Pacing> {
        let (rest, rate) = match now {
            Some(Pacing::ThinkTime(span)) => (Some(*span), None),
            Some(Pacing::Pace(rate)) => (None, Some(*rate)),
            None => (None, None),
        };
        let rest =
            walk.part(key("thinkTime", "Pause of a VU between jobs (0s).", SPAN).optional(), Some(&rest));
        let about = "Jobs of a VU on a schedule, instead of thinkTime.";
        let rate = walk.part(key("pace", about, POSITIVE_RATE).optional(), Some(&rate));
        walk.look(|r, fields| {
            if let (Some(_), Some(pace)) = (fields.get("thinkTime"), fields.get("pace")) {
                r.wrong(&pace, "`pace` and `thinkTime` do not go together", "either of the two");
            }
        });
        Some(rate?.map_or(Pacing::ThinkTime(rest?.unwrap_or(Span::ZERO)), Pacing::Pace))
    }
}

part! {
    /// A recorded trace; `rows` is filled by whoever loads the file (`cli`), not by the parser.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Trace {
        /// As written in the scenario, relative to it.
        pub file: String =
            key("file", "The trace, relative to the scenario: CSV, optionally gzipped.", TEXT).needed(),
        /// Canonical column name -> name in the file.
        pub columns: BTreeMap<String, String> =
            key("columns", "What the trace calls its columns.", by_name(&COLUMNS, TEXT)).or(BTreeMap::new()),
        /// Multiplies counts; a row per job is repeated (the fraction by a draw).
        pub scale: f64 = key("scale", "Multiplies the trace's arrivals ({}).", number(1e-6, 1e6)).or(1.0),
        /// Start this far into the trace.
        pub offset: Span = key("offset", "Start this far into the trace ({}).", SPAN).or(Span::ZERO),
        /// Stop after so much of it; all by default.
        pub duration: Option<Span> = key("duration", "", TIME).optional(),
        /// How the arrivals of a second are spaced.
        pub arrivals: Arrivals = key("arrivals", "", ARRIVALS.checked(no_bursts)).or(Arrivals::Poisson),
        /// The loaded rows.
        pub rows: Arc<TraceRows> = unsaid(Arc::new(TraceRows::Unread)),
    }
}

/// Names of a trace's columns.
static COLUMNS: Table = fixed_table(
    "columns",
    &[
        table_key("time_s", Shape::Text, "Seconds since the trace began."),
        table_key("count", Shape::Text, "Arrivals in that second."),
        table_key("job", Shape::Text, "What arrives, in a row per job."),
        table_key("key", Shape::Text, "Which key."),
        table_key("context", Shape::Text, "Which encryption context."),
        table_key("bytes", Shape::Text, "Payload in bytes."),
        table_key("known_size", Shape::Text, "Whether the size is known beforehand."),
        table_key("message", Shape::Text, "Names an encrypted message."),
    ],
);

/// A trace's counts are its bursts.
fn no_bursts(r: &mut Reader, item: &Item, arrivals: Arrivals) -> Option<Arrivals> {
    if matches!(arrivals, Arrivals::Bursty(_)) {
        r.wrong(item, "a trace has bursts of its own", "poisson or uniform; bursty goes with rates");
    }
    Some(arrivals)
}

/// The rows of a trace, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub enum TraceRows {
    /// Not loaded yet.
    Unread,
    /// Jobs arriving in each second from 0 on.
    Counts(Vec<u32>),
    /// One row per job, in order of time.
    Jobs(Vec<TraceJob>),
}

/// One job of a trace; `None` means that the workload's own draw decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceJob {
    /// Since the trace's first second.
    pub at: Span,
    /// What the job asks for.
    pub kind: Option<JobKind>,
    /// The key: dense numbers given to the distinct texts of the column, in order of appearance.
    pub key: Option<u32>,
    /// The encryption context; numbered like keys.
    pub context: Option<u32>,
    /// The encrypted message; numbered like keys.
    pub message: Option<u32>,
    /// Payload in bytes.
    pub bytes: Option<u32>,
    /// Whether the payload's size is known beforehand.
    pub known_size: bool,
}

/// How a file writes [`Arrivals`].
pub(crate) const ARRIVALS: Shown<Arrivals> = Shown {
    shape: Shape::Pattern(r"^(poisson|uniform|bursty\([0-9]+(\.[0-9]+)?\))$", "bursty(4)"),
    read: arrivals,
};

impl fmt::Display for Arrivals {
    /// As a file writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arrivals::Poisson => f.write_str("poisson"),
            Arrivals::Uniform => f.write_str("uniform"),
            Arrivals::Bursty(dispersion) => write!(f, "bursty({dispersion})"),
        }
    }
}

/// The number in `name(number)`.
pub(super) fn argument(text: &str, name: &str) -> Option<f64> {
    let inner = text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?;
    decimal(inner).map(|(value, scale)| value as f64 / scale as f64)
}

fn arrivals(r: &mut Reader, item: &Item) -> Option<Arrivals> {
    let text = item.text().unwrap_or_default();
    if let Some(dispersion) = argument(text, "bursty").filter(|d| *d > 1.0 && *d <= 10_000.0) {
        return Some(Arrivals::Bursty(dispersion));
    }
    if text.starts_with("bursty") {
        let fits = "bursty(d), with d, the variance ÷ mean of a second's arrivals, above 1 and up to 10000";
        r.wrong(item, "this is not a spacing", fits);
        return None;
    }
    let word = r.word(item, &["poisson", "uniform", "bursty(4)"])?;
    Some(if word == "uniform" { Arrivals::Uniform } else { Arrivals::Poisson })
}
