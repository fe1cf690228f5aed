//! `timeline.csv` and `strategies.csv`: the run's numbers for spreadsheets and notebooks, unrounded.

use super::figures;
use crate::results::{PoolRun, Run, StrategyRun, Trend, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// One row an interval and strategy; of each count of the interval the mean, the least and the most of a trial. A pool that
/// a strategy never touched is empty, not zero.
pub fn timeline(run: &Run) -> Vec<u8> {
    let pools: BTreeSet<&str> =
        run.strategies.iter().flat_map(|s| s.timeline.pools.keys()).map(String::as_str).collect();
    let mut head = vec!["t_s".to_owned(), "strategy".to_owned()];
    let named = |name: &str| ["mean", "min", "max"].map(|part| format!("{name}_{part}"));
    head.extend(figures::series(&Default::default()).iter().flat_map(|(name, _)| named(name)));
    head.extend(pools.iter().flat_map(|pool| named(&format!("pool_{pool}"))));
    let mut rows = Vec::new();
    for strategy in &run.strategies {
        let timeline = &strategy.timeline;
        for index in 0..figures::intervals(timeline) {
            let of = |name: &str, values: &[u64]| of_trials(strategy, name, values, index);
            let mut row =
                vec![(index as u64 * timeline.interval_s.max(1)).to_string(), strategy.name.clone()];
            row.extend(figures::series(timeline).iter().flat_map(|(name, values)| of(name, values)));
            row.extend(pools.iter().flat_map(|pool| {
                let values = timeline.pools.get(*pool);
                values.map(|values| of(&format!("pool_{pool}"), values)).unwrap_or_default()
            }));
            rows.push(row);
        }
    }
    written(&head, &rows)
}

/// Mean, least and most of the trials in one interval of a series, whose sum over them is `sums`. Before definitions 2
/// neither least nor most were saved.
fn of_trials(strategy: &StrategyRun, name: &str, sums: &[u64], index: usize) -> [String; 3] {
    let sum = sums.get(index).copied().unwrap_or(0);
    let (timeline, trials) = (&strategy.timeline, strategy.trials.max(1));
    let bound = |of: &BTreeMap<String, Vec<u64>>| match of.get(name) {
        Some(values) => values.get(index).copied().unwrap_or(0).to_string(),
        None if trials == 1 || sum == 0 => sum.to_string(),
        None => String::new(),
    };
    [finite(sum as f64 / f64::from(trials)), bound(&timeline.least), bound(&timeline.most)]
}

/// One row a strategy, every headline figure.
pub fn strategies(run: &Run) -> Vec<u8> {
    let nobody = StrategyRun::default();
    let head: Vec<String> = columns_of(run, &nobody).into_iter().map(|(name, _)| name).collect();
    let rows: Vec<Vec<String>> = run
        .strategies
        .iter()
        .map(|strategy| columns_of(run, strategy).into_iter().map(|(_, value)| value).collect())
        .collect();
    written(&head, &rows)
}

/// Names and values of a strategy's row.
fn columns_of(run: &Run, s: &StrategyRun) -> Vec<(String, String)> {
    let mut row: Vec<(String, String)> = vec![("strategy".into(), s.name.clone())];
    let rates = [
        ("offered_per_s", s.rates.offered_per_s),
        ("goodput_per_s", s.rates.goodput_per_s),
        ("attempts_per_s", s.rates.attempts_per_s),
        ("throughput_per_s", s.rates.throughput_per_s),
        ("throttled_per_s", s.rates.throttled_per_s),
        ("window_s", Some(s.rates.window_s)),
        ("done_after_s", s.done_after_s),
    ];
    let numbers = [
        ("success", s.ratios.success),
        ("throttle", s.ratios.throttle),
        ("amplification", s.ratios.amplification),
        ("cache_hit", s.ratios.cache_hit),
        ("data_key_age_max_s", s.data_keys.age_max_s),
        ("requests_usd", s.cost.requests_usd),
    ];
    let maybe = |value: Option<f64>| value.map(finite).unwrap_or_default();
    row.extend(counts_of(s));
    row.extend(rates.map(|(name, value)| (name.to_owned(), maybe(value))));
    row.extend(numbers.map(|(name, value)| (name.to_owned(), finite(value))));
    let costs = [
        ("per_million_completed_usd", s.cost.per_million_completed_usd),
        ("per_month_usd", s.cost.per_month_usd),
        ("recovery_time_s", s.recovery_time_s),
    ];
    row.extend(costs.map(|(name, value)| (name.to_owned(), maybe(value))));
    row.extend(trend("response_time", &s.response_time_ms));
    row.extend(trend("service_time", &s.service_time_ms));
    row.extend(trend("queue_wait", &s.queue_wait_ms));
    row.extend(trend("lateness", &s.lateness_ms));
    row.extend(standing(run, s));
    row
}

/// What was counted of a strategy.
fn counts_of(s: &StrategyRun) -> Vec<(String, String)> {
    let counts = [
        ("trials", u64::from(s.trials)),
        ("offered", s.jobs.offered),
        ("completed", s.jobs.completed),
        ("failed", s.jobs.failed),
        ("shed", s.jobs.shed),
        ("unfinished", s.jobs.unfinished),
        ("served_from_cache", s.jobs.served_from_cache),
        ("in_window", s.jobs.in_window),
        ("calls", s.calls),
        ("attempts", s.attempts),
        ("throttled", s.throttled),
        ("faults", s.faults),
        ("timeouts", s.timeouts),
        ("peak_attempts_1s", s.rates.peak_attempts_1s),
        ("data_keys_generated", s.data_keys.generated),
        ("data_key_messages_max", s.data_keys.messages_max),
        ("data_key_bytes_max", s.data_keys.bytes_max),
    ];
    let window = s.in_window.map(|w| [w.calls, w.attempts, w.throttled, w.faults, w.timeouts]);
    let in_window =
        ["calls", "attempts", "throttled", "faults", "timeouts"].into_iter().enumerate().map(|(at, name)| {
            (format!("in_window_{name}"), window.map(|counts| counts[at].to_string()).unwrap_or_default())
        });
    let units = [
        ("units_active", s.units.map(|units| units.active)),
        ("units_failed", s.units.map(|units| units.failed)),
    ];
    let known = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut row: Vec<(String, String)> =
        counts.map(|(name, value)| (name.to_owned(), value.to_string())).into();
    row.extend(in_window);
    row.extend(units.map(|(name, value)| (name.to_owned(), known(value))));
    row
}

/// The busiest pool and the thresholds of a strategy.
fn standing(run: &Run, s: &StrategyRun) -> [(String, String); 6] {
    let pool = figures::busiest_pool(s);
    let of_pool = |value: fn(&PoolRun) -> f64| pool.map(|(_, p)| finite(value(p))).unwrap_or_default();
    let missed = match figures::standing(run, &s.name) {
        figures::Standing::Missed(n) => n,
        _ => 0,
    };
    let unsure = figures::thresholds_of(run, &s.name).filter(|t| t.verdict == Verdict::CannotTell).count();
    [
        ("busiest_pool", pool.map(|(name, _)| name.to_owned()).unwrap_or_default()),
        ("busiest_pool_limit_per_s", of_pool(|p| p.limit_per_s)),
        ("busiest_pool_utilisation_peak", of_pool(|p| p.utilisation_peak)),
        ("thresholds", figures::thresholds_of(run, &s.name).count().to_string()),
        ("thresholds_missed", missed.to_string()),
        ("thresholds_cannot_tell", unsure.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// A distribution's columns; empty where nothing was measured.
fn trend(name: &str, t: &Trend) -> Vec<(String, String)> {
    let value = |v: f64| if t.count == 0 { String::new() } else { finite(v) };
    let values = [
        ("mean", t.mean),
        ("min", t.min),
        ("p50", t.p50),
        ("p90", t.p90),
        ("p95", t.p95),
        ("p99", t.p99),
        ("p99_9", t.p99_9),
        ("max", t.max),
    ];
    let mut columns = vec![(format!("{name}_count"), t.count.to_string())];
    columns.extend(values.map(|(part, v)| (format!("{name}_{part}_ms"), value(v))));
    columns
}

/// A number as it is, or nothing if it is none.
fn finite(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// Rows as CSV with `\n` line ends.
pub(super) fn written(head: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    for row in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)) {
        writer.write_record(row).expect("memory takes rows of equal length");
    }
    writer.into_inner().expect("memory can be flushed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn records(bytes: &[u8]) -> Vec<csv::StringRecord> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes)
            .records()
            .map(|r| r.expect("a row"))
            .collect()
    }

    #[test]
    fn the_timeline_adds_up_to_the_strategys_counts() {
        let run = fixture::run();
        let rows = records(&timeline(&run));
        let head: Vec<&str> = rows[0].iter().collect();
        let series =
            "offered attempts throttled faults timeouts goodput failed shed in_flight pool_symmetric";
        let columns =
            series.split(' ').flat_map(|name| ["mean", "min", "max"].map(|part| format!("{name}_{part}")));
        assert_eq!(head[..2], ["t_s", "strategy"]);
        assert_eq!(head[2..], columns.collect::<Vec<_>>());
        for strategy in &run.strategies {
            let sum: u64 = rows
                .iter()
                .filter(|r| r[1] == strategy.name)
                .map(|r| r[5].parse::<u64>().expect("a count"))
                .sum();
            assert_eq!(sum, strategy.attempts, "{}", strategy.name);
        }
    }

    #[test]
    fn each_strategy_has_one_row_and_every_row_every_column() {
        let run = fixture::run();
        let rows = records(&strategies(&run));
        assert_eq!(rows.len(), 1 + run.strategies.len());
        let column = |name: &str| {
            rows[0].iter().position(|h| h == name).unwrap_or_else(|| panic!("{name} is missing"))
        };
        assert_eq!(&rows[1][column("strategy")], "naive");
        assert_eq!(
            rows[1][column("response_time_p99_ms")].parse(),
            Ok(run.strategies[0].response_time_ms.p99)
        );
        assert_eq!(records(&strategies(&fixture::empty())).len(), 2);
    }
}
