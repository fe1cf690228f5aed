//! Why a run may not be made against an account, each with its remedy.

use crate::api::KeySpec;
use crate::units::{Money, Rate, Ratio};

/// One reason against a run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Objection {
    /// A cap is not given.
    #[error(
        "caps.{0} is not given: what is neither this machine nor a private network needs caps.attempts, caps.rate and \
         caps.duration"
    )]
    NoCap(&'static str),
    /// The account is denied, whatever else is said.
    #[error("account {account} is denied by {file}, which no option overrides")]
    Denied {
        /// Id of the account.
        account: String,
        /// The list that denies it.
        file: String,
    },
    /// Nothing is allowed.
    #[error("allow.{0} names nothing: target aws needs the account and the Region that the run may touch")]
    AllowsNothing(&'static str),
    /// The account is not allowed.
    #[error("the credentials belong to account {found}, and allow.accounts names {allowed}")]
    Account {
        /// Whose the credentials are.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// The Region is not allowed.
    #[error("the Region is {found}, and allow.regions names {allowed}")]
    Region {
        /// Where the run would go.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// The alarm that the run stops on has gone off.
    #[error("the alarm {0} (caps.stopOn) is in ALARM: nothing is sent while it is")]
    Alarm(String),
    /// The alarm that the run stops on is not there.
    #[error("there is no alarm {0} (caps.stopOn) in this account and Region")]
    NoAlarm(String),
    /// A trace is not loaded.
    #[error("workload `{0}`: its trace is not loaded, so that nobody knows how much it asks for")]
    Unforeseen(String),
    /// Too many calls.
    #[error(
        "the plan makes {calls:.0} calls, {setup} of them set-up, and caps.attempts is {cap}: less load, or a higher cap"
    )]
    Attempts {
        /// First attempts and set-up.
        calls: f64,
        /// Set-up alone.
        setup: u64,
        /// The scenario's cap on attempts.
        cap: u64,
    },
    /// Too fast.
    #[error("the plan peaks at {peak:.1} calls a second, and caps.rate is {cap}: less load, or a higher cap")]
    Rate {
        /// Calls a second.
        peak: f64,
        /// The scenario's cap on attempts a second.
        cap: Rate,
    },
    /// Too long.
    #[error("the plan takes {planned:.0} s, and caps.duration is {cap:.0} s: shorter, or a higher cap")]
    Duration {
        /// Seconds, all strategies and trials.
        planned: f64,
        /// The cap, in seconds.
        cap: f64,
    },
    /// Too dear.
    #[error(
        "the plan costs {requests:.2} USD of requests and up to {trail:.2} USD of CloudTrail events, and caps.cost is {cap}"
    )]
    Cost {
        /// Requests, in USD.
        requests: f64,
        /// CloudTrail events, in USD.
        trail: f64,
        /// The scenario's cap on cost.
        cap: Money,
    },
    /// Too large a share of what is free of a quota.
    #[error(
        "pool {pool}: the plan peaks at {peak:.1}/s, and {allowed:.1}/s may be taken: {share} (caps.maxQuotaShare) of {quota:.1}/s less {used:.1}/s in use"
    )]
    Share {
        /// Its name in the quota catalogue.
        pool: &'static str,
        /// Calls a second of the plan.
        peak: f64,
        /// Calls a second that may be taken.
        allowed: f64,
        /// The largest share.
        share: Ratio,
        /// What the account may send a second.
        quota: f64,
        /// Busiest second of the last 14 days.
        used: f64,
    },
    /// Nothing tells how much is in use.
    #[error(
        "pool {0}: CloudWatch has no use of the last 14 days, so that nobody knows what is free: --no-usage-check goes without"
    )]
    NoUse(&'static str),
    /// A pool was not looked at.
    #[error("pool {0}: its quota is not known")]
    NoQuota(&'static str),
    /// An AWS managed key.
    #[error(
        "workload `{workload}`: {key} is an AWS managed key, which services use: name it in allow.keys to use it"
    )]
    AwsManaged {
        /// The workload that names it.
        workload: String,
        /// As named.
        key: String,
    },
    /// A key of another account.
    #[error("workload `{workload}`: {key} belongs to account {account}: name it in allow.keys to use it")]
    Foreign {
        /// The workload that names it.
        workload: String,
        /// As named.
        key: String,
        /// Whose it is.
        account: String,
    },
    /// A key of another type than the scenario says.
    #[error("workload `{workload}`: {key} is {found}, and keys.spec says {wanted}")]
    Spec {
        /// The workload that names it.
        workload: String,
        /// As named.
        key: String,
        /// Its type.
        found: String,
        /// What the scenario says.
        wanted: KeySpec,
    },
    /// A key that cannot be used.
    #[error("workload `{workload}`: {key} is {state}, not Enabled")]
    State {
        /// The workload that names it.
        workload: String,
        /// As named.
        key: String,
        /// Its state.
        state: String,
    },
}
