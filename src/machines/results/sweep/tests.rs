use super::*;

/// A sweep of two strategies over a cache's age and a number of messages; costs, p99s and lags by strategy and point.
fn sweep(figures: &[[(f64, Option<f64>, f64); 2]]) -> Sweep {
    let axes = [
        Axis { path: "workloads.w.messages.count".into(), values: vec!["10".into(), "100".into()] },
        Axis { path: "strategies.cached.cache.maxAge".into(), values: vec!["1s".into(), "1m".into()] },
    ];
    let run: Run = serde_json::from_str(include_str!("../../../../tests/saved-run/run.json")).expect("a run");
    let mut sweep = begun(&run, &Sweeping::new(&axes).axes, Some("plain".into()));
    sweep.strategies = vec!["plain".into(), "cached".into()];
    for (number, point) in figures.iter().enumerate() {
        let values = vec![axes[0].values[number / 2].clone(), axes[1].values[number % 2].clone()];
        for (strategy, (cost, p99, lag)) in point.iter().enumerate() {
            let cheaper = if *cost < point[0].0 { Beside::Cheaper } else { Beside::Same };
            sweep.cells.push(SweepCell {
                strategy: sweep.strategies[strategy].clone(),
                point: values.clone(),
                caches: strategy == 1,
                cost_per_million_usd: Some(*cost),
                p99_of_all_ms: *p99,
                revocation_lag_s: *lag,
                cost: (strategy == 1).then_some(cheaper),
                thresholds: Some(if *lag < 50.0 { Verdict::Met } else { Verdict::Missed }),
                ..SweepCell::default()
            });
        }
    }
    sweep
}

fn example() -> Sweep {
    let plain = (3.0, Some(20.0), 0.0);
    sweep(&[
        [plain, (2.0, Some(15.0), 1.0)],
        [plain, (1.0, Some(10.0), 60.0)],
        [plain, (4.0, Some(25.0), 1.0)],
        [plain, (2.5, None, 60.0)],
    ])
}

#[test]
fn the_break_even_lies_where_the_lines_cross() {
    let found = break_even(&example());
    let cost: Vec<_> = found.iter().filter(|tip| tip.what == Tips::Cost).collect();
    assert_eq!(cost.len(), 1, "{found:?}");
    assert_eq!((cost[0].strategy.as_str(), cost[0].holds_before), ("cached", true));
    assert_eq!(cost[0].between, ["10", "100"]);
    assert_eq!(cost[0].point, ["", "1s"]);
    // From 1 below to 1 above: half way.
    assert_eq!(cost[0].at, Some(55.0));
    assert!(
        !found.iter().any(|tip| tip.what == Tips::Thresholds),
        "they do not tip over along the first axis"
    );
}

#[test]
fn the_front_is_what_nothing_beats_for_each_choice_of_the_rest() {
    let fronts = fronts(&example());
    let named = |sweep: &Sweep, front: &Front| -> Vec<String> {
        let cell = |number: &usize| &sweep.cells[*number];
        front.cells.iter().map(|n| format!("{} {}", cell(n).strategy, cell(n).point[1])).collect()
    };
    assert_eq!(fronts.len(), 2);
    assert_eq!(fronts[0].point, ["10", ""]);
    assert_eq!(named(&example(), &fronts[0]), ["cached 1m", "cached 1s", "plain 1s"]);
    // Dearer, slower and with a lag: beaten. Without a p99: left out, and told.
    assert_eq!(named(&example(), &fronts[1]), ["plain 1s"]);
    assert_eq!(fronts[1].left_out, [7]);
}

#[test]
fn a_strategy_that_no_axis_touches_is_known() {
    let sweep = example();
    assert_eq!([sweep.is_touched(0), sweep.is_touched(1)], [false, true]);
    assert_eq!(sweep.cell(1, &[1, 0]).cost_per_million_usd, Some(4.0));
}

#[test]
fn thresholds_are_judged_together_by_the_worst() {
    let mut run: Run =
        serde_json::from_str(include_str!("../../../../tests/saved-run/run.json")).expect("a run");
    let name = run.strategies[0].name.clone();
    run.thresholds.retain(|threshold| threshold.strategy == name);
    assert!(!run.thresholds.is_empty());
    run.thresholds.iter_mut().for_each(|threshold| threshold.verdict = Verdict::Met);
    assert_eq!(judged(&run, &name), Some(Verdict::Met));
    run.thresholds[0].verdict = Verdict::CannotTell;
    assert_eq!(judged(&run, &name), Some(Verdict::CannotTell));
    assert_eq!(judged(&run, "nobody"), None);
}
