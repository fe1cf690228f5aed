//! Tables of good and bad files.

use super::*;

fn read(text: &str) -> Result<Checked, Problems> {
    Scenario::parse(text, &Options { file: "dir/test.yaml", env: &|_| None, sets: &[] })
}

fn set(text: &str, sets: &[(&str, &str)]) -> Result<Checked, Problems> {
    let sets: Vec<Set> = sets.iter().map(|(path, value)| Set::new(path, value)).collect();
    Scenario::parse(text, &Options { file: "test.yaml", env: &|_| None, sets: &sets })
}

/// The example of the language's description.
const EXAMPLE: &str = r#"# Does the checkout service survive its evening peak on the default quota,
# and which strategy gets it through?
#
# More of it.
version: 1
name: checkout-decrypt-peak
seed: 42
target: sim
region: us-east-1
quotas:
  symmetric: 2000/s
  enforcement: window
  background: { symmetric: 300/s }
serviceTime: { p50: 6ms, p99: 30ms, throttled: 3ms, operations: { Sign: { p50: 15ms, p99: 60ms } } }
faults:
  - { at: 60s, for: 30s, kind: error, probability: 5%, operation: Decrypt }
fleet: { clients: 40, start: together }
workloads:
  checkout:
    executor: ramping-arrival-rate
    startRate: 200/s
    stages: [ {duration: 1m, target: 1500/s}, {duration: 3m, target: 1500/s}, {duration: 20s, target: 4000/s}, {duration: 2m, target: 1500/s} ]
    jobs: { Decrypt: 80, GenerateDataKey: 15, Encrypt: 5 }
    payload: 256B
    keys: { count: 20, popularity: zipf(1.0) }
    deadline: 2s
  nightly:
    executor: constant-vus
    vus: 30
    thinkTime: 50ms
    startTime: 2m
    duration: 3m
    jobs: { DecryptMessage: 1 }
    contexts: { count: 50 }
    messages: { count: 10000, popularity: zipf(0.8) }
    strategies: { all: { limiter: { rate: 100/s } } }
strategies:
  naive:        { retry: { mode: immediate, maxAttempts: 10 } }
  full-jitter:  { retry: { mode: exponential, base: 50ms, cap: 20s, jitter: full, maxAttempts: 5 } }
  sdk-standard: { retry: { mode: aws-standard } }
  sdk-rust:     { retry: { mode: aws-standard, preset: rust } }
  cached-5m:    { retry: { mode: aws-standard }, cache: { maxAge: 5m, maxMessages: 1000, capacity: 100 } }
trials: 5
thresholds:
  response_time{operation:Decrypt}: [ "p(99)<250ms" ]
  failed: [ "rate<0.1%" ]
  throttled: [ { threshold: "rate<2%", abortOnFail: true, delayAbortEval: 10s } ]
gate: [ cached-5m ]
"#;

/// The least a scenario says; `{}` in a line is where a case puts something.
const SMALL: &str = "workloads:\n  w: { executor: constant-arrival-rate, rate: 10/s, duration: 10s, jobs: { Decrypt: 1 } }\nstrategies:\n  s: {}\n";

fn same_again(scenario: &Scenario, label: &str) {
    let yaml = scenario.to_yaml();
    match read(&yaml) {
        Ok(again) => assert_eq!(&again.scenario, scenario, "{label}:\n{yaml}"),
        Err(problems) => panic!("{label}: {problems}\n{yaml}"),
    }
}

#[test]
fn the_example_of_the_language_reads_and_asks_its_question() {
    let checked = read(EXAMPLE).unwrap_or_else(|problems| panic!("{problems}"));
    let scenario = &checked.scenario;
    assert_eq!(
        checked.question,
        "Does the checkout service survive its evening peak on the default quota, and which strategy gets it through?"
    );
    assert_eq!(scenario.workloads.len(), 2);
    let names: Vec<&str> = scenario.strategies.iter().map(|strategy| strategy.name.as_str()).collect();
    assert_eq!(names, ["naive", "full-jitter", "sdk-standard", "sdk-rust", "cached-5m"]);
    let nightly = &scenario.workloads[1];
    assert!(nightly.strategies.iter().all(|policy| policy.limiter.is_some()));
    assert!(nightly.strategies[4].cache.is_some());
    assert!(scenario.workloads[0].strategies.iter().all(|policy| policy.limiter.is_none()));
    same_again(scenario, "example");
}

#[test]
fn every_template_reads_and_reads_back_the_same() {
    for template in templates::ALL {
        let checked = read(template.text).unwrap_or_else(|problems| panic!("{}: {problems}", template.name));
        assert!(!checked.question.is_empty(), "{}", template.name);
        same_again(&checked.scenario, template.name);
    }
}

#[test]
fn what_is_not_said_has_its_default() {
    let scenario = read(SMALL).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    assert_eq!((scenario.name.as_str(), scenario.seed, scenario.trials), ("test", 42, 5));
    assert_eq!(scenario.gate, ["s"]);
    assert_eq!(scenario.strategies[0].policy.retry.max_attempts, Some(3));
    same_again(&scenario, "small");
}

#[test]
fn a_legacy_mode_makes_as_many_attempts_as_its_sdk() {
    for (preset, attempts) in
        [("botocore", 5), ("java1", 4), ("java2", 4), ("js2", 4), ("go1", 4), ("dotnet", 5)]
    {
        let retry = format!("{{mode: aws-legacy, preset: {preset}}}");
        let scenario = set(SMALL, &[("strategies.s.retry", &retry)]).expect("a scenario").scenario;
        assert_eq!(scenario.strategies[0].policy.retry.max_attempts, Some(attempts), "{preset}");
    }
}

#[test]
fn what_would_make_simulated_time_stand_still_or_does_not_go_with_the_target_is_refused() {
    let vus = "{executor: constant-vus, vus: 2, duration: 5s, jobs: {Decrypt: 1}}";
    let endless = "{mode: immediate, maxAttempts: unlimited}";
    for (sets, told) in [
        (&[("serviceTime", "0"), ("workloads.w", vus)][..], "VUs do not pause"),
        (&[("serviceTime", "{throttled: 0s}"), ("workloads.w", vus)], "VUs do not pause"),
        (&[("serviceTime", "0"), ("strategies.s.retry", endless)], "at once without end"),
        (&[("serviceTime", "{fixed: 1ms, servers: 2}"), ("target", "emulator")], "only the simulator"),
    ] {
        let problems = set(SMALL, sets).expect_err(told).to_string();
        assert!(problems.contains(told), "{sets:?}: {problems}");
    }
    let served = Service::parse("serviceTime: { fixed: 1ms, servers: 2 }", "f")
        .expect_err("a server has no such thing");
    assert!(served.to_string().contains("only the simulator"), "{served}");
    assert!(Service::parse("serviceTime: 0", "f").is_ok_and(|service| service.service_time.is_some()));
    for sets in [
        &[("serviceTime", "0")][..],
        &[("serviceTime", "0"), ("workloads.w", vus), ("workloads.w.thinkTime", "1ms")],
        &[("serviceTime", "0"), ("workloads.w", vus), ("target", "emulator")],
    ] {
        assert!(set(SMALL, sets).is_ok(), "{sets:?}");
    }
}

#[test]
fn unusual_values_read_back_the_same() {
    for (sets, _why) in [
        (&[("deadline", "1s"), ("workloads.w.deadline", "none")][..], "a deadline taken back"),
        (
            &[
                ("strategies.s", "{cache: {maxAge: 1m, maxBytes: 4KiB}}"),
                ("workloads.w.strategies.s", "{cache: none}"),
                (
                    "workloads.v",
                    "{executor: burst, count: 1, every: 1s, duration: 1s, jobs: {DecryptMessage: 1}, contexts: {count: 3}}",
                ),
            ],
            "",
        ),
        (&[("strategies.s.retry", "{mode: immediate, maxAttempts: unlimited}")], ""),
        (&[("strategies.s.retry", "{mode: aws-standard, preset: java}")], ""),
        (&[("strategies.s.retry", "{mode: aws-adaptive, preset: kotlin}")], ""),
        (&[("strategies.s.retry", "{mode: aws-standard, preset: dotnet}")], ""),
        (&[("strategies.s.retry", "{mode: aws-adaptive, preset: cpp}")], ""),
        (&[("strategies.s.retry", "{mode: aws-legacy}")], "botocore's"),
        (&[("strategies.s.retry", "{mode: aws-legacy, preset: go1, maxAttempts: 7}")], ""),
        (&[("strategies.s.retry", "{mode: budget, ratio: 0.123, minPerSecond: 1/min}")], ""),
        (
            &[(
                "quotas",
                "{enforcement: {window: {phase: 250ms}}, key-pair-rsa-2048: 20/s, DescribeKey: 5/s}",
            )],
            "",
        ),
        (&[("quotas.enforcement", "lagging"), ("quotas.reEncryptCost", "2")], ""),
        (&[("quotas.enforcement", "{bucket: {burst: 2s, lag: 500ms}}")], ""),
        (&[("quotas.enforcement", "{bucket: {lag: 0s}}")], "the plain bucket"),
        (&[("workloads.w.payload", "{min: 1B, max: 4KiB}"), ("seed", "18446744073709551615")], ""),
        (&[("workloads.w.maxInFlight", "5"), ("workloads.w.onLimit", "shed")], ""),
        (&[("fleet", "{clients: 9, start: {over: 3s}, restart: {at: 5s}}")], ""),
        (&[("thresholds.response_time", "p(99)<1s"), ("thresholds.goodput", "[ \">=3\" ]")], ""),
        (&[("serviceTime", "{p50: 60ms}")], ""),
        (&[("serviceTime", "0")], "no time at all"),
        (&[("serviceTime", "{fixed: 100ms, throttled: 0s}")], ""),
        (&[("serviceTime", "{exponential: 100ms, servers: 1, queue: 0}")], ""),
        (&[("serviceTime", "{exponential: 100ms, servers: 3}")], ""),
        (&[("serviceTime", "{quantiles: {p0: 2ms, p99.9: 30ms, p50: 6ms}}")], ""),
        (
            &[(
                "serviceTime",
                "{mixture: [{share: 99.9%, fixed: 100ms}, {share: 0.1%, exponential: 10s}], operations: {Sign: {quantiles: {p50: 1ms, p90: 2ms}}, Verify: {p50: 1ms}}}",
            )],
            "",
        ),
        (&[("strategies.s.retry", "{mode: tokens, capacity: 5, refund: 0.25}")], ""),
        (&[("sweep", "{over: {fleet.clients: 1..1e3:log, strategies.s.timeout: [1s, none]}}")], "a grid"),
        (
            &[
                ("strategies.s", "{cache: {maxAge: 1m, maxBytes: 0}}"),
                (
                    "workloads.w",
                    "{executor: burst, count: 1, every: 1s, duration: 1s, jobs: {EncryptMessage: 1}, contexts: {count: 3}}",
                ),
            ],
            "a byte limit of zero",
        ),
        (&[("faults", "[{kind: freeze, for: 3s}, {at: 1s, kind: throttle, next: 5}]")], ""),
        (
            &[(
                "faults",
                "[{for: 3s, kind: error, errorCode: ServiceUnavailable, after: 5, seed: 9}, {for: 1s, kind: truncate}, \
                 {for: 1s, kind: trickle, by: 2s, ramp: 1s, probability: 5%}, {for: 1s, kind: error, status: 503}]",
            )],
            "",
        ),
    ] {
        match set(SMALL, sets) {
            Ok(checked) => same_again(&checked.scenario, &format!("{sets:?}")),
            Err(problems) => panic!("{sets:?}: {problems}"),
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_path_and_what_would_be_right() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("workloads.w.rate", "-5/s", &["workloads.w.rate", "must not be negative", "`-5/s`", "500/s"]),
        ("workloads.w.rate", "500", &["not a rate", "`500`"]),
        ("workloads.w.rate", "0/s", &["above zero"]),
        ("workloads.w.rate", "2000000000/s", &["not a rate"]),
        ("serviceTime", "5ms", &["serviceTime", "not a mapping"]),
        (
            "serviceTime",
            "{fixed: 5ms, p50: 3ms}",
            &["serviceTime.fixed", "`fixed` and `p50` do not go together"],
        ),
        ("serviceTime", "{exponential: 0s}", &["must be above zero"]),
        ("serviceTime", "{quantiles: {p50: 6ms}}", &["at least two quantiles that rise"]),
        ("serviceTime", "{quantiles: {p50: 6ms, p99: 5ms}}", &["at least two quantiles that rise"]),
        ("serviceTime", "{quantiles: {p50: 6ms, p101: 7ms}}", &["`p101` is no percentile", "p0 to p100"]),
        (
            "serviceTime",
            "{mixture: [{share: 50%, fixed: 5ms}, {share: 40%, fixed: 6ms}]}",
            &["add up to 90%"],
        ),
        ("serviceTime", "{mixture: [{fixed: 5ms}]}", &["`share` is missing"]),
        (
            "serviceTime",
            "{operations: {Sign: {p99: 5ms}}}",
            &["serviceTime.operations.Sign", "`p50` is missing"],
        ),
        ("serviceTime", "{queue: 5}", &["serviceTime.queue", "needs `servers`"]),
        ("strategies.s.retry", "{mode: tokens, cost: 0}", &["strategies.s.retry.cost", "a number from"]),
        ("strategies.s.retry", "{mode: fixed, cost: 1}", &["`cost` does not go with mode `fixed`"]),
        ("workloads.w.ratee", "5/s", &["workloads.w.ratee", "not a key", "did you mean `rate`?"]),
        ("workloads.w.duration", "40d", &["too long", "30d"]),
        ("workloads.w.duration", "30d", &["jobs are expected"][..0]),
        ("workloads.w.rate", "10000/s", &["none"][..0]),
        ("workloads.w.executor", "constant-vu", &["did you mean `constant-vus`?"]),
        (
            "workloads.w.stages",
            "[{duration: 1s, target: 1/s}]",
            &["does not go with executor `constant-arrival-rate`"],
        ),
        ("workloads.w.thinkTime", "1s", &["does not go with executor"]),
        (
            "workloads.w",
            "{executor: ramping-arrival-rate, stages: [], jobs: {Decrypt: 1}}",
            &["workloads.w.stages", "1 to 1000"],
        ),
        (
            "workloads.w",
            "{executor: constant-vus, vus: 2, duration: 5s, arrivals: uniform, jobs: {Decrypt: 1}}",
            &["`arrivals` does not go"],
        ),
        (
            "workloads.w",
            "{executor: constant-vus, vus: 2, duration: 5s, maxInFlight: 3, jobs: {Decrypt: 1}}",
            &["`maxInFlight` does not go"],
        ),
        (
            "workloads.w",
            "{executor: constant-vus, vus: 2, duration: 5s, pace: 1/s, thinkTime: 1s, jobs: {Decrypt: 1}}",
            &["do not go together"],
        ),
        ("workloads.w", "{executor: constant-vus, vus: 0, duration: 5s, jobs: {Decrypt: 1}}", &["too small"]),
        (
            "workloads.w",
            "{executor: constant-vus, vus: 2000000, duration: 5s, jobs: {Decrypt: 1}}",
            &["too large"],
        ),
        (
            "workloads.w",
            "{executor: per-vu-iterations, vus: 1000000, iterations: 1000000, jobs: {Decrypt: 1}}",
            &["jobs are expected"],
        ),
        ("workloads.w.jobs", "{Decrypt: 0}", &["sum to zero"]),
        ("workloads.w.jobs", "{Decript: 1}", &["did you mean `Decrypt`?"]),
        ("workloads.w.jobs", "{Sign: 1}", &["a SYMMETRIC_DEFAULT key cannot do Sign", "RSA_2048"]),
        ("workloads.w.payload", "5KiB", &["above what Decrypt takes", "at most 4KiB"]),
        ("workloads.w.payload", "0B", &["does not fit"]),
        ("workloads.w.payload", "{p50: 4KiB, p99: 1KiB}", &["p99 is below p50"]),
        ("workloads.w.payload", "{min: 4KiB, p99: 1KiB}", &["either min and max or p50 and p99"]),
        ("workloads.w.keys", "{count: 0}", &["too small"]),
        ("workloads.w.keys", "{popularity: zip(1)}", &["not a popularity"]),
        ("workloads.w.keys", "{ids: [a]}", &[]),
        ("workloads.w.keys", "{ids: [a, b], count: 3}", &["workloads.w.keys.count", "`ids` names 2 keys"]),
        ("workloads.w.keys", "{spec: RSA_2O48}", &["did you mean `RSA_2048`?"]),
        ("workloads.w.keys", "{store: cloudhsm, spec: RSA_2048}", &["holds no RSA_2048"]),
        ("workloads.w.region", "us-east-1", &["`region` is not built yet"]),
        ("workloads.w.onLimit", "shed", &["without `maxInFlight`"]),
        ("workloads.w.warmUp", "10s", &["nothing of `w` is left"]),
        ("warmUp", "20s", &["nothing of `w` is left"]),
        ("workloads.w.strategies", "{t: {timeout: 1s}}", &["no strategy of this name", "did you mean `s`?"]),
        (
            "workloads.w.strategies",
            "{all: {timeoutt: 1s}}",
            &["workloads.w.strategies.all.timeoutt", "did you mean `timeout`?"],
        ),
        ("strategies", "{}", &["there are 0 strategies"]),
        ("strategies.all", "{}", &["`all` is no name", "such as `patient`"]),
        ("strategies.both", "{}", &["`both` is no name", "such as `patient`"]),
        ("strategies.none", "{}", &["`none` is no name", "such as `no-retry`"]),
        ("strategies.-x", "{}", &["not a name"]),
        ("strategies.s.breaker", "{}", &["`breaker` is not built yet"]),
        ("strategies.s.retry", "{mode: aws-legacyy}", &["did you mean `aws-legacy`?"]),
        (
            "strategies.s.retry",
            "{mode: aws-legacy, preset: java}",
            &["did you mean `java1`?", "botocore, java1"],
        ),
        ("strategies.s.retry", "{mode: aws-standard, preset: java2}", &["did you mean `java`?", "kotlin"]),
        (
            "strategies.s.retry",
            "{mode: aws-legacy, generation: 2.0}",
            &["`generation` does not go with mode"],
        ),
        ("strategies.s.retry", "{maxAttempts: 4}", &["`mode` is missing"]),
        ("strategies.s.retry", "{mode: none, maxAttempts: 4}", &["too large"]),
        ("strategies.s.retry", "{mode: aws-standard, maxAttempts: unlimited}", &["cannot try without end"]),
        (
            "strategies.s.retry",
            "{mode: aws-standard, preset: rust, generation: \"2.0\"}",
            &["`preset` already says"],
        ),
        ("strategies.s.retry", "{mode: fixed, base: 5ms}", &["`base` does not go with mode `fixed`"]),
        ("strategies.s.retry", "{mode: exponential, base: 5s, cap: 1s}", &["cap 1s is below base 5s"]),
        ("strategies.s.retry", "{mode: standard}", &["did you mean `aws-standard`?"]),
        ("strategies.s.retry", "adaptive", &["not a mapping", "did you mean `{ mode: aws-adaptive }`?"]),
        ("strategies.s.cache", "{capacity: 5}", &["`maxAge` is missing"]),
        (
            "strategies.s.cache",
            "{maxAge: 1m}",
            &["strategies.s.cache: no workload", "a cache can serve", "DecryptMessage instead of Decrypt"],
        ),
        (
            "workloads.w.strategies",
            "{all: {cache: {maxAge: 1m}}}",
            &["workloads.w.strategies.all.cache: this workload has no job that a cache can serve"],
        ),
        ("strategies.s.cache", "{maxAge: 1m, kind: bucket-key}", &["`kind` is not built yet"]),
        ("serviceTime", "{p50: 30ms, p99: 10ms}", &["serviceTime.p99", "below p50"]),
        ("serviceTime", "{operations: {Sing: {p50: 1ms}}}", &["did you mean `Sign`?"]),
        ("faults", "[{at: 1s, kind: error}]", &["faults[0]", "`for` is missing"]),
        ("faults", "[{for: 1s, kind: error, next: 5, probability: 5%}]", &["do not go together"]),
        ("faults", "[{for: 1s, kind: quota, pool: symetric, to: 5/s}]", &["did you mean `symmetric`?"]),
        ("faults", "[{for: 1s, kind: error, by: 5ms}]", &["`by` does not go with kind `error`"]),
        (
            "faults",
            "[{for: 1s, kind: error, status: 418}]",
            &["faults[0].status", "many errors have the status 418"],
        ),
        ("faults", "[{for: 1s, kind: error, errorCode: 'a b'}]", &["faults[0].errorCode", "no error's code"]),
        ("faults", "[{kind: error, next: 3, ramp: 1s}]", &["`ramp` and `next` do not go together"]),
        ("faults", "[{for: 1s, kind: error, key: alias/a}]", &["a scenario has one caller", "no `key`"]),
        ("faults", "[{for: 1s, kind: throttle, principal: '*'}]", &["no `principal`", "serve --fault"]),
        ("quotas.symetric", "5/s", &["did you mean `symmetric`?"]),
        ("quotas.enforcement", "{window: {}, bucket: {}}", &["exactly one"]),
        ("quotas.enforcement", "{window: {phase: 2s}}", &["its phase is less"]),
        ("fleet.connections", "{max: 5}", &["`connections` is not built yet"]),
        ("fleet", "{clients: 3, restart: {at: 5s, batch: 4}}", &["too large"]),
        ("region", "us-eats-1", &["did you mean `us-east-1`?"]),
        ("target", "emulator", &[]),
        ("target", "http://127.0.0.1:8080", &[]),
        ("target", "emulatr", &["did you mean `emulator`?"]),
        ("strategies.s.retry", "{mode: aws-sdk}", &["which the simulator cannot run"]),
        ("client", "rwa", &["did you mean `raw`?"]),
        ("transport", "in-proces", &["did you mean `in-process`?"]),
        ("transport", "{connections: 0}", &["transport.connections", "too small"]),
        ("caps", "{attempts: 500, rate: 10/s, duration: 1m, cost: 1.20 USD, maxQuotaShare: 10%}", &[]),
        ("caps", "{cost: free}", &["caps.cost", "`free` is not an amount"]),
        ("allow", "{accounts: [12]}", &["allow.accounts[0]", "no account id"]),
        ("allow", "{regions: [mars-1]}", &["allow.regions[0]", "no Region"]),
        ("version", "2", &["too large"]),
        ("trials", "yes", &["not a whole number"]),
        ("trials", "\"5\"", &["the text \"5\""]),
        ("trials", "20000", &["too large"]),
        ("sweep", "{}", &["`over` is missing"]),
        ("sweep", "{over: {}}", &["no field to vary"]),
        ("sweep", "{over: {seed: [1, 2]}}", &["sweep.over.seed", "cannot be varied"]),
        ("sweep", "{over: {fleet.clients: 1..9}}", &["sweep.over.fleet.clients", "FROM..TO:log"]),
        (
            "sweep",
            "{over: {fleet.clients: [1, {a: 1}]}}",
            &["sweep.over.fleet.clients[1]", "no single value"],
        ),
        ("accounts", "{}", &["`accounts` is not built yet"]),
        ("gate", "[t]", &["no strategy of this name"]),
        ("<<", "{a: 1}", &["not a key"]),
        ("thresholds", "{respones_time: [p(99)<1s]}", &["no metric", "did you mean `response_time`?"]),
        ("thresholds", "{\"failed{operaton:Decrypt}\": [rate<1%]}", &["no tag", "did you mean `operation`?"]),
        ("thresholds", "{\"failed{operation:Encrypt}\": [rate<1%]}", &["in the mix"]),
        ("thresholds", "{\"failed{workload:x}\": [rate<1%]}", &["no workload of this name"]),
        ("thresholds", "{\"failed{strategy:x}\": [rate<1%]}", &["no strategy of this name"]),
        ("thresholds", "{\"failed{stage:7}\": [rate<1%]}", &["no stage of this number"]),
        ("thresholds", "{failed: [{threshold: rate<1%, abortOnFail: yes}]}", &["not a boolean"]),
        ("thresholds", "{failed: [rate<1]}", &["1 is all of them", "did you mean `rate<1%`?"]),
        ("thresholds", "{p99: [\"<250ms\"]}", &["no metric", "did you mean `response_time: p(99)`?"]),
        ("thresholds", "{http_req_failed: [rate<1%]}", &["no metric", "did you mean `failed`?"]),
        ("thresholds", "{response_time: [p95<250ms]}", &["no `p95`", "did you mean `p(95)<250ms`?"]),
        ("thresholds", "{failed: [rate>=0]}", &["holds whatever happens"]),
    ];
    for (path, value, fragments) in cases {
        let sets = [(*path, *value)];
        match (set(SMALL, &sets), fragments.is_empty()) {
            (Ok(_), true) => {}
            (Ok(_), false) => panic!("{path}={value} is taken for good"),
            (Err(problems), _) => {
                let text = problems.to_string();
                assert!(text.starts_with("--set "), "{text}");
                assert!(!fragments.is_empty(), "{text}");
                assert_eq!(problems.list.len(), 1, "{path}={value}: {text}");
                for fragment in *fragments {
                    assert!(text.contains(fragment), "{path}={value}: {fragment:?} is not in: {text}");
                }
            }
        }
    }
}

#[test]
fn every_problem_of_a_file_is_told_at_once_with_its_line() {
    let text = "version: 1\nsede: 5\nworkloads:\n  w:\n    executor: constant-arrival-rate\n    rate: -5/s\n    rate: 5/s\n    jobs: { Decrypt: one }\nstrategies:\n  s: { retry: { mode: fixd } }\n";
    let problems = read(text).expect_err("problems");
    let lines: Vec<(u32, &str)> =
        problems.list.iter().map(|problem| (problem.line, problem.path.as_str())).collect();
    assert_eq!(
        lines,
        [
            (2, "sede"),
            (4, "workloads.w"),
            (6, "workloads.w.rate"),
            (7, "workloads.w.rate"),
            (8, "workloads.w.jobs.Decrypt"),
            (10, "strategies.s.retry.mode"),
        ]
    );
    let text = problems.to_string();
    assert!(text.contains("dir/test.yaml:2:1: sede: `sede` is not a key"), "{text}");
    assert!(text.contains("did you mean `seed`?"), "{text}");
    assert!(text.contains("did you mean `fixed`?"), "{text}");
}

#[test]
fn a_payload_above_what_an_operation_takes_is_told_at_the_payload() {
    let text = SMALL.replace("jobs: { Decrypt: 1 }", "payload: { min: 1B, max: 5KiB }, jobs: { Encrypt: 1 }");
    let problems = read(&text).expect_err("too large");
    assert_eq!(problems.list[0].path, "workloads.w.payload.max");
    assert!(problems.to_string().contains("at most 4KiB"), "{problems}");
    let text = SMALL.replace("jobs: { Decrypt: 1 }", "payload: 5KiB, jobs: { EncryptMessage: 1 }");
    assert!(read(&text).is_ok(), "an envelope job encrypts locally");
}

#[test]
fn the_environment_can_give_numbers_and_its_absence_is_told() {
    let text = format!("trials: \"${{TRIALS:-3}}\"\nseed: ${{SEED}}\n{SMALL}");
    let parse = |env: &dyn Fn(&str) -> Option<String>| {
        Scenario::parse(&text, &Options { file: "t.yaml", env, sets: &[] })
    };
    let scenario = parse(&|name| (name == "SEED").then(|| "7".into())).expect("a scenario").scenario;
    assert_eq!((scenario.trials, scenario.seed), (3, 7));
    let problems = parse(&|_| None).expect_err("no SEED");
    assert_eq!(problems.list[0].line, 2);
    assert!(problems.to_string().contains("no `SEED`"));
}

#[test]
fn a_plan_adds_jobs_calls_pools_and_cost() {
    let checked = set(SMALL, &[("quotas.background", "{symmetric: 5/s}"), ("quotas.symmetric", "100/s")])
        .expect("a scenario");
    let plan = Plan::of(&checked.scenario);
    assert_eq!((plan.jobs, plan.is_estimate), (100.0, false));
    assert_eq!(plan.pools[0].peak_per_s, 15.0);
    assert_eq!(plan.pools[0].limit_per_s, Some(100.0));
    assert!((plan.cost_usd - 0.0003).abs() < 1e-12);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_yaml_like_text_makes_the_reader_panic(text in "([a-z]{1,3}: ?|- |\\[|\\]|\\{|\\}|&a |\\*a|, |\n|  |[0-9/s]{1,4}|\"|'|#|\\$\\{){0,60}") {
        let _ = read(&text);
        let _ = read(&format!("{SMALL}{text}"));
        let _ = set(SMALL, &[("workloads.w", &text)]);
    }
}

const LIVE: &str = "target: aws
client: CLIENT
transport: { connections: 8, connectTimeout: 500ms, idleTimeout: 10s, ca: ca.pem }
caps: { attempts: 500, rate: 10/s, duration: 1m, cost: 1.20 USD, maxQuotaShare: 10% }
allow: { accounts: [\"123456789012\"], regions: [us-east-1], keys: [alias/aws/s3] }
serviceTime: { p50: 5ms, measured: today }
workloads:
  w: { executor: constant-arrival-rate, rate: 5/s, duration: 1s, jobs: { Decrypt: 1 }, keys: { ids: [a, b] } }
strategies: { s: { retry: { mode: none } } }
";

#[test]
fn what_only_live_runs_look_at_is_written_out_and_read_back() {
    let text = LIVE.replace("CLIENT", super::LiveClient::DEFAULT.name());
    let parsed = Scenario::parse(&text, &Options::default());
    if !cfg!(feature = "aws") {
        let problems = parsed.expect_err("aws needs the SDK").to_string();
        return assert!(problems.contains("built without the AWS SDK"), "{problems}");
    }
    let scenario = parsed.expect("valid").scenario;
    assert_eq!((scenario.trials, scenario.workloads[0].keys.count), (1, 2));
    let again = Scenario::parse(&scenario.to_yaml(), &Options::default()).expect("valid").scenario;
    assert_eq!(again, scenario);
    // A simulated run's record says nothing of it.
    let simulated = read(SMALL).expect("valid").scenario;
    assert!(!simulated.to_yaml().contains("caps"));
}

#[test]
fn a_live_run_is_refused_what_it_cannot_do() {
    for (more, sentence) in [
        (
            "target: http://127.0.0.1:1\nfaults: [ { for: 1s, kind: error } ]",
            "cannot make another service fail",
        ),
        (
            "target: http://127.0.0.1:1\ntransport: in-process",
            "only the emulator can be called without a socket",
        ),
        ("target: emulator\nclient: raw\nRETRY: aws-sdk", "needs the SDK to send attempts"),
        ("target: emulator\nJOB: CreateGrant", "live runs do not make CreateGrant calls"),
    ] {
        let (retry, job) = (more.contains("RETRY"), more.contains("JOB"));
        let mode = if retry { "aws-sdk" } else { "none" };
        let job = if job { "CreateGrant" } else { "Encrypt" };
        let head = more.lines().filter(|line| !line.starts_with("RETRY") && !line.starts_with("JOB"));
        let text = format!(
            "{}\nworkloads: {{ w: {{ executor: constant-arrival-rate, rate: 5/s, duration: 1s, jobs: {{ {job}: 1 }} }} }}\nstrategies: {{ s: {{ retry: {{ mode: {mode} }} }} }}\n",
            head.collect::<Vec<_>>().join("\n")
        );
        let problems = Scenario::parse(&text, &Options::default()).expect_err(sentence).to_string();
        assert!(problems.contains(sentence), "{problems}");
    }
}

/// Two workloads of envelope jobs under a strategy with a cache and one without; `MORE` is where a case puts something.
const CACHED: &str = "workloads:
  reads: { executor: constant-arrival-rate, rate: 5/s, duration: 1s, jobs: { DecryptMessage: 1, Encrypt: 1 }MORE }
  plain: { executor: constant-arrival-rate, rate: 5/s, duration: 1s, jobs: { Decrypt: 1 } }
strategies:
  no-retry: { retry: { mode: none } }
  cached: { retry: { mode: none }, cache: { maxAge: 1m } }
";

#[test]
fn with_a_cache_the_number_of_messages_must_be_given() {
    let more = |more: &str| read(&CACHED.replace("MORE", more));
    let problems = more("").expect_err("how many messages?");
    assert_eq!(problems.list.len(), 1, "{problems}");
    assert_eq!((problems.list[0].line, problems.list[0].path.as_str()), (2, "workloads.reads"));
    assert!(problems.to_string().contains("`messages` is missing"), "{problems}");
    for given in ["messages: { count: 1 }", "contexts: { count: 20 }", "strategies: { all: { cache: none } }"]
    {
        let result = more(&format!(", {given}"));
        match given.starts_with("strategies") {
            // Then nothing is left that the cache could serve, which is told at the strategy.
            true => {
                let problems = result.expect_err(given).to_string();
                assert!(problems.contains("strategies.cached.cache: no workload"), "{problems}");
            }
            false => same_again(&result.unwrap_or_else(|problems| panic!("{problems}")).scenario, given),
        }
    }
    let writes = CACHED.replace("DecryptMessage", "EncryptMessage").replace("MORE", "");
    let problems = read(&writes).expect_err("how many contexts?").to_string();
    assert!(problems.contains("`contexts` is missing"), "{problems}");
    let uncached = CACHED.replace("MORE", "").replace(", cache: { maxAge: 1m }", "");
    assert!(read(&uncached).is_ok(), "without a cache nothing hangs on it");
}

#[test]
fn a_trace_is_judged_when_it_is_read() {
    use crate::workload::{Executor, TraceJob, TraceRows};
    let text = SMALL
        .replace("constant-arrival-rate, rate: 10/s, duration: 10s", "trace, file: t.csv")
        .replace("s: {}", "s: { cache: { maxAge: 1m } }");
    let mut scenario = read(&text).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let mut with = |rows: TraceRows| {
        let Executor::Trace(trace) = &mut scenario.workloads[0].executor else { panic!("a trace") };
        trace.rows = std::sync::Arc::new(rows);
        scenario.idle_cache()
    };
    let idle = with(TraceRows::Counts(vec![1])).expect("the mix has no envelope job");
    assert!(
        idle.contains("strategies.s.cache") && idle.contains("DecryptMessage instead of Decrypt"),
        "{idle}"
    );
    let kind = crate::api::JobKind::from_name("DecryptMessage");
    let (key, context, message, bytes) = (None, None, None, None);
    let row = TraceJob { at: crate::time::Span::ZERO, kind, key, context, message, bytes, known_size: true };
    assert_eq!(with(TraceRows::Jobs(vec![row])), None);
}

#[test]
fn a_problem_of_an_option_names_the_option() {
    let rate = Set::option(&["workloads", "w", "rate"], "5", "--rate 5");
    let problems = |sets: &[Set]| {
        Scenario::parse(SMALL, &Options { file: "command line", sets, ..Options::default() })
            .expect_err("wrong")
    };
    let told = problems(std::slice::from_ref(&rate));
    assert!(told.to_string().starts_with("--rate 5: this is not a rate; read `5`"), "{told}");
    assert!(told.are_of_options());
    assert!(!problems(&[rate, Set::new("seed", "x")]).are_of_options());
}

#[test]
fn a_stage_that_cannot_be_read_is_not_told_as_no_load() {
    let stages = "{executor: ramping-arrival-rate, stages: [{duration: 5s, taget: 5/s}], jobs: {Decrypt: 1}}";
    let told = set(SMALL, &[("workloads.w", stages)]).expect_err("it is wrong").to_string();
    assert!(told.contains("`taget` is not a key"), "{told}");
    assert!(!told.contains("nothing ever arrives"), "{told}");
}
