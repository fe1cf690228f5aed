//! What the SDK's errors are in our words.

use super::Error;
use crate::api::{ErrorCode, Reply};
use crate::backend::Refusal;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::error::Error as StdError;

/// The causes of an error, the outermost first, each once.
pub(super) fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !told.last().is_some_and(|last| last.contains(&text)) {
            told.push(text);
        }
        next = error.source();
    }
    told.join(": ")
}

/// The first error of this type among the causes.
fn find<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What an attempt met, for the client machine.
pub(super) fn refusal<E>(error: SdkError<E, HttpResponse>) -> Refusal
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match &error {
        SdkError::ServiceError(said) => {
            let status = said.raw().status().as_u16();
            let code = said.err().code().map_or_else(|| format!("HTTP {status}"), str::to_owned);
            Refusal::from_service(status, code, said.err().message().unwrap_or_default())
        }
        SdkError::ResponseError(said) => {
            Refusal::from_service(said.raw().status().as_u16(), "UnexpectedAnswer", causes(&error))
        }
        _ if find::<CredentialsError>(&error).is_some() => Refusal {
            code: "CredentialsError".into(),
            message: causes(&error),
            reply: Reply::Failed(ErrorCode::AccessDenied),
        },
        _ => Refusal::no_answer(causes(&error)),
    }
}

/// Why a question before or beside the run has no answer.
pub(super) fn failed<E>(asked: &'static str, error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    if let Some(error) = find::<CredentialsError>(&error) {
        return credentials(error);
    }
    refused(asked, refusal(error))
}

/// The same of a refusal.
pub(super) fn refused(asked: &'static str, refusal: Refusal) -> Error {
    match refusal {
        Refusal { reply: Reply::Failed(ErrorCode::ConnectionReset), message, .. } => {
            Error::NoAnswer { asked, why: message }
        }
        Refusal { code, message, .. } => {
            let remedy = remedy(&code, &message);
            Error::Refused { asked, code, message, remedy }
        }
    }
}

/// Why there are no credentials.
pub(super) fn credentials(error: &CredentialsError) -> Error {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => Error::NoCredentials(causes(error)),
        _ => Error::Credentials(causes(error)),
    }
}

/// What helps against an error code.
///
/// Source: AWS General Reference, common errors, and STS API reference (read 2026-11-24).
fn remedy(code: &str, message: &str) -> &'static str {
    let is_late =
        ["Signature expired", "not yet current", "is now earlier"].iter().any(|m| message.contains(m));
    match code {
        "RequestTimeTooSkewed" | "RequestExpired" => CLOCK,
        _ if is_late => CLOCK,
        "ExpiredToken" | "ExpiredTokenException" => {
            "; these credentials are too old: get new ones (aws sso login, assume the role again)"
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" => {
            "; nobody has this access key: look at AWS_ACCESS_KEY_ID, --profile and the endpoint's partition"
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            "; the secret access key does not belong to the access key"
        }
        "AccessDenied" | "AccessDeniedException" | "NotAuthorized" => {
            "; `keystorm run … --print-policy` prints the policy that is needed"
        }
        _ => "",
    }
}

const CLOCK: &str = "; this machine's clock is off by more than five minutes: set it";
