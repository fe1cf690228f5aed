//! What an answer's code and status are to whoever made the call.

use super::{ErrorCode, Reply};

/// Codes that mean a request quota is exhausted.
///
/// Source: error codes that the AWS SDK for Rust takes for throttling (aws-runtime 1.10.2, read 2026-11-23), as far as
/// KMS answers them. LimitExceededException is among them although it is a resource quota.
const THROTTLING: &[&str] =
    &["ThrottlingException", "Throttling", "LimitExceededException", "TooManyRequestsException"];
/// Codes that mean that who calls may not, or is not known.
const ACCESS: &[&str] = &[
    "AccessDeniedException",
    "AccessDenied",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "ExpiredToken",
    "NotAuthorized",
    "OptInRequired",
];

/// What a refusal with this HTTP status and code is.
pub fn reply_of(status: u16, code: &str) -> Reply {
    match code {
        code if THROTTLING.contains(&code) => Reply::Throttled,
        code if ACCESS.contains(&code) => Reply::Failed(ErrorCode::AccessDenied),
        _ if status >= 500 => Reply::Failed(ErrorCode::Internal),
        _ => Reply::Failed(ErrorCode::Rejected),
    }
}
