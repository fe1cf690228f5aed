//! The quota to ask for: the document of a plan, and the arithmetic that has no need of a simulation.

use super::callers::Callers;
use super::money::BreakEven;
use super::need::Interval;
use super::season::Season;
use crate::results::{DataKeys, Seconds, Tool};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the document's names.
pub const SCHEMA: &str = "keystorm.plan/1";

/// What quota to ask for, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which keystorm made it.
    pub tool: Tool,
    /// The scenario's name.
    pub name: String,
    /// The question: the comment a scenario file opens with; empty if it has none.
    pub question: String,
    /// What follows, in a sentence.
    pub answer: String,
    /// The resolved scenario, every default filled in.
    pub scenario: serde_json::Value,
    /// First 64 bits of SHA-256 of the resolved scenario's JSON, in hex.
    pub scenario_hash: String,
    /// Key of every random draw.
    pub seed: u64,
    /// The Region.
    pub region: String,
    /// The day it speaks of as today.
    pub date: String,
    /// What was asked.
    pub terms: Terms,
    /// What must hold: `failed: rate<0.1%`.
    pub thresholds: Vec<String>,
    /// Whether the scenario had none and these are assumed.
    pub thresholds_assumed: bool,
    /// Trials of each strategy.
    pub trials: u32,
    /// How the quota is assumed to be enforced, as a scenario writes it.
    pub enforcement: String,
    /// Each quota that the load draws on.
    pub pools: Vec<PoolNeed>,
    /// Who calls, where the scenario is of an imported log.
    #[serde(default)]
    pub callers: Option<Callers>,
    /// Customer managed keys in use.
    pub keys: u32,
    /// What they cost a month, whatever the strategy.
    pub keys_usd: f64,
    /// What was taken for granted, one sentence each.
    pub assumptions: Vec<String>,
    /// Whether it was interrupted: what is missing is null.
    pub interrupted: bool,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// The load at the date, as a multiple of today's.
    pub growth: f64,
    /// The date; null without growth.
    pub by: Option<String>,
    /// Months until then; null without a date.
    pub months: Option<f64>,
    /// What hours of more than a year say of the time to come; null where none were given.
    #[serde(default)]
    pub season: Option<Season>,
    /// Which share of the quota the peak second may use.
    pub utilisation: f64,
    /// Regions that stand in for this one.
    pub failover: Vec<Failover>,
}

/// A Region that stands in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failover {
    /// The Region.
    pub region: String,
    /// What it carries itself at its peak second today, and this Region takes if that one fails; 0 for a standby.
    pub carries_per_s: f64,
}

/// One quota.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolNeed {
    /// Our name of it.
    pub pool: String,
    /// AWS's name; null where no source names one.
    pub quota: Option<String>,
    /// Its code in Service Quotas; null where none is published.
    pub code: Option<String>,
    /// Whether AWS raises it on request: yes, no, disputed, unknown.
    pub adjustable: String,
    /// What the account has.
    pub have_per_s: f64,
    /// Where that comes from: `given` or the day of the published default.
    pub have_from: String,
    /// The thresholds that are assumed because none of the scenario's speaks of it.
    pub assumed: Vec<String>,
    /// By strategy, in the scenario's order.
    pub strategies: Vec<StrategyNeed>,
    /// The strategy that is recommended; null if none can be.
    pub recommended: Option<String>,
    /// What to ask for with it; null for nothing.
    pub ask_per_s: Option<f64>,
    /// Months until the peak second of the recommended strategy reaches what there is, at the growth given; 0 if it has,
    /// null without growth.
    pub months_left: Option<f64>,
    /// What to ask for in each Region that stands in.
    pub failover: Vec<FailoverAsk>,
    /// What the recommended strategy would need if something were otherwise, the widest first.
    pub sensitivity: Vec<Swing>,
    /// The whole schedule, simulated for the recommendation; null where every trial was the whole schedule already.
    pub verified: Option<Verified>,
    /// What becomes of the recommended strategy at what there is, and at what is asked for, at the date.
    pub outcomes: Vec<Outcome>,
}

/// What becomes of a load at a quota.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What the account may send a second.
    pub quota_per_s: f64,
    /// completed ÷ offered.
    pub success: f64,
    /// Response times of completed jobs; null without any.
    pub p50_ms: Option<f64>,
    /// 99 % of them are at most this.
    pub p99_ms: Option<f64>,
    /// The greatest of them.
    pub max_ms: Option<f64>,
    /// Attempts ÷ completed jobs; null without any.
    pub attempts_per_success: Option<f64>,
    /// throttled ÷ attempts.
    pub throttled: f64,
}

/// What one strategy needs of one quota.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrategyNeed {
    /// The strategy's name.
    pub name: String,
    /// Whether it caches data keys.
    pub caches: bool,
    /// The busiest second today.
    pub peak_1s: f64,
    /// The smallest quota at the date; null where none helps.
    pub need_per_s: Option<Interval>,
    /// Why none helps; a sentence.
    pub why_none: Option<String>,
    /// What to ask for; null for nothing.
    pub ask_per_s: Option<f64>,
    /// How that was worked out; null where no quota helps.
    pub formula: Option<Formula>,
    /// What it asks of the quota today.
    pub demand: Demand,
    /// The need under other kinds of limiter, which AWS does not publish: kind, quota.
    pub kinds: BTreeMap<String, Option<f64>>,
    /// The least and the most that it needs wherever fixed windows begin.
    pub phases: Option<[f64; 2]>,
    /// What a month costs today, requests only; null unless the load goes on.
    pub cost_now_usd: Option<f64>,
    /// And at the date.
    pub cost_then_usd: Option<f64>,
    /// What its data keys are exposed to; null without a cache.
    pub exposure: Option<DataKeys>,
    /// From where on its cache pays; null without one.
    pub break_even: Option<BreakEven>,
}

/// ask = max(need, peak × growth × season × failover ÷ utilisation).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// The need's high end, at the date.
    pub need_high: f64,
    /// The busiest second today.
    pub peak_1s: f64,
    /// How much more it will be.
    pub growth: f64,
    /// How much more the busiest time to come is, by the year before; 1 where nobody has told.
    #[serde(default = "one")]
    pub season: f64,
    /// How much more if another Region fails.
    pub failover: f64,
    /// Which share of the quota may be used.
    pub utilisation: f64,
    /// What is asked for, a whole number.
    pub ask: f64,
    /// The same as a multiple of the busiest second today.
    pub ask_over_peak: f64,
}

const fn one() -> f64 {
    1.0
}

impl Formula {
    /// Puts the factors together.
    pub fn new(
        need_high: f64,
        peak_1s: f64,
        (growth, season): (f64, f64),
        failover: f64,
        utilisation: f64,
    ) -> Formula {
        // A thousandth less than a whole number is that number: the factors are decimal, the arithmetic is not.
        let ask = (need_high.max(peak_1s * growth * season * failover / utilisation) - 1e-6).ceil().max(1.0);
        let ask_over_peak = if peak_1s > 0.0 { ask / peak_1s } else { 0.0 };
        Formula { need_high, peak_1s, growth, season, failover, utilisation, ask, ask_over_peak }
    }
}

/// What a strategy asks of a quota when nothing is refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// Attempts second by second.
    #[serde(flatten)]
    pub seconds: Seconds,
    /// Attempts a second of each operation that draws on the quota: mean, and at the busiest second of all its workloads.
    pub by_operation: BTreeMap<String, [f64; 2]>,
    /// Each workload's share of the peak, largest first.
    pub who: Vec<(String, f64)>,
}

/// What to ask for in a Region that stands in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailoverAsk {
    /// The Region.
    pub region: String,
    /// What the account has there: the published default.
    pub have_per_s: f64,
    /// What to ask for; null for nothing.
    pub ask_per_s: Option<f64>,
    /// How it was worked out.
    pub formula: Formula,
}

/// What the need would be if one thing were otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    /// What: growth, burst factor, service time, hit ratio, number of messages.
    pub what: String,
    /// How little of it, and what would be needed then; null where no quota helps.
    pub less: (String, Option<f64>),
    /// How much, and what would be needed then.
    pub more: (String, Option<f64>),
}

impl Swing {
    /// How far the two sides lie apart.
    pub fn width(&self) -> f64 {
        match (self.less.1, self.more.1) {
            (Some(a), Some(b)) => (a - b).abs(),
            _ => f64::INFINITY,
        }
    }
}

/// The needs of the whole schedule, from two seeds, beside the one that was found on its peaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Seeds of the trials that verified it.
    pub seeds: Vec<u64>,
    /// What each needs by its peaks.
    pub peaks_per_s: Vec<f64>,
    /// What each needs over the whole schedule.
    pub needs_per_s: Vec<f64>,
    /// The larger difference between the two, relative.
    pub differ_by: f64,
}

/// Months until a peak reaches what there is, if it grows `growth`-fold in `months`; 0 if it has, `None` if it does not grow.
pub fn months_left(peak_1s: f64, have_per_s: f64, growth: f64, months: f64) -> Option<f64> {
    if peak_1s >= have_per_s {
        return Some(0.0);
    }
    let left = (growth > 1.0 && months > 0.0 && peak_1s > 0.0)
        .then(|| months * libm::log(have_per_s / peak_1s) / libm::log(growth))?;
    Some((left * 10.0).round() / 10.0)
}

/// The place of the strategy to recommend: one that needs no more than there is, first one without a cache that does, for
/// a cache is a cost too; else the one that asks for least. `None` if no quota helps any.
pub fn recommended(strategies: &[StrategyNeed], have_per_s: f64) -> Option<usize> {
    let asks = |need: &StrategyNeed| need.formula.map(|formula| formula.ask);
    let fits = |need: &&(usize, &StrategyNeed)| asks(need.1).is_some_and(|ask| ask <= have_per_s);
    let all: Vec<(usize, &StrategyNeed)> = strategies.iter().enumerate().collect();
    let least = |some: Vec<&(usize, &StrategyNeed)>| {
        let of = some.into_iter().filter_map(|(place, need)| Some((*place, asks(need)?)));
        of.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))).map(|(place, _)| place)
    };
    let plain = all.iter().filter(fits).filter(|(_, need)| !need.caches).collect();
    let any = all.iter().filter(fits).collect();
    least(plain).or_else(|| least(any)).or_else(|| least(all.iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_factor_is_in_the_ask() {
        let formula = Formula::new(1_030.0, 1_000.0, (1.4, 1.0), 1.0, 0.8);
        assert_eq!((formula.ask, formula.ask_over_peak), (1_750.0, 1.75));
        assert_eq!(Formula::new(1_030.0, 1_000.0, (1.4, 1.0), 2.0, 0.8).ask, 3_500.0);
        assert_eq!(Formula::new(1_030.0, 1_000.0, (1.4, 1.5), 2.0, 0.8).ask, 5_250.0);
        assert_eq!(
            Formula::new(2_000.5, 1_000.0, (1.0, 1.0), 1.0, 1.0).ask,
            2_001.0,
            "the need where it is more"
        );
    }

    #[test]
    fn months_follow_from_growth() {
        // Doubling in twelve months: half of what there is lasts twelve.
        assert_eq!(months_left(500.0, 1_000.0, 2.0, 12.0), Some(12.0));
        assert_eq!(months_left(1_000.0, 1_000.0, 2.0, 12.0), Some(0.0));
        assert_eq!(months_left(500.0, 1_000.0, 1.0, 12.0), None);
    }
}
