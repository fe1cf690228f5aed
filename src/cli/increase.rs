//! `dossier --request` and `--status`: the request sent to Service Quotas, and followed.

use super::runtime::runtime;
use super::{Error, consent, output};
use crate::aws::{self, Access, Change, Wanted, changes, request_increase, whoami};
use crate::guard::{Agent, Consent, Guard};
use crate::planner::Objection;
use crate::report::dossier::QuotaRequest;
use crate::report::format::number;
use crate::scenario::Transport;

/// Who asks, and how.
pub struct IncreaseClient<'a> {
    /// The account that must be the caller's.
    pub account: &'a str,
    /// Profile of the shared AWS files.
    pub profile: Option<String>,
    /// PEM file with the CA certificates to trust instead of the system's.
    pub ca: Option<String>,
}

impl IncreaseClient<'_> {
    /// Access to a Region, as the account that asks.
    async fn access(&self, region: &str) -> Result<Access, Error> {
        let agent =
            Agent::new().map_err(|error| Error::Failed(format!("no request can be named: {error}")))?;
        let wanted = Wanted {
            region: region.into(),
            profile: self.profile.clone(),
            endpoint_url: None,
            transport: Transport { ca: self.ca.clone(), ..Transport::default() },
            guard: Guard::new(Consent { remote: false, aws: true }, agent),
        };
        Ok(Access::find(&wanted).await?)
    }

    /// Refuses to act for another account than the one on the page.
    async fn check(&self, access: &Access) -> Result<(), Error> {
        let caller = whoami(access).await?.account;
        let denied = consent::denied()?;
        if let Some(file) = denied.by(&caller) {
            let file = file.to_owned();
            return Err(aws::Error::Refusal(vec![Objection::Denied { account: caller, file }]).into());
        }
        if caller != self.account {
            return Err(Error::Failed(format!(
                "the credentials are those of account {caller}, and the dossier asks for {}; nothing was sent",
                self.account
            )));
        }
        Ok(())
    }

    /// Sends each request, unless one is open for the same quota already; prints what it sends.
    ///
    /// # Errors
    /// The caller is somebody else, a request is open, or Service Quotas says no.
    pub fn request(&self, asks: &[QuotaRequest]) -> Result<(), Error> {
        consent::tell_ignored();
        let runtime = runtime()?;
        for ask in asks {
            let code = coded(ask)?;
            let sent = runtime.block_on(async {
                let access = self.access(&ask.region).await?;
                self.check(&access).await?;
                if let Some(open) = changes(&access, code).await?.iter().find(|change| change.is_open()) {
                    return Err(Error::Failed(format!(
                        "{} in {}: a request is open already: {}; nothing was sent. --status follows it",
                        ask.pool,
                        ask.region,
                        line(open)
                    )));
                }
                output::print(format!(
                    "sending to Service Quotas in {}: RequestServiceQuotaIncrease ServiceCode=kms QuotaCode={code} \
                     DesiredValue={}\n",
                    ask.region, ask.value
                ))?;
                Ok(request_increase(&access, code, ask.value).await?)
            })?;
            output::print(format!("{} in {}: {}\n", ask.pool, ask.region, line(&sent)))?;
        }
        Ok(())
    }

    /// Prints where every request for these quotas stands.
    ///
    /// # Errors
    /// The caller is somebody else, or Service Quotas says no.
    pub fn status(&self, asks: &[QuotaRequest]) -> Result<(), Error> {
        let runtime = runtime()?;
        for ask in asks {
            let code = coded(ask)?;
            let all = runtime.block_on(async {
                let access = self.access(&ask.region).await?;
                self.check(&access).await?;
                Ok::<_, Error>(changes(&access, code).await?)
            })?;
            let shown: Vec<String> = all
                .iter()
                .map(|change| format!("{} in {}: {}\n", ask.pool, ask.region, line(change)))
                .collect();
            output::print(match shown.is_empty() {
                true => format!("{} in {}: no request was ever made\n", ask.pool, ask.region),
                false => shown.concat(),
            })?;
        }
        Ok(())
    }
}

/// The code of the quota that is asked for.
fn coded(ask: &QuotaRequest) -> Result<&str, Error> {
    ask.code.as_deref().ok_or_else(|| {
        Error::Failed(format!(
            "{}: no code of this quota is published, so that only Support can raise it: give them the page",
            ask.pool
        ))
    })
}

/// A request in a line.
fn line(change: &Change) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".into());
    let case = change.case_id.as_ref().map(|case| format!(", case {case}")).unwrap_or_default();
    let value = change.desired_value.map_or_else(|| "unknown".into(), number);
    format!("{} for {value}/s, id {}{case}", or(&change.status), or(&change.id))
}
