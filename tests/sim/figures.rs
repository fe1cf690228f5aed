//! Each figure has one meaning: rates count what happens in the window, failures do not flatter, money and counts stand on
//! the same footing. Held in every shipped scenario, and on loads small enough to be counted by hand.

use crate::shipped;
use crate::support::{self, scenario, strategy};
use keystorm::engine::{Control, simulate};
use keystorm::record::{Recorder, Row, Trial};
use keystorm::report::{csv, html, text};
use keystorm::results::{Run, Selection, ThresholdRun, Verdict};
use keystorm::scenario::{Options, Scenario};
use keystorm::workload::{Executor, Workload};

/// How many seconds, cut where the timeline cuts them, `from..to` touches.
fn touched(recorder: &Recorder, from: f64, to: f64) -> u64 {
    let timeline = recorder.timeline();
    assert_eq!(timeline.interval_s(), 1, "short enough for seconds");
    (0..=to as usize + 1)
        .filter(|row| timeline.begins_s(*row) < to && timeline.begins_s(row + 1) > from)
        .count() as u64
}

/// Where the selection was measured in the only trial.
fn window(recorder: &Recorder, workload: Option<&str>) -> (f64, f64) {
    let measured = recorder.measured();
    let parts = recorder.layout().parts().iter().zip(&measured.windows()[0]);
    let mine = parts.filter(|(part, _)| workload.is_none_or(|name| name == part.name));
    mine.fold((f64::INFINITY, 0.0), |(from, to), (_, window)| {
        (from.min(window.from.as_secs_f64()), to.max(window.to.as_secs_f64()))
    })
}

/// No window holds more than as many of its busiest seconds as it touches.
fn no_more_than_the_busiest_second(name: &str, recorder: &Recorder) {
    let happened = Selection::default().happened(recorder);
    let (from, to) = window(recorder, None);
    let seconds = touched(recorder, from, to);
    let busiest = |of: fn(&Row) -> u64| recorder.timeline().rows().iter().map(of).max().unwrap_or(0);
    for (what, count, most) in [
        ("offered", happened.jobs.offered, busiest(|row| row.offered)),
        ("completed", happened.jobs.completed, busiest(|row| row.goodput)),
        ("attempts", happened.attempts.attempts, busiest(|row| row.attempts)),
        ("throttled", happened.attempts.throttled, busiest(|row| row.throttled)),
    ] {
        assert!(count <= most * seconds, "{name}: {count} {what} in {seconds} s of at most {most}");
    }
    assert!((happened.seconds - (to - from)).abs() < 1e-6, "{name}: {} {from} {to}", happened.seconds);
}

/// Admitted attempts are no more than the limiter can grant; a window limiter may fill both partial edges.
fn no_more_than_the_quota(name: &str, trial: &Trial) {
    let recorder = &trial.recorder;
    let owners: Vec<(&str, Option<&str>)> = match trial.pools.as_slice() {
        [only] => vec![(only.pool.name(), None)],
        _ => vec![("ecc", Some("relayers")), ("symmetric", Some("secrets"))],
    };
    for (pool, workload) in owners {
        let report = trial.pools.iter().find(|report| report.pool.name() == pool).expect("the pool is used");
        let selection = workload.map_or_else(Selection::default, Selection::workload);
        let ok = selection.happened(recorder).attempts.ok;
        let (from, to) = window(recorder, workload);
        // Answered in the window, an attempt was admitted up to a service time earlier.
        let seconds = touched(recorder, (from - 1.0).max(0.0), to);
        let most = report.limit.as_per_second() * seconds as f64;
        assert!(ok as f64 <= most, "{name}: {ok} admitted by {pool} in {seconds} s, which grants {most}");
    }
}

/// How many jobs an open workload's schedule brings; `None` where something else decides.
fn integral(workload: &Workload) -> Option<f64> {
    let area = |from: f64, to: f64, seconds: f64| (from + to) / 2.0 * seconds;
    match &workload.executor {
        Executor::ConstantArrivalRate { rate, duration, .. } => {
            let seconds = (*duration - workload.warm_up).as_secs_f64();
            Some(rate.as_per_second() * seconds)
        }
        Executor::RampingArrivalRate { start_rate, stages, .. } if workload.warm_up.is_zero() => {
            let mut level = start_rate.as_per_second();
            let each = stages.iter().map(|stage| {
                let from = std::mem::replace(&mut level, stage.target.as_per_second());
                area(from, level, stage.duration.as_secs_f64())
            });
            Some(each.sum())
        }
        _ => None,
    }
}

#[test]
fn in_every_shipped_scenario_rates_count_what_happens_in_the_window() {
    for (name, scenario) in shipped::all("1") {
        let trials = simulate(&scenario, 2, &Control::default());
        let run = keystorm::results::conclude(&scenario, "", scenario.to_value(), &trials, false).0;
        assert_eq!(run.definitions, 2);
        for (strategy, trials) in run.strategies.iter().zip(&trials) {
            let who = format!("{name}, {}", strategy.name);
            let recorder = &trials[0].recorder;
            no_more_than_the_busiest_second(&who, recorder);
            no_more_than_the_quota(&who, &trials[0]);
            let happened = Selection::default().happened(recorder);
            let rate = |count: u64| count as f64 / happened.seconds;
            let told = strategy.rates.goodput_per_s.expect("longer than a second");
            assert!((told - rate(happened.jobs.completed)).abs() < 1e-5, "{who}: {told}");
            for workload in &scenario.workloads {
                let Some(expected) = integral(workload) else { continue };
                let mine = Selection::workload(&workload.name).happened(recorder);
                let schedule = (workload.window().1.since(workload.window().0)).as_secs_f64();
                assert!((mine.seconds - schedule).abs() < 1e-9, "{who}: the window is the schedule");
                let noise = 5.0 * expected.sqrt();
                assert!((mine.jobs.offered as f64 - expected).abs() < noise, "{who}: {expected} {mine:?}");
            }
            means_stay_below_maxima(&who, strategy);
        }
    }
}

fn means_stay_below_maxima(name: &str, strategy: &keystorm::results::StrategyRun) {
    let operations = strategy.by_operation.values().flat_map(|o| [o.response_time_ms, o.service_time_ms]);
    let own = [strategy.response_time_ms, strategy.service_time_ms, strategy.queue_wait_ms];
    for t in own.into_iter().chain(operations).filter(|t| t.count > 0) {
        assert!(t.min <= t.mean && t.mean <= t.max, "{name}: {t:?}");
        let rising = [t.min, t.p50, t.p90, t.p95, t.p99, t.p99_9, t.max];
        assert!(rising.windows(2).all(|pair| pair[0] <= pair[1]), "{name}: {t:?}");
    }
}

#[test]
fn a_batch_that_drains_into_the_window_never_lifts_goodput_above_the_quota() {
    let run = support::run(&shipped::scenario("10-noisy-neighbour.yaml", &[]), 2);
    for strategy in &run.strategies {
        let each = &strategy.trial_values["goodput_per_s"];
        assert!(each.iter().all(|goodput| *goodput <= 1_000.0), "{}: {each:?}", strategy.name);
    }
}

fn load(executor: &str, rest: &str) -> Scenario {
    let retry =
        if rest.contains("strategies") { "" } else { "strategies: { no-retry: { retry: { mode: none } } }" };
    let times =
        if rest.contains("serviceTime") { "" } else { "serviceTime: { p50: 2ms, p99: 2ms, throttled: 5ms }" };
    scenario(&format!(
        "version: 1
name: small
{times}
workloads: {{ load: {{ {executor}, jobs: {{ Decrypt: 1 }} }} }}
{retry}
{rest}"
    ))
}

const SECONDLY: &str = "executor: constant-arrival-rate, arrivals: uniform, rate: 1/s, duration: 10s";

#[test]
fn one_a_second_for_ten_seconds_is_one_a_second() {
    let run = support::run(&load(SECONDLY, "trials: 2"), 1);
    let rates = run.strategies[0].rates;
    assert_eq!((rates.offered_per_s, rates.goodput_per_s, rates.window_s), (Some(1.0), Some(1.0), 10.0));
    assert_eq!((rates.attempts_per_s, rates.throughput_per_s), (Some(1.0), Some(1.0)));
}

#[test]
fn what_happens_after_the_window_is_in_no_rate_and_warm_up_neither() {
    // Answers take 2.5 s: those of the last two jobs come after the schedule's end.
    let late = load(SECONDLY, "serviceTime: { p50: 2500ms, p99: 2500ms }\ntrials: 1");
    let run = support::run(&late, 1);
    let only = &run.strategies[0];
    assert_eq!(only.jobs.completed, 10);
    assert_eq!(only.rates.goodput_per_s, Some(0.8), "eight of them within the ten seconds");
    assert_eq!((only.rates.offered_per_s, only.ratios.success), (Some(1.0), 1.0));
    let warm = load(&format!("{SECONDLY}, warmUp: 5s"), "trials: 1");
    let rates = support::run(&warm, 1).strategies[0].rates;
    assert_eq!((rates.offered_per_s, rates.goodput_per_s, rates.window_s), (Some(1.0), Some(1.0), 5.0));
}

#[test]
fn a_stages_goodput_is_of_that_stage() {
    let ramp = "executor: ramping-arrival-rate, arrivals: uniform, startRate: 10/s, stages: [ { duration: 10s, target: 10/s }, \
                { duration: 0s, target: 30/s }, { duration: 10s, target: 30/s } ]";
    let run =
        support::run(&load(ramp, "trials: 1\nthresholds: { \"goodput{stage:2}\": [ \"value>100/s\" ] }"), 1);
    let value = run.thresholds[0].value.expect("it has jobs");
    assert!((value - 30.0).abs() < 0.2, "{value}");
    let whole = run.strategies[0].rates.goodput_per_s.expect("long enough");
    assert!((whole - 20.0).abs() < 0.1, "{whole}");
}

#[test]
fn work_that_ends_by_itself_is_measured_until_its_last_completion_which_is_told() {
    let patient = "quotas: { symmetric: 100/s }\nstrategies: { patient: { retry: { mode: fixed, delay: 20ms, maxAttempts: unlimited } } }\ntrials: 2";
    for (executor, jobs) in [
        ("executor: per-vu-iterations, vus: 40, iterations: 25", 1_000u64),
        ("executor: shared-iterations, vus: 40, iterations: 1000", 1_000),
        ("executor: burst, count: 1000, every: 1s, duration: 1s", 1_000),
    ] {
        let run = support::run(&load(executor, patient), 2);
        let only = &run.strategies[0];
        assert_eq!(only.jobs.completed, 2 * jobs, "{executor}");
        let done = only.done_after_s.expect("it ends");
        assert!((8.0..=10.1).contains(&done), "{executor}: 1,000 at 100/s, done after {done} s");
        let goodput = only.rates.goodput_per_s.expect("long enough");
        assert!((goodput - jobs as f64 / done).abs() < 0.1, "{executor}: {goodput} {done}");
        assert_eq!(only.rates.window_s, done, "{executor}");
        assert_eq!(only.trial_values["doneAfter_s"].len(), 2);
        assert!(only.cost.per_month_usd.is_none(), "{executor}: it does not go on for a month");
        let page = text::render(&run, false);
        assert!(page.contains("done after") && page.contains(&format!("{done:.2} s")[..3]), "{page}");
    }
    // A deadline of the schedule that work does not reach: nothing is done.
    let cut = "executor: per-vu-iterations, vus: 40, iterations: 25, maxDuration: 2s, gracefulStop: 0s";
    assert_eq!(support::run(&load(cut, patient), 2).strategies[0].done_after_s, None);
}

/// 60 % are refused after 5 ms, the rest take a second.
fn mostly_refused(thresholds: &str) -> Vec<ThresholdRun> {
    let rest = format!(
        "serviceTime: {{ p50: 1s, p99: 1s, throttled: 5ms }}
faults: [ {{ at: 0s, for: 5m, kind: throttle, probability: 60% }} ]
trials: 5
thresholds: {{ {thresholds} }}"
    );
    let steady = "executor: constant-arrival-rate, rate: 50/s, duration: 60s";
    support::run(&load(steady, &rest), 2).thresholds
}

#[test]
fn failures_do_not_flatter_a_response_time() {
    let judged = mostly_refused(
        "response_time: [ \"med<100ms\", \"p(30)<1100ms\", \"avg<1h\", \"max<1h\", \"min<1100ms\" ],
         \"response_time{outcome:completed}\": [ \"med<1100ms\", \"med<900ms\" ],
         \"response_time{outcome:failed}\": [ \"max<100ms\" ],
         \"response_time{outcome:all}\": [ \"med<100ms\" ]",
    );
    let verdicts: Vec<(Verdict, bool)> = judged.iter().map(|t| (t.verdict, t.value.is_some())).collect();
    use Verdict::{Met, Missed};
    assert_eq!(
        verdicts,
        [
            (Missed, false),
            (Met, true),
            (Missed, false),
            (Missed, false),
            (Met, true),
            (Met, true),
            (Missed, true),
            (Met, true),
            (Met, true)
        ],
        "{judged:#?}"
    );
    let eaten = judged[0].failed_share.expect("failures ate it");
    assert!((eaten - 0.6).abs() < 0.03, "{eaten}");
}

#[test]
fn what_failures_ate_is_shown_as_infinite_beside_percentiles_of_completed_jobs() {
    let rest = "serviceTime: { p50: 1s, p99: 1s, throttled: 5ms }
faults: [ { at: 0s, for: 5m, kind: throttle, probability: 60% } ]
trials: 1
thresholds: { response_time: [ \"med<100ms\" ] }";
    let steady = "executor: constant-arrival-rate, rate: 50/s, duration: 60s";
    let run = support::run(&load(steady, rest), 2);
    let p50 = run.strategies[0].response_time_ms.p50;
    assert!((990.0..1_010.0).contains(&p50), "of completed jobs: {p50}");
    assert!((990.0..1_010.0).contains(&run.strategies[0].service_time_ms.p50), "refusals are no service");
    for page in [text::render(&run, false), html::render(&run)] {
        let shown =
            page.split("∞ (").nth(1).expect("the threshold's value").split(')').next().expect("closed");
        assert!(
            ["58 % failed", "59 % failed", "60 % failed", "61 % failed", "62 % failed"].contains(&shown),
            "{shown}"
        );
    }
}

#[test]
fn a_job_that_is_shed_or_unfinished_is_slower_than_any_bound() {
    let shed = "executor: constant-arrival-rate, arrivals: uniform, rate: 100/s, duration: 10s, maxInFlight: 1, onLimit: shed";
    let rest = "serviceTime: { p50: 100ms, p99: 100ms }\ntrials: 1\nthresholds: { response_time: [ \"p(5)<1s\", \"med<1s\" ] }";
    let verdicts = |run: Run| run.thresholds.iter().map(|t| t.verdict).collect::<Vec<_>>();
    assert_eq!(verdicts(support::run(&load(shed, rest), 1)), [Verdict::Met, Verdict::Missed]);
    let cut =
        "executor: constant-arrival-rate, arrivals: uniform, rate: 100/s, duration: 10s, gracefulStop: 0s";
    let slow = "serviceTime: { p50: 6s, p99: 6s }\ntrials: 1\nthresholds: { response_time: [ \"p(35)<7s\", \"med<7s\" ] }";
    assert_eq!(verdicts(support::run(&load(cut, slow), 1)), [Verdict::Met, Verdict::Missed]);
}

#[test]
fn an_attempt_without_an_answer_is_slower_than_any_service_time_bound() {
    let rest = "faults: [ { at: 0s, for: 5m, kind: slow, by: 2s, probability: 30% } ]
strategies: { impatient: { retry: { mode: none }, timeout: 500ms } }
trials: 1
thresholds: { service_time: [ \"p(60)<100ms\", \"p(80)<1h\" ], \"service_time{outcome:completed}\": [ \"p(99)<100ms\" ] }";
    let run = support::run(&load("executor: constant-arrival-rate, rate: 50/s, duration: 60s", rest), 1);
    let verdicts: Vec<Verdict> = run.thresholds.iter().map(|t| t.verdict).collect();
    assert_eq!(verdicts, [Verdict::Met, Verdict::Missed, Verdict::Met], "{:#?}", run.thresholds);
    assert!(run.strategies[0].timeouts > 0);
}

#[test]
fn the_tag_outcome_is_refused_where_it_would_do_nothing() {
    let of = |thresholds: &str| {
        let text = format!(
            "version: 1\nworkloads: {{ w: {{ {SECONDLY}, jobs: {{ Decrypt: 1 }} }} }}\n\
             strategies: {{ no-retry: {{ retry: {{ mode: none }} }} }}\nthresholds: {{ {thresholds} }}"
        );
        Scenario::parse(&text, &Options::default()).expect_err("it does nothing").to_string()
    };
    assert!(
        of("\"failed{outcome:completed}\": [ \"rate<1%\" ]")
            .contains("the tag `outcome` chooses among times")
    );
    assert!(of("\"response_time{outcome:complete}\": [ \"max<1s\" ]").contains("did you mean `completed`?"));
}

#[test]
fn money_and_counts_stand_on_the_same_footing() {
    let steady = "executor: constant-arrival-rate, arrivals: uniform, rate: 100/s, duration: 10s";
    let run = |trials: u32| support::run(&load(steady, &format!("trials: {trials}")), 1);
    let (one, four) = (run(1).strategies[0].cost, run(4).strategies[0].cost);
    assert!((one.requests_usd - 1_000.0 * 3e-6).abs() < 1e-9, "{one:?}");
    assert!(
        (four.requests_usd - 4.0 * one.requests_usd).abs() < 1e-9,
        "counts are sums over trials, so is what they cost"
    );
    assert_eq!((one.per_million_completed_usd, four.per_million_completed_usd), (Some(3.0), Some(3.0)));
    let month = one.per_month_usd.expect("open load without an end of its own");
    assert!((month / (100.0 * 2_592_000.0 * 3e-6) - 1.0).abs() < 0.002, "{month}");
    let closed =
        support::run(&load("executor: constant-vus, vus: 2, thinkTime: 10ms, duration: 10s", "trials: 1"), 1);
    let cost = closed.strategies[0].cost;
    assert!(cost.per_month_usd.is_none() && cost.per_million_completed_usd == Some(3.0), "{cost:?}");
}

#[test]
fn a_strategy_that_completes_nothing_does_not_cost_nothing() {
    let rest = "faults: [ { at: 0s, for: 5m, kind: throttle } ]\ntrials: 1\nthresholds: { cost: [ \"value<1000 USD\" ] }";
    let run = support::run(&load(SECONDLY, rest), 1);
    assert_eq!(run.strategies[0].cost.per_million_completed_usd, None);
    assert_eq!(run.thresholds[0].verdict, Verdict::NoData);
}

#[test]
fn below_a_second_there_is_no_rate_and_no_month() {
    let short = "executor: constant-arrival-rate, arrivals: uniform, rate: 100/s, duration: 900ms";
    let rest = "trials: 2\nthresholds: { goodput: [ \"value>1/s\" ], failed: [ \"rate<2%\" ] }";
    let run = support::run(&load(short, rest), 1);
    let only = &run.strategies[0];
    assert_eq!(
        (only.rates.offered_per_s, only.rates.goodput_per_s, only.cost.per_month_usd),
        (None, None, None)
    );
    assert_eq!(only.cost.per_million_completed_usd, Some(3.0));
    let verdicts: Vec<Verdict> = run.thresholds.iter().map(|t| t.verdict).collect();
    assert_eq!(verdicts, [Verdict::NoData, Verdict::Met]);
    let page = text::render(&run, false);
    let row = page.lines().find(|line| line.trim_start().starts_with("no-retry")).expect("a row");
    assert!(row.contains('–'), "{row}");
}

#[test]
fn a_timeline_has_mean_least_and_most_of_a_trial() {
    let rest = "quotas: { symmetric: 100/s }\ntrials: 3";
    let run = support::run(&load("executor: constant-arrival-rate, rate: 90/s, duration: 20s", rest), 2);
    let bytes = csv::timeline(&run);
    let text = std::str::from_utf8(&bytes).expect("text");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    let at =
        |name: &str| head.iter().position(|each| *each == name).unwrap_or_else(|| panic!("{name}: {head:?}"));
    for row in lines {
        for series in ["offered", "attempts", "goodput", "in_flight", "pool_symmetric"] {
            let of = |part: &str| row[at(&format!("{series}_{part}"))].parse::<f64>().expect("a number");
            assert!(of("min") <= of("mean") && of("mean") <= of("max"), "{series}: {row:?}");
        }
        // A sum over trials would stand above what the quota lets anybody do.
        assert!(row[at("goodput_max")].parse::<u64>().expect("a count") <= 200, "{row:?}");
    }
}

#[test]
fn a_quota_is_drawn_only_over_its_own_pools_attempts() {
    let one = support::run(
        &load(
            "executor: constant-arrival-rate, rate: 90/s, duration: 20s",
            "quotas: { symmetric: 100/s }\ntrials: 1",
        ),
        1,
    );
    let both = scenario(
        "version: 1
name: two
quotas: { ecc: 100/s, symmetric: 200/s }
workloads:
  signs: { executor: constant-arrival-rate, rate: 90/s, duration: 20s, jobs: { Sign: 1 }, keys: { spec: ECC_NIST_P256 } }
  reads: { executor: constant-arrival-rate, rate: 90/s, duration: 20s, jobs: { Decrypt: 1 } }
strategies: { no-retry: { retry: { mode: none } } }
trials: 1",
    );
    let both = support::run(&both, 1);
    let lines = |run: &Run| {
        let charts = keystorm::report::charts::timelines(run)
            .into_iter()
            .chain(keystorm::report::charts::comparison(run));
        charts.map(|chart| chart.inline().contains("quota of")).collect::<Vec<_>>()
    };
    assert_eq!(lines(&one), [true, true]);
    assert_eq!(lines(&both), [false, false], "attempts of two pools stand over one line of neither");
}

#[test]
fn throttled_in_the_window_and_refused_in_all_have_two_names() {
    let rest = "quotas: { symmetric: 50/s }\ntrials: 1";
    let run = support::run(
        &load("executor: constant-arrival-rate, rate: 90/s, duration: 20s, warmUp: 10s", rest),
        1,
    );
    let page = text::render(&run, false);
    assert!(
        page.contains("refused in all") && page.contains("whole run") && page.contains("in the window"),
        "{page}"
    );
    assert_eq!(page.matches("  throttled").count() + page.matches("| throttled").count(), 1, "{page}");
}

#[test]
fn nothing_is_told_of_recovery_where_nothing_was_disturbed_or_there_is_no_before() {
    let steady = "executor: constant-arrival-rate, rate: 50/s, duration: 60s";
    let quiet = |run: &Run| {
        assert!(
            run.strategies.iter().all(|s| s.recovery_time_s.is_none()),
            "{:?}",
            run.strategies[0].recovery_time_s
        );
        assert!(run.cautions.iter().all(|caution| caution.kind != "not-recovered"), "{:?}", run.cautions);
        assert!(!text::render(run, false).contains("trigger"), "no word of it");
    };
    quiet(&support::run(&load(steady, "trials: 3"), 2));
    // A fault that nobody meets: another operation's.
    let elsewhere = "faults: [ { at: 20s, for: 5s, kind: error, operation: Encrypt } ]\ntrials: 3";
    quiet(&support::run(&load(steady, elsewhere), 2));
    // From the beginning on: there is no before to go back to.
    let begins = "faults: [ { at: 0s, for: 20s, kind: throttle, probability: 50% } ]\ntrials: 3";
    quiet(&support::run(&load(steady, begins), 2));
}

#[test]
fn recovery_is_told_of_each_strategy() {
    let rest = "faults: [ { at: 20s, for: 5s, kind: throttle, probability: 80% } ]
strategies:
  gives-up: { retry: { mode: none } }
  lingers: { retry: { mode: fixed, delay: 6s, maxAttempts: 3 } }
trials: 2";
    let run = support::run(&load("executor: constant-arrival-rate, rate: 50/s, duration: 90s", rest), 2);
    let after = |name| strategy(&run, name).recovery_time_s.expect("it recovers");
    assert!(
        after("gives-up") <= 2.0 && after("lingers") > after("gives-up"),
        "{} {}",
        after("gives-up"),
        after("lingers")
    );
    let page = text::render(&run, false);
    let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("`gives-up` ") && flat.contains("`lingers`: "), "{page}");
}

#[test]
fn a_trial_that_is_cut_short_has_a_window_as_long_as_it_ran() {
    let rest = "faults: [ { at: 0s, for: 5m, kind: throttle, probability: 50% } ]
trials: 2
thresholds: { failed: [ { threshold: \"rate<1%\", abortOnFail: true, delayAbortEval: 10s } ] }";
    let steady = "executor: constant-arrival-rate, arrivals: uniform, rate: 50/s, duration: 60s";
    let rates = support::run(&load(steady, rest), 2).strategies[0].rates;
    assert!((10.0..11.5).contains(&rates.window_s), "{rates:?}");
    let offered = rates.offered_per_s.expect("long enough");
    assert!((offered - 50.0).abs() < 0.2, "{offered}");
}
