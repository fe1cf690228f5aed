//! What several operations call by the same name, asked of any of them.

use super::Input;
use super::input::Given;
use super::shapes::Kind;
use crate::api::{KeySpec, Operation};
use serde_json::{Map, Value, json};

impl Input {
    /// The key that the call names: `KeyId`, or `TargetKeyId` of an alias; `None` where there is no such member.
    pub fn key_id(&self) -> Option<&str> {
        let name = match self.operation() {
            Operation::CreateAlias | Operation::UpdateAlias => "TargetKeyId",
            _ => "KeyId",
        };
        self.has(name).then(|| self.text(name)).flatten()
    }

    /// The ciphertext whose key is not named: that of Decrypt and ReEncrypt.
    pub fn ciphertext(&self) -> Option<&[u8]> {
        self.has("CiphertextBlob").then(|| self.blob("CiphertextBlob")).flatten()
    }

    /// `KeyPairSpec` of the data key pair operations.
    pub fn pair_spec(&self) -> Option<KeySpec> {
        self.has("KeyPairSpec").then(|| self.text("KeyPairSpec")).flatten().and_then(KeySpec::from_name)
    }

    /// A type of key that does what the call asks for, by the algorithm that it names, and for ReEncrypt one of the
    /// destination's: what a quota is chosen by where the keys themselves are not known.
    pub fn specs_by_algorithm(&self) -> (KeySpec, Option<KeySpec>) {
        let named = |name: &'static str| self.has(name).then(|| self.text(name)).flatten();
        let of = |algorithm: &str| match algorithm {
            name if name.starts_with("RSA") => KeySpec::Rsa2048,
            name if name.starts_with("ECDSA") => KeySpec::EccNistP256,
            name if name.starts_with("ED25519") => KeySpec::EccNistEdwards25519,
            name if name.starts_with("ML_DSA") => KeySpec::MlDsa44,
            name if name.starts_with("ML_KEM") => KeySpec::MlKem512,
            name if name.starts_with("SM2") => KeySpec::Sm2,
            name if name.starts_with("ECDH") => KeySpec::EccNistP256,
            name if name.starts_with("HMAC") => KeySpec::Hmac256,
            _ => KeySpec::SymmetricDefault,
        };
        let members = [
            "SigningAlgorithm",
            "EncryptionAlgorithm",
            "SourceEncryptionAlgorithm",
            "KeyAgreementAlgorithm",
            "EncapsulationAlgorithm",
            "MacAlgorithm",
        ];
        let first = members.into_iter().find_map(named).map_or(KeySpec::SymmetricDefault, of);
        let second = (self.operation() == Operation::ReEncrypt)
            .then(|| named("DestinationEncryptionAlgorithm").map_or(KeySpec::SymmetricDefault, of));
        (first, second)
    }

    /// `GrantTokens`, where the operation takes them.
    pub fn grant_tokens(&self) -> &[String] {
        if self.has("GrantTokens") { self.texts("GrantTokens") } else { &[] }
    }

    /// Whether the operation has a member of that name.
    pub fn has(&self, name: &str) -> bool {
        self.members().iter().any(|member| member.name == name)
    }

    /// The members that an audit trail may show, by their names in lower camel case: no bytes, no secrets, no tokens.
    pub fn shown(&self) -> Map<String, Value> {
        let all = self.members().iter().enumerate();
        all.filter_map(|(at, member)| {
            let hidden =
                member.name == "GrantTokens" || matches!(&member.kind, Kind::Text(text) if text.is_secret);
            let value = self.at(at).filter(|_| !hidden).and_then(shown)?;
            Some((lower_camel(member.name), value))
        })
        .collect()
    }
}

fn shown(given: &Given) -> Option<Value> {
    Some(match given {
        Given::Blob(_) => return None,
        Given::Text(text) => json!(text),
        Given::Integer(number) => json!(number),
        Given::Flag(flag) => json!(flag),
        Given::Time(seconds) => json!(seconds),
        Given::Context(context) => json!(context),
        Given::Texts(texts) => json!(texts),
        Given::Structures(all) => {
            Value::Array(all.iter().map(|input| Value::Object(input.shown())).collect())
        }
        Given::Structure(input) => Value::Object(input.shown()),
    })
}

fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
