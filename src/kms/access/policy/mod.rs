//! Policy documents: parsed once, asked often.

mod read;

use super::condition::{Condition, Effect};
use super::condition_context::{ConditionContext, is_ever_set};
use super::glob::Glob;
use super::json::Once;
use super::principal::{Principal, PrincipalKind};
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
#[error("{what}")]
pub struct PolicyProblem {
    what: String,
    in_aws_words: Option<&'static str>,
}

impl PolicyProblem {
    /// What KMS says of it, where that is known.
    pub const fn in_aws_words(&self) -> Option<&'static str> {
        self.in_aws_words
    }
}

/// What KMS says of a principal that is none or does not exist, and of a statement that names nobody.
///
/// Source: answers of KMS in public logs, and public rules that quote its API (kms-recorded-behaviour, rows 40 and 41,
/// 2026-11-29).
pub const INVALID_PRINCIPALS: &str = "Policy contains a statement with one or more invalid principals.";
const NO_PRINCIPAL: &str = "Policy contains a statement with no principal.";

/// A policy document.
#[derive(Clone)]
pub struct Policy {
    text: Arc<str>,
    kind: Kind,
    statements: Vec<Statement>,
    has_conditions: bool,
    has_deny: bool,
}

/// One statement.
#[derive(Clone, Debug)]
struct Statement {
    effect: Effect,
    sid: Option<Arc<str>>,
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
    /// The account, and whomever its identity policies allow; with the ARN of its root, if it is named by that.
    Account(String, Option<String>),
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
        let Once(document) = serde_json::from_str(text).map_err(|e| problem(format!("not JSON: {e}")))?;
        let policy = Policy::read(text, document, kind)?;
        // AWS does not say how it takes this in a key policy; that it refuses it is assumed, as IAM advises against it
        // everywhere: whoever is not named, anonymous callers too, would be let in.
        let mut statements = policy.statements.iter().enumerate();
        match statements
            .find(|(_, statement)| statement.principals.as_ref().is_some_and(|who| who.is_negated))
        {
            Some((at, statement)) if statement.effect == Effect::Allow => {
                Err(problem(format!("Statement[{at}]: NotPrincipal must not stand beside Allow")))
            }
            Some((at, _)) if kind == Kind::Trust => {
                Err(problem(format!("Statement[{at}]: a trust policy has no NotPrincipal")))
            }
            _ => Ok(policy),
        }
    }

    /// Parses a document that was accepted once, by whatever rules then held.
    ///
    /// # Errors
    /// [`PolicyProblem`], a sentence that names the place.
    pub(super) fn stored(text: &str, kind: Kind) -> Result<Policy, PolicyProblem> {
        let document = serde_json::from_str(text).map_err(|e| problem(format!("not JSON: {e}")))?;
        Policy::read(text, document, kind)
    }

    fn read(text: &str, document: Value, kind: Kind) -> Result<Policy, PolicyProblem> {
        let Value::Object(document) = document else { return Err(problem("not a JSON object")) };
        known(&document, "", &["Version", "Id", "Statement"])?;
        let has_variables = match document.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17")) => true,
            Some(Some("2008-10-17")) | None => false,
            _ => return Err(problem("`Version` must be 2012-10-17")),
        };
        let listed = match document.get("Statement") {
            Some(Value::Array(all)) if !all.is_empty() => all.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(problem("`Statement` is missing or empty")),
        };
        let statements: Vec<Statement> = listed
            .into_iter()
            .enumerate()
            .map(|(at, value)| read::statement(value, kind, has_variables, &format!("Statement[{at}]")))
            .collect::<Result<_, _>>()?;
        let uses = |statement: &Statement| {
            let has_variables =
                statement.resources.iter().flat_map(|choice| &choice.of).any(Glob::has_variables);
            !statement.conditions.is_empty() || has_variables
        };
        let has_deny = statements.iter().any(|statement| statement.effect == Effect::Deny);
        let has_conditions = statements.iter().any(uses);
        Ok(Policy { text: text.into(), kind, has_conditions, has_deny, statements })
    }

    /// The document as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether anything in it depends on [`ConditionContext`].
    pub const fn has_conditions(&self) -> bool {
        self.has_conditions
    }

    /// The ARNs of principals that it names, roots of accounts included.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        let all =
            self.statements.iter().filter_map(|statement| statement.principals.as_ref()).flat_map(|c| &c.of);
        all.filter_map(|who| match who {
            Who::Arn(arn) | Who::Account(_, Some(arn)) => Some(arn.as_str()),
            _ => None,
        })
    }

    /// The condition keys in it that no call ever sets, in lower case: a Deny that asks for one never holds.
    pub fn keys_never_set(&self) -> std::collections::BTreeSet<&str> {
        let keys = self.statements.iter().flat_map(|statement| &statement.conditions).map(Condition::key);
        keys.filter(|key| !is_ever_set(key)).collect()
    }

    /// The best that a statement of this effect gives a caller.
    pub(super) fn reach(&self, effect: Effect, call: &Asked<'_>) -> Option<(Reach, Option<&Arc<str>>)> {
        if effect == Effect::Deny && !self.has_deny {
            return None;
        }
        let mut best = None;
        for statement in self.statements.iter().filter(|statement| statement.effect == effect) {
            let Some(reach) = statement.reach(call, self.kind) else { continue };
            if !statement.is_about(call, self.kind) {
                continue;
            }
            if reach == Reach::Direct {
                return Some((reach, statement.sid.as_ref()));
            }
            best = best.or(Some((reach, statement.sid.as_ref())));
        }
        best
    }
}

/// What a policy is asked.
pub(super) struct Asked<'a> {
    pub caller: &'a Principal,
    /// `kms:Encrypt`; case does not matter.
    pub action: &'a str,
    pub resource: &'a str,
    pub context: &'a ConditionContext,
}

impl Statement {
    fn reach(&self, call: &Asked<'_>, kind: Kind) -> Option<Reach> {
        if kind == Kind::Identity {
            return Some(Reach::Direct);
        }
        let choice = self.principals.as_ref()?;
        if choice.is_negated {
            return (!is_exempt(&choice.of, call.caller)).then_some(Reach::Direct);
        }
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
        best
    }

    /// Whether the action, the resource and the conditions are those of the call.
    fn is_about(&self, call: &Asked<'_>, kind: Kind) -> bool {
        let Some(actions) = &self.actions else { return false };
        let acts = actions.of.iter().any(|glob| glob.matches_caseless(call.action)) != actions.is_negated;
        let holds = || self.conditions.iter().all(|condition| condition.holds(call.context, self.effect));
        let Some(resources) = &self.resources else { return kind == Kind::Trust && acts && holds() };
        // `*` in a key policy is the key itself; AWS takes no other resource there seriously, an ARN must match.
        let about = |choice: usize| {
            let variable = |name: &str| call.context.single(name, choice);
            resources.of.iter().any(|glob| glob.matches_with(call.resource, variable)) != resources.is_negated
        };
        let mut choices = 0..call.context.choices().max(1);
        let about = match self.effect {
            Effect::Allow => choices.all(about),
            Effect::Deny => choices.any(about),
        };
        acts && about && holds()
    }
}

impl Who {
    fn names(&self, caller: &Principal) -> Option<Reach> {
        match self {
            // A trust that means whom a provider vouches for names the provider.
            Who::Anyone => (caller.kind != PrincipalKind::Federated).then_some(Reach::Direct),
            Who::Account(account, _)
                if *account == caller.account && caller.kind != PrincipalKind::Federated =>
            {
                Some(if caller.kind == PrincipalKind::Root { Reach::Direct } else { Reach::Account })
            }
            Who::Arn(arn) if caller.is_named_by(arn) => Some(Reach::Direct),
            Who::Service(name) if caller.kind == PrincipalKind::Service && *name == caller.arn => {
                Some(Reach::Direct)
            }
            Who::Federated(name) if caller.kind == PrincipalKind::Federated && *name == caller.arn => {
                Some(Reach::Direct)
            }
            _ => None,
        }
    }
}

/// Whether `NotPrincipal` spares a caller: at each step at which IAM looks at who calls it must be named, its account,
/// itself, and of a session the role too. An account that is named spares the account's own step only.
///
/// Source: IAM User Guide, NotPrincipal (from memory); that KMS looks at the account first is assumed.
fn is_exempt(named: &[Who], caller: &Principal) -> bool {
    let has_arn = |arn: &str| named.iter().any(|who| matches!(who, Who::Arn(named) if named == arn));
    let has_account =
        named.iter().any(|who| matches!(who, Who::Account(account, _) if *account == caller.account));
    let is_named = match caller.kind {
        PrincipalKind::Root => has_account,
        PrincipalKind::User | PrincipalKind::Role => has_account && has_arn(&caller.arn),
        PrincipalKind::Session => {
            has_account && has_arn(&caller.arn) && caller.role.as_deref().is_some_and(has_arn)
        }
        PrincipalKind::Service | PrincipalKind::Federated => {
            named.iter().any(|who| who.names(caller).is_some())
        }
    };
    is_named || named.contains(&Who::Anyone)
}

fn problem(text: impl Into<String>) -> PolicyProblem {
    PolicyProblem { what: text.into(), in_aws_words: None }
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
        Policy::stored(&text, Kind::Key).map_err(serde::de::Error::custom)
    }
}
