//! An [`Dispatch`] as the JSON of awsJson1.1.

use super::dispatch::{Dispatch, encryption_algorithm, mac_algorithm, signing_algorithm, usage};
use crate::api::{KeySpec, Operation};
use base64_simd::STANDARD;
use serde_json::{Map, Value, json};

/// A body under construction.
#[derive(Default)]
struct Body(Map<String, Value>);

/// Whether a call names one key as `KeyId`.
const fn needs_key(operation: Operation) -> bool {
    use Operation::*;
    !matches!(operation, CreateKey | DescribeCustomKeyStores | GenerateRandom | ReEncrypt)
}

/// The body of a call.
pub fn json(dispatch: &Dispatch<'_>) -> Vec<u8> {
    let mut body = Body::default();
    if needs_key(dispatch.operation) {
        body.put("KeyId", dispatch.key);
    }
    match dispatch.operation {
        Operation::CreateKey | Operation::ScheduleKeyDeletion => body.manage(dispatch),
        Operation::Encrypt | Operation::Decrypt | Operation::ReEncrypt => body.cipher(dispatch),
        Operation::Sign | Operation::Verify | Operation::GenerateMac | Operation::VerifyMac => {
            body.sign(dispatch)
        }
        _ => body.generate(dispatch),
    }
    body.context(dispatch);
    serde_json::to_vec(&body.0).expect("a mapping of texts and numbers is always JSON")
}

impl Body {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.put(name, STANDARD.encode_to_string(bytes));
    }

    /// Making keys and giving them up.
    fn manage(&mut self, dispatch: &Dispatch<'_>) {
        if dispatch.operation == Operation::ScheduleKeyDeletion {
            return self.put("PendingWindowInDays", 7);
        }
        self.put("KeySpec", dispatch.spec.name());
        self.put("KeyUsage", usage(dispatch.spec, !dispatch.payload.is_empty()));
        self.put("Description", "Made by keystorm for a load test; to be deleted.");
        self.put("Tags", json!([{ "TagKey": Dispatch::TAG, "TagValue": dispatch.tag }]));
        if let Some(policy) = dispatch.policy {
            self.put("Policy", policy);
        }
    }

    /// Encrypting and decrypting.
    fn cipher(&mut self, dispatch: &Dispatch<'_>) {
        match dispatch.operation {
            Operation::Encrypt => self.bytes("Plaintext", dispatch.payload),
            Operation::ReEncrypt => {
                self.bytes("CiphertextBlob", dispatch.blob);
                self.put("DestinationKeyId", dispatch.key);
            }
            _ => self.bytes("CiphertextBlob", dispatch.blob),
        }
        // Symmetric keys have one algorithm.
        if dispatch.spec == KeySpec::SymmetricDefault {
            return;
        }
        let algorithm = encryption_algorithm(dispatch.spec);
        if dispatch.operation == Operation::ReEncrypt {
            self.put("SourceKeyId", dispatch.key);
            self.put("SourceEncryptionAlgorithm", algorithm);
            self.put("DestinationEncryptionAlgorithm", algorithm);
        } else {
            self.put("EncryptionAlgorithm", algorithm);
        }
    }

    /// Signatures and message authentication codes.
    fn sign(&mut self, dispatch: &Dispatch<'_>) {
        self.bytes("Message", dispatch.payload);
        match dispatch.operation {
            Operation::GenerateMac => self.put("MacAlgorithm", mac_algorithm(dispatch.spec)),
            Operation::VerifyMac => {
                self.put("MacAlgorithm", mac_algorithm(dispatch.spec));
                self.bytes("Mac", dispatch.blob);
            }
            _ => {
                self.put("MessageType", "RAW");
                self.put("SigningAlgorithm", signing_algorithm(dispatch.spec));
                if dispatch.operation == Operation::Verify {
                    self.bytes("Signature", dispatch.blob);
                }
            }
        }
    }

    /// Data keys, key pairs and random bytes; what is left needs no more than its key.
    fn generate(&mut self, dispatch: &Dispatch<'_>) {
        match dispatch.operation {
            Operation::GenerateDataKey | Operation::GenerateDataKeyWithoutPlaintext => {
                self.put("KeySpec", "AES_256");
            }
            Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext => {
                self.put("KeyPairSpec", dispatch.pair_spec.name());
            }
            Operation::GenerateRandom => self.put("NumberOfBytes", dispatch.length),
            _ => {}
        }
    }

    /// The encryption context, which symmetric keys alone have.
    fn context(&mut self, dispatch: &Dispatch<'_>) {
        let Some(value) = dispatch.context.filter(|_| dispatch.spec == KeySpec::SymmetricDefault) else {
            return;
        };
        let context = json!({ Dispatch::CONTEXT: value });
        if dispatch.operation == Operation::ReEncrypt {
            self.put("SourceEncryptionContext", context.clone());
            self.put("DestinationEncryptionContext", context);
        } else {
            self.put("EncryptionContext", context);
        }
    }
}
