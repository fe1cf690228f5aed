//! Tokens of OpenID Connect providers: JSON Web Tokens, checked against a provider's JSON Web Key Set.
//!
//! Taken are RS256, RS384, RS512, ES256, ES384 and ES512, which are those that IAM takes (IAM User Guide, OIDC
//! federation; from memory). A token that says `none` or names a secret both sides have is one without a signature here.

use aws_lc_rs::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The claim in which a provider gives tags of the session.
///
/// Source: IAM User Guide, passing session tags using AssumeRoleWithWebIdentity (from memory).
const TAGS: &str = "https://aws.amazon.com/tags";

/// What signs with RSA: algorithm and hash.
type Rsa = (&'static str, &'static RsaParameters);
/// What signs on a curve: algorithm, curve, bytes of a coordinate.
type Curve = (&'static str, &'static str, usize, &'static dyn VerificationAlgorithm);

static RSA: [Rsa; 3] = [
    ("RS256", &signature::RSA_PKCS1_2048_8192_SHA256),
    ("RS384", &signature::RSA_PKCS1_2048_8192_SHA384),
    ("RS512", &signature::RSA_PKCS1_2048_8192_SHA512),
];
static CURVES: [Curve; 3] = [
    ("ES256", "P-256", 32, &signature::ECDSA_P256_SHA256_FIXED),
    ("ES384", "P-384", 48, &signature::ECDSA_P384_SHA384_FIXED),
    ("ES512", "P-521", 66, &signature::ECDSA_P521_SHA512_FIXED),
];

/// The public keys of a provider.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    /// The only algorithm it is for, if it says so.
    algorithm: Option<String>,
    public: Public,
}

#[derive(Clone, Debug)]
enum Public {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ec { curve: String, point: Vec<u8> },
}

/// A token, read and not checked.
#[derive(Clone, Debug)]
pub struct WebIdentity {
    /// `iss`, as it stands there.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// `aud`.
    pub audiences: Vec<String>,
    /// `amr`.
    pub methods: Vec<String>,
    /// `email`.
    pub email: Option<String>,
    /// Tags of the session.
    pub tags: BTreeMap<String, String>,
    /// Whether tags are to go on to further sessions.
    pub has_transitive_tags: bool,
    expires: Option<f64>,
    not_before: Option<f64>,
    algorithm: String,
    key_id: Option<String>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a token is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It ended.
    #[error("Token expired: current date/time {now} must be before the expiration date/time {until}")]
    Expired {
        /// Now, in seconds since 1970.
        now: i64,
        /// Its end.
        until: i64,
    },
    /// It has not begun.
    #[error("Token is not yet valid: current date/time {now} must not be before {from}")]
    NotYet {
        /// Now, in seconds since 1970.
        now: i64,
        /// Its beginning.
        from: i64,
    },
    /// It is for somebody else.
    #[error("Incorrect token audience")]
    Audience,
    /// It is from somebody else.
    #[error("The issuer of the token is not the provider")]
    Issuer,
    /// It lacks what every token must have.
    #[error("The token must have the claim {0}")]
    Lacks(&'static str),
    /// No key of the provider made its signature.
    #[error("The signature of the token could not be validated against the keys of the provider")]
    Signature,
}

impl KeySet {
    /// Reads a JSON Web Key Set (RFC 7517). Keys for encryption and of kinds that IAM does not take are left out, as a
    /// provider may have them.
    ///
    /// # Errors
    /// A sentence, if it is none or holds no key that can check a token.
    pub fn parse(text: &str) -> Result<KeySet, String> {
        let set: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("not a JSON Web Key Set: it must be an object with a list `keys`")?;
        let mut found = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            found.extend(Key::read(key).map_err(|what| format!("keys[{at}]: {what}"))?);
        }
        if found.is_empty() {
            return Err("no key in it can check a token: RSA and EC keys on P-256, P-384, P-521 can".into());
        }
        Ok(KeySet(found))
    }

    fn signed(&self, token: &WebIdentity) -> bool {
        let fits = |key: &&Key| {
            let is_named = token.key_id.is_none() || key.id.is_none() || key.id == token.key_id;
            is_named && key.algorithm.as_ref().is_none_or(|only| *only == token.algorithm)
        };
        self.0.iter().filter(fits).any(|key| key.public.signed(token))
    }
}

impl Key {
    /// One key of a set; `None` if it is not for tokens.
    fn read(key: &Value) -> Result<Option<Key>, String> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return Ok(None);
        }
        let number = |name: &str| {
            let given = text(name).ok_or(format!("`{name}` is missing"))?;
            URL_SAFE_NO_PAD.decode_to_vec(given).map_err(|_| format!("`{name}` is not Base64 for URLs"))
        };
        let public = match text("kty") {
            Some("RSA") => {
                let (n, e) = (number("n")?, number("e")?);
                if n.len() < 256 {
                    return Err("an RSA key must have at least 2048 bits".into());
                }
                Public::Rsa { n, e }
            }
            Some("EC") => {
                let curve = text("crv").unwrap_or_default();
                let Some((_, _, size, _)) = CURVES.iter().find(|(_, name, ..)| *name == curve) else {
                    return Ok(None);
                };
                let (x, y) = (number("x")?, number("y")?);
                if x.len() != *size || y.len() != *size {
                    return Err(format!("`x` and `y` on {curve} must have {size} bytes"));
                }
                Public::Ec { curve: curve.into(), point: [&[4], x.as_slice(), &y].concat() }
            }
            Some(_) => return Ok(None),
            None => return Err("`kty` is missing".into()),
        };
        Ok(Some(Key { id: text("kid").map(Into::into), algorithm: text("alg").map(Into::into), public }))
    }
}

impl Public {
    fn signed(&self, token: &WebIdentity) -> bool {
        let WebIdentity { algorithm, signed, signature, .. } = token;
        match self {
            Public::Rsa { n, e } => {
                let found = RSA.iter().find(|(name, _)| name == algorithm);
                let key = RsaPublicKeyComponents { n, e };
                found.is_some_and(|(_, with)| key.verify(with, signed, signature).is_ok())
            }
            Public::Ec { curve, point } => {
                let found = CURVES.iter().find(|(name, on, ..)| name == algorithm && on == curve);
                found.is_some_and(|(.., with)| {
                    UnparsedPublicKey::new(*with, point).verify(signed, signature).is_ok()
                })
            }
        }
    }
}

impl WebIdentity {
    /// Reads a token in its compact form; `None` if it is none.
    pub fn read(token: &str) -> Option<WebIdentity> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let object = |part: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode_to_vec(part).ok()?).ok()
        };
        let (header, claims) = (object(header)?, object(payload)?);
        let text = |from: &Map<String, Value>, name: &str| from.get(name)?.as_str().map(String::from);
        let texts = |name: &str| match claims.get(name) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(all)) => all.iter().filter_map(|each| each.as_str().map(Into::into)).collect(),
            _ => Vec::new(),
        };
        let tags = claims.get(TAGS);
        let has_transitive_tags = tags
            .and_then(|tags| tags.get("transitive_tag_keys")?.as_array())
            .is_some_and(|keys| !keys.is_empty());
        // A critical header that is not understood must not be passed over (RFC 7515, 4.1.11).
        let is_plain = !header.contains_key("crit");
        Some(WebIdentity {
            issuer: text(&claims, "iss").unwrap_or_default(),
            subject: text(&claims, "sub").unwrap_or_default(),
            audiences: texts("aud"),
            methods: texts("amr"),
            email: text(&claims, "email"),
            tags: tags.map(session_tags).unwrap_or_default(),
            has_transitive_tags,
            expires: claims.get("exp").and_then(Value::as_f64),
            not_before: claims.get("nbf").and_then(Value::as_f64),
            algorithm: text(&header, "alg").filter(|_| is_plain).unwrap_or_default(),
            key_id: text(&header, "kid"),
            signed: signed.as_bytes().to_vec(),
            signature: URL_SAFE_NO_PAD.decode_to_vec(signature).unwrap_or_default(),
        })
    }

    /// The issuer without its scheme, as providers and trust policies name it.
    pub fn issuer_name(&self) -> &str {
        self.issuer.split_once("://").map_or(self.issuer.as_str(), |(_, rest)| rest)
    }

    /// As [`Provider::check`](super::Provider::check) says.
    pub(super) fn check(
        &self,
        (issuer, keys): (&str, &KeySet),
        audiences: &[String],
        now: i64,
    ) -> Result<(), NotTaken> {
        if self.issuer != format!("https://{issuer}") {
            return Err(NotTaken::Issuer);
        }
        if !keys.signed(self) {
            return Err(NotTaken::Signature);
        }
        if self.subject.is_empty() {
            return Err(NotTaken::Lacks("sub"));
        }
        let (seconds, at) = (now.div_euclid(1_000), now as f64 / 1e3);
        let until = self.expires.ok_or(NotTaken::Lacks("exp"))?;
        if until <= at {
            return Err(NotTaken::Expired { now: seconds, until: until as i64 });
        }
        if let Some(from) = self.not_before.filter(|from| *from > at) {
            return Err(NotTaken::NotYet { now: seconds, from: from as i64 });
        }
        if !self.audiences.iter().any(|audience| audiences.contains(audience)) {
            return Err(NotTaken::Audience);
        }
        Ok(())
    }
}

/// `principal_tags`: each name with a list of one value.
fn session_tags(claim: &Value) -> BTreeMap<String, String> {
    let tags = claim.get("principal_tags").and_then(Value::as_object);
    let first = |value: &Value| -> Option<String> {
        let one = value.as_array().map_or(Some(value), |all| all.first())?;
        one.as_str().map(Into::into)
    };
    tags.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), first(value)?))).collect()
}

#[cfg(test)]
mod tests;
