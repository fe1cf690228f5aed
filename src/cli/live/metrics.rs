//! Figures of a live run while it runs, in Prometheus's text format 0.0.4.
//!
//! Counters add up over the trials of a strategy; quantiles and gauges are those of its latest trial.

use crate::emulator::exposition::{self, Metric, NO_LABELS};
use crate::engine::live::{Control, Snapshot};
use crate::quota::PoolReport;
use crate::results::Trend;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::collections::BTreeMap;
use std::fmt;

/// Everything that `control` has shown so far.
pub fn text(control: &Control) -> String {
    let mut trials = control.past();
    trials.extend(control.snapshot());
    exposition::text(Shown(trials))
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

pub(super) fn sum(trials: &Trials<'_>, of: fn(&Snapshot) -> u64) -> u64 {
    trials.iter().map(|snapshot| of(snapshot)).sum()
}

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

/// What there is to show: the trials so far, the latest last.
#[derive(Debug)]
struct Shown(Vec<Snapshot>);

impl Collector for Shown {
    fn encode(&self, mut page: DescriptorEncoder<'_>) -> fmt::Result {
        let strategies = by_strategy(&self.0);
        totals(&mut page, &strategies)?;
        times(&mut page, &strategies)?;
        self.0.last().map_or(Ok(()), |latest| gauges(&mut page, latest))
    }
}

/// Trials by strategy, in order.
type Strategies<'g> = BTreeMap<usize, Trials<'g>>;

fn totals(page: &mut DescriptorEncoder<'_>, strategies: &Strategies<'_>) -> fmt::Result {
    let all = |of: fn(&Snapshot) -> u64| {
        strategies.values().map(move |trials| ([("strategy", name(trials))], sum(trials, of)))
    };
    let each = |label: &'static str, words: &'static [Counted]| {
        let of = move |trials| {
            words
                .iter()
                .map(move |(word, of)| ([("strategy", name(trials)), (label, *word)], sum(trials, *of)))
        };
        strategies.values().flat_map(of)
    };
    Metric { name: "keystorm_jobs_offered", help: "Jobs that arrived." }
        .counters(page, all(|snapshot| snapshot.jobs.offered))?;
    Metric { name: "keystorm_jobs", help: "Jobs that ended, by outcome." }
        .counters(page, each("outcome", &OUTCOMES))?;
    Metric { name: "keystorm_attempts_sent", help: "Attempts sent, set-up excluded." }
        .counters(page, all(|snapshot| snapshot.attempts.attempts))?;
    Metric { name: "keystorm_attempts", help: "Attempts that ended, by what came back." }
        .counters(page, each("result", &RESULTS))
}

/// Quantiles of a time, its sum and its count, which are shown as metrics of their own.
struct Time {
    quantiles: Metric,
    sum: Metric,
    count: Metric,
    of: fn(&Snapshot) -> Trend,
}

const TIMES: [Time; 2] = [
    Time {
        quantiles: Metric {
            name: "keystorm_response_time_ms",
            help: "Intended start of a job to its outcome, window only; quantiles of the latest trial.",
        },
        sum: Metric { name: "keystorm_response_time_ms_sum", help: "Of all trials." },
        count: Metric { name: "keystorm_response_time_ms_count", help: "Jobs of all trials." },
        of: |snapshot| snapshot.response,
    },
    Time {
        quantiles: Metric {
            name: "keystorm_service_time_ms",
            help: "Attempt sent to its reply, window only; quantiles of the latest trial.",
        },
        sum: Metric { name: "keystorm_service_time_ms_sum", help: "Of all trials." },
        count: Metric { name: "keystorm_service_time_ms_count", help: "Attempts of all trials." },
        of: |snapshot| snapshot.service,
    },
];

fn times(page: &mut DescriptorEncoder<'_>, strategies: &Strategies<'_>) -> fmt::Result {
    for Time { quantiles, sum, count, of } in TIMES {
        let latest = strategies.values().filter_map(|trials| {
            let times = trials.last().map(|snapshot| of(snapshot)).filter(|times| times.count > 0)?;
            let each = [("0.5", times.p50), ("0.9", times.p90), ("0.99", times.p99), ("1", times.max)];
            Some(each.map(|(share, value)| ([("strategy", name(trials)), ("quantile", share)], value)))
        });
        quantiles.gauges(page, latest.flatten())?;
        let added = |trials: &Trials<'_>| {
            let all = trials.iter().map(|snapshot| of(snapshot));
            all.fold((0.0, 0), |(sum, count), p| (sum + p.mean * p.count as f64, count + p.count))
        };
        let all = strategies.values();
        sum.untyped(page, all.clone().map(|trials| ([("strategy", name(trials))], added(trials).0)))?;
        count.untyped(page, all.map(|trials| ([("strategy", name(trials))], added(trials).1)))?;
    }
    Ok(())
}

fn gauges(page: &mut DescriptorEncoder<'_>, snapshot: &Snapshot) -> fmt::Result {
    let strategy = [("strategy", snapshot.strategy.0.as_str())];
    Metric { name: "keystorm_in_flight", help: "Jobs begun and not ended." }
        .gauges(page, [(strategy, snapshot.in_flight)])?;
    Metric { name: "keystorm_lateness_ms", help: "How late keystorm itself was: p99 of the trial." }
        .gauges(page, [(strategy, snapshot.lateness_ms)])?;
    if let Some(busy) = snapshot.busy_share {
        let help = "Share of its time that the driving thread computed.";
        Metric { name: "keystorm_generator_busy_ratio", help }.gauges(page, [(strategy, busy)])?;
    }
    Metric { name: "keystorm_trial", help: "The trial under way, from 1." }
        .gauges(page, [(strategy, snapshot.trial.0 + 1)])?;
    Metric { name: "keystorm_elapsed_seconds", help: "How long the trial has been running." }
        .gauges(page, [(strategy, snapshot.now.as_secs_f64())])?;
    Metric { name: "keystorm_planned_seconds", help: "How long jobs arrive in the trial." }
        .gauges(page, [(strategy, snapshot.ends.as_secs_f64())])?;
    Metric { name: "keystorm_run_attempts", help: "Attempts of the whole run, set-up included." }
        .gauges(page, [(NO_LABELS, snapshot.cap.0)])?;
    if let Some(most) = snapshot.cap.1 {
        Metric { name: "keystorm_cap_attempts", help: "The cap on attempts of the whole run." }
            .gauges(page, [(NO_LABELS, most)])?;
    }
    pools(page, snapshot)
}

/// A metric of a pool and its figure.
type OfPool = (&'static str, &'static str, fn(&PoolReport) -> f64);

fn pools(page: &mut DescriptorEncoder<'_>, snapshot: &Snapshot) -> fmt::Result {
    const ALL: [OfPool; 4] = [
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
    for (name, help, of) in ALL.into_iter().filter(|_| !snapshot.pools.is_empty()) {
        let strategy = snapshot.strategy.0.as_str();
        let each = snapshot.pools.iter();
        let each = each.map(|pool| ([("strategy", strategy), ("pool", pool.pool.name())], of(pool)));
        Metric { name, help }.gauges(page, each)?;
    }
    Ok(())
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
            r#"keystorm_response_time_ms{strategy="a \"b\"",quantile="0.99"} 1.0"#,
            r#"keystorm_response_time_ms_count{strategy="a \"b\""} 15"#,
            r#"keystorm_response_time_ms_sum{strategy="a \"b\""} 30.0"#,
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
                assert_eq!(declared.last(), Some(&name), "{line}");
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
