//! What requests and keys cost on real AWS: a dated table, us-east-1 class.
//!
//! Refused and failed attempts are assumed to be free; AWS documents neither. DryRun requests cost what others do.

use crate::api::{KeyFamily, KeySpec, Operation, PricedBy};

/// Where the prices come from, for people.
pub const SOURCE: &str = "AWS KMS pricing page, October 2025, without the free tier";

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// What is priced.
    pub what: &'static str,
    /// US dollars for each of `per`.
    pub usd: f64,
    /// How many of what: 10,000 requests, or one key for a month.
    pub per: &'static str,
    /// Who says so, and when.
    pub source: &'static str,
}

const PRICE_LIST: &str = "AWS Price List, October 2025";

/// Symmetric and HMAC keys, RSA 2048, and whatever has no key.
pub const SYMMETRIC: Price = Price {
    what: "symmetric, HMAC and RSA 2048 requests",
    usd: 0.03,
    per: "10,000 requests",
    source: PRICE_LIST,
};
/// Every other asymmetric key.
pub const ASYMMETRIC: Price =
    Price { what: "other asymmetric requests", usd: 0.15, per: "10,000 requests", source: PRICE_LIST };
/// Data key pairs of ECC keys.
pub const PAIR_ECC: Price =
    Price { what: "GenerateDataKeyPair of ECC", usd: 0.10, per: "10,000 requests", source: PRICE_LIST };
/// Data key pairs of RSA keys.
pub const PAIR_RSA: Price =
    Price { what: "GenerateDataKeyPair of RSA", usd: 12.00, per: "10,000 requests", source: PRICE_LIST };
/// A customer managed key of any type, every replica and every key in a store; rotations and deletions left out.
pub const KEY: Price = Price {
    what: "customer managed key",
    usd: 1.00,
    per: "key and month",
    source: "AWS KMS pricing page, read 2026-11-23",
};

/// The table.
pub const TABLE: [Price; 5] = [SYMMETRIC, ASYMMETRIC, PAIR_ECC, PAIR_RSA, KEY];

/// Requests of a month that are free, over all Regions; see [`is_in_free_tier`].
///
/// Source: AWS KMS pricing page, read 2026-11-23.
pub const FREE_REQUESTS: f64 = 20_000.0;

/// The price of a request.
fn of(operation: Operation, spec: KeySpec, pair_spec: KeySpec) -> Price {
    match operation.priced_by() {
        PricedBy::Pair if pair_spec.family() == KeyFamily::Rsa => PAIR_RSA,
        PricedBy::Pair => PAIR_ECC,
        PricedBy::Key if !is_cheap(spec) => ASYMMETRIC,
        PricedBy::Key | PricedBy::Base => SYMMETRIC,
    }
}

/// Millionths of a US dollar for one request.
pub fn micros_per_request(operation: Operation, spec: KeySpec, pair_spec: KeySpec) -> f64 {
    of(operation, spec, pair_spec).usd * 100.0
}

/// Whether a request counts towards [`FREE_REQUESTS`]: data key pairs and requests of asymmetric keys do not.
pub fn is_in_free_tier(operation: Operation, spec: KeySpec, pair_spec: KeySpec) -> bool {
    let is_asymmetric = is_cheap(spec) && spec == KeySpec::Rsa2048;
    of(operation, spec, pair_spec) == SYMMETRIC && !is_asymmetric
}

/// What the free tier takes off a month with so many requests that count towards it, in US dollars.
pub fn free_tier_usd(requests: f64) -> f64 {
    requests.clamp(0.0, FREE_REQUESTS) * SYMMETRIC.usd / 10_000.0
}

fn is_cheap(spec: KeySpec) -> bool {
    matches!(spec.family(), KeyFamily::Symmetric | KeyFamily::Hmac) || spec == KeySpec::Rsa2048
}

/// Seconds in the 30-day month of a monthly figure.
pub const SECONDS_PER_MONTH: f64 = 30.0 * 86_400.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_a_second_for_a_month_is_the_published_arithmetic() {
        let symmetric = KeySpec::SymmetricDefault;
        let usd =
            micros_per_request(Operation::Decrypt, symmetric, symmetric) * 10_000.0 * SECONDS_PER_MONTH / 1e6;
        assert!((usd - 77_760.0).abs() < 1.0, "{usd}");
        assert_eq!(micros_per_request(Operation::Sign, KeySpec::EccNistP256, symmetric), 15.0);
    }

    #[test]
    fn every_row_is_asked_for_by_some_request() {
        let symmetric = KeySpec::SymmetricDefault;
        let (pair, decrypt) = (Operation::GenerateDataKeyPair, Operation::Decrypt);
        for (row, usd) in [
            (of(decrypt, symmetric, symmetric), 0.03),
            (of(decrypt, KeySpec::Rsa2048, symmetric), 0.03),
            (of(decrypt, KeySpec::Rsa4096, symmetric), 0.15),
            (of(pair, symmetric, KeySpec::EccNistP256), 0.10),
            (of(pair, symmetric, KeySpec::Rsa2048), 12.00),
        ] {
            assert!((row.usd - usd).abs() < 1e-12 && TABLE.contains(&row), "{row:?}");
        }
        let free = |operation, spec| is_in_free_tier(operation, spec, KeySpec::EccNistP256);
        assert!(free(decrypt, symmetric) && !free(decrypt, KeySpec::Rsa2048) && !free(pair, symmetric));
        assert_eq!((free_tier_usd(10_000.0), free_tier_usd(1e9)), (0.03, 0.06));
    }
}
