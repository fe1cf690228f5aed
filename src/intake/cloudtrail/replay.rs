//! A log as a question: the trace of its calls, and a scenario that replays them.

use super::log::Log;
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

    /// Writes the trace: a row per call, `time_s` since the second of the first.
    ///
    /// A log knows only the second of a call. The k calls of one second are placed at (i + ½) ÷ k of it, which is
    /// the smoothest they can have come. Keys and contexts are numbers; no name of the log is written.
    ///
    /// # Errors
    /// What `out` fails with.
    pub fn write_trace(self, mut out: impl Write) -> io::Result<()> {
        let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
        writeln!(out, "time_s,job,key,context")?;
        let origin = self.log.first.map_or(0, |first| first.as_second());
        for second in self.log.calls.chunk_by(|a, b| a.at == b.at) {
            let k = second.len() as u64;
            for (i, call) in (0..).zip(second) {
                let nanos = (2 * i + 1) * 500_000_000 / k;
                let at = call.at.as_second() - origin;
                let (key, context) = (number(call.key), number(call.context));
                writeln!(out, "{at}.{nanos:09},{},{key},{context}", call.operation)?;
            }
        }
        out.flush()
    }

    /// The scenario that replays the trace called `file`, with comments that say what it can and cannot tell.
    pub fn scenario(self, file: &str) -> String {
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
             workloads:\n\
             \x20 recorded:\n\
             \x20   executor: trace\n\
             \x20   file: {file}\n\
             \x20   scale: 1                      # 2 asks about twice as many calls\n\
             \x20   offset: 0s                    # starts this far into the log\n\
             \x20   jobs: {{ {jobs} }}   # the mix found; the trace's rows decide\n\
             \x20   payload: 256B                 # assumed: a log does not hold sizes\n\
             \x20   keys: {{ count: {keys} }}\n\
             \x20   contexts: {{ count: {contexts} }}\n",
            region = self.region,
            jobs = self.jobs(),
            keys = log.keys.max(1),
            contexts = log.contexts.max(1),
        );
        text.push_str(STRATEGIES);
        text
    }

    /// `Decrypt: 178, Encrypt: 42`; weights are calls, made smaller together where they would not fit.
    fn jobs(self) -> String {
        let shrink = self.log.calls_counted().div_ceil(1_000_000_000).max(1);
        let weights = self.log.by_operation.iter();
        let weights = weights.map(|(name, calls)| format!("{name}: {}", (calls / shrink).max(1)));
        weights.collect::<Vec<_>>().join(", ")
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
# - The type of a key and the size of a payload are not recorded: all keys are taken as symmetric. If RSA, ECC or
#   HMAC keys signed or verified, set keys.spec.
";

const STRATEGIES: &str = "strategies:
  none:         { retry: { mode: none } }
  sdk-standard: { retry: { mode: aws-standard } }
  full-jitter:  { retry: { mode: exponential, base: 50ms, cap: 20s, jitter: full, maxAttempts: 5 } }
trials: 3                             # arrivals are the log's; trials vary service times and jitter
thresholds:
  failed: [ \"rate<0.1%\" ]
gate: [ sdk-standard ]
";
