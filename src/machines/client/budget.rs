//! A retry budget as Finagle and tower have it: calls deposit, retries withdraw, both are forgotten after a while.
//!
//! ```text
//! balance = reserve + Σ over the last ttl of (ratio × calls − retries)
//! ```
//!
//! The window slides in ten slots, as in both originals.

use crate::time::{Span, Time};
use crate::units::{Rate, Ratio};

const SLOTS: usize = 10;
/// Balances are integers in millionths of a retry, so that they are portable and never drift.
const RETRY: i64 = 1_000_000;

/// One client's retry budget.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    slots: [i64; SLOTS],
    /// Number of the newest slot, counted from the start of the run.
    newest: u64,
    /// Reserve plus every slot.
    balance: i64,
    deposit: i64,
    slot_nanos: u64,
}

impl Budget {
    /// A budget with nothing but its reserve of `min_per_second` × `ttl` retries.
    pub fn new(ratio: Ratio, min_per_second: Rate, ttl: Span) -> Budget {
        let reserve = u128::from(min_per_second.count()) * u128::from(ttl.as_nanos()) * RETRY as u128
            / (u128::from(min_per_second.seconds()) * u128::from(crate::time::NANOS_PER_SECOND));
        Budget {
            slots: [0; SLOTS],
            newest: 0,
            balance: i64::try_from(reserve).unwrap_or(i64::MAX / 4),
            deposit: (ratio.as_f64() * RETRY as f64).round() as i64,
            slot_nanos: (ttl.as_nanos() / SLOTS as u64).max(1),
        }
    }

    /// A call begins.
    pub fn deposit(&mut self, now: Time) {
        self.add(self.deposit, now);
    }

    /// A call wants to retry: whether the budget allows it, and if so it is spent.
    pub fn withdraw(&mut self, now: Time) -> bool {
        self.add(0, now);
        let allowed = self.balance >= RETRY;
        if allowed {
            self.add(-RETRY, now);
        }
        allowed
    }

    fn add(&mut self, amount: i64, now: Time) {
        let slot = now.as_nanos() / self.slot_nanos;
        let passed = slot.saturating_sub(self.newest).min(SLOTS as u64);
        for step in 0..passed {
            let oldest = &mut self.slots[((slot - step) % SLOTS as u64) as usize];
            self.balance -= std::mem::take(oldest);
        }
        self.newest = self.newest.max(slot);
        self.slots[(self.newest % SLOTS as u64) as usize] += amount;
        self.balance += amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(ratio: f64, min: u64) -> Budget {
        let ratio = Ratio::from_f64(ratio).expect("a ratio");
        Budget::new(ratio, Rate::per_second(min), Span::from_secs(10))
    }

    fn withdrawals(budget: &mut Budget, now: Time) -> usize {
        (0..1000).filter(|_| budget.withdraw(now)).count()
    }

    #[test]
    fn an_idle_budget_holds_its_reserve_and_gets_it_back_after_the_ttl() {
        let mut budget = budget(0.2, 3);
        assert_eq!(withdrawals(&mut budget, Time::ZERO), 30);
        assert_eq!(withdrawals(&mut budget, Time::from_secs(9)), 0);
        assert_eq!(withdrawals(&mut budget, Time::from_secs(10)), 30);
    }

    #[test]
    fn calls_deposit_their_ratio_and_deposits_expire() {
        let mut budget = budget(0.2, 0);
        (0..100).for_each(|_| budget.deposit(Time::from_secs(1)));
        assert_eq!(withdrawals(&mut budget.clone(), Time::from_secs(10)), 20);
        assert_eq!(withdrawals(&mut budget, Time::from_secs(11)), 0);
    }
}
