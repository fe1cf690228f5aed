//! Which part of a live run is made here: all of it, what is around the load, or a share of the load.

use super::{Error, Warrant};
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

/// What whoever runs a load is handed.
#[derive(Clone, Copy)]
pub struct Handed<'r> {
    /// What is run: under a permit with lowered caps.
    pub scenario: &'r Scenario,
    /// What set-up has made.
    pub fixtures: &'r Fixtures,
    /// In so many attempts.
    pub attempts: u64,
    /// Under which name is called.
    pub agent: &'r Agent,
    /// What all may do together, on an account of AWS.
    pub warrant: Option<&'r Warrant>,
}

/// Who runs the load of a live run, if this process does not.
pub trait LoadRunner {
    /// How many workers share it.
    fn workers(&self) -> u32;

    /// Has it run with what is `handed` to it, until `control` says stop.
    fn run<'r>(
        &'r self,
        handed: Handed<'r>,
        control: &'r Control,
    ) -> Pin<Box<dyn Future<Output = Result<LiveTrials, Error>> + 'r>>;
}

/// A share of a live run, as whoever makes it is told of it.
pub struct WorkerPart {
    /// Whose clients, and who says when.
    pub share: Share,
    /// What set-up has made elsewhere.
    pub fixtures: Arc<Fixtures>,
    /// What all workers may do together, on an account of AWS.
    pub warrant: Option<Warrant>,
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
