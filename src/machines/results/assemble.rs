//! From recordings to the saved run.

use super::backlog;
use super::recovery::{self, Recovery};
use super::select::Selection;
use super::stats::{bins, curve, interval, round, share, within};
use super::times::Times;
use super::{
    Attempts, Cost, DataKeys, Jobs, OperationRun, PartRun, PoolRun, Rates, Ratios, Seconds, StrategyRun,
    Timeline, Trend, Units,
};
use crate::api::JobKind;
use crate::quota::{PoolReport, price};
use crate::record::{AttemptCounts, FAILURES, JobCounts, Recorder, Trial, UnitCounts};
use crate::scenario::Scenario;
use std::collections::{BTreeMap, BTreeSet};

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
        denied: attempts.denied,
        timeouts: attempts.timeouts,
        in_window: Some(Attempts::from_counts(&window_attempts)),
        units: Some(all.units(sum).into()),
        by_operation: by_operation(sum),
        stages: stages(sum),
        workloads: workloads(sum),
        ratios: Ratios {
            cache_hit: share(in_window.from_cache, envelope),
            ..ratios(&in_window, &window_attempts)
        },
        rates: rates(&all, sum),
        pools: pools(trials, sum.timeline().interval_s()),
        response_time_ms: Trend::from_micros(&response),
        service_time_ms: Trend::from_micros(&all.service(sum)),
        queue_wait_ms: Trend::from_micros(&all.queue_wait(sum)),
        lateness_ms: Trend::from_micros(sum.lateness()),
        data_keys: data_keys(trials),
        cost: costs(&all, sum, scenario),
        failures: FAILURES.iter().zip(jobs.failures).map(|(name, count)| ((*name).into(), count)).collect(),
        done_after_s: all.done_after(sum).map(round),
        timeline: timeline(sum, trials),
        response_curve_ms: curve(&response),
        response_histogram_ms: bins(&response),
        trial_values: trial_values(scenario, trials, sum),
        backlog_growth_per_s: backlog::growth(scenario, sum),
        ..StrategyRun::default()
    };
    let ranged = |(name, values): (&String, &Vec<f64>)| {
        let (range, of) = range(name, &run, window_attempts.attempts);
        let spread = match quantile(name) {
            Some(quantile) => Times::interval(&completed(trials), quantile)?,
            None => interval(values)?,
        };
        Some((name.clone(), within(spread, range, of)))
    };
    run.intervals = run.trial_values.iter().filter_map(ranged).collect();
    if let Some(Recovery::After(seconds)) = recovery::judge(scenario, trials) {
        run.recovery_time_s = Some(round(seconds));
    }
    run
}

/// Which quantile of completed jobs' response times a figure is, if it is one.
fn quantile(name: &str) -> Option<f64> {
    match name {
        "responseTime_p50_ms" => Some(0.5),
        "responseTime_p99_ms" => Some(0.99),
        _ => None,
    }
}

/// The response times of each trial's completed jobs.
fn completed(trials: &[Trial]) -> Vec<Times> {
    let of = |trial: &Trial| Times { measured: Selection::default().response(&trial.recorder), beyond: 0 };
    trials.iter().map(of).collect()
}

/// The range of a figure over trials, and of how many cases it is a share; 0 if it is none.
fn range(name: &str, run: &StrategyRun, attempts: u64) -> ([f64; 2], u64) {
    let fewest = run.workloads.iter().map(|part| part.jobs.in_window).filter(|jobs| *jobs > 0).min();
    match name {
        "success" => ([0.0, 1.0], run.jobs.in_window),
        "worstSuccess" => ([0.0, 1.0], fewest.unwrap_or(0)),
        "throttle" => ([0.0, 1.0], attempts),
        "unitsFailed" => ([0.0, 1.0], run.units.map_or(0, |units| units.active)),
        _ => ([0.0, f64::INFINITY], 0),
    }
}

impl From<UnitCounts> for Units {
    fn from(counts: UnitCounts) -> Units {
        Units { active: counts.active, failed: counts.failed }
    }
}

impl Attempts {
    fn from_counts(counts: &AttemptCounts) -> Attempts {
        Attempts {
            calls: counts.calls,
            attempts: counts.attempts,
            throttled: counts.throttled,
            faults: counts.faults,
            denied: counts.denied,
            timeouts: counts.timeouts,
        }
    }
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

/// Completed envelope jobs of the window: those a cache could have served.
fn envelope_completed(sum: &Recorder) -> u64 {
    let completed = |kind: JobKind| Selection::operation(kind.name()).jobs(sum).1.completed;
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
        denied: attempts.denied,
        timeouts: attempts.timeouts,
        in_window: Some(Attempts::from_counts(&window_attempts)),
        // A VU or a client has jobs in many stages.
        units: selection.stage.is_none().then(|| selection.units(sum).into()),
        ratios: Ratios {
            cache_hit: share(in_window.from_cache, in_window.completed),
            ..ratios(&in_window, &window_attempts)
        },
        goodput_per_s: rates(selection, sum).goodput_per_s,
        done_after_s: selection.done_after(sum).map(round),
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
            denied: attempts.denied,
            timeouts: attempts.timeouts,
            response_time_ms: Trend::from_micros(&selection.response(sum)),
            service_time_ms: Trend::from_micros(&selection.service(sum)),
        }
    };
    names.into_iter().map(|name| (name.to_owned(), figures(name))).collect()
}

fn rates(of: &Selection, sum: &Recorder) -> Rates {
    let (happened, trials) = (of.happened(sum), sum.trials());
    let per_second = |count: u64| happened.per_second(count, trials).map(round);
    Rates {
        offered_per_s: per_second(happened.jobs.offered),
        goodput_per_s: per_second(happened.jobs.completed),
        attempts_per_s: per_second(happened.attempts.attempts),
        throughput_per_s: per_second(happened.attempts.replies),
        throttled_per_s: per_second(happened.attempts.throttled),
        window_s: round(happened.seconds / f64::from(trials.max(1))),
        peak_attempts_1s: sum.timeline().peak_attempts(),
    }
}

/// The figures whose spread over trials is shown, by name and trial. A figure that some trial has not is left out.
fn trial_values(scenario: &Scenario, trials: &[Trial], sum: &Recorder) -> BTreeMap<String, Vec<f64>> {
    let has_rates = rates(&Selection::default(), sum).goodput_per_s.is_some();
    let each: Vec<_> = trials
        .iter()
        .map(|trial| {
            let mut figures = headline(&trial.recorder, has_rates);
            figures.extend(merits(&trial.recorder, scenario));
            figures
        })
        .collect();
    let names = each.first().map_or(&[][..], Vec::as_slice).iter().map(|(name, _)| *name);
    let values = names.enumerate().filter_map(|(place, name)| {
        let of_trials = each.iter().map(|figures| figures[place].1);
        Some((name.to_owned(), of_trials.collect::<Option<Vec<f64>>>()?))
    });
    values.collect()
}

/// The headline figures of one trial; `None` where there is none.
fn headline(recorder: &Recorder, has_rates: bool) -> Vec<(&'static str, Option<f64>)> {
    let all = Selection::default();
    let (jobs, attempts) = (all.jobs(recorder).1, all.attempts(recorder).1);
    let happened = all.happened(recorder);
    let rate = |count: u64| {
        let seconds = Some(happened.seconds).filter(|seconds| has_rates && *seconds > 0.0)?;
        Some(round(count as f64 / seconds))
    };
    let ratios = ratios(&jobs, &attempts);
    let response = Trend::from_micros(&all.response(recorder));
    let measured = |value: f64| (response.count > 0).then_some(value);
    let units = Units::from(all.units(recorder));
    vec![
        ("offered_per_s", rate(happened.jobs.offered)),
        ("goodput_per_s", rate(happened.jobs.completed)),
        ("attempts_per_s", rate(happened.attempts.attempts)),
        ("success", Some(ratios.success)),
        ("throttle", Some(ratios.throttle)),
        ("amplification", Some(ratios.amplification)),
        ("unitsFailed", units.failed_share()),
        ("responseTime_p50_ms", measured(response.p50)),
        ("responseTime_p99_ms", measured(response.p99)),
        ("doneAfter_s", all.done_after(recorder).map(round)),
    ]
}

/// The figures of one trial that strategies are compared by, beside those of [`headline`].
fn merits(recorder: &Recorder, scenario: &Scenario) -> [(&'static str, Option<f64>); 3] {
    let all = Selection::default();
    let (jobs, attempts) = (all.jobs(recorder).1, all.attempts(recorder).1);
    let of_parts =
        recorder.layout().parts().iter().map(|part| Selection::workload(&part.name).jobs(recorder).1);
    let worst = of_parts.filter(|jobs| jobs.offered > 0).map(|jobs| share(jobs.completed, jobs.offered));
    let for_each = |count: u64| (jobs.completed > 0).then(|| share(count, jobs.completed));
    [
        ("worstSuccess", worst.reduce(f64::min)),
        ("attemptsPerCompleted", for_each(attempts.attempts)),
        ("perMillionCompleted_usd", all.usd_per_million(recorder, scenario).map(round)),
    ]
}

/// What each pool met; `interval_s` is that of the timeline, which keeps less than the pools do if it is more than a second.
fn pools(trials: &[Trial], interval_s: u64) -> BTreeMap<String, PoolRun> {
    let mut pools: BTreeMap<String, PoolRun> = BTreeMap::new();
    for report in trials.iter().flat_map(|trial| &trial.pools) {
        let pool = pools.entry(report.pool.name().to_owned()).or_default();
        pool.limit_per_s = report.limit.as_per_second();
        pool.peak_1s = pool.peak_1s.max(report.peak_1s);
        pool.throttled += report.throttled;
    }
    for (name, pool) in &mut pools {
        pool.utilisation_peak = round(pool.peak_1s as f64 / pool.limit_per_s.max(f64::MIN_POSITIVE));
        if interval_s > 1 {
            let all = trials.iter().flat_map(|trial| &trial.pools);
            let own: Vec<&PoolReport> = all.filter(|report| report.pool.name() == name).collect();
            pool.seconds = Some(Seconds::of_trials(&own, trials.len()));
        }
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
    let seconds = all.happened(sum).seconds;
    let goes_on = sum.layout().parts().iter().all(|part| part.is_open && part.work.is_none());
    let has_rates = goes_on && rates(all, sum).goodput_per_s.is_some();
    let month = || round(all.window_cost_usd(sum, scenario) / seconds * price::SECONDS_PER_MONTH);
    Cost {
        requests_usd: round(all.cost_usd(sum, scenario)),
        per_million_completed_usd: all.usd_per_million(sum, scenario).map(round),
        per_month_usd: has_rates.then(month),
    }
}

fn timeline(sum: &Recorder, trials: &[Trial]) -> Timeline {
    let source = sum.timeline();
    let column = |pick: fn(&crate::record::Row) -> u64| source.rows().iter().map(pick).collect::<Vec<u64>>();
    let each: Vec<BTreeMap<String, Vec<u64>>> = trials.iter().map(|trial| series(trial, source)).collect();
    let pools = trials.iter().flat_map(|trial| &trial.pools).map(|report| report.pool.name());
    let pools = pools.map(|pool| (pool.to_owned(), folded(&each, &pool_series(pool), |sum, one| sum + one)));
    let pools: BTreeMap<String, Vec<u64>> = pools.collect();
    let names: BTreeSet<&String> = each.iter().flat_map(BTreeMap::keys).collect();
    // A series in which nothing ever happened is not worth its place.
    let something = |name: &str, series: Vec<u64>| {
        let is_there = each.iter().filter_map(|trial| trial.get(name)).flatten().any(|count| *count > 0);
        is_there.then(|| (name.to_owned(), series))
    };
    let of_trials = |fold: fn(u64, u64) -> u64| match trials.len() {
        0 | 1 => BTreeMap::new(),
        _ => names.iter().filter_map(|name| something(name, folded(&each, name, fold))).collect(),
    };
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
        response_p99_ms: source.rows().iter().map(response_p99).collect(),
        pools,
        least: of_trials(u64::min),
        most: of_trials(u64::max),
    }
}

/// The interval's p99 in milliseconds; none where nobody completed.
fn response_p99(row: &crate::record::Row) -> Option<f64> {
    (row.goodput > 0).then(|| round(row.p99_micros as f64 / 1e3))
}

/// The name of a pool's series beside the others.
fn pool_series(pool: &str) -> String {
    format!("pool_{pool}")
}

/// Every series of one trial by its name in `timeline.csv`, in the intervals of `like` and as long.
fn series(trial: &Trial, like: &crate::record::Timeline) -> BTreeMap<String, Vec<u64>> {
    let mut rows = trial.recorder.timeline().folded(like.interval_s());
    rows.resize(like.rows().len(), crate::record::Row::default());
    let column = |pick: fn(&crate::record::Row) -> u64| rows.iter().map(pick).collect::<Vec<u64>>();
    let mut all = BTreeMap::from([
        ("offered".to_owned(), column(|row| row.offered)),
        ("attempts".to_owned(), column(|row| row.attempts)),
        ("throttled".to_owned(), column(|row| row.throttled)),
        ("faults".to_owned(), column(|row| row.faults)),
        ("timeouts".to_owned(), column(|row| row.timeouts)),
        ("goodput".to_owned(), column(|row| row.goodput)),
        ("failed".to_owned(), column(|row| row.failed)),
        ("shed".to_owned(), column(|row| row.shed)),
        ("in_flight".to_owned(), column(|row| row.in_flight)),
    ]);
    for report in &trial.pools {
        let pool = all.entry(pool_series(report.pool.name())).or_insert_with(|| vec![0; rows.len()]);
        for (interval, count) in report.series.iter().enumerate() {
            let index = interval as u64 * report.interval_s / like.interval_s();
            if let Some(sum) = pool.get_mut(index as usize) {
                *sum += u64::from(*count);
            }
        }
    }
    all
}

/// The series `name` of all trials in one, interval by interval; nothing happened to it in trials that have none.
fn folded(trials: &[BTreeMap<String, Vec<u64>>], name: &str, fold: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    let length = trials.iter().filter_map(|trial| trial.get(name)).map(Vec::len).max().unwrap_or(0);
    let of = |trial: &BTreeMap<String, Vec<u64>>, index: usize| {
        trial.get(name).and_then(|series| series.get(index)).copied().unwrap_or(0)
    };
    let each = |index| trials.iter().map(|trial| of(trial, index)).reduce(&fold).unwrap_or(0);
    (0..length).map(each).collect()
}
