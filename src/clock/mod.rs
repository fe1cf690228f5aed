//! The only room that reads the wall clock or sleeps.
//!
//! The simulator has no use for it; live runs and the server live by it, commands name folders and time their progress.
#![allow(clippy::disallowed_methods, reason = "this is the room whose job it is")]

#[cfg(any(feature = "emulator", feature = "bus"))]
mod wait;
#[cfg(feature = "emulator")]
mod wake;

#[cfg(any(feature = "emulator", feature = "bus"))]
pub use wait::{sleep, within};
#[cfg(feature = "emulator")]
pub use wake::{Alarm, Sleepers};

use crate::time::{Span, Time};
/// The system's clock.
#[cfg(not(feature = "emulator"))]
use std::time::Instant;
/// tokio's, which tests can stop.
#[cfg(feature = "emulator")]
use tokio::time::Instant;

/// The present second in UTC, as a folder's name carries it: `20261123T221500Z`.
pub fn stamp() -> String {
    stamp_of(jiff::Timestamp::now())
}

/// The same of a second since 1970; of one that no calendar has, of the first.
pub fn stamp_at(epoch_s: u64) -> String {
    let at = i64::try_from(epoch_s).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    stamp_of(at.unwrap_or_default())
}

/// The same as HTTP writes it: `Mon, 23 Nov 2026 22:15:00 GMT`.
#[cfg(feature = "emulator")]
pub fn http_date_at(epoch_s: u64) -> String {
    let at = i64::try_from(epoch_s).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    at.unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn stamp_of(at: jiff::Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The present second in UTC, as ISO 8601 writes it: `2026-11-23T22:15:00Z`.
pub fn iso() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Milliseconds since 1970, by the wall clock.
pub fn epoch_millis() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// How long the calling thread has been computing; `None` where the system does not tell.
#[cfg(feature = "emulator")]
pub fn thread_cpu() -> Option<Span> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        let usage = getrusage(UsageWho::RUSAGE_THREAD).ok()?;
        let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
        u64::try_from(micros(usage.user_time()) + micros(usage.system_time())).ok().map(Span::from_micros)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// How long all threads of this process have been computing; `None` where the system does not tell.
#[cfg(feature = "emulator")]
pub fn process_cpu() -> Option<Span> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
        u64::try_from(micros(usage.user_time()) + micros(usage.system_time())).ok().map(Span::from_micros)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Measures how long something takes, for progress and for people; never for results of the simulator.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// How long it has been running; nothing while its start lies ahead.
    pub fn elapsed(&self) -> Span {
        Span::from_nanos(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// Whether `every` has passed since it started or since this last said so.
    pub fn has_passed(&mut self, every: Span) -> bool {
        let passed = self.elapsed() >= every;
        if passed {
            *self = Stopwatch::start();
        }
        passed
    }
}

/// The clock of a live run: points of the run's own timeline, which begins when the clock is started.
///
/// Where tokio's clock is paused, as tests do, it stands still with it.
#[derive(Clone, Copy, Debug)]
pub struct RunClock(Stopwatch);

impl RunClock {
    /// Starts the timeline.
    pub fn start() -> RunClock {
        RunClock(Stopwatch::start())
    }

    /// The timeline that begins so long after `epoch` was started, which may lie ahead: it stands at zero until then.
    pub fn from_epoch(epoch: Stopwatch, after: Span) -> RunClock {
        RunClock(Stopwatch(epoch.0 + std::time::Duration::from_nanos(after.as_nanos())))
    }

    /// Comes back when the timeline has begun.
    #[cfg(feature = "emulator")]
    pub async fn reach_zero(&self) {
        tokio::time::sleep_until(self.0.0).await;
    }

    /// Where the timeline is.
    #[inline]
    pub fn now(&self) -> Time {
        Time::ZERO + self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_utc_and_sorts_by_name() {
        let at = |second| stamp_of(jiff::Timestamp::from_second(second).unwrap());
        assert_eq!(at(0), "19700101T000000Z");
        assert_eq!(at(1_795_472_100), "20261123T221500Z");
        assert!(at(1_795_472_100) < at(1_795_472_101));
        assert_eq!(stamp().len(), 16);
    }

    #[test]
    fn a_stopwatch_runs_forward() {
        let mut watch = Stopwatch::start();
        assert!(watch.elapsed() <= watch.elapsed());
        assert!(watch.has_passed(Span::ZERO));
        assert!(!watch.has_passed(Span::MAX));
    }
}
