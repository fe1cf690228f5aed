//! What several operations call by the same name, asked of any of them.

use super::Input;
use crate::api::{KeySpec, Operation};

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

    /// `GrantTokens`, where the operation takes them.
    pub fn grant_tokens(&self) -> &[String] {
        if self.has("GrantTokens") { self.texts("GrantTokens") } else { &[] }
    }

    /// Whether the operation has a member of that name.
    pub fn has(&self, name: &str) -> bool {
        self.members().iter().any(|member| member.name == name)
    }
}
