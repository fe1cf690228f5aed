//! What several operations call by the same name, asked of any of them.

use super::Input;
use super::input::Given;
use crate::api::shapes::Kind;
use crate::api::{KeySpec, Operation};
use serde_json::{Map, Value, json};

impl Input {
    /// The key that the call names: `KeyId`, or `TargetKeyId` of an alias; `None` where there is no such member.
    pub fn key_id(&self) -> Option<&str> {
        let name = match self.operation() {
            Operation::CreateAlias | Operation::UpdateAlias => "TargetKeyId",
            _ => "KeyId",
        };
        self.optional_text(name)
    }

    /// A text that the operation may not have a member for.
    fn optional_text(&self, name: &str) -> Option<&str> {
        match self.optional(name) {
            Some(Given::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The ciphertext whose key is not named: that of Decrypt and ReEncrypt.
    pub fn ciphertext(&self) -> Option<&[u8]> {
        match self.optional("CiphertextBlob") {
            Some(Given::Blob(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// `KeyPairSpec` of the data key pair operations.
    pub fn pair_spec(&self) -> Option<KeySpec> {
        self.optional_text("KeyPairSpec").and_then(KeySpec::from_name)
    }

    /// A type of key that does what the call asks for, by the algorithm that it names, and for ReEncrypt one of the
    /// destination's: what a quota is chosen by where the keys themselves are not known.
    pub fn specs_by_algorithm(&self) -> (KeySpec, Option<KeySpec>) {
        let named = |name: &'static str| self.optional_text(name);
        let of = |algorithm: &str| KeySpec::with_algorithm(algorithm).unwrap_or(KeySpec::SymmetricDefault);
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
        match self.optional("GrantTokens") {
            Some(Given::Texts(tokens)) => tokens,
            _ => &[],
        }
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
