//! The emulated KMS in this process, without a socket.

use super::{AttemptObserver, Backend, Dispatch, KmsOutput, Refusal, body};
use crate::api::{ErrorCode, KeySpec, Operation, Reply};
use crate::emulator::Direct;
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
    async fn dispatch(
        &self,
        _client: u32,
        dispatch: &Dispatch<'_>,
        _observer: &AttemptObserver<'_>,
    ) -> Result<KmsOutput, Refusal> {
        let answer = self.server.call(dispatch.operation, &body::json(dispatch)).await;
        let Some((status, bytes)) = answer else {
            return Err(Refusal {
                code: "ConnectionError".into(),
                message: "the connection was reset".into(),
                reply: Reply::Failed(ErrorCode::ConnectionReset),
            });
        };
        match status {
            200 if dispatch.is_read => KmsOutput::from_json(dispatch.operation, &bytes),
            200 => Ok(KmsOutput::default()),
            _ => Err(Refusal::from_json(status, &bytes)),
        }
    }
}

impl KmsOutput {
    /// What an awsJson answer to `operation` says.
    ///
    /// # Errors
    /// It is no answer of KMS.
    pub fn from_json(operation: Operation, bytes: &[u8]) -> Result<KmsOutput, Refusal> {
        let strange = |_| Refusal::from_service(200, "UnexpectedAnswer", "the answer is no JSON of KMS");
        let value: Value = serde_json::from_slice(bytes).map_err(strange)?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let blob = operation.live().and_then(|call| call.gives).and_then(text);
        let described = value.get("KeyMetadata");
        let in_metadata = |name: &str| described.and_then(|data| data.get(name)).and_then(Value::as_str);
        Ok(KmsOutput {
            blob: blob.and_then(|text| STANDARD.decode_to_vec(text).ok()).unwrap_or_default(),
            key: in_metadata("Arn").or(text("KeyId")).unwrap_or_default().to_owned(),
            spec: in_metadata("KeySpec").and_then(KeySpec::from_name),
        })
    }
}
