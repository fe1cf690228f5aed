//! `onset --bus` and `plan --bus`: each trial that a search wants is a cell that a worker runs. What is wanted next is decided
//! here, from trials that are the same whoever runs them.
//!
//! ```text
//!  search ── wants a trial ──▶ trials: on disk already? ──▶ bus ──▶ a worker
//!    ▲ (one thread each)           │                                   │
//!    └────── the trial ◀───────────┴──────── judged, kept ◀────────────┘
//! ```

mod traces;
mod trials;

use super::{Access, runtime, stopper};
use crate::bus::search::SearchQuestion;
use crate::bus::{QUESTION, Wanted};
use crate::cli::grid::Store;
use crate::cli::progress::Progress;
use crate::cli::run_folder::{self, RunFolder};
use crate::cli::{Common, Error, output};
use crate::engine::{Control, TrialRunner};
use crate::notice;
use crate::scenario::Scenario;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use trials::SearchTrials;

/// The file that tells what search a folder holds cells of.
const NAME: &str = "search.json";
/// Trials that a search waits for at once.
pub const AT_ONCE: usize = 256;

/// Who runs the trials of a search.
#[derive(clap::Args, Debug)]
pub struct SearchBus {
    /// Have the trials run by workers on this bus: nats://HOST:4222, or tls://HOST:4222; `keystorm worker --bus URL` is one.
    #[arg(long, value_name = "URL", env = "KEYSTORM_BUS")]
    pub bus: Option<String>,
    #[command(flatten)]
    access: Access,
}

/// A search.
pub struct Sought<'s> {
    /// The command.
    pub command: &'static str,
    /// What it begins with.
    pub scenario: &'s Scenario,
    /// Where its traces lie.
    pub dir: &'s Path,
    /// Everything beside the scenario that its trials follow from.
    pub terms: String,
    /// The folder for what is found; a new one if none is given.
    pub out: Option<&'s Path>,
    /// Whether what is in it is replaced.
    pub force: bool,
}

/// What a search came to.
pub enum Found<T> {
    /// An answer, and the folder for it.
    Whole(T, RunFolder),
    /// Nothing yet; cells that are there are kept.
    Stopped,
}

impl SearchBus {
    /// Whether trials are run by workers.
    ///
    /// # Errors
    /// [`Error::Usage`] for options that do nothing with a bus, or without one.
    pub fn is_given(&self, common: &Common) -> Result<bool, Error> {
        if self.bus.is_none() {
            return super::idle(common).map(|()| false);
        }
        if common.is_given("threads") {
            return Err(Error::Usage(
                "--threads does nothing beside --bus: give it to each `keystorm worker`".into(),
            ));
        }
        Ok(true)
    }

    /// Has `search` run with trials of workers. Ctrl-C keeps those that are there: the same command with the same folder goes
    /// on.
    ///
    /// # Errors
    /// [`Error::Usage`] and [`Error::Failed`] for a bus or a folder that cannot be used, and for a trial that cannot be kept.
    pub fn search<T>(
        &self,
        sought: &Sought<'_>,
        common: &Common,
        control: &Arc<Control>,
        progress: impl FnOnce() -> Option<Progress>,
        search: impl FnOnce(TrialRunner<'_>) -> T,
    ) -> Result<Found<T>, Error> {
        let way = self.access.way(self.bus.as_deref().unwrap_or_default(), common.quiet)?;
        let traces = traces::traces(sought.scenario, sought.dir).map_err(Error::Failed)?;
        let asked = format!("{}\n{}", sought.scenario.to_yaml(), sought.terms);
        let bytes = SearchQuestion::new(sought.command, &asked, traces.sums).bytes();
        let run = SearchQuestion::run(&bytes);
        let dir = claim(sought, &bytes)?;
        let stop = stopper(control)?;
        let (trials, more) = SearchTrials::open(&run, Store::new(&dir), control, stop.clone())?;
        if trials.were_there() > 0 && !common.quiet {
            notice::tell(format_args!("{} cells were there already", trials.were_there()));
        }
        let read = |name: &str| match name {
            QUESTION => Ok(bytes.clone()),
            sum => traces.bytes.get(sum).cloned().ok_or_else(|| std::io::ErrorKind::NotFound.into()),
        };
        let material = [QUESTION.to_owned()].into_iter().chain(traces.bytes.keys().cloned()).collect();
        let wanted = Wanted { run: &run, keys: Vec::new(), material, read: &read };
        let shown = progress();
        let runtime = runtime()?;
        let (found, gathered) = std::thread::scope(|scope| {
            let gathering = scope.spawn(|| {
                let mut keep = |name: &str, bytes: &[u8]| trials.keep(name, bytes);
                let gather = crate::bus::gather(&way, &wanted, Some(more), &mut keep, stop.subscribe());
                let ended = runtime.block_on(gather);
                trials.close();
                ended
            });
            let run =
                |scenario: &Scenario, strategy: usize, trial: u32| trials.trial(scenario, strategy, trial);
            let found = search(TrialRunner::elsewhere(control, &run));
            trials.no_more();
            (found, gathering.join().expect("whoever gathers does not panic"))
        });
        if let Some(shown) = shown {
            shown.finish();
        }
        trials.failure()?;
        gathered?;
        if control.stop.load(Ordering::Relaxed) {
            let shown = dir.display();
            notice::tell(format_args!(
                "keystorm: stopped; trials that are there are kept in {shown}: the same command with -o {shown} goes on"
            ));
            return Ok(Found::Stopped);
        }
        // The cells make room for what was found, and not before.
        Ok(Found::Whole(found, RunFolder::claim(Some(&dir), &sought.scenario.name, true)?))
    }
}

/// The folder of a search, which goes on where it was if it holds cells of the same.
fn claim(sought: &Sought<'_>, question: &[u8]) -> Result<PathBuf, Error> {
    let dir = match sought.out {
        Some(dir) => dir.to_path_buf(),
        None => {
            let name = format!("{}-{}", sought.scenario.name, sought.command);
            run_folder::new_dir(&name, &crate::clock::stamp())?
        }
    };
    let file = dir.join(NAME);
    if file.is_file() && !sought.force {
        let there = std::fs::read(&file)
            .map_err(|error| Error::Failed(format!("{}: cannot be read: {error}", file.display())))?;
        if there != question {
            return Err(Error::Usage(format!(
                "--out {}: the folder holds trials of another search; give another folder, or --force to replace them",
                dir.display()
            )));
        }
        Store::new(&dir).clear_drafts()?;
        return Ok(dir);
    }
    run_folder::prepare(&dir, sought.force)?;
    output::write_file(&file, question)?;
    Ok(dir)
}
