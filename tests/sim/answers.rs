//! ANSWER, SURE, NEXT: each shipped scenario answers its own question, a setting that reverses its lesson reverses the
//! answer, every figure in a sentence stands in the saved run, and NEXT names only commands that are there.

use crate::shipped;
use crate::support::{self, scenario};
use clap::Parser;
use keystorm::cli::Cli;
use keystorm::engine::{Control, under_other_limiters};
use keystorm::report::verdict::judge;
use keystorm::results::answer::order;
use keystorm::results::merit::Criterion;
use keystorm::results::{Agreement, Answer, Built, LimiterKinds, Run, StrategyRun, Verdict};

/// Every figure that a line rests on stands where it says.
fn rests_on_the_run(name: &str, run: &Run) {
    let json = serde_json::to_value(run).expect("a run is JSON");
    let answer = run.answer.as_ref().expect("it has one");
    for line in [&answer.answer, &answer.sure, &answer.next] {
        for cited in &line.figures {
            let there = json.pointer(&cited.at).and_then(serde_json::Value::as_f64);
            assert_eq!(there, Some(cited.value), "{name}: {} of {}", cited.at, line.text);
        }
    }
    assert!(!answer.answer.figures.is_empty(), "{name}: {:?}", answer.answer);
}

/// NEXT is a command that there is, or no command.
fn can_be_typed(name: &str, answer: &Answer) {
    let commands =
        answer.next.text.split('`').skip(1).step_by(2).filter(|piece| piece.starts_with("keystorm "));
    for command in commands {
        let words = shell_words(command);
        assert!(Cli::try_parse_from(&words).is_ok(), "{name}: {command}");
    }
    if let Some(command) = &answer.next.command {
        assert!(answer.next.text.contains(&format!("`{command}`")), "{name}: {:?}", answer.next);
    }
}

fn shell_words(command: &str) -> Vec<String> {
    let (mut words, mut quoted) = (vec![String::new()], false);
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words
}

/// A shipped scenario's answer, with `sets` laid over it.
fn answer(name: &str, sets: &[(&str, &str)]) -> (Run, Answer) {
    let sets: Vec<_> = shipped::smaller(name).iter().chain(sets).copied().collect();
    let mut run = support::run(&shipped::scenario(name, &sets), 2);
    run.settle(vec![name.to_owned()], None, Built::default());
    rests_on_the_run(name, &run);
    let answer = judge(&run).answer;
    can_be_typed(name, &answer);
    (run, answer)
}

/// What a shipped scenario teaches, in the words of its answer, and what takes that away.
struct Lesson {
    name: &'static str,
    /// Each stands in the answer.
    says: &'static [&'static str],
    /// What reverses the lesson.
    reversed_by: &'static [(&'static str, &'static str)],
    /// Each stands in the answer then.
    then_says: &'static [&'static str],
    /// None of these does.
    and_no_more: &'static [&'static str],
}

const LESSONS: [Lesson; 13] = [
    Lesson {
        name: "01-first-throttle.yaml",
        says: &["Throttling begins at 1,0", " % of pool `symmetric`'s 1,000/s", "`naive` makes 2."],
        reversed_by: &[("quotas.symmetric", "2000/s")],
        then_says: &["No attempt is refused: the busiest second asks 1,"],
        and_no_more: &["Throttling begins", "attempts a call"],
    },
    Lesson {
        name: "02-spark-s3-read.yaml",
        says: &["`capped`: all 80,000 jobs in ", "nothing fails", "`sdk-standard` has "],
        reversed_by: &[("strategies.capped.limiter", "none")],
        then_says: &["No strategy meets every threshold", "Pool `symmetric` bites"],
        and_no_more: &["`capped`: all"],
    },
    Lesson {
        name: "03-nightly-etl-50k.yaml",
        says: &["Throttling begins at ", "`no-bucket-key` costs 62,", " USD a month."],
        reversed_by: &[("quotas.symmetric", "100000/s")],
        then_says: &["No attempt is refused", "`no-bucket-key` costs 62,"],
        and_no_more: &["Throttling begins"],
    },
    Lesson {
        name: "04-kinesis-esdk-cache.yaml",
        says: &["`cached`", "`producers` 3,", " KMS calls for 29", "`consumers` 6,", "`uncached` costs 11,"],
        reversed_by: &[
            ("workloads.producers.contexts.count", "9000000"),
            ("workloads.consumers.messages.count", "9000000"),
        ],
        then_says: &["No strategy meets every threshold", "The cache of `cached` serves "],
        and_no_more: &["`cached` (keeps"],
    },
    Lesson {
        name: "05-cache-never-hits.yaml",
        says: &[
            "The cache of `cached` serves 0.",
            ": 1,000,000 distinct contexts.",
            "Pool `symmetric` bites",
        ],
        reversed_by: &[("workloads.records.contexts.count", "10")],
        then_says: &["`cached`: peaks at ", "nothing fails", "`uncached` costs "],
        and_no_more: &["bites", "The cache of"],
    },
    Lesson {
        name: "06-lambda-cold-burst.yaml",
        says: &["Throttling begins at 10,", "in second 9.", "`in-process`: peaks at ", "Without a cache 2"],
        reversed_by: &[("quotas.symmetric", "100000/s")],
        then_says: &["No attempt is refused"],
        and_no_more: &["Throttling begins", "Without a cache"],
    },
    Lesson {
        name: "08-secrets-fleet-deploy.yaml",
        says: &[
            "`patient`: all 12,000 jobs in 1",
            "none of 400 VUs fails",
            "`sdk-standard` fails for ",
            "of its VUs",
        ],
        reversed_by: &[("quotas.symmetric", "10000/s")],
        then_says: &["meet every threshold"],
        and_no_more: &["fails for"],
    },
    Lesson {
        name: "09-dynamodb-host-fanout.yaml",
        says: &[
            "`per-host-cache`",
            "`sequential` 1 KMS call for 25 jobs",
            "`concurrent` 3",
            " KMS calls for 100 jobs",
        ],
        reversed_by: &[("strategies.per-host-cache.cache", "none")],
        then_says: &["No strategy meets every threshold"],
        and_no_more: &["1 KMS call for 25"],
    },
    Lesson {
        name: "10-noisy-neighbour.yaml",
        says: &[
            "`batch-capped`: ",
            "nothing fails",
            "`shared` fails ",
            " of `checkout`",
            "The last job completes in second ",
        ],
        reversed_by: &[("quotas.symmetric", "3000/s")],
        then_says: &["meet every threshold"],
        and_no_more: &["`shared` fails"],
    },
    Lesson {
        name: "11-multi-tenant-keys.yaml",
        says: &["`cache-5m` (keeps 5,000 data keys for 5m)", "`uncached` fails 50", "`small-cache` fails "],
        reversed_by: &[("quotas.symmetric", "20000/s")],
        then_says: &["Of 4 strategies that meet every threshold"],
        and_no_more: &["`uncached` fails"],
    },
    Lesson {
        name: "13-signer-ecc.yaml",
        says: &[
            "Pool `ecc` bites: it stands at ",
            " of its 300/s",
            "`sdk-standard` fails 2",
            " of `relayers`",
            "Pool `symmetric` stands at 2",
        ],
        reversed_by: &[("quotas.ecc", "1000/s")],
        then_says: &["`sdk-standard`: ", "nothing fails"],
        and_no_more: &["bites", "`sdk-standard` fails"],
    },
    Lesson {
        name: "14-retry-storm-recovery.yaml",
        says: &[
            "Back as before after the trigger: `never-give-up` 5",
            "`never-give-up` has a p90 response time of ",
        ],
        reversed_by: &[("strategies.never-give-up.retry.maxAttempts", "3")],
        then_says: &["meet every threshold"],
        and_no_more: &["`never-give-up` 5", "p90 response time"],
    },
    Lesson {
        name: "quickstart.yaml",
        says: &["`cached`: peaks at 3", " of 1,000/s, nothing fails", "Without a cache 2", " % fail."],
        reversed_by: &[("quotas.symmetric", "3000/s")],
        then_says: &["meet every threshold"],
        and_no_more: &["Without a cache"],
    },
];

#[test]
fn every_shipped_scenario_has_thresholds_a_gate_and_a_lesson() {
    let names = shipped::names();
    let lessons: Vec<&str> = LESSONS.iter().map(|lesson| lesson.name).collect();
    assert_eq!(names, lessons, "say in `LESSONS` what a scenario teaches");
    for name in names {
        let text = shipped::text(&name);
        assert!(text.contains("\nthresholds:\n") && text.contains("\ngate: ["), "{name}");
    }
}

/// Whether the answer says what the lesson is, and takes it back where it is reversed.
fn holds(lesson: &Lesson) {
    let (run, told) = answer(lesson.name, &[]);
    let text = &told.answer.text;
    for part in lesson.says {
        assert!(text.contains(part), "{}: {part} is not in: {text}", lesson.name);
    }
    if let Some((_, rest)) = text.split_once("Throttling begins at ") {
        let share = rest.split(", ").nth(1).and_then(|part| part.split(' ').next()).expect("a share");
        let share: f64 = share.parse().expect("a number");
        assert!((96.0..=112.0).contains(&share), "{}: it begins at the quota: {text}", lesson.name);
    }
    assert!(told.sure.text.contains("Rests on ") && !told.next.text.is_empty(), "{told:?}");
    let caches = run.strategies.iter().any(|s| s.ratios.cache_hit > 0.0);
    assert!(!caches || told.sure.text.contains(" distinct "), "{}: {}", lesson.name, told.sure.text);
    let then = answer(lesson.name, lesson.reversed_by).1.answer.text;
    for part in lesson.then_says {
        assert!(then.contains(part), "{} reversed: {part} is not in: {then}", lesson.name);
    }
    for part in lesson.and_no_more {
        assert!(!then.contains(part), "{} reversed: {part} is in: {then}", lesson.name);
    }
}

#[test]
fn answers_agree_with_their_lessons_and_turn_with_them_in_the_first_half() {
    LESSONS[..5].iter().for_each(holds);
}

#[test]
fn answers_agree_with_their_lessons_and_turn_with_them_in_the_second_half() {
    LESSONS[5..].iter().for_each(holds);
}

/// The strategies that a sentence sets before `words`.
fn said_of<'r>(run: &'r Run, sentence: &str, words: [&str; 2]) -> Vec<&'r StrategyRun> {
    let parts = sentence.split(". ").flat_map(|each| each.split([';', '·']));
    let part = parts.filter_map(|part| words.iter().find_map(|word| part.split_once(word)));
    let names: Vec<&str> = part.flat_map(|(before, _)| before.split('`').skip(1).step_by(2)).collect();
    run.strategies.iter().filter(|strategy| names.contains(&strategy.name.as_str())).collect()
}

/// Whether nobody's figure is better than any of `top` by more than is worth a word.
fn is_top(run: &Run, top: &[&StrategyRun], criterion: Criterion) -> bool {
    let value = |strategy: &StrategyRun| criterion.value(strategy);
    let beats = |other: f64, own: f64| match criterion {
        Criterion::Completed => other - own > 0.001,
        _ => own - other > 0.010_1 * other,
    };
    top.iter().all(|strategy| {
        let own = value(strategy).expect("what is top has a figure");
        run.strategies.iter().filter_map(value).all(|other| !beats(other, own))
    })
}

/// Everything that is claimed of a run holds in its tables.
fn holds_in_its_tables(name: &str, run: &Run) -> usize {
    let mut seen = 0;
    let sentence = order::trade_off(run);
    for criterion in Criterion::of(run) {
        let words = match criterion {
            Criterion::Completed => [" completes most", " complete most"],
            Criterion::DoneAfter | Criterion::Response => [" is fastest", " are fastest"],
            Criterion::Attempts => [" makes the fewest attempts", " make the fewest attempts"],
            Criterion::Cost => [" costs least", " cost least"],
        };
        let top = said_of(run, &sentence, words);
        seen += top.len();
        assert!(is_top(run, &top, criterion), "{name}: {sentence}");
    }
    let told = judge(run);
    let text = &told.answer.answer.text;
    let met = |strategy: &StrategyRun| {
        run.thresholds.iter().filter(|t| t.strategy == strategy.name).all(|t| t.verdict == Verdict::Met)
    };
    for claimed in said_of(run, text, [" meet every threshold", " is preferred"]) {
        assert!(met(claimed), "{name}: {text}");
    }
    if text.contains("No strategy meets every threshold") {
        assert!(!run.strategies.iter().any(met), "{name}: {text}");
    }
    let sentences = told.because.iter().map(String::as_str).chain(told.lines().map(|(_, text)| text));
    for sentence in sentences {
        let outside: String = sentence.split('`').step_by(2).collect();
        let names = run.strategies.iter().map(|s| s.name.as_str());
        let bare = |name: &str| outside.split([' ', ',', ':', ';', '.']).any(|word| word == name);
        assert!(!names.into_iter().any(bare), "{name}: a strategy's name is set off: {sentence}");
    }
    let over = |strategy: &StrategyRun| strategy.pools.values().any(|pool| pool.utilisation_peak > 1.0);
    let gated = run.strategies.iter().filter(|s| run.gate.contains(&s.name));
    let is_green = told.tone == keystorm::report::paint::Tone::Good;
    assert!(!is_green || !gated.into_iter().any(over), "{name}: green over a quota: {text}");
    seen
}

#[test]
fn every_superlative_of_every_shipped_scenario_holds_in_its_table() {
    let seen: usize = shipped::all("1")
        .into_iter()
        .map(|(name, scenario)| holds_in_its_tables(&name, &support::run(&scenario, 2)))
        .sum();
    assert!(seen > 10, "{seen} superlatives");
}

#[test]
fn next_names_what_is_built_and_falls_back_to_what_always_is() {
    let mut run = support::run(&shipped::scenario("quickstart.yaml", &[("trials", "1")]), 2);
    let mut next = |built: Built| {
        run.settle(vec!["quickstart.yaml".into()], None, built);
        run.answer.clone().expect("settled").next.command.expect("a command")
    };
    let over = Built { over: true, ..Built::default() };
    assert_eq!(next(over), "keystorm run quickstart.yaml --over fleet.clients=10..1000:log");
    assert_eq!(next(Built::default()), "keystorm run quickstart.yaml --set fleet.clients=100");
    // Nobody keeps to it, and the Region's default is no more than the quota: `plan` says what is needed.
    let text = "version: 1
workloads: { w: { executor: constant-arrival-rate, rate: 300/s, duration: 20s, jobs: { GenerateDataKeyPair: 1 } } }
strategies: { gives-up: { retry: { mode: none } }, naive: { retry: { mode: immediate, maxAttempts: 4 } } }
trials: 2
thresholds: { failed: [ \"rate<1%\" ] }";
    let mut run = support::run(&scenario(text), 2);
    let mut next = |built: Built| {
        run.settle(vec!["pairs.yaml".into(), "--trials".into(), "2".into()], None, built);
        let answer = run.answer.clone().expect("settled");
        if built == Built::default() {
            can_be_typed("pairs", &answer);
        }
        answer.next.command.expect("a command")
    };
    let plain = next(Built::default());
    assert!(plain.starts_with("keystorm run pairs.yaml --trials 2 --quota key-pair-"), "{plain}");
    assert_eq!(next(Built { plan: true, ..Built::default() }), "keystorm plan pairs.yaml");
}

/// Every other second 150 jobs come at once to a quota of 100 a second.
fn bursts(strategies: &str) -> keystorm::scenario::Scenario {
    scenario(&format!(
        "version: 1
quotas: {{ symmetric: 100/s }}
workloads: {{ w: {{ executor: burst, count: 150, every: 2s, duration: 60s, jobs: {{ Decrypt: 1 }} }} }}
strategies: {{ {strategies} }}
trials: 2
thresholds: {{ failed: [ \"rate<1%\" ] }}"
    ))
}

/// What SURE says of `scenario` under the other limiter kinds, and what was found.
fn under_others(scenario: &keystorm::scenario::Scenario, threads: usize) -> (String, LimiterKinds) {
    let mut run = support::run(scenario, threads);
    let kinds = under_other_limiters(scenario, &run, threads, &Control::default());
    run.settle(Vec::new(), Some(kinds.clone()), Built::default());
    (run.answer.expect("settled").sure.text, kinds)
}

#[test]
fn sure_says_whether_the_answer_is_the_same_under_every_limiter_kind() {
    let patient = bursts("patient: { retry: { mode: fixed, delay: 500ms, maxAttempts: 9 } }");
    let (text, kinds) = under_others(&patient, 2);
    assert!(text.ends_with("; the same under all limiter kinds."), "{text}");
    let names: Vec<&str> = kinds.kinds.iter().map(|kind| kind.name.as_str()).collect();
    assert_eq!(names, ["sliding", "bucket", "late bucket", "lagging"], "its own is the window");
    assert!(kinds.kinds.iter().all(|kind| kind.met == ["patient"]), "{kinds:?}");
    assert_eq!(under_others(&patient, 1), (text, kinds), "whatever threads there are");
    // A limiter that looks at a second ago lets a burst through.
    let (text, kinds) = under_others(&bursts("gives-up: { retry: { mode: none } }"), 2);
    let other: Vec<&str> =
        kinds.kinds.iter().filter(|k| k.agreement == Agreement::Other).map(|k| k.name.as_str()).collect();
    assert!(other.contains(&"lagging") && !other.contains(&"sliding"), "{kinds:?}");
    assert!(
        text.contains("another answer under ") && text.contains("`gives-up` alone meets every threshold"),
        "{text}"
    );
}

#[test]
fn what_is_not_tried_under_other_limiters_says_why() {
    let scenario = bursts("gives-up: { retry: { mode: none } }");
    let mut run = support::run(&scenario, 1);
    let tried = |run: &Run| under_other_limiters(&scenario, run, 1, &Control::default()).left_out;
    assert_eq!(tried(&Run { interrupted: true, ..run.clone() }).as_deref(), Some("the run was interrupted"));
    run.strategies[0].attempts = 80_000_000;
    let why = tried(&run).expect("too large");
    assert!(
        why.starts_with("a trial under each takes 160,0") && why.ends_with("more than 12,000,000"),
        "{why}"
    );
    run.settle(Vec::new(), Some(LimiterKinds::left_out(why)), Built::default());
    let sure = &run.answer.as_ref().expect("settled").sure.text;
    assert!(sure.contains("cannot tell under other limiter kinds: a trial under each takes"), "{sure}");
    let live = Run { target: "emulator".into(), answer: None, ..run };
    let sure = judge(&live).answer.sure.text;
    assert!(sure.contains("cannot tell under other limiter kinds, since it ran on the real clock"), "{sure}");
}

#[test]
fn sure_says_what_cannot_be_told_and_what_would_settle_it() {
    let mut short = bursts("patient: { retry: { mode: fixed, delay: 500ms, maxAttempts: 9 } }");
    short.trials = 1;
    short.workloads[0].executor = match short.workloads[0].executor.clone() {
        keystorm::workload::Executor::Burst { every, .. } => keystorm::workload::Executor::Burst {
            count: 50,
            every,
            duration: keystorm::time::Span::from_secs(4),
        },
        other => other,
    };
    let run = support::run(&short, 1);
    let answer = judge(&run).answer;
    assert!(
        answer.answer.text.starts_with("It cannot be told whether every threshold is met; `patient`: "),
        "{answer:?}"
    );
    assert!(
        answer.sure.text.starts_with("Cannot tell of `patient` whether failed rate<1% holds (it was 0 %)."),
        "{answer:?}"
    );
    assert!(
        answer.next.command.as_deref().is_some_and(|c| c.starts_with("keystorm run … --trials ")),
        "{answer:?}"
    );
}
