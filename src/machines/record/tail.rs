//! The 99th percentile of one second's response times, in a few hundred counters.
//!
//! Coarser than the histograms that are reported: it is there for telling whether a second is like the seconds before.

/// Counters for each doubling.
const STEPS: u64 = 1 << STEP_BITS;
const STEP_BITS: u32 = 5;
/// Doublings of a microsecond that are told apart: up to more than an hour.
const DOUBLINGS: usize = 32;
const COUNTERS: usize = DOUBLINGS * STEPS as usize;

/// How often each time came, on a logarithmic scale of microseconds.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    counts: Box<[u32; COUNTERS]>,
    /// The highest counter in use.
    high: usize,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { counts: Box::new([0; COUNTERS]), high: 0 }
    }
}

impl Tail {
    /// The counter of so many microseconds: those below [`STEPS`] have one each.
    #[inline]
    fn counter(micros: u64) -> usize {
        let doublings = (micros | STEPS).ilog2() - STEP_BITS;
        let counter = u64::from(doublings) * STEPS + (micros >> doublings);
        (counter as usize).min(COUNTERS - 1)
    }

    /// The most microseconds that a counter stands for.
    fn most(counter: usize) -> u64 {
        let counter = counter as u64;
        let doublings = (counter / STEPS).saturating_sub(1);
        let step = counter - doublings * STEPS;
        ((step + 1) << doublings) - 1
    }

    #[inline]
    pub(super) fn record(&mut self, micros: u64) {
        let counter = Tail::counter(micros);
        self.counts[counter] += 1;
        self.high = self.high.max(counter);
    }

    /// What 99 % of the times, `total` in number, were at most, in microseconds; 0 if there were none. Begins anew.
    pub(super) fn take_p99(&mut self, total: u64) -> u64 {
        let (mut above, mut found, mut left) = (total / 100, None, total);
        if total == 0 {
            return 0;
        }
        for counter in (0..=self.high).rev() {
            let count = u64::from(std::mem::take(&mut self.counts[counter]));
            match above.checked_sub(count) {
                Some(rest) => above = rest,
                None => {
                    found = found.or(Some(counter));
                    above = 0;
                }
            }
            left = left.saturating_sub(count);
            if left == 0 {
                break;
            }
        }
        self.high = 0;
        found.map_or(0, Tail::most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_in_order_and_hold_what_falls_into_them() {
        let mut last = 0;
        for micros in (0..5_000).chain((5_000..3_000_000_000).step_by(1_234_567)) {
            let counter = Tail::counter(micros);
            assert!(counter >= last && Tail::most(counter) >= micros, "{micros}");
            assert!(Tail::most(counter) as f64 <= micros as f64 * 1.032, "{micros}: {}", Tail::most(counter));
            last = counter;
        }
        assert_eq!(Tail::counter(u64::MAX / 2), COUNTERS - 1, "longer ones share the last");
    }

    #[test]
    fn the_p99_leaves_one_in_a_hundred_above_it_and_begins_anew() {
        let mut tail = Tail::default();
        (1..=200).for_each(|ms| tail.record(ms * 1_000));
        let p99 = tail.take_p99(200);
        assert!((198_000..205_000).contains(&p99), "{p99}");
        assert_eq!(tail.take_p99(0), 0);
        tail.record(7_000);
        assert!((7_000..7_250).contains(&tail.take_p99(1)), "of one, that one");
    }
}
