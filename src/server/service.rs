//! What every connection shares.

use super::{Auth, Error, Settings};
use crate::emulator::runtime::Runtime;
use std::sync::Arc;

/// The emulated KMS, and how it is served.
pub struct Service {
    pub(super) settings: Settings,
    pub(super) emulator: Arc<Runtime>,
}

impl Service {
    /// A service that listens nowhere yet.
    ///
    /// # Errors
    /// [`Error::Emulator`].
    pub fn new(mut settings: Settings) -> Result<Service, Error> {
        if settings.auth == Auth::Verify {
            settings.emulator.directory.complete();
        }
        let emulator = Runtime::new(settings.emulator.clone(), settings.upstream.is_some())?;
        Ok(Service { settings, emulator })
    }
}
