//! How the SDK's attempts travel: TLS, timeouts and one pool of connections for each client.

use super::Error;
use super::tries;
use crate::guard::Guard;
use crate::scenario::Transport;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
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
    guard: Guard,
}

impl Wires {
    /// As the scenario says, to where `guard` lets them.
    ///
    /// # Errors
    /// [`Error::Ca`] when the CA file cannot be read or holds no certificate.
    pub(super) fn new(transport: &Transport, guard: &Guard) -> Result<Wires, Error> {
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
        Ok(Wires { tls, idle, connections: transport.connections, guard: guard.clone() })
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
            .build_with_resolver(Names(self.guard.clone()));
        let room = self.connections.map(|most| Arc::new(Semaphore::new(most as usize)));
        SharedHttpClient::new(Pool { pool, room, agent: self.guard.agent().header().into() })
    }

    /// Connections for what is asked a few times a run.
    pub(super) fn connector(&self) -> SharedHttpConnector {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let inner = aws_smithy_http_client::Connector::builder()
            .tls_provider(provider)
            .tls_context(self.tls.clone())
            .build_with_resolver(Names(self.guard.clone()));
        let (inner, agent) = (SharedHttpConnector::new(inner), self.guard.agent().header().into());
        SharedHttpConnector::new(GuardedConnector { inner, room: None, agent })
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

/// Names as the guard has looked them up. The pool asks for addresses whenever it opens a connection; it reads no proxy
/// from the environment, and does not follow redirections.
#[derive(Clone, Debug)]
struct Names(Guard);

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let (guard, asked) = (self.0.clone(), name.to_owned());
            let judged = tokio::task::spawn_blocking(move || guard.resolve(&asked));
            let judged = judged.await.map_err(ResolveDnsError::new)?.map_err(ResolveDnsError::new)?;
            match judged {
                Some(addresses) => Ok(addresses.to_vec()),
                None => {
                    let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
                    Ok(found.map(|address| address.ip()).collect())
                }
            }
        })
    }
}

/// A pool that notes when an attempt leaves, and says whose it is.
#[derive(Debug)]
struct Pool {
    pool: SharedHttpClient,
    room: Option<Arc<Semaphore>>,
    agent: Arc<str>,
}

impl HttpClient for Pool {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.pool.http_connector(settings, components);
        SharedHttpConnector::new(GuardedConnector {
            inner,
            room: self.room.clone(),
            agent: Arc::clone(&self.agent),
        })
    }
}

#[derive(Debug)]
struct GuardedConnector {
    inner: SharedHttpConnector,
    room: Option<Arc<Semaphore>>,
    agent: Arc<str>,
}

impl GuardedConnector {
    /// Puts keystorm's own words behind the SDK's; no signature covers this header.
    fn sign_off(&self, request: &mut HttpRequest) {
        let headers = request.headers_mut();
        let said = headers.get("user-agent").map_or_else(String::new, |theirs| format!("{theirs} "));
        // Both halves are plain words.
        let _ = headers.try_insert("user-agent", format!("{said}{}", self.agent));
    }
}

impl HttpConnector for GuardedConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        self.sign_off(&mut request);
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
