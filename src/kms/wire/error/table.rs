//! Every modelled error and those common to all AWS services, with status and constructor.
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17 (500 where the model marks a service fault). Common
//! errors: AWS KMS API reference, "Common Errors", 2026-11-23; that page gives 403 or 404 for some, where KMS
//! itself answers every client error with 400, and the STS codes with 403.

use super::ApiError;

/// Declares a list of errors and a constructor for each.
macro_rules! errors {
    ($($(#[$meta:meta])* $name:ident = $code:literal $status:literal;)*) => {
        impl ApiError {
            $($(#[$meta])* pub fn $name(message: impl Into<String>) -> ApiError {
                ApiError::with($code, $status, message)
            })*
        }

        /// The errors that have a constructor of their own here.
        #[cfg(test)]
        pub(super) fn made(message: &str) -> Vec<ApiError> {
            vec![$(ApiError::$name(message)),*]
        }
    };
}

errors! {
    /// What is to be made is there.
    already_exists = "AlreadyExistsException" 400;
    /// The CloudHSM cluster serves another key store.
    cloud_hsm_cluster_in_use = "CloudHsmClusterInUseException" 400;
    /// The CloudHSM cluster is not set up as a key store needs it.
    cloud_hsm_cluster_invalid_configuration = "CloudHsmClusterInvalidConfigurationException" 400;
    /// The CloudHSM cluster is not active.
    cloud_hsm_cluster_not_active = "CloudHsmClusterNotActiveException" 400;
    /// There is no such CloudHSM cluster.
    cloud_hsm_cluster_not_found = "CloudHsmClusterNotFoundException" 400;
    /// The CloudHSM cluster is of another family than the key store's.
    cloud_hsm_cluster_not_related = "CloudHsmClusterNotRelatedException" 400;
    /// Another change to the same thing is under way.
    conflict = "ConflictException" 400;
    /// The key store still holds keys.
    custom_key_store_has_cmks = "CustomKeyStoreHasCMKsException" 400;
    /// The key store's state does not allow the operation.
    custom_key_store_invalid_state = "CustomKeyStoreInvalidStateException" 400;
    /// Another key store has the name.
    custom_key_store_name_in_use = "CustomKeyStoreNameInUseException" 400;
    /// There is no such key store.
    custom_key_store_not_found = "CustomKeyStoreNotFoundException" 400;
    /// The service waited for another in vain.
    dependency_timeout = "DependencyTimeoutException" 500;
    /// The key is disabled.
    disabled = "DisabledException" 400;
    /// The import token is too old.
    expired_import_token = "ExpiredImportTokenException" 400;
    /// The key is not the one that encrypted.
    incorrect_key = "IncorrectKeyException" 400;
    /// The imported material is not what the key had or accepts.
    incorrect_key_material = "IncorrectKeyMaterialException" 400;
    /// The certificate is not the cluster's.
    incorrect_trust_anchor = "IncorrectTrustAnchorException" 400;
    /// The alias name is not allowed.
    invalid_alias_name = "InvalidAliasNameException" 400;
    /// The ARN is not valid.
    invalid_arn = "InvalidArnException" 400;
    /// The grant id is not valid.
    invalid_grant_id = "InvalidGrantIdException" 400;
    /// The grant token is not valid.
    invalid_grant_token = "InvalidGrantTokenException" 400;
    /// The import token is not for this key.
    invalid_import_token = "InvalidImportTokenException" 400;
    /// The key's type or usage does not suit the operation.
    invalid_key_usage = "InvalidKeyUsageException" 400;
    /// The marker is not one that a listing gave.
    invalid_marker = "InvalidMarkerException" 400;
    /// The service failed.
    kms_internal = "KMSInternalException" 500;
    /// The MAC does not verify.
    kms_invalid_mac = "KMSInvalidMacException" 400;
    /// The signature does not verify.
    kms_invalid_signature = "KMSInvalidSignatureException" 400;
    /// The key's state does not allow the operation.
    kms_invalid_state = "KMSInvalidStateException" 400;
    /// The key cannot be reached at present.
    key_unavailable = "KeyUnavailableException" 500;
    /// A resource quota is used up.
    limit_exceeded = "LimitExceededException" 400;
    /// The policy is not valid.
    malformed_policy_document = "MalformedPolicyDocumentException" 400;
    /// What the request names does not exist.
    not_found = "NotFoundException" 400;
    /// A tag is not valid.
    tag = "TagException" 400;
    /// The operation is not supported for this key or here.
    unsupported_operation = "UnsupportedOperationException" 400;
    /// The external key belongs to another KMS key.
    xks_key_already_in_use = "XksKeyAlreadyInUseException" 400;
    /// The external key is not of the kind that KMS needs.
    xks_key_invalid_configuration = "XksKeyInvalidConfigurationException" 400;
    /// There is no such external key.
    xks_key_not_found = "XksKeyNotFoundException" 400;
    /// The external proxy refuses the credential.
    xks_proxy_incorrect_authentication_credential = "XksProxyIncorrectAuthenticationCredentialException" 400;
    /// The external proxy is not set up as KMS needs it.
    xks_proxy_invalid_configuration = "XksProxyInvalidConfigurationException" 400;
    /// The external proxy answers nonsense.
    xks_proxy_invalid_response = "XksProxyInvalidResponseException" 400;
    /// Another key store has the endpoint.
    xks_proxy_uri_endpoint_in_use = "XksProxyUriEndpointInUseException" 400;
    /// Another key store has the endpoint and path.
    xks_proxy_uri_in_use = "XksProxyUriInUseException" 400;
    /// The external proxy cannot be reached.
    xks_proxy_uri_unreachable = "XksProxyUriUnreachableException" 400;
    /// Another key store has the VPC endpoint service.
    xks_proxy_vpc_endpoint_service_in_use = "XksProxyVpcEndpointServiceInUseException" 400;
    /// The VPC endpoint service is not set up as KMS needs it.
    xks_proxy_vpc_endpoint_service_invalid_configuration = "XksProxyVpcEndpointServiceInvalidConfigurationException" 400;
    /// There is no such VPC endpoint service.
    xks_proxy_vpc_endpoint_service_not_found = "XksProxyVpcEndpointServiceNotFoundException" 400;
    /// The caller may not do this.
    access_denied = "AccessDeniedException" 400;
    /// The request breaks the model's constraints or a rule beyond them.
    validation = "ValidationException" 400;
    /// A value has the wrong JSON type.
    serialization = "SerializationException" 400;
    /// The access key or session token is not known.
    unrecognized_client = "UnrecognizedClientException" 400;
    /// The signature is not the one computed here.
    invalid_signature = "InvalidSignatureException" 400;
    /// The request is not signed.
    missing_authentication_token = "MissingAuthenticationTokenException" 400;
    /// The signature lacks a part.
    incomplete_signature = "IncompleteSignatureException" 400;
    /// The session is over.
    expired_token = "ExpiredTokenException" 400;
    /// The access key is not known, as STS says it.
    invalid_client_token_id = "InvalidClientTokenId" 403;
    /// The body is too long.
    request_entity_too_large = "RequestEntityTooLargeException" 413;
    /// The body came too slowly.
    request_timeout = "RequestTimeoutException" 408;
    /// The service failed before it could say more.
    internal_failure = "InternalFailure" 500;
    /// The service is not there at present.
    service_unavailable = "ServiceUnavailable" 503;
}

/// Every error of the model with its HTTP status, by name, as the fact sheet has them.
#[cfg(test)]
pub(super) fn modelled() -> Vec<(String, u16)> {
    let sheet = include_str!("../../../../tests/facts/kms-operations.json");
    let sheet: serde_json::Value = serde_json::from_str(sheet).expect("the fact sheet is JSON");
    let rows = sheet["errors"].as_object().expect("it has the errors by name");
    let row = |(code, row): (&String, &serde_json::Value)| {
        let status = row["http"].as_u64().and_then(|status| u16::try_from(status).ok());
        (code.clone(), status.expect("each has its status"))
    };
    rows.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_modelled_error_has_a_constructor_with_its_status() {
        let made = made("why");
        let modelled = modelled();
        assert!(modelled.len() > 40, "{}", modelled.len());
        for (code, status) in modelled {
            let fixed = ["InvalidCiphertextException", "DryRunOperationException"].contains(&code.as_str());
            let found = made.iter().find(|error| error.code == code);
            assert!(fixed || found.is_some_and(|error| error.status == status), "{code}");
        }
        assert!(made.iter().all(|error| error.message.as_deref() == Some("why")));
    }
}
