//! Records under lock and key: AES-256-GCM, bound to their names.

use crate::kms::crypto::{Secret, open, seal};

/// Seals and opens records.
pub(super) struct Sealer(pub(super) [u8; 32]);

impl Sealer {
    /// A record's content, sealed; `None` if the machine has no randomness.
    pub(super) fn seal(&self, name: &str, content: &[u8]) -> Option<Vec<u8>> {
        seal(&self.0, name.as_bytes(), content).ok()
    }

    /// A record's content; `None` if it is not what was sealed under this name.
    pub(super) fn open(&self, name: &str, sealed: &[u8]) -> Option<Secret> {
        open(&self.0, name.as_bytes(), sealed).ok()
    }
}
