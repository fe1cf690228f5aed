//! An [`Ask`] as the JSON of awsJson1.1.

use super::ask::{Ask, encryption_algorithm, mac_algorithm, signing_algorithm, usage};
use crate::api::{KeySpec, Operation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Whether a call names one key as `KeyId`.
const fn needs_key(operation: Operation) -> bool {
    use Operation::*;
    !matches!(operation, CreateKey | DescribeCustomKeyStores | GenerateRandom | ReEncrypt)
}

/// The body of a call.
pub fn json(ask: &Ask<'_>) -> Vec<u8> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.into(), value);
    let is_symmetric = ask.spec == KeySpec::SymmetricDefault;
    let encoded = |bytes: &[u8]| Value::from(STANDARD.encode(bytes));
    if needs_key(ask.operation) {
        put("KeyId", ask.key.into());
    }
    match ask.operation {
        Operation::CreateKey => {
            put("KeySpec", ask.spec.name().into());
            put("KeyUsage", usage(ask.spec, !ask.payload.is_empty()).into());
            put("Description", "Made by keystorm for a load test; to be deleted.".into());
            put("Tags", json!([{ "TagKey": Ask::TAG, "TagValue": ask.tag }]));
        }
        Operation::ScheduleKeyDeletion => {
            put("PendingWindowInDays", 7.into());
        }
        Operation::Encrypt => {
            put("Plaintext", encoded(ask.payload));
            if !is_symmetric {
                put("EncryptionAlgorithm", encryption_algorithm(ask.spec).into());
            }
        }
        Operation::Decrypt => {
            put("CiphertextBlob", encoded(ask.blob));
            if !is_symmetric {
                put("EncryptionAlgorithm", encryption_algorithm(ask.spec).into());
            }
        }
        Operation::ReEncrypt => {
            put("CiphertextBlob", encoded(ask.blob));
            put("DestinationKeyId", ask.key.into());
            if !is_symmetric {
                put("SourceKeyId", ask.key.into());
                put("SourceEncryptionAlgorithm", encryption_algorithm(ask.spec).into());
                put("DestinationEncryptionAlgorithm", encryption_algorithm(ask.spec).into());
            }
        }
        Operation::GenerateDataKey | Operation::GenerateDataKeyWithoutPlaintext => {
            put("KeySpec", "AES_256".into());
        }
        Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext => {
            put("KeyPairSpec", ask.pair_spec.name().into());
        }
        Operation::GenerateRandom => {
            put("NumberOfBytes", ask.length.into());
        }
        Operation::GenerateMac | Operation::VerifyMac => {
            put("Message", encoded(ask.payload));
            put("MacAlgorithm", mac_algorithm(ask.spec).into());
            if ask.operation == Operation::VerifyMac {
                put("Mac", encoded(ask.blob));
            }
        }
        Operation::Sign | Operation::Verify => {
            put("Message", encoded(ask.payload));
            put("MessageType", "RAW".into());
            put("SigningAlgorithm", signing_algorithm(ask.spec).into());
            if ask.operation == Operation::Verify {
                put("Signature", encoded(ask.blob));
            }
        }
        _ => {}
    }
    if let Some(value) = ask.context.filter(|_| is_symmetric) {
        let context = json!({ Ask::CONTEXT: value });
        if ask.operation == Operation::ReEncrypt {
            put("SourceEncryptionContext", context.clone());
            put("DestinationEncryptionContext", context);
        } else {
            put("EncryptionContext", context);
        }
    }
    serde_json::to_vec(&body).expect("a mapping of texts and numbers is always JSON")
}
