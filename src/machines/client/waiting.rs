//! Who waits for a limiter, and who passes when it lets: real clients differ.
//!
//! ```text
//!  in turn          first ─ second ─ third       one timer, for the first
//!  each by itself   ┌ at 1.20 s: a, c ┐          each sleeps for as long as a token would take when it looked, and looks
//!                   └ at 1.85 s: b    ┘          again; whoever comes meanwhile and finds a token takes it
//! ```
//!
//! Those who look at the same moment and find nothing sleep until the same moment, so that a crowd is moved as a whole: a
//! backlog of N costs N wake-ups here too, though in a real client it costs N².

use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// In which order callers pass who wait for an SDK's adaptive rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiters {
    /// First come, first served.
    InTurn,
    /// Each sleeps its own time and looks again.
    ByThemselves,
    /// Each sleeps its own time, and whenever the rate changes, the one who has slept longest looks at once.
    Woken,
}

/// Sleepers rise with whole ticks, so that those who would rise within one rise together, and who lay down first looks first.
/// Timers of event loops and runtimes come to the millisecond: cut off or rounded, half of one on average. Python's threads wait
/// for the interpreter's lock besides. Both are fitted to recordings of real clients (`tests/facts/adaptive-waiting.csv`).
const TIMER: Span = Span::from_micros(500);
const THREAD: Span = Span::from_millis(2);

/// The calls that wait for a limiter, by their slot.
#[derive(Debug)]
pub(super) enum Queue {
    /// A timer runs for the first whenever there is one.
    InTurn(VecDeque<u32>),
    /// Each until its own moment.
    Asleep(Sleepers),
}

/// Calls that sleep until moments of their own.
#[derive(Debug)]
pub(super) struct Sleepers {
    beds: BTreeMap<Time, Bed>,
    /// They rise at multiples of this.
    tick: Span,
    /// When the earliest timer comes that was asked for; [`Time::NEVER`] if none is under way.
    armed: Time,
    /// Counts who lies down.
    stamp: u64,
    /// Whether a change of the rate wakes one.
    pub is_woken: bool,
    /// Whether anybody among them has no time without end.
    pub has_deadlines: bool,
}

/// Those who sleep until one moment, in the order in which they lay down.
#[derive(Debug, Default)]
struct Bed {
    /// When the first of them lay down.
    since: u64,
    slots: VecDeque<u32>,
}

impl Queue {
    /// An empty queue of this kind.
    pub const fn new(waiters: Waiters) -> Queue {
        match waiters {
            Waiters::InTurn => Queue::InTurn(VecDeque::new()),
            Waiters::ByThemselves => Queue::Asleep(Sleepers::new(TIMER, false)),
            Waiters::Woken => Queue::Asleep(Sleepers::new(THREAD, true)),
        }
    }
}

impl Queue {
    /// Lets a call wait that may look again at `when`; gives the moment of the timer that is needed, if one is.
    pub fn push(&mut self, slot: u32, when: Time, deadline: Time) -> Option<Time> {
        match self {
            Queue::InTurn(waiting) => {
                waiting.push_back(slot);
                Some(when)
            }
            Queue::Asleep(sleepers) => {
                sleepers.has_deadlines |= !deadline.is_never();
                sleepers.lie_down(when, VecDeque::from([slot]));
                sleepers.arm()
            }
        }
    }
}

impl Sleepers {
    const fn new(tick: Span, is_woken: bool) -> Sleepers {
        Sleepers { beds: BTreeMap::new(), tick, armed: Time::NEVER, stamp: 0, is_woken, has_deadlines: false }
    }

    /// Lets these sleep until the first tick from `when` on, behind whoever sleeps until then already.
    pub fn lie_down(&mut self, when: Time, mut slots: VecDeque<u32>) {
        let tick = self.tick.as_nanos();
        let when = Time::from_nanos(when.as_nanos().div_ceil(tick).saturating_mul(tick));
        self.stamp += 1;
        let bed = self.beds.entry(when).or_default();
        if bed.slots.is_empty() {
            *bed = Bed { since: self.stamp, slots };
        } else {
            bed.slots.append(&mut slots);
        }
    }

    /// Those whose time has come by `now`, the earliest moment's.
    pub fn rise(&mut self, now: Time) -> Option<VecDeque<u32>> {
        if self.armed <= now {
            self.armed = Time::NEVER;
        }
        let first = self.beds.first_entry().filter(|bed| *bed.key() <= now)?;
        Some(first.remove().slots)
    }

    /// The one who has slept longest, woken before his time.
    pub fn wake(&mut self) -> Option<u32> {
        let (when, _) = self.beds.iter().min_by_key(|(_, bed)| bed.since)?;
        let when = *when;
        let bed = self.beds.get_mut(&when)?;
        let slot = bed.slots.pop_front();
        if bed.slots.is_empty() {
            self.beds.remove(&when);
        }
        slot
    }

    /// When a timer is to be asked for, if one is needed that is not under way.
    pub fn arm(&mut self) -> Option<Time> {
        let (when, _) = self.beds.first_key_value()?;
        if *when >= self.armed {
            return None;
        }
        self.armed = *when;
        Some(self.armed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Time {
        Time::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn sleepers_rise_by_moment_and_a_timer_is_asked_for_once() {
        let mut sleepers = Sleepers::new(TIMER, false);
        assert_eq!(sleepers.arm(), None);
        sleepers.lie_down(at(20), [1].into());
        assert_eq!(sleepers.arm(), Some(at(20)));
        sleepers.lie_down(at(30), [2].into());
        assert_eq!(sleepers.arm(), None, "the first one's timer is under way");
        sleepers.lie_down(at(10), [3].into());
        sleepers.lie_down(at(20), [4, 5].into());
        assert_eq!(sleepers.arm(), Some(at(10)));
        assert_eq!(sleepers.rise(at(9)), None);
        assert_eq!(sleepers.rise(at(10)), Some([3].into()));
        assert_eq!(sleepers.rise(at(10)), None);
        assert_eq!(sleepers.arm(), Some(at(20)));
        assert_eq!(sleepers.rise(at(25)), Some([1, 4, 5].into()));
    }

    #[test]
    fn who_has_slept_longest_is_woken_first() {
        let mut sleepers = Sleepers::new(THREAD, true);
        sleepers.lie_down(at(50), [1].into());
        sleepers.lie_down(at(20), [2].into());
        sleepers.lie_down(at(50), [3].into());
        assert_eq!([sleepers.wake(), sleepers.wake()], [Some(1), Some(3)]);
        assert_eq!([sleepers.wake(), sleepers.wake()], [Some(2), None]);
    }
}
