//! STS on the same port: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity, which SDKs and tools ask first.
//!
//! The Query protocol: form fields in, XML out (STS API 2011-06-15).

mod assume;
mod session_request;

use crate::emulator::runtime::Runtime;
use crate::kms::access::Principal;
use crate::kms::wire::ApiError;
use crate::kms::{Caller, Uuid};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The namespace of every answer.
const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An answer: status and XML.
pub(super) struct Xml {
    pub(super) status: u16,
    pub(super) text: String,
}

/// A refusal: status, code, sentence.
type Refused = (u16, &'static str, String);

/// One call of STS.
pub(super) struct Call<'a> {
    pub(super) form: &'a BTreeMap<String, String>,
    /// Who signed it; nobody signs AssumeRoleWithWebIdentity.
    pub(super) caller: Option<Arc<Caller>>,
    pub(super) region: &'a str,
    pub(super) source_ip: IpAddr,
    pub(super) user_agent: &'a str,
    pub(super) request_id: Uuid,
}

/// Whether the action is one that nobody signs.
pub(super) fn is_unsigned(form: &BTreeMap<String, String>) -> bool {
    form.get("Action").is_some_and(|action| action == "AssumeRoleWithWebIdentity")
}

/// Answers a call.
pub(super) fn answer(emulator: &Runtime, call: &Call<'_>) -> Xml {
    let action = call.form.get("Action").map(String::as_str).unwrap_or_default();
    let result = match (action, &call.caller) {
        ("GetCallerIdentity", Some(caller)) => Ok(caller_identity(caller)),
        ("AssumeRole", Some(caller)) => assume::role(emulator, call, caller),
        ("AssumeRoleWithWebIdentity", _) => assume::role_with_web_identity(emulator, call),
        (other, _) => Err((
            400,
            "InvalidAction",
            format!(
                "Could not find operation {other} for version 2011-06-15: here are KMS and of STS GetCallerIdentity, \
                 AssumeRole and AssumeRoleWithWebIdentity. If the call is for another service, set \
                 AWS_ENDPOINT_URL_KMS instead of AWS_ENDPOINT_URL"
            ),
        )),
    };
    match result {
        Ok(body) => {
            let request_id = call.request_id;
            let text = format!(
                "<{action}Response xmlns=\"{STS_NAMESPACE}\"><{action}Result>{body}</{action}Result><ResponseMetadata>\
                 <RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
            );
            Xml { status: 200, text }
        }
        Err((status, code, message)) => error(status, code, &message, call.request_id),
    }
}

/// The form in which STS says what authentication refused. Its codes have no `Exception` and its status is 403.
pub(super) fn refusal(refused: &ApiError, request_id: Uuid) -> Xml {
    let code = match refused.code {
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "ExpiredTokenException" => "ExpiredToken",
        other => other.strip_suffix("Exception").unwrap_or(other),
    };
    error(403, code, refused.message.as_deref().unwrap_or_default(), request_id)
}

fn error(status: u16, code: &str, message: &str, request_id: Uuid) -> Xml {
    let text = format!(
        "<ErrorResponse xmlns=\"{STS_NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        escaped(message)
    );
    Xml { status, text }
}

/// The form fields of a body or a query.
pub(crate) fn form(bytes: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn caller_identity(caller: &Caller) -> String {
    let Principal { arn, account, id, .. } = &caller.principal;
    format!("<Arn>{}</Arn><UserId>{}</UserId><Account>{account}</Account>", escaped(arn), escaped(id))
}
