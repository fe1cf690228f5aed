//! What KMS may do, without anybody having recorded it for sure: nothing of it happens unless it is asked for.

use super::keys::KeyRef;
use crate::api::Operation;
use crate::language::{Flag, Form as _, Item, RATE, Reader, key, record};
use crate::quota::{Enforcement, Limiter, Take};
use crate::time::{Span, Time};
use crate::units::Rate;
use std::collections::BTreeMap;

record! {
    /// What to assume.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Assumed as "assumed" {
        /// State changes that one key takes; the rest is throttled although quota is left.
        ///
        /// Source: KMS Developer Guide, "Throttling AWS KMS requests" (read 2026-11-23): bursts of state changes on one key
        /// are throttled below the quota. The rate is published nowhere.
        pub hot_key: Option<Rate> =
            key("hot-key", "State changes that one key takes (no bound).", RATE.checked(some_change)).optional(),
        /// CreateKey refuses ML-DSA keys with imported material (kms-recorded-behaviour, row 44; its code is a guess).
        pub no_ml_dsa_import: bool =
            key("no-ml-dsa-import", "CreateKey refuses ML-DSA keys with imported material.", Flag).or(false),
        /// CreateAlias refuses a key of another account in the words that a public rule set has (row 45; its code is a guess).
        pub alias_cross_account: bool =
            key("alias-cross-account", "CreateAlias refuses a key of another account.", Flag).or(false),
        /// ListAliases of an account that has made nothing yet lists the aliases of AWS's services (row 46).
        pub predefined_aliases: bool =
            key("predefined-aliases", "ListAliases lists the aliases of AWS's services.", Flag).or(false),
    }
}

/// Refuses a rate under which nothing could ever happen.
fn some_change(r: &mut Reader, item: &Item, rate: Rate) -> Option<Rate> {
    if rate.is_zero() {
        r.wrong(item, "no key could ever change its state", "a rate above 0/s");
        return None;
    }
    Some(rate)
}

/// The state changes of each key in the last period.
#[derive(Debug)]
pub(super) struct HotKeys {
    rate: Rate,
    /// With the last change of each.
    keys: BTreeMap<KeyRef, (Limiter, Time)>,
}

/// Keys that are looked through for those without a change in the last period when there are so many.
const KEYS: usize = 1_024;

impl HotKeys {
    pub(super) fn new(rate: Rate) -> HotKeys {
        HotKeys { rate, keys: BTreeMap::new() }
    }

    /// Whether an operation changes the state of its key.
    pub(super) const fn counts(operation: Operation) -> bool {
        use Operation::{CancelKeyDeletion, DisableKey, EnableKey, ScheduleKeyDeletion};
        matches!(operation, EnableKey | DisableKey | ScheduleKeyDeletion | CancelKeyDeletion)
    }

    /// Counts a change of a key at `now`; how long it must wait if it is one too many.
    pub(super) fn change(&mut self, key: &KeyRef, now: Time) -> Option<Span> {
        if self.keys.len() >= KEYS && self.keys.len().is_power_of_two() {
            let period = self.rate.period();
            self.keys.retain(|_, (_, last)| *last + period > now);
        }
        let fresh = || (Limiter::new(Enforcement::Sliding, self.rate, Span::ZERO), now);
        let (limiter, last) = self.keys.entry(key.clone()).or_insert_with(fresh);
        match limiter.take(1, now) {
            Take::Granted => {
                *last = now;
                None
            }
            Take::Refused { ready_at } => Some(ready_at.since(now)),
            Take::Impossible => Some(self.rate.period()),
        }
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::keys::{Inventory, Realm};

    #[test]
    fn a_key_takes_so_many_changes_in_any_second_and_others_are_not_concerned() {
        let mut inventory = Inventory::new(false);
        let realm = inventory.realm_id(&Realm::new("111122223333", "eu-west-1"));
        let key = |id: &str| KeyRef { realm, id: id.into() };
        let at = |millis: u64| Time::ZERO + Span::from_millis(millis);
        let mut hot = HotKeys::new(Rate::per_second(2));
        assert_eq!([0, 100].map(|ms| hot.change(&key("a"), at(ms))), [None, None]);
        assert_eq!(hot.change(&key("a"), at(200)), Some(Span::from_millis(800)));
        assert_eq!(hot.change(&key("b"), at(200)), None);
        assert_eq!(hot.change(&key("a"), at(1_000)), None, "the first has left the second");
        assert_eq!(hot.change(&key("a"), at(1_050)), Some(Span::from_millis(50)));
        for n in 0..2 * KEYS {
            hot.change(&key(&n.to_string()), at(10_000 + 10 * n as u64));
        }
        assert!(hot.keys.len() < 2 * KEYS, "keys that rest are forgotten");
    }
}
