//! `keystorm onset --live`: the loads are sent, to the emulator or to a service nearby. Between two probes the service is
//! let drain, under a small load, until nothing of the one before is left.

use super::declared::means;
use super::live::args::{LiveArgs, LiveOptions, client};
use super::live::once;
use super::load::{Loaded, keep_strategies};
use super::{Common, Error};
use crate::engine::live::Control;
use crate::guard::{Agent, Consent, Guard};
use crate::planner::onset::Measure;
use crate::planner::variant;
use crate::runner::Role;
use crate::scenario::{Scenario, Target};
use crate::time::Span;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The share of a probe's load under which the service drains.
const DRAIN: f64 = 0.1;
/// How long a drain lasts before it is looked whether it was enough.
const DRAIN_FOR: Span = Span::from_secs(1);
/// How many drains one after another may not be enough.
const DRAINS: u32 = 30;

/// Options of `onset` that only a live search looks at.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Send the loads, to the emulator or to a URL on this machine or a private network, and let the service drain after each;
    /// refused on AWS.
    #[arg(long, env = "KEYSTORM_LIVE")]
    pub live: bool,
    #[arg(long, requires = "live", env = "KEYSTORM_TARGET",
        help = means("target", "; beside --live emulator or a URL [default: the scenario's, or emulator]"))]
    target: Option<String>,
    #[arg(long, requires = "live", env = "KEYSTORM_CLIENT", help = client())]
    client: Option<String>,
    /// Make the keys that the scenario does not name at the URL, and schedule them for deletion after each probe.
    #[arg(long, requires = "live")]
    provision: bool,
}

impl Options {
    /// What they lay over the scenario, as `--set` would.
    pub fn sets(&self) -> Vec<String> {
        let set = |key: &str, value: &Option<String>| value.as_ref().map(|value| format!("{key}={value}"));
        [set("target", &self.target), set("client", &self.client)].into_iter().flatten().collect()
    }

    /// The scenario with the target that is searched.
    ///
    /// # Errors
    /// [`Error::Usage`] on AWS, and on whatever is far away.
    pub fn aimed(&self, scenario: &Scenario) -> Result<Scenario, Error> {
        let mut aimed = scenario.clone();
        match &scenario.target {
            Target::Sim => aimed.target = Target::Emulator,
            Target::Emulator => {}
            Target::Aws => return Err(refused("target aws is AWS")),
            Target::Http(url) => {
                let guard = Guard::new(Consent { remote: false, aws: false }, Agent::unnamed());
                guard.reach(url).map_err(|objection| refused(&objection.to_string()))?;
            }
        }
        Ok(aimed)
    }
}

fn refused(why: &str) -> Error {
    Error::Usage(format!(
        "--live looks for the load that breaks a service, so it is refused on AWS and on whatever is neither this machine nor a \
         private network: {why}. Without --live the search is simulated"
    ))
}

/// What sends.
pub struct Sender<'a> {
    options: &'a Options,
    threads: Option<usize>,
    common: Common,
    /// Ends the probe that is running.
    pub control: Arc<Control>,
}

impl<'a> Sender<'a> {
    /// One that says nothing of its single probes.
    pub fn new(options: &'a Options, threads: Option<usize>, common: &Common) -> Sender<'a> {
        let common = Common { quiet: true, ..common.clone() };
        Sender { options, threads, common, control: Arc::default() }
    }

    /// Holds a load of a scenario's strategy for `length`, and lets the service drain; `None` when interrupted.
    ///
    /// # Errors
    /// The load cannot be sent, or the service does not come back.
    pub fn probe(
        &self,
        scenario: &Scenario,
        strategy: usize,
        (load_per_s, length): (f64, Span),
        trial: u32,
    ) -> Result<Option<Measure>, Error> {
        let Some(measure) = self.sent(scenario, strategy, (load_per_s, length), trial)? else {
            return Ok(None);
        };
        for _ in 0..DRAINS {
            let load = (load_per_s * DRAIN).max(1.0);
            let Some(drained) = self.sent(scenario, strategy, (load, DRAIN_FOR), trial)? else {
                return Ok(None);
            };
            if is_calm(&drained) {
                return Ok(Some(measure));
            }
        }
        Err(Error::Failed(format!(
            "after {load_per_s:.1} jobs/s the target does not come back: it still throttles or fails jobs at a tenth of that after \
             {DRAINS} drains of {DRAIN_FOR}; look at it before the search goes on (--history keeps what was found)"
        )))
    }

    fn sent(
        &self,
        scenario: &Scenario,
        strategy: usize,
        (load_per_s, length): (f64, Span),
        trial: u32,
    ) -> Result<Option<Measure>, Error> {
        let mut steady = variant::steady(scenario, load_per_s, length);
        let name = steady.strategies[strategy].name.clone();
        keep_strategies(&mut steady, &[name])?;
        (steady.trials, steady.until) = (1, None);
        steady.seed = scenario.seed.wrapping_add(u64::from(trial));
        let live = LiveArgs::silent(self.options.provision);
        let options = LiveOptions {
            live: &live,
            threads: self.threads,
            every: Span::from_secs(3_600),
            role: Role::Alone,
        };
        let loaded = Loaded { scenario: steady, question: String::new() };
        let finished = once(&loaded, &options, &self.common, &self.control);
        if self.control.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let finished = finished?;
        let recording = finished.and_then(|finished| finished.recordings.into_iter().next().flatten());
        let recording = recording.ok_or_else(|| Error::Failed("a probe recorded nothing".into()))?;
        Ok(Some(Measure::of_recorder(&loaded.scenario, 0, &recording)))
    }
}

/// Whether nothing of a load before is left: nothing is throttled, and what arrives is done.
fn is_calm(drained: &Measure) -> bool {
    drained.throttled == 0 && drained.goodput_per_s >= 0.99 * drained.offered_per_s
}
