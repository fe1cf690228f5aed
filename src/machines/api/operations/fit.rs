//! Which type of key can do which operation, and how much of it.

use super::super::{KeyFamily, KeySpec, KeyUsage};
use super::shapes::Kind;
use super::{Fill, Operation};

impl KeySpec {
    /// Whether a key of the type can do an operation; operations that manage keys go with every type.
    pub fn can_do(self, operation: Operation) -> bool {
        use Operation::*;
        match operation {
            GenerateDataKey
            | GenerateDataKeyWithoutPlaintext
            | GenerateDataKeyPair
            | GenerateDataKeyPairWithoutPlaintext => self.family() == KeyFamily::Symmetric,
            GetPublicKey => self.has_public_key(),
            _ => operation.usage().is_none_or(|usage| self.usages().contains(&usage)),
        }
    }
}

impl Operation {
    /// The largest plaintext, message or random length the operation takes, where it takes one.
    ///
    /// Source: KMS API reference (2026): Encrypt takes 4,096 bytes under a symmetric key and less under RSA,
    /// Sign and Verify and the MAC operations take 4,096, GenerateRandom gives up to 1,024.
    pub fn max_payload(self, spec: KeySpec) -> Option<u64> {
        let most = match (self.payload_bound(), self.live()?.needs) {
            (Some(_), None) if self.usage() == Some(KeyUsage::EncryptDecrypt) => spec.max_plaintext(),
            (Some(most), _) => most,
            // Of what it is given as a ciphertext, the one that made it.
            (None, maker) => maker?.payload_bound()?,
        };
        Some(most)
    }

    /// The bound of the member that live runs fill with a payload or with its length.
    fn payload_bound(self) -> Option<u64> {
        let filled = |(_, fill): &&(&str, Fill)| matches!(fill, Fill::Payload | Fill::Length);
        let (name, _) = self.live()?.members.iter().find(filled)?;
        match self.request().iter().find(|member| member.name == *name)?.kind {
            Kind::Blob(bounds) | Kind::Integer(bounds) => Some(bounds.max),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_payload_is_the_bound_of_the_request_and_under_encrypt_the_key_s() {
        let most = |operation: Operation| operation.max_payload(KeySpec::Rsa2048);
        let all = Operation::ALL.iter().filter_map(|each| Some((each.name(), most(*each)?)));
        let expected = [
            ("Decrypt", 4096),
            ("Encrypt", 214),
            ("GenerateMac", 4096),
            ("GenerateRandom", 1024),
            ("ReEncrypt", 4096),
            ("Sign", 4096),
            ("Verify", 4096),
            ("VerifyMac", 4096),
        ];
        assert_eq!(all.collect::<Vec<_>>(), expected);
        assert_eq!(Operation::Encrypt.max_payload(KeySpec::SymmetricDefault), Some(4096));
    }

    #[test]
    fn keys_do_what_aws_says_they_do() {
        let (symmetric, rsa) = (KeySpec::SymmetricDefault, KeySpec::Rsa2048);
        assert!(symmetric.can_do(Operation::GenerateDataKeyPair) && !rsa.can_do(Operation::GenerateDataKey));
        assert!(!symmetric.can_do(Operation::Sign) && !symmetric.can_do(Operation::GetPublicKey));
        assert!(rsa.can_do(Operation::Encrypt) && !KeySpec::EccNistP256.can_do(Operation::Encrypt));
        assert!(KeySpec::Hmac256.can_do(Operation::DescribeKey));
        assert!(KeySpec::MlKem768.can_do(Operation::Decapsulate) && !rsa.can_do(Operation::Decapsulate));
        assert!(KeySpec::EccNistP521.can_do(Operation::DeriveSharedSecret));
        assert!(!KeySpec::EccSecgP256k1.can_do(Operation::DeriveSharedSecret));
        let pairs: Vec<&str> = KeySpec::ALL.iter().filter(|s| s.is_pair_spec()).map(|s| s.name()).collect();
        assert_eq!(pairs.len(), 12, "{pairs:?}");
        assert!(!symmetric.is_pair_spec() && KeySpec::Sm2.is_pair_spec() && KeySpec::MlKem512.is_pair_spec());
    }
}
