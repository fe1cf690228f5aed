//! Every shipped scenario is run and teaches what it says.

use crate::shipped;
use crate::support::{self, strategy};
use keystorm::results::{Run, StrategyRun};

fn shipped(name: &str, sets: &[(&str, &str)]) -> Run {
    let text = shipped::text(name);
    assert!(
        text.starts_with("# ") && text.lines().next().is_some_and(|line| line.ends_with('?')),
        "{name} asks"
    );
    let scenario = shipped::scenario(name, sets);
    let run = support::run(&scenario, 2);
    for strategy in &run.strategies {
        for (part, jobs) in
            strategy.workloads.iter().chain(&strategy.stages).map(|part| (&part.name, part.jobs))
        {
            let ended = jobs.completed + jobs.failed + jobs.shed + jobs.unfinished;
            assert_eq!(jobs.offered, ended, "{name}, {}, {part}", strategy.name);
        }
    }
    run
}

fn workload<'r>(strategy: &'r StrategyRun, name: &str) -> &'r keystorm::results::PartRun {
    strategy.workloads.iter().find(|part| part.name == name).expect("the scenario has this workload")
}

#[test]
fn quickstart_only_the_cache_serves_every_message() {
    let run = shipped("quickstart.yaml", &[("trials", "1")]);
    let (cached, naive) = (strategy(&run, "cached"), strategy(&run, "naive"));
    assert!(cached.ratios.success > 0.999, "{:?}", cached.ratios);
    assert!(
        run.strategies
            .iter()
            .filter(|s| s.name != "cached")
            .all(|s| s.ratios.success < 0.99 || s.name == "full-jitter" || s.name == "sdk-adaptive")
    );
    assert!(naive.ratios.amplification > 1.5 && cached.ratios.amplification < 1.2);
}

#[test]
fn first_throttle_begins_at_the_quota_and_naive_retries_multiply_attempts() {
    let run = shipped("01-first-throttle.yaml", &[("trials", "1")]);
    for each in &run.strategies {
        let below: u64 = each.timeline.throttled[..30].iter().sum();
        let above: u64 = each.timeline.throttled[45..].iter().sum();
        assert!(below == 0 && above > 0, "{}: {below} {above}", each.name);
    }
    let amplification = |name| strategy(&run, name).ratios.amplification;
    assert!(amplification("naive") > 1.5 && amplification("naive") > 1.3 * amplification("sdk-standard"));
    assert!(strategy(&run, "sdk-adaptive").throttled * 4 < strategy(&run, "naive").throttled);
}

#[test]
fn spark_tasks_finish_when_executors_cap_their_rate() {
    let run = shipped("02-spark-s3-read.yaml", &[("trials", "1"), ("workloads.tasks.iterations", "60")]);
    let (standard, capped) = (strategy(&run, "sdk-standard"), strategy(&run, "capped"));
    assert!(standard.jobs.failed > 0, "three attempts are not enough: {:?}", standard.jobs);
    assert_eq!(capped.jobs.failed, 0);
    assert!(capped.ratios.throttle < 0.001);
    assert_eq!(strategy(&run, "patient").jobs.offered, 2_000 * 60);
}

#[test]
fn bucket_keys_cut_the_nightly_bill_to_a_quarter_and_take_the_throttling_away() {
    let run = shipped("03-nightly-etl-50k.yaml", &[("trials", "1")]);
    let (none, most, all) =
        (strategy(&run, "no-bucket-key"), strategy(&run, "bucket-key-80"), strategy(&run, "bucket-key-99"));
    assert!(none.throttled > 0 && most.throttled == 0 && all.throttled == 0);
    let month = |strategy: &StrategyRun| strategy.cost.per_month_usd.expect("open load");
    // A fifth at best: who writes while a key is fetched fetches one too.
    let saved = month(most) / month(none);
    assert!((saved - 0.25).abs() < 0.02, "{saved}");
    assert!(month(all) / month(none) < 0.02);
    assert!(most.ratios.cache_hit < 0.8 && all.ratios.cache_hit < 0.99);
}

#[test]
fn esdk_caching_turns_five_hundred_calls_a_second_into_five() {
    let run = shipped("04-kinesis-esdk-cache.yaml", &[("trials", "1")]);
    let calls = |name: &str, part: &str| {
        let part = workload(strategy(&run, name), part);
        part.calls as f64 / 600.0
    };
    assert!((calls("uncached", "producers") - 500.0).abs() < 5.0, "{}", calls("uncached", "producers"));
    assert!((calls("uncached", "consumers") - 1_000.0).abs() < 6.0, "{}", calls("uncached", "consumers"));
    assert!((calls("cached", "producers") - 5.0).abs() < 1.0, "{}", calls("cached", "producers"));
    assert!((calls("cached", "consumers") - 10.0).abs() < 2.0, "{}", calls("cached", "consumers"));
    assert!(calls("small-cache", "consumers") > 500.0, "{}", calls("small-cache", "consumers"));
}

#[test]
fn a_cache_with_a_context_per_message_never_hits() {
    let run = shipped("05-cache-never-hits.yaml", &[]);
    let (uncached, cached) = (strategy(&run, "uncached"), strategy(&run, "cached"));
    assert!(cached.ratios.cache_hit < 0.01);
    assert!((cached.throttled as f64 / uncached.throttled as f64 - 1.0).abs() < 0.1);
    assert!(run.cautions.iter().any(|c| c.kind == "cache-never-hits" && c.strategy == "cached"));
}

#[test]
fn with_an_in_process_cache_the_cold_start_is_the_peak() {
    let run = shipped("06-lambda-cold-burst.yaml", &[("trials", "1")]);
    let (bare, cached) = (strategy(&run, "no-cache"), strategy(&run, "in-process"));
    assert!(bare.throttled > 0 && cached.throttled == 0);
    assert!(cached.calls <= 9_000 + 900, "three secrets an instance, few asked twice: {}", cached.calls);
    let late: u64 = cached.timeline.attempts[15..].iter().sum();
    assert!(late * 20 < cached.attempts, "{late} of {}", cached.attempts);
}

#[test]
fn pods_come_up_only_if_they_wait_for_their_turn() {
    let run = shipped("08-secrets-fleet-deploy.yaml", &[("trials", "1")]);
    let (standard, capped) = (strategy(&run, "sdk-standard"), strategy(&run, "capped"));
    assert!(standard.ratios.success < 0.5, "{:?}", standard.jobs);
    assert!(capped.ratios.success > 0.99, "{:?}", capped.jobs);
    let rolling = shipped(
        "08-secrets-fleet-deploy.yaml",
        &[("trials", "1"), ("fleet.start", "{ rolling: { batch: 20, every: 6s } }")],
    );
    assert!(strategy(&rolling, "sdk-standard").ratios.success > standard.ratios.success);
}

#[test]
fn a_cold_fan_out_pays_for_every_host() {
    let run = shipped("09-dynamodb-host-fanout.yaml", &[]);
    let cached = strategy(&run, "per-host-cache");
    assert_eq!(workload(cached, "sequential").calls, 5, "one a trial");
    let concurrent = workload(cached, "concurrent").calls as f64 / 5.0;
    assert!((25.0..40.0).contains(&concurrent), "25 cold, then only hosts not yet warm: {concurrent}");
    assert_eq!(workload(strategy(&run, "no-cache"), "concurrent").calls, 5 * 100);
}

#[test]
fn capping_the_batch_saves_the_neighbour() {
    let run = shipped("10-noisy-neighbour.yaml", &[("trials", "2")]);
    let failed = |name| 1.0 - workload(strategy(&run, name), "checkout").ratios.success;
    assert!(
        failed("shared") > 0.01 && failed("batch-capped") < 0.01,
        "{} {}",
        failed("shared"),
        failed("batch-capped")
    );
}

#[test]
fn calls_follow_hosts_times_tenants_not_traffic() {
    let run = shipped("11-multi-tenant-keys.yaml", &[("trials", "1")]);
    let calls = |name| strategy(&run, name).calls;
    assert!(calls("uncached") > calls("small-cache") && calls("small-cache") > calls("cache-1m"));
    assert!(calls("cache-1m") > calls("cache-5m"));
    assert!(
        calls("cache-5m") <= 50 * 5_000 + 10_000,
        "once per host, tenant and lifetime: {}",
        calls("cache-5m")
    );
}

#[test]
fn quotas_of_key_types_are_independent() {
    let run = shipped("13-signer-ecc.yaml", &[("trials", "1")]);
    let standard = strategy(&run, "sdk-standard");
    assert!(standard.pools["ecc"].throttled > 0);
    assert_eq!(standard.pools["symmetric"].throttled, 0);
    assert!(standard.pools["symmetric"].utilisation_peak < 0.3);
    assert_eq!(workload(standard, "secrets").jobs.failed, 0);
    let limited = strategy(&run, "limited");
    assert!(limited.throttled * 20 < standard.throttled, "{} {}", limited.throttled, standard.throttled);
}

#[test]
fn a_backlog_that_is_never_given_up_drains_at_quota_minus_load() {
    let run = shipped("14-retry-storm-recovery.yaml", &[]);
    let recovery = |name| strategy(&run, name).recovery_time_s.expect("it recovers");
    // Goodput is at the quota while the backlog drains; the backlog itself is gone after 50 s, and with it the recovery.
    assert!((46.0..=54.0).contains(&recovery("never-give-up")), "{}", recovery("never-give-up"));
    assert!(recovery("full-jitter") < 20.0, "{}", recovery("full-jitter"));
    let storm = strategy(&run, "never-give-up");
    let drained =
        (45..storm.timeline.in_flight.len()).find(|s| storm.timeline.in_flight[*s] < 60).expect("drains");
    assert!((85..=96).contains(&drained), "40 s + 50 s, got {drained}");
    assert_eq!(storm.jobs.failed, 0);
    assert!(recovery("no-retry") <= 2.0 && recovery("budget") <= 3.0 && recovery("sdk-standard") <= 6.0);
    assert!(strategy(&run, "naive-10").ratios.amplification > strategy(&run, "budget").ratios.amplification);
}
