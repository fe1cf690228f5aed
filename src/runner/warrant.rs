//! What all workers of a load may do in an account of AWS together.

use crate::quota::PoolId;
use crate::units::Rate;
use std::collections::BTreeMap;

/// The permit of a load by workers, as whoever coordinates hands it to each: what the account was found to allow.
#[derive(Clone, Debug, PartialEq)]
pub struct Warrant {
    /// The account that is loaded, and no other.
    pub account: String,
    /// ARN of who coordinates, if keys were made that admit nobody else.
    pub owner: Option<String>,
    /// Where KMS is.
    pub endpoint: String,
    /// Whether the load goes on when AWS throttles.
    pub throttling: bool,
    /// Attempts a second.
    pub rate: Rate,
    /// What may be taken of each pool that is drawn from, in quota units a second.
    pub shares: Vec<(PoolId, f64)>,
    /// The account's own quotas, which reports tell, by pool.
    pub quotas: BTreeMap<String, Rate>,
}
