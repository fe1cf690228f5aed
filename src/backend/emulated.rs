//! The emulated KMS in this process, without a socket.

use super::{AttemptObserver, Backend, Dispatch, KmsOutput, Refusal, body};
use crate::api::{KeySpec, Operation};
use crate::emulator::Direct;
use crate::kms::wire::{Decoded, Output};
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
        match self.server.call(Decoded::of(body::input(dispatch))).await {
            None => Err(Refusal::no_answer("the connection was reset")),
            Some(Ok(output)) if dispatch.is_read => Ok(KmsOutput::of(dispatch.operation, &output)),
            Some(Ok(_)) => Ok(KmsOutput::default()),
            Some(Err(error)) => {
                let code = error.code().to_owned();
                Err(Refusal::from_service(error.status, code, error.message.unwrap_or_default()))
            }
        }
    }
}

impl KmsOutput {
    /// What the emulator in this process answers.
    fn of(operation: Operation, output: &Output) -> KmsOutput {
        let blob = operation.live().and_then(|call| call.gives).and_then(|name| output.blob_of(name));
        let described = output.object_of("KeyMetadata");
        let in_metadata = |name| described.and_then(|data| data.text_of(name));
        KmsOutput {
            blob: blob.unwrap_or_default().to_vec(),
            key: in_metadata("Arn").or(output.text_of("KeyId")).unwrap_or_default().to_owned(),
            spec: in_metadata("KeySpec").and_then(KeySpec::from_name),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::wire::decode;

    #[test]
    fn a_call_in_this_process_gives_what_its_json_says() {
        use KeySpec::{EccNistP256, Hmac256, MlKem768, Rsa2048, SymmetricDefault};
        use Operation::*;
        let symmetric = [
            CreateKey,
            Decrypt,
            DescribeKey,
            Encrypt,
            GenerateDataKey,
            GenerateDataKeyPair,
            GenerateDataKeyPairWithoutPlaintext,
            GenerateDataKeyWithoutPlaintext,
            GenerateRandom,
            ReEncrypt,
            ScheduleKeyDeletion,
        ];
        let symmetric = symmetric.map(|operation| (operation, SymmetricDefault));
        let others = [Decrypt, Encrypt, ReEncrypt, Sign, Verify, GetPublicKey].map(|each| (each, Rsa2048));
        let macs = [GenerateMac, VerifyMac].map(|operation| (operation, Hmac256));
        let agreed = [(DeriveSharedSecret, EccNistP256), (Encapsulate, MlKem768), (Decapsulate, MlKem768)];
        for (operation, spec) in symmetric.into_iter().chain(others).chain(macs).chain(agreed) {
            let asked = Dispatch {
                operation,
                key: "alias/x",
                spec,
                usage: operation.usage().unwrap_or_else(|| spec.usages()[0]),
                pair_spec: Rsa2048,
                context: Some("7"),
                payload: b"payload",
                blob: b"blob",
                length: 32,
                tag: "run",
                policy: Some("{}"),
                is_read: false,
                mark: None,
            };
            let given = Decoded::of(body::input(&asked));
            assert_eq!(given, decode(operation, &body::json(&asked)), "{operation} {spec}");
            assert_eq!(given.problem, None, "{operation} {spec}");
        }
    }
}
