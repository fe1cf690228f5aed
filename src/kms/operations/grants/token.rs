//! Grant tokens: the name of a grant, sealed so that only this server makes them.
//!
//! A token lets a call use a grant that is not visible to all yet; it gives no right that the grant does not.

use super::super::CallContext;
use super::super::usage::internal;
use crate::kms::crypto;
use crate::kms::keys::{KeyRef, Realm};
use crate::kms::wire::ApiError;
use base64_simd::STANDARD;

/// Keeps grant tokens apart from import tokens under the same key.
const KIND: &[u8] = b"keystorm grant token 1";

impl CallContext<'_> {
    /// A token of a grant; each is another text.
    pub(super) fn grant_token(&self, key: &KeyRef, grant: &str) -> Result<String, ApiError> {
        let Realm { account, region } = self.inventory.realm(key.realm);
        let name = format!("{account}\u{1f}{region}\u{1f}{}\u{1f}{grant}", key.id);
        let sealed = crypto::seal(self.token_key, KIND, name.as_bytes()).map_err(|_| internal())?;
        Ok(STANDARD.encode_to_string(sealed))
    }

    /// The grant that a token names, whether or not it still exists.
    ///
    /// # Errors
    /// InvalidGrantTokenException.
    pub(super) fn open_grant_token(&self, token: &str) -> Result<(KeyRef, String), ApiError> {
        self.read_grant_token(token)
            .ok_or_else(|| ApiError::invalid_grant_token("The grant token is not valid."))
    }

    fn read_grant_token(&self, token: &str) -> Option<(KeyRef, String)> {
        let sealed = STANDARD.decode_to_vec(token).ok()?;
        let name = crypto::open(self.token_key, KIND, &sealed).ok()?;
        let mut parts = std::str::from_utf8(name.as_bytes()).ok()?.split('\u{1f}');
        let realm = self.inventory.find_realm(parts.next()?, parts.next()?)?;
        let key = KeyRef { realm, id: parts.next()?.into() };
        Some((key, parts.next()?.to_owned()))
    }

    /// The ids of the grants whose tokens the call brings.
    ///
    /// # Errors
    /// InvalidGrantTokenException.
    pub(in crate::kms::operations) fn presented_grants(&self) -> Result<Vec<String>, ApiError> {
        let tokens = self.input().grant_tokens();
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        tokens.iter().map(|token| self.open_grant_token(token).map(|(_, grant)| grant)).collect()
    }
}
