//! `--otlp`: a live run's figures for OpenTelemetry, over HTTP: counts and histograms of times every ten seconds while it
//! lasts, and at its end those that are saved.
//!
//! All of them are cumulative, OTLP's default: each request tells everything since the run began, so that one which is lost
//! takes nothing with it. As times spread, a histogram's scale falls, which receivers are made for.

use super::metrics::{Counted, OUTCOMES, RESULTS, Trials, by_strategy, name, sum};
use crate::backend::http::{HttpFactory, Signer, Trust};
use crate::cli::finished::Finished;
use crate::cli::{Error, stamp};
use crate::clock::epoch_millis;
use crate::engine::live::{Control, LiveTimes, Snapshot};
use crate::guard::{Agent, Consent, Guard, Objection};
use crate::record::{Micros, Recorder};
use crate::report::otlp::Metrics;
use crate::results::{Run, Selection};
use crate::scenario::{Scenario, Transport};
use crate::time::Span;
use std::sync::Arc;
use tokio::sync::oneshot;

/// How often figures are sent while the run lasts.
const EVERY: Span = Span::from_secs(10);
/// Where a receiver takes metrics.
const PATH: &str = "/v1/metrics";

/// Who is told, and of what.
#[derive(Clone)]
struct MetricsReceiver {
    factory: HttpFactory,
    url: String,
    resource: Vec<(&'static str, String)>,
    began_ms: i64,
}

/// A run that is told to a receiver while it lasts.
pub struct Otlp {
    receiver: MetricsReceiver,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Otlp {
    /// Begins to tell `url`, which `agent` calls, of the run that `control` shows.
    ///
    /// # Errors
    /// The URL may not be connected to, or no thread can be started.
    pub fn start(
        control: &Arc<Control>,
        scenario: &Scenario,
        url: &str,
        remote: bool,
        agent: &Agent,
    ) -> Result<Otlp, Error> {
        let receiver = MetricsReceiver::new(scenario, url, remote, agent)?;
        let (stop, stopped) = oneshot::channel();
        let (shown, teller) = (Arc::clone(control), receiver.clone());
        let failed = |error: std::io::Error| Error::Failed(format!("--otlp {url}: no thread: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let body = move || runtime.block_on(teller.tell_until(stopped, &shown));
        let thread = std::thread::Builder::new().name("otlp".into()).spawn(body).map_err(failed)?;
        control.watch();
        Ok(Otlp { receiver, stop: Some(stop), thread: Some(thread) })
    }

    /// Tells what the run came to.
    ///
    /// # Errors
    /// A sentence: the receiver does not answer, or says no.
    pub fn finish(mut self, finished: &Finished) -> Result<(), String> {
        self.end();
        let document = self.receiver.at_the_end(&finished.run, &finished.recordings);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(self.receiver.send(document))
    }

    /// Ends the thread.
    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only tells; had it panicked, the results would still be good.
            let _ = thread.join();
        }
    }
}

impl Drop for Otlp {
    fn drop(&mut self) {
        self.end();
    }
}

impl MetricsReceiver {
    fn new(scenario: &Scenario, url: &str, remote: bool, agent: &Agent) -> Result<MetricsReceiver, Error> {
        let guard = Guard::new(Consent { remote, aws: false }, agent.clone());
        let reached = guard.reach(url).map_err(|objection| match objection {
            Objection::Remote { url, address } => Error::Usage(format!(
                "--otlp {url} leads to {address}, which is neither this machine nor a private network: that needs --yes-remote"
            )),
            other => Error::from(other),
        })?;
        let usage =
            |error: crate::backend::http::Error| Error::Usage(format!("--otlp: {error}; {PATH} is added"));
        let factory = HttpFactory::new(
            &reached,
            &scenario.region,
            &Transport::default(),
            Trust::System,
            Signer::Nobody,
        )
        .map_err(usage)?;
        let resource = vec![
            ("service.name", "keystorm".into()),
            ("service.version", env!("CARGO_PKG_VERSION").into()),
            ("service.instance.id", agent.run().into()),
            ("host.name", stamp::host()),
            ("cloud.region", scenario.region.clone()),
            ("keystorm.scenario", scenario.name.clone()),
            ("keystorm.seed", scenario.seed.to_string()),
        ];
        Ok(MetricsReceiver { factory, url: reached.url().to_string(), resource, began_ms: epoch_millis() })
    }

    fn metrics(&self) -> Metrics {
        let resource: Vec<(&str, &str)> =
            self.resource.iter().map(|(key, text)| (*key, text.as_str())).collect();
        Metrics::new(&resource, self.began_ms, epoch_millis())
    }

    /// Tells figures every so often, until the run is over. The first refusal is told to the user, and none after it.
    async fn tell_until(self, mut stopped: oneshot::Receiver<()>, control: &Control) {
        let mut is_heard = true;
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                () = crate::clock::sleep(EVERY) => {}
            }
            let sent = self.send(self.so_far(control)).await;
            if let Err(why) = sent.as_ref()
                && is_heard
            {
                crate::notice::tell(format_args!("keystorm: {why}; it is tried again every {EVERY}"));
            }
            is_heard = sent.is_ok();
        }
    }

    async fn send(&self, document: serde_json::Value) -> Result<(), String> {
        let said = self.factory.post(PATH, document.to_string().into_bytes()).await;
        match said {
            Ok((status, _)) if status.is_success() => Ok(()),
            Ok((status, answer)) => {
                let answer: String = String::from_utf8_lossy(&answer).chars().take(200).collect();
                Err(format!("{}{PATH} takes no metrics: {status} {answer}", self.url).trim_end().to_owned())
            }
            Err(refusal) => Err(format!("{}{PATH} takes no metrics: {}", self.url, refusal.message)),
        }
    }

    /// Figures as they are while the run lasts.
    fn so_far(&self, control: &Control) -> serde_json::Value {
        let mut trials = control.past();
        trials.extend(control.snapshot());
        let mut metrics = self.metrics();
        counts(&mut metrics, &trials);
        if let Some(snapshot) = trials.last() {
            let labels = vec![("strategy", snapshot.strategy.0.as_str())];
            let in_flight = std::iter::once((labels, snapshot.in_flight as f64));
            metrics.gauges("keystorm.jobs.in_flight", "{job}", "Jobs begun and not ended.", in_flight);
        }
        let named = by_strategy(&trials);
        let all = control.times();
        let of = |(strategy, times)| Some((name(named.get(strategy)?), times));
        histograms(&mut metrics, &all.iter().filter_map(of).collect::<Vec<_>>());
        metrics.into_json()
    }

    /// What is saved of the run.
    fn at_the_end(&self, run: &Run, recordings: &[Option<Recorder>]) -> serde_json::Value {
        let recorded: Vec<(&str, &Recorder)> = run
            .strategies
            .iter()
            .zip(recordings)
            .filter_map(|(strategy, recorder)| Some((strategy.name.as_str(), recorder.as_ref()?)))
            .collect();
        let mut metrics = self.metrics();
        let last = |(place, (name, recorder)): (usize, &(&str, &Recorder))| Snapshot {
            strategy: ((*name).to_owned(), place),
            jobs: recorder.job_totals(),
            attempts: recorder.attempt_totals(),
            ..Snapshot::default()
        };
        counts(&mut metrics, &recorded.iter().enumerate().map(last).collect::<Vec<_>>());
        let times: Vec<(&str, LiveTimes)> = recorded
            .iter()
            .map(|(name, recorder)| {
                let all = Selection::default();
                (*name, LiveTimes { response: all.response(recorder), service: all.service(recorder) })
            })
            .collect();
        histograms(&mut metrics, &times.iter().map(|(name, times)| (*name, times)).collect::<Vec<_>>());
        metrics.into_json()
    }
}

/// A metric, what it is, and which of the times it is of.
type OfTimes = (&'static str, &'static str, fn(&LiveTimes) -> &Micros);

/// Times of every strategy.
fn histograms(metrics: &mut Metrics, strategies: &[(&str, &LiveTimes)]) {
    const KINDS: [OfTimes; 2] = [
        (
            "keystorm.response_time",
            "Intended start of a completed job to its completion, window only.",
            |times| &times.response,
        ),
        (
            "keystorm.service_time",
            "Attempt sent to its answer, refusals for a quota left out, window only.",
            |times| &times.service,
        ),
    ];
    for (metric, says, of) in KINDS {
        metrics.times(metric, says, strategies.iter().map(|(name, times)| (*name, of(times))));
    }
}

/// Jobs and attempts so far, of every strategy and by what became of them.
fn counts(metrics: &mut Metrics, trials: &[Snapshot]) {
    let strategies = by_strategy(trials);
    let kinds: [(&str, &str, &str, &str, &[Counted]); 2] = [
        ("keystorm.jobs", "{job}", "Jobs that ended.", "outcome", &OUTCOMES),
        ("keystorm.attempts", "{attempt}", "Attempts that ended.", "result", &RESULTS),
    ];
    for (metric, unit, says, key, words) in kinds {
        let of = |trials: &Trials<'_>| {
            let name = name(trials).to_owned();
            words.iter().map(|(word, of)| (name.clone(), *word, sum(trials, *of))).collect::<Vec<_>>()
        };
        let all: Vec<(String, &str, u64)> = strategies.values().flat_map(of).collect();
        let points =
            all.iter().map(|(name, word, count)| (vec![("strategy", name.as_str()), (key, *word)], *count));
        metrics.sums(metric, unit, says, points);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    fn refused(url: &str, remote: bool) -> String {
        let text = "workloads: { w: { executor: constant-arrival-rate, rate: 1/s, duration: 1s, jobs: { Decrypt: 1 } } }\n\
                    strategies: { s: { retry: { mode: none } } }\n";
        let scenario = Scenario::parse(text, &Options::default()).expect("a scenario").scenario;
        match MetricsReceiver::new(&scenario, url, remote, &Agent::unnamed()) {
            Ok(receiver) => format!("it goes to {}", receiver.url),
            Err(Error::Usage(why)) => why,
            Err(other) => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn figures_go_to_this_machine_or_a_private_network_unless_somebody_says_yes() {
        for (url, remote, part) in [
            ("http://8.8.8.8:4318", false, "that needs --yes-remote"),
            ("http://8.8.8.8:4318", true, "it goes to http://8.8.8.8:4318"),
            ("https://kms.us-east-1.amazonaws.com", true, "is AWS"),
            ("http://169.254.169.254", true, "nothing is sent there"),
            (
                "http://127.0.0.1:4318/v1/metrics",
                false,
                "it has a path; write http://HOST:PORT or https://HOST; /v1/metrics is added",
            ),
            ("http://user:hush@127.0.0.1:4318", false, "it has a user in it"),
            ("http://127.0.0.1:4318", false, "it goes to http://127.0.0.1:4318"),
            ("http://10.1.2.3:4318", false, "it goes to http://10.1.2.3:4318"),
        ] {
            let receiver = refused(url, remote);
            assert!(receiver.contains(part) && !receiver.contains("hush"), "{url}: {receiver}");
        }
    }
}
