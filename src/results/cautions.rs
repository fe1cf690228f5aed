//! Cautions: symptoms that a reader of the figures should not miss, each with its remedy.

use super::recovery;
use super::{Caution, StrategyRun};
use crate::client::RetryMode;
use crate::scenario::Scenario;

/// The cautions for one strategy's results.
pub fn cautions(scenario: &Scenario, strategy: usize, run: &StrategyRun) -> Vec<Caution> {
    let policy = &scenario.strategies[strategy].policy;
    let caches = policy.cache.is_some();
    let adaptive = matches!(policy.retry.mode, RetryMode::AwsAdaptive(_));
    let findings = [
        throttling(run),
        multiplied(run),
        never_hits(run, caches),
        waits_in_client(run, adaptive || policy.limiter.is_some()),
        shed(run),
        unfinished(run),
        not_recovered(scenario, run),
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

type Finding = Option<(&'static str, String, &'static str)>;

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn throttling(run: &StrategyRun) -> Finding {
    let worst = run.pools.iter().max_by(|a, b| a.1.utilisation_peak.total_cmp(&b.1.utilisation_peak))?;
    (run.ratios.throttle >= 0.01).then(|| {
        let (pool, figures) = worst;
        let symptom = format!(
            "{} of attempts were throttled; the busiest second asked {} of pool {pool}, whose limit is {}/s.",
            percent(run.ratios.throttle),
            figures.peak_1s,
            figures.limit_per_s
        );
        ("throttled", symptom, "Cache data keys, spread the start of work, or ask for a higher quota.")
    })
}

fn multiplied(run: &StrategyRun) -> Finding {
    (run.ratios.amplification >= 1.5).then(|| {
        let symptom =
            format!("Each call took {:.2} attempts: retries multiply the load.", run.ratios.amplification);
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
            "Response time p99 is {:.0} ms though KMS answered within {:.0} ms: jobs wait in the client's own limiter.",
            run.response_time_ms.p99, run.service_time_ms.p99
        );
        ("waits-in-client", symptom, "Allow the client a higher rate, shed load, or set a deadline.")
    })
}

fn shed(run: &StrategyRun) -> Finding {
    (run.jobs.shed > 0).then(|| {
        let symptom = format!("{} jobs were turned away at maxInFlight.", run.jobs.shed);
        ("shed", symptom, "Raise maxInFlight or let jobs queue, if the work must be done.")
    })
}

fn unfinished(run: &StrategyRun) -> Finding {
    (run.jobs.unfinished > 0).then(|| {
        let symptom =
            format!("{} jobs were still waiting or running when draining ended.", run.jobs.unfinished);
        (
            "unfinished",
            symptom,
            "Their response times are missing from the percentiles: lengthen gracefulStop or lower the load.",
        )
    })
}

fn not_recovered(scenario: &Scenario, run: &StrategyRun) -> Finding {
    let (_, end) = recovery::trigger(scenario)?;
    let seen = run.timeline.goodput.len() as u64 * run.timeline.interval_s;
    (run.recovery_time_s.is_none() && (end as u64) + 10 < seen).then(|| {
        let symptom =
            format!("Goodput was not back at 95 % of before after the trigger ended at {end:.0} s.");
        (
            "not-recovered",
            symptom,
            "Something sustains the overload: bound retries, set a budget, or shed load.",
        )
    })
}

fn little_headroom(run: &StrategyRun) -> Finding {
    let (pool, figures) =
        run.pools.iter().max_by(|a, b| a.1.utilisation_peak.total_cmp(&b.1.utilisation_peak))?;
    let peak = figures.utilisation_peak;
    ((0.8..=1.0).contains(&peak) && run.throttled == 0).then(|| {
        let symptom = format!("Pool {pool} peaked at {} of its limit without throttling.", percent(peak));
        ("little-headroom", symptom, "Growth, a cold start or a failover will cross it: plan a higher quota.")
    })
}

fn few_samples(run: &StrategyRun) -> Finding {
    let count = run.response_time_ms.count;
    (count > 0 && count < 1_000).then(|| {
        let symptom = format!("Percentiles rest on {count} jobs only.");
        ("few-samples", symptom, "Run longer or more trials before trusting p99 and beyond.")
    })
}
