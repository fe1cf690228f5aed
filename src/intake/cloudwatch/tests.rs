use super::*;
use crate::facts;
use crate::workload::{TraceRows, trace};
use std::collections::BTreeMap;

fn load(name: &str) -> Load {
    Load::of(&read(&facts::bytes(name), None).unwrap()).unwrap()
}

fn truth() -> serde_json::Value {
    serde_json::from_str(&facts::text("cloudwatch/derived-truth.json")).unwrap()
}

#[test]
fn the_true_peak_second_lies_in_the_inferred_interval_and_the_minute_is_24_percent_too_low() {
    let (truth, names) = (truth(), ["derived-get-metric-data.json", "derived-get-metric-statistics.json"]);
    for name in names {
        let load = load(&format!("cloudwatch/{name}"));
        assert_eq!((load.period, load.sums.len()), (60, 60), "{name}");
        assert_eq!(load.sums.values().sum::<f64>(), truth["total"].as_f64().unwrap());
        let inferred = load.inferred(None);
        assert_eq!(inferred.sum, truth["peak_minute_sum"].as_f64().unwrap());
        let peak = truth["peak_second"].as_f64().unwrap();
        assert!((inferred.low..=inferred.high).contains(&peak), "{inferred:?}");
        assert_eq!(((peak / inferred.mean - 1.0) * 100.0).round(), 24.0);
    }
}

#[test]
fn arrivals_have_the_sums_of_their_minutes_and_the_factor_asked_for() {
    let load = load("cloudwatch/derived-get-metric-data.json");
    for factor in [1.0, 1.24, 1.83, 4.0] {
        let mut out = Vec::new();
        load.write_trace(factor, 42, &mut out).unwrap();
        let TraceRows::Counts(counts) = trace::read(&out, &BTreeMap::new()).unwrap() else { panic!() };
        let first = *load.sums.keys().next().unwrap();
        for (at, sum) in &load.sums {
            let from = (at - first) as usize;
            let minute = &counts[from..counts.len().min(from + 60)];
            assert_eq!(minute.iter().map(|count| u64::from(*count)).sum::<u64>(), *sum as u64);
            let (most, mean) = (f64::from(*minute.iter().max().unwrap()), sum / 60.0);
            assert!((most / mean - factor).abs() < 0.03 * factor, "{most} of {mean} is not {factor}");
        }
        let mut again = Vec::new();
        load.write_trace(factor, 42, &mut again).unwrap();
        assert_eq!(out, again);
    }
}

#[test]
fn a_real_export_in_five_minutes_is_read_and_hours_are_refused() {
    let csv = "timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.0\n2014-04-10 00:19:00,7\n";
    let series = read(csv.as_bytes(), None).unwrap();
    assert_eq!((series[0].period, series[0].sums.len()), (300, 3));
    let console =
        "Full label,CallCount\n,\nLabel,CallCount\n2026/05/04 14:00:00,60\n2026/05/04 14:01:00,120\n";
    assert_eq!(read(console.as_bytes(), None).unwrap()[0].label, "CallCount");
    for (text, told) in [
        ("timestamp,value\n2026-01-01 00:00:00,1\n2026-01-01 01:00:00,1\n", "--period 60"),
        ("timestamp,value\n2026-01-01 00:00:00,1\n", "--period"),
        ("timestamp,value\n2026-01-01 00:00:00,x\n", "`x` is no count"),
        (r#"{"Datapoints":[{"Timestamp":"2026-01-01T00:00:00Z","Maximum":1}]}"#, "--statistics Sum"),
        (r#"{"MetricDataResults":[]}"#, "no points"),
        (r#"{"Records":[]}"#, "get-metric-data"),
        ("", "nothing in it"),
        ("hello", "neither JSON"),
    ] {
        let error = read(text.as_bytes(), None).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn what_was_refused_makes_demand_an_interval() {
    let answer = |calls: u32, success: u32| {
        format!(
            r#"{{"MetricDataResults":[
            {{"Id":"a","Label":"CallCount","Timestamps":["2026-01-01T00:00:00Z","2026-01-01T00:01:00Z"],"Values":[{calls},60]}},
            {{"Id":"b","Label":"SuccessfulRequest Decrypt arn:aws:kms:eu-west-1:111122223333:key/k1","Timestamps":["2026-01-01T00:00:00Z","2026-01-01T00:01:00Z"],"Values":[{success},60]}}]}}"#
        )
    };
    let load = |calls, success| Load::of(&read(answer(calls, success).as_bytes(), None).unwrap()).unwrap();
    let throttled = load(6_000, 3_000);
    assert_eq!(throttled.refused(), Some((3_060.0, 6_060.0)));
    let lines = throttled.lines(&throttled.inferred(None), None).join("\n");
    assert!(
        lines.contains("6060 attempts, of which 3060 were admitted: demand lies between both"),
        "{lines}"
    );
    assert!(lines.contains("3060 calls on arn:aws:kms:eu-west-1:111122223333:key/k1"), "{lines}");
    let calm = load(3_000, 3_000);
    assert_eq!(calm.refused(), None);
    assert!(calm.scenario(&calm.inferred(None), "eu-west-1").contains("jobs: { Decrypt: 3060 }"));
    let near = calm.lines(&calm.inferred(None), Some(60.0)).join("\n");
    assert!(near.contains("83 % of 60/s") && near.contains("demand cannot be told"), "{near}");
}

#[test]
fn few_callers_are_given_wider_bounds_and_a_measured_factor_wins() {
    let (busy, quiet) = (Burst::assumed(7_287.0, 60), Burst::assumed(4.0, 60));
    assert!((busy.likely, busy.high) == (1.35, 1.83) && quiet.high == 13.0);
    assert!(Burst::assumed(25.0, 60).likely > 1.46, "chance alone makes a peak");
    let inferred = Inferred::of(0, 600.0, 60, Burst::given(1.5, 2.0, 3.0));
    assert_eq!((inferred.low, inferred.likely, inferred.high), (15.0, 20.0, 30.0));
}
