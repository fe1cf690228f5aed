//! What all calls share: the machine under its lock, what is kept and written down.

use super::clock::AdminClock;
use super::journal::Journal;
use super::metrics::Metrics;
use super::sessions::Sessions;
use super::store::{self, Kept, Store};
use super::{Error, Settings, UNSPOILT};
use crate::clock::{Sleepers, sleep};
use crate::kms::crypto::random_array;
use crate::kms::keys::{Record, RecordKey};
use crate::kms::{Config, Kms, Uuid, uuid};
use crate::rng::{Purpose, Stream};
use crate::time::{Span, Time};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use tokio::sync::watch;

/// The machine and the clock it lives by; one lock for both, so that `now` never goes back.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) kms: Kms,
    pub(crate) clock: AdminClock,
    /// What LocalStack's chaos API was told.
    pub(crate) chaos: Chaos,
    /// How often the inventory was taken back to what is kept.
    pub(crate) epoch: u64,
}

/// What all calls share.
pub(crate) struct Runtime {
    pub(crate) settings: Settings,
    locked: Mutex<Locked>,
    pub(crate) metrics: Metrics,
    pub(crate) journal: Journal,
    pub(crate) sessions: Sessions,
    /// Changes when faults do, so that whoever waits for one to end looks again.
    pub(crate) faults_changed: watch::Sender<u64>,
    pub(crate) store: Option<Store>,
    /// Calls that wait for their answer's moment, where there is a runtime that wakes them.
    sleepers: RwLock<Option<Sleepers>>,
    ids: Ids,
}

/// What LocalStack's chaos API was told. Its faults are the last of admission's list.
///
/// Source: LocalStack's documentation, Chaos API (read 2026-11-30).
#[derive(Clone, Debug, Default)]
pub(crate) struct Chaos {
    /// As they were given.
    pub(crate) rules: Vec<Value>,
    /// Milliseconds.
    pub(crate) latency: u64,
    /// How many faults that makes.
    pub(crate) faults: usize,
}

impl Runtime {
    /// An emulator with what its settings name; with `is_front` the keys are elsewhere, and what is admitted is sent on.
    ///
    /// # Errors
    /// No randomness, or a log that cannot be written.
    pub(crate) fn new(settings: Settings, is_front: bool) -> Result<Arc<Runtime>, Error> {
        let no_randomness = |_| Error::Start("the machine has no randomness".into());
        let random = || random_array().map_err(no_randomness);
        let opened = settings.data_dir.as_deref().map(|dir| Store::open(dir, settings.root_key.as_deref()));
        let (store, records) =
            opened.transpose()?.map_or((None, Vec::new()), |(store, kept)| (Some(store), kept));
        let mut clock = AdminClock::start();
        let ahead = store.as_ref().map_or(0, Store::clock_ahead);
        clock.advance(Span::from_millis(u64::try_from(ahead).unwrap_or(0)));
        let directory = Arc::new(settings.directory.clone());
        let config = Config {
            quotas: settings.quotas.clone(),
            service_time: settings.service_time.clone(),
            faults: settings.faults.clone(),
            limits: settings.limits.clone(),
            consistency: settings.consistency,
            assumed: settings.assumed.clone(),
            is_front,
            realms: settings.realms,
            tells_retry: settings.tells_retry,
            directory: Arc::clone(&directory),
            token_key: store.as_ref().map_or_else(random, |store| Ok(store.token_key()))?,
            seed: settings.seed,
            is_durable: store.is_some(),
        };
        let session_key = store.as_ref().map_or_else(random, |store| Ok(store.session_key()))?;
        let mut kms = Kms::new(config, clock.start_date());
        restore(&mut kms, records)?;
        for (path, format) in &settings.seeds {
            super::seed::plant(&mut kms, path, *format, &settings, clock.date())?;
        }
        if let Some(store) = &store {
            store.keep(kms.take_changes(), 0).blocking_recv().unwrap_or_else(|_| Err(ended()))?;
        }
        Ok(Arc::new(Runtime {
            locked: Mutex::new(Locked { kms, clock, chaos: Chaos::default(), epoch: 0 }),
            store,
            metrics: Metrics::default(),
            journal: Journal::open(&settings)?,
            sessions: Sessions::new(session_key, directory),
            faults_changed: watch::Sender::new(0),
            sleepers: RwLock::default(),
            ids: Ids::new(random_array().map_err(no_randomness)?),
            settings,
        }))
    }

    /// The machine and its clock.
    pub(crate) fn locked(&self) -> MutexGuard<'_, Locked> {
        // A panic under the lock is a bug that must not go on as if nothing had happened.
        self.locked.lock().expect("no call has panicked while it held the emulator")
    }

    /// Hands what has changed to the store; call it under the lock, with what it guards. `None` if nothing must be waited
    /// for.
    pub(crate) fn keep(&self, locked: &mut Locked) -> Option<(Kept, u64)> {
        let store = self.store.as_ref()?;
        let changes = locked.kms.take_changes();
        (!changes.is_empty()).then(|| (store.keep(changes, locked.epoch), locked.epoch))
    }

    /// Waits until changes are kept. If they cannot be, the inventory goes back to what is kept, and whoever changed it
    /// is told that it failed.
    ///
    /// # Errors
    /// The change is lost.
    pub(crate) async fn kept(self: &Arc<Runtime>, waiting: Option<(Kept, u64)>) -> Result<(), store::Error> {
        let Some((kept, epoch)) = waiting else { return Ok(()) };
        let result = kept.await.unwrap_or_else(|_| Err(ended()));
        let Err(error) = result else { return Ok(()) };
        let shared = Arc::clone(self);
        // Reading everything back takes a while, and must not hold up a thread that others wait on.
        let back = tokio::task::spawn_blocking(move || shared.go_back(epoch)).await;
        if let Ok(Err(worse)) = back {
            tracing::error!("the store cannot be read back, changes fail until it can: {worse}");
        }
        tracing::error!("a change was refused: {error}");
        Err(error)
    }

    /// Takes the inventory back to what is kept, unless somebody has done so since `epoch`.
    fn go_back(&self, epoch: u64) -> Result<(), Error> {
        let mut locked = self.locked();
        let Some(store) = self.store.as_ref().filter(|_| locked.epoch == epoch) else { return Ok(()) };
        let records = store.reload(epoch + 1)?;
        locked.kms.inventory_mut().clear();
        locked.kms.take_changes();
        restore(&mut locked.kms, records)?;
        locked.epoch = epoch + 1;
        Ok(())
    }

    /// Has calls that wait woken by the runtime in which this is called, unless another does so.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub(crate) fn wake_here(&self) -> std::io::Result<()> {
        let mut sleepers = self.sleepers.write().expect(UNSPOILT);
        if !sleepers.as_ref().is_some_and(Sleepers::are_woken) {
            *sleepers = Some(Sleepers::start()?);
        }
        Ok(())
    }

    /// Lets a call wait.
    pub(crate) async fn sleep(&self, span: Span) {
        let sleepers = self.sleepers.read().expect(UNSPOILT).clone();
        match sleepers {
            Some(sleepers) => sleepers.sleep(span).await,
            None => sleep(span).await,
        }
    }

    /// A new id for a reply or an event.
    pub(crate) fn id(&self) -> Uuid {
        self.ids.next()
    }
}

/// The store's writer is gone.
fn ended() -> store::Error {
    store::Error::Write("its writer has ended".into())
}

/// Puts kept records back.
fn restore(kms: &mut Kms, records: Vec<(RecordKey, Record)>) -> Result<(), Error> {
    for (name, record) in records {
        kms.inventory_mut().restore(&name, record).map_err(Error::Settings)?;
    }
    Ok(())
}

impl Locked {
    /// Now, on the server's timeline.
    pub(crate) fn now(&self) -> Time {
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

    fn next(&self) -> Uuid {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (self.stream.draw_attempt(number, 0).0, self.stream.draw_attempt(number, 1).0);
        uuid((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
    }
}
