//! The command line of a bus: where it is and as whom one comes, the command `worker`, and `run --bus`.

mod coordinate;
mod grind;
#[cfg(feature = "live")]
mod load;
mod run;
mod search;
mod worker;

pub use coordinate::Coordinator;
#[cfg(feature = "live")]
pub use load::{Load, SharedArgs};
pub use run::{Came, run};
pub use search::{AT_ONCE, Found, SearchBus, Sought};
pub use worker::{WorkerArgs, worker};

use super::{Common, Error, interrupt};
use crate::bus::{Auth, Way};
use crate::engine::Control;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// As whom one comes to a bus. Secrets stand in files: a command line, and its variables, can be read by others.
#[derive(clap::Args, Debug)]
pub struct Access {
    /// Certificates to trust on a bus with tls://, in PEM, instead of this system's.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_BUS_CA")]
    bus_ca: Option<PathBuf>,
    /// File that holds the token of the bus.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_BUS_TOKEN", conflicts_with_all = ["bus_nkey", "bus_creds"])]
    bus_token: Option<PathBuf>,
    /// File that holds the seed of an NKey.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_BUS_NKEY", conflicts_with = "bus_creds")]
    bus_nkey: Option<PathBuf>,
    /// File of credentials, with a JWT and a seed, as nsc writes it.
    #[arg(long, value_name = "FILE", env = "KEYSTORM_BUS_CREDS")]
    bus_creds: Option<PathBuf>,
    /// Let the bus be neither on this machine nor on a private network.
    #[arg(long)]
    yes_remote_bus: bool,
}

/// The options of [`Access`], by their names in the code.
const ACCESS: [&str; 5] = ["bus_ca", "bus_token", "bus_nkey", "bus_creds", "yes_remote_bus"];

impl Access {
    /// The way to the bus at `url`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a file that cannot be read, or holds nothing.
    pub fn way(&self, url: &str, quiet: bool) -> Result<Way, Error> {
        let auth = match (&self.bus_token, &self.bus_nkey, &self.bus_creds) {
            (Some(file), _, _) => Auth::Token(secret("--bus-token", file)?),
            (_, Some(file), _) => Auth::Nkey(secret("--bus-nkey", file)?),
            (_, _, Some(file)) => Auth::Credentials(secret("--bus-creds", file)?),
            _ => Auth::Nobody,
        };
        let way =
            Way { url: url.into(), ca: self.bus_ca.clone(), auth, may_be_remote: self.yes_remote_bus, quiet };
        way.judge()?;
        Ok(way)
    }
}

/// Refuses options that do nothing without a bus.
///
/// # Errors
/// [`Error::Usage`], naming the first.
pub fn idle(common: &Common) -> Result<(), Error> {
    match ACCESS.iter().find(|id| common.is_given(id)) {
        Some(id) => {
            Err(Error::Usage(format!("--{} does nothing here: it goes with --bus URL", id.replace('_', "-"))))
        }
        None => Ok(()),
    }
}

/// What a file holds, without the end of its line.
fn secret(option: &str, file: &Path) -> Result<String, Error> {
    let wrong = |why: String| Error::Usage(format!("{option} {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let text = text.trim();
    if text.is_empty() { Err(wrong("it is empty".into())) } else { Ok(text.to_owned()) }
}

/// A runtime for what waits on the network; what computes has threads of its own.
fn runtime() -> Result<Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.worker_threads(1).max_blocking_threads(4_096).enable_all().build();
    built.map_err(|error| Error::Failed(format!("no thread can be started: {error}")))
}

/// What Ctrl-C says to whoever waits; who computes looks at `control`. A second one leaves at once.
fn stopped_by_ctrl_c(control: &Arc<Control>) -> Result<watch::Receiver<bool>, Error> {
    Ok(stopper(control)?.subscribe())
}

/// The same, where the command can say stop by itself, too.
fn stopper(control: &Arc<Control>) -> Result<watch::Sender<bool>, Error> {
    let stop = watch::Sender::new(false);
    let (control, told) = (Arc::clone(control), stop.clone());
    ctrlc::set_handler(move || {
        interrupt::interrupt(&control.stop);
        told.send_replace(true);
    })
    .map_err(|error| Error::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(stop)
}
