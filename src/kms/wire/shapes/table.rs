//! The rows of [`request`]: one for each operation, made of the kinds above them.
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17.

use super::values;
use super::{Bounds, Kind, Member, blob, integer, like, one_of, one_of_listed, secret, text};
use crate::api::Operation;
use crate::kms::wire::pattern;

const KEY_ID: Kind = like(1, 2048, &pattern::ASCII);
const CUSTOM_KEY_STORE_ID: Kind = text(1, 64);
const ALIAS_NAME: Kind = like(1, 256, &pattern::NAME);
const CUSTOM_KEY_STORE_NAME: Kind = text(1, 256);
const CLOUD_HSM_CLUSTER_ID: Kind = like(19, 24, &pattern::CLUSTER);
const TRUST_ANCHOR_CERTIFICATE: Kind = text(1, 5000);
const KEY_STORE_PASSWORD: Kind = secret(7, 32, None);
const CUSTOM_KEY_STORE: Kind = one_of(values::CUSTOM_KEY_STORE);
const XKS_PROXY_URI_ENDPOINT: Kind = like(10, 128, &pattern::ENDPOINT);
const XKS_PROXY_URI_PATH: Kind = like(10, 128, &pattern::URI_PATH);
const XKS_PROXY_VPC_ENDPOINT_SERVICE_NAME: Kind = like(20, 64, &pattern::ENDPOINT_SERVICE);
const ACCOUNT_ID: Kind = like(12, 12, &pattern::ACCOUNT);
const PROXY_ACCESS_KEY: Kind = secret(20, 30, Some(&pattern::PROXY_ID));
const PROXY_SECRET_KEY: Kind = secret(43, 64, Some(&pattern::PROXY_SECRET));
const PROXY_CREDENTIAL: Kind = Kind::Structure(&[
    Member::must("AccessKeyId", PROXY_ACCESS_KEY),
    Member::must("RawSecretAccessKey", PROXY_SECRET_KEY),
]);
const XKS_PROXY_CONNECTIVITY: Kind = one_of(values::XKS_PROXY_CONNECTIVITY);
const PRINCIPAL_ID: Kind = like(1, 256, &pattern::PRINCIPAL);
const GRANT_OPERATION: Kind = one_of(values::GRANT_OPERATION);
const GRANT_OPERATIONS: Kind = Kind::List(Bounds::NONE, &GRANT_OPERATION);
const GRANT_SOURCE_ARN: Kind = like(20, 512, &pattern::SOURCE_ARN);
const GRANT_CONSTRAINTS: Kind = Kind::Structure(&[
    Member::may("EncryptionContextSubset", Kind::Context),
    Member::may("EncryptionContextEquals", Kind::Context),
    Member::may("SourceArn", GRANT_SOURCE_ARN),
]);
const GRANT_TOKEN: Kind = text(1, 8192);
const GRANT_TOKENS: Kind = Kind::List(Bounds { min: 0, max: 10 }, &GRANT_TOKEN);
const GRANT_NAME: Kind = like(1, 256, &pattern::NAME);
const SERVICE_PRINCIPAL: Kind = like(1, 128, &pattern::SERVICE_PRINCIPAL);
const POLICY: Kind = like(1, 131_072, &pattern::POLICY);
const DESCRIPTION: Kind = text(0, 8192);
const KEY_USAGE: Kind = one_of(values::KEY_USAGE);
const OLD_KEY_SPEC: Kind = one_of(values::OLD_KEY_SPEC);
const KEY_SPEC: Kind = one_of(values::KEY_SPEC);
const ORIGIN: Kind = one_of(values::ORIGIN);
const TAG_KEY: Kind = text(1, 128);
const TAG_VALUE: Kind = text(0, 256);
const TAG: Kind = Kind::Structure(&[Member::must("TagKey", TAG_KEY), Member::must("TagValue", TAG_VALUE)]);
const TAGS: Kind = Kind::List(Bounds::NONE, &TAG);
const XKS_KEY_ID: Kind = like(1, 128, &pattern::XKS_KEY);
const CIPHERTEXT: Kind = blob(1, 6144);
const ENCAPSULATION_ALGORITHM_SPEC: Kind = one_of(values::ENCAPSULATION_ALGORITHM_SPEC);
const ENCRYPTION_ALGORITHM_SPEC: Kind = one_of(values::ENCRYPTION_ALGORITHM_SPEC);
const KEY_ENCRYPTION_MECHANISM: Kind = one_of(values::KEY_ENCRYPTION_MECHANISM);
const ATTESTATION_DOCUMENT: Kind = blob(1, 262_144);
const RECIPIENT: Kind = Kind::Structure(&[
    Member::may("KeyEncryptionAlgorithm", KEY_ENCRYPTION_MECHANISM),
    Member::may("AttestationDocument", ATTESTATION_DOCUMENT),
]);
const DRY_RUN_MODIFIER: Kind = one_of(values::DRY_RUN_MODIFIER);
const DRY_RUN_MODIFIERS: Kind = Kind::List(Bounds::NONE, &DRY_RUN_MODIFIER);
const KEY_MATERIAL_ID: Kind = like(64, 64, &pattern::HEX);
const KEY_AGREEMENT_ALGORITHM_SPEC: Kind = one_of(values::KEY_AGREEMENT_ALGORITHM_SPEC);
const PUBLIC_KEY: Kind = blob(1, 8192);
const LIMIT: Kind = integer(1, 1000);
const PLACE: Kind = like(1, 1024, &pattern::MARKER);
const ROTATION_PERIOD_IN_DAYS: Kind = integer(90, 2560);
const PLAINTEXT: Kind = blob(1, 4096);
const NUMBER_OF_BYTES: Kind = integer(1, 1024);
const DATA_KEY_SPEC: Kind = one_of_listed(values::DATA_KEY_SPEC, values::KEY_SPEC);
const DATA_KEY_PAIR_SPEC: Kind = one_of(values::DATA_KEY_PAIR_SPEC);
const MAC_ALGORITHM_SPEC: Kind = one_of(values::MAC_ALGORITHM_SPEC);
const POLICY_NAME: Kind = like(1, 128, &pattern::WORD);
const WRAPPING_ALGORITHM: Kind = one_of(values::WRAPPING_ALGORITHM);
const WRAPPING_KEY_SPEC: Kind = one_of(values::WRAPPING_KEY_SPEC);
const EXPIRATION_MODEL: Kind = one_of(values::EXPIRATION_MODEL);
const IMPORT: Kind = one_of(values::IMPORT);
const KEY_MATERIAL_DESCRIPTION: Kind = like(0, 256, &pattern::DESCRIPTION);
const GRANT_ID: Kind = text(1, 128);
const INCLUDE_KEY_MATERIAL: Kind = one_of(values::INCLUDE_KEY_MATERIAL);
const RESOURCE_OWNER: Kind = one_of(values::RESOURCE_OWNER);
const RESOURCE_OWNERS: Kind = Kind::List(Bounds { min: 1, max: 2 }, &RESOURCE_OWNER);
const REGION: Kind = like(1, 32, &pattern::REGION);
const PENDING_WINDOW_IN_DAYS: Kind = integer(1, 365);
const MESSAGE: Kind = one_of(values::MESSAGE);
const SIGNING_ALGORITHM_SPEC: Kind = one_of(values::SIGNING_ALGORITHM_SPEC);
const TAG_KEYS: Kind = Kind::List(Bounds::NONE, &TAG_KEY);

/// The members of an operation's request, in the model's order.
pub fn request(operation: Operation) -> &'static [Member] {
    REQUESTS[operation.index()].1
}

static REQUESTS: [(Operation, &[Member]); 56] = [
    (Operation::CancelKeyDeletion, &[Member::must("KeyId", KEY_ID)]),
    (Operation::ConnectCustomKeyStore, &[Member::must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID)]),
    (Operation::CreateAlias, &[Member::must("AliasName", ALIAS_NAME), Member::must("TargetKeyId", KEY_ID)]),
    (
        Operation::CreateCustomKeyStore,
        &[
            Member::must("CustomKeyStoreName", CUSTOM_KEY_STORE_NAME),
            Member::may("CloudHsmClusterId", CLOUD_HSM_CLUSTER_ID),
            Member::may("TrustAnchorCertificate", TRUST_ANCHOR_CERTIFICATE),
            Member::may("KeyStorePassword", KEY_STORE_PASSWORD),
            Member::may("CustomKeyStoreType", CUSTOM_KEY_STORE),
            Member::may("XksProxyUriEndpoint", XKS_PROXY_URI_ENDPOINT),
            Member::may("XksProxyUriPath", XKS_PROXY_URI_PATH),
            Member::may("XksProxyVpcEndpointServiceName", XKS_PROXY_VPC_ENDPOINT_SERVICE_NAME),
            Member::may("XksProxyVpcEndpointServiceOwner", ACCOUNT_ID),
            Member::may("XksProxyAuthenticationCredential", PROXY_CREDENTIAL),
            Member::may("XksProxyConnectivity", XKS_PROXY_CONNECTIVITY),
        ],
    ),
    (
        Operation::CreateGrant,
        &[
            Member::must("KeyId", KEY_ID),
            Member::may("GranteePrincipal", PRINCIPAL_ID),
            Member::may("RetiringPrincipal", PRINCIPAL_ID),
            Member::must("Operations", GRANT_OPERATIONS),
            Member::may("Constraints", GRANT_CONSTRAINTS),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("Name", GRANT_NAME),
            Member::may("DryRun", Kind::Flag),
            Member::may("GranteeServicePrincipal", SERVICE_PRINCIPAL),
            Member::may("RetiringServicePrincipal", SERVICE_PRINCIPAL),
        ],
    ),
    (
        Operation::CreateKey,
        &[
            Member::may("Policy", POLICY),
            Member::may("Description", DESCRIPTION),
            Member::may("KeyUsage", KEY_USAGE),
            Member::may("CustomerMasterKeySpec", OLD_KEY_SPEC),
            Member::may("KeySpec", KEY_SPEC),
            Member::may("Origin", ORIGIN),
            Member::may("CustomKeyStoreId", CUSTOM_KEY_STORE_ID),
            Member::may("BypassPolicyLockoutSafetyCheck", Kind::Flag),
            Member::may("Tags", TAGS),
            Member::may("MultiRegion", Kind::Flag),
            Member::may("XksKeyId", XKS_KEY_ID),
        ],
    ),
    (
        Operation::Decapsulate,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("SharedSecretCiphertextBlob", CIPHERTEXT),
            Member::must("EncapsulationAlgorithm", ENCAPSULATION_ALGORITHM_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::Decrypt,
        &[
            Member::may("CiphertextBlob", CIPHERTEXT),
            Member::may("EncryptionContext", Kind::Context),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("KeyId", KEY_ID),
            Member::may("EncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC),
            Member::may("Recipient", RECIPIENT),
            Member::may("DryRun", Kind::Flag),
            Member::may("DryRunModifiers", DRY_RUN_MODIFIERS),
        ],
    ),
    (Operation::DeleteAlias, &[Member::must("AliasName", ALIAS_NAME)]),
    (Operation::DeleteCustomKeyStore, &[Member::must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID)]),
    (
        Operation::DeleteImportedKeyMaterial,
        &[Member::must("KeyId", KEY_ID), Member::may("KeyMaterialId", KEY_MATERIAL_ID)],
    ),
    (
        Operation::DeriveSharedSecret,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("KeyAgreementAlgorithm", KEY_AGREEMENT_ALGORITHM_SPEC),
            Member::must("PublicKey", PUBLIC_KEY),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
            Member::may("Recipient", RECIPIENT),
        ],
    ),
    (
        Operation::DescribeCustomKeyStores,
        &[
            Member::may("CustomKeyStoreId", CUSTOM_KEY_STORE_ID),
            Member::may("CustomKeyStoreName", CUSTOM_KEY_STORE_NAME),
            Member::may("Limit", LIMIT),
            Member::may("Marker", PLACE),
        ],
    ),
    (Operation::DescribeKey, &[Member::must("KeyId", KEY_ID), Member::may("GrantTokens", GRANT_TOKENS)]),
    (Operation::DisableKey, &[Member::must("KeyId", KEY_ID)]),
    (Operation::DisableKeyRotation, &[Member::must("KeyId", KEY_ID)]),
    (Operation::DisconnectCustomKeyStore, &[Member::must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID)]),
    (Operation::EnableKey, &[Member::must("KeyId", KEY_ID)]),
    (
        Operation::EnableKeyRotation,
        &[Member::must("KeyId", KEY_ID), Member::may("RotationPeriodInDays", ROTATION_PERIOD_IN_DAYS)],
    ),
    (
        Operation::Encapsulate,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("EncapsulationAlgorithm", ENCAPSULATION_ALGORITHM_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::Encrypt,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("Plaintext", PLAINTEXT),
            Member::may("EncryptionContext", Kind::Context),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("EncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::GenerateDataKey,
        &[
            Member::must("KeyId", KEY_ID),
            Member::may("EncryptionContext", Kind::Context),
            Member::may("NumberOfBytes", NUMBER_OF_BYTES),
            Member::may("KeySpec", DATA_KEY_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("Recipient", RECIPIENT),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::GenerateDataKeyPair,
        &[
            Member::may("EncryptionContext", Kind::Context),
            Member::must("KeyId", KEY_ID),
            Member::must("KeyPairSpec", DATA_KEY_PAIR_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("Recipient", RECIPIENT),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::GenerateDataKeyPairWithoutPlaintext,
        &[
            Member::may("EncryptionContext", Kind::Context),
            Member::must("KeyId", KEY_ID),
            Member::must("KeyPairSpec", DATA_KEY_PAIR_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::GenerateDataKeyWithoutPlaintext,
        &[
            Member::must("KeyId", KEY_ID),
            Member::may("EncryptionContext", Kind::Context),
            Member::may("KeySpec", DATA_KEY_SPEC),
            Member::may("NumberOfBytes", NUMBER_OF_BYTES),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::GenerateMac,
        &[
            Member::must("Message", PLAINTEXT),
            Member::must("KeyId", KEY_ID),
            Member::must("MacAlgorithm", MAC_ALGORITHM_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::GenerateRandom,
        &[
            Member::may("NumberOfBytes", NUMBER_OF_BYTES),
            Member::may("CustomKeyStoreId", CUSTOM_KEY_STORE_ID),
            Member::may("Recipient", RECIPIENT),
        ],
    ),
    (Operation::GetKeyLastUsage, &[Member::must("KeyId", KEY_ID)]),
    (Operation::GetKeyPolicy, &[Member::must("KeyId", KEY_ID), Member::may("PolicyName", POLICY_NAME)]),
    (Operation::GetKeyRotationStatus, &[Member::must("KeyId", KEY_ID)]),
    (
        Operation::GetParametersForImport,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("WrappingAlgorithm", WRAPPING_ALGORITHM),
            Member::must("WrappingKeySpec", WRAPPING_KEY_SPEC),
        ],
    ),
    (Operation::GetPublicKey, &[Member::must("KeyId", KEY_ID), Member::may("GrantTokens", GRANT_TOKENS)]),
    (
        Operation::ImportKeyMaterial,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("ImportToken", CIPHERTEXT),
            Member::must("EncryptedKeyMaterial", CIPHERTEXT),
            Member::may("ValidTo", Kind::Time),
            Member::may("ExpirationModel", EXPIRATION_MODEL),
            Member::may("ImportType", IMPORT),
            Member::may("KeyMaterialDescription", KEY_MATERIAL_DESCRIPTION),
            Member::may("KeyMaterialId", KEY_MATERIAL_ID),
        ],
    ),
    (
        Operation::ListAliases,
        &[Member::may("KeyId", KEY_ID), Member::may("Limit", LIMIT), Member::may("Marker", PLACE)],
    ),
    (
        Operation::ListGrants,
        &[
            Member::may("Limit", LIMIT),
            Member::may("Marker", PLACE),
            Member::must("KeyId", KEY_ID),
            Member::may("GrantId", GRANT_ID),
            Member::may("GranteePrincipal", PRINCIPAL_ID),
            Member::may("GranteeServicePrincipal", SERVICE_PRINCIPAL),
        ],
    ),
    (
        Operation::ListKeyPolicies,
        &[Member::must("KeyId", KEY_ID), Member::may("Limit", LIMIT), Member::may("Marker", PLACE)],
    ),
    (
        Operation::ListKeyRotations,
        &[
            Member::must("KeyId", KEY_ID),
            Member::may("IncludeKeyMaterial", INCLUDE_KEY_MATERIAL),
            Member::may("Limit", LIMIT),
            Member::may("Marker", PLACE),
        ],
    ),
    (
        Operation::ListKeys,
        &[
            Member::may("Limit", LIMIT),
            Member::may("Marker", PLACE),
            Member::may("ResourceOwners", RESOURCE_OWNERS),
        ],
    ),
    (
        Operation::ListResourceTags,
        &[Member::must("KeyId", KEY_ID), Member::may("Limit", LIMIT), Member::may("Marker", PLACE)],
    ),
    (
        Operation::ListRetirableGrants,
        &[
            Member::may("Limit", LIMIT),
            Member::may("Marker", PLACE),
            Member::may("RetiringPrincipal", PRINCIPAL_ID),
            Member::may("RetiringServicePrincipal", SERVICE_PRINCIPAL),
        ],
    ),
    (
        Operation::PutKeyPolicy,
        &[
            Member::must("KeyId", KEY_ID),
            Member::may("PolicyName", POLICY_NAME),
            Member::must("Policy", POLICY),
            Member::may("BypassPolicyLockoutSafetyCheck", Kind::Flag),
        ],
    ),
    (
        Operation::ReEncrypt,
        &[
            Member::may("CiphertextBlob", CIPHERTEXT),
            Member::may("SourceEncryptionContext", Kind::Context),
            Member::may("SourceKeyId", KEY_ID),
            Member::must("DestinationKeyId", KEY_ID),
            Member::may("DestinationEncryptionContext", Kind::Context),
            Member::may("SourceEncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC),
            Member::may("DestinationEncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
            Member::may("DryRunModifiers", DRY_RUN_MODIFIERS),
        ],
    ),
    (
        Operation::ReplicateKey,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("ReplicaRegion", REGION),
            Member::may("Policy", POLICY),
            Member::may("BypassPolicyLockoutSafetyCheck", Kind::Flag),
            Member::may("Description", DESCRIPTION),
            Member::may("Tags", TAGS),
        ],
    ),
    (
        Operation::RetireGrant,
        &[
            Member::may("GrantToken", GRANT_TOKEN),
            Member::may("KeyId", KEY_ID),
            Member::may("GrantId", GRANT_ID),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::RevokeGrant,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("GrantId", GRANT_ID),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (Operation::RotateKeyOnDemand, &[Member::must("KeyId", KEY_ID)]),
    (
        Operation::ScheduleKeyDeletion,
        &[Member::must("KeyId", KEY_ID), Member::may("PendingWindowInDays", PENDING_WINDOW_IN_DAYS)],
    ),
    (
        Operation::Sign,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("Message", PLAINTEXT),
            Member::may("MessageType", MESSAGE),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::must("SigningAlgorithm", SIGNING_ALGORITHM_SPEC),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (Operation::TagResource, &[Member::must("KeyId", KEY_ID), Member::must("Tags", TAGS)]),
    (Operation::UntagResource, &[Member::must("KeyId", KEY_ID), Member::must("TagKeys", TAG_KEYS)]),
    (Operation::UpdateAlias, &[Member::must("AliasName", ALIAS_NAME), Member::must("TargetKeyId", KEY_ID)]),
    (
        Operation::UpdateCustomKeyStore,
        &[
            Member::must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID),
            Member::may("NewCustomKeyStoreName", CUSTOM_KEY_STORE_NAME),
            Member::may("KeyStorePassword", KEY_STORE_PASSWORD),
            Member::may("CloudHsmClusterId", CLOUD_HSM_CLUSTER_ID),
            Member::may("XksProxyUriEndpoint", XKS_PROXY_URI_ENDPOINT),
            Member::may("XksProxyUriPath", XKS_PROXY_URI_PATH),
            Member::may("XksProxyVpcEndpointServiceName", XKS_PROXY_VPC_ENDPOINT_SERVICE_NAME),
            Member::may("XksProxyVpcEndpointServiceOwner", ACCOUNT_ID),
            Member::may("XksProxyAuthenticationCredential", PROXY_CREDENTIAL),
            Member::may("XksProxyConnectivity", XKS_PROXY_CONNECTIVITY),
        ],
    ),
    (
        Operation::UpdateKeyDescription,
        &[Member::must("KeyId", KEY_ID), Member::must("Description", DESCRIPTION)],
    ),
    (Operation::UpdatePrimaryRegion, &[Member::must("KeyId", KEY_ID), Member::must("PrimaryRegion", REGION)]),
    (
        Operation::Verify,
        &[
            Member::must("KeyId", KEY_ID),
            Member::must("Message", PLAINTEXT),
            Member::may("MessageType", MESSAGE),
            Member::must("Signature", CIPHERTEXT),
            Member::must("SigningAlgorithm", SIGNING_ALGORITHM_SPEC),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
    (
        Operation::VerifyMac,
        &[
            Member::must("Message", PLAINTEXT),
            Member::must("KeyId", KEY_ID),
            Member::must("MacAlgorithm", MAC_ALGORITHM_SPEC),
            Member::must("Mac", CIPHERTEXT),
            Member::may("GrantTokens", GRANT_TOKENS),
            Member::may("DryRun", Kind::Flag),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_stands_where_its_operation_looks_for_it() {
        for (row, operation) in REQUESTS.iter().zip(Operation::ALL) {
            assert_eq!(row.0, *operation);
        }
    }
}
