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

/// Events by moment; equal moments leave in the order they came.
#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

#[derive(Debug)]
struct Entry {
    at: Time,
    sequence: u64,
    event: Event,
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
    /// Reversed, since the heap gives its greatest first.
    #[inline]
    fn cmp(&self, other: &Entry) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl Queue {
    /// Adds an event; one that never happens is dropped.
    #[inline]
    pub fn push(&mut self, at: Time, event: Event) {
        if !at.is_never() {
            self.sequence += 1;
            self.heap.push(Entry { at, sequence: self.sequence, event });
        }
    }

    /// When the next event is due; [`Time::NEVER`] if none is.
    #[inline]
    pub fn next_at(&self) -> Time {
        self.heap.peek().map_or(Time::NEVER, |entry| entry.at)
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, Event)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
