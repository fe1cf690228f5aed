//! How much of its quotas an account uses, as CloudWatch counts it: calls per minute.

use super::{Access, Error, Metric, errors};
use crate::quota::PoolId;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDataQuery, MetricStat, ScanBy};
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
    minutes(access, metrics, now - BACK, now).await
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
    minutes(access, metrics, now - 10, now).await
}

/// The whole minutes from `from` on and before `to`.
async fn minutes(
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
    let client = aws_sdk_cloudwatch::Client::new(access.sdk());
    let queries = metrics.iter().map(|(pool, metric)| query(*pool, metric)).collect();
    let mut pages = client
        .get_metric_data()
        .set_metric_data_queries(Some(queries))
        .start_time(DateTime::from_secs(from * 60))
        .end_time(DateTime::from_secs(to * 60))
        .scan_by(ScanBy::TimestampAscending)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| errors::failed(ASKED, error))?;
        for result in page.metric_data_results() {
            let pool = metrics.keys().find(|pool| result.id() == Some(id(**pool).as_str()));
            let Some(minutes) = pool.and_then(|pool| found.get_mut(pool)) else { continue };
            let points = result.timestamps().iter().zip(result.values());
            minutes.extend(points.map(|(at, calls)| (at.secs().div_euclid(60), *calls)));
        }
    }
    Ok(found)
}

/// What CloudWatch calls the query of a pool.
fn id(pool: PoolId) -> String {
    format!("p{}", pool.index())
}

/// The calls of each minute: of a usage metric, only the sum means anything.
fn query(pool: PoolId, metric: &Metric) -> MetricDataQuery {
    let dimension = |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
    let metric = aws_sdk_cloudwatch::types::Metric::builder()
        .namespace(&metric.namespace)
        .metric_name(&metric.name)
        .set_dimensions(Some(metric.dimensions.iter().map(dimension).collect()))
        .build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
    MetricDataQuery::builder().id(id(pool)).metric_stat(stat).build()
}
