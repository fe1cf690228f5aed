//! What asks AWS waits on.

use super::Error;
use tokio::runtime::Runtime;

/// A runtime for what is asked before and beside a run.
pub(super) fn runtime() -> Result<Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Error::Failed(format!("cannot start: {error}")))
}
