//! How much of its quotas an account uses, as CloudWatch counts it: calls per minute.

use super::ask::{CLOUDWATCH, ask};
use super::{Access, Error, Metric};
use crate::quota::PoolId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Calls of each minute of one pool, by the minute's number since 1970; minutes without calls are missing.
pub type Minutes = BTreeMap<i64, f64>;

/// How far back use is looked at, in minutes: CloudWatch keeps single minutes for 15 days.
const BACK: i64 = 14 * 24 * 60;

/// The minutes of the last 14 days up to `now` (milliseconds since 1970).
///
/// # Errors
/// CloudWatch says no or does not answer.
pub async fn busiest(
    access: &Access,
    metrics: &BTreeMap<PoolId, Metric>,
    now: i64,
) -> Result<BTreeMap<PoolId, Minutes>, Error> {
    let now = now / 60_000;
    between(access, metrics, now - BACK, now).await
}

/// The last ten minutes up to `now` (milliseconds since 1970).
///
/// # Errors
/// CloudWatch says no or does not answer.
pub async fn recent(
    access: &Access,
    metrics: &BTreeMap<PoolId, Metric>,
    now: i64,
) -> Result<BTreeMap<PoolId, Minutes>, Error> {
    let now = now / 60_000;
    between(access, metrics, now - 10, now).await
}

/// The whole minutes from `from` on and before `to`, numbered since 1970.
///
/// # Errors
/// CloudWatch says no or does not answer.
pub async fn between(
    access: &Access,
    metrics: &BTreeMap<PoolId, Metric>,
    from: i64,
    to: i64,
) -> Result<BTreeMap<PoolId, Minutes>, Error> {
    const ASKED: &str = "CloudWatch GetMetricData";
    let mut found: BTreeMap<PoolId, Minutes> = metrics.keys().map(|pool| (*pool, Minutes::new())).collect();
    if metrics.is_empty() {
        return Ok(found);
    }
    let queries: Vec<Value> = metrics.iter().map(|(pool, metric)| query(*pool, metric)).collect();
    let mut body = json!({
        "MetricDataQueries": queries,
        "StartTime": from * 60,
        "EndTime": to * 60,
        "ScanBy": "TimestampAscending",
    });
    loop {
        let said = ask(access, CLOUDWATCH, (ASKED, "GetMetricData"), &body).await?;
        let page: Page = serde_json::from_value(said)
            .map_err(|_| Error::Strange { asked: ASKED, lacks: "readable MetricDataResults" })?;
        for result in page.metric_data_results {
            let pool = metrics.keys().find(|pool| result.id == id(**pool));
            let Some(minutes) = pool.and_then(|pool| found.get_mut(pool)) else { continue };
            let points = result.timestamps.iter().zip(&result.values);
            minutes.extend(points.map(|(at, calls)| ((at / 60.0).floor() as i64, *calls)));
        }
        match page.next_token {
            // A service that answers the same page for ever must not hold the run up for ever.
            Some(token) if body["NextToken"] != token => body["NextToken"] = token.into(),
            _ => return Ok(found),
        }
    }
}

/// A page of GetMetricData, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    metric_data_results: Vec<Series>,
    next_token: Option<String>,
}

/// One query's answer; timestamps are seconds since 1970.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Series {
    #[serde(default)]
    id: String,
    #[serde(default)]
    timestamps: Vec<f64>,
    #[serde(default)]
    values: Vec<f64>,
}

/// What CloudWatch calls the query of a pool.
fn id(pool: PoolId) -> String {
    format!("p{}", pool.index())
}

/// The calls of each minute: of a usage metric, only the sum means anything.
fn query(pool: PoolId, metric: &Metric) -> Value {
    let dimensions: Vec<Value> =
        metric.dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    let metric =
        json!({ "Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions });
    json!({ "Id": id(pool), "MetricStat": { "Metric": metric, "Period": 60, "Stat": "Sum" } })
}
