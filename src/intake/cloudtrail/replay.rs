//! A log as a question: the trace of its calls, and a scenario that replays them.

use super::log::{Log, Second};
use crate::api::KeySpec;
use crate::time::NANOS_PER_SECOND;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes the traces of a log while it is gone through: one for each kind of key, since a workload has one kind.
///
/// A log knows only the second of a call. The k calls of one second are placed at (i + ½) ÷ k of it, which is the smoothest
/// they can have come. Keys and contexts are numbers; no name of the log is written.
pub struct Traces<'o, W> {
    open: Box<dyn FnMut(KeySpec) -> io::Result<W> + 'o>,
    files: BTreeMap<KeySpec, W>,
}

impl<W> std::fmt::Debug for Traces<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traces").field("files", &self.files.keys()).finish_non_exhaustive()
    }
}

impl<'o, W: Write> Traces<'o, W> {
    /// Traces whose files `open` opens, when the first call of a kind comes.
    pub fn new(open: impl FnMut(KeySpec) -> io::Result<W> + 'o) -> Traces<'o, W> {
        Traces { open: Box::new(open), files: BTreeMap::new() }
    }

    /// Writes a row per call, `time_s` since the second of the first.
    ///
    /// # Errors
    /// What a file fails with.
    pub fn add(&mut self, second: &Second) -> io::Result<()> {
        let (mut since, mut nano, mut key, mut context) = Default::default();
        let since: &str = itoa::Buffer::format(&mut since, second.since_first);
        let k = second.calls.len() as u64;
        for (i, call) in (0_u64..).zip(second.calls) {
            let out = match self.files.entry(call.spec) {
                std::collections::btree_map::Entry::Occupied(file) => file.into_mut(),
                std::collections::btree_map::Entry::Vacant(free) => {
                    let mut file = (self.open)(call.spec)?;
                    writeln!(file, "time_s,job,key,context")?;
                    free.insert(file)
                }
            };
            // A billion nanoseconds and a second with a thousand million calls still fit.
            let nanos = (u128::from(2 * i + 1) * 500_000_000 / u128::from(k)) as u64;
            // Behind a one there are nine digits of them, zeros first.
            let nanos = &itoa::Buffer::format(&mut nano, NANOS_PER_SECOND + nanos)[1..];
            let key = call.key.map_or("", |number| itoa::Buffer::format(&mut key, number));
            let context = call.context.map_or("", |number| itoa::Buffer::format(&mut context, number));
            for part in [since, ".", nanos, ",", call.operation.name(), ",", key, ",", context, "\n"] {
                out.write_all(part.as_bytes())?;
            }
        }
        Ok(())
    }

    /// The files, written to their ends.
    ///
    /// # Errors
    /// What a file fails with.
    pub fn finish(mut self) -> io::Result<BTreeMap<KeySpec, W>> {
        self.files.values_mut().try_for_each(Write::flush)?;
        Ok(self.files)
    }
}

/// What the trace of the calls that need `spec` is called: `trace.csv`, `trace-rsa-2048.csv`.
pub fn trace_name(spec: KeySpec) -> String {
    format!("trace{}.csv", suffix(spec))
}

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
        (log.calls_counted() > 0).then_some(Replay { log, region })
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
        let by_services: u64 = log.services.values().sum();
        if by_services > 0 {
            let _ = writeln!(
                text,
                "# {by_services} of them by AWS services on the account's behalf: on these no strategy of yours acts (found.md)."
            );
        }
        text.push_str(LIMITS);
        text.push_str(&head(self.region, "cloudtrail"));
        for (spec, mix) in &log.mix {
            text.push_str(&self.workload(*spec, mix));
        }
        text + &strategies(log)
    }

    fn workload(self, spec: KeySpec, mix: &Mix) -> String {
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
            file = trace_name(spec),
            jobs = jobs(mix),
            keys = self.log.keys.max(1),
            contexts = self.log.contexts.max(1),
        )
    }
}

/// Calls by operation.
pub(super) type Mix = BTreeMap<crate::api::Operation, u64>;

/// What a scenario of a log begins with.
pub(super) fn head(region: &str, name: &str) -> String {
    format!(
        "version: 1\n\
         name: {name}-{region}\n\
         seed: 42\n\
         target: sim\n\
         region: {region}                # its default quotas apply; your account's may differ:\n\
         # quotas: {{ symmetric: 10000/s }}\n\
         fleet: {{ clients: 10 }}            # assumed: a log does not count processes, and each has its own retry budget\n\
         workloads:\n"
    )
}

/// `Decrypt: 178, Encrypt: 42`; weights are calls, made smaller together where they would not fit.
pub(super) fn jobs(mix: &Mix) -> String {
    let most = mix.values().copied().max().unwrap_or(0);
    let shrink = most.div_ceil(1_000_000).max(1);
    let weights = mix.iter().map(|(operation, calls)| format!("{operation}: {}", (calls / shrink).max(1)));
    weights.collect::<Vec<_>>().join(", ")
}

/// The strategies of a scenario of a log, its trials and thresholds.
pub(super) fn strategies(log: &Log) -> String {
    let bound = if log.calls_counted().saturating_mul(TRIALS) < FEWEST { "rate<=0" } else { "rate<0.1%" };
    STRATEGIES.replace("BOUND", bound)
}

/// What tells the workload and the trace of `spec` from those of symmetric keys.
pub(super) fn suffix(spec: KeySpec) -> String {
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
