//! `run --bus` on the real clock: set-up here, the load by workers, and everything that they tell put together here.

mod args;
mod assembly;
mod fixtures;
mod log;
mod warrant;
mod worker;

pub use args::SharedArgs;
pub use worker::{AWS, LoadEngine, Started};

use super::Access;
use crate::bus::live::{LoadPlan, OnLoss, Outcome, StopReason, coordinate};
use crate::bus::{QUESTION, live::FIXTURES};
use crate::cli::Error;
use crate::cli::grid::{Grid, Share, Source, source};
use crate::clock;
use crate::engine::live::{Control, objections_to_shares, shared_jobs};
use crate::runner::{self, Handed, LiveTrials, LoadRunner};
use crate::scenario::{Scenario, Target};
use crate::time::Span;
use assembly::LoadAssembly;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

/// How often it is looked whether somebody has said stop.
const LOOK_EVERY: Span = Span::from_millis(50);

/// A live run by workers on a bus.
pub struct Load<'a> {
    /// The bus, and as whom one comes there.
    pub bus: (&'a str, &'a Access),
    /// How many workers share the clients.
    pub workers: u32,
    /// What becomes of it when one is lost, if that was said.
    pub on_loss: Option<OnLoss>,
    /// What the scenario was read from.
    pub source: Source,
    /// Whether nothing is said but errors.
    pub quiet: bool,
}

impl Load<'_> {
    /// Refuses what workers cannot share, every reason at once, before anything is connected to.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub fn judge(&self, scenario: &Scenario) -> Result<(), Error> {
        self.bus.1.way(self.bus.0, self.quiet)?;
        let objections = objections_to_shares(scenario, self.workers);
        match objections.split_first() {
            None => Ok(()),
            Some((first, others)) => {
                let all = others.iter().fold(first.clone(), |text, each| format!("{text}\n  - {each}"));
                Err(Error::Usage(format!("--bus: {all}")))
            }
        }
    }

    /// Has workers run what is handed to them.
    ///
    /// # Errors
    /// [`Error::Usage`] and [`Error::Failed`] for a bus that cannot be used, and where nothing was measured.
    async fn gathered(&self, handed: &Handed<'_>, control: &Control) -> Result<LiveTrials, Error> {
        let Handed { scenario, attempts: sent, agent, .. } = *handed;
        let way = self.bus.1.way(self.bus.0, self.quiet)?;
        let grid = Grid::live(self.source.clone())?;
        let run = grid.id();
        let session = source::sum(format!("{run}\n{}\n", agent.run()));
        let target = runner::target(scenario);
        let consent = if scenario.target == Target::Aws { " --yes-real-aws" } else { "" };
        let mut assembly = LoadAssembly::new(scenario, &run, self.workers, sent, control);
        let gated = !scenario.gate.is_empty() && !scenario.thresholds.is_empty();
        let by_default = if gated { OnLoss::Abort } else { OnLoss::Degrade };
        let attempts = scenario.live.caps.attempts.map(|most| most.saturating_sub(sent));
        let jobs = attempts.and_then(|_| shared_jobs(scenario, self.workers)).unwrap_or_default();
        let drain = scenario.workloads.iter().map(|workload| workload.graceful_stop).max();
        let plan = LoadPlan {
            run: &run,
            session: &session,
            target: &target,
            worker: &format!("keystorm worker --bus URL --target {target}{consent}"),
            workers: self.workers,
            trials: assembly.trials(),
            drain: drain.unwrap_or_default(),
            attempts,
            jobs,
            on_loss: self.on_loss.unwrap_or(by_default),
            material: material(&grid, handed)?,
        };
        let (tell, stop) = watch::channel(false);
        let listening = async {
            loop {
                if control.stop.load(Ordering::Relaxed) {
                    tell.send_replace(true);
                }
                clock::sleep(LOOK_EVERY).await;
            }
        };
        let outcome = tokio::select! {
            outcome = coordinate(&way, &plan, &mut assembly, stop) => outcome?,
            () = listening => return Err(Error::Failed("nobody listens for Ctrl-C any more".into())),
        };
        measured(&outcome)?;
        Ok(assembly.into_lived(&outcome))
    }
}

impl LoadRunner for Load<'_> {
    fn workers(&self) -> u32 {
        self.workers
    }

    fn run<'r>(
        &'r self,
        handed: Handed<'r>,
        control: &'r Control,
    ) -> Pin<Box<dyn Future<Output = Result<LiveTrials, runner::Error>> + 'r>> {
        Box::pin(async move { Ok(self.gathered(&handed, control).await?) })
    }
}

/// What workers need beside orders, by the names of its objects.
fn material(grid: &Grid, handed: &Handed<'_>) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut material = vec![
        (QUESTION.to_owned(), Share::question(grid)?),
        (FIXTURES.to_owned(), fixtures::written(handed)?),
    ];
    for (name, sum) in &grid.traces {
        let path = grid.source.trace(name);
        let bytes = std::fs::read(&path)
            .map_err(|error| Error::Failed(format!("cannot read {}: {error}", path.display())))?;
        material.push((sum.clone(), bytes));
    }
    Ok(material)
}

/// Refuses an outcome of which nothing was measured.
fn measured(outcome: &Outcome) -> Result<(), Error> {
    let name = |worker: usize| outcome.members[worker].name.as_str();
    let nothing = "nothing was measured";
    match &outcome.stopped {
        Some((StopReason::Refused(worker, why), ..)) => {
            Err(Error::Failed(format!("worker {} cannot take part: {why}", name(*worker))))
        }
        _ if outcome.begun > 0 => Ok(()),
        Some((StopReason::Loss(worker) | StopReason::Worker(worker), ..)) => {
            Err(Error::Failed(format!("worker {} was lost before the load began; {nothing}", name(*worker))))
        }
        Some((StopReason::Bus, ..)) => {
            Err(Error::Failed(format!("the bus was lost before the load began; {nothing}")))
        }
        _ => Err(Error::Interrupted(format!("the run was interrupted before the load began; {nothing}"))),
    }
}
