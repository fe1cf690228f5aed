//! An account in a Region: what quotas, keys and names are counted in.

use super::names::{key_arn, partition};
use std::fmt;
use std::sync::Arc;

/// One account in one Region: quotas, keys and names are counted in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Realm {
    /// Twelve digits.
    pub account: Arc<str>,
    /// `eu-west-1`.
    pub region: Arc<str>,
}

impl Realm {
    /// The realm of an account in a Region.
    pub fn new(account: &str, region: &str) -> Realm {
        Realm { account: account.into(), region: region.into() }
    }

    /// The ARN of one of its keys.
    pub fn key_arn(&self, id: &str) -> String {
        key_arn(&self.account, &self.region, id)
    }

    /// The ARN of one of its aliases.
    pub fn alias_arn(&self, name: &str) -> String {
        format!("arn:{}:kms:{}:{}:{name}", partition(&self.region), self.region, self.account)
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}
