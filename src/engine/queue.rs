//! What is due when: a priority queue in order of (moment, sequence).

use crate::api::{Reply, Token};
use crate::time::Time;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that happens at a known moment.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A reply arrives.
    Reply {
        /// Which call it is for.
        token: Token,
        /// What it says.
        reply: Reply,
        /// The recorder's cell of the attempt, and 1 if it counts in the window.
        cell: (u32, u8),
        /// When the attempt was sent.
        sent: Time,
    },
    /// A client asked to be woken.
    Wake(Token),
    /// A VU looks for work.
    Vu {
        /// The workload's number.
        workload: u16,
        /// The VU's number.
        vu: u32,
    },
    /// These clients restart.
    Restart {
        /// The first of them.
        first: u32,
        /// One past the last.
        end: u32,
    },
}

/// A tick is 2^20 nanoseconds, about a millisecond: a few events each at usual rates.
const TICK_BITS: u32 = 20;
/// How many ticks after the current one are kept in buckets: most replies come within them.
const BUCKETS: u64 = 64;
/// An event that would move more than so many others of the current tick goes into a heap instead: a crowd in one instant costs
/// n log n, not n².
const NEAR: usize = 64;

/// Events by moment; equal moments leave in the order they came.
///
/// ```text
///  current tick        the next 64 ticks        beyond
///  [sorted, head last] [ | | |unsorted| | | ]  [heap]
/// ```
///
/// Most events are due within milliseconds, so they pass through a bucket and are sorted among few. What lies
/// further ahead waits in a heap, and so does what comes late into a crowded tick.
#[derive(Debug)]
pub struct Queue {
    /// When the next event is due.
    head: Time,
    /// Events of ticks up to `tick`, the next one last.
    current: Vec<Entry>,
    /// Others of them; both are empty only when the queue is.
    crowd: BinaryHeap<Entry>,
    tick: u64,
    buckets: Vec<Vec<Entry>>,
    /// Which buckets hold something, by tick modulo 64.
    occupied: u64,
    far: BinaryHeap<Entry>,
    sequence: u64,
}

#[derive(Debug)]
struct Entry {
    at: Time,
    sequence: u64,
    event: Event,
}

impl Entry {
    #[inline]
    fn tick(&self) -> u64 {
        self.at.as_nanos() >> TICK_BITS
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    /// Reversed: the next event is the greatest.
    #[inline]
    fn cmp(&self, other: &Entry) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl Default for Queue {
    fn default() -> Queue {
        let buckets = (0..BUCKETS).map(|_| Vec::new()).collect();
        Queue {
            head: Time::NEVER,
            current: Vec::new(),
            crowd: BinaryHeap::new(),
            tick: 0,
            buckets,
            occupied: 0,
            far: BinaryHeap::new(),
            sequence: 0,
        }
    }
}

impl Queue {
    /// Adds an event; one that never happens is dropped.
    #[inline]
    pub fn push(&mut self, at: Time, event: Event) {
        if at.is_never() {
            return;
        }
        self.sequence += 1;
        let entry = Entry { at, sequence: self.sequence, event };
        let tick = entry.tick();
        if self.head.is_never() {
            // The queue was empty.
            self.tick = tick;
        }
        self.head = self.head.min(at);
        if tick <= self.tick {
            let place = self.current.partition_point(|other| *other < entry);
            if self.current.len() - place > NEAR {
                self.crowd.push(entry);
            } else {
                self.current.insert(place, entry);
            }
        } else if tick - self.tick < BUCKETS {
            self.occupied |= 1 << (tick % BUCKETS);
            self.buckets[(tick % BUCKETS) as usize].push(entry);
        } else {
            self.far.push(entry);
        }
    }

    /// When the next event is due; [`Time::NEVER`] if none is.
    #[inline]
    pub const fn next_at(&self) -> Time {
        self.head
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, Event)> {
        let next = if self.crowd.is_empty() { self.current.pop()? } else { self.pop_crowded()? };
        if self.current.is_empty() && self.crowd.is_empty() {
            self.turn();
        }
        let (sorted, crowd) = (self.current.last(), self.crowd.peek());
        self.head = match (sorted, crowd) {
            (Some(entry), None) | (None, Some(entry)) => entry.at,
            (Some(sorted), Some(crowd)) => sorted.at.min(crowd.at),
            (None, None) => Time::NEVER,
        };
        Some((next.at, next.event))
    }

    /// The next event of a tick of which some are in the heap.
    #[cold]
    fn pop_crowded(&mut self) -> Option<Entry> {
        match (self.current.last(), self.crowd.peek()) {
            (Some(sorted), Some(crowd)) if sorted > crowd => self.current.pop(),
            (_, Some(_)) => self.crowd.pop(),
            (_, None) => self.current.pop(),
        }
    }

    /// Moves on to the next tick that has events.
    fn turn(&mut self) {
        let ahead = self.occupied.rotate_right(((self.tick + 1) % BUCKETS) as u32);
        let near = if ahead == 0 { u64::MAX } else { self.tick + 1 + u64::from(ahead.trailing_zeros()) };
        let far = self.far.peek().map_or(u64::MAX, Entry::tick);
        self.tick = near.min(far);
        if near == u64::MAX && far == u64::MAX {
            return;
        }
        if near <= far {
            self.occupied &= !(1 << (near % BUCKETS));
            std::mem::swap(&mut self.current, &mut self.buckets[(near % BUCKETS) as usize]);
        }
        while self.far.peek().is_some_and(|entry| entry.tick() == self.tick)
            && let Some(entry) = self.far.pop()
        {
            self.current.push(entry);
        }
        self.current.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Stream};
    use std::collections::BTreeSet;

    #[test]
    fn events_leave_by_moment_and_then_in_the_order_they_came() {
        let mut queue = Queue::default();
        for (at, vu) in [(3, 0), (1, 1), (3, 2), (1, 3), (2, 4)] {
            queue.push(Time::from_secs(at), Event::Vu { workload: 0, vu });
        }
        queue.push(Time::NEVER, Event::Wake(Token(0)));
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop())
            .map(|(_, event)| if let Event::Vu { vu, .. } = event { vu } else { u32::MAX })
            .collect();
        assert_eq!(order, [1, 3, 4, 0, 2]);
        assert!(queue.next_at().is_never());
    }

    #[test]
    fn a_million_events_of_one_instant_cost_no_more_than_sorting_them() {
        let mut queue = Queue::default();
        let crowd = 1_000_000u32;
        let now = Time::from_nanos(5);
        // Some of the same tick come before and after the crowd, before and after it was there.
        for (at, vu) in [(4, 0), (6, crowd + 1), (900, crowd + 3)] {
            queue.push(Time::from_nanos(at), Event::Vu { workload: 0, vu });
        }
        (1..=crowd).for_each(|vu| queue.push(now, Event::Vu { workload: 0, vu }));
        queue.push(Time::from_nanos(7), Event::Vu { workload: 0, vu: crowd + 2 });
        for expected in 0..=crowd + 3 {
            let Some((at, Event::Vu { vu, .. })) = queue.pop() else { panic!("{expected} is missing") };
            assert_eq!(vu, expected, "{at:?}");
        }
        assert!(queue.pop().is_none() && queue.next_at().is_never());
    }

    #[test]
    fn any_mixture_of_near_and_far_events_leaves_in_order() {
        let stream = Stream::new(11, 0, Purpose::Backoff, 0);
        let mut queue = Queue::default();
        let mut expected = BTreeSet::new();
        let (mut now, mut pushed) = (0u64, 0u32);
        for step in 0..200_000u64 {
            let draw = stream.draw(step);
            if draw.below(100) < 51 {
                // Now, within the current tick, within the buckets, or far beyond them.
                let reach = [1, 1 << 18, 1 << 25, 1 << 33][(draw.0 % 4) as usize];
                let at = now + stream.draw_attempt(step, 1).below(reach);
                queue.push(Time::from_nanos(at), Event::Vu { workload: 0, vu: pushed });
                expected.insert((at, pushed));
                pushed += 1;
            } else {
                let next = queue.pop().map(|(at, event)| match event {
                    Event::Vu { vu, .. } => (at.as_nanos(), vu),
                    other => panic!("{other:?} was never pushed"),
                });
                assert_eq!(next, expected.pop_first());
                now = next.map_or(now, |(at, _)| at);
            }
            let head = expected.first().map_or(Time::NEVER, |(at, _)| Time::from_nanos(*at));
            assert_eq!(queue.next_at(), head);
        }
        assert!(expected.len() > 100, "the queue was never long");
    }
}
