//! From recordings to the saved run.

use super::recovery;
use super::select::Selection;
use super::stats::{bins, curve, interval, round, share};
use super::{
    Cost, DataKeys, Jobs, OperationRun, PartRun, PoolRun, Rates, Ratios, StrategyRun, Timeline, Trend,
};
use crate::api::JobKind;
use crate::quota::price;
use crate::record::{AttemptCounts, FAILURES, JobCounts, Recorder, Trial};
use crate::scenario::Scenario;
use std::collections::BTreeMap;

/// The merged recording of a strategy's trials; `None` if none ran.
pub fn merged(trials: &[Trial]) -> Option<Recorder> {
    let (first, rest) = trials.split_first()?;
    let mut sum = first.recorder.clone();
    rest.iter().for_each(|trial| sum.merge(&trial.recorder));
    Some(sum)
}

/// What strategy number `strategy` did in its trials, whose recordings add up to `sum`.
pub fn strategy_run(scenario: &Scenario, strategy: usize, trials: &[Trial], sum: &Recorder) -> StrategyRun {
    let all = Selection::default();
    let ((jobs, in_window), (attempts, window_attempts)) = (all.jobs(sum), all.attempts(sum));
    let response = all.response(sum);
    let envelope = envelope_completed(sum);
    let mut run = StrategyRun {
        name: scenario.strategies[strategy].name.clone(),
        trials: sum.trials(),
        jobs: Jobs::from_counts(&jobs, &in_window),
        calls: attempts.calls,
        attempts: attempts.attempts,
        throttled: attempts.throttled,
        faults: attempts.faults,
        timeouts: attempts.timeouts,
        by_operation: by_operation(sum),
        stages: stages(sum),
        workloads: workloads(sum),
        ratios: Ratios {
            cache_hit: share(jobs.from_cache, envelope),
            ..ratios(&in_window, &window_attempts)
        },
        rates: rates(&all, sum),
        pools: pools(trials),
        response_time_ms: Trend::from_micros(&response),
        service_time_ms: Trend::from_micros(&all.service(sum)),
        queue_wait_ms: Trend::from_micros(&all.queue_wait(sum)),
        lateness_ms: Trend::from_micros(sum.lateness()),
        data_keys: data_keys(trials),
        cost: costs(&all, sum, scenario),
        failures: FAILURES.iter().zip(jobs.failures).map(|(name, count)| ((*name).into(), count)).collect(),
        timeline: timeline(sum, trials),
        response_curve_ms: curve(&response),
        response_histogram_ms: bins(&response),
        ..StrategyRun::default()
    };
    for trial in trials {
        for (name, value) in headline(&trial.recorder) {
            run.trial_values.entry(name.into()).or_default().push(value);
        }
    }
    let intervals =
        run.trial_values.iter().filter_map(|(name, values)| Some((name.clone(), interval(values)?)));
    run.intervals = intervals.collect();
    run.recovery_time_s = recovery::time(scenario, sum.timeline(), &run.timeline);
    run
}

impl Jobs {
    fn from_counts(all: &JobCounts, in_window: &JobCounts) -> Jobs {
        Jobs {
            offered: all.offered,
            completed: all.completed,
            failed: all.failed,
            shed: all.shed,
            unfinished: all.unfinished,
            served_from_cache: all.from_cache,
            in_window: in_window.offered,
        }
    }
}

/// Shares of the window.
fn ratios(jobs: &JobCounts, attempts: &AttemptCounts) -> Ratios {
    Ratios {
        success: share(jobs.completed, jobs.offered),
        throttle: share(attempts.throttled, attempts.attempts),
        amplification: share(attempts.attempts, attempts.calls),
        cache_hit: 0.0,
    }
}

/// Completed envelope jobs: those a cache could have served.
fn envelope_completed(sum: &Recorder) -> u64 {
    let completed = |kind: JobKind| Selection::operation(kind.name()).jobs(sum).0.completed;
    completed(JobKind::EncryptMessage) + completed(JobKind::DecryptMessage)
}

fn part(name: String, selection: &Selection, sum: &Recorder) -> PartRun {
    let ((jobs, in_window), (attempts, window_attempts)) = (selection.jobs(sum), selection.attempts(sum));
    PartRun {
        name,
        jobs: Jobs::from_counts(&jobs, &in_window),
        calls: attempts.calls,
        attempts: attempts.attempts,
        throttled: attempts.throttled,
        faults: attempts.faults,
        timeouts: attempts.timeouts,
        ratios: Ratios {
            cache_hit: share(jobs.from_cache, jobs.completed),
            ..ratios(&in_window, &window_attempts)
        },
        response_time_ms: Trend::from_micros(&selection.response(sum)),
    }
}

fn workloads(sum: &Recorder) -> Vec<PartRun> {
    let parts = sum.layout().parts().iter();
    parts.map(|workload| part(workload.name.clone(), &Selection::workload(&workload.name), sum)).collect()
}

fn stages(sum: &Recorder) -> Vec<PartRun> {
    let stages = sum.layout().parts().iter().flat_map(|workload| {
        (0..workload.stages).map(move |stage| {
            let selection = Selection::stage(&workload.name, stage);
            part(format!("{}/{stage}", workload.name), &selection, sum)
        })
    });
    stages.collect()
}

fn by_operation(sum: &Recorder) -> BTreeMap<String, OperationRun> {
    let mut names: Vec<&str> = Vec::new();
    for part in sum.layout().parts() {
        names.extend(part.kinds.iter().map(|kind| kind.name()));
        names.extend(part.operations.iter().map(|operation| operation.name()));
    }
    let figures = |name: &str| {
        let selection = Selection::operation(name);
        let attempts = selection.attempts(sum).0;
        OperationRun {
            calls: attempts.calls,
            attempts: attempts.attempts,
            throttled: attempts.throttled,
            faults: attempts.faults,
            timeouts: attempts.timeouts,
            response_time_ms: Trend::from_micros(&selection.response(sum)),
            service_time_ms: Trend::from_micros(&selection.service(sum)),
        }
    };
    names.into_iter().map(|name| (name.to_owned(), figures(name))).collect()
}

fn rates(all: &Selection, sum: &Recorder) -> Rates {
    let secs = all.window_secs(sum) * f64::from(sum.trials());
    let per_second = |count: u64| if secs > 0.0 { round(count as f64 / secs) } else { 0.0 };
    let (jobs, attempts) = (all.jobs(sum).1, all.attempts(sum).1);
    Rates {
        offered_per_s: per_second(jobs.offered),
        goodput_per_s: per_second(jobs.completed),
        attempts_per_s: per_second(attempts.attempts),
        peak_attempts_1s: sum.timeline().peak_attempts(),
    }
}

/// The figures whose spread over trials is shown.
fn headline(recorder: &Recorder) -> Vec<(&'static str, f64)> {
    let all = Selection::default();
    let (jobs, attempts) = (all.jobs(recorder).1, all.attempts(recorder).1);
    let rates = rates(&all, recorder);
    let ratios = ratios(&jobs, &attempts);
    let response = Trend::from_micros(&all.response(recorder));
    vec![
        ("offered_per_s", rates.offered_per_s),
        ("goodput_per_s", rates.goodput_per_s),
        ("attempts_per_s", rates.attempts_per_s),
        ("success", ratios.success),
        ("throttle", ratios.throttle),
        ("amplification", ratios.amplification),
        ("responseTime_p50_ms", response.p50),
        ("responseTime_p99_ms", response.p99),
    ]
}

fn pools(trials: &[Trial]) -> BTreeMap<String, PoolRun> {
    let mut pools: BTreeMap<String, PoolRun> = BTreeMap::new();
    for report in trials.iter().flat_map(|trial| &trial.pools) {
        let pool = pools.entry(report.pool.name().to_owned()).or_default();
        pool.limit_per_s = report.limit.as_per_second();
        pool.peak_1s = pool.peak_1s.max(report.peak_1s);
        pool.throttled += report.throttled;
    }
    for pool in pools.values_mut() {
        pool.utilisation_peak = round(pool.peak_1s as f64 / pool.limit_per_s.max(f64::MIN_POSITIVE));
    }
    pools
}

fn data_keys(trials: &[Trial]) -> DataKeys {
    let (first, rest) = match trials.split_first() {
        Some((first, rest)) => (first.data_keys, rest),
        None => return DataKeys::default(),
    };
    let mut sum = first;
    rest.iter().for_each(|trial| sum.merge(&trial.data_keys));
    DataKeys {
        generated: sum.generated,
        messages_max: sum.messages_max,
        bytes_max: sum.bytes_max,
        age_max_s: round(sum.age_max.as_secs_f64()),
    }
}

fn costs(all: &Selection, sum: &Recorder, scenario: &Scenario) -> Cost {
    let requests_usd = round(all.cost_usd(sum, scenario));
    let secs = all.window_secs(sum);
    let per_month_usd = if secs > 0.0 { round(requests_usd / secs * price::SECONDS_PER_MONTH) } else { 0.0 };
    Cost { requests_usd, per_month_usd }
}

fn timeline(sum: &Recorder, trials: &[Trial]) -> Timeline {
    let source = sum.timeline();
    let column = |pick: fn(&crate::record::Row) -> u64| source.rows().iter().map(pick).collect::<Vec<u64>>();
    let mut pools: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for report in trials.iter().flat_map(|trial| &trial.pools) {
        let series =
            pools.entry(report.pool.name().to_owned()).or_insert_with(|| vec![0; source.rows().len()]);
        for (interval, count) in report.series.iter().enumerate() {
            let index = interval as u64 * report.interval_s / source.interval_s();
            if let Some(sum) = series.get_mut(index as usize) {
                *sum += u64::from(*count);
            }
        }
    }
    Timeline {
        interval_s: source.interval_s(),
        offered: column(|row| row.offered),
        attempts: column(|row| row.attempts),
        throttled: column(|row| row.throttled),
        faults: column(|row| row.faults),
        timeouts: column(|row| row.timeouts),
        goodput: column(|row| row.goodput),
        failed: column(|row| row.failed),
        shed: column(|row| row.shed),
        in_flight: column(|row| row.in_flight),
        pools,
    }
}
