//! What is looked at before a run against AWS, in order, each step only if those before leave room for it.
//!
//! ```text
//! STS: who? ─▶ caps, allow, plan ─▶ alarm ─▶ keys ─▶ quotas ─▶ use ─▶ Permit
//! ```

use super::{Access, Applied, Error, Metric, alarm, applied, busiest, describe, whoami};
use crate::clock::epoch_millis;
use crate::planner::{
    Alarm, Denied, Found, Permit, PermitRequest, PoolFound, decide, objections_beforehand, peak_of_minute,
};
use crate::quota::PoolId;
use crate::scenario::{Plan, Scenario};
use std::collections::BTreeMap;

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'a> {
    /// Whether the account's use is looked at; `false` with `--no-usage-check`.
    pub usage: bool,
    /// Accounts that nobody may touch, which is never left out.
    pub denied: &'a Denied,
}

/// A permit, and where the use of each pool is counted.
pub struct Looked {
    /// What the run may do.
    pub permit: Permit,
    /// Where CloudWatch counts the use of each pool; empty with `--no-usage-check`.
    pub metrics: BTreeMap<PoolId, Metric>,
}

/// Looks at everything a run against AWS depends on and judges it.
///
/// # Errors
/// [`Error::Refusal`] with every objection that is known by then, or why something could not be looked at.
pub async fn look(access: &Access, scenario: &Scenario, checks: Checks<'_>) -> Result<Looked, Error> {
    let plan = Plan::of(scenario);
    let request = PermitRequest { scenario, plan: &plan, checks_use: checks.usage, denied: checks.denied };
    let who = whoami(access).await?;
    // An account that is not allowed is not asked anything more.
    let against = objections_beforehand(&request, &who.account);
    if !against.is_empty() {
        return Err(Error::Refusal(against));
    }
    if let Some(name) = &scenario.live.caps.stop_on
        && let Some(objection) = alarm::objection(access, &Alarm(name)).await?
    {
        return Err(Error::Refusal(vec![objection]));
    }
    let keys = describe(access, scenario).await?;
    let pools: Vec<PoolId> = plan.pools.iter().filter_map(|pool| PoolId::from_name(&pool.pool)).collect();
    let quotas = applied(access, &pools).await?;
    let metrics = if checks.usage { metrics(&quotas) } else { BTreeMap::new() };
    let used = busiest(access, &metrics, epoch_millis()).await?;
    let pool = |(pool, quota): (&PoolId, &Applied)| {
        let minutes = used.get(pool).filter(|minutes| !minutes.is_empty());
        let most = minutes.map(|minutes| minutes.values().copied().fold(0.0, f64::max));
        let found = PoolFound {
            quota_per_s: quota.per_s,
            is_applied: quota.is_applied,
            used_per_s: most.map(peak_of_minute),
        };
        (*pool, found)
    };
    let pools = quotas.iter().map(pool).collect();
    let found = Found { account: who.account, arn: who.arn, keys, pools };
    let permit = decide(&request, found).map_err(Error::Refusal)?;
    Ok(Looked { permit, metrics })
}

/// The metrics of the pools that have one.
fn metrics(quotas: &BTreeMap<PoolId, Applied>) -> BTreeMap<PoolId, Metric> {
    quotas.iter().filter_map(|(pool, quota)| Some((*pool, quota.metric.clone()?))).collect()
}
