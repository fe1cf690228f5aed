//! Who looks at the account's use while a run is under way, and ends it when others need the room, or when the alarm that
//! the run stops on goes off.
//!
//! CloudWatch counts everybody's calls, ours among them, some minutes late. What we sent in each minute is taken off, so
//! that what remains is the others' use; then the same question is asked as before the run.

use super::guard::Looked;
use super::{Access, Error, Minutes, alarm, recent};
use crate::clock::{epoch_millis, sleep};
use crate::planner::{Alarm, Objection, Permit, fits, peak_of_minute};
use crate::quota::PoolId;
use crate::scenario::Scenario;
use crate::time::Span;
use std::collections::BTreeMap;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// How often it looks, and takes down what was sent.
const TICK: Span = Span::from_secs(1);
/// How many times as often as the use, which CloudWatch tells late, the alarm is looked at.
const ALARMS: i64 = 6;
/// How many times in a row CloudWatch may give no answer.
const MAX_SILENCES: u32 = 3;

/// A thread that watches; ends when it is told to, or when it has ended the run.
pub struct QuotaGuard {
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

impl QuotaGuard {
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
    ) -> Result<QuotaGuard, Error> {
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
            std::thread::Builder::new().name("quota-guard".into()).spawn(body).map_err(Error::Thread)?;
        Ok(QuotaGuard { home, thread })
    }

    /// Ends the watch; why it ended the run, if it did.
    ///
    /// # Panics
    /// With the panic of its thread.
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
        let every = i64::try_from(self.every.as_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let start = epoch_millis();
        let mut usage = Beat { every, last: start, missed: 0 };
        let mut alarms = Beat { every: every / ALARMS, last: start, missed: 0 };
        loop {
            sleep(TICK.min(self.every)).await;
            let now = epoch_millis();
            ledger.note(now / 60_000, &own());
            if let Some(name) = self.scenario.live.caps.stop_on.as_deref().filter(|_| alarms.is_due(now)) {
                match alarms.seen(alarm::objection(&self.access, &Alarm(name)).await) {
                    Ok(None | Some(None)) => {}
                    Ok(Some(Some(objection))) => return objection.to_string(),
                    Err(error) => {
                        return format!("the alarm {name} (caps.stopOn) cannot be seen any longer: {error}");
                    }
                }
            }
            if self.looked.metrics.is_empty() || !usage.is_due(now) {
                continue;
            }
            match usage.seen(recent(&self.access, &self.looked.metrics, now).await) {
                Ok(None) => {}
                Ok(Some(found)) => {
                    if let Err(objection) = judge(&self.scenario, &self.looked.permit, &found, &ledger) {
                        return objection.to_string();
                    }
                }
                Err(error) => return format!("the account's use cannot be seen any longer: {error}"),
            }
        }
    }
}

/// When something is looked at again, and how often in a row it could not be seen.
struct Beat {
    every: i64,
    last: i64,
    missed: u32,
}

impl Beat {
    fn is_due(&mut self, now: i64) -> bool {
        let is_due = now - self.last >= self.every;
        if is_due {
            self.last = now;
        }
        is_due
    }

    /// What was seen; `None` if nothing was, and patience is not at its end.
    fn seen<T>(&mut self, looked: Result<T, Error>) -> Result<Option<T>, Error> {
        match looked {
            Ok(found) => {
                self.missed = 0;
                Ok(Some(found))
            }
            Err(error) => {
                self.missed += 1;
                if self.missed >= MAX_SILENCES { Err(error) } else { Ok(None) }
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
