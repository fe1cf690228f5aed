//! Runs through the AWS SDK: against any endpoint, and against AWS itself with everything that guards it.

use super::trials::Trials;
use super::{Credentials, Error, LiveRun, Measured, SYSTEM_LIST, deny, runtime};
use crate::aws::{self, Access, Checks, Looked, QuotaGuard, SdkFactory, Wanted, look};
use crate::backend::http::Signer;
use crate::engine::live::{Control, Options, Provision};
use crate::guard::{Agent, Consent, Guard, Reached};
use crate::planner::{Permit, ramped};
use crate::quota::PoolId;
use crate::results::End;
use crate::scenario::{LiveClient, Scenario, Target};
use crate::time::Span;
use crate::units::Rate;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often the account's use is looked at while a run is under way.
const EVERY: Span = Span::from_secs(60);

/// An account of AWS that a run may call.
pub(super) struct Permitted {
    access: Access,
    looked: Looked,
}

impl Permitted {
    /// What is known of the account, and what the run may do there.
    pub(super) fn plan(&self, agent: &Agent) -> String {
        format!("{}  agent     {}\n", self.looked.permit, agent.header())
    }
}

/// Looks at an account of AWS, or at a URL that is called as AWS is, and gives the scenario as it may be run there.
pub(super) fn look_up(run: &LiveRun<'_>, endpoint_url: Option<&str>) -> Result<(Permitted, Scenario), Error> {
    let permits = run.permits;
    if !permits.real_aws && !permits.look_only {
        return Err(Error::Usage(
            "target aws, and any target with --credentials chain, calls real keys of a real account, which costs money \
             and takes from its quotas: look first with --dry-run, then say --yes-real-aws"
                .into(),
        ));
    }
    if matches!(run.scenario.target, Target::Aws)
        && permits.credentials.as_ref().is_some_and(|asked| *asked != Credentials::Chain)
    {
        return Err(Error::Usage(
            "target aws takes the credentials of AWS's chain: --credentials chain, or none of it".into(),
        ));
    }
    permits.bounds_are_trusted()?;
    let mut denied = permits.denied.clone();
    deny(&mut denied, Path::new(SYSTEM_LIST), false)?;
    let scenario = ramped(run.scenario);
    let wanted = Wanted {
        region: scenario.region.clone(),
        profile: permits.profile.clone(),
        endpoint_url: endpoint_url.map(str::to_owned),
        transport: scenario.live.transport.clone(),
        guard: Guard::new(Consent { remote: permits.remote, aws: true }, run.agent.clone()),
    };
    let checks = Checks { usage: !permits.unknown_use, denied: &denied };
    let (access, looked) = runtime()?.block_on(async {
        let access = Access::find(&wanted).await?;
        let looked = look(&access, &scenario, checks).await?;
        Ok::<_, aws::Error>((access, looked))
    })?;
    let scenario = permitted(&scenario, &looked.permit);
    Ok((Permitted { access, looked }, scenario))
}

impl Trials<'_> {
    /// Access to an endpoint that is not AWS, with the credentials that were asked for. That of an emulator in this
    /// process needs none.
    fn access(&self, endpoint: &Reached, is_own: bool) -> Result<Access, Error> {
        let scenario = self.scenario;
        let access = Access::unchecked(&scenario.region, endpoint, &scenario.live.transport)?;
        Ok(match self.run.permits.credentials.as_ref().filter(|_| !is_own) {
            Some(Credentials::Keys { id, secret, token }) => {
                access.with_credentials(id, secret, token.clone())
            }
            _ => access,
        })
    }

    /// An endpoint that is not AWS.
    pub(super) fn over_sdk(
        &self,
        endpoint: &Reached,
        provision: &Provision,
        options: &Options,
    ) -> Result<Measured, Error> {
        let scenario = self.scenario;
        let factory = SdkFactory::new(self.access(endpoint, options.emulator.is_some())?, scenario);
        let vantage = self.vantage(Some(&endpoint.url().to_string()));
        self.go(move |strategy, trial| factory.maker(strategy, trial), provision, options, vantage)
    }

    /// An endpoint that is not AWS, by our own client. Where nobody's credentials are asked for, nobody signs.
    pub(super) fn over_signed(
        &self,
        endpoint: &Reached,
        provision: &Provision,
        options: &Options,
    ) -> Result<Measured, Error> {
        let is_own = options.emulator.is_some();
        if is_own || matches!(self.run.permits.credentials, None | Some(Credentials::Nobody)) {
            return self.over_raw(endpoint, Signer::Nobody, provision, options);
        }
        self.signed(&self.access(endpoint, is_own)?, endpoint, provision, options)
    }

    /// By our own client, signed with the credentials of `access`.
    fn signed(
        &self,
        access: &Access,
        url: &Reached,
        provision: &Provision,
        options: &Options,
    ) -> Result<Measured, Error> {
        let provider = access
            .sdk()
            .credentials_provider()
            .ok_or_else(|| aws::Error::NoCredentials("the chain has no provider".into()))?;
        let signer = runtime()?
            .block_on(aws::Signer::new(provider, access.region()))
            .map_err(|error| Error::Failed(error.to_string()))?;
        let keeper = Keeper::start(Arc::clone(&signer))?;
        let measured = self.over_raw(url, Signer::By(signer.sign()), provision, options);
        keeper.finish();
        measured
    }

    /// The permitted run, watched over.
    pub(super) fn against_aws(&self, Permitted { access, looked }: Permitted) -> Result<Measured, Error> {
        let scenario = self.scenario;
        if !self.run.permits.real_aws {
            return Err(Error::Usage(
                "the account was looked at only: nothing is run without --yes-real-aws".into(),
            ));
        }
        let shares = looked.permit.shares.iter().map(|share| (share.pool, share.allowed_per_s)).collect();
        let options =
            Options { stop_on_throttle: !self.run.permits.throttling, shares, ..self.options(None) };
        let provision = self.provision(Some(&looked.permit.found.arn));
        let (factory, signing) = (SdkFactory::new(access.clone(), scenario), access.clone());
        let is_watched = !looked.metrics.is_empty() || scenario.live.caps.stop_on.is_some();
        let quota_guard = is_watched.then(|| self.quota_guard(access, looked)).transpose()?;
        let url = signing.kms_endpoint()?;
        let measured = match scenario.live.client {
            LiveClient::Raw => self.signed(&signing, &url, &provision, &options),
            LiveClient::AwsSdk => {
                let make = move |strategy, trial| factory.maker(strategy, trial);
                self.go(make, &provision, &options, self.vantage(Some(&url.url().to_string())))
            }
        };
        let why = quota_guard.and_then(QuotaGuard::finish);
        let mut measured = measured?;
        if let Some(why) = why {
            // It was not the user who ended it.
            measured.run.interrupted = false;
            measured.end = End::Cap(format!("the run was ended for others' sake: {why}"));
        }
        Ok(measured)
    }

    /// Somebody who ends the run when others need the room.
    fn quota_guard(&self, access: Access, looked: Looked) -> Result<QuotaGuard, Error> {
        self.control.watch();
        let (seen, stopped) = (Arc::clone(self.control), Arc::clone(self.control));
        let end = move || stopped.stop.store(true, Ordering::Relaxed);
        let scenario = self.scenario.clone();
        Ok(QuotaGuard::start(access, scenario, looked, EVERY, move || attempts(&seen), end)?)
    }
}

/// Keeps the credentials of our own client fresh while a run lasts.
struct Keeper {
    stop: tokio::sync::oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Keeper {
    fn start(signer: Arc<aws::Signer>) -> Result<Keeper, Error> {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let runtime = runtime()?;
        let failed = |error| {
            crate::notice::tell(format_args!(
                "keystorm: credentials are not renewed yet, and asked for again: {error}"
            ))
        };
        let work = async move {
            tokio::select! {
                () = signer.keep_fresh(failed) => {}
                _ = stopped => {}
            }
        };
        let thread = std::thread::Builder::new()
            .name("credentials".into())
            .spawn(move || runtime.block_on(work))
            .map_err(|error| Error::Failed(format!("cannot start a thread: {error}")))?;
        Ok(Keeper { stop, thread })
    }

    fn finish(self) {
        // With credentials that never end, it is gone already.
        let _ = self.stop.send(());
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Attempts of each pool so far in the trial under way.
fn attempts(control: &Control) -> Vec<(PoolId, u64)> {
    let pools = control.snapshot().map(|snapshot| snapshot.pools).unwrap_or_default();
    pools.iter().map(|report| (report.pool, report.attempts)).collect()
}

/// The scenario under its permit: lowered caps, and the account's own quotas where reports draw the line.
fn permitted(scenario: &Scenario, permit: &Permit) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.live.caps = permit.caps.clone();
    for share in permit.shares.iter().filter(|share| share.is_applied) {
        let name = share.pool.name().to_owned();
        // Some quotas are a few calls a minute.
        let rate = Rate::new((share.quota_per_s * 60.0).round().max(1.0) as u64, 60);
        scenario.quotas.overrides.entry(name).or_insert(rate);
    }
    scenario
}
