//! What a call asks for that wants a session, before anybody says whether it may have it.

use super::Refused;
use crate::kms::access::{Principal, PrincipalKind};
use std::collections::BTreeMap;

/// How long credentials last if the call does not say, and the least and the most, in seconds.
///
/// Source: STS API reference, AssumeRole (from memory).
const DEFAULT_SECONDS: u64 = 3_600;
const LEAST: u64 = 900;
const MAX_SECONDS: u64 = 43_200;

/// Tags of a session, and characters of a name and of a value.
///
/// Source: IAM User Guide, session tags (from memory).
const TAGS: usize = 50;
const TAG_NAME: usize = 128;
const TAG_VALUE: usize = 256;

/// Members that mean something that is not here.
const NOT_EMULATED: [&str; 7] = [
    "Policy",
    "PolicyArns.",
    "TransitiveTagKeys.",
    "SourceIdentity",
    "SerialNumber",
    "TokenCode",
    "ProvidedContexts.",
];

/// A session that is asked for.
#[derive(Debug)]
pub(super) struct SessionRequest {
    pub(super) role: Principal,
    pub(super) session: String,
    pub(super) seconds: u64,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) external_id: Option<String>,
}

impl SessionRequest {
    /// Reads a call.
    ///
    /// # Errors
    /// ValidationError.
    pub(super) fn read(form: &BTreeMap<String, String>) -> Result<SessionRequest, Refused> {
        let role = form.get("RoleArn").and_then(|arn| Principal::from_arn(arn));
        let role = role.filter(|role| role.kind == PrincipalKind::Role);
        let given = || form.get("RoleArn").map(String::as_str).unwrap_or_default();
        let role = role.ok_or_else(|| invalid(format!("{} is invalid", given())))?;
        let without = NOT_EMULATED.iter().find(|name| {
            form.keys().any(|key| key == *name || (name.ends_with('.') && key.starts_with(*name)))
        });
        if let Some(name) = without {
            let name = name.trim_end_matches('.');
            return Err(invalid(format!("{name} is not emulated: leave it out")));
        }
        Ok(SessionRequest {
            role,
            session: session_name(form)?,
            seconds: seconds(form)?,
            tags: tags(form)?,
            external_id: form.get("ExternalId").cloned(),
        })
    }

    /// Takes tags that a token brings.
    ///
    /// # Errors
    /// ValidationError.
    pub(super) fn take_tags(&mut self, tags: BTreeMap<String, String>) -> Result<(), Refused> {
        self.tags = tags;
        check_tags(&self.tags)
    }
}

/// A call that cannot be.
pub(super) fn invalid(what: String) -> Refused {
    (400, "ValidationError", what)
}

/// The constraint of a member, in AWS's words.
fn constraint(value: &str, member: &str, rule: &str) -> Refused {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}

fn session_name(form: &BTreeMap<String, String>) -> Result<String, Refused> {
    let name = form.get("RoleSessionName").cloned().unwrap_or_default();
    let is_good = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let wrong = |rule: &str| Err(constraint(&name, "roleSessionName", rule));
    match name.chars().count() {
        0 | 1 => wrong("have length greater than or equal to 2"),
        2..=64 if name.chars().all(is_good) => Ok(name),
        2..=64 => wrong("satisfy regular expression pattern: [\\w+=,.@-]*"),
        _ => wrong("have length less than or equal to 64"),
    }
}

fn seconds(form: &BTreeMap<String, String>) -> Result<u64, Refused> {
    let Some(given) = form.get("DurationSeconds") else { return Ok(DEFAULT_SECONDS) };
    let wrong = |rule: String| Err(constraint(given, "durationSeconds", &rule));
    match given.parse::<u64>() {
        Ok(seconds) if seconds < LEAST => wrong(format!("have value greater than or equal to {LEAST}")),
        Ok(seconds) if seconds > MAX_SECONDS => {
            wrong(format!("have value less than or equal to {MAX_SECONDS}"))
        }
        Ok(seconds) => Ok(seconds),
        Err(_) => wrong("be a number of seconds".into()),
    }
}

/// `Tags.member.1.Key`, `Tags.member.1.Value`.
fn tags(form: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Refused> {
    let mut pairs: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for (name, value) in form {
        let Some((number, part)) = name.strip_prefix("Tags.member.").and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        let pair = pairs.entry(number).or_default();
        match part {
            "Key" => pair.0 = Some(value),
            "Value" => pair.1 = Some(value),
            _ => return Err(invalid(format!("{name} is no part of a tag"))),
        }
    }
    let mut tags = BTreeMap::new();
    for (name, value) in pairs.into_values() {
        let name = name.ok_or_else(|| invalid("a tag must have a Key".into()))?;
        if tags.insert(name.to_string(), value.unwrap_or_default().to_string()).is_some() {
            return Err(duplicate());
        }
    }
    check_tags(&tags)?;
    Ok(tags)
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Refused> {
    let is_long = |text: &str, most: usize| text.chars().count() > most;
    if tags.len() > TAGS {
        return Err(invalid(format!("A session can have at most {TAGS} tags")));
    }
    if tags
        .iter()
        .any(|(name, value)| name.is_empty() || is_long(name, TAG_NAME) || is_long(value, TAG_VALUE))
    {
        let what =
            format!("A tag has a name of 1 to {TAG_NAME} characters and a value of at most {TAG_VALUE}");
        return Err(invalid(what));
    }
    let lower: std::collections::BTreeSet<String> = tags.keys().map(|name| name.to_lowercase()).collect();
    if lower.len() < tags.len() {
        return Err(duplicate());
    }
    if lower.iter().any(|name| name.starts_with("aws:")) {
        return Err(invalid("Names of tags that begin with aws: are reserved".into()));
    }
    Ok(())
}

fn duplicate() -> Refused {
    let what = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    (400, "InvalidParameterValue", what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let role = [("RoleArn", "arn:aws:iam::111122223333:role/team/app"), ("RoleSessionName", "s1")];
        role.iter().chain(more).map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn a_session_name_has_the_characters_of_iam() {
        for (name, rule) in [
            ("a+b=c,d.e@f-g_1", None),
            ("a", Some("greater than or equal to 2")),
            ("", Some("greater than or equal to 2")),
            ("a b", Some("pattern: [\\w+=,.@-]*")),
            ("a/b", Some("pattern")),
            ("é1", Some("pattern")),
        ] {
            let said = SessionRequest::read(&form(&[("RoleSessionName", name)]));
            match rule {
                None => assert_eq!(said.unwrap().session, name),
                Some(rule) => {
                    let (status, code, what) = said.unwrap_err();
                    assert_eq!((status, code), (400, "ValidationError"));
                    assert!(what.contains(rule), "{name}: {what}");
                }
            }
        }
        assert!(SessionRequest::read(&form(&[("RoleSessionName", &"a".repeat(64))])).is_ok());
        assert!(SessionRequest::read(&form(&[("RoleSessionName", &"a".repeat(65))])).is_err());
    }

    #[test]
    fn tags_are_read_and_what_is_not_emulated_is_refused() {
        let tag = |n: u32, part: &str| format!("Tags.member.{n}.{part}");
        let tagged = form(&[(&tag(1, "Key"), "team"), (&tag(1, "Value"), "red"), (&tag(2, "Key"), "stage")]);
        let tags = SessionRequest::read(&tagged).unwrap().tags;
        assert_eq!(tags, BTreeMap::from([("team".into(), "red".into()), ("stage".into(), String::new())]));
        for twice in [("team", "Team"), ("team", "team")] {
            let twice = form(&[(&tag(1, "Key"), twice.0), (&tag(2, "Key"), twice.1)]);
            assert_eq!(SessionRequest::read(&twice).unwrap_err().1, "InvalidParameterValue");
        }
        assert!(SessionRequest::read(&form(&[(&tag(1, "Key"), "aws:team")])).is_err());
        for name in [
            "Policy",
            "PolicyArns.member.1.arn",
            "TransitiveTagKeys.member.1",
            "SourceIdentity",
            "SerialNumber",
        ] {
            assert!(
                SessionRequest::read(&form(&[(name, "x")])).unwrap_err().2.contains("is not emulated"),
                "{name}"
            );
        }
    }
}
