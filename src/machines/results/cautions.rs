//! Cautions: symptoms that a reader of the figures should not miss, each with its remedy.

use super::recovery::{self, Recovery};
use super::{Caution, Selection, StrategyRun, StrategyWall, WorkerWall};
use crate::client::RetryMode;
use crate::format::{count, counted, fixed, milliseconds, named, per_second, percent};
use crate::record::{Recorder, Trial};
use crate::scenario::{Scenario, Target};

/// The kind of caution that makes all other figures doubtful: it is told first.
pub const GENERATOR_LIMITED: &str = "generator-limited";

/// The kind of caution of a strategy that was disturbed and never recovered.
pub const NOT_RECOVERED: &str = "not-recovered";

/// The cautions for one strategy's results, of whose trials `recording` is the sum; `wall` is there for live runs.
pub fn cautions(
    scenario: &Scenario,
    strategy: usize,
    run: &StrategyRun,
    (recording, trials): (&Recorder, &[Trial]),
    wall: Option<&StrategyWall>,
) -> Vec<Caution> {
    let policy = &scenario.strategies[strategy].policy;
    let caches = policy.cache.is_some();
    let adaptive = matches!(policy.retry.mode, RetryMode::AwsAdaptive(_));
    let findings = [
        wall.and_then(|wall| generator_limited(run, wall)),
        littles_law(recording),
        refused_for_access(recording),
        unreachable(scenario, recording),
        throttling(run),
        multiplied(run),
        never_hits(run, caches),
        waits_in_client(run, adaptive || policy.limiter.is_some()),
        shed(run),
        unfinished(run),
        not_recovered(scenario, trials),
        little_headroom(run),
        few_samples(run),
    ];
    let found = findings.into_iter().flatten();
    found
        .map(|(kind, symptom, remedy)| Caution {
            strategy: run.name.clone(),
            kind: kind.into(),
            symptom,
            remedy: remedy.into(),
        })
        .collect()
}

/// What a reader should know of the workers that shared a load: who was lost, and who was not like the others.
pub fn of_workers(workers: &[WorkerWall]) -> Vec<Caution> {
    let caution = |kind: &str, symptom: String, remedy: &str| Caution {
        strategy: String::new(),
        kind: kind.into(),
        symptom,
        remedy: remedy.into(),
    };
    let lost = workers.iter().filter_map(|worker| Some((worker, worker.lost?))).map(|(worker, lost)| {
        let then = match lost.dealt_at_s {
            None => "from then on".into(),
            Some(at) => format!(
                "until the others served them from {} s on, as clients that begin anew, without what they had cached",
                fixed(at, 1)
            ),
        };
        let symptom = format!(
            "Worker {} was lost {} s into trial {}: its {} of {} offered nothing {then}, and of {} of its jobs nobody knows what \
             became of them: they count as unfinished.",
            worker.name,
            fixed(lost.at_s, 1),
            lost.trial,
            counted(u64::from(worker.clients), "client"),
            workers.iter().map(|worker| u64::from(worker.clients)).sum::<u64>(),
            count(lost.unfinished)
        );
        caution("worker-lost", symptom, "Run it again before anything is concluded from the load that was to be.")
    });
    let odd = WorkerWall::odd_one(workers).map(|number| {
        let worker = &workers[number];
        let symptom = format!(
            "Worker {} was not like the others: lateness p99 {}, and the thread that drives its load was computing for {} of its \
             time.",
            worker.name,
            milliseconds(worker.lateness_p99_ms),
            percent(worker.busy_share)
        );
        caution("worker-odd", symptom, "Look at its machine: what else runs there, and how far it is from the target.")
    });
    lost.chain(odd).collect()
}

type Finding = Option<(&'static str, String, &'static str)>;

fn generator_limited(run: &StrategyRun, wall: &StrategyWall) -> Finding {
    let generator = &wall.generator;
    generator.is_limited.then(|| {
        let symptom = format!(
            "keystorm itself was the limit: lateness p99 was {} (bound {} at a median response time of {}), and the \
             thread that drives the load was computing for {} of its time.{}",
            milliseconds(generator.lateness_p99_ms),
            milliseconds(generator.lateness_bound_ms),
            milliseconds(run.response_time_ms.p50),
            percent(generator.busy_share),
            off_by(run, generator.lateness_p99_ms)
        );
        let remedy = "Offer less, use client raw, give keystorm more or quieter cores, or split the load over machines; \
                      until then take every figure as the harness's as much as the service's.";
        (GENERATOR_LIMITED, symptom, remedy)
    })
}

/// By how much figures may be off when attempts leave so late: response times count from the intended start, service times do
/// not.
fn off_by(run: &StrategyRun, lateness_ms: f64) -> String {
    let times = &run.response_time_ms;
    if times.count == 0 || times.p50 <= 0.0 || lateness_ms <= 0.0 {
        return String::new();
    }
    format!(
        " For 99 % of attempts up to {} of a response time may be keystorm's own: up to {} of its median, {} of its p99.",
        milliseconds(lateness_ms),
        percent((lateness_ms / times.p50).min(1.0)),
        percent((lateness_ms / times.p99).min(1.0))
    )
}

/// The mean number of jobs in the system, as the clock measured it, against the arrival rate times the mean time that
/// the jobs' own records give.
fn littles_law(recording: &Recorder) -> Finding {
    let (occupancy, response) = (recording.occupancy(), Selection::default().response_ended(recording));
    let measured = occupancy.measured_s();
    let recorded = occupancy.recorded_s(response.mean() * response.len() as f64 / 1e6);
    let jobs = Selection::default().jobs(recording).1;
    let secs = recording.last().as_secs_f64() * f64::from(recording.trials());
    ((measured - recorded).abs() > occupancy.noise_s(&jobs)).then(|| {
        let symptom = format!(
            "Little's law does not hold: {:.3} jobs were in the system on average, but arrivals times their recorded \
             response times make {:.3}.",
            measured / secs,
            recorded / secs
        );
        let remedy = "Jobs were lost, counted twice or timed wrongly, which is a defect of keystorm: do not trust these \
                      response times, and report it with the scenario.";
        ("littles-law", symptom, remedy)
    })
}

fn refused_for_access(recording: &Recorder) -> Finding {
    let counts = recording.attempt_totals();
    (counts.denied > 0).then(|| {
        let symptom = format!("{} of {} were refused for access.", count(counts.denied), counted(counts.attempts, "attempt"));
        let remedy = "Check credentials, clock, the key's policy and the caller's: an answer that refuses access is no \
                      measure of the operation.";
        ("refused-for-access", symptom, remedy)
    })
}

/// The service was gone for a while; live only, since what the simulator's faults do is what was asked for.
fn unreachable(scenario: &Scenario, recording: &Recorder) -> Finding {
    if scenario.target == Target::Sim || !scenario.faults.is_empty() {
        return None;
    }
    let timeline = recording.timeline();
    let (begin, end) = recovery::outage(timeline.rows(), timeline.interval_s())?;
    let broken: u64 = timeline.rows().iter().map(|row| row.broken).sum();
    let symptom = format!(
        "The service could not be reached between {begin:.0} s and {end:.0} s; {} had no answer because the connection \
         failed.",
        counted(broken, "attempt")
    );
    Some(("unreachable", symptom, "Find out why it was gone, or read the figures as those of an outage."))
}

fn throttling(run: &StrategyRun) -> Finding {
    let worst = run.pools.iter().max_by(|a, b| a.1.utilisation_peak.total_cmp(&b.1.utilisation_peak))?;
    (run.ratios.throttle >= 0.01).then(|| {
        let (pool, figures) = worst;
        let symptom = format!(
            "{} of attempts were throttled; the busiest second asked {} of pool {}, whose limit is {}.",
            percent(run.ratios.throttle),
            count(figures.peak_1s),
            named(pool),
            per_second(figures.limit_per_s)
        );
        ("throttled", symptom, "Cache data keys, spread the start of work, or ask for a higher quota.")
    })
}

fn multiplied(run: &StrategyRun) -> Finding {
    (run.ratios.amplification >= 1.5).then(|| {
        let symptom = format!(
            "Each call took {} attempts: retries multiply the load.",
            fixed(run.ratios.amplification, 2)
        );
        ("retries-multiply", symptom, "Bound attempts, back off with full jitter, or give retries a budget.")
    })
}

fn never_hits(run: &StrategyRun, caches: bool) -> Finding {
    let envelope =
        ["EncryptMessage", "DecryptMessage"].iter().any(|name| run.by_operation.contains_key(*name));
    (caches && envelope && run.jobs.completed > 100 && run.ratios.cache_hit < 0.01).then(|| {
        let symptom = format!("The data-key cache served {} of messages.", percent(run.ratios.cache_hit));
        let remedy = "Look for an encryption context that differs per message, a cache made anew per request, messages \
                      of unknown size, or limits too small; otherwise drop the cache.";
        ("cache-never-hits", symptom, remedy)
    })
}

fn waits_in_client(run: &StrategyRun, limits: bool) -> Finding {
    let slow = run.response_time_ms.p99 > 10.0 * run.service_time_ms.p99.max(1.0);
    (limits && slow && run.ratios.throttle < 0.05).then(|| {
        let symptom = format!(
            "Response time p99 is {} though KMS answered within {}: jobs wait in the client's own limiter.",
            milliseconds(run.response_time_ms.p99),
            milliseconds(run.service_time_ms.p99)
        );
        ("waits-in-client", symptom, "Allow the client a higher rate, shed load, or set a deadline.")
    })
}

/// `1 job was`, `2 jobs were`.
fn were(jobs: u64) -> String {
    format!("{} {}", counted(jobs, "job"), if jobs == 1 { "was" } else { "were" })
}

fn shed(run: &StrategyRun) -> Finding {
    (run.jobs.shed > 0).then(|| {
        let symptom = format!("{} turned away at maxInFlight.", were(run.jobs.shed));
        ("shed", symptom, "Raise maxInFlight or let jobs queue, if the work must be done.")
    })
}

fn unfinished(run: &StrategyRun) -> Finding {
    (run.jobs.unfinished > 0).then(|| {
        let symptom =
            format!("{} still waiting or running when draining ended.", were(run.jobs.unfinished));
        (
            "unfinished",
            symptom,
            "Percentiles shown are without them, thresholds count them as slower than any bound: lengthen gracefulStop or \
             lower the load.",
        )
    })
}

fn not_recovered(scenario: &Scenario, trials: &[Trial]) -> Finding {
    if recovery::judge(scenario, trials) != Some(Recovery::Never) {
        return None;
    }
    let (_, end) = recovery::trigger(scenario, trials.first()?.recorder.timeline())?;
    let symptom = format!(
        "Refusals, jobs in flight and p99 were not back in the range of before for as long as it was watched after the \
         trigger had ended at {end:.0} s."
    );
    Some((
        NOT_RECOVERED,
        symptom,
        "Something sustains the overload: bound retries, set a budget, or shed load.",
    ))
}

fn little_headroom(run: &StrategyRun) -> Finding {
    let (pool, figures) =
        run.pools.iter().max_by(|a, b| a.1.utilisation_peak.total_cmp(&b.1.utilisation_peak))?;
    let peak = figures.utilisation_peak;
    ((0.8..=1.0).contains(&peak) && run.throttled == 0).then(|| {
        let symptom =
            format!("Pool {} peaked at {} of its limit without throttling.", named(pool), percent(peak));
        ("little-headroom", symptom, "Growth, a cold start or a failover will cross it: plan a higher quota.")
    })
}

fn few_samples(run: &StrategyRun) -> Finding {
    let jobs = run.response_time_ms.count;
    (jobs > 0 && jobs < 1_000).then(|| {
        let symptom = format!("Percentiles rest on {} only.", counted(jobs, "completed job"));
        ("few-samples", symptom, "Run longer or more trials before trusting p99 and beyond.")
    })
}
