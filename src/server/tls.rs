//! A certificate of our own: a CA that clients are told to trust, and a leaf under it.

use super::Error;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What a server's certificate is to be.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Where the certificate of its CA is written, if anywhere.
    pub ca: Option<PathBuf>,
    /// Names and addresses it is good for, beside `localhost`, 127.0.0.1, ::1 and the address the server listens on.
    pub names: Vec<String>,
}

/// TLS for a server that listens on `listen`.
///
/// # Errors
/// The certificate cannot be made, or its file not written.
pub(super) fn config(listen: SocketAddr, tls: &Tls, http2: bool) -> Result<Arc<ServerConfig>, Error> {
    let failed = |e: rcgen::Error| Error::Certificate(e.to_string());
    let ca_key = KeyPair::generate().map_err(failed)?;
    let mut ca_params = CertificateParams::new(Vec::new()).map_err(failed)?;
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca_params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca_params.distinguished_name.push(DnType::CommonName, "keystorm emulated KMS, for tests only");
    let ca_certificate = ca_params.self_signed(&ca_key).map_err(failed)?;
    if let Some(path) = &tls.ca {
        let file = |source| Error::File { path: path.into(), source };
        std::fs::write(path, ca_certificate.pem()).map_err(file)?;
    }
    let issuer = Issuer::new(ca_params, ca_key);
    let mut names = vec!["localhost".to_string(), "127.0.0.1".into(), "::1".into()];
    let own = (!listen.ip().is_unspecified()).then(|| listen.ip().to_string());
    for name in tls.names.iter().cloned().chain(own) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, "keystorm");
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(&key, &issuer).map_err(failed)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let refused = |e: rustls::Error| Error::Certificate(e.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone(), ca_certificate.der().clone()], private)
        .map_err(refused)?;
    let protocols: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}
