//! What every connection shares.

use super::admin_clock::AdminClock;
use super::identity::Sessions;
use super::journal::Journal;
use super::metrics::Metrics;
use super::{Error, Settings};
use crate::kms::crypto::random_array;
use crate::kms::{Config, Kms, uuid};
use crate::rng::{Purpose, Stream};
use crate::time::Time;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

/// The machine and the clock it lives by; one lock for both, so that `now` never goes back.
#[derive(Debug)]
pub(super) struct Heart {
    pub(super) kms: Kms,
    pub(super) clock: AdminClock,
}

/// What every connection shares.
pub(super) struct Shared {
    pub(super) settings: Settings,
    heart: Mutex<Heart>,
    pub(super) metrics: Metrics,
    pub(super) journal: Journal,
    pub(super) sessions: Sessions,
    /// Changes when faults do, so that whoever waits for one to end looks again.
    pub(super) faults_changed: watch::Sender<u64>,
    ids: Ids,
}

impl Shared {
    /// An empty server.
    ///
    /// # Errors
    /// No randomness, or a log that cannot be written.
    pub(super) fn new(settings: Settings) -> Result<Arc<Shared>, Error> {
        let no_randomness = |_| Error::Start("the machine has no randomness".into());
        let clock = AdminClock::start();
        let config = Config {
            quotas: settings.quotas.clone(),
            service_time: settings.service_time.clone(),
            faults: settings.faults.clone(),
            limits: settings.limits.clone(),
            consistency: settings.consistency,
            directory: Arc::new(settings.directory.clone()),
            token_key: random_array().map_err(no_randomness)?,
            seed: settings.seed,
            is_durable: false,
        };
        let kms = Kms::new(config, clock.start_date());
        Ok(Arc::new(Shared {
            heart: Mutex::new(Heart { kms, clock }),
            metrics: Metrics::default(),
            journal: Journal::open(&settings)?,
            sessions: Sessions::new(random_array().map_err(no_randomness)?),
            faults_changed: watch::Sender::new(0),
            ids: Ids::new(random_array().map_err(no_randomness)?),
            settings,
        }))
    }

    /// The machine and its clock.
    pub(super) fn heart(&self) -> MutexGuard<'_, Heart> {
        // A panic under the lock is a bug that must not go on as if nothing had happened.
        self.heart.lock().expect("no call has panicked while it held the emulator")
    }

    /// A new id for a reply or an event.
    pub(super) fn id(&self) -> String {
        self.ids.next()
    }
}

impl Heart {
    /// Now, on the server's timeline.
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }
}

/// Ids that nobody has seen before: draws of a seed that is random.
struct Ids {
    stream: Stream,
    count: AtomicU64,
}

impl Ids {
    fn new(seed: [u8; 8]) -> Ids {
        Ids {
            stream: Stream::new(u64::from_be_bytes(seed), 0, Purpose::Arrival, 0),
            count: AtomicU64::new(0),
        }
    }

    fn next(&self) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (self.stream.draw_attempt(number, 0).0, self.stream.draw_attempt(number, 1).0);
        uuid((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
    }
}
