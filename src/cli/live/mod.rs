//! `keystorm run` off the simulator: where attempts go, what sends them, what ends the run.

pub mod args;
#[cfg(feature = "aws")]
pub mod aws;
mod facts;
mod lines;
pub mod metrics;
mod otlp;
mod url;
#[cfg(feature = "tui")]
pub mod view;
mod watching;
mod web;

use super::consent;
use super::finished::{End, Finished};
use super::load::Loaded;
use super::metrics_server::MetricsServer;
use super::{Common, Error, interrupt, saved, stamp};
use crate::backend::http::{HttpFactory, Signer, Trust};
use crate::backend::{Backend, Emulated, Fixtures};
use crate::clock::{Stopwatch, iso};
use crate::emulator::{self, Direct};
use crate::engine::live::{self, Control, LiveTrial, Lost, Options, Provision, Setup, Share};
use crate::guard::{Agent, Consent, Guard, Reached};
use crate::quota::{Quotas, catalogue};
use crate::record::Trial;
use crate::report::html::{LiveTitle, Stamp};
use crate::results::Vantage;
use crate::scenario::{LiveClient, Target};
use crate::server::{Running, Settings};
use crate::time::Span;
use crate::units::Rate;
#[cfg(feature = "bus")]
use args::Role;
use args::{LiveOptions, LiveTrials};
use otlp::Otlp;
use std::net::SocketAddr;
use std::sync::Arc;
use watching::Watching;
use web::Web;

/// Runs a live scenario; `None` if there was nothing to run, as asked.
///
/// # Errors
/// [`Error`], with its remedy.
pub(in crate::cli) fn run(
    loaded: &Loaded,
    options: &LiveOptions,
    common: &Common,
) -> Result<Option<Finished>, Error> {
    consent::tell_ignored();
    let control = Arc::new(Control::default());
    let stopper = Arc::clone(&control);
    // A second Ctrl-C leaves at once.
    ctrlc::set_handler(move || interrupt::interrupt(&stopper.stop))
        .map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    once(loaded, options, common, &control)
}

/// [`run`], steered by a control of somebody else's.
///
/// # Errors
/// [`Error`], with its remedy.
pub(in crate::cli) fn once(
    loaded: &Loaded,
    options: &LiveOptions,
    common: &Common,
    control: &Arc<Control>,
) -> Result<Option<Finished>, Error> {
    let agent = Agent::new().map_err(|error| Error::Failed(format!("no run can be named: {error}")))?;
    let threads = super::threads::threads(options.threads);
    let started_at = iso();
    let context = LiveContext {
        loaded,
        options,
        common,
        control,
        agent: &agent,
        threads: threads.max(1),
        began: (&started_at, Stopwatch::start()),
    };
    // Whoever may not be connected to is told so before anything else begins.
    let endpoint = context.endpoint()?;
    let metrics = options.live.metrics.map(|address| metrics(control, address, common)).transpose()?;
    let web = options.live.web.map(|address| context.web(address)).transpose()?;
    let otlp = options
        .live
        .otlp
        .as_deref()
        .map(|url| Otlp::start(control, &loaded.scenario, url, options.live.yes_remote, &agent));
    let otlp = otlp.transpose()?;
    let result = match &loaded.scenario.target {
        Target::Emulator => context.against_emulator().map(Some),
        Target::Http(url) => match endpoint {
            Some(endpoint) => context.against_url(&endpoint).map(Some),
            None => context.as_aws(url),
        },
        #[cfg(feature = "aws")]
        Target::Aws => context.against_aws(options.live.endpoint_url.as_deref()),
        _ => Err(Error::Usage("this target cannot be run live".into())),
    };
    drop((metrics, web));
    if let (Some(otlp), Ok(Some(finished))) = (otlp, &result)
        && let Err(why) = otlp.finish(finished)
    {
        crate::notice::tell(format_args!("keystorm: {why}; the run is saved all the same"));
    }
    result
}

/// The Prometheus endpoint, with a warning where others can ask.
fn metrics(control: &Arc<Control>, address: SocketAddr, common: &Common) -> Result<MetricsServer, Error> {
    let server = MetricsServer::start(control, address)
        .map_err(|error| Error::Failed(format!("cannot serve metrics on {address}: {error}")))?;
    if let Some(warning) = server.warning() {
        crate::notice::tell(warning);
    }
    if !common.quiet {
        crate::notice::tell(format_args!("metrics: http://{}/metrics", server.address()));
    }
    Ok(server)
}

/// What every target needs.
#[derive(Clone, Copy)]
pub(super) struct LiveContext<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) options: &'a LiveOptions<'a>,
    pub(super) common: &'a Common,
    pub(super) control: &'a Arc<Control>,
    /// Under which name it calls.
    pub(super) agent: &'a Agent,
    pub(super) threads: usize,
    /// When it began, by the wall clock and by ours.
    pub(super) began: (&'a str, Stopwatch),
}

/// What all trials left behind, by strategy.
type Trials = Vec<Vec<LiveTrial>>;

impl LiveContext<'_> {
    /// The page that shows the run.
    fn web(&self, address: SocketAddr) -> Result<Web, Error> {
        let scenario = &self.loaded.scenario;
        let title = LiveTitle {
            name: scenario.name.clone(),
            question: self.loaded.question.clone(),
            target: self.target(),
            strategies: scenario.strategies.iter().map(|strategy| strategy.name.clone()).collect(),
            began: Stamp { drawn_at: self.began.0.into(), ..stamp::now() },
        };
        let web = Web::start(self.control, address, title).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidInput => Error::Usage(format!("--web {address}: {error}")),
            _ => Error::Failed(format!("cannot show the run on {address}: {error}")),
        })?;
        if !self.common.quiet {
            crate::notice::tell(format_args!("the run is shown on http://{}/", web.address()));
        }
        Ok(web)
    }

    /// Where attempts go, in a word.
    fn target(&self) -> String {
        match &self.loaded.scenario.target {
            Target::Http(url) => stamp::origin(url),
            other => other.to_string(),
        }
    }

    /// How the run is watched.
    fn watching(&self) -> watching::Settings {
        watching::Settings {
            name: self.loaded.scenario.name.clone(),
            target: self.target(),
            view: !self.options.live.no_tui,
            every: self.options.every,
            quiet: self.common.quiet,
        }
    }

    /// The emulated KMS in this process, over a free loopback port or without a socket.
    fn against_emulator(&self) -> Result<Finished, Error> {
        let scenario = &self.loaded.scenario;
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
            return self.go(make, &provision, &options, facts::vantage(scenario, None));
        }
        let running = Running::start(Settings { emulator, ..Settings::default() })
            .map_err(|error| Error::Failed(format!("the emulator: {error}")))?;
        let options = self.options(Some(running.direct()));
        let own = Guard::new(Consent::default(), self.agent.clone()).reach(&running.url())?;
        let finished = self.over_socket(&own, &provision, &options);
        running.stop();
        finished
    }

    /// Over HTTP, by whichever client the scenario asks for.
    pub(super) fn over_socket(
        &self,
        url: &Reached,
        provision: &Provision,
        options: &Options,
    ) -> Result<Finished, Error> {
        let scenario = &self.loaded.scenario;
        match scenario.live.client {
            #[cfg(feature = "aws")]
            LiveClient::Raw => self.over_signed(url, provision, options),
            #[cfg(not(feature = "aws"))]
            LiveClient::Raw => match &self.options.live.credentials {
                None | Some(consent::Credentials::None) => {
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
    ) -> Result<Finished, Error> {
        let scenario = &self.loaded.scenario;
        let pem = self.trusted()?;
        let trust = pem.as_deref().map_or(Trust::System, Trust::Pem);
        let factory = HttpFactory::new(url, &scenario.region, &scenario.live.transport, trust, signer)
            .map_err(|error| Error::Usage(error.to_string()))?;
        let make = move |_, _| {
            let factory = factory.clone();
            move || factory.make()
        };
        self.go(make, provision, options, facts::vantage(scenario, Some(&url.url().to_string())))
    }

    /// The content of the file of certificates to trust, if the scenario names one.
    fn trusted(&self) -> Result<Option<Vec<u8>>, Error> {
        let path = self.loaded.scenario.live.transport.ca.as_deref();
        let read = |path: &str| {
            std::fs::read(path).map_err(|error| Error::Usage(format!("transport.ca: {path}: {error}")))
        };
        path.map(read).transpose()
    }

    pub(super) fn options(&self, emulator: Option<Direct>) -> Options {
        // A quota window that is shared by two trials would throttle the second for what the first has sent.
        let pause = if emulator.is_some() { Span::ZERO } else { Span::from_secs(1) };
        Options {
            threads: self.threads,
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
    ) -> Result<Finished, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Failed(format!("cannot start: {error}")))?;
        let scenario = &self.loaded.scenario;
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
        let elapsed = self.began.1.elapsed();
        let (run, began) = (self.agent.run(), self.began.0.to_owned());
        let facts = facts::facts(run, began, elapsed, vantage, &setup, keys_made, (&trials, workers));
        Ok(self.conclude(trials, facts))
    }

    /// What attempts are made of: a worker is handed what was made elsewhere.
    async fn fixtures<B: Backend, M: Fn() -> B>(
        &self,
        make: impl Fn(usize, u32) -> M,
        setup: &mut Setup,
        provision: &Provision,
    ) -> Result<Arc<Fixtures>, Error> {
        #[cfg(feature = "bus")]
        if let Role::Worker(part) = self.options.role {
            return Ok(Arc::clone(&part.fixtures));
        }
        let backend = make(0, 0)();
        Ok(Arc::new(setup.fixtures(&backend, &self.loaded.scenario, provision).await?))
    }

    /// The share of the clients that is run here, if it is not all of them.
    fn share(&self) -> Option<Share> {
        #[cfg(feature = "bus")]
        if let Role::Worker(part) = self.options.role {
            return Some(part.share.clone());
        }
        None
    }

    /// Runs every trial, or has workers run them.
    async fn run_trials<B: Backend, M: Fn() -> B + Clone + Send + 'static>(
        &self,
        fixtures: &Arc<Fixtures>,
        make: impl Fn(usize, u32) -> M,
        setup: &Setup,
        options: &Options,
    ) -> Result<LiveTrials, Error> {
        let scenario = &self.loaded.scenario;
        #[cfg(feature = "bus")]
        if let Role::Coordinator(load) = self.options.role {
            return load.run(scenario, (fixtures, setup.attempts), self.agent, self.control).await;
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
        let watching = Watching::start(self.control, self.watching()).map_err(|error| {
            Error::Failed(format!("cannot show the run ({error}); --no-tui tells it in lines"))
        })?;
        let done = self.run_trials(fixtures, make, setup, options).await;
        if let Err(error) = watching.finish() {
            crate::notice::tell(format_args!("keystorm: the run could not be shown to its end: {error}"));
        }
        done
    }

    /// What the trials come to.
    fn conclude(&self, trials: Trials, facts: crate::results::LiveFacts) -> Finished {
        let scenario = &self.loaded.scenario;
        let end = end_of(&trials);
        let recorded: Vec<Vec<Trial>> =
            trials.into_iter().map(|each| each.into_iter().map(|live| live.trial).collect()).collect();
        let (run, merged) = crate::results::conclude_live(
            scenario,
            &self.loaded.question,
            scenario.to_value(),
            &recorded,
            facts,
        );
        let histograms = saved::Histograms::from_recordings(&run, &merged);
        Finished { run, histograms, end, recordings: merged }
    }
}

impl From<live::Error> for Error {
    fn from(error: live::Error) -> Error {
        match error {
            live::Error::NoKeys(_) | live::Error::ManyKeys(..) => Error::Usage(error.to_string()),
            live::Error::Interrupted => Error::Interrupted(error.to_string()),
            other => Error::Failed(other.to_string()),
        }
    }
}

/// How the run ended.
fn end_of(trials: &Trials) -> End {
    let all = || trials.iter().flatten();
    if let Some(cap) = all().find_map(|trial| trial.ended.cap) {
        return End::Cap(format!("the run reached caps.{cap} and was ended; results so far were written"));
    }
    if all().any(|trial| trial.ended.throttled) {
        return End::Cap(
            "a quota throttled the run and ended it (--allow-throttling goes on); results so far were written".into(),
        );
    }
    match all().find_map(|trial| trial.ended.lost.as_ref()) {
        Some(Lost::Worker(name)) => {
            return End::Failed(format!(
                "worker {name} was lost and the run was ended (--on-loss degrade goes on without it); results so far were written"
            ));
        }
        Some(Lost::Bus) => {
            return End::Failed(
                "the bus was lost, and every worker stopped by itself; results so far were written".into(),
            );
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
