//! The numbers that the page's script draws, once, as compact JSON.

use super::super::charts::{self, Ink, Overlay, Unit, dash, variable};
use super::strategies::corners;
use crate::results::Run;
use serde_json::{Value, json};

/// The most values of all lines together: more would not be seen, and would make the page heavy.
const MAX_VALUES: usize = 60_000;

/// The numbers of these charts and of the percentile curve; safe inside a `script` element.
pub fn json(run: &Run, overlays: &[Overlay]) -> String {
    let names: Vec<String> = run.strategies.iter().map(|strategy| strategy.name.clone()).collect();
    of(&names, overlays, curves(run))
}

/// The numbers of these charts over time of these strategies, and of `curves`.
pub fn of(strategies: &[String], overlays: &[Overlay], curves: Value) -> String {
    let values: usize = overlays.iter().flat_map(|o| &o.lines).map(|line| line.values.len()).sum();
    let step = values.div_ceil(MAX_VALUES).max(1);
    let looks = strategies.iter().enumerate().map(|(place, name)| {
        let ink = Ink::Series(place);
        json!({ "n": name, "c": variable(ink), "d": dash(ink), "m": corners(place) })
    });
    let numbers = json!({
        "looks": looks.collect::<Vec<Value>>(),
        "offered": { "c": variable(Ink::OFFERED), "d": dash(Ink::OFFERED) },
        "cache": charts::FROM_CACHE_MS,
        "time": overlays.iter().map(|overlay| over_time(overlay, step)).collect::<Vec<Value>>(),
        "curves": curves,
    });
    // Inside a script element no text may look like its end.
    numbers.to_string().replace('<', "\\u003c")
}

fn over_time(overlay: &Overlay, step: usize) -> Value {
    let line = |course: &charts::Course| {
        let values = overlay.folded(course, step).into_iter().map(short).collect::<Vec<Value>>();
        json!({ "s": course.place, "n": course.name, "d": course.interval_s * step as u64, "v": values })
    };
    let unit = match overlay.unit {
        Unit::Rate => "rate",
        Unit::Time => "time",
        Unit::Jobs => "jobs",
    };
    json!({
        "id": overlay.id,
        "unit": unit,
        "log": overlay.is_log,
        "quota": overlay.quota.as_ref().map(|(name, limit)| json!([name, limit])),
        "lines": overlay.lines.iter().map(line).collect::<Vec<Value>>(),
    })
}

fn curves(run: &Run) -> Value {
    let curve = |curve: charts::Curve| {
        let points = curve.points.iter().map(|[nines, ms]| json!([short(*nines), short(*ms)]));
        json!({ "s": curve.place, "n": curve.name, "hit": curve.from_cache, "p": points.collect::<Vec<Value>>() })
    };
    let curves: Vec<Value> = charts::curves(run).into_iter().map(curve).collect();
    Value::Array(curves)
}

/// A number in the digits that are seen; null where there is none.
fn short(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    let digits = match value.abs() {
        v if v >= 1_000.0 => 1.0,
        v if v >= 100.0 => 10.0,
        v if v >= 10.0 => 100.0,
        _ => 1_000.0,
    };
    let rounded = (value * digits).round() / digits;
    if rounded == rounded.trunc() { json!(rounded as i64) } else { json!(rounded) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_value_of_a_short_run_is_there_and_a_long_run_is_folded() {
        let mut run = fixture::run();
        let read = |run: &Run| -> Value {
            serde_json::from_str(&json(run, &charts::overview(run))).expect("it is JSON")
        };
        let numbers = read(&run);
        let goodput = &numbers["time"][0];
        assert_eq!(goodput["id"], "over-time-goodput");
        assert_eq!(goodput["lines"][1]["v"].as_array().map(Vec::len), Some(119), "without the last");
        assert_eq!(goodput["lines"][1]["s"], 0);
        assert_eq!(numbers["time"][2]["quota"], json!(["quota of symmetric", 1000.0]));
        assert_eq!(numbers["looks"][2]["n"], "cached");
        run.strategies[0].timeline.goodput = vec![7; 3 * MAX_VALUES];
        let lines = &read(&run)["time"][0]["lines"];
        let all: usize =
            lines.as_array().expect("lines").iter().map(|l| l["v"].as_array().map_or(0, Vec::len)).sum();
        assert!(all <= MAX_VALUES && lines[0]["d"].as_u64() > Some(1), "{all}");
    }

    #[test]
    fn no_name_ends_the_script() {
        let mut run = fixture::run();
        run.strategies[0].name = "</script><b>".into();
        let text = json(&run, &charts::overview(&run));
        assert!(!text.contains('<') && text.contains("\\u003c/script>"));
    }
}
