//! A value that changes at once for whoever changes it, and later for everybody else.

use super::Moment;
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// A value under AWS's eventual consistency: [`Eventual::latest`] is what was set last, [`Eventual::seen`] what calls
/// see of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eventual<T> {
    latest: T,
    /// What is still seen, and until when.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    before: Option<(T, Moment)>,
}

impl<T: Clone> Eventual<T> {
    /// A value that everybody sees.
    pub const fn new(value: T) -> Eventual<T> {
        Eventual { latest: value, before: None }
    }

    /// What was set last.
    pub const fn latest(&self) -> &T {
        &self.latest
    }

    /// What a call at `now` sees.
    pub fn seen(&self, now: Moment) -> &T {
        match &self.before {
            Some((before, until)) if now < *until => before,
            _ => &self.latest,
        }
    }

    /// Changes it at `now`; others see that after `delay`.
    pub fn set(&mut self, value: T, now: Moment, delay: Span) {
        let before = self.seen(now).clone();
        self.before = (!delay.is_zero()).then(|| (before, now + delay));
        self.latest = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_at_once_without_delay_and_after_it_with_one() {
        let at = Moment::from_millis;
        let mut value = Eventual::new(1);
        value.set(2, at(0), Span::ZERO);
        assert_eq!(*value.seen(at(0)), 2);
        value.set(3, at(1_000), Span::from_secs(2));
        assert_eq!((*value.seen(at(2_999)), *value.seen(at(3_000)), *value.latest()), (2, 3, 3));
        value.set(4, at(2_000), Span::from_secs(2));
        assert_eq!((*value.seen(at(3_999)), *value.seen(at(4_000))), (2, 4), "others never saw 3");
    }
}
