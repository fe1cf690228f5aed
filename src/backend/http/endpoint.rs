//! Where attempts are sent and how: what all threads of a run share.

use super::Http;
use super::sign::Signer;
use crate::guard::{Host, Reached};
use crate::scenario::Transport;
use crate::time::Span;
use hyper::header::HeaderValue;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_rustls::TlsConnector;

/// Why attempts cannot be sent there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Calls cannot go there, though a connection could.
    #[error("`{url}` is no endpoint: {why}; write http://HOST:PORT or https://HOST")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The Region cannot stand in a header.
    #[error("`{0}` is no Region")]
    Region(String),
    /// The certificates to trust cannot be read.
    #[error("transport.ca: {0}")]
    Pem(String),
    /// The system has no certificates to trust.
    #[error("this system has no CA certificates{0}: name a PEM file with transport.ca")]
    NoRoots(String),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Whose certificates are trusted.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'a> {
    /// Those of the system.
    System,
    /// Those in a PEM file, by its content; nobody else.
    Pem(&'a [u8]),
}

/// Makes the HTTP client of each thread.
#[derive(Clone)]
pub struct HttpFactory(pub(super) Arc<Endpoint>);

impl HttpFactory {
    /// Attempts go where `reached` leads, which has no path, as calls of `region`.
    ///
    /// # Errors
    /// It has a path, or TLS cannot be set up.
    pub fn new(
        reached: &Reached,
        region: &str,
        transport: &Transport,
        trust: Trust<'_>,
        signer: Signer,
    ) -> Result<HttpFactory, Error> {
        Endpoint::new(reached, region, transport, trust, signer)
            .map(|endpoint| HttpFactory(Arc::new(endpoint)))
    }

    /// A client for one thread.
    pub fn make(&self) -> Http {
        Http::new(Arc::clone(&self.0))
    }

    /// How many connections were made so far, by all clients.
    pub fn connections(&self) -> u64 {
        self.0.opened.load(Ordering::Relaxed)
    }
}

/// Where attempts are sent and how.
pub(super) struct Endpoint {
    /// Name or address, without brackets, and port.
    pub(super) name: (String, u16),
    /// The only addresses that are connected to; `None` for AWS, whose name is looked up for each connection.
    pub(super) addresses: Option<Vec<SocketAddr>>,
    /// The header `host`.
    pub(super) host: HeaderValue,
    pub(super) host_text: String,
    /// The header `user-agent`.
    pub(super) agent: HeaderValue,
    pub(super) region: String,
    pub(super) tls: Option<(TlsConnector, ServerName<'static>)>,
    /// Most connections of one client.
    pub(super) connections: Option<u32>,
    pub(super) connect_timeout: Span,
    pub(super) idle_timeout: Span,
    pub(super) signer: Signer,
    /// Connections made so far.
    pub(super) opened: AtomicU64,
}

impl Endpoint {
    fn new(
        reached: &Reached,
        region: &str,
        transport: &Transport,
        trust: Trust<'_>,
        signer: Signer,
    ) -> Result<Endpoint, Error> {
        let url = reached.url();
        let wrong = |why| Error::Url { url: url.to_string(), why };
        if !url.path.is_empty() {
            return Err(wrong("it has a path"));
        }
        if region.is_empty() || !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(Error::Region(region.into()));
        }
        let name = match &url.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        };
        let tls = match url.is_tls {
            true => {
                let server = ServerName::try_from(name.clone())
                    .map_err(|_| wrong("its host is no name that a certificate can have"))?;
                Some((TlsConnector::from(Arc::new(tls(trust)?)), server))
            }
            false => None,
        };
        let header =
            |text: &str| HeaderValue::try_from(text).map_err(|_| wrong("its host cannot stand in a header"));
        let host_text = url.authority();
        Ok(Endpoint {
            name: (name, url.port),
            addresses: reached.addresses(),
            host: header(&host_text)?,
            host_text,
            agent: header(&reached.guard().agent().header())?,
            region: region.into(),
            tls,
            connections: transport.connections,
            connect_timeout: transport.connect_timeout,
            idle_timeout: transport.idle_timeout,
            signer,
            opened: AtomicU64::new(0),
        })
    }
}

/// TLS 1.2 or 1.3 towards whoever shows a certificate that is trusted.
fn tls(trust: Trust<'_>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Pem(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|e| Error::Pem(e.to_string()))?;
                roots.add(certificate).map_err(|e| Error::Pem(e.to_string()))?;
            }
            if roots.is_empty() {
                return Err(Error::Pem("there is no certificate in it".into()));
            }
        }
        Trust::System => {
            let found = rustls_native_certs::load_native_certs();
            // Old certificates of a system may be of forms that nobody takes any longer.
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let why = found.errors.first().map(|e| format!(" ({e})")).unwrap_or_default();
                return Err(Error::NoRoots(why));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
