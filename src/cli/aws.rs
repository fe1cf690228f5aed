//! `keystorm run` through the AWS SDK: against any endpoint, and against AWS itself with everything that guards it.

use super::live::Place;
use super::load::Loaded;
use super::run::{End, Finished};
use super::{Error, live_wall, output};
use crate::aws::{self, Access, Checks, Looked, SdkFactory, Wanted, Watchman, look};
use crate::backend::http::Signer;
use crate::engine::live::{Control, Options, Provision};
use crate::planner::{Permit, policy, ramped};
use crate::quota::PoolId;
use crate::scenario::{LiveClient, Scenario};
use crate::time::Span;
use crate::units::Rate;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::runtime::Runtime;

/// How often the account's use is looked at while a run is under way.
const EVERY: Span = Span::from_secs(60);

impl From<aws::Error> for Error {
    fn from(error: aws::Error) -> Error {
        Error::Failed(error.to_string())
    }
}

/// Prints the least IAM policy for a scenario; whatever account, if none is on `allow`.
///
/// # Errors
/// stdout cannot be written.
pub(super) fn print_policy(scenario: &Scenario, provisions: bool) -> Result<(), Error> {
    let unnamed =
        scenario.workloads.iter().find(|workload| workload.keys.ids.is_empty() && workload.needs_keys());
    if let Some(workload) = unnamed.filter(|_| !provisions) {
        return Err(crate::engine::live::Error::NoKeys(workload.name.clone()).into());
    }
    let account = scenario.live.allow.accounts.first().map_or("*", String::as_str);
    output::print(format!("{:#}\n", policy::identity_policy(scenario, account, provisions)))
}

/// A runtime for what is asked before and beside a run.
pub(super) fn runtime() -> Result<Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Error::Failed(format!("cannot start: {error}")))
}

impl Place<'_> {
    fn wanted(&self, endpoint_url: Option<String>, is_aws: bool) -> Wanted {
        let scenario = &self.loaded.scenario;
        Wanted {
            region: scenario.region.clone(),
            profile: self.wish.live.profile.clone(),
            endpoint_url,
            is_aws,
            transport: scenario.live.transport.clone(),
        }
    }

    /// An endpoint that is not AWS. That of an emulator in this process needs no credentials.
    pub(super) fn over_sdk(
        &self,
        url: &str,
        provision: &Provision,
        options: &Options,
    ) -> Result<Finished, Error> {
        let scenario = &self.loaded.scenario;
        let access = if options.emulator.is_some() {
            Access::unchecked(&scenario.region, url, &scenario.live.transport)?
        } else {
            runtime()?.block_on(Access::find(&self.wanted(Some(url.to_owned()), false)))?
        };
        let factory = SdkFactory::new(access, scenario);
        let vantage = live_wall::vantage(scenario, Some(url));
        self.go(move |strategy, trial| factory.maker(strategy, trial), provision, options, vantage)
    }

    /// An endpoint that is not AWS, by our own client, with the credentials of the standard chain.
    pub(super) fn over_signed(
        &self,
        url: &str,
        provision: &Provision,
        options: &Options,
    ) -> Result<Finished, Error> {
        let access = runtime()?.block_on(Access::find(&self.wanted(Some(url.to_owned()), false)))?;
        self.signed(&access, url, provision, options)
    }

    /// By our own client, signed with the credentials of `access`.
    fn signed(
        &self,
        access: &Access,
        url: &str,
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

    /// AWS itself; `None` after `--dry-run`.
    pub(super) fn against_aws(&self) -> Result<Option<Finished>, Error> {
        let live = &self.wish.live;
        if !live.yes_real_aws && !live.dry_run {
            return Err(Error::Usage(
                "target aws calls real keys of a real account, which costs money and takes from its quotas: \
                 look first with --dry-run, then say --yes-real-aws"
                    .into(),
            ));
        }
        let scenario = &ramped(&self.loaded.scenario);
        let (access, looked) = runtime()?.block_on(async {
            let access = Access::find(&self.wanted(live.endpoint_url.clone(), true)).await?;
            let looked = look(&access, scenario, Checks { usage: !live.no_usage_check }).await?;
            Ok::<_, aws::Error>((access, looked))
        })?;
        if live.dry_run {
            output::print(looked.permit.to_string())?;
            return Ok(None);
        }
        if !self.common.quiet {
            crate::notice::tell_raw(&looked.permit);
        }
        let loaded =
            Loaded { scenario: permitted(scenario, &looked.permit), question: self.loaded.question.clone() };
        Place { loaded: &loaded, ..*self }.guarded(access, looked).map(Some)
    }

    /// The permitted run, watched over.
    fn guarded(&self, access: Access, looked: Looked) -> Result<Finished, Error> {
        let scenario = &self.loaded.scenario;
        let live = &self.wish.live;
        let shares = looked.permit.shares.iter().map(|share| (share.pool, share.allowed_per_s)).collect();
        let options = Options { stop_on_throttle: !live.allow_throttling, shares, ..self.options(None) };
        let (factory, signing) = (SdkFactory::new(access.clone(), scenario), access.clone());
        let watchman = match looked.metrics.is_empty() {
            true => None,
            false => Some(self.watchman(access, looked)?),
        };
        let provision = self.provision();
        let url = signing.endpoint().unwrap_or_else(|| endpoint(&scenario.region));
        let finished = match scenario.live.client {
            LiveClient::Raw => self.signed(&signing, &url, &provision, &options),
            LiveClient::AwsSdk => {
                let make = move |strategy, trial| factory.maker(strategy, trial);
                self.go(make, &provision, &options, live_wall::vantage(scenario, Some(&url)))
            }
        };
        let why = watchman.and_then(Watchman::finish);
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
    fn watchman(&self, access: Access, looked: Looked) -> Result<Watchman, Error> {
        self.control.watch();
        let (seen, stopped) = (Arc::clone(self.control), Arc::clone(self.control));
        let end = move || stopped.stop.store(true, Ordering::Relaxed);
        let scenario = self.loaded.scenario.clone();
        Ok(Watchman::start(access, scenario, looked, EVERY, move || attempts(&seen), end)?)
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

/// The Region's endpoint of KMS. Source: AWS General Reference, AWS KMS endpoints and quotas (read 2026-11-23).
fn endpoint(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://kms.{region}.amazonaws.com{suffix}")
}

/// Attempts of each pool so far in the trial under way.
fn attempts(control: &Control) -> Vec<(PoolId, u64)> {
    let pools = control.glance().map(|glance| glance.pools).unwrap_or_default();
    pools.iter().map(|report| (report.pool, report.attempts)).collect()
}

/// The scenario under its permit: lowered caps, and the account's own quotas where reports draw the line.
fn permitted(scenario: &Scenario, permit: &Permit) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.live.caps = permit.caps;
    for share in permit.shares.iter().filter(|share| share.is_applied) {
        let name = share.pool.name().to_owned();
        // Some quotas are a few calls a minute.
        let rate = Rate::new((share.quota_per_s * 60.0).round().max(1.0) as u64, 60);
        scenario.quotas.overrides.entry(name).or_insert(rate);
    }
    scenario
}
