//! Whether an answer stays the same when quotas are enforced in another way: AWS does not publish which it is.
//!
//! The engine simulates the scenario again under each other kind; here it is compared who then meets what.

use super::Run;
use super::merit::{Criterion, Merit};
use super::standing::{Standing, standing};
use crate::quota::Enforcement;
use serde::{Deserialize, Serialize};

/// The same scenario under other kinds of limiter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimiterKinds {
    /// How many trials were simulated under each.
    pub trials: u32,
    /// Each other kind, with its default parameters.
    pub kinds: Vec<LimiterKind>,
    /// Why none was tried, if none was; the end of a sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left_out: Option<String>,
}

/// The scenario under one kind of limiter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimiterKind {
    /// The kind's name in `quotas.enforcement`; `late bucket` is the bucket that books late.
    pub name: String,
    /// Whether the answer is the same.
    pub agreement: Agreement,
    /// The strategies that met every threshold; without thresholds those that completed most.
    pub met: Vec<String>,
}

/// Whether an answer under another kind of limiter is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The same strategies meet every threshold, and none of them beats the preferred one.
    Same,
    /// Another.
    Other,
    /// So few trials do not tell.
    CannotTell,
}

impl LimiterKinds {
    /// None was tried, for this reason.
    pub fn left_out(why: impl Into<String>) -> LimiterKinds {
        LimiterKinds { left_out: Some(why.into()), ..LimiterKinds::default() }
    }
}

/// The name of a kind in reports.
pub const fn kind_name(kind: Enforcement) -> &'static str {
    match kind {
        Enforcement::LateBucket { .. } => "late bucket",
        other => other.kind().name(),
    }
}

/// Every kind but the one of `own`, each with its usual parameters.
pub fn other_kinds(own: Enforcement) -> Vec<Enforcement> {
    Enforcement::USUAL.into_iter().filter(|kind| kind_name(*kind) != kind_name(own)).collect()
}

/// What `there`, the same scenario under `kind`, says beside `run`.
pub fn agreement(run: &Run, there: &Run, kind: Enforcement) -> LimiterKind {
    let (agreement, met) = match run.thresholds.is_empty() {
        true => {
            let (own, met) = (completes_most(run), completes_most(there));
            (if own == met { Agreement::Same } else { Agreement::Other }, met)
        }
        false => (by_thresholds(run, there), met(there)),
    };
    LimiterKind { name: kind_name(kind).into(), agreement, met }
}

fn met(run: &Run) -> Vec<String> {
    let names = run.strategies.iter().map(|s| s.name.clone());
    names.filter(|name| standing(run, name) == Standing::Met).collect()
}

fn by_thresholds(run: &Run, there: &Run) -> Agreement {
    let mut agreement = Agreement::Same;
    for strategy in &run.strategies {
        match (standing(run, &strategy.name), standing(there, &strategy.name)) {
            (Standing::Met, Standing::Missed(_)) | (Standing::Missed(_), Standing::Met) => {
                return Agreement::Other;
            }
            (Standing::Met | Standing::Missed(_), Standing::Unsure(_)) => agreement = Agreement::CannotTell,
            _ => {}
        }
    }
    let winners: Vec<usize> = (0..run.strategies.len())
        .filter(|n| standing(run, &run.strategies[*n].name) == Standing::Met)
        .collect();
    match Merit::new(run).best(&winners) {
        Some(best) if winners.iter().any(|other| leads(there, *other, best)) => Agreement::Other,
        _ => agreement,
    }
}

/// Whether `a` is better than `b` in the first figure in which they differ by more than is worth a word.
fn leads(run: &Run, a: usize, b: usize) -> bool {
    let (Some(a), Some(b)) = (run.strategies.get(a), run.strategies.get(b)) else { return false };
    let differences = Criterion::of(run).into_iter().filter_map(|criterion| {
        let (first, second) = (criterion.value(a)?, criterion.value(b)?);
        let lead = criterion.lead(first, second);
        criterion.is_worth(lead, first, second).then_some(lead)
    });
    differences.into_iter().next().is_some_and(|lead| lead > 0.0)
}

/// Who completes as much as anybody, but for what is not worth a word.
fn completes_most(run: &Run) -> Vec<String> {
    let value = |n: usize| Criterion::Completed.value(&run.strategies[n]);
    let best = (0..run.strategies.len()).filter_map(value).reduce(f64::max).unwrap_or(0.0);
    let most = (0..run.strategies.len())
        .filter(|n| value(*n).is_some_and(|own| !Criterion::Completed.is_worth(best - own, best, own)));
    most.map(|n| run.strategies[n].name.clone()).collect()
}
