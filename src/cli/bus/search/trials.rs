//! Where the threads of a search ask for trials, and wait for them.

use crate::bus::search::{AskedCell, key};
use crate::bus::{Judged, More};
use crate::cli::grid::{Store, store};
use crate::cli::{Error, progress};
use crate::engine::{Control, simulate_one};
use crate::record::{Layout, Trial};
use crate::scenario::Scenario;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// Who waits for a cell.
struct Waiting {
    key: String,
    layout: Arc<Layout>,
    /// Its timeline, in virtual nanoseconds.
    length: u64,
    tell: Vec<Sender<Trial>>,
}

/// What is known of cells, by the first digits of their keys.
#[derive(Default)]
struct Cells {
    there: BTreeMap<String, Vec<PathBuf>>,
    waiting: BTreeMap<String, Waiting>,
}

/// The trials of one search: those that are there, and those that are waited for.
pub(super) struct SearchTrials {
    run: String,
    store: Store,
    control: Arc<Control>,
    stop: watch::Sender<bool>,
    more: Mutex<Option<UnboundedSender<More>>>,
    cells: Mutex<Cells>,
    /// How many were there when it was opened.
    were_there: usize,
    failure: Mutex<Option<Error>>,
}

impl SearchTrials {
    /// One for the search `run`, whose cells `store` keeps; and where it asks for more.
    ///
    /// # Errors
    /// As [`Store::files`].
    pub(super) fn open(
        run: &str,
        store: Store,
        control: &Arc<Control>,
        stop: watch::Sender<bool>,
    ) -> Result<(SearchTrials, UnboundedReceiver<More>), Error> {
        let (more, wanted) = unbounded_channel();
        let there = store.files()?;
        let trials = SearchTrials {
            run: run.to_owned(),
            were_there: there.len(),
            store,
            control: Arc::clone(control),
            stop,
            more: Mutex::new(Some(more)),
            cells: Mutex::new(Cells { there, ..Cells::default() }),
            failure: Mutex::default(),
        };
        Ok((trials, wanted))
    }

    /// How many cells were there when it was opened.
    pub(super) const fn were_there(&self) -> usize {
        self.were_there
    }

    /// Trial `trial` of strategy number `strategy`, by whoever runs it; cut short once there is nobody, which stops the search.
    pub(super) fn trial(&self, scenario: &Scenario, strategy: usize, trial: u32) -> Trial {
        match self.sought(scenario, strategy, trial) {
            Ok(Some(done)) => return done,
            Ok(None) => {}
            Err(error) => self.fail(error),
        }
        // Nobody looks at it: whoever asks looks at the control first.
        self.control.stop.store(true, Ordering::Relaxed);
        simulate_one(scenario, strategy, trial, &self.control)
    }

    /// The trial, from disk or from a worker; `None` if the search is stopped.
    fn sought(&self, scenario: &Scenario, strategy: usize, trial: u32) -> Result<Option<Trial>, Error> {
        if self.control.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let cell = AskedCell::of(scenario, strategy, trial);
        let text = cell.text().map_err(|why| {
            let label = cell.label();
            Error::Failed(format!(
                "what is asked of {label} cannot be told to a worker ({why}): search without --bus"
            ))
        })?;
        let key = key(&self.run, text.as_bytes());
        let layout = Arc::new(Layout::new(&scenario.workloads));
        let (tell, told) = channel();
        let is_first = {
            let mut cells = self.cells.lock().expect("nobody panics holding it");
            if let Some(path) = cells.there.get(store::short(&key)).and_then(|paths| paths.first().cloned()) {
                drop(cells);
                return store::read(&path, &key, &layout).map(Some);
            }
            let length = progress::timeline(scenario).as_nanos();
            let entry = cells.waiting.entry(store::short(&key).to_owned());
            let each =
                entry.or_insert_with(|| Waiting { key: key.clone(), layout, length, tell: Vec::new() });
            each.tell.push(tell);
            each.tell.len() == 1
        };
        if is_first {
            let more = self.more.lock().expect("nobody panics holding it").clone();
            let sent = more.map(|more| more.send(More { key, asked: text.into_bytes() }));
            // Whoever gathers has gone.
            if !matches!(sent, Some(Ok(()))) {
                return Ok(None);
            }
        }
        Ok(told.recv().ok())
    }

    /// Keeps a file from the bus, if it is a cell that is waited for, whole and of this version.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) -> Judged {
        let trial = match self.judge(name, bytes) {
            Ok(trial) => trial,
            Err(error) => return Judged::Refused(error.to_string()),
        };
        let mut cells = self.cells.lock().expect("nobody panics holding it");
        if let Err(error) = self.store.keep(name, bytes.to_vec()) {
            return Judged::Failed(error.to_string());
        }
        // Judged: its name begins with its key's first digits.
        let short = store::short(name).to_owned();
        if let Some(each) = cells.waiting.remove(&short) {
            self.control.done.fetch_add(each.length, Ordering::Relaxed);
            for tell in each.tell {
                // Whoever has stopped waiting needs none.
                let _ = tell.send(trial.clone());
            }
        }
        cells.there.insert(short, vec![self.store.path(name)]);
        Judged::Kept
    }

    /// The trial in a file from the bus.
    fn judge(&self, name: &str, bytes: &[u8]) -> Result<Trial, Error> {
        let path = Path::new(name);
        let (header, rest) = store::unpack(path, bytes)?;
        let foreign = || Error::Failed(format!("{name}: no cell of this search: {}", header.cell));
        let short = store::short(&header.key);
        let (key, layout) = {
            let cells = self.cells.lock().expect("nobody panics holding it");
            let each =
                cells.waiting.get(short).filter(|each| each.key == header.key && name.starts_with(short));
            each.map(|each| (each.key.clone(), Arc::clone(&each.layout))).ok_or_else(foreign)?
        };
        store::trial(path, &key, &layout, (header.clone(), rest))
    }

    /// Nothing more is wanted.
    pub(super) fn no_more(&self) {
        self.more.lock().expect("nobody panics holding it").take();
    }

    /// Nobody gathers any more: whoever waits is let go, and the search ends.
    pub(super) fn close(&self) {
        let mut cells = self.cells.lock().expect("nobody panics holding it");
        self.no_more();
        if !cells.waiting.is_empty() {
            self.control.stop.store(true, Ordering::Relaxed);
        }
        cells.waiting.clear();
    }

    fn fail(&self, error: Error) {
        self.failure.lock().expect("nobody panics holding it").get_or_insert(error);
        self.stop.send_replace(true);
    }

    /// Why it ended early, if something went wrong here.
    ///
    /// # Errors
    /// That.
    pub(super) fn failure(&self) -> Result<(), Error> {
        self.failure.lock().expect("nobody panics holding it").take().map_or(Ok(()), Err)
    }
}
