//! Who calls, in which Region, through which endpoint.

use super::transport::{Wires, timeouts};
use super::{Error, errors};
use crate::scenario::Transport;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_types::service_config::ServiceConfigKey;
use hyper::Uri;
use std::fmt;
use std::net::IpAddr;

/// What is wanted of AWS, or of what stands for it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The Region.
    pub region: String,
    /// The profile, instead of AWS_PROFILE or `default`.
    pub profile: Option<String>,
    /// The endpoint of KMS, instead of AWS_ENDPOINT_URL_KMS and what Regions have. Other services have their own:
    /// AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_CLOUDWATCH, AWS_ENDPOINT_URL_SERVICE_QUOTAS.
    pub endpoint_url: Option<String>,
    /// Whether this is AWS itself: nothing but real credentials will do.
    pub is_aws: bool,
    /// How attempts travel.
    pub transport: Transport,
}

/// Credentials, Region and endpoint, ready for clients.
#[derive(Clone)]
pub struct Access {
    sdk: SdkConfig,
    endpoint: Option<String>,
    transport: Transport,
    wires: Wires,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Access { endpoint, .. } = self;
        f.debug_struct("Access")
            .field("endpoint", endpoint)
            .field("region", &self.region())
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Finds credentials and settings where AWS tools look for them: environment, profile (assumed roles, SSO and
    /// processes included), web identity, container, instance.
    ///
    /// An endpoint on loopback that is not AWS needs no credentials: where none are configured, it is signed for with
    /// meaningless ones. Container and instance are not asked for its sake.
    ///
    /// # Errors
    /// [`Error::NoCredentials`], [`Error::Credentials`], or [`Error::Ca`].
    pub async fn find(wanted: &Wanted) -> Result<Access, Error> {
        let wires = Wires::new(&wanted.transport)?;
        let http = wires.pool();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(wanted.region.clone()))
            .http_client(http.clone())
            .timeout_config(timeouts(&wanted.transport))
            .app_name(AppName::new("keystorm").expect("letters only"));
        if let Some(profile) = &wanted.profile {
            loader = loader.profile_name(profile);
        }
        let endpoint = wanted.endpoint_url.clone();
        if !wanted.is_aws && endpoint.as_deref().is_some_and(is_loopback) {
            let region = Some(Region::new(wanted.region.clone()));
            let config = ProviderConfig::without_region().with_region(region).with_http_client(http);
            loader = match configured(wanted.profile.as_deref(), &config).await? {
                Some(chain) => loader.credentials_provider(chain),
                None => loader.credentials_provider(meaningless()),
            };
        }
        let sdk = loader.load().await;
        let access = Access { sdk, endpoint, transport: wanted.transport.clone(), wires };
        access.check().await?;
        Ok(access)
    }

    /// For an emulated KMS that checks no signature; no credentials are looked for.
    ///
    /// # Errors
    /// [`Error::Ca`].
    pub fn unchecked(region: &str, endpoint: &str, transport: &Transport) -> Result<Access, Error> {
        let wires = Wires::new(transport)?;
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(wires.pool())
            .timeout_config(timeouts(transport))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                meaningless(),
            ))
            .identity_cache(aws_config::identity::IdentityCache::lazy().build())
            .build();
        Ok(Access { sdk, endpoint: Some(endpoint.into()), transport: transport.clone(), wires })
    }

    /// The same with this configuration of the SDK instead.
    pub fn with_sdk(self, sdk: SdkConfig) -> Access {
        Access { sdk, ..self }
    }

    /// Gets credentials once, so that what is wrong with them is said before anything else.
    async fn check(&self) -> Result<(), Error> {
        let provider = self.sdk.credentials_provider();
        let provider = provider.ok_or_else(|| Error::NoCredentials("none are configured".into()))?;
        provider.provide_credentials().await.map(drop).map_err(|error| errors::credentials(&error))
    }

    /// The configuration of the SDK.
    pub const fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The Region.
    pub fn region(&self) -> &str {
        self.sdk.region().map_or("", |region| region.as_ref())
    }

    /// The endpoint of KMS: what was wanted, or what environment and profile say; `None` for the Region's own.
    pub fn endpoint(&self) -> Option<String> {
        self.endpoint.clone().or_else(|| self.endpoint_of("KMS"))
    }

    /// The endpoint that environment and profile say for the service with this id; `None` for the Region's own.
    pub(super) fn endpoint_of(&self, service_id: &str) -> Option<String> {
        let key =
            ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let configured = || self.sdk.service_config()?.load_config(key.build().ok()?);
        configured().or_else(|| self.sdk.endpoint_url().map(str::to_owned))
    }

    /// How attempts travel.
    pub(super) const fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(super) const fn wires(&self) -> &Wires {
        &self.wires
    }

    /// A KMS client's configuration; still without a pool of its own.
    pub(super) fn kms(&self) -> aws_sdk_kms::config::Builder {
        let mut config = aws_sdk_kms::config::Builder::from(&self.sdk);
        if let Some(endpoint) = &self.endpoint {
            config.set_endpoint_url(Some(endpoint.clone()));
        }
        config
    }
}

/// What the environment, a profile or a web identity gives; `None` where none of them is configured.
async fn configured(
    profile: Option<&str>,
    config: &ProviderConfig,
) -> Result<Option<CredentialsProviderChain>, Error> {
    let mut from_profile = ProfileFileCredentialsProvider::builder().configure(config);
    if let Some(name) = profile {
        from_profile = from_profile.profile_name(name);
    }
    let web = WebIdentityTokenCredentialsProvider::builder().configure(config).build();
    let from_profile = from_profile.build();
    // As in the default chain, except that a profile that is named comes first: it was asked for.
    let chain = if profile.is_some() {
        CredentialsProviderChain::first_try("profile", from_profile)
    } else {
        CredentialsProviderChain::first_try("environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("profile", from_profile)
            .or_else("web identity", web)
    };
    match chain.provide_credentials().await {
        Ok(_) => Ok(Some(chain)),
        Err(CredentialsError::CredentialsNotLoaded(_)) if profile.is_none() => Ok(None),
        Err(error) => Err(errors::credentials(&error)),
    }
}

/// Credentials that nobody checks.
fn meaningless() -> Credentials {
    Credentials::new("AKIAKEYSTORMNOCHECK0", "meaningless", None, None, "keystorm")
}

/// Whether a URL leads to this machine.
fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    uri.scheme().is_some()
        && (host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["http://127.0.0.1:8080", "https://localhost", "http://[::1]:1/", "http://127.9.9.9"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://kms.eu-west-1.amazonaws.com",
            "http://10.0.0.1",
            "localhost",
            "http://127.0.0.1.evil.org",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
