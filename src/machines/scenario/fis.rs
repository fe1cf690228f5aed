//! Experiment templates of AWS Fault Injection Service, read as faults.
//!
//! ```text
//! actions: inject-api-*-error ─▶ one fault for each operation and target role, begun when what it waits for is over
//!          wait               ─▶ time
//! ```
//!
//! Source: AWS FIS User Guide, "AWS FIS Actions reference" and CreateExperimentTemplate of its API (read 2026-11-30). FIS
//! itself takes these actions for the services ec2 and kinesis only, and does not say what each service answers: the three
//! errors here are what KMS is taken to answer.

use crate::api::{Operation, nearest};
use crate::time::Span;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a template comes to.
#[derive(Debug, Default, PartialEq)]
pub struct Experiment {
    /// Its faults, in the words of a scenario.
    pub faults: Vec<Value>,
    /// What of it nobody acts on here.
    pub told: Vec<String>,
}

/// Whom the faults of an experiment strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// The roles that the template names.
    Roles,
    /// Everybody: a scenario has one caller, which is taken to be the target.
    Everybody,
}

/// The longest an action can last.
const LONGEST: Span = Span::from_secs(12 * 3600);

/// What a template can hold; of FIS itself, but for the first four.
const PARTS: [&str; 17] = [
    "actions",
    "targets",
    "stopConditions",
    "description",
    "arn",
    "clientToken",
    "creationTime",
    "experimentOptions",
    "experimentReportConfiguration",
    "id",
    "lastUpdateTime",
    "logConfiguration",
    "roleArn",
    "tags",
    "targetAccountConfigurationsCount",
    "experimentTemplate",
    "$schema",
];

/// One action, as far as its beginning does not matter.
struct Action<'a> {
    lasts: Span,
    after: Vec<&'a str>,
    /// What it does; nothing for one that only waits.
    faults: Vec<Map<String, Value>>,
}

/// Reads a template, as CreateExperimentTemplate takes it or GetExperimentTemplate gives it.
///
/// # Errors
/// A sentence for each thing that cannot be done here, with its place.
pub fn read(text: &str, targets: Targets) -> Result<Experiment, Vec<String>> {
    let value: Value = serde_json::from_str(text).map_err(|e| vec![format!("this is not JSON: {e}")])?;
    let value = value.get("experimentTemplate").unwrap_or(&value);
    let Value::Object(template) = value else {
        return Err(vec!["an experiment template is a JSON object with `actions`".into()]);
    };
    let mut problems = Vec::new();
    known(template, "", &PARTS, &mut problems);
    let roles = roles(template.get("targets"), &mut problems);
    let actions = match template.get("actions") {
        Some(Value::Object(actions)) if !actions.is_empty() => actions.clone(),
        _ => {
            problems.push("`actions` is missing or empty".into());
            Map::new()
        }
    };
    let mut read = BTreeMap::new();
    for (name, action) in &actions {
        if let Some(action) = one(name, action, &roles, targets, &mut problems) {
            read.insert(name.as_str(), action);
        }
    }
    let mut faults = Vec::new();
    for (name, action) in &read {
        let Some(at) = begins(name, &read, 0, &mut problems) else { break };
        faults.extend(action.faults.iter().map(|fault| {
            let mut fault = fault.clone();
            fault.insert("at".into(), json!(at.to_string()));
            Value::Object(fault)
        }));
    }
    if problems.is_empty() { Ok(Experiment { faults, told: told(template) }) } else { Err(problems) }
}

fn known(map: &Map<String, Value>, place: &str, names: &[&str], problems: &mut Vec<String>) {
    for name in map.keys().filter(|name| !names.contains(&name.as_str())) {
        let meant = nearest(name, names.iter().copied());
        let meant = meant.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        problems.push(format!("{place}`{name}` is not known{meant}"));
    }
}

/// The ARNs of each target.
fn roles(targets: Option<&Value>, problems: &mut Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut roles = BTreeMap::new();
    let Some(Value::Object(targets)) = targets else { return roles };
    for (name, target) in targets {
        let place = format!("targets.{name}: ");
        let Value::Object(target) = target else {
            problems.push(format!("{place}not an object"));
            continue;
        };
        let parts =
            ["resourceType", "resourceArns", "selectionMode", "resourceTags", "filters", "parameters"];
        known(target, &place, &parts, problems);
        let is_role = target.get("resourceType").and_then(Value::as_str) == Some("aws:iam:role");
        if !is_role {
            problems.push(format!("{place}resourceType must be aws:iam:role, as these actions want it"));
        }
        let is_given = |name: &str| {
            target.get(name).is_some_and(|value| {
                !matches!(value, Value::Null) && *value != json!({}) && *value != json!([])
            })
        };
        for part in ["resourceTags", "filters", "parameters"].into_iter().filter(|part| is_given(part)) {
            problems
                .push(format!("{place}`{part}` cannot be looked up here: name the roles in `resourceArns`"));
        }
        let arns: Option<Vec<String>> = target.get("resourceArns").and_then(Value::as_array).map(|all| {
            all.iter()
                .filter_map(|arn| arn.as_str().filter(|arn| arn.contains(":role/")))
                .map(Into::into)
                .collect()
        });
        let arns = arns.filter(|arns| !arns.is_empty());
        if arns.is_none() {
            problems.push(format!("{place}`resourceArns` must list the ARNs of roles"));
        }
        let arns = arns.unwrap_or_default();
        let mode = target.get("selectionMode").and_then(Value::as_str).unwrap_or_default();
        let inner =
            |kind: &str| mode.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')')?.parse::<usize>().ok();
        let takes_all = mode == "ALL"
            || inner("COUNT").is_some_and(|count| count >= arns.len())
            || inner("PERCENT") == Some(100);
        if !takes_all {
            problems.push(format!(
                "{place}selectionMode `{mode}` picks some at random: list those that are meant, with ALL"
            ));
        }
        roles.insert(name.clone(), arns);
    }
    roles
}

/// A whole number of percent; all, where nothing is said.
fn percentage(text: Option<&str>) -> Option<u8> {
    text.map_or(Some(100), |text| text.parse().ok()).filter(|share| (1..=100).contains(share))
}

/// One fault for each role and operation.
fn faults(
    kind: &Map<String, Value>,
    (lasts, percentage): (Span, u8),
    whom: &[Option<&String>],
    operations: &[Operation],
) -> Vec<Map<String, Value>> {
    let fault = |role: &Option<&String>, operation: Operation| {
        let mut fault = kind.clone();
        fault.insert("for".into(), json!(lasts.to_string()));
        fault.insert("probability".into(), json!(format!("{percentage}%")));
        fault.insert("operation".into(), json!(operation.name()));
        role.iter().for_each(|role| drop(fault.insert("principal".into(), json!(role))));
        fault
    };
    let each = whom.iter().flat_map(|role| operations.iter().map(move |operation| (role, *operation)));
    each.map(|(role, operation)| fault(role, operation)).collect()
}

fn one<'a>(
    name: &str,
    action: &'a Value,
    roles: &BTreeMap<String, Vec<String>>,
    targets: Targets,
    problems: &mut Vec<String>,
) -> Option<Action<'a>> {
    let place = format!("actions.{name}: ");
    let Value::Object(action) = action else {
        problems.push(format!("{place}not an object"));
        return None;
    };
    known(action, &place, &["actionId", "parameters", "targets", "startAfter", "description"], problems);
    let none = Map::new();
    let parameters = action.get("parameters").and_then(Value::as_object).unwrap_or(&none);
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let lasts = text("duration").and_then(iso_duration).filter(|lasts| !lasts.is_zero() && *lasts <= LONGEST);
    if lasts.is_none() {
        problems
            .push(format!("{place}`duration` must be an ISO 8601 duration of at most twelve hours, as PT5M"));
    }
    let after = action.get("startAfter").and_then(Value::as_array);
    let after = after.into_iter().flatten().filter_map(Value::as_str).collect();
    let id = action.get("actionId").and_then(Value::as_str).unwrap_or_default();
    if id == "aws:fis:wait" {
        known(parameters, &place, &["duration"], problems);
        return Some(Action { lasts: lasts?, after, faults: Vec::new() });
    }
    let Some(kind) = kind(id) else {
        problems.push(format!(
            "{place}the action `{id}` does nothing to KMS: known are aws:fis:inject-api-throttle-error, -internal-error, \
             -unavailable-error and aws:fis:wait"
        ));
        return None;
    };
    known(parameters, &place, &["duration", "service", "percentage", "operations"], problems);
    if text("service") != Some("kms") {
        problems.push(format!(
            "{place}the service must be kms: {} is not here",
            text("service").unwrap_or("another one")
        ));
    }
    let percentage = percentage(text("percentage"));
    if percentage.is_none() {
        problems.push(format!("{place}`percentage` must be a whole number from 1 to 100"));
    }
    let operations = operations(text("operations").unwrap_or_default(), &place, problems);
    let target = action.get("targets").and_then(|targets| targets.get("Roles")).and_then(Value::as_str);
    let struck = target.and_then(|target| roles.get(target));
    if struck.is_none() {
        problems.push(format!("{place}`targets` must name one of the template's targets as `Roles`"));
    }
    let whom: Vec<Option<&String>> = match targets {
        Targets::Roles => struck?.iter().map(Some).collect(),
        Targets::Everybody => vec![None],
    };
    let (lasts, percentage) = (lasts?, percentage?);
    let faults = faults(&kind, (lasts, percentage), &whom, &operations);
    Some(Action { lasts, after, faults })
}

/// What an action does to the calls that it strikes.
fn kind(id: &str) -> Option<Map<String, Value>> {
    let fault = match id {
        "aws:fis:inject-api-throttle-error" => json!({ "kind": "throttle" }),
        "aws:fis:inject-api-internal-error" => json!({ "kind": "error" }),
        "aws:fis:inject-api-unavailable-error" => {
            json!({ "kind": "error", "errorCode": "ServiceUnavailable", "status": 503 })
        }
        _ => return None,
    };
    fault.as_object().cloned()
}

fn operations(text: &str, place: &str, problems: &mut Vec<String>) -> Vec<Operation> {
    let mut found = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match Operation::from_name(name) {
            Some(operation) => found.push(operation),
            None => {
                let meant = nearest(name, Operation::ALL.iter().map(|each| each.name()));
                let meant = meant.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                problems.push(format!("{place}KMS has no operation `{name}`{meant}"));
            }
        }
    }
    if found.is_empty() && problems.is_empty() {
        problems.push(format!("{place}`operations` must name operations of KMS, with commas between them"));
    }
    found
}

/// When an action begins: when all are over that it waits for.
fn begins(
    name: &str,
    all: &BTreeMap<&str, Action<'_>>,
    depth: usize,
    problems: &mut Vec<String>,
) -> Option<Span> {
    if depth > all.len() {
        problems.push(format!("actions.{name}: `startAfter` goes round in a circle"));
        return None;
    }
    let mut at = Span::ZERO;
    for before in &all.get(name)?.after {
        let Some(waited) = all.get(before) else {
            problems.push(format!("actions.{name}: `startAfter` names `{before}`, which is no action here"));
            return None;
        };
        at = at.max(begins(before, all, depth + 1, problems)? + waited.lasts);
    }
    Some(at)
}

/// What is told of the parts that nobody acts on.
fn told(template: &Map<String, Value>) -> Vec<String> {
    let stops = template.get("stopConditions").and_then(Value::as_array);
    let alarms = stops
        .into_iter()
        .flatten()
        .filter(|stop| stop.get("source").and_then(Value::as_str).is_some_and(|source| source != "none"));
    alarms
        .map(|stop| {
            let value = stop.get("value").and_then(Value::as_str).unwrap_or("an alarm");
            format!("the stop condition {value} is not watched: the experiment goes on to its end")
        })
        .collect()
}

/// `PT1H30M`, `P1D`; no years, months or fractions, which FIS does not take either.
fn iso_duration(text: &str) -> Option<Span> {
    let rest = text.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').unwrap_or((rest, ""));
    let mut seconds = 0u64;
    for (part, units) in [(days, &[('D', 86_400)][..]), (times, &[('H', 3_600), ('M', 60), ('S', 1)][..])] {
        let mut rest = part;
        for (unit, each) in units {
            if let Some((count, more)) = rest.split_once(*unit) {
                seconds = seconds.checked_add(count.parse::<u64>().ok()?.checked_mul(*each)?)?;
                rest = more;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (seconds <= LONGEST.as_nanos() / 1_000_000_000).then(|| Span::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(actions: Value) -> String {
        let role = "arn:aws:iam::111122223333:role/app";
        json!({
            "description": "KMS throttles",
            "targets": { "app": { "resourceType": "aws:iam:role", "resourceArns": [role], "selectionMode": "ALL" } },
            "actions": actions,
            "stopConditions": [{ "source": "none" }],
            "roleArn": "arn:aws:iam::111122223333:role/fis",
        })
        .to_string()
    }

    fn throttle(more: Value) -> Value {
        let mut action = json!({
            "actionId": "aws:fis:inject-api-throttle-error",
            "parameters": { "service": "kms", "operations": "Decrypt, GenerateDataKey", "percentage": "30", "duration": "PT2M" },
            "targets": { "Roles": "app" },
        });
        action.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        action
    }

    #[test]
    fn actions_become_faults_one_after_the_other() {
        let wait = json!({ "actionId": "aws:fis:wait", "parameters": { "duration": "PT1M30S" }, "startAfter": ["a"] });
        let unavailable = throttle(json!({
            "actionId": "aws:fis:inject-api-unavailable-error",
            "parameters": { "service": "kms", "operations": "Sign", "duration": "PT1H" },
            "startAfter": ["b"],
        }));
        let text = template(json!({ "a": throttle(json!({})), "b": wait, "c": unavailable }));
        let role = "arn:aws:iam::111122223333:role/app";
        let first = |operation: &str| json!({ "kind": "throttle", "at": "0s", "for": "2m", "probability": "30%", "operation": operation, "principal": role });
        let last = json!({
            "kind": "error", "errorCode": "ServiceUnavailable", "status": 503, "at": "3m30s", "for": "1h",
            "probability": "100%", "operation": "Sign", "principal": role,
        });
        let read = read(&text, Targets::Roles).unwrap();
        assert_eq!(read.faults, [first("Decrypt"), first("GenerateDataKey"), last]);
        assert!(read.told.is_empty());
        let everybody = super::read(&text, Targets::Everybody).unwrap();
        assert!(everybody.faults.iter().all(|fault| fault.get("principal").is_none()));
    }

    #[test]
    fn what_cannot_be_done_is_said_with_its_place() {
        for (actions, expected) in [
            (json!({}), "`actions` is missing"),
            (
                json!({ "a": throttle(json!({ "actionId": "aws:ec2:stop-instances" })) }),
                "does nothing to KMS",
            ),
            (json!({ "a": throttle(json!({ "targets": { "Roles": "web" } })) }), "actions.a: `targets`"),
            (json!({ "a": throttle(json!({ "startAfter": ["a"] })) }), "goes round in a circle"),
            (json!({ "a": throttle(json!({ "startAfter": ["z"] })) }), "which is no action here"),
            (json!({ "a": throttle(json!({ "startAftr": ["z"] })) }), "did you mean `startAfter`?"),
        ] {
            let problems = read(&template(actions), Targets::Roles).unwrap_err().join("\n");
            assert!(problems.contains(expected), "{expected}: {problems}");
        }
        for (name, value, expected) in [
            ("service", "ec2", "ec2 is not here"),
            ("operations", "Decryp", "did you mean `Decrypt`?"),
            ("operations", "", "`operations` must name"),
            ("percentage", "0", "from 1 to 100"),
            ("duration", "2m", "ISO 8601"),
            ("duration", "PT13H", "ISO 8601"),
            ("durations", "PT1M", "did you mean `duration`?"),
        ] {
            let mut action = throttle(json!({}));
            action["parameters"][name] = json!(value);
            let problems = read(&template(json!({ "a": action })), Targets::Roles).unwrap_err().join("\n");
            assert!(problems.contains(expected), "{expected}: {problems}");
        }
        let some = template(json!({ "a": throttle(json!({})) })).replace("\"ALL\"", "\"COUNT(0)\"");
        assert!(read(&some, Targets::Roles).unwrap_err()[0].contains("picks some at random"));
        let alarm = template(json!({ "a": throttle(json!({})) }))
            .replace(r#"{"source":"none"}"#, r#"{"source":"aws:cloudwatch:alarm","value":"arn:x"}"#);
        assert!(read(&alarm, Targets::Roles).unwrap().told[0].contains("arn:x is not watched"));
    }

    #[test]
    fn durations_are_those_of_iso_8601() {
        for (text, seconds) in
            [("PT1M", Some(60)), ("PT1H30M", Some(5_400)), ("PT90S", Some(90)), ("P0DT12H", Some(43_200))]
        {
            assert_eq!(iso_duration(text), seconds.map(Span::from_secs), "{text}");
        }
        for bad in ["", "1M", "PT1", "PT1M2H", "P1Y", "PT-1M", "PT99999999999999999999S", "P2D"] {
            assert_eq!(iso_duration(bad), None, "{bad}");
        }
    }
}
