//! A log as a question: the trace of its calls, and a scenario that replays them.

use super::log::Log;
use crate::api::KeySpec;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

/// A log that can be replayed: it has calls, and they lie in one Region.
#[derive(Clone, Copy, Debug)]
pub struct Replay<'l> {
    log: &'l Log,
    region: &'l str,
}

impl<'l> Replay<'l> {
    /// The replay of `log`; `None` if it has no calls or is not of one Region.
    pub fn of(log: &'l Log) -> Option<Replay<'l>> {
        let region = log.region.as_deref()?;
        (!log.calls.is_empty()).then_some(Replay { log, region })
    }

    /// The kinds of key its calls need. A workload has one kind, so each has a workload and a trace of its own.
    pub fn specs(self) -> BTreeSet<KeySpec> {
        self.log.calls.iter().map(|call| call.spec).collect()
    }

    /// What the trace of the calls that need `spec` is called: `trace.csv`, `trace-rsa-2048.csv`.
    pub fn trace_name(spec: KeySpec) -> String {
        format!("trace{}.csv", suffix(spec))
    }

    /// Writes the trace of the calls that need `spec`: a row per call, `time_s` since the second of the first.
    ///
    /// A log knows only the second of a call. The k calls of one second are placed at (i + ½) ÷ k of it, which is
    /// the smoothest they can have come. Keys and contexts are numbers; no name of the log is written.
    ///
    /// # Errors
    /// What `out` fails with.
    pub fn write_trace(self, spec: KeySpec, mut out: impl Write) -> io::Result<()> {
        let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
        writeln!(out, "time_s,job,key,context")?;
        let origin = self.log.first.map_or(0, |first| first.as_second());
        for second in self.log.calls.chunk_by(|a, b| a.at == b.at) {
            let k = second.len() as u64;
            for (i, call) in (0..).zip(second).filter(|(_, call)| call.spec == spec) {
                let nanos = (2 * i + 1) * 500_000_000 / k;
                let at = call.at.as_second() - origin;
                let (key, context) = (number(call.key), number(call.context));
                writeln!(out, "{at}.{nanos:09},{},{key},{context}", call.operation)?;
            }
        }
        out.flush()
    }

    /// The scenario that replays the traces, which lie beside it, with comments that say what it can and cannot tell.
    pub fn scenario(self) -> String {
        let log = self.log;
        let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let peak = |peak: Option<super::Peak>| peak.map_or(0, |peak| peak.calls);
        let mut text = format!(
            "# Would the KMS calls that this account made have met throttling, and which retry strategy serves them best?\n\
             #\n\
             # Made by `keystorm import cloudtrail` from {calls} calls of {region}, {first} to {last}:\n\
             # busiest second {second}, busiest minute {minute}, throttled {throttled}.\n",
            calls = log.calls_counted(),
            region = self.region,
            first = time(log.first),
            last = time(log.last),
            second = peak(log.peak_second),
            minute = peak(log.peak_minute),
            throttled = log.throttled,
        );
        text.push_str(LIMITS);
        let _ = write!(
            text,
            "version: 1\n\
             name: cloudtrail-{region}\n\
             seed: 42\n\
             target: sim\n\
             region: {region}                # its default quotas apply; your account's may differ:\n\
             # quotas: {{ symmetric: 10000/s }}\n\
             fleet: {{ clients: 10 }}            # assumed: a log does not count processes, and each has its own retry budget\n\
             workloads:\n",
            region = self.region,
        );
        for spec in self.specs() {
            text.push_str(&self.workload(spec));
        }
        let bound = if log.calls_counted().saturating_mul(TRIALS) < FEWEST { "rate<=0" } else { "rate<0.1%" };
        text + &STRATEGIES.replace("BOUND", bound)
    }

    fn workload(self, spec: KeySpec) -> String {
        format!(
            "\x20 recorded{suffix}:\n\
             \x20   executor: trace\n\
             \x20   file: {file}\n\
             \x20   scale: 1                      # 2 asks about twice as many calls\n\
             \x20   offset: 0s                    # starts this far into the log\n\
             \x20   jobs: {{ {jobs} }}   # the mix found; the trace's rows decide\n\
             \x20   payload: 256B                 # assumed: a log does not hold sizes\n\
             \x20   keys: {{ count: {keys}, spec: {spec} }}\n\
             \x20   contexts: {{ count: {contexts} }}\n",
            suffix = suffix(spec),
            file = Replay::trace_name(spec),
            jobs = self.jobs(spec),
            keys = self.log.keys.max(1),
            contexts = self.log.contexts.max(1),
        )
    }

    /// `Decrypt: 178, Encrypt: 42`; weights are calls, made smaller together where they would not fit.
    fn jobs(self, spec: KeySpec) -> String {
        let mut mix = BTreeMap::<_, u64>::new();
        for call in self.log.calls.iter().filter(|call| call.spec == spec) {
            *mix.entry(call.operation.name()).or_default() += 1;
        }
        let shrink = self.log.calls_counted().div_ceil(1_000_000_000).max(1);
        let weights = mix.iter().map(|(name, calls)| format!("{name}: {}", (calls / shrink).max(1)));
        weights.collect::<Vec<_>>().join(", ")
    }
}

/// What tells the workload and the trace of `spec` from those of symmetric keys.
fn suffix(spec: KeySpec) -> String {
    match spec {
        KeySpec::SymmetricDefault => String::new(),
        _ => format!("-{}", spec.name().to_ascii_lowercase().replace('_', "-")),
    }
}

const LIMITS: &str = "#
# What such a log cannot tell:
# - It records calls as KMS saw them: attempts, retries included. Jobs replayed from it count each attempt as demand,
#   so where the log has throttles or errors the real demand was lower.
# - Whether AWS logs throttled calls is not documented; calls may be missing just where it matters.
# - Times have a resolution of one second. The calls of a second are spread evenly over it; real ones may have come
#   at once, so short bursts look milder here than they were.
# - Who called is known only as role, user or service. Calls by AWS services on your behalf count against your quota
#   too, but no strategy of yours changes how they retry.
# - The size of a payload is not recorded. The kind of a key is known from the algorithm only: an RSA key is taken as
#   RSA_2048, and so is the key of a signature whose algorithm the log left out.
";

/// Trials of the replay, as [`STRATEGIES`] has them.
const TRIALS: u64 = 3;

/// The fewest jobs that can meet a bound of 0.1 %; fewer have to go by counts.
const FEWEST: u64 = 2_995;

const STRATEGIES: &str = "strategies:
  no-retry:     { retry: { mode: none } }
  sdk-standard: { retry: { mode: aws-standard } }
  full-jitter:  { retry: { mode: exponential, base: 50ms, cap: 20s, jitter: full, maxAttempts: 5 } }
trials: 3                             # arrivals are the log's; trials vary service times and jitter
thresholds:
  failed: [ \"BOUND\" ]
gate: [ sdk-standard ]
";
