//! Signatures of our own HTTP client, with credentials of the standard chain.
//!
//! The same signature as the SDK's signer makes, for a call whose form is always the same: what does not change from
//! one attempt to the next, the key of the day above all, is worked out once.

use crate::backend::http::{Sign, Signed, Unsigned};
use crate::clock::{epoch_millis, sleep};
use crate::time::Span;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_lc_rs::{digest, hmac};
use aws_sigv4::sign::v4::generate_signing_key;
use hyper::header::{HeaderValue, InvalidHeaderValue};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

const SERVICE: &str = "kms";
/// How long before their end credentials are replaced.
const AHEAD: Span = Span::from_secs(300);
/// How long after a failure they are asked for again.
const AGAIN: Span = Span::from_secs(10);

/// Why there is nobody to sign.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The chain has no credentials.
    #[error("no credentials: {}", with_causes(.0))]
    Credentials(#[from] CredentialsError),
    /// The access key, the session token or the Region has characters that no header can have.
    #[error("the access key, the session token or the Region cannot stand in a header")]
    Header(#[from] InvalidHeaderValue),
}

/// Signs attempts for one Region.
pub struct Signer {
    region: String,
    provider: SharedCredentialsProvider,
    current: RwLock<Current>,
}

/// Who calls now.
struct Current {
    credentials: Credentials,
    token: Option<HeaderValue>,
    /// The day, `20261124`, and its key.
    key: Option<(String, hmac::Key)>,
}

impl Signer {
    /// With the credentials that `provider` has now.
    ///
    /// # Errors
    /// It has none.
    pub async fn new(provider: SharedCredentialsProvider, region: &str) -> Result<Arc<Signer>, SignerError> {
        HeaderValue::try_from(region)?;
        let current = RwLock::new(Current::new(provider.provide_credentials().await?)?);
        Ok(Arc::new(Signer { region: region.into(), provider, current }))
    }

    /// The function that signs, for [`crate::backend::http::Signer::By`].
    pub fn sign(self: &Arc<Signer>) -> Arc<Sign> {
        let signer = Arc::clone(self);
        Arc::new(move |unsigned: &Unsigned<'_>| signer.signed(unsigned))
    }

    /// Replaces credentials before they end, for as long as it is awaited; at once done with those that never end.
    ///
    /// Where the chain has no new ones, `failed` is told why, the old ones stay, and it is asked again: it is for the
    /// service to say that they have ended.
    pub async fn keep_fresh(&self, failed: impl Fn(SignerError)) {
        while let Some(left) = self.lasts() {
            sleep(Span::from_nanos(left.as_nanos().saturating_sub(AHEAD.as_nanos())).max(AGAIN)).await;
            if let Err(error) = self.refresh().await {
                failed(error);
            }
        }
    }

    async fn refresh(&self) -> Result<(), SignerError> {
        let fresh = Current::new(self.provider.provide_credentials().await?)?;
        *self.current.write().expect("nothing panics under this lock") = fresh;
        Ok(())
    }

    /// How long the present credentials last; `None` for ever.
    fn lasts(&self) -> Option<Span> {
        let until = self.current.read().expect("nothing panics under this lock").credentials.expiry()?;
        let until = until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u128::try_from(epoch_millis()).unwrap_or_default();
        Some(Span::from_millis(u64::try_from(until.saturating_sub(now)).unwrap_or(u64::MAX / 1_000_000)))
    }

    fn signed(&self, unsigned: &Unsigned<'_>) -> Signed {
        let day = &unsigned.stamp[..8];
        let mut current = self.current.read().expect("nothing panics under this lock");
        while current.key.as_ref().is_none_or(|(of, _)| of != day) {
            drop(current);
            let mut writing = self.current.write().expect("nothing panics under this lock");
            writing.key = Some((day.into(), self.key(&writing.credentials, unsigned.epoch_s)));
            drop(writing);
            current = self.current.read().expect("nothing panics under this lock");
        }
        let authorization = current.authorization(unsigned, day, &self.region);
        let mut authorization =
            HeaderValue::try_from(authorization).expect("its parts were tried when they came");
        authorization.set_sensitive(true);
        Signed { authorization, token: current.token.clone() }
    }

    fn key(&self, credentials: &Credentials, epoch_s: u64) -> hmac::Key {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(epoch_s);
        let key = generate_signing_key(credentials.secret_access_key(), at, &self.region, SERVICE);
        hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
    }
}

impl Current {
    fn new(credentials: Credentials) -> Result<Current, InvalidHeaderValue> {
        HeaderValue::try_from(credentials.access_key_id())?;
        let token = credentials.session_token().map(HeaderValue::try_from).transpose()?;
        let token = token.map(|mut token| {
            token.set_sensitive(true);
            token
        });
        Ok(Current { credentials, token, key: None })
    }

    /// The header, for the canonical form of a POST to `/`.
    fn authorization(&self, unsigned: &Unsigned<'_>, day: &str, region: &str) -> String {
        let Unsigned { stamp, host, target, body_hash, .. } = *unsigned;
        let (_, key) = self.key.as_ref().expect("whoever signs has made the day's key");
        let (token, names) = match self.credentials.session_token() {
            Some(token) => (
                format!("x-amz-security-token:{token}\n"),
                "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
            ),
            None => (String::new(), "content-type;host;x-amz-date;x-amz-target"),
        };
        let kind = Unsigned::CONTENT_TYPE;
        let canonical = format!(
            "POST\n/\n\ncontent-type:{kind}\nhost:{host}\nx-amz-date:{stamp}\n{token}x-amz-target:{target}\n\n{names}\n{body_hash}"
        );
        let hash = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        let scope = format!("{day}/{region}/{SERVICE}/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hash}");
        let signature = hex::encode(hmac::sign(key, to_sign.as_bytes()));
        let access_key = self.credentials.access_key_id();
        format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
    }
}

/// An error with what caused it; none of it holds a credential.
fn with_causes(error: &CredentialsError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4::SigningParams;

    const BODY: &[u8] = br#"{"KeyId":"alias/one"}"#;

    /// What the SDK's signer says of the same call.
    fn theirs(credentials: Credentials, unsigned: &Unsigned<'_>) -> String {
        let identity = credentials.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name(SERVICE)
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(unsigned.epoch_s))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = [
            ("content-type", Unsigned::CONTENT_TYPE),
            ("host", unsigned.host),
            ("x-amz-target", unsigned.target),
        ];
        let url = format!("http://{}/", unsigned.host);
        let request =
            SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(BODY)).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let found = instructions.headers().find(|(name, _)| *name == "authorization").unwrap();
        found.1.to_owned()
    }

    #[test]
    fn signatures_are_those_of_the_sdk() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let hash = hex::encode(digest::digest(&digest::SHA256, BODY));
        for token in [None, Some("a/token+with=signs".to_owned())] {
            let credentials = Credentials::new("AKIAEXAMPLE", "hush", token.clone(), None, "test");
            let provider = SharedCredentialsProvider::new(credentials.clone());
            let signer = runtime.block_on(Signer::new(provider, "eu-west-1")).unwrap();
            // Two days, so that the second needs a key of its own.
            for (epoch_s, stamp) in [(1_795_472_100, "20261123T221500Z"), (1_795_482_000, "20261124T010000Z")]
            {
                let unsigned = Unsigned {
                    epoch_s,
                    stamp,
                    host: "127.0.0.1:4599",
                    target: "TrentService.Decrypt",
                    body_hash: &hash,
                };
                let ours = (signer.sign())(&unsigned);
                assert_eq!(ours.authorization.to_str().unwrap(), theirs(credentials.clone(), &unsigned));
                assert_eq!(ours.token.as_ref().map(|value| value.to_str().unwrap()), token.as_deref());
                assert!(!format!("{:?}", (ours.authorization, ours.token)).contains("AKIA"));
            }
        }
    }
}
