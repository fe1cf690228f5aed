//! Which part of a live run is made here: all of it, what is around the load, or a share of the load.

use super::Error;
use crate::backend::Fixtures;
use crate::engine::live::{Control, LiveTrial, Share, shared_rate};
use crate::guard::Agent;
use crate::results::WorkerWall;
use crate::scenario::Scenario;
use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

/// All trials of a live run, by strategy, and who shared the load.
pub type LiveTrials = (Vec<Vec<LiveTrial>>, Vec<WorkerWall>);

/// Who runs the load of a live run, if this process does not.
pub trait LoadRunner {
    /// Has it run with what set-up has made in so many attempts, on behalf of `agent`, until `control` says stop.
    fn run<'r>(
        &'r self,
        scenario: &'r Scenario,
        made: (&'r Fixtures, u64),
        agent: &'r Agent,
        control: &'r Control,
    ) -> Pin<Box<dyn Future<Output = Result<LiveTrials, Error>> + 'r>>;
}

/// A share of a live run, as whoever makes it is told of it.
pub struct WorkerPart {
    /// Whose clients, and who says when.
    pub share: Share,
    /// What set-up has made elsewhere.
    pub fixtures: Arc<Fixtures>,
}

/// Which part of a live run is made here.
#[derive(Clone, Copy)]
pub enum Role<'a> {
    /// All of it.
    Alone,
    /// What is before the load and after it.
    Coordinator(&'a dyn LoadRunner),
    /// A share of the load.
    Worker(&'a WorkerPart),
}

impl Role<'_> {
    /// The scenario as far as it is run here: a worker's attempts are leased, and the rate is divided.
    pub(super) fn narrowed<'s>(&self, scenario: &'s Scenario) -> Cow<'s, Scenario> {
        let Role::Worker(part) = self else { return Cow::Borrowed(scenario) };
        let mut own = scenario.clone();
        let caps = &mut own.live.caps;
        caps.attempts = None;
        caps.rate = caps.rate.map(|rate| shared_rate(rate, part.share.of));
        Cow::Owned(own)
    }
}
