//! The saved run, `run.json`: names are read by other programs, so none changes without raising [`SCHEMA`].
//!
//! Everything a report draws is in here; the CSV, HDR and SVG files beside it are other shapes of the same figures.

use super::answer::{self, Answer, Built};
use super::{LimiterKinds, Seconds, Wall};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the saved run's names.
pub const SCHEMA: &str = "keystorm.run/1";

/// Version of what the figures mean: what `definitions` of a saved run says.
///
/// 1 counted rates by the intended start of jobs over a window that ended with the last arrival, mixed the times of failed
/// jobs and refused attempts into the percentiles, and gave the cost of one trial beside the counts of all.
pub const DEFINITIONS: u32 = 2;

/// Whether a count is left out.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a saved run means that does not say: it was written before it could.
const fn older() -> u32 {
    1
}

/// One execution of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`DEFINITIONS`] of the keystorm that made it; absent is 1.
    #[serde(default = "older")]
    pub definitions: u32,
    /// Which keystorm made it.
    pub tool: Tool,
    /// The scenario's name.
    pub name: String,
    /// The question: the comment a scenario file opens with; empty if it has none.
    pub question: String,
    /// What stood behind `keystorm run` and changes figures: the scenario's file without its folders, then options, each
    /// followed by its value. Empty where that is not known.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub command: Vec<String>,
    /// What follows from the run, in three lines; absent in runs saved before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<Answer>,
    /// The resolved scenario, every default filled in.
    pub scenario: serde_json::Value,
    /// First 64 bits of SHA-256 of the resolved scenario's JSON, in hex.
    pub scenario_hash: String,
    /// Key of every random draw.
    pub seed: u64,
    /// `sim`, `emulator`, a URL or `aws`.
    pub target: String,
    /// The Region whose default quotas applied.
    pub region: String,
    /// Whether the run was interrupted before its end.
    pub interrupted: bool,
    /// What was taken for granted, one sentence each.
    pub assumptions: Vec<String>,
    /// Results by strategy, in the scenario's order.
    pub strategies: Vec<StrategyRun>,
    /// Every threshold for every strategy.
    pub thresholds: Vec<ThresholdRun>,
    /// Strategies whose misses decide the exit code.
    pub gate: Vec<String>,
    /// Symptoms with their remedies.
    pub cautions: Vec<Caution>,
    /// Each pair of strategies in each figure of the order of merit, trial by trial. Empty where strategies did not meet the
    /// same jobs in at least two whole trials.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub differences: Vec<Difference>,
    /// Whether the answer is the same when quotas are enforced in another way; absent where that was not tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limiter_kinds: Option<LimiterKinds>,
    /// Why there are so many trials; absent where the scenario says how many.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trials_until: Option<TrialsUntil>,
    /// Wall-clock facts; live runs only, so that a simulated run is byte-identical.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wall: Option<Wall>,
}

/// Why a run that adds trials until intervals are narrow has as many as it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrialsUntil {
    /// Half of each interval was to be at most this share of its middle.
    pub until: f64,
    /// The most trials that were allowed.
    pub max: u32,
    /// Why no more were added.
    pub stopped: Stopped,
    /// Whose interval was the widest.
    pub strategy: String,
    /// Of which figure, such as `response_time p(99)`.
    pub figure: String,
    /// Half of it beside its middle; null if it had no bound.
    pub half_width: Option<f64>,
}

/// Why no more trials were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// Every interval was narrow enough.
    Narrow,
    /// There were as many as allowed.
    Max,
    /// The run was interrupted.
    Interrupted,
}

impl Run {
    /// Adds what only its surroundings tell: what stood behind `keystorm run`, how it fares under other limiter kinds, and
    /// which commands there are. The answer follows from all of it.
    pub fn settle(&mut self, command: Vec<String>, limiters: Option<LimiterKinds>, built: Built) {
        (self.command, self.limiter_kinds) = (command, limiters);
        self.answer = Some(answer::compose(self, built));
    }
}

/// By how much two strategies differ in a figure: the first's less the second's, trial by trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The figure, by its name among `trialValues`.
    pub figure: String,
    /// A strategy.
    pub first: String,
    /// Another.
    pub second: String,
    /// Mean over trials, in the figure's unit.
    pub mean: f64,
    /// Its 95 % interval (Student's t), of this pair alone.
    pub interval: Option<[f64; 2]>,
    /// How probable a larger difference is by chance, corrected for all pairs (Holm).
    pub chance: f64,
    /// Whether it is stated: more than chance, and worth a word.
    pub is_stated: bool,
}

/// The program that made a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tool {
    /// `keystorm`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What one strategy did, over all its trials: counts, costs and histograms are sums, peaks are maxima. Counts are of the
/// whole run, warm-up and drain included, unless they stand under `inWindow`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StrategyRun {
    /// The strategy's name.
    pub name: String,
    /// How many trials ran.
    pub trials: u32,
    /// Jobs, all of them.
    pub jobs: Jobs,
    /// KMS calls begun.
    pub calls: u64,
    /// Tries on the wire.
    pub attempts: u64,
    /// Attempts refused because a quota was exhausted.
    pub throttled: u64,
    /// Attempts that met a service error.
    pub faults: u64,
    /// Attempts refused because who calls may not, is not known, or is too late; left out if there are none.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub denied: u64,
    /// Attempts without an answer in time.
    pub timeouts: u64,
    /// The same counts of the jobs whose intended start lies in the window; absent before definitions 2.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_window: Option<Attempts>,
    /// Who did the work, of all workloads; a client that serves several open ones is one. Absent in older runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub units: Option<Units>,
    /// By KMS operation, and by envelope job for those that make no call of their own name.
    pub by_operation: BTreeMap<String, OperationRun>,
    /// By workload and stage, in order.
    pub stages: Vec<PartRun>,
    /// By workload, in the scenario's order.
    pub workloads: Vec<PartRun>,
    /// Shares and factors, from the sums.
    pub ratios: Ratios,
    /// Rates over the window.
    pub rates: Rates,
    /// Each pool that any attempt or background traffic touched.
    pub pools: BTreeMap<String, PoolRun>,
    /// Intended start of a completed job to its completion, window only.
    #[serde(rename = "responseTime_ms")]
    pub response_time_ms: Trend,
    /// Attempt sent to its answer, refusals for a quota left out, window only.
    #[serde(rename = "serviceTime_ms")]
    pub service_time_ms: Trend,
    /// Wait for a free slot under `maxInFlight`, window only.
    #[serde(rename = "queueWait_ms")]
    pub queue_wait_ms: Trend,
    /// The harness's own delay; zero in the simulator.
    #[serde(rename = "lateness_ms")]
    pub lateness_ms: Trend,
    /// What data keys were exposed to.
    pub data_keys: DataKeys,
    /// What the calls would have cost on real AWS.
    pub cost: Cost,
    /// Per-trial values of the headline figures, in order of trial.
    pub trial_values: BTreeMap<String, Vec<f64>>,
    /// 95 % intervals over trials of the same figures, within their range; absent below two trials. Student's t over the trials'
    /// values; of a percentile, over the trials' shares of jobs that took no longer, led back to times (Woodruff). Where no
    /// trial shows a case to the contrary, as with a success of 1, the interval is one-sided.
    pub intervals: BTreeMap<String, [f64; 2]>,
    /// How the jobs that failed failed.
    pub failures: BTreeMap<String, u64>,
    /// Seconds from the start of the work until its last job completed, mean over trials; absent unless all of it ends by
    /// itself (iterations, one burst) and every job ended.
    #[serde(rename = "doneAfter_s", skip_serializing_if = "Option::is_none", default)]
    pub done_after_s: Option<f64>,
    /// Seconds from the end of the last trigger until throttle share, jobs in flight and p99 were back in the 95 % range of
    /// before and stayed there for five seconds, median over trials; absent without a trigger or a before, if nothing was
    /// disturbed, or if it never was.
    #[serde(rename = "recoveryTime_s", skip_serializing_if = "Option::is_none", default)]
    pub recovery_time_s: Option<f64>,
    /// Jobs by which the backlog still grew each second when the last of the load came; absent unless load without a deadline
    /// is open, and its backlog kept growing: UNSTABLE.
    #[serde(rename = "backlogGrowth_per_s", skip_serializing_if = "Option::is_none", default)]
    pub backlog_growth_per_s: Option<f64>,
    /// Per second (coarser above 3,600 points), summed over trials.
    pub timeline: Timeline,
    /// Response-time percentile curve: [percentile 0..100, milliseconds], rising.
    #[serde(rename = "responseCurve_ms")]
    pub response_curve_ms: Vec<[f64; 2]>,
    /// Response-time histogram: [lower edge in milliseconds, upper edge, jobs].
    #[serde(rename = "responseHistogram_ms")]
    pub response_histogram_ms: Vec<[f64; 3]>,
}

/// Counts of jobs; `offered = completed + failed + shed + unfinished`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Jobs {
    /// Arrived, warm-up and drain included.
    pub offered: u64,
    /// Done within their deadline.
    pub completed: u64,
    /// Ended without success, deadlines missed included.
    pub failed: u64,
    /// Never started, because a cap was reached.
    pub shed: u64,
    /// Still running when draining ended.
    pub unfinished: u64,
    /// Of the completed, those a data-key cache served without a call.
    pub served_from_cache: u64,
    /// Of the offered, those whose intended start lies in the window.
    pub in_window: u64,
}

/// Counts of attempts of jobs whose intended start lies in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempts {
    /// KMS calls begun.
    pub calls: u64,
    /// Tries on the wire.
    pub attempts: u64,
    /// Attempts refused because a quota was exhausted.
    pub throttled: u64,
    /// Attempts that met a service error.
    pub faults: u64,
    /// Attempts refused because who calls may not, is not known, or is too late; left out if there are none.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub denied: u64,
    /// Attempts without an answer in time.
    pub timeouts: u64,
}

/// Who did the work: VUs of closed workloads and clients of open ones, all trials together, window only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    /// Those that had a job.
    pub active: u64,
    /// Those of them with at least one job that was not completed.
    pub failed: u64,
}

impl Units {
    /// The share of them with at least one job that was not completed; `None` without any.
    pub fn failed_share(&self) -> Option<f64> {
        (self.active > 0).then(|| super::stats::share(self.failed, self.active))
    }
}

/// One operation's figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationRun {
    /// KMS calls begun.
    pub calls: u64,
    /// Tries on the wire.
    pub attempts: u64,
    /// Attempts refused because a quota was exhausted.
    pub throttled: u64,
    /// Attempts that met a service error.
    pub faults: u64,
    /// Attempts refused because who calls may not, is not known, or is too late; left out if there are none.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub denied: u64,
    /// Attempts without an answer in time.
    pub timeouts: u64,
    /// Intended start of a completed job to its completion, window only.
    #[serde(rename = "responseTime_ms")]
    pub response_time_ms: Trend,
    /// Attempt sent to its answer, refusals for a quota left out, window only.
    #[serde(rename = "serviceTime_ms")]
    pub service_time_ms: Trend,
}

/// A workload's or a stage's figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartRun {
    /// The workload's name; for a stage `<workload>/<number from 0>`.
    pub name: String,
    /// Its jobs.
    pub jobs: Jobs,
    /// KMS calls begun for its jobs.
    pub calls: u64,
    /// Tries on the wire for its jobs.
    pub attempts: u64,
    /// Attempts refused because a quota was exhausted.
    pub throttled: u64,
    /// Attempts that met a service error.
    pub faults: u64,
    /// Attempts refused because who calls may not, is not known, or is too late; left out if there are none.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub denied: u64,
    /// Attempts without an answer in time.
    pub timeouts: u64,
    /// The same counts of the jobs whose intended start lies in the window; absent before definitions 2.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub in_window: Option<Attempts>,
    /// Who did its work; absent of a stage, and in older runs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub units: Option<Units>,
    /// Shares and factors, from its own sums.
    pub ratios: Ratios,
    /// Jobs completed within their deadline inside its window, a second and trial; absent below one second of window.
    #[serde(rename = "goodput_per_s", skip_serializing_if = "Option::is_none", default)]
    pub goodput_per_s: Option<f64>,
    /// Seconds from the start of its work until its last job completed, mean over trials; absent unless it ends by itself
    /// and every job ended.
    #[serde(rename = "doneAfter_s", skip_serializing_if = "Option::is_none", default)]
    pub done_after_s: Option<f64>,
    /// Intended start of a completed job to its completion, window only.
    #[serde(rename = "responseTime_ms")]
    pub response_time_ms: Trend,
}

/// Shares and factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ratios {
    /// completed ÷ offered.
    pub success: f64,
    /// throttled ÷ attempts.
    pub throttle: f64,
    /// attempts ÷ calls; 0 without calls.
    pub amplification: f64,
    /// served from cache ÷ completed envelope jobs; 0 without.
    pub cache_hit: f64,
}

/// What happened inside the window ÷ its length, per trial: counted when it happens. The window is the schedule after
/// warm-up; of work that ends by itself it ends with the last completion. Null below one second of window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(non_snake_case, reason = "the saved names carry their unit")]
pub struct Rates {
    /// Jobs that arrived.
    pub offered_per_s: Option<f64>,
    /// Jobs completed within their deadline.
    pub goodput_per_s: Option<f64>,
    /// Tries on the wire.
    pub attempts_per_s: Option<f64>,
    /// Attempts answered.
    #[serde(default)]
    pub throughput_per_s: Option<f64>,
    /// Attempts refused because a quota was exhausted.
    #[serde(default)]
    pub throttled_per_s: Option<f64>,
    /// Length of the window, mean over trials.
    #[serde(default)]
    pub window_s: f64,
    /// The busiest one-second window of any trial.
    pub peak_attempts_1s: u64,
}

/// One pool's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PoolRun {
    /// The quota: attempts a second it allows.
    pub limit_per_s: f64,
    /// Most attempts, background included, in one one-second window of any trial.
    pub peak_1s: u64,
    /// `peak_1s ÷ limit_per_s`.
    pub utilisation_peak: f64,
    /// Attempts this pool refused in the whole run, background excluded.
    pub throttled: u64,
    /// What was asked of it second by second, mean over trials; left out where the timeline has an interval for each second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<Seconds>,
}

/// A distribution in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Trend {
    /// How many values it was measured on; nothing else means anything if this is 0.
    pub count: u64,
    /// Their arithmetic mean.
    pub mean: f64,
    /// The least of them.
    #[serde(default)]
    pub min: f64,
    /// Half of them are at most this.
    pub p50: f64,
    /// 90 % of them are at most this.
    pub p90: f64,
    /// 95 % of them are at most this.
    pub p95: f64,
    /// 99 % of them are at most this.
    pub p99: f64,
    /// 99.9 % of them are at most this.
    pub p99_9: f64,
    /// The greatest of them.
    pub max: f64,
}

/// What data keys were exposed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DataKeys {
    /// Data keys generated.
    pub generated: u64,
    /// Most messages under one data key.
    pub messages_max: u64,
    /// Most bytes under one data key.
    pub bytes_max: u64,
    /// Oldest data key in use, seconds.
    pub age_max_s: f64,
}

/// What the attempts would cost on real AWS, at the catalogue's prices; assumes that refused attempts are free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cost {
    /// All requests of the run, as its counts are: all trials together. Before definitions 2, of one trial.
    pub requests_usd: f64,
    /// For each million completed jobs; null if none completed.
    #[serde(default)]
    pub per_million_completed_usd: Option<f64>,
    /// At the window's rate for 30 days; null unless all load is open and has no end of its own, and below one second of
    /// window.
    pub per_month_usd: Option<f64>,
}

/// Counts per interval, summed over trials; index 0 begins at the run's start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Timeline {
    /// Length of an interval.
    pub interval_s: u64,
    /// Jobs by their intended start.
    pub offered: Vec<u64>,
    /// Attempts by the time they were sent.
    pub attempts: Vec<u64>,
    /// Attempts refused for a quota, by the time of the refusal.
    pub throttled: Vec<u64>,
    /// Attempts that met a service error, by the time of the reply.
    pub faults: Vec<u64>,
    /// Attempts given up on, by the time of giving up.
    pub timeouts: Vec<u64>,
    /// Jobs completed within their deadline, by the time they completed.
    pub goodput: Vec<u64>,
    /// Jobs by the time they failed.
    pub failed: Vec<u64>,
    /// Jobs not started because a cap was reached, by their intended start.
    pub shed: Vec<u64>,
    /// Jobs in flight at the end of the interval.
    pub in_flight: Vec<u64>,
    /// What 99 % of the jobs that completed in the interval took at most, in milliseconds, to a thirtieth: of several
    /// trials, the slowest. Null where none completed; absent in runs saved before it was.
    #[serde(rename = "responseP99_ms", skip_serializing_if = "Vec::is_empty", default)]
    pub response_p99_ms: Vec<Option<f64>>,
    /// Attempts on each pool, background included.
    pub pools: BTreeMap<String, Vec<u64>>,
    /// Each series by its name in `timeline.csv`: the least of any trial, interval by interval. Absent below two
    /// trials, and of series in which nothing happened.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub least: BTreeMap<String, Vec<u64>>,
    /// The same: the most of any trial.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub most: BTreeMap<String, Vec<u64>>,
}

/// One threshold applied to one strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ThresholdRun {
    /// The strategy it was applied to.
    pub strategy: String,
    /// `response_time{operation:Decrypt}`.
    pub name: String,
    /// `p(99)<250ms`.
    pub expression: String,
    /// In the metric's base unit (milliseconds, ratio, per second, factor, USD); null without samples, and if failures have
    /// eaten it.
    pub value: Option<f64>,
    /// If failures have eaten the value: the share of what was looked at that failed and so is slower than any bound.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failed_share: Option<f64>,
    /// Whether it held.
    pub verdict: Verdict,
    /// If that cannot be told: why, and how many jobs or trials would settle it; a sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remedy: Option<String>,
}

/// Whether a threshold held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It held.
    Met,
    /// It did not hold.
    Missed,
    /// Too few samples, or trials too different, to be 95 % sure either way: counts as missed.
    CannotTell,
    /// No samples: counts as missed.
    NoData,
}

/// A symptom with its remedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Caution {
    /// The strategy that shows it.
    pub strategy: String,
    /// A stable name, such as `cache-never-hits`.
    pub kind: String,
    /// What was seen, with its figures; a sentence.
    pub symptom: String,
    /// What to change; a sentence.
    pub remedy: String,
}
