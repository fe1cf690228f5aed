//! What stands behind a store, as the members of a call tell it.

use crate::kms::keys::StoreKind;
use crate::kms::wire::{ApiError, Input};

/// Members that only a CloudHSM key store has.
const CLOUD_HSM: [&str; 3] = ["CloudHsmClusterId", "TrustAnchorCertificate", "KeyStorePassword"];
/// Members that only an external key store has.
const EXTERNAL: [&str; 6] = [
    "XksProxyUriEndpoint",
    "XksProxyUriPath",
    "XksProxyVpcEndpointServiceName",
    "XksProxyVpcEndpointServiceOwner",
    "XksProxyAuthenticationCredential",
    "XksProxyConnectivity",
];

/// What CreateCustomKeyStore describes.
///
/// # Errors
/// ValidationException if a member is missing or belongs to the other type.
pub(super) fn read(input: &Input) -> Result<StoreKind, ApiError> {
    let is_external = input.text("CustomKeyStoreType") == Some("EXTERNAL_KEY_STORE");
    refuse(input, if is_external { &CLOUD_HSM } else { &EXTERNAL }, is_external)?;
    if !is_external {
        required(input, "KeyStorePassword")?;
        return Ok(StoreKind::CloudHsm {
            cluster: required(input, "CloudHsmClusterId")?,
            trust_anchor: required(input, "TrustAnchorCertificate")?,
        });
    }
    let credential = input.structure("XksProxyAuthenticationCredential");
    let access_key_id = credential.and_then(|given| given.text("AccessKeyId"));
    let kind = StoreKind::External {
        uri_endpoint: required(input, "XksProxyUriEndpoint")?,
        uri_path: required(input, "XksProxyUriPath")?,
        connectivity: required(input, "XksProxyConnectivity")?,
        vpc_service: input.text("XksProxyVpcEndpointServiceName").map(Into::into),
        vpc_owner: input.text("XksProxyVpcEndpointServiceOwner").map(Into::into),
        access_key_id: access_key_id.ok_or_else(|| missing("XksProxyAuthenticationCredential"))?.into(),
    };
    check_vpc(&kind)?;
    Ok(kind)
}

/// What UpdateCustomKeyStore makes of a store; and whether that can be done only while it is disconnected.
///
/// # Errors
/// ValidationException if a member belongs to the other type; CloudHsmClusterNotRelatedException cannot happen, since
/// every cluster is taken to be related.
pub(super) fn updated(kind: &StoreKind, input: &Input) -> Result<(StoreKind, bool), ApiError> {
    let mut kind = kind.clone();
    let is_external = matches!(kind, StoreKind::External { .. });
    refuse(
        input,
        if is_external { &["KeyStorePassword", "CloudHsmClusterId"] } else { &EXTERNAL },
        is_external,
    )?;
    let text = |member: &'static str| input.text(member).map(String::from);
    let needs_rest = match &mut kind {
        StoreKind::CloudHsm { cluster, .. } => {
            set(cluster, text("CloudHsmClusterId"));
            ["CloudHsmClusterId", "KeyStorePassword"].iter().any(|member| input.is_given(member))
        }
        StoreKind::External {
            uri_endpoint,
            uri_path,
            connectivity,
            vpc_service,
            vpc_owner,
            access_key_id,
        } => {
            set(uri_endpoint, text("XksProxyUriEndpoint"));
            set(uri_path, text("XksProxyUriPath"));
            set(connectivity, text("XksProxyConnectivity"));
            *vpc_service = text("XksProxyVpcEndpointServiceName").or(vpc_service.take());
            *vpc_owner = text("XksProxyVpcEndpointServiceOwner").or(vpc_owner.take());
            if connectivity == "PUBLIC_ENDPOINT" && !input.is_given("XksProxyVpcEndpointServiceName") {
                (*vpc_service, *vpc_owner) = (None, None);
            }
            let credential = input.structure("XksProxyAuthenticationCredential");
            set(access_key_id, credential.and_then(|given| given.text("AccessKeyId")).map(Into::into));
            let fixed = ["XksProxyUriEndpoint", "XksProxyConnectivity", "XksProxyVpcEndpointServiceName"];
            fixed.iter().any(|member| input.is_given(member))
        }
    };
    check_vpc(&kind)?;
    Ok((kind, needs_rest))
}

/// Refuses two stores that share what each must have for itself.
pub(super) fn check_apart(new: &StoreKind, other: &StoreKind) -> Result<(), ApiError> {
    match (new, other) {
        (StoreKind::CloudHsm { cluster, .. }, StoreKind::CloudHsm { cluster: taken, .. })
            if cluster == taken =>
        {
            Err(ApiError::cloud_hsm_cluster_in_use(format!(
                "The cluster {cluster} belongs to another custom key store."
            )))
        }
        (
            StoreKind::External { uri_endpoint, uri_path, connectivity, vpc_service, .. },
            StoreKind::External {
                uri_endpoint: taken,
                uri_path: taken_path,
                connectivity: by,
                vpc_service: taken_service,
                ..
            },
        ) => {
            if (uri_endpoint, uri_path) == (taken, taken_path) {
                let what = format!("{uri_endpoint}{uri_path} belongs to another external key store.");
                return Err(ApiError::xks_proxy_uri_in_use(what));
            }
            let is_private = [connectivity, by].into_iter().any(|how| how == "VPC_ENDPOINT_SERVICE");
            if uri_endpoint == taken && is_private {
                let what = format!("{uri_endpoint} belongs to another external key store.");
                return Err(ApiError::xks_proxy_uri_endpoint_in_use(what));
            }
            if vpc_service.is_some() && vpc_service == taken_service {
                let what = "The VPC endpoint service belongs to another external key store.";
                return Err(ApiError::xks_proxy_vpc_endpoint_service_in_use(what));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A VPC endpoint service goes with that connectivity, and only with it.
fn check_vpc(kind: &StoreKind) -> Result<(), ApiError> {
    let StoreKind::External { connectivity, vpc_service, vpc_owner, .. } = kind else { return Ok(()) };
    match (connectivity.as_str(), vpc_service) {
        ("VPC_ENDPOINT_SERVICE", None) => Err(missing("XksProxyVpcEndpointServiceName")),
        ("PUBLIC_ENDPOINT", service) if service.is_some() || vpc_owner.is_some() => {
            Err(ApiError::validation(
                "XksProxyVpcEndpointServiceName and XksProxyVpcEndpointServiceOwner cannot be specified with \
             PUBLIC_ENDPOINT.",
            ))
        }
        _ => Ok(()),
    }
}

fn set(value: &mut String, new: Option<String>) {
    if let Some(new) = new {
        *value = new;
    }
}

fn required(input: &Input, member: &'static str) -> Result<String, ApiError> {
    input.text(member).map(Into::into).ok_or_else(|| missing(member))
}

fn missing(member: &str) -> ApiError {
    ApiError::validation(format!("{member} must be specified for this type of custom key store."))
}

/// Refuses members of the other type.
fn refuse(input: &Input, members: &[&'static str], is_external: bool) -> Result<(), ApiError> {
    let Some(member) = members.iter().find(|member| input.is_given(member)) else { return Ok(()) };
    let kind = if is_external { "EXTERNAL_KEY_STORE" } else { "AWS_CLOUDHSM" };
    Err(ApiError::validation(format!("{member} cannot be specified for a custom key store of type {kind}.")))
}
