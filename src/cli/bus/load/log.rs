//! The sealed log of a worker's trial: everything that was recorded of its share, named by the sum of its bytes.
//!
//! ```text
//!  gzip of  { head: whose log of what }\n{ the trial }\n{ how it ended }\n
//! ```

use crate::engine::live::{Ended, LiveTrial};
use crate::record::{Layout, SavedTrial};
use crate::results::DEFINITIONS;
use crate::time::Span;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

/// Version of the logs.
const SCHEMA: &str = "keystorm.log/1";
/// Bytes that no log unpacks to: what others have packed fills no memory.
const LARGEST_TEXT: u64 = 4 << 30;
/// Refusals of different codes that a log tells, and characters of each.
const MOST_REFUSALS: usize = 64;
const LONGEST_REFUSAL: usize = 2_000;

/// Whose log it is, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    schema: String,
    version: String,
    definitions: u32,
    run: String,
    trial: u32,
    worker: u32,
    of: u32,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogEnd {
    cap: Option<String>,
    interrupted: bool,
    throttled: bool,
    refusals: BTreeMap<String, String>,
    elapsed_ns: u64,
    busy: f64,
    cpu_ns: Option<u64>,
}

/// A log that was read.
#[derive(Clone, Debug)]
pub struct WorkerLog {
    /// What was recorded, and how it ended.
    pub live: LiveTrial,
    /// What its process computed meanwhile, if its system tells.
    pub cpu: Option<Span>,
}

impl LogHead {
    /// Of trial number `trial` of `run`, by worker number `worker` of `of`.
    pub fn new(run: &str, trial: u32, worker: u32, of: u32) -> LogHead {
        LogHead {
            schema: SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            definitions: DEFINITIONS,
            run: run.into(),
            trial,
            worker,
            of,
        }
    }

    /// The log's bytes.
    ///
    /// # Errors
    /// Never in practice: it is written to memory.
    pub fn seal(&self, live: &LiveTrial, cpu: Option<Span>) -> std::io::Result<Vec<u8>> {
        let Ended { aborted_at: _, cap, interrupted, throttled, lost: _, refusals } = &live.ended;
        let end = LogEnd {
            cap: cap.map(str::to_owned),
            interrupted: *interrupted,
            throttled: *throttled,
            refusals: refusals.clone(),
            elapsed_ns: live.elapsed.as_nanos(),
            busy: live.busy,
            cpu_ns: cpu.map(|cpu| cpu.as_nanos()),
        };
        // One piece: what packs clears its whole buffer at each write, and JSON is written by the figure.
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        serde_json::to_writer(&mut text, &SavedTrial::of(&live.trial))?;
        text.push(b'\n');
        serde_json::to_writer(&mut text, &end)?;
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(&text)?;
        out.finish()
    }

    /// The log that these bytes are.
    ///
    /// # Errors
    /// A sentence, for what is none, or another's.
    pub fn open(&self, bytes: &[u8], layout: &Arc<Layout>) -> Result<WorkerLog, String> {
        let mut text = String::new();
        let unpacked = GzDecoder::new(bytes).take(LARGEST_TEXT).read_to_string(&mut text);
        unpacked.map_err(|error| format!("this is no log: {error}"))?;
        let mut lines = text.lines();
        let mut line = || lines.next().ok_or("this is no log: it ends before its end");
        let head: LogHead =
            serde_json::from_str(line()?).map_err(|error| format!("this is no log: {error}"))?;
        if head != *self {
            return Err(format!(
                "this is the log of worker {} of {} of trial {} of run {}, and another was asked for",
                u64::from(head.worker) + 1,
                head.of,
                u64::from(head.trial) + 1,
                crate::bus::printable(&head.run)
            ));
        }
        let saved: SavedTrial =
            serde_json::from_str(line()?).map_err(|error| format!("this log holds no trial: {error}"))?;
        let end: LogEnd =
            serde_json::from_str(line()?).map_err(|error| format!("this log tells no end: {error}"))?;
        let trial =
            saved.into_trial(layout).map_err(|why| format!("this log is of another scenario: {why}"))?;
        let (elapsed, cpu) = (Span::from_nanos(end.elapsed_ns), end.cpu_ns.map(Span::from_nanos));
        let busy = if end.busy.is_finite() { end.busy.clamp(0.0, 1.0) } else { 0.0 };
        Ok(WorkerLog { live: LiveTrial { trial, ended: end.into_ended(), elapsed, busy }, cpu })
    }
}

impl LogEnd {
    fn into_ended(self) -> Ended {
        // Whoever may write to the bus may tell anything: what is shown is bounded.
        let told = |(code, message): (String, String)| {
            let short = |text: &str| text.chars().take(LONGEST_REFUSAL).filter(|c| !c.is_control()).collect();
            (short(&code), short(&message))
        };
        Ended {
            aborted_at: None,
            cap: self.cap.and_then(|cap| CAPS.into_iter().find(|known| *known == cap)),
            interrupted: self.interrupted,
            throttled: self.throttled,
            lost: None,
            refusals: self.refusals.into_iter().take(MOST_REFUSALS).map(told).collect(),
        }
    }
}

/// The caps that end a trial.
const CAPS: [&str; 4] = ["attempts", "rate", "maxQuotaShare", "duration"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::DataKeyUse;
    use crate::record::{Recorder, Trial};
    use crate::scenario::{Options, Scenario};
    use crate::time::Time;

    fn layout() -> Arc<Layout> {
        let text = "workloads: { w: { executor: constant-arrival-rate, rate: 1/s, duration: 9s, jobs: { Decrypt: 1 } } }
strategies: { s: {} }
";
        Arc::new(Layout::new(&Scenario::parse(text, &Options::default()).expect("valid").scenario.workloads))
    }

    fn live() -> LiveTrial {
        let mut recorder = Recorder::new(&layout(), Time::ZERO);
        recorder.late(Span::from_millis(3));
        recorder.finish();
        let trial = Trial {
            recorder,
            pools: Vec::new(),
            data_keys: DataKeyUse::default(),
            aborted_at: None,
            readings: Vec::new(),
        };
        let refusals = BTreeMap::from([("Code".into(), "line\u{1b}[2J".into())]);
        let ended = Ended { cap: Some("rate"), refusals, ..Ended::default() };
        LiveTrial { trial, ended, elapsed: Span::from_secs(9), busy: 0.25 }
    }

    #[test]
    fn a_log_reads_back_as_it_was_and_controls_no_terminal() {
        let head = LogHead::new("r", 1, 0, 3);
        let bytes = head.seal(&live(), Some(Span::from_millis(70))).expect("memory");
        let read = head.open(&bytes, &layout()).expect("its own");
        assert_eq!(
            (read.live.elapsed, read.live.busy, read.cpu),
            (Span::from_secs(9), 0.25, Some(Span::from_millis(70)))
        );
        assert_eq!((read.live.ended.cap, read.live.ended.interrupted), (Some("rate"), false));
        assert_eq!(read.live.ended.refusals["Code"], "line[2J");
        assert_eq!(read.live.trial.recorder.lateness(), live().trial.recorder.lateness());
    }

    #[test]
    fn another_log_and_what_is_none_are_refused_in_words() {
        let bytes = LogHead::new("r", 1, 0, 3).seal(&live(), None).expect("memory");
        let refused = LogHead::new("r", 1, 2, 3).open(&bytes, &layout()).expect_err("another's");
        assert!(refused.contains("worker 1 of 3 of trial 2"), "{refused}");
        for junk in [&b""[..], b"x", &bytes[..bytes.len() / 2]] {
            assert!(LogHead::new("r", 1, 0, 3).open(junk, &layout()).is_err());
        }
    }
}
