//! One live run, from where it may connect to what it measured: what `keystorm run` does off the simulator, for programs too.
//!
//! ```text
//!  LiveRun ─▶ prepare: guard, permits, look-ups ─▶ Prepared ─▶ run: keys, trials, keys given up ─▶ Measured
//! ```
//!
//! Nothing is sent to a target before [`prepare`] has said yes; of an account of AWS it asks what it must know, and [`Prepared::plan`] tells
//! that. `examples/live_run.rs` is a whole program.

#[cfg(feature = "aws")]
mod aws;
mod endpoint;
mod error;
mod facts;
mod part;
mod permits;
mod trials;
mod warrant;

pub use error::Error;
pub use part::{Handed, LiveTrials, LoadRunner, Role, WorkerPart};
pub use permits::{Credentials, Permits, SYSTEM_LIST, deny};
pub use warrant::Warrant;

use crate::clock::{Stopwatch, iso};
use crate::engine::live::Control;
use crate::guard::{Agent, Reached, origin};
use crate::record::Recorder;
use crate::results::{End, Run};
use crate::scenario::{Scenario, Target};
use std::borrow::Cow;
use std::sync::Arc;
use trials::Trials;

/// What is to be run, and what stands around it.
#[derive(Clone)]
pub struct LiveRun<'a> {
    /// What is run; its target is not the simulator.
    pub scenario: &'a Scenario,
    /// The text that the scenario was read from, which the saved run keeps.
    pub question: &'a str,
    /// What somebody has said yes to.
    pub permits: &'a Permits,
    /// Threads that send; at least one.
    pub threads: usize,
    /// Under which name it calls.
    pub agent: &'a Agent,
    /// This machine's name, for the saved run.
    pub host: String,
    /// The command that runs it, for the saved run.
    pub command: String,
    /// Which part of it is made here.
    pub role: Role<'a>,
}

/// Who watches a run.
pub trait Watcher {
    /// The first trial is about to begin.
    ///
    /// # Errors
    /// It cannot be watched, which ends the run before it begins.
    fn begin(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The last trial has ended.
    fn end(&self) {}
}

/// Nobody watches.
pub struct Unwatched;

impl Watcher for Unwatched {}

/// A run that may begin.
pub struct Prepared<'a> {
    run: LiveRun<'a>,
    /// What is run: under a permit with lowered caps.
    scenario: Cow<'a, Scenario>,
    way: Way,
    /// When it began, by the wall clock and by ours.
    began: (String, Stopwatch),
}

/// Where attempts go.
enum Way {
    /// The emulated KMS in this process.
    Emulator,
    /// An endpoint that somebody else runs.
    Url(Reached),
    /// An account of AWS.
    #[cfg(feature = "aws")]
    Aws(Box<aws::Permitted>),
}

/// What a run came to.
pub struct Measured {
    /// The results.
    pub run: Run,
    /// Each strategy's recording, all trials in one.
    pub recordings: Vec<Option<Recorder>>,
    /// How it ended.
    pub end: End,
}

/// Judges a run before anything is sent: whom it may connect to, and what else it needs. Of an account of AWS it asks who the caller
/// is, its keys, its quotas and their use.
///
/// # Errors
/// [`Error::Usage`] for what may not be run so, [`Error::Failed`] if what must be known cannot be learned.
pub fn prepare(run: LiveRun<'_>) -> Result<Prepared<'_>, Error> {
    let began = (iso(), Stopwatch::start());
    let (way, scenario) = match &run.scenario.target {
        Target::Sim => return Err(Error::Usage("this target cannot be run live".into())),
        Target::Emulator => {
            run.permits.suit_an_emulator()?;
            (Way::Emulator, Cow::Borrowed(run.scenario))
        }
        Target::Http(url) => match endpoint::reached(&run, url)? {
            Some(reached) => (Way::Url(reached), Cow::Borrowed(run.scenario)),
            // With AWS's own credentials it is called as AWS is.
            None => as_aws(&run, Some(url))?,
        },
        Target::Aws => as_aws(&run, run.permits.endpoint_url.as_deref())?,
    };
    Ok(Prepared { run, scenario, way, began })
}

#[cfg(feature = "aws")]
fn as_aws<'a>(run: &LiveRun<'a>, url: Option<&str>) -> Result<(Way, Cow<'a, Scenario>), Error> {
    let (permitted, scenario) = aws::look_up(run, url)?;
    Ok((Way::Aws(Box::new(permitted)), Cow::Owned(scenario)))
}

#[cfg(not(feature = "aws"))]
fn as_aws<'a>(_: &LiveRun<'a>, url: Option<&str>) -> Result<(Way, Cow<'a, Scenario>), Error> {
    let target = url.unwrap_or("aws");
    Err(Error::Usage(format!("{target}: this keystorm is built without the AWS SDK, which reads the chain")))
}

impl Prepared<'_> {
    /// What is known of the account, and what the run may do there; `None` where it is no account.
    pub fn plan(&self) -> Option<String> {
        match &self.way {
            #[cfg(feature = "aws")]
            Way::Aws(permitted) => permitted.plan(self.run.agent),
            _ => None,
        }
    }

    /// When it began, as ISO 8601 in UTC.
    pub fn began_at(&self) -> &str {
        &self.began.0
    }

    /// Runs it: makes what it needs, sends the load until it is over or `control` says stop, and gives up what it made, whatever
    /// happened.
    ///
    /// # Errors
    /// [`Error`], if nothing was measured.
    pub fn run(self, control: &Arc<Control>, watcher: &dyn Watcher) -> Result<Measured, Error> {
        let Prepared { run, scenario, way, began } = self;
        let narrowed = run.role.narrowed(&scenario);
        let trials =
            Trials { run: &run, scenario: &narrowed, control, watcher, began: &began, warrant: None };
        match way {
            Way::Emulator => trials.against_emulator(),
            Way::Url(reached) => trials.against_url(&reached),
            #[cfg(feature = "aws")]
            Way::Aws(permitted) => trials.against_aws(*permitted),
        }
    }
}

/// Where attempts of a scenario go, in a word.
pub fn target(scenario: &Scenario) -> String {
    match &scenario.target {
        Target::Http(url) => origin(url),
        other => other.to_string(),
    }
}

/// A runtime for what is asked before and beside a run.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Error::Failed(format!("cannot start: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    /// Why a run against `target` is refused under `permits`.
    fn refused(target: &str, permits: &Permits) -> String {
        let text = format!(
            "target: {target}\nworkloads: {{ w: {{ executor: constant-arrival-rate, rate: 1/s, duration: 1s, jobs: {{ Decrypt: 1 }} }} }}\n\
             strategies: {{ s: {{ retry: {{ mode: aws-standard }} }} }}"
        );
        let checked =
            Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let agent = Agent::unnamed();
        let prepared = prepare(LiveRun {
            scenario: &checked.scenario,
            question: "",
            permits,
            threads: 1,
            agent: &agent,
            host: "here".into(),
            command: "test".into(),
            role: Role::Alone,
        });
        match prepared {
            Ok(_) => panic!("{target} may be run"),
            Err(Error::Usage(said)) => said,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn without_a_permit_a_program_reaches_this_machine_only() {
        let none = Permits::default();
        for (target, why) in [
            ("sim", "cannot be run live"),
            #[cfg(feature = "aws")]
            ("aws", "--yes-real-aws"),
            ("https://kms.eu-west-1.amazonaws.com", "is AWS"),
            ("http://192.0.2.1:8080", "--yes-remote"),
        ] {
            let said = refused(target, &none);
            assert!(said.contains(why), "{target}: {said}");
        }
        let remote = Permits { remote: true, ..Permits::default() };
        let said = refused("http://192.0.2.1:8080", &remote);
        assert!(said.contains("caps.attempts"), "{said}");
        let theirs = Permits { untrusted_bounds: Some("bounds of somebody else".into()), ..remote };
        assert_eq!(refused("http://192.0.2.1:8080", &theirs), "bounds of somebody else");
        let signed = Permits { credentials: Some(Credentials::Nobody), ..Permits::default() };
        assert!(refused("emulator", &signed).contains("checks no signature"));
    }

    #[test]
    fn a_secret_is_in_no_log() {
        let keys =
            Credentials::Keys { id: "AKIAX".into(), secret: "hidden".into(), token: Some("hidden".into()) };
        let said = format!("{:?}", Permits { credentials: Some(keys), ..Permits::default() });
        assert!(!said.contains("hidden") && said.contains("Keys"), "{said}");
    }
}
