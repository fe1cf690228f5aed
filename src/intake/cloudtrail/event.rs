//! One record of a log, as far as a load test needs it.

use crate::api::{KeySpec, Operation};
use crate::guard::Agent;
use std::borrow::Cow;

/// A record, or what is around one; what it lacks or has in another form than a text is `None`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) event_source: Loose<'a>,
    #[serde(borrow)]
    pub(super) event_name: Loose<'a>,
    #[serde(borrow)]
    pub(super) event_type: Loose<'a>,
    #[serde(borrow)]
    pub(super) event_category: Loose<'a>,
    #[serde(borrow)]
    pub(super) event_time: Loose<'a>,
    #[serde(borrow)]
    pub(super) aws_region: Loose<'a>,
    #[serde(borrow, rename = "eventID")]
    pub(super) event_id: Loose<'a>,
    #[serde(borrow, rename = "sharedEventID")]
    pub(super) shared_event_id: Loose<'a>,
    #[serde(borrow, rename = "requestID")]
    pub(super) request_id: Loose<'a>,
    #[serde(borrow)]
    pub(super) user_agent: Loose<'a>,
    #[serde(borrow)]
    pub(super) error_code: Loose<'a>,
    #[serde(borrow)]
    pub(super) recipient_account_id: Loose<'a>,
    #[serde(borrow)]
    pub(super) user_identity: Identity<'a>,
    #[serde(borrow)]
    pub(super) request_parameters: Parameters<'a>,
    #[serde(borrow)]
    pub(super) resources: Resources<'a>,
    /// EventBridge's envelope.
    #[serde(borrow)]
    pub(super) detail: Option<Box<Record<'a>>>,
    /// The event as a text: of lookup-events, CloudWatch Logs, SNS, SQS, Kinesis, Logs Insights.
    #[serde(borrow, rename = "CloudTrailEvent")]
    pub(super) cloud_trail_event: Loose<'a>,
    #[serde(borrow)]
    pub(super) message: Loose<'a>,
    #[serde(borrow, rename = "Message")]
    pub(super) notification: Loose<'a>,
    #[serde(borrow, rename = "Body")]
    pub(super) body: Loose<'a>,
    #[serde(borrow, rename = "Data")]
    pub(super) data: Loose<'a>,
    #[serde(borrow)]
    pub(super) field: Loose<'a>,
    #[serde(borrow)]
    pub(super) value: Loose<'a>,
    /// Of a digest file.
    #[serde(borrow)]
    pub(super) digest_s3_bucket: Loose<'a>,
    #[serde(borrow)]
    pub(super) digest_end_time: Loose<'a>,
}

/// A text, or anything else, which is as good as nothing.
#[derive(Debug, Default, Clone)]
pub(super) struct Loose<'a>(pub(super) Option<Cow<'a, str>>);

impl<'a> Loose<'a> {
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(super) fn of(text: &'a str) -> Loose<'a> {
        Loose((!text.is_empty() && text != "null").then_some(Cow::Borrowed(text)))
    }
}

/// Who called.
#[derive(Debug, Default)]
pub(super) struct Identity<'a> {
    pub(super) kind: Loose<'a>,
    pub(super) account: Loose<'a>,
    pub(super) invoked_by: Loose<'a>,
    pub(super) user: Loose<'a>,
    pub(super) role: Loose<'a>,
}

/// What was asked, as far as it is of interest.
#[derive(Debug, Default)]
pub(super) struct Parameters<'a> {
    pub(super) key: Loose<'a>,
    pub(super) source_key: Loose<'a>,
    pub(super) algorithm: Loose<'a>,
    pub(super) context: Option<String>,
    pub(super) source_context: Option<String>,
    /// The event sources that a selector of events leaves out.
    pub(super) leaves_out_kms: bool,
}

/// ARNs of what was touched.
#[derive(Debug, Default)]
pub(super) struct Resources<'a>(pub(super) Vec<Cow<'a, str>>);

/// What a record turns out to be.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one at a time, and most that matter are the large one"
)]
pub(super) enum Entry<'a> {
    /// An event of another service.
    Other,
    /// A summary by CloudTrail Insights: no call.
    Insight,
    /// Somebody changed a trail so that it leaves KMS out.
    Excluding {
        /// When, as written.
        at: String,
    },
    /// An event of KMS.
    Kms(Event<'a>),
    /// Not readable as an event, and why.
    Flawed(&'static str),
}

/// One event of KMS, in the log's own words.
#[derive(Debug)]
pub(super) struct Event<'a> {
    /// What is the same in every copy of the event: `sharedEventID` if two accounts log it, else `eventID`.
    pub(super) id: Option<Cow<'a, str>>,
    /// What is the same in the records of one call: KMS's own, and that of a VPC endpoint.
    pub(super) request: Option<Cow<'a, str>>,
    /// When, in seconds since 1970.
    pub(super) at: i64,
    pub(super) name: Cow<'a, str>,
    /// The operation that was called; `None` for what KMS did by itself, such as rotating a key.
    pub(super) operation: Option<Operation>,
    /// The kind of key it needs, by the algorithm it names; assumed where the log names none.
    pub(super) spec: KeySpec,
    pub(super) region: Cow<'a, str>,
    /// The account that called, whose quota it counted against.
    pub(super) account: Cow<'a, str>,
    /// Who called: the AWS service behind the call if there is one, else the role or user.
    pub(super) invoker: String,
    /// Whether an AWS service called on somebody's behalf.
    pub(super) is_service: bool,
    /// Whether the caller is told only by its kind, as the other account's copy of an event does.
    pub(super) is_vague: bool,
    /// Whether a keystorm made it, by `userAgent`.
    pub(super) is_own: bool,
    /// Whether a VPC endpoint tells of it, not KMS.
    pub(super) is_network: bool,
    /// `errorCode`, if the call failed.
    pub(super) error: Option<String>,
    /// The key's ARN, or the name the caller used for it if the log does not say which it was.
    pub(super) key: Option<Cow<'a, str>>,
    /// The encryption context, names in order.
    pub(super) context: Option<String>,
}

/// Whether an error code means that a quota was exhausted.
pub(super) fn is_throttle(code: &str) -> bool {
    code.starts_with("Throttl") || matches!(code, "RequestLimitExceeded" | "TooManyRequestsException")
}

impl<'a> Record<'a> {
    /// Whether it is an event and not an envelope.
    pub(super) fn is_event(&self) -> bool {
        self.event_source.get().is_some()
    }

    /// What it is.
    pub(super) fn entry(self) -> Entry<'a> {
        if self.event_category.get() == Some("Insight")
            || self.event_type.get() == Some("AwsCloudTrailInsight")
        {
            return Entry::Insight;
        }
        match self.event_source.get() {
            None => Entry::Flawed("it has no eventSource"),
            Some("kms.amazonaws.com") => match self.kms() {
                Ok(event) => Entry::Kms(event),
                Err(reason) => Entry::Flawed(reason),
            },
            Some("cloudtrail.amazonaws.com")
                if self.request_parameters.leaves_out_kms && self.error_code.get().is_none() =>
            {
                Entry::Excluding { at: printable(self.event_time.get().unwrap_or("some time")) }
            }
            Some(_) => Entry::Other,
        }
    }

    /// The KMS event in it, or why there is none.
    fn kms(self) -> Result<Event<'a>, &'static str> {
        let at =
            seconds(self.event_time.get().ok_or("it has no eventTime")?).ok_or("its eventTime is no time")?;
        let word = |text: Loose<'a>| text.0.filter(|text| is_word(text));
        let name = word(self.event_name).ok_or("it has no eventName that is a word")?;
        let region = word(self.aws_region).ok_or("it has no awsRegion that is a word")?;
        let is_network = self.event_category.get() == Some("NetworkActivity")
            || self.event_type.get() == Some("AwsVpceEvent");
        let is_call = is_network || self.event_type.get().is_none_or(|kind| kind == "AwsApiCall");
        let operation = Operation::from_name(&name).filter(|_| is_call);
        let spec = spec(operation, self.request_parameters.algorithm.get().unwrap_or_default());
        let Identity { kind, account, invoked_by, user, role } = self.user_identity;
        let is_service = invoked_by.get().is_some() || kind.get() == Some("AWSService");
        let is_vague = invoked_by.get().is_none() && role.get().is_none() && user.get().is_none();
        let invoker = invoker(&invoked_by, &role, &user, &kind);
        let account = account.0.or(self.recipient_account_id.0).unwrap_or(Cow::Borrowed("unknown"));
        let Parameters { key, source_key, context, source_context, .. } = self.request_parameters;
        let arn = self.resources.0.into_iter().find(|arn| arn.contains(":key/"));
        Ok(Event {
            id: self.shared_event_id.0.or(self.event_id.0),
            request: self.request_id.0,
            at,
            name,
            operation,
            spec,
            region,
            account,
            invoker: printable(&invoker),
            is_service,
            is_vague,
            is_own: self.user_agent.get().is_some_and(Agent::is_own),
            is_network,
            error: self.error_code.get().map(printable),
            key: arn.or(key.0).or(source_key.0),
            context: context.or(source_context),
        })
    }
}

/// Seconds since 1970 of a time as CloudTrail, Athena and Lake write it; without an offset it is UTC.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches(" UTC");
    let at: Option<jiff::Timestamp> = text.parse().ok();
    let at = at.or_else(|| {
        let with_t = text.replacen(' ', "T", 1);
        format!("{with_t}Z").parse().ok()
    })?;
    // What a later second could not be added to is no time of a log.
    let second = at.as_second();
    (0..253_402_300_000).contains(&second).then_some(second)
}

/// Letters, digits and dashes, not many: safe to print and to write into a file.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// `text` without what could move a terminal's cursor, and not endless.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(128).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The service that called for somebody, else the role or user, else the kind of identity.
fn invoker(invoked_by: &Loose<'_>, role: &Loose<'_>, user: &Loose<'_>, kind: &Loose<'_>) -> String {
    match (invoked_by.get(), role.get(), user.get(), kind.get()) {
        (Some(service), ..) => service.to_owned(),
        (_, Some(role), ..) => format!("role {role}"),
        (_, _, Some(user), _) => format!("user {user}"),
        (.., Some(kind)) => kind.to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// The kind of key that a call needs: as its algorithm says, else the smallest usual one that can do the operation.
fn spec(operation: Option<Operation>, algorithm: &str) -> KeySpec {
    use Operation::{
        Decapsulate, Decrypt, DeriveSharedSecret, Encapsulate, Encrypt, GenerateMac, GetPublicKey, Sign,
        Verify, VerifyMac,
    };
    match (operation, algorithm) {
        (Some(Sign | Verify), "ECDSA_SHA_256") => KeySpec::EccNistP256,
        (Some(Sign | Verify), "ECDSA_SHA_384") => KeySpec::EccNistP384,
        (Some(Sign | Verify), "ECDSA_SHA_512") => KeySpec::EccNistP521,
        (Some(Sign | Verify), name) if name.starts_with("ED25519") => KeySpec::EccNistEdwards25519,
        (Some(Sign | Verify), name) if name.starts_with("ML_DSA") => KeySpec::MlDsa65,
        (Some(Sign | Verify), "SM2DSA") => KeySpec::Sm2,
        (Some(Sign | Verify | GetPublicKey), _) => KeySpec::Rsa2048,
        (Some(Encrypt | Decrypt), "SM2PKE") => KeySpec::Sm2,
        (Some(Encrypt | Decrypt), name) if name.starts_with("RSAES") => KeySpec::Rsa2048,
        (Some(GenerateMac | VerifyMac), "HMAC_SHA_224") => KeySpec::Hmac224,
        (Some(GenerateMac | VerifyMac), "HMAC_SHA_384") => KeySpec::Hmac384,
        (Some(GenerateMac | VerifyMac), "HMAC_SHA_512") => KeySpec::Hmac512,
        (Some(GenerateMac | VerifyMac), _) => KeySpec::Hmac256,
        (Some(DeriveSharedSecret), _) => KeySpec::EccNistP256,
        (Some(Encapsulate | Decapsulate), _) => KeySpec::MlKem768,
        _ => KeySpec::SymmetricDefault,
    }
}
