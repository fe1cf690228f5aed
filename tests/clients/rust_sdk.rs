//! aws-sdk-kms: calls, and throttling as its users meet it.

use super::socket;
use super::support::{start, unthrottled};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kms::error::ProvideErrorMetadata as _;
use aws_sdk_kms::primitives::Blob;
use keystorm::server::Settings;
use keystorm::units::Rate;

fn client(url: &str, retries: RetryConfig) -> Client {
    let config = aws_sdk_kms::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIATEST", "hush", None, None, "test"))
        .retry_config(retries)
        .build();
    Client::from_conf(config)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn the_rust_sdk_encrypts_and_signs() {
    let running = start(unthrottled());
    block_on(async {
        let kms = client(&running.url(), RetryConfig::disabled());
        let key = kms.create_key().send().await.unwrap().key_metadata.unwrap();
        let sealed = kms.encrypt().key_id(key.key_id()).plaintext(Blob::new("text")).send().await.unwrap();
        let opened = kms.decrypt().ciphertext_blob(sealed.ciphertext_blob.unwrap()).send().await.unwrap();
        assert_eq!(opened.plaintext.unwrap().as_ref(), b"text");
        let missing =
            kms.describe_key().key_id("alias/nothing").send().await.unwrap_err().into_service_error();
        assert!(missing.is_not_found_exception(), "{missing:?}");
    });
}

#[test]
fn throttling_is_seen_without_retries_and_got_through_with_them() {
    let mut settings: Settings = unthrottled();
    settings.emulator.quotas.overrides.insert("symmetric".into(), Rate::per_second(5));
    let running = start(settings);
    let clock = |body: &str| {
        let reply = socket::admin(running.address(), "POST", "clock", body, "");
        assert_eq!(reply.status, 200, "{}", reply.text());
    };
    // One second holds them all, however long they take.
    clock(r#"{"freeze":true}"#);
    block_on(async {
        let kms = client(&running.url(), RetryConfig::disabled());
        let mut codes = Vec::new();
        for _ in 0..12 {
            if let Err(error) = kms.generate_random().number_of_bytes(8).send().await {
                codes.push(error.into_service_error().code().unwrap_or_default().to_string());
            }
        }
        assert_eq!(codes, ["ThrottlingException"; 7], "five of twelve pass");
        clock(r#"{"freeze":false}"#);
        let patient = client(&running.url(), RetryConfig::standard().with_max_attempts(10));
        patient.generate_random().number_of_bytes(8).send().await.unwrap();
    });
}
