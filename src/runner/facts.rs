//! What a live run tells of itself for the saved run: from where, when, and how it went.

use super::trials::Trials;
use crate::engine::live::{Ended, LiveTrial, Lost, Setup};
use crate::guard::origin;
use crate::results::{EndedEarly, LiveFacts, SetUp, TrialWall, Vantage, WorkerWall};
use crate::scenario::LiveClient;

impl Trials<'_> {
    /// From where attempts go to `endpoint`, a URL, or `None` without a socket.
    pub(super) fn vantage(&self, endpoint: Option<&str>) -> Vantage {
        let scenario = self.scenario;
        let endpoint = endpoint.map(origin);
        Vantage {
            host: self.run.host.clone(),
            os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
            client: match (&endpoint, scenario.live.client) {
                (None, _) => "in process".into(),
                (_, LiveClient::Raw) => "raw".into(),
                (_, LiveClient::AwsSdk) => "aws-sdk".into(),
            },
            region: scenario.region.clone(),
            tls: endpoint.as_deref().is_some_and(|url| url.starts_with("https://")),
            fips: endpoint.as_deref().is_some_and(|url| url.contains("kms-fips.")),
            endpoint: endpoint.unwrap_or_else(|| "in process".into()),
            connections: scenario.live.transport.connections,
        }
    }

    /// All that the run tells beside its recordings.
    pub(super) fn facts(
        &self,
        vantage: Vantage,
        setup: &Setup,
        keys_made: u64,
        (trials, workers): (&[Vec<LiveTrial>], Vec<WorkerWall>),
    ) -> LiveFacts {
        let one = |live: &LiveTrial| TrialWall {
            elapsed: live.elapsed,
            busy_share: live.busy,
            refusals: live.ended.refusals.clone(),
            ended_early: ended_early(&live.ended),
        };
        let (started_at, since) = self.began;
        LiveFacts {
            run_id: self.run.agent.run().into(),
            command: self.run.command.clone(),
            started_at: started_at.clone(),
            elapsed: since.elapsed(),
            vantage,
            set_up: SetUp { attempts: setup.attempts, keys_made },
            trials: trials.iter().map(|trials| trials.iter().map(one).collect()).collect(),
            workers,
        }
    }
}

/// Why a trial ended before its time: a person who stops it before a bound that was met meanwhile.
fn ended_early(ended: &Ended) -> Option<EndedEarly> {
    if let Some(lost) = &ended.lost {
        Some(match lost {
            Lost::Worker(worker) => EndedEarly::WorkerLost { worker: worker.clone() },
            Lost::Bus => EndedEarly::BusLost,
        })
    } else if ended.interrupted {
        Some(EndedEarly::Interrupted)
    } else if ended.throttled {
        Some(EndedEarly::Throttled)
    } else if let Some(cap) = ended.cap {
        Some(EndedEarly::Cap { cap: cap.into() })
    } else {
        ended.aborted_at.map(|_| EndedEarly::Threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_that_applies_is_told() {
        let all = Ended { interrupted: true, throttled: true, cap: Some("rate"), ..Ended::default() };
        assert_eq!(ended_early(&all), Some(EndedEarly::Interrupted));
        let bounded = Ended { cap: Some("rate"), ..Ended::default() };
        assert_eq!(ended_early(&bounded), Some(EndedEarly::Cap { cap: "rate".into() }));
        assert_eq!(ended_early(&Ended::default()), None);
    }
}
