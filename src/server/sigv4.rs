//! Signature Version 4, checked: the canonical form of a call is built again and its signature compared.
//!
//! Source: IAM User Guide, "Create a signed AWS API request" (read 2026-11-23). Only the header form is taken; KMS has no
//! use for presigned addresses.

use crate::kms::crypto::Secret;
use crate::kms::wire::ApiError;
use aws_lc_rs::{constant_time, digest, hmac};
use hyper::HeaderMap;
use hyper::header::{AsHeaderName, HeaderName};
use std::borrow::Cow;
use std::fmt::Write as _;

/// When a call was signed.
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
/// The hash of the body, if it is told.
const CONTENT_HASH: HeaderName = HeaderName::from_static("x-amz-content-sha256");

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A service whose calls are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// KMS.
    Kms,
    /// STS.
    Sts,
}

impl Service {
    /// Its name in the scope of a credential.
    const fn name(self) -> &'static str {
        match self {
            Service::Kms => "kms",
            Service::Sts => "sts",
        }
    }

    /// How many minutes the date of a call may be from the present.
    ///
    /// Source: answers of both services in public issues of AWS's SDKs (kms-recorded-behaviour, 2026-11-29).
    const fn skew_minutes(self) -> i64 {
        match self {
            Service::Kms => 5,
            Service::Sts => 15,
        }
    }
}

/// An `Authorization` header, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// The access key's id.
    pub access_key: &'a str,
    /// `20261124`.
    pub date: &'a str,
    /// The Region of the credential's scope.
    pub region: &'a str,
    /// The service of the credential's scope.
    pub service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// What of a call is signed.
pub struct Signed<'a> {
    /// `POST`.
    pub method: &'a str,
    /// The path, as it was sent.
    pub path: &'a str,
    /// What stands behind `?`; empty if nothing does.
    pub query: &'a str,
    /// Every header.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> Authorization<'a> {
    /// Takes a header apart; `None` if it is not of this kind or lacks a part.
    pub fn read(header: &'a str) -> Option<Authorization<'a>> {
        let mut found = [None; 3];
        let mut rest = Some(header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?);
        while let Some(text) = rest {
            let (part, more) = cut(text, b',').map_or((text, None), |(part, more)| (part, Some(more)));
            rest = more;
            let part = part.trim_ascii();
            let names = ["Credential=", "SignedHeaders=", "Signature="];
            let named = |at: usize| Some((at, part.strip_prefix(names[at])?));
            let (slot, value) = (0..names.len()).find_map(named)?;
            found[slot] = Some(value);
        }
        let [Some(credential), Some(signed_headers), Some(signature)] = found else { return None };
        let (rest, service) = cut_last(credential.strip_suffix("/aws4_request")?)?;
        let (rest, region) = cut_last(rest)?;
        let (access_key, date) = cut_last(rest)?;
        Some(Authorization { access_key, date, region, service, signed_headers, signature })
    }

    /// Whether the signature is that of `secret` over the call to a service, at `now_millis`.
    ///
    /// # Errors
    /// AWS's codes for a signature that is too old, from the future, incomplete or wrong.
    pub fn verify(
        &self,
        call: &Signed<'_>,
        secret: &Secret,
        service: Service,
        now_millis: i64,
    ) -> Result<(), ApiError> {
        let stamp = self.check_date(call, service, now_millis)?;
        if self.service != service.name() {
            return Err(ApiError::invalid_signature(format!(
                "Credential should be scoped to correct service: '{}'. ",
                service.name()
            )));
        }
        let canonical = self.canonical(call)?;
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let to_sign = format!(
            "{ALGORITHM}\n{stamp}\n{scope}\n{}",
            hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
        );
        let expected = hex::encode(hmac::sign(&self.signing_key(secret), to_sign.as_bytes()));
        if constant_time::verify_slices_are_equal(expected.as_bytes(), self.signature.as_bytes()).is_ok() {
            return Ok(());
        }
        Err(ApiError::invalid_signature(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        ))
    }

    fn check_date<'b>(&self, call: &Signed<'b>, service: Service, now: i64) -> Result<&'b str, ApiError> {
        let incomplete = || {
            ApiError::incomplete_signature(
                "Date must be in ISO-8601 'basic format' in the X-Amz-Date header.",
            )
        };
        let stamp = text_of(call.headers, DATE).ok_or_else(incomplete)?;
        let at = parse_stamp(stamp).ok_or_else(incomplete)?;
        if !stamp.starts_with(self.date) || self.date.len() != 8 {
            return Err(ApiError::invalid_signature(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{}', from '{stamp}'.",
                self.date,
                &stamp[..8]
            )));
        }
        let minutes = service.skew_minutes();
        let skew = minutes * 60_000;
        let shown = |millis| show_stamp(millis);
        if at < now - skew {
            return Err(ApiError::invalid_signature(format!(
                "Signature expired: {stamp} is now earlier than {} ({} - {minutes} min.)",
                shown(now - skew),
                shown(now)
            )));
        }
        if at > now + skew {
            return Err(ApiError::invalid_signature(format!(
                "Signature not yet current: {stamp} is still later than {} ({} + {minutes} min.)",
                shown(now + skew),
                shown(now)
            )));
        }
        Ok(stamp)
    }

    /// The canonical form of the call.
    fn canonical(&self, call: &Signed<'_>) -> Result<String, ApiError> {
        let names: Vec<&str> = self.signed_headers.split(';').collect();
        for required in ["host", "x-amz-date"] {
            if !names.contains(&required) {
                return Err(ApiError::invalid_signature(format!(
                    "'{required}' must be a 'SignedHeader' in the AWS Authorization."
                )));
            }
        }
        // AWS's documents want a Content-Type signed too; AWS takes one that is not (clients that sign none work, as public
        // issues of them tell, read 2026-11-30), and what it says changes nothing here.
        if let Some((name, _)) = call.headers.iter().find(|(name, _)| {
            let name = name.as_str();
            name.starts_with("x-amz-") && name != CONTENT_HASH.as_str() && !names.contains(&name)
        }) {
            return Err(ApiError::invalid_signature(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
        let path = canonical_path(call.path);
        let mut text = format!("{}\n{path}\n{}\n", call.method, canonical_query(call.query));
        for name in &names {
            let values: Vec<&str> =
                call.headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()).collect();
            if values.is_empty() {
                return Err(ApiError::invalid_signature(format!("The signed header '{name}' is missing.")));
            }
            let joined: Vec<String> =
                values.iter().map(|value| value.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            writeln!(text, "{name}:{}", joined.join(",")).expect("a String takes every text");
        }
        let hash = hex::encode(digest::digest(&digest::SHA256, call.body));
        if text_of(call.headers, CONTENT_HASH).is_some_and(|given| given != hash) {
            return Err(ApiError::invalid_signature(
                "The value of x-amz-content-sha256 is not the hash of the body.",
            ));
        }
        write!(text, "\n{}\n{hash}", self.signed_headers).expect("a String takes every text");
        Ok(text)
    }

    fn signing_key(&self, secret: &Secret) -> hmac::Key {
        let mut first = Vec::with_capacity(4 + secret.as_bytes().len());
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.as_bytes());
        let first = Secret::new(first);
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, first.as_bytes());
        for part in [self.date, self.region, self.service, "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        key
    }
}

/// The `authorization` of a call to KMS in a Region, whose headers are all to be signed; one of them must be its date.
pub(super) fn sign(call: &Signed<'_>, (id, secret): (&str, &Secret), region: &str) -> String {
    let mut names: Vec<&str> = call.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    let signed_headers = names.join(";");
    let stamp = text_of(call.headers, DATE).unwrap_or_default();
    let date = stamp.get(..8).unwrap_or_default();
    let scope = format!("{date}/{region}/kms/aws4_request");
    let own = Authorization {
        access_key: id,
        date,
        region,
        service: "kms",
        signed_headers: &signed_headers,
        signature: "",
    };
    // What is made here lacks nothing that a signature must have.
    let canonical = own.canonical(call).unwrap_or_default();
    let hash = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
    let to_sign = format!("{ALGORITHM}\n{stamp}\n{scope}\n{hash}");
    let signature = hex::encode(hmac::sign(&own.signing_key(secret), to_sign.as_bytes()));
    format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}")
}

/// What stands before and behind the first such byte. On texts as short as these `str`'s own search costs three times as
/// much, and every call has such a header.
fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(at, text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// What stands before and behind the last slash.
fn cut_last(text: &str) -> Option<(&str, &str)> {
    let at = memchr::memrchr(b'/', text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// A header as text. Ready names are found fastest: every call is asked for some.
pub fn text_of(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    super::heads::text(headers.get(name)?.as_bytes())
}

/// A path without empty segments and dots, each segment encoded once more than it was sent: every service but S3 signs
/// such.
///
/// Source: IAM User Guide, "Create a signed AWS API request" (read 2026-11-23), and the cases of AWS's test suite for
/// Signature Version 4.
fn canonical_path(path: &str) -> Cow<'_, str> {
    if path == "/" {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut text = String::from("/");
    for (at, segment) in kept.iter().enumerate() {
        for byte in segment.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(byte.into()),
                byte => write!(text, "%{byte:02X}").expect("a String takes every text"),
            }
        }
        if at + 1 < kept.len() || path.ends_with('/') {
            text.push('/');
        }
    }
    Cow::Owned(text)
}

/// Pairs in the order of their names and values, as they stand.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| if pair.contains('=') { pair.to_string() } else { format!("{pair}=") })
        .collect();
    pairs.sort();
    pairs.join("&")
}

/// Milliseconds since 1970 of `20261124T013000Z`.
fn parse_stamp(stamp: &str) -> Option<i64> {
    if stamp.len() != 16 || !stamp.is_ascii() {
        return None;
    }
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &stamp[..4],
        &stamp[4..6],
        &stamp[6..8],
        &stamp[9..11],
        &stamp[11..13],
        &stamp[13..15]
    );
    (stamp.as_bytes()[8] == b'T' && stamp.ends_with('Z'))
        .then(|| iso.parse::<jiff::Timestamp>().ok())
        .flatten()
        .map(jiff::Timestamp::as_millisecond)
}

fn show_stamp(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    /// Signed by botocore 1.44.5 with the secret `hush`: Decrypt of an empty object at 2026-11-24T01:30:00Z.
    const AT: i64 = 1_795_483_800_000;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn signed_by_us(body: &[u8], secret: &str, headers: &HeaderMap) -> String {
        let bare = "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/kms/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=0";
        let read = Authorization::read(bare).unwrap();
        let call = Signed { method: "POST", path: "/", query: "", headers, body };
        let canonical = read.canonical(&call).unwrap();
        let hash = hex::encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n20261124T013000Z\n20261124/eu-west-1/kms/aws4_request\n{hash}");
        let key = read.signing_key(&Secret::from(secret.as_bytes()));
        bare.replace(
            "Signature=0",
            &format!("Signature={}", hex::encode(hmac::sign(&key, to_sign.as_bytes()))),
        )
    }

    fn usual() -> HeaderMap {
        headers(&[
            ("content-type", "application/x-amz-json-1.1"),
            ("host", "localhost:8080"),
            ("x-amz-date", "20261124T013000Z"),
            ("x-amz-target", "TrentService.Decrypt"),
        ])
    }

    fn check(header: &str, headers: &HeaderMap, body: &[u8], now: i64) -> Result<(), ApiError> {
        let call = Signed { method: "POST", path: "/", query: "", headers, body };
        Authorization::read(header).unwrap().verify(
            &call,
            &Secret::from(b"hush".as_slice()),
            Service::Kms,
            now,
        )
    }

    #[test]
    fn a_signature_of_botocore_is_right() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/kms/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=99f65549bb49b2117ea9a7b360d542fd05e44b1aef9f3f2d4256792fa3d42fe7";
        assert_eq!(check(header, &usual(), b"{}", AT), Ok(()));
    }

    #[test]
    fn any_change_is_noticed() {
        let header = signed_by_us(b"{}", "hush", &usual());
        assert_eq!(check(&header, &usual(), b"{}", AT), Ok(()));
        assert_eq!(check(&header, &usual(), b"{ }", AT).unwrap_err().code, "InvalidSignatureException");
        let other = signed_by_us(b"{}", "other", &usual());
        assert!(check(&other, &usual(), b"{}", AT).is_err());
        for (name, value) in [("host", "elsewhere"), ("x-amz-target", "TrentService.Encrypt")] {
            let mut changed = usual();
            changed.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            assert!(check(&header, &changed, b"{}", AT).is_err(), "{name}");
        }
        let mut unsigned = usual();
        unsigned.insert("x-amz-security-token", HeaderValue::from_static("t"));
        assert!(check(&header, &unsigned, b"{}", AT).is_err(), "a token must be signed");
        let mut missing = usual();
        missing.remove("content-type");
        assert!(check(&header, &missing, b"{}", AT).is_err());
        let moved = header.replace("eu-west-1", "us-east-1");
        assert!(check(&moved, &usual(), b"{}", AT).is_err());
    }

    #[test]
    fn a_date_too_far_off_is_refused_in_aws_words() {
        let header = signed_by_us(b"{}", "hush", &usual());
        let seconds = |n: i64| AT + n * 1_000;
        for near in [-299, 299, -300, 300] {
            assert_eq!(check(&header, &usual(), b"{}", seconds(near)), Ok(()), "{near}");
        }
        let late = check(&header, &usual(), b"{}", seconds(379)).unwrap_err();
        assert_eq!((late.code, late.status), ("InvalidSignatureException", 400));
        assert_eq!(
            late.message.unwrap(),
            "Signature expired: 20261124T013000Z is now earlier than 20261124T013119Z (20261124T013619Z - 5 min.)"
        );
        let early = check(&header, &usual(), b"{}", seconds(-379)).unwrap_err().message.unwrap();
        assert_eq!(
            early,
            "Signature not yet current: 20261124T013000Z is still later than 20261124T012841Z (20261124T012341Z + 5 min.)"
        );
        let to_sts = |now: i64| {
            let (headers, body) = (usual(), b"{}");
            let call = Signed { method: "POST", path: "/", query: "", headers: &headers, body };
            let read = Authorization::read(&header).unwrap();
            read.verify(&call, &Secret::from(b"hush".as_slice()), Service::Sts, now)
                .unwrap_err()
                .message
                .unwrap()
        };
        for near in [-899, 379, 899] {
            assert_eq!(
                to_sts(seconds(near)),
                "Credential should be scoped to correct service: 'sts'. ",
                "{near}"
            );
        }
        assert!(to_sts(seconds(901)).ends_with("- 15 min.)"));
        let mut dateless = usual();
        dateless.remove("x-amz-date");
        assert_eq!(check(&header, &dateless, b"{}", AT).unwrap_err().code, "IncompleteSignatureException");
    }

    #[test]
    fn what_is_signed_here_is_rightly_signed() {
        let headers = usual();
        let call = Signed { method: "POST", path: "/", query: "", headers: &headers, body: b"{}" };
        let header = sign(&call, ("AKIA", &Secret::from(b"hush".as_slice())), "eu-west-1");
        assert_eq!(header, signed_by_us(b"{}", "hush", &headers));
        assert_eq!(check(&header, &headers, b"{}", AT), Ok(()));
    }

    #[test]
    fn paths_are_made_canonical_as_in_the_test_suite_of_aws() {
        for (path, canonical) in [
            ("/", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/example/..", "/"),
            ("/example1/example2/../..", "/"),
            ("/../..", "/"),
            ("/./example", "/example"),
            ("//example//", "/example/"),
            ("/a/./b/../c", "/a/c"),
            ("/example%20space/", "/example%2520space/"),
            ("/-._~0aZ", "/-._~0aZ"),
            ("/a:b", "/a%3Ab"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }

    #[test]
    fn an_unsigned_content_type_passes_and_a_signed_one_must_be_the_same() {
        let bare = headers(&[
            ("host", "localhost:8080"),
            ("x-amz-date", "20261124T013000Z"),
            ("x-amz-target", "TrentService.Decrypt"),
        ]);
        let header = "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/kms/aws4_request, \
                      SignedHeaders=host;x-amz-date;x-amz-target, Signature=0";
        let read = Authorization::read(header).unwrap();
        let call = Signed { method: "POST", path: "/", query: "", headers: &bare, body: b"{}" };
        let hash = hex::encode(digest::digest(&digest::SHA256, read.canonical(&call).unwrap().as_bytes()));
        let to_sign = format!("{ALGORITHM}\n20261124T013000Z\n20261124/eu-west-1/kms/aws4_request\n{hash}");
        let key = read.signing_key(&Secret::from(b"hush".as_slice()));
        let signature = hex::encode(hmac::sign(&key, to_sign.as_bytes()));
        let header = header.replace("Signature=0", &format!("Signature={signature}"));
        assert_eq!(check(&header, &usual(), b"{}", AT), Ok(()), "it is there and not signed");
        let signed = signed_by_us(b"{}", "hush", &usual());
        let mut changed = usual();
        changed.insert("content-type", HeaderValue::from_static("text/plain"));
        assert!(check(&signed, &changed, b"{}", AT).is_err());
    }

    #[test]
    fn what_is_no_authorization_is_none() {
        for bad in [
            "",
            "Bearer x",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=A/20261124/r/kms/aws4_request",
            "AWS4-HMAC-SHA256 Credential=A/r/kms/aws4_request, SignedHeaders=host, Signature=0",
            "AWS4-HMAC-SHA256 Credential=A/20261124/r/kms/other, SignedHeaders=host, Signature=0",
        ] {
            assert_eq!(Authorization::read(bad), None, "{bad}");
        }
    }
}
