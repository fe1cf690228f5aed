//! Random and mutated bytes through what reads them: a bounded run of the fuzz targets' checks.
//!
//! `KEYSTORM_MUTATIONS` at compile time sets how many for each check.

mod checks;

use keystorm::rng::{Purpose, Stream};

/// Inputs of each check.
const INPUTS: u64 = 10_000;

/// Feeds a check: half the time mutations of a good input, half the time anything.
fn feed(lane: u64, good: &[&[u8]], check: fn(&[u8])) {
    let inputs = option_env!("KEYSTORM_MUTATIONS").map_or(INPUTS, |text| text.parse().unwrap());
    let stream = Stream::new(7, 0, Purpose::Mix, lane);
    for n in 0..inputs {
        let draw = |k| stream.draw_attempt(n, k);
        let mut bytes: Vec<u8> = if draw(0).below(2) == 0 {
            good[draw(1).below(good.len() as u64) as usize].to_vec()
        } else {
            (0..draw(1).below(64)).map(|k| draw(100 + k).below(256) as u8).collect()
        };
        for k in 0..draw(2).below(5) {
            let (at, what) = (draw(1000 + 3 * k), draw(1001 + 3 * k));
            let at = at.below(bytes.len() as u64 + 1) as usize;
            match what.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, draw(1002 + 3 * k).below(256) as u8),
                2 if at < bytes.len() => bytes[at] ^= 1 << draw(1002 + 3 * k).below(8),
                _ => bytes.extend_from_within(..at),
            }
        }
        check(&bytes);
    }
}

#[test]
fn no_body_breaks_the_wire() {
    let good: &[&[u8]] = &[
        br#"&{"KeyId":"alias/a","Plaintext":"c2VjcmV0IHNlY3JldA==","EncryptionContext":{"a":"b"},"GrantTokens":["t"]}"#,
        br#"+{"Tags":[{"TagKey":"a","TagValue":"b"}],"Policy":"{}","MultiRegion":true,"KeySpec":"RSA_2048"}"#,
        br#"E{"KeyId":"k","Operations":["Decrypt"],"Constraints":{"EncryptionContextSubset":{"a":"b"}},"ValidTo":1e9}"#,
    ];
    feed(1, good, checks::wire);
}

#[test]
fn no_text_breaks_policies() {
    let good: &[&[u8]] = &[
        br#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:*"],"Resource":"*","Condition":{"StringLike":{"kms:ViaService":"s3.*"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}"#,
        br#"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"NotAction":"kms:De?rypt*","Resource":"*"}}"#,
        br#"{"Statement":[{"Sid":"s","Effect":"Allow","Action":"kms:Encrypt","Resource":"arn:aws:kms:*:${aws:PrincipalAccount}:key/*"}]}"#,
    ];
    feed(2, good, checks::policy);
}

#[test]
fn no_changed_ciphertext_opens() {
    feed(3, &[&[0, 1, 2], &[0, 90, 1, 0, 3, 0x80], &[0, 183, 4]], checks::ciphertext);
}

#[test]
fn no_forged_signature_is_accepted() {
    feed(4, &[&[0, 140, 2], &[1, 0, 1, 2, 3, 4], &[3, 5, 8], &[4, 1, 64, 0, 40, 32]], checks::signature);
}
