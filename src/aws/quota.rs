//! The account's applied quotas, as Service Quotas says.

use super::ask::{SERVICE_QUOTAS, ask};
use super::{Access, Error};
use crate::quota::catalogue;
use crate::quota::{Metric, PoolId};
use serde::Deserialize;
use serde_json::json;
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

/// The quotas of `pools`: applied ones, or the published default where Service Quotas has none.
///
/// # Errors
/// Service Quotas says no or does not answer.
pub async fn applied(access: &Access, pools: &[PoolId]) -> Result<BTreeMap<PoolId, Applied>, Error> {
    let listed = listed(access).await?;
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

/// A page of ListServiceQuotas, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    quotas: Vec<Listed>,
    next_token: Option<String>,
}

/// A quota as Service Quotas lists it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    quota_code: Option<String>,
    value: Option<f64>,
    period: Option<Period>,
    usage_metric: Option<UsageMetric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Period {
    period_value: Option<i32>,
    period_unit: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UsageMetric {
    metric_namespace: Option<String>,
    metric_name: Option<String>,
    metric_dimensions: Option<BTreeMap<String, String>>,
}

/// All quotas of KMS that the account has, by code.
async fn listed(access: &Access) -> Result<BTreeMap<String, Listed>, Error> {
    const ASKED: &str = "Service Quotas ListServiceQuotas";
    let mut listed = BTreeMap::new();
    let mut token: Option<String> = None;
    loop {
        let body = match &token {
            None => json!({ "ServiceCode": "kms" }),
            Some(token) => json!({ "ServiceCode": "kms", "NextToken": token }),
        };
        let said = ask(access, SERVICE_QUOTAS, (ASKED, "ListServiceQuotas"), &body).await?;
        let page: Page = serde_json::from_value(said)
            .map_err(|_| Error::Strange { asked: ASKED, lacks: "readable Quotas" })?;
        listed.extend(page.quotas.into_iter().filter_map(|quota| Some((quota.quota_code.clone()?, quota))));
        // A service that answers the same page for ever must not hold the run up for ever.
        if page.next_token.is_none() || page.next_token == token {
            return Ok(listed);
        }
        token = page.next_token;
    }
}

/// A quota in calls a second.
fn per_second(quota: &Listed) -> Option<f64> {
    let period = quota.period.as_ref();
    let unit = match period.and_then(|period| period.period_unit.as_deref()) {
        Some("MINUTE") => 60.0,
        Some("HOUR") => 3_600.0,
        Some("DAY") => 86_400.0,
        // KMS states all its request quotas per second.
        _ => 1.0,
    };
    let count = period.and_then(|period| period.period_value).unwrap_or(1);
    Some(quota.value? / (unit * f64::from(count.max(1))))
}

/// The metric that Service Quotas names.
fn metric(quota: &Listed) -> Option<Metric> {
    let metric = quota.usage_metric.as_ref()?;
    Some(Metric {
        namespace: metric.metric_namespace.clone()?,
        name: metric.metric_name.clone()?,
        dimensions: metric.metric_dimensions.clone()?,
    })
}
