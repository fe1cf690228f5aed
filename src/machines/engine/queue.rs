//! What is due when: a priority queue in order of (moment, sequence).

use crate::api::{Reply, Token};
use crate::time::Time;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

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

/// A tick is 2^17 nanoseconds, about an eighth of a millisecond: two or three events each at ten thousand a second.
const TICK_BITS: u32 = 17;
/// How many ticks after the current one have a bucket of their own, 134 ms: nearly all answers come within them.
const BUCKETS: u64 = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 10;
/// Words of 64 bits that say which buckets hold something.
const WORDS: usize = (BUCKETS / 64) as usize;
/// How many stretches of so many ticks have a bucket beyond them, 8.6 s: backoffs and timers.
const STRETCHES: u64 = 64;
/// An event that would move more than so many others of the current tick goes into a heap instead: a crowd in one instant costs
/// n log n, not n².
const NEAR: usize = 64;

/// Events by moment; equal moments leave in the order they came.
///
/// ```text
///  current tick        the next 1,024 ticks     64 stretches of 1,024 ticks     beyond
///  [sorted, head last] [ | | |unsorted| | | ] ◀ [    |    |unsorted|    |    ]  [heap]
///  [in turn: first in, first out]
/// ```
///
/// Most events are due within milliseconds, so they pass through a bucket and are sorted among few. What is due later waits with
/// its stretch until that is next; what lies beyond all stretches, or comes late into a crowded tick, in a heap. Events that are
/// all due equally long after they came are in order by themselves.
#[derive(Debug)]
pub struct Queue {
    /// What the next event of the current tick is sorted by, and the next in turn; [`NONE`] without one.
    sorted: u128,
    first: u128,
    /// Events of ticks up to `tick`, the next one last.
    current: Vec<Entry>,
    /// Others of them; both are empty only if there are none but those in turn.
    crowd: BinaryHeap<Entry>,
    in_turn: VecDeque<Entry>,
    tick: u64,
    buckets: Vec<Vec<Entry>>,
    /// Which buckets hold something, by tick modulo [`BUCKETS`].
    occupied: [u64; WORDS],
    stretches: Vec<Vec<Entry>>,
    /// Which of those hold something, by stretch modulo [`STRETCHES`].
    ahead: u64,
    far: BinaryHeap<Entry>,
    sequence: u64,
}

/// Behind every event.
const NONE: u128 = u128::MAX;

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

    /// What it is sorted by, in one number.
    #[inline]
    fn key(&self) -> u128 {
        u128::from(self.at.as_nanos()) << 64 | u128::from(self.sequence)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.key() == other.key()
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
        other.key().cmp(&self.key())
    }
}

impl Default for Queue {
    fn default() -> Queue {
        Queue {
            sorted: NONE,
            first: NONE,
            current: Vec::new(),
            crowd: BinaryHeap::new(),
            in_turn: VecDeque::new(),
            tick: 0,
            buckets: (0..BUCKETS).map(|_| Vec::new()).collect(),
            occupied: [0; WORDS],
            stretches: (0..STRETCHES).map(|_| Vec::new()).collect(),
            ahead: 0,
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
        let entry = self.numbered(at, event);
        let tick = entry.tick();
        if self.current.is_empty() && self.crowd.is_empty() {
            self.tick = tick;
        }
        match tick.saturating_sub(self.tick) {
            0 => self.insert(entry),
            1..BUCKETS => self.put(entry),
            _ => self.put_off(entry),
        }
    }

    /// Adds an event of a kind that is always due equally long after it comes; one that is not takes the long way.
    #[inline]
    pub fn push_in_turn(&mut self, at: Time, event: Event) {
        if at.is_never() || self.in_turn.back().is_some_and(|last| at < last.at) {
            return self.push(at, event);
        }
        let entry = self.numbered(at, event);
        self.first = self.first.min(entry.key());
        self.in_turn.push_back(entry);
    }

    #[inline]
    fn numbered(&mut self, at: Time, event: Event) -> Entry {
        self.sequence += 1;
        Entry { at, sequence: self.sequence, event }
    }

    /// Adds an event of the current tick.
    fn insert(&mut self, entry: Entry) {
        self.sorted = self.sorted.min(entry.key());
        let place = self.current.partition_point(|other| *other < entry);
        if self.current.len() - place > NEAR {
            self.crowd.push(entry);
        } else {
            self.current.insert(place, entry);
        }
    }

    /// Adds an event of one of the next ticks.
    #[inline]
    fn put(&mut self, entry: Entry) {
        let bucket = (entry.tick() % BUCKETS) as usize;
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
        self.buckets[bucket].push(entry);
    }

    /// Adds an event beyond them.
    fn put_off(&mut self, entry: Entry) {
        let stretch = entry.tick() >> BUCKET_BITS;
        if stretch - (self.tick >> BUCKET_BITS) < STRETCHES {
            self.ahead |= 1 << (stretch % STRETCHES);
            self.stretches[(stretch % STRETCHES) as usize].push(entry);
        } else {
            self.far.push(entry);
        }
    }

    /// When the next event is due; [`Time::NEVER`] if none is.
    #[inline]
    pub fn next_at(&self) -> Time {
        Time::from_nanos((self.sorted.min(self.first) >> 64) as u64)
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<Event> {
        if self.first < self.sorted {
            let next = self.in_turn.pop_front()?;
            self.first = self.in_turn.front().map_or(NONE, Entry::key);
            return Some(next.event);
        }
        if !self.crowd.is_empty() {
            return self.pop_crowded();
        }
        let next = self.current.pop()?;
        if self.current.is_empty() {
            self.turn();
        }
        self.sorted = self.current.last().map_or(NONE, Entry::key);
        Some(next.event)
    }

    /// The next event of the current tick, when some of them are in the heap.
    #[cold]
    fn pop_crowded(&mut self) -> Option<Event> {
        let next = match (self.current.last(), self.crowd.peek()) {
            (Some(sorted), Some(crowd)) if sorted > crowd => self.current.pop()?,
            _ => self.crowd.pop()?,
        };
        if self.current.is_empty() && self.crowd.is_empty() {
            self.turn();
        }
        let heads = [self.current.last(), self.crowd.peek()];
        self.sorted = heads.into_iter().flatten().map(Entry::key).min().unwrap_or(NONE);
        Some(next.event)
    }

    /// The first tick after the current one whose bucket holds something; `u64::MAX` if none does.
    #[inline]
    fn next_bucket(&self) -> u64 {
        let first = ((self.tick + 1) % BUCKETS) as usize;
        let (word, bit) = (first / 64, first % 64);
        let rest = self.occupied[word] >> bit;
        if rest != 0 {
            return self.tick + 1 + u64::from(rest.trailing_zeros());
        }
        // The words behind it, and last its own bits below: those buckets are a turn of the wheel ahead.
        let ahead = |step: usize| {
            let bits = self.occupied[(word + step) % WORDS];
            (bits != 0).then(|| (step * 64 - bit) as u64 + u64::from(bits.trailing_zeros()))
        };
        (1..=WORDS).find_map(ahead).map_or(u64::MAX, |ticks| self.tick + 1 + ticks)
    }

    /// Moves on to the next tick that has events.
    fn turn(&mut self) {
        let far = self.far.peek().map_or(u64::MAX, Entry::tick);
        let mut near = self.next_bucket();
        if self.ahead != 0 {
            near = self.open_stretches(near, far);
        }
        if near == u64::MAX && far == u64::MAX {
            return;
        }
        self.tick = near.min(far);
        if near <= far {
            let bucket = (near % BUCKETS) as usize;
            self.occupied[bucket / 64] &= !(1 << (bucket % 64));
            std::mem::swap(&mut self.current, &mut self.buckets[bucket]);
        }
        while self.far.peek().is_some_and(|entry| entry.tick() == self.tick)
            && let Some(entry) = self.far.pop()
        {
            self.current.push(entry);
        }
        if self.current.len() > 1 {
            self.current.sort_unstable();
        }
    }

    /// Puts the events of stretches into buckets that begin by tick `near`, the first that has a bucket, and by `far`, the first
    /// in the heap; gives the first tick that has a bucket then.
    #[inline]
    fn open_stretches(&mut self, mut near: u64, far: u64) -> u64 {
        while self.ahead != 0 {
            let here = self.tick >> BUCKET_BITS;
            let stretch =
                here + u64::from(self.ahead.rotate_right((here % STRETCHES) as u32).trailing_zeros());
            let begins = stretch << BUCKET_BITS;
            if begins > near.min(far) {
                break;
            }
            // Up to a whole turn of the wheel lies ahead of the tick before it.
            self.tick = self.tick.max(begins.saturating_sub(1));
            self.ahead &= !(1 << (stretch % STRETCHES));
            let mut events = std::mem::take(&mut self.stretches[(stretch % STRETCHES) as usize]);
            events.drain(..).for_each(|entry| self.put(entry));
            self.stretches[(stretch % STRETCHES) as usize] = events;
            near = self.next_bucket();
        }
        near
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
            .map(|event| if let Event::Vu { vu, .. } = event { vu } else { u32::MAX })
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
            let Some(Event::Vu { vu, .. }) = queue.pop() else { panic!("{expected} is missing") };
            assert_eq!(vu, expected);
        }
        assert!(queue.pop().is_none() && queue.next_at().is_never());
    }

    #[test]
    fn any_mixture_of_near_and_far_events_leaves_in_order() {
        let stream = Stream::new(11, 0, Purpose::Backoff, 0);
        let mut queue = Queue::default();
        let mut expected = BTreeSet::new();
        let (mut now, mut pushed) = (0u64, 0u32);
        for step in 0..400_000u64 {
            let draw = stream.draw(step);
            // Fills up, empties, and so on.
            let share = if step / 50_000 % 2 == 0 { 55 } else { 46 };
            if draw.below(100) < share {
                // Now, within the current tick, the buckets, a stretch or several of them, or far beyond.
                let reach = [1, 1 << 15, 1 << 22, 1 << 26, 1 << 28, 1 << 32, 1 << 34, 1 << 36];
                let ahead = stream.draw_attempt(step, 1).below(reach[(draw.0 % 8) as usize]);
                let event = Event::Vu { workload: 0, vu: pushed };
                // Some are always due equally long after they come; others are only said to be, and the order is right all the same.
                let kind = draw.0 % 5;
                let at = Time::from_nanos(now + if kind == 0 { 2_000_000 } else { ahead });
                match kind {
                    0 | 1 => queue.push_in_turn(at, event),
                    _ => queue.push(at, event),
                }
                expected.insert((at.as_nanos(), pushed));
                pushed += 1;
            } else {
                let next = queue.pop().map(|event| match event {
                    Event::Vu { vu, .. } => vu,
                    other => panic!("{other:?} was never pushed"),
                });
                let first = expected.pop_first();
                assert_eq!(next, first.map(|(_, vu)| vu));
                now = first.map_or(now, |(at, _)| at);
            }
            let head = expected.first().map_or(Time::NEVER, |(at, _)| Time::from_nanos(*at));
            assert_eq!(queue.next_at(), head);
        }
        assert!(pushed > 100_000, "the queue was never long");
    }
}
