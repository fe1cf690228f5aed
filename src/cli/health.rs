//! Asking a running server for its health: what a container's health check runs.

use super::Error;
use crate::guard::{self, Host, Objection, Url};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How long a server that is well may take to say so.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Where a server that listens on `listen` is asked from its own machine.
fn own(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Asks the server at `url`, or the one that listens on `listen` if that is empty; without a scheme, over TLS if `is_tls`.
/// `ca` holds the certificate it is known by.
///
/// # Errors
/// [`Error::Usage`] for a URL that cannot be asked, [`Error::Failed`] for a server that is not well.
pub(super) fn check(
    url: &str,
    listen: SocketAddr,
    is_tls: bool,
    ca: Option<&Path>,
) -> Result<ExitCode, Error> {
    let own = own(listen);
    let scheme = if is_tls { "https" } else { "http" };
    let (url, addresses) = if url.is_empty() {
        // Whatever a server of this machine listens on, is this machine.
        (format!("{scheme}://{own}"), vec![own])
    } else {
        let url = if url.contains("://") { url.to_owned() } else { format!("{scheme}://{url}") };
        let reached = guard::nearby(&url).map_err(|objection| match objection {
            Objection::Remote { url, address } => Error::Usage(format!(
                "--check: {url} leads to {address}: only a server on this machine or a private network is asked"
            )),
            other => other.into(),
        })?;
        (reached.url().to_string(), reached.addresses().unwrap_or_default())
    };
    let parsed = Url::parse(&url).map_err(|why| Error::Usage(format!("--check: {url}: {why}")))?;
    let ill = |e: &dyn std::fmt::Display| Error::Failed(format!("{url} is not well: {e}"));
    let stream = TcpStream::connect(&addresses[..]).map_err(|e| ill(&e))?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(|e| ill(&e))?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(|e| ill(&e))?;
    let host = parsed.authority();
    let status = if parsed.is_tls {
        let config = trusting(ca)?;
        let name = match &parsed.host {
            Host::Name(name) => name.clone(),
            Host::Address(address) => address.to_string(),
        };
        let name = ServerName::try_from(name).map_err(|e| Error::Usage(format!("{url}: {e}")))?;
        let client = ClientConnection::new(config, name).map_err(|e| ill(&e))?;
        ask(StreamOwned::new(client, stream), &host)
    } else {
        ask(stream, &host)
    };
    let status = status.map_err(|e| ill(&e))?;
    if status.starts_with("HTTP/1.1 200") {
        return Ok(ExitCode::SUCCESS);
    }
    Err(ill(&if status.is_empty() { "no answer" } else { &status }))
}

/// TLS that trusts the CA that the server has written to `ca`, and no other.
fn trusting(ca: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let path = ca.ok_or_else(|| {
        Error::Usage(
            "--check over TLS needs --tls-ca FILE, the certificate that the server has written".into(),
        )
    })?;
    let wrong = |e: &dyn std::fmt::Display| Error::Failed(format!("{}: {e}", path.display()));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(path).map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(&e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Asks on a connection; the status line.
fn ask(mut stream: impl Read + Write, host: &str) -> std::io::Result<String> {
    write!(stream, "GET /_keystorm/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut line = String::new();
    BufReader::new(stream.take(128)).read_line(&mut line)?;
    Ok(line.trim_end().into())
}
