//! What the service answers instead of a result.

mod table;

use crate::api::Operation;
use std::fmt;

/// An error of the API: a code, maybe a message, and the HTTP status it travels with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// AWS's name, the `__type` of the body.
    pub code: &'static str,
    /// What a person reads, where AWS says anything.
    pub message: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// What else it says, if anything.
    pub more: Option<Box<More>>,
}

/// What few errors say beside code and message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// A code that a fault has chosen; it stands instead of the error's own.
    pub code: Option<String>,
    /// Seconds after which a throttled call could be tried again.
    pub retry_after: Option<u64>,
    /// The Service Quotas code of the quota that is used up.
    pub quota_code: Option<&'static str>,
}

impl ApiError {
    const fn bare(code: &'static str, status: u16) -> ApiError {
        ApiError { code, message: None, status, more: None }
    }

    fn with(code: &'static str, status: u16, message: impl Into<String>) -> ApiError {
        ApiError { message: Some(message.into()), ..ApiError::bare(code, status) }
    }

    /// An error that a fault has chosen.
    pub fn chosen(code: &str, status: u16) -> ApiError {
        let more = More { code: Some(code.into()), ..More::default() };
        let error = ApiError::with("InjectedFault", status, "An injected fault answers this call.");
        ApiError { more: Some(Box::new(more)), ..error }
    }

    /// Its code, as it is answered.
    pub fn code(&self) -> &str {
        self.more.as_ref().and_then(|more| more.code.as_deref()).unwrap_or(self.code)
    }

    /// The same error without its message, as AWS answers in a few places.
    pub fn without_message(self) -> ApiError {
        ApiError { message: None, ..self }
    }

    /// Whether the fault is the service's, so that a client does well to try again.
    pub fn is_service_fault(&self) -> bool {
        self.status >= 500
    }

    /// The JSON of the answer.
    pub fn body(&self) -> Vec<u8> {
        let body = super::Output::new()
            .text("__type", self.code())
            .given(self.message.as_deref(), |body, message| body.text("message", message));
        let Some(more) = &self.more else { return body.into_bytes() };
        // As younger services model their ThrottlingException (retryAfterSeconds, quotaCode, serviceCode).
        let quota = more.quota_code.map(|code| (code, "kms"));
        body.given(more.retry_after, |body, seconds| {
            body.integer("retryAfterSeconds", i64::try_from(seconds).unwrap_or(i64::MAX))
        })
        .given(quota, |body, (code, service)| body.text("quotaCode", code).text("serviceCode", service))
        .into_bytes()
    }

    /// The account's request quota is used up, in AWS's words.
    ///
    /// Source: AWS KMS developer guide, throttling, 2026-11-23.
    pub fn throttling() -> ApiError {
        let text =
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
        ApiError::with("ThrottlingException", 400, text)
    }

    /// The ciphertext cannot be decrypted: AWS says nothing more.
    pub fn invalid_ciphertext() -> ApiError {
        ApiError::bare("InvalidCiphertextException", 400)
    }

    /// The call was a dry run and would have succeeded.
    pub fn dry_run_operation() -> ApiError {
        let text = "The request would have succeeded, but the DryRun option is set.";
        ApiError::with("DryRunOperationException", 400, text)
    }

    /// The body is no JSON, and AWS says no more than that.
    pub fn malformed_body() -> ApiError {
        ApiError::bare("SerializationException", 400)
    }

    /// The target names no operation of KMS.
    pub fn unknown_operation() -> ApiError {
        ApiError::bare("UnknownOperationException", 400)
    }
}

/// `ThrottlingException: You have exceeded …`
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.code()),
            None => f.write_str(self.code()),
        }
    }
}

impl std::error::Error for ApiError {}

/// The operation that an `X-Amz-Target` names: `TrentService.Decrypt`.
pub fn operation_of(x_amz_target: &str) -> Result<Operation, ApiError> {
    let name = x_amz_target.strip_prefix("TrentService.");
    name.and_then(Operation::from_name).ok_or_else(ApiError::unknown_operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_its_type_and_escapes_its_message() {
        let error = ApiError::not_found("Key '\"x\"\n' does not exist");
        let body = r#"{"__type":"NotFoundException","message":"Key '\"x\"\n' does not exist"}"#;
        assert_eq!(String::from_utf8(error.body()).unwrap(), body);
        assert_eq!(ApiError::invalid_ciphertext().body(), br#"{"__type":"InvalidCiphertextException"}"#);
        assert_eq!(error.to_string(), "NotFoundException: Key '\"x\"\n' does not exist");
        assert_eq!(error.without_message().message, None);
        assert!(ApiError::kms_internal("x").is_service_fault() && !ApiError::throttling().is_service_fault());
    }

    #[test]
    fn fixed_errors_have_the_status_of_the_table() {
        for error in [ApiError::invalid_ciphertext(), ApiError::dry_run_operation()] {
            assert!(table::modelled().contains(&(error.code.to_string(), error.status)));
        }
        let throttled = ApiError::throttling();
        assert_eq!((throttled.code, throttled.status), ("ThrottlingException", 400));
    }

    #[test]
    fn a_target_is_the_service_and_one_of_its_operations() {
        assert_eq!(operation_of("TrentService.Decrypt"), Ok(Operation::Decrypt));
        for target in ["", "Decrypt", "TrentService.", "TrentService.decrypt", "Trent.Decrypt"] {
            assert_eq!(operation_of(target), Err(ApiError::unknown_operation()), "{target}");
        }
    }
}
