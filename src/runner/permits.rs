//! What somebody has said yes to, and as whom a run calls. A library reads no environment: its caller says all of it.

use super::Error;
use crate::planner::{Denied, Unreadable};
use std::fmt;
use std::path::Path;

/// The list of accounts that nobody on this machine may touch, which its administrator keeps.
pub const SYSTEM_LIST: &str = "/etc/keystorm/denied-accounts";

/// Adds what a list of accounts denies.
///
/// # Errors
/// [`Error::Usage`] if it cannot be read, or holds what is no account id: then everything is denied. That there is none is an error
/// only where it `must_be`.
pub fn deny(denied: &mut Denied, list: &Path, must_be: bool) -> Result<(), Error> {
    let file = list.display().to_string();
    match std::fs::read_to_string(list) {
        Ok(text) => denied.add(&file, &text).map_err(|error| Error::Usage(error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_be => Ok(()),
        Err(error) => Err(Error::Usage(Unreadable { file, why: error.to_string() }.to_string())),
    }
}

/// What a run may do beside loading the emulator of this process; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Permits {
    /// To make the keys that the scenario does not name, and to schedule them for deletion at the end.
    pub provision: bool,
    /// To connect to what is neither this machine nor a private network; takes caps too.
    pub remote: bool,
    /// To call a real account.
    pub real_aws: bool,
    /// To look at everything that a run against AWS depends on, without a yes to the run itself: [`super::Prepared::plan`].
    pub look_only: bool,
    /// To go on when AWS throttles; otherwise the first throttle ends the run.
    pub throttling: bool,
    /// To run without knowing how much of its quotas the account uses.
    pub unknown_use: bool,
    /// As whom it calls, if that was said: nobody at a URL, AWS's chain at AWS.
    pub credentials: Option<Credentials>,
    /// The profile of the shared AWS files, instead of the chain's own.
    pub profile: Option<String>,
    /// The endpoint of KMS for target aws, instead of the Region's.
    pub endpoint_url: Option<String>,
    /// Why the scenario's caps and its list of accounts count for nothing far away, if so: somebody else may have written them.
    pub untrusted_bounds: Option<String>,
    /// Accounts that nobody may touch, beside those of [`SYSTEM_LIST`].
    pub denied: Denied,
}

impl Permits {
    /// Refuses to rely on bounds that somebody else may have written.
    pub(super) fn bounds_are_trusted(&self) -> Result<(), Error> {
        self.untrusted_bounds.as_ref().map_or(Ok(()), |why| Err(Error::Usage(why.clone())))
    }

    /// Refuses what the emulator of this process has no use for.
    pub(super) fn suit_an_emulator(&self) -> Result<(), Error> {
        match self.credentials {
            None => Ok(()),
            Some(_) => {
                let said = "--credentials: the emulator in this process checks no signature";
                Err(Error::Usage(said.into()))
            }
        }
    }
}

/// As whom attempts are signed.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Nobody: the same meaningless ones always.
    Nobody,
    /// These.
    Keys {
        /// The access key's id.
        id: String,
        /// The secret access key.
        secret: String,
        /// The session token, of those that end.
        token: Option<String>,
    },
    /// Those of the chain that AWS tools have; with every permit that target aws needs.
    Chain,
}

// A secret is in no log.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Nobody => "Nobody",
            Credentials::Keys { .. } => "Keys",
            Credentials::Chain => "Chain",
        })
    }
}
