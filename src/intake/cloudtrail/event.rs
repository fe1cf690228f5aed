//! One record of a log, as far as a load test needs it.

use crate::api::{KeySpec, Operation};
use crate::guard::Agent;
use jiff::Timestamp;
use serde_json::Value;

/// What a record turns out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// An event of another service.
    Other,
    /// An event of KMS.
    Kms(Event),
    /// Not readable as an event, and why.
    Flawed(&'static str),
}

/// One event of KMS, in the log's own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What is the same in every copy of the event: `sharedEventID` if two accounts log it, else `eventID`.
    pub id: Option<String>,
    /// When, to the second.
    pub at: Timestamp,
    /// `eventName`.
    pub name: String,
    /// The operation that was called; `None` for what KMS did by itself, such as rotating a key.
    pub operation: Option<Operation>,
    /// The kind of key it needs, by the algorithm it names; assumed where the log names none.
    pub spec: KeySpec,
    /// `awsRegion`.
    pub region: String,
    /// The account that called, whose quota it counted against.
    pub account: String,
    /// Who called: the AWS service behind the call if there is one, else the role or user.
    pub invoker: String,
    /// Whether a keystorm made it, by `userAgent`.
    pub is_own: bool,
    /// `errorCode`, if the call failed.
    pub error: Option<String>,
    /// The key's ARN, or the name the caller used for it if the log does not say which it was.
    pub key: Option<String>,
    /// The encryption context as JSON, names in order.
    pub context: Option<String>,
}

impl Event {
    /// Whether KMS refused the call because a quota was exhausted.
    pub fn is_throttled(&self) -> bool {
        self.error.as_deref().is_some_and(|code| {
            code.starts_with("Throttl") || matches!(code, "RequestLimitExceeded" | "TooManyRequestsException")
        })
    }
}

impl Entry {
    /// What `record` is.
    pub fn of(record: &Value) -> Entry {
        let Some(source) = record.get("eventSource").and_then(Value::as_str) else {
            return Entry::Flawed("it has no eventSource");
        };
        if source != "kms.amazonaws.com" {
            return Entry::Other;
        }
        match kms(record) {
            Ok(event) => Entry::Kms(event),
            Err(reason) => Entry::Flawed(reason),
        }
    }
}

/// The KMS event in `record`, or why there is none.
fn kms(record: &Value) -> Result<Event, &'static str> {
    let text = |name| record.get(name).and_then(Value::as_str);
    let at = text("eventTime").ok_or("it has no eventTime")?;
    let at: Timestamp = at.parse().map_err(|_| "its eventTime is no time")?;
    let at = Timestamp::from_second(at.as_second()).map_err(|_| "its eventTime is out of range")?;
    let name = text("eventName").filter(|name| is_word(name)).ok_or("it has no eventName that is a word")?;
    let region =
        text("awsRegion").filter(|name| is_word(name)).ok_or("it has no awsRegion that is a word")?;
    let is_call = text("eventType").is_none_or(|kind| kind == "AwsApiCall");
    let identity = &record["userIdentity"];
    let account = identity["accountId"].as_str().or(text("recipientAccountId"));
    let operation = Operation::from_name(name).filter(|_| is_call);
    Ok(Event {
        id: text("sharedEventID").or(text("eventID")).map(Into::into),
        at,
        name: name.into(),
        operation,
        spec: spec(operation, &record["requestParameters"]),
        region: region.into(),
        account: account.unwrap_or("unknown").into(),
        invoker: printable(&invoker(identity)),
        is_own: text("userAgent").is_some_and(Agent::is_own),
        error: text("errorCode").map(printable),
        key: key(record).map(Into::into),
        context: context(record),
    })
}

/// Letters, digits and dashes, not many: safe to print and to write into a file.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// `text` without what could move a terminal's cursor, and not endless.
fn printable(text: &str) -> String {
    text.chars().take(128).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The service that called for somebody, else the role or user, else the kind of identity.
fn invoker(identity: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let role = &identity["sessionContext"]["sessionIssuer"]["userName"];
    text(&identity["invokedBy"])
        .or_else(|| text(role).map(|name| format!("role {name}")))
        .or_else(|| text(&identity["userName"]).map(|name| format!("user {name}")))
        .or_else(|| text(&identity["type"]))
        .unwrap_or_else(|| "unknown".into())
}

/// The first key among the resources, which ReEncrypt uses to decrypt; failing that what the caller asked for.
fn key(record: &Value) -> Option<&str> {
    let resources = record.get("resources").and_then(Value::as_array);
    let arns = resources.into_iter().flatten().filter_map(|resource| resource["ARN"].as_str());
    let parameters = &record["requestParameters"];
    arns.into_iter()
        .find(|arn| arn.contains(":key/"))
        .or_else(|| parameters["keyId"].as_str())
        .or_else(|| parameters["sourceKeyId"].as_str())
}

/// The kind of key that a call needs: as its algorithm says, else the smallest usual one that can do the operation.
fn spec(operation: Option<Operation>, parameters: &Value) -> KeySpec {
    let text = |name: &str| parameters[name].as_str();
    let algorithm = text("signingAlgorithm").or(text("encryptionAlgorithm")).or(text("macAlgorithm"));
    match (operation, algorithm.unwrap_or_default()) {
        (Some(Operation::Sign | Operation::Verify), "ECDSA_SHA_256") => KeySpec::EccNistP256,
        (Some(Operation::Sign | Operation::Verify), "ECDSA_SHA_384") => KeySpec::EccNistP384,
        (Some(Operation::Sign | Operation::Verify), "ECDSA_SHA_512") => KeySpec::EccNistP521,
        (Some(Operation::Sign | Operation::Verify), name) if name.starts_with("ED25519") => {
            KeySpec::EccNistEdwards25519
        }
        (Some(Operation::Sign | Operation::Verify), name) if name.starts_with("ML_DSA") => KeySpec::MlDsa65,
        (Some(Operation::Sign | Operation::Verify), "SM2DSA") => KeySpec::Sm2,
        (Some(Operation::Sign | Operation::Verify | Operation::GetPublicKey), _) => KeySpec::Rsa2048,
        (Some(Operation::Encrypt | Operation::Decrypt), "SM2PKE") => KeySpec::Sm2,
        (Some(Operation::Encrypt | Operation::Decrypt), name) if name.starts_with("RSAES") => {
            KeySpec::Rsa2048
        }
        (Some(Operation::GenerateMac | Operation::VerifyMac), "HMAC_SHA_224") => KeySpec::Hmac224,
        (Some(Operation::GenerateMac | Operation::VerifyMac), "HMAC_SHA_384") => KeySpec::Hmac384,
        (Some(Operation::GenerateMac | Operation::VerifyMac), "HMAC_SHA_512") => KeySpec::Hmac512,
        (Some(Operation::GenerateMac | Operation::VerifyMac), _) => KeySpec::Hmac256,
        (Some(Operation::DeriveSharedSecret), _) => KeySpec::EccNistP256,
        (Some(Operation::Encapsulate | Operation::Decapsulate), _) => KeySpec::MlKem768,
        _ => KeySpec::SymmetricDefault,
    }
}

/// The encryption context; names in order, so that equal contexts have equal texts.
fn context(record: &Value) -> Option<String> {
    let parameters = &record["requestParameters"];
    let context = parameters.get("encryptionContext").or_else(|| parameters.get("sourceEncryptionContext"));
    let mut pairs = context?.as_object()?.iter().collect::<Vec<_>>();
    pairs.sort_by_key(|(name, _)| *name);
    (!pairs.is_empty()).then(|| pairs.iter().map(|(name, value)| format!("{name:?}={value};")).collect())
}
