//! A worker's share of a live load: the question is read as a file of anybody's is, and no target is loaded but the one that
//! this worker was started for.

use super::fixtures::{self, ReadFixtures};
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
use crate::time::Span;
use std::sync::{Arc, Mutex};

/// The word of target aws.
pub const AWS: &str = "aws";

/// What a worker was started for.
#[derive(Clone, Debug)]
pub struct Started {
    /// A URL, or aws.
    pub target: String,
    /// Whether what is called may be neither this machine nor a private network.
    pub may_be_remote: bool,
    /// Whether a real account may be called.
    pub may_be_aws: bool,
    /// Profile of the shared AWS files.
    pub profile: Option<String>,
    /// Threads that send.
    pub threads: usize,
}

/// What runs shares of loads of one target.
pub struct LoadEngine {
    started: Started,
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
        let ReadFixtures { fixtures, agent, warrant } = fixtures::read(&part.fixtures, &loaded.scenario)?;
        let share = sealing(&part);
        let seat = WorkerPart { share, fixtures: Arc::new(fixtures), warrant };
        self.load(&loaded, &agent, &seat).map_err(|error| error.to_string())
    }
}

impl LoadEngine {
    /// One for what a worker was started for.
    ///
    /// # Errors
    /// [`Error::Usage`] for what may not be connected to.
    pub fn new(started: Started) -> Result<LoadEngine, Error> {
        if started.target == AWS {
            if cfg!(not(feature = "aws")) {
                return Err(Error::Usage(
                    "--target aws: this keystorm is built without the AWS SDK (--features aws)".into(),
                ));
            }
            return Ok(LoadEngine { started });
        }
        let consent = Consent { remote: started.may_be_remote, aws: false };
        let guard = Guard::new(consent, Agent::unnamed());
        guard.reach(&started.target).map_err(|objection| Error::Usage(format!("--target: {objection}")))?;
        Ok(LoadEngine { started: Started { target: origin(&started.target), ..started } })
    }

    /// Scheme, host and port of what it loads, or its word.
    pub fn target(&self) -> &str {
        &self.started.target
    }

    /// Refuses what this worker does not load.
    fn judge(&self, loaded: &Loaded, many: u32) -> Result<(), String> {
        let scenario = &loaded.scenario;
        let asked = runner::target(scenario);
        if asked != self.started.target {
            return Err(format!("it loads {} only, and was asked to load {asked}", self.started.target));
        }
        match objections_to_shares(scenario, many).into_iter().next() {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    /// Runs the share; what it comes to stands in its logs.
    fn load(&self, whole: &Loaded, agent: &Agent, seat: &WorkerPart) -> Result<(), Error> {
        let started = &self.started;
        let is_aws = started.target == AWS;
        let permits = Permits {
            remote: started.may_be_remote,
            real_aws: is_aws && started.may_be_aws,
            profile: started.profile.clone(),
            untrusted_bounds: consent::bounds_from_environment(),
            // They are read for each load: a worker may be older than what they deny.
            denied: if is_aws { consent::denied()? } else { Default::default() },
            ..Permits::default()
        };
        // Whether it may be loaded is asked of the whole load.
        let prepared = runner::prepare(LiveRun {
            scenario: &whole.scenario,
            question: &whole.question,
            permits: &permits,
            threads: started.threads.max(1),
            agent,
            host: stamp::host(),
            command: stamp::command(),
            role: Role::Worker(seat),
        })?;
        prepared.run(&Arc::new(Control::default()), &Unwatched)?;
        Ok(())
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
