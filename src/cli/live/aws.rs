//! `keystorm run` through the AWS SDK: against any endpoint, and against AWS itself with everything that guards it.

use super::{LiveContext, facts};
use crate::aws::{self, Access, Checks, Looked, QuotaGuard, SdkFactory, Wanted, look};
use crate::backend::http::Signer;
use crate::cli::consent::{self, Credentials};
use crate::cli::finished::{End, Finished};
use crate::cli::load::Loaded;
use crate::cli::runtime::runtime;
use crate::cli::{Error, output};
use crate::engine::live::{Control, Options, Provision};
use crate::guard::{Consent, Guard, Reached};
use crate::planner::{Permit, policy, ramped};
use crate::quota::PoolId;
use crate::scenario::{LiveClient, Scenario, Target};
use crate::time::Span;
use crate::units::Rate;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often the account's use is looked at while a run is under way.
const EVERY: Span = Span::from_secs(60);

impl From<aws::Error> for Error {
    fn from(error: aws::Error) -> Error {
        match error {
            aws::Error::Guard(objection) => objection.into(),
            other => Error::Failed(other.to_string()),
        }
    }
}

/// Prints the least IAM policy for a scenario; whatever account, if none is on `allow`.
///
/// # Errors
/// stdout cannot be written.
pub(in crate::cli) fn print_policy(scenario: &Scenario, provisions: bool) -> Result<(), Error> {
    let unnamed =
        scenario.workloads.iter().find(|workload| workload.keys.ids.is_empty() && workload.needs_keys());
    if let Some(workload) = unnamed.filter(|_| !provisions) {
        return Err(crate::engine::live::Error::NoKeys(workload.name.clone()).into());
    }
    let account = scenario.live.allow.accounts.first().map_or("*", String::as_str);
    output::print(format!("{:#}\n", policy::identity_policy(scenario, account, provisions)))
}

impl LiveContext<'_> {
    /// Access to an endpoint that is not AWS, with the credentials that were asked for. That of an emulator in this
    /// process needs none.
    fn access(&self, endpoint: &Reached, is_own: bool) -> Result<Access, Error> {
        let scenario = &self.loaded.scenario;
        let access = Access::unchecked(&scenario.region, endpoint, &scenario.live.transport)?;
        let asked = self.options.live.credentials.as_ref().filter(|_| !is_own);
        Ok(match asked.map(Credentials::keys).transpose()?.flatten() {
            Some((id, secret, token)) => access.with_credentials(&id, &secret, token),
            None => access,
        })
    }

    /// An endpoint that is not AWS.
    pub(super) fn over_sdk(
        &self,
        endpoint: &Reached,
        provision: &Provision,
        options: &Options,
    ) -> Result<Finished, Error> {
        let scenario = &self.loaded.scenario;
        let factory = SdkFactory::new(self.access(endpoint, options.emulator.is_some())?, scenario);
        let vantage = facts::vantage(scenario, Some(&endpoint.url().to_string()));
        self.go(move |strategy, trial| factory.maker(strategy, trial), provision, options, vantage)
    }

    /// An endpoint that is not AWS, by our own client. Where nobody's credentials are asked for, nobody signs.
    pub(super) fn over_signed(
        &self,
        endpoint: &Reached,
        provision: &Provision,
        options: &Options,
    ) -> Result<Finished, Error> {
        let is_own = options.emulator.is_some();
        if is_own || matches!(self.options.live.credentials, None | Some(Credentials::None)) {
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
    ) -> Result<Finished, Error> {
        let provider = access
            .sdk()
            .credentials_provider()
            .ok_or_else(|| aws::Error::NoCredentials("the chain has no provider".into()))?;
        let signer = runtime()?
            .block_on(aws::Signer::new(provider, access.region()))
            .map_err(|error| Error::Failed(error.to_string()))?;
        let keeper = Keeper::start(Arc::clone(&signer))?;
        let finished = self.over_raw(url, Signer::By(signer.sign()), provision, options);
        keeper.finish();
        finished
    }

    /// AWS itself, or a URL that is called as AWS is; `None` after `--dry-run`.
    pub(super) fn against_aws(&self, endpoint_url: Option<&str>) -> Result<Option<Finished>, Error> {
        let live = &self.options.live;
        if !live.yes_real_aws && !live.dry_run {
            return Err(Error::Usage(
                "target aws, and any target with --credentials chain, calls real keys of a real account, which costs money \
                 and takes from its quotas: look first with --dry-run, then say --yes-real-aws"
                    .into(),
            ));
        }
        if matches!(self.loaded.scenario.target, Target::Aws)
            && live.credentials.as_ref().is_some_and(|asked| *asked != Credentials::Chain)
        {
            return Err(Error::Usage(
                "target aws takes the credentials of AWS's chain: --credentials chain, or none of it".into(),
            ));
        }
        consent::no_bounds_from_environment()?;
        let denied = consent::denied()?;
        let scenario = &ramped(&self.loaded.scenario);
        let wanted = Wanted {
            region: scenario.region.clone(),
            profile: live.profile.clone(),
            endpoint_url: endpoint_url.map(str::to_owned),
            transport: scenario.live.transport.clone(),
            guard: Guard::new(Consent { remote: live.yes_remote, aws: true }, self.agent.clone()),
        };
        let checks = Checks { usage: !live.no_usage_check, denied: &denied };
        let (access, looked) = runtime()?.block_on(async {
            let access = Access::find(&wanted).await?;
            let looked = look(&access, scenario, checks).await?;
            Ok::<_, aws::Error>((access, looked))
        })?;
        let plan = format!("{}  agent     {}\n", looked.permit, self.agent.header());
        if live.dry_run {
            output::print(plan)?;
            return Ok(None);
        }
        if !self.common.quiet {
            crate::notice::tell_raw(&plan);
        }
        let loaded =
            Loaded { scenario: permitted(scenario, &looked.permit), question: self.loaded.question.clone() };
        LiveContext { loaded: &loaded, ..*self }.guarded(access, looked).map(Some)
    }

    /// The permitted run, watched over.
    fn guarded(&self, access: Access, looked: Looked) -> Result<Finished, Error> {
        let scenario = &self.loaded.scenario;
        let live = &self.options.live;
        let shares = looked.permit.shares.iter().map(|share| (share.pool, share.allowed_per_s)).collect();
        let options = Options { stop_on_throttle: !live.allow_throttling, shares, ..self.options(None) };
        let provision = self.provision(Some(&looked.permit.found.arn));
        let (factory, signing) = (SdkFactory::new(access.clone(), scenario), access.clone());
        let is_watched = !looked.metrics.is_empty() || scenario.live.caps.stop_on.is_some();
        let quota_guard = is_watched.then(|| self.quota_guard(access, looked)).transpose()?;
        let url = signing.kms_endpoint()?;
        let finished = match scenario.live.client {
            LiveClient::Raw => self.signed(&signing, &url, &provision, &options),
            LiveClient::AwsSdk => {
                let make = move |strategy, trial| factory.maker(strategy, trial);
                self.go(make, &provision, &options, facts::vantage(scenario, Some(&url.url().to_string())))
            }
        };
        let why = quota_guard.and_then(QuotaGuard::finish);
        let mut finished = finished?;
        if let Some(why) = why {
            // It was not the user who ended it.
            finished.run.interrupted = false;
            finished.end =
                End::Cap(format!("the run was ended for others' sake: {why}; results were written"));
        }
        Ok(finished)
    }

    /// Somebody who ends the run when others need the room.
    fn quota_guard(&self, access: Access, looked: Looked) -> Result<QuotaGuard, Error> {
        self.control.watch();
        let (seen, stopped) = (Arc::clone(self.control), Arc::clone(self.control));
        let end = move || stopped.stop.store(true, Ordering::Relaxed);
        let scenario = self.loaded.scenario.clone();
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
