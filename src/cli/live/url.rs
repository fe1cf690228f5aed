//! Where a target that is a URL leads, and what a run there needs.

use super::LiveContext;
use crate::cli::Error;
use crate::cli::consent::{self, Credentials};
use crate::cli::finished::Finished;
use crate::engine::live::Provision;
use crate::guard::{Consent, Guard, Objection, Reached};
use crate::planner::{objections_to_plan, policy};
use crate::scenario::{Plan, Target};

impl LiveContext<'_> {
    /// Where a target that is a URL leads; `None` for other targets, and for a URL that is called as AWS is, which has its
    /// own permits.
    pub(in crate::cli) fn endpoint(&self) -> Result<Option<Reached>, Error> {
        let live = self.options.live;
        let url = match &self.loaded.scenario.target {
            Target::Http(url) => url,
            Target::Emulator if live.credentials.is_some() => {
                let said = "--credentials: the emulator in this process checks no signature";
                return Err(Error::Usage(said.into()));
            }
            _ => return Ok(None),
        };
        let chain = live.credentials == Some(Credentials::Chain);
        let given =
            [("endpoint-url", live.endpoint_url.is_some()), ("profile", live.profile.is_some() && !chain)];
        if let Some((option, _)) = given.into_iter().find(|(_, is)| *is) {
            return Err(Error::Usage(format!(
                "--{option} is for target aws: a target that is a URL is its own endpoint, and is called without AWS's \
                 credentials (--credentials)"
            )));
        }
        if chain {
            return Ok(None);
        }
        let guard = Guard::new(Consent { remote: live.yes_remote, aws: false }, self.agent.clone());
        let scenario = &self.loaded.scenario;
        let against = || objections_to_plan(scenario, &Plan::of(scenario));
        let reached = match guard.reach(url) {
            Ok(reached) => reached,
            // What else is missing is told at once.
            Err(objection @ Objection::Remote { .. }) => {
                return Err(Error::Usage(lines(objection, &against())));
            }
            Err(objection) => return Err(objection.into()),
        };
        if reached.is_remote() {
            consent::no_bounds_from_environment()?;
            if let [first, others @ ..] = against().as_slice() {
                return Err(Error::Usage(lines(first, others)));
            }
        }
        Ok(Some(reached))
    }

    /// A URL that is called as AWS is.
    pub(super) fn as_aws(&self, url: &str) -> Result<Option<Finished>, Error> {
        #[cfg(feature = "aws")]
        return self.against_aws(Some(url));
        #[cfg(not(feature = "aws"))]
        Err(Error::Usage(format!("{url}: this keystorm is built without the AWS SDK, which reads the chain")))
    }

    /// An endpoint that somebody else runs.
    pub(in crate::cli) fn against_url(&self, endpoint: &Reached) -> Result<Finished, Error> {
        self.over_socket(endpoint, &self.provision(None), &self.options(None))
    }

    /// Whether keys are made where somebody else keeps them; in an account of AWS with a policy that admits `caller`.
    pub(super) fn provision(&self, caller: Option<&str>) -> Provision {
        let tag = self.loaded.scenario.name.clone();
        match self.options.live.provision {
            true => Provision::Made { tag, given_up: true, policy: caller.map(policy::key_policy) },
            false => Provision::Never,
        }
    }
}

/// A sentence, and a line for each more.
fn lines(first: impl std::fmt::Display, others: &[crate::planner::Objection]) -> String {
    others.iter().fold(first.to_string(), |text, each| format!("{text}\n  - {each}"))
}
