//! Runs a trial again and listens to one of its jobs. Draws are keyed by the job, so that it meets what it met before.

use super::core::Core;
use super::ear::Ear;
use super::sim::admission;
use crate::record::Layout;
use crate::results::story::Story;
use crate::scenario::Scenario;
use std::sync::Arc;

/// The story of job number `index` of workload number `workload` in trial `trial` of strategy number `strategy`; `None` if
/// no such job came. The trial is run until the job is over.
pub fn story(scenario: &Scenario, strategy: usize, trial: u32, workload: u16, index: u64) -> Option<Story> {
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let mut admission = admission(scenario, trial);
    let ear = Ear::new(workload, index);
    let mut core = Core::observed_by(ear, scenario, &layout, (strategy, trial), admission.phase());
    while let now = core.poll_timeout()
        && !now.is_never()
        && !core.observer().is_over()
    {
        core.handle_timeout(now, now);
        while let Some(attempt) = core.poll_output(now) {
            let sent = core.sent(&attempt, now);
            let answer = admission.handle(&attempt, now);
            core.observer().answered(&attempt, now, &answer);
            core.answers_at(answer.ready_at, attempt.token, sent, answer.reply);
        }
    }
    let last = core.recorder().last();
    core.into_observer().into_story(last)
}
