//! The rows of the operations, each with all that is said of one: what its key is for, which quota counts it, what it costs by,
//! what it says to a key in each state, whether it changes anything, how live runs make it, what a request may hold and an
//! answer has. What a row leaves out is as in [`ROW`].
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17; of quotas the pages that `quota::catalogue` names. Tests compare
//! every row with the fact sheets, both ways.

use super::Effect::Changes;
use super::Fill::{Algorithm, Context, Key, KeyUnlessNamed, Length, Made, PairSpec, Payload, Word};
use super::InState::{
    Creating as C, Disabled as D, Goes as G, NotPendingDeletion as N, PendingDeletion as P,
    PendingImport as I, Unavailable as V, Updating as U,
};
use super::shapes::{
    Bounds, FLAG, Kind, Part, blob, field, integer, like, may, must, one_of, one_of_listed, pattern, secret,
    text, values,
};
use super::{LiveCall, PricedBy, ROW, Row, TakesFrom, own, uncoded};
use crate::api::KeyUsage::{
    EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify,
};
use crate::api::named::named;
use Operation::{Encapsulate, Encrypt, GenerateMac, GetPublicKey, Sign};

named! {
    /// What a grant can allow; the names are AWS's (service model of 2026-11-17), in the order in which refusals list them.
    #[allow(missing_docs)]
    GrantOperation {
        Decrypt = "Decrypt",
        Encrypt = "Encrypt",
        GenerateDataKey = "GenerateDataKey",
        GenerateDataKeyWithoutPlaintext = "GenerateDataKeyWithoutPlaintext",
        ReEncryptFrom = "ReEncryptFrom",
        ReEncryptTo = "ReEncryptTo",
        Sign = "Sign",
        Verify = "Verify",
        GetPublicKey = "GetPublicKey",
        CreateGrant = "CreateGrant",
        RetireGrant = "RetireGrant",
        DescribeKey = "DescribeKey",
        GenerateDataKeyPair = "GenerateDataKeyPair",
        GenerateDataKeyPairWithoutPlaintext = "GenerateDataKeyPairWithoutPlaintext",
        GenerateMac = "GenerateMac",
        VerifyMac = "VerifyMac",
        DeriveSharedSecret = "DeriveSharedSecret",
        Encapsulate = "Encapsulate",
        Decapsulate = "Decapsulate",
    }
}

/// The member that names the key.
const ON_KEY: (&str, super::Fill) = ("KeyId", Key);
/// The member with the encryption context.
const UNDER_CONTEXT: (&str, super::Fill) = ("EncryptionContext", Context);
/// What those that compute with a key say.
const USE: [super::InState; 7] = [G, D, P, I, V, C, G];

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
const PROXY_CREDENTIAL: Kind =
    Kind::Structure(&[must("AccessKeyId", PROXY_ACCESS_KEY), must("RawSecretAccessKey", PROXY_SECRET_KEY)]);
const XKS_PROXY_CONNECTIVITY: Kind = one_of(values::XKS_PROXY_CONNECTIVITY);
const PRINCIPAL_ID: Kind = like(1, 256, &pattern::PRINCIPAL);
const GRANT_OPERATION: Kind = one_of(GrantOperation::WORDS);
const GRANT_OPERATIONS: Kind = Kind::List(Bounds::NONE, &GRANT_OPERATION);
const GRANT_SOURCE_ARN: Kind = like(20, 512, &pattern::SOURCE_ARN);
const GRANT_CONSTRAINTS: Kind = Kind::Structure(&[
    may("EncryptionContextSubset", Kind::Context),
    may("EncryptionContextEquals", Kind::Context),
    may("SourceArn", GRANT_SOURCE_ARN),
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
const TAG: Kind = Kind::Structure(&[must("TagKey", TAG_KEY), must("TagValue", TAG_VALUE)]);
const TAGS: Kind = Kind::List(Bounds::NONE, &TAG);
const XKS_KEY_ID: Kind = like(1, 128, &pattern::XKS_KEY);
const CIPHERTEXT: Kind = blob(1, 6144);
const ENCAPSULATION_ALGORITHM_SPEC: Kind = one_of(values::ENCAPSULATION_ALGORITHM_SPEC);
const ENCRYPTION_ALGORITHM_SPEC: Kind = one_of(values::ENCRYPTION_ALGORITHM_SPEC);
const KEY_ENCRYPTION_MECHANISM: Kind = one_of(values::KEY_ENCRYPTION_MECHANISM);
const ATTESTATION_DOCUMENT: Kind = blob(1, 262_144);
const RECIPIENT: Kind = Kind::Structure(&[
    may("KeyEncryptionAlgorithm", KEY_ENCRYPTION_MECHANISM),
    may("AttestationDocument", ATTESTATION_DOCUMENT),
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

const MULTI_REGION_KEY: Part = Part::Structure(&[field("Arn", Part::Text), field("Region", Part::Text)]);
const MULTI_REGION_CONFIGURATION: Part = Part::Structure(&[
    field("MultiRegionKeyType", Part::Text),
    field("PrimaryKey", MULTI_REGION_KEY),
    field("ReplicaKeys", Part::List(&MULTI_REGION_KEY)),
]);
const XKS_KEY_CONFIGURATION: Part = Part::Structure(&[field("Id", Part::Text)]);
const KEY_METADATA: Part = Part::Structure(&[
    field("AWSAccountId", Part::Text),
    field("KeyId", Part::Text),
    field("Arn", Part::Text),
    field("CreationDate", Part::Time),
    field("Enabled", Part::Flag),
    field("Description", Part::Text),
    field("KeyUsage", Part::Text),
    field("KeyState", Part::Text),
    field("DeletionDate", Part::Time),
    field("ValidTo", Part::Time),
    field("Origin", Part::Text),
    field("CustomKeyStoreId", Part::Text),
    field("CloudHsmClusterId", Part::Text),
    field("ExpirationModel", Part::Text),
    field("KeyManager", Part::Text),
    field("CustomerMasterKeySpec", Part::Text),
    field("KeySpec", Part::Text),
    field("EncryptionAlgorithms", Part::List(&Part::Text)),
    field("SigningAlgorithms", Part::List(&Part::Text)),
    field("KeyAgreementAlgorithms", Part::List(&Part::Text)),
    field("EncapsulationAlgorithms", Part::List(&Part::Text)),
    field("MultiRegion", Part::Flag),
    field("MultiRegionConfiguration", MULTI_REGION_CONFIGURATION),
    field("PendingDeletionWindowInDays", Part::Integer),
    field("MacAlgorithms", Part::List(&Part::Text)),
    field("XksKeyConfiguration", XKS_KEY_CONFIGURATION),
    field("CurrentKeyMaterialId", Part::Text),
]);
const XKS_PROXY_CONFIGURATION: Part = Part::Structure(&[
    field("Connectivity", Part::Text),
    field("AccessKeyId", Part::Text),
    field("UriEndpoint", Part::Text),
    field("UriPath", Part::Text),
    field("VpcEndpointServiceName", Part::Text),
    field("VpcEndpointServiceOwner", Part::Text),
]);
const CUSTOM_KEY_STORES_LIST_ENTRY: Part = Part::Structure(&[
    field("CustomKeyStoreId", Part::Text),
    field("CustomKeyStoreName", Part::Text),
    field("CloudHsmClusterId", Part::Text),
    field("TrustAnchorCertificate", Part::Text),
    field("ConnectionState", Part::Text),
    field("ConnectionErrorCode", Part::Text),
    field("CreationDate", Part::Time),
    field("CustomKeyStoreType", Part::Text),
    field("XksProxyConfiguration", XKS_PROXY_CONFIGURATION),
]);
const KEY_LAST_USAGE_DATA: Part = Part::Structure(&[
    field("Operation", Part::Text),
    field("Timestamp", Part::Time),
    field("CloudTrailEventId", Part::Text),
    field("KmsRequestId", Part::Text),
]);
const ALIAS_LIST_ENTRY: Part = Part::Structure(&[
    field("AliasName", Part::Text),
    field("AliasArn", Part::Text),
    field("TargetKeyId", Part::Text),
    field("CreationDate", Part::Time),
    field("LastUpdatedDate", Part::Time),
]);
const GRANT_CONSTRAINTS_SHOWN: Part = Part::Structure(&[
    field("EncryptionContextSubset", Part::Context),
    field("EncryptionContextEquals", Part::Context),
    field("SourceArn", Part::Text),
]);
const GRANT_LIST_ENTRY: Part = Part::Structure(&[
    field("KeyId", Part::Text),
    field("GrantId", Part::Text),
    field("Name", Part::Text),
    field("CreationDate", Part::Time),
    field("GranteePrincipal", Part::Text),
    field("RetiringPrincipal", Part::Text),
    field("IssuingAccount", Part::Text),
    field("Operations", Part::List(&Part::Text)),
    field("Constraints", GRANT_CONSTRAINTS_SHOWN),
    field("GranteeServicePrincipal", Part::Text),
    field("RetiringServicePrincipal", Part::Text),
]);
const ROTATIONS_LIST_ENTRY: Part = Part::Structure(&[
    field("KeyId", Part::Text),
    field("KeyMaterialId", Part::Text),
    field("KeyMaterialDescription", Part::Text),
    field("ImportState", Part::Text),
    field("KeyMaterialState", Part::Text),
    field("ExpirationModel", Part::Text),
    field("ValidTo", Part::Time),
    field("RotationDate", Part::Time),
    field("RotationType", Part::Text),
]);
const KEY_LIST_ENTRY: Part = Part::Structure(&[field("KeyId", Part::Text), field("KeyArn", Part::Text)]);
const TAG_SHOWN: Part = Part::Structure(&[field("TagKey", Part::Text), field("TagValue", Part::Text)]);

operations! {
    ($)
    CancelKeyDeletion = "CancelKeyDeletion" {
        quota: Some(own("L-635264CC", 5)),
        states: [N, N, G, N, N, N, N],
        effect: Changes,
        request: &[must("KeyId", KEY_ID)],
        answer: &[field("KeyId", Part::Text)],
    }
    ConnectCustomKeyStore = "ConnectCustomKeyStore" {
        quota: Some(own("L-705B9E79", 5)),
        effect: Changes,
        request: &[must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID)],
    }
    CreateAlias = "CreateAlias" {
        quota: Some(own("L-F7504F73", 5)),
        states: [G, G, P, G, G, G, G],
        effect: Changes,
        request: &[must("AliasName", ALIAS_NAME), must("TargetKeyId", KEY_ID)],
    }
    CreateCustomKeyStore = "CreateCustomKeyStore" {
        quota: Some(own("L-08932E37", 5)),
        effect: Changes,
        request: &[
            must("CustomKeyStoreName", CUSTOM_KEY_STORE_NAME), may("CloudHsmClusterId", CLOUD_HSM_CLUSTER_ID),
            may("TrustAnchorCertificate", TRUST_ANCHOR_CERTIFICATE),
            may("KeyStorePassword", KEY_STORE_PASSWORD), may("CustomKeyStoreType", CUSTOM_KEY_STORE),
            may("XksProxyUriEndpoint", XKS_PROXY_URI_ENDPOINT), may("XksProxyUriPath", XKS_PROXY_URI_PATH),
            may("XksProxyVpcEndpointServiceName", XKS_PROXY_VPC_ENDPOINT_SERVICE_NAME),
            may("XksProxyVpcEndpointServiceOwner", ACCOUNT_ID),
            may("XksProxyAuthenticationCredential", PROXY_CREDENTIAL),
            may("XksProxyConnectivity", XKS_PROXY_CONNECTIVITY),
        ],
        answer: &[field("CustomKeyStoreId", Part::Text)],
    }
    CreateGrant = "CreateGrant" {
        quota: Some(own("L-0428A42E", 50)),
        states: [G, D, P, I, G, C, G],
        effect: Changes,
        request: &[
            must("KeyId", KEY_ID), may("GranteePrincipal", PRINCIPAL_ID),
            may("RetiringPrincipal", PRINCIPAL_ID), must("Operations", GRANT_OPERATIONS),
            may("Constraints", GRANT_CONSTRAINTS), may("GrantTokens", GRANT_TOKENS), may("Name", GRANT_NAME),
            may("DryRun", FLAG), may("GranteeServicePrincipal", SERVICE_PRINCIPAL),
            may("RetiringServicePrincipal", SERVICE_PRINCIPAL),
        ],
        answer: &[field("GrantToken", Part::Text), field("GrantId", Part::Text)],
    }
    CreateKey = "CreateKey" {
        quota: Some(own("L-32B67F4A", 5)),
        effect: Changes,
        request: &[
            may("Policy", POLICY), may("Description", DESCRIPTION), may("KeyUsage", KEY_USAGE),
            may("CustomerMasterKeySpec", OLD_KEY_SPEC), may("KeySpec", KEY_SPEC), may("Origin", ORIGIN),
            may("CustomKeyStoreId", CUSTOM_KEY_STORE_ID), may("BypassPolicyLockoutSafetyCheck", FLAG),
            may("Tags", TAGS), may("MultiRegion", FLAG), may("XksKeyId", XKS_KEY_ID),
        ],
        answer: &[field("KeyMetadata", KEY_METADATA)],
    }
    Decapsulate = "Decapsulate" {
        usage: Some(EncapsulateDecapsulate),
        takes_from: TakesFrom::Key,
        priced_by: PricedBy::Key,
        states: USE,
        live: Some(LiveCall::of(&[
            ON_KEY, ("SharedSecretCiphertextBlob", Made), ("EncapsulationAlgorithm", Algorithm),
        ]).needing(Encapsulate)),
        request: &[
            must("KeyId", KEY_ID), must("SharedSecretCiphertextBlob", CIPHERTEXT),
            must("EncapsulationAlgorithm", ENCAPSULATION_ALGORITHM_SPEC), may("GrantTokens", GRANT_TOKENS),
            may("DryRun", FLAG),
        ],
        answer: &[
            field("KeyId", Part::Text), field("SharedSecret", Part::Blob),
            field("EncapsulationAlgorithm", Part::Text),
        ],
    }
    Decrypt = "Decrypt" {
        usage: Some(EncryptDecrypt),
        takes_from: TakesFrom::Key,
        is_in_stores: true,
        priced_by: PricedBy::Key,
        states: USE,
        is_quick: true,
        live: Some(LiveCall::of(&[
            ON_KEY, ("CiphertextBlob", Made), ("EncryptionAlgorithm", Algorithm), UNDER_CONTEXT,
        ]).needing(Encrypt)),
        request: &[
            may("CiphertextBlob", CIPHERTEXT), may("EncryptionContext", Kind::Context),
            may("GrantTokens", GRANT_TOKENS), may("KeyId", KEY_ID),
            may("EncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC), may("Recipient", RECIPIENT),
            may("DryRun", FLAG), may("DryRunModifiers", DRY_RUN_MODIFIERS),
        ],
        answer: &[
            field("KeyId", Part::Text), field("Plaintext", Part::Blob),
            field("EncryptionAlgorithm", Part::Text), field("CiphertextForRecipient", Part::Blob),
            field("KeyMaterialId", Part::Text),
        ],
    }
    DeleteAlias = "DeleteAlias" {
        quota: Some(own("L-1F75ADD1", 15)),
        effect: Changes,
        request: &[must("AliasName", ALIAS_NAME)],
    }
    DeleteCustomKeyStore = "DeleteCustomKeyStore" {
        quota: Some(own("L-E99520CB", 5)),
        effect: Changes,
        request: &[must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID)],
    }
    DeleteImportedKeyMaterial = "DeleteImportedKeyMaterial" {
        quota: Some(own("L-1233BF9B", 15).note("5/s on older pages.")),
        states: [G, G, G, G, V, C, U],
        effect: Changes,
        request: &[must("KeyId", KEY_ID), may("KeyMaterialId", KEY_MATERIAL_ID)],
        answer: &[field("KeyId", Part::Text), field("KeyMaterialId", Part::Text)],
    }
    DeriveSharedSecret = "DeriveSharedSecret" {
        usage: Some(KeyAgreement),
        takes_from: TakesFrom::Key,
        is_in_stores: true,
        priced_by: PricedBy::Key,
        states: USE,
        live: Some(LiveCall::of(&[
            ON_KEY, ("PublicKey", Made), ("KeyAgreementAlgorithm", Algorithm),
        ]).needing(GetPublicKey)),
        request: &[
            must("KeyId", KEY_ID), must("KeyAgreementAlgorithm", KEY_AGREEMENT_ALGORITHM_SPEC),
            must("PublicKey", PUBLIC_KEY), may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG),
            may("Recipient", RECIPIENT),
        ],
        answer: &[
            field("KeyId", Part::Text), field("SharedSecret", Part::Blob),
            field("CiphertextForRecipient", Part::Blob), field("KeyAgreementAlgorithm", Part::Text),
            field("KeyOrigin", Part::Text),
        ],
    }
    DescribeCustomKeyStores = "DescribeCustomKeyStores" {
        quota: Some(own("L-E20AA94C", 5)),
        live: Some(LiveCall::of(&[])),
        request: &[
            may("CustomKeyStoreId", CUSTOM_KEY_STORE_ID), may("CustomKeyStoreName", CUSTOM_KEY_STORE_NAME),
            may("Limit", LIMIT), may("Marker", PLACE),
        ],
        answer: &[
            field("CustomKeyStores", Part::List(&CUSTOM_KEY_STORES_LIST_ENTRY)),
            field("NextMarker", Part::Text), field("Truncated", Part::Flag),
        ],
    }
    DescribeKey = "DescribeKey" {
        quota: Some(own("L-FAE8F084", 2000).note(
            "AWS's page on throttling still gives 1000 calls a second as an example; that text is stale.")),
        live: Some(LiveCall::of(&[ON_KEY])),
        request: &[must("KeyId", KEY_ID), may("GrantTokens", GRANT_TOKENS)],
        answer: &[field("KeyMetadata", KEY_METADATA)],
    }
    DisableKey = "DisableKey" {
        quota: Some(own("L-6B8C93BD", 5)),
        states: [G, G, P, I, G, C, U],
        effect: Changes,
        request: &[must("KeyId", KEY_ID)],
    }
    DisableKeyRotation = "DisableKeyRotation" {
        quota: Some(own("L-CE1DB614", 5)),
        states: USE,
        effect: Changes,
        request: &[must("KeyId", KEY_ID)],
    }
    DisconnectCustomKeyStore = "DisconnectCustomKeyStore" {
        quota: Some(own("L-9F1FCF6D", 5)),
        effect: Changes,
        request: &[must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID)],
    }
    EnableKey = "EnableKey" {
        quota: Some(own("L-BD96F100", 5)),
        states: [G, G, P, I, G, C, U],
        effect: Changes,
        request: &[must("KeyId", KEY_ID)],
    }
    EnableKeyRotation = "EnableKeyRotation" {
        quota: Some(own("L-BE799B67", 15).note("5/s on older pages.")),
        states: USE,
        effect: Changes,
        request: &[must("KeyId", KEY_ID), may("RotationPeriodInDays", ROTATION_PERIOD_IN_DAYS)],
    }
    Encapsulate = "Encapsulate" {
        usage: Some(EncapsulateDecapsulate),
        takes_from: TakesFrom::Key,
        priced_by: PricedBy::Key,
        states: USE,
        live: Some(LiveCall::of(&[
            ON_KEY, ("EncapsulationAlgorithm", Algorithm),
        ]).giving("SharedSecretCiphertextBlob")),
        request: &[
            must("KeyId", KEY_ID), must("EncapsulationAlgorithm", ENCAPSULATION_ALGORITHM_SPEC),
            may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG),
        ],
        answer: &[
            field("KeyId", Part::Text), field("SharedSecret", Part::Blob),
            field("SharedSecretCiphertextBlob", Part::Blob), field("EncapsulationAlgorithm", Part::Text),
        ],
    }
    Encrypt = "Encrypt" {
        usage: Some(EncryptDecrypt),
        takes_from: TakesFrom::Key,
        is_in_stores: true,
        priced_by: PricedBy::Key,
        states: USE,
        is_quick: true,
        live: Some(LiveCall::of(&[
            ON_KEY, ("Plaintext", Payload), ("EncryptionAlgorithm", Algorithm), UNDER_CONTEXT,
        ]).giving("CiphertextBlob")),
        request: &[
            must("KeyId", KEY_ID), must("Plaintext", PLAINTEXT), may("EncryptionContext", Kind::Context),
            may("GrantTokens", GRANT_TOKENS), may("EncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC),
            may("DryRun", FLAG),
        ],
        answer: &[
            field("CiphertextBlob", Part::Blob), field("KeyId", Part::Text),
            field("EncryptionAlgorithm", Part::Text),
        ],
    }
    GenerateDataKey = "GenerateDataKey" {
        usage: Some(EncryptDecrypt),
        takes_from: TakesFrom::Key,
        is_in_stores: true,
        states: USE,
        is_quick: true,
        live: Some(LiveCall::of(&[ON_KEY, ("KeySpec", Word("AES_256")), UNDER_CONTEXT])),
        request: &[
            must("KeyId", KEY_ID), may("EncryptionContext", Kind::Context),
            may("NumberOfBytes", NUMBER_OF_BYTES), may("KeySpec", DATA_KEY_SPEC),
            may("GrantTokens", GRANT_TOKENS), may("Recipient", RECIPIENT), may("DryRun", FLAG),
        ],
        answer: &[
            field("CiphertextBlob", Part::Blob), field("Plaintext", Part::Blob), field("KeyId", Part::Text),
            field("CiphertextForRecipient", Part::Blob), field("KeyMaterialId", Part::Text),
        ],
    }
    GenerateDataKeyPair = "GenerateDataKeyPair" {
        usage: Some(EncryptDecrypt),
        takes_from: TakesFrom::Pair,
        priced_by: PricedBy::Pair,
        states: USE,
        live: Some(LiveCall::of(&[ON_KEY, ("KeyPairSpec", PairSpec), UNDER_CONTEXT])),
        request: &[
            may("EncryptionContext", Kind::Context), must("KeyId", KEY_ID),
            must("KeyPairSpec", DATA_KEY_PAIR_SPEC), may("GrantTokens", GRANT_TOKENS),
            may("Recipient", RECIPIENT), may("DryRun", FLAG),
        ],
        answer: &[
            field("PrivateKeyCiphertextBlob", Part::Blob), field("PrivateKeyPlaintext", Part::Blob),
            field("PublicKey", Part::Blob), field("KeyId", Part::Text), field("KeyPairSpec", Part::Text),
            field("CiphertextForRecipient", Part::Blob), field("KeyMaterialId", Part::Text),
        ],
    }
    GenerateDataKeyPairWithoutPlaintext = "GenerateDataKeyPairWithoutPlaintext" {
        usage: Some(EncryptDecrypt),
        takes_from: TakesFrom::Pair,
        priced_by: PricedBy::Pair,
        states: USE,
        live: Some(LiveCall::of(&[ON_KEY, ("KeyPairSpec", PairSpec), UNDER_CONTEXT])),
        request: &[
            may("EncryptionContext", Kind::Context), must("KeyId", KEY_ID),
            must("KeyPairSpec", DATA_KEY_PAIR_SPEC), may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG),
        ],
        answer: &[
            field("PrivateKeyCiphertextBlob", Part::Blob), field("PublicKey", Part::Blob),
            field("KeyId", Part::Text), field("KeyPairSpec", Part::Text), field("KeyMaterialId", Part::Text),
        ],
    }
    GenerateDataKeyWithoutPlaintext = "GenerateDataKeyWithoutPlaintext" {
        usage: Some(EncryptDecrypt),
        takes_from: TakesFrom::Key,
        is_in_stores: true,
        states: USE,
        is_quick: true,
        live: Some(LiveCall::of(&[ON_KEY, ("KeySpec", Word("AES_256")), UNDER_CONTEXT])),
        request: &[
            must("KeyId", KEY_ID), may("EncryptionContext", Kind::Context), may("KeySpec", DATA_KEY_SPEC),
            may("NumberOfBytes", NUMBER_OF_BYTES), may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG),
        ],
        answer: &[
            field("CiphertextBlob", Part::Blob), field("KeyId", Part::Text),
            field("KeyMaterialId", Part::Text),
        ],
    }
    GenerateMac = "GenerateMac" {
        usage: Some(GenerateVerifyMac),
        takes_from: TakesFrom::Key,
        states: USE,
        is_quick: true,
        live: Some(LiveCall::of(&[ON_KEY, ("Message", Payload), ("MacAlgorithm", Algorithm)]).giving("Mac")),
        request: &[
            must("Message", PLAINTEXT), must("KeyId", KEY_ID), must("MacAlgorithm", MAC_ALGORITHM_SPEC),
            may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG),
        ],
        answer: &[field("Mac", Part::Blob), field("MacAlgorithm", Part::Text), field("KeyId", Part::Text)],
    }
    GenerateRandom = "GenerateRandom" {
        takes_from: TakesFrom::Symmetric,
        is_in_stores: true,
        is_quick: true,
        live: Some(LiveCall::of(&[("NumberOfBytes", Length)])),
        request: &[
            may("NumberOfBytes", NUMBER_OF_BYTES), may("CustomKeyStoreId", CUSTOM_KEY_STORE_ID),
            may("Recipient", RECIPIENT),
        ],
        answer: &[field("Plaintext", Part::Blob), field("CiphertextForRecipient", Part::Blob)],
    }
    GetKeyLastUsage = "GetKeyLastUsage" {
        quota: Some(uncoded(5).guide_only().note("Developer Guide only; no quota code is published.")),
        request: &[must("KeyId", KEY_ID)],
        answer: &[
            field("KeyId", Part::Text), field("KeyLastUsage", KEY_LAST_USAGE_DATA),
            field("TrackingStartDate", Part::Time), field("KeyCreationDate", Part::Time),
        ],
    }
    GetKeyPolicy = "GetKeyPolicy" {
        quota: Some(own("L-A2A30EC6", 1000)),
        request: &[must("KeyId", KEY_ID), may("PolicyName", POLICY_NAME)],
        answer: &[field("Policy", Part::Text), field("PolicyName", Part::Text)],
    }
    GetKeyRotationStatus = "GetKeyRotationStatus" {
        quota: Some(own("L-D7711EF4", 1000)),
        request: &[must("KeyId", KEY_ID)],
        answer: &[
            field("KeyRotationEnabled", Part::Flag), field("KeyId", Part::Text),
            field("RotationPeriodInDays", Part::Integer), field("NextRotationDate", Part::Time),
            field("OnDemandRotationStartDate", Part::Time),
        ],
    }
    GetParametersForImport = "GetParametersForImport" {
        quota: Some(own("L-515A0541", 1).note("1 per 4 s on older pages.")),
        states: [G, G, P, G, V, C, U],
        request: &[
            must("KeyId", KEY_ID), must("WrappingAlgorithm", WRAPPING_ALGORITHM),
            must("WrappingKeySpec", WRAPPING_KEY_SPEC),
        ],
        answer: &[
            field("KeyId", Part::Text), field("ImportToken", Part::Blob), field("PublicKey", Part::Blob),
            field("ParametersValidTo", Part::Time),
        ],
    }
    GetPublicKey = "GetPublicKey" {
        quota: Some(own("L-E4FBCA5E", 2000)),
        priced_by: PricedBy::Key,
        states: [G, G, P, G, V, C, G],
        live: Some(LiveCall::of(&[ON_KEY]).giving("PublicKey")),
        request: &[must("KeyId", KEY_ID), may("GrantTokens", GRANT_TOKENS)],
        answer: &[
            field("KeyId", Part::Text), field("PublicKey", Part::Blob),
            field("CustomerMasterKeySpec", Part::Text), field("KeySpec", Part::Text),
            field("KeyUsage", Part::Text), field("EncryptionAlgorithms", Part::List(&Part::Text)),
            field("SigningAlgorithms", Part::List(&Part::Text)),
            field("KeyAgreementAlgorithms", Part::List(&Part::Text)),
            field("EncapsulationAlgorithms", Part::List(&Part::Text)),
        ],
    }
    ImportKeyMaterial = "ImportKeyMaterial" {
        quota: Some(own("L-99631835", 15)),
        states: [G, G, P, G, V, C, G],
        effect: Changes,
        request: &[
            must("KeyId", KEY_ID), must("ImportToken", CIPHERTEXT), must("EncryptedKeyMaterial", CIPHERTEXT),
            may("ValidTo", Kind::Time), may("ExpirationModel", EXPIRATION_MODEL), may("ImportType", IMPORT),
            may("KeyMaterialDescription", KEY_MATERIAL_DESCRIPTION), may("KeyMaterialId", KEY_MATERIAL_ID),
        ],
        answer: &[field("KeyId", Part::Text), field("KeyMaterialId", Part::Text)],
    }
    ListAliases = "ListAliases" {
        quota: Some(own("L-BF3F8F1D", 500)),
        request: &[may("KeyId", KEY_ID), may("Limit", LIMIT), may("Marker", PLACE)],
        answer: &[
            field("Aliases", Part::List(&ALIAS_LIST_ENTRY)), field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    }
    ListGrants = "ListGrants" {
        quota: Some(own("L-D39AB822", 100)),
        request: &[
            may("Limit", LIMIT), may("Marker", PLACE), must("KeyId", KEY_ID), may("GrantId", GRANT_ID),
            may("GranteePrincipal", PRINCIPAL_ID), may("GranteeServicePrincipal", SERVICE_PRINCIPAL),
        ],
        answer: &[
            field("Grants", Part::List(&GRANT_LIST_ENTRY)), field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    }
    ListKeyPolicies = "ListKeyPolicies" {
        quota: Some(own("L-79E0D0AB", 100)),
        request: &[must("KeyId", KEY_ID), may("Limit", LIMIT), may("Marker", PLACE)],
        answer: &[
            field("PolicyNames", Part::List(&Part::Text)), field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    }
    ListKeyRotations = "ListKeyRotations" {
        quota: Some(own("L-171660E4", 100)),
        request: &[
            must("KeyId", KEY_ID), may("IncludeKeyMaterial", INCLUDE_KEY_MATERIAL), may("Limit", LIMIT),
            may("Marker", PLACE),
        ],
        answer: &[
            field("Rotations", Part::List(&ROTATIONS_LIST_ENTRY)), field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    }
    ListKeys = "ListKeys" {
        quota: Some(own("L-8A08DAEA", 500)),
        request: &[may("Limit", LIMIT), may("Marker", PLACE), may("ResourceOwners", RESOURCE_OWNERS)],
        answer: &[
            field("Keys", Part::List(&KEY_LIST_ENTRY)), field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    }
    ListResourceTags = "ListResourceTags" {
        quota: Some(own("L-FB6513A2", 2000)),
        request: &[must("KeyId", KEY_ID), may("Limit", LIMIT), may("Marker", PLACE)],
        answer: &[
            field("Tags", Part::List(&TAG_SHOWN)), field("NextMarker", Part::Text), field("Truncated", Part::Flag),
        ],
    }
    ListRetirableGrants = "ListRetirableGrants" {
        quota: Some(own("L-161E93A6", 100)),
        request: &[
            may("Limit", LIMIT), may("Marker", PLACE), may("RetiringPrincipal", PRINCIPAL_ID),
            may("RetiringServicePrincipal", SERVICE_PRINCIPAL),
        ],
        answer: &[
            field("Grants", Part::List(&GRANT_LIST_ENTRY)), field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    }
    PutKeyPolicy = "PutKeyPolicy" {
        quota: Some(own("L-9DDDE6CA", 15)),
        effect: Changes,
        request: &[
            must("KeyId", KEY_ID), may("PolicyName", POLICY_NAME), must("Policy", POLICY),
            may("BypassPolicyLockoutSafetyCheck", FLAG),
        ],
    }
    ReEncrypt = "ReEncrypt" {
        usage: Some(EncryptDecrypt),
        takes_from: TakesFrom::Key,
        is_in_stores: true,
        priced_by: PricedBy::Key,
        states: USE,
        is_quick: true,
        live: Some(LiveCall::of(&[
            ("CiphertextBlob", Made), ("SourceKeyId", KeyUnlessNamed),
            ("SourceEncryptionAlgorithm", Algorithm), ("SourceEncryptionContext", Context),
            ("DestinationKeyId", Key), ("DestinationEncryptionAlgorithm", Algorithm),
            ("DestinationEncryptionContext", Context),
        ]).needing(Encrypt).allowed_by(&["ReEncryptFrom", "ReEncryptTo"])),
        request: &[
            may("CiphertextBlob", CIPHERTEXT), may("SourceEncryptionContext", Kind::Context),
            may("SourceKeyId", KEY_ID), must("DestinationKeyId", KEY_ID),
            may("DestinationEncryptionContext", Kind::Context),
            may("SourceEncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC),
            may("DestinationEncryptionAlgorithm", ENCRYPTION_ALGORITHM_SPEC),
            may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG), may("DryRunModifiers", DRY_RUN_MODIFIERS),
        ],
        answer: &[
            field("CiphertextBlob", Part::Blob), field("SourceKeyId", Part::Text), field("KeyId", Part::Text),
            field("SourceEncryptionAlgorithm", Part::Text),
            field("DestinationEncryptionAlgorithm", Part::Text), field("SourceKeyMaterialId", Part::Text),
            field("DestinationKeyMaterialId", Part::Text),
        ],
    }
    ReplicateKey = "ReplicateKey" {
        quota: Some(own("L-E1C93865", 5).note("One call also takes 2 CreateKey in the replica Region.")),
        states: [G, D, P, I, V, C, U],
        effect: Changes,
        request: &[
            must("KeyId", KEY_ID), must("ReplicaRegion", REGION), may("Policy", POLICY),
            may("BypassPolicyLockoutSafetyCheck", FLAG), may("Description", DESCRIPTION), may("Tags", TAGS),
        ],
        answer: &[
            field("ReplicaKeyMetadata", KEY_METADATA), field("ReplicaPolicy", Part::Text),
            field("ReplicaTags", Part::List(&TAG_SHOWN)),
        ],
    }
    RetireGrant = "RetireGrant" {
        quota: Some(own("L-74021A59", 50)),
        effect: Changes,
        request: &[
            may("GrantToken", GRANT_TOKEN), may("KeyId", KEY_ID), may("GrantId", GRANT_ID),
            may("DryRun", FLAG),
        ],
    }
    RevokeGrant = "RevokeGrant" {
        quota: Some(own("L-F20EBCB7", 50)),
        effect: Changes,
        request: &[must("KeyId", KEY_ID), must("GrantId", GRANT_ID), may("DryRun", FLAG)],
    }
    RotateKeyOnDemand = "RotateKeyOnDemand" {
        quota: Some(uncoded(5).disputed().note(
            "Not adjustable by the General Reference, adjustable by the Developer Guide.")),
        states: USE,
        effect: Changes,
        request: &[must("KeyId", KEY_ID)],
        answer: &[field("KeyId", Part::Text)],
    }
    ScheduleKeyDeletion = "ScheduleKeyDeletion" {
        quota: Some(own("L-88313D4A", 15)),
        states: [G, G, P, G, G, G, U],
        effect: Changes,
        request: &[must("KeyId", KEY_ID), may("PendingWindowInDays", PENDING_WINDOW_IN_DAYS)],
        answer: &[
            field("KeyId", Part::Text), field("DeletionDate", Part::Time), field("KeyState", Part::Text),
            field("PendingWindowInDays", Part::Integer),
        ],
    }
    Sign = "Sign" {
        usage: Some(SignVerify),
        takes_from: TakesFrom::Key,
        priced_by: PricedBy::Key,
        states: USE,
        live: Some(LiveCall::of(&[
            ON_KEY, ("Message", Payload), ("MessageType", Word("RAW")), ("SigningAlgorithm", Algorithm),
        ]).giving("Signature")),
        request: &[
            must("KeyId", KEY_ID), must("Message", PLAINTEXT), may("MessageType", MESSAGE),
            may("GrantTokens", GRANT_TOKENS), must("SigningAlgorithm", SIGNING_ALGORITHM_SPEC),
            may("DryRun", FLAG),
        ],
        answer: &[
            field("KeyId", Part::Text), field("Signature", Part::Blob), field("SigningAlgorithm", Part::Text),
        ],
    }
    TagResource = "TagResource" {
        quota: Some(own("L-7D6DE447", 10)),
        states: [G, G, P, G, G, G, G],
        effect: Changes,
        request: &[must("KeyId", KEY_ID), must("Tags", TAGS)],
    }
    UntagResource = "UntagResource" {
        quota: Some(own("L-6375F442", 5)),
        states: [G, G, P, G, G, G, G],
        effect: Changes,
        request: &[must("KeyId", KEY_ID), must("TagKeys", TAG_KEYS)],
    }
    UpdateAlias = "UpdateAlias" {
        quota: Some(own("L-DB3BF542", 5)),
        states: [G, G, P, G, G, G, G],
        effect: Changes,
        request: &[must("AliasName", ALIAS_NAME), must("TargetKeyId", KEY_ID)],
    }
    UpdateCustomKeyStore = "UpdateCustomKeyStore" {
        quota: Some(own("L-275D92F3", 5)),
        effect: Changes,
        request: &[
            must("CustomKeyStoreId", CUSTOM_KEY_STORE_ID),
            may("NewCustomKeyStoreName", CUSTOM_KEY_STORE_NAME), may("KeyStorePassword", KEY_STORE_PASSWORD),
            may("CloudHsmClusterId", CLOUD_HSM_CLUSTER_ID),
            may("XksProxyUriEndpoint", XKS_PROXY_URI_ENDPOINT), may("XksProxyUriPath", XKS_PROXY_URI_PATH),
            may("XksProxyVpcEndpointServiceName", XKS_PROXY_VPC_ENDPOINT_SERVICE_NAME),
            may("XksProxyVpcEndpointServiceOwner", ACCOUNT_ID),
            may("XksProxyAuthenticationCredential", PROXY_CREDENTIAL),
            may("XksProxyConnectivity", XKS_PROXY_CONNECTIVITY),
        ],
    }
    UpdateKeyDescription = "UpdateKeyDescription" {
        quota: Some(own("L-A3828E1F", 5)),
        states: [G, G, P, G, G, G, G],
        effect: Changes,
        request: &[must("KeyId", KEY_ID), must("Description", DESCRIPTION)],
    }
    UpdatePrimaryRegion = "UpdatePrimaryRegion" {
        quota: Some(own("L-F83AC7F7", 5).note("One call takes 1 in each of the two Regions.")),
        states: USE,
        effect: Changes,
        request: &[must("KeyId", KEY_ID), must("PrimaryRegion", REGION)],
    }
    Verify = "Verify" {
        usage: Some(SignVerify),
        takes_from: TakesFrom::Key,
        priced_by: PricedBy::Key,
        states: USE,
        live: Some(LiveCall::of(&[
            ON_KEY, ("Message", Payload), ("MessageType", Word("RAW")), ("SigningAlgorithm", Algorithm),
            ("Signature", Made),
        ]).needing(Sign)),
        request: &[
            must("KeyId", KEY_ID), must("Message", PLAINTEXT), may("MessageType", MESSAGE),
            must("Signature", CIPHERTEXT), must("SigningAlgorithm", SIGNING_ALGORITHM_SPEC),
            may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG),
        ],
        answer: &[
            field("KeyId", Part::Text), field("SignatureValid", Part::Flag),
            field("SigningAlgorithm", Part::Text),
        ],
    }
    VerifyMac = "VerifyMac" {
        usage: Some(GenerateVerifyMac),
        takes_from: TakesFrom::Key,
        states: USE,
        is_quick: true,
        live: Some(LiveCall::of(&[
            ON_KEY, ("Message", Payload), ("MacAlgorithm", Algorithm), ("Mac", Made),
        ]).needing(GenerateMac)),
        request: &[
            must("Message", PLAINTEXT), must("KeyId", KEY_ID), must("MacAlgorithm", MAC_ALGORITHM_SPEC),
            must("Mac", CIPHERTEXT), may("GrantTokens", GRANT_TOKENS), may("DryRun", FLAG),
        ],
        answer: &[
            field("KeyId", Part::Text), field("MacValid", Part::Flag), field("MacAlgorithm", Part::Text),
        ],
    }
}
