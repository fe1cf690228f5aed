//! Statements as they are written: whom, what, on what, under which conditions.

use super::{
    Choice, Effect, INVALID_PRINCIPALS, Kind, NO_PRINCIPAL, PolicyProblem, Statement, Who, known, problem,
};
use crate::kms::access::condition::Condition;
use crate::kms::access::glob::Glob;
use crate::kms::access::principal::{Principal, PrincipalKind, is_account};
use serde_json::{Map, Value};

pub(super) fn statement(
    value: &Value,
    kind: Kind,
    has_variables: bool,
    place: &str,
) -> Result<Statement, PolicyProblem> {
    let Value::Object(object) = value else { return Err(problem(format!("{place} is not an object"))) };
    let names = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    known(object, place, &names)?;
    let effect = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(problem(format!("{place}.Effect must be Allow or Deny"))),
    };
    let principals = choice(object, "Principal", place, principals)?;
    match (kind, &principals) {
        (Kind::Key | Kind::Trust, None) => {
            let what = problem(format!("{place} has no Principal"));
            return Err(PolicyProblem { in_aws_words: Some(NO_PRINCIPAL), ..what });
        }
        (Kind::Identity, Some(_)) => {
            return Err(problem(format!("{place}: an identity policy has no Principal")));
        }
        _ => {}
    }
    let caseless = |value: &Value, place: &str| {
        Ok(texts(value, place)?.iter().map(|text| Glob::caseless(text)).collect::<Vec<Glob>>())
    };
    let globs = |value: &Value, place: &str| {
        Ok(texts(value, place)?.iter().map(|text| Glob::new(text, has_variables)).collect::<Vec<Glob>>())
    };
    let actions = choice(object, "Action", place, caseless)?;
    if let Some(bad) =
        actions.iter().flat_map(|c| &c.of).find(|glob| glob.text() != "*" && !glob.text().contains(':'))
    {
        return Err(problem(format!("{place}.Action: `{}` names no service, as `kms:` would", bad.text())));
    }
    let resources = choice(object, "Resource", place, globs)?;
    Ok(Statement {
        effect,
        sid: object.get("Sid").and_then(Value::as_str).map(Into::into),
        principals,
        actions,
        resources,
        conditions: conditions(object.get("Condition"), has_variables, place)?,
    })
}

/// `Name` or `NotName`, not both.
fn choice<T>(
    object: &Map<String, Value>,
    name: &str,
    place: &str,
    read: impl Fn(&Value, &str) -> Result<Vec<T>, PolicyProblem>,
) -> Result<Option<Choice<T>>, PolicyProblem> {
    let negated = format!("Not{name}");
    match (object.get(name), object.get(&negated)) {
        (Some(_), Some(_)) => Err(problem(format!("{place} has both {name} and {negated}"))),
        (Some(value), None) => {
            Ok(Some(Choice { is_negated: false, of: read(value, &format!("{place}.{name}"))? }))
        }
        (None, Some(value)) => {
            Ok(Some(Choice { is_negated: true, of: read(value, &format!("{place}.{negated}"))? }))
        }
        (None, None) => Ok(None),
    }
}

/// A text, or a list of texts.
fn texts(value: &Value, place: &str) -> Result<Vec<String>, PolicyProblem> {
    let wrong = || problem(format!("{place} must be a text or a list of texts"));
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(all) => all.iter().map(|each| each.as_str().map(Into::into).ok_or_else(wrong)).collect(),
        _ => Err(wrong()),
    }
}

fn principals(value: &Value, place: &str) -> Result<Vec<Who>, PolicyProblem> {
    let Value::Object(object) = value else {
        return match value.as_str() {
            Some("*") => Ok(vec![Who::Anyone]),
            _ => Err(problem(format!("{place} must be \"*\" or an object"))),
        };
    };
    known(object, place, &["AWS", "Service", "Federated", "CanonicalUser"])?;
    let mut all = Vec::new();
    for (kind, value) in object {
        for name in texts(value, &format!("{place}.{kind}"))? {
            all.push(match kind.as_str() {
                "AWS" => aws_principal(&name, place)?,
                "Service" => Who::Service(name),
                _ => Who::Federated(name),
            });
        }
    }
    Ok(all)
}

fn aws_principal(name: &str, place: &str) -> Result<Who, PolicyProblem> {
    if name == "*" {
        return Ok(Who::Anyone);
    }
    if is_account(name) {
        return Ok(Who::Account(name.into(), None));
    }
    let wrong = || PolicyProblem {
        in_aws_words: Some(INVALID_PRINCIPALS),
        ..problem(format!("{place}: `{name}` is not a principal"))
    };
    let principal = Principal::from_arn(name).filter(|_| !name.contains(['*', '?'])).ok_or_else(wrong)?;
    Ok(match principal.kind {
        PrincipalKind::Root => Who::Account(principal.account, Some(principal.arn)),
        _ => Who::Arn(name.into()),
    })
}

fn conditions(
    value: Option<&Value>,
    has_variables: bool,
    place: &str,
) -> Result<Vec<Condition>, PolicyProblem> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let place = format!("{place}.Condition");
    let Value::Object(operators) = value else { return Err(problem(format!("{place} is not an object"))) };
    let mut all = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return Err(problem(format!("{place}.{operator} is not an object")));
        };
        for (key, values) in keys {
            let scalar = |value: &Value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Bool(flag) => Some(flag.to_string()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            };
            let values: Option<Vec<String>> = match values {
                Value::Array(all) => all.iter().map(scalar).collect(),
                one => scalar(one).map(|one| vec![one]),
            };
            let values =
                values.ok_or_else(|| problem(format!("{place}.{operator}.{key} must hold texts")))?;
            let condition = Condition::read(operator, key, &values, has_variables);
            all.push(condition.map_err(|e| problem(format!("{place}: {e}")))?);
        }
    }
    Ok(all)
}
