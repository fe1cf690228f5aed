use super::*;
use crate::engine::{Control, simulate};
use crate::results::{Sweeping, conclude};
use crate::scenario::{Axis, Options, Scenario, Set};

const SCENARIO: &str = "# Does <b>it</b> hold?
quotas: { symmetric: 40/s }
workloads: { w: { executor: constant-arrival-rate, rate: 60/s, duration: 3s, jobs: { EncryptMessage: 1 }, contexts: { count: 5 } } }
strategies: { plain: { retry: { mode: none } }, cached: { retry: { mode: none }, cache: { maxAge: 1s } } }
trials: 2
thresholds: { failed: [ \"rate<20%\" ] }
";

/// The sweep of [`SCENARIO`] over these axes.
fn sweep(axes: &[&str]) -> Sweep {
    let axes: Vec<Axis> = axes.iter().map(|axis| Axis::parse(axis).expect("an axis")).collect();
    let mut sweeping = Sweeping::new(&axes);
    let many: usize = axes.iter().map(|axis| axis.values.len()).product();
    for number in 0..many {
        let (mut rest, mut values) = (number, Vec::new());
        for axis in axes.iter().rev() {
            values.insert(0, axis.values[rest % axis.values.len()].clone());
            rest /= axis.values.len();
        }
        let sets: Vec<Set> =
            axes.iter().zip(&values).map(|(axis, value)| Set::new(&axis.path, value)).collect();
        let read = Scenario::parse(SCENARIO, &Options { sets: &sets, ..Options::default() });
        let checked = read.unwrap_or_else(|problems| panic!("{problems}"));
        let trials = simulate(&checked.scenario, 2, &Control::default());
        let value = checked.scenario.to_value();
        let (run, recordings) = conclude(&checked.scenario, &checked.question, value, &trials, false);
        sweeping.add(&checked.scenario, &values, &run, &recordings);
    }
    sweeping.finish().expect("there are points")
}

fn all() -> Vec<Sweep> {
    let contexts = "workloads.w.contexts.count=1,10,1000";
    let age = "strategies.cached.cache.maxAge=0s,1s,5s";
    vec![
        sweep(&[age]),
        sweep(&[contexts, age]),
        sweep(&[contexts, age, "fleet.clients=1,3"]),
        sweep(&["strategies.plain.retry={mode: none},{mode: immediate, maxAttempts: 2}"]),
    ]
}

#[test]
fn every_drawing_is_well_formed_whatever_is_varied() {
    for sweep in all() {
        let shown = text(&sweep, false);
        for line in shown.lines() {
            assert!(line.chars().count() <= WIDTH && !line.contains("NaN"), "{line}");
        }
        let rows = csv(&sweep);
        assert_eq!(String::from_utf8(rows).expect("text").lines().count(), 1 + sweep.cells.len());
        for (name, bytes) in files(&sweep) {
            let drawn = String::from_utf8(bytes).expect("text");
            assert!(!drawn.contains("NaN") && !drawn.contains("<b>it<"), "{name}");
            for part in ["src=", "href=\"http", "<script", "<link", "https:"] {
                assert!(!drawn.contains(part), "{name}: {part}");
            }
        }
        let json = serde_json::to_string(&sweep).expect("plain figures");
        let read: Sweep = serde_json::from_str(&json).expect("what was saved");
        assert_eq!(files(&read), files(&sweep), "redrawn from what was saved");
    }
}

#[test]
fn a_line_is_drawn_where_the_table_says_that_it_tips_over() {
    let sweep = sweep(&["strategies.cached.cache.maxAge=0s,1s,5s"]);
    let tips = sweep.break_even.iter().filter(|tip| tip.what == crate::results::Tips::Cost).count();
    assert_eq!(tips, 1, "{:?}", sweep.break_even);
    let drawn = maps(&sweep);
    assert_eq!(drawn.len(), Figure::ALL.len());
    for map in drawn {
        assert_eq!(map.svg.matches("data-tips=\"cost\"").count(), tips, "{}", map.id);
    }
    let said = sentences(&sweep).join(" ");
    assert!(
        said.contains("`cached` costs less than `plain` by 1 % at least from cache.maxAge=1s on, not at 0s."),
        "{said}"
    );
    assert!(headline(&sweep).contains("3 points, 2 strategies, 2 trials each"), "{}", headline(&sweep));
}
