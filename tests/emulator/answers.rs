//! What the answers of all operations may hold, and a check that one holds nothing else.
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keystorm::api::Operation;
use serde_json::Value;

/// What a member of an answer is.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// Text.
    Text,
    /// Bytes, Base64 on the wire.
    Blob,
    /// A whole number.
    Integer,
    /// True or false.
    Flag,
    /// Seconds since 1970, a number on the wire.
    Time,
    /// A map from text to text.
    Context,
    /// Several of one kind.
    List(&'static Part),
    /// Members of its own.
    Structure(&'static [Field]),
}

/// A member of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// AWS's name, as it stands in the JSON.
    pub name: &'static str,
    /// What it is.
    pub part: Part,
}

const fn field(name: &'static str, part: Part) -> Field {
    Field { name, part }
}

/// The members of an operation's answer, in the model's order.
pub fn response(operation: Operation) -> &'static [Field] {
    RESPONSES[operation.index()].1
}

/// The paths in an answer that the model does not have or has as something else; none in a good answer.
pub fn strangers(operation: Operation, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(&Part::Structure(response(operation)), answer, "", &mut found);
    found
}

fn compare(part: &Part, value: &Value, path: &str, found: &mut Vec<String>) {
    let fits = match (part, value) {
        (Part::Text, Value::String(_)) | (Part::Flag, Value::Bool(_)) | (Part::Time, Value::Number(_)) => {
            true
        }
        (Part::Blob, Value::String(text)) => STANDARD.decode(text).is_ok(),
        (Part::Integer, Value::Number(number)) => number.is_i64(),
        (Part::Context, Value::Object(map)) => map.values().all(Value::is_string),
        (Part::List(of), Value::Array(items)) => {
            let each = items.iter().enumerate();
            each.for_each(|(at, item)| compare(of, item, &format!("{path}[{at}]"), found));
            true
        }
        (Part::Structure(fields), Value::Object(map)) => {
            for (name, value) in map {
                let path = format!("{path}.{name}");
                match fields.iter().find(|field| field.name == name) {
                    Some(field) => compare(&field.part, value, &path, found),
                    None => found.push(path),
                }
            }
            true
        }
        _ => false,
    };
    if !fits {
        found.push(path.to_string());
    }
}

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
const GRANT_CONSTRAINTS: Part = Part::Structure(&[
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
    field("Constraints", GRANT_CONSTRAINTS),
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
const TAG: Part = Part::Structure(&[field("TagKey", Part::Text), field("TagValue", Part::Text)]);

static RESPONSES: [(Operation, &[Field]); 56] = [
    (Operation::CancelKeyDeletion, &[field("KeyId", Part::Text)]),
    (Operation::ConnectCustomKeyStore, &[]),
    (Operation::CreateAlias, &[]),
    (Operation::CreateCustomKeyStore, &[field("CustomKeyStoreId", Part::Text)]),
    (Operation::CreateGrant, &[field("GrantToken", Part::Text), field("GrantId", Part::Text)]),
    (Operation::CreateKey, &[field("KeyMetadata", KEY_METADATA)]),
    (
        Operation::Decapsulate,
        &[
            field("KeyId", Part::Text),
            field("SharedSecret", Part::Blob),
            field("EncapsulationAlgorithm", Part::Text),
        ],
    ),
    (
        Operation::Decrypt,
        &[
            field("KeyId", Part::Text),
            field("Plaintext", Part::Blob),
            field("EncryptionAlgorithm", Part::Text),
            field("CiphertextForRecipient", Part::Blob),
            field("KeyMaterialId", Part::Text),
        ],
    ),
    (Operation::DeleteAlias, &[]),
    (Operation::DeleteCustomKeyStore, &[]),
    (Operation::DeleteImportedKeyMaterial, &[field("KeyId", Part::Text), field("KeyMaterialId", Part::Text)]),
    (
        Operation::DeriveSharedSecret,
        &[
            field("KeyId", Part::Text),
            field("SharedSecret", Part::Blob),
            field("CiphertextForRecipient", Part::Blob),
            field("KeyAgreementAlgorithm", Part::Text),
            field("KeyOrigin", Part::Text),
        ],
    ),
    (
        Operation::DescribeCustomKeyStores,
        &[
            field("CustomKeyStores", Part::List(&CUSTOM_KEY_STORES_LIST_ENTRY)),
            field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    ),
    (Operation::DescribeKey, &[field("KeyMetadata", KEY_METADATA)]),
    (Operation::DisableKey, &[]),
    (Operation::DisableKeyRotation, &[]),
    (Operation::DisconnectCustomKeyStore, &[]),
    (Operation::EnableKey, &[]),
    (Operation::EnableKeyRotation, &[]),
    (
        Operation::Encapsulate,
        &[
            field("KeyId", Part::Text),
            field("SharedSecret", Part::Blob),
            field("SharedSecretCiphertextBlob", Part::Blob),
            field("EncapsulationAlgorithm", Part::Text),
        ],
    ),
    (
        Operation::Encrypt,
        &[
            field("CiphertextBlob", Part::Blob),
            field("KeyId", Part::Text),
            field("EncryptionAlgorithm", Part::Text),
        ],
    ),
    (
        Operation::GenerateDataKey,
        &[
            field("CiphertextBlob", Part::Blob),
            field("Plaintext", Part::Blob),
            field("KeyId", Part::Text),
            field("CiphertextForRecipient", Part::Blob),
            field("KeyMaterialId", Part::Text),
        ],
    ),
    (
        Operation::GenerateDataKeyPair,
        &[
            field("PrivateKeyCiphertextBlob", Part::Blob),
            field("PrivateKeyPlaintext", Part::Blob),
            field("PublicKey", Part::Blob),
            field("KeyId", Part::Text),
            field("KeyPairSpec", Part::Text),
            field("CiphertextForRecipient", Part::Blob),
            field("KeyMaterialId", Part::Text),
        ],
    ),
    (
        Operation::GenerateDataKeyPairWithoutPlaintext,
        &[
            field("PrivateKeyCiphertextBlob", Part::Blob),
            field("PublicKey", Part::Blob),
            field("KeyId", Part::Text),
            field("KeyPairSpec", Part::Text),
            field("KeyMaterialId", Part::Text),
        ],
    ),
    (
        Operation::GenerateDataKeyWithoutPlaintext,
        &[
            field("CiphertextBlob", Part::Blob),
            field("KeyId", Part::Text),
            field("KeyMaterialId", Part::Text),
        ],
    ),
    (
        Operation::GenerateMac,
        &[field("Mac", Part::Blob), field("MacAlgorithm", Part::Text), field("KeyId", Part::Text)],
    ),
    (
        Operation::GenerateRandom,
        &[field("Plaintext", Part::Blob), field("CiphertextForRecipient", Part::Blob)],
    ),
    (
        Operation::GetKeyLastUsage,
        &[
            field("KeyId", Part::Text),
            field("KeyLastUsage", KEY_LAST_USAGE_DATA),
            field("TrackingStartDate", Part::Time),
            field("KeyCreationDate", Part::Time),
        ],
    ),
    (Operation::GetKeyPolicy, &[field("Policy", Part::Text), field("PolicyName", Part::Text)]),
    (
        Operation::GetKeyRotationStatus,
        &[
            field("KeyRotationEnabled", Part::Flag),
            field("KeyId", Part::Text),
            field("RotationPeriodInDays", Part::Integer),
            field("NextRotationDate", Part::Time),
            field("OnDemandRotationStartDate", Part::Time),
        ],
    ),
    (
        Operation::GetParametersForImport,
        &[
            field("KeyId", Part::Text),
            field("ImportToken", Part::Blob),
            field("PublicKey", Part::Blob),
            field("ParametersValidTo", Part::Time),
        ],
    ),
    (
        Operation::GetPublicKey,
        &[
            field("KeyId", Part::Text),
            field("PublicKey", Part::Blob),
            field("CustomerMasterKeySpec", Part::Text),
            field("KeySpec", Part::Text),
            field("KeyUsage", Part::Text),
            field("EncryptionAlgorithms", Part::List(&Part::Text)),
            field("SigningAlgorithms", Part::List(&Part::Text)),
            field("KeyAgreementAlgorithms", Part::List(&Part::Text)),
            field("EncapsulationAlgorithms", Part::List(&Part::Text)),
        ],
    ),
    (Operation::ImportKeyMaterial, &[field("KeyId", Part::Text), field("KeyMaterialId", Part::Text)]),
    (
        Operation::ListAliases,
        &[
            field("Aliases", Part::List(&ALIAS_LIST_ENTRY)),
            field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    ),
    (
        Operation::ListGrants,
        &[
            field("Grants", Part::List(&GRANT_LIST_ENTRY)),
            field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    ),
    (
        Operation::ListKeyPolicies,
        &[
            field("PolicyNames", Part::List(&Part::Text)),
            field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    ),
    (
        Operation::ListKeyRotations,
        &[
            field("Rotations", Part::List(&ROTATIONS_LIST_ENTRY)),
            field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    ),
    (
        Operation::ListKeys,
        &[
            field("Keys", Part::List(&KEY_LIST_ENTRY)),
            field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    ),
    (
        Operation::ListResourceTags,
        &[field("Tags", Part::List(&TAG)), field("NextMarker", Part::Text), field("Truncated", Part::Flag)],
    ),
    (
        Operation::ListRetirableGrants,
        &[
            field("Grants", Part::List(&GRANT_LIST_ENTRY)),
            field("NextMarker", Part::Text),
            field("Truncated", Part::Flag),
        ],
    ),
    (Operation::PutKeyPolicy, &[]),
    (
        Operation::ReEncrypt,
        &[
            field("CiphertextBlob", Part::Blob),
            field("SourceKeyId", Part::Text),
            field("KeyId", Part::Text),
            field("SourceEncryptionAlgorithm", Part::Text),
            field("DestinationEncryptionAlgorithm", Part::Text),
            field("SourceKeyMaterialId", Part::Text),
            field("DestinationKeyMaterialId", Part::Text),
        ],
    ),
    (
        Operation::ReplicateKey,
        &[
            field("ReplicaKeyMetadata", KEY_METADATA),
            field("ReplicaPolicy", Part::Text),
            field("ReplicaTags", Part::List(&TAG)),
        ],
    ),
    (Operation::RetireGrant, &[]),
    (Operation::RevokeGrant, &[]),
    (Operation::RotateKeyOnDemand, &[field("KeyId", Part::Text)]),
    (
        Operation::ScheduleKeyDeletion,
        &[
            field("KeyId", Part::Text),
            field("DeletionDate", Part::Time),
            field("KeyState", Part::Text),
            field("PendingWindowInDays", Part::Integer),
        ],
    ),
    (
        Operation::Sign,
        &[field("KeyId", Part::Text), field("Signature", Part::Blob), field("SigningAlgorithm", Part::Text)],
    ),
    (Operation::TagResource, &[]),
    (Operation::UntagResource, &[]),
    (Operation::UpdateAlias, &[]),
    (Operation::UpdateCustomKeyStore, &[]),
    (Operation::UpdateKeyDescription, &[]),
    (Operation::UpdatePrimaryRegion, &[]),
    (
        Operation::Verify,
        &[
            field("KeyId", Part::Text),
            field("SignatureValid", Part::Flag),
            field("SigningAlgorithm", Part::Text),
        ],
    ),
    (
        Operation::VerifyMac,
        &[field("KeyId", Part::Text), field("MacValid", Part::Flag), field("MacAlgorithm", Part::Text)],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_row_stands_where_its_operation_looks_for_it() {
        for (row, operation) in RESPONSES.iter().zip(Operation::ALL) {
            assert_eq!(row.0, *operation);
        }
    }

    #[test]
    fn what_the_model_does_not_have_is_named_by_its_path() {
        let good = json!({"KeyMetadata": {"KeyId": "a", "CreationDate": 1.5, "Enabled": true,
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "PendingDeletionWindowInDays": 7}});
        assert_eq!(strangers(Operation::DescribeKey, &good), Vec::<String>::new());
        let bad =
            json!({"KeyMetadata": {"Keyid": "a", "CreationDate": "x", "MacAlgorithms": [1]}, "B": null});
        let found =
            [".B", ".KeyMetadata.CreationDate", ".KeyMetadata.Keyid", ".KeyMetadata.MacAlgorithms[0]"];
        assert_eq!(strangers(Operation::DescribeKey, &bad), found);
        let blob = json!({"CiphertextBlob": "?", "KeyId": "a"});
        assert_eq!(strangers(Operation::Encrypt, &blob), [".CiphertextBlob"]);
    }
}
