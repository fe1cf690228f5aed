//! A retry token bucket: retries are paid for by successes, as Brooker proposed (2022) and the AWS SDKs have it.
//!
//! It starts full and holds `capacity`; a retry takes `cost` and is not made without it, a success brings `refund`. Once
//! it is empty, retries are at most refund ÷ cost for each success, whatever the failures.

/// Amounts are integers in millionths, so that they are portable and never drift.
const ONE: f64 = 1e6;

/// One client's retry tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens {
    level: u64,
    capacity: u64,
    cost: u64,
    refund: u64,
}

impl Tokens {
    /// A full bucket.
    pub fn new(capacity: f64, cost: f64, refund: f64) -> Tokens {
        let amount = |number: f64| (number * ONE).round() as u64;
        let capacity = amount(capacity);
        Tokens { level: capacity, capacity, cost: amount(cost), refund: amount(refund) }
    }

    /// A call wants to retry: whether there are tokens for it, and if so they are spent.
    pub fn pay(&mut self) -> bool {
        let left = self.level.checked_sub(self.cost);
        self.level = left.unwrap_or(self.level);
        left.is_some()
    }

    /// A call succeeded.
    pub fn refund(&mut self) {
        self.level = self.level.saturating_add(self.refund).min(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(tokens: &mut Tokens) -> usize {
        (0..1000).take_while(|_| tokens.pay()).count()
    }

    #[test]
    fn a_full_bucket_pays_for_its_capacity_and_then_a_success_for_its_refund() {
        let mut tokens = Tokens::new(5.0, 1.0, 0.1);
        assert_eq!(retries(&mut tokens), 5);
        (0..9).for_each(|_| tokens.refund());
        assert_eq!(retries(&mut tokens), 0);
        tokens.refund();
        assert_eq!(retries(&mut tokens), 1, "ten tenths are one, exactly");
    }

    #[test]
    fn it_holds_no_more_than_its_capacity_and_a_retry_may_cost_more_than_one() {
        let mut tokens = Tokens::new(500.0, 5.0, 1.0);
        (0..100).for_each(|_| tokens.refund());
        assert_eq!(retries(&mut tokens), 100);
        assert_eq!(retries(&mut Tokens::new(3.0, 5.0, 1.0)), 0);
    }
}
