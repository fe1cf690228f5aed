//! A live run where nobody draws: one line every so often on stderr.

use crate::engine::live::{Control, Snapshot};
use crate::notice;
use crate::report::format::{count, measured, milliseconds, number, percent};
use crate::time::{Span, Time};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Tells how a run goes, until told to finish.
pub struct LiveLines {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl LiveLines {
    /// Begins to tell, `every` so often.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(control: &Arc<Control>, every: Span) -> std::io::Result<LiveLines> {
        control.watch();
        let (stop, stopped) = channel();
        let control = Arc::clone(control);
        let every = Duration::from_nanos(every.as_nanos().max(1_000_000));
        let body = move || {
            let mut before = Snapshot::default();
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if let Some(snapshot) = control.snapshot() {
                    notice::tell(line(&before, &snapshot));
                    before = snapshot;
                }
            }
        };
        let thread = std::thread::Builder::new().name("live-lines".into()).spawn(body)?;
        Ok(LiveLines { stop, thread })
    }

    /// Stops telling.
    pub fn finish(self) {
        drop(self.stop);
        // It only tells; had it panicked, the results would still be good.
        let _ = self.thread.join();
    }
}

/// One line: rates since `before`, which counts only if it is of the same trial, and the rest so far.
fn line(before: &Snapshot, snapshot: &Snapshot) -> String {
    let is_same = (before.strategy.1, before.trial.0) == (snapshot.strategy.1, snapshot.trial.0);
    let nothing = Snapshot::default();
    let before = if is_same && before.now < snapshot.now { before } else { &nothing };
    let secs = snapshot.now.since(before.now).as_secs_f64();
    let rate = |now: u64, then: u64| {
        if secs > 0.0 { number((now.saturating_sub(then) as f64 / secs).round()) } else { "0".into() }
    };
    let attempts = snapshot.attempts.attempts - before.attempts.attempts.min(snapshot.attempts.attempts);
    let throttled = snapshot.attempts.throttled.saturating_sub(before.attempts.throttled);
    format!(
        "{} ({}/{}, trial {}/{}) {:.0} s of {:.0} s: goodput {}/s, attempts {}/s, throttled {}, response p99 {} of {}, \
         in flight {}, lateness p99 {}",
        snapshot.strategy.0,
        snapshot.strategy.1 + 1,
        snapshot.strategies,
        snapshot.trial.0 + 1,
        snapshot.trial.1,
        snapshot.now.as_secs_f64(),
        snapshot.ends.since(Time::ZERO).as_secs_f64(),
        rate(snapshot.jobs.completed, before.jobs.completed),
        rate(snapshot.attempts.attempts, before.attempts.attempts),
        percent(throttled as f64 / attempts.max(1) as f64),
        measured(snapshot.response.p99, snapshot.response.count),
        count(snapshot.response.count),
        count(snapshot.in_flight),
        milliseconds(snapshot.lateness_ms),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{AttemptCounts, JobCounts};
    use crate::results::Trend;

    fn snapshot(secs: u64, total: u64) -> Snapshot {
        Snapshot {
            strategy: ("full-jitter".into(), 1),
            strategies: 3,
            trial: (0, 1),
            now: Time::from_secs(secs),
            ends: Time::from_secs(30),
            jobs: JobCounts { completed: total, ..JobCounts::default() },
            attempts: AttemptCounts { attempts: 2 * total, throttled: total, ..AttemptCounts::default() },
            response: Trend { count: total, p99: 34.25, ..Trend::default() },
            in_flight: 35,
            lateness_ms: 0.4,
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_line_tells_rates_since_the_last_and_totals_with_their_samples() {
        assert_eq!(
            line(&snapshot(10, 1_000), &snapshot(20, 9_000)),
            "full-jitter (2/3, trial 1/1) 20 s of 30 s: goodput 800/s, attempts 1,600/s, throttled 50.0 %, \
             response p99 34.2 ms of 9,000, in flight 35, lateness p99 0.40 ms"
        );
    }

    #[test]
    fn a_trial_before_it_is_not_subtracted() {
        let other = Snapshot { strategy: ("naive".into(), 0), ..snapshot(30, 90_000) };
        assert!(line(&other, &snapshot(10, 1_000)).contains("goodput 100/s"));
        assert!(
            line(&Snapshot::default(), &snapshot(0, 0)).contains("goodput 0/s"),
            "nothing has happened yet"
        );
    }
}
