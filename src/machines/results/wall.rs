//! What only a live run has: when and from where it ran, how its generator kept up, how it ended.
//!
//! Made from plain values, since results know neither clocks nor machines.

use super::stats::round;
use crate::record::Recorder;
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Wall-clock facts of a live run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wall {
    /// The id that the user agent of its calls carries, `keystorm/0.1.0 run/…`; empty in runs saved before there was one.
    #[serde(default)]
    pub run_id: String,
    /// The command line that began it, as a shell reads it again, URLs without their paths; empty in runs saved before.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub command: String,
    /// When it began, by the wall clock: ISO 8601 in UTC.
    pub started_at: String,
    /// How long all of it took, set-up and pauses included, in seconds.
    #[serde(rename = "elapsed_s")]
    pub elapsed_s: f64,
    /// From where attempts went, and where to.
    pub vantage: Vantage,
    /// What was done before anything was measured.
    pub set_up: SetUp,
    /// By strategy, in the scenario's order; those that never began are left out.
    pub strategies: Vec<StrategyWall>,
    /// Who shared its clients; none where one process ran it all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub workers: Vec<WorkerWall>,
}

/// One of the workers that ran a load together, each the jobs of its own clients, over all trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerWall {
    /// What it is called.
    pub name: String,
    /// Threads that sent.
    pub threads: u32,
    /// How many clients were its own.
    pub clients: u32,
    /// Jobs that arrived at them.
    pub offered: u64,
    /// Lateness that 99 % of its attempts did not exceed, in milliseconds.
    #[serde(rename = "latenessP99_ms")]
    pub lateness_p99_ms: f64,
    /// The largest share of its time, in any trial, that the thread which drives its load was computing; 0 if it was lost.
    pub busy_share: f64,
    /// What its process computed during the trials, in seconds; absent if its system does not tell, or it was lost.
    #[serde(rename = "cpu_s", skip_serializing_if = "Option::is_none", default)]
    pub cpu_s: Option<f64>,
    /// By how much its timeline may be ahead of the coordinator's or behind, in milliseconds.
    #[serde(rename = "clockError_ms", skip_serializing_if = "Option::is_none", default)]
    pub clock_error_ms: Option<f64>,
    /// When it was lost; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lost: Option<WorkerLost>,
}

/// When a worker was lost. What it had told by then is in the figures; what it had begun and not told the end of is unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkerLost {
    /// In which of the trials, all strategies' in the order in which they ran, from 1.
    pub trial: u32,
    /// When it was last heard, in seconds since that trial began.
    pub at_s: f64,
    /// Its jobs of which nobody knows what became of them.
    pub unfinished: u64,
    /// From when on the other workers served its clients, in seconds since that trial began; absent if they did not.
    #[serde(rename = "dealtAt_s", skip_serializing_if = "Option::is_none", default)]
    pub dealt_at_s: Option<f64>,
}

/// From where attempts went, where to, and how they travelled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vantage {
    /// The machine's name.
    pub host: String,
    /// Its operating system and processor, such as `linux x86_64`.
    pub os: String,
    /// How many cores keystorm could use.
    pub cores: u32,
    /// What sent attempts: `aws-sdk`, `raw`, or `in process`.
    pub client: String,
    /// Scheme, host and port that attempts went to; `in process` without a socket.
    pub endpoint: String,
    /// The Region that attempts were signed for.
    pub region: String,
    /// Whether they travelled under TLS.
    pub tls: bool,
    /// Whether the endpoint is one of AWS's FIPS endpoints.
    pub fips: bool,
    /// Most connections of one client; absent if as many as attempts were in flight.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connections: Option<u32>,
}

/// What was done before anything was measured; its attempts are in no other figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetUp {
    /// Tries on the wire.
    pub attempts: u64,
    /// Keys made for this run.
    pub keys_made: u64,
}

/// What only live trials of one strategy have, over all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StrategyWall {
    /// The strategy's name.
    pub name: String,
    /// How long its trials took, in seconds.
    #[serde(rename = "elapsed_s")]
    pub elapsed_s: f64,
    /// How keystorm itself kept up.
    pub generator: Generator,
    /// What the service said no with: the first message of each code.
    pub refusals: Vec<RefusalSeen>,
    /// Why a trial ended early; absent if none did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_early: Option<EndedEarly>,
}

/// How the harness kept up with the load it was to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// The largest share of its time, in any trial, that the thread which drives the load was computing.
    pub busy_share: f64,
    /// Lateness that 99 % of attempts did not exceed, in milliseconds.
    #[serde(rename = "latenessP99_ms")]
    pub lateness_p99_ms: f64,
    /// The most that may be, in milliseconds, before the generator counts as the limit.
    #[serde(rename = "latenessBound_ms")]
    pub lateness_bound_ms: f64,
    /// Whether the generator was the limit, so that the figures describe it as much as the service.
    pub is_limited: bool,
}

/// One kind of answer that was a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RefusalSeen {
    /// The service's code, such as `ThrottlingException`; `ConnectionError` if no answer came.
    pub code: String,
    /// What it said, the first time.
    pub message: String,
}

/// Why a trial ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "why", rename_all = "camelCase")]
pub enum EndedEarly {
    /// A cap was reached.
    Cap {
        /// Which: `attempts`, `rate`, `duration`.
        cap: String,
    },
    /// An attempt was throttled, and one is enough.
    Throttled,
    /// From outside: Ctrl-C, or `q` in the live view.
    Interrupted,
    /// A threshold with `abortOnFail` was missed.
    Threshold,
    /// One of the workers that shared the load was lost.
    WorkerLost {
        /// What it is called.
        worker: String,
    },
    /// The bus over which workers shared the load was away.
    BusLost,
}

/// What one live trial tells beside its recording.
#[derive(Clone, Debug, Default)]
pub struct TrialWall {
    /// How long it took.
    pub elapsed: Span,
    /// The share of its time that the driving thread was computing.
    pub busy_share: f64,
    /// The first message of each code.
    pub refusals: BTreeMap<String, String>,
    /// Why it ended early.
    pub ended_early: Option<EndedEarly>,
}

/// The share of its time from which on a thread has no room left for what comes unevenly.
const BUSY: f64 = 0.8;
/// The lateness that is never held against the generator, in milliseconds: a few ticks of a timer that ticks each
/// millisecond, and a thread that was not scheduled at once.
const LATE_FLOOR_MS: f64 = 5.0;
/// The lateness that always is: a tenth of a quota's one-second window, beyond which load lands in the wrong one.
const LATE_CEILING_MS: f64 = 100.0;
/// How much of the median response time may be the harness's own doing.
const LATE_SHARE: f64 = 0.1;
/// How many times as late, or as busy, as the others one worker is that is told of.
const ODD: f64 = 3.0;
/// Characters kept of a refusal's message.
const MESSAGE: usize = 300;

impl Generator {
    /// The lateness p99, in milliseconds, above which the generator counts as the limit when the median response time
    /// is `response_p50_ms`.
    ///
    /// Lateness is part of response time, so a tenth of it bounds what the harness adds to any percentile of a
    /// distribution; never less than 5 ms, which a healthy harness stays below, nor more than 100 ms, which would blur
    /// the second in which attempts reach a quota. When lateness is most of the response time, the bound is a tenth of
    /// what it would have to be.
    pub fn lateness_bound_ms(response_p50_ms: f64) -> f64 {
        (LATE_SHARE * response_p50_ms).clamp(LATE_FLOOR_MS, LATE_CEILING_MS)
    }

    /// Whether a generator that was late by so much, and computing for such a share of its time, was the limit.
    pub fn is_limited(lateness_p99_ms: f64, response_p50_ms: f64, busy_share: f64) -> bool {
        lateness_p99_ms > Generator::lateness_bound_ms(response_p50_ms) || busy_share > BUSY
    }

    fn judged(busy_share: f64, recording: &Recorder) -> Generator {
        let response = super::Selection::default().response(recording);
        let ms = |micros: u64| micros as f64 / 1e3;
        let (late, p50) =
            (ms(recording.lateness().value_at_percentile(99.0)), ms(response.value_at_percentile(50.0)));
        Generator {
            busy_share: round(busy_share),
            lateness_p99_ms: late,
            lateness_bound_ms: round(Generator::lateness_bound_ms(p50)),
            is_limited: Generator::is_limited(late, p50, busy_share),
        }
    }
}

impl StrategyWall {
    /// What the trials of the strategy called `name` tell, whose recordings add up to `recording`.
    pub fn from_trials(name: &str, trials: &[TrialWall], recording: &Recorder) -> StrategyWall {
        let mut refusals: BTreeMap<&str, &str> = BTreeMap::new();
        for (code, message) in trials.iter().flat_map(|trial| &trial.refusals) {
            refusals.entry(code).or_insert(message);
        }
        let busy = trials.iter().map(|trial| trial.busy_share).fold(0.0, f64::max);
        let seen = |(code, message): (&str, &str)| RefusalSeen {
            code: code.into(),
            message: message.chars().take(MESSAGE).collect(),
        };
        StrategyWall {
            name: name.into(),
            elapsed_s: round(trials.iter().map(|trial| trial.elapsed.as_secs_f64()).sum()),
            generator: Generator::judged(busy, recording),
            refusals: refusals.into_iter().map(seen).collect(),
            ended_early: trials.iter().find_map(|trial| trial.ended_early.clone()),
        }
    }
}

impl EndedEarly {
    /// Why, as the end of a sentence: "it ended early because …".
    pub fn because(&self) -> String {
        match self {
            EndedEarly::Cap { cap } => format!("caps.{cap} was reached"),
            EndedEarly::Throttled => "an attempt was throttled, and one is enough here".into(),
            EndedEarly::Interrupted => "it was interrupted".into(),
            EndedEarly::Threshold => "a threshold with abortOnFail was missed".into(),
            EndedEarly::WorkerLost { worker } => format!("worker {worker} was lost"),
            EndedEarly::BusLost => "the bus was lost, and every worker stopped by itself".into(),
        }
    }
}

impl WorkerWall {
    /// The number of the one worker that is much later or much busier than the others were in the middle, if there is one; who was
    /// lost is told of anyway.
    pub fn odd_one(workers: &[WorkerWall]) -> Option<usize> {
        let here: Vec<usize> = (0..workers.len()).filter(|number| workers[*number].lost.is_none()).collect();
        let odd = |figure: fn(&WorkerWall) -> f64, floor: f64| {
            let most =
                here.iter().copied().max_by(|a, b| figure(&workers[*a]).total_cmp(&figure(&workers[*b])))?;
            let mut others: Vec<f64> = here
                .iter()
                .filter(|number| **number != most)
                .map(|number| figure(&workers[*number]))
                .collect();
            others.sort_by(f64::total_cmp);
            let usual = *others.get(others.len() / 2)?;
            let own = figure(&workers[most]);
            (own > floor && own > ODD * usual).then_some(most)
        };
        odd(|worker| worker.lateness_p99_ms, LATE_FLOOR_MS)
            .or_else(|| odd(|worker| worker.busy_share, BUSY / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(figures: &[(f64, f64)]) -> Vec<WorkerWall> {
        let one = |(lateness_p99_ms, busy_share): &(f64, f64)| WorkerWall {
            lateness_p99_ms: *lateness_p99_ms,
            busy_share: *busy_share,
            ..WorkerWall::default()
        };
        figures.iter().map(one).collect()
    }

    #[test]
    fn the_odd_worker_is_the_one_that_is_late_or_busy_alone() {
        let odd = |figures: &[(f64, f64)]| WorkerWall::odd_one(&workers(figures));
        assert_eq!(odd(&[(1.0, 0.1), (9.0, 0.1), (2.0, 0.1)]), Some(1));
        assert_eq!(odd(&[(1.0, 0.1), (4.0, 0.1)]), None, "no harness is blamed for less than 5 ms");
        assert_eq!(odd(&[(8.0, 0.1), (9.0, 0.1), (7.0, 0.1)]), None, "all of them are late");
        assert_eq!(odd(&[(1.0, 0.2), (1.0, 0.2), (1.0, 0.7)]), Some(2));
        assert_eq!(odd(&[(50.0, 0.9)]), None, "one alone has nobody to differ from");
        let mut lost = workers(&[(1.0, 0.1), (90.0, 0.1), (1.0, 0.1)]);
        lost[1].lost = Some(WorkerLost::default());
        assert_eq!(WorkerWall::odd_one(&lost), None);
    }

    #[test]
    fn the_bound_follows_the_response_time_between_five_and_a_hundred_milliseconds() {
        let bounds = [0.2, 50.0, 80.0, 500.0, 60_000.0].map(Generator::lateness_bound_ms);
        assert_eq!(bounds, [5.0, 5.0, 8.0, 50.0, 100.0]);
    }

    #[test]
    fn a_generator_is_the_limit_by_lateness_or_by_its_own_computing() {
        let is_limited = Generator::is_limited;
        assert!(!is_limited(4.9, 1.0, 0.5) && is_limited(5.1, 1.0, 0.5) && is_limited(0.0, 1.0, 0.81));
        assert!(!is_limited(40.0, 500.0, 0.1), "a tenth of half a second");
        assert!(is_limited(1_000.0, 1_000.0, 0.1), "a response time that is all lateness");
    }
}
