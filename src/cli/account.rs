//! The account behind commands that only ask: who it is, whether it may be touched, and access to it.

use super::runtime::runtime;
use super::{Error, consent};
use crate::aws::{Access, Wanted, whoami};
use crate::guard::{Agent, Consent, Guard};
use crate::planner::Objection;
use crate::scenario::Transport;
use tokio::runtime::Runtime;

/// Options of every command that asks an account.
#[derive(clap::Args, Clone, Debug)]
pub struct AccountArgs {
    /// Profile of the shared AWS files whose credentials are used.
    #[arg(long, env = "KEYSTORM_PROFILE")]
    pub profile: Option<String>,
    /// PEM file with the CA certificates to trust instead of the system's.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_CA")]
    pub ca: Option<String>,
}

/// Whom to ask, and what is permitted.
#[derive(Clone, Copy, Debug)]
pub struct Way<'w> {
    /// The Region.
    pub region: &'w str,
    /// Profile of the shared AWS files.
    pub profile: Option<&'w str>,
    /// PEM file with the CA certificates to trust instead of the system's.
    pub ca: Option<&'w str>,
    /// Whether a real account may be called.
    pub is_permitted: bool,
    /// Whether an endpoint may be far away.
    pub is_remote: bool,
    /// What is asked, for the sentence that asks for the permit: `Service Quotas, CloudWatch and STS`.
    pub what: &'static str,
}

impl Way<'_> {
    /// Access, the account's id, and a runtime to ask on.
    ///
    /// # Errors
    /// [`Error::Usage`] without the permit; no credentials, no answer, or an account that is denied.
    pub fn open(&self) -> Result<(Runtime, Access, String), Error> {
        consent::tell_ignored();
        if !self.is_permitted {
            return Err(Error::Usage(format!(
                "this asks a real account in {}: {}, which its CloudTrail records: say --yes-real-aws",
                self.region, self.what
            )));
        }
        let denied = consent::denied()?;
        let agent = Agent::new().map_err(|error| Error::Failed(format!("no run can be named: {error}")))?;
        let wanted = Wanted {
            region: self.region.into(),
            profile: self.profile.map(Into::into),
            endpoint_url: None,
            transport: Transport { ca: self.ca.map(Into::into), ..Transport::default() },
            guard: Guard::new(Consent { remote: self.is_remote, aws: true }, agent),
        };
        let runtime = runtime()?;
        let (access, account) = runtime.block_on(async {
            let access = Access::find(&wanted).await?;
            let account = whoami(&access).await?.account;
            match denied.by(&account) {
                Some(file) => {
                    let file = file.to_owned();
                    Err(crate::aws::Error::Refusal(vec![Objection::Denied { account, file }]))
                }
                None => Ok((access, account)),
            }
        })?;
        Ok((runtime, access, account))
    }
}
