//! How the SDK's attempts travel: TLS, timeouts and one pool of connections for each client.

use super::Error;
use super::tries;
use crate::scenario::Transport;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// What makes a pool of connections.
#[derive(Clone)]
pub(super) struct Wires {
    tls: TlsContext,
    idle: Duration,
    connections: Option<u32>,
}

impl Wires {
    /// As the scenario says.
    ///
    /// # Errors
    /// [`Error::Ca`] when the CA file cannot be read or holds no certificate.
    pub(super) fn new(transport: &Transport) -> Result<Wires, Error> {
        let trust = match &transport.ca {
            None => TrustStore::default(),
            Some(path) => {
                let ca = |why: String| Error::Ca { path: PathBuf::from(path), why };
                let pem = std::fs::read(path).map_err(|error| ca(error.to_string()))?;
                check(&pem).map_err(ca)?;
                TrustStore::empty().with_pem_certificate(pem)
            }
        };
        let tls = TlsContext::builder().with_trust_store(trust).build().map_err(|error| Error::Ca {
            path: transport.ca.clone().unwrap_or_default().into(),
            why: error.to_string(),
        })?;
        let idle = Duration::from_nanos(transport.idle_timeout.as_nanos());
        Ok(Wires { tls, idle, connections: transport.connections })
    }

    /// A pool of its own.
    ///
    /// hyper's pool has no limit: where the scenario has one, so many attempts are on their way at a time and the others
    /// wait, which keeps the pool within it. A connection that is still coming up when another one becomes free is kept
    /// too, so that one or two more may be open.
    pub(super) fn pool(&self) -> SharedHttpClient {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let pool = aws_smithy_http_client::Builder::new()
            .pool_idle_timeout(self.idle)
            .tls_provider(provider)
            .tls_context(self.tls.clone())
            .build_https();
        let room = self.connections.map(|most| Arc::new(Semaphore::new(most as usize)));
        SharedHttpClient::new(Pool { pool, room })
    }
}

impl Wires {
    /// Connections for what is asked a few times a run.
    pub(super) fn connector(&self) -> SharedHttpConnector {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        SharedHttpConnector::new(
            aws_smithy_http_client::Connector::builder()
                .tls_provider(provider)
                .tls_context(self.tls.clone())
                .build(),
        )
    }
}

/// Whether `pem` holds certificates that can be trusted; the SDK would leave out bad ones without a word.
fn check(pem: &[u8]) -> Result<(), String> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        store.add(certificate).map_err(|error| error.to_string())?;
    }
    if store.is_empty() { Err("there is no PEM certificate in it".into()) } else { Ok(()) }
}

/// The SDK's own timeouts: for connections only. Attempts have a timer in the engine.
pub(super) fn timeouts(transport: &Transport) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_nanos(transport.connect_timeout.as_nanos()))
        .build()
}

/// A pool that notes when an attempt leaves.
#[derive(Debug)]
struct Pool {
    pool: SharedHttpClient,
    room: Option<Arc<Semaphore>>,
}

impl HttpClient for Pool {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.pool.http_connector(settings, components);
        SharedHttpConnector::new(Gate { inner, room: self.room.clone() })
    }
}

#[derive(Debug)]
struct Gate {
    inner: SharedHttpConnector,
    room: Option<Arc<Semaphore>>,
}

impl HttpConnector for Gate {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(room) = self.room.clone() else {
            tries::leaves();
            return self.inner.call(request);
        };
        let inner = self.inner.clone();
        HttpConnectorFuture::new(async move {
            // Held until the head of the answer is there; the rest of it is a few hundred bytes behind.
            let closed = |error| ConnectorError::other(Box::new(error), None);
            let _place = room.acquire().await.map_err(closed)?;
            tries::leaves();
            inner.call(request).await
        })
    }
}
