//! Which key can do what.

use crate::api::{KeySpec, Operation};

/// Whether a key of `spec` can do `operation`; operations that manage keys go with every spec.
///
/// Source: AWS KMS Developer Guide, "Key spec reference" and the API reference (2026).
pub fn can_do(spec: KeySpec, operation: Operation) -> bool {
    use KeySpec::*;
    use Operation::*;
    let is_symmetric = spec == SymmetricDefault;
    let is_rsa = matches!(spec, Rsa2048 | Rsa3072 | Rsa4096);
    let is_nist = matches!(spec, EccNistP256 | EccNistP384 | EccNistP521);
    let is_curve = is_nist || matches!(spec, EccSecgP256k1 | EccNistEdwards25519);
    let is_mac = matches!(spec, Hmac224 | Hmac256 | Hmac384 | Hmac512);
    let is_kem = matches!(spec, MlKem512 | MlKem768 | MlKem1024);
    let is_dsa = matches!(spec, MlDsa44 | MlDsa65 | MlDsa87);
    match operation {
        Encrypt | Decrypt | ReEncrypt => is_symmetric || is_rsa || spec == Sm2,
        GenerateDataKey
        | GenerateDataKeyWithoutPlaintext
        | GenerateDataKeyPair
        | GenerateDataKeyPairWithoutPlaintext => is_symmetric,
        GenerateMac | VerifyMac => is_mac,
        Sign | Verify => is_rsa || is_curve || is_dsa || spec == Sm2,
        DeriveSharedSecret => is_nist || spec == Sm2,
        Encapsulate | Decapsulate => is_kem,
        GetPublicKey => !is_symmetric && !is_mac,
        _ => true,
    }
}

/// Whether KMS makes data key pairs of this spec.
pub fn is_pair_spec(spec: KeySpec) -> bool {
    !matches!(
        spec,
        KeySpec::SymmetricDefault
            | KeySpec::Hmac224
            | KeySpec::Hmac256
            | KeySpec::Hmac384
            | KeySpec::Hmac512
            | KeySpec::MlDsa44
            | KeySpec::MlDsa65
            | KeySpec::MlDsa87
    )
}

/// Whether a live run can make this call: what needs nothing but a key, a payload and what set-up has made.
pub const fn runs_live(operation: Operation) -> bool {
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
            | GenerateRandom
            | GenerateMac
            | VerifyMac
            | Sign
            | Verify
            | DescribeCustomKeyStores
            | DescribeKey
            | GetPublicKey
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_aws_says_they_do() {
        assert!(can_do(KeySpec::SymmetricDefault, Operation::GenerateDataKeyPair));
        assert!(!can_do(KeySpec::SymmetricDefault, Operation::Sign));
        assert!(
            can_do(KeySpec::Rsa2048, Operation::Encrypt) && !can_do(KeySpec::EccNistP256, Operation::Encrypt)
        );
        assert!(can_do(KeySpec::Hmac256, Operation::DescribeKey));
        assert!(!is_pair_spec(KeySpec::SymmetricDefault) && is_pair_spec(KeySpec::Sm2));
    }
}
