//! Runs through the AWS SDK: against any endpoint, and against AWS itself with everything that guards it.

mod account;
mod share;

use super::trials::Trials;
use super::{Credentials, Error, LiveRun, Measured, Role, Warrant, WorkerPart, runtime};
use crate::aws::{self, Access, Checks, Looked, QuotaGuard, SdkFactory, look};
use crate::backend::http::Signer;
use crate::engine::live::{Control, Options, Provision};
use crate::guard::{Agent, Reached};
use crate::planner::{Permit, ramped};
use crate::quota::PoolId;
use crate::results::End;
use crate::scenario::{LiveClient, Scenario, Target};
use crate::time::Span;
use crate::units::Rate;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often the account's use is looked at while a run is under way.
const EVERY: Span = Span::from_secs(60);

/// An account of AWS that a run may call.
pub(super) enum Permitted {
    /// The whole run may: everything that it depends on was looked at here.
    Whole { access: Access, looked: Looked },
    /// A share of it may, as whoever coordinates has looked at the rest.
    Share { access: Access, warrant: Warrant },
}

impl Permitted {
    /// What is known of the account, and what the run may do there; whoever runs a share does not know it.
    pub(super) fn plan(&self, agent: &Agent) -> Option<String> {
        match self {
            Permitted::Whole { looked, .. } => {
                Some(format!("{}  agent     {}\n", looked.permit, agent.header()))
            }
            Permitted::Share { .. } => None,
        }
    }
}

/// What a worker may load, as far as it can see for itself, and the scenario as it may be run there.
fn share_of(run: &LiveRun<'_>, part: &WorkerPart) -> Result<(Permitted, Scenario), Error> {
    let warrant = part
        .warrant
        .clone()
        .ok_or_else(|| Error::Usage("it was not told on which account the load is permitted".into()))?;
    let (access, scenario) = share::enter(run, &warrant)?;
    Ok((Permitted::Share { access, warrant }, scenario))
}

/// Looks at an account of AWS, or at a URL that is called as AWS is, and gives the scenario as it may be run there.
pub(super) fn look_up(run: &LiveRun<'_>, endpoint_url: Option<&str>) -> Result<(Permitted, Scenario), Error> {
    if let Role::Worker(part) = run.role {
        return share_of(run, part);
    }
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
    let denied = account::denied(permits)?;
    let scenario = ramped(run.scenario);
    let wanted = account::wanted(run, &scenario, endpoint_url);
    let checks = Checks { usage: !permits.unknown_use, denied: &denied };
    let (access, looked) = runtime()?.block_on(async {
        let access = Access::find(&wanted).await?;
        let looked = look(&access, &scenario, checks).await?;
        Ok::<_, aws::Error>((access, looked))
    })?;
    let scenario = permitted(&scenario, &looked.permit);
    if let Role::Coordinator(load) = run.role {
        warrant(run, &scenario, &access, &looked)?.suits(load.workers())?;
    }
    Ok((Permitted::Whole { access, looked }, scenario))
}

/// What workers may do together of what the whole run may.
fn warrant(
    run: &LiveRun<'_>,
    scenario: &Scenario,
    access: &Access,
    looked: &Looked,
) -> Result<Warrant, Error> {
    let permit = &looked.permit;
    let rate = scenario.live.caps.rate;
    Ok(Warrant {
        account: permit.found.account.clone(),
        owner: run.permits.provision.then(|| permit.found.arn.clone()),
        endpoint: access.kms_endpoint()?.url().to_string(),
        throttling: run.permits.throttling,
        rate: rate.ok_or_else(|| Error::Failed("a run on AWS has no cap on its rate".into()))?,
        shares: shares(permit),
        quotas: scenario.quotas.overrides.clone(),
    })
}

/// What may be taken of each pool in a second.
fn shares(permit: &Permit) -> Vec<(PoolId, f64)> {
    permit.shares.iter().map(|share| (share.pool, share.allowed_per_s)).collect()
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

    /// The permitted run, or the share of it that is run here.
    pub(super) fn against_aws(&self, permitted: Permitted) -> Result<Measured, Error> {
        if !self.run.permits.real_aws {
            return Err(Error::Usage(
                "the account was looked at only: nothing is run without --yes-real-aws".into(),
            ));
        }
        match permitted {
            Permitted::Whole { access, looked } => self.watched_over(access, looked),
            Permitted::Share { access, warrant } => {
                let many = self.part().map_or(1, |part| part.share.of);
                let options = Options {
                    stop_on_throttle: !warrant.throttling,
                    shares: warrant.share_of(many),
                    ..self.options(None)
                };
                self.at_aws(&access, &Provision::Never, &options)
            }
        }
    }

    /// The whole run, with somebody who looks at the account meanwhile.
    fn watched_over(&self, access: Access, looked: Looked) -> Result<Measured, Error> {
        let scenario = self.scenario;
        let options = Options {
            stop_on_throttle: !self.run.permits.throttling,
            shares: shares(&looked.permit),
            ..self.options(None)
        };
        let warrant = warrant(self.run, scenario, &access, &looked)?;
        let provision = self.provision(Some(&looked.permit.found.arn));
        let called = access.clone();
        let is_watched = !looked.metrics.is_empty() || scenario.live.caps.stop_on.is_some();
        let quota_guard = is_watched.then(|| self.quota_guard(access, looked)).transpose()?;
        let trials = Trials { warrant: Some(&warrant), ..*self };
        let measured = trials.at_aws(&called, &provision, &options);
        let Some(why) = quota_guard.and_then(QuotaGuard::finish) else { return measured };
        let why = format!("the run was ended for others' sake: {why}");
        match measured {
            Ok(mut measured) => {
                // It was not the user who ended it.
                measured.run.interrupted = false;
                measured.end = End::Cap(why);
                Ok(measured)
            }
            Err(Error::Interrupted(said)) => Err(Error::Failed(format!("{why}; {said}"))),
            Err(other) => Err(other),
        }
    }

    /// By whichever client the scenario asks for.
    fn at_aws(&self, access: &Access, provision: &Provision, options: &Options) -> Result<Measured, Error> {
        let (scenario, url) = (self.scenario, access.kms_endpoint()?);
        match scenario.live.client {
            LiveClient::Raw => self.signed(access, &url, provision, options),
            LiveClient::AwsSdk => {
                let factory = SdkFactory::new(access.clone(), scenario);
                let make = move |strategy, trial| factory.maker(strategy, trial);
                self.go(make, provision, options, self.vantage(Some(&url.url().to_string())))
            }
        }
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
