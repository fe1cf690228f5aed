//! How keys and aliases are named: ids, ARNs and the four forms of a `KeyId` member.

use crate::api::partition::Partition;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A key's id: a UUID, `mrk-` and 32 hex digits for multi-Region keys, or what a seed file chose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// Whether a text looks like the id of a key: a UUID, or `mrk-` and 32 hexadecimal digits.
    pub fn is_well_formed(text: &str) -> bool {
        let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
        let parts: Vec<&str> = text.split('-').collect();
        match parts[..] {
            ["mrk", digits] => digits.len() == 32 && is_hex(digits),
            [a, b, c, d, e] => {
                [a, b, c, d, e].map(str::len) == [8, 4, 4, 4, 12] && parts.iter().all(|part| is_hex(part))
            }
            _ => false,
        }
    }

    /// The id that 16 random bytes make.
    pub fn from_random(bytes: [u8; 16], multi_region: bool) -> KeyId {
        let hex = format!("{:032x}", u128::from_be_bytes(bytes));
        if multi_region {
            return KeyId(format!("mrk-{hex}").into());
        }
        KeyId(crate::kms::uuid(bytes).to_string().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for KeyId {
    fn from(text: &str) -> KeyId {
        KeyId(text.into())
    }
}

impl Borrow<str> for KeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An alias's name with its prefix: `alias/app`.
pub type AliasName = Arc<str>;

/// AWS's partition of a Region: the second part of its ARNs.
pub fn partition(region: &str) -> &'static str {
    Partition::of(region).id
}

/// The ARN of a key.
pub fn key_arn(account: &str, region: &str, id: &str) -> String {
    // Every call has one made.
    ["arn:", partition(region), ":kms:", region, ":", account, ":key/", id].concat()
}

/// What a `KeyId` member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm<'a> {
    /// The bare id of a key of the caller's account.
    Id(&'a str),
    /// A key's ARN.
    Arn {
        /// Its Region.
        region: &'a str,
        /// Its account.
        account: &'a str,
        /// Its id.
        id: &'a str,
    },
    /// The name of an alias of the caller's account.
    Alias(&'a str),
    /// An alias's ARN.
    AliasArn {
        /// Its Region.
        region: &'a str,
        /// Its account.
        account: &'a str,
        /// Its name, `alias/` included.
        name: &'a str,
    },
    /// An ARN of nothing that KMS knows.
    Malformed,
}

impl<'a> KeyForm<'a> {
    /// Reads a `KeyId` member.
    pub fn read(text: &'a str) -> KeyForm<'a> {
        if text.starts_with("alias/") {
            return KeyForm::Alias(text);
        }
        if !text.starts_with("arn:") {
            return KeyForm::Id(text);
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, named, "kms", region, account, resource] = parts[..] else { return KeyForm::Malformed };
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        // A Region is in one partition: an ARN that says otherwise names nothing.
        if named != partition(region) || region.is_empty() || !is_account {
            return KeyForm::Malformed;
        }
        match resource.strip_prefix("key/") {
            Some(id) if !id.is_empty() => KeyForm::Arn { region, account, id },
            None if resource.starts_with("alias/") && resource.len() > 6 => {
                KeyForm::AliasArn { region, account, name: resource }
            }
            _ => KeyForm::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_are_told_apart() {
        let arn = "arn:aws:kms:eu-west-1:123456789012:key/mrk-1";
        let alias = "arn:aws-cn:kms:cn-north-1:123456789012:alias/a/b";
        assert_eq!(KeyForm::read("1234"), KeyForm::Id("1234"));
        assert_eq!(KeyForm::read("alias/x"), KeyForm::Alias("alias/x"));
        assert_eq!(
            KeyForm::read(arn),
            KeyForm::Arn { region: "eu-west-1", account: "123456789012", id: "mrk-1" }
        );
        assert_eq!(
            KeyForm::read(alias),
            KeyForm::AliasArn { region: "cn-north-1", account: "123456789012", name: "alias/a/b" }
        );
        for bad in [
            "arn:",
            "arn:aws:s3:::x",
            "arn:aws:kms:eu-west-1:12:key/x",
            "arn:aws:kms:eu-west-1:123456789012:key/",
            "arn:aws:kms:cn-north-1:123456789012:key/x",
            "arn:aws-cn:kms:eu-west-1:123456789012:key/x",
            "arn:aws:kms:us-isof-south-1:123456789012:alias/x",
        ] {
            assert_eq!(KeyForm::read(bad), KeyForm::Malformed, "{bad}");
        }
    }

    #[test]
    fn ids_look_like_aws_makes_them() {
        let id = KeyId::from_random([0xab; 16], false);
        assert_eq!(id.as_str(), "abababab-abab-4bab-abab-abababababab");
        assert_eq!(KeyId::from_random([1; 16], true).as_str().len(), 36);
        for (text, is_one) in [
            (id.as_str(), true),
            (KeyId::from_random([1; 16], true).as_str(), true),
            ("foo", false),
            ("mrk-1", false),
            ("abababab-abab-4bab-abab-ababababababa", false),
            ("abababab-abab-4bab-abab-ababababababg", false),
        ] {
            assert_eq!(KeyId::is_well_formed(text), is_one, "{text}");
        }
    }
}
