//! What a run takes for granted, one sentence each: shown as "assumed" wherever its figures are shown.

use crate::api::{JobKind, Operation};
use crate::client::{Accounting, AwsRetry, Generation, RetryMode, Waiters};
use crate::format::named;
use crate::kms::Capacity;
use crate::quota::Enforcement;
use crate::scenario::{Scenario, Target};
use std::collections::BTreeSet;

/// The assumptions behind a run of `scenario`, which depend on where its attempts go.
pub fn assumptions(scenario: &Scenario) -> Vec<String> {
    let mut list = answers(scenario);
    list.extend([
        "Refused attempts take nothing from a quota and cost nothing; AWS documents neither.".into(),
        "Prices are those of us-east-1 as of October 2025, without the free tier.".into(),
    ]);
    if let Some(sentence) = overrides(scenario) {
        list.push(sentence);
    }
    if uses(scenario, Operation::ReEncrypt) {
        let cost = scenario.quotas.re_encrypt_cost;
        list.push(format!("ReEncrypt takes {cost} from each distinct pool of its keys; AWS does not say."));
    }
    if let Some(Capacity { servers, queue }) = scenario.service_time.capacity {
        let waits = queue.map_or("any number".to_string(), |places| format!("at most {places}"));
        list.push(format!(
            "The endpoint is not KMS: it works on {servers} attempts at once, and {waits} wait."
        ));
    }
    list.extend(retries(scenario));
    list
}

/// What is taken for granted of who answers: the simulator and the emulator do as they are told, others as they do.
fn answers(scenario: &Scenario) -> Vec<String> {
    let service = &scenario.service_time;
    let told = format!("{}, refusals {}.", service.default, service.throttled);
    match scenario.target {
        Target::Sim => vec![
            match &service.measured {
                Some(measured) => format!("Service times were measured ({measured}) and are drawn {told}"),
                None => format!("Service times are assumed, not calibrated: {told}"),
            },
            enforcement(scenario.quotas.enforcement),
        ],
        Target::Emulator => vec![
            format!(
                "Service times are those the emulator was told, to which sending and computing add: {told}"
            ),
            enforcement(scenario.quotas.enforcement),
        ],
        Target::Http(_) | Target::Aws => vec![
            "Times are measured on the target as seen from this vantage point; serviceTime and enforcement of the \
             scenario are not used."
                .into(),
            "Quotas only draw the line: the target enforces its own, which may be others.".into(),
            "Pools count this run's own attempts only, not what else draws on the account's quotas; a throttled attempt \
             counts for the first pool it draws from, since the target does not say which refused it."
                .into(),
        ],
    }
}

fn enforcement(enforcement: Enforcement) -> String {
    format!("Quotas are enforced {}; AWS does not publish the algorithm.", enforcement.rule())
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
    let each = scenario.strategies.iter().filter_map(|strategy| match strategy.policy.retry.mode {
        RetryMode::AwsStandard(aws) | RetryMode::AwsAdaptive(aws) => Some(generation(&strategy.name, aws)),
        RetryMode::AwsLegacy(sdk) => Some(format!(
            "Strategy {} retries as {} does in its legacy mode, by its published sources (November 2026).",
            named(&strategy.name),
            sdk.name()
        )),
        _ => None,
    });
    let waits = scenario.strategies.iter().filter_map(|strategy| match strategy.policy.retry.mode {
        RetryMode::AwsAdaptive(aws) => Some(waits(&strategy.name, aws)),
        _ => None,
    });
    each.chain(waits).collect()
}

/// How the callers of a strategy wait for its adaptive rate.
fn waits(name: &str, aws: AwsRetry) -> String {
    let whose = aws.sdk.map_or("of the specification".to_owned(), |sdk| format!("of the SDK `{sdk}`"));
    let how = match aws.waiters() {
        Waiters::InTurn => "in turn",
        Waiters::ByThemselves => "each by itself: who looks when there is a token takes it",
        Waiters::Woken => "each by itself, and an answer wakes the one who has waited longest",
    };
    format!(
        "Under strategy {name} callers wait for the adaptive rate {whose} {how}, by its sources (November 2026)."
    )
}

fn generation(name: &str, AwsRetry { generation, accounting, .. }: AwsRetry) -> String {
    let generation = match generation {
        Generation::V2_0 => "generation 2.0",
        Generation::V2_1 => "generation 2.1",
        Generation::Java => "the Java SDK's generation 2.0",
        Generation::Kotlin => "the Kotlin SDK's generation 2.0",
    };
    let accounting = match accounting {
        Accounting::PerCall => "each call giving back its own retry quota",
        Accounting::SharedSlot => "one retry-quota slot per client, as in the published Rust crates",
    };
    let name = named(name);
    format!("Strategy {name} follows {generation} of the AWS retry behaviour (November 2026), {accounting}.")
}
