//! What a live load by workers is to be, who puts it together, and how it went.

use super::members::Member;
use super::wire::LostSeat;
use crate::record::Piece;
use crate::time::{Span, Time};

/// What becomes of a load that loses a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// The others go on, with the clients that they have.
    Degrade,
    /// Everybody stops.
    Abort,
    /// The others serve its clients, too.
    Rebalance,
}

/// What is to be run.
pub struct LoadPlan<'p> {
    /// By the hash of everything that it follows from.
    pub run: &'p str,
    /// This execution of it, by a hash that no other has.
    pub session: &'p str,
    /// What is loaded, by scheme, host and port, or by a word.
    pub target: &'p str,
    /// The command that is a worker for it, as people are told of it.
    pub worker: &'p str,
    /// How many workers share the clients.
    pub workers: u32,
    /// How many trials there are, of all strategies together.
    pub trials: u32,
    /// The longest that jobs take to end once nothing new begins.
    pub drain: Span,
    /// Attempts that may be sent, if that is capped.
    pub attempts: Option<u64>,
    /// Attempts that the jobs of each worker take at least, all trials together; none if that follows from answers.
    pub jobs: Vec<u64>,
    /// What becomes of it when a worker is lost.
    pub on_loss: OnLoss,
    /// What workers need, by the names of its objects.
    pub material: Vec<(String, Vec<u8>)>,
}

/// Who puts together what workers tell.
pub trait Assembly {
    /// A trial begins: what comes from now on is of it.
    fn begin(&mut self, trial: u32);

    /// Takes a piece of a worker's recording; gives whether one before it is missing.
    ///
    /// # Errors
    /// A sentence, for what is no piece of this load.
    fn piece(&mut self, worker: usize, piece: &Piece) -> Result<bool, String>;

    /// Takes a worker's sealed log.
    ///
    /// # Errors
    /// A sentence, for what is no log of this trial and worker.
    fn log(&mut self, trial: u32, worker: usize, name: &str, bytes: &[u8]) -> Result<(), String>;

    /// Looks at the whole at `now` of the trial's timeline; gives whether a threshold ends the trial.
    fn look(&mut self, trial: u32, now: Time) -> bool;
}

/// A worker that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Its number.
    pub worker: usize,
    /// In which trial.
    pub trial: u32,
    /// When it was last heard, on the trial's timeline.
    pub at: Time,
    /// From when on the others serve its clients, on the same, if they do.
    pub dealt: Option<Time>,
}

impl Loss {
    /// What workers are told of it in trial `trial`; nothing if its clients are nobody's. In a trial that comes later they are
    /// the others' from the beginning.
    pub(super) fn seat_in(&self, trial: u32) -> Option<LostSeat> {
        let from = self.dealt?;
        let from_ns = if self.trial == trial { from.as_nanos() } else { 0 };
        Some(LostSeat { index: self.worker as u32, from_ns })
    }
}

/// Why a load was stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// Somebody asked for it.
    Person,
    /// A worker ended early by what its log tells.
    Worker(usize),
    /// A worker was lost.
    Loss(usize),
    /// The bus was away.
    Bus,
    /// A worker cannot take part, for this reason.
    Refused(usize, String),
}

/// How a load went.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The workers, by their numbers.
    pub members: Vec<Member>,
    /// Those that were lost, in that order.
    pub losses: Vec<Loss>,
    /// Trials that were begun.
    pub begun: u32,
    /// Why it was stopped, in which trial and when, if it was.
    pub stopped: Option<(StopReason, u32, Time)>,
    /// By trial that a threshold ended: when.
    pub aborted: Vec<(u32, Time)>,
}

impl Outcome {
    /// Of a load that was stopped before it began.
    pub(super) fn before(reason: StopReason) -> Outcome {
        Outcome { stopped: Some((reason, 0, Time::ZERO)), ..Outcome::default() }
    }
}
