//! Random and mutated bytes through what reads them: a bounded run of the fuzz targets' checks.

mod checks;

use crate::times::times;
use keystorm::api::Operation;
use keystorm::kms::access::{Kind, Policy};
use keystorm::kms::wire::decode;
use keystorm::rng::{Purpose, Stream};
use std::path::Path;

/// Inputs of each check.
const INPUTS: u64 = 10_000;

/// The good inputs of a check, which the fuzz target of that name begins with too.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Feeds a check: half the time mutations of a good input, half the time anything.
fn feed(lane: u64, name: &str, check: fn(&[u8])) {
    let good = seeds(name);
    let stream = Stream::new(7, 0, Purpose::Mix, lane);
    for n in 0..times(INPUTS) {
        let draw = |k| stream.draw_attempt(n, k);
        let mut bytes: Vec<u8> = if draw(0).below(2) == 0 {
            good[draw(1).below(good.len() as u64) as usize].clone()
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
    feed(1, "wire", checks::wire);
}

#[test]
fn no_text_breaks_policies() {
    feed(2, "policy", checks::policy);
}

#[test]
fn no_changed_ciphertext_opens() {
    feed(3, "ciphertext", checks::ciphertext);
}

#[test]
fn no_forged_signature_is_accepted() {
    feed(4, "signature", checks::signature);
}

#[test]
fn no_seed_file_breaks_the_reader() {
    feed(5, "seed", checks::seed);
}

#[test]
fn no_log_in_whatever_envelope_breaks_the_importer() {
    feed(6, "cloudtrail", checks::cloudtrail);
}

#[test]
fn no_condition_holds_together_with_its_opposite() {
    feed(7, "condition", checks::condition);
}

#[test]
fn no_form_of_nobody_gets_credentials() {
    feed(8, "sts", checks::sts);
}

/// What begins as nonsense is refused at the door, and whatever is behind it is never reached.
#[test]
fn the_seeds_are_good_requests_and_good_policies() {
    for seed in seeds("wire") {
        let operation = Operation::ALL[usize::from(seed[0]) % Operation::ALL.len()];
        assert_eq!(decode(operation, &seed[1..]).problem, None, "{operation}");
    }
    for seed in seeds("policy") {
        let text = String::from_utf8(seed).unwrap();
        let is_one = |kind| Policy::parse(&text, kind).is_ok();
        assert!(is_one(Kind::Key) || is_one(Kind::Identity), "{text}");
    }
}
