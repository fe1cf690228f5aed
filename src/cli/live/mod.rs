//! `keystorm run` off the simulator: what a live run shows of itself while it lasts, and who can end it.

pub mod args;
mod lines;
pub mod metrics;
mod otlp;
#[cfg(feature = "tui")]
pub mod view;
mod watching;
mod web;

use super::finished::Finished;
use super::load::Loaded;
use super::metrics_server::MetricsServer;
use super::{Common, Error, consent, interrupt, output, stamp};
use crate::engine::live::Control;
use crate::guard::Agent;
use crate::report::html::{LiveTitle, Stamp};
use crate::runner::{self, LiveRun, Prepared};
use crate::scenario::Scenario;
use args::LiveOptions;
use otlp::Otlp;
use std::net::SocketAddr;
use std::sync::Arc;
use watching::Watched;
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
    let permits = options.live.permits(&loaded.scenario)?;
    // Whoever may not be connected to is told so before anything else begins.
    let prepared = runner::prepare(LiveRun {
        scenario: &loaded.scenario,
        question: &loaded.question,
        permits: &permits,
        threads: super::threads::threads(options.threads),
        agent: &agent,
        host: stamp::host(),
        command: stamp::command(),
        role: options.role,
    })?;
    if let Some(plan) = prepared.plan() {
        if options.live.dry_run {
            output::print(plan)?;
            return Ok(None);
        }
        if !common.quiet {
            crate::notice::tell_raw(&plan);
        }
    }
    let metrics = options.live.metrics.map(|address| metrics(control, address, common)).transpose()?;
    let title = || title(loaded, &prepared);
    let web = options.live.web.map(|address| web(control, address, title(), common)).transpose()?;
    let otlp = options
        .live
        .otlp
        .as_deref()
        .map(|url| Otlp::start(control, &loaded.scenario, url, options.live.yes_remote, &agent));
    let otlp = otlp.transpose()?;
    let watched = Watched::new(control, watching(&loaded.scenario, options, common));
    let finished = prepared.run(control, &watched).map(Finished::from);
    drop((metrics, web));
    if let (Some(otlp), Ok(finished)) = (otlp, &finished)
        && let Err(why) = otlp.finish(finished)
    {
        crate::notice::tell(format_args!("keystorm: {why}; the run is saved all the same"));
    }
    Ok(Some(finished?))
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

/// The page that shows the run.
fn web(control: &Arc<Control>, address: SocketAddr, title: LiveTitle, common: &Common) -> Result<Web, Error> {
    let web = Web::start(control, address, title).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidInput => Error::Usage(format!("--web {address}: {error}")),
        _ => Error::Failed(format!("cannot show the run on {address}: {error}")),
    })?;
    if !common.quiet {
        crate::notice::tell(format_args!("the run is shown on http://{}/", web.address()));
    }
    Ok(web)
}

/// What the page is headed with.
fn title(loaded: &Loaded, prepared: &Prepared<'_>) -> LiveTitle {
    let scenario = &loaded.scenario;
    LiveTitle {
        name: scenario.name.clone(),
        question: loaded.question.clone(),
        target: runner::target(scenario),
        strategies: scenario.strategies.iter().map(|strategy| strategy.name.clone()).collect(),
        began: Stamp { drawn_at: prepared.began_at().into(), ..stamp::now() },
    }
}

/// How the run is watched.
fn watching(scenario: &Scenario, options: &LiveOptions, common: &Common) -> watching::Settings {
    watching::Settings {
        name: scenario.name.clone(),
        target: runner::target(scenario),
        view: !options.live.no_tui,
        every: options.every,
        quiet: common.quiet,
    }
}
