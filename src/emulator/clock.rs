//! The clock that the emulated service lives by: the wall clock's pace, until somebody freezes or advances it.

use crate::clock::{Stopwatch, epoch_millis};
use crate::kms::keys::Moment;
use crate::time::{Span, Time};

/// Time since the server began, as it is told. It never goes back.
#[derive(Debug)]
pub(crate) struct AdminClock {
    start: Moment,
    watch: Stopwatch,
    /// What was added to the stopwatch, less what it ran while frozen.
    ahead: i128,
    frozen: Option<Time>,
}

impl AdminClock {
    /// A running clock that begins at the present.
    pub(crate) fn start() -> AdminClock {
        AdminClock {
            start: Moment::from_millis(epoch_millis()),
            watch: Stopwatch::start(),
            ahead: 0,
            frozen: None,
        }
    }

    /// The date of time zero.
    pub(crate) const fn start_date(&self) -> Moment {
        self.start
    }

    /// Now, on the server's timeline.
    pub(crate) fn now(&self) -> Time {
        self.frozen.unwrap_or_else(|| self.running())
    }

    fn running(&self) -> Time {
        let nanos = i128::from(self.watch.elapsed().as_nanos()) + self.ahead;
        Time::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX - 1))
    }

    /// Now, as a date.
    pub(crate) fn date(&self) -> Moment {
        Moment::at(self.start, self.now())
    }

    /// Whether it stands still.
    pub(crate) const fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// Jumps ahead.
    pub(crate) fn advance(&mut self, by: Span) {
        match &mut self.frozen {
            Some(at) => *at += by,
            None => self.ahead += i128::from(by.as_nanos()),
        }
    }

    /// Jumps to a date; `false` if that has passed.
    pub(crate) fn set(&mut self, to: Moment) -> bool {
        let by = to.since(self.date());
        let is_ahead = to >= self.date();
        self.advance(by);
        is_ahead
    }

    /// Stops it, or lets it go on from where it stands.
    pub(crate) fn freeze(&mut self, frozen: bool) {
        match (frozen, self.frozen) {
            (true, None) => self.frozen = Some(self.running()),
            (false, Some(at)) => {
                self.frozen = None;
                self.ahead += i128::from(at.as_nanos()) - i128::from(self.running().as_nanos());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_still_jumps_ahead_and_never_goes_back() {
        let mut clock = AdminClock::start();
        clock.freeze(true);
        let at = clock.now();
        assert_eq!(clock.now(), at);
        clock.advance(Span::from_secs(7));
        assert_eq!(clock.now(), at + Span::from_secs(7));
        clock.freeze(false);
        let later = clock.now();
        assert!(later >= at + Span::from_secs(7) && later < at + Span::from_secs(60));
        clock.advance(Span::from_secs(3600));
        assert!(clock.now() >= later + Span::from_secs(3600));
        assert!(!clock.set(Moment::from_millis(0)), "a date that has passed changes nothing");
        assert!(clock.now() >= later + Span::from_secs(3600));
        assert!(clock.set(clock.date() + Span::from_secs(86_400)));
    }
}
