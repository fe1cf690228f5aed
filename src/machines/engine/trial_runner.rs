//! Who runs the trials that a search wants: this process, or somebody else for it.

use super::sim::{Control, simulate_one};
use crate::record::Trial;
use crate::scenario::Scenario;
use std::sync::atomic::Ordering;

/// Has trial number `.2` of strategy number `.1` of a scenario run elsewhere, and waits for it. What it gives after
/// [`Control::stop`] nobody looks at.
pub type Elsewhere<'e> = dyn Fn(&Scenario, usize, u32) -> Trial + Sync + 'e;

/// Runs trials one by one: a trial is the same whoever runs it.
#[derive(Clone, Copy)]
pub struct TrialRunner<'r> {
    control: &'r Control,
    elsewhere: Option<&'r Elsewhere<'r>>,
}

impl<'r> TrialRunner<'r> {
    /// This process, as far as `control` lets it.
    pub const fn here(control: &'r Control) -> TrialRunner<'r> {
        TrialRunner { control, elsewhere: None }
    }

    /// Somebody else; `control` stops the search, and is told how far it is.
    pub const fn elsewhere(control: &'r Control, run: &'r Elsewhere<'r>) -> TrialRunner<'r> {
        TrialRunner { control, elsewhere: Some(run) }
    }

    /// Trial `trial` of strategy number `strategy`; cut short after [`Control::stop`].
    pub fn trial(&self, scenario: &Scenario, strategy: usize, trial: u32) -> Trial {
        match self.elsewhere {
            Some(run) => run(scenario, strategy, trial),
            None => simulate_one(scenario, strategy, trial, self.control),
        }
    }

    /// Whether somebody has said stop.
    pub fn is_stopped(&self) -> bool {
        self.control.stop.load(Ordering::Relaxed)
    }

    /// Virtual nanoseconds done so far.
    pub fn done(&self) -> u64 {
        self.control.done.load(Ordering::Relaxed)
    }
}
