//! The account's applied quotas, as Service Quotas says.

use super::{Access, Error, errors};
use crate::quota::PoolId;
use crate::quota::catalogue;
use aws_sdk_servicequotas::types::{PeriodUnit, ServiceQuota};
use std::collections::BTreeMap;

/// One quota of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// Calls a second.
    pub per_s: f64,
    /// Whether Service Quotas says so; otherwise it is the published default.
    pub is_applied: bool,
    /// Where CloudWatch counts its use; `None` where nobody says.
    pub metric: Option<Metric>,
}

/// A metric of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Such as `AWS/Usage`.
    pub namespace: String,
    /// Such as `CallCount`.
    pub name: String,
    /// Names and values.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// The use of a pool where Service Quotas names no metric.
    ///
    /// Source: public alarms on these metrics and the usage metrics of the operations' own quotas (read 2026-11-23);
    /// what else there is, no source names.
    fn of(pool: PoolId) -> Option<Metric> {
        let resource = match pool {
            PoolId::SYMMETRIC => "CryptographicOperationsSymmetric",
            PoolId::RSA => "CryptographicOperationsRsa",
            other => match catalogue::entry(other).operations {
                [operation] if operation.name() == other.name() => operation.name(),
                _ => return None,
            },
        };
        let dimensions = [("Class", "None"), ("Resource", resource), ("Service", "KMS"), ("Type", "API")];
        Some(Metric {
            namespace: "AWS/Usage".into(),
            name: "CallCount".into(),
            dimensions: dimensions.map(|(name, value)| (name.into(), value.into())).into(),
        })
    }
}

/// The quotas of `pools`: applied ones, or the published default where Service Quotas has none.
///
/// # Errors
/// Service Quotas says no or does not answer.
pub async fn applied(access: &Access, pools: &[PoolId]) -> Result<BTreeMap<PoolId, Applied>, Error> {
    const ASKED: &str = "Service Quotas ListServiceQuotas";
    let client = aws_sdk_servicequotas::Client::new(access.sdk());
    let mut listed: BTreeMap<String, ServiceQuota> = BTreeMap::new();
    let mut pages = client.list_service_quotas().service_code("kms").into_paginator().items().send();
    while let Some(quota) = pages.next().await {
        let quota = quota.map_err(|error| errors::failed(ASKED, error))?;
        if let Some(code) = quota.quota_code.clone() {
            listed.insert(code, quota);
        }
    }
    let of = |pool: &PoolId| {
        let listed = catalogue::entry(*pool).code.and_then(|code| listed.get(code));
        let metric = listed.and_then(metric).or_else(|| Metric::of(*pool));
        let applied = match listed.and_then(per_second) {
            Some(per_s) => Applied { per_s, is_applied: true, metric },
            None => {
                let per_s = catalogue::limit(access.region(), *pool).as_per_second();
                Applied { per_s, is_applied: false, metric }
            }
        };
        (*pool, applied)
    };
    Ok(pools.iter().map(of).collect())
}

/// A quota in calls a second.
fn per_second(quota: &ServiceQuota) -> Option<f64> {
    let period = quota.period.as_ref();
    let unit = match period.and_then(|period| period.period_unit.as_ref()) {
        Some(PeriodUnit::Minute) => 60.0,
        Some(PeriodUnit::Hour) => 3_600.0,
        Some(PeriodUnit::Day) => 86_400.0,
        // KMS states all its request quotas per second.
        _ => 1.0,
    };
    let count = period.and_then(|period| period.period_value).unwrap_or(1);
    Some(quota.value? / (unit * f64::from(count.max(1))))
}

/// The metric that Service Quotas names.
fn metric(quota: &ServiceQuota) -> Option<Metric> {
    let metric = quota.usage_metric.as_ref()?;
    Some(Metric {
        namespace: metric.metric_namespace.clone()?,
        name: metric.metric_name.clone()?,
        dimensions: metric.metric_dimensions.clone()?.into_iter().collect(),
    })
}
