//! What requests cost on real AWS.
//!
//! Prices per 10,000 requests, us-east-1 class, as of October 2025 (AWS KMS pricing page and Price List): symmetric,
//! HMAC and RSA 2048 0.03 USD, other asymmetric 0.15, GenerateDataKeyPair of an ECC key 0.10 and of an RSA key 12.00.
//! The free tier of 20,000 requests a month is not subtracted. Refused and failed attempts are assumed to be free.

use crate::api::{KeySpec, Operation};

/// Where the prices come from, for people.
pub const SOURCE: &str = "AWS KMS pricing page, October 2025, without the free tier";

/// Millionths of a US dollar for one request.
pub fn micros_per_request(operation: Operation, spec: KeySpec, pair_spec: KeySpec) -> f64 {
    let per_ten_thousand = match operation {
        Operation::GenerateDataKeyPair | Operation::GenerateDataKeyPairWithoutPlaintext => {
            if matches!(pair_spec, KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096) {
                12.00
            } else {
                0.10
            }
        }
        Operation::Decapsulate
        | Operation::Decrypt
        | Operation::DeriveSharedSecret
        | Operation::Encapsulate
        | Operation::Encrypt
        | Operation::GetPublicKey
        | Operation::ReEncrypt
        | Operation::Sign
        | Operation::Verify => {
            if is_cheap(spec) {
                0.03
            } else {
                0.15
            }
        }
        _ => 0.03,
    };
    per_ten_thousand * 100.0
}

fn is_cheap(spec: KeySpec) -> bool {
    matches!(
        spec,
        KeySpec::SymmetricDefault
            | KeySpec::Rsa2048
            | KeySpec::Hmac224
            | KeySpec::Hmac256
            | KeySpec::Hmac384
            | KeySpec::Hmac512
    )
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
}
