//! Who signs attempts, and the header that stands in where nobody does.

use hyper::header::HeaderValue;
use std::fmt;
use std::sync::Arc;

/// What of an attempt is signed: a POST to `/` with these headers, and `content-type`.
pub struct Unsigned<'a> {
    /// When, in seconds since 1970.
    pub epoch_s: u64,
    /// The same as `x-amz-date` says it: `20261124T013000Z`.
    pub stamp: &'a str,
    /// The header `host`.
    pub host: &'a str,
    /// The header `x-amz-target`.
    pub target: &'a str,
    /// SHA-256 of the body, in hexadecimal digits.
    pub body_hash: &'a str,
}

impl Unsigned<'_> {
    /// The header `content-type`.
    pub const CONTENT_TYPE: &'static str = "application/x-amz-json-1.1";
}

/// Headers that say who calls.
pub struct Signed {
    /// `authorization`.
    pub authorization: HeaderValue,
    /// `x-amz-security-token`, with credentials that expire.
    pub token: Option<HeaderValue>,
}

/// Signs one attempt.
pub type Sign = dyn Fn(&Unsigned<'_>) -> Signed + Send + Sync;

/// Who signs.
#[derive(Clone)]
pub enum Signer {
    /// Nobody: a header of the right form is sent whose signature is zeros. An emulator that checks none takes it.
    Nobody,
    /// Whoever holds credentials; see `aws::Signer`.
    By(Arc<Sign>),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signer::Nobody => "Nobody",
            Signer::By(_) => "By(…)",
        })
    }
}

/// The access key of calls that nobody signs: in the form that AWS's have, and nobody's.
pub const NOBODY: &str = "AKIAKEYSTORMNOCHECK0";

/// The header that nobody has signed; the Region in it is the one the call is for.
pub(super) fn unsigned(region: &str, stamp: &str) -> HeaderValue {
    let zeros = "0".repeat(64);
    HeaderValue::try_from(format!(
        "AWS4-HMAC-SHA256 Credential={NOBODY}/{}/{region}/kms/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={zeros}",
        &stamp[..8]
    ))
    .expect("a Region is letters, digits and hyphens, a stamp is letters and digits")
}
