//! Names that another room defines: Regions and quota pools. The one place to change when that room changes.

/// Regions whose default quotas are known.
pub(crate) fn regions() -> impl Iterator<Item = &'static str> {
    [
        "us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-east-2 ap-south-1 ap-south-2",
        "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2 ap-southeast-3",
        "ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1",
        "eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1",
        "me-central-1 me-south-1 mx-central-1 sa-east-1 us-gov-east-1 us-gov-west-1 cn-north-1",
        "cn-northwest-1",
    ]
    .into_iter()
    .flat_map(str::split_whitespace)
}

/// Whether `name` is one of [`regions`].
pub(crate) fn is_region(name: &str) -> bool {
    regions().any(|each| each == name)
}

/// Every pool: the shared ones, data key pairs by spec, and one for each other operation.
pub(crate) fn pool_names() -> impl Iterator<Item = &'static str> {
    use crate::api::Operation::*;
    let shared = "symmetric rsa ecc ml-dsa ml-kem cloudhsm external key-pair-rsa-2048 key-pair-rsa-3072 \
        key-pair-rsa-4096 key-pair-ecc-nist-p256 key-pair-ecc-nist-p384 key-pair-ecc-nist-p521 \
        key-pair-ecc-secg-p256k1 key-pair-ecc-nist-edwards25519 key-pair-sm2 key-pair-ml-kem";
    let own = crate::api::Operation::ALL.iter().filter(|operation| {
        !matches!(
            operation,
            Decrypt
                | Encrypt
                | ReEncrypt
                | GenerateDataKey
                | GenerateDataKeyWithoutPlaintext
                | GenerateDataKeyPair
                | GenerateDataKeyPairWithoutPlaintext
                | GenerateMac
                | VerifyMac
                | GenerateRandom
                | Sign
                | Verify
                | DeriveSharedSecret
                | Encapsulate
                | Decapsulate
        )
    });
    shared.split_whitespace().chain(own.map(|operation| operation.name()))
}
