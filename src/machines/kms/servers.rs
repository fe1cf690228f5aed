//! An endpoint of finite capacity: so many servers, one queue in order of arrival, so many places in it.
//!
//! When an attempt begins is known when it arrives, because nobody leaves the queue: a client that no longer waits takes
//! its place, and its server's time, all the same.

use crate::time::Time;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Who is served until when.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    /// When each server is free, the earliest first.
    free: BinaryHeap<Reverse<Time>>,
    /// When those who wait begin, in order.
    waiting: VecDeque<Time>,
    /// Places in the queue.
    places: usize,
}

impl Servers {
    /// So many idle servers; without an end to the queue if `queue` is `None`.
    pub(super) fn new(servers: u32, queue: Option<u32>) -> Servers {
        Servers {
            free: (0..servers.max(1)).map(|_| Reverse(Time::ZERO)).collect(),
            waiting: VecDeque::new(),
            places: queue.map_or(usize::MAX, |places| places as usize),
        }
    }

    /// When an attempt that arrives at `now` begins, taking the next free server and a place until then; `None` if the
    /// queue is full. Whoever begins must say with [`Servers::until`] when it ends.
    pub(super) fn begin(&mut self, now: Time) -> Option<Time> {
        while self.waiting.front().is_some_and(|begins| *begins <= now) {
            self.waiting.pop_front();
        }
        let begins = now.max(self.free.peek().map_or(Time::NEVER, |free| free.0));
        if begins > now {
            if self.waiting.len() >= self.places {
                return None;
            }
            self.waiting.push_back(begins);
        }
        self.free.pop();
        Some(begins)
    }

    /// The server taken last is busy until `end`.
    pub(super) fn until(&mut self, end: Time) {
        self.free.push(Reverse(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::from_millis(millis)
    }

    /// When an attempt of 10 ms that arrives at `now` begins.
    fn serve(servers: &mut Servers, now: u64) -> Option<Time> {
        let begins = servers.begin(at(now))?;
        servers.until(begins + Span::from_millis(10));
        Some(begins)
    }

    #[test]
    fn whoever_comes_first_is_served_first_and_the_queue_has_an_end() {
        let mut servers = Servers::new(2, Some(2));
        for (now, begins) in [
            (0, Some(0)),
            (1, Some(1)),
            (2, Some(10)),
            (3, Some(11)),
            (4, None),
            (10, Some(20)),
            (10, None),
            (11, Some(21)),
            (60, Some(60)),
        ] {
            assert_eq!(serve(&mut servers, now), begins.map(at), "at {now} ms");
        }
    }

    #[test]
    fn without_places_only_who_finds_a_free_server_is_served() {
        let mut servers = Servers::new(1, Some(0));
        let served = |servers: &mut Servers, now| serve(servers, now).is_some();
        assert_eq!([0, 9, 10, 19, 20].map(|now| served(&mut servers, now)), [true, false, true, false, true]);
    }

    #[test]
    fn without_an_end_everybody_waits() {
        let mut servers = Servers::new(1, None);
        let last = (0..1000).map(|_| serve(&mut servers, 0)).last().flatten();
        assert_eq!(last, Some(at(9_990)));
    }
}
