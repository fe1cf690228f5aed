//! An [`Ask`] as the JSON of awsJson1.1.

use super::ask::{Ask, encryption_algorithm, mac_algorithm, signing_algorithm, usage};
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
pub fn json(ask: &Ask<'_>) -> Vec<u8> {
    let mut body = Body::default();
    if needs_key(ask.operation) {
        body.put("KeyId", ask.key);
    }
    match ask.operation {
        Operation::CreateKey | Operation::ScheduleKeyDeletion => body.manage(ask),
        Operation::Encrypt | Operation::Decrypt | Operation::ReEncrypt => body.cipher(ask),
        Operation::Sign | Operation::Verify | Operation::GenerateMac | Operation::VerifyMac => body.sign(ask),
        _ => body.generate(ask),
    }
    body.context(ask);
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
    fn manage(&mut self, ask: &Ask<'_>) {
        if ask.operation == Operation::ScheduleKeyDeletion {
            return self.put("PendingWindowInDays", 7);
        }
        self.put("KeySpec", ask.spec.name());
        self.put("KeyUsage", usage(ask.spec, !ask.payload.is_empty()));
        self.put("Description", "Made by keystorm for a load test; to be deleted.");
        self.put("Tags", json!([{ "TagKey": Ask::TAG, "TagValue": ask.tag }]));
        if let Some(policy) = ask.policy {
            self.put("Policy", policy);
        }
    }

    /// Encrypting and decrypting.
    fn cipher(&mut self, ask: &Ask<'_>) {
        match ask.operation {
            Operation::Encrypt => self.bytes("Plaintext", ask.payload),
            Operation::ReEncrypt => {
                self.bytes("CiphertextBlob", ask.blob);
                self.put("DestinationKeyId", ask.key);
            }
            _ => self.bytes("CiphertextBlob", ask.blob),
        }
        // Symmetric keys have one algorithm.
        if ask.spec == KeySpec::SymmetricDefault {
            return;
        }
        let algorithm = encryption_algorithm(ask.spec);
        if ask.operation == Operation::ReEncrypt {
            self.put("SourceKeyId", ask.key);
            self.put("SourceEncryptionAlgorithm", algorithm);
            self.put("DestinationEncryptionAlgorithm", algorithm);
        } else {
            self.put("EncryptionAlgorithm", algorithm);
        }
    }

    /// Signatures and message authentication codes.
    fn sign(&mut self, ask: &Ask<'_>) {
        self.bytes("Message", ask.payload);
        match ask.operation {
            Operation::GenerateMac => self.put("MacAlgorithm", mac_algorithm(ask.spec)),
            Operation::VerifyMac => {
                self.put("MacAlgorithm", mac_algorithm(ask.spec));
                self.bytes("Mac", ask.blob);
            }
            _ => {
                self.put("MessageType", "RAW");
                self.put("SigningAlgorithm", signing_algorithm(ask.spec));
                if ask.operation == Operation::Verify {
                    self.bytes("Signature", ask.blob);
                }
            }
        }
    }

    /// Data keys, key pairs and random bytes; what is left needs no more than its key.
    fn generate(&mut self, ask: &Ask<'_>) {
        match ask.operation {
            Operation::GenerateDataKey | Operation::GenerateDataKeyWithoutPlaintext => {
                self.put("KeySpec", "AES_256");
            }
            Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext => {
                self.put("KeyPairSpec", ask.pair_spec.name());
            }
            Operation::GenerateRandom => self.put("NumberOfBytes", ask.length),
            _ => {}
        }
    }

    /// The encryption context, which symmetric keys alone have.
    fn context(&mut self, ask: &Ask<'_>) {
        let Some(value) = ask.context.filter(|_| ask.spec == KeySpec::SymmetricDefault) else { return };
        let context = json!({ Ask::CONTEXT: value });
        if ask.operation == Operation::ReEncrypt {
            self.put("SourceEncryptionContext", context.clone());
            self.put("DestinationEncryptionContext", context);
        } else {
            self.put("EncryptionContext", context);
        }
    }
}
