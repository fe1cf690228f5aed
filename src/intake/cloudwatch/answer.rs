//! Answers of `get-metric-data` and `get-metric-statistics`, and tables of the same.

use super::error::CloudWatchError;
use crate::api::Operation;
use serde_json::Value;
use std::collections::BTreeMap;

/// Periods whose sums say something of seconds, in seconds.
const PERIODS: [i64; 2] = [60, 300];
/// Seconds of an hour.
const HOUR: i64 = 3_600;
/// The most points that are read: ten years of minutes.
const MAX_POINTS: usize = 6_000_000;

/// What a series counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Calls, by `AWS/Usage CallCount`: whether throttled ones are among them is not published.
    Calls,
    /// Calls that succeeded, by `AWS/KMS SuccessfulRequest`.
    Admitted,
    /// Calls that were throttled.
    Throttled,
}

/// One series: sums by the period they begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// As the answer calls it.
    pub label: String,
    /// What it counts.
    pub kind: Kind,
    /// The operation it is of, if its label names one.
    pub operation: Option<Operation>,
    /// The key it is of, if its label names one.
    pub key: Option<String>,
    /// Seconds of a period.
    pub period: i64,
    /// Sums by the second since 1970 at which their period begins; periods without calls are missing.
    pub sums: BTreeMap<i64, f64>,
}

fn shape(what: impl Into<String>) -> CloudWatchError {
    CloudWatchError::Shape(what.into())
}

/// Reads an answer; `period` is what it has in seconds, if the points do not tell.
///
/// # Errors
/// [`CloudWatchError`]: what it is, or what should have been asked for.
pub fn read(bytes: &[u8], period: Option<i64>) -> Result<Vec<Series>, CloudWatchError> {
    let found = points(bytes)?;
    found.into_iter().map(|(label, sums)| series(label, sums, period)).collect()
}

/// Calls by the hour, by the second since 1970 at which each begins: of hourly sums, or of shorter ones added up. Where
/// several series count calls they are added; where none does, those that count admitted calls.
///
/// # Errors
/// [`CloudWatchError`]: what it is, or what should have been asked for.
pub fn hours(bytes: &[u8]) -> Result<BTreeMap<i64, f64>, CloudWatchError> {
    let mut by_kind = BTreeMap::<Kind, BTreeMap<i64, f64>>::new();
    for (label, sums) in points(bytes)? {
        let step = step(&sums);
        if step == 0 || !(HOUR % step == 0 || step % HOUR == 0 && is_hourly(&sums)) {
            return Err(CloudWatchError::Unfit(format!(
                "`{label}` has points every {step} s; ask with --period 3600, which CloudWatch keeps for 455 days"
            )));
        }
        let hours = by_kind.entry(kind(&label)).or_default();
        for (at, sum) in sums {
            *hours.entry(at.div_euclid(HOUR) * HOUR).or_default() += sum;
        }
    }
    let mut take = |kind| by_kind.remove(&kind);
    let found = take(Kind::Calls).or_else(|| take(Kind::Admitted));
    found.ok_or_else(|| CloudWatchError::Unfit("it counts throttled calls only: give CallCount".into()))
}

/// Whether most points are an hour apart: gaps make the common step longer, not the points.
fn is_hourly(sums: &BTreeMap<i64, f64>) -> bool {
    let times: Vec<i64> = sums.keys().copied().collect();
    let close = times.windows(2).filter(|pair| pair[1] - pair[0] == HOUR).count();
    close * 2 > times.len()
}

/// The points of each series of an answer.
fn points(bytes: &[u8]) -> Result<Found, CloudWatchError> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let found = match text.trim_ascii_start().first() {
        None => return Err(shape("there is nothing in it")),
        Some(b'{' | b'[') => {
            let mut found = BTreeMap::new();
            for document in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
                json(&document.map_err(|error| shape(error.to_string()))?, &mut found)?;
            }
            found
        }
        Some(_) => table(text)?,
    };
    if found.is_empty() {
        return Err(CloudWatchError::Unfit(
            "there are no points in it: ask for a time in which there were calls".into(),
        ));
    }
    Ok(found)
}

type Found = BTreeMap<String, BTreeMap<i64, f64>>;

/// Adds what one document holds; pages of one answer, which stand one after another, belong together.
fn json(document: &Value, found: &mut Found) -> Result<(), CloudWatchError> {
    if let Some(all) = document.as_array() {
        return all.iter().try_for_each(|each| json(each, found));
    }
    if let Some(results) = document.get("MetricDataResults").and_then(Value::as_array) {
        for (number, result) in results.iter().enumerate() {
            let list = |name: &str| result[name].as_array().map(Vec::as_slice).unwrap_or_default();
            let (times, values) = (list("Timestamps"), list("Values"));
            if times.len() != values.len() {
                return Err(shape(format!(
                    "MetricDataResults[{number}] has not as many Values as Timestamps"
                )));
            }
            let label = result["Label"].as_str().or(result["Id"].as_str()).unwrap_or("calls");
            let sums = found.entry(label.into()).or_default();
            for (at, value) in times.iter().zip(values) {
                point(sums, at, value, &format!("MetricDataResults[{number}]"))?;
            }
        }
        return Ok(());
    }
    if let Some(points) = document.get("Datapoints").and_then(Value::as_array) {
        let label = document["Label"].as_str().unwrap_or("CallCount");
        let sums = found.entry(label.into()).or_default();
        for (number, each) in points.iter().enumerate() {
            let Some(sum) = each.get("Sum") else {
                return Err(CloudWatchError::Unfit(format!(
                    "Datapoints[{number}] has no Sum; ask with --statistics Sum: of a count that comes once a call, Maximum \
                     and Average are 1 whatever the load"
                )));
            };
            point(sums, &each["Timestamp"], sum, &format!("Datapoints[{number}]"))?;
        }
        return Ok(());
    }
    Err(shape("it has neither MetricDataResults (get-metric-data) nor Datapoints (get-metric-statistics)"))
}

fn point(
    sums: &mut BTreeMap<i64, f64>,
    at: &Value,
    value: &Value,
    place: &str,
) -> Result<(), CloudWatchError> {
    let second = match at {
        Value::String(text) => time(text),
        Value::Number(seconds) => seconds.as_f64().map(|seconds| seconds.floor() as i64),
        _ => None,
    };
    let second = second.ok_or_else(|| shape(format!("{place} has a time that is none: {at}")))?;
    let value = value.as_f64().filter(|value| value.is_finite() && (0.0..1e15).contains(value));
    let value = value.ok_or_else(|| shape(format!("{place} has a value that is no count")))?;
    add(sums, second, value)
}

fn add(sums: &mut BTreeMap<i64, f64>, second: i64, value: f64) -> Result<(), CloudWatchError> {
    if sums.len() >= MAX_POINTS {
        return Err(CloudWatchError::Unfit(format!(
            "there are more than {MAX_POINTS} points; ask for less time"
        )));
    }
    // A point that two pages tell of is one point.
    sums.insert(second, value);
    Ok(())
}

/// Seconds since 1970 of a time in ISO 8601, with a space or a T; without an offset it is UTC.
fn time(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (0.0..2.5e11).contains(&seconds).then_some(seconds.floor() as i64);
    }
    let with_t = text.replace('/', "-").replacen(' ', "T", 1);
    let at: Option<jiff::Timestamp> = with_t.parse().ok().or_else(|| format!("{with_t}Z").parse().ok());
    at.map(jiff::Timestamp::as_second).filter(|second| (0..253_402_300_000).contains(second))
}

/// A table: a column of times, and a column of sums for each series. CloudWatch's console writes lines about the series before.
fn table(text: &[u8]) -> Result<Found, CloudWatchError> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text);
    let mut found = Found::new();
    let mut labels: Option<Vec<String>> = None;
    for (line, row) in (1..).zip(reader.records()) {
        let row = row.map_err(|error| shape(format!("it is no CSV: {error}")))?;
        let second = row.get(0).and_then(time);
        match (&mut labels, second) {
            (Some(labels), Some(second)) => {
                for (label, field) in
                    labels.iter().zip(row.iter().skip(1)).filter(|(_, field)| !field.is_empty())
                {
                    let value: Option<f64> =
                        field.parse().ok().filter(|value: &f64| (0.0..1e15).contains(value));
                    let value = value.ok_or_else(|| shape(format!("line {line}: `{field}` is no count")))?;
                    add(found.entry(label.clone()).or_default(), second, value)?;
                }
            }
            (None, Some(_)) => {
                return Err(shape(format!("line {line} is a point, but no line above names the columns")));
            }
            (known, None) => {
                let first = row.get(0).unwrap_or_default().to_ascii_lowercase();
                let names: Vec<String> = row.iter().skip(1).map(ToOwned::to_owned).collect();
                let is_header = ["timestamp", "time", "date", "label"].contains(&first.as_str());
                let has_names = names.iter().any(|name| !name.is_empty());
                if is_header && has_names {
                    *known = Some(names);
                } else if !found.is_empty() && has_names {
                    return Err(shape(format!("line {line} begins with no time")));
                }
            }
        }
    }
    match labels {
        None => Err(shape(
            "neither JSON of get-metric-data or get-metric-statistics, nor a table whose first column is `timestamp`",
        )),
        Some(_) => Ok(found),
    }
}

/// A series with its period: the largest step that leads from each point to the next.
fn series(label: String, sums: BTreeMap<i64, f64>, period: Option<i64>) -> Result<Series, CloudWatchError> {
    let step = step(&sums);
    let period = match (period, step) {
        (Some(period), 0) => period,
        (Some(period), step) if step % period == 0 => period,
        (Some(period), step) => {
            return Err(CloudWatchError::Unfit(format!(
                "`{label}` has points every {step} s, which is no multiple of --period {period}"
            )));
        }
        (None, 0) => {
            return Err(CloudWatchError::Unfit(format!(
                "`{label}` has one point only: say with --period how long it is"
            )));
        }
        (None, step) => *PERIODS
            .iter()
            .rev()
            .find(|period| step % **period == 0)
            .filter(|_| step <= 300 || step % 300 != 0)
            .unwrap_or(&step),
    };
    if !PERIODS.contains(&period) {
        return Err(CloudWatchError::Unfit(format!(
            "`{label}` has a point every {period} s, which says too little of seconds; ask with --period 60, which CloudWatch \
             keeps for 15 days, or 300, kept for 63; \
             sums of hours tell a season: keystorm plan --season"
        )));
    }
    let (kind, operation) = (kind(&label), operation(&label));
    let key = label.split_whitespace().find(|word| word.contains(":key/")).map(Into::into);
    Ok(Series { label, kind, operation, key, period, sums })
}

/// What a series of this name counts.
fn kind(label: &str) -> Kind {
    let lower = label.to_ascii_lowercase();
    match () {
        () if lower.contains("throttl") => Kind::Throttled,
        () if lower.contains("successful") => Kind::Admitted,
        // A bare name of an operation is that of one operation of SuccessfulRequest.
        () if operation(label).is_some() => Kind::Admitted,
        () => Kind::Calls,
    }
}

/// The operation that a label names.
fn operation(label: &str) -> Option<Operation> {
    let is_between = |c: char| !c.is_ascii_alphanumeric();
    label.split(is_between).find_map(Operation::from_name)
}

/// The largest step that leads from each point to the next.
fn step(sums: &BTreeMap<i64, f64>) -> i64 {
    let times: Vec<i64> = sums.keys().copied().collect();
    times.windows(2).fold(0, |step, pair| common(step, pair[1] - pair[0]))
}

fn common(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common(b, a % b) }
}
