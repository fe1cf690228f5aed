//! Runs a trial again and listens to one of its jobs. Draws are keyed by the job, so that it meets what it met before.

use super::Core;
use crate::record::Layout;
use crate::results::story::Story;
use crate::scenario::Scenario;
use std::sync::Arc;

/// The story of job number `index` of workload number `workload` in trial `trial` of strategy number `strategy`; `None` if
/// no such job came. The trial is run until the job is over.
pub fn story(scenario: &Scenario, strategy: usize, trial: u32, workload: u16, index: u64) -> Option<Story> {
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let mut core = Core::new(scenario, &layout, strategy, trial);
    core.listen(workload, index);
    loop {
        let now = core.next_at();
        if now.is_never() || core.is_told() {
            break;
        }
        core.step(now, now);
    }
    core.into_story()
}
