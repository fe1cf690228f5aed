//! Asking a running server for its health: what a container's health check runs.

use super::Error;
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
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a server that listens on `listen` is asked from its own machine.
pub(super) fn own(listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port()).to_string()
}

/// Asks the server at `url`; without a scheme, over TLS if `is_tls`. `ca` holds the certificate it is known by.
///
/// # Errors
/// [`Error::Usage`] for a URL that cannot be asked, [`Error::Failed`] for a server that is not well.
pub(super) fn check(url: &str, is_tls: bool, ca: Option<&Path>) -> Result<ExitCode, Error> {
    let (is_tls, rest) = match url.split_once("://") {
        None => (is_tls, url),
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        Some((scheme, _)) => {
            return Err(Error::Usage(format!("--check: `{scheme}` is neither http nor https")));
        }
    };
    let address = rest.split('/').next().unwrap_or_default();
    let ill = |e: &dyn std::fmt::Display| Error::Failed(format!("{url} is not well: {e}"));
    let stream = TcpStream::connect(address).map_err(|e| ill(&e))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|e| ill(&e))?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(|e| ill(&e))?;
    let status = if is_tls {
        let config = trusting(ca)?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_string()).map_err(|e| Error::Usage(format!("{url}: {e}")))?;
        let client = ClientConnection::new(config, name).map_err(|e| ill(&e))?;
        ask(StreamOwned::new(client, stream), address)
    } else {
        ask(stream, address)
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
