//! STS on the same port: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity, which SDKs and tools ask first.
//!
//! The Query protocol: form fields in, XML out (STS API 2011-06-15).

mod assume;
mod session_request;

use super::xml::Element;
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
    pub(super) body: Vec<u8>,
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
        Ok(elements) => {
            let result = Element::of(format!("{action}Result"), elements);
            let metadata = Element::of("ResponseMetadata", [id(call.request_id)]);
            let response = Element::of(format!("{action}Response"), [result, metadata]);
            Xml { status: 200, body: response.in_namespace(STS_NAMESPACE).into_bytes() }
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
    let parts =
        [Element::text("Type", "Sender"), Element::text("Code", code), Element::text("Message", message)];
    let response = Element::of("ErrorResponse", [Element::of("Error", parts), id(request_id)]);
    Xml { status, body: response.in_namespace(STS_NAMESPACE).into_bytes() }
}

/// The id of a request, as every answer has it.
pub(super) fn id(request_id: Uuid) -> Element {
    Element::text("RequestId", request_id.to_string())
}

/// The form fields of a body or a query.
pub(crate) fn form(bytes: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

fn caller_identity(caller: &Caller) -> Vec<Element> {
    let Principal { arn, account, id, .. } = &caller.principal;
    vec![
        Element::text("Arn", arn.as_str()),
        Element::text("UserId", id.as_str()),
        Element::text("Account", account.to_string()),
    ]
}
