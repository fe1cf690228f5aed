//! Where keystorm may connect: everything that opens a connection asks here first.
//!
//! ```text
//! URL ─▶ Url (one reading) ─▶ name: AWS's? ─▶ one look-up ─▶ addresses: whose? ─▶ Reached ─▶ client
//!        no: exit 2           exit 2          kept            exit 2               connects to these only
//! ```
//!
//! A name is judged before it is looked up, and looked up once: whoever connects is given addresses, not a name that
//! may lead elsewhere the second time. Only hosts of AWS, under a consent to call AWS, are looked up as they are
//! connected to: their addresses change from minute to minute, and TLS tells whether it is them.
//!
//! No client here follows redirections or reads proxies from the environment.

mod address;
mod agent;
mod lookup;
mod url;

pub use address::Reach;
pub use agent::Agent;
pub use lookup::{Lookup, System};
pub use url::{Host, Url, origin, without_user};

use crate::planner::partition::{domain_of_aws, region_in};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

/// What somebody has said yes to, by flags of this very command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// To connect to what is neither this machine nor a private network.
    pub remote: bool,
    /// To call AWS, with all the permits that takes.
    pub aws: bool,
}

/// Why nothing is connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// It is no URL, or one that programs read differently.
    #[error("`{url}` is no endpoint: {why}; write http://HOST:PORT or https://HOST")]
    Malformed {
        /// As it was given, without user and password.
        url: String,
        /// What the resolver says.
        why: &'static str,
    },
    /// A host of AWS.
    #[error(
        "{url} is AWS (a host in {domain}): use --target aws --region {region}{endpoint}, with caps, allow and \
         --yes-real-aws; a server of your own is named by its address"
    )]
    Aws {
        /// As it was given.
        url: String,
        /// The domain that says so.
        domain: &'static str,
        /// The Region it names.
        region: String,
        /// The option that names this very host, behind a space, if it is not the Region's own.
        endpoint: String,
    },
    /// Credentials and data would travel in the clear.
    #[error("{0} is AWS, which is talked to under TLS only: write https://")]
    Clear(String),
    /// An address that no KMS has.
    #[error("{url} leads to {address}, and nothing is sent there: {why}")]
    Never {
        /// As it was given.
        url: String,
        /// The address.
        address: IpAddr,
        /// Why not.
        why: &'static str,
    },
    /// Neither this machine nor a private network.
    #[error(
        "{url} leads to {address}, which is neither this machine nor a private network: that needs --yes-remote, and \
         caps.attempts, caps.rate and caps.duration"
    )]
    Remote {
        /// As it was given.
        url: String,
        /// The first such address.
        address: IpAddr,
    },
    /// The name is not known.
    #[error("{url} cannot be looked up: {why}")]
    Unknown {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Objection {
    /// Whether the command line is at fault, not the network.
    pub const fn is_usage(&self) -> bool {
        !matches!(self, Objection::Unknown { .. })
    }
}

/// Judges URLs, looks names up once, and says under which name keystorm calls.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    consent: Consent,
    agent: Agent,
    lookup: Box<dyn Lookup>,
    /// Names that were looked up, and were let pass.
    kept: Mutex<BTreeMap<String, Arc<[IpAddr]>>>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("consent", &self.0.consent).finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard that asks the system for addresses.
    pub fn new(consent: Consent, agent: Agent) -> Guard {
        Guard::asking(System, consent, agent)
    }

    /// A guard that asks somebody else for addresses.
    pub fn asking(lookup: impl Lookup + 'static, consent: Consent, agent: Agent) -> Guard {
        Guard(Arc::new(Inner { consent, agent, lookup: Box::new(lookup), kept: Mutex::default() }))
    }

    /// Where a URL leads.
    ///
    /// # Errors
    /// It may not be connected to.
    pub fn reach(&self, url: &str) -> Result<Reached, Objection> {
        let shown = without_user(url);
        let parsed = Url::parse(url).map_err(|why| Objection::Malformed { url: shown.clone(), why })?;
        let addresses = match &parsed.host {
            Host::Address(address) => Some(self.judged(&shown, vec![*address])?),
            Host::Name(name) => match domain_of_aws(name) {
                None => Some(self.addresses(name, &shown)?),
                Some(_) if self.0.consent.aws && parsed.is_tls => None,
                Some(_) if self.0.consent.aws => return Err(Objection::Clear(shown)),
                Some(domain) => return Err(is_aws(&parsed, name, domain, shown)),
            },
        };
        Ok(Reached { url: parsed, addresses, guard: self.clone() })
    }

    /// The addresses of a name that is not AWS's: those of the first look-up, if all of them may be connected to.
    fn addresses(&self, name: &str, shown: &str) -> Result<Arc<[IpAddr]>, Objection> {
        // RFC 6761, section 6.3: this name is this machine, whatever anybody else says.
        if name == "localhost" || name.ends_with(".localhost") {
            return Ok([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].into());
        }
        // Held while it is looked up, so that nobody else asks meanwhile.
        let mut kept = self.0.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = kept.get(name) {
            return Ok(Arc::clone(known));
        }
        let unknown = |why: String| Objection::Unknown { url: shown.into(), why };
        let found = self.0.lookup.look_up(name).map_err(|error| unknown(error.to_string()))?;
        if found.is_empty() {
            return Err(unknown("it has no address".into()));
        }
        let judged = self.judged(shown, found)?;
        kept.insert(name.into(), Arc::clone(&judged));
        Ok(judged)
    }

    /// These addresses, if all of them may be connected to.
    fn judged(&self, shown: &str, addresses: Vec<IpAddr>) -> Result<Arc<[IpAddr]>, Objection> {
        let mut remote = None;
        for address in &addresses {
            match Reach::of(*address) {
                Reach::Loopback | Reach::Private => {}
                Reach::Remote => remote = remote.or(Some(*address)),
                Reach::Never(why) => {
                    return Err(Objection::Never { url: shown.into(), address: *address, why });
                }
            }
        }
        match remote.filter(|_| !self.0.consent.remote) {
            Some(address) => Err(Objection::Remote { url: shown.into(), address }),
            None => Ok(addresses.into()),
        }
    }

    /// The addresses that a client may connect to which knows a name only; `None` for a host of AWS, under a consent to
    /// call AWS, which is looked up each time.
    ///
    /// # Errors
    /// It may not be connected to.
    pub fn resolve(&self, name: &str) -> Result<Option<Arc<[IpAddr]>>, Objection> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        match domain_of_aws(&name) {
            Some(_) if self.0.consent.aws => Ok(None),
            Some(domain) => {
                let region = region_in(&name).unwrap_or("R").into();
                Err(Objection::Aws { url: name, domain, region, endpoint: String::new() })
            }
            None => self.addresses(&name, &name).map(Some),
        }
    }

    /// Who calls.
    pub fn agent(&self) -> &Agent {
        &self.0.agent
    }
}

/// That a URL is AWS, and what to use instead.
fn is_aws(url: &Url, name: &str, domain: &'static str, shown: String) -> Objection {
    let region = region_in(name);
    // The Region's own endpoint needs no further option.
    let is_usual = region.is_some_and(|region| {
        crate::planner::partition::Partition::kms(region, false, false).ends_with(&format!("//{name}"))
    });
    let endpoint = if is_usual { String::new() } else { format!(" --endpoint-url https://{}", url.host) };
    Objection::Aws { url: shown, domain, region: region.unwrap_or("R").into(), endpoint }
}

/// An endpoint that may be connected to, and where it is.
#[derive(Clone, Debug)]
pub struct Reached {
    url: Url,
    addresses: Option<Arc<[IpAddr]>>,
    guard: Guard,
}

impl Reached {
    /// The URL, in its one form.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The only addresses that are connected to; `None` for a host of AWS, which is looked up as it is connected to.
    pub fn addresses(&self) -> Option<Vec<SocketAddr>> {
        let addresses = self.addresses.as_ref()?;
        Some(addresses.iter().map(|address| SocketAddr::new(*address, self.url.port)).collect())
    }

    /// Whether any of them is neither this machine nor a private network; a host of AWS is.
    pub fn is_remote(&self) -> bool {
        let is_remote = |address: &IpAddr| !matches!(Reach::of(*address), Reach::Loopback | Reach::Private);
        self.addresses.as_ref().is_none_or(|addresses| addresses.iter().any(is_remote))
    }

    /// Who let it pass.
    pub const fn guard(&self) -> &Guard {
        &self.guard
    }
}

/// Where a URL leads that is on this machine or a private network; nobody has said yes to anything else.
///
/// # Errors
/// It may not be connected to.
pub fn nearby(url: &str) -> Result<Reached, Objection> {
    Guard::new(Consent::default(), Agent::unnamed()).reach(url)
}

#[cfg(test)]
mod tests;
