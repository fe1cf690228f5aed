//! The way to an account, and which accounts nobody here may touch.

use crate::aws::Wanted;
use crate::guard::{Consent, Guard};
use crate::planner::Denied;
use crate::runner::{Error, LiveRun, Permits, SYSTEM_LIST, deny};
use crate::scenario::Scenario;
use std::path::Path;

/// What is wanted of AWS for `scenario`, at the Region's own KMS or at another endpoint.
pub(super) fn wanted(run: &LiveRun<'_>, scenario: &Scenario, endpoint_url: Option<&str>) -> Wanted {
    let permits = run.permits;
    Wanted {
        region: scenario.region.clone(),
        profile: permits.profile.clone(),
        endpoint_url: endpoint_url.map(str::to_owned),
        transport: scenario.live.transport.clone(),
        guard: Guard::new(Consent { remote: permits.remote, aws: true }, run.agent.clone()),
    }
}

/// The accounts that are denied: the caller's, and this machine's.
///
/// # Errors
/// [`Error::Usage`] for a list that cannot be read.
pub(super) fn denied(permits: &Permits) -> Result<Denied, Error> {
    let mut denied = permits.denied.clone();
    deny(&mut denied, Path::new(SYSTEM_LIST), false)?;
    Ok(denied)
}
