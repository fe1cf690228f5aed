//! Another service behind this one: calls that have passed our faults and quotas go on to it, signed anew.
//!
//! ```text
//! call ─▶ who? ─▶ admission (faults, quotas) ─▶ upstream: signed with its credentials ─▶ answer ─▶ service time, metrics, trail
//!                                          keys and policies are there
//! ```
//!
//! Only addresses that the guard has judged are connected to, no redirection is followed, and no proxy is read.

use super::sigv4;
use crate::api::Operation;
use crate::clock::{stamp, within};
use crate::emulator::calls::Forwarded;
use crate::guard::{Host, Reached};
use crate::kms::crypto::Secret;
use crate::kms::wire::ApiError;
use crate::time::Span;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The longest answer.
const ANSWER: usize = 4 << 20;
/// How long a connection may take to come up.
const CONNECT: Span = Span::from_secs(5);
/// Connections that are kept while nobody uses them.
const IDLE: usize = 256;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Whose calls the upstream takes ours for.
#[derive(Clone, Debug)]
pub struct UpstreamCredentials {
    /// Access key id.
    pub id: String,
    /// What signs.
    pub secret: Secret,
    /// Token of a session, if it is one.
    pub token: Option<String>,
}

/// A service that is on this machine or a private network.
#[derive(Clone)]
pub struct Upstream(Arc<Inner>);

struct Inner {
    name: String,
    addresses: Vec<SocketAddr>,
    host: HeaderValue,
    agent: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    credentials: UpstreamCredentials,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    timeout: Span,
}

/// Only where it is: credentials are nobody's business.
impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upstream").field(&self.0.name).finish()
    }
}

/// Why nothing can be sent there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UpstreamError {
    /// Calls cannot go there, though a connection could.
    #[error("`{url}` is no upstream: {why}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The certificates to trust cannot be used.
    #[error("the certificates of --upstream-ca: {0}")]
    Certificates(String),
}

impl Upstream {
    /// Where `reached` leads; for TLS, `ca` is the PEM of the certificates to trust. An answer may take `timeout`.
    ///
    /// # Errors
    /// It has a path or is far away, or TLS cannot be set up.
    pub fn new(
        reached: &Reached,
        ca: Option<&[u8]>,
        credentials: UpstreamCredentials,
        timeout: Span,
    ) -> Result<Upstream, UpstreamError> {
        let url = reached.url();
        let wrong = |why| UpstreamError::Url { url: url.to_string(), why };
        if !url.path.is_empty() {
            return Err(wrong("it has a path"));
        }
        let addresses = reached.addresses().filter(|_| !reached.is_remote());
        let addresses = addresses.ok_or_else(|| wrong("it is neither this machine nor a private network"))?;
        let name = match &url.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        };
        let tls = match (url.is_tls, ca) {
            (true, Some(pem)) => {
                let server = ServerName::try_from(name)
                    .map_err(|_| wrong("its host is no name that a certificate can have"))?;
                Some((TlsConnector::from(Arc::new(tls(pem)?)), server))
            }
            (true, None) => return Err(wrong("whose certificate it has, --upstream-ca must say")),
            (false, Some(_)) => return Err(wrong("--upstream-ca is for https")),
            (false, None) => None,
        };
        let header =
            |text: &str| HeaderValue::try_from(text).map_err(|_| wrong("its host cannot stand in a header"));
        Ok(Upstream(Arc::new(Inner {
            host: header(&url.authority())?,
            agent: header(&reached.guard().agent().header())?,
            name: url.to_string(),
            addresses,
            tls,
            credentials,
            idle: Mutex::default(),
            timeout,
        })))
    }

    /// Sends a call on, as one of a Region.
    ///
    /// # Errors
    /// ServiceUnavailable: it does not answer.
    pub(super) async fn send(
        &self,
        operation: Operation,
        region: &str,
        body: &[u8],
    ) -> Result<Forwarded, ApiError> {
        let exchange = self.exchange(operation, region, Bytes::copy_from_slice(body));
        let result = within(self.0.timeout, exchange).await;
        let result = result.unwrap_or_else(|| Err(format!("no answer within {}", self.0.timeout)));
        result.map_err(|why| {
            ApiError::service_unavailable(format!("The upstream {} does not answer: {why}", self.0.name))
        })
    }

    async fn exchange(&self, operation: Operation, region: &str, body: Bytes) -> Result<Forwarded, String> {
        loop {
            let idle = self.0.idle.lock().expect("nothing panics under this lock").pop();
            let is_reused = idle.is_some();
            let mut sender = match idle {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            let request = self.request(operation, region, body.clone())?;
            let answer = match sender.try_send_request(request).await {
                Ok(answer) => answer,
                Err(mut e) => match e.take_message() {
                    // Closed while nobody used it, and not a byte of this was sent.
                    Some(_) if is_reused => continue,
                    _ => return Err(e.into_error().to_string()),
                },
            };
            let status = answer.status().as_u16();
            let read = Limited::new(answer.into_body(), ANSWER).collect().await;
            let body = read.map_err(|e| e.to_string())?.to_bytes().to_vec();
            if sender.ready().await.is_ok() {
                let mut idle = self.0.idle.lock().expect("nothing panics under this lock");
                if idle.len() < IDLE {
                    idle.push(sender);
                }
            }
            return Ok(Forwarded { status, body });
        }
    }

    fn request(
        &self,
        operation: Operation,
        region: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, String> {
        let Inner { credentials, host, agent, .. } = &*self.0;
        let text = |text: String| HeaderValue::try_from(text).map_err(|e| e.to_string());
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        headers.insert(TARGET, text(format!("TrentService.{operation}"))?);
        headers.insert(DATE, text(stamp())?);
        if let Some(token) = &credentials.token {
            headers.insert(TOKEN, text(token.clone())?);
        }
        let call = sigv4::Signed { method: "POST", path: "/", query: "", headers: &headers, body: &body };
        let authorization = text(sigv4::sign(&call, (&credentials.id, &credentials.secret), region))?;
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(USER_AGENT, agent.clone());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        Ok(request)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let connecting = async {
            let stream = TcpStream::connect(&self.0.addresses[..]).await.map_err(|e| e.to_string())?;
            stream.set_nodelay(true).map_err(|e| e.to_string())?;
            match &self.0.tls {
                None => over(stream).await,
                Some((tls, name)) => {
                    over(tls.connect(name.clone(), stream).await.map_err(|e| e.to_string())?).await
                }
            }
        };
        let connected = within(CONNECT, connecting).await;
        connected.unwrap_or_else(|| Err(format!("no connection within {CONNECT}")))
    }
}

async fn over<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
) -> Result<SendRequest<Full<Bytes>>, String> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    // How it ends is told to the call that uses it.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// TLS towards whoever shows a certificate under one of these.
fn tls(pem: &[u8]) -> Result<ClientConfig, UpstreamError> {
    let wrong = |e: &dyn fmt::Display| UpstreamError::Certificates(e.to_string());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
    }
    if roots.is_empty() {
        return Err(wrong(&"there is none in the file"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.map_err(|e| wrong(&e))?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
