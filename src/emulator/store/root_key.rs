//! The root key: 32 random bytes in a file that only its owner may read. Every other key comes from it.

use super::Error;
use super::sealed::Sealer;
use crate::kms::crypto::{Secret, random_array};
use aws_lc_rs::hmac;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The root key.
pub(super) struct RootKey(Secret);

impl RootKey {
    /// Reads the key, or makes one if there is nothing yet that it could open.
    pub(super) fn open(path: &Path, has_records: bool) -> Result<RootKey, Error> {
        let bad = |what: String| Error::File { path: path.into(), what };
        match File::open(path) {
            Ok(file) => RootKey::read(file).map_err(bad),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && has_records => {
                Err(bad("the root key is missing, and without it the records cannot be opened: put it back"
                    .into()))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                RootKey::make(path).map_err(|e| bad(e.to_string()))
            }
            Err(e) => Err(bad(e.to_string())),
        }
    }

    fn read(mut file: File) -> Result<RootKey, String> {
        let mode = file.metadata().map_err(|e| e.to_string())?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!("others may read the root key (mode {mode:04o}): chmod 600 it"));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|e| e.to_string())?;
        let digits = Secret::new(text.into_bytes());
        let mut bytes = vec![0; 32];
        hex::decode_to_slice(digits.as_bytes().trim_ascii(), &mut bytes)
            .map_err(|_| "a root key is 64 hex digits")?;
        Ok(RootKey(Secret::new(bytes)))
    }

    /// Makes a key and sees to it that it is on disk before anything is sealed with it.
    fn make(path: &Path) -> std::io::Result<RootKey> {
        let bytes =
            random_array::<32>().map_err(|_| std::io::Error::other("the machine has no randomness"))?;
        let key = RootKey(Secret::from(bytes.as_slice()));
        // Under another name first: a start that is killed here must not leave half a key behind.
        let draft = path.with_extension("new");
        match std::fs::remove_file(&draft) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(hex::encode(bytes).as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::hard_link(&draft, path)?;
        std::fs::remove_file(&draft)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(key)
    }

    /// A key for one purpose.
    pub(super) fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_bytes());
        let mut derived = [0; 32];
        derived.copy_from_slice(hmac::sign(&key, purpose).as_ref());
        derived
    }

    pub(super) fn sealer(&self, purpose: &[u8]) -> Sealer {
        Sealer(self.derive(purpose))
    }

    #[cfg(test)]
    pub(super) fn of(bytes: [u8; 32]) -> RootKey {
        RootKey(Secret::from(bytes.as_slice()))
    }
}
