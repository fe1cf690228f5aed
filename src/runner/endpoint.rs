//! Where a target that is a URL leads, and what a run there needs.

use super::{Credentials, Error, LiveRun};
use crate::guard::{Consent, Guard, Objection, Reached};
use crate::planner::objections_to_plan;
use crate::scenario::Plan;

/// Where the URL of a run leads; `None` for one that is called as AWS is, which has its own permits.
pub(super) fn reached(run: &LiveRun<'_>, url: &str) -> Result<Option<Reached>, Error> {
    let permits = run.permits;
    let chain = permits.credentials == Some(Credentials::Chain);
    let given =
        [("endpoint-url", permits.endpoint_url.is_some()), ("profile", permits.profile.is_some() && !chain)];
    if let Some((option, _)) = given.into_iter().find(|(_, is)| *is) {
        return Err(Error::Usage(format!(
            "--{option} is for target aws: a target that is a URL is its own endpoint, and is called without AWS's \
             credentials (--credentials)"
        )));
    }
    if chain {
        return Ok(None);
    }
    let guard = Guard::new(Consent { remote: permits.remote, aws: false }, run.agent.clone());
    let against = || objections_to_plan(run.scenario, &Plan::of(run.scenario));
    let reached = match guard.reach(url) {
        Ok(reached) => reached,
        // What else is missing is told at once.
        Err(objection @ Objection::Remote { .. }) => {
            return Err(Error::Usage(lines(objection, &against())));
        }
        Err(objection) => return Err(objection.into()),
    };
    if reached.is_remote() {
        permits.bounds_are_trusted()?;
        if let [first, others @ ..] = against().as_slice() {
            return Err(Error::Usage(lines(first, others)));
        }
    }
    Ok(Some(reached))
}

/// A sentence, and a line for each more.
fn lines(first: impl std::fmt::Display, others: &[crate::planner::Objection]) -> String {
    others.iter().fold(first.to_string(), |text, each| format!("{text}\n  - {each}"))
}
