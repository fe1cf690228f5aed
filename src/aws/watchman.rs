//! Who looks at the account's use while a run is under way, and ends it when others need the room.
//!
//! CloudWatch counts everybody's calls, ours among them, some minutes late. What we sent in each minute is taken off, so
//! that what remains is the others' use; then the same question is asked as before the run.

use super::guard::Looked;
use super::{Access, Error, Minutes, recent};
use crate::clock::{epoch_millis, sleep};
use crate::planner::{Objection, Permit, fits, peak_of_minute};
use crate::quota::PoolId;
use crate::scenario::Scenario;
use crate::time::Span;
use std::collections::BTreeMap;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// How often it looks, and takes down what was sent.
const TICK: Span = Span::from_secs(1);
/// How many times in a row CloudWatch may give no answer.
const PATIENCE: u32 = 3;

/// A thread that watches; ends when it is told to, or when it has ended the run.
pub struct Watchman {
    home: oneshot::Sender<()>,
    thread: JoinHandle<Option<String>>,
}

/// What it watches over.
struct Post {
    access: Access,
    scenario: Scenario,
    looked: Looked,
    every: Span,
}

impl Watchman {
    /// Begins to watch, looking at CloudWatch once `every`, a minute against AWS. `own` tells the attempts of each pool in the
    /// trial under way so far, and `end` ends the run.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn start(
        access: Access,
        scenario: Scenario,
        looked: Looked,
        every: Span,
        own: impl FnMut() -> Vec<(PoolId, u64)> + Send + 'static,
        end: impl FnOnce() + Send + 'static,
    ) -> Result<Watchman, Error> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        let (home, called) = oneshot::channel();
        let post = Post { access, scenario, looked, every };
        let body = move || {
            let why = runtime.block_on(async {
                tokio::select! {
                    why = post.watch(own) => Some(why),
                    _ = called => None,
                }
            });
            if why.is_some() {
                end();
            }
            why
        };
        let thread =
            std::thread::Builder::new().name("watchman".into()).spawn(body).map_err(Error::Thread)?;
        Ok(Watchman { home, thread })
    }

    /// Ends the watch; why it ended the run, if it did.
    ///
    /// # Panics
    /// With the watchman's panic.
    pub fn finish(self) -> Option<String> {
        // It may have gone home by itself.
        let _ = self.home.send(());
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Post {
    /// Watches until there is a reason to end the run.
    async fn watch(&self, mut own: impl FnMut() -> Vec<(PoolId, u64)>) -> String {
        let mut ledger = Ledger::default();
        let (mut looked, mut missed) = (epoch_millis(), 0);
        let every = i64::try_from(self.every.as_nanos() / 1_000_000).unwrap_or(i64::MAX);
        loop {
            sleep(TICK.min(self.every)).await;
            let now = epoch_millis();
            ledger.note(now / 60_000, &own());
            if now - looked < every {
                continue;
            }
            looked = now;
            match recent(&self.access, &self.looked.metrics, now).await {
                Ok(found) => {
                    missed = 0;
                    if let Err(objection) = judge(&self.scenario, &self.looked.permit, &found, &ledger) {
                        return objection.to_string();
                    }
                }
                Err(error) => {
                    missed += 1;
                    if missed >= PATIENCE {
                        return format!("the account's use cannot be seen any longer: {error}");
                    }
                }
            }
        }
    }
}

/// Whether the run may go on beside what others did in the last minutes.
fn judge(
    scenario: &Scenario,
    permit: &Permit,
    found: &BTreeMap<PoolId, Minutes>,
    ledger: &Ledger,
) -> Result<(), Objection> {
    for share in &permit.shares {
        for (minute, calls) in found.get(&share.pool).into_iter().flatten() {
            let others = (calls - ledger.of(share.pool, *minute) as f64).max(0.0);
            fits(scenario, share, peak_of_minute(others))?;
        }
    }
    Ok(())
}

/// What the run itself sent, by pool and minute since 1970.
#[derive(Debug, Default)]
struct Ledger {
    seen: BTreeMap<PoolId, u64>,
    sent: BTreeMap<(PoolId, i64), u64>,
}

impl Ledger {
    /// Takes down totals as they are in this minute. A total that is lower than before is another trial's.
    fn note(&mut self, minute: i64, totals: &[(PoolId, u64)]) {
        for (pool, total) in totals {
            let before = self.seen.insert(*pool, *total).unwrap_or(0);
            let more = if *total >= before { total - before } else { *total };
            *self.sent.entry((*pool, minute)).or_default() += more;
        }
    }

    fn of(&self, pool: PoolId, minute: i64) -> u64 {
        self.sent.get(&(pool, minute)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_taken_down_by_the_minute_over_trials() {
        let (mut ledger, pool) = (Ledger::default(), PoolId::SYMMETRIC);
        for (minute, total) in [(7, 10), (7, 25), (8, 40), (8, 5), (9, 5)] {
            ledger.note(minute, &[(pool, total)]);
        }
        assert_eq!([6, 7, 8, 9].map(|minute| ledger.of(pool, minute)), [0, 25, 20, 0]);
        assert_eq!(ledger.of(PoolId::RSA, 7), 0);
    }
}
