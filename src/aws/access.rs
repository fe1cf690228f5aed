//! Who calls, in which Region, through which endpoint.

use super::transport::{Wires, timeouts};
use super::{Error, errors};
use crate::backend::http::NOBODY;
use crate::guard::{Agent, Guard, Reached};
use crate::planner::partition::Partition;
use crate::scenario::Transport;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::service_config::ServiceConfigKey;
use std::fmt;

/// What is wanted of AWS.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The Region.
    pub region: String,
    /// The profile, instead of AWS_PROFILE or `default`.
    pub profile: Option<String>,
    /// The endpoint of KMS, instead of AWS_ENDPOINT_URL_KMS and what Regions have. Other services have their own:
    /// AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_CLOUDWATCH, AWS_ENDPOINT_URL_SERVICE_QUOTAS.
    pub endpoint_url: Option<String>,
    /// How attempts travel.
    pub transport: Transport,
    /// Whom may be connected to; must have a consent to call AWS.
    pub guard: Guard,
}

/// Credentials, Region and endpoint, ready for clients.
#[derive(Clone)]
pub struct Access {
    sdk: SdkConfig,
    /// Where KMS is, if not where settings or the Region say.
    endpoint: Option<Reached>,
    guard: Guard,
    transport: Transport,
    wires: Wires,
}

/// The services that are asked, and those that credentials may come from.
const SERVICES: [&str; 6] = ["KMS", "STS", "CloudWatch", "Service Quotas", "SSO", "SSO OIDC"];

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("endpoint", &self.endpoint())
            .field("region", &self.region())
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Finds credentials and settings where AWS tools look for them: environment, profile (assumed roles, SSO and
    /// processes included), web identity, container, instance.
    ///
    /// # Errors
    /// [`Error::Guard`] for any endpoint that may not be connected to, by option, environment or profile;
    /// [`Error::NoCredentials`], [`Error::Credentials`], or [`Error::Ca`].
    pub async fn find(wanted: &Wanted) -> Result<Access, Error> {
        let guard = wanted.guard.clone();
        let endpoint = wanted.endpoint_url.as_deref().map(|url| guard.reach(url)).transpose()?;
        let wires = Wires::new(&wanted.transport, &guard)?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(wanted.region.clone()))
            .http_client(wires.pool())
            .timeout_config(timeouts(&wanted.transport))
            .app_name(app_name(guard.agent()));
        if let Some(profile) = &wanted.profile {
            loader = loader.profile_name(profile);
        }
        // This reads files and the environment, and connects to nobody.
        let sdk = loader.load().await;
        let access = Access { sdk, endpoint, guard, transport: wanted.transport.clone(), wires };
        for service in SERVICES {
            if let Some(url) = access.endpoint_of(service) {
                access.guard.reach(&url)?;
            }
        }
        access.check().await?;
        Ok(access)
    }

    /// For an endpoint that is not AWS: signed for with credentials that mean nothing, the same ones always. The chain of
    /// AWS's credentials is not looked at.
    ///
    /// # Errors
    /// [`Error::Ca`].
    pub fn unchecked(region: &str, endpoint: &Reached, transport: &Transport) -> Result<Access, Error> {
        let guard = endpoint.guard().clone();
        let wires = Wires::new(transport, &guard)?;
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(wires.pool())
            .timeout_config(timeouts(transport))
            .app_name(app_name(guard.agent()))
            .credentials_provider(SharedCredentialsProvider::new(meaningless()))
            .identity_cache(aws_config::identity::IdentityCache::lazy().build())
            .build();
        Ok(Access { sdk, endpoint: Some(endpoint.clone()), guard, transport: transport.clone(), wires })
    }

    /// The same, signed for with these credentials instead.
    pub fn with_credentials(self, id: &str, secret: &str, token: Option<String>) -> Access {
        let credentials = Credentials::new(id, secret, token, None, "keystorm");
        let provider = SharedCredentialsProvider::new(credentials);
        let sdk = self.sdk.clone().into_builder().credentials_provider(provider).build();
        self.with_sdk(sdk)
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

    /// The endpoint that environment and profile say for the service with this id; `None` for the Region's own.
    pub(super) fn endpoint_of(&self, service: &str) -> Option<String> {
        let key =
            ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let own = || self.sdk.service_config()?.load_config(key.build().ok()?);
        own().or_else(|| self.sdk.endpoint_url().map(str::to_owned))
    }

    /// Where KMS is: what was wanted, what environment and profile say, or the Region's own endpoint.
    ///
    /// # Errors
    /// [`Error::Guard`].
    pub fn kms_endpoint(&self) -> Result<Reached, Error> {
        if let Some(reached) = &self.endpoint {
            return Ok(reached.clone());
        }
        let (is_fips, is_dual_stack) = (self.sdk.use_fips(), self.sdk.use_dual_stack());
        let own = || Partition::kms(self.region(), is_fips == Some(true), is_dual_stack == Some(true));
        Ok(self.guard.reach(&self.endpoint_of("KMS").unwrap_or_else(own))?)
    }

    /// What KMS is reached by, for people.
    fn endpoint(&self) -> Option<String> {
        self.endpoint.as_ref().map(|reached| reached.url().to_string())
    }

    /// Whom may be connected to.
    pub const fn guard(&self) -> &Guard {
        &self.guard
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
        if let Some(endpoint) = self.endpoint() {
            config.set_endpoint_url(Some(endpoint));
        }
        config
    }
}

/// Credentials that nobody checks.
fn meaningless() -> Credentials {
    Credentials::new(NOBODY, "meaningless", None, None, "keystorm")
}

/// What the SDK is told to say of whoever calls.
fn app_name(agent: &Agent) -> AppName {
    AppName::new(agent.app_name()).expect("letters, digits and hyphens only")
}
