//! Why an attempt was not done, as the service or the connection says it.

use crate::api::{ErrorCode, Reply, reply_of};
use serde_json::Value;

/// Why an attempt was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error's code, such as `ThrottlingException`; of a broken connection `ConnectionError`.
    pub code: String,
    /// What the service says about it.
    pub message: String,
    /// What it is to the client machine.
    pub reply: Reply,
}

impl Refusal {
    /// What a service said with an HTTP status, an error code and a message.
    pub fn from_service(status: u16, code: impl Into<String>, message: impl Into<String>) -> Refusal {
        let code = code.into();
        let reply = reply_of(status, &code);
        Refusal { code, message: message.into(), reply }
    }

    /// The same from the body of an awsJson answer that is no success.
    pub fn from_json(status: u16, body: &[u8]) -> Refusal {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        // `com.amazonaws.kms#ThrottlingException` and `ThrottlingException:http://…` are the same code.
        let named = text("__type").or(text("code")).map(|full| full.rsplit('#').next().unwrap_or(full));
        let code = named.map(|name| name.split(':').next().unwrap_or(name).to_owned());
        let message = text("message").or(text("Message")).unwrap_or_default();
        match code {
            Some(code) => Refusal::from_service(status, code, message),
            None => Refusal::from_service(status, format!("HTTP {status}"), "the answer is no JSON of KMS"),
        }
    }

    /// No answer came: the connection could not be made or broke.
    pub fn no_answer(why: impl std::fmt::Display) -> Refusal {
        Refusal {
            code: "ConnectionError".into(),
            message: why.to_string(),
            reply: Reply::Failed(ErrorCode::ConnectionReset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_however_they_are_written() {
        for body in [
            r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
            r#"{"__type":"com.amazonaws.kms#ThrottlingException"}"#,
            r#"{"code":"ThrottlingException:http://internal/"}"#,
        ] {
            let refusal = Refusal::from_json(400, body.as_bytes());
            assert_eq!((refusal.code.as_str(), refusal.reply), ("ThrottlingException", Reply::Throttled));
        }
        let denied = Refusal::from_json(400, br#"{"__type":"AccessDeniedException","Message":"no"}"#);
        assert_eq!((denied.reply, denied.message.as_str()), (Reply::Failed(ErrorCode::AccessDenied), "no"));
        let broken = Refusal::from_json(502, b"<html>");
        assert_eq!((broken.code.as_str(), broken.reply), ("HTTP 502", Reply::Failed(ErrorCode::Internal)));
        assert_eq!(
            Refusal::from_json(400, br#"{"__type":"NotFoundException"}"#).reply,
            Reply::Failed(ErrorCode::Rejected)
        );
    }
}
