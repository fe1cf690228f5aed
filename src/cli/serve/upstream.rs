//! `serve --upstream URL`: our quotas, faults and times before a service that somebody else runs nearby.

use super::Error;
use crate::cli::consent::Credentials;
use crate::guard::{Objection, nearby};
use crate::kms::crypto::Secret;
use crate::runner;
use crate::server::{Upstream, UpstreamCredentials};
use crate::time::Span;
use std::path::PathBuf;

/// The access key of nobody, by which every emulator can tell that nothing is meant by it.
const NOBODY: (&str, &str) = ("AKIAKEYSTORMNOCHECK0", "nothing");

/// What else is answered where the keys are, and so says nothing here.
const ELSEWHERE: [&str; 6] = ["assume", "consistency", "data_dir", "limit", "root_key", "seed_keys"];

/// Options of what is behind the server.
#[derive(clap::Args, Debug)]
pub(super) struct UpstreamArgs {
    /// Send what passes faults and quotas on to this KMS, on this machine or a private network, which has the keys and
    /// judges who may use them; calls are signed anew.
    #[arg(long, value_name = "URL", env = "KEYSTORM_UPSTREAM", conflicts_with_all = ELSEWHERE)]
    pub(super) upstream: Option<String>,
    /// Whose calls the upstream takes them for: none (meaningless ones), test (`test` and `test`), or env:PREFIX
    /// [default: none].
    #[arg(long, value_parser = Credentials::parse, env = "KEYSTORM_UPSTREAM_CREDENTIALS", requires = "upstream")]
    upstream_credentials: Option<Credentials>,
    /// PEM file with the certificates that an https upstream is trusted by.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_UPSTREAM_CA", requires = "upstream")]
    upstream_ca: Option<PathBuf>,
    /// How long the upstream may take for an answer [default: 30s].
    #[arg(long, value_parser = Span::parse, env = "KEYSTORM_UPSTREAM_TIMEOUT", requires = "upstream")]
    upstream_timeout: Option<Span>,
}

impl UpstreamArgs {
    /// The upstream, if there is to be one: judged before anything is looked up or connected to.
    ///
    /// # Errors
    /// [`Error::Usage`] for one that is AWS or far away, and for credentials or certificates that are not there.
    pub(super) fn upstream(&self) -> Result<Option<Upstream>, Error> {
        let Some(url) = &self.upstream else { return Ok(None) };
        let wrong = |what: String| Error::Usage(format!("--upstream: {what}"));
        let reached = nearby(url).map_err(|objection| match objection {
            Objection::Aws { url, domain, .. } => {
                wrong(format!("{url} is AWS (a host in {domain}): only emulators and endpoints of your own are upstreams"))
            }
            Objection::Remote { url, address, .. } => wrong(format!(
                "{url} leads to {address}, which is neither this machine nor a private network: an upstream is near"
            )),
            other => wrong(other.to_string()),
        })?;
        let given = self.upstream_credentials.clone().unwrap_or_default();
        if given == Credentials::Chain {
            let what =
                "--upstream-credentials: the chain is AWS's own; an upstream is called by other credentials";
            return Err(Error::Usage(what.into()));
        }
        let (id, secret, token) = match given.resolved()? {
            runner::Credentials::Keys { id, secret, token } => (id, secret, token),
            runner::Credentials::Nobody | runner::Credentials::Chain => {
                (NOBODY.0.into(), NOBODY.1.into(), None)
            }
        };
        let credentials = UpstreamCredentials { id, secret: Secret::from(secret.as_bytes()), token };
        let ca = self.upstream_ca.as_ref().map(|path| {
            std::fs::read(path).map_err(|e| Error::Usage(format!("--upstream-ca {}: {e}", path.display())))
        });
        let timeout = self.upstream_timeout.unwrap_or(Span::from_secs(30));
        let upstream = Upstream::new(&reached, ca.transpose()?.as_deref(), credentials, timeout);
        upstream.map(Some).map_err(|e| wrong(e.to_string()))
    }
}
