//! What a run takes for granted, one sentence each: shown as "assumed" wherever its figures are shown.

use crate::api::{JobKind, Operation};
use crate::client::{Accounting, AwsRetry, Generation, RetryMode};
use crate::quota::Enforcement;
use crate::scenario::Scenario;
use std::collections::BTreeSet;

/// The assumptions behind a simulated run of `scenario`.
pub fn assumptions(scenario: &Scenario) -> Vec<String> {
    let service = &scenario.service_time;
    let mut list = vec![
        format!(
            "Service times are assumed, not calibrated: lognormal with p50 {} and p99 {}, refusals {}.",
            service.default.p50, service.default.p99, service.throttled
        ),
        enforcement(scenario.quotas.enforcement),
        "Refused attempts take nothing from a quota and cost nothing; AWS documents neither.".into(),
        "Prices are those of us-east-1 as of October 2025, without the free tier.".into(),
    ];
    if let Some(sentence) = overrides(scenario) {
        list.push(sentence);
    }
    if uses(scenario, Operation::ReEncrypt) {
        let cost = scenario.quotas.re_encrypt_cost;
        list.push(format!("ReEncrypt takes {cost} from each distinct pool of its keys; AWS does not say."));
    }
    list.extend(retries(scenario));
    list
}

fn enforcement(enforcement: Enforcement) -> String {
    match enforcement {
        Enforcement::Window { .. } => {
            "Quotas are enforced in fixed one-second windows, as the KMS Developer Guide's \
             wording reads (2026); AWS does not publish the algorithm."
                .into()
        }
        Enforcement::Sliding => {
            "Quotas are enforced over any trailing second; AWS does not publish the algorithm.".into()
        }
        Enforcement::Bucket { burst } => format!(
            "Quotas are enforced by a token bucket holding {burst} of the limit; AWS does not publish the algorithm."
        ),
        Enforcement::Lagging { lag } => {
            format!("Quotas are enforced on counts {lag} old; AWS does not publish the algorithm.")
        }
    }
}

fn overrides(scenario: &Scenario) -> Option<String> {
    let quotas = &scenario.quotas;
    let set: Vec<String> = quotas.overrides.iter().map(|(pool, rate)| format!("{pool} {rate}")).collect();
    (!set.is_empty()).then(|| {
        format!(
            "The scenario sets {}; other quotas are the published defaults of {}.",
            set.join(", "),
            scenario.region
        )
    })
}

fn uses(scenario: &Scenario, operation: Operation) -> bool {
    scenario.workloads.iter().flat_map(|w| w.kinds()).any(|kind| kind == JobKind::Call(operation))
}

/// Which generation of the AWS retry behaviour each such strategy follows.
fn retries(scenario: &Scenario) -> BTreeSet<String> {
    let aws = scenario.strategies.iter().filter_map(|strategy| match strategy.policy.retry.mode {
        RetryMode::AwsStandard(aws) | RetryMode::AwsAdaptive(aws) => Some((&strategy.name, aws)),
        _ => None,
    });
    aws.map(|(name, AwsRetry { generation, accounting })| {
        let generation = match generation {
            Generation::V2_0 => "2.0",
            Generation::V2_1 => "2.1",
        };
        let accounting = match accounting {
            Accounting::PerCall => "each call giving back its own retry quota",
            Accounting::SharedSlot => "one retry-quota slot per client, as in the published Rust crates",
        };
        format!("Strategy {name} follows generation {generation} of the AWS retry behaviour (November 2026), {accounting}.")
    })
    .collect()
}
