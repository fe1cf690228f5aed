//! The members that a [`Dispatch`] gives, said once: as the JSON of awsJson1.1, or as the emulator in this process takes them.

use super::dispatch::{Dispatch, encryption_algorithm, mac_algorithm, signing_algorithm, usage};
use crate::api::{KeySpec, Operation};
use crate::kms::wire::Input;
use base64_simd::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::mem::replace;

/// Whether a call can have an encryption context.
const fn takes_context(operation: Operation) -> bool {
    use Operation::*;
    matches!(
        operation,
        Encrypt
            | Decrypt
            | ReEncrypt
            | GenerateDataKey
            | GenerateDataKeyWithoutPlaintext
            | GenerateDataKeyPair
            | GenerateDataKeyPairWithoutPlaintext
    )
}

/// What takes the members of a call.
trait Members {
    fn text(&mut self, name: &str, text: &str);
    fn bytes(&mut self, name: &str, bytes: &[u8]);
    fn number(&mut self, name: &str, number: u32);
    /// A map with one pair.
    fn pair(&mut self, name: &str, pair: (&str, &str));
    /// A list with one structure.
    fn structure(&mut self, name: &str, texts: &[(&str, &str)]);
}

impl Members for Map<String, Value> {
    fn text(&mut self, name: &str, text: &str) {
        self.insert(name.into(), text.into());
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.insert(name.into(), STANDARD.encode_to_string(bytes).into());
    }

    fn number(&mut self, name: &str, number: u32) {
        self.insert(name.into(), number.into());
    }

    fn pair(&mut self, name: &str, (key, value): (&str, &str)) {
        self.insert(name.into(), json!({ key: value }));
    }

    fn structure(&mut self, name: &str, texts: &[(&str, &str)]) {
        let one: Map<String, Value> =
            texts.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        self.insert(name.into(), json!([one]));
    }
}

impl Members for Input {
    fn text(&mut self, name: &str, text: &str) {
        give(self, |input| input.with_text(name, text));
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        give(self, |input| input.with_blob(name, bytes));
    }

    fn number(&mut self, name: &str, number: u32) {
        give(self, |input| input.with_integer(name, number.into()));
    }

    fn pair(&mut self, name: &str, (key, value): (&str, &str)) {
        give(self, |input| input.with_context(name, BTreeMap::from([(key.into(), value.into())])));
    }

    fn structure(&mut self, name: &str, texts: &[(&str, &str)]) {
        give(self, |input| input.with_structure_of(name, texts));
    }
}

fn give(input: &mut Input, with: impl FnOnce(Input) -> Input) {
    let so_far = replace(input, Input::new(Operation::ListKeys));
    *input = with(so_far);
}

/// Whether a call names one key as `KeyId`.
const fn needs_key(operation: Operation) -> bool {
    use Operation::*;
    !matches!(operation, CreateKey | DescribeCustomKeyStores | GenerateRandom | ReEncrypt)
}

/// The body of a call.
pub fn json(dispatch: &Dispatch<'_>) -> Vec<u8> {
    let mut body = Map::new();
    fill(dispatch, &mut body);
    serde_json::to_vec(&body).expect("a mapping of texts and numbers is always JSON")
}

/// A call of the emulator in this process.
pub(super) fn input(dispatch: &Dispatch<'_>) -> Input {
    let mut input = Input::new(dispatch.operation);
    fill(dispatch, &mut input);
    input
}

/// Gives all that a call gives.
fn fill(dispatch: &Dispatch<'_>, body: &mut impl Members) {
    if needs_key(dispatch.operation) {
        body.text("KeyId", dispatch.key);
    }
    match dispatch.operation {
        Operation::CreateKey | Operation::ScheduleKeyDeletion => manage(dispatch, body),
        Operation::Encrypt | Operation::Decrypt | Operation::ReEncrypt => cipher(dispatch, body),
        Operation::Sign | Operation::Verify | Operation::GenerateMac | Operation::VerifyMac => {
            sign(dispatch, body);
        }
        _ => generate(dispatch, body),
    }
    context(dispatch, body);
}

/// Making keys and giving them up.
fn manage(dispatch: &Dispatch<'_>, body: &mut impl Members) {
    if dispatch.operation == Operation::ScheduleKeyDeletion {
        return body.number("PendingWindowInDays", 7);
    }
    body.text("KeySpec", dispatch.spec.name());
    body.text("KeyUsage", usage(dispatch.spec, !dispatch.payload.is_empty()));
    body.text("Description", "Made by keystorm for a load test; to be deleted.");
    body.structure("Tags", &[("TagKey", Dispatch::TAG), ("TagValue", dispatch.tag)]);
    if let Some(policy) = dispatch.policy {
        body.text("Policy", policy);
    }
}

/// Encrypting and decrypting.
fn cipher(dispatch: &Dispatch<'_>, body: &mut impl Members) {
    match dispatch.operation {
        Operation::Encrypt => body.bytes("Plaintext", dispatch.payload),
        Operation::ReEncrypt => {
            body.bytes("CiphertextBlob", dispatch.blob);
            body.text("DestinationKeyId", dispatch.key);
        }
        _ => body.bytes("CiphertextBlob", dispatch.blob),
    }
    // Symmetric keys have one algorithm.
    if dispatch.spec == KeySpec::SymmetricDefault {
        return;
    }
    let algorithm = encryption_algorithm(dispatch.spec);
    if dispatch.operation == Operation::ReEncrypt {
        body.text("SourceKeyId", dispatch.key);
        body.text("SourceEncryptionAlgorithm", algorithm);
        body.text("DestinationEncryptionAlgorithm", algorithm);
    } else {
        body.text("EncryptionAlgorithm", algorithm);
    }
}

/// Signatures and message authentication codes.
fn sign(dispatch: &Dispatch<'_>, body: &mut impl Members) {
    body.bytes("Message", dispatch.payload);
    match dispatch.operation {
        Operation::GenerateMac => body.text("MacAlgorithm", mac_algorithm(dispatch.spec)),
        Operation::VerifyMac => {
            body.text("MacAlgorithm", mac_algorithm(dispatch.spec));
            body.bytes("Mac", dispatch.blob);
        }
        _ => {
            body.text("MessageType", "RAW");
            body.text("SigningAlgorithm", signing_algorithm(dispatch.spec));
            if dispatch.operation == Operation::Verify {
                body.bytes("Signature", dispatch.blob);
            }
        }
    }
}

/// Data keys, key pairs and random bytes; what is left needs no more than its key.
fn generate(dispatch: &Dispatch<'_>, body: &mut impl Members) {
    match dispatch.operation {
        Operation::GenerateDataKey | Operation::GenerateDataKeyWithoutPlaintext => {
            body.text("KeySpec", "AES_256");
        }
        Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext => {
            body.text("KeyPairSpec", dispatch.pair_spec.name());
        }
        Operation::GenerateRandom => body.number("NumberOfBytes", dispatch.length),
        _ => {}
    }
}

/// The encryption context, which symmetric keys alone have.
fn context(dispatch: &Dispatch<'_>, body: &mut impl Members) {
    let has_context = dispatch.spec == KeySpec::SymmetricDefault && takes_context(dispatch.operation);
    let Some(value) = dispatch.context.filter(|_| has_context) else { return };
    let pair = (Dispatch::CONTEXT, value);
    if dispatch.operation == Operation::ReEncrypt {
        body.pair("SourceEncryptionContext", pair);
        body.pair("DestinationEncryptionContext", pair);
    } else {
        body.pair("EncryptionContext", pair);
    }
}
