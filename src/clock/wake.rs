//! Being woken, on tokio: by one timer, whoever sleeps.

use super::{RunClock, sleep};
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Wakes whoever drives a live run. tokio's timer wakes at whole milliseconds, so up to two late; where the system has
/// a finer one, it wakes when something is due.
pub struct Alarm {
    clock: RunClock,
    #[cfg(target_os = "linux")]
    fine: Option<fine::Timer>,
}

impl Alarm {
    /// tokio's timer: on a paused clock the only one that moves it.
    pub const fn coarse(clock: RunClock) -> Alarm {
        Alarm {
            clock,
            #[cfg(target_os = "linux")]
            fine: None,
        }
    }

    /// The system's finest timer. Must be made inside a runtime.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn fine(clock: RunClock) -> std::io::Result<Alarm> {
        Ok(Alarm {
            clock,
            #[cfg(target_os = "linux")]
            fine: Some(fine::Timer::new()?),
        })
    }

    /// Sleeps until `at` without holding the thread; may be dropped and called again.
    ///
    /// # Errors
    /// The system's timer fails, which no system is known to do.
    pub async fn sleep_until(&mut self, at: Time) -> std::io::Result<()> {
        let now = self.clock.now();
        #[cfg(target_os = "linux")]
        if let Some(timer) = &mut self.fine {
            return timer.sleep(now, at).await;
        }
        sleep(at.since(now)).await;
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod fine {
    //! The system's timer.

    use crate::time::{Span, Time};
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
    use std::io::{Error, Result};
    use std::os::fd::{AsFd as _, AsRawFd, RawFd};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// It wakes at multiples of this only: what is due in between is done together, at most so late. At tens of
    /// thousands of attempts a second a wake for each would cost more than the attempt.
    const GRAIN: Span = Span::from_micros(100);

    pub(super) struct Timer {
        descriptor: AsyncFd<Descriptor>,
        /// What it is set to: it is not set again to the same, since who sleeps is often woken by something else.
        set_to: Time,
    }

    /// The timer as tokio wants a file descriptor.
    struct Descriptor(TimerFd);

    impl AsRawFd for Descriptor {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    impl Timer {
        pub(super) fn new() -> Result<Timer> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = Descriptor(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
            #[allow(
                deprecated,
                reason = "its successor is `unsafe`, which this crate forbids; a Descriptor keeps its own open"
            )]
            let descriptor = AsyncFd::with_interest(timer, Interest::READABLE)?;
            Ok(Timer { descriptor, set_to: Time::NEVER })
        }

        pub(super) async fn sleep(&mut self, now: Time, until: Time) -> Result<()> {
            if until <= now {
                return Ok(());
            }
            let until = on_grain(until);
            if self.set_to != until {
                let left = std::time::Duration::from_nanos(until.since(now).as_nanos());
                self.descriptor
                    .get_ref()
                    .0
                    .set(Expiration::OneShot(left.into()), TimerSetTimeFlags::empty())?;
                self.set_to = until;
            }
            loop {
                let mut ready = self.descriptor.readable().await?;
                // Readiness may be left over from a sleep that was dropped: then there is nothing to read yet.
                if let Ok(done) = ready.try_io(|timer| timer.get_ref().0.wait().map_err(Error::from)) {
                    self.set_to = Time::NEVER;
                    return done;
                }
            }
        }
    }

    pub(super) fn on_grain(at: Time) -> Time {
        match at.as_nanos().checked_next_multiple_of(GRAIN.as_nanos()) {
            Some(nanos) if !at.is_never() => Time::from_nanos(nanos),
            _ => at,
        }
    }
}

/// When somebody is to be woken, and how.
type PendingWake = (Time, oneshot::Sender<()>);

/// Many who each sleep until a moment of their own, woken by one [`Alarm`].
#[derive(Clone, Debug)]
pub struct Sleepers {
    clock: RunClock,
    arrive: UnboundedSender<PendingWake>,
}

impl Sleepers {
    /// Those that the runtime in which this is called wakes; they may sleep in others.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn start() -> std::io::Result<Sleepers> {
        let clock = RunClock::start();
        let (arrive, arrivals) = unbounded_channel();
        tokio::spawn(wake(Alarm::fine(clock)?, clock, arrivals));
        Ok(Sleepers { clock, arrive })
    }

    /// Whether the runtime that wakes them is still there.
    pub fn are_woken(&self) -> bool {
        !self.arrive.is_closed()
    }

    /// Sleeps without holding a thread.
    pub async fn sleep(&self, span: Span) {
        let until = self.clock.now() + span;
        let (wake, woken) = oneshot::channel();
        if self.arrive.send((until, wake)).is_err() || woken.await.is_err() {
            // Whoever was to wake has gone with its runtime.
            sleep(until.since(self.clock.now())).await;
        }
    }
}

/// Wakes sleepers until nobody can come any more.
async fn wake(mut alarm: Alarm, clock: RunClock, mut arrivals: UnboundedReceiver<PendingWake>) {
    let mut asleep = Asleep::default();
    loop {
        asleep.wake(clock.now());
        tokio::select! {
            arrived = arrivals.recv() => match arrived {
                Some(sleeper) => asleep.add(sleeper),
                None => return,
            },
            slept = alarm.sleep_until(asleep.next()) => slept.expect("no system is known to fail here"),
        }
    }
}

/// Who sleeps, soonest first.
#[derive(Default)]
struct Asleep {
    by_moment: BTreeMap<(Time, u64), oneshot::Sender<()>>,
    came: u64,
    /// When there are so many, those who have gone before their time are forgotten.
    sweep_at: usize,
}

impl Asleep {
    /// Fewer than so many are never looked through.
    const FEW: usize = 1_024;

    fn add(&mut self, (until, wake): PendingWake) {
        if self.by_moment.len() >= self.sweep_at {
            self.by_moment.retain(|_, wake| !wake.is_closed());
            self.sweep_at = (2 * self.by_moment.len()).max(Asleep::FEW);
        }
        self.by_moment.insert((until, self.came), wake);
        self.came += 1;
    }

    /// Wakes all whose moment is not after `now`.
    fn wake(&mut self, now: Time) {
        while let Some(first) = self.by_moment.first_entry().filter(|first| first.key().0 <= now) {
            // Who has gone before its time needs no waking.
            let _ = first.remove().send(());
        }
    }

    /// The first moment at which somebody is to be woken.
    fn next(&self) -> Time {
        self.by_moment.first_key_value().map_or(Time::NEVER, |((until, _), _)| *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_fine_timer_is_asked_for_the_next_tenth_of_a_millisecond_and_never_for_an_earlier_one() {
        for (due, asked) in [(0, 0), (1, 100), (99, 100), (100, 100), (2_300, 2_300), (2_301, 2_400)] {
            let asked = Time::ZERO + Span::from_micros(asked);
            assert_eq!(fine::on_grain(Time::ZERO + Span::from_micros(due)), asked, "{due} µs");
        }
        assert!(fine::on_grain(Time::NEVER).is_never());
    }

    #[test]
    fn sleepers_are_woken_at_their_moment_and_forgotten_when_they_have_gone() {
        let at = |millis| Time::ZERO + Span::from_millis(millis);
        let mut asleep = Asleep::default();
        let mut stay: Vec<_> = [30, 10, 20, 10]
            .map(|millis| {
                let (wake, woken) = oneshot::channel();
                asleep.add((at(millis), wake));
                (millis, woken)
            })
            .into();
        for _ in 0..20 * Asleep::FEW {
            asleep.add((at(3_600_000), oneshot::channel().0));
            assert!(asleep.by_moment.len() <= Asleep::FEW);
        }
        for now in [0, 9, 10, 19, 20, 29, 30] {
            asleep.wake(at(now));
            for (millis, woken) in &mut stay {
                let is_woken = !matches!(woken.try_recv(), Err(oneshot::error::TryRecvError::Empty));
                assert_eq!(is_woken, *millis <= now, "{millis} at {now}");
            }
        }
        assert_eq!(asleep.next(), at(3_600_000));
    }
}
