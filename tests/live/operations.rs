//! Every call that live runs make, through every client; and the real SDK's own retries, counted.

use super::support::{IN_PROCESS, RAW, adds_up, among_others, done, figure};

const LOAD: &str = "executor: constant-arrival-rate, rate: 20/s, duration: 2s";

/// Jobs of every kind of key that a live run can use.
fn everything() -> String {
    let workloads = [
        (
            "symmetric",
            "Encrypt: 1, Decrypt: 1, ReEncrypt: 1, GenerateDataKey: 1, GenerateDataKeyWithoutPlaintext: 1, GenerateRandom: 1, DescribeKey: 1",
            "spec: SYMMETRIC_DEFAULT",
            "contexts: { count: 3 }",
        ),
        (
            "pairs",
            "GenerateDataKeyPair: 1, GenerateDataKeyPairWithoutPlaintext: 1",
            "pairSpec: ECC_NIST_P256",
            "contexts: { count: 2 }",
        ),
        ("messages", "EncryptMessage: 1, DecryptMessage: 1", "count: 2", "messages: { count: 10 }"),
        ("rsa", "Encrypt: 1, Decrypt: 1, GetPublicKey: 1", "spec: RSA_2048", "payload: 100B"),
        ("ecc", "Sign: 1, Verify: 1", "spec: ECC_NIST_P256", "payload: 300B"),
        ("dsa", "Sign: 1, Verify: 1", "spec: ML_DSA_44", "payload: 300B"),
        ("mac", "GenerateMac: 1, VerifyMac: 1", "spec: HMAC_256", "payload: 64B"),
        (
            "kem",
            "Encapsulate: 1, Decapsulate: 1, GetPublicKey: 1, DescribeKey: 1",
            "spec: ML_KEM_768",
            "payload: 1B",
        ),
        ("agree", "DeriveSharedSecret: 1, GetPublicKey: 1", "spec: ECC_NIST_P384, count: 2", "payload: 1B"),
        ("stores", "DescribeCustomKeyStores: 1", "count: 1", "payload: 1B"),
    ];
    let workloads = workloads.map(|(name, jobs, keys, more)| {
        format!("  {name}: {{ {LOAD}, jobs: {{ {jobs} }}, keys: {{ {keys} }}, {more} }}")
    });
    format!(
        "version: 1
target: emulator
quotas: {{ DescribeCustomKeyStores: 1000/s }}
serviceTime: {{ p50: 1ms, p99: 2ms, throttled: 1ms }}
fleet: {{ clients: 3 }}
workloads:
{}
strategies: {{ no-retry: {{ retry: {{ mode: none }} }} }}",
        workloads.join("\n")
    )
}

fn all_are_done(client: &[&str]) {
    let run = done(&everything(), client);
    adds_up(&run);
    let refusals = run["wall"]["strategies"][0]["refusals"].to_string();
    assert_eq!(figure(&run, 0, "jobs.completed"), figure(&run, 0, "jobs.offered"), "{client:?}: {refusals}");
    assert!(figure(&run, 0, "jobs.offered") > 200.0);
}

#[test]
fn every_call_is_answered_through_every_client() {
    let _quiet = among_others();
    std::thread::scope(|scope| {
        scope.spawn(|| all_are_done(IN_PROCESS));
        scope.spawn(|| all_are_done(RAW));
        #[cfg(feature = "aws")]
        scope.spawn(|| all_are_done(super::support::SDK));
    });
}

/// The strategy `aws-sdk` beside our machine of the same rules: each call's attempts are counted, and what KMS refused is
/// what the quota could not give.
#[cfg(feature = "aws")]
#[test]
fn the_sdks_own_retries_are_counted() {
    let scenario = "version: 1
target: emulator
quotas: { symmetric: 60/s, enforcement: { window: { phase: 0s } } }
serviceTime: { p50: 5ms, p99: 10ms, throttled: 5ms }
fleet: { clients: 4 }
workloads:
  load: { executor: constant-arrival-rate, rate: 90/s, arrivals: uniform, duration: 5s, jobs: { GenerateDataKey: 1 } }
strategies:
  real-sdk: { retry: { mode: aws-sdk } }
  real-adaptive: { retry: { mode: aws-sdk, sdkMode: adaptive } }
  our-machine: { retry: { mode: aws-standard, preset: rust } }";
    let _quiet = among_others();
    let run = done(scenario, super::support::SDK);
    adds_up(&run);
    for strategy in 0..3 {
        let count = |name: &str| figure(&run, strategy, name);
        assert_eq!(count("calls"), count("jobs.offered"));
        assert!(count("attempts") > count("calls"), "strategy {strategy} retries");
        let refused = count("throttled") + count("jobs.completed") + count("faults");
        assert!(
            (refused - count("attempts")).abs() <= count("jobs.unfinished"),
            "every attempt has its answer"
        );
    }
    let amplification = |strategy| figure(&run, strategy, "ratios.amplification");
    assert!(
        (amplification(0) / amplification(2) - 1.0).abs() < 0.15,
        "the SDK makes {} attempts a call, our machine {}",
        amplification(0),
        amplification(2)
    );
}
