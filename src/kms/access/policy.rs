//! Policy documents: parsed once, asked often.

use super::condition::Condition;
use super::facts::Facts;
use super::glob::Glob;
use super::principal::{Principal, PrincipalKind, is_account};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// What a policy is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A key: it names principals.
    Key,
    /// A role, whom it trusts: it names principals, and its resource is the role, which it leaves unsaid.
    Trust,
    /// A principal: it names resources.
    Identity,
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyProblem(String);

/// A policy document.
#[derive(Clone)]
pub struct Policy {
    text: Arc<str>,
    kind: Kind,
    statements: Vec<Statement>,
    has_conditions: bool,
}

/// Allow or deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One statement.
#[derive(Clone, Debug)]
struct Statement {
    effect: Effect,
    sid: Option<String>,
    principals: Option<Choice<Who>>,
    /// `None`: the statement does nothing.
    actions: Option<Choice<Glob>>,
    resources: Option<Choice<Glob>>,
    conditions: Vec<Condition>,
}

/// Some things, or all but some (`NotAction` and its like).
#[derive(Clone, Debug)]
struct Choice<T> {
    is_negated: bool,
    of: Vec<T>,
}

/// Whom a statement names.
#[derive(Clone, Debug, PartialEq)]
enum Who {
    Anyone,
    /// The account, and whomever its identity policies allow.
    Account(String),
    Arn(String),
    Service(String),
    Federated(String),
}

/// How a statement of a key policy concerns a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Names the caller.
    Direct,
    /// Names the caller's account.
    Account,
}

impl Policy {
    /// Parses a document.
    ///
    /// # Errors
    /// [`PolicyProblem`], a sentence that names the place.
    pub fn parse(text: &str, kind: Kind) -> Result<Policy, PolicyProblem> {
        let document: Value = serde_json::from_str(text).map_err(|e| problem(format!("not JSON: {e}")))?;
        let Value::Object(document) = document else { return Err(problem("not a JSON object")) };
        known(&document, "", &["Version", "Id", "Statement"])?;
        match document.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17")) => {}
            Some(Some("2008-10-17")) | None => {}
            _ => return Err(problem("`Version` must be 2012-10-17")),
        }
        let listed = match document.get("Statement") {
            Some(Value::Array(all)) if !all.is_empty() => all.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(problem("`Statement` is missing or empty")),
        };
        let statements: Vec<Statement> = listed
            .into_iter()
            .enumerate()
            .map(|(at, value)| statement(value, kind, &format!("Statement[{at}]")))
            .collect::<Result<_, _>>()?;
        let uses = |statement: &Statement| {
            let has_variables =
                statement.resources.iter().flat_map(|c| &c.of).any(|glob| glob.text().contains("${"));
            !statement.conditions.is_empty() || has_variables
        };
        Ok(Policy { text: text.into(), kind, has_conditions: statements.iter().any(uses), statements })
    }

    /// The document as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether anything in it depends on [`Facts`].
    pub const fn has_conditions(&self) -> bool {
        self.has_conditions
    }

    /// The ARNs of principals that it names.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        let all =
            self.statements.iter().filter_map(|statement| statement.principals.as_ref()).flat_map(|c| &c.of);
        all.filter_map(|who| match who {
            Who::Arn(arn) => Some(arn.as_str()),
            _ => None,
        })
    }

    /// The best that a statement of this effect gives a caller; `lower` is the action in lower case.
    pub(super) fn reach(&self, effect: Effect, call: &Asked<'_>) -> Option<(Reach, Option<&str>)> {
        let mut best = None;
        for statement in self.statements.iter().filter(|statement| statement.effect == effect) {
            let Some(reach) = statement.reach(call, self.kind) else { continue };
            if !statement.is_about(call, self.kind) {
                continue;
            }
            if reach == Reach::Direct {
                return Some((reach, statement.sid.as_deref()));
            }
            best = best.or(Some((reach, statement.sid.as_deref())));
        }
        best
    }
}

/// What a policy is asked.
pub(super) struct Asked<'a> {
    pub caller: &'a Principal,
    /// `kms:encrypt`: in lower case.
    pub action: &'a str,
    pub resource: &'a str,
    pub facts: &'a Facts,
}

impl Statement {
    fn reach(&self, call: &Asked<'_>, kind: Kind) -> Option<Reach> {
        if kind == Kind::Identity {
            return Some(Reach::Direct);
        }
        let choice = self.principals.as_ref()?;
        let mut best = None;
        for who in &choice.of {
            match who.names(call.caller) {
                Some(Reach::Direct) => {
                    best = Some(Reach::Direct);
                    break;
                }
                Some(Reach::Account) => best = Some(Reach::Account),
                None => {}
            }
        }
        match (choice.is_negated, best) {
            (false, best) => best,
            (true, None) => Some(Reach::Direct),
            (true, Some(_)) => None,
        }
    }

    /// Whether the action, the resource and the conditions are those of the call.
    fn is_about(&self, call: &Asked<'_>, kind: Kind) -> bool {
        let Some(actions) = &self.actions else { return false };
        let acts = actions.of.iter().any(|glob| glob.matches(call.action)) != actions.is_negated;
        let holds = || self.conditions.iter().all(|condition| condition.holds(call.facts));
        let Some(resources) = &self.resources else { return kind == Kind::Trust && acts && holds() };
        let variable = |name: &str| call.facts.single(name);
        // `*` in a key policy is the key itself; AWS takes no other resource there seriously, an ARN must match.
        let about = kind == Kind::Key && resources.of.iter().any(|glob| glob.text() == "*")
            || resources.of.iter().any(|glob| glob.matches_with(call.resource, variable));
        acts && about != resources.is_negated && holds()
    }
}

impl Who {
    fn names(&self, caller: &Principal) -> Option<Reach> {
        match self {
            Who::Anyone => Some(Reach::Direct),
            Who::Account(account) if *account == caller.account => {
                Some(if caller.kind == PrincipalKind::Root { Reach::Direct } else { Reach::Account })
            }
            Who::Arn(arn) if caller.is_named_by(arn) => Some(Reach::Direct),
            Who::Service(name) | Who::Federated(name) if *name == caller.arn => Some(Reach::Direct),
            _ => None,
        }
    }
}

fn problem(text: impl Into<String>) -> PolicyProblem {
    PolicyProblem(text.into())
}

fn known(object: &Map<String, Value>, place: &str, names: &[&str]) -> Result<(), PolicyProblem> {
    let unknown = object.keys().find(|name| !names.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| {
        let hint = crate::api::nearest(name, names.iter().copied());
        let hint = hint.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Err(problem(format!(
            "{place}{}`{name}` is not an element of a policy{hint}",
            if place.is_empty() { "" } else { ": " }
        )))
    })
}

fn statement(value: &Value, kind: Kind, place: &str) -> Result<Statement, PolicyProblem> {
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
        (Kind::Key | Kind::Trust, None) => return Err(problem(format!("{place} has no Principal"))),
        (Kind::Identity, Some(_)) => {
            return Err(problem(format!("{place}: an identity policy has no Principal")));
        }
        _ => {}
    }
    let globs = |make: fn(&str) -> Glob| {
        move |value: &Value, place: &str| {
            let texts = texts(value, place)?;
            Ok(texts.iter().map(|text| make(text)).collect::<Vec<Glob>>())
        }
    };
    let actions = choice(object, "Action", place, globs(Glob::caseless))?;
    if let Some(bad) =
        actions.iter().flat_map(|c| &c.of).find(|glob| glob.text() != "*" && !glob.text().contains(':'))
    {
        return Err(problem(format!("{place}.Action: `{}` names no service, as `kms:` would", bad.text())));
    }
    let resources = choice(object, "Resource", place, globs(Glob::new))?;
    Ok(Statement {
        effect,
        sid: object.get("Sid").and_then(Value::as_str).map(Into::into),
        principals,
        actions,
        resources,
        conditions: conditions(object.get("Condition"), place)?,
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
        return Ok(Who::Account(name.into()));
    }
    let wrong = || problem(format!("{place}: `{name}` is not a principal"));
    let principal = Principal::from_arn(name).filter(|_| !name.contains(['*', '?'])).ok_or_else(wrong)?;
    Ok(match principal.kind {
        PrincipalKind::Root => Who::Account(principal.account),
        _ => Who::Arn(name.into()),
    })
}

fn conditions(value: Option<&Value>, place: &str) -> Result<Vec<Condition>, PolicyProblem> {
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
            all.push(Condition::read(operator, key, &values).map_err(|e| problem(format!("{place}: {e}")))?);
        }
    }
    Ok(all)
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Policy) -> bool {
        self.text == other.text && self.kind == other.kind
    }
}

/// Key policies are kept as their text.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Policy, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Policy::parse(&text, Kind::Key).map_err(serde::de::Error::custom)
    }
}
