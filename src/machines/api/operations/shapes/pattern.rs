//! The patterns of the model, each beside the function that decides it: a dozen small loops instead of a regular
//! expression engine.
//!
//! A pattern speaks of the whole text, as in AWS's validation, whether or not it is written with anchors.

/// A pattern of the model.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// The regular expression, as AWS writes it.
    pub text: &'static str,
    /// Whether a text matches it, all of it.
    pub matches: fn(&str) -> bool,
}

/// Whether there is a character and all are `allowed`.
fn some(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

/// Whether the byte is a letter, a digit or one of `more`. Bytes of longer characters are neither.
fn alphanumeric_or(byte: u8, more: &[u8]) -> bool {
    byte.is_ascii_alphanumeric() || more.contains(&byte)
}

fn digits(text: &str) -> bool {
    some(text, |byte| byte.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    matches!(words.split('-').count(), 2 | 3)
        && words.split('-').all(|word| some(word, |byte| byte.is_ascii_lowercase()))
        && digits(number)
}

fn is_service_principal(text: &str) -> bool {
    text.split('.').count() >= 3 && text.split('.').all(|part| some(part, |byte| alphanumeric_or(byte, b"-")))
}

fn is_uri_path(text: &str) -> bool {
    let Some((before, version)) = text.rsplit_once("/kms/xks/v") else { return false };
    let prefix = before.strip_prefix('/');
    digits(version)
        && version.len() <= 2
        && (before.is_empty() || prefix.is_some_and(|p| some(p, |byte| alphanumeric_or(byte, b"/_-"))))
}

fn is_endpoint_service(text: &str) -> bool {
    let Some((domain, rest)) = text.split_once(".amazonaws.vpce.") else { return false };
    let Some((region, id)) = rest.split_once(".vpce-svc-") else { return false };
    matches!(domain, "com" | "eu")
        && is_region(region)
        && some(id, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_source_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts[..] else { return false };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    arn == "arn"
        && partition.strip_prefix("aws").is_some_and(|rest| rest.bytes().all(plain))
        && some(service, plain)
        && region.bytes().all(plain)
        && account.len() == 12
        && digits(account)
        && !resource.is_empty()
        && !resource.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// What names a key: recorded, and in no model (kms-recorded-behaviour, row 38, 2026-11-29).
pub const ASCII: Pattern =
    Pattern { text: "^\\p{ASCII}+$", matches: |text| !text.is_empty() && text.is_ascii() };

/// Alias and grant names.
pub const NAME: Pattern =
    Pattern { text: "^[a-zA-Z0-9:/_-]+$", matches: |text| some(text, |b| alphanumeric_or(b, b":/_-")) };

/// A CloudHSM cluster.
pub const CLUSTER: Pattern = Pattern {
    text: "cluster-[2-7a-zA-Z]{11,16}",
    matches: |text| {
        text.strip_prefix("cluster-").is_some_and(|id| {
            (11..=16).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'2'..=b'7'))
        })
    },
};

/// An account.
pub const ACCOUNT: Pattern = Pattern { text: "[0-9]{12}", matches: |text| text.len() == 12 && digits(text) };

/// Lower-case hexadecimal digits.
pub const HEX: Pattern =
    Pattern { text: "^[a-f0-9]+$", matches: |text| some(text, |b| matches!(b, b'a'..=b'f' | b'0'..=b'9')) };

/// What describes key material.
pub const DESCRIPTION: Pattern = Pattern {
    text: "^[a-zA-Z0-9:/_\\s.-]+$",
    matches: |text| some(text, |b| alphanumeric_or(b, b":/_.- \t\n\x0b\x0c\r")),
};

/// A place in a list that goes on.
pub const MARKER: Pattern = Pattern {
    text: "[\\u0020-\\u00FF]*",
    matches: |text| text.chars().all(|c| ('\u{20}'..='\u{ff}').contains(&c)),
};

/// Letters, digits and the underscore.
pub const WORD: Pattern =
    Pattern { text: "[\\w]+", matches: |text| some(text, |b| alphanumeric_or(b, b"_")) };

/// A policy document's characters.
pub const POLICY: Pattern = Pattern {
    text: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
    matches: |text| {
        !text.is_empty()
            && text.chars().all(|c| matches!(c, '\t' | '\n' | '\r') || ('\u{20}'..='\u{ff}').contains(&c))
    },
};

/// A principal.
pub const PRINCIPAL: Pattern =
    Pattern { text: "^[\\w+=,.@:/-]+$", matches: |text| some(text, |b| alphanumeric_or(b, b"_+=,.@:/-")) };

/// A Region.
pub const REGION: Pattern = Pattern { text: "^([a-z]+-){2,3}\\d+$", matches: is_region };

/// A service principal.
pub const SERVICE_PRINCIPAL: Pattern = Pattern {
    text: "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$",
    matches: is_service_principal,
};

/// A key in an external key store.
pub const XKS_KEY: Pattern =
    Pattern { text: "^[a-zA-Z0-9-_.]+$", matches: |text| some(text, |b| alphanumeric_or(b, b"-_.")) };

/// The endpoint of an external key store proxy.
pub const ENDPOINT: Pattern = Pattern {
    text: "^https://[a-zA-Z0-9.-]+$",
    matches: |text| {
        text.strip_prefix("https://").is_some_and(|host| some(host, |b| alphanumeric_or(b, b".-")))
    },
};

/// The path at an external key store proxy.
pub const URI_PATH: Pattern =
    Pattern { text: "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$", matches: is_uri_path };

/// A VPC endpoint service.
pub const ENDPOINT_SERVICE: Pattern = Pattern {
    text: "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$",
    matches: is_endpoint_service,
};

/// The access key id for an external key store proxy.
pub const PROXY_ID: Pattern = Pattern {
    text: "^[A-Z2-7]+$",
    matches: |text| some(text, |b| b.is_ascii_uppercase() || matches!(b, b'2'..=b'7')),
};

/// The secret for an external key store proxy.
pub const PROXY_SECRET: Pattern =
    Pattern { text: "^[a-zA-Z0-9\\/+=]+$", matches: |text| some(text, |b| alphanumeric_or(b, b"/+=")) };

/// The resource on whose behalf a service uses a grant.
pub const SOURCE_ARN: Pattern =
    Pattern { text: "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$", matches: is_source_arn };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_takes_what_it_describes_and_nothing_else() {
        let rows: &[(Pattern, &[&str], &[&str])] = &[
            (ASCII, &["arn:aws:kms:x", " "], &["", "キー", "aä"]),
            (NAME, &["alias/a:b_c-9"], &["", "a b", "a.b", "ä"]),
            (
                CLUSTER,
                &["cluster-abcdefghi27", "cluster-abcdefghijkl2345"],
                &["cluster-abc", "cluster-abcdefghi18", "abcdefghi27", "cluster-abcdefghijklm23456"],
            ),
            (ACCOUNT, &["123456789012"], &["", "12345678901", "1234567890123", "12345678901a"]),
            (HEX, &["09af"], &["", "AF", "g"]),
            (DESCRIPTION, &["a b\tc:/_.-\n"], &["", "a,b", "ä", "a\u{a0}"]),
            (MARKER, &["", " ~ÿ"], &["\n", "Ā"]),
            (WORD, &["aZ_9"], &["", "a-b", "ä"]),
            (POLICY, &["{ \"a\":\t1\r\n}ÿ"], &["", "\u{b}", "Ā"]),
            (PRINCIPAL, &["arn:aws:iam::1:role/a+=,.@_-b"], &["", "a b", "*"]),
            (
                REGION,
                &["eu-west-1", "us-gov-west-12"],
                &["", "eu-1", "eu-west-", "a-b-c-d-1", "EU-west-1", "eu--1", "eu-west-1a"],
            ),
            (SERVICE_PRINCIPAL, &["s3.amazonaws.com", "a.b-c.d.e"], &["", "a.b", "a..b", "a.b.", "a.b.c_d"]),
            (XKS_KEY, &["a-_.9"], &["", "a/b"]),
            (ENDPOINT, &["https://a-b.c9"], &["", "https://", "http://a", "https://a/b", "https://a:443"]),
            (
                URI_PATH,
                &["/kms/xks/v1", "/kms/xks/v12", "/a/b_-/kms/xks/v1", "///kms/xks/v1"],
                &[
                    "",
                    "kms/xks/v1",
                    "/kms/xks/v",
                    "/kms/xks/v123",
                    "a/kms/xks/v1",
                    "/a.b/kms/xks/v1",
                    "//kms/xks/v1",
                    "/kms/xks/v1/",
                ],
            ),
            (
                ENDPOINT_SERVICE,
                &["com.amazonaws.vpce.us-east-1.vpce-svc-0a", "eu.amazonaws.vpce.a-b-c-1.vpce-svc-z"],
                &[
                    "",
                    "org.amazonaws.vpce.us-east-1.vpce-svc-0a",
                    "com.amazonaws.vpce.us-east-1.vpce-svc-",
                    "com.amazonaws.vpce.us.vpce-svc-0a",
                ],
            ),
            (PROXY_ID, &["AZ27"], &["", "a", "A1", "A8"]),
            (PROXY_SECRET, &["aZ9/+="], &["", "a-b"]),
            (
                SOURCE_ARN,
                &["arn:aws:s3::123456789012:x", "arn:aws-cn:s3:a-1:123456789012:a:b/c"],
                &[
                    "",
                    "arn:aws:s3::123456789012:",
                    "arn:aws:s3::12345678901:x",
                    "arn:x:s3::123456789012:x",
                    "arn:aws:::123456789012:x",
                    "arn:aws:s3::123456789012:a\nb",
                ],
            ),
        ];
        for (pattern, good, bad) in rows {
            for text in *good {
                assert!((pattern.matches)(text), "{} takes {text:?}", pattern.text);
            }
            for text in *bad {
                assert!(!(pattern.matches)(text), "{} refuses {text:?}", pattern.text);
            }
        }
    }
}
