//! A worker's share of a live load: the question is read as a file of anybody's is, and no target is loaded but the one that
//! this worker was started for.

use super::fixtures;
use super::log::LogHead;
use crate::bus::live::{Engine, Part};
use crate::cli::bus::grind::in_folder;
use crate::cli::grid::Opened;
use crate::cli::load::Loaded;
use crate::cli::{Error, consent, memory, stamp};
use crate::clock::process_cpu;
use crate::engine::live::{Control, LiveTrial, Share, ShareEvent, objections_to_shares};
use crate::guard::{Agent, Consent, Guard, origin};
use crate::runner::{self, LiveRun, Permits, Role, Unwatched, WorkerPart};
use crate::scenario::Target;
use crate::time::Span;
use std::sync::{Arc, Mutex};

/// What runs shares of loads of one target.
pub struct LoadEngine {
    /// Scheme, host and port of that target.
    pub target: String,
    /// Whether it may be neither this machine nor a private network.
    pub may_be_remote: bool,
    /// Threads that send.
    pub threads: usize,
}

impl Engine for LoadEngine {
    fn traces(&self, question: &[u8]) -> Result<Vec<String>, String> {
        in_folder(question, &[], |dir| Ok(Opened::read(dir)?.traces()))
    }

    fn run(&self, part: Part) -> Result<(), String> {
        crate::cli::bus::grind::are_of_their_sums(&part.traces)?;
        let grid = in_folder(&part.question, &part.traces, |dir| Opened::read(dir)?.live())?;
        if grid.id() != part.run {
            return Err("the question on the bus is another run's".into());
        }
        let file = grid.source.file.clone();
        let point = grid.points.into_iter().next().ok_or("the question on the bus has no run")?;
        let loaded = point.loaded;
        self.judge(&loaded, part.share.of)?;
        memory::fits(&loaded.scenario, 1, &file).map_err(|error| error.to_string())?;
        let (fixtures, agent) = fixtures::read(&part.fixtures, &loaded.scenario)?;
        let share = sealing(&part);
        let seat = WorkerPart { share, fixtures: Arc::new(fixtures) };
        self.load(&loaded, &agent, &seat).map_err(|error| error.to_string())
    }
}

impl LoadEngine {
    /// One for the target at `url`.
    ///
    /// # Errors
    /// [`Error::Usage`] for what may not be connected to.
    pub fn new(url: &str, may_be_remote: bool, threads: usize) -> Result<LoadEngine, Error> {
        let guard = Guard::new(Consent { remote: may_be_remote, aws: false }, Agent::unnamed());
        guard.reach(url).map_err(|objection| Error::Usage(format!("--target: {objection}")))?;
        Ok(LoadEngine { target: origin(url), may_be_remote, threads: threads.max(1) })
    }

    /// Refuses what this worker does not load.
    fn judge(&self, loaded: &Loaded, many: u32) -> Result<(), String> {
        let scenario = &loaded.scenario;
        match &scenario.target {
            Target::Http(url) if origin(url) == self.target => {}
            other => {
                let asked = if let Target::Http(url) = other { origin(url) } else { format!("{other:?}") };
                return Err(format!("it loads {} only, and was asked to load {asked}", self.target));
            }
        }
        match objections_to_shares(scenario, many).into_iter().next() {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// Runs the share; what it comes to stands in its logs.
    fn load(&self, whole: &Loaded, agent: &Agent, seat: &WorkerPart) -> Result<(), runner::Error> {
        // A throttled answer ends no share: whoever shares the load hears of all of them.
        let permits = Permits {
            remote: self.may_be_remote,
            throttling: true,
            untrusted_bounds: consent::bounds_from_environment(),
            ..Permits::default()
        };
        // Whether it may be loaded is asked of the whole load.
        let prepared = runner::prepare(LiveRun {
            scenario: &whole.scenario,
            question: &whole.question,
            permits: &permits,
            threads: self.threads,
            agent,
            host: stamp::host(),
            command: stamp::command(),
            role: Role::Worker(seat),
        })?;
        prepared.run(&Arc::new(Control::default()), &Unwatched).map(drop)
    }
}

/// The share of `part`, whose trials are sealed as they end.
fn sealing(part: &Part) -> Share {
    let (run, index, of) = (part.run.clone(), part.share.index, part.share.of);
    let (tell, sealed, orders) =
        (Arc::clone(&part.share.tell), Arc::clone(&part.sealed), part.share.orders.clone());
    let since: Mutex<Option<Span>> = Mutex::new(None);
    let told = move |event| {
        let mut since = since.lock().expect("nobody panics holding it");
        match event {
            ShareEvent::Ended(trial, live) => {
                let cpu = process_cpu().zip(*since).map(|(now, before)| now - before.min(now));
                let is_told = {
                    let orders = orders.borrow();
                    orders.stop || orders.halt
                };
                match LogHead::new(&run, trial, index, of).seal(&live, cpu) {
                    Ok(bytes) => sealed(trial, bytes, is_early(&live, is_told)),
                    Err(error) => {
                        crate::notice::tell(format_args!("keystorm: a log cannot be written: {error}"))
                    }
                }
            }
            ShareEvent::Ready(_) => {
                *since = process_cpu();
                tell(event);
            }
            ShareEvent::Piece(..) => tell(event),
        }
    };
    Share { tell: Arc::new(told), ..part.share.clone() }
}

/// Whether it ended before its time by what only its worker knows.
const fn is_early(live: &LiveTrial, is_told: bool) -> bool {
    let ended = &live.ended;
    ended.cap.is_some() || ended.throttled || (ended.interrupted && !is_told)
}
