//! Set-up, every trial of a run, and what they come to.

use super::{Error, Handed, LiveRun, LiveTrials, Measured, Role, Warrant, Watcher, WorkerPart, runtime};
use crate::backend::http::{HttpFactory, Signer, Trust};
use crate::backend::{Backend, Emulated, Fixtures};
use crate::clock::Stopwatch;
use crate::emulator::{self, Direct};
use crate::engine::live::{self, Control, LiveTrial, Lost, Options, Provision, Setup, Share};
use crate::guard::{Consent, Guard, Reached};
use crate::planner::policy;
use crate::quota::{Quotas, catalogue};
use crate::record::Trial;
use crate::results::{End, LiveFacts, Vantage};
use crate::scenario::{LiveClient, Scenario};
use crate::server::{Running, Settings};
use crate::time::Span;
use crate::units::Rate;
use std::sync::Arc;

/// The trials of one run.
#[derive(Clone, Copy)]
pub(super) struct Trials<'a> {
    pub(super) run: &'a LiveRun<'a>,
    /// What is run here of its scenario.
    pub(super) scenario: &'a Scenario,
    pub(super) control: &'a Arc<Control>,
    pub(super) watcher: &'a dyn Watcher,
    /// When it began, by the wall clock and by ours.
    pub(super) began: &'a (String, Stopwatch),
    /// What workers may do together on an account of AWS.
    pub(super) warrant: Option<&'a Warrant>,
}

impl Trials<'_> {
    /// The emulated KMS in this process, over a free loopback port or without a socket.
    pub(super) fn against_emulator(&self) -> Result<Measured, Error> {
        let scenario = self.scenario;
        let emulator = emulator::Settings {
            region: scenario.region.clone(),
            quotas: without_limits(),
            seed: scenario.seed,
            ..emulator::Settings::default()
        };
        let provision = Provision::Made { tag: scenario.name.clone(), given_up: false, policy: None };
        if scenario.live.transport.in_process {
            let server =
                Direct::start(emulator).map_err(|error| Error::Failed(format!("the emulator: {error}")))?;
            let options = self.options(Some(server.clone()));
            let make = move |_, _| {
                let server = server.clone();
                move || Emulated::new(server.clone())
            };
            return self.go(make, &provision, &options, self.vantage(None));
        }
        let running = Running::start(Settings { emulator, ..Settings::default() })
            .map_err(|error| Error::Failed(format!("the emulator: {error}")))?;
        let options = self.options(Some(running.direct()));
        let own = Guard::new(Consent::default(), self.run.agent.clone()).reach(&running.url())?;
        let measured = self.over_socket(&own, &provision, &options);
        running.stop();
        measured
    }

    /// An endpoint that somebody else runs.
    pub(super) fn against_url(&self, endpoint: &Reached) -> Result<Measured, Error> {
        self.over_socket(endpoint, &self.provision(None), &self.options(None))
    }

    /// Whether keys are made where somebody else keeps them; in an account of AWS with a policy that admits `caller`.
    pub(super) fn provision(&self, caller: Option<&str>) -> Provision {
        let tag = self.scenario.name.clone();
        match self.run.permits.provision {
            true => Provision::Made { tag, given_up: true, policy: caller.map(policy::key_policy) },
            false => Provision::Never,
        }
    }

    /// Over HTTP, by whichever client the scenario asks for.
    pub(super) fn over_socket(
        &self,
        url: &Reached,
        provision: &Provision,
        options: &Options,
    ) -> Result<Measured, Error> {
        let scenario = self.scenario;
        match scenario.live.client {
            #[cfg(feature = "aws")]
            LiveClient::Raw => self.over_signed(url, provision, options),
            #[cfg(not(feature = "aws"))]
            LiveClient::Raw => match &self.run.permits.credentials {
                None | Some(super::Credentials::Nobody) => {
                    self.over_raw(url, Signer::Nobody, provision, options)
                }
                Some(_) => {
                    Err(Error::Usage("this keystorm is built without the AWS SDK, which signs".into()))
                }
            },
            #[cfg(feature = "aws")]
            LiveClient::AwsSdk => self.over_sdk(url, provision, options),
            #[cfg(not(feature = "aws"))]
            LiveClient::AwsSdk => Err(Error::Usage("this keystorm is built without the AWS SDK".into())),
        }
    }

    /// Over HTTP, by our own client.
    pub(super) fn over_raw(
        &self,
        url: &Reached,
        signer: Signer,
        provision: &Provision,
        options: &Options,
    ) -> Result<Measured, Error> {
        let scenario = self.scenario;
        let pem = self.trusted()?;
        let trust = pem.as_deref().map_or(Trust::System, Trust::Pem);
        let factory = HttpFactory::new(url, &scenario.region, &scenario.live.transport, trust, signer)
            .map_err(|error| Error::Usage(error.to_string()))?;
        let make = move |_, _| {
            let factory = factory.clone();
            move || factory.make()
        };
        self.go(make, provision, options, self.vantage(Some(&url.url().to_string())))
    }

    /// The content of the file of certificates to trust, if the scenario names one.
    fn trusted(&self) -> Result<Option<Vec<u8>>, Error> {
        let path = self.scenario.live.transport.ca.as_deref();
        let read = |path: &str| {
            std::fs::read(path).map_err(|error| Error::Usage(format!("transport.ca: {path}: {error}")))
        };
        path.map(read).transpose()
    }

    pub(super) fn options(&self, emulator: Option<Direct>) -> Options {
        // A quota window that is shared by two trials would throttle the second for what the first has sent.
        let pause = if emulator.is_some() { Span::ZERO } else { Span::from_secs(1) };
        Options {
            threads: self.run.threads.max(1),
            emulator,
            stop_on_throttle: false,
            shares: Vec::new(),
            pause,
            is_paused: false,
            share: self.share(),
        }
    }

    /// Set-up, every trial, and what was made is given up again, whatever happened.
    pub(super) fn go<B: Backend, M: Fn() -> B + Clone + Send + 'static>(
        &self,
        make: impl Fn(usize, u32) -> M,
        provision: &Provision,
        options: &Options,
        vantage: Vantage,
    ) -> Result<Measured, Error> {
        let runtime = runtime()?;
        let scenario = self.scenario;
        // An emulator of our own has no quotas yet, and nobody else uses it.
        let apart = |rate: Rate| Span::from_nanos((1e9 / rate.as_per_second()) as u64);
        let rate = scenario.live.caps.rate.map(apart);
        let pause = options.emulator.is_none().then(|| rate.unwrap_or_default());
        let mut setup = Setup {
            cap: scenario.live.caps.attempts,
            pause,
            control: Some(Arc::clone(self.control)),
            ..Setup::default()
        };
        let gives_up = matches!(provision, Provision::Made { given_up: true, .. });
        let local = tokio::task::LocalSet::new();
        let result = local.block_on(&runtime, async {
            let fixtures = self.fixtures(&make, &mut setup, provision).await?;
            self.watched(&fixtures, &make, &setup, options).await
        });
        let keys_made = setup.made.len() as u64 + setup.tried;
        if gives_up && !setup.made.is_empty() {
            let left = local.block_on(&runtime, async { setup.give_up(&make(0, 0)()).await });
            for (key, refusal) in left {
                crate::notice::tell(format_args!(
                    "keystorm: key {key} is left behind ({}: {}); `keystorm cleanup` finds it",
                    refusal.code, refusal.message
                ));
            }
        }
        let (trials, workers) = result?;
        let facts = self.facts(vantage, &setup, keys_made, (&trials, workers));
        Ok(self.conclude(trials, facts))
    }

    /// What attempts are made of: a worker is handed what was made elsewhere.
    async fn fixtures<B: Backend, M: Fn() -> B>(
        &self,
        make: impl Fn(usize, u32) -> M,
        setup: &mut Setup,
        provision: &Provision,
    ) -> Result<Arc<Fixtures>, Error> {
        if let Some(part) = self.part() {
            return Ok(Arc::clone(&part.fixtures));
        }
        let backend = make(0, 0)();
        Ok(Arc::new(setup.fixtures(&backend, self.scenario, provision).await?))
    }

    /// The share of the clients that is run here, if it is not all of them.
    fn share(&self) -> Option<Share> {
        self.part().map(|part| part.share.clone())
    }

    /// A worker's part.
    pub(super) fn part(&self) -> Option<&WorkerPart> {
        if let Role::Worker(part) = self.run.role { Some(part) } else { None }
    }

    /// Runs every trial, or has workers run them.
    async fn run_trials<B: Backend, M: Fn() -> B + Clone + Send + 'static>(
        &self,
        fixtures: &Arc<Fixtures>,
        make: impl Fn(usize, u32) -> M,
        setup: &Setup,
        options: &Options,
    ) -> Result<LiveTrials, Error> {
        let scenario = self.scenario;
        if let Role::Coordinator(load) = self.run.role {
            let (attempts, agent, warrant) = (setup.attempts, self.run.agent, self.warrant);
            return load.run(Handed { scenario, fixtures, attempts, agent, warrant }, self.control).await;
        }
        let trials = live::run(scenario, fixtures, make, setup, options, self.control).await?;
        Ok((trials, Vec::new()))
    }

    /// Every trial, under the eyes of whoever watches.
    async fn watched<B: Backend, M: Fn() -> B + Clone + Send + 'static>(
        &self,
        fixtures: &Arc<Fixtures>,
        make: impl Fn(usize, u32) -> M,
        setup: &Setup,
        options: &Options,
    ) -> Result<LiveTrials, Error> {
        self.watcher.begin()?;
        let done = self.run_trials(fixtures, make, setup, options).await;
        self.watcher.end();
        done
    }

    /// What the trials come to.
    fn conclude(&self, trials: Vec<Vec<LiveTrial>>, facts: LiveFacts) -> Measured {
        let scenario = self.scenario;
        let end = end_of(&trials);
        let recorded: Vec<Vec<Trial>> =
            trials.into_iter().map(|each| each.into_iter().map(|live| live.trial).collect()).collect();
        let (run, merged) =
            crate::results::conclude_live(scenario, self.run.question, scenario.to_value(), &recorded, facts);
        Measured { run, recordings: merged, end }
    }
}

/// How the run ended.
fn end_of(trials: &[Vec<LiveTrial>]) -> End {
    let all = || trials.iter().flatten();
    if let Some(cap) = all().find_map(|trial| trial.ended.cap) {
        return End::Cap(format!("the run reached caps.{cap} and was ended"));
    }
    if all().any(|trial| trial.ended.throttled) {
        return End::Cap("a quota throttled the run and ended it (--allow-throttling goes on)".into());
    }
    match all().find_map(|trial| trial.ended.lost.as_ref()) {
        Some(Lost::Worker(name)) => {
            return End::Failed(format!(
                "worker {name} was lost and the run was ended (--on-loss degrade goes on without it)"
            ));
        }
        Some(Lost::Bus) => {
            return End::Failed("the bus was lost, and every worker stopped by itself".into());
        }
        None => {}
    }
    let totals = all().map(|trial| trial.trial.recorder.attempt_totals());
    let (attempts, denied) = totals.fold((0, 0), |(all, no), each| (all + each.attempts, no + each.denied));
    if attempts > 0 && denied == attempts {
        let said = all().flat_map(|trial| &trial.ended.refusals).next();
        let said = said.map_or_else(String::new, |(code, message)| format!(": {code}: {message}"));
        return End::Failed(format!("every attempt was refused for access{said}"));
    }
    End::Done
}

/// Quotas of an emulator while a run is prepared.
fn without_limits() -> Quotas {
    let defaults = emulator::Settings::default().quotas;
    let unlimited = Rate::per_second(1_000_000_000);
    let overrides = catalogue::pool_names().map(|pool| (pool.to_owned(), unlimited)).collect();
    Quotas { overrides, ..defaults }
}
