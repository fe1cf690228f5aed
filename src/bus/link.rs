//! Connecting to a bus: to judged addresses only, as whom one was told to be, and to no server that is known to lose what
//! it has.

use super::{Error, tls};
use crate::clock;
use crate::guard::{Agent, Consent, Guard, Objection, Reached, without_user};
use crate::notice;
use crate::time::Span;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The port of a NATS server.
const PORT: u16 = 4222;
/// The longest that one request waits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts to connect.
const AGAIN: Span = Span::from_secs(1);
/// The oldest server that tests meet.
const OLDEST: [u32; 2] = [2, 9];

/// Where a bus is, and as whom one comes.
#[derive(Clone, Debug)]
pub struct Way {
    /// `nats://HOST:PORT`, or `tls://HOST:PORT`.
    pub url: String,
    /// Certificates that are trusted instead of the system's.
    pub ca: Option<PathBuf>,
    /// As whom.
    pub auth: Auth,
    /// Whether it may be neither this machine nor a private network.
    pub may_be_remote: bool,
    /// Whether nothing is said but errors.
    pub quiet: bool,
}

/// As whom one comes to the bus.
#[derive(Clone, Default)]
pub enum Auth {
    /// As nobody.
    #[default]
    Nobody,
    /// With a token.
    Token(String),
    /// With the seed of an NKey.
    Nkey(String),
    /// With the text of a file of credentials: a JWT and a seed.
    Credentials(String),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Auth::Nobody => "Nobody",
            Auth::Token(_) => "Token(…)",
            Auth::Nkey(_) => "Nkey(…)",
            Auth::Credentials(_) => "Credentials(…)",
        })
    }
}

/// A connection, which comes back by itself when it was lost.
#[derive(Clone, Debug)]
pub struct Link {
    /// Plain messages.
    pub(super) client: Client,
    /// Queues and stores.
    pub(super) streams: Context,
}

impl Way {
    /// Where it leads, without a secret that somebody has put there.
    pub fn shown(&self) -> String {
        without_user(&self.url)
    }

    /// Whether one may go there, before anything is made for it.
    ///
    /// # Errors
    /// [`Error::Usage`] if not; [`Error::Refused`] for a name that nobody knows.
    pub fn judge(&self) -> Result<(), Error> {
        self.reach().map(drop)
    }

    /// Connects; waits for a server that is not there yet.
    ///
    /// # Errors
    /// [`Error::Usage`] for what cannot be connected to, [`Error::Refused`] by a server that does not let one in, or that
    /// is none to work with.
    pub async fn connect(&self, name: &str) -> Result<Link, Error> {
        let reached = self.reach()?;
        let (shown, addresses) = (self.shown(), self.addresses(&reached)?);
        let mut is_told = false;
        loop {
            let mut said = Vec::new();
            // One by one, so that what one says is not lost behind another that is not there.
            for address in &addresses {
                let error = match self.options(&reached, name)?.connect(address.clone()).await {
                    Ok(client) => return Link::to(client),
                    Err(error) => error,
                };
                let is_away = matches!(
                    error.kind(),
                    ConnectErrorKind::Io | ConnectErrorKind::TimedOut | ConnectErrorKind::Dns
                );
                if !is_away || is_certificate(&error) {
                    return Err(Error::Refused(format!("--bus {shown}: {error}{}", self.remedy(&error))));
                }
                said.push(error.to_string());
            }
            if !is_told && !self.quiet {
                notice::tell(format_args!("keystorm: waiting for a bus at {shown} ({})", said.join("; ")));
            }
            is_told = true;
            clock::sleep(AGAIN).await;
        }
    }

    fn remedy(&self, error: &async_nats::ConnectError) -> &'static str {
        match (error.kind(), &self.auth) {
            _ if is_certificate(error) => "; --bus-ca FILE names whom to trust",
            (ConnectErrorKind::AuthorizationViolation, Auth::Nobody) => {
                "; give --bus-token, --bus-nkey or --bus-creds FILE"
            }
            (ConnectErrorKind::Authentication, _) => "; the seed in the file is none of a user",
            _ => "",
        }
    }

    /// Where it leads, if one may go there.
    fn reach(&self) -> Result<Reached, Error> {
        let shown = self.shown();
        let wrong = |why: &str| Error::Usage(format!("--bus {shown}: {why}"));
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", ""));
        let web = match scheme.to_ascii_lowercase().as_str() {
            "nats" => "http",
            "tls" => "https",
            _ => return Err(wrong("write nats://HOST:4222, or tls://HOST:4222 for TLS")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(wrong("it has more than a host and a port"));
        }
        if self.ca.is_some() && web == "http" {
            return Err(wrong("--bus-ca goes with tls://"));
        }
        let has_port = rest.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
        let port = if has_port { String::new() } else { format!(":{PORT}") };
        let guard = Guard::new(Consent { remote: self.may_be_remote, aws: false }, Agent::unnamed());
        guard.reach(&format!("{web}://{rest}{port}")).map_err(|objection| match objection {
            Objection::Malformed { why, .. } if why.contains("user") => {
                wrong("a secret does not stand in a URL, which others can read: give --bus-token FILE")
            }
            Objection::Malformed { why, .. } => wrong(why),
            Objection::Aws { domain, .. } => wrong(&format!("that is a host of AWS ({domain}), and no bus")),
            Objection::Clear(_) => wrong("that is a host of AWS, and no bus"),
            Objection::Never { address, why, .. } => wrong(&format!("it leads to {address}: {why}")),
            Objection::Remote { address, .. } => wrong(&format!(
                "it leads to {address}, which is neither this machine nor a private network: that needs --yes-remote-bus"
            )),
            Objection::Unknown { why, .. } => Error::Refused(format!("--bus {shown}: it cannot be looked up: {why}")),
        })
    }

    /// The addresses that are connected to; nothing is looked up again.
    fn addresses(&self, reached: &Reached) -> Result<Vec<ServerAddr>, Error> {
        let scheme = if reached.url().is_tls { "tls" } else { "nats" };
        let addresses = reached.addresses().unwrap_or_default();
        let each = addresses.iter().map(|address| format!("{scheme}://{address}").parse::<ServerAddr>());
        each.collect::<Result<_, _>>().map_err(|error| Error::Usage(format!("--bus: {error}")))
    }

    fn options(&self, reached: &Reached, name: &str) -> Result<ConnectOptions, Error> {
        let wrong = |what: &str, why: &dyn fmt::Display| Error::Usage(format!("{what}: {why}"));
        let mut options = match &self.auth {
            Auth::Nobody => ConnectOptions::new(),
            Auth::Token(token) => ConnectOptions::with_token(token.clone()),
            Auth::Nkey(seed) => ConnectOptions::with_nkey(seed.clone()),
            Auth::Credentials(text) => {
                ConnectOptions::with_credentials(text).map_err(|error| wrong("--bus-creds", &error))?
            }
        };
        if reached.url().is_tls {
            let config = tls::config(&reached.url().host, self.ca.as_deref())?;
            options = options.require_tls(true).tls_client_config(config);
        }
        let quiet = self.quiet;
        // What a server says of its neighbours was judged by nobody.
        Ok(options
            .name(name)
            .ignore_discovered_servers()
            .retain_servers_order()
            .request_timeout(Some(ANSWER_TIMEOUT))
            .reconnect_delay_callback(|attempts| Duration::from_millis(100 * attempts.min(10) as u64))
            .event_callback(move |event| async move { told(&event, quiet) }))
    }
}

/// Says what becomes of a connection.
fn told(event: &Event, quiet: bool) {
    match event {
        Event::Disconnected if !quiet => notice::tell("keystorm: the bus is lost; it is waited for"),
        Event::Connected if !quiet => notice::tell("keystorm: on the bus"),
        Event::ServerError(error) => notice::tell(format_args!("keystorm: the bus says: {error}")),
        _ => {}
    }
}

/// Whether TLS failed over the server's certificate: that heals by itself no more than a password.
fn is_certificate(error: &async_nats::ConnectError) -> bool {
    error.to_string().contains("certificate")
}

impl Link {
    fn to(client: Client) -> Result<Link, Error> {
        judge(&client.server_info().version)?;
        let mut streams = jetstream::new(client.clone());
        streams.set_timeout(ANSWER_TIMEOUT);
        Ok(Link { client, streams })
    }

    /// Refuses a server that has changed into none to work with while it was away.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub(super) fn judge(&self) -> Result<(), Error> {
        judge(&self.client.server_info().version)
    }
}

/// Whether a server of this version is one to work with.
fn judge(version: &str) -> Result<(), Error> {
    let numbers: Vec<u32> = version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect();
    match numbers.as_slice() {
        [2, 10, 20..=22] => Err(Error::Refused(format!(
            "the bus is nats-server {version}: 2.10.20 to 2.10.22 can lose a whole stream when they crash; use 2.10.23 or later, \
             or 2.9"
        ))),
        [major, minor, ..] if [*major, *minor] < OLDEST => {
            Err(Error::Refused(format!("the bus is nats-server {version}, and keystorm knows 2.9 and later")))
        }
        [_, _, ..] => Ok(()),
        _ => Err(Error::Refused(format!("the bus tells no version that reads as one: {version:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(url: &str) -> Way {
        Way { url: url.into(), ca: None, auth: Auth::Nobody, may_be_remote: false, quiet: true }
    }

    #[test]
    fn versions_that_lose_streams_are_refused_in_words_and_only_those() {
        for version in ["2.10.20", "2.10.21", "2.10.22", "2.10.22-RC.1"] {
            let said = judge(version).expect_err(version).to_string();
            assert!(said.contains("2.10.23 or later"), "{said}");
        }
        for version in ["2.9.10", "2.10.19", "2.10.23", "2.11.0", "2.15.1", "3.0.0"] {
            assert_eq!(judge(version), Ok(()), "{version}");
        }
        for version in ["2.8.4", "1.4.1", "", "nats", "2"] {
            assert!(judge(version).is_err(), "{version}");
        }
    }

    #[test]
    fn a_bus_is_here_or_on_a_private_network_unless_told() {
        for url in ["nats://127.0.0.1", "nats://localhost:4223/", "tls://[::1]:4222", "NATS://10.1.2.3"] {
            assert!(way(url).reach().is_ok(), "{url}: {:?}", way(url).reach());
        }
        assert_eq!(way("nats://10.1.2.3").reach().expect("private").url().port, PORT);
        assert_eq!(way("nats://[fd00::1]").reach().expect("private").url().port, PORT);
        for (url, part) in [
            ("nats://8.8.8.8:4222", "--yes-remote-bus"),
            ("nats://169.254.169.254", "credentials"),
            ("http://127.0.0.1", "write nats://HOST:4222"),
            ("127.0.0.1:4222", "write nats://HOST:4222"),
            ("nats://s3cret@127.0.0.1", "--bus-token FILE"),
            ("nats://127.0.0.1/x", "more than a host"),
            ("nats://kms.eu-west-1.amazonaws.com", "host of AWS"),
        ] {
            let said = way(url).reach().expect_err(url).to_string();
            assert!(said.contains(part) && !said.contains("s3cret"), "{url}: {said}");
        }
        let remote = Way { may_be_remote: true, ..way("nats://8.8.8.8:4222") };
        assert!(remote.reach().is_ok());
    }

    #[test]
    fn no_secret_is_shown() {
        for auth in
            [Auth::Token("s3cret".into()), Auth::Nkey("s3cret".into()), Auth::Credentials("s3cret".into())]
        {
            let shown = format!("{:?}", Way { auth, ..way("nats://127.0.0.1") });
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}
