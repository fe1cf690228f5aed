//! The permit of a run against a real account, or every reason against it.

use super::found::{Found, KeyFound};
use super::{CostEstimate, Denied, Objection};
use crate::quota::PoolId;
use crate::scenario::{Caps, Plan, Scenario};
use crate::time::Time;
use crate::units::Rate;
use std::fmt;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PermitRequest<'a> {
    /// The scenario that is to run.
    pub scenario: &'a Scenario,
    /// Its plan.
    pub plan: &'a Plan,
    /// Whether use is to be known; `false` with `--no-usage-check`.
    pub checks_use: bool,
    /// Accounts that nobody may touch.
    pub denied: &'a Denied,
}

/// What a run against a real account may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Permit {
    /// The account, and who calls.
    pub found: Found,
    /// The Region that is called.
    pub region: String,
    /// Calls and cost.
    pub cost_estimate: CostEstimate,
    /// Calls a second at the worst moment.
    pub peak_per_s: f64,
    /// What each pool has, and what is taken of it.
    pub shares: Vec<Share>,
    /// The scenario's caps, with attempts and rate lowered to what cost and shares allow; retries come under them too.
    pub caps: Caps,
}

/// What a run takes of one pool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Which quota it takes from.
    pub pool: PoolId,
    /// Calls a second of the plan at the worst moment.
    pub peak_per_s: f64,
    /// Calls a second that may be taken.
    pub allowed_per_s: f64,
    /// What the account may send a second.
    pub quota_per_s: f64,
    /// Whether Service Quotas says so; otherwise it is the published default.
    pub is_applied: bool,
    /// Busiest second of the last 14 days; `None` if nobody looked.
    pub used_per_s: Option<f64>,
}

/// Judges a run against what was found out.
///
/// # Errors
/// Every objection at once.
pub fn decide(request: &PermitRequest<'_>, found: Found) -> Result<Permit, Vec<Objection>> {
    let mut against = objections_beforehand(request, &found.account);
    for key in &found.keys {
        against.extend(objections_to_key(request.scenario, &found.account, key));
    }
    let mut shares = Vec::new();
    for (pool, peak) in asked(request.plan) {
        match share(request, &found, pool, peak) {
            Ok(share) => {
                against.extend(too_large(request.scenario, &share));
                shares.push(share);
            }
            Err(objection) => against.push(objection),
        }
    }
    if !against.is_empty() {
        return Err(against);
    }
    let cost_estimate = CostEstimate::of(request.scenario, request.plan);
    let caps = lowered(&request.scenario.live.caps, &cost_estimate, &shares);
    let region = request.scenario.region.clone();
    Ok(Permit { found, region, cost_estimate, peak_per_s: request.plan.peak_per_s, shares, caps })
}

/// What stands against a run before anything but who calls is known: caps, the account, the Region, the plan itself.
pub fn objections_beforehand(request: &PermitRequest<'_>, account: &str) -> Vec<Objection> {
    let PermitRequest { scenario, plan, denied, .. } = request;
    let allow = &scenario.live.allow;
    let mut against = Vec::new();
    if let Some(file) = denied.by(account) {
        against.push(Objection::Denied { account: account.into(), file: file.into() });
    }
    against.extend(not_given(scenario));
    let is_in = |list: &[String], one: &str| list.iter().any(|each| each == one);
    if allow.accounts.is_empty() {
        against.push(Objection::AllowsNothing("accounts"));
    } else if !is_in(&allow.accounts, account) {
        against.push(Objection::Account { found: account.into(), allowed: allow.accounts.join(", ") });
    }
    if allow.regions.is_empty() {
        against.push(Objection::AllowsNothing("regions"));
    } else if !is_in(&allow.regions, &scenario.region) {
        against.push(Objection::Region { found: scenario.region.clone(), allowed: allow.regions.join(", ") });
    }
    against.extend(beyond_caps(scenario, plan));
    against
}

/// What stands against a run to somewhere far away that is no account of AWS: caps, and the plan itself.
pub fn objections_to_plan(scenario: &Scenario, plan: &Plan) -> Vec<Objection> {
    not_given(scenario).chain(beyond_caps(scenario, plan)).collect()
}

/// Caps that must be given and are not.
fn not_given(scenario: &Scenario) -> impl Iterator<Item = Objection> + use<> {
    let caps = &scenario.live.caps;
    let given = [
        ("attempts", caps.attempts.is_some()),
        ("rate", caps.rate.is_some()),
        ("duration", caps.duration.is_some()),
    ];
    given.into_iter().filter(|(_, is)| !is).map(|(name, _)| Objection::NoCap(name))
}

/// Where a plan goes beyond its caps.
fn beyond_caps(scenario: &Scenario, plan: &Plan) -> Vec<Objection> {
    let caps = &scenario.live.caps;
    let mut against: Vec<Objection> = plan.unforeseen.iter().cloned().map(Objection::Unforeseen).collect();
    let cost_estimate = CostEstimate::of(scenario, plan);
    let calls = cost_estimate.calls + cost_estimate.setup as f64;
    if let Some(cap) = caps.attempts.filter(|cap| calls > *cap as f64) {
        against.push(Objection::Attempts { calls, setup: cost_estimate.setup, cap });
    }
    if let Some(cap) = caps.rate.filter(|cap| plan.peak_per_s > cap.as_per_second()) {
        against.push(Objection::Rate { peak: plan.peak_per_s, cap });
    }
    if let (Some(cap), Some(planned)) = (caps.duration, seconds(scenario))
        && planned > cap.as_secs_f64()
    {
        against.push(Objection::Duration { planned, cap: cap.as_secs_f64() });
    }
    if let Some(cap) = caps.cost.filter(|cap| cost_estimate.total_usd() > cap.as_usd()) {
        against.push(Objection::Cost {
            requests: cost_estimate.requests_usd,
            trail: cost_estimate.trail_usd,
            cap,
        });
    }
    against
}

/// How long jobs arrive, all strategies and trials; `None` if that cannot be foreseen.
fn seconds(scenario: &Scenario) -> Option<f64> {
    let end = scenario.workloads.iter().map(|workload| workload.end()).max().unwrap_or(Time::ZERO);
    let one = (end != Time::NEVER).then(|| end.since(Time::ZERO).as_secs_f64())?;
    Some(one * f64::from(scenario.trials) * scenario.strategies.len() as f64)
}

/// What stands against using a key.
fn objections_to_key(scenario: &Scenario, account: &str, key: &KeyFound) -> Vec<Objection> {
    let mut against = Vec::new();
    let (workload, name) = (key.workload.clone(), key.named.clone());
    let id = key.arn.rsplit('/').next().unwrap_or_default();
    let is_named =
        scenario.live.allow.keys.iter().any(|each| *each == key.named || *each == key.arn || each == id);
    if key.is_aws_managed && !is_named {
        against.push(Objection::AwsManaged { workload: workload.clone(), key: name.clone() });
    }
    if key.account != account && !is_named {
        let account = key.account.clone();
        against.push(Objection::Foreign { workload: workload.clone(), key: name.clone(), account });
    }
    if key.spec != Some(key.wanted) {
        let found = key.spec.map_or("of a type that is not known here".to_owned(), |spec| spec.to_string());
        let (workload, key, wanted) = (workload.clone(), name.clone(), key.wanted);
        against.push(Objection::Spec { workload, key, found, wanted });
    }
    if key.state != "Enabled" {
        against.push(Objection::State { workload, key: name, state: key.state.clone() });
    }
    against
}

/// What the plan itself asks of each pool, without the background.
fn asked(plan: &Plan) -> impl Iterator<Item = (PoolId, f64)> + '_ {
    plan.pools.iter().filter_map(|pool| {
        let own: f64 = pool.workloads.iter().map(|(_, asked)| asked).sum();
        PoolId::from_name(&pool.pool).filter(|_| own > 0.0).map(|id| (id, own))
    })
}

fn share(request: &PermitRequest<'_>, found: &Found, pool: PoolId, peak: f64) -> Result<Share, Objection> {
    let has = found.pools.get(&pool).ok_or(Objection::NoQuota(pool.name()))?;
    if request.checks_use && has.used_per_s.is_none() {
        return Err(Objection::NoUse(pool.name()));
    }
    let used = has.used_per_s.unwrap_or(0.0);
    Ok(Share {
        pool,
        peak_per_s: peak,
        allowed_per_s: allowed(request.scenario, has.quota_per_s, used),
        quota_per_s: has.quota_per_s,
        is_applied: has.is_applied,
        used_per_s: has.used_per_s,
    })
}

/// What may be taken of a pool in which others use `used`.
fn allowed(scenario: &Scenario, quota: f64, used: f64) -> f64 {
    scenario.live.caps.max_quota_share.as_f64() * (quota - used).max(0.0)
}

fn too_large(scenario: &Scenario, share: &Share) -> Option<Objection> {
    (share.peak_per_s > share.allowed_per_s).then(|| Objection::Share {
        pool: share.pool.name(),
        peak: share.peak_per_s,
        allowed: share.allowed_per_s,
        share: scenario.live.caps.max_quota_share,
        quota: share.quota_per_s,
        used: share.used_per_s.unwrap_or(0.0),
    })
}

/// Whether a run may go on while others use `used` a second of a pool.
///
/// # Errors
/// The share is larger than `caps.maxQuotaShare` of what is free.
pub fn fits(scenario: &Scenario, share: &Share, used: f64) -> Result<(), Objection> {
    let now =
        Share { used_per_s: Some(used), allowed_per_s: allowed(scenario, share.quota_per_s, used), ..*share };
    too_large(scenario, &now).map_or(Ok(()), Err)
}

/// Caps under which retries too stay within cost and shares.
fn lowered(caps: &Caps, cost_estimate: &CostEstimate, shares: &[Share]) -> Caps {
    let by_cost = caps.cost.map(|cost| (cost.as_usd() * 1e6 / cost_estimate.most_micros) as u64);
    let attempts = [caps.attempts, by_cost].into_iter().flatten().min();
    let by_share: f64 = shares.iter().map(|share| share.allowed_per_s).sum();
    let by_share = (!shares.is_empty()).then(|| Rate::per_second((by_share as u64).max(1)));
    let slower = |a: Rate, b: Rate| if b.as_per_second() < a.as_per_second() { b } else { a };
    Caps { attempts, rate: [caps.rate, by_share].into_iter().flatten().reduce(slower), ..caps.clone() }
}

impl fmt::Display for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Permit { found, region, cost_estimate, caps, .. } = self;
        let about = if cost_estimate.is_estimate { "about " } else { "" };
        writeln!(f, "On AWS: account {}, Region {region}, as {}", found.account, found.arn)?;
        write!(
            f,
            "  keys      {} named, {} made and scheduled for deletion",
            found.keys.len(),
            cost_estimate.keys_made
        )?;
        if cost_estimate.keys_made > 0 {
            write!(f, ", the first of them at once and unused, to see that this account lets it")?;
        }
        writeln!(f)?;
        write!(f, "  calls     {about}{:.0} and {} of set-up", cost_estimate.calls, cost_estimate.setup)?;
        writeln!(f, "; at most {} attempts", caps.attempts.unwrap_or(u64::MAX))?;
        write!(f, "  peak      {about}{:.1}/s", self.peak_per_s)?;
        writeln!(f, "; at most {}", caps.rate.unwrap_or(Rate::ZERO))?;
        for share in &self.shares {
            let basis = if share.is_applied { "applied" } else { "published default" };
            write!(
                f,
                "  pool      {}: {:.1}/s of {:.1}/s that may be taken; quota {:.1}/s ({basis}), ",
                share.pool, share.peak_per_s, share.allowed_per_s, share.quota_per_s
            )?;
            match share.used_per_s {
                Some(used) => {
                    writeln!(f, "busiest second of 14 days about {used:.1}/s (assumed from minutes)")?
                }
                None => writeln!(f, "use not looked at")?,
            }
        }
        if let Some(alarm) = &caps.stop_on {
            writeln!(f, "  ends      when the alarm {alarm} is in ALARM")?;
        }
        write!(f, "  cost      {:.2} USD of requests", cost_estimate.requests_usd)?;
        write!(
            f,
            ", up to {:.2} USD of CloudTrail events for each trail after the first",
            cost_estimate.trail_usd
        )?;
        match caps.cost {
            Some(cap) => writeln!(f, "; caps.cost {cap}"),
            None => writeln!(f, "; no caps.cost"),
        }
    }
}

#[cfg(test)]
mod tests;
