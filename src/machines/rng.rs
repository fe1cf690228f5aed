//! Counter-based random draws, keyed by (seed, trial, purpose, workload, job, attempt).
//!
//! A draw is a pure function of its key, so it does not matter who draws first: two strategies of one scenario
//! see the same arrivals, payloads, service times and faults for the same job (common random numbers).
//! The mixing function is the finalizer of SplitMix64 (Steele, Lea, Flood 2014) over a Weyl sequence; every
//! operation is integer arithmetic or IEEE-exact, so equal keys give equal bits on every platform.

/// What a draw decides; each purpose is a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// The gap before a job's arrival.
    Arrival = 1,
    /// Which operation or envelope job it is.
    Mix,
    /// Payload size.
    Payload,
    /// Which key.
    Key,
    /// Which encryption context.
    Context,
    /// Which encrypted message.
    Message,
    /// Which client of the fleet.
    Client,
    /// Service time of an attempt.
    ServiceTime,
    /// Whether a fault strikes an attempt.
    Fault,
    /// Jitter of a backoff.
    Backoff,
    /// The phase of a window limiter.
    Phase,
    /// Arrivals of the account's background traffic.
    Background,
    /// Whether a throttled answer is one too many (early throttling).
    Throttle,
    /// The order that values are shuffled into, to see what chance alone would make of them.
    Shuffle,
}

const WEYL: u64 = 0x9E37_79B9_7F4A_7C15;
const WEYL_ATTEMPT: u64 = 0xD1B5_4A32_D192_ED03;

/// The SplitMix64 finalizer.
#[inline]
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One stream of draws: everything of the key but the job and the attempt.
#[derive(Clone, Copy, Debug)]
pub struct Stream(u64);

impl Stream {
    /// The stream of `purpose` in one trial; `lane` separates workloads, pools or fault rules.
    pub const fn new(seed: u64, trial: u32, purpose: Purpose, lane: u64) -> Stream {
        let a = mix(seed.wrapping_add(WEYL));
        let b = mix(a ^ mix((trial as u64 + 1).wrapping_mul(WEYL)));
        let c = mix(b ^ mix((purpose as u64).wrapping_mul(WEYL_ATTEMPT)));
        Stream(mix(c ^ mix(lane.wrapping_add(1).wrapping_mul(WEYL))))
    }

    /// The draw that belongs to `job`.
    #[inline]
    pub const fn draw(self, job: u64) -> Draw {
        Draw(mix(self.0.wrapping_add(job.wrapping_mul(WEYL))))
    }

    /// The draw that belongs to one attempt of `job`.
    #[inline]
    pub const fn draw_attempt(self, job: u64, attempt: u64) -> Draw {
        let per_job = mix(self.0.wrapping_add(job.wrapping_mul(WEYL)));
        Draw(mix(per_job.wrapping_add(attempt.wrapping_mul(WEYL_ATTEMPT))))
    }
}

/// Sixty-four random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw(pub u64);

impl Draw {
    /// Uniform in [0, 1), from the top 53 bits.
    #[inline]
    pub fn unit(self) -> f64 {
        // Signed, since processors convert such numbers by one instruction; 53 bits are the same either way.
        (self.0 >> 11) as i64 as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in 0..n (multiply-shift; the bias is below n / 2^64). `n` must not be zero.
    #[inline]
    pub const fn below(self, n: u64) -> u64 {
        ((self.0 as u128 * n as u128) >> 64) as u64
    }

    /// Exponential with mean 1, by inversion; finite because the unit draw is below one.
    #[inline]
    pub fn exponential(self) -> f64 {
        -libm::log(1.0 - self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_give_equal_draws_and_any_difference_another() {
        let draw = |seed, trial, purpose, lane, job, attempt| {
            Stream::new(seed, trial, purpose, lane).draw_attempt(job, attempt).0
        };
        let base = draw(42, 0, Purpose::Arrival, 0, 7, 1);
        assert_eq!(base, draw(42, 0, Purpose::Arrival, 0, 7, 1));
        for other in [
            draw(43, 0, Purpose::Arrival, 0, 7, 1),
            draw(42, 1, Purpose::Arrival, 0, 7, 1),
            draw(42, 0, Purpose::Mix, 0, 7, 1),
            draw(42, 0, Purpose::Arrival, 1, 7, 1),
            draw(42, 0, Purpose::Arrival, 0, 8, 1),
            draw(42, 0, Purpose::Arrival, 0, 7, 2),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn draws_are_pinned_so_that_a_seed_means_the_same_in_every_version() {
        let stream = Stream::new(42, 0, Purpose::Arrival, 0);
        let seen: Vec<u64> = (0..3).map(|job| stream.draw(job).0).collect();
        assert_eq!(seen, PINNED, "a change here changes every saved run: raise the run's schema");
    }

    const PINNED: [u64; 3] =
        [14_422_875_074_139_707_580, 3_791_872_597_568_851_177, 2_516_089_858_645_116_778];

    #[test]
    fn moments_of_unit_and_exponential_are_right() {
        let stream = Stream::new(1, 2, Purpose::Backoff, 3);
        let n = 200_000u64;
        let mean = (0..n).map(|i| stream.draw(i).unit()).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12.0 / n as f64).sqrt(), "{mean}");
        let mean = (0..n).map(|i| stream.draw_attempt(i, 1).exponential()).sum::<f64>() / n as f64;
        assert!((mean - 1.0).abs() < 4.0 / (n as f64).sqrt(), "{mean}");
        let mut cells = [0u32; 16];
        (0..n).for_each(|i| cells[stream.draw_attempt(3, i).below(16) as usize] += 1);
        let expected = n as f64 / 16.0;
        let chi: f64 = cells.iter().map(|c| (f64::from(*c) - expected).powi(2) / expected).sum();
        assert!(chi < 37.7, "chi-square with 15 degrees of freedom, p = 0.001: {chi}");
    }
}
