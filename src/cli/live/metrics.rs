//! Figures of a live run while it runs, in Prometheus's text format 0.0.4.
//!
//! Counters add up over the trials of a strategy; quantiles and gauges are those of its latest trial.

use crate::emulator::Exposition;
use crate::engine::live::{Control, Snapshot};
use crate::quota::PoolReport;
use crate::results::Trend;
use std::collections::BTreeMap;

/// Everything that `control` has shown so far.
pub fn text(control: &Control) -> String {
    let mut trials = control.past();
    trials.extend(control.snapshot());
    let strategies = by_strategy(&trials);
    let mut page = Exposition::default();
    totals(&mut page, &strategies);
    times(&mut page, &strategies);
    if let Some(latest) = trials.last() {
        gauges(&mut page, latest);
    }
    page.into_text()
}

/// Trials of one strategy, in order; the last of them is the latest.
pub(super) type Trials<'g> = Vec<&'g Snapshot>;

pub(super) fn by_strategy(trials: &[Snapshot]) -> BTreeMap<usize, Trials<'_>> {
    let mut strategies: BTreeMap<usize, Trials<'_>> = BTreeMap::new();
    for snapshot in trials {
        strategies.entry(snapshot.strategy.1).or_default().push(snapshot);
    }
    strategies
}

pub(super) fn name<'g>(trials: &Trials<'g>) -> &'g str {
    trials.last().map_or("", |snapshot| snapshot.strategy.0.as_str())
}

pub(super) fn sum(trials: &Trials<'_>, of: fn(&Snapshot) -> u64) -> f64 {
    trials.iter().map(|snapshot| of(snapshot)).sum::<u64>() as f64
}

/// A metric, what it is, and where its figure comes from.
type Family<Of, Figure> = (&'static str, &'static str, fn(&Of) -> Figure);

/// A word and how to count it.
pub(super) type Counted = (&'static str, fn(&Snapshot) -> u64);

pub(super) const OUTCOMES: [Counted; 3] = [
    ("completed", |snapshot| snapshot.jobs.completed),
    ("failed", |snapshot| snapshot.jobs.failed),
    ("shed", |snapshot| snapshot.jobs.shed),
];
pub(super) const RESULTS: [Counted; 5] = [
    ("ok", |snapshot| snapshot.attempts.ok),
    ("throttled", |snapshot| snapshot.attempts.throttled),
    ("failed", |snapshot| snapshot.attempts.faults),
    ("denied", |snapshot| snapshot.attempts.denied),
    ("timeout", |snapshot| snapshot.attempts.timeouts),
];

fn totals(page: &mut Exposition, strategies: &BTreeMap<usize, Trials<'_>>) {
    page.head("keystorm_jobs_offered_total", "counter", "Jobs that arrived.");
    for trials in strategies.values() {
        let offered = sum(trials, |snapshot| snapshot.jobs.offered);
        page.value("keystorm_jobs_offered_total", &[("strategy", name(trials))], offered);
    }
    page.head("keystorm_jobs_total", "counter", "Jobs that ended, by outcome.");
    for trials in strategies.values() {
        for (outcome, of) in OUTCOMES {
            let labels = [("strategy", name(trials)), ("outcome", outcome)];
            page.value("keystorm_jobs_total", &labels, sum(trials, of));
        }
    }
    page.head("keystorm_attempts_sent_total", "counter", "Attempts sent, set-up excluded.");
    for trials in strategies.values() {
        let sent = sum(trials, |snapshot| snapshot.attempts.attempts);
        page.value("keystorm_attempts_sent_total", &[("strategy", name(trials))], sent);
    }
    page.head("keystorm_attempts_total", "counter", "Attempts that ended, by what came back.");
    for trials in strategies.values() {
        for (result, of) in RESULTS {
            let labels = [("strategy", name(trials)), ("result", result)];
            page.value("keystorm_attempts_total", &labels, sum(trials, of));
        }
    }
}

fn times(page: &mut Exposition, strategies: &BTreeMap<usize, Trials<'_>>) {
    let kinds: [Family<Snapshot, Trend>; 2] = [
        (
            "keystorm_response_time_ms",
            "Intended start of a job to its outcome, window only; quantiles of the latest trial.",
            |snapshot| snapshot.response,
        ),
        (
            "keystorm_service_time_ms",
            "Attempt sent to its reply, window only; quantiles of the latest trial.",
            |snapshot| snapshot.service,
        ),
    ];
    for (metric, help, of) in kinds {
        page.head(metric, "summary", help);
        for trials in strategies.values() {
            let Some(latest) = trials.last().map(|snapshot| of(snapshot)) else { continue };
            if latest.count > 0 {
                for (quantile, value) in
                    [("0.5", latest.p50), ("0.9", latest.p90), ("0.99", latest.p99), ("1", latest.max)]
                {
                    page.value(metric, &[("strategy", name(trials)), ("quantile", quantile)], value);
                }
            }
            let all = trials.iter().map(|snapshot| of(snapshot));
            let (sum, count) =
                all.fold((0.0, 0), |(sum, count), p| (sum + p.mean * p.count as f64, count + p.count));
            page.value(&format!("{metric}_sum"), &[("strategy", name(trials))], sum);
            page.value(&format!("{metric}_count"), &[("strategy", name(trials))], count as f64);
        }
    }
}

fn gauges(page: &mut Exposition, snapshot: &Snapshot) {
    let strategy = [("strategy", snapshot.strategy.0.as_str())];
    page.head("keystorm_in_flight", "gauge", "Jobs begun and not ended.");
    page.value("keystorm_in_flight", &strategy, snapshot.in_flight as f64);
    page.head("keystorm_lateness_ms", "gauge", "How late keystorm itself was: p99 of the trial.");
    page.value("keystorm_lateness_ms", &strategy, snapshot.lateness_ms);
    if let Some(busy) = snapshot.busy_share {
        page.head(
            "keystorm_generator_busy_ratio",
            "gauge",
            "Share of its time that the driving thread computed.",
        );
        page.value("keystorm_generator_busy_ratio", &strategy, busy);
    }
    page.head("keystorm_trial", "gauge", "The trial under way, from 1.");
    page.value("keystorm_trial", &strategy, f64::from(snapshot.trial.0 + 1));
    page.head("keystorm_elapsed_seconds", "gauge", "How long the trial has been running.");
    page.value("keystorm_elapsed_seconds", &strategy, snapshot.now.as_secs_f64());
    page.head("keystorm_planned_seconds", "gauge", "How long jobs arrive in the trial.");
    page.value("keystorm_planned_seconds", &strategy, snapshot.ends.as_secs_f64());
    page.head("keystorm_run_attempts", "gauge", "Attempts of the whole run, set-up included.");
    page.value("keystorm_run_attempts", &[], snapshot.cap.0 as f64);
    if let Some(most) = snapshot.cap.1 {
        page.head("keystorm_cap_attempts", "gauge", "The cap on attempts of the whole run.");
        page.value("keystorm_cap_attempts", &[], most as f64);
    }
    pools(page, snapshot);
}

fn pools(page: &mut Exposition, snapshot: &Snapshot) {
    let kinds: [Family<PoolReport, f64>; 4] = [
        ("keystorm_pool_limit", "The quota: attempts a second that the pool allows.", |pool| {
            pool.limit.as_per_second()
        }),
        ("keystorm_pool_peak", "Most quota units asked in one second of the trial.", |pool| {
            pool.peak_1s as f64
        }),
        ("keystorm_pool_units", "Quota units asked in the trial.", |pool| pool.attempts as f64),
        ("keystorm_pool_throttled", "Attempts of the trial that the pool refused.", |pool| {
            pool.throttled as f64
        }),
    ];
    for (metric, help, of) in kinds.into_iter().filter(|_| !snapshot.pools.is_empty()) {
        page.head(metric, "gauge", help);
        for pool in &snapshot.pools {
            page.value(metric, &[("strategy", &snapshot.strategy.0), ("pool", pool.pool.name())], of(pool));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{AttemptCounts, JobCounts};

    fn snapshot(strategy: (&str, usize), trial: u32, completed: u64) -> Snapshot {
        Snapshot {
            strategy: (strategy.0.into(), strategy.1),
            trial: (trial, 2),
            jobs: JobCounts { offered: completed + 1, completed, ..JobCounts::default() },
            attempts: AttemptCounts { attempts: completed, ok: completed, ..AttemptCounts::default() },
            response: Trend {
                count: completed,
                mean: 2.0,
                p50: 1.5,
                p99: f64::from(trial),
                ..Trend::default()
            },
            ..Snapshot::default()
        }
    }

    #[test]
    fn counters_add_up_over_trials_and_quantiles_are_the_latest() {
        let control = Control::default();
        for snapshot in
            [snapshot(("a \"b\"", 0), 0, 10), snapshot(("c", 1), 0, 7), snapshot(("a \"b\"", 0), 1, 5)]
        {
            control.show(snapshot);
        }
        let text = text(&control);
        for line in [
            r#"keystorm_jobs_total{strategy="a \"b\"",outcome="completed"} 15"#,
            r#"keystorm_jobs_total{strategy="c",outcome="completed"} 7"#,
            r#"keystorm_attempts_total{strategy="c",result="ok"} 7"#,
            r#"keystorm_response_time_ms{strategy="a \"b\"",quantile="0.99"} 1"#,
            r#"keystorm_response_time_ms_count{strategy="a \"b\""} 15"#,
            r#"keystorm_response_time_ms_sum{strategy="a \"b\""} 30"#,
            r#"keystorm_trial{strategy="a \"b\""} 2"#,
        ] {
            assert!(text.lines().any(|each| each == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn every_family_is_declared_once_and_before_its_values() {
        let control = Control::default();
        control.show(snapshot(("a", 0), 0, 10));
        let text = text(&control);
        let mut declared: Vec<&str> = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let name = rest.split(' ').next().expect("a name");
                assert!(!declared.contains(&name), "{name} twice");
                declared.push(name);
            } else if !line.starts_with('#') {
                let name = line.split(['{', ' ']).next().expect("a name");
                let family = name.trim_end_matches("_sum").trim_end_matches("_count");
                assert_eq!(declared.last(), Some(&family), "{line}");
                let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
                assert!(value.is_some_and(f64::is_finite), "{line}");
            }
        }
        assert!(declared.len() > 8);
    }

    #[test]
    fn before_the_first_glance_there_is_nothing_but_names() {
        let text = text(&Control::default());
        assert!(text.lines().all(|line| line.starts_with('#')), "{text}");
    }
}
