//! The whole schedule without a limit: what each strategy asks of each quota, and what it costs.

use crate::engine::sim::side_by_side;
use crate::engine::trial_runner::TrialRunner;
use crate::planner::capacity::Demand;
use crate::planner::variant;
use crate::quota::{Enforcement, PoolId, price, route};
use crate::record::{Recorder, Trial};
use crate::results::{DataKeys, Seconds, Selection, Stand, stands, tidy};
use crate::scenario::{Plan, Scenario};
use crate::time::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One strategy on the whole schedule, nothing refused.
#[derive(Clone, Debug)]
pub struct Course {
    /// By pool.
    pub pools: BTreeMap<String, Demand>,
    /// Attempts a second, by pool, an interval each.
    pub series: BTreeMap<String, Arc<Vec<f64>>>,
    /// Seconds of an interval.
    pub interval_s: u64,
    /// The strategy's thresholds, with no limit at all.
    pub stands: Vec<Stand>,
    /// Jobs in all.
    pub jobs: f64,
    /// What a month of it costs; none unless all load goes on.
    pub per_month_usd: Option<f64>,
    /// What the free tier takes off that.
    pub free_tier_usd: f64,
    /// What its data keys are exposed to.
    pub data_keys: DataKeys,
}

/// The course of every strategy. Strategies that differ in their retries only have one course, if nothing fails: without a
/// limit, a fault or a timeout there is nothing to retry.
pub fn courses(scenario: &Scenario, threads: usize, runner: TrialRunner<'_>) -> Vec<Course> {
    // Seconds begin with the schedule, as those of a log do.
    let aligned = Enforcement::Window { phase: Some(Span::ZERO) };
    let open = variant::enforced(&variant::unlimited(scenario), aligned);
    let like: Vec<usize> = (0..open.strategies.len())
        .map(|place| (0..place).find(|other| are_alike(&open, *other, place)).unwrap_or(place))
        .collect();
    let own: Vec<usize> = (0..like.len()).filter(|place| like[*place] == *place).collect();
    let trials = side_by_side(own.len(), threads, |number| runner.trial(&open, own[number], 0));
    (0..like.len())
        .map(|place| {
            let trial = own.iter().position(|each| *each == like[place]).map(|number| &trials[number]);
            course(&open, place, trial.expect("every strategy is like one that was simulated"))
        })
        .collect()
}

fn are_alike(scenario: &Scenario, a: usize, b: usize) -> bool {
    let is_calm = scenario.faults.is_empty() && scenario.service_time.capacity.is_none();
    is_calm
        && scenario.workloads.iter().all(|workload| {
            let (a, b) = (&workload.strategies[a], &workload.strategies[b]);
            // An adaptive client restrains itself from the start.
            let is_plain = |policy: &crate::client::Policy| {
                policy.timeout.is_none()
                    && policy.limiter.is_none()
                    && !matches!(policy.retry.mode, crate::client::RetryMode::AwsAdaptive(_))
            };
            is_plain(a) && is_plain(b) && a.cache == b.cache
        })
}

fn course(scenario: &Scenario, place: usize, trial: &Trial) -> Course {
    let recorder = &trial.recorder;
    let plan = Plan::of(scenario);
    let mut pools = BTreeMap::new();
    let mut series = BTreeMap::new();
    let mut interval_s = 1;
    for report in trial.pools.iter().filter(|report| report.attempts > report.background) {
        let name = report.pool.name();
        // The drain after the last arrival is no part of the schedule.
        let length = scenario.workloads.iter().map(|w| w.end().as_nanos()).max().unwrap_or(0);
        let whole = Span::from_nanos(length).as_secs_f64() / report.interval_s.max(1) as f64;
        let kept = &report.series[..report.series.len().min((whole.ceil() as usize).max(1))];
        let counts: Vec<f64> = kept.iter().copied().map(f64::from).collect();
        let seconds = Seconds::of_series(&counts, report.interval_s, report.peak_1s);
        let mut demand = Demand { seconds, ..Demand::default() };
        demand.by_operation = by_operation(scenario, report.pool, recorder, &demand);
        demand.who = who(&plan, name);
        interval_s = report.interval_s;
        let per_s = kept.iter().map(|count| f64::from(*count) / report.interval_s.max(1) as f64);
        series.insert(name.to_owned(), Arc::new(per_s.collect()));
        pools.insert(name.to_owned(), demand);
    }
    let all = Selection::default();
    let seconds = all.happened(recorder).seconds;
    let goes_on = recorder.layout().parts().iter().all(|part| part.is_open && part.work.is_none());
    let month = || all.window_cost_usd(recorder, scenario) / seconds * price::SECONDS_PER_MONTH;
    let keys = trial.data_keys;
    Course {
        pools,
        series,
        interval_s,
        stands: stands(scenario, place, recorder),
        jobs: recorder.job_totals().offered as f64,
        per_month_usd: (goes_on && seconds >= 1.0).then(|| (month() * 100.0).round() / 100.0),
        free_tier_usd: price::free_tier_usd(
            free_requests(scenario, recorder) / seconds * price::SECONDS_PER_MONTH,
        ),
        data_keys: DataKeys {
            generated: keys.generated,
            messages_max: keys.messages_max,
            bytes_max: keys.bytes_max,
            age_max_s: keys.age_max.as_secs_f64(),
        },
    }
}

/// Attempts that count towards the free tier.
fn free_requests(scenario: &Scenario, recorder: &Recorder) -> f64 {
    let mut count = 0.0;
    for (part, workload) in recorder.layout().parts().iter().zip(&scenario.workloads) {
        let keys = &workload.keys;
        let free = |operation: &&crate::api::Operation| {
            price::is_in_free_tier(**operation, keys.spec, keys.pair_spec)
        };
        for operation in part.operations.iter().filter(free) {
            count += attempts(part.name.clone(), operation.name(), recorder);
        }
    }
    count
}

/// Attempts of one workload and operation.
fn attempts(workload: String, operation: &str, recorder: &Recorder) -> f64 {
    let one = Selection { workload: Some(workload), operation: Some(operation.into()), stage: None };
    one.attempts(recorder).0.attempts as f64
}

/// Attempts of each operation that draws on the pool: mean over the schedule, and as large a part of the busiest second.
fn by_operation(
    scenario: &Scenario,
    pool: PoolId,
    recorder: &Recorder,
    demand: &Demand,
) -> BTreeMap<String, [f64; 2]> {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for (part, workload) in recorder.layout().parts().iter().zip(&scenario.workloads) {
        let keys = &workload.keys;
        for operation in &part.operations {
            let charges =
                route(*operation, keys.spec, keys.pair_spec, keys.store, scenario.quotas.re_encrypt_cost);
            if charges.iter().any(|(id, _)| id == pool) {
                *counts.entry(operation.name().into()).or_default() +=
                    attempts(part.name.clone(), operation.name(), recorder);
            }
        }
    }
    let all: f64 = counts.values().sum();
    let share = |count: f64| if all > 0.0 { count / all } else { 0.0 };
    let row = |count: f64| {
        let mean = if demand.seconds.window_s > 0.0 { count / demand.seconds.window_s } else { 0.0 };
        [tidy(mean), tidy(demand.seconds.peak_1s * share(count))]
    };
    counts.into_iter().map(|(name, count)| (name, row(count))).collect()
}

/// Each workload's share of the pool's peak, largest first.
fn who(plan: &Plan, pool: &str) -> Vec<(String, f64)> {
    let Some(found) = plan.pools.iter().find(|each| each.pool == pool) else { return Vec::new() };
    let all: f64 = found.workloads.iter().map(|(_, peak)| peak).sum();
    let share = |peak: f64| if all > 0.0 { tidy(peak / all) } else { 0.0 };
    let mut shares: Vec<(String, f64)> =
        found.workloads.iter().map(|(name, peak)| (name.clone(), share(*peak))).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    shares
}
