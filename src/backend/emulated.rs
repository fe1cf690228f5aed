//! The emulated KMS in this process, without a socket.

use super::{Ask, Backend, Refusal, Tell, Told, body};
use crate::api::{ErrorCode, KeySpec, Reply};
use crate::server::Direct;
use base64_simd::STANDARD;
use serde_json::Value;

/// Calls the emulated KMS as a function.
#[derive(Clone)]
pub struct Emulated {
    server: Direct,
}

impl Emulated {
    /// Calls `server`.
    pub const fn new(server: Direct) -> Emulated {
        Emulated { server }
    }
}

impl Backend for Emulated {
    async fn ask(&self, _client: u32, ask: &Ask<'_>, _tell: &Tell<'_>) -> Result<Told, Refusal> {
        let answer = self.server.call(ask.operation, &body::json(ask)).await;
        let Some((status, bytes)) = answer else {
            return Err(Refusal {
                code: "ConnectionError".into(),
                message: "the connection was reset".into(),
                reply: Reply::Failed(ErrorCode::ConnectionReset),
            });
        };
        match status {
            200 if ask.is_read => Told::from_json(&bytes),
            200 => Ok(Told::default()),
            _ => Err(Refusal::from_json(status, &bytes)),
        }
    }
}

impl Told {
    /// What an awsJson answer says.
    ///
    /// # Errors
    /// It is no answer of KMS.
    pub fn from_json(bytes: &[u8]) -> Result<Told, Refusal> {
        let strange = |_| Refusal::from_service(200, "UnexpectedAnswer", "the answer is no JSON of KMS");
        let value: Value = serde_json::from_slice(bytes).map_err(strange)?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let blob = ["CiphertextBlob", "Signature", "Mac"].into_iter().find_map(text);
        let described = value.get("KeyMetadata");
        let in_metadata = |name: &str| described.and_then(|data| data.get(name)).and_then(Value::as_str);
        Ok(Told {
            blob: blob.and_then(|text| STANDARD.decode_to_vec(text).ok()).unwrap_or_default(),
            key: in_metadata("Arn").or(text("KeyId")).unwrap_or_default().to_owned(),
            spec: in_metadata("KeySpec").and_then(KeySpec::from_name),
        })
    }
}
